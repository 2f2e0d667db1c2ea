/* Tensors that are cut over devices by other means than ttir.mesh_shard: manual computations of Shardy, and what GSPMD marks
 * with custom calls.
 *
 *   sdy.mesh, in_shardings ──┐
 *                            ├──▶ which part of a tensor each device has (struct tiling) ──▶ a step that cuts or joins
 *   mhlo.sharding ───────────┘
 *
 * Outside of manual computations, and for axes that are not manual, shardings say where numbers are and not what they are:
 * ops that only change a sharding give what they are given (multichip.md section 4).
 */
#include <string.h>

#include "dialect/gspmd.h"
#include "exec/kernels.h"
#include "exec/plan.h"

enum { MAX_AXES = 8 };

/* --- which part -------------------------------------------------------------------------------------------------------- */

/* Device d has part part[d * rank + i] of dimension i, of which there are parts[i]. */
struct tiling {
    int rank;
    int64_t parts[TENSOR_MAX_RANK];
    int64_t *part;
};

static bool no_tiles(struct planner *p, struct tiling *t, int rank) {
    t->rank = rank;
    for (int i = 0; i < rank; i++)
        t->parts[i] = 1;
    t->part = ARENA_ARRAY(p->a, int64_t, (size_t)p->x->devices * (size_t)(rank + 1));
    return t->part != NULL || plan_no_memory(p);
}

/* --- Shardy ------------------------------------------------------------------------------------------------------------- */

struct axes {
    uint32_t n;
    str name[MAX_AXES];
    int64_t size[MAX_AXES]; /* 1..GSPMD_MAX_DEVICES */
    int64_t devices;        /* their product, at most GSPMD_MAX_DEVICES */
};

static bool read_axes(const struct planner *p, ir_attr mesh, struct axes *out) {
    ir_node list = mesh ? dialect_param(p->c, mesh, STR("axes")) : 0;
    out->n = 0;
    out->devices = 1;
    for (uint32_t i = 0; list && i < ir_count(p->c, list); i++) {
        if (out->n == MAX_AXES)
            return false;
        ir_node axis = ir_at(p->c, list, i);
        out->name[out->n] = dialect_param_text(p->c, axis, STR("name"));
        int64_t *size = &out->size[out->n++];
        if (!dialect_param_int(p->c, axis, STR("size"), size) || *size < 1 || *size > GSPMD_MAX_DEVICES)
            return false;
        out->devices *= *size; /* at most GSPMD_MAX_DEVICES squared */
        if (out->devices > GSPMD_MAX_DEVICES)
            return false;
    }
    return out->n != 0;
}

static ir_attr mesh_of(const struct planner *p) {
    for (ir_op op = p->m->root; op; op = ir_walk_next(p->m, p->m->root, op))
        if (str_eq(ir_op_name_str(p->m, op), STR("sdy.mesh")))
            return ir_op_attr(p->m, op, STR("mesh"));
    return 0;
}

static bool is_manual(const struct planner *p, ir_op op) {
    ir_attr axes = ir_op_attr(p->m, op, STR("manual_axes"));
    ir_node list = axes ? dialect_param(p->c, axes, STR("value")) : 0;
    return list && ir_count(p->c, list) != 0;
}

/* Whether a manual computation is manual along an axis: along others its insides are of whole tensors. */
static bool is_manual_along(const struct planner *p, ir_op op, str axis) {
    ir_attr axes = ir_op_attr(p->m, op, STR("manual_axes"));
    ir_node list = axes ? dialect_param(p->c, axes, STR("value")) : 0;
    for (uint32_t i = 0; list && i < ir_count(p->c, list); i++)
        if (str_eq(ir_str_of(p->c, ir_at(p->c, list, i)), axis))
            return true;
    return false;
}

/* A part of an axis ("x":(2)4: behind its two major halves, four): how many devices along it, and how many along what is minor to
 * it. Without one, all of the axis. False when the axis has no such part. */
