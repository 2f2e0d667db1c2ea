/* Use lists, and the changes that keep them right. Regions move in edit_regions.c, origins are in edit_origins.c. */
#include "ir/edit.h"

#include "base/platform.h"
#include "ir/edit_inner.h"

/* ---- arrays beside the module's ------------------------------------------------------------------------- */

/* Grows a zeroed array to `need` entries, which is as many as the module has room for. */
static bool grow_zeroed(ir_module *m, void **array, uint32_t *cap, uint32_t need, size_t size) {
    if (need <= *cap)
        return true;
    char *p = *cap ? mem_realloc(m->mem, *array, *cap * size, need * size) : mem_alloc_zero(m->mem, need * size);
    if (!p) {
        m->failed = true;
        return false;
    }
    if (*cap)
        memset(p + *cap * size, 0, (need - *cap) * size);
    *array = p;
    *cap = need;
    return true;
}

bool edit_sync(ir_edit *e) {
    ir_module *m = e->m;
    if (LIKELY(m->n_values <= e->cap_first && m->n_pool <= e->cap_uses && m->n_ops <= e->cap_changed))
        return true;
    void *first = e->first, *uses = e->uses, *lineage = e->lineage, *changed = e->changed;
    bool ok = grow_zeroed(m, &first, &e->cap_first, m->cap_values, sizeof *e->first);
    ok = grow_zeroed(m, &uses, &e->cap_uses, m->cap_pool, sizeof *e->uses) && ok;
    ok = grow_zeroed(m, &lineage, &e->cap_ops, m->cap_ops, sizeof *e->lineage) && ok;
    ok = grow_zeroed(m, &changed, &e->cap_changed, m->cap_ops, sizeof *e->changed) && ok;
    e->changed = changed;
    e->first = first;
    e->uses = uses;
    e->lineage = lineage;
    return ok;
}

bool ir_edit_init(ir_edit *e, ir_module *m) {
    *e = (ir_edit){.m = m};
    map_u64_init(&e->many, m->mem);
    if (!edit_sync(e))
        return false;
    for (ir_op op = 1; op < m->n_ops; op++)
        edit_link_operands(e, op);
    ir_edit_mark_origins(e);
    return true;
}

void ir_edit_free(ir_edit *e) {
    struct mem *mem = e->m->mem;
    mem_free(mem, e->first, e->cap_first * sizeof *e->first);
    mem_free(mem, e->uses, e->cap_uses * sizeof *e->uses);
    mem_free(mem, e->lineage, e->cap_ops * sizeof *e->lineage);
    mem_free(mem, e->changed, e->cap_changed * sizeof *e->changed);
    mem_free(mem, e->origin_pool, e->cap_origins * sizeof *e->origin_pool);
    map_u64_free(&e->many);
    *e = (ir_edit){.m = e->m};
}

/* Ops that are not in the array yet count as just changed. */
static inline void mark_changed(ir_edit *e, ir_op op) {
    if (op < e->cap_changed)
        e->changed[op] = e->changes + 1;
}

void ir_edit_touched(ir_edit *e) {
    e->touched = ++e->changes;
}

void edit_tell(ir_edit *e, ir_edit_event event, ir_op op) {
    mark_changed(e, op);
    e->changes++;
    e->orders += event != IR_EDIT_MODIFIED;
    if (e->listen)
        e->listen(e->listen_arg, event, op);
}

/* ---- uses ----------------------------------------------------------------------------------------------- */

static void link_use(ir_edit *e, uint32_t slot, ir_op op) {
    ir_value v = e->m->pool[slot];
    ir_edit_use *u = &e->uses[slot];
    mark_changed(e, ir_def_op(e->m, v));
    *u = (ir_edit_use){.op = op, .next = e->first[v]};
    if (u->next)
        e->uses[u->next].prev = slot;
    e->first[v] = slot;
}

static void unlink_use(ir_edit *e, uint32_t slot) {
    ir_edit_use *u = &e->uses[slot];
    mark_changed(e, ir_def_op(e->m, e->m->pool[slot]));
    if (u->prev)
        e->uses[u->prev].next = u->next;
    else
        e->first[e->m->pool[slot]] = u->next;
    if (u->next)
        e->uses[u->next].prev = u->prev;
    *u = (ir_edit_use){0};
}

