"""What devices do together, on two of them: all element types, dimensions counted from both ends, tensors of no elements, against what
PyTorch does with the two parts (op_cases.py says how; test_mesh.py has larger meshes, and meshes of two dimensions)."""
import op_cases
from op_cases import torch
from op_data import REALS, INTEGERS, KINDS
from test_families import attrs, both, tensor

GROUPS = 'dense<[[0, 1]]> : tensor<1x2xi64>'
GROUP, AXIS = f'replica_groups = {GROUPS}', 'cluster_axis = 1 : ui32'


def shard(m, value, of, to, way):
    """Between a tensor and its halves, the first dimension of which is cut; the name of what is made."""
    name = f'%s{len(m.body)}'
    parts = f'2{", 1" * (len(of) - 1)}'
    m.body.append(f'{name} = "ttir.mesh_shard"({value}) <{{shard_dims = array<i64: -1, 0>, shard_direction = #ttcore.shard_direction<{way}>, '
                  f'shard_shape = array<i64: {parts}>, shard_type = #ttcore.shard_type<devices>}}> : ({tensor(of, m.number)}) -> {tensor(to, m.number)}')
    return name


def together(m, op, attributes, shape, f):
    """An op of one operand, which has this shape on each of two devices; f makes of both what they are then."""
    m.mesh = '1x2'
    full = (2 * shape[0], *shape[1:])
    x = m.numbers(*full, low=-3, high=4)
    want = f([t for t in x[1].chunk(2)] if full[0] else [x[1], x[1]])
    out = tuple(want[0].shape)
    local, made = shard(m, x[0], full, shape, 'full_to_shard'), f'%m{len(m.body)}'
    m.body.append(f'{made} = "{op}"({local}) {attributes} : ({tensor(shape, m.number)}) -> {tensor(out, m.number)}')
    back = shard(m, made, out, (2 * out[0], *out[1:]), 'shard_to_full')
    if m.number in INTEGERS:
        m.kinds[back] = m.number
    m.given(op, back, torch.cat(want))


def region(m, op):
    s = tensor((), m.number)
    return f'({{^bb0(%x: {s}, %y: {s}):\n %r = "stablehlo.{op}"(%x, %y) : ({s}, {s}) -> {s}\n "stablehlo.return"(%r) : ({s}) -> ()}})'


def moved(m):
    for shape in (4, 6), (2, 4, 2), (0, 4), (4, 0):
        n = len(shape)
        for d in both(n, *range(n)):
            for op in 'ttir.all_gather', 'ttnn.all_gather':
                together(m, op, attrs(f'all_gather_dim = {d} : si32', AXIS), shape, lambda p: [torch.cat(p, d)] * 2)
            for op in 'ttir.mesh_partition', 'ttnn.mesh_partition':
                together(m, op, attrs(f'dim = {d} : si32', AXIS), shape, lambda p: [t.narrow(d, i * (shape[d] // 2), shape[d] // 2) for i, t in enumerate(p)])
            if d >= 0:
                together(m, 'stablehlo.all_gather', attrs(f'all_gather_dim = {d} : i64', GROUP), shape, lambda p: [torch.cat(p, d)] * 2)
            for join in range(n):
                def exchanged(p):
                    halves = [[t.narrow(d, i * (shape[d] // 2), shape[d] // 2) for t in p] for i in range(2)]
                    return [torch.cat(h, join) for h in halves]
                together(m, 'ttir.all_to_all', attrs(f'split_dim = {d} : si32', f'concat_dim = {join - n} : si32', 'split_count = 2 : si32', GROUP), shape, exchanged)
                if d >= 0:
                    together(m, 'stablehlo.all_to_all', attrs(f'split_dimension = {d} : i64', f'concat_dimension = {join} : i64', 'split_count = 2 : i64', GROUP), shape, exchanged)
        for op in 'ttir.collective_permute', 'stablehlo.collective_permute':
            together(m, op, attrs('source_target_pairs = dense<[[0, 1], [1, 0]]> : tensor<2x2xi64>'), shape, lambda p: p[::-1])
            together(m, op, attrs('source_target_pairs = dense<[[0, 1]]> : tensor<1x2xi64>'), shape, lambda p: [torch.zeros_like(p[0]), p[0]])
        for op in 'ttir.collective_broadcast', 'stablehlo.collective_broadcast':
            together(m, op, attrs('replica_groups = dense<[[1, 0]]> : tensor<1x2xi64>'), shape, lambda p: [p[1]] * 2)
        together(m, 'ttnn.point_to_point', attrs('sender_coord = array<i64: 0, 1>', 'receiver_coord = array<i64: 0, 0>'), shape, lambda p: [p[1], p[1]])


def added(m):
    number = m.number == 'i1'
    kinds = [('sum', 'or' if number else 'add', lambda a, b: a | b if number else a.double() + b.double()), ('max', 'maximum', torch.maximum), ('min', 'minimum', torch.minimum)]
    for shape in (4, 6), (2, 4, 2), (0, 4), (4, 0):
        n = len(shape)
        for kind, body, f in kinds:
            if not number:
                for op in 'ttir.all_reduce', 'ttnn.all_reduce', 'ttir.all_reduce_async', 'ttnn.all_reduce_async':
                    together(m, op, attrs(f'reduce_type = #ttcore.reduce_type<{kind}>', AXIS), shape, lambda p: [f(*p)] * 2)
            together(m, 'stablehlo.all_reduce', f'{attrs(GROUP)} {region(m, body)}', shape, lambda p: [f(*p)] * 2)
            together(m, 'stablehlo.collective_reduce', f'{attrs(GROUP)} {region(m, body)}', shape, lambda p: [f(*p), torch.zeros_like(f(*p))])
            for d in both(n, *range(n)):
                def scattered(p):
                    return [f(*p).narrow(d, i * (shape[d] // 2), shape[d] // 2) for i in range(2)]
                if not number:
                    for op in 'ttir.reduce_scatter', 'ttnn.reduce_scatter':
                        together(m, op, attrs(f'reduce_type = #ttcore.reduce_type<{kind}>', f'scatter_dim = {d} : si32', AXIS), shape, scattered)
                if d >= 0:
                    together(m, 'stablehlo.reduce_scatter', f'{attrs(f"scatter_dimension = {d} : i64", GROUP)} {region(m, body)}', shape, scattered)


CASES = [(moved, k) for k in KINDS] + [(added, k) for k in (*REALS, *INTEGERS, 'i1')]
if __name__ == '__main__':
    op_cases.main(CASES)
