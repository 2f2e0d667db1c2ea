// Inputs are in rows, weights of convolutions and operands of mesh_shard on the host, all else tiled in DRAM.
// stop: ttnn-layout
// options: mesh-shape=1,2
func.func @places(%x: tensor<1x32x32x64xbf16> {ttcore.argument_type = #ttcore.argument_type<input>},
                  %w: tensor<64x64x3x3xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>},
                  %s: tensor<64x128xf32> {ttcore.argument_type = #ttcore.argument_type<input>})
    -> (tensor<1x32x32x64xbf16>, tensor<64x128xf32>) {
  %0 = "ttir.conv2d"(%x, %w) <{stride = 1 : i32, padding = 1 : i32, dilation = 1 : i32, groups = 1 : i32}> : (tensor<1x32x32x64xbf16>, tensor<64x64x3x3xbf16>) -> tensor<1x32x32x64xbf16>
  %1 = "ttir.mesh_shard"(%s) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<64x128xf32>) -> tensor<64x64xf32>
  %2 = "ttir.relu"(%1) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %3 = "ttir.mesh_shard"(%2) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<64x64xf32>) -> tensor<64x128xf32>
  return %0, %3 : tensor<1x32x32x64xbf16>, tensor<64x128xf32>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3), <1x1>, memref<1024x64xbf16, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 192 + d1 * 3 + d2, d3), <1x1>, memref<12288x3xbf16, #system_memory>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<64x128xf32, #system_memory>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3), <1x1>, memref<32x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 1024 + d2, d3), <1x1>, memref<32x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 2048 + d1 * 32 + d2, d3), <1x1>, memref<4096x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<64x64xf32, #system_memory>>
#ttnn_layout7 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
func.func @places(%arg0: tensor<1x32x32x64xbf16, #ttnn_layout> {ttcore.argument_type = #ttcore.argument_type<input>}, %arg1: tensor<64x64x3x3xbf16, #ttnn_layout1> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.conv2d_weight}, %arg2: tensor<64x128xf32, #ttnn_layout2> {ttcore.argument_type = #ttcore.argument_type<input>}) -> (tensor<1x32x32x64xbf16, #ttnn_layout3>, tensor<64x128xf32, #ttnn_layout2>) attributes {tt.function_type = "forward_device"} {
  %0 = ttir.empty() : tensor<1x32x32x64xbf16, #ttnn_layout3>
  %1 = ttir.to_layout %arg0, %0 : tensor<1x32x32x64xbf16, #ttnn_layout> into tensor<1x32x32x64xbf16, #ttnn_layout3> -> tensor<1x32x32x64xbf16, #ttnn_layout3>
  %2 = "ttir.reshape"(%1) <{shape = [1 : i32, 1 : i32, 1024 : i32, 64 : i32]}> : (tensor<1x32x32x64xbf16, #ttnn_layout3>) -> tensor<1x1x1024x64xbf16, #ttnn_layout4>
  %3 = ttir.empty() : tensor<64x64x3x3xbf16, #ttnn_layout5>
  %4 = ttir.to_layout %arg1, %3 : tensor<64x64x3x3xbf16, #ttnn_layout1> into tensor<64x64x3x3xbf16, #ttnn_layout5> -> tensor<64x64x3x3xbf16, #ttnn_layout5>
  %5 = "ttir.conv2d"(%2, %4) <{batch_dim = 0 : i64, channel_dim = 3 : i64, dilation = 1 : i32, flattened_compat_info = #ttir<flattened_compat batch_size = 1, input_height = 32, input_width = 32>, groups = 1 : i32, height_dim = 1 : i64, padding = 1 : i32, stride = 1 : i32, width_dim = 2 : i64}> : (tensor<1x1x1024x64xbf16, #ttnn_layout4>, tensor<64x64x3x3xbf16, #ttnn_layout5>) -> tensor<1x1x1024x64xbf16, #ttnn_layout4>
  %6 = "ttir.reshape"(%5) <{shape = [1 : i32, 32 : i32, 32 : i32, 64 : i32]}> : (tensor<1x1x1024x64xbf16, #ttnn_layout4>) -> tensor<1x32x32x64xbf16, #ttnn_layout3>
  %7 = "ttir.mesh_shard"(%arg2) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<64x128xf32, #ttnn_layout2>) -> tensor<64x64xf32, #ttnn_layout6>
  %8 = ttir.empty() : tensor<64x64xf32, #ttnn_layout7>
  %9 = ttir.to_layout %7, %8 : tensor<64x64xf32, #ttnn_layout6> into tensor<64x64xf32, #ttnn_layout7> -> tensor<64x64xf32, #ttnn_layout7>
  %10 = "ttir.relu"(%9) : (tensor<64x64xf32, #ttnn_layout7>) -> tensor<64x64xf32, #ttnn_layout7>
  %11 = ttir.empty() : tensor<64x64xf32, #ttnn_layout6>
  %12 = ttir.to_layout %10, %11 : tensor<64x64xf32, #ttnn_layout7> into tensor<64x64xf32, #ttnn_layout6> -> tensor<64x64xf32, #ttnn_layout6>
  %13 = "ttir.mesh_shard"(%12) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<64x64xf32, #ttnn_layout6>) -> tensor<64x128xf32, #ttnn_layout2>
  return %6, %13 : tensor<1x32x32x64xbf16, #ttnn_layout3>, tensor<64x128xf32, #ttnn_layout2>
}
