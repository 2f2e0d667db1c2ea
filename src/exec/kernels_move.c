/* Ops that only move elements.
 *
 * Most are one thing: result element (i0, i1, ...) is input element base + i0*s0 + i1*s1 + ..., with strides that may be
 * zero or negative. reshape and its kind are views, which cost nothing.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* --- views and copies --------------------------------------------------------------------------------------------- */

static bool copy_piece_of(struct call *c) {
    const struct exec_type *from = c->in[0].type, *to = c->out[0].type;
    if (c->in[0].data == c->out[0].data && from->dtype == to->dtype) /* only rounded, where it lies (plan_narrow.c) */
        return true;
    return call_convert(c, &c->out[0], &c->in[0]);
}

const struct kernel kernel_copy = {"copy", NULL, copy_piece_of, 0};

/* Whether the result can look at the operand's bytes. */
static bool can_view(const struct planner *p, exec_slot in, exec_slot out) {
    const struct slot *a = &p->x->slots.v[in], *b = &p->x->slots.v[out];
    return a->type.dtype == b->type.dtype && !p->x->slots.v[a->root].written && !b->written &&
           (a->type.format == b->type.format || b->type.format == FORMAT_PLAIN);
}

/* Complex numbers are moved as they are. */
static bool changes_complex(const struct exec_type *in, const struct exec_type *out) {
    return in->dtype != out->dtype && (tensor_dtype_is_complex(in->dtype) || tensor_dtype_is_complex(out->dtype));
}

bool plan_view(struct planner *p, struct exec_step *s) {
    exec_plan *x = p->x;
    if (!has_in(s, 0) || s->n_out == 0 || !s->out[0])
        return plan_error(p, s->op, "has an operand or result without numbers");
    if (type_count(in_type(p, s, 0)) != type_count(out_type(p, s, 0)))
        return plan_error(p, s->op, "changes the number of elements");
    if (changes_complex(in_type(p, s, 0), out_type(p, s, 0)))
        return plan_error(p, s->op, "turns complex numbers into others");
    s->n_in = 1;
    if (!can_view(p, s->in[0], s->out[0]))
        return true;
    struct slot *in = &x->slots.v[s->in[0]], *out = &x->slots.v[s->out[0]];
    out->kind = SLOT_VIEW;
    out->root = in->root;
    out->splat = in->splat;
    out->steady = in->steady;
    s->skip = true;
    return true;
}

const struct kernel kernel_view = {"view", plan_view, copy_piece_of, KERNEL_COMPLEX};

/* --- strided ------------------------------------------------------------------------------------------------------ */

enum { LONG = 1 << 20 }; /* of a longer row so many elements are copied between two looks whether the run is to stop */

struct strided_loop {
    const struct call *c;
    const struct walk *w;
    const char *in;
    char *out;
    size_t size;
    int64_t inner, inner_stride;
    int outer_rank;
};

#define COPY_ROW(type)                                  \
    {                                                   \
        type *d = (type *)(void *)out;                  \
        const type *s = (const type *)(const void *)in; \
        for (int64_t i = 0; i < n; i++)                 \
            d[i] = s[i * stride];                       \
    }

/* An element of 16 bytes. */
struct wide {
    uint64_t v[2];
};

static void copy_row(char *out, const char *in, int64_t n, int64_t stride, size_t size) {
    if (stride == 1) {
        memcpy(out, in, (size_t)n * size);
        return;
    }
    switch (size) {
    case 1: COPY_ROW(uint8_t) break;
    case 2: COPY_ROW(uint16_t) break;
    case 4: COPY_ROW(uint32_t) break;
    case 8: COPY_ROW(uint64_t) break;
    default: COPY_ROW(struct wide) break;
    }
}

static void strided_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct strided_loop *l = ctx;
    const struct walk *w = l->w;
    int64_t index[WALK_MAX_RANK], at = w->base;
    size_t rest = begin;
    (void)worker;
    for (int i = l->outer_rank; i-- > 0;) {
        index[i] = (int64_t)(rest % (size_t)w->dims[i]);
        rest /= (size_t)w->dims[i];
        at += index[i] * w->strides[i];
    }
    for (size_t r = begin; r < end; r++) {
        for (int64_t k = 0; k < l->inner && (l->inner <= LONG || !call_stopped(l->c)); k += LONG)
            copy_row(l->out + ((int64_t)r * l->inner + k) * (int64_t)l->size,
                     l->in + (at + k * l->inner_stride) * (int64_t)l->size, l->inner - k < LONG ? l->inner - k : LONG,
                     l->inner_stride, l->size);
        for (int i = l->outer_rank; i-- > 0;) {
            at += w->strides[i];
            if (++index[i] < w->dims[i])
                break;
            at -= w->strides[i] * w->dims[i];
            index[i] = 0;
        }
    }
}

/* A transposition of the last two walks, in squares that fit the cache. A piece is a band of squares, or, of long ones, some of it:
 * a request to stop is heard between pieces. */
enum { SQUARE = 32, BAND = 64 * SQUARE };

struct square_loop {
    const struct walk *w;
    const char *in;
    char *out;
    size_t size;
    int64_t rows, cols, row_stride; /* of the result: rows x cols, columns `row_stride`d... */
    int64_t col_stride;
    size_t bands, parts; /* of a band */
};

#define COPY_SQUARE(type)                            \
    for (int64_t r = r0; r < r1; r++)                \
        for (int64_t k = k0; k < k1; k++)            \
            ((type *)(void *)out)[r * l->cols + k] = \
                ((const type *)(const void *)in)[r * l->row_stride + k * l->col_stride];

