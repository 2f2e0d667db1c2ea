/* How tensors differ, and what is in them. The rules of tt-mlir's tools/golden/metrics.py (ttir-semantics.md section 13). */
#include <math.h>
#include <string.h>

#include "exec/inner.h"

void exec_statistics_of(const struct tensor *t, exec_statistics *out) {
    *out = (exec_statistics){.n = tensor_count(t), .min = INFINITY, .max = -INFINITY};
    double sum = 0, squares = 0;
    int64_t finite = 0;
    for (int64_t i = 0; i < out->n; i++) {
        double v = tensor_get(t, i);
        out->nans += isnan(v) != 0;
        out->infinities += isinf(v) != 0; /* isinf of -inf may be -1 */
        out->zeros += v == 0;
        if (!isfinite(v))
            continue;
        finite++;
        sum += v;
        out->min = v < out->min ? v : out->min;
        out->max = v > out->max ? v : out->max;
    }
    if (finite == 0) {
        out->min = out->max = 0;
        return;
    }
    out->mean = sum / (double)finite;
    for (int64_t i = 0; i < out->n; i++) {
        double v = tensor_get(t, i) - out->mean;
        squares += isfinite(v) ? v * v : 0;
    }
    out->deviation = sqrt(squares / (double)finite);
}

void exec_histogram(const struct tensor *t, double min, double max, uint64_t *bins, size_t n) {
    memset(bins, 0, n * sizeof *bins);
    int64_t count = tensor_count(t);
    for (int64_t i = 0; i < count; i++) {
        double v = tensor_get(t, i);
        if (!isfinite(v) || v < min || v > max || n == 0)
            continue;
        size_t bin = max > min ? (size_t)((v - min) / (max - min) * (double)n) : 0;
        bins[bin < n ? bin : n - 1]++;
    }
}

static double finite_or_zero(double v) {
    return isfinite(v) ? v : 0;
}

static bool close_enough(double a, double b) {
    return fabs(a - b) <= 1e-8 + 1e-5 * fabs(b); /* numpy.allclose */
}

static double correlation(const struct tensor *a, const struct tensor *b) {
    int64_t n = tensor_count(a);
    double sum_a = 0, sum_b = 0;
    bool equal = true, zero_a = true, zero_b = true, nan_a = true, nan_b = true, flat_a = true, flat_b = true;
    if (n == 0)
        return 1;
    double first_a = tensor_get(a, 0), first_b = tensor_get(b, 0);
    for (int64_t i = 0; i < n; i++) {
        double x = tensor_get(a, i), y = tensor_get(b, i);
        equal &= x == y || (isnan(x) && isnan(y));
        nan_a &= isnan(x) != 0;
        nan_b &= isnan(y) != 0;
        zero_a &= x == 0;
        zero_b &= y == 0;
        flat_a &= x == first_a;
        flat_b &= y == first_b;
        sum_a += finite_or_zero(x);
        sum_b += finite_or_zero(y);
    }
    if (equal || (nan_a && nan_b))
        return 1;
    if (nan_a != nan_b || zero_a != zero_b)
        return 0;
    if (n == 1 || (flat_a && flat_b))
        return close_enough(first_a, first_b) ? 1 : 0;
    double mean_a = sum_a / (double)n, mean_b = sum_b / (double)n, ab = 0, aa = 0, bb = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = finite_or_zero(tensor_get(a, i)) - mean_a, y = finite_or_zero(tensor_get(b, i)) - mean_b;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

void exec_compare(const struct tensor *a, const struct tensor *golden, exec_difference *out) {
    *out = (exec_difference){.pcc = 0};
    int64_t n = tensor_count(a);
    if (n != tensor_count(golden)) {
        out->shapes_differ = true;
        return;
    }
    out->pcc = correlation(a, golden);
    for (int64_t i = 0; i < n; i++) {
        double x = tensor_get(a, i), y = tensor_get(golden, i), d = fabs(x - y);
        if (x == y || !isfinite(d))
            continue;
        out->absolute = d > out->absolute ? d : out->absolute;
        if (y != 0 && d / fabs(y) > out->relative)
            out->relative = d / fabs(y);
    }
}

size_t exec_compare_runs(const exec_plan *x, const exec_plan *golden, const exec_pair *pairs, size_t n,
                         exec_difference *out) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (!ir_op_at(x->m, pairs[i].op)->n_results || !ir_op_at(golden->m, pairs[i].golden)->n_results)
            continue;
        const struct tensor *a = exec_value(x, ir_op_at(x->m, pairs[i].op)->results, 0);
        const struct tensor *b = exec_value(golden, ir_op_at(golden->m, pairs[i].golden)->results, 0);
        if (!a || !b)
            continue;
        exec_compare(a, b, &out[k]);
        out[k].op = pairs[i].op;
        out[k++].golden = pairs[i].golden;
    }
    return k;
}
