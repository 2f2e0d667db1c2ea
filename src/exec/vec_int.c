/* The loops over 64-bit integer lanes, with or without a sign. Narrower types wrap when they are stored; arithmetic is done without sign, so that
 * overflow wraps as well. Compiled once for each instruction set. */
#include "exec/vec.h"

#include <stdbool.h>
#include <string.h>

#include "exec/vec_loops.h"

#ifndef VEC_TABLE
#define VEC_TABLE exec_vec_i64_base
#define VEC_UNSIGNED 0
#endif

extern const struct vec VEC_TABLE;

#if VEC_UNSIGNED
typedef uint64_t lane;
typedef unsigned __int128 wide;
#define OTHER int64_t
#define OTHER_CLASS VEC_I64
#define NEGATIVE(x) ((void)(x), 0)
#define LOWEST 0
#define HIGHEST UINT64_MAX
#define ABOVE 0x1p64
#else
typedef int64_t lane;
typedef __int128 wide;
#define OTHER uint64_t
#define OTHER_CLASS VEC_U64
#define NEGATIVE(x) ((x) < 0)
#define LOWEST INT64_MIN
#define HIGHEST INT64_MAX
#define ABOVE 0x1p63
#endif
#define LANE lane
#define U(x) ((uint64_t)(x))
/* A real number, cut; what is out of range becomes the nearest number, NaN zero. */
#define TO_INT(x)                                        \
    ((x) != (x)                        ? (lane)0         \
     : (double)(x) <= (double)(LOWEST) ? (lane)(LOWEST)  \
     : (double)(x) >= ABOVE            ? (lane)(HIGHEST) \
                                       : (lane)(x))

