/* Attention and rotary embeddings (ttir-semantics.md section 9).
 *
 * One query row at a time: logits of all keys that it sees, softmax, the weighted sum of the values. Variants differ in
 * where queries stand ([B,H,S,D], or [1,B,H,D] when decoding), in where keys stand (in one piece, or in pages that a table
 * lists), and in which keys a row sees.
 */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"

struct attention {
    int kind;
    bool causal, decode, paged;
    int mask, sink, position, table, value; /* operands; -1: none; value -1: the first features of the key */
    int64_t batch, heads, kv_heads, rows, keys, d, dv, block, pages, window; /* window 0: none */
    int64_t mask_strides[4];                                                 /* batch, head, row, key */
    int64_t sink_stride;
    double scale;
    vec_class k;
    int logsumexp; /* result; -1: none */
};

static int operand(const struct exec_step *s, int i) {
    return i >= 0 && has_in(s, (uint32_t)i) ? i : -1;
}

/* Which operand is which. */
static void find_operands(struct planner *p, struct exec_step *s, struct attention *w) {
    bool ttir = str_starts_with(ir_op_name_str(p->m, s->op), STR("ttir"));
    w->mask = w->sink = w->position = w->table = -1;
    w->value = operand(s, 2);
    switch (w->kind) {
    case ATTENTION:
        w->mask = operand(s, 3);
        w->sink = operand(s, 4);
        break;
    case ATTENTION_DECODE:
        w->mask = operand(s, 3);
        w->position = operand(s, 4);
        w->sink = operand(s, 5);
        break;
    case ATTENTION_PAGED:
        w->table = operand(s, 3);
        w->mask = operand(s, ttir ? 5 : 4);
        w->position = operand(s, ttir ? 6 : 5);
        w->sink = operand(s, ttir ? 7 : 6);
        break;
    case ATTENTION_CHUNKED:
        w->table = operand(s, 3);
        w->position = operand(s, 4);
        break;
    case ATTENTION_MLA_PAGED:
        w->table = operand(s, 3);
        w->mask = operand(s, 4);
        w->position = operand(s, 5);
        w->sink = operand(s, 6);
        break;
    case ATTENTION_MLA: w->mask = operand(s, 3); break;
    default: break;
    }
}

static bool describe_mask(struct planner *p, struct exec_step *s, struct attention *w) {
    const struct exec_type *m = in_type(p, s, (uint32_t)w->mask);
    /* Decoding: [B, 1, H, keys]; else [B, H, rows, keys]. */
    int64_t want[4] = {w->batch, w->decode ? 1 : w->heads, w->decode ? w->heads : w->rows, w->keys}, step = 1;
    int64_t strides[4] = {0};
    if (m->rank > 4)
        return plan_error(p, s->op, "has a mask of rank %d", m->rank);
    for (int i = 4, k = m->rank; i-- > 0 && k-- > 0;) {
        if (m->dims[k] != 1 && m->dims[k] != want[i])
            return plan_error(p, s->op, "has a mask that does not broadcast to its logits");
        strides[i] = m->dims[k] == 1 ? 0 : step;
        step *= m->dims[k];
    }
    w->mask_strides[0] = strides[0];
    w->mask_strides[1] = w->decode ? strides[2] : strides[1];
    w->mask_strides[2] = w->decode ? 0 : strides[2];
    w->mask_strides[3] = strides[3];
    return true;
}

