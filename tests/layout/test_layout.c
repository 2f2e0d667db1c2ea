/* The promises of layout.h on small and odd graphs, and what happens when memory runs out or the user cancels. */
#include <math.h>

#include "test.h"

#include "check.h"

static struct layout *lay_out(struct mem *m, const struct test_graph *g) {
    struct layout_input in = test_graph_input(g);
    struct layout *l;
    assert_int_equal(layout_new(m, &in, NULL, &l), LAYOUT_OK);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    return l;
}

static void check_named(const char *name, uint32_t size, bool thorough) {
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    assert_true(test_graph_make(&g, name, size));
    struct layout *l = lay_out(&m, &g);
    check_layout(l, &g, thorough);
    layout_free(l);
    test_graph_free(&g);
    assert_int_equal(m.used, 0);
}

static void keeps_its_promises(void **state) {
    (void)state;
    static const char *const names[] = {"decoder", "decoder-layers", "decoder-cache", "resnet",      "chain", "fan-out",
                                        "fan-in",  "bipartite",      "random",        "random-long", "cycles"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_named(names[i], 60, true);
        check_named(names[i], 400, true);
    }
}

static void empty_graph(void **state) {
    (void)state;
    struct mem m = {0};
    struct layout_input in = {0};
    struct layout *l;
    double w, h;
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_OK);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    layout_size(l, &w, &h);
    assert_true(w >= 0 && h >= 0);
    layout_free(l);
    assert_int_equal(m.used, 0);
}

/* A graph written as pairs of letters: "ab bc" has edges a -> b and b -> c. */
static void make_pairs(struct test_graph *g, struct mem *m, uint32_t n, const char *pairs) {
    test_graph_init(g, m);
    for (uint32_t v = 0; v < n; v++)
        test_graph_node(g, "op", LAYOUT_ROOT);
    for (const char *p = pairs; *p; p += p[2] ? 3 : 2)
        test_graph_edge(g, (uint32_t)(p[0] - 'a'), (uint32_t)(p[1] - 'a'));
    assert_false(g->failed);
}

static void odd_graphs(void **state) {
    (void)state;
    static const struct {
        uint32_t n;
        const char *pairs;
    } cases[] = {
        {1, ""},
        {1, "aa"},
        {1, "aa aa aa aa aa aa"},
        {2, ""},
        {2, "ab ba"},
        {2, "ab ab ab"},
        {3, "ab bc ca"},
        {3, "aa ab bb bc cc ca"},
        {4, "ab cd"},
        {5, "ab bc cd de ea ae"},
        {4, "ad bd cd"},
        {3, "ab bc ac"},
        {6, "ab bc cd de ef fa ad be cf"},
        {2, "ab ba ab ba aa bb"},
        {7, "ag ab bc cd de ef fg ga ac"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mem m = {0};
        struct test_graph g;
        make_pairs(&g, &m, cases[i].n, cases[i].pairs);
        struct layout *l = lay_out(&m, &g);
        check_layout(l, &g, true);
        layout_free(l);
        test_graph_free(&g);
        assert_int_equal(m.used, 0);
    }
}

/* Ops without edges stand in rows of their own: a layer among them does not tear them apart when it opens. */
static void ops_stand_before_layers(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    uint32_t ops[8], layer = LAYOUT_NONE;
    for (uint32_t i = 0; i < 8; i++) {
        if (i == 4)
            layer = test_graph_layer(&g, "layer", LAYOUT_ROOT);
        ops[i] = test_graph_node(&g, "op", LAYOUT_ROOT);
    }
    for (uint32_t i = 0, last = 0; i < 12; i++) { /* a tall one */
        uint32_t op = test_graph_node(&g, "inside", layer);
        if (i)
            test_graph_edge(&g, last, op);
        last = op;
    }
    struct layout *l = lay_out(&m, &g);
    layout_set_expanded(l, layer, true);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    check_layout(l, &g, true);
    const struct layout_box *boxes = layout_boxes(l);
    for (uint32_t i = 1; i < 8; i++) /* no op stands below the layer, none more than a row below the one before */
        assert_true(boxes[ops[i]].y < boxes[layer].y + boxes[layer].h &&
                    boxes[ops[i]].y - boxes[ops[i - 1]].y < 2.5 * boxes[ops[i]].h);
    layout_free(l);
    test_graph_free(&g);
}

static bool count_bent(void *user, const struct layout_route *r) {
    uint32_t *counts = user;
    if (!(r->flags & LAYOUT_ROUTE_FROM_BORDER))
        return true;
    counts[0]++;
    counts[1] += r->points[0].x != r->points[r->n_points - 1].x;
    return true;
}

/* Values that enter a layer side by side go straight down into the operands of its first op. */
static void values_enter_straight(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    uint32_t x = test_graph_node(&g, "x", LAYOUT_ROOT), w = test_graph_node(&g, "w", LAYOUT_ROOT);
    uint32_t layer = test_graph_layer(&g, "layer", LAYOUT_ROOT), matmul = test_graph_node(&g, "ttir.matmul", layer);
    test_graph_edge(&g, x, matmul);
    test_graph_edge(&g, w, matmul);
    struct layout *l = lay_out(&m, &g);
    layout_set_expanded(l, layer, true);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    uint32_t counts[2] = {0};
    assert_true(layout_visit_layer_routes(l, layer, count_bent, counts));
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 0);
    layout_free(l);
    test_graph_free(&g);
}

