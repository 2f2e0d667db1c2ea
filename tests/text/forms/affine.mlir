#map0 = affine_map<(d0) -> (d0 + 5)>
#map1 = affine_map<(d0)[s0] -> (d0, s0)>
#set0 = affine_set<(d0)[s0] : (d0 - 10 >= 0, s0 - d0 == 0)>
func.func @loops(%n: index, %m: index, %mem: memref<100x100xf32>, %x: f32) -> f32 {
  affine.for %i = 0 to 10 {
    affine.for %j = 0 to %n step 2 {
      %v = affine.load %mem[%i, %j + 1] : memref<100x100xf32>
      affine.store %v, %mem[%i * 2, %j + symbol(%n)] : memref<100x100xf32>
      affine.store %v, %mem[3, 4] {tag} : memref<100x100xf32>
    }
  }
  affine.for %i = #map0(%n) to min #map1(%n)[%m] {
  }
  affine.for %i = max #map1(%n)[%m] to affine_map<()[s0] -> (s0)>()[%n] {
  } {tag = 3 : i32}
  affine.for %i = affine_map<(d0) -> (d0)>(%n) to 10 {
  }
  %0 = affine.for %i = 0 to 10 iter_args(%acc = %x) -> (f32) {
    %1 = arith.addf %acc, %x : f32
    affine.yield %1 : f32
  }
  %2:2 = affine.for %i = 0 to 10 step 3 iter_args(%a = %x, %b = %x) -> (f32, f32) {
    affine.yield %b, %a : f32, f32
  }
  affine.for %i = 0 to 10 {
    %a = affine.apply #map0(%i)
    %b = affine.apply affine_map<(d0)[s0] -> (d0 floordiv 2 + s0 mod 3)>(%i)[%n]
    %c = affine.min #map1(%i)[%n]
    %d = affine.max affine_map<(d0) -> (d0, 3)>(%i)
    affine.if #set0(%i)[%n] {
      affine.store %x, %mem[%i, %i] : memref<100x100xf32>
    }
    affine.if #set0(%i)[%n] {
    } else {
      affine.store %x, %mem[%i, %i] : memref<100x100xf32>
    }
    %e = affine.if affine_set<(d0) : (d0 >= 0)>(%i) -> f32 {
      affine.yield %x : f32
    } else {
      affine.yield %0 : f32
    } 
    %f:2 = affine.if affine_set<(d0) : (d0 >= 0)>(%i) -> (f32, f32) {
      affine.yield %x, %x : f32, f32
    } else {
      affine.yield %0, %e : f32, f32
    } {tag}
    affine.prefetch %mem[%i, %i + 5], read, locality<3>, data : memref<100x100xf32>
    affine.prefetch %mem[%i, 0], write, locality<0>, instr : memref<100x100xf32>
    %v = affine.vector_load %mem[%i, %i + 3] : memref<100x100xf32>, vector<8xf32>
    affine.vector_store %v, %mem[%i, 0] : memref<100x100xf32>, vector<8xf32>
  }
  affine.parallel (%i, %j) = (0, 0) to (10, %n) {
    affine.yield
  }
  affine.parallel (%i, %j) = (0, symbol(%m)) to (10, symbol(%n)) step (2, 4) {
  }
  %3 = affine.parallel (%i) = (0) to (100) reduce ("addf") -> f32 {
    affine.yield %x : f32
  }
  affine.parallel (%i) = (max(0, %n)) to (min(100, %n + 5)) {
  } {tag}
  %4:2 = affine.delinearize_index %n into (2, 16) : index, index
  %5 = affine.linearize_index [%4#0, %4#1] by (2, 16) : index
  %6 = affine.linearize_index disjoint [%4#0, %4#1] by (%m, 16) : index
  return %0 : f32
}
