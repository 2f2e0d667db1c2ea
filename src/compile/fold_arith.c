/* fold_arith.c - elementwise ttir ops over constants.
 *
 * One row per op in a table: how one element follows from one or two. The arithmetic is that of tt-mlir's folders: floats
 * in the precision of their type (add, multiply, ...) or through f32 (the C library's functions), integers cut to their
 * width. When a fold is refused (another type, too large, division by zero) follows them too, since a constant that is
 * folded or not changes everything behind it.
 */
#include "compile/fold_ttir.h"

#include <float.h>
#include <math.h>

#include "compile/ttir.h"

/* Non-splat constants of more elements stay as they are (shouldFold). */
enum { FOLD_LIMIT = 1000000 };

typedef uint64_t unary_fn(const number_type *t, uint64_t a);
typedef uint64_t binary_fn(const number_type *t, uint64_t a, uint64_t b);

bool fold_small_enough(pass_context *p, ir_op op) {
    int64_t n = ir_num_elements(p->c, ir_value_type(p->m, ir_result(p->m, op, 0)));
    return n >= 0 && n <= FOLD_LIMIT;
}

/* Room for n numbers, until the pass ends. */
static uint64_t *numbers(pass_context *p, int64_t n) {
    uint64_t *v = ARENA_ARRAY(&p->scratch, uint64_t, n ? (size_t)n : 1);
    p->m->failed = p->m->failed || !v;
    return v;
}

fold_outcome fold_constant(fold_value *results, ir_attr a) {
    if (!a)
        return FOLD_NONE;
    results[0] = (fold_value){.constant = a};
    return FOLD_VALUES;
}

fold_outcome fold_number(pass_context *p, ir_op op, double v, fold_value *results) {
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 0));
    number_type t;
    if (!number_type_of(p->c, ir_element_type(p->c, type), &t) || ir_num_elements(p->c, type) < 0)
        return FOLD_NONE;
    return fold_constant(
        results, dense_splat(p, type, t.is_float ? number_from_double(&t, v) : number_from_int(&t, (int64_t)v)));
}

/* ---- one operand ---------------------------------------------------------------------------------------- */

static uint64_t through_float(const number_type *t, uint64_t a, float (*f)(float)) {
    return number_from_double(t, f((float)number_to_double(t, a)));
}
#define THROUGH_FLOAT(name)                                         \
    static uint64_t fold_##name(const number_type *t, uint64_t a) { \
        return through_float(t, a, name##f);                        \
    }
THROUGH_FLOAT(atan)
THROUGH_FLOAT(cbrt)
THROUGH_FLOAT(ceil)
THROUGH_FLOAT(cos)
THROUGH_FLOAT(exp)
THROUGH_FLOAT(expm1)
THROUGH_FLOAT(floor)
THROUGH_FLOAT(log)
THROUGH_FLOAT(log1p)
THROUGH_FLOAT(sin)
THROUGH_FLOAT(sqrt)
THROUGH_FLOAT(tan)

static float one_over_sqrt(float x) {
    return 1.0f / sqrtf(x);
}
static uint64_t fold_rsqrt(const number_type *t, uint64_t a) {
    return through_float(t, a, one_over_sqrt);
}
static uint64_t fold_reciprocal(const number_type *t, uint64_t a) {
    return number_from_double(t, 1 / number_to_double(t, a));
}
static uint64_t fold_isfinite(const number_type *t, uint64_t a) {
    return number_from_double(t, isfinite(number_to_double(t, a)) ? 1 : 0);
}
static uint64_t sign_bit(const number_type *t) {
    return 1ull << (t->width - 1);
}
static uint64_t fold_neg(const number_type *t, uint64_t a) {
    return t->is_float ? a ^ sign_bit(t) : number_from_int(t, (int64_t)(0 - a));
}
static uint64_t fold_abs(const number_type *t, uint64_t a) {
    return a & sign_bit(t) ? fold_neg(t, a) : a;
}
static uint64_t fold_bitwise_not(const number_type *t, uint64_t a) {
    return number_from_int(t, (int64_t)~a);
}
static uint64_t fold_logical_not(const number_type *t, uint64_t a) {
    return number_from_int(t, number_is_zero(t, a));
}
static uint64_t fold_sign(const number_type *t, uint64_t a) {
    if (t->is_float) {
        double v = number_to_double(t, a);
        return isnan(v) ? a : number_from_double(t, v == 0 ? 0 : v < 0 ? -1 : 1);
    }
    return a == 0 || t->is_unsigned ? a != 0 : number_from_int(t, a & sign_bit(t) ? -1 : 1);
}

