/* Rules of the ops that only move or reduce data, alike in ttir and ttnn. Messages as in tt-mlir. */
#include "dialect/check_inner.h"

/* Whether a dimension number, counted from the end when negative, is one of a tensor of this rank. */
static bool in_rank(int64_t dim, int rank) {
    return dim >= -(int64_t)rank && dim < rank;
}

static int64_t absolute(int64_t v) {
    return v < 0 ? ck_mul(v, -1) : v;
}

/* "(1, 2, 3)" without the parentheses. */
static str commas(checker *k, ir_type t) {
    return ck_dims(k, t, ", ");
}

/* ---- making --------------------------------------------------------------------------------------------- */

bool ck_arange(checker *k) {
    int64_t start = ck_int(k, "start", 0), end = ck_int(k, "end", 0), step = ck_int(k, "step", 1);
    if (step == 0)
        return ck_fail(k, "Step value cannot be zero");
    int64_t length = ck_add(end, ck_mul(start, -1));
    int64_t n = step == -1 ? ck_mul(length, -1) : length / step;
    if (n <= 0)
        return ck_fail(k, "Invalid range: start=%lld, end=%lld, step=%lld", (long long)start, (long long)end,
                       (long long)step);
    int64_t dim = ck_int(k, "arange_dimension", 0);
    ir_type out = ck_result(k, 0);
    if (!in_rank(dim, ck_rank(k, out)) || ck_dim(k, out, (int)dim) == n)
        return true;
    return ck_fail(k,
                   "Output tensor shape must be %lld at dim %lld (since start=%lld, end=%lld, step=%lld), but got %lld",
                   (long long)n, (long long)dim, (long long)start, (long long)end, (long long)step,
                   (long long)ck_dim(k, out, (int)dim));
}

bool ck_full(checker *k) {
    int64_t shape[CK_MAX_DIMS], dims[CK_MAX_DIMS];
    int n = ck_ints(k, "shape", shape, CK_MAX_DIMS), rank = ck_shape(k, ck_result(k, 0), dims);
    if (n < 0 || n > CK_MAX_DIMS || ck_equal(shape, n, dims, rank))
        return true;
    return ck_fail(k, "expected shape (%.*s), got (%.*s)", STR_ARG(commas(k, ck_result(k, 0))),
                   STR_ARG(ck_list(k, shape, n, ", ")));
}

bool ck_rand(checker *k) {
    double low = 0, high = 1;
    ir_float_value(k->ctx, ck_attr(k, "low"), &low);
    ir_float_value(k->ctx, ck_attr(k, "high"), &high);
    if (low >= high)
        return ck_fail(k, "'low' value must be < 'high' value.");
    int64_t size[CK_MAX_DIMS], dims[CK_MAX_DIMS];
    int n = ck_ints(k, "size", size, CK_MAX_DIMS), rank = ck_shape(k, ck_result(k, 0), dims);
    if (n < 0 || n > CK_MAX_DIMS || ck_equal(size, n, dims, rank))
        return true;
    return ck_fail(
        k, "Size argument does not match with output tensor shape. [Size = %.*s, output tensor shape = (%.*s)].",
        STR_ARG(ck_print(k, ck_attr(k, "size"))), STR_ARG(commas(k, ck_result(k, 0))));
}

/* ---- moving --------------------------------------------------------------------------------------------- */

bool ck_permute(checker *k) {
    int64_t p[CK_MAX_DIMS], expected[CK_MAX_DIMS], plain[CK_MAX_DIMS], out[CK_MAX_DIMS];
    ir_type in = ck_in(k, "input");
    int rank = ck_rank(k, in), n = ck_ints(k, "permutation", p, CK_MAX_DIMS);
    uint32_t seen = 0;
    bool good = n == rank;
    for (int i = 0; i < rank; i++) {
        plain[i] = i;
        if (!good)
            continue;
        good = p[i] >= 0 && p[i] < rank && !(seen >> p[i] & 1);
        if (good)
            seen |= 1u << p[i];
    }
    if (!good)
        return ck_fail(k, "Expected a permutation of (%.*s), got (%.*s)", STR_ARG(ck_list(k, plain, rank, ", ")),
                       STR_ARG(ck_list(k, p,
                                       n < 0             ? 0
                                       : n > CK_MAX_DIMS ? CK_MAX_DIMS
                                                         : n,
                                       ", ")));
    for (int i = 0; i < rank; i++)
        expected[i] = ck_dim(k, in, (int)p[i]);
    if (ck_equal(expected, rank, out, ck_shape(k, ck_result(k, 0), out)))
        return true;
    return ck_fail(k, "Expected result shape (%.*s), got (%.*s)", STR_ARG(ck_list(k, expected, rank, ", ")),
                   STR_ARG(commas(k, ck_result(k, 0))));
}

