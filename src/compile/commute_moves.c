/* commute_moves.c - TMs through concat and slice_static. */
#include "compile/commute.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

/* ---- concat --------------------------------------------------------------------------------------------- */

static int64_t concat_dim(pass_context *p, ir_op op, const shape *out) {
    int64_t dim = wrap_dim(op_int_or(p->m, op, STR("dim"), 0), out->n);
    return dim >= 0 && dim < out->n ? dim : -1;
}

bool up_permute_concat(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_permute);
    int64_t perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK];
    shape out, s;
    if (!tm || !shape_of(p->m, ir_result(p->m, op, 0), &out) || permutation_of(p->m, tm, perm) != out.n)
        return false;
    int64_t dim = concat_dim(p, op, &out);
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    ir_value *parts = dim >= 0 ? ARENA_ARRAY(&p->scratch, ir_value, n + 1) : NULL;
    if (!parts)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    p->e->from = tm;
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = ir_operand(p->m, op, i);
        if (!shape_of(p->m, v, &s) || s.n != out.n)
            return false;
        s = shape_permuted(&s, perm);
        parts[i] = build_permute_to(p, loc, v, perm, tensor_type(p, &s, element_of(p->m, v)));
        if (!parts[i])
            return false;
    }
    permutation_inverse(perm, out.n, inverse);
    out = shape_permuted(&out, perm);
    ir_type type = tensor_type(p, &out, ir_element_type(p->c, result_type(p, op)));
    p->e->from = op;
    return replace_users(p, op, build_concat(p, loc, parts, n, inverse[dim], type), parts[0]);
}

bool down_permute_concat(pass_context *p, ir_op op) {
    int64_t perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK];
    uint32_t next = 0, n = ir_op_at(p->m, op)->n_operands;
    ir_op tm;
    while ((tm = next_tm_operand(p, op, OP_ttir_permute, &next)) && !operands_agree(p, op, tm))
        ;
    shape out;
    if (!tm || !shape_of(p->m, ir_result(p->m, op, 0), &out) || permutation_of(p->m, tm, perm) != out.n)
        return false;
    int64_t dim = concat_dim(p, op, &out);
    ir_value *parts = dim >= 0 ? ARENA_ARRAY(&p->scratch, ir_value, n) : NULL;
    if (!parts)
        return false;
    p->e->from = tm;
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = ir_operand(p->m, op, i);
        parts[i] = ir_def_op(p->m, v) == tm ? ir_operand(p->m, tm, 0) : build_inverse(p, tm, v);
        if (!parts[i])
            return false;
    }
    permutation_inverse(perm, out.n, inverse);
    shape before = shape_permuted(&out, inverse);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type elt = ir_element_type(p->c, result_type(p, op));
    p->e->from = op;
    ir_value v = build_concat(p, loc, parts, n, perm[dim], tensor_type(p, &before, elt));
    p->e->from = tm;
    v = v ? build_permute_to(p, loc, v, perm, tensor_type(p, &out, elt)) : 0;
    return replace_moved(p, op, v);
}

static int64_t volume_of(const int64_t *d, int n) {
    int64_t v = 1;
    for (int i = 0; i < n; i++)
        v *= d[i];
    return v;
}

bool up_reshape_concat(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_reshape);
    shape out, to, s;
    if (!tm || !shape_of(p->m, ir_result(p->m, op, 0), &out) || !shape_of(p->m, ir_result(p->m, tm, 0), &to))
        return false;
    int64_t dim = concat_dim(p, op, &out), at = -1;
    for (int i = 0; dim >= 0 && i < to.n && at < 0; i++)
        if (to.d[i] == out.d[dim] && volume_of(to.d, i) == volume_of(out.d, (int)dim) &&
            volume_of(to.d + i + 1, to.n - i - 1) == volume_of(out.d + dim + 1, out.n - (int)dim - 1))
            at = i;
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    ir_value *parts = at >= 0 ? ARENA_ARRAY(&p->scratch, ir_value, n + 1) : NULL;
    if (!parts)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    p->e->from = tm;
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = ir_operand(p->m, op, i);
        shape part = to;
        if (!shape_of(p->m, v, &s) || s.n != out.n)
            return false;
        part.d[at] = s.d[dim];
        parts[i] = build_reshape_to(p, loc, v, tensor_type(p, &part, element_of(p->m, v)));
        if (!parts[i])
            return false;
    }
    ir_type type = tensor_type(p, &to, ir_element_type(p->c, result_type(p, op)));
    p->e->from = op;
    return replace_users(p, op, build_concat(p, loc, parts, n, at, type), parts[0]);
}

/* ---- slice ---------------------------------------------------------------------------------------------- */

static void permute_range(const slice_range *from, const int64_t *perm, slice_range *to) {
    to->n = from->n;
    for (int i = 0; i < from->n; i++) {
        to->begin[i] = from->begin[perm[i]];
        to->end[i] = from->end[perm[i]];
        to->step[i] = from->step[perm[i]];
    }
}

