/* Parts that the compiler takes bigger ops apart into - statistics of norms whose rows lie on several devices, the heads of a
 * decode step - and the gradient of a batch norm.
 *
 * Statistics (ttir-semantics.md section 8): rms_norm_pre_all_gather gives a tile of 32 columns of which the first is the mean
 * of x^2; layer_norm_pre_all_gather 64 columns of which the first is the sum of x^2 and number 32 the sum of x. Gathered along
 * the devices, layer_norm_post_all_gather makes mean and variance of them.
 */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"

enum { TILE = 32 };

static int64_t last_of(const struct exec_type *t) {
    return t->rank ? t->dims[t->rank - 1] : 1;
}

/* Rows: all dimensions but the last, which must be the same in both. */
static bool same_rows(const struct exec_type *a, const struct exec_type *b) {
    if (a->rank != b->rank || a->rank < 1)
        return false;
    for (int i = 0; i + 1 < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return true;
}

/* --- statistics -------------------------------------------------------------------------------------------------------- */

static bool plan_statistics(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    int64_t columns = s->row->arg == STATISTICS_RMS ? TILE : 2 * TILE;
    if (!same_rows(in, out) || last_of(out) != columns || last_of(in) == 0)
        return plan_error(p, s->op, "gives statistics in a shape other than %lld columns", (long long)columns);
    if (has_in(s, 1) && !type_same_shape(in, in_type(p, s, 1)))
        return plan_error(p, s->op, "has a residual of another shape");
    s->n_in = has_in(s, 1) ? 2 : 1; /* a table of reciprocals helps the device only */
    s->flops = 3 * (uint64_t)type_count(in);
    return true;
}

static void statistics_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct call *c = ctx;
    const struct exec_arg *in = &c->in[0], *residual = c->s->n_in > 1 ? &c->in[1] : NULL, *out = &c->out[0];
    int64_t n = last_of(in->type), columns = last_of(out->type);
    (void)worker;
    for (int64_t r = (int64_t)begin; r < (int64_t)end; r++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) {
            double v = arg_get(in, r * n + i) + (residual ? arg_get(residual, r * n + i) : 0);
            sum += v;
            squares += v * v;
        }
        memset((char *)out->data + (size_t)(r * columns) * tensor_dtype_size(out->type->dtype), 0,
               (size_t)columns * tensor_dtype_size(out->type->dtype));
        if (c->s->row->arg == STATISTICS_RMS) {
            arg_set(out, r * columns, squares / (double)n);
        } else {
            arg_set(out, r * columns, squares);
            arg_set(out, r * columns + TILE, sum);
        }
    }
}

static bool run_statistics(struct call *c) {
    int64_t n = last_of(c->in[0].type);
    return call_loop(c, (size_t)(type_count(c->in[0].type) / n), (size_t)(16384 / n) + 1, statistics_rows, c);
}
const struct kernel kernel_statistics = {"norm", plan_statistics, run_statistics, 0};

/* layer_norm_post_all_gather: input, statistics of all devices side by side, weight, bias. */
struct post_norm {
    double epsilon;
    int weight, bias; /* operands; -1: none */
};

static bool plan_post_norm(struct planner *p, struct exec_step *s) {
    struct post_norm *w = PLAN_PARAMS(p, s, struct post_norm);
    const struct exec_type *in = in_type(p, s, 0);
    if (!w)
        return false;
    *w = (struct post_norm){.epsilon = 1e-12, .weight = has_in(s, 2) ? 2 : -1, .bias = has_in(s, 3) ? 3 : -1};
    attr_f64(p, s->op, "epsilon", &w->epsilon);
    if (!has_in(s, 1) || !same_rows(in, in_type(p, s, 1)) || last_of(in_type(p, s, 1)) % (2 * TILE) ||
        last_of(in_type(p, s, 1)) == 0 || !type_same_shape(in, out_type(p, s, 0)))
        return plan_error(p, s->op, "has statistics that do not fit its input");
    for (int i = 2; i < 4; i++)
        if (has_in(s, (uint32_t)i) && type_count(in_type(p, s, (uint32_t)i)) != last_of(in))
            return plan_error(p, s->op, "has operand %d of another size than a row", i);
    s->flops = 4 * (uint64_t)type_count(in);
    return true;
}

static void post_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct call *c = ctx;
    const struct post_norm *w = c->s->params;
    const struct exec_arg *in = &c->in[0], *stats = &c->in[1], *out = &c->out[0];
    int64_t n = last_of(in->type), columns = last_of(stats->type), devices = columns / (2 * TILE);
    (void)worker;
    for (int64_t r = (int64_t)begin; r < (int64_t)end; r++) {
        double sum = 0, squares = 0, count = (double)(n * devices);
        for (int64_t d = 0; d < devices; d++) {
            squares += arg_get(stats, r * columns + d * 2 * TILE);
            sum += arg_get(stats, r * columns + d * 2 * TILE + TILE);
        }
        double mean = sum / count, f = 1 / sqrt(squares / count - mean * mean + w->epsilon);
        for (int64_t i = 0; i < n; i++) {
            double v = (arg_get(in, r * n + i) - mean) * f;
            v = w->weight >= 0 ? v * arg_get(&c->in[w->weight], i) : v;
            arg_set(out, r * n + i, w->bias >= 0 ? v + arg_get(&c->in[w->bias], i) : v);
        }
    }
}

static bool run_post_norm(struct call *c) {
    int64_t n = last_of(c->in[0].type);
    return n == 0 || call_loop(c, (size_t)(type_count(c->in[0].type) / n), (size_t)(16384 / n) + 1, post_rows, c);
}
const struct kernel kernel_post_norm = {"norm", plan_post_norm, run_post_norm, 0};

/* --- heads of a decode step --------------------------------------------------------------------------------------------- */

