/* looks.c - what is made visible from outside: styles, highlights, dimming, bars, extra edges. */
#include <string.h>

#include "scene/scene_inner.h"

void scene_set_styles(struct scene *s, const uint32_t *fill, const uint32_t *border, const uint32_t *text) {
    s->fill = fill;
    s->border = border;
    s->text = text;
}

/* ---- highlights ------------------------------------------------------------------------------------------ */

void scene_clear_highlights(struct scene *s) {
    memset(s->outline, 0, s->n_items * sizeof *s->outline);
    memset(s->tint, 0, s->n_items * sizeof *s->tint);
    if (s->any_edge_color)
        memset(s->edge_color, 0, s->g->n_edges * sizeof *s->edge_color);
    s->any_edge_color = false;
}

static void highlight(struct scene *s, graph_node n, const struct scene_highlight *h) {
    graph_node stand_in = h->through ? scene_stand_in(s, n) : n;
    uint32_t i = stand_in < s->g->n_nodes ? s->item_of[stand_in] : SCENE_NONE;
    if (i == SCENE_NONE)
        return;
    if (h->color) {
        s->outline[i] = h->color;
        s->outline_width[i] = h->width;
    }
    if (h->fill && stand_in == n)
        s->tint[i] = h->fill;
}

void scene_highlight_nodes(struct scene *s, const uint32_t *nodes, uint32_t n, const struct scene_highlight *h) {
    for (uint32_t k = 0; k < n; k++)
        highlight(s, nodes[k], h);
}

void scene_highlight_edges(struct scene *s, const uint32_t *edges, uint32_t n, uint32_t color) {
    for (uint32_t k = 0; k < n; k++)
        if (edges[k] < s->g->n_edges) {
            s->edge_color[edges[k]] = color;
            s->any_edge_color = true;
        }
}

void scene_highlight_flow(struct scene *s, graph_node n, bool inputs, const struct scene_highlight *h) {
    const graph *g = s->g;
    if (n >= g->n_nodes)
        return;
    uint32_t end = graph_at(g, n)->end;
    for (graph_node k = n; k < end; k++) {
        uint32_t count;
        const graph_edge *in = graph_in(g, k, &count);
        const uint32_t *out = NULL;
        if (!inputs)
            out = graph_out(g, k, &count);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t edge = inputs ? (uint32_t)(in + i - g->edges) : out[i];
            graph_node other = inputs ? g->edges[edge].source : g->edges[edge].target;
            if (other >= n && other < end && end > n + 1)
                continue; /* inside the layer */
            scene_highlight_edges(s, &edge, 1, h->color);
            highlight(s, other, h);
        }
    }
}

/* Whether the ends of an edge are both kept. */
static bool edge_kept(const struct scene *s, uint32_t edge) {
    return s->keep[s->g->edges[edge].source] && s->keep[s->g->edges[edge].target];
}

bool scene_color_routes(struct scene *s) {
    vec_clear(&s->hot);
    vec_clear(&s->hot_quiet);
    for (uint32_t e = 0; s->quiet && s->any_edge_color && e < s->g->n_edges; e++)
        if (s->quiet[e] && s->edge_color[e] && !vec_push(&s->hot_quiet, e))
            return false;
    for (size_t k = 0; k < s->geo.routes.n; k++) {
        struct scene_route *r = &s->geo.routes.v[k];
        const uint32_t *edges = s->geo.route_edges.v + r->first_edge;
        r->color = 0;
        r->dim = s->keep != NULL;
        for (uint32_t i = 0; i < r->n_edges && (r->dim || (s->any_edge_color && !r->color)); i++) {
            if (s->any_edge_color && s->edge_color[edges[i]])
                r->color = s->edge_color[edges[i]];
            if (s->keep && edge_kept(s, edges[i]))
                r->dim = false;
        }
        if (r->color && !vec_push(&s->hot, (uint32_t)k))
            return false;
    }
    return true;
}

void scene_finish_highlights(struct scene *s) {
    /* Without memory for the list of coloured routes some are drawn in the usual colour: nothing is lost. */
    (void)scene_color_routes(s);
}

void scene_set_hover(struct scene *s, graph_node n) {
    s->hover = n < s->g->n_nodes ? s->item_of[n] : SCENE_NONE;
}

/* ---- dimming --------------------------------------------------------------------------------------------- */

bool scene_set_dim(struct scene *s, const uint8_t *keep) {
    size_t n = s->g->n_nodes;
    if (!keep) {
        mem_free(s->mem, s->keep, n);
        s->keep = NULL;
        memset(s->dim, 0, s->n_items);
        return scene_color_routes(s);
    }
    if (!s->keep)
        s->keep = mem_alloc(s->mem, n);
    if (!s->keep)
        return false;
    memcpy(s->keep, keep, n);
    for (uint32_t i = 0; i < s->n_items; i++)
        s->dim[i] = !keep[s->node_of[i]];
    /* A layer is as bright as the brightest thing in it. */
    for (uint32_t i = s->n_items; i-- > 0;)
        if (!s->dim[i] && s->parent[i] != LAYOUT_ROOT)
            s->dim[s->parent[i]] = 0;
    return scene_color_routes(s);
}

/* ---- bars ------------------------------------------------------------------------------------------------ */

bool scene_set_bars(struct scene *s, uint32_t n, const uint32_t *nodes, const uint32_t *start, const float *share,
                    const uint32_t *color) {
    memset(s->bar_of, 0xff, s->n_items * sizeof *s->bar_of);
    arena_free(&s->bar_arena);
    s->n_bars = 0;
    if (n == 0)
        return true;
    s->bar_start = ARENA_ARRAY(&s->bar_arena, uint32_t, n + (size_t)1);
    s->bar_share = ARENA_ARRAY(&s->bar_arena, float, start[n]);
    s->bar_color = ARENA_ARRAY(&s->bar_arena, uint32_t, start[n]);
    if (!s->bar_start || !s->bar_share || !s->bar_color)
        return false;
    memcpy(s->bar_start, start, (n + (size_t)1) * sizeof *start);
    memcpy(s->bar_share, share, start[n] * sizeof *share);
    memcpy(s->bar_color, color, start[n] * sizeof *color);
    s->n_bars = n;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = nodes[k] < s->g->n_nodes ? s->item_of[nodes[k]] : SCENE_NONE;
        if (i != SCENE_NONE)
            s->bar_of[i] = k;
    }
    return true;
}

/* ---- extra edges ----------------------------------------------------------------------------------------- */

bool scene_set_extra_edges(struct scene *s, uint32_t n, const struct scene_extra_edge *edges, str labels) {
    arena_free(&s->extra_arena);
    s->n_extra = 0;
    if (n == 0)
        return true;
    s->extra = ARENA_ARRAY(&s->extra_arena, struct scene_extra_edge, n);
    s->extra_text = ARENA_ARRAY(&s->extra_arena, char, labels.n + 1);
    if (!s->extra || !s->extra_text)
        return false;
    if (labels.n)
        memcpy(s->extra_text, labels.p, labels.n);
    for (uint32_t k = 0; k < n; k++) {
        struct scene_extra_edge e = edges[k];
        if (e.label > labels.n || e.label_bytes > labels.n - e.label)
            e.label = e.label_bytes = 0;
        s->extra[k] = e;
    }
    s->n_extra = n;
    return true;
}
