/* Rules of the ops language models are made of: caches, attention, experts, kernels written by hand. Messages as in
 * tt-mlir. */
#include "dialect/check_inner.h"

/* ---- caches --------------------------------------------------------------------------------------------- */

static bool check_fill_batch(checker *k, ir_type input) {
    ir_type index = ck_in(k, "batch_idx_tensor");
    int64_t batch = ck_dim(k, input, 0);
    if (!index) {
        if (batch == 1)
            return true;
        if (batch == IR_DYNAMIC)
            return ck_fail(k, "Input batch must be statically 1 when no batch_idx_tensor is provided, got dynamic");
        return ck_fail(k, "Input batch must be statically 1 when no batch_idx_tensor is provided, got %lld",
                       (long long)batch);
    }
    if (ck_rank(k, index) != 1)
        return ck_fail(k, "Batch index tensor must be a 1D tensor");
    int64_t n = ck_dim(k, index, 0);
    if (n != IR_DYNAMIC && batch != IR_DYNAMIC && n != batch)
        return ck_fail(k, "Batch index tensor must have dim 0 equal to input batch (%lld), got %lld", (long long)batch,
                       (long long)n);
    return ck_is_integer(k, ck_element(k, index)) || ck_fail(k, "Batch index tensor must be an integer type");
}

bool ck_paged_fill_cache(checker *k) {
    static const ck_rank_rule ranks[] = {{"cache", 4, "Cache tensor must be a 4D tensor"},
                                         {"input", 4, "Input tensor must be a 4D tensor"},
                                         {"page_table", 2, "Page table tensor must be a 2D tensor"},
                                         {NULL, 0, NULL}};
    ir_type cache = ck_in(k, "cache"), input = ck_in(k, "input");
    if (!ck_ranks(k, ranks))
        return false;
    if (ck_element(k, cache) != ck_element(k, input))
        return ck_fail(k, "Cache and input tensors must have the same dtype");
    if (!ck_is_float(k, ck_element(k, cache)))
        return ck_fail(k, "Cache tensor must be a floating point type");
    if (!ck_is_integer(k, ck_element(k, ck_in(k, "page_table"))))
        return ck_fail(k, "Page table tensor must be an integer type");
    if (!check_fill_batch(k, input))
        return false;
    if (ck_dim(k, cache, 2) % 32 != 0)
        return ck_fail(k, "Block size must be divisible by 32, got %lld", (long long)ck_dim(k, cache, 2));
    if (ck_dim(k, input, 1) != ck_dim(k, cache, 1))
        return ck_fail(k, "Input must have the same number of heads as the cache.");
    return ck_dim(k, input, 3) == ck_dim(k, cache, 3) || ck_fail(k, "Input must have same head dimension as cache.");
}

/* ---- attention ------------------------------------------------------------------------------------------ */

bool ck_chunked_attention(checker *k) {
    static const ck_rank_rule ranks[] = {{"query", 4, "Query must be a 4D tensor."},
                                         {"key", 4, "Key and value must be 4D tensors."},
                                         {"value", 4, "Key and value must be 4D tensors."},
                                         {"page_table", 2, "Page table must be a 2D tensor."},
                                         {"chunk_start_idx", 1, "Chunk start index must be a 1D tensor."},
                                         {NULL, 0, NULL}};
    if (!ck_ranks(k, ranks))
        return false;
    ir_type query = ck_in(k, "query"), key = ck_in(k, "key"), pages = ck_in(k, "page_table");
    ir_type start = ck_in(k, "chunk_start_idx");
    if (ck_dim(k, start, 0) != 1)
        return ck_fail(k, "Chunk start index must have shape [1] (a single prefix offset shared by all users).");
    if (!ck_is_float(k, ck_element(k, query)) || !ck_is_float(k, ck_element(k, key)))
        return ck_fail(k, "Query, key, and value must be float tensors.");
    if (!ck_is_integer(k, ck_element(k, pages)))
        return ck_fail(k, "Page table must be an integer tensor.");
    if (!ck_is_integer(k, ck_element(k, start)))
        return ck_fail(k, "Chunk start index must be an integer tensor.");
    if (key != ck_in(k, "value"))
        return ck_fail(k, "Key and value must have the same shape and data type.");
    if (ck_dim(k, query, 3) != ck_dim(k, key, 3))
        return ck_fail(k, "Query head size must match key/value head size.");
    if (ck_dim(k, key, 1) == 0 || ck_dim(k, query, 1) % ck_dim(k, key, 1) != 0)
        return ck_fail(k, "Query num heads must be divisible by key/value num heads.");
    if (ck_dim(k, key, 2) % 32 != 0)
        return ck_fail(k, "Key/value block size must be divisible by 32.");
    if (ck_dim(k, pages, 0) != ck_dim(k, query, 0))
        return ck_fail(k, "Page table number of users must match query number of users.");
    return ck_same_shape(k, ck_result(k, 0), query) || ck_fail(k, "Result shape must match query shape.");
}

