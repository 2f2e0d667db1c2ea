/* shard_local.c - what an op says of sizes, made true of one device's part. */
#include "compile/constant.h"
#include "compile/hlo.h"
#include "compile/shard.h"

typedef bool local_fn(pass_context *p, ir_op op, ir_op local);

/* An array attribute of n numbers, kept in the form that it has. */
static bool set_ints(pass_context *p, ir_op op, str key, const int64_t *v, uint32_t n) {
    ir_attr a = ir_op_attr(p->m, op, key), made;
    bool list = a && ir_kind_of(p->c, a) == IR_ATTR_ARRAY;
    uint64_t bits[PASS_MAX_RANK];
    dense_view view;
    for (uint32_t i = 0; i < n; i++)
        bits[i] = (uint64_t)v[i];
    made = dense_read(p->c, a, &view) ? dense_make(p, view.type, bits, n)
           : list                     ? make_i32_list(p, v, n)
                                      : make_i64s(p, v, n);
    ir_set_prop(p->e, op, key, made);
    return made != 0;
}

/* Entries that are the size of a dimension of the global tensor become that of the local one. */
static bool resize(pass_context *p, ir_op local, str key, const shape *global, const shape *part) {
    int64_t v[PASS_MAX_RANK];
    if (!hlo_ints(p, local, key, (uint32_t)global->n, 0, v))
        return pass_error(p, local, "has no list '%.*s' of one number per dimension", STR_ARG(key));
    bool any = false;
    for (int d = 0; d < global->n; d++)
        if (global->d[d] != part->d[d]) {
            any = true;
            v[d] = part->d[d];
        }
    return !any || set_ints(p, local, key, v, (uint32_t)global->n);
}

static bool shapes(pass_context *p, ir_op op, ir_op local, bool result, shape *global, shape *part) {
    return shape_of(p->m, result ? ir_result(p->m, op, 0) : ir_operand(p->m, op, 0), global) &&
           shape_of(p->m, result ? ir_result(p->m, local, 0) : ir_operand(p->m, local, 0), part);
}

static bool slice(pass_context *p, ir_op op, ir_op local) {
    shape global, part;
    return shapes(p, op, local, true, &global, &part) && resize(p, local, STR("limit_indices"), &global, &part);
}

static bool dynamic_slice(pass_context *p, ir_op op, ir_op local) {
    shape global, part;
    return shapes(p, op, local, true, &global, &part) && resize(p, local, STR("slice_sizes"), &global, &part);
}

/* Batching dimensions are looked up one at a time, also when they are cut: those keep their slices of one. */
static bool gather(pass_context *p, ir_op op, ir_op local) {
    shape global, part, batching;
    if (!shapes(p, op, local, false, &global, &part) ||
        !hlo_dims_below(p, op, STR("dimension_numbers"), STR("operandBatchingDims"), global.n, &batching))
        return false;
    for (int i = 0; i < batching.n; i++)
        part.d[batching.d[i]] = global.d[batching.d[i]];
    return resize(p, local, STR("slice_sizes"), &global, &part);
}

static bool reshape(pass_context *p, ir_op op, ir_op local) {
    shape global, part;
    return shapes(p, op, local, true, &global, &part) && resize(p, local, STR("shape"), &global, &part);
}

/* As many groups as inputs are left for. */
static bool convolution(pass_context *p, ir_op op, ir_op local) {
    shape global, part;
    int64_t groups = op_int_or(p->m, op, STR("feature_group_count"), 1),
            feature = hlo_dim(p, op, STR("dimension_numbers"), STR("inputFeatureDimension"));
    if (groups == 1 || !shapes(p, op, local, false, &global, &part) || feature < 0 || feature >= global.n)
        return true;
    groups = groups * part.d[feature] / global.d[feature];
    ir_set_prop(p->e, local, STR("feature_group_count"), make_i64(p, groups));
    return true;
}

/* The first part: along dimensions that are cut nothing changes. */
static bool constant(pass_context *p, ir_op op, ir_op local) {
    ir_type type = hlo_type(p, local);
    dense_view v;
    shape global, part;
    if (type == hlo_type(p, op))
        return true;
    if (!dense_read(p->c, ir_op_attr(p->m, op, STR("value")), &v) || !shapes(p, op, local, true, &global, &part))
        return false;
    int64_t n = v.splat ? 1 : shape_volume(&part);
    uint64_t *bits = ARENA_ARRAY(&p->scratch, uint64_t, (size_t)n + 1);
    if (!bits)
        return pass_out_of_memory(p);
    for (int64_t i = 0; i < n; i++) {
        int64_t from = 0, left = i, stride = 1;
        for (int d = part.n - 1; d >= 0; d--) {
            from += left % part.d[d] * stride;
            left /= part.d[d];
            stride *= global.d[d];
        }
        bits[i] = dense_at(&v, from);
    }
    ir_set_prop(p->e, local, STR("value"), v.splat ? dense_splat(p, type, bits[0]) : dense_make(p, type, bits, n));
    return true;
}

static const struct {
    uint16_t op;
    local_fn *fn;
} rows[] = {
    {OP_sdy_constant, constant},
    {OP_stablehlo_constant, constant},
    {OP_stablehlo_convolution, convolution},
    {OP_stablehlo_dynamic_slice, dynamic_slice},
    {OP_stablehlo_gather, gather},
    {OP_stablehlo_slice, slice},
    {OP_ttir_reshape, reshape},
};

bool shard_localize(pass_context *p, ir_op op, ir_op local) {
    uint32_t id = op_id(p->m, op);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].op == id && !rows[i].fn(p, op, local))
            return p->m->failed ? pass_out_of_memory(p) : pass_error(p, op, "cannot be cut over devices");
    return true;
}
