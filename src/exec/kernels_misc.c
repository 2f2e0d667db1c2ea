/* The rest: quantisation, the optimiser's step, routing of experts, sampling, complex numbers. */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"
#include "exec/seed.h"

/* --- quantisation ------------------------------------------------------------------------------------------------- */

struct quantize {
    int kind;
    const struct exec_quant *from, *to; /* by types; NULL: operands say */
    int64_t inner, axis_size;           /* which scale an element has: (i / inner) % axis_size */
    double low, high;
};

/* In f32, as a compiled program carries the type's scales in operands: ties between two levels fall the same way. */
static double scale_of(const struct exec_quant *q, const struct quantize *w, int64_t i, double *zero) {
    int64_t k = q->axis < 0 || q->n == 1 ? 0 : i / w->inner % w->axis_size;
    *zero = q->zero[k];
    return (float)q->scale[k];
}

static bool find_axis(struct planner *p, struct exec_step *s, struct quantize *w, int64_t axis, int64_t n) {
    const struct exec_type *t = in_type(p, s, 0);
    w->inner = w->axis_size = 1;
    if (axis < 0 && n == 1)
        return true;
    if (axis < 0 || axis >= t->rank || t->dims[axis] != n)
        return plan_error(p, s->op, "has %lld scales for its axis", (long long)n);
    for (int i = (int)axis + 1; i < t->rank; i++)
        w->inner *= t->dims[i];
    w->axis_size = n;
    return true;
}

static void storage(const struct exec_type *t, struct quantize *w) {
    double half = ldexp(1, (int)tensor_dtype_size(t->dtype) * 8 - 1);
    bool is_unsigned = t->dtype == TENSOR_U8 || t->dtype == TENSOR_U16 || t->dtype == TENSOR_U32;
    w->low = t->quant ? t->quant->low : is_unsigned ? 0 : -half;
    w->high = t->quant ? t->quant->high : is_unsigned ? 2 * half - 1 : half - 1;
}

/* The level of a value, to the nearest even one: in f32 as torch.quantize_per_tensor, which multiplies by 1 / scale. */
static double level(const struct call *c, const struct quantize *w, double v, double scale, double zero) {
    double q = c->in[0].type->dtype == TENSOR_F64 ? nearbyint(v / scale)
                                                  : (double)nearbyintf((float)v * (1.0f / (float)scale));
    q += zero;
    return q < w->low ? w->low : q > w->high ? w->high : q;
}

static bool plan_quantize(struct planner *p, struct exec_step *s) {
    struct quantize *w = PLAN_PARAMS(p, s, struct quantize);
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    if (!w)
        return false;
    w->kind = s->row->arg;
    w->from = in->quant;
    w->to = out->quant;
    /* stablehlo.uniform_quantize also requantises */
    if (w->kind == QUANTIZE && w->from)
        w->kind = REQUANTIZE;
    if ((w->kind != DEQUANTIZE && !w->to) || (w->kind != QUANTIZE && !w->from) || !type_same_shape(in, out))
        return plan_error(p, s->op, "has types that say no scales");
    storage(out, w);
    const struct exec_quant *q = w->kind == DEQUANTIZE ? w->from : w->to;
    const struct exec_quant *other = w->kind == REQUANTIZE ? w->from : q;
    return find_axis(p, s, w, q->axis, q->n) &&
           (other->n == 1 || other->n == q->n || find_axis(p, s, w, other->axis, other->n));
}

static bool run_quantize(struct call *c) {
    const struct quantize *w = c->s->params;
    int64_t n = type_count(c->out[0].type);
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK))
            return true;
        double v = arg_get(&c->in[0], i), zero, scale;
        if (w->kind != QUANTIZE) {
            scale = scale_of(w->from, w, i, &zero);
            v = (v - zero) * scale;
        }
        if (w->kind != DEQUANTIZE) {
            scale = scale_of(w->to, w, i, &zero);
            v = level(c, w, v, scale, zero);
        }
        arg_set(&c->out[0], i, v);
    }
    return true;
}
const struct kernel kernel_quantize = {"quantisation", plan_quantize, run_quantize, 0};

