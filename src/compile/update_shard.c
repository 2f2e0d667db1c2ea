/* update_shard.c - ttir.mesh_shard of shard_type identity, which older versions wrote where a program gets or gives tensors that
 * are in parts already:
 *
 *   func @main(%x: tensor<1024x64xf32>)                              func @main(%x: tensor<512x64xf32> {presharded})
 *   %0 = "ttir.mesh_shard"(%x) identity -> tensor<512x64xf32>  ──▶
 *
 * Today the argument (or result) has the type of one device's part itself, and says so in ttcore.shard_status and
 * ttcore.local_shape (reference: multichip.md, sections 1 and 2). In the middle of a program, where the sizes differ, there is
 * no such op today. */
#include "compile/hlo.h"
#include "compile/shard_func.h"
#include "compile/update.h"

static const str status_key = STR_INIT("ttcore.shard_status"), shape_key = STR_INIT("ttcore.local_shape");

static ir_attr presharded(pass_context *p) {
    return dialect_make_case(p->c, ATTR_ttcore_shard_status, STR("presharded"));
}

static ir_attr local_shape(pass_context *p, ir_type type) {
    ir_node t = ir_attr_type(p->c, type);
    return dialect_make_attr(p->c, ATTR_ttcore_local_shape, &t);
}

static bool is_misplaced(pass_context *p, ir_op op) {
    return pass_error(p, op,
                      "has the shard_type 'identity' of older versions at a tensor that is no argument or result of "
                      "its function, or is used otherwise");
}

/* Whether all that reads v are such ops with results of this type. */
static bool only_taken_as(pass_context *p, ir_value v, ir_type type) {
    for (ir_each_use(p->e, v, u)) {
        ir_op user = ir_use_op(p->e, u);
        if (check_older_form_of(p->m, user) != CHECK_OLDER_IDENTITY ||
            ir_value_type(p->m, ir_result(p->m, user, 0)) != type)
            return false;
    }
    return true;
}

/* An argument that comes in parts. Other such ops on it follow, and find its type to be theirs. */
static bool update_argument(pass_context *p, ir_op op, ir_value v, ir_type type) {
    ir_block block = ir_arg_block(p->m, v);
    ir_op func = block ? func_of(p->m, op) : 0;
    if (!func || body_of(p->m, func) != block || !only_taken_as(p, v, type))
        return is_misplaced(p, op);
    uint32_t i = v - ir_block_at(p->m, block)->args;
    func_set_arg_attr(p, func, i, status_key, presharded(p));
    func_set_arg_attr(p, func, i, shape_key, local_shape(p, type));
    ir_set_type(p->e, v, type);
    ir_replace1(p->e, op, v);
    update_function_type(p, func);
    return true;
}

/* Results that go in parts. */
static bool update_results(pass_context *p, ir_op op, ir_value v, ir_type type) {
    ir_value whole = ir_result(p->m, op, 0);
    ir_op func = 0;
    for (ir_each_use(p->e, whole, u)) {
        ir_op user = ir_use_op(p->e, u);
        func = op_is(p->m, user, OP_func_return) ? func_of(p->m, user) : 0;
        if (!func)
            return is_misplaced(p, op);
        if (!shard_set_result_attr(p, func, ir_use_index(p->e, u), status_key, presharded(p)) ||
            !shard_set_result_attr(p, func, ir_use_index(p->e, u), shape_key, local_shape(p, type)))
            return pass_out_of_memory(p);
    }
    ir_replace1(p->e, op, v);
    if (func)
        update_function_type(p, func);
    return true;
}

bool update_identity(pass_context *p, ir_op op) {
    if (check_older_form_of(p->m, op) != CHECK_OLDER_IDENTITY)
        return true;
    ir_value v = ir_operand(p->m, op, 0);
    ir_type in = ir_value_type(p->m, v), out = ir_value_type(p->m, ir_result(p->m, op, 0));
    if (in == out) {
        ir_replace1(p->e, op, v);
        return true;
    }
    bool to_parts = str_eq(dialect_case_text(p->c, ir_op_attr(p->m, op, STR("shard_direction"))), STR("full_to_shard"));
    return to_parts ? update_argument(p, op, v, out) : update_results(p, op, v, in);
}
