/* Ops that read or write where indices say: embedding, gather, scatter, of TTIR, TTNN and StableHLO. */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

static bool same_dtype(struct planner *p, struct exec_step *s, uint32_t a, const struct exec_type *b) {
    if (in_type(p, s, a)->dtype != b->dtype)
        return plan_error(p, s->op, "changes the element type, which is not supported");
    return true;
}

/* --- embedding ---------------------------------------------------------------------------------------------------- */

static bool plan_embedding(struct planner *p, struct exec_step *s) {
    const struct exec_type *ids = in_type(p, s, 0), *weight = in_type(p, s, 1), *out = out_type(p, s, 0);
    if (weight->rank < 2 || !out->rank || out->dims[out->rank - 1] != weight->dims[weight->rank - 1] ||
        type_count(out) != type_count(ids) * weight->dims[weight->rank - 1])
        return plan_error(p, s->op, "gives another shape than its type says");
    for (int i = 0; i + 2 < weight->rank; i++)
        if (weight->dims[i] != 1)
            return plan_error(p, s->op, "has a weight of more than two dimensions");
    if (weight->dims[weight->rank - 2] == 0 && type_count(ids))
        return plan_error(p, s->op, "looks up in an empty table");
    s->n_in = 2;
    return true;
}

static bool run_embedding(struct call *c) {
    const struct exec_type *weight = c->in[1].type, *out = c->out[0].type;
    int64_t rows = weight->dims[weight->rank - 2], d = weight->dims[weight->rank - 1], n = type_count(c->in[0].type);
    size_t from = tensor_dtype_size(weight->dtype), to = tensor_dtype_size(out->dtype);
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK / (d + 1) + 1))
            return true;
        int64_t row = arg_int(&c->in[0], i);
        row = row < 0 ? 0 : row >= rows ? rows - 1 : row;
        exec_convert(c->x, (char *)c->out[0].data + (size_t)(i * d) * to, out->dtype,
                     (const char *)c->in[1].data + (size_t)(row * d) * from, weight->dtype, (size_t)d);
    }
    return true;
}
const struct kernel kernel_embedding = {"embedding", plan_embedding, run_embedding, 0};

/* zeros, then each gradient row is added to the row of its index */
static bool plan_embedding_backward(struct planner *p, struct exec_step *s) {
    const struct exec_type *ids = in_type(p, s, 0), *grad = in_type(p, s, 2), *out = out_type(p, s, 0);
    if (out->rank < 2 || type_count(grad) != type_count(ids) * out->dims[out->rank - 1])
        return plan_error(p, s->op, "has a gradient of another size than its indices ask for");
    s->n_in = 3;
    return true;
}

static bool run_embedding_backward(struct call *c) {
    const struct exec_type *out = c->out[0].type;
    vec_class k = class_real(c->x, c->in[2].type);
    const struct vec *v = c->x->vec[k];
    const char *grad = call_lanes(c, &c->in[2], k);
    char *to = grad ? call_room(c, &c->out[0], k) : NULL;
    int64_t rows = out->dims[out->rank - 2], d = out->dims[out->rank - 1], n = type_count(c->in[0].type);
    if (!to)
        return false;
    for (int64_t at = 0, all = type_count(out); at < all && !call_stopped(c); at += 1 << 20)
        v->set(to + (size_t)at * v->size, 0, (size_t)(all - at < 1 << 20 ? all - at : 1 << 20));
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK / (d + 1) + 1))
            return true;
        int64_t row = arg_int(&c->in[0], i);
        if (row >= 0 && row < rows)
            v->merge[FOLD_SUM](to + (size_t)(row * d) * v->size, grad + (size_t)(i * d) * v->size, (size_t)d);
    }
    call_store(c, &c->out[0], to, k);
    return true;
}
const struct kernel kernel_embedding_backward = {"embedding", plan_embedding_backward, run_embedding_backward, 0};

/* --- torch.gather and torch.scatter ------------------------------------------------------------------------------- */

struct along {
    int dim;
    vec_fold fold; /* FOLD_N: replace */
    vec_class k;
};

