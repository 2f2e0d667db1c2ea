/* Big graphs, deep hierarchies and random ones. */
#include "test.h"

#include "check.h"

static void check_big(const char *name, uint32_t size) {
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    assert_true(test_graph_make(&g, name, TEST_SANITIZED ? size / 5 : size));
    struct layout_input in = test_graph_input(&g);
    struct layout *l;
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_OK);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    size_t peak = m.peak;
    check_layout(l, &g, false);
    layout_free(l);
    test_graph_free(&g);
    assert_int_equal(m.used, 0);
    assert_true(peak < (size_t)600 << 20);
}

static void big_graphs(void **state) {
    (void)state;
    check_big("chain", 100000);
    check_big("fan-out", 100000);
    check_big("fan-in", 100000);
    check_big("decoder", 20000);
    check_big("decoder-cache", 20000);
    check_big("random-long", 5000);
    check_big("cycles", 5000);
}

/* A chain with thousands of unrelated long edges: lanes, not millions of dummies. */
static void long_edges_do_not_explode(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    uint32_t n = 20000;
    uint64_t seed = 1;
    for (uint32_t i = 0; i < n; i++) {
        test_graph_node(&g, "op", LAYOUT_ROOT);
        if (i)
            test_graph_edge(&g, i - 1, i);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t a = graph_random(&seed) % n, b = graph_random(&seed) % n;
        if (a != b)
            test_graph_edge(&g, a < b ? a : b, a < b ? b : a);
    }
    struct layout_input in = test_graph_input(&g);
    struct layout *l;
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_OK);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    assert_true(m.peak < (size_t)200 << 20);
    check_layout(l, &g, false);
    layout_free(l);
    test_graph_free(&g);
}

static void deep_hierarchy(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    uint32_t layer = LAYOUT_ROOT, last = LAYOUT_NONE;
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t op = test_graph_node(&g, "op", layer);
        if (last != LAYOUT_NONE)
            test_graph_edge(&g, last, op);
        last = op;
        layer = test_graph_layer(&g, "layer", layer);
    }
    struct layout_input in = test_graph_input(&g);
    struct layout *l;
    assert_int_equal(layout_new(&m, &in, NULL, &l), LAYOUT_OK);
    layout_set_all_expanded(l, true);
    assert_int_equal(layout_update(l, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
    check_layout(l, &g, false);
    layout_free(l);
    test_graph_free(&g);
    assert_int_equal(m.used, 0);
}

static void random_hierarchy(struct test_graph *g, uint64_t *seed) {
    uint32_t n = 2 + graph_random(seed) % 40, layers[41], n_layers = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t parent = n_layers && graph_random(seed) % 3 ? layers[graph_random(seed) % n_layers] : LAYOUT_ROOT;
        if (graph_random(seed) % 4 == 0)
            layers[n_layers++] = test_graph_layer(g, "layer", parent);
        else
            test_graph_node(g, graph_random(seed) & 1 ? "op" : "some.longer.op", parent);
    }
    uint32_t m = graph_random(seed) % (2 * n);
    for (uint32_t i = 0; i < m; i++) {
        uint32_t a = graph_random(seed) % n, b = graph_random(seed) % n;
        if (graph_random(seed) % 8 && a > b) { /* mostly forwards; sometimes loops and cycles */
            uint32_t t = a;
            a = b;
            b = t;
        }
        test_graph_edge_from(g, a, graph_random(seed) % 2, b);
    }
    for (uint32_t v = 0; v < n; v++) {
        if (graph_random(seed) % 5 == 0)
            g->flags[v] |= LAYOUT_LEFT_RIGHT;
        if (graph_random(seed) % 5 == 0)
            g->flags[v] |= LAYOUT_FREE_OPERANDS;
        if (graph_random(seed) % 8 == 0)
            g->flags[v] |= LAYOUT_PINNED;
    }
    assert_false(g->failed);
}

static void random_graphs(void **state) {
    (void)state;
    uint64_t seed = 2024;
    for (int round = 0; round < 400; round++) {
        struct mem m = {0};
        struct test_graph g;
        test_graph_init(&g, &m);
        random_hierarchy(&g, &seed);
        struct layout_input in = test_graph_input(&g);
        in.root_left_right = round % 7 == 0;
        struct layout *l, *fresh;
        struct layout_options tight = layout_default_options();
        if (round % 3 == 0) /* the least that graph JSON can ask for */
            tight.node_sep = tight.edge_sep = 1, tight.rank_sep = 8;
        assert_int_equal(layout_new(&m, &in, &tight, &l), LAYOUT_OK);
        for (int step = 0; step < 5; step++) {
            for (uint32_t k = 0; k < 3; k++) {
                uint32_t v = graph_random(&seed) % g.n;
                layout_set_expanded(l, v, graph_random(&seed) % 3 != 0);
            }
            assert_int_equal(layout_update(l, NULL, graph_random(&seed) % g.n, NULL), LAYOUT_OK);
            check_layout(l, &g, true);
        }
        assert_int_equal(layout_new(&m, &in, &tight, &fresh), LAYOUT_OK);
        for (uint32_t v = 0; v < g.n; v++)
            layout_set_expanded(fresh, v, layout_is_expanded(l, v));
        assert_int_equal(layout_update(fresh, NULL, LAYOUT_NONE, NULL), LAYOUT_OK);
        struct buf a, b;
        buf_init(&a, &m);
        buf_init(&b, &m);
        describe_layout(l, &g, &a);
        describe_layout(fresh, &g, &b);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.p, b.p, a.n);
        buf_free(&a);
        buf_free(&b);
        layout_free(l);
        layout_free(fresh);
        test_graph_free(&g);
        assert_int_equal(m.used, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(big_graphs),
        cmocka_unit_test(long_edges_do_not_explode),
        cmocka_unit_test(deep_hierarchy),
        cmocka_unit_test(random_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
