/* hlo_ccl.c - StableHLO's collectives, and Shardy's meshes and manual computations. */
#include "compile/constant.h"
#include "compile/hlo.h"
#include "dialect/gspmd.h"

/* ---- collectives ---------------------------------------------------------------------------------------- */

ir_attr hlo_ui32(pass_context *p, int64_t v) {
    return ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), v);
}

/* The axes of a mesh, and how many devices there are along each. */
static uint32_t mesh_axes(pass_context *p, ir_attr mesh, str *names, int64_t *sizes) {
    ir_attr axes = mesh ? dialect_param(p->c, mesh, STR("axes")) : 0;
    uint32_t n = list_count(p, axes);
    if (n > PASS_MAX_RANK)
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        names[i] = dialect_param_text(p->c, ir_at(p->c, axes, i), STR("name"));
        sizes[i] = 1;
        dialect_param_int(p->c, ir_at(p->c, axes, i), STR("size"), &sizes[i]);
    }
    return n;
}

/* Whether each group is all devices along an axis, in order; `inner` devices are between two of them. */
static bool lie_along(const dense_view *d, int64_t rows, int64_t size, int64_t inner) {
    for (int64_t row = 0; row < rows; row++) {
        int64_t first = dense_int(d, row * size);
        if (first / inner % size)
            return false;
        for (int64_t i = 1; i < size; i++)
            if (dense_int(d, row * size + i) != first + i * inner)
                return false;
    }
    return true;
}

typedef enum groups_kind { GROUPS_NONE, GROUPS_AXIS, GROUPS_OTHER } groups_kind;

/* The axis that the groups of devices lie along; GROUPS_OTHER when the mesh is known and they do not. When it is not, the axis
 * is taken to be the second of two when devices of a group follow each other, as in the reference. */
static groups_kind groups_of(pass_context *p, ir_op op, ir_attr *groups, int64_t *axis) {
    ir_attr mesh = p->data ? *(ir_attr *)p->data : 0;
    str names[PASS_MAX_RANK];
    int64_t dims[PASS_MAX_RANK], sizes[PASS_MAX_RANK], devices = 1;
    dense_view d;
    *axis = 0;
    *groups = ir_op_attr(p->m, op, STR("replica_groups"));
    if (!dense_read(p->c, *groups, &d) || type_shape(p->c, d.type, dims) != 2)
        return GROUPS_NONE;
    if (dims[1] < 2)
        return GROUPS_AXIS;
    uint32_t n = mesh_axes(p, mesh, names, sizes);
    for (uint32_t a = n; a-- > 0; devices *= sizes[a]) {
        if (sizes[a] != dims[1] || !lie_along(&d, dims[0], dims[1], devices))
            continue;
        *axis = a;
        return GROUPS_AXIS;
    }
    *axis = dense_int(&d, 0) + 1 == dense_int(&d, 1);
    return n && devices == dims[0] * dims[1] ? GROUPS_OTHER : GROUPS_AXIS;
}

static int rank_of(pass_context *p, ir_value v) {
    return ir_rank(p->c, ir_value_type(p->m, v));
}

/* Between devices, or not said. */
static bool is_device_channel(pass_context *p, ir_op op) {
    ir_attr handle = ir_op_attr(p->m, op, STR("channel_handle"));
    int64_t type = 0;
    if (handle)
        dialect_param_int(p->c, handle, STR("type"), &type);
    return type == 0 || type == 1;
}

/* How the body combines two values; empty when it does otherwise. */
str hlo_reduce_type(pass_context *p, ir_op op) {
    for (ir_op i = hlo_body(p, op); i; i = ir_op_at(p->m, i)->next) {
        switch (op_id(p->m, i)) {
        case OP_stablehlo_add: return STR("sum");
        case OP_stablehlo_multiply: return STR("prod");
        case OP_stablehlo_maximum: return STR("max");
        case OP_stablehlo_minimum: return STR("min");
        case OP_stablehlo_return: return STR("invalid");
        default: break;
        }
    }
    return STR("");
}

