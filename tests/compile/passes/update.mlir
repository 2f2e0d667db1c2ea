// What older versions wrote: each op has a destination behind its operands, made by ttir.empty.
// stop: ttir-update
// options: update-older-forms=true
// warning: 'ttir.layer_norm' op has an output operand, as older versions of tt-mlir wrote it
func.func @older(%a: tensor<64x128xbf16>, %w: tensor<128x96xbf16>, %b: tensor<96xbf16>, %g: tensor<128xbf16>, %i: tensor<1x32x32x64xbf16>, %k: tensor<64x64x3x3xbf16>) -> (tensor<64x128xbf16>, tensor<128x96xbf16>, tensor<1x30x30x64xbf16>, tensor<64x96xbf16>) {
  %0 = ttir.empty() : tensor<64x128xbf16>
  %1 = "ttir.layer_norm"(%a, %g, %0) <{normalized_shape = array<i64: 128>, epsilon = 1.000000e-05 : f32, operandSegmentSizes = array<i32: 1, 1, 0, 1>}> : (tensor<64x128xbf16>, tensor<128xbf16>, tensor<64x128xbf16>) -> tensor<64x128xbf16>
  %2 = ttir.empty() : tensor<64x96xbf16>
  %3 = "ttir.matmul"(%1, %w, %2) : (tensor<64x128xbf16>, tensor<128x96xbf16>, tensor<64x96xbf16>) -> tensor<64x96xbf16>
  %4 = "ttir.add"(%3, %b, %2) : (tensor<64x96xbf16>, tensor<96xbf16>, tensor<64x96xbf16>) -> tensor<64x96xbf16>
  %5 = tensor.empty() : tensor<128x96xbf16>
  %6 = "ttir.concat"(%3, %4, %5) <{dim = 0 : si32}> : (tensor<64x96xbf16>, tensor<64x96xbf16>, tensor<128x96xbf16>) -> tensor<128x96xbf16>
  %7 = ttir.empty() : tensor<1x30x30x64xbf16>
  %8 = "ttir.conv2d"(%i, %k, %7) <{stride = 1 : i32, padding = 0 : i32, dilation = 1 : i32, groups = 1 : i32}> : (tensor<1x32x32x64xbf16>, tensor<64x64x3x3xbf16>, tensor<1x30x30x64xbf16>) -> tensor<1x30x30x64xbf16>
  // a tensor that somebody else reads stays
  %9 = ttir.empty() : tensor<64x96xbf16>
  %10 = "ttir.relu"(%4, %9) : (tensor<64x96xbf16>, tensor<64x96xbf16>) -> tensor<64x96xbf16>
  return %1, %6, %8, %9 : tensor<64x128xbf16>, tensor<128x96xbf16>, tensor<1x30x30x64xbf16>, tensor<64x96xbf16>
}

// becomes
func.func @older(%arg0: tensor<64x128xbf16>, %arg1: tensor<128x96xbf16>, %arg2: tensor<96xbf16>, %arg3: tensor<128xbf16>, %arg4: tensor<1x32x32x64xbf16>, %arg5: tensor<64x64x3x3xbf16>) -> (tensor<64x128xbf16>, tensor<128x96xbf16>, tensor<1x30x30x64xbf16>, tensor<64x96xbf16>) {
  %0 = "ttir.layer_norm"(%arg0, %arg3) <{epsilon = 9.99999974E-6 : f32, normalized_shape = array<i64: 128>, operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<64x128xbf16>, tensor<128xbf16>) -> tensor<64x128xbf16>
  %1 = "ttir.matmul"(%0, %arg1) <{transpose_a = false, transpose_b = false}> : (tensor<64x128xbf16>, tensor<128x96xbf16>) -> tensor<64x96xbf16>
  %2 = "ttir.add"(%1, %arg2) : (tensor<64x96xbf16>, tensor<96xbf16>) -> tensor<64x96xbf16>
  %3 = "ttir.concat"(%1, %2) <{dim = 0 : si32}> : (tensor<64x96xbf16>, tensor<64x96xbf16>) -> tensor<128x96xbf16>
  %4 = "ttir.conv2d"(%arg4, %arg5) <{batch_dim = 0 : i64, channel_dim = 3 : i64, dilation = 1 : i32, groups = 1 : i32, height_dim = 1 : i64, padding = 0 : i32, stride = 1 : i32, width_dim = 2 : i64}> : (tensor<1x32x32x64xbf16>, tensor<64x64x3x3xbf16>) -> tensor<1x30x30x64xbf16>
  %5 = ttir.empty() : tensor<64x96xbf16>
  %6 = "ttir.relu"(%2) : (tensor<64x96xbf16>) -> tensor<64x96xbf16>
  return %0, %3, %4, %5 : tensor<64x128xbf16>, tensor<128x96xbf16>, tensor<1x30x30x64xbf16>, tensor<64x96xbf16>
}
