// Suggested names and their clashes, nested regions, groups of results, shadowing between sibling regions.
func.func @names(%arg0: memref<4xi32>, %n: index) -> i32 {
  %c0 = arith.constant 0 : index
  %a = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %x = arith.constant 4 : i32
  %y = arith.constant -4 : i32
  %t = arith.constant true
  %f = arith.constant 1.5 : f32
  %g = arith.constant dense<0> : tensor<2xi32>
  %m = memref.alloc() : memref<4xi32>
  %m2 = memref.alloc() : memref<4xi32>
  %dim = memref.dim %arg0, %c0 : memref<4xi32>
  scf.for %i = %c0 to %c4 step %a {
    %b = arith.constant 0 : index
    %q = memref.load %m[%i] : memref<4xi32>
    scf.for %j = %c0 to %c4 step %b {
      %b2 = arith.constant 0 : index
      memref.store %q, %m2[%j] : memref<4xi32>
    }
  }
  scf.for %i = %c0 to %n step %a {
    %b = arith.constant 0 : index
    %q = "test.use"(%b) : (index) -> i32
  }
  %r:2 = scf.if %t -> (i32, f32) {
    scf.yield %x, %f : i32, f32
  } else {
    %z = arith.constant 4 : i32
    scf.yield %z, %f : i32, f32
  }
  %s:3 = "test.many"(%r#1, %r#0) : (f32, i32) -> (i32, i32, i32)
  return %s#2 : i32
}