static ir_attr reduce_type_attr(pass_context *p, ir_op op) {
    str type = hlo_reduce_type(p, op);
    return type.n ? dialect_make_case(p->c, ATTR_ttcore_reduce_type, type) : 0;
}

bool hlo_all_reduce(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    uint32_t n = o->n_operands;
    ir_loc loc = o->loc;
    int64_t axis;
    ir_attr groups;
    ir_value *out = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    attr_entry a[] = {{STR("cluster_axis"), 0}, {STR("reduce_type"), reduce_type_attr(p, op)}};
    groups_kind kind = groups_of(p, op, &groups, &axis);
    if (!out || !n || o->n_results != n || !a[1].value || !is_device_channel(p, op) || kind == GROUPS_NONE)
        return false;
    a[0].value = hlo_ui32(p, axis);
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = ir_operand(p->m, op, i);
        ir_type type = ir_value_type(p->m, ir_result(p->m, op, i));
        out[i] = kind == GROUPS_OTHER ? hlo_groups_reduce(p, loc, v, groups, hlo_reduce_type(p, op), -1)
                                      : build_value(p, OP_ttir_all_reduce, loc, &v, 1, type, make_dict(p, a, 2));
        if (!out[i])
            return false;
    }
    ir_replace(p->e, op, out);
    return true;
}

bool hlo_reduce_scatter(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    int64_t axis, dim = op_int_or(p->m, op, STR("scatter_dimension"), 0);
    ir_attr groups;
    attr_entry a[] = {{STR("cluster_axis"), 0},
                      {STR("reduce_type"), reduce_type_attr(p, op)},
                      {STR("scatter_dim"), make_si32(p, dim)}};
    groups_kind kind = groups_of(p, op, &groups, &axis);
    if (!a[1].value || !is_device_channel(p, op) || kind == GROUPS_NONE || dim < 0 || dim >= rank_of(p, v))
        return false;
    if (kind == GROUPS_OTHER)
        return hlo_replace(p, op,
                           hlo_groups_reduce(p, ir_op_at(p->m, op)->loc, v, groups, hlo_reduce_type(p, op), (int)dim));
    a[0].value = hlo_ui32(p, axis);
    return hlo_replace(
        p, op,
        build_value(p, OP_ttir_reduce_scatter, ir_op_at(p->m, op)->loc, &v, 1, hlo_type(p, op), make_dict(p, a, 3)));
}

bool hlo_all_gather(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    int64_t axis, dim = op_int_or(p->m, op, STR("all_gather_dim"), 0);
    ir_attr groups;
    groups_kind kind = groups_of(p, op, &groups, &axis);
    if (ir_op_at(p->m, op)->n_operands != 1 || kind == GROUPS_NONE || dim < 0 || dim >= rank_of(p, v))
        return false;
    if (kind == GROUPS_OTHER)
        return hlo_replace(p, op, hlo_groups_gather(p, ir_op_at(p->m, op)->loc, v, groups, (int)dim));
    attr_entry a[] = {{STR("all_gather_dim"), make_si32(p, dim)}, {STR("cluster_axis"), hlo_ui32(p, axis)}};
    return hlo_replace(
        p, op, build_value(p, OP_ttir_all_gather, ir_op_at(p->m, op)->loc, &v, 1, hlo_type(p, op), make_dict(p, a, 2)));
}

/* One operand, and an attribute taken over. */
static bool with_attr(pass_context *p, ir_op op, uint32_t to, str key) {
    ir_value v = ir_operand(p->m, op, 0);
    attr_entry a[] = {{key, ir_op_attr(p->m, op, key)}};
    return hlo_replace(p, op, build_value(p, to, ir_op_at(p->m, op)->loc, &v, 1, hlo_type(p, op), make_dict(p, a, 1)));
}

bool hlo_collective_permute(pass_context *p, ir_op op) {
    return is_device_channel(p, op) && with_attr(p, op, OP_ttir_collective_permute, STR("source_target_pairs"));
}

