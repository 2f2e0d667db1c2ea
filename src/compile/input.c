/* What the pipeline asks of a module before the first pass, beyond what the checker asks: the checker lets pass, with a
 * warning, what older versions of the dialects wrote; compiling it would be guessing. */
#include "compile/input.h"

/* How many operands an op takes; -1 when that is not fixed. */
static int fixed_operands(const op_def *d) {
    for (uint32_t i = 0; i < d->n_operands; i++)
        if (op_operand(d, i)->arity != ARITY_ONE)
            return -1;
    return d->n_operands;
}

static bool check_operands(pass_context *p, ir_op op) {
    const op_def *d = dialect_def_of(p->m, op);
    int n = d ? fixed_operands(d) : -1;
    uint32_t has = p->m->ops[op].n_operands;
    if (n < 0 || (uint32_t)n == has)
        return true;
    if (n == 0)
        return pass_error(p, op, "requires zero operands");
    if (n == 1)
        return pass_error(p, op, "requires a single operand");
    return pass_error(p, op, "expected %d operands, but found %u", n, has);
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
        if (!check_operands(p, op))
            return false;
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
