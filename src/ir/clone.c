/* Compact copies of modules. Two walks in pre-order: the first gives every op, value, block and region its new handle,
 * the second copies, so that uses before definitions need no patching. */
#include "ir/edit.h"

#include "base/platform.h"

/* New handles by old ones, and the counts so far. */
struct renaming {
    struct mem *mem;
    ir_op *ops;
    ir_value *values;
    ir_block *blocks;
    ir_region *regions;
    ir_op *order; /* old op of each new one */
    uint32_t n_ops, n_values, n_blocks, n_regions, n_pool;
};

static void renaming_free(struct renaming *r, const ir_module *m) {
    mem_free(r->mem, r->ops, m->n_ops * sizeof *r->ops);
    mem_free(r->mem, r->values, m->n_values * sizeof *r->values);
    mem_free(r->mem, r->blocks, m->n_blocks * sizeof *r->blocks);
    mem_free(r->mem, r->regions, m->n_regions * sizeof *r->regions);
    mem_free(r->mem, r->order, m->n_ops * sizeof *r->order);
}

static bool renaming_init(struct renaming *r, const ir_module *m) {
    *r = (struct renaming){.mem = m->mem, .n_ops = 1, .n_values = 1, .n_blocks = 1, .n_regions = 1, .n_pool = 1};
    r->ops = mem_alloc_zero(r->mem, m->n_ops * sizeof *r->ops);
    r->values = mem_alloc_zero(r->mem, m->n_values * sizeof *r->values);
    r->blocks = mem_alloc_zero(r->mem, m->n_blocks * sizeof *r->blocks);
    r->regions = mem_alloc_zero(r->mem, m->n_regions * sizeof *r->regions);
    r->order = mem_alloc(r->mem, m->n_ops * sizeof *r->order);
    return r->ops && r->values && r->blocks && r->regions && r->order;
}

/* Gives `op`, its results and what its regions declare (not the ops inside) their new handles. */
static void name_op(struct renaming *r, const ir_module *m, ir_op op) {
    const ir_op_data *o = &m->ops[op];
    r->order[r->n_ops] = op;
    r->ops[op] = r->n_ops++;
    for (uint32_t i = 0; i < o->n_results; i++)
        r->values[o->results + i] = r->n_values++;
    r->n_pool += o->n_operands + o->n_regions + o->n_successors;
    for (uint32_t i = 0; i < o->n_regions; i++) {
        ir_region region = m->pool[o->children + i];
        r->regions[region] = r->n_regions++;
        for (ir_block b = m->regions[region].first; b; b = m->blocks[b].next) {
            r->blocks[b] = r->n_blocks++;
            for (uint32_t k = 0; k < m->blocks[b].n_args; k++)
                r->values[m->blocks[b].args + k] = r->n_values++;
        }
    }
}

/* The arrays grow and are freed as those of any module are (module.c). */
static bool allocate(ir_module *n, const struct renaming *r) {
    n->cap_ops = r->n_ops;
    n->cap_values = r->n_values;
    n->cap_blocks = r->n_blocks;
    n->cap_regions = r->n_regions;
    n->cap_pool = r->n_pool;
    n->ops = mem_huge_realloc(n->mem, NULL, 0, n->cap_ops * sizeof *n->ops);
    n->values = mem_huge_realloc(n->mem, NULL, 0, n->cap_values * sizeof *n->values);
    n->blocks = mem_huge_realloc(n->mem, NULL, 0, n->cap_blocks * sizeof *n->blocks);
    n->regions = mem_huge_realloc(n->mem, NULL, 0, n->cap_regions * sizeof *n->regions);
    n->pool = mem_huge_realloc(n->mem, NULL, 0, n->cap_pool * sizeof *n->pool);
    if (n->ops)
        mem_expect_writes(n->ops, n->cap_ops * sizeof *n->ops);
    if (n->values)
        mem_expect_writes(n->values, n->cap_values * sizeof *n->values);
    return n->ops && n->values && n->blocks && n->regions && n->pool;
}

static void copy_value(ir_module *n, const struct renaming *r, const ir_module *m, ir_value old, uint32_t owner) {
    ir_value v = r->values[old];
    n->values[v] = m->values[old];
    n->values[v].owner = owner;
}

