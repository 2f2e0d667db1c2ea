/* pick.c - what lies at a point or in a rectangle, and where arrow keys lead. */
#include <math.h>

#include "scene/scene_inner.h"

graph_node scene_stand_in(const struct scene *s, graph_node n) {
    if (n >= s->g->n_nodes)
        return SCENE_NONE;
    /* A dissolved layer has no item; what is around it stands for it. */
    while (n && n > s->root && s->item_of[n] == SCENE_NONE)
        n = graph_at(s->g, n)->parent;
    uint32_t i = s->item_of[n];
    const struct layout_box *boxes = layout_boxes(s->layout);
    while (i != SCENE_NONE && i != LAYOUT_ROOT && !boxes[i].visible)
        i = s->parent[i];
    return i == SCENE_NONE || i == LAYOUT_ROOT ? SCENE_NONE : s->node_of[i];
}

bool scene_box(const struct scene *s, graph_node n, bool stand_in, struct layout_box *box) {
    graph_node shown = scene_stand_in(s, n);
    *box = (struct layout_box){0};
    if (!s->ready || shown == SCENE_NONE || (shown != n && !stand_in))
        return false;
    *box = layout_boxes(s->layout)[s->item_of[shown]];
    return true;
}

uint32_t scene_nodes_in(struct scene *s, double x, double y, double w, double h, uint32_t *out, uint32_t max) {
    struct rtree_walk walk;
    struct rtree_box box;
    uint32_t k, n = 0;
    bool many;
    rtree_start(&walk, &s->geo.closed_tree, rtree_box_of(x, y, x + w, y + h), 0);
    while (rtree_next(&walk, &k, &box, &many)) {
        if (n < max)
            out[n] = s->node_of[s->geo.closed.v[k]];
        n++;
    }
    return n;
}

/* ---- picking --------------------------------------------------------------------------------------------- */

static bool inside(const struct layout_box *b, double x, double y) {
    return x >= b->x && x <= b->x + b->w && y >= b->y && y <= b->y + b->h;
}

/* Icons answer a little outside of what is drawn of them. */
static bool near_icon(double x, double y, double icon_x, double icon_y) {
    return fabs(x - icon_x) <= 10 && fabs(y - icon_y) <= 11;
}

static uint32_t region_of(const struct scene *s, uint32_t i, const struct layout_box *b, double x, double y) {
    const struct scene_view *v = s->view;
    bool layer = s->flags[i] & LAYOUT_LAYER;
    double scale = scene_scale(s, i);
    x = (x - b->x) / scale; /* from here on as if it had the usual size and stood at 0, 0 */
    y = (y - b->y) / scale;
    double right = b->w / scale;
    if (!layer) {
        bool call = graph_at(s->g, s->node_of[i])->flags & GRAPH_CALL;
        return call && v->zoom * scale > 0.4 && near_icon(x, y, right - 14, SCENE_OP_HEIGHT * 0.5) ? SCENE_REGION_GRAPH
                                                                                                   : SCENE_REGION_NODE;
    }
    if (v->zoom * scale < 0.5)
        return SCENE_REGION_NODE;
    double middle = b->expanded ? SCENE_HEADER * 0.5 : 17;
    if (near_icon(x, y, SCENE_ICON_X, middle))
        return SCENE_REGION_TOGGLE;
    if (near_icon(x, y, right - SCENE_MENU_X, middle))
        return SCENE_REGION_MENU;
    return SCENE_REGION_NODE;
}

