/* scene.c - items and their sizes, what is expanded, and updates. */
#include <string.h>

#include "base/arena.h"
#include "base/num.h"
#include "scene/scene_inner.h"

struct scene_theme scene_light_theme(void) {
    /* The same as LIGHT in web/src/engine/theme.ts. */
    return (struct scene_theme){
        .background = 0xf6f7f9ff,
        .surface = 0xffffffff,
        .layer = 0xe9eef5ff,
        .depths = {0xffffffff, 0xf2f5f9ff, 0xe9eef4ff, 0xe0e7efff, 0xd7e0eaff, 0xced9e5ff},
        .border = 0xb4bdc9ff,
        .layer_border = 0x94a3b8ff,
        .text = 0x1b2430ff,
        .muted = 0x5d6b7cff,
        .edge = 0x8592a3ff,
        .accent = 0x1f6febff,
        .input = 0x1a9850ff,
        .output = 0xe8710aff,
        .fill = {0xffffffff, 0xe3ecffff, 0xe4f3ffff, 0xe8f6ecff, 0xf3f1ecff, 0xfff0e0ff, 0xfdeaf3ff, 0xefe8ffff,
                 0xeceff3ff, 0xe0f5f4ff, 0xe0f5f4ff, 0xfff6d6ff, 0xf1f1f4ff},
        .line = {0xaab4c2ff, 0x5b8defff, 0x38a3e0ff, 0x57b377ff, 0xb3a68cff, 0xe39a45ff, 0xd9689fff, 0x9474e0ff,
                 0x9aa5b4ff, 0x35a79cff, 0x35a79cff, 0xd3ac2bff, 0xb2b2bfff},
    };
}

/* ---- items ----------------------------------------------------------------------------------------------- */

/* Whether a node of the graph becomes an item. */
static bool chosen(const graph *g, const struct scene_choice *c, graph_node n) {
    if (!graph_is_layer(g, n))
        return !c->hidden || !c->hidden[n];
    uint32_t end = graph_at(g, n)->end;
    if (end == n + 1)
        return false; /* nothing in it */
    if (c->flatten)   /* what is computed once stays apart from what is computed each time */
        return str_eq(graph_label(g, n), STR("const_eval"));
    return !(c->dissolve_singles && end == n + 2 && !graph_is_layer(g, n + 1));
}