static void square_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct square_loop *l = ctx;
    const struct walk *w = l->w;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        size_t rest = i / l->parts / l->bands;
        int64_t r0 = (int64_t)(i / l->parts % l->bands) * SQUARE, r1 = r0 + SQUARE < l->rows ? r0 + SQUARE : l->rows;
        int64_t at = w->base;
        char *out = l->out + (int64_t)rest * l->rows * l->cols * (int64_t)l->size;
        for (int d = w->rank - 2; d-- > 0;) {
            at += (int64_t)(rest % (size_t)w->dims[d]) * w->strides[d];
            rest /= (size_t)w->dims[d];
        }
        const char *in = l->in + at * (int64_t)l->size;
        int64_t first = (int64_t)(i % l->parts) * BAND, end_col = first + BAND < l->cols ? first + BAND : l->cols;
        for (int64_t k0 = first; k0 < end_col; k0 += SQUARE) {
            int64_t k1 = k0 + SQUARE < end_col ? k0 + SQUARE : end_col;
            switch (l->size) {
            case 1: COPY_SQUARE(uint8_t) break;
            case 2: COPY_SQUARE(uint16_t) break;
            case 4: COPY_SQUARE(uint32_t) break;
            case 8: COPY_SQUARE(uint64_t) break;
            default: COPY_SQUARE(struct wide) break;
            }
        }
    }
}

static bool copy_walk(struct call *c, const struct walk *w, const void *in, void *out, size_t size) {
    size_t n = 1;
    for (int i = 0; i < w->rank; i++)
        n *= (size_t)w->dims[i];
    if (n == 0)
        return true;
    if (w->rank >= 2 && w->strides[w->rank - 1] != 1 && w->strides[w->rank - 2] == 1 && w->dims[w->rank - 1] > 8) {
        struct square_loop l = {.w = w, .in = in, .out = out, .size = size};
        l.rows = w->dims[w->rank - 2];
        l.cols = w->dims[w->rank - 1];
        l.row_stride = w->strides[w->rank - 2];
        l.col_stride = w->strides[w->rank - 1];
        l.bands = (size_t)((l.rows + SQUARE - 1) / SQUARE);
        l.parts = (size_t)((l.cols + BAND - 1) / BAND);
        size_t pieces = n / (size_t)(l.rows * l.cols) * l.bands * l.parts;
        size_t most = ((size_t)1 << 20) / ((size_t)(l.cols < BAND ? l.cols : BAND) * SQUARE) + 1;
        size_t grain = n < 32768 ? pieces : pieces / 64 + 1;
        return call_loop(c, pieces, grain < most ? grain : most, square_piece, &l);
    }
    struct strided_loop l = {.c = c, .w = w, .in = in, .out = out, .size = size, .inner = 1, .inner_stride = 1};
    l.outer_rank = w->rank;
    if (w->rank) {
        l.inner = w->dims[w->rank - 1];
        l.inner_stride = w->strides[w->rank - 1];
        l.outer_rank = w->rank - 1;
    }
    size_t rows = n / (size_t)l.inner;
    size_t grain = (size_t)(32768 / l.inner) + 1;
    return call_loop(c, rows, grain, strided_piece, &l);
}

static bool run_strided(struct call *c) {
    const struct walk *w = c->s->params;
    const struct exec_type *from = c->in[0].type, *to = c->out[0].type;
    if (from->dtype == to->dtype)
        return copy_walk(c, w, c->in[0].data, c->out[0].data, tensor_dtype_size(to->dtype));
    vec_class k = class_join(from, to);
    const void *in = call_lanes(c, &c->in[0], k);
    void *out = in ? call_room(c, &c->out[0], k) : NULL;
    if (!out || !copy_walk(c, w, in, out, c->x->vec[k]->size))
        return false;
    call_store(c, &c->out[0], out, k);
    return true;
}

struct walk *step_walk(const struct planner *p, const struct exec_step *s) {
    bool is = s->kind == STEP_KERNEL && s->run == run_strided && !s->skip;
    return is && in_type(p, s, 0)->dtype == out_type(p, s, 0)->dtype ? s->params : NULL;
}

bool plan_move(struct planner *p, ir_op op, exec_slot from, exec_slot to, const struct walk *w, struct exec_step *out) {
    static const struct exec_row row = {"move", &kernel_permute, 0, ""};
    struct walk *own = ARENA_NEW(p->a, struct walk);
    exec_slot *slots = ARENA_ARRAY(p->a, exec_slot, 2);
    if (!own || !slots)
        return plan_no_memory(p);
    *own = *w;
    walk_simplify(own);
    slots[0] = from;
    slots[1] = to;
    *out = (struct exec_step){.op = op,
                              .row = &row,
                              .run = run_strided,
                              .n_in = 1,
                              .n_out = 1,
                              .in = slots,
                              .out = slots + 1,
                              .params = own,
                              .per_device = p->x->slots.v[to].per_device};
    return true;
}

/* The end of the plan of a strided op: what is a constant stays one, what walks in order is a view. */
static bool finish(struct planner *p, struct exec_step *s, struct walk *w) {
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    exec_plan *x = p->x;
    int64_t n = 1;
    for (int i = 0; i < w->rank; i++)
        n *= w->dims[i];
    if (n != type_count(out))
        return plan_error(p, s->op, "gives %lld elements, its type says %lld", (long long)n,
                          (long long)type_count(out));
    if (changes_complex(in, out))
        return plan_error(p, s->op, "turns complex numbers into others");
    walk_simplify(w);
    s->n_in = 1;
    struct slot *a = &x->slots.v[s->in[0]], *b = &x->slots.v[s->out[0]];
    if (x->slots.v[a->root].splat && in->dtype == out->dtype && out->format == FORMAT_PLAIN && n) {
        b->kind = SLOT_CONSTANT;
        b->splat = true;
        b->data = x->slots.v[a->root].data;
        s->skip = true;
        return true;
    }
    if (n == type_count(in) && walk_in_order(w))
        return plan_view(p, s);
    return true;
}

static struct walk *begin(struct planner *p, struct exec_step *s) {
    if (!has_in(s, 0) || s->n_out == 0 || !s->out[0]) {
        plan_error(p, s->op, "has an operand or result without numbers");
        return NULL;
    }
    return PLAN_PARAMS(p, s, struct walk);
}

