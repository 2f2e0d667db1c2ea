/* Ids of nodes, and the table that finds them.
 *
 * The table holds node numbers at the places of their ids' hashes; the ids themselves are made when needed. Two nodes
 * that would have the same id are told apart by their ordinals, counted in node order.
 */
#include <string.h>

#include "graph/graph_inner.h"
#include "graph/stored.h"

ir_op graph_function_of(const ir_module *m, ir_op op) {
    while (op && !graph_is_function_op(dialect_def_of(m, op)))
        op = op == m->root ? 0 : ir_parent_op(m, op);
    return op;
}

str graph_symbol(const ir_module *m, ir_op op) {
    ir_attr name = ir_op_attr(m, op, STR("sym_name"));
    return name && ir_kind_of(m->ctx, name) == IR_ATTR_STRING ? ir_str_of(m->ctx, name) : (str){"", 0};
}

str graph_module_name(const ir_module *m, ir_op op) {
    if (str_eq(ir_op_name_str(m, ir_parent_op(m, op)), STR("ttcore.device_module")))
        return (str){"", 0};
    return graph_symbol(m, op);
}

/* "module::function/", the modules that have a name only; nothing outside functions. */
static void put_function(const ir_module *m, ir_op op, struct buf *out) {
    ir_op f = graph_function_of(m, op), around[16];
    if (!f)
        return;
    uint32_t n = 0;
    for (ir_op up = ir_parent_op(m, f); up && up != m->root && n < 16; up = ir_parent_op(m, up))
        around[n++] = up;
    while (n-- > 0) {
        str name = graph_module_name(m, around[n]);
        if (name.n) {
            buf_put_str(out, name);
            buf_lit(out, "::");
        }
    }
    buf_put_str(out, graph_symbol(m, f));
    buf_putc(out, '/');
}

static void put_op_basis(const graph *g, ir_op op, struct buf *out) {
    const ir_module *m = g->module;
    put_function(m, op, out);
    buf_put_str(out, ir_op_name_str(m, op));
    str name = graph_loc_name(m->ctx, m->ops[op].loc);
    if (name.n) {
        buf_putc(out, '@');
        buf_put_str(out, name);
    }
}

/* The ordinal is written when it is not 0, and whenever the basis has a '#' itself: so no two ids are the same text. */
static void put_ordinal(const graph *g, graph_node n, size_t from, struct buf *out) {
    uint32_t ordinal = g->nodes[n].ordinal;
    bool marked = memchr(out->p + from, '#', out->n - from) != NULL;
    if (out->failed || (ordinal == 0 && !marked))
        return;
    buf_putc(out, '#');
    buf_put_u64(out, ordinal);
}

static void put_argument_basis(const graph *g, graph_node n, struct buf *out) {
    const ir_module *m = g->module;
    ir_value v = g->nodes[n].ref;
    ir_block block = m->values[v].owner;
    ir_region region = m->blocks[block].region;
    ir_op op = m->regions[region].op;
    if (graph_is_function_op(dialect_def_of(m, op)) && m->regions[region].first == block) {
        put_function(m, op, out);
    } else {
        uint32_t number = 0;
        for (ir_block b = m->blocks[block].prev; b; b = m->blocks[b].prev)
            number++;
        for (uint32_t i = 0; i < m->ops[op].n_regions && ir_op_region(m, op, i) != region; i++)
            for (ir_block b = m->regions[ir_op_region(m, op, i)].first; b; b = m->blocks[b].next)
                number++;
        graph_node owner = g->node_of_op[op];
        if (owner)
            graph_put_id(g, owner, out);
        else
            put_op_basis(g, op, out);
        buf_lit(out, "/b");
        buf_put_u64(out, number);
        buf_putc(out, '.');
    }
    buf_lit(out, "arg");
    buf_put_u64(out, ir_value_index(m, v));
}

void graph_put_id_basis(const graph *g, graph_node n, struct buf *out) {
    const graph_node_data *d = &g->nodes[n];
    if (d->kind == GRAPH_LAYER) {
        buf_lit(out, "layer:");
        graph_put_namespace(g, n, out);
    } else if (d->kind == GRAPH_ARGUMENT) {
        put_argument_basis(g, n, out);
    } else {
        put_op_basis(g, d->ref, out);
    }
}

void graph_put_id(const graph *g, graph_node n, struct buf *out) {
    const graph_node_data *d = &g->nodes[n];
    if (g->stored) {
        if (d->kind == GRAPH_LAYER) {
            buf_lit(out, "layer:");
            graph_put_namespace(g, n, out);
        } else {
            buf_put_str(out, g->stored->rows[d->ref - 1].id);
        }
        return;
    }
    size_t from = out->n;
    graph_put_id_basis(g, n, out);
    if (!out->failed)
        put_ordinal(g, n, from, out);
}

bool graph_put_adapter_id(const graph *g, graph_node n, struct buf *out) {
    const graph_node_data *d = &g->nodes[n];
    if (g->stored) {
        if (d->kind == GRAPH_LAYER)
            return false;
        buf_put_str(out, g->stored->rows[d->ref - 1].id);
        return true;
    }
    if (!(d->flags & GRAPH_ADAPTER))
        return false;
    if (d->kind == GRAPH_ARGUMENT) {
        buf_lit(out, "input_");
    } else {
        const ir_context *c = g->module->ctx;
        graph_put_loc(c, graph_loc_full(c, g->module->ops[d->ref].loc), out);
        buf_lit(out, "__");
    }
    buf_put_u64(out, d->adapter);
    return true;
}

