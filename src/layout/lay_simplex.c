/* lay_simplex.c - network simplex on windows: shortens the sum of edge lengths.
 *
 * Gansner, Koutsofios, North, Vo, "A Technique for Drawing Directed Graphs", 1993, section 2.3 and 2.4: a spanning
 * tree of tight edges; the cut value of a tree edge says how the sum changes when it is made longer; while one is
 * negative, it leaves the tree and the shortest edge that crosses the cut the other way enters. Exact, but on a graph
 * of n nodes a step costs up to O(n). So it runs on windows of at most WINDOW nodes that are near each other in rank:
 * nodes outside stand still and act together as node 0 of the window, whose edges to a node u carry
 *
 *     u -> 0   at least 1 - min rank of u's outside targets      0 -> u   at least 1 + max rank of its outside sources
 *
 * Windows overlap by half, so that what one holds fixed at its rim the next may move. A graph that fits one window is
 * solved exactly. Work is bounded by PIVOTS_PER_NODE, so the whole is linear.
 *
 * Invariants: 1. rank[head] - rank[tail] >= least for every edge at all times. 2. Tree edges are tight.
 * 3. order[low[v] .. lim[v]] are the nodes of the subtree of v, v last.
 */
#include <string.h>

#include "layout/lay.h"
#include "layout/sets.h"

enum { WINDOW = 768, PIVOTS_PER_NODE = 4, SEARCH = 24 };

struct simplex {
    uint32_t n, m; /* node 0 is the world outside */
    uint32_t *tail, *head;
    int32_t *least, *weight; /* (m) */
    uint32_t *start, *list;  /* edges at a node, both directions */
    int32_t *rank;           /* (n) */
    uint8_t *in_tree;        /* (m) */
    int32_t *cut;            /* (m), of tree edges */
    uint32_t *tree;          /* (n - 1) tree edges */
    uint32_t *parent;        /* (n) the tree edge upwards, LAY_NONE at the root */
    uint32_t *low, *lim, *order;
    uint32_t *stack, *at; /* (n) for walking */
    uint32_t *set;        /* (n) union-find when pinning */
    uint32_t cap_n, cap_m;
    uint32_t search_from;
};

static int32_t slack(const struct simplex *s, uint32_t e) {
    return s->rank[s->head[e]] - s->rank[s->tail[e]] - s->least[e];
}

static uint32_t other_end(const struct simplex *s, uint32_t e, uint32_t v) {
    return s->tail[e] == v ? s->head[e] : s->tail[e];
}

static bool inside(const struct simplex *s, uint32_t v, uint32_t top) {
    return s->low[top] <= s->lim[v] && s->lim[v] <= s->lim[top];
}

/* Numbers the subtree of `v` from `low` on, keeping v's own parent edge. */
static void number_tree(struct simplex *s, uint32_t v, uint32_t low) {
    uint32_t depth = 0, next = low;
    s->stack[depth] = v;
    s->at[v] = s->start[v];
    s->low[v] = next;
    for (;;) {
        uint32_t u = s->stack[depth];
        if (s->at[u] == s->start[u + 1]) {
            s->order[next] = u;
            s->lim[u] = next++;
            if (depth-- == 0)
                return;
            continue;
        }
        uint32_t e = s->list[s->at[u]++];
        if (!s->in_tree[e] || e == s->parent[u])
            continue;
        uint32_t w = other_end(s, e, u);
        s->parent[w] = e;
        s->low[w] = next;
        s->at[w] = s->start[w];
        s->stack[++depth] = w;
    }
}

