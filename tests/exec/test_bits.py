"""Bits: bitcasts between numbers of any width, and floating-point numbers of a byte and less, whose values are worked out here from the
definitions of their formats (OCP Microscaling Formats 1.0; StableHLO's spec for those with finite numbers and one zero only)."""
import math
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

CODES = {'f': '<f4', 'B': '|u1', 'b': '|i1', 'h': '<i2', 'q': '<i8', 'd': '<f8', '?': '|b1'}


def run(text, *inputs, options=()):
    """The values of each result; inputs are (shape, code of struct, values)."""
    with tempfile.TemporaryDirectory() as folder:
        for i, (shape, code, values) in enumerate(inputs):
            header = f"{{'descr': '{CODES[code]}', 'fortran_order': False, 'shape': {shape!r}, }}"
            header += ' ' * (-(10 + len(header) + 1) % 64) + '\n'
            Path(folder, f'in{i}.npy').write_bytes(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + struct.pack(f'<{len(values)}{code}', *values))
        done = tap.run('run', '-', '--outputs', f'{folder}/out%d.npy', '--json', '--seed', '0', *options, '--inputs', *(f'{folder}/in{i}.npy' for i in range(len(inputs))), stdin=text)
        tap.equal((done.code, done.err), (0, ''))
        out = []
        for path in sorted(Path(folder).glob('out*.npy')):
            data = path.read_bytes()
            length = struct.unpack_from('<H', data, 8)[0]
            code = next(c for c, d in CODES.items() if f"'{d}'" in data[10:10 + length].decode())
            body = data[10 + length:]
            out.append(list(struct.unpack(f'<{len(body) // struct.calcsize(code)}{code}', body)))
        return out


# Exponent and mantissa bits, bias, and what the last codes mean: IEEE infinities and NaN; one NaN of all ones; NaN instead of -0; finite.
FORMATS = {
    'f4E2M1FN': (2, 1, 1, 'finite'), 'f6E2M3FN': (2, 3, 1, 'finite'), 'f6E3M2FN': (3, 2, 3, 'finite'), 'f8E3M4': (3, 4, 3, 'ieee'),
    'f8E4M3': (4, 3, 7, 'ieee'), 'f8E4M3FN': (4, 3, 7, 'ones'), 'f8E4M3FNUZ': (4, 3, 8, 'zero'), 'f8E4M3B11FNUZ': (4, 3, 11, 'zero'),
    'f8E5M2': (5, 2, 15, 'ieee'), 'f8E5M2FNUZ': (5, 2, 16, 'zero'), 'f8E8M0FNU': (8, 0, 127, 'powers'),
}


def value(name, code):
    """What a code stands for."""
    e_bits, m_bits, bias, kind = FORMATS[name]
    if kind == 'powers':
        return math.nan if code == 255 else 2.0 ** (code - bias)
    sign = -1.0 if code >> (e_bits + m_bits) else 1.0
    e, m = code >> m_bits & (1 << e_bits) - 1, code & (1 << m_bits) - 1
    if kind == 'ieee' and e == (1 << e_bits) - 1:
        return sign * math.inf if m == 0 else math.nan
    if (kind == 'ones' and e == (1 << e_bits) - 1 and m == (1 << m_bits) - 1) or (kind == 'zero' and sign < 0 and e == m == 0):
        return math.nan
    return sign * (m / 2 ** m_bits * 2.0 ** (1 - bias) if e == 0 else (1 + m / 2 ** m_bits) * 2.0 ** (e - bias))


def width(name):
    e_bits, m_bits, _, kind = FORMATS[name]
    return e_bits + m_bits + (kind != 'powers')


def rounded(name, v):
    """The nearest number of a format, of two equally near ones that of the even code (of two powers the larger one, as LLVM has it); what is
    too large as the format has it."""
    kind = FORMATS[name][3]
    codes = [c for c in range(1 << (width(name) - (kind != 'powers'))) if math.isfinite(value(name, c))]
    largest, below = value(name, codes[-1]), value(name, codes[-2])
    if abs(v) > largest + (largest - below) / 2 or (abs(v) == largest + (largest - below) / 2 and codes[-1] % 2):
        return {'finite': math.copysign(largest, v), 'ieee': math.copysign(math.inf, v)}.get(kind, math.nan)
    code = min(codes, key=lambda c: (abs(value(name, c) - abs(v)), -c if kind == 'powers' else c % 2))
    return value(name, code) if kind in ('powers', 'zero') and value(name, code) == 0 else math.copysign(value(name, code), v)