/* Scales and zero points as operands. */
static bool plan_unrolled(struct planner *p, struct exec_step *s) {
    struct quantize *w = PLAN_PARAMS(p, s, struct quantize);
    int64_t axis = -1;
    if (!w)
        return false;
    w->kind = s->row->arg;
    attr_i64(p, s->op, "axis", &axis);
    uint32_t need = w->kind == REQUANTIZE ? 5 : 3;
    for (uint32_t i = 0; i < need; i++)
        if (!has_in(s, i))
            return plan_error(p, s->op, "lacks scales or zero points");
    storage(out_type(p, s, 0), w);
    int64_t n = 1;
    for (uint32_t i = 1; i < need; i++) {
        int64_t k = type_count(in_type(p, s, i));
        if (k != 1 && n != 1 && k != n)
            return plan_error(p, s->op, "has different numbers of scales and zero points");
        n = k > n ? k : n;
    }
    if (axis < 0 && n > 1)
        return plan_error(p, s->op, "has %lld scales and no axis", (long long)n);
    s->n_in = need;
    return find_axis(p, s, w, n == 1 ? -1 : axis, n);
}

static double pick(const struct call *c, uint32_t operand, const struct quantize *w, int64_t i) {
    const struct exec_arg *a = &c->in[operand];
    return arg_get(a, type_count(a->type) == 1 ? 0 : i / w->inner % w->axis_size);
}

static bool run_unrolled(struct call *c) {
    const struct quantize *w = c->s->params;
    int64_t n = type_count(c->out[0].type);
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK))
            return true;
        double v = arg_get(&c->in[0], i);
        if (w->kind != QUANTIZE)
            v = (v - pick(c, 2, w, i)) * pick(c, 1, w, i);
        if (w->kind != DEQUANTIZE) {
            uint32_t o = w->kind == REQUANTIZE ? 3 : 1;
            v = level(c, w, v, pick(c, o, w, i), pick(c, o + 1, w, i));
        }
        arg_set(&c->out[0], i, v);
    }
    return true;
}
const struct kernel kernel_quantize_unrolled = {"quantisation", plan_unrolled, run_unrolled, 0};

/* --- adamw -------------------------------------------------------------------------------------------------------- */

struct adamw {
    double lr, beta1, beta2, pow1, pow2, epsilon, decay;
};

static bool plan_adamw(struct planner *p, struct exec_step *s) {
    struct adamw *w = PLAN_PARAMS(p, s, struct adamw);
    if (!w)
        return false;
    attr_f64(p, s->op, "lr", &w->lr);
    attr_f64(p, s->op, "beta1", &w->beta1);
    attr_f64(p, s->op, "beta2", &w->beta2);
    attr_f64(p, s->op, "beta1_pow", &w->pow1);
    attr_f64(p, s->op, "beta2_pow", &w->pow2);
    attr_f64(p, s->op, "epsilon", &w->epsilon);
    attr_f64(p, s->op, "weight_decay", &w->decay);
    for (uint32_t i = 0; i < 4; i++) {
        if (!has_in(s, i) || type_count(in_type(p, s, i)) != type_count(in_type(p, s, 0)))
            return plan_error(p, s->op, "has operands of different sizes");
        if (s->row->arg)
            p->x->slots.v[p->x->slots.v[s->in[i]].root].written = i != 1;
    }
    if (!s->row->arg && s->n_out < 3)
        return plan_error(p, s->op, "has %u results", s->n_out);
    if (s->row->arg && has_in(s, 4))
        p->x->slots.v[p->x->slots.v[s->in[4]].root].written = true;
    return true;
}

