"""Ops of models - attention, caches, rotary embedding, quantisation, optimiser, mixture of experts - and creation, against
PyTorch (op_cases.py says how). References are written from the definitions of the ops."""
import op_cases
from op_cases import torch

F = torch.nn.functional
INF = float('inf')


def creation(m):
    n = m.number
    for op, attrs, value in (('ttir.full', f'<{{fill_value = 3.5 : f32, shape = array<i32: 2, 3>}}>', 3.5), ('ttir.ones', '<{shape = array<i32: 2, 3>}>', 1),
                             ('ttir.zeros', '<{shape = array<i32: 2, 3>}>', 0), ('ttnn.full', '<{fill_value = -2.0 : f32, shape = #ttnn.shape<2x3>}>', -2),
                             ('ttnn.ones', '<{shape = #ttnn.shape<2x3>}>', 1), ('ttnn.zeros', '<{shape = #ttnn.shape<2x3>}>', 0)):
        m.op(op, [], attrs, torch.full((2, 3), float(value)))
    for op in 'ttir.constant', 'ttnn.constant':
        m.op(op, [], f'<{{value = dense<[[1.5, -2.0], [0.0, 3.0]]> : tensor<2x2x{n}>}}>', torch.tensor([[1.5, -2], [0, 3]]))
    x = m.arg(torch.randn(4, 1, 6))
    m.op('ttir.get_dimension_size', [x], '<{dimension = 2 : i32}>', torch.tensor([6]).int())
    m.op('ttir.squeeze', [x], '<{dim = -2 : si32}>', x[1].squeeze(1))
    m.op('ttnn.reshape', [x], '<{shape = [6 : i32, 4 : i32]}>', x[1].reshape(6, 4))
    for op in 'to_device', 'from_device', 'to_layout', 'to_memory_config', 'assign', 'to_tensor_spec':
        m.op('ttnn.' + op, [x], '', x[1])
    m.op('ttir.to_layout', [x], '', x[1])
    m.op('ttnn.typecast', [x], '', x[1].float().int())
    m.op('ttnn.pow_scalar', [x], '<{rhs = 2.0 : f32}>', x[1].float() ** 2)
    y = m.arg(torch.randn(3, 10, 4))
    for begin, length, stride in (0, 2, 4), (1, 3, 3), (2, 1, 5):
        want = torch.cat([y[1][:, i:i + length] for i in range(begin, 10, stride)], 1)
        m.op('ttir.index_select', [y], f'<{{dim = 1 : si32, begin = {begin} : si32, length = {length} : si32, stride = {stride} : si32}}>', want)
    at = m.arg(torch.randint(0, 10, (3, 6, 4)))
    m.op('stablehlo.custom_call', [y, at], '<{call_target_name = "tenstorrent.gather_dim"}> {tt.composite_attributes = {dim = 1 : i64}}', y[1].gather(1, at[1]))
    begins, ends = m.arg(torch.tensor([0, 2, 1]).int()), m.arg(torch.tensor([2, 8, 4]).int())
    m.op('ttir.slice_dynamic', [y, begins, ends], '<{step = [1 : i32, 2 : i32, 1 : i32]}>', y[1][0:2, 2:8:2, 1:4])
    m.op('ttnn.slice_dynamic', [y, begins, ends], '<{step = [1 : i32, 2 : i32, 1 : i32]}>', y[1][0:2, 2:8:2, 1:4])
    m.op('ttir.reduce_or', [y], '<{keep_dim = true, dim_arg = [1 : i32]}>', (y[1] != 0).any(1, True).float())
    mask = m.arg((torch.rand(3, 10, 4) > 0.8).float())
    m.op('ttir.reduce_or', [mask], '<{keep_dim = false, dim_arg = [-1 : i32]}>', (mask[1] != 0).any(-1).float())
    # Random numbers: what can be said of all of them.
    for op, size in (('ttir.rand', 'size = [64 : i32, 64 : i32]'), ('ttnn.rand', 'size = #ttnn.shape<64x64>')):
        m.body.append(f'%rand{len(m.body)} = "{op}"() <{{{size}, low = 2.0 : f32, high = 4.0 : f32, seed = 7 : ui32}}> : () -> tensor<64x64x{n}>')
        name = f'%rand{len(m.body) - 1}'
        m.op('ttir.min', [(name, torch.zeros(64, 64, dtype=op_cases.TYPES[n]))], '<{keep_dim = false, dim_arg = [0 : i32, 1 : i32]}>', torch.tensor(2.0), 0.005)
        m.op('ttir.max', [(name, torch.zeros(64, 64, dtype=op_cases.TYPES[n]))], '<{keep_dim = false, dim_arg = [0 : i32, 1 : i32]}>', torch.tensor(4.0), 0.005)
        m.op('ttir.mean', [(name, torch.zeros(64, 64, dtype=op_cases.TYPES[n]))], '<{keep_dim = false, dim_arg = [0 : i32, 1 : i32]}>', torch.tensor(3.0), 0.02)
    big = m.arg(torch.ones(64, 64))
    m.body.append(f'%drop = "ttir.dropout"({big[0]}) <{{prob = 0.25 : f32, scale = 1.25 : f32, seed = 3 : ui32}}> : (tensor<64x64x{n}>) -> tensor<64x64x{n}>')
    m.op('ttir.mean', [('%drop', big[1])], '<{keep_dim = false, dim_arg = [0 : i32, 1 : i32]}>', torch.tensor(0.75 * 1.25), 0.03)
    m.op('ttir.max', [('%drop', big[1])], '<{keep_dim = false, dim_arg = [0 : i32, 1 : i32]}>', torch.tensor(1.25))


