/* cpu-hoist-manually-tagged: ops tagged ttir.should_hoist run on the host, each in a function of its own.
 * cpu-hoist-const-eval: what const-eval functions compute runs on the host, which is more precise and needs no device
 * memory, except constants that are returned as they are (later passes look at them) and collectives. */
#include "base/vec.h"
#include "compile/cpu_hoist.h"
#include "compile/passes.h"

typedef VEC(ir_op) op_list;
typedef VEC(hoist_group) group_list;

/* ---- tagged ops ----------------------------------------------------------------------------------------- */

bool pass_cpu_hoist_tagged(pass_context *p) {
    ir_module *m = p->m;
    ir_op device = device_module(m);
    group_list groups;
    vec_init(&groups, m->mem);
    bool ok = true;
    for (ir_op op = device; ok && op; op = ir_walk_next(m, device, op)) {
        if (!ir_op_attr(m, op, STR("ttir.should_hoist")))
            continue;
        ir_op *ops = ARENA_NEW(&p->scratch, ir_op);
        uint32_t n = m->ops[op].n_results;
        ir_value *outputs = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
        ok = ops && outputs;
        for (uint32_t i = 0; ok && i < n; i++)
            outputs[i] = ir_result(m, op, i);
        if (ok)
            *ops = op;
        ok = ok && vec_push(&groups, (hoist_group){ops, 1, outputs, n, ir_op_name_str(m, op)});
    }
    ok = ok ? hoist_groups(p, groups.v, (uint32_t)groups.n) : pass_out_of_memory(p);
    vec_free(&groups);
    return ok;
}

/* ---- const-eval ----------------------------------------------------------------------------------------- */

/* Ops that the host can run: those that tt-mlir's TTIRToLinalg converts, some after a decomposition. */
static const uint16_t host_ops[] = {
    OP_ttir_abs,
    OP_ttir_acos,
    OP_ttir_add,
    OP_ttir_arange,
    OP_ttir_argmax,
    OP_ttir_asin,
    OP_ttir_asinh,
    OP_ttir_atan,
    OP_ttir_atan2,
    OP_ttir_avg_pool2d,
    OP_ttir_bitwise_and,
    OP_ttir_bitwise_not,
    OP_ttir_bitwise_or,
    OP_ttir_bitwise_xor,
    OP_ttir_broadcast,
    OP_ttir_cbrt,
    OP_ttir_ceil,
    OP_ttir_clamp_scalar,
    OP_ttir_concat,
    OP_ttir_concatenate_heads,
    OP_ttir_constant,
    OP_ttir_conv2d,
    OP_ttir_cos,
    OP_ttir_cumsum,
    OP_ttir_div,
    OP_ttir_dot_general,
    OP_ttir_embedding,
    OP_ttir_empty,
    OP_ttir_eq,
    OP_ttir_erf,
    OP_ttir_erfc,
    OP_ttir_exp,
    OP_ttir_expm1,
    OP_ttir_floor,
    OP_ttir_full,
    OP_ttir_ge,
    OP_ttir_gelu,
    OP_ttir_gelu_bw,
    OP_ttir_global_avg_pool2d,
    OP_ttir_gt,
    OP_ttir_hardsigmoid,
    OP_ttir_isfinite,
    OP_ttir_layer_norm,
    OP_ttir_le,
    OP_ttir_leaky_relu,
    OP_ttir_linear,
    OP_ttir_log,
    OP_ttir_log1p,
    OP_ttir_logical_and,
    OP_ttir_logical_left_shift,
    OP_ttir_logical_not,
    OP_ttir_logical_or,
    OP_ttir_logical_right_shift,
    OP_ttir_logical_xor,
    OP_ttir_lt,
    OP_ttir_matmul,
    OP_ttir_max,
    OP_ttir_max_pool2d,
    OP_ttir_max_pool2d_with_indices,
    OP_ttir_maximum,
    OP_ttir_mean,
    OP_ttir_min,
    OP_ttir_minimum,
    OP_ttir_mish,
    OP_ttir_multiply,
    OP_ttir_ne,
    OP_ttir_neg,
    OP_ttir_ones,
    OP_ttir_pad,
    OP_ttir_permute,
    OP_ttir_pow,
    OP_ttir_prod,
    OP_ttir_reciprocal,
    OP_ttir_reduce_and,
    OP_ttir_reduce_or,
    OP_ttir_relu,
    OP_ttir_relu6,
    OP_ttir_remainder,
    OP_ttir_repeat,
    OP_ttir_reshape,
    OP_ttir_rsqrt,
    OP_ttir_sigmoid,
    OP_ttir_sign,
    OP_ttir_silu,
    OP_ttir_sin,
    OP_ttir_slice_static,
    OP_ttir_softmax,
    OP_ttir_split_query_key_value_and_split_heads,
    OP_ttir_sqrt,
    OP_ttir_squeeze,
    OP_ttir_subtract,
    OP_ttir_sum,
    OP_ttir_tan,
    OP_ttir_tanh,
    OP_ttir_transpose,
    OP_ttir_typecast,
    OP_ttir_unsqueeze,
    OP_ttir_where,
    OP_ttir_zeros,
};

/* Elementwise ops whose result, or predicate, is of another kind than their operands. */
static const uint16_t mixing_ops[] = {
    OP_ttir_eq, OP_ttir_ge,          OP_ttir_gt,          OP_ttir_isfinite,   OP_ttir_le,
    OP_ttir_lt, OP_ttir_logical_and, OP_ttir_logical_not, OP_ttir_logical_or, OP_ttir_logical_xor,
    OP_ttir_ne, OP_ttir_typecast,    OP_ttir_where,
};

