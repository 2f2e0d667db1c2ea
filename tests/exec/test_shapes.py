"""Shapes that types leave open are those of the inputs: one module over batches of several sizes, against PyTorch."""
import os
import subprocess
import sys
import tempfile

from op_cases import PROGRAM, load, np, save, torch  # which ends the test where there is no torch

F = torch.nn.functional
MODULE = """module {
func.func @main(%x: tensor<?x6xf32>, %w: tensor<6x4xf32>, %b: tensor<4xf32>, %i: tensor<?x5x5x3xf32>, %k: tensor<2x3x3x3xf32>, %ids: tensor<?xi32>, %h: tensor<?x?x5x3xf32>)
    -> (tensor<?x4xf32>, tensor<?xf32>, tensor<4x?xf32>, tensor<?x2x2xf32>, tensor<?x10xf32>, tensor<?x3x3x2xf32>, tensor<?x4xf32>, tensor<?x?xf32>, tensor<1x?xf32>, tensor<?x4xf32>,
     tensor<?x2xf32>, tensor<?x7xf32>, tensor<?x?x4x3xf32>, tensor<?x?x3x3xf32>, tensor<?x3xf32>, tensor<?x6xf32>, tensor<?x1x1x3xf32>) {
  %0 = "ttir.matmul"(%x, %w) : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
  %1 = "ttir.add"(%0, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %2 = "ttir.softmax"(%1) <{dimension = 1 : si32}> : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = "ttir.sum"(%1) <{dim_arg = [1 : i32], keep_dim = false}> : (tensor<?x4xf32>) -> tensor<?xf32>
  %4 = "ttir.permute"(%1) <{permutation = array<i64: 1, 0>}> : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %5 = "ttir.reshape"(%1) <{shape = [-1 : i32, 2 : i32, 2 : i32]}> : (tensor<?x4xf32>) -> tensor<?x2x2xf32>
  %6 = "ttir.concat"(%x, %1) <{dim = 1 : si32}> : (tensor<?x6xf32>, tensor<?x4xf32>) -> tensor<?x10xf32>
  %7 = "ttir.conv2d"(%i, %k) <{stride = 1 : i32, padding = 0 : i32, dilation = 1 : i32, groups = 1 : i32}> : (tensor<?x5x5x3xf32>, tensor<2x3x3x3xf32>) -> tensor<?x3x3x2xf32>
  %8 = "ttir.embedding"(%ids, %w) : (tensor<?xi32>, tensor<6x4xf32>) -> tensor<?x4xf32>
  %9 = "stablehlo.dot_general"(%1, %8) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [1]>}> : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x?xf32>
  %10 = "ttir.max"(%9) <{dim_arg = [0 : i32], keep_dim = true}> : (tensor<?x?xf32>) -> tensor<1x?xf32>
  %11 = func.call @twice(%1) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %12 = "ttir.slice_static"(%1) <{begins = [0 : i32, 1 : i32], ends = [2147483647 : i32, 4 : i32], step = [2 : i32, 2 : i32]}> : (tensor<?x4xf32>) -> tensor<?x2xf32>
  %13 = "ttir.pad"(%1) <{padding = array<i32: 2, 1, 0, 3>, value = 2.5 : f32}> : (tensor<?x4xf32>) -> tensor<?x7xf32>
  %14 = "ttir.max_pool2d"(%h) <{kernel = array<i32: 2, 2>, stride = array<i32: 2, 1>, dilation = array<i32: 1, 1>, padding = array<i32: 1, 0, 0, 0>, ceil_mode = false}> : (tensor<?x?x5x3xf32>) -> tensor<?x?x4x3xf32>
  %15 = "ttir.avg_pool2d"(%h) <{kernel = array<i32: 3, 3>, stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>, padding = array<i32: 1, 1, 1, 1>, ceil_mode = true, count_include_pad = false}> : (tensor<?x?x5x3xf32>) -> tensor<?x?x3x3xf32>
  %16 = "stablehlo.slice"(%x) <{start_indices = array<i64: 0, 1>, limit_indices = array<i64: 1, 6>, strides = array<i64: 1, 2>}> : (tensor<?x6xf32>) -> tensor<?x3xf32>
  %zero = "stablehlo.constant"() <{value = dense<0.5> : tensor<f32>}> : () -> tensor<f32>
  %17 = "stablehlo.pad"(%x, %zero) <{edge_padding_low = array<i64: 1, 0>, edge_padding_high = array<i64: -1, 0>, interior_padding = array<i64: 1, 0>}> : (tensor<?x6xf32>, tensor<f32>) -> tensor<?x6xf32>
  %18 = "ttir.global_avg_pool2d"(%h) : (tensor<?x?x5x3xf32>) -> tensor<?x1x1x3xf32>
  return %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18 : tensor<?x4xf32>, tensor<?xf32>, tensor<4x?xf32>, tensor<?x2x2xf32>, tensor<?x10xf32>, tensor<?x3x3x2xf32>, tensor<?x4xf32>, tensor<?x?xf32>, tensor<1x?xf32>, tensor<?x4xf32>, tensor<?x2xf32>, tensor<?x7xf32>, tensor<?x?x4x3xf32>, tensor<?x?x3x3xf32>, tensor<?x3xf32>, tensor<?x6xf32>, tensor<?x1x1x3xf32>
}
func.func private @twice(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = "ttir.add"(%x, %x) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
}
"""


