/* forms_emitpy.c - hand-written forms of EmitPy: classes, imports, assignments, expressions. */
#include "text/forms_hlo.h"

/* ---- class ------------------------------------------------------------------------------------------------ */

/* `@Name (#emitpy.opaque<"Base">, ..)? attributes {..}? {..}` */
bool form_read_emitpy_class(reader *r, rd_op *op) {
    ir_str name;
    if (!rd_symbol_name(r, &name) ||
        !rd_add_prop(r, STR("sym_name"), ir_attr_string(r->ctx, ir_str_of(r->ctx, name), false)))
        return false;
    if (rd_accept(r, '(')) {
        uint32_t mark = rd_mark(r);
        if (!rd_is(r, ')')) {
            do {
                ir_attr base = rd_attr(r, 0);
                if (!base || !rd_push(r, base))
                    return false;
            } while (rd_accept(r, ','));
        }
        uint32_t n = rd_mark(r) - mark;
        if (!rd_expect(r, ')'))
            return false;
        if (n && !rd_add_prop(r, STR("base_classes"), ir_attr_array(r->ctx, rd_words(r, mark), n)))
            return false;
        rd_pop(r, mark);
    }
    if (!rd_opt_attr_dict_keyword(r, op) || !rd_region(r, op, 0, 0))
        return false;
    ir_region body = r->regions.w[r->regions.n - 1];
    if (!ir_region_at(r->m, body)->first) {
        ir_block b = ir_block_new(r->m);
        if (!b)
            return false;
        ir_region_append(r->m, body, b);
    }
    return true;
}

bool form_print_emitpy_class(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr name = ir_op_attr(p->m, op, STR("sym_name")), bases = ir_op_attr(p->m, op, STR("base_classes"));
    if (o->n_regions != 1 || !name || ir_kind_of(p->c, name) != IR_ATTR_STRING)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_symbol(p, ir_str_of(p->c, name));
    if (bases && ir_kind_of(p->c, bases) == IR_ATTR_ARRAY && ir_count(p->c, bases)) {
        print_char(p, '(');
        for (uint32_t i = 0; i < ir_count(p->c, bases); i++) {
            if (i)
                print_lit(p, ", ");
            print_attr(p, ir_at(p->c, bases, i));
        }
        print_char(p, ')');
    }
    uint32_t others = ir_count(p->c, o->props) / 2 + ir_count(p->c, o->attrs) / 2 - 1 - (bases != 0);
    if (others) {
        /* Upstream's code writes a space, and the dictionary brings its own. */
        const str elided[] = {STR_INIT("sym_name"), STR_INIT("base_classes")};
        print_lit(p, " attributes ");
        print_attr_dict(p, o->props, o->attrs, elided, 2, false);
    }
    print_char(p, ' ');
    print_region(p, ir_op_region(p->m, op, 0), 0);
    return true;
}

/* ---- import ----------------------------------------------------------------------------------------------- */

static ir_attr read_string(reader *r) {
    ir_str s;
    return rd_string(r, &s) ? ir_attr_string(r->ctx, ir_str_of(r->ctx, s), false) : 0;
}

/* `"a" as "b", "c"`: pushes name and alias of each. */
static bool read_members(reader *r, rd_op *op) {
    (void)op;
    uint32_t mark = rd_mark(r);
    do {
        ir_attr member = read_string(r), alias = ir_attr_string(r->ctx, STR(""), false);
        if (!member)
            return false;
        if (rd_accept_keyword(r, "as") && !(alias = read_string(r)))
            return false;
        if (!rd_push(r, member) || !rd_push(r, alias))
            return false;
    } while (rd_accept(r, ','));
    uint32_t n = (rd_mark(r) - mark) / 2, split = rd_mark(r);
    for (uint32_t i = 0; i < 2 * n; i++) {
        if (!rd_push(r, *rd_words(r, mark + (i < n ? 2 * i : 2 * (i - n) + 1))))
            return false;
    }
    bool ok = rd_add_prop(r, STR("members_to_import"), ir_attr_array(r->ctx, rd_words(r, split), n)) &&
              rd_add_prop(r, STR("member_aliases"), ir_attr_array(r->ctx, rd_words(r, split) + n, n));
    rd_pop(r, mark);
    return ok;
}

bool form_read_emitpy_import(reader *r, rd_op *op) {
    bool from = rd_accept_keyword(r, "from");
    ir_attr name;
    if (!from && !rd_expect_keyword(r, "import"))
        return false;
    if (!(name = read_string(r)) || !rd_add_prop(r, STR("module_name"), name))
        return false;
    if (from) {
        if (!rd_expect_keyword(r, "import"))
            return false;
        if (rd_accept(r, '*'))
            return rd_add_prop(r, STR("import_all"), r->ctx->a_unit);
        return read_members(r, op);
    }
    if (!rd_accept_keyword(r, "as"))
        return true;
    ir_attr alias = read_string(r);
    return alias && rd_add_prop(r, STR("module_alias"), alias);
}

