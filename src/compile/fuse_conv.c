/* fuse_conv.c - what goes into convolutions: bias, padding, scale, batch norm, a second convolution. */
#include "compile/fuse.h"
#include "compile/ttir.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static ir_value weight_of(pass_context *p, ir_op conv) {
    return ir_operand(p->m, conv, 1);
}

static ir_value bias_of(pass_context *p, ir_op conv) {
    return ir_op_at(p->m, conv)->n_operands > 2 ? ir_operand(p->m, conv, 2) : 0;
}

static void set_bias(pass_context *p, ir_op conv, ir_value bias) {
    if (bias_of(p, conv))
        ir_set_operand(p->e, conv, 2, bias);
    else
        ir_insert_operand(p->e, conv, 2, bias);
}

/* Arguments that are conv weights are marked: ttnn-layout leaves them on the host. */
bool fuse_conv_tag_weight(pass_context *p, ir_op op) {
    ir_value weight = weight_of(p, op);
    ir_op cast = def_is(p->m, weight, OP_ttir_typecast);
    if (cast)
        weight = ir_operand(p->m, cast, 0);
    ir_block block = ir_arg_block(p->m, weight);
    ir_op func = block ? p->m->regions[ir_block_at(p->m, block)->region].op : 0;
    uint32_t index = ir_value_index(p->m, weight);
    str key = STR("ttir.conv2d_weight");
    if (!op_is(p->m, func, OP_func_func) || func_arg_attr(p->m, func, index, key))
        return false;
    func_set_arg_attr(p, func, index, key, p->c->a_unit);
    return true;
}

/* A tensor of the rank of the conv's result that has its channels in their place and ones elsewhere. */
static bool is_per_channel(pass_context *p, ir_op conv, const shape *s) {
    shape out;
    int64_t channel = op_int_or(p->m, conv, STR("channel_dim"), -1);
    if (!shape_of(p->m, ir_result(p->m, conv, 0), &out) || s->n != out.n || channel < 0 || channel >= out.n)
        return false;
    for (int i = 0; i < s->n; i++)
        if (s->d[i] != (i == channel ? out.d[i] : 1))
            return false;
    return true;
}

/* conv(x, w) + b */
bool fuse_conv_bias(pass_context *p, ir_op op) {
    static const uint16_t convs[] = {OP_ttir_conv2d, OP_ttir_conv_transpose2d, OP_ttir_conv3d};
    static const uint16_t broadcast[] = {OP_ttir_broadcast};
    for (size_t k = 0; k < 3; k++)
        for (uint32_t i = 0; i < 2; i++) {
            ir_op conv = def_is(p->m, ir_operand(p->m, op, i), convs[k]);
            ir_value bias = look_through(p->m, ir_operand(p->m, op, 1 - i), broadcast, 1);
            shape s;
            if (!conv || !op_has_one_use(p, conv) || !shape_of(p->m, bias, &s) || !is_per_channel(p, conv, &s))
                continue;
            if (bias_of(p, conv)) /* b1 + b2, both of the same shape */
                bias = build_binary(p, OP_ttir_add, loc_suffix(p, value_loc(p->m, bias), "_bias_add"), bias_of(p, conv),
                                    bias, ir_value_type(p->m, bias));
            if (!bias)
                return false;
            move_chain_before(p, bias, conv);
            set_bias(p, conv, bias);
            ir_replace1(p->e, op, ir_result(p->m, conv, 0));
            return true;
        }
    return false;
}

/* conv3d(pad(x)), the padding with zeros, in space only and equal on both sides */
bool fuse_pad_conv3d(pass_context *p, ir_op op) {
    static const str keys[] = {STR_INIT("depth_dim"), STR_INIT("height_dim"), STR_INIT("width_dim")};
    ir_op pad = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_pad);
    ir_attr mode = ir_op_attr(p->m, op, STR("padding_mode"));
    int64_t amounts[2 * PASS_MAX_RANK], padding[3];
    double value;
    shape in;
    if (!pad || !op_has_one_use(p, pad) || !mode || !str_eq(ir_str_of(p->c, mode), STR("zeros")) ||
        !op_float(p->m, pad, STR("value"), &value) || value != 0 || !shape_of(p->m, ir_operand(p->m, pad, 0), &in) ||
        op_ints(p->m, pad, STR("padding"), amounts, 2 * PASS_MAX_RANK) != 2 * (uint32_t)in.n ||
        !window_ints(p->m, op, STR("padding"), 3, padding))
        return false;
    int64_t batch = op_int_or(p->m, op, STR("batch_dim"), 0), channel = op_int_or(p->m, op, STR("channel_dim"), 4);
    for (int i = 0; i < in.n; i++)
        if (amounts[2 * i] != amounts[2 * i + 1] || ((i == batch || i == channel) && amounts[2 * i]))
            return false;
    for (int i = 0; i < 3; i++) {
        int64_t dim = op_int_or(p->m, op, keys[i], i + 1);
        if (dim < 0 || dim >= in.n)
            return false;
        padding[i] += amounts[2 * dim];
    }
    ir_set_operand(p->e, op, 0, ir_operand(p->m, pad, 0));
    ir_set_prop(p->e, op, STR("padding"), make_i32s(p, padding, 3));
    return true;
}

