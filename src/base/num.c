/* Text to number and back.
 *
 * Decimal to double, three steps, each taken when the one before cannot decide:
 *   1. Clinger: mantissa below 2^53 and a power of ten of at most 22 are exact, so one division or product is
 *      correctly rounded.
 *   2. Eisel-Lemire: the mantissa times the 128 leading bits of the power of ten; right for all but a sliver of
 *      inputs, which it recognises.
 *   3. strtod in the C locale over a normalised copy.
 *
 * Double to decimal: the nearest decimal of 15, 16 or 17 digits is computed with the same table and read back; the
 * first that gives the same double is the shortest.
 */
#define _GNU_SOURCE /* strtod_l */
#include "base/num.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "base/pow10.h"

/* --- integers ------------------------------------------------------------------------------------------------ */

int num_hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool num_parse_u64(str s, uint64_t *out) {
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    *out = v;
    return s.n > 0;
}

bool num_parse_hex_u64(str s, uint64_t *out) {
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        int digit = num_hex_digit(s.p[i]);
        if (digit < 0 || v >> 60)
            return false;
        v = v << 4 | (unsigned)digit;
    }
    *out = v;
    return s.n > 0;
}

bool num_parse_i64(str s, int64_t *out) {
    bool negative = s.n && s.p[0] == '-';
    uint64_t v;
    if (!num_parse_u64(negative ? str_from(s, 1) : s, &v) || v > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* --- decimal to floating point ------------------------------------------------------------------------------- */

/* A decimal number as read: mantissa * 10^exponent. */
struct num_decimal {
    uint64_t mantissa; /* of the first 19 significant digits */
    int64_t exponent;
    bool negative;
    bool cut;   /* there were more than 19 significant digits, not all of the rest zero */
    str digits; /* the digits and the point as written, for step 3 */
};

static const double num_exact_pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* The slow road of num_scan for numbers of more than 19 digits: fills mantissa, exponent and cut. `exponent` is
 * what was written after the e. */
static void num_scan_long(struct num_decimal *d, int64_t exponent) {
    uint64_t mantissa = 0;
    int kept = 0;
    bool point = false, cut = false;
    for (size_t i = 0; i < d->digits.n; i++) {
        char c = d->digits.p[i];
        if (c == '.') {
            point = true;
        } else if (kept < 19) {
            mantissa = mantissa * 10 + (uint64_t)(c - '0');
            kept += mantissa != 0; /* leading zeros are free */
            exponent -= point;
        } else {
            cut |= c != '0';
            exponent += !point;
        }
    }
    d->mantissa = mantissa;
    d->exponent = exponent;
    d->cut = cut;
}

/* Reads the form of num_parse_double. Returns the bytes taken, 0 when there is no number. */
static size_t num_scan(str s, struct num_decimal *d) {
    if (s.n == 0) /* p may be NULL */
        return 0;
    const char *p = s.p, *end = s.p + s.n;
    d->negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    const char *start = p;
    uint64_t mantissa = 0; /* wraps when there are more than 19 digits; num_scan_long then does it again */
    for (; p < end && (unsigned char)(*p - '0') <= 9; p++)
        mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    size_t digits = (size_t)(p - start);
    int64_t exponent = 0;
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        for (; p < end && (unsigned char)(*p - '0') <= 9; p++)
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        exponent = -(int64_t)(p - fraction);
        digits += (size_t)(p - fraction);
    }
    if (digits == 0)
        return 0;
    d->digits = str_of(start, (size_t)(p - start));
    int64_t written = 0;
    if (p < end && (*p == 'e' || *p == 'E')) {
        const char *q = p + 1;
        bool minus = q < end && *q == '-';
        if (q < end && (*q == '-' || *q == '+'))
            q++;
        if (q < end && (unsigned char)(*q - '0') <= 9) {
            for (; q < end && (unsigned char)(*q - '0') <= 9; q++)
                if (written < 1000000000) /* far beyond any double, far from overflow */
                    written = written * 10 + (*q - '0');
            written = minus ? -written : written;
            p = q;
        }
    }
    d->mantissa = mantissa;
    d->exponent = exponent + written;
    d->cut = false;
    if (UNLIKELY(digits > 19))
        num_scan_long(d, written);
    return (size_t)(p - s.p);
}

/* Step 2. False when the 128 bits of the power do not decide. `w` is not 0. */
static bool num_eisel_lemire(uint64_t w, int64_t q, double *out) {
    if (q < POW10_FIRST) {
        *out = 0;
        return true;
    }
    if (q > POW10_LAST) {
        *out = INFINITY;
        return true;
    }
    const uint64_t *power = pow10_bits[q - POW10_FIRST];
    int lz = __builtin_clzll(w);
    w <<= lz;
    unsigned __int128 product = (unsigned __int128)w * power[0];
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if ((high & 0x1ff) == 0x1ff) { /* the low word of the power may carry into the 55 bits that count */
        uint64_t more = (uint64_t)((unsigned __int128)w * power[1] >> 64);
        low += more;
        high += low < more;
    }
    if (low == UINT64_MAX && (q < -27 || q > 55))
        return false;
    int upper = (int)(high >> 63);
    int shift = upper + 9;
    uint64_t mantissa = high >> shift; /* 54 bits: 53 and one for rounding */
    int exponent = pow10_log2((int)q) + 63 + upper - lz + 1023;
    uint64_t bits;
    if (exponent <= 0) { /* subnormal */
        if (1 - exponent >= 64) {
            *out = 0;
            return true;
        }
        mantissa >>= 1 - exponent;
        mantissa += mantissa & 1;
        bits = mantissa >> 1; /* a carry into bit 52 makes the smallest normal number */
    } else {
        /* Exactly half way, which only small powers can be: to even. */
        if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << shift == high)
            mantissa &= ~(uint64_t)1;
        mantissa += mantissa & 1;
        mantissa >>= 1;
        if (mantissa >> 53) {
            mantissa >>= 1;
            exponent++;
        }
        if (exponent >= 2047) {
            *out = INFINITY;
            return true;
        }
        bits = (mantissa & ~((uint64_t)1 << 52)) | (uint64_t)exponent << 52;
    }
    memcpy(out, &bits, sizeof *out);
    return true;
}

