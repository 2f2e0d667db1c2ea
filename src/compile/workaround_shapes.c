/* workaround_shapes.c - rewritings of ttnn-workaround that change shapes, ranks or the op around what a kernel lacks:
 * everything but attention and mixtures of experts. Each names tt-mlir's pattern by what it does; numbers are those of
 * tt-metal's issues. */
#include "compile/workaround.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static ir_loc loc_of(pass_context *p, ir_op op) {
    return ir_op_at(p->m, op)->loc;
}

/* op's name, attributes and other operands with operand 0 (and maybe 1) replaced and another result type. */
static ir_value rebuilt(pass_context *p, ir_op op, ir_loc loc, const ir_value *first, uint32_t n_first, ir_type t) {
    ir_value v[16];
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    if (n > 16)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        v[i] = i < n_first ? first[i] : ir_operand(p->m, op, i);
    ir_op made = tn_rebuild(p, op, loc, v, n, &t);
    return made ? ir_result(p->m, made, 0) : 0;
}

static bool done(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- linear --------------------------------------------------------------------------------------------- */

/* The shape of a product without bias; n = -1 when batches do not fit. */
static shape product_shape(const shape *a, bool transpose_a, const shape *b, bool transpose_b) {
    shape out = {.n = 0};
    if (a->n == 1 && b->n == 1) {
        out.d[out.n++] = 1;
    } else if (a->n == 1) {
        for (int i = 0; i + 2 < b->n; i++)
            out.d[out.n++] = b->d[i];
        out.d[out.n++] = b->d[transpose_b ? b->n - 2 : b->n - 1];
    } else if (b->n == 1) {
        for (int i = 0; i + 2 < a->n; i++)
            out.d[out.n++] = a->d[i];
        out.d[out.n++] = a->d[transpose_a ? a->n - 1 : a->n - 2];
    } else {
        shape x = *a, y = *b;
        x.n -= 2;
        y.n -= 2;
        if (!shape_broadcast(&x, &y, &out))
            return (shape){.n = -1};
        out.d[out.n++] = a->d[transpose_a ? a->n - 1 : a->n - 2];
        out.d[out.n++] = b->d[transpose_b ? b->n - 2 : b->n - 1];
    }
    return out;
}

static bool has_more_than_one(const shape *s, int n) {
    for (int i = 0; i < n; i++)
        if (s->d[i] > 1)
            return true;
    return false;
}

/* The kernel adds a bias of one row as wide as the result, with weights that are not batched; anything else is a matmul, an
 * addition and the activation. */
bool workaround_linear(pass_context *p, ir_op op) {
    ir_value bias = op_operand_named(p->m, op, STR("bias"));
    if (!bias)
        return false;
    shape a = tn_shape_of(p->m, ir_operand(p->m, op, 0)), b = tn_shape_of(p->m, ir_operand(p->m, op, 1));
    shape c = tn_shape_of(p->m, bias), out = tn_shape_of_type(p->c, result_type(p, op)), sum;
    if (a.n < 1 || b.n < 1 || c.n < 0 || out.n < 0)
        return false;
    shape product = product_shape(&a, op_flag(p->m, op, STR("transpose_a")), &b, op_flag(p->m, op, STR("transpose_b")));
    if (product.n < 1 || !shape_broadcast(&product, &c, &sum))
        return false;
    bool batched = b.n > 2 && has_more_than_one(&b, b.n - 2);
    if (!batched && c.n && !has_more_than_one(&c, c.n - 1) && c.d[c.n - 1] == product.d[product.n - 1])
        return false;
    ir_loc loc = loc_of(p, op);
    attr_entry props[] = {{STR("transpose_a"), ir_op_attr(p->m, op, STR("transpose_a"))},
                          {STR("transpose_b"), ir_op_attr(p->m, op, STR("transpose_b"))},
                          {STR("compute_config"), ir_op_attr(p->m, op, STR("compute_config"))}};
    ir_value operands[2] = {ir_operand(p->m, op, 0), ir_operand(p->m, op, 1)};
    ir_value v = build_value(p, OP_ttnn_matmul, loc_suffix(p, loc, "_decomp_matmul"), operands, 2,
                             tn_reshaped(p, result_type(p, op), &product), make_dict(p, props, 3));
    ir_attr dtype = ir_op_attr(p->m, op, STR("ttcore.weight_dtype"));
    if (v && dtype)
        ir_set_attr(p->e, ir_def_op(p->m, v), STR("ttcore.weight_dtype"), dtype);
    v = tn_binary(p, OP_ttnn_add, loc_suffix(p, loc, "_decomp_add"), v, bias, tn_reshaped(p, result_type(p, op), &sum));
    v = tn_reshape(p, loc_suffix(p, loc, "_decomp_reshape"), v, &out);
    ir_attr activation = ir_op_attr(p->m, op, STR("activation"));
    if (activation) {
        str name = ir_str_of(p->c, activation);
        uint32_t id = str_eq(name, STR("relu"))      ? OP_ttnn_relu
                      : str_eq(name, STR("sigmoid")) ? OP_ttnn_sigmoid
                      : str_eq(name, STR("gelu"))    ? OP_ttnn_gelu
                      : str_eq(name, STR("tanh"))    ? OP_ttnn_tanh
                      : str_eq(name, STR("silu"))    ? OP_ttnn_silu
                                                     : OP_N;
        if (id == OP_N) {
            pass_error(p, op, "has an activation that has no op of its own: '%.*s'", STR_ARG(name));
            return false;
        }
        v = tn_unary(p, id, loc_suffix(p, loc, "_decomp_%.*s", STR_ARG(name)), v, result_type(p, op));
    }
    return done(p, op, v);
}

/* ---- gather, embedding, sampling ------------------------------------------------------------------------ */

/* Signed indices: negative ones give NaN (the smallest integer), as jax's fill mode does (#43869). */
bool workaround_gather_signed(pass_context *p, ir_op op) {
    ir_value input = ir_operand(p->m, op, 0), index = ir_operand(p->m, op, 1);
    ir_type it = ir_value_type(p->m, index), t = result_type(p, op);
    if (tn_element_dtype(p->c, it) != DTYPE_SI32)
        return false;
    ir_loc loc = loc_of(p, op);
    ir_value device = tn_device(p, op);
    shape is = tn_shape_of_type(p->c, it), s = tn_shape_of_type(p->c, t);
    ttnn_layout l;
    if (is.n < 0 || s.n < 0 || !ttnn_layout_of(p->c, it, &l))
        return false;
    attr_entry zero_props[] = {{STR("fill_value"), make_i32(p, 0)},
                               {STR("shape"), ttnn_shape_attr(p->c, is.d, (uint32_t)is.n)}};
    ir_value zero =
        build_value(p, OP_ttnn_full, loc_suffix(p, loc, "_zero"), &device, 1, it, make_dict(p, zero_props, 2));
    ir_type mask_type = tn_with_dtype(p, it, tn_element_dtype(p->c, t));
    ir_value mask = tn_binary(p, OP_ttnn_lt, loc_suffix(p, loc, "_idx_lt_zero"), index, zero, mask_type);
    ir_value safe = tn_binary(p, OP_ttnn_maximum, loc_suffix(p, loc, "_clamp"), index, zero, it);
    ttnn_layout_set_dtype(&l, DTYPE_U32);
    safe = tn_to_spec(p, op, safe, &l, "_to_u32");
    ir_value raw = rebuilt(p, op, loc_suffix(p, loc, "_safe_gather"), (ir_value[]){input, safe}, 2, t);
    bool is_float = is_float_type(p->c, ir_element_type(p->c, t));
    uint64_t nan[2] = {0x7fc00000u, 0};
    attr_entry fill_props[] = {
        {STR("fill_value"), is_float ? ir_attr_float_bits(p->c, p->c->t_f32, nan) : make_i32(p, INT32_MIN)},
        {STR("shape"), ttnn_shape_attr(p->c, s.d, (uint32_t)s.n)}};
    ir_value fill =
        build_value(p, OP_ttnn_full, loc_suffix(p, loc, "_fill"), &device, 1, t, make_dict(p, fill_props, 2));
    return done(p, op, tn_where(p, loc, mask, fill, raw, t));
}

bool workaround_gather_rank1(pass_context *p, ir_op op) {
    shape in = tn_shape_of(p->m, ir_operand(p->m, op, 0)), index = tn_shape_of(p->m, ir_operand(p->m, op, 1));
    shape out = tn_shape_of_type(p->c, result_type(p, op));
    int64_t dim = 0;
    if (in.n != 1 || index.n < 0 || out.n < 0 || !op_int(p->m, op, STR("dim"), &dim))
        return false;
    ir_loc loc = loc_of(p, op);
    in = tn_shape_padded(&in, in.n + 1);
    index = tn_shape_padded(&index, index.n + 1);
    out = tn_shape_padded(&out, out.n + 1);
    ir_value v[2];
    v[0] = tn_reshape(p, loc_suffix(p, loc, "_input_reshape"), ir_operand(p->m, op, 0), &in);
    v[1] = tn_reshape(p, loc_suffix(p, loc, "_index_reshape"), ir_operand(p->m, op, 1), &index);
    ir_value r = rebuilt(p, op, loc_suffix(p, loc, "_gather"), v, 2, tn_reshaped(p, result_type(p, op), &out));
    if (!r)
        return false;
    if (dim >= 0)
        ir_set_prop(p->e, ir_def_op(p->m, r), STR("dim"), make_si32(p, dim + 1));
    return done(p, op, tn_reshape_to(p, loc, r, result_type(p, op)));
}

/* More than four dimensions of which all but two are 1. */
bool workaround_embedding_weight(pass_context *p, ir_op op) {
    ir_value weight = ir_operand(p->m, op, 1);
    shape s = tn_shape_of(p->m, weight);
    if (s.n <= 4)
        return false;
    shape four = tn_shape4(1, 1, s.d[s.n - 2], s.d[s.n - 1]);
    ir_value v = tn_reshape(p, loc_suffix(p, loc_of(p, op), "_reshape"), weight, &four);
    if (v)
        ir_set_operand(p->e, op, 1, v);
    return v != 0;
}

/* The kernel samples from [1, 1, B, C] and gives [1, 1, 1, B]. */
bool workaround_sampling_rank2(pass_context *p, ir_op op) {
    shape s = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    if (s.n != 2)
        return false;
    ir_loc loc = loc_of(p, op);
    shape four = tn_shape4(1, 1, s.d[0], s.d[1]), out = tn_shape4(1, 1, 1, s.d[0]);
    ir_value v[2];
    v[0] = tn_reshape(p, loc_suffix(p, loc, "_values_reshape"), ir_operand(p->m, op, 0), &four);
    v[1] = tn_reshape(p, loc_suffix(p, loc, "_indices_reshape"), ir_operand(p->m, op, 1), &four);
    ir_value r = rebuilt(p, op, loc_suffix(p, loc, "_sampling"), v, 2, tn_reshaped(p, result_type(p, op), &out));
    return done(p, op, tn_reshape_to(p, loc, r, result_type(p, op)));
}

/* ---- collectives ---------------------------------------------------------------------------------------- */

/* all_reduce and reduce_scatter take four dimensions. */
bool workaround_collective_rank(pass_context *p, ir_op op) {
    bool reduce = op_is(p->m, op, OP_ttnn_all_reduce);
    shape in = tn_shape_of(p->m, ir_operand(p->m, op, 0)), out = tn_shape_of_type(p->c, result_type(p, op));
    if (in.n < 0 || in.n >= 4 || out.n < 0)
        return false;
    ir_loc loc = loc_of(p, op);
    shape in4 = tn_shape_padded(&in, 4), out4 = tn_shape_padded(&out, 4);
    ir_value v = tn_reshape(p, loc_suffix(p, loc, "_reshape_to_4d"), ir_operand(p->m, op, 0), &in4);
    ir_loc inner = loc_suffix(p, loc, "%s", reduce ? "_all_reduce_4d" : "_reduce_scatter_4d");
    v = rebuilt(p, op, inner, &v, 1, tn_reshaped(p, result_type(p, op), &out4));
    int64_t dim = 0;
    if (v && !reduce && op_int(p->m, op, STR("scatter_dim"), &dim))
        ir_set_prop(p->e, ir_def_op(p->m, v), STR("scatter_dim"), make_si32(p, dim + 4 - in.n));
    return done(p, op, tn_reshape(p, loc_suffix(p, loc, "_reshape_back"), v, &out));
}

bool workaround_all_gather_rank1(pass_context *p, ir_op op) {
    shape in = tn_shape_of(p->m, ir_operand(p->m, op, 0)), out = tn_shape_of_type(p->c, result_type(p, op));
    int64_t dim = 0;
    if (in.n != 1 || out.n != 1 || !op_int(p->m, op, STR("all_gather_dim"), &dim))
        return false;
    ir_loc loc = loc_of(p, op);
    in = tn_shape_padded(&in, 2);
    out = tn_shape_padded(&out, 2);
    ir_value v = tn_reshape(p, loc_suffix(p, loc, "_reshape_to_2d"), ir_operand(p->m, op, 0), &in);
    v = rebuilt(p, op, loc_suffix(p, loc, "_all_gather_2d"), &v, 1, tn_reshaped(p, result_type(p, op), &out));
    if (v)
        ir_set_prop(p->e, ir_def_op(p->m, v), STR("all_gather_dim"), make_si32(p, wrap_dim(dim, 1) + 1));
    return done(p, op, tn_reshape_to(p, loc, v, result_type(p, op)));
}

static ir_attr precise_config(pass_context *p, bool packer_l1) {
    const uint32_t def = ATTR_ttnn_device_compute_kernel_config;
    ir_attr a = tn_param_set(p, 0, def, STR("math_fidelity"), dialect_keyword(p->c, STR("hifi4")));
    a = tn_param_set(p, a, def, STR("math_approx_mode"), p->c->a_false);
    a = tn_param_set(p, a, def, STR("fp32_dest_acc_en"), p->c->a_true);
    return tn_param_set(p, a, def, STR("packer_l1_acc"), ir_attr_bool(p->c, packer_l1));
}

/* reduce_scatter and rms_norm are rebuilt, not changed, so that everything around is looked at again as there. */
static bool with_precise_config(pass_context *p, ir_op op, bool packer_l1) {
    if (ir_op_attr(p->m, op, STR("compute_config")))
        return false;
    ir_value v = rebuilt(p, op, loc_of(p, op), NULL, 0, result_type(p, op));
    if (!v)
        return false;
    ir_set_prop(p->e, ir_def_op(p->m, v), STR("compute_config"), precise_config(p, packer_l1));
    return done(p, op, v);
}

bool workaround_reduce_scatter(pass_context *p, ir_op op) {
    return with_precise_config(p, op, false);
}

bool workaround_rms_norm(pass_context *p, ir_op op) {
    return with_precise_config(p, op, true);
}

/* Transfers go along a row or a column (#33924). */
bool workaround_point_to_point(pass_context *p, ir_op op) {
    int64_t from[2], to[2];
    if (op_ints(p->m, op, STR("sender_coord"), from, 2) != 2 || op_ints(p->m, op, STR("receiver_coord"), to, 2) != 2 ||
        from[0] == to[0] || from[1] == to[1])
        return false;
    ir_loc loc = loc_of(p, op);
    ir_type t = result_type(p, op);
    ir_attr corner = make_i64s(p, (int64_t[]){from[0], to[1]}, 2);
    ir_value in = ir_operand(p->m, op, 0);
    attr_entry first[] = {{STR("sender_coord"), make_i64s(p, from, 2)}, {STR("receiver_coord"), corner}};
    ir_value v = build_value(p, OP_ttnn_point_to_point, loc_suffix(p, loc, "_p2p_to_intermediate"), &in, 1, t,
                             make_dict(p, first, 2));
    v = rebuilt(p, op, loc_suffix(p, loc, "_p2p_from_intermediate"), &v, 1, t);
    if (!v)
        return false;
    ir_set_prop(p->e, ir_def_op(p->m, v), STR("sender_coord"), corner);
    return done(p, op, v);
}

/* ---- norms and reductions ------------------------------------------------------------------------------- */

static int64_t least_common_multiple(int64_t a, int64_t b) {
    int64_t x = a, y = b;
    while (y) {
        int64_t t = x % y;
        x = y;
        y = t;
    }
    return a / x * b;
}

/* Channels that do not fill tiles: padded by whole groups, so that statistics do not mix, and sliced off again. */
bool workaround_group_norm_pad(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0), weight = op_operand_named(p->m, op, STR("weight")),
             bias = op_operand_named(p->m, op, STR("bias"));
    shape s = tn_shape_of(p->m, in), out = tn_shape_of_type(p->c, result_type(p, op));
    int64_t groups = 0;
    if (s.n != 4 || out.n != 4 || s.d[3] % TARGET_TILE == 0 || !op_int(p->m, op, STR("num_groups"), &groups) ||
        groups <= 0 || s.d[3] % groups || op_operand_named(p->m, op, STR("input_mask")) ||
        (weight && tn_shape_of(p->m, weight).n != 1) || (bias && tn_shape_of(p->m, bias).n != 1))
        return false;
    int64_t per_group = s.d[3] / groups, padded = tn_round_up(s.d[3], least_common_multiple(TARGET_TILE, per_group));
    ir_loc loc = loc_of(p, op);
    int64_t pad4[8] = {0, 0, 0, 0, 0, 0, 0, padded - s.d[3]}, pad1[2] = {0, padded - s.d[3]};
    ir_value v[3] = {tn_pad(p, loc_suffix(p, loc, "_pad_input"), in, pad4, 0, false)};
    uint32_t n = 1;
    if (weight)
        v[n++] = tn_pad(p, loc_suffix(p, loc, "_pad_weight"), weight, pad1, 0, false);
    if (bias)
        v[n++] = tn_pad(p, loc_suffix(p, loc, "_pad_bias"), bias, pad1, 0, false);
    shape wide = out;
    wide.d[3] = padded;
    ir_value r = rebuilt(p, op, loc, v, n, tn_reshaped(p, result_type(p, op), &wide));
    if (!r)
        return false;
    ir_set_prop(p->e, ir_def_op(p->m, r), STR("num_groups"), make_i64(p, padded / per_group));
    int64_t begins[4] = {0};
    return done(p, op, tn_slice_to(p, loc_suffix(p, loc, "_slice_output"), r, begins, out.d, NULL, result_type(p, op)));
}

