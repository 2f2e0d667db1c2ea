/* ttir.c - see ttir.h. */
#include "compile/ttir.h"

#include <math.h>

/* ---- shapes --------------------------------------------------------------------------------------------- */

bool shape_of_type(const ir_context *c, ir_type t, shape *s) {
    s->n = type_shape(c, t, s->d);
    for (int i = 0; i < s->n; i++)
        if (s->d[i] == IR_DYNAMIC)
            return false;
    if (s->n < 0) {
        s->n = 0;
        return false;
    }
    return true;
}

bool shape_of(const ir_module *m, ir_value v, shape *s) {
    return shape_of_type(m->ctx, ir_value_type(m, v), s);
}

bool shape_equal(const shape *a, const shape *b) {
    return a->n == b->n && (!a->n || !memcmp(a->d, b->d, (size_t)a->n * sizeof a->d[0]));
}

int64_t shape_volume(const shape *s) {
    int64_t volume = 1;
    for (int i = 0; i < s->n; i++)
        if (__builtin_mul_overflow(volume, s->d[i], &volume))
            return -1;
    return volume;
}

shape shape_ones(int n) {
    shape s = {.n = n};
    for (int i = 0; i < n; i++)
        s.d[i] = 1;
    return s;
}

bool operands_have_type(const ir_module *m, ir_op op, ir_type t) {
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
        if (ir_value_type(m, ir_operand(m, op, i)) != t)
            return false;
    return true;
}

bool shape_broadcast(const shape *a, const shape *b, shape *out) {
    int n = a->n > b->n ? a->n : b->n;
    shape s = {.n = n};
    for (int i = 0; i < n; i++) {
        int64_t x = i < n - a->n ? 1 : a->d[i - (n - a->n)], y = i < n - b->n ? 1 : b->d[i - (n - b->n)];
        if (x != y && x != 1 && y != 1)
            return false;
        s.d[i] = x == 1 ? y : x;
    }
    *out = s;
    return true;
}

shape shape_permuted(const shape *s, const int64_t *perm) {
    shape out = {.n = s->n};
    for (int i = 0; i < s->n; i++)
        out.d[i] = s->d[perm[i]];
    return out;
}

void permutation_inverse(const int64_t *perm, int n, int64_t *inverse) {
    for (int i = 0; i < n; i++)
        inverse[perm[i]] = i;
}

int shape_matching_dim(const shape *from, const shape *to, int dim) {
    if (dim < 0 || dim >= from->n)
        return -1;
    int64_t behind = 1, stride = 1;
    for (int i = dim + 1; i < from->n; i++)
        if (__builtin_mul_overflow(behind, from->d[i], &behind))
            return -1;
    for (int i = to->n - 1; i >= 0 && stride <= behind; i--) {
        if (stride == behind && to->d[i] == from->d[dim])
            return i;
        if (__builtin_mul_overflow(stride, to->d[i], &stride))
            return -1;
    }
    return -1;
}

/* ---- reading -------------------------------------------------------------------------------------------- */

bool all_upstream(pass_context *p, ir_value v, bool (*visit)(pass_context *p, ir_value v, void *arg), void *arg) {
    struct map_u64 seen;
    VEC(ir_value) open;
    map_u64_init(&seen, p->m->mem);
    vec_init(&open, p->m->mem);
    bool all = vec_push(&open, v) && map_u64_put(&seen, v, 1, NULL);
    p->m->failed = p->m->failed || !all;
    while (all && open.n) {
        v = vec_pop(&open);
        all = visit(p, v, arg);
        ir_op def = ir_def_op(p->m, v);
        for (uint32_t i = 0; all && def && i < ir_op_at(p->m, def)->n_operands; i++) {
            ir_value operand = ir_operand(p->m, def, i);
            bool added = false;
            if (!map_u64_put(&seen, operand, 1, &added) || (added && !vec_push(&open, operand))) {
                p->m->failed = true;
                all = false;
            }
        }
    }
    vec_free(&open);
    map_u64_free(&seen);
    return all;
}

ir_loc value_loc(const ir_module *m, ir_value v) {
    ir_op def = ir_def_op(m, v);
    return def ? ir_op_at(m, def)->loc : ir_value_at(m, v)->loc;
}