static double piece_distance(const struct scene *s, const struct scene_route *r, uint32_t i, double x, double y) {
    const struct layout_point *p = &s->geo.points.v[i], *q = p + 1;
    bool curved = p->x != q->x && p->y != q->y;
    double best = INFINITY, last_x = p->x, last_y = p->y;
    int steps = curved ? 12 : 1;
    for (int k = 1; k <= steps; k++) {
        double t = (double)k / steps, soft = t * t * (3 - 2 * t); /* the S-curve draw.c draws, as good as */
        double at_x = r->flags & LAYOUT_ROUTE_HORIZONTAL ? p->x + (q->x - p->x) * t : p->x + (q->x - p->x) * soft;
        double at_y = r->flags & LAYOUT_ROUTE_HORIZONTAL ? p->y + (q->y - p->y) * soft : p->y + (q->y - p->y) * t;
        double dx = at_x - last_x, dy = at_y - last_y, length = dx * dx + dy * dy;
        double along = length > 0 ? ((x - last_x) * dx + (y - last_y) * dy) / length : 0;
        along = along < 0 ? 0 : along > 1 ? 1 : along;
        best = fmin(best, hypot(x - last_x - dx * along, y - last_y - dy * along));
        last_x = at_x;
        last_y = at_y;
    }
    return best;
}

/* The nearest line within a few pixels. */
static const struct scene_route *pick_route(const struct scene *s, double x, double y) {
    double reach = 5 / s->view->zoom, best = reach;
    const struct scene_route *found = NULL;
    struct rtree_walk walk;
    struct rtree_box box;
    uint32_t k;
    bool many;
    if (s->view->zoom < 0.1)
        return NULL;
    rtree_start(&walk, &s->geo.piece_tree, rtree_box_of(x - reach, y - reach, x + reach, y + reach), 0);
    while (rtree_next(&walk, &k, &box, &many)) {
        const struct scene_piece *piece = &s->geo.pieces.v[k];
        const struct scene_route *r = &s->geo.routes.v[piece->route];
        if (!scene_drawn_in(s, r->layer))
            continue;
        double d = piece_distance(s, r, piece->point, x, y);
        if (d < best) {
            best = d;
            found = r;
        }
    }
    return found;
}

void scene_pick(struct scene *s, const struct scene_view *view, double sx, double sy, struct scene_hit *hit) {
    *hit = (struct scene_hit){.region = SCENE_REGION_EMPTY, .node = s->root};
    if (!s->ready || !(view->zoom > 0))
        return;
    scene_prepare(s, view);
    const struct layout_box *boxes = layout_boxes(s->layout);
    double x = s->left + sx / view->zoom, y = s->top + sy / view->zoom, slack = 1.5 / view->zoom;
    struct rtree_walk walk;
    struct rtree_box box;
    uint32_t k;
    bool many;
    rtree_start(&walk, &s->geo.closed_tree, rtree_box_of(x - slack, y - slack, x + slack, y + slack), 0);
    while (rtree_next(&walk, &k, &box, &many)) {
        uint32_t i = s->geo.closed.v[k];
        if (!scene_drawn_in(s, s->parent[i]))
            continue;
        hit->region = region_of(s, i, &boxes[i], x, y);
        hit->node = s->node_of[i];
        if (inside(&boxes[i], x, y))
            return;
    }
    if (hit->region != SCENE_REGION_EMPTY)
        return;
    /* The innermost open layer; its header is part of it, the rest is a place to start dragging from. */
    uint32_t around = SCENE_NONE;
    for (size_t n = 0; n < s->geo.open.n; n++) {
        uint32_t i = s->geo.open.v[n];
        if (s->state[i] != SCENE_IN_BLOCK && inside(&boxes[i], x, y))
            around = i;
    }
    if (around != SCENE_NONE) {
        hit->node = s->node_of[around];
        if (s->state[around] == SCENE_BLOCK) {
            hit->region = SCENE_REGION_NODE;
            return;
        }
        if (y <= boxes[around].y + SCENE_HEADER * s->layer_scale) {
            hit->region = region_of(s, around, &boxes[around], x, y);
            return; /* lines that cross it are not meant */
        }
    }
    const struct scene_route *r = pick_route(s, x, y);
    if (r) {
        hit->region = SCENE_REGION_EDGE;
        hit->node = r->layer == LAYOUT_ROOT ? s->root : s->node_of[r->layer];
        hit->edges = s->geo.route_edges.v + r->first_edge;
        hit->n_edges = r->n_edges;
    }
}

