"""The fused experts of GPT-OSS, moe_gpt, and selective_reduce_combine, which sends back what they made, against PyTorch.

Weights are packed as tt-mlir's test/python/golden/ttir_ops/ccl/test_moe_ccls.py packs them, for three cores: 8, 8 and 7 tiles of columns.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from with_torch import np, torch  # noqa: E402

CORES, TILES = 3, [8, 8, 7]
H = 32 * sum(TILES)
FIRST = [0, 8, 16, 23]
K, T = 2, 6  # experts of a token; tokens
torch.manual_seed(4)


def packed_up(w0, w1):
    """[E, rows, H] each -> [cores, 1, E, 4, rows, 128]: pairs of tiles, of each tile 32 columns of w0 and 32 of w1."""
    E, rows, _ = w0.shape
    out = torch.zeros(CORES, 1, E, 4, rows, 128)
    for c in range(CORES):
        for t in range(TILES[c]):
            columns = slice(32 * (FIRST[c] + t), 32 * (FIRST[c] + t + 1))
            at = 64 * (t % 2)
            out[c, 0, :, t // 2, :, at:at + 32] = w0[:, :, columns]
            out[c, 0, :, t // 2, :, at + 32:at + 64] = w1[:, :, columns]
    return out


def packed_down(w2):
    """[E, rows, H] -> [cores, 1, E, 2, rows, 128]: four tiles of columns; rows in the order of the ring, those of the bias last."""
    E, rows, _ = w2.shape
    out = torch.zeros(CORES, 1, E, 2, rows, 128)
    for c in range(CORES):
        ring = [r for turn in range(CORES) for r in range(32 * FIRST[(c - turn) % CORES], 32 * FIRST[(c - turn) % CORES + 1])]
        for t in range(TILES[c]):
            columns = slice(32 * (FIRST[c] + t), 32 * (FIRST[c] + t + 1))
            out[c, 0, :, t // 4, :, 32 * (t % 4):32 * (t % 4) + 32] = w2[:, ring + list(range(H, rows)), columns]
    return out


def with_bias(w, bias):
    return torch.cat([w, bias[:, None], torch.zeros(w.shape[0], 31, H)], 1)


def expert(x, w, b):
    gate, up = (x @ w[0] + b[0]).clamp(max=7), (x @ w[1] + b[1]).clamp(-7, 7)
    return ((up + 1) * gate * torch.sigmoid(1.702 * gate)) @ w[2] + b[2]


def run(text, inputs):
    with tempfile.TemporaryDirectory() as folder:
        for i, x in enumerate(inputs):
            np.save(f'{folder}/in{i}.npy', x.numpy())
        done = subprocess.run([os.environ['TTX_PROGRAM'], 'run', '-', '--seed', '0', '--outputs', f'{folder}/out%d.npy', '--inputs',
                               *(f'{folder}/in{i}.npy' for i in range(len(inputs)))], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [torch.from_numpy(np.load(f'{folder}/out{i}.npy').astype('float64')) for i in range(len([f for f in os.listdir(folder) if f.startswith('out')]))]


def kind(shape, t='f32'):
    return f'tensor<{"x".join(map(str, shape))}x{t}>'


def aligned(n):
    return (n + 3) // 4 * 4


class Layer:
    """Experts on `devices` devices in a column of the mesh, E on each, and T tokens of all."""

    def __init__(self, E, devices, biased):
        self.E, self.devices, all = E, devices, E * devices
        self.owner = torch.tensor([(e + 1) % devices for e in range(all)])
        self.w = [torch.randn(all, H, H) / H ** 0.5 for _ in range(3)]
        self.b = [torch.randn(all, H) * biased for _ in range(3)]
        packed = [with_bias(w, b) if biased else w for w, b in zip(self.w, self.b)]
        order = [e for d in range(devices) for e in self.own(d)]
        self.up, self.down = packed_up(packed[0][order], packed[1][order]), packed_down(packed[2][order])
        self.x, self.scores = torch.randn(T, H), torch.rand(T, K).bfloat16().float()
        self.at = torch.stack([torch.randperm(all)[:K] for _ in range(T)])

    def own(self, d):
        return [e for e in range(len(self.owner)) if self.owner[e] == d]

    def lists(self, d):
        """Of each expert of a device: (token, which of its experts)."""
        return [[(t, self.at[t].tolist().index(e)) for t in range(T) if e in self.at[t]] for e in self.own(d)]

    def made(self, t, e):
        return expert(self.x[t], [w[e] for w in self.w], [b[e] for b in self.b])

    def wanted(self, d, height, width, cores):
        E, lists = self.E, self.lists(d)
        records, starts = (torch.zeros(*shape, dtype=torch.float64) for shape in ((1, (T + 1) * aligned(2 * E + 1)), (E, (T + 1) * 4)))
        rows, n = torch.zeros(cores, 2, 32, H), 0
        for t in range(T):
            if not any(t == u for one in lists for u, _ in one):
                continue
            for i, one in enumerate(lists):
                k = dict(one).get(t, K + 1)
                records[0, n * aligned(2 * E + 1) + 1 + i] = k
                if k < K:
                    bits = self.scores[t, k].bfloat16().view(torch.int16).item()
                    records[0, n * aligned(2 * E + 1) + 1 + E + i] = bits
            records[0, n * aligned(2 * E + 1)] = t
            n += 1
        records[0, n * aligned(2 * E + 1)] = 2 ** 32 - 1
        for i, (one, e) in enumerate(zip(lists, self.own(d))):
            shares = [len(one) // height + (g < len(one) % height) for g in range(height)]
            places = [(g, r) for g in range(height) for r in range(shares[g])]
            for j, ((t, _), (g, r)) in enumerate(zip(one, places)):
                starts[i, 4 * j] = t
                for b in range(width if i < 2 else 0):
                    columns = slice(b * H // width, (b + 1) * H // width)
                    rows[g * width + b, i, r, columns] = self.made(t, e)[columns]
            starts[i, 4 * len(one)] = 2 ** 32 - 1
        counts = torch.tensor([[*map(len, lists), *[0] * (aligned(E) - E)]])
        return counts, records, starts, rows

    def combined(self):
        """[K, T, H]: what each token's experts make of it, wherever they are."""
        return torch.stack([torch.stack([self.made(t, self.at[t, k]) for t in range(T)]) for k in range(K)])

    def types(self, cores):
        return [kind((1, aligned(self.E)), 'ui32'), kind((1, (T + 1) * aligned(2 * self.E + 1)), 'ui32'), kind((self.E, (T + 1) * 4), 'ui32'),
                *[kind((cores, 2, 32, H))] * 2]

    def op(self, dialect, operands, cores, height, width):
        local = [kind((T, H)), kind((T, K), 'i32'), kind((T, K)), kind((1, len(self.owner)), 'i32'), kind((CORES, 1, self.E, *self.up.shape[3:])),
                 kind((CORES, 1, self.E, *self.down.shape[3:]))]
        return (f'%0:5 = "{dialect}.moe_gpt"({", ".join(operands)}) <{{output_height_shard_dim = {height} : ui32, output_width_shard_dim = {width} : ui32, '
                f'hidden_size = {H} : ui32, cluster_axis = 0 : ui32}}> : ({", ".join(local)}) -> ({", ".join(self.types(cores))})\n')

    def combine(self, dialect, cores, dense='%0#4', result='%r'):
        types = self.types(cores)
        return (f'{result} = "{dialect}.selective_reduce_combine"({dense}, %0#1, %0#2, %0#0) <{{hidden_size = {H} : ui32, batch_size = {T} : ui32, seq_size = 1 : ui32, '
                f'select_experts_k = {K} : ui32, experts = {len(self.owner)} : ui32}}> : ({types[4] if dense == "%0#4" else kind((self.E, T, H))}, {types[1]}, {types[2]}, {types[0]}) '
                f'-> {kind((K, T // self.devices, H))}\n')

    def inputs(self):
        return [self.x, self.at.int(), self.scores, self.owner.int()[None], self.up, self.down]


