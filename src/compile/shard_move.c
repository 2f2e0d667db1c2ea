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

/* `n` axes that follow each other, parts of one axis of the mesh; as a rule one. */
typedef struct move_step {
    move_kind kind;
    unsigned axis, n; /* the major one, and how many */
    int from, to;     /* the dimension that the axes leave; the one that they come to */
} move_step;

/* The next axis that dimension d is to be cut by; -1 when it is cut by others first, or as it should be. */
static int wanted_axis(const sharding *s, const sharding *to, int d) {
    bool on_the_way = shard_axes_begin(&s->dim[d], &to->dim[d]) && s->dim[d].n < to->dim[d].n;
    return on_the_way ? to->dim[d].axis[s->dim[d].n] : -1;
}

/* How many axes from `axis` on, parts of one, dimension d is to be cut by next; 0 when it is another's turn. */
static unsigned wanted_run(const shard_mesh *mesh, const sharding *s, const sharding *to, int d, unsigned axis) {
    unsigned n = 0, at = s->dim[d].n;
    if (wanted_axis(s, to, d) != (int)axis)
        return 0;
    while (at + n < to->dim[d].n && to->dim[d].axis[at + n] == axis + n && mesh->of[axis + n] == mesh->of[axis])
        n++;
    return n;
}

/* How many minor axes of a dimension, parts of one, cut it and should not; 0 when none does. */
static unsigned superfluous_run(const shard_mesh *mesh, const sharding *s, const sharding *to, int d) {
    shard_axes left = s->dim[d];
    unsigned n = 0;
    while (left.n && !shard_axes_begin(&left, &to->dim[d])) {
        unsigned axis = left.axis[left.n - 1], last = left.n < s->dim[d].n ? left.axis[left.n] : axis + 1;
        if (n && (axis + 1 != last || mesh->of[axis] != mesh->of[last]))
            break;
        left.n--;
        n++;
    }
    return n;
}

static move_step from_one_to_another(const shard_mesh *mesh, const sharding *s, const sharding *to, int d) {
    for (unsigned n = superfluous_run(mesh, s, to, d); n; n--) {
        unsigned axis = s->dim[d].axis[s->dim[d].n - n];
        for (int k = 0; k < s->rank; k++)
            if (wanted_run(mesh, s, to, k, axis) >= n)
                return (move_step){MOVE_ALL_TO_ALL, axis, n, d, k};
    }
    return (move_step){.kind = MOVE_DONE};
}

/* Slices first: what is smaller is moved more cheaply. */
static move_step next_step(const shard_mesh *mesh, const sharding *s, const sharding *to) {
    uint32_t used = shard_used(s);
    for (int d = 0; d < s->rank; d++) {
        int axis = wanted_axis(s, to, d);
        unsigned n = 0, most = axis >= 0 ? wanted_run(mesh, s, to, d, (unsigned)axis) : 0;
        while (n < most && !(used >> ((unsigned)axis + n) & 1))
            n++;
        if (n)
            return (move_step){MOVE_SLICE, (unsigned)axis, n, -1, d};
    }
    for (int d = 0; d < s->rank; d++) {
        move_step step = from_one_to_another(mesh, s, to, d);
        if (step.kind != MOVE_DONE)
            return step;
    }
    for (int d = 0; d < s->rank; d++) {
        unsigned n = superfluous_run(mesh, s, to, d);
        if (n)
            return (move_step){MOVE_GATHER, s->dim[d].axis[s->dim[d].n - n], n, d, -1};
    }
    return (move_step){.kind = MOVE_DONE};
}

static void take_step(sharding *s, const move_step *step) {
    if (step->from >= 0)
        s->dim[step->from].n = (uint8_t)(s->dim[step->from].n - step->n);
    for (unsigned i = 0; step->to >= 0 && i < step->n; i++)
        s->dim[step->to].axis[s->dim[step->to].n++] = (uint8_t)(step->axis + i);
}

/* The devices along n axes from `axis` on. */
static int64_t run_size(const shard_mesh *mesh, unsigned axis, unsigned n) {
    int64_t size = 1;
    for (unsigned i = 0; i < n; i++)
        size *= mesh->size[axis + i];
    return size;
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
        move_step step = next_step(mesh, &s, to);
        if (step.kind == MOVE_DONE)
            return cost;
        take_step(&s, &step);
        if (step.kind != MOVE_SLICE)
            cost += global * part_of(mesh, &s) * (1 - 1 / (double)run_size(mesh, step.axis, step.n));
    }
}

/* ---- collectives ---------------------------------------------------------------------------------------- */

static ir_attr groups_of_run(pass_context *p, const shard_mesh *mesh, unsigned axis, unsigned n) {
    int64_t inner = 1;
    for (uint32_t a = axis + n; a < mesh->n; a++)
        inner *= mesh->size[a];
    return hlo_groups(p, mesh->devices, run_size(mesh, axis, n), inner);
}

static bool is_whole(const shard_mesh *mesh, unsigned axis, unsigned n) {
    return run_size(mesh, axis, n) == mesh->all[axis];
}

ir_value shard_gather_axis(pass_context *p, const shard_mesh *mesh, ir_loc loc, ir_value v, unsigned axis, int dim) {
    shape s;
    if (!is_whole(mesh, axis, 1))
        return hlo_groups_gather(p, loc, v, groups_of_run(p, mesh, axis, 1), dim);
    if (!shape_of(p->m, v, &s))
        return 0;
    s.d[dim] *= mesh->size[axis];
    attr_entry a[] = {{STR("all_gather_dim"), make_si32(p, dim)}, {STR("cluster_axis"), hlo_ui32(p, mesh->of[axis])}};
    return build_value(p, OP_ttir_all_gather, loc, &v, 1, type_like(p, v, &s), make_dict(p, a, 2));
}