/* ---- the table ------------------------------------------------------------------------------------------- */

static bool index_alloc(graph *g) {
    g->index_bits = 4;
    while (((uint64_t)1 << g->index_bits) < (uint64_t)g->n_nodes * 3 / 2 && g->index_bits < 31)
        g->index_bits++;
    g->index = mem_alloc_zero(g->mem, ((size_t)1 << g->index_bits) * sizeof *g->index);
    return g->index != NULL;
}

static void index_put(graph *g, uint64_t hash, graph_node n) {
    size_t mask = ((size_t)1 << g->index_bits) - 1, at = (size_t)hash & mask;
    while (g->index[at])
        at = (at + 1) & mask;
    g->index[at] = n;
}

/* The node whose id has this hash; 0 when there is none. */
static graph_node index_hashed(const graph *g, uint64_t hash, const uint64_t *hashes) {
    size_t mask = ((size_t)1 << g->index_bits) - 1, at = (size_t)hash & mask;
    while (g->index[at] && hashes[g->index[at]] != hash)
        at = (at + 1) & mask;
    return g->index[at];
}

bool graph_index_build(graph *g) {
    struct buf id;
    uint64_t *hashes = mem_alloc_zero(g->mem, g->n_nodes * sizeof *hashes);
    uint32_t *more = mem_alloc_zero(g->mem, g->n_nodes * sizeof *more); /* by node of ordinal 0: how many follow it */
    buf_init(&id, g->mem);
    bool ok = index_alloc(g) && hashes && more;
    for (graph_node n = 1; ok && n < g->n_nodes; n++) {
        buf_clear(&id);
        graph_put_id_basis(g, n, &id);
        size_t basis = id.n;
        if (!id.failed)
            put_ordinal(g, n, 0, &id); /* 0 so far */
        if (id.failed) {
            ok = false;
            break;
        }
        hashes[n] = str_hash(buf_str(&id));
        graph_node first = index_hashed(g, hashes[n], hashes);
        if (first) {
            g->nodes[n].ordinal = ++more[first];
            id.n = basis;
            put_ordinal(g, n, 0, &id);
            hashes[n] = str_hash(buf_str(&id));
        }
        ok = !id.failed;
        index_put(g, hashes[n], n);
    }
    mem_free(g->mem, hashes, g->n_nodes * sizeof *hashes);
    mem_free(g->mem, more, g->n_nodes * sizeof *more);
    buf_free(&id);
    return ok;
}

/* The node in the table with this id. */
static graph_node index_find(const graph *g, str id, struct buf *scratch) {
    size_t mask = ((size_t)1 << g->index_bits) - 1, at = (size_t)str_hash(id) & mask;
    for (; g->index[at]; at = (at + 1) & mask) {
        graph_node n = g->index[at];
        if (g->stored && !graph_is_layer(g, n)) {
            if (str_eq(g->stored->rows[g->nodes[n].ref - 1].id, id))
                return n;
            continue;
        }
        buf_clear(scratch);
        graph_put_id(g, n, scratch);
        if (str_eq(buf_str(scratch), id))
            return n;
    }
    return 0;
}

graph_status graph_index_stored(graph *g, graph_node *repeated) {
    struct buf id;
    buf_init(&id, g->mem);
    graph_status status = index_alloc(g) ? GRAPH_OK : GRAPH_NO_MEMORY;
    struct buf scratch;
    buf_init(&scratch, g->mem);
    /* nodes first: a node may have an id that looks like a layer's, and then it is the node that is meant */
    for (unsigned layers = 0; layers < 2; layers++)
        for (graph_node n = 1; status == GRAPH_OK && n < g->n_nodes; n++) {
            if (graph_is_layer(g, n) != (layers == 1))
                continue;
            buf_clear(&id);
            graph_put_id(g, n, &id);
            graph_node other = index_find(g, buf_str(&id), &scratch);
            if (id.failed || scratch.failed) {
                status = GRAPH_NO_MEMORY;
            } else if (!other) {
                index_put(g, str_hash(buf_str(&id)), n);
            } else if (layers == 0) {
                if (repeated)
                    *repeated = n;
                status = GRAPH_BAD_INPUT;
            }
        }
    buf_free(&id);
    buf_free(&scratch);
    return status;
}

graph_node graph_find(const graph *g, str id) {
    struct mem scratch_mem = {0}; /* the graph's own belongs to one thread */
    struct buf scratch;
    buf_init(&scratch, &scratch_mem);
    graph_node n = index_find(g, id, &scratch);
    buf_free(&scratch);
    return n;
}

graph_node graph_find_layer(const graph *g, str path) {
    struct mem scratch_mem = {0};
    struct buf id;
    buf_init(&id, &scratch_mem);
    buf_lit(&id, "layer:");
    buf_put_str(&id, path);
    graph_node n = id.failed ? 0 : graph_find(g, buf_str(&id));
    if (!n && !g->stored) { /* a path with a '#' in it */
        buf_lit(&id, "#0");
        n = id.failed ? 0 : graph_find(g, buf_str(&id));
    }
    buf_free(&id);
    return n && graph_is_layer(g, n) ? n : 0;
}
