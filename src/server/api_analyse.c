/* Questions about a graph as a whole: traces, paths, identical layers, repeats; values added up; ids bound. */
#include "graph/aggregate.h"
#include "graph/alike.h"
#include "graph/looks.h"
#include "graph/trace.h"
#include "server/api_inner.h"
#include "server/repeats.h"

enum { PATHS_LIMIT = 10000, BIND_IDS = 1000000 };

static void failed(struct http_request *r, graph_status status) {
    api_error(r, status == GRAPH_NO_MEMORY || status == GRAPH_CANCELLED ? 503 : 500, NULL, "%s",
              graph_status_text(status));
}

/* The node that the parameter `name` gives by its number. False with the answer given. */
static bool node_query(struct http_request *r, const graph *g, const char *name, graph_node *out) {
    uint64_t n = 0;
    if (!http_query(r, name).p) {
        api_error(r, 400, NULL, "which node? Say %s=NUMBER", name);
        return false;
    }
    if (!http_query_u64(r, name, UINT32_MAX, &n))
        return false;
    if (n >= g->n_nodes) {
        api_error(r, 404, NULL, "the graph has %u nodes, there is no node %llu", g->n_nodes, (unsigned long long)n);
        return false;
    }
    *out = (graph_node)n;
    return true;
}

void api_trace(struct http_request *r) {
    struct api_graph ag;
    struct mem scratch = {0};
    graph_node n;
    uint64_t steps = 0;
    str direction = http_query(r, "direction");
    bool up = str_eq(direction, STR("up")), down = str_eq(direction, STR("down"));
    if (!up && !down && direction.n && !str_eq(direction, STR("both"))) {
        api_error(r, 400, NULL, "direction must be up, down or both");
        return;
    }
    if (!http_query_u64(r, "steps", UINT32_MAX, &steps) || !api_graph_open(r, &ag))
        return;
    if (api_node(r, ag.g, &n)) {
        graph_status status = graph_trace_json(ag.g, &scratch, n, !down, !up, (uint32_t)steps, NULL, http_json(r, 200));
        if (status != GRAPH_OK)
            failed(r, status);
    }
    api_graph_close(r, &ag);
}

void api_paths(struct http_request *r) {
    struct api_graph ag;
    struct mem scratch = {0};
    graph_node from, to;
    uint64_t limit = 100;
    str kind = http_query(r, "kind");
    graph_paths_options o = {.shortest = !str_eq(kind, STR("all"))};
    if (kind.n && o.shortest && !str_eq(kind, STR("shortest"))) {
        api_error(r, 400, NULL, "kind must be shortest or all");
        return;
    }
    if (!http_query_u64(r, "limit", PATHS_LIMIT, &limit) || !api_graph_open(r, &ag))
        return;
    o.limit = (size_t)limit;
    if (node_query(r, ag.g, "from", &from) && node_query(r, ag.g, "to", &to)) {
        graph_status status = graph_paths_json(ag.g, &scratch, from, to, &o, http_json(r, 200));
        if (status == GRAPH_BAD_INPUT)
            api_error(r, 400, NULL,
                      "a path leads from one node to another: neither may be the other, nor lie inside it");
        else if (status != GRAPH_OK)
            failed(r, status);
    }
    api_graph_close(r, &ag);
}

void api_alike(struct http_request *r) {
    struct api_graph ag;
    struct mem scratch = {0};
    graph_node layer = 0;
    bool types = false;
    if (!api_flag(r, "types", &types) || !api_graph_open(r, &ag))
        return;
    if ((!http_query(r, "node").p && !http_query(r, "id").p) || api_node(r, ag.g, &layer)) {
        graph_status status = graph_alike_json(ag.g, &scratch, layer, types, NULL, http_json(r, 200));
        if (status != GRAPH_OK)
            failed(r, status);
    }
    api_graph_close(r, &ag);
}

void api_looks(struct http_request *r) {
    struct api_graph ag;
    struct mem scratch = {0};
    if (!api_graph_open(r, &ag))
        return;
    graph_status status = graph_looks_json(ag.g, &scratch, http_json(r, 200));
    if (status != GRAPH_OK)
        failed(r, status);
    api_graph_close(r, &ag);
}

