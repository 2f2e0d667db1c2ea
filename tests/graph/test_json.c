/* Graph JSON and the compact form: written, read back, written again; every container shape; errors; overlays. */
#include "base/json.h"
#include "graph/graph_bin.h"
#include "graph/looks.h"
#include "graph/me_json.h"
#include "graph/overlays.h"
#include "graph_test.h"

static const char module_text[] =
    "module attributes {m.a = 1 : i32} {\n"
    "  func.func @main(%arg0: tensor<4xf32> loc(\"in\"), %arg1: tensor<4xf32>) -> tensor<4xf32> {\n"
    "    %0 = \"ttir.add\"(%arg0, %arg1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc(\"net/a\")\n"
    "    %1:2 = \"x.two\"(%0) {k = \"quo\\22ted\"} : (tensor<4xf32>) -> (tensor<4xf32>, i32) loc(\"net/b\")\n"
    "    %2 = \"ttir.relu\"(%1#0) : (tensor<4xf32>) -> tensor<4xf32>\n"
    "    \"x.use\"(%1#1, %1#1) : (i32, i32) -> ()\n"
    "    return %2 : tensor<4xf32>\n"
    "  }\n"
    "}\n";

static str write_json(const graph *g, me_style style, struct mem *m, struct buf *out) {
    const me_write_options o = {.style = style, .edit = graph_edit_adapter};
    graph *list[1] = {(graph *)(uintptr_t)g};
    buf_init(out, m);
    assert_int_equal(me_json_write(list, 1, &o, m, out), GRAPH_OK);
    return buf_str(out);
}

static void json_is_read_back(void **state) {
    (void)state;
    for (int style = ME_STYLE_ADAPTER; style <= ME_STYLE_OWN; style++) {
        fixture f;
        struct mem m = {0};
        struct buf first, second, third, id;
        me_graphs a, b;
        fixture_make(&f, module_text, GRAPH_LAYERS_AUTO);
        str text = write_json(f.g, (me_style)style, &m, &first);
        assert_true(me_json_is(text));
        assert_int_equal(me_json_read(&m, text, NULL, NULL, &a), GRAPH_OK);
        assert_int_equal(a.n, 1);
        assert_graph(a.v[0].g);
        text = write_json(a.v[0].g, (me_style)style, &m, &second);
        assert_int_equal(me_json_read(&m, text, NULL, NULL, &b), GRAPH_OK);
        write_json(b.v[0].g, (me_style)style, &m, &third);
        assert_true(str_eq(buf_str(&second), buf_str(&third)));
        buf_init(&id, &m);
        if (style == ME_STYLE_OWN) /* the same nodes and edges */
            for (graph_node n = 1; n < f.g->n_nodes; n++) {
                graph_node back = graph_find(b.v[0].g, str_from_z(id_of(f.g, n, &id)));
                assert_int_not_equal(back, 0);
                uint32_t count, count_back;
                const graph_edge *e = graph_in(f.g, n, &count), *e_back = graph_in(b.v[0].g, back, &count_back);
                assert_int_equal(count, count_back);
                for (uint32_t i = 0; i < count; i++) {
                    assert_int_equal(e[i].out, e_back[i].out);
                    assert_int_equal(graph_find(b.v[0].g, str_from_z(id_of(f.g, e[i].source, &id))), e_back[i].source);
                }
            }
        buf_free(&id);
        buf_free(&first);
        me_graphs_free(&a);
        buf_free(&second);
        me_graphs_free(&b);
        buf_free(&third);
        assert_int_equal(m.used, 0);
        fixture_free(&f);
    }
}

