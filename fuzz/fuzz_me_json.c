/* What comes as a graph from elsewhere: graph JSON, the compact form, node data, edge overlays. What is accepted must be
 * written and read back as as many nodes and edges. */
#include <string.h>

#include "base/json.h"
#include "fuzz.h"
#include "graph/attrs.h"
#include "graph/graph_bin.h"
#include "graph/me_json.h"
#include "graph/overlays.h"

/* Asks for everything about every node. */
static void look_at(const graph *g, struct mem *m) {
    struct graph_attrs a;
    struct buf out;
    graph_attrs_init(&a, g, m);
    buf_init(&out, m);
    struct json_writer w = json_writer_to(&out);
    json_array_begin(&w);
    for (graph_node n = 0; n < g->n_nodes && n < 100; n++)
        FUZZ_CHECK(graph_node_json(&a, n, graph_edit_adapter, NULL, &w));
    json_array_end(&w);
    struct json_reader r;
    json_reader_init(&r, buf_str(&out));
    FUZZ_CHECK(json_skip(&r, json_next(&r)));
    graph_attrs_free(&a);
    buf_free(&out);
}

static void round_trip(graph *g, struct mem *m) {
    struct buf json, bin;
    me_graphs again;
    graph *back;
    buf_init(&json, m);
    buf_init(&bin, m);
    FUZZ_CHECK(me_json_write(&g, 1, NULL, m, &json) == GRAPH_OK);
    FUZZ_CHECK(me_json_read(m, buf_str(&json), NULL, NULL, &again) == GRAPH_OK);
    FUZZ_CHECK(again.n == 1 && again.v[0].g->n_nodes == g->n_nodes && again.v[0].g->n_edges == g->n_edges);
    FUZZ_CHECK(graph_bin_write(g, m, &bin) == GRAPH_OK);
    FUZZ_CHECK(graph_bin_read(m, buf_str(&bin), true, &back) == GRAPH_OK);
    FUZZ_CHECK(back->n_nodes == g->n_nodes && back->n_edges == g->n_edges);
    graph_free(back);
    me_graphs_free(&again);
    buf_free(&json);
    buf_free(&bin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mem m = {0};
    struct diags d;
    me_graphs graphs;
    overlay_list overlays;
    edge_overlays edges;
    graph *g;
    str text = str_of((const char *)data, size);
    diags_init(&d, &m);
    struct diag_source *source = diags_add_source(&d, STR("fuzz"), text);
    graph_status status = me_json_read(&m, text, &d, source, &graphs);
    FUZZ_CHECK((status == GRAPH_OK) == (d.errors == 0));
    if (status == GRAPH_OK) {
        for (size_t i = 0; i < graphs.n; i++) {
            look_at(graphs.v[i].g, &m);
            round_trip(graphs.v[i].g, &m);
        }
        me_graphs_free(&graphs);
    }
    if (overlays_read(&m, text, NULL, NULL, &overlays) == GRAPH_OK)
        overlay_list_free(&overlays);
    if (edge_overlays_read(&m, text, NULL, NULL, &edges) == GRAPH_OK)
        edge_overlays_free(&edges);
    if (graph_bin_read(&m, text, true, &g) == GRAPH_OK) {
        look_at(g, &m);
        graph_free(g);
    }
    diags_free(&d);
    FUZZ_CHECK(m.used == 0);
    return 0;
}
