/* Sorting: sort, topk, StableHLO's sort by a comparison of its first operand (by any other: plan_sort.c). */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

struct sort {
    int64_t outer, n, inner, k; /* k elements are kept */
    bool descending, total;
    vec_class class;
};

static bool describe(struct planner *p, struct exec_step *s, struct sort *w, int64_t dim) {
    const struct exec_type *in = in_type(p, s, 0);
    int d;
    if (!plan_dim(p, s->op, dim, in->rank, &d))
        return false;
    w->outer = w->inner = 1;
    for (int i = 0; i < d; i++)
        w->outer *= in->dims[i];
    for (int i = d + 1; i < in->rank; i++)
        w->inner *= in->dims[i];
    w->n = w->k = in->dims[d];
    w->class = class_join(in, NULL);
    s->flops = (uint64_t)type_count(in);
    return true;
}

static bool plan_sort(struct planner *p, struct exec_step *s) {
    struct sort *w = PLAN_PARAMS(p, s, struct sort);
    int64_t dim = -1;
    if (!w)
        return false;
    attr_i64(p, s->op, "dim", &dim);
    w->descending = attr_bool(p, s->op, "descending");
    s->n_in = 1;
    if (!describe(p, s, w, dim))
        return false;
    if (s->row->arg == SORT_TOPK) {
        w->descending = true;
        w->total = str_starts_with(ir_op_name_str(p->m, s->op), STR("chlo.")); /* as JAX has it */
        attr_flag(p, s->op, "largest", &w->descending);
        attr_i64(p, s->op, "k", &w->k);
        if (w->k < 1 || w->k > w->n)
            return plan_error(p, s->op, "takes %lld of %lld", (long long)w->k, (long long)w->n);
    }
    for (uint32_t i = 0; i < s->n_out; i++)
        if (type_count(out_type(p, s, i)) != w->outer * w->inner * w->k)
            return plan_error(p, s->op, "gives another shape than its type says");
    return true;
}

bool sort_by_key(struct planner *p, ir_op op) {
    exec_slot key = ir_op_at(p->m, op)->n_operands ? plan_get(p, ir_operand(p->m, op, 0)) : 0;
    bool descending, total;
    return key && !tensor_dtype_is_complex(slot_type(p->x, key)->dtype) && region_order(p, op, &descending, &total);
}

static bool plan_hlo_sort(struct planner *p, struct exec_step *s) {
    struct sort *w = PLAN_PARAMS(p, s, struct sort);
    int64_t dim = -1;
    if (!w)
        return false;
    attr_i64(p, s->op, "dimension", &dim);
    region_order(p, s->op, &w->descending, &w->total);
    for (uint32_t i = 0; i < s->n_in; i++)
        if (!type_same_shape(in_type(p, s, i), in_type(p, s, 0)))
            return plan_error(p, s->op, "sorts tensors of different shapes together");
    return describe(p, s, w, dim);
}

/* Whether a stands before b. NaN is the largest, as in torch. */
static bool before(const struct sort *w, const struct vec *v, const char *row, int64_t a, int64_t b) {
    const char *x = row + a * w->inner * (int64_t)v->size, *y = row + b * w->inner * (int64_t)v->size;
    if (vec_is_integer(w->class)) {
        int64_t i = vec_in_order(w->class, x), j = vec_in_order(w->class, y);
        return w->descending ? i > j : i < j;
    }
    double i = v->get(x), j = v->get(y);
    if (w->total) { /* the wider type keeps signs, those of NaN, too */
        uint64_t bits[2];
        memcpy(&bits[0], &i, sizeof i);
        memcpy(&bits[1], &j, sizeof j);
        int64_t first = total_order(bits[0], 64), second = total_order(bits[1], 64);
        return w->descending ? first > second : first < second;
    }
    if (isnan(i) || isnan(j))
        return w->descending ? isnan(i) && !isnan(j) : !isnan(i) && isnan(j);
    return w->descending ? i > j : i < j;
}

/* A stable merge sort of the order, bottom up. NULL: the run is to stop. */
static int64_t *sorted(const struct call *c, const char *row, int64_t *order, int64_t *other) {
    const struct sort *w = c->s->params;
    const struct vec *v = c->x->vec[w->class];
    for (int64_t i = 0; i < w->n; i++)
        order[i] = i;
    for (int64_t width = 1; width < w->n; width *= 2) {
        for (int64_t at = 0; at < w->n; at += 2 * width) {
            int64_t mid = at + width < w->n ? at + width : w->n, end = mid + width < w->n ? mid + width : w->n;
            int64_t a = at, b = mid;
            for (int64_t k = at; k < end; k++) {
                if (call_stopped_in(c, k, CALL_LOOK))
                    return NULL;
                other[k] = a < mid && (b >= end || !before(w, v, row, order[b], order[a])) ? order[a++] : order[b++];
            }
        }
        int64_t *swap = order;
        order = other;
        other = swap;
    }
    return order;
}

static bool run_sort(struct call *c) {
    const struct sort *w = c->s->params;
    const struct vec *v = c->x->vec[w->class];
    bool hlo = c->s->row->arg == SORT_HLO;
    const char *in = call_lanes(c, &c->in[0], w->class);
    int64_t *order = in ? call_scratch(c, (size_t)w->n * 2 * sizeof *order + 16) : NULL;
    if (!order)
        return false;
    for (int64_t r = 0; r < w->outer * w->inner; r++) {
        int64_t base = r / w->inner * w->n * w->inner + r % w->inner;
        int64_t to = r / w->inner * w->k * w->inner + r % w->inner;
        const int64_t *by = sorted(c, in + base * (int64_t)v->size, order, order + w->n);
        for (uint32_t o = 0; by && o < c->s->n_out; o++) {
            const struct exec_arg *from = &c->in[hlo ? o : 0], *out = &c->out[o];
            size_t size = tensor_dtype_size(out->type->dtype);
            struct tensor ids = {.dtype = out->type->dtype, .data = out->data};
            for (int64_t i = 0; i < w->k && !call_stopped_in(c, i, CALL_LOOK); i++) {
                if (!hlo && o == 1)
                    tensor_set(&ids, to + i * w->inner, (double)by[i]);
                else
                    exec_convert(c->x, (char *)out->data + (size_t)(to + i * w->inner) * size, out->type->dtype,
                                 (const char *)from->data +
                                     (size_t)(base + by[i] * w->inner) * tensor_dtype_size(from->type->dtype),
                                 from->type->dtype, 1);
            }
        }
    }
    return true;
}
const struct kernel kernel_sort = {"sort", plan_sort, run_sort, 0};
const struct kernel kernel_hlo_sort = {"sort", plan_hlo_sort, run_sort, KERNEL_COMPLEX};
