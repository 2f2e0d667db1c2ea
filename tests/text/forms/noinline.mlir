// mlir-opt 22 reads `noinline` but does not print it.
func.func @f(%a: i32) {
  %0 = emitc.expression %a noinline : (i32) -> i32 {
    %1 = call_opaque "x"(%a) : (i32) -> i32
    yield %1 : i32
  }
  return
}
