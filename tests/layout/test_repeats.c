/* Repeated blocks of a flat layer. */
#include "test.h"

#include "layout_graphs.h"

static void find(const char *text, uint32_t min_length, struct layout_repeat **r, uint32_t *n, struct mem *m) {
    uint64_t kind[256];
    uint32_t length = (uint32_t)strlen(text);
    for (uint32_t i = 0; i < length; i++)
        kind[i] = (uint64_t)text[i];
    assert_int_equal(layout_find_repeats(m, length, kind, 0, NULL, NULL, min_length, r, n), LAYOUT_OK);
}

static void finds_runs(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t min, n, start, length, count;
    } cases[] = {
        {"", 2, 0, 0, 0, 0},           {"abcdefgh", 2, 0, 0, 0, 0},     {"xyabcdeabcdeabcdez", 4, 1, 2, 5, 3},
        {"abcdeabcde", 4, 1, 0, 5, 2}, {"xxabcdabcdyy", 4, 1, 2, 4, 2}, {"abcdeabcdf", 4, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mem m = {0};
        struct layout_repeat *r;
        uint32_t n;
        find(cases[i].text, cases[i].min, &r, &n, &m);
        assert_int_equal(n, cases[i].n);
        if (n) {
            assert_int_equal(r[0].start, cases[i].start);
            assert_int_equal(r[0].length, cases[i].length);
            assert_int_equal(r[0].count, cases[i].count);
        }
        layout_free_repeats(&m, r, n);
        assert_int_equal(m.used, 0);
    }
}

static void finds_decoder_layers(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    assert_true(test_graph_make(&g, "decoder", 1000));
    struct layout_repeat *r;
    uint32_t n;
    assert_int_equal(layout_find_repeats(&m, g.n, g.kind, g.m, g.from, g.to, 8, &r, &n), LAYOUT_OK);
    /* The first layers differ in where their input comes from; all others are one run. */
    uint32_t found = LAYOUT_NONE;
    for (uint32_t i = 0; i < n; i++) {
        assert_true(i == 0 || r[i].start >= r[i - 1].start + r[i - 1].length * r[i - 1].count);
        if (r[i].length == 57)
            found = i;
    }
    assert_int_not_equal(found, LAYOUT_NONE);
    assert_true(r[found].count >= 15);
    layout_free_repeats(&m, r, n);
    test_graph_free(&g);
    assert_int_equal(m.used, 0);
}

/* Equal names, other wiring: no repeat. */
static void wiring_counts(void **state) {
    (void)state;
    struct mem m = {0};
    uint64_t kind[12];
    for (uint32_t i = 0; i < 12; i++)
        kind[i] = i % 6;
    uint32_t from[] = {0, 1, 2, 6, 6, 8}, to[] = {1, 2, 3, 7, 8, 9};
    struct layout_repeat *r;
    uint32_t n;
    assert_int_equal(layout_find_repeats(&m, 12, kind, 6, from, to, 4, &r, &n), LAYOUT_OK);
    assert_int_equal(n, 0);
    to[0] = 99;
    assert_int_equal(layout_find_repeats(&m, 12, kind, 6, from, to, 4, &r, &n), LAYOUT_BAD_INPUT);
    assert_int_equal(m.used, 0);
}

static bool body(struct mem *m, void *ctx) {
    const struct test_graph *g = ctx;
    struct layout_repeat *r;
    uint32_t n;
    bool good = layout_find_repeats(m, g->n, g->kind, g->m, g->from, g->to, 8, &r, &n) == LAYOUT_OK;
    layout_free_repeats(m, r, n);
    return good;
}

static void survives_lack_of_memory(void **state) {
    (void)state;
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    assert_true(test_graph_make(&g, "decoder", 300));
    test_oom_sweep(body, &g, 1000);
    test_graph_free(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_runs),
        cmocka_unit_test(finds_decoder_layers),
        cmocka_unit_test(wiring_counts),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
