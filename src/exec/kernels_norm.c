/* Normalisations: mean and variance over some dimensions, in f32 (f64 where the tensors are), then scale and shift. */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"

struct norm {
    enum norm_kind kind;
    int64_t outer, n;                        /* rows of n elements that stand together */
    int64_t groups, channels, inner, before; /* group norm: [before][channels][inner] or [before][inner][channels] */
    bool channel_last;
    double epsilon, momentum;
    vec_class k;
    int weight, bias, residual; /* which operands; -1 none */
    vec_op activation;
};

static bool rows_of(struct planner *p, struct exec_step *s, struct norm *w) {
    const struct exec_type *in = in_type(p, s, 0);
    int64_t shape[TENSOR_MAX_RANK];
    int n = exec_op_ints(p, s->op, "normalized_shape", shape, TENSOR_MAX_RANK);
    if (n < 0)
        n = in->rank ? 1 : 0; /* TTNN: the last dimension */
    else
        for (int i = 0; i < n; i++)
            if (n > in->rank || shape[i] != in->dims[in->rank - n + i])
                return plan_error(p, s->op, "normalizes another shape than its last dimensions have");
    w->n = w->outer = 1;
    for (int i = 0; i < in->rank; i++)
        *(i < in->rank - n ? &w->outer : &w->n) *= in->dims[i];
    return true;
}

static bool check_count(struct planner *p, struct exec_step *s, int operand, int64_t n) {
    if (operand >= 0 && type_count(in_type(p, s, (uint32_t)operand)) != n)
        return plan_error(p, s->op, "has %lld numbers to scale or shift %lld with",
                          (long long)type_count(in_type(p, s, (uint32_t)operand)), (long long)n);
    return true;
}

static bool plan_norm(struct planner *p, struct exec_step *s) {
    struct norm *w = PLAN_PARAMS(p, s, struct norm);
    const struct exec_type *in = in_type(p, s, 0);
    bool ttnn = str_starts_with(ir_op_name_str(p->m, s->op), STR("ttnn"));
    if (!w)
        return false;
    w->kind = (enum norm_kind)s->row->arg;
    w->weight = has_in(s, 1) ? 1 : -1;
    w->bias = has_in(s, 2) ? 2 : -1;
    w->residual = -1;
    w->activation = VEC_N_OPS;
    w->epsilon = w->kind == NORM_GROUP || ttnn ? 1e-12 : 1e-5;
    if (w->kind == NORM_DIT) {
        w->kind = NORM_RMS;
        w->epsilon = 1e-5;
        w->residual = has_in(s, 3) ? 3 : -1;
        str activation = attr_text(p, s->op, "activation");
        w->activation = activation.n ? plan_activation(activation) : VEC_N_OPS;
    }
    attr_f64(p, s->op, "epsilon", &w->epsilon);
    w->k = class_real(p->x, in);
    s->flops = 6 * (uint64_t)type_count(in);
    if (w->kind != NORM_GROUP)
        return rows_of(p, s, w) && check_count(p, s, w->weight, w->n) && check_count(p, s, w->bias, w->n);
    /* Operand 1 is a mask that only the device needs. */
    w->weight = has_in(s, 2) ? 2 : -1;
    w->bias = has_in(s, 3) ? 3 : -1;
    int64_t channel = 3;
    w->groups = 1;
    attr_i64(p, s->op, "num_groups", &w->groups);
    attr_i64(p, s->op, "channel_dim", &channel);
    if (in->rank < 2 || channel < 1 || channel >= in->rank)
        return plan_error(p, s->op, "has its channels in a dimension that is not there");
    w->channels = in->dims[channel];
    w->before = in->dims[0];
    w->inner = 1;
    for (int i = 1; i < in->rank; i++)
        w->inner *= i == channel ? 1 : in->dims[i];
    w->channel_last = channel == in->rank - 1;
    if (!w->channel_last && channel != 1)
        return plan_error(p, s->op, "has its channels neither first nor last");
    if (w->groups < 1 || w->channels % w->groups)
        return plan_error(p, s->op, "has %lld channels for %lld groups", (long long)w->channels, (long long)w->groups);
    return check_count(p, s, w->weight, w->channels) && check_count(p, s, w->bias, w->channels);
}

struct norm_loop {
    const struct norm *w;
    const struct vec *v;
    const char *in, *weight, *bias;
    char *out, *scratch;
    size_t scratch_bytes;
};

/* Mean (0 for rms) and 1 / sqrt(variance + epsilon) of n lanes. */
static void moments(const struct norm_loop *l, const char *row, size_t n, double *mean, double *f) {
    double sum[1];
    *mean = 0;
    if (l->w->kind != NORM_RMS) {
        l->v->set(sum, 0, 1);
        l->v->fold[FOLD_SUM](sum, row, n);
        *mean = l->v->get(sum) / (double)n;
    }
    double eps = l->w->epsilon;
    *f = 1 / sqrt(l->v->square_sum(row, *mean, n) / (double)n + eps);
}

