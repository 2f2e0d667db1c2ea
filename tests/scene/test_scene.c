/* The scene: what is shown, drawn, picked and highlighted. */
#include "graph/me_json.h"
#include "scene/scene.h"

#include <math.h>

#include "../graph/graph_test.h"

/* Two blocks of three ops each inside "net", one op behind them; the second block reads what the first one makes. */
static const char model[] =
    "module {\n"
    "  func.func @main(%arg0: tensor<4x4xf32> loc(\"x\"), %arg1: tensor<4x4xf32> loc(\"w\")) -> tensor<4x4xf32> {\n"
    "    %0 = \"ttir.matmul\"(%arg0, %arg1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> loc(\"net/a/mm\")\n"
    "    %1 = \"ttir.add\"(%0, %arg1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> loc(\"net/a/add\")\n"
    "    %2 = \"ttir.relu\"(%1) : (tensor<4x4xf32>) -> tensor<4x4xf32> loc(\"net/a/relu\")\n"
    "    %3 = \"ttir.matmul\"(%2, %arg1) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> loc(\"net/b/mm\")\n"
    "    %4 = \"ttir.add\"(%3, %0) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> loc(\"net/b/add\")\n"
    "    %5 = \"ttir.relu\"(%4) : (tensor<4x4xf32>) -> tensor<4x4xf32> loc(\"net/b/relu\")\n"
    "    %6 = \"ttir.softmax\"(%5) <{dimension = 1 : si32}> : (tensor<4x4xf32>) -> tensor<4x4xf32> loc(\"out\")\n"
    "    return %6 : tensor<4x4xf32>\n"
    "  }\n"
    "}\n";

struct world {
    fixture f;
    struct scene *s;
    struct scene_change change;
};

static void make(struct world *w, const struct scene_choice *choice) {
    fixture_make(&w->f, model, GRAPH_LAYERS_AUTO);
    assert_int_equal(scene_new(&w->f.mem, w->f.g, choice, &w->s), LAYOUT_OK);
}

static void update(struct world *w) {
    assert_int_equal(scene_update(w->s, NULL, SCENE_NONE, &w->change), LAYOUT_OK);
}

static void unmake(struct world *w) {
    scene_free(w->s);
    fixture_free(&w->f);
}

static struct scene_view whole(const struct world *w) {
    double width, height;
    scene_size(w->s, &width, &height);
    return (struct scene_view){.x = width / 2, .y = height / 2, .zoom = 1, .w = width + 40, .h = height + 40};
}

static graph_node layer(const struct world *w, const char *path) {
    graph_node n = graph_find_layer(w->f.g, str_from_z(path));
    assert_int_not_equal(n, 0);
    return n;
}

/* The node whose label this is, the k-th of them. */
static graph_node op(const struct world *w, const char *label, int k) {
    for (graph_node n = 1; n < w->f.g->n_nodes; n++)
        if (str_eq(graph_label(w->f.g, n), str_from_z(label)) && k-- == 0)
            return n;
    fail_msg("no %s", label);
    return 0;
}