/* ---- two operands --------------------------------------------------------------------------------------- */

static uint64_t fold_add(const number_type *t, uint64_t a, uint64_t b) {
    return t->is_float ? number_from_double(t, number_to_double(t, a) + number_to_double(t, b))
                       : number_from_int(t, (int64_t)(a + b));
}
static uint64_t fold_subtract(const number_type *t, uint64_t a, uint64_t b) {
    return t->is_float ? number_from_double(t, number_to_double(t, a) - number_to_double(t, b))
                       : number_from_int(t, (int64_t)(a - b));
}
static uint64_t fold_multiply(const number_type *t, uint64_t a, uint64_t b) {
    return t->is_float ? number_from_double(t, number_to_double(t, a) * number_to_double(t, b))
                       : number_from_int(t, (int64_t)(a * b));
}
static uint64_t fold_div(const number_type *t, uint64_t a, uint64_t b) {
    if (t->is_float)
        return number_from_double(t, number_to_double(t, a) / number_to_double(t, b));
    if (t->is_unsigned)
        return a / b;
    int64_t y = number_to_int(t, b);
    return y == -1 ? fold_neg(t, a) : number_from_int(t, number_to_int(t, a) / y);
}
static uint64_t fold_remainder(const number_type *t, uint64_t a, uint64_t b) {
    if (t->is_float) {
        float y = (float)number_to_double(t, b), r = fmodf((float)number_to_double(t, a), y);
        if (y != 0 && ((r < 0 && y > 0) || (r > 0 && y < 0)))
            r += y;
        return number_from_double(t, r);
    }
    if (t->is_unsigned)
        return a % b;
    int64_t x = number_to_int(t, a), y = number_to_int(t, b), r = y == -1 ? 0 : x % y;
    return number_from_int(t, r && (x < 0) != (y < 0) ? r + y : r);
}
static uint64_t fold_pow(const number_type *t, uint64_t a, uint64_t b) {
    return number_from_double(t, powf((float)number_to_double(t, a), (float)number_to_double(t, b)));
}
static uint64_t fold_atan2(const number_type *t, uint64_t a, uint64_t b) {
    return number_from_double(t, atan2f((float)number_to_double(t, a), (float)number_to_double(t, b)));
}
/* -1, 0, 1; 2 when not ordered. */
static int compare(const number_type *t, uint64_t a, uint64_t b) {
    if (t->is_float) {
        double x = number_to_double(t, a), y = number_to_double(t, b);
        return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
    }
    if (t->is_unsigned)
        return a < b ? -1 : a > b;
    int64_t x = number_to_int(t, a), y = number_to_int(t, b);
    return x < y ? -1 : x > y;
}
static uint64_t fold_maximum(const number_type *t, uint64_t a, uint64_t b) {
    return compare(t, a, b) == -1 ? b : a;
}
static uint64_t fold_minimum(const number_type *t, uint64_t a, uint64_t b) {
    return compare(t, b, a) == -1 ? b : a;
}
static uint64_t fold_eq(const number_type *t, uint64_t a, uint64_t b) {
    return number_from_int(t, compare(t, a, b) == 0);
}
static uint64_t fold_ne(const number_type *t, uint64_t a, uint64_t b) {
    return number_from_int(t, compare(t, a, b) != 0);
}
static uint64_t fold_ge(const number_type *t, uint64_t a, uint64_t b) {
    int c = compare(t, a, b);
    return number_from_int(t, c == 0 || c == 1);
}
static uint64_t fold_gt(const number_type *t, uint64_t a, uint64_t b) {
    return number_from_int(t, compare(t, a, b) == 1);
}
static uint64_t fold_logical_and(const number_type *t, uint64_t a, uint64_t b) {
    return number_from_int(t, !number_is_zero(t, a) && !number_is_zero(t, b));
}
static uint64_t fold_logical_or(const number_type *t, uint64_t a, uint64_t b) {
    return number_from_int(t, !number_is_zero(t, a) || !number_is_zero(t, b));
}
static uint64_t fold_bitwise_and(const number_type *t, uint64_t a, uint64_t b) {
    (void)t;
    return a & b;
}
static uint64_t fold_bitwise_or(const number_type *t, uint64_t a, uint64_t b) {
    (void)t;
    return a | b;
}
static uint64_t fold_bitwise_xor(const number_type *t, uint64_t a, uint64_t b) {
    (void)t;
    return a ^ b;
}
static uint64_t fold_shift_right(const number_type *t, uint64_t a, uint64_t b) {
    return b >= t->width ? 0 : a >> b;
}
static uint64_t fold_shift_left(const number_type *t, uint64_t a, uint64_t b) {
    return b >= t->width ? 0 : number_from_int(t, (int64_t)(a << b));
}

