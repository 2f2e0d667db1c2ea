sdy.mesh @mesh = <["x"=2, "y"=4]>
func.func @ops(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>, %p: tensor<4x8xi1>, %i: tensor<4xi32>) -> tensor<4x4xf32> {
  %c = stablehlo.constant dense<0.0> : tensor<f32>
  %0 = stablehlo.add %a, %a : tensor<4x8xf32>
  %1 = stablehlo.add %a, %a {tag} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = stablehlo.convert %a : (tensor<4x8xf32>) -> tensor<4x8xbf16>
  %3 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0], precision = [DEFAULT, HIGHEST] : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  %4 = stablehlo.compare LT, %a, %a, FLOAT : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xi1>
  %5 = stablehlo.select %p, %a, %a : tensor<4x8xi1>, tensor<4x8xf32>
  %6 = stablehlo.reduce(%a init: %c) applies stablehlo.add across dimensions = [1] : (tensor<4x8xf32>, tensor<f32>) -> tensor<4xf32>
  %7 = stablehlo.slice %a [0:4, 2:8:3] : (tensor<4x8xf32>) -> tensor<4x2xf32>
  %8 = stablehlo.broadcast_in_dim %6, dims = [0] : (tensor<4xf32>) -> tensor<4x8xf32>
  %9 = stablehlo.concatenate %a, %a, dim = 0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  %10 = stablehlo.custom_call @tt.mark(%a) {backend_config = ""} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %11 = stablehlo.iota dim = 1 : tensor<4x8xi32>
  %12:2 = stablehlo.while(%iter = %i, %acc = %c) : tensor<4xi32>, tensor<f32>
   cond {
    %20 = stablehlo.constant dense<true> : tensor<i1>
    stablehlo.return %20 : tensor<i1>
  } do {
    stablehlo.return %iter, %acc : tensor<4xi32>, tensor<f32>
  }
  %13 = sdy.sharding_constraint %a <@mesh, [{"x"}, {"y", ?}]> : tensor<4x8xf32>
  %14 = sdy.all_gather [{}, {"y"}] %13 out_sharding=<@mesh, [{"x"}, {}]> : tensor<4x8xf32>
  return %3 : tensor<4x4xf32>
}