static bool number_items(struct scene *s, const struct scene_choice *c) {
    const graph *g = s->g;
    s->item_of = ARENA_ARRAY(&s->arena, uint32_t, g->n_nodes);
    if (!s->item_of)
        return false;
    memset(s->item_of, 0xff, g->n_nodes * sizeof *s->item_of);
    for (graph_node n = c->root + 1; n < graph_at(g, c->root)->end; n++)
        if (chosen(g, c, n))
            s->item_of[n] = s->n_items++;
    size_t m = s->n_items;
    s->node_of = ARENA_ARRAY(&s->arena, uint32_t, m);
    s->parent = ARENA_ARRAY(&s->arena, uint32_t, m);
    s->flags = ARENA_ARRAY(&s->arena, uint8_t, m);
    s->category = ARENA_ARRAY(&s->arena, uint8_t, m);
    s->n_ops = ARENA_ARRAY(&s->arena, uint32_t, m);
    s->depth = ARENA_ARRAY(&s->arena, uint32_t, m);
    s->w = ARENA_ARRAY(&s->arena, float, m);
    s->h = ARENA_ARRAY(&s->arena, float, m);
    s->header = ARENA_ARRAY(&s->arena, float, m);
    s->before = ARENA_ARRAY(&s->arena, struct layout_box, m);
    s->first_line = ARENA_ARRAY(&s->arena, uint32_t, m);
    s->n_lines = ARENA_ARRAY(&s->arena, uint16_t, m);
    s->has_lines = ARENA_ARRAY(&s->arena, uint8_t, m);
    s->outline = ARENA_ARRAY(&s->arena, uint32_t, m);
    s->tint = ARENA_ARRAY(&s->arena, uint32_t, m);
    s->outline_width = ARENA_ARRAY(&s->arena, float, m);
    s->dim = ARENA_ARRAY(&s->arena, uint8_t, m);
    s->bar_of = ARENA_ARRAY(&s->arena, uint32_t, m);
    s->state = ARENA_ARRAY(&s->arena, uint8_t, m);
    s->edge_color = ARENA_ARRAY(&s->arena, uint32_t, g->n_edges);
    if (!s->node_of || !s->parent || !s->flags || !s->category || !s->n_ops || !s->depth || !s->w || !s->h ||
        !s->header || !s->before || !s->first_line || !s->n_lines || !s->has_lines || !s->outline || !s->tint ||
        !s->outline_width || !s->dim || !s->bar_of || !s->state || !s->edge_color)
        return false;
    memset(s->bar_of, 0xff, m * sizeof *s->bar_of);
    for (graph_node n = c->root + 1; n < graph_at(g, c->root)->end; n++) {
        uint32_t i = s->item_of[n];
        if (i == SCENE_NONE)
            continue;
        graph_node up = graph_at(g, n)->parent;
        while (up != c->root && s->item_of[up] == SCENE_NONE)
            up = graph_at(g, up)->parent;
        s->node_of[i] = n;
        s->parent[i] = up == c->root ? LAYOUT_ROOT : s->item_of[up];
        s->depth[i] = up == c->root ? 0 : s->depth[s->parent[i]] + 1;
        bool pinned = graph_at(g, n)->flags & GRAPH_PINNED && up == graph_at(g, n)->parent; /* in its own layer */
        s->flags[i] = graph_is_layer(g, n) ? LAYOUT_LAYER : pinned ? LAYOUT_PINNED : 0;
    }
    for (uint32_t i = s->n_items; i-- > 0;)
        if (s->parent[i] != LAYOUT_ROOT)
            s->n_ops[s->parent[i]] +=
                s->flags[i] & LAYOUT_LAYER ? s->n_ops[i] : graph_at(g, s->node_of[i])->kind != GRAPH_ARGUMENT;
    return true;
}

/* An argument of a function, not of a region. */
static bool is_argument(const graph *g, graph_node n) {
    const graph_node_data *d = graph_at(g, n);
    return d->kind == GRAPH_ARGUMENT && graph_at(g, d->parent)->layer_kind != GRAPH_LAYER_REGION;
}

static bool is_input(const graph *g, graph_node n) {
    return graph_at(g, n)->flags & GRAPH_INPUT;
}

/* What all layers read (a mask, positions) says as little about the flow as a weight, also when it is an input. */
static bool has_many_readers(const graph *g, graph_node n) {
    enum { MANY_READERS = 8 };
    uint32_t count;
    graph_out(g, n, &count);
    return count > MANY_READERS;
}

/* What find_prepared says of a node. */
enum { NOT_PREPARED, PREPARED, PREPARED_INPUT };

/* Which nodes only prepare a parameter: what they make depends on one argument at most, or comes from the cache of such
 * values. Values grow from sweep to sweep; in program order, which is mostly the order of nodes, few are needed. */
static bool find_prepared(const struct scene *s, uint8_t *prepared) {
    const graph *g = s->g;
    enum { SWEEPS = 32 };
    uint32_t *from =
        mem_alloc_zero(s->mem, g->n_nodes * sizeof *from); /* the argument + 1; 0: none; UINT32_MAX: several */
    if (!from)
        return false;
    bool changed = true;
    for (int sweep = 0; changed && sweep < SWEEPS; sweep++) {
        changed = false;
        for (graph_node n = 1; n < g->n_nodes; n++) {
            uint32_t count, was = from[n];
            uint32_t now = is_argument(g, n) ? n + 1 : was;
            const graph_edge *in = graph_in(g, n, &count);
            for (uint32_t i = 0; i < count; i++) {
                uint32_t other = from[in[i].source];
                now = !now || now == other ? other : !other ? now : UINT32_MAX;
            }
            if (str_eq(graph_label(g, n), STR("ttcore.load_cached")))
                now = n + 1;
            from[n] = now;
            changed |= now != was;
        }
    }
    for (graph_node n = 1; n < g->n_nodes; n++)
        prepared[n] = from[n] == UINT32_MAX                 ? NOT_PREPARED
                      : from[n] && is_input(g, from[n] - 1) ? PREPARED_INPUT
                                                            : PREPARED;
    mem_free(s->mem, from, g->n_nodes * sizeof *from);
    return true;
}

