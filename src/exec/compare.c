/* How tensors differ, and what is in them. The rules of tt-mlir's tools/golden/metrics.py (ttir-semantics.md section 13). */
#include <math.h>
#include <string.h>

#include "exec/inner.h"
#include "exec/vec.h"

enum { PIECE = 1024 };

/* As many elements of a tensor as are looked at together, from `at` on. */
static size_t piece_at(int64_t at, int64_t n) {
    return n - at < PIECE ? (size_t)(n - at) : PIECE;
}

/* Elements [at, at + n) as doubles; n is at most PIECE. */
static void load_piece(const struct tensor *t, int64_t at, size_t n, double *out) {
    size_t size = tensor_dtype_size(t->dtype);
    vec_move *load = vec_table(VEC_F64)->load[t->dtype];
    if (load && size && (uintptr_t)t->data % size == 0) {
        load(out, (const char *)t->data + (size_t)at * size, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = tensor_get(t, at + (int64_t)i);
}

void exec_statistics_of(const struct tensor *t, exec_statistics *out) {
    *out = (exec_statistics){.n = tensor_count(t), .min = INFINITY, .max = -INFINITY};
    double sum = 0, squares = 0;
    int64_t finite = 0;
    double piece[PIECE];
    for (int64_t at = 0; at < out->n; at += PIECE) {
        size_t n = piece_at(at, out->n);
        load_piece(t, at, n, piece);
        for (size_t i = 0; i < n; i++) {
            double v = piece[i];
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
    }
    if (finite == 0) {
        out->min = out->max = 0;
        return;
    }
    out->mean = sum / (double)finite;
    for (int64_t at = 0; at < out->n; at += PIECE) {
        size_t n = piece_at(at, out->n);
        load_piece(t, at, n, piece);
        for (size_t i = 0; i < n; i++) {
            double v = piece[i] - out->mean;
            squares += isfinite(v) ? v * v : 0;
        }
    }
    out->deviation = sqrt(squares / (double)finite);
}

void exec_histogram(const struct tensor *t, double min, double max, uint64_t *bins, size_t n) {
    memset(bins, 0, n * sizeof *bins);
    int64_t count = tensor_count(t);
    double piece[PIECE];
    for (int64_t at = 0; n && at < count; at += PIECE) {
        size_t m = piece_at(at, count);
        load_piece(t, at, m, piece);
        for (size_t i = 0; i < m; i++) {
            double v = piece[i];
            if (!isfinite(v) || v < min || v > max)
                continue;
            size_t bin = max > min ? (size_t)((v - min) / (max - min) * (double)n) : 0;
            bins[bin < n ? bin : n - 1]++;
        }
    }
}

static double finite_or_zero(double v) {
    return isfinite(v) ? v : 0;
}

static bool close_enough(double a, double b) {
    return fabs(a - b) <= 1e-8 + 1e-5 * fabs(b); /* numpy.allclose */
}

/* From which magnitude on a number becomes infinite in a type: half a step above its largest finite one. */
static double overflow_of(enum tensor_dtype t) {
    switch (t) {
    case TENSOR_F16: return 65520;
    case TENSOR_BF16: return 0x1.FFp127;
    case TENSOR_F32: return 0x1.FFFFFFp127;
    case TENSOR_F8E5M2: return 61440;
    default: return INFINITY;
    }
}

static double correlation(const struct tensor *a, const struct tensor *b) {
    int64_t n = tensor_count(a);
    double sum_a = 0, sum_b = 0;
    bool equal = true, zero_a = true, zero_b = true, nan_a = true, nan_b = true, flat_a = true, flat_b = true;
    if (n == 0)
        return 1;
    double first_a = tensor_get(a, 0), first_b = tensor_get(b, 0), piece_a[PIECE], piece_b[PIECE];
    /* What is infinite because its type ends there agrees with a golden number of a wider type: masks are -3.4e38 in f32. */
    double overflow = overflow_of(a->dtype);
    for (int64_t at = 0; at < n; at += PIECE) {
        size_t m = piece_at(at, n);
        load_piece(a, at, m, piece_a);
        load_piece(b, at, m, piece_b);
        for (size_t i = 0; i < m; i++) {
            double x = piece_a[i], y = piece_b[i];
            y = fabs(y) >= overflow ? copysign(INFINITY, y) : y;
            equal &= (x == y) | ((x != x) & (y != y)); /* no branches: this is where golden runs spend their time */
            nan_a &= x != x;
            nan_b &= y != y;
            zero_a &= x == 0;
            zero_b &= y == 0;
            flat_a &= x == first_a;
            flat_b &= y == first_b;
            sum_a += finite_or_zero(x);
            sum_b += finite_or_zero(y);
        }
    }
    if (equal || (nan_a && nan_b))
        return 1;
    if (nan_a != nan_b || zero_a != zero_b)
        return 0;
    if (n == 1 || (flat_a && flat_b))
        return close_enough(first_a, first_b) ? 1 : 0;
    double mean_a = sum_a / (double)n, mean_b = sum_b / (double)n, ab = 0, aa = 0, bb = 0;
    for (int64_t at = 0; at < n; at += PIECE) {
        size_t m = piece_at(at, n);
        load_piece(a, at, m, piece_a);
        load_piece(b, at, m, piece_b);
        for (size_t i = 0; i < m; i++) {
            double x = finite_or_zero(piece_a[i]) - mean_a, y = piece_b[i];
            y = (fabs(y) >= overflow ? 0 : finite_or_zero(y)) - mean_b;
            ab += x * y;
            aa += x * x;
            bb += y * y;
        }
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
    double piece_a[PIECE], piece_b[PIECE], absolute = 0, relative = 0;
    for (int64_t at = 0; at < n; at += PIECE) {
        size_t m = piece_at(at, n);
        load_piece(a, at, m, piece_a);
        load_piece(golden, at, m, piece_b);
        for (size_t i = 0; i < m; i++) {
            double x = piece_a[i], y = piece_b[i], d = fabs(x - y);
            if (!isfinite(d))
                continue;
            absolute = d > absolute ? d : absolute;
            if (y != 0 && d > relative * fabs(y)) /* few get here: a division is dear */
                relative = d / fabs(y);
        }
    }
    out->absolute = absolute;
    out->relative = relative;
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