static void names_categories(void **state) {
    (void)state;
    static const struct {
        const char *label;
        enum scene_category category;
    } rows[] = {
        {"ttir.matmul", SCENE_MATMUL},
        {"stablehlo.dot_general", SCENE_MATMUL},
        {"Gemm", SCENE_MATMUL},
        {"FULLY_CONNECTED", SCENE_MATMUL},
        {"ttnn.conv2d", SCENE_CONV},
        {"Conv", SCENE_CONV},
        {"DEPTHWISE_CONV_2D", SCENE_CONV},
        {"MaxPool", SCENE_CONV},
        {"ttir.add", SCENE_ELEMENTWISE},
        {"Relu", SCENE_ELEMENTWISE},
        {"stablehlo.and", SCENE_ELEMENTWISE},
        {"ttir.leaky_relu", SCENE_ELEMENTWISE},
        {"ttir.reshape", SCENE_MOVEMENT},
        {"stablehlo.convert", SCENE_MOVEMENT},
        {"ttnn.prepare_conv2d_weights", SCENE_MOVEMENT},
        {"aten::view", SCENE_MOVEMENT},
        {"ttir.sum", SCENE_REDUCTION},
        {"stablehlo.reduce", SCENE_REDUCTION},
        {"ttir.softmax", SCENE_NORMALIZATION},
        {"ttir.rms_norm", SCENE_NORMALIZATION},
        {"LayerNormalization", SCENE_NORMALIZATION},
        {"ttir.all_gather", SCENE_CCL},
        {"stablehlo.reduce_scatter", SCENE_CCL},
        {"ttnn.full", SCENE_CONSTANT},
        {"arith.constant", SCENE_CONSTANT},
        {"func.return", SCENE_RETURN},
        {"ttcore.load_cached", SCENE_CALL},
        {"ttnn.to_memory_config", SCENE_MEMORY},
        {"mystery.op", SCENE_OTHER},
        {"", SCENE_OTHER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (scene_category_of(str_from_z(rows[i].label)) != rows[i].category)
            fail_msg("%s is of category %d", rows[i].label, scene_category_of(str_from_z(rows[i].label)));
}

static void opens_and_closes(void **state) {
    (void)state;
    struct world w;
    make(&w, &(struct scene_choice){0});
    update(&w);
    assert_int_equal(w.change.n_expanded, 0);
    uint32_t closed = w.change.n_shown;
    assert_int_equal(scene_stand_in(w.s, op(&w, "ttir.relu", 0)), layer(&w, "net"));
    scene_set_expanded(w.s, layer(&w, "net"), true, false);
    update(&w);
    assert_int_equal(w.change.n_expanded, 1);
    assert_int_equal(w.change.n_shown, closed + 2);
    assert_int_equal(scene_stand_in(w.s, op(&w, "ttir.relu", 0)), layer(&w, "net/a"));
    scene_expand_around(w.s, op(&w, "ttir.relu", 1));
    update(&w);
    assert_int_equal(scene_stand_in(w.s, op(&w, "ttir.relu", 1)), op(&w, "ttir.relu", 1));
    uint32_t open[8];
    assert_int_equal(scene_expanded_layers(w.s, open, 8), 2);
    scene_set_expanded(w.s, layer(&w, "net"), false, true);
    update(&w);
    assert_int_equal(w.change.n_shown, closed);
    assert_int_equal(scene_expanded_layers(w.s, open, 8), 0);
    unmake(&w);
}

static void chooses_what_it_shows(void **state) {
    (void)state;
    struct world w;
    make(&w, &(struct scene_choice){.flatten = true});
    update(&w);
    assert_int_equal(w.change.n_shown, 10); /* two arguments, seven ops, the return */
    unmake(&w);
    make(&w, &(struct scene_choice){0});
    scene_free(w.s);
    graph_node a = layer(&w, "net/a");
    assert_int_equal(scene_new(&w.f.mem, w.f.g, &(struct scene_choice){.root = a}, &w.s), LAYOUT_OK);
    update(&w);
    assert_int_equal(w.change.n_shown, 3);
    assert_int_equal(scene_stand_in(w.s, op(&w, "ttir.softmax", 0)), SCENE_NONE);
    scene_free(w.s);
    uint8_t *hidden = calloc(w.f.g->n_nodes, 1);
    hidden[op(&w, "ttir.add", 0)] = 1;
    assert_int_equal(scene_new(&w.f.mem, w.f.g, &(struct scene_choice){.flatten = true, .hidden = hidden}, &w.s),
                     LAYOUT_OK);
    update(&w);
    assert_int_equal(w.change.n_shown, 9);
    scene_free(w.s);
    assert_int_equal(scene_new(&w.f.mem, w.f.g, &(struct scene_choice){.root = op(&w, "ttir.add", 0)}, &w.s),
                     LAYOUT_BAD_INPUT);
    free(hidden);
    w.s = NULL;
    unmake(&w);
}

/* Whether a rectangle of the lists is the box of a node. */
static bool drawn(const struct scene_lists *l, const struct scene_view *v, const struct layout_box *b) {
    double x = (b->x - v->x) * v->zoom + v->w / 2, y = (b->y - v->y) * v->zoom + v->h / 2;
    for (uint32_t i = 0; i < l->n_rects; i++)
        if (fabs((double)l->rects[i].x - x) < 0.01 && fabs((double)l->rects[i].y - y) < 0.01 &&
            fabs((double)l->rects[i].w - b->w * v->zoom) < 0.01)
            return true;
    return false;
}

/* The same for a point of the world: whether some rectangle's upper left corner is there. */
static bool corner_drawn(const struct scene_lists *l, const struct scene_view *v, double at_x, double at_y) {
    double x = (at_x - v->x) * v->zoom + v->w / 2, y = (at_y - v->y) * v->zoom + v->h / 2;
    for (uint32_t i = 0; i < l->n_rects; i++)
        if (fabs((double)l->rects[i].x - x) < 0.01 && fabs((double)l->rects[i].y - y) < 0.01)
            return true;
    return false;
}

static void draws_what_is_in_view(void **state) {
    (void)state;
    struct world w;
    struct scene_lists l;
    make(&w, &(struct scene_choice){0});
    scene_set_all_expanded(w.s, true);
    update(&w);
    struct scene_view v = whole(&w);
    for (double shift = -600; shift <= 600; shift += 150) {
        struct scene_view moved = v;
        moved.h = 200;
        moved.y += shift;
        assert_true(scene_draw(w.s, &moved, &l));
        for (graph_node n = 1; n < w.f.g->n_nodes; n++) {
            struct layout_box b;
            assert_true(scene_box(w.s, n, false, &b));
            double top = moved.y - 100, bottom = moved.y + 100;
            if (b.y + b.h > top + 1 && b.y < bottom - 1)
                assert_true(drawn(&l, &moved, &b));
            else if (b.y + b.h < top - 10 || b.y > bottom + 10)
                assert_false(drawn(&l, &moved, &b));
        }
    }
    unmake(&w);
}

/* From afar there is less to draw, and nothing when there is nothing in view. */
static void draws_less_from_afar(void **state) {
    (void)state;
    struct world w;
    struct scene_lists l;
    make(&w, &(struct scene_choice){0});
    scene_set_all_expanded(w.s, true);
    update(&w);
    struct scene_view v = whole(&w);
    assert_true(scene_draw(w.s, &v, &l));
    uint32_t near_texts = l.n_texts, near_rects = l.n_rects;
    v.zoom = 0.05;
    assert_true(scene_draw(w.s, &v, &l));
    assert_true(l.n_texts < near_texts / 2);
    assert_true(l.n_rects > 0 && l.n_rects < near_rects);
    v.x = -1e6;
    assert_true(scene_draw(w.s, &v, &l));
    assert_int_equal(l.n_rects + l.n_curves + l.n_marks + l.n_texts, 0);
    unmake(&w);
}

/* An open layer keeps its inside, as outlines of ops, down to the size that it has on a minimap; then it is a block. */
static void a_large_layer_is_no_block(void **state) {
    (void)state;
    struct world w;
    struct scene_lists l;
    struct mem m;
    struct buf b;
    enum { OPS = 300 };
    mem_init(&m);
    buf_init(&b, &m);
    buf_lit(&b, "func.func @main(%0: tensor<4xf32>) -> tensor<4xf32> {\n");
    for (int i = 0; i < OPS; i++)
        buf_printf(&b, "  %%%d = \"ttir.relu\"(%%%d) : (tensor<4xf32>) -> tensor<4xf32> loc(\"net/%d\")\n", i + 1, i,
                   i);
    buf_printf(&b, "  return %%%d : tensor<4xf32>\n}\n", OPS);
    buf_putc(&b, 0);
    fixture_make(&w.f, b.p, GRAPH_LAYERS_AUTO);
    assert_int_equal(scene_new(&w.f.mem, w.f.g, &(struct scene_choice){0}, &w.s), LAYOUT_OK);
    scene_set_all_expanded(w.s, true);
    update(&w);
    struct scene_view v = whole(&w);
    const double high = v.h;
    for (int px = 300; px >= 100; px -= 200) {
        v.zoom = px / high;
        v.h = px;
        assert_true(scene_draw(w.s, &v, &l));
        assert_int_equal(px == 300, l.n_rects > 50);
    }
    unmake(&w);
    buf_free(&b);
}

static uint64_t hash_of(struct world *w) {
    struct scene_view v = whole(w);
    struct scene_lists l;
    assert_true(scene_draw(w->s, &v, &l));
    const struct {
        const void *p;
        size_t n;
    } parts[] = {{l.rects, l.n_rects * sizeof *l.rects},
                 {l.curves, l.n_curves * sizeof *l.curves},
                 {l.marks, l.n_marks * sizeof *l.marks},
                 {l.texts, l.n_texts * sizeof *l.texts}};
    uint64_t h = 1469598103934665603u;
    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0; i < parts[k].n; i++)
            h = (h ^ ((const uint8_t *)parts[k].p)[i]) * 1099511628211u;
    return h;
}

static void does_not_remember_the_way(void **state) {
    (void)state;
    struct world w, x;
    make(&w, &(struct scene_choice){0});
    make(&x, &(struct scene_choice){0});
    scene_set_all_expanded(w.s, true);
    update(&w);
    scene_set_expanded(w.s, layer(&w, "net/b"), false, false);
    update(&w);
    update(&x);
    scene_set_expanded(x.s, layer(&x, "net"), true, false);
    update(&x);
    scene_set_expanded(x.s, layer(&x, "net/a"), true, false);
    for (graph_node n = 1; n < x.f.g->n_nodes; n++) /* all other layers */
        if (graph_is_layer(x.f.g, n) && n != layer(&x, "net/b"))
            scene_set_expanded(x.s, n, true, false);
    update(&x);
    assert_true(hash_of(&w) == hash_of(&x));
    unmake(&w);
    unmake(&x);
}

static void picks_what_it_draws(void **state) {
    (void)state;
    struct world w;
    struct scene_hit hit;
    make(&w, &(struct scene_choice){0});
    scene_set_expanded(w.s, layer(&w, "net"), true, false);
    scene_set_expanded(w.s, layer(&w, "net/a"), true, false);
    update(&w);
    struct scene_view v = whole(&w);
    double left = v.x - v.w / 2, top = v.y - v.h / 2;
    for (graph_node n = 1; n < w.f.g->n_nodes; n++) {
        struct layout_box b;
        if (!scene_box(w.s, n, false, &b))
            continue;
        if (b.expanded)
            scene_pick(w.s, &v, b.x + 40 - left, b.y + 4 - top, &hit); /* the header, beside its icon */
        else
            scene_pick(w.s, &v, b.x + b.w / 2 - left, b.y + b.h / 2 - top, &hit);
        assert_int_equal(hit.region, SCENE_REGION_NODE);
        assert_int_equal(hit.node, n);
        if (graph_is_layer(w.f.g, n)) {
            scene_pick(w.s, &v, b.x + 15 - left, b.y + (b.expanded ? 15 : 17) - top, &hit);
            assert_int_equal(hit.region, SCENE_REGION_TOGGLE);
            scene_pick(w.s, &v, b.x + b.w - 12 - left, b.y + (b.expanded ? 15 : 17) - top, &hit);
            assert_int_equal(hit.region, SCENE_REGION_MENU);
            assert_int_equal(hit.node, n);
        }
    }
    scene_pick(w.s, &v, 2, 2, &hit);
    assert_int_equal(hit.region, SCENE_REGION_EMPTY);
    unmake(&w);
}

static void picks_lines(void **state) {
    (void)state;
    struct world w;
    struct scene_hit hit;
    struct layout_box a, b;
    make(&w, &(struct scene_choice){.flatten = true});
    update(&w);
    struct scene_view v = whole(&w);
    graph_node relu = op(&w, "ttir.relu", 1), softmax = op(&w, "ttir.softmax", 0);
    assert_true(scene_box(w.s, relu, false, &a) && scene_box(w.s, softmax, false, &b));
    scene_pick(w.s, &v, a.x + a.w / 2 - (v.x - v.w / 2), (a.y + a.h + b.y) / 2 - (v.y - v.h / 2), &hit);
    assert_int_equal(hit.region, SCENE_REGION_EDGE);
    assert_int_equal(hit.n_edges, 1);
    assert_int_equal(w.f.g->edges[hit.edges[0]].source, relu);
    assert_int_equal(w.f.g->edges[hit.edges[0]].target, softmax);
    unmake(&w);
}

static uint32_t count_curves(const struct scene_lists *l, uint32_t color) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->n_curves; i++)
        n += l->curves[i].color == color;
    return n;
}
static uint32_t count_outlines(const struct scene_lists *l, uint32_t color) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->n_rects; i++)
        n += l->rects[i].fill == 0 && l->rects[i].stroke == color;
    return n;
}