static void attributes_are_kept(void **state) {
    (void)state;
    static const char text[] =
        "{\"id\":\"g\",\"nodes\":[{\"id\":\"a\",\"label\":\"A\",\"namespace\":\"x/y\",\"attrs\":[{\"key\":\"k\","
        "\"value\":\"v\\u00e9\",\"editable\":{\"input_type\":\"grid\"}},{\"key\":\"ids\",\"value\":{\"type\":"
        "\"node_ids\",\"nodeIds\":[\"a\"]}},{\"key\":\"m\",\"value\":\"0.25\",\"display_type\": "
        "\"memory\"}],\"style\":{\"textColor\":\"red\"},\"outputsMetadata\":[{\"id\":\"0\","
        "\"attrs\":[{\"key\":\"shape\",\"value\":\"2x3\"}]}]},{\"id\":\"b\",\"label\":\"B\",\"namespace\":\"x\","
        "\"incomingEdges\":[{\"sourceNodeId\":\"a\",\"sourceNodeOutputId\":\"0\",\"targetNodeInputId\":\"0\"}]}],"
        "\"groupNodeAttributes\":{\"x/y\":{\"q\":\"1\"},\"\":{\"all\":\"2\"}}}";
    struct mem m = {0};
    struct graph_attrs attrs;
    me_graphs r;
    assert_int_equal(me_json_read(&m, str_from_z(text), NULL, NULL, &r), GRAPH_OK);
    const graph *g = r.v[0].g;
    graph_node a = graph_find(g, STR("a")), b = graph_find(g, STR("b"));
    graph_attrs_init(&attrs, g, &m);
    assert_true(graph_attrs_node(&attrs, a));
    assert_int_equal(attrs.list.n, 3);
    assert_true(attrs.list.v[2].flags & GRAPH_ATTR_MEMORY);
    assert_str(graph_attrs_get(&attrs, STR("m")), "0.25");
    assert_str(graph_attrs_get(&attrs, STR("k")), "v\xc3\xa9");
    assert_str(attrs.list.v[0].extra, "\"editable\":{\"input_type\":\"grid\"}");
    assert_true(attrs.list.v[1].flags & GRAPH_ATTR_RAW);
    assert_true(graph_attrs_output(&attrs, a, 0, GRAPH_NONE));
    assert_str(graph_attrs_get(&attrs, STR("shape")), "2x3");
    assert_true(graph_attrs_node(&attrs, graph_find_layer(g, STR("x/y"))));
    assert_str(graph_attrs_get(&attrs, STR("q")), "1");
    assert_true(graph_attrs_node(&attrs, 0));
    assert_str(graph_attrs_get(&attrs, STR("all")), "2");
    assert_int_equal(g->n_edges, 1);
    assert_int_equal(g->edges[0].target, b);
    graph_attrs_free(&attrs);
    me_graphs_free(&r);
    assert_int_equal(m.used, 0);
}

static size_t graphs_in(const char *text, str *collection) {
    struct mem m = {0};
    me_graphs r;
    assert_int_equal(me_json_read(&m, str_from_z(text), NULL, NULL, &r), GRAPH_OK);
    size_t n = r.n;
    static char label[32];
    str name = n ? r.v[0].collection : (str){"", 0};
    snprintf(label, sizeof label, "%.*s", STR_ARG(name));
    *collection = str_from_z(label);
    me_graphs_free(&r);
    assert_int_equal(m.used, 0);
    return n;
}

static void every_container_is_read(void **state) {
    (void)state;
    str label;
#define GRAPH "{\"id\":\"g\",\"nodes\":[{\"id\":\"n\",\"label\":\"\",\"namespace\":\"\"}]}"
    assert_int_equal(graphs_in("{\"graphs\":[" GRAPH "," GRAPH "]}", &label), 2);
    assert_int_equal(graphs_in("{\"graphs\":[" GRAPH "],\"label\":\"L\"}", &label), 1);
    assert_str(label, "L");
    assert_int_equal(
        graphs_in("{\"graphCollections\":[{\"label\":\"C\",\"graphs\":[" GRAPH "]},{\"graphs\":[]}]}", &label), 1);
    assert_str(label, "C");
    assert_int_equal(graphs_in("[{\"label\":\"S\",\"subgraphs\":[" GRAPH "]}]", &label), 1);
    assert_str(label, "S");
    assert_int_equal(graphs_in("[" GRAPH "]", &label), 1);
    assert_int_equal(graphs_in(" [ ]", &label), 0);
    assert_int_equal(graphs_in(GRAPH, &label), 1);
    assert_int_equal(graphs_in("{\"nodes\":null,\"id\":\"g\"}", &label), 1);
}

