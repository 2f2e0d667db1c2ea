/* The loops over float or double lanes. Compiled once for each of them and each instruction set: VEC_MATH names the header
 * with the type and its functions, VEC_TABLE the table that this compilation makes. */
#include "exec/vec.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/platform.h"
#include "exec/special.h"
#include "exec/vec_loops.h"
#include "ir/node.h"

#ifndef VEC_MATH
#define VEC_MATH "exec/math_f32.h"
#define VEC_TABLE exec_vec_f32_base
#endif
#include VEC_MATH
#define LANE real

extern const struct vec VEC_TABLE;

/* --- one element -------------------------------------------------------------------------------------------------- */

#define SQRT_HALF REAL(0.70710678118654752440)
#define TWO_OVER_SQRT_PI REAL(1.12837916709551257390)
#define SQRT_2_OVER_PI REAL(0.79788456080286535588)
#define INV_SQRT_2PI REAL(0.39894228040143267794)

static inline real e_sigmoid(real x) {
    return 1 / (1 + m_exp(-x));
}
static inline real e_softplus(real x) {
    /* max(x, 0) + log(1 + exp(-|x|)): no overflow */
    real m = x > 0 ? x : 0, a = x > 0 ? -x : x;
    return x != x ? x : m + m_log1p(m_exp(a));
}
static inline real e_sign(real x) {
    return x != x ? x : (real)((x > 0) - (x < 0));
}
static inline real e_max(real a, real b) {
    real m = a > b ? a : b;
    m = b != b ? b : m;
    return a != a ? a : m;
}
static inline real e_min(real a, real b) {
    real m = a < b ? a : b;
    m = b != b ? b : m;
    return a != a ? a : m;
}
static inline real e_clamp(real x, real lo, real hi) {
    return e_min(e_max(x, lo), hi);
}
static inline real e_floor(real x) {
    return (real)floor((double)x);
}
static inline real e_gelu_tanh(real x) {
    return REAL(0.5) * x * (1 + m_tanh(SQRT_2_OVER_PI * (x + REAL(0.044715) * x * x * x)));
}
static inline real e_gelu_bw(real g, real x) {
    real cdf = REAL(0.5) * (1 + m_erf(x * SQRT_HALF));
    return g * (cdf + x * m_exp(REAL(-0.5) * x * x) * INV_SQRT_2PI);
}
static inline real e_gelu_tanh_bw(real g, real x) {
    real t = m_tanh(SQRT_2_OVER_PI * (x + REAL(0.044715) * x * x * x));
    real inner = SQRT_2_OVER_PI * (1 + 3 * REAL(0.044715) * x * x);
    return g * (REAL(0.5) * (1 + t) + REAL(0.5) * x * (1 - t * t) * inner);
}

/* --- loops -------------------------------------------------------------------------------------------------------- */

UNARY(COPY, x)
UNARY(ABS, x < 0 ? -x : x == 0 ? 0 : x)
UNARY(NEG, -x)
UNARY(CEIL, ceil(x))
UNARY(FLOOR, floor(x))
UNARY(TRUNC, trunc(x))
UNARY(ROUND_EVEN, rint(x))
UNARY(ROUND_AWAY, round(x))
UNARY(TAN, tan((double)x))
UNARY(SINH, sinh((double)x))
UNARY(COSH, cosh((double)x))
UNARY(TANH, m_tanh(x))
UNARY(ASIN, asin((double)x))
UNARY(ACOS, acos((double)x))
UNARY(ATAN, atan((double)x))
UNARY(ASINH, asinh((double)x))
UNARY(ACOSH, acosh((double)x))
UNARY(ATANH, atanh((double)x))
UNARY(EXP, m_exp(x))
UNARY(EXP2, exp2((double)x))
UNARY(EXPM1, m_expm1(x))
UNARY(LOG, m_log(x))
UNARY(LOG1P, m_log1p(x))
UNARY(SQRT, sqrt(x))
UNARY(RSQRT, 1 / (real)sqrt(x))
UNARY(CBRT, cbrt((double)x))
UNARY(ERF, m_erf(x))
UNARY(ERFC, erfc((double)x))
UNARY(ERF_INV, special_erf_inv((double)x))
UNARY(LGAMMA, lgamma((double)x))
UNARY(DIGAMMA, special_digamma((double)x))
UNARY(BESSEL_I1E, special_bessel_i1e((double)x))
UNARY(RECIPROCAL, 1 / x)
UNARY(SIGN, e_sign(x))
UNARY(SQUARE, x *x)
UNARY(ISFINITE, x - x == 0)
UNARY(ISINF, x - x != 0 && x == x)
UNARY(ISPOSINF, x == INFINITY)
UNARY(ISNEGINF, x == -INFINITY)
UNARY(SIGNBIT, signbit(x) != 0)
UNARY(FRAC, x - trunc(x))
UNARY(GELU, REAL(0.5) * x * (1 + m_erf(x * SQRT_HALF)))
UNARY(GELU_TANH, e_gelu_tanh(x))
UNARY(SIGMOID, e_sigmoid(x))
UNARY(SILU, x *e_sigmoid(x))
UNARY(MISH, x *m_tanh(e_softplus(x)))
UNARY(RELU, x < 0 ? 0 : x)
UNARY(RELU6, e_clamp(x, 0, 6))
UNARY(SOFTSIGN, x / (1 + (x < 0 ? -x : x)))
UNARY(SOFTPLUS, e_softplus(x))
UNARY(HARDSIGMOID, e_clamp(x / 6 + REAL(0.5), 0, 1))
UNARY(LEAKY_RELU, x < 0 ? x * (real)p[0] : x)
UNARY(SELU, (real)p[0] * (x > 0 ? x : (real)p[1] * m_expm1(x)))
UNARY(CLAMP_SCALAR, e_clamp(x, (real)p[0], (real)p[1]))
UNARY(NOT, x == 0)
UNARY(NONZERO, x != 0)

