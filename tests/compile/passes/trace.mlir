// A weight, a cache and what const-eval gives stay on the device; the input comes from the host.
// options: enable-trace=true enable-cpu-hoisted-const-eval=false
func.func @step(%x: tensor<32x64xbf16> {ttcore.argument_type = #ttcore.argument_type<input>},
                %w: tensor<64x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>},
                %b: tensor<64x64xbf16> {ttcore.argument_type = #ttcore.argument_type<constant>})
    -> (tensor<32x64xbf16>, tensor<32x64xbf16>) {
  %0 = "ttir.add"(%w, %b) : (tensor<64x64xbf16>, tensor<64x64xbf16>) -> tensor<64x64xbf16>
  %1 = "ttir.matmul"(%x, %0) : (tensor<32x64xbf16>, tensor<64x64xbf16>) -> tensor<32x64xbf16>
  %2 = "ttir.abs"(%1) : (tensor<32x64xbf16>) -> tensor<32x64xbf16>
  return %1, %2 : tensor<32x64xbf16>, tensor<32x64xbf16>
}

// becomes
#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<64x64xbf16, #system_memory>>
#ttnn_layout1 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout2 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<64x64xbf16, #dram>, <interleaved>>
#ttnn_layout3 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<32x64xbf16, #dram>, <interleaved>>
#ttnn_layout4 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>
#ttnn_layout5 = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<32x64xbf16, #system_memory>>
func.func private @step_const_eval_0(%arg0: tensor<64x64xbf16, #ttnn_layout>, %arg1: tensor<64x64xbf16, #ttnn_layout>) -> tensor<64x64xbf16, #ttnn_layout1> attributes {tt.function_type = "const_eval"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = "ttnn.to_device"(%arg1, %0) : (tensor<64x64xbf16, #ttnn_layout>, !ttnn.device) -> tensor<64x64xbf16, #ttnn_layout2>
  %2 = "ttnn.to_layout"(%1) : (tensor<64x64xbf16, #ttnn_layout2>) -> tensor<64x64xbf16, #ttnn_layout1>
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<64x64xbf16, #ttnn_layout2>) -> ()
  %3 = "ttnn.to_device"(%arg0, %0) : (tensor<64x64xbf16, #ttnn_layout>, !ttnn.device) -> tensor<64x64xbf16, #ttnn_layout2>
  %4 = "ttnn.to_layout"(%3) : (tensor<64x64xbf16, #ttnn_layout2>) -> tensor<64x64xbf16, #ttnn_layout1>
  "ttnn.deallocate"(%3) <{force = false}> : (tensor<64x64xbf16, #ttnn_layout2>) -> ()
  %5 = "ttnn.add"(%4, %2) : (tensor<64x64xbf16, #ttnn_layout1>, tensor<64x64xbf16, #ttnn_layout1>) -> tensor<64x64xbf16, #ttnn_layout1>
  "ttnn.deallocate"(%4) <{force = false}> : (tensor<64x64xbf16, #ttnn_layout1>) -> ()
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<64x64xbf16, #ttnn_layout1>) -> ()
  return %5 : tensor<64x64xbf16, #ttnn_layout1>
}
func.func private @trace_0_step(%arg0: tensor<64x64xbf16, #ttnn_layout1> {ttcore.argument_type = #ttcore.argument_type<constant>}, %arg1: tensor<32x64xbf16, #ttnn_layout3> {ttcore.argument_type = #ttcore.argument_type<input>}, %arg2: tensor<32x64xbf16, #ttnn_layout4>, %arg3: tensor<32x64xbf16, #ttnn_layout4>) attributes {tt.function_type = "trace_main"} {
  %0 = "ttnn.to_layout"(%arg1) : (tensor<32x64xbf16, #ttnn_layout3>) -> tensor<32x64xbf16, #ttnn_layout4>
  %1 = "ttnn.matmul"(%0, %arg0) <{compute_config = #ttnn.device_compute_kernel_config<math_fidelity = hifi4, fp32_dest_acc_en = true>, transpose_a = false, transpose_b = false}> : (tensor<32x64xbf16, #ttnn_layout4>, tensor<64x64xbf16, #ttnn_layout1>) -> tensor<32x64xbf16, #ttnn_layout4>
  "ttnn.deallocate"(%0) <{force = false}> : (tensor<32x64xbf16, #ttnn_layout4>) -> ()
  %2 = "ttnn.abs"(%1) : (tensor<32x64xbf16, #ttnn_layout4>) -> tensor<32x64xbf16, #ttnn_layout4>
  "ttnn.copy"(%1, %arg2) : (tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>) -> ()
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<32x64xbf16, #ttnn_layout4>) -> ()
  "ttnn.copy"(%2, %arg3) : (tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>) -> ()
  "ttnn.deallocate"(%2) <{force = false}> : (tensor<32x64xbf16, #ttnn_layout4>) -> ()
  return
}
func.func private @allocate_slots_trace_0_step(%arg0: tensor<64x64xbf16, #ttnn_layout1> {ttcore.argument_type = #ttcore.argument_type<constant>}) -> (tensor<64x64xbf16, #ttnn_layout1>, tensor<32x64xbf16, #ttnn_layout3>, tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>) attributes {tt.function_type = "trace_allocate_slots"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = "ttnn.empty"(%0) <{shape = #ttnn.shape<32x64>}> : (!ttnn.device) -> tensor<32x64xbf16, #ttnn_layout3>
  %2 = "ttnn.empty"(%0) <{shape = #ttnn.shape<32x64>}> : (!ttnn.device) -> tensor<32x64xbf16, #ttnn_layout4>
  %3 = "ttnn.empty"(%0) <{shape = #ttnn.shape<32x64>}> : (!ttnn.device) -> tensor<32x64xbf16, #ttnn_layout4>
  return %arg0, %1, %2, %3 : tensor<64x64xbf16, #ttnn_layout1>, tensor<32x64xbf16, #ttnn_layout3>, tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>
}
func.func private @run_and_capture_trace_0_step(%arg0: tensor<32x64xbf16, #ttnn_layout5> {ttcore.argument_type = #ttcore.argument_type<input>}, %arg1: tensor<64x64xbf16, #ttnn_layout1> {ttcore.argument_type = #ttcore.argument_type<constant>}, %arg2: tensor<32x64xbf16, #ttnn_layout3>, %arg3: tensor<32x64xbf16, #ttnn_layout4>, %arg4: tensor<32x64xbf16, #ttnn_layout4>) -> tensor<ui32, #ttnn.trace_id> attributes {tt.function_type = "trace_run_and_capture"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  "ttnn.write_tensor"(%arg0, %arg2) <{blocking = false, cq_id = 0 : ui32}> : (tensor<32x64xbf16, #ttnn_layout5>, tensor<32x64xbf16, #ttnn_layout3>) -> ()
  call @trace_0_step(%arg1, %arg2, %arg3, %arg4) : (tensor<64x64xbf16, #ttnn_layout1>, tensor<32x64xbf16, #ttnn_layout3>, tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>) -> ()
  %1 = "ttnn.begin_trace_capture"(%0) <{cq_id = 0 : ui32}> : (!ttnn.device) -> tensor<ui32, #ttnn.trace_id>
  call @trace_0_step(%arg1, %arg2, %arg3, %arg4) : (tensor<64x64xbf16, #ttnn_layout1>, tensor<32x64xbf16, #ttnn_layout3>, tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>) -> ()
  "ttnn.end_trace_capture"(%0, %1) <{cq_id = 0 : ui32}> : (!ttnn.device, tensor<ui32, #ttnn.trace_id>) -> ()
  "ttnn.execute_trace"(%0, %1) <{blocking = false, cq_id = 0 : ui32}> : (!ttnn.device, tensor<ui32, #ttnn.trace_id>) -> ()
  return %1 : tensor<ui32, #ttnn.trace_id>
}
func.func private @execute_trace_0_step(%arg0: tensor<ui32, #ttnn.trace_id>) attributes {tt.function_type = "trace_execute"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  "ttnn.execute_trace"(%0, %arg0) <{blocking = false, cq_id = 0 : ui32}> : (!ttnn.device, tensor<ui32, #ttnn.trace_id>) -> ()
  return
}
func.func @step(%arg0: tensor<32x64xbf16, #ttnn_layout5> {ttcore.argument_type = #ttcore.argument_type<input>}, %arg1: tensor<64x64xbf16, #ttnn_layout> {ttcore.argument_type = #ttcore.argument_type<parameter>}, %arg2: tensor<64x64xbf16, #ttnn_layout> {ttcore.argument_type = #ttcore.argument_type<constant>}) -> (tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>) attributes {tt.function_type = "forward_device"} {
  %0 = "ttnn.get_device"() <{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device
  %1 = ttcore.load_cached(@step_const_eval_0, [%arg1, %arg2]) : (tensor<64x64xbf16, #ttnn_layout>, tensor<64x64xbf16, #ttnn_layout>) -> tensor<64x64xbf16, #ttnn_layout1>
  "ttnn.deallocate"(%arg2) <{force = false}> : (tensor<64x64xbf16, #ttnn_layout>) -> ()
  "ttnn.deallocate"(%arg1) <{force = false}> : (tensor<64x64xbf16, #ttnn_layout>) -> ()
  %2:2 = "ttnn.capture_or_execute_trace"(%0, %1, %arg0) <{allocate_slots_callee = @allocate_slots_trace_0_step, capture_callee = @run_and_capture_trace_0_step, execute_callee = @execute_trace_0_step, operandSegmentSizes = array<i32: 1, 2, 0>}> : (!ttnn.device, tensor<64x64xbf16, #ttnn_layout1>, tensor<32x64xbf16, #ttnn_layout5>) -> (tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>)
  "ttnn.deallocate"(%1) <{force = false}> : (tensor<64x64xbf16, #ttnn_layout1>) -> ()
  "ttnn.deallocate"(%arg0) <{force = false}> : (tensor<32x64xbf16, #ttnn_layout5>) -> ()
  return %2#0, %2#1 : tensor<32x64xbf16, #ttnn_layout4>, tensor<32x64xbf16, #ttnn_layout4>
}
