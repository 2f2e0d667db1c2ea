#include "check.h"

#include <math.h>

#include "test.h"

static const double SLACK = 1e-6;

struct checker {
    const struct test_graph *g;
    const struct layout_box *boxes;
    struct layout *l;
    bool thorough;
    uint32_t *seen; /* (m) routes an edge is part of, in the layer where its ends part */
    double *in_x;   /* (m) where it enters an op, NaN when it does not */
    double *out_x;  /* (m) */
    uint8_t *flat;  /* (m) enters or leaves in a left-right layer */
};

static uint32_t parent_of(const struct test_graph *g, uint32_t v) {
    return g->parent[v];
}

/* The child of `layer` that holds v (v itself, maybe); LAYOUT_NONE when v lies elsewhere. */
static uint32_t child_holding(const struct test_graph *g, uint32_t layer, uint32_t v) {
    while (v != LAYOUT_ROOT && parent_of(g, v) != layer)
        v = parent_of(g, v);
    return v;
}

static bool on_side(double at, double low, double size) {
    return at >= low - SLACK && at <= low + size + SLACK;
}

/* A piece of a line runs through the inside of a box. */
static bool cuts(const struct layout_point *a, const struct layout_point *b, const struct layout_box *box) {
    double margin = 0.01, t0 = 0, t1 = 1;
    double from[2] = {a->x, a->y}, d[2] = {b->x - a->x, b->y - a->y};
    double low[2] = {box->x + margin, box->y + margin}, high[2] = {box->x + box->w - margin, box->y + box->h - margin};
    for (int k = 0; k < 2; k++) {
        if (d[k] == 0) {
            if (from[k] <= low[k] || from[k] >= high[k])
                return false;
            continue;
        }
        double p = (low[k] - from[k]) / d[k], q = (high[k] - from[k]) / d[k];
        t0 = fmax(t0, fmin(p, q));
        t1 = fmin(t1, fmax(p, q));
    }
    return t0 < t1;
}

static bool check_route(void *user, const struct layout_route *r) {
    struct checker *c = user;
    bool flat = r->flags & LAYOUT_ROUTE_HORIZONTAL;
    const struct layout_point *first = &r->points[0], *last = &r->points[r->n_points - 1];
    assert_true(r->n_points >= 2);
    assert_true(r->n_edges >= 1);
    for (uint32_t i = 0; i < r->n_points; i++)
        assert_true(isfinite(r->points[i].x) && isfinite(r->points[i].y));
    /* Ends on the right sides of its boxes. */
    if (r->from != LAYOUT_NONE) {
        const struct layout_box *b = &c->boxes[r->from];
        assert_true(b->visible && parent_of(c->g, r->from) == r->layer);
        assert_true(fabs(flat ? first->x - b->x - b->w : first->y - b->y - b->h) < SLACK);
        assert_true(flat ? on_side(first->y, b->y, b->h) : on_side(first->x, b->x, b->w));
    }
    if (r->to != LAYOUT_NONE) {
        const struct layout_box *b = &c->boxes[r->to];
        assert_true(b->visible && parent_of(c->g, r->to) == r->layer);
        assert_true(fabs(flat ? last->x - b->x : last->y - b->y) < SLACK);
        assert_true(flat ? on_side(last->y, b->y, b->h) : on_side(last->x, b->x, b->w));
    }
    if (r->layer != LAYOUT_ROOT) {
        const struct layout_box *b = &c->boxes[r->layer];
        for (uint32_t i = 0; i < r->n_points; i++)
            assert_true(on_side(r->points[i].x, b->x, b->w) && on_side(r->points[i].y, b->y, b->h));
    }
    /* With the direction, except at borders where corridors turn. */
    if (!(r->flags & (LAYOUT_ROUTE_BACK | LAYOUT_ROUTE_SELF))) {
        for (uint32_t i = 1; i < r->n_points; i++)
            assert_true((flat ? r->points[i].x - r->points[i - 1].x : r->points[i].y - r->points[i - 1].y) > -SLACK);
    }
    if (c->thorough) {
        for (uint32_t v = 0; v < c->g->n; v++) {
            if (!c->boxes[v].visible || parent_of(c->g, v) != r->layer)
                continue;
            for (uint32_t i = 1; i < r->n_points; i++)
                assert_false(cuts(&r->points[i - 1], &r->points[i], &c->boxes[v]));
        }
    }
    for (uint32_t i = 0; i < r->n_edges; i++) {
        uint32_t e = r->edges[i];
        assert_true(i == 0 || e > r->edges[i - 1]);
        if (r->from != LAYOUT_NONE && r->to != LAYOUT_NONE)
            c->seen[e]++;
        if (r->from != LAYOUT_NONE)
            assert_int_equal(child_holding(c->g, r->layer, c->g->from[e]), r->from);
        if (r->to != LAYOUT_NONE)
            assert_int_equal(child_holding(c->g, r->layer, c->g->to[e]), r->to);
        if (r->flags & LAYOUT_ROUTE_SELF)
            continue;
        if (r->to == c->g->to[e] && !(c->g->flags[r->to] & LAYOUT_LAYER))
            c->in_x[e] = flat ? last->y : last->x;
        if (r->from == c->g->from[e] && !(c->g->flags[r->from] & LAYOUT_LAYER))
            c->out_x[e] = flat ? first->y : first->x;
    }
    return true;
}

