/* Compact copies of modules. Two walks in pre-order: the first gives every op, value, block and region its new handle,
 * the second copies, so that uses before definitions need no patching. */
#include "ir/clone.h"

#include "base/platform.h"

void ir_cloner_init(ir_cloner *k, struct mem *mem) {
    vec_init(&k->map, mem);
    vec_init(&k->before, mem);
    vec_init(&k->order, mem);
    vec_init(&k->values, mem);
    vec_init(&k->blocks, mem);
    vec_init(&k->regions, mem);
}

void ir_cloner_free(ir_cloner *k) {
    vec_free(&k->map);
    vec_free(&k->before);
    vec_free(&k->order);
    vec_free(&k->values);
    vec_free(&k->blocks);
    vec_free(&k->regions);
}

void ir_clone_forget(ir_cloner *k) {
    ir_handles newest = k->map;
    k->map = k->before;
    k->before = newest;
}

/* Makes `h` n entries, not cleared; with room for as many as the module has room for, so that its next clone finds it. */
static bool sized(ir_handles *h, uint32_t n, uint32_t cap) {
    vec_clear(h);
    if (!vec_room(h, cap))
        return false;
    h->n = n;
    return true;
}

static bool zeroed(ir_handles *h, uint32_t n, uint32_t cap) {
    if (!sized(h, n, cap))
        return false;
    memset(h->v, 0, n * sizeof *h->v);
    return true;
}

static bool begin(ir_cloner *k, const ir_module *m) {
    /* The map of before is written over; that of the newest clone stays whatever happens. */
    return zeroed(&k->before, m->n_ops, m->cap_ops) && sized(&k->order, m->n_ops, m->cap_ops) &&
           zeroed(&k->values, m->n_values, m->cap_values) && zeroed(&k->blocks, m->n_blocks, m->cap_blocks) &&
           zeroed(&k->regions, m->n_regions, m->cap_regions);
}

/* ---- new handles ---------------------------------------------------------------------------------------- */

/* How many of each there are so far. */
struct counts {
    uint32_t ops, values, blocks, regions, pool;
};

/* What the regions of `op` declare (not the ops inside) gets its new handles. */
static void name_regions(ir_cloner *k, const ir_module *m, ir_op op, struct counts *n) {
    for (uint32_t i = 0; i < m->ops[op].n_regions; i++) {
        ir_region region = ir_op_region(m, op, i);
        k->regions.v[region] = n->regions++;
        for (ir_block b = m->regions[region].first; b; b = m->blocks[b].next) {
            k->blocks.v[b] = n->blocks++;
            for (uint32_t a = 0; a < m->blocks[b].n_args; a++)
                k->values.v[m->blocks[b].args + a] = n->values++;
        }
    }
}

/* Gives every op, value, block and region its new handle and tells how many there are. */
static struct counts name_all(ir_cloner *k, const ir_module *m) {
    struct counts n = {1, 1, 1, 1, 1};
    ir_op *map = k->before.v, *order = k->order.v;
    ir_value *values = k->values.v;
    order[0] = 0;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        const ir_op_data *o = &m->ops[op];
        order[n.ops] = op;
        map[op] = n.ops++;
        for (uint32_t i = 0; i < o->n_results; i++)
            values[o->results + i] = n.values++;
        n.pool += o->n_operands + o->n_regions + o->n_successors;
        if (o->n_regions)
            name_regions(k, m, op, &n);
    }
    return n;
}

/* ---- the copy ------------------------------------------------------------------------------------------- */

/* The arrays grow and are freed as those of any module are (module.c). */
static bool allocate(ir_module *n, const struct counts *count) {
    n->cap_ops = count->ops;
    n->cap_values = count->values;
    n->cap_blocks = count->blocks;
    n->cap_regions = count->regions;
    n->cap_pool = count->pool;
    n->ops = mem_huge_realloc(n->mem, NULL, 0, n->cap_ops * sizeof *n->ops);
    n->values = mem_huge_realloc(n->mem, NULL, 0, n->cap_values * sizeof *n->values);
    n->blocks = mem_huge_realloc(n->mem, NULL, 0, n->cap_blocks * sizeof *n->blocks);
    n->regions = mem_huge_realloc(n->mem, NULL, 0, n->cap_regions * sizeof *n->regions);
    n->pool = mem_huge_realloc(n->mem, NULL, 0, n->cap_pool * sizeof *n->pool);
    /* Where more memory was in use before, its pages are mostly there, and asking for them costs more than it saves. */
    bool fresh = n->mem->used == n->mem->peak;
    if (n->ops && fresh)
        mem_expect_writes(n->ops, n->cap_ops * sizeof *n->ops);
    if (n->values && fresh)
        mem_expect_writes(n->values, n->cap_values * sizeof *n->values);
    return n->ops && n->values && n->blocks && n->regions && n->pool;
}

