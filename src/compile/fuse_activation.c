/* fuse_activation.c - activation functions written out become one op: relu, relu6, hardsigmoid, silu, mish, gelu. */
#include <math.h>

#include "compile/fuse.h"
#include "compile/ttir.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static bool replaced(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* The result is used instead of op's, cast when its type is another; op is left without uses. */
static bool used_instead(pass_context *p, ir_op op, ir_value v) {
    if (v && ir_value_type(p->m, v) != result_type(p, op))
        v = build_typecast(p, ir_op_at(p->m, op)->loc, v, result_type(p, op));
    if (v)
        replace_uses(p, op, v);
    return v != 0;
}

static ir_value through_casts(pass_context *p, ir_value v) {
    static const uint16_t cast[] = {OP_ttir_typecast};
    return look_through(p->m, v, cast, 1);
}

/* maximum(x, 0) */
bool fuse_relu(pass_context *p, ir_op op) {
    ir_value a = ir_operand(p->m, op, 0), b = ir_operand(p->m, op, 1);
    ir_value x = is_full_of(p->m, a, 0, 1e-6) ? b : is_full_of(p->m, b, 0, 1e-6) ? a : 0;
    return x && replaced(p, op, build_unary(p, OP_ttir_relu, ir_op_at(p->m, op)->loc, x, result_type(p, op)));
}

/* minimum(relu(x), 6) */
bool fuse_relu6(pass_context *p, ir_op op) {
    ir_value a = ir_operand(p->m, op, 0), six = ir_operand(p->m, op, 1);
    ir_op relu = def_is(p->m, a, OP_ttir_relu);
    if (!relu) {
        relu = def_is(p->m, six, OP_ttir_relu);
        six = a;
    }
    if (!relu || !ir_has_one_use(p->e, ir_operand(p->m, relu, 0)) || !is_full_of(p->m, six, 6, 1e-6))
        return false;
    return replaced(
        p, op, build_unary(p, OP_ttir_relu6, ir_op_at(p->m, op)->loc, ir_operand(p->m, relu, 0), result_type(p, op)));
}

/* relu6(x + 3) / 6 */
bool fuse_hardsigmoid(pass_context *p, ir_op op) {
    ir_op relu6 = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_relu6);
    if (!relu6 || !ir_has_one_use(p->e, ir_result(p->m, relu6, 0)) ||
        !is_full_of(p->m, ir_operand(p->m, op, 1), 6, 1e-6))
        return false;
    ir_op add = def_is(p->m, ir_operand(p->m, relu6, 0), OP_ttir_add);
    if (!add || !ir_has_one_use(p->e, ir_result(p->m, add, 0)))
        return false;
    ir_value a = ir_operand(p->m, add, 0), b = ir_operand(p->m, add, 1);
    ir_value x = is_full_of(p->m, b, 3, 1e-6) ? a : is_full_of(p->m, a, 3, 1e-6) ? b : 0;
    if (!x)
        return false;
    ir_value v = build_unary(p, OP_ttir_hardsigmoid, ir_op_at(p->m, op)->loc, x, ir_value_type(p->m, x));
    if (v)
        replace_uses(p, op, v);
    return v != 0;
}

/* x * sigmoid(x), through casts */
bool fuse_silu(pass_context *p, ir_op op) {
    ir_value a = through_casts(p, ir_operand(p->m, op, 0)), b = through_casts(p, ir_operand(p->m, op, 1)), x = b;
    ir_op sigmoid = def_is(p->m, a, OP_ttir_sigmoid);
    if (!sigmoid) {
        sigmoid = def_is(p->m, b, OP_ttir_sigmoid);
        x = a;
    }
    if (!sigmoid || !op_has_one_use(p, sigmoid) || through_casts(p, ir_operand(p->m, sigmoid, 0)) != x ||
        !ir_op_has_uses(p->e, op))
        return false;
    return used_instead(p, op, build_unary(p, OP_ttir_silu, ir_op_at(p->m, op)->loc, x, ir_value_type(p->m, x)));
}

/* where(x > limit, x, log1p(exp(x))): the x of a softplus; 0 when v is none. */
static ir_value softplus_input(pass_context *p, ir_value v) {
    ir_op where = def_is(p->m, v, OP_ttir_where);
    if (!where || !op_has_one_use(p, where))
        return 0;
    ir_value x = ir_operand(p->m, where, 1);
    ir_op log1p = def_is(p->m, ir_operand(p->m, where, 2), OP_ttir_log1p);
    ir_op gt = def_is(p->m, ir_operand(p->m, where, 0), OP_ttir_gt);
    if (!log1p || !op_has_one_use(p, log1p) || !gt || ir_operand(p->m, gt, 0) != x)
        return 0;
    ir_op exp = def_is(p->m, ir_operand(p->m, log1p, 0), OP_ttir_exp);
    return exp && op_has_one_use(p, exp) && ir_operand(p->m, exp, 0) == x ? x : 0;
}

/* x * tanh(softplus(x)) */
bool fuse_mish(pass_context *p, ir_op op) {
    ir_value a = through_casts(p, ir_operand(p->m, op, 0)), b = through_casts(p, ir_operand(p->m, op, 1)), x = b;
    ir_op tanh = def_is(p->m, a, OP_ttir_tanh);
    if (!tanh) {
        tanh = def_is(p->m, b, OP_ttir_tanh);
        x = a;
    }
    if (!tanh || !op_has_one_use(p, tanh) || softplus_input(p, ir_operand(p->m, tanh, 0)) != x)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value v = build_unary(p, OP_ttir_mish, loc, x, ir_value_type(p->m, x));
    if (v && ir_value_type(p->m, v) != result_type(p, op))
        v = build_typecast(p, loc, v, result_type(p, op));
    return replaced(p, op, v);
}

