/* pass_convert_ttir_to_ttnn.c - convert-ttir-to-ttnn: one TTNN op per TTIR op, by a table.
 *
 * Ops are converted in order, so an op sees its operands' producers already in TTNN. What differs by more than names and
 * widths has a function; those of convolutions, norms and attention, and collectives are in files of their own.
 */
#include "compile/convert_ttnn.h"
#include "compile/passes.h"

/* ---- the plain conversion ------------------------------------------------------------------------------- */

bool convert_refuse(pass_context *p, ir_op op, const char *why) {
    pass_error_plain(p, op, "failed to legalize operation '%.*s'", STR_ARG(ir_op_name_str(p->m, op)));
    if (why)
        ir_note(&p->report, op, "%s", why);
    return false;
}

bool convert_done(pass_context *p, ir_op op, ir_value v) {
    if (!v)
        return pass_out_of_memory(p);
    ir_replace1(p->e, op, v);
    return true;
}

bool convert_ints(pass_context *p, ir_op op, str key, int64_t *out, uint32_t want) {
    int64_t one;
    if (op_int(p->m, op, key, &one)) {
        for (uint32_t i = 0; i < want; i++)
            out[i] = one;
        return true;
    }
    uint32_t n = op_ints(p->m, op, key, out, want);
    if (n == want)
        return true;
    if (n == 1 || (n == 2 && want == 4)) {
        for (uint32_t i = n; i < want; i++)
            out[i] = out[i % n];
        return true;
    }
    return false;
}

/* A number in the width that the op table asks for; other attributes as they are. */
static ir_attr declared_form(pass_context *p, const op_attr *a, ir_attr value) {
    const attr_constraint *k = op_attr_constraint(a);
    int64_t i;
    double f;
    if (k->kind == ATTR_INT && k->width && ir_kind_of(p->c, value) == IR_ATTR_INTEGER && ir_int_value(p->c, value, &i))
        return ir_attr_int(p->c, ir_type_integer(p->c, k->width, (ir_signedness)k->sign), i);
    if (k->kind == ATTR_FLOAT && k->width == 32 && ir_kind_of(p->c, value) == IR_ATTR_FLOAT &&
        ir_at(p->c, value, 0) != p->c->t_f32 && ir_float_value(p->c, value, &f))
        return make_f32(p, f);
    return value;
}

static ir_attr plain_props(pass_context *p, ir_op op, const op_def *d, const convert_change *change) {
    attr_entry props[64];
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n_attrs && n < 64; i++) {
        const op_attr *a = op_attribute(d, i);
        if (a->flags & OP_ATTR_SEGMENTS)
            continue;
        attr_entry e = {dialect_text(a->name), 0};
        bool given = false;
        for (uint32_t k = 0; k < change->n_props && !given; k++)
            if (str_eq(change->props[k].key, e.key)) {
                e.value = change->props[k].value;
                given = true;
            }
        if (!given)
            e.value = ir_dict_get(p->c, ir_op_at(p->m, op)->props, e.key);
        if (e.value)
            e.value = declared_form(p, a, e.value);
        props[n++] = e;
    }
    return make_dict(p, props, n);
}

ir_op convert_build(pass_context *p, ir_op op, uint32_t ttnn, const convert_change *change) {
    static const convert_change none = {0};
    if (!change)
        change = &none;
    const op_def *d = dialect_op(ttnn), *from = dialect_def_of(p->m, op);
    const ir_op_data *data = ir_op_at(p->m, op);
    ir_type types[16];
    int32_t sizes[32];
    uint32_t n = data->n_operands, n_results = data->n_results;
    ir_value *own = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    if (n_results > 16 || from->n_operands > 32) {
        pass_error(p, op, "has more results than this compiler can handle");
        return 0;
    }
    if (!own) {
        p->m->failed = true;
        return 0;
    }
    for (uint32_t i = 0; i < n; i++)
        own[i] = ir_operand(p->m, op, i);
    for (uint32_t i = 0; i < n_results; i++)
        types[i] = ir_value_type(p->m, data->results + i);
    for (uint32_t i = 0; i < from->n_operands; i++)
        sizes[i] = (int32_t)op_group(p->m, op, i).n;
    build_args a = {
        .op = ttnn,
        .loc = data->loc,
        .operands = change->operands ? change->operands : own,
        .n_operands = change->operands ? change->n_operands : n,
        .sizes = change->sizes                       ? change->sizes
                 : d->n_operands == from->n_operands ? sizes
                                                     : NULL,
        .types = change->results ? change->results : types,
        .n_types = change->results ? change->n_results : n_results,
        .props = plain_props(p, op, d, change),
    };
    return build_op(p, &a);
}

