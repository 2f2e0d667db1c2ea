/* lay_place.c - coordinates along the rank.
 *
 * Brandes, Koepf, "Fast and Simple Horizontal Coordinate Assignment", 2001, with the block graph of longest paths in
 * place of their class shifts (whose flaw their 2020 erratum describes), ports as in Ruegg, Schulze, Carstens, von
 * Hanxleden, "Size- and Port-Aware Horizontal Node Coordinate Assignment", 2015, and a finishing phase:
 *
 *   1. links that cross a trunk are marked: they may not be straight, so that trunks are
 *   2. four times (from above or below, leftmost or rightmost): every element is put in line with the median of its
 *      neighbours, which gives *blocks* that are drawn straight; blocks are packed by longest paths
 *   3. the mean of the two middle ones of the four coordinates
 *   4. blocks of what came out straight are moved to where their links are shortest (lay_finish.c)
 *
 * Inputs that come from nowhere (weights) do not attract while there are others: the main line stays straight.
 *
 * Invariants: 1. within a block, x[v] = x[root] + shift[v], and links of the block are vertical, port to port.
 * 2. x[right] - x[left] >= lay_gap(left, right) for neighbours in a rank, after each of the four and at the end.
 */
#include <math.h>
#include <string.h>

#include "layout/lay_line.h"

struct placer {
    const struct lay_graph *g;
    struct lay_geometry *geo;
    uint8_t *blocked;                /* (n_links) */
    uint8_t *best_up, *best_down;    /* (n_elems) see class_of */
    uint32_t *depth_up, *depth_down; /* (n_elems) see find_depths */
    uint32_t *root, *next;           /* (n_elems) block and the circular list of its members */
    double *shift;                   /* (n_elems) */
    double *x[4];                    /* (n_elems) */
    uint32_t *waits;                 /* (n_elems) at roots: left neighbours not placed yet */
    uint32_t *queue;                 /* (n_elems) */
    uint64_t *keys, *tmp;            /* (most links at an element) */
};

/* The trunk link above (or below) a dummy, LAY_NONE if it has none. */
static inline uint32_t inner_arc(const struct lay_graph *g, uint32_t v, bool above) {
    if (v < g->n)
        return LAY_NONE;
    const struct lay_trunk *t = &g->trunks[g->elem_trunk[v - g->n]];
    uint32_t r = g->elem_rank[v];
    if (above ? r == t->rank0 : r == t->rank1)
        return LAY_NONE;
    const struct lay_arc *arcs = above ? g->up : g->down;
    for (uint32_t i = above ? g->up_start[v] : g->down_start[v];; i++)
        if (g->links[arcs[i].link].inner)
            return i;
}

/* Marks links that cross a trunk, and one of two trunk pieces that cross each other. */
static void mark_conflicts(struct placer *p) {
    const struct lay_graph *g = p->g;
    for (uint32_t r = 0; r + 1 < g->n_ranks; r++) {
        const uint32_t *lower = g->layer + g->layer_start[r + 1];
        uint32_t n = g->layer_start[r + 2] - g->layer_start[r + 1];
        uint32_t left = 0, scanned = 0;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t inner = inner_arc(g, lower[i], true), right = UINT32_MAX;
            if (inner != LAY_NONE) {
                right = g->pos[g->up[inner].to];
                if (right < left) {
                    p->blocked[g->up[inner].link] = 1; /* crosses a trunk piece further left */
                    continue;
                }
            } else if (i + 1 < n) {
                continue;
            }
            for (; scanned <= i; scanned++) {
                uint32_t v = lower[scanned];
                for (uint32_t k = g->up_start[v]; k < g->up_start[v + 1]; k++) {
                    uint32_t at = g->pos[g->up[k].to];
                    if (at < left || at > right)
                        p->blocked[g->up[k].link] = 1;
                }
            }
            left = right;
        }
    }
}

/* Who may be in line with a common neighbour: ops with further neighbours, before dummies, before loose ends. */
static inline uint8_t class_of(const struct lay_graph *g, uint32_t v, bool above) {
    return v >= g->n ? 1 : lay_is_loose(g, v, above) ? 2 : 0;
}

