emitc.include <"tuple">
emitc.include "x.h"
emitc.verbatim "#define X"
emitc.global extern @g : i32
emitc.global static const @h : !emitc.array<2xf32> = dense<1.0>
func.func @f(%a: i32, %b: i32, %p: !emitc.ptr<i32>, %c: i1, %s: !emitc.size_t, %arr: !emitc.array<4xi32>) {
  %0 = emitc.call_opaque "foo"() : () -> i32
  %1 = emitc.call_opaque "bar"(%a, %b) {args = [0 : index, 1 : index, 3 : i32], template_args = [i32]} : (i32, i32) -> i32
  %2 = emitc.add %a, %b : (i32, i32) -> i32
  %3 = emitc.cmp eq, %a, %b : (i32, i32) -> i1
  %4 = "emitc.constant"() <{value = 1 : i32}> : () -> i32
  %5 = "emitc.variable"() <{value = #emitc.opaque<"">}> : () -> !emitc.lvalue<i32>
  emitc.assign %a : i32 to %5 : !emitc.lvalue<i32>
  %6 = emitc.load %5 : !emitc.lvalue<i32>
  %7 = emitc.literal "M_PI" : f32
  %8 = emitc.cast %a : i32 to f32
  emitc.verbatim "a {} b" args %a : i32
  emitc.if %c {
    %20 = emitc.sub %a, %b : (i32, i32) -> i32
  } else {
    %20 = emitc.mul %a, %b : (i32, i32) -> i32
  }
  emitc.if %3 {
  }
  emitc.for %i = %a to %b step %a : i32 {
    %20 = emitc.rem %i, %b : (i32, i32) -> i32
  }
  emitc.for %i = %s to %s step %s : !emitc.size_t {
  }
  %9 = emitc.expression %a, %b : (i32, i32) -> i32 {
    %20 = add %a, %b : (i32, i32) -> i32
    %21 = emitc.mul %20, %b : (i32, i32) -> i32
    yield %21 : i32
  }
  %11 = emitc.conditional %c, %a, %b : i32
  %12 = emitc.logical_and %a, %b : i32, i32
  %13 = emitc.logical_not %a : i32
  %14 = emitc.unary_minus %a : (i32) -> i32
  %15 = emitc.subscript %arr[%a] : (!emitc.array<4xi32>, i32) -> !emitc.lvalue<i32>
  %16 = emitc.get_global @g : !emitc.lvalue<i32>
  %17 = emitc.apply "&"(%5) : (!emitc.lvalue<i32>) -> !emitc.ptr<i32>
  emitc.switch %a : i32
  case 2 {
    %20 = emitc.call_opaque "c"() : () -> i32
    emitc.yield
  }
  default {
    %20 = emitc.call_opaque "d"() : () -> i32
    emitc.yield
  }
  %18 = emitc.call @ef(%a) : (i32) -> i32
  return
}
emitc.declare_func @ef
emitc.func @ef(%x: i32) -> i32 attributes {specifiers = ["static"]} {
  emitc.return %x : i32
}
emitc.func private @ext(i32) -> i32 attributes {specifiers = ["extern"]}
emitc.func @v() {
  emitc.return
}
emitc.class final @C {
  emitc.field @f : !emitc.array<1xf32> {tag}
  emitc.field @g0 : i32 = 1
  emitc.func @run() {
    %0 = get_field @f : !emitc.array<1xf32>
    return
  }
}
emitc.file "x" {
}
