/* stablehlo.reduce_window by what its region does, where that is no fold that a kernel knows: one dimension after the other, the last
 * one first, which keeps the order of a window's elements (spec.md, reduce_window). Along a dimension by doubling:
 *
 *   [..., n, ...] ─▶ of each 2 neighbours ─▶ of each 4 ─▶ ...      a window of 7 is one of 1, one of 2 and one of 4
 *
 * so that the region, which has to be associative and no more, runs about 2 log2(size) times for each dimension. What stands outside
 * is the first value, as the specification has it.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

struct reduction {
    ir_op op;
    ir_block body;
    uint32_t n; /* tensors that are reduced together */
    struct window_sides w;
};

/* Of each tensor what stands at from, from + step, ... of a dimension, `count` of them. */
static bool cut(struct planner *p, const struct reduction *k, const exec_slot *in, int dim, int64_t from, int64_t step,
                int64_t count, exec_slot *out) {
    for (uint32_t i = 0; i < k->n; i++) {
        struct exec_type t = *slot_type(p->x, in[i]);
        struct walk w = {.rank = t.rank};
        walk_row_strides(t.dims, t.rank, w.strides);
        w.base = from * w.strides[dim];
        w.strides[dim] *= step;
        t.dims[dim] = count;
        memcpy(w.dims, t.dims, (size_t)t.rank * sizeof *w.dims);
        if (!(out[i] = plan_moved(p, k->op, in[i], &t, &w, p->x->slots.v[in[i]].per_device)))
            return false;
    }
    return true;
}

/* The windows along a dimension of `all`, which is what they make of it afterwards. */
static bool slide(struct planner *p, const struct reduction *k, int dim, exec_slot *all) {
    const struct window_sides *w = &k->w;
    if (w->size[dim] == 1 && w->stride[dim] == 1)
        return true;
    int64_t length = slot_type(p->x, all[0])->dims[dim], size = w->size[dim], dilation = w->dilation[dim], done = 0;
    int64_t count = window_count(length, 0, 0, size, dilation, w->stride[dim], false);
    exec_slot *room = ARENA_ARRAY(p->a, exec_slot, 5 * (size_t)k->n);
    if (!room)
        return plan_no_memory(p);
    exec_slot *sum = room, *piece = room + k->n, *power = piece + k->n, *low = power + k->n, *high = low + k->n;
    memcpy(power, all, k->n * sizeof *power);
    for (int64_t wide = 1; done < size; wide *= 2) { /* power: of `wide` elements each, `length` of them */
        if (size & wide) {
            if (!cut(p, k, power, dim, done * dilation, w->stride[dim], count, done ? piece : sum) ||
                (done && !plan_combine(p, k->op, k->body, k->n, sum, piece, sum)))
                return false;
            done += wide;
        }
        if (done == size)
            break;
        length -= wide * dilation;
        if (!cut(p, k, power, dim, 0, 1, length, low) || !cut(p, k, power, dim, wide * dilation, 1, length, high) ||
            !plan_combine(p, k->op, k->body, k->n, low, high, power))
            return false;
    }
    memcpy(all, sum, k->n * sizeof *all);
    return true;
}

/* The tensors with what stands around them. */
static bool widen(struct planner *p, const struct reduction *k, const exec_slot *in, exec_slot *all) {
    const struct window_sides *w = &k->w;
    int64_t interior[TENSOR_MAX_RANK];
    bool same = true;
    for (int i = 0; i < w->rank; i++) {
        interior[i] = w->holes[i] - 1;
        same &= w->low[i] == 0 && w->high[i] == 0 && interior[i] == 0;
    }
    for (uint32_t i = 0; i < k->n; i++)
        if (!(all[i] = same ? in[i] : plan_padded(p, k->op, in[i], in[k->n + i], w->low, w->high, interior)))
            return false;
    return true;
}

bool plan_window_by_region(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    struct reduction k = {.op = op, .n = d->n_operands / 2};
    exec_slot *in = plan_operands(p, op, 0, d->n_operands), *room = ARENA_ARRAY(p->a, exec_slot, 3 * (size_t)k.n + 1);
    if (!in || !room)
        return plan_no_memory(p);
    exec_slot *all = room, *init = room + k.n, *out = init + k.n;
    if (k.n == 0 || d->n_operands != 2 * k.n || d->n_results != k.n || !plan_region_block(p, op, 0, &k.body) ||
        ir_block_at(p->m, k.body)->n_args != 2 * k.n)
        return plan_error(p, op, "is not formed as a reduction");
    if (!plan_reduced(p, op, k.body, in, k.n) || !window_read(p, op, slot_type(p->x, in[0]), &k.w) ||
        !plan_results_of(p, op, out))
        return false;
    for (uint32_t i = 0; i < k.n; i++) {
        const struct exec_type *t = out[i] ? slot_type(p->x, out[i]) : NULL;
        if (!t || t->rank != k.w.rank || memcmp(t->dims, k.w.out, (size_t)t->rank * sizeof *t->dims) != 0 ||
            t->dtype != slot_type(p->x, in[i])->dtype)
            return plan_error(p, op, "gives another shape or type than its windows make");
    }
    if (type_count(slot_type(p->x, out[0])) == 0)
        return true;
    if (!widen(p, &k, in, all))
        return false;
    for (int i = k.w.rank; i-- > 0;)
        if (!slide(p, &k, i, all))
            return false;
    for (uint32_t i = 0; i < k.n; i++) {
        struct exec_type t = *slot_type(p->x, all[i]);
        struct walk same = {.rank = 1, .dims = {type_count(&t)}, .strides = {0}};
        if (!(init[i] = plan_moved(p, op, in[k.n + i], &t, &same, p->x->slots.v[all[i]].per_device)))
            return false;
    }
    return plan_combine(p, op, k.body, k.n, init, all, all) && plan_assign(p, op, all, out, k.n);
}
