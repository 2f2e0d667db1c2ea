/* ttnn-force-const-eval-to-system-memory: arguments that only const-eval functions use stay in host memory, row-major; the
 * functions move them to the device themselves, unless all they do with one is to bring it to the host. */
#include "compile/passes.h"
#include "target/layout.h"

static bool on_host(const ir_context *c, ir_type t) {
    return ttnn_buffer_of(c, t) == TTNN_SYSTEM;
}

/* The same tensor in host memory; t itself when it has no layout. */
static ir_type host_type(pass_context *p, ir_type t) {
    ttnn_layout l;
    if (!ttnn_layout_of(p->c, t, &l))
        return t;
    ttnn_layout_set_buffer(&l, TTNN_SYSTEM);
    ttnn_layout_set_tiled(&l, false);
    return type_with_encoding(p, t, ttnn_layout_attr(p->c, t, &l));
}

/* Whether all uses are load_cached, and there is one. */
static bool only_loaded(pass_context *p, ir_value v) {
    for (ir_each_use(p->e, v, u))
        if (!op_is(p->m, ir_use_op(p->e, u), OP_ttcore_load_cached))
            return false;
    return ir_has_uses(p->e, v);
}

/* Whether a const-eval function needs the argument on the device. */
static bool needs_device(pass_context *p, ir_value arg) {
    if (!ir_has_one_use(p->e, arg))
        return true;
    ir_op user = ir_use_op(p->e, ir_first_use(p->e, arg));
    return !op_is(p->m, user, OP_ttnn_to_tensor_spec) || !on_host(p->c, ir_value_type(p->m, ir_result(p->m, user, 0)));
}

static bool move_argument(pass_context *p, ir_op func, uint32_t i, ir_type type) {
    ir_module *m = p->m;
    ir_block body = body_of(m, func);
    ir_value arg = body && i < m->blocks[body].n_args ? m->blocks[body].args + i : 0;
    if (!arg || ir_value_type(m, arg) == type)
        return true;
    if (needs_device(p, arg)) {
        ir_edit_at_start(p->e, body);
        for (ir_op op = m->blocks[body].first; op; op = m->ops[op].next)
            if (op_is(m, op, OP_ttnn_get_device))
                ir_edit_after(p->e, op);
        ir_type device_type = ir_value_type(m, arg);
        ir_value moved = build_value(p, OP_ttnn_to_tensor_spec, m->values[arg].loc, &arg, 1, device_type, 0);
        if (!moved)
            return pass_out_of_memory(p);
        ir_replace_uses_except(p->e, arg, moved, ir_def_op(m, moved));
    }
    ir_set_type(p->e, arg, type);
    update_function_type(p, func);
    return true;
}

static bool process_function(pass_context *p, ir_op func) {
    ir_module *m = p->m;
    ir_block body = body_of(m, func);
    uint32_t n = body ? m->blocks[body].n_args : 0;
    bool any = false;
    bool *moved = ARENA_ARRAY(&p->scratch, bool, n + 1);
    if (!moved)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n; i++) {
        ir_value arg = m->blocks[body].args + i;
        ir_type t = ir_value_type(m, arg), host = host_type(p, t);
        if (host == t || on_host(p->c, t) || !only_loaded(p, arg))
            continue;
        ir_set_type(p->e, arg, host);
        any = moved[i] = true;
    }
    if (any)
        update_function_type(p, func);
    for (uint32_t i = 0; i < n; i++) {
        ir_value arg = m->blocks[body].args + i;
        if (!moved[i])
            continue;
        for (ir_each_use(p->e, arg, u)) {
            ir_op load = ir_use_op(p->e, u);
            ir_op callee = lookup_symbol(p, ir_parent_op(m, func), ir_str_of(p->c, ir_op_attr(m, load, STR("callee"))));
            if (!callee)
                return pass_error(p, load, "calls no function of this module");
            if (!move_argument(p, callee, ir_use_index(p->e, u), ir_value_type(m, arg)))
                return false;
        }
    }
    return true;
}

bool pass_const_eval_system_memory(pass_context *p) {
    for (each_func_inside(p->m, p->scope, f))
        if (str_eq(dialect_function_kind(p->m, f), STR("forward_device")) && !process_function(p, f))
            return false;
    return true;
}