bool ck_transpose(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int rank = ck_rank(k, in);
    int64_t a = ck_int(k, "dim0", 0), b = ck_int(k, "dim1", 0);
    if (rank < 2)
        return ck_fail(k, "Input must be at least a 2D tensor");
    if (rank != ck_rank(k, out))
        return ck_fail(k, "Input must have the same rank as output");
    if (!in_rank(a, rank))
        return ck_fail(k, "Dimension 0 attribute must be within the bounds of the input tensor");
    if (!in_rank(b, rank))
        return ck_fail(k, "Dimension 1 attribute must be within the bounds of the input tensor");
    if (ck_dim(k, out, (int)a) != ck_dim(k, in, (int)b) || ck_dim(k, out, (int)b) != ck_dim(k, in, (int)a))
        return ck_fail(k, "Input-output transpose dimension mismatch.");
    return true;
}

bool ck_reshape(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int64_t shape[CK_MAX_DIMS];
    int n = ck_ints(k, "shape", shape, CK_MAX_DIMS);
    if (n < 0 || n > CK_MAX_DIMS)
        return true;
    if (n != ck_rank(k, out))
        return ck_fail(k, "Shape attribute size %d must match output tensor rank %d", n, ck_rank(k, out));
    if (ck_volume(k, in) != ck_volume(k, out))
        return ck_fail(k,
                       "Input tensor number of elements %lld and output tensor number of elements %lld must be the "
                       "same",
                       (long long)ck_volume(k, in), (long long)ck_volume(k, out));
    bool open = false;
    for (int i = 0; i < n; i++) {
        if (shape[i] == -1) {
            if (open)
                return ck_fail(k, "Shape attribute must have at most one -1 element");
            open = true;
        } else if (shape[i] < 0) {
            return ck_fail(k, "All dimensions must be >= 0 except the one with -1");
        } else if (shape[i] != ck_dim(k, out, i)) {
            return ck_fail(
                k,
                "Shape attribute %lld must match the output tensor shape %lld at index %d for dimension that "
                "is not -1",
                (long long)shape[i], (long long)ck_dim(k, out, i), i);
        }
    }
    return true;
}

bool ck_squeeze(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int rank = ck_rank(k, in);
    int64_t dim = ck_int(k, "dim", 0);
    if (dim < 0)
        dim += rank;
    if (dim < 0 || dim >= rank)
        return ck_fail(k, "Invalid dimension %lld for squeezing.", (long long)dim);
    if (ck_dim(k, in, (int)dim) != 1)
        return ck_fail(k, "Dimension %lld in the input tensor must be 1.", (long long)dim);
    if (ck_rank(k, out) == 0)
        return ck_fail(k, "Output tensor must have at least one dimension.");
    if (ck_rank(k, out) != rank - 1)
        return ck_fail(k, "Output tensor rank must be one less than the input tensor rank.");
    for (int i = 0, j = 0; i < rank; i++)
        if (i != dim && ck_dim(k, in, i) != ck_dim(k, out, j++))
            return ck_fail(k,
                           "Dimensions of the output tensor must be the same as the input tensor except for dimension "
                           "%lld.",
                           (long long)dim);
    return true;
}

bool ck_unsqueeze(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int rank = ck_rank(k, in);
    int64_t dim = ck_int(k, "dim", 0);
    if (dim < 0)
        dim += rank + 1;
    if (dim < 0 || dim > rank)
        return ck_fail(k, "Dimension attribute must be within the bounds of the input tensor");
    if (ck_rank(k, out) != rank + 1)
        return ck_fail(k, "Output tensor must have one more dimension than the input tensor");
    if (ck_dim(k, out, (int)dim) != 1)
        return ck_fail(k, "Dimension added must be of size 1");
    for (int i = 0, j = 0; i <= rank; i++)
        if (i != dim && ck_dim(k, out, i) != ck_dim(k, in, j++))
            return ck_fail(k, "All dimensions of the input tensor must be the same as the output tensor except for the "
                              "dimension added");
    return true;
}

