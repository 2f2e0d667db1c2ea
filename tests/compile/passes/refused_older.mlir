// What older versions wrote is refused as the reference does, unless it is asked to be brought up to date.
// error: 'ttir.relu' op requires a single operand
// note: it has an output operand, as older versions of tt-mlir wrote it: the option update-older-forms=true brings the module up to date
func.func @older(%a: tensor<64x96xbf16>) -> tensor<64x96xbf16> {
  %0 = ttir.empty() : tensor<64x96xbf16>
  %1 = "ttir.relu"(%a, %0) : (tensor<64x96xbf16>, tensor<64x96xbf16>) -> tensor<64x96xbf16>
  return %1 : tensor<64x96xbf16>
}