/* param' = param - lr m/(1 - b1^t) / (sqrt(v/(1 - b2^t)) + eps) - lr decay param */
static bool run_adamw(struct call *c) {
    const struct adamw *w = c->s->params;
    bool in_place = c->s->row->arg, amsgrad = c->s->n_in > 4 && c->in[4].data;
    const struct exec_arg *param = in_place ? &c->in[0] : &c->out[0], *m = in_place ? &c->in[2] : &c->out[1];
    const struct exec_arg *v = in_place ? &c->in[3] : &c->out[2];
    const struct exec_arg *most = in_place ? &c->in[4] : c->s->n_out > 3 && c->out[3].data ? &c->out[3] : NULL;
    int64_t n = type_count(c->in[0].type);
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK))
            return true;
        double x = arg_get(&c->in[0], i), g = arg_get(&c->in[1], i);
        double mi = w->beta1 * arg_get(&c->in[2], i) + (1 - w->beta1) * g;
        double vi = w->beta2 * arg_get(&c->in[3], i) + (1 - w->beta2) * g * g, vm = vi;
        if (amsgrad) {
            double old = arg_get(&c->in[4], i);
            vm = old > vi ? old : vi;
        }
        arg_set(m, i, mi);
        arg_set(v, i, vi);
        if (most && (amsgrad || !in_place))
            arg_set(most, i, vm);
        arg_set(param, i,
                x - w->lr * (mi / (1 - w->pow1)) / (sqrt(vm / (1 - w->pow2)) + w->epsilon) - w->lr * w->decay * x);
    }
    return true;
}
const struct kernel kernel_adamw = {"adamw", plan_adamw, run_adamw, 0};
const struct kernel kernel_adamw_in_place = {"adamw", plan_adamw, run_adamw, KERNEL_IN_PLACE};

/* --- experts ------------------------------------------------------------------------------------------------------ */

/* topk_router_gpt: logits = input weight + bias, with operands, product and sum in bf16 (unless all is computed in f32 or f64),
 * top k of them, softmax over those. */
static double as_bf16(const struct call *c, double v) {
    uint16_t bits;
    struct tensor t = {.dtype = TENSOR_BF16, .data = &bits};
    if (c->x->options.numbers != EXEC_AS_WRITTEN)
        return v;
    tensor_set(&t, 0, v);
    return tensor_get(&t, 0);
}

static bool plan_router(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0), *weight = in_type(p, s, 1);
    int64_t *k = PLAN_PARAMS(p, s, int64_t);
    if (!k)
        return false;
    attr_i64(p, s->op, "k", k);
    if (in->rank < 1 || weight->rank != 2 || weight->dims[0] != in->dims[in->rank - 1] || *k < 1 ||
        *k > weight->dims[1] ||
        (type_count(in_type(p, s, 2)) != weight->dims[1] &&
         type_count(in_type(p, s, 2)) * in->dims[in->rank - 1] != type_count(in) * weight->dims[1]) ||
        s->n_out != 2 || type_count(out_type(p, s, 0)) * in->dims[in->rank - 1] != type_count(in) * *k)
        return plan_error(p, s->op, "has operands that do not fit each other");
    return true;
}

static bool run_router(struct call *c) {
    const struct exec_type *in = c->in[0].type, *weight = c->in[1].type;
    int64_t k = *(const int64_t *)c->s->params, d = weight->dims[0], n = weight->dims[1],
            rows = d ? type_count(in) / d : 0;
    bool by_row = type_count(c->in[2].type) == rows * n;
    double *logits = call_scratch(c, (size_t)(n + k) * sizeof *logits), *weights = logits ? logits + n : NULL;
    for (int64_t r = 0; logits && r < rows; r++) {
        for (int64_t e = 0; e < n; e++) {
            double sum = 0;
            for (int64_t i = 0; i < d; i++)
                sum += as_bf16(c, arg_get(&c->in[0], r * d + i)) * as_bf16(c, arg_get(&c->in[1], i * n + e));
            logits[e] = as_bf16(c, as_bf16(c, sum) + as_bf16(c, arg_get(&c->in[2], by_row ? r * n + e : e)));
        }
        double first = 0, sum = 0;
        for (int64_t i = 0; i < k; i++) {
            int64_t best = 0;
            for (int64_t e = 1; e < n; e++)
                if (logits[e] > logits[best])
                    best = e;
            first = i ? first : logits[best];
            sum += weights[i] = exp(logits[best] - first);
            arg_set(&c->out[0], r * k + i, (double)best);
            logits[best] = -INFINITY;
        }
        for (int64_t i = 0; i < k; i++)
            arg_set(&c->out[1], r * k + i, weights[i] / sum);
    }
    return logits != NULL;
}
const struct kernel kernel_topk_router = {"routing", plan_router, run_router, 0};

