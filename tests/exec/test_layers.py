"""The layers of models - products, convolutions, pools, norms, attention, quantisation - on several shapes, on batches of nothing, and
products also of integers, against PyTorch (op_cases.py says how). TTNN's forms of them as well: images in rows, attributes of its own."""
import op_cases
from op_cases import near, torch
from op_data import FLOATS, INTEGERS
from test_families import attrs, dense, tensor

F = torch.nn.functional


def value(m, t):
    return t[1].float() if m.number in FLOATS else t[1].double()


def small(m, *shape):
    """Numbers whose sums of products fit."""
    return m.numbers(*shape, low=-3, high=4)


def products(m):
    for a, b in (((3, 4), (4, 5)), ((0, 4), (4, 5)), ((3, 4), (4, 0)), ((3, 0), (0, 5)), ((2, 1, 3, 4), (5, 4, 2)), ((0, 3, 4), (4, 2)),
                 ((4,), (4, 5)), ((3, 4), (4,)), ((7, 3, 4), (7, 4, 5)), ((0, 3, 4), (0, 4, 5))):
        x, y = small(m, *a), small(m, *b)
        want = value(m, x) @ value(m, y)
        m.op('ttir.matmul', [x, y], '', want)
        bias = small(m, *want.shape[-1:])
        m.op('ttir.linear', [x, y, bias], '', want + value(m, bias))
        m.op('ttir.linear', [x, y], '', want)
        if len(a) > 1 and len(b) > 1:
            turned = small(m, *b[:-2], b[-1], b[-2])
            m.op('ttir.matmul', [x, turned], attrs('transpose_b = true'), value(m, x) @ value(m, turned).transpose(-1, -2))
        if len(a) <= 2 and len(b) <= 2:
            m.op('stablehlo.dot', [x, y], '', want)
        if len(a) == len(b) == 3 and a[0] == b[0]:
            m.op('ttir.dot_general', [x, y], attrs(dense('batch_dims_lhs', [0]), dense('batch_dims_rhs', [0]), dense('contract_dims_lhs', [2]), dense('contract_dims_rhs', [1])), want)
            m.op('stablehlo.dot_general', [x, y], '<{dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = [0], '
                 'lhs_contracting_dimensions = [2], rhs_contracting_dimensions = [1]>}>', want)
    for rows in 4, 0:
        a, b, ones = small(m, 2, 3, rows, 8), small(m, 1, 5, 8, 6), m.arg(torch.ones(2, 3, 1, 5))
        m.op('ttir.sparse_matmul', [a, b, ones], '<{is_input_a_sparse = false, is_input_b_sparse = true}>',
             torch.einsum('abmk,ekn->abemn', value(m, a), value(m, b)[0]).unsqueeze(2))
    for rows in 3, 0:
        x, y, z = small(m, rows, 4), small(m, 4, 5), m.arg(torch.tensor([rows]), 'i32')
        m.op('stablehlo.einsum', [x, y], '<{einsum_config = "ab,bc->ac"}>', value(m, x) @ value(m, y))
        m.op('stablehlo.unary_einsum', [x], '<{einsum_config = "ab->ba"}>', value(m, x).T)
        group = m.arg(y[1].unsqueeze(0), m.number)
        m.op('chlo.ragged_dot', [x, group, z], '<{ragged_dot_dimension_numbers = #chlo.ragged_dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [1], '
             'lhs_ragged_dimensions = [0], rhs_group_dimensions = [0]>}>', value(m, x) @ value(m, y))


def overflow(m):
    """Products of integers of all sizes: the sums wrap."""
    for a, b in (((5, 7), (7, 6)), ((2, 3, 4), (2, 4, 40)), ((1, 9), (9, 3))):
        x, y = m.numbers(*a), m.numbers(*b)
        want = (x[1].unsqueeze(-1) * y[1].unsqueeze(-3)).sum(-2)
        m.op('ttir.matmul', [x, y], '', want)
        bias = m.numbers(b[-1])
        m.op('ttir.linear', [x, y, bias], '', want + bias[1])
        if len(a) == 2:
            # A matrix product as a convolution of one position.
            image, kernel = m.arg(x[1].reshape(a[0], 1, 1, a[1]), m.number), m.arg(y[1].T.reshape(b[1], b[0], 1, 1), m.number)
            m.op('stablehlo.convolution', [image, kernel], attrs('window_strides = array<i64: 1, 1>', 'dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[o, i, 0, 1]->[b, 0, 1, f]>',
                 'feature_group_count = 1 : i64', 'batch_group_count = 1 : i64'), want.reshape(a[0], 1, 1, b[1]))
            m.op('stablehlo.einsum', [x, y], '<{einsum_config = "ab,bc->ac"}>', want)
            m.op('stablehlo.unary_einsum', [x], '<{einsum_config = "ab->a"}>', x[1].sum(1))
            group, rows = m.arg(y[1].unsqueeze(0), m.number), m.arg(torch.tensor([a[0]]), 'i32')
            m.op('chlo.ragged_dot', [x, group, rows], '<{ragged_dot_dimension_numbers = #chlo.ragged_dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [1], '
                 'lhs_ragged_dimensions = [0], rhs_group_dimensions = [0]>}>', want)


