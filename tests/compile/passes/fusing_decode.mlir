// With an optimizer the heads of a decode step are joined by one kernel, each user's on a core of his own, whether the one is
// moved first or not, and whether whole heads are cleared in between; not those of two tokens, of more users than there are
// cores, of more heads than a tile has rows, or narrower than a tile. Names and layouts are those of a decode layer that
// tt-mlir compiled with its op model (to_memory_config, nlp_concat_heads_decode, reshape). Rotary embeddings become one kernel,
// which has the token in front already when the result is to have it there; an rms_norm moves along, unless others use it.
// Not where each user has a table of his own, nor where half a row is no whole tile.
// options: enable-const-eval=false optimization-level=1
func.func @joined(%x: tensor<1x32x8x128xbf16>) -> tensor<32x1024xbf16> {
  %0 = "ttir.permute"(%x) <{permutation = array<i64: 1, 2, 0, 3>}> : (tensor<1x32x8x128xbf16>) -> tensor<32x8x1x128xbf16>
  %1 = "ttir.reshape"(%0) <{shape = [32 : i32, 1024 : i32]}> : (tensor<32x8x1x128xbf16>) -> tensor<32x1024xbf16>
  return %1 : tensor<32x1024xbf16>
}
func.func @straight(%x: tensor<1x4x12x64xf32>) -> tensor<4x768xf32> {
  %0 = "ttir.reshape"(%x) <{shape = [4 : i32, 768 : i32]}> : (tensor<1x4x12x64xf32>) -> tensor<4x768xf32>
  return %0 : tensor<4x768xf32>
}
func.func @cleared(%x: tensor<1x32x8x128xbf16>, %c: tensor<32x8x1x1xbf16>, %zero: tensor<1x1x1x1xbf16>) -> tensor<32x1024xbf16> {
  %0 = "ttir.permute"(%x) <{permutation = array<i64: 1, 2, 0, 3>}> : (tensor<1x32x8x128xbf16>) -> tensor<32x8x1x128xbf16>
  %1 = "ttir.where"(%c, %zero, %0) : (tensor<32x8x1x1xbf16>, tensor<1x1x1x1xbf16>, tensor<32x8x1x128xbf16>) -> tensor<32x8x1x128xbf16>
  %2 = "ttir.reshape"(%1) <{shape = [32 : i32, 1024 : i32]}> : (tensor<32x8x1x128xbf16>) -> tensor<32x1024xbf16>
  return %2 : tensor<32x1024xbf16>
}
func.func @cleared_by_element(%x: tensor<1x32x8x128xbf16>, %c: tensor<32x8x1x128xbf16>, %zero: tensor<1x1x1x1xbf16>) -> tensor<32x1024xbf16> {
  %0 = "ttir.permute"(%x) <{permutation = array<i64: 1, 2, 0, 3>}> : (tensor<1x32x8x128xbf16>) -> tensor<32x8x1x128xbf16>
  %1 = "ttir.where"(%c, %zero, %0) : (tensor<32x8x1x128xbf16>, tensor<1x1x1x1xbf16>, tensor<32x8x1x128xbf16>) -> tensor<32x8x1x128xbf16>
  %2 = "ttir.reshape"(%1) <{shape = [32 : i32, 1024 : i32]}> : (tensor<32x8x1x128xbf16>) -> tensor<32x1024xbf16>
  return %2 : tensor<32x1024xbf16>
}
func.func @two_tokens(%x: tensor<2x16x8x128xbf16>) -> tensor<32x1024xbf16> {
  %0 = "ttir.reshape"(%x) <{shape = [32 : i32, 1024 : i32]}> : (tensor<2x16x8x128xbf16>) -> tensor<32x1024xbf16>
  return %0 : tensor<32x1024xbf16>
}
func.func @too_many_users(%x: tensor<1x65x8x128xbf16>) -> tensor<65x1024xbf16> {
  %0 = "ttir.reshape"(%x) <{shape = [65 : i32, 1024 : i32]}> : (tensor<1x65x8x128xbf16>) -> tensor<65x1024xbf16>
  return %0 : tensor<65x1024xbf16>
}
func.func @too_many_heads(%x: tensor<1x4x33x64xbf16>) -> tensor<4x2112xbf16> {
  %0 = "ttir.reshape"(%x) <{shape = [4 : i32, 2112 : i32]}> : (tensor<1x4x33x64xbf16>) -> tensor<4x2112xbf16>
  return %0 : tensor<4x2112xbf16>
}
func.func @narrow(%x: tensor<1x4x8x48xbf16>) -> tensor<4x384xbf16> {
  %0 = "ttir.reshape"(%x) <{shape = [4 : i32, 384 : i32]}> : (tensor<1x4x8x48xbf16>) -> tensor<4x384xbf16>
  return %0 : tensor<4x384xbf16>
}
func.func @rotated(%x: tensor<2x4x18x64xbf16>, %cos: tensor<1x1x18x64xbf16>, %sin: tensor<1x1x18x64xbf16>) -> tensor<2x4x18x64xbf16> {
  %0 = "ttir.broadcast"(%cos) <{broadcast_dimensions = array<i64: 2, 4, 1, 1>}> : (tensor<1x1x18x64xbf16>) -> tensor<2x4x18x64xbf16>
  %1 = "ttir.multiply"(%x, %0) : (tensor<2x4x18x64xbf16>, tensor<2x4x18x64xbf16>) -> tensor<2x4x18x64xbf16>
  %2 = "ttir.slice_static"(%x) <{begins = [0 : i32, 0 : i32, 0 : i32, 32 : i32], ends = [2 : i32, 4 : i32, 18 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x18x64xbf16>) -> tensor<2x4x18x32xbf16>
  %3 = "ttir.neg"(%2) : (tensor<2x4x18x32xbf16>) -> tensor<2x4x18x32xbf16>
  %4 = "ttir.slice_static"(%x) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [2 : i32, 4 : i32, 18 : i32, 32 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x18x64xbf16>) -> tensor<2x4x18x32xbf16>
  %5 = "ttir.concat"(%3, %4) <{dim = 3 : si32}> : (tensor<2x4x18x32xbf16>, tensor<2x4x18x32xbf16>) -> tensor<2x4x18x64xbf16>
  %6 = "ttir.broadcast"(%sin) <{broadcast_dimensions = array<i64: 2, 4, 1, 1>}> : (tensor<1x1x18x64xbf16>) -> tensor<2x4x18x64xbf16>
  %7 = "ttir.multiply"(%5, %6) : (tensor<2x4x18x64xbf16>, tensor<2x4x18x64xbf16>) -> tensor<2x4x18x64xbf16>
  %8 = "ttir.add"(%1, %7) : (tensor<2x4x18x64xbf16>, tensor<2x4x18x64xbf16>) -> tensor<2x4x18x64xbf16>
  return %8 : tensor<2x4x18x64xbf16>
}
func.func @token_first(%x: tensor<32x8x1x64xbf16>, %cos: tensor<1x1x1x64xbf16>, %sin: tensor<1x1x1x64xbf16>) -> tensor<1x32x8x64xbf16> {
  %0 = "ttir.broadcast"(%cos) <{broadcast_dimensions = array<i64: 32, 8, 1, 1>}> : (tensor<1x1x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %1 = "ttir.multiply"(%x, %0) : (tensor<32x8x1x64xbf16>, tensor<32x8x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %2 = "ttir.slice_static"(%x) <{begins = [0 : i32, 0 : i32, 0 : i32, 32 : i32], ends = [32 : i32, 8 : i32, 1 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<32x8x1x64xbf16>) -> tensor<32x8x1x32xbf16>
  %3 = "ttir.neg"(%2) : (tensor<32x8x1x32xbf16>) -> tensor<32x8x1x32xbf16>
  %4 = "ttir.slice_static"(%x) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [32 : i32, 8 : i32, 1 : i32, 32 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<32x8x1x64xbf16>) -> tensor<32x8x1x32xbf16>
  %5 = "ttir.concat"(%3, %4) <{dim = 3 : si32}> : (tensor<32x8x1x32xbf16>, tensor<32x8x1x32xbf16>) -> tensor<32x8x1x64xbf16>
  %6 = "ttir.broadcast"(%sin) <{broadcast_dimensions = array<i64: 32, 8, 1, 1>}> : (tensor<1x1x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %7 = "ttir.multiply"(%5, %6) : (tensor<32x8x1x64xbf16>, tensor<32x8x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %8 = "ttir.add"(%1, %7) : (tensor<32x8x1x64xbf16>, tensor<32x8x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %9 = "ttir.permute"(%8) <{permutation = array<i64: 2, 0, 1, 3>}> : (tensor<32x8x1x64xbf16>) -> tensor<1x32x8x64xbf16>
  return %9 : tensor<1x32x8x64xbf16>
}
func.func @token_first_of_norm(%x: tensor<32x8x1x64xbf16>, %cos: tensor<1x1x1x64xbf16>, %sin: tensor<1x1x1x64xbf16>, %w: tensor<64xbf16>) -> tensor<1x32x8x64xbf16> {
  %n = "ttir.rms_norm"(%x, %w) <{normalized_shape = array<i64: 64>, epsilon = 1.000000e-05 : f32, operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<32x8x1x64xbf16>, tensor<64xbf16>) -> tensor<32x8x1x64xbf16>
  %0 = "ttir.broadcast"(%cos) <{broadcast_dimensions = array<i64: 32, 8, 1, 1>}> : (tensor<1x1x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %1 = "ttir.multiply"(%n, %0) : (tensor<32x8x1x64xbf16>, tensor<32x8x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %2 = "ttir.slice_static"(%n) <{begins = [0 : i32, 0 : i32, 0 : i32, 32 : i32], ends = [32 : i32, 8 : i32, 1 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<32x8x1x64xbf16>) -> tensor<32x8x1x32xbf16>
  %3 = "ttir.neg"(%2) : (tensor<32x8x1x32xbf16>) -> tensor<32x8x1x32xbf16>
  %4 = "ttir.slice_static"(%n) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [32 : i32, 8 : i32, 1 : i32, 32 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<32x8x1x64xbf16>) -> tensor<32x8x1x32xbf16>
  %5 = "ttir.concat"(%3, %4) <{dim = 3 : si32}> : (tensor<32x8x1x32xbf16>, tensor<32x8x1x32xbf16>) -> tensor<32x8x1x64xbf16>
  %6 = "ttir.broadcast"(%sin) <{broadcast_dimensions = array<i64: 32, 8, 1, 1>}> : (tensor<1x1x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %7 = "ttir.multiply"(%5, %6) : (tensor<32x8x1x64xbf16>, tensor<32x8x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %8 = "ttir.add"(%1, %7) : (tensor<32x8x1x64xbf16>, tensor<32x8x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %9 = "ttir.permute"(%8) <{permutation = array<i64: 2, 0, 1, 3>}> : (tensor<32x8x1x64xbf16>) -> tensor<1x32x8x64xbf16>
  return %9 : tensor<1x32x8x64xbf16>
}
func.func @norm_with_users(%x: tensor<32x8x1x64xbf16>, %cos: tensor<1x1x1x64xbf16>, %sin: tensor<1x1x1x64xbf16>, %w: tensor<64xbf16>) -> (tensor<1x32x8x64xbf16>, tensor<32x8x1x64xbf16>) {
  %n = "ttir.rms_norm"(%x, %w) <{normalized_shape = array<i64: 64>, epsilon = 1.000000e-05 : f32, operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<32x8x1x64xbf16>, tensor<64xbf16>) -> tensor<32x8x1x64xbf16>
  %0 = "ttir.broadcast"(%cos) <{broadcast_dimensions = array<i64: 32, 8, 1, 1>}> : (tensor<1x1x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %1 = "ttir.multiply"(%n, %0) : (tensor<32x8x1x64xbf16>, tensor<32x8x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %2 = "ttir.slice_static"(%n) <{begins = [0 : i32, 0 : i32, 0 : i32, 32 : i32], ends = [32 : i32, 8 : i32, 1 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<32x8x1x64xbf16>) -> tensor<32x8x1x32xbf16>
  %3 = "ttir.neg"(%2) : (tensor<32x8x1x32xbf16>) -> tensor<32x8x1x32xbf16>
  %4 = "ttir.slice_static"(%n) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [32 : i32, 8 : i32, 1 : i32, 32 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<32x8x1x64xbf16>) -> tensor<32x8x1x32xbf16>
  %5 = "ttir.concat"(%3, %4) <{dim = 3 : si32}> : (tensor<32x8x1x32xbf16>, tensor<32x8x1x32xbf16>) -> tensor<32x8x1x64xbf16>
  %6 = "ttir.broadcast"(%sin) <{broadcast_dimensions = array<i64: 32, 8, 1, 1>}> : (tensor<1x1x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %7 = "ttir.multiply"(%5, %6) : (tensor<32x8x1x64xbf16>, tensor<32x8x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %8 = "ttir.add"(%1, %7) : (tensor<32x8x1x64xbf16>, tensor<32x8x1x64xbf16>) -> tensor<32x8x1x64xbf16>
  %9 = "ttir.permute"(%8) <{permutation = array<i64: 2, 0, 1, 3>}> : (tensor<32x8x1x64xbf16>) -> tensor<1x32x8x64xbf16>
  return %9, %n : tensor<1x32x8x64xbf16>, tensor<32x8x1x64xbf16>
}
func.func @table_per_user(%x: tensor<2x4x32x64xbf16>, %cos: tensor<2x1x32x64xbf16>, %sin: tensor<2x1x32x64xbf16>) -> tensor<2x4x32x64xbf16> {
  %0 = "ttir.broadcast"(%cos) <{broadcast_dimensions = array<i64: 1, 4, 1, 1>}> : (tensor<2x1x32x64xbf16>) -> tensor<2x4x32x64xbf16>
  %1 = "ttir.multiply"(%x, %0) : (tensor<2x4x32x64xbf16>, tensor<2x4x32x64xbf16>) -> tensor<2x4x32x64xbf16>
  %2 = "ttir.slice_static"(%x) <{begins = [0 : i32, 0 : i32, 0 : i32, 32 : i32], ends = [2 : i32, 4 : i32, 32 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x32x64xbf16>) -> tensor<2x4x32x32xbf16>
  %3 = "ttir.neg"(%2) : (tensor<2x4x32x32xbf16>) -> tensor<2x4x32x32xbf16>
  %4 = "ttir.slice_static"(%x) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [2 : i32, 4 : i32, 32 : i32, 32 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x32x64xbf16>) -> tensor<2x4x32x32xbf16>
  %5 = "ttir.concat"(%3, %4) <{dim = 3 : si32}> : (tensor<2x4x32x32xbf16>, tensor<2x4x32x32xbf16>) -> tensor<2x4x32x64xbf16>
  %6 = "ttir.broadcast"(%sin) <{broadcast_dimensions = array<i64: 1, 4, 1, 1>}> : (tensor<2x1x32x64xbf16>) -> tensor<2x4x32x64xbf16>
  %7 = "ttir.multiply"(%5, %6) : (tensor<2x4x32x64xbf16>, tensor<2x4x32x64xbf16>) -> tensor<2x4x32x64xbf16>
  %8 = "ttir.add"(%1, %7) : (tensor<2x4x32x64xbf16>, tensor<2x4x32x64xbf16>) -> tensor<2x4x32x64xbf16>
  return %8 : tensor<2x4x32x64xbf16>
}
func.func @half_a_tile(%x: tensor<2x4x32x32xbf16>, %cos: tensor<1x1x32x32xbf16>, %sin: tensor<1x1x32x32xbf16>) -> tensor<2x4x32x32xbf16> {
  %0 = "ttir.broadcast"(%cos) <{broadcast_dimensions = array<i64: 2, 4, 1, 1>}> : (tensor<1x1x32x32xbf16>) -> tensor<2x4x32x32xbf16>
  %1 = "ttir.multiply"(%x, %0) : (tensor<2x4x32x32xbf16>, tensor<2x4x32x32xbf16>) -> tensor<2x4x32x32xbf16>
  %2 = "ttir.slice_static"(%x) <{begins = [0 : i32, 0 : i32, 0 : i32, 16 : i32], ends = [2 : i32, 4 : i32, 32 : i32, 32 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x32x32xbf16>) -> tensor<2x4x32x16xbf16>
  %3 = "ttir.neg"(%2) : (tensor<2x4x32x16xbf16>) -> tensor<2x4x32x16xbf16>
  %4 = "ttir.slice_static"(%x) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [2 : i32, 4 : i32, 32 : i32, 16 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x32x32xbf16>) -> tensor<2x4x32x16xbf16>
  %5 = "ttir.concat"(%3, %4) <{dim = 3 : si32}> : (tensor<2x4x32x16xbf16>, tensor<2x4x32x16xbf16>) -> tensor<2x4x32x32xbf16>
  %6 = "ttir.broadcast"(%sin) <{broadcast_dimensions = array<i64: 2, 4, 1, 1>}> : (tensor<1x1x32x32xbf16>) -> tensor<2x4x32x32xbf16>
  %7 = "ttir.multiply"(%5, %6) : (tensor<2x4x32x32xbf16>, tensor<2x4x32x32xbf16>) -> tensor<2x4x32x32xbf16>
  %8 = "ttir.add"(%1, %7) : (tensor<2x4x32x32xbf16>, tensor<2x4x32x32xbf16>) -> tensor<2x4x32x32xbf16>
  return %8 : tensor<2x4x32x32xbf16>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3), <1x1>, memref<32x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x32x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3), <32x1>, memref<1x4x!ttcore.tile<32x32, bf16>, #l1>, <height_sharded>, core_ranges = <[#ttnn.core_range<(0,0), (7,3)>]>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x32x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 128 + d1 * 32 + d2, d3), <1x1>, memref<4x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x24x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 128 + d1 * 32 + d2, d3), <4x1>, memref<1x2x!ttcore.tile<32x32, f32>, #l1>, <height_sharded>, core_ranges = <[#ttnn.core_range<(0,0), (3,0)>]>>
#ttnn_layout7 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x24x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout8 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 256 + d1 * 32 + d2, d3), <1x1>, memref<256x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout9 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout10 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3), <1x1>, memref<32x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout11 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 256 + d1 * 32 + d2, d3), <1x1>, memref<256x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout12 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 512 + d1 * 32 + d2, d3), <1x1>, memref<32x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout13 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 2080 + d1 * 32 + d2, d3), <1x1>, memref<65x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout14 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<3x32x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout15 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 256 + d1 * 64 + d2, d3), <1x1>, memref<8x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout16 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x66x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout17 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 128 + d1 * 32 + d2, d3), <1x1>, memref<4x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout18 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x12x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout19 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 128 + d1 * 32 + d2, d3), <1x1>, memref<8x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout20 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout21 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 256 + d1 * 32 + d2, d3), <1x1>, memref<256x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout22 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3), <1x1>, memref<32x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout23 = #ttnn.ttnn_layout<(d0) -> (0, d0), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout24 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<2x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout25 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 128 + d1 * 32 + d2, d3), <1x1>, memref<8x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
func.func @joined(%arg0: tensor<1x32x8x128xbf16, #ttnn_layout>) -> tensor<32x1024xbf16, #ttnn_layout1> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.to_memory_config"(%arg0) : (tensor<1x32x8x128xbf16, #ttnn_layout>) -> tensor<1x32x8x128xbf16, #ttnn_layout2>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<1x32x8x128xbf16, #ttnn_layout>) -> ()
  %1 = "ttnn.nlp_concat_heads_decode"(%0) <{num_heads = 8 : ui32}> : (tensor<1x32x8x128xbf16, #ttnn_layout2>) -> tensor<1x1x32x1024xbf16, #ttnn_layout3>
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<1x32x8x128xbf16, #ttnn_layout2>) -> ()
  %2 = "ttnn.reshape"(%1) <{shape = [32 : i32, 1024 : i32]}> : (tensor<1x1x32x1024xbf16, #ttnn_layout3>) -> tensor<32x1024xbf16, #ttnn_layout1>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<1x1x32x1024xbf16, #ttnn_layout3>) -> ()
  return %2 : tensor<32x1024xbf16, #ttnn_layout1>
}
func.func @straight(%arg0: tensor<1x4x12x64xf32, #ttnn_layout4>) -> tensor<4x768xf32, #ttnn_layout5> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.to_memory_config"(%arg0) : (tensor<1x4x12x64xf32, #ttnn_layout4>) -> tensor<1x4x12x64xf32, #ttnn_layout6>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<1x4x12x64xf32, #ttnn_layout4>) -> ()
  %1 = "ttnn.nlp_concat_heads_decode"(%0) <{num_heads = 12 : ui32}> : (tensor<1x4x12x64xf32, #ttnn_layout6>) -> tensor<1x1x4x768xf32, #ttnn_layout7>
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<1x4x12x64xf32, #ttnn_layout6>) -> ()
  %2 = "ttnn.reshape"(%1) <{shape = [4 : i32, 768 : i32]}> : (tensor<1x1x4x768xf32, #ttnn_layout7>) -> tensor<4x768xf32, #ttnn_layout5>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<1x1x4x768xf32, #ttnn_layout7>) -> ()
  return %2 : tensor<4x768xf32, #ttnn_layout5>
}
func.func @cleared(%arg0: tensor<1x32x8x128xbf16, #ttnn_layout>, %arg1: tensor<32x8x1x1xbf16, #ttnn_layout8>, %arg2: tensor<1x1x1x1xbf16, #ttnn_layout9>) -> tensor<32x1024xbf16, #ttnn_layout1> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg1) <{shape = [1 : i32, 32 : i32, 8 : i32, 1 : i32]}> : (tensor<32x8x1x1xbf16, #ttnn_layout8>) -> tensor<1x32x8x1xbf16, #ttnn_layout10>
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<32x8x1x1xbf16, #ttnn_layout8>) -> ()
  %1 = "ttnn.where"(%0, %arg2, %arg0) : (tensor<1x32x8x1xbf16, #ttnn_layout10>, tensor<1x1x1x1xbf16, #ttnn_layout9>, tensor<1x32x8x128xbf16, #ttnn_layout>) -> tensor<1x32x8x128xbf16, #ttnn_layout>
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<1x32x8x1xbf16, #ttnn_layout10>) -> ()
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<1x1x1x1xbf16, #ttnn_layout9>) -> ()
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<1x32x8x128xbf16, #ttnn_layout>) -> ()
  %2 = "ttnn.to_memory_config"(%1) : (tensor<1x32x8x128xbf16, #ttnn_layout>) -> tensor<1x32x8x128xbf16, #ttnn_layout2>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<1x32x8x128xbf16, #ttnn_layout>) -> ()
  %3 = "ttnn.nlp_concat_heads_decode"(%2) <{num_heads = 8 : ui32}> : (tensor<1x32x8x128xbf16, #ttnn_layout2>) -> tensor<1x1x32x1024xbf16, #ttnn_layout3>
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<1x32x8x128xbf16, #ttnn_layout2>) -> ()
  %4 = "ttnn.reshape"(%3) <{shape = [32 : i32, 1024 : i32]}> : (tensor<1x1x32x1024xbf16, #ttnn_layout3>) -> tensor<32x1024xbf16, #ttnn_layout1>
  "ttnn.deallocate"(%3) <{force = false}> : (tensor<1x1x32x1024xbf16, #ttnn_layout3>) -> ()
  return %4 : tensor<32x1024xbf16, #ttnn_layout1>
}
func.func @cleared_by_element(%arg0: tensor<1x32x8x128xbf16, #ttnn_layout>, %arg1: tensor<32x8x1x128xbf16, #ttnn_layout11>, %arg2: tensor<1x1x1x1xbf16, #ttnn_layout9>) -> tensor<32x1024xbf16, #ttnn_layout1> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg0) <{shape = [32 : i32, 8 : i32, 1 : i32, 128 : i32]}> : (tensor<1x32x8x128xbf16, #ttnn_layout>) -> tensor<32x8x1x128xbf16, #ttnn_layout11>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<1x32x8x128xbf16, #ttnn_layout>) -> ()
  %1 = "ttnn.where"(%arg1, %arg2, %0) : (tensor<32x8x1x128xbf16, #ttnn_layout11>, tensor<1x1x1x1xbf16, #ttnn_layout9>, tensor<32x8x1x128xbf16, #ttnn_layout11>) -> tensor<32x8x1x128xbf16, #ttnn_layout11>
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<32x8x1x128xbf16, #ttnn_layout11>) -> ()
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<1x1x1x1xbf16, #ttnn_layout9>) -> ()
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<32x8x1x128xbf16, #ttnn_layout11>) -> ()
  %2 = "ttnn.reshape"(%1) <{shape = [32 : i32, 1024 : i32]}> : (tensor<32x8x1x128xbf16, #ttnn_layout11>) -> tensor<32x1024xbf16, #ttnn_layout1>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<32x8x1x128xbf16, #ttnn_layout11>) -> ()
  return %2 : tensor<32x1024xbf16, #ttnn_layout1>
}
func.func @two_tokens(%arg0: tensor<2x16x8x128xbf16, #ttnn_layout12>) -> tensor<32x1024xbf16, #ttnn_layout1> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg0) <{shape = [32 : i32, 1024 : i32]}> : (tensor<2x16x8x128xbf16, #ttnn_layout12>) -> tensor<32x1024xbf16, #ttnn_layout1>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<2x16x8x128xbf16, #ttnn_layout12>) -> ()
  return %0 : tensor<32x1024xbf16, #ttnn_layout1>
}
func.func @too_many_users(%arg0: tensor<1x65x8x128xbf16, #ttnn_layout13>) -> tensor<65x1024xbf16, #ttnn_layout14> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg0) <{shape = [65 : i32, 1024 : i32]}> : (tensor<1x65x8x128xbf16, #ttnn_layout13>) -> tensor<65x1024xbf16, #ttnn_layout14>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<1x65x8x128xbf16, #ttnn_layout13>) -> ()
  return %0 : tensor<65x1024xbf16, #ttnn_layout14>
}
func.func @too_many_heads(%arg0: tensor<1x4x33x64xbf16, #ttnn_layout15>) -> tensor<4x2112xbf16, #ttnn_layout16> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg0) <{shape = [4 : i32, 2112 : i32]}> : (tensor<1x4x33x64xbf16, #ttnn_layout15>) -> tensor<4x2112xbf16, #ttnn_layout16>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<1x4x33x64xbf16, #ttnn_layout15>) -> ()
  return %0 : tensor<4x2112xbf16, #ttnn_layout16>
}
func.func @narrow(%arg0: tensor<1x4x8x48xbf16, #ttnn_layout17>) -> tensor<4x384xbf16, #ttnn_layout18> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg0) <{shape = [4 : i32, 384 : i32]}> : (tensor<1x4x8x48xbf16, #ttnn_layout17>) -> tensor<4x384xbf16, #ttnn_layout18>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<1x4x8x48xbf16, #ttnn_layout17>) -> ()
  return %0 : tensor<4x384xbf16, #ttnn_layout18>
}
func.func @rotated(%arg0: tensor<2x4x18x64xbf16, #ttnn_layout19>, %arg1: tensor<1x1x18x64xbf16, #ttnn_layout20>, %arg2: tensor<1x1x18x64xbf16, #ttnn_layout20>) -> tensor<2x4x18x64xbf16, #ttnn_layout19> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.rotary_embedding"(%arg0, %arg1, %arg2) : (tensor<2x4x18x64xbf16, #ttnn_layout19>, tensor<1x1x18x64xbf16, #ttnn_layout20>, tensor<1x1x18x64xbf16, #ttnn_layout20>) -> tensor<2x4x32x64xbf16, #ttnn_layout19>
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<1x1x18x64xbf16, #ttnn_layout20>) -> ()
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<1x1x18x64xbf16, #ttnn_layout20>) -> ()
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<2x4x18x64xbf16, #ttnn_layout19>) -> ()
  %1 = "ttnn.slice_static"(%0) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [2 : i32, 4 : i32, 18 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x32x64xbf16, #ttnn_layout19>) -> tensor<2x4x18x64xbf16, #ttnn_layout19>
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<2x4x32x64xbf16, #ttnn_layout19>) -> ()
  return %1 : tensor<2x4x18x64xbf16, #ttnn_layout19>
}
func.func @token_first(%arg0: tensor<32x8x1x64xbf16, #ttnn_layout21>, %arg1: tensor<1x1x1x64xbf16, #ttnn_layout20>, %arg2: tensor<1x1x1x64xbf16, #ttnn_layout20>) -> tensor<1x32x8x64xbf16, #ttnn_layout22> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg0) <{shape = [1 : i32, 32 : i32, 8 : i32, 64 : i32]}> : (tensor<32x8x1x64xbf16, #ttnn_layout21>) -> tensor<1x32x8x64xbf16, #ttnn_layout22>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<32x8x1x64xbf16, #ttnn_layout21>) -> ()
  %1 = "ttnn.rotary_embedding"(%0, %arg1, %arg2) <{token_index = 0 : ui32}> : (tensor<1x32x8x64xbf16, #ttnn_layout22>, tensor<1x1x1x64xbf16, #ttnn_layout20>, tensor<1x1x1x64xbf16, #ttnn_layout20>) -> tensor<1x32x32x64xbf16, #ttnn_layout22>
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<1x32x8x64xbf16, #ttnn_layout22>) -> ()
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<1x1x1x64xbf16, #ttnn_layout20>) -> ()
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<1x1x1x64xbf16, #ttnn_layout20>) -> ()
  %2 = "ttnn.slice_static"(%1) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [1 : i32, 32 : i32, 8 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<1x32x32x64xbf16, #ttnn_layout22>) -> tensor<1x32x8x64xbf16, #ttnn_layout22>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<1x32x32x64xbf16, #ttnn_layout22>) -> ()
  return %2 : tensor<1x32x8x64xbf16, #ttnn_layout22>
}
func.func @token_first_of_norm(%arg0: tensor<32x8x1x64xbf16, #ttnn_layout21>, %arg1: tensor<1x1x1x64xbf16, #ttnn_layout20>, %arg2: tensor<1x1x1x64xbf16, #ttnn_layout20>, %arg3: tensor<64xbf16, #ttnn_layout23>) -> tensor<1x32x8x64xbf16, #ttnn_layout22> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg0) <{shape = [1 : i32, 32 : i32, 8 : i32, 64 : i32]}> : (tensor<32x8x1x64xbf16, #ttnn_layout21>) -> tensor<1x32x8x64xbf16, #ttnn_layout22>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<32x8x1x64xbf16, #ttnn_layout21>) -> ()
  %1 = "ttnn.rms_norm"(%0, %arg3) <{compute_config = #ttnn.device_compute_kernel_config<math_fidelity = hifi4, math_approx_mode = false, fp32_dest_acc_en = true, packer_l1_acc = true>, epsilon = 9.99999974E-6 : f32, operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<1x32x8x64xbf16, #ttnn_layout22>, tensor<64xbf16, #ttnn_layout23>) -> tensor<1x32x8x64xbf16, #ttnn_layout22>
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<1x32x8x64xbf16, #ttnn_layout22>) -> ()
  "ttnn.deallocate"(%arg3) <{force = false}> : (tensor<64xbf16, #ttnn_layout23>) -> ()
  %2 = "ttnn.rotary_embedding"(%1, %arg1, %arg2) <{token_index = 0 : ui32}> : (tensor<1x32x8x64xbf16, #ttnn_layout22>, tensor<1x1x1x64xbf16, #ttnn_layout20>, tensor<1x1x1x64xbf16, #ttnn_layout20>) -> tensor<1x32x32x64xbf16, #ttnn_layout22>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<1x32x8x64xbf16, #ttnn_layout22>) -> ()
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<1x1x1x64xbf16, #ttnn_layout20>) -> ()
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<1x1x1x64xbf16, #ttnn_layout20>) -> ()
  %3 = "ttnn.slice_static"(%2) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [1 : i32, 32 : i32, 8 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<1x32x32x64xbf16, #ttnn_layout22>) -> tensor<1x32x8x64xbf16, #ttnn_layout22>
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<1x32x32x64xbf16, #ttnn_layout22>) -> ()
  return %3 : tensor<1x32x8x64xbf16, #ttnn_layout22>
}
func.func @norm_with_users(%arg0: tensor<32x8x1x64xbf16, #ttnn_layout21>, %arg1: tensor<1x1x1x64xbf16, #ttnn_layout20>, %arg2: tensor<1x1x1x64xbf16, #ttnn_layout20>, %arg3: tensor<64xbf16, #ttnn_layout23>) -> (tensor<1x32x8x64xbf16, #ttnn_layout22>, tensor<32x8x1x64xbf16, #ttnn_layout21>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.rms_norm"(%arg0, %arg3) <{compute_config = #ttnn.device_compute_kernel_config<math_fidelity = hifi4, math_approx_mode = false, fp32_dest_acc_en = true, packer_l1_acc = true>, epsilon = 9.99999974E-6 : f32, operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<32x8x1x64xbf16, #ttnn_layout21>, tensor<64xbf16, #ttnn_layout23>) -> tensor<32x8x1x64xbf16, #ttnn_layout21>
  "ttnn.deallocate"(%arg3) <{force = false}> : (tensor<64xbf16, #ttnn_layout23>) -> ()
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<32x8x1x64xbf16, #ttnn_layout21>) -> ()
  %1 = "ttnn.rotary_embedding"(%0, %arg1, %arg2) : (tensor<32x8x1x64xbf16, #ttnn_layout21>, tensor<1x1x1x64xbf16, #ttnn_layout20>, tensor<1x1x1x64xbf16, #ttnn_layout20>) -> tensor<32x8x32x64xbf16, #ttnn_layout21>
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<1x1x1x64xbf16, #ttnn_layout20>) -> ()
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<1x1x1x64xbf16, #ttnn_layout20>) -> ()
  %2 = "ttnn.slice_static"(%1) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [32 : i32, 8 : i32, 1 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<32x8x32x64xbf16, #ttnn_layout21>) -> tensor<32x8x1x64xbf16, #ttnn_layout21>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<32x8x32x64xbf16, #ttnn_layout21>) -> ()
  %3 = "ttnn.reshape"(%2) <{shape = [1 : i32, 32 : i32, 8 : i32, 64 : i32]}> : (tensor<32x8x1x64xbf16, #ttnn_layout21>) -> tensor<1x32x8x64xbf16, #ttnn_layout22>
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<32x8x1x64xbf16, #ttnn_layout21>) -> ()
  return %3, %0 : tensor<1x32x8x64xbf16, #ttnn_layout22>, tensor<32x8x1x64xbf16, #ttnn_layout21>
}
func.func @table_per_user(%arg0: tensor<2x4x32x64xbf16, #ttnn_layout19>, %arg1: tensor<2x1x32x64xbf16, #ttnn_layout24>, %arg2: tensor<2x1x32x64xbf16, #ttnn_layout24>) -> tensor<2x4x32x64xbf16, #ttnn_layout19> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.slice_static"(%arg0) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [2 : i32, 4 : i32, 32 : i32, 32 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x32x64xbf16, #ttnn_layout19>) -> tensor<2x4x32x32xbf16, #ttnn_layout25>
  %1 = "ttnn.slice_static"(%arg0) <{begins = [0 : i32, 0 : i32, 0 : i32, 32 : i32], ends = [2 : i32, 4 : i32, 32 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x32x64xbf16, #ttnn_layout19>) -> tensor<2x4x32x32xbf16, #ttnn_layout25>
  %2 = "ttnn.neg"(%1) : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> tensor<2x4x32x32xbf16, #ttnn_layout25>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> ()
  %3 = "ttnn.concat"(%2, %0) <{dim = 3 : si32}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>, tensor<2x4x32x32xbf16, #ttnn_layout25>) -> tensor<2x4x32x64xbf16, #ttnn_layout19>
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> ()
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> ()
  %4 = "ttnn.multiply"(%arg0, %arg1) : (tensor<2x4x32x64xbf16, #ttnn_layout19>, tensor<2x1x32x64xbf16, #ttnn_layout24>) -> tensor<2x4x32x64xbf16, #ttnn_layout19>
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<2x1x32x64xbf16, #ttnn_layout24>) -> ()
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<2x4x32x64xbf16, #ttnn_layout19>) -> ()
  %5 = "ttnn.multiply"(%3, %arg2) : (tensor<2x4x32x64xbf16, #ttnn_layout19>, tensor<2x1x32x64xbf16, #ttnn_layout24>) -> tensor<2x4x32x64xbf16, #ttnn_layout19>
  "ttnn.deallocate"(%3) <{force = false}> : (tensor<2x4x32x64xbf16, #ttnn_layout19>) -> ()
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<2x1x32x64xbf16, #ttnn_layout24>) -> ()
  %6 = "ttnn.add"(%4, %5) : (tensor<2x4x32x64xbf16, #ttnn_layout19>, tensor<2x4x32x64xbf16, #ttnn_layout19>) -> tensor<2x4x32x64xbf16, #ttnn_layout19>
  "ttnn.deallocate"(%5) <{force = false}> : (tensor<2x4x32x64xbf16, #ttnn_layout19>) -> ()
  "ttnn.deallocate"(%4) <{force = false}> : (tensor<2x4x32x64xbf16, #ttnn_layout19>) -> ()
  return %6 : tensor<2x4x32x64xbf16, #ttnn_layout19>
}
func.func @half_a_tile(%arg0: tensor<2x4x32x32xbf16, #ttnn_layout25>, %arg1: tensor<1x1x32x32xbf16, #ttnn_layout9>, %arg2: tensor<1x1x32x32xbf16, #ttnn_layout9>) -> tensor<2x4x32x32xbf16, #ttnn_layout25> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.slice_static"(%arg0) <{begins = [0 : i32, 0 : i32, 0 : i32, 0 : i32], ends = [2 : i32, 4 : i32, 32 : i32, 16 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> tensor<2x4x32x16xbf16, #ttnn_layout25>
  %1 = "ttnn.slice_static"(%arg0) <{begins = [0 : i32, 0 : i32, 0 : i32, 16 : i32], ends = [2 : i32, 4 : i32, 32 : i32, 32 : i32], step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> tensor<2x4x32x16xbf16, #ttnn_layout25>
  %2 = "ttnn.neg"(%1) : (tensor<2x4x32x16xbf16, #ttnn_layout25>) -> tensor<2x4x32x16xbf16, #ttnn_layout25>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<2x4x32x16xbf16, #ttnn_layout25>) -> ()
  %3 = "ttnn.concat"(%2, %0) <{dim = 3 : si32}> : (tensor<2x4x32x16xbf16, #ttnn_layout25>, tensor<2x4x32x16xbf16, #ttnn_layout25>) -> tensor<2x4x32x32xbf16, #ttnn_layout25>
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<2x4x32x16xbf16, #ttnn_layout25>) -> ()
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<2x4x32x16xbf16, #ttnn_layout25>) -> ()
  %4 = "ttnn.multiply"(%arg0, %arg1) : (tensor<2x4x32x32xbf16, #ttnn_layout25>, tensor<1x1x32x32xbf16, #ttnn_layout9>) -> tensor<2x4x32x32xbf16, #ttnn_layout25>
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<1x1x32x32xbf16, #ttnn_layout9>) -> ()
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> ()
  %5 = "ttnn.multiply"(%3, %arg2) : (tensor<2x4x32x32xbf16, #ttnn_layout25>, tensor<1x1x32x32xbf16, #ttnn_layout9>) -> tensor<2x4x32x32xbf16, #ttnn_layout25>
  "ttnn.deallocate"(%3) <{force = false}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> ()
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<1x1x32x32xbf16, #ttnn_layout9>) -> ()
  %6 = "ttnn.add"(%4, %5) : (tensor<2x4x32x32xbf16, #ttnn_layout25>, tensor<2x4x32x32xbf16, #ttnn_layout25>) -> tensor<2x4x32x32xbf16, #ttnn_layout25>
  "ttnn.deallocate"(%5) <{force = false}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> ()
  "ttnn.deallocate"(%4) <{force = false}> : (tensor<2x4x32x32xbf16, #ttnn_layout25>) -> ()
  return %6 : tensor<2x4x32x32xbf16, #ttnn_layout25>
}
