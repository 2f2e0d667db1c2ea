/* svg.c - the lists of scene_draw as a picture of text, rectangles and paths. */
#include <math.h>

#include "scene/scene_inner.h"

/* Two decimals, without the C library's locale. */
static void put_number(struct buf *b, double v) {
    int64_t n = (int64_t)floor(v * 100 + 0.5);
    if (n < 0) {
        buf_putc(b, '-');
        n = -n;
    }
    buf_put_i64(b, n / 100);
    if (n % 100) {
        buf_putc(b, '.');
        buf_putc(b, (char)('0' + n % 100 / 10));
        if (n % 10)
            buf_putc(b, (char)('0' + n % 10));
    }
}

static void put_attribute(struct buf *b, const char *name, double v) {
    buf_putc(b, ' ');
    buf_puts(b, name);
    buf_puts(b, "=\"");
    put_number(b, v);
    buf_putc(b, '"');
}

/* name="#rrggbb", and its opacity when it is not full. */
static void put_color(struct buf *b, const char *name, uint32_t c) {
    static const char digits[] = "0123456789abcdef";
    buf_putc(b, ' ');
    buf_puts(b, name);
    if ((c & 255) == 0) {
        buf_puts(b, "=\"none\"");
        return;
    }
    buf_puts(b, "=\"#");
    for (int shift = 28; shift >= 8; shift -= 4)
        buf_putc(b, digits[c >> shift & 15]);
    buf_putc(b, '"');
    if ((c & 255) != 255) {
        buf_putc(b, ' ');
        buf_puts(b, name);
        buf_puts(b, "-opacity=\"");
        put_number(b, (c & 255) / 255.0);
        buf_putc(b, '"');
    }
}

static void put_point(struct buf *b, char command, double x, double y) {
    buf_putc(b, command);
    put_number(b, x);
    buf_putc(b, ' ');
    put_number(b, y);
}

/* The rectangles [i, end) of a list. */
static void put_rects(struct buf *b, const struct scene_rect *r, uint32_t i, uint32_t end) {
    for (; i < end; i++) {
        double line = (double)r[i].stroke_width, half = line * 0.5; /* SVG strokes run along the middle */
        buf_puts(b, "<rect");
        put_attribute(b, "x", (double)r[i].x + half);
        put_attribute(b, "y", (double)r[i].y + half);
        put_attribute(b, "width", fmax((double)r[i].w - line, 0));
        put_attribute(b, "height", fmax((double)r[i].h - line, 0));
        if (r[i].radius > 0)
            put_attribute(b, "rx", fmax((double)r[i].radius - half, 0));
        put_color(b, "fill", r[i].fill);
        if (line > 0 && r[i].stroke & 255) {
            put_color(b, "stroke", r[i].stroke);
            put_attribute(b, "stroke-width", line);
        }
        buf_puts(b, "/>\n");
    }
}

/* Neighbours of one colour and width share a path. */
static void put_curves(struct buf *b, const struct scene_curve *c, uint32_t i, uint32_t end) {
    while (i < end) {
        uint32_t first = i;
        buf_puts(b, "<path fill=\"none\" stroke-linecap=\"round\"");
        put_color(b, "stroke", c[i].color);
        put_attribute(b, "stroke-width", (double)c[i].width);
        buf_puts(b, " d=\"");
        for (; i < end && c[i].color == c[first].color && c[i].width == c[first].width && i - first < 500; i++) {
            if (i == first || c[i].x0 != c[i - 1].x1 || c[i].y0 != c[i - 1].y1)
                put_point(b, 'M', (double)c[i].x0, (double)c[i].y0);
            if (c[i].straight) {
                put_point(b, 'L', (double)c[i].x1, (double)c[i].y1);
                continue;
            }
            put_point(b, 'C', (double)c[i].cx0, (double)c[i].cy0);
            put_point(b, ' ', (double)c[i].cx1, (double)c[i].cy1);
            put_point(b, ' ', (double)c[i].x1, (double)c[i].y1);
        }
        buf_puts(b, "\"/>\n");
    }
}

