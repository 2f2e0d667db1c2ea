/* Making a run: compiling, stages as models, and following ops between stages. */
#include <stdio.h>
#include <string.h>

#include "dialect/dialect.h"
#include "server/jobs.h"
#include "server/runs_inner.h"
#include "text/text.h"

/* --- compiling ------------------------------------------------------------------------------------------------------ */

struct going {
    struct job *job;
    const struct models *models;
};

static bool goes_on(void *arg, uint32_t pass, uint32_t n_passes, str name) {
    struct going *g = arg;
    char text[80];
    snprintf(text, sizeof text, "%.*s", STR_ARG(str_slice(name, 0, sizeof text - 1)));
    job_progress(g->job, pass, n_passes, text);
    return !job_cancelled(g->job) && !atomic_load(&g->models->ending);
}

bool run_make(struct run *run, struct job *job, struct model_error *e) {
    struct models *models = run->runs->models;
    struct going going = {job, models};
    compile_options o;
    if (!run_options(&run->settings, &run->arena, &o, e))
        return false;
    o.progress = goes_on;
    o.progress_arg = &going;
    run->source = models_get(models, &run->settings.model, job, e);
    if (!run->source)
        return false;
    if (run->settings.part >= run->source->n_parts)
        return model_fail(e, 404, "the model has %zu parts, there is no part %llu", run->source->n_parts,
                          (unsigned long long)run->settings.part);
    const ir_module *module = run->source->parts[run->settings.part].module;
    if (!module)
        return model_fail(e, 422,
                          run->source->ctx ? "the model has errors: it cannot be compiled"
                                           : "a graph without a module cannot be compiled: open the MLIR text");
    /* A context of its own: compiling makes nodes, and others read the model's meanwhile. */
    run->ctx = ir_context_new(&run->mem, dialect_resolve);
    if (run->ctx)
        run->input = text_read(run->ctx, module->source, run->source->info.name, NULL, &run->diags);
    str overrides = run_overrides_text(&run->settings);
    if (run->input && overrides.p) {
        if (!override_read_json(&run->overrides, overrides, NULL, &run->diags))
            return model_fail(e, run->overrides.failed ? 503 : 422, "the overrides cannot be read: %.*s",
                              STR_ARG(run->diags.list.n ? run->diags.list.v[0].message : STR("out of memory")));
        o.overrides = &run->overrides;
    }
    if (run->input)
        run->compiled = compile_run_new(run->input, &o, &run->diags);
    if (!run->compiled)
        return model_fail(e, 503, "out of memory");
    if (run->compiled->cancelled)
        return model_fail(e, 503, "cancelled");
    run->n_stages = run->compiled->n_stages;
    run->stages = mem_alloc_zero(&run->mem, run->n_stages * sizeof *run->stages);
    return run->stages || model_fail(e, 503, "out of memory");
}

void run_unmake(struct run *run) {
    for (uint32_t i = 0; run->stages && i < run->n_stages; i++) {
        struct stage_model *s = &run->stages[i];
        if (s->loaded)
            model_loaded_free(s->loaded);
        mem_free(&run->mem, s->op_of, s->n_op_of * sizeof *s->op_of);
        mem_free(&run->mem, s->run_op_of, s->n_run_op_of * sizeof *s->run_op_of);
    }
    mem_free(&run->mem, run->stages, run->n_stages * sizeof *run->stages);
    compile_free(run->compiled);
    ir_module_free(run->input);
    override_set_free(&run->overrides);
    diags_free(&run->diags);
    if (run->ctx)
        ir_context_unref(run->ctx);
    model_unref(run->runs->models, run->source);
}

/* --- stages as models ------------------------------------------------------------------------------------------------ */

/* The first stage that has the module of stage n: the one whose pass made it. */
static uint32_t maker_of(const struct run *run, uint32_t n) {
    while (n > 0 && !run->compiled->stages[n].changed)
        n--;
    return n;
}

