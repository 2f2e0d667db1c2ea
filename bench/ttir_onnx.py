"""TTIR (tests/exec/ttir.py) as ONNX, op by op, for runtimes to compare with. Floating-point numbers are f32.

    write(module, arrays, path): arguments that are inputs stay inputs, the others become initializers with their arrays.

The bytes are those of onnx.proto3: a message is a list of (field number, value), numbers as varints, the rest with its length.
"""
import numpy as np

OPSET = 20
FLOAT, INT32, INT64, BOOL = 1, 6, 7, 9
KINDS = {np.dtype('f4'): FLOAT, np.dtype('i4'): INT32, np.dtype('i8'): INT64, np.dtype('?'): BOOL}


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def message(*fields):
    out = []
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3), varint(value)
        elif isinstance(value, float):
            out += varint(number << 3 | 5), np.float32(value).tobytes()
        else:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2), varint(len(value)), value
    return b''.join(out)


def attribute(name, value):
    if isinstance(value, float):
        return message((1, name), (2, value), (20, 1))
    if isinstance(value, int):
        return message((1, name), (3, value), (20, 2))
    if isinstance(value, str):
        return message((1, name), (4, value), (20, 3))
    return message((1, name), *((8, int(v)) for v in value), (20, 7))


def tensor(name, array):
    array = np.ascontiguousarray(array)
    return message(*((1, d) for d in array.shape), (2, KINDS[array.dtype]), (8, name), (9, array.tobytes()))


def numpy_type(number):
    return np.dtype('?' if number == 'i1' else 'i4' if number == 'i32' else 'i8' if 'i' in number else 'f4')


def value_info(value):
    shape = message(*((1, message((1, d))) for d in value.shape))
    kind = message((1, KINDS[numpy_type(value.number)]), (2, shape))
    return message((1, value.name[1:]), (2, message((1, kind))))


class Graph:
    def __init__(self, module):
        self.nodes, self.initializers, self.shapes, self.count = [], [], {}, 0
        for a in module.arguments:
            self.shapes[a.name] = a.shape

    def constant(self, array):
        self.count += 1
        self.initializers.append(tensor(f'c{self.count}', np.asarray(array)))
        return f'c{self.count}'

    def node(self, kind, inputs, output=None, **attrs):
        if output is None:
            self.count += 1
            output = f't{self.count}'
        self.nodes.append(message(*((1, i) for i in inputs), (2, output), (3, f'n{len(self.nodes)}'), (4, kind),
                                  *((5, attribute(k, v)) for k, v in attrs.items())))
        return output

    def reshape(self, x, shape, output=None):
        return self.node('Reshape', [x, self.constant(np.array(shape, 'i8'))], output)

    def permute(self, x, order, output=None):
        if output is None and list(order) == sorted(order):
            return x
        return self.node('Transpose', [x], output, perm=order)


def pairs(value):
    return [value, value] if isinstance(value, int) else list(value)


def pads(padding):
    p = [padding] * 4 if isinstance(padding, int) else list(padding)
    return p if len(p) == 4 else p * 2


def conv2d(g, op, x, w, *bias):
    a = op.attrs
    order = [a.get(k, i) for k, i in (('batch_dim', 0), ('channel_dim', 3), ('height_dim', 1), ('width_dim', 2))]
    bias = [g.reshape(b, [-1]) for b in bias]
    y = g.node('Conv', [g.permute(x, order), w, *bias], strides=pairs(a.get('stride', 1)), pads=pads(a.get('padding', 0)),
               dilations=pairs(a.get('dilation', 1)), group=a.get('groups', 1))
    g.permute(y, [order.index(i) for i in range(4)], op.results[0].name[1:])


def max_pool2d(g, op, x):
    a = op.attrs
    y = g.node('MaxPool', [g.permute(x, [0, 3, 1, 2])], kernel_shape=pairs(a['kernel']), strides=pairs(a['stride']),
               pads=pads(a['padding']), dilations=pairs(a['dilation']), ceil_mode=int(a['ceil_mode']))
    g.permute(y, [0, 2, 3, 1], op.results[0].name[1:])


