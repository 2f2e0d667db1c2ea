/* The end of planning: what lives when, and where.
 *
 * Time is the number of the step. Values of a fused run live at all of its steps, values that a loop takes from outside
 * until its end, results and cached values for ever. Places are then handed out in order of birth, each the smallest gap
 * that fits, as an allocator would.
 */
#include <stdlib.h>
#include <string.h>

#include "exec/onednn.h"
#include "exec/plan.h"

enum { PLACE_ALIGN = 64 };

/* --- splat constants that some kernel wants in full --------------------------------------------------------------- */

static bool spread_constant(struct planner *p, exec_slot s) {
    exec_plan *x = p->x;
    struct slot *slot = &x->slots.v[s], *root = &x->slots.v[slot->root];
    if (!root->splat)
        return true;
    size_t size = tensor_dtype_size(root->type.dtype);
    char *data = arena_alloc(p->a, root->bytes ? root->bytes : 1, 16);
    if (!data)
        return plan_no_memory(p);
    for (size_t at = 0; at < root->bytes; at += size)
        memcpy(data + at, root->data, size);
    root->data = data;
    root->splat = false;
    x->constants += root->bytes;
    return true;
}

static bool spread_constants(struct planner *p) {
    exec_plan *x = p->x;
    for (size_t i = 0; i < x->steps.n; i++) {
        const struct exec_step *s = &x->steps.v[i];
        if (s->skip || (s->kind == STEP_KERNEL && s->row->kernel == &kernel_elementwise))
            continue;
        for (uint32_t k = 0; k < s->n_in; k++)
            if (!spread_constant(p, s->in[k]))
                return false;
    }
    for (size_t i = 0; i < x->n_results; i++)
        if (!spread_constant(p, x->results[i]))
            return false;
    for (size_t i = 1; (x->options.keep || x->options.alone) && i < x->slots.n; i++)
        if (!spread_constant(p, (exec_slot)i))
            return false;
    for (size_t i = 1; i < x->slots.n; i++)
        x->slots.v[i].splat = x->slots.v[x->slots.v[i].root].splat;
    return true;
}

/* --- uses and lives ----------------------------------------------------------------------------------------------- */

static void use(exec_plan *x, exec_slot s) {
    if (!s)
        return;
    x->slots.v[s].uses++;
    if (x->slots.v[s].root != s)
        x->slots.v[x->slots.v[s].root].uses++;
}

void plan_count_uses(exec_plan *x) {
    for (size_t i = 0; i < x->slots.n; i++)
        x->slots.v[i].uses = 0;
    for (size_t i = 0; i < x->steps.n; i++)
        for (uint32_t k = 0; k < x->steps.v[i].n_in; k++)
            use(x, x->steps.v[i].in[k]);
    for (size_t i = 0; i < x->n_results; i++)
        use(x, x->results[i]);
    for (size_t i = 1; i < x->slots.n; i++)
        if (x->options.keep || x->slots.v[i].kind == SLOT_CACHED)
            use(x, (exec_slot)i);
}

static void mark_targets(const exec_plan *x, uint8_t *targets) {
    for (size_t i = 0; i < x->steps.n; i++) {
        const struct exec_step *s = &x->steps.v[i];
        if (s->kind == STEP_KERNEL)
            continue;
        targets[s->target] = targets[i + 1] = 1;
        for (uint32_t k = 0; k < s->n_targets; k++)
            targets[s->targets[k]] = 1;
    }
}

static void live_at(exec_plan *x, exec_slot s, uint32_t first, uint32_t last) {
    struct slot *root = &x->slots.v[x->slots.v[s].root];
    if (first < root->begin)
        root->begin = first;
    if (last > root->end)
        root->end = last;
}

static void find_lives(struct planner *p) {
    exec_plan *x = p->x;
    uint32_t n = (uint32_t)x->steps.n;
    for (size_t i = 1; i < x->slots.n; i++) {
        struct slot *s = &x->slots.v[i];
        bool ever = x->options.keep || s->kind == SLOT_CACHED;
        s->begin = ever ? 0 : n + 1;
        s->end = ever ? n : 0;
    }
    for (uint32_t i = 0, last = 0; i < n; i = last + 1) {
        last = i + x->steps.v[i].fused;
        for (uint32_t k = i; k <= last; k++) {
            const struct exec_step *s = &x->steps.v[k];
            for (uint32_t o = 0; o < s->n_in; o++)
                live_at(x, s->in[o], i, last);
            for (uint32_t o = 0; o < s->n_out; o++)
                live_at(x, s->out[o], i, last);
        }
    }
    for (size_t i = 0; i < x->n_results; i++)
        live_at(x, x->results[i], n, n);
    for (size_t l = 0; l < p->loops.n; l++)
        for (size_t i = 1; i < x->slots.n; i++) {
            struct slot *s = &x->slots.v[i];
            if (s->begin < p->loops.v[l].first && s->end >= p->loops.v[l].first && s->end < p->loops.v[l].last)
                s->end = p->loops.v[l].last;
        }
}

