/* stablehlo.reduce by what its region does, where that is no fold or argmax that a kernel knows: by halves.
 *
 *   [n, kept] ─▶ even slices, odd slices ─▶ the region on all pairs at once ─▶ [n / 2, kept] ─▶ ... ─▶ [kept]
 *
 * Numbers of the region are tensors of what is reduced at a time (planner.lift), so that it runs about 2 log2(n) times. Neighbours
 * meet in their order, as StableHLO wants it (spec.md, reduce: a tree whose leaves are the elements in order): the region needs to
 * be associative and no more. The slice that is left over in a round waits; such slices stand behind all others, the last one
 * first, and meet the rest at the end.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

enum { MAX_ROUNDS = 64 };

struct reduction {
    ir_op op;
    ir_block body;
    uint32_t n;         /* tensors that are reduced together */
    int64_t count;      /* slices of each */
    struct exec_type t; /* dims: what is kept */
    bool per_device;
};

static exec_slot moved(struct planner *p, const struct reduction *k, exec_slot from, const struct exec_type *to,
                       const struct walk *w) {
    return plan_moved(p, k->op, from, to, w, k->per_device);
}

/* The shape of what is reduced at a time: `rows` slices; -1: one without a dimension for their number. */
static struct exec_type shape_of(const struct reduction *k, exec_slot like, int64_t rows, const exec_plan *x) {
    struct exec_type t = k->t;
    t.dtype = slot_type(x, like)->dtype;
    if (rows >= 0) {
        t.rank++;
        t.dims[0] = rows;
        memcpy(t.dims + 1, k->t.dims, (size_t)k->t.rank * sizeof *t.dims);
    }
    return t;
}

/* Slices first, first + step, ... of each tensor, as many as `rows`. */
static bool slices(struct planner *p, const struct reduction *k, const exec_slot *from, int64_t first, int64_t step,
                   int64_t rows, exec_slot *out) {
    int64_t size = type_count(&k->t);
    struct walk w = {.rank = 2, .dims = {rows < 0 ? 1 : rows, size}, .strides = {step * size, 1}, .base = first * size};
    for (uint32_t i = 0; i < k->n; i++) {
        struct exec_type t = shape_of(k, from[i], rows, p->x);
        if (!(out[i] = moved(p, k, from[i], &t, &w)))
            return false;
    }
    return true;
}

/* The region on two lists of tensors of one shape. */
static bool combine(struct planner *p, const struct reduction *k, const exec_slot *a, const exec_slot *b,
                    exec_slot *out) {
    return plan_combine(p, k->op, k->body, k->n, a, b, out);
}

/* Each tensor with the dimensions that are reduced as its first. */
static bool turn(struct planner *p, struct reduction *k, const exec_slot *in, uint32_t mask, exec_slot *out) {
    const struct exec_type whole = *slot_type(p->x, in[0]);
    int64_t strides[TENSOR_MAX_RANK];
    struct walk w = {.rank = 0};
    walk_row_strides(whole.dims, whole.rank, strides);
    k->count = 1;
    k->t = (struct exec_type){.rank = 0};
    for (int pass = 1; pass >= 0; pass--)
        for (int d = 0; d < whole.rank; d++) {
            if ((int)(mask >> d & 1) != pass)
                continue;
            w.dims[w.rank] = whole.dims[d];
            w.strides[w.rank++] = strides[d];
            if (pass)
                k->count *= whole.dims[d];
            else
                k->t.dims[k->t.rank++] = whole.dims[d];
        }
    if (k->t.rank == TENSOR_MAX_RANK)
        return plan_error(p, k->op, "keeps %d dimensions, one less is what can be computed with", TENSOR_MAX_RANK);
    for (uint32_t i = 0; i < k->n && k->count && type_count(&k->t); i++) {
        struct exec_type t = shape_of(k, in[i], k->count, p->x);
        if (!(out[i] = moved(p, k, in[i], &t, &w)))
            return false;
    }
    return true;
}

