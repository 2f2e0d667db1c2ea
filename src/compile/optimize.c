/* optimize.c - see optimize.h. */
#include "compile/optimize.h"

#include "compile/override.h"
#include "compile/ttnn_build.h"
#include "target/matmul.h"

/* Which op of its name in its function. */
static uint32_t ordinal_of(const ir_module *m, ir_op func, ir_op op) {
    uint32_t n = 0;
    for (ir_op at = ir_walk_next(m, func, func); at && at != op; at = ir_walk_next(m, func, at))
        n += m->ops[at].name == m->ops[op].name;
    return n;
}

bool opt_is_pinned(pass_context *p, ir_op op) {
    const override_set *s = p->o->overrides;
    if (!s || !s->entries.n)
        return false;
    ir_op func = op;
    while (func && !op_is(p->m, func, OP_func_func))
        func = p->m->ops[func].block ? ir_parent_op(p->m, func) : 0;
    str function = func ? symbol_name(p->m, func) : STR("");
    uint32_t ordinal = func ? ordinal_of(p->m, func, op) : 0;
    for (size_t i = 0; i < s->entries.n; i++) {
        const override_entry *e = &s->entries.v[i];
        bool places = false;
        for (size_t k = 0; k < e->settings.n; k++)
            places |= e->settings.v[k].group == LEGAL_OUTPUT || e->settings.v[k].group == LEGAL_RESHARD;
        if (places && override_matches(e, p->m, op, function, ordinal))
            return true;
    }
    return false;
}

ir_value opt_move(pass_context *p, const legal_env *e, ir_op op, ir_value v, ttnn_layout *to) {
    ttnn_layout now;
    if (!ttnn_layout_of(p->c, ir_value_type(p->m, v), &now) || !ttnn_layout_place(p->c, &e->device, to, NULL))
        return 0;
    ttnn_layout_set_dtype(to, now.dtype);
    ir_type t = ttnn_tensor_type(p->c, ir_value_type(p->m, v), to);
    ir_edit_at(p->e, op);
    p->e->from = op;
    ir_value moved = t ? tn_unary(p, now.tiled == to->tiled ? OP_ttnn_to_memory_config : OP_ttnn_to_tensor_spec,
                                  loc_suffix(p, p->m->ops[op].loc, "_mem_reconfig"), v, t)
                       : 0;
    p->e->from = 0;
    return moved;
}

void opt_set_matmul_program(pass_context *p, const legal_env *e, ir_op op, const ttnn_layout *out) {
    ir_attr activation = ir_op_attr(p->m, op, STR("activation")), fused = 0;
    if (activation && ir_kind_of(p->c, activation) == IR_ATTR_STRING) {
        ir_node params[2] = {dialect_keyword(p->c, ir_str_of(p->c, activation)), 0};
        fused = params[0] ? dialect_make_attr(p->c, ATTR_ttnn_unary_with_param, params) : 0;
    }
    ir_attr config = matmul_program_config(p->c, e, op, out, NULL, fused);
    if (config == ir_op_attr(p->m, op, STR("matmul_program_config")))
        return;
    ir_set_prop(p->e, op, STR("matmul_program_config"), config);
    if (config && fused) /* else it would be applied twice (tt-metal 35060) */
        ir_set_prop(p->e, op, STR("activation"), 0);
}

/* The runtime chooses its kernel by this field (tt-mlir Conv2dRuleBook). */
void opt_set_shard_layout(pass_context *p, ir_op op, const ttnn_layout *out) {
    ir_attr config = ir_op_attr(p->m, op, STR("conv2d_config"));
    if (!ttnn_is_sharded(out->memory) || (config && dialect_param(p->c, config, STR("shard_layout"))))
        return;
    config = tn_param_set(p, config, ATTR_ttnn_conv2d_config, STR("shard_layout"),
                          dialect_keyword(p->c, ttnn_memory_names[out->memory]));
    if (config)
        ir_set_prop(p->e, op, STR("conv2d_config"), config);
}
