/* hlo_shape.c - StableHLO ops that move elements: reshape to pad, slices, sort, dot_general, random numbers. */
#include "compile/constant.h"
#include "compile/hlo.h"

static ir_loc loc_of(pass_context *p, ir_op op) {
    return ir_op_at(p->m, op)->loc;
}

bool hlo_reshape(pass_context *p, ir_op op) {
    return hlo_replace(p, op, build_reshape_to(p, loc_of(p, op), ir_operand(p->m, op, 0), hlo_type(p, op)));
}

bool hlo_transpose(pass_context *p, ir_op op) {
    int64_t perm[PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("permutation"), perm, PASS_MAX_RANK);
    if (n > PASS_MAX_RANK || (int)n != ir_rank(p->c, hlo_type(p, op)))
        return false;
    return hlo_replace(p, op, build_permute_to(p, loc_of(p, op), ir_operand(p->m, op, 0), perm, hlo_type(p, op)));
}

/* Missing dimensions come in by a reshape first. */
bool hlo_broadcast_in_dim(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    ir_type type = hlo_type(p, op);
    int64_t dims[PASS_MAX_RANK];
    shape in, out;
    if (!shape_of(p->m, v, &in) || !shape_of_type(p->c, type, &out))
        return false;
    if (in.n != out.n) {
        uint32_t n = op_ints(p->m, op, STR("broadcast_dimensions"), dims, PASS_MAX_RANK);
        shape unsqueezed = shape_ones(out.n);
        for (uint32_t i = 0; i < n && i < (uint32_t)in.n; i++)
            if (dims[i] >= 0 && dims[i] < out.n)
                unsqueezed.d[dims[i]] = in.d[i];
        v = build_reshape_to(p, loc_of(p, op), v, tensor_type(p, &unsqueezed, element_of(p->m, v)));
    }
    return v && hlo_replace(p, op, build_broadcast_to(p, loc_of(p, op), v, type));
}

bool hlo_concatenate(pass_context *p, ir_op op) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    ir_value *v = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    int64_t dim = op_int_or(p->m, op, STR("dimension"), -1);
    if (!n || !v || dim < 0 || dim >= ir_rank(p->c, hlo_type(p, op))) {
        p->m->failed = p->m->failed || !v;
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        v[i] = ir_operand(p->m, op, i);
    return hlo_replace(p, op, build_concat(p, loc_of(p, op), v, n, dim, hlo_type(p, op)));
}

bool hlo_slice(pass_context *p, ir_op op) {
    slice_range s = {.n = ir_rank(p->c, hlo_type(p, op))};
    if (s.n < 0 || s.n > PASS_MAX_RANK || !hlo_ints(p, op, STR("start_indices"), (uint32_t)s.n, 0, s.begin) ||
        !hlo_ints(p, op, STR("limit_indices"), (uint32_t)s.n, 0, s.end) ||
        !hlo_ints(p, op, STR("strides"), (uint32_t)s.n, 1, s.step))
        return false;
    return hlo_replace(p, op, build_slice_to(p, loc_of(p, op), ir_operand(p->m, op, 0), &s, hlo_type(p, op)));
}

bool hlo_dynamic_slice(pass_context *p, ir_op op) {
    uint32_t n = ir_op_at(p->m, op)->n_operands - 1;
    ir_value starts[PASS_MAX_RANK];
    int64_t sizes[PASS_MAX_RANK];
    ir_loc loc = loc_of(p, op);
    if (!n || n > PASS_MAX_RANK || !hlo_ints(p, op, STR("slice_sizes"), n, 1, sizes))
        return false;
    ir_type element = element_of(p->m, ir_operand(p->m, op, 1));
    shape one = shape_ones(1), all = {.d = {n}, .n = 1};
    for (uint32_t i = 0; i < n; i++)
        if (!(starts[i] = build_reshape_to(p, loc, ir_operand(p->m, op, i + 1), tensor_type(p, &one, element))))
            return false;
    ir_type type = tensor_type(p, &all, element);
    ir_value start = build_concat(p, loc, starts, n, 0, type);
    ir_value size = hlo_build_ints(p, loc, sizes, &all, p->c->t_i32);
    ir_value end = start && size ? build_binary(p, OP_ttir_add, loc, start, size, type) : 0;
    ir_value operands[] = {ir_operand(p->m, op, 0), start, end};
    return end && hlo_replace(p, op, build_value(p, OP_ttir_slice_dynamic, loc, operands, 3, hlo_type(p, op), 0));
}

