/* tt-populate-argument-types: marks arguments as the option says: "func=input,parameter,constant;func2=...". */
#include "compile/passes.h"

static str next_part(str *rest, char end) {
    size_t at = str_find_char(*rest, end);
    str part = str_slice(*rest, 0, at);
    *rest = str_from(*rest, at + 1);
    return part;
}

/* The list of one function. */
static bool mark(pass_context *p, ir_op func, str list) {
    ir_block entry = p->m->regions[ir_op_region(p->m, func, 0)].first;
    uint32_t n = entry ? p->m->blocks[entry].n_args : 0, given = 0;
    for (str rest = list; rest.n; given++)
        next_part(&rest, ',');
    if (given != n)
        return pass_error_plain(p, func,
                                "Did not provide the correct number of argument types for function: \"%.*s\". "
                                "Expected: %u arguments, got: %u arguments",
                                STR_ARG(symbol_name(p->m, func)), n, given);
    str rest = list;
    for (uint32_t i = 0; i < n; i++) {
        str type = next_part(&rest, ',');
        if (!str_eq(type, STR("input")) && !str_eq(type, STR("parameter")) && !str_eq(type, STR("constant")) &&
            !str_eq(type, STR("default")))
            return pass_error_plain(p, func, "Invalid argument type: %.*s", STR_ARG(type));
        func_set_arg_attr(p, func, i, STR("ttcore.argument_type"),
                          dialect_make_case(p->c, ATTR_ttcore_argument_type, type));
    }
    return true;
}

bool pass_argument_types(pass_context *p) {
    str rest = p->o->argument_types;
    while (rest.n) {
        str list = next_part(&rest, ';'), name = next_part(&list, '=');
        if (!list.n)
            return pass_error_plain(p, p->scope, "Invalid format. Expected: function=type1,type2;function=type1,type2");
        ir_op func = find_symbol(p->m, p->scope, name);
        if (!op_is(p->m, func, OP_func_func))
            return pass_error_plain(p, p->scope,
                                    "Function: \"%.*s\" was provided in the argument types map, however it was not "
                                    "found in module!",
                                    STR_ARG(name));
        if (!mark(p, func, list))
            return false;
    }
    return true;
}