/* ---- the table ------------------------------------------------------------------------------------------ */

enum {
    ON_FLOATS = 1,
    ON_INTEGERS = 2,
    ON_BOTH = 3,
    NOT_BY_ZERO = 4, /* refused when any element of the last operand is zero */
    SHIFT = 8,       /* refused when the amount is signed and negative */
};

static const struct {
    uint16_t op;
    uint16_t flags;
    unary_fn *unary;
    binary_fn *binary;
} arith[] = {
    {OP_ttir_abs, ON_BOTH, fold_abs, NULL},
    {OP_ttir_add, ON_BOTH, NULL, fold_add},
    {OP_ttir_atan, ON_FLOATS, fold_atan, NULL},
    {OP_ttir_atan2, ON_FLOATS, NULL, fold_atan2},
    {OP_ttir_bitwise_and, ON_INTEGERS, NULL, fold_bitwise_and},
    {OP_ttir_bitwise_not, ON_INTEGERS, fold_bitwise_not, NULL},
    {OP_ttir_bitwise_or, ON_INTEGERS, NULL, fold_bitwise_or},
    {OP_ttir_bitwise_xor, ON_INTEGERS, NULL, fold_bitwise_xor},
    {OP_ttir_cbrt, ON_FLOATS, fold_cbrt, NULL},
    {OP_ttir_ceil, ON_FLOATS, fold_ceil, NULL},
    {OP_ttir_cos, ON_FLOATS, fold_cos, NULL},
    {OP_ttir_div, ON_BOTH | NOT_BY_ZERO, NULL, fold_div},
    {OP_ttir_eq, ON_BOTH, NULL, fold_eq},
    {OP_ttir_exp, ON_FLOATS, fold_exp, NULL},
    {OP_ttir_expm1, ON_FLOATS, fold_expm1, NULL},
    {OP_ttir_floor, ON_FLOATS, fold_floor, NULL},
    {OP_ttir_ge, ON_BOTH, NULL, fold_ge},
    {OP_ttir_gt, ON_BOTH, NULL, fold_gt},
    {OP_ttir_isfinite, ON_FLOATS, fold_isfinite, NULL},
    {OP_ttir_log, ON_FLOATS, fold_log, NULL},
    {OP_ttir_log1p, ON_FLOATS, fold_log1p, NULL},
    {OP_ttir_logical_and, ON_BOTH, NULL, fold_logical_and},
    {OP_ttir_logical_left_shift, ON_INTEGERS | SHIFT, NULL, fold_shift_left},
    {OP_ttir_logical_not, ON_BOTH, fold_logical_not, NULL},
    {OP_ttir_logical_or, ON_BOTH, NULL, fold_logical_or},
    {OP_ttir_logical_right_shift, ON_INTEGERS | SHIFT, NULL, fold_shift_right},
    {OP_ttir_maximum, ON_BOTH, NULL, fold_maximum},
    {OP_ttir_minimum, ON_BOTH, NULL, fold_minimum},
    {OP_ttir_multiply, ON_BOTH, NULL, fold_multiply},
    {OP_ttir_ne, ON_BOTH, NULL, fold_ne},
    {OP_ttir_neg, ON_BOTH, fold_neg, NULL},
    {OP_ttir_pow, ON_FLOATS, NULL, fold_pow},
    {OP_ttir_reciprocal, ON_FLOATS | NOT_BY_ZERO, fold_reciprocal, NULL},
    {OP_ttir_remainder, ON_BOTH | NOT_BY_ZERO, NULL, fold_remainder},
    {OP_ttir_rsqrt, ON_FLOATS | NOT_BY_ZERO, fold_rsqrt, NULL},
    {OP_ttir_sign, ON_BOTH, fold_sign, NULL},
    {OP_ttir_sin, ON_FLOATS, fold_sin, NULL},
    {OP_ttir_sqrt, ON_FLOATS, fold_sqrt, NULL},
    {OP_ttir_subtract, ON_BOTH, NULL, fold_subtract},
    {OP_ttir_tan, ON_FLOATS, fold_tan, NULL},
};

