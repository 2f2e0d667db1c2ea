/* Binding measurements to nodes, and keeping them. */
#define _GNU_SOURCE /* open, pread */
#include "server/measured.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lines.h"
#include "base/map.h"
#include "server/execute.h"
#include "server/models_inner.h"
#include "server/server.h"

/* --- binding ---------------------------------------------------------------------------------------------------------- */

/* Nodes by the texts of their locations: the whole one, the one that today's adapter shows, and the name in quotes. Of
 * several nodes with one location the first that computes something. */
struct texts {
    struct map_str whole, full, name;
    struct arena arena;
    bool failed;
};

static void put(struct texts *t, struct map_str *map, str text, graph_node n) {
    bool added;
    if (map_str_get(map, text))
        return;
    str copy = arena_str(&t->arena, text);
    t->failed |= !copy.p || !map_str_put(map, copy, n, &added);
}

static void add_texts(struct texts *t, const graph *g, graph_node n, struct buf *b) {
    ir_context *c = g->module->ctx;
    ir_loc loc = ir_op_at(g->module, graph_op(g, n))->loc, full = graph_loc_full(c, loc);
    str name = graph_loc_name(c, loc);
    buf_clear(b);
    graph_put_loc(c, loc, b);
    if (b->n > 5)
        put(t, &t->whole, str_slice(buf_str(b), 4, b->n - 1), n);
    if (full != loc) {
        buf_clear(b);
        graph_put_loc(c, full, b);
        put(t, &t->full, str_slice(buf_str(b), 4, b->n - 1), n);
    }
    if (name.n)
        put(t, &t->name, name, n);
    t->failed |= b->failed;
}

static bool texts_make(struct texts *t, const graph *g, struct mem *mem) {
    struct buf b;
    t->failed = false;
    arena_init(&t->arena, mem);
    map_str_init(&t->whole, mem);
    map_str_init(&t->full, mem);
    map_str_init(&t->name, mem);
    buf_init(&b, mem);
    for (int housekeeping = 0; housekeeping < 2; housekeeping++)
        for (graph_node n = 1; !t->failed && n < g->n_nodes; n++)
            if (!graph_is_layer(g, n) && graph_op(g, n) &&
                !!(g->nodes[n].flags & GRAPH_HOUSEKEEPING) == (housekeeping != 0))
                add_texts(t, g, n, &b);
    buf_free(&b);
    return !t->failed;
}

static void texts_free(struct texts *t) {
    map_str_free(&t->whole);
    map_str_free(&t->full);
    map_str_free(&t->name);
    arena_free(&t->arena);
}

/* The name at the beginning of a location: "a" of "a"("file":1:2), and of "a". */
static str name_of(str loc) {
    if (loc.n < 2 || loc.p[0] != '"')
        return (str){0};
    str rest = str_from(loc, 1);
    size_t end = str_find_char(rest, '"');
    return end < rest.n && (end + 1 == rest.n || rest.p[end + 1] == '(') ? str_slice(rest, 0, end) : (str){0};
}

/* A trace of ours names the op itself: if the module is the one that ran, that is it. */
static graph_node by_op(const graph *g, const struct profile_op *o, struct lines *lines) {
    const ir_module *m = g->module;
    if (!o->op || o->op >= m->n_ops || !str_eq(ir_op_name_str(m, o->op), o->name))
        return 0;
    if (o->line && lines_find(lines, ir_op_at(m, o->op)->src).line != o->line)
        return 0;
    return graph_node_of_op(g, o->op);
}

static graph_node by_text(const struct texts *t, str loc) {
    const uint32_t *at = NULL;
    str name = name_of(loc);
    if (loc.n)
        at = map_str_get(&t->whole, loc);
    if (!at && loc.n)
        at = map_str_get(&t->full, loc);
    if (!at && name.n)
        at = map_str_get(&t->name, name);
    return at ? *at : 0;
}

static bool bind(const graph *g, const struct profile *p, struct mem *mem, graph_node *nodes) {
    struct texts t;
    struct lines lines;
    lines_init(&lines, mem, g->module->source);
    bool good = texts_make(&t, g, mem);
    for (size_t i = 0; good && i < p->ops.n; i++) {
        nodes[i] = by_op(g, &p->ops.v[i], &lines);
        if (!nodes[i])
            nodes[i] = by_text(&t, p->ops.v[i].loc);
    }
    texts_free(&t);
    lines_free(&lines);
    return good;
}

/* --- the document ------------------------------------------------------------------------------------------------------ */

static void text(struct json_writer *w, const char *key, str v) {
    json_key(w, str_from_z(key));
    json_str(w, v);
}

/* What is not known is left out. */
static void number(struct json_writer *w, const char *key, double v) {
    if (!isfinite(v))
        return;
    json_key(w, str_from_z(key));
    json_double(w, v);
}

