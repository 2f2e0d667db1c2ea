/* forms_tosa.c - hand-written forms of tosa: `operands {attrs} : function type` where enum attributes are bare words. */
#include "text/asm.h"
#include "text/dialect_text.h"
#include "text/forms.h"

/* `{key = value, nan_mode = IGNORE}`: an attribute that wraps an enum may be a bare word. */
static bool read_attrs(reader *r, rd_op *op) {
    if (!rd_accept(r, '{'))
        return true;
    while (!rd_is(r, '}')) {
        ir_str key;
        if (!rd_keyword_or_string(r, &key))
            return false;
        ir_attr value = r->ctx->a_unit;
        if (rd_accept(r, '=')) {
            const op_attr *at = op_find_attr(op->def, ir_str_of(r->ctx, key), NULL);
            const attr_constraint *k = at ? op_attr_constraint(at) : NULL;
            str word = rd_peek_id(r);
            bool wraps = k && k->kind == ATTR_DEF && dialect_attr_defs[k->ref].wraps != DIALECT_NONE;
            if (wraps && word.n && dialect_case_by_text(&dialect_enums[dialect_attr_defs[k->ref].wraps], word)) {
                value = dialect_make_case(r->ctx, k->ref, word);
                rd_take(r, (uint32_t)word.n);
            } else {
                value = rd_attr(r, 0);
            }
        }
        if (!value || !rd_add_attr_node(r, key, value))
            return false;
        if (!rd_accept(r, ','))
            break;
    }
    return rd_expect(r, '}');
}

bool form_read_tosa_op(reader *r, rd_op *op) {
    uint32_t mark = rd_mark(r), n = 0;
    if (!rd_value_uses(r, &n) || !read_attrs(r, op) || !rd_expect(r, ':'))
        return false;
    uint32_t at = rd_pos(r), types = rd_mark(r);
    if (!rd_type_list_parens(r))
        return false;
    uint32_t n_types = rd_mark(r) - types;
    if (!rd_resolve_list(r, mark, n, types, n_types, at))
        return false;
    if (!rd_is_text(r, "->"))
        return rd_expect_text(r, "->");
    return form_read_arrow_results(r, NULL);
}

bool form_print_tosa_op(printer *p, ir_op op) {
    const ir_context *c = p->c;
    const ir_op_data *o = ir_op_at(p->m, op);
    const op_def *d = print_op_def(p, op);
    if (o->n_regions)
        return false;
    print_op_name(p, op);
    if (o->n_operands) {
        print_char(p, ' ');
        print_operands(p, op, 0, o->n_operands);
    }
    bool any = false;
    ir_attr dicts[2] = {o->props, o->attrs};
    for (int k = 0; k < 2; k++) {
        uint32_t n = dicts[k] ? ir_count(c, dicts[k]) : 0;
        for (uint32_t i = 0; i + 1 < n; i += 2) {
            str key = ir_str_of(c, ir_at(c, dicts[k], i));
            ir_attr value = ir_at(c, dicts[k], i + 1);
            const op_attr *at = op_find_attr(d, key, NULL);
            if (at && asm_is_preset(p, at, value))
                continue;
            print_str(p, any ? STR(", ") : STR(" {"));
            any = true;
            str word = dialect_case_text(c, value);
            if (at && word.n) {
                print_keyword_or_string(p, key);
                print_lit(p, " = ");
                print_str(p, word);
            } else {
                print_named_attr(p, key, value);
            }
        }
    }
    if (any)
        print_char(p, '}');
    print_lit(p, " : ");
    print_op_function_type(p, op);
    return true;
}
