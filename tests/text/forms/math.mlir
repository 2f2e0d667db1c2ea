func.func @f(%a: f32, %v: vector<4xf32>, %i: i32) {
  %0 = math.absf %a : f32
  %1 = math.exp %v : vector<4xf32>
  %2 = math.sqrt %a fastmath<fast> : f32
  %3 = math.powf %a, %a : f32
  %4 = math.fma %a, %a, %a : f32
  %5 = math.ctlz %i : i32
  %6 = math.fpowi %a, %i : f32, i32
  %7 = math.isnan %a : f32
  %8, %9 = math.sincos %a : f32
  %10 = math.ipowi %i, %i : i32
  %11 = ub.poison : i32
  return
}