/* --- places ------------------------------------------------------------------------------------------------------- */

struct gap {
    size_t at, size;
};

struct places {
    VEC(struct gap) gaps; /* in order of address */
    size_t top;
};

static bool take(struct places *f, size_t size, size_t *at) {
    size_t best = f->gaps.n;
    for (size_t i = 0; i < f->gaps.n; i++)
        if (f->gaps.v[i].size >= size && (best == f->gaps.n || f->gaps.v[i].size < f->gaps.v[best].size))
            best = i;
    if (best < f->gaps.n) {
        struct gap *g = &f->gaps.v[best];
        *at = g->at;
        g->at += size;
        g->size -= size;
        if (g->size == 0) {
            memmove(g, g + 1, (f->gaps.n - best - 1) * sizeof *g);
            f->gaps.n--;
        }
        return true;
    }
    /* A gap at the top grows. */
    struct gap *last = f->gaps.n ? &vec_last(&f->gaps) : NULL;
    *at = f->top;
    if (last && last->at + last->size == f->top) {
        *at = last->at;
        f->gaps.n--;
    }
    return num_add_size(*at, size, &f->top);
}

static bool give(struct places *f, size_t at, size_t size) {
    size_t low = 0, high = f->gaps.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (f->gaps.v[mid].at < at)
            low = mid + 1;
        else
            high = mid;
    }
    if (low > 0 && f->gaps.v[low - 1].at + f->gaps.v[low - 1].size == at) {
        f->gaps.v[--low].size += size;
    } else {
        if (!vec_push(&f->gaps, (struct gap){0}))
            return false;
        memmove(&f->gaps.v[low + 1], &f->gaps.v[low], (f->gaps.n - low - 1) * sizeof(struct gap));
        f->gaps.v[low] = (struct gap){at, size};
    }
    struct gap *g = &f->gaps.v[low];
    if (low + 1 < f->gaps.n && g->at + g->size == g[1].at) {
        g->size += g[1].size;
        memmove(g + 1, g + 2, (f->gaps.n - low - 2) * sizeof *g);
        f->gaps.n--;
    }
    return true;
}

struct life {
    uint32_t step;
    exec_slot slot;
};

static int by_step(const void *a, const void *b) {
    const struct life *l = a, *r = b;
    return l->step != r->step ? (l->step < r->step ? -1 : 1) : l->slot < r->slot ? -1 : l->slot > r->slot;
}

static bool needs_place(const struct slot *s) {
    return s->kind == SLOT_PLANNED || s->kind == SLOT_CACHED;
}

/* Gives a result the memory of the operand that its step may write it over: one that has a place of the same size and ends
 * with this step, and that the step reads nowhere else. */
static bool take_over(exec_plan *x, uint32_t step, exec_slot result) {
    if (step >= x->steps.n)
        return false; /* a result of no elements, which no step writes */
    const struct exec_step *s = &x->steps.v[step];
    if (!s->reuses || s->out[0] != result)
        return false;
    struct slot *to = &x->slots.v[result];
    exec_slot root = x->slots.v[s->in[s->reuses - 1]].root;
    struct slot *from = &x->slots.v[root];
    if (from->kind != SLOT_PLANNED || to->kind != SLOT_PLANNED || from->end > step + s->fused ||
        from->stride != to->stride || from->per_device != to->per_device)
        return false;
    for (uint32_t k = 0; k < s->n_in; k++)
        if (k != s->reuses - 1 && x->slots.v[s->in[k]].root == root)
            return false;
    to->offset = from->offset;
    from->given = true;
    return true;
}

