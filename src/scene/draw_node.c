/* draw_node.c - one box: fill, border, label, lines, icons, bar. */
#include <math.h>

#include "scene/scene_inner.h"

static const double least_font = 3.6; /* pixels; smaller texts are not drawn */

struct look {
    uint32_t fill, border, text, muted;
};

static uint32_t styled(const uint32_t *colors, graph_node n, uint32_t usual) {
    return colors && colors[n] ? colors[n] : usual;
}

/* Black or white, whichever can be read on a colour from outside (luminance by ITU-R BT.709). */
static uint32_t readable_on(uint32_t fill) {
    double light = 0.2126 * (fill >> 24) + 0.7152 * (fill >> 16 & 255) + 0.0722 * (fill >> 8 & 255);
    return light > 140 ? 0x14181eff : 0xffffffff;
}

static struct look look_of(const struct scene *s, uint32_t i, double fade) {
    graph_node n = s->node_of[i];
    bool layer = s->flags[i] & LAYOUT_LAYER;
    struct look l = {layer ? s->theme.layer : s->theme.fill[s->category[i]],
                     layer ? s->theme.layer_border : s->theme.line[s->category[i]], s->theme.text, s->theme.muted};
    l.fill = s->tint[i] ? s->tint[i] : styled(s->fill, n, l.fill);
    l.border = styled(s->border, n, l.border);
    if (s->text && s->text[n])
        l.text = l.muted = s->text[n];
    else if (s->tint[i] || (s->fill && s->fill[n]))
        l.text = l.muted = readable_on(l.fill);
    double away = 1 - fade;
    if (s->dim[i])
        away = fmax(away, 0.8);
    if (away > 0) {
        l.fill = scene_mix(l.fill, s->theme.background, away);
        l.border = scene_mix(l.border, s->theme.background, away);
        l.text = scene_mix(l.text, s->theme.background, away);
        l.muted = scene_mix(l.muted, s->theme.background, away);
    }
    return l;
}

static double border_width(const struct scene *s) {
    double z = s->view->zoom;
    return z > 1 ? fmin(1.2 * z, 2) : z < 0.12 ? 0.6 : 1;
}

/* Pieces of the bar along the lower edge. */
static void draw_bar(struct scene *s, uint32_t i, double x, double y, double w, double h) {
    uint32_t bar = s->bar_of[i];
    if (bar == SCENE_NONE || w < 6)
        return;
    double high = fmin(5 * s->view->zoom, h * 0.3), at = x + 1;
    for (uint32_t k = s->bar_start[bar]; k < s->bar_start[bar + 1]; k++) {
        double piece = (w - 2) * (double)s->bar_share[k];
        scene_add_rect(s, at, y + h - high - 1, piece, high, s->bar_color[k], 0, 0, 0);
        at += piece;
    }
}

static void draw_lines(struct scene *s, uint32_t i, const struct look *l, double x, double y, double w, double top) {
    double z = s->view->zoom * scene_scale(s, i), size = SCENE_FONT_SMALL * z;
    if (size < least_font || !s->n_lines[i])
        return;
    scene_add_rect(s, x + 8 * z, y + top * z, w - 16 * z, fmax(0.6, 0.6 * z), scene_mix(l->fill, l->border, 0.5), 0, 0,
                   0);
    for (uint32_t k = 0; k < s->n_lines[i]; k++) {
        uint32_t line = s->first_line[i] + k;
        const struct scene_line *t = &s->lines.v[line];
        double at = x + 10 * z, middle = y + (top + 3 + (k + 0.5) * SCENE_LINE) * z, room = w - 20 * z;
        if (t->key_bytes) {
            double key = scene_text_width(str_of(s->line_text.v + t->key, t->key_bytes), size, false);
            scene_add_text(s, at, middle, size, fmin(key, room), l->muted, SCENE_TEXT_LEFT, SCENE_LINE_KEY, line);
            at += key + 6 * z;
            room -= key + 6 * z;
        }
        if (room > size)
            scene_add_text(s, at, middle, size, room, l->text, SCENE_TEXT_LEFT, SCENE_LINE_VALUE, line);
    }
}

static void draw_op_label(struct scene *s, uint32_t i, const struct look *l, double x, double y, double w) {
    double z = s->view->zoom * scene_scale(s, i), size = SCENE_FONT * z;
    graph_node n = s->node_of[i];
    bool call = graph_at(s->g, n)->flags & GRAPH_CALL;
    if (size < least_font)
        return;
    double icon = call ? 18 * z : 0;
    if (s->reads_quiet && s->reads_quiet[i] && z > 0.3) /* parameters come in: their lines are not drawn */
        scene_add_mark(s, x + 11 * z, y + 1.5 * z, 7 * z, s->theme.line[SCENE_ARGUMENT], SCENE_ARROW_DOWN);
    scene_add_text(s, x + (w - icon) * 0.5, y + SCENE_OP_HEIGHT * 0.5 * z, size, w - icon - 12 * z, l->text,
                   SCENE_TEXT_CENTER | (graph_at(s->g, n)->kind != GRAPH_ARGUMENT ? SCENE_TEXT_DIALECT : 0),
                   SCENE_LABEL, n);
    if (call && z > 0.4)
        scene_add_mark(s, x + w - 14 * z, y + SCENE_OP_HEIGHT * 0.5 * z, 12 * z, l->muted, SCENE_MARK_GRAPH);
}

