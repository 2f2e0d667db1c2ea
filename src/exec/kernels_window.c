/* Pools: folds over sliding windows. TTIR and TTNN pools and StableHLO's reduce_window are the same loop. */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"
#include "exec/onednn.h"
#include "exec/plan.h"

struct window {
    int rank; /* dimensions that windows slide along; the rest stands together behind them */
    int64_t in[TENSOR_MAX_RANK], out[TENSOR_MAX_RANK], size[TENSOR_MAX_RANK], stride[TENSOR_MAX_RANK];
    int64_t dilation[TENSOR_MAX_RANK], holes[TENSOR_MAX_RANK], low[TENSOR_MAX_RANK], high[TENSOR_MAX_RANK];
    int64_t images; /* of a pool: in[0], while its channels stand together */
    int64_t inner, positions, taps;
    vec_fold fold;
    vec_class k;
    bool average, include_pad, indices, initial;
};

static bool pairs(struct planner *p, ir_op op, const char *name, int64_t otherwise, int64_t *out) {
    int64_t v[4];
    int n = exec_op_ints(p, op, name, v, 4);
    if (n > 2)
        return plan_error(p, op, "has %d numbers as %s", n, name);
    out[0] = n < 1 ? otherwise : v[0];
    out[1] = n < 1 ? otherwise : n == 1 ? v[0] : v[1];
    return true;
}

int64_t window_count(int64_t in, int64_t low, int64_t high, int64_t size, int64_t dilation, int64_t stride, bool ceil) {
    int64_t span = in + low + high - dilation * (size - 1) - 1;
    if (span < 0 || stride < 1)
        return 0;
    int64_t n = (span + (ceil ? stride - 1 : 0)) / stride + 1;
    /* The last window begins inside the input or its left padding. */
    if (ceil && (n - 1) * stride >= in + low)
        n--;
    return n;
}

/* How many windows there are, and of how many elements. False (reported): more than can be gone through. */
static bool count_windows(struct planner *p, ir_op op, struct window *w) {
    w->positions = 1;
    for (int i = 0; i < w->rank; i++)
        if (!num_mul_i64(w->positions, w->out[i], &w->positions))
            return plan_error(p, op, "has more windows than can be counted");
    return window_taps(p, op, w->size, w->rank, &w->taps);
}

