// Names of values and blocks: functions from the last to the first in generic form, arguments counted through,
// groups of results, predecessors.
func.func @first(%a: i32, %b: i32) -> i32 {
  %0:2 = "test.two"(%a) : (i32) -> (i32, i32)
  %1 = "test.region"(%0#1) ({
  ^entry(%x: i32, %y: f32):
    %2 = "test.inner"(%x) : (i32) -> i32
    "test.end"(%2) : (i32) -> ()
  }, {
  }, {
    %3:3 = "test.three"() : () -> (i1, i1, i1)
    "test.end"(%3#2, %3#0) : (i1, i1) -> ()
  }) : (i32) -> i32
  return %1 : i32
}
func.func @blocks(%c: i1, %v: i32) -> i32 {
  cf.cond_br %c, ^left(%v : i32), ^right
^left(%l: i32):
  cf.br ^join(%l : i32)
^right:
  cf.cond_br %c, ^join(%v : i32), ^join(%v : i32)
^dead:
  cf.br ^join(%v : i32)
^join(%j: i32):
  return %j : i32
}
func.func private @declared(i32, f32) -> (i32, f32)
module @inner {
  func.func @in_inner(%z: index) {
    return
  }
  "test.value"() : () -> i64
}
"test.graph"() ({
^bb0(%p: i32):
}) : () -> ()
"test.value"() : () -> i64