/* result dim i = input dim order[i] */
static bool permuted(struct planner *p, struct exec_step *s, const int64_t *order, int n) {
    const struct exec_type *in = in_type(p, s, 0);
    struct walk *w = begin(p, s);
    int64_t strides[TENSOR_MAX_RANK];
    uint32_t seen = 0;
    if (!w)
        return false;
    if (n != in->rank)
        return plan_error(p, s->op, "permutes %d dimensions of %d", n, in->rank);
    walk_row_strides(in->dims, in->rank, strides);
    for (int i = 0; i < n; i++) {
        int64_t from = order[i];
        if (from < 0 || from >= n || (seen >> from & 1))
            return plan_error(p, s->op, "has no permutation as permutation");
        seen |= 1u << from;
        w->dims[i] = in->dims[from];
        w->strides[i] = strides[from];
    }
    w->rank = n;
    return finish(p, s, w);
}

static bool plan_permute(struct planner *p, struct exec_step *s) {
    int64_t order[TENSOR_MAX_RANK];
    int n = exec_op_ints(p, s->op, "permutation", order, TENSOR_MAX_RANK);
    return permuted(p, s, order, n);
}

static bool plan_transpose(struct planner *p, struct exec_step *s) {
    int64_t d0 = -2, d1 = -1, order[TENSOR_MAX_RANK];
    int a, b, rank = in_type(p, s, 0)->rank;
    attr_i64(p, s->op, "dim0", &d0);
    attr_i64(p, s->op, "dim1", &d1);
    if (!plan_dim(p, s->op, d0, rank, &a) || !plan_dim(p, s->op, d1, rank, &b))
        return false;
    for (int i = 0; i < rank; i++)
        order[i] = i == a ? b : i == b ? a : i;
    return permuted(p, s, order, rank);
}

/* Repeats along dimensions of size 1 (broadcast), or of all elements in order (repeat): as factors. */
static bool repeated(struct planner *p, struct exec_step *s, const int64_t *factors, int n, bool interleave) {
    const struct exec_type *in = in_type(p, s, 0);
    struct walk *w = begin(p, s);
    int64_t strides[TENSOR_MAX_RANK];
    if (!w)
        return false;
    if (n < in->rank || n > TENSOR_MAX_RANK)
        return plan_error(p, s->op, "repeats %d dimensions of %d", n, in->rank);
    walk_row_strides(in->dims, in->rank, strides);
    for (int i = 0; i < n; i++) {
        int d = i - (n - in->rank);
        if (factors[i] < 0)
            return plan_error(p, s->op, "repeats a negative number of times");
        int64_t dim = d < 0 ? 1 : in->dims[d], stride = d < 0 ? 0 : strides[d];
        int first = w->rank + (interleave ? 1 : 0), second = w->rank + (interleave ? 0 : 1);
        w->dims[first] = factors[i];
        w->strides[first] = 0;
        w->dims[second] = dim;
        w->strides[second] = stride;
        w->rank += 2;
    }
    return finish(p, s, w);
}

static bool plan_repeat(struct planner *p, struct exec_step *s) {
    int64_t factors[TENSOR_MAX_RANK];
    int n = exec_op_ints(p, s->op, "repeat_dimensions", factors, TENSOR_MAX_RANK);
    if (n < 0)
        n = exec_op_ints(p, s->op, "broadcast_dimensions", factors, TENSOR_MAX_RANK);
    if (n < 0) { /* #ttnn.shape<2x1> */
        ir_attr shape = ir_op_attr(p->m, s->op, STR("repeat_dims"));
        n = shape ? node_ints(p->c, dialect_param(p->c, shape, STR("shape")), factors, TENSOR_MAX_RANK) : -1;
    }
    return repeated(p, s, factors, n, false);
}

static bool plan_repeat_interleave(struct planner *p, struct exec_step *s) {
    int64_t factors[TENSOR_MAX_RANK], repeats = 1, dim = 0;
    int rank = in_type(p, s, 0)->rank, d;
    attr_i64(p, s->op, "repeats", &repeats);
    attr_i64(p, s->op, "dim", &dim);
    if (!plan_dim(p, s->op, dim, rank, &d))
        return false;
    for (int i = 0; i < rank; i++)
        factors[i] = i == d ? repeats : 1;
    return repeated(p, s, factors, rank, true);
}

/* StableHLO: operand dimension i is result dimension broadcast_dimensions[i]; stablehlo.broadcast adds leading ones. */
static bool plan_broadcast_in_dim(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    struct walk *w = begin(p, s);
    int64_t to[TENSOR_MAX_RANK], strides[TENSOR_MAX_RANK];
    if (!w)
        return false;
    int n = exec_op_ints(p, s->op, "broadcast_dimensions", to, TENSOR_MAX_RANK);
    if (n < 0) {
        n = in->rank;
        for (int i = 0; i < n; i++)
            to[i] = out->rank - in->rank + i;
    }
    if (n != in->rank)
        return plan_error(p, s->op, "maps %d dimensions of %d", n, in->rank);
    walk_row_strides(in->dims, in->rank, strides);
    w->rank = out->rank;
    memcpy(w->dims, out->dims, (size_t)out->rank * sizeof *w->dims);
    for (int i = 0; i < n; i++) {
        if (to[i] < 0 || to[i] >= out->rank || (in->dims[i] != 1 && in->dims[i] != out->dims[to[i]]))
            return plan_error(p, s->op, "maps dimension %d where it does not fit", i);
        w->strides[to[i]] = in->dims[i] == 1 ? 0 : strides[i];
    }
    return finish(p, s, w);
}

int64_t slice_length(int64_t size, int64_t *begin, int64_t end, int64_t step) {
    int64_t b = *begin + (*begin < 0 ? size : 0);
    end += end < 0 && (step > 0 || end + size >= 0) ? size : 0;
    int64_t n;
    if (step > 0) {
        end = end > size ? size : end;
        n = (end - b + step - 1) / step;
    } else {
        b = b >= size ? size - 1 : b;
        n = (b - end - step - 1) / -step;
    }
    *begin = b;
    return n < 0 ? 0 : n;
}

