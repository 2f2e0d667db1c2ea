/* scope_place.c - the geometry of the inside of one layer: parts are placed and packed, border ports located.
 *
 * Packing: parts stand on shelves, in the order of their first child, each shelf as wide as the widest part or the
 * square root of the whole area, whichever is more; children without edges fill a grid on shelves of their own, ops
 * before layers. The part that touches the border stands alone at the left, so that nothing lies between it and the
 * border. All but the pinned node and what is joined to it begins below the pinned node.
 */
#include <math.h>
#include <string.h>

#include "layout/scope.h"

/* The direction of the layer around s. */
static bool parent_left_right(const struct layout *l, const struct scope *s) {
    uint32_t p = l->in.parent[s->layer];
    return p == LAYOUT_ROOT ? l->root_left_right : (l->flags[p] & LAYOUT_LEFT_RIGHT) != 0;
}

/* The child's scope when it is drawn open, else NULL. */
static const struct scope *open_child(const struct layout *l, const struct scope *s, uint32_t local) {
    if (local >= s->n_children || !l->new_boxes[s->children[local]].expanded)
        return NULL;
    return l->scopes[s->children[local]];
}

static void child_size(const struct layout *l, const struct scope *s, uint32_t local, bool left_right, double *along,
                       double *across) {
    const struct scope *open = open_child(l, s, local);
    double w = open ? scope_current(open)->w : l->w[s->children[local]];
    double h = open ? scope_current(open)->h : l->h[s->children[local]];
    *along = left_right ? h : w;
    *across = left_right ? w : h;
}

/* Where edge e of the scope leaves (or enters) its end, from the middle, as far as that is fixed before placing: the
 * mean over its strands at an open layer. */
static double end_offset(const struct layout *l, const struct scope *s, uint32_t e, bool at_from) {
    uint32_t local = at_from ? s->edges[e].from : s->edges[e].to;
    if (local >= s->n_children)
        return 0;
    const struct scope *open = open_child(l, s, local);
    if (!open)
        return 0;
    const struct scope_geometry *geo = scope_current(open);
    double sum = 0;
    for (uint32_t k = s->strand_start[e]; k < s->strand_start[e + 1]; k++) {
        uint32_t strand = s->strands[k];
        uint32_t i = scope_find_port(at_from ? open->out : open->in, at_from ? open->n_out : open->n_in,
                                     l->in.from[strand], l->out_port[strand]);
        if (i != LAY_NONE) /* a strand may end at the layer itself: its middle */
            sum += geo->port_off[at_from ? open->n_in + i : i];
    }
    return sum / (double)s->edges[e].weight;
}

