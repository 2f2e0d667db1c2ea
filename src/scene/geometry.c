/* geometry.c - the routes of the drawing and the index of what is shown. */
#include "scene/scene_inner.h"

void scene_geometry_init(struct scene_geometry *geo, struct mem *m) {
    geo->mem = m;
    vec_init(&geo->routes, m);
    vec_init(&geo->points, m);
    vec_init(&geo->route_edges, m);
    vec_init(&geo->pieces, m);
    vec_init(&geo->closed, m);
    vec_init(&geo->open, m);
    vec_init(&geo->height, m);
    rtree_init(&geo->closed_tree, m);
    rtree_init(&geo->piece_tree, m);
}

void scene_geometry_free(struct scene_geometry *geo) {
    vec_free(&geo->routes);
    vec_free(&geo->points);
    vec_free(&geo->route_edges);
    vec_free(&geo->pieces);
    vec_free(&geo->closed);
    vec_free(&geo->open);
    vec_free(&geo->height);
    rtree_free(&geo->closed_tree);
    rtree_free(&geo->piece_tree);
}

struct collect {
    const struct scene *s;
    struct scene_geometry *geo;
};

static bool collect_route(void *user, const struct layout_route *r) {
    struct collect *c = user;
    struct scene_geometry *geo = c->geo;
    if (r->n_points < 2)
        return true;
    uint32_t route = (uint32_t)geo->routes.n;
    if (!vec_push(&geo->routes, (struct scene_route){.layer = r->layer,
                                                     .from = r->from,
                                                     .to = r->to,
                                                     .first_point = (uint32_t)geo->points.n,
                                                     .n_points = r->n_points,
                                                     .first_edge = (uint32_t)geo->route_edges.n,
                                                     .n_edges = r->n_edges,
                                                     .flags = (uint8_t)r->flags}) ||
        !vec_room(&geo->points, r->n_points) || !vec_room(&geo->route_edges, r->n_edges) ||
        !vec_room(&geo->pieces, r->n_points))
        return false;
    for (uint32_t i = 0; i < r->n_points; i++) {
        if (i + 1 < r->n_points)
            geo->pieces.v[geo->pieces.n++] = (struct scene_piece){route, (uint32_t)geo->points.n};
        geo->points.v[geo->points.n++] = r->points[i];
    }
    /* Weights and constants matter less than what flows: their lines are drawn paler. */
    const graph *g = c->s->g;
    bool faint = true;
    for (uint32_t i = 0; i < r->n_edges && faint; i++) {
        const graph_node_data *d = graph_at(g, g->edges[c->s->edge_of[r->edges[i]]].source);
        faint = (d->kind == GRAPH_ARGUMENT && !(d->flags & GRAPH_INPUT)) || d->kind == GRAPH_CONSTANT;
    }
    geo->routes.v[route].faint = faint;
    for (uint32_t i = 0; i < r->n_edges; i++)
        geo->route_edges.v[geo->route_edges.n++] = c->s->edge_of[r->edges[i]];
    return true;
}

static bool collect_boxes(const struct scene *s, struct scene_geometry *geo) {
    const struct layout_box *boxes = layout_boxes(s->layout);
    for (uint32_t i = 0; i < s->n_items; i++)
        if (boxes[i].visible && !(boxes[i].expanded ? vec_push(&geo->open, i) : vec_push(&geo->closed, i)))
            return false;
    if (!vec_room(&geo->height, geo->open.n + 1))
        return false;
    geo->height.n = geo->open.n;
    /* Pre-order: what an open layer holds follows it, so heights are known from the end. A layer's parent among the open
     * ones is found by a stack of those still waiting for the layers before them. */
    for (size_t k = 0; k < geo->open.n; k++)
        geo->height.v[k] = 0;
    VEC(uint32_t) around; /* places in `open` of the layers around the present one */
    vec_init(&around, geo->mem);
    bool ok = true;
    for (size_t k = 0; ok && k < geo->open.n; k++) {
        uint32_t parent = s->parent[geo->open.v[k]];
        while (around.n && geo->open.v[vec_last(&around)] != parent)
            around.n--;
        for (size_t up = around.n, h = 1; up-- > 0; h++) {
            uint8_t *height = &geo->height.v[around.v[up]];
            if (*height >= h)
                break;
            *height = h < 255 ? (uint8_t)h : 255;
        }
        ok = vec_push(&around, (uint32_t)k);
    }
    vec_free(&around);
    return ok;
}

static bool build_trees(const struct scene *s, struct scene_geometry *geo) {
    const struct layout_box *boxes = layout_boxes(s->layout);
    size_t n = geo->closed.n > geo->pieces.n ? geo->closed.n : geo->pieces.n;
    struct rtree_box *b = mem_alloc(s->mem, n * sizeof *b);
    if (!b)
        return false;
    for (size_t k = 0; k < geo->closed.n; k++) {
        const struct layout_box *box = &boxes[geo->closed.v[k]];
        b[k] = rtree_box_of(box->x, box->y, box->x + box->w, box->y + box->h);
    }
    bool ok = rtree_build(&geo->closed_tree, (uint32_t)geo->closed.n, b);
    for (size_t k = 0; k < geo->pieces.n; k++) {
        const struct layout_point *p = &geo->points.v[geo->pieces.v[k].point], *q = p + 1;
        b[k] = rtree_box_of(p->x < q->x ? p->x : q->x, p->y < q->y ? p->y : q->y, p->x > q->x ? p->x : q->x,
                            p->y > q->y ? p->y : q->y);
    }
    ok = ok && rtree_build(&geo->piece_tree, (uint32_t)geo->pieces.n, b);
    mem_free(s->mem, b, n * sizeof *b);
    return ok;
}

bool scene_geometry_make(const struct scene *s, struct scene_geometry *geo) {
    struct collect c = {s, geo};
    return layout_visit_routes(s->layout, collect_route, &c) && !geo->routes.failed && !geo->points.failed &&
           !geo->route_edges.failed && !geo->pieces.failed && collect_boxes(s, geo) && build_trees(s, geo);
}
