/* Modules and graphs for tests. */
#ifndef TESTS_GRAPH_TEST_H
#define TESTS_GRAPH_TEST_H

#include "base/diag.h"
#include "dialect/dialect.h"
#include "graph/graph.h"
#include "test.h"
#include "text/text.h"

/* A module read from text. The text is a literal or lives as long. */
typedef struct fixture {
    struct mem mem;
    ir_context *ctx;
    ir_module *m;
    graph *g;
} fixture;

static inline void fixture_free(fixture *f) {
    graph_free(f->g);
    ir_module_free(f->m);
    ir_context_unref(f->ctx);
    assert_int_equal(f->mem.used, 0);
}

static inline void fixture_read(fixture *f, const char *text) {
    struct diags d;
    *f = (fixture){0};
    f->ctx = ir_context_new(&f->mem, dialect_resolve);
    assert_non_null(f->ctx);
    diags_init(&d, &f->mem);
    f->m = text_read(f->ctx, str_from_z(text), STR("test.mlir"), NULL, &d);
    if (!f->m) {
        struct buf out;
        buf_init(&out, &f->mem);
        diags_render(&d, &out, (struct diag_style){0});
        fail_msg("%s", buf_z(&out));
    }
    diags_free(&d);
}

/* Reads and builds. */
static inline void fixture_make(fixture *f, const char *text, graph_layers layers) {
    fixture_read(f, text);
    const graph_options o = {.layers = layers};
    assert_int_equal(graph_build(&f->mem, f->m, &o, &f->g), GRAPH_OK);
}

/* The graph as one text: a line per node, indented by depth: "label [id]" and for edges " <- id.out:operand". */
static inline void put_tree(const graph *g, struct buf *out) {
    for (graph_node n = 1; n < g->n_nodes; n++) {
        uint32_t count;
        const graph_edge *e = graph_in(g, n, &count);
        buf_fill(out, ' ', 2 * (size_t)graph_depth(g, n));
        buf_put_str(out, graph_label(g, n));
        if (graph_is_layer(g, n)) {
            buf_putc(out, '/');
        } else {
            buf_lit(out, " [");
            graph_put_id(g, n, out);
            buf_putc(out, ']');
        }
        for (uint32_t i = 0; i < count; i++) {
            uint32_t number;
            str name = graph_operand_name(g, n, e[i].in, &number);
            buf_lit(out, " <- ");
            graph_put_id(g, e[i].source, out);
            if (e[i].out)
                buf_printf(out, ".%u", e[i].out);
            if (name.n)
                buf_printf(out, ":%.*s", STR_ARG(name));
            if (name.n && number != GRAPH_NONE)
                buf_printf(out, "[%u]", number);
        }
        buf_putc(out, '\n');
    }
}

static inline void assert_tree(const graph *g, const char *expected) {
    struct mem m = {0};
    struct buf out;
    buf_init(&out, &m);
    put_tree(g, &out);
    assert_false(out.failed);
    assert_str(buf_str(&out), expected);
    buf_free(&out);
}

static inline char *id_of(const graph *g, graph_node n, struct buf *out) {
    buf_clear(out);
    graph_put_id(g, n, out);
    return (char *)(uintptr_t)buf_z(out);
}

/* Every invariant of graph.h. */
static inline void assert_graph(const graph *g) {
    struct mem m = {0};
    struct buf id;
    buf_init(&id, &m);
    assert_true(graph_is_layer(g, 0));
    assert_int_equal(g->nodes[0].end, g->n_nodes);
    assert_int_equal(g->nodes[0].in, 0);
    assert_int_equal(g->nodes[g->n_nodes].in, g->n_edges);
    assert_int_equal(g->nodes[g->n_nodes].out, g->n_edges);
    for (graph_node n = 1; n < g->n_nodes; n++) {
        const graph_node_data *d = &g->nodes[n];
        assert_true(d->parent < n && n < d->end && d->end <= g->nodes[d->parent].end);
        assert_true(graph_is_layer(g, d->parent));
        assert_true(graph_is_layer(g, n) || d->end == n + 1);
        assert_int_equal(graph_find(g, str_from_z(id_of(g, n, &id))), n);
    }
    uint32_t *seen = calloc(g->n_edges + (size_t)1, sizeof *seen);
    for (uint32_t i = 0; i < g->n_edges; i++) {
        const graph_edge *e = &g->edges[i];
        assert_false(graph_is_layer(g, e->source) || graph_is_layer(g, e->target));
        assert_true(i == 0 || e[-1].target < e->target || (e[-1].target == e->target && e[-1].in <= e->in));
    }
    for (graph_node n = 0; n < g->n_nodes; n++) {
        uint32_t count;
        const uint32_t *out = graph_out(g, n, &count);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(g->edges[out[i]].source, n);
            assert_true(i == 0 || out[i - 1] < out[i]);
            seen[out[i]]++;
        }
    }
    for (uint32_t i = 0; i < g->n_edges; i++)
        assert_int_equal(seen[i], 1);
    free(seen);
    buf_free(&id);
}

/* G3: each operand of each op that is a node is one edge, from the node of its value. */
static inline void assert_edges(const graph *g) {
    const ir_module *m = g->module;
    uint32_t total = 0;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        graph_node n = graph_node_of_op(g, op);
        if (!n) {
            assert_int_equal(m->ops[op].n_operands, 0);
            continue;
        }
        uint32_t count;
        const graph_edge *e = graph_in(g, n, &count);
        assert_int_equal(count, m->ops[op].n_operands);
        for (uint32_t i = 0; i < count; i++) {
            ir_value v = ir_operand(m, op, i);
            assert_int_equal(e[i].in, i);
            assert_int_equal(e[i].source, graph_node_of_value(g, v));
            assert_int_equal(graph_value(g, e[i].source, e[i].out), v);
        }
        total += count;
    }
    assert_int_equal(total, g->n_edges);
}

#endif