/* A closed layer. Far away its name is written larger than it is, as long as it fits. */
static void draw_layer_label(struct scene *s, uint32_t i, const struct look *l, double x, double y, double w,
                             double h) {
    double z = s->view->zoom * scene_scale(s, i), size = SCENE_FONT * z;
    graph_node n = s->node_of[i];
    if (z < 0.55) {
        double one = scene_text_width(graph_label(s->g, n), 1, true);
        double fit = fmin(fmin(h * 0.55, 11), (w - 6) / (one > 0 ? one : 1));
        size = fmax(size, fit);
        if (size >= least_font)
            scene_add_text(s, x + w * 0.5, y + h * 0.5, size, w - 4, l->text, SCENE_TEXT_CENTER | SCENE_TEXT_BOLD,
                           SCENE_LABEL, n);
        return;
    }
    scene_add_text(s, x + w * 0.5, y + 17 * z, size, w - 2 * (SCENE_ICON_X + 9) * z, l->text,
                   SCENE_TEXT_CENTER | SCENE_TEXT_BOLD, SCENE_LABEL, n);
    scene_add_text(s, x + w * 0.5, y + 34 * z, SCENE_FONT_SMALL * z, w - 12 * z, l->muted, SCENE_TEXT_CENTER,
                   SCENE_COUNT, n);
    if (s->view->no_chrome)
        return;
    scene_add_mark(s, x + SCENE_ICON_X * z, y + 17 * z, 13 * z, l->muted, SCENE_MARK_PLUS);
    scene_add_mark(s, x + w - SCENE_MENU_X * z, y + 17 * z, 13 * z, l->muted, SCENE_MARK_DOTS);
}

void scene_draw_closed(struct scene *s, uint32_t i, const struct layout_box *b, double fade) {
    double zoom = s->view->zoom, z = zoom * scene_scale(s, i);
    double x = (double)scene_sx(s, b->x), y = (double)scene_sy(s, b->y), w = b->w * zoom, h = b->h * zoom;
    struct look l = look_of(s, i, fade);
    if (h < 3 || w < 3) { /* a speck: its border's colour says what it is when its fill is pale */
        uint32_t c = s->fill && s->fill[s->node_of[i]] ? l.fill : scene_mix(l.fill, l.border, 0.6);
        scene_add_rect(s, x, y, fmax(w, 0.8), fmax(h, 0.8), c, 0, 0, 0);
        return;
    }
    bool layer = s->flags[i] & LAYOUT_LAYER;
    bool pill = s->category[i] == SCENE_ARGUMENT || s->category[i] == SCENE_RETURN;
    double radius = fmin(layer ? 7 * z : pill && !s->n_lines[i] ? 15 * z : 5 * z, h * 0.5);
    if (layer && z > 0.25) /* a second sheet behind it: there is more inside */
        scene_add_rect(s, x + 3 * z, y + 3 * z, w, h, scene_mix(l.fill, l.border, 0.35), l.border, radius,
                       border_width(s));
    scene_add_rect(s, x, y, w, h, l.fill, l.border, radius, border_width(s));
    draw_bar(s, i, x, y, w, h);
    if (layer)
        draw_layer_label(s, i, &l, x, y, w, h);
    else
        draw_op_label(s, i, &l, x, y, w);
    draw_lines(s, i, &l, x, y, w, layer ? SCENE_LAYER_HEIGHT - 4 : SCENE_OP_HEIGHT - 1);
}

/* Whether the name of the layer around it stands where its own would: they begin at almost the same height. */
static bool named_above(struct scene *s, uint32_t i, double y) {
    const double line = 14; /* of such a name */
    uint32_t around = s->parent[i];
    double fade;
    if (around == LAYOUT_ROOT || s->state[around] != SCENE_OPEN)
        return false;
    struct layout_box b = scene_box_now(s, around, &fade);
    return y - (double)scene_sy(s, b.y) < line;
}