/* The best class among the neighbours of every element on both sides. */
static void find_classes(struct placer *p) {
    const struct lay_graph *g = p->g;
    memset(p->best_up, 3, g->n_elems);
    memset(p->best_down, 3, g->n_elems);
    for (uint32_t i = 0; i < g->n_links; i++) {
        uint32_t a = g->links[i].a, b = g->links[i].b;
        uint8_t up = class_of(g, a, true), down = class_of(g, b, false);
        p->best_up[b] = up < p->best_up[b] ? up : p->best_up[b];
        p->best_down[a] = down < p->best_down[a] ? down : p->best_down[a];
    }
}

/* How many ops are on the longest way to an end in each direction. */
static void find_depths(struct placer *p) {
    const struct lay_graph *g = p->g;
    for (uint32_t step = 0; step < g->n_ranks; step++)
        for (int up = 0; up < 2; up++) {
            uint32_t r = up ? step : g->n_ranks - 1 - step, *depth = up ? p->depth_up : p->depth_down;
            const uint32_t *start = up ? g->up_start : g->down_start;
            const struct lay_arc *arcs = up ? g->up : g->down;
            for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++) {
                uint32_t v = g->layer[i], most = 0;
                for (uint32_t k = start[v]; k < start[v + 1]; k++)
                    most = depth[arcs[k].to] > most ? depth[arcs[k].to] : most;
                depth[v] = most + (v < g->n);
            }
        }
}

/* The one or two median arcs of v; returns how many. */
static uint32_t median_arcs(const struct placer *p, uint32_t v, bool above, uint32_t median[2]) {
    const struct lay_graph *g = p->g;
    uint32_t inner = inner_arc(g, v, above);
    if (inner != LAY_NONE) {
        median[0] = inner;
        return 1;
    }
    const struct lay_arc *arcs = above ? g->up : g->down;
    uint32_t start = above ? g->up_start[v] : g->down_start[v], end = above ? g->up_start[v + 1] : g->down_start[v + 1];
    if (end - start == 1) {
        median[0] = start;
        return 1;
    }
    uint32_t n = 0;
    uint8_t best = (above ? p->best_up : p->best_down)[v];
    for (uint32_t i = start; i < end; i++)
        if (class_of(g, arcs[i].to, above) == best)
            p->keys[n++] = (uint64_t)g->pos[arcs[i].to] << 32 | i;
    if (n == 0)
        return 0;
    lay_sort_u64(p->keys, p->tmp, n);
    median[0] = (uint32_t)p->keys[(n - 1) / 2];
    median[1] = (uint32_t)p->keys[n / 2];
    /* Of two ways the longer one goes straight on: a chain of forks would drift to one side otherwise. */
    const uint32_t *depth = above ? p->depth_up : p->depth_down;
    uint32_t first = depth[arcs[median[0]].to], second = depth[arcs[median[1]].to];
    if (first < second)
        median[0] = median[1];
    return first == second && median[0] != median[1] ? 2 : 1;
}

/* Puts every element in line with a median neighbour above (or below), if nothing already in line is crossed. */
static void align(struct placer *p, bool above, bool leftmost) {
    const struct lay_graph *g = p->g;
    for (uint32_t v = 0; v < g->n_elems; v++) {
        p->root[v] = p->next[v] = v;
        p->shift[v] = 0;
    }
    for (uint32_t step = 1; step < g->n_ranks; step++) {
        uint32_t r = above ? step : g->n_ranks - 1 - step;
        const uint32_t *layer = g->layer + g->layer_start[r];
        uint32_t n = g->layer_start[r + 1] - g->layer_start[r];
        int64_t used = leftmost ? -1 : INT64_MAX; /* position of the last neighbour in line */
        for (uint32_t i = 0; i < n; i++) {
            uint32_t v = layer[leftmost ? i : n - 1 - i], median[2];
            uint32_t n_medians = median_arcs(p, v, above, median);
            for (uint32_t k = 0; k < n_medians; k++) {
                const struct lay_arc *arc = &(above ? g->up : g->down)[median[leftmost ? k : n_medians - 1 - k]];
                int64_t at = g->pos[arc->to];
                /* v must be among the best that its neighbour can have */
                if (!g->links[arc->link].inner && class_of(g, v, !above) > (above ? p->best_down : p->best_up)[arc->to])
                    continue;
                if (p->blocked[arc->link] || (leftmost ? at <= used : at >= used))
                    continue;
                used = at;
                uint32_t u = arc->to;
                double up = lay_upper_offset(p->g, p->geo, arc->link), low = lay_lower_offset(p->g, p->geo, arc->link);
                p->root[v] = p->root[u];
                p->shift[v] = p->shift[u] + (above ? up - low : low - up);
                p->next[v] = p->next[u];
                p->next[u] = v;
                break;
            }
        }
    }
}