BINARY(ADD, x + y)
BINARY(SUB, x - y)
BINARY(MUL, x *y)
BINARY(DIV, x / y)
BINARY(REMAINDER, x - e_floor(x / y) * y)
BINARY(FMOD, fmod((double)x, (double)y))
BINARY(MAX, e_max(x, y))
BINARY(MIN, e_min(x, y))
BINARY(ATAN2, atan2((double)x, (double)y))
BINARY(EQ, x == y)
BINARY(NE, x != y)
BINARY(LT, x < y)
BINARY(LE, x <= y)
BINARY(GT, x > y)
BINARY(GE, x >= y)
BINARY(AND, (x != 0) & (y != 0))
BINARY(OR, (x != 0) | (y != 0))
BINARY(XOR, (x != 0) != (y != 0))
BINARY(GELU_BW, e_gelu_bw(x, y))
BINARY(GELU_TANH_BW, e_gelu_tanh_bw(x, y))
BINARY(ZETA, special_zeta((double)x, (double)y))
BINARY(POLYGAMMA, special_polygamma((double)x, (double)y))
/* Of numbers narrower than f32 the parameters tell the digits. */
BINARY(NEXT_AFTER, p[0] != 0           ? (real)special_next_after((double)x, (double)y, (int)p[0], (int)p[1])
                   : sizeof(real) == 4 ? (real)nextafterf((float)x, (float)y)
                                       : (real)nextafter((double)x, (double)y))

/* Powers: the usual constant exponents without the C library. */
static void op_POW(void *d_, const void *a_, const void *b_, const void *c_, size_t n, const double *p) {
    real *restrict d = d_;
    const real *a = a_, *b = b_;
    (void)c_, (void)p;
    bool same = true;
    for (size_t i = 1; i < n; i++)
        same &= b[i] == b[0];
    if (n && same && b[0] == 2) {
        for (size_t i = 0; i < n; i++)
            d[i] = a[i] * a[i];
    } else if (n && same && b[0] == 3) {
        for (size_t i = 0; i < n; i++)
            d[i] = a[i] * a[i] * a[i];
    } else {
        for (size_t i = 0; i < n; i++)
            d[i] = (real)pow((double)a[i], (double)b[i]);
    }
}

/* Where any argument is large, the C library reduces it exactly. */
#define PERIODIC(name, small, exact)                                                                             \
    static void op_##name(void *d_, const void *a_, const void *b_, const void *c_, size_t n, const double *p) { \
        real *restrict d = d_;                                                                                   \
        const real *a = a_;                                                                                      \
        (void)b_, (void)c_, (void)p;                                                                             \
        real limit = (real)MATH_SIN_LIMIT;                                                                       \
        bool fits = true;                                                                                        \
        for (size_t i = 0; i < n; i++)                                                                           \
            fits &= a[i] < limit && a[i] > -limit;                                                               \
        if (fits) {                                                                                              \
            for (size_t i = 0; i < n; i++)                                                                       \
                d[i] = small(a[i]);                                                                              \
        } else {                                                                                                 \
            for (size_t i = 0; i < n; i++)                                                                       \
                d[i] = (real)exact((double)a[i]);                                                                \
        }                                                                                                        \
    }
PERIODIC(SIN, m_sin_small, sin)
PERIODIC(COS, m_cos_small, cos)

static void op_SELECT(void *d_, const void *a_, const void *b_, const void *c_, size_t n, const double *p) {
    real *restrict d = d_;
    const real *a = a_, *b = b_, *c = c_;
    (void)p;
    for (size_t i = 0; i < n; i++)
        d[i] = a[i] != 0 ? b[i] : c[i];
}