static bool sliced(struct planner *p, struct exec_step *s, const int64_t *begins, const int64_t *ends,
                   const int64_t *steps) {
    const struct exec_type *in = in_type(p, s, 0);
    struct walk *w = begin(p, s);
    int64_t strides[TENSOR_MAX_RANK];
    if (!w)
        return false;
    walk_row_strides(in->dims, in->rank, strides);
    w->rank = in->rank;
    for (int i = 0; i < in->rank; i++) {
        int64_t size = in->dims[i], b = begins[i], step = steps[i];
        if (step == 0)
            return plan_error(p, s->op, "slices with step 0");
        int64_t n = slice_length(size, &b, ends[i], step);
        if (n && (b < 0 || b >= size || b + (n - 1) * step < 0 || b + (n - 1) * step >= size))
            return plan_error(p, s->op, "slices dimension %d outside of it", i);
        w->dims[i] = n;
        w->strides[i] = strides[i] * step;
        w->base += n ? b * strides[i] : 0;
    }
    return finish(p, s, w);
}

static bool plan_slice(struct planner *p, struct exec_step *s) {
    int64_t begins[TENSOR_MAX_RANK], ends[TENSOR_MAX_RANK], steps[TENSOR_MAX_RANK];
    int rank = in_type(p, s, 0)->rank;
    bool hlo = s->row->arg;
    if (exec_op_ints(p, s->op, hlo ? "start_indices" : "begins", begins, TENSOR_MAX_RANK) != rank ||
        exec_op_ints(p, s->op, hlo ? "limit_indices" : "ends", ends, TENSOR_MAX_RANK) != rank)
        return plan_error(p, s->op, "does not say where to slice each dimension");
    if (exec_op_ints(p, s->op, hlo ? "strides" : "step", steps, TENSOR_MAX_RANK) != rank)
        for (int i = 0; i < rank; i++)
            steps[i] = 1;
    return sliced(p, s, begins, ends, steps);
}

static bool plan_index(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0);
    int64_t begins[TENSOR_MAX_RANK], ends[TENSOR_MAX_RANK], steps[TENSOR_MAX_RANK], dim = 0;
    int d;
    attr_i64(p, s->op, "dim", &dim);
    if (!plan_dim(p, s->op, dim, in->rank, &d))
        return false;
    for (int i = 0; i < in->rank; i++) {
        begins[i] = 0;
        ends[i] = in->dims[i];
        steps[i] = 1;
    }
    attr_i64(p, s->op, "begin", &begins[d]);
    attr_i64(p, s->op, "end", &ends[d]);
    attr_i64(p, s->op, "step", &steps[d]);
    return sliced(p, s, begins, ends, steps);
}

static bool plan_reverse(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0);
    struct walk *w = begin(p, s);
    int64_t dims[TENSOR_MAX_RANK];
    if (!w)
        return false;
    int n = exec_op_ints(p, s->op, "dimensions", dims, TENSOR_MAX_RANK);
    w->rank = in->rank;
    memcpy(w->dims, in->dims, sizeof in->dims);
    walk_row_strides(in->dims, in->rank, w->strides);
    for (int i = 0; i < n; i++) {
        if (dims[i] < 0 || dims[i] >= in->rank)
            return plan_error(p, s->op, "reverses a dimension that is not there");
        w->base += in->dims[dims[i]] ? (in->dims[dims[i]] - 1) * w->strides[dims[i]] : 0;
        w->strides[dims[i]] = -w->strides[dims[i]];
    }
    return finish(p, s, w);
}

/* Nearest neighbours by whole factors: each cell h x w times. */
static bool plan_upsample_nearest(struct planner *p, struct exec_step *s) {
    int64_t factors[TENSOR_MAX_RANK] = {1, 1, 1, 1}, scale[2];
    int n = exec_op_ints(p, s->op, "scale_factor", scale, 2);
    if (n < 1 || in_type(p, s, 0)->rank != 4)
        return plan_error(p, s->op, "has no scale");
    factors[1] = scale[0];
    factors[2] = scale[n > 1 ? 1 : 0];
    return repeated(p, s, factors, 4, true);
}

const struct kernel kernel_permute = {"strided copy", plan_permute, run_strided, KERNEL_COMPLEX};
const struct kernel kernel_transpose = {"strided copy", plan_transpose, run_strided, KERNEL_COMPLEX};
const struct kernel kernel_repeat = {"strided copy", plan_repeat, run_strided, KERNEL_COMPLEX};
const struct kernel kernel_repeat_interleave = {"strided copy", plan_repeat_interleave, run_strided, KERNEL_COMPLEX};
const struct kernel kernel_broadcast_in_dim = {"strided copy", plan_broadcast_in_dim, run_strided, KERNEL_COMPLEX};
const struct kernel kernel_slice = {"strided copy", plan_slice, run_strided, KERNEL_COMPLEX};
const struct kernel kernel_index = {"strided copy", plan_index, run_strided, KERNEL_COMPLEX};
const struct kernel kernel_reverse = {"strided copy", plan_reverse, run_strided, KERNEL_COMPLEX};
const struct kernel kernel_upsample_nearest = {"strided copy", plan_upsample_nearest, run_strided, 0};

/* concatenate_heads: [B,H,S,D] -> [B,S,H*D]; also the nlp forms, whose result has a leading 1. */
static bool plan_concat_heads(struct planner *p, struct exec_step *s) {
    static const int64_t order[] = {0, 2, 1, 3}, decode[] = {0, 1, 2, 3};
    return permuted(p, s, s->row->arg ? decode : order, 4);
}
const struct kernel kernel_concat_heads = {"strided copy", plan_concat_heads, run_strided, 0};

/* --- concat ------------------------------------------------------------------------------------------------------- */