/* ---- conv * scale --------------------------------------------------------------------------------------- */

static bool is_constant_link(pass_context *p, ir_value v, void *arg) {
    ir_op conv = *(const ir_op *)arg;
    if (!ir_is_block_arg(p->m, v))
        return ir_def_op(p->m, v) != conv;
    return dialect_argument_is_known(p->m, v);
}

/* Whether all arguments that v is computed from are parameters or constants, and the conv is not among its ops. */
static bool is_constant_chain(pass_context *p, ir_value v, ir_op conv) {
    return all_upstream(p, v, is_constant_link, &conv);
}

static bool is_scale(pass_context *p, ir_op conv, ir_value scale) {
    ir_op broadcast = def_is(p->m, scale, OP_ttir_broadcast);
    shape s;
    return conv && ir_has_one_use(p->e, ir_result(p->m, conv, 0)) &&
           shape_of(p->m, broadcast ? ir_operand(p->m, broadcast, 0) : scale, &s) && is_per_channel(p, conv, &s) &&
           is_constant_chain(p, scale, conv);
}

static bool conv_multiply(pass_context *p, ir_op op, ir_op conv, ir_value scale, int kernel_dim) {
    ir_op broadcast = def_is(p->m, scale, OP_ttir_broadcast);
    ir_value factor = scale;
    ir_loc loc = value_loc(p->m, scale);
    shape s;
    if (broadcast) {
        ir_edit_at(p->e, broadcast);
        factor = ir_operand(p->m, broadcast, 0);
    }
    if (!shape_of(p->m, factor, &s))
        return false;
    int64_t channel = op_int_or(p->m, conv, STR("channel_dim"), 3), at_channel = s.d[channel];
    s.d[channel] = s.d[kernel_dim];
    s.d[kernel_dim] = at_channel;
    factor = build_reshape(p, loc_suffix(p, loc, "_reshape"), factor, &s);
    if (factor && broadcast)
        factor = build_broadcast_to(p, loc, factor, ir_value_type(p->m, weight_of(p, conv)));
    if (!factor)
        return false;
    move_chain_before(p, factor, conv);
    ir_edit_at(p->e, conv);
    ir_value weight = weight_of(p, conv), bias = bias_of(p, conv);
    ir_value scaled = build_binary(p, OP_ttir_multiply, loc_suffix(p, ir_op_at(p->m, conv)->loc, "_multiply"), weight,
                                   factor, ir_value_type(p->m, weight));
    if (!scaled)
        return false;
    ir_set_operand(p->e, conv, 1, scaled);
    if (bias) {
        bias = build_binary(p, OP_ttir_multiply, loc_suffix(p, value_loc(p->m, bias), "_bias_multiply"), bias, scale,
                            ir_value_type(p->m, bias));
        if (!bias)
            return false;
        ir_set_operand(p->e, conv, 2, bias);
    }
    replace_uses(p, op, ir_result(p->m, conv, 0));
    return true;
}

/* conv(x, w, b) * s is conv(x, w * s, b * s). */
bool fuse_conv_multiply(pass_context *p, ir_op op) {
    static const struct {
        uint16_t op;
        int kernel_dim; /* of the weight: where the output channels are */
    } convs[] = {{OP_ttir_conv2d, 0}, {OP_ttir_conv_transpose2d, 1}};
    if (!ir_op_has_uses(p->e, op))
        return false;
    for (size_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i < 2; i++) {
            ir_op conv = def_is(p->m, ir_operand(p->m, op, i), convs[k].op);
            ir_value scale = ir_operand(p->m, op, 1 - i);
            if (is_scale(p, conv, scale))
                return conv_multiply(p, op, conv, scale, convs[k].kernel_dim);
        }
    return false;
}

