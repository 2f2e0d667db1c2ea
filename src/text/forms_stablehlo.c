/* forms_stablehlo.c - forms that StableHLO, CHLO and Shardy write by hand: constants, reductions, loops, scans. */
#include "text/forms_hlo.h"

#include <stdio.h>

#include "dialect/ids.h"

/* `[0, 1]` as array<i64: ..> property. */
static bool read_dimensions(reader *r, str key) {
    ir_attr dims = asm_read_int_array(r, r->ctx->t_i64);
    return dims && rd_add_prop(r, key, dims);
}

/* The type of an elements attribute. */
static ir_type type_of_elements(const ir_context *c, ir_attr a) {
    switch (ir_kind_of(c, a)) {
    case IR_ATTR_DENSE:
    case IR_ATTR_DENSE_STRINGS:
    case IR_ATTR_RESOURCE:
    case IR_ATTR_SPARSE: return ir_at(c, a, 0);
    default: return 0;
    }
}

/* ---- constant --------------------------------------------------------------------------------------------- */

/* `() <{value = ..}> {..} : () -> type`, for values of another type than the result. */
static bool read_generic_constant(reader *r, rd_op *op) {
    if (!rd_expect(r, ')') || !rd_opt_prop_dict(r, op) || !rd_opt_attr_dict(r, op) || !rd_expect(r, ':') ||
        !rd_expect(r, '(') || !rd_expect(r, ')') || !rd_expect_text(r, "->"))
        return false;
    ir_type t = rd_type(r);
    return t && rd_add_result_type(r, t);
}

bool form_read_hlo_constant(reader *r, rd_op *op) {
    if (rd_accept(r, '('))
        return read_generic_constant(r, op);
    if (!rd_opt_attr_dict(r, op))
        return false;
    uint32_t at = rd_pos(r);
    ir_attr value = rd_attr(r, 0);
    if (!value)
        return false;
    ir_type t = type_of_elements(r->ctx, value);
    if (!t)
        return rd_error(r, at, "invalid kind of attribute specified");
    return rd_add_prop(r, STR("value"), value) && rd_add_result_type(r, t);
}

static void print_generic_constant(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    print_lit(p, "() <{");
    for (uint32_t i = 0; i + 1 < ir_count(p->c, o->props); i += 2) {
        if (i)
            print_lit(p, ", ");
        print_named_attr(p, ir_str_of(p->c, ir_at(p->c, o->props, i)), ir_at(p->c, o->props, i + 1));
    }
    print_lit(p, "}>");
    print_attr_dict(p, 0, o->attrs, NULL, 0, false);
    print_lit(p, " : ");
    print_op_function_type(p, op);
}

bool form_print_hlo_constant(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr value = ir_op_attr(p->m, op, STR("value"));
    if (!value || !type_of_elements(p->c, value) || o->n_results != 1 || o->n_operands || o->n_regions || !o->props)
        return false;
    print_op_name(p, op);
    if (type_of_elements(p->c, value) != ir_value_type(p->m, o->results)) {
        print_generic_constant(p, op);
        return true;
    }
    str elided = STR("value");
    print_attr_dict(p, o->props, o->attrs, &elided, 1, false);
    print_char(p, ' ');
    print_attr(p, value);
    return true;
}

/* ---- reduce ----------------------------------------------------------------------------------------------- */

/* `(%a init: %b), (%c init: %d)`: pushes input and initial value of each pair. */
static bool read_reduce_operands(reader *r, uint32_t *pairs) {
    *pairs = 0;
    while (rd_accept(r, '(')) {
        rd_use input, init;
        if (!rd_value_use(r, &input) || !rd_expect_keyword(r, "init") || !rd_expect(r, ':') ||
            !rd_value_use(r, &init) || !rd_expect(r, ')') || !rd_push_use(r, input) || !rd_push_use(r, init))
            return false;
        ++*pairs;
        if (!rd_accept(r, ','))
            break;
    }
    return true;
}

