/* scope_route.c - the drawn lines inside one layer, from the geometry, on demand.
 *
 * An edge of the scope is drawn once, unless it ends at an open layer: then once for each pair of border ports that
 * its strands use; those lines share all but their ends.
 */
#include <string.h>

#include "layout/scope.h"

struct tracer {
    struct layout *l;
    const struct scope *s;
    const struct scope_geometry *geo;
    double x, y; /* of the box */
    struct layout_point *raw, *pts;
    size_t cap;
    uint64_t *keys, *tmp; /* strands of one edge by their ports */
    uint32_t *edges;
    size_t cap_keys;
    uint32_t n;
};

/* Room for n points in `raw` and in `pts`, which share one block. */
static bool reserve_points(struct tracer *t, size_t n) {
    if (n <= t->cap)
        return true;
    struct layout_point *block = mem_realloc(t->l->mem, t->raw, 2 * t->cap * sizeof *block, 4 * n * sizeof *block);
    if (!block)
        return false;
    t->cap = 2 * n;
    t->raw = block;
    t->pts = block + t->cap;
    return true;
}

/* Adds a point given in flow coordinates. */
static void add(struct tracer *t, double u, double v) {
    const struct scope_geometry *g = t->geo;
    double x = t->x + g->origin_x + (g->left_right ? v : u), y = t->y + g->origin_y + (g->left_right ? u : v);
    if (t->n && t->pts[t->n - 1].x == x && t->pts[t->n - 1].y == y)
        return;
    if (t->n >= 2) {
        struct layout_point *a = &t->pts[t->n - 2], *b = &t->pts[t->n - 1];
        if ((a->x == b->x && b->x == x && (y - b->y) * (b->y - a->y) > 0) ||
            (a->y == b->y && b->y == y && (x - b->x) * (b->x - a->x) > 0)) {
            *b = (struct layout_point){x, y};
            return;
        }
    }
    t->pts[t->n++] = (struct layout_point){x, y};
}

/* From the border to a border input, or from a border output to the border. */
static void add_border(struct tracer *t, uint32_t port, bool input) {
    const struct scope_geometry *g = t->geo;
    double sep = t->l->options.edge_sep;
    double at = g->port_at[port], lane = input ? -(g->port_lane[port] + 1.0) * sep
                                               : g->content_v + ((double)t->s->n_out - g->port_lane[port]) * sep;
    double side_u = g->left_right ? g->origin_y : g->origin_x, side_v = g->left_right ? g->origin_x : g->origin_y;
    double size_u = g->left_right ? g->h : g->w, size_v = g->left_right ? g->w : g->h;
    if (!g->turned) {
        add(t, at, input ? -side_v : size_v - side_v);
    } else if (input) {
        add(t, -side_u, lane);
        add(t, at, lane);
    } else {
        add(t, at, lane);
        add(t, size_u - side_u, lane);
    }
}

/* The border port of an open child that a strand uses; LAY_NONE when the child is closed or the strand its own. */
static uint32_t port_of(const struct tracer *t, uint32_t local, uint32_t strand, bool out) {
    const struct scope *s = t->s;
    if (local >= s->n_children || !t->l->boxes[s->children[local]].expanded)
        return LAY_NONE;
    const struct scope *open = t->l->scopes[s->children[local]];
    return scope_find_port(out ? open->out : open->in, out ? open->n_out : open->n_in, t->l->in.from[strand],
                           t->l->out_port[strand]);
}

static double port_offset(const struct tracer *t, uint32_t local, uint32_t port, bool out) {
    if (port == LAY_NONE)
        return 0;
    const struct scope *open = t->l->scopes[t->s->children[local]];
    return open->geo->port_off[out ? open->n_in + port : port];
}

/* Emits one line of graph edge k of part p for n input edges. */
static bool emit(struct tracer *t, const struct part *p, const struct part_geometry *pg, uint32_t k, double out_off,
                 double in_off, const uint32_t *edges, uint32_t n,
                 bool (*visit)(void *user, const struct layout_route *r), void *user) {
    const struct scope *s = t->s;
    const struct lay_edge *e = &p->graph.edges[k];
    const struct lay_edge *local = &s->edges[p->edge[k]];
    uint32_t n_raw = lay_route(&p->graph, &pg->geo, k, out_off, in_off, t->raw);
    bool from_border = local->from >= s->n_children, to_border = local->to >= s->n_children;
    t->n = 0;
    if (from_border)
        add_border(t, local->from - s->n_children, true);
    for (uint32_t i = 0; i < n_raw; i++)
        add(t, t->raw[i].x - pg->geo.left + pg->u, t->raw[i].y + pg->v);
    if (to_border)
        add_border(t, local->to - s->n_children, false);
    struct layout_route r = {
        .layer = s->layer,
        .from = from_border ? LAYOUT_NONE : s->children[local->from],
        .to = to_border ? LAYOUT_NONE : s->children[local->to],
        .flags = (e->flags & LAY_BACK ? LAYOUT_ROUTE_BACK : 0u) | (e->flags & LAY_SELF ? LAYOUT_ROUTE_SELF : 0u) |
                 (e->flags & LAY_LANE ? LAYOUT_ROUTE_LANE : 0u) | (from_border ? LAYOUT_ROUTE_FROM_BORDER : 0u) |
                 (to_border ? LAYOUT_ROUTE_TO_BORDER : 0u) | (t->geo->left_right ? LAYOUT_ROUTE_HORIZONTAL : 0u),
        .bundle = e->trunk == LAY_NONE ? LAYOUT_NONE
                                       : p->bundle_base + e->trunk + (e->flags & LAY_LANE ? p->graph.n_trunks : 0),
        .n_points = t->n,
        .points = t->pts,
        .n_edges = n,
        .edges = edges,
    };
    return visit(user, &r);
}

