// A linear layer over two devices, split along the numbers that are summed: each device multiplies its half of the input
// with its half of the weights, all_reduce adds the halves, and both have the whole. Compile it with --mesh 1x2.
// Written for this project.
module @TensorParallelLinear attributes {ttcore.meshes = #ttcore.meshes<[<"mesh" = 1x2>]>} {
  func.func @forward(
      %arg0: tensor<32x128xbf16> {ttcore.argument_type = #ttcore.argument_type<input>, ttir.name = "input"},
      %arg1: tensor<128x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "fc.weight"},
      %arg2: tensor<1x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "fc.bias"})
      -> (tensor<32x64xbf16> {ttir.name = "output"}) {
    %0 = "ttir.mesh_shard"(%arg0) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<32x128xbf16>) -> tensor<32x64xbf16> loc(#loc1)
    %1 = "ttir.mesh_shard"(%arg1) <{shard_dims = array<i64: -1, 0>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 2, 1>, shard_type = #ttcore.shard_type<devices>}> : (tensor<128x64xbf16>) -> tensor<64x64xbf16> loc(#loc2)
    %2 = "ttir.mesh_shard"(%arg2) <{shard_dims = array<i64: -1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1>, shard_type = #ttcore.shard_type<replicate>}> : (tensor<1x64xbf16>) -> tensor<1x64xbf16> loc(#loc3)
    %3 = "ttir.matmul"(%0, %1) <{transpose_a = false, transpose_b = false}> : (tensor<32x64xbf16>, tensor<64x64xbf16>) -> tensor<32x64xbf16> loc(#loc4)
    %4 = "ttir.all_reduce"(%3) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<32x64xbf16>) -> tensor<32x64xbf16> loc(#loc5)
    %5 = "ttir.add"(%4, %2) : (tensor<32x64xbf16>, tensor<1x64xbf16>) -> tensor<32x64xbf16> loc(#loc6)
    %6 = "ttir.mesh_shard"(%5) <{shard_dims = array<i64: -1>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 1>, shard_type = #ttcore.shard_type<replicate>}> : (tensor<32x64xbf16>) -> tensor<32x64xbf16> loc(#loc7)
    return %6 : tensor<32x64xbf16> loc(#loc8)
  } loc(#loc9)
} loc(#loc)
#loc = loc(unknown)
#loc1 = loc("fc/shard_input")
#loc2 = loc("fc/shard_weight")
#loc3 = loc("fc/replicate_bias")
#loc4 = loc("fc/matmul")
#loc5 = loc("fc/all_reduce")
#loc6 = loc("fc/bias")
#loc7 = loc("fc/whole")
#loc8 = loc("output")
#loc9 = loc("forward")
