/* Making oneDNN's primitives for products and convolutions. */
#include <string.h>

#include "exec/onednn_inner.h"

static dnnl_data_type_t type_of_dtype(enum tensor_dtype t) {
    return t == TENSOR_BF16 ? dnnl_bf16 : dnnl_f32;
}

bool dnnl_strided(struct dnnl_state *s, struct dnnl_op *op, int which, int n, const int64_t *dims,
                  const int64_t *strides) {
    dnnl_dims_t d, st;
    int64_t last = 0;
    for (int i = 0; i < n; i++) {
        d[i] = dims[i];
        st[i] = strides[i] ? strides[i] : 1; /* of dimensions of 1 */
        if (dims[i] < 1 || (strides[i] == 0 && dims[i] > 1))
            return false;
        last += (dims[i] - 1) * strides[i];
    }
    op->extent[which] = last + 1;
    return s->lib.dnnl_memory_desc_init_by_strides(&op->user[which], n, d, type_of_dtype(op->used[which]), st) ==
           dnnl_success;
}

/* The same tensor in whatever layout the primitive likes. */
static dnnl_memory_desc_t any_layout(struct dnnl_state *s, const dnnl_memory_desc_t *md) {
    dnnl_memory_desc_t any = *md;
    s->lib.dnnl_memory_desc_init_by_tag(&any, md->ndims, md->dims, md->data_type, dnnl_format_tag_any);
    return any;
}

/* Which element types the primitive computes with. */
static void choose_types(const struct dnnl_state *s, struct dnnl_op *op, enum tensor_dtype a, enum tensor_dtype b,
                         enum tensor_dtype bias, enum tensor_dtype out) {
    enum tensor_dtype given[4] = {a, b, bias, out};
    bool bf16 = s->bf16 && a == TENSOR_BF16 && b == TENSOR_BF16;
    for (int i = 0; i < 4; i++) {
        op->given[i] = given[i];
        op->used[i] = bf16 && given[i] == TENSOR_BF16 ? TENSOR_BF16 : TENSOR_F32;
    }
}

/* Attributes of a primitive whose scratch memory is ours; NULL when they cannot be made. */
static dnnl_primitive_attr_t own_scratch(struct library *lib) {
    dnnl_primitive_attr_t attr;
    if (lib->dnnl_primitive_attr_create(&attr) != dnnl_success)
        return NULL;
    if (lib->dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) == dnnl_success)
        return attr;
    lib->dnnl_primitive_attr_destroy(attr);
    return NULL;
}

/* How much of it that is. */
static dnnl_memory_desc_t scratch_of(struct library *lib, const_dnnl_primitive_desc_t pd) {
    const dnnl_memory_desc_t *md = lib->dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    return md ? *md : (dnnl_memory_desc_t){0};
}

static bool add_reorder(exec_plan *x, struct dnnl_op *op, int which, const dnnl_memory_desc_t *wanted) {
    struct dnnl_state *s = x->dnnl;
    op->wanted[which] = *wanted;
    if (s->lib.dnnl_memory_desc_equal(&op->user[which], wanted))
        return true;
    op->reordered[which] = s->lib.dnnl_memory_desc_get_size(wanted);
    bool out = which == DST;
    dnnl_primitive_attr_t attr = own_scratch(&s->lib);
    bool ok = attr && s->lib.dnnl_reorder_primitive_desc_create(&op->described[which], out ? wanted : &op->user[which],
                                                                s->engine, out ? &op->user[which] : wanted, s->engine,
                                                                attr) == dnnl_success;
    if (attr)
        s->lib.dnnl_primitive_attr_destroy(attr);
    if (ok)
        op->reorder_scratch[which] = scratch_of(&s->lib, op->described[which]);
    return ok;
}

/* The operand of an op behind the primitive: in the shape of its result, with 1 where it is spread. Channels come second, or
 * (of products) last. */