static bool read_part(const struct planner *p, ir_node ref, int64_t all, int64_t *size, int64_t *minor) {
    ir_node part = dialect_param(p->c, ref, STR("sub_axis_info"));
    int64_t before = 1;
    *size = all;
    *minor = 1;
    if (part) {
        if (!dialect_param_int(p->c, part, STR("pre_size"), &before) ||
            !dialect_param_int(p->c, part, STR("size"), size) || before < 1 || *size < 1 || all % before ||
            all / before % *size)
            return false;
        *minor = all / before / *size;
    }
    return true;
}

/* The part of each device along the axes that cut each dimension, the first axis being the major one. */
static bool read_sharding(struct planner *p, ir_op op, const struct axes *axes, ir_node sharding, struct tiling *t) {
    ir_node dims = sharding ? dialect_param(p->c, sharding, STR("dim_shardings")) : 0;
    for (uint32_t d = 0; dims && d < ir_count(p->c, dims) && (int)d < t->rank; d++) {
        ir_node list = dialect_param(p->c, ir_at(p->c, dims, d), STR("axes"));
        for (uint32_t i = 0; list && i < ir_count(p->c, list); i++) {
            ir_node ref = ir_at(p->c, list, i);
            uint32_t a = 0;
            while (a < axes->n && !str_eq(axes->name[a], dialect_param_text(p->c, ref, STR("name"))))
                a++;
            int64_t size, inner;
            if (a == axes->n || !read_part(p, ref, axes->size[a], &size, &inner))
                return plan_error(p, op, "cuts along an axis, or a part of one, that the mesh has not");
            if (!is_manual_along(p, op, axes->name[a]))
                continue;
            for (uint32_t k = a + 1; k < axes->n; k++)
                inner *= axes->size[k];
            for (unsigned device = 0; device < p->x->devices; device++) {
                int64_t *part = &t->part[(size_t)device * (size_t)t->rank + d];
                *part = *part * size + device / inner % size;
            }
            if ((t->parts[d] *= size) > axes->devices)
                return plan_error(p, op, "cuts along an axis more than once");
        }
    }
    return true;
}

/* --- GSPMD -------------------------------------------------------------------------------------------------------------- */

/* False when it is no sharding, or one of other devices or another rank. */
static bool read_gspmd(struct planner *p, str s, struct tiling *t) {
    gspmd g;
    if (!gspmd_read(s, &g))
        return false;
    for (int i = 0; g.n_tiles && i < t->rank && i < g.n_tiles; i++)
        t->parts[i] = g.tiles[i];
    return !g.n_tiles || (g.devices == (int64_t)p->x->devices && gspmd_parts(&g, t->rank, t->part));
}

/* The sharding of a value: of the @Sharding call that made it. */
static str sharding_of(const struct planner *p, ir_value v) {
    ir_op from = ir_is_block_arg(p->m, v) ? 0 : ir_value_at(p->m, v)->owner;
    return from ? attr_text(p, from, "mhlo.sharding") : (str){0};
}

/* How many devices a sharding speaks of: the product of its tiles; 1 when it cuts nothing. */
static int64_t devices_of(str s) {
    gspmd g;
    return gspmd_read(s, &g) ? g.devices : 1;
}

/* --- the mesh ------------------------------------------------------------------------------------------------------------ */

bool plan_spmd_mesh(const struct planner *p, int64_t shape[2]) {
    struct axes axes;
    int64_t n = 1;
    for (ir_op op = p->m->root; op; op = ir_walk_next(p->m, p->m->root, op)) {
        str name = ir_op_name_str(p->m, op);
        bool shardy = str_eq(name, STR("sdy.manual_computation")) && is_manual(p, op);
        if (shardy && read_axes(p, mesh_of(p), &axes)) {
            shape[1] = axes.size[axes.n - 1];
            shape[0] = axes.devices / shape[1];
            return true;
        }
        if (str_ends_with(name, STR("custom_call")) &&
            str_eq(attr_text(p, op, "call_target_name"), STR("SPMDFullToShardShape")) &&
            (n = devices_of(sharding_of(p, ir_operand(p->m, op, 0)))) > 1) {
            shape[0] = 1;
            shape[1] = n;
            return true;
        }
    }
    return false;
}

