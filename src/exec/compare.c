/* How tensors differ, and what is in them. The rules of tt-mlir's tools/golden/metrics.py (ttir-semantics.md section 13). */
#include <math.h>
#include <string.h>

#include "exec/inner.h"
#include "exec/vec.h"

enum { PIECE = VEC_PIECE };

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

/* Complex numbers as the real ones they are made of, in one dimension; others as they are. */
static struct tensor parts_of(const struct tensor *t) {
    struct tensor parts = *t;
    parts.mem = NULL;
    if (tensor_dtype_is_complex(t->dtype)) {
        parts.dtype = tensor_dtype_part(t->dtype);
        parts.rank = 1;
        parts.dims[0] = 2 * tensor_count(t);
    }
    return parts;
}

void exec_statistics_of(const struct tensor *whole, exec_statistics *out) {
    const struct tensor own = parts_of(whole), *t = &own;
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

void exec_histogram(const struct tensor *whole, double min, double max, uint64_t *bins, size_t n) {
    const struct tensor own = parts_of(whole), *t = &own;
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
    case TENSOR_F8E4M3IEEE: return 248;
    case TENSOR_F8E3M4: return 15.75;
    default: return INFINITY;
    }
}

/* Tensors are compared in this many parts, whatever the number of threads, so that sums do not depend on it. */
enum { PARTS = 64 };

struct comparison {
    const struct tensor *a, *b;
    int64_t part; /* elements of one, a multiple of PIECE */
    double overflow, first_a, first_b;
    struct vec_difference parts[PARTS];
};

/* Adds what is behind: Chan, Golub and LeVeque, "Algorithms for computing the sample variance" (1983), equation 2.1. */
static void merge(struct vec_difference *d, const struct vec_difference *more) {
    double n = d->n + more->n, off_a = more->mean_a - d->mean_a, off_b = more->mean_b - d->mean_b;
    double weight = d->n * more->n / n;
    d->aa += more->aa + off_a * off_a * weight;
    d->bb += more->bb + off_b * off_b * weight;
    d->ab += more->ab + off_a * off_b * weight;
    d->mean_a += off_a * more->n / n;
    d->mean_b += off_b * more->n / n;
    d->n = n;
    d->absolute = more->absolute > d->absolute ? more->absolute : d->absolute;
    d->relative = more->relative > d->relative ? more->relative : d->relative;
    d->equal &= more->equal;
    d->nan_a &= more->nan_a;
    d->nan_b &= more->nan_b;
    d->zero_a &= more->zero_a;
    d->zero_b &= more->zero_b;
    d->flat_a &= more->flat_a;
    d->flat_b &= more->flat_b;
}

static void compare_parts(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct comparison *c = ctx;
    const struct vec *v = vec_table(VEC_F64);
    int64_t n = tensor_count(c->a);
    double piece_a[PIECE], piece_b[PIECE];
    (void)worker;
    for (size_t part = begin; part < end; part++) {
        int64_t from = (int64_t)part * c->part, to = n - from < c->part ? n : from + c->part;
        for (int64_t at = from; at < to; at += PIECE) {
            size_t m = piece_at(at, to);
            struct vec_difference d = {.relative = at == from ? 0 : c->parts[part].relative};
            load_piece(c->a, at, m, piece_a);
            load_piece(c->b, at, m, piece_b);
            v->differ(piece_a, piece_b, m, c->overflow, &d);
            d.flat_a &= piece_a[0] == c->first_a;
            d.flat_b &= piece_b[0] == c->first_b;
            if (at == from)
                c->parts[part] = d;
            else
                merge(&c->parts[part], &d);
        }
    }
}

static double correlation(const struct comparison *c, const struct vec_difference *d) {
    if (d->equal || (d->nan_a && d->nan_b))
        return 1;
    if (d->nan_a != d->nan_b || d->zero_a != d->zero_b)
        return 0;
    if (d->n == 1 || (d->flat_a && d->flat_b))
        return close_enough(c->first_a, c->first_b) ? 1 : 0;
    return d->aa > 0 && d->bb > 0 ? d->ab / sqrt(d->aa * d->bb) : 0;
}

bool compare_tensors(const struct tensor *whole, const struct tensor *whole_golden, struct pool *pool,
                     const atomic_bool *cancel, exec_difference *out) {
    const struct tensor own = parts_of(whole), other = parts_of(whole_golden), *a = &own, *golden = &other;
    struct comparison c = {.a = a, .b = golden};
    int64_t n = tensor_count(a);
    *out = (exec_difference){.pcc = n == 0, .devices = 1};
    if (n != tensor_count(golden)) {
        out->pcc = 0;
        out->shapes_differ = true;
    }
    if (n == 0 || out->shapes_differ)
        return true;
    /* What is infinite because its type ends there agrees with a golden number of a wider type: masks are -3.4e38 in f32. */
    c.overflow = overflow_of(a->dtype);
    c.first_a = tensor_get(a, 0);
    c.first_b = tensor_get(golden, 0);
    c.part = ((n + PARTS - 1) / PARTS + PIECE - 1) / PIECE * PIECE;
    size_t parts = (size_t)((n + c.part - 1) / c.part);
    if (!pool || parts == 1)
        compare_parts(&c, 0, parts, 0);
    else if (!pool_for(pool, parts, 1, compare_parts, &c, cancel))
        return false;
    struct vec_difference *d = &c.parts[0];
    for (size_t i = 1; i < parts; i++)
        merge(d, &c.parts[i]);
    out->pcc = correlation(&c, d);
    out->absolute = d->absolute;
    out->relative = d->relative;
    return true;
}

void exec_compare(const struct tensor *a, const struct tensor *golden, exec_difference *out) {
    compare_tensors(a, golden, NULL, NULL, out);
}
