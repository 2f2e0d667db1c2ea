/* Drafts of nodes; see drafts.h. */
#include "graph/drafts.h"

#include <string.h>

#include "base/platform.h"
#include "graph/graph_inner.h"

void drafts_init(drafts *d, graph *g, struct mem *mem) {
    *d = (drafts){.g = g, .mem = mem};
    vec_init(&d->list, mem);
    vec_init(&d->strings, mem);
    map_str_init(&d->string_of, mem);
    map_u64_init(&d->layer_of, mem);
}

void drafts_free(drafts *d) {
    vec_free(&d->list);
    vec_free(&d->strings);
    map_str_free(&d->string_of);
    map_u64_free(&d->layer_of);
}

bool drafts_root(drafts *d, uint32_t ref) {
    return vec_push(&d->strings, (str){"", 0}) &&
           vec_push(&d->list,
                    (draft){.ref = ref, .order = GRAPH_NONE, .kind = GRAPH_LAYER, .layer_kind = GRAPH_LAYER_ROOT});
}

uint32_t drafts_string(drafts *d, str s, bool copy) {
    if (s.n == 0)
        return 0;
    uint32_t *known = map_str_get(&d->string_of, s);
    if (known)
        return *known;
    if (copy && !(s = arena_str(&d->g->arena, s)).p) {
        d->failed = true;
        return 0;
    }
    uint32_t number = (uint32_t)d->strings.n;
    if (!vec_push(&d->strings, s) || !map_str_put(&d->string_of, s, number, NULL))
        d->failed = true;
    return number;
}

uint32_t drafts_add(drafts *d, draft x) {
    if (UNLIKELY(d->list.n >= (size_t)1 << 31) || !vec_push(&d->list, x)) {
        d->failed = true;
        return 0;
    }
    return (uint32_t)d->list.n - 1;
}

uint32_t drafts_layer(drafts *d, uint32_t parent, uint32_t label, graph_layer_kind kind, uint32_t ref) {
    bool added;
    uint32_t *at = map_u64_put(&d->layer_of, (uint64_t)parent << 32 | label, 0, &added);
    if (!at) {
        d->failed = true;
        return 0;
    }
    if (added)
        *at = drafts_add(d, (draft){.parent = parent,
                                    .label = label,
                                    .ref = ref,
                                    .order = GRAPH_NONE,
                                    .kind = GRAPH_LAYER,
                                    .layer_kind = (uint8_t)kind});
    return *at;
}

/* Where each draft goes: a layer's children follow it in order of making. */
static void place_all(const drafts *d, const uint32_t *sizes, uint32_t *place) {
    size_t n = d->list.n;
    /* place[i] of a layer is where its next child goes until all are placed; then what it began with is put back */
    place[0] = 1;
    for (size_t i = 1; i < n; i++) {
        uint32_t *next = &place[d->list.v[i].parent];
        uint32_t mine = *next;
        *next += sizes[i];
        place[i] = mine + 1; /* its first child, or one too many for a leaf */
    }
    for (size_t i = 1; i < n; i++)
        place[i] -= d->list.v[i].kind == GRAPH_LAYER ? sizes[i] : 1;
    place[0] = 0;
}

static void fill_nodes(drafts *d, const uint32_t *sizes, const uint32_t *place) {
    graph *g = d->g;
    for (size_t i = 0; i < d->list.n; i++) {
        const draft *x = &d->list.v[i];
        g->nodes[place[i]] = (graph_node_data){.parent = place[x->parent],
                                               .end = place[i] + sizes[i],
                                               .label = x->label,
                                               .ref = x->ref,
                                               .order = x->order,
                                               .adapter = x->adapter,
                                               .kind = x->kind,
                                               .flags = x->flags,
                                               .layer_kind = x->layer_kind};
        if (x->kind == GRAPH_LAYER)
            g->n_layers++;
        else if (x->kind != GRAPH_ARGUMENT)
            g->n_ops++;
    }
}

uint32_t *drafts_number(drafts *d) {
    graph *g = d->g;
    size_t n = d->list.n;
    uint32_t *sizes = mem_alloc(d->mem, n * sizeof *sizes);
    uint32_t *place = mem_alloc(d->mem, n * sizeof *place);
    g->n_nodes = (uint32_t)n;
    g->n_strings = (uint32_t)d->strings.n;
    g->nodes = mem_alloc_zero(d->mem, (n + 1) * sizeof *g->nodes);
    g->strings = mem_alloc(d->mem, g->n_strings * sizeof *g->strings);
    bool ok = sizes && place && g->nodes && g->strings;
    if (ok) {
        memcpy(g->strings, d->strings.v, g->n_strings * sizeof *g->strings);
        for (size_t i = 0; i < n; i++)
            sizes[i] = 1;
        for (size_t i = n; i-- > 1;)
            sizes[d->list.v[i].parent] += sizes[i];
        place_all(d, sizes, place);
        fill_nodes(d, sizes, place);
    }
    mem_free(d->mem, sizes, n * sizeof *sizes);
    if (!ok) {
        mem_free(d->mem, place, n * sizeof *place);
        return NULL;
    }
    return place;
}

/* ---- what every maker of graphs ends with ---------------------------------------------------------------- */

void graph_sort_out(graph *g) {
    graph_node_data *nodes = g->nodes;
    for (uint32_t i = 0; i < g->n_edges; i++)
        nodes[g->edges[i].source + 1].out++;
    for (uint32_t i = 0; i < g->n_nodes; i++)
        nodes[i + 1].out += nodes[i].out;
    /* filling moves each start to its end, which is the next node's start */
    for (uint32_t i = 0; i < g->n_edges; i++)
        g->out_edges[nodes[g->edges[i].source].out++] = i;
    for (uint32_t i = g->n_nodes; i > 0; i--)
        nodes[i].out = nodes[i - 1].out;
    nodes[0].out = 0;
}

void graph_measure_depth(graph *g) {
    /* a layer comes before what lies in it, so depths could be summed going down; only layers count, and few are deep */
    for (graph_node n = 1; n < g->n_nodes; n++)
        if (graph_is_layer(g, n)) {
            uint32_t depth = graph_depth(g, n) + 1;
            if (depth > g->max_depth)
                g->max_depth = depth;
        }
}
