/* forms_scf.c - hand-written forms of scf. */
#include <string.h>

#include "text/asm.h"
#include "text/forms.h"

static bool plain_terminator(reader *r, rd_op *op) {
    return op->def->terminator == DIALECT_NONE || rd_ensure_terminator(r, op, dialect_op(op->def->terminator));
}

/* ---- scf.for -------------------------------------------------------------------------------------------- */

/* unsigned? %i = %lb to %ub step %s (iter_args(%a = %b, ...) -> (t, ...))? (: t)? {...} */
bool form_read_scf_for(reader *r, rd_op *op) {
    rd_arg iv = {0};
    rd_use lb, ub, step;
    if (rd_accept_keyword(r, "unsigned") && !rd_add_prop(r, STR("unsignedCmp"), r->ctx->a_unit))
        return false;
    if (!rd_argument(r, false, false, &iv) || !rd_expect(r, '=') || !rd_value_use(r, &lb) ||
        !rd_expect_keyword(r, "to") || !rd_value_use(r, &ub) || !rd_expect_keyword(r, "step") ||
        !rd_value_use(r, &step))
        return false;
    form_iter_args loop = {0};
    uint32_t inits_at = rd_pos(r);
    if (rd_accept_keyword(r, "iter_args") && !form_read_iter_args_unresolved(r, &loop))
        return false;
    iv.type = r->ctx->t_index;
    if (rd_accept(r, ':') && !(iv.type = rd_type(r)))
        return false;
    if (!rd_resolve_operand(r, lb, iv.type) || !rd_resolve_operand(r, ub, iv.type) ||
        !rd_resolve_operand(r, step, iv.type))
        return false;
    if (!form_resolve_iter_args(r, &loop, inits_at))
        return false;
    uint32_t all = rd_mark(r);
    if (!rd_push_arg(r, &iv) || !form_push_iter_args(r, &loop) || !rd_region(r, op, all, loop.n + 1) ||
        !plain_terminator(r, op))
        return false;
    return rd_opt_attr_dict(r, op);
}

bool form_print_scf_for(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    if (o->n_operands < 3 || o->n_regions != 1 || o->n_results != o->n_operands - 3)
        return false;
    ir_block body = form_single_block(m, ir_op_region(m, op, 0));
    if (!body || ir_block_at(m, body)->n_args != o->n_results + 1)
        return false;
    ir_value args = ir_block_at(m, body)->args;
    print_op_name(p, op);
    if (ir_op_attr(m, op, STR("unsignedCmp")))
        print_lit(p, " unsigned");
    print_char(p, ' ');
    print_value(p, args);
    print_lit(p, " = ");
    print_operands(p, op, 0, 1);
    print_lit(p, " to ");
    print_operands(p, op, 1, 1);
    print_lit(p, " step ");
    print_operands(p, op, 2, 1);
    if (o->n_results) {
        form_print_iter_args(p, op, args + 1, 3, o->n_results, "iter_args");
        print_lit(p, " -> (");
        print_result_types(p, op, 0, o->n_results);
        print_char(p, ')');
    }
    print_char(p, ' ');
    if (ir_value_type(m, args) != p->c->t_index) {
        print_lit(p, " : ");
        print_type(p, ir_value_type(m, args));
        print_char(p, ' ');
    }
    print_region(p, ir_op_region(m, op, 0), o->n_results ? PRINT_TERMINATORS : 0);
    static const str elided[] = {STR_INIT("unsignedCmp")};
    form_print_attrs(p, op, elided, 1);
    return true;
}

/* ---- scf.if --------------------------------------------------------------------------------------------- */

/* %c (-> (t, ...))? {...} (else {...})? */
bool form_read_scf_if(reader *r, rd_op *op) {
    rd_use c;
    if (!rd_value_use(r, &c) || !rd_resolve_operand(r, c, r->ctx->t_i1))
        return false;
    if (!form_read_arrow_results(r, NULL))
        return false;
    if (!rd_region(r, op, rd_mark(r), 0) || !plain_terminator(r, op))
        return false;
    if (rd_accept_keyword(r, "else")) {
        if (!rd_region(r, op, rd_mark(r), 0) || !plain_terminator(r, op))
            return false;
    } else if (!rd_add_region(r, ir_region_new(r->m))) {
        return false;
    }
    return rd_opt_attr_dict(r, op);
}

