// A mesh of more devices than anybody has: nothing is made for each of them.
// error: 'sdy.mesh' op has more than 4096 devices
sdy.mesh @mesh = <["x"=4096, "y"=4096]>
func.func @f(%a: tensor<4096x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y"}, {}]>}) -> tensor<4096x16xf32> {
  return %a : tensor<4096x16xf32>
}
