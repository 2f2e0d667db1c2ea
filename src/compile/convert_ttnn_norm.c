/* convert_ttnn_norm.c - normalisations, attention and the optimizer step of convert-ttir-to-ttnn. */
#include <math.h>

#include "compile/convert_ttnn.h"

/* ---- normalisations ------------------------------------------------------------------------------------- */

/* rms_norm and layer_norm: the device normalises over the last dimension, so the shape need not be said. */
bool convert_last_dim_norm(pass_context *p, ir_op op, uint32_t ttnn) {
    shape in = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    int64_t normalized[PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("normalized_shape"), normalized, PASS_MAX_RANK);
    if (n != 1 || in.n < 1 || normalized[0] != in.d[in.n - 1])
        return convert_refuse(p, op, "TTNN normalises over exactly the last dimension");
    return convert_replace(p, op, ttnn, NULL);
}

static bool batch_norm_fits(pass_context *p, ir_op op) {
    int64_t dimension = 0;
    op_int(p->m, op, STR("dimension"), &dimension);
    return ir_rank(p->c, ir_value_type(p->m, ir_operand(p->m, op, 0))) == 4 && dimension == 1;
}

/* (operand, scale, offset, mean, variance) become (input, mean, variance, weight, bias). */
static convert_change batch_norm_change(pass_context *p, ir_op op, ir_value v[5]) {
    static const uint8_t from[5] = {0, 3, 4, 1, 2};
    static const int32_t sizes[5] = {1, 1, 1, 1, 1};
    for (uint32_t i = 0; i < 5; i++)
        v[i] = ir_operand(p->m, op, from[i]);
    return (convert_change){.operands = v, .n_operands = 5, .sizes = sizes};
}

static const char batch_norm_limits[] = "TTNN takes four dimensions of which the second is that of the channels";

bool convert_batch_norm(pass_context *p, ir_op op, uint32_t ttnn) {
    if (!batch_norm_fits(p, op))
        return convert_refuse(p, op, batch_norm_limits);
    ir_value v[5];
    convert_change change = batch_norm_change(p, op, v);
    return convert_replace(p, op, ttnn, &change);
}

/* The device updates the running statistics in place: those operands stand for results 1 and 2. */
bool convert_batch_norm_training(pass_context *p, ir_op op, uint32_t ttnn) {
    if (!batch_norm_fits(p, op))
        return convert_refuse(p, op, batch_norm_limits);
    ir_value v[5];
    ir_type t = ir_value_type(p->m, ir_result(p->m, op, 0));
    convert_change change = batch_norm_change(p, op, v);
    change.results = &t;
    change.n_results = 1;
    ir_op made = convert_build(p, op, ttnn, &change);
    if (!made)
        return pass_out_of_memory(p);
    ir_replace(p->e, op, (ir_value[3]){ir_result(p->m, made, 0), v[1], v[2]});
    return true;
}

/* The distributed norms: the device comes last, the groups between stay empty until the passes behind fill them. */
bool convert_with_device(pass_context *p, ir_op op, uint32_t ttnn) {
    const op_def *d = dialect_op(ttnn), *from = dialect_def_of(p->m, op);
    ir_value v[8];
    int32_t sizes[8] = {0};
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    for (uint32_t i = 0; i < n && i < 7; i++)
        v[i] = ir_operand(p->m, op, i);
    v[n] = tn_device(p, op);
    for (uint32_t i = 0; i < from->n_operands && i < 7; i++)
        sizes[i] = (int32_t)op_group(p->m, op, i).n;
    sizes[d->n_operands - 1] = 1;
    return convert_replace(p, op, ttnn, &(convert_change){.operands = v, .n_operands = n + 1, .sizes = sizes});
}

/* ones or zeros for a missing scale or shift. */
static ir_value affine(pass_context *p, ir_op op, uint32_t maker, ir_type t) {
    shape s = tn_shape_of_type(p->c, t);
    ir_value device = tn_on_device(p->c, t) ? tn_device(p, op) : 0;
    attr_entry props[] = {{STR("shape"), ttnn_shape_attr(p->c, s.d, (uint32_t)s.n)}};
    return build_value(p, maker, ir_op_at(p->m, op)->loc, &device, device ? 1 : 0, t, make_dict(p, props, 1));
}