enum { NUM_DIGITS_MAX = 780 }; /* more than 767 significant digits never change a double, except by being there */

#ifdef __wasm__ /* has the C locale only */
#define strtod_l(text, end, locale) strtod((text), (end))
#define strtof_l(text, end, locale) strtof((text), (end))
#endif

/* Writes `d` as digits and an exponent that strtod takes, without point or leading zeros. */
static void num_normalise(const struct num_decimal *d, char *text, size_t size) {
    size_t n = 0;
    int64_t exponent = d->exponent;
    bool rest = false;
    int kept = 0; /* digits that are counted in d->mantissa */
    for (size_t i = 0; i < d->digits.n; i++) {
        char c = d->digits.p[i];
        if (c == '.' || (n == 0 && c == '0'))
            continue;
        if (n < NUM_DIGITS_MAX)
            text[n++] = c;
        else
            rest |= c != '0';
        kept++;
    }
    if (rest && text[n - 1] == '0')
        text[n - 1] = '1';
    /* d->exponent belongs to the first 19 digits when there are more. */
    if (kept > 19)
        exponent -= (int64_t)n - 19;
    if (exponent > 100000)
        exponent = 100000;
    if (exponent < -100000)
        exponent = -100000;
    snprintf(text + n, size - n, "e%d", (int)exponent);
}

static double num_strtod(const struct num_decimal *d) {
    char text[NUM_DIGITS_MAX + 16];
    num_normalise(d, text, sizeof text);
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* glibc and musl: a constant, nothing allocated */
    double v = c ? strtod_l(text, NULL, c) : 0;
    if (c)
        freelocale(c);
    return v;
}

static float num_strtof(const struct num_decimal *d) {
    char text[NUM_DIGITS_MAX + 16];
    num_normalise(d, text, sizeof text);
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    float v = c ? strtof_l(text, NULL, c) : 0;
    if (c)
        freelocale(c);
    return v;
}

/* The absolute value of `d` as a double. */
static double num_to_double(const struct num_decimal *d) {
    double v, next;
    if (LIKELY(!d->cut && d->mantissa <= (uint64_t)1 << 53 && d->exponent >= -22 && d->exponent <= 22)) {
        v = (double)d->mantissa;
        return d->exponent < 0 ? v / num_exact_pow10[-d->exponent] : v * num_exact_pow10[d->exponent];
    }
    if (d->mantissa == 0)
        return 0;
    if (num_eisel_lemire(d->mantissa, d->exponent, &v)) {
        if (!d->cut)
            return v;
        /* The true value lies between this mantissa and the next. */
        if (num_eisel_lemire(d->mantissa + 1, d->exponent, &next) && next == v)
            return v;
    }
    return num_strtod(d);
}

size_t num_parse_double(str s, double *out) {
    struct num_decimal d;
    size_t n = num_scan(s, &d);
    if (n) {
        double v = num_to_double(&d);
        *out = d.negative ? -v : v;
    }
    return n;
}

size_t num_parse_float(str s, float *out) {
    struct num_decimal d;
    size_t n = num_scan(s, &d);
    if (!n)
        return 0;
    double v = num_to_double(&d);
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    float f;
    /* Rounding twice is only wrong when the double lies exactly between two floats, or below the normal floats
     * where the place of the middle differs. */
    if (UNLIKELY((bits & 0x1fffffff) == 0x10000000 || (v < FLT_MIN * 2 && v > 0)))
        f = num_strtof(&d);
    else if (UNLIKELY(v > FLT_MAX))
        f = bits < 0x47effffff0000000u ? FLT_MAX : INFINITY; /* the middle between FLT_MAX and 2^128 */
    else
        f = (float)v;
    *out = d.negative ? -f : f;
    return n;
}

/* --- floating point to decimal ------------------------------------------------------------------------------- */

