// Attributes of all builtin kinds.
"test.ints"() {a = 1 : i64, b = -1 : i8, c = 255 : ui8, d = -128 : si8, e = true, f = false, g = 7 : index, h = unit,
  i = 340282366920938463463374607431768211455 : ui128, j = -170141183460469231731687303715884105728 : i128,
  k = -4 : i3, l = -1 : si1, m = 1 : ui1, n = 12345678901234567890123456789012345678901234567890 : i200} : () -> ()
"test.floats"() {a = 1.0, b = -0.0, c = 0.1 : f32, d = 0.7 : f32, e = 3.14159274 : f32, f = 1.0e-5, g = 16777216.0 : f32,
  h = 0x7F800000 : f32, i = 0xFF800001 : f32, j = 1.5 : bf16, k = 0.1 : bf16, l = 65504.0 : f16, m = 1.0e300,
  n = 2.0 : f8E4M3FN, o = 1.0e-40 : f32, p = 123456.789, q = 0.001 : f16, r = 1.0 : f80, s = 0.1 : f128,
  t = 5.0 : tf32, u = 0x7FF8000000000001 : f64} : () -> ()
"test.strings"() {a = "plain", b = "tab\09quote\22back\\slash\0Anew", c = "\C3\A9", d = "typed" : i32, e = ""} : () -> ()
"test.names"() {"quoted key" = 1, under_score, "1digit", dotted.name = "x", "a$b", "a-b", loc} : () -> ()
"test.arrays"() {a = [], b = [1, 2.0, 3 : i32, "s", [true], unit, {x = 1, y}, i32, 1.0 : f32, 4 : index, 0x7FF0000000000000 : f64]} : () -> ()
"test.symbols"() {a = @x, b = @x::@"y z"::@w, c = @"1"} : () -> ()
"test.types"() {a = i32, b = (i32) -> f32, c = () -> (), d = (i32, i32) -> (f32, f32), e = () -> (() -> ()), f = none,
  g = complex<f32>, h = tuple<>, i = tuple<i32, tuple<f32>>, j = vector<2x[4]xf32>, k = vector<f32>, l = tensor<*xf32>,
  m = tensor<?x0x4xi8>, n = tensor<2xf32, "enc">, o = memref<2x?xf32>, p = memref<*xf32, 3>, q = memref<4xf32, strided<[?], offset: ?>>,
  r = memref<4xf32, 1 : i32>, s = memref<2x2xf32, strided<[2, 1]>, 2>, t = si7, u = ui9, v = f4E2M1FN, w = tensor<2xf32, {a = 1}>,
  x = memref<4xf32, affine_map<(d0) -> (d0)>>, y = memref<4x4xf32, affine_map<(d0, d1) -> (d1, d0)>>, z = index} : () -> ()
"test.opaque"() {a = #unknown.attr<x y>, b = #unknown<plain>, c = #unknown<two words>, d = #unknown<nested<1>>, e = #unknown.attr,
  f = !unknown.type<a, [b]>, g = !unknown<t>, h = #unknown<"str">} : () -> ()
"test.dense_arrays"() {a = array<i32>, b = array<i64: 1, -2>, c = array<i1: true, false>, d = array<f32: 1.0, 0.1>, e = array<i8: -1>,
  f = array<ui8: 255>, g = array<bf16: 1.0>} : () -> ()
"test.distinct"() {a = distinct[5]<"one">, b = distinct[3]<unit>, c = distinct[5]<"one">, d = distinct[9]<>} : () -> ()
"test.strided"() {a = strided<[1, ?], offset: 3>, b = strided<[]>, c = strided<[2]>} : () -> ()
"test.both"() <{b = 2, a = 1}> {d = 4, c = 3} : () -> ()
"test.empty_attributes"() {} : () -> ()