bool form_print_scf_if(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    if (o->n_operands != 1 || o->n_regions != 2)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    unsigned flags = 0;
    if (o->n_results) {
        print_lit(p, " -> (");
        print_result_types(p, op, 0, o->n_results);
        print_char(p, ')');
        flags = PRINT_TERMINATORS;
    }
    print_char(p, ' ');
    print_region(p, ir_op_region(m, op, 0), flags);
    if (ir_region_at(m, ir_op_region(m, op, 1))->first) {
        print_lit(p, " else ");
        print_region(p, ir_op_region(m, op, 1), flags);
    }
    form_print_attrs(p, op, NULL, 0);
    return true;
}

/* ---- scf.while ------------------------------------------------------------------------------------------ */

/* (%a = %b, ...)? : (t, ...) -> t {...} do {...} (attributes {...})? */
bool form_read_scf_while(reader *r, rd_op *op) {
    form_iter_args loop = {0};
    if (rd_is(r, '(') && !form_read_assignments(r, &loop))
        return false;
    if (!rd_expect(r, ':'))
        return false;
    uint32_t at = rd_pos(r), types = rd_mark(r);
    if (!rd_type_list_parens(r))
        return false;
    uint32_t n_in = rd_mark(r) - types, results = rd_mark(r);
    if (!rd_expect_text(r, "->") || !rd_result_types(r))
        return false;
    uint32_t n_out = rd_mark(r) - results;
    for (uint32_t i = 0; i < n_out; i++)
        if (!rd_add_result_type(r, *rd_words(r, results + i)))
            return false;
    if (n_in != loop.n)
        return rd_error(r, at, "expected as many input types as operands (expected %u got %u)", loop.n, n_in);
    loop.types = types;
    if (!rd_resolve_list(r, loop.inits.mark, loop.n, types, n_in, at))
        return false;
    uint32_t before = rd_mark(r);
    if (!form_push_iter_args(r, &loop) || !rd_region(r, op, before, loop.n) || !rd_expect_keyword(r, "do") ||
        !rd_region(r, op, rd_mark(r), 0))
        return false;
    return rd_opt_attr_dict_keyword(r, op);
}

bool form_print_scf_while(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    if (o->n_regions != 2)
        return false;
    ir_block before = ir_region_at(m, ir_op_region(m, op, 0))->first;
    if (!before || ir_block_at(m, before)->n_args != o->n_operands)
        return false;
    print_op_name(p, op);
    if (o->n_operands)
        form_print_iter_args(p, op, ir_block_at(m, before)->args, 0, o->n_operands, "");
    print_lit(p, " : ");
    print_op_function_type(p, op);
    print_char(p, ' ');
    print_region(p, ir_op_region(m, op, 0), PRINT_TERMINATORS);
    print_lit(p, " do ");
    print_region(p, ir_op_region(m, op, 1), PRINT_ENTRY_ARGS | PRINT_TERMINATORS);
    print_attr_dict(p, o->props, o->attrs, NULL, 0, true);
    return true;
}

/* ---- scf.execute_region ----------------------------------------------------------------------------------- */

/* (-> t)? no_inline? {...} */
bool form_read_scf_execute_region(reader *r, rd_op *op) {
    if (!form_read_arrow_results(r, NULL))
        return false;
    if (rd_accept_keyword(r, "no_inline") && !rd_add_prop(r, STR("no_inline"), r->ctx->a_unit))
        return false;
    return rd_region(r, op, rd_mark(r), 0) && rd_opt_attr_dict(r, op);
}

bool form_print_scf_execute_region(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands || o->n_regions != 1)
        return false;
    print_op_name(p, op);
    form_print_arrow_results(p, op);
    print_char(p, ' ');
    if (ir_op_attr(p->m, op, STR("no_inline")))
        print_lit(p, "no_inline ");
    print_region(p, ir_op_region(p->m, op, 0), PRINT_ENTRY_ARGS | PRINT_TERMINATORS);
    static const str elided[] = {STR_INIT("no_inline")};
    form_print_attrs(p, op, elided, 1);
    return true;
}

/* ---- scf.parallel --------------------------------------------------------------------------------------- */

static bool read_bounds(reader *r, uint32_t want) {
    uint32_t n = 0, at = rd_pos(r);
    if (!form_operands_of(r, '(', ')', r->ctx->t_index, &n))
        return false;
    return n == want || rd_error(r, at, "expected %u operands", want);
}

