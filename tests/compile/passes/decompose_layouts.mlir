// Changes of layout become steps: type, tiles, device and memory each at a place that can do it.
// stop: ttnn-decompose-layouts
// options: mesh-shape=1,2 enable-const-eval=false
func.func @moves(%x: tensor<64x128xf32> {ttcore.argument_type = #ttcore.argument_type<input>},
                 %i: tensor<32x32xsi32> {ttcore.argument_type = #ttcore.argument_type<input>}) -> (tensor<64x128xf32>, tensor<32x32xf32>) {
  %0 = "ttir.mesh_shard"(%x) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<64x128xf32>) -> tensor<64x64xf32>
  %1 = "ttir.exp"(%0) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %2 = "ttir.mesh_shard"(%1) <{shard_dims = array<i64: -1, 1>, shard_direction = #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 1, 2>, shard_type = #ttcore.shard_type<devices>}> : (tensor<64x64xf32>) -> tensor<64x128xf32>
  %3 = "ttir.typecast"(%i) <{conservative_folding = false}> : (tensor<32x32xsi32>) -> tensor<32x32xf32>
  return %2, %3 : tensor<64x128xf32>, tensor<32x32xf32>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<64x128xf32, #system_memory>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<32x32xsi32, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<64x64xf32, #system_memory>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<64x64xf32, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x2x!ttcore.tile<32x32, f32>, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1x!ttcore.tile<32x32, si32>, #dram>, <interleaved>>
func.func @moves(%arg0: tensor<64x128xf32, #ttnn_layout> {ttcore.argument_type = #ttcore.argument_type<input>}, %arg1: tensor<32x32xsi32, #ttnn_layout1> {ttcore.argument_type = #ttcore.argument_type<input>}) -> (tensor<64x128xf32, #ttnn_layout>, tensor<32x32xf32, #ttnn_layout2>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x2>}> : () -> !ttnn.device
  %1 = "ttnn.distribute_tensor"(%arg0, %0) <{mapper_config = #ttnn.mesh_mapper_config<placements = [<replicate, -1 : i32>, <shard, 1 : i32>], mesh_shape_override = [1 : ui32, 2 : ui32]>}> : (tensor<64x128xf32, #ttnn_layout>, !ttnn.device) -> tensor<64x64xf32, #ttnn_layout3>
  %2 = "ttnn.to_device"(%1, %0) : (tensor<64x64xf32, #ttnn_layout3>, !ttnn.device) -> tensor<64x64xf32, #ttnn_layout4>
  %3 = "ttnn.to_layout"(%2) : (tensor<64x64xf32, #ttnn_layout4>) -> tensor<64x64xf32, #ttnn_layout5>
  %4 = "ttnn.exp"(%3) : (tensor<64x64xf32, #ttnn_layout5>) -> tensor<64x64xf32, #ttnn_layout5>
  %5 = "ttnn.to_layout"(%4) : (tensor<64x64xf32, #ttnn_layout5>) -> tensor<64x64xf32, #ttnn_layout4>
  %6 = "ttnn.from_device"(%5) : (tensor<64x64xf32, #ttnn_layout4>) -> tensor<64x64xf32, #ttnn_layout3>
  %7 = "ttnn.aggregate_tensor"(%6, %0) <{composer_config = #ttnn.mesh_composer_config<dims = [0 : i32, 1 : i32], mesh_shape_override = [1 : ui32, 2 : ui32]>}> : (tensor<64x64xf32, #ttnn_layout3>, !ttnn.device) -> tensor<64x128xf32, #ttnn_layout>
  %8 = "ttnn.to_layout"(%arg1) : (tensor<32x32xsi32, #ttnn_layout1>) -> tensor<32x32xsi32, #ttnn_layout6>
  %9 = "ttnn.typecast"(%8) : (tensor<32x32xsi32, #ttnn_layout6>) -> tensor<32x32xf32, #ttnn_layout2>
  return %7, %9 : tensor<64x128xf32, #ttnn_layout>, tensor<32x32xf32, #ttnn_layout2>
}