/* Each device's part, along dimension step->to, of what all along the axes have. */
static ir_value build_part(pass_context *p, const shard_mesh *mesh, const move_step *step, ir_loc loc, ir_value v,
                           ir_type type) {
    if (!is_whole(mesh, step->axis, step->n))
        return hlo_groups_part(p, loc, v, groups_of_run(p, mesh, step->axis, step->n), step->to);
    attr_entry a[] = {{STR("cluster_axis"), hlo_ui32(p, mesh->of[step->axis])}, {STR("dim"), make_si32(p, step->to)}};
    return build_value(p, OP_ttir_mesh_partition, loc, &v, 1, type, make_dict(p, a, 2));
}

static ir_attr channel_attr(pass_context *p) {
    ir_node params[] = {dialect_int(p->c, 1), dialect_int(p->c, 1)};
    return dialect_make_attr(p->c, ATTR_stablehlo_channel_handle, params);
}

static ir_value build_all_gather(pass_context *p, const shard_mesh *mesh, const move_step *step, ir_loc loc, ir_value v,
                                 ir_type type) {
    attr_entry a[] = {{STR("all_gather_dim"), make_i64(p, step->from)},
                      {STR("channel_handle"), channel_attr(p)},
                      {STR("replica_groups"), groups_of_run(p, mesh, step->axis, step->n)}};
    return build_value(p, OP_stablehlo_all_gather, loc, &v, 1, type, make_dict(p, a, 3));
}

static ir_value build_all_to_all(pass_context *p, const shard_mesh *mesh, const move_step *step, ir_loc loc, ir_value v,
                                 ir_type type) {
    attr_entry a[] = {{STR("channel_handle"), channel_attr(p)},
                      {STR("concat_dimension"), make_i64(p, step->from)},
                      {STR("replica_groups"), groups_of_run(p, mesh, step->axis, step->n)},
                      {STR("split_count"), make_i64(p, run_size(mesh, step->axis, step->n))},
                      {STR("split_dimension"), make_i64(p, step->to)}};
    return build_value(p, OP_stablehlo_all_to_all, loc, &v, 1, type, make_dict(p, a, 5));
}

bool shard_move(pass_context *p, const shard_mesh *mesh, ir_loc loc, shard_value *from, const sharding *to) {
    for (;;) {
        move_step step = next_step(mesh, &from->s, to);
        if (step.kind == MOVE_DONE)
            return true;
        int64_t dims[PASS_MAX_RANK];
        ir_type type = ir_value_type(p->m, from->v);
        if (type_shape(p->c, type, dims) != from->s.rank)
            return false;
        int64_t parts = run_size(mesh, step.axis, step.n);
        if (step.from >= 0)
            dims[step.from] *= parts;
        if (step.to >= 0)
            dims[step.to] /= parts;
        type = type_with_shape(p, type, dims, (uint32_t)from->s.rank);
        from->v = step.kind == MOVE_SLICE    ? build_part(p, mesh, &step, loc, from->v, type)
                  : step.kind == MOVE_GATHER ? build_all_gather(p, mesh, &step, loc, from->v, type)
                                             : build_all_to_all(p, mesh, &step, loc, from->v, type);
        if (!from->v)
            return false;
        take_step(&from->s, &step);
    }
}

/* ---- reductions ----------------------------------------------------------------------------------------- */

/* all_reduce or (dim >= 0) reduce_scatter, with a body that combines two numbers. */
static ir_value build_reduction(pass_context *p, const shard_mesh *mesh, ir_loc loc, ir_value v, const move_step *over,
                                str reduce, ir_type type) {
    int dim = over->to;
    uint32_t combine = str_eq(reduce, STR("max"))   ? OP_stablehlo_maximum
                       : str_eq(reduce, STR("min")) ? OP_stablehlo_minimum
                                                    : OP_stablehlo_add;
    attr_entry a[] = {{STR("channel_handle"), channel_attr(p)},
                      {STR("replica_groups"), groups_of_run(p, mesh, over->axis, over->n)},
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
    move_step step;
    for (unsigned axis = 0; axis < mesh->n; axis += step.n) {
        step = (move_step){.axis = axis, .n = 1, .from = -1, .to = -1};
        if (!(axes >> axis & 1))
            continue;
        int64_t dims[PASS_MAX_RANK];
        ir_type type = ir_value_type(p->m, v->v);
        unsigned most = mesh->n;
        if (type_shape(p->c, type, dims) != v->s.rank)
            return false;
        for (int d = 0; d < v->s.rank && step.to < 0 && str_eq(reduce, STR("sum")); d++)
            if ((most = wanted_run(mesh, &v->s, to, d, axis)) != 0)
                step.to = d;
        most = step.to < 0 ? mesh->n : most;
        while (step.n < most && axis + step.n < mesh->n && mesh->of[axis + step.n] == mesh->of[axis] &&
               axes >> (axis + step.n) & 1)
            step.n++;
        if (step.to >= 0) {
            dims[step.to] /= run_size(mesh, axis, step.n);
            type = type_with_shape(p, type, dims, (uint32_t)v->s.rank);
        }
        v->v = build_reduction(p, mesh, loc, v->v, &step, reduce, type);
        if (!v->v)
            return false;
        if (step.to >= 0)
            take_step(&v->s, &step);
    }
    return true;
}