bool op_has_one_use(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    uint32_t uses = 0;
    for (uint32_t i = 0; i < o->n_results && uses < 2; i++)
        uses += ir_count_uses(p->e, o->results + i, 2);
    return uses == 1;
}

ir_op one_user(pass_context *p, ir_value v) {
    return ir_has_one_use(p->e, v) ? ir_use_op(p->e, ir_first_use(p->e, v)) : 0;
}

ir_value look_through(const ir_module *m, ir_value v, const uint16_t *ids, uint32_t n) {
    for (;;) {
        ir_op def = ir_def_op(m, v);
        uint32_t id = def ? op_id(m, def) : OP_N, i = 0;
        while (i < n && ids[i] != id)
            i++;
        if (i == n || !def)
            return v;
        v = ir_operand(m, def, 0);
    }
}

ir_op def_through(const ir_module *m, ir_value v, uint32_t id, uint32_t through) {
    const uint16_t ids[] = {(uint16_t)through};
    return def_is(m, look_through(m, v, ids, 1), id);
}

ir_value look_through_layout(const ir_module *m, ir_value v) {
    static const uint16_t ids[] = {OP_ttir_typecast, OP_ttir_reshape, OP_ttir_broadcast, OP_ttir_repeat_interleave};
    return look_through(m, v, ids, 4);
}

int64_t op_int_or(const ir_module *m, ir_op op, str key, int64_t otherwise) {
    int64_t v;
    return op_int(m, op, key, &v) ? v : otherwise;
}

bool reduce_dims(const ir_module *m, ir_op op, int64_t *dims, int *n) {
    if (!ir_op_attr(m, op, STR("dim_arg")))
        return false;
    int rank = ir_rank(m->ctx, ir_value_type(m, ir_operand(m, op, 0)));
    uint32_t count = op_ints(m, op, STR("dim_arg"), dims, PASS_MAX_RANK);
    if (count > PASS_MAX_RANK)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        dims[i] = wrap_dim(dims[i], rank);
        if (dims[i] < 0 || dims[i] >= rank)
            return false;
    }
    *n = (int)count;
    return true;
}

bool slice_of(const ir_module *m, ir_op op, slice_range *s) {
    int rank = ir_rank(m->ctx, ir_value_type(m, ir_operand(m, op, 0)));
    s->n = rank;
    return rank >= 0 && rank <= PASS_MAX_RANK &&
           op_ints(m, op, STR("begins"), s->begin, PASS_MAX_RANK) == (uint32_t)rank &&
           op_ints(m, op, STR("ends"), s->end, PASS_MAX_RANK) == (uint32_t)rank &&
           op_ints(m, op, STR("step"), s->step, PASS_MAX_RANK) == (uint32_t)rank;
}

int permutation_of(const ir_module *m, ir_op op, int64_t *perm) {
    uint32_t n = op_ints(m, op, STR("permutation"), perm, PASS_MAX_RANK);
    if (n > PASS_MAX_RANK)
        return 0;
    uint32_t seen = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (perm[i] < 0 || perm[i] >= n || seen >> perm[i] & 1)
            return 0;
        seen |= 1u << perm[i];
    }
    return (int)n;
}

bool window_ints(const ir_module *m, ir_op op, str key, int n, int64_t *out) {
    int64_t one;
    if (op_int(m, op, key, &one)) {
        for (int i = 0; i < n; i++)
            out[i] = one;
        return true;
    }
    int64_t v[4];
    uint32_t count = op_ints(m, op, key, v, 4);
    if ((int)count == n) {
        memcpy(out, v, (size_t)n * sizeof *out);
        return true;
    }
    if (count == 2 && n == 4) {
        for (int i = 0; i < 4; i++)
            out[i] = v[i & 1];
        return true;
    }
    return false;
}

bool fill_of_attr(const ir_context *c, ir_attr a, fill_value *out) {
    *out = (fill_value){0};
    out->is_float = a && ir_float_value(c, a, &out->f);
    if (out->is_float)
        return true;
    if (!a || !ir_int_value(c, a, &out->i))
        return false;
    out->f = (double)out->i;
    return true;
}

