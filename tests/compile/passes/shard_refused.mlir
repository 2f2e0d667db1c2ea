// Parts of an axis are not supported.
// error: 'func.func' op has a sharding that cuts along a part of an axis, which is not supported
sdy.mesh @mesh = <["x"=2, "y"=4]>
func.func @part(%a: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y":(1)2}, {}]>}) -> tensor<8x16xf32> {
  return %a : tensor<8x16xf32>
}
