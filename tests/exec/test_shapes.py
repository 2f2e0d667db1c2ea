"""Shapes that types leave open are those of the inputs: one module over batches of several sizes, against PyTorch."""
import os
import subprocess
import sys
import tempfile

from op_cases import PROGRAM, load, np, save, torch  # which ends the test where there is no torch

F = torch.nn.functional
MODULE = """module {
func.func @main(%x: tensor<?x6xf32>, %w: tensor<6x4xf32>, %b: tensor<4xf32>, %i: tensor<?x5x5x3xf32>, %k: tensor<2x3x3x3xf32>, %ids: tensor<?xi32>)
    -> (tensor<?x4xf32>, tensor<?xf32>, tensor<4x?xf32>, tensor<?x2x2xf32>, tensor<?x10xf32>, tensor<?x3x3x2xf32>, tensor<?x4xf32>, tensor<?x?xf32>, tensor<1x?xf32>, tensor<?x4xf32>) {
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
  return %2, %3, %4, %5, %6, %7, %8, %9, %10, %11 : tensor<?x4xf32>, tensor<?xf32>, tensor<4x?xf32>, tensor<?x2x2xf32>, tensor<?x10xf32>, tensor<?x3x3x2xf32>, tensor<?x4xf32>, tensor<?x?xf32>, tensor<1x?xf32>, tensor<?x4xf32>
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
    for name, t in (('x', x), ('w', w), ('b', b), ('i', i), ('k', k), ('ids', ids)):
        save(f'{folder}/{name}.npy', t)
    done = run(folder, *(f'{folder}/{name}.npy' for name in ('x', 'w', 'b', 'i', 'k', 'ids')))
    if done.returncode:
        return [done.stderr[:500]]
    y, e = x @ w + b, w[ids.long()]
    want = [y.softmax(1), y.sum(1), y.T, y.reshape(-1, 2, 2), torch.cat([x, y], 1), F.conv2d(i.permute(0, 3, 1, 2), k).permute(0, 2, 3, 1), e, y @ e.T,
            (y @ e.T).max(0, keepdim=True).values, 2 * y]
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
    return out


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(f'{folder}/m.mlir', 'w') as f:
            f.write(MODULE)
        cases = [(f'{n}, {i} and {w} of them', lambda n=n, i=i, w=w: problems(folder, n, i, w)) for n, i, w in ((1, 1, 1), (5, 2, 3), (3, 4, 9))]
        cases.append(('what is left open', lambda: refusals(folder)))
        print(f'1..{len(cases)}')
        for number, (name, case) in enumerate(cases, 1):
            said = case()
            failed += bool(said)
            print(f'{"not ok" if said else "ok"} {number} - {name}')
            for line in said:
                print('# ' + line.replace('\n', '\n# '))
    sys.exit(1 if failed else 0)


main()
