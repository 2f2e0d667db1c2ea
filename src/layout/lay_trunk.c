/* lay_trunk.c - edges over several ranks.
 *
 * Sugiyama's method cuts an edge over k ranks into k pieces joined by k - 1 dummies. A mask that every block of a deep
 * model reads would cost a dummy per rank and reader. Instead all long edges of one source port share one chain of
 * dummies, a *trunk*, that each of them leaves in the rank above its target; and many long edges into one target (the
 * results of a function, a long concatenation) share one that each joins in the rank below its source:
 *
 *        src                    a
 *         |\                    |   b
 *         | t1 (next rank)      |  /|
 *         .                     | / |        . dummy
 *         |\                    .   |  c
 *         . t2                  |  /  /
 *         |                     . ---
 *         t3                   target
 *
 * The number of dummies is then bounded by what is open side by side. Where even that would be more than
 * DUMMIES_PER_ITEM for each node and edge (thousands of unrelated lines side by side, which no one can follow
 * anyway), the longest trunks become *lanes*: vertical lines at the side of the graph that take no part in ordering,
 * so that time and memory stay linear. Cf. the segment containers of Eiglsperger, Siebenhaller, Kaufmann, "An
 * Efficient Implementation of Sugiyama's Algorithm", 2005, which keep such lines in the middle instead.
 *
 * A back edge from u up to v gets a trunk from the rank above v to the rank below u:
 *
 *            . (turn)          the links join neighbouring ranks as all others do; the turns are drawn
 *           / \                between the ranks
 *          v   .
 *              .   u
 *               \ /
 *                . (turn)
 */
#include <string.h>

#include "layout/lay.h"

enum { DUMMIES_PER_ITEM = 6, DUMMIES_ALWAYS = 60000, IN_TRUNK_MIN = 6, IN_TRUNK_SPAN = 3 };

struct maker {
    struct lay_ctx *c;
    struct lay_graph *g;
    uint64_t *keys, *tmp; /* (m) */
};

static bool is_long(const struct lay_graph *g, const struct lay_edge *e) {
    return !(e->flags & (LAY_SELF | LAY_BACK)) && g->rank[e->to] > g->rank[e->from] + 1;
}

/* Gives every long edge and back edge a trunk. Trunks are numbered by their first edge's place in the sorted order
 * of sources, so that the numbering does not depend on the order of edges. */
static bool assign_trunks(struct maker *k) {
    struct lay_graph *g = k->g;
    struct arena *a = k->c->tmp;
    uint32_t *alone = LAY_ZERO(a, uint32_t, g->n); /* long edges into a node that share nothing at their source */
    uint32_t *trunk_of_target = LAY_NEW(a, uint32_t, g->n);
    uint8_t *shares = LAY_ZERO(a, uint8_t, g->m);
    if (!alone || !trunk_of_target || !shares)
        return false;
    /* Long edges by (source, port). */
    uint32_t n_long = 0;
    for (uint32_t i = 0; i < g->m; i++) {
        const struct lay_edge *e = &g->edges[i];
        if (is_long(g, e))
            k->keys[n_long++] = (uint64_t)e->from << 32 | i;
    }
    lay_sort_u64(k->keys, k->tmp, n_long);
    for (uint32_t i = 0; i < n_long;) {
        uint32_t j = i + 1, from = (uint32_t)(k->keys[i] >> 32);
        while (j < n_long && (uint32_t)(k->keys[j] >> 32) == from)
            j++;
        /* Within a source, edges of one port next to each other; ports are few and lists mostly in order. */
        for (uint32_t x = i; x < j; x++)
            k->keys[x] = (uint64_t)g->edges[(uint32_t)k->keys[x]].out << 32 | (uint32_t)k->keys[x];
        lay_sort_u64(k->keys + i, k->tmp, j - i);
        for (uint32_t x = i; x < j; x++) {
            uint32_t port = (uint32_t)(k->keys[x] >> 32);
            bool same = (x > i && (uint32_t)(k->keys[x - 1] >> 32) == port) ||
                        (x + 1 < j && (uint32_t)(k->keys[x + 1] >> 32) == port);
            const struct lay_edge *e = &g->edges[(uint32_t)k->keys[x]];
            shares[(uint32_t)k->keys[x]] = same;
            if (!same && g->rank[e->to] - g->rank[e->from] >= IN_TRUNK_SPAN)
                alone[e->to]++;
        }
        i = j;
    }
    memset(trunk_of_target, 0xff, g->n * sizeof *trunk_of_target);
    uint32_t last_from = LAY_NONE, last_out = 0, last_trunk = 0;
    for (uint32_t i = 0; i < n_long; i++) {
        uint32_t id = (uint32_t)k->keys[i];
        struct lay_edge *e = &g->edges[id];
        if (!shares[id] && alone[e->to] >= IN_TRUNK_MIN && !lay_is_border(g->kind[e->to]) &&
            g->rank[e->to] - g->rank[e->from] >= IN_TRUNK_SPAN) {
            if (trunk_of_target[e->to] == LAY_NONE)
                trunk_of_target[e->to] = g->n_trunks++;
            e->trunk = trunk_of_target[e->to];
            e->flags |= LAY_IN_TRUNK;
            continue;
        }
        if (e->from != last_from || e->out != last_out)
            last_trunk = g->n_trunks++;
        last_from = e->from;
        last_out = e->out;
        e->trunk = last_trunk;
    }
    for (uint32_t i = 0; i < g->m; i++)
        if (g->edges[i].flags & LAY_BACK)
            g->edges[i].trunk = g->n_trunks++;
    return true;
}

