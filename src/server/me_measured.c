/* What an execution measured, on the graph that today's pages show: overlays and memory meters. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "exec/exec.h"
#include "graph/overlays.h"
#include "server/me_execute.h"
#include "target/device.h"
#include "target/layout.h"
#include "target/legal.h"

/* --- overlays ------------------------------------------------------------------------------------------------------ */

/* A member that is a finite number. */
static bool number_of(str object, str key, double *out) {
    str raw = json_member(object, key);
    struct json_reader r;
    json_reader_init(&r, raw.p ? raw : STR(""));
    if (json_next(&r) != JSON_NUMBER)
        return false;
    *out = json_get_double(&r);
    return isfinite(*out);
}

/* One op of the document. False when out of memory. */
static bool add_op(struct http_request *r, const graph *g, str op, struct buf *id, overlay *perf, overlay *accuracy) {
    double us, pcc;
    str own = http_json_str(r, json_member(op, STR("id")));
    graph_node node = own.p ? graph_find(g, own) : 0;
    buf_clear(id);
    if (!node || !graph_put_adapter_id(g, node, id))
        return !id->failed; /* the adapter does not show it */
    return (!number_of(op, STR("us"), &us) || overlay_add_number(perf, buf_str(id), us * 1000)) &&
           (!number_of(op, STR("pcc"), &pcc) || overlay_add_number(accuracy, buf_str(id), pcc - EXEC_GOOD_PCC));
}

bool me_measured_overlays(struct http_request *r, const struct me_done *d, const graph *g, str graph_id,
                          struct buf *out) {
    struct store_item item;
    struct store_error e;
    struct json_reader reader;
    struct mem mem = {0};
    struct buf id;
    overlay perf, accuracy;
    enum json_kind kind;
    if (!store_item_get(r->server->store, STORE_RUN, d->execution, r->arena, &item, &e))
        return e.status != STORE_MEMORY;
    str ops = json_member(item.body, STR("ops"));
    buf_init(&id, &mem);
    overlay_init(&perf, &mem);
    overlay_init(&accuracy, &mem);
    perf.name = STR("perf_data");
    accuracy.name = STR("accuracy_data");
    bool good = overlay_perf_colours(&perf) && overlay_accuracy_colours(&accuracy);
    json_reader_init(&reader, ops.p ? ops : STR("[]"));
    json_next(&reader);
    while (good && (kind = json_next(&reader)) == JSON_OBJECT_BEGIN) {
        const char *begin = reader.begin + json_at(&reader);
        good =
            json_skip(&reader, kind) && add_op(r, g, str_of(begin, (size_t)(reader.p - begin)), &id, &perf, &accuracy);
    }
    struct json_writer w = json_writer_to(out);
    const overlay *both[2];
    size_t n = 0;
    if (perf.values.n)
        both[n++] = &perf;
    if (accuracy.values.n)
        both[n++] = &accuracy;
    if (good && n)
        overlays_write_runs(both, n, graph_id, &w);
    overlay_free(&perf);
    overlay_free(&accuracy);
    buf_free(&id);
    return good && !out->failed;
}

/* --- memory meters ------------------------------------------------------------------------------------------------- */

static const str meter_keys[3] = {STR_INIT("dram_memory"), STR_INIT("l1_memory"), STR_INIT("l1_small_memory")};

/* From when to when each tensor takes memory: numbers of ops in the order of the text. */
struct lives {
    const ir_module *m;
    uint32_t *at;   /* by op: its number */
    uint32_t *end;  /* by op: the number of the last op in it */
    ir_value *root; /* by value: the value whose memory it is */
    uint32_t *last; /* by root: where it is last needed */
};

static void number_ops(struct lives *l) {
    uint32_t n = 0;
    for (ir_op op = l->m->root; op; op = ir_walk_next(l->m, l->m->root, op))
        l->at[op] = n++;
    for (ir_op op = l->m->root; op; op = ir_walk_next(l->m, l->m->root, op)) /* up through those around it */
        for (ir_op o = op; o && l->end[o] < l->at[op]; o = o == l->m->root ? 0 : ir_parent_op(l->m, o))
            l->end[o] = l->at[op];
}

/* Where a value is made: its op, or the op whose argument it is. */
static ir_op maker_of(const ir_module *m, ir_value v) {
    uint32_t owner = m->values[v].owner;
    return ir_is_block_arg(m, v) ? m->regions[m->blocks[owner].region].op : owner;
}

/* A user may stand deeper than the value's block: its number is within the op there all the same. What an argument of a
 * function holds is the caller's until somebody deallocates it. */
static void find_ends(struct lives *l, const legal_env *env) {
    const ir_module *m = l->m;
    for (ir_value v = 1; v < m->n_values; v++) {
        l->root[v] = v;
        if (m->values[v].owner)
            l->last[v] = l->at[maker_of(m, v)];
    }
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        const ir_op_data *d = &m->ops[op];
        for (uint32_t i = 0; i < d->n_operands; i++) {
            ir_value root = l->root[ir_operand(m, op, i)];
            if (l->last[root] < l->at[op])
                l->last[root] = l->at[op];
        }
        if (d->n_results == 1 && d->n_operands && legal_is_view(env, op))
            l->root[d->results] = l->root[ir_operand(m, op, 0)];
    }
}

