// A part of an axis whose number of devices is none: of the largest number there is, two of which are no number.
// error: 'func.func' op has a sharding that cuts along a part of an axis that the axis does not have
sdy.mesh @mesh = <["x"=2, "y"=6]>
func.func @part(%a: tensor<12x12xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"y":(2)9223372036854775807}, {}]>}) -> tensor<12x12xf32> {
  return %a : tensor<12x12xf32>
}