static bool plan_pool(struct planner *p, struct exec_step *s) {
    struct window *w = PLAN_PARAMS(p, s, struct window);
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    ir_op op = s->op;
    bool ttnn = str_starts_with(ir_op_name_str(p->m, op), STR("ttnn")), ceil = attr_bool(p, op, "ceil_mode");
    int64_t size[2], stride[2], dilation[2], pad[4], batch = 1, h = 0, wd = 0;
    ir_attr flat = ir_op_attr(p->m, op, STR("flattened_compat_info"));
    if (!w)
        return false;
    if (s->row->arg != POOL_GLOBAL) {
        if (!pairs(p, op, ttnn ? "kernel_size" : "kernel", 1, size) || !pairs(p, op, "stride", 1, stride) ||
            !pairs(p, op, "dilation", 1, dilation))
            return false;
        int n = exec_op_ints(p, op, "padding", pad, 4);
        for (int i = 4; i-- > 0;)
            pad[i] = n <= 0 ? 0 : n == 1 ? pad[0] : n == 2 ? pad[i & 1] : pad[i];
    }
    if (ttnn && s->row->arg != POOL_GLOBAL) {
        attr_i64(p, op, "batch_size", &batch);
        attr_i64(p, op, "input_height", &h);
        attr_i64(p, op, "input_width", &wd);
    } else if (flat) {
        dialect_param_int(p->c, flat, STR("batchSize"), &batch);
        dialect_param_int(p->c, flat, STR("inputHeight"), &h);
        dialect_param_int(p->c, flat, STR("inputWidth"), &wd);
    } else {
        if (in->rank != 4)
            return plan_error(p, op, "has an input of rank %d", in->rank);
        batch = in->dims[0];
        h = in->dims[1];
        wd = in->dims[2];
    }
    w->inner = in->rank ? in->dims[in->rank - 1] : 0;
    if (batch * h * wd * w->inner != type_count(in))
        return plan_error(p, op, "has an input of another size than its attributes say");
    if (s->row->arg == POOL_GLOBAL) {
        size[0] = h;
        size[1] = wd;
        stride[0] = stride[1] = dilation[0] = dilation[1] = 1;
        memset(pad, 0, sizeof pad);
    }
    w->rank = 3;
    w->images = w->in[0] = w->out[0] = batch;
    w->size[0] = w->stride[0] = w->dilation[0] = w->holes[0] = w->holes[1] = w->holes[2] = 1;
    for (int i = 0; i < 2; i++) {
        w->in[1 + i] = i ? wd : h;
        w->size[1 + i] = size[i];
        w->stride[1 + i] = stride[i];
        w->dilation[1 + i] = dilation[i];
        w->low[1 + i] = pad[i];
        w->high[1 + i] = pad[2 + i];
        w->out[1 + i] = window_count(w->in[1 + i], pad[i], pad[2 + i], size[i], dilation[i], stride[i], ceil);
    }
    if (!count_windows(p, op, w))
        return false;
    w->indices = s->row->arg == POOL_MAX_INDICES;
    w->average = s->row->arg == POOL_AVERAGE || s->row->arg == POOL_GLOBAL;
    ir_attr include = ir_op_attr(p->m, op, STR("count_include_pad"));
    w->include_pad = !include || attr_bool(p, op, "count_include_pad");
    w->fold = w->average ? FOLD_SUM : FOLD_MAX;
    w->k = w->average ? class_real(p->x, in) : class_join(in, NULL);
    if (w->positions * w->inner != type_count(out))
        return plan_error(p, op, "gives %lld elements, its type says %lld", (long long)(w->positions * w->inner),
                          (long long)type_count(out));
    if (w->indices && (s->n_out < 2 || !type_same_shape(out, out_type(p, s, 1))))
        return plan_error(p, op, "has indices of another shape than its values");
    s->n_in = 1;
    s->flops = (uint64_t)w->positions * (uint64_t)w->taps * (uint64_t)w->inner;
    return true;
}

bool window_taps(struct planner *p, ir_op op, const int64_t *size, int rank, int64_t *out) {
    *out = 1;
    for (int i = 0; i < rank; i++)
        if (!num_mul_i64(*out, size[i], out) || *out > INT32_MAX)
            return plan_error(p, op, "has windows of more than %d elements", INT32_MAX);
    return true;
}

bool window_read(struct planner *p, ir_op op, const struct exec_type *in, struct window_sides *w) {
    static const char *const names[] = {"window_dimensions", "window_strides", "window_dilations", "base_dilations"};
    int64_t pad[2 * TENSOR_MAX_RANK] = {0}, *lists[] = {w->size, w->stride, w->dilation, w->holes};
    w->rank = in->rank;
    for (int l = 0; l < 4; l++) {
        for (int i = 0; i < w->rank; i++)
            lists[l][i] = 1;
        int n = exec_op_ints(p, op, names[l], lists[l], TENSOR_MAX_RANK);
        if (n >= 0 ? n != w->rank && n != 0 : ir_op_attr(p->m, op, str_from_z(names[l])) != 0)
            return plan_error(p, op, "has %d numbers as %s for %d dimensions", n, names[l], w->rank);
        for (int i = 0; i < w->rank; i++)
            if (lists[l][i] < 1 || lists[l][i] > INT32_MAX)
                return plan_error(p, op, "has %lld in its %s", (long long)lists[l][i], names[l]);
    }
    exec_op_ints(p, op, "padding", pad, 2 * TENSOR_MAX_RANK);
    for (int i = 0; i < w->rank; i++) {
        w->low[i] = pad[2 * i];
        w->high[i] = pad[2 * i + 1];
        if (!is_near(w->low[i]) || !is_near(w->high[i]))
            return plan_error(p, op, "has a padding of %lld and %lld", (long long)w->low[i], (long long)w->high[i]);
        int64_t spread = in->dims[i] ? (in->dims[i] - 1) * w->holes[i] + 1 : 0;
        w->out[i] = window_count(spread, w->low[i], w->high[i], w->size[i], w->dilation[i], w->stride[i], false);
    }
    return true;
}

