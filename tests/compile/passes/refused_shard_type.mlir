// What older compilers wrote has no meaning today, but can be brought up to date.
// options: mesh-shape=1,2
// error: 'ttir.mesh_shard' op has a shard_type other than 'replicate' and 'devices'
// note: it is written as older versions of tt-mlir did: the option update-older-forms=true brings the module up to date
func.func @shard(%x: tensor<4x64xf32>) -> tensor<4x32xf32> {
  %0 = "ttir.mesh_shard"(%x) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<identity>}> : (tensor<4x64xf32>) -> tensor<4x32xf32>
  return %0 : tensor<4x32xf32>
}
