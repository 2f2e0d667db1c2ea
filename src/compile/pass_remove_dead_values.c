/* remove-dead-values (off unless asked for): ops whose results nobody uses, arguments of private functions that the body
 * does not use, and results of private functions that no caller uses go. Only functions that are called by func.call and
 * mentioned by nothing else are changed. Repeated until nothing is left to remove, because each removal may kill more. */
#include "compile/passes.h"
#include "compile/symbol_uses.h"

/* Ops without uses, the last one first. */
static bool erase_dead_ops(pass_context *p) {
    ir_module *m = p->m;
    uint64_t before = p->e->changes;
    uint32_t n = 0;
    ir_op *ops = arena_alloc(&p->scratch, m->n_ops * sizeof *ops, alignof(ir_op));
    if (!ops)
        return false;
    for (ir_op op = ir_walk_next(m, p->scope, p->scope); op; op = ir_walk_next(m, p->scope, op))
        ops[n++] = op;
    while (n-- > 0)
        if (m->ops[ops[n]].name && op_is_removable(m, ops[n]) && !ir_op_has_uses(p->e, ops[n]))
            ir_erase(p->e, ops[n]);
    return p->e->changes != before;
}

/* How often a function is mentioned, and how many of these are calls. */
struct mentions {
    str name;
    uint32_t n;
};

static void note(void *arg, str root) {
    struct mentions *k = arg;
    k->n += str_eq(root, k->name);
}

/* The calls of a private function, when nothing but calls mentions it. False when it is to be left alone. */
static bool find_calls(pass_context *p, ir_op func, ir_op *calls, uint32_t *n) {
    ir_module *m = p->m;
    ir_attr visibility = ir_op_attr(m, func, STR("sym_visibility"));
    if (!body_of(m, func) || !visibility || !str_eq(ir_str_of(p->c, visibility), STR("private")))
        return false;
    struct mentions k = {symbol_name(m, func), 0};
    *n = 0;
    for (ir_op op = p->scope; op; op = ir_walk_next(m, p->scope, op)) {
        if (!each_symbol_use(p, op, note, &k))
            return false;
        if (op_is(m, op, OP_func_call) && k.n > *n)
            calls[(*n)++] = op;
        if (k.n != *n)
            return false;
    }
    return true;
}

/* A list attribute without entry i. */
static void drop_entry(pass_context *p, ir_op func, str key, uint32_t i) {
    ir_attr list = ir_op_attr(p->m, func, key);
    uint32_t n = list ? ir_count(p->c, list) : 0, k = 0;
    ir_attr *kept = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    if (!kept || i >= n)
        return;
    for (uint32_t j = 0; j < n; j++)
        if (j != i)
            kept[k++] = ir_at(p->c, list, j);
    ir_set_prop(p->e, func, key, k ? ir_attr_array(p->c, kept, k) : 0);
}

static void drop_arguments(pass_context *p, ir_op func, const ir_op *calls, uint32_t n_calls) {
    ir_module *m = p->m;
    ir_block body = body_of(m, func);
    for (uint32_t i = m->blocks[body].n_args; i-- > 0;) {
        if (ir_has_uses(p->e, m->blocks[body].args + i))
            continue;
        ir_remove_arg(p->e, body, i);
        drop_entry(p, func, STR("arg_attrs"), i);
        for (uint32_t k = 0; k < n_calls; k++)
            ir_remove_operand(p->e, calls[k], i);
    }
}

/* A call with result i left out in place of the old one. */
static bool drop_result_of_call(pass_context *p, ir_op *call, uint32_t i) {
    ir_module *m = p->m;
    uint32_t n = m->ops[*call].n_results, k = 0;
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, n + 1);
    ir_value *values = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    ir_value *operands = ARENA_ARRAY(&p->scratch, ir_value, m->ops[*call].n_operands + 1);
    if (!types || !values || !operands)
        return false;
    for (uint32_t j = 0; j < n; j++)
        if (j != i)
            types[k++] = ir_value_type(m, ir_result(m, *call, j));
    for (uint32_t j = 0; j < m->ops[*call].n_operands; j++)
        operands[j] = ir_operand(m, *call, j);
    ir_edit_at(p->e, *call);
    ir_op made = ir_build(p->e, &(ir_op_spec){.name = m->ops[*call].name,
                                              .loc = m->ops[*call].loc,
                                              .operands = operands,
                                              .n_operands = m->ops[*call].n_operands,
                                              .results = types,
                                              .n_results = k,
                                              .props = m->ops[*call].props,
                                              .attrs = m->ops[*call].attrs});
    for (uint32_t j = 0; made && j < n; j++)
        values[j] = j == i ? 0 : ir_result(m, made, j - (j > i));
    if (!made)
        return false;
    ir_edit_came_from(p->e, made, *call);
    ir_replace(p->e, *call, values);
    *call = made;
    return true;
}

static bool drop_results(pass_context *p, ir_op func, ir_op *calls, uint32_t n_calls) {
    ir_module *m = p->m;
    ir_op end = m->blocks[body_of(m, func)].last;
    for (uint32_t i = n_calls ? m->ops[end].n_operands : 0; i-- > 0;) {
        bool used = false;
        for (uint32_t k = 0; k < n_calls && !used; k++)
            used = i >= m->ops[calls[k]].n_results || ir_has_uses(p->e, ir_result(m, calls[k], i));
        if (used)
            continue;
        ir_remove_operand(p->e, end, i);
        drop_entry(p, func, STR("res_attrs"), i);
        for (uint32_t k = 0; k < n_calls; k++)
            if (!drop_result_of_call(p, &calls[k], i))
                return false;
    }
    return true;
}

bool pass_remove_dead_values(pass_context *p) {
    ir_module *m = p->m;
    for (uint64_t before = UINT64_MAX; before != p->e->changes;) {
        before = p->e->changes;
        erase_dead_ops(p);
        for (each_func(m, p->scope, f)) {
            uint32_t n;
            ir_op *calls = arena_alloc(&p->scratch, m->n_ops * sizeof *calls, alignof(ir_op));
            if (!calls)
                return pass_out_of_memory(p);
            if (!find_calls(p, f, calls, &n))
                continue;
            if (!drop_results(p, f, calls, n))
                return pass_out_of_memory(p);
            drop_arguments(p, f, calls, n);
            update_function_type(p, f);
        }
    }
    return !m->failed || pass_out_of_memory(p);
}
