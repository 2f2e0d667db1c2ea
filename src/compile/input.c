/* What the pipeline asks of a module before the first pass, beyond what the checker asks: the checker lets pass, with a
 * warning, what older versions of the dialects wrote; compiling it would be guessing, unless the user asks for it to be brought
 * up to date (pass_update.c). */
#include "compile/input.h"

#include "dialect/check.h"
#include "text/text.h"

/* How many operands an op takes; -1 when that is not fixed. */
static int fixed_operands(const op_def *d) {
    for (uint32_t i = 0; i < d->n_operands; i++)
        if (op_operand(d, i)->arity != ARITY_ONE)
            return -1;
    return d->n_operands;
}

/* What there is to do about an older form. */
static void note_of_update(pass_context *p, const char *what) {
    diag_add(p->d, DIAG_NOTE, NULL, 0, 0, "it %s: the option update-older-forms=true brings the module up to date",
             what);
}

/* The dialects whose ops the tables have all of; others may have ops of their own. */
static bool is_of_known_dialect(str dialect) {
    static const str known[] = {STR_INIT("chlo"),   STR_INIT("sdy"),  STR_INIT("stablehlo"),
                                STR_INIT("ttcore"), STR_INIT("ttir"), STR_INIT("ttnn")};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq(dialect, known[i]))
            return true;
    return false;
}

static bool check_operands(pass_context *p, ir_op op) {
    const op_def *d = dialect_def_of(p->m, op);
    int n = d ? fixed_operands(d) : -1;
    uint32_t has = p->m->ops[op].n_operands;
    bool older = n >= 0 && (uint32_t)n != has && check_is_destination_form(p->m, op);
    if (n < 0 || (uint32_t)n == has || (older && p->o->update_older_forms))
        return true;
    if (n == 0)
        pass_error(p, op, "requires zero operands");
    else if (n == 1)
        pass_error(p, op, "requires a single operand");
    else
        pass_error(p, op, "expected %d operands, but found %u", n, has);
    if (older)
        note_of_update(p, "has an output operand, as older versions of tt-mlir wrote it");
    return false;
}

/* What ttir-update brings up to date is refused without it, and so is what it does not know. */
static bool check_form(pass_context *p, ir_op op) {
    str name = ir_op_name_str(p->m, op), dialect = dialect_prefix(name);
    check_older_form form = check_older_form_of(p->m, op);
    if (form != CHECK_OLDER_NONE && p->o->update_older_forms)
        return true;
    if (form == CHECK_OLDER_IDENTITY)
        pass_error(p, op, "has a shard_type other than 'replicate' and 'devices'");
    else if (form == CHECK_OLDER_GATHER || form == CHECK_OLDER_SCATTER)
        pass_error(p, op, "requires attribute 'dim'");
    else if (form != CHECK_OLDER_NONE || (!ir_op_def(p->m, op) && is_of_known_dialect(dialect)))
        pass_error_plain(
            p, op, "unregistered operation '%.*s' found in dialect ('%.*s') that does not allow unknown operations",
            STR_ARG(name), STR_ARG(dialect));
    else
        return true;
    if (form != CHECK_OLDER_NONE)
        note_of_update(p, "is written as older versions of tt-mlir did");
    return false;
}

/* A type or encoding that is kept as text says nothing to a pass. */
static bool check_type(pass_context *p, ir_op op, ir_type t) {
    ir_kind k = ir_kind_of(p->c, t);
    ir_attr encoding = k == IR_TYPE_TENSOR ? ir_encoding(p->c, t) : 0;
    if (k != IR_TYPE_OPAQUE && !(encoding && ir_kind_of(p->c, encoding) == IR_ATTR_OPAQUE))
        return true;
    ir_node n = encoding ? encoding : t;
    str text = ir_str_of(p->c, ir_at(p->c, n, 1));
    return pass_error(p, op, "has a type that is kept as text because it is not in the form of this version: %.*s",
                      STR_ARG(str_slice(text, 0, 60)));
}

bool check_input(pass_context *p) {
    const ir_module *m = p->m;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        if (!check_operands(p, op) || !check_form(p, op))
            return false;
        if (m->ops[op].flags & IR_OP_OPAQUE)
            return pass_error(p, op,
                              "is kept as text because its custom form is unknown: nothing can be compiled of it");
        for (uint32_t i = 0; i < m->ops[op].n_results; i++)
            if (!check_type(p, op, ir_value_type(m, ir_result(m, op, i))))
                return false;
        for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
            if (!check_type(p, op, ir_value_type(m, ir_operand(m, op, i))))
                return false;
        for (uint32_t r = 0; r < m->ops[op].n_regions; r++)
            for (ir_block b = m->regions[ir_op_region(m, op, r)].first; b; b = m->blocks[b].next)
                for (uint32_t i = 0; i < m->blocks[b].n_args; i++)
                    if (!check_type(p, op, ir_value_type(m, m->blocks[b].args + i)))
                        return false;
    }
    return true;
}

static void put_type(struct buf *b, const ir_context *c, ir_type t) {
    if (!t || !text_print_node(c, t, b))
        buf_lit(b, "?");
}

static bool check_return(pass_context *p, ir_op func, ir_op end) {
    const ir_context *c = p->c;
    ir_attr type = ir_op_attr(p->m, func, STR("function_type"));
    if (!type || ir_kind_of(c, type) != IR_ATTR_TYPE || !op_is(p->m, end, OP_func_return))
        return true;
    const uint32_t *w = ir_words(c, ir_at(c, type, 0)); /* n_inputs, inputs, results */
    uint32_t first = 3 + w[2], n = w[1] - 1 - w[2];
    for (uint32_t i = 0; i < n && i < p->m->ops[end].n_operands; i++) {
        ir_type got = ir_value_type(p->m, ir_operand(p->m, end, i));
        if (got == w[first + i])
            continue;
        struct buf a, b;
        buf_init(&a, p->m->mem);
        buf_init(&b, p->m->mem);
        put_type(&a, c, got);
        put_type(&b, c, w[first + i]);
        pass_error_plain(p, end,
                         "type of return operand %u ('%.*s') doesn't match function result type ('%.*s') in function "
                         "@%.*s",
                         i, STR_ARG(buf_str(&a)), STR_ARG(buf_str(&b)), STR_ARG(symbol_name(p->m, func)));
        buf_free(&a);
        buf_free(&b);
        return false;
    }
    return true;
}

bool check_returns(pass_context *p) {
    for (each_func_inside(p->m, p->m->root, f)) {
        ir_block body = body_of(p->m, f);
        if (body && p->m->blocks[body].last && !check_return(p, f, p->m->blocks[body].last))
            return false;
    }
    return true;
}
