"""Forms of ops that cannot be computed with are refused in a sentence, at the op's line, before anything runs or when its values show it."""
import os
import subprocess
import sys

X, Y = 'tensor<3x4xf32>', 'tensor<4xf32>'
SUM = '({ ^bb0(%l: tensor<4xf32>, %r: tensor<4xf32>): %p = "stablehlo.add"(%l, %r) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> "stablehlo.return"(%p, %p) : (tensor<4xf32>, tensor<4xf32>) -> () })'
SIZES = 'operandSegmentSizes = array<i32: 1, 1>, resultSegmentSizes = array<i32: 1, 1>'
CALL = '"stablehlo.custom_call"(%x, %x, %x) <{call_target_name = "tt.flash_mla_prefill"}>'
FUTURE = '!stablehlo.future<tensor<3x4xf32>>'


def scan(dim, out):
    return f'%0:2 = "chlo.scan"(%x, %c) <{{dimension = {dim} : i64, {SIZES}}}> {SUM} : ({X}, {Y}) -> ({out}, {Y})'


# The function's arguments, its lines from the third on, and what is said of the third.
cases = [
    (f'%x: {X}, %f: {FUTURE}', f'%0 = "stablehlo.async_done"(%f) : ({FUTURE}) -> {X}', 'waits for a computation that is not started in this function'),
    (f'%x: {X}, %n: tensor<i32>', f'%0 = "stablehlo.set_dimension_size"(%x, %n) <{{dimension = 1 : i64}}> : ({X}, tensor<i32>) -> tensor<3x?xf32>',
     'sets a dimension to a number that is not known before it runs, which leaves its result without a shape'),
    (f'%x: {X}, %n: tensor<i32>', f'%0 = "stablehlo.set_dimension_size"(%x, %n) <{{dimension = 1 : i64}}> : ({X}, tensor<i32>) -> tensor<3x9xf32>',
     'sets a dimension of 4 to 9: what would stand behind its end is not defined'),
    (f'%x: {X}', f'%n = "stablehlo.get_dimension_size"(%x) <{{dimension = 0 : i64}}> : ({X}) -> tensor<i32> %0 = "stablehlo.set_dimension_size"(%x, %n) <{{dimension = 1 : i64}}> : ({X}, tensor<i32>) -> {X}',
     'sets a dimension to 3, its type says 4'),
    # a size that is worked out in the run
    (f'%x: {X}', f'%l = stablehlo.constant dense<9> : tensor<1xi32> %n = stablehlo.reshape %l : (tensor<1xi32>) -> tensor<i32> %m = stablehlo.abs %n : tensor<i32> '
     f'%0 = "stablehlo.set_dimension_size"(%x, %m) <{{dimension = 1 : i64}}> : ({X}, tensor<i32>) -> {X}', 'a dimension is set to 9, its type says 4'),
    (f'%x: {X}, %c: {Y}', scan(0, 'tensor<3x5xf32>'), 'gives value 0 of another type in a round than its result has'),
    (f'%x: {X}, %c: {Y}', scan(7, X), 'scans dimension 7 of a value of 2 dimensions'),
    (f'%x: {X}', f'%0 = {CALL} {{mhlo.frontend_attributes = {{has_value = "False", has_attention_mask = "False"}}}} : ({X}, {X}, {X}) -> {X}',
     'has 3 operands, its attributes say another number'),
]
failed = 0
print(f'1..{len(cases)}')
for i, (args, op, text) in enumerate(cases):
    module = f'module {{\nfunc.func @main({args}) -> {X} {{\n{op}\nreturn %x : {X}\n}}\n}}\n'
    done = subprocess.run([os.environ['TTX_PROGRAM'], 'run', '-', '--seed', '1'], input=module, capture_output=True, text=True)
    good = done.returncode == 1 and text in done.stderr
    failed += not good
    print(f'{"ok" if good else "not ok"} {i + 1} - {text}')
    if not good:
        print(f'# {done.returncode}: {done.stderr[:600]!r}')
sys.exit(failed != 0)
