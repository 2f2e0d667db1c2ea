/* draw.c - the lists: what of the scene meets the view, as coarse as the zoom allows.
 *
 * Level of detail. Layers whose inside would be a few pixels are drawn as blocks, and nothing in them is looked at.
 * Whole groups of boxes and of pieces of routes that fall within a pixel or two are one rectangle, one line: the tree
 * gives them without being entered (rtree.h). So the lists stay short at any zoom.
 */
#include <math.h>
#include <string.h>

#include "scene/scene_inner.h"

static const double least_px = 2;    /* smaller groups of boxes or pieces are drawn as one */
static const double bend_radius = 8; /* of corners of routes, world units */
static const double arrow_size = 7;  /* world units */

uint32_t scene_mix(uint32_t a, uint32_t b, double t) {
    uint32_t out = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        double from = a >> shift & 255, to = b >> shift & 255;
        out |= (uint32_t)(from + (to - from) * t + 0.5) << shift;
    }
    return out;
}

/* ---- appending ------------------------------------------------------------------------------------------- */

void scene_add_rect(struct scene *s, double x, double y, double w, double h, uint32_t fill, uint32_t stroke,
                    double radius, double stroke_width) {
    (void)vec_push(&s->rects, (struct scene_rect){(float)x, (float)y, (float)w, (float)h, fill, stroke, (float)radius,
                                                  (float)stroke_width});
}

void scene_add_text(struct scene *s, double x, double y, double size, double max_width, uint32_t color, uint32_t flags,
                    uint32_t source, uint32_t ref) {
    (void)vec_push(&s->texts,
                   (struct scene_text){(float)x, (float)y, (float)size, (float)max_width, color, flags, source, ref});
}

void scene_add_mark(struct scene *s, double x, double y, double size, uint32_t color, uint32_t kind) {
    (void)vec_push(&s->marks, (struct scene_mark){(float)x, (float)y, (float)size, color, kind});
}

/* ---- what the zoom makes of layers ------------------------------------------------------------------------ */

void scene_prepare(struct scene *s, const struct scene_view *view) {
    const struct layout_box *boxes = layout_boxes(s->layout);
    s->view = view;
    s->left = view->x - view->w * 0.5 / view->zoom;
    s->top = view->y - view->h * 0.5 / view->zoom;
    for (size_t k = 0; k < s->geo.open.n; k++) {
        uint32_t i = s->geo.open.v[k], parent = s->parent[i];
        if (!scene_drawn_in(s, parent)) {
            s->state[i] = SCENE_IN_BLOCK;
            continue;
        }
        /* A block when it is small on the screen, or when its ops are about two pixels high; the more layers it holds,
         * the later, for they are blocks already. */
        double side = (boxes[i].w > boxes[i].h ? boxes[i].w : boxes[i].h) * view->zoom;
        double least = ldexp(0.07, -(int)(s->geo.height.v[k] < 6 ? s->geo.height.v[k] : 6));
        s->state[i] = side < 40 || (view->zoom < least && side < 200) ? SCENE_BLOCK : SCENE_OPEN;
    }
}

struct layout_box scene_box_now(const struct scene *s, uint32_t i, double *fade) {
    struct layout_box b = layout_boxes(s->layout)[i];
    *fade = 1;
    if (s->progress >= 1)
        return b;
    const struct layout_box *old = &s->before[i];
    double t = s->progress;
    if (!old->visible) {
        *fade = t;
        return b;
    }
    b.x += (old->x + s->shift_x - b.x) * (1 - t);
    b.y += (old->y + s->shift_y - b.y) * (1 - t);
    b.w += (old->w - b.w) * (1 - t);
    b.h += (old->h - b.h) * (1 - t);
    return b;
}

static bool in_view(const struct scene *s, const struct layout_box *b) {
    double right = s->left + s->view->w / s->view->zoom, bottom = s->top + s->view->h / s->view->zoom;
    return b->x <= right && b->x + b->w >= s->left && b->y <= bottom && b->y + b->h >= s->top;
}

