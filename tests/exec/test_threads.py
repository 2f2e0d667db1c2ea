"""Results are the same bytes however many threads there are.

Ops of shapes whose sums the libraries below cut by the number of threads if they are let (on 1, 2, 3, 4, 7 and 16 threads, and
about what the plain kernels give), and whole models in the numbers that they are written in (on 1, 2 and 3): examples and a few
of the corpus, with TTX_THREADS=all every one of it (which takes minutes and some GB), with TTX_THREADS=NAME,... those."""
import array
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ['TTX_PROGRAM']
MODELS = Path(os.environ.get('TTX_CORPUS', ROOT.parent / 'shared' / 'corpus')) / 'mlir' / 'ttir' / 'models'
WANTED = os.environ.get('TTX_THREADS', 'mnist,llama_attention,resnet_hf,segformer_vision_block').split(',')
COUNTS = (2, 3, 4, 7, 16)
EXAMPLES = [ROOT / 'examples' / f'{name}.mlir' for name in ('mnist', 'resnet_small', 'transformer_block')]


def tensor(shape):
    return f'tensor<{"x".join(map(str, shape))}xf32>'


class Module:
    """One function that returns the result of each op it was given."""

    def __init__(self):
        self.arguments, self.lines, self.results = [], [], []

    def argument(self, *shape, parameter=False):
        self.arguments.append(f'%a{len(self.arguments)}: {tensor(shape)} {{ttcore.argument_type = '
                              f'#ttcore.argument_type<{"parameter" if parameter else "input"}>}}')
        return f'%a{len(self.arguments) - 1}', shape

    def op(self, name, operands, shape, attrs=''):
        value = f'%{len(self.lines)}', shape
        self.lines.append(f'{value[0]} = "ttir.{name}"({", ".join(v for v, _ in operands)}) <{{{attrs}}}> : '
                          f'({", ".join(tensor(s) for _, s in operands)}) -> {tensor(shape)}')
        return value

    def give(self, value):
        self.results.append(value)

    def text(self):
        types = ', '.join(tensor(s) for _, s in self.results)
        body = '\n'.join(self.lines + [f'return {", ".join(v for v, _ in self.results)} : {types}'])
        return f'func.func @main({", ".join(self.arguments)}) -> ({types}) {{\n{body}\n}}\n'


def turned(m, *shape):
    """A tensor whose first two dimensions were swapped."""
    return m.op('permute', [m.argument(shape[1], shape[0], *shape[2:])], shape,
                f'permutation = array<i64: 1, 0{"".join(f", {i}" for i in range(2, len(shape)))}>')


def products():
    m = Module()

    def give(a, b, n, attrs='', rows=None):
        shape = (*a[1][:-2], rows or a[1][-2], n)
        m.give(m.op('matmul', [a, b], shape, attrs))

    give(m.argument(1, 1024), m.argument(1024, 512, parameter=True), 512)  # decoding
    give(m.argument(1, 2048), m.argument(256, 2048, parameter=True), 256, 'transpose_b = true')
    give(m.argument(40, 512), m.argument(512, 96, parameter=True), 96)
    give(m.argument(2048, 64), m.argument(2048, 64), 64, 'transpose_a = true', rows=64)  # sums over the rows of both
    give(turned(m, 8, 16, 1024), turned(m, 8, 1024, 10), 10)  # heads that lie within rows
    give(turned(m, 5, 256, 100), m.argument(5, 100, 33), 33)
    give(turned(m, 3, 256, 32), turned(m, 3, 128, 32), 128, 'transpose_b = true')
    give(turned(m, 2, 1000, 64), m.argument(2, 64, 24), 24)
    bias = m.argument(33)
    sums = m.op('matmul', [turned(m, 5, 256, 100), m.argument(5, 100, 33)], (5, 256, 33))
    m.give(m.op('relu', [m.op('add', [sums, bias], (5, 256, 33))], (5, 256, 33)))
    return m.text()