/* Devices that collectives of StableHLO name, in a module that has no mesh: all in one row. */
bool plan_group_mesh(struct planner *p, int64_t shape[2]) {
    int64_t *ids = ARENA_ARRAY(p->a, int64_t, GSPMD_MAX_DEVICES), most = 0;
    for (ir_op op = ids ? p->m->root : 0; op; op = ir_walk_next(p->m, p->m->root, op)) {
        if (!str_starts_with(ir_op_name_str(p->m, op), STR("stablehlo.")))
            continue;
        int n = exec_op_ints(p, op, "replica_groups", ids, GSPMD_MAX_DEVICES);
        if (n < 0)
            n = exec_op_ints(p, op, "source_target_pairs", ids, GSPMD_MAX_DEVICES);
        for (int i = 0; i < n && i < GSPMD_MAX_DEVICES; i++)
            most = ids[i] > most ? ids[i] : most;
    }
    shape[0] = 1;
    shape[1] = most + 1;
    return most > 0 && most < GSPMD_MAX_DEVICES;
}

/* From the shapes that an op over devices has: shard_shape along shard_dims, or by how much a dimension grows. */
bool plan_shard_mesh(struct planner *p, ir_op within, int64_t shape[2]) {
    shape[0] = shape[1] = 1;
    bool found = false;
    for (ir_op op = within; op; op = ir_walk_next(p->m, within, op)) {
        str name = ir_op_name_str(p->m, op);
        int64_t dims[2], parts[TENSOR_MAX_RANK], axis = -1;
        if (str_eq(name, STR("ttir.mesh_shard")) && str_eq(attr_text(p, op, "shard_type"), STR("devices"))) {
            int n = exec_op_ints(p, op, "shard_dims", dims, 2),
                k = exec_op_ints(p, op, "shard_shape", parts, TENSOR_MAX_RANK);
            for (int a = 0; a < n && a < 2; a++)
                if (dims[a] >= 0 && dims[a] < k && parts[dims[a]] > shape[n == 1 ? 1 : a])
                    shape[n == 1 ? 1 : a] = parts[dims[a]];
            found |= n > 0;
        } else if ((str_ends_with(name, STR(".all_gather")) || str_ends_with(name, STR(".reduce_scatter"))) &&
                   attr_i64(p, op, "cluster_axis", &axis) && (axis == 0 || axis == 1) &&
                   ir_op_at(p->m, op)->n_results) {
            struct exec_type in, out;
            bool typed = type_of(p, ir_value_type(p->m, ir_operand(p->m, op, 0)), &in) &&
                         type_of(p, ir_value_type(p->m, ir_op_at(p->m, op)->results), &out);
            int64_t a = typed ? type_count(&in) : 0, b = typed ? type_count(&out) : 0;
            int64_t times = a > b && b ? a / b : a && b ? b / a : 1;
            if (times > shape[axis])
                shape[axis] = times;
            found |= times > 1;
        }
    }
    return found && shape[0] <= GSPMD_MAX_DEVICES && shape[1] <= GSPMD_MAX_DEVICES &&
           shape[0] * shape[1] <= GSPMD_MAX_DEVICES;
}

/* --- cutting and joining -------------------------------------------------------------------------------------------------- */

struct spmd {
    bool to_shards;
    struct tiling tiling;
};

static bool run_spmd(struct call *c) {
    const struct spmd *w = c->s->params;
    for (unsigned d = 0; d < c->x->devices; d++) {
        const struct exec_arg *in = &c->in[(w->to_shards ? 0 : d) * c->width],
                              *out = &c->out[(w->to_shards ? d : 0) * c->width];
        const int64_t *part = w->tiling.part + (size_t)d * (size_t)w->tiling.rank;
        bool first = true; /* of several devices with one part the first counts */
        for (unsigned k = 0; k < d && first; k++)
            first = w->tiling.rank && memcmp(part, w->tiling.part + (size_t)k * (size_t)w->tiling.rank,
                                             (size_t)w->tiling.rank * sizeof *part) != 0;
        if (w->to_shards || first)
            shard_copy(w->to_shards ? in : out, w->to_shards ? out : in, part, w->to_shards);
    }
    return true;
}
static const struct kernel kernel_spmd = {"shards", NULL, run_spmd, KERNEL_MESH};

