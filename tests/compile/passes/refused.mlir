// Layers are normalised over the last dimension only.
// error: failed to legalize operation 'ttir.layer_norm'
// note: TTNN normalises over exactly the last dimension
func.func @norm(%x: tensor<2x4x64xf32>) -> tensor<2x4x64xf32> {
  %0 = "ttir.layer_norm"(%x) <{normalized_shape = array<i64: 4, 64>, epsilon = 1.000000e-06 : f32, operandSegmentSizes = array<i32: 1, 0, 0>}> : (tensor<2x4x64xf32>) -> tensor<2x4x64xf32>
  return %0 : tensor<2x4x64xf32>
}
