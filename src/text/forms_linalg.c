/* forms_linalg.c - hand-written forms of linalg. The bodies that named ops do not write are made in linalg_bodies.c. */
#include <string.h>

#include "dialect/ids.h"
#include "text/asm.h"
#include "text/dialect_text.h"
#include "text/forms.h"

/* ---- ins(...) outs(...) ----------------------------------------------------------------------------------- */

/* `word(%a, %b : t, t)`, optional: appended to the operands. */
static bool read_part(reader *r, const char *word, uint32_t *n) {
    *n = 0;
    if (!rd_accept_keyword(r, word))
        return true;
    uint32_t at, types, mark = rd_mark(r);
    if (!rd_expect(r, '(') || !rd_value_uses(r, n))
        return false;
    types = rd_mark(r);
    at = rd_pos(r);
    if (rd_accept(r, ':') && !rd_type_list(r))
        return false;
    return rd_resolve_list(r, mark, *n, types, rd_mark(r) - types, at) && rd_expect(r, ')');
}

static bool read_ins_outs(reader *r, uint32_t *ins, uint32_t *outs) {
    return read_part(r, "ins", ins) && read_part(r, "outs", outs);
}

static bool add_segments(reader *r, uint32_t ins, uint32_t outs) {
    uint32_t sizes[] = {ins, outs};
    return rd_add_segments(r, STR("operandSegmentSizes"), sizes, 2);
}

static void print_part(printer *p, ir_op op, str word, uint32_t first, uint32_t n) {
    if (!n)
        return;
    print_str(p, word);
    print_char(p, '(');
    print_operands(p, op, first, n);
    print_lit(p, " : ");
    print_operand_types(p, op, first, n);
    print_char(p, ')');
}

static void print_ins_outs(printer *p, ir_op op, const asm_groups *g) {
    print_part(p, op, STR(" ins"), g->first[0], g->n[0]);
    print_part(p, op, STR(" outs"), g->first[1], g->n[1]);
}

/* Groups of a structured op: inputs and outputs. */
static bool structured_groups(printer *p, ir_op op, asm_groups *g) {
    return asm_operand_groups(p->m, op, print_op_def(p, op), g) && g->count == 2 && ir_op_at(p->m, op)->n_regions == 1;
}

/* ---- linalg.generic ------------------------------------------------------------------------------------- */

/* {indexing_maps = .., iterator_types = ..} ins(..) outs(..) (attrs = {..})? {region} (-> types)? */
bool form_read_linalg_generic(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    uint32_t at = rd_pos(r), ins, outs;
    ir_attr traits = rd_is(r, '{') ? rd_dict(r) : rd_attr(r, 0);
    if (!traits)
        return false;
    if (ir_kind_of(c, traits) != IR_ATTR_DICT)
        return rd_error(r, at, "expected dictionary attribute");
    for (uint32_t i = 0; i + 1 < ir_count(c, traits); i += 2) {
        ir_str key = ir_at(c, traits, i);
        ir_attr value = ir_at(c, traits, i + 1);
        if (str_eq(ir_str_of(c, key), STR("iterator_types")) && ir_kind_of(c, value) == IR_ATTR_ARRAY &&
            !(value = form_iterator_types(r, value, ATTR_linalg_iterator_type, at)))
            return false;
        if (!rd_add_attr_node(r, key, value))
            return false;
    }
    if (!read_ins_outs(r, &ins, &outs))
        return false;
    if (rd_accept_keyword(r, "attrs") && (!rd_expect(r, '=') || !rd_opt_attr_dict(r, op)))
        return false;
    return rd_region(r, op, rd_mark(r), 0) && form_read_arrow_results(r, NULL) && add_segments(r, ins, outs);
}

