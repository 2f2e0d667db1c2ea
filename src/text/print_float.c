/* Floating-point numbers as MLIR writes them, which is as LLVM's arbitrary-precision floats do:
 *
 *   1. six significant digits, as 1.500000e+00, if that reads back to the very same bits;
 *   2. else as many digits as the format may need, 0.699999988 or 1.23456789E-12, if there is a '.' in it;
 *   3. else, and for infinities and NaN, the bits in hexadecimal.
 *
 * LLVM cuts (does not round) most of the surplus digits before it rounds the rest half up; to give the same text the
 * digits are made the same way, from the exact value in a big number. 0.7 : f32 is 0.69999998807..., is cut to 699999
 * and therefore takes way 2.
 */
#include "text/printer.h"

/* What a number that is not finite looks like. */
enum { IEEE, NAN_ALL_ONES, NAN_NEG_ZERO, FINITE_ONLY, ONLY_EXPONENT };

typedef struct float_format {
    uint8_t exponent_bits, mantissa_bits; /* without the hidden bit */
    uint8_t special;
    int16_t bias;
} float_format;

static const float_format formats[IR_N_FLOATS] = {
    [IR_F4E2M1FN] = {2, 1, FINITE_ONLY, 1},
    [IR_F6E2M3FN] = {2, 3, FINITE_ONLY, 1},
    [IR_F6E3M2FN] = {3, 2, FINITE_ONLY, 3},
    [IR_F8E3M4] = {3, 4, IEEE, 3},
    [IR_F8E4M3] = {4, 3, IEEE, 7},
    [IR_F8E4M3FN] = {4, 3, NAN_ALL_ONES, 7},
    [IR_F8E4M3FNUZ] = {4, 3, NAN_NEG_ZERO, 8},
    [IR_F8E4M3B11FNUZ] = {4, 3, NAN_NEG_ZERO, 11},
    [IR_F8E5M2] = {5, 2, IEEE, 15},
    [IR_F8E5M2FNUZ] = {5, 2, NAN_NEG_ZERO, 16},
    [IR_F8E8M0FNU] = {8, 0, ONLY_EXPONENT, 127},
    [IR_BF16] = {8, 7, IEEE, 127},
    [IR_F16] = {5, 10, IEEE, 15},
    [IR_TF32] = {8, 10, IEEE, 127},
    [IR_F32] = {8, 23, IEEE, 127},
    [IR_F64] = {11, 52, IEEE, 1023},
    [IR_F80] = {15, 63, IEEE, 16383}, /* and the leading bit written out: see decode */
    [IR_F128] = {15, 112, IEEE, 16383},
};

/* ---- big numbers: little-endian words, no leading zero words ---------------------------------------------- */

/* 113 bits times 5^16494 take 38,412 bits; 4 bits more for comparing. */
enum { BIG_WORDS = 1216 };

typedef struct big {
    uint32_t n;
    uint32_t w[BIG_WORDS];
} big;

static void big_set(big *b, uint64_t low, uint64_t high) {
    b->w[0] = (uint32_t)low;
    b->w[1] = (uint32_t)(low >> 32);
    b->w[2] = (uint32_t)high;
    b->w[3] = (uint32_t)(high >> 32);
    b->n = 4;
    while (b->n && !b->w[b->n - 1])
        b->n--;
}

static void big_copy(big *to, const big *from) {
    to->n = from->n;
    memcpy(to->w, from->w, from->n * sizeof from->w[0]);
}

static void big_multiply(big *b, uint32_t by) {
    uint64_t carry = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        carry += (uint64_t)b->w[i] * by;
        b->w[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry && b->n < BIG_WORDS)
        b->w[b->n++] = (uint32_t)carry;
}

/* Divides and gives the remainder. */
static uint32_t big_divide(big *b, uint32_t by) {
    uint64_t rest = 0;
    for (uint32_t i = b->n; i-- > 0;) {
        uint64_t v = rest << 32 | b->w[i];
        b->w[i] = (uint32_t)(v / by);
        rest = v % by;
    }
    while (b->n && !b->w[b->n - 1])
        b->n--;
    return (uint32_t)rest;
}

