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

/* ---- complex numbers and tuples ------------------------------------------------------------------------- */

static bool part(pass_context *p, ir_op op, uint32_t i) {
    ir_op whole = def_is(p->m, ir_operand(p->m, op, 0), OP_stablehlo_complex);
    return whole && hlo_replace(p, op, ir_operand(p->m, whole, i));
}

static bool real_part(pass_context *p, ir_op op) {
    return part(p, op, 0);
}

static bool imaginary_part(pass_context *p, ir_op op) {
    return part(p, op, 1);
}

static bool tuple_element(pass_context *p, ir_op op) {
    ir_op tuple = def_is(p->m, ir_operand(p->m, op, 0), OP_stablehlo_tuple);
    int64_t i = op_int_or(p->m, op, STR("index"), -1);
    return tuple && i >= 0 && i < ir_op_at(p->m, tuple)->n_operands &&
           hlo_replace(p, op, ir_operand(p->m, tuple, (uint32_t)i));
}

/* A call that gives a tuple gives its elements, and the tuple is made of them. */
static bool tuple_call(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_type tuple = o->n_results == 1 ? hlo_type(p, op) : 0;
    if (!tuple || ir_kind_of(p->c, tuple) != IR_TYPE_TUPLE)
        return false;
    uint32_t n = ir_count(p->c, tuple), n_operands = o->n_operands;
    ir_loc loc = o->loc;
    ir_value *v = ARENA_ARRAY(&p->scratch, ir_value, n_operands + n + 1);
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, n + 1);
    if (!v || !types) {
        p->m->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        types[i] = ir_at(p->c, tuple, i);
    for (uint32_t i = 0; i < n_operands; i++)
        v[i] = ir_operand(p->m, op, i);
    ir_op made = ir_build(p->e, &(ir_op_spec){.name = o->name,
                                              .loc = loc,
                                              .operands = v,
                                              .n_operands = n_operands,
                                              .results = types,
                                              .n_results = n,
                                              .props = o->props,
                                              .attrs = o->attrs});
    for (uint32_t i = 0; made && i < n; i++)
        v[i] = ir_result(p->m, made, i);
    return made && hlo_replace(p, op, build_value(p, OP_stablehlo_tuple, loc, v, n, tuple, 0));
}

static const rewrite_pattern patterns[] = {
    {OP_stablehlo_broadcast_in_dim, 1, broadcast},
    {OP_stablehlo_custom_call, 1, tuple_call},
    {OP_stablehlo_get_tuple_element, 1, tuple_element},
    {OP_stablehlo_imag, 1, imaginary_part},
    {OP_stablehlo_real, 1, real_part},
    {OP_stablehlo_reshape, 1, reshape},
    {OP_stablehlo_transpose, 1, transpose},
};

bool pass_hlo_simplify(pass_context *p) {
    return hlo_rewrite(p, patterns, sizeof patterns / sizeof patterns[0]);
}