def truths(m):
    """Products of truth values: whether any pair is true in both."""
    for a, b in (((3, 4), (4, 5)), ((0, 4), (4, 5)), ((3, 0), (0, 2))):
        x, y = m.numbers(*a, kind='i1'), m.numbers(*b, kind='i1')
        m.op('stablehlo.dot', [x, y], '', x[1].float() @ y[1].float() > 0)
    for shape in (2, 3, 4), (0, 3, 4):
        x, y = m.numbers(*shape), m.numbers(shape[0], 4, 2)
        m.op('stablehlo.dot_general', [x, y], '<{dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = [0], '
             'lhs_contracting_dimensions = [2], rhs_contracting_dimensions = [1]>}>', x[1].float() @ y[1].float() > 0)
    s = 'tensor<i1>'
    body = f'({{^bb0(%x: {s}, %y: {s}):\n %r = "stablehlo.or"(%x, %y) : ({s}, {s}) -> {s}\n "stablehlo.return"(%r) : ({s}) -> ()}})'
    none = m.arg(torch.tensor(False))
    for shape in (3, 6), (0, 6):
        x = m.numbers(*shape)
        want = x[1][:, 0:5:2] | x[1][:, 1:6:2]
        m.op('stablehlo.reduce_window', [x, none], f'{attrs(dense("window_dimensions", (1, 2)), dense("window_strides", (1, 2)))} {body}', want)
        m.op('stablehlo.reduce', [x, none], f'{attrs(dense("dimensions", [1]))} {body}', x[1].any(1))
        compare = (f'({{^bb0(%x: {s}, %y: {s}):\n %r = "stablehlo.compare"(%x, %y) <{{comparison_direction = #stablehlo<comparison_direction LT>}}> : ({s}, {s}) -> {s}\n '
                   f'"stablehlo.return"(%r) : ({s}) -> ()}})')
        m.op('stablehlo.sort', [x], f'<{{dimension = 1 : i64, is_stable = true}}> {compare}', x[1].float().sort(1)[0] > 0)
        first = x[1][:, 0::2] | ~x[1][:, 1::2]  # is not less than the second
        source = m.numbers(shape[0], 3)
        want = torch.stack([first & source[1], ~first & source[1]], -1).reshape(shape)
        choose = compare.replace('LT', 'GE')[:-1] + ', ' + body[1:]
        m.op('stablehlo.select_and_scatter', [x, source, none], f'{attrs(dense("window_dimensions", (1, 2)), dense("window_strides", (1, 2)))} {choose}', want)
        w, i = x[1].int().sort(dim=1, descending=True, stable=True)
        m.op('chlo.top_k', [x], attrs('k = 2 : i64'), [w[:, :2], i[:, :2]], types=['i1', 'i32'])