bool convert_replace(pass_context *p, ir_op op, uint32_t ttnn, const convert_change *change) {
    ir_op made = convert_build(p, op, ttnn, change);
    if (!made)
        return pass_out_of_memory(p);
    ir_value results[16];
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_results; i++)
        results[i] = ir_result(p->m, made, i);
    ir_replace(p->e, op, results);
    return true;
}

/* ---- what makes tensors --------------------------------------------------------------------------------- */

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static ir_attr result_shape(pass_context *p, ir_op op) {
    shape s = tn_shape_of_type(p->c, result_type(p, op));
    return s.n < 0 ? 0 : ttnn_shape_attr(p->c, s.d, (uint32_t)s.n);
}

/* full, ones, zeros, constant, arange, rand: the result's shape where the op has one, the device when the result is
 * there. */
static bool convert_creation(pass_context *p, ir_op op, uint32_t ttnn) {
    attr_entry props[] = {{STR("shape"), result_shape(p, op)}, {STR("size"), result_shape(p, op)}};
    ir_value device = 0;
    if (tn_on_device(p->c, result_type(p, op)) || ttnn == OP_ttnn_rand)
        device = tn_device(p, op);
    convert_change change = {
        .props = props,
        .n_props = 2,
        .operands = &device,
        .n_operands = device ? 1 : 0,
        .sizes = (int32_t[]){device ? 1 : 0},
    };
    return convert_replace(p, op, ttnn, &change);
}

/* Whether v carries the type of ttir.to_layout ops and is nothing else. */
static bool is_destination_only(pass_context *p, ir_value v) {
    for (ir_each_use(p->e, v, u))
        if (!op_is(p->m, ir_use_op(p->e, u), OP_ttir_to_layout) || ir_use_index(p->e, u) != 1)
            return false;
    return ir_has_uses(p->e, v);
}

static bool convert_empty(pass_context *p, ir_op op, uint32_t ttnn) {
    /* On the host it becomes zeros, which stay for a while even where nothing but their type was wanted. */
    bool on_device = tn_on_device(p->c, result_type(p, op));
    if (on_device && is_destination_only(p, ir_result(p->m, op, 0))) /* goes with the last of them; the device stays */
        return tn_device(p, op) || pass_out_of_memory(p);
    return convert_creation(p, op, on_device ? ttnn : OP_ttnn_zeros);
}

static bool convert_constant(pass_context *p, ir_op op, uint32_t ttnn) {
    ir_type t = ir_element_type(p->c, result_type(p, op));
    ir_kind k = ir_kind_of(p->c, t);
    if (k != IR_TYPE_INTEGER && k != IR_TYPE_FLOAT)
        return convert_refuse(p, op, "TTNN makes tensors from integer or floating-point values only");
    return convert_creation(p, op, ttnn);
}

static bool convert_arange(pass_context *p, ir_op op, uint32_t ttnn) {
    int64_t dim = 0;
    int rank = ir_rank(p->c, result_type(p, op));
    if (op_int(p->m, op, STR("arange_dimension"), &dim) && dim != rank - 1)
        return convert_refuse(p, op, "the dimension that counts must be the last one");
    return convert_creation(p, op, ttnn);
}

/* The destination was only there to carry the type. */
static bool convert_to_layout(pass_context *p, ir_op op, uint32_t ttnn) {
    ir_value v = ir_operand(p->m, op, 0), to = ir_operand(p->m, op, 1);
    convert_change change = {.operands = &v, .n_operands = 1};
    if (!convert_replace(p, op, ttnn, &change))
        return false;
    ir_op empty = def_is(p->m, to, OP_ttir_empty) ? ir_def_op(p->m, to) : def_is(p->m, to, OP_ttnn_empty);
    if (empty && !ir_op_has_uses(p->e, empty))
        ir_erase(p->e, empty);
    return true;
}

/* ---- reductions, shapes --------------------------------------------------------------------------------- */

