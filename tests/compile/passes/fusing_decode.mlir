// With an optimizer the heads of a decode step are joined by one kernel, each user's on a core of his own, whether the one is
// moved first or not, and whether whole heads are cleared in between; not those of two tokens, of more users than there are
// cores, of more heads than a tile has rows, or narrower than a tile. Names and layouts are those of a decode layer that
// tt-mlir compiled with its op model (to_memory_config, nlp_concat_heads_decode, reshape).
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
