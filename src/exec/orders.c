/* Values whose dimensions have changed places: a compiled convolution computes in NHWC what its source says in NCHW. */
#include <math.h>
#include <string.h>

#include "exec/inner.h"

/* Dimensions but for ones, of which that many can change places. */
enum { MOST_DIMS = 16, MOST_MOVED = 5 };

struct dims {
    int n;
    int64_t d[MOST_DIMS];
};

static bool without_ones(const int64_t *d, int rank, struct dims *out) {
    *out = (struct dims){.n = 0};
    for (int i = 0; i < rank; i++) {
        if (d[i] < 0 || (d[i] != 1 && out->n == MOST_DIMS))
            return false;
        if (d[i] != 1)
            out->d[out->n++] = d[i];
    }
    return true;
}

/* Equal ones, or the same innermost dimension with all others merged into one (1x112x112x64 and 1x1x12544x64). */
static bool same_order(const struct dims *s, const struct dims *t) {
    int64_t left = 1, right = 1;
    if (s->n == t->n)
        return memcmp(s->d, t->d, (size_t)s->n * sizeof *s->d) == 0;
    if (s->n < 1 || t->n < 1 || s->d[s->n - 1] != t->d[t->n - 1] || (s->n != 2 && t->n != 2))
        return false;
    for (int i = 0; i < s->n - 1; i++)
        left *= s->d[i];
    for (int i = 0; i < t->n - 1; i++)
        right *= t->d[i];
    return left == right;
}

/* The next permutation in lexicographic order; false behind the last. */
static bool next_order(uint8_t *order, int n) {
    int i = n - 2, k = n - 1;
    while (i >= 0 && order[i] > order[i + 1])
        i--;
    if (i < 0)
        return false;
    while (order[k] < order[i])
        k--;
    uint8_t swapped = order[i];
    order[i] = order[k];
    order[k] = swapped;
    for (int a = i + 1, b = n - 1; a < b; a++, b--) {
        swapped = order[a];
        order[a] = order[b];
        order[b] = swapped;
    }
    return true;
}

static struct dims in_order(const struct dims *of, const uint8_t *order) {
    struct dims moved = {.n = of->n};
    for (int i = 0; i < of->n; i++)
        moved.d[i] = of->d[order[i]];
    return moved;
}

enum exec_order exec_order_of(const int64_t *dims, int rank, const int64_t *golden, int golden_rank) {
    struct dims s, t;
    uint8_t order[MOST_MOVED] = {0, 1, 2, 3, 4};
    if (!without_ones(dims, rank, &s) || !without_ones(golden, golden_rank, &t))
        return EXEC_ORDER_NONE;
    if (same_order(&s, &t))
        return EXEC_ORDER_SAME;
    if (t.n > MOST_MOVED)
        return EXEC_ORDER_NONE;
    while (next_order(order, t.n)) {
        struct dims moved = in_order(&t, order);
        if (same_order(&s, &moved))
            return EXEC_ORDER_OTHER;
    }
    return EXEC_ORDER_NONE;
}

/* --- which order it is ------------------------------------------------------------------------------------------- */

/* So far apart golden's elements lie along the dimensions of the order. */
static void strides_of(const struct dims *of, const uint8_t *order, int64_t *out) {
    int64_t stride[MOST_DIMS], at = 1;
    for (int i = of->n - 1; i >= 0; i--, at *= of->d[i + 1])
        stride[i] = at;
    for (int i = 0; i < of->n; i++)
        out[i] = stride[order[i]];
}

/* Where element `at` of the moved tensor is in the one it is made of. */
static int64_t place_of(int64_t at, const struct dims *moved, const int64_t *stride) {
    int64_t place = 0;
    for (int i = moved->n - 1; i >= 0; at /= moved->d[i], i--)
        place += at % moved->d[i] * stride[i];
    return place;
}

/* The correlation of some elements from all over the tensors: enough to tell orders from each other. */
static double correlation_of_some(const struct tensor *a, const struct tensor *golden, const struct dims *moved,
                                  const int64_t *stride) {
    enum { SOME = 2048 };
    int64_t n = tensor_count(a);
    double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0, count = 0;
    for (uint64_t i = 0; i < SOME; i++) {
        int64_t at = n <= SOME ? (int64_t)i : (int64_t)(i * 0x9E3779B97F4A7C15u % (uint64_t)n);
        if (at >= n)
            break;
        double x = tensor_get(a, at), y = tensor_get(golden, place_of(at, moved, stride));
        if (!isfinite(x) || !isfinite(y))
            continue;
        sa += x, sb += y, aa += x * x, bb += y * y, ab += x * y;
        count++;
    }
    double va = count * aa - sa * sa, vb = count * bb - sb * sb;
    return va > 0 && vb > 0 ? (count * ab - sa * sb) / sqrt(va * vb) : 0;
}