/* A step from one slot to a new one of the other type. */
static bool plan_spmd(struct planner *p, ir_op op, exec_slot from, ir_value to, bool to_shards, const struct tiling *t,
                      exec_slot *out) {
    static const struct exec_row row = {"spmd", &kernel_spmd, 0, ""};
    exec_plan *x = p->x;
    struct exec_type type;
    if (!type_of(p, ir_value_type(p->m, to), &type))
        return plan_error(p, op, "has a value of a type that cannot be computed with");
    const struct exec_type *in = slot_type(x, from), *global = to_shards ? in : &type, *local = to_shards ? &type : in;
    if (global->rank != local->rank || global->rank != t->rank || global->dtype != local->dtype)
        return plan_error(p, op, "changes the rank or element type");
    for (int i = 0; i < t->rank; i++)
        if (local->dims[i] * t->parts[i] != global->dims[i])
            return plan_error(p, op, "cuts dimension %d of %lld into %lld parts of %lld", i, (long long)global->dims[i],
                              (long long)t->parts[i], (long long)local->dims[i]);
    bool steady = x->slots.v[from].steady;
    *out = plan_slot(p, &type, SLOT_PLANNED, to);
    struct exec_step *s = *out ? plan_step(p, op, &row, 1, 1) : NULL;
    struct spmd *w = s ? PLAN_PARAMS(p, s, struct spmd) : NULL;
    if (!w)
        return false;
    *w = (struct spmd){to_shards, *t};
    s->in[0] = from;
    s->out[0] = *out;
    s->per_device = x->devices > 1;
    x->slots.v[*out].per_device = to_shards && x->devices > 1;
    x->slots.v[*out].steady = steady;
    return true;
}

bool plan_manual_computation(struct planner *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_region r = o->n_regions ? ir_op_region(p->m, op, 0) : 0;
    ir_block body = r ? ir_region_at(p->m, r)->first : 0;
    struct axes axes = {.n = 0, .devices = 1};
    struct tiling t;
    exec_slot slot, *given;
    uint32_t n_given, n = o->n_operands, n_results = o->n_results;
    bool manual = is_manual(p, op);
    ir_node in = dialect_param(p->c, ir_op_attr(p->m, op, STR("in_shardings")), STR("shardings")),
            out = dialect_param(p->c, ir_op_attr(p->m, op, STR("out_shardings")), STR("shardings"));
    if (!body || ir_block_at(p->m, body)->n_args != n ||
        (manual && (!in || !out || ir_count(p->c, in) != n || ir_count(p->c, out) != n_results)))
        return plan_error(p, op, "is not formed as a manual computation");
    if (manual && !read_axes(p, mesh_of(p), &axes))
        return plan_error(p, op, "has no mesh, or one that cannot be computed with");
    if (manual && axes.devices != (int64_t)p->x->devices)
        return plan_error(p, op, "is for a mesh of %lld devices, the module's has %u", (long long)axes.devices,
                          p->x->devices);
    for (uint32_t i = 0; i < n; i++) {
        ir_value arg = ir_block_at(p->m, body)->args + i;
        slot = plan_get(p, ir_operand(p->m, op, i));
        if (manual && slot &&
            (!no_tiles(p, &t, slot_type(p->x, slot)->rank) || !read_sharding(p, op, &axes, ir_at(p->c, in, i), &t) ||
             !plan_spmd(p, op, slot, arg, true, &t, &slot)))
            return false;
        if (!plan_set(p, arg, slot))
            return false;
    }
    ir_op before = p->manual;
    p->manual = manual ? op : before;
    bool good = plan_block(p, body, &given, &n_given);
    p->manual = before;
    if (!good || !plan_flow_in(p, op, body) || !plan_flow_out(p, op, body))
        return false;
    if (n_given != n_results)
        return plan_error(p, op, "gives %u values for %u results", n_given, n_results);
    for (uint32_t i = 0; i < n_results; i++) {
        ir_value result = ir_op_at(p->m, op)->results + i;
        slot = given[i];
        if (manual && slot &&
            (!no_tiles(p, &t, slot_type(p->x, slot)->rank) || !read_sharding(p, op, &axes, ir_at(p->c, out, i), &t) ||
             !plan_spmd(p, op, slot, result, false, &t, &slot)))
            return false;
        if (!plan_set(p, result, slot))
            return false;
    }
    return true;
}

