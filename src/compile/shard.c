/* shard.c - meshes and shardings: sdy's attributes as small structs, and back. */
#include "compile/shard.h"

#include "dialect/gspmd.h"

/* ---- meshes --------------------------------------------------------------------------------------------- */

static bool read_mesh(pass_context *p, ir_op op, shard_mesh *mesh) {
    ir_attr axes = dialect_param(p->c, ir_op_attr(p->m, op, STR("mesh")), STR("axes"));
    uint32_t n = list_count(p, axes);
    *mesh = (shard_mesh){.name = symbol_name(p->m, op), .devices = 1, .op = op};
    if (n > SHARD_MAX_AXES)
        return pass_error(p, op, "has %u axes, and devices are arranged along at most %d", n, SHARD_MAX_AXES);
    for (; mesh->n < n; mesh->n++) {
        ir_attr axis = ir_at(p->c, axes, mesh->n);
        mesh->axis[mesh->n] = dialect_param_text(p->c, axis, STR("name"));
        mesh->size[mesh->n] = 1;
        dialect_param_int(p->c, axis, STR("size"), &mesh->size[mesh->n]);
        if (mesh->size[mesh->n] < 1 || mesh->size[mesh->n] > GSPMD_MAX_DEVICES)
            return pass_error(p, op, "has an axis of %lld devices", (long long)mesh->size[mesh->n]);
        mesh->devices *= mesh->size[mesh->n];
        if (mesh->devices > GSPMD_MAX_DEVICES)
            return pass_error(p, op, "has more than %d devices", GSPMD_MAX_DEVICES);
    }
    return true;
}

bool shard_find_mesh(pass_context *p, ir_op module, shard_mesh *mesh) {
    *mesh = (shard_mesh){.devices = 1};
    ir_block body = body_of(p->m, module);
    for (ir_op op = body ? ir_block_at(p->m, body)->first : 0; op; op = ir_op_at(p->m, op)->next) {
        shard_mesh other;
        if (!op_is(p->m, op, OP_sdy_mesh))
            continue;
        if (!read_mesh(p, op, &other))
            return false;
        if (!other.n)
            continue;
        if (mesh->n && ir_op_attr(p->m, op, STR("mesh")) != ir_op_attr(p->m, mesh->op, STR("mesh")))
            return pass_error(p, op, "is a second mesh: a program has one");
        if (!mesh->n)
            *mesh = other;
    }
    return true;
}

/* ---- shardings ------------------------------------------------------------------------------------------ */

void shard_open(sharding *s, int rank) {
    *s = (sharding){.rank = rank};
}

/* The number of the axis that a reference names; n when there is none. */
static uint32_t axis_of(pass_context *p, const shard_mesh *mesh, ir_attr ref) {
    str name = dialect_param_text(p->c, ref, STR("name"));
    uint32_t a = 0;
    while (a < mesh->n && !str_eq(mesh->axis[a], name))
        a++;
    return a;
}

static bool read_axes(pass_context *p, const shard_mesh *mesh, ir_attr list, uint32_t *used, shard_axes *out,
                      const char **why) {
    for (uint32_t i = 0; i < list_count(p, list); i++) {
        ir_attr ref = ir_at(p->c, list, i);
        uint32_t a = axis_of(p, mesh, ref);
        *why = dialect_param(p->c, ref, STR("sub_axis_info")) ? "cuts along a part of an axis, which is not supported"
               : a == mesh->n                                 ? "cuts along an axis that the mesh does not have"
               : *used & 1u << a                              ? "cuts twice along one axis"
                                                              : NULL;
        if (*why)
            return false;
        *used |= 1u << a;
        if (mesh->size[a] > 1)
            out->axis[out->n++] = (uint8_t)a;
    }
    return true;
}

