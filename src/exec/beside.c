/* Two plans side by side, and what is compared meanwhile.
 *
 *   x        ─▶ a ─▶ b ─▶ c           each step of x that has a pair waits for the golden step; a golden value whose pair
 *   golden   ─▶ a ─────▶ c ─▶ b       comes later is copied as it is made
 *
 *   x        ─▶ w ─▶ a ─▶ b           unless more would be copied on the way than x's own value has: then that is copied, and
 *   golden   ─▶ a ─▶ w ─▶ b           compared when golden comes to its step
 *
 * Nothing else is kept, so that memory is that of two runs and not of all their values: writing to fresh memory can take
 * longer than computing what is put there. What a compiled module makes of its weights before all else is the second case: golden
 * would have run to its end before x's first op. A plan that keeps its values (exec_options.keep, or there are loops) runs before
 * the other, and its values are there from the start.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exec/inner.h"

/* One pair, and behind which steps its values are there: their number + 1; 0: from the start. */
struct meeting {
    size_t pair;
    exec_slot a, b;
    size_t at_x, at_golden;
    struct tensor *copies; /* of the golden value, or of x's, by device; NULL: none was needed */
    unsigned n_copies;
    size_t place; /* in `waiting` */
    bool compared, moved;
    bool early; /* x has come to it, golden has not: the copies are of x's value */
};

/* The meetings in the order in which golden comes to them. */
struct waiting {
    size_t at, meeting;
};

struct beside {
    exec_plan *x, *golden;
    struct run x_run, golden_run;
    struct meeting *meetings; /* in the order in which x comes to them */
    struct waiting *waiting;
    size_t n, met, next; /* meetings that x has come to; the first in `waiting` that golden has not come to */
    uint64_t *pending;   /* by place, as a Fenwick tree: bytes of golden values that x has not come to */
    uint64_t early;      /* bytes of x's values that are held */
    size_t last_early;   /* the last golden step that one of them waits for */
    exec_difference *out;
    exec_status status;
};

static int by_x(const void *a, const void *b) {
    const struct meeting *l = a, *r = b;
    if (l->at_x != r->at_x)
        return l->at_x < r->at_x ? -1 : 1;
    if (l->at_golden != r->at_golden)
        return l->at_golden < r->at_golden ? -1 : 1;
    return l->pair < r->pair ? -1 : 1;
}

static int by_golden(const void *a, const void *b) {
    const struct waiting *l = a, *r = b;
    if (l->at != r->at)
        return l->at < r->at ? -1 : 1;
    return l->meeting < r->meeting ? -1 : 1;
}

/* Behind which step each slot has its value. */
static void note_steps(const exec_plan *x, size_t *made) {
    for (size_t i = 0; i < x->steps.n && !x->options.keep; i++)
        for (uint32_t k = 0; k < x->steps.v[i].n_out; k++)
            made[x->steps.v[i].out[k]] = i + 1;
}

static exec_slot first_result(const exec_plan *x, ir_op op) {
    const uint32_t *s = ir_op_at(x->m, op)->n_results ? map_u64_get(&x->kept, ir_op_at(x->m, op)->results) : NULL;
    return s ? *s : 0;
}

static bool has_numbers(const exec_plan *x, exec_slot s) {
    return s && x->slots.v[s].type.dtype != TENSOR_NONE && x->slots.v[x->slots.v[s].root].kind != SLOT_NONE;
}

static bool look_at(const exec_plan *x, exec_slot s, unsigned device, struct tensor *out) {
    const struct exec_type *t = slot_type(x, s);
    *out = (struct tensor){.dtype = t->dtype, .rank = t->rank, .data = exec_slot_data(x, s, device)};
    memcpy(out->dims, t->dims, sizeof out->dims);
    return out->data != NULL;
}

/* How many tensors a slot has: one for each device, or one for all. */
static unsigned tensors_of(const exec_plan *x, exec_slot s) {
    return x->slots.v[x->slots.v[s].root].per_device ? x->devices : 1;
}

static uint64_t bytes_of(const exec_plan *x, exec_slot s) {
    return (uint64_t)x->slots.v[s].bytes * tensors_of(x, s);
}

static void add_pending(struct beside *s, size_t place, uint64_t bytes) {
    for (size_t i = place + 1; i <= s->n; i += i & -i)
        s->pending[i - 1] += bytes;
}

static uint64_t pending_before(const struct beside *s, size_t place) {
    uint64_t sum = 0;
    for (size_t i = place; i; i -= i & -i)
        sum += s->pending[i - 1];
    return sum;
}

static bool no_memory(struct beside *s) {
    exec_plan *x = s->x;
    x->error = "out of memory";
    x->error_op = 0;
    s->status = EXEC_FAILED;
    return false;
}