static bool convert_prod(pass_context *p, ir_op op, uint32_t ttnn) {
    int64_t dims[PASS_MAX_RANK];
    int rank = ir_rank(p->c, ir_value_type(p->m, ir_operand(p->m, op, 0)));
    uint32_t n = op_ints(p->m, op, STR("dim_arg"), dims, PASS_MAX_RANK);
    bool given = ir_op_attr(p->m, op, STR("dim_arg")) != 0;
    if (given && n > 1 && (int)n < rank)
        return convert_refuse(p, op, "the device reduces one dimension or all of them");
    ir_type si64 = ir_type_integer(p->c, 64, IR_SIGNED);
    attr_entry props[] = {{STR("dim_arg"), given && n == 1 ? ir_attr_int(p->c, si64, dims[0]) : 0}};
    return convert_replace(p, op, ttnn, &(convert_change){.props = props, .n_props = 1});
}

static bool convert_argmax(pass_context *p, ir_op op, uint32_t ttnn) {
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("dim_arg"), dims, PASS_MAX_RANK);
    if (n > 1)
        return convert_refuse(p, op, "the device searches one dimension or all of them");
    attr_entry props[] = {{STR("dim"), n == 1 ? make_si32(p, dims[0]) : 0}};
    return convert_replace(p, op, ttnn, &(convert_change){.props = props, .n_props = 1});
}

static bool convert_concat(pass_context *p, ir_op op, uint32_t ttnn) {
    int64_t dim = 0;
    op_int(p->m, op, STR("dim"), &dim);
    if (dim < 0)
        dim += ir_rank(p->c, ir_value_type(p->m, ir_operand(p->m, op, 0)));
    attr_entry props[] = {{STR("dim"), make_si32(p, dim)}};
    return convert_replace(p, op, ttnn, &(convert_change){.props = props, .n_props = 1});
}

/* squeeze and unsqueeze: the result's shape says it. */
static bool convert_to_reshape(pass_context *p, ir_op op, uint32_t ttnn) {
    shape s = tn_shape_of_type(p->c, result_type(p, op));
    if (s.n < 0)
        return convert_refuse(p, op, "the result has no static shape");
    attr_entry props[] = {{STR("shape"), make_i32_list(p, s.d, (uint32_t)s.n)}};
    return convert_replace(p, op, ttnn, &(convert_change){.props = props, .n_props = 1});
}

static bool convert_repeat(pass_context *p, ir_op op, uint32_t ttnn) {
    int64_t times[PASS_MAX_RANK];
    str key = op_is(p->m, op, OP_ttir_repeat) ? STR("repeat_dimensions") : STR("broadcast_dimensions");
    uint32_t n = op_ints(p->m, op, key, times, PASS_MAX_RANK);
    if (n > PASS_MAX_RANK)
        return convert_refuse(p, op, "too many dimensions");
    attr_entry props[] = {{STR("repeat_dims"), ttnn_shape_attr(p->c, times, n)}};
    return convert_replace(p, op, ttnn, &(convert_change){.props = props, .n_props = 1});
}

static bool convert_pad(pass_context *p, ir_op op, uint32_t ttnn) {
    attr_entry props[] = {{STR("use_multicore"), p->c->a_true}};
    return convert_replace(p, op, ttnn, &(convert_change){.props = props, .n_props = 1});
}

/* ---- arithmetic ----------------------------------------------------------------------------------------- */

bool convert_weighted(pass_context *p, ir_op op, uint32_t ttnn, const convert_change *change) {
    ir_op made = convert_build(p, op, ttnn, change);
    if (!made)
        return pass_out_of_memory(p);
    ir_attr dtype = ir_op_attr(p->m, op, STR("ttcore.weight_dtype"));
    if (dtype)
        ir_set_attr(p->e, made, STR("ttcore.weight_dtype"), dtype);
    ir_replace1(p->e, op, ir_result(p->m, made, 0));
    return true;
}

static bool convert_matmul(pass_context *p, ir_op op, uint32_t ttnn) {
    return convert_weighted(p, op, ttnn, NULL);
}

/* Passes what does not change a splat value. Layout changes are passed only inside const-eval functions (`layouts`): in
 * the function itself the reference looks for to_layout, which is to_tensor_spec by then. */
static ir_value through_shapes(pass_context *p, ir_value v, bool layouts) {
    for (;;) {
        ir_op op = ir_def_op(p->m, v);
        if (!(op_is(p->m, op, OP_ttnn_reshape) || op_is(p->m, op, OP_ttnn_typecast) ||
              op_is(p->m, op, OP_ttnn_to_layout) || (layouts && op_is(p->m, op, OP_ttnn_to_tensor_spec))))
            return v;
        v = ir_operand(p->m, op, 0);
    }
}

