/* forms_util.c - small things that hand-written forms and directives share. */
#include <string.h>

#include "dialect/params.h"
#include "text/asm.h"

bool form_uses(reader *r, char open, char close, asm_list *out) {
    if (!rd_expect(r, open))
        return false;
    out->mark = rd_mark(r);
    out->n = 0;
    return rd_value_uses(r, &out->n) && rd_expect(r, close);
}

bool form_operands_of(reader *r, char open, char close, ir_type type, uint32_t *n) {
    asm_list l;
    if (!form_uses(r, open, close, &l) || !rd_resolve_all(r, l.mark, l.n, type))
        return false;
    if (n)
        *n = l.n;
    return true;
}

void form_print_bracketed(printer *p, ir_op op, char open, uint32_t first, uint32_t n, char close) {
    print_char(p, open);
    print_operands(p, op, first, n);
    print_char(p, close);
}

void form_print_arrow_results(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (!o->n_results)
        return;
    ir_type t = ir_value_type(p->m, o->results);
    bool bare = o->n_results == 1 && t && ir_kind_of(p->c, t) != IR_TYPE_FUNCTION;
    print_str(p, bare ? STR(" -> ") : STR(" -> ("));
    print_result_types(p, op, 0, o->n_results);
    if (!bare)
        print_char(p, ')');
}

bool form_read_arrow_results(reader *r, uint32_t *n) {
    if (n)
        *n = 0;
    if (!rd_accept_text(r, "->"))
        return true;
    uint32_t mark = rd_mark(r);
    if (!rd_result_types(r))
        return false;
    uint32_t count = rd_mark(r) - mark;
    for (uint32_t i = 0; i < count; i++)
        if (!rd_add_result_type(r, *rd_words(r, mark + i)))
            return false;
    if (n)
        *n = count;
    return true;
}

void form_print_attrs(printer *p, ir_op op, const str *elided, uint32_t n) {
    const ir_op_data *o = ir_op_at(p->m, op);
    print_attr_dict(p, o->props, o->attrs, elided, n, false);
}

bool form_terminator_is_plain(const ir_module *m, ir_region r) {
    ir_block b = ir_region_at(m, r)->first;
    ir_op last = b ? ir_block_at(m, b)->last : 0;
    if (!last)
        return true;
    const ir_op_data *o = ir_op_at(m, last);
    return !o->n_operands && !o->n_results && (!o->attrs || !ir_count(m->ctx, o->attrs)) &&
           (!o->props || !ir_count(m->ctx, o->props));
}

ir_block form_single_block(const ir_module *m, ir_region r) {
    const ir_region_data *d = ir_region_at(m, r);
    return d->first == d->last ? d->first : 0;
}

bool form_ensure_block(reader *r) {
    ir_region region = r->regions.w[r->regions.n - 1];
    if (ir_region_at(r->m, region)->first)
        return true;
    ir_block b = ir_block_new(r->m);
    if (!b)
        return false;
    ir_region_append(r->m, region, b);
    return true;
}

bool form_read_index_list(reader *r, char open, char close, asm_list *uses, ir_attr *statics) {
    ir_context *c = r->ctx;
    uint32_t mark = rd_mark(r), n = 0, dynamic = 0;
    /* Three words per item: a use, or the value in two words and a marker that no use has. */
    static const rd_use none = {UINT32_MAX, 0, 0};
    if (!rd_expect(r, open))
        return false;
    if (!rd_is(r, close)) {
        do {
            rd_use u = none;
            int64_t v = IR_DYNAMIC;
            if (rd_is_value(r)) {
                if (!rd_value_use(r, &u))
                    return false;
                dynamic++;
            } else if (!rd_integer(r, &v)) {
                return false;
            }
            if (!rd_push_use(r, u) || !rd_push(r, (uint32_t)v) || !rd_push(r, (uint32_t)((uint64_t)v >> 32)))
                return false;
            n++;
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, close))
        return false;
    uses->mark = rd_mark(r);
    uses->n = dynamic;
    for (uint32_t i = 0; i < n; i++) {
        rd_use u;
        memcpy(&u, rd_words(r, mark) + (size_t)5 * i, sizeof u);
        if (u.at != UINT32_MAX && !rd_push_use(r, u))
            return false;
    }
    /* The values of the list move together in front of the uses. */
    uint32_t *w = rd_words(r, mark);
    for (uint32_t i = 0; i < n; i++)
        memmove(w + (size_t)2 * i, w + (size_t)5 * i + 3, 2 * sizeof *w);
    *statics = ir_attr_dense_array(c, c->t_i64, n ? (const void *)w : "", (size_t)n * sizeof(int64_t), true);
    return *statics != 0;
}

