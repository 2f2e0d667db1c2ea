/* Graphs of small modules: trees, ids, edges, layers by each rule, links; running out of memory. */
#include "graph/attrs.h"
#include "graph_test.h"

static const char two_functions[] =
    "module {\n"
    "  func.func @main(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>) -> tensor<4xf32> {\n"
    "    %0 = \"ttir.add\"(%arg0, %arg1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc(\"a\")\n"
    "    %1 = \"ttir.add\"(%0, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc(\"a\")\n"
    "    %2 = func.call @other(%1) : (tensor<4xf32>) -> tensor<4xf32>\n"
    "    return %2 : tensor<4xf32>\n"
    "  }\n"
    "  func.func @other(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
    "    %0 = \"ttir.relu\"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>\n"
    "    return %0 : tensor<4xf32>\n"
    "  }\n"
    "}\n";

static void functions_are_layers(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f, two_functions, GRAPH_LAYERS_AUTO);
    assert_tree(f.g, "main/\n"
                     "  Inputs/\n"
                     "    %arg0 [main/arg0]\n"
                     "    %arg1 [main/arg1]\n"
                     "  ttir.add [main/ttir.add@a] <- main/arg0:lhs <- main/arg1:rhs\n"
                     "  ttir.add [main/ttir.add@a#1] <- main/ttir.add@a:lhs <- main/ttir.add@a:rhs\n"
                     "  func.call [main/func.call] <- main/ttir.add@a#1:operands[0]\n"
                     "  func.return [main/func.return] <- main/func.call:operands[0]\n"
                     "other/\n"
                     "  Inputs/\n"
                     "    %arg0 [other/arg0]\n"
                     "  ttir.relu [other/ttir.relu] <- other/arg0:input\n"
                     "  func.return [other/func.return] <- other/ttir.relu:operands[0]\n");
    assert_graph(f.g);
    assert_edges(f.g);
    graph_node call = graph_find(f.g, STR("main/func.call"));
    uint32_t count;
    const graph_link *links = graph_links_of(f.g, call, &count);
    assert_int_equal(count, 1);
    assert_int_equal(links[0].layer, graph_find_layer(f.g, STR("other")));
    assert_true(graph_at(f.g, call)->flags & GRAPH_CALL);
    assert_int_equal(graph_at(f.g, graph_find(f.g, STR("main/func.return")))->kind, GRAPH_RETURN);
    fixture_free(&f);
}

static void arguments_say_what_they_are(void **state) {
    (void)state;
    static const char text[] =
        "module {\n"
        "  func.func @main(%arg0: tensor<4xf32> {ttcore.argument_type = #ttcore.argument_type<input>},\n"
        "                  %arg1: tensor<4xf32> {ttcore.argument_type = #ttcore.argument_type<parameter>},\n"
        "                  %arg2: tensor<4xf32> {ttcore.argument_type = #ttcore.argument_type<constant>},\n"
        "                  %arg3: tensor<4xf32> {ttir.name = \"x\"}) {\n"
        "    return\n"
        "  }\n"
        "}\n";
    static const uint8_t expected[] = {GRAPH_INPUT, GRAPH_PARAMETER, GRAPH_PARAMETER, 0};
    struct fixture f;
    fixture_make(&f, text, GRAPH_LAYERS_AUTO);
    for (int i = 0; i < 4; i++) {
        char id[] = "main/arg0";
        id[8] = (char)('0' + i);
        graph_node n = graph_find(f.g, str_from_z(id));
        assert_int_equal(graph_at(f.g, n)->flags & (GRAPH_INPUT | GRAPH_PARAMETER), expected[i]);
    }
    fixture_free(&f);
}

