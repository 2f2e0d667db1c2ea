/* oneDNN at work.
 *
 * Every op has a primitive whose weights are in the layout that the primitive likes best; steady weights are packed once
 * and kept, others at each run. What follows a convolution becomes part of its weights and bias where it can, and else, as
 * behind products, something that the primitive does with each block of results; what Winograd's algorithm cannot do so is a
 * loop behind it. bf16 is used as such where the processor is faster with it; all else is computed in f32, operands of other
 * types being converted on the way. Scratch memory is the run's, so that primitives hold none.
 */
#include <string.h>

#include "exec/onednn_inner.h"

static bool reorder(struct call *c, struct dnnl_op *op, int which, const void *from, void *to) {
    struct dnnl_state *s = c->x->dnnl;
    const dnnl_memory_desc_t *of[3] = {which == DST ? &op->wanted[which] : &op->user[which],
                                       which == DST ? &op->user[which] : &op->wanted[which],
                                       &op->reorder_scratch[which]};
    size_t scratch = s->lib.dnnl_memory_desc_get_size(of[2]);
    void *data[3] = {(void *)(uintptr_t)from, to, scratch ? call_scratch(c, scratch) : NULL};
    if (scratch && !data[2])
        return false;
    static const int names[3] = {DNNL_ARG_FROM, DNNL_ARG_TO, DNNL_ARG_SCRATCHPAD};
    dnnl_exec_arg_t args[3];
    int n = 0;
    bool ok = true;
    for (int i = 0; ok && i < (scratch ? 3 : 2); i++) {
        args[i].arg = names[i];
        ok = s->lib.dnnl_memory_create(&args[i].memory, of[i], s->engine, data[i]) == dnnl_success;
        n += ok;
    }
    ok = ok && dnnl_execute(c->x, op->reorder[which], n, args) == dnnl_success;
    while (n)
        s->lib.dnnl_memory_destroy(args[--n].memory);
    return ok || call_error(c, "oneDNN could not reorder an operand");
}

struct conversion {
    const exec_plan *x;
    char *to;
    const char *from;
    enum tensor_dtype to_type, from_type;
};

static void convert_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct conversion *w = ctx;
    (void)worker;
    exec_convert(w->x, w->to + begin * tensor_dtype_size(w->to_type), w->to_type,
                 w->from + begin * tensor_dtype_size(w->from_type), w->from_type, end - begin);
}

static bool convert(struct call *c, void *to, enum tensor_dtype to_type, const void *from, enum tensor_dtype from_type,
                    size_t n) {
    struct conversion w = {c->x, to, from, to_type, from_type};
    return call_loop(c, n, 1 << 16, convert_piece, &w);
}

/* An operand's bytes as the primitive wants them; `own` is where they go when they are kept. NULL: error set. */
static const void *operand(struct call *c, struct dnnl_op *op, int which, const void *data, void *own) {
    if (op->given[which] != op->used[which]) {
        size_t n = (size_t)op->extent[which];
        void *to = own && !op->reorder[which] ? own : call_scratch(c, n * tensor_dtype_size(op->used[which]));
        if (!to || !convert(c, to, op->used[which], data, op->given[which], n))
            return NULL;
        data = to;
    }
    if (!op->reorder[which])
        return data;
    void *to = own ? own : call_scratch(c, op->reordered[which]);
    return to && reorder(c, op, which, data, to) ? to : NULL;
}

/* What is folded into the weights and the bias of each channel. */
static float *fold_channels(struct call *c, const struct dnnl_op *op, const void *bias, const struct exec_arg *with,
                            bool scale) {
    size_t n = (size_t)op->channels;
    float *to = call_scratch(c, 2 * n * sizeof *to), *by = to ? to + n : NULL;
    if (!to)
        return NULL;
    for (size_t i = 0; i < n; i++)
        to[i] = scale ? 1 : 0;
    if (!scale && bias)
        exec_convert(c->x, to, TENSOR_F32, bias, op->bias, n);
    for (uint32_t f = 0; f < op->n_folds; f++) {
        bool product = op->folds[f].kind == TAIL_MUL;
        exec_convert(c->x, by, TENSOR_F32, with[op->folds[f].with].data, op->folds[f].dtype, op->folds[f].one ? 1 : n);
        for (size_t i = 0; i < n; i++) {
            float x = by[op->folds[f].one ? 0 : i];
            to[i] = product ? to[i] * x : scale ? to[i] : op->folds[f].kind == TAIL_SUB ? to[i] - x : to[i] + x;
        }
    }
    return to;
}

