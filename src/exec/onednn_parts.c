/* Large convolutions in parts, one after the other: a primitive cannot be stopped, but between two of them a request is heard.
 *
 *   channels last        some rows of the result, from the rows of the input that they look at
 *   channels first, or   some channels of the result, from all of the input
 *   in blocks
 *
 * so that what a part reads and writes lies in one piece of its tensor. Only single images are cut so; of several, each is a part.
 * How they are cut depends on the shape alone, and so results do not depend on threads.
 */
#include "exec/onednn_inner.h"

/* Operations of a part, and its fewest channels. */
#define MOST_FLOPS 6e9
#define WINOGRAD_SPARES 2.25 /* with its smaller tiles */
enum { LEAST_CHANNELS = 32 };

static double flops_of(const struct dnnl_conv *w) {
    double n = 2.0 * (double)w->batch * (double)w->out_channels * (double)w->in_channels / (double)w->groups;
    for (int i = 0; i < w->spatial; i++)
        n *= (double)w->out[i] * (double)w->kernel[i];
    return n;
}

static int64_t product(const int64_t *v, int n) {
    int64_t p = 1;
    for (int i = 0; i < n; i++)
        p *= v[i];
    return p;
}

/* What is counted by parts, and how much of it each has; ALL: it is not cut. */
enum cut { CUT_NONE, CUT_IMAGES, CUT_ROWS, CUT_CHANNELS };

static enum cut cut_of(const exec_plan *x, const struct dnnl_conv *w, int64_t *all, int64_t *each) {
    double parts = flops_of(w) / (dnnl_conv_winograd(x, w) ? WINOGRAD_SPARES : 1) / MOST_FLOPS;
    if (parts <= 1 || w->transposed)
        return CUT_NONE;
    if (w->batch > 1) {
        if (w->in_blocks || w->out_blocks)
            return CUT_NONE;
        *all = w->batch;
        *each = 1;
        return CUT_IMAGES;
    }
    int64_t positions = product(w->out, w->spatial);
    int64_t n = (int64_t)parts + 1;
    if (w->groups == 1 && (w->out_blocks || (w->out_strides[1] >= positions && positions > 1))) {
        *all = w->out_channels;
        *each = ((*all + n - 1) / n + LEAST_CHANNELS - 1) / LEAST_CHANNELS * LEAST_CHANNELS;
        return *each < *all ? CUT_CHANNELS : CUT_NONE;
    }
    if (w->in_blocks || w->out_blocks || w->out_strides[1] != 1 || w->out[0] < n)
        return CUT_NONE;
    *all = w->out[0];
    *each = (*all + n - 1) / n;
    return CUT_ROWS;
}

/* Rows [at, at + n) of the result: false when they look at no input. */
static bool cut_rows(const struct dnnl_conv *w, int64_t at, int64_t n, struct dnnl_conv *part,
                     struct dnnl_part *where) {
    int64_t first = at * w->stride[0] - w->pad_low[0];
    int64_t end = (at + n - 1) * w->stride[0] + (w->kernel[0] - 1) * (w->dilation[0] + 1) + 1 - w->pad_low[0];
    int64_t low = first > 0 ? first : 0, high = end < w->in[0] ? end : w->in[0];
    part->out[0] = n;
    part->in[0] = high - low;
    part->pad_low[0] = low - first;
    part->pad_high[0] = end - high;
    /* The step from image to image, of which there is one, tells oneDNN whether a tensor is dense. */
    part->in_strides[0] = (high - low) * w->in_strides[2];
    part->out_strides[0] = n * w->out_strides[2];
    where->src = low * w->in_strides[2];
    where->dst = at * w->out_strides[2];
    return high > low;
}

static void cut_channels(const struct dnnl_conv *w, int64_t at, int64_t n, struct dnnl_conv *part,
                         struct dnnl_part *where) {
    part->out_channels = n;
    part->out_strides[0] = n * w->out_strides[1];
    where->weights = at * w->weight_strides[1];
    where->channel = at;
    where->dst = at * (w->out_blocks ? product(w->out, w->spatial) : w->out_strides[1]);
}