static void big_multiply_pow5(big *b, uint32_t e) {
    for (; e >= 13; e -= 13)
        big_multiply(b, 1220703125); /* 5^13 */
    uint32_t rest = 1;
    while (e--)
        rest *= 5;
    big_multiply(b, rest);
}

static void big_shift_left(big *b, uint32_t bits) {
    uint32_t words = bits / 32, rest = bits & 31;
    if (b->n == 0 || b->n + words + 1 > BIG_WORDS)
        return;
    memmove(b->w + words, b->w, b->n * sizeof b->w[0]);
    memset(b->w, 0, words * sizeof b->w[0]);
    b->n += words;
    if (rest)
        big_multiply(b, UINT32_C(1) << rest);
}

static uint32_t big_bits(const big *b) {
    return b->n ? b->n * 32 - (uint32_t)__builtin_clz(b->w[b->n - 1]) : 0;
}

static int big_compare(const big *a, const big *b) {
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (uint32_t i = a->n; i-- > 0;)
        if (a->w[i] != b->w[i])
            return a->w[i] < b->w[i] ? -1 : 1;
    return 0;
}

/* ---- taking a number apart ---------------------------------------------------------------------------------- */

/* value = significand * 2^exponent */
typedef struct decoded {
    uint64_t low, high; /* significand */
    int exponent;
    int min_exponent; /* of the smallest numbers of the format */
    uint32_t precision;
    bool negative, finite;
} decoded;

static decoded decode(ir_float f, const uint64_t *bits) {
    const float_format *t = &formats[f];
    decoded d = {.precision = t->mantissa_bits + 1u, .finite = true};
    uint32_t m = t->mantissa_bits;
    uint64_t mantissa_low = bits[0], mantissa_high = 0, top;
    if (f == IR_F80) {
        top = bits[1];
    } else if (f == IR_F128) {
        mantissa_high = bits[1] & ((UINT64_C(1) << 48) - 1);
        top = bits[1] >> 48;
    } else {
        mantissa_low = bits[0] & ((UINT64_C(1) << m) - 1);
        top = bits[0] >> m;
    }
    uint32_t exponent_ones = (1u << t->exponent_bits) - 1;
    uint32_t e = (uint32_t)top & exponent_ones;
    d.negative = t->special != ONLY_EXPONENT && (top >> t->exponent_bits & 1);
    bool zero_mantissa = !mantissa_low && !mantissa_high;
    switch (t->special) {
    case IEEE: d.finite = e != exponent_ones; break;
    case NAN_ALL_ONES: d.finite = e != exponent_ones || mantissa_low != (UINT64_C(1) << m) - 1; break;
    case NAN_NEG_ZERO: d.finite = !(d.negative && e == 0 && zero_mantissa); break;
    case ONLY_EXPONENT: d.finite = e != exponent_ones; break;
    default: break;
    }
    d.min_exponent = (t->special == ONLY_EXPONENT ? 0 : 1) - t->bias - (int)m;
    if (t->special == ONLY_EXPONENT) {
        d.low = 1;
        d.exponent = (int)e - t->bias;
        return d;
    }
    d.low = mantissa_low;
    d.high = mantissa_high;
    d.exponent = (e ? (int)e : 1) - t->bias - (int)m;
    if (e && f != IR_F80) {
        if (m >= 64)
            d.high |= UINT64_C(1) << (m - 64);
        else
            d.low |= UINT64_C(1) << m;
    }
    return d;
}

/* ---- digits --------------------------------------------------------------------------------------------------- */

enum { MAX_DIGITS = 64 };

/* value = digits * 10^exponent, the most significant digit first, no zeros at either end. */
typedef struct decimal {
    char digit[MAX_DIGITS];
    uint32_t n;
    int exponent;
    bool exact;
} decimal;