def norms(m):
    x = m.arg(torch.randn(2, 3, 4, 5))
    params = [m.arg(torch.rand(3) + 0.5) for _ in range(4)]
    scale, offset, mean, var = (p[1].float() for p in params)
    v = x[1].float()
    new_mean, new_var = v.mean((0, 2, 3)), v.var((0, 2, 3), unbiased=False)

    def shaped(t):
        return t.reshape(1, 3, 1, 1)
    want = [(v - shaped(new_mean)) / torch.sqrt(shaped(new_var) + 1e-3) * shaped(scale) + shaped(offset), 0.2 * new_mean + 0.8 * mean, 0.2 * new_var + 0.8 * var]
    m.op('ttir.batch_norm_training', [x, *params], '<{epsilon = 1.0e-3 : f32, momentum = 2.0e-1 : f32, dimension = 1 : i32}>', want, op_cases.near(m.number, 2e-5, 0.02))
    image = m.arg(torch.randn(2, 7, 9, 3))
    w, i = F.max_pool2d(image[1].float().permute(0, 3, 1, 2), (3, 2), 2, 1, return_indices=True)
    m.op('ttir.max_pool2d_with_indices', [image], '<{kernel = array<i32: 3, 2>, stride = array<i32: 2, 2>, dilation = array<i32: 1, 1>, '
         'padding = array<i32: 1, 1, 1, 1>, ceil_mode = false}>', [w.permute(0, 2, 3, 1), i.permute(0, 2, 3, 1).int()])
    # A row of 96 numbers that lies on three devices, a tile of statistics from each.
    parts = [m.arg(torch.randn(1, 1, 4, 32)) for _ in range(3)]
    whole, res = torch.cat([t[1].float() for t in parts], -1), m.arg(torch.randn(1, 1, 4, 32))

    def tiles(*columns):
        out = torch.zeros(1, 1, 4, 32 * len(columns))
        for i, column in enumerate(columns):
            out[..., 32 * i] = column
        return out
    first = parts[0][1].float()
    m.op('ttnn.rms_norm_pre_all_gather', [parts[0]], '<{operandSegmentSizes = array<i32: 1, 0>}>', tiles((first ** 2).mean(-1)))
    both = first + res[1].float()
    m.op('ttnn.rms_norm_pre_all_gather', [parts[0], res], '', tiles((both ** 2).mean(-1)))
    m.op('ttnn.layer_norm_pre_all_gather', [parts[0], res], '<{operandSegmentSizes = array<i32: 1, 1, 0>}>', tiles((both ** 2).sum(-1), both.sum(-1)))
    stats = m.arg(torch.cat([tiles((t[1].float() ** 2).sum(-1), t[1].float().sum(-1)) for t in parts], -1))
    gain, bias = m.arg(torch.randn(32)), m.arg(torch.randn(32))
    want = F.layer_norm(whole, [96], None, None, 1e-5)[..., :32] * gain[1].float() + bias[1].float()
    m.op('ttnn.layer_norm_post_all_gather', [parts[0], stats, gain, bias], '<{epsilon = 1.0e-5 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 1>}>', want,
         op_cases.near(m.number, 1e-5, 0.03))
    x, scale, shift, g = (m.arg(t) for t in (torch.randn(4, 3, 5), torch.rand(3) + 0.5, torch.randn(3), torch.randn(4, 3, 5)))
    t = [q[1].float().clone().requires_grad_() for q in (x, scale, shift)]
    F.batch_norm(t[0], None, None, t[1], t[2], True, 0.1, 1e-3).backward(g[1].float())
    mean, var = (m.arg(q) for q in (x[1].float().mean((0, 2)), x[1].float().var((0, 2), unbiased=False)))
    m.op('stablehlo.batch_norm_grad', [x, scale, mean, var, g], '<{epsilon = 1.0e-3 : f32, feature_index = 1 : i64}>', [q.grad for q in t], op_cases.near(m.number, 2e-5, 0.05))
    r, res, gain, bias = m.arg(torch.randn(1, 1, 6, 32)), m.arg(torch.randn(1, 1, 6, 32)), m.arg(torch.randn(32)), m.arg(torch.randn(32))
    s = r[1].float() + res[1].float()
    rms = s / torch.sqrt((s * s).mean(-1, True) + 1e-5) * gain[1].float() + bias[1].float()
    m.op('ttnn.dit_rms_norm_unary_fused', [r, gain, bias, res], '<{epsilon = 1.0e-5 : f32, activation = "silu", operandSegmentSizes = array<i32: 1, 1, 1, 1>}>',
         F.silu(rms), op_cases.near(m.number, 2e-5, 0.02))


def prepared(m):
    """Weights as TTNN's convolutions take them."""
    x, w = m.arg(torch.randn(1, 4, 5, 6, 32)), m.arg(torch.randn(8, 20, 2, 3, 3) / 8)
    cube = x[1].float().permute(0, 4, 1, 2, 3)
    n = m.number
    m.body.append(f'%w3 = "ttnn.prepare_conv3d_weights"({w[0]}) <{{alignment = 32 : i32, c_in_block = 32 : i32, groups = 1 : i32}}> : (tensor<8x20x2x3x3x{n}>) -> tensor<576x8x{n}>')
    m.op('ttnn.conv3d', [x, ('%w3', torch.zeros(576, 8, dtype=op_cases.TYPES[n]))],
         '<{batch_size = 1 : i32, groups = 1 : i32, in_channels = 32 : i32, out_channels = 8 : i32, input_depth = 4 : i32, input_height = 5 : i32, input_width = 6 : i32, '
         'kernel_size = array<i32: 2, 3, 3>, padding = array<i32: 0, 1, 1>, padding_mode = "zeros", stride = array<i32: 1, 1, 2>}>',
         F.conv3d(cube[:, :20], w[1].float(), None, (1, 1, 2), (0, 1, 1)).permute(0, 2, 3, 4, 1))
    flat, w = m.arg(torch.randn(1, 1, 63, 8)), m.arg(torch.randn(12, 4, 3, 2) / 5)
    image = flat[1].float().reshape(1, 7, 9, 8).permute(0, 3, 1, 2)
    attrs = ('<{batch_size = 1 : i32, groups = 2 : i32, in_channels = 8 : i32, out_channels = 12 : i32, input_height = 7 : i32, input_width = 9 : i32, '
             'kernel_size = array<i32: 3, 2>, padding = array<i32: 1, 0>, dilation = array<i32: 1, 1>, stride = array<i32: 2, 1>}>')
    m.body.append(f'%w2 = "ttnn.prepare_conv2d_weights"({w[0]}) {attrs[:-2]}, weights_format = "OIHW", has_bias = false}}> : (tensor<12x4x3x2x{n}>) -> tensor<1x1x24x12x{n}>')
    want = F.conv2d(image, w[1].float(), None, (2, 1), (1, 0), 1, 2)
    m.op('ttnn.conv2d', [flat, ('%w2', torch.zeros(1, 1, 24, 12, dtype=op_cases.TYPES[n]))], attrs, want.permute(0, 2, 3, 1).reshape(1, 1, -1, 12))
    w = m.arg(torch.randn(8, 6, 3, 3) / 5)
    attrs = ('<{batch_size = 1 : i32, groups = 1 : i32, in_channels = 8 : i32, out_channels = 6 : i32, input_height = 7 : i32, input_width = 9 : i32, '
             'kernel_size = array<i32: 3, 3>, padding = array<i32: 1, 1>, dilation = array<i32: 1, 1>, stride = array<i32: 2, 2>, output_padding = array<i32: 1, 1>}>')
    m.body.append(f'%wt = "ttnn.prepare_conv_transpose2d_weights"({w[0]}) {attrs[:-2]}, weights_format = "IOHW", has_bias = false}}> : (tensor<8x6x3x3x{n}>) -> tensor<1x1x72x6x{n}>')
    want = F.conv_transpose2d(image, w[1].float(), None, 2, 1, 1)
    m.op('ttnn.conv_transpose2d', [flat, ('%wt', torch.zeros(1, 1, 72, 6, dtype=op_cases.TYPES[n]))], attrs, want.permute(0, 2, 3, 1).reshape(1, 1, -1, 6))


