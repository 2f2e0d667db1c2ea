/* Reductions, scans and softmax: folds along dimensions.
 *
 * A tensor is seen as [outer, n, inner] per reduced dimension; several dimensions that stand together are one, others are
 * moved together first by walking strides.
 */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"
#include "exec/onednn.h"

struct reduce {
    vec_fold fold;
    bool mean, initial; /* the fold starts at operand 1 */
    int n_keep, n_fold;
    int64_t keep_dims[TENSOR_MAX_RANK], keep_strides[TENSOR_MAX_RANK];
    int64_t fold_dims[TENSOR_MAX_RANK], fold_strides[TENSOR_MAX_RANK];
    int64_t keep, count;
    int64_t images, channels; /* while it folds the positions of images in blocks of channels: what it keeps; else 0 */
    vec_class k;
};

/* Which dimensions an op reduces; all when it does not say. */
static bool reduced_dims(struct planner *p, const struct exec_step *s, const char *name, uint32_t *mask) {
    int64_t dims[TENSOR_MAX_RANK];
    int rank = in_type(p, s, 0)->rank, d;
    int n = exec_op_ints(p, s->op, name, dims, TENSOR_MAX_RANK);
    *mask = n < 0 || (n == 0 && !strcmp(name, "dim_arg")) ? (1u << rank) - 1 : 0;
    for (int i = 0; i < n; i++) {
        if (!plan_dim(p, s->op, dims[i], rank, &d))
            return false;
        *mask |= 1u << d;
    }
    return true;
}

static void split_dims(const struct exec_type *t, uint32_t mask, struct reduce *w) {
    int64_t stride[TENSOR_MAX_RANK];
    w->keep = w->count = 1;
    walk_row_strides(t->dims, t->rank, stride);
    for (int i = 0; i < t->rank; i++) {
        bool fold = mask >> i & 1;
        int *n = fold ? &w->n_fold : &w->n_keep;
        int64_t *dims = fold ? w->fold_dims : w->keep_dims, *strides = fold ? w->fold_strides : w->keep_strides;
        *(fold ? &w->count : &w->keep) *= t->dims[i];
        if (*n && strides[*n - 1] == stride[i] * t->dims[i]) {
            dims[*n - 1] *= t->dims[i];
            strides[*n - 1] = stride[i];
        } else {
            dims[*n] = t->dims[i];
            strides[(*n)++] = stride[i];
        }
    }
}

static bool plan_reduce(struct planner *p, struct exec_step *s) {
    struct reduce *w = PLAN_PARAMS(p, s, struct reduce);
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    uint32_t mask;
    if (!w)
        return false;
    s->n_in = 1;
    if (!reduced_dims(p, s, "dim_arg", &mask))
        return false;
    w->mean = s->row->arg == REDUCE_MEAN;
    w->fold = w->mean ? FOLD_SUM : (vec_fold)s->row->arg;
    split_dims(in, mask, w);
    if (w->keep != type_count(out))
        return plan_error(p, s->op, "gives %lld elements, its type says %lld", (long long)w->keep,
                          (long long)type_count(out));
    if ((w->fold == FOLD_MAX || w->fold == FOLD_MIN) && w->count == 0 && w->keep)
        return plan_error(p, s->op, "has no largest or smallest of no elements");
    w->k = w->mean ? class_real(p->x, in) : class_join(in, NULL);
    s->flops = (uint64_t)type_count(in);
    return true;
}

bool plan_fold(struct planner *p, struct exec_step *s, vec_fold fold, const int64_t *dims, int n) {
    struct reduce *w = PLAN_PARAMS(p, s, struct reduce);
    const struct exec_type *in = in_type(p, s, 0);
    uint32_t mask = 0;
    if (!w)
        return false;
    for (int i = 0; i < n; i++) {
        int d;
        if (!plan_dim(p, s->op, dims[i], in->rank, &d))
            return false;
        mask |= 1u << d;
    }
    w->fold = fold;
    w->initial = true;
    split_dims(in, mask, w);
    if (w->keep != type_count(out_type(p, s, 0)) || type_count(in_type(p, s, 1)) != 1)
        return plan_error(p, s->op, "gives another shape than its type says");
    w->k = class_join(in, NULL);
    s->flops = (uint64_t)type_count(in);
    return true;
}

static double neutral(vec_fold f) {
    switch (f) {
    case FOLD_PROD:
    case FOLD_AND: return 1;
    case FOLD_MAX: return -INFINITY;
    case FOLD_MIN: return INFINITY;
    default: return 0;
    }
}