/* The exact value as an integer times 10^exponent. */
static void to_big(const decoded *d, big *b, int *exponent) {
    uint64_t low = d->low, high = d->high;
    int e = d->exponent;
    uint32_t zeros = low ? (uint32_t)__builtin_ctzll(low) : high ? 64 + (uint32_t)__builtin_ctzll(high) : 0;
    e += (int)zeros;
    if (zeros >= 64) {
        low = high >> (zeros - 64);
        high = 0;
    } else if (zeros) {
        low = low >> zeros | high << (64 - zeros);
        high >>= zeros;
    }
    big_set(b, low, high);
    *exponent = 0;
    if (e > 0) {
        big_shift_left(b, (uint32_t)e);
    } else if (e < 0) {
        big_multiply_pow5(b, (uint32_t)-e);
        *exponent = e;
    }
}

/* At most `precision` significant digits: surplus ones cut in bulk, the few that remain rounded half up. */
static void to_decimal(big *b, int exponent, uint32_t precision, decimal *out) {
    uint32_t bits = big_bits(b);
    uint32_t needed = (precision * 196 + 58) / 59; /* 196/59: a little over log2(10) */
    out->exact = true;
    if (bits > needed) {
        uint32_t tens = (bits - needed) * 59 / 196;
        exponent += (int)tens;
        for (; tens >= 9; tens -= 9)
            out->exact &= big_divide(b, 1000000000) == 0;
        uint32_t rest = 1;
        while (tens--)
            rest *= 10;
        if (rest > 1)
            out->exact &= big_divide(b, rest) == 0;
    }
    char reversed[MAX_DIGITS];
    uint32_t n = 0;
    while (b->n && n < MAX_DIGITS) {
        uint32_t digit = big_divide(b, 10);
        if (n == 0 && digit == 0)
            exponent++; /* zeros at the end count in the exponent */
        else
            reversed[n++] = (char)digit;
    }
    uint32_t from = 0;
    if (n > precision) {
        from = n - precision;
        for (uint32_t i = 0; i < from; i++)
            out->exact &= reversed[i] == 0;
        if (reversed[from - 1] < 5) {
            while (from < n && reversed[from] == 0)
                from++;
        } else {
            while (from < n && reversed[from] == 9)
                from++;
            if (from < n) {
                reversed[from]++;
            } else {
                reversed[--from] = 1;
                exponent++;
            }
        }
    }
    out->exponent = exponent + (int)from;
    out->n = n - from;
    for (uint32_t i = 0; i < out->n; i++)
        out->digit[i] = reversed[n - 1 - i];
}

/* Compares the decimal with significand * 2^exponent. */
static int compare_with(const decimal *x, uint64_t low, uint64_t high, int exponent, big *a, big *b) {
    a->n = 0;
    for (uint32_t i = 0; i < x->n; i++) {
        big_multiply(a, 10);
        if (a->n == 0)
            big_set(a, (uint64_t)x->digit[i], 0);
        else
            a->w[0] += (uint32_t)x->digit[i]; /* at most six digits: no carry */
    }
    big_set(b, low, high);
    /* x * 5^e * 2^e against b * 2^exponent: move the fives and twos to the side where they multiply. */
    int twos = x->exponent - exponent;
    if (x->exponent >= 0)
        big_multiply_pow5(a, (uint32_t)x->exponent);
    else
        big_multiply_pow5(b, (uint32_t)-x->exponent);
    if (twos >= 0)
        big_shift_left(a, (uint32_t)twos);
    else
        big_shift_left(b, (uint32_t)-twos);
    return big_compare(a, b);
}