static bool is_listed(const ir_module *m, ir_op op, const uint16_t *ids, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (op_is(m, op, ids[i]))
            return true;
    return false;
}

static bool is_float(const ir_module *m, ir_value v) {
    return ir_kind_of(m->ctx, ir_element_type(m->ctx, ir_value_type(m, v))) == IR_TYPE_FLOAT;
}

/* Elementwise ops on the host take and give numbers of one kind, integers or floats (their widths are made equal). */
static bool runs_on_host(const ir_module *m, ir_op op) {
    const op_def *d = dialect_def_of(m, op);
    if (!is_listed(m, op, host_ops, sizeof host_ops / sizeof *host_ops))
        return false;
    if (!d || !(d->flags & OP_ELEMENTWISE) || is_listed(m, op, mixing_ops, sizeof mixing_ops / sizeof *mixing_ops))
        return true;
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
        if (is_float(m, ir_operand(m, op, i)) != is_float(m, ir_result(m, op, 0)))
            return false;
    return true;
}

static bool is_creation(const ir_module *m, ir_op op) {
    const op_def *d = dialect_def_of(m, op);
    return d && d->flags & OP_CREATION;
}

static bool is_barrier(const ir_module *m, ir_op op) {
    const op_def *d = dialect_def_of(m, op);
    return (d && d->flags & OP_COLLECTIVE) || op_is(m, op, OP_ttir_mesh_shard) || op_is(m, op, OP_ttir_mesh_partition);
}

/* Marks the reshapes and typecasts between a constant and the value that is returned; nothing when it is no constant. */
static void skip_constant(const ir_module *m, ir_value v, bool *skip) {
    ir_op def = ir_def_op(m, v), end = def;
    while (end && !is_creation(m, end)) {
        bool through = op_is(m, end, OP_ttir_reshape) || op_is(m, end, OP_ttir_typecast);
        end = through ? ir_def_op(m, ir_operand(m, end, 0)) : 0;
    }
    for (ir_op op = end ? def : 0; op; op = op == end ? 0 : ir_def_op(m, ir_operand(m, op, 0)))
        skip[op] = true;
}

/* The groups of all functions. Arrays are by op. */
struct choosing {
    pass_context *p;
    group_list groups;
    bool *skip;
    uint32_t *group_of; /* number of the group + 1 */
};

/* The group of ops[0..n), unless the host cannot run one of them. */
static bool add_group(struct choosing *k, const ir_op *ops, uint32_t n) {
    pass_context *p = k->p;
    ir_module *m = p->m;
    uint32_t n_out = 0, most = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!runs_on_host(m, ops[i])) {
            ir_op_warning(&p->report, ops[i], "stays on the device: the host cannot run it, nor the ops beside it");
            return true;
        }
        most += m->ops[ops[i]].n_results;
    }
    ir_op *copy = ARENA_ARRAY(&p->scratch, ir_op, n);
    ir_value *outputs = ARENA_ARRAY(&p->scratch, ir_value, most + 1);
    if (!copy || !outputs)
        return false;
    memcpy(copy, ops, n * sizeof *copy);
    for (uint32_t i = 0; i < n; i++)
        k->group_of[ops[i]] = (uint32_t)k->groups.n + 1;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t r = 0; r < m->ops[ops[i]].n_results; r++) {
            bool outside = false;
            for (ir_each_use(p->e, ir_result(m, ops[i], r), u))
                outside = outside || k->group_of[ir_use_op(p->e, u)] != k->groups.n + 1;
            if (outside)
                outputs[n_out++] = ir_result(m, ops[i], r);
        }
    return vec_push(&k->groups, (hoist_group){copy, n, outputs, n_out, STR("const_eval")});
}

/* The groups of one function: what stands between its barriers. */
static bool add_groups(struct choosing *k, ir_op func) {
    ir_module *m = k->p->m;
    ir_block body = body_of(m, func);
    ir_op end = body ? m->blocks[body].last : 0;
    if (!end)
        return true;
    for (ir_op op = m->blocks[body].first; op; op = m->ops[op].next)
        if (ir_op_attr(m, op, STR("ttir.cpu_hoisted_call")))
            return true;
    for (uint32_t i = 0; i < m->ops[end].n_operands; i++)
        skip_constant(m, ir_operand(m, end, i), k->skip);
    op_list segment;
    vec_init(&segment, m->mem);
    bool ok = true;
    for (ir_op op = m->blocks[body].first; ok && op; op = m->ops[op].next) {
        bool barrier = is_barrier(m, op) || op == end;
        if (barrier && segment.n) {
            ok = add_group(k, segment.v, (uint32_t)segment.n);
            vec_clear(&segment);
        }
        if (!barrier && !k->skip[op])
            ok = ok && vec_push(&segment, op);
    }
    vec_free(&segment);
    return ok;
}

bool pass_cpu_hoist_const_eval(pass_context *p) {
    ir_module *m = p->m;
    struct choosing k = {.p = p};
    vec_init(&k.groups, m->mem);
    k.skip = ARENA_ARRAY(&p->scratch, bool, m->n_ops);
    k.group_of = ARENA_ARRAY(&p->scratch, uint32_t, m->n_ops);
    bool ok = k.skip && k.group_of;
    for (each_func_inside(m, device_module(m), f))
        if (ok && str_eq(dialect_function_kind(m, f), STR("const_eval")))
            ok = add_groups(&k, f);
    ok = ok ? hoist_groups(p, k.groups.v, (uint32_t)k.groups.n) : pass_out_of_memory(p);
    vec_free(&k.groups);
    return ok;
}
