/* fuse_reduce.c - reductions and what stands around them: keep_dim, softmax, mean, topk. */
#include <math.h>

#include "compile/fuse.h"
#include "compile/ttir.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

/* A reduction whose reshape only puts the reduced dimensions back as ones: keep_dim does that. */
bool fuse_reduction_reshape(pass_context *p, ir_op op) {
    ir_op reshape = one_user(p, ir_result(p->m, op, 0));
    shape in, out;
    int64_t dims[PASS_MAX_RANK];
    int n = 0;
    if (!op_is(p->m, reshape, OP_ttir_reshape) || op_flag(p->m, op, STR("keep_dim")) ||
        !shape_of(p->m, ir_operand(p->m, op, 0), &in) || !shape_of(p->m, ir_result(p->m, reshape, 0), &out))
        return false;
    ir_attr dim_arg = ir_op_attr(p->m, op, STR("dim_arg"));
    if (!dim_arg)
        in = shape_ones(in.n);
    else if (!reduce_dims(p->m, op, dims, &n))
        return false;
    for (int i = 0; i < n; i++)
        in.d[dims[i]] = 1;
    if (!shape_equal(&in, &out))
        return false;
    ir_value v = build_reduce(p, op_id(p->m, op), ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), p->c->a_true,
                              dim_arg, result_type(p, reshape));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* The only dimension of a reduction that keeps its dimensions, as written. */
static bool one_kept_dim(pass_context *p, ir_op op, int64_t *dim) {
    return op_flag(p->m, op, STR("keep_dim")) && op_ints(p->m, op, STR("dim_arg"), dim, 1) == 1;
}

/* exp(x) / sum(exp(x)), the sum broadcast or not */
bool fuse_softmax(pass_context *p, ir_op op) {
    ir_value numerator = ir_operand(p->m, op, 0), denominator = ir_operand(p->m, op, 1);
    ir_op exp = def_is(p->m, numerator, OP_ttir_exp);
    ir_op sum = def_through(p->m, denominator, OP_ttir_sum, OP_ttir_broadcast);
    int64_t dim;
    if (!exp || !sum || !one_kept_dim(p, sum, &dim) || ir_operand(p->m, sum, 0) != numerator ||
        ir_count_uses(p->e, numerator, 3) != 2 || !ir_has_one_use(p->e, ir_result(p->m, sum, 0)) ||
        (def_is(p->m, denominator, OP_ttir_broadcast) && !ir_has_one_use(p->e, denominator)))
        return false;
    ir_value v = build_softmax(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, exp, 0), dim, false, result_type(p, op));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* softmax(x - max(x)) */
bool fuse_stable_softmax(pass_context *p, ir_op op) {
    ir_op sub = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_subtract);
    if (!sub)
        return false;
    ir_value x = ir_operand(p->m, sub, 0), subtracted = ir_operand(p->m, sub, 1);
    ir_op max = def_through(p->m, subtracted, OP_ttir_max, OP_ttir_broadcast);
    int64_t dim, of;
    if (!max || ir_operand(p->m, max, 0) != x || !one_kept_dim(p, max, &of) ||
        !op_int(p->m, op, STR("dimension"), &dim) || dim != of || !ir_has_one_use(p->e, ir_result(p->m, sub, 0)) ||
        !ir_has_one_use(p->e, ir_result(p->m, max, 0)) ||
        (def_is(p->m, subtracted, OP_ttir_broadcast) && !ir_has_one_use(p->e, subtracted)))
        return false;
    ir_value v = build_softmax(p, ir_op_at(p->m, op)->loc, x, dim, true, result_type(p, op));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* sum(x) * 1/N, N the number of elements summed up */
bool fuse_scaled_sum(pass_context *p, ir_op op) {
    ir_op sum = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_sum);
    int64_t dims[PASS_MAX_RANK], count = 1;
    int n;
    shape in, out = {0};
    if (!sum || !op_has_one_use(p, sum) || !def_is(p->m, ir_operand(p->m, op, 1), OP_ttir_full) ||
        !shape_of(p->m, ir_operand(p->m, sum, 0), &in) || !reduce_dims(p->m, sum, dims, &n))
        return false;
    for (int i = 0; i < n; i++)
        if (in.d[dims[i]] <= 0 || __builtin_mul_overflow(count, in.d[dims[i]], &count))
            return false;
    float expected = 1.0f / (float)count;
    if (!is_full_of(p->m, ir_operand(p->m, op, 1), expected, fmaxf(1e-4f, expected * 1e-4f)))
        return false;
    bool keep = op_flag(p->m, sum, STR("keep_dim"));
    for (int i = 0; i < in.n; i++) {
        bool reduced = false;
        for (int k = 0; k < n; k++)
            reduced = reduced || dims[k] == i;
        if (!reduced || keep)
            out.d[out.n++] = reduced ? 1 : in.d[i];
    }
    ir_value v = build_reduce(p, OP_ttir_mean, loc_suffix(p, ir_op_at(p->m, sum)->loc, "_mean"),
                              ir_operand(p->m, sum, 0), ir_attr_bool(p->c, keep), ir_op_attr(p->m, sum, STR("dim_arg")),
                              type_like(p, ir_operand(p->m, sum, 0), &out));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* The mean over height and width of NHWC becomes the mean over one dimension of N x 1 x (H*W) x C. */
