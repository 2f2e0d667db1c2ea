// Matmuls whose results travel between devices give bfp_bf8: up and gate of an MLP, and its down projection.
// options: enable-activation-dtype-lowering=true enable-cpu-hoisted-const-eval=false mesh-shape=1,2
func.func @mlp(%x: tensor<32x128xbf16>, %up: tensor<128x256xbf16>, %gate: tensor<128x256xbf16>,
               %down: tensor<256x128xbf16>, %residual: tensor<32x128xbf16>) -> tensor<32x128xbf16> {
  %0 = "ttir.matmul"(%x, %up) : (tensor<32x128xbf16>, tensor<128x256xbf16>) -> tensor<32x256xbf16>
  %1 = "ttir.all_reduce"(%0) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<32x256xbf16>) -> tensor<32x256xbf16>
  %2 = "ttir.silu"(%1) : (tensor<32x256xbf16>) -> tensor<32x256xbf16>
  %3 = "ttir.matmul"(%x, %gate) : (tensor<32x128xbf16>, tensor<128x256xbf16>) -> tensor<32x256xbf16>
  %4 = "ttir.all_reduce"(%3) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<32x256xbf16>) -> tensor<32x256xbf16>
  %5 = "ttir.multiply"(%2, %4) : (tensor<32x256xbf16>, tensor<32x256xbf16>) -> tensor<32x256xbf16>
  %6 = "ttir.matmul"(%5, %down) : (tensor<32x256xbf16>, tensor<256x128xbf16>) -> tensor<32x128xbf16>
  %7 = "ttir.all_reduce"(%6) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<32x128xbf16>) -> tensor<32x128xbf16>
  %8 = "ttir.add"(%7, %residual) : (tensor<32x128xbf16>, tensor<32x128xbf16>) -> tensor<32x128xbf16>
  return %8 : tensor<32x128xbf16>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<4x8x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<8x4x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x8x!ttcore.tile<32x32, bfp_bf8>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x8x!ttcore.tile<32x32, bfp_bf8>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x4x!ttcore.tile<32x32, bfp_bf8>, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x4x!ttcore.tile<32x32, bfp_bf8>, #dram>, <interleaved>>
func.func @mlp(%arg0: tensor<32x128xbf16, #ttnn_layout>, %arg1: tensor<128x256xbf16, #ttnn_layout1>, %arg2: tensor<128x256xbf16, #ttnn_layout1>, %arg3: tensor<256x128xbf16, #ttnn_layout2>, %arg4: tensor<32x128xbf16, #ttnn_layout>) -> tensor<32x128xbf16, #ttnn_layout> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.matmul"(%arg0, %arg1) <{compute_config = #ttnn.device_compute_kernel_config<math_fidelity = hifi4, fp32_dest_acc_en = true>, transpose_a = false, transpose_b = false}> : (tensor<32x128xbf16, #ttnn_layout>, tensor<128x256xbf16, #ttnn_layout1>) -> tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<128x256xbf16, #ttnn_layout1>) -> ()
  %1 = "ttnn.reshape"(%0) <{shape = [1 : i32, 1 : i32, 32 : i32, 256 : i32]}> : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> ()
  %2 = "ttnn.all_reduce"(%1) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>) -> tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>) -> ()
  %3 = "ttnn.reshape"(%2) <{shape = [32 : i32, 256 : i32]}> : (tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>) -> tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>) -> ()
  %4 = "ttnn.silu"(%3) : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>
  "ttnn.deallocate"(%3) <{force = false}> : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> ()
  %5 = "ttnn.matmul"(%arg0, %arg2) <{compute_config = #ttnn.device_compute_kernel_config<math_fidelity = hifi4, fp32_dest_acc_en = true>, transpose_a = false, transpose_b = false}> : (tensor<32x128xbf16, #ttnn_layout>, tensor<128x256xbf16, #ttnn_layout1>) -> tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<128x256xbf16, #ttnn_layout1>) -> ()
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<32x128xbf16, #ttnn_layout>) -> ()
  %6 = "ttnn.reshape"(%5) <{shape = [1 : i32, 1 : i32, 32 : i32, 256 : i32]}> : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>
  "ttnn.deallocate"(%5) <{force = false}> : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> ()
  %7 = "ttnn.all_reduce"(%6) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>) -> tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>
  "ttnn.deallocate"(%6) <{force = false}> : (tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>) -> ()
  %8 = "ttnn.reshape"(%7) <{shape = [32 : i32, 256 : i32]}> : (tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>) -> tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>
  "ttnn.deallocate"(%7) <{force = false}> : (tensor<1x1x32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>) -> ()
  %9 = "ttnn.multiply"(%4, %8) : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>, tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>
  "ttnn.deallocate"(%8) <{force = false}> : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> ()
  "ttnn.deallocate"(%4) <{force = false}> : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> ()
  %10 = "ttnn.matmul"(%9, %arg3) <{compute_config = #ttnn.device_compute_kernel_config<math_fidelity = hifi4, fp32_dest_acc_en = true>, transpose_a = false, transpose_b = false}> : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>, tensor<256x128xbf16, #ttnn_layout2>) -> tensor<32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout5>
  "ttnn.deallocate"(%9) <{force = false}> : (tensor<32x256x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> ()
  "ttnn.deallocate"(%arg3) <{force = false}> : (tensor<256x128xbf16, #ttnn_layout2>) -> ()
  %11 = "ttnn.reshape"(%10) <{shape = [1 : i32, 1 : i32, 32 : i32, 128 : i32]}> : (tensor<32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout5>) -> tensor<1x1x32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout6>
  "ttnn.deallocate"(%10) <{force = false}> : (tensor<32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout5>) -> ()
  %12 = "ttnn.all_reduce"(%11) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}> : (tensor<1x1x32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout6>) -> tensor<1x1x32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout6>
  "ttnn.deallocate"(%11) <{force = false}> : (tensor<1x1x32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout6>) -> ()
  %13 = "ttnn.reshape"(%12) <{shape = [32 : i32, 128 : i32]}> : (tensor<1x1x32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout6>) -> tensor<32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout5>
  "ttnn.deallocate"(%12) <{force = false}> : (tensor<1x1x32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout6>) -> ()
  %14 = "ttnn.add"(%13, %arg4) : (tensor<32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout5>, tensor<32x128xbf16, #ttnn_layout>) -> tensor<32x128xbf16, #ttnn_layout>
  "ttnn.deallocate"(%13) <{force = false}> : (tensor<32x128x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout5>) -> ()
  "ttnn.deallocate"(%arg4) <{force = false}> : (tensor<32x128xbf16, #ttnn_layout>) -> ()
  return %14 : tensor<32x128xbf16, #ttnn_layout>
}