static bool any_zero(const dense_view *v) {
    for (int64_t i = 0; i < (v->splat ? 1 : v->n); i++)
        if (number_is_zero(&v->of, dense_at(v, i)))
            return true;
    return false;
}

static bool any_negative(const dense_view *v) {
    for (int64_t i = 0; i < (v->splat ? 1 : v->n); i++)
        if (dense_int(v, i) < 0)
            return true;
    return false;
}

static fold_outcome fold_unary(pass_context *p, ir_op op, const dense_view *v, unary_fn *fn, fold_value *results) {
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 0));
    if (ir_value_type(p->m, ir_operand(p->m, op, 0)) != type || (!v->splat && !fold_small_enough(p, op)))
        return FOLD_NONE;
    if (v->splat)
        return fold_constant(results, dense_splat(p, type, fn(&v->of, dense_at(v, 0))));
    uint64_t *out = numbers(p, v->n);
    if (!out)
        return FOLD_NONE;
    for (int64_t i = 0; i < v->n; i++)
        out[i] = fn(&v->of, dense_at(v, i));
    return fold_constant(results, dense_make(p, type, out, v->n));
}

/* Index into an operand of this shape for element i of the result; strides over the trailing dimensions. */
static int64_t broadcast_index(const shape *to, const shape *from, int64_t i) {
    int64_t at = 0, stride = 1;
    for (int d = to->n - 1; d >= 0; d--) {
        int64_t coord = i % to->d[d];
        i /= to->d[d];
        int f = d - (to->n - from->n);
        if (f < 0)
            continue;
        at += from->d[f] == 1 ? 0 : coord * stride;
        stride *= from->d[f];
    }
    return at;
}

static fold_outcome fold_binary(pass_context *p, ir_op op, const dense_view *a, const dense_view *b, binary_fn *fn,
                                fold_value *results) {
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 0)), elt = ir_element_type(p->c, type);
    if (a->of.type != b->of.type || a->of.type != elt)
        return FOLD_NONE;
    if (a->splat && b->splat)
        return fold_constant(results, dense_splat(p, type, fn(&a->of, dense_at(a, 0), dense_at(b, 0))));
    if (!fold_small_enough(p, op) || (a->splat && b->type != type) || (b->splat && a->type != type))
        return FOLD_NONE;
    shape to, sa, sb;
    if (!shape_of_type(p->c, type, &to) || !shape_of_type(p->c, a->type, &sa) || !shape_of_type(p->c, b->type, &sb) ||
        sa.n > to.n || sb.n > to.n)
        return FOLD_NONE;
    int64_t n = shape_volume(&to);
    uint64_t *out = numbers(p, n);
    if (!out)
        return FOLD_NONE;
    for (int64_t i = 0; i < n; i++)
        out[i] = fn(&a->of, dense_at(a, a->splat ? 0 : broadcast_index(&to, &sa, i)),
                    dense_at(b, b->splat ? 0 : broadcast_index(&to, &sb, i)));
    return fold_constant(results, dense_make(p, type, out, n));
}

/* Two splats of one element type, whatever the element type of the result. */
static fold_outcome fold_splat_comparison(pass_context *p, ir_op op, bool equal, const dense_view *a,
                                          const dense_view *b, fold_value *results) {
    if (!a->splat || !b->splat || a->of.type != b->of.type)
        return FOLD_NONE;
    bool same = compare(&a->of, dense_at(a, 0), dense_at(b, 0)) == 0;
    return fold_number(p, op, same == equal, results);
}