static bool describe(struct planner *p, struct exec_step *s, struct attention *w) {
    const struct exec_type *q = in_type(p, s, 0), *k = in_type(p, s, 1), *out = out_type(p, s, 0);
    const struct exec_type *v = w->value >= 0 ? in_type(p, s, (uint32_t)w->value) : k;
    if (q->rank != 4 || k->rank != 4 || v->rank != 4)
        return plan_error(p, s->op, "has an operand that is not of rank 4");
    w->paged = w->table >= 0;
    w->decode = w->kind == ATTENTION_DECODE || w->kind == ATTENTION_PAGED || w->kind == ATTENTION_MLA_PAGED;
    w->batch = q->dims[w->decode ? 1 : 0];
    w->heads = q->dims[w->decode ? 2 : 1];
    w->rows = w->decode ? 1 : q->dims[2];
    w->d = q->dims[3];
    w->kv_heads = k->dims[1];
    w->block = w->keys = k->dims[2];
    if (w->paged) {
        const struct exec_type *t = in_type(p, s, (uint32_t)w->table);
        w->pages = t->rank == 2 ? t->dims[1] : 0;
        w->keys = w->pages * w->block;
        if (t->rank != 2 || t->dims[0] < w->batch)
            return plan_error(p, s->op, "has a page table of another shape than [users, pages]");
    } else if (k->dims[0] != w->batch || v->dims[0] != w->batch) {
        return plan_error(p, s->op, "has keys for another number of batches");
    }
    w->dv = v->dims[3];
    if (w->value < 0)
        attr_i64(p, s->op, "head_dim_v", &w->dv);
    if (k->dims[3] != w->d || w->kv_heads < 1 || w->heads % w->kv_heads || v->dims[1] != w->kv_heads ||
        v->dims[2] != k->dims[2] || w->dv > v->dims[3])
        return plan_error(p, s->op, "has queries, keys and values that do not fit each other");
    if (type_count(out) != w->batch * w->heads * w->rows * w->dv)
        return plan_error(p, s->op, "gives another shape than its type says");
    w->scale = w->d ? 1 / sqrt((double)w->d) : 1;
    attr_f64(p, s->op, "scale", &w->scale);
    attr_i64(p, s->op, "sliding_window_size", &w->window);
    if (w->sink >= 0) {
        int64_t n = type_count(in_type(p, s, (uint32_t)w->sink));
        if (n != w->heads && n != 1 && n % w->heads)
            return plan_error(p, s->op, "has a sink of %lld numbers for %lld heads", (long long)n, (long long)w->heads);
        w->sink_stride = n == 1 ? 0 : n / w->heads; /* padded sinks repeat their head's number */
    }
    w->k = class_real(p->x, q);
    s->flops = 2 * (uint64_t)(w->batch * w->heads * w->rows * w->keys * (w->d + w->dv));
    return w->mask < 0 || describe_mask(p, s, w);
}

static bool plan_attention(struct planner *p, struct exec_step *s) {
    struct attention *w = PLAN_PARAMS(p, s, struct attention);
    if (!w)
        return false;
    w->kind = s->row->arg;
    w->logsumexp = -1;
    find_operands(p, s, w);
    w->causal = true;
    attr_flag(p, s->op, "is_causal", &w->causal);
    return describe(p, s, w);
}

static bool plan_attention_train(struct planner *p, struct exec_step *s) {
    struct attention *w = PLAN_PARAMS(p, s, struct attention);
    if (!w)
        return false;
    str mask = attr_text(p, s->op, "mask_type");
    w->kind = ATTENTION;
    w->causal = mask.n == 0 || str_eq(mask, STR("causal"));
    w->value = 2;
    w->sink = w->position = w->table = -1;
    w->mask = str_eq(mask, STR("arbitrary")) ? operand(s, 3) : -1;
    w->logsumexp = s->n_out > 1 && s->out[1] ? 1 : -1;
    return describe(p, s, w);
}

struct attention_loop {
    struct call *c;
    const struct attention *w;
    const struct vec *v;
    const char *q, *k, *value, *mask, *sink;
    char *out, *logits; /* [worker][keys + 64] lanes, twice */
};

/* Where the row of key j of a head stands, in rows. */
static int64_t key_row(const struct attention_loop *l, int64_t b, int64_t head, int64_t j) {
    const struct attention *w = l->w;
    if (!w->paged)
        return (b * w->kv_heads + head) * w->keys + j;
    int64_t block = arg_int(&l->c->in[w->table], b * w->pages + j / w->block), blocks = l->c->in[1].type->dims[0];
    block = block < 0 ? 0 : block >= blocks ? blocks - 1 : block;
    return (block * w->kv_heads + head) * w->block + j % w->block;
}

