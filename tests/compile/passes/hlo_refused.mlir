// A StableHLO op that TTIR has nothing for.
// stop: convert-stablehlo-to-ttir
// error: failed to legalize operation 'stablehlo.cholesky' that was explicitly marked illegal
func.func @main(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = "stablehlo.cholesky"(%a) <{lower = true}> : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