static bool tail_operand(exec_plan *x, struct dnnl_op *op, const struct tail_op *t, int place, uint32_t with,
                         bool product, dnnl_memory_desc_t *md) {
    struct library *lib = &x->dnnl->lib;
    const dnnl_memory_desc_t *dst = &op->user[DST];
    dnnl_dims_t dims, strides;
    int channel = product ? dst->ndims - 1 : 1;
    for (int i = 0; i < dst->ndims; i++) {
        dims[i] = t->spread == TAIL_CHANNEL && i == channel ? dst->dims[i] : 1;
        strides[i] = i <= channel ? dst->dims[channel] : 1;
    }
    strides[channel] = 1;
    *md = *dst;
    md->data_type = type_of_dtype(t->dtype);
    if ((t->spread != TAIL_FULL &&
         lib->dnnl_memory_desc_init_by_strides(md, dst->ndims, dims, md->data_type, strides) != dnnl_success) ||
        lib->dnnl_memory_create(&op->tail[op->n_tail].memory, md, x->dnnl->engine, DNNL_MEMORY_NONE) != dnnl_success)
        return false;
    op->tail[op->n_tail].with = with;
    op->tail[op->n_tail++].place = place;
    return true;
}

/* How many of the ops at the front become part of a convolution's weights and bias: products and sums with one number, or
 * one for each channel. A blocked result costs nothing then, where each op would cost as much as some channels of input. */
static uint32_t fold_tail(struct dnnl_op *op, const struct dnnl_tail *tail) {
    uint32_t n = 0, with = 0;
    for (; n < tail->n; n++) {
        const struct tail_op *t = &tail->ops[n];
        bool product = t->kind == TAIL_MUL;
        if (!t->with || t->spread == TAIL_FULL || (product && !(op->steady && t->steady)))
            break;
        op->folds[n].kind = t->kind;
        op->folds[n].one = t->spread == TAIL_ONE;
        op->folds[n].with = with++;
        op->folds[n].dtype = t->dtype;
        op->scaled |= product;
    }
    return op->n_folds = n;
}

static bool append_tail(exec_plan *x, struct dnnl_op *op, const struct dnnl_tail *tail, bool product,
                        dnnl_post_ops_t to) {
    static const dnnl_alg_kind_t algorithms[] = {
        [TAIL_ADD] = dnnl_binary_add,    [TAIL_MUL] = dnnl_binary_mul,        [TAIL_SUB] = dnnl_binary_sub,
        [TAIL_RELU] = dnnl_eltwise_relu, [TAIL_GELU] = dnnl_eltwise_gelu_erf, [TAIL_SIGMOID] = dnnl_eltwise_logistic,
        [TAIL_SILU] = dnnl_eltwise_swish};
    struct library *lib = &x->dnnl->lib;
    uint32_t with = op->n_folds;
    for (uint32_t i = op->n_folds; i < tail->n; i++) {
        const struct tail_op *t = &tail->ops[i];
        int place = (int)(i - op->n_folds);
        dnnl_memory_desc_t md;
        if (!t->with) {
            float alpha = t->kind == TAIL_SILU ? 1 : 0;
            if (lib->dnnl_post_ops_append_eltwise(to, 1, algorithms[t->kind], alpha, 0) != dnnl_success)
                return false;
        } else if (!product && place == 0 && t->kind == TAIL_ADD && t->spread == TAIL_FULL) {
            op->adds = true;
            op->added = with++;
            op->added_type = t->dtype;
            if (lib->dnnl_post_ops_append_sum(to, 1) != dnnl_success)
                return false;
        } else if (!tail_operand(x, op, t, place, with++, product, &md) ||
                   lib->dnnl_post_ops_append_binary(to, algorithms[t->kind], &md) != dnnl_success) {
            return false;
        }
    }
    return true;
}

/* The same of one that goes on with its result. */
static dnnl_primitive_attr_t attributes(exec_plan *x, struct dnnl_op *op, const struct dnnl_tail *tail, bool product) {
    struct library *lib = &x->dnnl->lib;
    dnnl_primitive_attr_t attr = own_scratch(lib);
    dnnl_post_ops_t ops = NULL;
    if (!attr)
        return NULL;
    bool ok = true;
    if (tail->n > op->n_folds) {
        ok = lib->dnnl_post_ops_create(&ops) == dnnl_success && append_tail(x, op, tail, product, ops) &&
             lib->dnnl_primitive_attr_set_post_ops(attr, ops) == dnnl_success;
        if (ops)
            lib->dnnl_post_ops_destroy(ops);
    }
    if (ok)
        return attr;
    lib->dnnl_primitive_attr_destroy(attr);
    return NULL;
}

