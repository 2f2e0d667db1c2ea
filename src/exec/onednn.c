/* oneDNN, opened when it is needed.
 *
 * Every op has a primitive whose weights are in the layout that the primitive likes best; steady weights are packed once
 * and kept, others at each run. What follows a convolution becomes part of its weights and bias where it can, and else, as
 * behind products, something that the primitive does with each block of results. bf16 is used as such where the processor
 * is faster with it; all else is computed in f32, operands of other types being converted on the way. Scratch memory is the
 * run's, so that primitives hold none.
 */
#define _GNU_SOURCE /* setenv */
#include "exec/onednn.h"

#if EXEC_X86_64
#include <cpuid.h>
#endif
#include <dlfcn.h>
#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

/* What is used of the library. */
#define DNNL_FUNCTIONS(X)                           \
    X(dnnl_engine_create)                           \
    X(dnnl_engine_destroy)                          \
    X(dnnl_stream_create)                           \
    X(dnnl_stream_destroy)                          \
    X(dnnl_stream_wait)                             \
    X(dnnl_memory_desc_init_by_strides)             \
    X(dnnl_memory_desc_init_by_tag)                 \
    X(dnnl_memory_desc_equal)                       \
    X(dnnl_memory_desc_get_size)                    \
    X(dnnl_matmul_desc_init)                        \
    X(dnnl_dilated_convolution_forward_desc_init)   \
    X(dnnl_dilated_deconvolution_forward_desc_init) \
    X(dnnl_primitive_desc_create)                   \
    X(dnnl_primitive_desc_destroy)                  \
    X(dnnl_primitive_desc_query_md)                 \
    X(dnnl_reorder_primitive_desc_create)           \
    X(dnnl_primitive_create)                        \
    X(dnnl_primitive_destroy)                       \
    X(dnnl_primitive_execute)                       \
    X(dnnl_memory_create)                           \
    X(dnnl_memory_destroy)                          \
    X(dnnl_memory_set_data_handle)                  \
    X(dnnl_primitive_attr_create)                   \
    X(dnnl_primitive_attr_destroy)                  \
    X(dnnl_primitive_attr_set_scratchpad_mode)      \
    X(dnnl_primitive_attr_set_post_ops)             \
    X(dnnl_primitive_desc_query)                    \
    X(dnnl_post_ops_create)                         \
    X(dnnl_post_ops_destroy)                        \
    X(dnnl_post_ops_append_binary)                  \
    X(dnnl_post_ops_append_sum)                     \
    X(dnnl_post_ops_append_eltwise)

struct library {
    void *handle;
#define X(name) __typeof__(name) *name;
    DNNL_FUNCTIONS(X)
#undef X
    void (*set_threads)(int n); /* of OpenMP */
};

enum { SRC, WEIGHTS, BIAS, DST, SCRATCH, N_MEMORIES };

struct dnnl_op {
    struct dnnl_op *next;
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[N_MEMORIES];
    enum tensor_dtype given[4], used[4]; /* element types of the operands, and of the primitive */
    int64_t extent[4];                   /* elements from the first to behind the last */
    dnnl_memory_desc_t user[4], wanted[4];
    dnnl_primitive_t reorder[4]; /* into (DST: out of) the primitive's layout; NULL: the same */
    size_t scratch, reordered[4];
    uint32_t n_tail;
    struct {
        int place;     /* among the primitive's ops */
        uint32_t with; /* among the operands */
        dnnl_memory_t memory;
    } tail[TAIL_MAX]; /* operands of ops behind it */
    uint32_t n_folds;
    struct {
        enum tail_kind kind;
        bool one; /* number for all channels */
        uint32_t with;
        enum tensor_dtype dtype;
    } folds[TAIL_MAX]; /* ops behind it that became part of its weights (products) and bias */
    int64_t channels;
    bool scaled;            /* there are products among them */
    bool grouped;           /* the first dimension of its weights is groups */
    enum tensor_dtype bias; /* its own, which comes before them; NONE: none */
    bool adds;              /* the result is added to a tensor ... */
    uint32_t added;         /* ... which is this operand */
    enum tensor_dtype added_type;
    size_t packed_at; /* of steady weights that are put in another layout: where among all of these */
    bool steady, packs, is_packed;
};