def close(got, want, bound=1e-5):
    assert got.shape == want.shape, (got.shape, want.shape)
    worst = (got - want.double()).abs().max().item()
    assert worst <= bound, worst


def one_device(E, biased, dialect, height, width):
    layer, cores = Layer(E, 1, biased), height * width + 1
    args = [kind(x.shape, 'i32' if x.dtype == torch.int32 else 'f32') for x in layer.inputs()]
    names = [f'%a{i}' for i in range(6)]
    text = (f'module {{\nfunc.func @main({", ".join(f"{n}: {t}" for n, t in zip(names, args))}) -> ({", ".join(layer.types(cores) + [kind((K, T, H))])}) {{\n'
            + layer.op(dialect, names, cores, height, width) + layer.combine(dialect, cores)
            + f'return %0#0, %0#1, %0#2, %0#3, %0#4, %r : {", ".join(layer.types(cores))}, {kind((K, T, H))}\n}}\n}}\n')
    got = run(text, layer.inputs())
    counts, records, lists, rows = layer.wanted(0, height, width, cores)
    for g, w in zip(got, (counts, records, lists)):
        close(g, w, 0)
    for g in got[3:5]:
        close(g, rows)
    close(got[5], layer.combined())


def two_devices():
    """Each has two experts and, as after a dispatch, all tokens; it gets back what was made of its own three, wherever that was."""
    layer, cores, height, width = Layer(2, 2, True), 4, 4, 1
    shard = '<{{shard_dims = array<i64: {dim}, -1>, shard_direction = #ttcore.shard_direction<{way}>, shard_shape = array<i64: {parts}>, shard_type = #ttcore.shard_type<devices>}}>'
    cut = shard.format(dim=2, way='full_to_shard', parts='1, 1, 2, 1, 1, 1')
    inputs = layer.inputs()
    args = [kind(x.shape, 'i32' if x.dtype == torch.int32 else 'f32') for x in inputs]
    local = [kind((CORES, 1, 2, *x.shape[3:])) for x in inputs[4:]]
    names = [f'%a{i}' for i in range(6)]
    text = (f'module attributes {{ttcore.meshes = #ttcore.meshes<[<"mesh" = 2x1>]>}} {{\nfunc.func @main({", ".join(f"{n}: {t}" for n, t in zip(names, args))}) -> {kind((K, T, H))} {{\n'
            + ''.join(f'%s{i} = "ttir.mesh_shard"(%a{i}) {cut} : ({args[i]}) -> {local[i - 4]}\n' for i in (4, 5))
            + layer.op('ttir', [*names[:4], '%s4', '%s5'], cores, height, width) + layer.combine('ttir', cores, result='%part')
            + f'%r = "ttir.mesh_shard"(%part) {shard.format(dim=1, way="shard_to_full", parts="1, 2, 1")} : ({kind((K, T // 2, H))}) -> {kind((K, T, H))}\n'
            + f'return %r : {kind((K, T, H))}\n}}\n}}\n')
    close(run(text, inputs)[0], layer.combined())