def same(got, want):
    tap.equal([(g, math.copysign(1, g)) if g == g else 'nan' for g in got], [(w, math.copysign(1, w)) if w == w else 'nan' for w in want])


@tap.case
def codes_are_read():
    """All codes of a format, as bits, become its values; and the values have those bits again."""
    for name in FORMATS:
        bits = width(name)
        n = 1 << bits
        kind = 'i8' if bits == 8 else 'i4' if bits == 4 else 'i1'
        codes = f'tensor<{n}x{kind}>' if bits != 6 else f'tensor<{n}x6xi1>'
        given = ((n,), 'B', list(range(n))) if bits == 8 else ((n,), 'b', [c - 16 if c > 7 else c for c in range(n)]) if bits == 4 else (
            (n, 6), '?', [bool(c >> b & 1) for c in range(n) for b in range(6)])
        text = f"""func.func @main(%c: {codes.replace('i8', 'ui8')}) -> (tensor<{n}xf32>, {codes.replace('i8', 'ui8')}) {{
  %v = "stablehlo.bitcast_convert"(%c) : ({codes.replace('i8', 'ui8')}) -> tensor<{n}x{name}>
  %f = "stablehlo.convert"(%v) : (tensor<{n}x{name}>) -> tensor<{n}xf32>
  %b = "stablehlo.bitcast_convert"(%v) : (tensor<{n}x{name}>) -> {codes.replace('i8', 'ui8')}
  return %f, %b : tensor<{n}xf32>, {codes.replace('i8', 'ui8')}
}}
"""
        numbers, back = run(text, given)
        same(numbers, [value(name, c) for c in range(n)])
        tap.equal((name, back), (name, given[2]))


@tap.case
def numbers_are_rounded():
    """Converted from f32, and each sum of two, which is computed in f32: to nearest, ties to even."""
    for name in FORMATS:
        kind = FORMATS[name][3]
        finite = [value(name, c) for c in range(1 << width(name)) if math.isfinite(value(name, c)) and abs(value(name, c)) < 2.0 ** 60]
        ties = [(a + b) / 2 for a, b in zip(sorted(finite), sorted(finite)[1:]) if abs(a + b) > 2.0 ** -60]
        near = [t * (1 + s * 2.0 ** -20) for t in ties for s in (-1, 1)]
        given = [struct.unpack('f', struct.pack('f', v))[0] for v in ties + near + [max(finite) * 1.01, max(finite) * 1.5]]
        given += [] if kind == 'powers' else [-v for v in given[-2:]]
        n = len(given)
        a, b = (finite * 8)[:64], (finite[::-1] * 9)[3:67]
        text = f"""func.func @main(%x: tensor<{n}xf32>, %a: tensor<64xf32>, %b: tensor<64xf32>) -> (tensor<{n}xf32>, tensor<64xf32>) {{
  %0 = "stablehlo.convert"(%x) : (tensor<{n}xf32>) -> tensor<{n}x{name}>
  %1 = "stablehlo.convert"(%0) : (tensor<{n}x{name}>) -> tensor<{n}xf32>
  %c = "stablehlo.convert"(%a) : (tensor<64xf32>) -> tensor<64x{name}>
  %d = "stablehlo.convert"(%b) : (tensor<64xf32>) -> tensor<64x{name}>
  %s = "stablehlo.add"(%c, %d) : (tensor<64x{name}>, tensor<64x{name}>) -> tensor<64x{name}>
  %t = "stablehlo.convert"(%s) : (tensor<64x{name}>) -> tensor<64xf32>
  return %1, %t : tensor<{n}xf32>, tensor<64xf32>
}}
"""
        f32 = [struct.unpack('f', struct.pack('f', x + y))[0] for x, y in zip(a, b)]
        for options in ((), ('--reference',)):
            numbers, sums = run(text, ((n,), 'f', given), ((64,), 'f', a), ((64,), 'f', b), options=options)
            same(numbers, [rounded(name, v) for v in given])
            same(sums, [rounded(name, v) for v in f32])


