/* lay_rank.c - a rank (row) for every node.
 *
 *   1. longest paths from the inputs: the least number of ranks
 *   2. gathering: parts of the graph joined by edges of length 1 are moved as a whole towards the side where more
 *      edges pull, until their nearest edge is of length 1 too; the smallest part first, so every node is moved
 *      O(log n) times. (Graphviz builds the first tree of its network simplex in this way.) A weight ends above the
 *      op that uses it, an unused result below the op that makes it.
 *   3. network simplex on windows of the graph (lay_simplex.c)
 *
 * The node that stands first takes the rank above all others in the end. Border inputs take a rank above all, border outputs one below all. Back edges count reversed: their target is
 * above their source; they bend around in the ranks beyond, so there must be such ranks.
 */
#include <string.h>

#include "layout/lay.h"

struct ranker {
    uint32_t n, m;         /* all nodes; edges between inner nodes */
    uint32_t *tail, *head; /* (m) oriented downwards */
    struct lay_csr out, in;
    int32_t *rank;
    struct lay_ctx *c;
};

/* Groups edges by `end`. */
static bool group_edges(struct arena *a, uint32_t n, uint32_t m, const uint32_t *end, struct lay_csr *csr) {
    csr->start = LAY_ZERO(a, uint32_t, (size_t)n + 2);
    csr->list = LAY_NEW(a, uint32_t, m);
    if (!csr->start || !csr->list)
        return false;
    for (uint32_t i = 0; i < m; i++)
        csr->start[end[i] + 2]++;
    for (uint32_t v = 0; v < n; v++)
        csr->start[v + 2] += csr->start[v + 1];
    for (uint32_t i = 0; i < m; i++)
        csr->list[csr->start[end[i] + 1]++] = i;
    return true;
}

/* Longest path from the sources, in topological order (Kahn). */
static bool longest_paths(struct ranker *r) {
    uint32_t *waits = LAY_NEW(r->c->tmp, uint32_t, r->n);
    uint32_t *queue = LAY_NEW(r->c->tmp, uint32_t, r->n);
    if (!waits || !queue)
        return false;
    uint32_t n_queue = 0;
    for (uint32_t v = 0; v < r->n; v++) {
        r->rank[v] = 0;
        waits[v] = r->in.start[v + 1] - r->in.start[v];
        if (waits[v] == 0)
            queue[n_queue++] = v;
    }
    for (uint32_t q = 0; q < n_queue; q++) {
        uint32_t v = queue[q];
        for (uint32_t i = r->out.start[v]; i < r->out.start[v + 1]; i++) {
            uint32_t w = r->head[r->out.list[i]];
            if (r->rank[w] < r->rank[v] + 1)
                r->rank[w] = r->rank[v] + 1;
            if (--waits[w] == 0)
                queue[n_queue++] = w;
        }
    }
    return true;
}

static uint32_t find_part(uint32_t *up, uint32_t v) {
    while (up[v] != v) {
        up[v] = up[up[v]];
        v = up[v];
    }
    return v;
}

/* Parts are union-find sets; each is also a circular list through `next`. `size` is valid at set roots. */
static void join_parts(uint32_t *up, uint32_t *next, uint32_t *size, uint32_t a, uint32_t b) {
    if (size[a] < size[b]) {
        uint32_t t = a;
        a = b;
        b = t;
    }
    up[b] = a;
    size[a] += size[b];
    uint32_t t = next[a];
    next[a] = next[b];
    next[b] = t;
}

/* Joins `v`'s part with all parts that its members touch by edges of length 1. */
static void join_tight(struct ranker *r, uint32_t *up, uint32_t *next, uint32_t *size, uint32_t edge) {
    uint32_t t = r->tail[edge], h = r->head[edge];
    if (r->rank[h] - r->rank[t] != 1)
        return;
    uint32_t a = find_part(up, t), b = find_part(up, h);
    if (a != b)
        join_parts(up, next, size, a, b);
}

