/* shard_move.c - from one sharding to another: the collectives that move parts of tensors between devices.
 *
 *   [{}, {}]     ──slice──▶      [{"x"}, {}]         each device keeps its part; nothing travels
 *   [{"x"}, {}]  ──all_to_all──▶ [{}, {"x"}]         parts of a device's part go to the others
 *   [{"x"}, {}]  ──all_gather──▶ [{}, {}]            every device gets all parts
 *
 * Each step changes the minor axis of one dimension or two, so that parts stay consecutive. */
#include "compile/constant.h"
#include "compile/hlo.h"
#include "compile/shard.h"

/* ---- steps ---------------------------------------------------------------------------------------------- */

typedef enum move_kind { MOVE_DONE, MOVE_SLICE, MOVE_ALL_TO_ALL, MOVE_GATHER } move_kind;

typedef struct move_step {
    move_kind kind;
    unsigned axis;
    int from, to; /* the dimension that the axis leaves; the one that it comes to */
} move_step;

/* The next axis that dimension d is to be cut by; -1 when it is cut by others first, or as it should be. */
static int wanted_axis(const sharding *s, const sharding *to, int d) {
    bool on_the_way = shard_axes_begin(&s->dim[d], &to->dim[d]) && s->dim[d].n < to->dim[d].n;
    return on_the_way ? to->dim[d].axis[s->dim[d].n] : -1;
}

/* The minor axis of a dimension that is cut by what it should not be; -1 when it is not. */
static int superfluous_axis(const sharding *s, const sharding *to, int d) {
    bool on_the_way = shard_axes_begin(&s->dim[d], &to->dim[d]);
    return on_the_way ? -1 : s->dim[d].axis[s->dim[d].n - 1];
}

/* Slices first: what is smaller is moved more cheaply. */
static move_step next_step(const sharding *s, const sharding *to) {
    uint32_t used = shard_used(s);
    for (int d = 0; d < s->rank; d++) {
        int axis = wanted_axis(s, to, d);
        if (axis >= 0 && !(used >> axis & 1))
            return (move_step){MOVE_SLICE, (unsigned)axis, -1, d};
    }
    for (int d = 0; d < s->rank; d++) {
        int axis = superfluous_axis(s, to, d);
        for (int k = 0; axis >= 0 && k < s->rank; k++)
            if (wanted_axis(s, to, k) == axis)
                return (move_step){MOVE_ALL_TO_ALL, (unsigned)axis, d, k};
    }
    for (int d = 0; d < s->rank; d++) {
        int axis = superfluous_axis(s, to, d);
        if (axis >= 0)
            return (move_step){MOVE_GATHER, (unsigned)axis, d, -1};
    }
    return (move_step){.kind = MOVE_DONE};
}

static void take_step(sharding *s, const move_step *step) {
    if (step->from >= 0)
        s->dim[step->from].n--;
    if (step->to >= 0)
        s->dim[step->to].axis[s->dim[step->to].n++] = (uint8_t)step->axis;
}

static double part_of(const shard_mesh *mesh, const sharding *s) {
    double parts = 1;
    for (int d = 0; d < s->rank; d++)
        parts *= (double)shard_parts(mesh, &s->dim[d]);
    return 1 / parts;
}

double shard_move_cost(const shard_mesh *mesh, const sharding *from, const sharding *to, double global) {
    sharding s = *from;
    double cost = 0;
    for (;;) {
        move_step step = next_step(&s, to);
        if (step.kind == MOVE_DONE)
            return cost;
        take_step(&s, &step);
        if (step.kind != MOVE_SLICE)
            cost += global * part_of(mesh, &s) * (1 - 1 / (double)mesh->size[step.axis]);
    }
}

/* ---- collectives ---------------------------------------------------------------------------------------- */

ir_attr shard_groups(pass_context *p, const shard_mesh *mesh, unsigned axis) {
    int64_t inner = 1;
    for (uint32_t a = axis + 1; a < mesh->n; a++)
        inner *= mesh->size[a];
    return hlo_groups(p, mesh->devices, mesh->size[axis], inner);
}

ir_value shard_gather_axis(pass_context *p, const shard_mesh *mesh, ir_loc loc, ir_value v, unsigned axis, int dim) {
    shape s;
    if (mesh->size[axis] != mesh->all[axis])
        return hlo_groups_gather(p, loc, v, shard_groups(p, mesh, axis), dim);
    if (!shape_of(p->m, v, &s))
        return 0;
    s.d[dim] *= mesh->size[axis];
    attr_entry a[] = {{STR("all_gather_dim"), make_si32(p, dim)}, {STR("cluster_axis"), hlo_ui32(p, mesh->of[axis])}};
    return build_value(p, OP_ttir_all_gather, loc, &v, 1, type_like(p, v, &s), make_dict(p, a, 2));
}

ir_value shard_part_of_axis(pass_context *p, const shard_mesh *mesh, ir_loc loc, ir_value v, unsigned axis, int dim) {
    shape s;
    if (mesh->size[axis] != mesh->all[axis])
        return hlo_groups_part(p, loc, v, shard_groups(p, mesh, axis), dim);
    if (!shape_of(p->m, v, &s))
        return 0;
    s.d[dim] /= mesh->size[axis];
    attr_entry a[] = {{STR("cluster_axis"), hlo_ui32(p, mesh->of[axis])}, {STR("dim"), make_si32(p, dim)}};
    return build_value(p, OP_ttir_mesh_partition, loc, &v, 1, type_like(p, v, &s), make_dict(p, a, 2));
}

