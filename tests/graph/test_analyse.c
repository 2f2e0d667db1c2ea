/* Ancestors, descendants, paths and identical layers, against slow and obvious ones over random graphs. */
#include "graph/alike.h"
#include "graph/group.h"
#include "graph/me_json.h"
#include "graph/trace.h"
#include "graph_test.h"

/* ---- graphs by description -------------------------------------------------------------------------------- */

typedef struct drawn {
    struct mem mem;
    struct buf text;
    me_graphs graphs;
    graph *g;
} drawn;

static void draw_begin(drawn *d) {
    *d = (drawn){0};
    buf_init(&d->text, &d->mem);
    buf_lit(&d->text, "{\"graphs\":[{\"id\":\"g\",\"nodes\":[");
}

/* A node "n<i>" with operands from the nodes in `from`. */
static void draw_node(drawn *d, int i, const char *label, const char *space, const int *from, int n) {
    buf_printf(&d->text, "%s{\"id\":\"n%d\",\"label\":\"%s\",\"namespace\":\"%s\",\"incomingEdges\":[", i ? "," : "", i,
               label, space);
    for (int k = 0; k < n; k++)
        buf_printf(&d->text, "%s{\"sourceNodeId\":\"n%d\",\"sourceNodeOutputId\":\"0\",\"targetNodeInputId\":\"%d\"}",
                   k ? "," : "", from[k], k);
    buf_lit(&d->text, "]}");
}

static void draw_end(drawn *d) {
    struct diags diags;
    buf_lit(&d->text, "]}]}");
    diags_init(&diags, &d->mem);
    assert_int_equal(me_json_read(&d->mem, buf_str(&d->text), &diags, NULL, &d->graphs), GRAPH_OK);
    diags_free(&diags);
    d->g = d->graphs.v[0].g;
}

static void draw_free(drawn *d) {
    me_graphs_free(&d->graphs);
    buf_free(&d->text);
    assert_int_equal(d->mem.used, 0);
}

static graph_node node(const drawn *d, int i) {
    char id[16];
    snprintf(id, sizeof id, "n%d", i);
    graph_node n = graph_find(d->g, str_from_z(id));
    assert_true(n != 0);
    return n;
}

static uint32_t random_state = 1;
static uint32_t rnd(uint32_t n) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

/* ---- the slow way ------------------------------------------------------------------------------------------ */

enum { MOST = 24 };

typedef struct slow {
    int n;
    bool edge[MOST][MOST];
} slow;

static void draw_random(drawn *d, slow *s, int n, bool cycles) {
    memset(s, 0, sizeof *s);
    s->n = n;
    draw_begin(d);
    for (int i = 0; i < n; i++) {
        int from[3], count = 0, most = cycles ? n : i;
        for (int k = 0; k < 3; k++)
            if (most && rnd(3)) {
                from[count] = (int)rnd((uint32_t)most);
                if (from[count] != i)
                    s->edge[from[count++]][i] = true;
            }
        draw_node(d, i, "op", "", from, count);
    }
    draw_end(d);
}

/* Counts paths that visit nothing twice, and by length. */
static uint64_t slow_paths(const slow *s, int at, int to, bool *seen, int length, uint64_t *by_length) {
    if (at == to) {
        by_length[length]++;
        return 1;
    }
    uint64_t count = 0;
    seen[at] = true;
    for (int m = 0; m < s->n; m++)
        if (s->edge[at][m] && !seen[m])
            count += slow_paths(s, m, to, seen, length + 1, by_length);
    seen[at] = false;
    return count;
}

static void check_paths(const drawn *d, const slow *s, int from, int to, bool cycles) {
    uint64_t by_length[MOST + 1] = {0};
    bool seen[MOST] = {0};
    uint64_t count = slow_paths(s, from, to, seen, 0, by_length);
    int least = 0;
    while (least < s->n && by_length[least] == 0)
        least++;
    for (int shortest = 0; shortest < 2; shortest++) {
        struct mem m = {0};
        graph_paths p;
        const graph_paths_options o = {.shortest = shortest, .limit = 100000};
        uint64_t expected = shortest ? by_length[least] : count;
        assert_int_equal(graph_paths_find(d->g, &m, node(d, from), node(d, to), &o, &p), GRAPH_OK);
        assert_int_equal(p.ends.n, count ? expected : 0);
        assert_true(p.complete);
        if (!count)
            assert_int_equal(p.steps, GRAPH_NONE);
        else
            assert_int_equal(p.steps, least);
        if (!cycles || shortest)
            assert_int_equal(p.count, count ? expected : 0);
        size_t begin = 0;
        for (size_t i = 0; i < p.ends.n; i++) {
            if (i == 0)
                assert_int_equal(p.ends.v[0] - 1, least);
            assert_int_equal(p.nodes.v[begin], node(d, from));
            assert_int_equal(p.nodes.v[p.ends.v[i] - 1], node(d, to));
            begin = p.ends.v[i];
        }
        graph_paths_free(&p);
        assert_int_equal(m.used, 0);
    }
}

