/* Ops of StableHLO that pick elements: those of windows that were chosen (the gradient of a max pool), slices by index. */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* --- select_and_scatter ------------------------------------------------------------------------------------------------- */

struct picks {
    bool greater, equal; /* which element of a window wins; whether the first of equal ones does */
    struct window_sides sides;
};

bool picks_add(struct planner *p, ir_op op) {
    bool greater, equal;
    vec_fold fold;
    exec_slot in = ir_op_at(p->m, op)->n_operands ? plan_get(p, ir_operand(p->m, op, 0)) : 0;
    return in && !tensor_dtype_is_complex(slot_type(p->x, in)->dtype) && region_choice(p, op, &greater, &equal) &&
           region_fold_of(p, op, 1, &fold) && fold == FOLD_SUM;
}

static bool plan_select_scatter(struct planner *p, struct exec_step *s) {
    struct picks *w = PLAN_PARAMS(p, s, struct picks);
    if (!w)
        return false;
    if (!has_in(s, 2) || !s->out[0])
        return plan_error(p, s->op, "lacks operands");
    const struct exec_type *in = in_type(p, s, 0), *source = in_type(p, s, 1);
    region_choice(p, s->op, &w->greater, &w->equal);
    if (!window_read(p, s->op, in, &w->sides))
        return false;
    bool fits = type_same_shape(in, out_type(p, s, 0)) && source->rank == in->rank;
    for (int i = 0; fits && i < in->rank; i++)
        fits = source->dims[i] == w->sides.out[i];
    return fits || plan_error(p, s->op, "has a source of another shape than its windows make");
}

/* The next index below dims; false behind the last. */
static bool advance(int64_t *index, const int64_t *dims, int rank) {
    for (int d = rank; d-- > 0; index[d] = 0)
        if (++index[d] < dims[d])
            return true;
    return false;
}

/* The element of the window at `at` that wins; -1: all of it is padding. */
static int64_t chosen(const struct call *c, const struct picks *w, const int64_t *at) {
    const struct exec_type *in = c->in[0].type;
    int64_t tap[TENSOR_MAX_RANK] = {0}, best = -1;
    double value = 0;
    do {
        int64_t index = 0;
        bool inside = true;
        for (int d = 0; d < w->sides.rank; d++) {
            int64_t i = at[d] * w->sides.stride[d] + tap[d] - w->sides.low[d];
            inside &= i >= 0 && i < in->dims[d];
            index = index * in->dims[d] + i;
        }
        double v = inside ? arg_get(&c->in[0], index) : 0;
        bool stays = w->greater ? (w->equal ? value >= v : value > v) : (w->equal ? value <= v : value < v);
        if (inside && (best < 0 || !stays)) {
            best = index;
            value = v;
        }
    } while (advance(tap, w->sides.size, w->sides.rank));
    return best;
}

static bool run_select_scatter(struct call *c) {
    const struct picks *w = c->s->params;
    const struct exec_type *source = c->in[1].type, *out = c->out[0].type;
    int64_t at[TENSOR_MAX_RANK] = {0}, n = type_count(source), r = 0, size = type_count(out);
    double *sums = call_scratch(c, (size_t)(size + 1) * sizeof *sums), init = arg_get(&c->in[2], 0);
    if (!sums)
        return false;
    for (int64_t i = 0; i < size; i++)
        sums[i] = init;
    for (; r < n && !call_stopped(c); r++) {
        int64_t to = chosen(c, w, at);
        if (to >= 0)
            sums[to] += arg_get(&c->in[1], r);
        advance(at, source->dims, w->sides.rank);
    }
    exec_convert(c->x, c->out[0].data, out->dtype, sums, TENSOR_F64, (size_t)size);
    return true;
}
const struct kernel kernel_select_scatter = {"window fold", plan_select_scatter, run_select_scatter, 0};

/* --- torch_index_select ----------------------------------------------------------------------------------------------- */

/* result[b.., o.., i.., r..] = operand[b.., o.., index[b.., i..], r..] */
struct selection {
    int64_t batch, outer, n, picked, inner;
};

static bool plan_torch_select(struct planner *p, struct exec_step *s) {
    struct selection *w = PLAN_PARAMS(p, s, struct selection);
    int64_t dim = 0, batch = 0;
    if (!w)
        return false;
    attr_i64(p, s->op, "dim", &dim);
    attr_i64(p, s->op, "batch_dims", &batch);
    if (!has_in(s, 1) || !s->out[0])
        return plan_error(p, s->op, "lacks operands");
    const struct exec_type *in = in_type(p, s, 0), *at = in_type(p, s, 1), *out = out_type(p, s, 0);
    bool fits = batch >= 0 && batch <= dim && dim < in->rank && batch <= at->rank && in->dtype == out->dtype;
    *w = (struct selection){.batch = 1, .outer = 1, .picked = 1, .inner = 1};
    for (int i = 0; fits && i < in->rank; i++)
        *(i < batch ? &w->batch : i < dim ? &w->outer : i == dim ? &w->n : &w->inner) *= i == dim ? 1 : in->dims[i];
    w->n = fits ? in->dims[dim] : 0;
    for (int i = (int)batch; fits && i < at->rank; i++)
        w->picked *= at->dims[i];
    for (int i = 0; fits && i < batch; i++)
        fits = in->dims[i] == at->dims[i];
    return (fits && w->batch * w->outer * w->picked * w->inner == type_count(out)) ||
           plan_error(p, s->op, "has operands and a result that do not fit each other");
}

static bool run_torch_select(struct call *c) {
    const struct selection *w = c->s->params;
    size_t row = (size_t)w->inner * tensor_dtype_size(c->out[0].type->dtype);
    char *to = c->out[0].data;
    for (int64_t b = 0; row && b < w->batch; b++)
        for (int64_t o = 0; o < w->outer; o++)
            for (int64_t i = 0; i < w->picked; i++, to += row) {
                int64_t k = arg_int(&c->in[1], b * w->picked + i);
                if (k < 0 || k >= w->n)
                    return call_error(c, "picks element %lld of %lld", (long long)k, (long long)w->n);
                memcpy(to, (const char *)c->in[0].data + (size_t)((b * w->outer + o) * w->n + k) * row, row);
            }
    return true;
}
const struct kernel kernel_torch_select = {"gather", plan_torch_select, run_torch_select, KERNEL_COMPLEX};