static bool plan_gather(struct planner *p, struct exec_step *s) {
    struct along *w = PLAN_PARAMS(p, s, struct along);
    const struct exec_type *in = in_type(p, s, 0), *index = in_type(p, s, 1), *out = out_type(p, s, 0);
    int64_t dim = 0;
    if (!w)
        return false;
    attr_i64(p, s->op, "dim", &dim);
    if (!plan_dim(p, s->op, dim, in->rank, &w->dim) || !same_dtype(p, s, 0, out))
        return false;
    if (index->rank != in->rank || !type_same_shape(index, out))
        return plan_error(p, s->op, "has indices of another shape than its result");
    for (int i = 0; i < in->rank; i++)
        if (i != w->dim && index->dims[i] > in->dims[i])
            return plan_error(p, s->op, "has more indices than its input has rows");
    s->n_in = 2;
    return true;
}

/* Where element i of `index` points to in a tensor of strides `to`; -1 outside. With `wrap` negative indices count from the
 * end. */
static int64_t target(const struct call *c, const struct along *w, const struct exec_type *index,
                      const struct exec_type *in, const int64_t *to, int64_t i, bool wrap) {
    int64_t at = 0, rest = i;
    for (int d = index->rank; d-- > 0;) {
        int64_t k = rest % index->dims[d];
        rest /= index->dims[d];
        if (d == w->dim) {
            k = arg_int(&c->in[1], i);
            k += wrap && k < 0 ? in->dims[d] : 0;
            if (k < 0 || k >= in->dims[d])
                return -1;
        }
        at += k * to[d];
    }
    return at;
}

static bool run_gather(struct call *c) {
    const struct along *w = c->s->params;
    const struct exec_type *in = c->in[0].type;
    int64_t strides[TENSOR_MAX_RANK], n = type_count(c->in[1].type);
    size_t size = tensor_dtype_size(in->dtype);
    walk_row_strides(in->dims, in->rank, strides);
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK))
            return true;
        int64_t at = target(c, w, c->in[1].type, in, strides, i, true);
        if (at < 0)
            return call_error(c, "index %lld is out of range for dimension %d of %lld",
                              (long long)arg_int(&c->in[1], i), w->dim, (long long)in->dims[w->dim]);
        memcpy((char *)c->out[0].data + (size_t)i * size, (const char *)c->in[0].data + (size_t)at * size, size);
    }
    return true;
}
const struct kernel kernel_gather = {"gather", plan_gather, run_gather, 0};

static bool plan_scatter(struct planner *p, struct exec_step *s) {
    struct along *w = PLAN_PARAMS(p, s, struct along);
    const struct exec_type *in = in_type(p, s, 0), *index = in_type(p, s, 1), *source = in_type(p, s, 2);
    int64_t dim = 0;
    if (!w)
        return false;
    str reduce = attr_text(p, s->op, "scatter_reduce_type");
    w->fold = str_eq(reduce, STR("sum"))    ? FOLD_SUM
              : str_eq(reduce, STR("prod")) ? FOLD_PROD
              : str_eq(reduce, STR("max"))  ? FOLD_MAX
              : str_eq(reduce, STR("min"))  ? FOLD_MIN
                                            : FOLD_N;
    attr_i64(p, s->op, "dim", &dim);
    if (!plan_dim(p, s->op, dim, in->rank, &w->dim))
        return false;
    if (index->rank != in->rank || !type_same_shape(index, source) || !type_same_shape(in, out_type(p, s, 0)))
        return plan_error(p, s->op, "has indices of another shape than its source");
    w->k = class_join(in, source);
    s->n_in = 3;
    return true;
}

static bool run_scatter(struct call *c) {
    const struct along *w = c->s->params;
    const struct exec_type *in = c->in[0].type;
    const struct vec *v = c->x->vec[w->k];
    int64_t strides[TENSOR_MAX_RANK], n = type_count(c->in[1].type);
    const char *base = call_lanes(c, &c->in[0], w->k), *source = base ? call_lanes(c, &c->in[2], w->k) : NULL;
    char *out = source ? call_room(c, &c->out[0], w->k) : NULL;
    if (!out)
        return false;
    walk_row_strides(in->dims, in->rank, strides);
    if (!exec_copy_shared(c->x, out, base, (size_t)type_count(in) * v->size))
        return true;
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK))
            return true;
        int64_t at = target(c, w, c->in[1].type, in, strides, i, false);
        if (at < 0)
            continue; /* as stablehlo.scatter, which becomes this op, says of updates outside */
        if (w->fold == FOLD_N)
            memcpy(out + (size_t)at * v->size, source + (size_t)i * v->size, v->size);
        else
            v->merge[w->fold](out + (size_t)at * v->size, source + (size_t)i * v->size, 1);
    }
    call_store(c, &c->out[0], out, w->k);
    return true;
}
const struct kernel kernel_scatter = {"scatter", plan_scatter, run_scatter, 0};