/* All inputs, then all initial values, with the types of a function type. */
static bool resolve_reduce(reader *r, uint32_t uses, uint32_t pairs, ir_type f, uint32_t at) {
    uint32_t n_in = ir_at(r->ctx, f, 0), n_out = ir_count(r->ctx, f) - 1 - n_in;
    if (n_in != 2 * pairs)
        return rd_error(r, at, "%u operands present, but expected %u", 2 * pairs, n_in);
    for (uint32_t i = 0; i < 2 * pairs; i++) {
        rd_use u = rd_use_at(r, uses, i < pairs ? 2 * i : 2 * (i - pairs) + 1);
        if (!rd_resolve_operand(r, u, ir_at(r->ctx, f, 1 + i)))
            return false;
    }
    for (uint32_t i = 0; i < n_out; i++) {
        if (!rd_add_result_type(r, ir_at(r->ctx, f, 1 + n_in + i)))
            return false;
    }
    return true;
}

/* `across dimensions = [1] {..} : (..) -> ..`; the function type, 0 after an error. */
static ir_type read_reduce_tail(reader *r, rd_op *op) {
    if (!rd_expect_keyword(r, "across") || !rd_expect_keyword(r, "dimensions") || !rd_expect(r, '=') ||
        !read_dimensions(r, STR("dimensions")) || !rd_opt_attr_dict(r, op) || !rd_expect(r, ':'))
        return 0;
    uint32_t at = rd_pos(r);
    ir_type f = rd_type(r);
    if (f && ir_kind_of(r->ctx, f) != IR_TYPE_FUNCTION) {
        rd_error(r, at, "expected function type");
        return 0;
    }
    return f;
}

/* Whether an op may stand for the body of a reduction of `dialect`. */
static bool can_apply(const op_def *d, str dialect) {
    return d && str_eq(dialect_prefix(dialect_text(d->name)), dialect) && (d->flags & OP_COMMUTATIVE) &&
           d->n_regions == 0 && d->n_operands == 2 && op_operand(d, 0)->arity == ARITY_ONE &&
           op_operand(d, 1)->arity == ARITY_ONE && d->n_results == 1 && op_result(d, 0)->arity == ARITY_ONE;
}

/* The region { ^(%a, %b): %c = inner %a, %b; return %c } on scalars of the input's element type. */
static bool make_reducer(reader *r, rd_op *op, ir_name inner_name, str dialect, ir_type input) {
    ir_module *m = r->m;
    ir_loc loc = op->loc ? op->loc : rd_loc_at(r, op->at);
    ir_type t = ir_type_tensor(r->ctx, NULL, 0, ir_element_type(r->ctx, input), 0);
    ir_type types[2] = {t, t};
    ir_loc locs[2] = {loc, loc};
    char return_name[128];
    int n = snprintf(return_name, sizeof return_name, "%.*s.return", STR_ARG(dialect));
    ir_region region = ir_region_new(m);
    ir_block block = ir_block_new(m);
    if (!region || !block || n < 0 || (size_t)n >= sizeof return_name || !ir_block_set_args(m, block, types, locs, 2))
        return false;
    ir_region_append(m, region, block);
    ir_value first = ir_block_at(m, block)->args;
    ir_value args[2] = {first, first + 1};
    ir_op inner = ir_op_new(m, inner_name, loc);
    ir_op ret = ir_op_new(m, ir_op_name(r->ctx, str_of(return_name, (size_t)n)), loc);
    if (!inner || !ret || !ir_op_set_operands(m, inner, args, 2) || !ir_op_set_results(m, inner, &t, 1))
        return false;
    ir_value result = ir_op_at(m, inner)->results;
    if (!ir_op_set_operands(m, ret, &result, 1))
        return false;
    ir_block_append(m, block, inner);
    ir_block_append(m, block, ret);
    return rd_add_region(r, region);
}