/* Keys [first, last) that row i of batch b sees. */
static void visible(const struct attention_loop *l, int64_t b, int64_t i, int64_t *first, int64_t *last) {
    const struct attention *w = l->w;
    *first = 0;
    *last = w->keys;
    int64_t at = i;
    if (w->kind == ATTENTION_CHUNKED) {
        at = (w->position >= 0 ? arg_int(&l->c->in[w->position], 0) : 0) + i;
        *last = at + 1;
    } else if (w->decode) {
        if (w->position < 0)
            return;
        at = arg_int(&l->c->in[w->position], type_count(l->c->in[w->position].type) > 1 ? b : 0);
        if (w->causal)
            *last = at + 1;
        if (w->window)
            *first = at - w->window + 1;
    } else if (w->window) {
        *first = w->causal ? i - w->window + 1 : i - w->window / 2;
        *last = w->causal ? i + 1 : i + w->window / 2 + 1;
    } else if (w->causal && w->mask < 0) {
        *last = i + 1;
    }
    *first = *first < 0 ? 0 : *first;
    *last = *last > w->keys ? w->keys : *last;
}

static void attention_row(const struct attention_loop *l, int64_t r, char *logits) {
    const struct attention *w = l->w;
    const struct vec *v = l->v;
    size_t size = v->size;
    int64_t i = r % w->rows, h = r / w->rows % w->heads, b = r / w->rows / w->heads;
    int64_t kv = h / (w->heads / w->kv_heads), first, last;
    /* Decoding too: [1, B, H, D] is B x H rows. */
    const char *q = l->q + (size_t)(r * w->d) * size;
    char *out = l->out + (size_t)(r * w->dv) * size, *p = logits + (size_t)(w->keys + 64) * size;
    visible(l, b, i, &first, &last);
    double max = -INFINITY, extra = 0;
    for (int64_t j = first; j < last; j++) {
        double x = v->dot(q, l->k + (size_t)(key_row(l, b, kv, j) * w->d) * size, (size_t)w->d) * w->scale;
        if (l->mask)
            x += v->get(l->mask + (size_t)(b * w->mask_strides[0] + h * w->mask_strides[1] + i * w->mask_strides[2] +
                                           j * w->mask_strides[3]) *
                                      size);
        v->set(logits + (size_t)(j - first) * size, x, 1);
        max = x > max || x != x ? x : max;
    }
    if (l->sink) {
        double sink = v->get(l->sink + (size_t)(h * w->sink_stride) * size);
        max = sink > max ? sink : max;
        extra = sink;
    }
    size_t n = (size_t)(last > first ? last - first : 0);
    double sum = v->exp_sum(p, logits, max == -INFINITY ? 0 : max, n);
    if (l->sink)
        sum += exp(extra - max);
    v->set(out, 0, (size_t)w->dv);
    for (size_t j = 0; j < n; j++) {
        double f = v->get(p + j * size);
        int64_t row = key_row(l, b, kv, first + (int64_t)j);
        int64_t width = w->value >= 0 ? w->dv : w->d;
        if (f != 0)
            v->axpy(out, l->value + (size_t)(row * width) * size, f, (size_t)w->dv);
    }
    v->scale(out, out, 1 / sum, (size_t)w->dv);
    if (w->logsumexp >= 0) {
        const struct exec_arg *a = &l->c->out[w->logsumexp];
        struct tensor t = {.dtype = a->type->dtype, .data = a->data};
        int64_t width = a->type->dims[a->type->rank - 1];
        for (int64_t k = 0; k < width; k++)
            tensor_set(&t, r * width + k, max + log(sum));
    }
}

static void attention_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct attention_loop *l = ctx;
    for (size_t r = begin; r < end; r++)
        attention_row(l, (int64_t)r, l->logits + worker * 2 * (size_t)(l->w->keys + 64) * l->v->size);
}

