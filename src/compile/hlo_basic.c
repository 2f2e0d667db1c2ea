/* hlo_basic.c - elementwise StableHLO ops, constants, comparisons, batch norms. */
#include "compile/constant.h"
#include "compile/hlo.h"
#include "compile/quant.h"

/* ---- shared --------------------------------------------------------------------------------------------- */

ir_type hlo_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

bool hlo_replace(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

bool hlo_replace_op(pass_context *p, ir_op op, const build_args *a) {
    build_args args = *a;
    uint32_t n = ir_op_at(p->m, op)->n_operands, n_results = ir_op_at(p->m, op)->n_results;
    ir_value *operands = ARENA_ARRAY(&p->scratch, ir_value, n + 1),
             *results = ARENA_ARRAY(&p->scratch, ir_value, n_results + 1);
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, n_results + 1);
    if (!operands || !results || !types) {
        p->m->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        operands[i] = ir_operand(p->m, op, i);
    for (uint32_t i = 0; i < n_results; i++)
        types[i] = ir_value_type(p->m, ir_result(p->m, op, i));
    if (!args.operands) {
        args.operands = operands;
        args.n_operands = n;
    }
    if (!args.types) {
        args.types = types;
        args.n_types = n_results;
    }
    ir_op made = build_op(p, &args);
    for (uint32_t i = 0; made && i < n_results; i++)
        results[i] = ir_result(p->m, made, i);
    if (made)
        ir_replace(p->e, op, results);
    return made != 0;
}

uint32_t hlo_dims(pass_context *p, ir_op op, str key, str param, int64_t *out) {
    ir_attr a = ir_op_attr(p->m, op, key);
    return a ? dialect_param_ints(p->c, a, param, out, PASS_MAX_RANK) : 0;
}

bool hlo_dims_below(pass_context *p, ir_op op, str key, str param, int64_t limit, shape *out) {
    out->n = (int)hlo_dims(p, op, key, param, out->d);
    if (out->n > PASS_MAX_RANK)
        return false;
    for (int i = 0; i < out->n; i++)
        if (out->d[i] < 0 || out->d[i] >= limit)
            return false;
    return true;
}

int hlo_place_of(const shape *list, int64_t dim) {
    for (int i = 0; i < list->n; i++)
        if (list->d[i] == dim)
            return i;
    return -1;
}

int64_t hlo_dim(pass_context *p, ir_op op, str key, str param) {
    ir_attr a = ir_op_attr(p->m, op, key);
    int64_t v = -1;
    if (a)
        dialect_param_int(p->c, a, param, &v);
    return v;
}

bool hlo_ints(pass_context *p, ir_op op, str key, uint32_t n, int64_t otherwise, int64_t *out) {
    ir_attr a = ir_op_attr(p->m, op, key);
    dense_view v;
    for (uint32_t i = 0; i < n; i++)
        out[i] = otherwise;
    if (!a)
        return true;
    if (!dense_read(p->c, a, &v))
        return attr_ints(p->c, a, out, n) == n;
    if (v.n != n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        out[i] = dense_int(&v, i);
    return true;
}

ir_op hlo_body(pass_context *p, ir_op op) {
    ir_block b = ir_op_at(p->m, op)->n_regions ? body_of(p->m, op) : 0;
    return b ? ir_block_at(p->m, b)->first : 0;
}

bool hlo_number(pass_context *p, ir_value v, double *out) {
    static const uint16_t moves[] = {
        OP_ttir_reshape,     OP_ttir_broadcast, OP_ttir_typecast, OP_stablehlo_reshape, OP_stablehlo_broadcast_in_dim,
        OP_stablehlo_convert};
    dense_view d;
    v = look_through(p->m, v, moves, 6);
    ir_op def = ir_def_op(p->m, v);
    if ((!op_is(p->m, def, OP_ttir_constant) && !op_is(p->m, def, OP_stablehlo_constant)) ||
        !dense_read(p->c, ir_op_attr(p->m, def, STR("value")), &d) || !d.splat)
        return false;
    *out = dense_double(&d, 0);
    return true;
}

ir_value hlo_build_ints(pass_context *p, ir_loc loc, const int64_t *v, const shape *s, ir_type element) {
    int64_t n = shape_volume(s);
    uint64_t *bits = n >= 0 ? ARENA_ARRAY(&p->scratch, uint64_t, (size_t)n + 1) : NULL;
    number_type t;
    if (!bits || !number_type_of(p->c, element, &t)) {
        p->m->failed = p->m->failed || !bits;
        return 0;
    }
    for (int64_t i = 0; i < n; i++)
        bits[i] = number_from_int(&t, v[i]);
    ir_type type = tensor_type(p, s, element);
    attr_entry a[] = {{STR("value"), dense_make(p, type, bits, n)}};
    return build_value(p, OP_ttir_constant, loc, NULL, 0, type, make_dict(p, a, 1));
}

/* ---- one to one ----------------------------------------------------------------------------------------- */

/* The same operands in the same order, no attributes. */
static const struct {
    uint16_t from, to;
} same[] = {
    {OP_stablehlo_abs, OP_ttir_abs},
    {OP_stablehlo_add, OP_ttir_add},
    {OP_stablehlo_atan2, OP_ttir_atan2},
    {OP_stablehlo_bitcast_convert, OP_ttir_bitcast_convert},
    {OP_stablehlo_cbrt, OP_ttir_cbrt},
    {OP_stablehlo_ceil, OP_ttir_ceil},
    {OP_stablehlo_convert, OP_ttir_typecast},
    {OP_stablehlo_cosine, OP_ttir_cos},
    {OP_stablehlo_divide, OP_ttir_div},
    {OP_stablehlo_exponential, OP_ttir_exp},
    {OP_stablehlo_exponential_minus_one, OP_ttir_expm1},
    {OP_stablehlo_floor, OP_ttir_floor},
    {OP_stablehlo_is_finite, OP_ttir_isfinite},
    {OP_stablehlo_log, OP_ttir_log},
    {OP_stablehlo_log_plus_one, OP_ttir_log1p},
    {OP_stablehlo_logistic, OP_ttir_sigmoid},
    {OP_stablehlo_maximum, OP_ttir_maximum},
    {OP_stablehlo_minimum, OP_ttir_minimum},
    {OP_stablehlo_multiply, OP_ttir_multiply},
    {OP_stablehlo_negate, OP_ttir_neg},
    {OP_stablehlo_power, OP_ttir_pow},
    {OP_stablehlo_remainder, OP_ttir_remainder},
    {OP_stablehlo_rsqrt, OP_ttir_rsqrt},
    {OP_stablehlo_select, OP_ttir_where},
    {OP_stablehlo_shift_left, OP_ttir_logical_left_shift},
    {OP_stablehlo_shift_right_logical, OP_ttir_logical_right_shift},
    {OP_stablehlo_sign, OP_ttir_sign},
    {OP_stablehlo_sine, OP_ttir_sin},
    {OP_stablehlo_sqrt, OP_ttir_sqrt},
    {OP_stablehlo_subtract, OP_ttir_subtract},
    {OP_stablehlo_tan, OP_ttir_tan},
    {OP_stablehlo_tanh, OP_ttir_tanh},
    {OP_chlo_acos, OP_ttir_acos},
    {OP_chlo_asin, OP_ttir_asin},
    {OP_chlo_asinh, OP_ttir_asinh},
    {OP_chlo_erf, OP_ttir_erf},
    {OP_chlo_erfc, OP_ttir_erfc},
    {OP_chlo_square, OP_ttir_square},
};

bool hlo_same_operands(pass_context *p, ir_op op) {
    enum { MAX_OPERANDS = 3 };
    uint32_t id = op_id(p->m, op), n = ir_op_at(p->m, op)->n_operands;
    ir_value operands[MAX_OPERANDS];
    if (n > MAX_OPERANDS || ir_op_at(p->m, op)->n_results != 1)
        return false;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        if (same[i].from != id)
            continue;
        ir_loc loc = ir_op_at(p->m, op)->loc;
        if (same[i].to == OP_ttir_typecast)
            return hlo_replace(p, op, build_typecast(p, loc, ir_operand(p->m, op, 0), hlo_type(p, op)));
        for (uint32_t k = 0; k < n; k++)
            operands[k] = ir_operand(p->m, op, k);
        return hlo_replace(p, op, build_value(p, same[i].to, loc, operands, n, hlo_type(p, op), 0));
    }
    return false;
}

bool hlo_constant(pass_context *p, ir_op op) {
    number_type t;
    attr_entry a[] = {{STR("value"), ir_op_attr(p->m, op, STR("value"))}};
    ir_type elt = ir_element_type(p->c, hlo_type(p, op));
    if (!number_type_of(p->c, elt, &t))
        return false;
    return hlo_replace(
        p, op, build_value(p, OP_ttir_constant, ir_op_at(p->m, op)->loc, NULL, 0, hlo_type(p, op), make_dict(p, a, 1)));
}

ir_value hlo_build_arange(pass_context *p, ir_loc loc, ir_type type, int64_t dim) {
    ir_type si64 = ir_type_integer(p->c, 64, IR_SIGNED);
    shape s;
    if (!shape_of_type(p->c, type, &s) || dim < 0 || dim >= s.n)
        return 0;
    attr_entry a[] = {{STR("arange_dimension"), make_i64(p, dim)},
                      {STR("end"), ir_attr_int(p->c, si64, s.d[dim])},
                      {STR("start"), ir_attr_int(p->c, si64, 0)},
                      {STR("step"), ir_attr_int(p->c, si64, 1)}};
    return build_value(p, OP_ttir_arange, loc, NULL, 0, type, make_dict(p, a, 4));
}

bool hlo_iota(pass_context *p, ir_op op) {
    int64_t dim = op_int_or(p->m, op, STR("iota_dimension"), -1);
    return hlo_replace(p, op, hlo_build_arange(p, ir_op_at(p->m, op)->loc, hlo_type(p, op), dim));
}

/* ---- comparisons and logic ------------------------------------------------------------------------------ */

/* A float that was widened only to be compared with a constant is compared as it was, when the constant fits: v and c
 * (its other operand) are changed then. */
static bool compare_narrow(pass_context *p, ir_value *v, ir_value *c) {
    ir_op cast = def_is(p->m, *v, OP_ttir_typecast), constant = def_is(p->m, *c, OP_ttir_constant);
    number_type narrow, wide;
    dense_view d;
    shape s;
    if (!cast || !constant || !dense_read(p->c, ir_op_attr(p->m, constant, STR("value")), &d) ||
        !number_type_of(p->c, element_of(p->m, ir_operand(p->m, cast, 0)), &narrow) ||
        !number_type_of(p->c, element_of(p->m, *v), &wide) || !narrow.is_float || !wide.is_float ||
        narrow.width >= wide.width || !d.of.is_float || !shape_of(p->m, ir_operand(p->m, cast, 0), &s))
        return false;
    int64_t n = d.splat ? 1 : d.n;
    uint64_t *bits = ARENA_ARRAY(&p->scratch, uint64_t, (size_t)n + 1);
    if (!bits) {
        p->m->failed = true;
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        double x = dense_double(&d, i);
        bits[i] = number_from_double(&narrow, x);
        double back = number_to_double(&narrow, bits[i]);
        if (x - x == 0 && back - back != 0) /* finite, but not when narrowed */
            return false;
    }
    ir_type type = type_like(p, ir_operand(p->m, cast, 0), &s);
    attr_entry a[] = {{STR("value"), d.splat ? dense_splat(p, type, bits[0]) : dense_make(p, type, bits, n)}};
    *c = build_value(p, OP_ttir_constant, ir_op_at(p->m, constant)->loc, NULL, 0, type, make_dict(p, a, 1));
    *v = ir_operand(p->m, cast, 0);
    return *c != 0;
}

bool hlo_compare(pass_context *p, ir_op op) {
    static const struct {
        str direction;
        uint32_t op;
    } directions[] = {{STR_INIT("EQ"), OP_ttir_eq}, {STR_INIT("NE"), OP_ttir_ne}, {STR_INIT("GE"), OP_ttir_ge},
                      {STR_INIT("GT"), OP_ttir_gt}, {STR_INIT("LE"), OP_ttir_le}, {STR_INIT("LT"), OP_ttir_lt}};
    str direction = dialect_case_text(p->c, ir_op_attr(p->m, op, STR("comparison_direction")));
    ir_value a = ir_operand(p->m, op, 0), b = ir_operand(p->m, op, 1);
    for (size_t i = 0; i < 6; i++) {
        if (!str_eq(directions[i].direction, direction))
            continue;
        if (!compare_narrow(p, &a, &b))
            compare_narrow(p, &b, &a);
        return hlo_replace(p, op, build_binary(p, directions[i].op, ir_op_at(p->m, op)->loc, a, b, hlo_type(p, op)));
    }
    return false;
}

/* v was a boolean before it was cast: the boolean; 0 when not. */
static ir_value boolean_source(pass_context *p, ir_value v) {
    ir_op cast = def_is(p->m, v, OP_ttir_typecast);
    if (!cast || ir_bit_width(p->c, element_of(p->m, v)) == 1)
        return 0;
    ir_value from = ir_operand(p->m, cast, 0);
    return ir_bit_width(p->c, element_of(p->m, from)) == 1 ? from : 0;
}

/* and, or, xor, not: logical for booleans, else bitwise. Booleans that were cast to be combined are combined as such; what
 * compares the result with zero then goes too. */
bool hlo_logical(pass_context *p, ir_op op) {
    static const struct {
        uint16_t from, logical, bitwise;
    } kinds[] = {{OP_stablehlo_and, OP_ttir_logical_and, OP_ttir_bitwise_and},
                 {OP_stablehlo_or, OP_ttir_logical_or, OP_ttir_bitwise_or},
                 {OP_stablehlo_xor, OP_ttir_logical_xor, OP_ttir_bitwise_xor},
                 {OP_stablehlo_not, OP_ttir_logical_not, OP_ttir_bitwise_not}};
    uint32_t id = op_id(p->m, op), n = ir_op_at(p->m, op)->n_operands, kind = 0;
    ir_value operands[2], sources[2] = {0};
    bool logical = true;
    while (kind < 4 && kinds[kind].from != id)
        kind++;
    if (kind == 4 || n > 2)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        operands[i] = ir_operand(p->m, op, i);
        sources[i] = boolean_source(p, operands[i]);
        logical = logical && ir_bit_width(p->c, element_of(p->m, operands[i])) == 1;
    }
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type type = hlo_type(p, op);
    if (n == 2 && sources[0] && sources[1]) {
        ir_value v = build_value(p, kinds[kind].logical, loc, sources, 2, type_with_element(p, type, p->c->t_i1), 0);
        ir_op user = one_user(p, ir_result(p->m, op, 0));
        if (v && op_is(p->m, user, OP_stablehlo_compare) &&
            str_eq(dialect_case_text(p->c, ir_op_attr(p->m, user, STR("comparison_direction"))), STR("NE"))) {
            ir_replace1(p->e, user, v);
            ir_erase(p->e, op);
            return true;
        }
        return v && hlo_replace(p, op, build_typecast(p, loc, v, type));
    }
    return hlo_replace(p, op,
                       build_value(p, logical ? kinds[kind].logical : kinds[kind].bitwise, loc, operands, n, type, 0));
}