/* ---- routes ---------------------------------------------------------------------------------------------- */

struct pen {
    uint32_t color;
    double width;
};

static void add_line(struct scene *s, double x0, double y0, double x1, double y1, const struct pen *pen) {
    float ax = scene_sx(s, x0), ay = scene_sy(s, y0), bx = scene_sx(s, x1), by = scene_sy(s, y1);
    (void)vec_push(&s->curves, (struct scene_curve){ax, ay, ax, ay, bx, by, bx, by, pen->color, (float)pen->width, 1});
}

static void add_curve(struct scene *s, const double p[8], const struct pen *pen) {
    struct scene_curve c = {.x0 = scene_sx(s, p[0]),
                            .y0 = scene_sy(s, p[1]),
                            .cx0 = scene_sx(s, p[2]),
                            .cy0 = scene_sy(s, p[3]),
                            .cx1 = scene_sx(s, p[4]),
                            .cy1 = scene_sy(s, p[5]),
                            .x1 = scene_sx(s, p[6]),
                            .y1 = scene_sy(s, p[7]),
                            .color = pen->color,
                            .width = (float)pen->width};
    (void)vec_push(&s->curves, c);
}

/* Whether the route turns a right angle at point i, so that the corner is rounded. */
static bool is_corner(const struct scene *s, const struct scene_route *r, uint32_t i) {
    if (i <= r->first_point || i + 1 >= r->first_point + r->n_points)
        return false;
    const struct layout_point *p = &s->geo.points.v[i];
    bool before_upright = p[-1].x == p->x, before_level = p[-1].y == p->y;
    bool after_upright = p[1].x == p->x, after_level = p[1].y == p->y;
    return (before_upright && after_level && !before_level && !after_upright) ||
           (before_level && after_upright && !before_upright && !after_level);
}

static double corner_cut(double length) {
    return length * 0.5 < bend_radius ? length * 0.5 : bend_radius;
}

/* Draws the piece from point i to the next: straight with rounded corners when it is upright or level, else a curve that
 * leaves and arrives in the direction of the flow. */
static void draw_piece(struct scene *s, const struct scene_route *r, uint32_t i, const struct pen *pen) {
    const struct layout_point *p = &s->geo.points.v[i], *q = p + 1;
    double x0 = p->x, y0 = p->y, x1 = q->x, y1 = q->y;
    bool coarse = s->view->zoom < 0.15;
    if (x0 != x1 && y0 != y1) {
        if (coarse) {
            add_line(s, x0, y0, x1, y1, pen);
        } else if (r->flags & LAYOUT_ROUTE_HORIZONTAL) {
            double m = (x0 + x1) * 0.5;
            add_curve(s, (double[]){x0, y0, m, y0, m, y1, x1, y1}, pen);
        } else {
            double m = (y0 + y1) * 0.5;
            add_curve(s, (double[]){x0, y0, x0, m, x1, m, x1, y1}, pen);
        }
        return;
    }
    double length = fabs(x1 - x0) + fabs(y1 - y0);
    if (length <= 0)
        return;
    double dx = (x1 - x0) / length, dy = (y1 - y0) / length;
    if (!coarse && is_corner(s, r, i)) {
        double before = fabs(p->x - p[-1].x) + fabs(p->y - p[-1].y);
        double cut = fmin(corner_cut(length), corner_cut(before));
        double bx = (p->x - p[-1].x) / before, by = (p->y - p[-1].y) / before;
        const double soft = 0.45; /* of the radius: close to a quarter of a circle */
        add_curve(s,
                  (double[]){x0 - bx * cut, y0 - by * cut, x0 - bx * cut * soft, y0 - by * cut * soft,
                             x0 + dx * cut * soft, y0 + dy * cut * soft, x0 + dx * cut, y0 + dy * cut},
                  pen);
        x0 += dx * cut;
        y0 += dy * cut;
    }
    if (!coarse && is_corner(s, r, i + 1)) {
        double after = fabs(q[1].x - q->x) + fabs(q[1].y - q->y);
        double cut = fmin(corner_cut(length), corner_cut(after));
        x1 -= dx * cut;
        y1 -= dy * cut;
    }
    add_line(s, x0, y0, x1, y1, pen);
}

