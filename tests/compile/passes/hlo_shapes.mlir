// StableHLO ops that move elements; a reshape of a reshape becomes one before that.
// stop: convert-stablehlo-to-ttir
func.func @moves(%a: tensor<4x8xf32>, %v: tensor<8xf32>) -> (tensor<2x3x8xf32>, tensor<9x4xf32>) {
  %0 = stablehlo.broadcast_in_dim %v, dims = [2] : (tensor<8xf32>) -> tensor<2x3x8xf32>
  %1 = stablehlo.reshape %a : (tensor<4x8xf32>) -> tensor<32xf32>
  %2 = stablehlo.reshape %1 : (tensor<32xf32>) -> tensor<8x4xf32>
  %3 = stablehlo.slice %2 [0:1, 0:4] : (tensor<8x4xf32>) -> tensor<1x4xf32>
  %4 = stablehlo.concatenate %2, %3, dim = 0 : (tensor<8x4xf32>, tensor<1x4xf32>) -> tensor<9x4xf32>
  return %0, %4 : tensor<2x3x8xf32>, tensor<9x4xf32>
}

func.func @product(%a: tensor<2x4x8xf32>, %b: tensor<2x8x16xf32>) -> tensor<2x4x16xf32> {
  %0 = stablehlo.dot_general %a, %b, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<2x4x8xf32>, tensor<2x8x16xf32>) -> tensor<2x4x16xf32>
  return %0 : tensor<2x4x16xf32>
}

// Padding between elements is a scatter.
func.func @padded(%a: tensor<2x3xf32>) -> (tensor<4x4xf32>, tensor<3x5xf32>) {
  %0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %1 = stablehlo.pad %a, %0, low = [1, 0], high = [1, 1], interior = [0, 0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<4x4xf32>
  %2 = stablehlo.pad %a, %0, low = [0, 0], high = [0, 0], interior = [1, 1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<3x5xf32>
  return %1, %2 : tensor<4x4xf32>, tensor<3x5xf32>
}

func.func @dynamic(%a: tensor<8x8xf32>, %i: tensor<i32>, %j: tensor<i32>) -> tensor<2x4xf32> {
  %0 = stablehlo.dynamic_slice %a, %i, %j, sizes = [2, 4] : (tensor<8x8xf32>, tensor<i32>, tensor<i32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// becomes
func.func @moves(%arg0: tensor<4x8xf32>, %arg1: tensor<8xf32>) -> (tensor<2x3x8xf32>, tensor<9x4xf32>) {
  %0 = "ttir.reshape"(%arg1) <{shape = [1 : i32, 1 : i32, 8 : i32]}> : (tensor<8xf32>) -> tensor<1x1x8xf32>
  %1 = "ttir.broadcast"(%0) <{broadcast_dimensions = array<i64: 2, 3, 1>}> : (tensor<1x1x8xf32>) -> tensor<2x3x8xf32>
  %2 = "ttir.reshape"(%arg0) <{shape = [8 : i32, 4 : i32]}> : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %3 = "ttir.slice_static"(%2) <{begins = [0 : i32, 0 : i32], ends = [1 : i32, 4 : i32], step = [1 : i32, 1 : i32]}> : (tensor<8x4xf32>) -> tensor<1x4xf32>
  %4 = "ttir.concat"(%2, %3) <{dim = 0 : si32}> : (tensor<8x4xf32>, tensor<1x4xf32>) -> tensor<9x4xf32>
  return %1, %4 : tensor<2x3x8xf32>, tensor<9x4xf32>
}
func.func @product(%arg0: tensor<2x4x8xf32>, %arg1: tensor<2x8x16xf32>) -> tensor<2x4x16xf32> {
  %0 = "ttir.dot_general"(%arg0, %arg1) <{batch_dims_lhs = array<i64: 0>, batch_dims_rhs = array<i64: 0>, contract_dims_lhs = array<i64: 2>, contract_dims_rhs = array<i64: 1>}> : (tensor<2x4x8xf32>, tensor<2x8x16xf32>) -> tensor<2x4x16xf32>
  return %0 : tensor<2x4x16xf32>
}
func.func @padded(%arg0: tensor<2x3xf32>) -> (tensor<4x4xf32>, tensor<3x5xf32>) {
  %0 = "ttir.pad"(%arg0) <{padding = array<i32: 1, 1, 0, 1>, value = 0.000000e+00 : f32}> : (tensor<2x3xf32>) -> tensor<4x4xf32>
  %1 = "ttir.full"() <{fill_value = 0.000000e+00 : f32, shape = array<i32: 3, 5>}> : () -> tensor<3x5xf32>
  %2 = "ttir.constant"() <{value = dense<[0, 10, 2, 12, 4, 14]> : tensor<6xi64>}> : () -> tensor<6xi64>
  %3 = "ttir.reshape"(%1) <{shape = [15 : i32]}> : (tensor<3x5xf32>) -> tensor<15xf32>
  %4 = "ttir.reshape"(%arg0) <{shape = [6 : i32]}> : (tensor<2x3xf32>) -> tensor<6xf32>
  %5 = "ttir.scatter"(%3, %2, %4) <{dim = 0 : i32, scatter_reduce_type = #ttcore.reduce_type<invalid>}> : (tensor<15xf32>, tensor<6xi64>, tensor<6xf32>) -> tensor<15xf32>
  %6 = "ttir.reshape"(%5) <{shape = [3 : i32, 5 : i32]}> : (tensor<15xf32>) -> tensor<3x5xf32>
  return %0, %6 : tensor<4x4xf32>, tensor<3x5xf32>
}
func.func @dynamic(%arg0: tensor<8x8xf32>, %arg1: tensor<i32>, %arg2: tensor<i32>) -> tensor<2x4xf32> {
  %0 = "ttir.reshape"(%arg1) <{shape = [1 : i32]}> : (tensor<i32>) -> tensor<1xi32>
  %1 = "ttir.reshape"(%arg2) <{shape = [1 : i32]}> : (tensor<i32>) -> tensor<1xi32>
  %2 = "ttir.concat"(%0, %1) <{dim = 0 : si32}> : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
  %3 = "ttir.constant"() <{value = dense<[2, 4]> : tensor<2xi32>}> : () -> tensor<2xi32>
  %4 = "ttir.add"(%2, %3) : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  %5 = "ttir.slice_dynamic"(%arg0, %2, %4) : (tensor<8x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x4xf32>
  return %5 : tensor<2x4xf32>
}
