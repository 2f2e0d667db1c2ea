/* lay_ports.c - where lines enter and leave the sides of ops.
 *
 * Operands enter along the upper side in operand order, results leave along the lower side in result order. Within
 * that order each port slides to where its line comes from, so that a line from straight above stays straight and the
 * main line of a chain of ops runs through the middle of its boxes:
 *
 *       |    ___/           |        not      \   \___
 *     __v___v___          __v__             ___v___v___
 *
 * The best places under the order are an isotonic regression (pool adjacent violators), linear per node: with ports
 * at least `sep` apart, place[k] - k * sep must not fall.
 */
#include <math.h>

#include "layout/lay.h"

struct pool {
    double sum;
    uint32_t count;
};

struct slider {
    const struct lay_graph *g;
    struct lay_geometry *geo;
    uint32_t *start, *list; /* edges at a node */
    uint64_t *keys, *tmp;
    struct pool *pools;
};

/* The element next to one end of an edge; LAY_NONE for a lane. */
static uint32_t next_element(const struct lay_graph *g, const struct lay_edge *e, bool at_to) {
    if (e->flags & LAY_LANE)
        return LAY_NONE;
    if (e->trunk == LAY_NONE)
        return at_to ? e->from : e->to;
    uint32_t rank;
    if (e->flags & LAY_BACK)
        rank = g->rank[at_to ? e->to : e->from]; /* the line beside the node */
    else
        rank = at_to ? g->rank[e->to] - 1 : g->rank[e->from] + 1;
    return g->trunks[e->trunk].first + (rank - g->trunks[e->trunk].rank0);
}

/* Where the line of an edge is there. */
static double next_x(const struct lay_graph *g, const struct lay_geometry *geo, const struct lay_edge *e, bool at_to) {
    uint32_t v = next_element(g, e, at_to);
    if (v == LAY_NONE)
        return geo->right;
    double off = v >= g->n ? 0 : at_to ? geo->out_off[e - g->edges] : geo->in_off[e - g->edges];
    return geo->x[v] + off;
}

/* Slides the ports of one side of v. */
static void slide(struct slider *s, uint32_t v, bool at_to, bool ordered) {
    const struct lay_graph *g = s->g;
    struct lay_geometry *geo = s->geo;
    uint32_t n = s->start[v + 1] - s->start[v];
    for (uint32_t i = 0; i < n; i++) {
        uint32_t e = s->list[s->start[v] + i];
        uint32_t port = at_to ? g->edges[e].in : g->edges[e].out;
        if (!ordered) {
            uint32_t next = next_element(g, &g->edges[e], at_to);
            port = next == LAY_NONE ? LAY_NONE : g->pos[next];
        }
        s->keys[i] = (uint64_t)port << 32 | e;
    }
    lay_sort_u64(s->keys, s->tmp, n);
    uint32_t n_ports = 0;
    for (uint32_t i = 0; i < n; i++)
        n_ports += i == 0 || s->keys[i] >> 32 != s->keys[i - 1] >> 32;
    if (!at_to && n_ports == 1 && g->n_out[v] == 1)
        return;                                                               /* one result leaves in the middle */
    double w = geo->box_w[v], sep = fmin(geo->edge_sep, w / (n_ports + 1.0)); /* lines come that near */
    double reach = fmax(fmin(w * 0.35, w * 0.5 - sep * 0.5), (n_ports - 1.0) * sep * 0.5);
    uint32_t k = 0, n_pools = 0;
    for (uint32_t i = 0; i < n; k++) {
        double sum = 0;
        uint32_t first = i;
        for (; i < n && s->keys[i] >> 32 == s->keys[first] >> 32; i++)
            sum += next_x(g, geo, &g->edges[(uint32_t)s->keys[i]], at_to) - geo->x[v];
        double wish = fmax(-reach, fmin(reach, sum / (i - first))) - k * sep;
        s->pools[n_pools++] = (struct pool){wish, 1};
        while (n_pools > 1 && s->pools[n_pools - 2].sum * s->pools[n_pools - 1].count >
                                  s->pools[n_pools - 1].sum * s->pools[n_pools - 2].count) {
            s->pools[n_pools - 2].sum += s->pools[n_pools - 1].sum;
            s->pools[n_pools - 2].count += s->pools[n_pools - 1].count;
            n_pools--;
        }
    }
    k = 0;
    uint32_t i = 0;
    for (uint32_t p = 0; p < n_pools; p++) {
        double base = s->pools[p].sum / s->pools[p].count;
        base = fmax(-reach, fmin(reach - (n_ports - 1.0) * sep, base));
        for (uint32_t c = 0; c < s->pools[p].count; c++, k++) {
            uint64_t port = s->keys[i] >> 32;
            for (; i < n && s->keys[i] >> 32 == port; i++)
                (at_to ? geo->in_off : geo->out_off)[(uint32_t)s->keys[i]] = base + k * sep;
        }
    }
}

enum layout_status lay_slide_ports(struct lay_ctx *c, const struct lay_graph *g, const uint8_t *rule,
                                   struct lay_geometry *geo) {
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(c->tmp);
    struct slider s = {.g = g, .geo = geo};
    s.start = LAY_NEW(c->tmp, uint32_t, (size_t)g->n + 2);
    s.list = LAY_NEW(c->tmp, uint32_t, g->m);
    s.keys = LAY_NEW(c->tmp, uint64_t, g->m);
    s.tmp = LAY_NEW(c->tmp, uint64_t, g->m);
    s.pools = LAY_NEW(c->tmp, struct pool, g->m);
    if (!s.start || !s.list || !s.keys || !s.tmp || !s.pools)
        goto end;
    for (int at_to = 0; at_to < 2; at_to++) { /* results first: operands follow them */
        for (uint32_t v = 0; v < g->n + 2; v++)
            s.start[v] = 0;
        for (uint32_t i = 0; i < g->m; i++)
            if (!(g->edges[i].flags & LAY_SELF))
                s.start[(at_to ? g->edges[i].to : g->edges[i].from) + 2]++;
        for (uint32_t v = 0; v < g->n; v++)
            s.start[v + 2] += s.start[v + 1];
        for (uint32_t i = 0; i < g->m; i++)
            if (!(g->edges[i].flags & LAY_SELF))
                s.list[s.start[(at_to ? g->edges[i].to : g->edges[i].from) + 1]++] = i;
        for (uint32_t v = 0; v < g->n; v++)
            if (rule[v] != LAY_PORTS_FIXED && s.start[v] != s.start[v + 1])
                slide(&s, v, at_to, !at_to || rule[v] == LAY_PORTS_ORDERED);
    }
    status = LAYOUT_OK;
end:
    arena_reset(c->tmp, mark);
    return status;
}