/* The kernel reads scales and shifts as [1, 1, C/32, 32]. */
bool workaround_group_norm_affine(pass_context *p, ir_op op) {
    ir_value v[4];
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    bool changed = false;
    for (uint32_t i = 0; i < n && i < 4; i++)
        v[i] = ir_operand(p->m, op, i);
    static const struct {
        str group;
        const char *suffix;
    } parts[2] = {{STR_INIT("weight"), "_reshape_weight"}, {STR_INIT("bias"), "_reshape_bias"}};
    for (int k = 0; k < 2; k++) {
        ir_value a = op_operand_named(p->m, op, parts[k].group);
        shape s = a ? tn_shape_of(p->m, a) : (shape){.n = -1};
        if (s.n != 1 || s.d[0] <= 0 || s.d[0] % TARGET_TILE)
            continue;
        shape four = tn_shape4(1, 1, s.d[0] / TARGET_TILE, TARGET_TILE);
        ir_value r = tn_reshape(p, loc_suffix(p, loc_of(p, op), "%s", parts[k].suffix), a, &four);
        v[op_group(p->m, op, 2 + (uint32_t)k).first] = r;
        changed = true;
    }
    return changed && done(p, op, rebuilt(p, op, loc_of(p, op), v, n, result_type(p, op)));
}