def run(folder, *options):
    return subprocess.run([PROGRAM, 'run', f'{folder}/m.mlir', '--outputs', f'{folder}/out_%d.npy', '--inputs', *options],
                          capture_output=True, text=True)


def problems(folder, n, images, words):
    torch.manual_seed(n)
    x, w, b = torch.randn(n, 6), torch.randn(6, 4), torch.randn(4)
    i, k, ids = torch.randn(images, 5, 5, 3), torch.randn(2, 3, 3, 3), torch.randint(0, 6, (words,)).int()
    h = torch.randn(images, 4 + words, 5, 3)
    for name, t in (('h', h), ('x', x), ('w', w), ('b', b), ('i', i), ('k', k), ('ids', ids)):
        save(f'{folder}/{name}.npy', t)
    done = run(folder, *(f'{folder}/{name}.npy' for name in ('x', 'w', 'b', 'i', 'k', 'ids', 'h')))
    if done.returncode:
        return [done.stderr[:500]]
    y, e = x @ w + b, w[ids.long()]
    want = [y.softmax(1), y.sum(1), y.T, y.reshape(-1, 2, 2), torch.cat([x, y], 1), F.conv2d(i.permute(0, 3, 1, 2), k).permute(0, 2, 3, 1), e, y @ e.T,
            (y @ e.T).max(0, keepdim=True).values, 2 * y, y[::2, 1:4:2], F.pad(y, (0, 3, 2, 1), value=2.5)]
    hc = h.permute(0, 3, 1, 2)
    odd = torch.full((2 * n - 1, 6), 0.5)
    odd[::2] = x
    want += [F.max_pool2d(F.pad(hc, (0, 0, 1, 0), value=-torch.inf), 2, (2, 1)).permute(0, 2, 3, 1),
             F.avg_pool2d(hc, 3, 2, 1, ceil_mode=True, count_include_pad=False).permute(0, 2, 3, 1), x[:1, 1:6:2],
             torch.cat([torch.full((1, 6), 0.5), odd[:-1]]), h.mean((1, 2), keepdim=True)]
    return [f'result {r}: {g.shape}, {tuple(v.shape)}' for r, v in enumerate(want)
            if (g := load(f'{folder}/out_{r}.npy')).shape != tuple(v.shape) or not np.allclose(g, v.numpy(), 1e-4, 1e-4)]