bool hlo_reverse(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    attr_entry a[] = {{STR("dimensions"), ir_op_attr(p->m, op, STR("dimensions"))}};
    return hlo_replace(p, op,
                       build_value(p, OP_ttir_reverse, loc_of(p, op), &v, 1, hlo_type(p, op), make_dict(p, a, 1)));
}

bool hlo_get_dimension_size(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    shape s = {.n = 0};
    attr_entry a[] = {{STR("dimension"), make_i32(p, op_int_or(p->m, op, STR("dimension"), 0))}};
    return hlo_replace(p, op,
                       build_value(p, OP_ttir_get_dimension_size, loc_of(p, op), &v, 1, tensor_type(p, &s, p->c->t_i32),
                                   make_dict(p, a, 1)));
}

bool hlo_dot_general(pass_context *p, ir_op op) {
    static const struct {
        str from, to;
    } dims[] = {{STR_INIT("lhsBatchingDimensions"), STR_INIT("batch_dims_lhs")},
                {STR_INIT("rhsBatchingDimensions"), STR_INIT("batch_dims_rhs")},
                {STR_INIT("lhsContractingDimensions"), STR_INIT("contract_dims_lhs")},
                {STR_INIT("rhsContractingDimensions"), STR_INIT("contract_dims_rhs")}};
    attr_entry a[4];
    int64_t v[PASS_MAX_RANK];
    for (size_t i = 0; i < 4; i++) {
        uint32_t n = hlo_dims(p, op, STR("dot_dimension_numbers"), dims[i].from, v);
        if (n > PASS_MAX_RANK)
            return false;
        a[i] = (attr_entry){dims[i].to, make_i64s(p, v, n)};
    }
    ir_value operands[] = {ir_operand(p->m, op, 0), ir_operand(p->m, op, 1)};
    return hlo_replace(
        p, op, build_value(p, OP_ttir_dot_general, loc_of(p, op), operands, 2, hlo_type(p, op), make_dict(p, a, 4)));
}

/* ---- pad ------------------------------------------------------------------------------------------------ */

ir_value hlo_flatten(pass_context *p, ir_loc loc, ir_value v, const char *suffix) {
    shape s;
    if (!shape_of(p->m, v, &s))
        return 0;
    shape flat = {.d = {shape_volume(&s)}, .n = 1};
    return build_reshape(p, suffix ? loc_suffix(p, loc, "%s", suffix) : loc, v, &flat);
}

ir_value hlo_build_scatter(pass_context *p, ir_loc loc, ir_value input, ir_value index, ir_value source, int64_t dim,
                           str reduce, ir_type type) {
    ir_value operands[] = {input, index, source};
    attr_entry a[] = {{STR("dim"), make_i32(p, dim)},
                      {STR("scatter_reduce_type"), dialect_make_case(p->c, ATTR_ttcore_reduce_type, reduce)}};
    return input && index && source ? build_value(p, OP_ttir_scatter, loc, operands, 3, type, make_dict(p, a, 2)) : 0;
}

/* Padding between elements: they are written one by one into a tensor that is full of the padding. */
static bool pad_inside(pass_context *p, ir_op op, const int64_t *low, const int64_t *inside, double value) {
    ir_value v = ir_operand(p->m, op, 0);
    ir_loc loc = loc_of(p, op);
    ir_type type = hlo_type(p, op);
    shape in, out;
    if (!shape_of(p->m, v, &in) || !shape_of_type(p->c, type, &out) || in.n != out.n || in.n == 0)
        return false;
    int64_t n = shape_volume(&in), at[PASS_MAX_RANK] = {0};
    int64_t *flat = n > 0 ? ARENA_ARRAY(&p->scratch, int64_t, (size_t)n) : NULL;
    if (!flat)
        return false;
    /* The first dimension runs fastest, as the reference counts. */
    for (int64_t i = 0; i < n; i++) {
        flat[i] = 0;
        for (int d = 0; d < in.n; d++)
            flat[i] = flat[i] * out.d[d] + low[d] + at[d] * (inside[d] + 1);
        for (int d = 0; d < in.n && ++at[d] == in.d[d]; d++)
            at[d] = 0;
    }
    ir_value full = build_full(p, loc, type, make_f32(p, value));
    shape count = {.d = {n}, .n = 1};
    ir_value index = hlo_build_ints(p, loc, flat, &count, p->c->t_i64);
    ir_value input = full ? hlo_flatten(p, loc, full, "_input_flatten") : 0;
    ir_value update = hlo_flatten(p, loc, v, "_update_flatten");
    ir_value scattered =
        input ? hlo_build_scatter(p, loc, input, index, update, 0, STR("invalid"), ir_value_type(p->m, input)) : 0;
    return scattered && hlo_replace(p, op, build_reshape_to(p, loc, scattered, type));
}

