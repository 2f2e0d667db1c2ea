"""Attention, its caches and rotations, quantisation, prepared weights, complex numbers, transforms and systems of equations on several
sizes, and of nothing, against PyTorch (op_cases.py says how)."""
import op_cases
from op_cases import near, torch
from op_data import FLOATS
from test_families import attrs, dense, tensor
from test_models_ops import INF, attend

F = torch.nn.functional
SIZES = [(3, 4, 2, 64, 16), (1, 2, 2, 32, 8), (0, 4, 2, 64, 16)]  # users, heads, of keys, keys, features


def segments(*counts):
    return dense('operandSegmentSizes', counts, 'i32')


def decoding(m):
    """One query for each user, over keys as they lie and in blocks of 32."""
    for b, h, g, s, d in SIZES:
        q, k, v = m.arg(torch.randn(1, b, h, d)), m.arg(torch.randn(b, g, s, d)), m.arg(torch.randn(b, g, s, d))
        pos = m.arg(torch.randint(0, s, (b,)), 'i32')
        f = [q[1].float().permute(1, 2, 0, 3), k[1].float(), v[1].float()]
        seen = torch.where(torch.arange(s)[None, :] <= pos[1][:, None], 0.0, -INF)[:, None, None, :]
        want = attend(*f, seen).permute(2, 0, 1, 3)
        for op in 'ttir.scaled_dot_product_attention_decode', 'ttnn.scaled_dot_product_attention_decode':
            m.op(op, [q, k, v, pos], attrs('is_causal = true', segments(1, 1, 1, 0, 1, 0)), want, twins=False)
        n = s // 32
        table = m.arg(torch.randperm(max(b, 1) * n)[:b * n].reshape(b, n), 'i32')

        def blocked(t):
            out = torch.zeros(max(b, 1) * n, t.shape[1], 32, t.shape[3])
            for u in range(b):
                for i in range(n):
                    out[table[1][u, i]] = t[u, :, 32 * i:32 * i + 32]
            return m.arg(out)
        pk, pv = blocked(f[1]), blocked(f[2])
        for op, sizes in ('ttir', (1, 1, 1, 1, 0, 0, 1, 0)), ('ttnn', (1, 1, 1, 1, 0, 1, 0)):
            m.op(op + '.paged_scaled_dot_product_attention_decode', [q, pk, pv, table, pos], attrs('is_causal = true', segments(*sizes)), want, twins=False)
        chunk, start = m.arg(torch.randn(b, h, 8, d)), m.arg(torch.tensor([16]), 'i32')
        ahead = torch.where(torch.arange(s)[None, :] <= 16 + torch.arange(8)[:, None], 0.0, -INF)
        m.op('ttir.chunked_scaled_dot_product_attention', [chunk, pk, pv, table, start], attrs('scale = 2.0e-1 : f32'), attend(chunk[1].float(), *f[1:], ahead, 0.2))
        one, keys = m.arg(torch.randn(b, 1, s, d)), d // 2
        pk = blocked(one[1].float())
        want = attend(f[0], one[1].float(), one[1].float()[..., :keys], seen).permute(2, 0, 1, 3)
        m.op('ttir.paged_flash_multi_latent_attention_decode', [q, pk, table, pos], attrs(f'head_dim_v = {keys} : ui32', 'is_causal = true', segments(1, 1, 0, 1, 0, 1, 0)), want)


