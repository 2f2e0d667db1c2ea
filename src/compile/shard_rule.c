/* shard_rule.c - which dimensions of an op's operands and results go together: a function per kind of op, and the table of
 * what is of which kind. An op that has no row is computed on whole tensors by every device, which is always right. */
#include "compile/shard_rule.h"
#include "compile/constant.h"
#include "compile/hlo.h"

/* ---- in the making -------------------------------------------------------------------------------------- */

const shape *rule_operand_shape(const rule_making *k, uint32_t i) {
    static const shape none = {.n = 0};
    return i < k->r->n_operands ? &k->shapes[i] : &none;
}
const shape *rule_result_shape(const rule_making *k, uint32_t i) {
    static const shape none = {.n = 0};
    return i < k->r->n_results ? &k->shapes[k->r->n_operands + i] : &none;
}

int rule_new_factor(rule_making *k, int64_t size) {
    if (k->r->n_factors == RULE_MAX_FACTORS || size < 1)
        return -1;
    k->r->size[k->r->n_factors] = size;
    k->r->reduces[k->r->n_factors] = k->r->whole[k->r->n_factors] = false;
    return (int)k->r->n_factors++;
}

void rule_add_factor(rule_making *k, uint32_t t, int64_t d, int factor) {
    rule_tensor *tensor = &k->r->tensors[t];
    if (factor < 0 || d < 0 || d >= tensor->rank || tensor->dim[d].n == RULE_MAX_SPLIT)
        return;
    tensor->dim[d].factor[tensor->dim[d].n++] = (uint8_t)factor;
}

void rule_add_result_factor(rule_making *k, uint32_t i, int64_t d, int factor) {
    if (i < k->r->n_results)
        rule_add_factor(k, k->r->n_operands + i, d, factor);
}

/* ---- every element alone -------------------------------------------------------------------------------- */

/* Dimension d of all operands and results of the result's rank, as far as they have its size. */
void rule_same_dim(rule_making *k, int d) {
    int64_t size = rule_result_shape(k, 0)->d[d];
    int factor = rule_new_factor(k, size);
    for (uint32_t t = 0; t < k->r->n_operands + k->r->n_results; t++)
        if (k->shapes[t].n == rule_result_shape(k, 0)->n && k->shapes[t].d[d] == size)
            rule_add_factor(k, t, d, factor);
}

/* Operands of lower rank have the last dimensions (TTIR ops broadcast; in StableHLO such operands are scalars). */
void rule_elementwise(rule_making *k) {
    int rank = rule_result_shape(k, 0)->n;
    for (int d = 0; d < rank; d++) {
        int factor = rule_new_factor(k, rule_result_shape(k, 0)->d[d]);
        for (uint32_t t = 0; t < k->r->n_operands + k->r->n_results; t++) {
            int at = d - (rank - k->shapes[t].n);
            if (at >= 0 && k->shapes[t].d[at] == rule_result_shape(k, 0)->d[d])
                rule_add_factor(k, t, at, factor);
        }
    }
    k->r->passes = true;
}

/* Result i is operand i. */
void rule_pairwise(rule_making *k) {
    for (uint32_t i = 0; i < k->r->n_operands && i < k->r->n_results; i++)
        for (int d = 0; d < rule_operand_shape(k, i)->n; d++) {
            int factor = rule_new_factor(k, rule_operand_shape(k, i)->d[d]);
            rule_add_factor(k, i, d, factor);
            rule_add_result_factor(k, i, d, factor);
        }
    k->r->passes = true;
}

/* All dimensions but some, which one element needs the whole of. */
static void all_but(rule_making *k, const int64_t *dims, uint32_t n) {
    for (int d = 0; d < rule_result_shape(k, 0)->n; d++) {
        bool whole = false;
        for (uint32_t i = 0; i < n; i++)
            whole = whole || dims[i] == d;
        if (!whole)
            rule_same_dim(k, d);
    }
}

static void all_but_dimension(rule_making *k) {
    int64_t dim = op_int_or(k->p->m, k->op, STR("dimension"), -1);
    all_but(k, &dim, 1);
}

void rule_all_but_last(rule_making *k) {
    int64_t last = rule_result_shape(k, 0)->n - 1;
    all_but(k, &last, 1);
}

