/* decompose_conv.c - convolutions with other dimension orders; quantization with its numbers as operands. */
#include "compile/constant.h"
#include "compile/decompose.h"
#include "compile/quant.h"
#include "compile/ttir.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

/* The dimension attributes in the order that the device wants; n of them. */
static const str dims_2d[] = {STR_INIT("batch_dim"), STR_INIT("height_dim"), STR_INIT("width_dim"),
                              STR_INIT("channel_dim")};
static const str dims_3d[] = {STR_INIT("batch_dim"), STR_INIT("depth_dim"), STR_INIT("height_dim"),
                              STR_INIT("width_dim"), STR_INIT("channel_dim")};

static int conv_dims(const ir_module *m, ir_op op, int64_t *dims) {
    bool three = op_is(m, op, OP_ttir_conv3d);
    int n = three ? 5 : 4;
    for (int i = 0; i < n; i++)
        dims[i] = op_int_or(m, op, three ? dims_3d[i] : dims_2d[i], i);
    return n;
}

bool conv_is_channels_last(const ir_module *m, ir_op op) {
    int64_t dims[5];
    int n = conv_dims(m, op, dims);
    for (int i = 0; i < n; i++)
        if (dims[i] != i)
            return false;
    return true;
}

bool decompose_conv(pass_context *p, ir_op op) {
    int64_t perm[5], inverse[5];
    int n = conv_dims(p->m, op, perm);
    uint32_t n_operands = ir_op_at(p->m, op)->n_operands, seen = 0;
    shape in, out;
    if (n_operands > 3 || !shape_of(p->m, ir_operand(p->m, op, 0), &in) || in.n != n ||
        !shape_of(p->m, ir_result(p->m, op, 0), &out) || out.n != n)
        return false;
    for (int i = 0; i < n; i++) {
        if (perm[i] < 0 || perm[i] >= n || seen >> perm[i] & 1)
            return false;
        seen |= 1u << perm[i];
    }
    permutation_inverse(perm, n, inverse);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value operands[3] = {build_permute(p, loc, ir_operand(p->m, op, 0), perm), ir_operand(p->m, op, 1)};
    if (n_operands == 3)
        operands[2] = build_permute(p, loc, ir_operand(p->m, op, 2), perm);
    ir_attr props = ir_op_at(p->m, op)->props;
    for (int i = 0; i < n; i++)
        props = ir_dict_set(p->c, props, n == 5 ? dims_3d[i] : dims_2d[i], make_i64(p, i));
    shape moved = shape_permuted(&out, perm);
    if (!operands[0] || (n_operands == 3 && !operands[2]))
        return false;
    ir_value v = build_value(p, op_id(p->m, op), loc, operands, n_operands,
                             type_with_shape(p, result_type(p, op), moved.d, (uint32_t)n), props);
    v = v ? build_permute_to(p, loc, v, inverse, result_type(p, op)) : 0;
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- quantization --------------------------------------------------------------------------------------- */

static ir_value build_constant(pass_context *p, ir_loc loc, ir_type elt, const uint64_t *bits, uint32_t n) {
    shape s = {.n = 1, .d = {n}};
    ir_type type = tensor_type(p, &s, elt);
    attr_entry a[] = {{STR("value"), dense_make(p, type, bits, n)}};
    return build_value(p, OP_ttir_constant, loc, NULL, 0, type, make_dict(p, a, 1));
}

/* Scales (f32) and zero points (si32) as constants: out[0], out[1]. */
static bool build_numbers(pass_context *p, ir_loc loc, const quant_type *q, ir_value *out) {
    uint64_t *scales = ARENA_ARRAY(&p->scratch, uint64_t, q->n), *zeros = ARENA_ARRAY(&p->scratch, uint64_t, q->n);
    if (!scales || !zeros) {
        p->m->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < q->n; i++) {
        scales[i] = ir_float_bits(IR_F32, quant_scale(p->c, q, i));
        zeros[i] = (uint32_t)quant_zero_point(p->c, q, i);
    }
    out[0] = build_constant(p, loc, type_f32(p), scales, q->n);
    out[1] = build_constant(p, loc, type_si32(p), zeros, q->n);
    return out[0] && out[1];
}

/* `id` with the numbers of these types as operands. */
static bool unroll(pass_context *p, ir_op op, uint32_t id, const quant_type *types, uint32_t n) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value operands[5] = {ir_operand(p->m, op, 0)};
    for (uint32_t i = 0; i < n; i++)
        if (!build_numbers(p, loc, &types[i], &operands[1 + 2 * i]))
            return false;
    attr_entry a[] = {{STR("axis"), types[0].axis >= 0 ? make_i32(p, types[0].axis) : 0}};
    ir_value v = build_value(p, id, loc, operands, 1 + 2 * n, result_type(p, op), make_dict(p, a, 1));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

bool decompose_quantize(pass_context *p, ir_op op) {
    quant_type q;
    return quant_read(p->c, ir_element_type(p->c, result_type(p, op)), &q) &&
           unroll(p, op, OP_ttir_quantize_unrolled, &q, 1);
}

bool decompose_dequantize(pass_context *p, ir_op op) {
    quant_type q;
    return quant_read(p->c, element_of(p->m, ir_operand(p->m, op, 0)), &q) &&
           unroll(p, op, OP_ttir_dequantize_unrolled, &q, 1);
}

bool decompose_requantize(pass_context *p, ir_op op) {
    quant_type q[2];
    return quant_read(p->c, element_of(p->m, ir_operand(p->m, op, 0)), &q[0]) &&
           quant_read(p->c, ir_element_type(p->c, result_type(p, op)), &q[1]) &&
           unroll(p, op, OP_ttir_requantize_unrolled, q, 2);
}