struct concat {
    int dim;
    int64_t outer, row; /* elements of the result for each outer index */
    struct part {
        int64_t row, distance, base; /* elements for each outer index, from one to the next, before the first */
    } parts[];
};

/* The rows of the operands for the dimension that w has. */
static void concat_rows(const struct planner *p, const struct exec_step *s, struct concat *w) {
    const struct exec_type *out = out_type(p, s, 0);
    int64_t inner = 1;
    w->outer = 1;
    for (int i = 0; i < out->rank; i++)
        *(i < w->dim ? &w->outer : &inner) *= i == w->dim ? 1 : out->dims[i];
    w->row = out->dims[w->dim] * inner;
    for (uint32_t k = 0; k < s->n_in; k++)
        w->parts[k].row = w->parts[k].distance = in_type(p, s, k)->dims[w->dim] * inner;
}

static bool plan_concat(struct planner *p, struct exec_step *s) {
    const struct exec_type *out = out_type(p, s, 0);
    int64_t dim = 0, sum = 0;
    int d;
    if (!attr_i64(p, s->op, "dim", &dim))
        attr_i64(p, s->op, "dimension", &dim);
    if (!plan_dim(p, s->op, dim, out->rank, &d))
        return false;
    struct concat *w = plan_params(p, s, sizeof *w + s->n_in * sizeof *w->parts);
    if (!w)
        return false;
    w->dim = d;
    for (uint32_t k = 0; k < s->n_in; k++) {
        const struct exec_type *in = in_type(p, s, k);
        if (!s->in[k] || in->rank != out->rank)
            return plan_error(p, s->op, "has operand %u of another rank", k);
        for (int i = 0; i < out->rank; i++)
            if (i != d && in->dims[i] != out->dims[i])
                return plan_error(p, s->op, "has operand %u of another shape", k);
        sum += in->dims[d];
    }
    if (sum != out->dims[d])
        return plan_error(p, s->op, "concatenates %lld where its type has %lld", (long long)sum,
                          (long long)out->dims[d]);
    concat_rows(p, s, w);
    return true;
}

static bool reorder_concat(struct planner *p, struct exec_step *s, const int *order) {
    struct concat *w = s->params;
    int dim = 0;
    while (order[dim] != w->dim)
        dim++;
    w->dim = dim;
    concat_rows(p, s, w);
    return true;
}

static bool ready_concat(struct planner *p, struct exec_step *s) {
    struct concat *w = s->params;
    for (uint32_t k = 0; k < s->n_in; k++) {
        exec_slot of;
        struct part *part = &w->parts[k];
        if (in_type(p, s, k)->dtype == out_type(p, s, 0)->dtype &&
            plan_look_rows(p, s->in[k], part->row, &of, &part->distance, &part->base))
            s->in[k] = of;
    }
    return true;
}

static void concat_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct call *c = ctx;
    const struct concat *w = c->s->params;
    const struct exec_type *to = c->out[0].type;
    size_t size = tensor_dtype_size(to->dtype);
    (void)worker;
    for (size_t o = begin; o < end; o++) {
        char *out = (char *)c->out[0].data + o * (size_t)w->row * size;
        for (uint32_t k = 0; k < c->s->n_in; k++) {
            const struct part *part = &w->parts[k];
            enum tensor_dtype from = c->in[k].type->dtype;
            const char *in = (const char *)c->in[k].data +
                             (part->base + (int64_t)o * part->distance) * (int64_t)tensor_dtype_size(from);
            for (int64_t at = 0; at < part->row && (part->row <= LONG || !call_stopped(c)); at += LONG)
                exec_convert(c->x, out + (size_t)at * size, to->dtype, in + at * (int64_t)tensor_dtype_size(from), from,
                             (size_t)(part->row - at < LONG ? part->row - at : LONG));
            out += (size_t)part->row * size;
        }
    }
}

static bool run_concat(struct call *c) {
    const struct concat *w = c->s->params;
    return call_loop(c, (size_t)w->outer, (size_t)(32768 / (w->row + 1)) + 1, concat_piece, c);
}

const struct kernel kernel_concat = {"concat", plan_concat, run_concat, KERNEL_COMPLEX, ready_concat, reorder_concat};

/* --- pad ---------------------------------------------------------------------------------------------------------- */

struct pad {
    int64_t low[TENSOR_MAX_RANK], high[TENSOR_MAX_RANK], interior[TENSOR_MAX_RANK];
    double value;
};

int64_t pad_length(int64_t size, int64_t low, int64_t high, int64_t interior) {
    return (size ? size + (size - 1) * interior : 0) + low + high;
}

static bool plan_pad(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    struct pad *w = PLAN_PARAMS(p, s, struct pad);
    int64_t pairs[2 * TENSOR_MAX_RANK];
    if (!w)
        return false;
    if (in->dtype != out->dtype || in->rank != out->rank)
        return plan_error(p, s->op, "changes the element type or rank");
    if (s->row->arg == PAD_DYNAMIC) {
        for (uint32_t k = 2; k < 5; k++)
            if (!has_in(s, k) || type_count(in_type(p, s, k)) != in->rank)
                return plan_error(p, s->op, "does not say how to pad each dimension");
        return true;
    }
    if (s->row->arg == PAD_HLO) {
        if (exec_op_ints(p, s->op, "edge_padding_low", w->low, TENSOR_MAX_RANK) != in->rank ||
            exec_op_ints(p, s->op, "edge_padding_high", w->high, TENSOR_MAX_RANK) != in->rank ||
            exec_op_ints(p, s->op, "interior_padding", w->interior, TENSOR_MAX_RANK) != in->rank)
            return plan_error(p, s->op, "does not say how to pad each dimension");
    } else {
        s->n_in = 1;
        attr_f64(p, s->op, "value", &w->value);
        if (exec_op_ints(p, s->op, "padding", pairs, 2 * TENSOR_MAX_RANK) != 2 * in->rank)
            return plan_error(p, s->op, "does not say how to pad each dimension");
        for (int i = 0; i < in->rank; i++) {
            w->low[i] = pairs[2 * i];
            w->high[i] = pairs[2 * i + 1];
        }
    }
    for (int i = 0; i < in->rank; i++)
        if (w->interior[i] < 0 || pad_length(in->dims[i], w->low[i], w->high[i], w->interior[i]) != out->dims[i])
            return plan_error(p, s->op, "pads dimension %d to another size than its type has", i);
    return true;
}