def attention(m):
    """Many queries at once, forward and backward."""
    for b, h, g, s, d in SIZES:
        q, k, v, dout = (m.arg(torch.randn(b, n, s // 4, d) * 0.5) for n in (h, g, g, h))
        causal = torch.full((s // 4, s // 4), -INF).triu(1)
        t = [x[1].float().clone().requires_grad_() for x in (q, k, v)]
        out = attend(*t, causal)
        m.op('ttir.scaled_dot_product_attention', [q, k, v], attrs('is_causal = true', segments(1, 1, 1, 0, 0)), out.detach())
        kind = 'mask_type = #ttcore.attention_mask_type<causal>', 'dropout_probability = 0.0 : f32'
        lse = ((t[0] @ t[1].repeat_interleave(h // g, 1).transpose(-1, -2)) * d ** -0.5 + causal).logsumexp(-1, True).expand(b, h, s // 4, 32).detach()
        m.op('ttir.sdpa_fw', [q, k, v], attrs(*kind, 'return_intermediates = true'), [out.detach(), lse], near(m.number, None, 0.02))
        out.backward(dout[1].float())
        o, l = m.arg(out.detach()), m.arg(lse)
        m.op('ttir.sdpa_bw', [dout, o, q, k, v, l], attrs(*kind), [x.grad for x in t], near(m.number, 1e-5, 0.05))
        q, k = m.arg(torch.randn(b, h, 6, d)), m.arg(torch.randn(b, 1, 6, d))
        m.op('ttnn.flash_mla_prefill', [q, k], attrs(segments(1, 1, 0, 0), f'head_dim_v = {d // 2} : ui32', 'is_causal = true'),
             attend(q[1].float(), k[1].float(), k[1].float()[..., :d // 2], torch.full((6, 6), -INF).triu(1)))
        q, k, w = m.arg(torch.randn(b, 3, 5, 8)), m.arg(torch.randn(b, 1, 9, 8)), m.arg(torch.randn(b, 3, 5, 1))
        score = (torch.relu(q[1].float() @ k[1].float().transpose(-1, -2)) * w[1].float()).sum(1, True)
        hidden = torch.where(torch.arange(9)[None, :] > 4 + torch.arange(5)[:, None], -INF, 0.0)
        m.op('ttnn.indexer_score_dsa', [q, k, w], '<{chunk_start_idx = 4 : ui32}>', score + hidden, near(m.number, 1e-5, 0.03))
        x, cos, sin = m.arg(torch.randn(b, h, 32, d)), m.arg(torch.randn(1, 1, 32, d)), m.arg(torch.randn(1, 1, 32, d))
        v, c, si = (t[1].float() for t in (x, cos, sin))
        m.op('ttnn.rotary_embedding', [x, cos, sin], '', v * c + torch.cat([-v[..., d // 2:], v[..., :d // 2]], -1) * si)
        x, cos, sin, turn = m.arg(torch.randn(1, b, 32, 64)), m.arg(torch.randn(1, 1, 32, 64)), m.arg(torch.randn(1, 1, 32, 64)), torch.zeros(32, 32)
        for i in range(0, 32, 2):
            turn[i, i + 1], turn[i + 1, i] = 1, -1
        v, c, si = (t[1].float() for t in (x, cos, sin))
        pairs = torch.stack([-v[..., 1::2], v[..., 0::2]], -1).reshape(v.shape)
        m.op('ttnn.rotary_embedding_llama', [x, cos, sin, m.arg(turn.reshape(1, 1, 32, 32))], '<{is_decode_mode = false}>', v * c + pairs * si)


def weights(m):
    """Weights in the order that TTNN's convolutions take them: rows of kernel position and channel, a column for each output."""
    for out, cin in (6, 4), (5, 8):
        given = [f'in_channels = {cin} : i32', f'out_channels = {out} : i32', 'batch_size = 1 : i32', 'input_height = 8 : i32', 'input_width = 8 : i32', dense('kernel_size', (3, 2), 'i32'),
                 dense('stride', (1, 1), 'i32'), dense('padding', (0, 0), 'i32'), dense('dilation', (1, 1), 'i32'), 'has_bias = false', 'groups = 1 : i32']
        w, t = m.arg(torch.randn(out, cin, 3, 2)), m.arg(torch.randn(cin, out, 3, 2))
        m.op('ttnn.prepare_conv2d_weights', [w, m.device()], attrs(*given, 'weights_format = "OIHW"'), w[1].permute(1, 2, 3, 0).reshape(1, 1, -1, out), twins=False)
        m.op('ttnn.prepare_conv_transpose2d_weights', [t, m.device()], attrs(*given, 'weights_format = "IOHW"'), t[1].permute(0, 2, 3, 1).reshape(1, 1, -1, out), twins=False)
        w = m.arg(torch.randn(out, 32, 2, 3, 3))
        m.op('ttnn.prepare_conv3d_weights', [w, m.device()], attrs('alignment = 32 : i32', 'c_in_block = 32 : i32', 'groups = 1 : i32'), w[1].permute(2, 3, 4, 1, 0).reshape(-1, out), twins=False)


def levels(v, scale, zero, low=-128, high=127):
    return (torch.round(v * (1 / torch.as_tensor(scale))) + zero).clamp(low, high)


def quantised(m):
    for shape in (4, 16), (3,), (), (0, 4):
        x = m.arg(torch.randn(shape) * 3)
        v, n = x[1], len(m.body)
        one, other, plain = tensor(shape, '!quant.uniform<i8:f32, 1.0e-1:5>'), tensor(shape, '!quant.uniform<i8:f32, 2.5e-1>'), tensor(shape, 'f32')
        back = (levels(v, 0.1, 5) - 5) * 0.1
        coarser = levels(back, 0.25, 0) * 0.25
        s1, z1, s2, z2 = m.arg(torch.tensor([0.1])), m.arg(torch.tensor([5]), 'i32'), m.arg(torch.tensor([0.25])), m.arg(torch.tensor([0]), 'i32')
        by, to = f'{s1[0]}, {z1[0]}', f'{s2[0]}, {z2[0]}'
        pair = 'tensor<1xf32>, tensor<1xi32>'
        for i, (make, again, undo) in enumerate((('ttir.quantize', 'ttir.requantize', 'ttir.dequantize'), ('stablehlo.uniform_quantize', None, 'stablehlo.uniform_dequantize'))):
            q = f'%q{n}_{i}'
            m.body.append(f'{q} = "{make}"({x[0]}) : ({plain}) -> {one}')
            m.body.append(f'{q}d = "{undo}"({q}) : ({one}) -> {plain}')
            m.given(undo, f'{q}d', back, 1e-6)
            if again:
                m.body.append(f'{q}r = "{again}"({q}) : ({one}) -> {other}')
                m.body.append(f'{q}e = "{undo}"({q}r) : ({other}) -> {plain}')
                m.given(again, f'{q}e', coarser, 1e-6)
        for i, (make, again, undo) in enumerate((('ttir.quantize_unrolled', 'ttir.requantize_unrolled', 'ttir.dequantize_unrolled'), ('ttnn.quantize', 'ttnn.requantize', 'ttnn.dequantize'))):
            q = f'%u{n}_{i}'
            m.body.append(f'{q} = "{make}"({x[0]}, {by}) : ({plain}, {pair}) -> {one}')
            m.body.append(f'{q}d = "{undo}"({q}, {by}) : ({one}, {pair}) -> {plain}')
            m.given(undo, f'{q}d', back, 1e-6)
            m.body.append(f'{q}r = "{again}"({q}, {by}, {to}) : ({one}, {pair}, {pair}) -> {other}')
            m.body.append(f'{q}e = "{undo}"({q}r, {to}) : ({other}, {pair}) -> {plain}')
            m.given(again, f'{q}e', coarser, 1e-6)


def numbers(m):
    """Complex numbers of any shape; real ones as complex; numbers as if they had fewer digits."""
    for shape in (3, 5), (), (0, 4):
        x, y = m.arg(torch.randn(shape)), m.arg(torch.randn(shape))
        if m.number != 'f32':
            continue
        z = m.arg(torch.complex(x[1], y[1]))
        m.op('stablehlo.complex', [x, y], '', z[1], 1e-12)
        m.op('chlo.broadcast_complex', [x, m.arg(y[1])], '', z[1], 1e-12)
        if not z[1].numel():
            m.op('chlo._asin_acos_kernel', [z], '', z[1])
        m.op('stablehlo.real', [z], '', x[1], 1e-12)
        m.op('stablehlo.imag', [z], '', y[1], 1e-12)
        m.op('stablehlo.real', [x], '', x[1], 1e-12)
        m.op('stablehlo.imag', [x], '', torch.zeros(shape), 1e-12)
        m.op('chlo.conj', [z], '', z[1].conj().resolve_conj(), 1e-12)
        m.op('stablehlo.reduce_precision', [x], '<{exponent_bits = 8 : i32, mantissa_bits = 7 : i32}>', x[1].bfloat16().float(), 1e-12)
    for rows in 3, 0:
        if m.number == 'f32':
            z = m.arg(torch.randn(rows, 8, dtype=torch.complex64))
            m.op('stablehlo.fft', [z], '<{fft_type = #stablehlo<fft_type FFT>, fft_length = array<i64: 8>}>', torch.fft.fft(z[1]) if rows else z[1], 1e-5)
        for n in 4, 0:
            a = torch.randn(rows, n, n)
            a = m.arg(a @ a.transpose(1, 2) + 3 * torch.eye(n))
            b = m.arg(torch.randn(rows, n, 2))
            factor = torch.linalg.cholesky(a[1].float())
            m.op('stablehlo.cholesky', [a], '<{lower = true}>', factor, near(m.number, 1e-5, 0.03))
            l = m.arg(factor)
            want = torch.linalg.solve(l[1].double().tril(), b[1].double()).float()
            m.op('stablehlo.triangular_solve', [l, b], '<{left_side = true, lower = true, unit_diagonal = false, transpose_a = #stablehlo<transpose NO_TRANSPOSE>}>', want, near(m.number, 1e-4, 0.05))


def bits(m):
    """Random bits follow from the state alone, which goes on; about half of them are ones."""
    state = m.arg(torch.tensor([7, 9]), m.number)
    s = f'tensor<2x{m.number}>'
    for i, t in enumerate([f'tensor<64x8x{m.number}>'] * 2):
        m.body.append(f'%next{i}, %bits{i} = "stablehlo.rng_bit_generator"({state[0]}) <{{rng_algorithm = #stablehlo<rng_algorithm DEFAULT>}}> : ({s}) -> ({s}, {t})')
    m.body.append(f'%later, %others = "stablehlo.rng_bit_generator"(%next0) <{{rng_algorithm = #stablehlo<rng_algorithm DEFAULT>}}> : ({s}) -> ({s}, tensor<64x8x{m.number}>)')
    m.body.append(f'%none, %nothing = "stablehlo.rng_bit_generator"({state[0]}) <{{rng_algorithm = #stablehlo<rng_algorithm DEFAULT>}}> : ({s}) -> ({s}, tensor<0x8x{m.number}>)')
    m.body.append(f'%ones = "stablehlo.popcnt"(%bits0) : (tensor<64x8x{m.number}>) -> tensor<64x8x{m.number}>')
    m.body.append(f'%counts = "stablehlo.convert"(%ones) : (tensor<64x8x{m.number}>) -> tensor<64x8xf32>')
    some = torch.zeros(64, 8)
    m.op('ttir.mean', [('%counts', some)], '<{keep_dim = false, dim_arg = [0 : i32, 1 : i32]}>', torch.tensor(16.0), 0.03, ['f32'])
    flags = [('EQ', '%bits0', '%bits1', True), ('NE', '%bits0', '%others', True)]
    for way, a, b, want in flags:
        m.kinds[a] = m.kinds[b] = m.number
        m.op('stablehlo.compare', [(a, some), (b, some)], f'<{{comparison_direction = #stablehlo<comparison_direction {way}>}}>', torch.full((64, 8), want), types=['i1'])
    m.kinds['%nothing'] = m.number
    m.given('stablehlo.rng_bit_generator', '%nothing', torch.zeros(0, 8).int())


def words(m):
    """The generators of StableHLO: the known answers of Random123 (threefry2x32x20, philox4x32x10), by counters of all zeros, of all
    ones, and digits of pi; and what XLA makes of a state, from JAX's test data (rng_bit_generator_uint64_2)."""
    def wide(*parts):  # of 64 bits, of two words each; ui64 are int64 in torch
        return torch.tensor([int.from_bytes(b''.join(w.to_bytes(4, 'little') for w in pair), 'little', signed=True) for pair in zip(parts[::2], parts[1::2])])

    def made(algorithm, state, kind, numbers, want, later):
        given, n = m.arg(state, 'ui64'), len(m.body)
        s = f'tensor<{len(state)}xui64>'
        shape = 'x'.join(map(str, (*want.shape, kind)))
        m.body.append(f'%state{n}, %words{n} = "stablehlo.rng_bit_generator"({given[0]}) <{{rng_algorithm = #stablehlo<rng_algorithm {algorithm}>}}> : ({s}) -> ({s}, tensor<{shape}>)')
        m.kinds[f'%state{n}'], m.kinds[f'%words{n}'] = 'ui64', kind
        m.given('stablehlo.rng_bit_generator', f'%state{n}', later)
        m.given('stablehlo.rng_bit_generator', f'%words{n}', want)

    ones = 0xffffffff
    for counter, key, want in (((0, 0), (0, 0), (0x6b200159, 0x99ba4efe)), ((ones, ones), (ones, ones), (0x1cb996fc, 0xbb002be7)),
                               ((0x243f6a88, 0x85a308d3), (0x13198a2e, 0x03707344), (0xc4923a9c, 0x483df7a0))):
        state, later = wide(*key, *counter), wide(*key, *counter) + torch.tensor([0, 1])
        made('THREE_FRY', state, 'ui32', 2, torch.tensor(want), later)
        made('THREE_FRY', state, 'ui64', 1, wide(*want), later)
        made('THREE_FRY', state, 'ui8', 2, torch.tensor(want) & 255, later)
    for counter, key, want in (((0,) * 4, (0, 0), (0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)), ((ones,) * 4, (ones, ones), (0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)),
                               ((0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), (0xa4093822, 0x299f31d0), (0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1))):
        state, carry = wide(*key, *counter), counter[:2] == (ones, ones)
        later = state + torch.tensor([0, 1, 1 if carry else 0])
        made('PHILOX', state, 'ui32', 4, torch.tensor(want).reshape(2, 2), later)
        made('DEFAULT', state, 'i16', 3, torch.tensor(want[:3]), later)
        made('PHILOX', state, 'ui64', 2, wide(*want), later)
    made('THREE_FRY', torch.tensor([3, 3]), 'ui64', 1, torch.tensor(3349939604322698703), torch.tensor([3, 4]))
    # Pairs stand along the first dimension of an even length, or the longest: two rows of three, and five rows, of whose last pair one is left.
    state, n = m.arg(torch.tensor([5, 6]), 'ui64'), len(m.body)
    for rows, cut in (4, 4), (6, 5):
        for shape in f'{cut}x3', f'{rows * 3}':
            m.body.append(f'%s{n}_{shape}, %w{n}_{shape} = "stablehlo.rng_bit_generator"({state[0]}) <{{rng_algorithm = #stablehlo<rng_algorithm THREE_FRY>}}> : (tensor<2xui64>) -> (tensor<2xui64>, tensor<{shape}xui32>)')
        line = f'%w{n}_{rows * 3}'
        m.body.append(f'{line}p = "stablehlo.reshape"({line}) : (tensor<{rows * 3}xui32>) -> tensor<{rows // 2}x3x2xui32>')
        m.body.append(f'{line}q = "stablehlo.transpose"({line}p) <{{permutation = array<i64: 0, 2, 1>}}> : (tensor<{rows // 2}x3x2xui32>) -> tensor<{rows // 2}x2x3xui32>')
        m.body.append(f'{line}r = "stablehlo.reshape"({line}q) : (tensor<{rows // 2}x2x3xui32>) -> tensor<{rows}x3xui32>')
        m.body.append(f'{line}s = "stablehlo.slice"({line}r) <{{start_indices = array<i64: 0, 0>, limit_indices = array<i64: {cut}, 3>, strides = array<i64: 1, 1>}}> : (tensor<{rows}x3xui32>) -> tensor<{cut}x3xui32>')
        some = torch.zeros(cut, 3)
        m.kinds[f'{line}s'] = m.kinds[f'%w{n}_{cut}x3'] = 'ui32'
        m.op('stablehlo.compare', [(f'{line}s', some), (f'%w{n}_{cut}x3', some)], '<{comparison_direction = #stablehlo<comparison_direction EQ>}>', torch.full((cut, 3), True), types=['i1'])


CASES = ([(g, k) for g in (decoding, attention, weights, numbers) for k in FLOATS] + [(quantised, 'f32'), (bits, 'ui32'), (bits, 'i32'), (words, 'f32')])
if __name__ == '__main__':
    op_cases.main(CASES)