/* oneDNN's own plain implementations are slower than ours. */
static bool is_plain(struct library *lib, const_dnnl_primitive_desc_t pd) {
    const char *name = NULL;
    return lib->dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) == dnnl_success && name &&
           strstr(name, "ref") != NULL;
}

static size_t weight_bytes(struct library *lib, const_dnnl_primitive_desc_t pd) {
    return lib->dnnl_memory_desc_get_size(lib->dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
}

dnnl_primitive_desc_t dnnl_describe(exec_plan *x, struct dnnl_op *op, const_dnnl_op_desc_t desc,
                                    const struct dnnl_tail *tail, bool product, size_t most_weights) {
    struct library *lib = &x->dnnl->lib;
    dnnl_primitive_attr_t attr = attributes(x, op, tail, product);
    dnnl_primitive_desc_t pd = NULL;
    if (!attr)
        return NULL;
    dnnl_primitive_desc_iterator_t ways = NULL;
    if (lib->dnnl_primitive_desc_iterator_create(&ways, desc, attr, x->dnnl->engine, NULL) == dnnl_success)
        pd = lib->dnnl_primitive_desc_iterator_fetch(ways);
    while (pd && weight_bytes(lib, pd) > most_weights) {
        lib->dnnl_primitive_desc_destroy(pd);
        pd = lib->dnnl_primitive_desc_iterator_next(ways) == dnnl_success
                 ? lib->dnnl_primitive_desc_iterator_fetch(ways)
                 : NULL;
    }
    if (ways)
        lib->dnnl_primitive_desc_iterator_destroy(ways);
    lib->dnnl_primitive_attr_destroy(attr);
    if (pd && tail->n && is_plain(lib, pd)) {
        lib->dnnl_primitive_desc_destroy(pd);
        pd = NULL;
    }
    return pd;
}

void dnnl_forget_tail(exec_plan *x, struct dnnl_op *op) {
    while (op->n_tail)
        x->dnnl->lib.dnnl_memory_destroy(op->tail[--op->n_tail].memory);
}

/* Takes over the description of an op's primitive: what it wants of the operands, and memories for them. */
static bool finish(exec_plan *x, struct dnnl_op *op, dnnl_primitive_desc_t pd, bool bias) {
    struct dnnl_state *s = x->dnnl;
    struct library *lib = &s->lib;
    static const dnnl_query_t queries[4] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_weights_md,
                                            dnnl_query_dst_md};
    bool ok = true;
    op->described[OWN] = pd;
    op->biased = bias;
    for (int i = 0; ok && i < 4; i++) {
        if (i == BIAS && !bias)
            continue;
        const dnnl_memory_desc_t *md = lib->dnnl_primitive_desc_query_md(pd, queries[i], i == BIAS ? 1 : 0);
        ok = md && add_reorder(x, op, i, md) &&
             lib->dnnl_memory_create(&op->memory[i], md, s->engine, DNNL_MEMORY_NONE) == dnnl_success;
    }
    const dnnl_memory_desc_t *scratch = lib->dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    op->scratch = scratch ? lib->dnnl_memory_desc_get_size(scratch) : 0;
    if (op->scratch)
        ok = ok && lib->dnnl_memory_create(&op->memory[SCRATCH], scratch, s->engine, DNNL_MEMORY_NONE) == dnnl_success;
    return ok;
}

/* An op made for so many threads. */
static struct dnnl_op *new_op(exec_plan *x, unsigned (*threads)(const exec_plan *x)) {
    struct dnnl_op *op = dnnl_state_of(x) ? mem_alloc_zero(x->mem, sizeof *op) : NULL;
    if (op) {
        op->threads = threads(x);
        dnnl_make_for(x, op->threads);
    }
    return op;
}

static unsigned plan_threads(const exec_plan *x) {
    return pool_threads(x->pool);
}

