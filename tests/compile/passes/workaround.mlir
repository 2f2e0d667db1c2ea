// Kernels that insist on types and layouts get them, and the results are brought back.
// stop: ttnn-workaround
// options: enable-const-eval=false
func.func @embedding(%i: tensor<1x32xf32>, %w: tensor<512x128xf32>) -> tensor<1x32x128xf32> {
  %0 = "ttir.embedding"(%i, %w) : (tensor<1x32xf32>, tensor<512x128xf32>) -> tensor<1x32x128xf32>
  return %0 : tensor<1x32x128xf32>
}
func.func @largest(%x: tensor<1x1x32x64xf32>) -> tensor<1x1x32xsi32> {
  %0 = "ttir.argmax"(%x) <{dim_arg = [3 : i32], keep_dim = false}> : (tensor<1x1x32x64xf32>) -> tensor<1x1x32xsi32>
  return %0 : tensor<1x1x32xsi32>
}
func.func @sorted(%x: tensor<32x64xf32>) -> (tensor<32x64xf32>, tensor<32x64xsi32>) {
  %0, %1 = "ttir.sort"(%x) <{dim = -1 : si32, descending = false, stable = false}> : (tensor<32x64xf32>) -> (tensor<32x64xf32>, tensor<32x64xsi32>)
  return %0, %1 : tensor<32x64xf32>, tensor<32x64xsi32>
}
func.func @sum(%x: tensor<32x64xsi32>) -> tensor<32x1xsi32> {
  %0 = "ttir.sum"(%x) <{dim_arg = [1 : i32], keep_dim = true}> : (tensor<32x64xsi32>) -> tensor<32x1xsi32>
  return %0 : tensor<32x1xsi32>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<16x4x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<1x4x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x32xui32, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<512x128xbf16, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<1x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout7 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 32 + d1, d2), <1x1>, memref<1x1x!ttcore.tile<32x32, si32>, #dram>, <interleaved>>
#ttnn_layout8 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<32x64xf32, #dram>, <interleaved>>
#ttnn_layout9 = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 + d1, d2), <1x1>, memref<1x32xui32, #dram>, <interleaved>>
#ttnn_layout10 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout11 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x2x!ttcore.tile<32x32, si32>, #dram>, <interleaved>>
#ttnn_layout12 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout13 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x2x!ttcore.tile<32x32, u16>, #dram>, <interleaved>>
#ttnn_layout14 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1x!ttcore.tile<32x32, si32>, #dram>, <interleaved>>
func.func @embedding(%arg0: tensor<1x32xf32, #ttnn_layout>, %arg1: tensor<512x128xf32, #ttnn_layout1>) -> tensor<1x32x128xf32, #ttnn_layout2> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.to_tensor_spec"(%arg0) : (tensor<1x32xf32, #ttnn_layout>) -> tensor<1x32xui32, #ttnn_layout3>
  %1 = "ttnn.to_tensor_spec"(%arg1) : (tensor<512x128xf32, #ttnn_layout1>) -> tensor<512x128xbf16, #ttnn_layout4>
  %2 = "ttnn.embedding"(%0, %1) : (tensor<1x32xui32, #ttnn_layout3>, tensor<512x128xbf16, #ttnn_layout4>) -> tensor<1x32x128xbf16, #ttnn_layout5>
  %3 = "ttnn.to_tensor_spec"(%2) : (tensor<1x32x128xbf16, #ttnn_layout5>) -> tensor<1x32x128xf32, #ttnn_layout2>
  return %3 : tensor<1x32x128xf32, #ttnn_layout2>
}
func.func @largest(%arg0: tensor<1x1x32x64xf32, #ttnn_layout6>) -> tensor<1x1x32xsi32, #ttnn_layout7> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.to_tensor_spec"(%arg0) : (tensor<1x1x32x64xf32, #ttnn_layout6>) -> tensor<1x1x32x64xf32, #ttnn_layout8>
  %1 = "ttnn.argmax"(%0) <{dim = 3 : si32, keep_dim = false}> : (tensor<1x1x32x64xf32, #ttnn_layout8>) -> tensor<1x1x32xui32, #ttnn_layout9>
  %2 = "ttnn.to_tensor_spec"(%1) : (tensor<1x1x32xui32, #ttnn_layout9>) -> tensor<1x1x32xsi32, #ttnn_layout7>
  return %2 : tensor<1x1x32xsi32, #ttnn_layout7>
}
func.func @sorted(%arg0: tensor<32x64xf32, #ttnn_layout10>) -> (tensor<32x64xf32, #ttnn_layout10>, tensor<32x64xsi32, #ttnn_layout11>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.to_tensor_spec"(%arg0) : (tensor<32x64xf32, #ttnn_layout10>) -> tensor<32x64xbf16, #ttnn_layout12>
  %values, %indices = "ttnn.sort"(%0) <{descending = false, dim = -1 : si8, stable = false}> : (tensor<32x64xbf16, #ttnn_layout12>) -> (tensor<32x64xbf16, #ttnn_layout12>, tensor<32x64xui16, #ttnn_layout13>)
  %1 = "ttnn.to_tensor_spec"(%indices) : (tensor<32x64xui16, #ttnn_layout13>) -> tensor<32x64xsi32, #ttnn_layout11>
  %2 = "ttnn.to_tensor_spec"(%values) : (tensor<32x64xbf16, #ttnn_layout12>) -> tensor<32x64xf32, #ttnn_layout10>
  return %2, %1 : tensor<32x64xf32, #ttnn_layout10>, tensor<32x64xsi32, #ttnn_layout11>
}
func.func @sum(%arg0: tensor<32x64xsi32, #ttnn_layout11>) -> tensor<32x1xsi32, #ttnn_layout14> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.to_tensor_spec"(%arg0) : (tensor<32x64xsi32, #ttnn_layout11>) -> tensor<32x64xf32, #ttnn_layout10>
  %1 = "ttnn.sum"(%0) <{dim_arg = [1 : i32], keep_dim = true}> : (tensor<32x64xf32, #ttnn_layout10>) -> tensor<32x1xf32, #ttnn_layout>
  %2 = "ttnn.to_tensor_spec"(%1) : (tensor<32x1xf32, #ttnn_layout>) -> tensor<32x1xsi32, #ttnn_layout14>
  return %2 : tensor<32x1xsi32, #ttnn_layout14>
}
