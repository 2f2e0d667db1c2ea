/* fold_ttir.c - what each ttir op folds to (tt-mlir's TTIROps.cpp), one small function per op.
 *
 * Folders come before patterns in every greedy run, so their rules shape all later stages: a reshape of a reshape looks at
 * the first one's input even where nothing else is done. Elementwise arithmetic is in fold_arith.c.
 */
#include "compile/fold_ttir.h"
#include "compile/ttir.h"

static fold_outcome fold_value_of(fold_value *results, ir_value v) {
    results[0] = (fold_value){.value = v};
    return FOLD_VALUES;
}

static fold_outcome fold_to_input(pass_context *p, ir_op op, fold_value *results) {
    return fold_value_of(results, ir_operand(p->m, op, 0));
}

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static ir_op input_def(pass_context *p, ir_op op) {
    return ir_def_op(p->m, ir_operand(p->m, op, 0));
}

static ir_attr input_constant(pass_context *p, ir_op op) {
    return constant_of(p, ir_operand(p->m, op, 0));
}

/* ---- data movement over constants ----------------------------------------------------------------------- */

/* Where in the input each coordinate of the result comes from: coordinate i of the input for the result's `coord`. */
typedef struct movement {
    int64_t scale[PASS_MAX_RANK], offset[PASS_MAX_RANK]; /* offset + scale * coord[from] ... */
    int64_t divide[PASS_MAX_RANK];                       /* ... / divide ... */
    int64_t modulo[PASS_MAX_RANK];                       /* ... % modulo */
    int from[PASS_MAX_RANK];
} movement;

/* Whether there is anything to move: movements are only made up for constants. */
static bool moves_constant(pass_context *p, ir_op op) {
    ir_attr a = input_constant(p, op);
    return a && ir_kind_of(p->c, a) == IR_ATTR_DENSE;
}

static movement movement_identity(const shape *input) {
    movement mv;
    for (int i = 0; i < PASS_MAX_RANK; i++) {
        mv.scale[i] = mv.divide[i] = 1;
        mv.offset[i] = 0;
        mv.from[i] = i;
        mv.modulo[i] = i < input->n && input->d[i] ? input->d[i] : 1;
    }
    return mv;
}

static fold_outcome fold_movement(pass_context *p, ir_op op, const movement *mv, fold_value *results) {
    ir_type type = result_type(p, op);
    dense_view v;
    if (!dense_read(p->c, input_constant(p, op), &v))
        return FOLD_NONE;
    if (v.splat)
        return fold_constant(results, dense_splat(p, type, dense_at(&v, 0)));
    shape in, out;
    if (!fold_small_enough(p, op) || !shape_of_type(p->c, v.type, &in) || !shape_of_type(p->c, type, &out) ||
        in.n != out.n)
        return FOLD_NONE;
    int64_t n = shape_volume(&out), coord[PASS_MAX_RANK] = {0};
    uint64_t *bits = ARENA_ARRAY(&p->scratch, uint64_t, n ? (size_t)n : 1);
    if (!bits) {
        p->m->failed = true;
        return FOLD_NONE;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t at = 0;
        for (int d = 0; d < in.n; d++) {
            int64_t c = (mv->offset[d] + mv->scale[d] * coord[mv->from[d]]) / mv->divide[d];
            at = at * in.d[d] + c % mv->modulo[d];
        }
        if (at < 0 || at >= v.n)
            return FOLD_NONE;
        bits[i] = dense_at(&v, at);
        for (int d = out.n - 1; d >= 0 && ++coord[d] == out.d[d]; d--)
            coord[d] = 0;
    }
    return fold_constant(results, dense_make(p, type, bits, n));
}

/* ---- shape ops ------------------------------------------------------------------------------------------ */

