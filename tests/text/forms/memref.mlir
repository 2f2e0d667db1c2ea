memref.global "private" constant @g : memref<2xf32> = dense<[1.0, 2.0]>
memref.global "private" @u : memref<2xf32> = uninitialized
memref.global @e : memref<4xi32>
memref.global constant @h : memref<4xi32> = dense<1> {alignment = 64 : i64}
func.func @alloc(%n: index, %m: index) {
  %0 = memref.alloc() : memref<4x8xf32>
  %1 = memref.alloc(%n) : memref<?x8xf32>
  %2 = memref.alloc(%n)[%m] : memref<?x8xf32, affine_map<(d0, d1)[s0] -> (d0 + s0, d1)>>
  %3 = memref.alloc() {alignment = 16 : i64} : memref<2xf32, 1>
  %4 = memref.alloca() : memref<2xi8>
  memref.dealloc %0 : memref<4x8xf32>
  %5 = memref.realloc %4 : memref<2xi8> to memref<4xi8>
  %6 = memref.realloc %5(%n) : memref<4xi8> to memref<?xi8>
  return
}
func.func @access(%m: memref<4x8xf32>, %i: index, %j: index, %v: f32, %d: memref<?x?xf32>) {
  %0 = memref.load %m[%i, %j] : memref<4x8xf32>
  %1 = memref.load %m[%i, %j] {nontemporal = true} : memref<4x8xf32>
  memref.store %v, %m[%i, %j] : memref<4x8xf32>
  memref.copy %m, %m : memref<4x8xf32> to memref<4x8xf32>
  %2 = memref.get_global @g : memref<2xf32>
  %3 = memref.subview %m[0, 0] [2, 4] [1, 1] : memref<4x8xf32> to memref<2x4xf32, strided<[8, 1]>>
  %4 = memref.subview %d[%i, 0] [%j, 4] [1, %i] : memref<?x?xf32> to memref<?x4xf32, strided<[?, ?], offset: ?>>
  %5 = memref.collapse_shape %m [[0, 1]] : memref<4x8xf32> into memref<32xf32>
  %6 = memref.expand_shape %5 [[0, 1]] output_shape [4, 8] : memref<32xf32> into memref<4x8xf32>
  %7 = memref.expand_shape %d [[0, 1], [2]] output_shape [%i, 4, %j] : memref<?x?xf32> into memref<?x4x?xf32>
  %8 = memref.cast %m : memref<4x8xf32> to memref<?x8xf32>
  %9 = memref.dim %8, %i : memref<?x8xf32>
  %10 = memref.rank %8 : memref<?x8xf32>
  %11 = memref.reinterpret_cast %m to offset: [0], sizes: [%i, 8], strides: [8, %j] : memref<4x8xf32> to memref<?x8xf32, strided<[8, ?]>>
  %12 = memref.transpose %m (d0, d1) -> (d1, d0) : memref<4x8xf32> to memref<8x4xf32, strided<[1, 8]>>
  %13 = memref.assume_alignment %m, 64 : memref<4x8xf32>
  %14 = memref.extract_aligned_pointer_as_index %m : memref<4x8xf32> -> index
  %15, %16, %17:2, %18:2 = memref.extract_strided_metadata %m : memref<4x8xf32> -> memref<f32>, index, index, index, index, index
  %19 = memref.memory_space_cast %m : memref<4x8xf32> to memref<4x8xf32, 1>
  %20 = memref.atomic_rmw addf %v, %m[%i, %j] : (f32, memref<4x8xf32>) -> f32
  memref.prefetch %m[%i, %j], read, locality<3>, data : memref<4x8xf32>
  memref.prefetch %m[%i, %j], write, locality<1>, instr : memref<4x8xf32>
  %21 = memref.generic_atomic_rmw %m[%i, %j] : memref<4x8xf32> {
  ^bb0(%cur: f32):
    %c = arith.constant 1.0 : f32
    memref.atomic_yield %c : f32
  }
  %22 = memref.alloc() : memref<2048xi8>
  %23 = memref.view %22[%i][%j] : memref<2048xi8> to memref<?xf32>
  %24 = memref.alloc() : memref<1xindex>
  %25 = memref.reshape %m(%24) : (memref<4x8xf32>, memref<1xindex>) -> memref<?xf32>
  memref.alloca_scope {
    %26 = memref.alloca() : memref<4xf32>
    memref.alloca_scope.return
  }
  %27 = memref.alloca_scope -> (f32) {
    memref.alloca_scope.return %v : f32
  }
  return
}
func.func @dma(%s: memref<40x128xf32>, %d: memref<2x1024xf32, 1>, %t: memref<1xi32>, %i: index, %n: index) {
  memref.dma_start %s[%i, %i], %d[%i, %i], %n, %t[%i] : memref<40x128xf32>, memref<2x1024xf32, 1>, memref<1xi32>
  memref.dma_start %s[%i, %i], %d[%i, %i], %n, %t[%i], %n, %n : memref<40x128xf32>, memref<2x1024xf32, 1>, memref<1xi32>
  memref.dma_wait %t[%i], %n : memref<1xi32>
  return
}
