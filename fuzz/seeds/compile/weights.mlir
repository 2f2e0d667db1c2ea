func.func @f(%x: tensor<64x128xbf16> {ttcore.argument_type = #ttcore.argument_type<input>}, %w: tensor<64x128xf32> {ttcore.argument_type = #ttcore.argument_type<parameter>}) -> tensor<128x64xbf16> {
  %c = "ttir.constant"() <{value = dense<2> : tensor<64x128xi64>}> : () -> tensor<64x128xi64>
  %d = "ttir.typecast"(%c) : (tensor<64x128xi64>) -> tensor<64x128xf32>
  %0 = "ttir.multiply"(%w, %d) : (tensor<64x128xf32>, tensor<64x128xf32>) -> tensor<64x128xf32>
  %1 = "ttir.typecast"(%0) : (tensor<64x128xf32>) -> tensor<64x128xbf16>
  %2 = "ttir.add"(%x, %1) : (tensor<64x128xbf16>, tensor<64x128xbf16>) -> tensor<64x128xbf16>
  %3 = "ttir.permute"(%2) <{permutation = array<i64: 1, 0>}> : (tensor<64x128xbf16>) -> tensor<128x64xbf16>
  return %3 : tensor<128x64xbf16>
}
