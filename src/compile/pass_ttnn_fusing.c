/* pass_ttnn_fusing.c - ttnn-fusing: an activation that is the only user of a convolution, matmul or linear becomes part of
 * it; with an optimizer that of an rms_norm, too, and what a decode step has of its own (ttnn_fuse_decode.c). What else tt-mlir
 * fuses with its op model (query, key and value split in one) is left alone. */
#include "compile/passes.h"
#include "compile/rewrite.h"
#include "compile/ttnn_build.h"
#include "compile/ttnn_decompose.h"
#include "compile/ttnn_fuse.h"

/* The activation that alone uses v, when it is one of `ids`; 0 otherwise. */
static ir_op only_activation(pass_context *p, ir_value v, const uint16_t *ids, uint32_t n) {
    if (!ir_has_one_use(p->e, v))
        return 0;
    ir_op user = ir_use_op(p->e, ir_first_use(p->e, v));
    for (uint32_t i = 0; i < n; i++)
        if (op_is(p->m, user, ids[i]))
            return user;
    return 0;
}

/* "relu" of ttnn.relu */
static str bare_name(const ir_module *m, ir_op op) {
    str name = ir_op_name_str(m, op);
    size_t dot = str_find_char(name, '.');
    return str_slice(name, dot + 1, name.n);
}

/* The activation's users take its input from now on; it is dead then, and `op` has its value. */
static void drop(pass_context *p, ir_op op, ir_op activation) {
    ir_edit_came_from(p->e, op, activation);
    ir_replace_uses(p->e, ir_result(p->m, activation, 0), ir_operand(p->m, activation, 0));
}

/* A reshape may stand between, which unflattens the result. */
static bool fuse_conv2d(pass_context *p, ir_op op) {
    static const uint16_t ids[] = {OP_ttnn_relu, OP_ttnn_relu6, OP_ttnn_silu, OP_ttnn_sigmoid};
    const uint32_t def = ATTR_ttnn_conv2d_config;
    ir_attr config = ir_op_attr(p->m, op, STR("conv2d_config"));
    if (config && dialect_param(p->c, config, STR("activation")))
        return false;
    ir_value v = ir_result(p->m, op, 0);
    ir_op activation = only_activation(p, v, ids, 4);
    static const uint16_t reshape[] = {OP_ttnn_reshape};
    ir_op between = activation ? 0 : only_activation(p, v, reshape, 1);
    if (between)
        activation = only_activation(p, ir_result(p->m, between, 0), ids, 4);
    if (!activation)
        return false;
    ir_node params[2] = {dialect_keyword(p->c, bare_name(p->m, activation)), 0};
    ir_attr unary = dialect_make_attr(p->c, ATTR_ttnn_unary_with_param, params);
    target_dtype dtype = tn_element_dtype(p->c, ir_value_type(p->m, ir_operand(p->m, op, 1)));
    if (dtype == DTYPE_NONE)
        return false;
    config = tn_param_set(p, config, def, STR("activation"), unary);
    config = tn_param_set(p, config, def, STR("weights_dtype"), dialect_keyword(p->c, target_dtypes[dtype].name));
    if (!config)
        return false;
    ir_set_prop(p->e, op, STR("conv2d_config"), config);
    drop(p, op, activation);
    return true;
}

static bool fuse_matmul(pass_context *p, ir_op op) {
    static const uint16_t ids[] = {OP_ttnn_sigmoid, OP_ttnn_silu, OP_ttnn_gelu};
    if (ir_op_attr(p->m, op, STR("activation")))
        return false;
    ir_op activation = only_activation(p, ir_result(p->m, op, 0), ids, 3);
    ir_attr name = activation ? ir_attr_string(p->c, bare_name(p->m, activation), true) : 0;
    if (!name)
        return false;
    ir_set_prop(p->e, op, STR("activation"), name);
    drop(p, op, activation);
    return true;
}

/* rms_norm and its activation become an op of their own (ttnn-pipeline.md, pass 24). */
static bool fuse_rms_norm_activation(pass_context *p, ir_op op) {
    static const uint16_t ids[] = {OP_ttnn_silu, OP_ttnn_gelu, OP_ttnn_relu};
    static const str kept[] = {STR_INIT("epsilon"), STR_INIT("compute_config")};
    ir_op activation = only_activation(p, ir_result(p->m, op, 0), ids, 3);
    if (!activation || !ttnn_decompose_keeps_kernels(p->o))
        return false;
    ir_value operands[3];
    int32_t sizes[4] = {0};
    uint32_t n = 0;
    for (uint32_t g = 0; g < 3; g++) {
        operand_group group = op_group(p->m, op, g);
        if (group.n)
            operands[n++] = ir_operand(p->m, op, group.first);
        sizes[g] = group.n ? 1 : 0;
    }
    attr_entry props[3] = {{STR("activation"), ir_attr_string(p->c, bare_name(p->m, activation), true)}};
    for (int i = 0; i < 2; i++)
        props[1 + i] = (attr_entry){kept[i], ir_op_attr(p->m, op, kept[i])};
    ir_type type = ir_value_type(p->m, ir_result(p->m, activation, 0));
    ir_edit_at(p->e, activation);
    ir_op fused = build_op(p, &(build_args){.op = OP_ttnn_dit_rms_norm_unary_fused,
                                            .loc = ir_op_at(p->m, activation)->loc,
                                            .operands = operands,
                                            .n_operands = n,
                                            .sizes = sizes,
                                            .types = &type,
                                            .n_types = 1,
                                            .props = make_dict(p, props, 3)});
    if (!fused)
        return pass_out_of_memory(p);
    ir_replace1(p->e, activation, ir_result(p->m, fused, 0));
    return true;
}

bool pass_ttnn_fusing(pass_context *p) {
    static const rewrite_pattern patterns[] = {
        {OP_ttnn_conv2d, 1, fuse_conv2d},
        {OP_ttnn_linear, 1, fuse_matmul},
        {OP_ttnn_matmul, 1, fuse_matmul},
        {OP_ttnn_rms_norm, 1, fuse_rms_norm_activation},
        {OP_ttnn_typecast, 1, tn_merge_typecasts},
        {OP_ttnn_reshape, 1, ttnn_fuse_concat_heads_decode},
        {OP_ttnn_reshape, 1, ttnn_fuse_rotary_decode},
        {OP_ttnn_permute, 1, ttnn_fuse_rotary_decode},
    };
    return rewrite_greedy(p, p->scope, patterns, sizeof patterns / sizeof *patterns, 0, 0);
}
