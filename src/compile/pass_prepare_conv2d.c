/* pass_prepare_conv2d.c - ttnn-prepare-conv2d-weights-and-bias: weight and bias of each conv2d are brought into the order of
 * its kernel by ops of their own, which const-eval hoisting then takes out of the program when they are known beforehand.
 *
 *   weight  [O, C/G, Kh, Kw] on the host  ──prepare_conv2d_weights──▶  [1, 1, C/G*Kh*Kw, O] tiles in DRAM
 *   bias    [1, 1, 1, O] on the host      ──prepare_conv2d_bias─────▶  [1, 1, 1, O]         tiles in DRAM
 *
 * Attributes, locations and shapes are those of compiled models (ttnn.prepare_conv2d_weights of CLIP's vision encoder at
 * level 2). How the vendor pads channels inside is its own business: the shape is that of the numbers. */
#include "compile/passes.h"
#include "compile/ttnn_build.h"

/* What the preparing op is told of the convolution, under the same names. */
static const str shared_keys[] = {
    STR_INIT("in_channels"),        STR_INIT("out_channels"), STR_INIT("batch_size"),    STR_INIT("input_height"),
    STR_INIT("input_width"),        STR_INIT("kernel_size"),  STR_INIT("stride"),        STR_INIT("padding"),
    STR_INIT("dilation"),           STR_INIT("groups"),       STR_INIT("conv2d_config"), STR_INIT("compute_config"),
    STR_INIT("conv2d_slice_config")};
enum { N_SHARED = sizeof shared_keys / sizeof *shared_keys };

/* A tensor that the kernel reads: tiles in DRAM. */
static ir_type prepared_type(pass_context *p, const shape *s, target_dtype dtype) {
    ttnn_layout l = ttnn_layout_default(dtype);
    ir_attr layout = ttnn_layout_attr_dims(p->c, s->d, (uint32_t)s->n, &l);
    return layout ? ir_type_tensor(p->c, s->d, (uint32_t)s->n, target_dtype_scalar(p->c, dtype), layout) : 0;
}

/* The data type that the configuration wants of weights; else the one they have. */
static target_dtype weights_dtype(pass_context *p, ir_op conv, ir_value weight) {
    ir_attr config = ir_op_attr(p->m, conv, STR("conv2d_config"));
    ir_attr asked = config ? dialect_param(p->c, config, STR("weights_dtype")) : 0;
    target_dtype t = asked ? target_dtype_by_name(dialect_case_text(p->c, asked)) : DTYPE_NONE;
    return t != DTYPE_NONE ? t : tn_dtype(p->c, ir_value_type(p->m, weight));
}

/* Puts the preparing op in front of operand i of the convolution, in the data type that the kernel wants. */
static bool prepare(pass_context *p, ir_op conv, uint32_t i, bool is_weight, bool has_bias, const shape *s,
                    target_dtype dtype) {
    ir_type in = ir_value_type(p->m, ir_operand(p->m, conv, 0)), type = prepared_type(p, s, dtype);
    ttnn_layout l;
    if (!type || !ttnn_layout_of(p->c, in, &l))
        return pass_error(p, conv, "needs an input with a layout to prepare its weights for");
    attr_entry props[N_SHARED + 6];
    uint32_t n = 0;
    for (; n < N_SHARED; n++)
        props[n] = (attr_entry){shared_keys[n], ir_op_attr(p->m, conv, shared_keys[n])};
    props[n++] = (attr_entry){STR("input_memory_config"), ttnn_memory_config(p->c, in, &l)};
    props[n++] = (attr_entry){STR("input_tensor_layout"), ttnn_page_layout_attr(p->c, l.tiled)};
    props[n++] = (attr_entry){STR("input_dtype"), ttnn_dtype_attr(p->c, l.dtype)};
    target_dtype out = tn_dtype(p->c, ir_value_type(p->m, ir_result(p->m, conv, 0)));
    props[n++] = (attr_entry){STR("output_dtype"), ttnn_dtype_attr(p->c, out)};
    if (is_weight) {
        props[n++] = (attr_entry){STR("weights_format"), ir_attr_string(p->c, STR("OIHW"), false)};
        props[n++] = (attr_entry){STR("has_bias"), has_bias ? p->c->a_true : p->c->a_false};
    }
    ir_value v[2] = {ir_operand(p->m, conv, i), tn_device(p, conv)};
    ir_loc loc =
        loc_suffix(p, ir_op_at(p->m, conv)->loc, is_weight ? "_prepare_conv2d_weight" : "_prepare_conv2d_bias");
    ir_value made = v[1] ? build_value(p, is_weight ? OP_ttnn_prepare_conv2d_weights : OP_ttnn_prepare_conv2d_bias, loc,
                                       v, 2, type, make_dict(p, props, n))
                         : 0;
    if (!made)
        return pass_out_of_memory(p);
    ir_set_operand(p->e, conv, i, made);
    return true;
}

static bool on_host_in_rows(pass_context *p, ir_value v) {
    ttnn_layout l;
    return ttnn_layout_of(p->c, ir_value_type(p->m, v), &l) && l.buffer == TTNN_SYSTEM && !l.tiled;
}

static bool prepare_conv(pass_context *p, ir_op conv) {
    operand_group weight = op_group(p->m, conv, 1), bias = op_group(p->m, conv, 2);
    ir_value w = weight.n ? ir_operand(p->m, conv, weight.first) : 0,
             b = bias.n ? ir_operand(p->m, conv, bias.first) : 0;
    shape s;
    int64_t volume;
    /* One that is prepared already lies on the device. */
    if (!w || !on_host_in_rows(p, w) || !shape_of(p->m, w, &s) || s.n != 4 || (volume = shape_volume(&s)) <= 0)
        return true;
    target_dtype dtype = weights_dtype(p, conv, w);
    shape prepared = tn_shape4(1, 1, volume / s.d[0], s.d[0]);
    ir_edit_at(p->e, conv);
    p->e->from = conv;
    if (!prepare(p, conv, weight.first, true, b != 0, &prepared, dtype))
        return false;
    return !b || !on_host_in_rows(p, b) || !shape_of(p->m, b, &s) ||
           prepare(p, conv, bias.first, false, true, &s, dtype);
}

bool pass_prepare_conv2d(pass_context *p) {
    bool ok = true;
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op && ok; op = ir_walk_next(p->m, p->scope, op))
        if (op_is(p->m, op, OP_ttnn_conv2d))
            ok = prepare_conv(p, op);
    p->e->from = 0;
    return ok;
}