static void paths_are_those_of_a_slow_search(void **state) {
    (void)state;
    for (int round = 0; round < 60; round++) {
        bool cycles = round % 3 == 2;
        drawn d;
        slow s;
        draw_random(&d, &s, cycles ? 9 : 18, cycles);
        for (int k = 0; k < 8; k++) {
            int from = (int)rnd((uint32_t)s.n), to = (int)rnd((uint32_t)s.n);
            if (from != to)
                check_paths(&d, &s, from, to, cycles);
        }
        draw_free(&d);
    }
}

static void steps_are_those_of_a_slow_search(void **state) {
    (void)state;
    for (int round = 0; round < 60; round++) {
        drawn d;
        slow s;
        struct mem m = {0};
        draw_random(&d, &s, MOST, round % 2);
        for (int up = 0; up < 2; up++) {
            int start = (int)rnd(MOST), far[MOST];
            for (int i = 0; i < MOST; i++)
                far[i] = i == start ? 0 : -1;
            for (int step = 0; step < MOST; step++)
                for (int a = 0; a < MOST; a++)
                    for (int b = 0; b < MOST; b++)
                        if (far[a] == step && (up ? s.edge[b][a] : s.edge[a][b]) && far[b] < 0)
                            far[b] = step + 1;
            for (uint32_t most = 0; most < 4; most++) {
                uint32_t *steps;
                assert_int_equal(graph_trace(d.g, &m, node(&d, start), up, most, NULL, &steps), GRAPH_OK);
                for (int i = 0; i < MOST; i++) {
                    bool reached = far[i] >= 0 && (most == 0 || far[i] <= (int)most);
                    assert_int_equal(steps[node(&d, i)], reached ? (uint32_t)far[i] : GRAPH_NONE);
                }
                mem_free(&m, steps, d.g->n_nodes * sizeof *steps);
            }
        }
        assert_int_equal(m.used, 0);
        draw_free(&d);
    }
}

/* 2^40 paths: counted, not walked. */
static void a_ladder_has_many_paths(void **state) {
    (void)state;
    drawn d;
    struct mem m = {0};
    graph_paths p;
    draw_begin(&d);
    draw_node(&d, 0, "op", "", NULL, 0);
    for (int i = 0; i < 40; i++) {
        draw_node(&d, 3 * i + 1, "op", "", (int[]){3 * i}, 1);
        draw_node(&d, 3 * i + 2, "op", "", (int[]){3 * i}, 1);
        draw_node(&d, 3 * i + 3, "op", "", (int[]){3 * i + 1, 3 * i + 2}, 2);
    }
    draw_end(&d);
    const graph_paths_options o = {.limit = 10};
    assert_int_equal(graph_paths_find(d.g, &m, node(&d, 0), node(&d, 120), &o, &p), GRAPH_OK);
    assert_true(p.count == (uint64_t)1 << 40);
    assert_int_equal(p.ends.n, 10);
    assert_int_equal(p.between.n, 121);
    assert_false(p.complete);
    graph_paths_free(&p);
    assert_int_equal(graph_paths_find(d.g, &m, node(&d, 5), node(&d, 5), &o, &p), GRAPH_BAD_INPUT);
    graph_paths_free(&p);
    atomic_bool cancel = true;
    const graph_paths_options c = {.limit = SIZE_MAX, .cancel = &cancel};
    assert_int_equal(graph_paths_find(d.g, &m, node(&d, 0), node(&d, 120), &c, &p), GRAPH_CANCELLED);
    graph_paths_free(&p);
    assert_int_equal(m.used, 0);
    draw_free(&d);
}

/* ---- identical layers -------------------------------------------------------------------------------------- */

static uint32_t same_of(const drawn *d, const uint32_t *same, const char *path) {
    graph_node l = graph_find_layer(d->g, str_from_z(path));
    assert_true(l != 0);
    return same[l];
}

/* A diamond in layer `space`, its nodes numbered from `base` in the order `order`; `join`: the last one's label. */
static void draw_diamond(drawn *d, int base, const char *space, bool swap, const char *join) {
    char inner[32];
    snprintf(inner, sizeof inner, "%s/in", space);
    int outside[2] = {0, 0};
    draw_node(d, base, "top", space, outside, 1);
    draw_node(d, base + 1, swap ? "right" : "left", inner, (int[]){base}, 1);
    draw_node(d, base + 2, swap ? "left" : "right", inner, (int[]){base}, 1);
    draw_node(d, base + 3, join, space, swap ? (int[]){base + 2, base + 1} : (int[]){base + 1, base + 2}, 2);
}