static void highlights_through_layers(void **state) {
    (void)state;
    struct world w;
    struct scene_lists l;
    const struct scene_highlight in = {.color = 0x00ff00ff, .width = 2, .through = true};
    make(&w, &(struct scene_choice){0});
    scene_set_expanded(w.s, layer(&w, "net"), true, false);
    scene_set_expanded(w.s, layer(&w, "net/b"), true, false);
    update(&w);
    /* The second add reads the second matmul beside it, and the first matmul inside the closed layer a. */
    scene_highlight_flow(w.s, op(&w, "ttir.add", 1), true, &in);
    scene_finish_highlights(w.s);
    struct scene_view v = whole(&w);
    assert_true(scene_draw(w.s, &v, &l));
    assert_int_equal(count_outlines(&l, 0x00ff00ff), 2);
    assert_true(count_curves(&l, 0x00ff00ff) >= 3); /* beside it; in net, from a to b; in b, from its border */
    scene_clear_highlights(w.s);
    scene_finish_highlights(w.s);
    assert_true(scene_draw(w.s, &v, &l));
    assert_int_equal(count_outlines(&l, 0x00ff00ff) + count_curves(&l, 0x00ff00ff), 0);
    unmake(&w);
}

static void quiet_edges_show_when_asked(void **state) {
    (void)state;
    struct world w;
    struct scene_lists l;
    make(&w, &(struct scene_choice){.flatten = true, .quiet = SCENE_QUIET_ON});
    update(&w);
    struct scene_view v = whole(&w);
    assert_true(scene_draw(w.s, &v, &l));
    uint32_t before = l.n_curves;
    const struct scene_highlight in = {.color = 0x00ff00ff, .width = 2, .through = true};
    scene_highlight_flow(w.s, op(&w, "ttir.matmul", 0), true, &in);
    scene_finish_highlights(w.s);
    assert_true(scene_draw(w.s, &v, &l));
    assert_int_equal(l.n_curves, before + 2); /* its two arguments */
    assert_int_equal(count_curves(&l, 0x00ff00ff), 2);
    unmake(&w);
}