/* ---- shapes --------------------------------------------------------------------------------------------- */

/* Both sides from the major end: what divides what is a factor of both. Where neither divides the other, the rest of the
 * group of dimensions up to the next place where both sides have come to the same number stays without. */
static void reshape(rule_making *k) {
    const shape *in = rule_operand_shape(k, 0), *out = rule_result_shape(k, 0);
    int i = 0, j = 0;
    int64_t a = 1, b = 1; /* what is left of in->d[i - 1] and out->d[j - 1] */
    bool stuck = false;
    k->r->passes = true;
    for (;;) {
        while (a == 1 && i < in->n)
            a = in->d[i++];
        while (b == 1 && j < out->n)
            b = out->d[j++];
        if (a <= 1 || b <= 1)
            return;
        if (!stuck && (a % b == 0 || b % a == 0)) {
            int64_t size = a < b ? a : b;
            int factor = rule_new_factor(k, size);
            rule_add_factor(k, 0, i - 1, factor);
            rule_add_result_factor(k, 0, j - 1, factor);
            a /= size;
            b /= size;
            continue;
        }
        stuck = true;
        if (a == b) {
            a = b = 1;
            stuck = false;
        } else if (a < b) {
            if (i == in->n || a > INT64_MAX / in->d[i])
                return;
            a *= in->d[i++];
        } else {
            if (j == out->n || b > INT64_MAX / out->d[j])
                return;
            b *= out->d[j++];
        }
    }
}

static void permuted(rule_making *k, str key) {
    int64_t perm[PASS_MAX_RANK];
    uint32_t n = op_ints(k->p->m, k->op, key, perm, PASS_MAX_RANK);
    const shape *in = rule_operand_shape(k, 0);
    k->r->passes = true;
    for (uint32_t d = 0; d < n && d < PASS_MAX_RANK && (int)n == in->n; d++) {
        if (perm[d] < 0 || perm[d] >= in->n)
            return;
        int factor = rule_new_factor(k, in->d[perm[d]]);
        rule_add_factor(k, 0, perm[d], factor);
        rule_add_result_factor(k, 0, d, factor);
    }
}

static void transpose(rule_making *k) {
    permuted(k, STR("permutation"));
}

static void broadcast_in_dim(rule_making *k) {
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = op_ints(k->p->m, k->op, STR("broadcast_dimensions"), dims, PASS_MAX_RANK);
    const shape *in = rule_operand_shape(k, 0), *out = rule_result_shape(k, 0);
    for (int d = 0; d < out->n; d++) {
        int factor = rule_new_factor(k, out->d[d]);
        for (uint32_t i = 0; i < n && (int)i < in->n; i++)
            if (dims[i] == d && in->d[i] == out->d[d])
                rule_add_factor(k, 0, i, factor);
        rule_add_result_factor(k, 0, d, factor);
    }
}

/* Dimensions along which nothing changes: in every one of a splat. */
static void constant(rule_making *k) {
    enum { MOST = 1 << 20 }; /* numbers that are looked at */
    const shape *s = rule_result_shape(k, 0);
    dense_view v;
    if (!dense_read(k->p->c, ir_op_attr(k->p->m, k->op, STR("value")), &v) || (!v.splat && v.n > MOST))
        return;
    int64_t inner = 1;
    for (int d = s->n - 1; d >= 0; d--) {
        bool same = true;
        for (int64_t i = 0; i < v.n && same && !v.splat; i++)
            same = i / inner % s->d[d] == 0 || dense_at(&v, i) == dense_at(&v, i - inner);
        if (same)
            rule_same_dim(k, d);
        inner *= s->d[d];
    }
}

