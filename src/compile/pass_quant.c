/* ttir-quant-dequant-conversion: dequantization moves down through ops that can work on quantized numbers, so that pairs of
 * it and a quantization meet and become one requantization.
 * ttir-quant-data-type-conversion: quantized storage gets the width that the device computes with. */
#include "compile/passes.h"
#include "compile/quant.h"
#include "compile/rewrite.h"
#include "compile/ttir.h"

/* Set on ops that stay in floats between a quantization and a dequantization, so that they are looked at once only. */
static const char tried_key[] = "ttir.skip_qdq_commute";

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

/* The ops of QuantizableOpInterface: elementwise ones of one or two operands, 2-D convolutions and pools. */
static bool is_quantizable(pass_context *p, ir_op op) {
    switch (op_id(p->m, op)) {
    case OP_ttir_conv2d:
    case OP_ttir_conv_transpose2d:
    case OP_ttir_max_pool2d:
    case OP_ttir_avg_pool2d: return true;
    case OP_ttir_where:
    case OP_ttir_clamp_scalar: return false;
    default: break;
    }
    const op_def *d = dialect_def_of(p->m, op);
    return d && d->flags & OP_ELEMENTWISE && op_id(p->m, op) < OP_N &&
           str_starts_with(ir_op_name_str(p->m, op), STR("ttir."));
}

/* v before its dequantization. */
static ir_value quantized_source(pass_context *p, ir_value v) {
    ir_op dequantize = def_is(p->m, v, OP_ttir_dequantize);
    return dequantize ? ir_operand(p->m, dequantize, 0) : v;
}

static bool quant_of(pass_context *p, ir_value v, quant_type *out) {
    return quant_read(p->c, element_of(p->m, v), out);
}

/* ---- add ------------------------------------------------------------------------------------------------ */

/* All quantized operands have the same element type. */
static bool add_is_favourable(pass_context *p, const ir_value *v) {
    quant_type a, b;
    return !quant_of(p, v[0], &a) || !quant_of(p, v[1], &b) || a.type == b.type;
}

static ir_op add_quantized(pass_context *p, ir_op op, const ir_value *v) {
    ir_value operands[] = {v[0], v[1]};
    quant_type q[2];
    bool quantized[2];
    ir_loc loc = ir_op_at(p->m, op)->loc;
    for (int i = 0; i < 2; i++)
        quantized[i] = quant_of(p, v[i], &q[i]);
    if (!quantized[0] && !quantized[1])
        return 0;
    int from = quantized[0] ? 0 : 1, other = 1 - from;
    if (!quantized[other]) { /* the float operand is quantized alike */
        if (element_of(p->m, v[other]) != q[from].expressed)
            return 0;
        ir_type t = type_with_element(p, ir_value_type(p->m, v[other]), q[from].type);
        operands[other] = build_unary(p, OP_ttir_quantize, loc, v[other], t);
    }
    ir_value sum = operands[other] ? build_binary(p, OP_ttir_add, loc, operands[0], operands[1],
                                                  type_with_element(p, result_type(p, op), q[from].type))
                                   : 0;
    return sum ? ir_def_op(p->m, sum) : 0;
}

/* ---- convolutions --------------------------------------------------------------------------------------- */

/* Input and weight (and, but for conv2d, whatever else there is) have 8-bit storage. */
static bool conv_is_favourable(pass_context *p, ir_op op, const ir_value *v) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    if (n < 2 || (n > 2 && !op_is(p->m, op, OP_ttir_conv2d)))
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        quant_type q;
        if (!quant_of(p, v[i], &q) || ir_bit_width(p->c, q.storage) != 8)
            return false;
    }
    return true;
}

/* The element type of the result: the scale of the input times those of the weight; 0 when they do not fit. */
static ir_type conv_result_quant(pass_context *p, ir_op op, const ir_value *v, uint32_t bits) {
    quant_type in, weight;
    shape out;
    if (!quant_of(p, v[0], &in) || !quant_of(p, v[1], &weight) || in.axis >= 0 ||
        !shape_of(p->m, ir_result(p->m, op, 0), &out) || out.n != 4)
        return 0;
    int64_t channel = op_is(p->m, op, OP_ttir_conv2d) ? op_int_or(p->m, op, STR("channel_dim"), 3) : 3;
    for (uint32_t i = 0; i < weight.n; i++)
        if (quant_zero_point(p->c, &weight, i) != quant_zero_point(p->c, &in, 0))
            return 0;
    if (channel < 0 || channel > 3 || (weight.axis >= 0 && (weight.axis != 0 || weight.n != out.d[channel])))
        return 0;
    if (ir_element_type(p->c, result_type(p, op)) != in.expressed)
        return 0;
    return quant_scaled(p, &weight, quant_scale(p->c, &in, 0), channel, ir_type_integer(p->c, bits, IR_SIGNLESS));
}