bool fill_of(const ir_module *m, ir_value v, fill_value *out) {
    ir_op def = ir_def_op(m, v);
    *out = (fill_value){0};
    if (op_is(m, def, OP_ttir_full))
        return fill_of_attr(m->ctx, ir_op_attr(m, def, STR("fill_value")), out);
    bool one = op_is(m, def, OP_ttir_ones);
    if (!one && !op_is(m, def, OP_ttir_zeros))
        return false;
    ir_type elt = element_of(m, v);
    out->is_float = is_float_type(m->ctx, elt);
    out->i = one;
    out->f = one;
    return out->is_float || is_integer_type(m->ctx, elt);
}

bool is_full_of(const ir_module *m, ir_value v, double expected, double tolerance) {
    ir_op def = ir_def_op(m, v);
    if (op_is(m, def, OP_ttir_zeros))
        return expected == 0;
    fill_value f;
    if (!op_is(m, def, OP_ttir_full) || !fill_of(m, v, &f))
        return false;
    return f.is_float ? fabsf((float)f.f - (float)expected) <= (float)tolerance : f.i == (int64_t)expected;
}

/* ---- building ------------------------------------------------------------------------------------------- */

ir_type tensor_type(pass_context *p, const shape *s, ir_type element) {
    return ir_type_tensor(p->c, s->d, (uint32_t)s->n, element, 0);
}

ir_type type_like(pass_context *p, ir_value v, const shape *s) {
    return type_with_shape(p, ir_value_type(p->m, v), s->d, (uint32_t)s->n);
}

ir_type type_f32(pass_context *p) {
    return p->c->t_f32;
}

ir_type type_si32(pass_context *p) {
    return ir_type_integer(p->c, 32, IR_SIGNED);
}

ir_value build_reshape_to(pass_context *p, ir_loc loc, ir_value v, ir_type type) {
    int64_t dims[PASS_MAX_RANK];
    int rank = type_shape(p->c, type, dims);
    attr_entry a[] = {{STR("shape"), make_i32_list(p, dims, rank < 0 ? 0 : (uint32_t)rank)}};
    return build_value(p, OP_ttir_reshape, loc, &v, 1, type, make_dict(p, a, 1));
}

ir_value build_reshape(pass_context *p, ir_loc loc, ir_value v, const shape *to) {
    return build_reshape_to(p, loc, v, type_like(p, v, to));
}

ir_value build_permute_to(pass_context *p, ir_loc loc, ir_value v, const int64_t *perm, ir_type type) {
    int rank = ir_rank(p->c, type);
    attr_entry a[] = {{STR("permutation"), make_i64s(p, perm, rank < 0 ? 0 : (uint32_t)rank)}};
    return build_value(p, OP_ttir_permute, loc, &v, 1, type, make_dict(p, a, 1));
}

ir_value build_permute(pass_context *p, ir_loc loc, ir_value v, const int64_t *perm) {
    shape s;
    if (!shape_of(p->m, v, &s))
        return 0;
    s = shape_permuted(&s, perm);
    return build_permute_to(p, loc, v, perm, type_like(p, v, &s));
}

ir_value build_broadcast_to(pass_context *p, ir_loc loc, ir_value v, ir_type type) {
    shape from, to;
    if (!shape_of(p->m, v, &from) || !shape_of_type(p->c, type, &to))
        return 0;
    int64_t factors[PASS_MAX_RANK];
    for (int i = 0; i < to.n; i++)
        factors[i] = i < from.n && from.d[i] ? to.d[i] / from.d[i] : 1;
    attr_entry a[] = {{STR("broadcast_dimensions"), make_i64s(p, factors, (uint32_t)to.n)}};
    return build_value(p, OP_ttir_broadcast, loc, &v, 1, type, make_dict(p, a, 1));
}

ir_value build_broadcast(pass_context *p, ir_loc loc, ir_value v, const shape *to) {
    return build_broadcast_to(p, loc, v, type_like(p, v, to));
}

ir_value build_slice_to(pass_context *p, ir_loc loc, ir_value v, const slice_range *s, ir_type type) {
    attr_entry a[] = {{STR("begins"), make_i32_list(p, s->begin, (uint32_t)s->n)},
                      {STR("ends"), make_i32_list(p, s->end, (uint32_t)s->n)},
                      {STR("step"), make_i32_list(p, s->step, (uint32_t)s->n)}};
    return build_value(p, OP_ttir_slice_static, loc, &v, 1, type, make_dict(p, a, 3));
}