static void assert_refused(const char *text, const char *message) {
    struct mem m = {0};
    struct diags d;
    me_graphs r;
    diags_init(&d, &m);
    struct diag_source *source = diags_add_source(&d, STR("t"), str_from_z(text));
    assert_int_equal(me_json_read(&m, str_from_z(text), &d, source, &r), GRAPH_BAD_INPUT);
    assert_int_equal(d.errors, 1);
    assert_str(d.list.v[0].message, message);
    assert_int_equal(r.n, 0);
    diags_free(&d);
    assert_int_equal(m.used, 0);
}

static void errors_have_a_message(void **state) {
    (void)state;
    assert_refused("{\"nodes\":[{\"id\":\"\",\"label\":\"\",\"namespace\":\"\"}]}", "a node without an id");
    assert_refused("{\"nodes\":[{\"id\":\"a\"},{\"id\":\"a\"}]}", "two nodes have the same id");
    assert_refused("{\"nodes\":[{\"id\":\"a\",\"namespace\":3}]}", "the namespace of a node must be a string");
    assert_refused("{\"nodes\":{}}", "nodes must be a list of nodes");
    assert_refused("{\"x\":1}", "JSON, but no graph: neither nodes nor graphs in it");
    assert_refused("{\"error\":\"boom\"}", "the file holds an error, no graph: boom");
    assert_refused("{\"graphCollections\":[{\"graphCollections\":[]}]}", "collections of collections");
    assert_refused("{\"nodes\":[{\"id\":\"a\",\"incomingEdges\":[{\"sourceNodeId\":7}]}]}",
                   "the sourceNodeId of an edge must be a string");
}

static void lenient_where_the_app_is(void **state) {
    (void)state;
    static const char text[] =
        "{\"id\":\"g\",\"nodes\":[{\"id\":\"a\",\"label\":\"\",\"namespace\":\"p;q/r\",\"attrs\":null,\"style\":null},"
        "{\"id\":\"b\",\"label\":\"\",\"namespace\":\"p;\",\"incomingEdges\":["
        "{\"sourceNodeId\":\"nobody\",\"sourceNodeOutputId\":\"0\",\"targetNodeInputId\":\"0\"},"
        "{\"sourceNodeId\":\"a\",\"sourceNodeOutputId\":\"1\",\"targetNodeInputId\":\"5\"},"
        "{\"sourceNodeId\":\"a\",\"sourceNodeOutputId\":\"1\",\"targetNodeInputId\":\"5\"},"
        "{\"sourceNodeId\":\"a\",\"sourceNodeOutputId\":2,\"targetNodeInputId\":\"4\"}]}]}";
    struct mem m = {0};
    me_graphs r;
    assert_int_equal(me_json_read(&m, str_from_z(text), NULL, NULL, &r), GRAPH_OK);
    const graph *g = r.v[0].g;
    assert_int_equal(g->n_edges, 2);
    assert_int_equal(g->edges[0].in, 4);
    assert_int_equal(g->edges[0].out, 2);
    assert_int_not_equal(graph_find_layer(g, STR("q/r")), 0);
    assert_int_equal(graph_at(g, graph_find(g, STR("b")))->parent, graph_find_layer(g, STR("p")));
    assert_graph(g);
    me_graphs_free(&r);
}

static void deep_namespaces_are_cut(void **state) {
    (void)state;
    struct mem m = {0};
    struct buf text;
    me_graphs r;
    buf_init(&text, &m);
    buf_lit(&text, "{\"nodes\":[{\"id\":\"a\",\"label\":\"\",\"namespace\":\"");
    for (int i = 0; i < 100000; i++)
        buf_lit(&text, "x/");
    buf_lit(&text, "\"}]}");
    assert_int_equal(me_json_read(&m, buf_str(&text), NULL, NULL, &r), GRAPH_OK);
    assert_int_equal(r.v[0].g->max_depth, 200);
    me_graphs_free(&r);
    buf_free(&text);
}