def upsample2d(g, op, x):
    scales = g.constant(np.array([1, 1, *pairs(op.attrs['scale_factor'])], 'f4'))
    y = g.node('Resize', [g.permute(x, [0, 3, 1, 2]), '', scales], mode='nearest',
               coordinate_transformation_mode='asymmetric', nearest_mode='floor')
    g.permute(y, [0, 2, 3, 1], op.results[0].name[1:])


def dot_general(g, op, a, b):
    shapes = [g.shapes[name] for name in op.operands]
    batch, contract = ([op.attrs[f'{kind}_dims_{side}'] for side in ('lhs', 'rhs')] for kind in ('batch', 'contract'))
    free = [[d for d in range(len(s)) if d not in batch[i] + contract[i]] for i, s in enumerate(shapes)]
    orders = (batch[0], free[0], contract[0]), (batch[1], contract[1], free[1])
    flat, direct = [], True
    for x, shape, order in zip((a, b), shapes, orders):
        x = g.permute(x, [d for group in order for d in group])
        sizes = [int(np.prod([shape[d] for d in group], dtype=int)) for group in order]
        if len(order[1]) != 1 or len(order[2]) != 1:
            x, direct = g.reshape(x, sizes), False
        flat.append((x, sizes, [shape[d] for d in order[0]]))
    if not direct:  # both with one dimension of batches
        flat = [(g.reshape(x, sizes), sizes, None) for x, sizes, _ in flat]
        g.reshape(g.node('MatMul', [flat[0][0], flat[1][0]]), op.results[0].shape, op.results[0].name[1:])
    else:
        g.node('MatMul', [flat[0][0], flat[1][0]], op.results[0].name[1:])


def matmul(g, op, a, b):
    operands = []
    for x, name, flag in zip((a, b), op.operands, ('transpose_a', 'transpose_b')):
        rank = len(g.shapes[name])
        operands.append(g.permute(x, [*range(rank - 2), rank - 1, rank - 2]) if op.attrs.get(flag) else x)
    g.node('MatMul', operands, op.results[0].name[1:])


def reduced(kind):
    def make(g, op, x):
        rank = len(g.shapes[op.operands[0]])
        axes = g.constant(np.array(op.attrs.get('dim_arg') or range(rank), 'i8'))
        g.node(kind, [x, axes], op.results[0].name[1:], keepdims=int(op.attrs['keep_dim']))
    return make


def reduce_or(g, op, x):
    axes = g.constant(np.array(op.attrs['dim_arg'], 'i8'))
    y = g.node('ReduceMax', [g.node('Cast', [x], to=INT32), axes], keepdims=int(op.attrs['keep_dim']))
    g.node('Cast', [y], op.results[0].name[1:], to=BOOL)


def rms_norm(g, op, x, *weight):
    rank = len(g.shapes[op.operands[0]])
    axes = g.constant(np.arange(rank - len(op.attrs['normalized_shape']), rank, dtype='i8'))
    mean = g.node('ReduceMean', [g.node('Mul', [x, x]), axes], keepdims=1)
    root = g.node('Sqrt', [g.node('Add', [mean, g.constant(np.float32(op.attrs['epsilon']))])])
    y = g.node('Div', [x, root], None if weight else op.results[0].name[1:])
    if weight:
        g.node('Mul', [y, weight[0]], op.results[0].name[1:])


def layer_norm(g, op, x, *wb):
    rank = len(g.shapes[op.operands[0]])
    g.node('LayerNormalization', [x, *wb], op.results[0].name[1:], axis=rank - len(op.attrs['normalized_shape']),
           epsilon=float(op.attrs['epsilon']))


def sliced(g, op, x, begins, ends, axes, steps):
    g.node('Slice', [x, *(g.constant(np.array(v, 'i8')) for v in (begins, ends, axes, steps))],
           op.results[0].name[1:])


def slice_static(g, op, x):
    a = op.attrs
    sliced(g, op, x, a['begins'], a['ends'], range(len(a['begins'])), a['step'])