/* Products of integers are rounded in bf16: unrolled into slices and multiplications. */
bool workaround_integer_prod(pass_context *p, ir_op op) {
    enum { MOST = 16 };
    ir_value in = ir_operand(p->m, op, 0);
    shape s = tn_shape_of(p->m, in);
    int64_t dim;
    if (s.n < 1 || !is_integer_type(p->c, ir_element_type(p->c, ir_value_type(p->m, in))) ||
        !op_int(p->m, op, STR("dim_arg"), &dim))
        return false;
    dim = wrap_dim(dim, s.n);
    if (dim < 0 || dim >= s.n || s.d[dim] <= 0 || s.d[dim] > MOST)
        return false;
    ir_loc loc = loc_of(p, op);
    ir_value v = tn_slice_dim(p, loc_suffix(p, loc, "_int_prod_slice_0"), in, (int)dim, 0, 1);
    for (int64_t i = 1; v && i < s.d[dim]; i++) {
        ir_value next = tn_slice_dim(p, loc_suffix(p, loc, "_int_prod_slice_%d", (int)i), in, (int)dim, i, i + 1);
        v = tn_binary(p, OP_ttnn_multiply, loc_suffix(p, loc, "_int_prod_mul_%d", (int)i), v, next,
                      ir_value_type(p->m, v));
    }
    if (!op_flag(p->m, op, STR("keep_dim")))
        v = tn_reshape_to(p, loc_suffix(p, loc, "_int_prod_reshape"), v, result_type(p, op));
    return done(p, op, v);
}

