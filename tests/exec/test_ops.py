"""TTIR ops against PyTorch (op_cases.py says how)."""
import op_cases
from op_cases import torch

F = torch.nn.functional


def elementwise(m):
    x, y = torch.randn(3, 1, 37) * 2, torch.randn(4, 37) * 2
    a, b = m.arg(x), m.arg(y)
    p, q = m.arg(x.abs() + 0.1), m.arg(y.abs() + 0.1)
    u = m.arg(torch.rand(3, 1, 37) * 1.8 - 0.9)
    g = m.arg(torch.tensor([0.0, -0.0, 1.5, 2.5, -2.5, float('inf'), float('-inf'), float('nan')]))

    def one(name, f, of=a):
        m.op('ttir.' + name, [of], '', f(of[1].float()))
    for name, f in dict(
            abs=torch.abs, ceil=torch.ceil, floor=torch.floor, trunc=torch.trunc, sin=torch.sin, cos=torch.cos,
            tanh=torch.tanh, atan=torch.atan, asinh=torch.asinh, exp=torch.exp, exp2=torch.exp2,
            expm1=torch.expm1, erf=torch.erf, erfc=torch.erfc, reciprocal=torch.reciprocal, sign=torch.sign,
            square=torch.square, frac=torch.frac, neg=torch.neg, gelu=F.gelu, sigmoid=torch.sigmoid, silu=F.silu,
            mish=F.mish, relu=F.relu, relu6=F.relu6, softsign=F.softsign, hardsigmoid=F.hardsigmoid).items():
        one(name, f)
    one('cbrt', lambda v: v.sign() * v.abs() ** (1 / 3))
    for name, f in dict(log=torch.log, log1p=torch.log1p, sqrt=torch.sqrt, rsqrt=torch.rsqrt).items():
        one(name, f, p)
    for name, f in dict(asin=torch.asin, acos=torch.acos, tan=torch.tan).items():
        one(name, f, u)
    for name in 'floor', 'relu', 'sigmoid', 'tanh', 'exp', 'gelu', 'erf':
        one(name, F.gelu if name == 'gelu' else getattr(torch, name), g)
    one('isfinite', lambda v: torch.isfinite(v).float(), g)
    one('signbit', lambda v: torch.signbit(v).float(), g)
    one('logical_not', lambda v: torch.logical_not(v).float(), g)
    for name, f in dict(add=torch.add, subtract=torch.subtract, multiply=torch.multiply, div=torch.div,
                        atan2=torch.atan2, maximum=torch.maximum, minimum=torch.minimum,
                        remainder=torch.remainder, eq=torch.eq, ne=torch.ne, lt=torch.lt, le=torch.le, gt=torch.gt,
                        ge=torch.ge, logical_and=torch.logical_and, logical_or=torch.logical_or,
                        logical_xor=torch.logical_xor).items():
        m.op('ttir.' + name, [a, b], '', f(a[1].float(), b[1].float()).float())
    m.op('ttir.maximum', [g, m.arg(torch.ones(1))], '', torch.maximum(g[1].float(), torch.ones(1)))
    m.op('ttir.pow', [p, q], '', torch.pow(p[1].float(), q[1].float()))
    m.op('ttir.leaky_relu', [a], '<{parameter = 0.2 : f32}>', F.leaky_relu(a[1].float(), 0.2))
    m.op('ttir.selu', [a], '', F.selu(a[1].float()))
    m.op('ttir.clamp_scalar', [a], '<{min = -0.5 : f32, max = 1.0 : f32}>', a[1].float().clamp(-0.5, 1))
    m.op('ttir.clamp_tensor', [a, u, p], '',
         torch.minimum(torch.maximum(a[1].float(), u[1].float()), p[1].float()))
    cond = m.arg(torch.rand(4, 37) > 0.5)
    m.op('ttir.where', [cond, a, b], '', torch.where(cond[1], a[1].float(), b[1].float()))
    x = a[1].float().clone().requires_grad_(True)
    F.gelu(x).backward(torch.ones_like(x))
    m.op('ttir.gelu_bw', [m.arg(torch.ones(3, 1, 37)), a], '', x.grad)


