/* stablehlo-complex-data-type-conversion: a tensor of complex numbers becomes one of real numbers with a last dimension of
 * two, the real part first: tensor<3x4xcomplex<f32>> is tensor<3x4x2xf32>.
 *
 *   what moves elements      the same, told of one dimension more
 *   complex, real, imag      put together and taken apart at the front, where a dimension of two costs no padding
 *   add, subtract, negate    as they are; multiply by its parts
 *
 * After tt-mlir's pass of that name, which knows of the ops that move, complex, real and imag. Every other op that takes or
 * gives complex numbers is an error. */
#include "compile/constant.h"
#include "compile/hlo.h"
#include "compile/passes.h"
#include "compile/shard.h"

static const str sharding_key = STR_INIT("sdy.sharding");

static bool is_complex(pass_context *p, ir_type t) {
    ir_type element = ir_rank(p->c, t) >= 0 ? ir_element_type(p->c, t) : 0;
    return element && ir_kind_of(p->c, element) == IR_TYPE_COMPLEX;
}

/* The type with a dimension more; other types as they are. 0 when out of memory or dimensions. */
static ir_type converted(pass_context *p, ir_type t) {
    int64_t dims[PASS_MAX_RANK];
    int rank = type_shape(p->c, t, dims);
    if (!is_complex(p, t))
        return t;
    if (rank < 0 || rank == PASS_MAX_RANK)
        return 0;
    dims[rank] = 2;
    ir_type element = ir_element_type(p->c, ir_element_type(p->c, t));
    return type_with_element(p, type_with_shape(p, t, dims, (uint32_t)rank + 1), element);
}

/* ---- what moves ----------------------------------------------------------------------------------------- */

/* A list attribute of numbers, one longer. */
static bool append(pass_context *p, ir_op op, str key, int64_t last, int64_t otherwise, uint32_t n) {
    int64_t v[PASS_MAX_RANK + 1];
    if (n > PASS_MAX_RANK || !hlo_ints(p, op, key, n, otherwise, v))
        return false;
    v[n] = last;
    ir_set_prop(p->e, op, key, make_i64s(p, v, n + 1));
    return true;
}

static bool same(pass_context *p, ir_op op) {
    (void)p, (void)op;
    return true;
}

/* The result has its new type already, so the last dimension is that of the parts. */
static int last_dim(pass_context *p, ir_op op) {
    return ir_rank(p->c, hlo_type(p, op)) - 1;
}

static bool broadcast_in_dim(pass_context *p, ir_op op) {
    uint32_t n = (uint32_t)ir_rank(p->c, ir_value_type(p->m, ir_operand(p->m, op, 0))) - 1;
    return append(p, op, STR("broadcast_dimensions"), last_dim(p, op), 0, n);
}

static bool transpose(pass_context *p, ir_op op) {
    return append(p, op, STR("permutation"), last_dim(p, op), 0, (uint32_t)last_dim(p, op));
}

static bool slice(pass_context *p, ir_op op) {
    uint32_t n = (uint32_t)last_dim(p, op);
    return append(p, op, STR("start_indices"), 0, 0, n) && append(p, op, STR("limit_indices"), 2, 0, n) &&
           append(p, op, STR("strides"), 1, 1, n);
}

/* Both parts of what is looked up come along, as the last offset dimension. */
static bool gather(pass_context *p, ir_op op) {
    str key = STR("dimension_numbers");
    ir_attr numbers = ir_op_attr(p->m, op, key);
    uint32_t n = (uint32_t)ir_rank(p->c, ir_value_type(p->m, ir_operand(p->m, op, 0))) - 1;
    int64_t offset[PASS_MAX_RANK + 1];
    uint32_t n_offset = hlo_dims(p, op, key, STR("offsetDims"), offset);
    if (!numbers || n_offset > PASS_MAX_RANK || !append(p, op, STR("slice_sizes"), 2, 1, n))
        return false;
    offset[n_offset] = last_dim(p, op);
    ir_set_prop(p->e, op, key,
                dialect_with_param(p->c, numbers, STR("offsetDims"), dialect_ints(p->c, offset, n_offset + 1)));
    return true;
}