static int by_x(const void *a, const void *b) {
    const struct layout_box *const *p = a, *const *q = b;
    return (*p)->x < (*q)->x ? -1 : (*p)->x > (*q)->x;
}

/* Boxes of one layer's children: inside it, not over each other. */
static void check_children(const struct checker *c, uint32_t layer, const struct layout_box **list, uint32_t n) {
    double w, h;
    layout_size(c->l, &w, &h);
    struct layout_box all = {.w = w, .h = h};
    const struct layout_box *around = layer == LAYOUT_ROOT ? &all : &c->boxes[layer];
    double header = layer == LAYOUT_ROOT ? 0 : layout_default_options().header;
    for (uint32_t i = 0; i < n; i++) {
        assert_true(list[i]->x >= around->x - SLACK && list[i]->y >= around->y + header - SLACK);
        assert_true(list[i]->x + list[i]->w <= around->x + around->w + SLACK);
        assert_true(list[i]->y + list[i]->h <= around->y + around->h + SLACK);
    }
    qsort(list, n, sizeof *list, by_x);
    double widest = 0;
    for (uint32_t i = 0; i < n; i++)
        widest = fmax(widest, list[i]->w);
    for (uint32_t i = 0; i < n; i++) {
        const struct layout_box *a = list[i];
        uint32_t looked = 0;
        for (uint32_t k = i + 1; k < n && list[k]->x < a->x + a->w - SLACK && looked < 5000; k++, looked++) {
            const struct layout_box *b = list[k];
            assert_false(b->y < a->y + a->h - SLACK && a->y < b->y + b->h - SLACK && a->w > 0 && b->w > 0);
        }
    }
}

/* The last of a layer's children that are pinned stands before all its siblings. */
static void check_pinned(const struct checker *c) {
    uint32_t *pinned = malloc((c->g->n + (size_t)1) * sizeof *pinned);
    for (uint32_t v = 0; v <= c->g->n; v++)
        pinned[v] = LAYOUT_NONE;
    for (uint32_t v = 0; v < c->g->n; v++)
        if (c->g->flags[v] & LAYOUT_PINNED && c->boxes[v].visible)
            pinned[parent_of(c->g, v) == LAYOUT_ROOT ? c->g->n : parent_of(c->g, v)] = v;
    for (uint32_t v = 0; v < c->g->n; v++) {
        uint32_t p = parent_of(c->g, v), first = pinned[p == LAYOUT_ROOT ? c->g->n : p];
        if (!c->boxes[v].visible || first == LAYOUT_NONE || first == v)
            continue;
        const struct layout_box *a = &c->boxes[first], *b = &c->boxes[v];
        bool right = b->x > a->x + a->w, below = b->y > a->y + a->h;
        if (p == LAYOUT_ROOT) /* whose direction is not told here */
            assert_true(right || below);
        else
            assert_true(c->g->flags[p] & LAYOUT_LEFT_RIGHT ? right : below);
    }
    free(pinned);
}

