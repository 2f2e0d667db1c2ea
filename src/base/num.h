/* Numbers: size arithmetic that notices overflow, and text to number.
 *
 * Nothing here looks at the locale: a decimal point is '.', always.
 */
#ifndef TTX_BASE_NUM_H
#define TTX_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* *out = a + b, a * b. False (and *out unspecified) when the result does not fit. */
static inline bool num_add_size(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}
static inline bool num_mul_size(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool num_add_i64(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_add_overflow(a, b, out);
}
static inline bool num_mul_i64(int64_t a, int64_t b, int64_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

/* The value of a hexadecimal digit, or -1. */
int num_hex_digit(char c);

/* The whole of `s` as an unsigned decimal number. False when it is empty, has another character or overflows. */
bool num_parse_u64(str s, uint64_t *out);

/* The same for hexadecimal digits without the 0x. */
bool num_parse_hex_u64(str s, uint64_t *out);

/* The same for an optional '-' and decimal digits. */
bool num_parse_i64(str s, int64_t *out);

/* The decimal floating-point number at the start of `s`, correctly rounded (to nearest, ties to even):
 *     [-+]? digits* ('.' digits*)? ([eE] [-+]? digits+)?     with at least one digit before the exponent
 * Returns how many bytes it took, 0 when there is no number. Overflow gives infinity, underflow zero.
 * The C library is only asked in the rare case that the first 19 digits do not decide. */
size_t num_parse_double(str s, double *out);

/* The same, rounded once to float. */
size_t num_parse_float(str s, float *out);

enum { NUM_DOUBLE_MAX = 32 }; /* bytes num_format_double may write */

/* Writes the shortest decimal text that num_parse_double reads back as `v`: 0.1, 12, 1e+30, -2.5e-07; and nan, inf,
 * -inf. No zero byte; returns the length. */
size_t num_format_double(char *out, double v);

/* The median of `v`, the mean of the two in the middle when their number is even; NAN when n is 0. Sorts `v`. NANs, if
 * there are any, have no place in an order: the result is then unspecified. */
double num_median(double *v, size_t n);

#endif