bool hlo_collective_broadcast(pass_context *p, ir_op op) {
    return with_attr(p, op, OP_ttir_collective_broadcast, STR("replica_groups"));
}

bool hlo_all_to_all(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    attr_entry a[] = {{STR("concat_dim"), make_si32(p, op_int_or(p->m, op, STR("concat_dimension"), 0))},
                      {STR("replica_groups"), ir_op_attr(p->m, op, STR("replica_groups"))},
                      {STR("split_count"), make_si32(p, op_int_or(p->m, op, STR("split_count"), 1))},
                      {STR("split_dim"), make_si32(p, op_int_or(p->m, op, STR("split_dimension"), 0))}};
    if (ir_op_at(p->m, op)->n_operands != 1)
        return false;
    return hlo_replace(
        p, op, build_value(p, OP_ttir_all_to_all, ir_op_at(p->m, op)->loc, &v, 1, hlo_type(p, op), make_dict(p, a, 4)));
}

/* ---- meshes --------------------------------------------------------------------------------------------- */

static ir_op module_of(pass_context *p, ir_op op) {
    while (op && !op_is(p->m, op, OP_builtin_module))
        op = ir_parent_op(p->m, op);
    return op;
}

/* sdy.mesh becomes an entry in the module's ttcore.meshes; manual computations, which need it, come after it: it is kept in
 * p->data. */
bool hlo_mesh(pass_context *p, ir_op op) {
    ir_op module = module_of(p, op);
    ir_attr mesh = ir_op_attr(p->m, op, STR("mesh")), list = ir_op_attr(p->m, module, STR("ttcore.meshes"));
    ir_attr entries = list && dialect_is_attr(p->c, list, ATTR_ttcore_meshes) ? dialect_param_at(p->c, list, 0) : 0;
    str names[PASS_MAX_RANK], name = symbol_name(p->m, op);
    int64_t sizes[PASS_MAX_RANK];
    uint32_t n = mesh_axes(p, mesh, names, sizes), n_entries = list_count(p, entries);
    ir_attr *all = ARENA_ARRAY(&p->scratch, ir_attr, n_entries + 1), *known = p->data;
    if (!all || !known) {
        p->m->failed = true;
        return false;
    }
    bool found = false;
    for (uint32_t i = 0; i < n_entries; i++) {
        all[i] = ir_at(p->c, entries, i);
        found = found || str_eq(dialect_param_text(p->c, all[i], STR("name")), name);
    }
    if (!found) {
        ir_node mesh_params[] = {ir_attr_string(p->c, name, 0), dialect_ints(p->c, sizes, n)};
        all[n_entries++] = dialect_make_attr(p->c, ATTR_ttcore_mesh, mesh_params);
        ir_node list_params[] = {ir_attr_array(p->c, all, n_entries)};
        ir_set_attr(p->e, module, STR("ttcore.meshes"), dialect_make_attr(p->c, ATTR_ttcore_meshes, list_params));
    }
    *known = mesh;
    ir_erase(p->e, op);
    return true;
}

/* The groups of devices along a part of an axis; 0 when a reference (sdy.axis_ref) names all of it. */
static ir_attr groups_of_part(pass_context *p, ir_attr ref, const int64_t *sizes, uint32_t n, uint32_t axis) {
    ir_attr part = dialect_param(p->c, ref, STR("sub_axis_info"));
    int64_t before = 1, size = 1, inner = 1, devices = 1;
    if (!part || !dialect_param_int(p->c, part, STR("pre_size"), &before) ||
        !dialect_param_int(p->c, part, STR("size"), &size))
        return 0;
    for (uint32_t a = 0; a < n; a++) {
        devices *= sizes[a];
        inner *= a > axis ? sizes[a] : 1;
    }
    if (before < 1 || size < 1 || sizes[axis] % before || sizes[axis] / before % size)
        return 0;
    return hlo_groups(p, devices, size, inner * (sizes[axis] / before / size));
}