static void op_CLAMP(void *d_, const void *a_, const void *b_, const void *c_, size_t n, const double *p) {
    real *restrict d = d_;
    const real *a = a_, *b = b_, *c = c_;
    (void)p;
    for (size_t i = 0; i < n; i++)
        d[i] = e_clamp(a[i], b[i], c[i]);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static inline uint16_t bf16_of(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    uint32_t rounded = (u + 0x7fffu + (u >> 16 & 1)) >> 16;
    return (uint16_t)((u & 0x7fffffffu) > 0x7f800000u ? (u >> 16 | 0x40u) : rounded);
}

static inline float bf16_to(uint16_t h) {
    uint32_t u = (uint32_t)h << 16;
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* To half: numbers below its normal range are rounded by adding a number whose last place is theirs. */
static inline uint16_t f16_of(float x) {
    uint32_t u, sign;
    memcpy(&u, &x, sizeof u);
    sign = u >> 16 & 0x8000u;
    u &= 0x7fffffffu;
    uint32_t normal = (u + 0xc8000fffu + (u >> 13 & 1)) >> 13;
    float a, magic = 0.5f, sum;
    memcpy(&a, &u, sizeof a);
    sum = a + magic;
    uint32_t tiny;
    memcpy(&tiny, &sum, sizeof tiny);
    tiny -= 0x3f000000u;
    uint32_t h = u < 0x38800000u ? tiny : u >= 0x477ff000u ? 0x7c00u : normal;
    h = u > 0x7f800000u ? 0x7e00u : h;
    return (uint16_t)(h | sign);
}

static inline float f16_to(uint16_t h) {
    uint32_t u = (uint32_t)(h & 0x7fffu) << 13, sign = (uint32_t)(h & 0x8000u) << 16;
    float x;
    uint32_t exponent = u & 0x0f800000u;
    uint32_t normal = u + ((127 - 15) << 23) + (exponent == 0x0f800000u ? (uint32_t)(128 - 16) << 23 : 0);
    uint32_t shifted = u + (113u << 23), base = 113u << 23;
    float a, b;
    memcpy(&a, &shifted, sizeof a);
    memcpy(&b, &base, sizeof b);
    a -= b;
    uint32_t tiny;
    memcpy(&tiny, &a, sizeof tiny);
    uint32_t bits = (exponent == 0 ? tiny : normal) | sign;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Cuts towards zero; what is out of range becomes the nearest number, NaN zero. */
#define TO_INT(type, low, high) \
    (x != x ? 0 : (double)x <= (double)(low) ? (type)(low) : (double)x >= (double)(high) ? (type)(high) : (type)x)

MOVE(load_bool, real, uint8_t, x != 0)
MOVE(load_i8, real, int8_t, x)
MOVE(load_u8, real, uint8_t, x)
MOVE(load_i16, real, int16_t, x)
MOVE(load_u16, real, uint16_t, x)
MOVE(load_i32, real, int32_t, x)
MOVE(load_u32, real, uint32_t, x)
MOVE(load_i64, real, int64_t, x)
MOVE(load_u64, real, uint64_t, x)
MOVE(load_f16, real, uint16_t, f16_to(x))
MOVE(load_bf16, real, uint16_t, bf16_to(x))
MOVE(load_f32, real, float, x)
MOVE(load_f64, real, double, x)
MOVE(store_bool, uint8_t, real, x != 0)
MOVE(store_i8, int8_t, real, TO_INT(int8_t, INT8_MIN, INT8_MAX))
MOVE(store_u8, uint8_t, real, TO_INT(uint8_t, 0, UINT8_MAX))
MOVE(store_i16, int16_t, real, TO_INT(int16_t, INT16_MIN, INT16_MAX))
MOVE(store_u16, uint16_t, real, TO_INT(uint16_t, 0, UINT16_MAX))
MOVE(store_i32, int32_t, real, TO_INT(int32_t, INT32_MIN, INT32_MAX))
MOVE(store_u32, uint32_t, real, TO_INT(uint32_t, 0, UINT32_MAX))
MOVE(store_i64, int64_t, real, TO_INT(int64_t, INT64_MIN, INT64_MAX))
MOVE(store_u64, uint64_t, real, TO_INT(uint64_t, 0, UINT64_MAX))
MOVE(store_f16, uint16_t, real, f16_of((float)x))
MOVE(store_bf16, uint16_t, real, bf16_of((float)x))
MOVE(store_f32, float, real, x)
MOVE(store_f64, double, real, x)

MOVE(round_bool, real, real, x != 0)
MOVE(round_i8, real, real, TO_INT(int8_t, INT8_MIN, INT8_MAX))
MOVE(round_u8, real, real, TO_INT(uint8_t, 0, UINT8_MAX))
MOVE(round_i16, real, real, TO_INT(int16_t, INT16_MIN, INT16_MAX))
MOVE(round_u16, real, real, TO_INT(uint16_t, 0, UINT16_MAX))
MOVE(round_i32, real, real, TO_INT(int32_t, INT32_MIN, INT32_MAX))
MOVE(round_u32, real, real, TO_INT(uint32_t, 0, UINT32_MAX))
MOVE(round_i64, real, real, TO_INT(int64_t, INT64_MIN, INT64_MAX))
MOVE(round_u64, real, real, TO_INT(uint64_t, 0, UINT64_MAX))
MOVE(round_f16, real, real, f16_to(f16_of((float)x)))
MOVE(round_bf16, real, real, bf16_to(bf16_of((float)x)))
MOVE(round_f32, real, real, (float)x)

#define SMALL(dtype, format, name)                                       \
    MOVE(load_##dtype, real, uint8_t, ir_float_from_bits(format, x))     \
    MOVE(store_##dtype, uint8_t, real, ir_float_bits(format, (double)x)) \
    MOVE(round_##dtype, real, real, ir_float_from_bits(format, ir_float_bits(format, (double)x)))
TENSOR_SMALL_FLOATS(SMALL)

MOVE(from_f32, real, float, x)
MOVE(from_f64, real, double, x)
MOVE(from_i64, real, int64_t, x)

/* --- rows --------------------------------------------------------------------------------------------------------- */

/* Sums of a block in 16 lanes, four times over so that additions need not wait for each other; blocks in double. */
enum { LANES = 16, SETS = 4, BLOCK = 1024 };

#define BLOCK_SUM(name, args, expr)                                               \
    static double name args {                                                     \
        double total = 0;                                                         \
        for (size_t begin = 0; begin < n; begin += BLOCK) {                       \
            size_t end = n - begin < BLOCK ? n : begin + BLOCK, i = begin;        \
            real lane[LANES] = {0};                                               \
            if (end - i >= SETS * LANES) {                                        \
                real more[3][LANES] = {{0}};                                      \
                for (; i + SETS * LANES <= end; i += SETS * LANES)                \
                    for (size_t k = 0; k < LANES; k++) {                          \
                        lane[k] += expr(i + k);                                   \
                        more[0][k] += expr(i + LANES + k);                        \
                        more[1][k] += expr(i + 2 * LANES + k);                    \
                        more[2][k] += expr(i + 3 * LANES + k);                    \
                    }                                                             \
                for (size_t k = 0; k < LANES; k++)                                \
                    lane[k] = (lane[k] + more[0][k]) + (more[1][k] + more[2][k]); \
            }                                                                     \
            for (; i + LANES <= end; i += LANES)                                  \
                for (size_t k = 0; k < LANES; k++)                                \
                    lane[k] += expr(i + k);                                       \
            double sum = 0;                                                       \
            for (size_t k = 0; k < LANES; k++)                                    \
                sum += (double)lane[k];                                           \
            for (; i < end; i++)                                                  \
                sum += (double)(expr(i));                                         \
            total += sum;                                                         \
        }                                                                         \
        return total;                                                             \
    }

#define EXPR_SUM(i) s[i]
BLOCK_SUM(sum_of, (const real *s, size_t n), EXPR_SUM)
#define EXPR_SQUARE(i) ((s[i] - mean) * (s[i] - mean))
BLOCK_SUM(square_sum_of, (const real *s, real mean, size_t n), EXPR_SQUARE)
#define EXPR_DOT(i) (a[i] * b[i])
BLOCK_SUM(dot_of, (const real *a, const real *b, size_t n), EXPR_DOT)

static void fold_sum(void *d, const void *s, size_t n) {
    *(real *)d = (real)((double)*(real *)d + sum_of(s, n));
}

#define FOLD(name, expr)                                                                                       \
    static void fold_##name(void *d, const void *s_, size_t n) {                                               \
        const real *s = s_;                                                                                    \
        real lane[LANES], x = *(real *)d, y;                                                                   \
        size_t i = 0;                                                                                          \
        if (n >= 2 * SETS * LANES) {                                                                           \
            real set[SETS][LANES];                                                                             \
            memcpy(set, s, sizeof set);                                                                        \
            for (i = SETS * LANES; i + SETS * LANES <= n; i += SETS * LANES)                                   \
                for (size_t k = 0; k < LANES; k++) {                                                           \
                    real u0 = set[0][k], v0 = s[i + k], u1 = set[1][k], v1 = s[i + LANES + k];                 \
                    real u2 = set[2][k], v2 = s[i + 2 * LANES + k], u3 = set[3][k], v3 = s[i + 3 * LANES + k]; \
                    set[0][k] = expr(u0, v0);                                                                  \
                    set[1][k] = expr(u1, v1);                                                                  \
                    set[2][k] = expr(u2, v2);                                                                  \
                    set[3][k] = expr(u3, v3);                                                                  \
                }                                                                                              \
            for (size_t k = 0; k < LANES; k++) {                                                               \
                real u = expr(set[0][k], set[1][k]), v = expr(set[2][k], set[3][k]);                           \
                lane[k] = expr(u, v);                                                                          \
            }                                                                                                  \
        } else if (n >= LANES) {                                                                               \
            memcpy(lane, s, sizeof lane);                                                                      \
            for (i = LANES; i + LANES <= n; i += LANES)                                                        \
                for (size_t k = 0; k < LANES; k++) {                                                           \
                    real u = lane[k], v = s[i + k];                                                            \
                    lane[k] = expr(u, v);                                                                      \
                }                                                                                              \
        }                                                                                                      \
        for (size_t k = 0; i && k < LANES; k++) {                                                              \
            y = lane[k];                                                                                       \
            x = expr(x, y);                                                                                    \
        }                                                                                                      \
        for (; i < n; i++) {                                                                                   \
            y = s[i];                                                                                          \
            x = expr(x, y);                                                                                    \
        }                                                                                                      \
        *(real *)d = x;                                                                                        \
    }                                                                                                          \
    static void merge_##name(void *d_, const void *s_, size_t n) {                                             \
        real *restrict d = d_;                                                                                 \
        const real *s = s_;                                                                                    \
        for (size_t i = 0; i < n; i++)                                                                         \
            d[i] = expr(d[i], s[i]);                                                                           \
    }

#define EXPR_ADD(a, b) ((a) + (b))
#define EXPR_MUL(a, b) ((a) * (b))
#define EXPR_AND(a, b) ((real)((a) != 0 && (b) != 0))
#define EXPR_OR(a, b) ((real)((a) != 0 || (b) != 0))
#define EXPR_XOR(a, b) ((real)(((a) != 0) != ((b) != 0)))
FOLD(prod, EXPR_MUL)
FOLD(max, e_max)
FOLD(min, e_min)
FOLD(and, EXPR_AND)
FOLD(or, EXPR_OR)
FOLD(xor, EXPR_XOR)

static void merge_sum(void *d_, const void *s_, size_t n) {
    real *restrict d = d_;
    const real *s = s_;
    for (size_t i = 0; i < n; i++)
        d[i] += s[i];
}

enum { SHORT_ROW = 16 };

static void max_rows(void *d_, const void *s_, size_t n, size_t row, size_t step) {
    real *restrict d = d_;
    const real *s = s_;
    for (; n && row == SHORT_ROW; n--, d += SHORT_ROW, s += step) /* blocks of channels: a loop whose length is known */
        for (size_t k = 0; k < SHORT_ROW; k++)
            d[k] = e_max(d[k], s[k]);
    for (; n; n--, d += row, s += step)
        for (size_t k = 0; k < row; k++)
            d[k] = e_max(d[k], s[k]);
}

static double get(const void *s) {
    return (double)*(const real *)s;
}

static void spread(void *d_, size_t n) {
    real *d = d_, v = d[0];
    for (size_t i = 1; i < n; i++)
        d[i] = v;
}

static void set(void *d_, double v, size_t n) {
    real *d = d_;
    for (size_t i = 0; i < n; i++)
        d[i] = (real)v;
}

static double exp_sum(void *d_, const void *s_, double max, size_t n) {
    real *restrict d = d_;
    const real *s = s_;
    for (size_t i = 0; i < n; i++)
        d[i] = m_exp(s[i] - (real)max);
    return sum_of(d, n);
}

static double square_sum(const void *s, double mean, size_t n) {
    return square_sum_of(s, (real)mean, n);
}

static inline real finite_or_zero(real x) {
    return x - x == 0 ? x : 0;
}
#define EXPR_FINITE(i) (finite_or_zero(s[i]))
BLOCK_SUM(finite_sum_of, (const real *s, size_t n), EXPR_FINITE)
/* At most BLOCK numbers: the sums of (a - mean_a)^2, (b - mean_b)^2 and (a - mean_a) (b - mean_b), in BLOCK_SUM's order. */
static void moments_of(const real *a, real mean_a, const real *b, real mean_b, size_t n, double out[3]) {
    real s[3][SETS][LANES] = {{{0}}};
    size_t i = 0;
    for (; i + SETS * LANES <= n; i += SETS * LANES)
        for (size_t j = 0; j < SETS; j++)
            for (size_t k = 0; k < LANES; k++) {
                real x = finite_or_zero(a[i + j * LANES + k]) - mean_a,
                     y = finite_or_zero(b[i + j * LANES + k]) - mean_b;
                s[0][j][k] += x * x;
                s[1][j][k] += y * y;
                s[2][j][k] += x * y;
            }
    for (int j = 0; j < 3; j++)
        for (size_t k = 0; k < LANES; k++)
            s[j][0][k] = (s[j][0][k] + s[j][1][k]) + (s[j][2][k] + s[j][3][k]);
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            real x = finite_or_zero(a[i + k]) - mean_a, y = finite_or_zero(b[i + k]) - mean_b;
            s[0][0][k] += x * x;
            s[1][0][k] += y * y;
            s[2][0][k] += x * y;
        }
    for (int j = 0; j < 3; j++) {
        out[j] = 0;
        for (size_t k = 0; k < LANES; k++)
            out[j] += (double)s[j][0][k];
    }
    for (; i < n; i++) {
        real x = finite_or_zero(a[i]) - mean_a, y = finite_or_zero(b[i]) - mean_b;
        out[0] += (double)(x * x);
        out[1] += (double)(y * y);
        out[2] += (double)(x * y);
    }
}

/* What holds for no piece as a rule ends at its first number. */
#define HOLDS_FOR_ALL(name, args, holds) \
    static bool name args {              \
        size_t i = 0;                    \
        while (i < n && (holds))         \
            i++;                         \
        return i == n;                   \
    }
HOLDS_FOR_ALL(all_equal, (const real *a, const real *b, size_t n), a[i] == b[i] || (a[i] != a[i] && b[i] != b[i]))
HOLDS_FOR_ALL(all_nan, (const real *a, size_t n), a[i] != a[i])
HOLDS_FOR_ALL(all_zero, (const real *a, size_t n), a[i] == 0)
HOLDS_FOR_ALL(all_first, (const real *a, size_t n), a[i] == a[0])

/* |a - b| where it is finite. */
static inline real distance(real a, real b) {
    real d = a - b;
    d = d < 0 ? -d : d;
    return d - d == 0 ? d : 0;
}

static inline real size_of(real b) {
    return b < 0 ? -b : b;
}

/* Whether one of LANES differences may be larger than `relative` times its number. */
static inline bool any_above(const real *a, const real *b, real relative) {
    real above[LANES], most = 0;
    for (size_t k = 0; k < LANES; k++)
        above[k] = distance(a[k], b[k]) - relative * size_of(b[k]);
    for (size_t k = 0; k < LANES; k++)
        most = above[k] > most ? above[k] : most;
    return most > 0;
}

/* The largest |a - b| / |b| that is finite, `relative` at least. */
static inline real largest_relative(const real *a, const real *b, size_t n, real relative) {
    for (size_t i = 0; i < n; i++) {
        real d = distance(a[i], b[i]), size = size_of(b[i]);
        if (size != 0 && d > relative * size)
            relative = d / size;
    }
    return relative;
}

/* Loops without branches over what is in the first cache. */
static void differ(const void *a_, const void *b_, size_t n, double overflow, struct vec_difference *out) {
    const real *a = a_, *b = b_;
    real y[VEC_PIECE], relative = (real)out->relative;
    for (size_t i = 0; i < n; i++) {
        bool low = b[i] <= -(real)overflow, high = b[i] >= (real)overflow;
        y[i] = low ? -(real)INFINITY : high ? (real)INFINITY : b[i];
    }
    /* Divisions are dear: one where a difference is larger than any before. */
    real most[LANES] = {0}, over[LANES] = {0}, absolute = 0, above = 0;
    size_t whole = n / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            real d = distance(a[i + k], b[i + k]), more = d - relative * size_of(b[i + k]);
            most[k] = d > most[k] ? d : most[k];
            over[k] = more > over[k] ? more : over[k];
        }
    for (size_t i = whole; i < n; i++) {
        real d = distance(a[i], b[i]), more = d - relative * size_of(b[i]);
        absolute = d > absolute ? d : absolute;
        above = more > above ? more : above;
    }
    for (size_t k = 0; k < LANES; k++) {
        absolute = most[k] > absolute ? most[k] : absolute;
        above = over[k] > above ? over[k] : above;
    }
    for (size_t i = 0; above > 0 && i < n; i += LANES)
        if (i >= whole || any_above(a + i, b + i, relative))
            relative = largest_relative(a + i, b + i, i < whole ? LANES : n - i, relative);
    double mean_a = finite_sum_of(a, n) / (double)n, mean_b = finite_sum_of(y, n) / (double)n;
    double moments[3];
    moments_of(a, (real)mean_a, y, (real)mean_b, n, moments);
    *out = (struct vec_difference){.n = (double)n,
                                   .mean_a = mean_a,
                                   .mean_b = mean_b,
                                   .aa = moments[0],
                                   .bb = moments[1],
                                   .ab = moments[2],
                                   .absolute = (double)absolute,
                                   .relative = (double)relative,
                                   .equal = all_equal(a, y, n),
                                   .nan_a = all_nan(a, n),
                                   .nan_b = all_nan(y, n),
                                   .zero_a = all_zero(a, n),
                                   .zero_b = all_zero(y, n),
                                   .flat_a = all_first(a, n),
                                   .flat_b = all_first(y, n)};
}

static void scale(void *d_, const void *s_, double f, size_t n) {
    real *d = d_;
    const real *s = s_;
    for (size_t i = 0; i < n; i++)
        d[i] = s[i] * (real)f;
}

static void normalise(void *d_, const void *s_, double mean, double f, const void *w_, const void *b_, size_t n) {
    real *restrict d = d_;
    const real *s = s_, *w = w_, *b = b_;
    for (size_t i = 0; i < n; i++)
        d[i] = (s[i] - (real)mean) * (real)f;
    if (w)
        for (size_t i = 0; i < n; i++)
            d[i] *= w[i];
    if (b)
        for (size_t i = 0; i < n; i++)
            d[i] += b[i];
}

static double dot(const void *a, const void *b, size_t n) {
    return dot_of(a, b, n);
}

static void axpy(void *d_, const void *s_, double f, size_t n) {
    real *restrict d = d_;
    const real *s = s_;
    for (size_t i = 0; i < n; i++)
        d[i] += (real)f * s[i];
}

/* --- a row times a matrix ----------------------------------------------------------------------------------------- */

typedef real wide __attribute__((vector_size(LANES * sizeof(real))));
typedef float wide_f32 __attribute__((vector_size(LANES * sizeof(float))));
typedef uint32_t wide_u32 __attribute__((vector_size(LANES * sizeof(uint32_t))));
typedef uint16_t wide_u16 __attribute__((vector_size(LANES * sizeof(uint16_t))));

/* By address: how vectors are passed and given depends on the instruction set. */
static inline void wide_of_real(wide *x, const real *s) {
    memcpy(x, s, sizeof *x);
}

/* --- several rows at once ----------------------------------------------------------------------------------------- */

/* A tile of TILE_ROWS by TILE_WIDE wide vectors of sums stays in registers while k products are added to each. */
#if defined(__AVX512F__)
enum { TILE_ROWS = 6, TILE_WIDE = 2 };
#else
enum { TILE_ROWS = 4, TILE_WIDE = 1 };
#endif

#define TILE_OF(name, n_rows, n_wide)                                                                                \
    static void name(real *d, size_t d_row, const real *x, size_t x_row, size_t x_step, const real *m, size_t m_row, \
                     size_t k) {                                                                                     \
        wide sum[n_rows][n_wide], w;                                                                                 \
        for (size_t r = 0; r < n_rows; r++)                                                                          \
            for (size_t j = 0; j < n_wide; j++)                                                                      \
                wide_of_real(&sum[r][j], d + r * d_row + j * LANES);                                                 \
        for (size_t i = 0; i < k; i++)                                                                               \
            for (size_t j = 0; j < n_wide; j++) {                                                                    \
                wide_of_real(&w, m + i * m_row + j * LANES);                                                         \
                for (size_t r = 0; r < n_rows; r++)                                                                  \
                    sum[r][j] += x[r * x_row + i * x_step] * w;                                                      \
            }                                                                                                        \
        for (size_t r = 0; r < n_rows; r++)                                                                          \
            for (size_t j = 0; j < n_wide; j++)                                                                      \
                memcpy(d + r * d_row + j * LANES, &sum[r][j], sizeof sum[r][j]);                                     \
    }
TILE_OF(tile_full, TILE_ROWS, TILE_WIDE)
TILE_OF(tile_row, 1, TILE_WIDE)
TILE_OF(tile_narrow, TILE_ROWS, 1)
TILE_OF(tile_one, 1, 1)

static void blocks(void *d_, size_t d_row, const void *x_, size_t x_row, size_t x_step, const void *m_, size_t m_row,
                   size_t rows, size_t n, size_t k) {
    real *d = d_;
    const real *x = x_, *m = m_;
    size_t j = 0;
    for (size_t width; j + LANES <= n; j += width) {
        width = j + TILE_WIDE * LANES <= n ? TILE_WIDE * LANES : LANES;
        bool full = width == TILE_WIDE * LANES;
        size_t r = 0;
        for (; r + TILE_ROWS <= rows; r += TILE_ROWS)
            (full ? tile_full : tile_narrow)(d + r * d_row + j, d_row, x + r * x_row, x_row, x_step, m + j, m_row, k);
        for (; r < rows; r++)
            (full ? tile_row : tile_one)(d + r * d_row + j, d_row, x + r * x_row, x_row, x_step, m + j, m_row, k);
    }
    for (size_t r = 0; j < n && r < rows; r++)
        for (size_t i = 0; i < k; i++) {
            real f = x[r * x_row + i * x_step];
            for (size_t c = j; c < n; c++)
                d[r * d_row + c] += f * m[i * m_row + c];
        }
}

static inline void wide_of_bf16(wide *x, const uint16_t *s) {
    wide_u16 h;
    wide_f32 f;
    memcpy(&h, s, sizeof h);
    wide_u32 u = __builtin_convertvector(h, wide_u32) << 16;
    memcpy(&f, &u, sizeof f);
    *x = __builtin_convertvector(f, wide);
}
static inline real one_of_real(const real *s) {
    return *s;
}
static inline real one_of_bf16(const uint16_t *s) {
    return (real)bf16_to(*s);
}

/* Four rows side by side, so that their sums need not wait for each other; memory is what limits this. Columns: four times
 * LANES of them in registers while all rows go by. */
enum { ROWS = 4 };

#define ROW_TIMES(name, type)                                                                               \
    static real sum_##name(const wide *acc, const real *x, const type *m, size_t i, size_t k) {             \
        double sum = 0;                                                                                     \
        for (size_t l = 0; l < LANES; l++)                                                                  \
            sum += (double)(*acc)[l];                                                                       \
        for (; i < k; i++)                                                                                  \
            sum += (double)(x[i] * one_of_##name(m + i));                                                   \
        return (real)sum;                                                                                   \
    }                                                                                                       \
    static void dots_##name(void *d_, const void *x_, const void *m_, int64_t stride, size_t n, size_t k) { \
        real *restrict d = d_;                                                                              \
        const real *x = x_;                                                                                 \
        const type *m = m_;                                                                                 \
        size_t j = 0, whole = k - k % LANES;                                                                \
        for (; j < n; j += ROWS, m += ROWS * stride) {                                                      \
            size_t rows = n - j < ROWS ? n - j : ROWS;                                                      \
            wide sum[ROWS] = {{0}}, v, u;                                                                   \
            for (size_t i = 0; rows == ROWS && i < whole; i += LANES) {                                     \
                wide_of_real(&v, x + i);                                                                    \
                for (size_t r = 0; r < ROWS; r++) {                                                         \
                    wide_of_##name(&u, m + (int64_t)r * stride + i);                                        \
                    sum[r] += v * u;                                                                        \
                }                                                                                           \
            }                                                                                               \
            for (size_t r = 0; r < rows; r++)                                                               \
                d[j + r] = sum_##name(&sum[r], x, m + (int64_t)r * stride, rows == ROWS ? whole : 0, k);    \
        }                                                                                                   \
    }                                                                                                       \
    static void mix_##name(void *d_, const void *x_, const void *m_, int64_t stride, size_t n, size_t k) {  \
        real *restrict d = d_;                                                                              \
        const real *x = x_;                                                                                 \
        const type *m = m_;                                                                                 \
        size_t j = 0;                                                                                       \
        for (; j + ROWS * LANES <= n; j += ROWS * LANES) {                                                  \
            wide sum[ROWS] = {{0}}, u;                                                                      \
            const type *row = m + j;                                                                        \
            for (size_t i = 0; i < k; i++, row += stride)                                                   \
                for (size_t r = 0; r < ROWS; r++) {                                                         \
                    wide_of_##name(&u, row + r * LANES);                                                    \
                    sum[r] += u * x[i];                                                                     \
                }                                                                                           \
            memcpy(d + j, sum, sizeof sum);                                                                 \
        }                                                                                                   \
        for (; j < n; j++) {                                                                                \
            real sum = 0;                                                                                   \
            for (size_t i = 0; i < k; i++)                                                                  \
                sum += x[i] * one_of_##name(m + (int64_t)i * stride + j);                                   \
            d[j] = sum;                                                                                     \
        }                                                                                                   \
    }