/* A spanning tree of tight edges from node 0; moves what is not yet reached until an edge to it is tight. */
static void build_tree(struct simplex *s) {
    uint8_t *reached = (uint8_t *)s->at; /* n bytes of scratch */
    memset(reached, 0, s->n);
    memset(s->in_tree, 0, s->m);
    uint32_t n_queue = 0, done = 0, n_tree = 0;
    s->stack[n_queue++] = 0;
    reached[0] = 1;
    for (;;) {
        while (done < n_queue) {
            uint32_t v = s->stack[done++];
            for (uint32_t i = s->start[v]; i < s->start[v + 1]; i++) {
                uint32_t e = s->list[i], w = other_end(s, e, v);
                if (reached[w] || slack(s, e) != 0)
                    continue;
                reached[w] = 1;
                s->in_tree[e] = 1;
                s->tree[n_tree++] = e;
                s->stack[n_queue++] = w;
            }
        }
        if (n_queue == s->n)
            break;
        uint32_t best = LAY_NONE;
        for (uint32_t e = 0; e < s->m; e++)
            if (reached[s->tail[e]] != reached[s->head[e]] && (best == LAY_NONE || slack(s, e) < slack(s, best)))
                best = e;
        /* Every node hangs on node 0 (see pin_parts), so there is such an edge. */
        int32_t shift = slack(s, best);
        if (reached[s->tail[best]])
            shift = -shift;
        for (uint32_t v = 0; v < s->n; v++)
            if (!reached[v])
                s->rank[v] += shift;
        uint32_t v = reached[s->tail[best]] ? s->tail[best] : s->head[best], w = other_end(s, best, v);
        reached[w] = 1;
        s->in_tree[best] = 1;
        s->tree[n_tree++] = best;
        s->stack[n_queue++] = w;
    }
}

/* Cut values from the leaves up: that of the edge above v from those below v. */
static void compute_cuts(struct simplex *s) {
    for (uint32_t i = 0; i + 1 < s->n; i++) {
        uint32_t v = s->order[i], up = s->parent[v];
        bool v_is_tail = s->tail[up] == v;
        int32_t cut = s->weight[up];
        for (uint32_t k = s->start[v]; k < s->start[v + 1]; k++) {
            uint32_t e = s->list[k];
            if (e == up)
                continue;
            bool same_way = (s->tail[e] == v) == v_is_tail;
            cut += same_way ? s->weight[e] : -s->weight[e];
            if (s->in_tree[e])
                cut += same_way ? -s->cut[e] : s->cut[e];
        }
        s->cut[up] = cut;
    }
}

/* The worst of the next few tree edges with a negative cut value; index in `tree`, or LAY_NONE. */
static uint32_t find_leaving(struct simplex *s) {
    uint32_t best = LAY_NONE, found = 0, n_tree = s->n - 1;
    for (uint32_t i = 0; i < n_tree; i++) {
        uint32_t k = s->search_from++;
        if (s->search_from >= n_tree)
            s->search_from = 0;
        if (s->cut[s->tree[k]] >= 0)
            continue;
        if (best == LAY_NONE || s->cut[s->tree[k]] < s->cut[s->tree[best]])
            best = k;
        if (++found == SEARCH)
            break;
    }
    return best;
}

/* The shortest edge that crosses the cut of tree edge e against its direction; LAY_NONE if there is none. */
static uint32_t find_entering(const struct simplex *s, uint32_t e) {
    uint32_t below = s->lim[s->tail[e]] < s->lim[s->head[e]] ? s->tail[e] : s->head[e];
    bool into_below = below == s->tail[e]; /* wanted: edges that lead into the subtree */
    uint32_t size = s->lim[below] - s->low[below] + 1;
    bool scan_below = size <= s->n - size;
    uint32_t best = LAY_NONE;
    int32_t best_slack = INT32_MAX;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t v;
        if (scan_below) {
            if (i == size)
                break;
            v = s->order[s->low[below] + i];
        } else {
            if (i == s->low[below]) {
                i = s->lim[below];
                continue;
            }
            v = s->order[i];
        }
        bool want_head = into_below == scan_below; /* v must be the head of the edge */
        for (uint32_t k = s->start[v]; k < s->start[v + 1]; k++) {
            uint32_t f = s->list[k];
            if (s->in_tree[f] || (s->head[f] == v) != want_head)
                continue;
            if (inside(s, other_end(s, f, v), below) == scan_below)
                continue;
            int32_t sl = slack(s, f);
            if (sl < best_slack) {
                best_slack = sl;
                best = f;
                if (sl == 0)
                    return best;
            }
        }
    }
    return best;
}

/* Walks from v up to the first node that has w below it, changing cut values on the way. */
static uint32_t update_cuts(struct simplex *s, uint32_t v, uint32_t w, int32_t cut, bool dir) {
    while (!inside(s, w, v)) {
        uint32_t e = s->parent[v];
        bool add = s->tail[e] == v ? dir : !dir;
        s->cut[e] += add ? cut : -cut;
        v = other_end(s, e, v);
    }
    return v;
}