/* One all_reduce for each axis. */
bool hlo_sdy_all_reduce(pass_context *p, ir_op op) {
    ir_attr mesh = p->data ? *(ir_attr *)p->data : 0, list = ir_op_attr(p->m, op, STR("reduction_axes"));
    ir_attr axes = list && dialect_is_attr(p->c, list, ATTR_sdy_axis_ref_list) ? dialect_param_at(p->c, list, 0) : 0;
    ir_attr reduction = ir_op_attr(p->m, op, STR("reduction_op"));
    ir_value v = ir_operand(p->m, op, 0);
    str names[PASS_MAX_RANK], how = reduction ? dialect_case_text(p->c, reduction) : STR("");
    int64_t sizes[PASS_MAX_RANK];
    uint32_t n = mesh_axes(p, mesh, names, sizes);
    for (uint32_t i = 0; i < list_count(p, axes) && v; i++) {
        ir_attr axis = ir_at(p->c, axes, i);
        uint32_t at = 0;
        while (at < n && !str_eq(names[at], dialect_param_text(p->c, axis, STR("name"))))
            at++;
        if (at == n)
            return false;
        ir_loc loc = ir_op_at(p->m, op)->loc;
        ir_attr part = groups_of_part(p, axis, sizes, n, at);
        attr_entry a[] = {
            {STR("cluster_axis"), hlo_ui32(p, at)},
            {STR("reduce_type"), dialect_make_case(p->c, ATTR_ttcore_reduce_type, how.n ? how : STR("sum"))}};
        v = part ? hlo_groups_reduce(p, loc, v, part, how.n ? how : STR("sum"), -1)
                 : build_value(p, OP_ttir_all_reduce, loc, &v, 1, hlo_type(p, op), make_dict(p, a, 2));
    }
    return v && hlo_replace(p, op, v);
}

/* ---- manual computations -------------------------------------------------------------------------------- */

/* How a tensor is cut along a mesh: into shape[d] parts along each dimension; mesh axis a cuts dimension dims[a]. */
typedef struct mesh_cut {
    int64_t shape[PASS_MAX_RANK], dims[PASS_MAX_RANK];
    uint32_t n_shape, n_dims;
    str type; /* replicate, maximal, devices */
    /* Axes that cut a dimension in another order than the mesh's, and parts of axes: mesh_shard cannot say it, and the parts
     * are cut by them afterwards, the major one first. */
    struct {
        uint32_t axis, dim;
        int64_t size;
        ir_attr groups; /* of devices along it when it is a part of an axis, else 0 */
    } rest[PASS_MAX_RANK];
    uint32_t n_rest;
} mesh_cut;

static void not_cut(mesh_cut *c, str type) {
    *c = (mesh_cut){.shape = {1}, .dims = {-1}, .n_shape = 1, .n_dims = 1, .type = type};
}

