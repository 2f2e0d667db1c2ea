"""Ops against PyTorch: a module of cases for each element type, run once, each result compared.

A case is an op's text, its operands' names and what torch computes. Without python3-torch the test is skipped. Each module
runs with the fast kernels, with the plain ones, and with other numbers of threads, which must give the same bytes. Ops that
the kernel table says do the same (ttnn.abs, stablehlo.abs) are cases as well, where they take the same operands and attributes.

    import op_cases
    from op_cases import torch

    def elementwise(m):
        a = m.arg(torch.randn(3, 4))
        m.op('ttir.abs', [a], '', a[1].abs())

    CASES = [(elementwise, 'f32'), (elementwise, 'bf16')]
    if __name__ == '__main__':
        op_cases.main(CASES)

Integers are int64 in torch, whatever their width; `kind` says it (m.numbers, op(types=...)), and what is compared is cut to it.
test_coverage.py asks each module's `cases()` which op is compared with what: hence CASES.
"""
import io
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from with_torch import np, torch  # noqa: E402

import op_data  # noqa: E402

PROGRAM = os.environ['TTX_PROGRAM']
# Fewer where the program is slow: under sanitizers and valgrind.
THREADS = os.environ.get('TTX_CASE_THREADS', '3' if 'TTX_SANITIZED' in os.environ else '2,3,5,8').split(',')
torch.manual_seed(5)
TYPES = {'f32': torch.float32, 'bf16': torch.bfloat16, 'f16': torch.float16, 'i32': torch.int32, 'i1': torch.bool, 'i64': torch.int64,
         'ui16': torch.int32, 'f64': torch.float64, 'complex<f32>': torch.complex64, 'complex<f64>': torch.complex128}
# How far off results may be, relative to |x| + the second number.
NEAR = {'bf16': (1e-2, 0.3), 'f16': (2e-3, 0.3)}


def near(number, f32, coarse):
    """A tolerance: the first for numbers as fine as f32's, the second for those of 16 bits."""
    return coarse if number in NEAR else f32


def is_integer(kind):
    return re.fullmatch(r'[su]?i\d+', kind) is not None and kind != 'i1'


def cast(tensor, kind):
    """A tensor in the numbers of an element type; integers are cut to their width, and stay int64."""
    if not is_integer(kind):
        return tensor.to(TYPES[kind])
    bits = int(kind.lstrip('sui'))
    wide = tensor.to(torch.int64)
    if bits < 64:
        wide = wide & (1 << bits) - 1
        if not kind.startswith('u'):
            wide = torch.where(wide >= 1 << bits - 1, wide - (1 << bits), wide)
    return wide


@dataclass
class Case:
    """An op that is compared: what its operands and results are, and which attributes count from the end."""
    op: str
    operands: list  # (shape, kind)
    results: list
    negative: set