/* --- StableHLO's gather and scatter ------------------------------------------------------------------------------- */

/* Both pair an index vector and a position in a window with an element of the operand. */
struct hlo_index {
    int64_t window_dims[TENSOR_MAX_RANK], dropped[TENSOR_MAX_RANK], batching[TENSOR_MAX_RANK];
    int64_t index_batching[TENSOR_MAX_RANK], map[TENSOR_MAX_RANK], sizes[TENSOR_MAX_RANK];
    int n_window, n_dropped, n_batching, n_index_batching, n_map;
    int64_t vector_dim;
    vec_fold fold;
    vec_class k;
};

static bool holds(const int64_t *list, int n, int64_t v) {
    for (int i = 0; i < n; i++)
        if (list[i] == v)
            return true;
    return false;
}

static int list_of(struct planner *p, ir_attr a, const char *name, int64_t *out) {
    return (int)dialect_param_ints(p->c, a, str_from_z(name), out, TENSOR_MAX_RANK);
}

static bool describe(struct planner *p, struct exec_step *s, struct hlo_index *w, ir_attr numbers, bool gather) {
    if (!numbers)
        return plan_error(p, s->op, "has no dimension numbers");
    w->n_window = list_of(p, numbers, gather ? "offsetDims" : "updateWindowDims", w->window_dims);
    w->n_dropped = list_of(p, numbers, gather ? "collapsedSliceDims" : "insertedWindowDims", w->dropped);
    w->n_batching = list_of(p, numbers, gather ? "operandBatchingDims" : "inputBatchingDims", w->batching);
    w->n_index_batching =
        list_of(p, numbers, gather ? "startIndicesBatchingDims" : "scatterIndicesBatchingDims", w->index_batching);
    w->n_map = list_of(p, numbers, gather ? "startIndexMap" : "scatterDimsToOperandDims", w->map);
    dialect_param_int(p->c, numbers, STR("indexVectorDim"), &w->vector_dim);
    const struct exec_type *in = in_type(p, s, 0), *index = in_type(p, s, 1);
    const struct exec_type *pairs = gather ? out_type(p, s, 0) : in_type(p, s, 2);
    if (w->n_window > TENSOR_MAX_RANK || w->n_dropped > TENSOR_MAX_RANK || w->n_batching > TENSOR_MAX_RANK ||
        w->n_index_batching != w->n_batching || w->n_map > TENSOR_MAX_RANK || w->vector_dim < 0 ||
        w->vector_dim > index->rank || w->n_window + w->n_dropped + w->n_batching != in->rank ||
        pairs->rank != w->n_window + index->rank - (w->vector_dim < index->rank))
        return plan_error(p, s->op, "has dimension numbers that do not fit");
    for (int i = 0; i < w->n_map; i++)
        if (w->map[i] < 0 || w->map[i] >= in->rank)
            return plan_error(p, s->op, "has dimension numbers that do not fit");
    for (int i = 0; i < w->n_batching; i++)
        if (w->index_batching[i] < 0 || w->index_batching[i] >= index->rank)
            return plan_error(p, s->op, "has dimension numbers that do not fit");
    /* Every batch dimension of the pairs is that of the indices. */
    int b = 0;
    for (int i = 0; i < pairs->rank; i++) {
        if (holds(w->window_dims, w->n_window, i))
            continue;
        int d = b + (b >= w->vector_dim);
        if (d >= index->rank || pairs->dims[i] != index->dims[d])
            return plan_error(p, s->op, "has dimension numbers that do not fit");
        b++;
    }
    return true;
}