void edit_link_operands(ir_edit *e, ir_op op) {
    const ir_op_data *o = &e->m->ops[op];
    for (uint32_t i = 0; i < o->n_operands; i++)
        link_use(e, o->operands + i, op);
}

void edit_unlink_operands(ir_edit *e, ir_op op) {
    ir_op_data *o = &e->m->ops[op];
    for (uint32_t i = 0; i < o->n_operands; i++)
        unlink_use(e, o->operands + i);
}

ir_op ir_only_user(const ir_edit *e, ir_value v) {
    ir_op user = 0;
    for (ir_each_use(e, v, u)) {
        if (user && ir_use_op(e, u) != user)
            return 0;
        user = ir_use_op(e, u);
    }
    return user;
}

uint32_t ir_count_uses(const ir_edit *e, ir_value v, uint32_t limit) {
    uint32_t n = 0;
    for (ir_each_use(e, v, u))
        if (++n >= limit)
            break;
    return n;
}

/* ---- operands ------------------------------------------------------------------------------------------- */

void ir_set_operand(ir_edit *e, ir_op op, uint32_t i, ir_value v) {
    uint32_t slot = e->m->ops[op].operands + i;
    ir_value old = e->m->pool[slot];
    if (old == v)
        return;
    unlink_use(e, slot);
    e->m->pool[slot] = v;
    link_use(e, slot, op);
    edit_note_heir(e, old, op);
    edit_tell(e, IR_EDIT_MODIFIED, op);
}

bool ir_set_operands(ir_edit *e, ir_op op, const ir_value *v, uint32_t n) {
    ir_op_data *o = &e->m->ops[op];
    uint32_t old_first = o->operands, old_n = o->n_operands;
    edit_unlink_operands(e, op);
    for (uint32_t i = 0; i < old_n; i++)
        edit_note_heir(e, e->m->pool[old_first + i], op);
    if (!ir_op_set_operands(e->m, op, v, n) || !edit_sync(e)) {
        e->m->ops[op].n_operands = 0;
        return false;
    }
    edit_link_operands(e, op);
    edit_tell(e, IR_EDIT_MODIFIED, op);
    return true;
}

/* Operands of op with number `skip` left out (or n for none) and `v` put in before number `at` (0 for v: nothing). */
static bool relist_operands(ir_edit *e, ir_op op, uint32_t skip, uint32_t at, ir_value v) {
    ir_module *m = e->m;
    uint32_t n = m->ops[op].n_operands, k = 0;
    ir_value *list = mem_alloc(m->mem, (n + 1) * sizeof *list);
    if (!list) {
        m->failed = true;
        return false;
    }
    for (uint32_t i = 0; i <= n; i++) {
        if (v && i == at)
            list[k++] = v;
        if (i < n && i != skip)
            list[k++] = ir_operand(m, op, i);
    }
    bool ok = ir_set_operands(e, op, list, k);
    mem_free(m->mem, list, (n + 1) * sizeof *list);
    return ok;
}

bool ir_insert_operand(ir_edit *e, ir_op op, uint32_t i, ir_value v) {
    return relist_operands(e, op, UINT32_MAX, i, v);
}

void ir_remove_operand(ir_edit *e, ir_op op, uint32_t i) {
    relist_operands(e, op, i, UINT32_MAX, 0);
}

void ir_replace_uses(ir_edit *e, ir_value from, ir_value to) {
    if (from == to)
        return;
    while (e->first[from]) {
        uint32_t slot = e->first[from];
        ir_op op = e->uses[slot].op;
        unlink_use(e, slot);
        e->m->pool[slot] = to;
        link_use(e, slot, op);
        edit_tell(e, IR_EDIT_MODIFIED, op);
    }
}

void ir_reverse_uses(ir_edit *e, ir_value v) {
    uint32_t slot = e->first[v];
    if (!slot || !e->uses[slot].next)
        return;
    mark_changed(e, ir_def_op(e->m, v));
    e->changes++;
    while (slot) {
        ir_edit_use *u = &e->uses[slot];
        uint32_t next = u->next;
        e->first[v] = slot;
        u->next = u->prev;
        u->prev = next;
        slot = next;
    }
}

