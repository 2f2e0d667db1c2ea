/* Looking through moves.
 *
 *   permute ─▶ reshape ─▶ permute ─▶ matmul        a chain of moves is one walk over where it began,
 *        ╰────────────────────────▶ matmul         and many kernels can read by walks: the copies in between go
 *
 * Every slot that a move makes gets its looks here, moves read through moves, kernels' ready functions decide whether they
 * do. A look never leads to a tensor that an in-place op writes, nor out of a const-eval function, whose own values are gone
 * in later runs. Where all values are kept nothing is looked through.
 */
#include "exec/kernels.h"
#include "exec/plan.h"

static bool plain(const struct slot *s) {
    return s->type.format == FORMAT_PLAIN && !s->type.quant;
}

/* Whether `to` may be read from `from`. */
static bool related(const struct planner *p, exec_slot from, exec_slot to) {
    const exec_plan *x = p->x;
    const struct slot *a = &x->slots.v[from], *b = &x->slots.v[to];
    return from && to && plain(a) && plain(b) && !x->slots.v[a->root].written && !x->slots.v[b->root].written &&
           x->slots.v[b->root].kind != SLOT_CACHED && a->per_device == b->per_device;
}

static struct look *new_look(struct planner *p, exec_slot of, const struct walk *w) {
    struct look *l = ARENA_NEW(p->a, struct look);
    if (!l) {
        plan_no_memory(p);
        return NULL;
    }
    *l = (struct look){of, *w};
    return l;
}

/* A step that moves: its result's looks, and its own way shortened. */
static bool fold_move(struct planner *p, struct exec_step *s, struct walk *w) {
    exec_plan *x = p->x;
    exec_slot from = s->in[0];
    struct slot *out = &x->slots.v[s->out[0]];
    const struct look *before = x->slots.v[from].look;
    struct walk whole;
    if (!related(p, from, s->out[0]))
        return true;
    if (!(out->near = out->look = new_look(p, from, w)))
        return false;
    if (!before || !related(p, before->of, s->out[0]) || !walk_compose(w, &before->walk, &whole))
        return true;
    if (!(out->look = new_look(p, before->of, &whole)))
        return false;
    *w = whole;
    s->in[0] = before->of;
    if (walk_in_order(w) && type_count(slot_type(x, before->of)) == type_count(&out->type)) {
        /* Moved there and back again. */
        out->kind = SLOT_VIEW;
        out->root = x->slots.v[before->of].root;
        out->look = out->near = NULL;
        s->skip = true;
    }
    return true;
}

static void fold_view(struct planner *p, const struct exec_step *s) {
    struct slot *out = &p->x->slots.v[s->out[0]];
    const struct slot *in = &p->x->slots.v[s->in[0]];
    /* What the operand looks at may have turned out to be the memory of another since. */
    out->root = in->root;
    if (related(p, s->in[0], s->out[0])) {
        out->look = in->look;
        out->near = in->near;
    }
}

bool plan_look(const struct planner *p, exec_slot s, exec_slot *of, int64_t *strides, int64_t *base) {
    const struct slot *slot = &p->x->slots.v[s];
    const struct look *looks[2] = {slot->look, slot->near};
    for (int i = 0; i < 2; i++)
        if (looks[i] && related(p, looks[i]->of, s) &&
            walk_strides(&looks[i]->walk, slot->type.dims, slot->type.rank, strides)) {
            *of = looks[i]->of;
            *base = looks[i]->walk.base;
            return true;
        }
    return false;
}

bool plan_look_rows(const struct planner *p, exec_slot s, int64_t n, exec_slot *of, int64_t *distance, int64_t *base) {
    const struct slot *slot = &p->x->slots.v[s];
    const struct look *looks[2] = {slot->look, slot->near};
    int64_t dims[2] = {n ? type_count(&slot->type) / n : 0, n}, strides[2];
    for (int i = 0; i < 2; i++)
        if (looks[i] && related(p, looks[i]->of, s) && walk_strides(&looks[i]->walk, dims, 2, strides) &&
            (n == 1 || strides[1] == 1)) {
            *of = looks[i]->of;
            *distance = strides[0];
            *base = looks[i]->walk.base;
            return true;
        }
    return false;
}

/* Takes back the uses of what is not read any more. */
static void unuse(exec_plan *x, const struct exec_step *s) {
    for (uint32_t k = 0; k < s->n_in; k++) {
        struct slot *slot = &x->slots.v[s->in[k]];
        slot->uses--;
        if (slot->root != s->in[k])
            x->slots.v[slot->root].uses--;
    }
}