static fold_outcome fold_reshape(pass_context *p, ir_op op, fold_value *results) {
    ir_type type = result_type(p, op);
    if (ir_value_type(p->m, ir_operand(p->m, op, 0)) == type)
        return fold_to_input(p, op, results);
    ir_op def = input_def(p, op);
    if (op_is(p->m, def, OP_ttir_reshape)) {
        ir_set_operand(p->e, op, 0, ir_operand(p->m, def, 0));
        return FOLD_IN_PLACE;
    }
    dense_view v;
    ir_attr a = input_constant(p, op);
    return dense_read(p->c, a, &v) ? fold_constant(results, dense_retyped(p, a, type)) : FOLD_NONE;
}

static fold_outcome fold_permute(pass_context *p, ir_op op, fold_value *results) {
    int64_t perm[PASS_MAX_RANK], first[PASS_MAX_RANK], composed[PASS_MAX_RANK], inverse[PASS_MAX_RANK];
    shape in;
    int n = permutation_of(p->m, op, perm);
    if (!shape_of(p->m, ir_operand(p->m, op, 0), &in) || n != in.n)
        return FOLD_NONE;
    bool identity = true; /* only dimensions of size 1 change places */
    for (int i = 0; i < n; i++)
        identity = identity && (perm[i] == i || (in.d[i] == 1 && in.d[perm[i]] == 1));
    if (identity)
        return fold_to_input(p, op, results);
    ir_op def = input_def(p, op);
    if (op_is(p->m, def, OP_ttir_permute) && !ir_op_attr(p->m, op, STR("decomposed")) &&
        permutation_of(p->m, def, first) == n) {
        for (int i = 0; i < n; i++)
            composed[i] = first[perm[i]];
        ir_set_prop(p->e, op, STR("permutation"), make_i64s(p, composed, (uint32_t)n));
        ir_set_operand(p->e, op, 0, ir_operand(p->m, def, 0));
        return FOLD_IN_PLACE;
    }
    if (!moves_constant(p, op))
        return FOLD_NONE;
    movement mv = movement_identity(&in);
    permutation_inverse(perm, n, inverse);
    for (int i = 0; i < n; i++)
        mv.from[i] = (int)inverse[i];
    return fold_movement(p, op, &mv, results);
}

static fold_outcome fold_broadcast(pass_context *p, ir_op op, fold_value *results) {
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("broadcast_dimensions"), dims, PASS_MAX_RANK);
    bool identity = n <= PASS_MAX_RANK;
    for (uint32_t i = 0; identity && i < n; i++)
        identity = dims[i] == 1;
    if (identity)
        return fold_to_input(p, op, results);
    dense_view v;
    if (!dense_read(p->c, input_constant(p, op), &v) || !v.splat)
        return FOLD_NONE;
    return fold_constant(results, dense_splat(p, result_type(p, op), dense_at(&v, 0)));
}

static bool is_empty_along(pass_context *p, ir_value v, int64_t dim) {
    ir_type t = ir_value_type(p->m, v);
    return dim >= 0 && dim < ir_rank(p->c, t) && ir_dim(p->c, t, (int)dim) == 0;
}

static fold_outcome fold_concat(pass_context *p, ir_op op, fold_value *results) {
    uint32_t n = ir_op_at(p->m, op)->n_operands, kept = 0;
    if (n == 1)
        return fold_to_input(p, op, results);
    int64_t dim = wrap_dim(op_int_or(p->m, op, STR("dim"), 0), ir_rank(p->c, result_type(p, op)));
    for (uint32_t i = 0; i < n; i++)
        kept += !is_empty_along(p, ir_operand(p->m, op, i), dim);
    if (kept == n)
        return FOLD_NONE;
    if (!kept)
        return fold_to_input(p, op, results);
    ir_value *keep = ARENA_ARRAY(&p->scratch, ir_value, kept);
    if (!keep) {
        p->m->failed = true;
        return FOLD_NONE;
    }
    kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (!is_empty_along(p, ir_operand(p->m, op, i), dim))
            keep[kept++] = ir_operand(p->m, op, i);
    ir_set_operands(p->e, op, keep, kept);
    return FOLD_IN_PLACE;
}