static bool find_quiet(struct scene *s, const struct scene_choice *choice) {
    const graph *g = s->g;
    uint32_t parameters = 0, quiet = choice->quiet;
    for (uint32_t i = 0; i < s->n_items; i++)
        parameters += is_argument(g, s->node_of[i]) && !is_input(g, s->node_of[i]);
    if (quiet == SCENE_QUIET_OFF || (quiet == SCENE_QUIET_AUTO && parameters <= SCENE_MANY_ARGUMENTS))
        return true;
    s->quiet = ARENA_ARRAY(&s->arena, uint8_t, g->n_edges);
    s->reads_quiet = ARENA_ARRAY(&s->arena, uint8_t, s->n_items);
    uint8_t *prepared = mem_alloc_zero(s->mem, g->n_nodes);
    bool ok = s->quiet && s->reads_quiet && prepared && (choice->flatten || find_prepared(s, prepared));
    for (uint32_t e = 0; ok && e < g->n_edges; e++) {
        graph_node source = g->edges[e].source, target = g->edges[e].target;
        if (s->item_of[target] == SCENE_NONE || s->item_of[source] == SCENE_NONE)
            continue;
        bool across = graph_at(g, source)->parent != graph_at(g, target)->parent;
        bool weight = is_argument(g, source) ? !is_input(g, source) : across && prepared[source] == PREPARED;
        bool input = is_argument(g, source) ? is_input(g, source) : across && prepared[source] == PREPARED_INPUT;
        if (weight || (input && has_many_readers(g, source)))
            s->quiet[e] = s->reads_quiet[s->item_of[target]] = 1;
    }
    mem_free(s->mem, prepared, g->n_nodes);
    return ok;
}

static bool number_links(struct scene *s, const struct scene_choice *choice) {
    const graph *g = s->g;
    if (!find_quiet(s, choice))
        return false;
    for (uint32_t e = 0; e < g->n_edges; e++)
        s->n_links += !(s->quiet && s->quiet[e]) && s->item_of[g->edges[e].source] != SCENE_NONE &&
                      s->item_of[g->edges[e].target] != SCENE_NONE;
    s->from = ARENA_ARRAY(&s->arena, uint32_t, s->n_links);
    s->to = ARENA_ARRAY(&s->arena, uint32_t, s->n_links);
    s->out = ARENA_ARRAY(&s->arena, uint32_t, s->n_links);
    s->in = ARENA_ARRAY(&s->arena, uint32_t, s->n_links);
    s->edge_of = ARENA_ARRAY(&s->arena, uint32_t, s->n_links);
    if (!s->from || !s->to || !s->out || !s->in || !s->edge_of)
        return false;
    uint32_t k = 0;
    for (uint32_t e = 0; e < g->n_edges; e++) {
        uint32_t from = s->item_of[g->edges[e].source], to = s->item_of[g->edges[e].target];
        if (from == SCENE_NONE || to == SCENE_NONE || (s->quiet && s->quiet[e]))
            continue;
        s->from[k] = from;
        s->to[k] = to;
        s->out[k] = g->edges[e].out;
        s->in[k] = g->edges[e].in;
        s->edge_of[k++] = e;
    }
    return true;
}

static double clamp(double v, double low, double high) {
    return v < low ? low : v > high ? high : v;
}

static str line_part(const struct scene *s, uint32_t at, uint32_t bytes) {
    return str_of(s->line_text.v + at, bytes);
}