static bool flags_of_route(void *user, const struct layout_route *r) {
    *(uint32_t *)user |= r->flags;
    return true;
}

static void marks_back_edges_and_loops(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    make_pairs(&g, &m, 2, "ab ba aa");
    struct layout *l = lay_out(&m, &g);
    uint32_t flags = 0;
    assert_true(layout_visit_routes(l, flags_of_route, &flags));
    assert_true(flags & LAYOUT_ROUTE_BACK);
    assert_true(flags & LAYOUT_ROUTE_SELF);
    assert_true(layout_boxes(l)[0].y < layout_boxes(l)[1].y);
    layout_free(l);
    test_graph_free(&g);
}

/* Layers with the same inside share its order, whatever their sizes; one whose operands are exchanged does not. */
static void equal_layers_look_alike(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    enum { LAYERS = 4, WIDE = 1, EXCHANGED = 2 };
    uint32_t node[LAYERS][4];
    for (uint32_t i = 0; i < LAYERS; i++) {
        uint32_t layer = test_graph_layer(&g, "layer", LAYOUT_ROOT);
        for (uint32_t k = 0; k < 4; k++)
            node[i][k] = test_graph_node(&g, "op", layer);
        if (i == WIDE)
            g.w[node[i][1]] = 300;
        test_graph_edge(&g, node[i][0], node[i][1]);
        test_graph_edge(&g, node[i][0], node[i][2]);
        test_graph_edge(&g, node[i][i == EXCHANGED ? 2 : 1], node[i][3]);
        test_graph_edge(&g, node[i][i == EXCHANGED ? 1 : 2], node[i][3]);
    }
    struct layout *l = lay_out(&m, &g);
    layout_set_all_expanded(l, true);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    check_layout(l, &g, true);
    const struct layout_box *boxes = layout_boxes(l);
    for (uint32_t i = 0; i < LAYERS; i++)
        assert_int_equal(boxes[node[i][1]].x < boxes[node[i][2]].x, i != EXCHANGED);
    assert_true(boxes[node[0][2]].x - boxes[node[0][1]].x == boxes[node[3][2]].x - boxes[node[3][1]].x);
    assert_true(boxes[node[WIDE][2]].x - boxes[node[WIDE][1]].x > 300);
    layout_free(l);
    test_graph_free(&g);
    assert_int_equal(m.used, 0);
}

struct farthest {
    double left, right;
};

static bool widen_by_back(void *user, const struct layout_route *r) {
    struct farthest *f = user;
    for (uint32_t i = 0; i < r->n_points && (r->flags & LAYOUT_ROUTE_BACK); i++) {
        f->left = fmin(f->left, r->points[i].x);
        f->right = fmax(f->right, r->points[i].x);
    }
    return true;
}

/* A back edge runs beside its own nodes, however wide what stands above them is. */
static void back_edges_stay_near(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    make_pairs(&g, &m, 4, "ab bc dc cd ad");
    g.w[1] = 2000;
    struct layout *l = lay_out(&m, &g);
    check_layout(l, &g, true);
    const struct layout_box *boxes = layout_boxes(l);
    struct farthest far = {1e9, -1e9};
    assert_true(layout_visit_routes(l, widen_by_back, &far));
    for (uint32_t v = 2; v < 4; v++) {
        assert_true(far.left > boxes[v].x - 40);
        assert_true(far.right < boxes[v].x + boxes[v].w + 40);
    }
    layout_free(l);
    test_graph_free(&g);
}