bool window_folds(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    exec_slot in = d->n_operands ? plan_get(p, ir_operand(p->m, op, 0)) : 0;
    vec_fold fold;
    return d->n_operands == 2 && d->n_results == 1 && in && !tensor_dtype_is_complex(slot_type(p->x, in)->dtype) &&
           region_fold(p, op, &fold);
}

/* stablehlo.reduce_window with a plain fold as body (window_folds). */
static bool plan_reduce_window(struct planner *p, struct exec_step *s) {
    struct window *w = PLAN_PARAMS(p, s, struct window);
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    struct window_sides sides = {.rank = 0};
    if (!w || !region_fold(p, s->op, &w->fold) || !window_read(p, s->op, in, &sides))
        return false;
    w->rank = sides.rank;
    w->inner = 1;
    for (int i = 0; i < w->rank; i++) {
        w->in[i] = in->dims[i];
        w->size[i] = sides.size[i];
        w->stride[i] = sides.stride[i];
        w->dilation[i] = sides.dilation[i];
        w->holes[i] = sides.holes[i];
        w->low[i] = sides.low[i];
        w->high[i] = sides.high[i];
        w->out[i] = sides.out[i];
        if (w->rank != out->rank || w->out[i] != out->dims[i])
            return plan_error(p, s->op, "gives another shape than its type says");
    }
    while (w->rank && w->size[w->rank - 1] == 1 && w->stride[w->rank - 1] == 1 && w->holes[w->rank - 1] == 1 &&
           w->low[w->rank - 1] == 0 && w->high[w->rank - 1] == 0)
        w->inner *= w->in[--w->rank];
    if (!count_windows(p, s->op, w))
        return false;
    w->initial = true;
    w->k = class_join(in, NULL);
    s->flops = (uint64_t)w->positions * (uint64_t)w->taps * (uint64_t)w->inner;
    return true;
}

struct window_loop {
    const struct window *w;
    const struct vec *v;
    const char *in, *initial;
    char *out, *indices;
    char *rows; /* [worker][W][inner] lanes */
    enum tensor_dtype index_dtype;
};

/* Where tap k of the window at y falls: the row of the input, or -1. Goes on to the next tap. */
static int64_t next_tap(const struct window *w, const int64_t *y, int64_t *k) {
    int64_t at = 0;
    for (int i = 0; i < w->rank && at >= 0; i++) {
        int64_t from = y[i] * w->stride[i] + k[i] * w->dilation[i] - w->low[i];
        bool inside = from >= 0;
        if (inside && w->holes[i] != 1) { /* divisions cost more than all else here */
            inside = from % w->holes[i] == 0;
            from /= w->holes[i];
        }
        at = inside && from < w->in[i] ? at * w->in[i] + from : -1;
    }
    for (int i = w->rank; i-- > 0;) {
        if (++k[i] < w->size[i])
            break;
        k[i] = 0;
    }
    return at;
}

/* How many cells an average divides by. */
static int64_t cells(const struct window *w, const int64_t *y) {
    int64_t n = 1;
    for (int i = 0; i < w->rank; i++) {
        int64_t begin = y[i] * w->stride[i] - w->low[i], count = 0;
        for (int64_t k = 0; k < w->size[i]; k++) {
            int64_t at = begin + k * w->dilation[i];
            bool real = at >= 0 && at < w->in[i];
            bool padded = at >= -w->low[i] && at < w->in[i] + w->high[i];
            count += w->include_pad ? padded : real;
        }
        n *= count;
    }
    return n ? n : 1;
}