/* ---- arrow keys ------------------------------------------------------------------------------------------ */

static double middle_x(const struct layout_box *b) {
    return b->x + b->w * 0.5;
}
static double middle_y(const struct layout_box *b) {
    return b->y + b->h * 0.5;
}

/* How far box b lies from a in a direction: what is aside counts twice. INFINITY when it does not lie there. */
static double reach(const struct layout_box *a, const struct layout_box *b, enum scene_direction d) {
    double dx = middle_x(b) - middle_x(a), dy = middle_y(b) - middle_y(a);
    double ahead = d == SCENE_DOWN ? dy : d == SCENE_UP ? -dy : d == SCENE_RIGHT ? dx : -dx;
    double aside = d == SCENE_DOWN || d == SCENE_UP ? fabs(dx) : fabs(dy);
    return ahead > 1 ? ahead + 2 * aside : INFINITY;
}

/* Along the edges of a node (of a layer, those that cross its border), to the nearest box. */
static graph_node along_edges(const struct scene *s, graph_node n, const struct layout_box *from, bool forward,
                              enum scene_direction d) {
    const graph *g = s->g;
    const struct layout_box *boxes = layout_boxes(s->layout);
    graph_node best = SCENE_NONE, any = SCENE_NONE;
    double least = INFINITY;
    uint32_t end = graph_at(g, n)->end;
    for (graph_node k = n; k < end; k++) {
        uint32_t count;
        const graph_edge *in = graph_in(g, k, &count);
        const uint32_t *out = NULL;
        if (forward)
            out = graph_out(g, k, &count);
        for (uint32_t i = 0; i < count; i++) {
            graph_node other = forward ? g->edges[out[i]].target : in[i].source;
            if (other >= n && other < end)
                continue;
            graph_node shown = scene_stand_in(s, other);
            if (shown == SCENE_NONE || shown == n)
                continue;
            double far = reach(from, &boxes[s->item_of[shown]], d);
            if (any == SCENE_NONE)
                any = shown;
            if (far < least) {
                least = far;
                best = shown;
            }
        }
    }
    return best != SCENE_NONE ? best : any;
}

static graph_node nearest_beside(const struct scene *s, uint32_t item, const struct layout_box *from,
                                 enum scene_direction d) {
    const struct layout_box *boxes = layout_boxes(s->layout);
    uint32_t best = SCENE_NONE;
    double least = INFINITY;
    for (size_t list = 0; list < 2; list++) {
        size_t n = list ? s->geo.open.n : s->geo.closed.n;
        const uint32_t *items = list ? s->geo.open.v : s->geo.closed.v;
        for (size_t k = 0; k < n; k++) {
            if (s->parent[items[k]] != s->parent[item] || items[k] == item)
                continue;
            double far = reach(from, &boxes[items[k]], d);
            if (far < least) {
                least = far;
                best = items[k];
            }
        }
    }
    return best == SCENE_NONE ? SCENE_NONE : s->node_of[best];
}

graph_node scene_neighbour(struct scene *s, graph_node n, enum scene_direction d) {
    graph_node shown = scene_stand_in(s, n);
    if (!s->ready || shown == SCENE_NONE)
        return SCENE_NONE;
    uint32_t i = s->item_of[shown], parent = s->parent[i];
    const struct layout_box *from = &layout_boxes(s->layout)[i];
    bool level = scene_is_left_right(s, parent == LAYOUT_ROOT ? s->root : s->node_of[parent]);
    enum scene_direction forward = level ? SCENE_RIGHT : SCENE_DOWN, back = level ? SCENE_LEFT : SCENE_UP;
    if (d == forward || d == back) {
        graph_node found = along_edges(s, shown, from, d == forward, d);
        if (found != SCENE_NONE)
            return found;
    }
    graph_node found = nearest_beside(s, i, from, d);
    if (found != SCENE_NONE)
        return found;
    return parent == LAYOUT_ROOT ? SCENE_NONE : s->node_of[parent];
}
