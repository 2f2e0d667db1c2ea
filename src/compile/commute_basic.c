/* commute_basic.c - TMs through elementwise ops, broadcast, softmax and rms_norm. */
#include "compile/commute.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

/* ---- elementwise ---------------------------------------------------------------------------------------- */

static bool is_elementwise(pass_context *p, ir_op op) {
    const op_def *d = dialect_def_of(p->m, op);
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    return d && d->flags & OP_ELEMENTWISE && (n == 1 || n == 2) && ir_op_at(p->m, op)->n_results == 1;
}

/* All operands have the shape of the result, so that what is done to it can be done to them. */
static bool has_equal_shapes(pass_context *p, ir_op op) {
    shape out, s;
    if (!shape_of(p->m, ir_result(p->m, op, 0), &out))
        return false;
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++)
        if (!shape_of(p->m, ir_operand(p->m, op, i), &s) || !shape_equal(&s, &out))
            return false;
    return true;
}

static bool up_elementwise(pass_context *p, ir_op op, uint32_t kind) {
    ir_op tm = is_elementwise(p, op) ? identical_users(p, op, kind) : 0;
    if (!tm || !has_equal_shapes(p, op))
        return false;
    ir_type moved = result_type(p, tm);
    ir_value operands[2];
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    p->e->from = tm;
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = ir_operand(p->m, op, i);
        operands[i] = build_like(p, tm, loc_suffix(p, ir_op_at(p->m, tm)->loc, "_tm%u", i), &v, 1,
                                 type_with_element(p, moved, element_of(p->m, v)));
        if (!operands[i])
            return false;
    }
    ir_type type = type_with_element(p, moved, ir_element_type(p->c, result_type(p, op)));
    p->e->from = op;
    return replace_users(p, op, build_like(p, op, ir_op_at(p->m, op)->loc, operands, n, type), operands[0]);
}

bool up_permute_elementwise(pass_context *p, ir_op op) {
    return up_elementwise(p, op, OP_ttir_permute);
}

bool up_reshape_elementwise(pass_context *p, ir_op op) {
    return up_elementwise(p, op, OP_ttir_reshape);
}

/* All operands are the same TM, constants or computed from such. */
static bool elementwise_agrees(pass_context *p, ir_op op, ir_op tm) {
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++) {
        ir_value v = ir_operand(p->m, op, i);
        ir_op def = ir_def_op(p->m, v);
        const op_def *d = def ? dialect_def_of(p->m, def) : NULL;
        if (!same_tm(p, def, tm) && !(d && d->flags & OP_CONSTANT_LIKE) && !traces_to_constants(p, v))
            return false;
    }
    return true;
}

static bool down_elementwise(pass_context *p, ir_op op, uint32_t kind) {
    if (!is_elementwise(p, op))
        return false;
    uint32_t next = 0, n = ir_op_at(p->m, op)->n_operands;
    ir_op tm;
    while ((tm = next_tm_operand(p, op, kind, &next)) && !(elementwise_agrees(p, op, tm) && has_equal_shapes(p, op)))
        ;
    shape before, after;
    if (!tm || !shape_of(p->m, ir_operand(p->m, tm, 0), &before) || !shape_of(p->m, ir_result(p->m, tm, 0), &after))
        return false;
    ir_value operands[2];
    p->e->from = tm;
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = ir_operand(p->m, op, i);
        operands[i] = ir_def_op(p->m, v) == tm ? ir_operand(p->m, tm, 0) : build_inverse(p, tm, v);
        if (!operands[i])
            return false;
    }
    ir_loc loc = ir_op_at(p->m, op)->loc;
    p->e->from = op;
    ir_value v = build_like(p, op, loc, operands, n, type_like(p, ir_result(p->m, op, 0), &before));
    p->e->from = tm;
    v = v ? build_like(p, tm, loc, &v, 1, type_like(p, ir_result(p->m, op, 0), &after)) : 0;
    return replace_moved(p, op, v);
}

bool down_permute_elementwise(pass_context *p, ir_op op) {
    return down_elementwise(p, op, OP_ttir_permute);
}