static void pivot(struct simplex *s, uint32_t leaving_index, uint32_t enter) {
    uint32_t leave = s->tree[leaving_index];
    int32_t delta = slack(s, enter);
    uint32_t below = s->lim[s->tail[leave]] < s->lim[s->head[leave]] ? s->tail[leave] : s->head[leave];
    if (delta > 0) {
        /* The tail's side moves up by delta, or the head's side down. */
        int32_t shift = below == s->tail[leave] ? -delta : delta;
        uint32_t size = s->lim[below] - s->low[below] + 1;
        if (size <= s->n - size) {
            for (uint32_t i = s->low[below]; i <= s->lim[below]; i++)
                s->rank[s->order[i]] += shift;
        } else {
            for (uint32_t i = 0; i < s->low[below]; i++)
                s->rank[s->order[i]] -= shift;
            for (uint32_t i = s->lim[below] + 1; i < s->n; i++)
                s->rank[s->order[i]] -= shift;
        }
    }
    int32_t cut = s->cut[leave];
    uint32_t top = update_cuts(s, s->tail[enter], s->head[enter], cut, true);
    update_cuts(s, s->head[enter], s->tail[enter], cut, false);
    s->cut[enter] = -cut;
    s->in_tree[leave] = 0;
    s->in_tree[enter] = 1;
    s->tree[leaving_index] = enter;
    number_tree(s, top, s->low[top]);
}

/* Parts without a tie to node 0 are tied to it where they stand, at no cost. */
static void pin_parts(struct simplex *s) {
    for (uint32_t v = 0; v < s->n; v++)
        s->set[v] = v;
    for (uint32_t e = 0; e < s->m; e++)
        set_join(s->set, s->tail[e], s->head[e]);
    for (uint32_t v = 1; v < s->n; v++) {
        if (set_find(s->set, v) == 0)
            continue;
        s->tail[s->m] = 0;
        s->head[s->m] = v;
        s->least[s->m] = s->rank[v];
        s->weight[s->m++] = 0;
        s->set[set_find(s->set, v)] = 0;
    }
}

/* Fills start and list from tail and head. */
static void group_ends(struct simplex *s) {
    memset(s->start, 0, (s->n + 2) * sizeof *s->start);
    for (uint32_t e = 0; e < s->m; e++) {
        s->start[s->tail[e] + 2]++;
        s->start[s->head[e] + 2]++;
    }
    for (uint32_t v = 0; v < s->n; v++)
        s->start[v + 2] += s->start[v + 1];
    for (uint32_t e = 0; e < s->m; e++) {
        s->list[s->start[s->tail[e] + 1]++] = e;
        s->list[s->start[s->head[e] + 1]++] = e;
    }
}

static bool reserve(struct simplex *s, struct arena *a, uint32_t n, uint32_t m) {
    m += n; /* pins */
    if (m > s->cap_m) {
        uint32_t cap = m + m / 2;
        s->tail = LAY_NEW(a, uint32_t, cap);
        s->head = LAY_NEW(a, uint32_t, cap);
        s->least = LAY_NEW(a, int32_t, cap);
        s->weight = LAY_NEW(a, int32_t, cap);
        s->cut = LAY_NEW(a, int32_t, cap);
        s->in_tree = LAY_NEW(a, uint8_t, cap);
        s->list = LAY_NEW(a, uint32_t, (size_t)cap * 2);
        if (!s->tail || !s->head || !s->least || !s->weight || !s->cut || !s->in_tree || !s->list)
            return false;
        s->cap_m = cap;
    }
    if (n > s->cap_n) {
        uint32_t **arrays[] = {&s->tree, &s->parent, &s->low, &s->lim, &s->order, &s->stack, &s->at, &s->set};
        for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
            if (!(*arrays[i] = LAY_NEW(a, uint32_t, n)))
                return false;
        s->rank = LAY_NEW(a, int32_t, n);
        s->start = LAY_NEW(a, uint32_t, (size_t)n + 2);
        if (!s->rank || !s->start)
            return false;
        s->cap_n = n;
    }
    return true;
}