/* Pairs of numbers as they stand in memory. */
static bool constant(pass_context *p, ir_op op) {
    ir_attr value = ir_op_attr(p->m, op, STR("value")), made;
    ir_type type = hlo_type(p, op);
    if (!value || ir_kind_of(p->c, value) != IR_ATTR_DENSE)
        return false;
    ir_dense form = (ir_dense)ir_flags_of(p->c, value);
    int64_t n = ir_num_elements(p->c, type);
    if (form == IR_DENSE_RAW || form == IR_DENSE_HEX) {
        made = dense_retyped(p, value, type);
    } else {
        shape pair = {.d = {2}, .n = 1};
        str data = ir_data(p->c, value);
        dense_view v;
        ir_attr one = ir_attr_dense(p->c, tensor_type(p, &pair, ir_element_type(p->c, type)),
                                    form == IR_DENSE_SPLAT ? IR_DENSE_RAW : IR_DENSE_HEX, data.p, data.n, false);
        uint64_t *bits = n >= 0 ? ARENA_ARRAY(&p->scratch, uint64_t, (size_t)n + 1) : NULL;
        if (!bits || !dense_read(p->c, one, &v))
            return false;
        for (int64_t i = 0; i < n; i++)
            bits[i] = dense_at(&v, i & 1);
        made = dense_make(p, type, bits, n);
    }
    ir_set_prop(p->e, op, STR("value"), made);
    return made != 0;
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

static ir_value build_hlo(pass_context *p, uint32_t id, ir_loc loc, const ir_value *v, uint32_t n, const shape *s,
                          const attr_entry *a, uint32_t n_attrs) {
    return v[0] && v[n - 1] ? build_value(p, id, loc, v, n, type_like(p, v[0], s), make_dict(p, a, n_attrs)) : 0;
}

/* The dimension `from` becomes the dimension `to`, the others keep their order. */
static ir_value build_moved(pass_context *p, ir_loc loc, ir_value v, int from, int to) {
    int64_t perm[PASS_MAX_RANK];
    shape s, out;
    if (!v || !shape_of(p->m, v, &s))
        return 0;
    for (int i = 0, next = 0; i < s.n; i++) {
        next += next == from;
        perm[i] = i == to ? from : next++;
    }
    out = shape_permuted(&s, perm);
    attr_entry a[] = {{STR("permutation"), make_i64s(p, perm, (uint32_t)s.n)}};
    return build_hlo(p, OP_stablehlo_transpose, loc, &v, 1, &out, a, 1);
}

/* The shape without its first dimension, or with one of one in front. */
static shape shape_behind(const shape *s) {
    shape out = {.n = s->n - 1};
    for (int i = 0; i < out.n; i++)
        out.d[i] = s->d[i + 1];
    return out;
}

static shape shape_of_one(const shape *s) {
    shape out = {.d = {1}, .n = s->n + 1};
    for (int i = 0; i < s->n; i++)
        out.d[i + 1] = s->d[i];
    return out;
}

/* Part 0 (real) or 1 of pairs. */
static ir_value build_part(pass_context *p, ir_loc loc, ir_value v, int64_t part) {
    int64_t start[PASS_MAX_RANK] = {part}, limit[PASS_MAX_RANK], step[PASS_MAX_RANK];
    shape s, out;
    v = shape_of(p->m, v, &s) ? build_moved(p, loc, v, s.n - 1, 0) : 0;
    if (!v || !shape_of(p->m, v, &s))
        return 0;
    for (int i = 0; i < s.n; i++) {
        limit[i] = i ? s.d[i] : part + 1;
        step[i] = 1;
    }
    s.d[0] = 1;
    attr_entry a[] = {{STR("limit_indices"), make_i64s(p, limit, (uint32_t)s.n)},
                      {STR("start_indices"), make_i64s(p, start, (uint32_t)s.n)},
                      {STR("strides"), make_i64s(p, step, (uint32_t)s.n)}};
    v = build_hlo(p, OP_stablehlo_slice, loc, &v, 1, &s, a, 3);
    out = shape_behind(&s);
    return v ? build_hlo(p, OP_stablehlo_reshape, loc, &v, 1, &out, NULL, 0) : 0;
}

static ir_value build_pair(pass_context *p, ir_loc loc, ir_value real, ir_value imag) {
    shape s, one;
    if (!real || !imag || !shape_of(p->m, real, &s) || s.n == PASS_MAX_RANK)
        return 0;
    one = shape_of_one(&s);
    ir_value v[] = {build_hlo(p, OP_stablehlo_reshape, loc, &real, 1, &one, NULL, 0),
                    build_hlo(p, OP_stablehlo_reshape, loc, &imag, 1, &one, NULL, 0)};
    attr_entry a[] = {{STR("dimension"), make_i64(p, 0)}};
    one.d[0] = 2;
    return build_moved(p, loc, build_hlo(p, OP_stablehlo_concatenate, loc, v, 2, &one, a, 1), 0, s.n);
}

static bool complex_of(pass_context *p, ir_op op) {
    return hlo_replace(p, op, build_pair(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), ir_operand(p->m, op, 1)));
}

