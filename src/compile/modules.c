/* The modules of a compiled program and their functions. */
#include "compile/pass.h"

ir_block body_of(const ir_module *m, ir_op op) {
    if (!op || !m->ops[op].n_regions)
        return 0;
    ir_block b = m->regions[ir_op_region(m, op, 0)].first;
    return b && !m->blocks[b].next ? b : 0;
}

/* The builtin.module in the first op `id` of the root. */
static ir_op module_in(const ir_module *m, uint32_t id) {
    ir_block b = body_of(m, m->root);
    for (ir_op op = b ? m->blocks[b].first : 0; op; op = m->ops[op].next) {
        if (!op_is(m, op, id))
            continue;
        ir_block inner = body_of(m, op);
        ir_op module = inner ? m->blocks[inner].first : 0;
        return op_is(m, module, OP_builtin_module) ? module : 0;
    }
    return 0;
}

ir_op device_module(const ir_module *m) {
    return module_in(m, OP_ttcore_device_module);
}

ir_op cpu_module(const ir_module *m) {
    return module_in(m, OP_ttcore_cpu_module);
}

static ir_op func_from(const ir_module *m, ir_op op) {
    while (op && !op_is(m, op, OP_func_func))
        op = m->ops[op].next;
    return op;
}

ir_op first_func(const ir_module *m, ir_op module) {
    ir_block b = body_of(m, module);
    return b ? func_from(m, m->blocks[b].first) : 0;
}

ir_op next_func(const ir_module *m, ir_op func) {
    return func_from(m, m->ops[func].next);
}

/* The op that a pre-order walk visits last inside op; op itself when there is none inside. */
static ir_op last_inside(const ir_module *m, ir_op op) {
    for (uint32_t i = m->ops[op].n_regions; i > 0;) {
        ir_op last = 0;
        for (ir_block b = m->regions[ir_op_region(m, op, --i)].last; b && !last; b = m->blocks[b].prev)
            last = m->blocks[b].last;
        if (!last)
            continue;
        op = last;
        i = m->ops[op].n_regions;
    }
    return op;
}

ir_op func_inside(const ir_module *m, ir_op top, ir_op from) {
    /* Functions hold no functions: what is inside one is passed over. */
    ir_op op = from == top ? from : last_inside(m, from);
    do
        op = ir_walk_next(m, top, op);
    while (op && !op_is(m, op, OP_func_func));
    return op;
}

str symbol_name(const ir_module *m, ir_op op) {
    ir_attr name = ir_op_attr(m, op, STR("sym_name"));
    return name ? ir_str_of(m->ctx, name) : STR("");
}

ir_op find_symbol(const ir_module *m, ir_op module, str name) {
    ir_block b = body_of(m, module);
    for (ir_op op = b ? m->blocks[b].first : 0; op; op = m->ops[op].next)
        if (str_eq(symbol_name(m, op), name))
            return op;
    return 0;
}

/* Whether op is there, directly in the module, under this name. */
static bool is_symbol(const ir_module *m, ir_op op, ir_op module, str name) {
    return op && m->ops[op].name && m->ops[op].block && ir_parent_op(m, op) == module &&
           str_eq(symbol_name(m, op), name);
}

/* Where the symbols of a module are now, for lookup_symbol. False when out of memory. */
static bool note_symbols(pass_context *p, ir_op module) {
    const ir_module *m = p->m;
    ir_block b = body_of(m, module);
    for (ir_op op = b ? m->blocks[b].first : 0; op; op = m->ops[op].next) {
        str name = symbol_name(m, op);
        if (!name.n)
            continue;
        uint32_t *at = map_u64_put(&p->symbols, (uint64_t)module << 32 | ir_string(p->c, name, true), 0, NULL);
        if (!at)
            return false;
        if (!is_symbol(m, *at, module, name)) /* the first op of a name counts */
            *at = op;
    }
    return true;
}