/* What is only known now. */
static bool read_pad(struct call *c, struct pad *w) {
    const struct exec_type *in = c->in[0].type, *out = c->out[0].type;
    for (int i = 0; i < in->rank; i++) {
        w->low[i] = arg_int(&c->in[2], i);
        w->high[i] = arg_int(&c->in[3], i);
        w->interior[i] = arg_int(&c->in[4], i);
        bool far = !is_near(w->low[i]) || !is_near(w->high[i]) || w->interior[i] > INT32_MAX;
        if (far || w->interior[i] < 0 || pad_length(in->dims[i], w->low[i], w->high[i], w->interior[i]) != out->dims[i])
            return call_error(c, "pads dimension %d to another size than its type has", i);
    }
    return true;
}

static bool run_pad(struct call *c) {
    struct pad own = {.value = 0};
    const struct pad *w = c->s->row->arg == PAD_DYNAMIC ? &own : c->s->params;
    const struct exec_type *in = c->in[0].type, *out = c->out[0].type;
    if (w == &own && !read_pad(c, &own))
        return false;
    size_t size = tensor_dtype_size(out->dtype);
    char value[16] = {0};
    double v = w->value;
    if (c->s->n_in > 1)
        memcpy(value, c->in[1].data, size);
    else
        exec_convert(c->x, value, out->dtype, &v, TENSOR_F64, 1);
    char *to = c->out[0].data;
    size_t n = (size_t)type_count(out);
    for (size_t i = 0; i < n && !call_stopped_in(c, (int64_t)i, LONG); i++)
        memcpy(to + i * size, value, size);
    int64_t count = type_count(in), index[TENSOR_MAX_RANK] = {0}, strides[TENSOR_MAX_RANK];
    if (count == 0)
        return true;
    walk_row_strides(out->dims, out->rank, strides);
    int last = in->rank - 1;
    int64_t row = in->rank ? in->dims[last] : 1;
    for (int64_t r = 0; r < count / row; r++) {
        int64_t at = 0;
        bool inside = true;
        for (int d = 0; d < last; d++) {
            int64_t i = w->low[d] + index[d] * (1 + w->interior[d]);
            inside &= i >= 0 && i < out->dims[d];
            at += i * strides[d];
        }
        const char *from = (const char *)c->in[0].data + (size_t)(r * row) * size;
        if (call_stopped_in(c, r, LONG / (row + 1) + 1))
            return true;
        for (int64_t k = 0; inside && k < row && (k == 0 || !call_stopped_in(c, k, LONG)); k++) {
            int64_t i = in->rank ? w->low[last] + k * (1 + w->interior[last]) : 0;
            if (i >= 0 && (in->rank == 0 || i < out->dims[last]))
                memcpy(to + (size_t)(at + i) * size, from + (size_t)k * size, size);
        }
        for (int d = last; d-- > 0;) {
            if (++index[d] < in->dims[d])
                break;
            index[d] = 0;
        }
    }
    return true;
}

const struct kernel kernel_pad = {"pad", plan_pad, run_pad, KERNEL_COMPLEX};

exec_slot plan_padded(struct planner *p, ir_op op, exec_slot from, exec_slot value, const int64_t *low,
                      const int64_t *high, const int64_t *interior) {
    static const struct exec_row row = {"pad", &kernel_pad, PAD_HLO, ""};
    exec_plan *x = p->x;
    struct exec_type t = *slot_type(x, from);
    bool per_device = x->slots.v[from].per_device || x->slots.v[value].per_device;
    struct pad *w = ARENA_NEW(p->a, struct pad);
    if (!w)
        return plan_no_memory(p), 0;
    for (int i = 0; i < t.rank; i++) {
        w->low[i] = low[i];
        w->high[i] = high[i];
        w->interior[i] = interior[i];
        t.dims[i] = pad_length(t.dims[i], low[i], high[i], interior[i]);
        if (t.dims[i] < 0)
            return plan_error(p, op, "takes more away from dimension %d than it has", i), 0;
    }
    size_t bytes;
    if (!tensor_size(t.dtype, t.dims, t.rank, &bytes))
        return plan_error(p, op, "is padded to more elements than can be counted"), 0;
    exec_slot to = plan_temp(p, &t, per_device);
    struct exec_step *s = to ? plan_step(p, op, &row, 2, 1) : NULL;
    if (!s)
        return 0;
    s->in[0] = from;
    s->in[1] = value;
    s->out[0] = to;
    s->params = w;
    s->per_device = per_device && x->devices > 1;
    return to;
}

/* --- slices whose place is a value -------------------------------------------------------------------------------- */

static bool plan_dynamic(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    uint32_t first = s->row->arg == DYNAMIC_UPDATE ? 2 : 1;
    uint32_t need = s->row->arg == DYNAMIC_BEGINS ? 3 : s->row->arg == DYNAMIC_STRIDES ? 4 : first + (uint32_t)in->rank;
    int64_t *steps = plan_params(p, s, TENSOR_MAX_RANK * sizeof *steps);
    if (!steps)
        return false;
    if (s->n_in < need)
        return plan_error(p, s->op, "has %u operands, %u are needed", s->n_in, need);
    for (int i = 0; i < TENSOR_MAX_RANK; i++)
        steps[i] = 1;
    if (s->row->arg == DYNAMIC_BEGINS)
        exec_op_ints(p, s->op, "step", steps, TENSOR_MAX_RANK);
    const struct exec_type *window = s->row->arg == DYNAMIC_UPDATE ? in_type(p, s, 1) : out;
    if (in->dtype != window->dtype || in->rank != window->rank || in->dtype != out->dtype)
        return plan_error(p, s->op, "changes the element type or rank");
    for (int i = 0; i < in->rank; i++)
        if (steps[i] <= 0 || (window->dims[i] && (window->dims[i] - 1) * steps[i] + 1 > in->dims[i]))
            return plan_error(p, s->op, "takes more of dimension %d than there is", i);
    return true;
}