bool ck_concat(checker *k) {
    uint32_t first, n = ck_in_count(k, "inputs", &first);
    if (!n)
        return ck_fail(k, "At least one input tensor is required.");
    ir_type head = ck_operand(k, first);
    int rank = ck_rank(k, head);
    int64_t written = ck_int(k, "dim", 0), dim = written < 0 ? written + rank : written;
    if (dim < 0 || dim >= rank)
        return ck_fail(k, "Invalid dimension %lld for concatenation.", (long long)written);
    int64_t sum = ck_dim(k, head, (int)dim);
    for (uint32_t i = 1; i < n; i++) {
        ir_type t = ck_operand(k, first + i);
        if (ck_rank(k, t) != rank)
            return ck_fail(k, "All input tensors must have the same rank.");
        for (int d = 0; d < rank; d++)
            if (d != dim && ck_dim(k, t, d) != ck_dim(k, head, d))
                return ck_fail(k, "All input tensors must have the same dimensions, except for dimension %lld.",
                               (long long)dim);
        sum = ck_add(sum, ck_dim(k, t, (int)dim));
    }
    ir_type out = ck_result(k, 0);
    if (ck_rank(k, out) == rank && ck_dim(k, out, (int)dim) == sum)
        return true;
    if (ck_rank(k, out) == rank && ck_mul(ck_dim(k, out, (int)dim), 2) == sum &&
        check_is_destination_form(k->m, k->op)) {
        ck_warn_destination(k);
        return true;
    }
    return ck_fail(k, "Output tensor dimension %lld does not match the sum of input tensor dimensions: %lld vs. %lld.",
                   (long long)dim, ck_rank(k, out) == rank ? (long long)ck_dim(k, out, (int)dim) : -1LL,
                   (long long)sum);
}

bool ck_repeat(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int64_t times[CK_MAX_DIMS];
    int n = ck_ints(k, "repeat_dimensions", times, CK_MAX_DIMS), rank = ck_rank(k, in);
    if (n < 0 || n > CK_MAX_DIMS)
        return true;
    if (rank != n)
        return ck_fail(k, "Input tensor rank %d doesn't match the number of repeat dimensions %d.", rank, n);
    if (rank != ck_rank(k, out))
        return ck_fail(k, "Input tensor rank %d doesn't match the output tensor rank %d.", rank, ck_rank(k, out));
    for (int i = 0; i < n; i++) {
        if (times[i] <= 0)
            return ck_fail(k, "Repeat dimension at index %d must be greater than 0.", i);
        if (ck_mul(ck_dim(k, in, i), times[i]) != ck_dim(k, out, i))
            return ck_fail(k,
                           "Input tensor shape (%.*s) at index %d does not repeat to output (%.*s) using repeat value "
                           "%lld.",
                           STR_ARG(ck_dims(k, in, ",")), i, STR_ARG(ck_dims(k, out, ",")), (long long)times[i]);
    }
    return true;
}

bool ck_repeat_interleave(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int64_t expected[CK_MAX_DIMS], got[CK_MAX_DIMS];
    int rank = ck_shape(k, in, expected);
    int64_t times = ck_int(k, "repeats", 1), dim = ck_int(k, "dim", 0);
    if (rank < 1)
        return ck_fail(k, "Input must be at least a 1D tensor");
    if (times == 0)
        return ck_fail(k, "Repeats attribute must be non-zero");
    if (!in_rank(dim, rank))
        return ck_fail(k, "Dimension attribute must be within the bounds[%d, %d), got %d", -rank, rank, rank);
    int64_t *repeated = &expected[dim < 0 ? dim + rank : dim];
    *repeated = ck_mul(*repeated, times);
    if (ck_equal(expected, rank, got, ck_shape(k, out, got)))
        return true;
    return ck_fail(k, "Output shape [%.*s] does not match the expected shape [%.*s]", STR_ARG(ck_dims(k, out, ",")),
                   STR_ARG(ck_list(k, expected, rank, ",")));
}

bool ck_broadcast_to(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int64_t from[CK_MAX_DIMS], to[CK_MAX_DIMS], both[CK_MAX_DIMS], times[CK_MAX_DIMS];
    int rank = ck_shape(k, in, from), out_rank = ck_shape(k, out, to);
    if (rank != out_rank)
        return ck_fail(k, "Input tensor rank of %d does not match output tensor rank of %d", rank, out_rank);
    str a = ck_dims(k, in, ","), b = ck_dims(k, out, ",");
    if (ck_broadcast(from, rank, to, out_rank, both) < 0)
        return ck_fail(k, "Input tensor shape (%.*s) is not broadcastable to output shape (%.*s)", STR_ARG(a),
                       STR_ARG(b));
    int n = ck_ints(k, "broadcast_dimensions", times, CK_MAX_DIMS);
    if (n != rank)
        return ck_fail(k, "Input tensor rank should match output tensor rank.");
    for (int i = 0; i < n; i++)
        if (ck_mul(from[i], times[i]) != to[i])
            return ck_fail(
                k,
                "Input tensor shape (%.*s) index %d does not broadcast to output (%.*s) using broadcast value "
                "%lld",
                STR_ARG(a), i, STR_ARG(b), (long long)times[i]);
    return true;
}

