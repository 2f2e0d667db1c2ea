/* shard.c - meshes and shardings: sdy's attributes as small structs, and back. */
#include "compile/shard.h"

#include "base/vec.h"
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
        mesh->of[mesh->n] = (uint8_t)mesh->n;
        mesh->before[mesh->n] = 1;
        mesh->all[mesh->n] = mesh->size[mesh->n];
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

/* ---- parts of axes -------------------------------------------------------------------------------------- */

/* The part of an axis that a reference names: of how many devices each, and how many; all of it without. False: no axis of so many
 * devices has it. */
static bool part_of_ref(pass_context *p, ir_attr ref, int64_t all, int64_t *before, int64_t *size) {
    ir_attr part = dialect_param(p->c, ref, STR("sub_axis_info"));
    *before = 1;
    *size = all;
    if (part) {
        dialect_param_int(p->c, part, STR("pre_size"), before);
        dialect_param_int(p->c, part, STR("size"), size);
    }
    return *before >= 1 && *before <= all && *size >= 1 && *size <= all / *before;
}

/* Where each axis is cut: multiples that its major parts come to. */
typedef struct cuts {
    const shard_mesh *mesh;
    int64_t at[SHARD_MAX_AXES][SHARD_MAX_AXES];
    uint32_t n[SHARD_MAX_AXES];
    bool too_many;
    VEC(ir_node) todo;    /* of one attribute */
    struct map_u64 known; /* nodes that were looked at: many ops have one sharding */
} cuts;

/* Sorted, each once; 1 and all of the axis are none. */
static void add_cut(cuts *c, uint32_t axis, int64_t at) {
    uint32_t i = 0;
    if (at <= 1 || at >= c->mesh->size[axis])
        return;
    while (i < c->n[axis] && c->at[axis][i] < at)
        i++;
    if (i < c->n[axis] && c->at[axis][i] == at)
        return;
    if (c->n[axis] == SHARD_MAX_AXES) {
        c->too_many = true;
        return;
    }
    for (uint32_t k = c->n[axis]++; k > i; k--)
        c->at[axis][k] = c->at[axis][k - 1];
    c->at[axis][i] = at;
}

/* All references to parts of axes in an attribute, whatever it is made of. False when out of memory. */
static bool collect_cuts(pass_context *p, ir_attr attr, cuts *c) {
    bool fresh, ok = vec_push(&c->todo, attr);
    while (ok && c->todo.n) {
        ir_node node = c->todo.v[--c->todo.n];
        ir_kind kind = ir_kind_of(p->c, node);
        ok = map_u64_put(&c->known, node, 0, &fresh) != NULL;
        if (!ok || !fresh)
            continue;
        if (dialect_is_attr(p->c, node, ATTR_sdy_axis_ref) && dialect_param(p->c, node, STR("sub_axis_info"))) {
            str name = dialect_param_text(p->c, node, STR("name"));
            int64_t before, size;
            for (uint32_t a = 0; a < c->mesh->n; a++) {
                if (!str_eq(c->mesh->axis[a], name) || !part_of_ref(p, node, c->mesh->size[a], &before, &size))
                    continue;
                add_cut(c, a, before);
                add_cut(c, a, before * size);
            }
            continue;
        }
        uint32_t count =
            kind == IR_ATTR_ARRAY || kind == IR_ATTR_DICT || kind == IR_ATTR_DIALECT ? ir_count(p->c, node) : 0;
        /* A dictionary has keys between its values, a dialect attribute its definition in front. */
        for (uint32_t i = kind != IR_ATTR_ARRAY; ok && i < count; i += kind == IR_ATTR_DICT ? 2 : 1)
            ok = !ir_at(p->c, node, i) || vec_push(&c->todo, ir_at(p->c, node, i));
    }
    return ok || pass_out_of_memory(p);
}

static bool names_shardings(pass_context *p, ir_op op) {
    return op_is(p->m, op, OP_func_func) || str_starts_with(ir_op_name_str(p->m, op), STR("sdy."));
}

