/* decompose_shape.c - index, index_select, reverse, arange and cropping pads in terms of slices, reshapes and lookups. */
#include "compile/constant.h"
#include "compile/decompose.h"
#include "compile/ttir.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static bool replaced(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

static slice_range whole(const shape *s) {
    slice_range r = {.n = s->n};
    for (int i = 0; i < s->n; i++) {
        r.end[i] = s->d[i];
        r.step[i] = 1;
    }
    return r;
}

bool decompose_index(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    int64_t dim = op_int_or(p->m, op, STR("dim"), -1), begin, end;
    shape in;
    if (!shape_of(p->m, v, &in) || dim < 0 || dim >= in.n || !op_int(p->m, op, STR("begin"), &begin) ||
        !op_int(p->m, op, STR("end"), &end))
        return false;
    slice_range r = whole(&in);
    r.begin[dim] = begin < 0 ? begin + in.d[dim] : begin;
    r.end[dim] = end < 0 ? end + in.d[dim] : end;
    r.step[dim] = op_int_or(p->m, op, STR("step"), 1);
    return replaced(p, op, build_slice_to(p, ir_op_at(p->m, op)->loc, v, &r, result_type(p, op)));
}

/* Blocks of `length`, `stride` apart, from `begin` on. */
bool decompose_index_select(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    shape in;
    if (!shape_of(p->m, v, &in))
        return false;
    int64_t dim = wrap_dim(op_int_or(p->m, op, STR("dim"), 0), in.n), begin = op_int_or(p->m, op, STR("begin"), 0);
    int64_t length = op_int_or(p->m, op, STR("length"), 0), stride = op_int_or(p->m, op, STR("stride"), 0);
    if (dim < 0 || dim >= in.n || stride <= 0 || begin < 0 || length <= 0)
        return false;
    int64_t size = in.d[dim], n = (size - begin + stride - 1) / stride;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value *parts = n > 0 && n <= size ? ARENA_ARRAY(&p->scratch, ir_value, (size_t)n) : NULL;
    if (!parts)
        return false;
    slice_range r = whole(&in);
    for (int64_t i = 0; i < n; i++) {
        r.begin[dim] = begin + i * stride;
        r.end[dim] = r.begin[dim] + length < size ? r.begin[dim] + length : size;
        parts[i] = build_slice(p, loc, v, &r);
        if (!parts[i])
            return false;
    }
    return replaced(p, op, n == 1 ? parts[0] : build_concat(p, loc, parts, (uint32_t)n, dim, result_type(p, op)));
}

/* The reversed dimensions are brought to the front and joined; a lookup with falling indices reverses them. */
bool decompose_reverse(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    int64_t dims[PASS_MAX_RANK], perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK];
    shape in;
    uint32_t n = op_ints(p->m, op, STR("dimensions"), dims, PASS_MAX_RANK);
    if (!shape_of(p->m, v, &in) || n > (uint32_t)in.n)
        return false;
    uint32_t reversed = 0;
    int k = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (dims[i] < 0 || dims[i] >= in.n || reversed >> dims[i] & 1)
            return false;
        reversed |= 1u << dims[i];
    }
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < in.n; i++)
            if ((reversed >> i & 1) == (pass == 0))
                perm[k++] = i;
    shape moved = shape_permuted(&in, perm), flat = {.n = 2, .d = {1, 1}};
    for (int i = 0; i < in.n; i++)
        flat.d[i >= (int)n] *= moved.d[i];
    int64_t rows = flat.d[0];
    if (rows > INT32_MAX || rows < 0)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    uint64_t *indices = ARENA_ARRAY(&p->scratch, uint64_t, (size_t)rows + 1);
    if (!indices) {
        p->m->failed = true;
        return false;
    }
    for (int64_t i = 0; i < rows; i++)
        indices[i] = (uint64_t)(rows - 1 - i);
    shape vector = {.n = 1, .d = {rows}};
    ir_type index_type = tensor_type(p, &vector, type_si32(p));
    v = build_permute(p, loc, v, perm);
    v = v ? build_reshape(p, loc, v, &flat) : 0;
    attr_entry a[] = {{STR("value"), dense_make(p, index_type, indices, rows)}};
    ir_value index = build_value(p, OP_ttir_constant, loc, NULL, 0, index_type, make_dict(p, a, 1));
    v = v && index ? build_binary(p, OP_ttir_embedding, loc, index, v, ir_value_type(p->m, v)) : 0;
    v = v ? build_reshape(p, loc, v, &moved) : 0;
    permutation_inverse(perm, in.n, inverse);
    return v && replaced(p, op, build_permute(p, loc, v, inverse));
}

/* An arange along one of several dimensions: along its own, then reshaped and broadcast. */
bool decompose_arange(pass_context *p, ir_op op) {
    ir_type type = result_type(p, op);
    int64_t dim = op_int_or(p->m, op, STR("arange_dimension"), -1), start, end, step;
    shape out;
    if (!shape_of_type(p->c, type, &out) || dim < 0 || dim >= out.n || !op_int(p->m, op, STR("start"), &start) ||
        !op_int(p->m, op, STR("end"), &end) || !op_int(p->m, op, STR("step"), &step) || step == 0)
        return false;
    shape line = {.n = 1, .d = {(end - start) / step}}, column = shape_ones(out.n);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    attr_entry a[] = {{STR("arange_dimension"), make_i64(p, 0)},
                      {STR("end"), ir_op_attr(p->m, op, STR("end"))},
                      {STR("start"), ir_op_attr(p->m, op, STR("start"))},
                      {STR("step"), ir_op_attr(p->m, op, STR("step"))}};
    ir_value v = build_value(p, OP_ttir_arange, loc, NULL, 0, type_with_shape(p, type, line.d, 1), make_dict(p, a, 4));
    if (v && out.n != 1) {
        column.d[dim] = line.d[0];
        v = build_reshape(p, loc_suffix(p, loc, "_reshapeOutput"), v, &column);
        if (v && !shape_equal(&column, &out))
            v = build_broadcast(p, loc_suffix(p, loc, "_broadcastOutput"), v, &out);
    }
    return replaced(p, op, v);
}

/* A pad that crops: a slice, then what is left of the padding. */
bool decompose_pad(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    int64_t padding[2 * PASS_MAX_RANK];
    shape in;
    if (!shape_of(p->m, v, &in) || op_ints(p->m, op, STR("padding"), padding, 2 * PASS_MAX_RANK) != 2 * (uint32_t)in.n)
        return false;
    slice_range r = whole(&in);
    shape cut = in;
    bool pads = false;
    for (int i = 0; i < in.n; i++) {
        if (padding[2 * i] < 0)
            r.begin[i] = -padding[2 * i];
        if (padding[2 * i + 1] < 0)
            r.end[i] += padding[2 * i + 1];
        cut.d[i] = r.end[i] - r.begin[i];
        for (int k = 2 * i; k < 2 * i + 2; k++) {
            pads = pads || padding[k] > 0;
            padding[k] = padding[k] > 0 ? padding[k] : 0;
        }
    }
    ir_loc loc = ir_op_at(p->m, op)->loc;
    v = build_slice_to(p, loc, v, &r, tensor_type(p, &cut, element_of(p->m, v)));
    if (v && pads) {
        attr_entry a[] = {{STR("padding"), make_i32s(p, padding, 2 * (uint32_t)in.n)},
                          {STR("value"), ir_op_attr(p->m, op, STR("value"))}};
        v = build_value(p, OP_ttir_pad, loc, &v, 1, result_type(p, op), make_dict(p, a, 2));
    }
    return replaced(p, op, v);
}
