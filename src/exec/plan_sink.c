/* Moving elements after computing with them instead of before.
 *
 *   conv ─▶ permute ─▶ multiply ─▶ add ─▶ permute ─▶ conv        an op that computes element by element can do so in whatever
 *   conv ─▶ multiply ─▶ add ─▶ conv                              order its operands lie in memory; permutes then meet
 *
 * A step whose full operands all are permutations of others in one and the same order works on those instead; its result is
 * permuted behind it, by a step that goes again when everyone who reads the result can look through it.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* The order of dimensions in memory, outermost first, of a permutation of a dense tensor that begins at its first element. */
static bool dense_order(const struct exec_type *t, const int64_t *strides, int *order) {
    for (int i = 0; i < t->rank; i++) {
        int k = i;
        /* Dimensions of one stay at the front: they have no stride of their own. */
        int64_t own = t->dims[i] == 1 ? INT64_MAX : strides[i];
        for (; k > 0; k--) {
            int other = order[k - 1];
            if ((t->dims[other] == 1 ? INT64_MAX : strides[other]) >= own)
                break;
            order[k] = other;
        }
        order[k] = i;
    }
    int64_t step = 1;
    for (int i = t->rank; i-- > 0; step *= t->dims[order[i]])
        if (t->dims[order[i]] != 1 && strides[order[i]] != step)
            return false;
    return true;
}

/* The slot that a slot is a permutation of, and the order; through as many moves as possible. */
static exec_slot permutation_of(const struct planner *p, exec_slot s, int *order) {
    const struct slot *slot = &p->x->slots.v[s];
    const struct look *looks[2] = {slot->look, slot->near};
    int64_t strides[TENSOR_MAX_RANK];
    for (int i = 0; i < 2; i++)
        if (looks[i] && looks[i]->walk.base == 0 &&
            type_count(slot_type(p->x, looks[i]->of)) == type_count(&slot->type) &&
            walk_strides(&looks[i]->walk, slot->type.dims, slot->type.rank, strides) &&
            dense_order(&slot->type, strides, order))
            return looks[i]->of;
    return 0;
}

static int wide_dims(const struct exec_type *t) {
    int n = 0;
    for (int i = 0; i < t->rank; i++)
        n += t->dims[i] != 1;
    return n;
}

static struct exec_type reordered(const struct exec_type *t, const int *order, int rank) {
    struct exec_type out = *t;
    out.rank = rank;
    for (int i = 0; i < rank; i++) {
        int from = order[i] - (rank - t->rank);
        out.dims[i] = from < 0 ? 1 : t->dims[from];
    }
    return out;
}

/* The bytes of a slot as a tensor of another shape: the slot itself where it has that, so that loops can be joined. 0
 * (reported) when out of memory. */
static exec_slot view_as(struct planner *p, exec_slot s, const struct exec_type *t) {
    if (type_same_shape(slot_type(p->x, s), t))
        return s;
    exec_slot v = plan_slot(p, t, SLOT_VIEW, 0);
    if (v) {
        struct slot *to = &p->x->slots.v[v];
        const struct slot *from = &p->x->slots.v[s];
        to->root = from->root;
        to->splat = from->splat;
        to->steady = from->steady;
        to->per_device = from->per_device;
    }
    return v;
}

/* Whether all operands of a step lie, or can be read, in one order that is not the result's; the slots to read then. */
static bool common_order(const struct planner *p, const struct exec_step *s, int *order, exec_slot *in) {
    const exec_plan *x = p->x;
    const struct exec_type *out = out_type(p, s, 0);
    bool found = false;
    for (uint32_t k = 0; k < s->n_in; k++) {
        const struct exec_type *t = in_type(p, s, k);
        int own[TENSOR_MAX_RANK];
        in[k] = s->in[k];
        if (x->slots.v[s->in[k]].type.format != FORMAT_PLAIN || x->slots.v[s->in[k]].type.quant)
            return false;
        if (x->slots.v[x->slots.v[s->in[k]].root].splat || wide_dims(t) <= 1)
            continue;
        if (t->rank != out->rank || !(in[k] = permutation_of(p, s->in[k], own)))
            return false;
        if (found && memcmp(order, own, (size_t)out->rank * sizeof *own) != 0)
            return false;
        memcpy(order, own, (size_t)out->rank * sizeof *own);
        found = true;
    }
    bool moved = false;
    for (int i = 0; found && i < out->rank; i++)
        moved |= order[i] != i && out->dims[i] != 1;
    return moved;
}

