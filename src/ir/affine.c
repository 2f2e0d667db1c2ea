/* Affine expressions, simplified while they are built exactly as MLIR 22 does it, because MLIR prints what is left.
 *
 * The rules were checked against mlir-opt 22 (tests/ir/test_affine.c has the pairs). In their order:
 *
 *   all   two constants fold; for + and * only when the result fits 64 bits, later combinations wrap around
 *   + *   a constant goes to the right, so does what has no dimensions; two dimensions or two symbols are put in order
 *   +     x + 0;  (x + c) + d;  x * c + x * d;  (x + c) + y = (x + y) + c;  x - (x floordiv q) * q = x mod q
 *   *     x * 1;  x * 0;  (x * c) * d;  (x * c) * y = (x * y) * c
 *   / %   by constants only: x / 1;  x * c / d when d divides c;  (a + b) floordiv d when d divides a or b;
 *         x mod d = 0 when d divides x;  (a + b) mod d when d divides a or b;  (x mod c) mod d when d divides c
 *
 * Depth is limited (IR_EXPR_MAX_DEPTH), and with it every recursion here.
 */
#include "ir/ir.h"

#include "base/num.h"

enum { NO_DIMS = 1, DEPTH_SHIFT = 1 };

static ir_expr add(ir_context *c, ir_expr a, ir_expr b);
static ir_expr mul(ir_context *c, ir_expr a, ir_expr b);

/* ---- looking -------------------------------------------------------------------------------------------- */

static bool is_const(const ir_context *c, ir_expr e, int64_t *v) {
    if (ir_kind_of(c, e) != IR_EXPR_CONST)
        return false;
    *v = ir_at64(c, e, 0);
    return true;
}

/* Whether no dimension occurs in e. */
static bool is_symbolic(const ir_context *c, ir_expr e) {
    return ir_flags_of(c, e) & NO_DIMS;
}

static bool is_binary(const ir_context *c, ir_expr e, ir_kind kind) {
    return ir_kind_of(c, e) == kind;
}

static ir_expr lhs_of(const ir_context *c, ir_expr e) {
    return ir_at(c, e, 0);
}

static ir_expr rhs_of(const ir_context *c, ir_expr e) {
    return ir_at(c, e, 1);
}

/* Whether e is `kind` with a constant on the right. */
static bool has_const_rhs(const ir_context *c, ir_expr e, ir_kind kind, int64_t *v) {
    return is_binary(c, e, kind) && is_const(c, rhs_of(c, e), v);
}