/* Size of an item while it is closed, from its texts. */
static void measure(struct scene *s, uint32_t i) {
    str label = graph_label(s->g, s->node_of[i]);
    double w, h, scale = scene_scale(s, i);
    if (s->flags[i] & LAYOUT_LAYER) {
        double text = scene_text_width(label, SCENE_FONT, true);
        w = clamp(text + 2 * (SCENE_ICON_X + 13), 116, 340);
        h = SCENE_LAYER_HEIGHT;
        s->header[i] = (float)(clamp(text + SCENE_ICON_X + 13 + 64, 130, 420) * scale);
    } else {
        double icon = graph_at(s->g, s->node_of[i])->flags & GRAPH_CALL ? 18 : 0;
        w = clamp(scene_text_width(label, SCENE_FONT, false) + 24 + icon, 56, 300);
        h = SCENE_OP_HEIGHT;
    }
    double widest = 0;
    for (uint32_t k = 0; k < s->n_lines[i]; k++) {
        const struct scene_line *l = &s->lines.v[s->first_line[i] + k];
        double line = scene_text_width(line_part(s, l->value, l->value_bytes), SCENE_FONT_SMALL, false);
        if (l->key_bytes)
            line += scene_text_width(line_part(s, l->key, l->key_bytes), SCENE_FONT_SMALL, false) + 6;
        widest = line > widest ? line : widest;
    }
    if (s->n_lines[i]) {
        widest = clamp(widest + 20, 0, 260);
        w = w < widest ? widest : w;
        h += s->n_lines[i] * SCENE_LINE + 5;
    }
    s->w[i] = (float)(w * scale);
    s->h[i] = (float)(h * scale);
}

/* Ops whose names are equal do the same: looked up once per name. */
static bool categorize(struct scene *s) {
    uint8_t *of_label = mem_alloc_zero(s->mem, s->g->n_strings + (size_t)1);
    if (!of_label)
        return false;
    for (uint32_t i = 0; i < s->n_items; i++) {
        const graph_node_data *d = graph_at(s->g, s->node_of[i]);
        if (d->kind != GRAPH_OP || d->flags & (GRAPH_CALL | GRAPH_HOUSEKEEPING)) {
            s->category[i] = (uint8_t)scene_node_category(s->g, s->node_of[i]);
            continue;
        }
        if (!of_label[d->label])
            of_label[d->label] = (uint8_t)(1 + scene_category_of(s->g->strings[d->label]));
        s->category[i] = (uint8_t)(of_label[d->label] - 1);
    }
    mem_free(s->mem, of_label, s->g->n_strings + (size_t)1);
    return true;
}

/* A distance that the graph asks for, or the usual one. */
static double spacing(const graph *g, graph_spacing which, double usual) {
    return g->spacing[which] ? (g->spacing[which] - 1) / (double)GRAPH_SPACING_UNIT : usual;
}

static enum layout_status make_layout(struct scene *s) {
    struct layout_options o = layout_default_options();
    o.header = SCENE_HEADER * s->layer_scale;
    o.padding = 18;
    o.node_sep = spacing(s->g, GRAPH_NODE_SEP, 18);
    o.rank_sep = spacing(s->g, GRAPH_RANK_SEP, 38);
    o.edge_sep = spacing(s->g, GRAPH_EDGE_SEP, o.edge_sep);
    struct layout_input in = {.n_nodes = s->n_items,
                              .parent = s->parent,
                              .flags = s->flags,
                              .width = s->w,
                              .height = s->h,
                              .header_width = s->header,
                              .n_edges = s->n_links,
                              .from = s->from,
                              .to = s->to,
                              .out = s->out,
                              .in = s->in};
    return layout_new(s->mem, &in, &o, &s->layout);
}

/* A font that is to be read and to leave room for others. */
static double font_size(float wanted, double usual) {
    return wanted > 0 ? clamp((double)wanted, 2, 100) : usual;
}

enum layout_status scene_new(struct mem *m, const graph *g, const struct scene_choice *choice, struct scene **out) {
    *out = NULL;
    if (choice->root >= g->n_nodes || !graph_is_layer(g, choice->root))
        return LAYOUT_BAD_INPUT;
    struct scene *s = mem_alloc_zero(m, sizeof *s);
    if (!s)
        return LAYOUT_NO_MEMORY;
    s->mem = m;
    s->g = g;
    s->root = choice->root;
    s->theme = scene_light_theme();
    s->progress = 1;
    s->hover = SCENE_NONE;
    s->op_scale = font_size(choice->fonts.op, SCENE_FONT) / SCENE_FONT;
    s->layer_scale = font_size(choice->fonts.layer, SCENE_FONT) / SCENE_FONT;
    s->edge_font = font_size(choice->fonts.edge, SCENE_FONT_EDGE);
    arena_init(&s->arena, m);
    arena_init(&s->label_arena, m);
    arena_init(&s->bar_arena, m);
    arena_init(&s->extra_arena, m);
    vec_init(&s->line_text, m);
    vec_init(&s->lines, m);
    vec_init(&s->hot, m);
    vec_init(&s->hot_quiet, m);
    vec_init(&s->main_curves, m);
    vec_init(&s->rects, m);
    vec_init(&s->curves, m);
    vec_init(&s->marks, m);
    vec_init(&s->texts, m);
    scene_geometry_init(&s->geo, m);
    enum layout_status status = LAYOUT_NO_MEMORY;
    if (number_items(s, choice) && number_links(s, choice) && categorize(s)) {
        for (uint32_t i = 0; i < s->n_items; i++)
            measure(s, i);
        status = make_layout(s);
    }
    if (status != LAYOUT_OK) {
        scene_free(s);
        return status;
    }
    *out = s;
    return LAYOUT_OK;
}