struct reduce_loop {
    const struct call *c;
    const struct reduce *w;
    const struct vec *v;
    const char *in;
    char *out;
    vec_move *load; /* elements into lanes; NULL: they are lanes */
    size_t size;    /* of an element */
};

/* LONG: so many elements of a row, or steps along a dimension, lie between two looks whether the run is to stop. */
enum { PIECE = 1024, LONG = 1 << 20 };

/* n elements in a row as lanes; in `room` where they are not yet. */
static const char *lanes_of(const struct reduce_loop *l, int64_t at, size_t n, void *room) {
    const char *in = l->in + at * (int64_t)l->size;
    if (!l->load)
        return in;
    l->load(room, in, n);
    return room;
}

/* The offset of number i in a list of dimensions. */
static int64_t offset_of(int64_t i, const int64_t *dims, const int64_t *strides, int n) {
    int64_t at = 0;
    for (int d = n; d-- > 0;) {
        at += i % dims[d] * strides[d];
        i /= dims[d];
    }
    return at;
}

static void finish_mean(const struct reduce_loop *l, size_t begin, size_t end) {
    if (l->w->mean)
        l->v->scale(l->out + begin * l->v->size, l->out + begin * l->v->size, 1.0 / (double)l->w->count, end - begin);
}

/* A row of lanes in long pieces. The sum of the pieces' sums is a double, as within each. */
static void fold_long(const struct reduce_loop *l, char *out, const char *row, size_t n) {
    vec_fold fold = l->w->fold;
    bool sum = fold == FOLD_SUM && !vec_is_integer(l->w->k);
    double total = sum ? l->v->get(out) : 0, part[1];
    for (size_t k = 0; k < n && !call_stopped(l->c); k += LONG) {
        size_t some = n - k < LONG ? n - k : LONG;
        l->v->set(part, neutral(fold), 1);
        l->v->fold[fold](part, row + k * l->v->size, some);
        if (sum)
            total += l->v->get(part);
        else
            l->v->merge[fold](out, part, 1);
    }
    if (sum)
        l->v->set(out, total, 1);
}

/* Rows: the innermost fold dimension is contiguous. */
static void reduce_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct reduce_loop *l = ctx;
    const struct reduce *w = l->w;
    (void)worker;
    int64_t row = w->n_fold ? w->fold_dims[w->n_fold - 1] : 1, rows = row ? w->count / row : 0;
    int64_t step = w->n_fold ? w->fold_strides[w->n_fold - 1] : 1;
    double room[PIECE];
    for (size_t i = begin; i < end; i++) {
        char *out = l->out + i * l->v->size;
        int64_t at = offset_of((int64_t)i, w->keep_dims, w->keep_strides, w->n_keep);
        l->v->set(out, neutral(w->fold), 1);
        for (int64_t r = 0; r < rows; r++) {
            int64_t from = at + offset_of(r, w->fold_dims, w->fold_strides, w->n_fold - 1);
            /* Whole rows where they are lanes; else by pieces, so that they stay in the cache. */
            int64_t piece = step != 1 ? 1 : l->load ? PIECE : row;
            if (piece > LONG) {
                fold_long(l, out, l->in + from * (int64_t)l->size, (size_t)row);
                continue;
            }
            for (int64_t k = 0; k < row; k += piece) {
                if (row > LONG && call_stopped_in(l->c, k, LONG))
                    return;
                size_t n = (size_t)(row - k < piece ? row - k : piece);
                l->v->fold[w->fold](out, lanes_of(l, from + k * step, n, room), n);
            }
        }
    }
    finish_mean(l, begin, end);
}

enum { BAND = 256 };

/* Bands: the innermost kept dimension is contiguous; whole bands are merged at a time. Long sums go by blocks. */
static void reduce_bands(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct reduce_loop *l = ctx;
    const struct reduce *w = l->w;
    int64_t inner = w->keep_dims[w->n_keep - 1], bands = (inner + BAND - 1) / BAND;
    double block[BAND], room[BAND];
    (void)worker;
    for (size_t b = begin; b < end; b++) {
        int64_t outer = (int64_t)b / bands, first = (int64_t)b % bands * BAND;
        size_t n = (size_t)(inner - first < BAND ? inner - first : BAND);
        size_t at_out = (size_t)(outer * inner + first);
        char *out = l->out + at_out * l->v->size;
        int64_t at = offset_of(outer, w->keep_dims, w->keep_strides, w->n_keep - 1) + first;
        l->v->set(out, neutral(w->fold), n);
        for (int64_t r = 0; r < w->count && !call_stopped(l->c);) {
            int64_t stop = w->count - r < 128 ? w->count : r + 128;
            l->v->set(block, neutral(w->fold), n);
            for (; r < stop; r++)
                l->v->merge[w->fold](
                    block, lanes_of(l, at + offset_of(r, w->fold_dims, w->fold_strides, w->n_fold), n, room), n);
            l->v->merge[w->fold](out, block, n);
        }
        finish_mean(l, at_out, at_out + n);
    }
}