struct moving {
    char *to;
    const char *from;
    size_t size; /* of an element */
    struct dims dims;
    int64_t stride[MOST_DIMS];
};

/* Rows: all dimensions but the innermost. */
static void move_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct moving *m = ctx;
    int last = m->dims.n - 1;
    size_t n = (size_t)m->dims.d[last], step = (size_t)m->stride[last] * m->size;
    (void)worker;
    for (size_t row = begin; row < end; row++) {
        char *to = m->to + row * n * m->size;
        const char *from = m->from + (size_t)place_of((int64_t)(row * n), &m->dims, m->stride) * m->size;
        switch (m->size) {
        case 2:
            for (size_t i = 0; i < n; i++, from += step)
                memcpy(to + i * 2, from, 2);
            break;
        case 4:
            for (size_t i = 0; i < n; i++, from += step)
                memcpy(to + i * 4, from, 4);
            break;
        default:
            for (size_t i = 0; i < n; i++, from += step)
                memcpy(to + i * m->size, from, m->size);
        }
    }
}

/* The order of golden's dimensions, another one than its own, in which it agrees best with a. False: there is none. */
static bool find_order(const struct tensor *a, const struct tensor *golden, struct moving *m) {
    struct dims s, t;
    uint8_t order[MOST_MOVED] = {0, 1, 2, 3, 4};
    double best = -2;
    *m = (struct moving){.from = golden->data, .size = tensor_dtype_size(golden->dtype)};
    if (!without_ones(a->dims, a->rank, &s) || !without_ones(golden->dims, golden->rank, &t) || t.n > MOST_MOVED ||
        tensor_count(a) != tensor_count(golden) || tensor_count(a) == 0 || m->size == 0)
        return false;
    while (next_order(order, t.n)) {
        struct dims moved = in_order(&t, order);
        int64_t stride[MOST_DIMS];
        if (!same_order(&s, &moved))
            continue;
        strides_of(&t, order, stride);
        double r = correlation_of_some(a, golden, &moved, stride);
        if (r > best) {
            best = r;
            m->dims = moved;
            memcpy(m->stride, stride, sizeof stride);
        }
    }
    return best >= -1;
}

static size_t rows_of(const struct moving *m) {
    size_t rows = 1;
    for (int i = 0; i < m->dims.n - 1; i++)
        rows *= (size_t)m->dims.d[i];
    return rows;
}

bool compare_in_any_order(exec_plan *x, const struct tensor *a, const struct tensor *golden, exec_difference *out) {
    struct dims s, t;
    struct moving m;
    *out = (exec_difference){.shapes_differ = true, .devices = 1};
    bool known = without_ones(a->dims, a->rank, &s) && without_ones(golden->dims, golden->rank, &t);
    bool same = !known || same_order(&s, &t);
    if (same && !compare_tensors(a, golden, x->pool, x->asked, out))
        return false;
    if ((same && out->pcc >= EXEC_AGREES) || !find_order(a, golden, &m))
        return true;
    m.to = mem_alloc(x->mem, tensor_bytes(golden));
    if (!m.to)
        return true; /* without it the comparison stays as it was */
    struct tensor there = *golden;
    there.data = m.to;
    exec_difference d;
    bool good = pool_for(x->pool, rows_of(&m), 64, move_rows, &m, x->asked) &&
                compare_tensors(a, &there, x->pool, x->asked, &d);
    if (good && (out->shapes_differ || !(d.pcc <= out->pcc))) {
        *out = d;
        out->moved = true;
    }
    mem_free(x->mem, m.to, tensor_bytes(golden));
    return good;
}

bool exec_move_golden(const struct tensor *a, const struct tensor *golden, struct mem *mem, struct tensor *out) {
    struct moving m;
    if (!find_order(a, golden, &m) || !tensor_new_unset(out, mem, golden->dtype, a->dims, a->rank))
        return false;
    m.to = out->data;
    move_rows(&m, 0, rows_of(&m), 0);
    return true;
}