bool shard_read(pass_context *p, const shard_mesh *mesh, ir_attr a, int rank, sharding *out, const char **why) {
    uint32_t used = 0;
    shard_axes whole = {0};
    shard_open(out, rank);
    *why = "is no sharding of this tensor";
    if (!a || !dialect_is_attr(p->c, a, ATTR_sdy_sharding))
        return false;
    ir_attr dims = dialect_param(p->c, a, STR("dim_shardings"));
    /* Without dimensions: of a scalar, or of a value that is whole everywhere. */
    if (list_count(p, dims) && (int)list_count(p, dims) != rank)
        return false;
    for (int d = 0; d < rank; d++) {
        if (!list_count(p, dims)) {
            out->closed |= 1u << d;
            continue;
        }
        ir_attr dim = ir_at(p->c, dims, (uint32_t)d);
        int64_t priority = 0;
        if (!read_axes(p, mesh, dialect_param(p->c, dim, STR("axes")), &used, &out->dim[d], why))
            return false;
        dialect_param_int(p->c, dim, STR("priority"), &priority);
        out->priority[d] = (uint8_t)(priority < 0 ? 0 : priority > UINT8_MAX ? UINT8_MAX : priority);
        if (dialect_param(p->c, dim, STR("is_closed")) == p->c->a_true)
            out->closed |= 1u << d;
    }
    if (!read_axes(p, mesh, dialect_param(p->c, a, STR("replicated_axes")), &used, &whole, why))
        return false;
    out->whole = shard_axes_bits(&whole);
    *why = "is of partial results (unreduced), which is not supported";
    return !list_count(p, dialect_param(p->c, a, STR("unreduced_axes")));
}

static ir_attr axes_attr(pass_context *p, const shard_mesh *mesh, const shard_axes *axes) {
    ir_attr refs[SHARD_MAX_AXES];
    for (unsigned i = 0; i < axes->n; i++) {
        ir_node params[] = {ir_attr_string(p->c, mesh->axis[axes->axis[i]], 0), 0};
        refs[i] = dialect_make_attr(p->c, ATTR_sdy_axis_ref, params);
    }
    return axes->n ? ir_attr_array(p->c, refs, axes->n) : 0;
}

ir_attr shard_attr(pass_context *p, const shard_mesh *mesh, const sharding *s, bool closed) {
    ir_attr dims[PASS_MAX_RANK];
    for (int d = 0; d < s->rank; d++) {
        bool is_closed = closed || s->closed >> d & 1;
        ir_node params[] = {axes_attr(p, mesh, &s->dim[d]), is_closed ? p->c->a_true : p->c->a_false, 0};
        dims[d] = dialect_make_attr(p->c, ATTR_sdy_dimension_sharding, params);
    }
    ir_node params[] = {ir_attr_symbol(p->c, mesh->name, 0), s->rank ? ir_attr_array(p->c, dims, (uint32_t)s->rank) : 0,
                        0, 0, dialect_keyword(p->c, STR("sum"))};
    return dialect_make_attr(p->c, ATTR_sdy_sharding, params);
}

ir_attr shard_list_attr(pass_context *p, const ir_attr *shardings, uint32_t n) {
    ir_node params[] = {n ? ir_attr_array(p->c, shardings, n) : 0};
    return dialect_make_attr(p->c, ATTR_sdy_sharding_per_value, params);
}

ir_attr shard_list_at(pass_context *p, ir_attr list, uint32_t i) {
    bool is_list = list && dialect_is_attr(p->c, list, ATTR_sdy_sharding_per_value);
    ir_attr all = is_list ? dialect_param(p->c, list, STR("shardings")) : 0;
    return i < list_count(p, all) ? ir_at(p->c, all, i) : 0;
}

bool shard_attr_cuts(pass_context *p, ir_attr a) {
    ir_attr dims = a && dialect_is_attr(p->c, a, ATTR_sdy_sharding) ? dialect_param(p->c, a, STR("dim_shardings")) : 0;
    for (uint32_t d = 0; d < list_count(p, dims); d++)
        if (list_count(p, dialect_param(p->c, ir_at(p->c, dims, d), STR("axes"))))
            return true;
    return false;
}

bool shard_same(const sharding *a, const sharding *b) {
    bool same = a->rank == b->rank;
    for (int d = 0; same && d < a->rank; d++)
        same = shard_axes_equal(&a->dim[d], &b->dim[d]);
    return same;
}

uint32_t shard_used(const sharding *s) {
    uint32_t bits = 0;
    for (int d = 0; d < s->rank; d++)
        bits |= shard_axes_bits(&s->dim[d]);
    return bits;
}

ir_type shard_local_type(pass_context *p, const shard_mesh *mesh, ir_type global, const sharding *s) {
    int64_t dims[PASS_MAX_RANK];
    if (!shard_used(s))
        return global;
    if (type_shape(p->c, global, dims) != s->rank)
        return 0;
    for (int d = 0; d < s->rank; d++) {
        int64_t parts = shard_parts(mesh, &s->dim[d]);
        if (dims[d] % parts)
            return 0;
        dims[d] /= parts;
    }
    return type_with_shape(p, global, dims, (uint32_t)s->rank);
}