static void iota(rule_making *k) {
    int64_t dim = op_int_or(k->p->m, k->op, STR("iota_dimension"), -1);
    all_but(k, &dim, 1);
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

/* Dimensions that are taken whole. */
static void slice(rule_making *k) {
    const shape *in = rule_operand_shape(k, 0), *out = rule_result_shape(k, 0);
    for (int d = 0; d < out->n && in->n == out->n; d++)
        if (in->d[d] == out->d[d])
            rule_same_dim(k, d);
}

/* operand, update, starts: dimensions that the update covers. */
static void dynamic_update_slice(rule_making *k) {
    const shape *in = rule_operand_shape(k, 0), *update = rule_operand_shape(k, 1);
    for (int d = 0; d < in->n && in->n == update->n; d++)
        if (in->d[d] == update->d[d])
            rule_same_dim(k, d);
}

static void pad(rule_making *k) {
    int64_t low[PASS_MAX_RANK], high[PASS_MAX_RANK], inner[PASS_MAX_RANK];
    uint32_t n = (uint32_t)rule_result_shape(k, 0)->n;
    if (!hlo_ints(k->p, k->op, STR("edge_padding_low"), n, 0, low) ||
        !hlo_ints(k->p, k->op, STR("edge_padding_high"), n, 0, high) ||
        !hlo_ints(k->p, k->op, STR("interior_padding"), n, 0, inner))
        return;
    for (uint32_t d = 0; d < n; d++)
        if (!low[d] && !high[d] && !inner[d])
            rule_same_dim(k, (int)d);
}

/* Dimensions whose windows are single elements. */
static void reduce_window(rule_making *k) {
    static const char *const keys[] = {"window_dimensions", "window_strides", "base_dilations", "window_dilations"};
    uint32_t n = (uint32_t)rule_result_shape(k, 0)->n;
    int64_t v[PASS_MAX_RANK], padding[2 * PASS_MAX_RANK];
    bool single[PASS_MAX_RANK];
    if (!hlo_ints(k->p, k->op, STR("padding"), 2 * n, 0, padding))
        return;
    for (uint32_t d = 0; d < n; d++)
        single[d] = !padding[2 * d] && !padding[2 * d + 1];
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!hlo_ints(k->p, k->op, str_from_z(keys[i]), n, 1, v))
            return;
        for (uint32_t d = 0; d < n; d++)
            single[d] = single[d] && v[d] == 1;
    }
    for (uint32_t d = 0; d < n; d++)
        if (single[d])
            rule_same_dim(k, (int)d);
}

/* ---- sums ----------------------------------------------------------------------------------------------- */

static bool reduces_by(rule_making *k, str type) {
    static const str known[] = {STR_INIT("sum"), STR_INIT("max"), STR_INIT("min")};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq(type, known[i])) {
            k->r->reduce = known[i];
            return true;
        }
    return false;
}

/* Inputs, then as many start values. Partial results exist for one input and what can be added up; the start value is
 * taken for a neutral one, as when it is lowered. */
static void reduce(rule_making *k) {
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = op_ints(k->p->m, k->op, STR("dimensions"), dims, PASS_MAX_RANK), inputs = k->r->n_operands / 2;
    const shape *in = rule_operand_shape(k, 0);
    bool partial = inputs == 1 && reduces_by(k, hlo_reduce_type(k->p, k->op));
    int out = 0;
    for (int d = 0; d < in->n && n <= PASS_MAX_RANK; d++) {
        bool gone = false;
        for (uint32_t i = 0; i < n; i++)
            gone = gone || dims[i] == d;
        if (gone && !partial)
            continue;
        int factor = rule_new_factor(k, in->d[d]);
        if (gone && factor >= 0)
            k->r->reduces[factor] = true;
        for (uint32_t i = 0; i < inputs; i++) {
            rule_add_factor(k, i, d, factor);
            if (!gone)
                rule_add_result_factor(k, i, out, factor);
        }
        out += !gone;
    }
}

/* The dimensions of a dot_general that are neither batch nor contracted. */
static uint32_t free_dims(int rank, const shape *a, const shape *b, int64_t *out) {
    uint32_t n = 0;
    for (int d = 0; d < rank; d++) {
        bool taken = false;
        for (int i = 0; i < a->n; i++)
            taken = taken || a->d[i] == d;
        for (int i = 0; i < b->n; i++)
            taken = taken || b->d[i] == d;
        if (!taken)
            out[n++] = d;
    }
    return n;
}