class Module:
    def __init__(self, number):
        self.number = number  # what "$T" stands for
        self.args, self.body, self.results, self.want, self.names, self.tolerances = [], [], [], [], [], []
        self.mesh = ''  # "1x2": of devices
        self.kinds = {}  # of values whose torch type does not say it

    def type_of(self, tensor, name=None):
        name = name or next(k for k, v in TYPES.items() if v == tensor.dtype)
        return 'tensor<' + ''.join(f'{d}x' for d in tensor.shape) + name + '>'

    def device(self):
        """The operand that says where a TTNN op runs: it has to be there where the one before it need not."""
        if not any(line.startswith('%device = ') for line in self.body):
            self.body.append('%device = "ttnn.get_device"() <{mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device')
        return '%device', None

    def typed(self, operand):
        if operand[1] is None:
            return '!ttnn.device'
        return self.type_of(operand[1], self.kinds.get(operand[0]))

    def arg(self, tensor, kind=None):
        """An argument; reals are in numbers of the module's element type (as truth values: whether they are positive)."""
        name = f'%a{len(self.args)}'
        if kind is None and tensor.is_floating_point():
            kind = self.number
            tensor = tensor > 0 if kind == 'i1' else tensor
        if kind:
            tensor = cast(tensor, kind)
            if is_integer(kind):
                self.kinds[name] = kind
        self.args.append(tensor)
        return name, tensor

    def numbers(self, *shape, low=None, high=None, kind=None):
        """An argument of the element type: reals about 0, or all that an integer can be, between low and high where they are given."""
        kind = kind or self.number
        if kind in TYPES and TYPES[kind].is_floating_point:
            x = torch.randn(shape) if low is None else torch.rand(shape) * (high - low) + low
        elif kind == 'i1':
            x = torch.rand(shape) > 0.5
        else:
            bits = min(int(kind.lstrip('sui')), 40)
            least, most = (0, 1 << bits) if kind.startswith('u') else (-(1 << bits - 1), 1 << bits - 1)
            low, high = (least if low is None else max(low, least)), (most if high is None else min(high, most))
            x = torch.randint(int(low), int(high), shape)
        return self.arg(x, kind)

    def op(self, op, operands, attrs, want, tolerance=None, types=None, twins=True):
        """One op whose results are `want` (a tensor or a list), of the element types `types` where torch's do not say them; and the
        ops that do the same."""
        want = list(want) if isinstance(want, (list, tuple)) else [want]
        types = list(types or [None] * len(want))
        for i, w in enumerate(want):
            types[i] = types[i] or self.meant(w)
            want[i] = cast(w, types[i]) if types[i] else w
        self.write(op, operands, attrs, want, types, tolerance)
        given = frozenset(re.findall(r'(\w+) = ', attrs))
        for other in op_data.twins(op, given) if twins else ():
            if self.suits(other, operands, want, types):
                self.write(other, operands, op_data.attributes_for(other, attrs), want, types, tolerance)

    def meant(self, want):
        """The element type of a result when none is said: reals, and in a module of integers int64, are the module's numbers."""
        if want.is_floating_point() or (is_integer(self.number) and want.dtype == torch.int64):
            return self.number
        return None

    def suits(self, op, operands, want, types):
        """Whether operands and results are such as an op wants them that does the same as another one: StableHLO's neither
        broadcast nor take or give any element type."""
        if op.startswith(('ttir.', 'ttnn.')):
            return True
        shapes = {tuple(t.shape) for _, t in [*operands, *zip(types, want)]}
        result = self.kind_of(want[0], types[0])
        known = op_data.OPS[op]
        kinds = [self.kind_of(t, self.kinds.get(n)) for n, t in operands]
        if known.kinds_of(known.operands[0][1]) == {'i1'}:  # a condition
            if kinds[0] != 'i1':
                return False
            kinds = kinds[1:]
        alike = result == 'i1' if known.truth else {result} == set(kinds)
        spread = len(shapes) > 1 and not op.startswith('chlo.broadcast_')
        return set(kinds) <= known.admits and (op_data.KERNELS[op] != 'elementwise' or (alike and not spread))

    def kind_of(self, tensor, kind):
        return kind or next(k for k, v in TYPES.items() if v == tensor.dtype)

    def write(self, op, operands, attrs, want, types, tolerance):
        names = [f'%r{len(self.results) + i}' for i in range(len(want))]
        out_types = [self.type_of(w, t) for w, t in zip(want, types)]
        self.body.append(f'{", ".join(names)} = "{op}"({", ".join(n for n, _ in operands)}) {attrs} : '
                         f'({", ".join(map(self.typed, operands))}) -> ({", ".join(out_types)})')
        for n, w, t in zip(names, want, out_types):
            self.compare(op, n, w, t, tolerance)

    def compare(self, op, name, want, kind, tolerance):
        if kind.endswith('ui64>'):  # int64 wraps where these numbers have their upper half
            want = want.double() + (want < 0) * 2.0 ** 64
        self.results.append((name, kind))
        self.want.append(want)
        self.names.append(op)
        self.tolerances.append(tolerance)

    def in_place(self, op, operands, attrs, want, changed=0, tolerance=None):
        """An op without results that changes one of its operands, an argument: that is what is compared. Likewise the ops that
        do the same, each with a copy of that argument."""
        name, tensor = operands[changed]
        given = frozenset(re.findall(r'(\w+) = ', attrs))
        for each in [op, *op_data.twins(op, given)]:
            if each != op:
                operands = [*operands[:changed], self.arg(tensor.clone(), self.kinds.get(name)), *operands[changed + 1:]]
            self.body.append(f'"{each}"({", ".join(n for n, _ in operands)}) {attrs} : ({", ".join(map(self.typed, operands))}) -> ()')
            self.given(each, operands[changed][0], want, tolerance)

    def given(self, op, name, want, tolerance=None):
        """A value of the body that is compared, too."""
        kind = self.kinds.get(name) or self.meant(want)
        want = cast(want, kind) if kind else want
        self.compare(op, name, want, self.type_of(want, kind), tolerance)

    def text(self):
        args = ', '.join(f'%a{i}: {self.type_of(t, self.kinds.get(f"%a{i}"))}' for i, t in enumerate(self.args))
        types = ', '.join(t for _, t in self.results)
        mesh = f'attributes {{ttcore.meshes = #ttcore.meshes<[<"mesh" = {self.mesh}>]>}} ' if self.mesh else ''
        return (f'module {mesh}{{ func.func @main({args}) -> ({types}) {{\n  ' + '\n  '.join(self.body) +
                f'\n  return {", ".join(n for n, _ in self.results)} : {types}\n}} }}\n')

    def cases(self):
        """The ops whose results, or what is made of them, are compared."""
        wanted = {name for name, _ in self.results}
        for line in reversed(self.body):
            m = re.match(r'(?:(%[^=]*?)(?::\d+)? = )?"([\w.]+)"\(([^)]*)\)', line)
            made = re.findall(r'%\w+', m[1] or '')
            if made and not wanted & set(made):
                continue
            wanted |= set(re.findall(r'%\w+', m[3]))
            head, _, types = line.rpartition(' : (')
            before, _, after = types.partition(') -> ')
            yield Case(m[2], list(tensors(before)), list(tensors(after)),
                       negative(head[m.end():].split('({')[0]))