def integers(m):
    a, b = m.arg(torch.randint(-50, 50, (5, 9)).int()), m.arg(torch.randint(1, 20, (9,)).int())
    for name, f in dict(add=torch.add, subtract=torch.subtract, multiply=torch.multiply, maximum=torch.maximum,
                        minimum=torch.minimum, bitwise_and=torch.bitwise_and, bitwise_or=torch.bitwise_or,
                        bitwise_xor=torch.bitwise_xor, remainder=torch.remainder).items():
        m.op('ttir.' + name, [a, b], '', f(a[1], b[1]))
    m.op('ttir.div', [a, b], '', torch.div(a[1], b[1]).int())
    m.op('ttir.bitwise_not', [a], '', torch.bitwise_not(a[1]))
    m.op('ttir.lt', [a, b], '', a[1] < b[1])
    m.op('ttir.sum', [a], '<{keep_dim = false, dim_arg = [1 : i32]}>', a[1].sum(1).int())
    m.op('ttir.max', [a], '<{keep_dim = true, dim_arg = [0 : i32]}>', a[1].max(0, True)[0])
    m.op('ttir.typecast', [a], '', a[1].float())
    m.op('ttir.cumsum', [a], '<{dim = 0 : i64}>', a[1].cumsum(0).int())
    m.op('stablehlo.divide', [a, b], '', torch.div(a[1], b[1], rounding_mode='trunc').int())
    m.op('stablehlo.remainder', [a, b], '', torch.fmod(a[1], b[1]))
    f = m.arg(torch.tensor([1.9, -1.9, 0.0, 3e9, -3e9, 100.5]))
    m.op('ttir.typecast', [f], '', torch.tensor([1, -1, 0, 2147483647, -2147483648, 100]).int())
    m.op('ttir.typecast', [f], '', f[1] != 0)


def shapes(m):
    x = m.arg(torch.randn(2, 3, 4, 5))
    v = x[1]
    m.op('ttir.reshape', [x], '<{shape = [6 : i32, 20 : i32]}>', v.reshape(6, 20))
    m.op('ttir.permute', [x], '<{permutation = array<i64: 2, 0, 3, 1>}>', v.permute(2, 0, 3, 1))
    m.op('ttir.transpose', [x], '<{dim0 = -1 : si32, dim1 = 1 : si32}>', v.transpose(-1, 1))
    m.op('ttir.repeat', [x], '<{repeat_dimensions = array<i64: 1, 2, 1, 3>}>', v.repeat(1, 2, 1, 3))
    m.op('ttir.repeat_interleave', [x], '<{repeats = 3 : ui32, dim = -2 : si32}>', v.repeat_interleave(3, -2))
    m.op('ttir.concat', [x, x], '<{dim = -3 : si32}>', torch.cat([v, v], -3))
    m.op('ttir.slice_static', [x], '<{begins = [0 : i32, -2 : i32, 1 : i32, 0 : i32], ends = [2 : i32, 3 : i32, 4 : i32,'
         ' 5 : i32], step = [1 : i32, 1 : i32, 2 : i32, 2 : i32]}>', v[0:2, -2:3, 1:4:2, 0:5:2])
    m.op('ttir.index', [x], '<{dim = 3 : i32, begin = 1 : i32, end = 5 : i32, step = 2 : i32}>', v[..., 1:5:2])
    m.op('ttir.pad', [x], '<{padding = array<i32: 0, 0, 1, 2, 0, 1, 3, 0>, value = 1.5 : f32}>',
         F.pad(v.float(), (3, 0, 0, 1, 1, 2), value=1.5))
    m.op('ttir.reverse', [x], '<{dimensions = array<i64: 1, 3>}>', v.flip(1, 3))
    m.op('ttir.unsqueeze', [x], '<{dim = -1 : si32}>', v.unsqueeze(-1))
    i = m.arg(torch.randint(0, 4, (2, 3, 2, 5)))
    m.op('ttir.gather', [x, i], '<{dim = 2 : i32}>', v.gather(2, i[1]))
    for kind, name in ('sum', 'sum'), ('max', 'amax'), ('min', 'amin'), ('prod', 'prod'):
        src = m.arg(torch.randn(2, 3, 2, 5))
        m.op('ttir.scatter', [x, i, src], f'<{{dim = 2 : i32, scatter_reduce_type = #ttcore.reduce_type<{kind}>}}>',
             v.float().scatter_reduce(2, i[1], src[1].float(), name))
    src, places = m.arg(torch.randn(2, 3, 4, 5)), torch.tensor([2, -1, 4, 0]).reshape(1, 1, 4, 1).expand(2, 3, 4, 5)
    want = v.clone()
    want[:, :, 2], want[:, :, 0] = src[1][:, :, 0], src[1][:, :, 3]
    m.op('ttir.scatter', [x, m.arg(places.contiguous()), src],  # what is outside is left out
         '<{dim = 2 : i32, scatter_reduce_type = #ttcore.reduce_type<invalid>}>', want)
    table, ids = m.arg(torch.randn(11, 6)), m.arg(torch.randint(0, 11, (3, 4)).int())
    m.op('ttir.embedding', [ids, table], '', F.embedding(ids[1].long(), table[1]))
    grad = m.arg(torch.randn(3, 4, 6))
    want = torch.zeros(11, 6).index_add_(0, ids[1].long().flatten(), grad[1].float().reshape(12, 6))
    m.op('ttir.embedding_backward', [ids, table, grad], '', want)
    m.op('ttir.rearrange', [x], '<{pattern = "a b c d -> d (c a) b"}>', v.permute(3, 2, 0, 1).reshape(5, 8, 3))
    m.op('ttir.concatenate_heads', [x], '', v.permute(0, 2, 1, 3).reshape(2, 4, 15))
    m.op('ttir.arange', [], '<{start = 2 : si64, end = 14 : si64, step = 3 : si64, arange_dimension = 1 : i64}>',
         torch.arange(2, 14, 3).float().repeat(2, 1))
    e = m.arg(torch.zeros(0, 4))
    m.op('ttir.sum', [e], '<{keep_dim = false, dim_arg = [0 : i32]}>', e[1].sum(0))
    m.op('ttir.add', [e, e], '', e[1])
    m.op('ttir.concat', [e, m.arg(torch.ones(2, 4))], '<{dim = 0 : si32}>', torch.ones(2, 4))


