"""Every elementwise op over all element types that it takes, on operands that are alike, that broadcast (with fewer dimensions,
too), that have no dimension, and that have no element - against PyTorch (op_cases.py says how).

A row says what an op is in PyTorch: of reals, and of integers (as int64, cut to their width afterwards). Where operands have to
lie for the function to be defined stands beside it."""
import op_cases
from op_cases import cast, is_integer, near, np, torch
from op_data import REALS, KINDS, OPS

F = torch.nn.functional


def same(x):
    return x


def sign(x):
    return x.sign()


def trunc_divide(x, y):
    return torch.div(x, y, rounding_mode='trunc')


def power(x, y):
    """x to the y, y >= 0, in whole numbers that wrap."""
    out = torch.ones_like(x * y)
    for i in range(int(y.max()) if y.numel() else 0):
        out = torch.where(y > i, out * x, out)
    return out


def polygamma(n, x):
    return sum(torch.where(n == k, torch.polygamma(k, x), torch.zeros(())) for k in range(4))


def next_number(x, y):
    """The next number of 16 bits: their patterns are in order, those of negative numbers backwards."""
    x, y = torch.broadcast_tensors(x, y)
    bits = [t.contiguous().view(torch.int16).long() for t in (x, y)]
    place, to = (torch.where(b < 0, -(b & 0x7fff), b) for b in bits)
    after = place + (to - place).sign()
    after = torch.where(after < 0, -after | -0x8000, after).short().view(x.dtype)
    return torch.where(torch.isnan(x) | torch.isnan(y), torch.full_like(x, float('nan')), after)


def unary(reals, integers=None, low=-2.0, high=2.0):
    return reals, integers, [(low, high)]


def binary(reals, integers=None, left=(-2.0, 2.0), right=(-2.0, 2.0)):
    return reals, integers, [left, right]


def compared(f):
    return binary(f, f)


