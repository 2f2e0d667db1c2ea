#dram = #ttnn.buffer_type<dram>
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
module attributes {ttcore.meshes = #ttcore.meshes<[<"mesh" = 1x1>]>} {
  func.func @f(%arg0: tensor<32x64xbf16, #ttnn_layout> {ttcore.argument_type = #ttcore.argument_type<input>}) -> tensor<32x64xbf16, #ttnn_layout> {
    %0 = "ttnn.relu"(%arg0) : (tensor<32x64xbf16, #ttnn_layout>) -> tensor<32x64xbf16, #ttnn_layout> loc("a"("b":1:2))
    return %0 : tensor<32x64xbf16, #ttnn_layout>
  }
}