static bool arrange(struct beside *s, const exec_pair *pairs, size_t n) {
    size_t slots[2] = {s->x->slots.n, s->golden->slots.n};
    size_t *made = mem_alloc_zero(s->x->mem, (slots[0] + slots[1]) * sizeof *made);
    if (!made)
        return no_memory(s);
    note_steps(s->x, made);
    note_steps(s->golden, made + slots[0]);
    for (size_t i = 0; i < n; i++) {
        struct meeting m = {.pair = i, .a = first_result(s->x, pairs[i].op), .moved = pairs[i].moved};
        m.b = first_result(s->golden, pairs[i].golden);
        if (!has_numbers(s->x, m.a) || !has_numbers(s->golden, m.b))
            continue;
        m.at_x = made[m.a];
        m.at_golden = made[slots[0] + m.b];
        s->meetings[s->n++] = m;
    }
    mem_free(s->x->mem, made, (slots[0] + slots[1]) * sizeof *made);
    qsort(s->meetings, s->n, sizeof *s->meetings, by_x);
    for (size_t i = 0; i < s->n; i++)
        s->waiting[i] = (struct waiting){s->meetings[i].at_golden, i};
    qsort(s->waiting, s->n, sizeof *s->waiting, by_golden);
    for (size_t i = 0; i < s->n; i++) {
        struct meeting *m = &s->meetings[s->waiting[i].meeting];
        m->place = i;
        add_pending(s, i, m->at_golden ? bytes_of(s->golden, m->b) : 0);
    }
    return true;
}

static bool was_cancelled(struct beside *s) {
    if (run_cancelled(s->x))
        s->status = EXEC_CANCELLED;
    return s->status == EXEC_CANCELLED;
}

static void free_copies(struct beside *s, struct meeting *m) {
    for (unsigned d = 0; m->copies && d < m->n_copies; d++)
        tensor_free(&m->copies[d]);
    if (m->copies)
        mem_free(s->x->mem, m->copies, m->n_copies * sizeof *m->copies);
    m->copies = NULL;
}

/* The value of one side as it is now, of each device. */
static bool copy_value(struct beside *s, struct meeting *m, const exec_plan *of, exec_slot slot) {
    struct tensor now;
    m->n_copies = tensors_of(of, slot);
    m->copies = mem_alloc_zero(s->x->mem, m->n_copies * sizeof *m->copies);
    if (!m->copies)
        return no_memory(s);
    for (unsigned d = 0; d < m->n_copies; d++) {
        if (!look_at(of, slot, d, &now))
            continue;
        if (!tensor_new_unset(&m->copies[d], s->x->mem, now.dtype, now.dims, now.rank))
            return no_memory(s);
        if (!exec_copy_shared(s->x, m->copies[d].data, now.data, tensor_bytes(&now)))
            return !was_cancelled(s);
    }
    return true;
}

/* PCC is at least -1; what is no number is as bad as can be. */
static double pcc_of(const exec_difference *d) {
    return d->shapes_differ || isnan(d->pcc) ? -2 : d->pcc;
}

/* One device more: the worst of them counts. */
static void take_worst(exec_difference *all, const exec_difference *one, unsigned device) {
    exec_difference sum = *all;
    if (pcc_of(one) < pcc_of(all)) {
        sum = *one;
        sum.device = device;
    }
    sum.absolute = one->absolute > all->absolute ? one->absolute : all->absolute;
    sum.relative = one->relative > all->relative ? one->relative : all->relative;
    *all = sum;
}

/* One side's value on a device, which is copied or there. */
static bool value_of(const struct meeting *m, const exec_plan *of, exec_slot slot, bool copied, unsigned device,
                     struct tensor *out) {
    if (!copied)
        return look_at(of, slot, device, out);
    *out = m->copies[device];
    return out->data != NULL;
}

/* The tensors of one device after the other; where one side has a single tensor for all, that is every device's. Of
 * meshes of different sizes the first ones are compared. */
static bool compare(struct beside *s, struct meeting *m) {
    unsigned of_x = tensors_of(s->x, m->a), of_golden = tensors_of(s->golden, m->b);
    unsigned n = of_x == of_golden || of_golden == 1 ? of_x : of_x == 1 ? of_golden : 1;
    exec_difference *out = &s->out[m->pair];
    m->compared = true;
    for (unsigned d = 0; d < n; d++) {
        struct tensor a, b;
        exec_difference one;
        m->compared = value_of(m, s->golden, m->b, m->copies && !m->early, of_golden == 1 ? 0 : d, &b) &&
                      value_of(m, s->x, m->a, m->copies && m->early, of_x == 1 ? 0 : d, &a);
        if (!m->compared)
            break;
        bool done = m->moved ? compare_in_any_order(s->x, &a, &b, &one)
                             : compare_tensors(&a, &b, s->golden->pool, s->x->asked, &one);
        if (!done && was_cancelled(s))
            return false;
        if (d == 0)
            *out = one;
        else
            take_worst(out, &one, d);
    }
    out->devices = n;
    free_copies(s, m);
    return true;
}

