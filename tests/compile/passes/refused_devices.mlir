// Devices that there are not.
// error: failed to legalize operation 'ttir.all_to_all'
// note: a device id is outside the mesh; the option mesh-shape says which mesh there is
func.func @main(%x: tensor<4x64xf32>) -> tensor<2x128xf32> {
  %0 = "ttir.all_to_all"(%x) <{concat_dim = 1 : si32, replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>, split_count = 2 : si32, split_dim = 0 : si32}> : (tensor<4x64xf32>) -> tensor<2x128xf32>
  return %0 : tensor<2x128xf32>
}
