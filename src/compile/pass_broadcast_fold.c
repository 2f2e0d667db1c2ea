/* ttir-implicit-broadcast-fold and ttir-fold-full-to-scalar: elementwise ops broadcast by themselves, so broadcasts in front
 * of them go, and constants that only such ops use shrink to one element. Where the operands alone would then give a
 * smaller result, the result is broadcast. */
#include "compile/passes.h"
#include "compile/rewrite.h"
#include "compile/ttir.h"

static bool is_broadcastable(pass_context *p, ir_op op) {
    const op_def *d = dialect_def_of(p->m, op);
    return d && d->flags & OP_BROADCASTABLE;
}

/* Gives op the result type that its operands have now, and its users the old one through a broadcast. */
static bool restore_result_shape(pass_context *p, ir_op op) {
    shape implicit = {0}, s, result;
    ir_value v = ir_result(p->m, op, 0);
    if (operands_have_type(p->m, op, ir_value_type(p->m, v)))
        return false;
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++)
        if (!shape_of(p->m, ir_operand(p->m, op, i), &s) || !shape_broadcast(&implicit, &s, &implicit))
            return false;
    if (!shape_of(p->m, v, &result) || shape_equal(&implicit, &result) || implicit.n != result.n)
        return false;
    ir_type elt = element_of(p->m, v);
    ir_set_type(p->e, v, tensor_type(p, &implicit, elt));
    ir_edit_after(p->e, op);
    ir_value wide = build_broadcast_to(p, ir_op_at(p->m, op)->loc, v, tensor_type(p, &result, elt));
    if (wide)
        ir_replace_uses_except(p->e, v, wide, ir_def_op(p->m, wide));
    return wide != 0;
}

bool is_implicit_broadcast(pass_context *p, ir_op broadcast) {
    enum { DEVICE_DIMS = 6 };
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, broadcast, STR("broadcast_dimensions"), dims, PASS_MAX_RANK);
    if (n > PASS_MAX_RANK)
        return false;
    for (uint32_t i = 0; i + DEVICE_DIMS < n; i++)
        if (dims[i] != 1)
            return false;
    return true;
}

static bool fold_broadcasts(pass_context *p, ir_op op) {
    bool changed = false;
    if (!is_broadcastable(p, op))
        return false;
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++) {
        ir_op broadcast = def_is(p->m, ir_operand(p->m, op, i), OP_ttir_broadcast);
        if (broadcast && is_implicit_broadcast(p, broadcast)) {
            ir_set_operand(p->e, op, i, ir_operand(p->m, broadcast, 0));
            changed = true;
        }
    }
    return restore_result_shape(p, op) || changed;
}

bool pass_broadcast_fold(pass_context *p) {
    static const rewrite_pattern patterns[] = {{REWRITE_ANY_OP, 1, fold_broadcasts, true}};
    return rewrite_greedy(p, p->scope, patterns, 1, 0, 0);
}

/* ---- constants ------------------------------------------------------------------------------------------ */

static bool shrink_constant(pass_context *p, ir_op op) {
    ir_value v = ir_result(p->m, op, 0);
    shape s;
    if (!shape_of(p->m, v, &s) || shape_volume(&s) == 1)
        return false;
    for (ir_each_use(p->e, v, u))
        if (!is_broadcastable(p, ir_use_op(p->e, u)))
            return false;
    s = shape_ones(s.n);
    ir_type type = tensor_type(p, &s, element_of(p->m, v));
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value one = op_is(p->m, op, OP_ttir_full) ? build_full(p, loc, type, ir_op_attr(p->m, op, STR("fill_value")))
                                                 : build_named_full(p, op_id(p->m, op), loc, type);
    if (!one)
        return false;
    ir_replace1(p->e, op, one);
    /* Building broadcasts changes the uses of other values only. */
    uint32_t n = ir_count_uses(p->e, one, UINT32_MAX), k = 0;
    ir_op *users = ARENA_ARRAY(&p->scratch, ir_op, n ? n : 1);
    if (!users) {
        p->m->failed = true;
        return true;
    }
    for (ir_each_use(p->e, one, u))
        users[k++] = ir_use_op(p->e, u);
    for (k = 0; k < n; k++)
        restore_result_shape(p, users[k]);
    return true;
}

bool pass_fold_full(pass_context *p) {
    static const rewrite_pattern patterns[] = {{OP_ttir_full, 1, shrink_constant, true},
                                               {OP_ttir_zeros, 1, shrink_constant, true},
                                               {OP_ttir_ones, 1, shrink_constant, true}};
    return rewrite_greedy(p, p->scope, patterns, 3, 0, 0);
}
