/* ttnn_build.c - see ttnn_build.h. */
#include "compile/ttnn_build.h"

/* ---- shapes --------------------------------------------------------------------------------------------- */

shape tn_shape_of_type(const ir_context *c, ir_type t) {
    shape s;
    if (!shape_of_type(c, t, &s))
        s.n = -1;
    return s;
}

shape tn_shape4(int64_t a, int64_t b, int64_t c, int64_t d) {
    return (shape){.d = {a, b, c, d}, .n = 4};
}

shape tn_shape_padded(const shape *s, int rank) {
    if (s->n < 0 || s->n >= rank || rank > PASS_MAX_RANK)
        return *s;
    shape out = {.n = rank};
    for (int i = 0; i < rank; i++)
        out.d[i] = i < rank - s->n ? 1 : s->d[i - (rank - s->n)];
    return out;
}

int64_t tn_tiled_volume(const shape *s) {
    shape t = *s;
    for (int i = s->n > 2 ? s->n - 2 : 0; i < s->n; i++)
        t.d[i] = tn_round_up(t.d[i], TARGET_TILE);
    return shape_volume(&t);
}

/* ---- types ---------------------------------------------------------------------------------------------- */

ir_type tn_reshaped(pass_context *p, ir_type t, const shape *s) {
    if (s->n < 0)
        return 0;
    ttnn_layout l;
    if (!ttnn_layout_of(p->c, t, &l))
        return type_with_shape(p, t, s->d, (uint32_t)s->n);
    ir_attr a = ttnn_layout_attr_dims(p->c, s->d, (uint32_t)s->n, &l);
    return a ? ir_type_tensor(p->c, s->d, (uint32_t)s->n, ir_element_type(p->c, t), a) : 0;
}

ir_type tn_placed(pass_context *p, ir_type t, const ttnn_layout *l) {
    ir_attr a = ttnn_layout_attr(p->c, t, l);
    return a ? type_with_encoding(p, t, a) : 0;
}

ir_type tn_with_dtype(pass_context *p, ir_type t, target_dtype dtype) {
    ttnn_layout l;
    if (!ttnn_layout_of(p->c, t, &l))
        return type_with_element(p, t, target_dtype_scalar(p->c, dtype));
    ttnn_layout_set_dtype(&l, dtype);
    return ttnn_tensor_type(p->c, t, &l);
}

ir_type tn_with_tiled(pass_context *p, ir_type t, bool tiled) {
    ttnn_layout l;
    if (!ttnn_layout_of(p->c, t, &l))
        return t;
    ttnn_layout_set_tiled(&l, tiled);
    return ttnn_tensor_type(p->c, t, &l);
}

ir_type tn_with_buffer(pass_context *p, ir_type t, ttnn_buffer buffer) {
    ttnn_layout l;
    if (!ttnn_layout_of(p->c, t, &l))
        return t;
    ttnn_layout_set_buffer(&l, buffer);
    return tn_placed(p, t, &l);
}

target_dtype tn_dtype(const ir_context *c, ir_type t) {
    ttnn_layout l;
    return ttnn_layout_of(c, t, &l) ? l.dtype : tn_element_dtype(c, t);
}

target_dtype tn_element_dtype(const ir_context *c, ir_type t) {
    return target_dtype_of(c, ir_element_type(c, t));
}

bool tn_is_tensor(const ir_context *c, ir_type t) {
    return t && ir_kind_of(c, t) == IR_TYPE_TENSOR;
}

bool tn_is_tiled(const ir_context *c, ir_type t) {
    return ttnn_is_tiled(c, t);
}

bool tn_on_device(const ir_context *c, ir_type t) {
    ttnn_buffer b = ttnn_buffer_of(c, t);
    return b != TTNN_SYSTEM && b != TTNN_N_BUFFERS;
}

/* ---- ops ------------------------------------------------------------------------------------------------ */

/* #ttnn<mesh_shape 1x1> and #ttnn<mesh_offset 0x0>: y, then x. */
static ir_attr mesh_pair(pass_context *p, uint32_t def, int64_t y, int64_t x) {
    ir_node params[2] = {dialect_int(p->c, y), dialect_int(p->c, x)};
    return params[0] && params[1] ? dialect_make_attr(p->c, def, params) : 0;
}

