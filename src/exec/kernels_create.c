/* Ops that make tensors from nothing. */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"
#include "exec/seed.h"
#include "ids.h"

/* --- constants ---------------------------------------------------------------------------------------------------- */

/* Makes the result of a step a constant of one element, repeated. */
bool plan_splat(struct planner *p, struct exec_step *s, double v) {
    struct slot *out = &p->x->slots.v[s->out[0]];
    struct tensor one = {.dtype = out->type.dtype, .data = arena_alloc(p->a, 16, 16)};
    if (!one.data)
        return plan_no_memory(p);
    memset(one.data, 0, 16);
    exec_convert(p->x, one.data, tensor_dtype_part(one.dtype), &v, TENSOR_F64, 1);
    if (out->type.format != FORMAT_PLAIN) {
        int64_t dims = 1;
        format_round(out->type.format, one.data, &dims, 1);
    }
    out->kind = SLOT_CONSTANT;
    out->splat = type_count(&out->type) > 0;
    out->steady = true;
    out->data = one.data;
    s->skip = true;
    s->n_in = 0;
    return true;
}

/* The dtype that a dense constant's elements have in the file. */
static bool file_dtype(struct planner *p, ir_type t, struct exec_type *out) {
    exec_numbers numbers = p->x->options.numbers;
    p->x->options.numbers = EXEC_AS_WRITTEN;
    bool ok = type_of(p, t, out);
    p->x->options.numbers = numbers;
    return ok;
}

static bool unhex(struct planner *p, str digits, char **out, size_t *n) {
    *n = digits.n / 2;
    *out = arena_alloc(p->a, *n + 1, 16);
    if (!*out)
        return plan_no_memory(p);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = (char)(num_hex_digit(digits.p[2 * i]) << 4 | num_hex_digit(digits.p[2 * i + 1]));
    p->x->constants += *n;
    return true;
}

/* The blob of dense_resource<key>: in the file's dialect_resources, hex with four bytes of alignment in front. */
static str resource_of(const struct planner *p, ir_str key) {
    for (uint32_t i = 0; i < p->m->n_resources; i++) {
        const ir_resource *r = &p->m->resources[i];
        if (r->key == key && ir_kind_of(p->c, r->value) == IR_ATTR_STRING) {
            str s = ir_str_of(p->c, r->value);
            return str_starts_with(s, STR("0x")) ? str_from(s, 2 + 8) : s;
        }
    }
    return (str){0};
}

static bool dense_constant(struct planner *p, struct exec_step *s, ir_attr value) {
    exec_plan *x = p->x;
    struct slot *out = &x->slots.v[s->out[0]];
    struct exec_type written;
    ir_kind kind = ir_kind_of(p->c, value);
    if (!file_dtype(p, ir_at(p->c, value, 0), &written))
        return plan_error(p, s->op, "has a value of a type that cannot be computed with");
    size_t size = tensor_dtype_size(written.dtype), n = (size_t)type_count(&written), bytes;
    bool splat = false, packed = false;
    char *data;
    if (kind == IR_ATTR_RESOURCE) {
        str digits = resource_of(p, ir_at(p->c, value, 1));
        if (!unhex(p, digits, &data, &bytes))
            return false;
    } else {
        unsigned form = ir_flags_of(p->c, value);
        str raw = ir_data(p->c, value);
        splat = form == IR_DENSE_SPLAT || form == IR_DENSE_HEX_SPLAT;
        data = (char *)(uintptr_t)raw.p;
        bytes = raw.n;
        if ((form == IR_DENSE_HEX || form == IR_DENSE_HEX_SPLAT) && !unhex(p, raw, &data, &bytes))
            return false;
        packed = written.dtype == TENSOR_BOOL && form == IR_DENSE_HEX && n > 1;
    }
    splat |= n == 1 && p->lift; /* in the body of a map: the same number for every element */
    if (n != (size_t)type_count(&out->type) && !(n == 1 && p->lift))
        return plan_error(p, s->op, "has a value of another shape than its type");
    size_t have = splat && n ? 1 : n;
    if (bytes < (packed ? (n + 7) / 8 : have * size))
        return plan_error(p, s->op, "has %zu bytes of value, %zu are needed", bytes, have * size);
    size_t own = tensor_dtype_size(out->type.dtype);
    if (packed || written.dtype != out->type.dtype || (uintptr_t)data % own || out->type.format != FORMAT_PLAIN ||
        (written.dtype == TENSOR_BOOL)) {
        char *aligned = arena_alloc(p->a, have * size + 1, 16), *mine = arena_alloc(p->a, have * own + 1, 16);
        if (!aligned || !mine)
            return plan_no_memory(p);
        if (packed) {
            for (size_t i = 0; i < n; i++)
                aligned[i] = data[i / 8] >> (i % 8) & 1;
        } else if (have) {
            memcpy(aligned, data, have * size);
        }
        if (written.dtype == TENSOR_BOOL)
            for (size_t i = 0; i < have; i++)
                aligned[i] = aligned[i] != 0;
        exec_convert(x, mine, out->type.dtype, aligned, written.dtype, have);
        if (out->type.format != FORMAT_PLAIN && !splat)
            format_round(out->type.format, (uint16_t *)(void *)mine, out->type.dims, out->type.rank);
        data = mine;
        x->constants += have * own;
    }
    out->kind = SLOT_CONSTANT;
    out->splat = have == 1 && type_count(&out->type) > 1;
    out->steady = true;
    out->data = data;
    s->skip = true;
    return true;
}

