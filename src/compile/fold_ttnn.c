/* fold_ttnn.c - the folders of ttnn ops (tt-mlir's TTNNOps.cpp). */
#include "compile/dtype_rules.h"
#include "compile/ttnn_build.h"

static fold_outcome fold_to(fold_value *results, ir_value v) {
    results[0] = (fold_value){.value = v};
    return FOLD_VALUES;
}

static ir_type result_type(const ir_module *m, ir_op op) {
    return ir_value_type(m, ir_result(m, op, 0));
}

static fold_outcome fold_typecast(pass_context *p, ir_op op, fold_value *results) {
    ir_value in = ir_operand(p->m, op, 0);
    return ir_value_type(p->m, in) == result_type(p->m, op) ? fold_to(results, in) : FOLD_NONE;
}

/* Whether something other than `but` writes to v in place. */
static bool is_written(pass_context *p, ir_value v, ir_op but) {
    for (ir_each_use(p->e, v, u)) {
        ir_op user = ir_use_op(p->e, u);
        const op_def *d = dialect_def_of(p->m, user);
        if (user != but && d && d->flags & OP_IN_PLACE)
            return true;
    }
    return false;
}

static fold_outcome fold_reshape(pass_context *p, ir_op op, fold_value *results) {
    ir_value in = ir_operand(p->m, op, 0);
    if (ir_value_type(p->m, in) == result_type(p->m, op))
        return fold_to(results, in);
    ir_op before = def_is(p->m, in, OP_ttnn_reshape);
    if (!before || is_written(p, in, op))
        return FOLD_NONE;
    ir_set_operand(p->e, op, 0, ir_operand(p->m, before, 0));
    return FOLD_IN_PLACE;
}

/* A slice that takes exactly one operand of a concat. */
static fold_outcome fold_slice(pass_context *p, ir_op op, fold_value *results) {
    ir_op concat = def_is(p->m, ir_operand(p->m, op, 0), OP_ttnn_concat);
    int64_t begin[PASS_MAX_RANK], end[PASS_MAX_RANK], step[PASS_MAX_RANK], dim = 0, offset = 0;
    uint32_t n = op_ints(p->m, op, STR("begins"), begin, PASS_MAX_RANK);
    if (!concat || n > PASS_MAX_RANK || op_ints(p->m, op, STR("ends"), end, PASS_MAX_RANK) != n ||
        op_ints(p->m, op, STR("step"), step, PASS_MAX_RANK) != n || !op_int(p->m, concat, STR("dim"), &dim))
        return FOLD_NONE;
    dim = wrap_dim(dim, (int)n);
    for (uint32_t i = 0; i < ir_op_at(p->m, concat)->n_operands; i++) {
        ir_value v = ir_operand(p->m, concat, i);
        shape s = tn_shape_of(p->m, v);
        if (s.n != (int)n || dim < 0 || dim >= s.n)
            continue;
        bool whole = true;
        for (int d = 0; d < s.n; d++) {
            int64_t from = d == dim ? offset : 0;
            whole = whole && begin[d] == from && end[d] == from + s.d[d] && step[d] == 1;
        }
        if (whole)
            return fold_to(results, v);
        offset += s.d[dim];
    }
    return FOLD_NONE;
}

/* Two moves in a row are one, unless something between them may rely on the tensor being in DRAM meanwhile. */
static bool skips_staging(pass_context *p, ir_op before, ir_op op) {
    ttnn_layout from, staged, to;
    if (ir_op_at(p->m, before)->next == op || !ttnn_layout_of(p->c, result_type(p->m, before), &staged) ||
        !ttnn_layout_of(p->c, result_type(p->m, op), &to) || staged.buffer != TTNN_DRAM || to.buffer != TTNN_L1)
        return false;
    return !ttnn_layout_of(p->c, ir_value_type(p->m, ir_operand(p->m, before, 0)), &from) || from.buffer != to.buffer ||
           from.memory != to.memory || from.tiled != to.tiled;
}