static void window_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct window_loop *l = ctx;
    const struct window *w = l->w;
    size_t size = l->v->size, inner = (size_t)w->inner;
    int64_t y[TENSOR_MAX_RANK];
    size_t rest = begin;
    (void)worker;
    for (int i = w->rank; i-- > 0;) {
        y[i] = (int64_t)(rest % (size_t)w->out[i]);
        rest /= (size_t)w->out[i];
    }
    for (size_t r = begin; r < end; r++) {
        int64_t k[TENSOR_MAX_RANK] = {0};
        char *out = l->out + r * inner * size;
        bool first = !l->initial;
        if (l->initial) {
            memcpy(out, l->initial, size);
            l->v->spread(out, inner);
        }
        for (int64_t t = 0; t < w->taps; t++) {
            int64_t at = next_tap(w, y, k);
            if (at < 0)
                continue;
            const char *in = l->in + (size_t)at * inner * size;
            if (first)
                memcpy(out, in, inner * size);
            else
                l->v->merge[w->fold](out, in, inner);
            first = false;
        }
        if (first)
            l->v->set(out, w->average ? 0 : -INFINITY, inner);
        if (w->average)
            l->v->scale(out, out, 1.0 / (double)cells(w, y), inner);
        struct tensor ids = {.dtype = l->index_dtype, .data = l->indices};
        for (size_t c = 0; w->indices && c < inner; c++) {
            int64_t best = 0;
            double most = -INFINITY;
            bool any = false;
            for (int64_t t = 0; t < w->taps; t++) {
                int64_t at = next_tap(w, y, k);
                double v = at < 0 ? 0 : l->v->get(l->in + ((size_t)at * inner + c) * size);
                if (at >= 0 && (!any || v > most)) {
                    most = v;
                    best = at % (w->in[1] * w->in[2]);
                    any = true;
                }
            }
            tensor_set(&ids, (int64_t)(r * inner + c), (double)best);
        }
        for (int i = w->rank; i-- > 0;) {
            if (++y[i] < w->out[i])
                break;
            y[i] = 0;
        }
    }
}

/* Whether the maximum over an image's windows can be taken over the rows first, all columns at once. */
static bool by_rows(const struct window *w) {
    return w->fold == FOLD_MAX && !w->indices && !w->initial && w->rank == 3 && w->inner && w->in[2];
}

/* Output rows [begin, end) of all images. */
static void row_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct window_loop *l = ctx;
    const struct window *w = l->w;
    const struct vec *v = l->v;
    size_t inner = (size_t)w->inner, cell = inner * v->size, width = (size_t)w->in[2];
    char *high = l->rows + worker * width * cell; /* [W][inner]: the largest of each column */
    for (size_t r = begin; r < end; r++) {
        int64_t y = (int64_t)(r % (size_t)w->out[1]), image = (int64_t)(r / (size_t)w->out[1]);
        bool any = false;
        for (int64_t k = 0; k < w->size[1]; k++) {
            int64_t from = y * w->stride[1] + k * w->dilation[1] - w->low[1];
            if (from < 0 || from >= w->in[1])
                continue;
            const char *in = l->in + (size_t)(image * w->in[1] + from) * width * cell;
            if (any)
                v->merge[FOLD_MAX](high, in, width * inner);
            else
                memcpy(high, in, width * cell);
            any = true;
        }
        char *out = l->out + r * (size_t)w->out[2] * cell;
        v->set(out, -INFINITY, (size_t)w->out[2] * inner);
        for (int64_t k = 0; any && k < w->size[2]; k++) {
            /* Windows whose column k lies inside. */
            int64_t at = k * w->dilation[2] - w->low[2], step = w->stride[2];
            int64_t from = at < 0 ? (-at + step - 1) / step : 0, stop = (w->in[2] - at + step - 1) / step;
            stop = at >= w->in[2] ? 0 : stop < w->out[2] ? stop : w->out[2];
            if (from < stop)
                v->max_rows(out + (size_t)from * cell, high + (size_t)(from * step + at) * cell, (size_t)(stop - from),
                            inner, (size_t)step * inner);
        }
    }
}

static bool run_window(struct call *c) {
    const struct window *w = c->s->params;
    struct window_loop l = {.w = w, .v = c->x->vec[w->k]};
    if (!(l.in = call_lanes(c, &c->in[0], w->k)) || (w->initial && !(l.initial = call_lanes(c, &c->in[1], w->k))) ||
        !(l.out = call_room(c, &c->out[0], w->k)))
        return false;
    if (w->indices) {
        l.indices = c->out[1].data;
        l.index_dtype = c->out[1].type->dtype;
    }
    if (by_rows(w)) {
        size_t row = (size_t)(w->in[2] * w->inner);
        l.rows = call_scratch(c, pool_threads(c->x->pool) * row * l.v->size);
        if (!l.rows || !call_loop(c, (size_t)(w->out[0] * w->out[1]),
                                  (size_t)(65536 / ((size_t)w->size[1] * row + 1)) + 1, row_piece, &l))
            return false;
    } else if (w->inner &&
               !call_loop(c, (size_t)w->positions, (size_t)(65536 / (w->taps * w->inner)) + 1, window_piece, &l))
        return false;
    call_store(c, &c->out[0], l.out, w->k);
    return true;
}
/* Pools keep channels apart, so that each block of them is as good as an image of its own. */
static bool pool_images(const struct planner *p, const struct exec_step *s, uint32_t i, struct images *out) {
    const struct window *w = s->params;
    bool result = i > 0;
    int64_t positions = result ? w->out[1] * w->out[2] : w->in[1] * w->in[2];
    (void)p;
    *out = (struct images){.batch = w->in[0],
                           .channels = w->inner,
                           .positions = positions,
                           .batch_step = positions * w->inner,
                           .channel_step = 1,
                           .position_step = w->inner,
                           .with_result = true};
    return !w->indices;
}

