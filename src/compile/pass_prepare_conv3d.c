/* pass_prepare_conv3d.c - ttnn-prepare-conv3d-weights: a prepare_conv3d_weights in front of each conv3d, after its
 * configuration is settled. The kernel takes the weight from the host in rows and gives rows; conv3d wants tiles. */
#include "compile/passes.h"
#include "compile/ttnn_build.h"

static ir_value to_tiles(pass_context *p, ir_op op, ir_value v) {
    ttnn_layout l;
    if (!ttnn_layout_of(p->c, ir_value_type(p->m, v), &l) || l.tiled)
        return v;
    ttnn_layout_set_tiled(&l, true);
    return tn_to_spec(p, op, v, &l, "_prepare_conv3d_weight_to_tile");
}

static bool prepare(pass_context *p, ir_op op) {
    ir_value weight = ir_operand(p->m, op, 1);
    ir_edit_at(p->e, op);
    p->e->from = op;
    if (ir_rank(p->c, ir_value_type(p->m, weight)) == 2) {
        ir_value v = to_tiles(p, op, weight);
        if (v && v != weight)
            ir_set_operand(p->e, op, 1, v);
        return true;
    }
    ttnn_layout l;
    int64_t block = 0, groups = 1, in_channels = 0, out_channels = 0, kernel[3];
    ir_attr config = ir_op_attr(p->m, op, STR("conv3d_config"));
    if (!ttnn_layout_of(p->c, ir_value_type(p->m, weight), &l) || !config ||
        !dialect_param_int(p->c, config, STR("c_in_block"), &block) || !op_int(p->m, op, STR("groups"), &groups) ||
        groups < 1 || !op_int(p->m, op, STR("in_channels"), &in_channels) ||
        !op_int(p->m, op, STR("out_channels"), &out_channels) || op_ints(p->m, op, STR("kernel_size"), kernel, 3) != 3)
        return pass_error(p, op, "needs a weight with a layout and a configuration with c_in_block");
    ttnn_layout prepared = ttnn_layout_default(l.dtype);
    ttnn_layout_set_tiled(&prepared, false);
    int64_t dims[2] = {tn_round_up(in_channels / groups, TARGET_TILE) * kernel[0] * kernel[1] * kernel[2],
                       out_channels};
    ir_type t = ir_type_tensor(p->c, dims, 2, target_dtype_scalar(p->c, l.dtype),
                               ttnn_layout_attr_dims(p->c, dims, 2, &prepared));
    if (l.tiled || l.buffer != TTNN_SYSTEM) {
        ttnn_layout_set_buffer(&l, TTNN_SYSTEM);
        ttnn_layout_set_tiled(&l, false);
        weight = tn_to_spec(p, op, weight, &l, "_prepare_conv3d_weight_to_row_major");
    }
    attr_entry props[] = {{STR("groups"), make_i32(p, groups)},
                          {STR("c_in_block"), make_i32(p, block)},
                          {STR("alignment"), make_i32(p, TARGET_TILE)}};
    ir_value v[2] = {weight, op_operand_named(p->m, op, STR("device"))};
    weight =
        build_value(p, OP_ttnn_prepare_conv3d_weights, loc_suffix(p, ir_op_at(p->m, op)->loc, "_prepare_conv3d_weight"),
                    v, 2, t, make_dict(p, props, 3));
    weight = weight ? to_tiles(p, op, weight) : 0;
    if (!weight)
        return pass_out_of_memory(p);
    ir_set_operand(p->e, op, 1, weight);
    return true;
}

bool pass_prepare_conv3d(pass_context *p) {
    bool ok = true;
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op && ok; op = ir_walk_next(p->m, p->scope, op))
        if (op_is(p->m, op, OP_ttnn_conv3d))
            ok = prepare(p, op);
    p->e->from = 0;
    return ok;
}