static bool read_compact_reduce(reader *r, rd_op *op, uint32_t uses, uint32_t pairs) {
    str inner = rd_peek_id(r);
    str dialect = dialect_prefix(dialect_text(op->def->name));
    uint32_t at = rd_pos(r);
    if (!inner.n)
        return rd_expected(r, "expected bare identifier");
    if (!can_apply(dialect_find_op(inner), dialect))
        return rd_error(r, at,
                        "expected the inner-op to be a commutative binary-op from the %.*s dialect, with zero region, "
                        "producing single result",
                        STR_ARG(dialect));
    rd_take(r, (uint32_t)inner.n);
    ir_type f = read_reduce_tail(r, op);
    if (!f)
        return false;
    if (ir_at(r->ctx, f, 0) == 0)
        return rd_error(r, at, "input types missing in reduce-op function type");
    /* The location is read here because the ops inside have it too. */
    if (!rd_opt_loc(r, &op->loc))
        return false;
    return resolve_reduce(r, uses, pairs, f, at) &&
           make_reducer(r, op, ir_op_name(r->ctx, inner), dialect, ir_at(r->ctx, f, 1));
}

/* `(%a: t, %b: t) (%c: t, %d: t) {..}`: in the block all first ones come before all second ones. */
static bool read_reducer(reader *r, rd_op *op) {
    uint32_t pairs = 0, read = rd_mark(r);
    while (rd_accept(r, '(')) {
        for (int i = 0; i < 2; i++) {
            rd_arg arg;
            if ((i && !rd_expect(r, ',')) || !rd_argument(r, true, false, &arg) || !rd_push_arg(r, &arg))
                return false;
        }
        if (!rd_expect(r, ')'))
            return false;
        pairs++;
    }
    uint32_t args = rd_mark(r);
    for (uint32_t i = 0; i < 2 * pairs; i++) {
        rd_arg arg = rd_arg_at(r, read, i < pairs ? 2 * i : 2 * (i - pairs) + 1);
        if (!rd_push_arg(r, &arg))
            return false;
    }
    return rd_region(r, op, args, 2 * pairs);
}

bool form_read_hlo_reduce(reader *r, rd_op *op) {
    uint32_t at = rd_pos(r), uses = rd_mark(r), pairs;
    if (!read_reduce_operands(r, &pairs))
        return false;
    if (rd_accept_keyword(r, "applies"))
        return read_compact_reduce(r, op, uses, pairs);
    ir_type f = read_reduce_tail(r, op);
    return f && rd_expect_keyword(r, "reducer") && resolve_reduce(r, uses, pairs, f, at) && read_reducer(r, op);
}

/* The op that the body consists of, when it can be written as "applies": 0 if not. */
static ir_op compact_inner(const printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    ir_block b = ir_region_at(m, ir_op_region(m, op, 0))->first;
    ir_op inner = ir_block_at(m, b)->first, ret = ir_block_at(m, b)->last;
    if (!inner || inner == ret || ir_op_at(m, inner)->next != ret || o->n_operands == 0)
        return 0;
    const ir_op_data *i = ir_op_at(m, inner), *t = ir_op_at(m, ret);
    str dialect = dialect_prefix(ir_op_name_str(m, op)), name = ir_op_name_str(m, ret);
    if (!can_apply(dialect_def_of(m, inner), dialect) || i->n_operands != 2 || i->n_results != 1 ||
        !str_eq(str_from(name, str_find_char(name, '.')), STR(".return")) || t->n_operands != 1)
        return 0;
    ir_type scalar = ir_value_type(m, i->results);
    const ir_block_data *block = ir_block_at(m, b);
    if (block->n_args != 2 || ir_operand(m, inner, 0) != block->args || ir_operand(m, inner, 1) != block->args + 1 ||
        ir_operand(m, ret, 0) != i->results || ir_value_type(m, block->args) != scalar ||
        ir_value_type(m, block->args + 1) != scalar)
        return 0;
    ir_type element = ir_element_type(p->c, ir_value_type(m, ir_operand(m, op, 0)));
    if (ir_kind_of(p->c, scalar) != IR_TYPE_TENSOR || ir_rank(p->c, scalar) != 0 || ir_encoding(p->c, scalar) ||
        ir_element_type(p->c, scalar) != element)
        return 0;
    return inner;
}

