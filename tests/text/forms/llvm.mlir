llvm.mlir.global internal constant @str("hello\00") : !llvm.array<6 x i8>
llvm.mlir.global external @g() {addr_space = 0 : i32} : i32
llvm.mlir.global private @v(42 : i64) : i64
llvm.func @ext(i32, !llvm.ptr) -> i64
llvm.func @variadic(!llvm.ptr, ...) -> i32
llvm.func @f(%a: i32, %b: i32, %p: !llvm.ptr {llvm.noalias}, %c: i1, %x: f32) -> i32 {
  %0 = llvm.mlir.constant(1 : i32) : i32
  %1 = llvm.add %a, %b : i32
  %2 = llvm.mul %a, %b overflow<nsw> : i32
  %3 = llvm.icmp "slt" %a, %b : i32
  %4 = llvm.fcmp "oeq" %x, %x : f32
  %5 = llvm.alloca %0 x i32 : (i32) -> !llvm.ptr
  %6 = llvm.alloca %0 x i32 {alignment = 8 : i64} : (i32) -> !llvm.ptr
  llvm.store %a, %p : i32, !llvm.ptr
  %7 = llvm.load %p : !llvm.ptr -> i32
  %8 = llvm.getelementptr %p[%a, 1] : (!llvm.ptr, i32) -> !llvm.ptr, !llvm.struct<(i32, i64)>
  %9 = llvm.getelementptr inbounds %p[2] : (!llvm.ptr) -> !llvm.ptr, i32
  %10 = llvm.mlir.undef : !llvm.struct<(ptr, i64, array<2 x i64>)>
  %11 = llvm.insertvalue %p, %10[0] : !llvm.struct<(ptr, i64, array<2 x i64>)>
  %12 = llvm.extractvalue %11[2, 1] : !llvm.struct<(ptr, i64, array<2 x i64>)>
  %13 = llvm.mlir.zero : !llvm.ptr
  %14 = llvm.ptrtoint %p : !llvm.ptr to i64
  %15 = llvm.call @ext(%a, %p) : (i32, !llvm.ptr) -> i64
  %16 = llvm.call @variadic(%p, %a) vararg(!llvm.func<i32 (ptr, ...)>) : (!llvm.ptr, i32) -> i32
  %17 = llvm.intr.stacksave : !llvm.ptr
  llvm.intr.stackrestore %17 : !llvm.ptr
  %18 = llvm.mlir.addressof @g : !llvm.ptr
  %19 = llvm.zext %a : i32 to i64
  %20 = llvm.fadd %x, %x : f32
  %21 = llvm.fadd %x, %x {fastmathFlags = #llvm.fastmath<fast>} : f32
  %22 = llvm.select %c, %a, %b : i1, i32
  llvm.br ^bb1(%a : i32)
^bb1(%i: i32):
  llvm.cond_br %c, ^bb2, ^bb1(%b : i32)
^bb2:
  llvm.switch %a : i32, ^bb3 [
    1: ^bb3,
    2: ^bb1(%a : i32)
  ]
^bb3:
  %30 = llvm.intr.smax(%a, %b) : (i32, i32) -> i32
  "llvm.intr.memcpy"(%p, %p, %a) <{isVolatile = false}> : (!llvm.ptr, !llvm.ptr, i32) -> ()
  llvm.return %1 : i32
}
llvm.func internal @h() attributes {passthrough = ["noinline"]} {
  llvm.unreachable
}
