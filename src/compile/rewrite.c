/* The greedy pattern driver. Order matters: the ops that come out, their order and their locations depend on which op is
 * looked at first, so this follows MLIR's GreedyPatternRewriteDriver step by step.
 *
 *   round:  fill the worklist ──▶ merge constants ──▶ pop, erase dead / fold / match until empty ──▶ sweep dead ops
 *
 * The worklist is a stack in which an op occurs at most once: its `place` says where. What it is filled with stays where it was
 * gathered, in `order`, of which the next to be looked at is `next`; only what is pushed afterwards is in `list`, on top of that.
 * What was gathered serves the next round, or the next pass, as long as no op has come, gone or moved.
 *
 * Most ops are looked at dozens of times in a compile and rarely is there anything to do. A folder sees an op, its operands
 * with their other users, and what defines them; as long as the edit knows of no change to those (ir_changed_at) since a
 * folder last found nothing to do, it is not asked again: its `settled` is the count of changes then. The same goes for
 * patterns that say that they see no farther (`near`), with the users of the results: `tried`, per table of patterns.
 */
#include "compile/rewrite.h"

#include "base/map.h"
#include "base/vec.h"

enum { DEFAULT_ROUNDS = 10 };

/* Patterns by op: `next` chains the entries of one op in the order in which they are tried. */
struct chain {
    const rewrite_pattern *pattern;
    uint32_t next;
};

typedef VEC(ir_op) op_list;

/* A table whose patterns by_op.tried is about: when they last had nothing to do at an op. */
struct tried {
    const rewrite_pattern *table;
    uint64_t since; /* entries up to here are those of another table */
};
enum { TRIED = 2 }; /* two tables take turns in ttir-erase-inverse-ops */

/* What is kept by op, side by side because a look at an op needs all of it. */
struct by_op {
    uint64_t settled, tried[TRIED];
    uint32_t place; /* position + 1, with IN_ORDER when it is one in `order`; 0: not in the worklist */
    uint32_t kind;  /* OP_* + 1; 0: not known yet */
};
#define IN_ORDER 0x80000000u

/* What is known of an OP_*. */
struct kind {
    uint16_t head; /* of its chain of patterns */
    bool far;      /* some of these is not near */
    bool folds, constant;
};

/* The ops inside of one. */
struct gathered {
    op_list ops;
    ir_op scope;
    uint64_t at; /* `orders` of the edit then, and 1; 0: nothing is here */
};

/* Arrays that outlive a call, so that small calls over large modules stay small. Between calls the worklist is empty; places,
 * heads and `far` are zero. */
struct rewrite_workspace {
    op_list list, open, constants;
    struct gathered gathered[2]; /* in post-order, in pre-order */
    VEC(struct chain) chains;
    struct by_op *of;
    struct tried tried[TRIED];
    uint32_t cap_ops, turn;
    struct kind *kinds; /* by OP_*; that of OP_N, ops without a table, has the patterns of REWRITE_ANY_OP */
    bool busy;
};

struct driver {
    pass_context *p;
    rewrite_workspace *w;
    op_list *order;     /* what the worklist was filled with */
    uint32_t next, end; /* in it: from where on ops are looked at, and where that ends */
    int table;          /* in w->tried */
    bool backward;      /* `next` counts down, and is behind the next one */
    bool oom;
};

/* ---- memory --------------------------------------------------------------------------------------------- */

static void free_by_op(rewrite_workspace *w) {
    mem_free(w->list.mem, w->of, w->cap_ops * sizeof *w->of);
}

rewrite_workspace *rewrite_workspace_new(struct mem *mem) {
    rewrite_workspace *w = mem_alloc_zero(mem, sizeof *w);
    if (!w)
        return NULL;
    vec_init(&w->list, mem);
    vec_init(&w->gathered[false].ops, mem);
    vec_init(&w->gathered[true].ops, mem);
    vec_init(&w->open, mem);
    vec_init(&w->constants, mem);
    vec_init(&w->chains, mem);
    w->kinds = mem_alloc_zero(mem, (OP_N + 1) * sizeof *w->kinds);
    if (!w->kinds) {
        rewrite_workspace_free(w);
        return NULL;
    }
    for (uint32_t i = 0; i < OP_N; i++) {
        w->kinds[i].constant = (dialect_op(i)->flags & OP_CONSTANT_LIKE) != 0;
        w->kinds[i].folds = !w->kinds[i].constant && fold_knows(i);
    }
    return w;
}