static bool place(struct planner *p) {
    exec_plan *x = p->x;
    size_t n = 0, bytes = x->slots.n * 2 * sizeof(struct life);
    struct life *births = mem_alloc(x->mem, bytes), *deaths = births ? births + x->slots.n : NULL;
    if (!births)
        return plan_no_memory(p);
    for (size_t i = 1; i < x->slots.n; i++) {
        struct slot *s = &x->slots.v[i];
        if (!needs_place(s) || s->begin > s->end)
            continue;
        births[n] = (struct life){s->begin, (exec_slot)i};
        deaths[n++] = (struct life){s->end, (exec_slot)i};
    }
    qsort(births, n, sizeof *births, by_step);
    qsort(deaths, n, sizeof *deaths, by_step);
    struct places f = {.top = 0};
    vec_init(&f.gaps, x->mem);
    size_t live = 0, d = 0;
    bool ok = true;
    uint32_t at = 0;
    for (size_t b = 0; ok && b < n; b++) {
        struct slot *s = &x->slots.v[births[b].slot];
        for (; at < births[b].step && at < x->steps.n; at++)
            x->steps.v[at].live = live;
        for (; ok && d < n && deaths[d].step < births[b].step; d++) {
            const struct slot *dead = &x->slots.v[deaths[d].slot];
            size_t size = dead->stride * (dead->per_device ? x->devices : 1);
            if (dead->given)
                continue;
            ok = give(&f, dead->offset, size);
            live -= size;
        }
        size_t size = 0, padded = 0;
        ok = ok && num_add_size(s->bytes ? s->bytes : 1, PLACE_ALIGN - 1, &padded);
        s->stride = padded & ~(size_t)(PLACE_ALIGN - 1);
        if (ok && take_over(x, births[b].step, births[b].slot))
            continue;
        ok = ok && num_mul_size(s->stride, s->per_device ? x->devices : 1, &size) && take(&f, size, &s->offset);
        live += ok ? size : 0;
        if (s->kind == SLOT_CACHED && ok)
            x->cached += size;
    }
    for (; at < x->steps.n; at++)
        x->steps.v[at].live = live;
    x->planned = f.top;
    vec_free(&f.gaps);
    mem_free(x->mem, births, bytes);
    return ok || plan_no_memory(p);
}

static uint64_t traffic(const exec_plan *x, exec_slot s) {
    return x->slots.v[s].splat ? tensor_dtype_size(x->slots.v[s].type.dtype) : x->slots.v[s].bytes;
}

/* Room for the steps' operands, and what the trace says of each step. */
static bool prepare_steps(struct planner *p) {
    exec_plan *x = p->x;
    for (size_t i = 0; i < x->steps.n; i++) {
        struct exec_step *s = &x->steps.v[i];
        uint32_t width = s->n_in + s->n_out;
        s->args = ARENA_ARRAY(p->a, struct exec_arg, (size_t)(width + 1) * x->devices);
        if (!s->args)
            return plan_no_memory(p);
        for (uint32_t k = 0; k < s->n_in; k++)
            s->read += traffic(x, s->in[k]);
        for (uint32_t k = 0; k < s->n_out; k++)
            s->written += x->slots.v[s->out[k]].kind == SLOT_VIEW ? 0 : traffic(x, s->out[k]);
    }
    return true;
}

bool plan_finish(struct planner *p) {
    exec_plan *x = p->x;
    for (size_t i = 0; x->options.alone && i < x->steps.n; i++) /* what a loop makes is known when it is over */
        x->options.keep |= x->steps.v[i].kind != STEP_KERNEL && x->steps.v[i].kind != STEP_CACHE;
    if ((!plan_alone(x) && !plan_narrow(p)) || !plan_look_through(p))
        return false;
    size_t bytes = x->steps.n + 2;
    uint8_t *targets = mem_alloc_zero(x->mem, bytes);
    if (!targets)
        return plan_no_memory(p);
    plan_count_uses(x);
    mark_targets(x, targets);
    bool ok = plan_tails(p, targets) && plan_blocks(p) && spread_constants(p) && elementwise_fuse(p, targets);
    mem_free(x->mem, targets, bytes);
    if (!ok)
        return false;
    if (!dnnl_finish(x))
        return plan_no_memory(p);
    find_lives(p);
    if (!place(p) || !prepare_steps(p))
        return false;
    if (x->options.max_memory && x->planned + x->constants + x->packed > x->options.max_memory)
        return plan_error(p, x->m->root, "needs %zu bytes to run, %zu are allowed: allow more (--max-memory)",
                          x->planned + x->constants + x->packed, x->options.max_memory);
    return true;
}