/* The ranks each trunk spans. */
static bool measure_trunks(struct maker *k) {
    struct lay_graph *g = k->g;
    g->trunks = LAY_NEW(g->arena, struct lay_trunk, g->n_trunks);
    if (!g->trunks)
        return false;
    for (uint32_t t = 0; t < g->n_trunks; t++)
        g->trunks[t] = (struct lay_trunk){.rank0 = UINT32_MAX};
    for (uint32_t i = 0; i < g->m; i++) {
        const struct lay_edge *e = &g->edges[i];
        if (e->trunk == LAY_NONE)
            continue;
        struct lay_trunk *t = &g->trunks[e->trunk];
        bool back = e->flags & LAY_BACK;
        uint32_t r0 = back ? g->rank[e->to] - 1 : g->rank[e->from] + 1;
        uint32_t r1 = back ? g->rank[e->from] + 1 : g->rank[e->to] - 1;
        if (t->rank0 == UINT32_MAX) {
            *t = (struct lay_trunk){.rank0 = r0, .rank1 = r1, .edge = i};
            continue;
        }
        t->rank0 = r0 < t->rank0 ? r0 : t->rank0;
        t->rank1 = r1 > t->rank1 ? r1 : t->rank1;
    }
    return true;
}

/* Makes lanes of the longest trunks when there are too many dummies, and numbers the rest anew. */
static bool spill_lanes(struct maker *k) {
    struct lay_graph *g = k->g;
    uint64_t limit = (uint64_t)DUMMIES_PER_ITEM * ((uint64_t)g->n + g->m), total = 0;
    limit = limit < DUMMIES_ALWAYS ? DUMMIES_ALWAYS : limit;
    for (uint32_t t = 0; t < g->n_trunks; t++)
        total += g->trunks[t].rank1 - g->trunks[t].rank0 + 1;
    if (total <= limit)
        return true;
    uint64_t *by_length = LAY_NEW(k->c->tmp, uint64_t, g->n_trunks);
    uint64_t *tmp = LAY_NEW(k->c->tmp, uint64_t, g->n_trunks);
    uint32_t *number = LAY_NEW(k->c->tmp, uint32_t, g->n_trunks);
    if (!by_length || !tmp || !number)
        return false;
    for (uint32_t t = 0; t < g->n_trunks; t++)
        by_length[t] = (uint64_t)(g->trunks[t].rank1 - g->trunks[t].rank0 + 1) << 32 | (g->n_trunks - 1 - t);
    lay_sort_u64(by_length, tmp, g->n_trunks);
    memset(number, 0, g->n_trunks * sizeof *number);
    for (uint32_t i = g->n_trunks; i-- > 0 && total > limit;) {
        uint32_t t = g->n_trunks - 1 - (uint32_t)by_length[i];
        total -= by_length[i] >> 32;
        number[t] = 1;
        g->n_lanes++;
    }
    g->lanes = LAY_NEW(g->arena, struct lay_trunk, g->n_lanes);
    if (!g->lanes)
        return false;
    uint32_t n_trunks = 0, n_lanes = 0;
    for (uint32_t t = 0; t < g->n_trunks; t++) {
        if (number[t]) {
            g->lanes[n_lanes] = g->trunks[t];
            number[t] = 0x80000000u | n_lanes++;
        } else {
            g->trunks[n_trunks] = g->trunks[t];
            number[t] = n_trunks++;
        }
    }
    g->n_trunks = n_trunks;
    for (uint32_t i = 0; i < g->m; i++) {
        struct lay_edge *e = &g->edges[i];
        if (e->trunk == LAY_NONE)
            continue;
        if (number[e->trunk] & 0x80000000u)
            e->flags |= LAY_LANE;
        e->trunk = number[e->trunk] & 0x7fffffffu;
    }
    return true;
}

