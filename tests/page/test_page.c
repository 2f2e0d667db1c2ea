/* What a page without a server answers. That the answers are those of the server is checked in a browser (tests/web). */
#include "page/page.h"

#include "graph/graph_bin.h"
#include "test.h"

static const char module_text[] = "module {\n"
                                  "  func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                                  "    %0 = \"ttir.relu\"(%arg0) : (tensor<4xf32>) -> tensor<4xf32> loc(\"a/relu\")\n"
                                  "    %1 = \"ttir.exp\"(%0) : (tensor<4xf32>) -> tensor<4xf32> loc(\"b/exp\")\n"
                                  "    return %1 : tensor<4xf32>\n"
                                  "  }\n"
                                  "}\n";

static const char changed_text[] = "module {\n"
                                   "  func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                                   "    %0 = \"ttir.relu\"(%arg0) : (tensor<4xf32>) -> tensor<4xf32> loc(\"a/relu\")\n"
                                   "    %1 = \"ttir.neg\"(%0) : (tensor<4xf32>) -> tensor<4xf32> loc(\"c/neg\")\n"
                                   "    return %1 : tensor<4xf32>\n"
                                   "  }\n"
                                   "}\n";

static const char json_text[] =
    "{\"graphs\":[{\"id\":\"g\",\"nodes\":[{\"id\":\"x\",\"label\":\"one\",\"namespace\":\"\"},"
    "{\"id\":\"y\",\"label\":\"two\",\"namespace\":\"\",\"incomingEdges\":[{\"sourceNodeId\":"
    "\"x\",\"sourceNodeOutputId\":\"0\",\"targetNodeInputId\":\"0\"}]}]}]}";

/* The answer's status; the answer must hold `part`. */
static void assert_answer(struct page *p, const char *request, int status, const char *part) {
    struct mem m = {0};
    struct buf out;
    buf_init(&out, &m);
    assert_int_equal(page_ask(p, NULL, str_from_z(request), &out), status);
    buf_putc(&out, 0);
    if (!strstr(out.p, part))
        fail_msg("%s: %s is not in %s", request, part, out.p);
    buf_free(&out);
    assert_int_equal(m.used, 0);
}

/* The one node of an answer {"nodes":[N]}. */
static unsigned node_in(struct page *p, const char *request) {
    struct mem m = {0};
    struct buf out;
    unsigned node = 0;
    buf_init(&out, &m);
    assert_int_equal(page_ask(p, NULL, str_from_z(request), &out), 200);
    buf_putc(&out, 0);
    if (sscanf(out.p, "{\"nodes\":[%u]}", &node) != 1)
        fail_msg("%s: %s", request, out.p);
    buf_free(&out);
    return node;
}

static void answers_about_a_module(void **state) {
    (void)state;
    struct mem m = {0};
    struct page *p = page_open(&m, str_from_z(module_text), STR("m.mlir"));
    assert_non_null(p);
    assert_answer(p, "{\"what\":\"model\"}", 200, "\"readable\":true");
    assert_answer(p, "{\"what\":\"node\",\"id\":\"main/ttir.relu@a/relu\"}", 200, "\"label\":\"ttir.relu\"");
    assert_answer(p, "{\"what\":\"nodes\",\"nodes\":[1,2]}", 200, "\"nodes\":[{");
    assert_answer(p, "{\"what\":\"search\",\"terms\":[{\"text\":\"exp$\",\"where\":[\"label\"]}],\"limit\":5}", 200,
                  "\"total\":1");
    assert_answer(p, "{\"what\":\"search\",\"terms\":[{\"only\":\"nodes\"}],\"form\":\"nodes\"}", 200, "\"total\":4");
    assert_answer(p, "{\"what\":\"trace\",\"id\":\"main/ttir.exp@b/exp\",\"direction\":\"down\"}", 200, "\"down\":[");
    assert_answer(p, "{\"what\":\"identical\"}", 200, "{\"groups\":[]}");
    assert_answer(p, "{\"what\":\"bind\",\"ids\":[\"a/relu\",\"none\"]}", 200, ",0]}");
    assert_answer(p, "{\"what\":\"values\",\"data\":{\"results\":{\"b/exp\":{\"value\":3}}}}", 200, "\"value\":3");
    assert_answer(p, "{\"what\":\"layers\",\"data\":{\"results\":{\"b/exp\":{\"value\":3}}}}", 200, "\"sum\":3");
    assert_answer(p, "{\"what\":\"places\"}", 200, "{\"places\":[");
    assert_answer(p, "{\"what\":\"json\"}", 200, "ttir.exp");
    /* module, func, relu, exp, return: numbers 0 to 4; the nodes that relu and exp are come back */
    assert_answer(p, "{\"what\":\"ops\",\"nodes\":[0]}", 200, "{\"ops\":[2,3,4],\"arguments\":[\"main/");
    assert_answer(p, "{\"what\":\"nodes-of\",\"ops\":[0,1]}", 200, "{\"nodes\":[]}");
    assert_answer(p, "{\"what\":\"nodes-of\",\"ops\":[99999,\"x\"],\"ids\":[\"nobody\",1]}", 200, "{\"nodes\":[]}");
    char request[100], all[40];
    for (unsigned op = 2; op <= 4; op++) {
        snprintf(request, sizeof request, "{\"what\":\"nodes-of\",\"ops\":[%u]}", op);
        unsigned node = node_in(p, request);
        snprintf(request, sizeof request, "{\"what\":\"ops\",\"nodes\":[%u]}", node);
        snprintf(all, sizeof all, "{\"ops\":[%u],\"arguments\":[]}", op);
        assert_answer(p, request, 200, all);
    }
    page_free(p);
    assert_int_equal(m.used, 0);
}

