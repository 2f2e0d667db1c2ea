/* The form of func.func and its like. */
#include "text/forms_func.h"

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* What a signature leaves on the stack, each list closed: arguments, then pairs of type and dictionary (or 0). */
typedef struct signature {
    uint32_t args, n_args;
    uint32_t results, n_results;
    bool named; /* the arguments have names: there is a body */
} signature;

/* One argument: `%name: type {attrs} loc(...)`, or without the name. */
static bool read_arg(reader *r, signature *s) {
    rd_arg a = {.name = {.at = UINT32_MAX}};
    bool named = rd_is_value(r);
    if (s->n_args && named != s->named)
        return named ? rd_error(r, rd_pos(r), "expected type instead of SSA identifier")
                     : rd_error(r, rd_pos(r), "expected SSA identifier");
    s->named = named;
    if (named) {
        if (!rd_argument(r, true, true, &a))
            return false;
    } else {
        a.type = rd_type(r);
        if (!a.type)
            return false;
        if (rd_is(r, '{') && !(a.attrs = rd_dict(r)))
            return false;
        if (!rd_opt_loc(r, &a.loc))
            return false;
    }
    s->n_args++;
    return rd_push_arg(r, &a);
}

static bool read_result(reader *r, signature *s, bool with_attrs) {
    ir_attr attrs = 0;
    ir_type t = rd_type(r);
    if (!t)
        return false;
    if (with_attrs && rd_is(r, '{') && !(attrs = rd_dict(r)))
        return false;
    s->n_results++;
    return rd_push(r, t) && rd_push(r, attrs);
}

static bool read_signature(reader *r, signature *s) {
    *s = (signature){.args = rd_mark(r)};
    if (!rd_expect(r, '('))
        return false;
    if (!rd_is(r, ')'))
        do {
            if (!read_arg(r, s))
                return false;
        } while (rd_accept(r, ','));
    if (!rd_expect(r, ')'))
        return false;
    s->results = rd_mark(r);
    if (!rd_accept_text(r, "->"))
        return true;
    if (!rd_accept(r, '('))
        return read_result(r, s, false);
    if (rd_accept(r, ')'))
        return true;
    do {
        if (!read_result(r, s, true))
            return false;
    } while (rd_accept(r, ','));
    return rd_expect(r, ')');
}

/* Makes arg_attrs or res_attrs of n dictionaries (0: empty) on the stack from `mark` on; nothing when all are empty. */
static bool add_dicts(reader *r, const char *key, uint32_t mark, uint32_t n) {
    bool any = false;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *d = &rd_words(r, mark)[i];
        if (!*d)
            *d = r->ctx->a_empty_dict;
        any |= *d != r->ctx->a_empty_dict;
    }
    bool ok = !any || rd_add_prop(r, str_from_z(key), ir_attr_array(r->ctx, rd_words(r, mark), n));
    rd_pop(r, mark);
    return ok;
}

/* Sets the attributes that follow from the signature. */
static bool add_signature(reader *r, const signature *s) {
    uint32_t mark = rd_mark(r);
    for (uint32_t i = 0; i < s->n_args; i++)
        if (!rd_push(r, rd_arg_at(r, s->args, i).type))
            return false;
    for (uint32_t i = 0; i < s->n_results; i++)
        if (!rd_push(r, rd_words(r, s->results)[2 * i]))
            return false;
    const uint32_t *types = rd_words(r, mark);
    ir_type t = ir_type_function(r->ctx, types, s->n_args, types + s->n_args, s->n_results);
    rd_pop(r, mark);
    if (!rd_add_prop(r, STR("function_type"), ir_attr_type(r->ctx, t)))
        return false;
    for (uint32_t i = 0; i < s->n_args; i++)
        if (!rd_push(r, rd_arg_at(r, s->args, i).attrs))
            return false;
    if (!add_dicts(r, "arg_attrs", mark, s->n_args))
        return false;
    for (uint32_t i = 0; i < s->n_results; i++)
        if (!rd_push(r, rd_words(r, s->results)[2 * i + 1]))
            return false;
    return add_dicts(r, "res_attrs", mark, s->n_results);
}

