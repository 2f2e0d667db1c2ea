// What a region looks at outside of it is whole there.
// stop: update-global-to-local-shapes
sdy.mesh @mesh = <["x"=1, "y"=4]>
func.func @main(%c: tensor<i1>, %a: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y"}]>}) -> tensor<8xf32> {
  %0 = "stablehlo.if"(%c) ({
    stablehlo.return %a : tensor<8xf32>
  }, {
    %1 = stablehlo.negate %a : tensor<8xf32>
    stablehlo.return %1 : tensor<8xf32>
  }) : (tensor<i1>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// becomes
func.func @main(%arg0: tensor<i1>, %arg1: tensor<8xf32>) -> tensor<8xf32> {
  %0 = sdy.manual_computation(%arg0, %arg1) in_shardings=[<@mesh, []>, <@mesh, [{"y"}]>] out_shardings=[<@mesh, [{}]>] manual_axes={"x", "y"} (%arg2: tensor<i1>, %arg3: tensor<2xf32>) {
    %1 = "stablehlo.all_gather"(%arg3) <{all_gather_dim = 0 : i64, channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>, replica_groups = dense<[[0, 1, 2, 3]]> : tensor<1x4xi64>}> : (tensor<2xf32>) -> tensor<8xf32>
    %2 = "stablehlo.all_gather"(%arg3) <{all_gather_dim = 0 : i64, channel_handle = #stablehlo.channel_handle<handle = 1, type = 1>, replica_groups = dense<[[0, 1, 2, 3]]> : tensor<1x4xi64>}> : (tensor<2xf32>) -> tensor<8xf32>
    %3 = "stablehlo.if"(%arg2) ({
      stablehlo.return %1 : tensor<8xf32>
    }, {
      %4 = stablehlo.negate %2 : tensor<8xf32>
      stablehlo.return %4 : tensor<8xf32>
    }) : (tensor<i1>) -> tensor<8xf32>
    sdy.return %3 : tensor<8xf32>
  } : (tensor<i1>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
