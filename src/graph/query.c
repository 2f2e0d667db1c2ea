/* Questions about a graph: paths, values, names of operands, links. */
#include <string.h>

#include "graph/graph_inner.h"
#include "graph/stored.h"

const char *graph_status_text(graph_status s) {
    static const char *const texts[GRAPH_N_STATUS] = {"fine", "out of memory", "cancelled", "too many nodes or edges",
                                                      "the input has errors"};
    return s < GRAPH_N_STATUS ? texts[s] : "";
}

uint32_t graph_depth(const graph *g, graph_node n) {
    uint32_t depth = 0;
    for (; g->nodes[n].parent; n = g->nodes[n].parent)
        depth++;
    return depth;
}

void graph_put_namespace(const graph *g, graph_node n, struct buf *out) {
    graph_node layer = graph_is_layer(g, n) ? n : g->nodes[n].parent;
    /* from the inside out to know the length, then filled from its end */
    size_t length = 0;
    for (graph_node l = layer; l; l = g->nodes[l].parent)
        length += graph_label(g, l).n + (g->nodes[l].parent != 0);
    if (length == 0)
        return;
    char *at = buf_reserve(out, length);
    if (!at)
        return;
    size_t end = length;
    for (graph_node l = layer; l; l = g->nodes[l].parent) {
        str label = graph_label(g, l);
        end -= label.n;
        if (label.n)
            memcpy(at + end, label.p, label.n);
        if (end)
            at[--end] = '/';
    }
    buf_commit(out, length);
}

graph_node graph_node_of_op(const graph *g, ir_op op) {
    return g->node_of_op && op < g->module->n_ops ? g->node_of_op[op] : 0;
}

graph_node graph_layer_of_op(const graph *g, ir_op op) {
    uint32_t low = 0, high = g->layer_of_op && op ? g->n_layer_of_op : 0;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (g->layer_of_op[2 * mid] == op)
            return g->layer_of_op[2 * mid + 1];
        if (g->layer_of_op[2 * mid] < op)
            low = mid + 1;
        else
            high = mid;
    }
    return 0;
}

graph_node graph_node_of_value(const graph *g, ir_value v) {
    const ir_module *m = g->module;
    if (!m || v == 0 || v >= m->n_values)
        return 0;
    if (!ir_is_block_arg(m, v))
        return g->node_of_op[m->values[v].owner];
    graph_node first = g->block_args[m->values[v].owner];
    return first ? first + ir_value_index(m, v) : 0;
}

ir_op graph_op(const graph *g, graph_node n) {
    const graph_node_data *d = &g->nodes[n];
    return g->module && d->kind != GRAPH_ARGUMENT ? d->ref : 0;
}

ir_value graph_value(const graph *g, graph_node n, uint32_t out) {
    const graph_node_data *d = &g->nodes[n];
    if (!g->module || d->kind == GRAPH_LAYER)
        return 0;
    if (d->kind == GRAPH_ARGUMENT)
        return out == 0 ? d->ref : 0;
    const ir_op_data *op = &g->module->ops[d->ref];
    return out < op->n_results ? op->results + out : 0;
}

uint32_t graph_n_results(const graph *g, graph_node n) {
    const graph_node_data *d = &g->nodes[n];
    if (d->kind == GRAPH_LAYER)
        return 0;
    if (g->module)
        return d->kind == GRAPH_ARGUMENT ? 1 : g->module->ops[d->ref].n_results;
    uint32_t count, most = 0;
    const uint32_t *edges = graph_out(g, n, &count);
    for (uint32_t i = 0; i < count; i++)
        if (g->edges[edges[i]].out >= most)
            most = g->edges[edges[i]].out + 1;
    return most;
}

uint32_t graph_next_result(const graph *g, graph_node n, uint32_t i) {
    if (g->module)
        return i;
    uint32_t count, next = GRAPH_NONE;
    const uint32_t *edges = graph_out(g, n, &count);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t out = g->edges[edges[k]].out;
        next = out >= i && out < next ? out : next;
    }
    return next;
}