/* Rows are made with the same weights: of those parts that want them alike, the first one packs them. */
static void share_weights(exec_plan *x, struct dnnl_op *first, struct dnnl_op *op) {
    const struct library *lib = &x->dnnl->lib;
    for (; op->packs && first != op; first = first->next_slice)
        if (first->packs && !first->packing && first->used[WEIGHTS] == op->used[WEIGHTS] &&
            lib->dnnl_memory_desc_equal(&first->wanted[WEIGHTS], &op->wanted[WEIGHTS])) {
            dnnl_share_packing(x, op, first);
            return;
        }
}

/* The ops of all parts; false when oneDNN has none for one of them. */
static bool make_parts(exec_plan *x, const struct dnnl_conv *w, const struct dnnl_tail *tail, enum cut cut, int64_t all,
                       int64_t each, struct dnnl_op **first) {
    struct dnnl_op **last = first;
    *first = NULL;
    /* All images are one op, which runs for each. */
    for (int64_t at = 0; at < (cut == CUT_IMAGES ? 1 : all); at += each) {
        struct dnnl_conv one = *w;
        struct dnnl_part part = {.times = cut == CUT_IMAGES ? all : 1};
        void *made = NULL;
        int64_t n = all - at < each ? all - at : each;
        bool ok = true;
        if (cut == CUT_IMAGES) {
            one.batch = 1;
            part.src_step = w->in_strides[0];
            part.dst_step = w->out_strides[0];
        } else if (cut == CUT_ROWS) {
            ok = cut_rows(w, at, n, &one, &part);
        } else if (cut == CUT_CHANNELS) {
            cut_channels(w, at, n, &one, &part);
        }
        if (!ok || !dnnl_conv_whole_ready(x, &one, tail, &made))
            return false;
        struct dnnl_op *op = made;
        for (uint32_t i = 0; i < tail->n; i++)
            if (tail->ops[i].with)
                part.with[part.n_with++] = tail->ops[i].spread;
        op->part = part;
        *last = op;
        last = &op->next_slice;
        if (cut == CUT_ROWS)
            share_weights(x, *first, op);
    }
    return true;
}

bool dnnl_conv_ready(exec_plan *x, const struct dnnl_conv *w, const struct dnnl_tail *tail, void **state) {
    int64_t all = 1, each = 1;
    enum cut cut = cut_of(x, w, &all, &each);
    struct dnnl_op *first;
    bool ok = make_parts(x, w, tail, cut, all, each, &first);
    if (!ok)
        dnnl_drop(x, first);
    ok = ok || (cut != CUT_NONE && make_parts(x, w, tail, CUT_NONE, 1, 1, &first));
    *state = ok ? first : NULL;
    return ok;
}

static char *move_on(const void *data, int64_t elements, enum tensor_dtype t) {
    return data ? (char *)(uintptr_t)data + elements * (int64_t)tensor_dtype_size(t) : NULL;
}

/* Time number k of an op. */
static bool run_part(struct call *c, struct dnnl_op *op, const void *const data[4], const struct exec_arg *with,
                     int64_t k) {
    const struct dnnl_part *p = &op->part;
    struct exec_arg own[TAIL_MAX];
    int64_t dst = p->dst + k * p->dst_step;
    for (uint32_t i = 0; i < p->n_with; i++) {
        own[i] = with[i];
        own[i].data = move_on(with[i].data,
                              p->with[i] == TAIL_FULL      ? dst
                              : p->with[i] == TAIL_CHANNEL ? p->channel
                                                           : 0,
                              with[i].type->dtype);
    }
    const void *in[4] = {move_on(data[SRC], p->src + k * p->src_step, op->given[SRC]),
                         move_on(data[WEIGHTS], p->weights, op->given[WEIGHTS]),
                         move_on(data[BIAS], p->channel, op->bias), move_on(data[DST], dst, op->given[DST])};
    return dnnl_op_run(c, op, in, own);
}

bool dnnl_conv_run(struct call *c, void *state, const void *in, const void *weight, const void *bias,
                   const struct exec_arg *with, void *out) {
    const void *data[4] = {in, weight, bias, out};
    struct dnnl_op *op = state;
    if (!op->next_slice && op->part.times == 1)
        return dnnl_op_run(c, op, data, with);
    for (; op; op = op->next_slice)
        for (int64_t k = 0; k < op->part.times; k++) {
            struct scratch_mark mark = call_scratch_mark(c);
            bool ok = !call_stopped(c) && run_part(c, op, data, with, k);
            call_scratch_release(c, mark);
            if (!ok)
                return false;
        }
    return true;
}