static int64_t wrap_add(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t wrap_mul(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static uint64_t magnitude(int64_t v) {
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static bool divides(int64_t d, uint64_t v) {
    return v % magnitude(d) == 0;
}

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

/* The largest number known to divide e (0 divides nothing but is divided by all: e is 0). */
static uint64_t known_divisor(const ir_context *c, ir_expr e) {
    int64_t v;
    switch (ir_kind_of(c, e)) {
    case IR_EXPR_CONST: return magnitude(ir_at64(c, e, 0));
    case IR_EXPR_FLOORDIV:
    case IR_EXPR_CEILDIV:
        if (is_const(c, rhs_of(c, e), &v) && v) {
            uint64_t d = known_divisor(c, lhs_of(c, e));
            if (divides(v, d))
                return d / magnitude(v);
        }
        return 1;
    case IR_EXPR_MUL: return known_divisor(c, lhs_of(c, e)) * known_divisor(c, rhs_of(c, e));
    case IR_EXPR_ADD:
    case IR_EXPR_MOD: return gcd(known_divisor(c, lhs_of(c, e)), known_divisor(c, rhs_of(c, e)));
    default: return 1;
    }
}

/* ---- making --------------------------------------------------------------------------------------------- */

ir_expr ir_expr_dim(ir_context *c, uint32_t i) {
    return ir_intern(c, IR_EXPR_DIM, 0, &i, 1);
}

ir_expr ir_expr_symbol(ir_context *c, uint32_t i) {
    return ir_intern(c, IR_EXPR_SYMBOL, NO_DIMS, &i, 1);
}

ir_expr ir_expr_const(ir_context *c, int64_t v) {
    uint32_t w[2] = {(uint32_t)(uint64_t)v, (uint32_t)((uint64_t)v >> 32)};
    return ir_intern(c, IR_EXPR_CONST, NO_DIMS, w, 2);
}

/* The expression as it stands. */
static ir_expr plain(ir_context *c, ir_kind kind, ir_expr a, ir_expr b) {
    if (!a || !b)
        return 0;
    uint32_t fa = ir_flags_of(c, a), fb = ir_flags_of(c, b);
    uint32_t depth = (fa > fb ? fa : fb) >> DEPTH_SHIFT;
    if (depth >= IR_EXPR_MAX_DEPTH)
        return 0;
    uint32_t w[2] = {a, b};
    return ir_intern(c, kind, (fa & fb & NO_DIMS) | (depth + 1) << DEPTH_SHIFT, w, 2);
}

/* Whether + and * put b before a. */
static bool out_of_order(const ir_context *c, ir_expr a, ir_expr b) {
    ir_kind kind = ir_kind_of(c, a);
    if (kind == IR_EXPR_CONST)
        return true;
    if (is_symbolic(c, a) && !is_symbolic(c, b))
        return true;
    return (kind == IR_EXPR_DIM || kind == IR_EXPR_SYMBOL) && ir_kind_of(c, b) == kind &&
           ir_at(c, a, 0) > ir_at(c, b, 0);
}

/* x + y when y is (x floordiv q) * -q in one of its two shapes: x mod q. 0 when it is not, or on failure. */
static ir_expr add_to_mod(ir_context *c, ir_expr x, ir_expr y) {
    if (!is_binary(c, y, IR_EXPR_MUL))
        return 0;
    ir_expr left = lhs_of(c, y), right = rhs_of(c, y), q;
    int64_t v, d;
    if (is_const(c, right, &v) && v == -1 && is_binary(c, left, IR_EXPR_MUL)) {
        /* ((x floordiv q) * q) * -1 */
        ir_expr quotient = lhs_of(c, left);
        q = rhs_of(c, left);
        bool fits = is_binary(c, quotient, IR_EXPR_FLOORDIV) && rhs_of(c, quotient) == q && lhs_of(c, quotient) == x;
        return fits ? ir_expr_binary(c, IR_EXPR_MOD, x, q) : 0;
    }
    if (!is_binary(c, left, IR_EXPR_FLOORDIV) || lhs_of(c, left) != x)
        return 0;
    q = rhs_of(c, left);
    bool fits = is_const(c, q, &d) && d > 0 && is_const(c, right, &v) && v == -d;
    return fits ? ir_expr_binary(c, IR_EXPR_MOD, x, q) : 0;
}

static ir_expr add(ir_context *c, ir_expr a, ir_expr b) {
    int64_t va = 0, vb = 0, k;
    bool ca = is_const(c, a, &va), cb = is_const(c, b, &vb);
    if (ca && cb)
        return num_add_i64(va, vb, &k) ? ir_expr_const(c, k) : plain(c, IR_EXPR_ADD, a, b);
    if (out_of_order(c, a, b))
        return add(c, b, a);
    if (cb && vb == 0)
        return a;
    if (cb && has_const_rhs(c, a, IR_EXPR_ADD, &k))
        return add(c, lhs_of(c, a), ir_expr_const(c, wrap_add(k, vb)));

    int64_t fa = 1, fb = 1;
    ir_expr xa = has_const_rhs(c, a, IR_EXPR_MUL, &fa) ? lhs_of(c, a) : a;
    ir_expr xb = has_const_rhs(c, b, IR_EXPR_MUL, &fb) ? lhs_of(c, b) : b;
    if (xa == xb)
        return mul(c, xa, ir_expr_const(c, wrap_add(fa, fb)));
    if (has_const_rhs(c, a, IR_EXPR_ADD, &k)) {
        ir_expr sum = add(c, lhs_of(c, a), b);
        return sum ? add(c, sum, rhs_of(c, a)) : 0;
    }
    ir_expr mod = add_to_mod(c, a, b);
    return mod ? mod : plain(c, IR_EXPR_ADD, a, b);
}

static ir_expr mul(ir_context *c, ir_expr a, ir_expr b) {
    int64_t va = 0, vb = 0, k;
    bool ca = is_const(c, a, &va), cb = is_const(c, b, &vb);
    if (ca && cb)
        return num_mul_i64(va, vb, &k) ? ir_expr_const(c, k) : plain(c, IR_EXPR_MUL, a, b);
    /* Neither side symbolic: not affine, kept as it is (MLIR refuses it). */
    if (!is_symbolic(c, a) && !is_symbolic(c, b))
        return plain(c, IR_EXPR_MUL, a, b);
    if (out_of_order(c, a, b))
        return mul(c, b, a);
    if (cb && vb == 1)
        return a;
    if (cb && vb == 0)
        return b;
    if (has_const_rhs(c, a, IR_EXPR_MUL, &k)) {
        if (cb)
            return mul(c, lhs_of(c, a), ir_expr_const(c, wrap_mul(k, vb)));
        ir_expr product = mul(c, lhs_of(c, a), b);
        return product ? mul(c, product, rhs_of(c, a)) : 0;
    }
    return plain(c, IR_EXPR_MUL, a, b);
}

static int64_t floor_div(int64_t a, int64_t b) {
    int64_t q = a / b;
    return a % b && (a < 0) != (b < 0) ? q - 1 : q;
}

static int64_t ceil_div(int64_t a, int64_t b) {
    int64_t q = a / b;
    return a % b && (a < 0) == (b < 0) ? q + 1 : q;
}

static ir_expr divide(ir_context *c, ir_kind kind, ir_expr a, ir_expr b) {
    int64_t va, d, k;
    if (!is_const(c, b, &d) || d == 0)
        return plain(c, kind, a, b);
    if (is_const(c, a, &va)) {
        if (va == INT64_MIN && d == -1)
            return plain(c, kind, a, b);
        return ir_expr_const(c, kind == IR_EXPR_FLOORDIV ? floor_div(va, d) : ceil_div(va, d));
    }
    if (d == 1)
        return a;
    if (has_const_rhs(c, a, IR_EXPR_MUL, &k) && divides(d, magnitude(k)) && !(k == INT64_MIN && d == -1))
        return mul(c, lhs_of(c, a), ir_expr_const(c, k / d));
    if (kind == IR_EXPR_FLOORDIV && is_binary(c, a, IR_EXPR_ADD)) {
        ir_expr left = lhs_of(c, a), right = rhs_of(c, a);
        if (divides(d, known_divisor(c, left)) || divides(d, known_divisor(c, right))) {
            left = divide(c, kind, left, b);
            right = divide(c, kind, right, b);
            return left && right ? add(c, left, right) : 0;
        }
    }
    return plain(c, kind, a, b);
}

static ir_expr modulo(ir_context *c, ir_expr a, ir_expr b) {
    int64_t va, d, k;
    if (!is_const(c, b, &d) || d < 1)
        return plain(c, IR_EXPR_MOD, a, b);
    if (is_const(c, a, &va))
        return ir_expr_const(c, va % d < 0 ? va % d + d : va % d);
    if (divides(d, known_divisor(c, a)))
        return ir_expr_const(c, 0);
    if (is_binary(c, a, IR_EXPR_ADD)) {
        ir_expr left = lhs_of(c, a), right = rhs_of(c, a);
        if (divides(d, known_divisor(c, left)))
            return modulo(c, right, b);
        if (divides(d, known_divisor(c, right)))
            return modulo(c, left, b);
    }
    if (has_const_rhs(c, a, IR_EXPR_MOD, &k) && k >= 1 && k % d == 0)
        return modulo(c, lhs_of(c, a), b);
    return plain(c, IR_EXPR_MOD, a, b);
}

ir_expr ir_expr_binary(ir_context *c, ir_kind op, ir_expr a, ir_expr b) {
    if (!a || !b)
        return 0;
    switch (op) {
    case IR_EXPR_ADD: return add(c, a, b);
    case IR_EXPR_MUL: return mul(c, a, b);
    case IR_EXPR_MOD: return modulo(c, a, b);
    default: return divide(c, op, a, b);
    }
}
