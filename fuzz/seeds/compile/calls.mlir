func.func @f(%a: tensor<1x32x32x64xbf16>) -> tensor<1x1x1024x64xbf16> {
  %0 = call @g(%a) : (tensor<1x32x32x64xbf16>) -> tensor<1x32x32x64xbf16>
  %1 = "ttir.reshape"(%0) <{shape = [1 : i32, 1 : i32, 1024 : i32, 64 : i32]}> : (tensor<1x32x32x64xbf16>) -> tensor<1x1x1024x64xbf16>
  %2 = "ttir.softmax"(%1) <{dimension = 3 : si32}> : (tensor<1x1x1024x64xbf16>) -> tensor<1x1x1024x64xbf16>
  return %2 : tensor<1x1x1024x64xbf16>
}
func.func private @g(%a: tensor<1x32x32x64xbf16>) -> tensor<1x32x32x64xbf16> {
  %0 = "ttir.relu"(%a) : (tensor<1x32x32x64xbf16>) -> tensor<1x32x32x64xbf16>
  return %0 : tensor<1x32x32x64xbf16>
}
