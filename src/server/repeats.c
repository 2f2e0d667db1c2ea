/* Repeated blocks as layers; see repeats.h. */
#include "server/repeats.h"

#include "base/vec.h"
#include "layout/layout.h"

typedef VEC(graph_group) groups;

/* Where child number i of a sequence begins; behind the last one, where the layer ends. */
static graph_node begin_of(const graph *g, const graph_sequence *s, graph_node layer, uint32_t i) {
    return i < s->n ? s->children[i] : g->nodes[layer].end;
}

static graph_status find(struct mem *mem, const graph *g, graph_node layer, uint32_t least, graph_sequence *s,
                         struct layout_repeat **found, uint32_t *n) {
    *found = NULL;
    *n = 0;
    graph_status status = graph_sequence_of(mem, g, layer, s);
    if (status != GRAPH_OK || s->n < 2 * least)
        return status;
    enum layout_status done = layout_find_repeats(mem, s->n, s->kind, s->n_edges, s->from, s->to, least, found, n);
    return done == LAYOUT_OK ? GRAPH_OK : GRAPH_NO_MEMORY;
}

graph_status graph_find_repeats(struct mem *mem, const graph *g, graph_node layer, uint32_t least, repeat_run **out,
                                size_t *n) {
    graph_sequence s;
    struct layout_repeat *found;
    uint32_t n_found;
    *out = NULL;
    *n = 0;
    graph_status status = find(mem, g, layer, least, &s, &found, &n_found);
    if (status == GRAPH_OK) {
        *out = mem_alloc(mem, n_found * sizeof **out);
        status = *out ? GRAPH_OK : GRAPH_NO_MEMORY;
        for (uint32_t i = 0; i < n_found && *out; i++) {
            const struct layout_repeat *r = &found[i];
            (*out)[i] = (repeat_run){begin_of(g, &s, layer, r->start),
                                     begin_of(g, &s, layer, r->start + r->length * r->count), r->length, r->count};
        }
        *n = *out ? n_found : 0;
    }
    layout_free_repeats(mem, found, n_found);
    graph_sequence_free(&s);
    return status;
}

/* Adds the groups of one layer; names live in the arena. */
static graph_status group_layer(struct mem *mem, const graph *g, graph_node layer, struct arena *a, groups *out) {
    graph_sequence s;
    struct layout_repeat *found;
    uint32_t n;
    graph_status status = find(mem, g, layer, REPEATS_LEAST, &s, &found, &n);
    for (uint32_t i = 0; i < n && status == GRAPH_OK; i++) {
        const struct layout_repeat *r = &found[i];
        for (uint32_t k = 0; k < r->count && status == GRAPH_OK; k++) {
            uint32_t at = r->start + k * r->length;
            graph_group group = {.first = begin_of(g, &s, layer, at), .end = begin_of(g, &s, layer, at + r->length)};
            group.label = n == 1 ? arena_printf(a, "block %u", k + 1)
                                 : arena_printf(a, "block %c%u", (char)('A' + i % 26), k + 1);
            if (!group.label.p || !vec_push(out, group))
                status = GRAPH_NO_MEMORY;
        }
    }
    layout_free_repeats(mem, found, n);
    graph_sequence_free(&s);
    return status;
}

graph_status graph_group_repeats(struct mem *mem, const graph *g, graph **out) {
    groups list;
    struct arena names;
    graph_status status = GRAPH_OK;
    *out = NULL;
    vec_init(&list, mem);
    arena_init(&names, mem);
    /* Outer layers first: what lies inside a block stays as it is. */
    for (graph_node layer = 0; layer < g->n_nodes && status == GRAPH_OK; layer++) {
        if (!graph_is_layer(g, layer))
            continue;
        size_t before = list.n;
        status = group_layer(mem, g, layer, &names, &list);
        if (list.n > before)
            layer = g->nodes[layer].end - 1;
    }
    if (status == GRAPH_OK)
        status = graph_with_groups(mem, g, list.v, list.n, out);
    vec_free(&list);
    arena_free(&names);
    return status;
}