/* A slice that takes exactly one of the inputs of a concatenation. */
static ir_value slice_of_concat(pass_context *p, ir_op concat, const slice_range *s) {
    int64_t dim = wrap_dim(op_int_or(p->m, concat, STR("dim"), 0), s->n), offset = 0;
    for (uint32_t i = 0; i < ir_op_at(p->m, concat)->n_operands; i++) {
        ir_value v = ir_operand(p->m, concat, i);
        shape in;
        if (!shape_of(p->m, v, &in) || in.n != s->n || dim >= in.n || dim < 0)
            continue;
        bool all = true;
        for (int d = 0; d < in.n && all; d++) {
            int64_t begin = d == dim ? offset : 0;
            all = s->begin[d] == begin && s->end[d] == begin + in.d[d] && s->step[d] == 1;
        }
        if (all)
            return v;
        offset += in.d[dim];
    }
    return 0;
}

static fold_outcome fold_slice(pass_context *p, ir_op op, fold_value *results) {
    slice_range s, first;
    shape in;
    ir_op def = input_def(p, op);
    if (!op_is(p->m, def, OP_ttir_slice_static) && !op_is(p->m, def, OP_ttir_concat) && !moves_constant(p, op))
        return FOLD_NONE;
    if (!slice_of(p->m, op, &s) || !shape_of(p->m, ir_operand(p->m, op, 0), &in))
        return FOLD_NONE;
    if (op_is(p->m, def, OP_ttir_slice_static) && op_has_one_use(p, def) && slice_of(p->m, def, &first) &&
        first.n == s.n) {
        slice_range both = {.n = s.n};
        for (int i = 0; i < s.n; i++) {
            both.begin[i] = first.begin[i] + first.step[i] * s.begin[i];
            both.end[i] = first.begin[i] + first.step[i] * (s.end[i] - 1) + 1;
            both.step[i] = first.step[i] * s.step[i];
        }
        ir_set_prop(p->e, op, STR("begins"), make_i32_list(p, both.begin, (uint32_t)s.n));
        ir_set_prop(p->e, op, STR("ends"), make_i32_list(p, both.end, (uint32_t)s.n));
        ir_set_prop(p->e, op, STR("step"), make_i32_list(p, both.step, (uint32_t)s.n));
        ir_set_operand(p->e, op, 0, ir_operand(p->m, def, 0));
        return FOLD_IN_PLACE;
    }
    if (op_is(p->m, def, OP_ttir_concat)) {
        ir_value v = slice_of_concat(p, def, &s);
        if (v)
            return fold_value_of(results, v);
    }
    if (!moves_constant(p, op))
        return FOLD_NONE;
    movement mv = movement_identity(&in);
    for (int i = 0; i < s.n; i++) {
        mv.offset[i] = wrap_dim(s.begin[i], (int)in.d[i]);
        mv.scale[i] = s.step[i];
    }
    return fold_movement(p, op, &mv, results);
}

static fold_outcome fold_repeat(pass_context *p, ir_op op, fold_value *results) {
    int64_t times[PASS_MAX_RANK], first[PASS_MAX_RANK];
    shape in;
    uint32_t n = op_ints(p->m, op, STR("repeat_dimensions"), times, PASS_MAX_RANK);
    if (!shape_of(p->m, ir_operand(p->m, op, 0), &in) || n != (uint32_t)in.n)
        return FOLD_NONE;
    bool identity = true;
    for (uint32_t i = 0; i < n; i++)
        identity = identity && times[i] == 1;
    if (identity)
        return fold_to_input(p, op, results);
    ir_op def = input_def(p, op);
    if (op_is(p->m, def, OP_ttir_repeat) && op_has_one_use(p, def) &&
        op_ints(p->m, def, STR("repeat_dimensions"), first, PASS_MAX_RANK) == n) {
        for (uint32_t i = 0; i < n; i++)
            if (__builtin_mul_overflow(times[i], first[i], &times[i]))
                return FOLD_NONE;
        ir_set_prop(p->e, op, STR("repeat_dimensions"), make_i64s(p, times, n));
        ir_set_operand(p->e, op, 0, ir_operand(p->m, def, 0));
        return FOLD_IN_PLACE;
    }
    if (!moves_constant(p, op))
        return FOLD_NONE;
    movement mv = movement_identity(&in);
    return fold_movement(p, op, &mv, results);
}