# What goes for both reals and integers stands twice. None: not of those.
POSITIVE = (0.1, 3.0)
ROWS = {
    'ttir.abs': unary(torch.abs, torch.abs), 'ttir.neg': unary(torch.neg, torch.neg), 'ttir.sign': unary(sign, sign),
    'ttir.ceil': unary(torch.ceil, same), 'ttir.floor': unary(torch.floor, same), 'ttir.trunc': unary(torch.trunc, same),
    'ttir.relu': unary(torch.relu, torch.relu), 'ttir.relu6': unary(F.relu6, lambda x: x.clamp(0, 6)),
    'ttir.square': unary(torch.square, torch.square), 'ttir.signbit': unary(torch.signbit, lambda x: x < 0),
    'ttir.isfinite': unary(torch.isfinite, lambda x: x == x), 'ttir.logical_not': unary(torch.logical_not, torch.logical_not),
    'ttir.bitwise_not': unary(None, torch.bitwise_not),
    'ttir.sin': unary(torch.sin), 'ttir.cos': unary(torch.cos), 'ttir.tan': unary(torch.tan, None, -1.0, 1.0), 'ttir.tanh': unary(torch.tanh),
    'ttir.asin': unary(torch.asin, None, -0.9, 0.9), 'ttir.acos': unary(torch.acos, None, -0.9, 0.9), 'ttir.atan': unary(torch.atan),
    'ttir.asinh': unary(torch.asinh), 'ttir.exp': unary(torch.exp), 'ttir.exp2': unary(torch.exp2), 'ttir.expm1': unary(torch.expm1),
    'ttir.log': unary(torch.log, None, *POSITIVE), 'ttir.log1p': unary(torch.log1p, None, *POSITIVE), 'ttir.sqrt': unary(torch.sqrt, None, *POSITIVE),
    'ttir.rsqrt': unary(torch.rsqrt, None, *POSITIVE), 'ttir.cbrt': unary(lambda x: x.sign() * x.abs() ** (1 / 3)),
    'ttir.erf': unary(torch.erf), 'ttir.erfc': unary(torch.erfc), 'ttir.reciprocal': unary(torch.reciprocal, None, *POSITIVE),
    'ttir.frac': unary(torch.frac), 'ttir.gelu': unary(F.gelu), 'ttir.sigmoid': unary(torch.sigmoid), 'ttir.silu': unary(F.silu),
    'ttir.mish': unary(F.mish), 'ttir.softsign': unary(F.softsign), 'ttir.hardsigmoid': unary(F.hardsigmoid), 'ttir.selu': unary(F.selu),
    'ttir.leaky_relu': unary(lambda x: F.leaky_relu(x, 0.25)), 'ttir.clamp_scalar': unary(lambda x: x.clamp(-1, 1), lambda x: x.clamp(-1, 1)),
    'ttnn.pow_scalar': unary(lambda x: x ** 2, lambda x: x * x),
    'chlo.acosh': unary(torch.acosh, None, 1.1, 4.0), 'chlo.atanh': unary(torch.atanh, None, -0.9, 0.9), 'chlo.sinh': unary(torch.sinh),
    'chlo.cosh': unary(torch.cosh), 'chlo.bessel_i1e': unary(torch.special.i1e), 'chlo.digamma': unary(torch.digamma, None, *POSITIVE),
    'chlo.lgamma': unary(torch.lgamma, None, *POSITIVE), 'chlo.erf_inv': unary(torch.erfinv, None, -0.9, 0.9),
    'chlo.is_inf': unary(torch.isinf), 'chlo.is_pos_inf': unary(torch.isposinf), 'chlo.is_neg_inf': unary(torch.isneginf),
    'stablehlo.round_nearest_even': unary(torch.round), 'stablehlo.round_nearest_afz': unary(lambda x: x.sign() * torch.floor(x.abs() + 0.5)),
    'stablehlo.not': unary(None, torch.bitwise_not),
    'ttir.add': binary(torch.add, torch.add), 'ttir.subtract': binary(torch.sub, torch.sub), 'ttir.multiply': binary(torch.mul, torch.mul),
    'ttir.div': binary(torch.div, trunc_divide, right=POSITIVE), 'stablehlo.divide': binary(torch.div, trunc_divide, right=POSITIVE),
    'ttir.remainder': binary(torch.remainder, torch.remainder, right=POSITIVE), 'stablehlo.remainder': binary(torch.fmod, torch.fmod, right=POSITIVE),
    'ttir.pow': binary(torch.pow, power, POSITIVE), 'ttir.maximum': binary(torch.maximum, torch.maximum),
    'ttir.minimum': binary(torch.minimum, torch.minimum), 'ttir.atan2': binary(torch.atan2),
    'ttir.eq': compared(torch.eq), 'ttir.ne': compared(torch.ne), 'ttir.lt': compared(torch.lt), 'ttir.le': compared(torch.le),
    'ttir.gt': compared(torch.gt), 'ttir.ge': compared(torch.ge), 'ttir.logical_and': compared(torch.logical_and),
    'ttir.logical_or': compared(torch.logical_or), 'ttir.logical_xor': compared(torch.logical_xor),
    'ttir.bitwise_and': binary(None, torch.bitwise_and), 'ttir.bitwise_or': binary(None, torch.bitwise_or),
    'ttir.bitwise_xor': binary(None, torch.bitwise_xor), 'stablehlo.and': binary(None, torch.bitwise_and),
    'stablehlo.or': binary(None, torch.bitwise_or), 'stablehlo.xor': binary(None, torch.bitwise_xor),
    'chlo.broadcast_and': binary(None, torch.bitwise_and), 'chlo.broadcast_or': binary(None, torch.bitwise_or),
    'chlo.broadcast_xor': binary(None, torch.bitwise_xor),
    'chlo.next_after': binary(torch.nextafter), 'chlo.broadcast_next_after': binary(torch.nextafter), 'chlo.zeta': binary(torch.special.zeta, None, (1.5, 4.0), (0.5, 3.0)),
    'ttir.gelu_bw': binary(lambda g, x: g * (0.5 * (1 + torch.erf(x / 2 ** 0.5)) + x * torch.exp(-x * x / 2) / (2 * torch.pi) ** 0.5)),
    'stablehlo.compare': compared(torch.lt), 'chlo.broadcast_compare': compared(torch.lt),
    'chlo.polygamma': binary(polygamma, None, (0, 4), POSITIVE), 'chlo.broadcast_polygamma': binary(polygamma, None, (0, 4), POSITIVE),
    'chlo.broadcast_zeta': binary(torch.special.zeta, None, (1.5, 4.0), (0.5, 3.0)),
}
# What truth values become.
TRUTHS = {
    'ttir.add': torch.logical_or, 'ttir.multiply': torch.logical_and, 'ttir.maximum': torch.logical_or, 'ttir.minimum': torch.logical_and,
    'ttir.logical_and': torch.logical_and, 'ttir.logical_or': torch.logical_or, 'ttir.logical_xor': torch.logical_xor,
    'ttir.logical_not': torch.logical_not, 'ttir.eq': torch.eq, 'ttir.ne': torch.ne, 'stablehlo.and': torch.logical_and, 'stablehlo.or': torch.logical_or,
    'stablehlo.xor': torch.logical_xor, 'stablehlo.not': torch.logical_not, 'chlo.broadcast_and': torch.logical_and,
    'chlo.broadcast_or': torch.logical_or, 'chlo.broadcast_xor': torch.logical_xor, 'stablehlo.compare': torch.lt, 'chlo.broadcast_compare': torch.lt,
}
ATTRIBUTES = {'ttir.leaky_relu': '<{parameter = 0.25 : f32}>', 'ttir.clamp_scalar': '<{min = -1.0 : f32, max = 1.0 : f32}>', 'ttnn.pow_scalar': '<{rhs = 2.0 : f32}>',
              'stablehlo.compare': '<{comparison_direction = #stablehlo<comparison_direction LT>}>',
              'chlo.broadcast_compare': '<{comparison_direction = #chlo<comparison_direction LT>}>'}
