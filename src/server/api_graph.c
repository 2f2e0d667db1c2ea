/* Graphs of our own API: as a whole, node by node, and two of them compared. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "graph/attrs.h"
#include "graph/diff.h"
#include "graph/graph_bin.h"
#include "graph/me_json.h"
#include "server/api_inner.h"
#include "server/edit_legal.h"

enum { NODES_AT_ONCE = 1000, DIFF_LIMIT = 10000 };

static void graph_failed(struct http_request *r, graph_status status) {
    api_error(r, status == GRAPH_NO_MEMORY ? 503 : 500, NULL, "the graph cannot be written: %s",
              graph_status_text(status));
}

void api_graph_binary(struct http_request *r) {
    struct api_graph ag;
    struct mem scratch = {0};
    bool bad;
    if (api_graph_etag(r, "bin", &bad) || bad || !api_graph_open(r, &ag))
        return;
    graph_status status = graph_bin_write(ag.g, &scratch, http_body(r, 200, "application/vnd.ttx.graph"));
    if (status != GRAPH_OK)
        graph_failed(r, status);
    else
        http_add_header(r, "Cache-Control", "no-cache");
    api_graph_close(r, &ag);
}

void api_graph_json(struct http_request *r) {
    struct api_graph ag;
    struct mem scratch = {0};
    me_write_options o = {.style = ME_STYLE_OWN};
    str style = http_query(r, "style");
    bool bad, adapter = str_eq(style, STR("adapter"));
    if (style.p && !adapter && !str_eq(style, STR("own"))) {
        api_error(r, 400, NULL, "style must be own or adapter");
        return;
    }
    if (api_graph_etag(r, adapter ? "adapter" : "own", &bad) || bad || !api_graph_open(r, &ag))
        return;
    struct edit_legal legal;
    edit_legal_init(&legal, adapter ? ag.g->module : NULL, &scratch);
    if (adapter)
        o = (me_write_options){.style = ME_STYLE_ADAPTER, .edit = edit_legal, .edit_ctx = &legal};
    struct buf *out = http_body(r, 200, "application/json");
    buf_lit(out, "{\"graphs\":[");
    graph_status status = me_json_write_graph(ag.g, &o, &scratch, out);
    buf_lit(out, "]}");
    if (status != GRAPH_OK)
        graph_failed(r, status);
    else
        http_add_header(r, "Cache-Control", "no-cache");
    edit_legal_free(&legal);
    api_graph_close(r, &ag);
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

void api_graph_node(struct http_request *r) {
    struct api_graph ag;
    graph_node n;
    bool edit = false;
    if (!api_flag(r, "edit", &edit) || !api_graph_open(r, &ag))
        return;
    if (api_node(r, ag.g, &n)) {
        struct mem scratch = {0};
        struct graph_attrs a;
        struct edit_legal legal;
        graph_attrs_init(&a, ag.g, &scratch);
        edit_legal_init(&legal, edit ? ag.g->module : NULL, &scratch);
        if (!graph_node_json(&a, n, edit ? edit_legal : NULL, &legal, http_json(r, 200)))
            api_error(r, 503, NULL, "out of memory");
        edit_legal_free(&legal);
        graph_attrs_free(&a);
    }
    api_graph_close(r, &ag);
}

/* The list of numbers that is the body's member `nodes`. False with the answer given. */
static bool node_list(struct http_request *r, const graph *g, uint32_t **out, size_t *n) {
    struct json_reader in;
    enum json_kind kind;
    *n = 0;
    *out = ARENA_ARRAY(r->arena, uint32_t, NODES_AT_ONCE);
    str raw = json_member(r->body, STR("nodes"));
    json_reader_init(&in, raw);
    if (!raw.p || json_next(&in) != JSON_ARRAY_BEGIN) {
        api_error(r, 400, NULL, "nodes must be a list of numbers");
        return false;
    }
    if (!*out) {
        api_error(r, 503, NULL, "out of memory");
        return false;
    }
    while ((kind = json_next(&in)) == JSON_NUMBER) {
        uint64_t number;
        if (!json_get_u64(&in, &number) || number >= g->n_nodes) {
            api_error(r, 404, NULL, "the graph has %u nodes, there is no node %.*s", g->n_nodes, STR_ARG(in.text));
            return false;
        }
        if (*n == NODES_AT_ONCE) {
            api_error(r, 413, NULL, "at most %d nodes at once", NODES_AT_ONCE);
            return false;
        }
        (*out)[(*n)++] = (uint32_t)number;
    }
    if (kind != JSON_ARRAY_END)
        api_error(r, 400, NULL, "nodes must be a list of numbers");
    return kind == JSON_ARRAY_END;
}