void ir_replace_uses_except(ir_edit *e, ir_value from, ir_value to, ir_op except) {
    if (from == to)
        return;
    for (uint32_t slot = e->first[from], next; slot; slot = next) {
        next = e->uses[slot].next;
        ir_op op = e->uses[slot].op;
        if (op == except)
            continue;
        unlink_use(e, slot);
        e->m->pool[slot] = to;
        link_use(e, slot, op);
        edit_tell(e, IR_EDIT_MODIFIED, op);
    }
}

void ir_set_type(ir_edit *e, ir_value v, ir_type t) {
    if (e->m->values[v].type == t)
        return;
    e->m->values[v].type = t;
    ir_op def = ir_def_op(e->m, v);
    e->changes++;
    if (def)
        edit_tell(e, IR_EDIT_MODIFIED, def);
    for (ir_each_use(e, v, u))
        edit_tell(e, IR_EDIT_MODIFIED, ir_use_op(e, u));
}

/* ---- block arguments ------------------------------------------------------------------------------------ */

void ir_remove_arg(ir_edit *e, ir_block b, uint32_t i) {
    ir_module *m = e->m;
    ir_block_data *block = &m->blocks[b];
    for (uint32_t k = i; k + 1 < block->n_args; k++) {
        ir_value to = block->args + k, from = to + 1;
        uint32_t index = m->values[to].index;
        m->values[to] = m->values[from];
        m->values[to].index = index;
        ir_replace_uses(e, from, to);
    }
    block->n_args--;
    e->changes++;
}

ir_value ir_insert_arg(ir_edit *e, ir_block b, uint32_t at, ir_type t, ir_loc loc) {
    ir_module *m = e->m;
    uint32_t n = m->blocks[b].n_args, old = m->blocks[b].args;
    if (!n || old + n != m->n_values) {
        /* The arguments are not the newest values: all of them move to the end. */
        for (uint32_t i = 0; i < n; i++) {
            ir_value_data data = m->values[old + i];
            ir_value v = ir_value_new(m, data.type);
            if (!v || !edit_sync(e))
                return 0;
            m->values[v] = data;
            if (i == 0)
                m->blocks[b].args = v;
        }
        for (uint32_t i = 0; i < n; i++)
            ir_replace_uses(e, old + i, m->blocks[b].args + i);
    }
    ir_value v = ir_value_new(m, t);
    if (!v || !edit_sync(e))
        return 0;
    m->values[v] = (ir_value_data){.type = t, .owner = b, .index = n | 1u << 31, .loc = loc};
    if (n == 0)
        m->blocks[b].args = v;
    m->blocks[b].n_args = n + 1;
    e->changes++;
    for (; v > m->blocks[b].args + at; v--) {
        uint32_t index = m->values[v].index;
        m->values[v] = m->values[v - 1];
        m->values[v].index = index;
        ir_replace_uses(e, v - 1, v);
        m->values[v - 1].type = t;
        m->values[v - 1].loc = loc;
        m->values[v - 1].name = 0;
    }
    return v;
}

/* ---- attributes ----------------------------------------------------------------------------------------- */

void ir_set_prop(ir_edit *e, ir_op op, str key, ir_attr value) {
    ir_attr old = e->m->ops[op].props, dict = ir_dict_set(e->m->ctx, old, key, value);
    if (dict == old)
        return;
    e->m->ops[op].props = dict;
    edit_tell(e, IR_EDIT_MODIFIED, op);
}

void ir_set_attr(ir_edit *e, ir_op op, str key, ir_attr value) {
    ir_attr old = e->m->ops[op].attrs, dict = ir_dict_set(e->m->ctx, old, key, value);
    if (dict == old || (!old && !value))
        return;
    e->m->ops[op].attrs = dict;
    edit_tell(e, IR_EDIT_MODIFIED, op);
}

/* ---- building ------------------------------------------------------------------------------------------- */

void ir_edit_after(ir_edit *e, ir_op op) {
    e->before = e->m->ops[op].next;
    e->block = e->m->ops[op].block;
}

void ir_edit_at_start(ir_edit *e, ir_block b) {
    e->before = e->m->blocks[b].first;
    e->block = b;
}