static void dot_general(rule_making *k) {
    const shape *lhs = rule_operand_shape(k, 0), *rhs = rule_operand_shape(k, 1);
    str key = STR("dot_dimension_numbers");
    shape batch[2], sum[2];
    int64_t alone[PASS_MAX_RANK];
    if (!hlo_dims_below(k->p, k->op, key, STR("lhsBatchingDimensions"), lhs->n, &batch[0]) ||
        !hlo_dims_below(k->p, k->op, key, STR("rhsBatchingDimensions"), rhs->n, &batch[1]) ||
        !hlo_dims_below(k->p, k->op, key, STR("lhsContractingDimensions"), lhs->n, &sum[0]) ||
        !hlo_dims_below(k->p, k->op, key, STR("rhsContractingDimensions"), rhs->n, &sum[1]) ||
        batch[0].n != batch[1].n || sum[0].n != sum[1].n)
        return;
    int64_t out = 0;
    for (int i = 0; i < batch[0].n; i++) {
        int factor = rule_new_factor(k, lhs->d[batch[0].d[i]]);
        rule_add_factor(k, 0, batch[0].d[i], factor);
        rule_add_factor(k, 1, batch[1].d[i], factor);
        rule_add_result_factor(k, 0, out++, factor);
    }
    for (uint32_t t = 0; t < 2; t++) {
        uint32_t n = free_dims(t ? rhs->n : lhs->n, &batch[t], &sum[t], alone);
        for (uint32_t i = 0; i < n; i++) {
            int factor = rule_new_factor(k, (t ? rhs : lhs)->d[alone[i]]);
            rule_add_factor(k, t, alone[i], factor);
            rule_add_result_factor(k, 0, out++, factor);
        }
    }
    k->r->reduce = STR("sum");
    for (int i = 0; i < sum[0].n; i++) {
        int factor = rule_new_factor(k, lhs->d[sum[0].d[i]]);
        if (factor >= 0)
            k->r->reduces[factor] = true;
        rule_add_factor(k, 0, sum[0].d[i], factor);
        rule_add_factor(k, 1, sum[1].d[i], factor);
    }
}

/* Batch, output features, and input features (groups of them when there are several: the inputs of a group go with its
 * outputs). Windows look at their neighbours: spatial dimensions stay whole. */
static void convolution(rule_making *k) {
    str key = STR("dimension_numbers");
    int64_t in_batch = hlo_dim(k->p, k->op, key, STR("inputBatchDimension")),
            in_feature = hlo_dim(k->p, k->op, key, STR("inputFeatureDimension")),
            kernel_in = hlo_dim(k->p, k->op, key, STR("kernelInputFeatureDimension")),
            kernel_out = hlo_dim(k->p, k->op, key, STR("kernelOutputFeatureDimension")),
            out_batch = hlo_dim(k->p, k->op, key, STR("outputBatchDimension")),
            out_feature = hlo_dim(k->p, k->op, key, STR("outputFeatureDimension")),
            groups = op_int_or(k->p->m, k->op, STR("feature_group_count"), 1);
    const shape *in = rule_operand_shape(k, 0), *out = rule_result_shape(k, 0), *kernel = rule_operand_shape(k, 1);
    if (op_int_or(k->p->m, k->op, STR("batch_group_count"), 1) != 1 || in_batch < 0 || in_batch >= in->n ||
        in_feature < 0 || in_feature >= in->n || out_feature < 0 || out_feature >= out->n || kernel_in < 0 ||
        kernel_in >= kernel->n)
        return;
    int batch = rule_new_factor(k, in->d[in_batch]);
    rule_add_factor(k, 0, in_batch, batch);
    rule_add_result_factor(k, 0, out_batch, batch);
    int factor = rule_new_factor(k, groups > 1 ? groups : out->d[out_feature]);
    if (groups > 1)
        rule_add_factor(k, 0, in_feature, factor);
    rule_add_factor(k, 1, kernel_out, factor);
    rule_add_result_factor(k, 0, out_feature, factor);
    if (groups > 1 || in->d[in_feature] != kernel->d[kernel_in])
        return;
    k->r->reduce = STR("sum");
    factor = rule_new_factor(k, in->d[in_feature]);
    if (factor >= 0)
        k->r->reduces[factor] = true;
    rule_add_factor(k, 0, in_feature, factor);
    rule_add_factor(k, 1, kernel_in, factor);
}

/* ---- lookups -------------------------------------------------------------------------------------------- */

