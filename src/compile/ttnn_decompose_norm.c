/* ttnn_decompose_norm.c - group norm and the norms over several devices in single steps, for ttnn-decomposition. */
#include "compile/ttnn_decompose.h"

enum { LAYER_NORM_STATS = 2 * TARGET_TILE }; /* sum and sum of squares, a tile wide each */

static ir_loc named(pass_context *p, ir_op op, const char *suffix) {
    return loc_suffix(p, ir_op_at(p->m, op)->loc, "%s", suffix);
}

static bool done(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

static ir_value mean_over(pass_context *p, ir_loc loc, ir_value v, ir_type t, const int64_t *dims, uint32_t n) {
    attr_entry props[] = {{STR("dim_arg"), make_i32_list(p, dims, n)}, {STR("keep_dim"), p->c->a_true}};
    return build_value(p, OP_ttnn_mean, loc, &v, 1, t, make_dict(p, props, 2));
}

static double float_attr(pass_context *p, ir_op op, str key) {
    double v = 0;
    op_float(p->m, op, key, &v);
    return (double)(float)v;
}

/* [N, 1, S, C] in groups: [N, S, G, C/G] normalised over S and C/G. The fused kernel also sums the padding of the height. */
bool ttnn_decompose_group_norm(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0), weight = op_operand_named(p->m, op, STR("weight")),
             bias = op_operand_named(p->m, op, STR("bias"));
    ir_type t = ir_value_type(p->m, ir_result(p->m, op, 0));
    shape s = tn_shape_of(p->m, in);
    int64_t groups = 0;
    if (s.n != 4 || !op_int(p->m, op, STR("num_groups"), &groups) || groups <= 0 || s.d[3] % groups ||
        (s.d[2] % TARGET_TILE == 0 && ttnn_decompose_keeps_kernels(p->o)))
        return false;
    static const int64_t dims[2] = {1, 3};
    shape open = tn_shape4(s.d[0], s.d[2], groups, s.d[3] / groups), stats = tn_shape4(s.d[0], 1, groups, 1);
    ir_value v = tn_reshape(p, named(p, op, "_group_reshape"), in, &open);
    if (!v)
        return false;
    ir_type gt = ir_value_type(p->m, v), st = tn_reshaped(p, ir_value_type(p->m, in), &stats);
    ir_value mean = mean_over(p, named(p, op, "_mean"), v, st, dims, 2);
    ir_value centered = tn_binary(p, OP_ttnn_subtract, named(p, op, "_center"), v, mean, gt);
    ir_value squared = tn_binary(p, OP_ttnn_multiply, named(p, op, "_square"), centered, centered, gt);
    ir_value variance = mean_over(p, named(p, op, "_variance"), squared, st, dims, 2);
    ir_value device = tn_device(p, op);
    ir_value epsilon = tn_full(p, named(p, op, "_eps"), st, float_attr(p, op, STR("epsilon")), device);
    ir_value sum = tn_binary(p, OP_ttnn_add, named(p, op, "_add_eps"), variance, epsilon, st);
    ir_value inverse = tn_unary(p, OP_ttnn_rsqrt, named(p, op, "_rsqrt"), sum, st);
    v = tn_binary(p, OP_ttnn_multiply, named(p, op, "_normalize"), centered, inverse, gt);
    v = tn_reshape(p, named(p, op, "_unreshape"), v, &s);
    shape row = tn_shape4(1, 1, 1, s.d[3]);
    if (weight) {
        weight = tn_reshape(p, named(p, op, "_weight_reshape"), weight, &row);
        v = tn_binary(p, OP_ttnn_multiply, named(p, op, "_weight_mul"), v, weight, t);
    }
    if (bias) {
        bias = tn_reshape(p, named(p, op, "_bias_reshape"), bias, &row);
        v = tn_binary(p, OP_ttnn_add, named(p, op, "_bias_add"), v, bias, t);
    }
    return done(p, op, v);
}

/* ---- over several devices ------------------------------------------------------------------------------- */

static bool devices_along(pass_context *p, ir_op op, int64_t *axis, int64_t *n) {
    target_device d;
    if (!op_int(p->m, op, STR("cluster_axis"), axis) || !target_device_of_module(p->m, &d))
        return false;
    *n = 1;
    if (d.mesh_rank > 1 && (*axis == 0 || *axis == 1))
        *n = d.mesh[*axis];
    else if (d.mesh_rank == 1 && *axis == 1)
        *n = d.mesh[0];
    return true;
}