static void the_compact_form_is_read_back(void **state) {
    (void)state;
    fixture f;
    struct mem m = {0};
    struct buf bytes, again, id;
    graph *back, *twice;
    fixture_make(&f, module_text, GRAPH_LAYERS_AUTO);
    buf_init(&bytes, &m);
    buf_init(&again, &m);
    buf_init(&id, &m);
    assert_int_equal(graph_bin_write(f.g, &m, &bytes), GRAPH_OK);
    assert_int_equal(graph_bin_read(&m, buf_str(&bytes), true, &back), GRAPH_OK);
    assert_graph(back);
    assert_int_equal(back->n_nodes, f.g->n_nodes);
    assert_int_equal(back->n_edges, f.g->n_edges);
    assert_str(back->id, "test.mlir");
    for (graph_node n = 0; n < f.g->n_nodes; n++) {
        assert_int_equal(back->nodes[n].parent, f.g->nodes[n].parent);
        assert_int_equal(back->nodes[n].end, f.g->nodes[n].end);
        assert_int_equal(back->nodes[n].kind, f.g->nodes[n].kind);
        assert_true(str_eq(graph_label(back, n), graph_label(f.g, n)));
        assert_int_equal(graph_find(back, str_from_z(id_of(f.g, n, &id))), n);
    }
    assert_memory_equal(back->edges, f.g->edges, f.g->n_edges * sizeof *f.g->edges);
    assert_int_equal(graph_bin_read(&m, buf_str(&bytes), false, &twice), GRAPH_OK); /* the same graph, without ids */
    assert_int_equal(twice->n_nodes, back->n_nodes);
    assert_memory_equal(twice->edges, back->edges, back->n_edges * sizeof *back->edges);
    assert_memory_equal(twice->out_edges, back->out_edges, back->n_edges * sizeof *back->out_edges);
    for (graph_node n = 0; n < back->n_nodes; n++) {
        graph_node_data d = twice->nodes[n];
        d.ref = back->nodes[n].ref;
        assert_memory_equal(&d, &back->nodes[n], sizeof d);
        assert_true(str_eq(graph_label(twice, n), graph_label(back, n)));
    }
    graph_free(twice);
    assert_int_equal(graph_bin_write(back, &m, &again), GRAPH_OK);
    assert_int_equal(graph_bin_read(&m, buf_str(&again), true, &twice), GRAPH_OK);
    graph_free(twice);
    /* damaged: each byte of the header and some behind it changed, and cut short; never more than a refusal */
    for (size_t i = 0; i < bytes.n; i += i < 400 ? 1 : 7) {
        for (int change = 1; change < 256; change *= 3) {
            bytes.p[i] = (char)(bytes.p[i] ^ change);
            for (int ids = 0; ids < 2; ids++)
                if (graph_bin_read(&m, buf_str(&bytes), ids, &twice) == GRAPH_OK)
                    graph_free(twice);
            bytes.p[i] = (char)(bytes.p[i] ^ change);
        }
        assert_int_equal(graph_bin_read(&m, str_of(bytes.p, i), true, &twice), GRAPH_BAD_INPUT);
    }
    graph_free(back);
    buf_free(&bytes);
    buf_free(&again);
    buf_free(&id);
    assert_int_equal(m.used, 0);
    fixture_free(&f);
}