static void add_link(struct lay_graph *g, uint32_t a, uint32_t b, uint32_t a_edge, uint32_t b_edge) {
    g->links[g->n_links++] = (struct lay_link){a, b, a_edge, b_edge, a_edge == LAY_NONE && b_edge == LAY_NONE};
}

/* The dummy of trunk t in rank r. */
static uint32_t dummy_at(const struct lay_graph *g, uint32_t t, uint32_t r) {
    return g->trunks[t].first + (r - g->trunks[t].rank0);
}

static bool make_elements(struct maker *k, float **weight) {
    struct lay_graph *g = k->g;
    uint64_t n_elems = g->n;
    for (uint32_t t = 0; t < g->n_trunks; t++) {
        g->trunks[t].first = (uint32_t)n_elems;
        n_elems += g->trunks[t].rank1 - g->trunks[t].rank0 + 1;
    }
    if (n_elems + g->m >= UINT32_MAX)
        return false;
    g->n_elems = (uint32_t)n_elems;
    size_t cap_links = (size_t)n_elems + 2 * (size_t)g->m;
    g->links = LAY_NEW(g->arena, struct lay_link, cap_links);
    g->elem_rank = LAY_NEW(g->arena, uint32_t, g->n_elems);
    g->elem_trunk = LAY_NEW(g->arena, uint32_t, g->n_elems - g->n);
    *weight = LAY_ZERO(k->c->tmp, float, cap_links);
    /* By trunk: the link from its source, shared by all its edges. */
    uint32_t *source_link = LAY_NEW(k->c->tmp, uint32_t, g->n_trunks);
    if (!g->links || !g->elem_rank || !g->elem_trunk || !*weight || !source_link)
        return false;
    for (uint32_t v = 0; v < g->n; v++)
        g->elem_rank[v] = g->rank[v];
    for (uint32_t t = 0; t < g->n_trunks; t++) {
        source_link[t] = LAY_NONE;
        for (uint32_t r = g->trunks[t].rank0; r <= g->trunks[t].rank1; r++) {
            uint32_t d = dummy_at(g, t, r);
            g->elem_rank[d] = r;
            g->elem_trunk[d - g->n] = t;
            if (r < g->trunks[t].rank1)
                add_link(g, d, d + 1, LAY_NONE, LAY_NONE); /* the links of a trunk lie in a row, from here on */
        }
    }
    /* Weights of trunk pieces: differences first (in the link below rank r), summed up afterwards. */
    uint32_t *inner_of = LAY_NEW(k->c->tmp, uint32_t, g->n_trunks);
    if (!inner_of)
        return false;
    for (uint32_t t = 0, at = 0; t < g->n_trunks; t++) {
        inner_of[t] = at;
        at += g->trunks[t].rank1 - g->trunks[t].rank0;
    }
    float *w = *weight;
    for (uint32_t i = 0; i < g->m; i++) {
        struct lay_edge *e = &g->edges[i];
        if (e->flags & (LAY_SELF | LAY_LANE))
            continue;
        if (e->trunk == LAY_NONE) {
            w[g->n_links] = 1;
            add_link(g, e->from, e->to, i, i);
            continue;
        }
        uint32_t t = e->trunk, r0, r1; /* from dummy r0 to dummy r1 */
        if (e->flags & LAY_BACK) {
            r0 = g->trunks[t].rank0;
            r1 = g->trunks[t].rank1;
            w[g->n_links] = 1;
            add_link(g, dummy_at(g, t, r0), e->to, LAY_NONE, i);
            w[g->n_links] = 1;
            add_link(g, e->from, dummy_at(g, t, r1), i, LAY_NONE);
        } else {
            r0 = g->rank[e->from] + 1;
            r1 = g->rank[e->to] - 1;
            bool in_trunk = e->flags & LAY_IN_TRUNK;
            if (in_trunk || source_link[t] == LAY_NONE) {
                source_link[t] = in_trunk ? source_link[t] : g->n_links;
                w[g->n_links] = 1;
                add_link(g, e->from, dummy_at(g, t, r0), i, LAY_NONE);
            } else {
                w[source_link[t]] += 1;
            }
            w[g->n_links] = 1;
            add_link(g, dummy_at(g, t, r1), e->to, LAY_NONE, i);
        }
        uint32_t first = inner_of[t] + (r0 - g->trunks[t].rank0);
        if (r1 > r0) {
            w[first] += 1;
            /* ends after the link r1 - 1 -> r1; the difference belongs to the next one, if the trunk has it */
            if (r1 < g->trunks[t].rank1)
                w[inner_of[t] + (r1 - g->trunks[t].rank0)] -= 1;
        }
    }
    for (uint32_t t = 0; t < g->n_trunks; t++)
        for (uint32_t i = 1; i < g->trunks[t].rank1 - g->trunks[t].rank0; i++)
            w[inner_of[t] + i] += w[inner_of[t] + i - 1];
    return true;
}

