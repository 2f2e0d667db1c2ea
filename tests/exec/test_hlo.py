"""StableHLO and CHLO ops against PyTorch (op_cases.py says how). What PyTorch has no function for is written out here."""
import op_cases
from op_cases import np, torch

F = torch.nn.functional


def numbers(m):
    x = m.arg(torch.randn(3, 37) * 2)
    v = x[1].float()
    big, unit, positive = m.arg(v.abs() + 1.0), m.arg(torch.rand(3, 37) * 1.8 - 0.9), m.arg(torch.rand(3, 37) * 6 + 0.2)
    odd = m.arg(torch.tensor([0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -2.5, 3e38, float('inf'), float('-inf'), float('nan')]))
    for name, f, of, tolerance in (
            ('acosh', torch.acosh, big, 2e-5), ('atanh', torch.atanh, unit, 1e-5), ('sinh', torch.sinh, x, None),
            ('cosh', torch.cosh, x, None), ('bessel_i1e', torch.special.i1e, x, 1e-5), ('digamma', torch.digamma, positive, 2e-5),
            ('lgamma', torch.lgamma, positive, 2e-5), ('erf_inv', torch.erfinv, unit, 2e-5)):
        m.op('chlo.' + name, [of], '', f(of[1].float()), op_cases.near(m.number, tolerance, 0.02))
    for name, f in (('is_inf', torch.isinf), ('is_pos_inf', torch.isposinf), ('is_neg_inf', torch.isneginf)):
        m.op('chlo.' + name, [odd], '', f(odd[1].float()))
    m.op('stablehlo.round_nearest_even', [odd], '', torch.round(odd[1].float()))
    m.op('stablehlo.round_nearest_afz', [odd], '', torch.sign(odd[1].float()) * torch.floor(odd[1].float().abs() + 0.5))
    order = m.arg(torch.randint(0, 4, (3, 37)).float())
    m.op('chlo.polygamma', [order, positive], '',
         torch.stack([torch.polygamma(int(n), p) for n, p in zip(order[1].float().flatten(), positive[1].float().flatten())]).reshape(3, 37),
         op_cases.near(m.number, 1e-4, 0.02))
    q = m.arg(torch.rand(3, 37) * 3 + 0.5)
    s = m.arg(torch.rand(3, 37) * 5 + 1.5)
    m.op('chlo.zeta', [s, q], '', torch.special.zeta(s[1].float(), q[1].float()), op_cases.near(m.number, 1e-4, 0.02))
    if m.number == 'f32':
        y = m.arg(torch.randn(3, 37))
        m.op('chlo.next_after', [x, y], '', torch.nextafter(v, y[1]), 1e-12)
        m.op('stablehlo.reduce_precision', [x], '<{exponent_bits = 8 : i32, mantissa_bits = 7 : i32}>', v.bfloat16().float(), 1e-12)
        m.op('stablehlo.reduce_precision', [odd], '<{exponent_bits = 5 : i32, mantissa_bits = 10 : i32}>', odd[1].half().float(), 1e-12)
        # A complex number of two real ones and back.
        m.body.append(f'%z = "stablehlo.complex"({x[0]}, {y[0]}) : (tensor<3x37xf32>, tensor<3x37xf32>) -> tensor<3x37xcomplex<f32>>')
        for part, want in (('real', v), ('imag', y[1])):
            m.body.append(f'%z_{part} = "stablehlo.{part}"(%z) : (tensor<3x37xcomplex<f32>>) -> tensor<3x37xf32>')
            m.op('stablehlo.add', [(f'%z_{part}', want), x], '', want + v)
    lo, hi = m.arg(torch.tensor(-0.5)), m.arg(torch.tensor(1.0))
    m.op('stablehlo.clamp', [lo, x, hi], '', v.clamp(-0.5, 1))
    m.op('stablehlo.clamp', [unit, x, big], '', torch.minimum(torch.maximum(v, unit[1].float()), big[1].float()))
    z = m.arg(torch.randn(3, 37))
    for way, f in (('EQ', torch.eq), ('NE', torch.ne), ('LT', torch.lt), ('LE', torch.le), ('GT', torch.gt), ('GE', torch.ge)):
        for l, r in ((x, z), (x, x), (odd, odd)):
            m.op('stablehlo.compare', [l, r], f'<{{comparison_direction = #stablehlo<comparison_direction {way}>}}>', f(l[1].float(), r[1].float()))
        row = m.arg(torch.randn(37))
        m.op('chlo.broadcast_compare', [x, row], f'<{{comparison_direction = #chlo<comparison_direction {way}>}}>', f(v, row[1].float()))


def integers(m):
    a, b = (m.arg(torch.randint(-2**31, 2**31 - 1, (5, 33)).int()) for _ in 'ab')
    p, q = m.arg(torch.rand(5, 33) > 0.5), m.arg(torch.rand(5, 33) > 0.5)
    for name, f, g in (('and', torch.bitwise_and, torch.logical_and), ('or', torch.bitwise_or, torch.logical_or), ('xor', torch.bitwise_xor, torch.logical_xor)):
        row = m.arg(torch.randint(-99, 99, (33,)).int())
        m.op('stablehlo.' + name, [a, b], '', f(a[1], b[1]))
        m.op('stablehlo.' + name, [p, q], '', g(p[1], q[1]))
        m.op('chlo.broadcast_' + name, [a, row], '', f(a[1], row[1]))
        m.op('chlo.broadcast_' + name, [p, q], '', g(p[1], q[1]))
    m.op('stablehlo.not', [a], '', torch.bitwise_not(a[1]))
    m.op('stablehlo.not', [p], '', torch.logical_not(p[1]))
    wide = [(x[1].long() & 0xffffffff) for x in (a, b)]

    def signed(v):
        v = v & 0xffffffff
        return torch.where(v >= 2**31, v - 2**32, v).int()
    m.op('stablehlo.popcnt', [a], '', torch.tensor([bin(int(v)).count('1') for v in wide[0].flatten()]).reshape(5, 33).int())
    c = m.arg(torch.tensor([0, 1, 2, 255, 256, -1, -2**31, 2**31 - 1]).int())
    m.op('stablehlo.count_leading_zeros', [c], '', torch.tensor([32, 31, 30, 24, 23, 0, 0, 1]).int())
    m.op('chlo.mulhi', [a, b], '', (a[1].long() * b[1].long() >> 32).int())
    # Shifts by as much as there are bits, or more, give zeros, or signs.
    n = m.arg(torch.tensor([0, 1, 5, 31, 32, 40] * 28)[:165].reshape(5, 33).int())
    left = torch.where(n[1] < 32, signed(wide[0] << n[1].clamp(max=31)), torch.zeros_like(n[1]))
    logical = torch.where(n[1] < 32, signed(wide[0] >> n[1].clamp(max=31)), torch.zeros_like(n[1]))
    signs = a[1] >> n[1].clamp(max=31)
    for name, want in (('shift_left', left), ('shift_right_logical', logical), ('shift_right_arithmetic', signs)):
        m.op('stablehlo.' + name, [a, n], '', want)
        m.op('chlo.broadcast_' + name, [a, n], '', want)
    small = m.arg(torch.tensor([0, 1, 5, 31] * 42)[:165].reshape(5, 33).int())
    m.op('ttir.logical_left_shift', [a, small], '', signed(wide[0] << small[1]))
    m.op('ttir.logical_right_shift', [a, small], '', signed(wide[0] >> small[1]))
    m.op('ttir.right_shift', [a, small], '', a[1] >> small[1])
    m.op('stablehlo.convert', [a], '', a[1].float())
    m.op('stablehlo.convert', [p], '', p[1].int())
    m.op('stablehlo.bitcast_convert', [a], '', torch.from_numpy(a[1].numpy().view(np.float32).copy()))
    m.op('ttir.bitcast_convert', [a], '', torch.from_numpy(a[1].numpy().view(np.float32).copy()))
    x = m.arg(torch.randn(7))
    m.op('stablehlo.bitcast_convert', [x], '', torch.from_numpy(x[1].numpy().view(np.int32).copy()))


