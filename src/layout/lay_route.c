/* lay_route.c - coordinates across the ranks, and polylines.
 *
 * A rank is as high as its highest box; boxes stand in its middle. Between ranks r and r + 1 lies a gap of rank_sep
 * (at the ends: of less); lines are vertical inside ranks and slant only in gaps, so no line passes through a box:
 *
 *      ____          ____
 *     |    |        |    |     rank r: a line leaves its box and goes straight down to the rank's lower edge,
 *     |____|        |    |
 *        |          |____|
 *     ...|.............|....
 *         \           /        gap: straight from port to dummy, dummy to dummy, dummy to port
 *     .....\........./......
 *           |       |
 *
 * Corners on a straight stretch are left out; a trunk without bends costs an edge two points.
 */
#include <math.h>

#include "layout/lay.h"

/* Lanes lie side by side right of everything; two share a place when their ranks do not meet. A heap of the places
 * by the rank where they become free again. */
static enum layout_status place_lanes(struct lay_ctx *c, const struct lay_graph *g, struct lay_geometry *geo) {
    if (g->n_lanes == 0)
        return LAYOUT_OK;
    struct arena_mark mark = arena_mark(c->tmp);
    uint64_t *order = LAY_NEW(c->tmp, uint64_t, g->n_lanes), *heap = LAY_NEW(c->tmp, uint64_t, g->n_lanes);
    if (!order || !heap) {
        arena_reset(c->tmp, mark);
        return LAYOUT_NO_MEMORY;
    }
    for (uint32_t i = 0; i < g->n_lanes; i++)
        order[i] = (uint64_t)g->lanes[i].rank0 << 32 | i;
    lay_sort_u64(order, heap, g->n_lanes);
    uint32_t n_heap = 0;
    for (uint32_t i = 0; i < g->n_lanes; i++) {
        const struct lay_trunk *t = &g->lanes[(uint32_t)order[i]];
        uint32_t place = n_heap, at;
        if (n_heap && (heap[0] >> 32) < t->rank0) {
            place = (uint32_t)heap[0];
            at = 0; /* takes the root's place, sinks */
            uint64_t key = (uint64_t)t->rank1 << 32 | place;
            for (uint32_t child; (child = 2 * at + 1) < n_heap; at = child) {
                if (child + 1 < n_heap && heap[child + 1] < heap[child])
                    child++;
                if (heap[child] >= key)
                    break;
                heap[at] = heap[child];
            }
            heap[at] = key;
        } else {
            uint64_t key = (uint64_t)t->rank1 << 32 | place;
            at = n_heap++;
            for (; at && heap[(at - 1) / 2] > key; at = (at - 1) / 2)
                heap[at] = heap[(at - 1) / 2];
            heap[at] = key;
        }
        geo->lane_x[(uint32_t)order[i]] = geo->right + geo->edge_sep * (place + 1);
    }
    geo->right += geo->edge_sep * (n_heap + 1);
    arena_reset(c->tmp, mark);
    return LAYOUT_OK;
}

/* Whether a line passes a dummy: the trunk of a back edge reaches beyond what route_back draws. */
static bool is_drawn(const struct lay_graph *g, uint32_t dummy) {
    const struct lay_edge *e = &g->edges[g->trunks[g->elem_trunk[dummy - g->n]].edge];
    uint32_t r = g->elem_rank[dummy];
    return !(e->flags & LAY_BACK) || (r >= g->rank[e->to] && r <= g->rank[e->from]);
}

/* The gap beside an outermost rank without boxes (border ports, turns of back edges), r or r + 1, is as small as its lines
 * let it be: little more than the turns need where they are straight, a whole one where one goes four times as far to the
 * side. */