static bool run_reduce(struct call *c) {
    const struct reduce *w = c->s->params;
    const struct vec *v = c->x->vec[w->k];
    enum tensor_dtype type = c->in[0].type->dtype;
    struct reduce_loop l = {.c = c, .w = w, .v = v, .in = c->in[0].data, .size = tensor_dtype_size(type)};
    bool same = l.size == v->size && vec_class_of(type) == w->k;
    if (!same && v->load[type]) {
        l.load = v->load[type];
    } else {
        l.in = call_lanes(c, &c->in[0], w->k);
        l.size = v->size;
    }
    l.out = l.in ? call_room(c, &c->out[0], w->k) : NULL;
    if (!l.out)
        return false;
    bool ok;
    if (w->n_keep && w->keep_strides[w->n_keep - 1] == 1 && w->keep_dims[w->n_keep - 1] > 1) {
        int64_t inner = w->keep_dims[w->n_keep - 1], bands = (inner + BAND - 1) / BAND;
        size_t n = inner ? (size_t)(w->keep / inner * bands) : 0;
        ok = call_loop(c, n, (size_t)(65536 / (w->count * BAND + 1)) + 1, reduce_bands, &l);
    } else {
        ok = call_loop(c, (size_t)w->keep, (size_t)(65536 / (w->count + 1)) + 1, reduce_rows, &l);
    }
    if (ok && w->initial) {
        const char *initial = call_lanes(c, &c->in[1], w->k);
        ok = initial != NULL;
        for (int64_t i = 0; ok && i < w->keep; i++)
            v->merge[w->fold](l.out + (size_t)i * v->size, initial, 1);
    }
    if (ok)
        call_store(c, &c->out[0], l.out, w->k);
    return ok;
}
/* Folds over all positions of images whose channels come last. */
static bool reduce_images(const struct planner *p, const struct exec_step *s, uint32_t i, struct images *out) {
    const struct reduce *w = s->params;
    (void)p;
    if (i != 0 || w->initial || w->n_keep != 2 || w->n_fold != 1 || w->keep_strides[1] != 1 ||
        w->fold_strides[0] != w->keep_dims[1])
        return false;
    *out = (struct images){.batch = w->keep_dims[0],
                           .channels = w->keep_dims[1],
                           .positions = w->fold_dims[0],
                           .batch_step = w->keep_strides[0],
                           .channel_step = 1,
                           .position_step = w->fold_strides[0]};
    return true;
}

static bool reduce_blocks(struct planner *p, struct exec_step *s, bool operand, bool result) {
    struct reduce *w = s->params;
    int64_t block = dnnl_block(p->x);
    (void)result; /* it is no image */
    if (operand && !w->images) {
        w->images = w->keep_dims[0];
        w->channels = w->keep_dims[1];
    } else if (!w->images) {
        return true;
    }
    w->keep_dims[1] = w->fold_strides[0] = operand ? block : w->channels;
    w->keep_dims[0] = w->images * w->channels / w->keep_dims[1];
    w->keep_strides[0] = w->count * w->keep_dims[1];
    return true;
}

const struct kernel kernel_reduce = {
    .name = "fold", .plan = plan_reduce, .run = run_reduce, .images = reduce_images, .blocks = reduce_blocks};

/* --- argmax ------------------------------------------------------------------------------------------------------- */

