/* hlo_norm.c - batch normalization: with given statistics, with those of the batch, and its gradient. */
#include "compile/constant.h"
#include "compile/hlo.h"

static bool batch_norm_props(pass_context *p, ir_op op, ir_attr momentum, ir_attr *out) {
    int64_t feature = op_int_or(p->m, op, STR("feature_index"), -1);
    int rank = ir_rank(p->c, hlo_type(p, op));
    attr_entry a[] = {{STR("dimension"), make_i32(p, feature)},
                      {STR("epsilon"), ir_op_attr(p->m, op, STR("epsilon"))},
                      {STR("momentum"), momentum}};
    *out = make_dict(p, a, 3);
    return rank >= 2 && rank <= 5 && feature >= 0 && feature < rank;
}

bool hlo_batch_norm_inference(pass_context *p, ir_op op) {
    ir_value operands[5];
    ir_attr props;
    if (!batch_norm_props(p, op, 0, &props))
        return false;
    for (uint32_t i = 0; i < 5; i++)
        operands[i] = ir_operand(p->m, op, i);
    return hlo_replace(
        p, op,
        build_value(p, OP_ttir_batch_norm_inference, ir_op_at(p->m, op)->loc, operands, 5, hlo_type(p, op), props));
}

/* With momentum 1 the updated running statistics are those of the batch. */
bool hlo_batch_norm_training(pass_context *p, ir_op op) {
    ir_value operands[5];
    ir_attr props;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    if (!batch_norm_props(p, op, make_f32(p, 1), &props))
        return false;
    for (uint32_t i = 0; i < 3; i++)
        operands[i] = ir_operand(p->m, op, i);
    operands[3] = build_named_full(p, OP_ttir_zeros, loc, ir_value_type(p->m, ir_result(p->m, op, 1)));
    operands[4] = build_named_full(p, OP_ttir_ones, loc, ir_value_type(p->m, ir_result(p->m, op, 2)));
    build_args args = {
        .op = OP_ttir_batch_norm_training, .loc = loc, .operands = operands, .n_operands = 5, .props = props};
    return operands[3] && operands[4] && hlo_replace_op(p, op, &args);
}

/* ---- gradient ------------------------------------------------------------------------------------------- */

typedef struct gradient {
    pass_context *p;
    ir_loc loc;
    ir_type type; /* of the operand */
    shape s;
    int64_t feature;
    ir_attr sum_over; /* every dimension but the features' */
} gradient;

/* One number per feature, or a single one, for every element. */
static ir_value spread(const gradient *g, ir_value v) {
    shape from, ones = shape_ones(g->s.n);
    if (!shape_of(g->p->m, v, &from))
        return 0;
    if (from.n)
        ones.d[g->feature] = from.d[0];
    if (from.n < g->s.n)
        v = build_reshape(g->p, g->loc, v, &ones);
    return v && !shape_equal(&ones, &g->s) ? build_broadcast_to(g->p, g->loc, v, g->type) : v;
}

static ir_value spread_number(const gradient *g, double v) {
    ir_type element = ir_element_type(g->p->c, g->type);
    shape scalar = {.n = 0};
    number_type t;
    if (!number_type_of(g->p->c, element, &t) || !t.is_float)
        return 0;
    ir_type type = tensor_type(g->p, &scalar, element);
    attr_entry a[] = {{STR("value"), dense_splat(g->p, type, number_from_double(&t, v))}};
    return spread(g, build_value(g->p, OP_ttir_constant, g->loc, NULL, 0, type, make_dict(g->p, a, 1)));
}

static ir_value both(const gradient *g, uint32_t op, ir_value a, ir_value b) {
    return build_binary(g->p, op, g->loc, a, b, g->type);
}

static ir_value sum(const gradient *g, ir_value v, ir_type type) {
    return build_reduce(g->p, OP_ttir_sum, g->loc, v, g->p->c->a_false, g->sum_over, type);
}

static bool is_per_feature(pass_context *p, ir_value v, int64_t n) {
    shape s;
    return shape_of(p->m, v, &s) && s.n == 1 && s.d[0] == n;
}

/* operand, scale, mean, variance, gradient of the result: gradients of operand, scale and offset. The formulas are those of
 * the StableHLO specification, in the order of ops of tt-mlir:
 *
 *   c = x - mean;  d = sqrt(variance + epsilon);  n = elements per feature
 *   dx = scale / d / n * (n dy - sum dy - sum(dy c) c / (variance + epsilon));  dscale = sum(dy c / d);  doffset = sum dy */
bool hlo_batch_norm_grad(pass_context *p, ir_op op) {
    ir_value in[5], out[3];
    ir_type types[3];
    ir_attr props;
    double epsilon;
    int64_t dims[PASS_MAX_RANK], n = 0;
    gradient g = {.p = p,
                  .loc = ir_op_at(p->m, op)->loc,
                  .type = hlo_type(p, op),
                  .feature = op_int_or(p->m, op, STR("feature_index"), -1)};
    if (!batch_norm_props(p, op, 0, &props) || !shape_of_type(p->c, g.type, &g.s) ||
        !op_float(p->m, op, STR("epsilon"), &epsilon))
        return false;
    for (uint32_t i = 0; i < 5; i++)
        in[i] = ir_operand(p->m, op, i);
    for (uint32_t i = 0; i < 3; i++) {
        types[i] = ir_value_type(p->m, ir_result(p->m, op, i));
        if (!is_per_feature(p, in[i + 1], g.s.d[g.feature]))
            return false;
    }
    for (int d = 0; d < g.s.n; d++)
        if (d != g.feature)
            dims[n++] = d;
    g.sum_over = make_i32_list(p, dims, (uint32_t)n);
    ir_value scale = spread(&g, in[1]), mean = spread(&g, in[2]), variance = spread(&g, in[3]);
    ir_value small = spread_number(&g, epsilon), dy = in[4];
    ir_value centered = both(&g, OP_ttir_subtract, in[0], mean), above = both(&g, OP_ttir_add, variance, small);
    ir_value deviation = build_unary(p, OP_ttir_sqrt, g.loc, above, g.type);
    ir_value normalized = both(&g, OP_ttir_div, centered, deviation);
    int64_t volume = shape_volume(&g.s);
    ir_value count = spread_number(&g, (double)((float)volume / (float)g.s.d[g.feature]));
    ir_value all = both(&g, OP_ttir_multiply, dy, count), part = spread(&g, sum(&g, dy, types[1]));
    ir_value moment = spread(&g, sum(&g, both(&g, OP_ttir_multiply, dy, centered), types[1]));
    ir_value along = both(&g, OP_ttir_div, both(&g, OP_ttir_multiply, moment, centered), above);
    ir_value rest = both(&g, OP_ttir_subtract, both(&g, OP_ttir_subtract, all, part), along);
    ir_value factor = both(&g, OP_ttir_div, both(&g, OP_ttir_div, scale, deviation), count);
    out[0] = both(&g, OP_ttir_multiply, factor, rest);
    out[1] = sum(&g, both(&g, OP_ttir_multiply, dy, normalized), types[1]);
    out[2] = sum(&g, dy, types[2]);
    if (!out[0] || !out[1] || !out[2])
        return false;
    ir_replace(p->e, op, out);
    return true;
}