enum { N_ARITH = sizeof arith / sizeof arith[0] };

/* The row of an op; N_ARITH when it has none. */
static uint32_t find_arith(uint32_t id) {
    uint32_t lo = 0, hi = N_ARITH;
    while (lo < hi) { /* the table is in the order of the ids, which is that of the names */
        uint32_t mid = (lo + hi) / 2;
        if (arith[mid].op < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < N_ARITH && arith[lo].op == id ? lo : N_ARITH;
}

bool fold_arith_knows(uint32_t op) {
    return find_arith(op) < N_ARITH;
}

fold_outcome fold_arith(pass_context *p, ir_op op, fold_value *results) {
    uint32_t id = op_id(p->m, op), lo = find_arith(id);
    if (lo == N_ARITH)
        return FOLD_NONE;
    bool comparison = id == OP_ttir_eq || id == OP_ttir_ne;
    if (comparison && ir_operand(p->m, op, 0) == ir_operand(p->m, op, 1))
        return fold_number(p, op, id == OP_ttir_eq, results);
    dense_view a, b;
    unsigned flags = arith[lo].flags;
    if (arith[lo].binary && (flags & SHIFT) && dense_read(p->c, constant_of(p, ir_operand(p->m, op, 1)), &b)) {
        if (ir_flags_of(p->c, b.of.type) == IR_SIGNED && any_negative(&b))
            return FOLD_NONE;
        /* Nothing is left of any number shifted right by its width or more. */
        number_type of;
        bool all =
            id == OP_ttir_logical_right_shift && number_type_of(p->c, element_of(p->m, ir_operand(p->m, op, 0)), &of);
        for (int64_t i = 0; all && i < (b.splat ? 1 : b.n); i++)
            all = dense_at(&b, i) >= of.width;
        if (all)
            return fold_number(p, op, 0, results);
    }
    if (!dense_read(p->c, constant_of(p, ir_operand(p->m, op, 0)), &a))
        return FOLD_NONE;
    if (!(flags & (a.of.is_float ? ON_FLOATS : ON_INTEGERS)))
        return FOLD_NONE;
    if (arith[lo].unary)
        return (flags & NOT_BY_ZERO) && any_zero(&a) ? FOLD_NONE : fold_unary(p, op, &a, arith[lo].unary, results);
    if (!dense_read(p->c, constant_of(p, ir_operand(p->m, op, 1)), &b) || ((flags & NOT_BY_ZERO) && any_zero(&b)))
        return FOLD_NONE;
    if (comparison) {
        fold_outcome o = fold_splat_comparison(p, op, id == OP_ttir_eq, &a, &b, results);
        if (o != FOLD_NONE)
            return o;
    }
    return fold_binary(p, op, &a, &b, arith[lo].binary, results);
}

/* ---- casts ---------------------------------------------------------------------------------------------- */

/* Smallest normal number's exponent: what is smaller and not exact counts as lost. */
static int least_exponent(ir_float f) {
    return f == IR_F16 ? -14 : f == IR_F64 ? -1022 : -126;
}

/* `value` as a number of type `to`; false when the cast is not to be folded: overflow, underflow, NaN to integer. */
static bool cast_number(const ir_context *c, const number_type *from, const number_type *to, uint64_t bits,
                        uint64_t *out) {
    bool from_unsigned = !from->is_float && ir_flags_of(c, from->type) == IR_UNSIGNED;
    /* A signless i1 is sign-extended here, though it is no negative number elsewhere. */
    int64_t i = from->is_float  ? 0
                : from_unsigned ? (int64_t)bits
                                : (int64_t)(bits << (64 - from->width)) >> (64 - from->width);
    double v = from->is_float ? number_to_double(from, bits) : from_unsigned ? (double)bits : (double)i;
    if (to->is_float) {
        *out = number_from_double(to, v);
        double back = number_to_double(to, *out);
        if (isfinite(v) && !isfinite(back))
            return false;
        return back == v || isnan(v) || fabs(back) >= ldexp(1, least_exponent(to->format));
    }
    uint32_t sign = ir_flags_of(c, to->type);
    if (from->is_float) {
        double top = ldexp(1, to->width - (sign == IR_UNSIGNED ? 0 : 1)), t = trunc(v);
        if (isnan(v) || t >= top || t < (sign == IR_UNSIGNED ? 0 : -top))
            return false;
        *out = number_from_int(to, t >= 0x1p63 ? (int64_t)(uint64_t)t : (int64_t)t);
        return true;
    }
    uint32_t room = to->width - (sign == IR_UNSIGNED ? 0 : 1);
    uint32_t active = bits ? 64 - (uint32_t)__builtin_clzll(bits) : 0;
    *out = number_from_int(to, i);
    if (sign == IR_UNSIGNED)
        return (from_unsigned || i >= 0) && active <= room;
    if (sign == IR_SIGNED && ir_flags_of(c, from->type) == IR_SIGNED)
        return room >= 63 || (i >= -((int64_t)1 << room) && i < (int64_t)1 << room);
    return active <= room;
}

fold_outcome fold_cast(pass_context *p, ir_op op, fold_value *results) {
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 0));
    if (ir_value_type(p->m, ir_operand(p->m, op, 0)) == type) {
        results[0] = (fold_value){.value = ir_operand(p->m, op, 0)};
        return FOLD_VALUES;
    }
    dense_view v;
    number_type to;
    if (!dense_read(p->c, constant_of(p, ir_operand(p->m, op, 0)), &v) ||
        !number_type_of(p->c, ir_element_type(p->c, type), &to) || (!v.splat && !fold_small_enough(p, op)))
        return FOLD_NONE;
    int64_t n = v.splat ? 1 : v.n;
    uint64_t *out = numbers(p, n);
    for (int64_t i = 0; out && i < n; i++)
        if (!cast_number(p->c, &v.of, &to, dense_at(&v, i), &out[i]))
            return FOLD_NONE;
    if (!out)
        return FOLD_NONE;
    return fold_constant(results, v.splat ? dense_splat(p, type, out[0]) : dense_make(p, type, out, n));
}

