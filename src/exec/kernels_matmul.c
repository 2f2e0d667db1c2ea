/* Matrix products: matmul, linear, dot_general, dot.
 *
 * Each is a contraction C[b, m, n] = sum over k of A[b, m, k] B[b, k, n], where b, m, n, k are lists of dimensions with
 * strides in either operand. Lists that walk as one dimension are merged; if one of each is left, oneDNN does it in place,
 * otherwise operands are first copied together. The plain kernel adds row by row.
 */
#include <string.h>

#include "dialect/params.h"
#include "exec/kernels.h"
#include "exec/onednn.h"
#include "exec/plan.h"

struct dims {
    int n;
    int64_t dim[TENSOR_MAX_RANK], a[TENSOR_MAX_RANK], b[TENSOR_MAX_RANK]; /* strides in either operand */
};

struct contraction {
    struct dims batch, m, n, k;
    int64_t n_batch, n_m, n_n, n_k;
    vec_class class;
    vec_op activation;   /* VEC_N_OPS: none */
    bool bias, bias_row; /* the bias is one row */
    int64_t bias_strides[TENSOR_MAX_RANK];
    int64_t strides[2][TENSOR_MAX_RANK], base[2]; /* of the operands, in elements */
    void *state;                                  /* of oneDNN, or NULL */
    exec_slot from[2];                            /* where operands are read instead; 0: where they are */
    uint32_t tail_at;                             /* the first operand of what was absorbed */
    bool row;                                     /* one row (for each batch) times a matrix: no product of blocks */
};

static void add_dim(struct dims *d, int64_t dim, int64_t a, int64_t b) {
    if (dim == 1)
        return;
    int last = d->n - 1;
    if (d->n && d->a[last] == a * dim && d->b[last] == b * dim) {
        d->dim[last] *= dim;
        d->a[last] = a;
        d->b[last] = b;
        return;
    }
    d->dim[d->n] = dim;
    d->a[d->n] = a;
    d->b[d->n++] = b;
}

static int64_t count_of(const struct dims *d) {
    int64_t n = 1;
    for (int i = 0; i < d->n; i++)
        n *= d->dim[i];
    return n;
}

/* torch.matmul with transposition flags. */
static bool describe_matmul(struct planner *p, struct exec_step *s, struct contraction *w) {
    const struct exec_type *a = in_type(p, s, 0), *b = in_type(p, s, 1);
    const int64_t *sa = w->strides[0], *sb = w->strides[1];
    if (a->rank == 0 || b->rank == 0)
        return plan_error(p, s->op, "multiplies a scalar");
    /* Positions of rows and columns; a vector has one of them. */
    int am = a->rank - 2, ak = a->rank - 1, bk = b->rank > 1 ? b->rank - 2 : 0, bn = b->rank > 1 ? b->rank - 1 : -1;
    if (a->rank > 1 && attr_bool(p, s->op, "transpose_a"))
        am = a->rank - 1, ak = a->rank - 2;
    if (b->rank > 1 && attr_bool(p, s->op, "transpose_b"))
        bk = b->rank - 1, bn = b->rank - 2;
    if (a->dims[ak] != b->dims[bk])
        return plan_error(p, s->op, "multiplies %lld columns with %lld rows", (long long)a->dims[ak],
                          (long long)b->dims[bk]);
    int batch = (a->rank > b->rank ? a->rank : b->rank) - 2;
    /* Rows of A over all batches are rows of one matrix when B has no batches. */
    bool b_alone = true;
    for (int i = 0; i + 2 < b->rank; i++)
        b_alone &= b->dims[i] == 1;
    for (int i = 0; i < batch; i++) {
        int ia = i - batch + a->rank - 2, ib = i - batch + b->rank - 2;
        int64_t da = ia < 0 ? 1 : a->dims[ia], db = ib < 0 ? 1 : b->dims[ib];
        if (da != db && da != 1 && db != 1)
            return plan_error(p, s->op, "has batch dimensions that do not broadcast");
        add_dim(b_alone ? &w->m : &w->batch, da > db || db == 1 ? da : db, da == 1 ? 0 : sa[ia], db == 1 ? 0 : sb[ib]);
    }
    if (a->rank > 1)
        add_dim(&w->m, a->dims[am], sa[am], 0);
    if (bn >= 0)
        add_dim(&w->n, b->dims[bn], 0, sb[bn]);
    add_dim(&w->k, a->dims[ak], sa[ak], sb[bk]);
    return true;
}