ir_type graph_edge_type(const graph *g, const graph_edge *e) {
    ir_value v = graph_value(g, e->source, e->out);
    return v ? ir_value_type(g->module, v) : 0;
}

/* ---- names of operands and results ----------------------------------------------------------------------- */

/* Group i of the sizes an op carries; false when it carries none or too few. */
static bool segment(const ir_module *m, ir_op op, str key, uint32_t i, uint32_t *size) {
    ir_attr sizes = ir_op_attr(m, op, key);
    if (!sizes || ir_kind_of(m->ctx, sizes) != IR_ATTR_DENSE_ARRAY)
        return false;
    str data = ir_data(m->ctx, sizes);
    int32_t value;
    if (data.n / sizeof value <= i)
        return false;
    memcpy(&value, data.p + i * sizeof value, sizeof value);
    *size = value < 0 ? 0 : (uint32_t)value;
    return true;
}

/* The name of value number `at` of `n`, which belong to `groups` groups of the table. */
static str group_name(const ir_module *m, ir_op op, const op_def *d, bool results, uint32_t at, uint32_t *number) {
    uint32_t groups = results ? d->n_results : d->n_operands;
    uint32_t n = results ? m->ops[op].n_results : m->ops[op].n_operands;
    uint32_t variadic = 0, begin = 0;
    *number = GRAPH_NONE;
    for (uint32_t i = 0; i < groups; i++)
        variadic += (results ? op_result(d, i) : op_operand(d, i))->arity != ARITY_ONE;
    for (uint32_t i = 0; i < groups; i++) {
        const value_def *v = results ? op_result(d, i) : op_operand(d, i);
        uint32_t size = 1;
        bool carried = segment(m, op, results ? STR("resultSegmentSizes") : STR("operandSegmentSizes"), i, &size);
        if (!carried && v->arity != ARITY_ONE) {
            uint32_t fixed = groups - variadic;
            size = n < fixed ? 0 : (n - fixed) / variadic;
        }
        if (at - begin < size) {
            if (v->arity == ARITY_VARIADIC || v->arity == ARITY_VARIADIC_OF_VARIADIC)
                *number = at - begin;
            return dialect_text(v->name);
        }
        begin += size;
    }
    return (str){"", 0};
}

static str value_name(const graph *g, graph_node n, bool results, uint32_t at, uint32_t *number) {
    const graph_node_data *d = &g->nodes[n];
    *number = GRAPH_NONE;
    if (!g->module || d->kind == GRAPH_LAYER || d->kind == GRAPH_ARGUMENT)
        return (str){"", 0};
    const op_def *def = dialect_def_of(g->module, d->ref);
    return def ? group_name(g->module, d->ref, def, results, at, number) : (str){"", 0};
}

void graph_put_short_type(const graph *g, ir_type t, struct buf *out) {
    const ir_context *c = g->module->ctx;
    if (ir_kind_of(c, t) == IR_TYPE_TENSOR) {
        for (int i = 0; i < ir_rank(c, t); i++) {
            int64_t dim = ir_dim(c, t, i);
            if (dim == IR_DYNAMIC)
                buf_putc(out, '?');
            else
                buf_put_i64(out, dim);
            buf_putc(out, 'x');
        }
        t = ir_element_type(c, t);
    }
    graph_put_node(c, t, out);
}

str graph_operand_name(const graph *g, graph_node n, uint32_t operand, uint32_t *number) {
    return value_name(g, n, false, operand, number);
}

str graph_result_name(const graph *g, graph_node n, uint32_t result, uint32_t *number) {
    return value_name(g, n, true, result, number);
}

const graph_link *graph_links_of(const graph *g, graph_node caller, uint32_t *count) {
    uint32_t low = 0, high = g->n_links;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (g->links[mid].caller < caller)
            low = mid + 1;
        else
            high = mid;
    }
    uint32_t end = low;
    while (end < g->n_links && g->links[end].caller == caller)
        end++;
    *count = end - low;
    return *count ? g->links + low : NULL;
}