def reductions(m):
    x = m.arg(torch.randn(3, 7, 5, 6) * 0.8)
    v = x[1].float()
    for dims in [0], [1], [3], [-1], [0, 2], [1, 3], [0, 1, 2, 3]:
        text = ', '.join(f'{d} : i32' for d in dims)
        for keep in False, True:
            attrs = f'<{{keep_dim = {str(keep).lower()}, dim_arg = [{text}]}}>'
            m.op('ttir.sum', [x], attrs, v.sum(dims, keep))
            m.op('ttir.mean', [x], attrs, v.mean(dims, keep))
            m.op('ttir.max', [x], attrs, v.amax(dims, keep))
            m.op('ttir.min', [x], attrs, v.amin(dims, keep))
    m.op('ttir.prod', [x], '<{keep_dim = false, dim_arg = [2 : i32]}>', v.prod(2))
    m.op('ttir.reduce_and', [x], '<{keep_dim = false, dim_arg = [2 : i32]}>', (v != 0).all(2).float())
    m.op('ttir.argmax', [x], '<{keep_dim = false, dim_arg = [1 : i32]}>', x[1].argmax(1).int())
    m.op('ttir.argmax', [x], '<{keep_dim = false}>', x[1].argmax().int())
    m.op('ttir.cumsum', [x], '<{dim = -2 : i64}>', v.cumsum(-2))
    m.op('ttir.cumprod', [x], '<{dim = 1 : i64}>', v.cumprod(1))
    for d in 1, 3, -1:
        m.op('ttir.softmax', [x], f'<{{dimension = {d} : si32}}>', v.softmax(d))
    unique = m.arg(torch.randperm(60).reshape(3, 20).float())
    for descending in False, True:
        w, i = unique[1].sort(-1, descending)
        m.op('ttir.sort', [unique], f'<{{dim = -1 : si32, descending = {str(descending).lower()}}}>', [w, i.int()])
    w, i = unique[1].float().topk(4)
    m.op('ttir.topk', [unique], '<{k = 4 : i32, dim = -1 : i32}>', [w, i.int()])