static ir_op conv_quantized(pass_context *p, ir_op op, const ir_value *v) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    bool conv2d = op_is(p->m, op, OP_ttir_conv2d);
    ir_type elt = conv_result_quant(p, op, v, n > 2 && conv2d ? 8 : 32);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    if (!elt)
        return 0;
    ir_value operands[] = {v[0], v[1], n > 2 ? ir_operand(p->m, op, 2) : 0};
    if (n > 2 && conv2d)
        operands[2] = build_unary(p, OP_ttir_quantize, loc, operands[2],
                                  type_with_element(p, ir_value_type(p->m, operands[2]), elt));
    ir_attr props = ir_dict_set(p->c, ir_op_at(p->m, op)->props, STR("flattened_compat_info"), 0);
    ir_value made =
        build_value(p, op_id(p->m, op), loc, operands, n, type_with_element(p, result_type(p, op), elt), props);
    return made ? ir_def_op(p->m, made) : 0;
}

static ir_op pool_quantized(pass_context *p, ir_op op, const ir_value *v) {
    ir_type type = type_with_element(p, result_type(p, op), element_of(p->m, v[0]));
    ir_attr props = ir_dict_set(p->c, ir_op_at(p->m, op)->props, STR("flattened_compat_info"), 0);
    ir_value made = build_value(p, OP_ttir_max_pool2d, ir_op_at(p->m, op)->loc, v, 1, type, props);
    return made ? ir_def_op(p->m, made) : 0;
}

/* ---- patterns ------------------------------------------------------------------------------------------- */

static ir_op rewrite_quantized(pass_context *p, ir_op op, const ir_value *v) {
    switch (op_id(p->m, op)) {
    case OP_ttir_add: return add_quantized(p, op, v);
    case OP_ttir_conv2d:
    case OP_ttir_conv_transpose2d: return conv_quantized(p, op, v);
    case OP_ttir_max_pool2d: return pool_quantized(p, op, v);
    default: return 0;
    }
}

/* A dequantization in front of a quantizable op moves behind it; where the op cannot compute with quantized numbers, its
 * result is quantized and dequantized instead, for the next op. */
static bool commute_dequantize(pass_context *p, ir_op op) {
    enum { MAX_OPERANDS = 4 };
    ir_value v[MAX_OPERANDS], result = 0;
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    ir_op dequantize = 0;
    str key = str_from_z(tried_key);
    if (!n || n > MAX_OPERANDS || !is_quantizable(p, op) || !ir_op_has_uses(p->e, op) ||
        ir_op_at(p->m, op)->n_results != 1)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        ir_op def = def_is(p->m, ir_operand(p->m, op, i), OP_ttir_dequantize);
        v[i] = quantized_source(p, ir_operand(p->m, op, i));
        if (!dequantize && def && op_has_one_use(p, def))
            dequantize = def;
    }
    uint32_t id = op_id(p->m, op);
    if (!dequantize || ir_op_attr(p->m, op, key) || (id == OP_ttir_add && !add_is_favourable(p, v)) ||
        ((id == OP_ttir_conv2d || id == OP_ttir_conv_transpose2d) && !conv_is_favourable(p, op, v)))
        return false;
    ir_type type = result_type(p, op);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_op made = rewrite_quantized(p, op, v);
    if (made) {
        quant_type q;
        result = ir_result(p->m, made, 0);
        if (quant_of(p, result, &q))
            result = build_unary(p, OP_ttir_dequantize, loc, result, type);
    } else {
        ir_op same = ir_clone_op(p->e, op, NULL, 0);
        if (!same)
            return false;
        ir_set_attr(p->e, same, key, p->c->a_unit);
        ir_type quantized = type_with_element(p, type, element_of(p->m, ir_operand(p->m, dequantize, 0)));
        result = build_unary(p, OP_ttir_quantize, loc, ir_result(p->m, same, 0), quantized);
        result = result ? build_unary(p, OP_ttir_dequantize, loc, result, type) : 0;
    }
    if (result)
        ir_replace1(p->e, op, result);
    return result != 0;
}