static bool plan_argmax(struct planner *p, struct exec_step *s) {
    struct reduce *w = PLAN_PARAMS(p, s, struct reduce);
    const struct exec_type *in = in_type(p, s, 0);
    int64_t dims[TENSOR_MAX_RANK], stride[TENSOR_MAX_RANK];
    uint32_t mask = 0;
    if (!w)
        return false;
    int n = exec_op_ints(p, s->op, "dim_arg", dims, TENSOR_MAX_RANK), d;
    if (n < 0)
        n = exec_op_ints(p, s->op, "dim", dims, TENSOR_MAX_RANK);
    if (n <= 0)
        for (n = 0; n < in->rank; n++)
            dims[n] = n;
    walk_row_strides(in->dims, in->rank, stride);
    w->count = w->keep = 1;
    /* The index counts in the order in which the dimensions are listed. */
    for (int i = 0; i < n; i++) {
        if (!plan_dim(p, s->op, dims[i], in->rank, &d))
            return false;
        mask |= 1u << d;
        w->fold_dims[w->n_fold] = in->dims[d];
        w->fold_strides[w->n_fold++] = stride[d];
        w->count *= in->dims[d];
    }
    for (int i = 0; i < in->rank; i++)
        if (!(mask >> i & 1)) {
            w->keep_dims[w->n_keep] = in->dims[i];
            w->keep_strides[w->n_keep++] = stride[i];
            w->keep *= in->dims[i];
        }
    w->k = class_join(in, NULL);
    s->n_in = 1;
    if (w->keep != type_count(out_type(p, s, 0)) || (w->count == 0 && w->keep))
        return plan_error(p, s->op, "gives another number of elements than its type says");
    return true;
}

static bool run_argmax(struct call *c) {
    const struct reduce *w = c->s->params;
    const struct vec *v = c->x->vec[w->k];
    const char *in = call_lanes(c, &c->in[0], w->k);
    struct tensor out = {.dtype = c->out[0].type->dtype, .data = c->out[0].data};
    if (!in)
        return false;
    for (int64_t i = 0; i < w->keep; i++) {
        int64_t at = offset_of(i, w->keep_dims, w->keep_strides, w->n_keep), best = 0;
        double most = 0;
        int64_t most_int = 0;
        for (int64_t r = 0; r < w->count; r++) {
            if (call_stopped_in(c, r, CALL_LOOK))
                return true;
            const char *e = in + (at + offset_of(r, w->fold_dims, w->fold_strides, w->n_fold)) * (int64_t)v->size;
            if (vec_is_integer(w->k)) {
                int64_t value = vec_in_order(w->k, e);
                if (r == 0 || value > most_int)
                    most_int = value, best = r;
                continue;
            }
            double value = v->get(e);
            /* NaN counts as the largest, as in torch. */
            if (r == 0 || value > most || (isnan(value) && !isnan(most)))
                most = value, best = r;
        }
        tensor_set(&out, i, (double)best);
    }
    return true;
}
const struct kernel kernel_argmax = {"argmax", plan_argmax, run_argmax, 0};

/* --- along one dimension ------------------------------------------------------------------------------------------ */

struct along {
    int64_t outer, n, inner;
    vec_class k;
    vec_fold fold;
};

static bool plan_along(struct planner *p, struct exec_step *s, const char *name) {
    struct along *w = PLAN_PARAMS(p, s, struct along);
    const struct exec_type *in = in_type(p, s, 0);
    int64_t dim = -1;
    int d;
    if (!w)
        return false;
    attr_i64(p, s->op, name, &dim);
    if (!plan_dim(p, s->op, dim, in->rank, &d))
        return false;
    if (!type_same_shape(in, out_type(p, s, 0)))
        return plan_error(p, s->op, "changes the shape");
    w->outer = w->inner = 1;
    for (int i = 0; i < d; i++)
        w->outer *= in->dims[i];
    for (int i = d + 1; i < in->rank; i++)
        w->inner *= in->dims[i];
    w->n = in->dims[d];
    s->n_in = 1;
    s->flops = (uint64_t)type_count(in);
    return true;
}

static bool plan_scan(struct planner *p, struct exec_step *s) {
    if (!plan_along(p, s, "dim"))
        return false;
    struct along *w = s->params;
    w->fold = (vec_fold)s->row->arg;
    /* Golden functions scan in the input's type; the sum of a long bf16 row is kept exact until it is stored. */
    w->k = class_join(in_type(p, s, 0), out_type(p, s, 0));
    return true;
}

static bool run_scan(struct call *c) {
    const struct along *w = c->s->params;
    const struct vec *v = c->x->vec[w->k];
    const char *in = call_lanes(c, &c->in[0], w->k);
    char *out = in ? call_room(c, &c->out[0], w->k) : NULL;
    size_t row = (size_t)w->inner * v->size;
    int64_t done = 0; /* since the last look whether to stop */
    if (!out)
        return false;
    for (int64_t o = 0; o < w->outer; o++)
        for (int64_t i = 0; i < w->n; i++, done += w->inner) {
            if (done >= 1 << 18) {
                if (call_stopped(c))
                    return true;
                done = 0;
            }
            size_t at = (size_t)(o * w->n + i) * row;
            memcpy(out + at, in + at, row);
            if (i)
                v->merge[w->fold](out + at, out + at - row, (size_t)w->inner);
        }
    call_store(c, &c->out[0], out, w->k);
    return true;
}
const struct kernel kernel_scan = {"scan", plan_scan, run_scan, 0};

