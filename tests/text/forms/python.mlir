emitpy.file "main" {
  emitpy.import import "ttnn" as "t"
  emitpy.import from "math" import "pi" as "p", "e"
  emitpy.global @cache = #emitpy.opaque<"{}">
  func.func @f(%arg0: !emitpy.opaque<"dict">) -> !emitpy.opaque<"int"> {
    %0 = emitpy.literal "0" : index
    %1 = emitpy.call_opaque "len"(%arg0) : (!emitpy.opaque<"dict">) -> !emitpy.opaque<"int">
    %2 = emitpy.subscript %arg0[%0] : (!emitpy.opaque<"dict">, index) -> !emitpy.opaque<"int">
    emitpy.if "{} is None" args %arg0 : (!emitpy.opaque<"dict">) {
      %5 = emitpy.call_opaque "print"() : () -> !emitpy.opaque<"None">
    } else {
    }
    emitpy.if "True" {
    }
    %3 = emitpy.expression(%1, %2) : (!emitpy.opaque<"int">, !emitpy.opaque<"int">) -> !emitpy.opaque<"int"> {
    ^bb0(%a: !emitpy.opaque<"int">, %b: !emitpy.opaque<"int">):
      %5 = emitpy.call_opaque "max"(%a, %b) : (!emitpy.opaque<"int">, !emitpy.opaque<"int">) -> !emitpy.opaque<"int">
      emitpy.yield %5 : !emitpy.opaque<"int">
    }
    %4 = emitpy.global_statement @cache : !emitpy.opaque<"dict">
    return %3 : !emitpy.opaque<"int">
  }
}