static fold_outcome fold_repeat_interleave(pass_context *p, ir_op op, fold_value *results) {
    int64_t repeats = op_int_or(p->m, op, STR("repeats"), 0), dim = op_int_or(p->m, op, STR("dim"), 0);
    shape in;
    if (repeats == 1)
        return fold_to_input(p, op, results);
    if (!shape_of(p->m, ir_operand(p->m, op, 0), &in) || repeats < 1)
        return FOLD_NONE;
    /* A negative dim is compared as it is, so nothing is divided; such constants are left alone. */
    if (!moves_constant(p, op))
        return FOLD_NONE;
    movement mv = movement_identity(&in);
    if (dim < 0 || dim >= in.n)
        return FOLD_NONE;
    mv.divide[dim] = repeats;
    return fold_movement(p, op, &mv, results);
}

/* ---- scans, pools, collectives -------------------------------------------------------------------------- */

static fold_outcome fold_scan(pass_context *p, ir_op op, fold_value *results) {
    (void)results;
    int64_t dim;
    ir_attr a = ir_op_attr(p->m, op, STR("dim"));
    if (!op_int(p->m, op, STR("dim"), &dim) || dim >= 0 || ir_kind_of(p->c, a) != IR_ATTR_INTEGER)
        return FOLD_NONE;
    int rank = ir_rank(p->c, ir_value_type(p->m, ir_operand(p->m, op, 0)));
    ir_set_prop(p->e, op, STR("dim"), ir_attr_int(p->c, ir_at(p->c, a, 0), dim + rank));
    return FOLD_IN_PLACE;
}

static fold_outcome fold_pool(pass_context *p, ir_op op, fold_value *results) {
    int64_t kernel[2], stride[2], dilation[2], padding[4];
    if (!window_ints(p->m, op, STR("kernel"), 2, kernel) || !window_ints(p->m, op, STR("stride"), 2, stride) ||
        !window_ints(p->m, op, STR("dilation"), 2, dilation) || !window_ints(p->m, op, STR("padding"), 4, padding))
        return FOLD_NONE;
    for (int i = 0; i < 2; i++)
        if (kernel[i] != 1 || stride[i] != 1 || dilation[i] != 1 || padding[i] || padding[i + 2])
            return FOLD_NONE;
    return fold_to_input(p, op, results);
}

static fold_outcome fold_dimension_size(pass_context *p, ir_op op, fold_value *results) {
    ir_type input = ir_value_type(p->m, ir_operand(p->m, op, 0));
    int64_t dim = op_int_or(p->m, op, STR("dimension"), -1), one = 1;
    if (dim < 0 || dim >= ir_rank(p->c, input) || ir_dim(p->c, input, (int)dim) == IR_DYNAMIC)
        return FOLD_NONE;
    ir_type type = ir_type_tensor(p->c, &one, 1, ir_type_integer(p->c, 32, IR_UNSIGNED), 0);
    return fold_constant(results, dense_splat(p, type, (uint32_t)ir_dim(p->c, input, (int)dim)));
}

static fold_outcome fold_requantize(pass_context *p, ir_op op, fold_value *results) {
    return ir_value_type(p->m, ir_operand(p->m, op, 0)) == result_type(p, op) ? fold_to_input(p, op, results)
                                                                              : FOLD_NONE;
}

