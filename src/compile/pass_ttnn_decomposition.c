/* pass_ttnn_decomposition.c - ttnn-decomposition: ops without a kernel that fits become simpler ones. Attention is in
 * ttnn_ttnn_decompose_sdpa.c, norms are in ttnn_decompose_norm.c. */
#include "compile/passes.h"
#include "compile/ttnn_decompose.h"

enum { MAX_GROUPED_CHANNELS = 4096, NO_LIMIT = 1000 };

bool ttnn_decompose_keeps_kernels(const compile_options *o) {
    return o->optimizer == COMPILE_ON || (o->optimizer == COMPILE_DEFAULT && o->level >= 1);
}

static bool decompose_concatenate_heads(pass_context *p, ir_op op) {
    static const int64_t positions_first[4] = {0, 2, 1, 3};
    ir_value in = ir_operand(p->m, op, 0);
    ir_type t = ir_value_type(p->m, ir_result(p->m, op, 0));
    shape s = tn_shape_of(p->m, in);
    if (ttnn_decompose_keeps_kernels(p->o) || s.n != 4)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    shape turned = shape_permuted(&s, positions_first);
    ir_value v = tn_permute_to(p, loc_suffix(p, loc, "_concat_heads"), in, positions_first, tn_reshaped(p, t, &turned));
    v = tn_reshape_to(p, loc, v, t);
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* How many groups go into a chunk: a divisor, so that all chunks are alike, of whole tiles if there is one, the largest
 * that stays within the channels a kernel takes. 0: not even one fits. */
static int64_t groups_per_chunk(int64_t groups, int64_t in, int64_t out) {
    int64_t widest = in > out ? in : out, most = MAX_GROUPED_CHANNELS / widest, largest = 0;
    for (int64_t n = most < groups ? most : groups; n >= 1; n--) {
        if (groups % n)
            continue;
        if (!largest)
            largest = n;
        if (n * in % TARGET_TILE == 0 && n * out % TARGET_TILE == 0)
            return n;
    }
    return largest;
}

/* Grouped convolutions of many channels: in chunks of groups, joined again. */
static bool decompose_grouped_conv(pass_context *p, ir_op op) {
    int64_t groups = 1, in = 0, out = 0;
    ir_value x = ir_operand(p->m, op, 0), weight = ir_operand(p->m, op, 1),
             bias = op_operand_named(p->m, op, STR("bias"));
    if (!op_int(p->m, op, STR("groups"), &groups) || groups <= 1 || !op_int(p->m, op, STR("in_channels"), &in) ||
        !op_int(p->m, op, STR("out_channels"), &out) || (in <= MAX_GROUPED_CHANNELS && out <= MAX_GROUPED_CHANNELS) ||
        in % groups || out % groups)
        return false;
    shape xs = tn_shape_of(p->m, x), ws = tn_shape_of(p->m, weight), bs = bias ? tn_shape_of(p->m, bias) : xs;
    ir_type t = ir_value_type(p->m, ir_result(p->m, op, 0));
    shape rs = tn_shape_of_type(p->c, t);
    int64_t in_group = in / groups, out_group = out / groups, n = groups_per_chunk(groups, in_group, out_group);
    if (xs.n < 1 || ws.n < 1 || bs.n < 1 || rs.n < 1 || ws.d[0] != out || !n || n == groups || groups / n > 4096)
        return false;
    int64_t chunks = groups / n, in_chunk = n * in_group, out_chunk = n * out_group;
    rs.d[rs.n - 1] = out_chunk;
    ir_type chunk_type = tn_reshaped(p, t, &rs);
    ir_value *parts = ARENA_ARRAY(&p->scratch, ir_value, (size_t)chunks);
    if (!parts)
        return false;
    for (int64_t i = 0; i < chunks; i++) {
        ir_loc loc = loc_suffix(p, ir_op_at(p->m, op)->loc, "_group_chunk_%d", (int)i);
        ir_value v[4];
        uint32_t k = 0;
        v[k++] = tn_slice_dim(p, loc, x, xs.n - 1, i * in_chunk, (i + 1) * in_chunk);
        v[k++] = tn_slice_dim(p, loc, weight, 0, i * out_chunk, (i + 1) * out_chunk);
        if (bias)
            v[k++] = tn_slice_dim(p, loc, bias, bs.n - 1, i * out_chunk, (i + 1) * out_chunk);
        v[k++] = op_operand_named(p->m, op, STR("device"));
        ir_op conv = tn_rebuild(p, op, loc, v, k, &chunk_type);
        if (!conv)
            return false;
        ir_set_prop(p->e, conv, STR("in_channels"), make_i32(p, in_chunk));
        ir_set_prop(p->e, conv, STR("out_channels"), make_i32(p, out_chunk));
        ir_set_prop(p->e, conv, STR("groups"), make_i32(p, n));
        parts[i] = ir_result(p->m, conv, 0);
    }
    ir_value v = tn_concat(p, ir_op_at(p->m, op)->loc, parts, (uint32_t)chunks, rs.n - 1, t);
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

bool pass_ttnn_decomposition(pass_context *p) {
    static const rewrite_pattern patterns[] = {
        {OP_ttnn_distributed_rms_norm, 1, ttnn_decompose_distributed_rms_norm},
        {OP_ttnn_distributed_layer_norm, 1, ttnn_decompose_distributed_layer_norm},
        {OP_ttnn_conv1d, 1, decompose_grouped_conv},
        {OP_ttnn_conv2d, 1, decompose_grouped_conv},
        {OP_ttnn_concatenate_heads, 1, decompose_concatenate_heads},
        {OP_ttnn_group_norm, 1, ttnn_decompose_group_norm},
        {OP_ttnn_scaled_dot_product_attention, 1, ttnn_decompose_sdpa},
        {OP_ttnn_scaled_dot_product_attention_decode, 1, ttnn_decompose_sdpa_decode},
    };
    return rewrite_greedy(p, p->scope, patterns, sizeof patterns / sizeof *patterns, REWRITE_TOP_DOWN, NO_LIMIT);
}
