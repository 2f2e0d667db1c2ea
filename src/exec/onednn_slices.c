/* Large products in slices of columns.
 *
 *   A [m][k]  x  B [k][n]      one primitive for some columns of B, then one for the next: each is over in some tens of
 *                              milliseconds, packing its part of B included, and a request to stop is heard between them
 *
 * A primitive cannot be stopped, and the head of a language model alone has gigabytes of weights to be packed. How wide slices
 * are depends on the shape alone, so that results do not depend on threads. They are made for themselves and copied to
 * where they belong: oneDNN's fast kernels want dense results, and against k multiplications copying a number is nothing.
 */
#include <string.h>

#include "exec/onednn_inner.h"

/* Of one slice: operations, bytes of weights, and how narrow it may get. */
enum { MOST_WEIGHTS = 40 << 20, LEAST_COLUMNS = 512, COLUMNS_STEP = 64 };
#define MOST_FLOPS 6e9

/* Whether elements of B are made f32 for the primitive. */
static bool widens(const struct dnnl_state *s, const struct dnnl_matmul *w) {
    return w->b != TENSOR_F32 && !(s->bf16 && w->a == TENSOR_BF16 && w->b == TENSOR_BF16);
}

/* How many columns a slice has; all of them: there is one. */
static int64_t columns_of(const struct dnnl_state *s, const struct dnnl_matmul *w) {
    double size = w->b == TENSOR_F32 || widens(s, w) ? 4 : 2;
    double by_flops = MOST_FLOPS / (2.0 * (double)w->m * (double)w->k);
    double by_bytes = (double)MOST_WEIGHTS / ((double)w->k * size);
    double most = by_flops < by_bytes ? by_flops : by_bytes;
    most = most < LEAST_COLUMNS ? LEAST_COLUMNS : most;
    if (w->batch != 1 || (double)w->n <= most)
        return w->n;
    int64_t slices = (int64_t)((double)w->n / most) + 1, columns = (w->n + slices - 1) / slices;
    return (columns + COLUMNS_STEP - 1) / COLUMNS_STEP * COLUMNS_STEP;
}

bool dnnl_matmul_ready(exec_plan *x, const struct dnnl_matmul *w, const struct dnnl_tail *tail, void **state) {
    struct dnnl_state *s = dnnl_state_of(x);
    int64_t columns = s ? columns_of(s, w) : w->n;
    struct dnnl_op *first = NULL, **last = &first;
    for (int64_t at = 0; at < w->n; at += columns) {
        struct dnnl_matmul one = *w;
        void *made = NULL;
        one.n = w->n - at < columns ? w->n - at : columns;
        /* Where elements are converted, all between the first and the last one are: of rows that lie apart, ours. */
        bool apart = one.n != w->n && widens(s, w) && w->b_strides[2] == 1;
        if (apart) {
            one.b = TENSOR_F32;
            one.b_strides[1] = one.n;
        }
        if (!dnnl_product_ready(x, &one, tail, &made)) {
            dnnl_drop(x, first);
            return false;
        }
        struct dnnl_op *op = made;
        op->slice = (struct dnnl_slice){
            .at = at, .columns = one.n, .all_columns = w->n, .rows = w->m, .weight_step = w->b_strides[2]};
        if (apart)
            op->slice.apart = (struct dnnl_apart){w->b, w->k, w->b_strides[1]};
        for (uint32_t i = 0, n = 0; i < tail->n; i++)
            if (tail->ops[i].with)
                op->slice.with[n++] = tail->ops[i].spread;
        *last = op;
        last = &op->next_slice;
    }
    *state = first;
    return first != NULL;
}

struct row_copy {
    const char *from;
    char *to;
    size_t bytes, from_step, to_step;
};

static void copy_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct row_copy *w = ctx;
    (void)worker;
    for (size_t r = begin; r < end; r++)
        memcpy(w->to + r * w->to_step, w->from + r * w->from_step, w->bytes);
}

