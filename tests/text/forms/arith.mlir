func.func @constants() {
  %a = arith.constant 0 : i32
  %b = arith.constant 1 : index
  %c = arith.constant true
  %d = arith.constant false
  %e = arith.constant 1.5 : f32
  %f = arith.constant dense<1> : tensor<4xi32>
  %g = arith.constant dense<[1.0, 2.0]> : vector<2xf32>
  %h = arith.constant -5 : i8
  %i = arith.constant {tag = "x"} 7 : i64
  %j = arith.constant 0x7FC00000 : f32
  %k = arith.constant 0 : index
  %l = arith.constant 0 : index
  return
}
func.func @ints(%a: i32, %b: i32, %v: vector<4xi32>, %t: tensor<?x4xi32>, %x: index) -> i32 {
  %0 = arith.addi %a, %b : i32
  %1 = arith.addi %a, %b overflow<nsw> : i32
  %2 = arith.addi %a, %b overflow<nsw, nuw> : i32
  %3 = arith.subi %0, %1 {tag = 1 : i32} : i32
  %4 = arith.muli %v, %v : vector<4xi32>
  %5 = arith.divsi %a, %b : i32
  %6 = arith.ceildivui %a, %b : i32
  %7 = arith.shli %a, %b overflow<nuw> : i32
  %8 = arith.cmpi slt, %a, %b : i32
  %9 = arith.cmpi eq, %v, %v : vector<4xi32>
  %10 = arith.cmpi uge, %t, %t : tensor<?x4xi32>
  %11 = arith.select %8, %a, %b : i32
  %12 = arith.select %9, %v, %v : vector<4xi1>, vector<4xi32>
  %13 = arith.select %8, %t, %t : tensor<?x4xi32>
  %14, %15 = arith.addui_extended %a, %b : i32, i1
  %16, %17 = arith.mulsi_extended %a, %b : i32
  %18, %19 = arith.mului_extended %v, %v : vector<4xi32>
  %20 = arith.extsi %a : i32 to i64
  %21 = arith.extui %a : i32 to i64
  %22 = arith.trunci %20 : i64 to i32
  %23 = arith.trunci %20 overflow<nsw> : i64 to i32
  %24 = arith.index_cast %a : i32 to index
  %25 = arith.index_castui %x : index to i32
  %26 = arith.shrsi %a, %b exact : i32
  %27 = arith.divui %a, %b exact : i32
  %28 = arith.bitcast %a : i32 to f32
  return %11 : i32
}
func.func @floats(%a: f32, %b: f32, %v: vector<4xf32>) {
  %0 = arith.addf %a, %b : f32
  %1 = arith.addf %a, %b fastmath<fast> : f32
  %2 = arith.mulf %a, %b fastmath<nnan,ninf> : f32
  %3 = arith.negf %a : f32
  %4 = arith.cmpf oeq, %a, %b : f32
  %5 = arith.cmpf ult, %v, %v fastmath<contract> : vector<4xf32>
  %6 = arith.extf %a : f32 to f64
  %7 = arith.truncf %6 : f64 to f32
  %8 = arith.truncf %6 to_nearest_even : f64 to f32
  %9 = arith.fptosi %a : f32 to i32
  %10 = arith.uitofp %9 : i32 to f32
  %11 = arith.maximumf %a, %b : f32
  %12 = arith.minnumf %a, %b fastmath<reassoc> : f32
  return
}
