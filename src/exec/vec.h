/* vec.h - loops over arrays of numbers, built for several instruction sets.
 *
 *   memory of any element type ──load──▶ lanes (f32, f64, i64, u64) ──op──▶ lanes ──store──▶ memory
 *
 * All arithmetic of the executor is done in one of four classes of lanes. vec_real.c is compiled for float and for
 * double, vec_int.c for int64 and (ui64, whose upper half no other has) uint64, each for every instruction set of meson.build; vec_table picks the best the machine has.
 * Truth values are 1 and 0 in whatever class they are.
 *
 * Pointers are aligned to their elements; outputs never overlap inputs unless it says so.
 */
#ifndef TTX_EXEC_VEC_H
#define TTX_EXEC_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import/tensor.h"

typedef enum vec_class { VEC_F32, VEC_F64, VEC_I64, VEC_U64, VEC_N } vec_class;
static inline bool vec_is_integer(vec_class k) {
    return k == VEC_I64 || k == VEC_U64;
}

/* Elementwise functions: X(name, operands). ttir-semantics.md section 2 says what each computes. p is two parameters. */
#define VEC_OPS(X)     \
    X(COPY, 1)         \
    X(ABS, 1)          \
    X(NEG, 1)          \
    X(CEIL, 1)         \
    X(FLOOR, 1)        \
    X(TRUNC, 1)        \
    X(ROUND_EVEN, 1)   \
    X(ROUND_AWAY, 1)   \
    X(SIN, 1)          \
    X(COS, 1)          \
    X(TAN, 1)          \
    X(SINH, 1)         \
    X(COSH, 1)         \
    X(TANH, 1)         \
    X(ASIN, 1)         \
    X(ACOS, 1)         \
    X(ATAN, 1)         \
    X(ASINH, 1)        \
    X(ACOSH, 1)        \
    X(ATANH, 1)        \
    X(EXP, 1)          \
    X(EXP2, 1)         \
    X(EXPM1, 1)        \
    X(LOG, 1)          \
    X(LOG1P, 1)        \
    X(SQRT, 1)         \
    X(RSQRT, 1)        \
    X(CBRT, 1)         \
    X(ERF, 1)          \
    X(ERFC, 1)         \
    X(ERF_INV, 1)      \
    X(LGAMMA, 1)       \
    X(DIGAMMA, 1)      \
    X(BESSEL_I1E, 1)   \
    X(RECIPROCAL, 1)   \
    X(SIGN, 1)         \
    X(SQUARE, 1)       \
    X(ISFINITE, 1)     \
    X(ISINF, 1)        \
    X(ISPOSINF, 1)     \
    X(ISNEGINF, 1)     \
    X(SIGNBIT, 1)      \
    X(FRAC, 1)         \
    X(GELU, 1)         \
    X(GELU_TANH, 1)    \
    X(SIGMOID, 1)      \
    X(SILU, 1)         \
    X(MISH, 1)         \
    X(RELU, 1)         \
    X(RELU6, 1)        \
    X(SOFTSIGN, 1)     \
    X(SOFTPLUS, 1)     \
    X(HARDSIGMOID, 1)  \
    X(LEAKY_RELU, 1)   \
    X(SELU, 1)         \
    X(CLAMP_SCALAR, 1) \
    X(NOT, 1)          \
    X(NONZERO, 1)      \
    X(BIT_NOT, 1)      \
    X(POPCNT, 1)       \
    X(CLZ, 1)          \
    X(ADD, 2)          \
    X(SUB, 2)          \
    X(MUL, 2)          \
    X(DIV, 2)          \
    X(REMAINDER, 2)    \
    X(FMOD, 2)         \
    X(POW, 2)          \
    X(MAX, 2)          \
    X(MIN, 2)          \
    X(ATAN2, 2)        \
    X(EQ, 2)           \
    X(NE, 2)           \
    X(LT, 2)           \
    X(LE, 2)           \
    X(GT, 2)           \
    X(GE, 2)           \
    X(AND, 2)          \
    X(OR, 2)           \
    X(XOR, 2)          \
    X(BIT_AND, 2)      \
    X(BIT_OR, 2)       \
    X(BIT_XOR, 2)      \
    X(SHL32, 2)        \
    X(SHR32, 2)        \
    X(SHL, 2)          \
    X(SHR, 2)          \
    X(SAR, 2)          \
    X(GELU_BW, 2)      \
    X(GELU_TANH_BW, 2) \
    X(NEXT_AFTER, 2)   \
    X(ZETA, 2)         \
    X(POLYGAMMA, 2)    \
    X(MULHI, 2)        \
    X(SELECT, 3)       \
    X(CLAMP, 3)

typedef enum vec_op {
#define X(name, n) VEC_##name,
    VEC_OPS(X)
#undef X
        VEC_N_OPS
} vec_op;