void api_graph_nodes(struct http_request *r) {
    struct api_graph ag;
    uint32_t *nodes;
    size_t n;
    bool edit = false;
    if (!api_flag(r, "edit", &edit) || !api_body_object(r) || !api_graph_open(r, &ag))
        return;
    if (node_list(r, ag.g, &nodes, &n)) {
        struct mem scratch = {0};
        struct graph_attrs a;
        struct edit_legal legal;
        graph_attrs_init(&a, ag.g, &scratch);
        edit_legal_init(&legal, edit ? ag.g->module : NULL, &scratch);
        struct json_writer *w = http_json(r, 200);
        bool good = true;
        json_object_begin(w);
        json_key(w, STR("nodes"));
        json_array_begin(w);
        for (size_t i = 0; i < n && good; i++)
            good = graph_node_json(&a, nodes[i], edit ? edit_legal : NULL, &legal, w);
        json_array_end(w);
        json_object_end(w);
        if (!good)
            api_error(r, 503, NULL, "out of memory");
        edit_legal_free(&legal);
        graph_attrs_free(&a);
    }
    api_graph_close(r, &ag);
}

/* --- two graphs --------------------------------------------------------------------------------------------------- */

/* The names of the parameters of one side of a comparison. */
struct side_names {
    const char *model, *part, *stage, *run;
};

/* One side of a comparison: the model, its part and graph. False with the answer given. */
static bool open_side(struct http_request *r, const struct side_names *names, struct model_rule rule,
                      const struct model **model, const graph **g) {
    struct store_hash hash;
    struct model_error e;
    uint64_t part = 0, stage = 0;
    str id = http_query(r, names->model);
    if (!id.p) {
        api_error(r, 400, NULL, "which models? Say left=ID and right=ID");
        return false;
    }
    if (!api_hash(r, id, &hash) || !http_query_u64(r, names->part, UINT32_MAX, &part) ||
        !http_query_u64(r, names->stage, UINT32_MAX, &stage))
        return false;
    *model = api_stage(r, &hash, stage, http_query(r, names->run), &part);
    if (!*model)
        return false;
    if (part >= (*model)->n_parts) {
        api_error(r, 404, NULL, "the %s model has %zu parts, there is no part %llu", names->model, (*model)->n_parts,
                  (unsigned long long)part);
        return false;
    }
    *g = model_graph(r->server->models, *model, (size_t)part, rule, NULL, &e);
    if (!*g)
        api_unreadable(r, *model, &e);
    return *g != NULL;
}

static void write_diff(struct http_request *r, const graph *left, const graph *right, str form, size_t limit) {
    struct mem scratch = {0};
    graph_diff *d;
    graph_status status = graph_diff_make(&scratch, left, right, NULL, 0, NULL, &d);
    if (status != GRAPH_OK) {
        api_error(r, status == GRAPH_NO_MEMORY ? 503 : 500, NULL, "the graphs cannot be compared: %s",
                  graph_status_text(status));
        return;
    }
    struct json_writer *w = http_json(r, 200);
    if (!(str_eq(form, STR("sync"))    ? graph_diff_sync_json(d, &scratch, w)
          : str_eq(form, STR("nodes")) ? graph_diff_nodes_json(d, w)
                                       : graph_diff_json(d, &scratch, limit, w)))
        api_error(r, 503, NULL, "out of memory");
    graph_diff_free(d);
}

void api_diff(struct http_request *r) {
    static const struct side_names sides[] = {{"left", "left_part", "left_stage", "left_run"},
                                              {"right", "right_part", "right_stage", "right_run"}};
    const struct model *models[2] = {NULL, NULL};
    const graph *graphs[2];
    uint64_t limit = 1000;
    struct model_rule rule;
    str form = http_query(r, "form");
    if (form.p && !str_eq(form, STR("list")) && !str_eq(form, STR("nodes")) && !str_eq(form, STR("sync")))
        api_error(r, 400, NULL, "form must be list, nodes or sync");
    else if (api_rule(r, &rule) && http_query_u64(r, "limit", DIFF_LIMIT, &limit) &&
             open_side(r, &sides[0], rule, &models[0], &graphs[0]) &&
             open_side(r, &sides[1], rule, &models[1], &graphs[1]))
        write_diff(r, graphs[0], graphs[1], form, (size_t)limit);
    for (int i = 0; i < 2; i++)
        if (models[i])
            model_unref(r->server->models, models[i]);
}