/* A weight that is reshaped outside of the layer that reads it is no part of the flow; what two arguments make is, and so
 * is what says that it is an input. */
static void prepared_weights_are_quiet(void **state) {
    (void)state;
#define BODY                                                                                                      \
    "-> tensor<4x4xf32> {\n"                                                                                      \
    "    %0 = \"ttir.reshape\"(%arg1) <{shape = [4 : i32, 4 : i32]}> : (tensor<16xf32>) -> tensor<4x4xf32>\n"     \
    "    %1 = \"ttir.matmul\"(%arg0, %0) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> loc(\"a/mm\")\n" \
    "    %2 = \"ttir.relu\"(%1) : (tensor<4x4xf32>) -> tensor<4x4xf32> loc(\"b/relu\")\n"                         \
    "    return %2 : tensor<4x4xf32>\n"                                                                           \
    "  }\n"                                                                                                       \
    "}\n"
    static const char plain[] = "module {\n"
                                "  func.func @main(%arg0: tensor<4x4xf32>, %arg1: tensor<16xf32>) " BODY;
    static const char marked[] =
        "module {\n"
        "  func.func @main(%arg0: tensor<4x4xf32> {ttcore.argument_type = #ttcore.argument_type<input>},\n"
        "                  %arg1: tensor<16xf32> {ttcore.argument_type = #ttcore.argument_type<parameter>}) " BODY;
#undef BODY
    static const struct {
        const char *text;
        bool flatten;
        uint32_t quiet, heads; /* of lines that are drawn */
    } rows[] = {{plain, false, SCENE_QUIET_OFF, 5},
                {plain, false, SCENE_QUIET_ON, 2},
                {plain, true, SCENE_QUIET_ON, 3},
                {marked, false, SCENE_QUIET_ON, 3},
                {marked, true, SCENE_QUIET_ON, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct scene_lists l;
        fixture_make(&w.f, rows[i].text, GRAPH_LAYERS_AUTO);
        struct scene_choice choice = {.flatten = rows[i].flatten, .quiet = rows[i].quiet};
        assert_int_equal(scene_new(&w.f.mem, w.f.g, &choice, &w.s), LAYOUT_OK);
        update(&w);
        struct scene_view v = whole(&w);
        assert_true(scene_draw(w.s, &v, &l));
        uint32_t heads = 0;
        for (uint32_t k = 0; k < l.n_marks_below; k++)
            heads += l.marks[k].kind <= SCENE_ARROW_LEFT;
        assert_int_equal(heads, rows[i].heads);
        unmake(&w);
    }
}

/* An input that all read says as little about the flow as a weight. */
static void inputs_of_many_are_quiet(void **state) {
    (void)state;
    for (uint32_t readers = 8; readers <= 9; readers++) {
        struct world w;
        struct scene_lists l;
        struct buf text;
        struct mem m = {0};
        buf_init(&text, &m);
        buf_lit(&text, "module {\n  func.func @main(%arg0: tensor<4xf32> "
                       "{ttcore.argument_type = #ttcore.argument_type<input>}) {\n");
        for (uint32_t i = 0; i < readers; i++)
            buf_printf(&text, "    %%%u = \"ttir.neg\"(%%arg0) : (tensor<4xf32>) -> tensor<4xf32>\n", i);
        buf_lit(&text, "    return\n  }\n}\n");
        buf_putc(&text, 0);
        fixture_make(&w.f, text.p, GRAPH_LAYERS_AUTO);
        struct scene_choice choice = {.flatten = true, .quiet = SCENE_QUIET_ON};
        assert_int_equal(scene_new(&w.f.mem, w.f.g, &choice, &w.s), LAYOUT_OK);
        update(&w);
        struct scene_view v = whole(&w);
        assert_true(scene_draw(w.s, &v, &l));
        assert_int_equal(l.n_curves > 0, readers == 8);
        unmake(&w);
        buf_free(&text);
    }
}

static void flat_graphs_keep_what_is_computed_once(void **state) {
    (void)state;
    static const char text[] = "module {\n"
                               "  func.func private @main_const_eval_0(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                               "    %0 = \"ttir.neg\"(%arg0) : (tensor<4xf32>) -> tensor<4xf32> loc(\"a/neg\")\n"
                               "    return %0 : tensor<4xf32>\n"
                               "  }\n"
                               "  func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                               "    %0 = \"ttir.exp\"(%arg0) : (tensor<4xf32>) -> tensor<4xf32> loc(\"b/exp\")\n"
                               "    return %0 : tensor<4xf32>\n"
                               "  }\n"
                               "}\n";
    struct world w;
    struct layout_box box;
    fixture_make(&w.f, text, GRAPH_LAYERS_AUTO);
    assert_int_equal(scene_new(&w.f.mem, w.f.g, &(struct scene_choice){.flatten = true}, &w.s), LAYOUT_OK);
    update(&w);
    graph_node once = op(&w, "ttir.neg", 0), each = op(&w, "ttir.exp", 0), apart = layer(&w, "const_eval");
    assert_int_equal(scene_stand_in(w.s, each), each);
    assert_int_equal(scene_stand_in(w.s, once), apart);
    assert_false(scene_box(w.s, once, false, &box));
    scene_set_all_expanded(w.s, true);
    update(&w);
    assert_true(scene_box(w.s, once, false, &box));
    unmake(&w);
}

static void grows_for_lines(void **state) {
    (void)state;
    struct world w;
    struct scene_lists l;
    struct layout_box before, after;
    uint32_t nodes[16];
    struct buf b;
    make(&w, &(struct scene_choice){.flatten = true});
    update(&w);
    graph_node n = op(&w, "ttir.softmax", 0);
    assert_true(scene_box(w.s, n, false, &before));
    assert_int_equal(scene_nodes_without_lines(w.s, nodes, 16), 10);
    assert_true(scene_set_lines(w.s, n,
                                STR("dimension\x1f"
                                    "1\nplain\n")));
    assert_int_equal(scene_nodes_without_lines(w.s, nodes, 16), 9);
    update(&w);
    assert_true(scene_box(w.s, n, false, &after));
    assert_true(after.h > before.h + 20);
    struct scene_view v = whole(&w);
    assert_true(scene_draw(w.s, &v, &l));
    buf_init(&b, &w.f.mem);
    for (uint32_t i = 0; i < l.n_texts; i++)
        if (l.texts[i].source == SCENE_LINE_KEY || l.texts[i].source == SCENE_LINE_VALUE) {
            scene_put_text(w.s, l.texts[i].source, l.texts[i].ref, &b);
            buf_putc(&b, ';');
        }
    assert_str(buf_str(&b), "dimension;1;plain;");
    buf_free(&b);
    scene_clear_lines(w.s);
    update(&w);
    assert_true(scene_box(w.s, n, false, &after));
    assert_true(after.h == before.h);
    unmake(&w);
}

/* Boxes grow with their texts; what is pressed is found where it is drawn. */
static void fonts_have_the_sizes_that_were_chosen(void **state) {
    (void)state;
    struct world w, x;
    struct scene_lists l;
    struct layout_box usual, larger;
    struct scene_hit hit;
    make(&w, &(struct scene_choice){0});
    make(&x, &(struct scene_choice){.fonts = {.op = 24, .layer = 18, .edge = 19}});
    scene_set_all_expanded(w.s, true);
    scene_set_all_expanded(x.s, true);
    uint32_t of_edge[64];
    assert_in_range(x.f.g->n_edges, 1, 64);
    for (uint32_t e = 0; e < x.f.g->n_edges; e++)
        of_edge[e] = 1;
    assert_true(scene_set_edge_labels(x.s, of_edge, (const str[]){STR(""), STR("tensor<1x1xf32>")}, 2));
    update(&w);
    update(&x);
    graph_node n = op(&w, "ttir.relu", 0);
    assert_true(scene_box(w.s, n, false, &usual) && scene_box(x.s, n, false, &larger));
    assert_true(larger.w == 2 * usual.w && larger.h == 2 * usual.h);
    struct scene_view v = whole(&x);
    assert_true(scene_draw(x.s, &v, &l));
    uint32_t ops = 0, layers = 0, edges = 0;
    for (uint32_t i = 0; i < l.n_texts; i++) {
        const struct scene_text *t = &l.texts[i];
        bool is_layer = t->source == SCENE_LABEL && graph_is_layer(x.f.g, t->ref);
        if (t->source == SCENE_EDGE_LABEL)
            edges += t->size == 19;
        else if (t->source == SCENE_LABEL)
            *(is_layer ? &layers : &ops) += t->size == (is_layer ? 18 : 24);
    }
    assert_int_equal(layers, w.change.n_expanded);
    assert_int_equal(ops, w.change.n_shown - w.change.n_expanded);
    assert_true(edges > 0);
    uint32_t pressed = 0;
    for (uint32_t i = 0; i < l.n_marks; i++)
        if (l.marks[i].kind == SCENE_MARK_MINUS || l.marks[i].kind == SCENE_MARK_DOTS) {
            const struct scene_mark m = l.marks[i];
            scene_pick(x.s, &v, (double)m.x, (double)m.y, &hit);
            assert_int_equal(hit.region, m.kind == SCENE_MARK_DOTS ? SCENE_REGION_MENU : SCENE_REGION_TOGGLE);
            pressed++;
        }
    assert_int_equal(pressed, 2 * w.change.n_expanded);
    unmake(&w);
    unmake(&x);
}

static void counts_have_their_thousands_apart(void **state) {
    (void)state;
    static const struct {
        uint32_t ops;
        const char *text;
    } rows[] = {{1, "1 op"},         {7, "7 ops"},          {999, "999 ops"},
                {1000, "1,000 ops"}, {20045, "20,045 ops"}, {100203, "100,203 ops"}};
    struct mem mem;
    mem_init(&mem);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf text, shown;
        struct scene *s;
        graph *g;
        buf_init(&text, &mem);
        buf_init(&shown, &mem);
        /* The compact form would do as well; graph JSON is easier to write. */
        buf_lit(&text, "{\"graphs\":[{\"id\":\"g\",\"nodes\":[");
        for (uint32_t k = 0; k < rows[i].ops; k++)
            buf_printf(&text, "%s{\"id\":\"%u\",\"label\":\"x\",\"namespace\":\"many\"}", k ? "," : "", k);
        buf_lit(&text, "]}]}");
        me_graphs graphs;
        struct diags d;
        diags_init(&d, &mem);
        assert_int_equal(
            me_json_read(&mem, buf_str(&text), &d, diags_add_source(&d, STR("t"), buf_str(&text)), &graphs), GRAPH_OK);
        g = graphs.v[0].g;
        assert_int_equal(scene_new(&mem, g, &(struct scene_choice){0}, &s), LAYOUT_OK);
        scene_put_text(s, SCENE_COUNT, graph_find_layer(g, STR("many")), &shown);
        assert_str(buf_str(&shown), rows[i].text);
        scene_free(s);
        me_graphs_free(&graphs);
        diags_free(&d);
        buf_free(&shown);
        buf_free(&text);
    }
    assert_int_equal(mem.used, 0);
}