void rewrite_workspace_free(rewrite_workspace *w) {
    if (!w)
        return;
    struct mem *mem = w->list.mem;
    mem_free(mem, w->kinds, (OP_N + 1) * sizeof *w->kinds);
    free_by_op(w);
    vec_free(&w->list);
    vec_free(&w->gathered[false].ops);
    vec_free(&w->gathered[true].ops);
    vec_free(&w->open);
    vec_free(&w->constants);
    vec_free(&w->chains);
    mem_free(mem, w, sizeof *w);
}

/* Room for what is kept by op. */
static NOINLINE bool grow_by_op(struct driver *d, ir_op op) {
    rewrite_workspace *w = d->w;
    uint32_t want = d->p->m->cap_ops > op ? d->p->m->cap_ops : op + 1;
    struct by_op *of = mem_alloc_zero(w->list.mem, want * sizeof *of);
    if (!of) {
        d->oom = true;
        return false;
    }
    if (w->cap_ops)
        memcpy(of, w->of, w->cap_ops * sizeof *of);
    free_by_op(w);
    w->of = of;
    w->cap_ops = want;
    return true;
}

/* ---- worklist ------------------------------------------------------------------------------------------- */

static void push(struct driver *d, ir_op op) {
    rewrite_workspace *w = d->w;
    if ((UNLIKELY(op >= w->cap_ops) && !grow_by_op(d, op)) || w->of[op].place)
        return;
    if (!vec_push(&w->list, op)) {
        d->oom = true;
        return;
    }
    w->of[op].place = (uint32_t)w->list.n;
}

/* Leaves a hole, so that the order of the rest stays. */
static void drop(struct driver *d, ir_op op) {
    rewrite_workspace *w = d->w;
    if (op >= w->cap_ops || !w->of[op].place)
        return;
    uint32_t place = w->of[op].place;
    *(place & IN_ORDER ? &d->order->v[(place & ~IN_ORDER) - 1] : &w->list.v[place - 1]) = 0;
    w->of[op].place = 0;
}

static inline ir_op pop(struct driver *d) {
    rewrite_workspace *w = d->w;
    ir_op op = 0;
    while (!op && w->list.n)
        op = vec_pop(&w->list);
    while (!op && d->next != d->end)
        op = d->backward ? d->order->v[--d->next] : d->order->v[d->next++];
    if (op)
        w->of[op].place = 0;
    return op;
}

/* When an op goes, those that defined its operands are looked at again if that leaves them with at most one user. */
static void push_operands(struct driver *d, ir_op op) {
    const ir_edit *e = d->p->e;
    const ir_module *m = d->p->m;
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++) {
        ir_value v = ir_operand(m, op, i);
        ir_op def = ir_def_op(m, v), other = 0;
        bool many = false;
        for (ir_each_use(e, v, u)) {
            ir_op user = ir_use_op(e, u);
            if (user == op || user == other)
                continue;
            many = other != 0;
            if (many)
                break;
            other = user;
        }
        if (def && !many)
            push(d, def);
    }
}

static void heard(void *arg, ir_edit_event event, ir_op op) {
    struct driver *d = arg;
    if (event != IR_EDIT_ERASED) {
        push(d, op);
        return;
    }
    push_operands(d, op);
    drop(d, op);
}

/* ---- constants ------------------------------------------------------------------------------------------ */

/* The constants kept so far in this round: (function-like op, dialect, value, type) -> op. */
struct constants {
    struct map_str map;
    struct map_u64 known; /* ops that are in the map */
};

/* The region of the isolated op around `op`: where its constants go. */
static ir_region constant_region(const ir_module *m, ir_op op) {
    for (;;) {
        ir_region r = m->blocks[m->ops[op].block].region;
        ir_op parent = m->regions[r].op;
        const op_def *d = dialect_def_of(m, parent);
        if (!d || d->flags & OP_ISOLATED || !m->ops[parent].block)
            return r;
        op = parent;
    }
}