bool form_print_linalg_generic(printer *p, ir_op op) {
    static const str traits[] = {STR_INIT("doc"), STR_INIT("indexing_maps"), STR_INIT("library_call"),
                                 STR_INIT("iterator_types")};
    const ir_context *c = p->c;
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    asm_groups g;
    if (!structured_groups(p, op, &g))
        return false;
    print_op_name(p, op);
    print_lit(p, " {");
    bool any = false;
    uint32_t n = o->props ? ir_count(c, o->props) : 0;
    for (uint32_t i = 0; i + 1 < n; i += 2) {
        str key = ir_str_of(c, ir_at(c, o->props, i));
        ir_attr value = ir_at(c, o->props, i + 1);
        bool wanted = false;
        for (uint32_t j = 0; j < 4; j++)
            wanted |= str_eq(key, traits[j]);
        if (!wanted)
            continue;
        if (any)
            print_lit(p, ", ");
        any = true;
        if (!str_eq(key, STR("iterator_types")) || ir_kind_of(c, value) != IR_ATTR_ARRAY) {
            print_named_attr(p, key, value);
            continue;
        }
        print_lit(p, "iterator_types = [");
        for (uint32_t j = 0; j < ir_count(c, value); j++) {
            if (j)
                print_lit(p, ", ");
            str name = dialect_case_text(c, ir_at(c, value, j));
            if (name.n)
                print_quoted(p, name);
            else
                print_attr(p, ir_at(c, value, j));
        }
        print_char(p, ']');
    }
    print_char(p, '}');
    print_ins_outs(p, op, &g);
    static const str elided[] = {STR_INIT("doc"), STR_INIT("indexing_maps"), STR_INIT("library_call"),
                                 STR_INIT("iterator_types"), STR_INIT("operandSegmentSizes")};
    if (o->attrs && ir_count(c, o->attrs)) {
        print_lit(p, " attrs = ");
        form_print_attrs(p, op, elided, 5);
    }
    print_char(p, ' ');
    print_region(p, ir_op_region(m, op, 0), PRINT_ENTRY_ARGS | PRINT_TERMINATORS);
    form_print_arrow_results(p, op);
    return true;
}

/* ---- linalg.yield --------------------------------------------------------------------------------------- */

/* (%a, %b : t, t)? */
bool form_read_linalg_yield(reader *r, rd_op *op) {
    uint32_t mark = rd_mark(r), n = 0, at = rd_pos(r);
    if (!rd_value_uses(r, &n) || !rd_opt_attr_dict(r, op))
        return false;
    uint32_t types = rd_mark(r);
    if (n && (!rd_expect(r, ':') || !rd_type_list(r)))
        return false;
    return rd_resolve_list(r, mark, n, types, rd_mark(r) - types, at);
}

bool form_print_linalg_yield(printer *p, ir_op op) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    print_op_name(p, op);
    if (n) {
        print_char(p, ' ');
        print_operands(p, op, 0, n);
    }
    form_print_attrs(p, op, NULL, 0);
    if (n) {
        print_lit(p, " : ");
        print_operand_types(p, op, 0, n);
    }
    return true;
}

/* ---- named ops ------------------------------------------------------------------------------------------ */

/* (indexing_maps = [..])? <{..}>? {..}? ins(..) outs(..) (-> types)?; the body follows from the name. */
static bool read_named(reader *r, rd_op *op, bool with_maps) {
    uint32_t ins, outs;
    if (with_maps && rd_accept_keyword(r, "indexing_maps")) {
        ir_attr maps;
        if (!rd_expect(r, '=') || !(maps = rd_attr(r, 0)) || !rd_add_prop(r, STR("indexing_maps"), maps))
            return false;
    }
    if (!rd_opt_prop_dict(r, op) || !rd_opt_attr_dict(r, op) || !read_ins_outs(r, &ins, &outs) ||
        !form_read_arrow_results(r, NULL) || !add_segments(r, ins, outs))
        return false;
    return linalg_make_body(r, op, ins, outs);
}

bool form_read_linalg_named(reader *r, rd_op *op) {
    return read_named(r, op, true);
}

static bool print_named(printer *p, ir_op op) {
    asm_groups g;
    if (!structured_groups(p, op, &g))
        return false;
    print_op_name(p, op);
    ir_attr maps = ir_op_attr(p->m, op, STR("indexing_maps"));
    if (maps && !linalg_maps_are_default(p->m, op)) {
        print_lit(p, " indexing_maps = ");
        print_attr(p, maps);
    }
    static const str elided[] = {STR_INIT("operandSegmentSizes"), STR_INIT("linalg.memoized_indexing_maps"),
                                 STR_INIT("indexing_maps")};
    form_print_attrs(p, op, elided, 3);
    print_ins_outs(p, op, &g);
    form_print_arrow_results(p, op);
    return true;
}

bool form_print_linalg_named(printer *p, ir_op op) {
    return print_named(p, op);
}

/* ---- transpose, broadcast ------------------------------------------------------------------------------- */

