/* stablehlo.convolution with batch groups: the batch is cut into as many parts as there are groups of output features, each of which
 * sees its part alone (spec.md, convolution). It is one of feature groups over an input whose parts lie side by side:
 *
 *   [groups * n, ..., c] ─▶ [n, ..., groups * c] ─▶ convolution by groups
 */
#include <string.h>

#include "dialect/params.h"
#include "exec/kernels.h"
#include "exec/plan.h"

static exec_slot side_by_side(struct planner *p, ir_op op, exec_slot from, int64_t batch, int64_t feature,
                              int64_t groups) {
    exec_plan *x = p->x;
    struct exec_type t = *slot_type(x, from);
    struct walk w = {.rank = 0};
    int64_t strides[TENSOR_MAX_RANK];
    walk_row_strides(t.dims, t.rank, strides);
    for (int d = 0; d < t.rank; d++) {
        if (d == feature) {
            w.dims[w.rank] = groups;
            w.strides[w.rank++] = t.dims[batch] / groups * strides[batch];
        }
        w.dims[w.rank] = d == batch ? t.dims[d] / groups : t.dims[d];
        w.strides[w.rank++] = strides[d];
    }
    t.dims[batch] /= groups;
    t.dims[feature] *= groups;
    exec_slot to = plan_moved(p, op, from, &t, &w, x->slots.v[from].per_device);
    x->slots.v[to].steady = to && x->slots.v[from].steady;
    return to;
}

bool plan_convolution(struct planner *p, ir_op op, const struct exec_row *row) {
    int64_t groups = 1, batch = -1, feature = -1;
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    ir_attr numbers = ir_op_attr(p->m, op, STR("dimension_numbers"));
    exec_slot *in = plan_operands(p, op, 0, n);
    if (!in)
        return false;
    if (!attr_i64(p, op, "batch_group_count", &groups) || groups == 1)
        return plan_product(p, op, row, in, n);
    dialect_param_int(p->c, numbers, STR("inputBatchDimension"), &batch);
    dialect_param_int(p->c, numbers, STR("inputFeatureDimension"), &feature);
    const struct exec_type *t = n && in[0] ? slot_type(p->x, in[0]) : NULL;
    if (!t || t->quant || groups < 1 || batch < 0 || batch >= t->rank || feature < 0 || feature >= t->rank ||
        feature == batch || t->dims[batch] % groups != 0)
        return plan_error(p, op, "has %lld batch groups, which do not fit its input", (long long)groups);
    if (type_count(t) && !(in[0] = side_by_side(p, op, in[0], batch, feature, groups)))
        return false;
    return plan_product(p, op, row, in, n);
}