static void ids_do_not_depend_on_other_functions(void **state) {
    (void)state;
    static const char before[] = "module {\n"
                                 "  func.func @first(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                                 "    %0 = \"ttir.add\"(%arg0, %arg0) : (tensor<4xf32>, tensor<4xf32>) -> "
                                 "tensor<4xf32> loc(\"a\")\n"
                                 "    return %0 : tensor<4xf32>\n"
                                 "  }\n";
    fixture f, more;
    char text[sizeof before + sizeof two_functions];
    fixture_make(&f, two_functions, GRAPH_LAYERS_AUTO);
    snprintf(text, sizeof text, "%s%s", before, strchr(two_functions, '\n') + 1);
    fixture_make(&more, text, GRAPH_LAYERS_AUTO);
    struct mem m = {0};
    struct buf id;
    buf_init(&id, &m);
    for (graph_node n = 1; n < f.g->n_nodes; n++) {
        graph_node same = graph_find(more.g, str_from_z(id_of(f.g, n, &id)));
        assert_int_not_equal(same, 0);
        assert_true(str_eq(graph_label(f.g, n), graph_label(more.g, same)));
    }
    buf_free(&id);
    fixture_free(&f);
    fixture_free(&more);
}

static void constants_of_the_model_are_grouped(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f,
                 "module {\n"
                 "  func.func private @main_const_eval_0(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                 "    %0 = \"ttir.relu\"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>\n"
                 "    return %0 : tensor<4xf32>\n"
                 "  }\n"
                 "  func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                 "    %0 = ttcore.load_cached(@main_const_eval_0, [%arg0]) : (tensor<4xf32>) -> tensor<4xf32>\n"
                 "    return %0 : tensor<4xf32>\n"
                 "  }\n"
                 "}\n",
                 GRAPH_LAYERS_AUTO);
    assert_tree(f.g, "const_eval/\n"
                     "  main_const_eval_0/\n"
                     "    Inputs/\n"
                     "      %arg0 [main_const_eval_0/arg0]\n"
                     "    ttir.relu [main_const_eval_0/ttir.relu] <- main_const_eval_0/arg0:input\n"
                     "    func.return [main_const_eval_0/func.return] <- main_const_eval_0/ttir.relu:operands[0]\n"
                     "Inputs/\n"
                     "  %arg0 [main/arg0]\n"
                     "ttcore.load_cached [main/ttcore.load_cached] <- main/arg0:inputs[0]\n"
                     "func.return [main/func.return] <- main/ttcore.load_cached:operands[0]\n");
    uint32_t count;
    const graph_link *links = graph_links_of(f.g, graph_find(f.g, STR("main/ttcore.load_cached")), &count);
    assert_int_equal(count, 1);
    assert_int_equal(links[0].layer, graph_find_layer(f.g, STR("const_eval/main_const_eval_0")));
    fixture_free(&f);
}

static void regions_are_layers_with_their_op_first(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f,
                 "module {\n"
                 "  func.func @main(%arg0: tensor<4x4xf32>, %arg1: tensor<f32>) -> tensor<4xf32> {\n"
                 "    %0 = \"stablehlo.reduce\"(%arg0, %arg1) <{dimensions = array<i64: 1>}> ({\n"
                 "    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):\n"
                 "      %1 = \"stablehlo.add\"(%arg2, %arg3) : (tensor<f32>, tensor<f32>) -> tensor<f32>\n"
                 "      \"stablehlo.return\"(%1) : (tensor<f32>) -> ()\n"
                 "    }) : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>\n"
                 "    return %0 : tensor<4xf32>\n"
                 "  }\n"
                 "}\n",
                 GRAPH_LAYERS_AUTO);
    assert_tree(f.g, "Inputs/\n"
                     "  %arg0 [main/arg0]\n"
                     "  %arg1 [main/arg1]\n"
                     "stablehlo.reduce_0/\n"
                     "  stablehlo.reduce [main/stablehlo.reduce] <- main/arg0:inputs[0] <- main/arg1:init_values[0]\n"
                     "  %arg2 [main/stablehlo.reduce/b0.arg0]\n"
                     "  %arg3 [main/stablehlo.reduce/b0.arg1]\n"
                     "  stablehlo.add [main/stablehlo.add] <- main/stablehlo.reduce/b0.arg0:lhs <- "
                     "main/stablehlo.reduce/b0.arg1:rhs\n"
                     "  stablehlo.return [main/stablehlo.return] <- main/stablehlo.add:results[0]\n"
                     "func.return [main/func.return] <- main/stablehlo.reduce:operands[0]\n");
    graph_node op = graph_find(f.g, STR("main/stablehlo.reduce"));
    assert_true(graph_at(f.g, op)->flags & GRAPH_PINNED);
    graph_node layer = graph_layer_of_op(f.g, graph_op(f.g, op));
    assert_int_equal(layer, graph_find_layer(f.g, STR("stablehlo.reduce_0")));
    assert_int_equal(graph_first_child(f.g, layer), op);
    assert_graph(f.g);
    assert_edges(f.g);
    fixture_free(&f);
}

