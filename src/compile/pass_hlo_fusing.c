/* stablehlo-fusing: several StableHLO ops that are one in disguise, after tt-mlir's pass of that name. What is cut over
 * devices is left alone.
 *
 *   concatenate(x, x, ...) and a reshape that puts the copies in a dimension of their own    broadcast_in_dim
 *   concatenate(x, x, ...) along a dimension of one                                          broadcast_in_dim
 *   gather at indices that were only given a last dimension of one                           gather without it
 *   scatter at (row, every column in turn)                                                   scatter of rows
 *
 * tt-mlir takes for granted in the last one that a row's number is the same in every column; here it must be seen. */
#include "compile/constant.h"
#include "compile/hlo.h"
#include "compile/passes.h"
#include "compile/shard.h"

/* ---- what is cut ---------------------------------------------------------------------------------------- */

static bool value_is_cut(pass_context *p, ir_value v) {
    ir_block block = ir_arg_block(p->m, v);
    ir_op def = block ? 0 : ir_def_op(p->m, v), func = block ? p->m->regions[p->m->blocks[block].region].op : 0;
    str key = STR("sdy.sharding");
    if (op_is(p->m, def, OP_sdy_sharding_constraint))
        return shard_attr_cuts(p, ir_op_attr(p->m, def, STR("sharding")));
    if (def) /* the first result of several stands for all */
        return shard_attr_cuts(p, shard_list_at(p, ir_op_attr(p->m, def, key), 0));
    return op_is(p->m, func, OP_func_func) &&
           shard_attr_cuts(p, func_arg_attr(p->m, func, v - ir_block_at(p->m, block)->args, key));
}

/* Whether an op's result, or what it takes, is cut over devices. */
static bool is_cut(pass_context *p, ir_op op) {
    bool cut = value_is_cut(p, ir_result(p->m, op, 0));
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands && !cut; i++)
        cut = value_is_cut(p, ir_operand(p->m, op, i));
    return cut;
}

/* ---- concatenations ------------------------------------------------------------------------------------- */

/* `with` is `without` and one dimension more, at `at`. */
static bool has_one_more(const shape *with, const shape *without, int64_t at) {
    bool same = with->n == without->n + 1;
    for (int i = 0; same && i < without->n; i++)
        same = with->d[i < at ? i : i + 1] == without->d[i];
    return same;
}

/* Dimensions 0, 1, 2, ... of v, but `without` (-1: all), are those of the result. */
static bool to_broadcast(pass_context *p, ir_op replaced, ir_loc loc, ir_value v, int rank, int64_t without) {
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = 0;
    for (int i = 0; i < rank; i++)
        if (i != without)
            dims[n++] = i;
    attr_entry a[] = {{STR("broadcast_dimensions"), make_i64s(p, dims, n)}};
    return hlo_replace(
        p, replaced,
        build_value(p, OP_stablehlo_broadcast_in_dim, loc, &v, 1, hlo_type(p, replaced), make_dict(p, a, 1)));
}

static bool concatenate(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    int64_t dim = op_int_or(p->m, op, STR("dimension"), -1), n = o->n_operands;
    ir_loc loc = o->loc;
    ir_value v = ir_operand(p->m, op, 0);
    shape in, out;
    for (uint32_t i = 1; i < o->n_operands; i++)
        if (ir_operand(p->m, op, i) != v)
            return false;
    if (!shape_of(p->m, v, &in) || dim < 0 || dim >= in.n || is_cut(p, op))
        return false;
    ir_op user = one_user(p, ir_result(p->m, op, 0));
    if (op_is(p->m, user, OP_stablehlo_reshape) && !is_cut(p, user) && shape_of_type(p->c, hlo_type(p, user), &out) &&
        out.d[dim] == n && has_one_more(&out, &in, dim)) {
        ir_edit_at(p->e, user);
        return to_broadcast(p, user, loc, v, out.n, dim);
    }
    ir_op reshape = def_is(p->m, v, OP_stablehlo_reshape);
    shape before;
    if (reshape && !is_cut(p, reshape) && shape_of(p->m, ir_operand(p->m, reshape, 0), &before) && in.d[dim] == 1 &&
        has_one_more(&in, &before, dim))
        return to_broadcast(p, op, loc, ir_operand(p->m, reshape, 0), in.n, dim);
    return in.d[dim] == 1 && to_broadcast(p, op, loc, v, in.n, -1);
}