/* Copies what golden has just made for meetings that x comes to later, and compares it with what x made earlier. */
static bool golden_came(struct beside *s) {
    for (; s->next < s->n && s->waiting[s->next].at <= s->golden_run.at; s->next++) {
        struct meeting *m = &s->meetings[s->waiting[s->next].meeting];
        if (m->early) {
            s->early -= bytes_of(s->x, m->a);
            if (!compare(s, m))
                return false;
        } else if (m->at_golden != 0 && m > &s->meetings[s->met] && !copy_value(s, m, s->golden, m->b)) {
            return false;
        }
    }
    return true;
}

/* Runs golden until so many steps are done. */
static bool follow_to(struct beside *s, size_t steps) {
    while (s->golden_run.at < steps) {
        if (run_next(s->golden, &s->golden_run, NULL, &s->status)) {
            if (!golden_came(s))
                return false;
            continue;
        }
        if (s->status != EXEC_DONE) { /* what is wrong is said of x */
            s->x->error = s->golden->error;
            s->x->error_op = 0;
        }
        return s->status == EXEC_DONE;
    }
    return true;
}

static bool follow(struct beside *s, size_t steps) {
    run_lend_scratch(s->x, s->golden);
    bool good = follow_to(s, steps);
    run_lend_scratch(s->golden, s->x);
    return good;
}

/* x has come to a meeting: golden follows, or finds x's value when it comes. */
static bool x_came(struct beside *s, struct meeting *m) {
    uint64_t own = bytes_of(s->x, m->a);
    add_pending(s, m->place, m->at_golden ? 0 - bytes_of(s->golden, m->b) : 0);
    if (m->place < s->next || s->early + own >= pending_before(s, m->place) - pending_before(s, s->next))
        return follow(s, m->at_golden) && compare(s, m);
    m->early = true;
    s->early += own;
    s->last_early = m->at_golden > s->last_early ? m->at_golden : s->last_early;
    return copy_value(s, m, s->x, m->a);
}

/* Runs both, filling differences by pair; those of pairs without numbers stay as they are. */
static bool run_both(struct beside *s, const exec_hooks *h) {
    s->x->steady_ready = s->golden->steady_ready =
        false; /* what const-eval functions make on their way is compared too */
    if (!run_begin(s->x, &s->x_run, h, &s->status) || !run_begin(s->golden, &s->golden_run, h, &s->status))
        return s->status == EXEC_FAILED ? no_memory(s) : false;
    if (s->golden->options.keep && !follow(s, SIZE_MAX))
        return false;
    bool first = s->x->options.keep; /* all of it before anything is compared */
    for (bool more = true; more;) {
        while (!first && s->met < s->n && s->meetings[s->met].at_x <= s->x_run.at) {
            if (!x_came(s, &s->meetings[s->met]))
                return false;
            s->met++;
        }
        more = run_next(s->x, &s->x_run, h, &s->status);
        if (!more && s->status != EXEC_DONE)
            return false;
        if (!more && first)
            first = false, more = s->met < s->n;
    }
    return follow(s, s->last_early);
}

exec_status exec_compare_beside(exec_plan *x, exec_plan *golden, const exec_pair *pairs, size_t n, exec_difference *out,
                                size_t *n_out, const exec_hooks *h) {
    struct beside s = {.x = x, .golden = golden, .out = out, .status = EXEC_FAILED};
    *n_out = 0;
    size_t bytes = n * (sizeof *s.meetings + sizeof *s.waiting + sizeof *s.pending) + 1;
    s.meetings = mem_alloc_zero(x->mem, bytes);
    if (!s.meetings)
        return no_memory(&s), EXEC_FAILED;
    s.waiting = (struct waiting *)(s.meetings + n);
    s.pending = (uint64_t *)(s.waiting + n);
    for (size_t i = 0; i < n; i++)
        out[i] = (exec_difference){.op = 0};
    golden->asked = x->asked; /* who wants a stop asks x */
    bool good = arrange(&s, pairs, n) && run_both(&s, h);
    golden->asked = &golden->cancel;
    for (size_t i = 0; good && i < s.n; i++) {
        const struct meeting *m = &s.meetings[i];
        out[m->pair].op = m->compared ? pairs[m->pair].op : 0;
        out[m->pair].golden = pairs[m->pair].golden;
    }
    for (size_t i = 0; good && i < n; i++)
        if (out[i].op)
            out[(*n_out)++] = out[i];
    for (size_t i = 0; i < s.n; i++)
        free_copies(&s, &s.meetings[i]);
    mem_free(x->mem, s.meetings, bytes);
    return good ? EXEC_DONE : s.status;
}

bool exec_step_op(const exec_plan *x, size_t i, ir_op *op) {
    if (i >= x->steps.n)
        return false;
    const struct exec_step *s = &x->steps.v[i];
    *op = s->kind == STEP_KERNEL && !s->skip ? s->op : 0;
    return true;
}