/* Prints the module and reads it back. */
static struct loaded *load_stage(const struct run *run, uint32_t n, struct model_error *e) {
    const compile_stage *stage = &run->compiled->stages[n];
    const text_print_options print = {.locations = true, .hex_above = -1};
    struct loaded *l = model_loaded_new();
    if (!l) {
        model_fail(e, 503, "out of memory");
        return NULL;
    }
    struct model *m = &l->model;
    struct buf text;
    buf_init(&text, &m->mem);
    m->ctx = ir_context_new(&m->mem, dialect_resolve);
    m->info = run->source->info;
    m->info.name = arena_printf(&l->arena, "%.*s after %s", STR_ARG(run->source->info.name), stage->pass);
    m->info.path = (str){0};
    m->info.format = STR("mlir");
    bool good = m->ctx && m->info.name.p && text_print(stage->module->m, &print, &text);
    buf_putc(&text, 0);
    char *bytes = good && !text.failed ? ir_context_copy(m->ctx, text.p, text.n) : NULL;
    if (bytes) {
        m->text = str_of(bytes, text.n - 1);
        m->info.size = m->text.n;
        good = models_add_part(l, text_read(m->ctx, m->text, run->source->info.name, NULL, &m->diags), STR(""));
    }
    buf_free(&text);
    if (!bytes || !good) {
        model_fail(e, 503, "out of memory");
        model_loaded_free(l);
        return NULL;
    }
    return l;
}

const struct model *run_stage(const struct run *const_run, uint32_t n, uint64_t *part, struct model_error *e) {
    struct run *run = (struct run *)(uintptr_t)const_run; /* stages are made at the first look, under a lock */
    if (n >= run->n_stages) {
        model_fail(e, 404, "the run has no stage %u; its last one is %u", n, run->n_stages - 1);
        return NULL;
    }
    n = maker_of(run, n);
    *part = n == 0 ? run->settings.part : 0;
    if (n == 0)
        return models_get(run->runs->models, &run->settings.model, NULL, e);
    pthread_mutex_lock(&run->lock);
    struct stage_model *s = &run->stages[n];
    if (!s->loaded) {
        s->loaded = load_stage(run, n, e);
        if (s->loaded) {
            s->loaded->run = run;
            atomic_fetch_add_explicit(&run->stage_bytes, s->loaded->model.mem.used, memory_order_relaxed);
        }
    }
    pthread_mutex_unlock(&run->lock);
    if (!s->loaded)
        return NULL;
    run_ref(run);
    return &s->loaded->model;
}

/* --- following ops --------------------------------------------------------------------------------------------------- */

/* Pairs the ops of a stage's module with those of the model that was read from its text: both have the same ops in the
 * same order. Under the run's lock. */
static bool pair_ops(struct run *run, uint32_t n, const ir_module *model) {
    struct stage_model *s = &run->stages[n];
    const ir_module *made = run->compiled->stages[n].module->m;
    if (s->op_of)
        return true;
    ir_op *op_of = mem_alloc_zero(&run->mem, made->n_ops * sizeof *op_of);
    ir_op *run_op_of = mem_alloc_zero(&run->mem, model->n_ops * sizeof *run_op_of);
    if (!op_of || !run_op_of) {
        mem_free(&run->mem, op_of, made->n_ops * sizeof *op_of);
        mem_free(&run->mem, run_op_of, model->n_ops * sizeof *run_op_of);
        return false;
    }
    ir_op a = made->root, b = model->root;
    while (a && b) {
        op_of[a] = b;
        run_op_of[b] = a;
        a = ir_walk_next(made, made->root, a);
        b = ir_walk_next(model, model->root, b);
    }
    *s = (struct stage_model){s->loaded, op_of, run_op_of, made->n_ops, model->n_ops};
    return true;
}

/* A set of ops of one stage: a flag for each. */
struct op_set {
    uint8_t *has;
    uint32_t n;
};

static bool set_make(struct op_set *s, struct mem *m, uint32_t n) {
    s->n = n;
    s->has = mem_alloc_zero(m, n ? n : 1);
    return s->has != NULL;
}

/* From the ops of stage n to those of the stage before. */
static void step_back(const compile_origins *o, const struct op_set *now, struct op_set *before) {
    for (uint32_t op = 0; op < now->n; op++)
        if (now->has[op])
            for (uint32_t k = o->start[op]; k < o->start[op + 1]; k++)
                before->has[o->sources[k]] = 1;
}

/* From the ops of the stage before to those of stage n. */
static void step_on(const compile_origins *o, const struct op_set *before, struct op_set *now) {
    for (uint32_t op = 0; op < now->n; op++)
        for (uint32_t k = o->start[op]; k < o->start[op + 1] && !now->has[op]; k++)
            now->has[op] = before->has[o->sources[k]];
}

/* Follows a set from one stage to another, in place. */
static bool follow_ops(const struct run *run, struct mem *m, struct op_set *set, uint32_t from, uint32_t to) {
    const compile_stage *stages = run->compiled->stages;
    while (from != to) {
        uint32_t next = from > to ? from - 1 : from + 1;
        const compile_origins *o = &stages[from > next ? from : next].origins;
        if (o->start) {
            struct op_set other;
            if (!set_make(&other, m, stages[next].module->m->n_ops))
                return false;
            if (next < from)
                step_back(o, set, &other);
            else
                step_on(o, set, &other);
            mem_free(m, set->has, set->n ? set->n : 1);
            *set = other;
        }
        from = next;
    }
    return true;
}