def products(m):
    def mat(*shape):
        return m.arg(torch.randn(*shape) / shape[-1] ** 0.5)
    a, b = mat(33, 40), mat(40, 65)
    bias = mat(65)
    f = [t[1].float() for t in (a, b, bias)]
    m.op('ttir.matmul', [a, b], '', f[0] @ f[1])
    m.op('ttir.linear', [a, b, bias], '', f[0] @ f[1] + f[2])
    # A bias may have more dimensions than the product, and larger ones: the result has them.
    wide, one = mat(2, 5, 33, 65), [m.arg(t[1][None]) for t in (a, b)]
    m.op('ttir.linear', [a, b, wide], '', f[0] @ f[1] + wide[1].float())
    m.op('ttir.linear', [*one, wide], '', f[0] @ f[1] + wide[1].float())
    m.op('ttir.linear', [a, b, mat(33, 1)], '', f[0] @ f[1] + m.args[-1].float())
    at, bt = mat(40, 33), mat(65, 40)
    m.op('ttir.matmul', [at, bt], '<{transpose_a = true, transpose_b = true}>', at[1].float().T @ bt[1].float().T)
    x, y = mat(2, 1, 9, 16), mat(3, 16, 8)
    m.op('ttir.matmul', [x, y], '', x[1].float() @ y[1].float())
    v = mat(16)
    m.op('ttir.matmul', [x, v], '', x[1].float() @ v[1].float())
    l, r = mat(4, 6, 5, 7), mat(7, 4, 9, 5)
    m.op('ttir.dot_general', [l, r], '<{batch_dims_lhs = array<i64: 0>, batch_dims_rhs = array<i64: 1>, '
         'contract_dims_lhs = array<i64: 3, 2>, contract_dims_rhs = array<i64: 0, 3>}>',
         torch.einsum('bmkj,jbnk->bmn', l[1].float(), r[1].float()))
    w = m.arg(torch.randn(2, 9, 16))
    n = [m.arg(torch.randn(16)), m.arg(torch.randn(16))]
    wf, nf = w[1].float(), [t[1].float() for t in n]
    m.op('ttir.layer_norm', [w, *n], '<{normalized_shape = array<i64: 16>, epsilon = 1.0e-3 : f32, operandSegmentSizes = '
         'array<i32: 1, 1, 1>}>', F.layer_norm(wf, [16], *nf, 1e-3))
    rms = wf / torch.sqrt((wf * wf).mean(-1, True) + 1e-5) * nf[0]
    m.op('ttir.rms_norm', [w, n[0]], '<{normalized_shape = array<i64: 16>, operandSegmentSizes = array<i32: 1, 1, 0>}>', rms)
    image = m.arg(torch.randn(2, 5, 3, 12))
    gw = [m.arg(torch.randn(12)), m.arg(torch.randn(12))]
    m.op('ttir.group_norm', [image, *gw], '<{num_groups = 4 : i64, epsilon = 1.0e-5 : f32, operandSegmentSizes = '
         'array<i32: 1, 0, 1, 1>}>', F.group_norm(image[1].float().permute(0, 3, 1, 2), 4, gw[0][1].float(),
                                                   gw[1][1].float()).permute(0, 2, 3, 1))
    stats = [m.arg(torch.rand(5) + 0.5) for _ in range(4)]
    s = [t[1].float() for t in stats]
    m.op('ttir.batch_norm_inference', [image, *stats], '<{dimension = 1 : i32, epsilon = 1.0e-5 : f32}>',
         F.batch_norm(image[1].float(), s[2], s[3], s[0], s[1]))