/* d[i] = op(a[i], b[i], c[i]) for i < n; those that the op has not may be NULL. d overlaps none of them. */
typedef void vec_fn(void *d, const void *a, const void *b, const void *c, size_t n, const double *p);
/* Lanes from memory, or memory from lanes. */
typedef void vec_move(void *d, const void *s, size_t n);

/* How many operands an op has, and its name. */
unsigned vec_arity(vec_op op);
const char *vec_name(vec_op op);

typedef enum vec_fold { FOLD_SUM, FOLD_PROD, FOLD_MAX, FOLD_MIN, FOLD_AND, FOLD_OR, FOLD_XOR, FOLD_N } vec_fold;

/* Two pieces of tensors beside each other. */
enum { VEC_PIECE = 1024 };
struct vec_difference {
    double n, mean_a, mean_b, aa, bb, ab; /* means and products of what lies off them, infinities and NaN being 0 */
    double absolute, relative;            /* the largest |a - b| and |(a - b) / b| that are finite */
    bool equal;                           /* all numbers, NaN being equal to NaN */
    bool nan_a, nan_b, zero_a, zero_b;    /* nothing but that */
    bool flat_a, flat_b;                  /* all numbers are as the first */
};

struct vec {
    size_t size;           /* of a lane */
    vec_fn *op[VEC_N_OPS]; /* NULL: not in this class */
    vec_move *load[TENSOR_N_DTYPES];
    vec_move
        *store[TENSOR_N_DTYPES]; /* floats round to nearest even; to integers they are cut, out of range saturates */
    vec_move *round[TENSOR_N_DTYPES]; /* d = load(store(s)); NULL where that is nothing */
    vec_move *from[VEC_N];            /* lanes of another class; NULL for its own */
    /* *d = fold of *d and s[0..n): sums add up in blocks, so that errors grow slowly. */
    void (*fold[FOLD_N])(void *d, const void *s, size_t n);
    /* d[i] = fold(d[i], s[i]). */
    void (*merge[FOLD_N])(void *d, const void *s, size_t n);
    /* The same with FOLD_MAX for n rows of `row` lanes: those of s are `step` lanes apart. */
    void (*max_rows)(void *d, const void *s, size_t n, size_t row, size_t step);
    double (*get)(const void *s);
    void (*set)(void *d, double v, size_t n); /* n times */
    void (*spread)(void *d, size_t n);        /* d[i] = d[0] */

    /* Rows of sums: d[r * d_row + j] += sum of x[r * x_row + i * x_step] m[i * m_row + j] for r < rows, j < n, i < k, added in
     * the order of i, as axpy called for one i after the other does (integers wrap); several rows and columns at once. */
    void (*blocks)(void *d, size_t d_row, const void *x, size_t x_row, size_t x_step, const void *m, size_t m_row,
                   size_t rows, size_t n, size_t k);

    /* Reals only. */
    /* d[i] = exp(s[i] - max); gives the sum. */
    double (*exp_sum)(void *d, const void *s, double max, size_t n);
    double (*square_sum)(const void *s, double mean, size_t n); /* of (s - mean)^2 */
    /* d[i] = s[i] * f. d may be s. */
    void (*scale)(void *d, const void *s, double f, size_t n);
    /* d[i] = (s[i] - mean) * f * w[i] + b[i]; w and b may be NULL. */
    void (*normalise)(void *d, const void *s, double mean, double f, const void *w, const void *b, size_t n);
    /* How at most VEC_PIECE lanes of two tensors (one at least) differ. Numbers of b from `overflow` on count as infinite.
     * What out->relative holds before is a lower bound of what it will be. */
    void (*differ)(const void *a, const void *b, size_t n, double overflow, struct vec_difference *out);
    double (*dot)(const void *a, const void *b, size_t n);
    /* d[i] += f * s[i]. */
    void (*axpy)(void *d, const void *s, double f, size_t n);
    /* A row times a matrix of elements of its own type, rows `stride` elements apart: d[j] = sum of x[i] m[j * stride + i]
     * for j < n, i < k; and d[j] = sum of x[i] m[i * stride + j]. NULL for types that have none. */
    void (*dots[TENSOR_N_DTYPES])(void *d, const void *x, const void *m, int64_t stride, size_t n, size_t k);
    void (*mix[TENSOR_N_DTYPES])(void *d, const void *x, const void *m, int64_t stride, size_t n, size_t k);
};

/* An integer lane of either class as a number that is in order with others of its class. */
static inline int64_t vec_in_order(vec_class k, const void *lane) {
    uint64_t bits = *(const uint64_t *)lane;
    return (int64_t)(k == VEC_U64 ? bits ^ (uint64_t)1 << 63 : bits);
}
/* The table of a class for the best instruction set that this machine has. */
const struct vec *vec_table(vec_class c);
/* The class that a dtype computes in when nothing else is asked for. */
vec_class vec_class_of(enum tensor_dtype t);
/* The element type that lanes of a class are. */
enum tensor_dtype vec_lane(vec_class k);

#endif