static bool run_attention(struct call *c) {
    const struct attention *w = c->s->params;
    struct attention_loop l = {.c = c, .w = w, .v = c->x->vec[w->k]};
    if (!(l.q = call_lanes(c, &c->in[0], w->k)) || !(l.k = call_lanes(c, &c->in[1], w->k)) ||
        !(l.value = w->value >= 0 ? call_lanes(c, &c->in[w->value], w->k) : l.k) ||
        (w->mask >= 0 && !(l.mask = call_lanes(c, &c->in[w->mask], w->k))) ||
        (w->sink >= 0 && !(l.sink = call_lanes(c, &c->in[w->sink], w->k))) ||
        !(l.out = call_room(c, &c->out[0], w->k)) ||
        !(l.logits = call_scratch(c, pool_threads(c->x->pool) * 2 * (size_t)(w->keys + 64) * l.v->size)))
        return false;
    if (!call_loop(c, (size_t)(w->batch * w->heads * w->rows), 4, attention_piece, &l))
        return false;
    call_store(c, &c->out[0], l.out, w->k);
    return true;
}
const struct kernel kernel_attention = {"attention", plan_attention, run_attention, 0};
const struct kernel kernel_attention_train = {"attention", plan_attention_train, run_attention, 0};

/* --- the gradient ------------------------------------------------------------------------------------------------- */

/* Operands: dO, O, Q, K, V, intermediates (logsumexp), mask. P = exp(qk - lse); dV = P^T dO; dS = P (dO V^T - rowsum(dO O))
 * scale; dQ = dS K; dK = dS^T Q. */
static bool plan_grad(struct planner *p, struct exec_step *s) {
    struct attention *w = PLAN_PARAMS(p, s, struct attention);
    if (!w)
        return false;
    for (uint32_t i = 0; i < 6; i++)
        if (!has_in(s, i) || in_type(p, s, i)->rank != 4)
            return plan_error(p, s->op, "has an operand that is not of rank 4");
    const struct exec_type *q = in_type(p, s, 2), *k = in_type(p, s, 3), *v = in_type(p, s, 4);
    str mask = attr_text(p, s->op, "mask_type");
    w->causal = str_eq(mask, STR("causal"));
    w->mask = mask.n == 0 || str_eq(mask, STR("arbitrary")) ? operand(s, 6) : -1;
    w->batch = q->dims[0];
    w->heads = q->dims[1];
    w->rows = q->dims[2];
    w->d = q->dims[3];
    w->kv_heads = k->dims[1];
    w->keys = k->dims[2];
    w->dv = v->dims[3];
    w->scale = 1 / sqrt((double)w->d);
    w->k = class_real(p->x, q);
    if (w->kv_heads < 1 || w->heads % w->kv_heads || k->dims[3] != w->d || s->n_out != 3 ||
        !type_same_shape(out_type(p, s, 0), q) || !type_same_shape(out_type(p, s, 1), k) ||
        !type_same_shape(out_type(p, s, 2), v))
        return plan_error(p, s->op, "has operands and results that do not fit each other");
    return w->mask < 0 || describe_mask(p, s, w);
}

