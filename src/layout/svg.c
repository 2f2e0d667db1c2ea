/* svg.c - the drawing as a plain SVG picture, for files and for looking at.
 *
 * Layers, then lines, then ops, so that lines run over the layers that hold them and under the boxes they end at.
 * Slanting pieces of lines become curves that leave and arrive in the direction of the layer. Colours are fixed and
 * pale; the scene room draws for the screen.
 */
#include <math.h>

#include "base/buf.h"
#include "layout/layout.h"

struct svg {
    struct layout *l;
    struct buf *b;
    uint32_t n_nodes;
    const struct layout_box *boxes;
};

/* One decimal, without the C library's locale. */
static void put_number(struct buf *b, double v) {
    int64_t tenths = (int64_t)floor(v * 10 + 0.5);
    if (tenths < 0) {
        buf_putc(b, '-');
        tenths = -tenths;
    }
    buf_put_i64(b, tenths / 10);
    if (tenths % 10) {
        buf_putc(b, '.');
        buf_putc(b, (char)('0' + tenths % 10));
    }
}

static void put_point(struct buf *b, char command, double x, double y) {
    buf_putc(b, command);
    put_number(b, x);
    buf_putc(b, ' ');
    put_number(b, y);
}

static void put_attribute(struct buf *b, const char *name, double v) {
    buf_putc(b, ' ');
    buf_puts(b, name);
    buf_lit(b, "=\"");
    put_number(b, v);
    buf_putc(b, '"');
}

static bool draw_route(void *user, const struct layout_route *r) {
    struct buf *b = ((struct svg *)user)->b;
    bool flat = r->flags & LAYOUT_ROUTE_HORIZONTAL;
    buf_lit(b, "<path d=\"");
    for (uint32_t i = 0; i < r->n_points; i++) {
        const struct layout_point *p = &r->points[i], *last = p - 1;
        if (i == 0) {
            put_point(b, 'M', p->x, p->y);
        } else if (last->x == p->x || last->y == p->y) {
            put_point(b, 'L', p->x, p->y);
        } else if (flat) {
            double middle = (last->x + p->x) * 0.5;
            put_point(b, 'C', middle, last->y);
            put_point(b, ' ', middle, p->y);
            put_point(b, ' ', p->x, p->y);
        } else {
            double middle = (last->y + p->y) * 0.5;
            put_point(b, 'C', p[-1].x, middle);
            put_point(b, ' ', p->x, middle);
            put_point(b, ' ', p->x, p->y);
        }
    }
    buf_lit(b, "\"");
    if (r->flags & (LAYOUT_ROUTE_BACK | LAYOUT_ROUTE_SELF))
        buf_lit(b, " class=\"b\"");
    buf_lit(b, "/>\n");
    return !b->failed;
}

static void put_escaped(struct buf *b, const char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        switch (p[i]) {
        case '<': buf_lit(b, "&lt;"); break;
        case '>': buf_lit(b, "&gt;"); break;
        case '&': buf_lit(b, "&amp;"); break;
        case '"': buf_lit(b, "&quot;"); break;
        default: buf_putc(b, (unsigned char)p[i] < 32 ? ' ' : p[i]);
        }
    }
}

static void draw_boxes(struct svg *s, bool open) {
    struct buf *b = s->b;
    for (uint32_t v = 0; v < s->n_nodes; v++) {
        const struct layout_box *box = &s->boxes[v];
        if (!box->visible || box->expanded != open)
            continue;
        buf_lit(b, "<rect");
        put_attribute(b, "x", box->x);
        put_attribute(b, "y", box->y);
        put_attribute(b, "width", box->w);
        put_attribute(b, "height", box->h);
        if (open)
            buf_lit(b, " class=\"l\"");
        buf_lit(b, "/>\n");
    }
}

/* Over everything: lines may run through the header of a layer. */
static void draw_labels(struct svg *s, const char *(*label)(void *user, uint32_t node, size_t *n), void *user) {
    struct buf *b = s->b;
    for (uint32_t v = 0; v < s->n_nodes && label; v++) {
        const struct layout_box *box = &s->boxes[v];
        size_t length = 0;
        const char *text = box->visible ? label(user, v, &length) : NULL;
        if (!text || length == 0)
            continue;
        buf_lit(b, "<text");
        put_attribute(b, "x", box->expanded ? box->x + 10 : box->x + box->w * 0.5);
        put_attribute(b, "y", box->expanded ? box->y + 18 : box->y + box->h * 0.5 + 4);
        if (box->expanded)
            buf_lit(b, " class=\"h\"");
        buf_putc(b, '>');
        put_escaped(b, text, length);
        buf_lit(b, "</text>\n");
    }
}

bool layout_write_svg(struct layout *l, uint32_t n_nodes, const char *(*label)(void *user, uint32_t node, size_t *n),
                      void *user, struct buf *b) {
    struct svg s = {l, b, n_nodes, layout_boxes(l)};
    double w, h, margin = 16;
    layout_size(l, &w, &h);
    buf_lit(b, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
    put_attribute(b, "width", w + 2 * margin);
    put_attribute(b, "height", h + 2 * margin);
    buf_lit(b, " viewBox=\"");
    put_number(b, -margin);
    buf_putc(b, ' ');
    put_number(b, -margin);
    buf_putc(b, ' ');
    put_number(b, w + 2 * margin);
    buf_putc(b, ' ');
    put_number(b, h + 2 * margin);
    buf_lit(b, "\">\n<style>rect{fill:#fff;stroke:#9aa4b2;rx:4}.l{fill:#5b7fa6;fill-opacity:.08;stroke:#7d93ad;rx:8}"
               "path{fill:none;stroke:#5f6b7a;stroke-width:1.2;stroke-linejoin:round}.b{stroke:#c2571a}"
               "text{font:11px sans-serif;text-anchor:middle;fill:#1f2937}"
               ".h{text-anchor:start;font-weight:600;fill:#33475b;paint-order:stroke;stroke:#f4f7fa;stroke-width:4}</"
               "style>\n");
    draw_boxes(&s, true);
    bool ok = layout_visit_routes(l, draw_route, &s);
    draw_boxes(&s, false);
    draw_labels(&s, label, user);
    buf_lit(b, "</svg>\n");
    return ok && !b->failed;
}