/* Orders the blocks from left to right in `queue` (Kahn); returns how many. */
static uint32_t order_blocks(struct placer *p) {
    const struct lay_graph *g = p->g;
    memset(p->waits, 0, g->n_elems * sizeof *p->waits);
    for (uint32_t r = 0; r < g->n_ranks; r++)
        for (uint32_t i = g->layer_start[r] + 1; i < g->layer_start[r + 1]; i++)
            p->waits[p->root[g->layer[i]]]++;
    uint32_t n = 0;
    for (uint32_t v = 0; v < g->n_elems; v++)
        if (p->root[v] == v && p->waits[v] == 0)
            p->queue[n++] = v;
    for (uint32_t q = 0; q < n; q++) {
        uint32_t v = p->queue[q];
        do {
            uint32_t i = g->layer_start[g->elem_rank[v]] + g->pos[v] + 1;
            if (i < g->layer_start[g->elem_rank[v] + 1]) {
                uint32_t right = p->root[g->layer[i]];
                if (--p->waits[right] == 0)
                    p->queue[n++] = right;
            }
            v = p->next[v];
        } while (v != p->queue[q]);
    }
    return n;
}

/* Packs blocks to the left, then takes back the room that is not needed (or mirrored: to the right). */
static void pack(struct placer *p, double *x, bool leftmost) {
    const struct lay_graph *g = p->g;
    uint32_t n = order_blocks(p);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t root = p->queue[leftmost ? i : n - 1 - i], v = root;
        double at = leftmost ? -INFINITY : INFINITY;
        do {
            uint32_t beside = leftmost ? lay_left_of(g, v) : lay_right_of(g, v);
            if (beside != LAY_NONE) {
                double there = x[p->root[beside]] + p->shift[beside];
                double limit = leftmost ? there + lay_gap(p->g, p->geo, beside, v) - p->shift[v]
                                        : there - lay_gap(p->g, p->geo, v, beside) - p->shift[v];
                at = leftmost ? fmax(at, limit) : fmin(at, limit);
            }
            v = p->next[v];
        } while (v != root);
        x[root] = isinf(at) ? 0 : at;
    }
    for (uint32_t i = n; i-- > 0;) {
        uint32_t root = p->queue[leftmost ? i : n - 1 - i], v = root;
        double at = leftmost ? INFINITY : -INFINITY;
        do {
            uint32_t beside = leftmost ? lay_right_of(g, v) : lay_left_of(g, v);
            if (beside != LAY_NONE) {
                double there = x[p->root[beside]] + p->shift[beside];
                double limit = leftmost ? there - lay_gap(p->g, p->geo, v, beside) - p->shift[v]
                                        : there + lay_gap(p->g, p->geo, beside, v) - p->shift[v];
                at = leftmost ? fmin(at, limit) : fmax(at, limit);
            }
            v = p->next[v];
        } while (v != root);
        if (!isinf(at))
            x[root] = leftmost ? fmax(x[root], at) : fmin(x[root], at);
    }
    for (uint32_t v = 0; v < g->n_elems; v++)
        if (p->root[v] != v)
            x[v] = x[p->root[v]] + p->shift[v];
}

static void extent(const struct placer *p, const double *x, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (uint32_t v = 0; v < p->g->n_elems; v++) {
        *low = fmin(*low, x[v] - lay_half_width(p->g, p->geo, v));
        *high = fmax(*high, x[v] + lay_half_width(p->g, p->geo, v));
    }
}

/* The four assignments are laid over the narrowest; each element gets the mean of its two middle coordinates. */
static void balance(struct placer *p) {
    double low[4], high[4];
    int narrow = 0;
    for (int k = 0; k < 4; k++) {
        extent(p, p->x[k], &low[k], &high[k]);
        if (high[k] - low[k] < high[narrow] - low[narrow])
            narrow = k;
    }
    double move[4];
    for (int k = 0; k < 4; k++)
        move[k] = k & 1 ? high[narrow] - high[k] : low[narrow] - low[k];
    for (uint32_t v = 0; v < p->g->n_elems; v++) {
        double a = p->x[0][v] + move[0], b = p->x[1][v] + move[1];
        double c = p->x[2][v] + move[2], d = p->x[3][v] + move[3];
        double least = fmin(fmin(a, b), fmin(c, d)), most = fmax(fmax(a, b), fmax(c, d));
        p->geo->x[v] = (a + b + c + d - least - most) * 0.5;
    }
}