/* Shapes of marks in units of their size; docs of the kinds are in scene.h. The engine in TypeScript draws the same. */
static void put_mark(struct buf *b, const struct scene_mark *m) {
    double x = (double)m->x, y = (double)m->y, z = (double)m->size, half = z * 0.42;
    if (m->kind <= SCENE_ARROW_LEFT) {
        bool level = m->kind == SCENE_ARROW_RIGHT || m->kind == SCENE_ARROW_LEFT;
        double back = m->kind == SCENE_ARROW_DOWN || m->kind == SCENE_ARROW_RIGHT ? -z : z;
        buf_puts(b, "<path");
        put_color(b, "fill", m->color);
        buf_puts(b, " d=\"");
        put_point(b, 'M', x, y);
        put_point(b, 'L', level ? x + back : x - half, level ? y - half : y + back);
        put_point(b, 'L', level ? x + back : x + half, level ? y + half : y + back);
        buf_puts(b, "Z\"/>\n");
        return;
    }
    if (m->kind != SCENE_MARK_GRAPH)
        return; /* the others are for the pointer: pictures have none of them */
    /* One box above, two below, and what joins them. */
    static const float box[3][2] = {{0, -0.3f}, {-0.3f, 0.3f}, {0.3f, 0.3f}};
    buf_puts(b, "<path stroke-linejoin=\"round\"");
    put_color(b, "fill", m->color);
    put_color(b, "stroke", m->color);
    put_attribute(b, "stroke-width", z * 0.08);
    buf_puts(b, " d=\"");
    for (int i = 0; i < 3; i++) {
        double cx = x + z * (double)box[i][0], cy = y + z * (double)box[i][1], r = z * 0.15;
        put_point(b, 'M', cx - r, cy - r);
        put_point(b, 'L', cx + r, cy - r);
        put_point(b, 'L', cx + r, cy + r);
        put_point(b, 'L', cx - r, cy + r);
        buf_putc(b, 'Z');
        if (i) {
            put_point(b, 'M', x, y - z * 0.15);
            put_point(b, 'L', cx, cy - r);
        }
    }
    buf_puts(b, "\"/>\n");
}

static void put_escaped(struct buf *b, str text) {
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        switch (c) {
        case '<': buf_puts(b, "&lt;"); break;
        case '>': buf_puts(b, "&gt;"); break;
        case '&': buf_puts(b, "&amp;"); break;
        default: buf_putc(b, c < 32 ? ' ' : (char)c);
        }
    }
}

static void put_text(struct scene *s, struct buf *b, const struct scene_text *t, struct buf *scratch) {
    buf_clear(scratch);
    scene_put_text(s, t->source, t->ref, scratch);
    if (scratch->failed || scratch->n == 0)
        return;
    double natural = scene_text_width(buf_str(scratch), (double)t->size, t->flags & SCENE_TEXT_BOLD);
    buf_puts(b, "<text");
    put_attribute(b, "x", (double)t->x);
    put_attribute(b, "y", (double)t->y + (double)t->size * 0.35); /* of the baseline */
    put_attribute(b, "font-size", (double)t->size);
    put_color(b, "fill", t->color);
    if ((t->flags & 3) == SCENE_TEXT_CENTER)
        buf_puts(b, " text-anchor=\"middle\"");
    if ((t->flags & 3) == SCENE_TEXT_RIGHT)
        buf_puts(b, " text-anchor=\"end\"");
    if (t->flags & SCENE_TEXT_BOLD)
        buf_puts(b, " font-weight=\"600\"");
    if (t->flags & SCENE_TEXT_PLATE) {
        buf_puts(b, " paint-order=\"stroke\" stroke-width=\"4\" stroke-linejoin=\"round\"");
        put_color(b, "stroke", s->theme.background);
    }
    if (natural > (double)t->max_width) {
        put_attribute(b, "textLength", (double)t->max_width);
        buf_puts(b, " lengthAdjust=\"spacingAndGlyphs\"");
    }
    buf_putc(b, '>');
    put_escaped(b, buf_str(scratch));
    buf_puts(b, "</text>\n");
}

bool scene_write_svg(struct scene *s, const struct scene_view *view, uint32_t background, struct buf *b) {
    struct scene_lists l;
    struct buf scratch;
    if (!scene_draw(s, view, &l))
        return false;
    buf_puts(b, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
    put_attribute(b, "width", view->w);
    put_attribute(b, "height", view->h);
    buf_puts(b, " viewBox=\"0 0 ");
    put_number(b, view->w);
    buf_putc(b, ' ');
    put_number(b, view->h);
    buf_puts(b, "\" font-family=\"Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif\">\n");
    if (background) {
        buf_puts(b, "<rect width=\"100%\" height=\"100%\"");
        put_color(b, "fill", background);
        buf_puts(b, "/>\n");
    }
    put_rects(b, l.rects, 0, l.n_rects_below);
    put_curves(b, l.curves, 0, l.n_curves_below);
    for (uint32_t i = 0; i < l.n_marks_below; i++)
        put_mark(b, &l.marks[i]);
    put_rects(b, l.rects, l.n_rects_below, l.n_rects);
    put_curves(b, l.curves, l.n_curves_below, l.n_curves);
    for (uint32_t i = l.n_marks_below; i < l.n_marks; i++)
        put_mark(b, &l.marks[i]);
    buf_init(&scratch, s->mem);
    for (uint32_t i = 0; i < l.n_texts; i++)
        put_text(s, b, &l.texts[i], &scratch);
    bool ok = !scratch.failed && !b->failed;
    buf_free(&scratch);
    buf_puts(b, "</svg>\n");
    return ok && !b->failed;
}
