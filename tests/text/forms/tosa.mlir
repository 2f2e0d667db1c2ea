func.func @f(%a: tensor<1x4x8x3xf32>, %b: tensor<1x4x8x3xf32>, %m: tensor<1x4x8xf32>, %n: tensor<1x8x2xf32>, %i: tensor<1x4x8x3xi1>, %q: tensor<1x4x8x3xi32>) {
  %0 = tosa.add %a, %b : (tensor<1x4x8x3xf32>, tensor<1x4x8x3xf32>) -> tensor<1x4x8x3xf32>
  %1 = tosa.clamp %a {max_val = 6.0 : f32, min_val = 0.0 : f32} : (tensor<1x4x8x3xf32>) -> tensor<1x4x8x3xf32>
  %2 = tosa.maximum %a, %b : (tensor<1x4x8x3xf32>, tensor<1x4x8x3xf32>) -> tensor<1x4x8x3xf32>
  %3 = tosa.minimum %a, %b {nan_mode = IGNORE} : (tensor<1x4x8x3xf32>, tensor<1x4x8x3xf32>) -> tensor<1x4x8x3xf32>
  %4 = tosa.reduce_max %a {axis = 1 : i32} : (tensor<1x4x8x3xf32>) -> tensor<1x1x8x3xf32>
  %5 = tosa.reduce_sum %a {axis = 1 : i32} : (tensor<1x4x8x3xf32>) -> tensor<1x1x8x3xf32>
  %6 = tosa.max_pool2d %a {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x8x3xf32>) -> tensor<1x2x4x3xf32>
  %7 = tosa.const_shape {values = dense<[4, 24]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %8 = tosa.reshape %a, %7 : (tensor<1x4x8x3xf32>, !tosa.shape<2>) -> tensor<4x24xf32>
  %9 = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %10 = tosa.matmul %m, %n, %9, %9 : (tensor<1x4x8xf32>, tensor<1x8x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x2xf32>
  %11 = tosa.argmax %a {axis = 1 : i32} : (tensor<1x4x8x3xf32>) -> tensor<1x8x3xi32>
  %12 = tosa.transpose %m {perms = array<i32: 0, 2, 1>} : (tensor<1x4x8xf32>) -> tensor<1x8x4xf32>
  %13 = tosa.select %i, %a, %b : (tensor<1x4x8x3xi1>, tensor<1x4x8x3xf32>, tensor<1x4x8x3xf32>) -> tensor<1x4x8x3xf32>
  %14 = tosa.cast %a : (tensor<1x4x8x3xf32>) -> tensor<1x4x8x3xi32>
  %15 = tosa.concat %a, %b {axis = 0 : i32} : (tensor<1x4x8x3xf32>, tensor<1x4x8x3xf32>) -> tensor<2x4x8x3xf32>
  return
}
