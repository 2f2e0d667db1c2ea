/* Rules of single ttir ops. Messages as in tt-mlir. */
#include "dialect/check_inner.h"

static bool check_clamp_scalar(checker *k) {
    return ck_same_shape(k, ck_in(k, "input"), ck_result(k, 0)) || ck_fail(k, "input and output must have same shape.");
}

static bool check_clamp_tensor(checker *k) {
    int64_t bound[CK_MAX_DIMS], out[CK_MAX_DIMS], both[CK_MAX_DIMS];
    int rank = ck_shape(k, ck_result(k, 0), out);
    static const char *const names[][2] = {{"min", "Min"}, {"max", "Max"}};
    for (int i = 0; i < 2; i++) {
        ir_type t = ck_in(k, names[i][0]);
        if (ck_broadcast(bound, ck_shape(k, t, bound), out, rank, both) < 0)
            return ck_fail(k, "%s attribute shape (%.*s) cannot be broadcasted to output shape (%.*s).", names[i][1],
                           STR_ARG(ck_dims(k, t, ",")), STR_ARG(ck_dims(k, ck_result(k, 0), ",")));
    }
    return true;
}

/* Shifts: everything is an integer. */
static bool check_shift(checker *k) {
    ir_type types[] = {ck_element(k, ck_operand(k, 0)), ck_element(k, ck_operand(k, 1)),
                       ck_element(k, ck_result(k, 0))};
    static const char *const names[] = {"Left operand", "Right operand", "Output"};
    for (int i = 0; i < 3; i++)
        if (!ck_is_integer(k, types[i]))
            return ck_fail(k, "%s element type must be integer, but got '%.*s'", names[i],
                           STR_ARG(ck_print(k, types[i])));
    return true;
}

static bool check_batch_norm(checker *k) {
    int rank = ck_rank(k, ck_in(k, "operand"));
    int64_t dim = ck_int(k, "dimension", 0);
    if (rank < 2 || rank > 5)
        return ck_fail(k, "input tensor must have rank between 2 and 5, got rank %d", rank);
    return (dim >= 0 && dim < rank) ||
           ck_fail(k, "dimension attribute must be within input rank bounds, got dimension %lld for rank %d",
                   (long long)dim, rank);
}

static bool check_max_pool_indices(checker *k) {
    if (!ck_pool2d(k))
        return false;
    if (!ck_same_shape(k, ck_result(k, 0), ck_result(k, 1)))
        return ck_fail(k, "Pooled values and indices must have the same shape");
    return ck_is_integer(k, ck_element(k, ck_result(k, 1))) ||
           ck_fail(k, "Indices result must have integer element type");
}

/* ---- collectives ---------------------------------------------------------------------------------------- */

static bool check_all_gather(checker *k) {
    int rank = ck_rank(k, ck_in(k, "input"));
    int64_t dim = ck_int(k, "all_gather_dim", 0);
    return (dim < rank && dim >= -rank) ||
           ck_fail(k,
                   "Invalid dimension for all gather op. Gather dimension must be >= to input tensor rank or < -input "
                   "tensor rank, got gather_dim = %lld",
                   (long long)dim);
}

static bool check_all_reduce(checker *k) {
    str type = ck_text(k, "reduce_type");
    return !type.n || str_eq(type, STR("sum")) || ck_fail(k, "Invalid reduction type for all reduce op.");
}

static bool check_reduce_scatter(checker *k) {
    str type = ck_text(k, "reduce_type");
    if (type.n && !str_eq(type, STR("sum")) && !str_eq(type, STR("max")) && !str_eq(type, STR("min")))
        return ck_fail(k, "Invalid reduction type for reduce scatter op.");
    int rank = ck_rank(k, ck_in(k, "input"));
    int64_t dim = ck_int(k, "scatter_dim", 0);
    return (dim < rank && dim >= -rank) ||
           ck_fail(
               k,
               "Invalid dimension for reduce scatter op. Scatter dimension must be >= to input tensor rank or < -input "
               "tensor rank, got scatter_dim = %lld",
               (long long)dim);
}