static fold_outcome fold_to_layout(pass_context *p, ir_op op, fold_value *results) {
    if (ir_op_at(p->m, op)->n_operands < 2 || ir_op_at(p->m, op)->n_results != 1 ||
        ir_value_type(p->m, ir_operand(p->m, op, 0)) != ir_value_type(p->m, ir_operand(p->m, op, 1)))
        return FOLD_NONE;
    return fold_to_input(p, op, results);
}

static fold_outcome fold_mesh_shard(pass_context *p, ir_op op, fold_value *results) {
    int64_t parts[PASS_MAX_RANK], volume = 1;
    uint32_t n = op_ints(p->m, op, STR("shard_shape"), parts, PASS_MAX_RANK);
    if (n > PASS_MAX_RANK || str_eq(dialect_case_text(p->c, ir_op_attr(p->m, op, STR("shard_type"))), STR("replicate")))
        return FOLD_NONE;
    for (uint32_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(volume, parts[i], &volume))
            return FOLD_NONE;
    return volume == 1 ? fold_to_input(p, op, results) : FOLD_NONE;
}

static fold_outcome fold_collective_broadcast(pass_context *p, ir_op op, fold_value *results) {
    ir_attr groups = ir_op_attr(p->m, op, STR("replica_groups"));
    if (!groups || ir_kind_of(p->c, groups) != IR_ATTR_DENSE)
        return FOLD_NONE;
    ir_type t = ir_at(p->c, groups, 0);
    if (ir_rank(p->c, t) != 2 || (ir_dim(p->c, t, 0) >= 1 && ir_dim(p->c, t, 1) > 1))
        return FOLD_NONE;
    return fold_to_input(p, op, results);
}

static fold_outcome fold_scatter(pass_context *p, ir_op op, fold_value *results) {
    for (uint32_t i = 1; i <= 2; i++)
        if (ir_num_elements(p->c, ir_value_type(p->m, ir_operand(p->m, op, i))) == 0)
            return fold_to_input(p, op, results);
    return FOLD_NONE;
}

/* ---- logic ---------------------------------------------------------------------------------------------- */

static bool is_zero(pass_context *p, ir_value v) {
    fill_value f;
    return fill_of(p->m, v, &f) && f.f == 0;
}

static bool is_not_zero(pass_context *p, ir_value v) {
    fill_value f;
    return fill_of(p->m, v, &f) && f.f != 0;
}