static void overlays_are_read_and_written(void **state) {
    (void)state;
    static const char text[] =
        "{\"g\":{\"results\":{\"main/ttir.add@net/a\":{\"value\":5},\"net/b\":{\"value\":15,\"bgColor\":\"#102030\"},"
        "\"main/ttir.relu\":{\"value\":\"hot\"},\"nobody\":{\"value\":{\"a\":[1]}}},\"gradient\":[{\"stop\":0,"
        "\"bgColor\":\"yellow\"},{\"stop\":1,\"bgColor\":\"red\"}],\"hideInAggregatedStatsTable\":true}}";
    fixture f;
    struct mem m = {0};
    overlay_list list, single;
    overlay_binding *pairs;
    size_t n;
    uint32_t rgba;
    double min, max;
    struct buf out;
    fixture_make(&f, module_text, GRAPH_LAYERS_AUTO);
    assert_int_equal(overlays_read(&m, str_from_z(text), NULL, NULL, &list), GRAPH_OK);
    assert_int_equal(list.n, 1);
    assert_str(list.v[0].graph_id, "g");
    assert_int_equal(list.v[0].values.n, 4);
    assert_int_equal(overlay_bind(&list.v[0], f.g, &m, &pairs, &n), GRAPH_OK);
    assert_int_equal(n, 3);
    mem_free(&m, pairs, n * sizeof *pairs);
    assert_true(overlay_range(&list.v[0], &min, &max));
    assert_true(overlay_colour(&list.v[0], &list.v[0].values.v[0], min, max, &rgba));
    assert_int_equal(rgba, 0xffff00ff);
    assert_true(overlay_colour(&list.v[0], &list.v[0].values.v[1], min, max, &rgba));
    assert_int_equal(rgba, 0x102030ff);
    assert_false(overlay_colour(&list.v[0], &list.v[0].values.v[2], min, max, &rgba));
    buf_init(&out, &m);
    struct json_writer w = json_writer_to(&out);
    overlay_write(&list.v[0], &w);
    assert_true(str_starts_with(buf_str(&out), STR("{\"results\":{\"main/ttir.add@net/a\":{\"value\":5}")));
    assert_true(str_ends_with(buf_str(&out), STR(",\"hideInAggregatedStatsTable\":true}")));
    assert_int_equal(overlays_read(&m, buf_str(&out), NULL, NULL, &single), GRAPH_OK);
    assert_int_equal(single.n, 1);
    assert_str(single.v[0].graph_id, "");
    assert_int_equal(single.v[0].values.n, 4);
    overlay_list_free(&single);
    overlay_list_free(&list);
    buf_free(&out);
    assert_int_equal(m.used, 0);
    fixture_free(&f);
}

/* Colours have any name of CSS; keys may be those of tensors. */
static void tensors_and_named_colours_are_known(void **state) {
    (void)state;
    static const char model[] = "{\"graphs\":[{\"id\":\"g\",\"nodes\":["
                                "{\"id\":\"a\",\"label\":\"A\",\"namespace\":\"n\",\"outputsMetadata\":[{\"id\":\"0\","
                                "\"attrs\":[{\"key\":\"tensor_shape\","
                                "\"value\":\"t1\"},{\"key\":\"tensor_name\",\"value\":\"t0\"}]},{\"attrs\":[{\"value\":"
                                "\"t\\u0031\",\"key\":\"tensor_name\"}],"
                                "\"id\":\"1\"}]},"
                                "{\"id\":\"t2\",\"label\":\"B\",\"namespace\":\"\",\"outputsMetadata\":[{\"id\":\"0\","
                                "\"attrs\":[{\"key\":\"tensor_name\","
                                "\"value\":\"t3\"}]}]}]}]}";
    static const char data[] =
        "{\"results\":{\"t0\":{\"value\":1,\"bgColor\":\"Tomato\"},\"t1\":{\"value\":2,\"bgColor\":"
        "\"lightgoldenrodyellow\"},"
        "\"t2\":{\"value\":3,\"bgColor\":\"yellowgreen\"},\"t3\":{\"value\":4,\"bgColor\":\"aliceblue\"},"
        "\"t4\":{\"value\":5,\"bgColor\":\"tomatoes\"}}}";
    static const struct {
        const char *node;
        uint32_t colour;
    } rows[] = {{"a", 0xff6347ff}, {"a", 0xfafad2ff}, {"t2", 0x9acd32ff}, {"t2", 0xf0f8ffff}};
    struct mem m = {0};
    me_graphs graphs;
    overlay_list list;
    overlay_binding *pairs;
    size_t n;
    uint32_t rgba;
    assert_int_equal(me_json_read(&m, str_from_z(model), NULL, NULL, &graphs), GRAPH_OK);
    assert_int_equal(overlays_read(&m, str_from_z(data), NULL, NULL, &list), GRAPH_OK);
    const graph *g = graphs.v[0].g;
    assert_int_equal(overlay_bind(&list.v[0], g, &m, &pairs, &n), GRAPH_OK);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        assert_true(pairs[i].value < 4);
        assert_int_equal(pairs[i].node, graph_find(g, str_from_z(rows[pairs[i].value].node)));
        assert_true(overlay_colour(&list.v[0], &list.v[0].values.v[pairs[i].value], 1, 5, &rgba));
        assert_int_equal(rgba, rows[pairs[i].value].colour);
    }
    assert_false(overlay_colour(&list.v[0], &list.v[0].values.v[4], 1, 5, &rgba));
    mem_free(&m, pairs, n * sizeof *pairs);
    overlay_list_free(&list);
    me_graphs_free(&graphs);
    assert_int_equal(m.used, 0);
}

