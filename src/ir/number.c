/* The eighteen float formats, between bits and double.
 *
 * A format is its field widths, its bias and what its last codes mean; all up to 64 bits wide go through one rounding
 * routine. Encodings are ordered like the magnitudes they stand for, so rounding up may simply carry from the mantissa
 * into the exponent, and overflow is "above the largest finite code".
 */
#include "ir/node.h"

const struct ir_float_info ir_float_infos[IR_N_FLOATS] = {
    [IR_F4E2M1FN] = {"f4E2M1FN", 4},
    [IR_F6E2M3FN] = {"f6E2M3FN", 6},
    [IR_F6E3M2FN] = {"f6E3M2FN", 6},
    [IR_F8E3M4] = {"f8E3M4", 8},
    [IR_F8E4M3] = {"f8E4M3", 8},
    [IR_F8E4M3FN] = {"f8E4M3FN", 8},
    [IR_F8E4M3FNUZ] = {"f8E4M3FNUZ", 8},
    [IR_F8E4M3B11FNUZ] = {"f8E4M3B11FNUZ", 8},
    [IR_F8E5M2] = {"f8E5M2", 8},
    [IR_F8E5M2FNUZ] = {"f8E5M2FNUZ", 8},
    [IR_F8E8M0FNU] = {"f8E8M0FNU", 8},
    [IR_BF16] = {"bf16", 16},
    [IR_F16] = {"f16", 16},
    [IR_TF32] = {"tf32", 19},
    [IR_F32] = {"f32", 32},
    [IR_F64] = {"f64", 64},
    [IR_F80] = {"f80", 80},
    [IR_F128] = {"f128", 128},
};

enum special {
    IEEE,     /* last exponent: infinity and NaN */
    NAN_LAST, /* only the last code is NaN; no infinity */
    NAN_ZERO, /* negative zero is NaN; no infinity */
    FINITE,   /* neither */
    POWERS    /* f8E8M0FNU: exponent only, no sign, no zero; the last code is NaN */
};

static const struct format {
    uint8_t exponent, mantissa; /* field widths */
    uint8_t special;
    int16_t bias;
} formats[IR_N_FLOATS] = {
    [IR_F4E2M1FN] = {2, 1, FINITE, 1},     [IR_F6E2M3FN] = {2, 3, FINITE, 1},
    [IR_F6E3M2FN] = {3, 2, FINITE, 3},     [IR_F8E3M4] = {3, 4, IEEE, 3},
    [IR_F8E4M3] = {4, 3, IEEE, 7},         [IR_F8E4M3FN] = {4, 3, NAN_LAST, 7},
    [IR_F8E4M3FNUZ] = {4, 3, NAN_ZERO, 8}, [IR_F8E4M3B11FNUZ] = {4, 3, NAN_ZERO, 11},
    [IR_F8E5M2] = {5, 2, IEEE, 15},        [IR_F8E5M2FNUZ] = {5, 2, NAN_ZERO, 16},
    [IR_F8E8M0FNU] = {8, 0, POWERS, 127},  [IR_BF16] = {8, 7, IEEE, 127},
    [IR_F16] = {5, 10, IEEE, 15},          [IR_TF32] = {8, 10, IEEE, 127},
    [IR_F32] = {8, 23, IEEE, 127},         [IR_F64] = {11, 52, IEEE, 1023},
    [IR_F80] = {15, 63, IEEE, 16383},      [IR_F128] = {15, 112, IEEE, 16383},
};

enum { DOUBLE_BIAS = 1023, WIDE_BIAS = 16383, WIDE_SPECIAL = 0x7fff };

/* A finite double other than zero as significand (bit 52 set) and exponent: significand * 2^(exponent - 52). */
struct parts {
    uint64_t significand;
    int exponent;
};

static uint64_t double_bits(double v) {
    uint64_t b;
    memcpy(&b, &v, sizeof b);
    return b;
}

static double bits_double(uint64_t b) {
    double v;
    memcpy(&v, &b, sizeof v);
    return v;
}