static bool has(const shape *dims, int64_t d) {
    bool found = false;
    for (int i = 0; i < dims->n; i++)
        found = found || dims->d[i] == d;
    return found;
}

/* Whole rows of the operand go to offset dimensions, dimensions of the indices to the others of the result; what is
 * looked up by index must be whole. */
static void gather(rule_making *k) {
    const shape *in = rule_operand_shape(k, 0), *at = rule_operand_shape(k, 1), *out = rule_result_shape(k, 0);
    str key = STR("dimension_numbers");
    shape offset, collapsed, in_batch, at_batch;
    int64_t sizes[PASS_MAX_RANK], vector = hlo_dim(k->p, k->op, key, STR("indexVectorDim"));
    if (!hlo_dims_below(k->p, k->op, key, STR("offsetDims"), out->n, &offset) ||
        !hlo_dims_below(k->p, k->op, key, STR("collapsedSliceDims"), in->n, &collapsed) ||
        !hlo_dims_below(k->p, k->op, key, STR("operandBatchingDims"), in->n, &in_batch) ||
        !hlo_dims_below(k->p, k->op, key, STR("startIndicesBatchingDims"), at->n, &at_batch) ||
        in_batch.n != at_batch.n || !hlo_ints(k->p, k->op, STR("slice_sizes"), (uint32_t)in->n, 1, sizes))
        return;
    int next = 0; /* of the offset dimensions */
    for (int d = 0; d < in->n; d++) {
        if (has(&collapsed, d) || has(&in_batch, d))
            continue;
        if (sizes[d] == in->d[d] && next < offset.n) {
            int factor = rule_new_factor(k, sizes[d]);
            rule_add_factor(k, 0, d, factor);
            rule_add_result_factor(k, 0, offset.d[next], factor);
        }
        next++;
    }
    int64_t o = 0;
    for (int d = 0; d < at->n; d++) {
        if (d == vector)
            continue;
        while (has(&offset, o))
            o++;
        int factor = rule_new_factor(k, at->d[d]);
        rule_add_factor(k, 1, d, factor);
        for (int i = 0; i < in_batch.n; i++)
            if (at_batch.d[i] == d)
                rule_add_factor(k, 0, in_batch.d[i], factor);
        rule_add_result_factor(k, 0, o++, factor);
    }
}

/* A dimension of the operand and the result that every device needs all of. */
static void whole_dim(rule_making *k, int d) {
    int factor = rule_new_factor(k, rule_operand_shape(k, 0)->d[d]);
    if (factor >= 0)
        k->r->whole[factor] = true;
    rule_add_factor(k, 0, d, factor);
    rule_add_result_factor(k, 0, d, factor);
}

/* One operand, indices, one update: window dimensions that cover the operand's, and batching dimensions; the others whole. */
static void scatter(rule_making *k) {
    const shape *in = rule_operand_shape(k, 0), *at = rule_operand_shape(k, 1), *update = rule_operand_shape(k, 2);
    str key = STR("scatter_dimension_numbers");
    shape window, inserted, in_batch, at_batch;
    int64_t vector = hlo_dim(k->p, k->op, key, STR("indexVectorDim"));
    if (k->r->n_operands != 3 || !hlo_dims_below(k->p, k->op, key, STR("updateWindowDims"), update->n, &window) ||
        !hlo_dims_below(k->p, k->op, key, STR("insertedWindowDims"), in->n, &inserted) ||
        !hlo_dims_below(k->p, k->op, key, STR("inputBatchingDims"), in->n, &in_batch) ||
        !hlo_dims_below(k->p, k->op, key, STR("scatterIndicesBatchingDims"), at->n, &at_batch) ||
        in_batch.n != at_batch.n)
        return;
    int next = 0;
    for (int d = 0; d < in->n; d++) {
        if (has(&in_batch, d))
            continue;
        if (has(&inserted, d)) {
            whole_dim(k, d);
            continue;
        }
        if (next < window.n && update->d[window.d[next]] == in->d[d]) {
            int factor = rule_new_factor(k, in->d[d]);
            rule_add_factor(k, 0, d, factor);
            rule_add_factor(k, 2, window.d[next], factor);
            rule_add_result_factor(k, 0, d, factor);
        } else {
            whole_dim(k, d);
        }
        next++;
    }
    int64_t u = 0;
    for (int d = 0; d < at->n; d++) {
        if (d == vector)
            continue;
        while (has(&window, u))
            u++;
        for (int i = 0; i < in_batch.n; i++) {
            if (at_batch.d[i] != d)
                continue;
            int factor = rule_new_factor(k, at->d[d]);
            rule_add_factor(k, 0, in_batch.d[i], factor);
            rule_add_factor(k, 1, d, factor);
            rule_add_factor(k, 2, u, factor);
            rule_add_result_factor(k, 0, in_batch.d[i], factor);
        }
        u++;
    }
}