def refusals(folder):
    """Open shapes that no input decides, and inputs that do not fit what is closed."""
    save(f'{folder}/bad.npy', torch.randn(5, 7))
    out = []
    for options, text in ((('w=' + f'{folder}/w.npy',), 'takes argument 0 of a shape that is left open; give it an input'),
                          ((f'{folder}/bad.npy',), "does not fit argument 0 'x' (?x6xf32): its shape does not match")):
        done = run(folder, *options)
        if done.returncode not in (1, 2) or text not in done.stderr:
            out.append(f'{done.returncode}: {done.stderr[:300]}')
    # amounts that are operands and give another shape than the type's
    for amounts, text in ((([1], [0], [0]), None), (([1], [1], [0]), 'pads dimension 0 to another size'), (([3], [0], [-1]), 'pads dimension 0 to another size'),
                          (([2**31 - 1], [-2**31 + 1], [0]), 'pads dimension 0 to another size')):
        constants = ''.join(f'%{n} = "stablehlo.constant"() <{{value = dense<{v}> : tensor<1xi32>}}> : () -> tensor<1xi32> ' for n, v in zip('abc', amounts))
        text_of = (f'func.func @main(%x: tensor<3xf32>, %v: tensor<f32>) -> tensor<4xf32> {{ {constants}%0 = "stablehlo.dynamic_pad"(%x, %v, %a, %b, %c) : '
                   '(tensor<3xf32>, tensor<f32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> tensor<4xf32> return %0 : tensor<4xf32> }')
        done = subprocess.run([PROGRAM, 'run', '-'], input=text_of, capture_output=True, text=True)
        if (done.returncode != 0) != bool(text) or (text or '') not in done.stderr:
            out.append(f'{amounts}: {done.returncode}: {done.stderr[:300]}')
    return out


def bounds(folder):
    """What a type says an open dimension may be at most holds for inputs and for what ops give."""
    out = []
    most = 'tensor<?x?x2xf32, #stablehlo.bounds<6, ?, ?>>'
    for n, copies, text in ((3, 1, None), (6, 1, None), (7, 1, 'takes argument 0 with at most 6 in dimension 0, its input has 7'), (3, 2, None),
                            (4, 2, 'gives a tensor of 8 in dimension 0, where its type allows 6'), (0, 2, None)):
        x = torch.randn(n, 9, 2)
        save(f'{folder}/bounded.npy', x)
        done = subprocess.run([PROGRAM, 'run', '-', '--outputs', f'{folder}/bounded_%d.npy', '--inputs', f'{folder}/bounded.npy'], capture_output=True, text=True, input=(
            f'func.func @main(%x: {most}) -> {most} {{ %0 = "stablehlo.concatenate"({", ".join(["%x"] * copies)}) <{{dimension = 0 : i64}}> : '
            f'({", ".join([most] * copies)}) -> {most} return %0 : {most} }}'))
        if (done.returncode != 0) != bool(text) or (text or '') not in done.stderr:
            out.append(f'{n}, {copies} times: {done.returncode}: {done.stderr[:300]}')
        elif not text and not np.array_equal(load(f'{folder}/bounded_0.npy'), torch.cat([x] * copies).numpy()):
            out.append(f'{n}, {copies} times: other numbers')
    return out


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(f'{folder}/m.mlir', 'w') as f:
            f.write(MODULE)
        cases = [(f'{n}, {i} and {w} of them', lambda n=n, i=i, w=w: problems(folder, n, i, w)) for n, i, w in ((1, 1, 1), (5, 2, 3), (3, 4, 9))]
        cases.append(('what is left open', lambda: refusals(folder)))
        cases.append(('what is bounded', lambda: bounds(folder)))
        print(f'1..{len(cases)}')
        for number, (name, case) in enumerate(cases, 1):
            said = case()
            failed += bool(said)
            print(f'{"not ok" if said else "ok"} {number} - {name}')
            for line in said:
                print('# ' + line.replace('\n', '\n# '))
    sys.exit(1 if failed else 0)


main()