# Coarser than an operation is: sums of series.
COARSE = {'chlo.digamma': 2e-5, 'chlo.lgamma': 2e-5, 'chlo.zeta': 1e-4, 'chlo.polygamma': 1e-4, 'chlo.broadcast_zeta': 1e-4, 'chlo.broadcast_polygamma': 1e-4, 'chlo.erf_inv': 2e-5, 'chlo.bessel_i1e': 1e-5,
          'chlo.atanh': 1e-5, 'chlo.acosh': 2e-5}
# Operands of one shape, of none, of no element; then such as broadcast, which are for TTIR, TTNN and some of CHLO.
ALIKE = [((5, 9),) * 3, ((),) * 3, ((0, 4),) * 3, ((1100,),) * 3]
SPREAD = [((3, 1, 37), (4, 37), (1,)), ((4, 37), (3, 1, 37), (3, 4, 1)), ((), (2, 3), (3,)), ((0, 4), (1, 1), (4,)), ((2, 3), (0, 2, 1), ())]


def shapes_of(op, n):
    spreads = n > 1 and op.startswith(('ttir.', 'ttnn.', 'chlo.broadcast_'))
    return [s[:n] for s in (ALIKE + SPREAD if spreads else ALIKE)]


def operand(m, shape, low, high):
    """Reals between low and high; integers of all sizes, or of the sign that low and high have."""
    if is_integer(m.number):
        return m.numbers(*shape, low=1 if low > 0 else None)
    return m.numbers(*shape, low=low, high=high)


def operands_of(m, op, shapes, ranges):
    operands = [operand(m, s, *r) for s, r in zip(shapes, ranges)]
    if op == 'ttir.pow' and is_integer(m.number):
        operands[1] = m.numbers(*shapes[1], low=0, high=7)
    if op == 'ttnn.pow_scalar' and is_integer(m.number):  # its power is a real number, and so is what it gives before it is cut
        operands[0] = m.numbers(*shapes[0], low=-11, high=12)
    if op.endswith('polygamma'):  # its order is a whole number
        operands[0] = m.arg(torch.randint(0, 4, shapes[0]).float(), m.number)
    return operands


def functions(m):
    """All rows; what they say is true or false in numbers of the operands' type, and as truth values."""
    kind = m.number
    for op, (reals, integers, ranges) in ROWS.items():
        f = reals if kind in REALS else TRUTHS.get(op) if kind == 'i1' else integers
        if not f or kind not in OPS[op].admits:
            continue
        for shapes in shapes_of(op, len(ranges)):
            operands = operands_of(m, op, shapes, ranges)
            if op.endswith('next_after') and kind in ('bf16', 'f16'):  # which torch has not
                want = next_number(*(t for _, t in operands))
            else:
                want = f(*(reals_of(t, kind) for _, t in operands))
            tolerance = 1e-30 if 'next_after' in op else near(kind, COARSE[op], 0.02) if op in COARSE else None
            results = {kind, 'i1'} if want.dtype == torch.bool and not OPS[op].truth else {'i1'} if OPS[op].truth else {kind}
            for result in sorted(results):
                m.op(op, operands, ATTRIBUTES.get(op, ''), want, tolerance, [result])