/* dot_general: batch dimensions, then those of the left, then those of the right operand. */
static bool describe_dot(struct planner *p, struct exec_step *s, struct contraction *w, const int64_t *lists[4],
                         const int *counts) {
    const struct exec_type *a = in_type(p, s, 0), *b = in_type(p, s, 1);
    const int64_t *sa = w->strides[0], *sb = w->strides[1];
    uint32_t used_a = 0, used_b = 0;
    if (counts[0] != counts[1] || counts[2] != counts[3])
        return plan_error(p, s->op, "has lists of dimensions of different lengths");
    for (int l = 0; l < 4; l += 2)
        for (int i = 0; i < counts[l]; i++) {
            int64_t da = lists[l][i], db = lists[l + 1][i];
            if (da < 0 || da >= a->rank || db < 0 || db >= b->rank || a->dims[da] != b->dims[db])
                return plan_error(p, s->op, "pairs dimensions that do not match");
            used_a |= 1u << da;
            used_b |= 1u << db;
            add_dim(l ? &w->k : &w->batch, a->dims[da], sa[da], sb[db]);
        }
    for (int i = 0; i < a->rank; i++)
        if (!(used_a >> i & 1))
            add_dim(&w->m, a->dims[i], sa[i], 0);
    for (int i = 0; i < b->rank; i++)
        if (!(used_b >> i & 1))
            add_dim(&w->n, b->dims[i], 0, sb[i]);
    return true;
}

bool dot_dimensions(const struct planner *p, ir_op op, int arg, int rank, int64_t d[4][TENSOR_MAX_RANK], int n[4]) {
    static const char *const attrs[] = {"batch_dims_lhs", "batch_dims_rhs", "contract_dims_lhs", "contract_dims_rhs"};
    static const char *const params[] = {"lhsBatchingDimensions", "rhsBatchingDimensions", "lhsContractingDimensions",
                                         "rhsContractingDimensions"};
    ir_attr numbers = ir_op_attr(p->m, op, STR("dot_dimension_numbers"));
    for (int i = 0; i < 4; i++) {
        if (arg == MATMUL_DOT) {
            n[i] = i >= 2;
            d[i][0] = i == 2 ? rank - 1 : 0;
        } else if (numbers) {
            ir_attr list = dialect_param(p->c, numbers, str_from_z(params[i]));
            n[i] = list ? node_ints(p->c, list, d[i], TENSOR_MAX_RANK) : 0;
        } else {
            n[i] = exec_op_ints(p, op, attrs[i], d[i], TENSOR_MAX_RANK);
        }
        if (n[i] < 0 || n[i] > TENSOR_MAX_RANK)
            return false;
    }
    return true;
}

static bool describe_general(struct planner *p, struct exec_step *s, struct contraction *w) {
    int64_t d[4][TENSOR_MAX_RANK];
    int n[4];
    if (!dot_dimensions(p, s->op, s->row->arg, in_type(p, s, 0)->rank, d, n))
        return plan_error(p, s->op, "does not say which dimensions to contract");
    const int64_t *lists[4] = {d[0], d[1], d[2], d[3]};
    return describe_dot(p, s, w, lists, n);
}

vec_op plan_activation(str name) {
    static const struct {
        const char *name;
        vec_op op;
    } ops[] = {{"relu", VEC_RELU}, {"relu6", VEC_RELU6},     {"silu", VEC_SILU},
               {"mish", VEC_MISH}, {"sigmoid", VEC_SIGMOID}, {"hardsigmoid", VEC_HARDSIGMOID},
               {"tanh", VEC_TANH}, {"log", VEC_LOG},         {"softplus", VEC_SOFTPLUS},
               {"gelu", VEC_GELU}, {"sqrt", VEC_SQRT}};
    if (str_ends_with(name, STR("_approx")))
        name.n -= 7;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (str_eq(name, str_from_z(ops[i].name)))
            return ops[i].op;
    return VEC_N_OPS;
}

static bool plan_bias(struct planner *p, struct exec_step *s, struct contraction *w) {
    const struct exec_type *bias = in_type(p, s, 2), *out = out_type(p, s, 0);
    int64_t own[TENSOR_MAX_RANK];
    walk_row_strides(bias->dims, bias->rank, own);
    if (bias->rank > out->rank)
        return plan_error(p, s->op, "has a bias of more dimensions than its result");
    w->bias = w->bias_row = true;
    for (int i = 0; i < out->rank; i++) {
        int k = i - (out->rank - bias->rank);
        if (k >= 0 && bias->dims[k] != 1 && bias->dims[k] != out->dims[i])
            return plan_error(p, s->op, "has a bias that does not broadcast to its result");
        w->bias_strides[i] = k < 0 || bias->dims[k] == 1 ? 0 : own[k];
        if (i + 1 < out->rank && w->bias_strides[i])
            w->bias_row = false;
    }
    if (type_count(bias) != w->n_n)
        w->bias_row = false;
    return true;
}