bool is_boolean_valued(const ir_module *m, ir_value v) {
    static const uint16_t ids[] = {OP_ttir_eq,          OP_ttir_ne,          OP_ttir_ge,          OP_ttir_gt,
                                   OP_ttir_le,          OP_ttir_lt,          OP_ttir_logical_and, OP_ttir_logical_or,
                                   OP_ttir_logical_xor, OP_ttir_logical_not, OP_ttir_isfinite};
    fill_value f;
    if (ir_bit_width(m->ctx, element_of(m, v)) == 1 || (fill_of(m, v, &f) && (f.f == 0 || f.f == 1)))
        return true;
    ir_op def = ir_def_op(m, v);
    uint32_t id = def ? op_id(m, def) : OP_N;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static fold_outcome fold_and(pass_context *p, ir_op op, fold_value *results) {
    ir_value a = ir_operand(p->m, op, 0), b = ir_operand(p->m, op, 1);
    if (is_zero(p, a) || is_zero(p, b))
        return fold_number(p, op, 0, results);
    if (is_not_zero(p, a) && is_boolean_valued(p->m, b))
        return fold_value_of(results, b);
    if (is_not_zero(p, b) && is_boolean_valued(p->m, a))
        return fold_value_of(results, a);
    return fold_arith(p, op, results);
}

static fold_outcome fold_or(pass_context *p, ir_op op, fold_value *results) {
    ir_value a = ir_operand(p->m, op, 0), b = ir_operand(p->m, op, 1);
    if (is_not_zero(p, a) || is_not_zero(p, b))
        return fold_number(p, op, 1, results);
    if (is_zero(p, a) && is_boolean_valued(p->m, b))
        return fold_value_of(results, b);
    if (is_zero(p, b) && is_boolean_valued(p->m, a))
        return fold_value_of(results, a);
    return fold_arith(p, op, results);
}

static fold_outcome fold_xor(pass_context *p, ir_op op, fold_value *results) {
    if (ir_operand(p->m, op, 0) == ir_operand(p->m, op, 1))
        return fold_number(p, op, 0, results);
    return fold_arith(p, op, results);
}

static fold_outcome fold_where(pass_context *p, ir_op op, fold_value *results) {
    ir_value first = ir_operand(p->m, op, 0);
    for (uint32_t i = 1; i <= 2; i++) {
        ir_value v = ir_operand(p->m, op, i);
        if ((i == 1 ? is_not_zero(p, first) : is_zero(p, first)) && ir_value_type(p->m, v) == result_type(p, op))
            return fold_value_of(results, v);
    }
    return FOLD_NONE;
}

static fold_outcome fold_creation(pass_context *p, ir_op op, fold_value *results) {
    return fold_constant(results, ttir_constant_value(p, op));
}

/* ---- the table ------------------------------------------------------------------------------------------ */

static const struct {
    uint16_t op;
    fold_fn *fn;
} folders[] = {
    {OP_ttir_avg_pool2d, fold_pool},
    {OP_ttir_bitwise_xor, fold_xor},
    {OP_ttir_broadcast, fold_broadcast},
    {OP_ttir_clamp_scalar, fold_clamp},
    {OP_ttir_collective_broadcast, fold_collective_broadcast},
    {OP_ttir_concat, fold_concat},
    {OP_ttir_constant, fold_creation},
    {OP_ttir_cumprod, fold_scan},
    {OP_ttir_cumsum, fold_scan},
    {OP_ttir_full, fold_creation},
    {OP_ttir_get_dimension_size, fold_dimension_size},
    {OP_ttir_logical_and, fold_and},
    {OP_ttir_logical_or, fold_or},
    {OP_ttir_max_pool2d, fold_pool},
    {OP_ttir_mesh_shard, fold_mesh_shard},
    {OP_ttir_ones, fold_creation},
    {OP_ttir_permute, fold_permute},
    {OP_ttir_repeat, fold_repeat},
    {OP_ttir_repeat_interleave, fold_repeat_interleave},
    {OP_ttir_requantize, fold_requantize},
    {OP_ttir_reshape, fold_reshape},
    {OP_ttir_scatter, fold_scatter},
    {OP_ttir_slice_static, fold_slice},
    {OP_ttir_sum, fold_sum},
    {OP_ttir_to_layout, fold_to_layout},
    {OP_ttir_typecast, fold_cast},
    {OP_ttir_where, fold_where},
    {OP_ttir_zeros, fold_creation},
};

/* The row of an op, NULL when it has none. */
static fold_fn *find_folder(uint32_t id) {
    uint32_t lo = 0, hi = sizeof folders / sizeof folders[0];
    while (lo < hi) { /* in the order of the ids, which is that of the names */
        uint32_t mid = (lo + hi) / 2;
        if (folders[mid].op < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < sizeof folders / sizeof folders[0] && folders[lo].op == id ? folders[lo].fn : NULL;
}

bool fold_ttir_knows(uint32_t op) {
    return find_folder(op) || fold_arith_knows(op);
}

fold_outcome fold_ttir(pass_context *p, ir_op op, fold_value *results) {
    fold_fn *fold = find_folder(op_id(p->m, op));
    return fold ? fold(p, op, results) : fold_arith(p, op, results);
}