def neighbours(m):
    """The next numbers at the ends of what there is."""
    inf, tiny = float('inf'), {'f32': 2.0 ** -149, 'bf16': 2.0 ** -133, 'f16': 2.0 ** -24}[m.number]
    most = float(torch.finfo(op_cases.TYPES[m.number]).max)
    values = torch.tensor([0.0, -0.0, 1.0, -1.0, 2.0, tiny, -tiny, most, -most, inf, -inf, float('nan'), 3 * tiny, 2.0 ** -14, 2.0 ** -126])
    x, y = m.arg(values.reshape(-1, 1)), m.arg(values)
    pairs = m.arg(values.reshape(-1, 1).expand(-1, len(values)).contiguous()), m.arg(values.expand(len(values), -1).contiguous())
    want = torch.nextafter(*(t for _, t in pairs)) if m.number == 'f32' else next_number(*(t for _, t in pairs))
    m.op('chlo.next_after', pairs, '', want, 1e-30)
    m.op('chlo.broadcast_next_after', [x, y], '', want, 1e-30)


def reals_of(t, kind):
    """Numbers of 16 bits as f32, in which torch has all functions."""
    return t.float() if kind in ('bf16', 'f16') else t


def choices(m):
    """Ops of three operands."""
    kind = m.number
    for a, b, c in ALIKE + SPREAD:
        x, y, z = (m.numbers(*s) for s in (a, b, c))
        # A number is a condition, too: what is not 0.
        for condition in (m.numbers(*a, kind='i1'), m.arg(x[1] > 0, kind)):
            m.op('ttir.where', [condition, y, z], '', torch.where(condition[1] != 0, y[1], z[1]), types=[kind])
        if kind != 'i1':
            m.op('ttir.clamp_tensor', [x, y, z], '', torch.minimum(torch.maximum(x[1], y[1]), z[1]), types=[kind])
        if (a, b, c) in ALIKE:
            want = (x[1] | y[1]) & z[1] if kind == 'i1' else torch.minimum(torch.maximum(x[1], y[1]), z[1])
            m.op('stablehlo.clamp', [y, x, z], '', want, types=[kind])
            least, most = m.numbers(), m.numbers()
            want = (x[1] | least[1]) & most[1] if kind == 'i1' else torch.minimum(torch.maximum(x[1], least[1]), most[1])
            m.op('stablehlo.clamp', [least, x, most], '', want, types=[kind])


def each(f, *xs):
    """A function of Python's integers, of tensors that broadcast."""
    arrays = np.broadcast_arrays(*(x.numpy().astype(object) for x in xs))
    return torch.tensor([f(*map(int, v)) for v in zip(*(a.flat for a in arrays))], dtype=torch.int64).reshape(arrays[0].shape)


def bits(m):
    """Ops on the bits of an integer of w bits: what is shifted by w or more is gone, or all signs. TTIR's shifts to the left and of
    bits go by 32 bits without a sign, whatever the width is."""
    kind = m.number
    w = int(kind.lstrip('ui'))
    mask = (1 << w) - 1

    def signed(v):
        return v - (v >> w - 1 << w) if v >= 0 else v
    ones = {'stablehlo.popcnt': lambda v: bin(v & mask).count('1'), 'stablehlo.count_leading_zeros': lambda v: w - (v & mask).bit_length()}
    shifts = {'shift_left': lambda v, n: signed((v << n) & mask) if n < w else 0, 'shift_right_logical': lambda v, n: signed((v & mask) >> n),
              'shift_right_arithmetic': lambda v, n: signed(v) >> n}
    thirties = {'ttir.logical_left_shift': lambda v, n: (v & 0xffffffff) << n & 0xffffffff, 'ttir.logical_right_shift': lambda v, n: (v & 0xffffffff) >> n}
    for shapes in ALIKE + SPREAD:
        x, y = m.numbers(*shapes[0]), m.numbers(*shapes[1])
        n = m.numbers(*shapes[1], low=0, high=min(w + 4, 100))
        few = m.numbers(*shapes[1], low=0, high=min(w, 32))
        if shapes in ALIKE:
            for op, f in ones.items():
                m.op(op, [x], '', each(f, x[1]), types=[kind])
            m.op('chlo.mulhi', [x, y], '', each(lambda a, b: a * b >> w, x[1], y[1]), types=[kind])
        for name, f in shifts.items():
            want = each(f, x[1], n[1])
            if shapes in ALIKE:
                m.op('stablehlo.' + name, [x, n], '', want, types=[kind])
            m.op('chlo.broadcast_' + name, [x, n], '', want, types=[kind])
        for op, f in thirties.items():
            m.op(op, [x, few], '', each(f, x[1], few[1]), types=[kind])
        m.op('ttir.right_shift', [x, few], '', each(lambda v, k: v >> k, x[1], few[1]), types=[kind])