static void norm_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct norm_loop *l = ctx;
    size_t n = (size_t)l->w->n, size = l->v->size;
    (void)worker;
    for (size_t r = begin; r < end; r++) {
        double mean, f;
        const char *row = l->in + r * n * size;
        moments(l, row, n, &mean, &f);
        l->v->normalise(l->out + r * n * size, row, mean, f, l->weight, l->bias, n);
    }
}

/* One group of one image: gathered, normalised, put back. */
static void norm_groups(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct norm_loop *l = ctx;
    const struct norm *w = l->w;
    size_t size = l->v->size, per = (size_t)(w->channels / w->groups), inner = (size_t)w->inner;
    char *a = l->scratch + worker * l->scratch_bytes, *b = a + per * inner * size;
    for (size_t i = begin; i < end; i++) {
        size_t image = i / (size_t)w->groups, first = i % (size_t)w->groups * per;
        size_t base = image * (size_t)w->channels * inner;
        double mean, f;
        for (size_t k = 0; k < (w->channel_last ? inner : per); k++) {
            size_t at = w->channel_last ? base + k * (size_t)w->channels + first : base + (first + k) * inner;
            size_t n = w->channel_last ? per : inner;
            memcpy(a + k * n * size, l->in + at * size, n * size);
        }
        moments(l, a, per * inner, &mean, &f);
        for (size_t k = 0; k < (w->channel_last ? inner : per); k++) {
            size_t at = w->channel_last ? base + k * (size_t)w->channels + first : base + (first + k) * inner;
            size_t n = w->channel_last ? per : inner;
            const char *row = a + k * n * size;
            if (w->channel_last) {
                l->v->normalise(l->out + at * size, row, mean, f, l->weight ? l->weight + first * size : NULL,
                                l->bias ? l->bias + first * size : NULL, n);
                continue;
            }
            double g = l->weight ? l->v->get(l->weight + (first + k) * size) : 1;
            double shift = l->bias ? l->v->get(l->bias + (first + k) * size) : 0;
            l->v->normalise(b, row, mean, f * g, NULL, NULL, n);
            l->v->set(l->out + at * size, shift, n);
            l->v->merge[FOLD_SUM](l->out + at * size, b, n);
        }
    }
}

static bool run_norm(struct call *c) {
    const struct norm *w = c->s->params;
    const struct vec *v = c->x->vec[w->k];
    struct norm_loop l = {.w = w, .v = v};
    l.in = call_lanes(c, &c->in[0], w->k);
    if (l.in && w->residual >= 0) {
        const char *other = call_lanes(c, &c->in[w->residual], w->k);
        size_t n = (size_t)type_count(c->in[0].type);
        char *sum = other ? call_scratch(c, n * v->size) : NULL;
        if (sum)
            v->op[VEC_ADD](sum, l.in, other, NULL, n, NULL);
        l.in = sum;
    }
    if (!l.in || (w->weight >= 0 && !(l.weight = call_lanes(c, &c->in[w->weight], w->k))) ||
        (w->bias >= 0 && !(l.bias = call_lanes(c, &c->in[w->bias], w->k))) || !(l.out = call_room(c, &c->out[0], w->k)))
        return false;
    if (w->kind == NORM_GROUP) {
        l.scratch_bytes = 2 * (size_t)(w->channels / w->groups * w->inner) * v->size;
        l.scratch = call_scratch(c, pool_threads(c->x->pool) * l.scratch_bytes);
        if (!l.scratch || !call_loop(c, (size_t)(w->before * w->groups), 1, norm_groups, &l))
            return false;
    } else if (w->n && !call_loop(c, (size_t)w->outer, (size_t)(16384 / w->n) + 1, norm_rows, &l)) {
        return false;
    }
    if (w->activation != VEC_N_OPS) {
        size_t n = (size_t)type_count(c->out[0].type);
        char *from = call_scratch(c, n * v->size);
        if (!from)
            return false;
        memcpy(from, l.out, n * v->size);
        v->op[w->activation](l.out, from, NULL, NULL, n, NULL);
    }
    call_store(c, &c->out[0], l.out, w->k);
    return true;
}
const struct kernel kernel_norm = {"norm", plan_norm, run_norm, 0};

/* --- batch norm --------------------------------------------------------------------------------------------------- */

struct batch_norm {
    int64_t outer, channels, inner;
    double epsilon, momentum;
    vec_class k;
    int scale, offset, mean, variance; /* operands; -1: none */
    bool training, hlo;
    bool writes; /* the new mean and variance go where the old ones are: ttnn.batch_norm_training */
};