void ir_edit_at_end(ir_edit *e, ir_block b) {
    e->before = 0;
    e->block = b;
}

static void mark_neighbours(ir_edit *e, ir_op op) {
    mark_changed(e, e->m->ops[op].prev);
    mark_changed(e, e->m->ops[op].next);
}

void edit_insert(ir_edit *e, ir_op op) {
    if (e->before)
        ir_insert_before(e->m, e->before, op);
    else
        ir_block_append(e->m, e->block, op);
    mark_neighbours(e, op);
}

ir_op ir_build(ir_edit *e, const ir_op_spec *spec) {
    ir_module *m = e->m;
    ir_op op = ir_op_new(m, spec->name, spec->loc);
    if (!op || !ir_op_set_results(m, op, spec->results, spec->n_results) ||
        !ir_op_set_operands(m, op, spec->operands, spec->n_operands))
        return 0;
    if (spec->n_regions) {
        ir_region regions[IR_BUILD_MAX_REGIONS];
        uint32_t n = spec->n_regions < IR_BUILD_MAX_REGIONS ? spec->n_regions : IR_BUILD_MAX_REGIONS;
        for (uint32_t i = 0; i < n; i++)
            if (!(regions[i] = ir_region_new(m)))
                return 0;
        if (!ir_op_set_children(m, op, regions, n, NULL, 0))
            return 0;
    }
    m->ops[op].props = spec->props;
    m->ops[op].attrs = spec->attrs;
    if (!edit_sync(e)) {
        m->ops[op].n_operands = 0;
        return 0;
    }
    edit_link_operands(e, op);
    edit_insert(e, op);
    if (e->from)
        ir_edit_came_from(e, op, e->from);
    edit_tell(e, IR_EDIT_INSERTED, op);
    return op;
}

/* ---- erasing and replacing ------------------------------------------------------------------------------ */

void ir_erase(ir_edit *e, ir_op op) {
    ir_module *m = e->m;
    if (e->before == op)
        e->before = m->ops[op].next;
    edit_inherit(e, op);
    edit_tell(e, IR_EDIT_ERASED, op);
    /* What is inside loses its uses; the last one visited may be erased while walking because a walk only needs the
     * links of what encloses it, which stay until the end. */
    if (m->ops[op].n_regions)
        for (ir_op inner = ir_walk_next(m, op, op); inner; inner = ir_walk_next(m, op, inner)) {
            edit_tell(e, IR_EDIT_ERASED, inner);
            edit_unlink_operands(e, inner);
            m->ops[inner].n_operands = 0;
            m->ops[inner].name = 0;
        }
    edit_unlink_operands(e, op);
    mark_neighbours(e, op);
    ir_unlink(m, op);
    ir_op_data *o = &m->ops[op];
    o->n_operands = 0;
    o->n_regions = o->n_successors = 0;
    o->name = 0;
}

/* Whether an op was built or changed by the rewriting that is going on. */
static bool is_made_now(const ir_edit *e, ir_op op) {
    return !e->since || op >= e->cap_changed || e->changed[op] >= e->since;
}

/* What op used passes nothing on when it dies of op's end. */
static void forget_heirs(ir_edit *e, ir_op op) {
    for (uint32_t i = 0; i < e->m->ops[op].n_operands; i++) {
        ir_op def = ir_def_op(e->m, ir_operand(e->m, op, i));
        if (def)
            edit_lineage(e, def)->heir = 0;
    }
    edit_lineage(e, op)->heir = 0;
}

void ir_replace(ir_edit *e, ir_op op, const ir_value *values) {
    ir_module *m = e->m;
    uint32_t first = m->ops[op].results, n = m->ops[op].n_results;
    ir_op heir = 0;
    bool known = false; /* some value is an op's that was there before */
    for (uint32_t i = 0; i < n; i++) {
        ir_op def = values[i] ? ir_def_op(m, values[i]) : 0;
        if (!def)
            continue;
        if (!is_made_now(e, def)) {
            known = true;
            continue;
        }
        if (!heir)
            heir = def;
        ir_edit_came_from(e, def, op);
    }
    if (heir) {
        for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
            edit_note_heir(e, ir_operand(m, op, i), heir);
        edit_lineage(e, op)->heir = heir;
    } else if (known) {
        forget_heirs(e, op);
    }
    for (uint32_t i = 0; i < n; i++)
        if (values[i])
            ir_replace_uses(e, first + i, values[i]);
    ir_erase(e, op);
}