static void finds_identical_layers(void **state) {
    (void)state;
    drawn d;
    struct mem m = {0};
    uint32_t *same;
    draw_begin(&d);
    draw_node(&d, 0, "input", "", NULL, 0);
    draw_diamond(&d, 1, "block0", false, "join");
    draw_diamond(&d, 5, "block1", true, "join"); /* other order of nodes, the same structure */
    draw_diamond(&d, 9, "block2", false, "other");
    draw_node(&d, 13, "top", "block3", (int[]){0}, 1); /* same labels, but crossed operands */
    draw_node(&d, 14, "left", "block3/in", (int[]){13}, 1);
    draw_node(&d, 15, "right", "block3/in", (int[]){13}, 1);
    draw_node(&d, 16, "join", "block3", (int[]){15, 14}, 2);
    draw_end(&d);
    assert_int_equal(graph_find_alike(d.g, &m, false, NULL, &same), GRAPH_OK);
    assert_int_equal(same_of(&d, same, "block1"), same_of(&d, same, "block0"));
    assert_int_equal(same_of(&d, same, "block1/in"), same_of(&d, same, "block0/in"));
    assert_int_not_equal(same_of(&d, same, "block2"), same_of(&d, same, "block0"));
    assert_int_not_equal(same_of(&d, same, "block3"), same_of(&d, same, "block0"));
    assert_int_equal(same_of(&d, same, "block3/in"), same_of(&d, same, "block0/in"));
    assert_int_equal(same[node(&d, 1)], 0);
    mem_free(&m, same, d.g->n_nodes * sizeof *same);
    assert_int_equal(m.used, 0);
    draw_free(&d);
}

/* Random layers and copies of them with their nodes shuffled and, in half of them, one thing changed. */
static void shuffled_copies_are_identical(void **state) {
    (void)state;
    enum { SIZE = 12 };
    for (int round = 0; round < 100; round++) {
        static const char *const labels[] = {"a", "b", "c", "d"};
        int n_from[SIZE], from[SIZE][3], place[SIZE];
        const char *label[SIZE];
        drawn d;
        struct mem m = {0};
        uint32_t *same;
        draw_begin(&d);
        for (int i = 0; i < SIZE; i++) {
            label[i] = labels[rnd(4)];
            n_from[i] = i ? (int)rnd(3) : 0;
            for (int k = 0; k < n_from[i]; k++)
                from[i][k] = (int)rnd((uint32_t)i);
            place[i] = i;
            draw_node(&d, i, label[i], "first", from[i], n_from[i]);
        }
        for (int i = SIZE - 1; i > 0; i--) {
            int k = (int)rnd((uint32_t)i + 1), t = place[i];
            place[i] = place[k];
            place[k] = t;
        }
        int changed = round % 2 ? (int)rnd(SIZE) : -1;
        for (int i = 0; i < SIZE; i++) {
            int source[3], who = 0;
            while (place[who] != i)
                who++;
            for (int k = 0; k < n_from[who]; k++)
                source[k] = SIZE + place[from[who][k]];
            draw_node(&d, SIZE + i, who == changed ? "z" : label[who], "second", source, n_from[who]);
        }
        draw_end(&d);
        assert_int_equal(graph_find_alike(d.g, &m, false, NULL, &same), GRAPH_OK);
        bool equal = same_of(&d, same, "second") == same_of(&d, same, "first");
        assert_int_equal(equal, changed < 0);
        mem_free(&m, same, d.g->n_nodes * sizeof *same);
        draw_free(&d);
    }
}

static void types_may_count(void **state) {
    (void)state;
    static const char text[] =
        "module {\n"
        "  func.func @main(%a: tensor<4xf32>, %b: tensor<8xf32>) -> (tensor<4xf32>, tensor<8xf32>) {\n"
        "    %0 = \"ttir.relu\"(%a) : (tensor<4xf32>) -> tensor<4xf32> loc(\"x/relu\")\n"
        "    %1 = \"ttir.relu\"(%b) : (tensor<8xf32>) -> tensor<8xf32> loc(\"y/relu\")\n"
        "    return %0, %1 : tensor<4xf32>, tensor<8xf32>\n"
        "  }\n"
        "}\n";
    fixture f;
    fixture_make(&f, text, GRAPH_LAYERS_SLASH);
    graph_node x = graph_find_layer(f.g, STR("main/x")), y = graph_find_layer(f.g, STR("main/y"));
    if (!x) {
        x = graph_find_layer(f.g, STR("x"));
        y = graph_find_layer(f.g, STR("y"));
    }
    assert_true(x && y);
    for (int types = 0; types < 2; types++) {
        uint32_t *same;
        assert_int_equal(graph_find_alike(f.g, &f.mem, types, NULL, &same), GRAPH_OK);
        assert_int_equal(same[y] == x, !types);
        mem_free(&f.mem, same, f.g->n_nodes * sizeof *same);
    }
    fixture_free(&f);
}