static void solve(struct simplex *s) {
    if (s->n < 2)
        return;
    pin_parts(s);
    group_ends(s);
    build_tree(s);
    s->parent[0] = LAY_NONE;
    number_tree(s, 0, 0);
    compute_cuts(s);
    s->search_from = 0;
    for (uint32_t budget = s->n * PIVOTS_PER_NODE; budget; budget--) {
        uint32_t leave = find_leaving(s);
        if (leave == LAY_NONE)
            break;
        uint32_t enter = find_entering(s, s->tree[leave]);
        if (enter == LAY_NONE)
            break; /* cannot be while a cut value is negative */
        pivot(s, leave, enter);
    }
}

enum layout_status lay_shorten(struct lay_ctx *c, uint32_t n, uint32_t m, const uint32_t *tail, const uint32_t *head,
                               const struct lay_csr *out, const struct lay_csr *in, int32_t *rank) {
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(c->tmp);
    struct simplex s = {0};
    uint64_t *by_rank = LAY_NEW(c->tmp, uint64_t, n), *tmp = LAY_NEW(c->tmp, uint64_t, n);
    uint32_t *local = LAY_ZERO(c->tmp, uint32_t, n); /* number in the window; 0 = outside */
    if (!by_rank || !tmp || !local || m == 0) {
        if (m == 0)
            status = LAYOUT_OK;
        goto end;
    }
    uint32_t n_nodes = 0;
    for (uint32_t v = 0; v < n; v++)
        if (out->start[v] != out->start[v + 1] || in->start[v] != in->start[v + 1])
            by_rank[n_nodes++] = (uint64_t)((uint32_t)rank[v] ^ 0x80000000u) << 32 | v;
    lay_sort_u64(by_rank, tmp, n_nodes);

    for (uint32_t from = 0; from < n_nodes; from += WINDOW / 2) {
        uint32_t to = n_nodes - from <= WINDOW ? n_nodes : from + WINDOW;
        uint32_t n_edges = 0;
        for (uint32_t i = from; i < to; i++) {
            uint32_t v = (uint32_t)by_rank[i];
            local[v] = i - from + 1;
            n_edges += out->start[v + 1] - out->start[v] + 2;
        }
        if (!reserve(&s, c->tmp, to - from + 1, n_edges))
            goto end;
        s.n = to - from + 1;
        s.m = 0;
        s.rank[0] = 0;
        for (uint32_t i = from; i < to; i++) {
            uint32_t v = (uint32_t)by_rank[i], me = i - from + 1;
            int32_t n_out = 0, n_in = 0, lowest = INT32_MAX, highest = INT32_MIN;
            s.rank[me] = rank[v];
            for (uint32_t k = out->start[v]; k < out->start[v + 1]; k++) {
                uint32_t w = head[out->list[k]];
                if (local[w]) {
                    s.tail[s.m] = me;
                    s.head[s.m] = local[w];
                    s.least[s.m] = 1;
                    s.weight[s.m++] = 1;
                } else {
                    n_out++;
                    lowest = rank[w] < lowest ? rank[w] : lowest;
                }
            }
            for (uint32_t k = in->start[v]; k < in->start[v + 1]; k++) {
                uint32_t w = tail[in->list[k]];
                if (!local[w]) {
                    n_in++;
                    highest = rank[w] > highest ? rank[w] : highest;
                }
            }
            if (n_out) {
                s.tail[s.m] = me;
                s.head[s.m] = 0;
                s.least[s.m] = 1 - lowest;
                s.weight[s.m++] = n_out;
            }
            if (n_in) {
                s.tail[s.m] = 0;
                s.head[s.m] = me;
                s.least[s.m] = 1 + highest;
                s.weight[s.m++] = n_in;
            }
        }
        solve(&s);
        for (uint32_t i = from; i < to; i++) {
            uint32_t v = (uint32_t)by_rank[i];
            rank[v] = s.rank[i - from + 1] - s.rank[0];
            local[v] = 0;
        }
        if (!lay_progress(c, 0.1 + 0.15 * to / n_nodes)) {
            status = LAYOUT_CANCELLED;
            goto end;
        }
        if (to == n_nodes)
            break;
    }
    status = LAYOUT_OK;
end:
    arena_reset(c->tmp, mark);
    return status;
}
