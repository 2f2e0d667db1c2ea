"""Ops against PyTorch: a module of cases for each element type, run once, each result compared.

A case is an op's text, its operands' names and what torch computes. Without python3-torch the test is skipped. Each module
runs with the fast kernels, with the plain ones, and with another number of threads, which must give the same bytes.

    import op_cases
    from op_cases import torch

    def elementwise(m):
        a = m.arg(torch.randn(3, 4))
        m.op('ttir.abs', [a], '', a[1].abs())

    op_cases.main([(elementwise, 'f32'), (elementwise, 'bf16')])
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from with_torch import np, torch  # noqa: E402

PROGRAM = os.environ['TTX_PROGRAM']
torch.manual_seed(5)
TYPES = {'f32': torch.float32, 'bf16': torch.bfloat16, 'i32': torch.int32, 'i1': torch.bool, 'i64': torch.int64,
         'ui16': torch.int32, 'f64': torch.float64, 'complex<f32>': torch.complex64, 'complex<f64>': torch.complex128}


class Module:
    def __init__(self, number):
        self.number = number  # what "$T" stands for
        self.args, self.body, self.results, self.want, self.names, self.tolerances = [], [], [], [], [], []

    def type_of(self, tensor, name=None):
        name = name or next(k for k, v in TYPES.items() if v == tensor.dtype)
        return 'tensor<' + ''.join(f'{d}x' for d in tensor.shape) + name + '>'

    def arg(self, tensor):
        if tensor.is_floating_point():
            tensor = tensor.to(TYPES[self.number])
        self.args.append(tensor)
        return f'%a{len(self.args) - 1}', tensor

    def op(self, op, operands, attrs, want, tolerance=None, types=None):
        """One op whose results are `want` (a tensor or a list)."""
        want = want if isinstance(want, (list, tuple)) else [want]
        names = []
        for i, w in enumerate(want):
            if w.is_floating_point():
                want = list(want)
                want[i] = w.to(TYPES[self.number])
            names.append(f'%r{len(self.results) + i}')
        out_types = [self.type_of(w, t) for w, t in zip(want, types or [None] * len(want))]
        left = ', '.join(names)
        self.body.append(f'{left} = "{op}"({", ".join(n for n, _ in operands)}) {attrs} : '
                         f'({", ".join(self.type_of(t) for _, t in operands)}) -> ({", ".join(out_types)})')
        for n, w, t in zip(names, want, out_types):
            self.results.append((n, t))
            self.want.append(w)
            self.names.append(op)
            self.tolerances.append(tolerance)

    def in_place(self, op, operands, attrs, want, changed=0, tolerance=None):
        """An op without results that changes one of its operands, an argument: that is what is compared."""
        self.body.append(f'"{op}"({", ".join(n for n, _ in operands)}) {attrs} : ({", ".join(self.type_of(t) for _, t in operands)}) -> ()')
        self.given(op, operands[changed][0], want, tolerance)

    def given(self, op, name, want, tolerance=None):
        """A value of the body that is compared, too."""
        if want.is_floating_point():
            want = want.to(TYPES[self.number])
        self.results.append((name, self.type_of(want)))
        self.want.append(want)
        self.names.append(op)
        self.tolerances.append(tolerance)

    def text(self):
        args = ', '.join(f'%a{i}: {self.type_of(t)}' for i, t in enumerate(self.args))
        types = ', '.join(t for _, t in self.results)
        return (f'module {{ func.func @main({args}) -> ({types}) {{\n  ' + '\n  '.join(self.body) +
                f'\n  return {", ".join(n for n, _ in self.results)} : {types}\n}} }}\n')


def save(path, tensor):
    if tensor.dtype == torch.bfloat16:
        bits = np.ascontiguousarray(tensor.float().numpy()).reshape(-1).view(np.uint32) >> 16
        np.save(path, bits.astype(np.uint16).view('V2').reshape(tensor.shape))
    else:
        np.save(path, tensor.numpy())


def load(path):
    a = np.load(path)
    if a.dtype.kind == 'V':
        bits = a.reshape(-1).view(np.uint16).astype(np.uint32) << 16
        a = bits.view(np.float32).reshape(a.shape)
    return a.astype(np.complex128 if a.dtype.kind == 'c' else np.float64)


def run(module, folder, *options):
    path = os.path.join(folder, 'ops.mlir')
    with open(path, 'w') as f:
        f.write(module.text())
    inputs = []
    for i, t in enumerate(module.args):
        inputs.append(os.path.join(folder, f'in{i}.npy'))
        save(inputs[-1], t)
    out = os.path.join(folder, 'out%d.npy')
    r = subprocess.run([PROGRAM, 'run', path, *options, '--outputs', out, '--inputs', *inputs], capture_output=True,
                       text=True, check=False)
    if r.returncode:
        raise RuntimeError(r.stderr[:3000])
    return [load(out.replace('%d', str(i))) for i in range(len(module.want))]


def differs(name, got, want, number, tolerance):
    want = want.to(torch.complex128 if want.is_complex() else torch.float64).numpy()
    if got.shape != want.shape:
        return f'{name}: shape {got.shape}, expected {want.shape}'
    scale = 1e-2 if number == 'bf16' else 2e-6
    limit = (tolerance or scale) * (np.abs(want) + (0.3 if number == 'bf16' else 1))
    with np.errstate(invalid='ignore'):
        bad = ~((np.abs(got - want) <= limit) | (got == want) | (np.isnan(got) & np.isnan(want)))
    if bad.any():
        at = np.argwhere(bad)[0]
        return f'{name}: {got[tuple(at)]!r}, expected {want[tuple(at)]!r} at {at.tolist()} ({bad.sum()} of {bad.size})'
    return None


def main(cases):
    """Groups of cases, each with what "$T" stands for: the element type of its floating-point arguments."""
    print(f'1..{len(cases)}')
    failed = 0
    for i, (group, number) in enumerate(cases):
        m = Module(number)
        group(m)
        problems = []
        with tempfile.TemporaryDirectory() as folder:
            try:
                first = run(m, folder, '--threads', '1')
                for how, got in ((), first), (('--reference',), run(m, folder, '--reference')):
                    for name, g, w, t in zip(m.names, got, m.want, m.tolerances):
                        text = differs(name, g, w, number, t)
                        if text:
                            problems.append(' '.join([text, *how]))
                for name, g, w in zip(m.names, run(m, folder, '--threads', '2'), first):
                    if g.tobytes() != w.tobytes():
                        problems.append(f'{name}: another result with two threads')
            except RuntimeError as e:
                problems.append(str(e))
        failed += bool(problems)
        print(f'{"not ok" if problems else "ok"} {i + 1} - {group.__name__} in {number}: {len(m.want)} results')
        for text in problems[:40]:
            print('# ' + text.replace('\n', '\n# '))
    sys.exit(1 if failed else 0)
