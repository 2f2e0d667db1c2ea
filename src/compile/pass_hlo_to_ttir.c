/* convert-stablehlo-to-ttir: every StableHLO op becomes TTIR ops, sdy's manual computations become shards and their insides.
 * Equal ops that this makes are merged at the end.
 *
 * A module without such ops is left alone, so that the passes of StableHLO can stand in front of those of TTIR always. */
#include "compile/hlo.h"
#include "compile/passes.h"

/* What is tried for an op, in order. */
static const struct {
    uint16_t op;
    rewrite_fn *fn;
} rows[] = {
    {OP_arith_constant, hlo_constant},
    {OP_stablehlo_all_gather, hlo_all_gather},
    {OP_stablehlo_all_reduce, hlo_all_reduce},
    {OP_stablehlo_all_to_all, hlo_all_to_all},
    {OP_stablehlo_and, hlo_logical},
    {OP_stablehlo_batch_norm_grad, hlo_batch_norm_grad},
    {OP_stablehlo_batch_norm_inference, hlo_batch_norm_inference},
    {OP_stablehlo_batch_norm_training, hlo_batch_norm_training},
    {OP_stablehlo_broadcast_in_dim, hlo_broadcast_in_dim},
    {OP_stablehlo_clamp, hlo_clamp},
    {OP_stablehlo_collective_broadcast, hlo_collective_broadcast},
    {OP_stablehlo_collective_permute, hlo_collective_permute},
    {OP_stablehlo_compare, hlo_compare},
    {OP_stablehlo_concatenate, hlo_concatenate},
    {OP_stablehlo_constant, hlo_constant},
    {OP_stablehlo_convolution, hlo_convolution},
    {OP_stablehlo_custom_call, hlo_custom_call},
    {OP_stablehlo_dot_general, hlo_dot_general},
    {OP_stablehlo_dynamic_slice, hlo_dynamic_slice},
    {OP_stablehlo_gather, hlo_gather_slice},
    {OP_stablehlo_gather, hlo_gather_along_dim},
    {OP_stablehlo_gather, hlo_gather_repeat},
    {OP_stablehlo_gather, hlo_gather_embedding},
    {OP_stablehlo_gather, hlo_gather_windows},
    {OP_stablehlo_get_dimension_size, hlo_get_dimension_size},
    {OP_stablehlo_dynamic_iota, hlo_iota},
    {OP_stablehlo_iota, hlo_iota},
    {OP_stablehlo_not, hlo_logical},
    {OP_stablehlo_optimization_barrier, hlo_barrier},
    {OP_stablehlo_or, hlo_logical},
    {OP_stablehlo_pad, hlo_pad},
    {OP_stablehlo_reduce, hlo_reduce},
    {OP_stablehlo_reduce_scatter, hlo_reduce_scatter},
    {OP_stablehlo_reduce_window, hlo_cumulative},
    {OP_stablehlo_reduce_window, hlo_pool},
    {OP_stablehlo_reshape, hlo_reshape},
    {OP_stablehlo_reverse, hlo_reverse},
    {OP_stablehlo_rng, hlo_rng},
    {OP_stablehlo_rng_bit_generator, hlo_rng_bits},
    {OP_stablehlo_round_nearest_afz, hlo_round},
    {OP_stablehlo_scatter, hlo_scatter_cache},
    {OP_stablehlo_scatter, hlo_scatter_embedding},
    {OP_stablehlo_scatter, hlo_scatter_along_dim},
    {OP_stablehlo_scatter, hlo_scatter_flat},
    {OP_stablehlo_slice, hlo_slice},
    {OP_stablehlo_sort, hlo_sort},
    {OP_stablehlo_transpose, hlo_transpose},
    {OP_stablehlo_uniform_dequantize, hlo_quantize},
    {OP_stablehlo_uniform_quantize, hlo_quantize},
    {OP_stablehlo_xor, hlo_logical},
    {OP_sdy_all_reduce, hlo_sdy_all_reduce},
    {OP_sdy_constant, hlo_constant},
    {OP_sdy_manual_computation, hlo_manual_computation},
    {OP_sdy_mesh, hlo_mesh},
};