static bool plan_hlo_gather(struct planner *p, struct exec_step *s) {
    struct hlo_index *w = PLAN_PARAMS(p, s, struct hlo_index);
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    if (!w || !describe(p, s, w, ir_op_attr(p->m, s->op, STR("dimension_numbers")), true) || !same_dtype(p, s, 0, out))
        return false;
    for (int i = 0, k = 0; s->row->arg == GATHER_DYNAMIC && i < in->rank;
         i++) { /* the operand that says them can say no other */
        bool kept = !holds(w->dropped, w->n_dropped, i) && !holds(w->batching, w->n_batching, i);
        bool known = kept && w->window_dims[k] >= 0 && w->window_dims[k] < out->rank;
        w->sizes[i] = known ? out->dims[w->window_dims[k]] : in->dims[i] ? 1 : 0;
        k += kept;
    }
    if (s->row->arg == GATHER_HLO && exec_op_ints(p, s->op, "slice_sizes", w->sizes, TENSOR_MAX_RANK) != in->rank)
        return plan_error(p, s->op, "has no size for each dimension of its operand");
    for (int i = 0, k = 0; i < in->rank; i++) {
        bool kept = !holds(w->dropped, w->n_dropped, i) && !holds(w->batching, w->n_batching, i);
        if (w->sizes[i] < 0 || w->sizes[i] > in->dims[i] ||
            (kept &&
             (w->window_dims[k] < 0 || w->window_dims[k] >= out->rank || out->dims[w->window_dims[k]] != w->sizes[i])))
            return plan_error(p, s->op, "has slices of another shape than its result");
        k += kept;
    }
    s->n_in = 2;
    return true;
}

/* Where pair `i` (a position in `pairs`) stands in the operand; -1 outside. With `clamp` windows are moved inside. */
static int64_t place(const struct call *c, const struct hlo_index *w, const struct exec_type *pairs,
                     const int64_t *strides, int64_t i, bool clamp) {
    const struct exec_type *in = c->in[0].type, *index = c->in[1].type;
    int64_t at[TENSOR_MAX_RANK], batch[TENSOR_MAX_RANK], start[TENSOR_MAX_RANK] = {0}, index_at = 0, step = 1;
    int64_t vector_step = 0;
    for (int d = pairs->rank; d-- > 0;) {
        at[d] = i % pairs->dims[d];
        i /= pairs->dims[d];
    }
    int b = 0;
    for (int d = 0; d < pairs->rank; d++)
        if (!holds(w->window_dims, w->n_window, d))
            batch[b++] = at[d];
    for (int d = index->rank; d-- > 0;) {
        if (d == w->vector_dim)
            vector_step = step;
        else
            index_at += batch[d - (d > w->vector_dim)] * step;
        step *= index->dims[d];
    }
    for (int k = 0; k < w->n_map; k++)
        start[w->map[k]] = arg_int(&c->in[1], index_at + k * vector_step);
    for (int k = 0; k < w->n_batching; k++) {
        int64_t d = w->index_batching[k];
        start[w->batching[k]] = batch[d - (d > w->vector_dim)];
    }
    int64_t sum = 0;
    for (int d = 0, k = 0; d < in->rank; d++) {
        bool kept = !holds(w->dropped, w->n_dropped, d) && !holds(w->batching, w->n_batching, d);
        if (clamp) {
            int64_t most = in->dims[d] - w->sizes[d];
            start[d] = start[d] < 0 ? 0 : start[d] > most ? most : start[d];
        }
        int64_t e = start[d] + (kept ? at[w->window_dims[k]] : 0);
        k += kept;
        if (e < 0 || e >= in->dims[d])
            return -1;
        sum += e * strides[d];
    }
    return sum;
}

static bool run_hlo_gather(struct call *c) {
    const struct hlo_index *w = c->s->params;
    const struct exec_type *out = c->out[0].type;
    int64_t strides[TENSOR_MAX_RANK], n = type_count(out);
    size_t size = tensor_dtype_size(out->dtype);
    walk_row_strides(c->in[0].type->dims, c->in[0].type->rank, strides);
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK))
            return true;
        int64_t at = place(c, w, out, strides, i, true);
        if (at < 0)
            return call_error(c, "a slice is larger than its operand");
        memcpy((char *)c->out[0].data + (size_t)i * size, (const char *)c->in[0].data + (size_t)at * size, size);
    }
    return true;
}
const struct kernel kernel_hlo_gather = {"gather", plan_hlo_gather, run_hlo_gather, KERNEL_COMPLEX};

