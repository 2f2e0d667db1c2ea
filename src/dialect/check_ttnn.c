/* Rules of single ttnn ops. Messages as in tt-mlir. */
#include "dialect/check_inner.h"

#include "dialect/ids.h"

/* ---- normalisation -------------------------------------------------------------------------------------- */

/* A weight or bias along the last dimension of the input. */
static bool check_scale(checker *k, const char *name, ir_type input) {
    ir_type t = ck_in(k, name);
    if (!t)
        return true;
    if (ck_rank(k, input) == 0)
        return ck_rank(k, t) == 0 || ck_fail(k, "%s tensor must be 0D for 0D input tensor", name);
    return (ck_rank(k, t) == 1 && ck_dim(k, t, 0) == ck_dim(k, input, -1)) ||
           ck_fail(k, "%s tensor must be 1D with size matching the last dimension of input", name);
}

static bool check_norm(checker *k) {
    ir_type input = ck_in(k, "input");
    if (!ck_same_shape(k, input, ck_result(k, 0)))
        return ck_fail(k, "input and output must have the same shape");
    return check_scale(k, "weight", input) && check_scale(k, "bias", input);
}

static bool check_post_all_gather(checker *k) {
    static const ck_rank_rule ranks[] = {
        {"input", -2, "input must have rank >= 2"}, {"stats", -2, "stats must have rank >= 2"}, {NULL, 0, NULL}};
    return ck_ranks(k, ranks) && check_norm(k);
}

static bool check_pre_all_gather(checker *k) {
    ir_type input = ck_in(k, "input"), out = ck_result(k, 0), residual = ck_in(k, "residual");
    int rank = ck_rank(k, input);
    if (rank < 2)
        return ck_fail(k, "input tensor must have rank greater than 1");
    if (rank != ck_rank(k, out))
        return ck_fail(k, "input rank must match the output rank");
    for (int i = 0; i < rank - 1; i++)
        if (ck_dim(k, input, i) != ck_dim(k, out, i))
            return ck_fail(k, "output dimension %d (%lld) must match input dimension (%lld)", i,
                           (long long)ck_dim(k, out, i), (long long)ck_dim(k, input, i));
    return !residual || ck_same_shape(k, residual, input) ||
           ck_fail(k, "residual tensor shape must match the input tensor shape");
}

/* ---- heads ---------------------------------------------------------------------------------------------- */

static bool check_concat_heads_decode(checker *k) {
    static const ck_rank_rule ranks[] = {{"input", 4, "input tensor must be a 4D tensor"},
                                         {"result", 4, "output tensor must be a 4D tensor"},
                                         {NULL, 0, NULL}};
    if (!ck_ranks(k, ranks))
        return false;
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int64_t heads = ck_int(k, "num_heads", 1);
    if (ck_dim(k, out, 1) != 1)
        return ck_fail(k, "output dimension 1 must be 1, got %lld", (long long)ck_dim(k, out, 1));
    if (ck_dim(k, in, 2) < heads)
        return ck_fail(
            k,
            "num_heads attribute must be less than or equal to input num_heads dimension, got num_heads = %lld, "
            "input num_heads dimension = %lld",
            (long long)heads, (long long)ck_dim(k, in, 2));
    if (ck_dim(k, in, 0) != ck_dim(k, out, 0))
        return ck_fail(k,
                       "input sequence dimension must match output sequence dimension, got input sequence size = %lld, "
                       "output sequence size = %lld",
                       (long long)ck_dim(k, in, 0), (long long)ck_dim(k, out, 0));
    int64_t expected = ck_mul(heads, ck_dim(k, in, 3));
    if (expected == ck_dim(k, out, 3))
        return true;
    /* tt-mlir names the input's head dimension first and the attribute second. */
    return ck_fail(k,
                   "Output hidden dimension must equal num_heads * head_size, got num_heads = %lld, head_size = %lld, "
                   "expected hidden size = %lld, actual output hidden size = %lld",
                   (long long)ck_dim(k, in, 2), (long long)heads, (long long)expected, (long long)ck_dim(k, out, 3));
}

static bool check_rotary(checker *k) {
    static const char all[] = "all input and output tensors must be 4D tensors.";
    static const ck_rank_rule ranks[] = {
        {"input", 4, all}, {"cos_cache", 4, all}, {"sin_cache", 4, all}, {"result", 4, all}, {NULL, 0, NULL}};
    ir_type cos = ck_in(k, "cos_cache"), sin = ck_in(k, "sin_cache");
    if (ck_element(k, cos) != ck_element(k, sin))
        return ck_fail(k, "cos and sin tensor dtypes must match.");
    if (!ck_same_shape(k, cos, sin))
        return ck_fail(k, "cos and sin tensor shapes must match.");
    return ck_ranks(k, ranks);
}

/* ---- memory and traces ---------------------------------------------------------------------------------- */

/* The buffer type of a tensor's layout; empty when it has no TTNN layout. */
static str buffer_of(checker *k, ir_type t) {
    ir_attr layout = ir_encoding(k->ctx, t);
    ir_type memref = layout ? dialect_param(k->ctx, layout, STR("memref")) : 0;
    return ir_kind_of(k->ctx, memref) == IR_TYPE_MEMREF ? dialect_case_text(k->ctx, ir_at(k->ctx, memref, 2)) : STR("");
}

static bool on_device(checker *k, ir_type t) {
    str buffer = buffer_of(k, t);
    return buffer.n && !str_eq(buffer, STR("system_memory"));
}