static bool count_loops(void *user, const struct layout_route *r) {
    *(uint32_t *)user += (r->flags & LAYOUT_ROUTE_SELF) && r->from == r->to;
    return true;
}

/* A loop of a layer is drawn beside it, open or closed; edges between what it holds are no loops. */
static void layers_have_loops(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    uint32_t layer = test_graph_layer(&g, "loop", LAYOUT_ROOT);
    uint32_t a = test_graph_node(&g, "a", layer), b = test_graph_node(&g, "b", layer);
    test_graph_edge(&g, a, b);
    test_graph_edge(&g, layer, layer);
    struct layout *l = lay_out(&m, &g);
    for (int open = 0; open < 2; open++) {
        layout_set_expanded(l, layer, open);
        assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
        check_layout(l, &g, true);
        uint32_t loops = 0;
        assert_true(layout_visit_routes(l, count_loops, &loops));
        assert_int_equal(loops, 1);
    }
    layout_free(l);
    test_graph_free(&g);
}

/* Of four values that come from nowhere two stand on each side of what is computed, as far as operands may enter in any
 * order; else all stand behind the first operand. Of four results that nobody uses two stand on each side of what is used. */
static void loose_ends_are_shared_out(void **state) {
    (void)state;
    enum { A, B, LOOSE = 3, UNUSED = 7, N = 11 };
    for (int any_order = 0; any_order < 2; any_order++) {
        struct mem m = {0};
        struct test_graph g;
        make_pairs(&g, &m, N + 1, "ab bc db eb fb gb cl ch ci cj ck");
        g.flags[B] = any_order ? LAYOUT_FREE_OPERANDS : 0;
        test_graph_edge(&g, test_graph_node(&g, "op", LAYOUT_ROOT), A); /* computed */
        test_graph_edge(&g, N, test_graph_node(&g, "op", LAYOUT_ROOT)); /* used */
        struct layout *l = lay_out(&m, &g);
        check_layout(l, &g, true);
        const struct layout_box *boxes = layout_boxes(l);
        uint32_t left = 0, unused_left = 0;
        for (uint32_t v = LOOSE; v < UNUSED; v++)
            left += boxes[v].x < boxes[A].x;
        for (uint32_t v = UNUSED; v < N; v++)
            unused_left += boxes[v].x < boxes[N].x;
        assert_int_equal(left, any_order ? 2 : 0);
        assert_int_equal(unused_left, 2);
        layout_free(l);
        test_graph_free(&g);
        assert_int_equal(m.used, 0);
    }
}

/* Nodes by letters, edges "ab" from a to b, in a layer of their own; `pinned` is one of them. */
static void check_pinned_first(const char *edges, char pinned, bool left_right, bool border) {
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    uint32_t layer = test_graph_layer(&g, "layer", LAYOUT_ROOT), node[5];
    uint32_t outside = test_graph_node(&g, "outside", LAYOUT_ROOT), below = test_graph_node(&g, "below", LAYOUT_ROOT);
    for (uint32_t i = 0; i < 5; i++)
        node[i] = test_graph_node(&g, "op", layer);
    for (const char *e = edges; *e; e += e[2] ? 3 : 2)
        test_graph_edge(&g, node[e[0] - 'a'], node[e[1] - 'a']);
    if (border) {
        test_graph_edge(&g, outside, node[4]);
        test_graph_edge(&g, node[0], below);
    }
    g.flags[node[pinned - 'a']] = LAYOUT_PINNED;
    g.flags[node[4]] = pinned == 'e' ? LAYOUT_PINNED : 0;
    g.flags[layer] |= left_right ? LAYOUT_LEFT_RIGHT : 0;
    struct layout *l = lay_out(&m, &g);
    layout_set_expanded(l, layer, true);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    check_layout(l, &g, true); /* the pinned one before all others, no line through a box */
    const struct layout_box *boxes = layout_boxes(l), *first = &boxes[node[pinned - 'a']];
    if (!border) { /* below the header, with room for lines that lead back to it and for loops */
        double at =
            left_right ? first->x - boxes[layer].x : first->y - boxes[layer].y - layout_default_options().header;
        assert_true(at < layout_default_options().padding + 1.5 * layout_default_options().rank_sep);
    }
    layout_free(l);
    test_graph_free(&g);
    assert_int_equal(m.used, 0);
}