static void copy_blocks(ir_module *n, const ir_cloner *k, const ir_module *m, ir_region old) {
    const ir_op *ops = k->before.v;
    const ir_block *blocks = k->blocks.v;
    ir_region region = k->regions.v[old];
    n->regions[region] = (ir_region_data){
        .op = ops[m->regions[old].op], .first = blocks[m->regions[old].first], .last = blocks[m->regions[old].last]};
    for (ir_block b = m->regions[old].first; b; b = m->blocks[b].next) {
        const ir_block_data *from = &m->blocks[b];
        ir_value args = from->n_args ? k->values.v[from->args] : 0;
        n->blocks[blocks[b]] = (ir_block_data){.region = region,
                                               .next = blocks[from->next],
                                               .prev = blocks[from->prev],
                                               .first = ops[from->first],
                                               .last = ops[from->last],
                                               .args = args,
                                               .n_args = from->n_args,
                                               .name = from->name};
        for (uint32_t i = 0; i < from->n_args; i++) {
            n->values[args + i] = m->values[from->args + i];
            n->values[args + i].owner = blocks[b];
        }
    }
}

/* The regions and successors of an op, from `pool` on. */
static void copy_children(ir_module *n, const ir_cloner *k, const ir_module *m, ir_op op, uint32_t *pool) {
    for (uint32_t i = 0; i < m->ops[op].n_regions; i++) {
        ir_region region = ir_op_region(m, op, i);
        *pool++ = k->regions.v[region];
        copy_blocks(n, k, m, region);
    }
    for (uint32_t i = 0; i < m->ops[op].n_successors; i++)
        *pool++ = k->blocks.v[ir_successor(m, op, i)];
}

/* What is read and written for each op is kept in locals: through the structs the compiler would have to fetch the
 * arrays' addresses anew after each write. */
static void copy_ops(ir_module *n, const ir_cloner *k, const ir_module *m) {
    const ir_op *order = k->order.v, *ops = k->before.v;
    const ir_block *blocks = k->blocks.v;
    const ir_value *values = k->values.v;
    const ir_value_data *from_values = m->values;
    const uint32_t *from_pool = m->pool;
    ir_value_data *to_values = n->values;
    uint32_t *pool = n->pool, n_pool = 1, n_ops = n->n_ops;
    for (ir_op op = 1; op < n_ops; op++) {
        const ir_op_data *from = &m->ops[order[op]];
        ir_op_data *to = &n->ops[op];
        *to = *from;
        to->block = blocks[from->block];
        to->next = ops[from->next];
        to->prev = ops[from->prev];
        to->results = from->n_results ? values[from->results] : 0;
        for (uint32_t i = 0; i < from->n_results; i++) {
            ir_value_data *result = &to_values[to->results + i];
            *result = from_values[from->results + i];
            result->owner = op;
        }
        to->operands = n_pool;
        for (uint32_t i = 0; i < from->n_operands; i++)
            pool[n_pool++] = values[from_pool[from->operands + i]];
        to->children = n_pool;
        if (from->n_regions || from->n_successors)
            copy_children(n, k, m, order[op], pool + n_pool);
        n_pool += from->n_regions + from->n_successors;
    }
    n->n_pool = n_pool;
}

static bool copy_resources(ir_module *n, const ir_module *m) {
    for (uint32_t i = 0; i < m->n_resources; i++)
        if (!ir_resource_add(n, m->resources[i]))
            return false;
    return true;
}

ir_module *ir_clone(ir_cloner *k, const ir_module *m) {
    ir_module *n = mem_alloc_zero(m->mem, sizeof *n);
    if (!n)
        return NULL;
    n->mem = m->mem;
    n->ctx = ir_context_ref(m->ctx);
    n->source = m->source;
    n->source_name = m->source_name;
    struct counts count = {0};
    bool ok = begin(k, m);
    if (ok) {
        count = name_all(k, m);
        ok = allocate(n, &count);
    }
    if (ok) {
        n->ops[0] = (ir_op_data){0};
        n->values[0] = (ir_value_data){0};
        n->blocks[0] = (ir_block_data){0};
        n->regions[0] = (ir_region_data){0};
        n->pool[0] = 0;
        n->n_ops = count.ops;
        n->n_values = count.values;
        n->n_blocks = count.blocks;
        n->n_regions = count.regions;
        copy_ops(n, k, m);
        n->root = k->before.v[m->root];
        ok = copy_resources(n, m);
    }
    if (!ok) {
        ir_module_free(n);
        return NULL;
    }
    k->order.n = n->n_ops;
    ir_clone_forget(k); /* which makes the map that was written the newest one */
    return n;
}

ir_module *ir_module_clone(const ir_module *m) {
    ir_cloner k;
    ir_cloner_init(&k, m->mem);
    ir_module *n = ir_clone(&k, m);
    ir_cloner_free(&k);
    return n;
}