static bool run_dynamic(struct call *c) {
    const struct exec_type *in = c->in[0].type;
    size_t size = tensor_dtype_size(in->dtype);
    bool update = c->s->row->arg == DYNAMIC_UPDATE, strides = c->s->row->arg == DYNAMIC_STRIDES,
         hlo = c->s->row->arg != DYNAMIC_BEGINS && !strides;
    int64_t steps[TENSOR_MAX_RANK];
    const struct exec_type *window = update ? c->in[1].type : c->out[0].type;
    struct walk w = {.rank = in->rank};
    memcpy(steps, c->s->params, sizeof steps);
    for (int i = 0; strides && i < in->rank; i++) {
        steps[i] = arg_int(&c->in[3], i);
        if (steps[i] <= 0 || steps[i] > INT32_MAX ||
            (window->dims[i] && (window->dims[i] - 1) * steps[i] + 1 > in->dims[i]))
            return call_error(c, "takes more of dimension %d than there is", i);
    }
    walk_row_strides(in->dims, in->rank, w.strides);
    for (int i = 0; i < in->rank; i++) {
        int64_t at = hlo ? arg_int(&c->in[(update ? 2 : 1) + i], 0) : arg_int(&c->in[1], i);
        int64_t most = in->dims[i] - (window->dims[i] ? (window->dims[i] - 1) * steps[i] + 1 : 0);
        at += !hlo && at < 0 ? in->dims[i] : 0;
        at = at < 0 ? 0 : at > most ? most : at; /* StableHLO clamps; so do we elsewhere */
        w.dims[i] = window->dims[i];
        w.base += at * w.strides[i];
        w.strides[i] *= steps[i];
    }
    if (!update)
        return copy_walk(c, &w, c->in[0].data, c->out[0].data, size);
    if (!exec_copy_shared(c->x, c->out[0].data, c->in[0].data, (size_t)type_count(in) * size))
        return true;
    int64_t n = type_count(window), row = in->rank ? window->dims[in->rank - 1] : 1, index[TENSOR_MAX_RANK] = {0};
    for (int64_t r = 0; n && r < n / row; r++) {
        int64_t at = w.base;
        for (int d = 0; d + 1 < in->rank; d++)
            at += index[d] * w.strides[d];
        for (int64_t k = 0; k < row && !call_stopped_in(c, r * row + k, LONG); k += LONG)
            memcpy((char *)c->out[0].data + (size_t)(at + k) * size,
                   (const char *)c->in[1].data + (size_t)(r * row + k) * size,
                   (size_t)(row - k < LONG ? row - k : LONG) * size);
        for (int d = in->rank - 1; d-- > 0;) {
            if (++index[d] < window->dims[d])
                break;
            index[d] = 0;
        }
    }
    return true;
}

const struct kernel kernel_dynamic_slice = {"dynamic slice", plan_dynamic, run_dynamic, KERNEL_COMPLEX};

/* --- index_select: blocks ----------------------------------------------------------------------------------------- */

static bool plan_index_select(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0);
    int64_t dim = 0, b = 0, length = 1, stride = 0, strides[TENSOR_MAX_RANK];
    int d;
    struct walk *w = begin(p, s);
    attr_i64(p, s->op, "dim", &dim);
    attr_i64(p, s->op, "begin", &b);
    attr_i64(p, s->op, "length", &length);
    attr_i64(p, s->op, "stride", &stride);
    if (!w || !plan_dim(p, s->op, dim, in->rank, &d))
        return false;
    int64_t size = in->dims[d];
    stride = stride ? stride : size;
    if (b < 0 || b >= size || length < 1 || length > stride || b + length > size)
        return plan_error(p, s->op, "selects outside of its dimension");
    int64_t blocks = (size - b + stride - 1) / stride;
    if (b + (blocks - 1) * stride + length > size)
        return plan_error(p, s->op, "ends within a block");
    walk_row_strides(in->dims, in->rank, strides);
    for (int i = 0; i < in->rank; i++) {
        if (i == d) {
            w->dims[w->rank] = blocks;
            w->strides[w->rank++] = stride * strides[i];
        }
        w->dims[w->rank] = i == d ? length : in->dims[i];
        w->strides[w->rank++] = strides[i];
    }
    w->base = b * strides[d];
    return finish(p, s, w);
}
const struct kernel kernel_index_select = {"strided copy", plan_index_select, run_strided, KERNEL_COMPLEX};

/* --- rearrange: einops patterns ----------------------------------------------------------------------------------- */

enum { MAX_NAMES = TENSOR_MAX_RANK };

struct axes {
    str names[MAX_NAMES];
    int group[MAX_NAMES]; /* which dimension each is in */
    int n, groups;
};

static bool read_axes(str s, struct axes *out) {
    bool inside = false;
    *out = (struct axes){0};
    for (size_t i = 0; i < s.n;) {
        char ch = s.p[i];
        if (ch == ' ') {
            i++;
        } else if (ch == '(' || ch == ')') {
            if (inside == (ch == '('))
                return false;
            inside = ch == '(';
            out->groups += ch == ')';
            i++;
        } else {
            size_t end = i;
            while (end < s.n && !strchr(" ()", s.p[end]))
                end++;
            if (out->n == MAX_NAMES)
                return false;
            out->names[out->n] = str_slice(s, i, end);
            out->group[out->n++] = out->groups;
            out->groups += !inside;
            i = end;
        }
    }
    return !inside;
}

