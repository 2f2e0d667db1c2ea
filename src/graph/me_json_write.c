/* Graph JSON of everything a graph has, of graphs read from JSON, and the containers around. */
#include "graph/me_json.h"

#include "graph/me_write.h"
#include "graph/stored.h"

/* ---- our own style --------------------------------------------------------------------------------------- */

static void put_id(me_writer *w, graph_node n) {
    buf_clear(&w->text);
    graph_put_id(w->g, n, &w->text);
    json_put_string(w->out, buf_str(&w->text));
}

static void put_space(me_writer *w, graph_node n) {
    buf_clear(&w->text);
    graph_put_namespace(w->g, n, &w->text);
    json_put_string(w->out, buf_str(&w->text));
}

static void put_attrs(me_writer *w, graph_node n, struct buf *items) {
    const graph *g = w->g;
    buf_clear(items);
    if (g->nodes[n].kind == GRAPH_ARGUMENT || g->nodes[n].flags & GRAPH_CALL ||
        g->module->ops[g->nodes[n].ref].flags & IR_OP_OPAQUE) {
        graph_attrs_node(&w->a, n);
        me_put_list(w, n, items);
    } else {
        const ir_module *m = g->module;
        ir_op op = g->nodes[n].ref;
        ir_type t = m->ops[op].n_results ? m->values[m->ops[op].results].type : 0;
        struct buf *real = w->out;
        w->out = items;
        me_put_op_attrs(w, ME_PIECE_NAMED, n, op);
        me_put_location(w, m->ops[op].loc);
        if (t)
            me_put_type(w, ME_PIECE_TENSOR, n, t);
        buf_lit(items, ",{\"key\":\"schedule\",\"value\":\"");
        buf_put_u64(items, g->nodes[n].order);
        buf_lit(items, "\"}");
        me_put_op_attrs(w, ME_PIECE_INSIDE, n, op);
        if (t)
            me_put_type(w, ME_PIECE_TENSOR_EXTRA, n, t);
        w->out = real;
    }
    if (w->o->more_attrs) {
        graph_attrs_reset(&w->a);
        if (!w->o->more_attrs(w->o->more_ctx, &w->a, n))
            w->a.failed = true;
        me_put_list(w, n, items);
    }
}

static void put_in_edges(me_writer *w, graph_node n) {
    uint32_t count;
    const graph_edge *e = graph_in(w->g, n, &count);
    buf_lit(w->out, ",\"incomingEdges\":[");
    for (uint32_t i = 0; i < count; i++) {
        buf_puts(w->out, i ? ",{\"sourceNodeId\":" : "{\"sourceNodeId\":");
        put_id(w, e[i].source);
        buf_lit(w->out, ",\"sourceNodeOutputId\":\"");
        buf_put_u64(w->out, e[i].out);
        buf_lit(w->out, "\",\"targetNodeInputId\":\"");
        buf_put_u64(w->out, e[i].in);
        buf_lit(w->out, "\"}");
    }
    buf_lit(w->out, "],\"inputsMetadata\":[");
    bool first = true;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number;
        str name = graph_operand_name(w->g, n, e[i].in, &number);
        if (!name.n)
            continue;
        buf_puts(w->out, first ? "{\"id\":\"" : ",{\"id\":\"");
        first = false;
        buf_put_u64(w->out, e[i].in);
        buf_lit(w->out, "\",\"attrs\":[{\"key\":\"__tensor_tag\",\"value\":");
        buf_clear(&w->text);
        buf_put_str(&w->text, name);
        if (number != GRAPH_NONE) {
            buf_putc(&w->text, '[');
            buf_put_u64(&w->text, number);
            buf_putc(&w->text, ']');
        }
        json_put_string(w->out, buf_str(&w->text));
        buf_lit(w->out, "}]}");
    }
    buf_putc(w->out, ']');
}