static void pinned_nodes_stand_first(void **state) {
    (void)state;
    static const char *const edges[] = {"",         "ab bc cd de", "ab cd",       "ab bc ca",
                                        "ae be ce", "ea eb ec ed", "ab ac bd cd", "ad bd cd de ea aa ee"};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        for (int pinned = 'a'; pinned <= 'e'; pinned++)
            for (int k = 0; k < 4; k++)
                check_pinned_first(edges[i], (char)pinned, k & 1, k & 2);
}

/* Without edges it stands over the middle of the rest. */
static void a_loose_pinned_node_is_centred(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    make_pairs(&g, &m, 5, "ab ac ad");
    g.flags[4] = LAYOUT_PINNED;
    struct layout *l = lay_out(&m, &g);
    check_layout(l, &g, true);
    const struct layout_box *b = layout_boxes(l);
    double width, height;
    layout_size(l, &width, &height);
    assert_true(fabs(b[4].x + b[4].w / 2 - width / 2) < 1e-6);
    assert_true(b[0].y - b[4].y - b[4].h == layout_default_options().rank_sep);
    layout_free(l);
    test_graph_free(&g);
}

struct bends {
    uint32_t to, n_points;
};

static bool count_bends(void *user, const struct layout_route *r) {
    struct bends *b = user;
    if (r->to == b->to && r->n_points > b->n_points)
        b->n_points = r->n_points;
    return true;
}

/* A skip connection over a long chain: down, one straight line, in. */
static void long_edges_are_straight(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    uint32_t last = test_graph_node(&g, "op", LAYOUT_ROOT);
    for (int i = 0; i < 200; i++) {
        uint32_t v = test_graph_node(&g, i % 3 ? "op" : "a.wider.op", LAYOUT_ROOT);
        test_graph_edge(&g, last, v);
        last = v;
    }
    test_graph_edge(&g, 0, last);
    struct layout *l = lay_out(&m, &g);
    struct bends b = {.to = last};
    assert_true(layout_visit_routes(l, count_bends, &b));
    assert_true(b.n_points <= 4);
    /* and the chain itself is one line */
    const struct layout_box *boxes = layout_boxes(l);
    for (uint32_t v = 1; v < g.n; v++)
        assert_true(boxes[v].x + boxes[v].w / 2 == boxes[0].x + boxes[0].w / 2);
    layout_free(l);
    test_graph_free(&g);
}

/* One fork after another, each with a longer way and a shorter one beside it: the longer ones are one straight line. */
static void forks_do_not_drift(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    uint32_t last = test_graph_node(&g, "op", LAYOUT_ROOT), straight[60], n = 0;
    for (int i = 0; i < 20; i++) {
        uint32_t a = test_graph_node(&g, "op", LAYOUT_ROOT), b = test_graph_node(&g, "op", LAYOUT_ROOT);
        uint32_t beside = test_graph_node(&g, "op", LAYOUT_ROOT), join = test_graph_node(&g, "op", LAYOUT_ROOT);
        test_graph_edge(&g, last, a);
        test_graph_edge(&g, a, b);
        test_graph_edge(&g, last, beside);
        test_graph_edge(&g, b, join);
        test_graph_edge(&g, beside, join);
        straight[n++] = a;
        straight[n++] = b;
        straight[n++] = last = join;
    }
    struct layout *l = lay_out(&m, &g);
    const struct layout_box *boxes = layout_boxes(l);
    for (uint32_t i = 1; i < n; i++)
        assert_true(fabs(boxes[straight[i]].x - boxes[straight[0]].x) < boxes[straight[0]].w / 4); /* ports apart */
    layout_free(l);
    test_graph_free(&g);
}