/* Division by zero gives -1 and the remainder x, as on machines that do not trap; the one overflow wraps. */
static inline lane e_div(lane x, lane y) {
    return y == 0 ? (lane)-1 : !VEC_UNSIGNED && y == (lane)-1 ? (lane)(0 - U(x)) : x / y;
}
static inline lane e_fmod(lane x, lane y) {
    return y == 0 ? x : !VEC_UNSIGNED && y == (lane)-1 ? 0 : x % y;
}
static inline lane e_remainder(lane x, lane y) {
    lane r = e_fmod(x, y);
    return r != 0 && y != 0 && NEGATIVE(r) != NEGATIVE(y) ? r + y : r;
}
static inline lane e_pow(lane x, lane y) {
    if (NEGATIVE(y))
        return x == 1 ? 1 : x == (lane)-1 ? (y & 1 ? (lane)-1 : 1) : 0;
    uint64_t r = 1, b = U(x);
    for (uint64_t k = U(y); k; k >>= 1, b *= b)
        if (k & 1)
            r *= b;
    return (lane)r;
}
/* x of p[0] bits to the right; p[1]: its highest bit is its sign, whatever the type says. */
static inline lane e_sar(lane x, lane y, const double *p) {
    uint64_t width = U(p[0]);
    int64_t v = p[1] != 0 ? (int64_t)(U(x) << (64 - width)) >> (64 - width) : (int64_t)x;
    if (VEC_UNSIGNED && p[1] == 0)
        return U(y) >= width ? 0 : x >> y;
    return (lane)(v >> (U(y) >= width ? 63 : U(y)));
}
static inline uint64_t mask_of(unsigned bits) {
    return bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

/* p[0] is the width in bits of the element type where the result depends on it. */
UNARY(COPY, x)
UNARY(ABS, NEGATIVE(x) ? 0 - U(x) : U(x))
UNARY(NEG, 0 - U(x))
UNARY(SIGN, (x > 0) - NEGATIVE(x))
UNARY(SQUARE, U(x) * U(x))
UNARY(SIGNBIT, NEGATIVE(x))
UNARY(ISFINITE, 1 | (x & 0))
UNARY(RELU, NEGATIVE(x) ? 0 : x)
UNARY(RELU6, NEGATIVE(x) ? 0 : x > 6 ? 6 : x)
UNARY(CLAMP_SCALAR, (double)x<p[0] ? TO_INT(p[0]) : (double)x> p[1] ? TO_INT(p[1]) : x)
UNARY(NOT, x == 0)
UNARY(NONZERO, x != 0)
UNARY(BIT_NOT, ~x)
UNARY(POPCNT, __builtin_popcountll(U(x) & mask_of((unsigned)p[0])))
UNARY(CLZ, (U(x) & mask_of((unsigned)p[0])) == 0 ? (lane)p[0]
                                                 : __builtin_clzll(U(x) & mask_of((unsigned)p[0])) - (64 - (lane)p[0]))

BINARY(ADD, U(x) + U(y))
BINARY(SUB, U(x) - U(y))
BINARY(MUL, U(x) * U(y))
BINARY(DIV, e_div(x, y))
BINARY(REMAINDER, e_remainder(x, y))
BINARY(FMOD, e_fmod(x, y))
BINARY(POW, e_pow(x, y))
BINARY(MAX, x > y ? x : y)
BINARY(MIN, x < y ? x : y)
BINARY(EQ, x == y)
BINARY(NE, x != y)
BINARY(LT, x < y)
BINARY(LE, x <= y)
BINARY(GT, x > y)
BINARY(GE, x >= y)
BINARY(AND, (x != 0) & (y != 0))
BINARY(OR, (x != 0) | (y != 0))
BINARY(XOR, (x != 0) != (y != 0))
BINARY(BIT_AND, x &y)
BINARY(BIT_OR, x | y)
BINARY(BIT_XOR, x ^ y)
/* TTIR: always 32 bits without sign. */
BINARY(SHL32, U(y) > 63 ? 0 : (U(x) & 0xffffffffu) << U(y) & 0xffffffffu)
BINARY(SHR32, U(y) > 63 ? 0 : (U(x) & 0xffffffffu) >> U(y))
/* StableHLO: at the width of the type; a shift by the width or more leaves nothing, or the sign. */
BINARY(SHL, U(y) >= U(p[0]) ? 0 : U(x) << U(y))
BINARY(SHR, U(y) >= U(p[0]) ? 0 : (U(x) & mask_of((unsigned)p[0])) >> U(y))
BINARY(SAR, e_sar(x, y, p))
BINARY(MULHI, (uint64_t)((wide)x *(wide)y >> (unsigned)p[0]))

static void op_SELECT(void *d_, const void *a_, const void *b_, const void *c_, size_t n, const double *p) {
    lane *restrict d = d_;
    const lane *a = a_, *b = b_, *c = c_;
    (void)p;
    for (size_t i = 0; i < n; i++)
        d[i] = a[i] ? b[i] : c[i];
}

static void op_CLAMP(void *d_, const void *a_, const void *b_, const void *c_, size_t n, const double *p) {
    lane *restrict d = d_;
    const lane *a = a_, *b = b_, *c = c_;
    (void)p;
    for (size_t i = 0; i < n; i++) {
        lane x = a[i] > b[i] ? a[i] : b[i];
        d[i] = x < c[i] ? x : c[i];
    }
}

MOVE(load_bool, lane, uint8_t, x != 0)
MOVE(load_i8, lane, int8_t, x)
MOVE(load_u8, lane, uint8_t, x)
MOVE(load_i16, lane, int16_t, x)
MOVE(load_u16, lane, uint16_t, x)
MOVE(load_i32, lane, int32_t, x)
MOVE(load_u32, lane, uint32_t, x)
MOVE(load_i64, lane, int64_t, x)
MOVE(store_bool, uint8_t, lane, x != 0)
MOVE(store_8, uint8_t, lane, x)
MOVE(store_16, uint16_t, lane, x)
MOVE(store_32, uint32_t, lane, x)
MOVE(store_f32, float, lane, x)
MOVE(store_f64, double, lane, x)
MOVE(round_bool, lane, lane, x != 0)
MOVE(round_i8, lane, lane, (int8_t)x)
MOVE(round_u8, lane, lane, (uint8_t)x)
MOVE(round_i16, lane, lane, (int16_t)x)
MOVE(round_u16, lane, lane, (uint16_t)x)
MOVE(round_i32, lane, lane, (int32_t)x)
MOVE(round_u32, lane, lane, (uint32_t)x)
MOVE(from_f32, lane, float, TO_INT(x))
MOVE(from_f64, lane, double, TO_INT(x))
MOVE(from_other, lane, OTHER, x)

#define FOLD(name, expr)                                           \
    static void fold_##name(void *d, const void *s_, size_t n) {   \
        const lane *s = s_;                                        \
        lane x = *(lane *)d;                                       \
        for (size_t i = 0; i < n; i++) {                           \
            lane y = s[i];                                         \
            x = (lane)(expr);                                      \
        }                                                          \
        *(lane *)d = x;                                            \
    }                                                              \
    static void merge_##name(void *d_, const void *s_, size_t n) { \
        lane *restrict d = d_;                                     \
        const lane *s = s_;                                        \
        for (size_t i = 0; i < n; i++) {                           \
            lane x = d[i], y = s[i];                               \
            d[i] = (lane)(expr);                                   \
        }                                                          \
    }
FOLD(sum, U(x) + U(y))
FOLD(prod, U(x) * U(y))
FOLD(max, x > y ? x : y)
FOLD(min, x < y ? x : y)
FOLD(and, x != 0 && y != 0)
FOLD(or, x != 0 || y != 0)
FOLD(xor, (x != 0) != (y != 0))