static void put_outputs(me_writer *w, graph_node n, struct buf *items) {
    uint32_t results = graph_n_results(w->g, n);
    buf_lit(w->out, ",\"outputsMetadata\":[");
    bool first = true;
    for (uint32_t i = 0; (i = graph_next_result(w->g, n, i)) < results; i++) {
        uint32_t number;
        ir_value v = graph_value(w->g, n, i);
        str name = graph_result_name(w->g, n, i, &number);
        struct buf *real = w->out;
        buf_puts(real, first ? "{\"id\":\"" : ",{\"id\":\"");
        first = false;
        buf_put_u64(real, i);
        buf_lit(real, "\",\"attrs\":");
        buf_clear(items);
        w->out = items;
        if (name.n && results > 1)
            me_put_item(items, STR("__tensor_tag"), name);
        if (v) {
            me_put_type(w, ME_PIECE_TENSOR, n, ir_value_type(w->g->module, v));
            me_put_type(w, ME_PIECE_TENSOR_EXTRA, n, ir_value_type(w->g->module, v));
        }
        w->out = real;
        me_put_array(w, items);
        buf_putc(real, '}');
    }
    buf_putc(w->out, ']');
}

/* "path":{...} for the layers that have attributes. */
static void put_groups(me_writer *w, struct buf *items) {
    const graph *g = w->g;
    bool first = true;
    buf_lit(w->out, "],\"groupNodeAttributes\":{");
    for (graph_node n = 0; n < g->n_nodes; n++) {
        if (!graph_is_layer(g, n) || (n && !g->nodes[n].ref))
            continue;
        if (!first)
            buf_putc(w->out, ',');
        first = false;
        put_space(w, n);
        buf_putc(w->out, ':');
        graph_attrs_node(&w->a, n);
        buf_clear(items);
        me_put_object(w, items);
        buf_put_str(w->out, buf_str(items));
    }
    buf_putc(w->out, '}');
}

graph_status me_write_own(me_writer *w) {
    const graph *g = w->g;
    struct buf items;
    buf_init(&items, w->mem);
    buf_lit(w->out, "{\"id\":");
    json_put_string(w->out, w->o->id.n ? w->o->id : g->id);
    buf_lit(w->out, ",\"nodes\":[");
    bool first = true;
    graph_status status = GRAPH_OK;
    for (graph_node n = 1; status == GRAPH_OK && n < g->n_nodes; n++) {
        if (graph_is_layer(g, n))
            continue;
        buf_puts(w->out, first ? "{\"id\":" : ",{\"id\":");
        first = false;
        put_id(w, n);
        buf_lit(w->out, ",\"label\":");
        json_put_string(w->out, graph_label(g, n));
        buf_lit(w->out, ",\"namespace\":");
        put_space(w, n);
        buf_lit(w->out, ",\"attrs\":");
        put_attrs(w, n, &items);
        me_put_array(w, &items);
        put_in_edges(w, n);
        put_outputs(w, n, &items);
        if (g->nodes[n].flags & GRAPH_PINNED)
            buf_lit(w->out, ",\"config\":{\"pinToGroupTop\":true}");
        buf_putc(w->out, '}');
        if (w->a.failed || items.failed || w->out->failed || w->text.failed)
            status = GRAPH_NO_MEMORY;
        else if ((n & 1023) == 0 && me_cancelled(w))
            status = GRAPH_CANCELLED;
    }
    if (status == GRAPH_OK) {
        put_groups(w, &items);
        me_put_tail(w);
        buf_putc(w->out, '}');
        if (items.failed)
            status = GRAPH_NO_MEMORY;
    }
    buf_free(&items);
    return status;
}

/* ---- as it was read -------------------------------------------------------------------------------------- */

static void put_member(struct buf *out, const char *key, str json) {
    if (json.n) {
        buf_puts(out, key);
        buf_put_str(out, json);
    }
}

static void put_stored_edges(me_writer *w, graph_node n, const stored_row *row) {
    if (row->edges.n || !w->g->stored->binary) {
        put_member(w->out, ",\"incomingEdges\":", row->edges);
        return;
    }
    uint32_t count;
    const graph_edge *e = graph_in(w->g, n, &count);
    buf_lit(w->out, ",\"incomingEdges\":[");
    for (uint32_t i = 0; i < count; i++) {
        buf_puts(w->out, i ? ",{\"sourceNodeId\":" : "{\"sourceNodeId\":");
        put_id(w, e[i].source);
        buf_lit(w->out, ",\"sourceNodeOutputId\":\"");
        buf_put_u64(w->out, e[i].out);
        buf_lit(w->out, "\",\"targetNodeInputId\":\"");
        buf_put_u64(w->out, e[i].in);
        buf_lit(w->out, "\"}");
    }
    buf_putc(w->out, ']');
}