ir_value build_slice(pass_context *p, ir_loc loc, ir_value v, const slice_range *s) {
    shape to = {.n = s->n};
    for (int i = 0; i < s->n; i++)
        to.d[i] = s->step[i] > 0 ? (s->end[i] - s->begin[i] + s->step[i] - 1) / s->step[i] : 0;
    return build_slice_to(p, loc, v, s, type_like(p, v, &to));
}

ir_value build_concat(pass_context *p, ir_loc loc, const ir_value *v, uint32_t n, int64_t dim, ir_type type) {
    attr_entry a[] = {{STR("dim"), make_si32(p, dim)}};
    return build_value(p, OP_ttir_concat, loc, v, n, type, make_dict(p, a, 1));
}

ir_value build_typecast(pass_context *p, ir_loc loc, ir_value v, ir_type type) {
    attr_entry a[] = {{STR("conservative_folding"), p->c->a_false}};
    return build_value(p, OP_ttir_typecast, loc, &v, 1, type, make_dict(p, a, 1));
}

ir_value build_unary(pass_context *p, uint32_t op, ir_loc loc, ir_value v, ir_type type) {
    return build_value(p, op, loc, &v, 1, type, 0);
}

ir_value build_binary(pass_context *p, uint32_t op, ir_loc loc, ir_value a, ir_value b, ir_type type) {
    ir_value operands[] = {a, b};
    return build_value(p, op, loc, operands, 2, type, 0);
}

static ir_attr shape_attr(pass_context *p, ir_type type) {
    int64_t dims[PASS_MAX_RANK];
    int rank = type_shape(p->c, type, dims);
    return make_i32s(p, dims, rank < 0 ? 0 : (uint32_t)rank);
}

ir_value build_full(pass_context *p, ir_loc loc, ir_type type, ir_attr fill) {
    attr_entry a[] = {{STR("fill_value"), fill}, {STR("shape"), shape_attr(p, type)}};
    return build_value(p, OP_ttir_full, loc, NULL, 0, type, make_dict(p, a, 2));
}

ir_value build_named_full(pass_context *p, uint32_t op, ir_loc loc, ir_type type) {
    attr_entry a[] = {{STR("shape"), shape_attr(p, type)}};
    return build_value(p, op, loc, NULL, 0, type, make_dict(p, a, 1));
}

ir_value build_reduce(pass_context *p, uint32_t op, ir_loc loc, ir_value v, ir_attr keep_dim, ir_attr dim_arg,
                      ir_type type) {
    attr_entry a[] = {{STR("dim_arg"), dim_arg}, {STR("keep_dim"), keep_dim}};
    return build_value(p, op, loc, &v, 1, type, make_dict(p, a, 2));
}

ir_value build_softmax(pass_context *p, ir_loc loc, ir_value v, int64_t dim, bool stable, ir_type type) {
    attr_entry a[] = {{STR("dimension"), make_si32(p, dim)}, {STR("numericStable"), ir_attr_bool(p->c, stable)}};
    return build_value(p, OP_ttir_softmax, loc, &v, 1, type, make_dict(p, a, 2));
}

ir_value build_matmul(pass_context *p, ir_loc loc, ir_value a, ir_value b, ir_value bias, bool transpose_a,
                      bool transpose_b, ir_type type) {
    attr_entry attrs[] = {{STR("transpose_a"), ir_attr_bool(p->c, transpose_a)},
                          {STR("transpose_b"), ir_attr_bool(p->c, transpose_b)}};
    ir_value operands[] = {a, b, bias};
    return build_value(p, bias ? OP_ttir_linear : OP_ttir_matmul, loc, operands, bias ? 3 : 2, type,
                       make_dict(p, attrs, 2));
}

ir_value build_like(pass_context *p, ir_op op, ir_loc loc, const ir_value *operands, uint32_t n, ir_type type) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_op_spec s = {.name = o->name,
                    .loc = loc,
                    .operands = operands,
                    .n_operands = n,
                    .results = &type,
                    .n_results = 1,
                    .props = o->props,
                    .attrs = o->attrs};
    ir_op made = ir_build(p->e, &s);
    return made ? ir_result(p->m, made, 0) : 0;
}