/* Moves and views that nothing reads. */
static void drop_unread(struct planner *p) {
    exec_plan *x = p->x;
    plan_count_uses(x);
    for (size_t i = x->steps.n; i-- > 0;) {
        struct exec_step *s = &x->steps.v[i];
        if (s->kind != STEP_KERNEL || s->n_out != 1 || !s->out[0] || x->slots.v[s->out[0]].uses ||
            !(step_walk(p, s) || (s->skip && x->slots.v[s->out[0]].kind == SLOT_VIEW)))
            continue;
        unuse(x, s);
        s->n_in = s->n_out = 0;
        s->skip = true;
    }
}

/* The list of steps as it is made anew: numbers of steps in the old one become those in the new one at the end. */
struct remake {
    struct planner *p;
    VEC(struct exec_step) steps;
};

static bool append(struct remake *r, const struct exec_step *s) {
    return vec_push(&r->steps, *s) || plan_no_memory(r->p);
}

/* A move, in one step or two. */
static bool append_move(struct remake *r, struct exec_step *s) {
    struct planner *p = r->p;
    struct exec_step first;
    if (!fold_move(p, s, step_walk(p, s)))
        return false;
    if (s->skip || !related(p, s->in[0], s->out[0]))
        return append(r, s);
    if (!plan_settle(p, s, &first))
        return false;
    if (first.op) {
        /* The part is what is near; everything before it stays in sight as well. */
        const struct look *near = new_look(p, s->in[0], step_walk(p, s));
        if (!near || !fold_move(p, &first, step_walk(p, &first)) || !append(r, &first))
            return false;
        p->x->slots.v[s->out[0]].near = near;
    }
    return append(r, s);
}

static bool append_step(struct remake *r, struct exec_step *s, bool look) {
    struct planner *p = r->p;
    struct exec_step move = {0};
    if (look && step_walk(p, s))
        return append_move(r, s);
    if (look && s->skip && s->n_out == 1 && s->n_in == 1 && p->x->slots.v[s->out[0]].kind == SLOT_VIEW)
        fold_view(p, s);
    if (s->skip)
        return append(r, s);
    if (look && !plan_sink(p, s, &move))
        return false;
    if (s->row->kernel->ready && !s->row->kernel->ready(p, s))
        return false;
    return append(r, s) && (!move.op || (fold_move(p, &move, step_walk(p, &move)) && append(r, &move)));
}

/* Numbers of steps in jumps and loops, by where old steps have gone. */
static void renumber(struct planner *p, const uint32_t *to) {
    exec_plan *x = p->x;
    for (size_t i = 0; i < x->steps.n; i++) {
        struct exec_step *s = &x->steps.v[i];
        s->target = to[s->target];
        for (uint32_t k = 0; k < s->n_targets; k++)
            s->targets[k] = to[s->targets[k]];
    }
    for (size_t l = 0; l < p->loops.n; l++) {
        /* The last step of a loop is its jump, which stays. */
        p->loops.v[l].first = to[p->loops.v[l].first];
        p->loops.v[l].last = to[p->loops.v[l].last];
    }
}

/* Steps that have nothing to run go, so that the others stand side by side. */
static void close_ranks(struct planner *p, uint32_t *to) {
    exec_plan *x = p->x;
    uint32_t n = (uint32_t)x->steps.n, left = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = left;
        if (!x->steps.v[i].skip)
            x->steps.v[left++] = x->steps.v[i];
    }
    to[n] = to[n + 1] = left;
    x->steps.n = left;
    renumber(p, to);
}

static bool remake(struct remake *r, uint32_t *to) {
    struct planner *p = r->p;
    exec_plan *x = p->x;
    bool look = !plan_alone(x);
    size_t apart = 0, n = x->steps.n; /* behind the const-eval function that the step stands in */
    for (size_t i = 0; i < n; i++) {
        struct exec_step *s = &x->steps.v[i];
        to[i] = (uint32_t)r->steps.n;
        if (s->kind == STEP_CACHE)
            apart = s->target;
        if (s->kind == STEP_KERNEL ? !append_step(r, s, look && i >= apart) : !append(r, s))
            return false;
    }
    to[n] = to[n + 1] = (uint32_t)r->steps.n;
    return true;
}

bool plan_look_through(struct planner *p) {
    exec_plan *x = p->x;
    struct remake r = {.p = p};
    vec_init(&r.steps, x->mem);
    size_t bytes = (2 * x->steps.n + 2) * sizeof(uint32_t); /* no step becomes more than two */
    uint32_t *to = mem_alloc_zero(x->mem, bytes);
    bool ok = (to != NULL || plan_no_memory(p)) && remake(&r, to);
    if (ok) {
        vec_free(&x->steps);
        x->steps.v = r.steps.v;
        x->steps.n = r.steps.n;
        x->steps.cap = r.steps.cap;
        renumber(p, to);
        if (!plan_alone(x)) {
            drop_unread(p);
            close_ranks(p, to);
        }
    } else {
        vec_free(&r.steps);
    }
    mem_free(x->mem, to, bytes);
    return ok;
}
