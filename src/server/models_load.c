/* From the bytes of a model to modules and graphs. */
#include <string.h>

#include "dialect/dialect.h"
#include "server/jobs.h"
#include "server/models_inner.h"
#include "server/repeats.h"
#include "text/text.h"

/* Who is told how far the reading is, and may stop it. */
struct reading {
    const struct models *models;
    struct job *job; /* may be NULL */
    size_t before, total;
};

static bool on_progress(void *reading, size_t done) {
    const struct reading *r = reading;
    job_progress(r->job, r->before + done, r->total, "reading the module");
    return !job_cancelled(r->job) && !atomic_load(&r->models->ending);
}

static bool parse_mlir(struct models *models, struct loaded *l, struct job *job, struct model_error *e) {
    struct model *m = &l->model;
    struct reading reading = {models, job, 0, m->text.n};
    const text_read_options o = {.registry = TEXT_ALL, .progress = on_progress, .progress_arg = &reading};
    m->ctx = ir_context_new(&m->mem, dialect_resolve);
    if (!m->ctx)
        return model_fail(e, 503, "out of memory");
    str part;
    bool many = false;
    for (size_t at = 0; text_split(m->text, &at, &part); reading.before = at) {
        if (!on_progress(&reading, 0))
            break;
        many |= part.n != m->text.n;
        if (many && !(part = text_part(m->ctx, m->text, part)).p)
            return model_fail(e, 503, "out of memory");
        if (!models_add_part(l, text_read(m->ctx, part, m->info.name, &o, &m->diags), STR("")))
            return model_fail(e, 503, "out of memory");
    }
    if (job_cancelled(job) || atomic_load(&models->ending))
        return model_fail(e, 503, "cancelled");
    job_progress(job, m->text.n, m->text.n, NULL);
    return true;
}

static bool parse_graph_json(struct loaded *l, struct model_error *e) {
    struct model *m = &l->model;
    struct diag_source *source = diags_add_source(&m->diags, m->info.name, m->text);
    graph_status status = me_json_read(&m->mem, m->text, &m->diags, source, &l->stored);
    if (status == GRAPH_NO_MEMORY)
        return model_fail(e, 503, "out of memory");
    if (status != GRAPH_OK) /* one part, so that somebody asks for its graph and gets the message */
        return models_add_part(l, NULL, STR("")) || model_fail(e, 503, "out of memory");
    for (size_t i = 0; i < l->stored.n; i++)
        if (!models_add_part(l, NULL, l->stored.v[i].collection))
            return model_fail(e, 503, "out of memory");
    return true;
}

bool models_parse(struct models *models, struct loaded *l, struct job *job, struct model_error *e) {
    struct model *m = &l->model;
    bool good;
    if (str_eq(m->info.format, STR("graph-json"))) {
        good = parse_graph_json(l, e);
    } else if (str_eq(m->info.format, STR("mlir-bytecode"))) {
        diag_add(&m->diags, DIAG_ERROR, NULL, 0, 0, "MLIR bytecode cannot be read yet: give its text form");
        good = models_add_part(l, NULL, STR("")) || model_fail(e, 503, "out of memory");
    } else {
        good = parse_mlir(models, l, job, e);
    }
    if (good && l->file_open && file_was_truncated(&l->file))
        return model_fail(e, 409, "the file became shorter while it was read; open it again");
    return good && (!m->diags.oom || model_fail(e, 503, "out of memory"));
}

/* The first error of a model, with its place. */
static void first_error(const struct model *m, struct model_error *e) {
    for (size_t i = 0; i < m->diags.list.n; i++) {
        const struct diag *d = &m->diags.list.v[i];
        if (d->severity != DIAG_ERROR)
            continue;
        if (!d->source) {
            model_fail(e, 400, "%.*s: %.*s", STR_ARG(m->info.name), STR_ARG(d->message));
            return;
        }
        struct lines lines; /* of its own: the source's table belongs to one thread */
        struct mem mem = {0};
        lines_init(&lines, &mem, d->source->text);
        struct lines_pos pos = lines_find(&lines, d->begin);
        lines_free(&lines);
        model_fail(e, 400, "%.*s:%zu:%zu: %.*s", STR_ARG(m->info.name), pos.line, pos.column, STR_ARG(d->message));
        return;
    }
    model_fail(e, 400, "%.*s cannot be read", STR_ARG(m->info.name));
}

/* The graph if it is kept; under the model's lock. */
static graph *kept(const struct loaded *l, size_t part, struct model_rule rule) {
    for (size_t i = 0; i < l->n_graphs; i++)
        if (l->graphs[i].part == part && l->graphs[i].rule.layers == rule.layers &&
            l->graphs[i].rule.repeats == rule.repeats)
            return l->graphs[i].graph;
    return NULL;
}

/* Room for one more kept graph. They never move: graphs point to their struct mem. */
static struct kept_graph *new_slot(struct loaded *l) {
    if (!l->graphs) {
        size_t cap = l->model.n_parts * GRAPH_LAYERS_N * 2;
        l->graphs = mem_alloc_zero(&l->graphs_mem, cap * sizeof *l->graphs);
        l->graphs_cap = l->graphs ? cap : 0;
    }
    return l->n_graphs < l->graphs_cap ? &l->graphs[l->n_graphs] : NULL;
}

/* The graph by the rule, made in the slot's memory. */
static graph_status make_graph(struct kept_graph *slot, const struct model *model, const ir_module *module,
                               const atomic_bool *cancel) {
    const graph_options o = {.layers = slot->rule.layers, .id = model->info.name, .cancel = cancel};
    graph_status status = graph_build(&slot->mem, module, &o, &slot->graph);
    if (status != GRAPH_OK || !slot->rule.repeats)
        return status;
    graph *plain = slot->graph;
    status = graph_group_repeats(&slot->mem, plain, &slot->graph);
    graph_free(plain);
    return status;
}

bool model_rule_by_name(str name, struct model_rule *out) {
    static const str repeats = STR_INIT("+repeats");
    *out = (struct model_rule){GRAPH_LAYERS_AUTO, str_ends_with(name, repeats)};
    if (out->repeats)
        name.n -= repeats.n;
    if (name.n)
        out->layers = graph_layers_by_name(name);
    return out->layers != GRAPH_LAYERS_N;
}

const graph *model_graph(struct models *models, const struct model *model, size_t part, struct model_rule rule,
                         const atomic_bool *cancel, struct model_error *e) {
    struct loaded *l = loaded_of(model);
    if (part >= model->n_parts || rule.layers >= GRAPH_LAYERS_N) {
        model_fail(e, 404, "the model has no such part");
        return NULL;
    }
    if (part < l->stored.n)
        return l->stored.v[part].g;
    const ir_module *module = model->parts[part].module;
    if (!module) {
        first_error(model, e);
        return NULL;
    }
    pthread_mutex_lock(&l->lock);
    graph *g = kept(l, part, rule);
    struct kept_graph *slot = g ? NULL : new_slot(l);
    if (!g && slot) {
        slot->part = part;
        slot->rule = rule;
        graph_status status = make_graph(slot, model, module, cancel ? cancel : &models->ending);
        if (status == GRAPH_OK) {
            g = slot->graph;
            l->n_graphs++;
            atomic_fetch_add_explicit(&l->graph_bytes, slot->mem.used, memory_order_relaxed);
        } else {
            model_fail(e, 503, "the graph cannot be made: %s", graph_status_text(status));
        }
    } else if (!g) {
        model_fail(e, 503, "out of memory");
    }
    pthread_mutex_unlock(&l->lock);
    return g;
}
