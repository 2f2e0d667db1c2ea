// Weights and caches in smaller types, and how precisely to compute.
// stop: ttnn-set-compute-kernel-config
// options: experimental-weight-dtype=bfp_bf8 experimental-kv-cache-dtype=bfp_bf8 compute-cfg-math-fidelity=hifi2 compute-cfg-fp32-dest-acc-en=true enable-const-eval=false
func.func @layer(%x: tensor<32x64xbf16> {ttcore.argument_type = #ttcore.argument_type<input>},
                 %w: tensor<64x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>}) -> tensor<32x64xbf16> {
  %0 = "ttir.matmul"(%x, %w) : (tensor<32x64xbf16>, tensor<64x64xbf16>) -> tensor<32x64xbf16>
  return %0 : tensor<32x64xbf16>
}
func.func @cache(%c: tensor<1x32x64x512xbf16> {ttcore.kv_cache}, %v: tensor<1x32x1x512xbf16>, %i: tensor<1xi32>) {
  "ttir.update_cache"(%c, %v, %i) <{batch_offset = 0 : i32}> : (tensor<1x32x64x512xbf16>, tensor<1x32x1x512xbf16>, tensor<1xi32>) -> ()
  return
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<32x64xbf16, #dram>, <interleaved>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x2x!ttcore.tile<32x32, bfp_bf8>, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 2048 + d1 * 64 + d2, d3), <1x1>, memref<64x16x!ttcore.tile<32x32, bfp_bf8>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3), <1x1>, memref<32x16x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout6 = #ttnn.ttnn_layout<(d0) -> (0, d0), <1x1>, memref<1x1x!ttcore.tile<32x32, si32>, #dram>, <interleaved>>
#ttnn_layout7 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x16x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout8 = #ttnn.ttnn_layout<(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3), <1x1>, memref<1x16x!ttcore.tile<32x32, bf16>, #l1>, <height_sharded>, core_ranges = <[#ttnn.core_range<(0,0), (0,0)>]>>
#ttnn_layout9 = #ttnn.ttnn_layout<(d0) -> (0, d0), <1x1>, memref<1x1xsi32, #dram>, <interleaved>>
func.func @layer(%arg0: tensor<32x64xbf16, #ttnn_layout> {ttcore.argument_type = #ttcore.argument_type<input>}, %arg1: tensor<64x64xbf16, #ttnn_layout1> {ttcore.argument_type = #ttcore.argument_type<parameter>}) -> tensor<32x64xbf16, #ttnn_layout2> attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.to_tensor_spec"(%arg0) : (tensor<32x64xbf16, #ttnn_layout>) -> tensor<32x64xbf16, #ttnn_layout2>
  %1 = "ttnn.typecast"(%arg1) : (tensor<64x64xbf16, #ttnn_layout1>) -> tensor<64x64x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>
  %2 = "ttnn.matmul"(%0, %1) <{compute_config = #ttnn.device_compute_kernel_config<math_fidelity = hifi2, fp32_dest_acc_en = true>, transpose_a = false, transpose_b = false}> : (tensor<32x64xbf16, #ttnn_layout2>, tensor<64x64x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout3>) -> tensor<32x64xbf16, #ttnn_layout2>
  return %2 : tensor<32x64xbf16, #ttnn_layout2>
}
func.func @cache(%arg0: tensor<1x32x64x512x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4> {ttcore.kv_cache}, %arg1: tensor<1x32x1x512xbf16, #ttnn_layout5>, %arg2: tensor<1xsi32, #ttnn_layout6>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.reshape"(%arg1) <{shape = [1 : i32, 1 : i32, 32 : i32, 512 : i32]}> : (tensor<1x32x1x512xbf16, #ttnn_layout5>) -> tensor<1x1x32x512xbf16, #ttnn_layout7>
  %1 = "ttnn.to_tensor_spec"(%0) : (tensor<1x1x32x512xbf16, #ttnn_layout7>) -> tensor<1x1x32x512xbf16, #ttnn_layout8>
  %2 = "ttnn.to_tensor_spec"(%arg2) : (tensor<1xsi32, #ttnn_layout6>) -> tensor<1xsi32, #ttnn_layout9>
  "ttnn.paged_update_cache"(%arg0, %1, %2) <{share_cache = false}> : (tensor<1x32x64x512x!ttcore.tile<32x32, bfp_bf8>, #ttnn_layout4>, tensor<1x1x32x512xbf16, #ttnn_layout8>, tensor<1xsi32, #ttnn_layout9>) -> ()
  return
}