/* Takes all that lining up needs from the arena for passing memory. */
static bool reserve(struct placer *p, struct arena *a) {
    const struct lay_graph *g = p->g;
    uint32_t most = 1;
    for (uint32_t v = 0; v < g->n_elems; v++) {
        uint32_t up = g->up_start[v + 1] - g->up_start[v], down = g->down_start[v + 1] - g->down_start[v];
        most = up > most ? up : most;
        most = down > most ? down : most;
    }
    p->blocked = LAY_ZERO(a, uint8_t, g->n_links);
    p->root = LAY_NEW(a, uint32_t, g->n_elems);
    p->next = LAY_NEW(a, uint32_t, g->n_elems);
    p->shift = LAY_NEW(a, double, g->n_elems);
    p->waits = LAY_NEW(a, uint32_t, g->n_elems);
    p->queue = LAY_NEW(a, uint32_t, g->n_elems);
    p->keys = LAY_NEW(a, uint64_t, most);
    p->tmp = LAY_NEW(a, uint64_t, most);
    p->best_up = LAY_NEW(a, uint8_t, g->n_elems);
    p->best_down = LAY_NEW(a, uint8_t, g->n_elems);
    bool ok = p->best_up && p->best_down && p->blocked && p->root && p->next && p->shift && p->waits && p->queue &&
              p->keys && p->tmp;
    for (int k = 0; k < 4; k++)
        ok = ok && (p->x[k] = LAY_NEW(a, double, g->n_elems));
    /* Depths are for lining up; the last coordinates are written after that has been done for the last time. */
    p->depth_up = (void *)p->x[3];
    p->depth_down = ok ? p->depth_up + g->n_elems : NULL;
    return ok;
}

/* Steps 1 to 3, into geo->x. `quiet`: without telling of progress. */
static enum layout_status line_up(struct lay_ctx *c, const struct lay_graph *g, struct lay_geometry *geo, bool quiet) {
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(c->tmp);
    struct placer p = {.g = g, .geo = geo};
    if (!reserve(&p, c->tmp))
        goto end;
    mark_conflicts(&p);
    find_classes(&p);
    find_depths(&p);
    for (int k = 0; k < 4; k++) {
        align(&p, k < 2, (k & 1) == 0);
        pack(&p, p.x[k], (k & 1) == 0);
        if (!quiet && !lay_progress(c, 0.8 + 0.04 * (k + 1))) {
            status = LAYOUT_CANCELLED;
            goto end;
        }
    }
    balance(&p);
    status = LAYOUT_OK;
end:
    arena_reset(c->tmp, mark);
    return status;
}

enum layout_status lay_place(struct lay_ctx *c, const struct lay_graph *g, struct lay_geometry *geo) {
    geo->x = LAY_NEW(geo->arena, double, g->n_elems);
    if (!geo->x)
        return LAYOUT_NO_MEMORY;
    enum layout_status status = line_up(c, g, geo, false);
    return status == LAYOUT_OK ? lay_finish(c->tmp, g, geo, 8, true) : status;
}

enum layout_status lay_estimate(struct lay_ctx *c, const struct lay_graph *g, double *length) {
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(c->tmp);
    double *w = LAY_NEW(c->tmp, double, g->n), *off = LAY_ZERO(c->tmp, double, g->m);
    struct lay_geometry geo = {
        .arena = c->tmp, .w = w, .box_w = w, .out_off = off, .in_off = off, .node_sep = 18, .edge_sep = 10};
    geo.x = LAY_NEW(c->tmp, double, g->n_elems);
    if (!w || !off || !geo.x)
        goto end;
    for (uint32_t v = 0; v < g->n; v++)
        w[v] = lay_is_border(g->kind[v]) ? 0 : 80;
    status = line_up(c, g, &geo, true);
    if (status == LAYOUT_OK)
        status = lay_finish(c->tmp, g, &geo, 2, false);
    *length = 0;
    for (uint32_t v = 0; v < g->n_elems && status == LAYOUT_OK; v++)
        for (uint32_t i = g->down_start[v]; i < g->down_start[v + 1]; i++)
            *length += (double)g->down[i].weight * fabs(geo.x[v] - geo.x[g->down[i].to]);
end:
    arena_reset(c->tmp, mark);
    return status;
}
