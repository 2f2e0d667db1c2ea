/* Rules of matrix products. Messages as in tt-mlir. */
#include "dialect/check_inner.h"

struct shape {
    int64_t v[CK_MAX_DIMS + 2];
    int n;
};

static struct shape shape_of(checker *k, ir_type t) {
    struct shape s;
    s.n = ck_shape(k, t, s.v);
    return s;
}

static void swap_last(struct shape *s) {
    int64_t t = s->v[s->n - 1];
    s->v[s->n - 1] = s->v[s->n - 2];
    s->v[s->n - 2] = t;
}

static bool check_output(checker *k, const struct shape *expected) {
    ir_type out = ck_result(k, 0);
    int rank = ck_rank(k, out);
    if (expected->n == 0) {
        if (rank < 1)
            return ck_fail(k, "Scalar output is not supported, output must be at least a 1D tensor");
        return (rank == 1 && ck_dim(k, out, 0) == 1) || ck_fail(k, "Scalar output must be a 1D tensor of size 1");
    }
    if (rank != expected->n)
        return ck_fail(k, "Output shape rank(%d) must match the expected output shape rank(%d)", rank, expected->n);
    for (int i = 0; i < rank; i++)
        if (ck_dim(k, out, i) != expected->v[i])
            return ck_fail(
                k, "Output shape dimension[%d](%lld) doesn't match the expected output shape dimension[%d](%lld)", i,
                (long long)ck_dim(k, out, i), i, (long long)expected->v[i]);
    return true;
}

/* The shape of the product of a and b, whose vectors count as a row and a column. */
static bool product(checker *k, struct shape *out) {
    struct shape a = shape_of(k, ck_in(k, "a")), b = shape_of(k, ck_in(k, "b"));
    bool row = a.n == 1, column = b.n == 1;
    if (a.n < 1)
        return ck_fail(k, "Input A must be at least a 1D tensor");
    if (b.n < 1)
        return ck_fail(k, "Input B must be at least a 1D tensor");
    if (row) {
        a.v[1] = a.v[0];
        a.v[0] = 1;
        a.n = 2;
    } else if (ck_bool(k, "transpose_a")) {
        swap_last(&a);
    }
    if (column) {
        b.v[1] = 1;
        b.n = 2;
    } else if (ck_bool(k, "transpose_b")) {
        swap_last(&b);
    }
    if (a.v[a.n - 1] != b.v[b.n - 2])
        return ck_fail(k, "Input A[-1](%lld) and B[-2](%lld) must have matching inner dimensions",
                       (long long)a.v[a.n - 1], (long long)b.v[b.n - 2]);
    out->n = ck_broadcast(a.v, a.n - 2, b.v, b.n - 2, out->v);
    if (out->n < 0)
        return ck_fail(k, "Batch dimensions of input A(%.*s) and B(%.*s) are not broadcast compatible",
                       STR_ARG(ck_list(k, a.v, a.n - 2, ",")), STR_ARG(ck_list(k, b.v, b.n - 2, ",")));
    if (!row)
        out->v[out->n++] = a.v[a.n - 2];
    if (!column)
        out->v[out->n++] = b.v[b.n - 1];
    return true;
}

bool ck_matmul(checker *k) {
    struct shape expected;
    return product(k, &expected) && check_output(k, &expected);
}

bool ck_linear(checker *k) {
    struct shape expected, both;
    if (!product(k, &expected))
        return false;
    ir_type bias = ck_in(k, "bias");
    if (bias) {
        struct shape s = shape_of(k, bias);
        if (s.n < 1)
            return ck_fail(k, "Bias must be at least a 1D tensor");
        both.n = ck_broadcast(expected.v, expected.n, s.v, s.n, both.v);
        if (both.n < 0)
            return ck_fail(k, "Bias shape(%.*s) is not broadcast compatible with the matmul output shape(%.*s)",
                           STR_ARG(ck_list(k, s.v, s.n, ",")), STR_ARG(ck_list(k, expected.v, expected.n, ",")));
        expected = both;
    }
    return check_output(k, &expected);
}

/* Whether the result has this shape. */
static bool result_is(checker *k, const int64_t *shape, int n) {
    struct shape got = shape_of(k, ck_result(k, 0));
    return ck_equal(shape, n, got.v, got.n);
}

bool ck_sparse_matmul(checker *k) {
    struct shape a = shape_of(k, ck_in(k, "a")), b = shape_of(k, ck_in(k, "b"));
    ir_type sparsity = ck_in(k, "sparsity");
    int rank = ck_rank(k, ck_result(k, 0));
    if (ck_attr(k, "nnz") && ck_int(k, "nnz", 1) <= 0)
        return ck_fail(k, "nnz must be greater than 0 when set");
    if (a.n < 4)
        return ck_fail(k, "Input A must be at least a 4D tensor");
    if (b.n != 4)
        return ck_fail(k, "Input B must be a 4D tensor [1, E, K, N]");
    if (ck_rank(k, sparsity) != 4)
        return ck_fail(k, "Sparsity tensor must be a 4D tensor");
    bool sparse_a = ck_bool(k, "is_input_a_sparse"), sparse_b = ck_int(k, "is_input_b_sparse", 1) != 0;
    if (!sparse_a && !sparse_b)
        return ck_fail(k, "At least one of is_input_a_sparse or is_input_b_sparse must be true");
    int64_t experts = b.v[1], columns = b.v[3], rows = a.v[a.n - 2];
    if (b.v[0] != 1)
        return ck_fail(k, "Input B first dimension must be 1");
    if (a.v[a.n - 1] != b.v[2])
        return ck_fail(k, "Input A inner dimension must match Input B K dimension");
    if (ck_dim(k, sparsity, -1) != experts)
        return ck_fail(k, "Sparsity tensor last dimension must match number of experts in Input B");
    if (!sparse_a) {
        if (rank != 6)
            return ck_fail(k, "Output must be 6D for dense-sparse mode");
        return result_is(k, (int64_t[]){a.v[0], a.v[1], 1, experts, rows, columns}, 6) ||
               ck_fail(k, "Output shape must be [A, B, 1, E, M, N] for dense-sparse mode");
    }
    if (rank != 4)
        return ck_fail(k, "Output must be 4D for sparse-%s mode", sparse_b ? "sparse" : "dense");
    if (sparse_b)
        return result_is(k, (int64_t[]){1, experts, rows, columns}, 4) ||
               ck_fail(k, "Output shape must be [1, E, M, N] for sparse-sparse mode");
    return result_is(k, (int64_t[]){a.v[0], experts, rows, columns}, 4) ||
           ck_fail(k, "Output shape must be [A, E, M, N] for sparse-dense mode");
}