def convolutions(m):
    x = m.arg(torch.randn(2, 11, 13, 8))
    nchw = x[1].float().permute(0, 3, 1, 2)
    for groups, stride, pad, dilation in (1, 1, 0, 1), (1, 2, 1, 1), (2, 1, 2, 2), (8, 1, 1, 1):
        w = m.arg(torch.randn(16, 8 // groups, 3, 3) / 6)
        b = m.arg(torch.randn(1, 1, 1, 16))
        attrs = (f'<{{stride = {stride} : i32, padding = {pad} : i32, dilation = {dilation} : i32, groups = {groups} : i32}}>')
        want = F.conv2d(nchw, w[1].float(), b[1].float().flatten(), stride, pad, dilation, groups)
        m.op('ttir.conv2d', [x, w, b], attrs, want.permute(0, 2, 3, 1))
    w = m.arg(torch.randn(4, 8, 3, 2) / 6)
    attrs = ('<{stride = array<i32: 2, 1>, padding = array<i32: 1, 0, 2, 1>, dilation = 1 : i32, groups = 1 : i32, '
             'batch_dim = 0 : i64, channel_dim = 1 : i64, height_dim = 2 : i64, width_dim = 3 : i64}>')
    c = m.arg(nchw)
    m.op('ttir.conv2d', [c, w], attrs, F.conv2d(F.pad(nchw, (0, 1, 1, 2)), w[1].float(), None, (2, 1)))
    w = m.arg(torch.randn(8, 3, 3, 3) / 6)
    attrs = ('<{stride = 2 : i32, padding = 1 : i32, output_padding = 1 : i32, dilation = 1 : i32, groups = 1 : i32}>')
    m.op('ttir.conv_transpose2d', [x, w], attrs,
         F.conv_transpose2d(nchw, w[1].float(), None, 2, 1, 1).permute(0, 2, 3, 1))
    line, w = m.arg(torch.randn(2, 17, 4)), m.arg(torch.randn(6, 4, 3) / 3)
    m.op('ttir.conv1d', [line, w], '<{stride = 2 : i32, padding = 1 : i32, dilation = 1 : i32, groups = 1 : i32}>',
         F.conv1d(line[1].float().permute(0, 2, 1), w[1].float(), None, 2, 1).permute(0, 2, 1))
    cube, w = m.arg(torch.randn(1, 5, 6, 7, 3)), m.arg(torch.randn(4, 3, 2, 3, 3) / 6)
    m.op('ttir.conv3d', [cube, w], '<{stride = 1 : i32, padding = 0 : i32, groups = 1 : i32}>',
         F.conv3d(cube[1].float().permute(0, 4, 1, 2, 3), w[1].float()).permute(0, 2, 3, 4, 1))
    for kind, ceil in ('max', False), ('max', True), ('avg', False), ('avg', True):
        attrs = (f'<{{kernel = array<i32: 3, 2>, stride = 2 : i32, dilation = 1 : i32, padding = array<i32: 1, 1, 1, 1>, '
                 f'ceil_mode = {str(ceil).lower()}}}>')
        pool = F.max_pool2d if kind == 'max' else F.avg_pool2d
        m.op(f'ttir.{kind}_pool2d', [x], attrs, pool(nchw, (3, 2), 2, 1, ceil_mode=ceil).permute(0, 2, 3, 1))
    m.op('ttir.global_avg_pool2d', [x], '', nchw.mean((2, 3), True).permute(0, 2, 3, 1))
    m.op('ttir.upsample2d', [x], '<{scale_factor = array<i32: 2, 3>, mode = "nearest"}>',
         F.interpolate(nchw, scale_factor=(2, 3)).permute(0, 2, 3, 1))
    m.op('ttir.upsample2d', [x], '<{scale_factor = 2 : i32, mode = "bilinear"}>',
         F.interpolate(nchw, scale_factor=2, mode='bilinear').permute(0, 2, 3, 1))


def attention(m):
    q, k, v = m.arg(torch.randn(2, 4, 6, 8)), m.arg(torch.randn(2, 2, 6, 8)), m.arg(torch.randn(2, 2, 6, 8))
    f = [q[1].float(), k[1].float().repeat_interleave(2, 1), v[1].float().repeat_interleave(2, 1)]

    def sdpa(mask):
        return (f[0] @ f[1].transpose(-1, -2) / 8 ** 0.5 + mask).softmax(-1) @ f[2]
    causal = torch.full((6, 6), float('-inf')).triu(1)
    segments = 'operandSegmentSizes = array<i32: 1, 1, 1, {}, 0>'
    m.op('ttir.scaled_dot_product_attention', [q, k, v], f'<{{is_causal = true, {segments.format(0)}}}>', sdpa(causal))
    mask = m.arg(torch.randn(2, 1, 6, 6))
    m.op('ttir.scaled_dot_product_attention', [q, k, v, mask], f'<{{is_causal = false, {segments.format(1)}}}>',
         sdpa(mask[1].float()))


def chains(m):
    """Runs of elementwise ops, which become one loop: operands stay as they are, whatever is read again afterwards."""
    a, b = m.arg(torch.randn(40, 64)), m.arg(torch.randn(40, 64))
    row, one = m.arg(torch.rand(64)), m.arg(torch.rand(1, 1) + 1)
    x, y, r, s = (t[1].float() for t in (a, b, row, one))
    # Values of a chain are not results, so that they may stay in registers.
    kind = m.type_of(a[1])
    for i, (op, operands) in enumerate([('add', f'{a[0]}, {b[0]}'), ('neg', '%c0'), ('tanh', '%c1'), ('neg', '%c2'),
                                        ('abs', '%c3')]):
        types = ', '.join([kind] * (operands.count(',') + 1))
        m.body.append(f'%c{i} = "ttir.{op}"({operands}) : ({types}) -> {kind}')
    chain = (x + y).to(a[1].dtype).float().tanh().abs()
    m.op('ttir.multiply', [('%c4', a[1]), one], '', chain * s)
    m.op('ttir.add', [('%c4', a[1]), row], '', chain + r)
    for t in a, b:
        m.op('ttir.transpose', [t], '<{dim0 = 0 : si32, dim1 = 1 : si32}>', t[1].float().T)


GROUPS = [chains, elementwise, shapes, reductions, products, convolutions, attention]
CASES = [(g, t) for t in ('f32', 'bf16', 'f16') for g in GROUPS] + [(integers, 'f32')]
if __name__ == '__main__':
    op_cases.main(CASES)