static bool cut_of(pass_context *p, ir_attr mesh, ir_attr sharding, mesh_cut *c) {
    str names[PASS_MAX_RANK];
    int64_t sizes[PASS_MAX_RANK], parts = 1;
    uint32_t n = mesh_axes(p, mesh, names, sizes);
    ir_attr dims = dialect_param(p->c, sharding, STR("dim_shardings"));
    if (!n) {
        not_cut(c, dialect_param(p->c, mesh, STR("device_ids")) ? STR("maximal") : STR("replicate"));
        return true;
    }
    *c = (mesh_cut){.n_shape = list_count(p, dims), .n_dims = n, .type = STR("devices")};
    if (c->n_shape > PASS_MAX_RANK)
        return false;
    for (uint32_t a = 0; a < n; a++)
        c->dims[a] = -1;
    for (uint32_t d = 0; d < c->n_shape; d++) {
        ir_attr dim = ir_at(p->c, dims, d), axes = dialect_param(p->c, dim, STR("axes"));
        c->shape[d] = 1;
        if (dialect_param(p->c, dim, STR("is_closed")) != p->c->a_true)
            return false;
        uint32_t next = 0; /* the first axis of the mesh that may still come */
        for (uint32_t i = 0; i < list_count(p, axes); i++) {
            ir_attr axis = ir_at(p->c, axes, i);
            for (uint32_t a = 0; a < n; a++) {
                if (!str_eq(names[a], dialect_param_text(p->c, axis, STR("name"))) || sizes[a] == 1)
                    continue;
                ir_attr groups = groups_of_part(p, axis, sizes, n, a);
                if ((a < next || groups) && c->n_rest < PASS_MAX_RANK) {
                    int64_t size = sizes[a];
                    if (groups)
                        dialect_param_int(p->c, dialect_param(p->c, axis, STR("sub_axis_info")), STR("size"), &size);
                    c->rest[c->n_rest].axis = a;
                    c->rest[c->n_rest].dim = d;
                    c->rest[c->n_rest].groups = groups;
                    c->rest[c->n_rest++].size = size;
                    next = n;
                    continue;
                }
                c->shape[d] *= sizes[a];
                c->dims[a] = d;
                next = a + 1;
            }
        }
        parts *= c->shape[d];
    }
    if (parts == 1) { /* mesh_shard gives everyone all of it */
        c->type = STR("replicate");
        c->n_shape = c->n_dims = 1;
        c->shape[0] = 1;
        c->dims[0] = -1;
    }
    return true;
}

static ir_value mesh_shard(pass_context *p, ir_loc loc, ir_value v, const mesh_cut *c, str direction, ir_type type) {
    attr_entry a[] = {{STR("shard_dims"), make_i64s(p, c->dims, c->n_dims)},
                      {STR("shard_direction"), dialect_make_case(p->c, ATTR_ttcore_shard_direction, direction)},
                      {STR("shard_shape"), make_i64s(p, c->shape, c->n_shape)},
                      {STR("shard_type"), dialect_make_case(p->c, ATTR_ttcore_shard_type, c->type)}};
    return build_value(p, OP_ttir_mesh_shard, loc, &v, 1, type, make_dict(p, a, 4));
}

/* From the part that mesh_shard gives to what is asked for (to_parts), or back: a value of this type. */
static ir_value cut_rest(pass_context *p, ir_loc loc, ir_value v, const mesh_cut *c, bool to_parts) {
    shape s;
    for (uint32_t i = 0; i < c->n_rest && v; i++) {
        uint32_t at = to_parts ? i : c->n_rest - 1 - i, axis = c->rest[at].axis, d = c->rest[at].dim;
        ir_attr groups = c->rest[at].groups;
        if (!shape_of(p->m, v, &s))
            return 0;
        if (groups) {
            v = to_parts ? hlo_groups_part(p, loc, v, groups, (int)d) : hlo_groups_gather(p, loc, v, groups, (int)d);
            continue;
        }
        s.d[d] = to_parts ? s.d[d] / c->rest[at].size : s.d[d] * c->rest[at].size;
        attr_entry part[] = {{STR("cluster_axis"), hlo_ui32(p, axis)}, {STR("dim"), make_si32(p, d)}};
        attr_entry all[] = {{STR("all_gather_dim"), make_si32(p, d)}, {STR("cluster_axis"), hlo_ui32(p, axis)}};
        v = build_value(p, to_parts ? OP_ttir_mesh_partition : OP_ttir_all_gather, loc, &v, 1, type_like(p, v, &s),
                        make_dict(p, to_parts ? part : all, 2));
    }
    return v;
}

/* The type of a part before cut_rest. */
static ir_type before_rest(pass_context *p, ir_type part, const mesh_cut *c) {
    int64_t dims[PASS_MAX_RANK];
    int rank = type_shape(p->c, part, dims);
    for (uint32_t i = 0; i < c->n_rest && rank >= 0; i++)
        dims[c->rest[i].dim] *= c->rest[i].size;
    return c->n_rest && rank >= 0 ? type_with_shape(p, part, dims, (uint32_t)rank) : part;
}