bool ck_flash_mla_decode(checker *k) {
    static const ck_rank_rule ranks[] = {{"query", 4, "Query must be a 4D tensor."},
                                         {"key", 4, "Key tensor must be a 4D tensor."},
                                         {"page_table", 2, "Page table tensor must be a 2D tensor."},
                                         {"value", 4, "Value tensor must be a 4D tensor."},
                                         {NULL, 0, NULL}};
    if (!ck_ranks(k, ranks))
        return false;
    ir_type query = ck_in(k, "query"), key = ck_in(k, "key"), value = ck_in(k, "value");
    if (!ck_is_float(k, ck_element(k, query)))
        return ck_fail(k, "Query must be a float tensor.");
    if (ck_element(k, query) != ck_element(k, key))
        return ck_fail(k, "Query and key must have the same element type.");
    if (!ck_is_integer(k, ck_element(k, ck_in(k, "page_table"))))
        return ck_fail(k, "Page table must be an integer tensor.");
    if (ck_dim(k, key, 1) != 1)
        return ck_fail(k, "Key num KV heads (nkv) must be 1, got %lld.", (long long)ck_dim(k, key, 1));
    if (value && ck_element(k, query) != ck_element(k, value))
        return ck_fail(k, "Query and value must have the same element type.");
    if (value && ck_dim(k, value, 1) != 1)
        return ck_fail(k, "Value num KV heads (nkv) must be 1, got %lld.", (long long)ck_dim(k, value, 1));
    return ck_int(k, "head_dim_v", 1) != 0 || ck_fail(k, "head_dim_v must be greater than 0.");
}

static bool check_heads(checker *k, const char *name, const int64_t expected[4]) {
    int64_t got[CK_MAX_DIMS];
    ir_type t = ck_out(k, name);
    if (ck_equal(expected, 4, got, ck_shape(k, t, got)))
        return true;
    return ck_fail(k, "expected %s output shape (%.*s), got (%.*s)", name, STR_ARG(ck_list(k, expected, 4, ", ")),
                   STR_ARG(ck_dims(k, t, ", ")));
}

bool ck_split_heads(checker *k) {
    ir_type in = ck_in(k, "input_tensor"), kv = ck_in(k, "kv_input_tensor");
    if (ck_rank(k, in) != 3)
        return ck_fail(k, "expected rank of input tensor is 3, got rank %d", ck_rank(k, in));
    int q = ck_rank(k, ck_out(k, "query")), key = ck_rank(k, ck_out(k, "key")), v = ck_rank(k, ck_out(k, "value"));
    if (q != 4 || key != 4 || v != 4)
        return ck_fail(k,
                       "expected rank of query/key/value output tensor is 4, got query rank: %d, key rank: %d, value "
                       "rank: %d",
                       q, key, v);
    int64_t heads = ck_int(k, "num_heads", 1), kv_heads = ck_int(k, "num_kv_heads", heads);
    ir_type source = kv ? kv : in;
    int64_t parts = kv ? heads : heads + 2 * kv_heads;
    if (heads < 1 || kv_heads < 1 || ck_rank(k, source) != 3)
        return true;
    int64_t size = ck_dim(k, in, 2) / parts, kv_size = kv ? ck_dim(k, kv, 2) / (2 * kv_heads) : size;
    int64_t query_shape[4] = {ck_dim(k, in, 0), heads, ck_dim(k, in, 1), size};
    int64_t value_shape[4] = {ck_dim(k, source, 0), kv_heads, ck_dim(k, source, 1), kv_size};
    int64_t turned[4] = {value_shape[0], kv_heads, kv_size, value_shape[2]};
    return check_heads(k, "query", query_shape) &&
           check_heads(k, "key", ck_bool(k, "transpose_key") ? turned : value_shape) &&
           check_heads(k, "value", value_shape);
}

/* ---- experts -------------------------------------------------------------------------------------------- */

static bool check_cluster(checker *k) {
    if (ck_int(k, "num_devices", 1) <= 0)
        return ck_fail(k, "num_devices must be positive");
    int64_t axis = ck_int(k, "cluster_axis", 0);
    return axis == 0 || axis == 1 || ck_fail(k, "cluster_axis must be 0 or 1");
}

