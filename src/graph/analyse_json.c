/* What analyses find, as JSON: traces, paths, identical layers. */
#include <string.h>

#include "base/json.h"
#include "graph/alike.h"
#include "graph/trace.h"

enum { EXACT_BITS = 53 }; /* integers that every reader of JSON takes exactly */

static void put_nodes(struct json_writer *w, const graph_node *v, size_t n) {
    json_array_begin(w);
    for (size_t i = 0; i < n; i++)
        json_u64(w, v[i]);
    json_array_end(w);
}

graph_status graph_trace_json(const graph *g, struct mem *mem, graph_node n, bool up, bool down, uint32_t most,
                              const atomic_bool *cancel, struct json_writer *w) {
    uint32_t *steps[2] = {NULL, NULL};
    graph_status status = GRAPH_OK;
    if (up)
        status = graph_trace(g, mem, n, true, most, cancel, &steps[0]);
    if (down && status == GRAPH_OK)
        status = graph_trace(g, mem, n, false, most, cancel, &steps[1]);
    if (status == GRAPH_OK) {
        json_object_begin(w);
        json_key(w, STR("node"));
        json_u64(w, n);
        for (int side = 0; side < 2; side++) {
            if (!steps[side])
                continue;
            json_key(w, side ? STR("down") : STR("up"));
            json_array_begin(w);
            for (graph_node i = 1; i < g->n_nodes; i++)
                if (steps[side][i] != GRAPH_NONE && steps[side][i] > 0)
                    json_u64(w, i);
            json_array_end(w);
        }
        json_object_end(w);
    }
    for (int side = 0; side < 2; side++)
        mem_free(mem, steps[side], steps[side] ? g->n_nodes * sizeof **steps : 0);
    return status;
}

graph_status graph_paths_json(const graph *g, struct mem *mem, graph_node from, graph_node to,
                              const graph_paths_options *o, struct json_writer *w) {
    graph_paths p;
    graph_status status = graph_paths_find(g, mem, from, to, o, &p);
    if (status == GRAPH_OK) {
        json_object_begin(w);
        json_key(w, STR("steps"));
        if (p.steps == GRAPH_NONE)
            json_null(w);
        else
            json_u64(w, p.steps);
        json_key(w, STR("count"));
        if (p.count >> EXACT_BITS)
            json_null(w);
        else
            json_u64(w, p.count);
        json_key(w, STR("complete"));
        json_bool(w, p.complete);
        json_key(w, STR("between"));
        put_nodes(w, p.between.v, p.between.n);
        json_key(w, STR("paths"));
        json_array_begin(w);
        for (size_t i = 0, begin = 0; i < p.ends.n; begin = p.ends.v[i++])
            put_nodes(w, p.nodes.v + begin, p.ends.v[i] - begin);
        json_array_end(w);
        json_object_end(w);
    }
    graph_paths_free(&p);
    return status;
}

/* ---- identical layers -------------------------------------------------------------------------------------- */

/* A chain of layers. */
static void put_group(const uint32_t *next, graph_node first, struct json_writer *w) {
    json_array_begin(w);
    for (graph_node n = first; n; n = next[n])
        json_u64(w, n);
    json_array_end(w);
}

graph_status graph_alike_json(const graph *g, struct mem *mem, graph_node layer, bool types, const atomic_bool *cancel,
                              struct json_writer *w) {
    size_t size = g->n_nodes * sizeof(uint32_t);
    uint32_t *same = NULL, *next = mem_alloc_zero(mem, size), *last = mem_alloc_zero(mem, size);
    graph_status status = next && last ? graph_find_alike(g, mem, types, cancel, &same) : GRAPH_NO_MEMORY;
    if (status == GRAPH_OK) {
        /* chains of equal layers: next by layer, last by the first of a group */
        for (graph_node n = 1; n < g->n_nodes; n++) {
            graph_node first = same[n];
            if (first && first != n)
                next[last[first] ? last[first] : first] = n;
            if (first)
                last[first] = n;
        }
        json_object_begin(w);
        json_key(w, STR("groups"));
        json_array_begin(w);
        for (graph_node n = 1; n < g->n_nodes; n++)
            if (same[n] == n && next[n] && (!layer || same[layer] == n))
                put_group(next, n, w);
        json_array_end(w);
        json_object_end(w);
        mem_free(mem, same, size);
    }
    mem_free(mem, next, size);
    mem_free(mem, last, size);
    return status;
}
