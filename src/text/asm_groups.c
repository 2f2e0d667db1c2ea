/* asm_groups.c - which of an op's operands and results belong to which name of its table entry.
 *
 * Three ways, as in MLIR: written down in operandSegmentSizes / resultSegmentSizes; equal shares for every variadic
 * group; or at most one group that is not exactly one value long, which takes what is left.
 */
#include <string.h>

#include "text/asm.h"

static bool from_segments(const ir_context *c, ir_attr sizes, const value_def *defs, uint32_t n_defs, uint32_t total,
                          asm_groups *out) {
    if (!sizes || ir_kind_of(c, sizes) != IR_ATTR_DENSE_ARRAY)
        return false;
    str data = ir_data(c, sizes);
    if (data.n != (size_t)n_defs * sizeof(int32_t))
        return false;
    uint32_t at = 0;
    for (uint32_t i = 0; i < n_defs; i++) {
        int32_t n;
        memcpy(&n, data.p + i * sizeof n, sizeof n);
        if (n < 0 || (uint32_t)n > total - at)
            return false;
        if ((defs[i].arity == ARITY_ONE && n != 1) || (defs[i].arity == ARITY_OPTIONAL && n > 1))
            return false;
        out->first[i] = at;
        out->n[i] = (uint32_t)n;
        at += (uint32_t)n;
    }
    return at == total;
}

static bool split(const value_def *defs, uint32_t n_defs, uint32_t total, bool equal_shares, asm_groups *out) {
    uint32_t open = 0;
    for (uint32_t i = 0; i < n_defs; i++)
        open += defs[i].arity != ARITY_ONE;
    uint32_t fixed = n_defs - open;
    if (total < fixed || (open == 0 && total != fixed))
        return false;
    uint32_t share = 0;
    if (open > 1) {
        if (!equal_shares || (total - fixed) % open != 0)
            return false;
        share = (total - fixed) / open;
    } else if (open == 1) {
        share = total - fixed;
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < n_defs; i++) {
        uint32_t n = defs[i].arity == ARITY_ONE ? 1 : share;
        if (defs[i].arity == ARITY_OPTIONAL && n > 1)
            return false;
        out->first[i] = at;
        out->n[i] = n;
        at += n;
    }
    return true;
}

bool asm_operand_groups(const ir_module *m, ir_op op, const op_def *d, asm_groups *out) {
    const ir_op_data *o = ir_op_at(m, op);
    out->count = d->n_operands;
    if (d->n_operands > ASM_MAX_OPERANDS)
        return false;
    const value_def *defs = &dialect_values[d->operands];
    if (d->flags & OP_OPERAND_SEGMENTS)
        return from_segments(m->ctx, ir_op_attr(m, op, STR("operandSegmentSizes")), defs, d->n_operands, o->n_operands,
                             out);
    return split(defs, d->n_operands, o->n_operands, (d->flags & OP_SAME_VARIADIC_OPERANDS) != 0, out);
}

bool asm_result_groups(const ir_module *m, ir_op op, const op_def *d, asm_groups *out) {
    const ir_op_data *o = ir_op_at(m, op);
    out->count = d->n_results;
    if (d->n_results > ASM_MAX_RESULTS)
        return false;
    const value_def *defs = &dialect_values[d->results];
    if (d->flags & OP_RESULT_SEGMENTS)
        return from_segments(m->ctx, ir_op_attr(m, op, STR("resultSegmentSizes")), defs, d->n_results, o->n_results,
                             out);
    return split(defs, d->n_results, o->n_results, (d->flags & OP_SAME_VARIADIC_RESULTS) != 0, out);
}