static fold_outcome fold_move(pass_context *p, ir_op op, fold_value *results) {
    ir_value in = ir_operand(p->m, op, 0);
    ir_attr layout = ir_encoding(p->c, ir_value_type(p->m, in));
    if (layout && dialect_is_attr(p->c, layout, ATTR_ttnn_ttnn_layout) &&
        layout == ir_encoding(p->c, result_type(p->m, op)))
        return fold_to(results, in);
    ir_op before = def_is(p->m, in, op_id(p->m, op));
    if (before && !skips_staging(p, before, op)) {
        ir_set_operand(p->e, op, 0, ir_operand(p->m, before, 0));
        return FOLD_IN_PLACE;
    }
    /* a cast that only widened, and is undone here */
    ir_op cast = op_is(p->m, op, OP_ttnn_to_tensor_spec) ? def_is(p->m, in, OP_ttnn_typecast) : 0;
    if (!cast)
        return FOLD_NONE;
    ir_value original = ir_operand(p->m, cast, 0);
    target_dtype a = tn_dtype(p->c, ir_value_type(p->m, original)), b = tn_dtype(p->c, ir_value_type(p->m, in));
    if (a == DTYPE_NONE || b == DTYPE_NONE || a != tn_dtype(p->c, result_type(p->m, op)) || dtype_narrows(a, b))
        return FOLD_NONE;
    ir_set_operand(p->e, op, 0, original);
    return FOLD_IN_PLACE;
}

static fold_outcome fold_permute(pass_context *p, ir_op op, fold_value *results) {
    int64_t perm[PASS_MAX_RANK], first[PASS_MAX_RANK], both[PASS_MAX_RANK];
    ir_value in = ir_operand(p->m, op, 0);
    uint32_t n = op_ints(p->m, op, STR("permutation"), perm, PASS_MAX_RANK);
    if (n > PASS_MAX_RANK)
        return FOLD_NONE;
    bool identity = true;
    for (uint32_t i = 0; i < n; i++)
        identity = identity && perm[i] == i;
    if (identity)
        return fold_to(results, in);
    ir_op before = def_is(p->m, in, OP_ttnn_permute);
    if (!before || !ir_has_one_use(p->e, in) || op_ints(p->m, before, STR("permutation"), first, PASS_MAX_RANK) != n)
        return FOLD_NONE;
    for (uint32_t i = 0; i < n; i++) {
        if (perm[i] < 0 || perm[i] >= n)
            return FOLD_NONE;
        both[i] = first[perm[i]];
    }
    ir_set_operand(p->e, op, 0, ir_operand(p->m, before, 0));
    ir_set_prop(p->e, op, STR("permutation"), make_i64s(p, both, n));
    return FOLD_IN_PLACE;
}

/* A collective over one device does nothing. */
static fold_outcome fold_collective(pass_context *p, ir_op op, fold_value *results) {
    target_device d;
    int64_t axis = 0;
    ir_value in = ir_operand(p->m, op, 0);
    if (!op_int(p->m, op, STR("cluster_axis"), &axis) || !target_device_of_module(p->m, &d) || axis < 0 ||
        axis >= d.mesh_rank || d.mesh[axis] != 1)
        return FOLD_NONE;
    shape a = tn_shape_of(p->m, in), b = tn_shape_of_type(p->c, result_type(p->m, op));
    if (!op_is(p->m, op, OP_ttnn_all_reduce) && !shape_equal(&a, &b))
        return FOLD_NONE;
    return fold_to(results, in);
}

static const struct {
    uint16_t op;
    fold_fn *fn;
} folders[] = {
    {OP_ttnn_typecast, fold_typecast},         {OP_ttnn_reshape, fold_reshape},
    {OP_ttnn_slice_static, fold_slice},        {OP_ttnn_to_layout, fold_move},
    {OP_ttnn_to_tensor_spec, fold_move},       {OP_ttnn_permute, fold_permute},
    {OP_ttnn_all_gather, fold_collective},     {OP_ttnn_all_reduce, fold_collective},
    {OP_ttnn_reduce_scatter, fold_collective},
};

static fold_fn *find_folder(uint32_t id) {
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (folders[i].op == id)
            return folders[i].fn;
    return NULL;
}

bool fold_ttnn_knows(uint32_t op) {
    return find_folder(op) != NULL;
}

fold_outcome fold_ttnn(pass_context *p, ir_op op, fold_value *results) {
    fold_fn *fold = find_folder(op_id(p->m, op));
    return fold ? fold(p, op, results) : FOLD_NONE;
}