static double width_when_open(uint32_t size) {
    struct mem m = {0};
    struct test_graph g;
    double w, h;
    test_graph_init(&g, &m);
    /* Layers that are entered on the left and left on the right. */
    uint32_t last = test_graph_node(&g, "op", LAYOUT_ROOT);
    for (uint32_t i = 0; i < size; i++) {
        uint32_t layer = test_graph_layer(&g, "layer", LAYOUT_ROOT), far[6];
        uint32_t in = test_graph_node(&g, "in", layer), out = test_graph_node(&g, "out", layer);
        test_graph_edge(&g, last, in);
        for (int k = 0; k < 6; k++) { /* the value enters above the middle and leaves below the last */
            far[k] = test_graph_node(&g, "a.wide.op", layer);
            test_graph_edge(&g, in, far[k]);
            if (k < 5)
                test_graph_edge(&g, far[k], test_graph_node(&g, "end", layer));
        }
        test_graph_edge(&g, far[5], out);
        last = out;
    }
    struct layout *l = lay_out(&m, &g);
    layout_set_all_expanded(l, true);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    check_layout(l, &g, true);
    layout_size(l, &w, &h);
    layout_free(l);
    test_graph_free(&g);
    return w;
}

static void stacks_of_open_layers_do_not_drift(void **state) {
    (void)state;
    double few = width_when_open(3), many = width_when_open(40);
    assert_true(many < few + 1);
}

struct bundles {
    uint32_t first, different, n;
};

static bool note_bundle(void *user, const struct layout_route *r) {
    struct bundles *b = user;
    if (r->bundle == LAYOUT_NONE)
        return true;
    b->different += b->n && r->bundle != b->first;
    b->first = r->bundle;
    b->n++;
    return true;
}

/* One mask for many readers: one trunk. */
static void shared_routes_are_bundled(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    uint32_t mask = test_graph_node(&g, "mask", LAYOUT_ROOT), last = test_graph_node(&g, "op", LAYOUT_ROOT);
    for (int i = 0; i < 50; i++) {
        uint32_t v = test_graph_node(&g, "op", LAYOUT_ROOT);
        test_graph_edge(&g, last, v);
        test_graph_edge(&g, mask, v);
        last = v;
    }
    struct layout *l = lay_out(&m, &g);
    struct bundles b = {0};
    assert_true(layout_visit_routes(l, note_bundle, &b));
    assert_true(b.n >= 49);
    assert_int_equal(b.different, 0);
    layout_free(l);
    test_graph_free(&g);
}

static void refuses_bad_input(void **state) {
    (void)state;
    struct mem m = {0};
    uint32_t parent[3] = {1, 0, LAYOUT_ROOT}, from[1] = {0}, to[1] = {3};
    uint8_t flags[3] = {LAYOUT_LAYER, LAYOUT_LAYER, 0};
    float size[3] = {10, 10, 10}, bad_size[3] = {10, -1, 10};
    struct layout *l;
    struct layout_input in = {.n_nodes = 3, .parent = parent, .flags = flags, .width = size, .height = size};
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_BAD_INPUT); /* a circle */
    parent[1] = LAYOUT_ROOT;
    flags[1] = 0;
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_BAD_INPUT); /* an op as parent */
    flags[1] = LAYOUT_LAYER;
    in.n_edges = 1;
    in.from = from;
    in.to = to;
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_BAD_INPUT); /* an edge to nowhere */
    to[0] = 2;
    in.height = bad_size;
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_BAD_INPUT);
    bad_size[1] = __builtin_nanf("");
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_BAD_INPUT);
    in.height = size;
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_OK);
    layout_free(l);
    assert_int_equal(m.used, 0);
}

/* ---- expanding ------------------------------------------------------------------------------------------- */

