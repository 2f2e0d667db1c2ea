/* Ops whose body is a region: what the body does, looked up or run. */
#include "exec/kernels.h"

/* The op of a region that is one op on its two arguments (in either order) and a return of its result; 0 otherwise. */
static ir_op single_op(struct planner *p, ir_op op) {
    const ir_module *m = p->m;
    ir_region r = ir_op_at(m, op)->n_regions ? ir_op_region(m, op, 0) : 0;
    ir_block b = r ? ir_region_at(m, r)->first : 0;
    if (!b || ir_block_at(m, b)->next || ir_block_at(m, b)->n_args != 2)
        return 0;
    ir_op body = ir_block_at(m, b)->first, end = body ? ir_op_at(m, body)->next : 0;
    ir_value args = ir_block_at(m, b)->args;
    if (!end || ir_op_at(m, end)->next || ir_op_at(m, body)->n_operands != 2 || ir_op_at(m, body)->n_results != 1 ||
        ir_op_at(m, end)->n_operands != 1 || ir_operand(m, end, 0) != ir_op_at(m, body)->results)
        return 0;
    ir_value x = ir_operand(m, body, 0), y = ir_operand(m, body, 1);
    return (x == args && y == args + 1) || (x == args + 1 && y == args) ? body : 0;
}

bool region_fold(struct planner *p, ir_op op, vec_fold *out) {
    static const struct {
        const char *op;
        vec_fold fold;
    } folds[] = {{"stablehlo.add", FOLD_SUM},     {"stablehlo.multiply", FOLD_PROD}, {"stablehlo.maximum", FOLD_MAX},
                 {"stablehlo.minimum", FOLD_MIN}, {"stablehlo.and", FOLD_AND},       {"stablehlo.or", FOLD_OR},
                 {"stablehlo.xor", FOLD_XOR}};
    ir_op body = single_op(p, op);
    if (!body)
        return false;
    str name = ir_op_name_str(p->m, body);
    struct exec_type t;
    for (size_t i = 0; i < sizeof folds / sizeof folds[0]; i++)
        if (str_eq(name, str_from_z(folds[i].op))) {
            *out = folds[i].fold;
            /* Bits of integers are no truth values. */
            if (*out < FOLD_AND)
                return true;
            return type_of(p, ir_value_type(p->m, ir_op_at(p->m, body)->results), &t) && t.dtype == TENSOR_BOOL;
        }
    return false;
}