static double outer_gap(const struct lay_graph *g, const struct lay_geometry *geo, uint32_t r) {
    const double least = 0.4;
    double farthest = 0;
    for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++) {
        uint32_t v = g->layer[i];
        for (uint32_t k = g->down_start[v]; k < g->down_start[v + 1]; k++) {
            const struct lay_link *l = &g->links[g->down[k].link];
            if ((l->a >= g->n && !is_drawn(g, l->a)) || (l->b >= g->n && !is_drawn(g, l->b)))
                continue;
            double a = geo->x[l->a] + (l->a_edge == LAY_NONE ? 0 : geo->out_off[l->a_edge]);
            double b = geo->x[l->b] + (l->b_edge == LAY_NONE ? 0 : geo->in_off[l->b_edge]);
            farthest = fmax(farthest, fabs(a - b));
        }
    }
    return geo->rank_sep * fmin(1, least + (1 - least) * farthest / (4 * geo->rank_sep));
}

enum layout_status lay_make_rows(const struct lay_graph *g, struct lay_geometry *geo) {
    geo->rank_y = LAY_NEW(geo->arena, double, (size_t)g->n_ranks + 1);
    geo->rank_h = LAY_ZERO(geo->arena, double, (size_t)g->n_ranks + 1);
    geo->node_y = LAY_NEW(geo->arena, double, g->n);
    if (!geo->rank_y || !geo->rank_h || !geo->node_y)
        return LAYOUT_NO_MEMORY;
    for (uint32_t v = 0; v < g->n; v++)
        geo->rank_h[g->rank[v]] = fmax(geo->rank_h[g->rank[v]], geo->h[v]);
    geo->bottom = 0;
    for (uint32_t r = 0; r < g->n_ranks; r++) {
        bool last = r + 1 == g->n_ranks;
        bool outer = (r == 0 && geo->rank_h[r] == 0) || (r + 2 == g->n_ranks && geo->rank_h[r + 1] == 0);
        geo->rank_y[r] = geo->bottom;
        geo->bottom += geo->rank_h[r] + (last ? 0 : outer ? outer_gap(g, geo, r) : geo->rank_sep);
    }
    for (uint32_t v = 0; v < g->n; v++)
        geo->node_y[v] = geo->rank_y[g->rank[v]] + (geo->rank_h[g->rank[v]] - geo->h[v]) * 0.5;
    return LAYOUT_OK;
}

enum layout_status lay_make_sides(struct lay_ctx *c, const struct lay_graph *g, struct lay_geometry *geo) {
    geo->lane_x = LAY_NEW(geo->arena, double, g->n_lanes);
    if (!geo->lane_x)
        return LAYOUT_NO_MEMORY;
    geo->left = INFINITY;
    geo->right = -INFINITY;
    for (uint32_t v = 0; v < g->n_elems; v++) {
        double half = v < g->n ? geo->w[v] * 0.5 : 0;
        if (v >= g->n && !is_drawn(g, v))
            continue;
        geo->left = fmin(geo->left, geo->x[v] - half);
        geo->right = fmax(geo->right, geo->x[v] + half);
    }
    geo->straight_to = LAY_NEW(geo->arena, uint32_t, g->n_elems - g->n);
    if (!geo->straight_to)
        return LAYOUT_NO_MEMORY;
    for (uint32_t t = 0; t < g->n_trunks; t++)
        for (uint32_t r = g->trunks[t].rank1;; r--) {
            uint32_t d = g->trunks[t].first + (r - g->trunks[t].rank0);
            bool on = r < g->trunks[t].rank1 && geo->x[d] == geo->x[d + 1];
            geo->straight_to[d - g->n] = on ? geo->straight_to[d - g->n + 1] : r;
            if (r == g->trunks[t].rank0)
                break;
        }
    return place_lanes(c, g, geo);
}

uint32_t lay_route_max(const struct lay_graph *g, uint32_t edge) {
    const struct lay_edge *e = &g->edges[edge];
    if (e->flags & (LAY_SELF | LAY_LANE))
        return 10;
    uint32_t a = g->rank[e->from], b = g->rank[e->to];
    return 2 * (a > b ? a - b : b - a) + 12;
}

struct pen {
    struct layout_point *pts;
    uint32_t n;
};