bool ck_all_to_all_dispatch(checker *k) {
    static const ck_rank_rule ranks[] = {{"input_tensor", 4, "input_tensor must be a 4D tensor [B, S, 1, H]"},
                                         {"expert_indices", 4, "expert_indices must be a 4D tensor [B, S, 1, K]"},
                                         {"expert_mapping", 4, "expert_mapping must be a 4D tensor [1, 1, E, D]"},
                                         {"dispatched", 4, "dispatched output must be a 4D tensor [1, B*D, S, H]"},
                                         {"metadata", 4, "metadata output must be a 4D tensor [1, B*D, S, K]"},
                                         {NULL, 0, NULL}};
    return ck_ranks(k, ranks) && check_cluster(k);
}

bool ck_all_to_all_combine(checker *k) {
    static const ck_rank_rule ranks[] = {{"input_tensor", 4, "input_tensor must be a 4D tensor [E_local, B*D, S, H]"},
                                         {"expert_metadata", 4, "expert_metadata must be a 4D tensor [1, B*D, S, K]"},
                                         {"expert_mapping", 4, "expert_mapping must be a 4D tensor [1, 1, E, D]"},
                                         {"result", 4, "result must be a 4D tensor [K, B, S, H]"},
                                         {NULL, 0, NULL}};
    if (!ck_ranks(k, ranks) || !check_cluster(k))
        return false;
    if (ck_int(k, "num_experts_per_tok", 1) <= 0)
        return ck_fail(k, "num_experts_per_tok must be positive");
    int64_t dim = ck_int(k, "output_shard_dim", 2);
    return dim == 1 || dim == 2 || ck_fail(k, "output_shard_dim must be 1 or 2, got %lld", (long long)dim);
}

/* The mapping's shape differs between the dialects. */
static bool check_dispatch_metadata(checker *k, const ck_rank_rule *mapping) {
    static const ck_rank_rule inputs[] = {{"input_tensor", 4, "input_tensor must be a 4D tensor [1, 1, M, H]"},
                                          {"expert_indices", 4, "expert_indices must be a 4D tensor [1, 1, M, K]"},
                                          {"expert_scores", 4, "expert_scores must be a 4D tensor [1, 1, M, K]"},
                                          {NULL, 0, NULL}};
    static const ck_rank_rule outputs[] = {
        {"dispatched", 3, "dispatched output must be a 3D tensor [1, tokens_global, H]"},
        {"indices", 3, "indices output must be a 3D tensor [1, tokens_global, K]"},
        {"scores", 3, "scores output must be a 3D tensor [1, tokens_global, K]"},
        {NULL, 0, NULL}};
    return ck_ranks(k, inputs) && ck_ranks(k, mapping) && ck_ranks(k, outputs) && check_cluster(k);
}

bool ck_ttir_dispatch_metadata(checker *k) {
    static const ck_rank_rule mapping[] = {{"expert_mapping", 4, "expert_mapping must be a 4D tensor [1, 1, D, E]"},
                                           {NULL, 0, NULL}};
    return check_dispatch_metadata(k, mapping);
}

bool ck_ttnn_dispatch_metadata(checker *k) {
    static const ck_rank_rule mapping[] = {{"expert_mapping", 2, "expert_mapping must be a 2D tensor [D, E]"},
                                           {NULL, 0, NULL}};
    if (!check_dispatch_metadata(k, mapping))
        return false;
    int bound =
        (ck_in(k, "dispatched_buffer") != 0) + (ck_in(k, "indices_buffer") != 0) + (ck_in(k, "scores_buffer") != 0);
    return bound == 0 || bound == 3 ||
           ck_fail(k, "dispatched_buffer, indices_buffer and scores_buffer must be all bound or all unbound");
}

bool ck_moe_gpt(checker *k) {
    static const ck_rank_rule ranks[] = {{"w0_w1_tensor", 6, "w0_w1_tensor must be a rank 6 tensor"},
                                         {"w2_tensor", 6, "w2_tensor must be a rank 6 tensor"},
                                         {NULL, 0, NULL}};
    static const ck_rank_rule inputs[] = {{"expert_indices", -2, "expert_indices must have rank >= 2"},
                                          {"expert_scores", -2, "expert_scores must have rank >= 2"},
                                          {NULL, 0, NULL}};
    if (!ck_ranks(k, ranks))
        return false;
    ir_type first = ck_in(k, "w0_w1_tensor"), second = ck_in(k, "w2_tensor");
    if (ck_dim(k, first, 5) != 128)
        return ck_fail(k, "w0_w1_tensor dim[5] must be 128 (4*TILE_SIZE)");
    if (ck_dim(k, second, 5) != 128)
        return ck_fail(k, "w2_tensor dim[5] must be 128 (4*TILE_SIZE)");
    if (ck_dim(k, first, 0) != ck_dim(k, second, 0))
        return ck_fail(k, "w0_w1_tensor and w2_tensor must have same dim[0] (num_cores)");
    if (ck_dim(k, first, 2) != ck_dim(k, second, 2))
        return ck_fail(k, "w0_w1_tensor and w2_tensor must have same dim[2] (experts_per_device)");
    return ck_ranks(k, inputs);
}