/* The run's op of a model's op in stage n, and back; 0 when there is none. Stage 0's modules are the same text read
 * twice: equal handles. */
static ir_op to_run(const struct run *run, uint32_t n, ir_op op) {
    const struct stage_model *s = &run->stages[n];
    return n == 0 ? op : op < s->n_run_op_of ? s->run_op_of[op] : 0;
}

static ir_op from_run(const struct run *run, uint32_t n, ir_op op) {
    const struct stage_model *s = &run->stages[n];
    return n == 0 ? op : op < s->n_op_of ? s->op_of[op] : 0;
}

bool run_judged(const struct run *run, uint32_t *stage) {
    const compile_run *c = run->compiled;
    const char *name, *help;
    uint32_t number = 0;
    while (compile_pass_at(number++, &name, &help) && !str_eq(str_from_z(name), STR("apply-overrides")))
        continue;
    /* Without overrides that pass does not run: what counts is that the run got beyond it. */
    for (uint32_t n = 1; n < c->n_stages; n++)
        if (c->stages[n].number >= number) {
            *stage = n - 1;
            return true;
        }
    return false;
}

uint32_t run_ops(const struct run *const_run, uint32_t from, const graph *g, graph_node node, uint32_t to, ir_op *out,
                 uint32_t cap) {
    struct run *run = (struct run *)(uintptr_t)const_run;
    struct mem mem = {0};
    struct op_set set = {0};
    uint32_t n = 0;
    from = maker_of(run, from);
    if (!g->module)
        return 0;
    pthread_mutex_lock(&run->lock);
    bool good = from == 0 || pair_ops(run, from, g->module);
    pthread_mutex_unlock(&run->lock);
    good = good && set_make(&set, &mem, run->compiled->stages[from].module->m->n_ops);
    for (graph_node i = node; good && i < g->nodes[node].end; i++) {
        ir_op op = graph_is_layer(g, i) ? 0 : to_run(run, from, graph_op(g, i));
        if (op && op < set.n)
            set.has[op] = 1;
    }
    good = good && follow_ops(run, &mem, &set, from, to);
    for (uint32_t op = 1; good && op < set.n; op++)
        if (set.has[op] && n++ < cap)
            out[n - 1] = op;
    mem_free(&mem, set.has, set.n ? set.n : 1);
    return good ? n : UINT32_MAX;
}

/* The ops of stage 0 that each op of a later stage came from: at most RUN_MAX_ORIGINS, ascending; MANY: more. */
enum { MANY = RUN_MAX_ORIGINS + 1 };
struct op_origins {
    uint8_t n;
    ir_op ops[RUN_MAX_ORIGINS];
};

static void add_origin(struct op_origins *o, ir_op op) {
    uint8_t at = o->n;
    if (o->n == MANY)
        return;
    while (at > 0 && o->ops[at - 1] > op)
        at--;
    if (at > 0 && o->ops[at - 1] == op)
        return;
    if (o->n == RUN_MAX_ORIGINS) {
        o->n = MANY;
        return;
    }
    memmove(&o->ops[at + 1], &o->ops[at], (size_t)(o->n - at) * sizeof *o->ops);
    o->ops[at] = op;
    o->n++;
}

static void add_origins(struct op_origins *to, const struct op_origins *from) {
    if (from->n == MANY)
        to->n = MANY;
    for (uint8_t i = 0; from->n < MANY && i < from->n; i++)
        add_origin(to, from->ops[i]);
}

/* The origins of the run's own ops of stage n, to be freed; NULL when out of memory. */
static struct op_origins *compose_origins(const struct run *run, struct mem *m, uint32_t n) {
    const compile_stage *stages = run->compiled->stages;
    uint32_t count = stages[0].module->m->n_ops;
    struct op_origins *now = mem_alloc_zero(m, count * sizeof *now);
    for (ir_op op = 1; now && op < count; op++)
        add_origin(&now[op], op);
    for (uint32_t i = 1; now && i <= n; i++) {
        const compile_origins *o = &stages[i].origins;
        if (!o->start)
            continue;
        uint32_t n_ops = stages[i].module->m->n_ops;
        struct op_origins *next = mem_alloc_zero(m, n_ops * sizeof *next);
        for (ir_op op = 0; next && op < n_ops && op + 1 < o->n_start; op++)
            for (uint32_t k = o->start[op]; k < o->start[op + 1]; k++)
                if (o->sources[k] < count)
                    add_origins(&next[op], &now[o->sources[k]]);
        mem_free(m, now, count * sizeof *now);
        now = next;
        count = n_ops;
    }
    return now;
}

