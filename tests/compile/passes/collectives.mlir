// A distributed norm gets its buffer and semaphore at the start of the function; collectives get topology and links.
// stop: ttnn-allocate-distributed-op-semaphores
// options: mesh-shape=1,2 enable-const-eval=false
func.func @norm(%x: tensor<1x1x32x128xbf16>, %w: tensor<128xbf16>) -> tensor<1x1x32x256xbf16> {
  %0 = "ttir.distributed_rms_norm"(%x, %w) <{cluster_axis = 1 : ui32, epsilon = 1.000000e-05 : f32, operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<1x1x32x128xbf16>, tensor<128xbf16>) -> tensor<1x1x32x128xbf16>
  %1 = "ttir.all_gather"(%0) <{all_gather_dim = 3 : si32, cluster_axis = 1 : ui32}> : (tensor<1x1x32x128xbf16>) -> tensor<1x1x32x256xbf16>
  return %1 : tensor<1x1x32x256xbf16>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0) -> (0, d0), <1x1>, memref<1x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x8x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x1x!ttcore.tile<32x32, f32>, #l1>, <width_sharded>, core_ranges = <[#ttnn.core_range<(0,0), (0,0)>]>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x4>, memref<1x1x!ttcore.tile<32x32, bf16>, #l1>, <width_sharded>, core_ranges = <[#ttnn.core_range<(0,0), (3,0)>]>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<4x32xbf16, #dram>, <interleaved>>
func.func @norm(%arg0: tensor<1x1x32x128xbf16, #ttnn_layout>, %arg1: tensor<128xbf16, #ttnn_layout1>) -> tensor<1x1x32x256xbf16, #ttnn_layout2> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x2>}> : () -> !ttnn.device
  %1 = "ttnn.create_global_semaphore"(%0) <{core_range_set = #ttnn.core_range_set<[#ttnn.core_range<(0,0), (3,0)>]>, initial_value = 0 : ui32}> : (!ttnn.device) -> !ttnn.global_semaphore
  %2 = "ttnn.empty"(%0) <{shape = #ttnn.shape<1x1x32x32>}> : (!ttnn.device) -> tensor<1x1x32x32xf32, #ttnn_layout3>
  %3 = "ttnn.reshape"(%arg1) <{shape = [4 : i32, 32 : i32]}> : (tensor<128xbf16, #ttnn_layout1>) -> tensor<4x32xbf16, #ttnn_layout4>
  %4 = "ttnn.to_tensor_spec"(%arg0) : (tensor<1x1x32x128xbf16, #ttnn_layout>) -> tensor<1x1x32x128xbf16, #ttnn_layout5>
  %5 = "ttnn.to_tensor_spec"(%3) : (tensor<4x32xbf16, #ttnn_layout4>) -> tensor<4x32xbf16, #ttnn_layout6>
  %6 = "ttnn.distributed_rms_norm"(%4, %5, %2, %1, %0) <{cluster_axis = 1 : ui32, compute_config = #ttnn.device_compute_kernel_config<math_fidelity = hifi4, math_approx_mode = false, fp32_dest_acc_en = true, packer_l1_acc = true>, epsilon = 9.99999974E-6 : f32, operandSegmentSizes = array<i32: 1, 1, 0, 1, 1, 1>, program_config = #ttnn.layernorm_sharded_multicore_program_config<compute_with_storage_grid_size = <4, 1>, subblock_w = 1, block_h = 1, block_w = 1, inplace = false>}> : (tensor<1x1x32x128xbf16, #ttnn_layout5>, tensor<4x32xbf16, #ttnn_layout6>, tensor<1x1x32x32xf32, #ttnn_layout3>, !ttnn.global_semaphore, !ttnn.device) -> tensor<1x1x32x128xbf16, #ttnn_layout5>
  %7 = "ttnn.to_memory_config"(%6) : (tensor<1x1x32x128xbf16, #ttnn_layout5>) -> tensor<1x1x32x128xbf16, #ttnn_layout>
  %8 = "ttnn.all_gather"(%7) <{all_gather_dim = 3 : si32, cluster_axis = 1 : ui32}> : (tensor<1x1x32x128xbf16, #ttnn_layout>) -> tensor<1x1x32x256xbf16, #ttnn_layout2>
  return %8 : tensor<1x1x32x256xbf16, #ttnn_layout2>
}