static enum layout_status place_part(const struct layout *l, struct lay_ctx *c, const struct scope *s,
                                     const struct part *p, struct scope_geometry *next, struct part_geometry *pg) {
    const struct lay_graph *g = &p->graph;
    struct arena *a = &next->arena;
    double *w = LAY_ZERO(a, double, g->n), *h = LAY_ZERO(a, double, g->n);
    double *out_off = LAY_NEW(a, double, g->m), *in_off = LAY_NEW(a, double, g->m);
    uint32_t *loops = LAY_ZERO(a, uint32_t, g->n);
    uint8_t *ports = LAY_ZERO(a, uint8_t, g->n); /* lay_port_rule */
    if (!w || !h || !out_off || !in_off || !loops || !ports)
        return LAYOUT_NO_MEMORY;
    for (uint32_t v = 0; v < g->n; v++) {
        uint8_t flags = p->local[v] < s->n_children ? l->flags[s->children[p->local[v]]] : LAYOUT_LAYER;
        ports[v] = flags & LAYOUT_LAYER           ? LAY_PORTS_FIXED
                   : flags & LAYOUT_FREE_OPERANDS ? LAY_PORTS_FREE
                                                  : LAY_PORTS_ORDERED;
        if (p->local[v] < s->n_children)
            child_size(l, s, p->local[v], next->left_right, &w[v], &h[v]);
    }
    double *box_w = w;
    bool any_loop = false;
    double sep = l->options.edge_sep, loop_step = l->options.rank_sep / 12;
    for (uint32_t i = 0; i < g->m; i++) {
        uint32_t from = g->edges[i].from;
        if (g->edges[i].flags & LAY_SELF) {
            uint32_t k = loops[from]++ & 3;
            out_off[i] = w[from] * 0.5 + sep * 0.5 * (k + 1);
            in_off[i] = loop_step * (k + 1);
            any_loop = true;
            continue;
        }
        out_off[i] = end_offset(l, s, p->edge[i], true);
        in_off[i] = end_offset(l, s, p->edge[i], false);
    }
    if (any_loop) {
        box_w = LAY_NEW(a, double, g->n);
        if (!box_w)
            return LAYOUT_NO_MEMORY;
        memcpy(box_w, w, g->n * sizeof *w);
    }
    for (uint32_t v = 0; v < g->n; v++)
        if (loops[v]) /* room for the loops, at both sides so that the middle stays the middle */
            w[v] += sep * (loops[v] < 4 ? loops[v] + 1 : 5);
    pg->geo = (struct lay_geometry){.arena = a,
                                    .w = w,
                                    .box_w = box_w,
                                    .h = h,
                                    .out_off = out_off,
                                    .in_off = in_off,
                                    .node_sep = l->options.node_sep,
                                    .edge_sep = sep,
                                    .rank_sep = l->options.rank_sep};
    enum layout_status status = lay_place(c, g, &pg->geo);
    if (status == LAYOUT_OK)
        status = lay_make_sides(c, g, &pg->geo);
    if (status == LAYOUT_OK)
        status = lay_slide_ports(c, g, ports, &pg->geo);
    if (status == LAYOUT_OK)
        status = lay_make_rows(g, &pg->geo);
    if (status != LAYOUT_OK)
        return status;
    pg->v = any_loop ? loop_step * 4 : 0;
    return LAYOUT_OK;
}

struct shelf {
    double u, v, height, width; /* next free place, height of this shelf, width allowed */
    double sep, left;
    double total_u;
};

/* A place for a box of that size. */
static void put(struct shelf *k, double u, double v, double *at_u, double *at_v) {
    if (k->u > k->left && k->u + u > k->left + k->width) {
        k->u = k->left;
        k->v += k->height + k->sep;
        k->height = 0;
    }
    *at_u = k->u;
    *at_v = k->v;
    k->u += u + k->sep;
    k->height = fmax(k->height, v);
    k->total_u = fmax(k->total_u, *at_u + u);
}

/* The room that a part takes; v0 is above its boxes. */
static void part_size(const struct part_geometry *pg, double margin, double *u, double *v) {
    *u = pg->geo.right - pg->geo.left;
    *v = pg->geo.bottom + 2 * margin;
}

/* Where all but the pinned node and its part begins. */
static double below_pinned(const struct layout *l, const struct scope *s, const struct scope_geometry *next) {
    double u, v;
    if (s->pinned == LAY_NONE)
        return 0;
    child_size(l, s, s->pinned, next->left_right, &u, &v);
    if (s->pinned_part != LAY_NONE)
        v += next->parts[s->pinned_part].v + next->parts[s->pinned_part].geo.node_y[s->pinned_index];
    return v + l->options.rank_sep;
}

/* Children and border ports of the parts, which have their places. */
static void place_members(const struct layout *l, const struct scope *s, struct scope_geometry *next) {
    for (uint32_t i = 0; i < s->n_parts; i++) {
        const struct part *p = &s->parts[i];
        const struct part_geometry *pg = &next->parts[i];
        for (uint32_t k = 0; k < p->graph.n; k++) {
            uint32_t local = p->local[k];
            if (local >= s->n_children) {
                next->port_at[local - s->n_children] = pg->geo.x[k] - pg->geo.left + pg->u;
                continue;
            }
            double u, v;
            child_size(l, s, local, next->left_right, &u, &v);
            next->u[local] = pg->geo.x[k] - u * 0.5 - pg->geo.left + pg->u;
            next->v[local] = pg->geo.node_y[k] + pg->v;
        }
    }
}