static bool plan_hlo_scatter(struct planner *p, struct exec_step *s) {
    struct hlo_index *w = PLAN_PARAMS(p, s, struct hlo_index);
    if (!w)
        return false;
    w->fold = FOLD_N;
    region_fold(p, s->op, &w->fold); /* or a replacement */
    w->k = class_join(in_type(p, s, 0), NULL);
    return describe(p, s, w, ir_op_attr(p->m, s->op, STR("scatter_dimension_numbers")), false) &&
           same_dtype(p, s, 0, in_type(p, s, 2));
}

static bool run_hlo_scatter(struct call *c) {
    const struct hlo_index *w = c->s->params;
    const struct vec *v = c->x->vec[w->k];
    int64_t strides[TENSOR_MAX_RANK], n = type_count(c->in[2].type);
    const char *base = call_lanes(c, &c->in[0], w->k), *update = base ? call_lanes(c, &c->in[2], w->k) : NULL;
    char *out = update ? call_room(c, &c->out[0], w->k) : NULL;
    if (!out)
        return false;
    walk_row_strides(c->in[0].type->dims, c->in[0].type->rank, strides);
    if (!exec_copy_shared(c->x, out, base, (size_t)type_count(c->in[0].type) * v->size))
        return true;
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK))
            return true;
        int64_t at = place(c, w, c->in[2].type, strides, i, false);
        if (at < 0)
            continue; /* updates outside are left out */
        if (w->fold == FOLD_N)
            memcpy(out + (size_t)at * v->size, update + (size_t)i * v->size, v->size);
        else
            v->merge[w->fold](out + (size_t)at * v->size, update + (size_t)i * v->size, 1);
    }
    call_store(c, &c->out[0], out, w->k);
    return true;
}
const struct kernel kernel_hlo_scatter = {"scatter", plan_hlo_scatter, run_hlo_scatter, 0};

bool index_scatters(struct planner *p, ir_op op) {
    exec_slot in = ir_op_at(p->m, op)->n_operands == 3 ? plan_get(p, ir_operand(p->m, op, 0)) : 0;
    vec_fold fold;
    return in && !tensor_dtype_is_complex(slot_type(p->x, in)->dtype) &&
           (region_fold(p, op, &fold) || region_replaces(p, op));
}

/* Where each update goes: result of i64, -1 for what goes outside. */
static bool plan_places(struct planner *p, struct exec_step *s) {
    struct hlo_index *w = PLAN_PARAMS(p, s, struct hlo_index);
    return w && describe(p, s, w, ir_op_attr(p->m, s->op, STR("scatter_dimension_numbers")), false);
}

static bool run_places(struct call *c) {
    const struct hlo_index *w = c->s->params;
    int64_t strides[TENSOR_MAX_RANK], n = type_count(c->in[2].type), *places = c->out[0].data;
    walk_row_strides(c->in[0].type->dims, c->in[0].type->rank, strides);
    for (int64_t i = 0; i < n && !call_stopped_in(c, i, CALL_LOOK); i++)
        places[i] = place(c, w, c->in[2].type, strides, i, false);
    return true;
}
const struct kernel kernel_places = {"scatter", plan_places, run_places, KERNEL_COMPLEX};

/* --- caches: the first operand is written --------------------------------------------------------------------------- */

struct cache {
    int64_t batch_offset;
};

static bool plan_cache(struct planner *p, struct exec_step *s) {
    struct cache *w = PLAN_PARAMS(p, s, struct cache);
    const struct exec_type *cache = in_type(p, s, 0), *in = in_type(p, s, 1);
    if (!w)
        return false;
    attr_i64(p, s->op, "batch_offset", &w->batch_offset);
    if (!has_in(s, 0) || !has_in(s, 1) || cache->rank != 4 || in->rank != 4 || cache->dims[3] != in->dims[3])
        return plan_error(p, s->op, "has a cache or input that is no [B, H, S, D]");
    if (s->row->arg == CACHE_PAGED_UPDATE && has_in(s, 2) && !has_in(s, 3) &&
        (in->dims[1] > cache->dims[0] || type_count(in_type(p, s, 2)) < in->dims[1]))
        return plan_error(p, s->op, "has more users than its cache, or than positions");
    if (s->row->arg != CACHE_FILL && !has_in(s, 2))
        return plan_error(p, s->op, "does not say where to write");
    if ((s->row->arg == CACHE_FILL && (in->dims[2] > cache->dims[2] || in->dims[1] > cache->dims[1])) ||
        (s->row->arg == CACHE_UPDATE && in->dims[1] > cache->dims[1]))
        return plan_error(p, s->op, "has more to write than its cache holds");
    return true;
}