static void assert_same_as_from_scratch(struct layout *l, const struct test_graph *g) {
    struct mem m = {0};
    struct layout_input in = test_graph_input(g);
    struct layout *fresh;
    assert_int_equal(layout_new(&m, &in, NULL, &fresh), LAYOUT_OK);
    for (uint32_t v = 0; v < g->n; v++)
        layout_set_expanded(fresh, v, layout_is_expanded(l, v));
    assert_int_equal(layout_update(fresh, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    struct buf a, b;
    buf_init(&a, &m);
    buf_init(&b, &m);
    describe_layout(l, g, &a);
    describe_layout(fresh, g, &b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    buf_free(&a);
    buf_free(&b);
    layout_free(fresh);
    assert_int_equal(m.used, 0);
}

static void expands_step_by_step(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    assert_true(test_graph_make(&g, "decoder-layers", 300));
    struct layout *l = lay_out(&m, &g);
    struct layout_change change;
    uint32_t first = LAYOUT_NONE;
    for (uint32_t v = 0; v < g.n; v++) {
        if (!(g.flags[v] & LAYOUT_LAYER))
            continue;
        first = first == LAYOUT_NONE ? v : first;
        struct layout_box before = layout_boxes(l)[v];
        layout_set_expanded(l, v, true);
        assert_int_equal(layout_update(l, NULL, v, &change), LAYOUT_OK);
        assert_int_equal(change.n_laid_out, 1); /* the new one and no other */
        struct layout_box after = layout_boxes(l)[v];
        assert_true(after.expanded);
        assert_true(change.anchor_dx == after.x - before.x && change.anchor_dy == after.y - before.y);
        assert_true(change.n_moved > 0);
        check_layout(l, &g, true);
        assert_same_as_from_scratch(l, &g);
    }
    /* Closing and opening again costs no ordering and gives the same. */
    struct buf a, b;
    buf_init(&a, &m);
    buf_init(&b, &m);
    describe_layout(l, &g, &a);
    layout_set_expanded(l, first, false);
    assert_int_equal(layout_update(l, NULL, first, &change), LAYOUT_OK);
    assert_int_equal(change.n_laid_out, 0);
    check_layout(l, &g, true);
    layout_set_expanded(l, first, true);
    assert_int_equal(layout_update(l, NULL, first, &change), LAYOUT_OK);
    assert_int_equal(change.n_laid_out, 0);
    assert_int_equal(change.n_placed, 1);
    describe_layout(l, &g, &b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    /* Nothing to do: nothing done. */
    assert_int_equal(layout_update(l, NULL, first, &change), LAYOUT_OK);
    assert_int_equal(change.n_placed, 0);
    assert_int_equal(change.n_moved, 0);
    buf_free(&a);
    buf_free(&b);
    layout_free(l);
    test_graph_free(&g);
    assert_int_equal(m.used, 0);
}

/* Places of the other children relative to each other stay: P5. */
static void keeps_the_order(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    assert_true(test_graph_make(&g, "decoder-layers", 300));
    struct layout *l = lay_out(&m, &g);
    struct layout_box *before = calloc(g.n, sizeof *before);
    memcpy(before, layout_boxes(l), g.n * sizeof *before);
    layout_set_all_expanded(l, true);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    const struct layout_box *after = layout_boxes(l);
    for (uint32_t a = 0; a < g.n; a++)
        for (uint32_t b = 0; b < g.n; b++)
            if (before[a].visible && before[b].visible && before[a].y + before[a].h <= before[b].y)
                assert_true(after[a].y + after[a].h <= after[b].y);
    free(before);
    layout_free(l);
    test_graph_free(&g);
}

static void sizes_and_directions_change(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    assert_true(test_graph_make(&g, "decoder-layers", 120));
    struct layout *l = lay_out(&m, &g);
    layout_set_all_expanded(l, true);
    for (int turn = 0; turn < 4; turn++) {
        layout_set_direction(l, LAYOUT_ROOT, turn & 1);
        for (uint32_t v = 0; v < g.n; v++)
            if (g.flags[v] & LAYOUT_LAYER)
                layout_set_direction(l, v, (v >> (turn / 2)) & 1);
        assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
        check_layout(l, &g, true);
    }
    layout_set_size(l, 0, 300, 90);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    assert_true(layout_boxes(l)[0].w == 300 && layout_boxes(l)[0].h == 90);
    check_layout(l, &g, true);
    layout_free(l);
    test_graph_free(&g);
    assert_int_equal(m.used, 0);
}

/* ---- failing --------------------------------------------------------------------------------------------- */

static bool visit_all(void *user, const struct layout_route *r) {
    (void)user;
    (void)r;
    return true;
}

static bool whole_life(struct mem *m, void *ctx) {
    const struct test_graph *g = ctx;
    struct layout_input in = test_graph_input(g);
    struct layout *l;
    struct buf svg;
    buf_init(&svg, m);
    bool good = layout_new(m, &in, NULL, &l) == LAYOUT_OK;
    if (good) {
        good = layout_update(l, NULL, LAYOUT_NONE, NULL) == LAYOUT_OK;
        layout_set_all_expanded(l, true);
        good = layout_update(l, NULL, LAYOUT_NONE, NULL) == LAYOUT_OK && good;
        good = layout_visit_routes(l, visit_all, NULL) && good;
        good = layout_write_svg(l, g->n, NULL, NULL, &svg) && good;
        layout_free(l);
    }
    buf_free(&svg);
    return good;
}

static void survives_lack_of_memory(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    assert_true(test_graph_make(&g, "decoder-layers", 90));
    test_graph_edge(&g, 20, 20);
    test_graph_edge(&g, g.n - 1, 5);
    assert_false(g.failed);
    test_oom_sweep(whole_life, &g, 100000);
    test_graph_free(&g);
}

struct canceller {
    int left;
    double last;
};

static bool cancel_later(void *user, double done) {
    struct canceller *c = user;
    assert_true(done >= 0 && done <= 1.0001);
    c->last = done;
    return c->left-- > 0;
}

/* After a cancelled or failed update the old result stands, and the next update gives the right one. */
static void cancelled_updates_leave_the_old_result(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    assert_true(test_graph_make(&g, "decoder-layers", 200));
    struct layout *l = lay_out(&m, &g);
    struct buf before, after;
    buf_init(&before, &m);
    buf_init(&after, &m);
    describe_layout(l, &g, &before);
    layout_set_all_expanded(l, true);
    int attempts = 0;
    for (;; attempts++) {
        struct canceller c = {.left = attempts};
        struct layout_hooks hooks = {cancel_later, &c};
        enum layout_status status = layout_update(l, &hooks, LAYOUT_NONE, NULL);
        if (status == LAYOUT_OK)
            break;
        assert_int_equal(status, LAYOUT_CANCELLED);
        buf_clear(&after);
        describe_layout(l, &g, &after);
        assert_int_equal(before.n, after.n);
        assert_memory_equal(before.p, after.p, before.n);
    }
    assert_true(attempts > 5);
    check_layout(l, &g, true);
    assert_same_as_from_scratch(l, &g);
    buf_free(&before);
    buf_free(&after);
    layout_free(l);
    test_graph_free(&g);
    assert_int_equal(m.used, 0);
}

static void writes_svg(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    make_pairs(&g, &m, 3, "ab bc");
    struct layout *l = lay_out(&m, &g);
    struct buf b;
    buf_init(&b, &m);
    assert_true(layout_write_svg(l, g.n, NULL, NULL, &b));
    str s = buf_str(&b);
    assert_true(str_starts_with(s, STR("<svg ")) && str_ends_with(s, STR("</svg>\n")));
    uint32_t rects = 0, paths = 0;
    for (size_t at = 0; (at += str_find(str_from(s, at), STR("<rect"))) < s.n; at++)
        rects++;
    for (size_t at = 0; (at += str_find(str_from(s, at), STR("<path"))) < s.n; at++)
        paths++;
    assert_int_equal(rects, 3);
    assert_int_equal(paths, 2);
    buf_free(&b);
    layout_free(l);
    test_graph_free(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_promises),
        cmocka_unit_test(empty_graph),
        cmocka_unit_test(odd_graphs),
        cmocka_unit_test(ops_stand_before_layers),
        cmocka_unit_test(values_enter_straight),
        cmocka_unit_test(equal_layers_look_alike),
        cmocka_unit_test(back_edges_stay_near),
        cmocka_unit_test(marks_back_edges_and_loops),
        cmocka_unit_test(layers_have_loops),
        cmocka_unit_test(loose_ends_are_shared_out),
        cmocka_unit_test(pinned_nodes_stand_first),
        cmocka_unit_test(a_loose_pinned_node_is_centred),
        cmocka_unit_test(long_edges_are_straight),
        cmocka_unit_test(forks_do_not_drift),
        cmocka_unit_test(stacks_of_open_layers_do_not_drift),
        cmocka_unit_test(shared_routes_are_bundled),
        cmocka_unit_test(refuses_bad_input),
        cmocka_unit_test(expands_step_by_step),
        cmocka_unit_test(keeps_the_order),
        cmocka_unit_test(sizes_and_directions_change),
        cmocka_unit_test(survives_lack_of_memory),
        cmocka_unit_test(cancelled_updates_leave_the_old_result),
        cmocka_unit_test(writes_svg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
