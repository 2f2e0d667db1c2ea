/* argument.c - arguments and functions as the TT dialects mark them. */
#include "dialect/argument.h"

#include "dialect/params.h"

ir_attr dialect_argument_attrs(const ir_module *m, ir_value arg) {
    ir_block block = ir_arg_block(m, arg);
    ir_region region = ir_block_at(m, block)->region;
    ir_attr all = ir_op_attr(m, ir_region_at(m, region)->op, STR("arg_attrs"));
    uint32_t i = ir_value_index(m, arg);
    if (!all || ir_region_at(m, region)->first != block || ir_kind_of(m->ctx, all) != IR_ATTR_ARRAY ||
        i >= ir_count(m->ctx, all))
        return 0;
    ir_attr dict = ir_at(m->ctx, all, i);
    return ir_kind_of(m->ctx, dict) == IR_ATTR_DICT ? dict : 0;
}

str dialect_argument_type(const ir_module *m, ir_value arg) {
    ir_attr dict = dialect_argument_attrs(m, arg);
    ir_attr type = dict ? ir_dict_get(m->ctx, dict, STR("ttcore.argument_type")) : 0;
    return type ? dialect_case_text(m->ctx, type) : STR("");
}

bool dialect_argument_is_known(const ir_module *m, ir_value arg) {
    str type = dialect_argument_type(m, arg);
    return str_eq(type, STR("parameter")) || str_eq(type, STR("constant"));
}

str dialect_function_kind(const ir_module *m, ir_op func) {
    ir_attr kind = ir_op_attr(m, func, STR("tt.function_type"));
    return kind && ir_kind_of(m->ctx, kind) == IR_ATTR_STRING ? ir_str_of(m->ctx, kind) : STR("");
}
