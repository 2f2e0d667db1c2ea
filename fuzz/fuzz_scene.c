/* A graph of any shape, and what a user does to its drawing: layers opened and closed, directions changed, views drawn,
 * points picked. The first bytes say what the graph is, the rest what is done:
 *
 *   nodes        how many, modulo MOST_NODES, plus one
 *   4 per node   path (low two bits how deep, then two bits for the name at each depth), two sources modulo the number of
 *                nodes (so also itself and later ones), flags (1, 2: the sources are there; 4: the second goes into
 *                operand 0 as well; 8: pinned to the top of its layer)
 *   1            what is shown: bit 0 flat, bit 1 without layers of one op, bits 2 and 3 how edges of arguments are treated,
 *                bits 4 to 7 the distances
 *   2 per step   enum step, and what it is done to
 *
 * However it came about, the drawing must be the one that a new scene with the same layers open has (layout.h, P4). */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "graph/me_json.h"
#include "scene/scene.h"

enum { MOST_NODES = 48, MOST_STEPS = 24 };
enum step { TOGGLE, TOGGLE_DEEP, TURN, ALL, UPDATE, DRAW, PICK, REVEAL, WALK, LINES, SELECT, N_STEPS };

struct input {
    const uint8_t *p, *end;
};

static uint8_t next(struct input *in) {
    return in->p < in->end ? *in->p++ : 0;
}

static void put_edge(struct buf *b, bool *any, uint8_t source, uint32_t n, unsigned operand) {
    buf_printf(b, "%s{\"sourceNodeId\":\"n%u\",\"sourceNodeOutputId\":\"0\",\"targetNodeInputId\":\"%u\"}",
               *any ? "," : "", source % n, operand);
    *any = true;
}

/* The graph that the bytes mean, as Model Explorer's JSON. */
static void put_graph(struct input *in, struct buf *b) {
    uint32_t n = next(in) % MOST_NODES + 1u;
    buf_lit(b, "{\"graphs\":[{\"id\":\"g\",\"nodes\":[");
    for (uint32_t i = 0; i < n; i++) {
        uint8_t path = next(in), first = next(in), second = next(in), flags = next(in);
        bool any = false;
        buf_printf(b, "%s{\"id\":\"n%u\",\"label\":\"op%u\",\"namespace\":\"", i ? "," : "", i, path >> 6);
        for (unsigned depth = 0; depth < (path & 3u); depth++)
            buf_printf(b, "%sl%u", depth ? "/" : "", path >> (2 + 2 * depth) & 3u);
        buf_lit(b, "\",\"incomingEdges\":[");
        if (flags & 1)
            put_edge(b, &any, first, n, 0);
        if (flags & 2)
            put_edge(b, &any, second, n, flags & 4 ? 0 : 1);
        buf_printf(b, "],\"config\":{\"pinToGroupTop\":%s}}", flags & 8 ? "true" : "false");
    }
    unsigned distances = in->p < in->end ? *in->p >> 4 : 0;
    buf_lit(b, "]");
    if (distances)
        buf_printf(b, ",\"layoutConfigs\":{\"nodeSep\":%u,\"rankSep\":%u,\"edgeSep\":%u}", 9 * (distances & 3),
                   50 * (distances >> 2), 7 * (distances >> 1 & 3));
    buf_lit(b, "}]}");
}

static void lay_out(struct scene *s) {
    struct scene_change change;
    FUZZ_CHECK(scene_update(s, NULL, SCENE_NONE, &change) == LAYOUT_OK);
}

static void check_lists(const struct scene_lists *l) {
    FUZZ_CHECK(l->n_rects_below <= l->n_rects && l->n_curves_below <= l->n_curves && l->n_marks_below <= l->n_marks);
    for (uint32_t i = 0; i < l->n_rects; i++)
        FUZZ_CHECK(isfinite(l->rects[i].x) && isfinite(l->rects[i].y) && l->rects[i].w >= 0 && l->rects[i].h >= 0);
    for (uint32_t i = 0; i < l->n_texts; i++)
        FUZZ_CHECK(isfinite(l->texts[i].x) && l->texts[i].max_width >= 0);
}

static struct scene_view view_of(const struct scene *s, uint8_t zoom) {
    double w, h;
    scene_size(s, &w, &h);
    return (struct scene_view){.x = w / 2, .y = h / 2, .zoom = ldexp(1, zoom % 8 - 5), .w = 640, .h = 480};
}