/* One op with this location, and the path its rule gives. */
static void assert_path(const char *loc, graph_layers rule, const char *path) {
    char text[1200];
    fixture f;
    struct buf space;
    snprintf(text, sizeof text,
             "module {\n  func.func @main(%%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
             "    %%0 = \"ttir.relu\"(%%arg0) : (tensor<4xf32>) -> tensor<4xf32> loc(%s)\n"
             "    return %%0 : tensor<4xf32>\n  }\n}\n",
             loc);
    fixture_make(&f, text, rule);
    graph_node n = 1;
    while (!str_eq(graph_label(f.g, n), STR("ttir.relu")))
        n++;
    buf_init(&space, &f.mem);
    graph_put_namespace(f.g, n, &space);
    assert_str(buf_str(&space), path);
    buf_free(&space);
    assert_graph(f.g);
    fixture_free(&f);
}

static void locations_make_layers(void **state) {
    (void)state;
    assert_path("\"a/b/c\"", GRAPH_LAYERS_AUTO, "a/b");
    assert_path("\"conv1\"", GRAPH_LAYERS_AUTO, "");
    assert_path("\"jit(f)/jvp(g/h)/cos\"(\"x.py\":1:2)", GRAPH_LAYERS_AUTO, "jit(f)/jvp(g/h)");
    assert_path("\"/home/me/model.py:67:id(5)\"", GRAPH_LAYERS_AUTO, "");
    assert_path("\"Net[net]|Block[net.block]|/x/y.py:3|forward|4|aten__add\"", GRAPH_LAYERS_AUTO,
                "net: Net/block: Block");
    assert_path("\"plain\"(\"a/b\"(\"x.py\":1:2))", GRAPH_LAYERS_AUTO, "a");
    assert_path("fused[\"conv\", \"net/bn/add\"]", GRAPH_LAYERS_AUTO, "net/bn");
    assert_path("callsite(\"in/add\" at \"out/call\")", GRAPH_LAYERS_AUTO, "in");
    assert_path("\"/x/y\"", GRAPH_LAYERS_SLASH, "x");
    assert_path("\"a\"(\"b\"(\"c\"))", GRAPH_LAYERS_NESTED, "a/b");
    assert_path("fused[\"a\", \"b\", \"c\"]", GRAPH_LAYERS_FUSED, "a/b");
    assert_path("\"n\"(\"dir/x.py\":12:2)", GRAPH_LAYERS_FILE, "x.py/x.py:12");
    assert_path("callsite(\"in.py\":3:1 at \"out.py\":7:1)", GRAPH_LAYERS_FILE, "out.py:7/in.py:3");
    assert_path("\"a/b\"", GRAPH_LAYERS_ADAPTER, "a/b");
    assert_path("fused[\"a\", \"b\", \"x.py\":1:1]", GRAPH_LAYERS_ADAPTER, "b");
    assert_path("\"a/b\"", GRAPH_LAYERS_FUNCTION, "");
    assert_path("\"a/b\"", GRAPH_LAYERS_FLAT, "");
    assert_path("unknown", GRAPH_LAYERS_AUTO, "");
}

static void flat_has_no_layers(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f, two_functions, GRAPH_LAYERS_FLAT);
    assert_int_equal(f.g->n_layers, 1);
    assert_graph(f.g);
    assert_edges(f.g);
    fixture_free(&f);
}