static bool read_visibility(reader *r) {
    static const char *const words[] = {"public", "private", "nested"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (rd_accept_keyword(r, words[i]))
            return rd_add_prop(r, STR("sym_visibility"), ir_attr_string(r->ctx, str_from_z(words[i]), false));
    return true;
}

bool form_read_func(reader *r, rd_op *op) {
    signature s;
    ir_str name;
    if (!read_visibility(r) || !rd_symbol_name(r, &name) ||
        !rd_add_prop(r, STR("sym_name"), ir_attr_string(r->ctx, ir_str_of(r->ctx, name), false)) ||
        !read_signature(r, &s) || !add_signature(r, &s))
        return false;
    if (!rd_opt_attr_dict_keyword(r, op))
        return false;
    uint32_t at = rd_pos(r);
    bool present = false;
    if (!rd_opt_region(r, op, s.args, s.named ? s.n_args : 0, &present))
        return false;
    if (!present)
        return rd_add_region(r, ir_region_new(r->m));
    ir_region body = r->regions.w[r->regions.n - 1];
    if (!ir_region_at(r->m, body)->first)
        return rd_error(r, at, "expected non-empty function body");
    return true;
}

/* ---- printing --------------------------------------------------------------------------------------------------- */

/* Element i of arg_attrs or res_attrs: a dictionary, or 0. */
static ir_attr dict_at(const ir_context *c, ir_attr dicts, uint32_t i) {
    if (!dicts || i >= ir_count(c, dicts))
        return 0;
    ir_attr d = ir_at(c, dicts, i);
    return ir_kind_of(c, d) == IR_ATTR_DICT ? d : 0;
}

static void print_results(printer *p, const ir_type *t, uint32_t n, ir_attr dicts) {
    ir_attr first = dict_at(p->c, dicts, 0);
    bool wrapped = n > 1 || ir_kind_of(p->c, t[0]) == IR_TYPE_FUNCTION || (first && ir_count(p->c, first) != 0);
    print_lit(p, " -> ");
    if (wrapped)
        print_char(p, '(');
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        print_type(p, t[i]);
        print_attr_dict(p, 0, dict_at(p->c, dicts, i), NULL, 0, false);
    }
    if (wrapped)
        print_char(p, ')');
}

/* Whether the op is as the form needs it; *type is its function type. */
static bool is_printable(const printer *p, ir_op op, ir_type *type) {
    const ir_module *m = p->m;
    const ir_op_data *d = ir_op_at(m, op);
    ir_attr t = ir_op_attr(m, op, STR("function_type"));
    ir_attr name = ir_op_attr(m, op, STR("sym_name"));
    if (d->n_regions != 1 || !t || ir_kind_of(p->c, t) != IR_ATTR_TYPE || !name ||
        ir_kind_of(p->c, name) != IR_ATTR_STRING)
        return false;
    *type = ir_at(p->c, t, 0);
    if (ir_kind_of(p->c, *type) != IR_TYPE_FUNCTION)
        return false;
    ir_block entry = ir_region_at(m, ir_op_region(m, op, 0))->first;
    return !entry || ir_block_at(m, entry)->n_args == ir_at(p->c, *type, 0);
}

bool form_print_func(printer *p, ir_op op) {
    static const str elided[] = {STR_INIT("sym_name"), STR_INIT("sym_visibility"), STR_INIT("function_type"),
                                 STR_INIT("arg_attrs"), STR_INIT("res_attrs")};
    const ir_module *m = p->m;
    const ir_context *c = p->c;
    const ir_op_data *d = ir_op_at(m, op);
    ir_type type;
    if (!is_printable(p, op, &type))
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    ir_attr visibility = ir_op_attr(m, op, STR("sym_visibility"));
    if (visibility && ir_kind_of(c, visibility) == IR_ATTR_STRING) {
        print_str(p, ir_str_of(c, visibility));
        print_char(p, ' ');
    }
    print_symbol(p, ir_str_of(c, ir_op_attr(m, op, STR("sym_name"))));
    const ir_type *types = ir_words(c, type) + 3;
    uint32_t n_args = ir_at(c, type, 0), n_results = ir_count(c, type) - 1 - n_args;
    ir_region body = ir_op_region(m, op, 0);
    ir_block entry = ir_region_at(m, body)->first;
    ir_attr dicts = ir_op_attr(m, op, STR("arg_attrs"));
    print_char(p, '(');
    for (uint32_t i = 0; i < n_args; i++) {
        if (i)
            print_lit(p, ", ");
        if (entry) {
            print_region_arg(p, ir_block_at(m, entry)->args + i, dict_at(c, dicts, i), true);
        } else {
            print_type(p, types[i]);
            print_attr_dict(p, 0, dict_at(c, dicts, i), NULL, 0, false);
        }
    }
    print_char(p, ')');
    if (n_results)
        print_results(p, types + n_args, n_results, ir_op_attr(m, op, STR("res_attrs")));
    print_attr_dict(p, d->props, d->attrs, elided, sizeof elided / sizeof elided[0], true);
    if (entry) {
        print_char(p, ' ');
        print_region(p, body, PRINT_TERMINATORS);
    }
    return true;
}