def shapes(m):
    x = m.arg(torch.randn(2, 3, 4, 5))
    v = x[1]
    m.op('stablehlo.reshape', [x], '', v.reshape(6, 20))
    m.op('stablehlo.broadcast', [m.arg(torch.randn(3, 4))], '<{broadcast_sizes = array<i64: 2, 5>}>', m.args[-1].expand(2, 5, 3, 4))
    y = m.arg(torch.randn(3, 1))
    m.op('stablehlo.broadcast_in_dim', [y], '<{broadcast_dimensions = array<i64: 1, 2>}>', y[1].reshape(1, 3, 1).expand(2, 3, 4))
    m.op('stablehlo.broadcast_in_dim', [y], '<{broadcast_dimensions = array<i64: 2, 0>}>', y[1].reshape(3, 1).T.reshape(1, 1, 3).expand(4, 2, 3))
    m.op('stablehlo.slice', [x], '<{start_indices = array<i64: 0, 1, 0, 1>, limit_indices = array<i64: 2, 3, 4, 5>, strides = array<i64: 1, 1, 2, 3>}>',
         v[0:2, 1:3, 0:4:2, 1:5:3])
    m.op('stablehlo.slice', [x], '<{start_indices = array<i64: 0, 3, 0, 0>, limit_indices = array<i64: 2, 3, 4, 5>, strides = array<i64: 1, 1, 1, 1>}>', v[:, 3:3])
    p = m.arg(torch.randn(4, 5))
    fill = m.arg(torch.tensor(1.5))

    def padded(t, low, high, interior):
        t = t.float()
        for d, (l, h, i) in enumerate(zip(low, high, interior)):
            n = t.shape[d]
            spread = torch.full([*t.shape[:d], n + max(n - 1, 0) * i, *t.shape[d + 1:]], 1.5)
            spread.index_copy_(d, torch.arange(n) * (i + 1), t)
            begin, end = -l, spread.shape[d] + h
            index = torch.arange(begin, end)
            inside = (index >= 0) & (index < spread.shape[d])
            t = torch.full([*t.shape[:d], len(index), *t.shape[d + 1:]], 1.5)
            t.index_copy_(d, torch.nonzero(inside).flatten(), spread.index_select(d, index[inside]))
        return t
    for low, high, interior in (((1, 0), (2, 3), (0, 0)), ((0, 2), (1, 0), (2, 1)), ((-1, -2), (1, -1), (0, 1))):
        text = ', '.join(f'{k} = array<i64: {", ".join(map(str, q))}>' for k, q in
                         (('edge_padding_low', low), ('edge_padding_high', high), ('interior_padding', interior)))
        m.op('stablehlo.pad', [p, fill], f'<{{{text}}}>', padded(p[1], low, high, interior))
    # Starts are moved so that the slice lies inside.
    for start in (0, 1), (3, 4), (-2, 100):
        at = [m.arg(torch.tensor(s).int()) for s in start]
        r, c = min(max(start[0], 0), 4 - 2), min(max(start[1], 0), 5 - 3)
        m.op('stablehlo.dynamic_slice', [p, *at], '<{slice_sizes = array<i64: 2, 3>}>', p[1][r:r + 2, c:c + 3])
        new, want = m.arg(torch.randn(2, 3)), p[1].clone()
        want[r:r + 2, c:c + 3] = new[1]
        m.op('stablehlo.dynamic_update_slice', [p, new, *at], '', want)
    m.op('stablehlo.get_dimension_size', [x], '<{dimension = 2 : i64}>', torch.tensor(4).int())
    number = m.number
    m.body.append(f'%c1 = "stablehlo.constant"() <{{value = dense<[[1.0, -2.5], [0.0, 4.0]]> : tensor<2x2x{number}>}}> : () -> tensor<2x2x{number}>')
    m.op('stablehlo.add', [('%c1', m.arg(torch.zeros(2, 2))[1]), (f'%a{len(m.args) - 1}', m.args[-1])], '', torch.tensor([[1, -2.5], [0, 4]]))
    low, high, size = m.arg(torch.tensor(-1.0)), m.arg(torch.tensor(3.0)), m.arg(torch.tensor([64, 64]))
    m.body.append(f'%rng = "stablehlo.rng"({low[0]}, {high[0]}, {size[0]}) <{{rng_distribution = #stablehlo<rng_distribution UNIFORM>}}> : '
                  f'(tensor<{number}>, tensor<{number}>, tensor<2xi64>) -> tensor<64x64x{number}>')
    drawn = ('%rng', torch.zeros(64, 64, dtype=op_cases.TYPES[number]))
    for op, want, near in (('min', -1.0, 0.01), ('max', 3.0, 0.01), ('mean', 1.0, 0.05)):
        m.op('ttir.' + op, [drawn], '<{keep_dim = false, dim_arg = [0 : i32, 1 : i32]}>', torch.tensor(want), near)
    m.op('chlo.constant_like', [p], f'<{{value = 2.5 : {number}}}>', torch.full((4, 5), 2.5))


def gathers(m):
    """Gather and scatter in the forms that frameworks write; by plain loops of the specification."""
    x = m.arg(torch.randn(5, 6, 7))
    i = m.arg(torch.tensor([[4], [0], [9], [2]]).int())  # 9 is moved to 4
    rows = i[1].long().flatten().clamp(0, 4)
    m.op('stablehlo.gather', [x, i], '<{dimension_numbers = #stablehlo.gather<offset_dims = [1, 2], collapsed_slice_dims = [0], start_index_map = [0], '
         'index_vector_dim = 1>, slice_sizes = array<i64: 1, 6, 7>, indices_are_sorted = false}>', x[1][rows])
    j = m.arg(torch.tensor([[1, 2], [4, 6], [0, 0]]).int())  # starts in dimensions 0 and 2, moved to have room for 2 x 3
    want = torch.stack([x[1][min(a, 3):min(a, 3) + 2, :, min(b, 4):min(b, 4) + 3][:, 0] for a, b in j[1].tolist()])
    m.op('stablehlo.gather', [x, j], '<{dimension_numbers = #stablehlo.gather<offset_dims = [1, 2], collapsed_slice_dims = [1], start_index_map = [0, 2], '
         'index_vector_dim = 1>, slice_sizes = array<i64: 2, 1, 3>, indices_are_sorted = false}>', want)
    b = m.arg(torch.tensor([0, 3, 6, 2, 1]).int())  # with a batch: for each row its own place
    want = torch.stack([x[1][n, :, k] for n, k in enumerate(b[1].tolist())])
    m.op('stablehlo.gather', [x, b], '<{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [2], operand_batching_dims = [0], '
         'start_indices_batching_dims = [0], start_index_map = [2], index_vector_dim = 1>, slice_sizes = array<i64: 1, 6, 1>, indices_are_sorted = false}>', want)
    number = m.number
    body = {n: f'({{^bb0(%x: tensor<{number}>, %y: tensor<{number}>):\n %r = "stablehlo.{n}"(%x, %y) : (tensor<{number}>, tensor<{number}>) -> tensor<{number}>\n '
               f'"stablehlo.return"(%r) : (tensor<{number}>) -> ()}})' for n in ('add', 'maximum', 'multiply')}
    body['replace'] = f'({{^bb0(%x: tensor<{number}>, %y: tensor<{number}>):\n "stablehlo.return"(%y) : (tensor<{number}>) -> ()}})'
    k = m.arg(torch.tensor([[0], [3], [7], [0]]).int())  # 7 lies outside and is left out
    u = m.arg(torch.randn(4, 6, 7))
    for name, f in (('add', torch.add), ('maximum', torch.maximum), ('multiply', torch.mul)):
        want = x[1].float().clone()
        for n, row in enumerate((0, 3, None, 0)):
            if row is not None:
                want[row] = f(want[row], u[1][n].float())
        m.op('stablehlo.scatter', [x, k, u], '<{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1, 2], inserted_window_dims = [0], '
             f'scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, indices_are_sorted = false, unique_indices = false}}> {body[name]}', want, op_cases.near(number, 2e-6, 0.02))
    s = m.arg(torch.tensor([1, 4]).int())
    w = m.arg(torch.randn(5, 2, 3))
    want = x[1].clone()
    want[:, 1:3, 4:7] = w[1]
    m.op('stablehlo.scatter', [x, s, w], '<{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [0, 1, 2], scatter_dims_to_operand_dims = [1, 2], '
         f'index_vector_dim = 0>, indices_are_sorted = true, unique_indices = true}}> {body["replace"]}', want)