/* (%i, ...) = (%lb, ...) to (%ub, ...) step (%s, ...) (init (%x, ...) -> types)? {...} */
bool form_read_scf_parallel(reader *r, rd_op *op) {
    uint32_t ivs, n;
    if (!form_read_index_args(r, &ivs, &n) || !rd_expect(r, '=') || !read_bounds(r, n) || !rd_expect_keyword(r, "to") ||
        !read_bounds(r, n) || !rd_expect_keyword(r, "step") || !read_bounds(r, n))
        return false;
    asm_list inits = {0};
    uint32_t at = rd_pos(r);
    if (rd_accept_keyword(r, "init") && !form_uses(r, '(', ')', &inits))
        return false;
    uint32_t types = rd_mark(r);
    if (rd_accept_text(r, "->") && !rd_result_types(r))
        return false;
    uint32_t n_types = rd_mark(r) - types;
    for (uint32_t i = 0; i < n_types; i++)
        if (!rd_add_result_type(r, *rd_words(r, types + i)))
            return false;
    if (!rd_resolve_list(r, inits.mark, inits.n, types, n_types, at))
        return false;
    if (!rd_region(r, op, ivs, n) || !plain_terminator(r, op) || !rd_opt_attr_dict(r, op))
        return false;
    uint32_t sizes[] = {n, n, n, inits.n};
    return rd_add_segments(r, STR("operandSegmentSizes"), sizes, 4);
}

bool form_print_scf_parallel(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    asm_groups g;
    if (o->n_regions != 1 || !asm_operand_groups(m, op, print_op_def(p, op), &g) || g.count != 4)
        return false;
    ir_block body = form_single_block(m, ir_op_region(m, op, 0));
    if (!body || ir_block_at(m, body)->n_args != g.n[0])
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    form_print_args(p, ir_block_at(m, body)->args, g.n[0]);
    print_lit(p, " = ");
    form_print_bracketed(p, op, '(', g.first[0], g.n[0], ')');
    print_lit(p, " to ");
    form_print_bracketed(p, op, '(', g.first[1], g.n[1], ')');
    print_lit(p, " step ");
    form_print_bracketed(p, op, '(', g.first[2], g.n[2], ')');
    if (g.n[3]) {
        print_lit(p, " init ");
        form_print_bracketed(p, op, '(', g.first[3], g.n[3], ')');
    }
    form_print_arrow_results(p, op);
    print_char(p, ' ');
    print_region(p, ir_op_region(m, op, 0), PRINT_TERMINATORS);
    static const str elided[] = {STR_INIT("operandSegmentSizes")};
    form_print_attrs(p, op, elided, 1);
    return true;
}

/* ---- scf.forall ----------------------------------------------------------------------------------------- */

/* A list of numbers all equal to `value`. */
static ir_attr same_numbers(ir_context *c, uint32_t n, int64_t value) {
    int64_t v[64];
    for (uint32_t i = 0; i < n && i < 64; i++)
        v[i] = value;
    return ir_attr_dense_array(c, c->t_i64, v, (n < 64 ? n : 64) * sizeof *v, true);
}

static bool all_equal(const ir_context *c, ir_attr a, int64_t value) {
    if (!a || ir_kind_of(c, a) != IR_ATTR_DENSE_ARRAY)
        return false;
    str data = ir_data(c, a);
    for (size_t at = 0; at + sizeof value <= data.n; at += sizeof value)
        if (memcmp(data.p + at, &value, sizeof value) != 0)
            return false;
    return true;
}

/* A terminator that was made up has its region too, with an empty block. */
static bool complete_in_parallel(reader *r) {
    ir_module *m = r->m;
    ir_block body = ir_region_at(m, r->regions.w[r->regions.n - 1])->last;
    ir_op last = ir_block_at(m, body)->last;
    if (!last || ir_op_at(m, last)->n_regions || !(ir_op_at(m, last)->flags & IR_OP_IMPLICIT))
        return true;
    ir_region region = ir_region_new(m);
    ir_region_append(m, region, ir_block_new(m));
    return ir_op_set_children(m, last, &region, 1, NULL, 0);
}

