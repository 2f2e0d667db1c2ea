/* The greedy pattern driver. Order matters: the ops that come out, their order and their locations depend on which op is
 * looked at first, so this follows MLIR's GreedyPatternRewriteDriver step by step.
 *
 *   round:  fill the worklist ──▶ merge constants ──▶ pop, erase dead / fold / match until empty ──▶ sweep dead ops
 *
 * The worklist is a stack in which an op occurs at most once: its `place` is its position + 1.
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
    uint32_t place;
};

/* Arrays that outlive a call, so that small calls over large modules stay small. Between calls the list is empty; places,
 * `heads` and `far` are zero. */
struct rewrite_workspace {
    op_list list, order, open;
    VEC(struct chain) chains;
    struct by_op *of;
    struct tried tried[TRIED];
    uint32_t cap_ops, turn;
    uint16_t *heads; /* by OP_*, and OP_N for REWRITE_ANY_OP */
    bool *far;       /* likewise: some pattern is not near */
    bool busy;
};

struct driver {
    pass_context *p;
    rewrite_workspace *w;
    int table; /* in w->tried */
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
    vec_init(&w->order, mem);
    vec_init(&w->open, mem);
    vec_init(&w->chains, mem);
    w->heads = mem_alloc_zero(mem, (OP_N + 1) * sizeof *w->heads);
    w->far = mem_alloc_zero(mem, (OP_N + 1) * sizeof *w->far);
    if (!w->heads || !w->far) {
        rewrite_workspace_free(w);
        return NULL;
    }
    return w;
}

void rewrite_workspace_free(rewrite_workspace *w) {
    if (!w)
        return;
    struct mem *mem = w->list.mem;
    mem_free(mem, w->heads, (OP_N + 1) * sizeof *w->heads);
    mem_free(mem, w->far, (OP_N + 1) * sizeof *w->far);
    free_by_op(w);
    vec_free(&w->list);
    vec_free(&w->order);
    vec_free(&w->open);
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
    w->list.v[w->of[op].place - 1] = 0;
    w->of[op].place = 0;
}