static bool check_all_to_all(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int64_t expected[CK_MAX_DIMS], got[CK_MAX_DIMS];
    int rank = ck_shape(k, in, expected);
    int64_t split = ck_int(k, "split_dim", 0), concat = ck_int(k, "concat_dim", 0), count = ck_int(k, "split_count", 1);
    if (split < 0 || split >= rank)
        return ck_fail(k, "splitDim must be in the range [0, %d], got %lld", rank - 1, (long long)split);
    if (count <= 0)
        return ck_fail(k, "splitCount must be a positive integer");
    if (expected[split] % count != 0)
        return ck_fail(k, "splitDim size must be divisible by splitCount");
    if (concat < 0 || concat >= rank)
        return ck_fail(k, "concatDim must be in the range [0, %d], got %lld", rank - 1, (long long)concat);
    expected[split] /= count;
    expected[concat] = ck_mul(expected[concat], count);
    if (!ck_equal(expected, rank, got, ck_shape(k, out, got)))
        return ck_fail(k, "Output shape mismatch: expected = <%.*s> output = <%.*s>",
                       STR_ARG(ck_list(k, expected, rank, ", ")), STR_ARG(ck_dims(k, out, ", ")));
    if (ck_element(k, in) != ck_element(k, out))
        return ck_fail(k, "Input and output element types must match");
    ir_attr groups = ck_attr(k, "replica_groups");
    ir_type shape = ir_kind_of(k->ctx, groups) == IR_ATTR_DENSE ? ir_at(k->ctx, groups, 0) : 0;
    if (ck_rank(k, shape) == 2 && ck_dim(k, shape, 1) != count)
        return ck_fail(k, "replicaGroup count must match splitCount");
    return true;
}

const ck_rule ck_rules_ttir[] = {
    {"ttir.all_gather", check_all_gather, false},
    {"ttir.all_reduce", check_all_reduce, false},
    {"ttir.all_to_all", check_all_to_all, false},
    {"ttir.all_to_all_combine", ck_all_to_all_combine, false},
    {"ttir.all_to_all_dispatch", ck_all_to_all_dispatch, false},
    {"ttir.all_to_all_dispatch_metadata", ck_ttir_dispatch_metadata, false},
    {"ttir.arange", ck_arange, false},
    {"ttir.avg_pool2d", ck_pool2d, false},
    {"ttir.batch_norm_inference", check_batch_norm, false},
    {"ttir.batch_norm_training", check_batch_norm, false},
    {"ttir.broadcast", ck_broadcast_to, false},
    {"ttir.chunked_scaled_dot_product_attention", ck_chunked_attention, false},
    {"ttir.clamp_scalar", check_clamp_scalar, false},
    {"ttir.clamp_tensor", check_clamp_tensor, false},
    {"ttir.concat", ck_concat, false},
    {"ttir.cumprod", ck_cumulative, false},
    {"ttir.cumsum", ck_cumulative, false},
    {"ttir.embedding", ck_embedding, false},
    {"ttir.full", ck_full, false},
    {"ttir.gather", ck_gather, false},
    {"ttir.index", ck_index, false},
    {"ttir.index_select", ck_index_select, false},
    {"ttir.linear", ck_linear, false},
    {"ttir.logical_left_shift", check_shift, true},
    {"ttir.logical_right_shift", check_shift, true},
    {"ttir.matmul", ck_matmul, false},
    {"ttir.max", ck_reduce, false},
    {"ttir.max_pool2d", ck_pool2d, false},
    {"ttir.max_pool2d_with_indices", check_max_pool_indices, false},
    {"ttir.mean", ck_reduce, false},
    {"ttir.min", ck_reduce, false},
    {"ttir.moe_compute", ck_moe_compute, false},
    {"ttir.moe_gpt", ck_moe_gpt, false},
    {"ttir.paged_fill_cache", ck_paged_fill_cache, true},
    {"ttir.permute", ck_permute, false},
    {"ttir.prod", ck_reduce, false},
    {"ttir.rand", ck_rand, false},
    {"ttir.reduce_and", ck_reduce, false},
    {"ttir.reduce_or", ck_reduce, false},
    {"ttir.reduce_scatter", check_reduce_scatter, false},
    {"ttir.repeat", ck_repeat, false},
    {"ttir.repeat_interleave", ck_repeat_interleave, false},
    {"ttir.reshape", ck_reshape, false},
    {"ttir.reverse", ck_reverse, false},
    {"ttir.right_shift", check_shift, true},
    {"ttir.slice_static", ck_slice, false},
    {"ttir.softmax", ck_softmax, false},
    {"ttir.sort", ck_sort, false},
    {"ttir.sparse_matmul", ck_sparse_matmul, false},
    {"ttir.split_query_key_value_and_split_heads", ck_split_heads, false},
    {"ttir.squeeze", ck_squeeze, false},
    {"ttir.sum", ck_reduce, false},
    {"ttir.transpose", ck_transpose, false},
    {"ttir.tt_lang_op", ck_tt_lang, true},
    {"ttir.unsqueeze", ck_unsqueeze, false},
    {"ttir.upsample2d", ck_upsample2d, false},
    {NULL, NULL, false},
};