static bool is_foreign(pass_context *p, ir_op op) {
    str name = ir_op_name_str(p->m, op);
    return str_starts_with(name, STR("stablehlo.")) || str_starts_with(name, STR("chlo.")) ||
           str_starts_with(name, STR("sdy."));
}

bool hlo_is_there(pass_context *p) {
    for (ir_op op = p->no_hlo ? 0 : p->scope; op; op = ir_walk_next(p->m, p->scope, op))
        if (is_foreign(p, op))
            return true;
    p->no_hlo = true;
    return false;
}

bool hlo_rewrite(pass_context *p, const rewrite_pattern *patterns, uint32_t n) {
    return !hlo_is_there(p) || rewrite_greedy(p, p->scope, patterns, n, REWRITE_NO_FOLD | REWRITE_NO_CONST_CSE, 0);
}

/* The reference's message, and for a call what there is to say about it. */
static bool refuse(pass_context *p, ir_op op) {
    ir_attr target = op_is(p->m, op, OP_stablehlo_custom_call) ? ir_op_attr(p->m, op, STR("call_target_name")) : 0;
    str name = target ? ir_str_of(p->c, target) : STR("");
    const char *why = hlo_call_is_known(name)
                          ? ": with these operands, results or options nothing can be made of a call of @"
                          : ": no TTIR op is known for a call of @";
    return pass_error_plain(p, op, "failed to legalize operation '%.*s' that was explicitly marked illegal%s%.*s",
                            STR_ARG(ir_op_name_str(p->m, op)), target ? why : "", STR_ARG(name));
}

static bool convert(pass_context *p, ir_op op) {
    uint32_t id = op_id(p->m, op);
    ir_edit_at(p->e, op);
    p->e->from = op;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].op != id)
            continue;
        ir_edit_at(p->e, op);
        if (rows[i].fn(p, op))
            return true;
    }
    if (hlo_same_operands(p, op))
        return true;
    if (p->m->failed)
        return pass_out_of_memory(p);
    return refuse(p, op);
}

/* Composites first: their functions are inlined with the others. */
bool pass_hlo_inline(pass_context *p) {
    if (!hlo_is_there(p))
        return true;
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope), next; op; op = next) {
        next = ir_walk_next(p->m, p->scope, op);
        if (!op_is(p->m, op, OP_stablehlo_composite))
            continue;
        ir_edit_at(p->e, op);
        p->e->from = op;
        if (!hlo_composite(p, op))
            return p->m->failed ? pass_out_of_memory(p) : pass_error(p, op, "is of a form that is not known");
    }
    p->e->from = 0;
    return pass_each_module(p, pass_inline);
}

static bool convert_all(pass_context *p) {
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op;) {
        bool constant = op_is(p->m, op, OP_arith_constant) && ir_rank(p->c, hlo_type(p, op)) >= 0;
        if (!constant && !is_foreign(p, op)) {
            op = ir_walk_next(p->m, p->scope, op);
            continue;
        }
        ir_block block = ir_op_at(p->m, op)->block;
        ir_op prev = ir_op_at(p->m, op)->prev, parent = ir_parent_op(p->m, op);
        if (!convert(p, op))
            return false;
        /* Goes on with the first of the new ops: what stood inside comes with them. */
        op = prev ? ir_op_at(p->m, prev)->next : ir_block_at(p->m, block)->first;
        if (!op)
            op = ir_walk_next(p->m, p->scope, prev ? prev : parent);
    }
    return true;
}

bool pass_hlo_to_ttir(pass_context *p) {
    if (!hlo_is_there(p))
        return true;
    ir_attr mesh = 0;
    void *outer = p->data;
    p->data = &mesh;
    bool ok = convert_all(p);
    p->data = outer;
    p->e->from = 0;
    return ok && pass_cse(p);
}