static void arrow_keys_follow_edges(void **state) {
    (void)state;
    struct world w;
    make(&w, &(struct scene_choice){0});
    update(&w);
    graph_node net = layer(&w, "net"), softmax = op(&w, "ttir.softmax", 0);
    assert_int_equal(scene_neighbour(w.s, net, SCENE_DOWN), softmax);
    assert_int_equal(scene_neighbour(w.s, softmax, SCENE_UP), net);
    scene_set_expanded(w.s, net, true, false);
    update(&w);
    assert_int_equal(scene_neighbour(w.s, layer(&w, "net/a"), SCENE_DOWN), layer(&w, "net/b"));
    assert_int_equal(scene_neighbour(w.s, layer(&w, "net/b"), SCENE_DOWN), softmax);
    assert_int_equal(scene_neighbour(w.s, w.f.g->n_nodes + 5, SCENE_DOWN), SCENE_NONE);
    unmake(&w);
}

static void keeps_its_place(void **state) {
    (void)state;
    struct world w;
    struct layout_box before, after;
    make(&w, &(struct scene_choice){0});
    update(&w);
    graph_node net = layer(&w, "net");
    assert_true(scene_box(w.s, net, false, &before));
    scene_set_expanded(w.s, net, true, false);
    assert_int_equal(scene_update(w.s, NULL, net, &w.change), LAYOUT_OK);
    assert_true(scene_box(w.s, net, false, &after));
    assert_true(fabs(after.x - before.x - w.change.anchor_dx) < 1e-9);
    assert_true(fabs(after.y - before.y - w.change.anchor_dy) < 1e-9);
    assert_true(w.change.animated);
    /* At the start of the animation the box is drawn where it was: its corner at the same place of the screen. */
    scene_set_progress(w.s, 0);
    struct scene_view v = {.x = w.change.anchor_dx, .y = w.change.anchor_dy, .zoom = 1, .w = 2000, .h = 2000};
    struct scene_lists l;
    assert_true(scene_draw(w.s, &v, &l));
    struct scene_view old = {.x = 0, .y = 0, .zoom = 1, .w = 2000, .h = 2000};
    assert_true(drawn(&l, &old, &before));
    /* And stays there all the way. */
    for (int step = 1; step <= 10; step++) {
        scene_set_progress(w.s, step / 10.0);
        assert_true(scene_draw(w.s, &v, &l));
        assert_true(corner_drawn(&l, &old, before.x, before.y));
    }
    unmake(&w);
}