/* ins(..) outs(..) key = [1, 0]; results are the types of tensor outputs. */
static bool add_tensor_results(reader *r, rd_op *op, uint32_t first) {
    for (uint32_t i = first; i < rd_n_operands(r, op); i++) {
        ir_type t = ir_value_type(r->m, rd_operand(r, op, i));
        ir_kind k = ir_kind_of(r->ctx, t);
        if ((k == IR_TYPE_TENSOR || k == IR_TYPE_UNRANKED_TENSOR) && !rd_add_result_type(r, t))
            return false;
    }
    return true;
}

static bool read_dims_op(reader *r, rd_op *op, str key) {
    uint32_t ins, outs;
    ir_attr dims;
    if (!read_ins_outs(r, &ins, &outs) || !rd_expect_keyword(r, key.p) || !rd_expect(r, '=') ||
        !(dims = asm_read_int_array(r, r->ctx->t_i64)) || !rd_add_prop(r, key, dims) || !rd_opt_attr_dict(r, op))
        return false;
    return add_tensor_results(r, op, ins) && linalg_make_body(r, op, ins, outs);
}

static bool print_dims_op(printer *p, ir_op op, str key) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr dims = ir_op_attr(p->m, op, key);
    if (o->n_operands != 2 || o->n_regions != 1 || !dims)
        return false;
    print_op_name(p, op);
    print_part(p, op, STR(" ins"), 0, 1);
    print_part(p, op, STR(" outs"), 1, 1);
    print_char(p, ' ');
    print_str(p, key);
    print_lit(p, " = ");
    asm_print_int_array(p, dims);
    print_char(p, ' ');
    form_print_attrs(p, op, &key, 1);
    return true;
}

bool form_read_linalg_transpose(reader *r, rd_op *op) {
    return read_dims_op(r, op, STR("permutation"));
}

bool form_print_linalg_transpose(printer *p, ir_op op) {
    return print_dims_op(p, op, STR("permutation"));
}

bool form_read_linalg_broadcast(reader *r, rd_op *op) {
    return read_dims_op(r, op, STR("dimensions"));
}

bool form_print_linalg_broadcast(printer *p, ir_op op) {
    return print_dims_op(p, op, STR("dimensions"));
}

/* ---- reduce, map ---------------------------------------------------------------------------------------- */

/* `{ arith.addf {..}? }`: the one op of the body; *name empty when it is not written. */
static bool read_short_body(reader *r, str *name, ir_attr *attrs) {
    *name = (str){"", 0};
    *attrs = 0;
    if (!rd_is(r, '{'))
        return true;
    rd_take(r, 1);
    if (!rd_keyword(r, name))
        return false;
    if (rd_is(r, '{') && !(*attrs = rd_dict(r)))
        return false;
    return rd_expect(r, '}');
}

/* `(%a: t, ...) {...}` */
static bool read_long_body(reader *r, rd_op *op) {
    uint32_t mark = rd_mark(r), n = 0;
    if (!rd_expect(r, '('))
        return false;
    if (!rd_is(r, ')')) {
        do {
            rd_arg a = {0};
            if (!rd_argument(r, true, false, &a) || !rd_push_arg(r, &a))
                return false;
            n++;
        } while (rd_accept(r, ','));
    }
    return rd_expect(r, ')') && rd_region(r, op, mark, n);
}

bool form_read_linalg_reduce(reader *r, rd_op *op) {
    str name;
    ir_attr attrs, dims;
    uint32_t ins, outs;
    if (!read_short_body(r, &name, &attrs) || !read_ins_outs(r, &ins, &outs) || !rd_expect_keyword(r, "dimensions") ||
        !rd_expect(r, '=') || !(dims = asm_read_int_array(r, r->ctx->t_i64)) ||
        !rd_add_prop(r, STR("dimensions"), dims) || !rd_opt_attr_dict(r, op) || !add_tensor_results(r, op, ins))
        return false;
    return name.n ? linalg_make_short_body(r, op, name, attrs, ins, true) : read_long_body(r, op);
}

bool form_read_linalg_map(reader *r, rd_op *op) {
    str name;
    ir_attr attrs;
    uint32_t ins, outs;
    if (!read_short_body(r, &name, &attrs) || !read_ins_outs(r, &ins, &outs) || !rd_opt_attr_dict(r, op) ||
        !add_tensor_results(r, op, ins))
        return false;
    return name.n ? linalg_make_short_body(r, op, name, attrs, ins, false) : read_long_body(r, op);
}

