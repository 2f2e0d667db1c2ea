// stablehlo.gather and stablehlo.scatter.
// stop: convert-stablehlo-to-ttir
func.func @embedding(%table: tensor<512x64xbf16>, %at: tensor<1x7xi64>) -> tensor<1x7x64xbf16> {
  %0 = "stablehlo.gather"(%table, %at) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>, slice_sizes = array<i64: 1, 64>}> : (tensor<512x64xbf16>, tensor<1x7xi64>) -> tensor<1x7x64xbf16>
  return %0 : tensor<1x7x64xbf16>
}

// Two indexed dimensions are looked up as one.
func.func @two(%table: tensor<4x8x16xf32>, %at: tensor<5x2xi32>) -> tensor<5x16xf32> {
  %0 = "stablehlo.gather"(%table, %at) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0, 1], start_index_map = [0, 1], index_vector_dim = 1>, slice_sizes = array<i64: 1, 1, 16>}> : (tensor<4x8x16xf32>, tensor<5x2xi32>) -> tensor<5x16xf32>
  return %0 : tensor<5x16xf32>
}

func.func @rows(%a: tensor<8x4xf32>, %at: tensor<3x1xi32>, %u: tensor<3x4xf32>) -> tensor<8x4xf32> {
  %0 = "stablehlo.scatter"(%a, %at, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
  ^bb0(%x: tensor<f32>, %y: tensor<f32>):
    stablehlo.return %y : tensor<f32>
  }) : (tensor<8x4xf32>, tensor<3x1xi32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

func.func @points(%a: tensor<8x4xf32>, %at: tensor<3x2xi32>, %u: tensor<3xf32>) -> tensor<8x4xf32> {
  %0 = "stablehlo.scatter"(%a, %at, %u) <{scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0, 1], scatter_dims_to_operand_dims = [0, 1], index_vector_dim = 1>}> ({
  ^bb0(%x: tensor<f32>, %y: tensor<f32>):
    %1 = stablehlo.add %x, %y : tensor<f32>
    stablehlo.return %1 : tensor<f32>
  }) : (tensor<8x4xf32>, tensor<3x2xi32>, tensor<3xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// becomes
func.func @embedding(%arg0: tensor<512x64xbf16>, %arg1: tensor<1x7xi64>) -> tensor<1x7x64xbf16> {
  %0 = "ttir.permute"(%arg0) <{permutation = array<i64: 0, 1>}> : (tensor<512x64xbf16>) -> tensor<512x64xbf16>
  %1 = "ttir.reshape"(%0) <{shape = [512 : i32, 64 : i32]}> : (tensor<512x64xbf16>) -> tensor<512x64xbf16>
  %2 = "ttir.embedding"(%arg1, %1) : (tensor<1x7xi64>, tensor<512x64xbf16>) -> tensor<1x7x64xbf16>
  %3 = "ttir.reshape"(%2) <{shape = [1 : i32, 7 : i32, 64 : i32]}> : (tensor<1x7x64xbf16>) -> tensor<1x7x64xbf16>
  %4 = "ttir.permute"(%3) <{permutation = array<i64: 0, 1, 2>}> : (tensor<1x7x64xbf16>) -> tensor<1x7x64xbf16>
  return %4 : tensor<1x7x64xbf16>
}
func.func @two(%arg0: tensor<4x8x16xf32>, %arg1: tensor<5x2xi32>) -> tensor<5x16xf32> {
  %0 = "ttir.permute"(%arg0) <{permutation = array<i64: 0, 1, 2>}> : (tensor<4x8x16xf32>) -> tensor<4x8x16xf32>
  %1 = "ttir.reshape"(%0) <{shape = [32 : i32, 16 : i32]}> : (tensor<4x8x16xf32>) -> tensor<32x16xf32>
  %2 = "ttir.permute"(%arg1) <{permutation = array<i64: 0, 1>}> : (tensor<5x2xi32>) -> tensor<5x2xi32>
  %3 = "ttir.typecast"(%2) <{conservative_folding = false}> : (tensor<5x2xi32>) -> tensor<5x2xf32>
  %4 = "ttir.constant"() <{value = dense<[[8.000000e+00], [1.000000e+00]]> : tensor<2x1xf32>}> : () -> tensor<2x1xf32>
  %5 = "ttir.matmul"(%3, %4) <{transpose_a = false, transpose_b = false}> : (tensor<5x2xf32>, tensor<2x1xf32>) -> tensor<5x1xf32>
  %6 = "ttir.embedding"(%5, %1) : (tensor<5x1xf32>, tensor<32x16xf32>) -> tensor<5x1x16xf32>
  %7 = "ttir.reshape"(%6) <{shape = [5 : i32, 16 : i32]}> : (tensor<5x1x16xf32>) -> tensor<5x16xf32>
  %8 = "ttir.permute"(%7) <{permutation = array<i64: 0, 1>}> : (tensor<5x16xf32>) -> tensor<5x16xf32>
  return %8 : tensor<5x16xf32>
}
func.func @rows(%arg0: tensor<8x4xf32>, %arg1: tensor<3x1xi32>, %arg2: tensor<3x4xf32>) -> tensor<8x4xf32> {
  %0 = "ttir.repeat"(%arg1) <{repeat_dimensions = array<i64: 1, 4>}> : (tensor<3x1xi32>) -> tensor<3x4xi32>
  %1 = "ttir.scatter"(%arg0, %0, %arg2) <{dim = 0 : i32, scatter_reduce_type = #ttcore.reduce_type<invalid>}> : (tensor<8x4xf32>, tensor<3x4xi32>, tensor<3x4xf32>) -> tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}
func.func @points(%arg0: tensor<8x4xf32>, %arg1: tensor<3x2xi32>, %arg2: tensor<3xf32>) -> tensor<8x4xf32> {
  %0 = "ttir.reshape"(%arg1) <{shape = [3 : i32, 2 : i32]}> : (tensor<3x2xi32>) -> tensor<3x2xi32>
  %1 = "ttir.reshape"(%0) <{shape = [3 : i32, 1 : i32, 2 : i32]}> : (tensor<3x2xi32>) -> tensor<3x1x2xi32>
  %2 = "ttir.repeat"(%1) <{repeat_dimensions = array<i64: 1, 1, 1>}> : (tensor<3x1x2xi32>) -> tensor<3x1x2xi32>
  %3 = "ttir.reshape"(%2) <{shape = [3 : i32, 2 : i32]}> : (tensor<3x1x2xi32>) -> tensor<3x2xi32>
  %4 = "ttir.slice_static"(%3) <{begins = [0 : i32, 0 : i32], ends = [3 : i32, 1 : i32], step = [1 : i32, 1 : i32]}> : (tensor<3x2xi32>) -> tensor<3x1xi32>
  %5 = "ttir.slice_static"(%3) <{begins = [0 : i32, 1 : i32], ends = [3 : i32, 2 : i32], step = [1 : i32, 1 : i32]}> : (tensor<3x2xi32>) -> tensor<3x1xi32>
  %6 = "ttir.full"() <{fill_value = 4 : i32, shape = array<i32: 3, 1>}> : () -> tensor<3x1xi32>
  %7 = "ttir.multiply"(%4, %6) : (tensor<3x1xi32>, tensor<3x1xi32>) -> tensor<3x1xi32>
  %8 = "ttir.add"(%7, %5) : (tensor<3x1xi32>, tensor<3x1xi32>) -> tensor<3x1xi32>
  %9 = "ttir.reshape"(%8) <{shape = [3 : i32]}> : (tensor<3x1xi32>) -> tensor<3xi32>
  %10 = "ttir.reshape"(%arg0) <{shape = [32 : i32]}> : (tensor<8x4xf32>) -> tensor<32xf32>
  %11 = "ttir.reshape"(%arg2) <{shape = [3 : i32]}> : (tensor<3xf32>) -> tensor<3xf32>
  %12 = "ttir.scatter"(%10, %9, %11) <{dim = 0 : i32, scatter_reduce_type = #ttcore.reduce_type<sum>}> : (tensor<32xf32>, tensor<3xi32>, tensor<3xf32>) -> tensor<32xf32>
  %13 = "ttir.reshape"(%12) <{shape = [8 : i32, 4 : i32]}> : (tensor<32xf32>) -> tensor<8x4xf32>
  return %13 : tensor<8x4xf32>
}
