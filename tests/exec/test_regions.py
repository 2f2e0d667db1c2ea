"""Ops of StableHLO by regions of any kind, and products of complex numbers, against PyTorch, NumPy and plain loops over the definitions
(spec.md; op_cases.py says how cases are run)."""
import functools
import itertools

import op_cases
from op_cases import np, torch


def region(args, lines, *given):
    """A region of numbers: [(name, type)], lines '%r = "stablehlo.add"(%a, %b)' of one type or with types of their own, what it gives."""
    types = dict(args)
    text = []
    for line in lines:
        name, op = (part.strip() for part in line.split('=', 1))
        if ' : ' not in op:
            operands = [o.strip() for o in op[op.index('(') + 1:op.index(')')].split(',')]
            t = types[operands[-1]]
            op += f' : ({", ".join(types[o] for o in operands)}) -> {t}'
        types[name] = op[op.rindex('-> ') + 3:].strip()
        text.append(f'{name} = {op}')
    head = ', '.join(f'{n}: {t}' for n, t in args)
    back = ', '.join(types[g] for g in given)
    return f'({{^bb0({head}):\n ' + '\n '.join(text) + f'\n "stablehlo.return"({", ".join(given)}) : ({back}) -> ()}})'


def number(m):
    return f'tensor<{m.number}>'


def affine(m):
    """x -> p x + q after another such line: in order, and no single op."""
    s = number(m)
    return region([('%p', s), ('%q', s), ('%r', s), ('%s', s)],
                  ['%a = "stablehlo.multiply"(%p, %r)', '%b = "stablehlo.multiply"(%q, %r)', '%c = "stablehlo.add"(%b, %s)'], '%a', '%c')


def array(name, values):
    return f'{name} = array<i64: {", ".join(map(str, values))}>'