static bool is_presharded(pass_context *p, ir_attr dict) {
    ir_attr status =
        dict && ir_kind_of(p->c, dict) == IR_ATTR_DICT ? ir_dict_get(p->c, dict, STR("ttcore.shard_status")) : 0;
    return status && str_eq(dialect_case_text(p->c, status), STR("presharded"));
}

/* An argument of a function that holds its part of the tensor already. */
static bool argument_presharded(pass_context *p, ir_value v) {
    ir_block block = ir_arg_block(p->m, v);
    ir_op func = block ? func_of(p->m, p->m->blocks[block].first) : 0;
    ir_attr list = func && body_of(p->m, func) == block ? ir_op_attr(p->m, func, STR("arg_attrs")) : 0;
    uint32_t i = v - (block ? p->m->blocks[block].args : 0);
    return i < list_count(p, list) && is_presharded(p, ir_at(p->c, list, i));
}

static bool result_presharded(pass_context *p, ir_value v) {
    for (ir_each_use(p->e, v, u)) {
        ir_op user = ir_use_op(p->e, u), func = op_is(p->m, user, OP_func_return) ? func_of(p->m, user) : 0;
        ir_attr list = func ? ir_op_attr(p->m, func, STR("res_attrs")) : 0;
        if (ir_use_index(p->e, u) < list_count(p, list) && is_presharded(p, ir_at(p->c, list, ir_use_index(p->e, u))))
            return true;
    }
    return false;
}

/* The insides stand where the op was, between shards of the operands and the whole of the results. */
bool hlo_manual_computation(pass_context *p, ir_op op) {
    ir_attr mesh = p->data ? *(ir_attr *)p->data : 0;
    ir_op func = func_of(p->m, op);
    ir_block body = body_of(p->m, op);
    const ir_op_data *o = ir_op_at(p->m, op);
    uint32_t n = o->n_operands, n_results = o->n_results;
    ir_loc loc = o->loc;
    ir_attr in = dialect_param(p->c, ir_op_attr(p->m, op, STR("in_shardings")), STR("shardings"));
    ir_attr out = dialect_param(p->c, ir_op_attr(p->m, op, STR("out_shardings")), STR("shardings"));
    ir_value *args = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    ir_value *results = ARENA_ARRAY(&p->scratch, ir_value, n_results + 1);
    mesh_cut c;
    if (!mesh || !body || !args || !results || list_count(p, in) != n || list_count(p, out) != n_results ||
        p->m->blocks[body].n_args != n)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        ir_type type = ir_value_type(p->m, p->m->blocks[body].args + i);
        args[i] = ir_operand(p->m, op, i);
        if (argument_presharded(p, args[i])) {
            ir_set_type(p->e, args[i], type);
            continue;
        }
        if (!cut_of(p, mesh, ir_at(p->c, in, i), &c) ||
            !(args[i] = mesh_shard(p, loc, args[i], &c, STR("full_to_shard"), before_rest(p, type, &c))) ||
            !(args[i] = cut_rest(p, loc, args[i], &c, true)))
            return false;
    }
    if (!ir_inline_region(p->e, ir_op_region(p->m, op, 0), op, args, results, n_results))
        return false;
    ir_edit_at(p->e, op);
    for (uint32_t i = 0; i < n_results; i++) {
        ir_value v = ir_result(p->m, op, i);
        if (result_presharded(p, v))
            continue;
        if (!cut_of(p, mesh, ir_at(p->c, out, i), &c) || !(results[i] = cut_rest(p, loc, results[i], &c, false)) ||
            !(results[i] = mesh_shard(p, loc, results[i], &c, STR("shard_to_full"), ir_value_type(p->m, v))))
            return false;
    }
    ir_replace(p->e, op, results);
    if (func)
        update_function_type(p, func);
    return true;
}

/* ---- GSPMD ---------------------------------------------------------------------------------------------- */