struct dnnl_state {
    struct library lib;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    struct dnnl_op *ops;
    /* The packed weights of all ops, from the first run on: one block, on huge pages, with which large products take a
     * seventh less time. */
    char *packed;
    size_t packed_bytes; /* and 64 more, so that the first can be aligned */
    bool bf16;           /* the processor multiplies bf16 faster than f32 */
};

/* --- the library -------------------------------------------------------------------------------------------------- */

static bool open_library(struct library *lib) {
    /* OpenMP reads this when it is loaded: its threads should sleep while ours work. */
    setenv("OMP_WAIT_POLICY", "passive", 0);
    lib->handle = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!lib->handle)
        return false;
    bool all = true;
#define X(name) all &= (*(void **)(void *)&lib->name = dlsym(lib->handle, #name)) != NULL;
    DNNL_FUNCTIONS(X)
#undef X
    *(void **)(void *)&lib->set_threads = dlsym(lib->handle, "omp_set_num_threads");
    return all;
}

/* Whether products of bf16 are faster than those of f32. Intel's processors with AVX-512 alone do them at half the speed of
 * f32 (measured with bench/bench_dnnl: convolutions and matrix products take 1.6 to 2 times as long); those with matrix tiles
 * and AMD's at twice. */
static bool has_fast_bf16(void) {
#if EXEC_X86_64
    unsigned a, b, c, d;
    bool tiles = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1); /* AMX-BF16 */
    return __builtin_cpu_supports("avx512bf16") && (tiles || __builtin_cpu_is("amd"));
#else
    return false;
#endif
}

/* The plan's state; NULL when there is no oneDNN. Looked for once. */
static struct dnnl_state *state_of(exec_plan *x) {
    if (x->dnnl || x->no_dnnl)
        return x->dnnl;
    struct dnnl_state *s = mem_alloc_zero(x->mem, sizeof *s);
    x->dnnl = s;
    if (s && open_library(&s->lib) && s->lib.dnnl_engine_create(&s->engine, dnnl_cpu, 0) == dnnl_success &&
        s->lib.dnnl_stream_create(&s->stream, s->engine, dnnl_stream_default_flags) == dnnl_success) {
        s->bf16 = has_fast_bf16();
        return s;
    }
    dnnl_free(x);
    x->no_dnnl = true;
    return NULL;
}

static void free_op(exec_plan *x, struct dnnl_op *op) {
    struct library *lib = &x->dnnl->lib;
    for (int i = 0; i < 4; i++)
        if (op->reorder[i])
            lib->dnnl_primitive_destroy(op->reorder[i]);
    for (int i = 0; i < N_MEMORIES; i++)
        if (op->memory[i])
            lib->dnnl_memory_destroy(op->memory[i]);
    for (uint32_t i = 0; i < op->n_tail; i++)
        lib->dnnl_memory_destroy(op->tail[i].memory);
    if (op->primitive)
        lib->dnnl_primitive_destroy(op->primitive);
    mem_free(x->mem, op, sizeof *op);
}

void dnnl_free(exec_plan *x) {
    struct dnnl_state *s = x->dnnl;
    if (!s)
        return;
    while (s->ops) {
        struct dnnl_op *op = s->ops;
        s->ops = op->next;
        free_op(x, op);
    }
    if (s->stream)
        s->lib.dnnl_stream_destroy(s->stream);
    if (s->engine)
        s->lib.dnnl_engine_destroy(s->engine);
    mem_huge_free(x->mem, s->packed, s->packed_bytes + 64);
    /* The library stays: unloading OpenMP under its own threads does not work. */
    mem_free(x->mem, s, sizeof *s);
    x->dnnl = NULL;
}

void dnnl_forget(exec_plan *x) {
    for (struct dnnl_op *op = x->dnnl ? x->dnnl->ops : NULL; op; op = op->next)
        op->is_packed = false;
}

/* --- making an op ------------------------------------------------------------------------------------------------- */

static dnnl_data_type_t type_of_dtype(enum tensor_dtype t) {
    return t == TENSOR_BF16 ? dnnl_bf16 : dnnl_f32;
}

