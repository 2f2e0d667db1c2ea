"""TTIR in PyTorch: a table of what each op is there, and a function that runs a module (ttir.read) op by op.

Floating-point values are all f32, as `tt-explorer run --numbers f32` keeps them; integers and truth values are their own.
Written from the definitions of the ops, for comparison: it shares nothing with the executor.
"""
import numpy as np
import torch
import torch.nn.functional as F

import ttir

INTEGERS = {'i1': torch.bool, 'i8': torch.int8, 'ui8': torch.uint8, 'i16': torch.int16, 'ui16': torch.int32,
            'i32': torch.int32, 'ui32': torch.int64, 'si32': torch.int32, 'i64': torch.int64, 'ui64': torch.int64,
            'si64': torch.int64}


def dtype(number):
    return INTEGERS.get(number, torch.float32)


def constant(dense):
    if len(dense.values) == 1:
        return torch.full(dense.shape, dense.values[0], dtype=dtype(dense.number))
    return torch.tensor(dense.values, dtype=dtype(dense.number)).reshape(dense.shape)


def pairs(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def padded(x, padding, value):
    """NCHW with the padding [top, left, bottom, right], or one number, or one for each dimension."""
    p = [padding] * 4 if isinstance(padding, int) else padding if len(padding) == 4 else [*padding, *padding]
    if p[0] == p[2] and p[1] == p[3]:
        return x, (p[0], p[1])
    return F.pad(x, (p[1], p[3], p[0], p[2]), value=value), (0, 0)


def conv2d(op, x, weight, bias=None):
    a = op.attrs
    order = [a.get(k, i) for k, i in (('batch_dim', 0), ('channel_dim', 3), ('height_dim', 1), ('width_dim', 2))]
    x, padding = padded(x.permute(order), a.get('padding', 0), 0.0)
    y = F.conv2d(x, weight, None if bias is None else bias.flatten(), pairs(a.get('stride', 1)), padding,
                 pairs(a.get('dilation', 1)), a.get('groups', 1))
    return y.permute([order.index(i) for i in range(4)])


def max_pool2d(op, x):
    a = op.attrs
    x, padding = padded(x.permute(0, 3, 1, 2), a['padding'], float('-inf'))
    y = F.max_pool2d(x, pairs(a['kernel']), pairs(a['stride']), padding, pairs(a['dilation']), a['ceil_mode'])
    return y.permute(0, 2, 3, 1)


def dot_general(op, a, b):
    batch, contract = ([op.attrs[f'{kind}_dims_{side}'] for side in ('lhs', 'rhs')] for kind in ('batch', 'contract'))
    free = [[d for d in range(t.dim()) if d not in batch[i] + contract[i]] for i, t in enumerate((a, b))]

    def flat(t, i, order):
        sizes = [np.prod([t.shape[d] for d in group], dtype=int) for group in order]
        return t.permute([d for group in order for d in group]).reshape([int(n) for n in sizes])
    y = flat(a, 0, (batch[0], free[0], contract[0])) @ flat(b, 1, (batch[1], contract[1], free[1]))
    return y.reshape(op.results[0].shape)


def matmul(op, a, b):
    a = a.transpose(-1, -2) if op.attrs.get('transpose_a') else a
    return a @ (b.transpose(-1, -2) if op.attrs.get('transpose_b') else b)


def reduced(fold):
    def run(op, x):
        dims = op.attrs.get('dim_arg') or list(range(x.dim()))
        return fold(x, dims, op.attrs['keep_dim'])
    return run


def embedding(op, indices, table):
    return table.reshape(-1, table.shape[-1])[indices.long()].reshape(op.results[0].shape)


def arange(op):
    a, shape = op.attrs, op.results[0].shape
    line = torch.arange(a['start'], a['end'], a['step'], dtype=dtype(op.results[0].number))
    return line.reshape([-1 if i == a['arange_dimension'] else 1 for i in range(len(shape))]).expand(shape)


def fill_cache(op, cache, rows):
    cache[op.attrs['batch_offset'], :, :rows.shape[2]] = rows[0]


def update_cache(op, cache, rows, at):
    cache[:, :, int(at.flatten()[0])] = rows[0].transpose(0, 1)


def steps(op, x):
    dims = zip(op.attrs['begins'], op.attrs['ends'], op.attrs['step'])
    return x[tuple(slice(*d) for d in dims)]


def norm(fn):
    return lambda op, x, *wb: fn(x, op.attrs['normalized_shape'], *wb, eps=op.attrs['epsilon'])


def rms_norm(x, shape, weight=None, bias=None, eps=0.0):
    dims = list(range(x.dim() - len(shape), x.dim()))
    y = x * torch.rsqrt(x.square().mean(dims, True) + eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def plain(fn):
    return lambda op, *operands: fn(*operands)


OPS = {
    'arange': arange,
    'argmax': lambda op, x: x.argmax(op.attrs['dim_arg'][0], op.attrs['keep_dim']),
    'broadcast': lambda op, x: x.expand(op.results[0].shape),
    'concat': lambda op, *xs: torch.cat(xs, op.attrs['dim']),
    'constant': lambda op: constant(op.attrs['value']),
    'conv2d': conv2d,
    'dot_general': dot_general,
    'embedding': embedding,
    'fill_cache': fill_cache,
    'full': lambda op: torch.full(op.results[0].shape, op.attrs['fill_value'], dtype=dtype(op.results[0].number)),
    'gelu': plain(F.gelu),
    'global_avg_pool2d': lambda op, x: x.mean((1, 2), True),
    'index': lambda op, x: x.narrow(op.attrs['dim'], op.attrs['begin'], op.attrs['end'] - op.attrs['begin'])
    if op.attrs['step'] == 1 else x.index_select(op.attrs['dim'], torch.arange(
        op.attrs['begin'], op.attrs['end'], op.attrs['step'])),
    'layer_norm': norm(F.layer_norm),
    'linear': lambda op, a, b, bias=None: matmul(op, a, b) + (0 if bias is None else bias),
    'matmul': matmul,
    'max': reduced(torch.amax),
    'max_pool2d': max_pool2d,
    'mean': reduced(torch.mean),
    'permute': lambda op, x: x.permute(op.attrs['permutation']),
    'reduce_or': reduced(lambda x, dims, keep: x.to(torch.float32).amax(dims, keep) != 0),
    'reshape': lambda op, x: x.reshape(op.results[0].shape),
    'rms_norm': norm(rms_norm),
    'slice_static': steps,
    'softmax': lambda op, x: x.softmax(op.attrs['dimension']),
    'squeeze': lambda op, x: x.squeeze(op.attrs['dim']),
    'sum': reduced(torch.sum),
    'transpose': lambda op, x: x.transpose(op.attrs['dim0'], op.attrs['dim1']),
    'typecast': lambda op, x: x.to(dtype(op.results[0].number)),
    'unsqueeze': lambda op, x: x.unsqueeze(op.attrs['dim']),
    'update_cache': update_cache,
    'upsample2d': lambda op, x: F.interpolate(x.permute(0, 3, 1, 2), scale_factor=pairs(op.attrs['scale_factor']),
                                              mode=op.attrs['mode']).permute(0, 2, 3, 1),
    'where': plain(torch.where),
}
OPS.update({name: plain(fn) for name, fn in {
    'add': torch.add, 'cos': torch.cos, 'div': torch.div, 'eq': torch.eq, 'exp': torch.exp, 'gt': torch.gt,
    'le': torch.le, 'logical_not': torch.logical_not, 'lt': torch.lt, 'multiply': torch.mul, 'ne': torch.ne,
    'neg': torch.neg, 'pow': torch.pow, 'reciprocal': torch.reciprocal, 'relu': torch.relu, 'rsqrt': torch.rsqrt,
    'sigmoid': torch.sigmoid, 'sin': torch.sin, 'sqrt': torch.sqrt, 'subtract': torch.sub,
    'tanh': torch.tanh}.items()})


def missing(module):
    """The ops of a module that are not in the table."""
    return sorted({op.name for op in module.ops} - {f'ttir.{name}' for name in OPS})


def last_uses(module):
    """The names that are read for the last time by each op, so that memory is given back as it is by others."""
    seen, out = set(module.results), []
    for op in reversed(module.ops):
        out.append([n for n in dict.fromkeys(op.operands) if n not in seen])
        seen.update(op.operands)
    return out[::-1]


def run(module, arguments, dead=None):
    """The module's results as tensors. Arguments that ops write in place must be the caller's to spare. With the names
    of last_uses as `dead`, values are given up as soon as nothing reads them."""
    values = {a.name: t for a, t in zip(module.arguments, arguments)}
    with torch.no_grad():
        for i, op in enumerate(module.ops):
            y = OPS[op.name[5:]](op, *(values[name] for name in op.operands))
            if op.results:
                values[op.results[0].name] = y
            for name in dead[i] if dead else ():
                values.pop(name, None)
    return [values[name] for name in module.results]


def argument(value, number):
    """Values that keep activations in bounds: weights scaled by fan-in, scales near one, small positions."""
    random = np.random.default_rng(number)
    if value.number in INTEGERS:
        return (np.arange(value.count) % 16).reshape(value.shape)
    wide = [d for d in value.shape if d > 1]
    if len(wide) < 2:
        return random.uniform(0.5, 1.5, value.shape).astype(np.float32)
    x = random.standard_normal(value.shape).astype(np.float32)
    if value.role == 'input' or not value.role and number == 0:
        return x
    return x / np.float32(max(np.prod(value.shape[1:]), value.shape[0] if len(value.shape) == 2 else 1)) ** 0.5


def arguments(module):
    return [argument(a, i) for i, a in enumerate(module.arguments)]


def tensors(module, arrays):
    return [torch.from_numpy(np.ascontiguousarray(a)).to(dtype(v.number)).clone()
            for v, a in zip(module.arguments, arrays)]


def difference(got, want):
    """The largest difference of an array from a tensor, relative to the tensor's largest value."""
    want = want.double().numpy()
    if got.shape != want.shape:
        return float('inf')
    scale = np.abs(want).max(initial=0) or 1.0
    worst = np.abs(got.astype(np.float64) - want).max(initial=0) / scale
    return worst if worst == worst else float('inf')