/* ---- windows -------------------------------------------------------------------------------------------- */

/* Bilinear upsampling takes whole tiles of channels. */
bool workaround_upsample(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0);
    shape s = tn_shape_of(p->m, in), out = tn_shape_of_type(p->c, result_type(p, op));
    ir_attr mode = ir_op_attr(p->m, op, STR("mode"));
    if (s.n != 4 || out.n != 4 || !mode || !str_eq(ir_str_of(p->c, mode), STR("bilinear")) || s.d[3] % TARGET_TILE == 0)
        return false;
    int64_t missing = tn_round_up(s.d[3], TARGET_TILE) - s.d[3], padding[8] = {0, 0, 0, 0, 0, 0, 0, missing};
    ir_value v = tn_pad(p, loc_suffix(p, value_loc(p->m, in), "pad"), in, padding, 0, false);
    shape wide = out;
    wide.d[3] += missing;
    v = rebuilt(p, op, loc_of(p, op), &v, 1, tn_reshaped(p, result_type(p, op), &wide));
    int64_t begins[4] = {0};
    ir_loc loc = loc_suffix(p, loc_of(p, op), "slice");
    return done(p, op, v ? tn_slice_to(p, loc, v, begins, out.d, NULL, result_type(p, op)) : 0);
}

/* Weights and bias of a convolution in rows on the host, from where the kernel prepares them. */
static bool operand_to_host(pass_context *p, ir_op op, uint32_t i, const char *suffix) {
    ir_value v = ir_operand(p->m, op, i);
    ttnn_layout l;
    if (!ttnn_layout_of(p->c, ir_value_type(p->m, v), &l) || (l.buffer == TTNN_SYSTEM && !l.tiled))
        return false;
    ttnn_layout_set_buffer(&l, TTNN_SYSTEM);
    ttnn_layout_set_tiled(&l, false);
    if (l.dtype == DTYPE_BFP_BF8)
        ttnn_layout_set_dtype(&l, DTYPE_BF16);
    ir_value moved = tn_to_spec(p, op, v, &l, suffix);
    if (moved)
        ir_set_operand(p->e, op, i, moved);
    return moved != 0;
}