def negative(attrs):
    """The names of attributes that hold a negative number."""
    parts = re.split(r'(\w+) = ', attrs)
    return {name for name, value in zip(parts[1::2], parts[2::2]) if re.search(r'-\d', value)}


def tensors(text):
    for shape, kind in re.findall(r'tensor<((?:[\d?]+x)*)([^,<>]+(?:<[^<>]*>)?)', text):
        yield tuple(int(d) if d != '?' else -1 for d in shape.split('x') if d), kind


def save(path, tensor, kind=None):
    if tensor.dtype == torch.bfloat16:
        bits = np.ascontiguousarray(tensor.float().numpy()).reshape(-1).view(np.uint32) >> 16
        np.save(path, bits.astype(np.uint16).view('V2').reshape(tensor.shape))
    elif kind and is_integer(kind):
        np.save(path, tensor.numpy().astype(('u' if kind.startswith('u') else '') + 'int' + kind.lstrip('sui')))
    else:
        np.save(path, tensor.numpy())


def load(file):
    """The numbers of an .npy file, or of its bytes."""
    a = np.load(io.BytesIO(file) if isinstance(file, bytes) else file)
    if a.dtype.kind == 'V':
        bits = a.reshape(-1).view(np.uint16).astype(np.uint32) << 16
        a = bits.view(np.float32).reshape(a.shape)
    return a.astype(np.complex128 if a.dtype.kind == 'c' else np.float64)


def write(module, folder):
    """The module and its arguments as files."""
    Path(folder, 'ops.mlir').write_text(module.text())
    for i, t in enumerate(module.args):
        save(f'{folder}/in{i}.npy', t, module.kinds.get(f'%a{i}'))


def run(module, folder, *options):
    """The results as they are in files."""
    r = subprocess.run([PROGRAM, 'run', f'{folder}/ops.mlir', *options, '--outputs', f'{folder}/out%d.npy', '--inputs',
                        *(f'{folder}/in{i}.npy' for i in range(len(module.args)))], capture_output=True, text=True, check=False)
    if r.returncode:
        raise RuntimeError(r.stderr[:3000])
    return [Path(folder, f'out{i}.npy').read_bytes() for i in range(len(module.want))]


def differs(name, got, want, number, tolerance):
    want = want.to(torch.complex128 if want.is_complex() else torch.float64).numpy()
    if got.shape != want.shape:
        return f'{name}: shape {got.shape}, expected {want.shape}'
    scale, least = NEAR.get(number, (2e-6, 1))
    limit = (tolerance or scale) * (np.abs(want) + least)
    with np.errstate(invalid='ignore'):
        bad = ~((np.abs(got - want) <= limit) | (got == want) | (np.isnan(got) & np.isnan(want)))
    if bad.any():
        at = np.argwhere(bad)[0]
        return f'{name}: {got[tuple(at)]!r}, expected {want[tuple(at)]!r} at {at.tolist()} ({bad.sum()} of {bad.size})'
    return None


def build(group, number):
    m = Module(number)
    group(m)
    return m


def main(cases):
    """Groups of cases, each with what "$T" stands for: the element type of its floating-point arguments."""
    print(f'1..{len(cases)}')
    failed = 0
    for i, (group, number) in enumerate(cases):
        m = build(group, number)
        problems = []
        with tempfile.TemporaryDirectory(dir='/dev/shm' if os.path.isdir('/dev/shm') else None) as folder:
            try:
                write(m, folder)
                first = run(m, folder, '--threads', '1')
                for how, got in ((), first), (('--reference',), run(m, folder, '--reference')):
                    for name, g, w, t in zip(m.names, got, m.want, m.tolerances):
                        text = differs(name, load(g), w, number, t)
                        if text:
                            problems.append(' '.join([text, *how]))
                for threads in THREADS:
                    for name, g, w in zip(m.names, run(m, folder, '--threads', threads), first):
                        if g != w:
                            problems.append(f'{name}: another result with {threads} threads')
            except RuntimeError as e:
                problems.append(str(e))
        failed += bool(problems)
        print(f'{"not ok" if problems else "ok"} {i + 1} - {group.__name__} in {number}: {len(m.want)} results')
        for text in problems[:40]:
            print('# ' + text.replace('\n', '\n# '))
    sys.exit(1 if failed else 0)