static bool gather(struct ranker *r) {
    struct arena *a = r->c->tmp;
    uint32_t *up = LAY_NEW(a, uint32_t, r->n);
    uint32_t *next = LAY_NEW(a, uint32_t, r->n);
    uint32_t *size = LAY_NEW(a, uint32_t, r->n);
    /* Parts that wait, in a linked list per size class (powers of two). A part that grows into a class waits again. */
    struct waiting {
        uint32_t part, next;
    } *waiting = LAY_NEW(a, struct waiting, (size_t)r->n * 2);
    int8_t *class_of = LAY_NEW(a, int8_t, r->n); /* the last class it was put into */
    uint32_t first[33], n_waiting = 0;
    if (!up || !next || !size || !waiting || !class_of)
        return false;
    for (uint32_t v = 0; v < r->n; v++) {
        up[v] = next[v] = v;
        size[v] = 1;
    }
    for (uint32_t i = 0; i < r->m; i++)
        join_tight(r, up, next, size, i);
    for (int k = 0; k < 33; k++)
        first[k] = LAY_NONE;
    for (uint32_t v = r->n; v-- > 0;) {
        if (up[v] != v)
            continue;
        int k = 31 - __builtin_clz(size[v]);
        waiting[n_waiting] = (struct waiting){v, first[k]};
        first[k] = n_waiting++;
        class_of[v] = (int8_t)k;
    }
    for (int k = 0; k < 33;) {
        if (first[k] == LAY_NONE) {
            k++;
            continue;
        }
        uint32_t p = waiting[first[k]].part;
        first[k] = waiting[first[k]].next;
        if (up[p] != p || (31 - __builtin_clz(size[p])) != k)
            continue; /* was swallowed, or has grown and waits in another class */
        class_of[p] = -1;
        int64_t pull = 0;
        int32_t down_slack = INT32_MAX, up_slack = INT32_MAX;
        uint32_t v = p;
        do {
            for (uint32_t i = r->out.start[v]; i < r->out.start[v + 1]; i++) {
                uint32_t w = r->head[r->out.list[i]];
                int32_t slack = r->rank[w] - r->rank[v] - 1;
                if (find_part(up, w) == p)
                    continue;
                pull++;
                if (slack < down_slack)
                    down_slack = slack;
            }
            for (uint32_t i = r->in.start[v]; i < r->in.start[v + 1]; i++) {
                uint32_t w = r->tail[r->in.list[i]];
                int32_t slack = r->rank[v] - r->rank[w] - 1;
                if (find_part(up, w) == p)
                    continue;
                pull--;
                if (slack < up_slack)
                    up_slack = slack;
            }
            v = next[v];
        } while (v != p);
        int32_t shift = 0;
        if (down_slack != INT32_MAX && (pull > 0 || (pull == 0 && down_slack <= up_slack)))
            shift = down_slack;
        else if (up_slack != INT32_MAX)
            shift = -up_slack;
        else
            continue; /* touches nothing outside: a component of its own */
        v = p;
        do {
            r->rank[v] += shift;
            v = next[v];
        } while (v != p);
        /* The members of the part now, before it grows: walk until back at p through the old list. */
        uint32_t last = p;
        while (next[last] != p)
            last = next[last];
        v = p;
        for (;;) {
            uint32_t follow = next[v]; /* joining splices after set roots only after we passed or at the ends */
            for (uint32_t i = r->out.start[v]; i < r->out.start[v + 1]; i++)
                join_tight(r, up, next, size, r->out.list[i]);
            for (uint32_t i = r->in.start[v]; i < r->in.start[v + 1]; i++)
                join_tight(r, up, next, size, r->in.list[i]);
            if (v == last)
                break;
            v = follow;
        }
        uint32_t joined = find_part(up, p);
        int class = 31 - __builtin_clz(size[joined]);
        if (class_of[joined] == class)
            continue;
        class_of[joined] = (int8_t) class;
        waiting[n_waiting] = (struct waiting){joined, first[class]};
        first[class] = n_waiting++;
    }
    return true;
}

enum layout_status lay_assign_ranks(struct lay_ctx *c, struct lay_graph *g) {
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(c->tmp);
    struct ranker r = {.n = g->n, .c = c};
    r.tail = LAY_NEW(c->tmp, uint32_t, g->m);
    r.head = LAY_NEW(c->tmp, uint32_t, g->m);
    r.rank = LAY_NEW(c->tmp, int32_t, g->n);
    g->rank = LAY_NEW(g->arena, uint32_t, g->n);
    if (!r.tail || !r.head || !r.rank || !g->rank)
        goto end;
    for (uint32_t i = 0; i < g->m; i++) {
        const struct lay_edge *e = &g->edges[i];
        if ((e->flags & LAY_SELF) || lay_is_border(g->kind[e->from]) || lay_is_border(g->kind[e->to]))
            continue;
        bool back = e->flags & LAY_BACK;
        r.tail[r.m] = back ? e->to : e->from;
        r.head[r.m++] = back ? e->from : e->to;
    }
    if (!group_edges(c->tmp, g->n, r.m, r.tail, &r.out) || !group_edges(c->tmp, g->n, r.m, r.head, &r.in) ||
        !longest_paths(&r) || !gather(&r))
        goto end;
    if (!lay_progress(c, 0.1)) {
        status = LAYOUT_CANCELLED;
        goto end;
    }
    status = lay_shorten(c, g->n, r.m, r.tail, r.head, &r.out, &r.in, r.rank);
    if (status != LAYOUT_OK)
        goto end;

    /* Ranks from 0 (or 1 below a row for border inputs and turning back edges). */
    int32_t low = INT32_MAX, high = INT32_MIN;
    bool border_in = false, border_out = false;
    uint32_t first = LAY_NONE;
    for (uint32_t v = 0; v < g->n; v++) {
        border_in = border_in || g->kind[v] == LAY_BORDER_IN;
        border_out = border_out || g->kind[v] == LAY_BORDER_OUT;
        if (g->kind[v] == LAY_FIRST)
            first = v;
        if (g->kind[v] != LAY_INNER)
            continue;
        low = r.rank[v] < low ? r.rank[v] : low;
        high = r.rank[v] > high ? r.rank[v] : high;
    }
    bool others = low <= high;
    if (!others)
        low = high = 0;
    if (first != LAY_NONE)
        r.rank[first] = others ? --low : low;
    bool turn_above = false, turn_below = false;
    for (uint32_t i = 0; i < g->m; i++) {
        const struct lay_edge *e = &g->edges[i];
        if (!(e->flags & LAY_BACK))
            continue;
        turn_above = turn_above || r.rank[e->to] == low;
        turn_below = turn_below || r.rank[e->from] == high;
    }
    uint32_t above = border_in || turn_above ? 1 : 0;
    g->n_ranks = (uint32_t)(high - low) + 1 + above + (border_out || turn_below ? 1 : 0);
    for (uint32_t v = 0; v < g->n; v++)
        g->rank[v] = g->kind[v] == LAY_BORDER_IN    ? 0
                     : g->kind[v] == LAY_BORDER_OUT ? g->n_ranks - 1
                                                    : (uint32_t)(r.rank[v] - low) + above;
    status = LAYOUT_OK;
end:
    arena_reset(c->tmp, mark);
    return status;
}
