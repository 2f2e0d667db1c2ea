/* stablehlo.set_dimension_size: a dimension from now on counts as shorter than it is, or as what it is.
 *
 * Upstream keeps the memory of the longer tensor and a length beside it; here the result is the tensor of that length, so that the
 * ops behind it need no masks. Where the type of the result leaves the dimension open the size has to be known when planning
 * (plan_shape.c); where it does not, the size is compared with it when running.
 */
#include <string.h>

#include "exec/kernels.h"

bool size_known(const struct planner *p, exec_slot s, int64_t *out) {
    const struct slot *root = &p->x->slots.v[p->x->slots.v[s].root];
    struct tensor t = {.dtype = root->type.dtype, .data = root->data};
    if (!s || root->kind != SLOT_CONSTANT || !root->data || type_count(&root->type) != 1)
        return false;
    *out = (int64_t)tensor_get(&t, 0);
    return true;
}

static bool plan_set_size(struct planner *p, struct exec_step *s) {
    int64_t *dim = PLAN_PARAMS(p, s, int64_t), size;
    if (!dim)
        return false;
    if (!has_in(s, 1) || !attr_i64(p, s->op, "dimension", dim))
        return plan_error(p, s->op, "does not say which dimension it sets, or to what");
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    if (*dim < 0 || *dim >= in->rank || out->rank != in->rank || type_count(in_type(p, s, 1)) != 1)
        return plan_error(p, s->op, "sets a dimension that is not there, or to more than one number");
    for (int i = 0; i < in->rank; i++)
        if (i != *dim && in->dims[i] != out->dims[i])
            return plan_error(p, s->op, "gives another shape than its type says");
    if (out->dims[*dim] > in->dims[*dim])
        return plan_error(p, s->op, "sets a dimension of %lld to %lld: what would stand behind its end is not defined",
                          (long long)in->dims[*dim], (long long)out->dims[*dim]);
    bool known = size_known(p, s->in[1], &size);
    if (!known && ir_dim(p->c, ir_value_type(p->m, ir_op_at(p->m, s->op)->results), (int)*dim) < 0)
        return plan_error(p, s->op,
                          "sets a dimension to a number that is not known before it runs, which leaves its "
                          "result without a shape");
    if (known && size != out->dims[*dim])
        return plan_error(p, s->op, "sets a dimension to %lld, its type says %lld", (long long)size,
                          (long long)out->dims[*dim]);
    return true;
}

static bool run_set_size(struct call *c) {
    int64_t dim = *(const int64_t *)c->s->params, size = arg_int(&c->in[1], 0), outer = 1;
    const struct exec_type *in = c->in[0].type, *out = c->out[0].type;
    if (size != out->dims[dim])
        return call_error(c, "a dimension is set to %lld, its type says %lld", (long long)size,
                          (long long)out->dims[dim]);
    size_t row = tensor_dtype_size(in->dtype);
    for (int i = 0; i < in->rank; i++)
        if (i < dim)
            outer *= in->dims[i];
        else if (i > dim)
            row *= (size_t)in->dims[i];
    size_t from = row * (size_t)in->dims[dim], to = row * (size_t)out->dims[dim];
    for (int64_t o = 0; o < outer && to; o++)
        memcpy((char *)c->out[0].data + (size_t)o * to, (const char *)c->in[0].data + (size_t)o * from, to);
    return true;
}
const struct kernel kernel_set_size = {"copy", plan_set_size, run_set_size, KERNEL_COMPLEX, NULL, NULL, NULL};