bool dnnl_finish(exec_plan *x) {
    bool ok = true;
    for (struct dnnl_op *op = x->dnnl ? x->dnnl->ops : NULL; ok && op; op = op->next) {
        struct library *lib = &x->dnnl->lib;
        dnnl_make_for(x, op->threads);
        for (int i = 0; ok && i <= OWN; i++) {
            if (!op->described[i])
                continue;
            ok = lib->dnnl_primitive_create(i == OWN ? &op->primitive : &op->reorder[i], op->described[i]) ==
                 dnnl_success;
            lib->dnnl_primitive_desc_destroy(op->described[i]);
            op->described[i] = NULL;
        }
    }
    return ok;
}

static bool keep(exec_plan *x, struct dnnl_op *op, bool ok, void **state) {
    if (!ok) {
        dnnl_free_op(x, op);
        return false;
    }
    struct dnnl_state *s = x->dnnl;
    op->packs = op->steady && (!x->options.alone || op->scaled) &&
                (op->reordered[WEIGHTS] || op->given[WEIGHTS] != op->used[WEIGHTS] || op->scaled);
    if (op->packs) {
        size_t bytes = op->reordered[WEIGHTS] ? op->reordered[WEIGHTS]
                                              : (size_t)op->extent[WEIGHTS] * tensor_dtype_size(op->used[WEIGHTS]);
        op->packed_bytes = bytes;
        s->transformed += op->transformed ? bytes : 0;
        x->packed += bytes;
    }
    op->next = s->ops;
    s->ops = op;
    *state = op;
    return true;
}

static bool real(enum tensor_dtype t) {
    return t == TENSOR_F32 || t == TENSOR_BF16 || t == TENSOR_F16 || t == TENSOR_NONE;
}

bool dnnl_product_ready(exec_plan *x, const struct dnnl_matmul *w, const struct dnnl_tail *tail, void **state) {
    struct dnnl_op *op = real(w->a) && real(w->b) && real(w->c) && real(w->bias) ? new_op(x, plan_threads) : NULL;
    struct dnnl_state *s = x->dnnl;
    if (!op)
        return false;
    bool one = w->batch == 1;
    int n = one ? 2 : 3, skip = one ? 1 : 0;
    int64_t a[3] = {w->batch, w->m, w->k}, b[3] = {w->batch, w->k, w->n}, c[3] = {w->batch, w->m, w->n};
    int64_t c_strides[3] = {w->m * w->n, w->n, 1}, bias[3] = {1, 1, w->n}, bias_strides[3] = {w->n, w->n, 1};
    int64_t a_strides[3], b_strides[3];
    memcpy(a_strides, w->a_strides, sizeof a_strides);
    memcpy(b_strides, w->b_strides, sizeof b_strides);
    /* A batch stride of 0 is a broadcast dimension of 1. */
    if (!one && a_strides[0] == 0)
        a[0] = 1, a_strides[0] = w->m * w->k;
    if (!one && b_strides[0] == 0)
        b[0] = 1, b_strides[0] = w->k * w->n;
    choose_types(s, op, w->a, w->b, w->bias, w->c);
    op->steady = w->steady_b;
    bool ok = dnnl_strided(s, op, SRC, n, a + skip, a_strides + skip) &&
              dnnl_strided(s, op, WEIGHTS, n, b + skip, b_strides + skip) &&
              dnnl_strided(s, op, DST, n, c + skip, c_strides + skip) &&
              (!w->bias || dnnl_strided(s, op, BIAS, n, bias + skip, bias_strides + skip));
    dnnl_matmul_desc_t desc;
    dnnl_memory_desc_t weights = op->user[WEIGHTS];
    if (ok && op->steady && w->m > 1)
        weights = any_layout(s, &weights);
    ok = ok && s->lib.dnnl_matmul_desc_init(&desc, &op->user[SRC], &weights, w->bias ? &op->user[BIAS] : NULL,
                                            &op->user[DST]) == dnnl_success;
    dnnl_primitive_desc_t pd = ok ? dnnl_describe(x, op, &desc, tail, true, SIZE_MAX) : NULL;
    if (!pd || !dnnl_depends_on_threads(x, w, pd))
        return keep(x, op, pd && finish(x, op, pd, w->bias != TENSOR_NONE), state);
    s->lib.dnnl_primitive_desc_destroy(pd);
    return keep(x, op, dnnl_make_pieces(x, op, w, tail), state);
}