static ir_value gather_stats(pass_context *p, ir_op op, ir_value v, int rank, int64_t axis, ir_type t, bool links) {
    ir_type ui32 = ir_type_integer(p->c, 32, IR_UNSIGNED);
    attr_entry props[] = {
        {STR("all_gather_dim"), make_si32(p, rank - 1)},
        {STR("cluster_axis"), ir_attr_int(p->c, ui32, axis)},
        {STR("num_links"), links ? ir_op_attr(p->m, op, STR("num_links")) : 0},
        {STR("topology"), links ? ir_op_attr(p->m, op, STR("topology")) : 0},
    };
    return build_value(p, OP_ttnn_all_gather, named(p, op, "_all_gather"), &v, 1, t, make_dict(p, props, 4));
}

bool ttnn_decompose_distributed_layer_norm(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0), residual = op_operand_named(p->m, op, STR("residual"));
    ir_value weight = op_operand_named(p->m, op, STR("weight")), bias = op_operand_named(p->m, op, STR("bias"));
    ir_type it = ir_value_type(p->m, in), t = ir_value_type(p->m, ir_result(p->m, op, 0));
    shape s = tn_shape_of_type(p->c, it);
    int64_t axis = 0, n = 1;
    if (s.n < 1 || !devices_along(p, op, &axis, &n))
        return false;
    if (residual)
        in = tn_binary(p, OP_ttnn_add, named(p, op, "_residual_add"), in, residual, it);
    s.d[s.n - 1] = LAYER_NORM_STATS;
    build_args before = {
        .op = OP_ttnn_layer_norm_pre_all_gather,
        .loc = named(p, op, "_pre_all_gather"),
        .operands = &in,
        .n_operands = 1,
        .sizes = (int32_t[]){1, 0, 0},
        .types = (ir_type[]){tn_reshaped(p, it, &s)},
        .n_types = 1,
    };
    ir_op local = build_op(p, &before);
    s.d[s.n - 1] = LAYER_NORM_STATS * n;
    ir_value stats = 0;
    if (local)
        stats = gather_stats(p, op, ir_result(p->m, local, 0), s.n, axis, tn_reshaped(p, it, &s), false);
    ir_value v[4] = {in, stats};
    uint32_t k = 2;
    if (weight)
        v[k++] = weight;
    if (bias)
        v[k++] = bias;
    attr_entry props[] = {{STR("epsilon"), ir_op_attr(p->m, op, STR("epsilon"))}};
    build_args after = {
        .op = OP_ttnn_layer_norm_post_all_gather,
        .loc = named(p, op, "_post_all_gather"),
        .operands = v,
        .n_operands = k,
        .sizes = (int32_t[]){1, 1, weight ? 1 : 0, bias ? 1 : 0},
        .types = &t,
        .n_types = 1,
        .props = make_dict(p, props, 1),
    };
    ir_op made = stats ? build_op(p, &after) : 0;
    return made && done(p, op, ir_result(p->m, made, 0));
}

/* op again, with input (and residual) reshaped, another weight, and the result reshaped back. */
static bool rms_norm_reshaped(pass_context *p, ir_op op, const shape *to, ir_value weight) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type t = ir_value_type(p->m, ir_result(p->m, op, 0));
    ir_value residual = op_operand_named(p->m, op, STR("residual")), stats = op_operand_named(p->m, op, STR("stats"));
    ir_value semaphore = op_operand_named(p->m, op, STR("semaphore"));
    ir_value v[6] = {tn_reshape(p, loc, ir_operand(p->m, op, 0), to)};
    uint32_t n = 1;
    if (weight)
        v[n++] = weight;
    if (residual)
        v[n++] = tn_reshape(p, loc, residual, to);
    if (stats)
        v[n++] = stats;
    if (semaphore)
        v[n++] = semaphore;
    v[n++] = op_operand_named(p->m, op, STR("device"));
    ir_type wide = tn_reshaped(p, t, to);
    ir_op made = tn_rebuild(p, op, loc, v, n, &wide);
    shape back = tn_shape_of_type(p->c, t);
    return made && done(p, op, tn_reshape(p, loc, ir_result(p->m, made, 0), &back));
}

/* The fused kernel: one tile row of whole tiles, [1, .., 1, 32, M], with a weight (tt-metal #38211). */
static bool fits_fused_kernel(const shape *s, ir_value weight) {
    if (!weight || s->n < 2 || s->d[s->n - 2] != TARGET_TILE || s->d[s->n - 1] % TARGET_TILE)
        return false;
    for (int i = 0; i + 2 < s->n; i++)
        if (s->d[i] != 1)
            return false;
    return true;
}

static ir_value weight_in_tiles(pass_context *p, ir_op op, ir_value weight) {
    shape s = tn_shape_of(p->m, weight);
    if (s.n != 1 || s.d[0] % TARGET_TILE)
        return weight;
    shape two = {.d = {s.d[0] / TARGET_TILE, TARGET_TILE}, .n = 2};
    return tn_reshape(p, ir_op_at(p->m, op)->loc, weight, &two);
}