def reductions(m):
    number = m.number
    x = m.arg(torch.randn(3, 7, 5, 6) * 0.8)
    v = x[1].float()

    def body(op):
        return (f'({{^bb0(%x: tensor<{number}>, %y: tensor<{number}>):\n %r = "stablehlo.{op}"(%x, %y) : (tensor<{number}>, tensor<{number}>) -> tensor<{number}>\n '
                f'"stablehlo.return"(%r) : (tensor<{number}>) -> ()}})')
    zero, one, low, high = (m.arg(torch.tensor(c)) for c in (0.0, 1.0, float('-inf'), float('inf')))
    for dims in (0,), (1, 3), (0, 1, 2, 3):
        text = f'<{{dimensions = array<i64: {", ".join(map(str, dims))}>}}>'
        m.op('stablehlo.reduce', [x, zero], f'{text} {body("add")}', v.sum(dims))
        m.op('stablehlo.reduce', [x, low], f'{text} {body("maximum")}', v.amax(dims))
        m.op('stablehlo.reduce', [x, high], f'{text} {body("minimum")}', v.amin(dims))
    m.op('stablehlo.reduce', [x, one], f'<{{dimensions = array<i64: 2>}}> {body("multiply")}', v.prod(2))
    m.op('stablehlo.reduce', [x, one], f'<{{dimensions = array<i64: 1>}}> {body("add")}', v.sum(1) + 1)
    e = m.arg(torch.zeros(0, 4))
    m.op('stablehlo.reduce', [e, one], f'<{{dimensions = array<i64: 0>}}> {body("multiply")}', torch.ones(4))
    # truth values, in a form of PyTorch/XLA: select(or, true, false)
    truths, none = m.arg(torch.rand(4, 5, 6) > 0.8), m.arg(torch.tensor(False))
    by_select = ('({^bb0(%x: tensor<i1>, %y: tensor<i1>):\n %t = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>\n '
                 '%f = "stablehlo.constant"() <{value = dense<false> : tensor<i1>}> : () -> tensor<i1>\n %o = "stablehlo.or"(%x, %y) : (tensor<i1>, tensor<i1>) -> tensor<i1>\n '
                 '%r = "stablehlo.select"(%o, %t, %f) : (tensor<i1>, tensor<i1>, tensor<i1>) -> tensor<i1>\n "stablehlo.return"(%r) : (tensor<i1>) -> ()})')
    m.op('stablehlo.reduce', [truths, none], f'<{{dimensions = array<i64: 2>}}> {by_select}', truths[1].any(2))
    nchw = m.arg(torch.randn(2, 3, 9, 11))
    window = ('<{window_dimensions = array<i64: 1, 1, 3, 2>, window_strides = array<i64: 1, 1, 2, 2>, window_dilations = array<i64: 1, 1, 1, 1>, '
              'base_dilations = array<i64: 1, 1, 1, 1>, padding = dense<[[0, 0], [0, 0], [1, 1], [1, 1]]> : tensor<4x2xi64>}>')
    m.op('stablehlo.reduce_window', [nchw, low], f'{window} {body("maximum")}', F.max_pool2d(nchw[1].float(), (3, 2), 2, 1))
    m.op('stablehlo.reduce_window', [nchw, zero], f'{window} {body("add")}', F.avg_pool2d(nchw[1].float(), (3, 2), 2, 1) * 6)
    # a cumulative sum as JAX writes it
    c = m.arg(torch.randn(4, 9))
    m.op('stablehlo.reduce_window', [c, zero], '<{window_dimensions = array<i64: 1, 9>, window_strides = array<i64: 1, 1>, window_dilations = array<i64: 1, 1>, '
         f'base_dilations = array<i64: 1, 1>, padding = dense<[[0, 0], [8, 0]]> : tensor<2x2xi64>}}> {body("add")}', c[1].float().cumsum(1))
    unique = m.arg(torch.randperm(60).reshape(3, 20).float())
    other = m.arg(torch.arange(60).reshape(3, 20).int())
    for way, descending in (('LT', False), ('GT', True)):
        w, i = unique[1].float().sort(1, descending)
        compare = (f'({{^bb0(%x: tensor<{number}>, %y: tensor<{number}>, %u: tensor<i32>, %w: tensor<i32>):\n %r = "stablehlo.compare"(%x, %y) '
                   f'<{{comparison_direction = #stablehlo<comparison_direction {way}>}}> : (tensor<{number}>, tensor<{number}>) -> tensor<i1>\n '
                   '"stablehlo.return"(%r) : (tensor<i1>) -> ()})')
        m.op('stablehlo.sort', [unique, other], f'<{{dimension = 1 : i64, is_stable = true}}> {compare}', [w, other[1].gather(1, i)])
    scale, offset = m.arg(torch.randn(5)), m.arg(torch.randn(5))
    t = v.permute(0, 1, 3, 2).reshape(-1, 5)
    mean, var = t.mean(0), t.var(0, unbiased=False)
    shaped = [q.reshape(1, 1, 5, 1) for q in (mean, var, scale[1].float(), offset[1].float())]
    m.op('stablehlo.batch_norm_training', [x, scale, offset], '<{epsilon = 1.0e-3 : f32, feature_index = 2 : i64}>',
         [(v - shaped[0]) / torch.sqrt(shaped[1] + 1e-3) * shaped[2] + shaped[3], mean, var], op_cases.near(number, 2e-5, 0.02))


def products(m):
    def mat(*shape):
        return m.arg(torch.randn(*shape) / shape[-1] ** 0.5)
    a, b, v = mat(9, 16), mat(16, 8), mat(16)
    m.op('stablehlo.dot', [a, b], '', a[1].float() @ b[1].float())
    m.op('stablehlo.dot', [a, v], '', a[1].float() @ v[1].float())
    m.op('stablehlo.dot', [v, v], '', v[1].float() @ v[1].float())
    x, w = m.arg(torch.randn(2, 8, 9, 11)), m.arg(torch.randn(6, 4, 3, 3) / 6)
    numbers_nchw = '#stablehlo.conv<[b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1]>'

    def conv(lhs, rhs, dims, want, stride=(1, 1), pad=((0, 0), (0, 0)), left=(1, 1), right=(1, 1), groups=1, parts=1):
        text = ', '.join([f'window_strides = array<i64: {stride[0]}, {stride[1]}>', f'padding = dense<{[list(p) for p in pad]}> : tensor<2x2xi64>',
                          f'lhs_dilation = array<i64: {left[0]}, {left[1]}>', f'rhs_dilation = array<i64: {right[0]}, {right[1]}>',
                          'window_reversal = array<i1: false, false>', f'dimension_numbers = {dims}', f'feature_group_count = {groups} : i64',
                          f'batch_group_count = {parts} : i64'])
        m.op('stablehlo.convolution', [lhs, rhs], f'<{{{text}}}>', want)
    f, g = x[1].float(), w[1].float()
    conv(x, w, numbers_nchw, F.conv2d(f, g, None, 2, 1, 1, 2), (2, 2), ((1, 1), (1, 1)), groups=2)
    conv(x, w, numbers_nchw, F.conv2d(F.pad(f, (0, 2, 1, 0)), g, None, 1, 0, (2, 1), 2), pad=((1, 0), (0, 2)), right=(2, 1), groups=2)
    # groups of the batch: the gradient of weights of a grouped convolution; each part of the batch goes to its own output features
    wide = m.arg(torch.randn(6, 4, 9, 11))
    for parts, dims, turned in ((2, numbers_nchw, lambda t: t), (3, '#stablehlo.conv<[0, f, b, 1]x[o, i, 0, 1]->[b, f, 0, 1]>', lambda t: t.permute(2, 1, 0, 3)), (6, numbers_nchw, lambda t: t)):
        cut = turned(wide[1]).contiguous()
        want = torch.cat([F.conv2d(i, k, None, (2, 1), (1, 0)) for i, k in zip(wide[1].float().chunk(parts), g.chunk(parts))], 1)
        conv(m.arg(cut), w, dims, want, (2, 1), ((1, 1), (0, 0)), parts=parts)
    # padding that is an operand, a constant one
    m.body.append('%margin = "stablehlo.constant"() <{value = dense<[[1, 0], [-1, 2]]> : tensor<2x2xi32>}> : () -> tensor<2x2xi32>')
    m.op('stablehlo.dynamic_conv', [x, w, ('%margin', torch.tensor([[1, 0], [-1, 2]]).int())],
         f'<{{window_strides = array<i64: 1, 2>, dimension_numbers = {numbers_nchw}, feature_group_count = 2 : i64, batch_group_count = 1 : i64}}>',
         F.conv2d(F.pad(f, (-1, 2, 1, 0)), g, None, (1, 2), 0, 1, 2))
    nhwc, hwio = m.arg(f.permute(0, 2, 3, 1)), m.arg(torch.randn(3, 3, 8, 5) / 6)
    conv(nhwc, hwio, '#stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>',
         F.conv2d(f, hwio[1].float().permute(3, 2, 0, 1), None, 1, 1).permute(0, 2, 3, 1), pad=((1, 1), (1, 1)))
    # dilation of the left side is a transposed convolution with the kernel turned round
    t = m.arg(torch.randn(8, 5, 3, 3) / 6)
    turned = m.arg(t[1].float().flip(2, 3).permute(1, 0, 2, 3))
    conv(x, turned, numbers_nchw, F.conv_transpose2d(f, t[1].float(), None, 2, 1), pad=((1, 1), (1, 1)), left=(2, 2))


def matrices(m):
    """Factors, systems, subscripts."""
    a = torch.randn(2, 5, 5)
    a = m.arg(a @ a.transpose(1, 2) + torch.eye(5))
    b, c = m.arg(torch.randn(2, 5, 3)), m.arg(torch.randn(2, 3, 5))
    l = torch.linalg.cholesky(a[1])
    m.op('stablehlo.cholesky', [a], '<{lower = true}>', l, 1e-5)
    m.op('stablehlo.cholesky', [a], '', l.transpose(1, 2), 1e-5)
    t = m.arg(torch.randn(2, 5, 5) + 3 * torch.eye(5))
    for lower in (True, False):
        for unit in (True, False):
            for turned in (True, False):
                half = torch.tril(t[1]) if lower else torch.triu(t[1])
                if unit:
                    half = half - torch.diag_embed(torch.diagonal(half, dim1=1, dim2=2)) + torch.eye(5)
                full = (half.transpose(1, 2) if turned else half).double()
                for left, rhs in ((True, b), (False, c)):
                    want = torch.linalg.solve(full, rhs[1].double()) if left else torch.linalg.solve(full.transpose(1, 2), rhs[1].double().transpose(1, 2)).transpose(1, 2)
                    m.op('stablehlo.triangular_solve', [t, rhs],
                         f'<{{left_side = {str(left).lower()}, lower = {str(lower).lower()}, unit_diagonal = {str(unit).lower()}, '
                         f'transpose_a = #stablehlo<transpose {"TRANSPOSE" if turned else "NO_TRANSPOSE"}>}}>', want.float(), 1e-4)
    x, y = m.arg(torch.randn(3, 4, 5)), m.arg(torch.randn(5, 4, 2))
    for config in ('abc,cbd->ad', 'abc,cbd->dab', 'abc,cbd->', 'abc,dbe->acde'):
        m.op('stablehlo.einsum', [x, y], f'<{{einsum_config = "{config}"}}>', torch.einsum(config, x[1], y[1]), 1e-5)
    for config in ('abc->cba', 'abc->b'):
        m.op('stablehlo.unary_einsum', [x], f'<{{einsum_config = "{config}"}}>', torch.einsum(config, x[1]), 1e-5)
    m.op('stablehlo.unary_einsum', [a], '<{einsum_config = "bii->bi"}>', torch.diagonal(a[1], dim1=1, dim2=2))


