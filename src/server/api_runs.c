/* Compile runs: starting one, what came of it, and following nodes through its stages. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "server/api_inner.h"
#include "server/execute.h"
#include "server/jobs.h"
#include "server/parse.h"
#include "server/runs.h"

/* --- answers --------------------------------------------------------------------------------------------------------- */

static void write_run(struct json_writer *w, const struct run *run) {
    char unkept[RUN_UNKEPT];
    run_unkept(run, unkept);
    run_json(w, run_name(run), run_settings_of(run), run_compiled(run), run_diags(run), run_overrides(run), unkept);
}

/* --- starting -------------------------------------------------------------------------------------------------------- */

/* Up to here a request waits for its run; then it gets the job. */
enum { ANSWER_MS = 300 };

struct start {
    struct mem mem;
    struct arena arena;
    struct server *server;
    struct run_settings settings;
};

static void start_run(struct job *job, void *ctx) {
    struct start *s = ctx;
    struct runs *runs = s->server->runs;
    struct model_error e;
    struct store_error se;
    char result[80];
    const struct run *run = runs_get(runs, &s->settings, job, &e);
    if (!run) {
        if (!job_cancelled(job))
            job_fail(job, "%s", e.text);
        return;
    }
    const compile_run *c = run_compiled(run);
    for (uint32_t i = 1; i < c->n_stages; i++)
        if (c->stages[i].changed)
            job_log(job, "%s: %u ops, %.3f ms", c->stages[i].pass, c->stages[i].ops_after,
                    (double)c->stages[i].nanoseconds / 1e6);
    if (!s->server->options.read_only && !runs_keep(runs, run, &se))
        job_log(job, "the run cannot be kept: %s", se.text);
    snprintf(result, sizeof result, "{\"run\":\"%s\",\"ok\":%s}", run_name(run)->text, c->ok ? "true" : "false");
    job_result(job, str_from_z(result));
    run_unref(run);
}

static void start_release(void *ctx) {
    struct start *s = ctx;
    arena_free(&s->arena);
    struct mem mem = s->mem;
    mem_free(&mem, s, sizeof *s);
}

/* The job of a run; 0 with the answer given. */
static uint64_t start(struct http_request *r, const struct run_settings *settings, str title) {
    struct mem mem = {0};
    uint64_t id = 0;
    struct start *s = mem_alloc_zero(&mem, sizeof *s);
    if (s) {
        s->mem = mem;
        s->server = r->server;
        arena_init(&s->arena, &s->mem);
        s->settings = *settings;
        s->settings.json = arena_str(&s->arena, settings->json);
        if (s->settings.json.p)
            id = jobs_start(r->server->jobs, "compile", title, start_run, s, start_release);
        else
            start_release(s);
    }
    if (!id)
        api_error(r, 503, NULL, "no job can be started now");
    return id;
}

void api_runs_start(struct http_request *r) {
    struct run_settings settings = {.part = 0};
    struct store_model m;
    struct store_error se;
    struct model_error e;
    if (!api_hash(r, http_param(r, "id"), &settings.model) || !api_body_object(r))
        return;
    if (!store_model_get(r->server->store, &settings.model, r->arena, &m, &se)) {
        api_store_error(r, &se);
        return;
    }
    if (!run_settings_read(r->body, r->arena, &settings, &e)) {
        api_error(r, e.status, NULL, "%s", e.text);
        return;
    }
    uint64_t job = start(r, &settings, m.name);
    struct job_status status;
    if (!job)
        return;
    if (!jobs_wait(r->server->jobs, job, ANSWER_MS)) {
        jobs_write(r->server->jobs, job, http_json(r, 202));
        return;
    }
    if (jobs_status(r->server->jobs, job, &status, e.text, sizeof e.text) && status.state == JOB_CANCELLED) {
        api_error(r, 503, NULL, "cancelled");
        return;
    }
    const struct run *run = runs_get(r->server->runs, &settings, NULL, &e);
    if (run)
        write_run(http_json(r, 200), run);
    else
        api_model_error(r, &e);
    run_unref(run);
}

/* --- looking --------------------------------------------------------------------------------------------------------- */

void api_runs_list(struct http_request *r) {
    struct store_items items;
    struct store_error e;
    if (!api_model_items(r, STORE_RUN, &items))
        return;
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("runs"));
    json_array_begin(w);
    for (size_t i = 0; i < items.list.n; i++) {
        struct store_item item;
        if (items.list.v[i].rank != RANK_COMPILED ||
            !store_item_get(r->server->store, STORE_RUN, items.list.v[i].id, r->arena, &item, &e))
            continue; /* somebody has just deleted it */
        json_object_begin(w);
        json_member_str(w, STR("id"), item.name);
        json_member_str(w, STR("state"), item.state);
        json_key(w, STR("created"));
        json_i64(w, item.created);
        json_key(w, STR("settings"));
        json_raw(w, item.body);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
    vec_free(&items.list);
}

const struct run *api_run_open(struct http_request *r) {
    struct store_hash hash;
    struct model_error e;
    if (!api_hash(r, http_param(r, "id"), &hash))
        return NULL;
    const struct run *run = runs_find(r->server->runs, &hash, http_param(r, "run"), NULL, &e);
    if (!run)
        api_model_error(r, &e);
    return run;
}

void api_run_get(struct http_request *r) {
    const struct run *run = api_run_open(r);
    char unkept[RUN_UNKEPT] = "";
    struct store_error e;
    if (run)
        run_unkept(run, unkept);
    if (unkept[0] && !r->server->options.read_only)
        (void)runs_keep(r->server->runs, run, &e); /* there may be room by now */
    if (run)
        write_run(http_json(r, 200), run);
    run_unref(run);
}