bool dnnl_conv_winograd(const exec_plan *x, const struct dnnl_conv *w) {
    /* Where it pays with the way into blocks of channels and back, and transformed weights (16 or 36 numbers for 9) stay small:
     * 64 channels of 56x56 take 1.1 ms for 1.36, 80 of 160x160 10 for 18, 256 of 14x14 1.3 for 1.4 (on two threads
     * 0.53 for 0.79). */
    enum { LEAST_POSITIONS = 14 * 14, LEAST_CHANNELS = 64, MOST_WEIGHTS = 320 * 320 };
    if (plan_alone(x) || w->spatial != 2 || w->groups != 1 || w->transposed || !w->steady_weight ||
        w->in_channels < LEAST_CHANNELS || w->out_channels < LEAST_CHANNELS ||
        w->in_channels > MOST_WEIGHTS / w->out_channels || w->out[0] * w->out[1] < LEAST_POSITIONS)
        return false;
    for (int i = 0; i < 2; i++)
        if (w->kernel[i] != 3 || w->stride[i] != 1 || w->dilation[i] != 0 || w->pad_low[i] > 1 || w->pad_high[i] > 1)
            return false;
    return true;
}

/* An operand as blocks of channels. */
static bool in_blocks(struct dnnl_state *s, struct dnnl_op *op, int which) {
    dnnl_memory_desc_t *md = &op->user[which], plain = *md;
    return plain.ndims == 4 && s->wide &&
           s->lib.dnnl_memory_desc_init_by_tag(md, 4, plain.dims, plain.data_type, dnnl_nChw16c) == dnnl_success;
}

/* Whether there is an operand in the tail that lies as the result does. */
static bool adds_tensor(const struct dnnl_tail *tail) {
    bool full = false;
    for (uint32_t i = 0; i < tail->n; i++)
        full |= tail->ops[i].with && tail->ops[i].spread == TAIL_FULL;
    return full;
}

/* How many bytes transformed weights may have, of 16 numbers for 9 (tiles of 2x2) or 36 (4x4, where there are many positions). All of
 * them together have little more than half as many as all arguments, so that memory stays near what is given. */
static size_t most_transformed(const exec_plan *x, const struct dnnl_conv *w, const struct dnnl_op *op) {
    enum { MANY = 32 * 32, SOME = 32 << 20 };
    size_t plain = (size_t)op->extent[WEIGHTS] * sizeof(float), given = (x->arguments_bytes + x->constants) / 2 + SOME;
    size_t left = given > x->dnnl->transformed ? given - x->dnnl->transformed : 0;
    return left > 2 * plain && w->batch * w->out[0] * w->out[1] < MANY ? 2 * plain : left;
}

/* What Winograd's algorithm does not do with its result, and we do behind it. */
static bool stands_apart(enum tail_kind kind) {
    return kind == TAIL_GELU || kind == TAIL_SIGMOID || kind == TAIL_SILU;
}

