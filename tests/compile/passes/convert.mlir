// Ops that differ from their TTNN forms by more than the name.
// stop: convert-ttir-to-ttnn
// options: enable-fusing-pass=false enable-const-eval=false
func.func @conv(%x: tensor<1x32x32x64xbf16>, %w: tensor<64x64x3x3xbf16>, %b: tensor<1x1x1x64xbf16>) -> tensor<1x16x16x64xbf16> {
  %0 = "ttir.conv2d"(%x, %w, %b) <{stride = array<i32: 2, 2>, padding = array<i32: 1, 1, 1, 1>, dilation = 1 : i32, groups = 1 : i32}> : (tensor<1x32x32x64xbf16>, tensor<64x64x3x3xbf16>, tensor<1x1x1x64xbf16>) -> tensor<1x16x16x64xbf16>
  return %0 : tensor<1x16x16x64xbf16>
}
func.func @pool(%x: tensor<1x32x32x64xbf16>) -> tensor<1x16x16x64xbf16> {
  %0 = "ttir.max_pool2d"(%x) <{kernel = 2 : i32, stride = 2 : i32, padding = 0 : i32, dilation = 1 : i32, ceil_mode = false}> : (tensor<1x32x32x64xbf16>) -> tensor<1x16x16x64xbf16>
  return %0 : tensor<1x16x16x64xbf16>
}
func.func @sums(%x: tensor<4x32x64xf32>) -> (tensor<4x1x64xf32>, tensor<4x32xi32>) {
  %0 = "ttir.sum"(%x) <{dim_arg = [1 : i32], keep_dim = true}> : (tensor<4x32x64xf32>) -> tensor<4x1x64xf32>
  %1 = "ttir.argmax"(%x) <{dim_arg = [2 : i32], keep_dim = false}> : (tensor<4x32x64xf32>) -> tensor<4x32xi32>
  return %0, %1 : tensor<4x1x64xf32>, tensor<4x32xi32>
}
func.func @made() -> (tensor<32x32xbf16>, tensor<64xsi32>) {
  %0 = "ttir.full"() <{shape = array<i32: 32, 32>, fill_value = 2.500000e-01 : f32}> : () -> tensor<32x32xbf16>
  %1 = "ttir.arange"() <{start = 0 : si64, end = 64 : si64, step = 1 : si64, arange_dimension = 0 : i64}> : () -> tensor<64xsi32>
  return %0, %1 : tensor<32x32xbf16>, tensor<64xsi32>
}
func.func @moved(%x: tensor<2x32x64xf32>) -> (tensor<64x2x32xbf16>, tensor<2x1x32x64xf32>) {
  %0 = "ttir.permute"(%x) <{permutation = array<i64: 2, 0, 1>}> : (tensor<2x32x64xf32>) -> tensor<64x2x32xf32>
  %1 = "ttir.typecast"(%0) <{conservative_folding = false}> : (tensor<64x2x32xf32>) -> tensor<64x2x32xbf16>
  %2 = "ttir.unsqueeze"(%x) <{dim = 1 : si32}> : (tensor<2x32x64xf32>) -> tensor<2x1x32x64xf32>
  return %1, %2 : tensor<64x2x32xbf16>, tensor<2x1x32x64xf32>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3), <1x1>, memref<32x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 2048 + d1 * 32 + d2, d3), <1x1>, memref<4096x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 512 + d1 * 32 + d2, d3), <1x1>, memref<16x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 1024 + d2, d3), <1x1>, memref<32x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 256 + d1 * 256 + d2, d3), <1x1>, memref<8x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<4x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout7 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1x!ttcore.tile<32x32, si32>, #dram>, <interleaved>>