/* A change that no folder and no pattern looks at: it counts, but what was tried in vain stays tried. */
static void forget_loc(pass_context *p, ir_op op) {
    if (p->m->ops[op].loc != p->c->l_unknown) {
        p->m->ops[op].loc = p->c->l_unknown;
        p->e->changes++;
    }
}

/* OperationFolder::insertKnownConstant: op is erased when an equal constant is there. */
static void keep_constant(struct driver *d, struct constants *k, ir_op op, ir_attr value) {
    pass_context *p = d->p;
    ir_module *m = p->m;
    ir_region r = constant_region(m, op);
    ir_block entry = m->regions[r].first;
    uint32_t *key = ARENA_ARRAY(&p->scratch, uint32_t, 4);
    if (!key) {
        d->oom = true;
        return;
    }
    key[0] = r;
    key[1] = dialect_def_of(m, op)->dialect;
    key[2] = value;
    key[3] = ir_value_type(m, ir_result(m, op, 0));
    bool added;
    uint32_t *first = map_str_put(&k->map, str_of((const char *)key, 4 * sizeof *key), op, &added);
    if (!first) {
        d->oom = true;
        return;
    }
    if (!added) {
        ir_op keep = *first;
        ir_replace1(p->e, op, ir_result(m, keep, 0));
        forget_loc(p, keep);
        return;
    }
    ir_op front = m->blocks[entry].first, prev = m->ops[op].prev;
    if (m->ops[op].block != entry) { /* only a constant that changes blocks loses its place in the source */
        ir_move_before(p->e, op, front);
        forget_loc(p, op);
    } else if (front != op && !(prev && map_u64_get(&k->known, prev))) {
        ir_move_before(p->e, op, front);
    }
    if (!map_u64_put(&k->known, op, 1, NULL))
        d->oom = true;
}

/* ---- one round ------------------------------------------------------------------------------------------ */

/* The ops inside `scope` in pre-order or in post-order (what is inside an op before it), gathered first because constants
 * move while they are merged. NULL when out of memory. */
static op_list *gather(struct driver *d, ir_op scope, bool pre_order) {
    const ir_module *m = d->p->m;
    struct gathered *to = &d->w->gathered[pre_order];
    op_list *open = &d->w->open; /* those whose inside is not done */
    if (to->scope == scope && to->at == d->p->e->orders + 1)
        return &to->ops;
    vec_clear(&to->ops);
    vec_clear(open);
    to->at = 0;
    if (!vec_room(&to->ops, m->n_ops)) {
        d->oom = true;
        return NULL;
    }
    ir_op *ops = to->ops.v;
    size_t n = 0;
    for (ir_op op = ir_walk_next(m, scope, scope); op; op = ir_walk_next(m, scope, op)) {
        while (open->n && !ir_is_inside(m, op, vec_last(open)))
            ops[n++] = vec_pop(open);
        if (m->ops[op].n_regions && !pre_order) {
            vec_push(open, op);
            continue;
        }
        ops[n++] = op;
        if (m->ops[op].n_regions)
            continue;
        /* Most ops stand among others without regions. */
        const ir_op_data *all = m->ops;
        for (ir_op next; (next = all[op].next) != 0 && !all[next].n_regions; op = next)
            ops[n++] = next;
    }
    while (open->n)
        ops[n++] = vec_pop(open);
    to->ops.n = n;
    to->scope = scope;
    to->at = d->p->e->orders + 1;
    d->oom = d->oom || open->failed;
    return d->oom ? NULL : &to->ops;
}

/* Those gathered become the worklist, and the places of constants among them are noted. */
static void list_gathered(struct driver *d) {
    const struct kind *kinds = d->w->kinds;
    const ir_module *m = d->p->m;
    const ir_op *ops = d->order->v;
    struct by_op *of = d->w->of;
    uint32_t n = (uint32_t)d->order->n;
    vec_clear(&d->w->constants);
    for (uint32_t i = 0; i < n; i++) {
        struct by_op *by = &of[ops[i]];
        by->place = IN_ORDER | (i + 1);
        if (!by->kind)
            by->kind = op_id(m, ops[i]) + 1;
        if (kinds[by->kind - 1].constant)
            vec_push(&d->w->constants, i);
    }
    d->oom = d->oom || d->w->constants.failed;
}

