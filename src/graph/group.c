/* More layers around what is there; see group.h. */
#include "graph/group.h"

#include <string.h>

#include "graph/graph_inner.h"

/* ---- groups ---------------------------------------------------------------------------------------------- */

static bool fits(const graph *g, const graph_group *x, graph_node after) {
    if (x->first == 0 || x->first < after || x->end <= x->first || x->end > g->n_nodes)
        return false;
    graph_node n = x->first, parent = g->nodes[n].parent;
    while (n < x->end && g->nodes[n].parent == parent)
        n = g->nodes[n].end;
    return n == x->end;
}

/* The new number of each node: as many are before it as groups begin at it or before. (n_nodes + 1 items) */
static void renumber(const graph *g, const graph_group *groups, size_t n, uint32_t *place) {
    size_t at = 0;
    for (graph_node i = 0; i <= g->n_nodes; i++) {
        while (at < n && groups[at].first <= i)
            at++;
        place[i] = i + (uint32_t)at;
    }
}

/* Where a range that ended before old node `end` ends now: a group that begins there is no part of it. */
static uint32_t new_end(const graph_group *groups, size_t n, uint32_t end) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (groups[mid].first < end)
            low = mid + 1;
        else
            high = mid;
    }
    return end + (uint32_t)low;
}

static void fill_nodes(graph *to, const graph *g, const graph_group *groups, size_t n, const uint32_t *place) {
    size_t at = 0;
    for (graph_node i = 0; i < g->n_nodes; i++) {
        const graph_node_data *old = &g->nodes[i];
        if (at < n && groups[at].first == i) {
            to->nodes[place[i] - 1] = (graph_node_data){.parent = place[old->parent],
                                                        .end = new_end(groups, n, groups[at].end),
                                                        .label = g->n_strings + (uint32_t)at,
                                                        .in = old->in,
                                                        .out = old->out,
                                                        .order = GRAPH_NONE,
                                                        .kind = GRAPH_LAYER,
                                                        .layer_kind = GRAPH_LAYER_GROUP};
            at++;
        }
        graph_node_data *d = &to->nodes[place[i]];
        *d = *old;
        d->ordinal = 0;
        d->end = new_end(groups, n, old->end);
        bool grouped = at > 0 && i < groups[at - 1].end && old->parent == g->nodes[groups[at - 1].first].parent;
        d->parent = grouped ? place[groups[at - 1].first] - 1 : place[old->parent];
    }
    graph_node_data *last = &to->nodes[to->n_nodes];
    last->in = g->nodes[g->n_nodes].in;
    last->out = g->nodes[g->n_nodes].out;
}

static void *copy(struct mem *mem, const void *from, size_t size, bool *fine) {
    void *to = mem_alloc(mem, size);
    if (to && size)
        memcpy(to, from, size);
    *fine &= to != NULL;
    return to;
}

static bool fill(graph *to, const graph *g, const graph_group *groups, size_t n, const uint32_t *place) {
    struct mem *mem = to->mem;
    const ir_module *m = g->module;
    bool fine = true;
    to->n_nodes = g->n_nodes + (uint32_t)n;
    to->n_edges = g->n_edges;
    to->n_strings = g->n_strings + (uint32_t)n;
    to->n_links = g->n_links;
    to->n_layers = g->n_layers + (uint32_t)n;
    to->n_layer_of_op = g->n_layer_of_op;
    to->n_ops = g->n_ops;
    to->layers = g->layers;
    to->nodes = mem_alloc_zero(mem, (to->n_nodes + (size_t)1) * sizeof *to->nodes);
    to->strings = mem_alloc(mem, to->n_strings * sizeof *to->strings);
    to->edges = copy(mem, g->edges, g->n_edges * sizeof *g->edges, &fine);
    to->out_edges = copy(mem, g->out_edges, g->n_edges * sizeof *g->out_edges, &fine);
    to->links = copy(mem, g->links, g->n_links * sizeof *g->links, &fine);
    to->layer_of_op = copy(mem, g->layer_of_op, (size_t)g->n_layer_of_op * 2 * sizeof(uint32_t), &fine);
    to->node_of_op = copy(mem, g->node_of_op, m->n_ops * sizeof(uint32_t), &fine);
    to->block_args = copy(mem, g->block_args, m->n_blocks * sizeof(uint32_t), &fine);
    to->id = arena_str(&to->arena, g->id);
    if (!fine || !to->nodes || !to->strings || !to->id.p)
        return false;
    /* Texts may live in the arena of the first graph, which need not live as long. */
    for (uint32_t i = 0; i < to->n_strings; i++) {
        to->strings[i] = arena_str(&to->arena, i < g->n_strings ? g->strings[i] : groups[i - g->n_strings].label);
        if (!to->strings[i].p)
            return false;
    }
    fill_nodes(to, g, groups, n, place);
    for (uint32_t i = 0; i < to->n_edges; i++) {
        to->edges[i].source = place[to->edges[i].source];
        to->edges[i].target = place[to->edges[i].target];
    }
    for (uint32_t i = 0; i < to->n_links; i++) {
        to->links[i].caller = place[to->links[i].caller];
        to->links[i].layer = place[to->links[i].layer];
    }
    for (uint32_t i = 0; i < to->n_layer_of_op; i++)
        to->layer_of_op[2 * i + 1] = place[to->layer_of_op[2 * i + 1]];
    for (uint32_t i = 0; i < m->n_ops; i++)
        to->node_of_op[i] = place[to->node_of_op[i]];
    for (uint32_t i = 0; i < m->n_blocks; i++)
        to->block_args[i] = place[to->block_args[i]];
    return graph_index_build(to);
}