/* The lists, for operands with the strides that w has. */
static bool describe(struct planner *p, struct exec_step *s, struct contraction *w) {
    w->batch.n = w->m.n = w->n.n = w->k.n = 0;
    return s->row->arg == MATMUL ? describe_matmul(p, s, w) : describe_general(p, s, w);
}

static void dense_strides(const struct planner *p, const struct exec_step *s, struct contraction *w, uint32_t i) {
    const struct exec_type *t = in_type(p, s, i);
    walk_row_strides(t->dims, t->rank, w->strides[i]);
    w->base[i] = 0;
}

/* Whether all lists are one dimension. */
static bool is_single(const struct contraction *w) {
    return w->batch.n <= 1 && w->m.n <= 1 && w->n.n <= 1 && w->k.n <= 1;
}

static bool is_linear(const struct planner *p, ir_op op) {
    return str_ends_with(ir_op_name_str(p->m, op), STR("linear"));
}

/* The dimensions of torch.matmul with transposition flags, as far as its operands have any; plan_matmul says what does not fit. */
static void product_dims(const struct planner *p, ir_op op, const struct exec_type *a, const struct exec_type *b,
                         struct exec_type *out) {
    int batch = (a->rank > b->rank ? a->rank : b->rank) - 2;
    out->rank = 0;
    for (int i = 0; i < batch; i++) {
        int ia = i - batch + a->rank - 2, ib = i - batch + b->rank - 2;
        int64_t da = ia < 0 ? 1 : a->dims[ia], db = ib < 0 ? 1 : b->dims[ib];
        out->dims[out->rank++] = da == 1 ? db : da;
    }
    if (a->rank > 1)
        out->dims[out->rank++] = a->dims[a->rank - (attr_bool(p, op, "transpose_a") ? 1 : 2)];
    if (b->rank > 1)
        out->dims[out->rank++] = b->dims[b->rank - (attr_bool(p, op, "transpose_b") ? 2 : 1)];
}

bool plan_wide_bias(struct planner *p, ir_op op, bool *done) {
    const ir_op_data *d = ir_op_at(p->m, op);
    exec_slot in[3], out = 0, to = 0;
    *done = false;
    if (d->n_operands != 3 || d->n_results != 1 || !is_linear(p, op) || attr_text(p, op, "activation").n)
        return true;
    for (uint32_t i = 0; i < 3; i++)
        if (!(in[i] = plan_get(p, ir_operand(p->m, op, i))))
            return true;
    struct exec_type t;
    product_dims(p, op, slot_type(p->x, in[0]), slot_type(p->x, in[1]), &t);
    if (type_count(&t) >= ir_num_elements(p->c, ir_value_type(p->m, d->results)))
        return true;
    *done = true;
    bool ok = (out = plan_result_slot(p, op, d->results, &ok)) != 0;
    t.dtype = ok ? slot_type(p->x, out)->dtype : TENSOR_NONE;
    t.format = ok ? slot_type(p->x, out)->format : FORMAT_PLAIN;
    t.quant = NULL;
    return ok && (to = plan_temp(p, &t, false)) &&
           plan_step_into(p, op, exec_find_row(STR("ttir.matmul")), in, 2, to) &&
           plan_step_into(p, op, exec_find_row(STR("ttir.add")), (exec_slot[]){to, in[2]}, 2, out) &&
           plan_set(p, d->results, out);
}

