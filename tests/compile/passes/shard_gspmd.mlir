// What GSPMD's calls say of devices: a mesh of 2 rows and 4 columns, whose columns cut dimension 0 and whose rows
// dimension 1, as the devices are numbered along the columns of the iota.
// stop: convert-stablehlo-to-ttir
func.func @main(%a: tensor<8x16xf32>, %b: tensor<16xf32>) -> tensor<8x16xf32> {
  %0 = stablehlo.custom_call @Sharding(%a) {mhlo.sharding = "{devices=[4,2]<=[2,4]T(1,0)}"} : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %1 = stablehlo.custom_call @SPMDFullToShardShape(%0) {mhlo.sharding = "{manual}"} : (tensor<8x16xf32>) -> tensor<2x8xf32>
  %2 = stablehlo.custom_call @Sharding(%b) {mhlo.sharding = "{replicated}"} : (tensor<16xf32>) -> tensor<16xf32>
  %3 = stablehlo.custom_call @SPMDFullToShardShape(%2) {mhlo.sharding = "{manual}"} : (tensor<16xf32>) -> tensor<16xf32>
  %4 = stablehlo.slice %3 [0:8] : (tensor<16xf32>) -> tensor<8xf32>
  %5 = stablehlo.broadcast_in_dim %4, dims = [1] : (tensor<8xf32>) -> tensor<2x8xf32>
  %6 = stablehlo.add %1, %5 : tensor<2x8xf32>
  %7 = stablehlo.custom_call @Sharding(%6) {mhlo.sharding = "{manual}"} : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %8 = stablehlo.custom_call @SPMDShardToFullShape(%7) {mhlo.sharding = "{devices=[4,2]<=[2,4]T(1,0)}"} : (tensor<2x8xf32>) -> tensor<8x16xf32>
  return %8 : tensor<8x16xf32>
}

// becomes
func.func @main(%arg0: tensor<8x16xf32>, %arg1: tensor<16xf32>) -> tensor<8x16xf32> {
  %0 = "ttir.mesh_shard"(%arg0) <{shard_dims = array<i64: 1, 0>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 4, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<8x16xf32>) -> tensor<2x8xf32>
  %1 = "ttir.mesh_shard"(%arg1) <{shard_dims = array<i64: -1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1>, shard_type = #ttcore.shard_type<replicate>}> : (tensor<16xf32>) -> tensor<16xf32>
  %2 = "ttir.slice_static"(%1) <{begins = [0 : i32], ends = [8 : i32], step = [1 : i32]}> : (tensor<16xf32>) -> tensor<8xf32>
  %3 = "ttir.reshape"(%2) <{shape = [1 : i32, 8 : i32]}> : (tensor<8xf32>) -> tensor<1x8xf32>
  %4 = "ttir.broadcast"(%3) <{broadcast_dimensions = array<i64: 2, 1>}> : (tensor<1x8xf32>) -> tensor<2x8xf32>
  %5 = "ttir.add"(%0, %4) : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  %6 = "ttir.mesh_shard"(%5) <{shard_dims = array<i64: 1, 0>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 4, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<2x8xf32>) -> tensor<8x16xf32>
  return %6 : tensor<8x16xf32>
}