bool fuse_spatial_mean(pass_context *p, ir_op op) {
    enum { HEIGHT = 1, WIDTH = 2 };
    ir_value in = ir_operand(p->m, op, 0);
    int64_t dims[2];
    shape s;
    if (!op_has_one_use(p, op) || !shape_of(p->m, in, &s) || s.n != 4 ||
        op_ints(p->m, op, STR("dim_arg"), dims, 2) != 2 ||
        !((dims[0] == HEIGHT && dims[1] == WIDTH) || (dims[0] == WIDTH && dims[1] == HEIGHT)))
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    shape flat = {.n = 4, .d = {s.d[0], 1, s.d[HEIGHT] * s.d[WIDTH], s.d[3]}}, mean = flat,
          out = {.n = 2, .d = {s.d[0], s.d[3]}};
    mean.d[WIDTH] = 1;
    ir_value v = build_reshape(p, loc_suffix(p, loc, "_input_reshape"), in, &flat);
    int64_t width = WIDTH;
    if (v)
        v = build_reduce(p, OP_ttir_mean, loc_suffix(p, loc, "_mean"), v, p->c->a_true, make_i32_list(p, &width, 1),
                         type_like(p, v, &mean));
    if (v && !op_flag(p->m, op, STR("keep_dim")))
        v = build_reshape(p, loc_suffix(p, loc, "_output_reshape"), v, &out);
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- topk ----------------------------------------------------------------------------------------------- */

/* How many elements of dimension `dim` a slice takes from its start (or, *from_end, up to its end), all others whole;
 * -1 when it does something else. */
static int64_t taken(pass_context *p, ir_op slice, const shape *in, int dim, bool *from_end) {
    slice_range s;
    if (!slice_of(p->m, slice, &s) || s.n != in->n)
        return -1;
    for (int i = 0; i < s.n; i++)
        if (s.step[i] != 1 || (i != dim && (s.begin[i] || s.end[i] != in->d[i])))
            return -1;
    *from_end = s.begin[dim] != 0;
    if (!*from_end)
        return s.end[dim];
    return s.end[dim] == in->d[dim] ? in->d[dim] - s.begin[dim] : -1;
}

static bool same_slice(pass_context *p, ir_op a, ir_op b) {
    static const str keys[] = {STR_INIT("begins"), STR_INIT("ends"), STR_INIT("step")};
    for (int i = 0; i < 3; i++)
        if (ir_op_attr(p->m, a, keys[i]) != ir_op_attr(p->m, b, keys[i]))
            return false;
    return true;
}

/* A sort of which only the first or last k are taken. */
bool fuse_topk(pass_context *p, ir_op op) {
    ir_op slices[2] = {0};
    for (uint32_t i = 0; i < 2; i++) {
        ir_value v = ir_result(p->m, op, i);
        if (!ir_has_uses(p->e, v))
            continue;
        slices[i] = one_user(p, v);
        if (!op_is(p->m, slices[i], OP_ttir_slice_static))
            return false;
    }
    ir_op active = slices[0] ? slices[0] : slices[1];
    shape in;
    if (!active || (slices[0] && slices[1] && !same_slice(p, slices[0], slices[1])) ||
        !shape_of(p->m, ir_operand(p->m, op, 0), &in))
        return false;
    int64_t dim = wrap_dim(op_int_or(p->m, op, STR("dim"), -1), in.n);
    bool from_end, descending = op_flag(p->m, op, STR("descending"));
    if (dim < 0 || dim >= in.n)
        return false;
    int64_t k = taken(p, active, &in, (int)dim, &from_end);
    if (k < 0)
        return false;
    shape out = in;
    out.d[dim] = k;
    ir_type types[2] = {tensor_type(p, &out, element_of(p->m, ir_operand(p->m, op, 0))),
                        tensor_type(p, &out, type_si32(p))};
    for (int i = 0; i < 2; i++)
        if (slices[i])
            types[i] = result_type(p, slices[i]);
    ir_op topk = build_topk(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), types, make_i32(p, dim),
                            make_i32(p, k), ir_attr_bool(p->c, from_end ? !descending : descending), p->c->a_true);
    if (!topk)
        return false;
    for (uint32_t i = 0; i < 2; i++)
        if (slices[i])
            ir_replace1(p->e, slices[i], ir_result(p->m, topk, i));
    ir_erase(p->e, op);
    return true;
}