static bool plan_matmul(struct planner *p, struct exec_step *s) {
    struct contraction *w = PLAN_PARAMS(p, s, struct contraction);
    if (!w)
        return false;
    if (!has_in(s, 0) || !has_in(s, 1) || !s->out[0])
        return plan_error(p, s->op, "has an operand or result without numbers");
    dense_strides(p, s, w, 0);
    dense_strides(p, s, w, 1);
    if (!describe(p, s, w))
        return false;
    w->n_batch = count_of(&w->batch);
    w->n_m = count_of(&w->m);
    w->n_n = count_of(&w->n);
    w->n_k = count_of(&w->k);
    if (w->n_batch * w->n_m * w->n_n != type_count(out_type(p, s, 0)))
        return plan_error(p, s->op, "gives %lld elements, its type says %lld",
                          (long long)(w->n_batch * w->n_m * w->n_n), (long long)type_count(out_type(p, s, 0)));
    str activation = attr_text(p, s->op, "activation");
    /* the optimizer moves it into the program config, where the vendor's kernel applies it */
    ir_attr config = activation.n ? 0 : ir_op_attr(p->m, s->op, STR("matmul_program_config"));
    ir_node fused = config ? dialect_param(p->c, config, STR("fused_activation")) : 0;
    if (fused)
        activation = dialect_param_text(p->c, fused, STR("op_type"));
    w->activation = activation.n ? plan_activation(activation) : VEC_N_OPS;
    if (activation.n && w->activation == VEC_N_OPS)
        return plan_error(p, s->op, "has activation '%.*s', which is not known", STR_ARG(activation));
    if (s->row->arg == MATMUL && is_linear(p, s->op) && has_in(s, 2) && !plan_bias(p, s, w))
        return false;
    w->class = class_join(in_type(p, s, 0), in_type(p, s, 1));
    /* Products of integers wrap as the sums do, unless something real is done with them. */
    bool real_bias = w->bias && !vec_is_integer(vec_class_of(in_type(p, s, 2)->dtype));
    if (vec_is_integer(w->class) && (real_bias || w->activation != VEC_N_OPS))
        w->class = VEC_F64;
    s->n_in = w->bias ? 3 : 2;
    s->flops = 2 * (uint64_t)(w->n_batch * w->n_m * w->n_n * w->n_k);
    return true;
}

/* Reads operands where they came from when the lists stay single, then chooses how to multiply. */
static bool ready_matmul(struct planner *p, struct exec_step *s) {
    struct contraction *w = s->params;
    exec_plan *x = p->x;
    if (w->class != VEC_F32 || x->options.reference || s->flops < 4096)
        return true;
    for (uint32_t i = 0; i < 2; i++) {
        exec_slot from = s->in[i], of;
        bool looks = plan_look(p, from, &of, w->strides[i], &w->base[i]);
        if (looks && describe(p, s, w) && is_single(w)) {
            /* later calls of describe read the shapes of what the op was given */
            w->from[i] = of;
            continue;
        }
        dense_strides(p, s, w, i);
        if (!describe(p, s, w))
            return false;
    }
    for (uint32_t i = 0; i < 2; i++)
        s->in[i] = w->from[i] ? w->from[i] : s->in[i];
    return true;
}

static uint32_t absorb_matmul(struct planner *p, struct exec_step *s, const struct tail_op *ops, uint32_t n) {
    struct contraction *w = s->params;
    exec_plan *x = p->x;
    const struct vec *v = x->vec[w->class];
    if (w->class != VEC_F32 || x->options.reference || s->flops < 4096 || !is_single(w))
        return 0;
    struct dnnl_matmul f = {.batch = w->n_batch, .m = w->n_m, .n = w->n_n, .k = w->n_k};
    f.a_strides[0] = w->batch.a[0];
    f.a_strides[1] = w->m.n ? w->m.a[0] : w->n_k;
    f.a_strides[2] = w->k.n ? w->k.a[0] : 1;
    f.b_strides[0] = w->batch.b[0];
    f.b_strides[1] = w->k.n ? w->k.b[0] : w->n_n;
    f.b_strides[2] = w->n.n ? w->n.b[0] : 1;
    f.a = in_type(p, s, 0)->dtype;
    f.b = in_type(p, s, 1)->dtype;
    f.c = out_type(p, s, 0)->dtype;
    f.bias = w->bias && w->bias_row ? in_type(p, s, 2)->dtype : TENSOR_NONE;
    f.steady_b = x->slots.v[s->in[1]].steady && !x->slots.v[s->in[1]].per_device;
    w->row = w->n_m == 1 && f.a_strides[2] == 1 && v->dots[f.b] && (f.b_strides[1] == 1 || f.b_strides[2] == 1);
    if (w->row)
        return 0;
    struct dnnl_tail tail = {.n = 0};
    bool more = !(w->bias && !w->bias_row) && w->activation == VEC_N_OPS;
    for (; more && tail.n < n; tail.n++) {
        const struct tail_op *op = &ops[tail.n];
        if (op->with && op->spread == TAIL_CHANNEL && (op->channel != op->rank - 1 || op->dims[op->channel] != w->n_n))
            break;
        tail.ops[tail.n] = *op;
    }
    w->tail_at = s->n_in;
    while (!dnnl_matmul_ready(x, &f, &tail, &w->state) && tail.n)
        tail.n--;
    return tail.n;
}