static void write_op(struct json_writer *w, const struct profile_op *o, str id) {
    json_object_begin(w);
    text(w, "id", id);
    text(w, "op", o->name);
    text(w, "kernel", o->kernel);
    if (o->loc.n)
        text(w, "loc", o->loc);
    number(w, "rows", o->rows);
    number(w, "start_us", o->start_us);
    number(w, "last_us", o->last_us);
    number(w, "us", o->us);
    number(w, "least_us", o->least_us);
    number(w, "most_us", o->most_us);
    number(w, "threads", o->threads);
    number(w, "read", o->read);
    number(w, "written", o->written);
    number(w, "flops", o->flops);
    number(w, "live", o->live);
    number(w, "pcc", o->pcc);
    number(w, "absolute", o->absolute);
    number(w, "relative", o->relative);
    json_object_end(w);
}

static void write_head(struct json_writer *w, const struct measured_place *at, const struct profile *p, str name,
                       const struct measured_answer *told) {
    double end = 0;
    for (size_t i = 0; i < p->ops.n; i++)
        if (p->ops.v[i].start_us + p->ops.v[i].last_us > end)
            end = p->ops.v[i].start_us + p->ops.v[i].last_us;
    json_key(w, STR("settings"));
    json_object_begin(w);
    number(w, "part", (double)at->part);
    number(w, "stage", (double)at->stage);
    text(w, "run", at->run);
    text(w, "trace", name);
    text(w, "format", str_from_z(profile_format_names[p->format]));
    number(w, "repeat", p->loops);
    json_object_end(w);
    number(w, "us", end);
    number(w, "least_us", end);
    number(w, "most_us", end);
    json_key(w, STR("memory"));
    json_object_begin(w);
    json_object_end(w);
    json_key(w, STR("notes"));
    json_array_begin(w);
    for (size_t i = 0; i < told->n_notes; i++)
        json_str(w, told->notes[i]);
    json_array_end(w);
}

/* --- notes ------------------------------------------------------------------------------------------------------------- */

static void note(struct measured_answer *out, str s) {
    if (s.p && out->n_notes < sizeof out->notes / sizeof *out->notes)
        out->notes[out->n_notes++] = s;
}

static void take_notes(const struct profile *p, struct arena *a, struct measured_answer *out) {
    size_t without = 0;
    for (size_t i = 0; i < p->ops.n; i++)
        without += p->ops.v[i].loc.n == 0 && !p->ops.v[i].op;
    if (p->host)
        note(out, arena_printf(a, "%zu rows of the host are left out", p->host));
    if (p->signposts)
        note(out, arena_printf(a, "%zu signposts are left out", p->signposts));
    if (p->impossible)
        note(out, arena_printf(a, "%zu rows are left out because their times are missing or cannot be", p->impossible));
    if (without)
        note(out, arena_printf(a,
                               "%zu of %zu ops name no location (only ttrt perf and our own traces write it): they are "
                               "in the table and "
                               "on the timeline, but on no node",
                               without, p->ops.n));
    if (out->ops - without > out->bound)
        note(out,
             arena_printf(a, "%zu ops name a location that no op of this graph has", out->ops - without - out->bound));
    if (!out->bound)
        note(out, STR("there is no overlay, because no op could be bound to a node"));
}

/* --- keeping ----------------------------------------------------------------------------------------------------------- */

enum { TIME, MEMORY, ACCURACY, N_OVERLAYS };

/* Adds up what belongs to one node: several ops of a trace may. */
static bool fill_overlays(const struct measured_place *at, const struct profile *p, const graph_node *nodes,
                          struct mem *mem, overlay *overlays, struct buf *id) {
    size_t n = at->g->n_nodes;
    double *sums = mem_alloc_zero(mem, n * sizeof *sums);
    uint8_t *has = mem_alloc_zero(mem, n);
    bool good = sums && has;
    for (int k = 0; good && k < N_OVERLAYS; k++) {
        memset(sums, 0, n * sizeof *sums);
        memset(has, 0, n);
        for (size_t i = 0; i < p->ops.n; i++) {
            const struct profile_op *o = &p->ops.v[i];
            double v = k == TIME ? o->us : k == MEMORY ? o->live : o->pcc;
            if (!nodes[i] || !isfinite(v))
                continue;
            sums[nodes[i]] = k == TIME || !has[nodes[i]] ? sums[nodes[i]] + v : v;
            has[nodes[i]] = 1;
        }
        for (graph_node i = 1; good && i < n; i++) {
            if (!has[i])
                continue;
            buf_clear(id);
            graph_put_id(at->g, i, id);
            good = !id->failed && overlay_add_number(&overlays[k], buf_str(id), sums[i]);
        }
    }
    mem_free(mem, sums, n * sizeof *sums);
    mem_free(mem, has, n);
    return good;
}

