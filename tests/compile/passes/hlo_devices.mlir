// A manual computation over a mesh: shards, a collective, the whole again; composites and custom calls.
// stop: convert-stablehlo-to-ttir
module {
  sdy.mesh @mesh = <["x"=1, "y"=2]>
  func.func @main(%a: tensor<8x16xf32>, %b: tensor<16x4xf32>) -> tensor<8x4xf32> {
    %0 = sdy.manual_computation(%a, %b) in_shardings=[<@mesh, [{}, {"y"}]>, <@mesh, [{"y"}, {}]>] out_shardings=[<@mesh, [{}, {}]>] manual_axes={"x", "y"} (%x: tensor<8x8xf32>, %w: tensor<8x4xf32>) {
      %1 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
      %2 = "stablehlo.all_reduce"(%1) <{channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>, replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>, use_global_device_ids}> ({
      ^bb0(%p: tensor<f32>, %q: tensor<f32>):
        %3 = stablehlo.add %p, %q : tensor<f32>
        stablehlo.return %3 : tensor<f32>
      }) : (tensor<8x4xf32>) -> tensor<8x4xf32>
      sdy.return %2 : tensor<8x4xf32>
    } : (tensor<8x16xf32>, tensor<16x4xf32>) -> tensor<8x4xf32>
    return %0 : tensor<8x4xf32>
  }
  func.func @composites(%a: tensor<8x64xbf16>, %w: tensor<64xbf16>) -> tensor<8x64xbf16> {
    %0 = stablehlo.custom_call @tt.mark_argument(%w) {mhlo.frontend_attributes = {ttcore.argument_type = "parameter", ttir.name = "norm.weight"}} : (tensor<64xbf16>) -> tensor<64xbf16>
    %1 = stablehlo.composite "tenstorrent.rms_norm" %a, %0 {composite_attributes = {epsilon = 9.99999974E-6 : f32, normalized_shape = dense<64> : tensor<1xi64>}, decomposition = @norm} : (tensor<8x64xbf16>, tensor<64xbf16>) -> tensor<8x64xbf16>
    %2 = stablehlo.composite "mine.double" %1 {decomposition = @double} : (tensor<8x64xbf16>) -> tensor<8x64xbf16>
    return %2 : tensor<8x64xbf16>
  }
  func.func private @norm(%a: tensor<8x64xbf16>, %w: tensor<64xbf16>) -> tensor<8x64xbf16> {
    return %a : tensor<8x64xbf16>
  }
  func.func private @double(%a: tensor<8x64xbf16>) -> tensor<8x64xbf16> {
    %0 = stablehlo.add %a, %a : tensor<8x64xbf16>
    return %0 : tensor<8x64xbf16>
  }
}

// becomes
func.func @main(%arg0: tensor<8x16xf32>, %arg1: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %0 = "ttir.mesh_shard"(%arg0) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<8x16xf32>) -> tensor<8x8xf32>
  %1 = "ttir.mesh_shard"(%arg1) <{shard_dims = array<i64: -1, 0>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 2, 1>, shard_type = #ttcore.shard_type<devices>}> : (tensor<16x4xf32>) -> tensor<8x4xf32>
  %2 = "ttir.dot_general"(%0, %1) <{batch_dims_lhs = array<i64>, batch_dims_rhs = array<i64>, contract_dims_lhs = array<i64: 1>, contract_dims_rhs = array<i64: 0>}> : (tensor<8x8xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %3 = "ttir.all_reduce"(%2) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %4 = "ttir.mesh_shard"(%3) <{shard_dims = array<i64: -1>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 1>, shard_type = #ttcore.shard_type<replicate>}> : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %4 : tensor<8x4xf32>
}
func.func @composites(%arg0: tensor<8x64xbf16>, %arg1: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "norm.weight"}) -> tensor<8x64xbf16> {
  %0 = "ttir.rms_norm"(%arg0, %arg1) <{epsilon = 9.99999974E-6 : f32, normalized_shape = array<i64: 64>, operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<8x64xbf16>, tensor<64xbf16>) -> tensor<8x64xbf16>
  %1 = "ttir.add"(%0, %0) : (tensor<8x64xbf16>, tensor<8x64xbf16>) -> tensor<8x64xbf16>
  return %1 : tensor<8x64xbf16>
}