bool ck_reverse(checker *k) {
    int64_t dims[CK_MAX_DIMS];
    int n = ck_ints(k, "dimensions", dims, CK_MAX_DIMS), rank = ck_rank(k, ck_in(k, "input"));
    if (n > CK_MAX_DIMS)
        return true;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (dims[i] == dims[j])
                return ck_fail(k, "dimensions should be unique. Got: %.*s", STR_ARG(ck_list(k, dims, n, ", ")));
    for (int i = 0; i < n; i++) {
        if (dims[i] < 0)
            return ck_fail(k, "all dimensions should be non-negative. Got dimension: %lld", (long long)dims[i]);
        if (dims[i] >= rank)
            return ck_fail(k, "all dimensions should be in interval [0, %d). Got dimension: %lld", rank,
                           (long long)dims[i]);
    }
    return true;
}

/* ---- slices --------------------------------------------------------------------------------------------- */

/* "96 (-32)" for a negative index, with what it stands for; "96" for others. */
static str index_text(checker *k, int64_t written, int64_t meant) {
    str s = written < 0 ? arena_printf(&k->arena, "%lld (%lld)", (long long)meant, (long long)written)
                        : arena_printf(&k->arena, "%lld", (long long)written);
    if (s.p)
        return s;
    k->oom = true;
    return STR("");
}

/* One dimension of a slice: [begin, end) in steps. An empty slice may lie anywhere when `empty_anywhere`. */
static bool check_range(checker *k, int dim, int64_t begin, int64_t end, int64_t step, bool empty_anywhere) {
    ir_type in = ck_in(k, "input");
    int64_t size = ck_dim(k, in, dim), from = begin < 0 ? begin + size : begin, to = end < 0 ? end + size : end;
    bool free = empty_anywhere && from == to;
    if (!free && (from < 0 || from >= size))
        return ck_fail(
            k,
            "Invalid begin index for dimension %d. Expected value in range [%lld, %lld), got %lld. Input shape: "
            "(%.*s)",
            dim, (long long)-size, (long long)size, (long long)begin, STR_ARG(commas(k, in)));
    if (!free && (to < 0 || to > size))
        return ck_fail(
            k,
            "Invalid end index for dimension %d. Expected value in range [%lld, %lld], got %lld. Input shape: "
            "(%.*s)",
            dim, (long long)-size, (long long)size, (long long)end, STR_ARG(commas(k, in)));
    if (step == 0)
        return ck_fail(k, "Step value for dimension %d cannot be zero", dim);
    if (step > 0 ? from > to : from < to)
        return ck_fail(
            k,
            "For %s step, begin index must be %s than or equal to end index for dimension %d. Got begin: %.*s, "
            "end: %.*s, step: %lld, input shape: (%.*s)",
            step > 0 ? "positive" : "negative", step > 0 ? "less" : "greater", dim, STR_ARG(index_text(k, begin, from)),
            STR_ARG(index_text(k, end, to)), (long long)step, STR_ARG(commas(k, in)));
    int64_t length = absolute(to - from), expected = length ? (length - 1) / absolute(step) + 1 : 0;
    int64_t got = ck_dim(k, ck_result(k, 0), dim);
    return got == expected ||
           ck_fail(k, "Mismatch in dimension %d of the output tensor: expected size %lld, but got %lld", dim,
                   (long long)expected, (long long)got);
}

static bool check_slice_types(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    if (ck_element(k, in) != ck_element(k, out))
        return ck_fail(k, "Output tensor must have the same element type as the input tensor");
    if (ck_rank(k, in) != ck_rank(k, out))
        return ck_fail(k, "Output tensor must have the same rank as the input tensor");
    return true;
}

