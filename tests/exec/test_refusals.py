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
FOLD = '({{ ^bb0(%l: tensor<f32>, %r: tensor<f32>): %p = stablehlo.{} %l, %r : tensor<f32> %q = stablehlo.{} %p, %r : tensor<f32> "stablehlo.return"(%q) : (tensor<f32>) -> () }})'
OTHER = FOLD.format('multiply', 'add')
GREATER = '({ ^bb0(%l: tensor<f32>, %r: tensor<f32>): %p = stablehlo.compare GE, %l, %r : (tensor<f32>, tensor<f32>) -> tensor<i1> "stablehlo.return"(%p) : (tensor<i1>) -> () })'
PLAIN = '({ ^bb0(%l: tensor<f32>, %r: tensor<f32>): %p = stablehlo.add %l, %r : tensor<f32> "stablehlo.return"(%p) : (tensor<f32>) -> () })'
FAR = 2147483647


def window(fold, size, low, out, rank=2):
    """A window of one size along all dimensions, with padding in front."""
    ones = ', '.join([str(size)] * rank)
    pads = ', '.join([f'[{low}, 0]'] * rank)
    t = 'x'.join(['4'] * rank)
    return (f'%i = stablehlo.constant dense<0.0> : tensor<f32> %a = stablehlo.constant dense<1.0> : tensor<{t}xf32> '
            f'%0 = "stablehlo.reduce_window"(%a, %i) <{{window_dimensions = array<i64: {ones}>, padding = dense<[{pads}]> : tensor<{rank}x2xi64>}}> {fold} : (tensor<{t}xf32>, tensor<f32>) -> tensor<{out}xf32>')


def experts(n):
    w = f'tensor<1x{n}x1x1xf32>'
    return (f'%t = stablehlo.constant dense<1.0> : tensor<1x4x1xf32> %i = stablehlo.constant dense<0> : tensor<1x4x1xi32> %m = stablehlo.constant dense<0> : tensor<1x4xi32> %w = stablehlo.constant dense<1.0> : {w} '
            f'%0 = "ttir.moe_compute"(%t, %i, %t, %m, %w, %w, %w) <{{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>, layer_id = 0 : ui32, output_height_shard_dim = 4 : ui32, intermediate_size = 1 : ui32, cluster_axis = 1 : ui32}}> '
            f': (tensor<1x4x1xf32>, tensor<1x4x1xi32>, tensor<1x4x1xf32>, tensor<1x4xi32>, {w}, {w}, {w}) -> tensor<1x4x1xf32>')


def calls_of_calls(calls, depth=6, each=10):
    """Each function calls the next one ten times: `depth` lines of calls come to a million ops."""
    text = ''
    for d in range(depth):
        text += f'func.func private @f{d}(%x: tensor<f32>) -> tensor<f32> {{\n'
        for i in range(each):
            before = f'%{i - 1}' if i else '%x'
            text += f'  %{i} = call @f{d + 1}({before}) : (tensor<f32>) -> tensor<f32>\n' if d + 1 < depth else f'  %{i} = stablehlo.add {before}, %x : tensor<f32>\n'
        text += f'  return %{each - 1} : tensor<f32>\n}}\n'
    return f'{calls}\nreturn %x : {X}\n}}\n{text}func.func private @unused(%x: {X}) -> {X} {{'


CALL_ALL = 'func.call @f0(%n) : (tensor<f32>) -> tensor<f32>'
cases += [
    ('%x: ' + X, experts(0), 'has weights of no expert'),
    (f'%x: {X}', f'%b = stablehlo.constant dense<1.0> : {Y} %0 = chlo.broadcast_add %x, %b {{broadcast_dimensions = array<i64: {", ".join(["1"] * 13)}>}} : ({X}, {Y}) -> {X}',
     'broadcasts along 13 dimensions, tensors have at most 12'),
    (f'%x: {X}', window(OTHER, 1, -9223372036854775808, '4x4'), 'has a padding of -9223372036854775808 and 0'),
    (f'%x: {X}', window(PLAIN, FAR, FAR, '5x5'), 'has windows of more than 2147483647 elements'),
    (f'%x: {X}', window(OTHER, FAR, FAR, '5x5'), 'is padded to more elements than can be counted'),
    (f'%x: {X}', f'%i = stablehlo.constant dense<0.0> : tensor<f32> %a = stablehlo.constant dense<1.0> : tensor<4x4x4xf32> %s = stablehlo.constant dense<1.0> : tensor<5x5x5xf32> '
     f'%0 = "stablehlo.select_and_scatter"(%a, %s, %i) <{{window_dimensions = array<i64: {FAR}, {FAR}, {FAR}>, padding = dense<[[{FAR}, 0], [{FAR}, 0], [{FAR}, 0]]> : tensor<3x2xi64>}}> {GREATER[:-1]}, {OTHER[1:]} '
     ': (tensor<4x4x4xf32>, tensor<5x5x5xf32>, tensor<f32>) -> tensor<4x4x4xf32>', 'has windows of more than 2147483647 elements'),
    (f'%x: {X}', f'%a = stablehlo.constant dense<1.0> : tensor<1x4x4x1xf32> %0 = "ttir.max_pool2d"(%a) <{{kernel = array<i32: {FAR}, {FAR}>, stride = array<i32: 1, 1>, padding = array<i32: {FAR}, {FAR}, 0, 0>, dilation = array<i32: 1, 1>, ceil_mode = false}}> '
     ': (tensor<1x4x4x1xf32>) -> tensor<1x5x5x1xf32>', 'has windows of more than 2147483647 elements'),
    (f'%x: {X}', calls_of_calls('%n = stablehlo.constant dense<1.0> : tensor<f32> %0 = ' + CALL_ALL), 'that a run has more than 1048576 steps'),
    (f'%x: {X}', calls_of_calls(f'%0 = "stablehlo.map"(%x) <{{dimensions = array<i64: 0, 1>}}> ({{ ^bb0(%n: tensor<f32>): %1 = {CALL_ALL} stablehlo.return %1 : tensor<f32> }}) : ({X}) -> {X}', 20), 'that a run has more than 1048576 steps'),
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
