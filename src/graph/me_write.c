/* Parts of Model Explorer JSON. */
#include "graph/me_write.h"

#include "text/text.h"

enum { PIECES_MAX = 64 << 20 }; /* bytes kept; beyond that everything is forgotten and begun anew */

void me_writer_start(me_writer *w, const graph *g, const me_write_options *o, struct mem *mem, struct buf *out) {
    *w = (me_writer){.g = g, .o = o, .mem = mem, .out = out};
    graph_attrs_init(&w->a, g, mem);
    if (o->max_elements)
        w->a.max_elements = o->max_elements;
    buf_init(&w->text, mem);
    buf_init(&w->pieces_text, mem);
    vec_init(&w->pieces, mem);
    for (int i = 0; i < 4; i++)
        map_u64_init(&w->named[i], mem);
    w->cached = !o->edit || o->edit == graph_edit_adapter;
}

void me_writer_end(me_writer *w) {
    graph_attrs_free(&w->a);
    buf_free(&w->text);
    buf_free(&w->pieces_text);
    vec_free(&w->pieces);
    for (int i = 0; i < 4; i++)
        map_u64_free(&w->named[i]);
}

bool me_cancelled(const me_writer *w) {
    return w->o->cancel && atomic_load_explicit(w->o->cancel, memory_order_relaxed);
}

void me_put_item(struct buf *out, str key, str value) {
    buf_lit(out, ",{\"key\":");
    json_put_string(out, key);
    buf_lit(out, ",\"value\":");
    json_put_string(out, value);
    buf_putc(out, '}');
}

static void put_number(struct buf *out, const char *key, int64_t v) {
    buf_puts(out, key);
    buf_put_i64(out, v);
}

void me_put_edit(struct buf *out, const graph_edit *e) {
    switch (e->kind) {
    case GRAPH_EDIT_VALUE_LIST:
        buf_lit(out, "{\"input_type\":\"value_list\",\"options\":[");
        for (uint32_t i = 0; i < e->n_options; i++) {
            if (i)
                buf_putc(out, ',');
            json_put_string(out, e->options[i]);
        }
        buf_lit(out, "]}");
        return;
    case GRAPH_EDIT_INT_LIST: buf_lit(out, "{\"input_type\":\"int_list\""); break;
    case GRAPH_EDIT_GRID: buf_lit(out, "{\"input_type\":\"grid\",\"separator\":\"x\""); break;
    default: buf_lit(out, "null"); return;
    }
    put_number(out, ",\"min_value\":", e->min);
    if (e->max >= e->min)
        put_number(out, ",\"max_value\":", e->max);
    if (e->step)
        put_number(out, ",\"step\":", e->step);
    buf_putc(out, '}');
}

/* Ids of nodes as the page can click on them; of layers with the ending it gives them. */
static void put_node_ids(me_writer *w, str list, struct buf *out) {
    buf_lit(out, "{\"type\":\"node_ids\",\"nodeIds\":[");
    for (size_t i = 0; (i + 1) * sizeof(uint32_t) <= list.n; i++) {
        uint32_t n;
        memcpy(&n, list.p + i * sizeof n, sizeof n);
        buf_clear(&w->text);
        if (graph_is_layer(w->g, n)) {
            graph_put_namespace(w->g, n, &w->text);
            buf_lit(&w->text, "___group___");
        } else {
            graph_put_id(w->g, n, &w->text);
        }
        if (i)
            buf_putc(out, ',');
        json_put_string(out, buf_str(&w->text));
    }
    buf_lit(out, "]}");
}

static void put_attr(me_writer *w, graph_node n, const graph_attr *a, struct buf *out) {
    graph_edit edit;
    buf_lit(out, ",{\"key\":");
    json_put_string(out, a->key);
    buf_lit(out, ",\"value\":");
    if (a->flags & GRAPH_ATTR_NODE_IDS)
        put_node_ids(w, a->value, out);
    else if (a->flags & GRAPH_ATTR_RAW)
        buf_put_str(out, a->value);
    else
        json_put_string(out, a->value);
    if (a->flags & GRAPH_ATTR_MEMORY)
        buf_lit(out, ",\"display_type\":\"memory\"");
    if (a->flags & GRAPH_ATTR_OVERRIDE && w->o->edit && w->o->edit(w->o->edit_ctx, w->g, n, a->key, a->value, &edit)) {
        buf_lit(out, ",\"editable\":");
        me_put_edit(out, &edit);
    }
    if (a->extra.n) {
        buf_putc(out, ',');
        buf_put_str(out, a->extra);
    }
    buf_putc(out, '}');
}

void me_put_list(me_writer *w, graph_node n, struct buf *out) {
    for (size_t i = 0; i < w->a.list.n; i++)
        put_attr(w, n, &w->a.list.v[i], out);
}

void me_put_object(me_writer *w, struct buf *out) {
    buf_putc(out, '{');
    for (size_t i = 0; i < w->a.list.n; i++) {
        const graph_attr *a = &w->a.list.v[i];
        bool again = false; /* a later one of the same key wins, as in a dictionary */
        for (size_t j = i + 1; j < w->a.list.n && !again; j++)
            again = str_eq(w->a.list.v[j].key, a->key);
        if (again || a->flags & GRAPH_ATTR_NODE_IDS)
            continue;
        if (out->p[out->n - 1] != '{')
            buf_putc(out, ',');
        json_put_string(out, a->key);
        buf_putc(out, ':');
        if (a->flags & GRAPH_ATTR_RAW)
            buf_put_str(out, a->value);
        else
            json_put_string(out, a->value);
        if (out->failed)
            return;
    }
    buf_putc(out, '}');
}