/* ---- lookups -------------------------------------------------------------------------------------------- */

static bool gather(pass_context *p, ir_op op) {
    ir_op reshape = def_is(p->m, ir_operand(p->m, op, 1), OP_stablehlo_reshape);
    shape with, without;
    if (!reshape || is_cut(p, reshape) || is_cut(p, op) || !shape_of(p->m, ir_operand(p->m, op, 1), &with) ||
        !shape_of(p->m, ir_operand(p->m, reshape, 0), &without))
        return false;
    int64_t vector = hlo_dim(p, op, STR("dimension_numbers"), STR("indexVectorDim"));
    if (vector != with.n - 1 || with.d[vector] != 1 || !has_one_more(&with, &without, vector))
        return false;
    ir_set_operand(p->e, op, 1, ir_operand(p->m, reshape, 0));
    return true;
}

/* Whether v is an iota along this axis, behind broadcasts; axis -1: along any. */
static bool is_iota(pass_context *p, ir_value v, int64_t axis) {
    for (ir_op op = ir_def_op(p->m, v); op; op = ir_def_op(p->m, ir_operand(p->m, op, 0))) {
        int64_t dims[PASS_MAX_RANK], mapped = -1;
        if (op_is(p->m, op, OP_stablehlo_iota))
            return axis < 0 || op_int_or(p->m, op, STR("iota_dimension"), -1) == axis;
        if (!op_is(p->m, op, OP_stablehlo_broadcast_in_dim))
            return false;
        uint32_t n = op_ints(p->m, op, STR("broadcast_dimensions"), dims, PASS_MAX_RANK);
        for (uint32_t i = 0; i < n && i < PASS_MAX_RANK && axis >= 0; i++)
            mapped = dims[i] == axis ? i : mapped;
        if (axis >= 0 && mapped < 0)
            return false;
        axis = axis < 0 ? axis : mapped;
    }
    return false;
}

/* A value and an axis along which it is asked to be the same. */
typedef struct along {
    ir_value v;
    int64_t axis;
} along;

/* Where the axis comes from in operand 0 of a broadcast or of a reshape that adds or drops ones at the end; -1: it does not
 * come from there, all along it is the same. -2: not known. */
static int64_t axis_before(pass_context *p, ir_op op, int64_t axis) {
    int64_t dims[PASS_MAX_RANK];
    shape from, to;
    if (!shape_of(p->m, ir_operand(p->m, op, 0), &from) || !shape_of_type(p->c, hlo_type(p, op), &to))
        return -2;
    if (op_is(p->m, op, OP_stablehlo_broadcast_in_dim)) {
        uint32_t n = op_ints(p->m, op, STR("broadcast_dimensions"), dims, PASS_MAX_RANK);
        for (uint32_t i = 0; i < n && (int)i < from.n; i++)
            if (dims[i] == axis)
                return from.d[i] == 1 ? -1 : (int64_t)i;
        return -1;
    }
    for (int i = 0; i < from.n || i < to.n; i++)
        if ((i < from.n ? from.d[i] : 1) != (i < to.n ? to.d[i] : 1))
            return -2;
    return axis < from.n ? axis : -1;
}

/* Whether v is the same all along an axis, by how it was made: broadcast, and then computed element by element. */
static bool is_same_along(pass_context *p, ir_value v, int64_t axis) {
    enum { MOST = 32 };
    along todo[MOST] = {{v, axis}};
    uint32_t n = 1;
    for (uint32_t steps = 0; n && steps < 4 * MOST; steps++) {
        along at = todo[--n];
        ir_op op = ir_def_op(p->m, at.v);
        const op_def *d = op ? dialect_def_of(p->m, op) : NULL;
        shape s;
        if (!shape_of(p->m, at.v, &s))
            return false;
        if (s.n <= at.axis || s.d[at.axis] == 1)
            continue;
        bool shapes = op_is(p->m, op, OP_stablehlo_broadcast_in_dim) || op_is(p->m, op, OP_stablehlo_reshape);
        uint32_t n_operands = shapes ? 1u : d && d->flags & OP_ELEMENTWISE ? ir_op_at(p->m, op)->n_operands : 0;
        int64_t before = shapes ? axis_before(p, op, at.axis) : at.axis;
        dense_view c;
        bool constant = op_is(p->m, op, OP_stablehlo_constant) &&
                        dense_read(p->c, ir_op_attr(p->m, op, STR("value")), &c) && c.splat;
        if ((!n_operands && !constant) || before == -2 || n + n_operands > MOST)
            return false;
        for (uint32_t i = 0; i < n_operands && before >= 0; i++)
            todo[n++] = (along){ir_operand(p->m, op, i), before};
    }
    return n == 0;
}

