func.func @f(%c: i1, %x: i32, %y: f32) -> i32 {
  cf.br ^bb1(%x : i32)
^bb1(%a: i32):
  cf.cond_br %c, ^bb2(%a, %y : i32, f32), ^bb3
^bb2(%b: i32, %z: f32):
  cf.cond_br %c weights([1, 3]), ^bb3, ^bb4 {tag}
^bb3:
  cf.switch %x : i32, [
    default: ^bb4,
    42: ^bb1(%x : i32),
    -1: ^bb2(%x, %y : i32, f32)
  ]
^bb4:
  cf.assert %c, "message \22quoted\22"
  cf.switch %x : i32, [
    default: ^bb5
  ] {tag}
^bb5:
  return %x : i32
}