/* Whether the last use of each value frees it. */
static void keep_arguments(struct lives *l, bool *freed) {
    const ir_module *m = l->m;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        if (m->ops[op].n_operands && str_eq(ir_op_name_str(m, op), STR("ttnn.deallocate")))
            freed[l->root[ir_operand(m, op, 0)]] = true;
    for (ir_value v = 1; v < m->n_values; v++)
        if (m->values[v].owner && ir_is_block_arg(m, v) && !freed[v])
            l->last[v] = l->end[maker_of(m, v)];
}

/* The share that a tensor takes, and of what (a place in meter_keys); false when it is not on the device. */
static bool share_of(const legal_env *env, ir_value v, unsigned *which, double *share) {
    const ir_context *c = env->m->ctx;
    ir_type type = ir_value_type(env->m, v);
    const target_device *d = &env->device;
    ttnn_layout layout;
    ttnn_geometry size;
    if (!ttnn_layout_of(c, type, &layout) || !ttnn_layout_geometry(c, type, &layout, &size))
        return false;
    double l1 = (double)d->l1_size - (double)d->l1_unreserved_base;
    switch (layout.buffer) {
    case TTNN_DRAM:
        *which = 0;
        *share = d->dram_bytes ? (double)size.total_bytes / (double)d->dram_bytes : 0;
        return true;
    case TTNN_L1:
        *which = 1;
        *share = l1 > 0 ? (double)ttnn_l1_bytes(c, type, &layout) / l1 : 0;
        return true;
    case TTNN_L1_SMALL:
        *which = 2;
        *share = l1 > 0 ? (double)size.shard_bytes / l1 : 0;
        return true;
    default: return false;
    }
}

/* Fills the shares by op: what begins and ends at each op, then summed up. */
static bool add_up(struct me_meters *u, struct lives *l, const legal_env *env, struct arena *a) {
    const ir_module *m = l->m;
    double(*change)[3] = arena_alloc(a, ((size_t)m->n_ops + 2) * sizeof *change, sizeof(double));
    if (!change)
        return false;
    memset(change, 0, ((size_t)m->n_ops + 2) * sizeof *change);
    for (ir_value v = 1; v < m->n_values; v++) {
        unsigned which;
        double share;
        if (!m->values[v].owner || l->root[v] != v || !share_of(env, v, &which, &share))
            continue;
        change[l->at[maker_of(m, v)]][which] += share;
        change[l->last[v] + 1][which] -= share;
    }
    for (uint32_t i = 1; i <= m->n_ops; i++)
        for (unsigned k = 0; k < 3; k++)
            change[i][k] += change[i - 1][k];
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        for (unsigned k = 0; k < 3; k++) {
            double share = change[l->at[op]][k];
            u->share[op][k] = share < 0 ? 0 : share > 1 ? 1 : share; /* sums of fractions leave a trace behind */
        }
    return true;
}

bool me_meters_init(struct me_meters *u, const graph *g, struct mem *mem) {
    const ir_module *m = g->module;
    legal_env env;
    *u = (struct me_meters){.g = g, .mem = mem};
    if (!m || !legal_env_init(&env, m, 1))
        return true;
    struct arena a;
    arena_init(&a, mem);
    struct lives l = {m, ARENA_ARRAY(&a, uint32_t, m->n_ops), ARENA_ARRAY(&a, uint32_t, m->n_ops),
                      ARENA_ARRAY(&a, ir_value, m->n_values), ARENA_ARRAY(&a, uint32_t, m->n_values)};
    bool *freed = ARENA_ARRAY(&a, bool, m->n_values);
    u->n = m->n_ops;
    u->share = mem_alloc_zero(mem, u->n * sizeof *u->share);
    bool good = l.at && l.end && l.root && l.last && freed && u->share;
    if (good) {
        number_ops(&l);
        find_ends(&l, &env);
        keep_arguments(&l, freed);
        good = add_up(u, &l, &env, &a);
    }
    arena_free(&a);
    return good;
}

void me_meters_free(struct me_meters *u) {
    mem_free(u->mem, u->share, u->share ? u->n * sizeof *u->share : 0);
}

bool me_meters_attrs(void *ctx, struct graph_attrs *a, graph_node n) {
    const struct me_meters *u = ctx;
    ir_op op = u->share ? graph_op(u->g, n) : 0;
    if (!op || op >= u->n)
        return true;
    for (unsigned k = 0; k < 3; k++) {
        str value = arena_printf(&a->arena, "%.6g", u->share[op][k]);
        if (!value.p ||
            !vec_push(&a->list, (graph_attr){.key = meter_keys[k], .value = value, .flags = GRAPH_ATTR_MEMORY}))
            return false;
    }
    return true;
}