struct scaling {
    const dnnl_memory_desc_t *md; /* [group,] out, in, spatial... */
    int out;                      /* which dimension that is */
    const float *by;
    float *weights;
};

static void scale_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct scaling *w = ctx;
    const dnnl_dim_t *dims = w->md->dims, *strides = w->md->format_desc.blocking.strides;
    int n = w->md->ndims, last = n - 1;
    (void)worker;
    for (size_t channel = begin; channel < end; channel++) {
        dnnl_dim_t o = (dnnl_dim_t)channel % dims[w->out], g = (dnnl_dim_t)channel / dims[w->out];
        dnnl_dim_t index[DNNL_MAX_NDIMS] = {0};
        float *at = w->weights + o * strides[w->out] + (w->out ? g * strides[0] : 0), by = w->by[channel];
        for (bool more = true; more;) {
            for (dnnl_dim_t i = 0; i < dims[last]; i++)
                at[i * strides[last]] *= by;
            more = false;
            for (int d = last; !more && d-- > w->out + 1;) {
                more = ++index[d] < dims[d];
                at += (more ? 1 : 1 - dims[d]) * strides[d];
                index[d] = more ? index[d] : 0;
            }
        }
    }
}

/* One block for the packed weights of all ops. */
static bool room_for_weights(struct call *c) {
    struct dnnl_state *s = c->x->dnnl;
    s->packed_bytes = 0;
    for (struct dnnl_op *op = s->ops; op; op = op->next) {
        op->packed_at = s->packed_bytes;
        s->packed_bytes += (op->packed_bytes + 63) & ~(size_t)63;
    }
    return (s->packed = mem_huge_realloc(c->x->mem, NULL, 0, s->packed_bytes + 64)) != NULL;
}

/* Steady weights as the primitive wants them, made in the first run. */
static const void *packed_weights(struct call *c, struct dnnl_op *op, const void *data, const struct exec_arg *with) {
    struct dnnl_state *s = c->x->dnnl;
    if (op->packing)
        op = op->packing;
    if (!s->packed && !room_for_weights(c)) {
        call_error(c, "out of memory");
        return NULL;
    }
    char *to = s->packed + (64 - (uintptr_t)s->packed % 64) % 64 + op->packed_at;
    if (op->is_packed)
        return to;
    if (op->scaled) {
        /* The op computes in f32 then. */
        size_t n = (size_t)op->extent[WEIGHTS];
        struct scaling w = {.md = &op->user[WEIGHTS],
                            .out = op->grouped,
                            .weights = op->reorder[WEIGHTS] ? call_scratch(c, n * sizeof(float)) : (void *)to};
        w.by = w.weights ? fold_channels(c, op, NULL, with, true) : NULL;
        if (!w.by || !convert(c, w.weights, TENSOR_F32, data, op->given[WEIGHTS], n) ||
            !call_loop(c, (size_t)op->channels, 8, scale_piece, &w) ||
            (op->reorder[WEIGHTS] && !reorder(c, op, WEIGHTS, w.weights, to)))
            return NULL;
    } else if (!operand(c, op, WEIGHTS, data, to)) {
        return NULL;
    }
    op->is_packed = true;
    return to;
}

struct going_on {
    vec_fn *fn;
    float *data;
};

static void go_on_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    enum { PIECE = 1024 };
    const struct going_on *w = ctx;
    float from[PIECE];
    (void)worker;
    for (size_t at = begin, n; at < end; at += n) {
        n = end - at < PIECE ? end - at : PIECE;
        memcpy(from, w->data + at, n * sizeof *from);
        w->fn(w->data + at, from, NULL, NULL, n, NULL);
    }
}

/* The op behind the primitive, on its result as it lies. */
static bool go_on(struct call *c, const struct dnnl_op *op, void *data) {
    static const vec_op functions[] = {[TAIL_GELU] = VEC_GELU, [TAIL_SIGMOID] = VEC_SIGMOID, [TAIL_SILU] = VEC_SILU};
    const struct vec *v = c->x->vec[VEC_F32];
    struct going_on w = {.fn = v->op[functions[op->behind]], .data = data};
    size_t n = op->reordered[DST] ? op->reordered[DST] / sizeof(float) : (size_t)op->extent[DST];
    return call_loop(c, n, 1 << 14, go_on_piece, &w);
}