/* Which dimension each axis of a mesh of rows and columns cuts, such that every device gets its part by it. */
static bool cut_of_gspmd(pass_context *p, ir_attr mesh, str text, int rank, mesh_cut *c) {
    str names[PASS_MAX_RANK];
    int64_t sizes[PASS_MAX_RANK];
    gspmd g;
    if (!gspmd_read(text, &g))
        return false;
    not_cut(c, STR("replicate"));
    if (!g.n_tiles || g.devices == 1)
        return true;
    int64_t *part = ARENA_ARRAY(&p->scratch, int64_t, (size_t)g.devices * (size_t)(rank + 1));
    if (!part || mesh_axes(p, mesh, names, sizes) != 2 || sizes[0] * sizes[1] != g.devices ||
        !gspmd_parts(&g, rank, part))
        return false;
    *c = (mesh_cut){.n_shape = (uint32_t)rank, .dims = {-1, -1}, .n_dims = 2, .type = STR("devices")};
    for (int d = 0; d < rank; d++) {
        c->shape[d] = g.tiles[d];
        if (sizes[0] > 1 && part[sizes[1] * rank + d] != part[d])
            c->dims[0] = d;
        if (sizes[1] > 1 && part[rank + d] != part[d])
            c->dims[1] = d;
    }
    for (int64_t at = 0; at < g.devices; at++)
        for (int d = 0; d < rank; d++) {
            int64_t row = at / sizes[1], column = at % sizes[1], expected = c->dims[0] == d ? row : 0;
            expected = c->dims[1] == d ? expected * sizes[1] + column : expected;
            if (part[at * rank + d] != expected)
                return false;
        }
    if (c->dims[0] < 0 && c->dims[1] < 0)
        not_cut(c, STR("replicate"));
    return true;
}

static str sharding_text(pass_context *p, ir_op op) {
    ir_attr a = ir_op_attr(p->m, op, STR("mhlo.sharding"));
    return a && ir_kind_of(p->c, a) == IR_ATTR_STRING ? ir_str_of(p->c, a) : STR("");
}

/* @Sharding before @SPMDFullToShardShape says how that cuts: it takes the text over. Alone it changes nothing. */
bool hlo_gspmd_sharding(pass_context *p, ir_op op) {
    for (ir_each_use(p->e, ir_result(p->m, op, 0), u)) {
        ir_op user = ir_use_op(p->e, u);
        ir_attr name =
            op_is(p->m, user, OP_stablehlo_custom_call) ? ir_op_attr(p->m, user, STR("call_target_name")) : 0;
        if (name && str_eq(ir_str_of(p->c, name), STR("SPMDFullToShardShape")))
            ir_set_attr(p->e, user, STR("mhlo.sharding"), ir_op_attr(p->m, op, STR("mhlo.sharding")));
    }
    return hlo_replace(p, op, ir_operand(p->m, op, 0));
}

static bool gspmd_shard(pass_context *p, ir_op op, str direction, int rank) {
    ir_attr mesh = p->data ? *(ir_attr *)p->data : 0;
    mesh_cut c;
    if (rank < 0 || rank > PASS_MAX_RANK || !cut_of_gspmd(p, mesh, sharding_text(p, op), rank, &c))
        return false;
    return hlo_replace(p, op,
                       mesh_shard(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), &c, direction, hlo_type(p, op)));
}

bool hlo_gspmd_to_shards(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    if (argument_presharded(p, v) && ir_has_one_use(p->e, v)) {
        ir_set_type(p->e, v, hlo_type(p, op));
        update_function_type(p, func_of(p->m, op));
        return hlo_replace(p, op, v);
    }
    return gspmd_shard(p, op, STR("full_to_shard"), ir_rank(p->c, hlo_type(p, op)));
}

bool hlo_gspmd_to_full(pass_context *p, ir_op op) {
    if (result_presharded(p, ir_result(p->m, op, 0))) {
        ir_op func = func_of(p->m, op);
        bool ok = hlo_replace(p, op, ir_operand(p->m, op, 0));
        update_function_type(p, func);
        return ok;
    }
    return gspmd_shard(p, op, STR("shard_to_full"), ir_rank(p->c, hlo_type(p, op)));
}
