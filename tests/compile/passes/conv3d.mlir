// Weights of 3-D convolutions are permuted and flattened once.
// stop: ttnn-prepare-conv3d-weights
// options: enable-const-eval=false
func.func @conv(%x: tensor<1x8x28x28x32xbf16>, %w: tensor<32x32x3x3x3xbf16>) -> tensor<1x6x26x26x32xbf16> {
  %0 = "ttir.conv3d"(%x, %w) <{stride = array<i32: 1, 1, 1>, padding = array<i32: 0, 0, 0>, groups = 1 : i32, padding_mode = "zeros"}> : (tensor<1x8x28x28x32xbf16>, tensor<32x32x3x3x3xbf16>) -> tensor<1x6x26x26x32xbf16>
  return %0 : tensor<1x6x26x26x32xbf16>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1, d2, d3, d4) -> (d0 * 7168 + d1 * 896 + d2 * 32 + d3, d4), <1x1>, memref<224x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1, d2, d3, d4) -> (d0 * 288 + d1 * 9 + d2 * 3 + d3, d4), <1x1>, memref<9216x3xbf16, #system_memory>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1, d2, d3, d4) -> (d0 * 4992 + d1 * 832 + d2 * 32 + d3, d4), <1x1>, memref<156x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1, d2, d3, d4) -> (d0 * 3072 + d1 * 96 + d2 * 32 + d3, d4), <1x1>, memref<3072x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1, d2, d3, d4) -> (d0 * 6272 + d1 * 784 + d2 * 28 + d3, d4), <1x1>, memref<6272x32xbf16, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<864x32xbf16, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<27x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout7 = #ttnn.ttnn_layout<(d0, d1, d2, d3, d4) -> (d0 * 4056 + d1 * 676 + d2 * 26 + d3, d4), <1x1>, memref<4056x32xbf16, #dram>, <interleaved>>
func.func @conv(%arg0: tensor<1x8x28x28x32xbf16, #ttnn_layout>, %arg1: tensor<32x32x3x3x3xbf16, #ttnn_layout1> {ttir.conv2d_weight}) -> tensor<1x6x26x26x32xbf16, #ttnn_layout2> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = "ttnn.to_tensor_spec"(%arg1) : (tensor<32x32x3x3x3xbf16, #ttnn_layout1>) -> tensor<32x32x3x3x3xbf16, #ttnn_layout3>
  %2 = "ttnn.to_tensor_spec"(%arg0) : (tensor<1x8x28x28x32xbf16, #ttnn_layout>) -> tensor<1x8x28x28x32xbf16, #ttnn_layout4>
  %3 = "ttnn.to_tensor_spec"(%1) : (tensor<32x32x3x3x3xbf16, #ttnn_layout3>) -> tensor<32x32x3x3x3xbf16, #ttnn_layout1>
  %4 = "ttnn.prepare_conv3d_weights"(%3, %0) <{alignment = 32 : i32, c_in_block = 32 : i32, groups = 1 : i32}> : (tensor<32x32x3x3x3xbf16, #ttnn_layout1>, !ttnn.device) -> tensor<864x32xbf16, #ttnn_layout5>
  %5 = "ttnn.to_tensor_spec"(%4) : (tensor<864x32xbf16, #ttnn_layout5>) -> tensor<864x32xbf16, #ttnn_layout6>
  %6 = "ttnn.conv3d"(%2, %5, %0) <{batch_size = 1 : i32, compute_config = #ttnn.device_compute_kernel_config<math_fidelity = hifi4, fp32_dest_acc_en = true>, conv3d_config = #ttnn.conv3d_config<t_out_block = 1, w_out_block = 1, h_out_block = 1, c_out_block = 32, c_in_block = 32, compute_with_storage_grid_size = #ttcore.grid<8x8>>, groups = 1 : i32, in_channels = 32 : i32, input_depth = 8 : i32, input_height = 28 : i32, input_width = 28 : i32, kernel_size = array<i32: 3, 3, 3>, out_channels = 32 : i32, padding = array<i32: 0, 0, 0>, padding_mode = "zeros", stride = array<i32: 1, 1, 1>}> : (tensor<1x8x28x28x32xbf16, #ttnn_layout4>, tensor<864x32xbf16, #ttnn_layout6>, !ttnn.device) -> tensor<1x6x26x26x32xbf16, #ttnn_layout7>
  %7 = "ttnn.to_tensor_spec"(%6) : (tensor<1x6x26x26x32xbf16, #ttnn_layout7>) -> tensor<1x6x26x26x32xbf16, #ttnn_layout2>
  return %7 : tensor<1x6x26x26x32xbf16, #ttnn_layout2>
}