bool hlo_pad(pass_context *p, ir_op op) {
    int64_t low[PASS_MAX_RANK], high[PASS_MAX_RANK], inside[PASS_MAX_RANK], both[2 * PASS_MAX_RANK], sum = 0;
    int rank = ir_rank(p->c, hlo_type(p, op));
    double value;
    ir_value v = ir_operand(p->m, op, 0);
    if (rank < 0 || rank > PASS_MAX_RANK || !hlo_number(p, ir_operand(p->m, op, 1), &value) ||
        !hlo_ints(p, op, STR("edge_padding_low"), (uint32_t)rank, 0, low) ||
        !hlo_ints(p, op, STR("edge_padding_high"), (uint32_t)rank, 0, high) ||
        !hlo_ints(p, op, STR("interior_padding"), (uint32_t)rank, 0, inside))
        return false;
    for (int d = 0; d < rank; d++) {
        sum += inside[d];
        both[2 * d] = low[d];
        both[2 * d + 1] = high[d];
    }
    if (sum)
        return pad_inside(p, op, low, inside, value);
    attr_entry a[] = {{STR("padding"), make_i32s(p, both, (uint32_t)rank * 2)}, {STR("value"), make_f32(p, value)}};
    return hlo_replace(p, op, build_value(p, OP_ttir_pad, loc_of(p, op), &v, 1, hlo_type(p, op), make_dict(p, a, 2)));
}

/* ---- sort ----------------------------------------------------------------------------------------------- */

/* The direction of the first ordering comparison in the comparator. */
static bool sort_direction(pass_context *p, ir_op op, bool *descending) {
    for (ir_op i = hlo_body(p, op); i; i = ir_op_at(p->m, i)->next) {
        if (!op_is(p->m, i, OP_stablehlo_compare))
            continue;
        str direction = dialect_case_text(p->c, ir_op_attr(p->m, i, STR("comparison_direction")));
        *descending = str_eq(direction, STR("GT"));
        if (*descending || str_eq(direction, STR("LT")))
            return true;
    }
    return false;
}

static bool is_iota(pass_context *p, ir_value v) {
    static const uint16_t moves[] = {OP_ttir_reshape, OP_ttir_broadcast, OP_ttir_typecast};
    return def_is(p->m, look_through(p->m, v, moves, 3), OP_ttir_arange) != 0;
}

/* The sorted dimension last and the others flattened, with the sorted positions as places in the whole: the index that
 * the other inputs are looked up with. */
static ir_value sorted_places(pass_context *p, ir_loc loc, ir_value indices, const int64_t *perm, int64_t rows,
                              int64_t length) {
    shape flat = {.d = {rows, length}, .n = 2};
    ir_type type = tensor_type(p, &flat, element_of(p->m, indices)), si64 = ir_type_integer(p->c, 64, IR_SIGNED);
    shape s;
    if (!shape_of(p->m, indices, &s))
        return 0;
    s = shape_permuted(&s, perm);
    ir_value v = build_permute_to(p, loc, indices, perm, tensor_type(p, &s, element_of(p->m, indices)));
    v = v ? build_reshape_to(p, loc, v, type) : 0;
    attr_entry a[] = {{STR("arange_dimension"), make_i64(p, 0)},
                      {STR("end"), ir_attr_int(p->c, si64, rows * length)},
                      {STR("start"), ir_attr_int(p->c, si64, 0)},
                      {STR("step"), ir_attr_int(p->c, si64, length)}};
    ir_value offsets = build_value(p, OP_ttir_arange, loc, NULL, 0, type, make_dict(p, a, 4));
    return v && offsets ? build_binary(p, OP_ttir_add, loc, offsets, v, type) : 0;
}

