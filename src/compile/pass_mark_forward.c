/* ttcore-mark-functions-as-forward: public functions without a kind become device functions. */
#include "compile/passes.h"

bool pass_mark_forward(pass_context *p) {
    ir_module *m = p->m;
    for (ir_op op = p->scope; op; op = ir_walk_next(m, p->scope, op)) {
        if (!op_is(m, op, OP_func_func) || ir_op_attr(m, op, STR("tt.function_type")))
            continue;
        ir_attr visibility = ir_op_attr(m, op, STR("sym_visibility"));
        if (visibility && str_eq(ir_str_of(p->c, visibility), STR("private")))
            continue;
        ir_set_attr(p->e, op, STR("tt.function_type"), ir_attr_string(p->c, STR("forward_device"), false));
    }
    return true;
}