bool plan_sink(struct planner *p, struct exec_step *s, struct exec_step *move) {
    exec_plan *x = p->x;
    move->op = 0;
    if (!s->row->kernel->reorder || s->n_in == 0 || s->n_out != 1 || !s->out[0])
        return true;
    exec_slot result = s->out[0], *slots = ARENA_ARRAY(p->a, exec_slot, s->n_in + 2);
    struct exec_type out = *slot_type(x, result);
    int order[TENSOR_MAX_RANK];
    if (!slots)
        return plan_no_memory(p);
    if (out.format != FORMAT_PLAIN || out.quant || x->slots.v[result].kind != SLOT_PLANNED ||
        x->slots.v[result].written || !common_order(p, s, order, slots))
        return true;
    for (uint32_t k = 0; k < s->n_in; k++) {
        struct exec_type t = reordered(in_type(p, s, k), order, out.rank);
        if (in_type(p, s, k)->rank > out.rank)
            continue; /* one number */
        if (!(slots[k] = view_as(p, slots[k], &t)))
            return false;
    }
    struct exec_type lies = reordered(&out, order, out.rank);
    exec_slot made = plan_temp(p, &lies, x->slots.v[result].per_device);
    if (!made)
        return false;
    x->slots.v[made].steady = x->slots.v[result].steady;
    s->in = slots;
    s->out = slots + s->n_in;
    s->out[0] = made;
    if (!s->row->kernel->reorder(p, s, order))
        return false;
    struct walk w = {.rank = out.rank};
    int64_t strides[TENSOR_MAX_RANK];
    walk_row_strides(lies.dims, out.rank, strides);
    for (int i = 0; i < out.rank; i++) {
        w.dims[order[i]] = out.dims[order[i]];
        w.strides[order[i]] = strides[i];
    }
    return plan_move(p, s->op, made, result, &w, move);
}

bool plan_settle(struct planner *p, struct exec_step *s, struct exec_step *first) {
    exec_plan *x = p->x;
    struct walk *w = step_walk(p, s);
    struct exec_type out = *out_type(p, s, 0);
    int64_t strides[TENSOR_MAX_RANK];
    int order[TENSOR_MAX_RANK];
    first->op = 0;
    if (!w || !walk_strides(w, out.dims, out.rank, strides))
        return true;
    bool moved = false, falling = true;
    for (int i = 0; i < out.rank; i++)
        order[i] = i;
    for (int i = 0; i < out.rank; i++)
        falling &= out.dims[i] == 1 || strides[i] > 0;
    for (int i = 1; falling && i < out.rank; i++) {
        int own = order[i], k = i;
        for (; k > 0 && out.dims[own] != 1 && out.dims[order[k - 1]] != 1 && strides[order[k - 1]] < strides[own]; k--)
            order[k] = order[k - 1], moved = true;
        order[k] = own;
    }
    if (!moved || type_count(slot_type(x, s->in[0])) == type_count(&out))
        return true;
    struct exec_type lies = reordered(&out, order, out.rank);
    struct walk cut = {.rank = out.rank, .base = w->base}, turn = {.rank = out.rank};
    int64_t dense[TENSOR_MAX_RANK];
    walk_row_strides(lies.dims, out.rank, dense);
    for (int i = 0; i < out.rank; i++) {
        cut.dims[i] = lies.dims[i];
        cut.strides[i] = strides[order[i]];
        turn.dims[order[i]] = lies.dims[i];
        turn.strides[order[i]] = dense[i];
    }
    exec_slot made = plan_temp(p, &lies, x->slots.v[s->out[0]].per_device);
    if (!made)
        return false;
    x->slots.v[made].steady = x->slots.v[s->out[0]].steady;
    return plan_move(p, s->op, s->in[0], made, &cut, first) && plan_move(p, s->op, made, s->out[0], &turn, s);
}