bool ck_slice(checker *k) {
    int64_t begins[CK_MAX_DIMS], ends[CK_MAX_DIMS], steps[CK_MAX_DIMS];
    int rank = ck_rank(k, ck_in(k, "input"));
    if (rank < 1)
        return ck_fail(k, "Input must be at least a 1D tensor");
    if (ck_ints(k, "begins", begins, CK_MAX_DIMS) != rank || ck_ints(k, "ends", ends, CK_MAX_DIMS) != rank ||
        ck_ints(k, "step", steps, CK_MAX_DIMS) != rank)
        return ck_fail(k, "Begins, ends, and step attributes must have the same number of elements as the input tensor "
                          "rank");
    if (!check_slice_types(k))
        return false;
    for (int i = 0; i < rank; i++)
        if (!check_range(k, i, begins[i], ends[i], steps[i], true))
            return false;
    return true;
}

bool ck_index(checker *k) {
    int rank = ck_rank(k, ck_in(k, "input"));
    if (rank < 1)
        return ck_fail(k, "Input must be at least a 1D tensor");
    if (!check_slice_types(k))
        return false;
    int64_t dim = ck_int(k, "dim", 0);
    if (dim < 0 || dim >= rank)
        return ck_fail(k, "Invalid dimension index %lld. Input tensor rank is %d", (long long)dim, rank);
    return check_range(k, (int)dim, ck_int(k, "begin", 0), ck_int(k, "end", 0), ck_int(k, "step", 1), false);
}

bool ck_index_select(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    int rank = ck_rank(k, in);
    if (rank != ck_rank(k, out))
        return ck_fail(k, "Input and output tensors must have the same rank.");
    if (ck_element(k, in) != ck_element(k, out))
        return ck_fail(k, "Input and output tensors must have the same element type.");
    int64_t written = ck_int(k, "dim", 0), dim = written < 0 ? written + rank : written;
    if (dim < 0 || dim >= rank)
        return ck_fail(k, "Invalid dimension %lld for select op with input tensor rank %d", (long long)written, rank);
    int64_t size = ck_dim(k, in, (int)dim), stride = ck_int(k, "stride", 0);
    int64_t begin = ck_int(k, "begin", 0), length = ck_int(k, "length", 1);
    if (stride == 0)
        stride = size;
    if (stride < 0)
        return ck_fail(k, "Invalid stride %lld for dimension %lld, stride must be non-negative", (long long)stride,
                       (long long)dim);
    if (stride > size)
        return ck_fail(
            k,
            "Invalid stride %lld for dimension %lld with size %lld. stride must be less than or equal to the "
            "dimension size",
            (long long)stride, (long long)dim, (long long)size);
    if (begin < 0 || begin >= size)
        return ck_fail(k,
                       "Invalid begin index %lld for dimension %lld with size %lld. begin must be in the range [0, "
                       "dimSize)",
                       (long long)begin, (long long)dim, (long long)size);
    if (length < 1 || length > stride)
        return ck_fail(k,
                       "Invalid length %lld for begin index %lld and stride %lld for dimension %lld with size %lld. "
                       "stride must be greater than or equal to length",
                       (long long)length, (long long)begin, (long long)stride, (long long)dim, (long long)size);
    if (begin + length > size)
        return ck_fail(
            k,
            "Invalid length %lld for begin index %lld and dimension %lld with size %lld. begin + length must "
            "be less than or equal to the dimension size",
            (long long)length, (long long)begin, (long long)dim, (long long)size);
    /* Whole slices, and the part of the last one that still fits. */
    int64_t slices = (size - begin - 1) / stride + 1, last = size - (begin + (slices - 1) * stride);
    int64_t total = (slices - 1) * length + (last < length ? last : length);
    if (total == ck_dim(k, out, (int)dim))
        return true;
    return ck_fail(
        k,
        "Sum of all slices must be equal to the output dimension size for the given dimension. Expected output "
        "dimension size: %lld, but got %lld",
        (long long)ck_dim(k, out, (int)dim), (long long)total);
}

/* ---- looking up, sorting, reducing ---------------------------------------------------------------------- */

bool ck_gather(checker *k) {
    ir_type in = ck_in(k, "input"), index = ck_in(k, "index");
    int rank = ck_rank(k, in), index_rank = ck_rank(k, index);
    if (!ck_is_integer(k, ck_element(k, index)))
        return ck_fail(k, "Index tensor must have an integer type, got '%.*s'",
                       STR_ARG(ck_print(k, ck_element(k, index))));
    if (rank != index_rank)
        return ck_fail(k, "Input tensor and index tensor must have the same rank. Got input rank = %d, index rank = %d",
                       rank, index_rank);
    if (rank < 1)
        return ck_fail(k, "Input tensor and index tensor must have rank >= 1. Got rank = %d", rank);
    int64_t dim = ck_int(k, "dim", 0);
    if (!in_rank(dim, rank))
        return ck_fail(k, "Dimension must be in the range [-%d, %d), got dim = %lld", rank, rank, (long long)dim);
    return ck_same_shape(k, index, ck_result(k, 0)) ||
           ck_fail(k, "Index tensor and result tensor must have the same shape.");
}