bool form_print_hlo_reduce(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    ir_attr dims = ir_op_attr(m, op, STR("dimensions"));
    if (o->n_regions != 1 || o->n_operands % 2 || !dims || ir_kind_of(p->c, dims) != IR_ATTR_DENSE_ARRAY)
        return false;
    ir_region body = ir_op_region(m, op, 0);
    ir_block block = form_single_block(m, body);
    uint32_t pairs = o->n_operands / 2;
    if (!block || !ir_block_at(m, block)->last)
        return false;
    ir_op inner = compact_inner(p, op);
    if (!inner && ir_block_at(m, block)->n_args != 2 * pairs)
        return false;
    print_op_name(p, op);
    for (uint32_t i = 0; i < pairs; i++) {
        print_str(p, i ? STR(", (") : STR("("));
        print_value(p, ir_operand(m, op, i));
        print_lit(p, " init: ");
        print_value(p, ir_operand(m, op, pairs + i));
        print_char(p, ')');
    }
    if (inner) {
        print_lit(p, " applies ");
        print_str(p, ir_op_name_str(m, inner));
    }
    print_lit(p, " across dimensions = ");
    asm_print_int_array(p, dims);
    str elided = STR("dimensions");
    print_attr_dict(p, o->props, o->attrs, &elided, 1, false);
    print_lit(p, " : ");
    print_op_function_type(p, op);
    if (inner)
        return true;
    print_newline(p);
    print_lit(p, " reducer");
    ir_value args = ir_block_at(m, block)->args;
    for (uint32_t i = 0; i < pairs; i++) {
        print_char(p, '(');
        print_region_arg(p, args + i, 0, true);
        print_lit(p, ", ");
        print_region_arg(p, args + pairs + i, 0, true);
        print_lit(p, ") ");
    }
    print_char(p, ' ');
    print_region(p, body, PRINT_TERMINATORS);
    return true;
}

/* ---- while ------------------------------------------------------------------------------------------------ */

bool form_read_hlo_while(reader *r, rd_op *op) {
    uint32_t at = rd_pos(r), n = 0, uses = rd_mark(r);
    if (!rd_expect(r, '('))
        return false;
    while (!rd_is(r, ')')) {
        rd_use iter, init;
        if (!rd_value_use(r, &iter) || !rd_expect(r, '=') || !rd_value_use(r, &init) || !rd_push_use(r, iter) ||
            !rd_push_use(r, init))
            return false;
        n++;
        if (!rd_accept(r, ','))
            break;
    }
    if (!rd_expect(r, ')'))
        return false;
    uint32_t types = rd_mark(r);
    if (n && (!rd_expect(r, ':') || !rd_type_list(r)))
        return false;
    uint32_t n_types = rd_mark(r) - types;
    if (n_types != n)
        return rd_error(r, at, "%u operands present, but expected %u", n, n_types);
    uint32_t args = rd_mark(r);
    for (uint32_t i = 0; i < n; i++) {
        ir_type t = *(rd_words(r, types) + i);
        rd_arg arg = {.name = rd_use_at(r, uses, 2 * i), .type = t};
        if (!rd_resolve_operand(r, rd_use_at(r, uses, 2 * i + 1), t) || !rd_add_result_type(r, t) ||
            !rd_push_arg(r, &arg))
            return false;
    }
    return rd_opt_attr_dict_keyword(r, op) && rd_expect_keyword(r, "cond") && rd_region(r, op, args, n) &&
           rd_expect_keyword(r, "do") && rd_region(r, op, args, n);
}

bool form_print_hlo_while(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    if (o->n_regions != 2)
        return false;
    ir_region cond = ir_op_region(m, op, 0), body = ir_op_region(m, op, 1);
    ir_block cond_block = ir_region_at(m, cond)->first, block = ir_region_at(m, body)->first;
    if (!block || !cond_block || ir_block_at(m, block)->n_args != o->n_operands ||
        ir_block_at(m, cond_block)->n_args != o->n_operands)
        return false;
    /* The form has one type for an operand, the arguments and the result that belong to it. */
    if (o->n_results != o->n_operands)
        return false;
    for (uint32_t i = 0; i < o->n_operands; i++) {
        ir_type t = ir_value_type(m, ir_operand(m, op, i));
        if (ir_value_type(m, o->results + i) != t || ir_value_type(m, ir_block_at(m, block)->args + i) != t ||
            ir_value_type(m, ir_block_at(m, cond_block)->args + i) != t)
            return false;
    }
    print_op_name(p, op);
    print_char(p, '(');
    for (uint32_t i = 0; i < o->n_operands; i++) {
        if (i)
            print_lit(p, ", ");
        print_value(p, ir_block_at(m, block)->args + i);
        print_lit(p, " = ");
        print_value(p, ir_operand(m, op, i));
    }
    print_char(p, ')');
    if (o->n_operands) {
        print_lit(p, " : ");
        print_operand_types(p, op, 0, o->n_operands);
    }
    print_attr_dict(p, o->props, o->attrs, NULL, 0, true);
    print_newline(p);
    print_lit(p, "cond ");
    print_region(p, cond, PRINT_TERMINATORS);
    print_lit(p, " do ");
    print_region(p, body, PRINT_TERMINATORS);
    return true;
}

