/* canon_ttnn.c - the canonicalisation patterns of ttnn ops (getCanonicalizationPatterns of tt-mlir's TTNNOps.cpp). */
#include "compile/constant.h"
#include "compile/rewrite.h"
#include "compile/ttnn_build.h"

static ir_type result_type(const ir_module *m, ir_op op) {
    return ir_value_type(m, ir_result(m, op, 0));
}

/* constant of equal elements -> full */
static bool splat_constant(pass_context *p, ir_op op) {
    ir_attr value = ir_op_attr(p->m, op, STR("value"));
    dense_view v;
    if (!value || !dense_read(p->c, value, &v) || !v.splat)
        return false;
    shape s = tn_shape_of_type(p->c, result_type(p->m, op));
    ir_attr fill = fill_from_bits(p, &v.of, dense_at(&v, 0));
    if (!fill || s.n < 0)
        return false;
    attr_entry props[] = {{STR("fill_value"), fill}, {STR("shape"), ttnn_shape_attr(p->c, s.d, (uint32_t)s.n)}};
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    ir_value device = n ? ir_operand(p->m, op, 0) : 0;
    ir_value full = build_value(p, OP_ttnn_full, ir_op_at(p->m, op)->loc, &device, n, result_type(p->m, op),
                                make_dict(p, props, 2));
    if (full)
        ir_replace1(p->e, op, full);
    return full != 0;
}

/* typecast(typecast(x)) -> typecast(x), when the first has no other use. The merged one stands where the first was. */
bool tn_merge_typecasts(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0);
    ir_op before = def_is(p->m, in, OP_ttnn_typecast);
    if (!before || !ir_has_one_use(p->e, in))
        return false;
    ir_type t = result_type(p->m, op);
    ir_edit_at(p->e, before);
    ir_value v = tn_unary(p, OP_ttnn_typecast, ir_op_at(p->m, before)->loc, ir_operand(p->m, before, 0), t);
    if (!v)
        return false;
    ir_replace1(p->e, before, v);
    ir_replace1(p->e, op, v);
    return true;
}

static bool makes_on_host(uint32_t id) {
    return id == OP_ttnn_arange || id == OP_ttnn_zeros || id == OP_ttnn_ones || id == OP_ttnn_full ||
           id == OP_ttnn_constant;
}

/* A tensor that is only made to be moved is made there. */
static bool merge_into_creation(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0);
    ir_op maker = ir_def_op(p->m, in);
    uint32_t id = maker ? op_id(p->m, maker) : OP_N;
    ttnn_layout to;
    if (!(makes_on_host(id) || id == OP_ttnn_empty || id == OP_ttnn_rand) || !ir_has_one_use(p->e, in) ||
        !ttnn_layout_of(p->c, result_type(p->m, op), &to) || (!ttnn_on_device(&to) && !makes_on_host(id)))
        return false;
    uint32_t n = ir_op_at(p->m, maker)->n_operands;
    if (!n && ttnn_on_device(&to)) {
        ir_value device = tn_device(p, op);
        if (!device)
            return false;
        ir_set_operands(p->e, maker, &device, 1);
    } else if (n && !ttnn_on_device(&to)) {
        ir_remove_operand(p->e, maker, 0);
    }
    ir_set_type(p->e, in, ttnn_tensor_type(p->c, ir_value_type(p->m, in), &to));
    ir_replace1(p->e, op, in);
    return true;
}

/* empty that is moved to the host -> zeros there: the host has no empty. */
static bool host_empty(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0);
    ir_op empty = def_is(p->m, in, OP_ttnn_empty);
    ir_type t = result_type(p->m, op);
    if (!empty || !ir_has_one_use(p->e, in) || tn_on_device(p->c, t))
        return false;
    ir_edit_at(p->e, empty);
    attr_entry props[] = {{STR("shape"), ir_op_attr(p->m, empty, STR("shape"))}};
    ir_value zeros = build_value(p, OP_ttnn_zeros, ir_op_at(p->m, empty)->loc, NULL, 0, t, make_dict(p, props, 1));
    if (!zeros)
        return false;
    ir_replace1(p->e, empty, zeros);
    ir_replace1(p->e, op, zeros);
    return true;
}

/* matmul broadcasts dimension 1 of a right operand of one batch by itself. */
static bool drop_repeat(pass_context *p, ir_op op) {
    ir_op repeat = def_is(p->m, ir_operand(p->m, op, 1), OP_ttnn_repeat);
    if (!repeat)
        return false;
    int64_t times[PASS_MAX_RANK];
    shape a = tn_shape_of(p->m, ir_operand(p->m, op, 0)), b = tn_shape_of(p->m, ir_operand(p->m, op, 1));
    ir_attr dims = ir_op_attr(p->m, repeat, STR("repeat_dims"));
    if (a.n != 4 || b.n != 4 || !dims || dialect_param_ints(p->c, dims, STR("shape"), times, PASS_MAX_RANK) != 4)
        return false;
    for (int i = 0; i < 4; i++)
        if ((times[i] != 1) != (i == 1))
            return false;
    if (b.d[0] != 1 || a.d[1] != b.d[1])
        return false;
    ir_set_operand(p->e, op, 1, ir_operand(p->m, repeat, 0));
    return true;
}

/* permute that only moves dimensions of one element -> reshape */
static bool permute_to_reshape(pass_context *p, ir_op op) {
    int64_t perm[PASS_MAX_RANK], last = -1;
    shape s = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    if (s.n < 0 || op_ints(p->m, op, STR("permutation"), perm, PASS_MAX_RANK) != (uint32_t)s.n)
        return false;
    for (int i = 0; i < s.n; i++) {
        if (perm[i] < 0 || perm[i] >= s.n)
            return false;
        if (s.d[perm[i]] == 1)
            continue;
        if (perm[i] < last)
            return false;
        last = perm[i];
    }
    ir_value v = tn_reshape_to(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), result_type(p->m, op));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

const rewrite_pattern canon_ttnn_patterns[] = {
    {OP_ttnn_constant, 1, splat_constant},    {OP_ttnn_matmul, 1, drop_repeat},
    {OP_ttnn_permute, 1, permute_to_reshape}, {OP_ttnn_to_tensor_spec, 1, merge_into_creation},
    {OP_ttnn_to_tensor_spec, 1, host_empty},  {OP_ttnn_typecast, 1, tn_merge_typecasts},
};
const uint32_t canon_ttnn_patterns_n = sizeof canon_ttnn_patterns / sizeof canon_ttnn_patterns[0];
