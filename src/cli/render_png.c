/* render_png.c - the lists of a scene drawn by cairo. */
#include "cli/render_png.h"

#include <cairo.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CAIRO_FUNCTIONS(F)         \
    F(arc)                         \
    F(close_path)                  \
    F(create)                      \
    F(curve_to)                    \
    F(destroy)                     \
    F(fill)                        \
    F(fill_preserve)               \
    F(image_surface_create)        \
    F(line_to)                     \
    F(move_to)                     \
    F(new_path)                    \
    F(new_sub_path)                \
    F(paint)                       \
    F(rectangle)                   \
    F(restore)                     \
    F(save)                        \
    F(scale)                       \
    F(select_font_face)            \
    F(set_font_size)               \
    F(set_line_width)              \
    F(set_source_rgba)             \
    F(show_text)                   \
    F(status)                      \
    F(stroke)                      \
    F(surface_destroy)             \
    F(surface_status)              \
    F(surface_write_to_png_stream) \
    F(text_extents)

#define MEMBER(name) __typeof__(&cairo_##name) name;
struct cairo {
    CAIRO_FUNCTIONS(MEMBER)
};
#undef MEMBER

static bool load(struct cairo *c, const char **why) {
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define ROW(name) {"cairo_" #name, offsetof(struct cairo, name)},
        CAIRO_FUNCTIONS(ROW)
#undef ROW
    };
    void *library = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL);
    *why = "PNG needs the library cairo, which cannot be loaded; install the package libcairo2, or write SVG";
    if (!library)
        return false;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *f = dlsym(library, functions[i].name);
        if (!f)
            return false;
        memcpy((char *)c + functions[i].offset, &f, sizeof f); /* ISO C has no cast for this */
    }
    return true;
}

struct painter {
    const struct cairo *f;
    cairo_t *to;
    struct scene *s;
    struct buf text;
    uint32_t background;
};

static void set_color(const struct painter *p, uint32_t c) {
    p->f->set_source_rgba(p->to, (c >> 24) / 255.0, (c >> 16 & 255) / 255.0, (c >> 8 & 255) / 255.0, (c & 255) / 255.0);
}

static void round_rect(const struct painter *p, double x, double y, double w, double h, double r) {
    const struct cairo *f = p->f;
    if (r <= 0) {
        f->rectangle(p->to, x, y, w, h);
        return;
    }
    const double quarter = 1.5707963267948966;
    f->new_sub_path(p->to);
    f->arc(p->to, x + w - r, y + r, r, -quarter, 0);
    f->arc(p->to, x + w - r, y + h - r, r, 0, quarter);
    f->arc(p->to, x + r, y + h - r, r, quarter, 2 * quarter);
    f->arc(p->to, x + r, y + r, r, 2 * quarter, 3 * quarter);
    f->close_path(p->to);
}

/* Each paints the items [i, end) of a list. */
static void paint_rects(const struct painter *p, const struct scene_rect *r, uint32_t i, uint32_t end) {
    for (; i < end; i++) {
        double line = r[i].stroke & 255 ? (double)r[i].stroke_width : 0, half = line * 0.5;
        double w = fmax((double)r[i].w - line, 0), h = fmax((double)r[i].h - line, 0);
        round_rect(p, (double)r[i].x + half, (double)r[i].y + half, w, h,
                   fmin(fmax((double)r[i].radius - half, 0), fmin(w, h) * 0.5));
        if (r[i].fill & 255) {
            set_color(p, r[i].fill);
            p->f->fill_preserve(p->to);
        }
        if (line > 0) {
            set_color(p, r[i].stroke);
            p->f->set_line_width(p->to, line);
            p->f->stroke(p->to);
        }
        p->f->new_path(p->to);
    }
}

static void paint_curves(const struct painter *p, const struct scene_curve *c, uint32_t i, uint32_t end) {
    for (; i < end; i++) {
        p->f->move_to(p->to, (double)c[i].x0, (double)c[i].y0);
        if (c[i].straight)
            p->f->line_to(p->to, (double)c[i].x1, (double)c[i].y1);
        else
            p->f->curve_to(p->to, (double)c[i].cx0, (double)c[i].cy0, (double)c[i].cx1, (double)c[i].cy1,
                           (double)c[i].x1, (double)c[i].y1);
        if (i + 1 < end && c[i + 1].color == c[i].color && c[i + 1].width == c[i].width && i % 256)
            continue;
        set_color(p, c[i].color);
        p->f->set_line_width(p->to, (double)c[i].width);
        p->f->stroke(p->to);
    }
}

static void paint_polygon(const struct painter *p, const double *xy, int n) {
    p->f->move_to(p->to, xy[0], xy[1]);
    for (int i = 1; i < n; i++)
        p->f->line_to(p->to, xy[2 * i], xy[2 * i + 1]);
    p->f->close_path(p->to);
    p->f->fill(p->to);
}