/* One row of D elements of the input to [block][head][position] of the cache. */
static void put_row(struct call *c, int64_t from, int64_t block, int64_t head, int64_t at) {
    const struct exec_type *cache = c->in[0].type, *in = c->in[1].type;
    int64_t d = cache->dims[3], to = ((block * cache->dims[1] + head) * cache->dims[2] + at) * d;
    if (block < 0 || block >= cache->dims[0] || head >= cache->dims[1] || at < 0 || at >= cache->dims[2])
        return;
    exec_convert(c->x, (char *)c->in[0].data + (size_t)to * tensor_dtype_size(cache->dtype), cache->dtype,
                 (const char *)c->in[1].data + (size_t)(from * d) * tensor_dtype_size(in->dtype), in->dtype, (size_t)d);
}

static bool run_cache(struct call *c) {
    const struct cache *w = c->s->params;
    const struct exec_type *cache = c->in[0].type, *in = c->in[1].type;
    int kind = c->s->row->arg;
    int64_t b = in->dims[0], h = in->dims[1], n = in->dims[2];
    if (kind == CACHE_PAGED_UPDATE) {
        /* input [1, users, heads (padded), D]; position of a user in update_index. Without a table each user has a block. */
        bool paged = c->s->n_in > 3 && c->in[3].data;
        const struct exec_type *table = paged ? c->in[3].type : NULL;
        int64_t pages = paged ? table->dims[table->rank - 1] : 1;
        for (int64_t u = 0; u < h; u++) {
            int64_t at = arg_int(&c->in[2], u), page = at < 0 ? -1 : at / cache->dims[2];
            if (page < 0 || page >= pages)
                continue; /* a user that is skipped */
            int64_t block = paged ? arg_int(&c->in[3], u * pages + page) : u;
            for (int64_t head = 0; head < cache->dims[1] && head < n; head++)
                put_row(c, u * n + head, block, head, at % cache->dims[2]);
        }
        return true;
    }
    for (int64_t i = 0; i < b * h * n && !call_stopped_in(c, i, CALL_LOOK / (cache->dims[3] + 1) + 1); i++) {
        int64_t t = i % n, head = i / n % h, image = i / n / h;
        if (kind == CACHE_FILL) {
            put_row(c, i, w->batch_offset + image, head, t);
        } else if (kind == CACHE_UPDATE) { /* input [1, H, users, D] */
            put_row(c, i, w->batch_offset + t, head, arg_int(&c->in[2], 0));
        } else {
            const struct exec_type *table = c->in[2].type;
            int64_t pages = table->dims[table->rank - 1], page = t / cache->dims[2];
            int64_t row = c->s->n_in > 3 && c->in[3].data ? arg_int(&c->in[3], image) : image;
            if (page < pages && row >= 0 && row * pages < type_count(table))
                put_row(c, i, arg_int(&c->in[2], row * pages + page), head, t % cache->dims[2]);
        }
    }
    return true;
}
const struct kernel kernel_cache = {"cache", plan_cache, run_cache, KERNEL_IN_PLACE};

/* ttnn.copy, ttnn.write_tensor: operand 0 into operand 1. */
static bool plan_overwrite(struct planner *p, struct exec_step *s) {
    if (!has_in(s, 0) || !has_in(s, 1) || type_count(in_type(p, s, 0)) != type_count(in_type(p, s, 1)))
        return plan_error(p, s->op, "copies between tensors of different sizes");
    p->x->slots.v[p->x->slots.v[s->in[1]].root].written = true;
    s->n_in = 2;
    return true;
}
static bool run_overwrite(struct call *c) {
    const struct exec_type *to = c->in[1].type;
    return exec_convert_shared(c->x, c->in[1].data, to->dtype, c->in[0].data, c->in[0].type->dtype,
                               (size_t)type_count(to));
}
const struct kernel kernel_overwrite = {"copy", plan_overwrite, run_overwrite, 0};