static bool keep_overlays(struct server *s, const struct measured_place *at, const struct profile *p,
                          const graph_node *nodes, str name, struct mem *mem, struct store_error *e) {
    static const char *const titles[N_OVERLAYS] = {"time (us)", "memory in use (bytes)", "accuracy (PCC)"};
    overlay overlays[N_OVERLAYS];
    struct buf id;
    bool good = true;
    buf_init(&id, mem);
    for (int k = 0; k < N_OVERLAYS; k++) {
        overlay_init(&overlays[k], mem);
        good = good && (k == ACCURACY ? overlay_pcc_colours : overlay_perf_colours)(&overlays[k]);
    }
    good = good && fill_overlays(at, p, nodes, mem, overlays, &id);
    if (!good)
        *e = (struct store_error){.status = STORE_MEMORY, .text = "out of memory"};
    for (int k = 0; good && k < N_OVERLAYS; k++) {
        char title[160];
        snprintf(title, sizeof title, "%s, %.*s", titles[k], STR_ARG(str_slice(name, 0, 100)));
        if (overlays[k].values.n)
            good = execution_overlay(s, &at->model, &overlays[k], str_from_z(title), e);
    }
    for (int k = 0; k < N_OVERLAYS; k++)
        overlay_free(&overlays[k]);
    buf_free(&id);
    return good;
}

/* The document's text. */
static bool write_document(const struct measured_place *at, const struct profile *p, const graph_node *nodes, str name,
                           const struct measured_answer *told, struct mem *mem, struct buf *out) {
    struct buf id;
    struct json_writer w = json_writer_to(out);
    buf_init(&id, mem);
    json_object_begin(&w);
    write_head(&w, at, p, name, told);
    json_key(&w, STR("ops"));
    json_array_begin(&w);
    for (size_t i = 0; i < p->ops.n; i++) {
        buf_clear(&id);
        if (nodes[i])
            graph_put_id(at->g, nodes[i], &id);
        write_op(&w, &p->ops.v[i], buf_str(&id));
    }
    json_array_end(&w);
    json_object_end(&w);
    bool good = !out->failed && !id.failed;
    buf_free(&id);
    return good;
}

bool measured_keep(struct server *s, const struct measured_place *at, const struct profile *p, str name,
                   struct arena *a, struct measured_answer *out, struct model_error *e) {
    struct mem mem = {0};
    struct store_error se = {0};
    struct buf body;
    *out = (struct measured_answer){.ops = p->ops.n};
    graph_node *nodes = mem_alloc_zero(&mem, p->ops.n * sizeof *nodes);
    buf_init(&body, &mem);
    bool good = nodes && bind(at->g, p, &mem, nodes);
    for (size_t i = 0; good && i < p->ops.n; i++)
        out->bound += nodes[i] != 0;
    if (good)
        take_notes(p, a, out);
    good = good && write_document(at, p, nodes, name, out, &mem, &body);
    if (!good)
        se = (struct store_error){.status = STORE_MEMORY, .text = "out of memory"};
    struct store_item item = {.model = at->model,
                              .name = STR("execution"),
                              .state = STR("measured"),
                              .rank = RANK_EXECUTED,
                              .body = buf_str(&body)};
    good = good && store_item_put(s->store, STORE_RUN, &item, &out->execution, &se) &&
           keep_overlays(s, at, p, nodes, name, &mem, &se);
    mem_free(&mem, nodes, p->ops.n * sizeof *nodes);
    buf_free(&body);
    return good || model_fail(e, se.status == STORE_FULL ? 507 : 503, "%s", se.text);
}

/* --- files of the command line ------------------------------------------------------------------------------------------ */

bool measured_is(const char *path) {
    char head[PROFILE_HEAD];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);
    if (fd >= 0)
        close(fd);
    return n > 0 && profile_sniff(str_of(head, (size_t)n)) != PROFILE_UNKNOWN;
}

bool measured_open(struct server *s, const char *path, const struct store_hash *model, struct job *job,
                   struct model_error *e) {
    struct mem mem = {0};
    struct file f;
    struct profile p;
    struct arena a;
    struct measured_answer told;
    const char *slash = strrchr(path, '/');
    if (!file_open(&f, &mem, path))
        return model_fail(e, 404, "%s", f.error);
    arena_init(&a, &mem);
    const struct model *m = models_get(s->models, model, job, e);
    struct measured_place at = {.model = *model};
    at.g = m ? model_graph(s->models, m, 0, (struct model_rule){GRAPH_LAYERS_AUTO, false}, NULL, e) : NULL;
    bool good = at.g != NULL;
    if (good && !at.g->module)
        good = model_fail(e, 422, "%s: a graph without a module has no locations to bind a trace to", path);
    if (good) {
        good = profile_read(&p, file_text(&f), &mem);
        good = (good || model_fail(e, 422, "%s: %.*s", path, STR_ARG(p.error.p ? p.error : STR("out of memory")))) &&
               measured_keep(s, &at, &p, str_from_z(slash ? slash + 1 : path), &a, &told, e);
        profile_free(&p);
    }
    for (size_t i = 0; good && i < told.n_notes; i++)
        server_log(s, LOG_INFO, "%s: %.*s", path, STR_ARG(told.notes[i]));
    model_unref(s->models, m);
    arena_free(&a);
    file_close(&f);
    return good;
}