static void writes_pictures(void **state) {
    (void)state;
    struct world w;
    struct buf b;
    make(&w, &(struct scene_choice){0});
    scene_set_all_expanded(w.s, true);
    update(&w);
    struct scene_view v = whole(&w);
    buf_init(&b, &w.f.mem);
    assert_true(scene_write_svg(w.s, &v, 0, &b));
    assert_true(str_starts_with(buf_str(&b), STR("<svg xmlns=")));
    assert_true(str_find(buf_str(&b), STR(">ttir.softmax</text>")) < b.n);
    buf_clear(&b);
    assert_true(scene_write_json(w.s, &b));
    assert_true(str_find(buf_str(&b), STR("\"id\":\"layer:net/a\"")) < b.n);
    buf_free(&b);
    unmake(&w);
}

static bool scene_once(struct mem *m, void *ctx) {
    struct world *w = ctx;
    struct scene *s;
    struct scene_change change;
    struct scene_lists l;
    struct scene_view v = {.x = 200, .y = 200, .zoom = 1, .w = 800, .h = 800};
    if (scene_new(m, w->f.g, &(struct scene_choice){.quiet = SCENE_QUIET_ON}, &s) != LAYOUT_OK)
        return false;
    scene_set_all_expanded(s, true);
    bool ok = scene_set_lines(s, op(w, "ttir.relu", 0),
                              STR("a\x1f"
                                  "b\n")) &&
              scene_update(s, NULL, SCENE_NONE, &change) == LAYOUT_OK && scene_draw(s, &v, &l);
    scene_free(s);
    return ok;
}