static struct parts split(uint64_t magnitude) {
    struct parts p = {magnitude & (((uint64_t)1 << 52) - 1), (int)(magnitude >> 52)};
    if (p.exponent) {
        p.significand |= (uint64_t)1 << 52;
    } else {
        p.exponent = 1;
        while (!(p.significand >> 52)) {
            p.significand <<= 1;
            p.exponent--;
        }
    }
    p.exponent -= DOUBLE_BIAS;
    return p;
}

/* v / 2^shift, to nearest, ties to even. */
static uint64_t round_shift(uint64_t v, int shift) {
    if (shift <= 0)
        return v;
    if (shift > 64)
        return 0;
    uint64_t q = shift == 64 ? 0 : v >> shift;
    uint64_t rest = shift == 64 ? v : v & (((uint64_t)1 << shift) - 1);
    uint64_t half = (uint64_t)1 << (shift - 1);
    return q + (rest > half || (rest == half && (q & 1)));
}

/* The largest code that stands for a number, without sign. */
static uint64_t largest(const struct format *f) {
    int width = f->exponent + f->mantissa;
    uint64_t all = ((uint64_t)1 << width) - 1;
    switch ((enum special)f->special) {
    case IEEE: return all - ((uint64_t)1 << f->mantissa);
    case NAN_LAST:
    case POWERS: return all - 1;
    default: return all;
    }
}

/* The code, sign aside, for what is beyond the largest number. */
static uint64_t beyond(const struct format *f, bool nan) {
    uint64_t exponents = (((uint64_t)1 << f->exponent) - 1) << f->mantissa;
    switch ((enum special)f->special) {
    case IEEE: return nan ? exponents | (uint64_t)1 << (f->mantissa - 1) : exponents;
    case NAN_LAST:
    case POWERS: return largest(f) + 1;
    default: return largest(f);
    }
}

uint64_t ir_float_bits(ir_float kind, double v) {
    const struct format *f = &formats[kind];
    uint64_t bits = double_bits(v);
    if (kind == IR_F64)
        return bits;
    uint64_t sign = bits >> 63, magnitude = bits << 1 >> 1;
    int width = f->exponent + f->mantissa;
    uint64_t code = 0;
    bool out_of_range = magnitude >> 52 == 0x7ff;
    bool nan = magnitude > (uint64_t)0x7ff << 52;
    if (!out_of_range && magnitude) {
        struct parts p = split(magnitude);
        int shift = 52 - f->mantissa;
        if (f->special == POWERS) {
            int field = p.exponent + f->bias + (int)(round_shift(p.significand, shift) - 1);
            code = field < 0 ? 0 : (uint64_t)field;
        } else if (p.exponent >= 1 - f->bias) {
            code = ((uint64_t)(p.exponent + f->bias - 1) << f->mantissa) + round_shift(p.significand, shift);
        } else {
            code = round_shift(p.significand, shift + 1 - f->bias - p.exponent);
        }
        out_of_range = code > largest(f);
    }
    if (out_of_range && f->special == NAN_ZERO)
        return (uint64_t)1 << width;
    if (out_of_range)
        code = beyond(f, nan);
    if (f->special == NAN_ZERO && code == 0)
        sign = 0;
    if (f->special == POWERS && out_of_range)
        sign = 0;
    return sign << width | code;
}

bool ir_float_is_special(ir_float kind, const uint64_t words[2]) {
    if (kind == IR_F80)
        return (words[1] & WIDE_SPECIAL) == WIDE_SPECIAL;
    if (kind == IR_F128)
        return (words[1] >> 48 & WIDE_SPECIAL) == WIDE_SPECIAL;
    const struct format *f = &formats[kind];
    int width = f->exponent + f->mantissa;
    uint64_t code = words[0] & (((uint64_t)1 << width) - 1);
    if (f->special == NAN_ZERO)
        return code == 0 && (words[0] >> width & 1);
    return code > largest(f);
}

