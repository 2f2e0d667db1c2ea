// An activation behind a convolution, a linear or an elementwise op becomes part of it.
// stop: ttnn-fusing
// options: enable-const-eval=false
func.func @conv(%x: tensor<1x32x32x64xbf16>, %w: tensor<64x64x3x3xbf16>) -> tensor<1x32x32x64xbf16> {
  %0 = "ttir.conv2d"(%x, %w) <{stride = 1 : i32, padding = 1 : i32, dilation = 1 : i32, groups = 1 : i32}> : (tensor<1x32x32x64xbf16>, tensor<64x64x3x3xbf16>) -> tensor<1x32x32x64xbf16>
  %1 = "ttir.relu"(%0) : (tensor<1x32x32x64xbf16>) -> tensor<1x32x32x64xbf16>
  return %1 : tensor<1x32x32x64xbf16>
}
func.func @linear(%x: tensor<32x64xbf16>, %w: tensor<64x64xbf16>, %b: tensor<64xbf16>) -> tensor<32x64xbf16> {
  %0 = "ttir.linear"(%x, %w, %b) <{transpose_a = false, transpose_b = false}> : (tensor<32x64xbf16>, tensor<64x64xbf16>, tensor<64xbf16>) -> tensor<32x64xbf16>
  %1 = "ttir.sigmoid"(%0) : (tensor<32x64xbf16>) -> tensor<32x64xbf16>
  return %1 : tensor<32x64xbf16>
}
func.func @twice(%x: tensor<32x64xbf16>, %w: tensor<64x64xbf16>) -> (tensor<32x64xbf16>, tensor<32x64xbf16>) {
  %0 = "ttir.matmul"(%x, %w) : (tensor<32x64xbf16>, tensor<64x64xbf16>) -> tensor<32x64xbf16>
  %1 = "ttir.relu"(%0) : (tensor<32x64xbf16>) -> tensor<32x64xbf16>
  return %0, %1 : tensor<32x64xbf16>, tensor<32x64xbf16>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3), <1x1>, memref<32x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 192 + d1 * 3 + d2, d3), <1x1>, memref<12288x3xbf16, #system_memory>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 1024 + d2, d3), <1x1>, memref<32x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 2048 + d1 * 32 + d2, d3), <1x1>, memref<4096x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0) -> (0, d0), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
func.func @conv(%arg0: tensor<1x32x32x64xbf16, #ttnn_layout>, %arg1: tensor<64x64x3x3xbf16, #ttnn_layout1> {ttir.conv2d_weight}) -> tensor<1x32x32x64xbf16, #ttnn_layout> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = "ttnn.reshape"(%arg0) <{shape = [1 : i32, 1 : i32, 1024 : i32, 64 : i32]}> : (tensor<1x32x32x64xbf16, #ttnn_layout>) -> tensor<1x1x1024x64xbf16, #ttnn_layout2>
  %2 = "ttnn.to_tensor_spec"(%arg1) : (tensor<64x64x3x3xbf16, #ttnn_layout1>) -> tensor<64x64x3x3xbf16, #ttnn_layout3>
  %3 = "ttnn.conv2d"(%1, %2, %0) <{batch_size = 1 : i32, conv2d_config = #ttnn.conv2d_config<weights_dtype = bf16, activation = <op_type = relu>, config_tensors_in_dram = true>, dilation = array<i32: 1, 1>, groups = 1 : i32, in_channels = 64 : i32, input_height = 32 : i32, input_width = 32 : i32, kernel_size = array<i32: 3, 3>, out_channels = 64 : i32, padding = array<i32: 1, 1>, stride = array<i32: 1, 1>}> : (tensor<1x1x1024x64xbf16, #ttnn_layout2>, tensor<64x64x3x3xbf16, #ttnn_layout3>, !ttnn.device) -> tensor<1x1x1024x64xbf16, #ttnn_layout2>
  %4 = "ttnn.reshape"(%3) <{shape = [1 : i32, 32 : i32, 32 : i32, 64 : i32]}> : (tensor<1x1x1024x64xbf16, #ttnn_layout2>) -> tensor<1x32x32x64xbf16, #ttnn_layout>
  return %4 : tensor<1x32x32x64xbf16, #ttnn_layout>
}
func.func @linear(%arg0: tensor<32x64xbf16, #ttnn_layout4>, %arg1: tensor<64x64xbf16, #ttnn_layout5>, %arg2: tensor<64xbf16, #ttnn_layout6>) -> tensor<32x64xbf16, #ttnn_layout4> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.linear"(%arg0, %arg1, %arg2) <{activation = "sigmoid", transpose_a = false, transpose_b = false}> : (tensor<32x64xbf16, #ttnn_layout4>, tensor<64x64xbf16, #ttnn_layout5>, tensor<64xbf16, #ttnn_layout6>) -> tensor<32x64xbf16, #ttnn_layout4>
  return %0 : tensor<32x64xbf16, #ttnn_layout4>
}
func.func @twice(%arg0: tensor<32x64xbf16, #ttnn_layout4>, %arg1: tensor<64x64xbf16, #ttnn_layout5>) -> (tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.matmul"(%arg0, %arg1) <{transpose_a = false, transpose_b = false}> : (tensor<32x64xbf16, #ttnn_layout4>, tensor<64x64xbf16, #ttnn_layout5>) -> tensor<32x64xbf16, #ttnn_layout4>
  %1 = "ttnn.relu"(%0) : (tensor<32x64xbf16, #ttnn_layout4>) -> tensor<32x64xbf16, #ttnn_layout4>
  return %0, %1 : tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>
}