def window_of(tensors, inits, f, size, stride, dilation, holes, pad):
    """reduce_window by its definition: inputs with holes and padding of initial values, then each window in row-major order."""
    wide = []
    for t, init in zip(tensors, inits):
        spread = [(n - 1) * h + 1 if n else 0 for n, h in zip(t.shape, holes)]
        full = np.full([max(0, lo) + n + max(0, hi) for n, (lo, hi) in zip(spread, pad)], init, dtype=t.dtype)
        full[tuple(slice(max(0, lo), max(0, lo) + n, h) for (lo, _), n, h in zip(pad, spread, holes))] = t
        wide.append(full[tuple(slice(max(0, -lo), full.shape[d] - max(0, -hi)) for d, (lo, hi) in enumerate(pad))])
    out = [max(0, (n - (k - 1) * d - 1) // s + 1) if n >= (k - 1) * d + 1 else 0 for n, k, d, s in zip(wide[0].shape, size, dilation, stride)]
    results = [np.empty(out, dtype=t.dtype) for t in tensors]
    for at in itertools.product(*map(range, out)):
        value = list(inits)
        for tap in itertools.product(*map(range, size)):
            where = tuple(a * s + t * d for a, s, t, d in zip(at, stride, tap, dilation))
            value = f(value, [w[where] for w in wide])
        for r, v in zip(results, value):
            r[at] = v
    return [torch.from_numpy(r) for r in results]


def windows(m):
    coarse = op_cases.near(m.number, 2e-5, 0.15)
    one, zero = m.arg(torch.tensor(1.0)), m.arg(torch.tensor(0.0))
    lines = affine(m)
    for shape, size, stride, dilation, holes, pad in (
            ((7,), (3,), (1,), (1,), (1,), ((0, 0),)), ((9,), (7,), (2,), (1,), (1,), ((3, 2),)), ((6, 5), (2, 3), (1, 2), (2, 1), (1, 1), ((0, 1), (2, 0))),
            ((4, 6), (3, 1), (2, 3), (1, 1), (1, 1), ((1, 1), (0, 0))), ((3, 4, 5), (2, 2, 2), (1, 1, 1), (1, 1, 2), (2, 1, 1), ((1, 0), (0, 0), (1, 1))),
            ((8, 3), (5, 1), (1, 1), (1, 1), (1, 1), ((-1, 2), (0, 0))), ((0, 3), (1, 2), (1, 1), (1, 1), (1, 1), ((0, 0), (0, 0))), ((2, 3), (4, 1), (1, 1), (1, 1), (1, 1), ((0, 0), (0, 0)))):
        a, b = m.arg(torch.rand(shape) * 0.8 + 0.6), m.arg(torch.randn(shape))
        want = window_of([a[1].float().numpy(), b[1].float().numpy()], [1.0, 0.0], lambda x, y: [x[0] * y[0], x[1] * y[0] + y[1]], size, stride, dilation, holes, pad)
        attrs = ', '.join([array('window_dimensions', size), array('window_strides', stride), array('window_dilations', dilation), array('base_dilations', holes),
                           f'padding = dense<[{", ".join(f"[{lo}, {hi}]" for lo, hi in pad)}]> : tensor<{len(shape)}x2xi64>'])
        m.op('stablehlo.reduce_window', [a, b, one, zero], f'<{{{attrs}}}> {lines}', want, coarse)
    # logcumsumexp as JAX writes it: every window goes back to the beginning
    x, low = m.arg(torch.randn(3, 100)), m.arg(torch.tensor(float('-inf')))
    s = number(m)
    log_sum = region([('%a', s), ('%b', s)], ['%m = "stablehlo.maximum"(%a, %b)', '%n = "stablehlo.minimum"(%a, %b)', '%d = "stablehlo.subtract"(%n, %m)', '%e = "stablehlo.exponential"(%d)',
                                              '%l = "stablehlo.log_plus_one"(%e)', '%r = "stablehlo.add"(%m, %l)',
                                              f'%f = "stablehlo.is_finite"(%n) : ({s}) -> tensor<i1>', f'%g = "stablehlo.select"(%f, %r, %m) : (tensor<i1>, {s}, {s}) -> {s}'], '%g')
    m.op('stablehlo.reduce_window', [x, low], f'<{{{array("window_dimensions", (1, 100))}, padding = dense<[[0, 0], [99, 0]]> : tensor<2x2xi64>}}> {log_sum}', torch.logcumsumexp(x[1].float(), 1), coarse * 5)


def scatter_of(tensors, places, updates, f):
    """Flat tensors with flat updates at places (-1: outside), one after the other."""
    out = [t.copy() for t in tensors]
    for i, at in enumerate(places):
        if at >= 0:
            for o, v in zip(out, f([o[at] for o in out], [u[i] for u in updates])):
                o[at] = v
    return out


ROWS = '#stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>'
CELLS = '#stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>'


def scatters(m):
    s, coarse = number(m), op_cases.near(m.number, 1e-5, 0.05)
    halve = region([('%a', s), ('%b', s)], ['%t = "stablehlo.add"(%a, %a)', '%q = "stablehlo.divide"(%a, %t)', '%h = "stablehlo.multiply"(%a, %q)', '%r = "stablehlo.add"(%h, %b)'], '%r')
    # rows, some twice, some outside: a / 2 + b, in the order of updates
    x, at, by = m.arg(torch.rand(6, 4) + 1), m.arg(torch.tensor([[2], [5], [2], [9], [-1], [2], [0]]).int()), m.arg(torch.rand(7, 4) + 1)
    want = x[1].float().clone()
    for i, row in enumerate(at[1][:, 0].tolist()):
        if 0 <= row < 6:
            want[row] = want[row] / 2 + by[1][i].float()
    m.op('stablehlo.scatter', [x, at, by], f'<{{scatter_dimension_numbers = {ROWS}}}> {halve}', want, coarse)
    # many updates, in blocks, of few places; two tensors together, whose lines are put one behind the other
    for n, of in ((3000, 1500), (2500, 7), (1, 1), (0, 3), (5, 0)):
        p, q = m.arg(torch.ones(of)), m.arg(torch.zeros(of))
        where = m.arg(torch.randint(-1, of + 1, (n, 1)).int())
        a, b = m.arg(torch.rand(n) * 0.2 + 0.9), m.arg(torch.randn(n))
        if m.number != 'f32' and of == 7:
            continue  # hundreds of roundings
        places = [v if 0 <= v < of else -1 for v in where[1][:, 0].tolist()]
        want = scatter_of([p[1].double().numpy(), q[1].double().numpy()], places, [a[1].double().numpy(), b[1].double().numpy()], lambda x, y: [x[0] * y[0], x[1] * y[0] + y[1]])
        m.op('stablehlo.scatter', [p, q, where, a, b], f'<{{scatter_dimension_numbers = {CELLS}}}> {affine(m)}', [torch.from_numpy(w) for w in want], op_cases.near(m.number, 1e-4, 0.1))
    # one at a time: what a region chooses is not the same for all
    branch = (f'({{^bb0(%a: {s}, %b: {s}):\n %c = "stablehlo.compare"(%a, %b) <{{comparison_direction = #stablehlo<comparison_direction LT>}}> : ({s}, {s}) -> tensor<i1>\n'
              f' %r = "stablehlo.if"(%c) ({{ %t = "stablehlo.subtract"(%b, %a) : ({s}, {s}) -> {s} "stablehlo.return"(%t) : ({s}) -> () }}, '
              f'{{ %e = "stablehlo.negate"(%b) : ({s}) -> {s} "stablehlo.return"(%e) : ({s}) -> () }}) : (tensor<i1>) -> {s}\n "stablehlo.return"(%r) : ({s}) -> ()}})')
    x, at, by = m.arg(torch.randn(5)), m.arg(torch.tensor([[1], [3], [1], [0], [1]]).int()), m.arg(torch.randn(5))
    want = x[1].float().clone()
    for i, place in enumerate(at[1][:, 0].tolist()):
        want[place] = by[1][i].float() - want[place] if want[place] < by[1][i].float() else -by[1][i].float()
    m.op('stablehlo.scatter', [x, at, by], f'<{{scatter_dimension_numbers = {CELLS}}}> {branch}', want, coarse)


def chosen(m):
    """The gradient of pooling by what is farthest from zero, or nearest, whose source is put in by a region of its own."""
    s = number(m)
    selects = {way: region([('%a', s), ('%b', s)], ['%x = "stablehlo.abs"(%a)', '%y = "stablehlo.abs"(%b)', '%r = ' + compare(way, '%x', '%y', s)], '%r') for way in ('GE', 'LE')}
    put = region([('%a', s), ('%b', s)], ['%n = "stablehlo.abs"(%b)', '%r = "stablehlo.add"(%a, %n)'], '%r')
    for way, (shape, size, stride, pad) in itertools.product(selects, (((6, 7), (2, 3), (2, 2), ((0, 0), (1, 1))), ((2, 9), (1, 3), (1, 1), ((0, 0), (2, 0))), ((5,), (9,), (1,), ((0, 0),)))):
        x = m.arg(torch.randn(shape))
        count = [max(0, (n + lo + hi - k) // t + 1) for n, k, t, (lo, hi) in zip(shape, size, stride, pad)]
        source, init = m.arg(torch.randn(count)), m.arg(torch.tensor(0.5))
        want = np.full(shape, 0.5)
        for at in itertools.product(*map(range, count)):
            cells = [tuple(a * t + k - lo for a, t, k, (lo, _) in zip(at, stride, tap, pad)) for tap in itertools.product(*map(range, size))]
            cells = [c for c in cells if all(0 <= i < n for i, n in zip(c, shape))]
            best = functools.reduce(lambda a, b: a if (abs(x[1][a]) >= abs(x[1][b]) if way == 'GE' else abs(x[1][a]) <= abs(x[1][b])) else b, cells)
            want[best] += abs(float(source[1][at]))
        attrs = ', '.join([array('window_dimensions', size), array('window_strides', stride), f'padding = dense<[{", ".join(f"[{lo}, {hi}]" for lo, hi in pad)}]> : tensor<{len(shape)}x2xi64>'])
        m.op('stablehlo.select_and_scatter', [x, source, init], f'<{{{attrs}}}> ({selects[way][1:-1]}, {put[1:-1]})', torch.from_numpy(want), op_cases.near(m.number, None, 0.03))


def compare(way, a, b, t, kind=''):
    return f'"stablehlo.compare"({a}, {b}) <{{comparison_direction = #stablehlo<comparison_direction {way}>{kind}}}> : ({t}, {t}) -> tensor<i1>'


def sorts(m):
    s, i, truth = number(m), 'tensor<i32>', 'tensor<i1>'
    # two keys, the first falling, the second rising; a third tensor comes along
    two = region([('%a', i), ('%b', i), ('%c', s), ('%d', s), ('%e', i), ('%f', i)],
                 ['%g = ' + compare('GT', '%a', '%b', i), '%h = ' + compare('EQ', '%a', '%b', i), '%k = ' + compare('LT', '%c', '%d', s),
                  f'%l = "stablehlo.and"(%h, %k) : ({truth}, {truth}) -> {truth}', f'%r = "stablehlo.or"(%g, %l) : ({truth}, {truth}) -> {truth}'], '%r')
    size = region([('%a', s), ('%b', s)], ['%x = "stablehlo.abs"(%a)', '%y = "stablehlo.abs"(%b)', '%r = ' + compare('LT', '%x', '%y', s)], '%r')
    tens = region([('%a', i), ('%b', i), ('%c', i), ('%d', i)],
                  [f'%t = "stablehlo.constant"() <{{value = dense<10> : {i}}}> : () -> {i}', '%x = "stablehlo.divide"(%a, %t)', '%y = "stablehlo.divide"(%b, %t)', '%r = ' + compare('LT', '%x', '%y', i)], '%r')
    for shape, dim in (((1, 4), 0), ((2,), 0), ((3, 2), 0), ((5, 3), 0), ((2, 8), 1), ((2, 33, 3), 1), ((700,), 0), ((0, 3), 0), ((3, 0), 0), ((1023,), 0)):
        key, second = m.arg(torch.randint(0, 4, shape).int()), m.arg(torch.randint(0, 3, shape).float())
        ids = m.arg(torch.arange(key[1].numel()).int().reshape(shape))
        order = np.lexsort((second[1].float().numpy(), -key[1].numpy()), axis=dim)
        want = [torch.from_numpy(np.take_along_axis(t[1].float().numpy() if t is second else t[1].numpy(), order, dim)) for t in (key, second, ids)]
        m.op('stablehlo.sort', [key, second, ids], f'<{{dimension = {dim} : i64, is_stable = true}}> {two}', want)
        x = m.arg(torch.randn(shape))
        _, places = torch.sort(x[1].float().abs(), dim=dim, stable=True)
        m.op('stablehlo.sort', [x], f'<{{dimension = {dim} : i64}}> {size}', x[1].float().gather(dim, places))
        some = m.arg(torch.randint(0, 40, shape).int())  # equal in their tens: they keep their order
        _, places = torch.sort(some[1] // 10, dim=dim, stable=True)
        m.op('stablehlo.sort', [some, ids], f'<{{dimension = {dim} : i64, is_stable = true}}> {tens}', [some[1].gather(dim, places), ids[1].gather(dim, places)])


def maps(m):
    """Regions with choices and loops in them, which go element by element."""
    s = number(m)
    x, y = m.arg(torch.randn(3, 5)), m.arg(torch.rand(3, 5) * 6)
    loop = (f'({{^bb0(%a: {s}, %b: {s}):\n %z = "stablehlo.constant"() <{{value = dense<1.0> : {s}}}> : () -> {s}\n'
            f' %r:2 = "stablehlo.while"(%a, %b) ({{^bb0(%c: {s}, %d: {s}): %t = {compare("GT", "%d", "%z", s)} "stablehlo.return"(%t) : (tensor<i1>) -> () }}, '
            f'{{^bb0(%e: {s}, %f: {s}): %g = "stablehlo.add"(%e, %z) : ({s}, {s}) -> {s} %h = "stablehlo.subtract"(%f, %z) : ({s}, {s}) -> {s} "stablehlo.return"(%g, %h) : ({s}, {s}) -> () }}) : ({s}, {s}) -> ({s}, {s})\n'
            f' "stablehlo.return"(%r#0) : ({s}) -> ()}})')
    rounds = torch.zeros(3, 5)
    rest = y[1].float().clone()
    want = x[1].float().clone()
    while (rest > 1).any():
        want = torch.where(rest > 1, (want + 1).to(y[1].dtype).float(), want)
        rest, rounds = torch.where(rest > 1, (rest - 1).to(y[1].dtype).float(), rest), rounds
    m.op('stablehlo.map', [x, y], f'<{{dimensions = array<i64: 0, 1>}}> {loop}', want)
    # a reduction: the sum of what is larger than the sum so far is added, else subtracted - by a table of branches
    pick = (f'({{^bb0(%a: {s}, %b: {s}):\n %t = {compare("LT", "%a", "%b", s)}\n %n = "stablehlo.convert"(%t) : (tensor<i1>) -> tensor<i32>\n'
            f' %r = "stablehlo.case"(%n) ({{ "stablehlo.return"(%a) : ({s}) -> () }}, {{ "stablehlo.return"(%b) : ({s}) -> () }}) : (tensor<i32>) -> {s}\n "stablehlo.return"(%r) : ({s}) -> ()}})')
    low = m.arg(torch.tensor(float('-inf')))
    m.op('stablehlo.reduce', [x, low], f'<{{dimensions = array<i64: 1>}}> {pick}', x[1].float().max(1).values)
    # a table that numbers are looked up in: tensors inside of the region
    table = (f'({{^bb0(%a: tensor<i32>):\n %t = "stablehlo.constant"() <{{value = dense<[5, -3, 8, 11]> : tensor<4xi32>}}> : () -> tensor<4xi32>\n'
             ' %s = "stablehlo.dynamic_slice"(%t, %a) <{slice_sizes = array<i64: 1>}> : (tensor<4xi32>, tensor<i32>) -> tensor<1xi32>\n %r = "stablehlo.reshape"(%s) : (tensor<1xi32>) -> tensor<i32>\n "stablehlo.return"(%r) : (tensor<i32>) -> ()})')
    at = m.arg(torch.randint(0, 4, (2, 6)).int())
    m.op('stablehlo.map', [at], f'<{{dimensions = array<i64: 0, 1>}}> {table}', torch.tensor([5, -3, 8, 11])[at[1].long()].int())


def widened(m):
    """Regions that compute in a wider type than what they are given (spec.md, reduce, C6)."""
    wide = region([('%a', 'tensor<f32>'), ('%b', 'tensor<f32>')], ['%r = "stablehlo.add"(%a, %b)'], '%r')
    x, zero = m.arg(torch.ones(3, 600)), m.arg(torch.tensor(0.0))
    text = f'"stablehlo.reduce"({x[0]}, {zero[0]}) <{{dimensions = array<i64: 1>}}> {wide} : (tensor<3x600xbf16>, tensor<bf16>) -> tensor<3xf32>'
    m.body.append('%wide = ' + text)
    m.body.append('%less = "stablehlo.constant"() <{value = dense<512.0> : tensor<3xf32>}> : () -> tensor<3xf32>')
    m.body.append('%rest = "stablehlo.subtract"(%wide, %less) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>')
    m.body.append('%back = "stablehlo.convert"(%rest) : (tensor<3xf32>) -> tensor<3xbf16>')
    m.given('stablehlo.reduce', '%back', torch.full((3,), 88.0), 1e-9)


def complex_region(m, op):
    z = f'tensor<complex<{m.number}>>'
    return region([('%a', z), ('%b', z)], [f'%r = "stablehlo.{op}"(%a, %b)'], '%r')


def complex_products(m):
    made = torch.complex128 if m.number == 'f64' else torch.complex64
    near = 1e-12 if m.number == 'f64' else 2e-5

    def arg(*shape):
        return m.arg(torch.randn(*shape, dtype=made))
    a, b = arg(3, 4, 5), arg(3, 5, 6)
    m.op('stablehlo.dot_general', [a, b], '<{dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = [0], lhs_contracting_dimensions = [2], rhs_contracting_dimensions = [1]>}>', a[1] @ b[1], near)
    a, b = arg(4, 70), arg(70, 9)
    m.op('stablehlo.dot', [a, b], '', a[1] @ b[1], near)
    m.op('stablehlo.einsum', [a, b], '<{einsum_config = "ab,bc->ca"}>', (a[1] @ b[1]).t().contiguous(), near)
    m.op('stablehlo.unary_einsum', [a], '<{einsum_config = "ab->b"}>', a[1].sum(0), near)
    image, kernel = arg(2, 4, 7, 6), arg(6, 2, 3, 2)
    numbers = 'dimension_numbers = #stablehlo.conv<[b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1]>'
    real = torch.nn.functional.conv2d
    want = torch.complex(*(f(*g) for f, g in ((lambda x, y: real(x[0], y[0], stride=(2, 1), padding=(1, 0), groups=2) - real(x[1], y[1], stride=(2, 1), padding=(1, 0), groups=2), (parts(image[1]), parts(kernel[1]))),
                                              (lambda x, y: real(x[0], y[1], stride=(2, 1), padding=(1, 0), groups=2) + real(x[1], y[0], stride=(2, 1), padding=(1, 0), groups=2), (parts(image[1]), parts(kernel[1]))))))
    m.op('stablehlo.convolution', [image, kernel], f'<{{{numbers}, window_strides = array<i64: 2, 1>, padding = dense<[[1, 1], [0, 0]]> : tensor<2x2xi64>, feature_group_count = 2 : i64, batch_group_count = 1 : i64}}>', want, near)


def parts(z):
    return z.real.contiguous(), z.imag.contiguous()


def complex_updates(m):
    made = torch.complex128 if m.number == 'f64' else torch.complex64
    near = 1e-12 if m.number == 'f64' else 2e-5

    def arg(*shape):
        return m.arg(torch.randn(*shape, dtype=made))
    x, at, by = arg(5, 3), m.arg(torch.tensor([[4], [1], [4], [7]]).int()), arg(4, 3)
    want = x[1].clone()
    for i, row in ((0, 4), (1, 1), (2, 4)):
        want[row] = want[row] * by[1][i]
    m.op('stablehlo.scatter', [x, at, by], f'<{{scatter_dimension_numbers = {ROWS}}}> {complex_region(m, "multiply")}', want, near)
    z = f'tensor<complex<{m.number}>>'
    want = x[1].clone()
    want[4], want[1] = by[1][2], by[1][1]
    m.op('stablehlo.scatter', [x, at, by], f'<{{scatter_dimension_numbers = {ROWS}}}> {region([("%a", z), ("%b", z)], [], "%b")}', want, 1e-30)
    row, zero = arg(9), m.arg(torch.tensor(0, dtype=made))
    m.op('stablehlo.reduce_window', [row, zero], f'<{{{array("window_dimensions", (4,))}, {array("window_strides", (2,))}}}> {complex_region(m, "add")}', row[1].unfold(0, 4, 2).sum(1), near)
    # sorted by size, and carried along with real keys
    s = f'tensor<{m.number}>'
    size = region([('%a', z), ('%b', z)], [f'%x = "stablehlo.abs"(%a) : ({z}) -> {s}', f'%y = "stablehlo.abs"(%b) : ({z}) -> {s}', '%r = ' + compare('GT', '%x', '%y', s)], '%r')
    m.op('stablehlo.sort', [x], f'<{{dimension = 0 : i64}}> {size}', x[1].gather(0, x[1].abs().argsort(0, descending=True)), 1e-30)
    key = m.arg(torch.randperm(15).int().reshape(5, 3))
    plain = region([('%a', 'tensor<i32>'), ('%b', 'tensor<i32>'), ('%c', z), ('%d', z)], ['%r = ' + compare('LT', '%a', '%b', 'tensor<i32>')], '%r')
    order = key[1].argsort(1)
    m.op('stablehlo.sort', [key, x], f'<{{dimension = 1 : i64}}> {plain}', [key[1].gather(1, order), x[1].gather(1, order)], 1e-30)


CASES = ([(g, t) for g in (windows, scatters, chosen, sorts, maps) for t in ('f32', 'bf16', 'f16')] + [(widened, 'bf16')] +
         [(g, t) for g in (complex_products, complex_updates) for t in ('f32', 'f64')])
if __name__ == '__main__':
    op_cases.main(CASES)
