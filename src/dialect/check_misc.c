/* Rules of single ops outside ttir and ttnn. Messages as in tt-mlir. */
#include "dialect/check_inner.h"

#include "dialect/ids.h"

static bool check_set_key_value(checker *k) {
    return ck_in_count(k, "values", NULL) || ck_fail(k, "requires at least one value");
}

static bool check_get_key_value(checker *k) {
    return k->m->ops[k->op].n_results || ck_fail(k, "requires at least one result");
}

/* ---- emitpy --------------------------------------------------------------------------------------------- */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Whether a name can stand in Python source. */
static bool check_identifier(checker *k, str name) {
    static const char *const keywords[] = {"False",  "None",   "True",    "and",      "as",       "assert", "async",
                                           "await",  "break",  "class",   "continue", "def",      "del",    "elif",
                                           "else",   "except", "finally", "for",      "from",     "global", "if",
                                           "import", "in",     "is",      "lambda",   "nonlocal", "not",    "or",
                                           "pass",   "raise",  "return",  "try",      "while",    "with",   "yield"};
    if (!name.n)
        return ck_fail(k, "variable name must not be empty");
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (str_eq(name, str_from_z(keywords[i])))
            return ck_fail(k, "variable name must not be a keyword");
    if (!is_letter(name.p[0]))
        return ck_fail(k, "variable name must start with a letter or '_'");
    for (size_t i = 1; i < name.n; i++)
        if (!is_letter(name.p[i]) && (name.p[i] < '0' || name.p[i] > '9'))
            return ck_fail(k, "variable name may only contain alphanumeric characters and '_'");
    return true;
}

static bool check_python_attr(checker *k) {
    return check_identifier(k, ck_text(k, "attr_name"));
}

static bool check_python_global(checker *k) {
    return check_identifier(k, ck_text(k, "sym_name"));
}

static bool check_python_dict(checker *k) {
    return check_identifier(k, ck_text(k, "dict_name"));
}

/* A method of an emitpy.class: errors are about the function. */
static bool check_method(checker *k, ir_op method, str class_name, uint32_t *inits) {
    const ir_module *m = k->m;
    const ir_context *c = k->ctx;
    ir_attr kind_attr = ir_op_attr(m, method, STR("emitpy.method_kind")),
            type = ir_op_attr(m, method, STR("function_type"));
    str kind = kind_attr ? ir_str_of(c, kind_attr) : STR("instance");
    bool is_init = str_eq(ir_str_of(c, ir_op_attr(m, method, STR("sym_name"))), STR("__init__"));
    bool instance = str_eq(kind, STR("instance")), of_class = str_eq(kind, STR("classmethod"));
    if (ir_kind_of(c, type) != IR_ATTR_TYPE || ir_kind_of(c, ir_at(c, type, 0)) != IR_TYPE_FUNCTION)
        return true;
    ir_type signature = ir_at(c, type, 0);
    uint32_t n_in = ir_at(c, signature, 0), n_out = ir_count(c, signature) - 1 - n_in;
    const char *wrong = NULL;
    if (!instance && !of_class && !str_eq(kind, STR("staticmethod")))
        wrong = "emitpy.method_kind must be one of 'instance', 'staticmethod', or 'classmethod'";
    else if (is_init && n_out)
        wrong = "__init__ must not return a value";
    else if (is_init && !instance)
        wrong = "__init__ must be an instance method";
    else if ((instance || of_class) && !n_in)
        wrong = "instance and class methods must take a receiver argument";
    if (wrong) {
        ir_op_error(&k->r, method, "%s", wrong);
        return false;
    }
    *inits += is_init;
    if (!instance && !of_class)
        return true;
    ir_attr arguments = ir_op_attr(m, method, STR("arg_attrs"));
    ir_attr first = ir_kind_of(c, arguments) == IR_ATTR_ARRAY && ir_count(c, arguments) ? ir_at(c, arguments, 0) : 0;
    ir_attr name = ir_dict_get(c, first, STR("emitpy.name"));
    str expected = of_class ? STR("cls") : STR("self");
    if (name && !str_eq(ir_str_of(c, name), expected)) {
        ir_op_error(&k->r, method, "first argument must be named '%.*s' via emitpy.name", STR_ARG(expected));
        return false;
    }
    if (of_class)
        return true;
    ir_type self = ir_at(c, signature, 1);
    if (!dialect_is_type(c, self, TYPE_emitpy_class)) {
        ir_op_error(&k->r, method, "self argument must have !emitpy.class type");
        return false;
    }
    if (!str_eq(dialect_param_text(c, self, STR("name")), class_name)) {
        ir_op_error(&k->r, method, "self type must match class name '%.*s'", STR_ARG(class_name));
        return false;
    }
    return true;
}

static bool check_class(checker *k) {
    const ir_module *m = k->m;
    str name = ck_text(k, "sym_name");
    if (!check_identifier(k, name))
        return false;
    ir_block body = m->regions[ir_op_region(m, k->op, 0)].first;
    uint32_t inits = 0;
    for (ir_op op = m->blocks[body].first; op; op = m->ops[op].next) {
        str inner = ir_op_name_str(m, op);
        if (str_eq(inner, STR("func.func"))) {
            if (!check_method(k, op, name, &inits))
                return false;
        } else if (!str_eq(dialect_prefix(inner), STR("emitpy"))) {
            ir_op_error(&k->r, op, "only emitpy or func operations are allowed in a class body");
            return false;
        }
    }
    return inits <= 1 || ck_fail(k, "class body must have at most one __init__");
}

const ck_rule ck_rules_misc[] = {
    {"d2m.generic", ck_d2m_generic, false},
    {"d2m.remote_load", ck_d2m_remote, true},
    {"d2m.remote_store", ck_d2m_remote, true},
    {"d2m.spatial", ck_d2m_spatial, true},
    {"emitpy.class", check_class, true},
    {"emitpy.create_dict", check_python_dict, true},
    {"emitpy.get_attr", check_python_attr, true},
    {"emitpy.global", check_python_global, true},
    {"emitpy.set_attr", check_python_attr, true},
    {"ttcore.get_key_value", check_get_key_value, true},
    {"ttcore.set_key_value", check_set_key_value, true},
    {NULL, NULL, false},
};