/* ---- groups ------------------------------------------------------------------------------------------------ */

static void groups_are_layers(void **state) {
    (void)state;
    static const char text[] = "module {\n"
                               "  func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
                               "    %0 = \"ttir.relu\"(%a) : (tensor<4xf32>) -> tensor<4xf32>\n"
                               "    %1 = \"ttir.exp\"(%0) : (tensor<4xf32>) -> tensor<4xf32>\n"
                               "    %2 = \"ttir.relu\"(%1) : (tensor<4xf32>) -> tensor<4xf32>\n"
                               "    %3 = \"ttir.exp\"(%2) : (tensor<4xf32>) -> tensor<4xf32>\n"
                               "    return %3 : tensor<4xf32>\n"
                               "  }\n"
                               "}\n";
    fixture f;
    graph *grouped;
    fixture_make(&f, text, GRAPH_LAYERS_AUTO);
    graph_node first = graph_find(f.g, STR("main/ttir.relu"));
    assert_true(first != 0);
    const graph_group groups[] = {{first, first + 2, STR("one")}, {first + 2, first + 4, STR("two")}};
    assert_int_equal(graph_with_groups(&f.mem, f.g, groups, 2, &grouped), GRAPH_OK);
    assert_graph(grouped);
    assert_edges(grouped);
    assert_int_equal(grouped->n_layers, f.g->n_layers + 2);
    graph_node one = graph_find_layer(grouped, STR("one")), two = graph_find_layer(grouped, STR("two"));
    assert_true(one != 0 && two == one + 3);
    assert_int_equal(grouped->nodes[one].end, two);
    assert_int_equal(grouped->nodes[graph_find(grouped, STR("main/ttir.exp#1"))].parent, two);
    graph_free(grouped);
    /* not in order, not whole, nothing */
    const graph_group wrong[][2] = {{{first + 2, first + 4, STR("")}, {first, first + 2, STR("")}},
                                    {{first, first + 2, STR("")}, {first + 1, first + 3, STR("")}},
                                    {{first, first, STR("")}, {first + 2, first + 4, STR("")}},
                                    {{0, first, STR("")}, {first + 2, first + 4, STR("")}}};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(graph_with_groups(&f.mem, f.g, wrong[i], 2, &grouped), GRAPH_BAD_INPUT);
    for (uint64_t fail = 1; fail < 40; fail++) {
        struct mem m = {.fail_at = fail};
        graph_status status = graph_with_groups(&m, f.g, groups, 2, &grouped);
        assert_true(status == GRAPH_OK || status == GRAPH_NO_MEMORY);
        graph_free(grouped);
        assert_int_equal(m.used, 0);
    }
    graph_sequence s;
    assert_int_equal(graph_sequence_of(&f.mem, f.g, 0, &s), GRAPH_OK);
    uint32_t at = 0;
    while (s.children[at] != first)
        at++;
    assert_true(s.kind[at] == s.kind[at + 2] && s.kind[at + 1] == s.kind[at + 3] && s.kind[at] != s.kind[at + 1]);
    assert_int_equal(s.n_edges, 5);
    graph_sequence_free(&s);
    fixture_free(&f);
}

static void memory_may_run_out(void **state) {
    (void)state;
    drawn d;
    slow s;
    draw_random(&d, &s, 16, false);
    for (uint64_t fail = 1; fail < 60; fail++) {
        struct mem m = {.fail_at = fail};
        graph_paths p;
        uint32_t *same;
        const graph_paths_options o = {.limit = 1000};
        graph_status status = graph_paths_find(d.g, &m, node(&d, 0), node(&d, 15), &o, &p);
        assert_true(status == GRAPH_OK || status == GRAPH_NO_MEMORY);
        graph_paths_free(&p);
        m = (struct mem){.fail_at = fail};
        status = graph_find_alike(d.g, &m, false, NULL, &same);
        if (status == GRAPH_OK)
            mem_free(&m, same, d.g->n_nodes * sizeof *same);
        else
            assert_int_equal(status, GRAPH_NO_MEMORY);
        assert_int_equal(m.used, 0);
    }
    draw_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_those_of_a_slow_search),
        cmocka_unit_test(steps_are_those_of_a_slow_search),
        cmocka_unit_test(a_ladder_has_many_paths),
        cmocka_unit_test(finds_identical_layers),
        cmocka_unit_test(shuffled_copies_are_identical),
        cmocka_unit_test(types_may_count),
        cmocka_unit_test(groups_are_layers),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