static bool requantize(pass_context *p, ir_op op) {
    ir_op dequantize = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_dequantize);
    ir_value v = dequantize ? build_unary(p, OP_ttir_requantize, ir_op_at(p->m, op)->loc,
                                          ir_operand(p->m, dequantize, 0), result_type(p, op))
                            : 0;
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

bool pass_quant_dequant(pass_context *p) {
    static const rewrite_pattern patterns[] = {{REWRITE_ANY_OP, 1, commute_dequantize},
                                               {OP_ttir_quantize, 1, requantize}};
    if (!rewrite_greedy(p, p->scope, patterns, 2, 0, 0))
        return false;
    str key = str_from_z(tried_key);
    for (ir_op op = p->scope; op; op = ir_walk_next(p->m, p->scope, op))
        if (ir_op_at(p->m, op)->attrs && ir_dict_get(p->c, ir_op_at(p->m, op)->attrs, key))
            ir_set_attr(p->e, op, key, 0);
    return true;
}

/* ---- storage types -------------------------------------------------------------------------------------- */

typedef struct storage_change {
    pass_context *p;
    ir_type storage;
    ir_op too_wide; /* an op with a type that does not fit; 0: none */
} storage_change;

static ir_type changed_type(storage_change *s, ir_type t, ir_op op) {
    pass_context *p = s->p;
    quant_type q;
    if (ir_kind_of(p->c, t) != IR_TYPE_TENSOR || !quant_read(p->c, ir_element_type(p->c, t), &q))
        return t;
    if (ir_bit_width(p->c, q.storage) > ir_bit_width(p->c, s->storage)) {
        s->too_wide = op;
        return t;
    }
    return type_with_element(p, t, quant_with_storage(p, &q, s->storage));
}

static void change_value(storage_change *s, ir_value v, ir_op op, bool *changed) {
    ir_type t = changed_type(s, ir_value_type(s->p->m, v), op);
    if (t == ir_value_type(s->p->m, v))
        return;
    ir_set_type(s->p->e, v, t);
    *changed = true;
}

bool pass_quant_data_type(pass_context *p) {
    uint32_t bits = p->o->target_bit_width;
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
        return pass_error_plain(p, p->scope, "Invalid quantization bit width (must be 8, 16, 32, or 64). ");
    storage_change s = {.p = p, .storage = ir_type_integer(p->c, bits, IR_SIGNLESS)};
    for (ir_op op = p->scope; op; op = ir_walk_next(p->m, p->scope, op)) {
        bool changed = false;
        const ir_op_data *o = ir_op_at(p->m, op);
        for (uint32_t i = 0; i < o->n_results; i++)
            change_value(&s, o->results + i, op, &changed);
        for (uint32_t r = 0; r < o->n_regions; r++)
            for (ir_block b = p->m->regions[ir_op_region(p->m, op, r)].first; b; b = ir_block_at(p->m, b)->next)
                for (uint32_t i = 0; i < ir_block_at(p->m, b)->n_args; i++)
                    change_value(&s, ir_block_at(p->m, b)->args + i, op, &changed);
        if (s.too_wide)
            return pass_error_plain(
                p, s.too_wide, "Target integer type of width %u is smaller than a quantized type. Out of range.", bits);
    }
    for (each_func_inside(p->m, p->scope, f)) {
        ir_attr t = ir_op_attr(p->m, f, STR("function_type"));
        uint32_t n = t ? ir_count(p->c, ir_at(p->c, t, 0)) : 0;
        ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, n + 1);
        if (!types)
            return pass_out_of_memory(p);
        if (!n)
            continue;
        ir_type ft = ir_at(p->c, t, 0);
        uint32_t n_in = ir_at(p->c, ft, 0);
        bool changed = false;
        for (uint32_t i = 1; i < n; i++) {
            types[i] = changed_type(&s, ir_at(p->c, ft, i), f);
            changed = changed || types[i] != ir_at(p->c, ft, i);
        }
        if (changed)
            ir_set_prop(p->e, f, STR("function_type"),
                        ir_attr_type(p->c, ir_type_function(p->c, types + 1, n_in, types + 1 + n_in, n - 1 - n_in)));
    }
    return rewrite_greedy(p, p->scope, NULL, 0, 0, 0); /* as in tt-mlir, where this is a greedy run */
}