bool up_permute_slice(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_permute);
    int64_t perm[PASS_MAX_RANK];
    slice_range s, moved;
    shape out;
    if (!tm || !slice_of(p->m, op, &s) || permutation_of(p->m, tm, perm) != s.n ||
        !shape_of(p->m, ir_result(p->m, op, 0), &out))
        return false;
    permute_range(&s, perm, &moved);
    out = shape_permuted(&out, perm);
    p->e->from = tm;
    ir_value before = build_permute(p, ir_op_at(p->m, tm)->loc, ir_operand(p->m, op, 0), perm);
    p->e->from = op;
    ir_value v =
        before ? build_slice_to(p, ir_op_at(p->m, op)->loc, before, &moved, type_like(p, ir_result(p->m, op, 0), &out))
               : 0;
    return replace_users(p, op, v, before);
}

bool down_permute_slice(pass_context *p, ir_op op) {
    uint32_t next = 0;
    ir_op tm = next_tm_operand(p, op, OP_ttir_permute, &next);
    int64_t perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK];
    slice_range s, moved;
    shape out;
    if (!tm || !slice_of(p->m, op, &s) || permutation_of(p->m, tm, perm) != s.n ||
        !shape_of(p->m, ir_result(p->m, op, 0), &out))
        return false;
    permutation_inverse(perm, s.n, inverse);
    permute_range(&s, inverse, &moved);
    out = shape_permuted(&out, inverse);
    ir_value v = build_slice_to(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, tm, 0), &moved,
                                type_like(p, ir_result(p->m, op, 0), &out));
    p->e->from = tm;
    v = v ? build_permute_to(p, ir_op_at(p->m, tm)->loc, v, perm, result_type(p, op)) : 0;
    return replace_moved(p, op, v);
}

/* How many of the last dimensions a reshape leaves alone; -1 when it changes none. */
static int untouched_dims(pass_context *p, ir_op reshape) {
    shape in, out;
    if (!shape_of(p->m, ir_operand(p->m, reshape, 0), &in) || !shape_of(p->m, ir_result(p->m, reshape, 0), &out) ||
        shape_equal(&in, &out))
        return -1;
    int i = 0;
    while (i < in.n && i < out.n && in.d[in.n - 1 - i] == out.d[out.n - 1 - i])
        i++;
    return i;
}

/* The first dimension that a slice cuts, counted from the last one (0); -1 when it takes all. */
static int cut_dim(const slice_range *s, const shape *in) {
    for (int i = 0; i < s->n; i++)
        if (wrap_dim(s->begin[i], (int)in->d[i]) != 0 || wrap_dim(s->end[i], (int)in->d[i]) != in->d[i] ||
            s->step[i] != 1)
            return s->n - 1 - i;
    return -1;
}

/* Whether slice and reshape deal with different dimensions: the slice with the last ones only. */
static bool slice_is_behind(pass_context *p, ir_op slice, ir_op reshape, slice_range *s, int *cut, int *untouched) {
    shape in;
    if (!slice_of(p->m, slice, s) || !shape_of(p->m, ir_operand(p->m, slice, 0), &in))
        return false;
    *cut = cut_dim(s, &in);
    *untouched = untouched_dims(p, reshape);
    return *cut >= 0 && *untouched >= 0 && *untouched > *cut;
}

/* The slice of a tensor of other leading dimensions: the ones before the cut are taken whole. */
static ir_value build_reshaped_slice(pass_context *p, ir_op op, const slice_range *s, int cut, ir_value v) {
    shape in, out, to;
    if (!v || !shape_of(p->m, v, &in) || !shape_of(p->m, ir_result(p->m, op, 0), &out))
        return 0;
    slice_range r = {.n = in.n};
    to = in;
    for (int i = 0; i < in.n; i++) {
        int dim = in.n - 1 - i, from = s->n - 1 - i;
        r.begin[dim] = i > cut ? 0 : s->begin[from];
        r.end[dim] = i > cut ? in.d[dim] : s->end[from];
        r.step[dim] = i > cut ? 1 : s->step[from];
        if (i <= cut)
            to.d[dim] = out.d[from];
    }
    return build_slice_to(p, ir_op_at(p->m, op)->loc, v, &r, type_like(p, ir_result(p->m, op, 0), &to));
}

bool up_reshape_slice(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_reshape);
    slice_range s;
    int cut, untouched;
    shape in, to;
    if (!tm || !slice_is_behind(p, op, tm, &s, &cut, &untouched) || !shape_of(p->m, ir_operand(p->m, op, 0), &in) ||
        !shape_of(p->m, ir_result(p->m, tm, 0), &to))
        return false;
    for (int i = 0; i < to.n && i < untouched; i++)
        to.d[to.n - 1 - i] = in.d[in.n - 1 - i];
    p->e->from = tm;
    ir_value v = build_reshape(p, ir_op_at(p->m, tm)->loc, ir_operand(p->m, op, 0), &to);
    p->e->from = op;
    return replace_users(p, op, build_reshaped_slice(p, op, &s, cut, v), v);
}

bool down_reshape_slice(pass_context *p, ir_op op) {
    uint32_t next = 0;
    ir_op tm = next_tm_operand(p, op, OP_ttir_reshape, &next);
    slice_range s;
    int cut, untouched;
    if (!tm || !slice_is_behind(p, op, tm, &s, &cut, &untouched))
        return false;
    ir_value v = build_reshaped_slice(p, op, &s, cut, ir_operand(p->m, tm, 0));
    p->e->from = tm;
    v = v ? build_reshape_to(p, ir_op_at(p->m, tm)->loc, v, result_type(p, op)) : 0;
    return replace_moved(p, op, v);
}