/* mantissa * 2^exponent / 10^q, rounded to an integer; the result has about 60 bits at most. */
static uint64_t num_scale(uint64_t mantissa, int exponent, int q) {
    const uint64_t *power = pow10_bits[-q - POW10_FIRST];
    int lz = __builtin_clzll(mantissa);
    mantissa <<= lz;
    unsigned __int128 product = (unsigned __int128)mantissa * power[0];
    product += (unsigned __int128)mantissa * power[1] >> 64;
    /* product = value * 2^127 (the power is scaled by 2^(127 - log2), of which 64 bits are cut below it) */
    int shift = -(exponent - lz + pow10_log2(-q) - 63);
    if (shift <= 0 || shift >= 128)
        return 0;
    return (uint64_t)((product + ((unsigned __int128)1 << (shift - 1))) >> shift);
}

/* Writes digits * 10^exponent the way %g does, without trailing zeros. */
static size_t num_write_digits(char *out, uint64_t digits, int exponent) {
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    char text[20];
    size_t n = 0;
    for (uint64_t v = digits; v; v /= 10)
        text[sizeof text - ++n] = (char)('0' + v % 10);
    const char *p = text + sizeof text - n;
    int point = (int)n + exponent; /* digits before the decimal point */
    char *to = out;
    if (point > 0 && point <= 17) {
        if ((int)n <= point) { /* an integer */
            memcpy(to, p, n);
            to += n;
            memset(to, '0', (size_t)point - n);
            to += (size_t)point - n;
        } else {
            memcpy(to, p, (size_t)point);
            to += point;
            *to++ = '.';
            memcpy(to, p + point, n - (size_t)point);
            to += n - (size_t)point;
        }
        return (size_t)(to - out);
    }
    if (point <= 0 && point > -4) {
        *to++ = '0';
        *to++ = '.';
        memset(to, '0', (size_t)-point);
        to += -point;
        memcpy(to, p, n);
        return (size_t)(to + n - out);
    }
    *to++ = p[0];
    if (n > 1) {
        *to++ = '.';
        memcpy(to, p + 1, n - 1);
        to += n - 1;
    }
    int e = point - 1;
    *to++ = 'e';
    *to++ = e < 0 ? '-' : '+';
    e = e < 0 ? -e : e;
    if (e >= 100)
        *to++ = (char)('0' + e / 100);
    *to++ = (char)('0' + e / 10 % 10);
    *to++ = (char)('0' + e % 10);
    return (size_t)(to - out);
}

static bool num_reads_back(uint64_t decimal, int exponent, double v) {
    struct num_decimal d = {.mantissa = decimal, .exponent = exponent};
    return decimal && num_to_double(&d) == v;
}

/* The slow road: asks the C library for 1, 2, ... digits. */
static size_t num_format_tiny(char *out, double v) {
    for (int digits = 1;; digits++) {
        char text[40];
        snprintf(text, sizeof text, "%.*e", digits - 1, v);
        uint64_t decimal = 0;
        const char *p = text;
        for (; *p && *p != 'e'; p++)
            if (*p >= '0' && *p <= '9') /* the point may be a comma here */
                decimal = decimal * 10 + (uint64_t)(*p - '0');
        int exponent = (int)strtol(p + 1, NULL, 10) - (digits - 1);
        if (digits == 17 || num_reads_back(decimal, exponent, v))
            return num_write_digits(out, decimal, exponent);
    }
}

size_t num_format_double(char *out, double v) {
    if (v != v) {
        memcpy(out, "nan", 3);
        return 3;
    }
    size_t sign = 0;
    if (signbit(v)) {
        out[sign++] = '-';
        v = -v;
    }
    if (v > DBL_MAX) {
        memcpy(out + sign, "inf", 3);
        return sign + 3;
    }
    if (v == 0) {
        out[sign] = '0';
        return sign + 1;
    }
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
    int exponent = (int)(bits >> 52);
    if (exponent)
        mantissa |= (uint64_t)1 << 52;
    else
        exponent = 1;
    exponent -= 1075;
    /* floor(log10(v)), or one too low. */
    int log10 = ((exponent + 63 - __builtin_clzll(mantissa)) * 1233) >> 12;
    if (16 - log10 > POW10_LAST) /* the table ends before the smallest doubles do */
        return sign + num_format_tiny(out + sign, v);
    if (num_scale(mantissa, exponent, log10 - 14) >= 1000000000000000u)
        log10++;
    for (int digits = 15; digits <= 17; digits++) {
        int q = log10 - digits + 1;
        uint64_t decimal = num_scale(mantissa, exponent, q);
        if (num_reads_back(decimal, q, v))
            return sign + num_write_digits(out + sign, decimal, q);
    }
    return sign + num_format_tiny(out + sign, v); /* 17 digits always read back, so this is not reached */
}

/* --- statistics ---------------------------------------------------------------------------------------------- */

static int num_by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double num_median(double *v, size_t n) {
    if (n == 0)
        return (double)NAN;
    qsort(v, n, sizeof *v, num_by_size);
    return n % 2 ? v[n / 2] : v[n / 2 - 1] / 2 + v[n / 2] / 2;
}
