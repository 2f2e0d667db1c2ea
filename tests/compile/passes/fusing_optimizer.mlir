// With an optimizer the activation behind an rms_norm becomes part of it; not when the norm has other users.
// stop: ttnn-fusing
// options: enable-const-eval=false optimization-level=1
func.func @fused(%x: tensor<32x512xf32>, %w: tensor<512xf32>) -> tensor<32x512xf32> {
  %0 = "ttir.rms_norm"(%x, %w) <{normalized_shape = array<i64: 512>, epsilon = 1.000000e-05 : f32, operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<32x512xf32>, tensor<512xf32>) -> tensor<32x512xf32>
  %1 = "ttir.silu"(%0) : (tensor<32x512xf32>) -> tensor<32x512xf32>
  return %1 : tensor<32x512xf32>
}
func.func @bias_only(%x: tensor<32x512xf32>, %b: tensor<512xf32>) -> tensor<32x512xf32> {
  %0 = "ttir.rms_norm"(%x, %b) <{normalized_shape = array<i64: 512>, epsilon = 1.000000e-05 : f32, operandSegmentSizes = array<i32: 1, 0, 1>}> : (tensor<32x512xf32>, tensor<512xf32>) -> tensor<32x512xf32>
  %1 = "ttir.relu"(%0) : (tensor<32x512xf32>) -> tensor<32x512xf32>
  return %1 : tensor<32x512xf32>
}
func.func @two_users(%x: tensor<32x512xf32>) -> (tensor<32x512xf32>, tensor<32x512xf32>) {
  %0 = "ttir.rms_norm"(%x) <{normalized_shape = array<i64: 512>, epsilon = 1.000000e-05 : f32, operandSegmentSizes = array<i32: 1, 0, 0>}> : (tensor<32x512xf32>) -> tensor<32x512xf32>
  %1 = "ttir.gelu"(%0) : (tensor<32x512xf32>) -> tensor<32x512xf32>
  return %0, %1 : tensor<32x512xf32>, tensor<32x512xf32>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x16x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0) -> (0, d0), <1x1>, memref<1x16x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
func.func @fused(%arg0: tensor<32x512xf32, #ttnn_layout>, %arg1: tensor<512xf32, #ttnn_layout1>) -> tensor<32x512xf32, #ttnn_layout> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.dit_rms_norm_unary_fused"(%arg0, %arg1) <{activation = "silu", epsilon = 9.99999974E-6 : f32, operandSegmentSizes = array<i32: 1, 1, 0, 0>}> : (tensor<32x512xf32, #ttnn_layout>, tensor<512xf32, #ttnn_layout1>) -> tensor<32x512xf32, #ttnn_layout>
  return %0 : tensor<32x512xf32, #ttnn_layout>
}
func.func @bias_only(%arg0: tensor<32x512xf32, #ttnn_layout>, %arg1: tensor<512xf32, #ttnn_layout1>) -> tensor<32x512xf32, #ttnn_layout> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.dit_rms_norm_unary_fused"(%arg0, %arg1) <{activation = "relu", epsilon = 9.99999974E-6 : f32, operandSegmentSizes = array<i32: 1, 0, 1, 0>}> : (tensor<32x512xf32, #ttnn_layout>, tensor<512xf32, #ttnn_layout1>) -> tensor<32x512xf32, #ttnn_layout>
  return %0 : tensor<32x512xf32, #ttnn_layout>
}
func.func @two_users(%arg0: tensor<32x512xf32, #ttnn_layout>) -> (tensor<32x512xf32, #ttnn_layout>, tensor<32x512xf32, #ttnn_layout>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.rms_norm"(%arg0) <{epsilon = 9.99999974E-6 : f32, operandSegmentSizes = array<i32: 1, 0, 0>}> : (tensor<32x512xf32, #ttnn_layout>) -> tensor<32x512xf32, #ttnn_layout>
  %1 = "ttnn.gelu"(%0) : (tensor<32x512xf32, #ttnn_layout>) -> tensor<32x512xf32, #ttnn_layout>
  return %0, %1 : tensor<32x512xf32, #ttnn_layout>, tensor<32x512xf32, #ttnn_layout>
}
