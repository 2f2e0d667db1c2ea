/* Searching, the matcher under it, and differences of graphs. */
#include <regex.h>

#include "base/json.h"
#include "graph/diff.h"
#include "graph/me_json.h"
#include "graph/search.h"
#include "graph_test.h"

static const char module_text[] =
    "module {\n"
    "  func.func @main(%arg0: tensor<4x8xf32>, %arg1: tensor<4x8xf32>) -> tensor<4x8xf32> {\n"
    "    %0 = \"ttir.add\"(%arg0, %arg1) {tag = \"Alpha\"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> "
    "loc(\"one\")\n"
    "    %1 = \"ttir.relu\"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32> loc(\"two\")\n"
    "    %2 = \"ttir.multiply\"(%1, %1) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> loc(\"three\")\n"
    "    return %2 : tensor<4x8xf32>\n"
    "  }\n"
    "}\n";

/* The labels of what is found, joined by spaces. */
static void assert_found(const graph *g, const search_term *terms, size_t n, const char *labels) {
    struct mem m = {0};
    struct buf out;
    search_result r;
    buf_init(&out, &m);
    assert_int_equal(graph_search(g, &m, terms, n, NULL, &r), SEARCH_OK);
    for (size_t i = 0; i < r.n; i++) {
        if (i)
            buf_putc(&out, ' ');
        buf_put_str(&out, graph_label(g, r.v[i].node));
    }
    assert_str(buf_str(&out), labels);
    search_free(&r);
    buf_free(&out);
    assert_int_equal(m.used, 0);
}

static void finds_nodes(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f, module_text, GRAPH_LAYERS_AUTO);
#define TERM(...) (&(search_term){__VA_ARGS__})
    assert_found(f.g, TERM(.text = STR("RELU"), .where = SEARCH_LABEL), 1, "ttir.relu");
    assert_found(f.g, TERM(.text = STR("RELU"), .where = SEARCH_LABEL, .case_matters = true), 1, "");
    assert_found(f.g, TERM(.text = STR("tag: .alpha"), .where = SEARCH_ATTRS), 1, "ttir.add");
    assert_found(f.g, TERM(.text = STR("named_location: t(wo|hree)$"), .where = SEARCH_ATTRS), 1,
                 "ttir.relu ttir.multiply");
    assert_found(f.g, TERM(.text = STR("ttir.relu"), .where = SEARCH_INPUTS, .plain = true), 1, "ttir.multiply");
    /* With labels, what reads a relu is not found beside it. */
    assert_found(f.g, TERM(.text = STR("ttir.relu"), .where = SEARCH_LABEL | SEARCH_INPUTS), 1, "ttir.relu");
    assert_found(f.g, TERM(.text = STR("4x8"), .where = SEARCH_OUTPUTS), 1,
                 "%arg0 %arg1 ttir.add ttir.relu ttir.multiply");
    assert_found(f.g, TERM(.text = STR("main/arg1"), .where = SEARCH_ID), 1, "%arg1");
    assert_found(f.g, TERM(.text = STR("inputs"), .where = SEARCH_LABEL | SEARCH_LAYERS), 1, "Inputs");
    const search_term both[] = {{.text = STR("^ttir"), .where = SEARCH_LABEL},
                                {.text = STR("add"), .where = SEARCH_LABEL, .negated = true}};
    assert_found(f.g, both, 2, "ttir.relu ttir.multiply");
    assert_found(f.g, NULL, 0, "%arg0 %arg1 ttir.add ttir.relu ttir.multiply func.return");
    fixture_free(&f);
}

