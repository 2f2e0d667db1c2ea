// Attention without a kernel for these shapes becomes matmuls and a softmax.
// stop: ttnn-decomposition
// options: enable-const-eval=false
func.func @attention(%q: tensor<1x4x30x64xbf16>, %k: tensor<1x4x30x64xbf16>, %v: tensor<1x4x30x64xbf16>) -> tensor<1x4x30x64xbf16> {
  %0 = "ttir.scaled_dot_product_attention"(%q, %k, %v) <{is_causal = true, scale = 1.250000e-01 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}> : (tensor<1x4x30x64xbf16>, tensor<1x4x30x64xbf16>, tensor<1x4x30x64xbf16>) -> tensor<1x4x30x64xbf16>
  return %0 : tensor<1x4x30x64xbf16>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 128 + d1 * 32 + d2, d3), <1x1>, memref<4x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 256 + d1 * 64 + d2, d3), <1x1>, memref<8x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 128 + d1 * 32 + d2, d3), <1x1>, memref<4x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0) -> (0, d0), <1x1>, memref<1x1x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x1x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
func.func @attention(%arg0: tensor<1x4x30x64xbf16, #ttnn_layout>, %arg1: tensor<1x4x30x64xbf16, #ttnn_layout>, %arg2: tensor<1x4x30x64xbf16, #ttnn_layout>) -> tensor<1x4x30x64xbf16, #ttnn_layout> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = "ttnn.transpose"(%arg1) <{dim0 = -2 : si32, dim1 = -1 : si32}> : (tensor<1x4x30x64xbf16, #ttnn_layout>) -> tensor<1x4x64x30xbf16, #ttnn_layout1>
  %2 = "ttnn.matmul"(%arg0, %1) <{transpose_a = false, transpose_b = false}> : (tensor<1x4x30x64xbf16, #ttnn_layout>, tensor<1x4x64x30xbf16, #ttnn_layout1>) -> tensor<1x4x30x30xbf16, #ttnn_layout2>
  %3 = "ttnn.full"(%0) <{fill_value = 1.250000e-01 : f32, shape = #ttnn.shape<1x1x1x1>}> : (!ttnn.device) -> tensor<1x1x1x1xbf16, #ttnn_layout3>
  %4 = "ttnn.multiply"(%2, %3) : (tensor<1x4x30x30xbf16, #ttnn_layout2>, tensor<1x1x1x1xbf16, #ttnn_layout3>) -> tensor<1x4x30x30xbf16, #ttnn_layout2>
  %5 = "ttnn.arange"(%0) <{end = 30 : si64, start = 0 : si64, step = 1 : si64}> : (!ttnn.device) -> tensor<30xf32, #ttnn_layout4>
  %6 = "ttnn.reshape"(%5) <{shape = [1 : i32, 1 : i32, 30 : i32, 1 : i32]}> : (tensor<30xf32, #ttnn_layout4>) -> tensor<1x1x30x1xf32, #ttnn_layout5>
  %7 = "ttnn.arange"(%0) <{end = 30 : si64, start = 0 : si64, step = 1 : si64}> : (!ttnn.device) -> tensor<30xf32, #ttnn_layout4>
  %8 = "ttnn.reshape"(%7) <{shape = [1 : i32, 1 : i32, 1 : i32, 30 : i32]}> : (tensor<30xf32, #ttnn_layout4>) -> tensor<1x1x1x30xf32, #ttnn_layout5>
  %9 = "ttnn.gt"(%8, %6) : (tensor<1x1x1x30xf32, #ttnn_layout5>, tensor<1x1x30x1xf32, #ttnn_layout5>) -> tensor<1x1x30x30xf32, #ttnn_layout5>
  %10 = "ttnn.full"(%0) <{fill_value = 0.000000e+00 : f32, shape = #ttnn.shape<1x1x30x30>}> : (!ttnn.device) -> tensor<1x1x30x30xf32, #ttnn_layout5>
  %11 = "ttnn.full"(%0) <{fill_value = 0xFF800000 : f32, shape = #ttnn.shape<1x1x30x30>}> : (!ttnn.device) -> tensor<1x1x30x30xf32, #ttnn_layout5>
  %12 = "ttnn.where"(%9, %11, %10) : (tensor<1x1x30x30xf32, #ttnn_layout5>, tensor<1x1x30x30xf32, #ttnn_layout5>, tensor<1x1x30x30xf32, #ttnn_layout5>) -> tensor<1x1x30x30xf32, #ttnn_layout5>
  %13 = "ttnn.typecast"(%12) : (tensor<1x1x30x30xf32, #ttnn_layout5>) -> tensor<1x1x30x30xbf16, #ttnn_layout3>
  %14 = "ttnn.add"(%4, %13) : (tensor<1x4x30x30xbf16, #ttnn_layout2>, tensor<1x1x30x30xbf16, #ttnn_layout3>) -> tensor<1x4x30x30xbf16, #ttnn_layout2>
  %15 = "ttnn.softmax"(%14) <{dimension = -1 : si32, numericStable = true}> : (tensor<1x4x30x30xbf16, #ttnn_layout2>) -> tensor<1x4x30x30xbf16, #ttnn_layout2>
  %16 = "ttnn.matmul"(%15, %arg2) <{transpose_a = false, transpose_b = false}> : (tensor<1x4x30x30xbf16, #ttnn_layout2>, tensor<1x4x30x64xbf16, #ttnn_layout>) -> tensor<1x4x30x64xbf16, #ttnn_layout>
  return %16 : tensor<1x4x30x64xbf16, #ttnn_layout>
}