bool dnnl_op_run(struct call *c, struct dnnl_op *op, const void *const data[4], const struct exec_arg *with) {
    struct dnnl_state *s = c->x->dnnl;
    const void *in[N_MEMORIES] = {0};
    char *out = (char *)(uintptr_t)data[DST], *to = out;
    if (!(in[SRC] = operand(c, op, SRC, data[SRC], NULL)) ||
        !(in[WEIGHTS] =
              op->packs ? packed_weights(c, op, data[WEIGHTS], with) : operand(c, op, WEIGHTS, data[WEIGHTS], NULL)) ||
        (op->biased && !(in[BIAS] = op->n_folds ? fold_channels(c, op, data[BIAS], with, false)
                                                : operand(c, op, BIAS, data[BIAS], NULL))))
        return false;
    char *converted = out;
    if (op->given[DST] != op->used[DST])
        converted = to = call_scratch(c, (size_t)op->extent[DST] * tensor_dtype_size(op->used[DST]));
    if (to && op->reorder[DST])
        to = call_scratch(c, op->reordered[DST]);
    if (!to || (op->scratch && !(in[SCRATCH] = call_scratch(c, op->scratch))))
        return false;
    if (op->adds && with[op->added].data != to &&
        !convert(c, to, op->used[DST], with[op->added].data, op->added_type, (size_t)op->extent[DST]))
        return false;
    in[DST] = to;
    if (op->pieces[0].primitive)
        return dnnl_run_pieces(c, op, in, with) &&
               (converted == out || convert(c, out, op->given[DST], converted, op->used[DST], (size_t)op->extent[DST]));
    static const int names[N_MEMORIES] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST,
                                          DNNL_ARG_SCRATCHPAD};
    dnnl_exec_arg_t args[N_MEMORIES + TAIL_MAX];
    int n = 0;
    for (uint32_t i = 0; i < op->n_tail; i++) {
        s->lib.dnnl_memory_set_data_handle(op->tail[i].memory, with[op->tail[i].with].data);
        args[n++] =
            (dnnl_exec_arg_t){DNNL_ARG_ATTR_MULTIPLE_POST_OP(op->tail[i].place) | DNNL_ARG_SRC_1, op->tail[i].memory};
    }
    for (int i = 0; i < N_MEMORIES; i++)
        if (op->memory[i]) {
            s->lib.dnnl_memory_set_data_handle(op->memory[i], (void *)(uintptr_t)in[i]);
            args[n++] = (dnnl_exec_arg_t){names[i], op->memory[i]};
        }
    if (dnnl_execute(c->x, op->primitive, n, args) != dnnl_success)
        return call_error(c, "oneDNN could not run it");
    if (op->goes_on && !go_on(c, op, to))
        return false;
    if (op->reorder[DST] && !reorder(c, op, DST, to, converted))
        return false;
    return converted == out || convert(c, out, op->given[DST], converted, op->used[DST], (size_t)op->extent[DST]);
}

int64_t dnnl_block(const exec_plan *x) {
    return x->dnnl && x->dnnl->wide ? 16 : 0; /* 8 with AVX2, which nobody has measured */
}

bool dnnl_conv_in_f32(const void *state) {
    return ((const struct dnnl_op *)state)->used[SRC] == TENSOR_F32;
}

uint64_t dnnl_conv_moved(const void *state, bool result) {
    int which = result ? DST : SRC;
    uint64_t n = 0;
    for (const struct dnnl_op *op = state; op; op = op->next_slice)
        n += op->reordered[which] ? (uint64_t)(op->extent[which] * op->part.times) : 0;
    return n;
}

void dnnl_share_packing(exec_plan *x, struct dnnl_op *op, struct dnnl_op *with) {
    op->packing = with;
    x->packed -= op->packed_bytes;
    x->dnnl->transformed -= op->transformed ? op->packed_bytes : 0;
    op->packed_bytes = 0;
}

static void drop(exec_plan *x, struct dnnl_op *op) {
    for (struct dnnl_op **at = x->dnnl ? &x->dnnl->ops : NULL; at && *at; at = &(*at)->next)
        if (*at == op) {
            *at = op->next;
            x->packed -= op->packed_bytes;
            x->dnnl->transformed -= op->transformed ? op->packed_bytes : 0;
            dnnl_free_op(x, op);
            return;
        }
}

void dnnl_drop(exec_plan *x, void *state) {
    for (struct dnnl_op *op = state, *next; op; op = next) {
        next = op->next_slice;
        drop(x, op);
    }
}

int dnnl_conv_added(const void *state) {
    const struct dnnl_op *op = state;
    return op->adds ? (int)op->added : -1;
}