/* Equal constants among those gathered become one. */
static void merge_constants(struct driver *d) {
    pass_context *p = d->p;
    struct constants k;
    map_str_init(&k.map, p->m->mem);
    map_u64_init(&k.known, p->m->mem);
    p->e->since = 0; /* constants that are merged are one from then on */
    for (size_t i = 0; i < d->w->constants.n && !d->oom; i++) {
        ir_op op = d->order->v[d->w->constants.v[i]];
        ir_attr value = op && p->m->ops[op].n_results == 1 ? constant_of(p, ir_result(p->m, op, 0)) : 0;
        if (value)
            keep_constant(d, &k, op, value);
    }
    map_str_free(&k.map);
    map_u64_free(&k.known);
}

/* Empties what was pushed. */
static void clear_pushed(struct driver *d) {
    rewrite_workspace *w = d->w;
    while (w->list.n)
        w->of[vec_pop(&w->list)].place = 0;
}

/* Fills the worklist, which holds nothing but what the sweep has pushed. */
static bool fill(struct driver *d, ir_op scope, unsigned flags) {
    bool top_down = (flags & REWRITE_TOP_DOWN) != 0;
    clear_pushed(d);
    d->order = gather(d, scope, top_down);
    if (!d->order || (d->p->m->n_ops > d->w->cap_ops && !grow_by_op(d, d->p->m->n_ops - 1)))
        return false;
    list_gathered(d);
    d->backward = !top_down;
    d->next = top_down ? 0 : (uint32_t)d->order->n;
    d->end = top_down ? (uint32_t)d->order->n : 0;
    if (!d->oom && d->w->constants.n && !(flags & REWRITE_NO_CONST_CSE)) {
        merge_constants(d);
        clear_pushed(d);
    }
    return !d->oom;
}

/* When the op or what defines its operands last changed (ir_changed_at). */
static inline uint64_t changed_at(const struct driver *d, ir_op op) {
    const ir_edit *e = d->p->e;
    const ir_module *m = d->p->m;
    uint64_t last = ir_changed_at(e, op);
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++) {
        ir_op def = ir_def_op(m, ir_operand(m, op, i));
        uint64_t at = def ? ir_changed_at(e, def) : 0;
        last = at > last ? at : last;
    }
    return last;
}

/* Whether no user of the op's results has changed since `at` - 1. */
static inline bool users_are_as_at(const struct driver *d, ir_op op, uint64_t at) {
    const ir_edit *e = d->p->e;
    const ir_module *m = d->p->m;
    for (uint32_t i = 0; i < m->ops[op].n_results; i++)
        for (uint32_t u = ir_first_use(e, ir_result(m, op, i)); u; u = ir_next_use(e, u))
            if (at <= ir_changed_at(e, ir_use_op(e, u)))
                return false;
    return true;
}

/* Tries the folder; whether it changed anything. Like try_patterns for an op from the list, which has room by op. */
static bool try_fold(struct driver *d, ir_op op) {
    pass_context *p = d->p;
    ir_module *m = p->m;
    fold_value results[FOLD_MAX_RESULTS];
    if (m->ops[op].n_results > FOLD_MAX_RESULTS)
        return false;
    memset(results, 0, m->ops[op].n_results * sizeof *results);
    ir_value values[FOLD_MAX_RESULTS];
    ir_edit_at(p->e, op);
    p->e->from = op;
    p->e->since = p->e->changes + 1;
    fold_outcome outcome = fold_op(p, op, results);
    if (outcome == FOLD_NONE)
        d->w->of[op].settled = p->e->changes + 1;
    if (outcome == FOLD_IN_PLACE)
        push(d, op);
    if (outcome != FOLD_VALUES)
        return outcome == FOLD_IN_PLACE;
    uint32_t n = m->ops[op].n_results, made = 0;
    ir_op first_made = m->n_ops;
    for (uint32_t i = 0; i < n; i++) {
        values[i] = results[i].value;
        if (!values[i]) {
            values[i] = materialize_ttir(p, results[i].constant, ir_value_type(m, ir_result(m, op, i)), m->ops[op].loc);
            made++;
        }
        if (!values[i]) {
            /* No constant op for it: what was built for the results before goes again. */
            for (ir_op o = first_made; made && o < m->n_ops; o++)
                if (m->ops[o].name && !ir_op_has_uses(p->e, o))
                    ir_erase(p->e, o);
            return false;
        }
    }
    ir_replace(p->e, op, values);
    return true;
}

