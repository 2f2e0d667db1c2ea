/* ttir-flatten-sliding-window: 2-D convolutions and pools work on 1 x 1 x (N*H*W) x C; what N, H and W were is kept in
 * their attribute flattened_compat_info, reshapes stand before and behind them. */
#include "compile/passes.h"
#include "compile/ttir.h"

static ir_type flat_type(pass_context *p, ir_type t) {
    shape s;
    if (!shape_of_type(p->c, t, &s) || s.n != 4)
        return 0;
    shape flat = {.n = 4, .d = {1, 1, s.d[0] * s.d[1] * s.d[2], s.d[3]}};
    return tensor_type(p, &flat, ir_element_type(p->c, t));
}

static ir_value reshaped(pass_context *p, ir_value v, ir_type type) {
    return build_reshape_to(p, loc_suffix(p, value_loc(p->m, v), "_reshape"), v, type);
}

static bool flatten(pass_context *p, ir_op op) {
    ir_op_data *o = ir_op_at(p->m, op);
    ir_value in = ir_operand(p->m, op, 0), out[2], operands[4];
    ir_type in_type = ir_value_type(p->m, in), types[2], flat[2];
    uint32_t n = o->n_operands, n_results = o->n_results;
    ir_loc loc = o->loc;
    shape s;
    if (n > 4 || n_results > 2 || !shape_of_type(p->c, in_type, &s) || s.n != 4)
        return true;
    for (uint32_t i = 0; i < n_results; i++) {
        types[i] = ir_value_type(p->m, ir_result(p->m, op, i));
        flat[i] = flat_type(p, types[i]);
        if (!flat[i])
            return true;
    }
    ir_edit_at(p->e, op);
    p->e->from = op;
    ir_node info[] = {dialect_int(p->c, s.d[0]), dialect_int(p->c, s.d[1]), dialect_int(p->c, s.d[2])};
    ir_attr props = ir_dict_set(p->c, o->props, STR("flattened_compat_info"),
                                dialect_make_attr(p->c, ATTR_ttir_flattened_compat, info));
    operands[0] = reshaped(p, in, flat_type(p, in_type));
    bool with_indices = op_is(p->m, op, OP_ttir_max_pool2d_with_indices);
    for (uint32_t i = 1; i < n; i++)
        operands[i] = ir_operand(p->m, op, i);
    if (with_indices)
        for (n = 1; n < 3; n++)
            operands[n] = build_value(p, OP_ttir_empty, loc, NULL, 0, flat[n - 1], 0);
    ir_op_spec spec = {.name = ir_op_at(p->m, op)->name,
                       .loc = loc,
                       .operands = operands,
                       .n_operands = n,
                       .results = flat,
                       .n_results = n_results,
                       .props = props};
    ir_op made = operands[0] ? ir_build(p->e, &spec) : 0;
    for (uint32_t i = 0; made && i < n_results; i++)
        out[i] = reshaped(p, ir_result(p->m, made, i), types[i]);
    if (!made || p->m->failed)
        return pass_out_of_memory(p);
    ir_replace(p->e, op, out);
    return true;
}

/* The last op first: the reshape of an input is named after the op that made it, not after that op's own reshape. */
bool pass_flatten_window(pass_context *p) {
    uint32_t n = 0;
    for (ir_op op = p->scope; op; op = ir_walk_next(p->m, p->scope, op))
        n++;
    ir_op *list = ARENA_ARRAY(&p->scratch, ir_op, n);
    if (!list)
        return pass_out_of_memory(p);
    n = 0;
    for (ir_op op = p->scope; op; op = ir_walk_next(p->m, p->scope, op)) {
        uint32_t id = op_id(p->m, op);
        bool window = id == OP_ttir_conv2d || id == OP_ttir_conv_transpose2d || id == OP_ttir_max_pool2d ||
                      id == OP_ttir_max_pool2d_with_indices || id == OP_ttir_avg_pool2d;
        if (window && !ir_op_attr(p->m, op, STR("flattened_compat_info")))
            list[n++] = op;
    }
    while (n)
        if (!flatten(p, list[--n]))
            return false;
    return true;
}