/* (%i, ...) in (bounds) | (%i, ...) = (lbs) to (ubs) step (steps), then shared_outs(%o = %t, ...) -> types {...} */
bool form_read_scf_forall(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    uint32_t ivs, n;
    asm_list lb = {0}, ub = {0}, step = {0};
    ir_attr lb_static, ub_static, step_static;
    if (!form_read_index_args(r, &ivs, &n))
        return false;
    if (n > 64)
        return rd_error(r, op->at, "too many dimensions");
    if (rd_accept_keyword(r, "in")) {
        lb_static = same_numbers(c, n, 0);
        step_static = same_numbers(c, n, 1);
        if (!form_read_index_list(r, '(', ')', &ub, &ub_static))
            return false;
    } else if (!rd_expect(r, '=') || !form_read_index_list(r, '(', ')', &lb, &lb_static) ||
               !rd_expect_keyword(r, "to") || !form_read_index_list(r, '(', ')', &ub, &ub_static) ||
               !rd_expect_keyword(r, "step") || !form_read_index_list(r, '(', ')', &step, &step_static)) {
        return false;
    }
    ir_type index = c->t_index;
    if (!rd_resolve_all(r, lb.mark, lb.n, index) || !rd_resolve_all(r, ub.mark, ub.n, index) ||
        !rd_resolve_all(r, step.mark, step.n, index))
        return false;
    form_iter_args outs = {0};
    if (rd_accept_keyword(r, "shared_outs") && !form_read_iter_args(r, &outs))
        return false;
    uint32_t all = rd_mark(r);
    for (uint32_t i = 0; i < n; i++) {
        rd_arg a = rd_arg_at(r, ivs, i);
        if (!rd_push_arg(r, &a))
            return false;
    }
    if (!form_push_iter_args(r, &outs) || !rd_region(r, op, all, n + outs.n) || !plain_terminator(r, op) ||
        !complete_in_parallel(r) || !rd_opt_attr_dict(r, op))
        return false;
    uint32_t sizes[] = {lb.n, ub.n, step.n, outs.n};
    return rd_add_prop(r, STR("staticLowerBound"), lb_static) && rd_add_prop(r, STR("staticUpperBound"), ub_static) &&
           rd_add_prop(r, STR("staticStep"), step_static) && rd_add_segments(r, STR("operandSegmentSizes"), sizes, 4);
}

bool form_print_scf_forall(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    asm_groups g;
    ir_attr lb = ir_op_attr(m, op, STR("staticLowerBound")), ub = ir_op_attr(m, op, STR("staticUpperBound"));
    ir_attr step = ir_op_attr(m, op, STR("staticStep"));
    if (o->n_regions != 1 || !lb || !ub || !step || !asm_operand_groups(m, op, print_op_def(p, op), &g) || g.count != 4)
        return false;
    ir_block body = form_single_block(m, ir_op_region(m, op, 0));
    if (!body || ir_block_at(m, body)->n_args < g.n[3])
        return false;
    uint32_t rank = ir_block_at(m, body)->n_args - g.n[3];
    ir_value args = ir_block_at(m, body)->args;
    print_op_name(p, op);
    print_char(p, ' ');
    form_print_args(p, args, rank);
    if (g.n[0] == 0 && g.n[2] == 0 && all_equal(p->c, lb, 0) && all_equal(p->c, step, 1)) {
        print_lit(p, " in ");
        form_print_index_list(p, op, g.first[1], g.n[1], ub, '(', ')');
    } else {
        print_lit(p, " = ");
        form_print_index_list(p, op, g.first[0], g.n[0], lb, '(', ')');
        print_lit(p, " to ");
        form_print_index_list(p, op, g.first[1], g.n[1], ub, '(', ')');
        print_lit(p, " step ");
        form_print_index_list(p, op, g.first[2], g.n[2], step, '(', ')');
    }
    if (g.n[3]) {
        form_print_iter_args(p, op, args + rank, g.first[3], g.n[3], "shared_outs");
        print_lit(p, " -> (");
        print_result_types(p, op, 0, o->n_results);
        print_char(p, ')');
    }
    print_char(p, ' ');
    print_region(p, ir_op_region(m, op, 0), g.n[3] ? PRINT_TERMINATORS : 0);
    static const str elided[] = {STR_INIT("operandSegmentSizes"), STR_INIT("staticLowerBound"),
                                 STR_INIT("staticUpperBound"), STR_INIT("staticStep")};
    form_print_attrs(p, op, elided, 4);
    return true;
}

/* {...} without arguments and terminator */
bool form_read_scf_forall_in_parallel(reader *r, rd_op *op) {
    return rd_region(r, op, rd_mark(r), 0) && form_ensure_block(r) && rd_opt_attr_dict(r, op);
}

bool form_print_scf_forall_in_parallel(printer *p, ir_op op) {
    if (ir_op_at(p->m, op)->n_regions != 1)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_region(p, ir_op_region(p->m, op, 0), PRINT_TERMINATORS);
    form_print_attrs(p, op, NULL, 0);
    return true;
}
