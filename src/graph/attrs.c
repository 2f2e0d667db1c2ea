/* Attributes of nodes, in tt_adapter's order; see attrs.h. */
#include "graph/attrs.h"

#include <string.h>

#include "base/json.h"
#include "graph/decode.h"
#include "graph/graph_inner.h"
#include "graph/stored.h"

void graph_attrs_init(struct graph_attrs *a, const graph *g, struct mem *mem) {
    *a = (struct graph_attrs){.g = g, .mem = mem, .max_elements = 100, .schedule = GRAPH_NONE};
    arena_init(&a->arena, mem);
    vec_init(&a->list, mem);
    buf_init(&a->scratch, mem);
    arena_alloc(&a->arena, 1, 1); /* a chunk that stays */
    a->empty = arena_mark(&a->arena);
}

void graph_attrs_free(struct graph_attrs *a) {
    arena_free(&a->arena);
    vec_free(&a->list);
    buf_free(&a->scratch);
}

void graph_attrs_reset(struct graph_attrs *a) {
    vec_clear(&a->list);
    arena_reset(&a->arena, a->empty);
}

str graph_attrs_get(const struct graph_attrs *a, str key) {
    for (size_t i = 0; i < a->list.n; i++)
        if (str_eq(a->list.v[i].key, key))
            return a->list.v[i].value;
    return (str){NULL, 0};
}

static bool done(struct graph_attrs *a) {
    if (a->list.failed || a->scratch.failed)
        a->failed = true;
    return !a->failed;
}

/* ---- of a module's nodes --------------------------------------------------------------------------------- */

/* Calls f for the attributes of both dictionaries, sorted by name. */
static void each_attr(struct graph_attrs *a, ir_op op, void (*f)(struct graph_attrs *a, str name, ir_attr value)) {
    const ir_module *m = a->g->module;
    const ir_context *c = m->ctx;
    ir_attr dicts[2] = {m->ops[op].props, m->ops[op].attrs};
    uint32_t at[2] = {0, 0}, n[2];
    for (int k = 0; k < 2; k++)
        n[k] = dicts[k] && ir_kind_of(c, dicts[k]) == IR_ATTR_DICT ? ir_count(c, dicts[k]) : 0;
    while (at[0] < n[0] || at[1] < n[1]) {
        int k = at[0] < n[0] ? 0 : 1;
        if (k == 0 && at[1] < n[1] &&
            str_cmp(ir_str_of(c, ir_at(c, dicts[1], at[1])), ir_str_of(c, ir_at(c, dicts[0], at[0]))) < 0)
            k = 1;
        f(a, ir_str_of(c, ir_at(c, dicts[k], at[k])), ir_at(c, dicts[k], at[k] + 1));
        at[k] += 2;
    }
}

static void add_location(struct graph_attrs *a, ir_loc l) {
    const ir_context *c = a->g->module->ctx;
    str name = graph_loc_name(c, l);
    if (name.n)
        decode_add(a, STR("named_location"), name, 0);
    buf_clear(&a->scratch);
    graph_put_loc(c, graph_loc_full(c, l), &a->scratch);
    str full = arena_str(&a->arena, buf_str(&a->scratch));
    if (!full.p)
        a->failed = true;
    else
        decode_add(a, STR("full_location"), full, 0);
    if (graph_loc_full(c, l) == (l ? l : c->l_unknown))
        return;
    buf_clear(&a->scratch);
    graph_put_loc(c, l, &a->scratch);
    decode_add(a, STR("location"), arena_str(&a->arena, buf_str(&a->scratch)), GRAPH_ATTR_EXTRA);
}

