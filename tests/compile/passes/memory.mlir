// A slice goes before the permute whose result it takes a part of.
// stop: ttnn-memory-management
// options: enable-const-eval=false enable-fusing-pass=false enable-erase-inverse-ops-pass=false
func.func @part(%x: tensor<2x64x128xbf16>) -> tensor<128x2x32xbf16> {
  %0 = "ttir.permute"(%x) <{permutation = array<i64: 2, 0, 1>}> : (tensor<2x64x128xbf16>) -> tensor<128x2x64xbf16>
  %1 = "ttir.slice_static"(%0) <{begins = [0 : i32, 0 : i32, 32 : i32], ends = [128 : i32, 2 : i32, 64 : i32], step = [1 : i32, 1 : i32, 1 : i32]}> : (tensor<128x2x64xbf16>) -> tensor<128x2x32xbf16>
  return %1 : tensor<128x2x32xbf16>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 64 + d1, d2), <1x1>, memref<4x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<128x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<2x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
func.func @part(%arg0: tensor<2x64x128xbf16, #ttnn_layout>) -> tensor<128x2x32xbf16, #ttnn_layout1> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.slice_static"(%arg0) <{begins = [0 : i32, 32 : i32, 0 : i32], ends = [2 : i32, 64 : i32, 128 : i32], step = [1 : i32, 1 : i32, 1 : i32]}> : (tensor<2x64x128xbf16, #ttnn_layout>) -> tensor<2x32x128xbf16, #ttnn_layout2>
  %1 = "ttnn.permute"(%0) <{pad_value = 0.000000e+00 : f32, permutation = array<i64: 2, 0, 1>}> : (tensor<2x32x128xbf16, #ttnn_layout2>) -> tensor<128x2x32xbf16, #ttnn_layout1>
  return %1 : tensor<128x2x32xbf16, #ttnn_layout1>
}