bool run_origins(const struct run *const_run, uint32_t from, const graph *g, struct arena *a, struct run_origins *out) {
    struct run *run = (struct run *)(uintptr_t)const_run;
    struct mem mem = {0};
    size_t total = 0;
    if (!g->module)
        return false;
    from = maker_of(run, from);
    pthread_mutex_lock(&run->lock);
    bool good = from == 0 || pair_ops(run, from, g->module);
    pthread_mutex_unlock(&run->lock);
    uint32_t made = run->compiled->stages[from].module->m->n_ops, n = g->module->n_ops;
    struct op_origins *origins = good ? compose_origins(run, &mem, from) : NULL;
    for (ir_op op = 0; origins && op < made; op++)
        total += origins[op].n;
    *out = (struct run_origins){.n_ops = n};
    out->start = origins ? ARENA_ARRAY(a, uint32_t, (size_t)n + 1) : NULL;
    out->sources = out->start ? ARENA_ARRAY(a, ir_op, total + 1) : NULL;
    uint32_t at = 0;
    for (ir_op op = 0; out->sources && op < n; op++) {
        ir_op there = to_run(run, from, op);
        out->start[op] = at;
        for (uint8_t i = 0; there && there < made && origins[there].n < MANY && i < origins[there].n; i++)
            out->sources[at++] = origins[there].ops[i];
    }
    if (out->sources)
        out->start[n] = at;
    if (origins)
        mem_free(&mem, origins, made * sizeof *origins);
    return out->sources != NULL;
}

/* The argument of the other graph that has the same id, if `node` is one. */
static graph_node same_argument(struct mem *m, const graph *from, graph_node node, const graph *to) {
    struct buf id;
    buf_init(&id, m);
    graph_put_id(from, node, &id);
    graph_node found = id.failed ? 0 : graph_find(to, buf_str(&id));
    buf_free(&id);
    return found;
}

uint32_t run_follow(const struct run *const_run, uint32_t from, const graph *from_graph, const graph_node *from_nodes,
                    size_t n_from, uint32_t to, const graph *to_graph, graph_node *out, uint32_t cap) {
    struct run *run = (struct run *)(uintptr_t)const_run;
    struct mem mem = {0};
    struct op_set set = {0};
    from = maker_of(run, from);
    to = maker_of(run, to);
    if (!from_graph->module || !to_graph->module)
        return 0;
    pthread_mutex_lock(&run->lock);
    bool good =
        (from == 0 || pair_ops(run, from, from_graph->module)) && (to == 0 || pair_ops(run, to, to_graph->module));
    pthread_mutex_unlock(&run->lock);
    const compile_stage *stages = run->compiled->stages;
    if (!good || !set_make(&set, &mem, stages[from].module->m->n_ops))
        return UINT32_MAX;
    uint32_t n = 0;
    for (size_t k = 0; k < n_from; k++)
        /* a node alone, or everything in a layer */
        for (graph_node i = from_nodes[k]; i < from_graph->nodes[from_nodes[k]].end; i++) {
            ir_op op = graph_is_layer(from_graph, i) ? 0 : to_run(run, from, graph_op(from_graph, i));
            if (op && op < set.n)
                set.has[op] = 1;
        }
    good = follow_ops(run, &mem, &set, from, to);
    /* In ascending order of nodes: nodes of ops stand in program order. */
    struct op_set nodes = {0};
    good = good && set_make(&nodes, &mem, to_graph->n_nodes);
    for (uint32_t op = 1; good && op < set.n; op++) {
        ir_op there = set.has[op] ? from_run(run, to, op) : 0;
        graph_node found = there && there < to_graph->module->n_ops ? graph_node_of_op(to_graph, there) : 0;
        if (found)
            nodes.has[found] = 1;
    }
    for (size_t k = 0; good && k < n_from; k++)
        if (from_graph->nodes[from_nodes[k]].kind == GRAPH_ARGUMENT)
            nodes.has[same_argument(&mem, from_graph, from_nodes[k], to_graph)] = 1;
    for (graph_node i = 1; good && i < to_graph->n_nodes; i++)
        if (nodes.has[i] && n++ < cap)
            out[n - 1] = i;
    mem_free(&mem, set.has, set.n ? set.n : 1);
    mem_free(&mem, nodes.has, nodes.n ? nodes.n : 1);
    return good ? n : UINT32_MAX;
}
