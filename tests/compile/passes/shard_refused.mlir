// Parts of an axis must lie in each other.
// error: 'sdy.mesh' op has the axis "y", of which shardings name parts that overlap
sdy.mesh @mesh = <["x"=2, "y"=6]>
func.func @part(%a: tensor<12x12xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y":(1)2}, {}]>}, %b: tensor<12x12xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y":(1)3}, {}]>}) -> tensor<12x12xf32> {
  return %a : tensor<12x12xf32>
}
