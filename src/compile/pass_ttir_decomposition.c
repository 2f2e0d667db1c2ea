/* ttir-to-ttir-decomposition: ops without a counterpart on the device become simpler ones. What must not stay is looked at in
 * the order of the module; what comes out of it is looked at in turn. Nothing else is touched, not even what is dead. */
#include "compile/decompose.h"
#include "compile/passes.h"
#include "compile/ttir.h"

static int rank_of(pass_context *p, ir_value v) {
    return ir_rank(p->c, ir_value_type(p->m, v));
}

static bool always(pass_context *p, ir_op op) {
    (void)p;
    (void)op;
    return true;
}

static bool is_other_arange(pass_context *p, ir_op op) {
    return op_int_or(p->m, op, STR("arange_dimension"), 0) != 0 || rank_of(p, ir_result(p->m, op, 0)) != 1;
}

static bool has_other_batch_norm_rank(pass_context *p, ir_op op) {
    for (uint32_t i = 1; i < 5; i++)
        if (rank_of(p, ir_operand(p->m, op, i)) != 4)
            return true;
    return false;
}

static bool has_other_rank(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (op_is(p->m, op, OP_ttir_adamw))
        return rank_of(p, ir_operand(p->m, op, 0)) != 4;
    for (uint32_t i = 0; i < o->n_operands; i++)
        if (rank_of(p, ir_operand(p->m, op, i)) != 4)
            return true;
    for (uint32_t i = 0; i < o->n_results; i++)
        if (rank_of(p, ir_result(p->m, op, i)) != 4)
            return true;
    return false;
}

static bool has_several_dims(pass_context *p, ir_op op) {
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("dim_arg"), dims, PASS_MAX_RANK);
    if (!ir_op_attr(p->m, op, STR("dim_arg")))
        return false;
    return op_is(p->m, op, OP_ttir_argmax) ? n > 1 : n != 1 && n != (uint32_t)rank_of(p, ir_operand(p->m, op, 0));
}

static bool is_over_full(pass_context *p, ir_op op) {
    return def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_full) != 0;
}

static bool is_other_conv(pass_context *p, ir_op op) {
    return !conv_is_channels_last(p->m, op);
}

static bool has_negative_padding(pass_context *p, ir_op op) {
    int64_t padding[2 * PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("padding"), padding, 2 * PASS_MAX_RANK);
    for (uint32_t i = 0; i < n && i < 2 * PASS_MAX_RANK; i++)
        if (padding[i] < 0)
            return true;
    return false;
}

/* `illegal` says whether this op must not stay; `rewrite` NULL: it can only be folded. */
static const struct {
    uint16_t op;
    bool (*illegal)(pass_context *p, ir_op op);
    rewrite_fn *rewrite;
} rows[] = {
    {OP_ttir_adamw, has_other_rank, decompose_to_rank4},
    {OP_ttir_arange, is_other_arange, decompose_arange},
    {OP_ttir_argmax, has_several_dims, decompose_argmax},
    {OP_ttir_avg_pool2d, is_over_full, decompose_pool_of_full},
    {OP_ttir_batch_norm_inference, has_other_batch_norm_rank, decompose_batch_norm_inference},
    {OP_ttir_batch_norm_training, has_other_batch_norm_rank, decompose_batch_norm_training},
    {OP_ttir_conv2d, is_other_conv, decompose_conv},
    {OP_ttir_conv3d, is_other_conv, decompose_conv},
    {OP_ttir_conv_transpose2d, is_other_conv, decompose_conv},
    {OP_ttir_dequantize, always, decompose_dequantize},
    {OP_ttir_dot_general, always, decompose_dot_general},
    {OP_ttir_get_dimension_size, always, NULL},
    {OP_ttir_index, always, decompose_index},
    {OP_ttir_index_select, always, decompose_index_select},
    {OP_ttir_max_pool2d, is_over_full, decompose_pool_of_full},
    {OP_ttir_pad, has_negative_padding, decompose_pad},
    {OP_ttir_prod, has_several_dims, decompose_prod},
    {OP_ttir_quantize, always, decompose_quantize},
    {OP_ttir_reduce_and, always, decompose_reduce_and},
    {OP_ttir_reduce_or, always, decompose_reduce_or},
    {OP_ttir_requantize, always, decompose_requantize},
    {OP_ttir_reverse, always, decompose_reverse},
    {OP_ttir_sdpa_bw, has_other_rank, decompose_to_rank4},
    {OP_ttir_sdpa_fw, has_other_rank, decompose_to_rank4},
};

/* Folds op to values (a constant becomes an op before it). */
static bool folded(pass_context *p, ir_op op) {
    fold_value results[FOLD_MAX_RESULTS] = {{0}};
    ir_value values[FOLD_MAX_RESULTS];
    uint32_t n = ir_op_at(p->m, op)->n_results;
    if (n > FOLD_MAX_RESULTS || fold_op(p, op, results) != FOLD_VALUES)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        values[i] = results[i].value;
        if (!values[i])
            values[i] = materialize_ttir(p, results[i].constant, ir_value_type(p->m, ir_result(p->m, op, i)),
                                         ir_op_at(p->m, op)->loc);
        if (!values[i])
            return false;
    }
    ir_replace(p->e, op, values);
    return true;
}

static bool legalize(pass_context *p, ir_op op, bool *changed) {
    uint32_t id = op_id(p->m, op);
    *changed = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].op != id || !rows[i].illegal(p, op))
            continue;
        ir_edit_at(p->e, op);
        p->e->from = op;
        if (folded(p, op) || (rows[i].rewrite && rows[i].rewrite(p, op))) {
            *changed = true;
            return true;
        }
        if (p->m->failed)
            return pass_out_of_memory(p);
        return pass_error_plain(p, op, "failed to legalize operation '%.*s' that was explicitly marked illegal",
                                STR_ARG(ir_op_name_str(p->m, op)));
    }
    return true;
}

bool pass_ttir_decomposition(pass_context *p) {
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op;) {
        ir_block block = ir_op_at(p->m, op)->block;
        ir_op prev = ir_op_at(p->m, op)->prev;
        bool changed;
        if (!legalize(p, op, &changed))
            return false;
        if (changed) /* goes on with the first of the new ops */
            op = prev ? ir_op_at(p->m, prev)->next : ir_block_at(p->m, block)->first;
        else
            op = ir_walk_next(p->m, p->scope, op);
    }
    return true;
}
