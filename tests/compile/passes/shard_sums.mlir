// Sums that Shardy asks for inside a manual computation: along an axis, and along a part of one.
// stop: convert-stablehlo-to-ttir
sdy.mesh @mesh = <["x"=2, "y"=4]>
func.func @main(%a: tensor<8x16xf32>) -> (tensor<4x16xf32>, tensor<8x8xf32>) {
  %0 = sdy.manual_computation(%a) in_shardings=[<@mesh, [{"x"}, {"y"}]>] out_shardings=[<@mesh, [{}, {"y"}]>] manual_axes={"x", "y"} (%p: tensor<4x4xf32>) {
    %1 = sdy.all_reduce {"x"} %p out_sharding=<@mesh, [{}, {}]> : tensor<4x4xf32>
    sdy.return %1 : tensor<4x4xf32>
  } : (tensor<8x16xf32>) -> tensor<4x16xf32>
  %2 = sdy.manual_computation(%a) in_shardings=[<@mesh, [{"x"}, {"y"}]>] out_shardings=[<@mesh, [{"x"}, {"y":(1)2}]>] manual_axes={"x", "y"} (%p: tensor<4x4xf32>) {
    %1 = sdy.all_reduce {"y":(2)2} %p out_sharding=<@mesh, [{}, {}]> : tensor<4x4xf32>
    sdy.return %1 : tensor<4x4xf32>
  } : (tensor<8x16xf32>) -> tensor<8x8xf32>
  return %0, %2 : tensor<4x16xf32>, tensor<8x8xf32>
}

// becomes
func.func @main(%arg0: tensor<8x16xf32>) -> (tensor<4x16xf32>, tensor<8x8xf32>) {
  %0 = "ttir.mesh_shard"(%arg0) <{shard_dims = array<i64: 0, 1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 2, 4>, shard_type = #ttcore.shard_type<devices>}> : (tensor<8x16xf32>) -> tensor<4x4xf32>
  %1 = "ttir.all_reduce"(%0) <{cluster_axis = 0 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = "ttir.mesh_shard"(%1) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 1, 4>, shard_type = #ttcore.shard_type<devices>}> : (tensor<4x4xf32>) -> tensor<4x16xf32>
  %3 = "ttir.reshape"(%0) <{shape = [1 : i32, 4 : i32, 4 : i32]}> : (tensor<4x4xf32>) -> tensor<1x4x4xf32>
  %4 = "ttir.concat"(%3, %3) <{dim = 0 : si32}> : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<2x4x4xf32>
  %5 = "ttir.all_to_all"(%4) <{concat_dim = 0 : si32, replica_groups = dense<[[0, 1], [2, 3], [4, 5], [6, 7]]> : tensor<4x2xi64>, split_count = 2 : si32, split_dim = 0 : si32}> : (tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  %6 = "ttir.sum"(%5) <{dim_arg = [0 : i32], keep_dim = false}> : (tensor<2x4x4xf32>) -> tensor<4x4xf32>
  %7 = "ttir.concat"(%6, %6) <{dim = 1 : si32}> : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
  %8 = "ttir.all_to_all"(%7) <{concat_dim = 1 : si32, replica_groups = dense<[[0, 2], [1, 3], [4, 6], [5, 7]]> : tensor<4x2xi64>, split_count = 2 : si32, split_dim = 1 : si32}> : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %9 = "ttir.mesh_shard"(%8) <{shard_dims = array<i64: 0, -1>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 2, 1>, shard_type = #ttcore.shard_type<devices>}> : (tensor<4x8xf32>) -> tensor<8x8xf32>
  return %2, %9 : tensor<4x16xf32>, tensor<8x8xf32>
}
