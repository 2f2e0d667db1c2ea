/* One node in detail, as JSON. */
#include "base/json.h"
#include "dialect/dialect.h"
#include "graph/attrs.h"
#include "graph/me_write.h"

static const char *const kind_names[GRAPH_N_KINDS] = {"layer", "op", "argument", "constant", "return"};

static void put_edit(struct graph_attrs *a, graph_node n, const graph_attr *x, graph_edit_fn *edit, void *ctx,
                     struct json_writer *w) {
    graph_edit e;
    if (!(x->flags & GRAPH_ATTR_OVERRIDE) || !edit || !edit(ctx, a->g, n, x->key, x->value, &e))
        return;
    buf_clear(&a->scratch);
    me_put_edit(&a->scratch, &e);
    json_key(w, STR("editable"));
    json_raw(w, buf_str(&a->scratch));
}

static void put_list(struct graph_attrs *a, graph_node n, graph_edit_fn *edit, void *ctx, struct json_writer *w) {
    json_array_begin(w);
    for (size_t i = 0; i < a->list.n; i++) {
        const graph_attr *x = &a->list.v[i];
        json_object_begin(w);
        json_key(w, STR("key"));
        json_str(w, x->key);
        json_key(w, STR("value"));
        if (x->flags & GRAPH_ATTR_NODE_IDS) {
            json_array_begin(w);
            for (size_t k = 0; (k + 1) * sizeof(uint32_t) <= x->value.n; k++) {
                uint32_t id;
                memcpy(&id, x->value.p + k * sizeof id, sizeof id);
                json_u64(w, id);
            }
            json_array_end(w);
        } else if (x->flags & GRAPH_ATTR_RAW) {
            json_raw(w, x->value);
        } else {
            json_str(w, x->value);
        }
        if (x->flags & GRAPH_ATTR_EXTRA) {
            json_key(w, STR("extra"));
            json_bool(w, true);
        }
        if (x->flags & GRAPH_ATTR_MEMORY) {
            json_key(w, STR("meter"));
            json_bool(w, true);
        }
        if (x->flags & GRAPH_ATTR_CUT) {
            json_key(w, STR("cut"));
            json_bool(w, true);
        }
        put_edit(a, n, x, edit, ctx, w);
        json_object_end(w);
    }
    json_array_end(w);
}

/* "name", or "name[2]" in a group. */
static void put_name(struct graph_attrs *a, str name, uint32_t number, struct json_writer *w) {
    if (!name.n)
        return;
    buf_clear(&a->scratch);
    buf_put_str(&a->scratch, name);
    if (number != GRAPH_NONE) {
        buf_putc(&a->scratch, '[');
        buf_put_u64(&a->scratch, number);
        buf_putc(&a->scratch, ']');
    }
    json_key(w, STR("name"));
    json_str(w, buf_str(&a->scratch));
}

static void put_number(struct json_writer *w, const char *key, uint64_t v) {
    json_key(w, str_from_z(key));
    json_u64(w, v);
}

static void put_inputs(struct graph_attrs *a, graph_node n, struct json_writer *w) {
    uint32_t count, number;
    const graph_edge *e = graph_in(a->g, n, &count);
    json_key(w, STR("inputs"));
    json_array_begin(w);
    for (uint32_t i = 0; i < count; i++) {
        json_object_begin(w);
        put_number(w, "index", e[i].in);
        put_number(w, "node", e[i].source);
        put_number(w, "out", e[i].out);
        str name = graph_operand_name(a->g, n, e[i].in, &number);
        put_name(a, name, number, w);
        json_key(w, STR("attrs"));
        graph_attrs_input(a, n, i);
        put_list(a, n, NULL, NULL, w);
        json_object_end(w);
    }
    json_array_end(w);
}

