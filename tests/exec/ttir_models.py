"""Modules for tests and measurements: a decoder layer in the ops that PyTorch/XLA makes of it, and others in other sizes."""


class Text:
    """Writes a function op by op, keeping the type of every value."""

    def __init__(self):
        self.args, self.lines, self.types = [], [], {}

    def arg(self, name, shape, role, number='f32'):
        value = f'%arg{len(self.args)}'
        self.types[value] = shape, number
        self.args.append(f'{value}: {self.type(value)} {{ttcore.argument_type = #ttcore.argument_type<{role}>, '
                         f'ttir.name = "{name}"}}')
        return value

    def type(self, value):
        shape, number = self.types[value]
        return 'tensor<' + ''.join(f'{d}x' for d in shape) + number + '>'

    def op(self, name, operands, shape, attrs=''):
        value = f'%{len(self.lines)}'
        self.types[value] = tuple(shape), 'f32'
        types = ', '.join(self.type(o) for o in operands)
        self.lines.append(f'{value} = "ttir.{name}"({", ".join(operands)}) {attrs and f"<{{{attrs}}}> "}: '
                          f'({types}) -> {self.type(value)}')
        return value

    def same(self, name, *operands):
        return self.op(name, operands, self.types[operands[0]][0])

    def reshape(self, x, *shape):
        return self.op('reshape', [x], shape, f'shape = [{", ".join(f"{d} : i32" for d in shape)}]')

    def permute(self, x, *order):
        shape = self.types[x][0]
        return self.op('permute', [x], [shape[i] for i in order],
                       f'permutation = array<i64: {", ".join(map(str, order))}>')

    def broadcast(self, x, *shape):
        by = [a // b for a, b in zip(shape, self.types[x][0])]
        return self.op('broadcast', [x], shape, f'broadcast_dimensions = array<i64: {", ".join(map(str, by))}>')

    def columns(self, x, begin, end):
        shape = self.types[x][0]
        ints = [', '.join(f'{i} : i32' for i in v) for v in (
            [0] * (len(shape) - 1) + [begin], [*shape[:-1], end], [1] * len(shape))]
        return self.op('slice_static', [x], [*shape[:-1], end - begin],
                       f'begins = [{ints[0]}], ends = [{ints[1]}], step = [{ints[2]}]')

    def concat(self, a, b, dim):
        shape = list(self.types[a][0])
        shape[dim] += self.types[b][0][dim]
        return self.op('concat', [a, b], shape, f'dim = {dim} : si32')

    def fold(self, name, x, *shape):
        last = len(self.types[x][0]) - 1
        return self.op(name, [x], shape, f'dim_arg = [{last} : i32], keep_dim = false')

    def dot(self, a, b, batch, left, right):
        sa, sb = self.types[a][0], self.types[b][0]
        shape = [sa[i] for i in batch] + [d for i, d in enumerate(sa) if i not in batch and i != left]
        shape += [d for i, d in enumerate(sb) if i not in batch and i != right]
        both = 'array<i64' + (': ' + ', '.join(map(str, batch)) if batch else '') + '>'
        return self.op('dot_general', [a, b], shape, f'batch_dims_lhs = {both}, batch_dims_rhs = {both}, '
                       f'contract_dims_lhs = array<i64: {left}>, contract_dims_rhs = array<i64: {right}>')

    def constant(self, value, *shape):
        kind = 'tensor<' + ''.join(f'{d}x' for d in shape) + 'f32>'
        return self.op('constant', [], shape, f'value = dense<{value}> : {kind}')

    def module(self, *results):
        types = ', '.join(self.type(r) for r in results)
        body = '\n  '.join(self.lines)
        return (f'module {{ func.func @main({", ".join(self.args)}) -> ({types}) {{\n  {body}\n'
                f'  return {", ".join(results)} : {types}\n}} }}\n')


def llama_layer(tokens, past, hidden=2048, inner=8192, heads=32, kv_heads=8):
    """One decoder layer for `tokens` new tokens behind `past` cached ones, weights and shapes of Llama 3.2 1B by default."""
    d, keys = hidden // heads, past + tokens
    t = Text()
    x = t.arg('hidden_states', (1, tokens, hidden), 'input')
    cos, sin = (t.arg(name, (1, tokens, d), 'input') for name in ('cos', 'sin'))
    mask = t.arg('attention_mask', (1, 1, tokens, keys), 'input')
    cache = [t.arg(f'past_{name}', (1, kv_heads, past, d), 'input') for name in ('keys', 'values') if past]

    def linear(x, name, n, k):
        w = t.permute(t.arg(name, (n, k), 'parameter'), 1, 0)
        return t.reshape(t.dot(t.reshape(x, tokens, k), w, [], 1, 0), 1, tokens, n)

    def norm(x, name):
        return t.op('rms_norm', [x, t.arg(name, (hidden,), 'parameter')], (1, tokens, hidden),
                    f'normalized_shape = array<i64: {hidden}>, epsilon = 1.0e-05 : f32, '
                    'operandSegmentSizes = array<i32: 1, 1, 0>')

    def split(x, n):
        return t.permute(t.reshape(x, 1, tokens, n, d), 0, 2, 1, 3)

    def rotated(x, n):
        turned = t.concat(t.same('neg', t.columns(x, d // 2, d)), t.columns(x, 0, d // 2), 3)
        c, s = (t.broadcast(t.reshape(v, 1, 1, tokens, d), 1, n, tokens, d) for v in (cos, sin))
        return t.same('add', t.same('multiply', x, c), t.same('multiply', turned, s))

    def repeated(x):
        group = heads // kv_heads
        return t.reshape(t.broadcast(t.reshape(x, 1, kv_heads, 1, keys, d), 1, kv_heads, group, keys, d),
                         1, heads, keys, d)
    h = norm(x, 'input_layernorm')
    q = rotated(split(linear(h, 'q_proj', hidden, hidden), heads), heads)
    k = rotated(split(linear(h, 'k_proj', kv_heads * d, hidden), kv_heads), kv_heads)
    v = split(linear(h, 'v_proj', kv_heads * d, hidden), kv_heads)
    if past:
        k, v = t.concat(cache[0], k, 2), t.concat(cache[1], v, 2)
    scores = t.dot(q, t.permute(repeated(k), 0, 1, 3, 2), [0, 1], 3, 2)
    shape = 1, heads, tokens, keys
    scores = t.same('multiply', scores, t.constant(d ** -0.5, *shape))
    scores = t.same('add', scores, t.broadcast(mask, *shape))
    top = t.reshape(t.fold('max', scores, *shape[:3]), 1, heads, tokens, 1)
    raised = t.same('exp', t.same('subtract', scores, t.broadcast(top, *shape)))
    total = t.reshape(t.fold('sum', raised, *shape[:3]), 1, heads, tokens, 1)
    weights = t.same('div', raised, t.broadcast(total, *shape))
    mixed = t.permute(t.dot(weights, repeated(v), [0, 1], 3, 2), 0, 2, 1, 3)
    x = t.same('add', x, linear(t.reshape(mixed, 1, tokens, hidden), 'o_proj', hidden, hidden))
    h = norm(x, 'post_attention_layernorm')
    gate, up = linear(h, 'gate_proj', inner, hidden), linear(h, 'up_proj', inner, hidden)
    h = t.same('multiply', t.same('multiply', gate, t.same('sigmoid', gate)), up)
    return t.module(t.same('add', x, linear(h, 'down_proj', hidden, inner)), k, v)


def convolutions():
    """Convolutions with what may become part of them: scales and shifts of channels, tensors that are added, activations."""
    t = Text()
    n, size, c = 2, 10, 16
    shape = n, size, size, c
    x = t.arg('x', shape, 'input')
    lively = t.arg('lively', (1, 1, 1, c), 'input')  # no parameter: it may differ from run to run
    whole = t.arg('whole', shape, 'input')
    count = 0

    def row():
        nonlocal count
        count += 1
        return t.arg(f'row{count}', (1, 1, 1, c), 'parameter')

    def conv(y, kernel=3, groups=1, bias=False):
        nonlocal count
        count += 1
        w = t.arg(f'w{count}', (c, c // groups, kernel, kernel), 'parameter')
        return t.op('conv2d', [y, w] + ([row()] if bias else []), shape,
                    f'stride = 1 : i32, padding = {kernel // 2} : i32, dilation = 1 : i32, groups = {groups} : i32')

    def scaled(y, by=None):
        return t.same('multiply', y, by or row())

    def moved(y, kind='add'):
        return t.same(kind, y, row())
    silu = lambda y: t.same('multiply', y, t.same('sigmoid', y))
    stem = t.same('relu', moved(scaled(conv(x))))
    results = [stem,  # added to below, and wanted afterwards
               t.same('relu', t.same('add', moved(scaled(conv(stem, 1))), stem)),
               t.same('add', stem, scaled(conv(x))),
               t.same('relu', t.same('add', moved(conv(stem, groups=4)), whole)),
               moved(scaled(conv(x, groups=c, bias=True)), 'subtract'),
               scaled(moved(conv(x, 1, bias=True)), lively),
               scaled(scaled(conv(x), t.constant(0.25, *shape)), lively),
               silu(moved(scaled(t.same('add', conv(x), t.constant(0.5, *shape))))),
               scaled(t.same('add', conv(x), whole))]
    side = conv(x, 1)  # dies in the sum, with its memory
    results.append(t.same('relu', t.same('add', scaled(conv(stem)), side)))
    side = scaled(conv(x, 1))
    results.append(t.same('add', t.same('add', conv(side), side), side))
    return t.module(*results)


def one_image(text):
    """resnet_hf of the corpus, which takes eight images, for one."""
    return text.replace('tensor<8x', 'tensor<1x').replace('shape = [8 : i32', 'shape = [1 : i32')


def in_bf16(text):
    return text.replace('xf32>', 'xbf16>')