# How far results may be off that are complex, or come from complex numbers.
COMPLEX_TOLERANCE = {'f32': 1e-5, 'f64': 1e-13}


def wide(*shape):
    """Numbers that f32 does not hold."""
    return torch.randn(shape, dtype=torch.float64)


def transforms(m):
    # 16 by halving, 12 and 5 by the definition
    for shape, n in (((3, 16), 1), ((2, 12), 1), ((2, 5), 1), ((4, 6, 8), 2), ((4, 3, 5), 3), ((7, 1), 1)):
        dims, length = tuple(range(len(shape) - n, len(shape))), ', '.join(map(str, shape[len(shape) - n:]))
        re, im = m.arg(wide(*shape)), m.arg(wide(*shape))
        z, named = torch.complex(re[1], im[1]), numbers_of(m, re, im)
        for kind, f in (('FFT', torch.fft.fftn), ('IFFT', torch.fft.ifftn)):
            parts_of(m, f'"stablehlo.fft"({named}) <{{fft_type = #stablehlo<fft_type {kind}>, fft_length = array<i64: {length}>}}> : ({complex_type(m, shape)}) -> {complex_type(m, shape)}',
                     f(z, dim=dims), 'stablehlo.fft')
        half = (*shape[:-1], shape[-1] // 2 + 1)
        parts_of(m, f'"stablehlo.fft"({re[0]}) <{{fft_type = #stablehlo<fft_type RFFT>, fft_length = array<i64: {length}>}}> : ({m.type_of(re[1])}) -> {complex_type(m, half)}',
                 torch.fft.rfftn(re[1], dim=dims), 'stablehlo.fft')
        re, im = m.arg(wide(*half)), m.arg(wide(*half))
        m.body.append(f'%back{len(m.body)} = "stablehlo.fft"({numbers_of(m, re, im)}) <{{fft_type = #stablehlo<fft_type IRFFT>, fft_length = array<i64: {length}>}}> : ({complex_type(m, half)}) -> {m.type_of(re[1].new_zeros(shape))}')
        m.given('stablehlo.fft', m.body[-1].split(' ')[0], torch.fft.irfftn(torch.complex(re[1], im[1]), s=shape[len(shape) - n:], dim=dims), COMPLEX_TOLERANCE[m.number])


def complex_type(m, shape):
    return 'tensor<' + ''.join(f'{d}x' for d in shape) + f'complex<{m.number}>>'


def numbers_of(m, re, im):
    """A complex tensor of two real ones; its name."""
    name, t = f'%z{len(m.body)}', m.type_of(re[1])
    m.body.append(f'{name} = "stablehlo.complex"({re[0]}, {im[0]}) : ({t}, {t}) -> {complex_type(m, re[1].shape)}')
    return name


def parts_of(m, op, want, what):
    """An op of a complex result, of which both parts are compared."""
    name, t = f'%z{len(m.body)}', m.type_of(want.real)
    m.body.append(f'{name} = {op}')
    for part, value in (('real', want.real), ('imag', want.imag)):
        m.body.append(f'{name}_{part} = "stablehlo.{part}"({name}) : ({complex_type(m, want.shape)}) -> {t}')
        m.given(what, f'{name}_{part}', value.contiguous(), COMPLEX_TOLERANCE[m.number])


def complex_numbers(m):
    parts = [m.arg(wide(3, 11)) for _ in range(4)]
    z, w = torch.complex(parts[0][1], parts[1][1]), torch.complex(parts[2][1], parts[3][1])
    a, b = numbers_of(m, parts[0], parts[1]), numbers_of(m, parts[2], parts[3])
    t = complex_type(m, z.shape)
    for name, want in (('add', z + w), ('subtract', z - w), ('multiply', z * w), ('divide', z / w), ('power', z ** w)):
        parts_of(m, f'"stablehlo.{name}"({a}, {b}) : ({t}, {t}) -> {t}', want, name)
    for name, want in (('negate', -z), ('exponential', z.exp()), ('log', z.log()), ('sqrt', z.sqrt()), ('rsqrt', z.rsqrt()), ('sine', z.sin()),
                       ('cosine', z.cos()), ('tanh', z.tanh()), ('logistic', z.sigmoid()), ('exponential_minus_one', z.exp() - 1),
                       ('log_plus_one', (z + 1).log()), ('sign', z / z.abs())):
        parts_of(m, f'"stablehlo.{name}"({a}) : ({t}) -> {t}', want, name)
    parts_of(m, f'"chlo.conj"({a}) : ({t}) -> {t}', z.conj().resolve_conj(), 'chlo.conj')
    parts_of(m, f'"stablehlo.convert"({parts[0][0]}) : ({m.type_of(parts[0][1])}) -> {t}', torch.complex(parts[0][1], torch.zeros_like(parts[0][1])), 'stablehlo.convert')
    m.body.append(f'%abs = "stablehlo.abs"({a}) : ({t}) -> {m.type_of(z.real)}')
    m.given('stablehlo.abs', '%abs', z.abs(), COMPLEX_TOLERANCE[m.number])
    for way, want in (('EQ', z == z), ('NE', z != w)):
        other = a if way == 'EQ' else b
        m.body.append(f'%is_{way} = "stablehlo.compare"({a}, {other}) <{{comparison_direction = #stablehlo<comparison_direction {way}>}}> : ({t}, {t}) -> tensor<3x11xi1>')
        m.given('stablehlo.compare', f'%is_{way}', want)
    pick = m.arg(torch.rand(3, 11) > 0.5)
    parts_of(m, f'"stablehlo.select"({pick[0]}, {a}, {b}) : (tensor<3x11xi1>, {t}, {t}) -> {t}', torch.where(pick[1], z, w), 'stablehlo.select')
    numbers = f'complex<{m.number}>'
    small = torch.tensor([[1.5, -2.25], [3.0, 0.1]], dtype=torch.float64)
    parts_of(m, f'"stablehlo.constant"() <{{value = dense<[(1.5, -2.25), (3.0, 0.1)]> : tensor<2x{numbers}>}}> : () -> tensor<2x{numbers}>',
             torch.view_as_complex(small).to(z.dtype), 'stablehlo.constant')
    parts_of(m, f'"stablehlo.constant"() <{{value = dense<(0.1, -7.0)> : tensor<2x3x{numbers}>}}> : () -> tensor<2x3x{numbers}>',
             torch.full((2, 3), 0.1 - 7j, dtype=torch.complex128).to(z.dtype), 'stablehlo.constant')
    parts_of(m, f'"stablehlo.iota"() <{{iota_dimension = 1 : i64}}> : () -> tensor<2x5x{numbers}>', torch.arange(5).expand(2, 5).to(z.dtype), 'stablehlo.iota')


def wrapped(m):
    """Products of integers are modulo the width of the result; sorts by chlo.top_k are in total order, NaN of either sign at its end."""
    dot = '<{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>}>'
    for dtype in torch.int32, torch.int64:
        a, b = (m.arg(torch.randint(-2**31, 2**31 - 1, shape).to(dtype)) for shape in ((4, 40), (40, 3)))
        m.op('stablehlo.dot_general', [a, b], dot, (a[1].long() @ b[1].long()).to(dtype), 1e-30)
    values = torch.tensor([float('inf'), float('nan'), -1.0, float('-inf'), 3.0])
    x = m.arg(torch.copysign(values, torch.tensor([1.0, 1, -1, -1, 1])))
    y = m.arg(torch.copysign(torch.tensor([1.0, float('nan'), 2.0, 0.0, 0.0]), torch.tensor([1.0, -1, 1, -1, 1])))
    for of, order in ((x, [1, 0, 4]), (y, [2, 0, 4])):
        m.op('chlo.top_k', [of], '<{k = 3 : i64}>', [of[1].float()[order], torch.tensor(order).int()])
    # integers of less than a byte wrap round as well
    for kind, low, high in ('i4', -8, 7), ('ui4', 0, 15), ('i2', -2, 1), ('ui2', 0, 3):
        size = high - low + 1
        every = torch.arange(low, high + 1)
        pairs = every.repeat(size), every.repeat_interleave(size)
        t, whole = f'tensor<{size * size}x{kind}>', f'tensor<{size * size}xi32>'
        for i, v in enumerate(pairs):
            m.body.append(f'%{kind}_{i} = "stablehlo.constant"() <{{value = dense<{v.tolist()}> : {t}}}> : () -> {t}')
        for op, want in ('add', pairs[0] + pairs[1]), ('subtract', pairs[0] - pairs[1]), ('multiply', pairs[0] * pairs[1]):
            m.body.append(f'%{kind}_{op} = "stablehlo.{op}"(%{kind}_0, %{kind}_1) : ({t}, {t}) -> {t}')
            m.body.append(f'%{kind}_{op}_w = "stablehlo.convert"(%{kind}_{op}) : ({t}) -> {whole}')
            m.given(f'stablehlo.{op} of {kind}', f'%{kind}_{op}_w', ((want - low) % size + low).int())
    # numbers that f64 only just has, and the only NaN that has no bit to be one
    tiny = m.arg(torch.tensor([5e-324, -5e-324, 1e-310, float('nan'), float('inf'), 65520.0], dtype=torch.float64))
    if m.number == 'f64':
        inf = float('inf')
        m.op('stablehlo.reduce_precision', [tiny], '<{exponent_bits = 5 : i32, mantissa_bits = 10 : i32}>', torch.tensor([0.0, -0.0, 0, float('nan'), inf, inf]).double(), 1e-30)
        m.op('stablehlo.reduce_precision', [tiny], '<{exponent_bits = 11 : i32, mantissa_bits = 52 : i32}>', torch.tensor([0.0, -0.0, 0, float('nan'), inf, 65520.0]).double(), 1e-30)
        m.op('stablehlo.reduce_precision', [tiny], '<{exponent_bits = 5 : i32, mantissa_bits = 0 : i32}>', torch.tensor([0.0, -0.0, 0, inf, inf, inf]).double(), 1e-30)
    # a tuple in a tuple
    t = m.type_of(x[1])
    m.body += [f'%in = "stablehlo.tuple"({x[0]}, {y[0]}) : ({t}, {t}) -> tuple<{t}, {t}>', f'%of = "stablehlo.tuple"({y[0]}, %in) : ({t}, tuple<{t}, {t}>) -> tuple<{t}, tuple<{t}, {t}>>',
               f'%back = "stablehlo.get_tuple_element"(%of) <{{index = 1 : i32}}> : (tuple<{t}, tuple<{t}, {t}>>) -> tuple<{t}, {t}>', f'%there = "stablehlo.get_tuple_element"(%back) <{{index = 0 : i32}}> : (tuple<{t}, {t}>) -> {t}']
    m.given('stablehlo.get_tuple_element', '%there', x[1].float())


def complex_functions(m):
    """What of the dialects takes complex numbers beyond complex_numbers: inverse functions, orders, broadcasting."""
    made = torch.complex128 if m.number == 'f64' else torch.complex64
    near = COMPLEX_TOLERANCE[m.number]
    a, b = (m.arg(torch.randn(3, 11, dtype=made)) for _ in 'ab')
    z, w = a[1], b[1]
    for name in ('acos', 'asin', 'atan', 'acosh', 'asinh', 'atanh', 'sinh', 'cosh', 'tan', 'square'):
        m.op('chlo.' + name, [a], '', getattr(torch, name)(z), near)
    m.op('stablehlo.tan', [a], '', torch.tan(z), near)
    m.op('stablehlo.cbrt', [a], '', z ** (1 / 3), near)
    # atan2 of what is a sine and a cosine, up to a real factor, is the angle
    angle = torch.complex(torch.rand(3, 11, dtype=z.real.dtype) * 2 - 1, torch.rand(3, 11, dtype=z.real.dtype) - 0.5)
    sine, cosine = m.arg(3 * torch.sin(angle)), m.arg(3 * torch.cos(angle))
    m.op('stablehlo.atan2', [sine, cosine], '', angle, near)
    # the kernel's w gives back asin: atan2(Re z, Re w) + i sign(Im z) Im w (ChloOps.td)
    t, s = complex_type(m, z.shape), m.type_of(z.real)
    m.body.append(f'%aw = "chlo._asin_acos_kernel"({a[0]}) : ({t}) -> {t}')
    for part in ('real', 'imag'):
        m.body.append(f'%aw_{part} = "stablehlo.{part}"(%aw) : ({t}) -> {s}')
    m.body.append(f'%az = "stablehlo.real"({a[0]}) : ({t}) -> {s}')
    m.body.append(f'%au = "stablehlo.atan2"(%az, %aw_real) : ({s}, {s}) -> {s}')
    want = torch.asin(z)
    m.given('chlo._asin_acos_kernel', '%au', want.real.contiguous(), near)
    m.given('chlo._asin_acos_kernel', '%aw_imag', want.imag.abs(), near)
    # orders: by real parts, then by imaginary ones
    p, q = (m.arg(torch.complex(*(torch.randint(0, 3, (4, 9)).to(z.real.dtype) for _ in 'ri'))) for _ in 'pq')
    x, y = p[1], q[1]
    less = (x.real < y.real) | ((x.real == y.real) & (x.imag < y.imag))
    for way, want in (('LT', less), ('LE', less | (x == y)), ('GT', ~(less | (x == y))), ('GE', ~less)):
        m.op('stablehlo.compare', [p, q], f'<{{comparison_direction = #stablehlo<comparison_direction {way}>}}>', want)
    m.op('stablehlo.maximum', [p, q], '', torch.where(less, y, x), 1e-30)
    m.op('stablehlo.minimum', [p, q], '', torch.where(less, x, y), 1e-30)
    one = m.arg(torch.tensor(1 + 1j, dtype=made))
    low = (x.real < 1) | ((x.real == 1) & (x.imag < 1))
    m.op('stablehlo.clamp', [one, p, one], '', torch.full_like(x, 1 + 1j), 1e-30)
    m.op('stablehlo.clamp', [one, p, q], '', torch.where((y.real < torch.where(low, one[1], x).real) | ((y.real == torch.where(low, one[1], x).real) & (y.imag < torch.where(low, one[1], x).imag)), y, torch.where(low, one[1], x)), 1e-30)
    row, column = m.arg(torch.randn(11, dtype=made)), m.arg(torch.randn(3, dtype=made))
    m.op('chlo.broadcast_multiply', [a, row], '', z * row[1], near)
    m.op('chlo.broadcast_subtract', [column, a], '<{broadcast_dimensions = array<i64: 0>}>', column[1][:, None] - z, near)
    parts = (m.arg(wide(3, 1)), m.arg(wide(11)))
    m.op('chlo.broadcast_complex', parts, '', torch.complex(parts[0][1].expand(3, 11).contiguous(), parts[1][1].expand(3, 11).contiguous()).to(made), 1e-30)
    # factors and solutions
    eye = torch.eye(4, dtype=made)
    h = torch.randn(2, 4, 4, dtype=made)
    h = m.arg((h @ h.mH + 2 * eye).resolve_conj())
    for lower, triangle in (('true', torch.tril), ('false', torch.triu)):
        l = torch.linalg.cholesky(h[1])
        given = m.arg(triangle(h[1]) + (torch.triu if lower == 'true' else torch.tril)(torch.full_like(h[1], 99), 1 if lower == 'true' else -1))
        m.op('stablehlo.cholesky', [given], f'<{{lower = {lower}}}>', l if lower == 'true' else l.mH.resolve_conj().contiguous(), near)
        r = m.arg(triangle(torch.randn(2, 4, 4, dtype=made)) + 3 * eye)
        for left in ('true', 'false'):
            for how, f in (('NO_TRANSPOSE', lambda v: v), ('TRANSPOSE', lambda v: v.mT), ('ADJOINT', lambda v: v.mH)):
                rhs = m.arg(torch.randn(2, 4, 3, dtype=made) if left == 'true' else torch.randn(2, 3, 4, dtype=made))
                want = torch.linalg.solve(f(r[1]), rhs[1]) if left == 'true' else torch.linalg.solve(f(r[1]).mT, rhs[1].mT).mT
                m.op('stablehlo.triangular_solve', [r, rhs], f'<{{left_side = {left}, lower = {lower}, unit_diagonal = false, transpose_a = #stablehlo<transpose {how}>}}>', want.resolve_conj().contiguous(), near * 50)


def total_order(m):
    """IEEE 754's totalOrder: negative NaN first, zeros by their signs, NaN last."""
    values = torch.tensor([0.0, -0.0, 1.5, -1.5, float('inf'), float('-inf'), float('nan'), -float('nan'), 2.5, -2.5])
    x = m.arg(torch.copysign(values, torch.tensor([1.0, -1, 1, -1, 1, -1, 1, -1, 1, -1])))
    rank = torch.tensor([5, 4, 6, 3, 8, 1, 9, 0, 7, 2])
    a, b = m.arg(x[1].repeat(10)), m.arg(x[1].repeat_interleave(10))
    r, s = rank.repeat(10), rank.repeat_interleave(10)
    for way, f in (('EQ', torch.eq), ('NE', torch.ne), ('LT', torch.lt), ('LE', torch.le), ('GT', torch.gt), ('GE', torch.ge)):
        m.op('stablehlo.compare', [a, b], f'<{{comparison_direction = #stablehlo<comparison_direction {way}>, compare_type = #stablehlo<comparison_type TOTALORDER>}}>', f(r, s))
    one, number = 'tensor<i1>', f'tensor<{m.number}>'
    ids = m.arg(torch.arange(10).int())
    for way, descending in ('LT', False), ('GT', True):
        body = (f'({{^bb0(%a: {number}, %b: {number}, %c: tensor<i32>, %d: tensor<i32>):\n %r = "stablehlo.compare"(%a, %b) <{{comparison_direction = #stablehlo<comparison_direction {way}>, '
                f'compare_type = #stablehlo<comparison_type TOTALORDER>}}> : ({number}, {number}) -> {one}\n "stablehlo.return"(%r) : ({one}) -> ()}})')
        order = rank.argsort(descending=descending)
        m.op('stablehlo.sort', [x, ids], f'<{{dimension = 0 : i64}}> {body}', [x[1].float()[order], order.int()])
    if m.number == 'f32':
        square, column = m.arg(torch.randn(4, 4)), m.arg(torch.randn(4))
        m.op('chlo.broadcast_add', [square, column], '<{broadcast_dimensions = array<i64: 0>}>', square[1] + column[1][:, None])
        m.op('chlo.broadcast_compare', [column, square], '<{broadcast_dimensions = array<i64: 0>, comparison_direction = #chlo<comparison_direction LT>}>', column[1][:, None] < square[1])


def complex_arguments(m):
    """Complex arguments and results, and what only moves them."""
    made = torch.complex128 if m.number == 'f64' else torch.complex64

    def arg(*shape):
        return m.arg(torch.complex(wide(*shape), wide(*shape)).to(made))
    x, y = arg(3, 40, 5), arg(3, 40, 5)
    exact = 1e-30
    m.op('stablehlo.add', [x, y], '', x[1] + y[1], COMPLEX_TOLERANCE[m.number])
    m.op('stablehlo.multiply', [x, y], '', x[1] * y[1], COMPLEX_TOLERANCE[m.number])
    other = torch.complex64 if m.number == 'f64' else torch.complex128
    m.op('stablehlo.convert', [x], '', x[1].to(other), exact)
    m.op('stablehlo.convert', [x], '', x[1], exact)
    for order in ((2, 1, 0), (0, 2, 1), (1, 0, 2)):  # (0, 2, 1) goes in squares
        m.op('stablehlo.transpose', [x], f'<{{permutation = array<i64: {order[0]}, {order[1]}, {order[2]}>}}>', x[1].permute(order), exact)
    m.op('stablehlo.reshape', [x], '', x[1].reshape(15, 40), exact)
    m.op('stablehlo.reverse', [x], '<{dimensions = array<i64: 0, 2>}>', x[1].flip(0, 2), exact)
    m.op('stablehlo.slice', [x], '<{start_indices = array<i64: 1, 3, 0>, limit_indices = array<i64: 3, 30, 5>, strides = array<i64: 1, 4, 2>}>', x[1][1:3, 3:30:4, 0:5:2], exact)
    m.op('stablehlo.concatenate', [x, y], '<{dimension = 1 : i64}>', torch.cat([x[1], y[1]], 1), exact)
    row, one = arg(5), arg()
    m.op('stablehlo.broadcast_in_dim', [row], '<{broadcast_dimensions = array<i64: 1>}>', row[1].expand(4, 5), exact)
    padded = one[1].expand(4, 42, 9).clone()
    padded[1:, 1:41, ::2] = x[1]
    m.op('stablehlo.pad', [x, one], '<{edge_padding_low = array<i64: 1, 1, 0>, edge_padding_high = array<i64: 0, 1, 0>, interior_padding = array<i64: 0, 0, 1>}>', padded, exact)
    at = m.arg(torch.tensor(2).int())
    zero = m.arg(torch.tensor(0).int())
    m.op('stablehlo.dynamic_slice', [x, zero, at, zero], '<{slice_sizes = array<i64: 2, 3, 5>}>', x[1][0:2, 2:5], exact)
    part = arg(3, 2, 5)
    changed = x[1].clone()
    changed[:, 2:4] = part[1]
    m.op('stablehlo.dynamic_update_slice', [x, part, zero, at, zero], '', changed, exact)
    rows = m.arg(torch.tensor([[2], [0]]).int())
    m.op('stablehlo.gather', [x, rows], '<{dimension_numbers = #stablehlo.gather<offset_dims = [1, 2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 40, 5>}>',
         x[1][[2, 0]], exact)
    m.op('stablehlo.bitcast_convert', [x], '', torch.view_as_real(x[1]), exact)


def picks(m):
    x = m.arg(torch.randn(2, 7, 9))
    # the gradient of a max pool
    v = x[1].float().clone().requires_grad_()
    pooled = F.max_pool2d(v, (3, 2), (2, 3), padding=(1, 0))
    source = m.arg(torch.randn(pooled.shape))
    pooled.backward(source[1].float())
    zero = m.arg(torch.zeros(()))
    select = '({ ^bb0(%l: tensor<$T>, %r: tensor<$T>): %p = "stablehlo.compare"(%l, %r) <{comparison_direction = #stablehlo<comparison_direction GE>}> : (tensor<$T>, tensor<$T>) -> tensor<i1> "stablehlo.return"(%p) : (tensor<i1>) -> () }, '
    add = '{ ^bb0(%l: tensor<$T>, %r: tensor<$T>): %p = "stablehlo.add"(%l, %r) : (tensor<$T>, tensor<$T>) -> tensor<$T> "stablehlo.return"(%p) : (tensor<$T>) -> () })'
    m.op('stablehlo.select_and_scatter', [x, source, zero],
         '<{window_dimensions = array<i64: 1, 3, 2>, window_strides = array<i64: 1, 2, 3>, padding = dense<[[0, 0], [1, 1], [0, 0]]> : tensor<3x2xi64>}> ' +
         (select + add).replace('$T', m.number), v.grad)
    index = m.arg(torch.tensor([4, 0, 4, 6]).int())
    m.op('stablehlo.torch_index_select', [x, index], '<{dim = 1 : i64, batch_dims = 0 : i64}>', x[1].index_select(1, index[1]))
    rows = m.arg(torch.tensor([[1, 6], [0, 2]]).int())
    m.op('stablehlo.torch_index_select', [x, rows], '<{dim = 1 : i64, batch_dims = 1 : i64}>', torch.stack([x[1][b].index_select(0, rows[1][b]) for b in range(2)]))
    shape = m.arg(torch.tensor([9, 14]).int())
    m.op('stablehlo.dynamic_reshape', [x, shape], '', x[1].reshape(9, 14))
    shape = m.arg(torch.tensor([3, 2, 7, 9]).int())
    m.op('stablehlo.dynamic_broadcast_in_dim', [x, shape], '<{broadcast_dimensions = array<i64: 1, 2, 3>}>', x[1].expand(3, 2, 7, 9))
    m.op('stablehlo.dynamic_iota', [shape], '<{iota_dimension = 2 : i64}>', torch.arange(7).reshape(1, 1, 7, 1).expand(3, 2, 7, 9).float())
    low, high, step = (m.arg(torch.tensor(v).int()) for v in ([1, 0, 2], [2, 7, 9], [1, 3, 2]))
    m.op('stablehlo.real_dynamic_slice', [x, low, high, step], '', x[1][1:2, 0:7:3, 2:9:2])
    # padding and slices whose amounts are operands
    value, amounts = m.arg(torch.tensor(-1.5)), [m.arg(torch.tensor(v).int()) for v in ([1, 0, -2], [0, 2, 1], [0, 1, 0])]
    wide = torch.full((3, 15, 9), -1.5, dtype=x[1].dtype)
    wide[1:, 0:13:2] = x[1]
    m.op('stablehlo.dynamic_pad', [x, value, *amounts], '', torch.cat([wide[:, :, 2:], torch.full((3, 15, 1), -1.5, dtype=wide.dtype)], 2))
    at, sizes = m.arg(torch.tensor([[0, 3], [1, 8], [1, 0]]).int()), m.arg(torch.tensor([1, 4, 1]).int())
    # starts are moved inside: 8 of dimension 1 becomes 7 - 4
    m.op('stablehlo.dynamic_gather', [x, at, sizes], '<{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0, 2], start_index_map = [0, 1], index_vector_dim = 1>}>',
         torch.stack([x[1][0, 3:7, 0], x[1][1, 3:7, 0], x[1][1, 0:4, 0]]))
    for largest in True, False:
        top = x[1].float().topk(3, -1, largest)
        m.op('stablehlo.custom_call', [x], f'<{{call_target_name = "mhlo.topk"}}> {{mhlo.attributes = {{k = 3 : i64, largest = {str(largest).lower()}}}}}',
             [top.values, top.indices.int()])
    m.op('stablehlo.custom_call', [x], '<{call_target_name = "mhlo.asinh"}>', x[1].float().asinh())
    # a body of more than one op, with a number of its own
    y = m.arg(torch.randn(2, 7, 9))
    body = ('({ ^bb0(%l: tensor<$T>, %r: tensor<$T>): %k = "stablehlo.constant"() <{value = dense<3.0> : tensor<$T>}> : () -> tensor<$T> %s = "stablehlo.multiply"(%l, %k) : (tensor<$T>, tensor<$T>) -> tensor<$T> '
            '%t = "stablehlo.maximum"(%s, %r) : (tensor<$T>, tensor<$T>) -> tensor<$T> "stablehlo.return"(%t) : (tensor<$T>) -> () })')
    m.op('stablehlo.map', [x, y], '<{dimensions = array<i64: 0, 1, 2>}> ' + body.replace('$T', m.number), torch.maximum(3 * x[1], y[1]))


def ragged(m):
    """The three modes of chlo.ragged_dot, each group's part by torch.matmul; what no group has is zeros."""
    def op(a, b, sizes, want, numbers):
        lists = ', '.join(f'{k} = {v}' for k, v in numbers.items())
        m.op('chlo.ragged_dot', [a, b, sizes], f'<{{ragged_dot_dimension_numbers = #chlo.ragged_dot<{lists}>}}>', want)
    sizes = m.arg(torch.tensor([2, 0, 3]).int())
    a, b = m.arg(torch.randn(7, 4)), m.arg(torch.randn(3, 4, 5))
    want = torch.zeros(7, 5)
    want[:2], want[2:5] = a[1][:2].float() @ b[1][0].float(), a[1][2:5].float() @ b[1][2].float()
    op(a, b, sizes, want, {'lhs_contracting_dimensions': [1], 'rhs_contracting_dimensions': [1], 'lhs_ragged_dimensions': [0], 'rhs_group_dimensions': [0]})
    # with a batch, and dimensions in other places
    a, b = m.arg(torch.randn(4, 2, 6)), m.arg(torch.randn(5, 2, 3, 4))  # k b m, n b g k
    want = torch.zeros(2, 6, 5)
    for rows, g in ((slice(0, 2), 0), (slice(2, 5), 2)):
        want[:, rows] = torch.einsum('kbm,nbk->bmn', a[1][:, :, rows].float(), b[1][:, :, g].float())
    op(a, b, sizes, want, {'lhs_batching_dimensions': [1], 'rhs_batching_dimensions': [1], 'lhs_contracting_dimensions': [0],
                           'rhs_contracting_dimensions': [3], 'lhs_ragged_dimensions': [2], 'rhs_group_dimensions': [2]})
    # sums in groups, of which the last is longer than what there is
    a, b, sizes = m.arg(torch.randn(2, 3, 6)), m.arg(torch.randn(2, 6, 4)), m.arg(torch.tensor([1, 4, 9]).int())
    parts = [slice(0, 1), slice(1, 5), slice(5, 6)]
    batch = {'lhs_batching_dimensions': [0], 'rhs_batching_dimensions': [0], 'lhs_contracting_dimensions': [2], 'rhs_contracting_dimensions': [1]}
    op(a, b, sizes, torch.stack([a[1][:, :, k].float() @ b[1][:, k].float() for k in parts]), {**batch, 'lhs_ragged_dimensions': [2]})
    few = m.arg(torch.tensor([1]).int())
    want = a[1].float() @ b[1].float()
    want[1] = 0
    op(a, b, few, want, {**batch, 'lhs_ragged_dimensions': [0]})


def tensor(shape, of):
    return 'tensor<' + ''.join(f'{d}x' for d in shape) + of + '>'


def scans(m):
    """chlo.scan round by round: slices without the scanned dimension and carries in, the same out."""
    def scan(inputs, inits, dim, attrs, body, outputs, carries):
        t, given = m.number, inputs + inits
        sizes = f'operandSegmentSizes = array<i32: {len(inputs)}, {len(inits)}>, resultSegmentSizes = array<i32: {len(outputs)}, {len(carries)}>'
        slices = [list(x.shape[:dim]) + list(x.shape[dim + 1:]) for _, x in inputs] + [x.shape for _, x in inits]
        args = ', '.join(f'%s{i}: {tensor(s, t)}' for i, s in enumerate(slices))
        m.op('chlo.scan', given, f'<{{dimension = {dim} : i64, {attrs}{sizes}}}> ({{ ^bb0({args}): {body.replace("$T", t)} }})', [*outputs, *carries],
             op_cases.near(t, 1e-5, 0.03))

    x, c = m.arg(torch.randn(3, 6, 4) * 0.5), m.arg(torch.randn(3, 4))
    add = '%p = "stablehlo.add"(%s0, %s1) : (tensor<3x4x$T>, tensor<3x4x$T>) -> tensor<3x4x$T> "stablehlo.return"(%p, %p) : (tensor<3x4x$T>, tensor<3x4x$T>) -> ()'
    v, w = x[1].float(), c[1].float()
    sums = w[:, None] + v.cumsum(1)
    scan([x], [c], 1, '', add, [sums], [sums[:, -1]])
    sums = w[:, None] + v.flip(1).cumsum(1).flip(1)
    scan([x], [c], 1, 'is_reverse = true, is_associative = true, ', add, [sums], [sums[:, 0]])
    # What goes in is made before, and stays until the last round.
    m.body.append(f'%n = "stablehlo.negate"({x[0]}) : ({m.type_of(x[1])}) -> {m.type_of(x[1])}')
    m.body.append(f'%k = "stablehlo.negate"({c[0]}) : ({m.type_of(c[1])}) -> {m.type_of(c[1])}')
    scan([('%n', x[1])], [('%k', c[1])], 1, 'is_reverse = true, ', add, [-sums], [-sums[:, 0]])
    # A recurrence over two inputs; the carries change places, and one output is what came in.
    y, d = m.arg(torch.randn(3, 6, 4)), m.arg(torch.randn(3, 4))
    turn = ('%p = "stablehlo.multiply"(%s0, %s2) : (tensor<3x4x$T>, tensor<3x4x$T>) -> tensor<3x4x$T> %q = "stablehlo.add"(%p, %s1) : (tensor<3x4x$T>, tensor<3x4x$T>) -> tensor<3x4x$T> '
            '%m = "stablehlo.transpose"(%q) <{permutation = array<i64: 1, 0>}> : (tensor<3x4x$T>) -> tensor<4x3x$T> '
            '"stablehlo.return"(%m, %s3, %s0, %s3, %q) : (tensor<4x3x$T>, tensor<3x4x$T>, tensor<3x4x$T>, tensor<3x4x$T>, tensor<3x4x$T>) -> ()')
    a, b, made = w, d[1].float(), [[], []]
    for i in range(6):
        q = v[:, i] * a + y[1][:, i].float()
        made[0].append(q.T)
        made[1].append(b)
        a, b = b, q
    scan([x, y], [c, d], 1, '', turn, [torch.stack(made[0], 1), torch.stack(made[1], 1), v], [a, b])
    # No inputs: the attribute says how often. No rounds: the carries are as they were.
    grow = '%p = "stablehlo.add"(%s0, %s0) : (tensor<3x4x$T>, tensor<3x4x$T>) -> tensor<3x4x$T> "stablehlo.return"(%s0, %p) : (tensor<3x4x$T>, tensor<3x4x$T>) -> ()'
    scan([], [c], 0, 'scan_dim_size = 5 : i64, ', grow, [torch.stack([w * 2 ** i for i in range(5)])], [w * 32])
    scan([], [c], 0, 'scan_dim_size = 0 : i64, ', grow, [torch.zeros(0, 3, 4)], [w])
    row, zero = m.arg(torch.randn(9)), m.arg(torch.zeros(()))
    most = '%p = "stablehlo.maximum"(%s0, %s1) : (tensor<$T>, tensor<$T>) -> tensor<$T> "stablehlo.return"(%p, %p) : (tensor<$T>, tensor<$T>) -> ()'
    highest = row[1].float().clamp(min=0).cummax(0).values
    scan([row], [zero], 0, '', most, [highest], [highest[-1]])


def sizes(m):
    """A dimension that counts as shorter: the ops behind it see what is left."""
    x, t = m.arg(torch.randn(3, 8, 5)), m.number
    m.body += ['%five = "stablehlo.constant"() <{value = dense<5> : tensor<i32>}> : () -> tensor<i32>',
               f'%short = "stablehlo.set_dimension_size"({x[0]}, %five) <{{dimension = 1 : i64}}> : (tensor<3x8x5x{t}>, tensor<i32>) -> tensor<3x?x5x{t}, #stablehlo.bounds<?, 8, ?>>',
               f'%long = "stablehlo.get_dimension_size"(%short) <{{dimension = 1 : i64}}> : (tensor<3x?x5x{t}, #stablehlo.bounds<?, 8, ?>>) -> tensor<i32>',
               f'%zero = "stablehlo.constant"() <{{value = dense<0.0> : tensor<{t}>}}> : () -> tensor<{t}>',
               f'%sum = "stablehlo.reduce"(%short, %zero) <{{dimensions = array<i64: 1>}}> ({{ ^bb0(%l: tensor<{t}>, %r: tensor<{t}>): %p = "stablehlo.add"(%l, %r) : (tensor<{t}>, tensor<{t}>) -> tensor<{t}> '
               f'"stablehlo.return"(%p) : (tensor<{t}>) -> () }}) : (tensor<3x?x5x{t}, #stablehlo.bounds<?, 8, ?>>, tensor<{t}>) -> tensor<3x5x{t}>',
               f'%again = "stablehlo.set_dimension_size"(%short, %long) <{{dimension = 1 : i64}}> : (tensor<3x?x5x{t}, #stablehlo.bounds<?, 8, ?>>, tensor<i32>) -> tensor<3x5x5x{t}>']
    m.given('stablehlo.get_dimension_size', '%long', torch.tensor(5).int())
    m.given('stablehlo.reduce', '%sum', x[1][:, :5].float().sum(1), op_cases.near(t, 1e-5, 0.03))
    m.given('stablehlo.set_dimension_size', '%again', x[1][:, :5])
    # What it is set to is not known before it runs, and is what the type says.
    eight = m.arg(torch.tensor(8).int())
    m.op('stablehlo.set_dimension_size', [x, eight], '<{dimension = 1 : i64}>', x[1])
    none = m.arg(torch.tensor(0).int())
    m.op('stablehlo.set_dimension_size', [x, none], '<{dimension = 0 : i64}>', torch.zeros(0, 8, 5))


def futures(m):
    """Computations that are started, two at once and one after the other, and waited for in another order."""
    x, y = m.arg(torch.randn(4, 6)), m.arg(torch.randn(6, 3))
    t, a, b, c = m.number, *(tensor(s, m.number) for s in ((4, 6), (6, 3), (4, 3)))
    m.body += [f'%f0 = "stablehlo.async_start"({x[0]}, {y[0]}) ({{ ^bb0(%l: {a}, %r: {b}): %p = "stablehlo.dot"(%l, %r) : ({a}, {b}) -> {c} "stablehlo.return"(%p) : ({c}) -> () }}) : ({a}, {b}) -> !stablehlo.future<{c}>',
               f'%f1 = "stablehlo.async_start"({x[0]}) ({{ ^bb0(%l: {a}): %p = "stablehlo.negate"(%l) : ({a}) -> {a} "stablehlo.return"(%p) : ({a}) -> () }}) : ({a}) -> !stablehlo.future<{a}>',
               f'%d1 = "stablehlo.async_done"(%f1) : (!stablehlo.future<{a}>) -> {a}',
               f'%f2 = "stablehlo.async_start"(%d1) ({{ ^bb0(%l: {a}): %p = "stablehlo.abs"(%l) : ({a}) -> {a} "stablehlo.return"(%p) : ({a}) -> () }}) : ({a}) -> !stablehlo.future<{a}>',
               f'%d2 = "stablehlo.async_done"(%f2) : (!stablehlo.future<{a}>) -> {a}',
               f'%d0 = "stablehlo.async_done"(%f0) : (!stablehlo.future<{c}>) -> {c}']
    m.given('stablehlo.async_done', '%d0', x[1].float() @ y[1].float(), op_cases.near(t, 1e-5, 0.03))
    m.given('stablehlo.async_done', '%d1', -x[1].float())
    m.given('stablehlo.async_done', '%d2', x[1].float().abs())


def regions(m):
    """Reductions by regions that are no single op. They go in order: a line behind a line is a line, and which comes first matters."""
    s = f'tensor<{m.number}>'
    lines = (f'({{^bb0(%a: {s}, %b: {s}, %c: {s}, %d: {s}):\n %p = "stablehlo.multiply"(%a, %c) : ({s}, {s}) -> {s}\n %q = "stablehlo.multiply"(%b, %c) : ({s}, {s}) -> {s}\n '
             f'%r = "stablehlo.add"(%q, %d) : ({s}, {s}) -> {s}\n "stablehlo.return"(%p, %r) : ({s}, {s}) -> ()}})')
    one, zero = m.arg(torch.tensor(1.0)), m.arg(torch.tensor(0.0))
    coarse = op_cases.near(m.number, 2e-5, 0.1)
    for shape, dims in (((7, 3), (0,)), ((1, 5), (0,)), ((2, 4), (1,)), ((3, 5, 4, 2), (1, 3)), ((4, 19), (1,)), ((5, 3), (0, 1)), ((6, 0), (1,)), ((0, 6), (1,)), ((4, 2), ())):
        a, b = m.arg(torch.rand(shape) * 1.2 + 0.3), m.arg(torch.randn(shape))
        rows = [t[1].float().permute(*dims, *(i for i in range(len(shape)) if i not in dims)) for t in (a, b)]
        count = int(np.prod([shape[d] for d in dims]))
        rows = [r.reshape(count, *r.shape[len(dims):]) for r in rows]
        p, q = torch.ones(rows[0].shape[1:]), torch.zeros(rows[0].shape[1:])
        for c, d in zip(*rows):
            p, q = p * c, q * c + d
        m.op('stablehlo.reduce', [a, b, one, zero], f'<{{dimensions = array<i64{":" if dims else ""} {", ".join(map(str, dims))}>}}> {lines}', [p, q], coarse)
    x, low = m.arg(torch.randn(5, 11, 3)), m.arg(torch.tensor(float('-inf')))
    log_sum = (f'({{^bb0(%a: {s}, %b: {s}):\n %m = "stablehlo.maximum"(%a, %b) : ({s}, {s}) -> {s}\n %c = "stablehlo.subtract"(%a, %m) : ({s}, {s}) -> {s}\n '
               f'%d = "stablehlo.subtract"(%b, %m) : ({s}, {s}) -> {s}\n %e = "stablehlo.exponential"(%c) : ({s}) -> {s}\n %f = "stablehlo.exponential"(%d) : ({s}) -> {s}\n '
               f'%g = "stablehlo.add"(%e, %f) : ({s}, {s}) -> {s}\n %h = "stablehlo.log"(%g) : ({s}) -> {s}\n %i = "stablehlo.add"(%m, %h) : ({s}, {s}) -> {s}\n "stablehlo.return"(%i) : ({s}) -> ()}})')
    m.op('stablehlo.reduce', [x, low], f'<{{dimensions = array<i64: 0, 1>}}> {log_sum}', x[1].float().logsumexp((0, 1)), coarse)


def keys(m):
    """Sorting as JAX writes it, which takes both zeros for one and all NaNs for one."""
    number, nan = m.number, {'f32': '0x7FC00000', 'bf16': '0x7FC0', 'f16': '0x7E00'}[m.number]
    s, one = f'tensor<{number}>', 'tensor<i1>'
    x = torch.randn(4, 9)
    x[0, 3], x[1, 1], x[1, 5], x[2, 0], x[2, 4] = float('nan'), 0.0, -0.0, float('-inf'), float('inf')
    x, order = m.arg(x), m.arg(torch.arange(9).int().expand(4, 9).contiguous())
    for way, descending in ('LT', False), ('GT', True):
        lines = []
        for name in 'ab':
            lines += [f'%z{name} = "stablehlo.constant"() <{{value = dense<0.0> : {s}}}> : () -> {s}', f'%n{name} = "stablehlo.constant"() <{{value = dense<{nan}> : {s}}}> : () -> {s}',
                      f'%e{name} = "stablehlo.compare"(%{name}, %z{name}) <{{comparison_direction = #stablehlo<comparison_direction EQ>}}> : ({s}, {s}) -> {one}',
                      f'%s{name} = "stablehlo.select"(%e{name}, %z{name}, %{name}) : ({one}, {s}, {s}) -> {s}',
                      f'%u{name} = "stablehlo.compare"(%{name}, %{name}) <{{comparison_direction = #stablehlo<comparison_direction NE>}}> : ({s}, {s}) -> {one}',
                      f'%k{name} = "stablehlo.select"(%u{name}, %n{name}, %s{name}) : ({one}, {s}, {s}) -> {s}']
        lines += [f'%r = "stablehlo.compare"(%ka, %kb) <{{comparison_direction = #stablehlo<comparison_direction {way}>, compare_type = #stablehlo<comparison_type TOTALORDER>}}> : ({s}, {s}) -> {one}',
                  f'"stablehlo.return"(%r) : ({one}) -> ()']
        body = f'({{^bb0(%a: {s}, %b: {s}, %c: tensor<i32>, %d: tensor<i32>):\n ' + '\n '.join(lines) + '})'
        values, places = torch.sort(x[1].float(), dim=1, descending=descending, stable=True)
        m.op('stablehlo.sort', [x, order], f'<{{dimension = 1 : i64, is_stable = true}}> {body}', [values, places.int()])


def bits(m):
    """Bits of integers, and sums and products of complex numbers."""
    for dtype, name in ((torch.int32, 'i32'), (torch.int64, 'i64')):
        x = m.arg(torch.randint(-2**31, 2**31 - 1, (9, 6)).to(dtype))
        for op, f, none in (('and', np.bitwise_and, -1), ('or', np.bitwise_or, 0), ('xor', np.bitwise_xor, 0)):
            init = m.arg(torch.tensor(none, dtype=dtype))
            body = f'({{^bb0(%a: tensor<{name}>, %b: tensor<{name}>):\n %r = "stablehlo.{op}"(%a, %b) : (tensor<{name}>, tensor<{name}>) -> tensor<{name}>\n "stablehlo.return"(%r) : (tensor<{name}>) -> ()}})'
            for dim in (0, 1):
                m.op('stablehlo.reduce', [x, init], f'<{{dimensions = array<i64: {dim}>}}> {body}', torch.from_numpy(f.reduce(x[1].numpy(), axis=dim)))
    z = m.arg(torch.randn(7, 5, dtype=torch.complex64))
    for op, f, none in (('add', torch.sum, 0), ('multiply', torch.prod, 1)):
        init = m.arg(torch.tensor(none, dtype=torch.complex64))
        body = f'({{^bb0(%a: tensor<complex<f32>>, %b: tensor<complex<f32>>):\n %r = "stablehlo.{op}"(%a, %b) : (tensor<complex<f32>>, tensor<complex<f32>>) -> tensor<complex<f32>>\n "stablehlo.return"(%r) : (tensor<complex<f32>>) -> ()}})'
        for dim in (0, 1):
            m.op('stablehlo.reduce', [z, init], f'<{{dimensions = array<i64: {dim}>}}> {body}', f(z[1], dim), 2e-5)


EACH = (numbers, shapes, gathers, reductions, products, picks, ragged, scans, regions, keys, futures, sizes)
CASES = ([(g, t) for t in ('f32', 'bf16', 'f16') for g in EACH] + [(g, 'f32') for g in (integers, bits, matrices)] +
         [(g, t) for t in ('f32', 'f64') for g in (transforms, complex_numbers, complex_arguments)] + [(g, t) for t in ('f32', 'f64') for g in (complex_functions, total_order, wrapped)])
if __name__ == '__main__':
    op_cases.main(CASES)