/* The kernel wants [N, 1, H*W, C] and both affine parameters (tt-metal #39529). */
bool convert_group_norm(pass_context *p, ir_op op, uint32_t ttnn) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value v = op_operand_named(p->m, op, STR("input")), mask = op_operand_named(p->m, op, STR("input_mask"));
    ir_value weight = op_operand_named(p->m, op, STR("weight")), bias = op_operand_named(p->m, op, STR("bias"));
    shape s = tn_shape_of(p->m, v);
    int64_t channel = 3, permutation[PASS_MAX_RANK], inverse[PASS_MAX_RANK];
    op_int(p->m, op, STR("channel_dim"), &channel);
    if (s.n < 4 || channel < 0 || channel >= s.n)
        return convert_refuse(p, op, "the operand needs at least four static dimensions");
    bool permute = channel != s.n - 1;
    if (permute) {
        for (int i = 0, k = 0; i < s.n; i++)
            if (i != channel)
                permutation[k++] = i;
        permutation[s.n - 1] = channel;
        for (int i = 0; i < s.n; i++)
            inverse[permutation[i]] = i;
        v = tn_permute(p, loc, v, permutation);
        s = tn_shape_of(p->m, v);
    }
    bool reshape = s.n > 4 || s.d[1] != 1;
    if (reshape) {
        int64_t spatial = 1;
        for (int i = 1; i + 1 < s.n; i++)
            spatial *= s.d[i];
        shape flat = tn_shape4(s.d[0], 1, spatial, s.d[s.n - 1]);
        v = tn_reshape(p, loc, v, &flat);
    }
    ir_type t = ir_value_type(p->m, v);
    if (!weight || !bias) {
        shape channels = {.d = {s.d[s.n - 1]}, .n = 1};
        ir_type at = weight ? ir_value_type(p->m, weight)
                     : bias ? ir_value_type(p->m, bias)
                            : tn_reshaped(p, t, &channels);
        if (!weight)
            weight = affine(p, op, OP_ttnn_ones, at);
        if (!bias)
            bias = affine(p, op, OP_ttnn_zeros, at);
    }
    ir_value operands[4] = {v};
    uint32_t n = 1;
    if (mask)
        operands[n++] = mask;
    operands[n++] = weight;
    operands[n++] = bias;
    convert_change change = {.operands = operands,
                             .n_operands = n,
                             .sizes = (int32_t[]){1, mask ? 1 : 0, 1, 1},
                             .results = &t,
                             .n_results = 1};
    ir_op made = convert_build(p, op, ttnn, &change);
    if (!made)
        return pass_out_of_memory(p);
    v = ir_result(p->m, made, 0);
    if (reshape)
        v = tn_reshape(p, loc, v, &s);
    if (permute)
        v = tn_permute_to(p, loc, v, inverse, ir_value_type(p->m, ir_result(p->m, op, 0)));
    return convert_done(p, op, v);
}

/* ---- the optimizer step --------------------------------------------------------------------------------- */

/* Parameters and moments are updated in place and stand for the results; nobody may read the old ones afterwards. */
bool convert_adamw(pass_context *p, ir_op op, uint32_t ttnn) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    ir_value updated[4] = {ir_operand(p->m, op, 0), ir_operand(p->m, op, 2), ir_operand(p->m, op, 3),
                           n > 4 ? ir_operand(p->m, op, 4) : 0};
    for (uint32_t i = 0; i < 4 && updated[i]; i++)
        for (ir_each_use(p->e, updated[i], u)) {
            ir_op user = ir_use_op(p->e, u);
            if (user != op &&
                (ir_op_at(p->m, user)->block != ir_op_at(p->m, op)->block || !ir_is_before(p->m, user, op)))
                return convert_refuse(p, op, "an in-place operand is read after the step");
        }
    if (!convert_build(p, op, ttnn, &(convert_change){.results = (ir_type[]){0}, .n_results = 0}))
        return pass_out_of_memory(p);
    ir_replace(p->e, op, updated);
    return true;
}