static bool check_expert_bias(checker *k, const char *name, int64_t layers, int64_t experts, int64_t last) {
    int64_t got[CK_MAX_DIMS];
    if (ck_equal((int64_t[]){layers, experts, last}, 3, got, ck_shape(k, ck_in(k, name), got)))
        return true;
    return ck_fail(k, "%s must have shape (%lld, %lld, %lld)", name, (long long)layers, (long long)experts,
                   (long long)last);
}

bool ck_moe_compute(checker *k) {
    int64_t size = ck_int(k, "intermediate_size", 32);
    if (size == 0 || size % 32 != 0)
        return ck_fail(k, "intermediate_size must be a positive multiple of 32");
    ir_type weight = ck_in(k, "w0"), input = ck_in(k, "tilize_input_tensor");
    int biases = (ck_in(k, "bias_0") != 0) + (ck_in(k, "bias_1") != 0) + (ck_in(k, "bias_2") != 0);
    if (biases != 0 && biases != 3)
        return ck_fail(k, "bias_0, bias_1, and bias_2 must be all present or all absent");
    if (ck_rank(k, weight) != 4)
        return ck_fail(k, "w0 must have rank 4 (L, E, hidden, intermediate)");
    int64_t layers = ck_dim(k, weight, 0), experts = ck_dim(k, weight, 1);
    if (biases && (!check_expert_bias(k, "bias_0", layers, experts, ck_dim(k, weight, 3)) ||
                   !check_expert_bias(k, "bias_1", layers, experts, ck_dim(k, weight, 3)) ||
                   !check_expert_bias(k, "bias_2", layers, experts, ck_dim(k, weight, 2))))
        return false;
    if (ck_int(k, "output_height_shard_dim", 1) == 0)
        return ck_fail(k, "output_height_shard_dim must be positive");
    if (ck_rank(k, input) < 2)
        return ck_fail(k, "tilize_input_tensor must have rank >= 2");
    int64_t hidden = ck_dim(k, input, -1);
    if (hidden <= 0 || hidden % 32 != 0)
        return ck_fail(k, "tilize_input_tensor last dim (hidden_size) must be a positive multiple of 32");
    return ck_dim(k, weight, 2) == hidden ||
           ck_fail(k, "w0 hidden dim (%lld) must match tilize_input_tensor hidden_size (%lld)",
                   (long long)ck_dim(k, weight, 2), (long long)hidden);
}

/* ---- kernels written by hand ---------------------------------------------------------------------------- */

bool ck_tt_lang(checker *k) {
    uint32_t n_inputs = ck_in_count(k, "inputs", NULL), n_results = k->m->ops[k->op].n_results, tokens = 1, outs = 0;
    str roles = ck_text(k, "arg_roles");
    if (!n_inputs)
        return ck_fail(k, "tt-lang kernel must have at least one input operand.");
    if (!roles.n)
        return ck_fail(k, "`arg_roles` attribute must not be empty.");
    for (size_t i = 0; i < roles.n; i++)
        tokens += roles.p[i] == ',';
    if (tokens != n_inputs)
        return ck_fail(k, "`arg_roles` token count (%u) must match number of inputs (%u).", tokens, n_inputs);
    for (str rest = roles; tokens; tokens--) {
        size_t comma = str_find_char(rest, ',');
        str role = str_trim(str_slice(rest, 0, comma));
        rest = str_from(rest, comma + 1);
        if (str_eq(role, STR("out")))
            outs++;
        else if (!str_eq(role, STR("in")))
            return ck_fail(k, "`arg_roles` token must be \"in\" or \"out\", got: \"%.*s\".", STR_ARG(role));
        else if (outs)
            return ck_fail(k, "`arg_roles` must list all \"in\" operands before any \"out\" operand "
                              "(destination-passing-style ordering).");
    }
    if (outs != n_results)
        return ck_fail(k, "number of \"out\" roles (%u) must match number of results (%u).", outs, n_results);
    if (!outs)
        return ck_fail(k, "tt-lang kernel must have at least one operand tagged \"out\" (the destination buffer the "
                          "runtime returns as the kernel's output).");
    if (!ck_text(k, "kernel_id").n)
        return ck_fail(k, "`kernel_id` attribute must not be empty.");
    return ck_text(k, "version_tag").n != 0 || ck_fail(k, "`version_tag` attribute must not be empty.");
}