bool shard_split_axes(pass_context *p, ir_op module, shard_mesh *mesh) {
    const shard_mesh whole = *mesh;
    cuts c = {.mesh = &whole};
    bool ok = true;
    vec_init(&c.todo, p->m->mem);
    map_u64_init(&c.known, p->m->mem);
    for (ir_op op = mesh->n ? module : 0; ok && op; op = ir_walk_next(p->m, module, op)) {
        ir_attr own = ir_op_attr(p->m, op, STR("sdy.sharding")), props = ir_op_at(p->m, op)->props;
        ok = (!own || collect_cuts(p, own, &c)) && (!props || !names_shardings(p, op) || collect_cuts(p, props, &c));
    }
    vec_free(&c.todo);
    map_u64_free(&c.known);
    if (!ok)
        return false;
    mesh->n = 0;
    for (uint32_t a = 0; a < whole.n; a++) {
        int64_t before = 1;
        for (uint32_t i = 0; i <= c.n[a]; i++) {
            int64_t end = i < c.n[a] ? c.at[a][i] : whole.size[a];
            if (end % before || (i == c.n[a] && whole.size[a] % before))
                return pass_error(p, whole.op, "has the axis \"%.*s\", of which shardings name parts that overlap",
                                  STR_ARG(whole.axis[a]));
            if (mesh->n == SHARD_MAX_AXES || c.too_many)
                return pass_error(p, whole.op, "has axes of which shardings name too many parts: there may be %d",
                                  SHARD_MAX_AXES);
            mesh->axis[mesh->n] = whole.axis[a];
            mesh->of[mesh->n] = (uint8_t)a;
            mesh->before[mesh->n] = before;
            mesh->all[mesh->n] = whole.size[a];
            mesh->size[mesh->n++] = end / before;
            before = end;
        }
    }
    return true;
}

/* ---- shardings ------------------------------------------------------------------------------------------ */

void shard_open(sharding *s, int rank) {
    *s = (sharding){.rank = rank};
}

static const char no_part[] = "cuts along a part of an axis that the axis does not have";

static bool read_axes(pass_context *p, const shard_mesh *mesh, ir_attr list, uint32_t *used, shard_axes *out,
                      const char **why) {
    for (uint32_t i = 0; i < list_count(p, list); i++) {
        ir_attr ref = ir_at(p->c, list, i);
        str name = dialect_param_text(p->c, ref, STR("name"));
        int64_t left = 0; /* devices of the part that are still to be found, once its first axis is */
        *why = "cuts along an axis that the mesh does not have";
        for (uint32_t a = 0; a < mesh->n && left != 1; a++) {
            int64_t before, size;
            if (!str_eq(mesh->axis[a], name))
                continue;
            *why = no_part;
            if (!part_of_ref(p, ref, mesh->all[a], &before, &size))
                return false;
            left = left ? left : size;
            if (mesh->before[a] < before || mesh->before[a] >= before * size)
                continue;
            *why = *used & 1u << a ? "cuts twice along one axis" : no_part;
            if (*used & 1u << a || left % mesh->size[a])
                return false;
            *used |= 1u << a;
            left /= mesh->size[a];
            if (mesh->size[a] > 1)
                out->axis[out->n++] = (uint8_t)a;
        }
        *why = left == 1 ? NULL : *why;
        if (*why)
            return false;
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

/* Parts of one axis that follow each other are named as one. */
static ir_attr axes_attr(pass_context *p, const shard_mesh *mesh, const shard_axes *axes) {
    ir_attr refs[SHARD_MAX_AXES];
    uint32_t n = 0;
    for (unsigned i = 0, next; i < axes->n; i = next) {
        unsigned first = axes->axis[i];
        int64_t size = mesh->size[first];
        for (next = i + 1; next < axes->n; next++) {
            unsigned a = axes->axis[next];
            if (mesh->of[a] != mesh->of[first] || mesh->before[a] != mesh->before[first] * size)
                break;
            size *= mesh->size[a];
        }
        ir_node part[] = {dialect_int(p->c, mesh->before[first]), dialect_int(p->c, size)};
        ir_node params[] = {ir_attr_string(p->c, mesh->axis[first], 0),
                            size < mesh->all[first] ? dialect_make_attr(p->c, ATTR_sdy_sub_axis_info, part) : 0};
        refs[n++] = dialect_make_attr(p->c, ATTR_sdy_axis_ref, params);
    }
    return n ? ir_attr_array(p->c, refs, n) : 0;
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