/* ---- norms ----------------------------------------------------------------------------------------------- */

/* input, weight, bias, normalized over the last dimensions: those before them. */
static void norm(rule_making *k) {
    int64_t dims[PASS_MAX_RANK];
    int n = (int)op_ints(k->p->m, k->op, STR("normalized_shape"), dims, PASS_MAX_RANK),
        rank = rule_result_shape(k, 0)->n;
    for (int d = 0; d < rank - n && n; d++) {
        int factor = rule_new_factor(k, rule_result_shape(k, 0)->d[d]);
        rule_add_factor(k, 0, d, factor);
        rule_add_result_factor(k, 0, d, factor);
    }
}

/* input, then one number per feature: each feature is for itself, and each element when statistics are given. */
static void batch_norm(rule_making *k, bool elements) {
    int64_t feature = op_int_or(k->p->m, k->op, STR("feature_index"), -1);
    const shape *in = rule_operand_shape(k, 0);
    for (int d = 0; d < in->n; d++) {
        if (d != feature && !elements)
            continue;
        int factor = rule_new_factor(k, in->d[d]);
        rule_add_factor(k, 0, d, factor);
        rule_add_result_factor(k, 0, d, factor);
        for (uint32_t t = 1; t < k->r->n_operands + k->r->n_results && d == feature; t++)
            if (k->shapes[t].n == 1)
                rule_add_factor(k, t, 0, factor);
    }
}

static void batch_norm_inference(rule_making *k) {
    batch_norm(k, true);
}
static void batch_norm_training(rule_making *k) {
    batch_norm(k, false);
}

/* input or gradient, ..., gradient of the same shape: each feature is for itself. */
static void batch_norm_grad(rule_making *k) {
    int64_t feature = op_int_or(k->p->m, k->op, STR("feature_index"), -1);
    const shape *in = rule_operand_shape(k, 0);
    if (feature < 0 || feature >= in->n)
        return;
    int factor = rule_new_factor(k, in->d[feature]);
    for (uint32_t t = 0; t < k->r->n_operands + k->r->n_results; t++)
        rule_add_factor(k, t, k->shapes[t].n == 1 ? 0 : feature, factor);
}

/* ---- all ------------------------------------------------------------------------------------------------ */

/* Ops that look at each element alone are known by their trait in the op table and have no row. */
static const struct {
    uint16_t op;
    rule_fn *fn;
} rows[] = {
    {OP_sdy_all_gather, rule_pairwise},
    {OP_sdy_all_slice, rule_pairwise},
    {OP_sdy_all_to_all, rule_pairwise},
    {OP_sdy_collective_permute, rule_pairwise},
    {OP_sdy_constant, constant},
    {OP_sdy_propagation_barrier, rule_pairwise},
    {OP_sdy_reshard, rule_pairwise},
    {OP_sdy_sharding_constraint, rule_pairwise},
    {OP_stablehlo_batch_norm_grad, batch_norm_grad},
    {OP_stablehlo_batch_norm_inference, batch_norm_inference},
    {OP_stablehlo_batch_norm_training, batch_norm_training},
    {OP_stablehlo_broadcast_in_dim, broadcast_in_dim},
    {OP_stablehlo_concatenate, all_but_dimension},
    {OP_stablehlo_constant, constant},
    {OP_stablehlo_convolution, convolution},
    {OP_stablehlo_custom_call, rule_custom_call},
    {OP_stablehlo_dot_general, dot_general},
    {OP_stablehlo_dynamic_slice, slice},
    {OP_stablehlo_dynamic_update_slice, dynamic_update_slice},
    {OP_stablehlo_gather, gather},
    {OP_stablehlo_iota, iota},
    {OP_stablehlo_optimization_barrier, rule_pairwise},
    {OP_stablehlo_pad, pad},
    {OP_stablehlo_reduce, reduce},
    {OP_stablehlo_reduce_window, reduce_window},
    {OP_stablehlo_reshape, reshape},
    {OP_stablehlo_scatter, scatter},
    {OP_stablehlo_slice, slice},
    {OP_stablehlo_sort, all_but_dimension},
    {OP_stablehlo_transpose, transpose},
    {OP_ttir_argmax, rule_composite},
    {OP_ttir_gather, rule_composite},
    {OP_ttir_gelu, rule_elementwise},
    {OP_ttir_layer_norm, norm},
    {OP_ttir_reshape, reshape},
    {OP_ttir_rms_norm, norm},
    {OP_ttir_scaled_dot_product_attention, rule_attention},
    {OP_ttir_topk, rule_composite},
    {OP_ttir_typecast, rule_elementwise},
};