bool constant_number(struct planner *p, ir_value v, double *out) {
    ir_op op = ir_is_block_arg(p->m, v) ? 0 : ir_value_at(p->m, v)->owner;
    ir_attr a = op ? ir_op_attr(p->m, op, STR("value")) : 0;
    struct exec_type t;
    if (!a || ir_kind_of(p->c, a) != IR_ATTR_DENSE || !file_dtype(p, ir_at(p->c, a, 0), &t) || type_count(&t) != 1)
        return false;
    unsigned form = ir_flags_of(p->c, a);
    str raw = ir_data(p->c, a);
    if (form == IR_DENSE_HEX || form == IR_DENSE_HEX_SPLAT || raw.n < tensor_dtype_size(t.dtype) ||
        tensor_dtype_is_complex(t.dtype))
        return false;
    double lane; /* elements of a module may stand anywhere */
    memcpy(&lane, raw.p, tensor_dtype_size(t.dtype));
    exec_convert(p->x, out, TENSOR_F64, &lane, t.dtype, 1);
    return true;
}

static bool plan_constant(struct planner *p, struct exec_step *s) {
    ir_attr value = ir_op_attr(p->m, s->op, STR("value"));
    double v;
    s->n_in = 0;
    if (!s->n_out || !s->out[0] || !value)
        return plan_error(p, s->op, "has no value");
    ir_kind kind = ir_kind_of(p->c, value);
    if (kind == IR_ATTR_DENSE || kind == IR_ATTR_RESOURCE)
        return dense_constant(p, s, value);
    if (attr_f64(p, s->op, "value", &v))
        return plan_splat(p, s, v);
    return plan_error(p, s->op, "has a value in a form that is not supported");
}

static bool not_run(struct call *c) {
    return call_error(c, "a constant has nothing to run");
}
const struct kernel kernel_constant = {"constant", plan_constant, not_run, KERNEL_COMPLEX};

static bool plan_full(struct planner *p, struct exec_step *s) {
    double v = s->row->arg;
    if (!s->n_out || !s->out[0])
        return plan_error(p, s->op, "has no result with numbers");
    if (s->row->arg == FILL_VALUE && !attr_f64(p, s->op, "fill_value", &v) && !attr_f64(p, s->op, "value", &v))
        return plan_error(p, s->op, "has no fill value");
    return plan_splat(p, s, v);
}
const struct kernel kernel_full = {"constant", plan_full, not_run, KERNEL_COMPLEX};

static bool plan_dimension_size(struct planner *p, struct exec_step *s) {
    int64_t d = 0;
    attr_i64(p, s->op, "dimension", &d);
    if (d < 0 || d >= in_type(p, s, 0)->rank)
        return plan_error(p, s->op, "asks for a dimension that is not there");
    return plan_splat(p, s, (double)in_type(p, s, 0)->dims[d]);
}
const struct kernel kernel_dimension_size = {"constant", plan_dimension_size, not_run, KERNEL_COMPLEX};

/* --- counting ----------------------------------------------------------------------------------------------------- */

struct arange {
    int dim;
    double start, step;
};

static bool plan_arange(struct planner *p, struct exec_step *s) {
    struct arange *w = PLAN_PARAMS(p, s, struct arange);
    int64_t dim = 0, v;
    if (!w)
        return false;
    w->step = 1;
    if (!attr_i64(p, s->op, "arange_dimension", &dim))
        attr_i64(p, s->op, "iota_dimension", &dim);
    if (attr_i64(p, s->op, "start", &v))
        w->start = (double)v;
    if (attr_i64(p, s->op, "step", &v))
        w->step = (double)v;
    s->n_in = 0;
    return plan_dim(p, s->op, dim, out_type(p, s, 0)->rank, &w->dim);
}