static bool pool_blocks(struct planner *p, struct exec_step *s, bool operand, bool result) {
    struct window *w = s->params;
    int64_t block = dnnl_block(p->x), parts = w->in[0] / w->images;
    bool split = operand && result;
    w->inner *= parts;
    w->positions /= parts;
    parts = split ? w->inner / block : 1;
    w->inner /= parts;
    w->positions *= parts;
    w->in[0] = w->out[0] = w->images * parts;
    return operand == result;
}

const struct kernel kernel_pool = {
    .name = "window fold", .plan = plan_pool, .run = run_window, .images = pool_images, .blocks = pool_blocks};
const struct kernel kernel_reduce_window = {"window fold", plan_reduce_window, run_window, 0};

/* --- bilinear upsampling ------------------------------------------------------------------------------------------ */

static bool plan_upsample(struct planner *p, struct exec_step *s) {
    if (!str_eq(attr_text(p, s->op, "mode"), STR("bilinear"))) {
        s->run = kernel_upsample_nearest.run;
        return kernel_upsample_nearest.plan(p, s);
    }
    if (in_type(p, s, 0)->rank != 4 || out_type(p, s, 0)->rank != 4)
        return plan_error(p, s->op, "has an input of rank %d", in_type(p, s, 0)->rank);
    s->n_in = 1;
    return true;
}

static bool run_upsample(struct call *c) {
    const struct exec_type *from = c->in[0].type, *to = c->out[0].type;
    vec_class k = class_real(c->x, from);
    const struct vec *v = c->x->vec[k];
    const char *in = call_lanes(c, &c->in[0], k);
    char *out = in ? call_room(c, &c->out[0], k) : NULL;
    if (!out)
        return false;
    size_t row = (size_t)from->dims[3] * v->size;
    for (int64_t n = 0; n < to->dims[0]; n++)
        for (int64_t y = 0; y < to->dims[1]; y++)
            for (int64_t x = 0; x < to->dims[2]; x++) {
                /* Half-pixel centres, the border repeated (align_corners false). */
                int64_t at[2] = {y, x}, low[2], high[2];
                double f[2];
                for (int i = 0; i < 2; i++) {
                    int64_t size = from->dims[1 + i];
                    double centre = ((double)at[i] + 0.5) * (double)size / (double)to->dims[1 + i] - 0.5;
                    centre = centre < 0 ? 0 : centre;
                    low[i] = (int64_t)centre < size - 1 ? (int64_t)centre : size - 1;
                    high[i] = low[i] + 1 < size ? low[i] + 1 : low[i];
                    f[i] = centre - (double)low[i];
                }
                char *d = out + (size_t)((n * to->dims[1] + y) * to->dims[2] + x) * row;
                v->set(d, 0, (size_t)from->dims[3]);
                for (int i = 0; i < 4; i++) {
                    int64_t sy = i & 2 ? high[0] : low[0], sx = i & 1 ? high[1] : low[1];
                    double weight = (i & 2 ? f[0] : 1 - f[0]) * (i & 1 ? f[1] : 1 - f[1]);
                    v->axpy(d, in + (size_t)((n * from->dims[1] + sy) * from->dims[2] + sx) * row, weight,
                            (size_t)from->dims[3]);
                }
            }
    call_store(c, &c->out[0], out, k);
    return true;
}
const struct kernel kernel_upsample = {"upsample", plan_upsample, run_upsample, 0};