/* ---- chlo.scan -------------------------------------------------------------------------------------------- */

bool form_read_chlo_scan(reader *r, rd_op *op) {
    asm_list inputs, inits;
    uint32_t at = rd_pos(r);
    int64_t dimension;
    if (!form_uses(r, '(', ')', &inputs) || !rd_expect_keyword(r, "inits") || !form_uses(r, '(', ')', &inits) ||
        !rd_expect_keyword(r, "dimension") || !rd_expect(r, '=') || !rd_integer(r, &dimension) ||
        !rd_opt_attr_dict_keyword(r, op) || !rd_region(r, op, 0, 0) || !rd_expect(r, ':'))
        return false;
    ir_type f = rd_type(r);
    if (!f || ir_kind_of(r->ctx, f) != IR_TYPE_FUNCTION)
        return f && rd_error(r, at, "expected function type");
    uint32_t n_in = ir_at(r->ctx, f, 0), n_out = ir_count(r->ctx, f) - 1 - n_in;
    if (n_in != inputs.n + inits.n)
        return rd_error(r, at, "operand types must match the number of inputs and inits");
    if (n_out < inits.n)
        return rd_error(r, at, "not enough result types to cover the required carries");
    for (uint32_t i = 0; i < n_in; i++) {
        rd_use u = i < inputs.n ? rd_use_at(r, inputs.mark, i) : rd_use_at(r, inits.mark, i - inputs.n);
        if (!rd_resolve_operand(r, u, ir_at(r->ctx, f, 1 + i)))
            return false;
    }
    for (uint32_t i = 0; i < n_out; i++) {
        if (!rd_add_result_type(r, ir_at(r->ctx, f, 1 + n_in + i)))
            return false;
    }
    uint32_t operands[2] = {inputs.n, inits.n}, results[2] = {n_out - inits.n, inits.n};
    return rd_add_prop(r, STR("dimension"), ir_attr_int(r->ctx, r->ctx->t_i64, dimension)) &&
           rd_add_segments(r, STR("operandSegmentSizes"), operands, 2) &&
           rd_add_segments(r, STR("resultSegmentSizes"), results, 2);
}

bool form_print_chlo_scan(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    const op_def *d = dialect_def_of(p->m, op);
    asm_groups groups;
    ir_attr dimension = ir_op_attr(p->m, op, STR("dimension"));
    if (o->n_regions != 1 || !dimension || !asm_operand_groups(p->m, op, d, &groups) || groups.count != 2)
        return false;
    print_op_name(p, op);
    print_char(p, '(');
    print_operands(p, op, groups.first[0], groups.n[0]);
    print_lit(p, ") inits (");
    print_operands(p, op, groups.first[1], groups.n[1]);
    print_lit(p, ") dimension=");
    print_attr_no_type(p, dimension);
    print_char(p, ' ');
    const str elided[] = {STR_INIT("dimension"), STR_INIT("operandSegmentSizes"), STR_INIT("resultSegmentSizes")};
    print_attr_dict(p, o->props, o->attrs, elided, 3, true);
    print_char(p, ' ');
    print_region(p, ir_op_region(p->m, op, 0), PRINT_ENTRY_ARGS | PRINT_TERMINATORS);
    print_lit(p, " : ");
    print_op_function_type(p, op);
    return true;
}
