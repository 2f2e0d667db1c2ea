/* Graph JSON as tt_adapter makes it.
 *
 * Its edges are numbered as they are added, block by block when each block ends: the output number of an edge counts
 * the edges from its source so far, and each has an item of output metadata of its own, tagged with the reader's label.
 * So the edges are numbered in a first pass, and nodes written in a second one in the order the adapter makes them.
 */
#include "graph/graph_inner.h"
#include "graph/me_write.h"

typedef struct region_space {
    ir_op op;
    size_t n; /* length of the namespace of what is inside */
} region_space;

typedef struct adapter_writer {
    me_writer *w;
    const graph *g;
    const ir_module *m;
    adapter_view view;
    uint32_t *number;    /* by edge: its output number; GRAPH_NONE: the adapter has none */
    uint32_t *by_number; /* at out_edges' place of the source + output number: the edge */
    uint32_t *n_outputs; /* by node */
    struct buf space;    /* namespace by functions and regions */
    VEC(region_space) spaces;
    struct buf name;        /* namespace of one node */
    struct map_str regions; /* op name -> regions so far */
    size_t next_arg;
    uint32_t schedule;
    bool first;
} adapter_writer;

/* ---- first pass ------------------------------------------------------------------------------------------ */

static void number_edges(adapter_writer *s, ir_block block) {
    const graph *g = s->g;
    for (ir_op op = s->m->blocks[block].first; op; op = s->m->ops[op].next) {
        graph_node n = g->node_of_op[op];
        if (!n || str_eq(ir_op_name_str(s->m, op), STR("ttcore.load_cached")))
            continue;
        for (uint32_t e = g->nodes[n].in; e < g->nodes[n + 1].in; e++) {
            graph_node source = g->edges[e].source;
            s->number[e] = s->n_outputs[source]++;
            s->by_number[g->nodes[source].out + s->number[e]] = e;
        }
    }
}

static bool number_all_edges(adapter_writer *s) {
    adapter_walk walk;
    adapter_walk_start(&walk, s->m, &s->view);
    adapter_event e;
    while ((e = adapter_next(&walk)) == ADAPTER_OP || e == ADAPTER_BLOCK_END)
        if (e == ADAPTER_BLOCK_END)
            number_edges(s, walk.block);
    adapter_walk_free(&walk);
    return e == ADAPTER_END;
}

/* ---- namespaces ------------------------------------------------------------------------------------------ */

/* The namespace of what stands beside an op, from the functions and regions around it, is left in s->space. */
static void enter_scope(adapter_writer *s, ir_op around) {
    while (s->spaces.n && vec_last(&s->spaces).op != around)
        (void)vec_pop(&s->spaces);
    if (s->spaces.n) {
        s->space.n = vec_last(&s->spaces).n;
        return;
    }
    s->space.n = 0; /* a function */
    str name = graph_symbol(s->m, around);
    if (str_find(name, STR("const_eval")) < name.n) {
        buf_lit(&s->space, "const_eval/");
        buf_put_str(&s->space, name);
    }
    vec_push(&s->spaces, (region_space){around, s->space.n});
}

/* An op with regions opens a namespace of its own. */
static void open_region(adapter_writer *s, ir_op op) {
    uint32_t *count = map_str_put(&s->regions, ir_op_name_str(s->m, op), 0, NULL);
    if (s->space.n)
        buf_putc(&s->space, '/');
    buf_put_str(&s->space, ir_op_name_str(s->m, op));
    buf_putc(&s->space, '_');
    buf_put_u64(&s->space, count ? (*count)++ : 0);
    if (!count)
        s->w->a.failed = true;
    vec_push(&s->spaces, (region_space){op, s->space.n});
}

/* What the location gives: the names of the ops around, outermost first, joined by '/', also when the op has none. */
static void put_location_space(adapter_writer *s, ir_op op, struct buf *out) {
    const ir_module *m = s->m;
    ir_op chain[64];
    uint32_t n = 0;
    size_t from = out->n;
    if (str_eq(ir_op_name_str(m, op), STR("func.return")))
        return;
    for (ir_op up = op; up && n < 64; up = up == m->root ? 0 : ir_parent_op(m, up)) {
        if (up != op && str_eq(ir_op_name_str(m, up), STR("builtin.module")))
            break;
        chain[n++] = up;
    }
    while (n-- > 0) {
        if (out->n > from)
            buf_putc(out, '/');
        buf_put_str(out, graph_loc_name(m->ctx, m->ops[chain[n]].loc));
    }
}

/* ---- nodes ----------------------------------------------------------------------------------------------- */