static void survives_want_of_memory(void **state) {
    (void)state;
    struct world w;
    make(&w, &(struct scene_choice){0});
    test_oom_sweep(scene_once, &w, 3000);
    unmake(&w);
}

/* Reads a graph as JSON and lays it out with all layers open. */
static struct scene *scene_of_json(struct mem *m, const char *text, const struct scene_choice *choice,
                                   me_graphs *graphs) {
    struct scene *s;
    struct scene_change change;
    assert_int_equal(me_json_read(m, str_from_z(text), NULL, NULL, graphs), GRAPH_OK);
    assert_int_equal(scene_new(m, graphs->v[0].g, choice, &s), LAYOUT_OK);
    scene_set_all_expanded(s, true);
    assert_int_equal(scene_update(s, NULL, SCENE_NONE, &change), LAYOUT_OK);
    return s;
}

static struct layout_box box_of(const struct scene *s, const char *id) {
    struct layout_box b;
    assert_true(scene_box(s, graph_find(scene_graph(s), str_from_z(id)), false, &b));
    return b;
}

/* pinToGroupTop: above its siblings while its layer is there; without the layer it is an op like others. */
static void pinned_nodes_stand_at_the_top(void **state) {
    (void)state;
    static const char text[] =
        "{\"id\":\"g\",\"nodes\":["
        "{\"id\":\"a\",\"label\":\"first\",\"namespace\":\"n\"},"
        "{\"id\":\"b\",\"label\":\"second\",\"namespace\":\"n\",\"incomingEdges\":[{\"sourceNodeId\":\"a\"}]},"
        "{\"id\":\"c\",\"label\":\"not\",\"namespace\":\"n\",\"config\":{\"pinToGroupTop\" : "
        "false},\"incomingEdges\":[]},"
        "{\"id\":\"p\",\"label\":\"pin\",\"namespace\":\"n\",\"config\" : { \"x\": 1, \"pinToGroupTop\" : true},"
        "\"incomingEdges\":[{\"sourceNodeId\":\"b\"}]}]}";
    struct mem m = {0};
    me_graphs graphs;
    struct scene *s = scene_of_json(&m, text, &(struct scene_choice){0}, &graphs);
    struct layout_box p = box_of(s, "p");
    static const char *const others[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++)
        assert_true(box_of(s, others[i]).y > p.y + p.h);
    scene_free(s);
    me_graphs_free(&graphs);
    s = scene_of_json(&m, text, &(struct scene_choice){.flatten = true}, &graphs);
    assert_true(box_of(s, "p").y > box_of(s, "b").y);
    scene_free(s);
    me_graphs_free(&graphs);
    assert_int_equal(m.used, 0);
}