bool form_print_emitpy_import(printer *p, ir_op op) {
    const ir_context *c = p->c;
    ir_attr name = ir_op_attr(p->m, op, STR("module_name")), alias = ir_op_attr(p->m, op, STR("module_alias"));
    ir_attr members = ir_op_attr(p->m, op, STR("members_to_import"));
    ir_attr aliases = ir_op_attr(p->m, op, STR("member_aliases"));
    if (!name)
        return false;
    print_op_name(p, op);
    bool all = ir_op_attr(p->m, op, STR("import_all")) != 0;
    uint32_t n = members ? ir_count(c, members) : 0;
    if (!all && !n) {
        print_lit(p, " import ");
        print_attr(p, name);
        if (alias && ir_str_of(c, alias).n) {
            print_lit(p, " as ");
            print_attr(p, alias);
        }
        return true;
    }
    print_lit(p, " from ");
    print_attr(p, name);
    print_lit(p, " import ");
    if (all) {
        print_char(p, '*');
        return true;
    }
    bool first = true;
    for (uint32_t i = 0; i < n; i++) {
        ir_attr member = ir_at(c, members, i);
        ir_attr as = aliases && i < ir_count(c, aliases) ? ir_at(c, aliases, i) : 0;
        if (!ir_str_of(c, member).n)
            continue;
        if (!first)
            print_lit(p, ", ");
        first = false;
        print_attr(p, member);
        if (as && ir_str_of(c, as).n) {
            print_lit(p, " as ");
            print_attr(p, as);
        }
    }
    return true;
}

/* ---- assignments ------------------------------------------------------------------------------------------ */

/* `@g = %v : t` */
bool form_read_emitpy_assign_global(reader *r, rd_op *op) {
    (void)op;
    ir_str name;
    rd_use value;
    if (!rd_symbol_name(r, &name) ||
        !rd_add_prop(r, STR("name"), ir_attr_symbol(r->ctx, ir_str_of(r->ctx, name), false)) || !rd_expect(r, '=') ||
        !rd_value_use(r, &value))
        return false;
    ir_type t = rd_colon_type(r);
    return t && rd_resolve_operand(r, value, t);
}

bool form_print_emitpy_assign_global(printer *p, ir_op op) {
    ir_attr name = ir_op_attr(p->m, op, STR("name"));
    if (!name || ir_op_at(p->m, op)->n_operands != 1)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_attr_no_type(p, name);
    print_lit(p, " = ");
    print_operands(p, op, 0, 1);
    print_lit(p, " : ");
    print_operand_types(p, op, 0, 1);
    return true;
}

/* `%a = %b : (t, t) {..}?` */
bool form_read_emitpy_assign(reader *r, rd_op *op) {
    rd_use target, value;
    if (!rd_value_use(r, &target) || !rd_expect(r, '=') || !rd_value_use(r, &value) || !rd_expect(r, ':') ||
        !rd_expect(r, '('))
        return false;
    ir_type a = rd_type(r);
    if (!a || !rd_expect(r, ','))
        return false;
    ir_type b = rd_type(r);
    return b && rd_expect(r, ')') && rd_resolve_operand(r, target, a) && rd_resolve_operand(r, value, b) &&
           rd_opt_attr_dict(r, op);
}

bool form_print_emitpy_assign(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands != 2)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    print_lit(p, " = ");
    print_operands(p, op, 1, 1);
    print_lit(p, " : (");
    print_operand_types(p, op, 0, 2);
    print_char(p, ')');
    print_attr_dict(p, o->props, o->attrs, NULL, 0, false);
    return true;
}

/* ---- expression ------------------------------------------------------------------------------------------- */

/* `(%a, ..)? {do_not_inline}? : (t, ..)? -> t {..}`: the region's arguments have the operands' types and no names. */
bool form_read_emitpy_expression(reader *r, rd_op *op) {
    asm_list uses = {rd_mark(r), 0};
    uint32_t at = rd_pos(r);
    if (*r->p == '(' && !form_uses(r, '(', ')', &uses))
        return false;
    if (rd_accept(r, '{')) {
        if (!rd_expect_keyword(r, "do_not_inline") || !rd_expect(r, '}') ||
            !rd_add_prop(r, STR("do_not_inline"), r->ctx->a_unit))
            return false;
    }
    uint32_t types = rd_mark(r);
    if (!rd_expect(r, ':') || (uses.n && !rd_type_list_parens(r)))
        return false;
    uint32_t n_types = rd_mark(r) - types;
    if (!rd_expect_text(r, "->"))
        return false;
    ir_type result = rd_type(r);
    if (!result || !rd_add_result_type(r, result) || !rd_resolve_list(r, uses.mark, uses.n, types, n_types, at))
        return false;
    /* The entry block's own label names the arguments. */
    return rd_region(r, op, 0, 0);
}

bool form_print_emitpy_expression(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_regions != 1 || o->n_results != 1)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    if (o->n_operands) {
        print_char(p, '(');
        print_operands(p, op, 0, o->n_operands);
        print_lit(p, ") ");
    }
    if (ir_op_attr(p->m, op, STR("do_not_inline")))
        print_lit(p, "{do_not_inline} ");
    print_lit(p, ": ");
    if (o->n_operands) {
        print_char(p, '(');
        print_operand_types(p, op, 0, o->n_operands);
        print_lit(p, ") ");
    }
    print_lit(p, "-> ");
    print_result_types(p, op, 0, 1);
    print_char(p, ' ');
    print_region(p, ir_op_region(p->m, op, 0), PRINT_ENTRY_ARGS | PRINT_TERMINATORS);
    return true;
}