static void two_models_are_compared(void **state) {
    (void)state;
    struct mem m = {0};
    struct buf out;
    struct page *left = page_open(&m, str_from_z(module_text), STR("m.mlir"));
    struct page *right = page_open(&m, str_from_z(changed_text), STR("n.mlir"));
    assert_non_null(left);
    assert_non_null(right);
    buf_init(&out, &m);
    assert_int_equal(page_ask(left, right, STR("{\"what\":\"diff\"}"), &out), 200);
    buf_putc(&out, 0);
    assert_non_null(strstr(out.p, "ttir.neg"));
    assert_non_null(strstr(out.p, "ttir.exp"));
    assert_null(strstr(out.p, "ttir.relu"));
    buf_clear(&out);
    assert_int_equal(page_ask(left, NULL, STR("{\"what\":\"diff\"}"), &out), 404);
    buf_clear(&out);
    assert_int_equal(page_ask(left, right, STR("{\"what\":\"diff\",\"other_part\":1}"), &out), 404);
    buf_free(&out);
    page_free(left);
    page_free(right);
    assert_int_equal(m.used, 0);
}

static void the_graph_is_the_compact_form(void **state) {
    (void)state;
    struct mem m = {0};
    struct buf out;
    graph *g;
    struct page *p = page_open(&m, str_from_z(json_text), STR("g.json"));
    assert_non_null(p);
    assert_answer(p, "{\"what\":\"model\"}", 200, "\"json\":true");
    buf_init(&out, &m);
    assert_int_equal(page_ask(p, NULL, STR("{\"what\":\"graph\"}"), &out), 200);
    assert_int_equal(graph_bin_read(&m, buf_str(&out), true, &g), GRAPH_OK);
    assert_int_equal(g->n_nodes, 3);
    assert_int_equal(g->n_edges, 1);
    graph_free(g);
    buf_free(&out);
    page_free(p);
    assert_int_equal(m.used, 0);
}

static void parts_keep_the_lines_of_the_file(void **state) {
    (void)state;
    struct mem m = {0};
    struct page *p = page_open(&m, STR("module {}\n// -----\nmodule @two {}\n"), STR("m.mlir"));
    assert_non_null(p);
    assert_answer(p, "{\"what\":\"model\"}", 200, "\"first\":2");
    assert_answer(p, "{\"what\":\"text\"}", 200, "module {}");
    assert_answer(p, "{\"what\":\"text\",\"part\":1}", 200, "\n\nmodule @two {}");
    assert_answer(p, "{\"what\":\"text\",\"part\":2}", 404, "message");
    page_free(p);
    assert_int_equal(m.used, 0);
}

static void refuses_what_makes_no_sense(void **state) {
    (void)state;
    static const struct {
        const char *request;
        int status;
    } wrong[] = {
        {"", 400},
        {"[]", 400},
        {"{\"what\":3}", 400},
        {"{\"what\":\"fly\"}", 404},
        {"{\"what\":\"node\"}", 400},
        {"{\"what\":\"node\",\"node\":99}", 404},
        {"{\"what\":\"node\",\"node\":-1}", 400},
        {"{\"what\":\"node\",\"id\":\"nobody\"}", 404},
        {"{\"what\":\"node\",\"node\":1,\"part\":1}", 404},
        {"{\"what\":\"node\",\"node\":1,\"layers\":\"some\"}", 400},
        {"{\"what\":\"nodes\",\"nodes\":[99]}", 404},
        {"{\"what\":\"nodes\"}", 400},
        {"{\"what\":\"search\"}", 400},
        {"{\"what\":\"search\",\"terms\":[{\"text\":\"(\"}]}", 400},
        {"{\"what\":\"paths\",\"from\":1,\"to\":1}", 400},
        {"{\"what\":\"values\",\"data\":[]}", 422},
    };
    struct mem m = {0};
    struct page *p = page_open(&m, str_from_z(module_text), STR("m.mlir"));
    assert_non_null(p);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_answer(p, wrong[i].request, wrong[i].status, "\"message\":");
    page_free(p);
    p = page_open(&m, STR("module {"), STR("bad.mlir"));
    assert_non_null(p);
    assert_answer(p, "{\"what\":\"model\"}", 200, "\"readable\":false");
    assert_answer(p, "{\"what\":\"graph\"}", 422, "\"message\":");
    page_free(p);
    assert_int_equal(m.used, 0);
}

static void memory_may_run_out(void **state) {
    (void)state;
    for (uint64_t fail = 1; fail < 400; fail++) {
        struct mem m = {.fail_at = fail};
        struct page *p = page_open(&m, str_from_z(module_text), STR("m.mlir"));
        if (p) {
            struct buf out;
            buf_init(&out, &m);
            int status = page_ask(p, NULL, STR("{\"what\":\"node\",\"node\":1}"), &out);
            assert_true(status == 200 || status == 503 || status == 400 || status == 404 || status == 422);
            buf_free(&out);
        }
        page_free(p);
        assert_int_equal(m.used, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_about_a_module),        cmocka_unit_test(two_models_are_compared),
        cmocka_unit_test(the_graph_is_the_compact_form), cmocka_unit_test(parts_keep_the_lines_of_the_file),
        cmocka_unit_test(refuses_what_makes_no_sense),   cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