def images(m):
    """Convolutions and pools, of images of several sizes, and of none."""
    exact = {'stride': 2, 'pad': 1}
    for batch, size, groups in (1, 7, 1), (2, 8, 2), (0, 8, 1):
        x, w, b = small(m, batch, size, size + 1, 4), m.arg(torch.randn(6, 4 // groups, 3, 3) / 6), m.arg(torch.randn(1, 1, 1, 6))
        nchw = value(m, x).permute(0, 3, 1, 2)
        want = F.conv2d(nchw, value(m, w), value(m, b).flatten(), exact['stride'], exact['pad'], 1, groups)
        m.op('ttir.conv2d', [x, w, b], attrs('stride = 2 : i32', 'padding = 1 : i32', 'dilation = 1 : i32', f'groups = {groups} : i32'), want.permute(0, 2, 3, 1))
        flat = m.arg(x[1].reshape(1, 1, -1, 4), m.number)
        sizes = [f'batch_size = {batch} : i32', 'in_channels = 4 : i32', 'out_channels = 6 : i32', f'input_height = {size} : i32', f'input_width = {size + 1} : i32',
                 dense('kernel_size', (3, 3), 'i32'), dense('dilation', (1, 1), 'i32'), f'groups = {groups} : i32']
        m.op('ttnn.conv2d', [flat, w, b, m.device()], attrs(*sizes, dense('stride', (2, 2), 'i32'), dense('padding', (1, 1), 'i32')), want.permute(0, 2, 3, 1).reshape(1, 1, -1, 6))
        t = m.arg(torch.randn(4, 3, 3, 3) / 6)
        want = F.conv_transpose2d(nchw, value(m, t), None, 2, 1, 1).permute(0, 2, 3, 1)
        m.op('ttir.conv_transpose2d', [x, t], attrs('stride = 2 : i32', 'padding = 1 : i32', 'output_padding = 1 : i32', 'dilation = 1 : i32', 'groups = 1 : i32'), want)
        sizes = [s.replace('out_channels = 6', 'out_channels = 3') for s in sizes if not s.startswith('groups')] + ['groups = 1 : i32']
        m.op('ttnn.conv_transpose2d', [flat, t], attrs(*sizes, dense('stride', (2, 2), 'i32'), dense('padding', (1, 1), 'i32'), dense('output_padding', (1, 1), 'i32')), want.reshape(1, 1, -1, 3))
        cube, w = small(m, batch, 4, 5, size, 3), m.arg(torch.randn(4, 3, 2, 3, 3) / 6)
        want = F.conv3d(value(m, cube).permute(0, 4, 1, 2, 3), value(m, w)).permute(0, 2, 3, 4, 1)
        m.op('ttir.conv3d', [cube, w], attrs('stride = 1 : i32', 'padding = 0 : i32', 'groups = 1 : i32'), want)
        wide, w = small(m, batch, 4, 5, size, 32), m.arg(torch.randn(8, 32, 2, 3, 3) / 20)
        rows = m.arg(w[1].permute(2, 3, 4, 1, 0).reshape(-1, 8), m.number)
        want = F.conv3d(value(m, wide).permute(0, 4, 1, 2, 3), value(m, w)).permute(0, 2, 3, 4, 1)
        m.op('ttnn.conv3d', [wide, rows], attrs(f'batch_size = {batch} : i32', 'groups = 1 : i32', 'in_channels = 32 : i32', 'out_channels = 8 : i32', 'input_depth = 4 : i32',
             'input_height = 5 : i32', f'input_width = {size} : i32', dense('kernel_size', (2, 3, 3), 'i32'), dense('padding', (0, 0, 0), 'i32'), 'padding_mode = "zeros"',
             dense('stride', (1, 1, 1), 'i32')), want, near(m.number, 1e-5, None))
        line, w = small(m, batch, size, 4), m.arg(torch.randn(6, 4, 3) / 3)
        want = F.conv1d(value(m, line).permute(0, 2, 1), value(m, w), None, 2, 1).permute(0, 2, 1)
        m.op('ttir.conv1d', [line, w], attrs('stride = 2 : i32', 'padding = 1 : i32', 'dilation = 1 : i32', 'groups = 1 : i32'), want)
        m.op('ttnn.conv1d', [line, w], attrs(f'batch_size = {batch} : i32', 'in_channels = 4 : i32', 'out_channels = 6 : i32', f'input_length = {size} : i32', 'kernel_size = 3 : i32',
             'stride = 2 : i32', dense('padding', (1, 1), 'i32'), 'dilation = 1 : i32', 'groups = 1 : i32'), want.reshape(1, 1, -1, 6))
        for op, scale, mode in ('nearest', 2, 'nearest'), ('bilinear', 2, 'bilinear'):
            if batch:
                want = F.interpolate(nchw, scale_factor=scale, mode=mode).permute(0, 2, 3, 1)
            else:
                want = torch.zeros(0, 2 * size, 2 * size + 2, 4)
            m.op('ttir.upsample2d', [x], attrs(f'scale_factor = {scale} : si32', f'mode = "{mode}"'), want)
    for bias in (1, 1, 1, 6), (1, 1, 1, 3):
        b = m.arg(torch.randn(bias))
        given = ['input_tensor_layout = #ttnn.layout<row_major>', 'in_channels = 4 : i32', f'out_channels = {bias[3]} : i32', 'batch_size = 1 : i32']
        for op in 'ttnn.prepare_conv2d_bias', 'ttnn.prepare_conv_transpose2d_bias':
            m.op(op, [b], attrs(*given), b[1], twins=False)


def windows(m):
    """StableHLO's convolution, which integers have, too; their sums may be wider."""
    for batch, size, groups in (1, 7, 1), (2, 8, 2), (0, 8, 1):
        x, w = small(m, batch, size, size + 1, 4), small(m, 6, 4 // groups, 3, 3)
        want = F.conv2d(value(m, x).permute(0, 3, 1, 2), value(m, w), None, 2, 1, 1, groups).permute(0, 2, 3, 1)
        numbers = 'dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[o, i, 0, 1]->[b, 0, 1, f]>'
        counts = f'feature_group_count = {groups} : i64', 'batch_group_count = 1 : i64'
        given = attrs('window_strides = array<i64: 2, 2>', 'padding = dense<[[1, 1], [1, 1]]> : tensor<2x2xi64>', 'lhs_dilation = array<i64: 1, 1>', 'rhs_dilation = array<i64: 1, 1>',
                      'window_reversal = array<i1: false, false>', numbers, *counts)
        margin = f'%margin{len(m.body)}'
        m.body.append(f'{margin} = "stablehlo.constant"() <{{value = dense<1> : tensor<2x2xi32>}}> : () -> tensor<2x2xi32>')
        for kind in sorted({m.number, 'i32' if m.number in INTEGERS else 'f32'}):
            m.op('stablehlo.convolution', [x, w], given, want, near(m.number, 1e-5, None), [kind])
        m.op('stablehlo.dynamic_conv', [x, w, (margin, torch.ones(2, 2).int())], attrs('window_strides = array<i64: 2, 2>', numbers, *counts), want, near(m.number, 1e-5, None), [m.number])


def drawn(m):
    """Random integers and reals between bounds that leave no choice, or two of them."""
    for shape in (3, 4), (0, 4):
        sizes = m.arg(torch.tensor(shape), 'i64')
        low, high = (m.arg(torch.tensor(v), m.number) for v in (2, 3))
        if m.number in INTEGERS:  # the upper bound is not drawn
            m.op('stablehlo.rng', [low, high, sizes], '<{rng_distribution = #stablehlo<rng_distribution UNIFORM>}>', torch.full(shape, 2), types=[m.number])
        else:
            m.op('stablehlo.rng', [low, low, sizes], '<{rng_distribution = #stablehlo<rng_distribution UNIFORM>}>', torch.full(shape, 2.0))


def pools(m):
    """Windows over numbers of any kind; means are real."""
    for batch, size in (1, 7), (2, 8), (0, 6):
        x = m.numbers(batch, size, size, 3, low=0, high=100)
        nchw = value(m, x).permute(0, 3, 1, 2)
        flat = m.arg(x[1].reshape(1, 1, -1, 3), m.number)
        given = [dense('kernel', (3, 2), 'i32'), 'stride = 2 : i32', 'dilation = 1 : i32', dense('padding', (1, 1, 1, 1), 'i32'), 'ceil_mode = false']
        rows = [f'batch_size = {batch} : si32', f'input_height = {size} : si32', f'input_width = {size} : si32', 'channels = 3 : si32', dense('kernel_size', (3, 2), 'i32'),
                dense('stride', (2, 2), 'i32'), dense('dilation', (1, 1), 'i32'), dense('padding', (1, 1), 'i32'), 'ceil_mode = false']
        out = (size + 2 - 3) // 2 + 1, (size + 2 - 2) // 2 + 1
        if batch:
            w, i = (t.permute(0, 2, 3, 1) for t in F.max_pool2d(nchw, (3, 2), 2, 1, return_indices=True))
        else:
            w, i = torch.zeros(0, *out, 3), torch.zeros(0, *out, 3)
        m.op('ttir.max_pool2d', [x], attrs(*given), w)
        m.op('ttnn.max_pool2d', [flat], attrs(*rows), w.reshape(1, 1, -1, 3))
        m.op('ttir.max_pool2d_with_indices', [x], attrs(*given), [w, i], types=[m.number, 'i32'])
        m.op('ttnn.max_pool2d_with_indices', [flat], attrs(*rows), [w.reshape(1, 1, -1, 3), i.reshape(1, 1, -1, 3)], types=[m.number, 'ui16'])
        s = tensor((), m.number)
        region = ('({{^bb0(%x: {0}, %y: {0}):\n %r = "stablehlo.{1}"(%x, %y) {2} : ({0}, {0}) -> {3}\n "stablehlo.return"(%r) : ({3}) -> ()}}')
        init = m.arg(torch.zeros(()), m.number)
        source = small(m, batch, size // 2, size, 3)
        most = value(m, x)[:, :size // 2 * 2].reshape(batch, size // 2, 2, size, 3)
        first = (most[:, :, 0] >= most[:, :, 1]).unsqueeze(2)
        want = torch.cat([torch.where(first, value(m, source).unsqueeze(2), 0.0 * most[:, :, :1]), torch.where(first, 0.0 * most[:, :, :1], value(m, source).unsqueeze(2))], 2)
        want = F.pad(want.reshape(batch, size // 2 * 2, size, 3), (0, 0, 0, 0, 0, size % 2))
        m.op('stablehlo.select_and_scatter', [x, source, init], attrs(dense('window_dimensions', (1, 2, 1, 1)), dense('window_strides', (1, 2, 1, 1))) + ' ' +
             region.format(s, 'compare', '<{comparison_direction = #stablehlo<comparison_direction GE>}>', 'tensor<i1>') + ', ' +
             region.format(s, 'add', '', s)[1:] + ')', want)
        if m.number not in FLOATS:
            continue
        for include in True, False:
            if batch:
                want = F.avg_pool2d(nchw, (3, 2), 2, 1, count_include_pad=include).permute(0, 2, 3, 1)
            else:
                want = torch.zeros(0, *out, 3)
            m.op('ttir.avg_pool2d', [x], attrs(*given, f'count_include_pad = {str(include).lower()}'), want)
            m.op('ttnn.avg_pool2d', [flat], attrs(*rows, f'count_include_pad = {str(include).lower()}'), want.reshape(1, 1, -1, 3))
        m.op('ttir.global_avg_pool2d', [x], '', nchw.mean((2, 3), True).permute(0, 2, 3, 1))


def norms(m):
    loose = near(m.number, 2e-5, 0.02)
    for shape in (2, 3, 8), (5, 8), (0, 3, 8), (2, 0, 8):
        x, w, b = m.arg(torch.randn(shape)), m.arg(torch.randn(8)), m.arg(torch.randn(8))
        v, scale, offset = x[1].float(), w[1].float(), b[1].float()
        sizes = dense('operandSegmentSizes', (1, 1, 1), 'i32')
        layer = F.layer_norm(v, [8], scale, offset, 1e-3) if v.numel() else v
        m.op('ttir.layer_norm', [x, w, b], attrs(dense('normalized_shape', [8]), 'epsilon = 1.0e-3 : f32', sizes), layer, loose)
        m.op('ttnn.layer_norm', [x, w, b], attrs('epsilon = 1.0e-3 : f32', sizes), layer, loose)
        rms = v / torch.sqrt((v * v).mean(-1, True) + 1e-3) * scale + offset
        m.op('ttir.rms_norm', [x, w, b], attrs(dense('normalized_shape', [8]), 'epsilon = 1.0e-3 : f32', sizes), rms, loose)
        m.op('ttnn.rms_norm', [x, w, b], attrs('epsilon = 1.0e-3 : f32', sizes), rms, loose)
        for d in -1, 1:
            m.op('ttir.softmax', [x], attrs(f'dimension = {d} : si32'), v.softmax(d))
    for batch in 2, 0:
        x, res = m.arg(torch.randn(batch, 1, 4, 32)), m.arg(torch.randn(batch, 1, 4, 32))
        w, b = m.arg(torch.randn(32)), m.arg(torch.randn(32))
        v, r = x[1].float(), res[1].float()
        gain, shift = w[1].float(), b[1].float()

        def tiles(*columns):
            return torch.cat([F.pad(c.unsqueeze(-1), (0, 31)) for c in columns], -1)
        m.op('ttnn.rms_norm_pre_all_gather', [x], attrs(dense('operandSegmentSizes', (1, 0), 'i32')), tiles((v ** 2).mean(-1)))
        sums = tiles((v ** 2).sum(-1), v.sum(-1))
        m.op('ttnn.layer_norm_pre_all_gather', [x], attrs(dense('operandSegmentSizes', (1, 0, 0), 'i32')), sums, loose)
        stats = m.arg(sums)
        want = (F.layer_norm(v, [32], None, None, 1e-3) if batch else v) * gain + shift
        m.op('ttnn.layer_norm_post_all_gather', [x, stats, w, b], attrs('epsilon = 1.0e-3 : f32', dense('operandSegmentSizes', (1, 1, 1, 1), 'i32')), want, near(m.number, 2e-5, 0.05))
        s = v + r
        rms = s / torch.sqrt((s * s).mean(-1, True) + 1e-3) * gain + shift
        m.op('ttnn.dit_rms_norm_unary_fused', [x, w, b, res], attrs('epsilon = 1.0e-3 : f32', 'activation = "silu"', dense('operandSegmentSizes', (1, 1, 1, 1), 'i32')), F.silu(rms), loose)
        for side in 3, 4:
            image, w, b = m.arg(torch.randn(batch, side, 5, 12)), m.arg(torch.randn(12)), m.arg(torch.randn(12))
            want = image[1].float()
            if batch:
                want = F.group_norm(want.permute(0, 3, 1, 2), 4, w[1].float(), b[1].float()).permute(0, 2, 3, 1)
            m.op('ttir.group_norm', [image, w, b], attrs('num_groups = 4 : i64', 'epsilon = 1.0e-5 : f32', dense('operandSegmentSizes', (1, 0, 1, 1), 'i32')), want, loose)
    for shape in (2, 3, 4, 5), (4, 3, 2, 2), (0, 3, 4, 5):
        x = m.arg(torch.randn(shape))
        scale, offset, mean, var = (m.arg(torch.rand(3) + 0.5) for _ in range(4))
        v, p = x[1].float(), [t[1].float() for t in (scale, offset, mean, var)]

        def wide(t):
            return t.reshape(1, 3, 1, 1)
        inference = (v - wide(p[2])) / torch.sqrt(wide(p[3]) + 1e-3) * wide(p[0]) + wide(p[1])
        m.op('ttir.batch_norm_inference', [x, scale, offset, mean, var], attrs('dimension = 1 : i32', 'epsilon = 1.0e-3 : f32'), inference, loose)
        m.op('stablehlo.batch_norm_inference', [x, scale, offset, mean, var], attrs('feature_index = 1 : i64', 'epsilon = 1.0e-3 : f32'), inference, loose)
        column = [m.arg(t[1].reshape(1, 3, 1, 1)) for t in (scale, offset, mean, var)]
        m.op('ttnn.batch_norm_inference', [x, column[2], column[3], column[0], column[1]], attrs('epsilon = 1.0e-3 : f32'), inference, loose)
        if not shape[0]:
            continue  # a batch of nothing has no mean
        mu, sigma = v.mean((0, 2, 3)), v.var((0, 2, 3), unbiased=False)
        trained = (v - wide(mu)) / torch.sqrt(wide(sigma) + 1e-3) * wide(p[0]) + wide(p[1])
        kept = [0.2 * mu + 0.8 * p[2], 0.2 * sigma + 0.8 * p[3]]
        m.op('ttir.batch_norm_training', [x, scale, offset, mean, var], attrs('epsilon = 1.0e-3 : f32', 'momentum = 2.0e-1 : f32', 'dimension = 1 : i32'), [trained, *kept], loose)
        m.op('stablehlo.batch_norm_training', [x, scale, offset], attrs('epsilon = 1.0e-3 : f32', 'feature_index = 1 : i64'), [trained, mu, sigma], loose)
        m.op('ttnn.batch_norm_training', [x, column[2], column[3], column[0], column[1]], attrs('epsilon = 1.0e-3 : f32', 'momentum = 2.0e-1 : f32',
             dense('operandSegmentSizes', (1, 1, 1, 1, 1), 'i32')), trained, loose)
        for given, want in zip(column[2:], kept):
            m.given('ttnn.batch_norm_training', given[0], wide(want), loose)
        g, leaves = m.arg(torch.randn(shape)), [t.clone().requires_grad_() for t in (v, p[0], p[1])]
        F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], True, 0.1, 1e-3).backward(g[1].float())
        at = [m.arg(t) for t in (mu, sigma)]
        m.op('stablehlo.batch_norm_grad', [x, scale, *at, g], attrs('epsilon = 1.0e-3 : f32', 'feature_index = 1 : i64'), [t.grad for t in leaves], near(m.number, 5e-5, 0.1))
    for shape in (4, 8), (0, 8), (3,):
        p, g, e, s = (m.arg(t) for t in (torch.randn(shape), torch.randn(shape), torch.randn(shape) * 0.1, torch.rand(shape) * 0.1))
        P, G, E, S = (t[1].float() for t in (p, g, e, s))
        E2, S2 = 0.9 * E + 0.1 * G, 0.99 * S + 0.01 * G * G
        given = attrs('lr = 0.01 : f32', 'beta1 = 0.9 : f32', 'beta2 = 0.99 : f32', 'beta1_pow = 0.9 : f32', 'beta2_pow = 0.99 : f32', 'epsilon = 1.0e-6 : f32', 'weight_decay = 0.05 : f32')
        want = P - 0.01 * (E2 / 0.1) / (torch.sqrt(S2 / 0.01) + 1e-6) - 0.01 * 0.05 * P
        m.op('ttir.adamw', [p, g, e, s], given, [want, E2, S2], near(m.number, 1e-5, 0.02))
        m.in_place('ttnn.adamw', [m.arg(P.clone()), g, m.arg(E.clone()), m.arg(S.clone())], given, want, 0, near(m.number, 1e-5, 0.02))


def chance(m):
    """Random numbers: what is certain of them."""
    n = m.number
    for shape in (3, 4), (0, 4), (50, 7):
        size = '[' + ', '.join(f'{d} : i32' for d in shape) + ']'
        count = torch.tensor(shape)
        for op, sizes in ('ttir.rand', f'size = {size}'), ('ttnn.rand', f'size = #ttnn.shape<{"x".join(map(str, shape))}>'):
            m.op(op, [], attrs(sizes, 'low = 2.0 : f32', 'high = 2.0 : f32', 'seed = 7 : ui32'), torch.full(shape, 2.0), twins=False)
        x = m.arg(torch.randn(shape))
        for op in 'ttir.dropout', 'ttnn.dropout':
            m.op(op, [x], attrs('prob = 0.0 : f32', 'scale = 2.0 : f32', 'seed = 3 : ui32'), x[1].float() * 2)
            m.op(op, [x], attrs('prob = 1.0 : f32', 'scale = 2.0 : f32', 'seed = 3 : ui32'), x[1].float() * 0)
        low, sizes = m.arg(torch.tensor(1.5)), m.arg(count, 'i64')
        m.op('stablehlo.rng', [low, low, sizes], '<{rng_distribution = #stablehlo<rng_distribution UNIFORM>}>', torch.full(shape, 1.5))
    for rows in 4, 0:
        values = torch.zeros(rows, 32)
        values[torch.arange(rows), torch.tensor([3, 0, 31, 17])[:rows]] = 1e4
        v, i = m.arg(values), m.arg(torch.arange(100, 132).repeat(rows, 1), 'i32')
        k, p, t = m.arg(torch.full((rows,), 5), 'i32'), m.arg(torch.full((rows,), 0.9)), m.arg(torch.ones(rows))
        for dialect in 'ttir', 'ttnn':
            m.op(f'{dialect}.sampling', [v, i, k, p, t], '<{seed = 42 : ui32}>', torch.tensor([103, 100, 131, 117])[:rows], types=['i32'], twins=False)
        x, w = m.arg(2.0 * F.one_hot(torch.randperm(16)[:rows], 16)), m.arg(torch.randint(-2, 3, (16, 12)).float())
        bias = m.arg(torch.stack([torch.randperm(12) / 32 for _ in range(4)])[:rows])
        top, at = (x[1].float() @ w[1].float() + bias[1].float()).topk(3)
        for dialect in 'ttir', 'ttnn':
            m.op(dialect + '.topk_router_gpt', [x, w, bias], '<{k = 3 : i32, num_experts = 12 : i32}>', [at, top.softmax(-1)], types=['ui16', n], twins=False)
    assert n in FLOATS


CASES = ([(g, k) for g in (images, norms, chance) for k in FLOATS] + [(g, k) for g in (windows, drawn) for k in (*FLOATS, *INTEGERS)] + [(pools, k) for k in (*FLOATS, 'i32', 'ui8', 'i16')] +
         [(products, k) for k in (*FLOATS, *INTEGERS)] + [(overflow, k) for k in INTEGERS] + [(truths, 'i1')])
if __name__ == '__main__':
    op_cases.main(CASES)