static void begin_node(adapter_writer *s, graph_node n, str label) {
    me_writer *w = s->w;
    buf_puts(w->out, s->first ? "{\"id\":" : ",{\"id\":");
    s->first = false;
    buf_clear(&w->text);
    graph_put_adapter_id(s->g, n, &w->text);
    json_put_string(w->out, buf_str(&w->text));
    buf_lit(w->out, ",\"label\":");
    json_put_string(w->out, label);
    buf_lit(w->out, ",\"namespace\":");
    json_put_string(w->out, buf_str(&s->name));
    buf_lit(w->out, ",\"subgraphIds\":[],\"attrs\":[");
}

/* An adapter id also of nodes that are left out: edges from them are dropped by the page. */
static void put_source_id(adapter_writer *s, graph_node n) {
    me_writer *w = s->w;
    const ir_module *m = s->m;
    buf_clear(&w->text);
    if (!graph_put_adapter_id(s->g, n, &w->text)) {
        ir_op op = graph_op(s->g, n);
        graph_put_loc(m->ctx, graph_loc_full(m->ctx, op ? m->ops[op].loc : 0), &w->text);
        buf_lit(&w->text, "__");
        buf_put_u64(&w->text, s->g->nodes[n].adapter);
    }
    json_put_string(w->out, buf_str(&w->text));
}

static void put_edges(adapter_writer *s, graph_node n) {
    struct buf *out = s->w->out;
    bool first = true;
    buf_lit(out, "\"incomingEdges\":[");
    for (uint32_t e = s->g->nodes[n].in; e < s->g->nodes[n + 1].in; e++) {
        if (s->number[e] == GRAPH_NONE)
            continue;
        buf_puts(out, first ? "{\"sourceNodeId\":" : ",{\"sourceNodeId\":");
        first = false;
        put_source_id(s, s->g->edges[e].source);
        buf_lit(out, ",\"sourceNodeOutputId\":\"");
        buf_put_u64(out, s->number[e]);
        buf_lit(out, "\",\"targetNodeInputId\":\"");
        buf_put_u64(out, s->g->edges[e].in);
        buf_lit(out, "\"}");
    }
    buf_lit(out, "],\"inputsMetadata\":[],\"outputsMetadata\":[");
    for (uint32_t i = 0; i < s->n_outputs[n]; i++) {
        const graph_edge *e = &s->g->edges[s->by_number[s->g->nodes[n].out + i]];
        buf_puts(out, i ? ",{\"id\":\"" : "{\"id\":\"");
        buf_put_u64(out, i);
        buf_lit(out, "\",\"attrs\":[{\"key\":\"__tensor_tag\",\"value\":");
        json_put_string(out, graph_label(s->g, e->target));
        buf_putc(out, '}');
        me_put_type(s->w, ME_PIECE_TENSOR, n, graph_edge_type(s->g, e));
        buf_lit(out, "]}");
    }
    buf_putc(out, ']');
}

/* The attributes of an op behind '['; the comma before the first one is not written. */
static void put_attrs(adapter_writer *s, graph_node n, ir_op op) {
    me_writer *w = s->w;
    struct buf *real = w->out, *items = &s->name; /* the namespace is written already */
    buf_clear(items);
    w->out = items;
    me_put_op_attrs(w, ME_PIECE_NAMED, n, op);
    me_put_location(w, s->m->ops[op].loc);
    if (s->m->ops[op].n_results)
        me_put_type(w, ME_PIECE_TENSOR, n, s->m->values[s->m->ops[op].results].type);
    buf_lit(items, ",{\"key\":\"schedule\",\"value\":\"");
    buf_put_u64(items, s->schedule);
    buf_lit(items, "\"}");
    if (w->o->more_attrs && n) {
        graph_attrs_reset(&w->a);
        if (!w->o->more_attrs(w->o->more_ctx, &w->a, n))
            w->a.failed = true;
        me_put_list(w, n, items);
    }
    w->out = real;
    if (items->n)
        buf_write(real, items->p + 1, items->n - 1);
}

static void write_op(adapter_writer *s, ir_op op) {
    graph_node n = s->g->node_of_op[op];
    enter_scope(s, ir_parent_op(s->m, op));
    bool region = s->m->ops[op].n_regions != 0;
    if (region)
        open_region(s, op);
    if (n && !(s->view.flags[op] & ADAPTER_HIDDEN)) {
        buf_clear(&s->name);
        put_location_space(s, op, &s->name);
        size_t own = s->name.n;
        if (s->space.n) { /* in front of it */
            buf_clear(&s->w->text);
            buf_put_str(&s->w->text, buf_str(&s->space));
            if (own)
                buf_putc(&s->w->text, '/');
            buf_put_str(&s->w->text, buf_str(&s->name));
            buf_clear(&s->name);
            buf_put_str(&s->name, buf_str(&s->w->text));
        }
        begin_node(s, n, graph_label(s->g, n));
        put_attrs(s, n, op);
        buf_lit(s->w->out, "],");
        put_edges(s, n);
        buf_puts(s->w->out,
                 region ? ",\"config\":{\"pinToGroupTop\":true}}" : ",\"config\":{\"pinToGroupTop\":false}}");
    }
    s->schedule++;
}