struct arange_loop {
    const struct call *c;
    vec_class k;
    char *out; /* lanes of 8 bytes */
    int64_t inner;
};

static void arange_some(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct arange_loop *l = ctx;
    const struct arange *w = l->c->s->params;
    int64_t size = l->c->out[0].type->dims[w->dim];
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        double v = w->start + (double)((int64_t)i / l->inner % size) * w->step;
        l->c->x->vec[l->k]->set(l->out + i * 8, v, 1);
    }
}

static bool run_arange(struct call *c) {
    const struct arange *w = c->s->params;
    const struct exec_type *t = c->out[0].type;
    vec_class k = vec_is_integer(vec_class_of(t->dtype)) ? vec_class_of(t->dtype) : VEC_F64;
    struct arange_loop l = {.c = c, .k = k, .out = call_room(c, &c->out[0], k), .inner = 1};
    for (int i = w->dim + 1; i < t->rank; i++)
        l.inner *= t->dims[i];
    if (!l.out || !call_loop(c, (size_t)type_count(t), CALL_LOOK, arange_some, &l))
        return false;
    call_store(c, &c->out[0], l.out, k);
    return true;
}
const struct kernel kernel_arange = {"arange", plan_arange, run_arange, KERNEL_COMPLEX};

/* --- random numbers ----------------------------------------------------------------------------------------------- */

struct random {
    double low, high;
    bool normal, from_operands;
    uint64_t stream;
};

/* ttir.rand, stablehlo.rng: what the seed of the run and of the op give; the numbers of torch are not reproduced. */
static bool plan_rand(struct planner *p, struct exec_step *s) {
    struct random *w = PLAN_PARAMS(p, s, struct random);
    int64_t seed = 0;
    if (!w)
        return false;
    w->high = 1;
    attr_f64(p, s->op, "low", &w->low);
    attr_f64(p, s->op, "high", &w->high);
    attr_i64(p, s->op, "seed", &seed);
    w->stream = seed_bits(p->x->options.seed, (uint64_t)seed);
    w->from_operands = s->row->arg == RAND_BOUNDS;
    w->normal = str_eq(attr_text(p, s->op, "rng_distribution"), STR("NORMAL"));
    if (w->from_operands && s->n_in < 2)
        return plan_error(p, s->op, "lacks its bounds");
    return true;
}

struct rand_loop {
    const struct call *c;
    double low, high;
    uint64_t stream;
};

static void rand_some(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct rand_loop *l = ctx;
    const struct random *w = l->c->s->params;
    const struct exec_arg *out = &l->c->out[0];
    bool whole = vec_is_integer(vec_class_of(out->type->dtype));
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        double v = w->normal ? l->low + l->high * seed_normal(l->stream, i)
                             : l->low + (l->high - l->low) * seed_uniform(l->stream, i);
        arg_set(out, (int64_t)i, whole ? floor(v) : v);
    }
}

static bool run_rand(struct call *c) {
    const struct random *w = c->s->params;
    struct rand_loop l = {c, w->low, w->high, seed_bits(w->stream, c->device)};
    if (w->from_operands) {
        l.low = arg_get(&c->in[0], 0);
        l.high = arg_get(&c->in[1], 0);
    }
    return call_loop(c, (size_t)type_count(c->out[0].type), CALL_LOOK, rand_some, &l);
}
const struct kernel kernel_rand = {"random numbers", plan_rand, run_rand, 0};

struct dropout {
    double keep, scale;
    uint64_t stream;
};

static bool plan_dropout(struct planner *p, struct exec_step *s) {
    struct dropout *w = PLAN_PARAMS(p, s, struct dropout);
    double prob = 0;
    int64_t seed = 0;
    if (!w)
        return false;
    w->scale = 1;
    attr_f64(p, s->op, "prob", &prob);
    attr_f64(p, s->op, "scale", &w->scale);
    attr_i64(p, s->op, "seed", &seed);
    w->keep = 1 - prob;
    w->stream = seed_bits(p->x->options.seed, (uint64_t)seed);
    return true;
}

static void drop_some(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct call *c = ctx;
    const struct dropout *w = c->s->params;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        bool kept = seed_uniform(w->stream, i) < w->keep;
        arg_set(&c->out[0], (int64_t)i, kept ? arg_get(&c->in[0], (int64_t)i) * w->scale : 0);
    }
}

static bool run_dropout(struct call *c) {
    return call_loop(c, (size_t)type_count(c->out[0].type), CALL_LOOK, drop_some, c);
}
const struct kernel kernel_dropout = {"random numbers", plan_dropout, run_dropout, 0};