bool down_reshape_elementwise(pass_context *p, ir_op op) {
    return down_elementwise(p, op, OP_ttir_reshape);
}

/* ---- broadcast ------------------------------------------------------------------------------------------ */

/* A run of dimensions, joined: of the input, or repeated. */
typedef struct run {
    int64_t size;
    bool original;
} run;

/* How to reshape the input first and then broadcast it, so that the result is that of broadcasting by `factors` and
 * reshaping to `to`. False when runs of repeated and original elements would have to be mixed. */
static bool split_reshape(const shape *in, const int64_t *factors, const shape *to, shape *reshaped, int64_t *repeat) {
    run runs[PASS_MAX_RANK + 1] = {{-1, false}};
    int n = 0; /* the run being built */
    for (int i = 0; i < in->n; i++) {
        bool original = factors[i] == 1 && in->d[i] > 1;
        int64_t size = original ? in->d[i] : factors[i];
        if (!original && factors[i] <= 1)
            continue;
        if (runs[n].size == -1)
            runs[n] = (run){1, original};
        if (runs[n].original == original)
            runs[n].size *= size;
        else
            runs[++n] = (run){size, original};
    }
    *reshaped = *to;
    for (int i = to->n - 1; i >= 0; i--) {
        repeat[i] = 1;
        if (to->d[i] == 1)
            continue;
        if (n < 0 || to->d[i] > runs[n].size || to->d[i] <= 0)
            return false;
        runs[n].size /= to->d[i];
        if (!runs[n].original) {
            repeat[i] = to->d[i];
            reshaped->d[i] = 1;
        }
        if (runs[n].size == 1)
            n--;
    }
    int64_t got = shape_volume(reshaped);
    return got == shape_volume(in);
}

static ir_value build_broadcast_by(pass_context *p, ir_loc loc, ir_value v, const int64_t *factors, ir_type type) {
    attr_entry a[] = {{STR("broadcast_dimensions"), make_i64s(p, factors, (uint32_t)ir_rank(p->c, type))}};
    return v ? build_value(p, OP_ttir_broadcast, loc, &v, 1, type, make_dict(p, a, 1)) : 0;
}

bool up_reshape_broadcast(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_reshape);
    int64_t factors[PASS_MAX_RANK], repeat[PASS_MAX_RANK];
    shape in, to, reshaped;
    if (!tm || !is_implicit_broadcast(p, op) || !shape_of(p->m, ir_operand(p->m, op, 0), &in) ||
        !shape_of(p->m, ir_result(p->m, tm, 0), &to) ||
        op_ints(p->m, op, STR("broadcast_dimensions"), factors, PASS_MAX_RANK) != (uint32_t)in.n ||
        !split_reshape(&in, factors, &to, &reshaped, repeat))
        return false;
    ir_type type = result_type(p, tm);
    p->e->from = tm;
    ir_value v = build_reshape_to(p, ir_op_at(p->m, tm)->loc, ir_operand(p->m, op, 0),
                                  type_with_shape(p, type, reshaped.d, (uint32_t)reshaped.n));
    p->e->from = op;
    return replace_users(p, op, build_broadcast_by(p, ir_op_at(p->m, op)->loc, v, repeat, type), v);
}

bool up_permute_broadcast(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_permute);
    int64_t factors[PASS_MAX_RANK], moved[PASS_MAX_RANK], perm[PASS_MAX_RANK];
    shape in;
    if (!tm || !is_implicit_broadcast(p, op) || !shape_of(p->m, ir_operand(p->m, op, 0), &in) ||
        permutation_of(p->m, tm, perm) != in.n ||
        op_ints(p->m, op, STR("broadcast_dimensions"), factors, PASS_MAX_RANK) != (uint32_t)in.n)
        return false;
    for (int i = 0; i < in.n; i++)
        moved[i] = factors[perm[i]];
    ir_type type = result_type(p, tm);
    shape to = shape_permuted(&in, perm);
    p->e->from = tm;
    ir_value v = build_permute_to(p, ir_op_at(p->m, tm)->loc, ir_operand(p->m, op, 0), perm,
                                  type_with_shape(p, type, to.d, (uint32_t)to.n));
    p->e->from = op;
    return replace_users(p, op, build_broadcast_by(p, ir_op_at(p->m, op)->loc, v, moved, type), v);
}