/* The head at the end of a route that ends at a closed box. */
static void draw_arrow(struct scene *s, const struct scene_route *r, uint32_t color) {
    if (s->view->zoom < 0.22 || r->flags & LAYOUT_ROUTE_TO_BORDER || r->to == LAYOUT_NONE ||
        layout_boxes(s->layout)[r->to].expanded)
        return;
    const struct layout_point *q = &s->geo.points.v[r->first_point + r->n_points - 1], *p = q - 1;
    double dx = q->x - p->x, dy = q->y - p->y;
    uint32_t kind;
    if (dx != 0 && dy != 0) /* a curve arrives along the flow */
        kind = r->flags & LAYOUT_ROUTE_HORIZONTAL ? (dx > 0 ? SCENE_ARROW_RIGHT : SCENE_ARROW_LEFT)
                                                  : (dy > 0 ? SCENE_ARROW_DOWN : SCENE_ARROW_UP);
    else
        kind = dx > 0 ? SCENE_ARROW_RIGHT : dx < 0 ? SCENE_ARROW_LEFT : dy < 0 ? SCENE_ARROW_UP : SCENE_ARROW_DOWN;
    scene_add_mark(s, (double)scene_sx(s, q->x), (double)scene_sy(s, q->y), arrow_size * fmin(s->view->zoom, 1.6),
                   color, kind);
}

static void draw_edge_label(struct scene *s, const struct scene_route *r) {
    if (!s->edge_label || s->view->zoom < 0.5 || r->flags & LAYOUT_ROUTE_FROM_BORDER)
        return;
    if (r->from != LAYOUT_NONE && layout_boxes(s->layout)[r->from].expanded)
        return; /* written inside, where it begins */
    uint32_t label = s->edge_label[s->geo.route_edges.v[r->first_edge]];
    if (!label)
        return;
    const struct layout_point *p = &s->geo.points.v[r->first_point];
    bool level = r->flags & LAYOUT_ROUTE_HORIZONTAL;
    double away = (s->edge_font + 0.5) * s->view->zoom;
    scene_add_text(s, (double)scene_sx(s, p->x) + (level ? away * 0.5 : 0),
                   (double)scene_sy(s, p->y) + (level ? 0 : away), s->edge_font * s->view->zoom,
                   18 * s->edge_font * s->view->zoom,
                   r->dim ? scene_mix(s->theme.muted, s->theme.background, 0.75) : s->theme.muted,
                   (level ? SCENE_TEXT_LEFT : SCENE_TEXT_CENTER) | SCENE_TEXT_PLATE, SCENE_EDGE_LABEL, label);
}

static double edge_width(const struct scene *s) {
    double w = 1.35 * sqrt(s->view->zoom);
    return w < 0.5 ? 0.5 : w > 2.4 ? 2.4 : w;
}

/* Pale: 0 for what flows, up to 1. From afar all lines are pale, for so many of them lie side by side. */
static struct pen edge_pen(const struct scene *s, double pale) {
    double z = s->view->zoom, far = z < 0.4 ? (0.4 - z) * 1.5 : 0;
    uint32_t c = scene_mix(s->theme.edge, s->theme.background, fmin(pale + far, 0.85));
    if (s->progress < 1)
        c = scene_mix(c & 0xffffff00u, c, s->progress * s->progress);
    return (struct pen){c, edge_width(s) * (pale > 0 ? 0.8 : 1)};
}