static bool real_part(pass_context *p, ir_op op) {
    return hlo_replace(p, op, build_part(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), 0));
}

static bool imaginary_part(pass_context *p, ir_op op) {
    return hlo_replace(p, op, build_part(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), 1));
}

static ir_value build_two(pass_context *p, uint32_t id, ir_loc loc, ir_value a, ir_value b) {
    ir_value v[] = {a, b};
    shape s;
    return a && b && shape_of(p->m, a, &s) ? build_hlo(p, id, loc, v, 2, &s, NULL, 0) : 0;
}

/* (a + bi)(c + di) = ac - bd + (ad + bc)i */
static bool multiply(pass_context *p, ir_op op) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value part[2][2], product[2][2];
    for (uint32_t i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++)
            part[i][k] = build_part(p, loc, ir_operand(p->m, op, i), k);
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++)
            product[i][k] = build_two(p, OP_stablehlo_multiply, loc, part[0][i], part[1][k]);
    return hlo_replace(p, op,
                       build_pair(p, loc, build_two(p, OP_stablehlo_subtract, loc, product[0][0], product[1][1]),
                                  build_two(p, OP_stablehlo_add, loc, product[0][1], product[1][0])));
}

/* ---- all ------------------------------------------------------------------------------------------------ */

static const struct {
    uint16_t op;
    rewrite_fn *fn;
} rows[] = {
    {OP_func_call, same},
    {OP_func_return, same},
    {OP_sdy_manual_computation, same},
    {OP_sdy_reshard, same},
    {OP_sdy_return, same},
    {OP_sdy_sharding_constraint, same},
    {OP_stablehlo_add, same},
    {OP_stablehlo_all_gather, same},
    {OP_stablehlo_all_to_all, same},
    {OP_stablehlo_broadcast_in_dim, broadcast_in_dim},
    {OP_stablehlo_case, same},
    {OP_stablehlo_collective_broadcast, same},
    {OP_stablehlo_collective_permute, same},
    {OP_stablehlo_complex, complex_of},
    {OP_stablehlo_composite, same},
    {OP_stablehlo_concatenate, same},
    {OP_stablehlo_constant, constant},
    {OP_stablehlo_gather, gather},
    {OP_stablehlo_if, same},
    {OP_stablehlo_imag, imaginary_part},
    {OP_stablehlo_multiply, multiply},
    {OP_stablehlo_negate, same},
    {OP_stablehlo_optimization_barrier, same},
    {OP_stablehlo_real, real_part},
    {OP_stablehlo_reshape, same},
    {OP_stablehlo_return, same},
    {OP_stablehlo_reverse, same},
    {OP_stablehlo_slice, slice},
    {OP_stablehlo_subtract, same},
    {OP_stablehlo_transpose, transpose},
    {OP_stablehlo_while, same},
};

