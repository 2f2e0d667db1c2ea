// A reshape that makes one of two reduced dimensions stays behind the sum, whose dimensions would be twice the same.
// stop: ttir-erase-inverse-ops
func.func @sums(%x: tensor<1x1x6x1xf32>) -> tensor<1xf32> {
  %0 = "ttir.sum"(%x) <{dim_arg = [0 : i32, 2 : i32, 3 : i32], keep_dim = true}> : (tensor<1x1x6x1xf32>) -> tensor<1x1x1x1xf32>
  %1 = "ttir.sum"(%0) <{dim_arg = [1 : i32, 2 : i32], keep_dim = true}> : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %2 = "ttir.reshape"(%1) <{shape = [1 : i32]}> : (tensor<1x1x1x1xf32>) -> tensor<1xf32>
  return %2 : tensor<1xf32>
}

// becomes
func.func @sums(%arg0: tensor<1x1x6x1xf32>) -> tensor<1xf32> attributes {tt.function_type = "forward_device"} {
  %0 = "ttir.sum"(%arg0) <{dim_arg = [0 : i32, 2 : i32, 3 : i32], keep_dim = true}> : (tensor<1x1x6x1xf32>) -> tensor<1x1x1x1xf32>
  %1 = "ttir.sum"(%0) <{dim_arg = [1 : i32, 2 : i32], keep_dim = true}> : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %2 = "ttir.reshape"(%1) <{shape = [1 : i32]}> : (tensor<1x1x1x1xf32>) -> tensor<1xf32>
  return %2 : tensor<1xf32>
}