/* The layers of the functions an op calls. */
static void add_calls(struct graph_attrs *a, graph_node n) {
    uint32_t count;
    const graph_link *links = graph_links_of(a->g, n, &count);
    if (!count)
        return;
    uint32_t *ids = arena_alloc(&a->arena, count * sizeof *ids, alignof(uint32_t));
    if (!ids) {
        a->failed = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        ids[i] = links[i].layer;
    decode_add(a, STR("calls"), str_of((const char *)ids, count * sizeof *ids), GRAPH_ATTR_EXTRA | GRAPH_ATTR_NODE_IDS);
}

static void op_attrs(struct graph_attrs *a, graph_node n) {
    const ir_module *m = a->g->module;
    ir_op op = a->g->nodes[n].ref;
    const ir_op_data *d = &m->ops[op];
    each_attr(a, op, decode_named);
    add_location(a, d->loc);
    if (d->n_results)
        decode_tensor(a, m->values[d->results].type);
    decode_addf(a, STR("schedule"), 0, "%u", a->schedule == GRAPH_NONE ? a->g->nodes[n].order : a->schedule);
    /* what tt_adapter leaves out */
    each_attr(a, op, decode_inside);
    if (d->n_results)
        decode_tensor_extra(a, m->values[d->results].type);
    if (d->flags & IR_OP_OPAQUE && d->props && ir_kind_of(m->ctx, d->props) == IR_STRING)
        decode_add(a, STR("text"), ir_str_of(m->ctx, d->props), GRAPH_ATTR_EXTRA);
    add_calls(a, n);
}

static void argument_attrs(struct graph_attrs *a, graph_node n) {
    const ir_module *m = a->g->module;
    ir_value v = a->g->nodes[n].ref;
    ir_attr dict = dialect_argument_attrs(m, v);
    for (uint32_t i = 0; dict && i < ir_count(m->ctx, dict); i += 2)
        decode_named(a, ir_str_of(m->ctx, ir_at(m->ctx, dict, i)), ir_at(m->ctx, dict, i + 1));
    decode_addf(a, STR("index"), 0, "%u", ir_value_index(m, v));
    if (m->values[v].loc)
        add_location(a, m->values[v].loc);
    decode_tensor(a, m->values[v].type);
    if (ir_kind_of(m->ctx, m->values[v].type) != IR_TYPE_TENSOR) {
        uint32_t flags = 0;
        str text = decode_text(a, m->values[v].type, &flags);
        decode_add(a, STR("type"), text, flags);
    }
    decode_tensor_extra(a, m->values[v].type);
    for (size_t i = 0; i < a->list.n; i++) /* tt_adapter gives arguments none at all */
        a->list.v[i].flags |= GRAPH_ATTR_EXTRA;
}

static void layer_attrs(struct graph_attrs *a, graph_node n) {
    const ir_module *m = a->g->module;
    const graph_node_data *d = &a->g->nodes[n];
    ir_op op = n == 0 ? m->root : d->ref;
    if (!op)
        return;
    each_attr(a, op, decode_named);
    add_location(a, m->ops[op].loc);
    each_attr(a, op, decode_inside);
}

/* ---- of a graph from JSON -------------------------------------------------------------------------------- */

/* One {"key":...,"value":...,...} behind its '{'. False when the text is not that; readers have checked it. */
static bool stored_item(struct graph_attrs *a, struct json_reader *r) {
    graph_attr item = {.key = {"", 0}, .value = {"", 0}};
    size_t begin = 0, end = 0; /* of the further members */
    struct buf *b = &a->scratch;
    buf_clear(b);
    for (;;) {
        enum json_kind kind = json_next(r);
        if (kind == JSON_OBJECT_END)
            break;
        if (kind != JSON_KEY)
            return false;
        begin = json_at(r) - 1; /* its quote too */
        bool is_key = json_key_is(r, STR("key")), is_value = json_key_is(r, STR("value"));
        bool is_display = json_key_is(r, STR("display_type"));
        kind = json_next(r);
        size_t at = json_at(r);
        if (is_key && kind == JSON_STRING) {
            item.key = json_unescape(r, &a->arena);
        } else if (is_value && kind == JSON_STRING) {
            item.value = json_unescape(r, &a->arena);
        } else if (is_display && kind == JSON_STRING && str_eq(r->text, STR("memory"))) {
            item.flags |= GRAPH_ATTR_MEMORY;
        } else {
            if (!json_skip(r, kind))
                return false;
            end = (size_t)(r->p - r->begin);
            if (is_value) {
                item.value = str_of(r->begin + at, end - at);
                item.flags |= GRAPH_ATTR_RAW;
            } else {
                if (b->n)
                    buf_putc(b, ',');
                buf_write(b, r->begin + begin, end - begin);
            }
        }
        if (!item.key.p || !item.value.p) {
            a->failed = true;
            return true;
        }
    }
    if (b->n)
        item.extra = arena_str(&a->arena, buf_str(b));
    if (!vec_push(&a->list, item))
        a->failed = true;
    return true;
}

static void stored_list(struct graph_attrs *a, str json) {
    struct json_reader r;
    if (json.n == 0)
        return;
    json_reader_init(&r, json);
    enum json_kind kind = json_next(&r);
    while (kind == JSON_ARRAY_BEGIN && (kind = json_next(&r)) == JSON_OBJECT_BEGIN) {
        if (!stored_item(a, &r))
            return;
        kind = JSON_ARRAY_BEGIN;
    }
}

/* An object {"key":"value",...}. */
static void stored_object(struct graph_attrs *a, str json) {
    struct json_reader r;
    if (json.n == 0)
        return;
    json_reader_init(&r, json);
    if (json_next(&r) != JSON_OBJECT_BEGIN)
        return;
    while (json_next(&r) == JSON_KEY) {
        str key = json_unescape(&r, &a->arena), value;
        enum json_kind kind = json_next(&r);
        uint32_t flags = 0;
        size_t at = json_at(&r);
        if (kind == JSON_STRING) {
            value = json_unescape(&r, &a->arena);
        } else if (json_skip(&r, kind)) {
            value = str_of(r.begin + at, (size_t)(r.p - r.begin) - at);
            flags = GRAPH_ATTR_RAW;
        } else {
            return;
        }
        decode_add(a, key, value, flags);
    }
}

/* The attributes of the item with this id in inputsMetadata or outputsMetadata. */
static void stored_metadata(struct graph_attrs *a, str json, str id) {
    struct json_reader r;
    if (json.n == 0)
        return;
    json_reader_init(&r, json);
    if (json_next(&r) != JSON_ARRAY_BEGIN)
        return;
    while (json_next(&r) == JSON_OBJECT_BEGIN) {
        bool mine = false;
        str attrs = {"", 0};
        while (json_next(&r) == JSON_KEY) {
            bool is_id = json_key_is(&r, STR("id")), is_attrs = json_key_is(&r, STR("attrs"));
            enum json_kind kind = json_next(&r);
            size_t at = json_at(&r);
            if (is_id && kind == JSON_STRING)
                mine = str_eq(json_unescape(&r, &a->arena), id);
            else if (!json_skip(&r, kind))
                return;
            else if (is_attrs)
                attrs = str_of(r.begin + at, (size_t)(r.p - r.begin) - at);
        }
        if (mine) {
            stored_list(a, attrs);
            return;
        }
    }
}

/* ---- the public ones ------------------------------------------------------------------------------------- */

bool graph_attrs_node(struct graph_attrs *a, graph_node n) {
    const graph *g = a->g;
    graph_attrs_reset(a);
    if (g->stored) {
        if (!graph_is_layer(g, n)) {
            stored_list(a, g->stored->rows[g->nodes[n].ref - 1].attrs);
        } else {
            for (uint32_t i = 0; i < g->stored->n_layers; i++)
                if (g->stored->layers[i].layer == n)
                    stored_object(a, g->stored->layers[i].attrs);
        }
    } else if (g->nodes[n].kind == GRAPH_LAYER) {
        layer_attrs(a, n);
    } else if (g->nodes[n].kind == GRAPH_ARGUMENT) {
        argument_attrs(a, n);
    } else {
        op_attrs(a, n);
    }
    return done(a);
}

bool graph_attrs_type(struct graph_attrs *a, ir_type t) {
    graph_attrs_reset(a);
    decode_tensor(a, t);
    decode_tensor_extra(a, t);
    return done(a);
}

static str number_text(struct graph_attrs *a, uint32_t number) {
    str s = arena_printf(&a->arena, "%u", number);
    if (!s.p) {
        a->failed = true;
        s = (str){"", 0};
    }
    return s;
}

/* "name", or "name[2]" in a group. */
static str port_name(struct graph_attrs *a, str name, uint32_t number) {
    if (name.n == 0 || number == GRAPH_NONE)
        return name;
    str s = arena_printf(&a->arena, "%.*s[%u]", STR_ARG(name), number);
    a->failed |= !s.p;
    return s;
}

/* "tensor<2x3xf32>": without the encoding. */
static void add_tensor_shape(struct graph_attrs *a, ir_type t) {
    const ir_context *c = a->g->module->ctx;
    struct buf *b = &a->scratch;
    buf_clear(b);
    buf_lit(b, "tensor<");
    for (int i = 0; i < ir_rank(c, t); i++) {
        int64_t dim = ir_dim(c, t, i);
        if (dim == IR_DYNAMIC)
            buf_putc(b, '?');
        else
            buf_put_i64(b, dim);
        buf_putc(b, 'x');
    }
    graph_put_node(c, ir_element_type(c, t), b);
    buf_putc(b, '>');
    decode_add(a, STR("tensor_shape"), arena_str(&a->arena, buf_str(b)), GRAPH_ATTR_EXTRA);
}

static void value_attrs(struct graph_attrs *a, ir_value v) {
    const ir_module *m = a->g->module;
    ir_type t = ir_value_type(m, v);
    if (ir_kind_of(m->ctx, t) == IR_TYPE_TENSOR) {
        add_tensor_shape(a, t);
    } else {
        uint32_t flags = 0;
        str text = decode_text(a, t, &flags);
        decode_add(a, STR("type"), text, flags | GRAPH_ATTR_EXTRA);
    }
    decode_tensor(a, t);
    decode_tensor_extra(a, t);
}

bool graph_attrs_output(struct graph_attrs *a, graph_node n, uint32_t result, graph_node reader) {
    const graph *g = a->g;
    graph_attrs_reset(a);
    if (g->stored) {
        if (!graph_is_layer(g, n))
            stored_metadata(a, g->stored->rows[g->nodes[n].ref - 1].outputs, number_text(a, result));
        return done(a);
    }
    ir_value v = graph_value(g, n, result);
    if (reader != GRAPH_NONE)
        decode_add(a, STR("__tensor_tag"), graph_label(g, reader), 0);
    if (v)
        value_attrs(a, v);
    return done(a);
}

bool graph_attrs_input(struct graph_attrs *a, graph_node n, uint32_t i) {
    const graph *g = a->g;
    graph_attrs_reset(a);
    uint32_t count, number;
    const graph_edge *edges = graph_in(g, n, &count);
    if (i >= count)
        return done(a);
    if (g->stored) {
        stored_metadata(a, g->stored->rows[g->nodes[n].ref - 1].inputs, number_text(a, edges[i].in));
        return done(a);
    }
    str name = graph_operand_name(g, n, edges[i].in, &number);
    if (name.n)
        decode_add(a, STR("name"), port_name(a, name, number), GRAPH_ATTR_EXTRA);
    ir_value v = graph_value(g, edges[i].source, edges[i].out);
    if (v)
        value_attrs(a, v);
    return done(a);
}