void scene_draw_open(struct scene *s, uint32_t i, const struct layout_box *b, double fade) {
    double zoom = s->view->zoom, z = zoom * s->layer_scale;
    double x = (double)scene_sx(s, b->x), y = (double)scene_sy(s, b->y), w = b->w * zoom, h = b->h * zoom;
    graph_node n = s->node_of[i];
    uint32_t depth = s->depth[i] < SCENE_N_DEPTHS ? s->depth[i] : SCENE_N_DEPTHS - 1;
    uint32_t fill = s->theme.depths[depth], border = styled(s->border, n, s->theme.layer_border);
    uint32_t styled_fill = s->tint[i] ? s->tint[i] : styled(s->fill, n, 0);
    if (styled_fill) /* only a breath of it: the ops inside have their own */
        fill = scene_mix(fill, styled_fill | 0xff, 0.25);
    double away = fmax(1 - fade, s->dim[i] ? 0.7 : 0);
    uint32_t text = scene_mix(s->theme.text, s->theme.background, away);
    uint32_t muted = scene_mix(s->theme.muted, s->theme.background, away);
    scene_add_rect(s, x, y, w, h, scene_mix(fill, s->theme.background, away * 0.8),
                   scene_mix(border, s->theme.background, fmax(away, 0.35)), fmin(9 * z, h * 0.5), border_width(s));
    double size = SCENE_FONT * z, middle = y + SCENE_HEADER * 0.5 * z;
    if (size < 6.5) {
        /* Too far to read the header: the name is written over the corner, when there is room for it. */
        double one = scene_text_width(graph_label(s->g, n), 1, true);
        double fit = fmin(11, (w - 10) / (one > 0 ? one : 1));
        if (h > 90 && fit >= 7 && !named_above(s, i, y))
            scene_add_text(s, x + 5, y + fmax(SCENE_HEADER * 0.5 * z, 8), fit, w - 10, text,
                           SCENE_TEXT_LEFT | SCENE_TEXT_BOLD | SCENE_TEXT_PLATE, SCENE_LABEL, n);
        else if (size >= least_font)
            scene_add_text(s, x + (SCENE_ICON_X + 13) * z, middle, size, w - 60 * z, text,
                           SCENE_TEXT_LEFT | SCENE_TEXT_BOLD, SCENE_LABEL, n);
        return;
    }
    double room = w - (SCENE_ICON_X + 13 + SCENE_MENU_X + 13) * z;
    double name = fmin(scene_text_width(graph_label(s->g, n), size, true), room);
    scene_add_text(s, x + (SCENE_ICON_X + 11) * z, middle, size, room, text, SCENE_TEXT_LEFT | SCENE_TEXT_BOLD,
                   SCENE_LABEL, n);
    if (room - name > 70 * z)
        scene_add_text(s, x + w - (SCENE_MENU_X + 12) * z, middle, SCENE_FONT_SMALL * z, 70 * z, muted,
                       SCENE_TEXT_RIGHT, SCENE_COUNT, n);
    if (s->view->no_chrome)
        return;
    scene_add_mark(s, x + SCENE_ICON_X * z, middle, 13 * z, muted, SCENE_MARK_MINUS);
    scene_add_mark(s, x + w - SCENE_MENU_X * z, middle, 13 * z, muted, SCENE_MARK_DOTS);
}

void scene_draw_block(struct scene *s, uint32_t i, const struct layout_box *b) {
    double z = s->view->zoom, x = (double)scene_sx(s, b->x), y = (double)scene_sy(s, b->y), w = b->w * z, h = b->h * z;
    struct look l = look_of(s, i, 1);
    l.fill = scene_mix(l.fill, l.border, 0.3);
    scene_add_rect(s, x, y, fmax(w, 0.8), fmax(h, 0.8), l.fill, w > 4 && h > 4 ? l.border : 0,
                   fmin(4, fmin(w, h) * 0.25), w > 4 && h > 4 ? border_width(s) : 0);
    draw_bar(s, i, x, y, w, h);
    double one = scene_text_width(graph_label(s->g, s->node_of[i]), 1, true);
    double size = fmin(fmin(11, h * 0.7), (w - 4) / (one > 0 ? one : 1));
    if (size >= 6)
        scene_add_text(s, x + w * 0.5, y + h * 0.5, size, w - 2, l.text, SCENE_TEXT_CENTER | SCENE_TEXT_BOLD,
                       SCENE_LABEL, s->node_of[i]);
}

void scene_draw_outline(struct scene *s, uint32_t i, const struct layout_box *b) {
    double zoom = s->view->zoom, z = zoom * scene_scale(s, i);
    double x = (double)scene_sx(s, b->x), y = (double)scene_sy(s, b->y), w = b->w * zoom, h = b->h * zoom;
    bool layer = s->flags[i] & LAYOUT_LAYER;
    bool pill = (s->category[i] == SCENE_ARGUMENT || s->category[i] == SCENE_RETURN) && !s->n_lines[i];
    double radius = fmin((layer ? (b->expanded ? 9 : 7) : pill ? 15 : 5) * z, fmin(w, h) * 0.5);
    if (i == s->hover && !s->view->no_chrome && !s->outline[i])
        scene_add_rect(s, x - 1, y - 1, w + 2, h + 2, 0, scene_mix(s->theme.accent & 0xffffff00u, s->theme.accent, 0.6),
                       radius + 1, 1.5);
    if (s->outline[i]) {
        double line = (double)s->outline_width[i], out = line + (z > 0.4 ? 1 : 0);
        scene_add_rect(s, x - out, y - out, fmax(w, 2) + 2 * out, fmax(h, 2) + 2 * out, 0, s->outline[i], radius + out,
                       line);
    }
}