/* ---- gelu ----------------------------------------------------------------------------------------------- */

static bool is_creation(pass_context *p, ir_value v) {
    ir_op def = ir_def_op(p->m, v);
    return op_is(p->m, def, OP_ttir_full) || op_is(p->m, def, OP_ttir_ones) || op_is(p->m, def, OP_ttir_zeros);
}

/* A constant within 0.15 % of `expected` (bf16 models round their constants). */
static bool is_near(pass_context *p, ir_value v, double expected) {
    ir_op def = ir_def_op(p->m, v);
    fill_value f;
    if (!fill_of(p->m, v, &f) || (op_is(p->m, def, OP_ttir_full) && !f.is_float))
        return false;
    return fabs(f.f / expected - 1) <= 1.5e-3;
}

/* 1 + f(...): the op OP_* on the other side of the one; 0 when v is nothing of the kind. */
static ir_op one_plus(pass_context *p, ir_value v, uint32_t f) {
    ir_op add = def_is(p->m, v, OP_ttir_add);
    if (!add)
        return 0;
    uint32_t one = is_creation(p, ir_operand(p->m, add, 0)) ? 0 : 1;
    if (!is_creation(p, ir_operand(p->m, add, one)) || !is_near(p, ir_operand(p->m, add, one), 1))
        return 0;
    return def_is(p->m, ir_operand(p->m, add, 1 - one), f);
}

/* The other factor of a product with this constant; 0 when there is none. */
static ir_value factor(pass_context *p, ir_op multiply, double constant) {
    for (uint32_t i = 0; multiply && i < 2; i++)
        if (is_near(p, ir_operand(p->m, multiply, i), constant))
            return ir_operand(p->m, multiply, 1 - i);
    return 0;
}

/* x of pow(x, 3) or x * x * x. */
static ir_value cubed(pass_context *p, ir_value v) {
    ir_op pow = def_is(p->m, v, OP_ttir_pow);
    if (pow)
        return is_near(p, ir_operand(p->m, pow, 1), 3) ? ir_operand(p->m, pow, 0) : 0;
    ir_op outer = def_is(p->m, v, OP_ttir_multiply);
    for (uint32_t i = 0; outer && i < 2; i++) {
        ir_op inner = def_is(p->m, ir_operand(p->m, outer, i), OP_ttir_multiply);
        ir_value x = ir_operand(p->m, outer, 1 - i);
        if (inner && ir_operand(p->m, inner, 0) == x && ir_operand(p->m, inner, 1) == x)
            return x;
    }
    return 0;
}

/* x of 1 + erf(x / sqrt 2) */
static ir_value erf_input(pass_context *p, ir_value v) {
    ir_op erf = one_plus(p, v, OP_ttir_erf);
    ir_op multiply = erf ? def_is(p->m, ir_operand(p->m, erf, 0), OP_ttir_multiply) : 0;
    return factor(p, multiply, 0.7071067811865476);
}

/* x of 1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)) */
static ir_value tanh_input(pass_context *p, ir_value v) {
    ir_op tanh = one_plus(p, v, OP_ttir_tanh);
    ir_op multiply = tanh ? def_is(p->m, ir_operand(p->m, tanh, 0), OP_ttir_multiply) : 0;
    ir_value sum = factor(p, multiply, 0.7978845608028654);
    ir_op add = sum ? def_is(p->m, sum, OP_ttir_add) : 0;
    for (uint32_t i = 0; add && i < 2; i++) {
        ir_value x = ir_operand(p->m, add, 1 - i);
        ir_value cube = factor(p, def_is(p->m, ir_operand(p->m, add, i), OP_ttir_multiply), 0.044715);
        if (cube && cubed(p, cube) == x)
            return x;
    }
    return 0;
}

/* x * 0.5 * (1 + erf(...)) in any order: three factors, two of them in a product of their own. */
bool fuse_gelu(pass_context *p, ir_op op) {
    ir_value a = ir_operand(p->m, op, 0), b = ir_operand(p->m, op, 1), f[3];
    ir_op inner = def_is(p->m, a, OP_ttir_multiply);
    if (inner) {
        f[0] = b;
        f[1] = ir_operand(p->m, inner, 0);
        f[2] = ir_operand(p->m, inner, 1);
    } else {
        inner = def_is(p->m, b, OP_ttir_multiply);
        if (!inner)
            return false;
        f[0] = ir_operand(p->m, inner, 0);
        f[1] = ir_operand(p->m, inner, 1);
        f[2] = a;
    }
    bool half = false;
    ir_value x = 0;
    for (int i = 0; i < 3; i++) {
        half = half || is_near(p, f[i], 0.5);
        if (!x)
            x = erf_input(p, f[i]);
        if (!x)
            x = tanh_input(p, f[i]);
    }
    if (!half || !x || (x != f[0] && x != f[1] && x != f[2]))
        return false;
    return replaced(p, op, build_unary(p, OP_ttir_gelu, ir_op_at(p->m, op)->loc, x, result_type(p, op)));
}
