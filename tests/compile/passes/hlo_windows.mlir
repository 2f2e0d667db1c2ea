// StableHLO reductions, pools and convolutions.
// stop: convert-stablehlo-to-ttir
func.func @sum(%a: tensor<4x8xf32>) -> tensor<4xf32> {
  %0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %1 = stablehlo.reduce(%a init: %0) applies stablehlo.add across dimensions = [1] : (tensor<4x8xf32>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

func.func @max_pool(%a: tensor<1x16x32x32xf32>) -> tensor<1x16x16x16xf32> {
  %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
  %1 = "stablehlo.reduce_window"(%a, %0) <{padding = dense<[[0, 0], [0, 0], [1, 1], [1, 1]]> : tensor<4x2xi64>, window_dimensions = array<i64: 1, 1, 3, 3>, window_strides = array<i64: 1, 1, 2, 2>}> ({
  ^bb0(%x: tensor<f32>, %y: tensor<f32>):
    %2 = stablehlo.maximum %x, %y : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }) : (tensor<1x16x32x32xf32>, tensor<f32>) -> tensor<1x16x16x16xf32>
  return %1 : tensor<1x16x16x16xf32>
}

func.func @running_sum(%a: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
  %1 = "stablehlo.reduce_window"(%a, %0) <{padding = dense<[[0, 0], [7, 0]]> : tensor<2x2xi64>, window_dimensions = array<i64: 1, 8>}> ({
  ^bb0(%x: tensor<f32>, %y: tensor<f32>):
    %2 = stablehlo.add %x, %y : tensor<f32>
    stablehlo.return %2 : tensor<f32>
  }) : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  return %1 : tensor<1x8xf32>
}

func.func @convolution(%a: tensor<1x3x32x32xbf16>, %w: tensor<16x3x3x3xbf16>) -> tensor<1x16x32x32xbf16> {
  %0 = stablehlo.convolution(%a, %w) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1], window = {stride = [1, 1], pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x3x32x32xbf16>, tensor<16x3x3x3xbf16>) -> tensor<1x16x32x32xbf16>
  return %0 : tensor<1x16x32x32xbf16>
}

// One dimension: by way of a second one of one element.
func.func @convolution_1d(%a: tensor<1x4x64xbf16>, %w: tensor<8x4x3xbf16>) -> tensor<1x8x64xbf16> {
  %0 = stablehlo.convolution(%a, %w) dim_numbers = [b, f, 0]x[o, i, 0]->[b, f, 0], window = {pad = [[1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x4x64xbf16>, tensor<8x4x3xbf16>) -> tensor<1x8x64xbf16>
  return %0 : tensor<1x8x64xbf16>
}

// becomes
func.func @sum(%arg0: tensor<4x8xf32>) -> tensor<4xf32> {
  %0 = "ttir.sum"(%arg0) <{dim_arg = [1 : i32], keep_dim = false}> : (tensor<4x8xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @max_pool(%arg0: tensor<1x16x32x32xf32>) -> tensor<1x16x16x16xf32> {
  %0 = "ttir.permute"(%arg0) <{permutation = array<i64: 0, 2, 3, 1>}> : (tensor<1x16x32x32xf32>) -> tensor<1x32x32x16xf32>
  %1 = "ttir.max_pool2d"(%0) <{ceil_mode = false, dilation = array<i32: 1, 1>, kernel = array<i32: 3, 3>, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 2, 2>}> : (tensor<1x32x32x16xf32>) -> tensor<1x16x16x16xf32>
  %2 = "ttir.permute"(%1) <{permutation = array<i64: 0, 3, 1, 2>}> : (tensor<1x16x16x16xf32>) -> tensor<1x16x16x16xf32>
  return %2 : tensor<1x16x16x16xf32>
}
func.func @running_sum(%arg0: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = "ttir.cumsum"(%arg0) <{dim = 1 : i64}> : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}
func.func @convolution(%arg0: tensor<1x3x32x32xbf16>, %arg1: tensor<16x3x3x3xbf16>) -> tensor<1x16x32x32xbf16> {
  %0 = "ttir.permute"(%arg1) <{permutation = array<i64: 0, 1, 2, 3>}> : (tensor<16x3x3x3xbf16>) -> tensor<16x3x3x3xbf16>
  %1 = "ttir.conv2d"(%arg0, %0) <{batch_dim = 0 : i64, channel_dim = 1 : i64, dilation = array<i32: 1, 1>, groups = 1 : i32, height_dim = 2 : i64, padding = array<i32: 1, 1, 1, 1>, stride = array<i32: 1, 1>, width_dim = 3 : i64}> : (tensor<1x3x32x32xbf16>, tensor<16x3x3x3xbf16>) -> tensor<1x16x32x32xbf16>
  return %1 : tensor<1x16x32x32xbf16>
}
func.func @convolution_1d(%arg0: tensor<1x4x64xbf16>, %arg1: tensor<8x4x3xbf16>) -> tensor<1x8x64xbf16> {
  %0 = "ttir.reshape"(%arg0) <{shape = [1 : i32, 4 : i32, 64 : i32, 1 : i32]}> : (tensor<1x4x64xbf16>) -> tensor<1x4x64x1xbf16>
  %1 = "ttir.reshape"(%arg1) <{shape = [8 : i32, 4 : i32, 3 : i32, 1 : i32]}> : (tensor<8x4x3xbf16>) -> tensor<8x4x3x1xbf16>
  %2 = "ttir.permute"(%0) <{permutation = array<i64: 0, 2, 1, 3>}> : (tensor<1x4x64x1xbf16>) -> tensor<1x64x4x1xbf16>
  %3 = "ttir.reshape"(%2) <{shape = [1 : i32, 64 : i32, 4 : i32]}> : (tensor<1x64x4x1xbf16>) -> tensor<1x64x4xbf16>
  %4 = "ttir.permute"(%1) <{permutation = array<i64: 0, 1, 2, 3>}> : (tensor<8x4x3x1xbf16>) -> tensor<8x4x3x1xbf16>
  %5 = "ttir.reshape"(%4) <{shape = [8 : i32, 4 : i32, 3 : i32]}> : (tensor<8x4x3x1xbf16>) -> tensor<8x4x3xbf16>
  %6 = "ttir.conv1d"(%3, %5) <{batch_dim = 0 : i64, channel_dim = 2 : i64, dilation = 1 : i32, groups = 1 : i32, length_dim = 1 : i64, padding = array<i32: 1, 1>, stride = 1 : i32}> : (tensor<1x64x4xbf16>, tensor<8x4x3xbf16>) -> tensor<1x64x8xbf16>
  %7 = "ttir.reshape"(%6) <{shape = [1 : i32, 64 : i32, 8 : i32, 1 : i32]}> : (tensor<1x64x8xbf16>) -> tensor<1x64x8x1xbf16>
  %8 = "ttir.permute"(%7) <{permutation = array<i64: 0, 2, 1, 3>}> : (tensor<1x64x8x1xbf16>) -> tensor<1x8x64x1xbf16>
  %9 = "ttir.reshape"(%8) <{shape = [1 : i32, 8 : i32, 64 : i32]}> : (tensor<1x8x64x1xbf16>) -> tensor<1x8x64xbf16>
  return %9 : tensor<1x8x64xbf16>
}