/* ---- attention ------------------------------------------------------------------------------------------ */

/* Paged and chunked attention: TTIR's destination operand has no counterpart. */
bool convert_without_output(pass_context *p, ir_op op, uint32_t ttnn) {
    const op_def *from = dialect_def_of(p->m, op);
    ir_value v[16];
    int32_t sizes[16];
    uint32_t n = 0, groups = 0;
    for (uint32_t i = 0; i < from->n_operands && groups < 16; i++) {
        operand_group g = op_group(p->m, op, i);
        if (str_eq(dialect_text(op_operand(from, i)->name), STR("output")))
            continue;
        sizes[groups++] = (int32_t)g.n;
        for (uint32_t k = 0; k < g.n && n < 16; k++)
            v[n++] = ir_operand(p->m, op, g.first + k);
    }
    return convert_replace(p, op, ttnn, &(convert_change){.operands = v, .n_operands = n, .sizes = sizes});
}

/* The kernels scale the sink together with the scores (tt-metal #40470): divided by the scale beforehand. */
static ir_value unscaled_sink(pass_context *p, ir_op op, ir_value sink, int64_t head_size) {
    double given;
    float scale = op_float(p->m, op, STR("scale"), &given) ? (float)given : 1.0f / sqrtf((float)head_size);
    if (!sink || scale == 1.0f || scale == 0.0f)
        return sink;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type t = ir_value_type(p->m, sink);
    ir_value inverse = tn_full(p, loc, t, (double)(1.0f / scale), tn_device(p, op));
    return tn_binary(p, OP_ttnn_multiply, loc, sink, inverse, t);
}

/* Generic attention is [B, H, S, D]. With one query position it becomes the decode op, which has [1, B, H, D], masks of
 * [B, 1, H, S] and broadcasts no heads (tt-metal #39946); the others need the mask at all query positions. */
bool convert_sdpa(pass_context *p, ir_op op, uint32_t ttnn) {
    static const int64_t to_decode[4] = {2, 0, 1, 3}, from_decode[4] = {1, 2, 0, 3}, mask_to_decode[4] = {0, 2, 1, 3};
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value query = ir_operand(p->m, op, 0), key = ir_operand(p->m, op, 1), value = ir_operand(p->m, op, 2);
    ir_value mask = op_operand_named(p->m, op, STR("attention_mask"));
    ir_value sink = op_operand_named(p->m, op, STR("attention_sink"));
    shape q = tn_shape_of(p->m, query);
    if (q.n != 4)
        return convert_refuse(p, op, "the query needs four static dimensions");
    bool decode = q.d[2] == 1;
    if (decode)
        query = tn_permute(p, loc, query, to_decode);
    if (decode && mask)
        mask = tn_permute(p, loc, mask, mask_to_decode);
    if (mask) {
        shape ms = tn_shape_of(p->m, mask);
        int64_t want = decode ? q.d[1] : q.d[2];
        if (ms.n == 4 && (decode ? want > 1 : ms.d[2] == 1 && want != 1)) {
            ms.d[2] = want;
            mask = tn_repeat(p, loc, mask, &ms);
        }
    }
    sink = unscaled_sink(p, op, sink, q.d[3]);
    ir_value v[6] = {query, key, value};
    uint32_t n = 3;
    if (mask)
        v[n++] = mask;
    if (sink)
        v[n++] = sink;
    if (!decode) {
        int32_t sizes[5] = {1, 1, 1, mask ? 1 : 0, sink ? 1 : 0};
        return convert_replace(p, op, ttnn, &(convert_change){.operands = v, .n_operands = n, .sizes = sizes});
    }
    int32_t sizes[6] = {1, 1, 1, mask ? 1 : 0, 0, sink ? 1 : 0};
    ir_type t = ir_value_type(p->m, query);
    convert_change change = {.operands = v, .n_operands = n, .sizes = sizes, .results = &t, .n_results = 1};
    ir_op made = convert_build(p, op, OP_ttnn_scaled_dot_product_attention_decode, &change);
    if (!made)
        return pass_out_of_memory(p);
    return convert_done(p, op, tn_permute(p, loc, ir_result(p->m, made, 0), from_decode));
}