def constant(g, op):
    d = op.attrs['value']
    one = len(d.values) == 1  # one number broadcasts wherever it goes
    array = np.array(d.values, numpy_type(d.number)).reshape([1] * len(d.shape) if one else d.shape)
    g.initializers.append(tensor(op.results[0].name[1:], array))


def transpose(g, op, x):
    order = list(range(len(op.results[0].shape)))
    i, j = op.attrs['dim0'], op.attrs['dim1']
    order[i], order[j] = order[j], order[i]
    g.permute(x, order, op.results[0].name[1:])


def cast(g, op, x):
    g.node('Cast', [x], op.results[0].name[1:], to=KINDS[numpy_type(op.results[0].number)])


def simple(kind, **attrs):
    return lambda g, op, *operands: g.node(kind, operands, op.results[0].name[1:],
                                           **{k: v(op) for k, v in attrs.items()})


def shaped(g, op, x):
    g.reshape(x, op.results[0].shape, op.results[0].name[1:])


OPS = {
    'broadcast': lambda g, op, x: g.node('Expand', [x, g.constant(np.array(op.results[0].shape, 'i8'))],
                                         op.results[0].name[1:]),
    'concat': simple('Concat', axis=lambda op: op.attrs['dim']),
    'constant': constant,
    'conv2d': conv2d,
    'dot_general': dot_general,
    'gelu': simple('Gelu'),
    'index': lambda g, op, x: sliced(g, op, x, *([op.attrs[k]] for k in ('begin', 'end', 'dim', 'step'))),
    'layer_norm': layer_norm,
    'matmul': matmul,
    'max': reduced('ReduceMax'),
    'max_pool2d': max_pool2d,
    'mean': reduced('ReduceMean'),
    'permute': lambda g, op, x: g.permute(x, op.attrs['permutation'], op.results[0].name[1:]),
    'reduce_or': reduce_or,
    'reshape': shaped,
    'rms_norm': rms_norm,
    'slice_static': slice_static,
    'softmax': simple('Softmax', axis=lambda op: op.attrs['dimension']),
    'squeeze': shaped,
    'sum': reduced('ReduceSum'),
    'transpose': transpose,
    'typecast': cast,
    'unsqueeze': shaped,
    'upsample2d': upsample2d,
}
OPS.update({name: simple(kind) for name, kind in {
    'add': 'Add', 'cos': 'Cos', 'div': 'Div', 'eq': 'Equal', 'exp': 'Exp', 'gt': 'Greater', 'le': 'LessOrEqual',
    'logical_not': 'Not', 'lt': 'Less', 'multiply': 'Mul', 'neg': 'Neg', 'pow': 'Pow', 'reciprocal': 'Reciprocal',
    'relu': 'Relu', 'sigmoid': 'Sigmoid', 'sin': 'Sin', 'sqrt': 'Sqrt', 'subtract': 'Sub', 'tanh': 'Tanh',
    'where': 'Where'}.items()})


def write(module, arrays, path):
    g = Graph(module)
    inputs = []
    for a, array in zip(module.arguments, arrays):
        if a.role == 'input':
            inputs.append(value_info(a))
        else:
            g.initializers.append(tensor(a.name[1:], array.astype(numpy_type(a.number))))
    for op in module.ops:
        if op.name[5:] not in OPS:
            raise ValueError(f'{op.name} is not in the table')
        OPS[op.name[5:]](g, op, *(name[1:] for name in op.operands))
        for r in op.results:
            g.shapes[r.name] = r.shape
    values = {v.name: v for op in module.ops for v in op.results}
    outputs = [value_info(values[name]) for name in module.results]
    graph = message(*((1, n) for n in g.nodes), (2, 'main'), *((5, i) for i in g.initializers),
                    *((11, i) for i in inputs), *((12, o) for o in outputs))
    with open(path, 'wb') as f:
        f.write(message((1, 9), (7, graph), (8, message((1, ''), (2, OPSET)))))