ROW_TIMES(real, real)
ROW_TIMES(bf16, uint16_t)

/* --- the table ---------------------------------------------------------------------------------------------------- */

#define LOAD_ROW(dtype, format, name) [dtype] = load_##dtype,
#define STORE_ROW(dtype, format, name) [dtype] = store_##dtype,
#define ROUND_ROW(dtype, format, name) [dtype] = round_##dtype,
#define ROW(name) [VEC_##name] = op_##name
#define IS_F32 (sizeof(real) == 4)

const struct vec VEC_TABLE = {
    .size = sizeof(real),
    .op = {ROW(COPY),         ROW(ABS),          ROW(NEG),       ROW(CEIL),       ROW(FLOOR),       ROW(TRUNC),
           ROW(ROUND_EVEN),   ROW(ROUND_AWAY),   ROW(SIN),       ROW(COS),        ROW(TAN),         ROW(SINH),
           ROW(COSH),         ROW(TANH),         ROW(ASIN),      ROW(ACOS),       ROW(ATAN),        ROW(ASINH),
           ROW(ACOSH),        ROW(ATANH),        ROW(EXP),       ROW(EXP2),       ROW(EXPM1),       ROW(LOG),
           ROW(LOG1P),        ROW(SQRT),         ROW(RSQRT),     ROW(CBRT),       ROW(ERF),         ROW(ERFC),
           ROW(ERF_INV),      ROW(LGAMMA),       ROW(DIGAMMA),   ROW(BESSEL_I1E), ROW(RECIPROCAL),  ROW(SIGN),
           ROW(SQUARE),       ROW(ISFINITE),     ROW(ISINF),     ROW(ISPOSINF),   ROW(ISNEGINF),    ROW(SIGNBIT),
           ROW(FRAC),         ROW(GELU),         ROW(GELU_TANH), ROW(SIGMOID),    ROW(SILU),        ROW(MISH),
           ROW(RELU),         ROW(RELU6),        ROW(SOFTSIGN),  ROW(SOFTPLUS),   ROW(HARDSIGMOID), ROW(LEAKY_RELU),
           ROW(SELU),         ROW(CLAMP_SCALAR), ROW(NOT),       ROW(NONZERO),    ROW(ADD),         ROW(SUB),
           ROW(MUL),          ROW(DIV),          ROW(REMAINDER), ROW(FMOD),       ROW(POW),         ROW(MAX),
           ROW(MIN),          ROW(ATAN2),        ROW(EQ),        ROW(NE),         ROW(LT),          ROW(LE),
           ROW(GT),           ROW(GE),           ROW(AND),       ROW(OR),         ROW(XOR),         ROW(GELU_BW),
           ROW(GELU_TANH_BW), ROW(NEXT_AFTER),   ROW(ZETA),      ROW(POLYGAMMA),  ROW(SELECT),      ROW(CLAMP)},
    .load = {[TENSOR_BOOL] = load_bool,
             [TENSOR_I8] = load_i8,
             [TENSOR_U8] = load_u8,
             [TENSOR_I16] = load_i16,
             [TENSOR_U16] = load_u16,
             [TENSOR_I32] = load_i32,
             [TENSOR_U32] = load_u32,
             [TENSOR_I64] = load_i64,
             [TENSOR_U64] = load_u64,
             [TENSOR_F16] = load_f16,
             [TENSOR_BF16] = load_bf16,
             [TENSOR_F32] = load_f32,
             [TENSOR_F64] = load_f64,
             TENSOR_SMALL_FLOATS(LOAD_ROW)},
    .store = {[TENSOR_BOOL] = store_bool,
              [TENSOR_I8] = store_i8,
              [TENSOR_U8] = store_u8,
              [TENSOR_I16] = store_i16,
              [TENSOR_U16] = store_u16,
              [TENSOR_I32] = store_i32,
              [TENSOR_U32] = store_u32,
              [TENSOR_I64] = store_i64,
              [TENSOR_U64] = store_u64,
              [TENSOR_F16] = store_f16,
              [TENSOR_BF16] = store_bf16,
              [TENSOR_F32] = store_f32,
              [TENSOR_F64] = store_f64,
              TENSOR_SMALL_FLOATS(STORE_ROW)},
    .round = {[TENSOR_BOOL] = round_bool,
              [TENSOR_I8] = round_i8,
              [TENSOR_U8] = round_u8,
              [TENSOR_I16] = round_i16,
              [TENSOR_U16] = round_u16,
              [TENSOR_I32] = round_i32,
              [TENSOR_U32] = round_u32,
              [TENSOR_I64] = round_i64,
              [TENSOR_U64] = round_u64,
              [TENSOR_F16] = round_f16,
              [TENSOR_BF16] = round_bf16,
              [TENSOR_F32] = IS_F32 ? NULL : round_f32,
              TENSOR_SMALL_FLOATS(ROUND_ROW)},
    .from = {[VEC_F32] = IS_F32 ? NULL : from_f32,
             [VEC_F64] = IS_F32 ? from_f64 : NULL,
             [VEC_I64] = from_i64,
             [VEC_U64] = load_u64},
    .fold = {fold_sum, fold_prod, fold_max, fold_min, fold_and, fold_or, fold_xor},
    .merge = {merge_sum, merge_prod, merge_max, merge_min, merge_and, merge_or, merge_xor},
    .max_rows = max_rows,
    .get = get,
    .set = set,
    .spread = spread,
    .exp_sum = exp_sum,
    .square_sum = square_sum,
    .differ = differ,
    .scale = scale,
    .normalise = normalise,
    .dot = dot,
    .axpy = axpy,
    .blocks = blocks,
    .dots =
        {[TENSOR_F32] = IS_F32 ? dots_real : NULL, [TENSOR_F64] = IS_F32 ? NULL : dots_real, [TENSOR_BF16] = dots_bf16},
    .mix = {[TENSOR_F32] = IS_F32 ? mix_real : NULL, [TENSOR_F64] = IS_F32 ? NULL : mix_real, [TENSOR_BF16] = mix_bf16},
};