static bool plan_softmax(struct planner *p, struct exec_step *s) {
    if (!plan_along(p, s, "dimension"))
        return false;
    ((struct along *)s->params)->k = class_real(p->x, in_type(p, s, 0));
    s->flops *= 5;
    return true;
}

struct softmax_loop {
    struct call *c;
    const struct along *w;
    const struct vec *v;
    const char *in;
    char *out;
    char *scratch;                       /* [worker][2 n] lanes, for columns and conversions */
    enum tensor_dtype in_type, out_type; /* rows are converted one by one, in the first cache */
    bool rows, convert_in, convert_out;
};

/* exp(in - max) / sum of one row of n lanes. */
static void softmax_row(const struct call *c, const struct vec *v, char *out, const char *in, size_t n) {
    double max = -INFINITY, sum = 0, one[1];
    size_t size = v->size;
    v->set(one, -INFINITY, 1);
    for (size_t k = 0; k < n && !call_stopped(c); k += LONG)
        v->fold[FOLD_MAX](one, in + k * size, n - k < LONG ? n - k : LONG);
    max = v->get(one);
    if (max == -INFINITY)
        max = 0; /* a row that is masked out gives NaN, as 0/0 */
    for (size_t k = 0; k < n && !call_stopped(c); k += LONG)
        sum += v->exp_sum(out + k * size, in + k * size, max, n - k < LONG ? n - k : LONG);
    for (size_t k = 0; k < n && !call_stopped(c); k += LONG)
        v->scale(out + k * size, out + k * size, 1 / sum, n - k < LONG ? n - k : LONG);
}

static void softmax_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct softmax_loop *l = ctx;
    const struct along *w = l->w;
    size_t n = (size_t)w->n, size = l->v->size;
    size_t in_size = tensor_dtype_size(l->in_type), out_size = tensor_dtype_size(l->out_type);
    char *a = l->scratch + worker * 2 * n * size, *b = a + n * size;
    for (size_t i = begin; i < end; i++) {
        const char *in = l->in + i * n * in_size;
        char *out = l->out + i * n * out_size;
        if (l->rows) {
            if (l->convert_in)
                l->v->load[l->in_type](a, in, n);
            softmax_row(l->c, l->v, l->convert_out ? b : out, l->convert_in ? a : in, n);
            if (l->convert_out)
                l->v->store[l->out_type](out, b, n);
            continue;
        }
        size_t base = (i / (size_t)w->inner * n * (size_t)w->inner + i % (size_t)w->inner) * size;
        for (size_t k = 0; k < n; k++)
            memcpy(a + k * size, l->in + base + k * (size_t)w->inner * size, size);
        softmax_row(l->c, l->v, b, a, n);
        for (size_t k = 0; k < n; k++)
            memcpy(l->out + base + k * (size_t)w->inner * size, b + k * size, size);
    }
}

static bool run_softmax(struct call *c) {
    const struct along *w = c->s->params;
    struct softmax_loop l = {.c = c, .w = w, .v = c->x->vec[w->k]};
    bool rows = w->inner == 1 && l.v->load[c->in[0].type->dtype] && l.v->store[c->out[0].type->dtype];
    l.rows = rows;
    l.in = rows ? c->in[0].data : call_lanes(c, &c->in[0], w->k);
    l.out = rows ? c->out[0].data : l.in ? call_room(c, &c->out[0], w->k) : NULL;
    l.in_type = c->in[0].type->dtype;
    l.out_type = c->out[0].type->dtype;
    l.convert_in = rows && vec_lane(w->k) != l.in_type;
    l.convert_out = rows && vec_lane(w->k) != l.out_type;
    l.scratch = l.out ? call_scratch(c, pool_threads(c->x->pool) * 2 * (size_t)w->n * l.v->size) : NULL;
    if (!l.scratch)
        return false;
    if (w->n && !call_loop(c, (size_t)(w->outer * w->inner), (size_t)(16384 / w->n) + 1, softmax_piece, &l))
        return false;
    if (!rows)
        call_store(c, &c->out[0], l.out, w->k);
    return true;
}
const struct kernel kernel_softmax = {"softmax", plan_softmax, run_softmax, 0};
