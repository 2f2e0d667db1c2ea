ml_program.global private @a(dense<1> : tensor<4xi32>) : tensor<4xi32>
ml_program.global private mutable @b : tensor<i32>
ml_program.global public @c(#ml_program.extern : tensor<4xi32>) : tensor<4xi32>
ml_program.func @g(%x: i32) -> i32 {
  %0 = ml_program.global_load @b : tensor<i32>
  ml_program.global_store @b = %0 : tensor<i32>
  ml_program.return %x : i32
}
ml_program.subgraph private @s(%x: i32) -> i32 {
  %0 = ml_program.token
  ml_program.output %x : i32
}
func.func @quant(%a: tensor<4xf32>) {
  %0 = quant.qcast %a : tensor<4xf32> to tensor<4x!quant.uniform<i8:f32, 2.000000e+00>>
  %1 = quant.scast %0 : tensor<4x!quant.uniform<i8:f32, 2.000000e+00>> to tensor<4xi8>
  %2 = quant.dcast %0 : tensor<4x!quant.uniform<i8:f32, 2.000000e+00>> to tensor<4xf32>
  return
}
func.func @buf(%t: tensor<4xf32>, %n: index, %m: memref<4xf32>) {
  %0 = bufferization.alloc_tensor() : tensor<32x64xf32>
  %1 = bufferization.alloc_tensor(%n) : tensor<?xf32>
  %2 = bufferization.alloc_tensor() copy(%t) : tensor<4xf32>
  %3 = bufferization.alloc_tensor() size_hint=%n : tensor<4xf32>
  %4 = bufferization.to_tensor %m restrict : memref<4xf32> to tensor<4xf32>
  %5 = bufferization.to_buffer %t : tensor<4xf32> to memref<4xf32>
  %6 = bufferization.clone %m : memref<4xf32> to memref<4xf32>
  bufferization.dealloc_tensor %0 : tensor<32x64xf32>
  %7 = bufferization.materialize_in_destination %t in %4 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  bufferization.materialize_in_destination %t in writable %m : (tensor<4xf32>, memref<4xf32>) -> ()
  %8 = builtin.unrealized_conversion_cast %t : tensor<4xf32> to memref<4xf32>
  %9:2 = builtin.unrealized_conversion_cast to i32, i64
  return
}
func.func private @callee(i32, f32) -> i32
func.func @calls(%x: i32, %y: f32) -> i32 {
  %0 = call @callee(%x, %y) : (i32, f32) -> i32
  %f = constant @callee : (i32, f32) -> i32
  %1 = call_indirect %f(%x, %y) : (i32, f32) -> i32
  return %1 : i32
}
gpu.module @kernels [#nvvm.target<chip = "sm_70">] {
}
gpu.module @empty attributes {tag} {
}
