/* Moving narrow numbers instead of wide ones.
 *
 *   bf16 ─▶ typecast f32 ─▶ permute ─▶ typecast bf16        what only moves numbers that were made wider, and makes them
 *   bf16 ─▶ permute                                         narrow again, can move them as they are
 *
 * That is how compiled modules prepare weights on the host: in f32, where a head of 150,000 rows takes gigabytes twice. And a
 * tensor that is moved to be rounded to a block format is rounded where it lies.
 *
 *   N1  Slots of such a chain are read once, made once, by steps that run, and are no results: nobody sees them change.
 *   N2  Every narrow number is a wide one, so that making it wide and narrow again gives it back.
 */
#include "exec/kernels.h"
#include "exec/plan.h"

struct narrowing {
    struct planner *p;
    uint32_t *made, *makers, *reads; /* by slot: the step that makes it + 1, how many do, how often it is read */
    VEC(uint32_t) chain;             /* steps, from the reader's side */
};

/* Whether a type of floats holds all numbers of another, which has fewer bits. */
static bool holds(enum tensor_dtype wide, enum tensor_dtype narrow) {
    bool half = narrow == TENSOR_BF16 || narrow == TENSOR_F16;
    return (wide == TENSOR_F32 && half) || (wide == TENSOR_F64 && (half || narrow == TENSOR_F32));
}

static bool runs(const struct exec_step *s) {
    return s->kind == STEP_KERNEL && !s->skip;
}

static bool is_cast(const struct exec_step *s) {
    return runs(s) && s->row->kernel == &kernel_view && s->n_in == 1 && s->n_out == 1;
}

static bool is_view(const exec_plan *x, const struct exec_step *s) {
    return s->kind == STEP_KERNEL && s->skip && s->n_in == 1 && s->n_out == 1 &&
           x->slots.v[s->out[0]].kind == SLOT_VIEW;
}

static bool is_concat(const struct exec_step *s) {
    return runs(s) && s->row->kernel == &kernel_concat;
}

static bool plain(const struct exec_type *t) {
    return t->format == FORMAT_PLAIN && !t->quant;
}

/* N1, and that it has memory of the run. */
static bool is_passing(const struct narrowing *w, exec_slot s) {
    const exec_plan *x = w->p->x;
    const struct slot *slot = &x->slots.v[s], *root = &x->slots.v[slot->root];
    return s && w->reads[s] == 1 && w->makers[s] == 1 && plain(&slot->type) && !root->written && !root->splat &&
           (root->kind == SLOT_PLANNED || slot->kind == SLOT_VIEW) && root->kind != SLOT_CACHED;
}

/* Whether the values of an operand stay as they are while a plan runs. */
static bool is_settled(const struct narrowing *w, exec_slot s) {
    const exec_plan *x = w->p->x;
    exec_slot root = x->slots.v[s].root;
    return plain(&x->slots.v[s].type) && !x->slots.v[root].written && w->makers[root] <= 1;
}

/* The steps from the one that makes `s` back to where its numbers were narrow, or were put together from several tensors:
 * w->chain. False when they do not lead there. */
static bool find_chain(struct narrowing *w, exec_slot s, enum tensor_dtype narrow, bool *found) {
    exec_plan *x = w->p->x;
    enum tensor_dtype wide = x->slots.v[s].type.dtype;
    *found = false;
    vec_clear(&w->chain);
    while (holds(wide, narrow) && is_passing(w, s) && x->slots.v[s].type.dtype == wide) {
        uint32_t i = w->made[s] - 1;
        const struct exec_step *step = &x->steps.v[i];
        if (!vec_push(&w->chain, i))
            return plan_no_memory(w->p);
        if (is_concat(step) || (is_cast(step) && in_type(w->p, step, 0)->dtype == narrow)) {
            *found = is_concat(step) || is_settled(w, step->in[0]);
            return true;
        }
        if (!is_view(x, step) && !step_walk(w->p, step))
            return true;
        s = step->in[0];
    }
    return true;
}

static void become_view(exec_plan *x, struct exec_step *s) {
    struct slot *to = &x->slots.v[s->out[0]];
    const struct slot *from = &x->slots.v[s->in[0]];
    to->kind = SLOT_VIEW;
    to->root = from->root;
    to->steady = from->steady;
    to->per_device = from->per_device;
    s->skip = true;
}

/* Lets the steps of the chain work on narrow numbers: the first one to run is the last. */
static void narrow_chain(struct narrowing *w, enum tensor_dtype narrow) {
    exec_plan *x = w->p->x;
    for (size_t k = w->chain.n; k-- > 0;) {
        struct exec_step *s = &x->steps.v[w->chain.v[k]];
        struct slot *out = &x->slots.v[s->out[0]];
        out->type.dtype = narrow;
        out->bytes = (size_t)type_count(&out->type) * tensor_dtype_size(narrow);
        if (is_cast(s) || is_view(x, s))
            become_view(x, s);
    }
}