/* Statistics of all devices: sums of squares are gathered, a tile per device of which the first column counts, averaged
 * and divided by the hidden size. */
static ir_value global_square_mean(pass_context *p, ir_op op, ir_value x, const shape *in, int64_t axis, int64_t n,
                                   ir_type *row_type) {
    ir_type it = ir_value_type(p->m, ir_operand(p->m, op, 0));
    shape s = *in;
    int rank = s.n;
    if (rank + 1 > PASS_MAX_RANK)
        return 0;
    s.d[rank - 1] = TARGET_TILE;
    ir_value v = build_value(p, OP_ttnn_rms_norm_pre_all_gather, named(p, op, "_pre_all_gather"), &x, 1,
                             tn_reshaped(p, it, &s), 0);
    s.d[rank - 1] = TARGET_TILE * n;
    v = gather_stats(p, op, v, rank, axis, tn_reshaped(p, it, &s), true);
    s.d[rank - 1] = n;
    s.d[s.n++] = TARGET_TILE;
    v = tn_reshape_to(p, named(p, op, "_reshape_stats"), v, tn_reshaped(p, it, &s));
    s.d[rank] = 1;
    int64_t begins[PASS_MAX_RANK] = {0};
    v = tn_slice_to(p, named(p, op, "_slice_ex2"), v, begins, s.d, NULL, tn_reshaped(p, it, &s));
    s.n = rank;
    v = tn_reshape_to(p, named(p, op, "_flatten_stats"), v, tn_reshaped(p, it, &s));
    s.d[rank - 1] = 1;
    ir_type t = *row_type = tn_reshaped(p, it, &s);
    int64_t last = rank - 1;
    v = mean_over(p, named(p, op, "_global_mean"), v, t, &last, 1);
    ir_value device = op_operand_named(p->m, op, STR("device"));
    float inverse = (float)(1.0 / (double)in->d[rank - 1]);
    ir_value scale = tn_full(p, named(p, op, "_inv_hidden"), t, (double)inverse, device);
    return tn_binary(p, OP_ttnn_multiply, named(p, op, "_scale_ex2"), v, scale, t);
}

bool ttnn_decompose_distributed_rms_norm(pass_context *p, ir_op op) {
    ir_value x = ir_operand(p->m, op, 0), weight = op_operand_named(p->m, op, STR("weight")),
             residual = op_operand_named(p->m, op, STR("residual"));
    ir_type it = ir_value_type(p->m, x), t = ir_value_type(p->m, ir_result(p->m, op, 0)), row;
    shape s = tn_shape_of_type(p->c, it);
    int64_t axis = 0, n = 1;
    if (s.n < 1)
        return false;
    if (fits_fused_kernel(&s, weight)) {
        bool canonical = s.n == 4;
        shape w = tn_shape_of(p->m, weight);
        if (canonical && (w.n != 1 || w.d[0] % TARGET_TILE))
            return false;
        ir_value tiled = weight_in_tiles(p, op, weight);
        if (!canonical) {
            shape four = tn_shape4(1, 1, TARGET_TILE, s.d[s.n - 1]);
            return rms_norm_reshaped(p, op, &four, tiled);
        }
        ir_value v[8];
        uint32_t count = ir_op_at(p->m, op)->n_operands;
        for (uint32_t i = 0; i < count && i < 8; i++)
            v[i] = ir_operand(p->m, op, i);
        v[1] = tiled;
        ir_op made = tn_rebuild(p, op, ir_op_at(p->m, op)->loc, v, count, NULL);
        return made && done(p, op, ir_result(p->m, made, 0));
    }
    if (s.n < 4) {
        shape four = tn_shape_padded(&s, 4);
        return rms_norm_reshaped(p, op, &four, weight);
    }
    if (!devices_along(p, op, &axis, &n))
        return false;
    if (residual)
        x = tn_binary(p, OP_ttnn_add, named(p, op, "_residual_add"), x, residual, it);
    ir_value v = global_square_mean(p, op, x, &s, axis, n, &row);
    if (!v)
        return false;
    ir_value device = op_operand_named(p->m, op, STR("device"));
    ir_value epsilon = tn_full(p, named(p, op, "_epsilon"), row, float_attr(p, op, STR("epsilon")), device);
    v = tn_binary(p, OP_ttnn_add, named(p, op, "_add_eps"), v, epsilon, row);
    v = tn_unary(p, OP_ttnn_rsqrt, named(p, op, "_rsqrt"), v, row);
    v = tn_binary(p, OP_ttnn_multiply, named(p, op, "_normalize"), x, v, t);
    if (weight)
        v = tn_binary(p, OP_ttnn_multiply, named(p, op, "_weight"), v, weight, t);
    return done(p, op, v);
}