ir_value tn_device_in(pass_context *p, ir_block b, ir_loc loc) {
    ir_module *m = p->m;
    for (ir_op op = ir_block_at(m, b)->first; op; op = ir_op_at(m, op)->next)
        if (op_is(m, op, OP_ttnn_get_device))
            return ir_result(m, op, 0);
    target_device d;
    int64_t y = 1, x = 1;
    if (target_device_of_module(m, &d) && d.mesh_rank) {
        y = d.mesh_rank > 1 ? d.mesh[0] : 1;
        x = d.mesh[d.mesh_rank > 1 ? 1 : 0];
    }
    ir_block at = p->e->block;
    ir_op before = p->e->before;
    ir_edit_at_start(p->e, b);
    attr_entry props[] = {
        {STR("mesh_offset"), mesh_pair(p, ATTR_ttnn_mesh_offset, 0, 0)},
        {STR("mesh_shape"), mesh_pair(p, ATTR_ttnn_mesh_shape, y, x)},
    };
    ir_value v = build_value(p, OP_ttnn_get_device, loc, NULL, 0, dialect_make_type(p->c, TYPE_ttnn_device, NULL),
                             make_dict(p, props, 2));
    p->e->block = at;
    p->e->before = before;
    return v;
}

ir_value tn_device(pass_context *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    return tn_device_in(p, d->block, d->loc);
}

ir_value tn_unary(pass_context *p, uint32_t op, ir_loc loc, ir_value v, ir_type t) {
    return build_value(p, op, loc, &v, 1, t, 0);
}

ir_value tn_binary(pass_context *p, uint32_t op, ir_loc loc, ir_value a, ir_value b, ir_type t) {
    ir_value v[2] = {a, b};
    return build_value(p, op, loc, v, 2, t, 0);
}

ir_value tn_where(pass_context *p, ir_loc loc, ir_value condition, ir_value yes, ir_value no, ir_type t) {
    ir_value v[3] = {condition, yes, no};
    return build_value(p, OP_ttnn_where, loc, v, 3, t, 0);
}

ir_value tn_reshape_to(pass_context *p, ir_loc loc, ir_value v, ir_type t) {
    shape s = tn_shape_of_type(p->c, t);
    if (s.n < 0)
        return 0;
    attr_entry props[] = {{STR("shape"), make_i32_list(p, s.d, (uint32_t)s.n)}};
    return build_value(p, OP_ttnn_reshape, loc, &v, 1, t, make_dict(p, props, 1));
}

ir_value tn_reshape(pass_context *p, ir_loc loc, ir_value v, const shape *s) {
    return tn_reshape_to(p, loc, v, tn_reshaped(p, ir_value_type(p->m, v), s));
}

ir_value tn_permute_to(pass_context *p, ir_loc loc, ir_value v, const int64_t *permutation, ir_type t) {
    int n = ir_rank(p->c, ir_value_type(p->m, v));
    attr_entry props[] = {{STR("permutation"), make_i64s(p, permutation, n > 0 ? (uint32_t)n : 0)}};
    return build_value(p, OP_ttnn_permute, loc, &v, 1, t, make_dict(p, props, 1));
}

ir_value tn_permute(pass_context *p, ir_loc loc, ir_value v, const int64_t *permutation) {
    shape s = tn_shape_of(p->m, v), to = shape_permuted(&s, permutation);
    return tn_permute_to(p, loc, v, permutation, tn_reshaped(p, ir_value_type(p->m, v), &to));
}

ir_value tn_pad(pass_context *p, ir_loc loc, ir_value v, const int64_t *padding, double value, bool multicore) {
    shape s = tn_shape_of(p->m, v);
    if (s.n < 0)
        return 0;
    for (int i = 0; i < s.n; i++)
        s.d[i] += padding[2 * i] + padding[2 * i + 1];
    attr_entry props[] = {
        {STR("padding"), make_i32s(p, padding, 2 * (uint32_t)s.n)},
        {STR("use_multicore"), ir_attr_bool(p->c, multicore)},
        {STR("value"), make_f32(p, value)},
    };
    return build_value(p, OP_ttnn_pad, loc, &v, 1, tn_reshaped(p, ir_value_type(p->m, v), &s), make_dict(p, props, 3));
}