static void take_step(struct scene *s, enum step what, uint8_t to) {
    graph_node n = to % scene_graph(s)->n_nodes;
    struct scene_change change;
    struct scene_lists lists;
    struct scene_hit hit;
    struct scene_view view = view_of(s, to);
    switch (what) {
    case TOGGLE:
    case TOGGLE_DEEP: scene_set_expanded(s, n, !scene_is_expanded(s, n), what == TOGGLE_DEEP); break;
    case TURN: scene_set_direction(s, n, !scene_is_left_right(s, n)); break;
    case ALL: scene_set_all_expanded(s, to & 1); break;
    case UPDATE:
        FUZZ_CHECK(scene_update(s, NULL, n, &change) == LAYOUT_OK);
        FUZZ_CHECK(isfinite(change.anchor_dx) && isfinite(change.anchor_dy));
        scene_set_progress(s, change.animated ? to / 255.0 : 1);
        break;
    case DRAW:
        FUZZ_CHECK(scene_draw(s, &view, &lists));
        check_lists(&lists);
        break;
    case PICK:
        scene_pick(s, &view, to * 2.5, to * 1.9, &hit);
        FUZZ_CHECK(hit.node < scene_graph(s)->n_nodes);
        break;
    case REVEAL: scene_expand_around(s, n); break;
    case WALK: scene_neighbour(s, n, (enum scene_direction)(to & 3)); break;
    case LINES: FUZZ_CHECK(scene_set_lines(s, n, to & 1 ? STR("key\x1fvalue\nplain\n") : STR(""))); break;
    case SELECT: {
        const struct scene_highlight mark = {.color = 0xff0000ff, .width = 2, .through = to & 1};
        scene_clear_highlights(s);
        scene_highlight_flow(s, n, to & 2, &mark);
        scene_finish_highlights(s);
        break;
    }
    case N_STEPS: break;
    }
}

/* Of the pinned children of a layer the last one stands before all others. */
static void check_pinned(const struct scene *s) {
    const graph *g = scene_graph(s);
    for (graph_node layer = 0; layer < g->n_nodes; layer++) {
        graph_node pinned = 0;
        struct layout_box first, b;
        for (graph_node n = graph_is_layer(g, layer) ? graph_first_child(g, layer) : 0; n; n = graph_next_sibling(g, n))
            pinned = graph_at(g, n)->flags & GRAPH_PINNED ? n : pinned;
        if (!pinned || !scene_box(s, pinned, false, &first))
            continue;
        for (graph_node n = graph_first_child(g, layer); n; n = graph_next_sibling(g, n)) {
            if (n == pinned || !scene_box(s, n, false, &b))
                continue;
            FUZZ_CHECK(scene_is_left_right(s, layer) ? b.x > first.x + first.w : b.y > first.y + first.h);
        }
    }
}

/* A scene made anew with the same layers open and the same directions has the same boxes. */
static void compare(struct scene *s, const struct scene_choice *choice, struct mem *m) {
    const graph *g = scene_graph(s);
    struct scene *again;
    lay_out(s);
    scene_set_progress(s, 1);
    FUZZ_CHECK(scene_new(m, g, choice, &again) == LAYOUT_OK);
    scene_set_all_expanded(again, false);
    for (graph_node n = 0; n < g->n_nodes; n++) {
        if (graph_is_layer(g, n))
            scene_set_direction(again, n, scene_is_left_right(s, n));
        if (scene_is_expanded(s, n))
            scene_set_expanded(again, n, true, false);
    }
    for (graph_node n = 0; n < g->n_nodes; n++) /* a layer that is alone in another one was opened with that */
        if (!scene_is_expanded(s, n))
            scene_set_expanded(again, n, false, false);
    lay_out(again);
    for (graph_node n = 0; n < g->n_nodes; n++) {
        struct layout_box a, b;
        bool there = scene_box(s, n, false, &a);
        FUZZ_CHECK(scene_is_expanded(again, n) == scene_is_expanded(s, n));
        FUZZ_CHECK(scene_box(again, n, false, &b) == there);
        FUZZ_CHECK(!there || (a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h));
    }
    scene_free(again);
    if (!choice->flatten && !choice->dissolve_singles)
        check_pinned(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mem m = {0};
    struct input in = {data, data + size};
    struct buf json;
    me_graphs graphs;
    buf_init(&json, &m);
    put_graph(&in, &json);
    FUZZ_CHECK(me_json_read(&m, buf_str(&json), NULL, NULL, &graphs) == GRAPH_OK && graphs.n == 1);
    uint8_t shown = next(&in);
    const struct scene_choice choice = {
        .flatten = shown & 1, .dissolve_singles = shown & 2, .quiet = (shown >> 2 & 3u) % 3};
    struct scene *s;
    bool lines = false;
    FUZZ_CHECK(scene_new(&m, graphs.v[0].g, &choice, &s) == LAYOUT_OK);
    lay_out(s);
    for (int i = 0; i < MOST_STEPS && in.p < in.end; i++) {
        enum step what = (enum step)(next(&in) % N_STEPS);
        lines |= what == LINES;
        take_step(s, what, next(&in));
    }
    if (lines) /* texts make boxes grow, which the new scene knows nothing of */
        scene_clear_lines(s);
    compare(s, &choice, &m);
    struct buf out;
    struct scene_view view = view_of(s, 5);
    buf_init(&out, &m);
    FUZZ_CHECK(scene_write_svg(s, &view, 0xffffffff, &out) && scene_write_json(s, &out));
    buf_free(&out);
    scene_free(s);
    me_graphs_free(&graphs);
    buf_free(&json);
    FUZZ_CHECK(m.used == 0);
    return 0;
}