void api_run_delete(struct http_request *r) {
    struct store_items items;
    struct store_error e;
    bool found = false;
    if (!api_model_items(r, STORE_RUN, &items))
        return;
    for (size_t i = 0; i < items.list.n && !found; i++)
        found = str_eq(items.list.v[i].name, http_param(r, "run")) &&
                store_item_delete(r->server->store, STORE_RUN, items.list.v[i].id, &e);
    vec_free(&items.list);
    if (found)
        http_empty(r, 204);
    else
        api_error(r, 404, NULL, "the model has no run %.*s", STR_ARG(str_slice(http_param(r, "run"), 0, 60)));
}

/* --- following ------------------------------------------------------------------------------------------------------- */

/* A stage of the run with its graph. False with the answer given. */
struct side {
    const struct model *model;
    const graph *g;
};

static bool open_side(struct http_request *r, const struct run *run, uint64_t n, struct model_rule rule,
                      struct side *out) {
    struct model_error e;
    uint64_t part;
    out->model = run_stage(run, n < UINT32_MAX ? (uint32_t)n : UINT32_MAX, &part, &e);
    if (!out->model) {
        api_model_error(r, &e);
        return false;
    }
    out->g = model_graph(r->server->models, out->model, (size_t)part, rule, NULL, &e);
    if (!out->g)
        api_unreadable(r, out->model, &e);
    return out->g != NULL;
}

static bool write_followed(struct http_request *r, const struct api_run_node *from, const graph_node *from_nodes,
                           size_t n_from, uint64_t to, struct json_writer *w) {
    struct side side = {0};
    bool good = open_side(r, from->run, to, from->rule, &side);
    graph_node *nodes = good ? arena_alloc(r->arena, (side.g->n_nodes + 1) * sizeof *nodes, sizeof *nodes) : NULL;
    uint32_t n = nodes ? run_follow(from->run, from->stage, from->g, from_nodes, n_from, (uint32_t)to, side.g, nodes,
                                    side.g->n_nodes)
                       : 0;
    if (good && (!nodes || n == UINT32_MAX)) {
        api_error(r, 503, NULL, "out of memory");
        good = false;
    }
    if (good) {
        json_object_begin(w);
        json_member_u64(w, STR("stage"), to);
        json_key(w, STR("nodes"));
        json_array_begin(w);
        for (uint32_t i = 0; i < n; i++)
            json_u64(w, nodes[i]);
        json_array_end(w);
        json_object_end(w);
    }
    model_unref(r->server->models, side.model);
    return good;
}

/* All but the node. */
static bool open_graph(struct http_request *r, struct api_run_node *out) {
    uint64_t stage = 0;
    struct side side = {0};
    memset(out, 0, sizeof *out);
    out->run = api_run_open(r);
    if (!out->run)
        return false;
    bool good = api_rule(r, &out->rule) && http_query_u64(r, "stage", UINT32_MAX, &stage) &&
                open_side(r, out->run, stage, out->rule, &side);
    out->model = side.model;
    out->g = side.g;
    out->stage = (uint32_t)stage;
    if (!good)
        api_run_node_close(r, out);
    return good;
}

bool api_run_node_open(struct http_request *r, struct api_run_node *out) {
    if (!open_graph(r, out))
        return false;
    if (api_node(r, out->g, &out->node))
        return true;
    api_run_node_close(r, out);
    return false;
}

void api_run_node_close(struct http_request *r, struct api_run_node *n) {
    model_unref(r->server->models, n->model);
    run_unref(n->run);
}

/* The nodes of ?nodes=, else the one of ?node= or ?id=, in the request's arena. NULL with the answer given. */
static graph_node *nodes_of(struct http_request *r, const graph *g, size_t *n) {
    str list = http_query(r, "nodes"), one;
    graph_node *nodes = arena_alloc(r->arena, (list.n / 2 + 1) * sizeof *nodes, sizeof *nodes);
    *n = 0;
    if (!nodes) {
        api_error(r, 503, NULL, "out of memory");
        return NULL;
    }
    if (!list.p)
        return api_node(r, g, &nodes[(*n)++]) ? nodes : NULL;
    while (parse_list_next(&list, &one)) {
        uint64_t node;
        if (!num_parse_u64(one, &node)) {
            api_error(r, 400, NULL, "nodes is a list of numbers separated by commas");
            return NULL;
        }
        if (node >= g->n_nodes) {
            api_error(r, 404, NULL, "the graph has %u nodes, there is no node %llu", g->n_nodes,
                      (unsigned long long)node);
            return NULL;
        }
        nodes[(*n)++] = (graph_node)node;
    }
    return nodes;
}

void api_run_follow(struct http_request *r) {
    struct api_run_node at;
    str list = http_query(r, "to"), one;
    if (open_graph(r, &at)) {
        size_t n_nodes;
        graph_node *nodes = nodes_of(r, at.g, &n_nodes);
        struct buf out;
        buf_init(&out, r->arena->mem);
        struct json_writer w = json_writer_to(&out);
        json_object_begin(&w);
        json_key(&w, STR("stages"));
        json_array_begin(&w);
        bool good = nodes != NULL;
        while (good && parse_list_next(&list, &one)) {
            uint64_t to;
            if (!num_parse_u64(one, &to)) {
                api_error(r, 400, NULL, "to is a list of stages separated by commas");
                good = false;
            } else {
                good = write_followed(r, &at, nodes, n_nodes, to, &w);
            }
        }
        json_array_end(&w);
        json_object_end(&w);
        if (good)
            http_text(r, 200, "application/json", buf_str(&out));
        buf_free(&out);
        api_run_node_close(r, &at);
    }
}