/* Which devices a device adds up with: id[d] is alike for all of a group. False (reported) when the op names axes that are not there. */
static bool reduction_groups(struct planner *p, ir_op op, const struct axes *axes, int64_t *id) {
    ir_node list = dialect_param(p->c, ir_op_attr(p->m, op, STR("reduction_axes")), STR("value"));
    for (unsigned d = 0; d < p->x->devices; d++)
        id[d] = d;
    for (uint32_t i = 0; list && i < ir_count(p->c, list); i++) {
        ir_node ref = ir_at(p->c, list, i);
        uint32_t a = 0;
        int64_t size, inner;
        while (a < axes->n && !str_eq(axes->name[a], dialect_param_text(p->c, ref, STR("name"))))
            a++;
        if (a == axes->n || !read_part(p, ref, axes->size[a], &size, &inner))
            return plan_error(p, op, "reduces along an axis, or a part of one, that the mesh has not");
        if (!is_manual_along(p, p->manual, axes->name[a]))
            continue;
        for (uint32_t k = a + 1; k < axes->n; k++)
            inner *= axes->size[k];
        for (unsigned d = 0; d < p->x->devices; d++)
            id[d] -= id[d] / inner % size * inner; /* the first one along the axis */
    }
    return true;
}

/* Within a manual computation, along its axes, each device has a part of the sum; elsewhere a sum that is due has been made. */
bool plan_sdy_all_reduce(struct planner *p, ir_op op) {
    static const vec_fold folds[] = {FOLD_SUM, FOLD_MAX, FOLD_MIN}; /* Sdy_ReductionOp */
    exec_plan *x = p->x;
    struct axes axes = {.n = 0, .devices = 1};
    if (!p->manual)
        return plan_forward(p, op);
    int64_t *id = ARENA_ARRAY(p->a, int64_t, x->devices), *groups;
    if (!id)
        return plan_no_memory(p);
    if (!read_axes(p, mesh_of(p), &axes) || axes.devices != (int64_t)x->devices)
        return plan_error(p, op, "has no mesh, or one of another number of devices");
    if (!reduction_groups(p, op, &axes, id))
        return false;
    int64_t how = 0;
    attr_i64(p, op, "reduction_op", &how);
    if (how < 0 || how >= (int64_t)(sizeof folds / sizeof folds[0]))
        return plan_error(p, op, "reduces in way %lld, which is not known", (long long)how);
    int64_t size = 0;
    for (unsigned d = 0; d < x->devices; d++)
        size += id[d] == id[0];
    if (size == 1)
        return plan_forward(p, op);
    if (!(groups = ARENA_ARRAY(p->a, int64_t, x->devices)))
        return plan_no_memory(p);
    for (unsigned d = 0, n = 0; d < x->devices; d++) /* groups are of one size, in the order of their first devices */
        for (unsigned k = 0; id[d] == (int64_t)d && k < x->devices; k++)
            if (id[k] == (int64_t)d)
                groups[n++] = k;
    return plan_group_fold(p, op, folds[how], groups, x->devices / size, size);
}

bool plan_spmd_call(struct planner *p, ir_op op, bool to_shards) {
    const ir_op_data *o = ir_op_at(p->m, op);
    struct tiling t;
    exec_slot slot = o->n_operands == 1 ? plan_get(p, ir_operand(p->m, op, 0)) : 0;
    if (!slot || o->n_results != 1)
        return plan_error(p, op, "takes and gives other than one tensor");
    ir_value result = o->results;
    str sharding = to_shards ? sharding_of(p, ir_operand(p->m, op, 0)) : attr_text(p, op, "mhlo.sharding");
    if (!no_tiles(p, &t, slot_type(p->x, slot)->rank))
        return false;
    if (!read_gspmd(p, sharding, &t))
        return plan_error(p, op, "is cut as '%.*s', which does not fit the %u devices",
                          STR_ARG(str_slice(sharding, 0, 100)), p->x->devices);
    return plan_spmd(p, op, slot, result, to_shards, &t, &slot) && plan_set(p, result, slot);
}