bool workaround_conv_operands(pass_context *p, ir_op op) {
    bool changed = operand_to_host(p, op, 1, "_weight");
    operand_group bias = op_group(p->m, op, 2);
    if (bias.n)
        changed |= operand_to_host(p, op, bias.first, "_bias");
    ir_type t = result_type(p, op);
    if (!tn_is_tiled(p->c, t)) {
        ir_set_type(p->e, ir_result(p->m, op, 0), tn_with_tiled(p, t, true));
        changed = true;
    }
    return changed;
}

bool workaround_conv_folding(pass_context *p, ir_op op) {
    ir_attr config = ir_op_attr(p->m, op, STR("conv2d_config"));
    if (config && dialect_param(p->c, config, STR("enable_kernel_stride_folding")) == p->c->a_false)
        return false;
    config = tn_param_set(p, config, ATTR_ttnn_conv2d_config, STR("enable_kernel_stride_folding"), p->c->a_false);
    if (config)
        ir_set_prop(p->e, op, STR("conv2d_config"), config);
    return config != 0;
}

/* ---- data movement -------------------------------------------------------------------------------------- */

/* More than four dimensions of which at most three are padded: those last, the others as one. */
bool workaround_pad_rank(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0);
    shape s = tn_shape_of(p->m, in);
    int64_t padding[2 * PASS_MAX_RANK], perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK], few[8] = {0, 0};
    if (s.n <= 4 || op_ints(p->m, op, STR("padding"), padding, 2 * PASS_MAX_RANK) != 2 * (uint32_t)s.n)
        return false;
    int n_kept = 0, n_padded = 0;
    shape merged = {.d = {1}, .n = 1}, open = {.n = 0};
    for (int i = 0; i < s.n; i++)
        if (!padding[2 * i] && !padding[2 * i + 1]) {
            perm[n_kept++] = i;
            merged.d[0] *= s.d[i];
            open.d[open.n++] = s.d[i];
        }
    n_padded = s.n - n_kept;
    if (!n_padded || n_padded > 3)
        return false;
    for (int i = 0, k = n_kept; i < s.n; i++)
        if (padding[2 * i] || padding[2 * i + 1]) {
            perm[k++] = i;
            few[2 * merged.n] = padding[2 * i];
            few[2 * merged.n + 1] = padding[2 * i + 1];
            merged.d[merged.n++] = s.d[i];
            open.d[open.n++] = s.d[i] + padding[2 * i] + padding[2 * i + 1];
        }
    permutation_inverse(perm, s.n, inverse);
    ir_loc loc = loc_of(p, op);
    ir_value v = tn_permute(p, loc_suffix(p, loc, "_perm_fwd"), in, perm);
    v = tn_reshape(p, loc_suffix(p, loc, "_squeeze"), v, &merged);
    v = tn_pad(p, loc_suffix(p, loc, "_pad"), v, few, 0, true);
    v = tn_reshape(p, loc_suffix(p, loc, "_unsqueeze"), v, &open);
    return done(p, op, tn_permute(p, loc_suffix(p, loc, "_perm_inv"), v, inverse));
}