/* An operand as [batch][rows][columns] lanes, copied together unless it is so already. */
static const char *gather(struct call *c, const struct contraction *w, const char *in, bool left, size_t size) {
    const struct dims *lists[3] = {&w->batch, left ? &w->m : &w->k, left ? &w->k : &w->n};
    int64_t dim[3 * TENSOR_MAX_RANK], stride[3 * TENSOR_MAX_RANK], total = 1, step = 1;
    int n = 0;
    bool in_order = true;
    for (int l = 0; l < 3; l++)
        for (int i = 0; i < lists[l]->n; i++) {
            dim[n] = lists[l]->dim[i];
            stride[n++] = left ? lists[l]->a[i] : lists[l]->b[i];
            total *= lists[l]->dim[i];
        }
    for (int i = n; i-- > 0; step *= dim[i])
        in_order &= stride[i] == step;
    if (in_order)
        return in;
    char *out = call_scratch(c, (size_t)total * size);
    int64_t index[3 * TENSOR_MAX_RANK] = {0}, at = 0;
    for (int64_t i = 0; out && i < total; i++) {
        memcpy(out + (size_t)i * size, in + at * (int64_t)size, size);
        for (int d = n; d-- > 0;) {
            at += stride[d];
            if (++index[d] < dim[d])
                break;
            at -= stride[d] * dim[d];
            index[d] = 0;
        }
    }
    return out;
}

/* Rows that share what is read of the other operand. */
enum { PLAIN_ROWS = 24 };

struct product {
    const struct contraction *w;
    const struct vec *v;
    const char *a, *b;
    char *out;
};

static void product_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct product *l = ctx;
    const struct contraction *w = l->w;
    size_t size = l->v->size, n = (size_t)w->n_n, k = (size_t)w->n_k;
    (void)worker;
    l->v->set(l->out + begin * n * size, 0, (end - begin) * n);
    while (begin < end) {
        size_t batch = begin / (size_t)w->n_m, left = (batch + 1) * (size_t)w->n_m - begin;
        size_t rows = end - begin < left ? end - begin : left;
        l->v->blocks(l->out + begin * n * size, n, l->a + begin * k * size, k, 1, l->b + batch * k * n * size, n, rows,
                     n, k);
        begin += rows;
    }
}

static bool plain_product(struct call *c, struct contraction *w, char *out) {
    const struct vec *v = c->x->vec[w->class];
    struct product l = {.w = w, .v = v, .out = out};
    const char *a = call_lanes(c, &c->in[0], w->class), *b = a ? call_lanes(c, &c->in[1], w->class) : NULL;
    l.a = b ? gather(c, w, a + w->base[0] * (int64_t)v->size, true, v->size) : NULL;
    l.b = l.a ? gather(c, w, b + w->base[1] * (int64_t)v->size, false, v->size) : NULL;
    size_t rows = (size_t)(w->n_batch * w->n_m);
    size_t grain = (size_t)(100000 / (w->n_k * w->n_n + 1)) + 1;
    return l.b && call_loop(c, rows, grain < PLAIN_ROWS ? PLAIN_ROWS : grain, product_rows, &l);
}

/* One row times a matrix, column by column or row by row as the matrix lies. */
struct row_loop {
    const struct contraction *w;
    const struct vec *v;
    const char *a, *b;
    char *out;
    enum tensor_dtype type; /* of b */
};

static void row_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct row_loop *l = ctx;
    const struct contraction *w = l->w;
    size_t n = (size_t)w->n_n, size = l->v->size;
    int64_t step_n = w->n.n ? w->n.b[0] : 1, step_k = w->k.n ? w->k.b[0] : 1;
    bool along = w->n_k == 1 || step_k == 1; /* a column of the matrix is in one piece */
    (void)worker;
    while (begin < end) {
        size_t batch = begin / n, column = begin % n, count = end - begin < n - column ? end - begin : n - column;
        const char *a = l->a + (int64_t)batch * (w->batch.n ? w->batch.a[0] : 0) * (int64_t)size;
        int64_t at = (int64_t)batch * (w->batch.n ? w->batch.b[0] : 0) + (int64_t)column * step_n;
        const char *b = l->b + at * (int64_t)tensor_dtype_size(l->type);
        char *out = l->out + begin * size;
        (along ? l->v->dots : l->v->mix)[l->type](out, a, b, along ? step_n : step_k, count, (size_t)w->n_k);
        begin += count;
    }
}

