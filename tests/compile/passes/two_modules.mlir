// Two modules in one file, as front ends dump graph after graph: each is compiled as if it were alone.
// options: enable-const-eval=false
module @first {
  func.func @main(%x: tensor<32x32xf32>) -> tensor<32x32xf32> {
    %0 = "ttir.abs"(%x) : (tensor<32x32xf32>) -> tensor<32x32xf32>
    return %0 : tensor<32x32xf32>
  }
}
module @second {
  func.func @main(%i: tensor<1x32xui32>, %w: tensor<64x32xbf16>) -> tensor<1x32x32xbf16> {
    %0 = "ttir.embedding"(%i, %w) : (tensor<1x32xui32>, tensor<64x32xbf16>) -> tensor<1x32x32xbf16>
    return %0 : tensor<1x32x32xbf16>
  }
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1x!ttcore.tile<32x32, u32>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<1x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x32xui32, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<64x32xbf16, #dram>, <interleaved>>
func.func @main(%arg0: tensor<32x32xf32, #ttnn_layout>) -> tensor<32x32xf32, #ttnn_layout> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.abs"(%arg0) : (tensor<32x32xf32, #ttnn_layout>) -> tensor<32x32xf32, #ttnn_layout>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<32x32xf32, #ttnn_layout>) -> ()
  return %0 : tensor<32x32xf32, #ttnn_layout>
}
func.func @main(%arg0: tensor<1x32xui32, #ttnn_layout1>, %arg1: tensor<64x32xbf16, #ttnn_layout2>) -> tensor<1x32x32xbf16, #ttnn_layout3> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.to_layout"(%arg0) : (tensor<1x32xui32, #ttnn_layout1>) -> tensor<1x32xui32, #ttnn_layout4>
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<1x32xui32, #ttnn_layout1>) -> ()
  %1 = "ttnn.to_layout"(%arg1) : (tensor<64x32xbf16, #ttnn_layout2>) -> tensor<64x32xbf16, #ttnn_layout5>
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<64x32xbf16, #ttnn_layout2>) -> ()
  %2 = "ttnn.embedding"(%0, %1) : (tensor<1x32xui32, #ttnn_layout4>, tensor<64x32xbf16, #ttnn_layout5>) -> tensor<1x32x32xbf16, #ttnn_layout3>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<64x32xbf16, #ttnn_layout5>) -> ()
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<1x32xui32, #ttnn_layout4>) -> ()
  return %2 : tensor<1x32x32xbf16, #ttnn_layout3>
}