void scene_free(struct scene *s) {
    if (!s)
        return;
    layout_free(s->layout);
    scene_geometry_free(&s->geo);
    mem_free(s->mem, s->keep, s->g->n_nodes);
    vec_free(&s->line_text);
    vec_free(&s->lines);
    vec_free(&s->hot);
    vec_free(&s->hot_quiet);
    vec_free(&s->main_curves);
    vec_free(&s->rects);
    vec_free(&s->curves);
    vec_free(&s->marks);
    vec_free(&s->texts);
    arena_free(&s->label_arena);
    arena_free(&s->bar_arena);
    arena_free(&s->extra_arena);
    arena_free(&s->arena);
    mem_free(s->mem, s, sizeof *s);
}

void scene_set_theme(struct scene *s, const struct scene_theme *theme) {
    s->theme = *theme;
}

const graph *scene_graph(const struct scene *s) {
    return s->g;
}

graph_node scene_root(const struct scene *s) {
    return s->root;
}

/* ---- expansion ------------------------------------------------------------------------------------------- */

static uint32_t item(const struct scene *s, graph_node n) {
    return n < s->g->n_nodes ? s->item_of[n] : SCENE_NONE;
}

/* The first item behind the inside of an item. */
static uint32_t item_end(const struct scene *s, uint32_t i) {
    uint32_t end = graph_at(s->g, s->node_of[i])->end, at = i + 1;
    uint32_t low = at, high = s->n_items; /* node_of rises: the first item whose node is not below `end` */
    while (low < high) {
        at = low + (high - low) / 2;
        if (s->node_of[at] < end)
            low = at + 1;
        else
            high = at;
    }
    return low;
}

void scene_set_expanded(struct scene *s, graph_node layer, bool expanded, bool deep) {
    uint32_t i = item(s, layer);
    if (i == SCENE_NONE || !(s->flags[i] & LAYOUT_LAYER))
        return;
    layout_set_expanded(s->layout, i, expanded);
    uint32_t end = item_end(s, i);
    if (deep) {
        for (uint32_t k = i + 1; k < end; k++)
            layout_set_expanded(s->layout, k, expanded);
        return;
    }
    /* A layer alone in its layer says nothing by being closed. */
    for (uint32_t k = i + 1; expanded && k < end && s->flags[k] & LAYOUT_LAYER && item_end(s, k) == end; k++)
        layout_set_expanded(s->layout, k, true);
}

void scene_set_all_expanded(struct scene *s, bool expanded) {
    layout_set_all_expanded(s->layout, expanded);
}

bool scene_is_expanded(const struct scene *s, graph_node layer) {
    uint32_t i = item(s, layer);
    return i != SCENE_NONE && layout_is_expanded(s->layout, i);
}

uint32_t scene_expanded_layers(const struct scene *s, uint32_t *out, uint32_t max) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n_items; i++)
        if (layout_is_expanded(s->layout, i) && n++ < max)
            out[n - 1] = s->node_of[i];
    return n;
}

void scene_expand_around(struct scene *s, graph_node n) {
    uint32_t i = item(s, n);
    for (uint32_t p = i == SCENE_NONE ? LAYOUT_ROOT : s->parent[i]; p != LAYOUT_ROOT; p = s->parent[p])
        layout_set_expanded(s->layout, p, true);
}

