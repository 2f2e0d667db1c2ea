func.func @all(%t: tensor<4x8xf32>, %d: tensor<?x?xf32>, %i: index, %j: index, %v: f32) -> tensor<4x8xf32> {
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = tensor.empty(%i, %j) : tensor<?x?xf32>
  %2 = tensor.extract %t[%i, %j] : tensor<4x8xf32>
  %3 = tensor.insert %v into %t[%i, %j] : tensor<4x8xf32>
  %4 = tensor.cast %t : tensor<4x8xf32> to tensor<?x8xf32>
  %5 = tensor.dim %d, %i : tensor<?x?xf32>
  %6 = tensor.rank %d : tensor<?x?xf32>
  %7 = tensor.extract_slice %t[0, %i] [2, %j] [1, 1] : tensor<4x8xf32> to tensor<2x?xf32>
  %8 = tensor.insert_slice %7 into %t[0, %i] [2, %j] [1, 1] : tensor<2x?xf32> into tensor<4x8xf32>
  %9 = tensor.collapse_shape %t [[0, 1]] : tensor<4x8xf32> into tensor<32xf32>
  %10 = tensor.expand_shape %9 [[0, 1]] output_shape [4, 8] : tensor<32xf32> into tensor<4x8xf32>
  %11 = tensor.from_elements %v, %v : tensor<2xf32>
  %12 = tensor.splat %v : tensor<8x16xf32>
  %13 = tensor.splat %v[%i, %j] : tensor<?x20x?xf32>
  %14 = tensor.generate %i, %j {
  ^bb0(%x: index, %y: index):
    tensor.yield %v : f32
  } : tensor<?x?xf32>
  %15 = tensor.pad %t low[1, %i] high[2, 3] {
  ^bb0(%x: index, %y: index):
    tensor.yield %v : f32
  } : tensor<4x8xf32> to tensor<7x?xf32>
  %16 = tensor.pad %t nofold low[0, 0] high[2, 3] {
  ^bb0(%x: index, %y: index):
    tensor.yield %v : f32
  } : tensor<4x8xf32> to tensor<6x11xf32>
  %17 = tensor.concat dim(0) %t, %t : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  %s = tensor.from_elements %i : tensor<1xindex>
  %18 = tensor.reshape %t(%s) : (tensor<4x8xf32>, tensor<1xindex>) -> tensor<?xf32>
  %19 = tensor.bitcast %t : tensor<4x8xf32> to tensor<4x8xi32>
  %idx = arith.constant dense<0> : tensor<1x2x1xi32>
  %20 = tensor.gather %t[%idx] gather_dims([0]) : (tensor<4x8xf32>, tensor<1x2x1xi32>) -> tensor<1x2x1x8xf32>
  %21 = tensor.scatter %20 into %t[%idx] scatter_dims([0]) unique : (tensor<1x2x1x8xf32>, tensor<4x8xf32>, tensor<1x2x1xi32>) -> tensor<4x8xf32>
  return %t : tensor<4x8xf32>
}