/* The same shapes as in src/scene/svg.c. */
static void paint_marks(const struct painter *p, const struct scene_mark *marks, uint32_t i, uint32_t end) {
    for (; i < end; i++) {
        const struct scene_mark *m = &marks[i];
        double x = (double)m->x, y = (double)m->y, z = (double)m->size, half = z * 0.42;
        set_color(p, m->color);
        if (m->kind <= SCENE_ARROW_LEFT) {
            bool level = m->kind == SCENE_ARROW_RIGHT || m->kind == SCENE_ARROW_LEFT;
            double back = m->kind == SCENE_ARROW_DOWN || m->kind == SCENE_ARROW_RIGHT ? -z : z;
            if (level)
                paint_polygon(p, (double[]){x, y, x + back, y - half, x + back, y + half}, 3);
            else
                paint_polygon(p, (double[]){x, y, x - half, y + back, x + half, y + back}, 3);
        } else if (m->kind == SCENE_MARK_GRAPH) {
            static const double box[3][2] = {{0, -0.3}, {-0.3, 0.3}, {0.3, 0.3}};
            double r = z * 0.15;
            for (int k = 0; k < 3; k++) {
                p->f->rectangle(p->to, x + z * box[k][0] - r, y + z * box[k][1] - r, 2 * r, 2 * r);
                p->f->fill(p->to);
            }
            p->f->set_line_width(p->to, z * 0.08);
            for (int k = 1; k < 3; k++) {
                p->f->move_to(p->to, x, y - r);
                p->f->line_to(p->to, x + z * box[k][0], y + z * box[k][1] - r);
            }
            p->f->stroke(p->to);
        }
    }
}

static void paint_text(struct painter *p, const struct scene_text *t) {
    buf_clear(&p->text);
    scene_put_text(p->s, t->source, t->ref, &p->text);
    const char *text = buf_z(&p->text);
    if (!text || !*text)
        return;
    cairo_text_extents_t e;
    double size = (double)t->size, squeeze = 1;
    p->f->select_font_face(p->to, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           t->flags & SCENE_TEXT_BOLD ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    p->f->set_font_size(p->to, size);
    p->f->text_extents(p->to, text, &e);
    if (e.x_advance > (double)t->max_width)
        squeeze = (double)t->max_width / e.x_advance;
    double w = e.x_advance * squeeze, x = (double)t->x, y = (double)t->y;
    x -= (t->flags & 3) == SCENE_TEXT_CENTER ? w * 0.5 : (t->flags & 3) == SCENE_TEXT_RIGHT ? w : 0;
    if (t->flags & SCENE_TEXT_PLATE && p->background) {
        set_color(p, p->background);
        p->f->rectangle(p->to, x - size * 0.25, y - size * 0.6, w + size * 0.5, size * 1.2);
        p->f->fill(p->to);
    }
    set_color(p, t->color);
    p->f->save(p->to);
    p->f->move_to(p->to, x, y + size * 0.35);
    p->f->scale(p->to, squeeze, 1);
    p->f->show_text(p->to, text);
    p->f->restore(p->to);
}

static cairo_status_t put_bytes(void *file, const unsigned char *bytes, unsigned n) {
    return fwrite(bytes, 1, n, file) == n ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void paint_scene(struct painter *p, const struct scene_lists *l) {
    paint_rects(p, l->rects, 0, l->n_rects_below);
    paint_curves(p, l->curves, 0, l->n_curves_below);
    paint_marks(p, l->marks, 0, l->n_marks_below);
    paint_rects(p, l->rects, l->n_rects_below, l->n_rects);
    paint_curves(p, l->curves, l->n_curves_below, l->n_curves);
    paint_marks(p, l->marks, l->n_marks_below, l->n_marks);
    for (uint32_t i = 0; i < l->n_texts; i++)
        paint_text(p, &l->texts[i]);
}

bool render_png(struct scene *s, const struct scene_view *view, double pixels, uint32_t background, struct mem *m,
                const char *path, const char **why) {
    struct cairo f;
    struct scene_lists l;
    if (!load(&f, why))
        return false;
    *why = "out of memory";
    if (!scene_draw(s, view, &l))
        return false;
    cairo_surface_t *surface =
        f.image_surface_create(CAIRO_FORMAT_ARGB32, (int)ceil(view->w * pixels), (int)ceil(view->h * pixels));
    struct painter p = {.f = &f, .to = f.create(surface), .s = s, .background = background};
    buf_init(&p.text, m);
    f.scale(p.to, pixels, pixels);
    if (background) {
        set_color(&p, background);
        f.paint(p.to);
    }
    paint_scene(&p, &l);
    bool ok =
        f.status(p.to) == CAIRO_STATUS_SUCCESS && f.surface_status(surface) == CAIRO_STATUS_SUCCESS && !p.text.failed;
    if (ok) {
        FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
        *why = "the file cannot be written";
        ok = file && f.surface_write_to_png_stream(surface, put_bytes, file) == CAIRO_STATUS_SUCCESS &&
             fflush(file) == 0;
        if (file && file != stdout && fclose(file) != 0)
            ok = false;
    }
    buf_free(&p.text);
    f.destroy(p.to);
    f.surface_destroy(surface);
    return ok;
}
