/* pass_activation_dtype.c - ttnn-ccl-activation-dtype-lowering: what matmuls of a transformer block send between devices
 * is computed in bfp_bf8, which halves the traffic.
 *
 *   matmul ─▶ views, collectives ─▶ add(residual)               attention output, MLP down projection
 *   matmul ─▶ views, collectives, silu ─▶ multiply ─▶ matmul    MLP up and gate, when that matmul is of the first kind
 *
 * Chains have no branches. The residual is bf16 or f32, and so is the sum again.
 */
#include "compile/passes.h"
#include "compile/ttnn_build.h"

static bool is_view(pass_context *p, ir_op op) {
    return op_is(p->m, op, OP_ttnn_reshape) || op_is(p->m, op, OP_ttnn_slice_static) ||
           op_is(p->m, op, OP_ttnn_to_memory_config);
}

static bool is_collective(pass_context *p, ir_op op) {
    return op_is(p->m, op, OP_ttnn_all_gather) || op_is(p->m, op, OP_ttnn_reduce_scatter) ||
           op_is(p->m, op, OP_ttnn_all_reduce);
}

static bool is_wide(pass_context *p, ir_value v) {
    target_dtype t = tn_dtype(p->c, ir_value_type(p->m, v));
    return t == DTYPE_BF16 || t == DTYPE_F32;
}

/* Where a chain from a matmul ends: the use behind its last op. */
typedef struct chain {
    ir_op end;
    uint32_t operand;
    bool collective;
} chain;

/* Follows the chain from `matmul`; false when it branches or ends in nothing. */
static bool follow(pass_context *p, ir_op matmul, bool through_silu, chain *c) {
    *c = (chain){0};
    ir_value v = ir_result(p->m, matmul, 0);
    if (!is_wide(p, v))
        return false;
    while (ir_has_one_use(p->e, v)) {
        uint32_t u = ir_first_use(p->e, v);
        ir_op user = ir_use_op(p->e, u);
        bool collective = is_collective(p, user);
        if (!collective && !is_view(p, user) && !(through_silu && op_is(p->m, user, OP_ttnn_silu))) {
            c->end = user;
            c->operand = ir_use_index(p->e, u);
            return c->collective;
        }
        c->collective |= collective;
        v = ir_result(p->m, user, 0);
    }
    return false;
}

static bool reaches_residual(pass_context *p, ir_op matmul) {
    chain c;
    return follow(p, matmul, false, &c) && op_is(p->m, c.end, OP_ttnn_add) &&
           is_wide(p, ir_operand(p->m, c.end, 1 - c.operand));
}

/* The multiplication of an MLP that the chain from `matmul` ends in, 0 when it is none. */
static ir_op mlp_gate(pass_context *p, ir_op matmul) {
    chain c;
    if (!follow(p, matmul, true, &c) || !op_is(p->m, c.end, OP_ttnn_multiply))
        return 0;
    ir_value v = ir_result(p->m, c.end, 0);
    ir_op down = ir_has_one_use(p->e, v) ? ir_only_user(p->e, v) : 0;
    return op_is(p->m, down, OP_ttnn_matmul) && reaches_residual(p, down) ? c.end : 0;
}

static void narrow(pass_context *p, ir_op op) {
    ir_value v = ir_result(p->m, op, 0);
    ir_type t = is_wide(p, v) ? tn_with_dtype(p, ir_value_type(p->m, v), DTYPE_BFP_BF8) : 0;
    if (t)
        ir_set_type(p->e, v, t);
}

/* Narrows the matmul and its chain up to `end`. */
static void narrow_chain(pass_context *p, ir_op matmul, ir_op end) {
    for (ir_op op = matmul; op != end; op = ir_only_user(p->e, ir_result(p->m, op, 0)))
        narrow(p, op);
}

bool pass_activation_dtype(pass_context *p) {
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op; op = ir_walk_next(p->m, p->scope, op)) {
        chain c;
        if (!op_is(p->m, op, OP_ttnn_matmul))
            continue;
        if (reaches_residual(p, op)) {
            follow(p, op, false, &c);
            narrow_chain(p, op, c.end);
            continue;
        }
        ir_op gate = mlp_gate(p, op);
        if (!gate)
            continue;
        narrow_chain(p, op, gate);
        narrow(p, gate);
    }
    return !p->m->failed;
}
