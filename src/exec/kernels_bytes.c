/* bitcast_convert: the same bits as other numbers (spec.md, bitcast_convert). Of numbers of different widths the narrow ones that make up
 * a wide one stand along one more dimension, the lowest bits first. Truth values have one bit; integers and floating-point numbers
 * of less than a byte, which are kept in one, as many as they have.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* The types as they are written: a golden run keeps wider numbers, whose bits mean something else. */
struct bitcast {
    struct exec_type in, out;
    size_t in_bits, out_bits;
};

static size_t bits_of(const struct exec_type *t) {
    switch (t->format) {
    case FORMAT_I4:
    case FORMAT_U4: return 4;
    case FORMAT_I2:
    case FORMAT_U2: return 2;
    default: break;
    }
    switch (t->dtype) {
    case TENSOR_BOOL: return 1;
    case TENSOR_F4E2M1FN: return 4;
    case TENSOR_F6E2M3FN:
    case TENSOR_F6E3M2FN: return 6;
    default: return 8 * tensor_dtype_size(t->dtype);
    }
}

static bool written(struct planner *p, ir_value v, const struct exec_type *planned, struct exec_type *out) {
    exec_numbers numbers = p->x->options.numbers;
    ir_type t = ir_value_type(p->m, v);
    struct exec_type of;
    p->x->options.numbers = EXEC_AS_WRITTEN;
    bool ok = type_of_shape(p, t, ir_rank(p->c, t) == planned->rank ? planned->dims : NULL, &of);
    p->x->options.numbers = numbers;
    *out = *planned;
    if (ok && !planned->quant) {
        out->dtype = of.dtype;
        out->format = of.format;
    }
    return ok;
}

static bool plan_bitcast(struct planner *p, struct exec_step *s) {
    struct bitcast *w = PLAN_PARAMS(p, s, struct bitcast);
    if (!w)
        return false;
    if (!has_in(s, 0) || !s->out[0] || !written(p, ir_operand(p->m, s->op, 0), in_type(p, s, 0), &w->in) ||
        !written(p, ir_op_at(p->m, s->op)->results, out_type(p, s, 0), &w->out))
        return plan_error(p, s->op, "has an operand or result without numbers");
    w->in_bits = bits_of(&w->in);
    w->out_bits = bits_of(&w->out);
    int64_t in, out;
    if (!num_mul_i64(type_count(&w->in), (int64_t)w->in_bits, &in) ||
        !num_mul_i64(type_count(&w->out), (int64_t)w->out_bits, &out) || in != out)
        return plan_error(p, s->op, "changes the number of bits: it takes %lld numbers of %zu, and gives %lld of %zu",
                          (long long)type_count(&w->in), w->in_bits, (long long)type_count(&w->out), w->out_bits);
    return true;
}

struct bits_loop {
    const struct bitcast *w;
    const uint8_t *in;
    uint8_t *out;
};

/* Numbers [begin, end) of the result, bit by bit. */
static void some_bits(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct bits_loop *l = ctx;
    const struct bitcast *w = l->w;
    size_t from = tensor_dtype_size(w->in.dtype), to = tensor_dtype_size(w->out.dtype);
    (void)worker;
    memset(l->out + begin * to, 0, (end - begin) * to);
    for (size_t i = begin; i < end; i++)
        for (size_t b = 0; b < w->out_bits; b++) {
            size_t at = i * w->out_bits + b, own = at % w->in_bits;
            unsigned bit = l->in[at / w->in_bits * from + own / 8] >> own % 8 & 1;
            l->out[i * to + b / 8] |= (uint8_t)(bit << b % 8);
        }
}

static bool run_bitcast(struct call *c) {
    const struct bitcast *w = c->s->params;
    size_t n_in = (size_t)type_count(&w->in), n = (size_t)type_count(&w->out);
    size_t bytes = n * tensor_dtype_size(w->out.dtype);
    struct bits_loop l = {w, c->in[0].data, c->out[0].data};
    if (c->in[0].type->dtype != w->in.dtype) {
        void *narrow = call_scratch(c, n_in * tensor_dtype_size(w->in.dtype));
        if (!narrow || !exec_convert_shared(c->x, narrow, w->in.dtype, l.in, c->in[0].type->dtype, n_in))
            return false;
        l.in = narrow;
    }
    if (c->out[0].type->dtype != w->out.dtype && !(l.out = call_scratch(c, bytes)))
        return false;
    if (w->in_bits == 8 * tensor_dtype_size(w->in.dtype) && w->out_bits == 8 * tensor_dtype_size(w->out.dtype)) {
        if (!exec_copy_shared(c->x, l.out, l.in, bytes))
            return false;
    } else if (!call_loop(c, n, 65536 / w->out_bits, some_bits, &l)) {
        return false;
    }
    return l.out == c->out[0].data ||
           exec_convert_shared(c->x, c->out[0].data, c->out[0].type->dtype, l.out, w->out.dtype, n);
}
const struct kernel kernel_bitcast = {"bytes", plan_bitcast, run_bitcast, KERNEL_COMPLEX};