static bool plan_batch_norm(struct planner *p, struct exec_step *s) {
    struct batch_norm *w = PLAN_PARAMS(p, s, struct batch_norm);
    const struct exec_type *in = in_type(p, s, 0);
    str name = ir_op_name_str(p->m, s->op);
    bool ttnn = str_starts_with(name, STR("ttnn"));
    int64_t dim = 1;
    if (!w)
        return false;
    w->training = s->row->arg;
    w->hlo = str_starts_with(name, STR("stablehlo"));
    w->epsilon = 1e-5;
    w->momentum = 0.1;
    attr_f64(p, s->op, "epsilon", &w->epsilon);
    attr_f64(p, s->op, "momentum", &w->momentum);
    if (!attr_i64(p, s->op, "dimension", &dim))
        attr_i64(p, s->op, "feature_index", &dim);
    if (dim < 0 || dim >= in->rank)
        return plan_error(p, s->op, "has its features in a dimension that is not there");
    w->outer = w->inner = 1;
    for (int i = 0; i < in->rank; i++)
        if (i != dim)
            *(i < dim ? &w->outer : &w->inner) *= in->dims[i];
    w->channels = in->dims[dim];
    /* TTIR and StableHLO: scale, offset, mean, variance; TTNN: mean, variance, weight, bias. */
    int order[4] = {1, 2, 3, 4}, other[4] = {3, 4, 1, 2};
    int *at = ttnn ? other : order, *to[4] = {&w->scale, &w->offset, &w->mean, &w->variance};
    for (int i = 0; i < 4; i++) {
        *to[i] = has_in(s, (uint32_t)at[i]) ? at[i] : -1;
        if (*to[i] >= 0 && type_count(in_type(p, s, (uint32_t)at[i])) != w->channels)
            return plan_error(p, s->op, "has operand %d of another size than there are features", at[i]);
    }
    if (!w->training && (w->mean < 0 || w->variance < 0))
        return plan_error(p, s->op, "lacks its mean or variance");
    w->writes = w->training && ttnn;
    for (int i = 0; i < 2; i++) {
        int statistic = i ? w->variance : w->mean;
        if (w->writes && statistic >= 0)
            p->x->slots.v[p->x->slots.v[s->in[statistic]].root].written = true;
    }
    w->k = class_real(p->x, in);
    s->flops = 4 * (uint64_t)type_count(in);
    return true;
}

/* Operand i of the call, or a result, gets the number. */
static void put(const struct exec_arg *a, int64_t i, double v) {
    struct tensor t = {.dtype = a->type->dtype, .data = a->data};
    tensor_set(&t, i, v);
}

static double operand_at(struct call *c, int operand, int64_t i, double otherwise) {
    return operand < 0 ? otherwise : arg_get(&c->in[operand], i);
}

static bool run_batch_norm(struct call *c) {
    const struct batch_norm *w = c->s->params;
    const struct vec *v = c->x->vec[w->k];
    const char *in = call_lanes(c, &c->in[0], w->k);
    char *out = in ? call_room(c, &c->out[0], w->k) : NULL;
    size_t size = v->size, inner = (size_t)w->inner;
    if (!out)
        return false;
    double count = (double)(w->outer * w->inner);
    for (int64_t ch = 0; ch < w->channels; ch++) {
        double mean = operand_at(c, w->mean, ch, 0), variance = operand_at(c, w->variance, ch, 1);
        if (w->training) {
            double sum = 0, squares = 0, one[1];
            for (int64_t o = 0; o < w->outer; o++) {
                v->set(one, 0, 1);
                v->fold[FOLD_SUM](one, in + (size_t)(o * w->channels + ch) * inner * size, inner);
                sum += v->get(one);
            }
            double batch_mean = sum / count;
            for (int64_t o = 0; o < w->outer; o++)
                squares += v->square_sum(in + (size_t)(o * w->channels + ch) * inner * size, batch_mean, inner);
            double batch_variance = squares / count, m = w->hlo ? 1 : w->momentum;
            double next[] = {m * batch_mean + (1 - m) * mean, m * batch_variance + (1 - m) * variance};
            for (uint32_t r = 1; r < c->s->n_out && r < 3; r++)
                put(&c->out[r], ch, next[r - 1]);
            if (w->writes && w->mean >= 0)
                put(&c->in[w->mean], ch, next[0]);
            if (w->writes && w->variance >= 0)
                put(&c->in[w->variance], ch, next[1]);
            mean = batch_mean;
            variance = batch_variance;
        }
        double f = operand_at(c, w->scale, ch, 1) / sqrt(variance + w->epsilon),
               shift = operand_at(c, w->offset, ch, 0);
        for (int64_t o = 0; o < w->outer; o++) {
            size_t at = (size_t)(o * w->channels + ch) * inner * size;
            v->normalise(out + at, in + at, mean, f, NULL, NULL, inner);
            if (shift != 0) {
                /* + shift, as a normalisation of scale 1 around -shift */
                char *row = out + at;
                for (size_t i = 0; i < inner; i += 256) {
                    double constant[256];
                    size_t n = inner - i < 256 ? inner - i : 256;
                    v->set(constant, shift, n);
                    v->merge[FOLD_SUM](row + i * size, constant, n);
                }
            }
        }
    }
    call_store(c, &c->out[0], out, w->k);
    return true;
}
const struct kernel kernel_batch_norm = {"batch norm", plan_batch_norm, run_batch_norm, 0};