/* (x - mean) / sqrt(variance + eps) * scale + offset behind a conv becomes alpha * x + beta, for the patterns above. */
bool fuse_conv_batch_norm(pass_context *p, ir_op op) {
    ir_value x = ir_operand(p->m, op, 0), v[4]; /* scale, offset, mean, variance */
    ir_op conv = ir_def_op(p->m, x);
    double epsilon;
    if ((!op_is(p->m, conv, OP_ttir_conv2d) && !op_is(p->m, conv, OP_ttir_conv_transpose2d)) ||
        !op_has_one_use(p, conv) || !op_float(p->m, op, STR("epsilon"), &epsilon))
        return false;
    int64_t dimension = op_int_or(p->m, op, STR("dimension"), -1);
    shape s[4], one = {.n = 1, .d = {1}};
    for (uint32_t i = 0; i < 4; i++) {
        v[i] = ir_operand(p->m, op, i + 1);
        if (!shape_of(p->m, v[i], &s[i]) || (s[i].n != 1 && s[i].n != 4))
            return false;
    }
    if (dimension < 0 || dimension > 3)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type type[4];
    for (int i = 0; i < 4; i++)
        type[i] = ir_value_type(p->m, v[i]);
    ir_value eps = build_full(p, loc, type_like(p, v[3], &one), make_f32(p, (float)epsilon));
    ir_value sum = build_binary(p, OP_ttir_add, loc, v[3], eps, type[3]);
    ir_value std = build_unary(p, OP_ttir_sqrt, loc, sum, type[3]);
    ir_value alpha = build_binary(p, OP_ttir_div, loc, v[0], std, type[0]);
    ir_value shift = build_binary(p, OP_ttir_multiply, loc, v[2], alpha, type[2]);
    ir_value beta = build_binary(p, OP_ttir_subtract, loc, v[1], shift, type[1]);
    if (!beta)
        return false;
    shape to = shape_ones(4);
    if (s[0].n != 4) {
        to.d[dimension] = s[0].d[0];
        alpha = build_reshape(p, loc, alpha, &to);
    }
    if (s[1].n != 4) {
        to.d[dimension] = s[1].d[0];
        beta = build_reshape(p, loc, beta, &to);
    }
    ir_value scaled = build_binary(p, OP_ttir_multiply, loc, x, alpha, ir_value_type(p->m, x));
    ir_value result = build_binary(p, OP_ttir_add, loc, scaled, beta, result_type(p, op));
    if (result)
        ir_replace1(p->e, op, result);
    return result != 0;
}

/* ---- conv + conv ---------------------------------------------------------------------------------------- */

static bool has_kernel(pass_context *p, ir_op conv, int64_t size, int64_t padding) {
    shape w;
    int64_t pads[4];
    uint32_t n = 1;
    if (!op_int(p->m, conv, STR("padding"), pads))
        n = op_ints(p->m, conv, STR("padding"), pads, 4);
    if (!n || n > 4 || !shape_of(p->m, weight_of(p, conv), &w) || w.n != 4 || w.d[2] != size || w.d[3] != size)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (pads[i] != padding)
            return false;
    return true;
}

/* RepVGG: a 3x3 convolution with padding 1 and a 1x1 one of the same input become one 3x3 convolution. */
bool fuse_conv_sum(pass_context *p, ir_op op) {
    static const str keys[] = {STR_INIT("stride"), STR_INIT("dilation"), STR_INIT("groups")};
    ir_op a = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_conv2d);
    ir_op b = def_is(p->m, ir_operand(p->m, op, 1), OP_ttir_conv2d);
    if (!a || !b || !op_has_one_use(p, a) || !op_has_one_use(p, b) || ir_operand(p->m, a, 0) != ir_operand(p->m, b, 0))
        return false;
    bool swap = !has_kernel(p, a, 3, 1);
    ir_op big = swap ? b : a, small = swap ? a : b;
    if (!has_kernel(p, big, 3, 1) || !has_kernel(p, small, 1, 0))
        return false;
    for (int i = 0; i < 3; i++)
        if (ir_op_attr(p->m, big, keys[i]) != ir_op_attr(p->m, small, keys[i]))
            return false;
    ir_value weight = weight_of(p, small), own = weight_of(p, big);
    shape w;
    if (!shape_of(p->m, weight, &w))
        return false;
    w.d[2] = w.d[3] = 3;
    if (type_like(p, weight, &w) != ir_value_type(p->m, own))
        return false;
    ir_loc loc = ir_op_at(p->m, big)->loc;
    attr_entry attrs[] = {{STR("padding"), make_i32s(p, (const int64_t[]){0, 0, 0, 0, 1, 1, 1, 1}, 8)},
                          {STR("value"), make_f32(p, 0)}};
    ir_value padded = build_value(p, OP_ttir_pad, loc_suffix(p, ir_op_at(p->m, small)->loc, "_pad"), &weight, 1,
                                  type_like(p, weight, &w), make_dict(p, attrs, 2));
    if (!padded)
        return false;
    ir_edit_at(p->e, big);
    move_chain_before(p, padded, big);
    ir_edit_at(p->e, big);
    ir_value sum =
        build_binary(p, OP_ttir_add, loc_suffix(p, loc, "_weight_add"), padded, own, ir_value_type(p->m, own));
    if (!sum)
        return false;
    ir_set_operand(p->e, big, 1, sum);
    ir_value bias = bias_of(p, big), other = bias_of(p, small);
    if (bias && other) {
        move_chain_before(p, other, big);
        ir_edit_at(p->e, big);
        other = build_binary(p, OP_ttir_add, loc_suffix(p, loc, "_bias_add"), bias, other, ir_value_type(p->m, bias));
    }
    if (other)
        set_bias(p, big, other);
    ir_replace1(p->e, op, ir_result(p->m, big, 0));
    return true;
}