/* Whether reading the decimal (at most six digits) gives the number back, rounding to nearest, ties to even. */
static bool reads_back(const decoded *d, const decimal *x, big *a, big *b) {
    if (x->exact)
        return true;
    bool even = !(d->low & 1);
    /* Half way to the next number above: (2s + 1) * 2^(e - 1). */
    uint64_t high = d->high << 1 | d->low >> 63;
    int above = compare_with(x, d->low << 1 | 1, high, d->exponent - 1, a, b);
    if (above > 0 || (above == 0 && !even))
        return false;
    /* Half way to the one below, which is nearer when the significand is a power of two: (4s - 1) * 2^(e - 2). */
    uint32_t top = d->precision - 1;
    bool power =
        top >= 64 ? d->low == 0 && d->high == UINT64_C(1) << (top - 64) : !d->high && d->low == UINT64_C(1) << top;
    int shift = power && d->exponent > d->min_exponent ? 2 : 1;
    high = d->high << shift | d->low >> (64 - shift);
    uint64_t low = d->low << shift;
    high -= low == 0;
    low--;
    int below = compare_with(x, low, high, d->exponent - shift, a, b);
    return below > 0 || (below == 0 && even);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void write_digits(printer *p, const decimal *x, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++)
        print_char(p, (char)('0' + x->digit[i]));
}

static void write_zeros(printer *p, int n) {
    while (n-- > 0)
        print_char(p, '0');
}

/* 1.500000e+00 */
static void write_six(printer *p, const decimal *x) {
    int e = x->exponent + (int)x->n - 1;
    write_digits(p, x, 0, 1);
    print_char(p, '.');
    write_digits(p, x, 1, x->n);
    write_zeros(p, 7 - (int)x->n);
    print_char(p, 'e');
    print_char(p, e < 0 ? '-' : '+');
    uint32_t magnitude = (uint32_t)(e < 0 ? -e : e);
    if (magnitude < 10)
        print_char(p, '0');
    print_u64(p, magnitude);
}

/* 0.0123, 12.3 or 1.23E-10; false when the text would have no '.'. */
static bool write_plain(printer *p, const decimal *x, uint32_t precision, bool negative) {
    int e = x->exponent, n = (int)x->n;
    int first = e + n - 1; /* power of the first digit */
    bool scientific;
    if (e >= 0)
        scientific = e > 3 || n + e > (int)precision;
    else
        scientific = first < 0 && -first > 3;
    if (!scientific && e >= 0)
        return false;
    if (negative)
        print_char(p, '-');
    if (scientific) {
        write_digits(p, x, 0, 1);
        print_char(p, '.');
        if (n == 1)
            print_char(p, '0');
        write_digits(p, x, 1, x->n);
        print_char(p, 'E');
        print_char(p, first < 0 ? '-' : '+');
        print_u64(p, (uint64_t)(first < 0 ? -first : first));
    } else if (first >= 0) {
        write_digits(p, x, 0, (uint32_t)first + 1);
        print_char(p, '.');
        write_digits(p, x, (uint32_t)first + 1, x->n);
    } else {
        print_lit(p, "0.");
        write_zeros(p, -first - 1);
        write_digits(p, x, 0, x->n);
    }
    return true;
}

static void write_hex(printer *p, ir_float f, const uint64_t *bits) {
    uint32_t width = ir_float_infos[f].bits;
    bool started = false;
    print_lit(p, "0x");
    for (int i = (int)(width + 3) / 4; i-- > 0;) {
        uint32_t digit = (uint32_t)(bits[i / 16] >> (i % 16 * 4)) & 15;
        if (!digit && !started && i)
            continue;
        started = true;
        print_char(p, "0123456789ABCDEF"[digit]);
    }
}

bool print_float(printer *p, ir_float f, const uint64_t *bits) {
    if (p->collecting)
        return false;
    decoded d = decode(f, bits);
    if (!d.finite) {
        write_hex(p, f, bits);
        return true;
    }
    if (!d.low && !d.high) {
        if (d.negative)
            print_char(p, '-');
        print_lit(p, "0.000000e+00");
        return false;
    }
    big exact, a, b;
    int exponent;
    decimal x;
    to_big(&d, &exact, &exponent);
    big_copy(&a, &exact);
    to_decimal(&a, exponent, 6, &x);
    if (reads_back(&d, &x, &a, &b)) {
        if (d.negative)
            print_char(p, '-');
        write_six(p, &x);
        return false;
    }
    uint32_t precision = 2 + d.precision * 59 / 196;
    to_decimal(&exact, exponent, precision, &x);
    if (write_plain(p, &x, precision, d.negative))
        return false;
    write_hex(p, f, bits);
    return true;
}