bool ck_embedding(checker *k) {
    ir_type in = ck_in(k, "input"), weight = ck_in(k, "weight");
    int rank = ck_rank(k, in), weight_rank = ck_rank(k, weight);
    if (rank > 2)
        return ck_fail(k, "input must be at most a 2D tensor, got %dD ranked tensor", rank);
    if (weight_rank < 2)
        return ck_fail(k, "weight must be at least 2D tensor, got %dD ranked tensor", weight_rank);
    for (int i = 0; i < weight_rank - 2; i++)
        if (ck_dim(k, weight, i) != 1)
            return ck_fail(k, "weight must be effectively 2D tensor");
    int64_t expected[CK_MAX_DIMS], got[CK_MAX_DIMS];
    int n = ck_shape(k, in, expected);
    expected[n++] = ck_dim(k, weight, -1);
    if (ck_equal(expected, n, got, ck_shape(k, ck_result(k, 0), got)))
        return true;
    return ck_fail(k, "expected output shape of (%.*s) but got (%.*s)", STR_ARG(ck_list(k, expected, n, ", ")),
                   STR_ARG(commas(k, ck_result(k, 0))));
}

bool ck_sort(checker *k) {
    ir_type in = ck_in(k, "input");
    int rank = ck_rank(k, in);
    int64_t dim = ck_int(k, "dim", -1);
    if (!in_rank(dim, rank))
        return ck_fail(k, "Dimension out of range (expected to be in range of [%d, %d], but got %lld)", -rank, rank - 1,
                       (long long)dim);
    if (in != ck_result(k, 0))
        return ck_fail(k, "Sorted tensor type does not match with input tensor.");
    return ck_same_shape(k, in, ck_result(k, 1)) || ck_fail(k, "Indices shape does not match with input tensor shape.");
}

bool ck_softmax(checker *k) {
    ir_type in = ck_in(k, "input");
    if (!ck_same_shape(k, in, ck_result(k, 0)))
        return ck_fail(k, "Input and output shapes must be the same");
    return in_rank(ck_int(k, "dimension", 0), ck_rank(k, in)) ||
           ck_fail(k, "Dimension attribute must be within the bounds of the input tensor");
}

bool ck_cumulative(checker *k) {
    int rank = ck_rank(k, ck_in(k, "input"));
    int64_t dim = ck_int(k, "dim", 0);
    return in_rank(dim, rank) || ck_fail(k, "specified dimension should be between %d and %d, but got: %lld", -rank,
                                         rank - 1, (long long)dim);
}

bool ck_reduce(checker *k) {
    ir_type in = ck_in(k, "input");
    int rank = ck_rank(k, in);
    int64_t dims[CK_MAX_DIMS], expected[CK_MAX_DIMS], got[CK_MAX_DIMS];
    int n = ck_ints(k, "dim_arg", dims, CK_MAX_DIMS);
    if (n > CK_MAX_DIMS)
        return true;
    uint32_t mask = n < 0 ? UINT32_MAX : 0;
    for (int i = 0; i < n; i++) {
        if (!in_rank(dims[i], rank))
            return ck_fail(k, "Reduce dimension %lld is out of range for input tensor of rank %d", (long long)dims[i],
                           rank);
        for (int j = 0; j < i; j++)
            if (dims[i] == dims[j])
                return ck_fail(k, "Reduce dimensions are not unique");
        mask |= 1u << (dims[i] < 0 ? dims[i] + rank : dims[i]);
    }
    bool keep = ck_bool(k, "keep_dim");
    int to = 0;
    for (int i = 0; i < rank; i++) {
        if (!(mask >> i & 1))
            expected[to++] = ck_dim(k, in, i);
        else if (keep)
            expected[to++] = 1;
    }
    if (ck_equal(expected, to, got, ck_shape(k, ck_result(k, 0), got)))
        return true;
    return ck_fail(k, "Expected output shape (%.*s), got (%.*s)", STR_ARG(ck_list(k, expected, to, ", ")),
                   STR_ARG(commas(k, ck_result(k, 0))));
}
