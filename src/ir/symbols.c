/* Symbol tables, all in one map. Only ops with regions can be tables, and there are few regions. */
#include "ir/symbols.h"

static inline uint64_t key_of(ir_op table, ir_str name) {
    return (uint64_t)table << 32 | name;
}

static inline bool is_table(const ir_symbols *s, ir_op op) {
    return s->traits[s->m->ops[op].name] & IR_TRAIT_SYMBOL_TABLE;
}

static bool collect(ir_symbols *s, ir_op table, ir_region region, const ir_report *r) {
    const ir_module *m = s->m;
    ir_block b = m->regions[region].first;
    for (ir_op op = b ? m->blocks[b].first : 0; op; op = m->ops[op].next) {
        ir_attr name = ir_op_attr(m, op, STR("sym_name"));
        if (!name || ir_kind_of(m->ctx, name) != IR_ATTR_STRING)
            continue;
        ir_str text = ir_at(m->ctx, name, 0);
        bool added;
        uint32_t *first = map_u64_put(&s->map, key_of(table, text), op, &added);
        if (!first)
            return false;
        if (added || !r)
            continue;
        ir_error(r, op, "redefinition of symbol named '%.*s'", STR_ARG(ir_str_of(m->ctx, text)));
        ir_note(r, *first, "see existing symbol definition here");
    }
    return true;
}

bool ir_symbols_build(const ir_module *m, const uint8_t *traits, const ir_report *r, ir_symbols *out) {
    *out = (ir_symbols){.m = m, .traits = traits};
    map_u64_init(&out->map, m->mem);
    for (ir_region region = 1; region < m->n_regions; region++) {
        ir_op table = m->regions[region].op;
        if (!table || !is_table(out, table))
            continue;
        if (m->ops[table].n_regions != 1) {
            if (r && ir_op_region(m, table, 0) == region)
                ir_op_error(r, table, "Operations with a 'SymbolTable' must have exactly one region");
            continue;
        }
        if (!collect(out, table, region, r))
            return false;
    }
    return true;
}

void ir_symbols_free(ir_symbols *s) {
    map_u64_free(&s->map);
}

ir_op ir_symbol_in(const ir_symbols *s, ir_op table, ir_str name) {
    const uint32_t *op = map_u64_get(&s->map, key_of(table, name));
    return op ? *op : 0;
}

ir_op ir_symbol_table_of(const ir_symbols *s, ir_op op) {
    ir_op around = ir_parent_op(s->m, op);
    while (around && !is_table(s, around))
        around = ir_parent_op(s->m, around);
    return around;
}

ir_op ir_symbol_resolve(const ir_symbols *s, ir_op from, ir_attr symbol) {
    const ir_context *c = s->m->ctx;
    if (ir_kind_of(c, symbol) != IR_ATTR_SYMBOL)
        return 0;
    for (ir_op table = ir_symbol_table_of(s, from); table; table = ir_symbol_table_of(s, table)) {
        ir_op found = ir_symbol_in(s, table, ir_at(c, symbol, 0));
        for (uint32_t i = 1; found && i < ir_count(c, symbol); i++)
            found = is_table(s, found) ? ir_symbol_in(s, found, ir_at(c, symbol, i)) : 0;
        if (found)
            return found;
    }
    return 0;
}