/* The op of a body that the short form can write: it takes the block arguments in the order the short form makes up and
 * its result is all that is yielded. 0 if there is none. */
static ir_op short_body(const ir_module *m, ir_block b, bool reduce, uint32_t n_args_used) {
    const ir_block_data *d = ir_block_at(m, b);
    ir_op first = d->first, last = d->last;
    if (!first || ir_op_at(m, first)->next != last || first == last)
        return 0;
    const ir_op_data *o = ir_op_at(m, first), *y = ir_op_at(m, last);
    if (o->n_results != 1 || o->n_regions || y->n_operands != 1 || ir_operand(m, last, 0) != o->results ||
        o->n_operands != n_args_used || !str_eq(ir_op_name_str(m, last), STR("linalg.yield")))
        return 0;
    for (uint32_t i = 0; i < o->n_operands; i++) {
        uint32_t want = reduce ? (i + o->n_operands - 1) % o->n_operands : i;
        if (ir_operand(m, first, i) != d->args + want)
            return 0;
    }
    for (uint32_t i = 0; i < o->n_operands; i++)
        if (ir_value_type(m, o->results) != ir_value_type(m, d->args + i))
            return 0;
    return first;
}

static void print_short_body(printer *p, ir_op only) {
    const ir_op_data *o = ir_op_at(p->m, only);
    print_lit(p, " { ");
    print_str(p, ir_op_name_str(p->m, only));
    const op_def *d = dialect_def_of(p->m, only);
    str elided[16];
    uint32_t n = 0;
    for (uint32_t i = 0; d && i < d->n_attrs && n < 16; i++)
        if ((op_attribute(d, i)->flags & OP_ATTR_DEFAULT) &&
            asm_is_preset(p, op_attribute(d, i), ir_dict_get(p->c, o->props, dialect_text(op_attribute(d, i)->name))))
            elided[n++] = dialect_text(op_attribute(d, i)->name);
    print_attr_dict(p, o->props, o->attrs, elided, n, false);
    print_lit(p, " }");
}

static void print_long_body(printer *p, ir_op op) {
    ir_region region = ir_op_region(p->m, op, 0);
    ir_block b = ir_region_at(p->m, region)->first;
    print_indent(p, 2);
    print_newline(p);
    print_char(p, '(');
    for (uint32_t i = 0; i < ir_block_at(p->m, b)->n_args; i++) {
        if (i)
            print_lit(p, ", ");
        print_region_arg(p, ir_block_at(p->m, b)->args + i, 0, true);
    }
    print_lit(p, ") ");
    print_region(p, region, PRINT_TERMINATORS);
    print_indent(p, -2);
}

bool form_print_linalg_reduce(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr dims = ir_op_attr(p->m, op, STR("dimensions"));
    if (o->n_operands < 2 || o->n_operands % 2 || o->n_regions != 1 || !dims)
        return false;
    ir_block b = form_single_block(p->m, ir_op_region(p->m, op, 0));
    if (!b || ir_block_at(p->m, b)->n_args != o->n_operands)
        return false;
    ir_op only = o->n_operands == 2 ? short_body(p->m, b, true, 2) : 0;
    print_op_name(p, op);
    if (only)
        print_short_body(p, only);
    uint32_t half = o->n_operands / 2;
    print_part(p, op, STR(" ins"), 0, half);
    print_part(p, op, STR(" outs"), half, half);
    print_lit(p, " dimensions = ");
    asm_print_int_array(p, dims);
    print_char(p, ' ');
    static const str elided[] = {STR_INIT("dimensions")};
    form_print_attrs(p, op, elided, 1);
    if (!only)
        print_long_body(p, op);
    return true;
}

bool form_print_linalg_map(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands < 1 || o->n_regions != 1)
        return false;
    ir_block b = form_single_block(p->m, ir_op_region(p->m, op, 0));
    if (!b)
        return false;
    uint32_t ins = o->n_operands - 1;
    ir_op only = ir_block_at(p->m, b)->n_args == o->n_operands ? short_body(p->m, b, false, ins) : 0;
    print_op_name(p, op);
    if (only)
        print_short_body(p, only);
    print_part(p, op, STR(" ins"), 0, ins);
    print_part(p, op, STR(" outs"), ins, 1);
    form_print_attrs(p, op, NULL, 0);
    if (!only)
        print_long_body(p, op);
    return true;
}