/* The fill value that v comes from, through const-eval functions; 0 when it is no number. */
static ir_attr splat_of(pass_context *p, ir_value v) {
    v = through_shapes(p, v, false);
    ir_op cached = def_is(p->m, v, OP_ttcore_load_cached);
    if (cached) {
        ir_op func = lookup_symbol_from(p, cached, ir_op_attr(p->m, cached, STR("callee")));
        ir_block b = func ? body_of(p->m, func) : 0;
        ir_op last = b ? ir_block_at(p->m, b)->last : 0;
        uint32_t i = ir_value_index(p->m, v);
        if (!op_is(p->m, last, OP_func_return) || i >= ir_op_at(p->m, last)->n_operands)
            return 0;
        v = through_shapes(p, ir_operand(p->m, last, i), true);
    }
    ir_op full = def_is(p->m, v, OP_ttnn_full);
    ir_attr value = full ? ir_op_attr(p->m, full, STR("fill_value")) : 0;
    ir_kind k = value ? ir_kind_of(p->c, value) : IR_NONE;
    return k == IR_ATTR_FLOAT || k == IR_ATTR_INTEGER ? value : 0;
}

/* A splat exponent becomes an attribute; the device's kernel for those takes no negative ones. */
static bool convert_pow(pass_context *p, ir_op op, uint32_t ttnn) {
    ir_attr exponent = splat_of(p, ir_operand(p->m, op, 1));
    int64_t i = 0;
    double f = 0;
    if (exponent && !(ir_int_value(p->c, exponent, &i) && i < 0) && !(ir_float_value(p->c, exponent, &f) && f < 0)) {
        ir_value lhs = ir_operand(p->m, op, 0);
        attr_entry props[] = {{STR("rhs"), exponent}};
        convert_change change = {.props = props, .n_props = 1, .operands = &lhs, .n_operands = 1};
        return convert_replace(p, op, OP_ttnn_pow_scalar, &change);
    }
    return convert_replace(p, op, ttnn, NULL);
}

static bool convert_quantize(pass_context *p, ir_op op, uint32_t ttnn) {
    attr_entry props[] = {{STR("output_dtype"), ttnn_dtype_attr(p->c, tn_dtype(p->c, result_type(p, op)))}};
    return convert_replace(p, op, ttnn, &(convert_change){.props = props, .n_props = 1});
}

static bool convert_dump(pass_context *p, ir_op op, uint32_t ttnn) {
    return convert_replace(p, op, ttnn, NULL);
}

/* ---- embedding backward --------------------------------------------------------------------------------- */

/* The kernel wants indices [B,1,1,S] and gradients [1,1,R,D], S a multiple of a tile, and gives [1,1,V,D]. */
static bool convert_embedding_backward(pass_context *p, ir_op op, uint32_t ttnn) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value indices = ir_operand(p->m, op, 0), weight = ir_operand(p->m, op, 1), gradient = ir_operand(p->m, op, 2);
    shape is = tn_shape_of(p->m, indices), gs = tn_shape_of(p->m, gradient);
    shape out = tn_shape_of_type(p->c, result_type(p, op));
    if (is.n < 1 || gs.n < 2 || out.n != 2)
        return convert_refuse(p, op, "operands need static shapes");
    if (is.n > 2 && is.d[is.n - 1] == 1) {
        is.n--;
        indices = tn_reshape(p, loc_suffix(p, loc, "_squeeze_indices"), indices, &is);
    }
    if (is.n == 1) {
        is = tn_shape_padded(&is, 2);
        indices = tn_reshape(p, loc_suffix(p, loc, "_unsqueeze_indices"), indices, &is);
    }
    int64_t length = is.d[is.n - 1], missing = tn_round_up(length, TARGET_TILE) - length;
    if (missing) {
        int64_t padding[2 * PASS_MAX_RANK] = {0};
        padding[2 * is.n - 1] = missing;
        indices = tn_pad(p, loc_suffix(p, loc, "_pad_indices"), indices, padding, 0, true);
        is.d[is.n - 1] += missing;
        padding[2 * is.n - 1] = 0;
        padding[2 * (gs.n - 2) + 1] = missing;
        gradient = tn_pad(p, loc_suffix(p, loc, "_pad_gradient"), gradient, padding, 0, true);
        gs.d[gs.n - 2] += missing;
    }
    int64_t rows = 1;
    for (int i = 0; i + 1 < gs.n; i++)
        rows *= gs.d[i];
    shape flat = tn_shape4(1, 1, rows, gs.d[gs.n - 1]);
    gradient = tn_reshape(p, loc_suffix(p, loc, "_reshaped_grad"), gradient, &flat);
    if (is.n == 2) {
        shape four = tn_shape4(is.d[0], 1, 1, is.d[1]);
        indices = tn_reshape(p, loc_suffix(p, loc, "_4d_indices"), indices, &four);
    }
    shape wide = tn_shape_padded(&out, 4);
    ir_value operands[3] = {indices, weight, gradient};
    ir_value v = build_value(p, ttnn, loc_suffix(p, loc, "_embedding_bw"), operands, 3,
                             tn_reshaped(p, result_type(p, op), &wide), 0);
    return convert_done(p, op, tn_reshape_to(p, loc, v, result_type(p, op)));
}

