func.func @f(%a: tensor<64x128xbf16>, %b: tensor<128x96xbf16>, %c: tensor<96xbf16>) -> tensor<64x96xbf16> {
  %0 = "ttir.matmul"(%a, %b) <{transpose_a = false, transpose_b = false}> : (tensor<64x128xbf16>, tensor<128x96xbf16>) -> tensor<64x96xbf16>
  %1 = "ttir.add"(%0, %c) : (tensor<64x96xbf16>, tensor<96xbf16>) -> tensor<64x96xbf16>
  return %1 : tensor<64x96xbf16>
}