def convolutions():
    m = Module()
    for batch, size, channels, out, kernel, stride in ((1, 15, 1024, 48, 5, 2), (1, 13, 512, 48, 3, 2), (1, 7, 128, 8, 7, 2),
                                                       (1, 14, 8, 8, 7, 1), (2, 28, 64, 64, 3, 1), (4, 28, 64, 64, 3, 1),
                                                       (1, 16, 256, 64, 1, 1), (3, 9, 3, 16, 3, 1)):
        to = (size + 2 * (kernel // 2) - kernel) // stride + 1
        m.give(m.op('conv2d', [m.argument(batch, size, size, channels), m.argument(out, channels, kernel, kernel, parameter=True)],
                    (batch, to, to, out), f'stride = {stride} : i32, padding = {kernel // 2} : i32, dilation = 1 : i32, '
                    f'groups = 1 : i32'))
    m.give(m.op('conv2d', [m.argument(1, 20, 20, 96), m.argument(96, 1, 3, 3, parameter=True)], (1, 20, 20, 96),
                'stride = 1 : i32, padding = 1 : i32, dilation = 1 : i32, groups = 96 : i32'))
    return m.text()


class Images:
    """Convolutions one behind the other, whose tensors have their channels last or first."""

    def __init__(self, m, last):
        self.m, self.last = m, last
        self.dims = '' if last else ', batch_dim = 0 : i64, channel_dim = 1 : i64, height_dim = 2 : i64, width_dim = 3 : i64'

    def shape(self, batch, channels, size):
        return (batch, size, size, channels) if self.last else (batch, channels, size, size)

    def conv(self, x, channels, kernel, stride=1):
        batch, before, size = x[1][0], x[1][3 if self.last else 1], x[1][2]
        to = (size + 2 * (kernel // 2) - kernel) // stride + 1
        weight = self.m.argument(channels, before, kernel, kernel, parameter=True)
        return self.m.op('conv2d', [x, weight], self.shape(batch, channels, to), f'stride = {stride} : i32, padding = {kernel // 2} : i32, '
                         f'dilation = 1 : i32, groups = 1 : i32{self.dims}')

    def same(self, op, *operands):
        return self.m.op(op, operands, operands[0][1])

    def silu(self, x):
        return self.same('multiply', x, self.same('sigmoid', x))

    def bottleneck(self, x, inner, channels, activate):
        """Two small convolutions around one that Winograd's algorithm does, and a way past them."""
        y = self.conv(activate(self.conv(self.same('relu', self.conv(x, inner, 1)), inner, 3)), channels, 1)
        return self.same('relu', self.same('add', y, x if x[1] == y[1] else self.conv(x, channels, 1)))


def chains():
    """Tensors between convolutions, which lie in blocks of channels, and what leads in and out: pools, means, results, channels
    that make no blocks, sums that something else reads as well."""
    m = Module()
    for last in True, False:
        i = Images(m, last)
        x = i.conv(m.argument(*i.shape(2, 3, 35)), 64, 7, 2)
        if last:
            x = m.op('max_pool2d', [x], i.shape(2, 64, 17), 'kernel = array<i32: 3, 3>, stride = array<i32: 1, 1>, '
                     'dilation = array<i32: 1, 1>, padding = array<i32: 1, 1, 0, 0>, ceil_mode = false')
        size = x[1][2]
        for activate in i.silu, lambda y: i.same('gelu', y), lambda y: i.same('relu', y):
            x = i.bottleneck(x, 64, 128, activate)
        y = i.same('sigmoid', i.conv(i.conv(x, 24, 3), 64, 3))  # no blocks of 24
        z = i.same('multiply', y, i.conv(x, 64, 1))
        m.give(i.same('add', i.conv(z, 64, 3), y))  # a sum that is a result
        m.give(i.conv(i.conv(i.conv(z, 64, 3), 96, 3, 2), 24, 1))
        w = i.conv(x, 64, 3)
        v = i.conv(w, 64, 3)
        m.give(m.op('mean', [v], (2, 1, 1, 64) if last else (2, 64, 1, 1),
                    f'dim_arg = [{"1 : i32, 2" if last else "2 : i32, 3"} : i32], keep_dim = true'))
        m.give(m.op('max', [i.conv(w, 64, 3)], (2, size, size) if last else (2, 64, size),
                    'dim_arg = [3 : i32], keep_dim = false'))
        if last:
            m.give(m.op('max_pool2d', [i.conv(w, 80, 3)], i.shape(2, 80, 8), 'kernel = array<i32: 3, 3>, stride = array<i32: 2, 2>, '
                        'dilation = array<i32: 1, 1>, padding = array<i32: 0, 0, 0, 0>, ceil_mode = false'))
    return m.text()


def attention():
    m = Module()
    shape = (2, 6, 100, 32)
    m.give(m.op('scaled_dot_product_attention', [m.argument(*shape) for _ in range(3)], shape,
                'is_causal = true, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>'))
    a = m.argument(300, 700)
    m.give(m.op('softmax', [a], a[1], 'dimension = 1 : si32'))
    m.give(m.op('sum', [a], (300,), 'dim_arg = [1 : i32], keep_dim = false'))
    m.give(m.op('sum', [a], (700,), 'dim_arg = [0 : i32], keep_dim = false'))
    m.give(m.op('mean', [a], (1,), 'dim_arg = [0 : i32, 1 : i32], keep_dim = false'))
    m.give(m.op('gelu', [m.op('add', [a, m.argument(700)], a[1])], a[1]))
    m.give(m.op('rms_norm', [a, m.argument(700)], a[1],
                'normalized_shape = array<i64: 700>, epsilon = 1.0e-5 : f32, operandSegmentSizes = array<i32: 1, 1, 0>'))
    return m.text()


def run(path, folder, threads, *more):
    for file in folder.iterdir():
        file.unlink()
    command = [PROGRAM, 'run', path, '--threads', str(threads), '--outputs', f'{folder}/%d.npy', *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout.strip().split('\n')[0])
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def numbers(npy):
    return array.array('f', npy[10 + int.from_bytes(npy[8:10], 'little'):])


def far(a, b):
    """Whether numbers differ by more than sums in another order do."""
    scale = max(map(abs, b))
    return len(a) != len(b) or not scale or any(not abs(x - y) <= 2e-5 * scale for x, y in zip(a, b))


def wrong(path, folder, counts=(2, 3), plain=False):
    """What is wrong; empty: nothing."""
    try:
        first = run(path, folder, 1)
        different = {}
        for threads in counts:
            other = run(path, folder, threads)
            different |= {threads: sorted(k for k in first if other.get(k) != first[k])} if other != first else {}
        reference = run(path, folder, 1, '--reference') if plain else {}
    except RuntimeError as e:
        return str(e)
    if not first:
        return 'there are no results'
    off = [k for k in reference if far(numbers(first[k]), numbers(reference[k]))]
    if off:
        return f'other numbers than the plain kernels: {", ".join(off)}'
    return '; '.join(f'other bytes with {n} threads: {", ".join(names)}' for n, names in different.items())


def main():
    files = sorted(MODELS.glob('*.mlir')) + sorted(MODELS.glob('single_blocks_and_layers/*.mlir'))
    paths = EXAMPLES + [p for p in files if WANTED == ['all'] or p.stem in WANTED]
    texts = (products, convolutions, chains, attention)
    print(f'1..{len(texts) + len(paths)}')
    failed = 0
    for i, what in enumerate([*texts, *paths]):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as results:
            name = what.__name__ if callable(what) else f'{what.parent.name}/{what.stem}'
            if callable(what):
                path = Path(folder, f'{name}.mlir')
                path.write_text(what())
                why = wrong(path, Path(results), COUNTS, plain=True)
            else:
                why = wrong(what, Path(results))
        failed += bool(why)
        print(f'{"not ok" if why else "ok"} {i + 1} - {name}', flush=True)
        if why:
            print(f'# {why}')
    return 1 if failed else 0


sys.exit(main())