#ttnn_layout8 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout9 = #ttnn.ttnn_layout<(d0) -> (0, d0), <1x1>, memref<1x2x!ttcore.tile<32x32, si32>, #dram>, <interleaved>>
#ttnn_layout10 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<2x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout11 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<64x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout12 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<2x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout13 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<2x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
func.func @conv(%arg0: tensor<1x32x32x64xbf16, #ttnn_layout>, %arg1: tensor<64x64x3x3xbf16, #ttnn_layout1>, %arg2: tensor<1x1x1x64xbf16, #ttnn_layout2>) -> tensor<1x16x16x64xbf16, #ttnn_layout3> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = "ttnn.reshape"(%arg0) <{shape = [1 : i32, 1 : i32, 1024 : i32, 64 : i32]}> : (tensor<1x32x32x64xbf16, #ttnn_layout>) -> tensor<1x1x1024x64xbf16, #ttnn_layout4>
  %2 = "ttnn.conv2d"(%1, %arg1, %arg2, %0) <{batch_size = 1 : i32, conv2d_config = #ttnn.conv2d_config<config_tensors_in_dram = true>, dilation = array<i32: 1, 1>, groups = 1 : i32, in_channels = 64 : i32, input_height = 32 : i32, input_width = 32 : i32, kernel_size = array<i32: 3, 3>, out_channels = 64 : i32, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 2, 2>}> : (tensor<1x1x1024x64xbf16, #ttnn_layout4>, tensor<64x64x3x3xbf16, #ttnn_layout1>, tensor<1x1x1x64xbf16, #ttnn_layout2>, !ttnn.device) -> tensor<1x1x256x64xbf16, #ttnn_layout5>
  %3 = "ttnn.reshape"(%2) <{shape = [1 : i32, 16 : i32, 16 : i32, 64 : i32]}> : (tensor<1x1x256x64xbf16, #ttnn_layout5>) -> tensor<1x16x16x64xbf16, #ttnn_layout3>
  return %3 : tensor<1x16x16x64xbf16, #ttnn_layout3>
}
func.func @pool(%arg0: tensor<1x32x32x64xbf16, #ttnn_layout>) -> tensor<1x16x16x64xbf16, #ttnn_layout3> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg0) <{shape = [1 : i32, 1 : i32, 1024 : i32, 64 : i32]}> : (tensor<1x32x32x64xbf16, #ttnn_layout>) -> tensor<1x1x1024x64xbf16, #ttnn_layout4>
  %1 = "ttnn.max_pool2d"(%0) <{batch_size = 1 : si32, ceil_mode = false, channels = 64 : si32, config_tensors_in_dram = true, dilation = array<i32: 1, 1>, input_height = 32 : si32, input_width = 32 : si32, kernel_size = array<i32: 2, 2>, padding = array<i32: 0, 0>, reallocate_halo_output = false, stride = array<i32: 2, 2>}> : (tensor<1x1x1024x64xbf16, #ttnn_layout4>) -> tensor<1x1x256x64xbf16, #ttnn_layout5>
  %2 = "ttnn.reshape"(%1) <{shape = [1 : i32, 16 : i32, 16 : i32, 64 : i32]}> : (tensor<1x1x256x64xbf16, #ttnn_layout5>) -> tensor<1x16x16x64xbf16, #ttnn_layout3>
  return %2 : tensor<1x16x16x64xbf16, #ttnn_layout3>
}
func.func @sums(%arg0: tensor<4x32x64xf32, #ttnn_layout6>) -> (tensor<4x1x64xf32, #ttnn_layout6>, tensor<4x32xsi32, #ttnn_layout7>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.sum"(%arg0) <{dim_arg = [1 : i32], keep_dim = true}> : (tensor<4x32x64xf32, #ttnn_layout6>) -> tensor<4x1x64xf32, #ttnn_layout6>
  %1 = "ttnn.argmax"(%arg0) <{dim = 2 : si32, keep_dim = false}> : (tensor<4x32x64xf32, #ttnn_layout6>) -> tensor<4x32xsi32, #ttnn_layout7>
  return %0, %1 : tensor<4x1x64xf32, #ttnn_layout6>, tensor<4x32xsi32, #ttnn_layout7>
}
func.func @made() -> (tensor<32x32xbf16, #ttnn_layout8>, tensor<64xsi32, #ttnn_layout9>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = "ttnn.full"(%0) <{fill_value = 2.500000e-01 : f32, shape = #ttnn.shape<32x32>}> : (!ttnn.device) -> tensor<32x32xbf16, #ttnn_layout8>
  %2 = "ttnn.arange"(%0) <{end = 64 : si64, start = 0 : si64, step = 1 : si64}> : (!ttnn.device) -> tensor<64xsi32, #ttnn_layout9>
  return %1, %2 : tensor<32x32xbf16, #ttnn_layout8>, tensor<64xsi32, #ttnn_layout9>
}
func.func @moved(%arg0: tensor<2x32x64xf32, #ttnn_layout10>) -> (tensor<64x2x32xbf16, #ttnn_layout11>, tensor<2x1x32x64xf32, #ttnn_layout12>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.typecast"(%arg0) : (tensor<2x32x64xf32, #ttnn_layout10>) -> tensor<2x32x64xbf16, #ttnn_layout13>
  %1 = "ttnn.permute"(%0) <{permutation = array<i64: 2, 0, 1>}> : (tensor<2x32x64xbf16, #ttnn_layout13>) -> tensor<64x2x32xbf16, #ttnn_layout11>
  %2 = "ttnn.reshape"(%arg0) <{shape = [2 : i32, 1 : i32, 32 : i32, 64 : i32]}> : (tensor<2x32x64xf32, #ttnn_layout10>) -> tensor<2x1x32x64xf32, #ttnn_layout12>
  return %1, %2 : tensor<64x2x32xbf16, #ttnn_layout11>, tensor<2x1x32x64xf32, #ttnn_layout12>
}