/* layoutConfigs: the distances that are given, the usual ones for the rest. */
static void distances_of_the_file_are_kept(void **state) {
    (void)state;
    static const struct {
        const char *configs;
        double node, rank; /* in the drawing */
    } rows[] = {
        {"null", 18, 38},
        {"{\"nodeSep\":70,\"rankSep\":123.5}", 70, 123.5},
        {"{\"rankSep\" : 90, \"edgeSep\":3}", 18, 90},
        {"{\"nodeSep\":\"70\",\"rankSep\":-5}", 18, 8},
        {"{\"nodeSep\":1e99}", GRAPH_SPACING_MOST, 38},
        {"[7]", 18, 38},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mem m = {0};
        struct buf text;
        buf_init(&text, &m);
        buf_printf(&text,
                   "{\"id\":\"g\",\"layoutConfigs\":%s,\"nodes\":[{\"id\":\"a\",\"label\":\"x\",\"namespace\":\"\"},"
                   "{\"id\":\"b\",\"label\":\"x\",\"namespace\":\"\",\"incomingEdges\":[{\"sourceNodeId\":\"a\"}]},"
                   "{\"id\":\"c\",\"label\":\"x\",\"namespace\":\"\",\"incomingEdges\":[{\"sourceNodeId\":\"a\"}]}]}",
                   rows[i].configs);
        buf_putc(&text, '\0');
        me_graphs graphs;
        struct scene *s = scene_of_json(&m, text.p, &(struct scene_choice){0}, &graphs);
        struct layout_box a = box_of(s, "a"), b = box_of(s, "b"), c = box_of(s, "c");
        assert_true(fabs(b.y - a.y - a.h - rows[i].rank) < 1e-6);
        assert_true(fabs(fabs(b.x - c.x) - b.w - rows[i].node) < 1e-6);
        scene_free(s);
        me_graphs_free(&graphs);
        buf_free(&text);
        assert_int_equal(m.used, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_categories),
        cmocka_unit_test(opens_and_closes),
        cmocka_unit_test(chooses_what_it_shows),
        cmocka_unit_test(draws_what_is_in_view),
        cmocka_unit_test(draws_less_from_afar),
        cmocka_unit_test(a_large_layer_is_no_block),
        cmocka_unit_test(does_not_remember_the_way),
        cmocka_unit_test(picks_what_it_draws),
        cmocka_unit_test(picks_lines),
        cmocka_unit_test(highlights_through_layers),
        cmocka_unit_test(quiet_edges_show_when_asked),
        cmocka_unit_test(prepared_weights_are_quiet),
        cmocka_unit_test(inputs_of_many_are_quiet),
        cmocka_unit_test(flat_graphs_keep_what_is_computed_once),
        cmocka_unit_test(grows_for_lines),
        cmocka_unit_test(fonts_have_the_sizes_that_were_chosen),
        cmocka_unit_test(counts_have_their_thousands_apart),
        cmocka_unit_test(pinned_nodes_stand_at_the_top),
        cmocka_unit_test(distances_of_the_file_are_kept),
        cmocka_unit_test(arrow_keys_follow_edges),
        cmocka_unit_test(keeps_its_place),
        cmocka_unit_test(writes_pictures),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