/* What is not as it should be is passed over, and memory may run out anywhere. */
static void looks_are_told(void **state) {
    (void)state;
    static const char model[] =
        "{\"graphs\":[{\"id\":\"g\",\"nodes\":["
        "{\"id\":\"a\",\"label\":\"Const\",\"namespace\":\"n/"
        "m\",\"style\":{\"borderWidth\":2,\"textColor\":\"r\\u0065d\"}},"
        "{\"id\":\"b\",\"label\":\"x\",\"namespace\":\"\",\"style\":\"red\",\"subgraphIds\":null},"
        "{\"id\":\"c\",\"label\":\"y\",\"namespace\":\"\",\"subgraphIds\" : [ \"g\" "
        "],\"config\":{\"style\":{\"textColor\":\"no\"}}},"
        "{\"id\":\"d\",\"label\":\"y\",\"namespace\":\"\",\"subgraphIds\":[\"h\",\"g\"]}],"
        "\"groupNodeConfigs\":[3,{\"layoutDirection\":1},{\"namespaceRegex\":\"[\"},{\"namespaceRegex\":\"^n$\","
        "\"layoutDirection\":1,"
        "\"backgroundColor\":\"blue\"},{\"namespaceRegex\":\"m\",\"layoutDirection\":\"1\"}],"
        "\"tasksData\":{\"edgeOverlaysDataListLeftPane\":{}},\"nodeLabelsToHide\":[\"CONST\",7]}]}";
    struct mem m = {0};
    me_graphs graphs;
    assert_int_equal(me_json_read(&m, str_from_z(model), NULL, NULL, &graphs), GRAPH_OK);
    const graph *g = graphs.v[0].g;
    unsigned a = graph_find(g, STR("a")), b = graph_find(g, STR("b")), c = graph_find(g, STR("c")),
             d = graph_find(g, STR("d"));
    unsigned n = graph_find_layer(g, STR("n"));
    char expected[400];
    (void)snprintf(expected, sizeof expected,
                   "{\"styles\":[{\"node\":%u,\"fill\":\"blue\"},{\"node\":%u,\"text\":\"red\"}],\"leftRight\":[%u],"
                   "\"hidden\":[%u],\"overlays\":[],\"subgraphs\":[{\"node\":%u,"
                   "\"graphs\":[ \"g\" ]},"
                   "{\"node\":%u,\"graphs\":[\"h\",\"g\"]}]}[\"g\",\"h\"]",
                   n, a, n, a, c, d);
    assert_int_equal(g->nodes[b].flags & GRAPH_CALL, 0);
    assert_int_equal(g->nodes[c].flags & g->nodes[d].flags & GRAPH_CALL, GRAPH_CALL);
    bool done = false, read = false;
    for (uint64_t call = 1; !done || !read; call++) {
        struct mem tight = {.fail_at = call};
        struct buf out;
        buf_init(&out, &m);
        struct json_writer w = json_writer_to(&out);
        done = graph_looks_json(g, &tight, &w) == GRAPH_OK;
        assert_int_equal(tight.used, 0);
        struct graph_looks looks;
        struct mem narrow = {.fail_at = call};
        if (graph_looks_read(g, &narrow, &looks) == GRAPH_OK) {
            for (graph_node i = 0; i < g->n_nodes; i++) {
                assert_int_equal(looks.hidden[i], i == a);
                assert_int_equal(looks.left_right[i], i == n);
                assert_int_equal(looks.fill[i], i == n ? 0x0000ffff : 0);
                assert_int_equal(looks.text[i], i == a ? 0xff0000ff : 0);
                assert_int_equal(looks.border[i], 0);
            }
            graph_looks_free(&looks);
            read = true;
        }
        assert_int_equal(narrow.used, 0);
        if (done) {
            struct json_writer v = json_writer_to(&out);
            assert_int_equal(graph_subgraph_ids_json(g, &m, &v), GRAPH_OK);
            assert_str(buf_str(&out), expected);
            assert_true(call > 10);
        }
        buf_free(&out);
    }
    me_graphs_free(&graphs);
    assert_int_equal(m.used, 0);
}