/* What the region makes of all slices of `all`, in order. */
static bool by_halves(struct planner *p, const struct reduction *k, exec_slot *all, exec_slot *out) {
    exec_slot *left = ARENA_ARRAY(p->a, exec_slot, (size_t)k->n * MAX_ROUNDS),
              *pair = ARENA_ARRAY(p->a, exec_slot, 2 * (size_t)k->n);
    uint32_t n_left = 0;
    if (!left || !pair)
        return plan_no_memory(p);
    for (int64_t count = k->count; count > 1; count /= 2)
        if ((count % 2 && !slices(p, k, all, count - 1, 1, -1, left + n_left++ * k->n)) ||
            !slices(p, k, all, 0, 2, count / 2, pair) || !slices(p, k, all, 1, 2, count / 2, pair + k->n) ||
            !combine(p, k, pair, pair + k->n, all))
            return false;
    if (!slices(p, k, all, 0, 1, -1, out))
        return false;
    while (n_left-- > 0)
        if (!combine(p, k, out, left + n_left * k->n, out))
            return false;
    return true;
}

bool plan_reduced(struct planner *p, ir_op op, ir_block body, exec_slot *in, uint32_t n) {
    for (uint32_t i = 0; i < 2 * n; i++) {
        const struct exec_type *t = in[i] ? slot_type(p->x, in[i]) : NULL;
        struct exec_type number;
        if (!t || t->quant || (i < n ? !type_same_shape(t, slot_type(p->x, in[0])) : type_count(t) != 1))
            return plan_error(p, op, "reduces tensors of different shapes, or from values of another type");
        if (!type_of(p, ir_value_type(p->m, ir_block_at(p->m, body)->args + i), &number) || number.rank != 0)
            return plan_error(p, op, "has a region that takes other than numbers");
        if (!(in[i] = plan_cast(p, op, in[i], number.dtype)))
            return false;
    }
    return true;
}

bool plan_reduce_by_region(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    struct reduction k = {.op = op, .n = d->n_operands / 2};
    int64_t dims[TENSOR_MAX_RANK];
    int n_dims = exec_op_ints(p, op, "dimensions", dims, TENSOR_MAX_RANK), at;
    uint32_t mask = 0;
    exec_slot *in = plan_operands(p, op, 0, d->n_operands), *room = ARENA_ARRAY(p->a, exec_slot, 4 * (size_t)k.n + 1);
    if (!in || !room)
        return plan_no_memory(p);
    exec_slot *all = room, *sum = room + k.n, *init = sum + k.n, *out = init + k.n;
    if (!plan_region_block(p, op, 0, &k.body))
        return false;
    if (k.n == 0 || d->n_operands != 2 * k.n || d->n_results != k.n || n_dims < 0 ||
        ir_block_at(p->m, k.body)->n_args != 2 * k.n)
        return plan_error(p, op, "is not formed as a reduction");
    if (!plan_reduced(p, op, k.body, in, k.n))
        return false;
    for (uint32_t i = 0; i < 2 * k.n; i++)
        k.per_device |= p->x->slots.v[in[i]].per_device;
    for (int i = 0; i < n_dims; i++) {
        if (!plan_dim(p, op, dims[i], slot_type(p->x, in[0])->rank, &at))
            return false;
        mask |= 1u << at;
    }
    if (!turn(p, &k, in, mask, all) || !plan_results_of(p, op, out))
        return false;
    for (uint32_t i = 0; i < k.n; i++)
        if (!out[i] || !type_same_shape(slot_type(p->x, out[i]), &k.t) ||
            slot_type(p->x, out[i])->dtype != slot_type(p->x, in[i])->dtype)
            return plan_error(p, op, "gives another type than what it reduces leaves");
    struct walk same = {.rank = 1, .dims = {type_count(&k.t)}, .strides = {0}};
    for (uint32_t i = 0; i < k.n; i++) {
        struct exec_type t = shape_of(&k, in[i], -1, p->x);
        if (!(init[i] = moved(p, &k, in[k.n + i], &t, &same)))
            return false;
    }
    if (k.count == 0 || type_count(&k.t) == 0)
        return plan_assign(p, op, init, out, k.n);
    return by_halves(p, &k, all, sum) && combine(p, &k, init, sum, sum) && plan_assign(p, op, sum, out, k.n);
}