static bool run_grad(struct call *c) {
    const struct attention *w = c->s->params;
    const struct vec *v = c->x->vec[w->k];
    const char *in[7] = {0};
    char *out[3];
    size_t size = v->size;
    for (int i = 0; i < 7; i++)
        if ((i < 6 || w->mask >= 0) && !(in[i] = call_lanes(c, &c->in[i], w->k)))
            return false;
    for (int i = 0; i < 3; i++) {
        if (!(out[i] = call_room(c, &c->out[i], w->k)))
            return false;
        v->set(out[i], 0, (size_t)type_count(c->out[i].type));
    }
    int64_t width = c->in[5].type->dims[3], group = w->heads / w->kv_heads;
    for (int64_t r = 0; r < w->batch * w->heads * w->rows; r++) {
        int64_t i = r % w->rows, h = r / w->rows % w->heads, b = r / w->rows / w->heads;
        const char *d_o = in[0] + (size_t)(r * w->dv) * size, *q = in[2] + (size_t)(r * w->d) * size;
        double u = v->dot(d_o, in[1] + (size_t)(r * w->dv) * size, (size_t)w->dv);
        double lse = v->get(in[5] + (size_t)(r * width) * size);
        for (int64_t j = 0; j < (w->causal ? i + 1 : w->keys) && j < w->keys; j++) {
            int64_t row = (b * w->kv_heads + h / group) * w->keys + j;
            const char *k = in[3] + (size_t)(row * w->d) * size, *value = in[4] + (size_t)(row * w->dv) * size;
            double x = v->dot(q, k, (size_t)w->d) * w->scale;
            if (in[6])
                x += v->get(in[6] + (size_t)(b * w->mask_strides[0] + h * w->mask_strides[1] + i * w->mask_strides[2] +
                                             j * w->mask_strides[3]) *
                                        size);
            double p = exp(x - lse), ds = p * (v->dot(d_o, value, (size_t)w->dv) - u) * w->scale;
            v->axpy(out[0] + (size_t)(r * w->d) * size, k, ds, (size_t)w->d);
            v->axpy(out[1] + (size_t)(row * w->d) * size, q, ds, (size_t)w->d);
            v->axpy(out[2] + (size_t)(row * w->dv) * size, d_o, p, (size_t)w->dv);
        }
    }
    for (int i = 0; i < 3; i++)
        call_store(c, &c->out[i], out[i], w->k);
    return true;
}
const struct kernel kernel_attention_grad = {"attention", plan_grad, run_grad, 0};

/* --- rotary embeddings -------------------------------------------------------------------------------------------- */

/* y = x cos + rotate_half(x) sin on the last dimension; cos and sin [1, 1, S, D]. A token index picks one row of the caches
 * for all rows. The llama form rotates pairs through a matrix: y = x cos + (x T) sin by blocks of 32 columns. The kernel writes
 * whole tiles, and results may have as many rows (tt-mlir's workaround slices them off again): those behind the input's are zero. */
static bool fits_rows(const struct exec_type *in, const struct exec_type *out) {
    bool fits = in->rank == out->rank;
    for (int i = 0; fits && i < in->rank; i++)
        fits = i == in->rank - 2 ? out->dims[i] >= in->dims[i] : out->dims[i] == in->dims[i];
    return fits;
}

static bool plan_rotary(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0), *cos = in_type(p, s, 1);
    int64_t *token = PLAN_PARAMS(p, s, int64_t);
    if (!token)
        return false;
    *token = -1;
    attr_i64(p, s->op, "token_index", token);
    if (in->rank < 2 || cos->rank < 2 || in->dims[in->rank - 1] != cos->dims[cos->rank - 1] ||
        in->dims[in->rank - 1] % 2 || !fits_rows(in, out_type(p, s, 0)) || !type_same_shape(cos, in_type(p, s, 2)))
        return plan_error(p, s->op, "has an input and caches that do not fit each other");
    if (s->row->arg == ROTARY_LLAMA &&
        (!has_in(s, 3) || type_count(in_type(p, s, 3)) % 1024 || in->dims[in->rank - 1] % 32))
        return plan_error(p, s->op, "has a matrix that is not of 32 x 32");
    return true;
}