static void edge_overlays_are_read_and_written(void **state) {
    (void)state;
    static const char text[] =
        "{\"type\":\"edge_overlays\",\"name\":\"N\",\"overlays\":[{\"name\":\"o\",\"edgeColor\":\"red\",\"edgeWidth\":"
        "3,"
        "\"visibleEdgeHops\":2,\"edges\":[{\"sourceNodeId\":\"a\",\"targetNodeId\":\"b\",\"label\":\"l\"}]}]}";
    struct mem m = {0};
    struct buf out;
    edge_overlays o;
    assert_int_equal(edge_overlays_read(&m, str_from_z(text), NULL, NULL, &o), GRAPH_OK);
    buf_init(&out, &m);
    struct json_writer w = json_writer_to(&out);
    edge_overlays_write(&o, &w);
    assert_str(buf_str(&out), text);
    edge_overlays_free(&o);
    assert_int_not_equal(edge_overlays_read(&m, STR("{\"overlays\":[1]}"), NULL, NULL, &o), GRAPH_OK);
    buf_free(&out);
    assert_int_equal(m.used, 0);
}

static bool write_and_read(struct mem *m, void *ctx) {
    fixture *f = ctx;
    struct buf out, bin;
    graph *list[1] = {f->g}, *back = NULL;
    me_graphs r = {.mem = m};
    buf_init(&out, m);
    buf_init(&bin, m);
    bool ok = me_json_write(list, 1, &(me_write_options){.style = ME_STYLE_ADAPTER}, m, &out) == GRAPH_OK;
    buf_clear(&out);
    ok = ok && me_json_write(list, 1, NULL, m, &out) == GRAPH_OK;
    if (ok) {
        ok = me_json_read(m, buf_str(&out), NULL, NULL, &r) == GRAPH_OK;
        if (ok)
            me_graphs_free(&r);
    }
    ok = ok && graph_bin_write(f->g, m, &bin) == GRAPH_OK;
    ok = ok && graph_bin_read(m, buf_str(&bin), true, &back) == GRAPH_OK;
    graph_free(back);
    buf_free(&out);
    buf_free(&bin);
    return ok;
}

static void survives_out_of_memory(void **state) {
    (void)state;
    fixture f;
    fixture_make(&f, module_text, GRAPH_LAYERS_AUTO);
    test_oom_sweep(write_and_read, &f, 5000);
    fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_read_back),
        cmocka_unit_test(attributes_are_kept),
        cmocka_unit_test(every_container_is_read),
        cmocka_unit_test(errors_have_a_message),
        cmocka_unit_test(lenient_where_the_app_is),
        cmocka_unit_test(deep_namespaces_are_cut),
        cmocka_unit_test(the_compact_form_is_read_back),
        cmocka_unit_test(overlays_are_read_and_written),
        cmocka_unit_test(tensors_and_named_colours_are_known),
        cmocka_unit_test(looks_are_told),
        cmocka_unit_test(edge_overlays_are_read_and_written),
        cmocka_unit_test(survives_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