void scene_set_direction(struct scene *s, graph_node layer, bool left_right) {
    uint32_t i = item(s, layer);
    if (layer == s->root) {
        s->root_left_right = left_right;
        layout_set_direction(s->layout, LAYOUT_ROOT, left_right);
    } else if (i != SCENE_NONE && s->flags[i] & LAYOUT_LAYER) {
        s->flags[i] = (uint8_t)((s->flags[i] & ~LAYOUT_LEFT_RIGHT) | (left_right ? LAYOUT_LEFT_RIGHT : 0));
        layout_set_direction(s->layout, i, left_right);
    }
}

bool scene_is_left_right(const struct scene *s, graph_node layer) {
    uint32_t i = item(s, layer);
    return layer == s->root ? s->root_left_right : i != SCENE_NONE && s->flags[i] & LAYOUT_LEFT_RIGHT;
}

/* ---- updates --------------------------------------------------------------------------------------------- */

/* Above this many shown boxes a change is shown at once: moving them all would take longer than it helps. */
enum { ANIMATED_AT_MOST = 3000 };

enum layout_status scene_update(struct scene *s, const struct layout_hooks *hooks, graph_node anchor,
                                struct scene_change *change) {
    struct layout_change moved;
    uint32_t i = anchor == SCENE_NONE ? SCENE_NONE : item(s, anchor);
    bool had = s->ready && s->geo.closed.n + s->geo.open.n <= ANIMATED_AT_MOST;
    if (had)
        memcpy(s->before, layout_boxes(s->layout), s->n_items * sizeof *s->before);
    struct scene_geometry next;
    scene_geometry_init(&next, s->mem);
    enum layout_status status = layout_update(s->layout, hooks, i == SCENE_NONE ? LAYOUT_NONE : i, &moved);
    if (status != LAYOUT_OK)
        return status;
    /* Without memory for the new geometry the old one, which no longer fits the boxes, must not be drawn. */
    bool made = scene_geometry_make(s, &next);
    scene_geometry_free(&s->geo);
    if (!made) {
        scene_geometry_free(&next);
        scene_geometry_init(&s->geo, s->mem);
        s->ready = false;
        return LAYOUT_NO_MEMORY;
    }
    s->geo = next;
    s->ready = true;
    s->progress = 1;
    s->shift_x = moved.anchor_dx;
    s->shift_y = moved.anchor_dy;
    *change = (struct scene_change){.anchor_dx = moved.anchor_dx,
                                    .anchor_dy = moved.anchor_dy,
                                    .n_shown = (uint32_t)(next.closed.n + next.open.n),
                                    .n_expanded = (uint32_t)next.open.n,
                                    .animated = had && next.closed.n + next.open.n <= ANIMATED_AT_MOST};
    return scene_color_routes(s) ? LAYOUT_OK : LAYOUT_NO_MEMORY;
}

void scene_set_progress(struct scene *s, double t) {
    s->progress = clamp(t, 0, 1);
}

void scene_size(const struct scene *s, double *w, double *h) {
    layout_size(s->layout, w, h);
}

/* ---- lines ----------------------------------------------------------------------------------------------- */

enum { MOST_LINES = 200 }; /* of one node */

bool scene_set_lines(struct scene *s, graph_node n, str lines) {
    uint32_t i = item(s, n);
    if (i == SCENE_NONE)
        return true;
    s->has_lines[i] = 1;
    s->n_lines[i] = 0;
    s->first_line[i] = (uint32_t)s->lines.n;
    uint32_t base = (uint32_t)s->line_text.n;
    if (lines.n && (s->line_text.n + lines.n > UINT32_MAX / 2 || !vec_room(&s->line_text, lines.n)))
        return false;
    if (lines.n)
        memcpy(s->line_text.v + base, lines.p, lines.n);
    s->line_text.n += lines.n;
    for (size_t at = 0; at < lines.n && s->n_lines[i] < MOST_LINES;) {
        str rest = str_from(lines, at);
        size_t end = str_find_char(rest, '\n'), key = str_find_char(str_slice(rest, 0, end), '\x1f');
        struct scene_line l = {.value = base + (uint32_t)at, .value_bytes = (uint32_t)end};
        if (key < end) {
            l = (struct scene_line){base + (uint32_t)at, (uint32_t)key, base + (uint32_t)(at + key + 1),
                                    (uint32_t)(end - key - 1)};
        }
        if (!vec_push(&s->lines, l))
            return false;
        s->n_lines[i]++;
        at += end + 1;
    }
    measure(s, i);
    layout_set_size(s->layout, i, (double)s->w[i], (double)s->h[i]);
    return true;
}