/* Rows of a tensor of all columns to or from those of a slice. */
static bool copy_slice(struct call *c, const struct dnnl_slice *s, void *whole, void *part, size_t size, bool back) {
    struct row_copy w = {.bytes = (size_t)s->columns * size};
    size_t all = (size_t)s->all_columns * size;
    char *there = (char *)whole + (size_t)s->at * size;
    w.from = back ? part : there;
    w.to = back ? there : part;
    w.from_step = back ? w.bytes : all;
    w.to_step = back ? all : w.bytes;
    return call_loop(c, (size_t)s->rows, (1 << 16) / (w.bytes + 1) + 1, copy_rows, &w);
}

/* What a slice reads of an operand of the tail. */
static bool cut_operand(struct call *c, const struct dnnl_slice *s, enum tail_spread spread, struct exec_arg *a) {
    size_t size = tensor_dtype_size(a->type->dtype);
    if (spread == TAIL_CHANNEL)
        a->data = (char *)a->data + (size_t)s->at * size;
    if (spread != TAIL_FULL)
        return true;
    void *part = call_scratch(c, (size_t)(s->rows * s->columns) * size);
    bool ok = part && copy_slice(c, s, a->data, part, size, false);
    a->data = part;
    return ok;
}

struct widening {
    const struct call *c;
    const struct dnnl_slice *s;
    const char *from;
    float *to;
};

static void widen_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct widening *w = ctx;
    const struct dnnl_apart *a = &w->s->apart;
    size_t n = (size_t)w->s->columns, size = tensor_dtype_size(a->dtype);
    (void)worker;
    for (size_t r = begin; r < end; r++)
        exec_convert(w->c->x, w->to + r * n, TENSOR_F32, w->from + (int64_t)r * a->step * (int64_t)size, a->dtype, n);
}

/* The slice's part of B as the op takes it; nothing, where it is packed already. NULL: error set, or cancelled. */
static const void *cut_weights(struct call *c, const struct dnnl_op *op, const void *b) {
    const struct dnnl_slice *s = &op->slice;
    enum tensor_dtype dtype = s->apart.rows ? s->apart.dtype : op->given[WEIGHTS];
    const char *from = (const char *)b + s->at * s->weight_step * (int64_t)tensor_dtype_size(dtype);
    if (!s->apart.rows || op->is_packed)
        return from;
    struct widening w = {c, s, from, call_scratch(c, (size_t)(s->apart.rows * s->columns) * sizeof(float))};
    bool ok = w.to && call_loop(c, (size_t)s->apart.rows, (1 << 16) / (size_t)s->columns + 1, widen_rows, &w);
    return ok ? w.to : NULL;
}

static bool run_slice(struct call *c, struct dnnl_op *op, const void *const data[4], const struct exec_arg *with) {
    const struct dnnl_slice *s = &op->slice;
    struct exec_arg own[TAIL_MAX];
    size_t bias = tensor_dtype_size(op->given[BIAS]), size = tensor_dtype_size(op->given[DST]);
    void *out = call_scratch(c, (size_t)(s->rows * s->columns) * size);
    const void *in[4] = {data[SRC], out ? cut_weights(c, op, data[WEIGHTS]) : NULL,
                         data[BIAS] ? (const char *)data[BIAS] + (size_t)s->at * bias : NULL, out};
    bool ok = in[WEIGHTS] != NULL;
    for (uint32_t i = 0; ok && i < op->n_tail; i++) {
        uint32_t k = op->tail[i].with;
        own[k] = with[k];
        ok = cut_operand(c, s, s->with[k], &own[k]);
    }
    return ok && dnnl_op_run(c, op, in, own) && copy_slice(c, s, (void *)(uintptr_t)data[DST], out, size, true);
}

bool dnnl_matmul_run(struct call *c, void *state, const void *a, const void *b, const void *bias,
                     const struct exec_arg *with, void *out) {
    const void *data[4] = {a, b, bias, out};
    struct dnnl_op *op = state;
    if (!op->next_slice)
        return dnnl_op_run(c, op, data, with);
    for (; op; op = op->next_slice) {
        struct scratch_mark mark = call_scratch_mark(c);
        bool ok = !call_stopped(c) && run_slice(c, op, data, with);
        call_scratch_release(c, mark);
        if (!ok)
            return false;
    }
    return true;
}
