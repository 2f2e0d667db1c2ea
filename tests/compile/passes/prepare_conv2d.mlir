// Weights and biases of convolutions are prepared, by functions that run once where they are known beforehand. The first is the
// patch embedding of CLIP's vision encoder, whose compiled form says the shape and the attributes; the weight of the second
// is an input.
// options: optimization-level=1 argument-types=patches=input,parameter;both=input,input,parameter
func.func @patches(%x: tensor<2x224x224x3xbf16>, %w: tensor<768x3x32x32xbf16>) -> tensor<2x7x7x768xbf16> {
  %0 = "ttir.conv2d"(%x, %w) <{stride = array<i32: 32, 32>, padding = array<i32: 0, 0, 0, 0>, dilation = array<i32: 1, 1>, groups = 1 : i32}> : (tensor<2x224x224x3xbf16>, tensor<768x3x32x32xbf16>) -> tensor<2x7x7x768xbf16>
  return %0 : tensor<2x7x7x768xbf16>
}
func.func @both(%x: tensor<1x8x8x32xf32>, %w: tensor<64x16x3x3xf32>, %b: tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32> {
  %0 = "ttir.conv2d"(%x, %w, %b) <{stride = array<i32: 1, 1>, padding = array<i32: 1, 1, 1, 1>, dilation = array<i32: 1, 1>, groups = 2 : i32}> : (tensor<1x8x8x32xf32>, tensor<64x16x3x3xf32>, tensor<1x1x1x64xf32>) -> tensor<1x8x8x64xf32>
  return %0 : tensor<1x8x8x64xf32>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 96 + d1 * 32 + d2, d3), <1x1>, memref<73728x32xbf16, #system_memory>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 3072 + d1 * 3072 + d2, d3), <1x1>, memref<96x24x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 50176 + d1 * 224 + d2, d3), <1x1>, memref<100352x3xbf16, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 224 + d1 * 32 + d2, d3), <1x1>, memref<14x24x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 50176 + d1 * 224 + d2, d3), <1x1>, memref<3136x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 100352 + d1 * 100352 + d2, d3), <1x1>, memref<3136x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 128 + d1 * 128 + d2, d3), <1x1>, memref<4x24x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout7 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 + d1 + d2, d3), <1x1>, memref<1x64xf32, #system_memory>>
#ttnn_layout8 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout9 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 64 + d1 * 8 + d2, d3), <1x1>, memref<64x32xf32, #dram>, <interleaved>>
#ttnn_layout10 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 48 + d1 * 3 + d2, d3), <1x1>, memref<3072x3xf32, #system_memory>>
#ttnn_layout11 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 256 + d1 * 32 + d2, d3), <1x1>, memref<8x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout12 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 256 + d1 * 32 + d2, d3), <1x1>, memref<8x1x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout13 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 64 + d1 * 64 + d2, d3), <1x1>, memref<2x1x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout14 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 160 + d1 * 160 + d2, d3), <1x1>, memref<5x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout15 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 64 + d1 * 64 + d2, d3), <1x1>, memref<2x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
func.func private @patches_const_eval_0(%arg0: tensor<768x3x32x32xbf16, #ttnn_layout> {ttir.conv2d_weight}) -> tensor<1x1x3072x768xbf16, #ttnn_layout1> attributes {tt.function_type = "const_eval"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = "ttnn.prepare_conv2d_weights"(%arg0, %0) <{batch_size = 2 : i32, conv2d_config = #ttnn.conv2d_config<enable_kernel_stride_folding = false, config_tensors_in_dram = true>, dilation = array<i32: 1, 1>, groups = 1 : i32, has_bias = false, in_channels = 3 : i32, input_dtype = #ttcore.supportedDataTypes<bf16>, input_height = 224 : i32, input_memory_config = #ttnn.memory_config<#dram, <interleaved>>, input_tensor_layout = #ttnn.layout<tile>, input_width = 224 : i32, kernel_size = array<i32: 32, 32>, out_channels = 768 : i32, output_dtype = #ttcore.supportedDataTypes<bf16>, padding = array<i32: 0, 0, 0, 0>, stride = array<i32: 32, 32>, weights_format = "OIHW"}> : (tensor<768x3x32x32xbf16, #ttnn_layout>, !ttnn.device) -> tensor<1x1x3072x768xbf16, #ttnn_layout1>
  return %1 : tensor<1x1x3072x768xbf16, #ttnn_layout1>
}
func.func @patches(%arg0: tensor<2x224x224x3xbf16, #ttnn_layout2> {ttcore.argument_type = #ttcore.argument_type<input>}, %arg1: tensor<768x3x32x32xbf16, #ttnn_layout> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.conv2d_weight}) -> tensor<2x7x7x768xbf16, #ttnn_layout3> attributes {tt.function_type = "forward_device"} {
  %0 = ttcore.load_cached(@patches_const_eval_0, [%arg1]) : (tensor<768x3x32x32xbf16, #ttnn_layout>) -> tensor<1x1x3072x768xbf16, #ttnn_layout1>
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<768x3x32x32xbf16, #ttnn_layout>) -> ()
  %1 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %2 = "ttnn.to_layout"(%arg0) : (tensor<2x224x224x3xbf16, #ttnn_layout2>) -> tensor<2x224x224x3xbf16, #ttnn_layout4>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<2x224x224x3xbf16, #ttnn_layout2>) -> ()
  %3 = "ttnn.reshape"(%2) <{shape = [1 : i32, 1 : i32, 100352 : i32, 3 : i32]}> : (tensor<2x224x224x3xbf16, #ttnn_layout4>) -> tensor<1x1x100352x3xbf16, #ttnn_layout5>
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<2x224x224x3xbf16, #ttnn_layout4>) -> ()
  %4 = "ttnn.conv2d"(%3, %0, %1) <{batch_size = 2 : i32, conv2d_config = #ttnn.conv2d_config<enable_kernel_stride_folding = false, config_tensors_in_dram = true>, dilation = array<i32: 1, 1>, groups = 1 : i32, in_channels = 3 : i32, input_height = 224 : i32, input_width = 224 : i32, kernel_size = array<i32: 32, 32>, out_channels = 768 : i32, padding = array<i32: 0, 0, 0, 0>, stride = array<i32: 32, 32>}> : (tensor<1x1x100352x3xbf16, #ttnn_layout5>, tensor<1x1x3072x768xbf16, #ttnn_layout1>, !ttnn.device) -> tensor<1x1x98x768xbf16, #ttnn_layout6>
  "ttnn.deallocate"(%3) <{force = false}> : (tensor<1x1x100352x3xbf16, #ttnn_layout5>) -> ()
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<1x1x3072x768xbf16, #ttnn_layout1>) -> ()
  %5 = "ttnn.reshape"(%4) <{shape = [2 : i32, 7 : i32, 7 : i32, 768 : i32]}> : (tensor<1x1x98x768xbf16, #ttnn_layout6>) -> tensor<2x7x7x768xbf16, #ttnn_layout3>
  "ttnn.deallocate"(%4) <{force = false}> : (tensor<1x1x98x768xbf16, #ttnn_layout6>) -> ()
  return %5 : tensor<2x7x7x768xbf16, #ttnn_layout3>
}
func.func private @both_const_eval_0(%arg0: tensor<1x1x1x64xf32, #ttnn_layout7>) -> tensor<1x1x1x64xf32, #ttnn_layout8> attributes {tt.function_type = "const_eval"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = "ttnn.prepare_conv2d_bias"(%arg0, %0) <{batch_size = 1 : i32, conv2d_config = #ttnn.conv2d_config<enable_kernel_stride_folding = false, config_tensors_in_dram = true>, dilation = array<i32: 1, 1>, groups = 2 : i32, in_channels = 32 : i32, input_dtype = #ttcore.supportedDataTypes<f32>, input_height = 8 : i32, input_memory_config = #ttnn.memory_config<#dram, <interleaved>>, input_tensor_layout = #ttnn.layout<tile>, input_width = 8 : i32, kernel_size = array<i32: 3, 3>, out_channels = 64 : i32, output_dtype = #ttcore.supportedDataTypes<f32>, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 1, 1>}> : (tensor<1x1x1x64xf32, #ttnn_layout7>, !ttnn.device) -> tensor<1x1x1x64xf32, #ttnn_layout8>
  return %1 : tensor<1x1x1x64xf32, #ttnn_layout8>
}
func.func @both(%arg0: tensor<1x8x8x32xf32, #ttnn_layout9> {ttcore.argument_type = #ttcore.argument_type<input>}, %arg1: tensor<64x16x3x3xf32, #ttnn_layout10> {ttcore.argument_type = #ttcore.argument_type<input>, ttir.conv2d_weight}, %arg2: tensor<1x1x1x64xf32, #ttnn_layout7> {ttcore.argument_type = #ttcore.argument_type<parameter>}) -> tensor<1x8x8x64xf32, #ttnn_layout11> attributes {tt.function_type = "forward_device"} {
  %0 = ttcore.load_cached(@both_const_eval_0, [%arg2]) : (tensor<1x1x1x64xf32, #ttnn_layout7>) -> tensor<1x1x1x64xf32, #ttnn_layout8>
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<1x1x1x64xf32, #ttnn_layout7>) -> ()
  %1 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %2 = "ttnn.to_layout"(%arg0) : (tensor<1x8x8x32xf32, #ttnn_layout9>) -> tensor<1x8x8x32xf32, #ttnn_layout12>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<1x8x8x32xf32, #ttnn_layout9>) -> ()
  %3 = "ttnn.reshape"(%2) <{shape = [1 : i32, 1 : i32, 64 : i32, 32 : i32]}> : (tensor<1x8x8x32xf32, #ttnn_layout12>) -> tensor<1x1x64x32xf32, #ttnn_layout13>
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<1x8x8x32xf32, #ttnn_layout12>) -> ()
  %4 = "ttnn.prepare_conv2d_weights"(%arg1, %1) <{batch_size = 1 : i32, conv2d_config = #ttnn.conv2d_config<enable_kernel_stride_folding = false, config_tensors_in_dram = true>, dilation = array<i32: 1, 1>, groups = 2 : i32, has_bias = true, in_channels = 32 : i32, input_dtype = #ttcore.supportedDataTypes<f32>, input_height = 8 : i32, input_memory_config = #ttnn.memory_config<#dram, <interleaved>>, input_tensor_layout = #ttnn.layout<tile>, input_width = 8 : i32, kernel_size = array<i32: 3, 3>, out_channels = 64 : i32, output_dtype = #ttcore.supportedDataTypes<f32>, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 1, 1>, weights_format = "OIHW"}> : (tensor<64x16x3x3xf32, #ttnn_layout10>, !ttnn.device) -> tensor<1x1x144x64xf32, #ttnn_layout14>
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<64x16x3x3xf32, #ttnn_layout10>) -> ()
  %5 = "ttnn.conv2d"(%3, %4, %0, %1) <{batch_size = 1 : i32, conv2d_config = #ttnn.conv2d_config<enable_kernel_stride_folding = false, config_tensors_in_dram = true>, dilation = array<i32: 1, 1>, groups = 2 : i32, in_channels = 32 : i32, input_height = 8 : i32, input_width = 8 : i32, kernel_size = array<i32: 3, 3>, out_channels = 64 : i32, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 1, 1>}> : (tensor<1x1x64x32xf32, #ttnn_layout13>, tensor<1x1x144x64xf32, #ttnn_layout14>, tensor<1x1x1x64xf32, #ttnn_layout8>, !ttnn.device) -> tensor<1x1x64x64xf32, #ttnn_layout15>
  "ttnn.deallocate"(%4) <{force = false}> : (tensor<1x1x144x64xf32, #ttnn_layout14>) -> ()
  "ttnn.deallocate"(%3) <{force = false}> : (tensor<1x1x64x32xf32, #ttnn_layout13>) -> ()
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<1x1x1x64xf32, #ttnn_layout8>) -> ()
  %6 = "ttnn.reshape"(%5) <{shape = [1 : i32, 8 : i32, 8 : i32, 64 : i32]}> : (tensor<1x1x64x64xf32, #ttnn_layout15>) -> tensor<1x8x8x64xf32, #ttnn_layout11>
  "ttnn.deallocate"(%5) <{force = false}> : (tensor<1x1x64x64xf32, #ttnn_layout15>) -> ()
  return %6 : tensor<1x8x8x64xf32, #ttnn_layout11>
}