shard_rule *shard_rule_of(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    uint32_t n = o->n_operands + o->n_results;
    rule_making k = {.p = p, .op = op, .r = ARENA_NEW(&p->scratch, shard_rule)};
    k.shapes = ARENA_ARRAY(&p->scratch, shape, n + 1);
    if (!k.r || !k.shapes)
        return NULL;
    *k.r = (shard_rule){.n_operands = o->n_operands, .n_results = o->n_results};
    k.r->tensors = ARENA_ARRAY(&p->scratch, rule_tensor, n + 1);
    if (!k.r->tensors)
        return NULL;
    for (uint32_t t = 0; t < n; t++) {
        ir_value v = t < o->n_operands ? ir_operand(p->m, op, t) : ir_result(p->m, op, t - o->n_operands);
        if (!shape_of(p->m, v, &k.shapes[t]))
            k.shapes[t].n = 0;
        k.r->tensors[t] = (rule_tensor){.rank = k.shapes[t].n};
    }
    uint32_t id = op_id(p->m, op);
    const op_def *d = dialect_def_of(p->m, op);
    if (rule_given(&k))
        return k.r;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].op == id) {
            rows[i].fn(&k);
            return k.r;
        }
    if (d && d->flags & OP_ELEMENTWISE && o->n_results == 1)
        rule_elementwise(&k);
    return k.r;
}

/* ---- factors and dimensions ----------------------------------------------------------------------------- */

bool rule_factors_of(const shard_mesh *mesh, const shard_rule *r, const rule_tensor *t, const sharding *s,
                     shard_axes *factors) {
    bool all = true;
    for (uint32_t f = 0; f < r->n_factors; f++)
        factors[f].n = 0;
    for (int d = 0; d < t->rank && d < s->rank; d++) {
        const rule_dim *dim = &t->dim[d];
        unsigned i = 0, at = 0;
        int64_t left = dim->n ? r->size[dim->factor[0]] : 0;
        for (; at < s->dim[d].n && i < dim->n; at++) {
            int64_t size = mesh->size[s->dim[d].axis[at]];
            while (left == 1 && i + 1 < dim->n)
                left = r->size[dim->factor[++i]];
            if (left % size)
                break;
            left /= size;
            shard_axes *f = &factors[dim->factor[i]];
            f->axis[f->n++] = s->dim[d].axis[at];
        }
        all = all && at == s->dim[d].n;
    }
    return all;
}

bool rule_sharding_of(const shard_mesh *mesh, const shard_rule *r, const rule_tensor *t, const shard_axes *factors,
                      sharding *out) {
    bool all = true;
    shard_open(out, t->rank);
    for (int d = 0; d < t->rank; d++) {
        bool single = true; /* the factors so far are cut to single elements */
        for (unsigned i = 0; i < t->dim[d].n; i++) {
            const shard_axes *f = &factors[t->dim[d].factor[i]];
            all = all && (single || !f->n) && out->dim[d].n + f->n <= SHARD_MAX_AXES;
            for (unsigned k = 0; all && k < f->n; k++)
                out->dim[d].axis[out->dim[d].n++] = f->axis[k];
            single = single && shard_parts(mesh, f) == r->size[t->dim[d].factor[i]];
        }
    }
    return all;
}