void me_put_array(me_writer *w, struct buf *items) {
    buf_putc(w->out, '[');
    if (items->n)
        buf_write(w->out, items->p + 1, items->n - 1);
    buf_putc(w->out, ']');
}

/* ---- pieces ---------------------------------------------------------------------------------------------- */

/* The piece of this key; NULL when it is new, and *slot then is where its number goes. */
static const me_piece *known_piece(me_writer *w, me_piece_kind kind, uint64_t key, uint32_t **slot) {
    *slot = NULL;
    if (!w->cached)
        return NULL;
    if (w->pieces_text.n > PIECES_MAX) {
        buf_clear(&w->pieces_text);
        vec_clear(&w->pieces);
        for (int i = 0; i < 4; i++)
            map_u64_clear(&w->named[i]);
    }
    bool added;
    uint32_t *at = map_u64_put(&w->named[kind], key, 0, &added);
    if (at && !added) /* a piece that found no memory has a number but no text */
        return *at < w->pieces.n ? &w->pieces.v[*at] : NULL;
    *slot = at;
    return NULL;
}

/* Writes the list of w->a, and keeps the text when there is a slot for it. */
static void finish_piece(me_writer *w, graph_node n, uint32_t *slot) {
    if (!slot) {
        me_put_list(w, n, w->out);
        return;
    }
    size_t at = w->pieces_text.n;
    me_put_list(w, n, &w->pieces_text);
    *slot = (uint32_t)w->pieces.n;
    if (!vec_push(&w->pieces, (me_piece){at, w->pieces_text.n - at}) || w->pieces_text.failed)
        w->a.failed = true;
    else
        buf_put_str(w->out, str_from(buf_str(&w->pieces_text), at));
}

void me_put_type(me_writer *w, me_piece_kind kind, graph_node n, ir_type t) {
    uint32_t *slot;
    const me_piece *known = known_piece(w, kind, t, &slot);
    if (known) {
        buf_put_str(w->out, str_slice(buf_str(&w->pieces_text), known->at, known->at + known->n));
        return;
    }
    graph_attrs_reset(&w->a);
    if (kind == ME_PIECE_TENSOR)
        decode_tensor(&w->a, t);
    else
        decode_tensor_extra(&w->a, t);
    finish_piece(w, n, slot);
}

static void put_named(me_writer *w, me_piece_kind kind, graph_node n, ir_attr name, ir_attr value) {
    uint32_t *slot;
    const me_piece *known = known_piece(w, kind, (uint64_t)name << 32 | value, &slot);
    if (known) {
        buf_put_str(w->out, str_slice(buf_str(&w->pieces_text), known->at, known->at + known->n));
        return;
    }
    graph_attrs_reset(&w->a);
    str key = ir_str_of(w->g->module->ctx, name);
    if (kind == ME_PIECE_NAMED)
        decode_named(&w->a, key, value);
    else
        decode_inside(&w->a, key, value);
    finish_piece(w, n, slot);
}

void me_put_op_attrs(me_writer *w, me_piece_kind kind, graph_node n, ir_op op) {
    const ir_module *m = w->g->module;
    const ir_context *c = m->ctx;
    ir_attr p = m->ops[op].props, d = m->ops[op].attrs;
    uint32_t i = 0, j = 0, np = p && ir_kind_of(c, p) == IR_ATTR_DICT ? ir_count(c, p) : 0,
             nd = d && ir_kind_of(c, d) == IR_ATTR_DICT ? ir_count(c, d) : 0;
    while (i < np || j < nd) {
        bool second = i >= np || (j < nd && str_cmp(ir_str_of(c, ir_at(c, d, j)), ir_str_of(c, ir_at(c, p, i))) < 0);
        ir_attr dict = second ? d : p;
        uint32_t *at = second ? &j : &i;
        put_named(w, kind, n, ir_at(c, dict, *at), ir_at(c, dict, *at + 1));
        *at += 2;
    }
}

void me_put_location(me_writer *w, ir_loc l) {
    const ir_context *c = w->g->module->ctx;
    str name = graph_loc_name(c, l);
    if (name.n)
        me_put_item(w->out, STR("named_location"), name);
    buf_clear(&w->text);
    graph_put_loc(c, graph_loc_full(c, l), &w->text);
    me_put_item(w->out, STR("full_location"), buf_str(&w->text));
}

/* ---- the rest of a graph --------------------------------------------------------------------------------- */

static void put_raw_member(struct buf *out, const char *key, str json) {
    if (json.n == 0)
        return;
    buf_puts(out, key);
    buf_put_str(out, json);
}

void me_put_tail(me_writer *w) {
    const me_write_options *o = w->o;
    put_raw_member(w->out, ",\"tasksData\":", o->tasks_data);
    put_raw_member(w->out, ",\"overlays\":", o->overlays);
    put_raw_member(w->out, ",\"overrides\":", o->overrides);
    if (o->cpp_code.n || o->has_cpp_code) {
        buf_lit(w->out, ",\"cppCode\":");
        json_put_string(w->out, o->cpp_code);
    }
}