ir_value build_reshape_cast(pass_context *p, ir_loc loc, ir_value v, ir_type type) {
    shape from, to;
    if (!v || !shape_of(p->m, v, &from) || !shape_of_type(p->c, type, &to))
        return v;
    ir_type elt = element_of(p->m, v);
    if (!shape_equal(&from, &to))
        v = build_reshape(p, loc, v, &to);
    return elt == ir_element_type(p->c, type) ? v : build_typecast(p, loc, v, type);
}

void move_chain_before(pass_context *p, ir_value v, ir_op target) {
    ir_op def = ir_def_op(p->m, v);
    ir_block block = ir_op_at(p->m, target)->block;
    if (!def || ir_op_at(p->m, def)->block != block || ir_is_before(p->m, def, target))
        return;
    /* Everything that moves stands between target and def. A walk back from def, marking operands, finds it without
     * recursion; the ops are moved in their order. */
    uint32_t n = 1;
    for (ir_op op = target; op && op != def; op = ir_op_at(p->m, op)->next)
        n++;
    ir_op *list = ARENA_ARRAY(&p->scratch, ir_op, n);
    uint8_t *wanted = ARENA_ARRAY(&p->scratch, uint8_t, p->m->n_ops);
    if (!list || !wanted) {
        p->m->failed = true;
        return;
    }
    uint32_t n_list = 0;
    wanted[def] = 1;
    for (ir_op op = def; op && op != target; op = ir_op_at(p->m, op)->prev) {
        if (!wanted[op])
            continue;
        list[n_list++] = op;
        for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++)
            wanted[ir_def_op(p->m, ir_operand(p->m, op, i))] = 1;
    }
    while (n_list)
        ir_move_before(p->e, list[--n_list], target);
}

void replace_uses(pass_context *p, ir_op op, ir_value v) {
    ir_replace_uses(p->e, ir_result(p->m, op, 0), v);
}

ir_block build_private_func(pass_context *p, ir_op module, ir_loc loc, str name, const ir_type *types, uint32_t n,
                            ir_type result, ir_attr attrs) {
    ir_block body = body_of(p->m, module), entry;
    ir_loc locs[8];
    if (!body || n > 8)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        locs[i] = loc;
    attr_entry props[] = {{STR("function_type"), ir_attr_type(p->c, ir_type_function(p->c, types, n, &result, 1))},
                          {STR("sym_name"), ir_attr_string(p->c, name, true)},
                          {STR("sym_visibility"), ir_attr_string(p->c, STR("private"), false)}};
    ir_op_spec spec = {
        .name = op_name(p, OP_func_func), .loc = loc, .props = make_dict(p, props, 3), .attrs = attrs, .n_regions = 1};
    ir_edit_at_end(p->e, body);
    ir_op made = ir_build(p->e, &spec);
    entry = made ? ir_new_block(p->e, ir_op_region(p->m, made, 0), types, locs, n) : 0;
    if (entry)
        ir_edit_at_end(p->e, entry);
    return entry;
}

ir_op func_of(const ir_module *m, ir_op op) {
    while (op && !op_is(m, op, OP_func_func))
        op = ir_op_at(m, op)->block ? ir_parent_op(m, op) : 0;
    return op;
}

bool in_composite_decomposition(const ir_module *m, ir_op op) {
    ir_op func = func_of(m, op);
    return func && ir_op_attr(m, func, STR("tt.composite_decomposition"));
}

ir_op build_topk(pass_context *p, ir_loc loc, ir_value v, const ir_type types[2], ir_attr dim, ir_attr k,
                 ir_attr largest, ir_attr sorted) {
    attr_entry a[] = {{STR("dim"), dim}, {STR("k"), k}, {STR("largest"), largest}, {STR("sorted"), sorted}};
    build_args args = {.op = OP_ttir_topk,
                       .loc = loc,
                       .operands = &v,
                       .n_operands = 1,
                       .types = types,
                       .n_types = 2,
                       .props = make_dict(p, a, 4)};
    return build_op(p, &args);
}