ir_op lookup_symbol(pass_context *p, ir_op module, str name) {
    uint64_t key = (uint64_t)module << 32 | ir_string(p->c, name, true);
    const uint32_t *at = map_u64_get(&p->symbols, key);
    /* What stood there may be gone, or have another name by now. */
    if (at && is_symbol(p->m, *at, module, name))
        return *at;
    if (!note_symbols(p, module))
        return find_symbol(p->m, module, name);
    at = map_u64_get(&p->symbols, key);
    return at && is_symbol(p->m, *at, module, name) ? *at : 0;
}

ir_op lookup_symbol_from(pass_context *p, ir_op op, ir_attr name) {
    ir_op found = 0, at = op;
    while (name && at && at != p->scope && !found) {
        at = ir_parent_op(p->m, at);
        if (op_is(p->m, at, OP_builtin_module))
            found = lookup_symbol(p, at, ir_str_of(p->c, name));
    }
    return found;
}

void update_function_type(pass_context *p, ir_op func) {
    ir_module *m = p->m;
    ir_block entry = m->regions[ir_op_region(m, func, 0)].first;
    ir_attr old = ir_op_attr(m, func, STR("function_type"));
    if (!entry || !old || ir_kind_of(p->c, old) != IR_ATTR_TYPE)
        return;
    ir_op end = m->blocks[entry].last;
    /* The return that counts is that of the last block. */
    ir_block last = m->regions[ir_op_region(m, func, 0)].last;
    if (last != entry)
        end = m->blocks[last].last;
    uint32_t n_in = m->blocks[entry].n_args, n_out = end ? m->ops[end].n_operands : 0;
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, n_in + n_out + 1);
    if (!types) {
        pass_out_of_memory(p);
        return;
    }
    for (uint32_t i = 0; i < n_in; i++)
        types[i] = ir_value_type(m, m->blocks[entry].args + i);
    for (uint32_t i = 0; i < n_out; i++)
        types[n_in + i] = ir_value_type(m, ir_operand(m, end, i));
    ir_type t = ir_type_function(p->c, types, n_in, types + n_in, n_out);
    ir_set_prop(p->e, func, STR("function_type"), ir_attr_type(p->c, t));
}

ir_attr func_arg_attr(const ir_module *m, ir_op func, uint32_t i, str key) {
    ir_attr list = ir_op_attr(m, func, STR("arg_attrs"));
    if (!list || ir_kind_of(m->ctx, list) != IR_ATTR_ARRAY || i >= ir_count(m->ctx, list))
        return 0;
    ir_attr dict = ir_at(m->ctx, list, i);
    return ir_kind_of(m->ctx, dict) == IR_ATTR_DICT ? ir_dict_get(m->ctx, dict, key) : 0;
}

void func_set_arg_attr(pass_context *p, ir_op func, uint32_t i, str key, ir_attr value) {
    ir_module *m = p->m;
    ir_block entry = m->regions[ir_op_region(m, func, 0)].first;
    ir_attr type = ir_op_attr(m, func, STR("function_type"));
    uint32_t n = entry ? m->blocks[entry].n_args
                       : (type && ir_kind_of(p->c, type) == IR_ATTR_TYPE ? ir_at(p->c, ir_at(p->c, type, 0), 0) : 0);
    if (i >= n)
        return;
    ir_attr list = ir_op_attr(m, func, STR("arg_attrs"));
    uint32_t had = list ? ir_count(p->c, list) : 0;
    ir_attr *dicts = ARENA_ARRAY(&p->scratch, ir_attr, n);
    if (!dicts) {
        pass_out_of_memory(p);
        return;
    }
    bool any = false;
    for (uint32_t k = 0; k < n; k++) {
        dicts[k] = k < had ? ir_at(p->c, list, k) : p->c->a_empty_dict;
        if (k == i)
            dicts[k] = ir_dict_set(p->c, dicts[k], key, value);
        if (!dicts[k])
            dicts[k] = p->c->a_empty_dict;
        any = any || ir_count(p->c, dicts[k]);
    }
    /* As MLIR: no list when every dictionary is empty. */
    ir_set_prop(p->e, func, STR("arg_attrs"), any ? ir_attr_array(p->c, dicts, n) : 0);
}