void api_repeats(struct http_request *r) {
    struct api_graph ag;
    struct mem scratch = {0};
    graph_node layer = 0;
    uint64_t least = REPEATS_LEAST;
    if (!http_query_u64(r, "least", 1 << 20, &least) || !api_graph_open(r, &ag))
        return;
    if ((!http_query(r, "node").p && !http_query(r, "id").p) || api_node(r, ag.g, &layer)) {
        repeat_run *runs;
        size_t n;
        graph_status status = graph_find_repeats(&scratch, ag.g, layer, (uint32_t)least, &runs, &n);
        if (status != GRAPH_OK) {
            failed(r, status);
        } else {
            struct json_writer *w = http_json(r, 200);
            json_object_begin(w);
            json_key(w, STR("repeats"));
            json_array_begin(w);
            for (size_t i = 0; i < n; i++) {
                json_object_begin(w);
                json_member_u64(w, STR("first"), runs[i].first);
                json_member_u64(w, STR("end"), runs[i].end);
                json_member_u64(w, STR("length"), runs[i].length);
                json_member_u64(w, STR("count"), runs[i].count);
                json_object_end(w);
            }
            json_array_end(w);
            json_object_end(w);
            mem_free(&scratch, runs, n * sizeof *runs);
        }
    }
    api_graph_close(r, &ag);
}

/* --- ids ---------------------------------------------------------------------------------------------------------- */

/* The member ids of the body: a list of strings. False with the answer given. */
static bool read_ids(struct http_request *r, struct mem *mem, str **out, size_t *n, size_t *cap) {
    struct json_reader in;
    enum json_kind kind;
    bool no_memory = false;
    str raw = json_member(r->body, STR("ids"));
    json_reader_init(&in, raw);
    if (!raw.p || json_next(&in) != JSON_ARRAY_BEGIN) {
        api_error(r, 400, NULL, "ids must be a list of strings");
        return false;
    }
    while ((kind = json_next(&in)) == JSON_STRING && *n < BIND_IDS && !no_memory) {
        if (*n == *cap)
            *out = vec_grow(mem, *out, cap, *n + 1, sizeof **out, &no_memory);
        if (!no_memory) {
            (*out)[*n] = json_unescape(&in, r->arena);
            no_memory = !(*out)[(*n)++].p;
        }
    }
    if (no_memory)
        api_error(r, 503, NULL, "out of memory");
    else if (kind != JSON_ARRAY_END)
        api_error(r, 400, NULL, "ids must be a list of at most %d strings", BIND_IDS);
    return !no_memory && kind == JSON_ARRAY_END;
}

void api_bind(struct http_request *r) {
    struct api_graph ag;
    struct mem scratch = {0};
    str *ids = NULL;
    size_t n = 0, cap = 0;
    if (!api_body_object(r) || !api_graph_open(r, &ag))
        return;
    if (read_ids(r, &scratch, &ids, &n, &cap)) {
        graph_node *nodes = mem_alloc(&scratch, n * sizeof *nodes);
        graph_status status = nodes ? graph_bind_ids(ag.g, &scratch, ids, n, nodes) : GRAPH_NO_MEMORY;
        if (status != GRAPH_OK) {
            failed(r, status);
        } else {
            struct json_writer *w = http_json(r, 200);
            json_object_begin(w);
            json_key(w, STR("nodes"));
            json_array_begin(w);
            for (size_t i = 0; i < n; i++)
                json_u64(w, nodes[i]);
            json_array_end(w);
            json_object_end(w);
        }
        mem_free(&scratch, nodes, nodes ? n * sizeof *nodes : 0);
    }
    mem_free(&scratch, ids, cap * sizeof *ids);
    api_graph_close(r, &ag);
}

/* --- values added up ---------------------------------------------------------------------------------------------- */

void api_overlay_layers(struct http_request *r) {
    struct api_bound b;
    if (api_bound_open(r, &b)) {
        overlay_sums sums;
        graph_status status = overlay_sum_layers(b.overlay, b.g, b.pairs, b.n, &b.mem, &sums);
        if (status == GRAPH_OK)
            overlay_sums_write(&sums, http_json(r, 200));
        else
            failed(r, status);
        overlay_sums_free(&sums);
    }
    api_bound_close(r, &b);
}