/* Faint lines first, so that the others lie over them. */
static void draw_routes(struct scene *s, struct rtree_box view) {
    const struct scene_geometry *geo = &s->geo;
    struct pen pen = edge_pen(s, 0), faint = edge_pen(s, 0.45), dim = edge_pen(s, 0.78);
    struct rtree_walk w;
    uint32_t k;
    struct rtree_box box;
    bool many;
    double zoom = s->view->zoom;
    bool drop = zoom < 0.02; /* groups of lines of under two pixels: the boxes beside them say as much */
    vec_clear(&s->main_curves);
    rtree_start(&w, &geo->piece_tree, view, (float)(least_px / zoom));
    while (rtree_next(&w, &k, &box, &many)) {
        const struct scene_piece *piece = &geo->pieces.v[k];
        const struct scene_route *r = &geo->routes.v[piece->route];
        if (!scene_drawn_in(s, r->layer) || (many ? drop : r->color != 0)) /* coloured ones are drawn over the others */
            continue;
        const struct pen *with = r->dim ? &dim : r->faint ? &faint : &pen;
        size_t from = s->curves.n;
        if (many) {
            add_line(s, (double)box.x0, (double)box.y0, (double)box.x1, (double)box.y1, with);
        } else {
            draw_piece(s, r, piece->point, with);
            if (piece->point + 2 == r->first_point + r->n_points)
                draw_arrow(s, r, with->color);
            if (piece->point == r->first_point)
                draw_edge_label(s, r);
        }
        size_t n = s->curves.n - from;
        if (with == &pen && n && vec_room(&s->main_curves, n)) {
            memcpy(s->main_curves.v + s->main_curves.n, s->curves.v + from, n * sizeof *s->curves.v);
            s->main_curves.n += n;
            s->curves.n = from;
        }
    }
    size_t n = s->main_curves.n;
    if (n && vec_room(&s->curves, n)) {
        memcpy(s->curves.v + s->curves.n, s->main_curves.v, n * sizeof *s->curves.v);
        s->curves.n += n;
    }
}

static void draw_hot_routes(struct scene *s) {
    const struct scene_geometry *geo = &s->geo;
    double margin = 20 / s->view->zoom, left = s->left - margin, top = s->top - margin;
    double right = s->left + s->view->w / s->view->zoom + margin, bottom = s->top + s->view->h / s->view->zoom + margin;
    for (size_t k = 0; k < s->hot.n; k++) {
        const struct scene_route *r = &geo->routes.v[s->hot.v[k]];
        if (!scene_drawn_in(s, r->layer))
            continue;
        struct pen pen = {r->color, fmax(edge_width(s) * 1.7, 1.5)};
        for (uint32_t i = r->first_point; i + 1 < r->first_point + r->n_points; i++) {
            const struct layout_point *p = &geo->points.v[i], *q = p + 1;
            if (fmin(p->x, q->x) > right || fmax(p->x, q->x) < left || fmin(p->y, q->y) > bottom ||
                fmax(p->y, q->y) < top)
                continue;
            draw_piece(s, r, i, &pen);
            if (i + 2 == r->first_point + r->n_points)
                draw_arrow(s, r, r->color);
            if (i == r->first_point)
                draw_edge_label(s, r);
        }
    }
}

/* ---- boxes ----------------------------------------------------------------------------------------------- */

static void draw_open_layers(struct scene *s) {
    for (size_t k = 0; k < s->geo.open.n; k++) {
        uint32_t i = s->geo.open.v[k];
        double fade;
        struct layout_box b = scene_box_now(s, i, &fade);
        if (s->state[i] == SCENE_OPEN && in_view(s, &b))
            scene_draw_open(s, i, &b, fade);
    }
}