/* The lines of one edge. *go_on tells what the visitor wants. */
static enum layout_status trace_edge(struct tracer *t, const struct part *p, const struct part_geometry *pg, uint32_t k,
                                     bool (*visit)(void *user, const struct layout_route *r), void *user, bool *go_on) {
    const struct scope *s = t->s;
    uint32_t id = p->edge[k], n = s->edges[id].weight;
    const uint32_t *strands = s->strands + s->strand_start[id];
    uint32_t from = s->edges[id].from, to = s->edges[id].to;
    if (!reserve_points(t, (size_t)lay_route_max(&p->graph, k) + 4))
        return LAYOUT_NO_MEMORY;
    bool open_from = from < s->n_children && t->l->boxes[s->children[from]].expanded;
    bool open_to = to < s->n_children && t->l->boxes[s->children[to]].expanded;
    if (from == to || (!open_from && !open_to)) { /* a loop of an open layer has no ports inside */
        *go_on = emit(t, p, pg, k, pg->geo.out_off[k], pg->geo.in_off[k], strands, n, visit, user);
        return LAYOUT_OK;
    }
    if (n > t->cap_keys) {
        size_t bytes = t->cap_keys * (2 * sizeof *t->keys + sizeof *t->edges);
        size_t wanted = (size_t)n * 2 * (2 * sizeof *t->keys + sizeof *t->edges);
        uint64_t *block = mem_realloc(t->l->mem, t->keys, bytes, wanted);
        if (!block)
            return LAYOUT_NO_MEMORY;
        t->keys = block;
        t->cap_keys = (size_t)n * 2;
        t->tmp = t->keys + t->cap_keys;
        t->edges = (uint32_t *)(t->tmp + t->cap_keys);
    }
    /* One value has one port at each end, so strands of one value go together; strands at the layer itself have no
     * port and come last. */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t a = open_from ? port_of(t, from, strands[i], true) : 0;
        uint32_t b = open_to ? port_of(t, to, strands[i], false) : 0;
        /* A value enters both ends by itself, so either number tells them apart. */
        t->keys[i] = (uint64_t)(open_to ? b : a) << 32 | i;
    }
    lay_sort_u64(t->keys, t->tmp, n);
    for (uint32_t i = 0; i < n && *go_on;) {
        uint32_t first = strands[(uint32_t)t->keys[i]], count = 0;
        uint32_t a = open_from ? port_of(t, from, first, true) : LAY_NONE;
        uint32_t b = open_to ? port_of(t, to, first, false) : LAY_NONE;
        while (i < n) {
            uint32_t strand = strands[(uint32_t)t->keys[i]];
            if ((open_from ? port_of(t, from, strand, true) : LAY_NONE) != a ||
                (open_to ? port_of(t, to, strand, false) : LAY_NONE) != b)
                break;
            t->edges[count++] = strand;
            i++;
        }
        double out_off = open_from ? port_offset(t, from, a, true) : pg->geo.out_off[k];
        double in_off = open_to ? port_offset(t, to, b, false) : pg->geo.in_off[k];
        *go_on = emit(t, p, pg, k, out_off, in_off, t->edges, count, visit, user);
    }
    return LAYOUT_OK;
}

enum layout_status scope_visit(struct layout *l, const struct scope *s, double x, double y,
                               bool (*visit)(void *user, const struct layout_route *r), void *user) {
    struct tracer t = {.l = l, .s = s, .geo = s->geo, .x = x, .y = y};
    enum layout_status status = LAYOUT_OK;
    bool go_on = true;
    for (uint32_t i = 0; i < s->n_parts && go_on && status == LAYOUT_OK; i++)
        for (uint32_t k = 0; k < s->parts[i].graph.m && go_on && status == LAYOUT_OK; k++)
            status = trace_edge(&t, &s->parts[i], &s->geo->parts[i], k, visit, user, &go_on);
    mem_free(l->mem, t.raw, 2 * t.cap * sizeof *t.raw);
    mem_free(l->mem, t.keys, t.cap_keys * (2 * sizeof *t.keys + sizeof *t.edges));
    return status != LAYOUT_OK ? status : go_on ? LAYOUT_OK : LAYOUT_CANCELLED;
}