static bool run_rotary(struct call *c) {
    const struct exec_type *t = c->in[0].type, *cache = c->in[1].type;
    int64_t token = *(const int64_t *)c->s->params;
    vec_class k = class_real(c->x, t);
    const struct vec *v = c->x->vec[k];
    const char *in = call_lanes(c, &c->in[0], k), *cos = in ? call_lanes(c, &c->in[1], k) : NULL;
    const char *sin = cos ? call_lanes(c, &c->in[2], k) : NULL, *matrix = NULL;
    char *out = sin ? call_room(c, &c->out[0], k) : NULL;
    if (!out || (c->s->row->arg == ROTARY_LLAMA && !(matrix = call_lanes(c, &c->in[3], k))))
        return false;
    int64_t d = t->dims[t->rank - 1], seq = t->dims[t->rank - 2], written = c->out[0].type->dims[t->rank - 2];
    int64_t rows = type_count(c->out[0].type) / (d ? d : 1), cached = cache->dims[cache->rank - 2];
    for (int64_t r = 0; r < rows && !call_stopped_in(c, r, CALL_LOOK / (d + 1) + 1); r++) {
        int64_t row = r % written, at = (token >= 0 ? token : row) % (cached ? cached : 1);
        if (row >= seq) {
            memset(out + (size_t)(r * d) * v->size, 0, (size_t)d * v->size);
            continue;
        }
        const char *x = in + (size_t)((r / written * seq + row) * d) * v->size;
        for (int64_t i = 0; i < d; i++) {
            double turned = 0;
            if (matrix)
                for (int64_t j = 0; j < 32; j++)
                    turned += v->get(x + (size_t)(i / 32 * 32 + j) * v->size) *
                              v->get(matrix + (size_t)(j * 32 + i % 32) * v->size);
            else
                turned =
                    i < d / 2 ? -v->get(x + (size_t)(i + d / 2) * v->size) : v->get(x + (size_t)(i - d / 2) * v->size);
            double y = v->get(x + (size_t)i * v->size) * v->get(cos + (size_t)(at * d + i) * v->size) +
                       turned * v->get(sin + (size_t)(at * d + i) * v->size);
            v->set(out + (size_t)(r * d + i) * v->size, y, 1);
        }
    }
    call_store(c, &c->out[0], out, k);
    return true;
}
const struct kernel kernel_rotary = {"rotary embedding", plan_rotary, run_rotary, 0};

/* --- ttnn.indexer_score_dsa --------------------------------------------------------------------------------------- */

/* score[b,s,t] = sum over heads of relu(q . k) * weight; -inf for t > chunk start + s. q [B,H,S,D], k [B,1,T,D], weights
 * [B,H,S,1]. */
static bool plan_indexer(struct planner *p, struct exec_step *s) {
    const struct exec_type *q = in_type(p, s, 0), *k = in_type(p, s, 1), *weight = in_type(p, s, 2);
    int64_t *start = PLAN_PARAMS(p, s, int64_t);
    if (!start)
        return false;
    attr_i64(p, s->op, "chunk_start_idx", start);
    if (q->rank != 4 || k->rank != 4 || k->dims[3] != q->dims[3] || k->dims[0] != q->dims[0] ||
        type_count(weight) != q->dims[0] * q->dims[1] * q->dims[2] ||
        type_count(out_type(p, s, 0)) != q->dims[0] * q->dims[2] * k->dims[2])
        return plan_error(p, s->op, "has operands that do not fit each other");
    return true;
}

static bool run_indexer(struct call *c) {
    const struct exec_type *q = c->in[0].type, *kt = c->in[1].type;
    int64_t start = *(const int64_t *)c->s->params, h = q->dims[1], rows = q->dims[2], d = q->dims[3],
            keys = kt->dims[2];
    vec_class k = class_real(c->x, q);
    const struct vec *v = c->x->vec[k];
    const char *a = call_lanes(c, &c->in[0], k), *b = a ? call_lanes(c, &c->in[1], k) : NULL;
    const char *weight = b ? call_lanes(c, &c->in[2], k) : NULL;
    char *out = weight ? call_room(c, &c->out[0], k) : NULL;
    if (!out)
        return false;
    for (int64_t i = 0; i < q->dims[0] * rows * keys; i++) {
        int64_t t = i % keys, s = i / keys % rows, batch = i / keys / rows;
        double sum = 0;
        for (int64_t head = 0; head < h; head++) {
            int64_t row = (batch * h + head) * rows + s;
            double x =
                v->dot(a + (size_t)(row * d) * v->size, b + (size_t)((batch * keys + t) * d) * v->size, (size_t)d);
            sum += x > 0 ? x * v->get(weight + (size_t)row * v->size) : 0;
        }
        v->set(out + (size_t)i * v->size, t > start + s ? -INFINITY : sum, 1);
    }
    call_store(c, &c->out[0], out, k);
    return true;
}
const struct kernel kernel_indexer_score = {"attention", plan_indexer, run_indexer, 0};