bool hlo_clamp(pass_context *p, ir_op op) {
    ir_value operands[] = {ir_operand(p->m, op, 1), ir_operand(p->m, op, 0), ir_operand(p->m, op, 2)};
    return hlo_replace(p, op,
                       build_value(p, OP_ttir_clamp_tensor, ir_op_at(p->m, op)->loc, operands, 3, hlo_type(p, op), 0));
}

/* sign(x) * floor(abs(x) + 0.5) */
bool hlo_round(pass_context *p, ir_op op) {
    ir_value x = ir_operand(p->m, op, 0);
    ir_type type = hlo_type(p, op);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    number_type t;
    if (!number_type_of(p->c, ir_element_type(p->c, type), &t) || !t.is_float)
        return false;
    attr_entry a[] = {{STR("value"), dense_splat(p, type, number_from_double(&t, 0.5))}};
    ir_value half = build_value(p, OP_ttir_constant, loc, NULL, 0, type, make_dict(p, a, 1));
    ir_value abs = build_unary(p, OP_ttir_abs, loc, x, type);
    ir_value sum = build_binary(p, OP_ttir_add, loc, abs, half, type);
    ir_value floor = build_unary(p, OP_ttir_floor, loc, sum, type);
    ir_value sign = build_unary(p, OP_ttir_sign, loc, x, type);
    return half && floor && sign && hlo_replace(p, op, build_binary(p, OP_ttir_multiply, loc, sign, floor, type));
}

bool hlo_barrier(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    return o->n_results == o->n_operands &&
           hlo_replace_op(p, op, &(build_args){.op = OP_ttcore_optimization_barrier, .loc = o->loc});
}

bool hlo_quantize(pass_context *p, ir_op op) {
    quant_type in;
    ir_value v = ir_operand(p->m, op, 0);
    bool quantized = quant_read(p->c, element_of(p->m, v), &in);
    uint32_t to = op_is(p->m, op, OP_stablehlo_uniform_dequantize) ? OP_ttir_dequantize
                  : quantized                                      ? OP_ttir_requantize
                                                                   : OP_ttir_quantize;
    return hlo_replace(p, op, build_unary(p, to, ir_op_at(p->m, op)->loc, v, hlo_type(p, op)));
}