static void copy_blocks(ir_module *n, const struct renaming *r, const ir_module *m, ir_region old) {
    ir_region region = r->regions[old];
    n->regions[region] = (ir_region_data){.op = r->ops[m->regions[old].op],
                                          .first = r->blocks[m->regions[old].first],
                                          .last = r->blocks[m->regions[old].last]};
    for (ir_block b = m->regions[old].first; b; b = m->blocks[b].next) {
        const ir_block_data *from = &m->blocks[b];
        n->blocks[r->blocks[b]] = (ir_block_data){.region = region,
                                                  .next = r->blocks[from->next],
                                                  .prev = r->blocks[from->prev],
                                                  .first = r->ops[from->first],
                                                  .last = r->ops[from->last],
                                                  .args = from->n_args ? r->values[from->args] : 0,
                                                  .n_args = from->n_args,
                                                  .name = from->name};
        for (uint32_t k = 0; k < from->n_args; k++)
            copy_value(n, r, m, from->args + k, r->blocks[b]);
    }
}

static void copy_op(ir_module *n, const struct renaming *r, const ir_module *m, ir_op old) {
    const ir_op_data *from = &m->ops[old];
    ir_op op = r->ops[old];
    ir_op_data *o = &n->ops[op];
    *o = *from;
    o->block = r->blocks[from->block];
    o->next = r->ops[from->next];
    o->prev = r->ops[from->prev];
    o->results = from->n_results ? r->values[from->results] : 0;
    for (uint32_t i = 0; i < from->n_results; i++)
        copy_value(n, r, m, from->results + i, op);
    o->operands = n->n_pool;
    for (uint32_t i = 0; i < from->n_operands; i++)
        n->pool[n->n_pool++] = r->values[m->pool[from->operands + i]];
    o->children = n->n_pool;
    for (uint32_t i = 0; i < from->n_regions; i++) {
        ir_region region = m->pool[from->children + i];
        n->pool[n->n_pool++] = r->regions[region];
        copy_blocks(n, r, m, region);
    }
    for (uint32_t i = 0; i < from->n_successors; i++)
        n->pool[n->n_pool++] = r->blocks[m->pool[from->children + from->n_regions + i]];
}

static bool copy_resources(ir_module *n, const ir_module *m) {
    for (uint32_t i = 0; i < m->n_resources; i++)
        if (!ir_resource_add(n, m->resources[i]))
            return false;
    return true;
}

ir_module *ir_module_clone(const ir_module *m, ir_op **op_map) {
    struct renaming r;
    ir_module *n = mem_alloc_zero(m->mem, sizeof *n);
    bool ok = renaming_init(&r, m) && n;
    if (n) {
        n->mem = m->mem;
        n->ctx = ir_context_ref(m->ctx);
        n->source = m->source;
        n->source_name = m->source_name;
    }
    if (ok) {
        for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
            name_op(&r, m, op);
        ok = allocate(n, &r);
    }
    if (ok) {
        n->ops[0] = (ir_op_data){0};
        n->values[0] = (ir_value_data){0};
        n->blocks[0] = (ir_block_data){0};
        n->regions[0] = (ir_region_data){0};
        n->pool[0] = 0;
        n->n_ops = r.n_ops;
        n->n_values = r.n_values;
        n->n_blocks = r.n_blocks;
        n->n_regions = r.n_regions;
        n->n_pool = 1;
        for (uint32_t i = 1; i < r.n_ops; i++)
            copy_op(n, &r, m, r.order[i]);
        n->root = r.ops[m->root];
        ok = copy_resources(n, m);
    }
    if (ok && op_map) {
        *op_map = r.ops;
        r.ops = NULL;
    }
    renaming_free(&r, m);
    if (!ok) {
        ir_module_free(n);
        return NULL;
    }
    return n;
}

size_t ir_module_bytes(const ir_module *m) {
    return sizeof *m + m->cap_ops * sizeof *m->ops + m->cap_values * sizeof *m->values +
           m->cap_blocks * sizeof *m->blocks + m->cap_regions * sizeof *m->regions + m->cap_pool * sizeof *m->pool +
           m->cap_resources * sizeof *m->resources;
}
