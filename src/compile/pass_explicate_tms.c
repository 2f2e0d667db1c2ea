/* ttir-explicate-tms: what elementwise ops do to their operands by themselves becomes ops: reshapes to one rank, then
 * broadcasts to one shape. So the passes that move such ops about see all of them. */
#include "compile/passes.h"
#include "compile/rewrite.h"
#include "compile/ttir.h"

/* Elementwise with two or three operands. */
static bool is_combining(pass_context *p, ir_op op) {
    const op_def *d = dialect_def_of(p->m, op);
    return d && d->flags & OP_ELEMENTWISE && d->flags & OP_BROADCASTABLE && ir_op_at(p->m, op)->n_operands >= 2 &&
           ir_op_at(p->m, op)->n_operands <= 3;
}

static bool explicate_ranks(pass_context *p, ir_op op) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    shape s[3];
    int rank = 0;
    bool changed = false;
    if (!is_combining(p, op) || operands_have_type(p->m, op, ir_value_type(p->m, ir_operand(p->m, op, 0))))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!shape_of(p->m, ir_operand(p->m, op, i), &s[i]))
            return false;
        rank = s[i].n > rank ? s[i].n : rank;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (s[i].n == rank)
            continue;
        shape to = shape_ones(rank);
        memcpy(to.d + (rank - s[i].n), s[i].d, (size_t)s[i].n * sizeof to.d[0]);
        ir_value v = build_reshape(p, loc_suffix(p, ir_op_at(p->m, op)->loc, "_reshape"), ir_operand(p->m, op, i), &to);
        if (!v)
            return changed;
        ir_set_operand(p->e, op, i, v);
        changed = true;
    }
    return changed;
}

static bool explicate_broadcasts(pass_context *p, ir_op op) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    shape s[3], to = {0};
    bool changed = false;
    if (!is_combining(p, op) || operands_have_type(p->m, op, ir_value_type(p->m, ir_operand(p->m, op, 0))))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!shape_of(p->m, ir_operand(p->m, op, i), &s[i]) || !shape_broadcast(&to, &s[i], &to))
            return false;
    for (uint32_t i = 0; i < n; i++) {
        if (shape_equal(&s[i], &to) || s[i].n != to.n)
            continue;
        ir_value v =
            build_broadcast(p, loc_suffix(p, ir_op_at(p->m, op)->loc, "_broadcast"), ir_operand(p->m, op, i), &to);
        if (!v)
            return changed;
        ir_set_operand(p->e, op, i, v);
        changed = true;
    }
    return changed;
}

bool pass_explicate_tms(pass_context *p) {
    static const rewrite_pattern patterns[] = {{REWRITE_ANY_OP, 2, explicate_ranks, true},
                                               {REWRITE_ANY_OP, 1, explicate_broadcasts, true}};
    return rewrite_greedy(p, p->scope, patterns, 2, 0, 0);
}
