func.func @loops(%lb: index, %ub: index, %step: index, %c: i1, %x: f32, %l32: i32, %u32: i32) -> f32 {
  scf.for %i = %lb to %ub step %step {
    %0 = arith.addi %i, %i : index
  }
  %1 = scf.for %i = %lb to %ub step %step iter_args(%acc = %x) -> (f32) {
    %2 = arith.addf %acc, %x : f32
    scf.yield %2 : f32
  }
  %3:2 = scf.for %i = %lb to %ub step %step iter_args(%a = %x, %b = %x) -> (f32, f32) {
    scf.yield %b, %a : f32, f32
  } {tag = 1 : i32}
  scf.for %i = %l32 to %u32 step %l32 : i32 {
  }
  scf.for unsigned %i = %l32 to %u32 step %l32 : i32 {
  }
  scf.if %c {
    %4 = arith.addf %x, %x : f32
  }
  scf.if %c {
  } else {
    %4 = arith.addf %x, %x : f32
  }
  %5 = scf.if %c -> (f32) {
    scf.yield %x : f32
  } else {
    scf.yield %1 : f32
  } {tag}
  %6:2 = scf.if %c -> (f32, i32) {
    scf.yield %x, %l32 : f32, i32
  } else {
    scf.yield %1, %u32 : f32, i32
  }
  %7 = scf.while (%a = %x) : (f32) -> f32 {
    scf.condition(%c) %a : f32
  } do {
  ^bb0(%b: f32):
    scf.yield %b : f32
  }
  scf.while : () -> () {
    scf.condition(%c)
  } do {
    scf.yield
  } attributes {tag}
  %8 = scf.execute_region -> f32 {
    scf.yield %x : f32
  }
  scf.execute_region {
    scf.yield
  } {tag}
  scf.execute_region no_inline {
    scf.yield
  }
  return %5 : f32
}
func.func @parallel(%lb: index, %ub: index, %step: index, %x: f32) {
  scf.parallel (%i, %j) = (%lb, %lb) to (%ub, %ub) step (%step, %step) {
    scf.reduce
  }
  %0 = scf.parallel (%i) = (%lb) to (%ub) step (%step) init (%x) -> f32 {
    scf.reduce(%x : f32) {
    ^bb0(%a: f32, %b: f32):
      %1 = arith.addf %a, %b : f32
      scf.reduce.return %1 : f32
    }
  }
  %2:2 = scf.parallel (%i) = (%lb) to (%ub) step (%step) init (%x, %x) -> (f32, f32) {
    scf.reduce(%x, %x : f32, f32) {
    ^bb0(%a: f32, %b: f32):
      scf.reduce.return %a : f32
    }, {
    ^bb0(%a: f32, %b: f32):
      scf.reduce.return %b : f32
    }
  } {tag}
  %3 = scf.index_switch %lb -> f32
  case 2 {
    scf.yield %x : f32
  }
  case 5 {
    scf.yield %x : f32
  }
  default {
    scf.yield %x : f32
  }
  scf.index_switch %lb
  default {
    scf.yield
  }
  return
}
func.func @forall(%n: index, %t: tensor<100xf32>, %x: tensor<1xf32>) -> tensor<100xf32> {
  %0 = scf.forall (%i) in (%n) shared_outs(%o = %t) -> (tensor<100xf32>) {
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %x into %o[%i] [1] [1] : tensor<1xf32> into tensor<100xf32>
    }
  }
  scf.forall (%i, %j) in (4, %n) {
  }
  scf.forall (%i, %j) = (0, 1) to (4, %n) step (1, 2) {
  } {mapping = []}
  return %0 : tensor<100xf32>
}