/* nlp_create_qkv_heads_decode: a row of [1, 1, users, (heads + 2 * kv heads) * D] is the user's query, key and value heads, which
 * become [1, users, heads, D] each. With a second operand those of some users only, from the number in it on. */
static bool plan_decode_heads(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0);
    if (s->n_out != 3 || (has_in(s, 1) && type_count(in_type(p, s, 1)) != 1))
        return plan_error(p, s->op, "has not three results, or does not say with which one user it begins");
    int64_t width = 0, users = last_of(in) ? type_count(in) / last_of(in) : 0;
    for (uint32_t i = 0; i < 3; i++) {
        const struct exec_type *out = out_type(p, s, i);
        if (!s->out[i] || out->rank != 4 || out->dtype != in->dtype || out->dims[0] * out->dims[1] > users ||
            (!has_in(s, 1) && out->dims[0] * out->dims[1] != users))
            return plan_error(p, s->op, "gives heads in another shape");
        width += out->dims[2] * out->dims[3];
    }
    if (width != last_of(in))
        return plan_error(p, s->op, "gives %lld numbers of each row of %lld", (long long)width, (long long)last_of(in));
    return true;
}

static bool run_decode_heads(struct call *c) {
    const struct exec_type *in = c->in[0].type;
    size_t size = tensor_dtype_size(in->dtype), row = (size_t)last_of(in) * size, at = 0;
    int64_t first = c->s->n_in > 1 && c->in[1].data ? arg_int(&c->in[1], 0) : 0;
    for (uint32_t i = 0; i < 3; i++) {
        const struct exec_type *out = c->out[i].type;
        int64_t users = out->dims[0] * out->dims[1], all = last_of(in) ? type_count(in) / last_of(in) : 0;
        if (first < 0 || first > all - users)
            return call_error(c, "takes %lld users from number %lld on, there are %lld", (long long)users,
                              (long long)first, (long long)all);
        size_t part = (size_t)(out->dims[2] * out->dims[3]) * size;
        for (int64_t u = 0; part && u < users; u++)
            memcpy((char *)c->out[i].data + (size_t)u * part,
                   (const char *)c->in[0].data + (size_t)(first + u) * row + at, part);
        at += part;
    }
    return true;
}
const struct kernel kernel_decode_heads = {"strided copy", plan_decode_heads, run_decode_heads, 0};

/* --- gradient of a batch norm --------------------------------------------------------------------------------------------- */

/* stablehlo.batch_norm_grad (operand, scale, mean, variance, gradient): with c = operand - mean, v = variance + epsilon and N
 * numbers of a feature,
 *     grad_operand = scale / sqrt(v) / N * (N * g - sum(g) - c * sum(g * c) / v)
 *     grad_scale   = sum(g * c) / sqrt(v)        grad_offset = sum(g)
 */
struct batch_grad {
    int64_t outer, channels, inner;
    double epsilon;
};

static bool plan_batch_grad(struct planner *p, struct exec_step *s) {
    struct batch_grad *w = PLAN_PARAMS(p, s, struct batch_grad);
    const struct exec_type *in = in_type(p, s, 0);
    int64_t dim = -1;
    if (!w)
        return false;
    w->outer = w->inner = 1;
    attr_f64(p, s->op, "epsilon", &w->epsilon);
    attr_i64(p, s->op, "feature_index", &dim);
    if (dim < 0 || dim >= in->rank || s->n_out != 3)
        return plan_error(p, s->op, "has its features in a dimension that is not there");
    for (int i = 0; i < in->rank; i++)
        if (i != dim)
            *(i < dim ? &w->outer : &w->inner) *= in->dims[i];
    w->channels = in->dims[dim];
    bool fits = has_in(s, 4) && type_same_shape(in, in_type(p, s, 4)) && type_same_shape(in, out_type(p, s, 0));
    for (uint32_t i = 1; i < 4 && fits; i++)
        fits = has_in(s, i) && type_count(in_type(p, s, i)) == w->channels &&
               (i == 3 || type_count(out_type(p, s, i)) == w->channels);
    s->flops = 8 * (uint64_t)type_count(in);
    return fits || plan_error(p, s->op, "has operands or results that do not fit each other");
}

static void batch_grad_channels(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct call *c = ctx;
    const struct batch_grad *w = c->s->params;
    double n = (double)(w->outer * w->inner);
    (void)worker;
    for (int64_t ch = (int64_t)begin; ch < (int64_t)end; ch++) {
        double scale = arg_get(&c->in[1], ch), mean = arg_get(&c->in[2], ch), v = arg_get(&c->in[3], ch) + w->epsilon,
               sum = 0, product = 0;
        for (int64_t o = 0; o < w->outer; o++)
            for (int64_t i = 0, at = (o * w->channels + ch) * w->inner; i < w->inner; i++, at++) {
                sum += arg_get(&c->in[4], at);
                product += arg_get(&c->in[4], at) * (arg_get(&c->in[0], at) - mean);
            }
        for (int64_t o = 0; o < w->outer; o++)
            for (int64_t i = 0, at = (o * w->channels + ch) * w->inner; i < w->inner; i++, at++)
                arg_set(&c->out[0], at,
                        scale / sqrt(v) / n *
                            (n * arg_get(&c->in[4], at) - sum - (arg_get(&c->in[0], at) - mean) * product / v));
        arg_set(&c->out[1], ch, product / sqrt(v));
        arg_set(&c->out[2], ch, sum);
    }
}

static bool run_batch_grad(struct call *c) {
    const struct batch_grad *w = c->s->params;
    return call_loop(c, (size_t)w->channels, 1, batch_grad_channels, c);
}
const struct kernel kernel_batch_grad = {"batch norm", plan_batch_grad, run_batch_grad, 0};