/* The first of the patterns for op that changes something. */
static bool try_patterns(struct driver *d, ir_op op, uint32_t own, bool near) {
    pass_context *p = d->p;
    const struct chain *chains = d->w->chains.v;
    uint32_t any = d->w->kinds[OP_N].head;
    size_t errors = p->d->errors;
    while (own || any) {
        bool take_own = own && (!any || chains[own].pattern->benefit >= chains[any].pattern->benefit);
        uint32_t at = take_own ? own : any;
        own = take_own ? chains[own].next : own;
        any = take_own ? any : chains[any].next;
        ir_edit_at(p->e, op);
        p->e->from = op;
        p->e->since = p->e->changes + 1;
        if (chains[at].pattern->fn(p, op))
            return true;
        if (p->d->errors != errors || p->m->failed)
            return false;
    }
    if (near)
        d->w->of[op].tried[d->table] = p->e->changes + 1; /* patterns may have made the array longer */
    return false;
}

/* Folds an op (`fold`: it has a folder) or tries its patterns (`match`: it has some), unless they cannot do anything. Whether
 * that changed anything. */
static bool look_at(struct driver *d, ir_op op, const struct kind *kind, bool fold, bool match) {
    const struct kind *any = &d->w->kinds[OP_N];
    struct by_op *by = &d->w->of[op];
    uint64_t now = d->p->e->changes + 1, tried = 0; /* stamps of now: nothing has changed since */
    fold = fold && by->settled < now;
    bool near = match && !kind->far && !any->far && !d->p->m->ops[op].n_regions;
    if (near) {
        tried = by->tried[d->table];
        tried = tried > d->w->tried[d->table].since ? tried : 0;
        match = tried < now;
    }
    if (fold || (match && tried)) {
        uint64_t last = changed_at(d, op);
        if (fold && by->settled > last) {
            by->settled = now;
            fold = false;
        }
        if (match && tried > last && users_are_as_at(d, op, tried)) {
            by->tried[d->table] = now;
            match = false;
        }
    }
    if (fold && try_fold(d, op))
        return true;
    return match && try_patterns(d, op, kind == any ? 0 : kind->head, near);
}

/* Works the list off. False after an error. */
static bool process(struct driver *d, unsigned flags, bool *changed) {
    pass_context *p = d->p;
    ir_module *m = p->m;
    size_t errors = p->d->errors;
    const struct kind *kinds = d->w->kinds;
    bool may_fold = !(flags & REWRITE_NO_FOLD), always = kinds[OP_N].head != 0;
    for (ir_op op; (op = pop(d)) != 0;) {
        if (!m->ops[op].name) /* erased while a pattern's own driver listened */
            continue;
        const struct kind *kind = &kinds[op_id(m, op)];
        bool fold = may_fold && kind->folds, match = always || kind->head;
        if (!ir_op_has_uses(p->e, op) && op_is_removable(m, op)) {
            ir_erase(p->e, op);
            *changed = true;
        } else if (!fold && !match) {
            continue;
        } else if (look_at(d, op, kind, fold, match)) {
            *changed = true;
        }
        if (p->d->errors != errors || m->failed || d->oom)
            return false;
    }
    return true;
}

/* Erases what nobody uses, the last op first. */
static bool sweep(struct driver *d, ir_op scope, bool *changed) {
    pass_context *p = d->p;
    const op_list *ops = gather(d, scope, true);
    if (!ops)
        return false;
    for (size_t n = ops->n; n-- > 0;) {
        ir_op op = ops->v[n];
        if (!p->m->ops[op].name || ir_op_has_uses(p->e, op) || !op_is_removable(p->m, op))
            continue;
        ir_erase(p->e, op);
        *changed = true;
    }
    return true;
}

