/* forms_emitc.c - hand-written forms of emitc and of functions of several dialects. */
#include "text/asm.h"
#include "text/forms.h"
#include "text/forms_func.h"

static bool plain_terminator(reader *r, rd_op *op) {
    return op->def->terminator == DIALECT_NONE || rd_ensure_terminator(r, op, dialect_op(op->def->terminator));
}

/* ---- include -------------------------------------------------------------------------------------------------- */

/* "x.h" | <"x.h"> */
bool form_read_emitc_include(reader *r, rd_op *op) {
    ir_str file;
    bool standard = rd_accept(r, '<');
    (void)op;
    if (!rd_string(r, &file) || (standard && !rd_expect(r, '>')))
        return false;
    if (standard && !rd_add_prop(r, STR("is_standard_include"), r->ctx->a_unit))
        return false;
    return rd_add_prop(r, STR("include"), ir_attr_string(r->ctx, ir_str_of(r->ctx, file), false));
}

bool form_print_emitc_include(printer *p, ir_op op) {
    ir_attr file = ir_op_attr(p->m, op, STR("include"));
    if (!file || ir_kind_of(p->c, file) != IR_ATTR_STRING)
        return false;
    bool standard = ir_op_attr(p->m, op, STR("is_standard_include")) != 0;
    print_op_name(p, op);
    print_char(p, ' ');
    if (standard)
        print_char(p, '<');
    print_quoted(p, ir_str_of(p->c, file));
    if (standard)
        print_char(p, '>');
    return true;
}

/* ---- if --------------------------------------------------------------------------------------------------------- */

/* %c {...} (else {...})? */
bool form_read_emitc_if(reader *r, rd_op *op) {
    rd_use c;
    if (!rd_value_use(r, &c) || !rd_resolve_operand(r, c, r->ctx->t_i1) || !rd_region(r, op, rd_mark(r), 0) ||
        !plain_terminator(r, op))
        return false;
    if (rd_accept_keyword(r, "else")) {
        if (!rd_region(r, op, rd_mark(r), 0) || !plain_terminator(r, op))
            return false;
    } else if (!rd_add_region(r, ir_region_new(r->m))) {
        return false;
    }
    return rd_opt_attr_dict(r, op);
}

bool form_print_emitc_if(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands != 1 || o->n_regions != 2)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    print_char(p, ' ');
    print_region(p, ir_op_region(p->m, op, 0), 0);
    if (ir_region_at(p->m, ir_op_region(p->m, op, 1))->first) {
        print_lit(p, " else ");
        print_region(p, ir_op_region(p->m, op, 1), 0);
    }
    form_print_attrs(p, op, NULL, 0);
    return true;
}

/* ---- for -------------------------------------------------------------------------------------------------------- */

/* %i = %lb to %ub step %s (: type)? {...} */
bool form_read_emitc_for(reader *r, rd_op *op) {
    rd_arg iv = {0};
    rd_use lb, ub, step;
    if (!rd_argument(r, false, false, &iv) || !rd_expect(r, '=') || !rd_value_use(r, &lb) ||
        !rd_expect_keyword(r, "to") || !rd_value_use(r, &ub) || !rd_expect_keyword(r, "step") ||
        !rd_value_use(r, &step))
        return false;
    iv.type = r->ctx->t_index;
    if (rd_is(r, ':') && !(iv.type = rd_colon_type(r)))
        return false;
    uint32_t args = rd_mark(r);
    return rd_resolve_operand(r, lb, iv.type) && rd_resolve_operand(r, ub, iv.type) &&
           rd_resolve_operand(r, step, iv.type) && rd_push_arg(r, &iv) && rd_region(r, op, args, 1) &&
           plain_terminator(r, op) && rd_opt_attr_dict(r, op);
}

bool form_print_emitc_for(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands != 3 || o->n_regions != 1)
        return false;
    ir_block body = form_single_block(p->m, ir_op_region(p->m, op, 0));
    if (!body || ir_block_at(p->m, body)->n_args != 1)
        return false;
    ir_value iv = ir_block_at(p->m, body)->args;
    print_op_name(p, op);
    print_char(p, ' ');
    print_value(p, iv);
    print_lit(p, " = ");
    print_operands(p, op, 0, 1);
    print_lit(p, " to ");
    print_operands(p, op, 1, 1);
    print_lit(p, " step ");
    print_operands(p, op, 2, 1);
    print_char(p, ' ');
    if (ir_value_type(p->m, iv) != p->c->t_index) {
        print_lit(p, " : ");
        print_type(p, ir_value_type(p->m, iv));
        print_char(p, ' ');
    }
    print_region(p, ir_op_region(p->m, op, 0), 0);
    form_print_attrs(p, op, NULL, 0);
    return true;
}

