// A transformer block: attention of four heads and a multilayer perceptron, each with a layer norm before it and a
// residual around it. 32 tokens of 64 numbers. Written for this project.
module @TransformerBlock {
  func.func @forward(
      %arg0: tensor<1x32x64xbf16> {ttcore.argument_type = #ttcore.argument_type<input>, ttir.name = "hidden_states"},
      %arg1: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.norm1.weight"},
      %arg2: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.norm1.bias"},
      %arg3: tensor<64x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.attn.q_proj.weight"},
      %arg4: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.attn.q_proj.bias"},
      %arg5: tensor<64x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.attn.k_proj.weight"},
      %arg6: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.attn.k_proj.bias"},
      %arg7: tensor<64x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.attn.v_proj.weight"},
      %arg8: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.attn.v_proj.bias"},
      %arg9: tensor<64x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.attn.out_proj.weight"},
      %arg10: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.attn.out_proj.bias"},
      %arg11: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.norm2.weight"},
      %arg12: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.norm2.bias"},
      %arg13: tensor<64x256xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.mlp.up.weight"},
      %arg14: tensor<256xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.mlp.up.bias"},
      %arg15: tensor<256x64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.mlp.down.weight"},
      %arg16: tensor<64xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>, ttir.name = "block0.mlp.down.bias"})
      -> (tensor<1x32x64xbf16> {ttir.name = "hidden_states_out"}) {
    %0 = "ttir.layer_norm"(%arg0, %arg1, %arg2) <{epsilon = 9.99999974E-6 : f32, normalized_shape = array<i64: 64>, operandSegmentSizes = array<i32: 1, 1, 1>}> : (tensor<1x32x64xbf16>, tensor<64xbf16>, tensor<64xbf16>) -> tensor<1x32x64xbf16> loc(#loc1)
    %1 = "ttir.linear"(%0, %arg3, %arg4) <{transpose_a = false, transpose_b = false}> : (tensor<1x32x64xbf16>, tensor<64x64xbf16>, tensor<64xbf16>) -> tensor<1x32x64xbf16> loc(#loc2)
    %2 = "ttir.reshape"(%1) <{shape = [1 : i32, 32 : i32, 4 : i32, 16 : i32]}> : (tensor<1x32x64xbf16>) -> tensor<1x32x4x16xbf16> loc(#loc3)
    %3 = "ttir.permute"(%2) <{permutation = array<i64: 0, 2, 1, 3>}> : (tensor<1x32x4x16xbf16>) -> tensor<1x4x32x16xbf16> loc(#loc4)
    %4 = "ttir.linear"(%0, %arg5, %arg6) <{transpose_a = false, transpose_b = false}> : (tensor<1x32x64xbf16>, tensor<64x64xbf16>, tensor<64xbf16>) -> tensor<1x32x64xbf16> loc(#loc5)
    %5 = "ttir.reshape"(%4) <{shape = [1 : i32, 32 : i32, 4 : i32, 16 : i32]}> : (tensor<1x32x64xbf16>) -> tensor<1x32x4x16xbf16> loc(#loc6)
    %6 = "ttir.permute"(%5) <{permutation = array<i64: 0, 2, 1, 3>}> : (tensor<1x32x4x16xbf16>) -> tensor<1x4x32x16xbf16> loc(#loc7)
    %7 = "ttir.linear"(%0, %arg7, %arg8) <{transpose_a = false, transpose_b = false}> : (tensor<1x32x64xbf16>, tensor<64x64xbf16>, tensor<64xbf16>) -> tensor<1x32x64xbf16> loc(#loc8)
    %8 = "ttir.reshape"(%7) <{shape = [1 : i32, 32 : i32, 4 : i32, 16 : i32]}> : (tensor<1x32x64xbf16>) -> tensor<1x32x4x16xbf16> loc(#loc9)
    %9 = "ttir.permute"(%8) <{permutation = array<i64: 0, 2, 1, 3>}> : (tensor<1x32x4x16xbf16>) -> tensor<1x4x32x16xbf16> loc(#loc10)
    %10 = "ttir.matmul"(%3, %6) <{transpose_a = false, transpose_b = true}> : (tensor<1x4x32x16xbf16>, tensor<1x4x32x16xbf16>) -> tensor<1x4x32x32xbf16> loc(#loc11)
    %11 = "ttir.full"() <{fill_value = 2.500000e-01 : f32, shape = array<i32: 1, 1, 1, 1>}> : () -> tensor<1x1x1x1xbf16> loc(#loc12)
    %12 = "ttir.multiply"(%10, %11) : (tensor<1x4x32x32xbf16>, tensor<1x1x1x1xbf16>) -> tensor<1x4x32x32xbf16> loc(#loc13)
    %13 = "ttir.softmax"(%12) <{dimension = -1 : si32, numericStable = true}> : (tensor<1x4x32x32xbf16>) -> tensor<1x4x32x32xbf16> loc(#loc14)
    %14 = "ttir.matmul"(%13, %9) <{transpose_a = false, transpose_b = false}> : (tensor<1x4x32x32xbf16>, tensor<1x4x32x16xbf16>) -> tensor<1x4x32x16xbf16> loc(#loc15)
    %15 = "ttir.permute"(%14) <{permutation = array<i64: 0, 2, 1, 3>}> : (tensor<1x4x32x16xbf16>) -> tensor<1x32x4x16xbf16> loc(#loc16)
    %16 = "ttir.reshape"(%15) <{shape = [1 : i32, 32 : i32, 64 : i32]}> : (tensor<1x32x4x16xbf16>) -> tensor<1x32x64xbf16> loc(#loc17)
    %17 = "ttir.linear"(%16, %arg9, %arg10) <{transpose_a = false, transpose_b = false}> : (tensor<1x32x64xbf16>, tensor<64x64xbf16>, tensor<64xbf16>) -> tensor<1x32x64xbf16> loc(#loc18)
    %18 = "ttir.add"(%arg0, %17) : (tensor<1x32x64xbf16>, tensor<1x32x64xbf16>) -> tensor<1x32x64xbf16> loc(#loc19)
    %19 = "ttir.layer_norm"(%18, %arg11, %arg12) <{epsilon = 9.99999974E-6 : f32, normalized_shape = array<i64: 64>, operandSegmentSizes = array<i32: 1, 1, 1>}> : (tensor<1x32x64xbf16>, tensor<64xbf16>, tensor<64xbf16>) -> tensor<1x32x64xbf16> loc(#loc20)
    %20 = "ttir.linear"(%19, %arg13, %arg14) <{transpose_a = false, transpose_b = false}> : (tensor<1x32x64xbf16>, tensor<64x256xbf16>, tensor<256xbf16>) -> tensor<1x32x256xbf16> loc(#loc21)
    %21 = "ttir.gelu"(%20) : (tensor<1x32x256xbf16>) -> tensor<1x32x256xbf16> loc(#loc22)
    %22 = "ttir.linear"(%21, %arg15, %arg16) <{transpose_a = false, transpose_b = false}> : (tensor<1x32x256xbf16>, tensor<256x64xbf16>, tensor<64xbf16>) -> tensor<1x32x64xbf16> loc(#loc23)
    %23 = "ttir.add"(%18, %22) : (tensor<1x32x64xbf16>, tensor<1x32x64xbf16>) -> tensor<1x32x64xbf16> loc(#loc24)
    return %23 : tensor<1x32x64xbf16> loc(#loc25)
  } loc(#loc26)
} loc(#loc)
#loc = loc(unknown)
#loc1 = loc("block0/norm1")
#loc2 = loc("block0/attn/q_proj/linear")
#loc3 = loc("block0/attn/q_heads/split")
#loc4 = loc("block0/attn/q_heads/permute")
#loc5 = loc("block0/attn/k_proj/linear")
#loc6 = loc("block0/attn/k_heads/split")
#loc7 = loc("block0/attn/k_heads/permute")
#loc8 = loc("block0/attn/v_proj/linear")
#loc9 = loc("block0/attn/v_heads/split")
#loc10 = loc("block0/attn/v_heads/permute")
#loc11 = loc("block0/attn/scores/matmul")
#loc12 = loc("block0/attn/scores/scale")
#loc13 = loc("block0/attn/scores/scaled")
#loc14 = loc("block0/attn/softmax")
#loc15 = loc("block0/attn/context/matmul")
#loc16 = loc("block0/attn/context/permute")
#loc17 = loc("block0/attn/context/join")
#loc18 = loc("block0/attn/out_proj/linear")
#loc19 = loc("block0/residual1")
#loc20 = loc("block0/norm2")
#loc21 = loc("block0/mlp/up/linear")
#loc22 = loc("block0/mlp/gelu")
#loc23 = loc("block0/mlp/down/linear")
#loc24 = loc("block0/residual2")
#loc25 = loc("output")
#loc26 = loc("forward")