void scene_clear_lines(struct scene *s) {
    vec_clear(&s->lines);
    vec_clear(&s->line_text);
    memset(s->has_lines, 0, s->n_items);
    for (uint32_t i = 0; i < s->n_items; i++)
        if (s->n_lines[i]) {
            s->n_lines[i] = 0;
            measure(s, i);
            layout_set_size(s->layout, i, (double)s->w[i], (double)s->h[i]);
        }
}

uint32_t scene_nodes_without_lines(const struct scene *s, uint32_t *out, uint32_t max) {
    uint32_t n = 0;
    for (size_t k = 0; k < s->geo.closed.n && n < max; k++)
        if (!s->has_lines[s->geo.closed.v[k]])
            out[n++] = s->node_of[s->geo.closed.v[k]];
    return n;
}

bool scene_set_edge_labels(struct scene *s, const uint32_t *of_edge, const str *labels, uint32_t n_labels) {
    arena_free(&s->label_arena);
    s->edge_label = NULL;
    s->n_labels = 0;
    if (!of_edge)
        return true;
    uint32_t *copy = ARENA_ARRAY(&s->label_arena, uint32_t, s->g->n_edges);
    s->labels = ARENA_ARRAY(&s->label_arena, str, n_labels);
    if (!copy || !s->labels)
        return false;
    for (uint32_t i = 0; i < n_labels; i++) {
        s->labels[i] = arena_str(&s->label_arena, labels[i]);
        if (!s->labels[i].p)
            return false;
    }
    for (uint32_t e = 0; e < s->g->n_edges; e++)
        copy[e] = of_edge[e] < n_labels ? of_edge[e] : 0;
    s->n_labels = n_labels;
    s->edge_label = copy;
    return true;
}

/* With its thousands apart, as the page writes them (web/src/app/values.ts). */
static void put_count(struct buf *b, uint32_t n) {
    uint32_t unit = 1000000000;
    while (unit > 1 && n < unit)
        unit /= 1000;
    buf_put_u64(b, n / unit);
    while (unit > 1) {
        n %= unit;
        unit /= 1000;
        buf_putc(b, ',');
        for (uint32_t digit = unit * 100; digit >= unit; digit /= 10)
            buf_putc(b, (char)('0' + n / digit % 10));
    }
}

void scene_put_text(const struct scene *s, uint32_t source, uint32_t ref, struct buf *b) {
    switch (source) {
    case SCENE_LABEL:
        if (ref < s->g->n_nodes)
            buf_put_str(b, graph_label(s->g, ref));
        break;
    case SCENE_COUNT: {
        uint32_t i = item(s, ref), n = i == SCENE_NONE ? 0 : s->n_ops[i];
        bool ops = n > 0 || i == SCENE_NONE;
        if (!ops) /* arguments of functions */
            n = graph_at(s->g, ref)->end - ref - 1;
        put_count(b, n);
        buf_puts(b, ops ? n == 1 ? " op" : " ops" : n == 1 ? " input" : " inputs");
        break;
    }
    case SCENE_LINE_KEY:
    case SCENE_LINE_VALUE:
        if (ref < s->lines.n) {
            const struct scene_line *l = &s->lines.v[ref];
            buf_put_str(b, source == SCENE_LINE_KEY ? line_part(s, l->key, l->key_bytes)
                                                    : line_part(s, l->value, l->value_bytes));
        }
        break;
    case SCENE_EDGE_LABEL:
        if (ref < s->n_labels)
            buf_put_str(b, s->labels[ref]);
        break;
    case SCENE_EXTRA_LABEL:
        if (ref < s->n_extra)
            buf_write(b, s->extra_text + s->extra[ref].label, s->extra[ref].label_bytes);
        break;
    default: break;
    }
}