def attend(q, k, v, mask=0, scale=None, sink=None):
    """Softmax attention of [B, H, S, D] in f32; heads of k and v are repeated."""
    k, v = (t.repeat_interleave(q.shape[1] // t.shape[1], 1) for t in (k, v))
    scores = q @ k.transpose(-1, -2) * (scale or q.shape[-1] ** -0.5) + mask
    if sink is not None:
        scores = torch.cat([scores, sink.expand(*scores.shape[:-1], 1)], -1)
    p = scores.softmax(-1)
    return (p if sink is None else p[..., :-1]) @ v


def attention(m):
    B, H, G, S, D = 3, 4, 2, 64, 16
    q = m.arg(torch.randn(1, B, H, D))
    k, v = m.arg(torch.randn(B, G, S, D)), m.arg(torch.randn(B, G, S, D))
    pos = m.arg(torch.tensor([5, 63, 0]).int())
    f = [q[1].float().permute(1, 2, 0, 3), k[1].float(), v[1].float()]
    seen = torch.where(torch.arange(S)[None, :] <= pos[1][:, None], 0.0, -INF)[:, None, None, :]
    for dialect in 'ttir', 'ttnn':
        sizes = 'operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>'
        m.op(f'{dialect}.scaled_dot_product_attention_decode', [q, k, v, pos], f'<{{is_causal = true, {sizes}}}>', attend(*f, seen).permute(2, 0, 1, 3))
    mask, sink = m.arg(torch.randn(1, 1, H, S)), m.arg(torch.randn(1, H, 1, 1))
    m.op('ttir.scaled_dot_product_attention_decode', [q, k, v, mask], '<{is_causal = false, scale = 0.3 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>}>',
         attend(*f, mask[1].float().permute(0, 2, 1, 3), 0.3).permute(2, 0, 1, 3))
    # Blocks of 32 keys in an order of their own.
    table = m.arg(torch.randperm(2 * B).reshape(B, 2).int())
    blocks = [torch.empty(2 * B, G, 32, D), torch.empty(2 * B, G, 32, D)]
    for b in range(B):
        for i in range(2):
            for out, t in zip(blocks, f[1:]):
                out[table[1][b, i]] = t[b, :, 32 * i:32 * i + 32]
    pk, pv = (m.arg(t) for t in blocks)
    for dialect in 'ttir', 'ttnn':
        sizes = '1, 1, 1, 1, 0, 0, 1, 0' if dialect == 'ttir' else '1, 1, 1, 1, 0, 1, 0'
        m.op(f'{dialect}.paged_scaled_dot_product_attention_decode', [q, pk, pv, table, pos], f'<{{is_causal = true, operandSegmentSizes = array<i32: {sizes}>}}>',
             attend(*f, seen).permute(2, 0, 1, 3))
    chunk, start = m.arg(torch.randn(B, H, 8, D)), m.arg(torch.tensor([16]).int())
    ahead = torch.where(torch.arange(S)[None, :] <= 16 + torch.arange(8)[:, None], 0.0, -INF)
    m.op('ttir.chunked_scaled_dot_product_attention', [chunk, pk, pv, table, start], '<{scale = 2.0e-1 : f32}>', attend(chunk[1].float(), *f[1:], ahead, 0.2))
    m.op('stablehlo.custom_call', [chunk, pk, pv, table, start], '<{call_target_name = "tt.chunked_scaled_dot_product_attention"}> '
         '{mhlo.frontend_attributes = {scale = "0.2"}}', attend(chunk[1].float(), *f[1:], ahead, 0.2))
    # Training: forward, and backward against autograd.
    q, k, v, dout = (m.arg(torch.randn(2, h, 8, D) * 0.5) for h in (4, 2, 2, 4))
    t = [x[1].float().clone().requires_grad_() for x in (q, k, v)]
    causal = torch.full((8, 8), -INF).triu(1)
    out = attend(*t, causal)
    lse = ((t[0] @ t[1].repeat_interleave(2, 1).transpose(-1, -2)) * D ** -0.5 + causal).logsumexp(-1, True).expand(2, 4, 8, 32).detach()
    kind = 'mask_type = #ttcore.attention_mask_type<causal>, dropout_probability = 0.0 : f32'
    m.op('ttir.sdpa_fw', [q, k, v], f'<{{{kind}, return_intermediates = true}}>', [out.detach(), lse], op_cases.near(m.number, None, 0.02))
    out.backward(dout[1].float())
    o, l = m.arg(out.detach()), m.arg(lse)
    m.op('ttir.sdpa_bw', [dout, o, q, k, v, l], f'<{{{kind}}}>', [x.grad for x in t], op_cases.near(m.number, 1e-5, 0.05))
    # the same of one batch without its dimension, and of two in two dimensions
    for change in (lambda x: x[1], lambda x: x[:, None]):
        some = [m.arg(change(x[1]).contiguous()) for x in (dout, o, q, k, v, l)]
        m.op('ttir.sdpa_bw', some, f'<{{{kind}}}>', [change(x.grad) for x in t], op_cases.near(m.number, 1e-5, 0.05))
    # Latent attention: the values are the first features of the keys.
    q, k = m.arg(torch.randn(1, 4, 6, 24)), m.arg(torch.randn(1, 1, 6, 24))
    m.op('ttnn.flash_mla_prefill', [q, k], '<{operandSegmentSizes = array<i32: 1, 1, 0, 0>, head_dim_v = 16 : ui32, is_causal = true}>',
         attend(q[1].float(), k[1].float(), k[1].float()[..., :16], torch.full((6, 6), -INF).triu(1)))
    m.op('stablehlo.custom_call', [q, k], '<{call_target_name = "tt.flash_mla_prefill"}> {mhlo.frontend_attributes = {head_dim_v = "16", is_causal = "True", '
         'has_value = "False", has_attention_mask = "False"}}', attend(q[1].float(), k[1].float(), k[1].float()[..., :16], torch.full((6, 6), -INF).triu(1)))
    # The same over blocks of 32 keys, one query for each user.
    q, pk, table, pos = m.arg(torch.randn(1, 2, 4, 24)), m.arg(torch.randn(4, 1, 32, 24)), m.arg(torch.tensor([[2, 0], [3, 1]]).int()), m.arg(torch.tensor([40, 9]).int())
    keys = torch.stack([torch.cat([pk[1][b].float() for b in row], 1) for row in table[1].tolist()])
    seen = torch.where(torch.arange(64)[None, :] <= pos[1][:, None], 0.0, -INF)[:, None, None, :]
    m.op('ttir.paged_flash_multi_latent_attention_decode', [q, pk, table, pos], '<{head_dim_v = 16 : ui32, is_causal = true, operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 1, 0>}>',
         attend(q[1].float().permute(1, 2, 0, 3), keys, keys[..., :16], seen).permute(2, 0, 1, 3))
    def call(target, operands, attrs, want):
        said = ', '.join(f'{k} = "{v}"' for k, v in attrs.items())
        m.op('stablehlo.custom_call', operands, f'<{{call_target_name = "tt.{target}"}}> {{mhlo.frontend_attributes = {{{said}}}}}', want)

    # The same as calls of StableHLO: texts say which operands there are.
    first = [q[1].float().permute(1, 2, 0, 3), keys, keys[..., :16]]
    call('paged_flash_mla_decode', [q, pk, table, pos], {'head_dim_v': 16, 'is_causal': 'True', 'has_value': 'False', 'has_attention_mask': 'False', 'has_cur_pos_tensor': 'True',
                                                         'has_attention_sink': 'False'}, attend(*first, seen).permute(2, 0, 1, 3))
    pv = m.arg(torch.randn(4, 1, 32, 8))
    values = torch.stack([torch.cat([pv[1][b].float() for b in row], 1) for row in table[1].tolist()])
    mask, sink = m.arg(torch.randn(2, 1, 4, 64)), m.arg(torch.randn(4))
    over = mask[1].float().permute(0, 2, 1, 3)
    call('paged_flash_mla_decode', [q, pk, pv, table, mask, sink], {'head_dim_v': 8, 'is_causal': 'False', 'scale': 0.25, 'has_value': 'True', 'has_attention_mask': 'True', 'has_cur_pos_tensor': 'False',
                                                                    'has_attention_sink': 'True'}, attend(*first[:2], values, over, 0.25, sink[1].float().reshape(1, 4, 1, 1)).permute(2, 0, 1, 3))
    # what is not said is there when there are operands enough
    call('paged_flash_mla_decode', [q, pk, pv, table, mask, pos, sink], {'head_dim_v': 8}, attend(*first[:2], values, over + seen, None, sink[1].float().reshape(1, 4, 1, 1)).permute(2, 0, 1, 3))
    call('paged_scaled_dot_product_attention_decode', [q, pk, pv, table, pos], {'has_attention_mask': 'False', 'has_cur_pos_tensor': 'True', 'has_attention_sink': 'False'},
         attend(*first[:2], values, seen).permute(2, 0, 1, 3))
    q, k, v, pos = m.arg(torch.randn(1, 2, 4, 8)), m.arg(torch.randn(2, 2, 32, 8)), m.arg(torch.randn(2, 2, 32, 8)), m.arg(torch.tensor([7, 31]).int())
    seen = torch.where(torch.arange(32)[None, :] <= pos[1][:, None], 0.0, -INF)[:, None, None, :]
    mask, sink = m.arg(torch.randn(2, 1, 4, 32)), m.arg(torch.randn(1, 4, 1, 1))
    f = [q[1].float().permute(1, 2, 0, 3), k[1].float(), v[1].float()]
    call('scaled_dot_product_attention_decode', [q, k, v, pos, mask, sink], {'is_causal': 'True', 'has_attention_mask': 'True', 'has_attention_sink': 'True'},
         attend(*f, mask[1].float().permute(0, 2, 1, 3) + seen, None, sink[1].float()).permute(2, 0, 1, 3))
    call('scaled_dot_product_attention_decode', [q, k, v, pos, sink], {'has_attention_mask': 'False', 'has_attention_sink': 'True'}, attend(*f, seen, None, sink[1].float()).permute(2, 0, 1, 3))
    q = m.arg(torch.randn(2, 4, 6, 8))
    mask = m.arg(torch.randn(2, 1, 6, 32))
    call('scaled_dot_product_attention', [q, k, v, mask], {'is_causal': 'False', 'scale': 0.5, 'has_attention_mask': 'True', 'has_attention_sink': 'False'}, attend(q[1].float(), *f[1:], mask[1].float(), 0.5))
    call('scaled_dot_product_attention', [q, k, v, sink], {'is_causal': 'False', 'has_attention_mask': 'False', 'has_attention_sink': 'True'}, attend(q[1].float(), *f[1:], 0, None, sink[1].float()))
    q, k, mask = m.arg(torch.randn(1, 4, 6, 24)), m.arg(torch.randn(1, 1, 6, 24)), m.arg(torch.randn(1, 1, 6, 6))
    call('flash_mla_prefill', [q, k, mask], {'head_dim_v': 16, 'is_causal': 'False', 'has_value': 'False', 'has_attention_mask': 'True'},
         attend(q[1].float(), k[1].float(), k[1].float()[..., :16], mask[1].float()))
    call('flash_mla_prefill', [q, k], {'head_dim_v': 16, 'is_causal': 'False', 'has_value': 'False', 'has_attention_mask': 'False'}, attend(q[1].float(), k[1].float(), k[1].float()[..., :16]))
    q, k, w = m.arg(torch.randn(1, 3, 5, 8)), m.arg(torch.randn(1, 1, 9, 8)), m.arg(torch.randn(1, 3, 5, 1))
    score = (torch.relu(q[1].float() @ k[1].float().transpose(-1, -2)) * w[1].float()).sum(1, True)
    hidden = torch.where(torch.arange(9)[None, :] > 4 + torch.arange(5)[:, None], -INF, 0.0)
    m.op('ttnn.indexer_score_dsa', [q, k, w], '<{chunk_start_idx = 4 : ui32}>', score + hidden, op_cases.near(m.number, 1e-5, 0.03))


def heads(m):
    x, kv = m.arg(torch.randn(2, 6, 24)), m.arg(torch.randn(2, 6, 16))
    q, k, v = (t.reshape(2, 6, 4, 2).permute(0, 2, 1, 3) for t in x[1].split(8, -1))
    for dialect in 'ttir', 'ttnn':
        name = dialect + '.split_query_key_value_and_split_heads'
        m.op(name, [x], '<{num_heads = 4 : ui32, transpose_key = false}>', [q, k, v])
        m.op(name, [x], '<{num_heads = 4 : ui32, transpose_key = true}>', [q, k.transpose(-1, -2), v])
        k2, v2 = (t.reshape(2, 6, 2, 4).permute(0, 2, 1, 3) for t in kv[1].split(8, -1))
        m.op(name, [x, kv], '<{num_heads = 6 : ui32, num_kv_heads = 2 : ui32, transpose_key = false}>', [x[1].reshape(2, 6, 6, 4).permute(0, 2, 1, 3), k2, v2])
    y = m.arg(torch.randn(1, 8, 32, 16))
    m.op('ttnn.nlp_concat_heads_decode', [m.arg(torch.randn(1, 5, 8, 16))], '<{num_heads = 8 : ui32}>', m.args[-1].reshape(1, 1, 5, 128))
    row = m.arg(torch.randn(1, 1, 6, (8 + 2 * 2) * 4))
    q, k, v = row[1].split([32, 8, 8], -1)
    m.op('ttnn.nlp_create_qkv_heads_decode', [row], '<{num_heads = 8 : ui32, num_kv_heads = 2 : ui32}>', [q.reshape(1, 6, 8, 4), k.reshape(1, 6, 2, 4), v.reshape(1, 6, 2, 4)])
    m.op('ttnn.nlp_create_qkv_heads_decode', [row, m.arg(torch.tensor([2]).int())], '<{num_heads = 8 : ui32, num_kv_heads = 2 : ui32, slice_size = 3 : ui32}>',
         [q[:, :, 2:5].reshape(1, 3, 8, 4), k[:, :, 2:5].reshape(1, 3, 2, 4), v[:, :, 2:5].reshape(1, 3, 2, 4)])
    cos, sin = m.arg(torch.randn(1, 1, 32, 16)), m.arg(torch.randn(1, 1, 32, 16))
    v, c, s = (t[1].float() for t in (y, cos, sin))
    half = torch.cat([-v[..., 8:], v[..., :8]], -1)
    m.op('ttnn.rotary_embedding', [y, cos, sin], '', v * c + half * s)
    # The kernel writes whole tiles: rows behind the input's are zeros. In a decode step one row of the tables is for all.
    few, table = m.arg(torch.randn(2, 3, 5, 16)), [m.arg(torch.randn(1, 1, 5, 16)) for _ in range(2)]
    v, c, s = (t[1].float() for t in (few, *table))
    half = torch.cat([-v[..., 8:], v[..., :8]], -1)
    m.op('ttnn.rotary_embedding', [few, *table], '', torch.nn.functional.pad(v * c + half * s, (0, 0, 0, 27)))
    m.op('ttnn.rotary_embedding', [few, *table], '<{token_index = 2 : ui32}>', torch.nn.functional.pad(v * c[:, :, 2:3] + half * s[:, :, 2:3], (0, 0, 0, 27)))
    z, cos, sin, turn = m.arg(torch.randn(1, 3, 32, 64)), m.arg(torch.randn(1, 1, 32, 64)), m.arg(torch.randn(1, 1, 32, 64)), torch.zeros(32, 32)
    for i in range(0, 32, 2):
        turn[i, i + 1], turn[i + 1, i] = 1, -1
    t = m.arg(turn.reshape(1, 1, 32, 32))
    v, c, s = (q[1].float() for q in (z, cos, sin))
    pairs = torch.stack([-v[..., 1::2], v[..., 0::2]], -1).reshape(v.shape)
    m.op('ttnn.rotary_embedding_llama', [z, cos, sin, t], '<{is_decode_mode = false}>', v * c + pairs * s)


def caches(m):
    fill, cache = m.arg(torch.randn(1, 2, 40, 8)), torch.randn(3, 2, 64, 8)
    # Rows up to the tile's end are zeros.
    want = cache.clone()
    c = m.arg(cache)
    want = c[1].clone()
    want[1, :, :40] = fill[1]
    m.in_place('ttnn.fill_cache', [c, fill], '<{batch_offset = 1 : i32}>', want)
    c, new, at = m.arg(cache), m.arg(torch.randn(1, 2, 3, 8)), m.arg(torch.tensor([17]).int())
    want = c[1].clone()
    want[:, :, 17] = new[1][0].permute(1, 0, 2)
    m.in_place('ttnn.update_cache', [c, new, at], '<{batch_offset = 0 : i32}>', want)
    blocks, rows, table, which = m.arg(torch.randn(8, 2, 32, 8)), m.arg(torch.randn(2, 2, 40, 8)), m.arg(torch.tensor([[3, 1], [0, 7], [5, 2]]).int()), m.arg(torch.tensor([2, 0]).int())
    want = blocks[1].clone()
    for b, row in enumerate((2, 0)):
        for t in range(40):
            want[table[1][row, t // 32], :, t % 32] = rows[1][b, :, t]
    m.in_place('ttnn.paged_fill_cache', [blocks, rows, table, which], '', want)
    blocks, new, at, table = m.arg(torch.randn(8, 2, 32, 8)), m.arg(torch.randn(1, 3, 32, 8)), m.arg(torch.tensor([0, 33, 63]).int()), m.arg(torch.tensor([[3, 1], [0, 7], [5, 2]]).int())
    want = blocks[1].clone()
    for u, p in enumerate((0, 33, 63)):
        want[table[1][u, p // 32], :, p % 32] = new[1][0, u, :2]
    m.in_place('ttnn.paged_update_cache', [blocks, new, at, table], '<{operandSegmentSizes = array<i32: 1, 1, 1, 1>, share_cache = false}>', want)
    # as a call of StableHLO it gives a changed copy, and the cache stays
    still = m.arg(torch.randn(blocks[1].shape))
    changed = still[1].clone()
    changed[want != blocks[1]] = want[want != blocks[1]]
    m.op('stablehlo.custom_call', [still, new, at, table], '{call_target_name = "tt.paged_update_cache"}', changed)
    m.op('stablehlo.abs', [still], '', still[1].abs())
    # without a table each user has a block of the cache
    c, new, at = m.arg(cache), m.arg(torch.randn(1, 3, 32, 8)), m.arg(torch.tensor([5, 0, 63]).int())
    want = c[1].clone()
    for u, p in enumerate((5, 0, 63)):
        want[u, :, p] = new[1][0, u, :2]
    m.in_place('ttnn.paged_update_cache', [c, new, at], '<{operandSegmentSizes = array<i32: 1, 1, 1, 0>, share_cache = false}>', want)
    a, b = m.arg(torch.randn(4, 5)), m.arg(torch.randn(4, 5))
    m.in_place('ttnn.copy', [a, b], '', a[1], changed=1)


def optimiser(m):
    p, g, e, s, x = (m.arg(t) for t in (torch.randn(4, 8), torch.randn(4, 8), torch.randn(4, 8) * 0.1, torch.rand(4, 8) * 0.1, torch.rand(4, 8) * 0.2))
    P, G, E, S, X = (t[1].float() for t in (p, g, e, s, x))
    lr, b1, b2, p1, p2, eps, decay = 0.01, 0.9, 0.99, 0.9 ** 3, 0.99 ** 3, 1e-6, 0.05
    attrs = (f'lr = {lr} : f32, beta1 = {b1} : f32, beta2 = {b2} : f32, beta1_pow = {p1:.9f} : f32, beta2_pow = {p2:.9f} : f32, epsilon = 1.0e-6 : f32, '
             f'weight_decay = {decay} : f32')
    E2, S2 = b1 * E + (1 - b1) * G, b2 * S + (1 - b2) * G * G

    def step(v):
        return P - lr * (E2 / (1 - p1)) / (torch.sqrt(v / (1 - p2)) + eps) - lr * decay * P
    loose = op_cases.near(m.number, 1e-5, 0.02)
    m.op('ttir.adamw', [p, g, e, s], f'<{{{attrs}}}>', [step(S2), E2, S2], loose)
    X2 = torch.maximum(X, S2)
    m.op('ttir.adamw', [p, g, e, s, x], f'<{{{attrs}}}>', [step(X2), E2, S2, X2], loose)
    p, g, e, s, x = (m.arg(t) for t in (P.clone(), G.clone(), E.clone(), S.clone(), X.clone()))
    m.in_place('ttnn.adamw', [p, g, e, s, x], f'<{{{attrs}}}>', step(X2), 0, loose)
    for (name, _), want in zip((e, s, x), (E2, S2, X2)):
        m.given('ttnn.adamw', name, want, loose)


def layer_of_experts(m, T):
    H, N, E, K = 8, 12, 3, 2
    tokens, at, scores, mapping = m.arg(torch.randn(1, T, H)), m.arg(torch.randint(0, E, (1, T, K)).int()), m.arg(torch.rand(1, T, K)), m.arg(torch.zeros(1, E).int())
    ws = [m.arg(torch.randn(2, E, *shape) / 3) for shape in ((H, N), (H, N), (N, H))]
    bs = [m.arg(torch.randn(2, E, n) * 6) for n in (N, N, H)]  # so large that swiglu's limits matter
    if T:
        at[1][0, 1, 0], at[1][0, 2, 1] = E + 2, -1  # no expert: nothing comes of it
    for swiglu, biased in (False, False), (True, True):
        W, B = [q[1].float()[1] for q in ws], [q[1].float()[1] * biased for q in bs]
        want = torch.empty(K, T, H)
        for k in range(K):
            for t in range(T):
                e, x = int(at[1][0, t, k]), tokens[1].float()[0, t]
                if not 0 <= e < E:
                    want[k, t] = 0
                    continue
                gate, up = x @ W[0][e] + B[0][e], x @ W[1][e] + B[1][e]
                g = gate.clamp(max=7)
                middle = (up.clamp(-7, 7) + 1) * g * torch.sigmoid(1.702 * g) if swiglu else F.silu(gate) * up
                want[k, t] = middle @ W[2][e] + B[2][e]
        name, n = ('swiglu', 1) if swiglu else ('silu', 0)
        m.op('ttir.moe_compute', [tokens, at, scores, mapping, *ws, *(bs if biased else [])],
             f'<{{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, {n}, {n}, {n}>, layer_id = 1 : ui32, output_height_shard_dim = 4 : ui32, intermediate_size = 12 : ui32, '
             f'activation_function = #ttcore.moe_activation_function<{name}>, cluster_axis = 1 : ui32}}>', want, op_cases.near(m.number, None, 0.02))
        # The same by the ops that a compiler makes of it: weights are put together for the device, whatever the type of that says.
        D, id = '!ttnn.device', len(m.body)
        m.body.append(f'%d{id} = "ttnn.get_device"() <{{mesh_offset = #ttnn<mesh_offset 0x0>, mesh_shape = #ttnn<mesh_shape 1x1>}}> : () -> {D}')
        up, down = ws[:2] + (bs[:2] if biased else []), ws[2:] + (bs[2:] if biased else [])
        sizes = 'hidden_size = 8 : ui32, intermediate_size = 12 : ui32'
        for name, of, segments in (('w0_w1', up, f', operandSegmentSizes = array<i32: 1, 1, {n}, {n}, 1>'), ('w2', down, '')):
            m.body.append(f'%{name}{id} = "ttnn.prepare_moe_compute_{name}_weights"({", ".join(q[0] for q in of)}, %d{id}) <{{{sizes}{segments}}}> : '
                          f'({", ".join(m.type_of(q[1]) for q in of)}, {D}) -> {m.type_of(of[0][1])}')
        operands = [tokens, at, scores, mapping]
        act, result = 'swiglu' if swiglu else 'silu', want.to(op_cases.TYPES[m.number])
        m.body.append(f'%moe{id} = "ttnn.moe_compute"({", ".join(q[0] for q in operands)}, %w0_w1{id}, %w2{id}, %d{id}) <{{activation_function = #ttcore.moe_activation_function<{act}>, cluster_axis = 1 : ui32, '
                      f'has_bias = {str(biased).lower()}, intermediate_size = 12 : ui32, layer_id = 1 : ui32, mux_core_range_set = #ttnn.core_range_set<[#ttnn.core_range<(1,1), (3,3)>]>, '
                      f'operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 0, 0, 1>, output_height_shard_dim = 4 : ui32}}> : ({", ".join(m.type_of(q[1]) for q in operands)}, {m.type_of(ws[0][1])}, {m.type_of(ws[2][1])}, {D}) -> {m.type_of(result)}')
        m.given('ttnn.moe_compute', f'%moe{id}', want, op_cases.near(m.number, None, 0.02))


def experts(m):
    a, b = m.arg(torch.randn(2, 3, 4, 8)), m.arg(torch.randn(1, 5, 8, 6))
    ones = m.arg(torch.ones(2, 3, 1, 5))
    A, W = a[1].float(), b[1].float()
    m.op('ttir.sparse_matmul', [a, b, ones], '<{is_input_a_sparse = false, is_input_b_sparse = true}>', torch.einsum('abmk,ekn->abemn', A, W[0]).unsqueeze(2))
    m.op('stablehlo.custom_call', [a, b, ones], '<{call_target_name = "tt.sparse_matmul"}> {mhlo.frontend_attributes = {is_input_a_sparse = "False", is_input_b_sparse = "True", nnz = "0"}}',
         torch.einsum('abmk,ekn->abemn', A, W[0]).unsqueeze(2))
    a2, s2 = m.arg(torch.randn(2, 5, 4, 8)), m.arg(torch.ones(1, 1, 2, 5))
    m.op('ttir.sparse_matmul', [a2, b, s2], '<{is_input_a_sparse = true, is_input_b_sparse = false}>', a2[1].float() @ W)
    for T in 6, 0:
        layer_of_experts(m, T)
    # Sums that bf16 holds exactly and that are all different; a bias for each row.
    x, w = m.arg(2.0 * F.one_hot(torch.randperm(16)[:6], 16)), m.arg(torch.randint(-2, 3, (16, 12)).float())
    bias = m.arg(torch.stack([torch.randperm(12) / 32 for _ in range(6)]))
    top, at = (x[1].float() @ w[1].float() + bias[1].float()).topk(3)
    for dialect in 'ttir', 'ttnn':
        m.op(dialect + '.topk_router_gpt', [x, w, bias], '<{k = 3 : i32, num_experts = 12 : i32}>', [at.int(), top.softmax(-1)], types=['ui16', None])
    # One candidate is far more likely than all others.
    values = torch.zeros(4, 32)
    values[torch.arange(4), torch.tensor([3, 0, 31, 17])] = 1e4
    v, i = m.arg(values), m.arg(torch.arange(100, 132).repeat(4, 1).int())
    k, p, t = m.arg(torch.full((4,), 5).int()), m.arg(torch.full((4,), 0.9)), m.arg(torch.ones(4))
    for dialect in 'ttir', 'ttnn':
        m.op(f'{dialect}.sampling', [v, i, k, p, t], '<{seed = 42 : ui32}>', torch.tensor([103, 100, 131, 117]).int())


def quantised(m):
    x = m.arg(torch.cat([torch.randn(59) * 3, torch.tensor([0.05, 0.15, -0.05, 100.0, -100.0])]).reshape(4, 16))
    v = x[1].float()

    def levels(v, scale, zero, low=-128, high=127):
        return (torch.round(v * (1 / torch.as_tensor(scale))) + zero).clamp(low, high)
    q, wide = 'tensor<4x16x!quant.uniform<i8:f32, 1.0e-1:5>>', 'tensor<4x16x!quant.uniform<i8:f32, 2.5e-1>>'
    m.body.append(f'%q = "ttir.quantize"({x[0]}) : (tensor<4x16xf32>) -> {q}')
    m.body.append(f'%dq = "ttir.dequantize"(%q) : ({q}) -> tensor<4x16xf32>')
    want = (levels(v, 0.1, 5) - 5) * 0.1
    assert torch.equal(levels(v, 0.1, 5).to(torch.int8), torch.quantize_per_tensor(v, 0.1, 5, torch.qint8).int_repr())
    m.given('ttir.quantize, dequantize', '%dq', want, 1e-6)
    m.body.append(f'%rq = "ttir.requantize"(%q) : ({q}) -> {wide}')
    m.body.append(f'%drq = "ttir.dequantize"(%rq) : ({wide}) -> tensor<4x16xf32>')
    m.given('ttir.requantize', '%drq', levels(want, 0.25, 0) * 0.25, 1e-6)
    m.body.append(f'%hq = "stablehlo.uniform_quantize"({x[0]}) : (tensor<4x16xf32>) -> {q}')
    m.body.append(f'%hdq = "stablehlo.uniform_dequantize"(%hq) : ({q}) -> tensor<4x16xf32>')
    m.given('stablehlo.uniform_quantize, uniform_dequantize', '%hdq', want, 1e-6)
    # the convolution of levels is that of the numbers
    image, weight = m.arg(torch.randn(1, 5, 5, 2)), m.arg(torch.randn(3, 2, 3, 3))
    a, b, c = ('!quant.uniform<i8:f32, 1.0e-1>', '!quant.uniform<i8:f32:0, {2.0e-1, 1.0e-1, 4.0e-1}>',
               '!quant.uniform<i32:f32:3, {2.0e-2, 1.0e-2, 4.0e-2}>')
    m.body.append(f'%qa = "ttir.quantize"({image[0]}) : (tensor<1x5x5x2xf32>) -> tensor<1x5x5x2x{a}>')
    m.body.append(f'%qb = "ttir.quantize"({weight[0]}) : (tensor<3x2x3x3xf32>) -> tensor<3x2x3x3x{b}>')
    m.body.append(f'%qc = "ttir.conv2d"(%qa, %qb) <{{stride = 1 : i32, padding = 0 : i32, dilation = 1 : i32, groups = 1 : i32}}> : (tensor<1x5x5x2x{a}>, tensor<3x2x3x3x{b}>) -> tensor<1x3x3x3x{c}>')
    m.body.append(f'%dc = "ttir.dequantize"(%qc) : (tensor<1x3x3x3x{c}>) -> tensor<1x3x3x3xf32>')
    per_channel = torch.tensor([0.2, 0.1, 0.4]).reshape(3, 1, 1, 1)
    m.given('ttir.conv2d of levels', '%dc', torch.nn.functional.conv2d(
        levels(image[1].float(), 0.1, 0).permute(0, 3, 1, 2) * 0.1,
        levels(weight[1].float(), per_channel, 0) * per_channel).permute(0, 2, 3, 1), 1e-5)
    # a sum and a product of quantised numbers are those of the numbers, quantised (spec.md, dequantize_op_quantize)
    other = 'tensor<4x16x!quant.uniform<i8:f32, 5.0e-1:-20>>'
    first, second = (levels(v, 0.1, 5) - 5) * 0.1, (levels(v, 0.5, -20) + 20) * 0.5
    m.body.append(f'%qo = "ttir.quantize"({x[0]}) : (tensor<4x16xf32>) -> {other}')
    for name, want in ('add', first + second), ('multiply', first * second):
        for dialect in 'stablehlo', 'ttir':
            m.body.append(f'%{dialect}_{name} = "{dialect}.{name}"(%q, %qo) : ({q}, {other}) -> {other}')
            m.body.append(f'%{dialect}_{name}_d = "ttir.dequantize"(%{dialect}_{name}) : ({other}) -> tensor<4x16xf32>')
            m.given(f'{dialect}.{name} of quantised numbers', f'%{dialect}_{name}_d', (levels(want, 0.5, -20) + 20) * 0.5, 1e-6)
    square, fine = 'tensor<4x4x!quant.uniform<i32:f32, 5.0e-2>>', 'tensor<4x4xf32>'
    m.body.append(f'%qd = "stablehlo.dot_general"(%q, %qo) <{{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [1]>}}> : ({q}, {other}) -> {square}')
    m.body.append(f'%qdd = "ttir.dequantize"(%qd) : ({square}) -> {fine}')
    m.given('stablehlo.dot_general of quantised numbers', '%qdd', torch.round((first.double() @ second.double().t()) / 0.05).float() * 0.05, 2e-4)
    # by rows
    rows = 'tensor<4x16x!quant.uniform<i8:f32:0, {1.0e-1:0, 2.0e-1:3, 5.0e-2:-4, 1.0:0}>>'
    scales, zeros = torch.tensor([0.1, 0.2, 0.05, 1]).reshape(4, 1), torch.tensor([0, 3, -4, 0]).reshape(4, 1)
    m.body.append(f'%pq = "ttir.quantize"({x[0]}) : (tensor<4x16xf32>) -> {rows}')
    m.body.append(f'%pdq = "ttir.dequantize"(%pq) : ({rows}) -> tensor<4x16xf32>')
    want = (levels(v, scales, zeros) - zeros) * scales
    m.given('ttir.quantize by axis', '%pdq', want, 1e-6)
    s, z = m.arg(scales.flatten()), m.arg(zeros.flatten().int())
    m.body.append(f'%uq = "ttir.quantize_unrolled"({x[0]}, {s[0]}, {z[0]}) <{{axis = 0 : i32}}> : (tensor<4x16xf32>, tensor<4xf32>, tensor<4xi32>) -> {rows}')
    m.body.append(f'%udq = "ttir.dequantize_unrolled"(%uq, {s[0]}, {z[0]}) <{{axis = 0 : i32}}> : ({rows}, tensor<4xf32>, tensor<4xi32>) -> tensor<4x16xf32>')
    m.given('ttir.quantize_unrolled, dequantize_unrolled', '%udq', want, 1e-6)
    s2, z2 = m.arg(torch.tensor([0.25])), m.arg(torch.tensor([0]).int())
    s1, z1 = m.arg(torch.tensor([0.1])), m.arg(torch.tensor([5]).int())
    m.body.append(f'%urq = "ttir.requantize_unrolled"(%q, {s1[0]}, {z1[0]}, {s2[0]}, {z2[0]}) : ({q}, tensor<1xf32>, tensor<1xi32>, tensor<1xf32>, tensor<1xi32>) -> {wide}')
    m.body.append(f'%udrq = "ttir.dequantize"(%urq) : ({wide}) -> tensor<4x16xf32>')
    m.given('ttir.requantize_unrolled', '%udrq', levels((levels(v, 0.1, 5) - 5) * 0.1, 0.25, 0) * 0.25, 1e-6)


CASES = [(g, t) for t in ('f32', 'bf16', 'f16') for g in (creation, norms, prepared, attention, heads, caches, optimiser, experts)] + [(quantised, 'f32')]
if __name__ == '__main__':
    op_cases.main(CASES)