double ir_float_from_bits(ir_float kind, uint64_t bits) {
    if (kind == IR_F64)
        return bits_double(bits);
    const struct format *f = &formats[kind];
    int width = f->exponent + f->mantissa;
    uint64_t sign = (bits >> width & 1) << 63, code = bits & (((uint64_t)1 << width) - 1);
    uint64_t special = (uint64_t)0x7ff << 52;
    if (ir_float_is_special(kind, (const uint64_t[2]){bits, 0})) {
        bool infinity = f->special == IEEE && (code & (((uint64_t)1 << f->mantissa) - 1)) == 0;
        return bits_double(sign | special | (infinity ? 0 : (uint64_t)1 << 51));
    }
    uint64_t mantissa = code & (((uint64_t)1 << f->mantissa) - 1);
    int exponent = (int)(code >> f->mantissa);
    if (exponent == 0 && f->special != POWERS) {
        if (!mantissa)
            return bits_double(sign);
        exponent = 1;
        while (!(mantissa >> f->mantissa)) {
            mantissa <<= 1;
            exponent--;
        }
        mantissa -= (uint64_t)1 << f->mantissa;
    }
    /* Every format up to tf32 and f32 fits into the normal doubles. */
    uint64_t field = (uint64_t)(exponent - f->bias + DOUBLE_BIAS);
    return bits_double(sign | field << 52 | mantissa << (52 - f->mantissa));
}

/* ---- f80 and f128 --------------------------------------------------------------------------------------- */

void ir_float_to_words(ir_float kind, double v, uint64_t words[2]) {
    words[1] = 0;
    if (kind != IR_F80 && kind != IR_F128) {
        words[0] = ir_float_bits(kind, v);
        return;
    }
    uint64_t bits = double_bits(v), sign = bits >> 63, magnitude = bits << 1 >> 1;
    uint64_t exponent = 0, fraction = 0; /* fraction: the 52 bits behind the point */
    bool one = false;                    /* the bit before the point */
    if (magnitude >> 52 == 0x7ff) {
        exponent = WIDE_SPECIAL;
        fraction = magnitude << 12 >> 12;
        one = true;
    } else if (magnitude) {
        struct parts p = split(magnitude);
        exponent = (uint64_t)(p.exponent + WIDE_BIAS);
        fraction = p.significand << 12 >> 12;
        one = true;
    }
    if (kind == IR_F80) {
        words[0] = (uint64_t)one << 63 | fraction << 11;
        words[1] = sign << 15 | exponent;
    } else {
        words[0] = fraction << 60;
        words[1] = sign << 63 | exponent << 48 | fraction >> 4;
    }
}

/* The double nearest to significand * 2^(exponent - 63); bit 63 of the significand is set, its lowest bit also stands
 * for everything below it. */
static double narrow(uint64_t sign, uint64_t significand, int exponent) {
    int below = exponent < 1 - DOUBLE_BIAS ? 1 - DOUBLE_BIAS - exponent : 0;
    uint64_t code = round_shift(significand, below > 64 ? 65 : 11 + below);
    if (!below) {
        if (exponent > DOUBLE_BIAS)
            return bits_double(sign | (uint64_t)0x7ff << 52);
        code += (uint64_t)(exponent + DOUBLE_BIAS - 1) << 52;
    }
    return bits_double(sign | code);
}

double ir_float_from_words(ir_float kind, const uint64_t words[2]) {
    if (kind != IR_F80 && kind != IR_F128)
        return ir_float_from_bits(kind, words[0]);
    uint64_t sign, significand, fraction_high;
    int exponent;
    bool inexact = false;
    if (kind == IR_F80) {
        sign = (words[1] >> 15 & 1) << 63;
        exponent = (int)(words[1] & WIDE_SPECIAL);
        significand = words[0];
        fraction_high = significand << 1;
    } else {
        sign = words[1] >> 63 << 63;
        exponent = (int)(words[1] >> 48 & WIDE_SPECIAL);
        fraction_high = words[1] << 16 | words[0] >> 48;
        inexact = (words[0] & 0xffffffffffff) != 0;
        significand = (uint64_t)(exponent != 0) << 63 | fraction_high >> 1;
        inexact |= fraction_high & 1;
    }
    if (exponent == WIDE_SPECIAL) {
        bool nan = fraction_high != 0 || inexact;
        return bits_double(sign | (uint64_t)0x7ff << 52 | (nan ? (uint64_t)1 << 51 : 0));
    }
    if (!significand)
        return bits_double(sign); /* zero, or far below the smallest double */
    if (exponent == 0)
        exponent = 1;
    while (!(significand >> 63)) {
        significand <<= 1;
        exponent--;
    }
    return narrow(sign, significand | inexact, exponent - WIDE_BIAS);
}