static void draw_closed_boxes(struct scene *s, struct rtree_box view) {
    const struct scene_geometry *geo = &s->geo;
    if (s->progress < 1) { /* the index knows the final places only; few boxes then, see scene_update */
        for (size_t k = 0; k < geo->closed.n; k++) {
            uint32_t i = geo->closed.v[k];
            double fade;
            struct layout_box b = scene_box_now(s, i, &fade);
            if (scene_drawn_in(s, s->parent[i]) && in_view(s, &b))
                scene_draw_closed(s, i, &b, fade);
        }
        return;
    }
    struct rtree_walk w;
    uint32_t k;
    struct rtree_box box;
    bool many;
    const struct layout_box *boxes = layout_boxes(s->layout);
    rtree_start(&w, &geo->closed_tree, view, (float)(least_px / s->view->zoom));
    while (rtree_next(&w, &k, &box, &many)) {
        uint32_t i = geo->closed.v[k];
        if (!scene_drawn_in(s, s->parent[i]))
            continue;
        if (!many) {
            scene_draw_closed(s, i, &boxes[i], 1);
            continue;
        }
        struct layout_box b = {
            .x = (double)box.x0, .y = (double)box.y0, .w = (double)(box.x1 - box.x0), .h = (double)(box.y1 - box.y0)};
        scene_draw_closed(s, i, &b, 1);
    }
}

static void draw_blocks(struct scene *s) {
    const struct layout_box *boxes = layout_boxes(s->layout);
    for (size_t k = 0; k < s->geo.open.n; k++) {
        uint32_t i = s->geo.open.v[k];
        if (s->state[i] == SCENE_BLOCK && in_view(s, &boxes[i]))
            scene_draw_block(s, i, &boxes[i]);
    }
}

static void draw_outlines(struct scene *s) {
    const struct scene_geometry *geo = &s->geo;
    for (int open = 0; open < 2; open++) {
        size_t n = open ? geo->open.n : geo->closed.n;
        const uint32_t *items = open ? geo->open.v : geo->closed.v;
        for (size_t k = 0; k < n; k++) {
            uint32_t i = items[k];
            if (!s->outline[i] && i != s->hover)
                continue;
            double fade;
            struct layout_box b = scene_box_now(s, i, &fade);
            if (scene_drawn_in(s, s->parent[i]) && in_view(s, &b))
                scene_draw_outline(s, i, &b);
        }
    }
}

/* ---- extra edges ----------------------------------------------------------------------------------------- */

static uint32_t shown_item(const struct scene *s, graph_node n) {
    graph_node stand_in = scene_stand_in(s, n);
    return stand_in == SCENE_NONE ? SCENE_NONE : s->item_of[stand_in];
}

/* A line from box to box over all else. False when there is none to draw; else its middle in *x, *y. */
static bool draw_free(struct scene *s, graph_node source, graph_node target, const struct pen *pen, double *x,
                      double *y) {
    uint32_t from = shown_item(s, source), to = shown_item(s, target);
    if (from == SCENE_NONE || to == SCENE_NONE || from == to)
        return false;
    double fade;
    struct layout_box a = scene_box_now(s, from, &fade), b = scene_box_now(s, to, &fade);
    double ax = a.x + a.w * 0.5, ay = a.y + a.h * 0.5, bx = b.x + b.w * 0.5, by = b.y + b.h * 0.5;
    bool upright = fabs(by - ay) >= fabs(bx - ax), forward = upright ? by > ay : bx > ax;
    if (upright && fabs(bx - ax) < 60 && fabs(by - ay) > 150) { /* around what stands between them */
        ax = a.x + a.w;
        bx = b.x + b.w;
        double out = (ax > bx ? ax : bx) + fmin(40 + fabs(by - ay) * 0.1, 160);
        add_curve(s, (double[]){ax, ay, out, ay, out, by, bx, by}, pen);
        scene_add_mark(s, (double)scene_sx(s, bx), (double)scene_sy(s, by),
                       fmax(arrow_size * fmin(s->view->zoom, 1.6), 5), pen->color, SCENE_ARROW_LEFT);
        *x = (ax + bx) * 0.125 + out * 0.75; /* the middle of the curve */
        *y = (ay + by) * 0.5;
        return true;
    }
    if (upright) {
        ay += (forward ? 0.5 : -0.5) * a.h;
        by -= (forward ? 0.5 : -0.5) * b.h;
        double reach = (by - ay) * 0.4;
        add_curve(s, (double[]){ax, ay, ax, ay + reach, bx, by - reach, bx, by}, pen);
    } else {
        ax += (forward ? 0.5 : -0.5) * a.w;
        bx -= (forward ? 0.5 : -0.5) * b.w;
        double reach = (bx - ax) * 0.4;
        add_curve(s, (double[]){ax, ay, ax + reach, ay, bx - reach, by, bx, by}, pen);
    }
    scene_add_mark(
        s, (double)scene_sx(s, bx), (double)scene_sy(s, by), fmax(arrow_size * fmin(s->view->zoom, 1.6), 5), pen->color,
        upright ? (forward ? SCENE_ARROW_DOWN : SCENE_ARROW_UP) : (forward ? SCENE_ARROW_RIGHT : SCENE_ARROW_LEFT));
    *x = (ax + bx) * 0.5;
    *y = (ay + by) * 0.5;
    return true;
}

