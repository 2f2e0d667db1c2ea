// Aliases: maps, sets, long tuples; locations before and behind the module.
#inner = loc("inner.py":1:2)
#named = loc("name"(#inner))
#late = loc(fused<"meta">["a.py":3:4, #named])
#map = affine_map<(d0, d1)[s0] -> (d0 + s0, d1 * 2, -d0, d0 - d1, d0 floordiv 3, d1 ceildiv 4, (d0 + d1) mod 5, d0 - 7, d0 * -2 + d1)>
module {
  func.func @f(%a: i32 loc("arg.py":5:6), %b: i32 loc(#named), %c: i32 loc(unknown)) {
    "test.a"() {m = #map, n = affine_map<() -> ()>, o = affine_set<(d0)[s0] : (d0 - s0 >= 0, d0 == 0)>} : () -> () loc(#late)
    "test.b"() {l = loc("as attribute")} : () -> () loc("plain")
    "test.c"() {l = loc(callsite("callee" at "caller.py":7:8))} : () -> () loc(callsite("callee" at "caller.py":7:8))
    "test.d"() {t = tuple<i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15, i16, i17>} : () -> () loc("range.py":1:2 to 3:4)
    "test.e"() {m = memref<4x4xf32, affine_map<(d0, d1) -> (d1, d0)>>, n = tensor<4xf32, affine_map<(d0) -> (d0)>>} : () -> () loc("range.py":1:2 to :9)
    "test.f"() ({
    ^bb0(%x: i32 loc("block arg"), %y: tuple<i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15, i16, i17>):
      "test.end"() : () -> () loc("inner op"("child.py":9:9))
    }) : () -> () loc("no line")
    return loc(unknown)
  } loc("f.py":10:1)
} loc(#late)