/* Constants, and arguments that are parameters or constants; of JSON what adapters call so. */
static void finds_weights(void **state) {
    (void)state;
    fixture f;
    static const char text[] =
        "module {\n"
        "  func.func @main(%arg0: tensor<4xf32> {ttcore.argument_type = #ttcore.argument_type<input>}, "
        "%arg1: tensor<4xf32> {ttcore.argument_type = #ttcore.argument_type<parameter>}, "
        "%arg2: tensor<8xf32> {ttcore.argument_type = #ttcore.argument_type<constant>}) -> tensor<4xf32> {\n"
        "    %0 = \"ttir.constant\"() {value = dense<0.5> : tensor<4xf32>} : () -> tensor<4xf32> loc(\"half\")\n"
        "    %1 = \"ttir.add\"(%arg0, %arg1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>\n"
        "    return %1 : tensor<4xf32>\n"
        "  }\n"
        "}\n";
    static const char json[] =
        "{\"graphs\":[{\"id\":\"g\",\"nodes\":[{\"id\":\"w\",\"label\":\"tfl.pseudo_qconst\",\"namespace\":\"\"},"
        "{\"id\":\"v\",\"label\":\"ReadVariableOp\",\"namespace\":\"\",\"incomingEdges\":[{\"sourceNodeId\":\"w\"}]},"
        "{\"id\":\"c\",\"label\":\"Const\",\"namespace\":\"\"},{\"id\":\"x\",\"label\":\"Constants\",\"namespace\":"
        "\"\"}]}]}";
    fixture_make(&f, text, GRAPH_LAYERS_AUTO);
    assert_found(f.g, TERM(.text = STR(""), .where = SEARCH_WEIGHTS, .plain = true), 1, "%arg1 %arg2 ttir.constant");
    assert_found(f.g, TERM(.text = STR("8xf32"), .where = SEARCH_WEIGHTS), 1, "%arg2");
    assert_found(f.g, TERM(.text = STR("half"), .where = SEARCH_WEIGHTS), 1, "ttir.constant");
    assert_found(f.g, TERM(.text = STR("ttir.add"), .where = SEARCH_WEIGHTS), 1, "");
    fixture_free(&f);

    struct mem m = {0};
    struct diags d;
    me_graphs graphs;
    diags_init(&d, &m);
    assert_int_equal(me_json_read(&m, str_from_z(json), &d, NULL, &graphs), GRAPH_OK);
    assert_found(graphs.v[0].g, TERM(.text = STR("."), .where = SEARCH_WEIGHTS), 1, "tfl.pseudo_qconst Const");
    me_graphs_free(&graphs);
    diags_free(&d);
}

static void limits_and_errors(void **state) {
    (void)state;
    fixture f;
    struct mem m = {0};
    search_result r;
    atomic_bool cancel = true;
    fixture_make(&f, module_text, GRAPH_LAYERS_AUTO);
    search_term t = {.text = STR("."), .where = SEARCH_LABEL};
    assert_int_equal(graph_search(f.g, &m, &t, 1, &(search_options){.limit = 2}, &r), SEARCH_OK);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.total, 6);
    search_free(&r);
    assert_int_equal(graph_search(f.g, &m, &t, 1, &(search_options){.cancel = &cancel}, &r), SEARCH_CANCELLED);
    search_free(&r);
    t.text = STR("a(b");
    assert_int_equal(graph_search(f.g, &m, &t, 1, NULL, &r), SEARCH_BAD_PATTERN);
    assert_string_equal(r.error, "a ( without its ) (at character 4 of the pattern)");
    search_free(&r);
    assert_int_equal(m.used, 0);
    fixture_free(&f);
}

/* One node with this label, and whether a pattern is found in it. */
static bool found_in(const char *pattern, const char *text) {
    struct mem m = {0};
    fixture f;
    char module[200];
    search_result r;
    snprintf(module, sizeof module, "\"x.%s\"() : () -> ()\n", text);
    fixture_make(&f, module, GRAPH_LAYERS_AUTO);
    search_term t = {.text = str_from_z(pattern), .where = SEARCH_LABEL, .case_matters = true};
    assert_int_equal(graph_search(f.g, &m, &t, 1, NULL, &r), SEARCH_OK);
    bool found = r.n != 0;
    search_free(&r);
    fixture_free(&f);
    return found;
}

/* The C library's matcher agrees on random texts. */
static void matches_as_posix_does(void **state) {
    (void)state;
    static const char *const patterns[] = {
        "x.a", "ab*c",    "a|b|cd", "(a|b)*c", "^x.ab$",     "a{2,3}b", "a{0,2}b",    "a?b",          "[a-c]+d",
        "a.c", "(ab){2}", "(a*)*b", "[^a]b",   "ab|^x.c|d$", "a{2,}",   "((a|b)c)?d", "(a|(b|c)d)*e",
    };
    uint64_t seed = 7;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        regex_t p;
        assert_int_equal(regcomp(&p, patterns[i], REG_EXTENDED | REG_NOSUB), 0);
        for (int k = 0; k < 60; k++) {
            char text[12] = "", label[16];
            size_t n = 1 + test_random(&seed) % 8;
            for (size_t j = 0; j < n; j++)
                text[j] = "abcde"[test_random(&seed) % 5];
            snprintf(label, sizeof label, "x.%s", text);
            bool expected = regexec(&p, label, 0, NULL, 0) == 0;
            if (found_in(patterns[i], text) != expected)
                fail_msg("%s in %s: expected %d", patterns[i], label, expected);
        }
        regfree(&p);
    }
    assert_true(found_in("\\bab\\b", "ab"));
    assert_false(found_in("\\bb", "ab"));
    assert_true(found_in("a\\Bb", "ab"));
    assert_true(found_in("\\w+\\.\\w{2}$", "ab"));
    assert_true(found_in("a+?b", "aab"));
}