static bool plan_rearrange(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    struct walk *w = begin(p, s);
    struct axes from, to;
    int64_t size[MAX_NAMES], stride[MAX_NAMES];
    int map[MAX_NAMES];
    if (!w)
        return false;
    str pattern = attr_text(p, s->op, "pattern");
    size_t arrow = str_find(pattern, STR("->"));
    if (arrow == pattern.n || !read_axes(str_slice(pattern, 0, arrow), &from) ||
        !read_axes(str_from(pattern, arrow + 2), &to) || from.n != to.n || from.groups != in->rank ||
        to.groups != out->rank)
        return plan_error(p, s->op, "has a pattern that does not fit its types");
    for (int i = 0; i < to.n; i++) {
        map[i] = -1;
        for (int k = 0; k < from.n; k++)
            if (str_eq(to.names[i], from.names[k]))
                map[i] = k;
        if (map[i] < 0)
            return plan_error(p, s->op, "has a pattern with an axis on one side only");
    }
    /* An axis alone on either side has its dimension's length; one unknown in a group is what is left. Without elements there is
     * nothing to be told apart. */
    for (int i = 0; i < from.n; i++)
        size[i] = type_count(in) ? -1 : 0;
    for (int round = 0; round < 2 * MAX_NAMES; round++)
        for (int side = 0; side < 2; side++) {
            const struct axes *a = side ? &to : &from;
            const struct exec_type *t = side ? out : in;
            for (int g = 0; g < a->groups; g++) {
                int unknown = -1, n_unknown = 0;
                int64_t known = 1;
                for (int i = 0; i < a->n; i++)
                    if (a->group[i] == g) {
                        int axis = side ? map[i] : i;
                        if (size[axis] >= 0)
                            known *= size[axis];
                        else
                            unknown = axis, n_unknown++;
                    }
                if (n_unknown == 1 && known && t->dims[g] % known == 0)
                    size[unknown] = t->dims[g] / known;
            }
        }
    int64_t step = 1;
    for (int i = from.n; i-- > 0;) {
        stride[i] = step;
        step = size[i] < 0 ? -1 : step * size[i];
        if (step < 0)
            break;
    }
    if (step != type_count(in))
        return plan_error(p, s->op, "has a pattern whose lengths its types do not give");
    w->rank = to.n;
    for (int i = 0; i < to.n; i++) {
        w->dims[i] = size[map[i]];
        w->strides[i] = stride[map[i]];
    }
    return finish(p, s, w);
}
const struct kernel kernel_rearrange = {"strided copy", plan_rearrange, run_strided, 0};

/* --- split_query_key_value_and_split_heads ------------------------------------------------------------------------ */

static bool run_split_heads(struct call *c) {
    /* Operand 0: [B,S,3*hidden], or Q alone with K and V in operand 1. Results [B,heads,S,D], K perhaps [B,heads,D,S]. */
    bool apart = c->s->n_in > 1 && c->in[1].data;
    size_t size = tensor_dtype_size(c->in[0].type->dtype);
    int64_t heads_before[3], widths[3];
    for (int r = 0; r < 3; r++) {
        const struct exec_type *t = c->out[r].type;
        const struct exec_type *q = c->out[0].type;
        heads_before[r] = t->dims[1];
        widths[r] = t->dims[1] * q->dims[3];
    }
    for (int r = 0; r < 3; r++) {
        const struct exec_arg *from = &c->in[apart && r ? 1 : 0];
        const struct exec_type *q = c->out[0].type;
        int64_t seq = from->type->dims[from->type->rank - 2], d = q->dims[3], batch = q->dims[0];
        int64_t row = from->type->dims[from->type->rank - 1];
        int64_t skip = apart ? (r == 2 ? widths[1] : 0) : r == 0 ? 0 : r == 1 ? widths[0] : widths[0] + widths[1];
        bool turned =
            c->out[r].type->dims[2] == d && c->out[r].type->dims[3] == seq && r == 1 && *(const bool *)c->s->params;
        struct walk w = {.rank = 4, .base = skip};
        int64_t dims[4] = {batch, heads_before[r], seq, d}, strides[4] = {seq * row, d, row, 1};
        for (int i = 0; i < 4; i++) {
            int k = turned && i >= 2 ? 5 - i : i;
            w.dims[i] = dims[k];
            w.strides[i] = strides[k];
        }
        if (!copy_walk(c, &w, from->data, c->out[r].data, size))
            return false;
    }
    return true;
}

static bool plan_split_heads(struct planner *p, struct exec_step *s) {
    bool *transposed = PLAN_PARAMS(p, s, bool);
    if (!transposed)
        return false;
    *transposed = attr_bool(p, s->op, "transpose_key");
    int64_t widths = 0, d = out_type(p, s, 0)->dims[3];
    for (uint32_t r = 0; r < 3; r++) {
        const struct exec_type *t = s->n_out == 3 ? out_type(p, s, r) : NULL;
        if (!t || t->rank != 4 || t->dtype != in_type(p, s, 0)->dtype)
            return plan_error(p, s->op, "has results of another rank or type than [B, heads, S, D]");
        widths += r && has_in(s, 1) ? 0 : t->dims[1] * d;
    }
    const struct exec_type *in = in_type(p, s, 0);
    if (in->rank < 2 || in->dims[in->rank - 1] != widths)
        return plan_error(p, s->op, "splits %lld features, there are %lld", (long long)widths,
                          (long long)in->dims[in->rank - 1]);
    if (has_in(s, 1)) {
        const struct exec_type *kv = in_type(p, s, 1);
        if (kv->rank < 2 || kv->dims[kv->rank - 1] != (out_type(p, s, 1)->dims[1] + out_type(p, s, 2)->dims[1]) * d)
            return plan_error(p, s->op, "splits keys and values of another width");
    }
    return true;
}
const struct kernel kernel_split_heads = {"strided copy", plan_split_heads, run_split_heads, 0};