static void nested_modules(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f,
                 "module {\n"
                 "  ttcore.device_module {\n    builtin.module @net {\n"
                 "      func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                 "        return %arg0 : tensor<4xf32>\n      }\n    }\n  }\n"
                 "  builtin.module @side {\n"
                 "    func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                 "      return %arg0 : tensor<4xf32>\n    }\n  }\n"
                 "}\n",
                 GRAPH_LAYERS_AUTO);
    assert_tree(f.g, "main/\n"
                     "  Inputs/\n"
                     "    %arg0 [main/arg0]\n"
                     "  func.return [main/func.return] <- main/arg0:operands[0]\n"
                     "side/\n"
                     "  main/\n"
                     "    Inputs/\n"
                     "      %arg0 [side::main/arg0]\n"
                     "    func.return [side::main/func.return] <- side::main/arg0:operands[0]\n");
    assert_graph(f.g);
    fixture_free(&f);
}

static void operand_groups_have_names(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f,
                 "module {\n"
                 "  func.func @main(%arg0: tensor<1x8x8x4xbf16>, %arg1: tensor<4x4x1x1xbf16>, "
                 "%arg2: tensor<1x1x1x4xbf16>) -> tensor<1x8x8x4xbf16> {\n"
                 "    %0 = \"ttir.conv2d\"(%arg0, %arg1, %arg2) <{dilation = 1 : i32, groups = 1 : i32, padding = 0 : "
                 "i32, stride = 1 : i32}> : (tensor<1x8x8x4xbf16>, tensor<4x4x1x1xbf16>, tensor<1x1x1x4xbf16>) -> "
                 "tensor<1x8x8x4xbf16>\n"
                 "    %1 = \"ttir.concat\"(%0, %0) <{dim = 0 : si32}> : (tensor<1x8x8x4xbf16>, "
                 "tensor<1x8x8x4xbf16>) -> tensor<1x8x8x4xbf16>\n"
                 "    return %1 : tensor<1x8x8x4xbf16>\n  }\n}\n",
                 GRAPH_LAYERS_AUTO);
    uint32_t number;
    graph_node conv = graph_find(f.g, STR("main/ttir.conv2d")), concat = graph_find(f.g, STR("main/ttir.concat"));
    assert_str(graph_operand_name(f.g, conv, 1, &number), "weight");
    assert_int_equal(number, GRAPH_NONE);
    assert_str(graph_operand_name(f.g, conv, 2, &number), "bias");
    assert_str(graph_operand_name(f.g, concat, 1, &number), "inputs");
    assert_int_equal(number, 1);
    assert_str(graph_operand_name(f.g, conv, 9, &number), "");
    assert_str(graph_result_name(f.g, conv, 0, &number), "result");
    fixture_free(&f);
}

static void odd_ids_stay_apart(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f,
                 "module {\n"
                 "  func.func @main(%arg0: tensor<4xf32>) {\n"
                 "    \"x.y\"() : () -> () loc(\"a#1\")\n"
                 "    \"x.y\"() : () -> () loc(\"a\")\n"
                 "    \"x.y\"() : () -> () loc(\"a\")\n"
                 "    \"x.y\"() : () -> () loc(\"a#1\")\n"
                 "    \"x.y\"() : () -> () loc(\"\")\n"
                 "    \"x.y\"() : () -> ()\n"
                 "    return\n  }\n}\n",
                 GRAPH_LAYERS_AUTO);
    assert_tree(f.g, "Inputs/\n"
                     "  %arg0 [main/arg0]\n"
                     "x.y [main/x.y@a#1#0]\n"
                     "x.y [main/x.y@a]\n"
                     "x.y [main/x.y@a#1]\n"
                     "x.y [main/x.y@a#1#1]\n"
                     "x.y [main/x.y]\n"
                     "x.y [main/x.y#1]\n"
                     "func.return [main/func.return]\n");
    assert_graph(f.g);
    fixture_free(&f);
}