/* sampling: one draw for each row by softmax(values / temperature); the golden function ignores k and p. */
static bool plan_sampling(struct planner *p, struct exec_step *s) {
    uint64_t *stream = PLAN_PARAMS(p, s, uint64_t);
    int64_t seed = 0;
    if (!stream)
        return false;
    attr_i64(p, s->op, "seed", &seed);
    *stream = seed_bits(p->x->options.seed, (uint64_t)seed);
    const struct exec_type *v = in_type(p, s, 0);
    if (!has_in(s, 4) || v->rank < 1 || type_count(in_type(p, s, 1)) != type_count(v) || v->dims[v->rank - 1] == 0 ||
        type_count(out_type(p, s, 0)) * v->dims[v->rank - 1] != type_count(v))
        return plan_error(p, s->op, "has operands that do not fit each other");
    return true;
}

static bool run_sampling(struct call *c) {
    const struct exec_type *t = c->in[0].type;
    int64_t n = t->dims[t->rank - 1], rows = type_count(t) / n, temps = type_count(c->in[4].type);
    for (int64_t r = 0; r < rows; r++) {
        double temp = arg_get(&c->in[4], temps == 1 ? 0 : r % temps), max = -INFINITY, sum = 0, at;
        temp = temp > 1e-6 ? temp : 1e-6;
        for (int64_t i = 0; i < n; i++)
            max = fmax(max, arg_get(&c->in[0], r * n + i) / temp);
        for (int64_t i = 0; i < n; i++)
            sum += exp(arg_get(&c->in[0], r * n + i) / temp - max);
        at = seed_uniform(*(const uint64_t *)c->s->params, (uint64_t)r) * sum;
        int64_t chosen = 0;
        for (; chosen + 1 < n; chosen++) {
            at -= exp(arg_get(&c->in[0], r * n + chosen) / temp - max);
            if (at < 0)
                break;
        }
        arg_set(&c->out[0], r, arg_get(&c->in[1], r * n + chosen));
    }
    return true;
}
const struct kernel kernel_sampling = {"random numbers", plan_sampling, run_sampling, 0};

/* sparse_matmul, all blocks as the golden function computes them: a sparse only [A,E,M,K] [1,E,K,N] -> [A,E,M,N]; both
 * [1,E,M,K] -> [1,E,M,N]; b sparse only [A,B,M,K] -> [A,B,1,E,M,N]. */
struct sparse {
    int64_t outer, experts, m, k, n;
    bool shared; /* every matrix of a meets every expert */
    vec_class class;
};

static bool plan_sparse(struct planner *p, struct exec_step *s) {
    struct sparse *w = PLAN_PARAMS(p, s, struct sparse);
    const struct exec_type *a = in_type(p, s, 0), *b = in_type(p, s, 1);
    if (!w)
        return false;
    if (a->rank != 4 || b->rank != 4 || b->dims[0] != 1 || a->dims[3] != b->dims[2])
        return plan_error(p, s->op, "has operands that do not fit each other");
    w->shared = !attr_bool(p, s->op, "is_input_a_sparse");
    w->experts = b->dims[1];
    w->m = a->dims[2];
    w->k = a->dims[3];
    w->n = b->dims[3];
    w->outer = w->shared ? a->dims[0] * a->dims[1] : a->dims[0];
    if ((!w->shared && a->dims[1] != w->experts) ||
        type_count(out_type(p, s, 0)) != w->outer * w->experts * w->m * w->n)
        return plan_error(p, s->op, "gives another shape than its type says");
    w->class = class_real(p->x, a);
    s->flops = 2 * (uint64_t)(w->outer * w->experts * w->m * w->n * w->k);
    return true;
}

struct sparse_loop {
    const struct sparse *w;
    const struct vec *v;
    const char *a, *b;
    char *out;
};

static void sparse_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct sparse_loop *l = ctx;
    const struct sparse *w = l->w;
    size_t size = l->v->size;
    (void)worker;
    for (size_t r = begin; r < end; r++) {
        int64_t row = (int64_t)r % w->m, e = (int64_t)r / w->m % w->experts, o = (int64_t)r / w->m / w->experts;
        int64_t from = w->shared ? o * w->m + row : (o * w->experts + e) * w->m + row;
        char *out = l->out + r * (size_t)w->n * size;
        l->v->set(out, 0, (size_t)w->n);
        for (int64_t i = 0; i < w->k; i++)
            l->v->axpy(out, l->b + (size_t)((e * w->k + i) * w->n) * size,
                       l->v->get(l->a + (size_t)(from * w->k + i) * size), (size_t)w->n);
    }
}