/* ---- sum and clamp -------------------------------------------------------------------------------------- */

fold_outcome fold_sum(pass_context *p, ir_op op, fold_value *results) {
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 0));
    dense_view v;
    int64_t n = ir_num_elements(p->c, type);
    if (!dense_read(p->c, constant_of(p, ir_operand(p->m, op, 0)), &v) || !v.splat || n <= 0 ||
        v.of.type != ir_element_type(p->c, type))
        return FOLD_NONE;
    int64_t count = v.n / n;
    if (!v.of.is_float)
        return fold_constant(
            results, dense_splat(p, type, number_from_int(&v.of, (int64_t)(dense_at(&v, 0) * (uint64_t)count))));
    double scale = number_to_double(&v.of, number_from_int(&v.of, count));
    return fold_constant(results, dense_splat(p, type, number_from_double(&v.of, dense_double(&v, 0) * scale)));
}

fold_outcome fold_clamp(pass_context *p, ir_op op, fold_value *results) {
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 0));
    dense_view v;
    fill_value lo, hi;
    if (!dense_read(p->c, constant_of(p, ir_operand(p->m, op, 0)), &v) ||
        ir_value_type(p->m, ir_operand(p->m, op, 0)) != type || (!v.splat && !fold_small_enough(p, op)) ||
        !fill_of_attr(p->c, ir_op_attr(p->m, op, STR("min")), &lo) ||
        !fill_of_attr(p->c, ir_op_attr(p->m, op, STR("max")), &hi))
        return FOLD_NONE;
    uint64_t low = v.of.is_float ? number_from_double(&v.of, lo.f) : number_from_int(&v.of, (int64_t)lo.f);
    uint64_t high = v.of.is_float ? number_from_double(&v.of, hi.f) : number_from_int(&v.of, (int64_t)hi.f);
    int64_t n = v.splat ? 1 : v.n;
    uint64_t *out = numbers(p, n);
    if (!out)
        return FOLD_NONE;
    for (int64_t i = 0; i < n; i++) {
        uint64_t x = dense_at(&v, i);
        out[i] = compare(&v.of, x, low) == -1 ? low : compare(&v.of, high, x) == -1 ? high : x;
    }
    return fold_constant(results, v.splat ? dense_splat(p, type, out[0]) : dense_make(p, type, out, n));
}