/* ---- softmax -------------------------------------------------------------------------------------------- */

static ir_value build_softmax_like(pass_context *p, ir_op op, ir_value v, int64_t dim, ir_type type) {
    return v ? build_softmax(p, ir_op_at(p->m, op)->loc, v, dim, op_flag(p->m, op, STR("numericStable")), type) : 0;
}

bool up_reshape_softmax(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_reshape);
    shape in, to;
    if (!tm || !shape_of(p->m, ir_operand(p->m, op, 0), &in) || !shape_of(p->m, ir_result(p->m, tm, 0), &to))
        return false;
    int dim = shape_matching_dim(&in, &to, (int)wrap_dim(op_int_or(p->m, op, STR("dimension"), -1), in.n));
    if (dim < 0)
        return false;
    ir_type type = result_type(p, tm);
    ir_value x = ir_operand(p->m, op, 0);
    p->e->from = tm;
    ir_value v = build_reshape_to(p, ir_op_at(p->m, tm)->loc, x, type_with_element(p, type, element_of(p->m, x)));
    p->e->from = op;
    return replace_users(p, op, build_softmax_like(p, op, v, dim, type), v);
}

bool down_reshape_softmax(pass_context *p, ir_op op) {
    uint32_t next = 0;
    ir_op tm = next_tm_operand(p, op, OP_ttir_reshape, &next);
    shape in, out;
    if (!tm || !shape_of(p->m, ir_operand(p->m, tm, 0), &in) || !shape_of(p->m, ir_result(p->m, tm, 0), &out))
        return false;
    int dim = shape_matching_dim(&out, &in, (int)wrap_dim(op_int_or(p->m, op, STR("dimension"), -1), out.n));
    if (dim < 0)
        return false;
    ir_value x = ir_operand(p->m, tm, 0);
    ir_value v = build_softmax_like(p, op, x, dim, ir_value_type(p->m, x));
    p->e->from = tm;
    v = v ? build_reshape_to(p, ir_op_at(p->m, tm)->loc, v, result_type(p, op)) : 0;
    return replace_moved(p, op, v);
}

/* ---- rms_norm ------------------------------------------------------------------------------------------- */

/* Whether a reshape keeps the last dimension as the last one, of the same size. */
static bool keeps_last_dim(pass_context *p, ir_op reshape) {
    shape in, out;
    if (!shape_of(p->m, ir_operand(p->m, reshape, 0), &in) || !shape_of(p->m, ir_result(p->m, reshape, 0), &out) ||
        !in.n || !out.n)
        return false;
    int found = shape_matching_dim(&in, &out, in.n - 1);
    for (int i = found + 1; found >= 0 && i < out.n; i++)
        if (out.d[i] != 1)
            return false;
    return found >= 0 && in.d[in.n - 1] == out.d[out.n - 1];
}

bool up_reshape_rms_norm(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_reshape);
    ir_value operands[4];
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    if (!tm || n > 4 || !keeps_last_dim(p, tm))
        return false;
    ir_type type = result_type(p, tm);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value residual = op_is(p->m, op, OP_ttir_distributed_rms_norm) ? op_operand_named(p->m, op, STR("residual")) : 0;
    p->e->from = tm;
    for (uint32_t i = 0; i < n; i++) {
        operands[i] = ir_operand(p->m, op, i);
        if (i == 0 || operands[i] == residual)
            operands[i] =
                build_reshape_to(p, loc, operands[i], type_with_element(p, type, element_of(p->m, operands[i])));
        if (!operands[i])
            return false;
    }
    p->e->from = op;
    return replace_users(p, op, build_like(p, op, loc, operands, n, type), operands[0]);
}