/* ---- expression --------------------------------------------------------------------------------------------------- */

/* %a, %b noinline? : (types) -> type {...}: the block arguments bear the names of the operands. */
bool form_read_emitc_expression(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    uint32_t mark = rd_mark(r), n = 0;
    if (!rd_value_uses(r, &n))
        return false;
    if (rd_accept_keyword(r, "noinline") && !rd_add_prop(r, STR("do_not_inline"), c->a_unit))
        return false;
    if (!rd_expect(r, ':'))
        return false;
    uint32_t at = rd_pos(r), types = rd_mark(r);
    if (!rd_type_list_parens(r))
        return false;
    uint32_t n_in = rd_mark(r) - types, results = rd_mark(r);
    if (!rd_expect_text(r, "->") || !rd_result_types(r))
        return false;
    if (rd_mark(r) - results != 1)
        return rd_error(r, at, "expected single return type");
    if (!rd_add_result_type(r, *rd_words(r, results)) || !rd_resolve_list(r, mark, n, types, n_in, at))
        return false;
    uint32_t args = rd_mark(r);
    for (uint32_t i = 0; i < n; i++) {
        rd_arg a = {.name = rd_use_at(r, mark, i), .type = *rd_words(r, types + i)};
        if (!rd_push_arg(r, &a))
            return false;
    }
    op->isolated = true;
    return rd_region(r, op, args, n) && plain_terminator(r, op);
}

bool form_print_emitc_expression(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_results != 1 || o->n_regions != 1)
        return false;
    ir_block body = form_single_block(p->m, ir_op_region(p->m, op, 0));
    if (!body || ir_block_at(p->m, body)->n_args != o->n_operands)
        return false;
    for (uint32_t i = 0; i < o->n_operands; i++)
        print_shadow_value(p, ir_block_at(p->m, body)->args + i, ir_operand(p->m, op, i));
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, o->n_operands);
    if (ir_op_attr(p->m, op, STR("do_not_inline")))
        print_lit(p, " noinline");
    print_lit(p, " : ");
    print_op_function_type(p, op);
    print_char(p, ' ');
    print_region(p, ir_op_region(p->m, op, 0), PRINT_TERMINATORS);
    return true;
}

/* ---- do ------------------------------------------------------------------------------------------------------------- */

/* {...} while {...} */
bool form_read_emitc_do(reader *r, rd_op *op) {
    return rd_region(r, op, rd_mark(r), 0) && rd_expect_keyword(r, "while") && rd_region(r, op, rd_mark(r), 0) &&
           rd_opt_attr_dict_keyword(r, op);
}

bool form_print_emitc_do(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_regions != 2)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_region(p, ir_op_region(p->m, op, 0), 0);
    print_lit(p, " while ");
    print_region(p, ir_op_region(p->m, op, 1), PRINT_TERMINATORS);
    print_attr_dict(p, o->props, o->attrs, NULL, 0, true);
    return true;
}

/* ---- func ----------------------------------------------------------------------------------------------------------- */

/* As func.func, but the visibility is a discardable attribute. */
bool form_read_emitc_func(reader *r, rd_op *op) {
    static const char *const words[] = {"public", "private", "nested"};
    for (int i = 0; i < 3; i++)
        if (rd_accept_keyword(r, words[i]) &&
            !rd_add_attr(r, STR("sym_visibility"), ir_attr_string(r->ctx, str_from_z(words[i]), false)))
            return false;
    return form_read_func(r, op);
}

/* ---- arith.select ----------------------------------------------------------------------------------------------------- */

/* %c, %a, %b : (type of c,)? type */
bool form_read_arith_select(reader *r, rd_op *op) {
    rd_use c, a, b;
    if (!rd_value_use(r, &c) || !rd_expect(r, ',') || !rd_value_use(r, &a) || !rd_expect(r, ',') ||
        !rd_value_use(r, &b) || !rd_opt_attr_dict(r, op))
        return false;
    ir_type condition = r->ctx->t_i1, t = rd_colon_type(r);
    if (!t)
        return false;
    if (rd_accept(r, ',')) {
        condition = t;
        if (!(t = rd_type(r)))
            return false;
    }
    return rd_resolve_operand(r, c, condition) && rd_resolve_operand(r, a, t) && rd_resolve_operand(r, b, t) &&
           rd_add_result_type(r, t);
}

bool form_print_arith_select(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands != 3 || o->n_results != 1)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 3);
    form_print_attrs(p, op, NULL, 0);
    print_lit(p, " : ");
    ir_type condition = ir_value_type(p->m, ir_operand(p->m, op, 0));
    if (ir_is_shaped(p->c, condition)) {
        print_type(p, condition);
        print_lit(p, ", ");
    }
    print_result_types(p, op, 0, 1);
    return true;
}