/* Children without edges, below the parts. */
static void place_loners(const struct layout *l, const struct scope *s, struct scope_geometry *next,
                         struct shelf *shelf) {
    if (shelf->height > 0) {
        shelf->u = shelf->left;
        shelf->v += shelf->height + shelf->sep;
        shelf->height = 0;
    }
    shelf->sep = l->options.node_sep;
    for (int layers = 0; layers < 2; layers++) /* ops first: an open layer would tear their rows apart */
        for (uint32_t i = 0; i < s->n_loners; i++) {
            uint32_t local = s->loners[i];
            if (((l->flags[s->children[local]] & LAYOUT_LAYER) != 0) != layers)
                continue;
            double u, v;
            child_size(l, s, local, next->left_right, &u, &v);
            put(shelf, u, v, &next->u[local], &next->v[local]);
        }
}

static void pack_parts(const struct layout *l, const struct scope *s, struct scope_geometry *next) {
    double area = 0, widest = 0, left = 0, u, v;
    double sep = fmax(l->options.node_sep, l->options.edge_sep) * 2, top = below_pinned(l, s, next);
    /* These stand alone at the left: what touches the border, and the part with the pinned node. */
    for (uint32_t i = 0; i < s->n_parts; i++) {
        const struct lay_graph *g = &s->parts[i].graph;
        struct part_geometry *pg = &next->parts[i];
        part_size(pg, pg->v, &u, &v);
        bool border = g->n && lay_is_border(g->kind[g->n - 1]); /* border ports are numbered last */
        if (!border && i != s->pinned_part) {
            area += (u + sep) * (v + sep);
            widest = fmax(widest, u);
            continue;
        }
        pg->u = left;
        pg->v += i == s->pinned_part ? 0 : top;
        next->content_u = left + u;
        next->content_v = fmax(next->content_v, v + (i == s->pinned_part ? 0 : top));
        left += u + sep;
    }
    for (uint32_t i = 0; i < s->n_loners; i++) {
        child_size(l, s, s->loners[i], next->left_right, &u, &v);
        area += (u + l->options.node_sep) * (v + l->options.node_sep);
    }
    struct shelf shelf = {.u = left, .v = top, .left = left, .width = fmax(widest, sqrt(area) * 1.2), .sep = sep};
    for (uint32_t i = 0; i < s->n_parts; i++) {
        const struct lay_graph *g = &s->parts[i].graph;
        struct part_geometry *pg = &next->parts[i];
        if (i == s->pinned_part || (g->n && lay_is_border(g->kind[g->n - 1])))
            continue;
        double margin = pg->v;
        part_size(pg, margin, &u, &v);
        put(&shelf, u, v, &pg->u, &pg->v);
        pg->v += margin;
    }
    place_members(l, s, next);
    if (s->n_loners)
        place_loners(l, s, next, &shelf);
    next->content_u = fmax(next->content_u, shelf.total_u);
    if (shelf.height > 0)
        next->content_v = fmax(next->content_v, shelf.v + shelf.height);
    if (s->pinned != LAY_NONE && s->pinned_part == LAY_NONE) { /* over the middle, where no line to the border runs */
        child_size(l, s, s->pinned, next->left_right, &u, &v);
        next->u[s->pinned] = left + fmax(next->content_u - left - u, 0) * 0.5;
        next->content_u = fmax(next->content_u, next->u[s->pinned] + u);
        next->content_v = fmax(next->content_v, v);
    }
}

/* Places in the corridors, by position. */
static enum layout_status number_lanes(struct lay_ctx *c, struct scope_geometry *next, uint32_t first, uint32_t n) {
    struct arena_mark mark = arena_mark(c->tmp);
    uint64_t *keys = LAY_NEW(c->tmp, uint64_t, n), *tmp = LAY_NEW(c->tmp, uint64_t, n);
    if (!keys || !tmp) {
        arena_reset(c->tmp, mark);
        return LAYOUT_NO_MEMORY;
    }
    for (uint32_t i = 0; i < n; i++) {
        float at = (float)fmax(next->port_at[first + i], 0);
        uint32_t bits;
        memcpy(&bits, &at, sizeof bits);
        keys[i] = (uint64_t)bits << 32 | i;
    }
    lay_sort_u64(keys, tmp, n);
    for (uint32_t i = 0; i < n; i++)
        next->port_lane[first + (uint32_t)keys[i]] = i;
    arena_reset(c->tmp, mark);
    return LAYOUT_OK;
}