/* Whoever has the memory of one slot gets that of another. */
static void give_root(exec_plan *x, exec_slot from, exec_slot to) {
    for (size_t i = 1; i < x->slots.n; i++)
        if (x->slots.v[i].root == from)
            x->slots.v[i].root = to;
}

/* A cast to what its operand has become: a view of it, which is kept between runs where the cast's result was. */
static void end_chain(exec_plan *x, struct exec_step *s) {
    exec_slot to = s->out[0], root = x->slots.v[s->in[0]].root;
    bool cached = x->slots.v[to].kind == SLOT_CACHED;
    if (cached && x->slots.v[root].kind == SLOT_PLANNED)
        x->slots.v[root].kind = SLOT_CACHED;
    become_view(x, s);
    give_root(x, to, root);
}

static bool narrow_step(struct narrowing *w, struct exec_step *s) {
    exec_plan *x = w->p->x;
    bool found, concat = is_concat(s);
    for (uint32_t k = 0; (concat || is_cast(s)) && k < s->n_in; k++) {
        const struct exec_type out = *out_type(w->p, s, 0);
        if (!plain(&out) || x->slots.v[x->slots.v[s->out[0]].root].written)
            continue;
        if (!find_chain(w, s->in[k], out.dtype, &found))
            return false;
        if (!found)
            continue;
        narrow_chain(w, out.dtype);
        if (!concat)
            end_chain(x, s);
    }
    return true;
}

/* --- rounding where a tensor lies --------------------------------------------------------------------------------- */

/* Reads of tensors by steps that run, and of results, by the root of what is read. */
static void count_by_root(const exec_plan *x, uint32_t *reads) {
    for (size_t i = 0; i < x->slots.n; i++)
        reads[i] = 0;
    for (size_t i = 0; i < x->steps.n; i++)
        for (uint32_t k = 0; !x->steps.v[i].skip && k < x->steps.v[i].n_in; k++)
            reads[x->slots.v[x->steps.v[i].in[k]].root]++;
    for (size_t i = 0; i < x->n_results; i++)
        reads[x->slots.v[x->results[i]].root]++;
}

/* A copy that rounds what was moved for it alone: the move writes into the copy's memory. */
static void round_in_place(const struct narrowing *w, const struct exec_step *s) {
    exec_plan *x = w->p->x;
    if (!is_cast(s))
        return;
    exec_slot to = s->out[0], root = x->slots.v[s->in[0]].root;
    const struct slot *a = &x->slots.v[root], *b = &x->slots.v[to];
    if (b->type.format == FORMAT_PLAIN || a->kind != SLOT_PLANNED || !plain(&a->type) ||
        a->type.dtype != b->type.dtype || a->bytes != b->bytes || a->per_device != b->per_device || a->written ||
        b->written || b->root != to || w->reads[root] != 1 || w->makers[root] != 1 || w->makers[to] != 1)
        return;
    const struct exec_step *maker = &x->steps.v[w->made[root] - 1];
    if (!step_walk(w->p, maker) && !is_concat(maker) && !is_cast(maker))
        return;
    x->slots.v[root].kind = SLOT_VIEW;
    give_root(x, root, to);
}

/* --- both --------------------------------------------------------------------------------------------------------- */

static void count(struct narrowing *w) {
    const exec_plan *x = w->p->x;
    for (size_t i = 0; i < x->steps.n; i++) {
        const struct exec_step *s = &x->steps.v[i];
        for (uint32_t k = 0; k < s->n_in; k++)
            w->reads[s->in[k]]++;
        for (uint32_t k = 0; k < s->n_out; k++) {
            w->made[s->out[k]] = (uint32_t)i + 1;
            w->makers[s->out[k]]++;
        }
    }
    for (size_t i = 0; i < x->n_results; i++)
        w->reads[x->results[i]]++;
}

bool plan_narrow(struct planner *p) {
    exec_plan *x = p->x;
    struct narrowing w = {.p = p};
    bool some = false, ok = true;
    for (size_t i = 0; !some && i < x->steps.n; i++)
        some = is_cast(&x->steps.v[i]);
    if (!some)
        return true;
    size_t bytes = 3 * x->slots.n * sizeof(uint32_t);
    if (!(w.made = mem_alloc_zero(x->mem, bytes)))
        return plan_no_memory(p);
    w.makers = w.made + x->slots.n;
    w.reads = w.makers + x->slots.n;
    vec_init(&w.chain, x->mem);
    count(&w);
    for (size_t i = x->steps.n;
         ok && i-- > 0;) /* what is put together for a cast is narrow before its parts are looked at */
        ok = narrow_step(&w, &x->steps.v[i]);
    if (ok)
        count_by_root(x, w.reads);
    for (size_t i = 0; ok && i < x->steps.n; i++)
        round_in_place(&w, &x->steps.v[i]);
    vec_free(&w.chain);
    mem_free(x->mem, w.made, bytes);
    return ok;
}
