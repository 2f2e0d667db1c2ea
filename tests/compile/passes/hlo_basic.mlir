// Elementwise StableHLO ops, constants and comparisons.
// stop: convert-stablehlo-to-ttir
func.func @elementwise(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>, %p: tensor<4x8xi1>) -> (tensor<4x8xf32>, tensor<4x8xi1>, tensor<4x8xf32>) {
  %0 = stablehlo.add %a, %b : tensor<4x8xf32>
  %1 = stablehlo.logistic %0 : tensor<4x8xf32>
  %2 = stablehlo.compare GE, %1, %b, FLOAT : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xi1>
  %3 = stablehlo.and %2, %p : tensor<4x8xi1>
  %4 = stablehlo.select %3, %a, %1 : tensor<4x8xi1>, tensor<4x8xf32>
  %5 = stablehlo.round_nearest_afz %4 : tensor<4x8xf32>
  return %5, %3, %4 : tensor<4x8xf32>, tensor<4x8xi1>, tensor<4x8xf32>
}

// A value that was only widened to be compared is compared as it was.
func.func @narrow(%a: tensor<4xbf16>) -> tensor<4xi1> {
  %0 = stablehlo.convert %a : (tensor<4xbf16>) -> tensor<4xf32>
  %1 = stablehlo.constant dense<5.000000e-01> : tensor<4xf32>
  %2 = stablehlo.compare GT, %0, %1, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  return %2 : tensor<4xi1>
}

func.func @integers(%a: tensor<4xi32>, %b: tensor<4xi32>) -> tensor<4xi32> {
  %0 = stablehlo.iota dim = 0 : tensor<4xi32>
  %1 = stablehlo.xor %a, %b : tensor<4xi32>
  %2 = stablehlo.clamp %0, %1, %b : tensor<4xi32>
  return %2 : tensor<4xi32>
}

// becomes
func.func @elementwise(%arg0: tensor<4x8xf32>, %arg1: tensor<4x8xf32>, %arg2: tensor<4x8xi1>) -> (tensor<4x8xf32>, tensor<4x8xi1>, tensor<4x8xf32>) {
  %0 = "ttir.add"(%arg0, %arg1) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = "ttir.sigmoid"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = "ttir.ge"(%1, %arg1) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xi1>
  %3 = "ttir.logical_and"(%2, %arg2) : (tensor<4x8xi1>, tensor<4x8xi1>) -> tensor<4x8xi1>
  %4 = "ttir.where"(%3, %arg0, %1) : (tensor<4x8xi1>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %5 = "ttir.constant"() <{value = dense<5.000000e-01> : tensor<4x8xf32>}> : () -> tensor<4x8xf32>
  %6 = "ttir.abs"(%4) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %7 = "ttir.add"(%6, %5) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %8 = "ttir.floor"(%7) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %9 = "ttir.sign"(%4) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %10 = "ttir.multiply"(%9, %8) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %10, %3, %4 : tensor<4x8xf32>, tensor<4x8xi1>, tensor<4x8xf32>
}
func.func @narrow(%arg0: tensor<4xbf16>) -> tensor<4xi1> {
  %0 = "ttir.constant"() <{value = dense<5.000000e-01> : tensor<4xbf16>}> : () -> tensor<4xbf16>
  %1 = "ttir.gt"(%arg0, %0) : (tensor<4xbf16>, tensor<4xbf16>) -> tensor<4xi1>
  return %1 : tensor<4xi1>
}
func.func @integers(%arg0: tensor<4xi32>, %arg1: tensor<4xi32>) -> tensor<4xi32> {
  %0 = "ttir.arange"() <{arange_dimension = 0 : i64, end = 4 : si64, start = 0 : si64, step = 1 : si64}> : () -> tensor<4xi32>
  %1 = "ttir.bitwise_xor"(%arg0, %arg1) : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %2 = "ttir.clamp_tensor"(%1, %0, %arg1) : (tensor<4xi32>, tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  return %2 : tensor<4xi32>
}