ir_value tn_slice_to(pass_context *p, ir_loc loc, ir_value v, const int64_t *begins, const int64_t *ends,
                     const int64_t *steps, ir_type t) {
    static const int64_t ones[PASS_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    int rank = ir_rank(p->c, ir_value_type(p->m, v));
    uint32_t n = rank > 0 ? (uint32_t)rank : 0;
    attr_entry props[] = {
        {STR("begins"), make_i32_list(p, begins, n)},
        {STR("ends"), make_i32_list(p, ends, n)},
        {STR("step"), make_i32_list(p, steps ? steps : ones, n)},
    };
    return build_value(p, OP_ttnn_slice_static, loc, &v, 1, t, make_dict(p, props, 3));
}

ir_value tn_slice_dim(pass_context *p, ir_loc loc, ir_value v, int dim, int64_t begin, int64_t end) {
    shape s = tn_shape_of(p->m, v);
    if (dim < 0 || dim >= s.n)
        return 0;
    int64_t begins[PASS_MAX_RANK] = {0}, ends[PASS_MAX_RANK];
    for (int i = 0; i < s.n; i++)
        ends[i] = s.d[i];
    begins[dim] = begin;
    ends[dim] = end;
    s.d[dim] = end - begin;
    return tn_slice_to(p, loc, v, begins, ends, NULL, tn_reshaped(p, ir_value_type(p->m, v), &s));
}

ir_value tn_repeat(pass_context *p, ir_loc loc, ir_value v, const shape *s) {
    shape from = tn_shape_of(p->m, v);
    if (from.n != s->n)
        return 0;
    int64_t times[PASS_MAX_RANK];
    for (int i = 0; i < s->n; i++)
        times[i] = from.d[i] ? s->d[i] / from.d[i] : 1;
    attr_entry props[] = {{STR("repeat_dims"), ttnn_shape_attr(p->c, times, (uint32_t)s->n)}};
    return build_value(p, OP_ttnn_repeat, loc, &v, 1, tn_reshaped(p, ir_value_type(p->m, v), s),
                       make_dict(p, props, 1));
}

ir_value tn_full(pass_context *p, ir_loc loc, ir_type t, double value, ir_value device) {
    shape s = tn_shape_of_type(p->c, t);
    if (s.n < 0)
        return 0;
    attr_entry props[] = {
        {STR("fill_value"), make_f32(p, value)},
        {STR("shape"), ttnn_shape_attr(p->c, s.d, (uint32_t)s.n)},
    };
    return build_value(p, OP_ttnn_full, loc, &device, device ? 1 : 0, t, make_dict(p, props, 2));
}

ir_value tn_matmul(pass_context *p, ir_loc loc, ir_value a, ir_value b, ir_type t) {
    ir_value v[2] = {a, b};
    attr_entry props[] = {{STR("transpose_a"), p->c->a_false}, {STR("transpose_b"), p->c->a_false}};
    return build_value(p, OP_ttnn_matmul, loc, v, 2, t, make_dict(p, props, 2));
}

ir_value tn_concat(pass_context *p, ir_loc loc, const ir_value *v, uint32_t n, int64_t dim, ir_type t) {
    attr_entry props[] = {{STR("dim"), make_si32(p, dim)}};
    return build_value(p, OP_ttnn_concat, loc, v, n, t, make_dict(p, props, 1));
}

ir_value tn_to_spec(pass_context *p, ir_op op, ir_value v, const ttnn_layout *target, const char *suffix) {
    ttnn_layout l = *target;
    if (ttnn_is_sharded(l.memory) && !l.core_ranges) {
        target_device d;
        if (target_device_of_module(p->m, &d))
            ttnn_layout_place(p->c, &d, &l, NULL);
    }
    ir_loc loc = loc_suffix(p, ir_op_at(p->m, op)->loc, "%s", suffix);
    return tn_unary(p, OP_ttnn_to_tensor_spec, loc, v, ttnn_tensor_type(p->c, ir_value_type(p->m, v), &l));
}

ir_op tn_rebuild(pass_context *p, ir_op op, ir_loc loc, const ir_value *operands, uint32_t n, const ir_type *types) {
    const ir_op_data *d = ir_op_at(p->m, op);
    ir_type own[16];
    uint32_t n_results = d->n_results;
    if (!types) {
        if (n_results > 16)
            return 0;
        for (uint32_t i = 0; i < n_results; i++)
            own[i] = ir_value_type(p->m, d->results + i);
        types = own;
    }
    ir_op_spec spec = {
        .name = d->name,
        .loc = loc,
        .operands = operands,
        .n_operands = n,
        .results = types,
        .n_results = n_results,
        .props = d->props,
        .attrs = d->attrs,
    };
    return ir_build(p->e, &spec);
}

bool tn_all_users_are(pass_context *p, ir_value v, uint32_t op) {
    for (ir_each_use(p->e, v, u))
        if (!op_is(p->m, ir_use_op(p->e, u), op))
            return false;
    return ir_has_uses(p->e, v);
}

ir_attr tn_param_set(pass_context *p, ir_attr attr, uint32_t def, str name, ir_node value) {
    const attr_type_def *d = &dialect_attr_defs[def];
    ir_node params[64] = {0};
    if (d->n_params > 64)
        return attr;
    for (uint32_t i = 0; i < d->n_params; i++) {
        params[i] = attr ? dialect_param_at(p->c, attr, i) : 0;
        if (str_eq(dialect_text(def_param(d, i)->name), name))
            params[i] = dialect_canonical_param(p->c, def_param(d, i), value);
    }
    return dialect_make_attr(p->c, def, params);
}