static float port_offset(uint32_t port, uint32_t n) {
    return ((float)port + 1.0f) / ((float)n + 1.0f) - 0.5f;
}

/* Sorts the arcs of one element by my_port; lists are mostly in order already. */
static void sort_arcs(struct lay_arc *arcs, uint32_t n, uint64_t *keys, uint64_t *tmp, struct lay_arc *copy) {
    bool sorted = true;
    for (uint32_t i = 1; i < n && sorted; i++)
        sorted = arcs[i - 1].my_port <= arcs[i].my_port;
    if (sorted)
        return;
    for (uint32_t i = 0; i < n; i++) {
        keys[i] = (uint64_t)arcs[i].my_port << 32 | i;
        copy[i] = arcs[i];
    }
    lay_sort_u64(keys, tmp, n);
    for (uint32_t i = 0; i < n; i++)
        arcs[i] = copy[(uint32_t)keys[i]];
}

static bool make_arcs(struct maker *k, const float *weight) {
    struct lay_graph *g = k->g;
    g->up_start = LAY_ZERO(g->arena, uint32_t, (size_t)g->n_elems + 2);
    g->down_start = LAY_ZERO(g->arena, uint32_t, (size_t)g->n_elems + 2);
    g->up = LAY_NEW(g->arena, struct lay_arc, g->n_links);
    g->down = LAY_NEW(g->arena, struct lay_arc, g->n_links);
    if (!g->up_start || !g->down_start || !g->up || !g->down)
        return false;
    for (uint32_t i = 0; i < g->n_links; i++) {
        g->down_start[g->links[i].a + 2]++;
        g->up_start[g->links[i].b + 2]++;
    }
    uint32_t most = 0;
    for (uint32_t v = 0; v < g->n_elems; v++) {
        most = g->down_start[v + 2] > most ? g->down_start[v + 2] : most;
        most = g->up_start[v + 2] > most ? g->up_start[v + 2] : most;
        g->down_start[v + 2] += g->down_start[v + 1];
        g->up_start[v + 2] += g->up_start[v + 1];
    }
    for (uint32_t i = 0; i < g->n_links; i++) {
        const struct lay_link *l = &g->links[i];
        /* Edges that share a trunk into one target are not told apart there: they fan out at its end. */
        uint32_t a_port = l->a_edge == LAY_NONE ? 0 : g->edges[l->a_edge].out;
        uint32_t b_port = l->b_edge == LAY_NONE ? 0 : g->edges[l->b_edge].in;
        float a_off = l->a_edge == LAY_NONE ? 0 : port_offset(a_port, g->n_out[l->a]);
        float b_off = l->b_edge == LAY_NONE ? 0 : port_offset(b_port, g->n_in[l->b]);
        g->down[g->down_start[l->a + 1]++] = (struct lay_arc){l->b, i, a_port, b_port, b_off, weight[i]};
        g->up[g->up_start[l->b + 1]++] = (struct lay_arc){l->a, i, b_port, a_port, a_off, weight[i]};
    }
    uint64_t *keys = LAY_NEW(k->c->tmp, uint64_t, most), *tmp = LAY_NEW(k->c->tmp, uint64_t, most);
    struct lay_arc *copy = LAY_NEW(k->c->tmp, struct lay_arc, most);
    if (!keys || !tmp || !copy)
        return false;
    for (uint32_t v = 0; v < g->n; v++) {
        sort_arcs(g->down + g->down_start[v], g->down_start[v + 1] - g->down_start[v], keys, tmp, copy);
        sort_arcs(g->up + g->up_start[v], g->up_start[v + 1] - g->up_start[v], keys, tmp, copy);
    }
    return true;
}

enum layout_status lay_make_trunks(struct lay_ctx *c, struct lay_graph *g) {
    struct arena_mark mark = arena_mark(c->tmp);
    struct maker k = {c, g, LAY_NEW(c->tmp, uint64_t, g->m), LAY_NEW(c->tmp, uint64_t, g->m)};
    float *weight = NULL;
    bool ok = k.keys && k.tmp && assign_trunks(&k) && measure_trunks(&k) && spill_lanes(&k) &&
              make_elements(&k, &weight) && make_arcs(&k, weight);
    arena_reset(c->tmp, mark);
    return ok ? LAYOUT_OK : LAYOUT_NO_MEMORY;
}