void form_print_index_list(printer *p, ir_op op, uint32_t first, uint32_t n, ir_attr statics, char open, char close) {
    print_char(p, open);
    str data = statics && ir_kind_of(p->c, statics) == IR_ATTR_DENSE_ARRAY ? ir_data(p->c, statics) : (str){"", 0};
    uint32_t used = 0;
    for (size_t at = 0; at + sizeof(int64_t) <= data.n; at += sizeof(int64_t)) {
        int64_t v;
        memcpy(&v, data.p + at, sizeof v);
        if (at)
            print_lit(p, ", ");
        if (v == IR_DYNAMIC && used < n)
            print_operands(p, op, first + used++, 1);
        else
            print_i64(p, v);
    }
    print_char(p, close);
}

bool form_read_index_args(reader *r, uint32_t *mark, uint32_t *n) {
    *mark = rd_mark(r);
    *n = 0;
    if (!rd_expect(r, '('))
        return false;
    if (!rd_is(r, ')')) {
        do {
            rd_arg a = {0};
            if (!rd_argument(r, false, false, &a))
                return false;
            a.type = r->ctx->t_index;
            if (!rd_push_arg(r, &a))
                return false;
            ++*n;
        } while (rd_accept(r, ','));
    }
    return rd_expect(r, ')');
}

void form_print_args(printer *p, ir_value args, uint32_t n) {
    print_char(p, '(');
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        print_value(p, args + i);
    }
    print_char(p, ')');
}

/* ---- loop-carried values --------------------------------------------------------------------------------- */

bool form_read_assignments(reader *r, form_iter_args *out) {
    enum { PAIR = RD_ARG_WORDS + RD_USE_WORDS };
    uint32_t mark = rd_mark(r), n = 0;
    if (!rd_expect(r, '('))
        return false;
    if (!rd_is(r, ')')) {
        do {
            rd_arg a = {0};
            rd_use u;
            if (!rd_argument(r, false, false, &a) || !rd_expect(r, '=') || !rd_value_use(r, &u) ||
                !rd_push_arg(r, &a) || !rd_push_use(r, u))
                return false;
            n++;
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, ')'))
        return false;
    out->n = n;
    out->inits = (asm_list){rd_mark(r), n};
    for (uint32_t i = 0; i < n; i++)
        if (!rd_push_use(r, rd_use_at(r, mark + i * PAIR + RD_ARG_WORDS, 0)))
            return false;
    out->args = rd_mark(r);
    for (uint32_t i = 0; i < n; i++) {
        rd_arg a = rd_arg_at(r, mark + i * PAIR, 0);
        if (!rd_push_arg(r, &a))
            return false;
    }
    return true;
}

bool form_read_iter_args_unresolved(reader *r, form_iter_args *out) {
    if (!form_read_assignments(r, out) || !rd_expect_text(r, "->"))
        return false;
    uint32_t at = rd_pos(r);
    out->types = rd_mark(r);
    if (!rd_result_types(r))
        return false;
    return rd_mark(r) - out->types == out->n ||
           rd_error(r, at, "mismatch in number of loop-carried values and defined values");
}

bool form_resolve_iter_args(reader *r, const form_iter_args *l, uint32_t at) {
    for (uint32_t i = 0; i < l->n; i++)
        if (!rd_add_result_type(r, *rd_words(r, l->types + i)))
            return false;
    return l->n == 0 || rd_resolve_list(r, l->inits.mark, l->n, l->types, l->n, at);
}

bool form_read_iter_args(reader *r, form_iter_args *out) {
    uint32_t at = rd_pos(r);
    return form_read_iter_args_unresolved(r, out) && form_resolve_iter_args(r, out, at);
}

bool form_push_iter_args(reader *r, const form_iter_args *l) {
    for (uint32_t i = 0; i < l->n; i++) {
        rd_arg a = rd_arg_at(r, l->args, i);
        a.type = *rd_words(r, l->types + i);
        if (!rd_push_arg(r, &a))
            return false;
    }
    return true;
}

void form_print_iter_args(printer *p, ir_op op, ir_value args, uint32_t first, uint32_t n, const char *word) {
    print_char(p, ' ');
    print_str(p, str_from_z(word));
    print_char(p, '(');
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        print_value(p, args + i);
        print_lit(p, " = ");
        print_operands(p, op, first + i, 1);
    }
    print_char(p, ')');
}

ir_attr form_iterator_types(reader *r, ir_attr names, uint16_t def, uint32_t at) {
    enum { MOST = 64 };
    ir_context *c = r->ctx;
    uint32_t items[MOST], n = ir_count(c, names);
    if (n > MOST)
        return names;
    for (uint32_t i = 0; i < n; i++) {
        items[i] = ir_at(c, names, i);
        if (ir_kind_of(c, items[i]) != IR_ATTR_STRING)
            continue;
        str word = ir_str_of(c, items[i]);
        if (!dialect_case_by_text(&dialect_enums[dialect_attr_defs[def].wraps], word)) {
            rd_error(r, at, "unexpected iterator_type (%.*s)", STR_ARG(word));
            return 0;
        }
        items[i] = dialect_make_case(c, def, word);
    }
    return ir_attr_array(c, items, n);
}