/* Box, origin of the content and border ports. */
static void finish_box(const struct layout *l, const struct scope *s, struct scope_geometry *next) {
    bool root = s->layer == LAYOUT_ROOT, lr = next->left_right;
    double pad = l->options.padding, header = root ? 0 : l->options.header, sep = l->options.edge_sep;
    double before = next->turned ? s->n_in * sep : 0, after = next->turned ? s->n_out * sep : 0;
    double along = next->content_u, across = before + next->content_v + after;
    double w = lr ? across : along, h = lr ? along : across, least = 0;
    if (!root)
        least = l->in.header_width ? (double)l->in.header_width[s->layer] : l->w[s->layer];
    next->w = fmax(w + 2 * pad, least);
    next->h = h + 2 * pad + header;
    next->origin_x = (next->w - w) * 0.5 + (lr ? before : 0);
    next->origin_y = header + pad + (lr ? 0 : before);
    /* `along_lr`: port_off is measured along the parent's ranks. */
    for (uint32_t i = 0; i < s->n_in + s->n_out; i++) {
        double u = next->port_at[i];
        if (next->turned)
            u = i < s->n_in ? -(next->port_lane[i] + 1.0) * sep
                            : next->content_v + ((double)s->n_out - next->port_lane[i]) * sep;
        bool horizontal = lr == next->turned; /* the parent's ranks are rows */
        next->port_off[i] = horizontal ? next->origin_x + u - next->w * 0.5 : next->origin_y + u - next->h * 0.5;
    }
}

enum layout_status scope_place(struct layout *l, struct lay_ctx *c, struct scope *s) {
    struct scope_geometry *next = mem_alloc_zero(l->mem, sizeof *next);
    if (!next)
        return LAYOUT_NO_MEMORY;
    arena_init(&next->arena, l->mem);
    struct arena *a = &next->arena;
    uint32_t n_ports = s->n_in + s->n_out;
    bool root = s->layer == LAYOUT_ROOT;
    next->left_right = root ? l->root_left_right : (l->flags[s->layer] & LAYOUT_LEFT_RIGHT) != 0;
    next->turned = !root && n_ports && next->left_right != parent_left_right(l, s);
    next->parts = LAY_ZERO(a, struct part_geometry, s->n_parts);
    next->u = LAY_ZERO(a, double, s->n_children);
    next->v = LAY_ZERO(a, double, s->n_children);
    next->port_at = LAY_ZERO(a, double, n_ports);
    next->port_off = LAY_ZERO(a, double, n_ports);
    next->port_lane = LAY_ZERO(a, uint32_t, n_ports);
    enum layout_status status = LAYOUT_OK;
    if (!next->parts || !next->u || !next->v || !next->port_at || !next->port_off || !next->port_lane)
        status = LAYOUT_NO_MEMORY;
    for (uint32_t i = 0; i < s->n_parts && status == LAYOUT_OK; i++)
        status = place_part(l, c, s, &s->parts[i], next, &next->parts[i]);
    if (status == LAYOUT_OK) {
        pack_parts(l, s, next);
        status = number_lanes(c, next, 0, s->n_in);
    }
    if (status == LAYOUT_OK)
        status = number_lanes(c, next, s->n_in, s->n_out);
    if (status != LAYOUT_OK) {
        scope_drop_geometry(l, next);
        return status;
    }
    finish_box(l, s, next);
    s->next = next;
    return LAYOUT_OK;
}

void scope_drop_geometry(struct layout *l, struct scope_geometry *geo) {
    if (!geo)
        return;
    arena_free(&geo->arena);
    mem_free(l->mem, geo, sizeof *geo);
}

void scope_child_corner(const struct scope_geometry *g, uint32_t i, double *x, double *y) {
    *x = g->origin_x + (g->left_right ? g->v[i] : g->u[i]);
    *y = g->origin_y + (g->left_right ? g->u[i] : g->v[i]);
}