static bool run_sparse(struct call *c) {
    const struct sparse *w = c->s->params;
    struct sparse_loop l = {.w = w, .v = c->x->vec[w->class]};
    if (!(l.a = call_lanes(c, &c->in[0], w->class)) || !(l.b = call_lanes(c, &c->in[1], w->class)) ||
        !(l.out = call_room(c, &c->out[0], w->class)) ||
        !call_loop(c, (size_t)(w->outer * w->experts * w->m), (size_t)(100000 / (w->k * w->n + 1)) + 1, sparse_rows,
                   &l))
        return false;
    call_store(c, &c->out[0], l.out, w->class);
    return true;
}
const struct kernel kernel_sparse_matmul = {"matmul", plan_sparse, run_sparse, 0};

/* --- complex numbers, precision ----------------------------------------------------------------------------------- */

static bool plan_complex(struct planner *p, struct exec_step *s) {
    bool make = s->row->arg == COMPLEX_MAKE;
    const struct exec_type *whole = make ? out_type(p, s, 0) : in_type(p, s, 0);
    const struct exec_type *part = make ? in_type(p, s, 0) : out_type(p, s, 0);
    if (type_count(whole) != type_count(part) || whole->dtype == TENSOR_NONE ||
        (make && (!has_in(s, 1) || !type_same_shape(part, in_type(p, s, 1)))))
        return plan_error(p, s->op, "changes the shape");
    if (tensor_dtype_is_complex(part->dtype) || (make && !tensor_dtype_is_complex(whole->dtype)))
        return plan_error(p, s->op, "has parts that are no real numbers, or a whole that is no complex one");
    return true;
}

static bool run_complex(struct call *c) {
    int64_t n = type_count(c->out[0].type);
    if (c->s->row->arg == COMPLEX_MAKE) {
        for (int64_t i = 0; i < n && !call_stopped_in(c, i, CALL_LOOK); i++)
            arg_set_pair(&c->out[0], i, arg_get(&c->in[0], i), arg_get(&c->in[1], i));
        return true;
    }
    bool imaginary = c->s->row->arg == COMPLEX_IMAG;
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK))
            return true;
        double parts[2];
        arg_get_pair(&c->in[0], i, parts);
        arg_set(&c->out[0], i, parts[imaginary]);
    }
    return true;
}
const struct kernel kernel_complex = {"complex numbers", plan_complex, run_complex, KERNEL_COMPLEX};

/* stablehlo.reduce_precision: as if kept in so many bits of exponent and mantissa. */
static bool plan_precision(struct planner *p, struct exec_step *s) {
    int64_t *bits = plan_params(p, s, 2 * sizeof *bits);
    if (!bits)
        return false;
    bits[0] = 8;
    bits[1] = 23;
    attr_i64(p, s->op, "exponent_bits", &bits[0]);
    attr_i64(p, s->op, "mantissa_bits", &bits[1]);
    if (bits[0] < 1 || bits[0] > 11 || bits[1] < 0 || bits[1] > 52)
        return plan_error(p, s->op, "asks for bits that no number has");
    return true;
}

static bool run_precision(struct call *c) {
    const int64_t *bits = c->s->params;
    int64_t n = type_count(c->out[0].type);
    int most = (1 << (bits[0] - 1)) - 1;
    for (int64_t i = 0; i < n; i++) {
        if (call_stopped_in(c, i, CALL_LOOK))
            return true;
        double v = arg_get(&c->in[0], i);
        if (isnan(v) && bits[1] == 0) {
            v = copysign(INFINITY, v); /* there is no bit that tells the two apart */
        } else if (isfinite(v) && v != 0) {
            int e;
            frexp(v, &e);
            e--; /* |v| in [2^e, 2^(e+1)) */
            double place = ldexp(1, e - (int)bits[1]), r = place > 0 ? nearbyint(v / place) * place : v;
            if (fabs(r) >= ldexp(1, most + 1))
                r = copysign(INFINITY, v);
            if (fabs(r) < ldexp(1, 1 - most))
                r = copysign(0, v); /* subnormal numbers are flushed */
            v = r;
        }
        arg_set(&c->out[0], i, v);
    }
    return true;
}
const struct kernel kernel_reduce_precision = {"precision", plan_precision, run_precision, 0};