static void write_arguments(adapter_writer *s, ir_block block) {
    enter_scope(s, s->m->regions[s->m->blocks[block].region].op);
    for (; s->next_arg < s->view.args.n && s->view.args.v[s->next_arg].where == block; s->next_arg++) {
        graph_node n = graph_node_of_value(s->g, s->view.args.v[s->next_arg].value);
        if (!n)
            continue;
        buf_clear(&s->name);
        buf_put_str(&s->name, buf_str(&s->space));
        buf_puts(&s->name, s->space.n ? "/Inputs" : "Inputs");
        begin_node(s, n, graph_label(s->g, n));
        buf_lit(s->w->out, "],");
        put_edges(s, n);
        buf_putc(s->w->out, '}');
    }
}

static graph_status write_nodes(adapter_writer *s) {
    me_writer *w = s->w;
    adapter_walk walk;
    adapter_event e = ADAPTER_END;
    uint32_t steps = 0;
    graph_status status = GRAPH_OK;
    adapter_walk_start(&walk, s->m, &s->view);
    s->first = true;
    s->schedule = 1; /* the module was 0 */
    while (status == GRAPH_OK && ((e = adapter_next(&walk)) == ADAPTER_OP || e == ADAPTER_BLOCK_END)) {
        if (e == ADAPTER_OP)
            write_op(s, walk.op);
        else
            write_arguments(s, walk.block);
        if (w->a.failed || w->out->failed || s->name.failed || s->space.failed || s->spaces.failed || w->text.failed)
            status = GRAPH_NO_MEMORY;
        else if ((++steps & 1023) == 0 && me_cancelled(w))
            status = GRAPH_CANCELLED;
    }
    adapter_walk_free(&walk);
    return e == ADAPTER_FAILED ? GRAPH_NO_MEMORY : status;
}

static void write_module_attrs(adapter_writer *s) {
    me_writer *w = s->w;
    w->a.schedule = 0;
    graph_attrs_node(&w->a, 0);
    size_t kept = 0;
    for (size_t i = 0; i < w->a.list.n; i++)
        if (!(w->a.list.v[i].flags & GRAPH_ATTR_EXTRA))
            w->a.list.v[kept++] = w->a.list.v[i];
    w->a.list.n = kept;
    decode_add(&w->a, STR("schedule"), STR("0"), 0);
    buf_lit(w->out, "],\"groupNodeAttributes\":{");
    json_put_string(w->out, graph_loc_name(s->m->ctx, s->m->ops[s->m->root].loc));
    buf_putc(w->out, ':');
    buf_clear(&s->name);
    me_put_object(w, &s->name);
    buf_put_str(w->out, buf_str(&s->name));
    buf_putc(w->out, '}');
}

graph_status me_write_adapter(me_writer *w) {
    const graph *g = w->g;
    adapter_writer s = {.w = w, .g = g, .m = g->module};
    bool viewed = adapter_view_make(&s.view, g->module, w->mem);
    s.number = mem_alloc(w->mem, g->n_edges * sizeof *s.number);
    s.by_number = mem_alloc(w->mem, g->n_edges * sizeof *s.by_number);
    s.n_outputs = mem_alloc_zero(w->mem, g->n_nodes * sizeof *s.n_outputs);
    buf_init(&s.space, w->mem);
    buf_init(&s.name, w->mem);
    vec_init(&s.spaces, w->mem);
    map_str_init(&s.regions, w->mem);
    graph_status status = GRAPH_NO_MEMORY;
    if (viewed && s.number && s.by_number && s.n_outputs) {
        for (uint32_t i = 0; i < g->n_edges; i++)
            s.number[i] = GRAPH_NONE;
        if (number_all_edges(&s)) {
            buf_lit(w->out, "{\"id\":");
            json_put_string(w->out, w->o->id.n ? w->o->id : g->id);
            buf_lit(w->out, ",\"nodes\":[");
            status = write_nodes(&s);
        }
    }
    if (status == GRAPH_OK) {
        write_module_attrs(&s);
        me_put_tail(w);
        buf_putc(w->out, '}');
        if (s.name.failed)
            status = GRAPH_NO_MEMORY;
    }
    adapter_view_free(&s.view);
    mem_free(w->mem, s.number, g->n_edges * sizeof *s.number);
    mem_free(w->mem, s.by_number, g->n_edges * sizeof *s.by_number);
    mem_free(w->mem, s.n_outputs, g->n_nodes * sizeof *s.n_outputs);
    buf_free(&s.space);
    buf_free(&s.name);
    vec_free(&s.spaces);
    map_str_free(&s.regions);
    return status;
}