/* The kernel holds two rows of the result in L1; longer ones are sliced with another dimension last. */
bool workaround_slice(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0);
    shape s = tn_shape_of(p->m, in), out = tn_shape_of_type(p->c, result_type(p, op));
    target_device d;
    target_dtype dtype = tn_element_dtype(p->c, ir_value_type(p->m, in));
    if (out.n < 2 || s.n != out.n || dtype == DTYPE_NONE)
        return false;
    int64_t bytes = target_dtypes[dtype].bytes ? target_dtypes[dtype].bytes : target_dtypes[dtype].tile_bytes;
    if (out.d[out.n - 1] * bytes * 2 <= 1 << 20 || !target_device_of_module(p->m, &d))
        return false; /* no chip has less L1, and reading the device costs more than this test */
    int64_t limit = (int64_t)d.l1_size - d.l1_unreserved_base;
    int swap = -1;
    for (int i = out.n - 2; i >= 0 && swap < 0; i--)
        if (out.d[i] * bytes * 2 <= limit)
            swap = i;
    if (out.d[out.n - 1] * bytes * 2 <= limit || swap < 0)
        return false;
    int64_t perm[PASS_MAX_RANK], from[3][PASS_MAX_RANK], to[3][PASS_MAX_RANK];
    static const char *const keys[3] = {"begins", "ends", "step"};
    for (int i = 0; i < out.n; i++)
        perm[i] = i;
    perm[swap] = out.n - 1;
    perm[out.n - 1] = swap;
    for (int k = 0; k < 3; k++) {
        if (op_ints(p->m, op, str_of(keys[k], strlen(keys[k])), from[k], PASS_MAX_RANK) != (uint32_t)out.n)
            return false;
        for (int i = 0; i < out.n; i++)
            to[k][i] = from[k][perm[i]];
    }
    ir_loc loc = loc_of(p, op);
    shape turned = shape_permuted(&out, perm);
    ir_value v = tn_permute(p, loc_suffix(p, loc, "_permute"), in, perm);
    v = tn_slice_to(p, loc_suffix(p, loc, "_slice"), v, to[0], to[1], to[2],
                    tn_reshaped(p, result_type(p, op), &turned));
    return done(p, op, tn_permute_to(p, loc_suffix(p, loc, "_permuteInverse"), v, perm, result_type(p, op)));
}