@tap.case
def constants():
    """Decimal and by their bits; a splat; and a product of such matrices."""
    numbers, splat, product = run("""func.func @main() -> (tensor<4xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %a = "stablehlo.constant"() <{value = dense<[1.5, -6.0, 0.5, 3.0]> : tensor<4xf4E2M1FN>}> : () -> tensor<4xf4E2M1FN>
  %b = "stablehlo.constant"() <{value = dense<-7.5> : tensor<2x2xf6E2M3FN>}> : () -> tensor<2x2xf6E2M3FN>
  %0 = "stablehlo.convert"(%a) : (tensor<4xf4E2M1FN>) -> tensor<4xf32>
  %1 = "stablehlo.convert"(%b) : (tensor<2x2xf6E2M3FN>) -> tensor<2x2xf32>
  %c = "stablehlo.reshape"(%a) : (tensor<4xf4E2M1FN>) -> tensor<2x2xf4E2M1FN>
  %2 = "stablehlo.dot_general"(%c, %c) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>}> : (tensor<2x2xf4E2M1FN>, tensor<2x2xf4E2M1FN>) -> tensor<2x2xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
""")
    same(numbers, [1.5, -6.0, 0.5, 3.0])
    same(splat, [-7.5] * 4)
    same(product, [-0.75, -27.0, 2.25, 6.0])


@tap.case
def bits_of_wider_numbers():
    """The lowest bits first: as StableHLO's own test of bitcast_convert has 0x0123456789ABCDEF."""
    number = 0x0123456789ABCDEF
    bits = [bool(number >> i & 1) for i in range(64)]
    for wide, code, other in (('i64', 'q', number), ('f64', 'd', struct.unpack('d', struct.pack('q', number))[0])):
        made, back = run(f"""func.func @main(%b: tensor<64xi1>, %n: tensor<1x{wide}>) -> (tensor<{wide}>, tensor<1x64xi1>) {{
  %0 = "stablehlo.bitcast_convert"(%b) : (tensor<64xi1>) -> tensor<{wide}>
  %1 = "stablehlo.bitcast_convert"(%n) : (tensor<1x{wide}>) -> tensor<1x64xi1>
  return %0, %1 : tensor<{wide}>, tensor<1x64xi1>
}}
""", ((64,), '?', bits), ((1,), code, [other]))
        tap.equal((made, back), ([other], bits))
    # Four bits at a time: 0x21, 0xe3 are 1, 2, 3 and -2.
    (halves,) = run("""func.func @main(%b: tensor<2xui8>) -> tensor<2x2xi8> {
  %0 = "stablehlo.bitcast_convert"(%b) : (tensor<2xui8>) -> tensor<2x2xi4>
  %1 = "stablehlo.convert"(%0) : (tensor<2x2xi4>) -> tensor<2x2xi8>
  return %1 : tensor<2x2xi8>
}
""", ((2,), 'B', [0x21, 0xe3]))
    tap.equal(halves, [1, 2, 3, -2])


@tap.case
def bits_in_a_run_of_wider_numbers():
    """Where numbers are kept as f32, their bits are still those of what is written."""
    for options in (), ('--numbers', 'f32'), ('--numbers', 'f64'):
        (codes,) = run("""func.func @main() -> tensor<2xi16> {
  %a = "stablehlo.constant"() <{value = dense<[1.0, -2.0]> : tensor<2xbf16>}> : () -> tensor<2xbf16>
  %0 = "stablehlo.bitcast_convert"(%a) : (tensor<2xbf16>) -> tensor<2xi16>
  %1 = "stablehlo.bitcast_convert"(%0) : (tensor<2xi16>) -> tensor<2xbf16>
  %2 = "stablehlo.bitcast_convert"(%1) : (tensor<2xbf16>) -> tensor<2xi16>
  return %2 : tensor<2xi16>
}
""", options=options)
        tap.equal((options, codes), (options, [0x3f80, 0xc000 - 0x10000]))


@tap.case
def other_numbers_of_bits():
    done = tap.run('run', '-', stdin='func.func @main(%b: tensor<2xi1>) -> tensor<i8> {\n  %0 = "stablehlo.bitcast_convert"(%b) : (tensor<2xi1>) -> tensor<i8>\n  return %0 : tensor<i8>\n}\n')
    tap.equal(done.code, 1)
    assert 'changes the number of bits: it takes 2 numbers of 1, and gives 1 of 8' in done.err, done.err


tap.main()