void check_layout(struct layout *l, const struct test_graph *g, bool thorough) {
    struct checker c = {.g = g, .boxes = layout_boxes(l), .l = l, .thorough = thorough};
    c.seen = calloc(g->m + 1, sizeof *c.seen);
    c.in_x = malloc((g->m + 1) * sizeof *c.in_x);
    c.out_x = malloc((g->m + 1) * sizeof *c.out_x);
    for (uint32_t e = 0; e < g->m; e++)
        c.in_x[e] = c.out_x[e] = NAN;

    /* Children by layer. */
    uint32_t *start = calloc((size_t)g->n + 3, sizeof *start);
    const struct layout_box **list = malloc((g->n + 1) * sizeof *list);
    for (uint32_t v = 0; v < g->n; v++) {
        uint32_t p = parent_of(g, v);
        assert_int_equal(c.boxes[v].visible, p == LAYOUT_ROOT || c.boxes[p].expanded);
        assert_true(!c.boxes[v].expanded || (c.boxes[v].visible && layout_is_expanded(l, v)));
        if (c.boxes[v].visible)
            start[(p == LAYOUT_ROOT ? g->n : p) + 2]++;
    }
    for (uint32_t v = 0; v <= g->n; v++)
        start[v + 2] += start[v + 1];
    for (uint32_t v = 0; v < g->n; v++)
        if (c.boxes[v].visible)
            list[start[(parent_of(g, v) == LAYOUT_ROOT ? g->n : parent_of(g, v)) + 1]++] = &c.boxes[v];
    for (uint32_t v = 0; v <= g->n; v++)
        check_children(&c, v == g->n ? LAYOUT_ROOT : v, list + start[v], start[v + 1] - start[v]);

    check_pinned(&c);
    assert_true(layout_visit_routes(l, check_route, &c));

    /* Every edge whose ends part in a visible layer is drawn there once. Operands enter in order. */
    for (uint32_t e = 0; e < g->m; e++) {
        uint32_t a = g->from[e], b = g->to[e];
        while (a != LAYOUT_ROOT && child_holding(g, a, b) != LAYOUT_ROOT)
            a = parent_of(g, a); /* the smallest layer around both, from the source's side */
        uint32_t layer = g->from[e] == g->to[e] ? parent_of(g, a) : a;
        while (layer != LAYOUT_ROOT && child_holding(g, layer, g->to[e]) == LAYOUT_ROOT)
            layer = parent_of(g, layer);
        bool shown = layer == LAYOUT_ROOT || c.boxes[layer].expanded;
        /* An edge between a layer and what it holds is drawn inside only, to the border. */
        bool own = child_holding(g, g->from[e], g->to[e]) != LAYOUT_ROOT ||
                   child_holding(g, g->to[e], g->from[e]) != LAYOUT_ROOT ||
                   (g->from[e] == g->to[e] && (g->flags[g->from[e]] & LAYOUT_LAYER));
        if (!own)
            assert_int_equal(c.seen[e], shown ? 1 : 0);
    }
    for (uint32_t e = 0; e < g->m; e++)
        for (uint32_t f = e + 1; f < g->m && f < e + 40; f++) {
            if (g->to[e] == g->to[f] && !(g->flags[g->to[e]] & LAYOUT_FREE_OPERANDS) && !isnan(c.in_x[e]) &&
                !isnan(c.in_x[f]) && g->in[e] != g->in[f])
                assert_true(g->in[e] < g->in[f] ? c.in_x[e] <= c.in_x[f] + SLACK : c.in_x[f] <= c.in_x[e] + SLACK);
            if (g->from[e] == g->from[f] && !isnan(c.out_x[e]) && !isnan(c.out_x[f]) && g->out[e] != g->out[f])
                assert_true(g->out[e] < g->out[f] ? c.out_x[e] <= c.out_x[f] + SLACK
                                                  : c.out_x[f] <= c.out_x[e] + SLACK);
        }
    free(c.seen);
    free(c.in_x);
    free(c.out_x);
    free(start);
    free(list);
}

static bool describe_route(void *user, const struct layout_route *r) {
    struct buf *b = user;
    buf_printf(b, "%u %u>%u f%u b%u:", r->layer, r->from, r->to, r->flags, r->bundle);
    for (uint32_t i = 0; i < r->n_points; i++)
        buf_printf(b, " %.17g,%.17g", r->points[i].x, r->points[i].y);
    for (uint32_t i = 0; i < r->n_edges; i++)
        buf_printf(b, " %u", r->edges[i]);
    buf_putc(b, '\n');
    return true;
}

void describe_layout(struct layout *l, const struct test_graph *g, struct buf *out) {
    const struct layout_box *b = layout_boxes(l);
    for (uint32_t v = 0; v < g->n; v++)
        buf_printf(out, "%u: %d %d %.17g %.17g %.17g %.17g\n", v, b[v].visible, b[v].expanded, b[v].x, b[v].y, b[v].w,
                   b[v].h);
    assert_true(layout_visit_routes(l, describe_route, out));
    assert_false(out->failed);
}