/* ---- the driver ----------------------------------------------------------------------------------------- */

/* Sorts the patterns into chains: a stable insertion by falling benefit. */
static bool chain_patterns(rewrite_workspace *w, const rewrite_table *tables, uint32_t n) {
    vec_clear(&w->chains);
    vec_push(&w->chains, (struct chain){0}); /* 0 ends a chain */
    for (uint32_t t = 0; t < n; t++)
        for (uint32_t i = 0; i < tables[t].n; i++) {
            const rewrite_pattern *pattern = &tables[t].patterns[i];
            uint32_t head = pattern->op == REWRITE_ANY_OP ? OP_N : pattern->op;
            uint32_t before = 0, at = w->kinds[head].head, k = (uint32_t)w->chains.n;
            while (at && w->chains.v[at].pattern->benefit >= pattern->benefit) {
                before = at;
                at = w->chains.v[at].next;
            }
            if (k > UINT16_MAX || !vec_push(&w->chains, (struct chain){pattern, at}))
                return false;
            if (before)
                w->chains.v[before].next = k;
            else
                w->kinds[head].head = (uint16_t)k;
            w->kinds[head].far |= !pattern->near;
        }
    return true;
}

static void unchain_patterns(rewrite_workspace *w, const rewrite_table *tables, uint32_t n) {
    for (uint32_t t = 0; t < n; t++)
        for (uint32_t i = 0; i < tables[t].n; i++) {
            uint16_t op = tables[t].patterns[i].op;
            struct kind *k = &w->kinds[op == REWRITE_ANY_OP ? OP_N : op];
            k->head = 0;
            k->far = false;
        }
}

/* Which entry of w->tried is about these patterns. The key is the address of the first table (see rewrite.h);
 * one on the stack may find the trials of another that lay there before, which only tables without near patterns do: they
 * ask for none and note none. */
static int tried_of(rewrite_workspace *w, const rewrite_pattern *table, uint64_t now) {
    for (int i = 0; i < TRIED; i++)
        if (w->tried[i].table == table)
            return i;
    int i = (int)(w->turn++ % TRIED);
    w->tried[i] = (struct tried){table, now + 1};
    return i;
}

bool rewrite_greedy_tables(pass_context *p, ir_op scope, const rewrite_table *tables, uint32_t n, unsigned flags,
                           unsigned rounds) {
    struct driver d = {.p = p, .w = p->rewriting};
    rewrite_workspace *own = d.w->busy ? rewrite_workspace_new(p->m->mem) : NULL; /* a pattern that runs patterns */
    if (d.w->busy && !own)
        return pass_out_of_memory(p);
    d.w = own ? own : d.w;
    d.w->busy = true;
    d.table = tried_of(d.w, n ? tables->patterns : NULL, p->e->changes);
    bool ok = chain_patterns(d.w, tables, n), changed = true;
    void (*listen)(void *, ir_edit_event, ir_op) = p->e->listen;
    void *listen_arg = p->e->listen_arg;
    p->e->listen = heard;
    p->e->listen_arg = &d;
    for (unsigned i = 0; ok && changed && i < (rounds ? rounds : DEFAULT_ROUNDS); i++) {
        changed = false;
        ok = fill(&d, scope, flags) && process(&d, flags, &changed) && (!changed || sweep(&d, scope, &changed));
        ok = ok && !d.w->list.failed && !d.oom && !p->m->failed;
    }
    p->e->listen = listen;
    p->e->listen_arg = listen_arg;
    p->e->from = 0;
    p->e->since = 0;
    while (pop(&d)) /* what an error left */
        ;
    unchain_patterns(d.w, tables, n);
    d.w->busy = false;
    rewrite_workspace_free(own);
    if (d.oom || p->m->failed || (!ok && !p->d->errors))
        return pass_out_of_memory(p);
    return ok;
}

bool rewrite_greedy(pass_context *p, ir_op scope, const rewrite_pattern *patterns, uint32_t n, unsigned flags,
                    unsigned rounds) {
    return rewrite_greedy_tables(p, scope, &(rewrite_table){patterns, n}, 1, flags, rounds);
}
