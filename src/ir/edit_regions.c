/* Copying ops with their regions inside one module, inlining regions, new blocks. */
#include "base/map.h"
#include "ir/edit_inner.h"

/* What became what while an op is copied: the caller's array for the values that were there before, maps for what is
 * inside the op. */
struct copying {
    ir_edit *e;
    ir_value *map;
    uint32_t n_map;
    struct map_u64 values, blocks;
    bool failed;
};

static void enter(struct copying *c, ir_value from, ir_value to) {
    if (from < c->n_map)
        c->map[from] = to;
    else if (!map_u64_put(&c->values, from, to, NULL))
        c->failed = true;
}

static ir_value look_up(const struct copying *c, ir_value v) {
    if (v < c->n_map)
        return c->map[v] ? c->map[v] : v;
    const uint32_t *to = c->values.n ? map_u64_get(&c->values, v) : NULL;
    return to ? *to : v;
}

/* A detached copy of one op with new results and empty regions that have their blocks and arguments; the operands are
 * still those of the original. */
static ir_op copy_shell(struct copying *c, ir_op op) {
    ir_module *m = c->e->m;
    ir_op copy = ir_op_new(m, m->ops[op].name, m->ops[op].loc);
    if (!copy)
        return 0;
    const uint32_t n_results = m->ops[op].n_results, first = m->ops[op].results;
    m->ops[copy].props = m->ops[op].props;
    m->ops[copy].attrs = m->ops[op].attrs;
    m->ops[copy].flags = m->ops[op].flags;
    m->ops[copy].results = m->n_values;
    for (uint32_t i = 0; i < n_results; i++) {
        ir_value v = ir_value_new(m, m->values[first + i].type);
        if (!v)
            return 0;
        m->values[v].owner = copy;
        m->values[v].index = i;
        m->values[v].name = m->values[first + i].name;
        enter(c, first + i, v);
    }
    m->ops[copy].n_results = n_results;
    uint32_t nr = m->ops[op].n_regions, ns = m->ops[op].n_successors;
    if (nr + ns == 0)
        return copy;
    uint32_t *list = mem_alloc_zero(m->mem, (nr + ns) * sizeof *list);
    bool ok = list != NULL;
    for (uint32_t i = 0; ok && i < nr; i++)
        ok = (list[i] = ir_region_new(m)) != 0;
    for (uint32_t i = 0; ok && i < ns; i++) {
        ir_block old = ir_successor(m, op, i);
        const uint32_t *to = map_u64_get(&c->blocks, old);
        list[nr + i] = to ? *to : old;
    }
    ok = ok && ir_op_set_children(m, copy, list, nr, list + nr, ns);
    for (uint32_t i = 0; ok && i < nr; i++)
        for (ir_block b = m->regions[ir_op_region(m, op, i)].first; ok && b; b = m->blocks[b].next) {
            ir_block to = ir_block_new(m);
            ir_region_append(m, list[i], to);
            ok = to && map_u64_put(&c->blocks, b, to, NULL);
            for (uint32_t k = 0; ok && k < m->blocks[b].n_args; k++) {
                ir_value from = m->blocks[b].args + k, v = ir_value_new(m, m->values[from].type);
                ok = v != 0;
                if (!ok)
                    break;
                m->values[v] = m->values[from];
                m->values[v].owner = to;
                if (k == 0)
                    m->blocks[to].args = v;
                m->blocks[to].n_args = k + 1;
                enter(c, from, v);
            }
        }
    mem_free(m->mem, list, (nr + ns) * sizeof *list);
    return ok ? copy : 0;
}

static bool copy_operands(struct copying *c, ir_op from, ir_op to) {
    ir_module *m = c->e->m;
    enum { FEW = 16 };
    ir_value few[FEW], *v = few;
    uint32_t n = m->ops[from].n_operands;
    if (n > FEW && !(v = mem_alloc(m->mem, n * sizeof *v))) {
        m->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        v[i] = look_up(c, ir_operand(m, from, i));
    bool ok = ir_op_set_operands(m, to, v, n) && edit_sync(c->e);
    if (ok)
        edit_link_operands(c->e, to);
    else
        m->ops[to].n_operands = 0;
    if (v != few)
        mem_free(m->mem, v, n * sizeof *v);
    return ok;
}

/* Copies what is inside op; shells first, so that uses before definitions find them. `pairs` are (from, to). */
static bool copy_inside(struct copying *c, ir_op op) {
    ir_edit *e = c->e;
    ir_module *m = e->m;
    struct map_u64 ops;
    map_u64_init(&ops, m->mem);
    bool ok = true;
    for (ir_op inner = ir_walk_next(m, op, op); ok && inner; inner = ir_walk_next(m, op, inner)) {
        ir_op copy = copy_shell(c, inner);
        const uint32_t *block = map_u64_get(&c->blocks, m->ops[inner].block);
        ok = copy && block && !c->failed && map_u64_put(&ops, inner, copy, NULL);
        if (ok)
            ir_block_append(m, *block, copy);
    }
    for (ir_op inner = ir_walk_next(m, op, op); ok && inner; inner = ir_walk_next(m, op, inner)) {
        ir_op copy = *map_u64_get(&ops, inner);
        ok = copy_operands(c, inner, copy);
        if (ok)
            ir_edit_came_from(e, copy, inner);
    }
    map_u64_free(&ops);
    return ok;
}

ir_op ir_clone_op(ir_edit *e, ir_op op, ir_value *map, uint32_t n_map) {
    ir_module *m = e->m;
    struct copying c = {.e = e, .map = map, .n_map = map ? n_map : 0};
    map_u64_init(&c.values, m->mem);
    map_u64_init(&c.blocks, m->mem);
    ir_op copy = copy_shell(&c, op);
    /* Linked before the inside is copied: blocks inside then have a parent as they should. */
    if (copy)
        edit_insert(e, copy);
    bool ok = copy && !c.failed && edit_sync(e) && (!m->ops[op].n_regions || copy_inside(&c, op)) &&
              copy_operands(&c, op, copy);
    map_u64_free(&c.values);
    map_u64_free(&c.blocks);
    if (!ok) {
        m->failed = true;
        return 0;
    }
    ir_edit_came_from(e, copy, op);
    edit_tell(e, IR_EDIT_INSERTED, copy);
    return copy;
}

ir_block ir_new_block(ir_edit *e, ir_region r, const ir_type *types, const ir_loc *locs, uint32_t n) {
    ir_block b = ir_block_new(e->m);
    ir_region_append(e->m, r, b);
    if (!b || !ir_block_set_args(e->m, b, types, locs, n) || !edit_sync(e))
        return 0;
    e->changes++;
    return b;
}

bool ir_inline_region(ir_edit *e, ir_region r, ir_op where, const ir_value *args, ir_value *results,
                      uint32_t n_results) {
    ir_module *m = e->m;
    ir_block b = m->regions[r].first;
    if (!b || m->blocks[b].next)
        return false;
    ir_op end = m->blocks[b].last;
    if (!end || m->ops[end].n_operands < n_results)
        return false;
    for (uint32_t i = 0; i < m->blocks[b].n_args; i++)
        ir_replace_uses(e, m->blocks[b].args + i, args[i]);
    for (uint32_t i = 0; i < n_results; i++)
        results[i] = ir_operand(m, end, i);
    ir_erase(e, end);
    ir_splice(e, b, m->ops[where].block, where);
    return true;
}