static bool conv_ready(exec_plan *x, const struct dnnl_conv *w, const struct dnnl_tail *all, bool winograd,
                       void **state) {
    struct dnnl_op *op = real(w->dtype) && real(w->out_dtype) && real(w->bias) ? new_op(x, dnnl_most_threads) : NULL;
    struct dnnl_state *s = x->dnnl;
    if (!op)
        return false;
    int n = w->spatial + 2;
    bool groups = w->groups > 1;
    int64_t in[5] = {w->batch, w->in_channels}, out[5] = {w->batch, w->out_channels};
    int64_t weight[6] = {w->groups, w->out_channels / w->groups, w->in_channels / w->groups}, one = 1;
    for (int i = 0; i < w->spatial; i++) {
        in[2 + i] = w->in[i];
        out[2 + i] = w->out[i];
        weight[3 + i] = w->kernel[i];
    }
    choose_types(s, op, w->dtype, w->dtype, w->bias, w->out_dtype);
    if (winograd && op->used[SRC] != TENSOR_F32)
        return keep(x, op, false, state);
    op->transformed = winograd;
    struct dnnl_tail own = *all, *tail = &own;
    if (winograd && own.n && stands_apart(own.ops[own.n - 1].kind)) {
        op->goes_on = true;
        op->behind = own.ops[--own.n].kind;
    }
    op->steady = w->steady_weight;
    op->channels = w->out_channels;
    op->bias = w->bias;
    op->grouped = groups;
    if (op->used[WEIGHTS] == TENSOR_F32 && fold_tail(op, tail))
        op->given[BIAS] = op->used[BIAS] = TENSOR_F32;
    bool has_bias = w->bias || op->n_folds;
    bool ok = dnnl_strided(s, op, SRC, n, in, w->in_strides) && dnnl_strided(s, op, DST, n, out, w->out_strides) &&
              dnnl_strided(s, op, WEIGHTS, n + groups, weight + !groups, w->weight_strides + !groups) &&
              (!has_bias || dnnl_strided(s, op, BIAS, 1, &w->out_channels, &one));
    if (!ok)
        return keep(x, op, false, state);
    if ((w->in_blocks && !in_blocks(s, op, SRC)) || (w->out_blocks && !in_blocks(s, op, DST)))
        return keep(x, op, false, state);
    dnnl_memory_desc_t src = op->user[SRC], dst = op->user[DST], weights = any_layout(s, &op->user[WEIGHTS]);
    /* Channels first: blocks of channels are faster, even with the way there and back. A part of a tensor has to be put
     * together, too: only the plain implementation reads it where it is. Both sides are in blocks, or none: what is added
     * lies as the result does, so that an input in blocks is put in order for it. */
    int64_t elements = w->batch * w->in_channels;
    for (int i = 0; i < w->spatial; i++)
        elements *= w->in[i];
    bool blocks = w->out_blocks || (w->in_blocks && !adds_tensor(tail));
    if (w->in_blocks && !blocks)
        s->lib.dnnl_memory_desc_init_by_tag(&src, src.ndims, src.dims, src.data_type, dnnl_nhwc);
    if (!w->in_blocks &&
        ((w->in_strides[1] != 1 && w->in_channels > 1) || op->extent[SRC] != elements || winograd || blocks))
        src = any_layout(s, &src);
    if (!w->out_blocks && ((w->out_strides[1] != 1 && w->out_channels > 1) || winograd || blocks))
        dst = any_layout(s, &dst);
    dnnl_dims_t stride, dilation, low, high;
    for (int i = 0; i < w->spatial; i++) {
        stride[i] = w->stride[i];
        dilation[i] = w->dilation[i];
        low[i] = w->pad_low[i];
        high[i] = w->pad_high[i];
        if (low[i] < 0)
            return keep(x, op, false, state);
    }
    const dnnl_memory_desc_t *bias = has_bias ? &op->user[BIAS] : NULL;
    dnnl_convolution_desc_t conv;
    dnnl_deconvolution_desc_t deconv;
    if (w->transposed)
        ok = s->lib.dnnl_dilated_deconvolution_forward_desc_init(&deconv, dnnl_forward_inference,
                                                                 dnnl_deconvolution_direct, &src, &weights, bias, &dst,
                                                                 stride, dilation, low, high) == dnnl_success;
    else
        ok = s->lib.dnnl_dilated_convolution_forward_desc_init(
                 &conv, dnnl_forward_inference, winograd ? dnnl_convolution_winograd : dnnl_convolution_direct, &src,
                 &weights, bias, &dst, stride, dilation, low, high) == dnnl_success;
    const void *desc = w->transposed ? (const void *)&deconv : (const void *)&conv;
    dnnl_primitive_desc_t pd =
        ok ? dnnl_describe(x, op, desc, tail, false, winograd ? most_transformed(x, w, op) : SIZE_MAX) : NULL;
    if (pd && (w->in_blocks || w->out_blocks) && is_plain(&s->lib, pd)) {
        s->lib.dnnl_primitive_desc_destroy(pd);
        pd = NULL;
    }
    return keep(x, op, pd && finish(x, op, pd, has_bias), state);
}

bool dnnl_conv_whole_ready(exec_plan *x, const struct dnnl_conv *w, const struct dnnl_tail *tail, void **state) {
    bool in_order = adds_tensor(tail) && !w->out_blocks; /* what is added lies otherwise than blocks of channels */
    return (!in_order && dnnl_conv_winograd(x, w) && conv_ready(x, w, tail, true, state)) ||
           conv_ready(x, w, tail, false, state);
}