/* Nodes in the order of the file: rows, which need not be the order of the graph. */
graph_status me_write_stored(me_writer *w) {
    const graph *g = w->g;
    const struct graph_stored *s = g->stored;
    uint32_t *node_of_row = mem_alloc(w->mem, s->n_rows * sizeof *node_of_row);
    if (!node_of_row)
        return GRAPH_NO_MEMORY;
    for (graph_node n = 1; n < g->n_nodes; n++)
        if (!graph_is_layer(g, n))
            node_of_row[g->nodes[n].ref - 1] = n;
    buf_lit(w->out, "{\"id\":");
    json_put_string(w->out, w->o->id.n ? w->o->id : g->id);
    buf_lit(w->out, ",\"nodes\":[");
    graph_status status = GRAPH_OK;
    for (uint32_t i = 0; status == GRAPH_OK && i < s->n_rows; i++) {
        const stored_row *row = &s->rows[i];
        buf_puts(w->out, i ? ",{\"id\":" : "{\"id\":");
        json_put_string(w->out, row->id);
        buf_lit(w->out, ",\"label\":");
        json_put_string(w->out, graph_label(g, node_of_row[i]));
        buf_lit(w->out, ",\"namespace\":");
        json_put_string(w->out, row->space);
        put_member(w->out, ",\"attrs\":", row->attrs);
        put_stored_edges(w, node_of_row[i], row);
        put_member(w->out, ",\"inputsMetadata\":", row->inputs);
        put_member(w->out, ",\"outputsMetadata\":", row->outputs);
        put_member(w->out, ",", row->other);
        buf_putc(w->out, '}');
        if (w->out->failed)
            status = GRAPH_NO_MEMORY;
        else if ((i & 1023) == 0 && me_cancelled(w))
            status = GRAPH_CANCELLED;
    }
    buf_putc(w->out, ']');
    put_member(w->out, ",\"groupNodeAttributes\":", s->group_attrs);
    put_member(w->out, ",", s->other);
    me_put_tail(w);
    buf_putc(w->out, '}');
    mem_free(w->mem, node_of_row, s->n_rows * sizeof *node_of_row);
    return status;
}

/* ---- containers ------------------------------------------------------------------------------------------ */

graph_status me_json_write_graph(const graph *g, const me_write_options *o, struct mem *mem, struct buf *out) {
    static const me_write_options defaults;
    me_writer w;
    me_writer_start(&w, g, o ? o : &defaults, mem, out);
    graph_status status = g->stored                        ? me_write_stored(&w)
                          : w.o->style == ME_STYLE_ADAPTER ? me_write_adapter(&w)
                                                           : me_write_own(&w);
    if (status == GRAPH_OK && (w.a.failed || out->failed || w.text.failed))
        status = GRAPH_NO_MEMORY;
    me_writer_end(&w);
    return status;
}

static graph_status put_graphs(graph *const *graphs, size_t n, const me_write_options *o, struct mem *mem,
                               struct buf *out) {
    graph_status status = GRAPH_OK;
    buf_lit(out, "\"graphs\":[");
    for (size_t i = 0; status == GRAPH_OK && i < n; i++) {
        if (i)
            buf_putc(out, ',');
        status = me_json_write_graph(graphs[i], o, mem, out);
    }
    buf_putc(out, ']');
    return status;
}

graph_status me_json_write(graph *const *graphs, size_t n, const me_write_options *o, struct mem *mem,
                           struct buf *out) {
    buf_putc(out, '{');
    graph_status status = put_graphs(graphs, n, o, mem, out);
    buf_putc(out, '}');
    return status == GRAPH_OK && out->failed ? GRAPH_NO_MEMORY : status;
}

graph_status me_json_write_collection(str label, graph *const *graphs, size_t n, const me_write_options *o,
                                      struct mem *mem, struct buf *out) {
    buf_lit(out, "{\"graphCollections\":[{\"label\":");
    json_put_string(out, label);
    buf_putc(out, ',');
    graph_status status = put_graphs(graphs, n, o, mem, out);
    buf_lit(out, "}]}");
    return status == GRAPH_OK && out->failed ? GRAPH_NO_MEMORY : status;
}