static void max_rows(void *d_, const void *s_, size_t n, size_t row, size_t step) {
    lane *restrict d = d_;
    const lane *s = s_;
    for (size_t i = 0; i < n; i++, d += row, s += step)
        for (size_t k = 0; k < row; k++)
            d[k] = d[k] > s[k] ? d[k] : s[k];
}

static void blocks(void *d_, size_t d_row, const void *x_, size_t x_row, size_t x_step, const void *m_, size_t m_row,
                   size_t rows, size_t n, size_t k) {
    const lane *x = x_, *m = m_;
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < k; i++) {
            lane *restrict d = (lane *)d_ + r * d_row;
            const lane *row = m + i * m_row;
            uint64_t f = U(x[r * x_row + i * x_step]);
            for (size_t j = 0; j < n; j++)
                d[j] = (lane)(U(d[j]) + f * U(row[j]));
        }
}

static double get(const void *s) {
    return (double)*(const lane *)s;
}

static void spread(void *d_, size_t n) {
    lane *d = d_, v = d[0];
    for (size_t i = 1; i < n; i++)
        d[i] = v;
}

static void set(void *d_, double v, size_t n) {
    lane *d = d_;
    for (size_t i = 0; i < n; i++)
        d[i] = TO_INT(v);
}

#define ROW(name) [VEC_##name] = op_##name

const struct vec VEC_TABLE = {
    .size = sizeof(lane),
    .op = {ROW(COPY),
           ROW(ABS),
           ROW(NEG),
           ROW(SIGN),
           ROW(SQUARE),
           ROW(SIGNBIT),
           ROW(ISFINITE),
           ROW(RELU),
           ROW(RELU6),
           ROW(CLAMP_SCALAR),
           ROW(NOT),
           ROW(NONZERO),
           ROW(BIT_NOT),
           ROW(POPCNT),
           ROW(CLZ),
           ROW(ADD),
           ROW(SUB),
           ROW(MUL),
           ROW(DIV),
           ROW(REMAINDER),
           ROW(FMOD),
           ROW(POW),
           ROW(MAX),
           ROW(MIN),
           ROW(EQ),
           ROW(NE),
           ROW(LT),
           ROW(LE),
           ROW(GT),
           ROW(GE),
           ROW(AND),
           ROW(OR),
           ROW(XOR),
           ROW(BIT_AND),
           ROW(BIT_OR),
           ROW(BIT_XOR),
           ROW(SHL32),
           ROW(SHR32),
           ROW(SHL),
           ROW(SHR),
           ROW(SAR),
           ROW(MULHI),
           ROW(SELECT),
           ROW(CLAMP),
           [VEC_CEIL] = op_COPY,
           [VEC_FLOOR] = op_COPY,
           [VEC_TRUNC] = op_COPY,
           [VEC_ROUND_EVEN] = op_COPY,
           [VEC_ROUND_AWAY] = op_COPY},
    .load = {[TENSOR_BOOL] = load_bool,
             [TENSOR_I8] = load_i8,
             [TENSOR_U8] = load_u8,
             [TENSOR_I16] = load_i16,
             [TENSOR_U16] = load_u16,
             [TENSOR_I32] = load_i32,
             [TENSOR_U32] = load_u32,
             [TENSOR_I64] = load_i64,
             [TENSOR_U64] = load_i64,
             [TENSOR_F32] = from_f32,
             [TENSOR_F64] = from_f64},
    .store = {[TENSOR_BOOL] = store_bool,
              [TENSOR_I8] = store_8,
              [TENSOR_U8] = store_8,
              [TENSOR_I16] = store_16,
              [TENSOR_U16] = store_16,
              [TENSOR_I32] = store_32,
              [TENSOR_U32] = store_32,
              [TENSOR_I64] = load_i64,
              [TENSOR_U64] = load_i64,
              [TENSOR_F32] = store_f32,
              [TENSOR_F64] = store_f64},
    .round = {[TENSOR_BOOL] = round_bool,
              [TENSOR_I8] = round_i8,
              [TENSOR_U8] = round_u8,
              [TENSOR_I16] = round_i16,
              [TENSOR_U16] = round_u16,
              [TENSOR_I32] = round_i32,
              [TENSOR_U32] = round_u32},
    .from = {[VEC_F32] = from_f32, [VEC_F64] = from_f64, [OTHER_CLASS] = from_other},
    .fold = {fold_sum, fold_prod, fold_max, fold_min, fold_and, fold_or, fold_xor},
    .merge = {merge_sum, merge_prod, merge_max, merge_min, merge_and, merge_or, merge_xor},
    .max_rows = max_rows,
    .blocks = blocks,
    .get = get,
    .set = set,
    .spread = spread,
};