/* Pieces of columns are of one size whatever the number of threads: sums do not depend on it. */
static bool row_product(struct call *c, const struct contraction *w, char *out) {
    const struct vec *v = c->x->vec[w->class];
    struct row_loop l = {.w = w, .v = v, .out = out, .type = c->in[1].type->dtype};
    const char *a = call_lanes(c, &c->in[0], w->class);
    if (!a)
        return false;
    l.a = a + w->base[0] * (int64_t)v->size;
    l.b = (const char *)c->in[1].data + w->base[1] * (int64_t)tensor_dtype_size(l.type);
    size_t grain = ((size_t)(1 << 18) / (size_t)w->n_k + 64) & ~(size_t)63;
    return call_loop(c, (size_t)(w->n_batch * w->n_n), grain, row_piece, &l);
}

/* out += bias, broadcast. */
static bool add_bias(struct call *c, const struct contraction *w, char *out) {
    const struct exec_type *t = c->out[0].type;
    const struct vec *v = c->x->vec[w->class];
    const char *bias = call_lanes(c, &c->in[2], w->class);
    if (!bias)
        return false;
    int64_t n = type_count(t), row = t->rank ? t->dims[t->rank - 1] : 1, index[TENSOR_MAX_RANK] = {0}, at = 0;
    bool splat = t->rank && w->bias_strides[t->rank - 1] == 0;
    for (int64_t r = 0; n && r < n / row; r++) {
        char *to = out + (size_t)(r * row) * v->size;
        const char *from = bias + at * (int64_t)v->size;
        if (splat)
            for (int64_t i = 0; i < row; i++)
                v->merge[FOLD_SUM](to + (size_t)i * v->size, from, 1);
        else
            v->merge[FOLD_SUM](to, from, (size_t)row);
        for (int d = t->rank - 1; d-- > 0;) {
            at += w->bias_strides[d];
            if (++index[d] < t->dims[d])
                break;
            at -= w->bias_strides[d] * t->dims[d];
            index[d] = 0;
        }
    }
    return true;
}

static bool activate(struct call *c, const struct contraction *w, char **out) {
    const struct vec *v = c->x->vec[w->class];
    size_t n = (size_t)type_count(c->out[0].type);
    char *from = call_scratch(c, n * v->size);
    if (!from)
        return false;
    memcpy(from, *out, n * v->size);
    v->op[w->activation](*out, from, NULL, NULL, n, NULL);
    return true;
}

static bool run_matmul(struct call *c) {
    struct contraction *w = c->s->params;
    bool fast = w->state && c->x->dnnl;
    bool later = (w->bias && !(fast && w->bias_row)) || w->activation != VEC_N_OPS;
    const char *in[2];
    for (int i = 0; i < 2; i++)
        in[i] = (const char *)c->in[i].data + w->base[i] * (int64_t)tensor_dtype_size(c->in[i].type->dtype);
    if (fast && !later)
        return dnnl_matmul_run(c, w->state, in[0], in[1], w->bias ? c->in[2].data : NULL, c->in + w->tail_at,
                               c->out[0].data);
    char *out = call_room(c, &c->out[0], w->class);
    if (!out)
        return false;
    if (fast) {
        /* The product alone, then the rest on its lanes. */
        const struct exec_arg *o = &c->out[0];
        if (!dnnl_matmul_run(c, w->state, in[0], in[1], w->bias && w->bias_row ? c->in[2].data : NULL, NULL, o->data))
            return false;
        const void *lanes = call_lanes(c, o, w->class);
        if (!lanes)
            return false;
        if (lanes != out)
            memcpy(out, lanes, (size_t)type_count(o->type) * c->x->vec[w->class]->size);
    } else if (w->row ? !row_product(c, w, out) : !plain_product(c, w, out)) {
        return false;
    }
    if (w->bias && !(fast && w->bias_row) && !add_bias(c, w, out))
        return false;
    if (w->activation != VEC_N_OPS && !activate(c, w, &out))
        return false;
    call_store(c, &c->out[0], out, w->class);
    return true;
}
const struct kernel kernel_matmul = {"matmul", plan_matmul, run_matmul, 0, ready_matmul, NULL, absorb_matmul};