void ir_replace_only(ir_edit *e, ir_op op, ir_value v) {
    forget_heirs(e, op);
    ir_replace_uses(e, e->m->ops[op].results, v);
    ir_erase(e, op);
}

void ir_erase_dead(ir_edit *e, ir_op op, bool (*removable)(const ir_module *m, ir_op op)) {
    ir_module *m = e->m;
    enum { FEW = 32 };
    ir_op few[FEW], *stack = few;
    uint32_t n = 0, cap = FEW;
    stack[n++] = op;
    while (n) {
        ir_op o = stack[--n];
        if (!m->ops[o].name || ir_op_has_uses(e, o) || !removable(m, o))
            continue;
        uint32_t more = m->ops[o].n_operands;
        if (n + more > cap) {
            uint32_t want = (n + more) * 2;
            ir_op *p = mem_alloc(m->mem, want * sizeof *p);
            if (!p) {
                m->failed = true;
                break;
            }
            memcpy(p, stack, n * sizeof *p);
            if (stack != few)
                mem_free(m->mem, stack, cap * sizeof *stack);
            stack = p;
            cap = want;
        }
        for (uint32_t i = more; i-- > 0;) {
            ir_op def = ir_def_op(m, ir_operand(m, o, i));
            if (def)
                stack[n++] = def;
        }
        ir_erase(e, o);
    }
    if (stack != few)
        mem_free(m->mem, stack, cap * sizeof *stack);
}

/* ---- moving --------------------------------------------------------------------------------------------- */

/* Takes op out of where it stands, the insertion point included. */
static void take(ir_edit *e, ir_op op) {
    if (e->before == op)
        e->before = e->m->ops[op].next;
    mark_neighbours(e, op);
    ir_unlink(e->m, op);
}

void ir_move_before(ir_edit *e, ir_op op, ir_op where) {
    if (op == where || e->m->ops[where].prev == op)
        return;
    take(e, op);
    ir_insert_before(e->m, where, op);
    mark_neighbours(e, op);
    edit_tell(e, IR_EDIT_INSERTED, op);
}

void ir_move_after(ir_edit *e, ir_op op, ir_op where) {
    if (op == where || e->m->ops[where].next == op)
        return;
    take(e, op);
    ir_op next = e->m->ops[where].next;
    if (next)
        ir_insert_before(e->m, next, op);
    else
        ir_block_append(e->m, e->m->ops[where].block, op);
    mark_neighbours(e, op);
    edit_tell(e, IR_EDIT_INSERTED, op);
}

void ir_move_to_end(ir_edit *e, ir_op op, ir_block b) {
    take(e, op);
    ir_block_append(e->m, b, op);
    mark_neighbours(e, op);
    edit_tell(e, IR_EDIT_INSERTED, op);
}

void ir_splice(ir_edit *e, ir_block from, ir_block to, ir_op where) {
    ir_module *m = e->m;
    for (ir_op op = m->blocks[from].first, next; op; op = next) {
        next = m->ops[op].next;
        take(e, op);
        if (where)
            ir_insert_before(m, where, op);
        else
            ir_block_append(m, to, op);
        mark_neighbours(e, op);
        edit_tell(e, IR_EDIT_INSERTED, op);
    }
}

bool ir_is_before(const ir_module *m, ir_op a, ir_op b) {
    if (m->ops[a].block != m->ops[b].block)
        return false;
    /* Both ways at once, so that neighbours are found soon. */
    ir_op up = m->ops[a].next, down = m->ops[a].prev;
    while (up || down) {
        if (up == b)
            return b != 0;
        if (down == b)
            return false;
        up = up ? m->ops[up].next : 0;
        down = down ? m->ops[down].prev : 0;
    }
    return false;
}

bool ir_is_inside(const ir_module *m, ir_op op, ir_op ancestor) {
    for (; op; op = m->ops[op].block ? ir_parent_op(m, op) : 0)
        if (op == ancestor)
            return true;
    return false;
}