/* ---- the table ------------------------------------------------------------------------------------------ */

typedef struct convert_row {
    uint16_t ttnn;
    bool known;
    convert_fn *fn; /* NULL: plain */
} convert_row;

/* OP_ttir_abs is the first op of the dialect (D4: sorted by name). */
#define ROW(from, to, fn) [OP_ttir_##from - OP_ttir_abs] = {OP_ttnn_##to, true, fn}
#define SAME(name) ROW(name, name, NULL)

static const convert_row rows[] = {
    SAME(abs),
    SAME(acos),
    ROW(adamw, adamw, convert_adamw),
    SAME(add),
    SAME(all_gather),
    SAME(all_reduce),
    SAME(all_reduce_async),
    ROW(all_to_all, concat, convert_all_to_all),
    SAME(all_to_all_combine),
    SAME(all_to_all_dispatch),
    ROW(all_to_all_dispatch_metadata, all_to_all_dispatch_metadata, convert_dispatch_metadata),
    ROW(arange, arange, convert_arange),
    ROW(argmax, argmax, convert_argmax),
    SAME(asin),
    SAME(asinh),
    SAME(atan),
    SAME(atan2),
    ROW(avg_pool2d, avg_pool2d, convert_pool2d),
    ROW(batch_norm_inference, batch_norm_inference, convert_batch_norm),
    ROW(batch_norm_training, batch_norm_training, convert_batch_norm_training),
    SAME(bitcast_convert),
    SAME(bitwise_and),
    SAME(bitwise_not),
    SAME(bitwise_or),
    SAME(bitwise_xor),
    ROW(broadcast, repeat, convert_repeat),
    SAME(cbrt),
    SAME(ceil),
    ROW(chunked_scaled_dot_product_attention, chunked_scaled_dot_product_attention, convert_without_output),
    SAME(clamp_scalar),
    SAME(clamp_tensor),
    ROW(collective_broadcast, point_to_point, convert_collective_broadcast),
    ROW(collective_permute, point_to_point, convert_collective_permute),
    ROW(concat, concat, convert_concat),
    SAME(concatenate_heads),
    ROW(constant, constant, convert_constant),
    ROW(conv1d, conv1d, convert_conv1d),
    ROW(conv2d, conv2d, convert_conv2d),
    ROW(conv3d, conv3d, convert_conv3d),
    ROW(conv_transpose2d, conv_transpose2d, convert_conv_transpose2d),
    SAME(cos),
    SAME(cumprod),
    SAME(cumsum),
    ROW(dequantize_unrolled, dequantize, convert_quantize),
    ROW(distributed_layer_norm, distributed_layer_norm, convert_with_device),
    ROW(distributed_rms_norm, distributed_rms_norm, convert_with_device),
    ROW(div, divide, NULL),
    SAME(dropout),
    SAME(embedding),
    ROW(embedding_backward, embedding_bw, convert_embedding_backward),
    ROW(empty, empty, convert_empty),
    SAME(eq),
    SAME(erf),
    SAME(erfc),
    SAME(exp),
    SAME(expm1),
    SAME(fill_cache),
    SAME(floor),
    ROW(full, full, convert_creation),
    SAME(gather),
    SAME(ge),
    SAME(gelu),
    SAME(gelu_bw),
    SAME(global_avg_pool2d),
    ROW(group_norm, group_norm, convert_group_norm),
    SAME(gt),
    SAME(hardsigmoid),
    SAME(isfinite),
    ROW(layer_norm, layer_norm, convert_last_dim_norm),
    SAME(le),
    SAME(leaky_relu),
    ROW(linear, linear, convert_matmul),
    SAME(log),
    SAME(log1p),
    SAME(logical_and),
    SAME(logical_left_shift),
    SAME(logical_not),
    SAME(logical_or),
    SAME(logical_right_shift),
    SAME(logical_xor),
    SAME(lt),
    ROW(matmul, matmul, convert_matmul),
    SAME(max),
    ROW(max_pool2d, max_pool2d, convert_pool2d),
    ROW(max_pool2d_with_indices, max_pool2d_with_indices, convert_pool2d),
    SAME(maximum),
    SAME(mean),
    SAME(mesh_partition),
    ROW(mesh_shard, distribute_tensor, convert_mesh_shard),
    SAME(min),
    SAME(minimum),
    SAME(mish),
    ROW(moe_compute, moe_compute, convert_moe_compute),
    SAME(moe_expert_token_remap),
    SAME(moe_gpt),
    SAME(multiply),
    SAME(ne),
    SAME(neg),
    ROW(ones, ones, convert_creation),
    ROW(pad, pad, convert_pad),
    SAME(paged_fill_cache),
    SAME(paged_flash_multi_latent_attention_decode),
    ROW(paged_scaled_dot_product_attention_decode, paged_scaled_dot_product_attention_decode, convert_without_output),
    SAME(paged_update_cache),
    SAME(permute),
    ROW(pow, pow_tensor, convert_pow),
    ROW(prod, prod, convert_prod),
    ROW(quantize_unrolled, quantize, convert_quantize),
    ROW(rand, rand, convert_creation),
    SAME(reciprocal),
    SAME(reduce_scatter),
    SAME(relu),
    SAME(relu6),
    SAME(remainder),
    ROW(repeat, repeat, convert_repeat),
    SAME(repeat_interleave),
    ROW(requantize_unrolled, requantize, convert_quantize),
    SAME(reshape),
    ROW(rms_norm, rms_norm, convert_last_dim_norm),
    SAME(rsqrt),
    SAME(sampling),
    ROW(scaled_dot_product_attention, scaled_dot_product_attention, convert_sdpa),
    SAME(scaled_dot_product_attention_decode),
    SAME(scatter),
    SAME(sdpa_bw),
    SAME(sdpa_fw),
    SAME(selective_reduce_combine),
    SAME(sigmoid),
    SAME(sign),
    SAME(silu),
    SAME(sin),
    SAME(slice_dynamic),
    SAME(slice_static),
    SAME(softmax),
    SAME(sort),
    ROW(sparse_matmul, sparse_matmul, convert_sparse_matmul),
    SAME(split_query_key_value_and_split_heads),
    SAME(sqrt),
    ROW(squeeze, reshape, convert_to_reshape),
    SAME(subtract),
    SAME(sum),
    SAME(tan),
    SAME(tanh),
    ROW(to_layout, to_tensor_spec, convert_to_layout),
    SAME(topk),
    SAME(topk_router_gpt),
    SAME(tt_lang_op),
    SAME(typecast),
    ROW(unsqueeze, reshape, convert_to_reshape),
    SAME(update_cache),
    ROW(upsample2d, upsample, NULL),
    SAME(where),
    ROW(zeros, zeros, convert_creation),
};

static bool convert_one(pass_context *p, ir_op op, const op_def *d) {
    if (op_is(p->m, op, OP_debug_dump)) {
        ir_edit_at(p->e, op);
        p->e->from = op;
        return convert_dump(p, op, OP_ttnn_dump_tensor);
    }
    if (!d || d->dialect != DIALECT_ttir)
        return true;
    uint32_t i = dialect_op_index(d) - OP_ttir_abs;
    if (i >= sizeof rows / sizeof *rows || !rows[i].known)
        return convert_refuse(p, op, NULL);
    ir_edit_at(p->e, op);
    p->e->from = op;
    return rows[i].fn ? rows[i].fn(p, op, rows[i].ttnn) : convert_replace(p, op, rows[i].ttnn, NULL);
}

bool pass_convert_ttir_to_ttnn(pass_context *p) {
    bool ok = true;
    ir_op op = p->scope;
    while (op && ok && !p->m->failed) {
        /* the walk goes on from the op behind, because this one may be gone afterwards; TTIR ops have no regions */
        ir_op next = ir_walk_next(p->m, p->scope, op);
        if (op != p->scope)
            ok = convert_one(p, op, dialect_def_of(p->m, op));
        op = next;
    }
    p->e->from = 0;
    return ok;
}
