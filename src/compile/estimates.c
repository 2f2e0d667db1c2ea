/* estimates.c - see estimates.h. Each run is walked once: its last module's ops find their row through the origins of the
 * stages between; an op that came from several counts for the first of them. */
#include "compile/estimates.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/vec.h"
#include "compile/override.h"
#include "dialect/dialect.h"
#include "ids.h"
#include "target/cost.h"

typedef VEC(estimate_row) row_list;

struct comparing {
    struct mem *mem;
    struct arena *arena;
    struct map_str rows; /* identity -> index */
    row_list list;
};

/* By op of the run's last module: the op of stage `from` that it came from, 0 for none. To be freed (n_ops of that module);
 * NULL when out of memory. */
static ir_op *first_origins(const compile_run *r, uint32_t from, struct mem *mem) {
    uint32_t n = r->stages[from].module->m->n_ops;
    ir_op *now = mem_alloc(mem, n * sizeof *now);
    for (ir_op op = 0; now && op < n; op++)
        now[op] = op;
    for (uint32_t i = from + 1; now && i < r->n_stages; i++) {
        const compile_origins *o = &r->stages[i].origins;
        if (!o->start)
            continue;
        uint32_t n_next = r->stages[i].module->m->n_ops;
        ir_op *next = mem_alloc_zero(mem, n_next * sizeof *next);
        for (ir_op op = 1; next && op < n_next && op + 1 < o->n_start; op++)
            for (uint32_t k = o->start[op]; k < o->start[op + 1] && !next[op]; k++)
                next[op] = o->sources[k] < n ? now[o->sources[k]] : 0;
        mem_free(mem, now, n * sizeof *now);
        now = next;
        n = n_next;
    }
    return now;
}

/* The row of an op, made when there is none. NULL when out of memory. */
static estimate_row *row_of(struct comparing *k, const ir_module *m, ir_op func, ir_op op, uint32_t ordinal,
                            uint32_t run) {
    ir_attr name = func ? ir_op_attr(m, func, STR("sym_name")) : 0;
    str function = name ? ir_str_of(m->ctx, name) : STR(""), op_name = ir_op_name_str(m, op);
    struct buf text;
    buf_init(&text, k->mem);
    override_identity_of(&text, function, op_name, ordinal);
    str identity = STR("");
    if (!text.failed)
        identity = arena_str(k->arena, buf_str(&text));
    buf_free(&text);
    bool added;
    uint32_t *at = identity.n ? map_str_put(&k->rows, identity, (uint32_t)k->list.n, &added) : NULL;
    if (at && added &&
        !vec_push(&k->list, (estimate_row){.identity = identity, .loc = m->ops[op].loc, .op = op_name, .run = run}))
        return NULL;
    return at ? &k->list.v[*at] : NULL;
}

/* What one run's ops take, by the op of the judged stage that they came from; entry 0: from none. */
struct sums {
    const ir_op *from;
    double *ns;
    uint64_t *l1;
};

static void add_op(void *arg, ir_op op, const cost *c) {
    struct sums *s = arg;
    ir_op row = s->from[op];
    s->ns[row] += c->total_ns;
    if (c->l1_per_core > s->l1[row])
        s->l1[row] = c->l1_per_core;
}

/* Enters the sums into the rows of their ops. */
static bool enter_sums(struct comparing *k, const ir_module *m, const struct sums *s, uint32_t run) {
    struct map_u64 ordinals; /* function << 32 | name -> how many so far */
    map_u64_init(&ordinals, k->mem);
    bool ok = true;
    ir_op func = 0;
    for (ir_op op = m->root; ok && op; op = ir_walk_next(m, m->root, op)) {
        if (ir_op_def(m, op) == OP_func_func + 1)
            func = op;
        uint32_t *count = map_u64_put(&ordinals, (uint64_t)func << 32 | m->ops[op].name, 0, NULL);
        uint32_t ordinal = count ? (*count)++ : 0;
        ok = count != NULL;
        if (!ok || s->ns[op] <= 0)
            continue;
        estimate_row *row = row_of(k, m, func, op, ordinal, run);
        ok = row != NULL;
        if (row) {
            row->ns[run] = s->ns[op];
            row->l1_bytes[run] = s->l1[op];
        }
    }
    map_u64_free(&ordinals);
    return ok;
}

/* Adds up what run number `run` takes. */
static bool add_run(struct comparing *k, const compile_run *r, uint32_t judged, uint32_t run, double l1_cap,
                    estimates *out) {
    const ir_module *last = compile_result(r), *m = r->stages[judged].module->m;
    legal_env env;
    if (!legal_env_init(&env, last, l1_cap))
        return false;
    ir_op *from = first_origins(r, judged, k->mem);
    struct sums s = {from, mem_alloc_zero(k->mem, m->n_ops * sizeof *s.ns),
                     mem_alloc_zero(k->mem, m->n_ops * sizeof *s.l1)};
    bool ok = s.from && s.ns && s.l1;
    if (ok) {
        cost_total total = cost_of_module(&env);
        cost_each_op(&env, add_op, &s);
        out->total_ns[run] = total.ns;
        out->peak_l1[run] = total.peak_l1;
        out->rest_ns[run] = s.ns[0];
        ok = enter_sums(k, m, &s, run);
    }
    mem_free(k->mem, s.l1, m->n_ops * sizeof *s.l1);
    mem_free(k->mem, s.ns, m->n_ops * sizeof *s.ns);
    mem_free(k->mem, from, last->n_ops * sizeof *from);
    return ok;
}

/* Falling spread; equal ones as they came. */
static int by_spread(const void *a, const void *b) {
    const estimate_row *const *x = a, *const *y = b;
    if ((*x)->spread_ns != (*y)->spread_ns)
        return (*x)->spread_ns < (*y)->spread_ns ? 1 : -1;
    return *x < *y ? -1 : *x > *y;
}

/* The list in order, in the arena. */
static bool take_rows(struct comparing *k, uint32_t n_runs, estimates *out) {
    size_t n = k->list.n;
    estimate_row **order = ARENA_ARRAY(k->arena, estimate_row *, n + 1);
    out->v = ARENA_ARRAY(k->arena, estimate_row, n + 1);
    if (!order || !out->v)
        return false;
    for (size_t i = 0; i < n; i++) {
        estimate_row *row = order[i] = &k->list.v[i];
        double least = row->ns[0], most = row->ns[0];
        for (uint32_t j = 1; j < n_runs; j++) {
            least = row->ns[j] < least ? row->ns[j] : least;
            most = row->ns[j] > most ? row->ns[j] : most;
        }
        row->spread_ns = most - least;
    }
    if (n)
        qsort(order, n, sizeof(estimate_row *), by_spread);
    for (size_t i = 0; i < n; i++)
        out->v[i] = *order[i];
    out->n = (uint32_t)n;
    return true;
}

bool estimates_compare(const compile_run *const *runs, const uint32_t *judged, uint32_t n, double l1_cap,
                       struct arena *a, estimates *out) {
    struct mem mem = {0};
    struct comparing k = {.mem = &mem, .arena = a};
    map_str_init(&k.rows, &mem);
    vec_init(&k.list, &mem);
    *out = (estimates){0};
    bool ok = n <= ESTIMATES_MAX_RUNS;
    for (uint32_t i = 0; ok && i < n; i++)
        ok = add_run(&k, runs[i], judged[i], i, l1_cap, out);
    ok = ok && take_rows(&k, n, out);
    vec_free(&k.list);
    map_str_free(&k.rows);
    return ok;
}