static ir_attr channel_attr(pass_context *p) {
    ir_node params[] = {dialect_int(p->c, 1), dialect_int(p->c, 1)};
    return dialect_make_attr(p->c, ATTR_stablehlo_channel_handle, params);
}

static ir_value build_all_gather(pass_context *p, const shard_mesh *mesh, const move_step *step, ir_loc loc, ir_value v,
                                 ir_type type) {
    attr_entry a[] = {{STR("all_gather_dim"), make_i64(p, step->from)},
                      {STR("channel_handle"), channel_attr(p)},
                      {STR("replica_groups"), shard_groups(p, mesh, step->axis)}};
    return build_value(p, OP_stablehlo_all_gather, loc, &v, 1, type, make_dict(p, a, 3));
}

static ir_value build_all_to_all(pass_context *p, const shard_mesh *mesh, const move_step *step, ir_loc loc, ir_value v,
                                 ir_type type) {
    attr_entry a[] = {{STR("channel_handle"), channel_attr(p)},
                      {STR("concat_dimension"), make_i64(p, step->from)},
                      {STR("replica_groups"), shard_groups(p, mesh, step->axis)},
                      {STR("split_count"), make_i64(p, mesh->size[step->axis])},
                      {STR("split_dimension"), make_i64(p, step->to)}};
    return build_value(p, OP_stablehlo_all_to_all, loc, &v, 1, type, make_dict(p, a, 5));
}

bool shard_move(pass_context *p, const shard_mesh *mesh, ir_loc loc, shard_value *from, const sharding *to) {
    for (;;) {
        move_step step = next_step(&from->s, to);
        if (step.kind == MOVE_DONE)
            return true;
        int64_t dims[PASS_MAX_RANK];
        ir_type type = ir_value_type(p->m, from->v);
        if (type_shape(p->c, type, dims) != from->s.rank)
            return false;
        if (step.from >= 0)
            dims[step.from] *= mesh->size[step.axis];
        if (step.to >= 0)
            dims[step.to] /= mesh->size[step.axis];
        type = type_with_shape(p, type, dims, (uint32_t)from->s.rank);
        from->v = step.kind == MOVE_SLICE    ? shard_part_of_axis(p, mesh, loc, from->v, step.axis, step.to)
                  : step.kind == MOVE_GATHER ? build_all_gather(p, mesh, &step, loc, from->v, type)
                                             : build_all_to_all(p, mesh, &step, loc, from->v, type);
        if (!from->v)
            return false;
        take_step(&from->s, &step);
    }
}

/* ---- reductions ----------------------------------------------------------------------------------------- */

/* all_reduce or (dim >= 0) reduce_scatter, with a body that combines two numbers. */
static ir_value build_reduction(pass_context *p, const shard_mesh *mesh, ir_loc loc, ir_value v, unsigned axis, int dim,
                                str reduce, ir_type type) {
    uint32_t combine = str_eq(reduce, STR("max"))   ? OP_stablehlo_maximum
                       : str_eq(reduce, STR("min")) ? OP_stablehlo_minimum
                                                    : OP_stablehlo_add;
    attr_entry a[] = {{STR("channel_handle"), channel_attr(p)},
                      {STR("replica_groups"), shard_groups(p, mesh, axis)},
                      {STR("scatter_dimension"), dim >= 0 ? make_i64(p, dim) : 0}};
    ir_op_spec spec = {.name = op_name(p, dim >= 0 ? OP_stablehlo_reduce_scatter : OP_stablehlo_all_reduce),
                       .loc = loc,
                       .operands = &v,
                       .n_operands = 1,
                       .results = &type,
                       .n_results = 1,
                       .props = make_dict(p, a, 3),
                       .n_regions = 1};
    shape scalar = {.n = 0};
    ir_type number = tensor_type(p, &scalar, element_of(p->m, v)), types[] = {number, number};
    ir_op op = ir_build(p->e, &spec), before = p->e->before;
    ir_block outer = p->e->block, body = op ? ir_new_block(p->e, ir_op_region(p->m, op, 0), types, NULL, 2) : 0;
    if (!body)
        return 0;
    ir_edit_at_end(p->e, body);
    ir_value first = ir_block_at(p->m, body)->args;
    ir_value both = build_binary(p, combine, loc, first, first + 1, number);
    ir_build(p->e,
             &(ir_op_spec){.name = op_name(p, OP_stablehlo_return), .loc = loc, .operands = &both, .n_operands = 1});
    p->e->block = outer;
    p->e->before = before;
    return p->m->failed ? 0 : ir_result(p->m, op, 0);
}

bool shard_reduce(pass_context *p, const shard_mesh *mesh, ir_loc loc, shard_value *v, uint32_t axes, str reduce,
                  const sharding *to) {
    for (unsigned axis = 0; axis < mesh->n; axis++) {
        if (!(axes >> axis & 1))
            continue;
        int64_t dims[PASS_MAX_RANK];
        ir_type type = ir_value_type(p->m, v->v);
        int dim = -1;
        if (type_shape(p->c, type, dims) != v->s.rank)
            return false;
        for (int d = 0; d < v->s.rank && dim < 0 && str_eq(reduce, STR("sum")); d++)
            if (wanted_axis(&v->s, to, d) == (int)axis)
                dim = d;
        if (dim >= 0) {
            dims[dim] /= mesh->size[axis];
            type = type_with_shape(p, type, dims, (uint32_t)v->s.rank);
        }
        v->v = build_reduction(p, mesh, loc, v->v, axis, dim, reduce, type);
        if (!v->v)
            return false;
        if (dim >= 0)
            take_step(&v->s, &(move_step){.axis = axis, .from = -1, .to = dim});
    }
    return true;
}