static ir_value sorted_by(pass_context *p, ir_loc loc, ir_value v, ir_value places, const int64_t *perm, int64_t rows,
                          int64_t length, ir_type type) {
    ir_type element = element_of(p->m, v);
    int64_t inverse[PASS_MAX_RANK];
    shape s;
    if (!shape_of(p->m, v, &s))
        return 0;
    permutation_inverse(perm, s.n, inverse);
    s = shape_permuted(&s, perm);
    shape table = {.d = {rows * length, 1}, .n = 2}, found = {.d = {rows, length, 1}, .n = 3};
    ir_type moved = tensor_type(p, &s, element);
    v = build_permute_to(p, loc, v, perm, moved);
    v = v ? build_reshape_to(p, loc, v, tensor_type(p, &table, element)) : 0;
    v = v ? build_binary(p, OP_ttir_embedding, loc, places, v, tensor_type(p, &found, element)) : 0;
    v = v ? build_reshape_to(p, loc, v, moved) : 0;
    return v ? build_permute_to(p, loc, v, inverse, type) : 0;
}

bool hlo_sort(pass_context *p, ir_op op) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    int64_t dim = op_int_or(p->m, op, STR("dimension"), -1), perm[PASS_MAX_RANK];
    ir_value first = n ? ir_operand(p->m, op, 0) : 0, *out = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    ir_type type = n ? hlo_type(p, op) : 0;
    ir_loc loc = loc_of(p, op);
    bool descending = false;
    shape s;
    if (!out || !first || !shape_of_type(p->c, type, &s) || !s.n || !sort_direction(p, op, &descending))
        return false;
    dim = wrap_dim(dim, s.n);
    if (dim < 0 || dim >= s.n)
        return false;
    bool with_index = n == 2 && is_iota(p, ir_operand(p->m, op, 1));
    ir_type types[] = {type, with_index ? ir_value_type(p->m, ir_result(p->m, op, 1))
                                        : type_with_element(p, type, p->c->t_i32)};
    attr_entry a[] = {{STR("descending"), descending ? p->c->a_true : p->c->a_false},
                      {STR("dim"), make_si32(p, op_int_or(p->m, op, STR("dimension"), -1))},
                      {STR("stable"), op_flag(p->m, op, STR("is_stable")) ? p->c->a_true : p->c->a_false}};
    build_args args = {.op = OP_ttir_sort,
                       .loc = loc,
                       .operands = &first,
                       .n_operands = 1,
                       .types = types,
                       .n_types = 2,
                       .props = make_dict(p, a, 3)};
    ir_op sort = build_op(p, &args);
    if (!sort)
        return false;
    out[0] = ir_result(p->m, sort, 0);
    if (with_index) {
        out[1] = ir_result(p->m, sort, 1);
    } else if (n > 1) {
        int64_t rows = s.d[dim] ? shape_volume(&s) / s.d[dim] : 0;
        int k = 0;
        for (int i = 0; i < s.n; i++)
            if (i != dim)
                perm[k++] = i;
        perm[k] = dim;
        ir_value places = sorted_places(p, loc, ir_result(p->m, sort, 1), perm, rows, s.d[dim]);
        for (uint32_t i = 1; i < n; i++) {
            out[i] = places ? sorted_by(p, loc, ir_operand(p->m, op, i), places, perm, rows, s.d[dim],
                                        ir_value_type(p->m, ir_result(p->m, op, i)))
                            : 0;
            if (!out[i])
                return false;
        }
    }
    ir_replace(p->e, op, out);
    return true;
}

/* ---- random numbers ------------------------------------------------------------------------------------- */

bool hlo_rng(pass_context *p, ir_op op) {
    double low, high;
    shape s;
    if (!str_eq(dialect_case_text(p->c, ir_op_attr(p->m, op, STR("rng_distribution"))), STR("UNIFORM")) ||
        !hlo_number(p, ir_operand(p->m, op, 0), &low) || !hlo_number(p, ir_operand(p->m, op, 1), &high) ||
        low >= high || !shape_of_type(p->c, hlo_type(p, op), &s))
        return false;
    attr_entry a[] = {{STR("high"), make_f32(p, high)},
                      {STR("low"), make_f32(p, low)},
                      {STR("seed"), ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), 0)},
                      {STR("size"), make_i32_list(p, s.d, (uint32_t)s.n)}};
    return hlo_replace(p, op,
                       build_value(p, OP_ttir_rand, loc_of(p, op), NULL, 0, hlo_type(p, op), make_dict(p, a, 4)));
}
