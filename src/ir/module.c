/* Modules: the growing arrays of ops, values, blocks, regions; building and walking. */
#include "ir/ir.h"

#include "base/platform.h"

enum { FIRST_CAP = 64 };

/* Grows an array of *cap entries of `size` bytes by doubling so that `k` more than n fit. Returns the new array; on
 * failure the old one, with *cap unchanged. Entries are not cleared: big arrays grow by moving pages, and pages nobody
 * wrote to cost nothing. */
static NOINLINE void *grow(ir_module *m, void *array, uint32_t n, uint32_t *cap, uint32_t k, size_t size) {
    uint64_t need = (uint64_t)n + k, want = *cap ? *cap : FIRST_CAP;
    while (want < need)
        want *= 2;
    if (want > UINT32_MAX)
        want = UINT32_MAX;
    void *p = need <= want ? mem_huge_realloc(m->mem, array, *cap * size, (size_t)want * size) : NULL;
    if (!p) {
        m->failed = true;
        return array;
    }
    *cap = (uint32_t)want;
    return p;
}

/* Whether there is room for `k` more entries in one of the module's arrays. */
#define ROOM(m, array, k)                                                                             \
    (LIKELY((m)->cap_##array - (m)->n_##array >= (k)) ||                                              \
     ((m)->array = grow((m), (m)->array, (m)->n_##array, &(m)->cap_##array, (k), sizeof *(m)->array), \
      (m)->cap_##array - (m)->n_##array >= (k)))

ir_module *ir_module_new(ir_context *c) {
    ir_module *m = mem_alloc_zero(c->mem, sizeof *m);
    if (!m)
        return NULL;
    m->mem = c->mem;
    m->ctx = ir_context_ref(c);
    m->source = STR("");
    if (!ROOM(m, ops, 1) || !ROOM(m, values, 1) || !ROOM(m, blocks, 1) || !ROOM(m, regions, 1) || !ROOM(m, pool, 1)) {
        ir_module_free(m);
        return NULL;
    }
    m->ops[m->n_ops++] = (ir_op_data){0};
    m->values[m->n_values++] = (ir_value_data){0};
    m->blocks[m->n_blocks++] = (ir_block_data){0};
    m->regions[m->n_regions++] = (ir_region_data){0};
    m->pool[m->n_pool++] = 0;
    return m;
}

/* Makes an array of *cap entries `want` long, no longer: what is reserved is cleared and copied along with it. */
static void *reserve(ir_module *m, void *array, uint32_t *cap, uint32_t want, size_t size) {
    void *p = want > *cap ? mem_huge_realloc(m->mem, array, *cap * size, want * size) : array;
    if (!p) {
        m->failed = true;
        return array;
    }
    *cap = want > *cap ? want : *cap;
    return p;
}

bool ir_module_reserve(ir_module *m, uint32_t ops, uint32_t values, uint32_t pool) {
    m->ops = reserve(m, m->ops, &m->cap_ops, ops, sizeof *m->ops);
    m->values = reserve(m, m->values, &m->cap_values, values, sizeof *m->values);
    m->pool = reserve(m, m->pool, &m->cap_pool, pool, sizeof *m->pool);
    return !m->failed;
}

void ir_module_free(ir_module *m) {
    if (!m)
        return;
    mem_huge_free(m->mem, m->ops, m->cap_ops * sizeof *m->ops);
    mem_huge_free(m->mem, m->values, m->cap_values * sizeof *m->values);
    mem_huge_free(m->mem, m->blocks, m->cap_blocks * sizeof *m->blocks);
    mem_huge_free(m->mem, m->regions, m->cap_regions * sizeof *m->regions);
    mem_huge_free(m->mem, m->pool, m->cap_pool * sizeof *m->pool);
    mem_free(m->mem, m->resources, m->cap_resources * sizeof *m->resources);
    ir_context_unref(m->ctx);
    mem_free(m->mem, m, sizeof *m);
}

/* ---- building ------------------------------------------------------------------------------------------- */

enum { AHEAD = 4096 }; /* ops and values whose pages are made at once */

ir_op ir_op_new(ir_module *m, ir_name name, ir_loc loc) {
    if (!ROOM(m, ops, 1))
        return 0;
    ir_op op = m->n_ops++;
    if (UNLIKELY(op % AHEAD == 0) && m->cap_ops - op >= AHEAD)
        mem_expect_writes(&m->ops[op], AHEAD * sizeof *m->ops);
    m->ops[op] = (ir_op_data){.name = name, .loc = loc};
    return op;
}

bool ir_op_set_operands(ir_module *m, ir_op op, const ir_value *v, uint32_t n) {
    if (!op)
        return false;
    ir_op_data *o = &m->ops[op];
    if (n > o->n_operands) {
        if (!ROOM(m, pool, n))
            return false;
        o->operands = m->n_pool;
        m->n_pool += n;
    }
    for (uint32_t i = 0; i < n; i++)
        m->pool[o->operands + i] = v[i];
    o->n_operands = n;
    return true;
}

bool ir_op_set_results(ir_module *m, ir_op op, const ir_type *types, uint32_t n) {
    if (!op || !ROOM(m, values, n))
        return false;
    ir_op_data *o = &m->ops[op];
    if (UNLIKELY(m->n_values / AHEAD != (m->n_values + n) / AHEAD) && m->cap_values - m->n_values >= AHEAD + n)
        mem_expect_writes(&m->values[m->n_values], AHEAD * sizeof *m->values);
    o->results = m->n_values;
    o->n_results = n;
    for (uint32_t i = 0; i < n; i++)
        m->values[m->n_values++] = (ir_value_data){.type = types[i], .owner = op, .index = i};
    return true;
}

bool ir_op_set_children(ir_module *m, ir_op op, const ir_region *r, uint32_t nr, const ir_block *s, uint32_t ns) {
    if (!op)
        return false;
    if (nr > UINT16_MAX || ns > UINT16_MAX || !ROOM(m, pool, nr + ns)) {
        m->failed = true;
        return false;
    }
    ir_op_data *o = &m->ops[op];
    o->children = m->n_pool;
    o->n_regions = (uint16_t)nr;
    o->n_successors = (uint16_t)ns;
    for (uint32_t i = 0; i < nr; i++) {
        m->pool[m->n_pool++] = r[i];
        m->regions[r[i]].op = op;
    }
    for (uint32_t i = 0; i < ns; i++)
        m->pool[m->n_pool++] = s[i];
    return true;
}

ir_region ir_region_new(ir_module *m) {
    if (!ROOM(m, regions, 1))
        return 0;
    m->regions[m->n_regions] = (ir_region_data){0};
    return m->n_regions++;
}

ir_block ir_block_new(ir_module *m) {
    if (!ROOM(m, blocks, 1))
        return 0;
    m->blocks[m->n_blocks] = (ir_block_data){0};
    return m->n_blocks++;
}

void ir_region_append(ir_module *m, ir_region r, ir_block b) {
    if (!r || !b)
        return;
    ir_region_data *region = &m->regions[r];
    ir_block_data *block = &m->blocks[b];
    block->region = r;
    block->prev = region->last;
    block->next = 0;
    if (region->last)
        m->blocks[region->last].next = b;
    else
        region->first = b;
    region->last = b;
}

bool ir_block_set_args(ir_module *m, ir_block b, const ir_type *types, const ir_loc *locs, uint32_t n) {
    if (!b || !ROOM(m, values, n))
        return false;
    ir_block_data *block = &m->blocks[b];
    block->args = m->n_values;
    block->n_args = n;
    for (uint32_t i = 0; i < n; i++)
        m->values[m->n_values++] = (ir_value_data){
            .type = types[i], .owner = b, .index = i | 1u << 31, .loc = locs ? locs[i] : m->ctx->l_unknown};
    return true;
}

void ir_block_append(ir_module *m, ir_block b, ir_op op) {
    if (!b || !op)
        return;
    ir_block_data *block = &m->blocks[b];
    ir_op_data *o = &m->ops[op];
    o->block = b;
    o->prev = block->last;
    o->next = 0;
    if (block->last)
        m->ops[block->last].next = op;
    else
        block->first = op;
    block->last = op;
}

void ir_insert_before(ir_module *m, ir_op where, ir_op op) {
    if (!where || !op)
        return;
    ir_op_data *w = &m->ops[where], *o = &m->ops[op];
    o->block = w->block;
    o->next = where;
    o->prev = w->prev;
    if (w->prev)
        m->ops[w->prev].next = op;
    else
        m->blocks[w->block].first = op;
    w->prev = op;
}

void ir_unlink(ir_module *m, ir_op op) {
    ir_op_data *o = &m->ops[op];
    if (!op || !o->block)
        return;
    ir_block_data *block = &m->blocks[o->block];
    if (o->prev)
        m->ops[o->prev].next = o->next;
    else
        block->first = o->next;
    if (o->next)
        m->ops[o->next].prev = o->prev;
    else
        block->last = o->prev;
    o->block = o->next = o->prev = 0;
}

ir_value ir_value_new(ir_module *m, ir_type type) {
    if (!ROOM(m, values, 1))
        return 0;
    m->values[m->n_values] = (ir_value_data){.type = type};
    return m->n_values++;
}

bool ir_resource_add(ir_module *m, ir_resource r) {
    if (!ROOM(m, resources, 1))
        return false;
    m->resources[m->n_resources++] = r;
    return true;
}

/* ---- attributes ----------------------------------------------------------------------------------------- */

ir_attr ir_op_attr(const ir_module *m, ir_op op, str key) {
    const ir_op_data *o = &m->ops[op];
    ir_attr a = 0;
    /* An opaque op keeps its text, not a dictionary, in props. */
    if (o->props && !(o->flags & IR_OP_OPAQUE))
        a = ir_dict_get(m->ctx, o->props, key);
    return a || !o->attrs ? a : ir_dict_get(m->ctx, o->attrs, key);
}

/* ---- walking -------------------------------------------------------------------------------------------- */

/* The first op of block `b` or of the blocks behind it; 0 if all are empty. */
static ir_op first_op(const ir_module *m, ir_block b) {
    for (; b; b = m->blocks[b].next)
        if (m->blocks[b].first)
            return m->blocks[b].first;
    return 0;
}

/* The first op in the regions of `op` from number `i` on. */
static ir_op first_inside(const ir_module *m, ir_op op, uint32_t i) {
    const ir_op_data *o = &m->ops[op];
    for (; i < o->n_regions; i++) {
        ir_op inside = first_op(m, m->regions[m->pool[o->children + i]].first);
        if (inside)
            return inside;
    }
    return 0;
}

ir_op ir_walk_on(const ir_module *m, ir_op top, ir_op op) {
    if (m->ops[op].n_regions) {
        ir_op inside = first_inside(m, op, 0);
        if (inside)
            return inside;
    }
    while (op != top) {
        const ir_op_data *o = &m->ops[op];
        if (o->next)
            return o->next;
        const ir_block_data *block = &m->blocks[o->block];
        ir_op next = first_op(m, block->next);
        if (next)
            return next;
        ir_op parent = m->regions[block->region].op;
        if (!parent)
            return 0;
        if (m->ops[parent].n_regions > 1) {
            const uint32_t *regions = m->pool + m->ops[parent].children;
            uint32_t i = 0;
            while (regions[i] != block->region)
                i++;
            next = first_inside(m, parent, i + 1);
            if (next)
                return next;
        }
        op = parent;
    }
    return 0;
}