/* Adds a point; drops the one before it when that lies on the way. */
static void line_to(struct pen *pen, double x, double y) {
    if (pen->n && pen->pts[pen->n - 1].x == x && pen->pts[pen->n - 1].y == y)
        return;
    if (pen->n >= 2) {
        struct layout_point *a = &pen->pts[pen->n - 2], *b = &pen->pts[pen->n - 1];
        if (a->x == b->x && b->x == x && (y - b->y) * (b->y - a->y) >= 0) {
            b->y = y;
            return;
        }
    }
    pen->pts[pen->n++] = (struct layout_point){x, y};
}

static uint32_t route_back(const struct lay_graph *g, const struct lay_geometry *geo, const struct lay_edge *e,
                           struct pen *pen, double from_x, double to_x) {
    uint32_t rf = g->rank[e->from], rt = g->rank[e->to];
    /* The turns use the inner thirds of their gaps, so that they do not touch the boxes on the other side. */
    double below = geo->rank_y[rf] + geo->rank_h[rf] + geo->rank_sep / 3;
    double above = geo->rank_y[rt] - geo->rank_sep / 3;
    line_to(pen, from_x, geo->node_y[e->from] + geo->h[e->from]);
    line_to(pen, from_x, below);
    if (e->flags & LAY_LANE) {
        line_to(pen, geo->lane_x[e->trunk], below);
        line_to(pen, geo->lane_x[e->trunk], above);
    } else {
        const struct lay_trunk *t = &g->trunks[e->trunk];
        for (uint32_t r = rf;; r--) {
            double x = geo->x[t->first + (r - t->rank0)];
            line_to(pen, x, r == rf ? below : geo->rank_y[r] + geo->rank_h[r]);
            line_to(pen, x, r == rt ? above : geo->rank_y[r]);
            if (r == rt)
                break;
        }
    }
    line_to(pen, to_x, above);
    line_to(pen, to_x, geo->node_y[e->to]);
    return pen->n;
}

uint32_t lay_route(const struct lay_graph *g, const struct lay_geometry *geo, uint32_t edge, double out_off,
                   double in_off, struct layout_point *pts) {
    const struct lay_edge *e = &g->edges[edge];
    struct pen pen = {pts, 0};
    double from_x = geo->x[e->from] + out_off, to_x = geo->x[e->to] + in_off;
    if (e->flags & LAY_SELF) {
        /* out_off: from the middle to the loop's right side; in_off: how far it stands out above and below. */
        double right = geo->x[e->from] + out_off, x = right - 2 * in_off - geo->edge_sep * 0.5;
        double top = geo->node_y[e->from], bottom = top + geo->h[e->from];
        line_to(&pen, x, bottom);
        line_to(&pen, x, bottom + in_off);
        line_to(&pen, right, bottom + in_off);
        line_to(&pen, right, top - in_off);
        line_to(&pen, x, top - in_off);
        line_to(&pen, x, top);
        return pen.n;
    }
    if (e->flags & LAY_BACK)
        return route_back(g, geo, e, &pen, from_x, to_x);
    uint32_t rf = g->rank[e->from], rt = g->rank[e->to];
    line_to(&pen, from_x, geo->node_y[e->from] + geo->h[e->from]);
    line_to(&pen, from_x, geo->rank_y[rf] + geo->rank_h[rf]);
    if (e->flags & LAY_LANE) {
        double x = geo->lane_x[e->trunk];
        line_to(&pen, x, geo->rank_y[rf + 1]);
        line_to(&pen, x, geo->rank_y[rt - 1] + geo->rank_h[rt - 1]);
    } else if (e->trunk != LAY_NONE) {
        const struct lay_trunk *t = &g->trunks[e->trunk];
        for (uint32_t r = rf + 1; r < rt; r++) {
            uint32_t d = t->first + (r - t->rank0), until = geo->straight_to[d - g->n];
            line_to(&pen, geo->x[d], geo->rank_y[r]);
            r = until < rt - 1 ? until : rt - 1;
            line_to(&pen, geo->x[d], geo->rank_y[r] + geo->rank_h[r]);
        }
    }
    line_to(&pen, to_x, geo->rank_y[rt]);
    line_to(&pen, to_x, geo->node_y[e->to]);
    return pen.n;
}
