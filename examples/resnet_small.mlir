// A small convolutional net with residuals: a stem, a block that keeps the size, one that halves it, and a classifier.
// Images are NHWC, 32 x 32 pixels of 3 colours. Written for this project.
module @ResNetSmall {
  func.func @forward(
      %arg0: tensor<1x32x32x3xbf16> {ttcore.argument_type = #ttcore.argument_type<input>, ttir.name = "image"},
      %arg1: tensor<16x3x3x3xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "stem.conv.weight"},
      %arg2: tensor<1x1x1x16xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "stem.conv.bias"},
      %arg3: tensor<16x16x3x3xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer1.conv1.weight"},
      %arg4: tensor<1x1x1x16xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer1.conv1.bias"},
      %arg5: tensor<16x16x3x3xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer1.conv2.weight"},
      %arg6: tensor<1x1x1x16xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer1.conv2.bias"},
      %arg7: tensor<32x16x3x3xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer2.conv1.weight"},
      %arg8: tensor<1x1x1x32xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer2.conv1.bias"},
      %arg9: tensor<32x32x3x3xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer2.conv2.weight"},
      %arg10: tensor<1x1x1x32xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer2.conv2.bias"},
      %arg11: tensor<32x16x1x1xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer2.downsample.weight"},
      %arg12: tensor<1x1x1x32xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "layer2.downsample.bias"},
      %arg13: tensor<32x10xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "head.fc.weight"},
      %arg14: tensor<10xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "head.fc.bias"})
      -> (tensor<1x10xbf16> {ttir.name = "probabilities"}) {
    %0 = "ttir.conv2d"(%arg0, %arg1, %arg2) <{dilation = array<i32: 1, 1>, groups = 1 : i32, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 1, 1>}> : (tensor<1x32x32x3xbf16>, tensor<16x3x3x3xbf16>, tensor<1x1x1x16xbf16>) -> tensor<1x32x32x16xbf16> loc(#loc1)
    %1 = "ttir.relu"(%0) : (tensor<1x32x32x16xbf16>) -> tensor<1x32x32x16xbf16> loc(#loc2)
    %2 = "ttir.max_pool2d"(%1) <{ceil_mode = false, dilation = array<i32: 1, 1>, kernel = array<i32: 2, 2>, padding = array<i32: 0, 0, 0, 0>, stride = array<i32: 2, 2>}> : (tensor<1x32x32x16xbf16>) -> tensor<1x16x16x16xbf16> loc(#loc3)
    %3 = "ttir.conv2d"(%2, %arg3, %arg4) <{dilation = array<i32: 1, 1>, groups = 1 : i32, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 1, 1>}> : (tensor<1x16x16x16xbf16>, tensor<16x16x3x3xbf16>, tensor<1x1x1x16xbf16>) -> tensor<1x16x16x16xbf16> loc(#loc4)
    %4 = "ttir.relu"(%3) : (tensor<1x16x16x16xbf16>) -> tensor<1x16x16x16xbf16> loc(#loc5)
    %5 = "ttir.conv2d"(%4, %arg5, %arg6) <{dilation = array<i32: 1, 1>, groups = 1 : i32, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 1, 1>}> : (tensor<1x16x16x16xbf16>, tensor<16x16x3x3xbf16>, tensor<1x1x1x16xbf16>) -> tensor<1x16x16x16xbf16> loc(#loc6)
    %6 = "ttir.add"(%5, %2) : (tensor<1x16x16x16xbf16>, tensor<1x16x16x16xbf16>) -> tensor<1x16x16x16xbf16> loc(#loc7)
    %7 = "ttir.relu"(%6) : (tensor<1x16x16x16xbf16>) -> tensor<1x16x16x16xbf16> loc(#loc8)
    %8 = "ttir.conv2d"(%7, %arg7, %arg8) <{dilation = array<i32: 1, 1>, groups = 1 : i32, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 2, 2>}> : (tensor<1x16x16x16xbf16>, tensor<32x16x3x3xbf16>, tensor<1x1x1x32xbf16>) -> tensor<1x8x8x32xbf16> loc(#loc9)
    %9 = "ttir.relu"(%8) : (tensor<1x8x8x32xbf16>) -> tensor<1x8x8x32xbf16> loc(#loc10)
    %10 = "ttir.conv2d"(%9, %arg9, %arg10) <{dilation = array<i32: 1, 1>, groups = 1 : i32, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 1, 1>}> : (tensor<1x8x8x32xbf16>, tensor<32x32x3x3xbf16>, tensor<1x1x1x32xbf16>) -> tensor<1x8x8x32xbf16> loc(#loc11)
    %11 = "ttir.conv2d"(%7, %arg11, %arg12) <{dilation = array<i32: 1, 1>, groups = 1 : i32, padding = array<i32: 0, 0, 0, 0>, stride = array<i32: 2, 2>}> : (tensor<1x16x16x16xbf16>, tensor<32x16x1x1xbf16>, tensor<1x1x1x32xbf16>) -> tensor<1x8x8x32xbf16> loc(#loc12)
    %12 = "ttir.add"(%10, %11) : (tensor<1x8x8x32xbf16>, tensor<1x8x8x32xbf16>) -> tensor<1x8x8x32xbf16> loc(#loc13)
    %13 = "ttir.relu"(%12) : (tensor<1x8x8x32xbf16>) -> tensor<1x8x8x32xbf16> loc(#loc14)
    %14 = "ttir.global_avg_pool2d"(%13) : (tensor<1x8x8x32xbf16>) -> tensor<1x1x1x32xbf16> loc(#loc15)
    %15 = "ttir.reshape"(%14) <{shape = [1 : i32, 32 : i32]}> : (tensor<1x1x1x32xbf16>) -> tensor<1x32xbf16> loc(#loc16)
    %16 = "ttir.linear"(%15, %arg13, %arg14) <{transpose_a = false, transpose_b = false}> : (tensor<1x32xbf16>, tensor<32x10xbf16>, tensor<10xbf16>) -> tensor<1x10xbf16> loc(#loc17)
    %17 = "ttir.softmax"(%16) <{dimension = 1 : si32, numericStable = true}> : (tensor<1x10xbf16>) -> tensor<1x10xbf16> loc(#loc18)
    return %17 : tensor<1x10xbf16> loc(#loc19)
  } loc(#loc20)
} loc(#loc)
#loc = loc(unknown)
#loc1 = loc("stem/conv/conv2d")
#loc2 = loc("stem/relu")
#loc3 = loc("stem/pool")
#loc4 = loc("layer1/conv1/conv2d")
#loc5 = loc("layer1/relu1")
#loc6 = loc("layer1/conv2/conv2d")
#loc7 = loc("layer1/residual")
#loc8 = loc("layer1/relu2")
#loc9 = loc("layer2/conv1/conv2d")
#loc10 = loc("layer2/relu1")
#loc11 = loc("layer2/conv2/conv2d")
#loc12 = loc("layer2/downsample/conv2d")
#loc13 = loc("layer2/residual")
#loc14 = loc("layer2/relu2")
#loc15 = loc("head/pool")
#loc16 = loc("head/flatten")
#loc17 = loc("head/fc/linear")
#loc18 = loc("head/softmax")
#loc19 = loc("output")
#loc20 = loc("forward")