/* A sharding, with a last dimension that is not cut. */
static ir_attr with_whole_dim(pass_context *p, ir_attr cut) {
    ir_attr dims = dialect_param(p->c, cut, STR("dim_shardings")), all[PASS_MAX_RANK];
    uint32_t n = list_count(p, dims);
    if (n >= PASS_MAX_RANK)
        return cut;
    for (uint32_t i = 0; i < n; i++)
        all[i] = ir_at(p->c, dims, i);
    ir_node params[] = {0, p->c->a_true, 0};
    all[n] = dialect_make_attr(p->c, ATTR_sdy_dimension_sharding, params);
    return dialect_with_param(p->c, cut, STR("dim_shardings"), ir_attr_array(p->c, all, n + 1));
}

/* Which values of the module had complex numbers when the pass began, later ones have none; and which ops took or gave such,
 * or have arguments of blocks that were. */
typedef struct complex_values {
    bool *is, *op;
    uint32_t n;
} complex_values;

static bool was_complex(pass_context *p, ir_value v) {
    const complex_values *all = p->data;
    return v < all->n && all->is[v];
}

/* What a list of shardings says of n values from `first` on. */
static ir_attr with_whole_dims(pass_context *p, ir_attr list, ir_value first, uint32_t n) {
    ir_attr *all = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    for (uint32_t i = 0; all && i < n; i++) {
        all[i] = shard_list_at(p, list, i);
        if (!all[i])
            return list;
        all[i] = was_complex(p, first + i) ? with_whole_dim(p, all[i]) : all[i];
    }
    p->m->failed = p->m->failed || !all;
    return all ? shard_list_attr(p, all, n) : list;
}

/* False when there is no such type. */
static bool retype(pass_context *p, ir_value v) {
    ir_type type = converted(p, ir_value_type(p->m, v));
    if (type && was_complex(p, v))
        ir_set_type(p->e, v, type);
    return type != 0;
}

/* Arguments of the blocks of an op. */
static bool retype_blocks(pass_context *p, ir_op op) {
    for (uint32_t r = 0; r < ir_op_at(p->m, op)->n_regions; r++)
        for (ir_block b = p->m->regions[ir_op_region(p->m, op, r)].first; b; b = ir_block_at(p->m, b)->next)
            for (uint32_t i = 0; i < ir_block_at(p->m, b)->n_args; i++)
                if (!retype(p, ir_block_at(p->m, b)->args + i))
                    return false;
    return true;
}

/* What a function says of arguments or results. */
static void convert_dicts(pass_context *p, ir_op func, str key, const ir_value *v, uint32_t n) {
    ir_attr list = ir_op_attr(p->m, func, key);
    ir_attr *all = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    p->m->failed = p->m->failed || !all;
    if (!all || list_count(p, list) != n)
        return;
    for (uint32_t i = 0; i < n; i++) {
        all[i] = ir_at(p->c, list, i);
        bool dict = was_complex(p, v[i]) && ir_kind_of(p->c, all[i]) == IR_ATTR_DICT;
        ir_attr a = dict ? ir_dict_get(p->c, all[i], sharding_key) : 0;
        if (a && dialect_is_attr(p->c, a, ATTR_sdy_sharding))
            all[i] = ir_dict_set(p->c, all[i], sharding_key, with_whole_dim(p, a));
    }
    ir_set_prop(p->e, func, key, ir_attr_array(p->c, all, n));
}

static bool convert_func(pass_context *p, ir_op func) {
    ir_block body = body_of(p->m, func);
    ir_op end = body ? ir_block_at(p->m, body)->last : 0;
    uint32_t n = body ? ir_block_at(p->m, body)->n_args : 0, n_results = end ? ir_op_at(p->m, end)->n_operands : 0;
    ir_value *v = ARENA_ARRAY(&p->scratch, ir_value, n + n_results + 1);
    if (!v)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n + n_results; i++)
        v[i] = i < n ? ir_block_at(p->m, body)->args + i : ir_operand(p->m, end, i - n);
    convert_dicts(p, func, STR("arg_attrs"), v, n);
    convert_dicts(p, func, STR("res_attrs"), v + n, n_results);
    return retype_blocks(p, func);
}