/* An op that the reader keeps as text has its text as an attribute, and its operands as far as they are known. */
static void opaque_ops(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f,
                 "module {\n"
                 "  func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
                 "    %0 = unknown.form %arg0 with {something = @main} : tensor<4xf32>\n"
                 "    return %arg0 : tensor<4xf32>\n  }\n}\n",
                 GRAPH_LAYERS_AUTO);
    struct mem m = {0};
    struct graph_attrs a;
    graph_node n = graph_find(f.g, STR("main/unknown.form"));
    assert_int_not_equal(n, 0);
    graph_attrs_init(&a, f.g, &m);
    assert_true(graph_attrs_node(&a, n));
    str text = graph_attrs_get(&a, STR("text"));
    assert_true(text.p && str_find(text, STR("with {something")) < text.n);
    graph_attrs_free(&a);
    assert_graph(f.g);
    fixture_free(&f);
}

static void an_empty_module(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f, "", GRAPH_LAYERS_AUTO);
    assert_int_equal(f.g->n_nodes, 1);
    assert_graph(f.g);
    assert_int_equal(graph_find(f.g, STR("no")), 0);
    assert_int_equal(graph_find_layer(f.g, STR("no")), 0);
    fixture_free(&f);
}

static void can_be_cancelled(void **state) {
    (void)state;
    fixture f;
    struct mem m = {0};
    struct buf text;
    buf_init(&text, &m);
    buf_lit(&text, "func.func @main() {\n");
    for (int i = 0; i < 6000; i++)
        buf_lit(&text, "\"x.y\"() : () -> ()\n");
    buf_lit(&text, "return\n}\n");
    fixture_read(&f, buf_z(&text));
    atomic_bool cancel = true;
    const graph_options o = {.cancel = &cancel};
    graph *g = (graph *)&f;
    assert_int_equal(graph_build(&m, f.m, &o, &g), GRAPH_CANCELLED);
    assert_null(g);
    fixture_free(&f);
    buf_free(&text);
    assert_int_equal(m.used, 0);
}

static bool build_once(struct mem *m, void *ctx) {
    fixture *f = ctx;
    graph *g;
    graph_status status = graph_build(m, f->m, NULL, &g);
    graph_free(g);
    return status == GRAPH_OK;
}

static void survives_out_of_memory(void **state) {
    (void)state;
    fixture f;
    fixture_read(&f, two_functions);
    test_oom_sweep(build_once, &f, 2000);
    fixture_free(&f);
}

static void deep_nesting_is_no_recursion(void **state) {
    (void)state;
    fixture f;
    struct mem m = {0};
    struct buf text;
    buf_init(&text, &m);
    buf_lit(&text, "func.func @main() {\n");
    for (int i = 0; i < 400; i++)
        buf_lit(&text, "\"x.y\"() ({\n");
    buf_lit(&text, "\"x.z\"() : () -> ()\n");
    for (int i = 0; i < 400; i++)
        buf_lit(&text, "}) : () -> ()\n");
    buf_lit(&text, "return\n}\n");
    fixture_make(&f, buf_z(&text), GRAPH_LAYERS_AUTO);
    assert_int_equal(f.g->max_depth, 400);
    assert_graph(f.g);
    fixture_free(&f);
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_layers),
        cmocka_unit_test(arguments_say_what_they_are),
        cmocka_unit_test(ids_do_not_depend_on_other_functions),
        cmocka_unit_test(constants_of_the_model_are_grouped),
        cmocka_unit_test(regions_are_layers_with_their_op_first),
        cmocka_unit_test(locations_make_layers),
        cmocka_unit_test(flat_has_no_layers),
        cmocka_unit_test(nested_modules),
        cmocka_unit_test(operand_groups_have_names),
        cmocka_unit_test(odd_ids_stay_apart),
        cmocka_unit_test(opaque_ops),
        cmocka_unit_test(an_empty_module),
        cmocka_unit_test(can_be_cancelled),
        cmocka_unit_test(survives_out_of_memory),
        cmocka_unit_test(deep_nesting_is_no_recursion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