static bool strided(struct dnnl_state *s, struct dnnl_op *op, int which, int n, const int64_t *dims,
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

static bool add_reorder(exec_plan *x, struct dnnl_op *op, int which, const dnnl_memory_desc_t *wanted) {
    struct dnnl_state *s = x->dnnl;
    dnnl_primitive_desc_t pd;
    op->wanted[which] = *wanted;
    if (s->lib.dnnl_memory_desc_equal(&op->user[which], wanted))
        return true;
    op->reordered[which] = s->lib.dnnl_memory_desc_get_size(wanted);
    bool out = which == DST;
    if (s->lib.dnnl_reorder_primitive_desc_create(&pd, out ? wanted : &op->user[which], s->engine,
                                                  out ? &op->user[which] : wanted, s->engine, NULL) != dnnl_success)
        return false;
    bool ok = s->lib.dnnl_primitive_create(&op->reorder[which], pd) == dnnl_success;
    s->lib.dnnl_primitive_desc_destroy(pd);
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
        dims[i] = t->spread == TAIL_FULL || (t->spread == TAIL_CHANNEL && i == channel) ? dst->dims[i] : 1;
        strides[i] = t->spread == TAIL_FULL ? dst->format_desc.blocking.strides[i]
                     : i <= channel         ? dst->dims[channel]
                                            : 1;
    }
    if (t->spread != TAIL_FULL)
        strides[channel] = 1;
    if (lib->dnnl_memory_desc_init_by_strides(md, dst->ndims, dims, type_of_dtype(t->dtype), strides) != dnnl_success ||
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

/* Attributes of a primitive: scratch memory is ours, and what it goes on with. NULL when they cannot be made. */
static dnnl_primitive_attr_t attributes(exec_plan *x, struct dnnl_op *op, const struct dnnl_tail *tail, bool product) {
    struct library *lib = &x->dnnl->lib;
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t ops = NULL;
    if (lib->dnnl_primitive_attr_create(&attr) != dnnl_success)
        return NULL;
    bool ok = lib->dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) == dnnl_success;
    if (tail->n > op->n_folds) {
        ok = ok && lib->dnnl_post_ops_create(&ops) == dnnl_success && append_tail(x, op, tail, product, ops) &&
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

/* The primitive of a description, and memories for its operands. */
static bool finish(exec_plan *x, struct dnnl_op *op, const_dnnl_op_desc_t desc, bool bias, const struct dnnl_tail *tail,
                   bool product) {
    struct dnnl_state *s = x->dnnl;
    struct library *lib = &s->lib;
    dnnl_primitive_attr_t attr = attributes(x, op, tail, product);
    dnnl_primitive_desc_t pd = NULL;
    if (!attr)
        return false;
    bool ok = lib->dnnl_primitive_desc_create(&pd, desc, attr, s->engine, NULL) == dnnl_success;
    lib->dnnl_primitive_attr_destroy(attr);
    if (!ok)
        return false;
    ok = tail->n == 0 || !is_plain(lib, pd);
    static const dnnl_query_t queries[4] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_weights_md,
                                            dnnl_query_dst_md};
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
    ok = ok && lib->dnnl_primitive_create(&op->primitive, pd) == dnnl_success;
    lib->dnnl_primitive_desc_destroy(pd);
    return ok;
}

static struct dnnl_op *new_op(exec_plan *x) {
    return state_of(x) ? mem_alloc_zero(x->mem, sizeof(struct dnnl_op)) : NULL;
}

static bool keep(exec_plan *x, struct dnnl_op *op, bool ok, void **state) {
    if (!ok) {
        free_op(x, op);
        return false;
    }
    struct dnnl_state *s = x->dnnl;
    op->packs = op->steady && (!x->options.alone || op->scaled) &&
                (op->reorder[WEIGHTS] || op->given[WEIGHTS] != op->used[WEIGHTS] || op->scaled);
    if (op->packs) {
        size_t bytes = op->reorder[WEIGHTS] ? op->reordered[WEIGHTS]
                                            : (size_t)op->extent[WEIGHTS] * tensor_dtype_size(op->used[WEIGHTS]);
        op->packed_at = s->packed_bytes;
        s->packed_bytes += (bytes + 63) & ~(size_t)63;
        x->cached += bytes;
    }
    op->next = s->ops;
    s->ops = op;
    *state = op;
    return true;
}

static bool real(enum tensor_dtype t) {
    return t == TENSOR_F32 || t == TENSOR_BF16 || t == TENSOR_F16 || t == TENSOR_NONE;
}

bool dnnl_matmul_ready(exec_plan *x, const struct dnnl_matmul *w, const struct dnnl_tail *tail, void **state) {
    struct dnnl_op *op = real(w->a) && real(w->b) && real(w->c) && real(w->bias) ? new_op(x) : NULL;
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
    bool ok = strided(s, op, SRC, n, a + skip, a_strides + skip) &&
              strided(s, op, WEIGHTS, n, b + skip, b_strides + skip) &&
              strided(s, op, DST, n, c + skip, c_strides + skip) &&
              (!w->bias || strided(s, op, BIAS, n, bias + skip, bias_strides + skip));
    dnnl_matmul_desc_t desc;
    dnnl_memory_desc_t weights = op->user[WEIGHTS];
    if (ok && op->steady && w->m > 1)
        weights = any_layout(s, &weights);
    ok = ok && s->lib.dnnl_matmul_desc_init(&desc, &op->user[SRC], &weights, w->bias ? &op->user[BIAS] : NULL,
                                            &op->user[DST]) == dnnl_success;
    return keep(x, op, ok && finish(x, op, &desc, w->bias != TENSOR_NONE, tail, true), state);
}

bool dnnl_conv_winograd(const exec_plan *x, const struct dnnl_conv *w) {
    /* Where it pays with the way into blocks of channels and back, and transformed weights (16 or 36 numbers for 9) stay small:
     * 64 channels of 56x56 take 1.1 ms for 1.36, 80 of 160x160 10 for 18. */
    enum { LEAST_POSITIONS = 28 * 28, LEAST_CHANNELS = 64, MOST_WEIGHTS = 320 * 320 };
    if (plan_alone(x) || w->spatial != 2 || w->groups != 1 || w->transposed || !w->steady_weight ||
        w->in_channels < LEAST_CHANNELS || w->out_channels < LEAST_CHANNELS ||
        w->in_channels > MOST_WEIGHTS / w->out_channels || w->out[0] * w->out[1] < LEAST_POSITIONS)
        return false;
    for (int i = 0; i < 2; i++)
        if (w->kernel[i] != 3 || w->stride[i] != 1 || w->dilation[i] != 0 || w->pad_low[i] > 1 || w->pad_high[i] > 1)
            return false;
    return true;
}

static bool conv_ready(exec_plan *x, const struct dnnl_conv *w, const struct dnnl_tail *tail, bool winograd,
                       void **state) {
    struct dnnl_op *op = real(w->dtype) && real(w->out_dtype) && real(w->bias) ? new_op(x) : NULL;
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
    op->steady = w->steady_weight;
    op->channels = w->out_channels;
    op->bias = w->bias;
    op->grouped = groups;
    if (op->used[WEIGHTS] == TENSOR_F32 && fold_tail(op, tail))
        op->given[BIAS] = op->used[BIAS] = TENSOR_F32;
    bool has_bias = w->bias || op->n_folds;
    bool ok = strided(s, op, SRC, n, in, w->in_strides) && strided(s, op, DST, n, out, w->out_strides) &&
              strided(s, op, WEIGHTS, n + groups, weight + !groups, w->weight_strides + !groups) &&
              (!has_bias || strided(s, op, BIAS, 1, &w->out_channels, &one));
    if (!ok)
        return keep(x, op, false, state);
    dnnl_memory_desc_t src = op->user[SRC], dst = op->user[DST], weights = any_layout(s, &op->user[WEIGHTS]);
    /* Channels first: blocks of channels are faster, even with the way there and back. A part of a tensor has to be put
     * together, too: only the plain implementation reads it where it is. */
    int64_t elements = w->batch * w->in_channels;
    for (int i = 0; i < w->spatial; i++)
        elements *= w->in[i];
    if ((w->in_strides[1] != 1 && w->in_channels > 1) || op->extent[SRC] != elements || winograd)
        src = any_layout(s, &src);
    if ((w->out_strides[1] != 1 && w->out_channels > 1) || winograd)
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
    return keep(x, op, ok && finish(x, op, desc, has_bias, tail, false), state);
}

bool dnnl_conv_ready(exec_plan *x, const struct dnnl_conv *w, const struct dnnl_tail *tail, void **state) {
    bool full = false;
    for (uint32_t i = 0; i < tail->n; i++)
        full |= tail->ops[i].with && tail->ops[i].spread == TAIL_FULL; /* lies otherwise than blocks of channels */
    return (!full && dnnl_conv_winograd(x, w) && conv_ready(x, w, tail, true, state)) ||
           conv_ready(x, w, tail, false, state);
}

/* --- running ------------------------------------------------------------------------------------------------------ */

static bool reorder(struct call *c, struct dnnl_op *op, int which, const void *from, void *to) {
    struct dnnl_state *s = c->x->dnnl;
    dnnl_memory_t a = NULL, b = NULL;
    const dnnl_memory_desc_t *in = which == DST ? &op->wanted[which] : &op->user[which];
    const dnnl_memory_desc_t *out = which == DST ? &op->user[which] : &op->wanted[which];
    bool ok = s->lib.dnnl_memory_create(&a, in, s->engine, (void *)(uintptr_t)from) == dnnl_success &&
              s->lib.dnnl_memory_create(&b, out, s->engine, to) == dnnl_success;
    if (ok) {
        dnnl_exec_arg_t args[2] = {{DNNL_ARG_FROM, a}, {DNNL_ARG_TO, b}};
        ok = s->lib.dnnl_primitive_execute(op->reorder[which], s->stream, 2, args) == dnnl_success;
    }
    if (a)
        s->lib.dnnl_memory_destroy(a);
    if (b)
        s->lib.dnnl_memory_destroy(b);
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

/* Steady weights as the primitive wants them, made in the first run. */
static const void *packed_weights(struct call *c, struct dnnl_op *op, const void *data, const struct exec_arg *with) {
    struct dnnl_state *s = c->x->dnnl;
    if (!s->packed && !(s->packed = mem_huge_realloc(c->x->mem, NULL, 0, s->packed_bytes + 64))) {
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

static bool run(struct call *c, struct dnnl_op *op, const void *const data[4], const struct exec_arg *with) {
    struct dnnl_state *s = c->x->dnnl;
    const void *in[N_MEMORIES] = {0};
    char *out = (char *)(uintptr_t)data[DST], *to = out;
    if (s->lib.set_threads)
        s->lib.set_threads((int)pool_threads(c->x->pool));
    if (!(in[SRC] = operand(c, op, SRC, data[SRC], NULL)) ||
        !(in[WEIGHTS] =
              op->packs ? packed_weights(c, op, data[WEIGHTS], with) : operand(c, op, WEIGHTS, data[WEIGHTS], NULL)) ||
        (op->memory[BIAS] && !(in[BIAS] = op->n_folds ? fold_channels(c, op, data[BIAS], with, false)
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
    if (s->lib.dnnl_primitive_execute(op->primitive, s->stream, n, args) != dnnl_success)
        return call_error(c, "oneDNN could not run it");
    if (op->reorder[DST] && !reorder(c, op, DST, to, converted))
        return false;
    return converted == out || convert(c, out, op->given[DST], converted, op->used[DST], (size_t)op->extent[DST]);
}

int dnnl_conv_added(const void *state) {
    const struct dnnl_op *op = state;
    return op->adds ? (int)op->added : -1;
}

bool dnnl_matmul_run(struct call *c, void *state, const void *a, const void *b, const void *bias,
                     const struct exec_arg *with, void *out) {
    const void *data[4] = {a, b, bias, out};
    return run(c, state, data, with);
}

bool dnnl_conv_run(struct call *c, void *state, const void *in, const void *weight, const void *bias,
                   const struct exec_arg *with, void *out) {
    const void *data[4] = {in, weight, bias, out};
    return run(c, state, data, with);
}