def rows_by_expert():
    """Rows that come from elsewhere are those of each expert, in the order of its list."""
    layer = Layer(3, 1, False)
    counts, records, lists, _ = layer.wanted(0, 4, 1, 4)
    dense = torch.zeros(3, T, H)
    for i, (one, e) in enumerate(zip(layer.lists(0), layer.own(0))):
        for j, (t, _) in enumerate(one):
            dense[i, j] = layer.made(t, e)
    types = [kind((3, T, H)), *layer.types(4)[:3]]
    names = ['%d', '%n', '%p', '%q']
    call = layer.combine('ttir', 4, dense='%d').replace('%0#0', '%n').replace('%0#1', '%p').replace('%0#2', '%q')
    text = f'module {{\nfunc.func @main({", ".join(f"{n}: {t}" for n, t in zip(names, types))}) -> {kind((K, T, H))} {{\n{call}return %r : {kind((K, T, H))}\n}}\n}}\n'
    words = [torch.from_numpy(x.numpy().astype('int64')) for x in (counts, records, lists)]
    close(run(text, [dense, *words])[0], layer.combined(), 1e-6)


cases = [
    ('one device, two experts with biases, ttir', lambda: one_device(2, True, 'ttir', 4, 1)),
    ('one device, three experts, of which the rows have room for two, ttnn', lambda: one_device(3, False, 'ttnn', 2, 23)),
    ('two devices', two_devices),
    ('rows by expert', rows_by_expert),
]
failed = 0
print(f'1..{len(cases)}')
for i, (name, case) in enumerate(cases):
    try:
        case()
        print(f'ok {i + 1} - {name}')
    except AssertionError as e:
        failed += 1
        print(f'not ok {i + 1} - {name}\n# {str(e)[:600]!r}')
sys.exit(failed != 0)