/* What an op says of how its values are cut. */
static void convert_shardings(pass_context *p, ir_op op) {
    static const str keys[] = {STR_INIT("sharding"), STR_INIT("out_sharding")};
    const ir_op_data *o = ir_op_at(p->m, op);
    for (size_t i = 0; o->n_results && i < sizeof keys / sizeof keys[0]; i++) {
        ir_attr a = was_complex(p, ir_result(p->m, op, 0)) ? ir_op_attr(p->m, op, keys[i]) : 0;
        if (a && dialect_is_attr(p->c, a, ATTR_sdy_sharding))
            ir_set_prop(p->e, op, keys[i], with_whole_dim(p, a));
    }
    ir_attr list = ir_op_attr(p->m, op, sharding_key);
    if (list)
        ir_set_attr(p->e, op, sharding_key, with_whole_dims(p, list, o->results, o->n_results));
    ir_block body = op_is(p->m, op, OP_sdy_manual_computation) ? body_of(p->m, op) : 0;
    if (body) {
        const ir_block_data *b = ir_block_at(p->m, body);
        ir_attr out = ir_op_attr(p->m, op, STR("out_shardings")), in = ir_op_attr(p->m, op, STR("in_shardings"));
        ir_set_prop(p->e, op, STR("out_shardings"), with_whole_dims(p, out, o->results, o->n_results));
        ir_set_prop(p->e, op, STR("in_shardings"), with_whole_dims(p, in, b->args, b->n_args));
    }
}

static bool touches(pass_context *p, ir_op op, const complex_values *all) {
    const ir_op_data *o = ir_op_at(p->m, op);
    for (uint32_t i = 0; i < o->n_operands; i++)
        if (all->is[ir_operand(p->m, op, i)])
            return true;
    for (uint32_t i = 0; i < o->n_results; i++)
        if (all->is[ir_result(p->m, op, i)])
            return true;
    for (uint32_t r = 0; r < o->n_regions; r++)
        for (ir_block b = p->m->regions[ir_op_region(p->m, op, r)].first; b; b = ir_block_at(p->m, b)->next)
            for (uint32_t i = 0; i < ir_block_at(p->m, b)->n_args; i++)
                if (all->is[ir_block_at(p->m, b)->args + i])
                    return true;
    return false;
}

static bool convert_op(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    uint32_t id = op_id(p->m, op);
    bool ok = retype_blocks(p, op);
    for (uint32_t i = 0; i < o->n_results; i++)
        ok = ok && retype(p, ir_result(p->m, op, i));
    convert_shardings(p, op);
    ir_edit_at(p->e, op);
    p->e->from = op;
    for (size_t i = 0; ok && i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].op == id && rows[i].fn(p, op))
            return true;
    return p->m->failed ? pass_out_of_memory(p) : pass_error(p, op, "is not supported for complex numbers");
}

static bool convert_all(pass_context *p) {
    for (each_func_inside(p->m, p->scope, f))
        if (!convert_func(p, f))
            return p->m->failed ? pass_out_of_memory(p) : pass_error(p, f, "is not supported for complex numbers");
    const complex_values *all = p->data;
    uint32_t n = p->m->n_ops; /* new ones know of no complex numbers */
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope), next; op; op = next) {
        next = ir_walk_next(p->m, p->scope, op);
        if (op < n && all->op[op] && !op_is(p->m, op, OP_func_func) && !convert_op(p, op))
            return false;
    }
    for (each_func_inside(p->m, p->scope, f))
        if (body_of(p->m, f))
            update_function_type(p, f);
    return !p->m->failed || pass_out_of_memory(p);
}

bool pass_hlo_complex(pass_context *p) {
    complex_values all = {.n = p->m->n_values};
    bool any = false;
    if (!hlo_is_there(p))
        return true;
    all.is = ARENA_ARRAY(&p->scratch, bool, all.n);
    all.op = ARENA_ARRAY(&p->scratch, bool, p->m->n_ops);
    if (!all.is || !all.op)
        return pass_out_of_memory(p);
    for (ir_value v = 1; v < all.n; v++)
        any |= all.is[v] = is_complex(p, ir_value_type(p->m, v));
    if (!any)
        return true;
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op; op = ir_walk_next(p->m, p->scope, op))
        all.op[op] = touches(p, op, &all);
    void *outer = p->data;
    p->data = &all;
    bool ok = convert_all(p);
    p->data = outer;
    p->e->from = 0;
    return ok;
}