def upper_half(m):
    """Integers of 64 bits in all they can be, which int64 is not for those without a sign: by Python's."""
    signed = m.number == 'i64'
    values = [0, 1, 5, 2**31, 2**32 + 7, 2**63 - 1] + ([-1, -2, -2**31, -2**63] if signed else [2**63, 2**63 + 2**40, 2**64 - 2, 2**64 - 1])

    def stored(v):
        return (v + 2**63) % 2**64 - 2**63
    left, right = zip(*[(a, b) for a in values for b in values if b and (a, b) != (-2**63, -1)])
    x, y = (m.arg(torch.tensor([stored(v) for v in t]), m.number) for t in (left, right))

    def trunc(a, b):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    for op, f in (('maximum', max), ('minimum', min), ('divide', trunc), ('remainder', lambda a, b: a - b * trunc(a, b)),
                  ('add', lambda a, b: a + b), ('subtract', lambda a, b: a - b), ('multiply', lambda a, b: a * b)):
        m.op('stablehlo.' + op, [x, y], '', torch.tensor([stored(f(a, b)) for a, b in zip(left, right)]), 1e-18)
    for way, f in ('LT', int.__lt__), ('LE', int.__le__), ('GT', int.__gt__), ('GE', int.__ge__), ('EQ', int.__eq__):
        m.op('stablehlo.compare', [x, y], f'<{{comparison_direction = #stablehlo<comparison_direction {way}>}}>', torch.tensor([f(a, b) for a, b in zip(left, right)]))
    for op, f in ('abs', abs), ('sign', lambda v: (v > 0) - (v < 0)), ('relu', lambda v: max(v, 0)):
        m.op('ttir.' + op, [x], '', torch.tensor([stored(f(v)) for v in left]), 1e-18)
    for kind in 'f32', 'f64':
        m.op('stablehlo.convert', [x], '', torch.tensor([float(v) for v in left], dtype=torch.float64), 1e-7 if kind == 'f32' else 1e-18, types=[kind])
    reals = m.arg(torch.tensor([0.0, -1.5, 2.75, 1e10, 2.0 ** 63, 1e30, -1e30, float('nan')], dtype=torch.float64), 'f64')
    least, most = (-2**63, 2**63 - 1) if signed else (0, 2**64 - 1)
    want = [0 if v != v else int(max(least, min(most, v))) for v in reals[1].tolist()]
    m.op('stablehlo.convert', [reals], '', torch.tensor([stored(min(most, v)) for v in want]), 1e-18)
    for op, f in ('max', max), ('min', min):
        m.op('ttir.' + op, [x], '<{keep_dim = false, dim_arg = [0 : i32]}>', torch.tensor(stored(f(left))), 1e-18)
    order = sorted(range(len(left)), key=lambda i: left[i])
    m.op('ttir.sort', [x], '<{dim = 0 : si32, descending = false, stable = true}>', [torch.tensor([stored(left[i]) for i in order]), torch.tensor(order)], 1e-18, [m.number, 'i32'])
    m.op('ttir.argmax', [x], '<{keep_dim = false, dim_arg = [0 : i32]}>', torch.tensor(left.index(max(left))), types=['i32'])


CASES = [(upper_half, 'i64'), (upper_half, 'ui64')] + [(functions, k) for k in KINDS] + [(neighbours, k) for k in ('f32', 'bf16', 'f16')] + [(choices, k) for k in KINDS] + [(bits, k) for k in KINDS if is_integer(k)]
if __name__ == '__main__':
    op_cases.main(CASES)