static void draw_extra(struct scene *s) {
    double x, y;
    for (size_t k = 0; k < s->hot_quiet.n; k++) {
        const graph_edge *e = &s->g->edges[s->hot_quiet.v[k]];
        struct pen pen = {s->edge_color[s->hot_quiet.v[k]], 1.3};
        (void)draw_free(s, e->source, e->target, &pen, &x, &y);
    }
    for (uint32_t k = 0; k < s->n_extra; k++) {
        const struct scene_extra_edge *e = &s->extra[k];
        struct pen pen = {e->color, fmax((double)e->width * fmin(s->view->zoom, 1.5), 1)};
        if (draw_free(s, e->from, e->to, &pen, &x, &y) && e->label_bytes && s->view->zoom > 0.3)
            scene_add_text(s, (double)scene_sx(s, x), (double)scene_sy(s, y), fmax(10 * s->view->zoom, 9), 240,
                           e->color, SCENE_TEXT_CENTER | SCENE_TEXT_PLATE, SCENE_EXTRA_LABEL, k);
    }
}

bool scene_draw(struct scene *s, const struct scene_view *view, struct scene_lists *out) {
    vec_clear(&s->rects);
    vec_clear(&s->curves);
    vec_clear(&s->marks);
    vec_clear(&s->texts);
    s->rects.failed = s->curves.failed = s->main_curves.failed = s->marks.failed = s->texts.failed = false;
    *out = (struct scene_lists){0};
    if (!s->ready || !(view->zoom > 0))
        return true;
    scene_prepare(s, view);
    double margin = 4 / view->zoom;
    struct rtree_box box = rtree_box_of(s->left - margin, s->top - margin, s->left + view->w / view->zoom + margin,
                                        s->top + view->h / view->zoom + margin);
    draw_open_layers(s);
    out->n_rects_below = (uint32_t)s->rects.n;
    draw_routes(s, box);
    draw_hot_routes(s);
    out->n_curves_below = (uint32_t)s->curves.n;
    out->n_marks_below = (uint32_t)s->marks.n;
    draw_closed_boxes(s, box);
    draw_blocks(s);
    draw_outlines(s);
    draw_extra(s);
    out->rects = s->rects.v;
    out->curves = s->curves.v;
    out->marks = s->marks.v;
    out->texts = s->texts.v;
    out->n_rects = (uint32_t)s->rects.n;
    out->n_curves = (uint32_t)s->curves.n;
    out->n_marks = (uint32_t)s->marks.n;
    out->n_texts = (uint32_t)s->texts.n;
    return !s->rects.failed && !s->curves.failed && !s->marks.failed && !s->texts.failed;
}