static void put_outputs(struct graph_attrs *a, graph_node n, struct json_writer *w) {
    uint32_t results = graph_n_results(a->g, n), count, number;
    const uint32_t *out = graph_out(a->g, n, &count);
    json_key(w, STR("outputs"));
    json_array_begin(w);
    for (uint32_t i = 0; (i = graph_next_result(a->g, n, i)) < results; i++) {
        json_object_begin(w);
        put_number(w, "index", i);
        str name = graph_result_name(a->g, n, i, &number);
        put_name(a, name, number, w);
        json_key(w, STR("readers"));
        json_array_begin(w);
        for (uint32_t k = 0; k < count; k++)
            if (a->g->edges[out[k]].out == i) {
                json_object_begin(w);
                put_number(w, "node", a->g->edges[out[k]].target);
                put_number(w, "in", a->g->edges[out[k]].in);
                json_object_end(w);
            }
        json_array_end(w);
        json_key(w, STR("attrs"));
        graph_attrs_output(a, n, i, GRAPH_NONE);
        put_list(a, n, NULL, NULL, w);
        json_object_end(w);
    }
    json_array_end(w);
}

static void put_head(struct graph_attrs *a, graph_node n, struct json_writer *w) {
    const graph *g = a->g;
    struct buf *b = &a->scratch;
    put_number(w, "node", n);
    buf_clear(b);
    graph_put_id(g, n, b);
    json_key(w, STR("id"));
    json_str(w, buf_str(b));
    buf_clear(b);
    if (graph_put_adapter_id(g, n, b)) {
        json_key(w, STR("adapterId"));
        json_str(w, buf_str(b));
    }
    json_key(w, STR("label"));
    json_str(w, graph_label(g, n));
    json_key(w, STR("kind"));
    json_str(w, str_from_z(kind_names[graph_at(g, n)->kind]));
    buf_clear(b);
    graph_put_namespace(g, n, b);
    json_key(w, STR("namespace"));
    json_str(w, buf_str(b));
    put_number(w, "parent", graph_at(g, n)->parent);
    if (graph_at(g, n)->order != GRAPH_NONE)
        put_number(w, "order", graph_at(g, n)->order);
}

static void put_module_part(struct graph_attrs *a, graph_node n, struct json_writer *w) {
    const graph *g = a->g;
    ir_op op = n == 0 ? g->module->root : graph_op(g, n);
    uint32_t count;
    const graph_link *links = graph_links_of(g, n, &count);
    if (count) {
        json_key(w, STR("calls"));
        json_array_begin(w);
        for (uint32_t i = 0; i < count; i++)
            json_u64(w, links[i].layer);
        json_array_end(w);
    }
    if (!op)
        return;
    const op_def *def = dialect_def_of(g->module, op);
    json_key(w, STR("op"));
    json_str(w, ir_op_name_str(g->module, op));
    if (def && dialect_text(def->doc).n) {
        json_key(w, STR("help"));
        json_str(w, dialect_text(def->doc));
    }
    if (g->module->ops[op].src_end) {
        json_key(w, STR("src"));
        json_array_begin(w);
        json_u64(w, g->module->ops[op].src);
        json_u64(w, g->module->ops[op].src_end);
        json_array_end(w);
    }
}

bool graph_node_json(struct graph_attrs *a, graph_node n, graph_edit_fn *edit, void *edit_ctx, struct json_writer *w) {
    json_object_begin(w);
    put_head(a, n, w);
    if (a->g->module)
        put_module_part(a, n, w);
    graph_attrs_node(a, n);
    bool failed = a->failed;
    json_key(w, STR("attrs"));
    put_list(a, n, edit, edit_ctx, w);
    if (graph_is_layer(a->g, n)) {
        uint32_t children = 0;
        for (graph_node c = graph_first_child(a->g, n); c; c = graph_next_sibling(a->g, c))
            children++;
        put_number(w, "children", children);
        put_number(w, "descendants", a->g->nodes[n].end - n - 1);
    } else {
        put_inputs(a, n, w);
        put_outputs(a, n, w);
    }
    json_object_end(w);
    return !failed && !a->failed && !a->scratch.failed && !w->out->failed;
}
