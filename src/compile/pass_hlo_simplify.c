/* stablehlo-aggressive-simplification: ops without effect go, reshapes of reshapes become one, and what nobody uses is erased.
 * Of the pass of that name in StableHLO these are the parts that show in what tt-xla's models become; arithmetic with zeros
 * and ones is left to TTIR's own patterns. */
#include "compile/hlo.h"
#include "compile/passes.h"

static bool becomes_operand(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    if (ir_value_type(p->m, v) != hlo_type(p, op))
        return false;
    ir_replace1(p->e, op, v);
    return true;
}

/* dimensions 0, 1, 2, ... */
static bool in_order(pass_context *p, ir_op op, str key) {
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, key, dims, PASS_MAX_RANK);
    for (uint32_t i = 0; i < n && i < PASS_MAX_RANK; i++)
        if (dims[i] != i)
            return false;
    return n <= PASS_MAX_RANK;
}

static bool broadcast(pass_context *p, ir_op op) {
    return in_order(p, op, STR("broadcast_dimensions")) && becomes_operand(p, op);
}

static bool transpose(pass_context *p, ir_op op) {
    return in_order(p, op, STR("permutation")) && becomes_operand(p, op);
}

static bool reshape(pass_context *p, ir_op op) {
    ir_op inner = def_is(p->m, ir_operand(p->m, op, 0), OP_stablehlo_reshape);
    if (becomes_operand(p, op))
        return true;
    if (!inner)
        return false;
    ir_loc locs[] = {ir_op_at(p->m, op)->loc, ir_op_at(p->m, inner)->loc};
    ir_value from = ir_operand(p->m, inner, 0);
    return hlo_replace(p, op,
                       build_value(p, OP_stablehlo_reshape, loc_fused(p, locs, 2), &from, 1, hlo_type(p, op), 0));
}

static const rewrite_pattern patterns[] = {
    {OP_stablehlo_broadcast_in_dim, 1, broadcast},
    {OP_stablehlo_reshape, 1, reshape},
    {OP_stablehlo_transpose, 1, transpose},
};

bool pass_hlo_simplify(pass_context *p) {
    bool found = false;
    for (ir_op op = p->scope; op && !found; op = ir_walk_next(p->m, p->scope, op))
        found = str_starts_with(ir_op_name_str(p->m, op), STR("stablehlo."));
    return !found || rewrite_greedy(p, p->scope, patterns, sizeof patterns / sizeof patterns[0],
                                    REWRITE_NO_FOLD | REWRITE_NO_CONST_CSE, 0);
}