static ir_op pop(struct driver *d) {
    rewrite_workspace *w = d->w;
    while (w->list.n) {
        ir_op op = vec_pop(&w->list);
        if (op) {
            w->of[op].place = 0;
            return op;
        }
    }
    return 0;
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

/* OperationFolder::insertKnownConstant. False when op was erased because an equal constant is there. */
static bool keep_constant(struct driver *d, struct constants *k, ir_op op, ir_attr value) {
    pass_context *p = d->p;
    ir_module *m = p->m;
    ir_region r = constant_region(m, op);
    ir_block entry = m->regions[r].first;
    uint32_t *key = ARENA_ARRAY(&p->scratch, uint32_t, 4);
    if (!key) {
        d->oom = true;
        return true;
    }
    key[0] = r;
    key[1] = dialect_def_of(m, op)->dialect;
    key[2] = value;
    key[3] = ir_value_type(m, ir_result(m, op, 0));
    bool added;
    uint32_t *first = map_str_put(&k->map, str_of((const char *)key, 4 * sizeof *key), op, &added);
    if (!first) {
        d->oom = true;
        return true;
    }
    if (!added) {
        ir_op keep = *first;
        ir_replace1(p->e, op, ir_result(m, keep, 0));
        forget_loc(p, keep);
        return false;
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
    return true;
}

/* ---- one round ------------------------------------------------------------------------------------------ */

static void close_one(op_list *ops, op_list *open) {
    ir_op op = vec_pop(open); /* apart: a push without room does not look at its item */
    vec_push(ops, op);
}

/* The ops inside `scope` in pre-order or in post-order (what is inside an op before it), gathered first because constants
 * move while the worklist is filled. */
static bool gather(struct driver *d, ir_op scope, bool pre_order) {
    const ir_module *m = d->p->m;
    op_list *ops = &d->w->order, *open = &d->w->open; /* open: those whose inside is not done */
    vec_clear(ops);
    vec_clear(open);
    for (ir_op op = ir_walk_next(m, scope, scope); pre_order && op; op = ir_walk_next(m, scope, op))
        vec_push(ops, op);
    for (ir_op op = pre_order ? 0 : ir_walk_next(m, scope, scope), before = 0; op;
         before = op, op = ir_walk_next(m, scope, op)) {
        bool sibling = before && m->ops[before].next == op && !m->ops[before].n_regions;
        while (!sibling && open->n && !ir_is_inside(m, op, vec_last(open)))
            close_one(ops, open);
        if (m->ops[op].n_regions)
            vec_push(open, op);
        else
            vec_push(ops, op);
    }
    while (open->n)
        close_one(ops, open);
    d->oom = d->oom || ops->failed || open->failed;
    return !d->oom;
}

/* Fills the empty list with n ops (0: none), the last one to be looked at first; `reversed`: the first one. */
static bool list_ops(struct driver *d, const ir_op *ops, size_t n, bool reversed) {
    rewrite_workspace *w = d->w;
    if (d->p->m->n_ops > w->cap_ops && !grow_by_op(d, d->p->m->n_ops - 1))
        return false;
    vec_clear(&w->list);
    if (!vec_room(&w->list, n)) {
        d->oom = true;
        return false;
    }
    uint32_t listed = 0;
    for (size_t i = 0; i < n; i++) {
        ir_op op = ops[reversed ? n - 1 - i : i];
        if (!op)
            continue;
        w->list.v[listed++] = op;
        w->of[op].place = listed;
    }
    w->list.n = listed;
    return true;
}

static bool fill(struct driver *d, ir_op scope, unsigned flags) {
    pass_context *p = d->p;
    bool top_down = (flags & REWRITE_TOP_DOWN) != 0;
    struct constants k;
    map_str_init(&k.map, p->m->mem);
    map_u64_init(&k.known, p->m->mem);
    p->e->since = 0; /* constants that are merged are one from then on */
    bool ok = gather(d, scope, top_down);
    ir_op *ops = d->w->order.v;
    size_t n = ok ? d->w->order.n : 0;
    for (size_t i = 0; i < n && !d->oom; i++) {
        ir_op op = ops[i];
        const op_def *def = dialect_def_of(p->m, op);
        if (!(flags & REWRITE_NO_CONST_CSE) && def && def->flags & OP_CONSTANT_LIKE && p->m->ops[op].n_results == 1) {
            ir_attr value = constant_of(p, ir_result(p->m, op, 0));
            ops[i] = !value || keep_constant(d, &k, op, value) ? op : 0;
        }
    }
    /* Merging constants has told the listener of users; the list starts afresh. */
    while (pop(d))
        ;
    ok = ok && !d->oom && list_ops(d, ops, n, top_down);
    map_str_free(&k.map);
    map_u64_free(&k.known);
    return ok;
}

/* Whether the op and what defines its operands are as they were when *at was noted, which is brought up to date then. */
static bool is_as_at(const struct driver *d, ir_op op, uint64_t *at) {
    const ir_edit *e = d->p->e;
    const ir_module *m = d->p->m;
    if (*at > e->changes) /* nothing has changed at all */
        return true;
    if (*at <= ir_changed_at(e, op))
        return false;
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++) {
        ir_op def = ir_def_op(m, ir_operand(m, op, i));
        if (def && *at <= ir_changed_at(e, def))
            return false;
    }
    *at = e->changes + 1;
    return true;
}

/* And the users of its results. */
static bool is_as_at_with_users(const struct driver *d, ir_op op, uint64_t *at) {
    const ir_edit *e = d->p->e;
    const ir_module *m = d->p->m;
    if (*at > e->changes)
        return true;
    for (uint32_t i = 0; i < m->ops[op].n_results; i++)
        for (uint32_t u = ir_first_use(e, ir_result(m, op, i)); u; u = ir_next_use(e, u))
            if (*at <= ir_changed_at(e, ir_use_op(e, u)))
                return false;
    return is_as_at(d, op, at);
}

/* Tries the folder; whether it changed anything. Like try_patterns for an op from the list, which has room by op. */
static bool try_fold(struct driver *d, ir_op op) {
    pass_context *p = d->p;
    ir_module *m = p->m;
    if (is_as_at(d, op, &d->w->of[op].settled))
        return false;
    fold_value results[FOLD_MAX_RESULTS] = {{0}};
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
static bool try_patterns(struct driver *d, ir_op op) {
    pass_context *p = d->p;
    const struct chain *chains = d->w->chains.v;
    uint32_t id = op_id(p->m, op), own = d->w->heads[id], any = d->w->heads[OP_N];
    if (!own && !any)
        return false;
    uint64_t *tried = &d->w->of[op].tried[d->table];
    bool near = !d->w->far[id] && !d->w->far[OP_N] && !p->m->ops[op].n_regions;
    if (near && *tried > d->w->tried[d->table].since && is_as_at_with_users(d, op, tried))
        return false;
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

/* Works the list off. False after an error. */
static bool process(struct driver *d, unsigned flags, bool *changed) {
    pass_context *p = d->p;
    ir_module *m = p->m;
    size_t errors = p->d->errors;
    for (ir_op op; (op = pop(d)) != 0;) {
        if (!m->ops[op].name)
            continue;
        const op_def *def = dialect_def_of(m, op);
        if (!ir_op_has_uses(p->e, op) && op_is_removable(m, op)) {
            ir_erase(p->e, op);
            *changed = true;
            continue;
        }
        bool did = !(flags & REWRITE_NO_FOLD) && def && !(def->flags & OP_CONSTANT_LIKE) && try_fold(d, op);
        if (!did)
            did = try_patterns(d, op);
        *changed = *changed || did;
        if (p->d->errors != errors || m->failed || d->oom)
            return false;
    }
    return true;
}

/* Erases what nobody uses, the last op first. */
static bool sweep(struct driver *d, ir_op scope, bool *changed) {
    pass_context *p = d->p;
    if (!gather(d, scope, true))
        return false;
    for (size_t n = d->w->order.n; n-- > 0;) {
        ir_op op = d->w->order.v[n];
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
            uint32_t before = 0, at = w->heads[head], k = (uint32_t)w->chains.n;
            while (at && w->chains.v[at].pattern->benefit >= pattern->benefit) {
                before = at;
                at = w->chains.v[at].next;
            }
            if (k > UINT16_MAX || !vec_push(&w->chains, (struct chain){pattern, at}))
                return false;
            if (before)
                w->chains.v[before].next = k;
            else
                w->heads[head] = (uint16_t)k;
            w->far[head] = w->far[head] || !pattern->near;
        }
    return true;
}

static void unchain_patterns(rewrite_workspace *w, const rewrite_table *tables, uint32_t n) {
    for (uint32_t t = 0; t < n; t++)
        for (uint32_t i = 0; i < tables[t].n; i++) {
            uint16_t op = tables[t].patterns[i].op;
            w->heads[op == REWRITE_ANY_OP ? OP_N : op] = 0;
            w->far[op == REWRITE_ANY_OP ? OP_N : op] = false;
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