static void evil_patterns_are_linear(void **state) {
    (void)state;
    struct mem m = {0};
    fixture f;
    struct buf text;
    search_result r;
    buf_init(&text, &m);
    buf_lit(&text, "\"x.y\"() {k = \"");
    buf_fill(&text, 'a', 50000);
    buf_lit(&text, "\"} : () -> ()\n");
    fixture_make(&f, buf_z(&text), GRAPH_LAYERS_AUTO);
    search_term t = {.text = STR("(a*)*(a|a)*(a|aa)+b"), .where = SEARCH_ATTRS};
    assert_int_equal(graph_search(f.g, &m, &t, 1, NULL, &r), SEARCH_OK);
    assert_int_equal(r.n, 0);
    search_free(&r);
    fixture_free(&f);
    buf_free(&text);
}

static bool search_once(struct mem *m, void *ctx) {
    fixture *f = ctx;
    search_result r;
    search_term t = {.text = STR("a(b|c)*|relu"), .where = SEARCH_ALL};
    search_status status = graph_search(f->g, m, &t, 1, NULL, &r);
    search_free(&r);
    return status == SEARCH_OK;
}

static void searching_survives_out_of_memory(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f, module_text, GRAPH_LAYERS_AUTO);
    test_oom_sweep(search_once, &f, 2000);
    fixture_free(&f);
}

/* ---- differences ----------------------------------------------------------------------------------------- */

static void finds_differences(void **state) {
    (void)state;
    static const char other[] =
        "module {\n"
        "  func.func @main(%arg0: tensor<4x8xf32>, %arg1: tensor<4x8xf32>) -> tensor<4x8xf32> {\n"
        "    %0 = \"ttir.add\"(%arg0, %arg1) {tag = \"Beta\"} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> "
        "loc(\"one\")\n"
        "    %1 = \"ttir.relu\"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32> loc(\"renamed\")\n"
        "    %x = \"ttir.exp\"(%1) : (tensor<4x8xf32>) -> tensor<4x8xf32> loc(\"new\")\n"
        "    %2 = \"ttir.multiply\"(%1, %x) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> loc(\"three\")\n"
        "    return %2 : tensor<4x8xf32>\n"
        "  }\n"
        "}\n";
    fixture a, b;
    struct mem m = {0};
    struct buf out;
    graph_diff *d;
    fixture_make(&a, module_text, GRAPH_LAYERS_AUTO);
    fixture_make(&b, other, GRAPH_LAYERS_AUTO);
    assert_int_equal(graph_diff_make(&m, a.g, b.g, NULL, 0, NULL, &d), GRAPH_OK);
    buf_init(&out, &m);
    struct json_writer w = json_writer_to(&out);
    assert_true(graph_diff_json(d, &m, 0, &w));
    assert_str(
        buf_str(&out),
        "{\"same\":4,\"counts\":{\"changed\":2,\"removed\":0,\"added\":1},\"changed\":[{\"left\":"
        "\"main/ttir.add@one\",\"right\":\"main/ttir.add@one\",\"what\":[\"attrs\"],\"attrs\":[{\"key\":\"tag\","
        "\"left\":\"\\\"Alpha\\\"\",\"right\":\"\\\"Beta\\\"\"}]},{\"left\":\"main/ttir.multiply@three\",\"right\":"
        "\"main/ttir.multiply@three\",\"what\":[\"inputs\"],\"attrs\":[]}],\"removed\":[],\"added\":["
        "\"main/ttir.exp@new\"]}");
    graph_node relu = graph_find(a.g, STR("main/ttir.relu@two"));
    assert_int_equal(d->to_right[relu], graph_find(b.g, STR("main/ttir.relu@renamed")));
    assert_int_equal(d->left_kind[graph_find_layer(a.g, STR("Inputs"))], DIFF_SAME);
    assert_int_equal(d->left_kind[0], DIFF_CHANGED);
    graph_diff_free(d);
    assert_int_equal(graph_diff_make(&m, a.g, a.g, NULL, 0, NULL, &d), GRAPH_OK);
    assert_int_equal(d->n_same, 6);
    assert_int_equal(d->n_changed + d->n_added + d->n_removed, 0);
    graph_diff_free(d);
    buf_free(&out);
    assert_int_equal(m.used, 0);
    fixture_free(&a);
    fixture_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nodes),
        cmocka_unit_test(finds_weights),
        cmocka_unit_test(limits_and_errors),
        cmocka_unit_test(matches_as_posix_does),
        cmocka_unit_test(evil_patterns_are_linear),
        cmocka_unit_test(searching_survives_out_of_memory),
        cmocka_unit_test(finds_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