graph_status graph_with_groups(struct mem *mem, const graph *g, const graph_group *groups, size_t n, graph **out) {
    *out = NULL;
    if (!g->module || n >= (1u << 31) - g->n_nodes)
        return GRAPH_BAD_INPUT;
    for (size_t i = 0; i < n; i++)
        if (!fits(g, &groups[i], i ? groups[i - 1].end : 0))
            return GRAPH_BAD_INPUT;
    size_t place_size = (g->n_nodes + (size_t)1) * sizeof(uint32_t);
    uint32_t *place = mem_alloc(mem, place_size);
    graph *to = mem_alloc_zero(mem, sizeof *to);
    bool fine = place && to;
    if (to) {
        to->mem = mem;
        to->module = g->module;
        arena_init(&to->arena, mem);
    }
    if (fine) {
        renumber(g, groups, n, place);
        fine = fill(to, g, groups, n, place);
    }
    mem_free(mem, place, place_size);
    if (!fine) {
        graph_free(to);
        return GRAPH_NO_MEMORY;
    }
    graph_measure_depth(to);
    graph_count_bytes(to);
    *out = to;
    return GRAPH_OK;
}

/* ---- sequences ------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v) {
    return str_mix(h ^ STR_HASH_A, v ^ STR_HASH_B);
}

static uint64_t kind_of(const graph *g, graph_node n) {
    if (graph_is_layer(g, n))
        return g->nodes[n].layer_kind;
    uint64_t h =
        mix(str_hash(graph_label(g, n)), (uint64_t)g->nodes[n].kind << 32 | (g->nodes[n + 1].in - g->nodes[n].in));
    for (uint32_t i = 0, k = g->module ? graph_n_results(g, n) : 0; i < k; i++) {
        ir_value v = graph_value(g, n, i);
        h = mix(h, v ? ir_value_type(g->module, v) : 0);
    }
    return h;
}

/* Fills the list of children, their kinds, and owner: by node of the layer, its child's place. */
static void list_children(const graph *g, graph_node layer, graph_sequence *s, uint32_t *owner) {
    for (graph_node n = layer + 1; n < g->nodes[layer].end; n = g->nodes[n].end) {
        uint64_t h = 0;
        for (graph_node k = n; k < g->nodes[n].end; k++) {
            h = mix(h, kind_of(g, k));
            owner[k - layer] = s->n;
        }
        s->children[s->n] = n;
        s->kind[s->n++] = h;
    }
}

graph_status graph_sequence_of(struct mem *mem, const graph *g, graph_node layer, graph_sequence *out) {
    graph_node end = g->nodes[layer].end;
    uint32_t inside = end - layer, first_edge = g->nodes[layer].in, n_in = g->nodes[end].in - first_edge;
    *out = (graph_sequence){.mem = mem, .n_slots = inside};
    uint32_t *owner = mem_alloc(mem, inside * sizeof *owner);
    out->children = mem_alloc(mem, inside * sizeof *out->children);
    out->kind = mem_alloc(mem, inside * sizeof *out->kind);
    out->from = mem_alloc(mem, n_in * sizeof *out->from);
    out->to = mem_alloc(mem, n_in * sizeof *out->to);
    bool fine = owner && out->children && out->kind && out->from && out->to;
    out->n_edges = n_in;
    if (fine) {
        uint32_t n = 0;
        list_children(g, layer, out, owner);
        for (uint32_t i = first_edge; i < first_edge + n_in; i++) {
            const graph_edge *e = &g->edges[i];
            if (e->source <= layer || e->source >= end || owner[e->source - layer] == owner[e->target - layer])
                continue;
            out->from[n] = owner[e->source - layer];
            out->to[n++] = owner[e->target - layer];
        }
        out->from = mem_realloc(mem, out->from, n_in * sizeof *out->from, n * sizeof *out->from);
        out->to = mem_realloc(mem, out->to, n_in * sizeof *out->to, n * sizeof *out->to);
        out->n_edges = n;
        fine = out->from && out->to;
    }
    mem_free(mem, owner, inside * sizeof *owner);
    if (!fine)
        graph_sequence_free(out);
    return fine ? GRAPH_OK : GRAPH_NO_MEMORY;
}

void graph_sequence_free(graph_sequence *s) {
    mem_free(s->mem, s->children, s->n_slots * sizeof *s->children);
    mem_free(s->mem, s->kind, s->n_slots * sizeof *s->kind);
    mem_free(s->mem, s->from, s->n_edges * sizeof *s->from);
    mem_free(s->mem, s->to, s->n_edges * sizeof *s->to);
    *s = (graph_sequence){0};
}