static bool check_constant(checker *k) {
    str buffer = buffer_of(k, ck_result(k, 0));
    bool device = ck_in(k, "device") != 0;
    if (!buffer.n)
        return true;
    if (!str_eq(buffer, STR("system_memory")))
        return device || ck_fail(k, "device operand must be specified for non-system memory buffer type");
    return !device || ck_fail(k, "device operand must not be specified for system memory buffer type");
}

static bool check_queue(checker *k) {
    int64_t queue = ck_int(k, "cq_id", 0);
    return queue == 0 || queue == 1 || ck_fail(k, "Invalid CQ ID %lld", (long long)queue);
}

static bool check_trace_id(checker *k) {
    ir_type t = ck_in(k, "trace_id");
    if (!t)
        t = ck_out(k, "trace_id");
    ir_type element = ck_element(k, t);
    if (!check_queue(k))
        return false;
    if (ck_rank(k, t) != 0)
        return ck_fail_plain(k, "Trace ID must be a scalar");
    if (!ck_is_integer(k, element))
        return ck_fail_plain(k, "Trace ID must be an integer");
    if (ir_flags_of(k->ctx, element) != IR_UNSIGNED)
        return ck_fail_plain(k, "Trace ID must be unsigned");
    if (ir_bit_width(k->ctx, element) != 32)
        return ck_fail_plain(k, "Trace ID must be 32-bit");
    return dialect_is_attr(k->ctx, ir_encoding(k->ctx, t), ATTR_ttnn_trace_id) ||
           ck_fail_plain(k, "Trace ID must have the TraceIdAttr encoding");
}

static bool check_write_tensor(checker *k) {
    if (on_device(k, ck_in(k, "host_tensor")))
        return ck_fail(k, "Host tensor must be on system memory");
    if (!on_device(k, ck_in(k, "device_tensor")))
        return ck_fail(k, "Device tensor must be on device memory");
    return check_queue(k);
}

static bool check_copy(checker *k) {
    if (!on_device(k, ck_in(k, "src")))
        return ck_fail(k, "Source tensor must be on device memory");
    if (!on_device(k, ck_in(k, "dst")))
        return ck_fail(k, "Destination tensor must be on device memory");
    return ck_in(k, "src") == ck_in(k, "dst") ||
           ck_fail(k, "Source and destination tensor types must match, but got '%.*s' and '%.*s'",
                   STR_ARG(ck_print(k, ck_in(k, "src"))), STR_ARG(ck_print(k, ck_in(k, "dst"))));
}

/* ---- collectives ---------------------------------------------------------------------------------------- */

static bool check_all_reduce(checker *k) {
    str type = ck_text(k, "reduce_type");
    return (!str_eq(type, STR("mean")) && !str_eq(type, STR("std")) && !str_eq(type, STR("var"))) ||
           ck_fail(k, "Invalid reduction type for all reduce op.");
}

static bool check_reduce_scatter(checker *k) {
    str type = ck_text(k, "reduce_type");
    int rank = ck_rank(k, ck_in(k, "input"));
    int64_t dim = ck_int(k, "scatter_dim", 0);
    if (type.n && !str_eq(type, STR("sum")))
        return ck_fail(k, "Invalid reduction type for reduce scatter op.");
    return (dim < rank && dim >= -rank) ||
           ck_fail(k,
                   "Invalid scatter dimension for reduce scatter op. Scatter dimension must be >= to input tensor rank "
                   "or < -input tensor rank, got scatter_dim = %lld",
                   (long long)dim);
}

const ck_rule ck_rules_ttnn[] = {
    {"ttnn.all_reduce", check_all_reduce, false},
    {"ttnn.all_to_all_combine", ck_all_to_all_combine, false},
    {"ttnn.all_to_all_dispatch", ck_all_to_all_dispatch, false},
    {"ttnn.all_to_all_dispatch_metadata", ck_ttnn_dispatch_metadata, false},
    {"ttnn.begin_trace_capture", check_trace_id, true},
    {"ttnn.chunked_scaled_dot_product_attention", ck_chunked_attention, false},
    {"ttnn.concat", ck_concat, false},
    {"ttnn.constant", check_constant, false},
    {"ttnn.conv2d", ck_ttnn_conv2d, false},
    {"ttnn.conv3d", ck_ttnn_conv3d, false},
    {"ttnn.copy", check_copy, false},
    {"ttnn.end_trace_capture", check_trace_id, true},
    {"ttnn.execute_trace", check_trace_id, true},
    {"ttnn.gather", ck_gather, false},
    {"ttnn.layer_norm_post_all_gather", check_post_all_gather, false},
    {"ttnn.nlp_concat_heads_decode", check_concat_heads_decode, false},
    {"ttnn.paged_fill_cache", ck_paged_fill_cache, true},
    {"ttnn.paged_flash_multi_latent_attention_decode", ck_flash_mla_decode, false},
    {"ttnn.permute", ck_permute, false},
    {"ttnn.reduce_scatter", check_reduce_scatter, false},
    {"ttnn.repeat_interleave", ck_repeat_interleave, false},
    {"ttnn.rms_norm", check_norm, false},
    {"ttnn.rms_norm_pre_all_gather", check_pre_all_gather, false},
    {"ttnn.rotary_embedding", check_rotary, false},
    {"ttnn.tt_lang_op", ck_tt_lang, true},
    {"ttnn.upsample", ck_upsample2d, false},
    {"ttnn.write_tensor", check_write_tensor, false},
    {NULL, NULL, false},
};