/* The first column of row numbers that are the same in every column: (rows, 1). */
static ir_value build_rows(pass_context *p, ir_loc loc, ir_value v, int64_t n) {
    static const int64_t start[3] = {0}, step[3] = {1, 1, 1};
    const int64_t limit[3] = {n, 1, 1};
    shape one = {.d = {n, 1, 1}, .n = 3}, rows = {.d = {n, 1}, .n = 2};
    attr_entry a[] = {{STR("limit_indices"), make_i64s(p, limit, 3)},
                      {STR("start_indices"), make_i64s(p, start, 3)},
                      {STR("strides"), make_i64s(p, step, 3)}};
    v = build_value(p, OP_stablehlo_slice, loc, &v, 1, type_like(p, v, &one), make_dict(p, a, 3));
    return v ? build_value(p, OP_stablehlo_reshape, loc, &v, 1, type_like(p, v, &rows), 0) : 0;
}

static bool scatter(pass_context *p, ir_op op) {
    static const int64_t zero = 0, one = 1;
    str key = STR("scatter_dimension_numbers");
    ir_op both = def_is(p->m, ir_operand(p->m, op, 1), OP_stablehlo_concatenate);
    int64_t vector = hlo_dim(p, op, key, STR("indexVectorDim")), window[PASS_MAX_RANK], to[PASS_MAX_RANK];
    shape in, row, update;
    if (ir_op_at(p->m, op)->n_operands != 3 || !both || ir_op_at(p->m, both)->n_operands != 2 ||
        op_int_or(p->m, both, STR("dimension"), -1) != vector || !shape_of(p->m, ir_operand(p->m, op, 0), &in) ||
        in.n != 2 || hlo_dims(p, op, key, STR("updateWindowDims"), window) ||
        hlo_dims(p, op, key, STR("scatterDimsToOperandDims"), to) != 2 || to[0] != 0 || to[1] != 1)
        return false;
    ir_value rows = ir_operand(p->m, both, 0), columns = ir_operand(p->m, both, 1);
    if (!shape_of(p->m, rows, &row) || row.n != 3 || vector != 2 || row.d[2] != 1 || is_iota(p, rows, -1) ||
        !is_same_along(p, rows, 1) || !is_iota(p, columns, 1) || !shape_of(p->m, ir_operand(p->m, op, 2), &update) ||
        update.n != 2 || update.d[1] != in.d[1])
        return false;
    ir_attr numbers = ir_op_attr(p->m, op, key), list[] = {dialect_ints(p->c, &one, 1), dialect_ints(p->c, &zero, 1)};
    numbers = dialect_with_param(p->c, numbers, STR("updateWindowDims"), list[0]);
    numbers = dialect_with_param(p->c, numbers, STR("insertedWindowDims"), list[1]);
    numbers = dialect_with_param(p->c, numbers, STR("scatterDimsToOperandDims"), list[1]);
    numbers = dialect_with_param(p->c, numbers, STR("indexVectorDim"), dialect_int(p->c, 1));
    ir_value at = build_rows(p, ir_op_at(p->m, op)->loc, rows, row.d[0]);
    if (!at || !numbers)
        return false;
    ir_set_operand(p->e, op, 1, at);
    ir_set_prop(p->e, op, key, numbers);
    return true;
}

static const rewrite_pattern patterns[] = {
    {OP_stablehlo_concatenate, 1, concatenate},
    {OP_stablehlo_gather, 1, gather},
    {OP_stablehlo_scatter, 1, scatter},
};

bool pass_hlo_fusing(pass_context *p) {
    return hlo_rewrite(p, patterns, sizeof patterns / sizeof patterns[0]);
}
