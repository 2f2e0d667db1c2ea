/* forms_vector.c - hand-written forms of vector. */
#include "dialect/ids.h"
#include "text/asm.h"
#include "text/dialect_text.h"
#include "text/forms.h"

static ir_type mask_type(ir_context *c, ir_type vector) {
    return asm_transform(c, TRANSFORM_I1_SAME_SHAPE, vector);
}

/* (d0, ..) -> the last `rank` dimensions: how a vector lies in what it is moved from or to. */
static ir_attr minor_identity(ir_context *c, int shaped_rank, int vector_rank) {
    ir_expr e[32];
    uint32_t dims = shaped_rank < 0 ? 0 : (uint32_t)shaped_rank, n = vector_rank < 0 ? 0 : (uint32_t)vector_rank;
    if (n > dims || n > 32)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        e[i] = ir_expr_dim(c, dims - n + i);
    return ir_attr_affine_map(c, dims, 0, e, n);
}

/* How many dimensions of the map the vector has: those of the vector, but for elements that are vectors themselves. */
static int transfer_rank(const ir_context *c, ir_type shaped, ir_type vector) {
    ir_type element = ir_element_type(c, shaped);
    int inner = ir_kind_of(c, element) == IR_TYPE_VECTOR ? ir_rank(c, element) : 0;
    return ir_rank(c, vector) - inner;
}

static bool add_transfer_defaults(reader *r, rd_op *op, ir_type shaped, ir_type vector) {
    ir_context *c = r->ctx;
    int rank = transfer_rank(c, shaped, vector);
    ir_attr map = rd_get_attr(r, op, STR("permutation_map"));
    if (!map) {
        map = minor_identity(c, ir_rank(c, shaped), rank);
        if (!map)
            return rd_error(r, op->at, "expected a permutation_map when the vector has a higher rank");
        if (!rd_add_prop(r, STR("permutation_map"), map))
            return false;
    }
    if (rd_get_attr(r, op, STR("in_bounds")))
        return true;
    ir_attr items[32];
    uint32_t n = ir_kind_of(c, map) == IR_ATTR_AFFINE_MAP ? ir_count(c, map) - 2 : 0;
    for (uint32_t i = 0; i < n && i < 32; i++)
        items[i] = c->a_false;
    return rd_add_prop(r, STR("in_bounds"), ir_attr_array(c, items, n < 32 ? n : 32));
}

/* %m[%i, ..], %padding (, %mask)? {..} : shaped, vector */
bool form_read_vector_transfer_read(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    rd_use from, padding, mask;
    asm_list indices;
    ir_type shaped, vector;
    if (!rd_value_use(r, &from) || !form_uses(r, '[', ']', &indices) || !rd_expect(r, ',') ||
        !rd_value_use(r, &padding))
        return false;
    bool masked = rd_accept(r, ',');
    if ((masked && !rd_value_use(r, &mask)) || !rd_opt_attr_dict(r, op) || !(shaped = rd_colon_type(r)) ||
        !rd_expect(r, ',') || !(vector = rd_type(r)))
        return false;
    uint32_t sizes[] = {1, indices.n, 1, masked};
    return rd_resolve_operand(r, from, shaped) && rd_resolve_all(r, indices.mark, indices.n, c->t_index) &&
           rd_resolve_operand(r, padding, ir_element_type(c, shaped)) &&
           (!masked || rd_resolve_operand(r, mask, mask_type(c, vector))) && rd_add_result_type(r, vector) &&
           add_transfer_defaults(r, op, shaped, vector) && rd_add_segments(r, STR("operandSegmentSizes"), sizes, 4);
}

static void print_transfer_attrs(printer *p, ir_op op, ir_type shaped, ir_type vector) {
    str elided[3] = {STR("operandSegmentSizes")};
    uint32_t n = 1;
    ir_attr map = ir_op_attr(p->m, op, STR("permutation_map")), in_bounds = ir_op_attr(p->m, op, STR("in_bounds"));
    /* The context is only asked for a map that is already there when it is the default. */
    const ir_context *c = p->c;
    int rank = transfer_rank(c, shaped, vector), dims = ir_rank(c, shaped);
    bool minor = map && ir_kind_of(c, map) == IR_ATTR_AFFINE_MAP && (int)ir_at(c, map, 0) == dims &&
                 ir_at(c, map, 1) == 0 && (int)ir_count(c, map) - 2 == rank;
    for (int i = 0; minor && i < rank; i++) {
        ir_expr e = ir_at(c, map, (uint32_t)(2 + i));
        minor = ir_kind_of(c, e) == IR_EXPR_DIM && (int)ir_at(c, e, 0) == dims - rank + i;
    }
    if (minor)
        elided[n++] = STR("permutation_map");
    bool all_false = in_bounds && ir_kind_of(c, in_bounds) == IR_ATTR_ARRAY;
    for (uint32_t i = 0; all_false && i < ir_count(c, in_bounds); i++)
        all_false = ir_at(c, in_bounds, i) == c->a_false;
    if (all_false)
        elided[n++] = STR("in_bounds");
    form_print_attrs(p, op, elided, n);
}

bool form_print_vector_transfer_read(printer *p, ir_op op) {
    asm_groups g;
    if (!asm_operand_groups(p->m, op, print_op_def(p, op), &g) || g.count != 4 || ir_op_at(p->m, op)->n_results != 1)
        return false;
    ir_type shaped = ir_value_type(p->m, ir_operand(p->m, op, 0)),
            vector = ir_value_type(p->m, ir_op_at(p->m, op)->results);
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    form_print_bracketed(p, op, '[', g.first[1], g.n[1], ']');
    print_lit(p, ", ");
    print_operands(p, op, g.first[2], 1 + g.n[3]);
    print_transfer_attrs(p, op, shaped, vector);
    print_lit(p, " : ");
    print_type(p, shaped);
    print_lit(p, ", ");
    print_type(p, vector);
    return true;
}

/* %v, %m[%i, ..] (, %mask)? {..} : vector, shaped */
bool form_read_vector_transfer_write(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    rd_use value, to, mask;
    asm_list indices;
    ir_type shaped, vector;
    if (!rd_value_use(r, &value) || !rd_expect(r, ',') || !rd_value_use(r, &to) || !form_uses(r, '[', ']', &indices))
        return false;
    bool masked = rd_accept(r, ',');
    if ((masked && !rd_value_use(r, &mask)) || !rd_opt_attr_dict(r, op) || !(vector = rd_colon_type(r)) ||
        !rd_expect(r, ',') || !(shaped = rd_type(r)))
        return false;
    uint32_t sizes[] = {1, 1, indices.n, masked};
    if (!rd_resolve_operand(r, value, vector) || !rd_resolve_operand(r, to, shaped) ||
        !rd_resolve_all(r, indices.mark, indices.n, c->t_index) ||
        (masked && !rd_resolve_operand(r, mask, mask_type(c, vector))))
        return false;
    ir_kind k = ir_kind_of(c, shaped);
    if ((k == IR_TYPE_TENSOR || k == IR_TYPE_UNRANKED_TENSOR) && !rd_add_result_type(r, shaped))
        return false;
    return add_transfer_defaults(r, op, shaped, vector) && rd_add_segments(r, STR("operandSegmentSizes"), sizes, 4);
}

bool form_print_vector_transfer_write(printer *p, ir_op op) {
    asm_groups g;
    if (!asm_operand_groups(p->m, op, print_op_def(p, op), &g) || g.count != 4)
        return false;
    ir_type vector = ir_value_type(p->m, ir_operand(p->m, op, 0)),
            shaped = ir_value_type(p->m, ir_operand(p->m, op, 1));
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 2);
    form_print_bracketed(p, op, '[', g.first[2], g.n[2], ']');
    if (g.n[3]) {
        print_lit(p, ", ");
        print_operands(p, op, g.first[3], 1);
    }
    print_transfer_attrs(p, op, shaped, vector);
    print_lit(p, " : ");
    print_type(p, vector);
    print_lit(p, ", ");
    print_type(p, shaped);
    return true;
}

/* %a, %b (, %acc)? {..} : t, t */
bool form_read_vector_outerproduct(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    uint32_t mark = rd_mark(r), n = 0;
    ir_type lhs, rhs;
    if (!rd_value_uses(r, &n) || !rd_opt_attr_dict(r, op) || !(lhs = rd_colon_type(r)) || !rd_expect(r, ',') ||
        !(rhs = rd_type(r)))
        return false;
    if (n < 2 || n > 3)
        return rd_error(r, op->at, "expected at least 2 operands");
    int64_t dims[2] = {ir_dim(c, lhs, 0), ir_kind_of(c, rhs) == IR_TYPE_VECTOR ? ir_dim(c, rhs, 0) : 0};
    ir_type result =
        ir_kind_of(c, rhs) == IR_TYPE_VECTOR ? ir_type_vector(c, dims, 2, NULL, ir_element_type(c, lhs)) : lhs;
    if (!rd_resolve_operand(r, rd_use_at(r, mark, 0), lhs) || !rd_resolve_operand(r, rd_use_at(r, mark, 1), rhs) ||
        (n == 3 && !rd_resolve_operand(r, rd_use_at(r, mark, 2), result)))
        return false;
    return rd_add_result_type(r, result) &&
           (rd_get_attr(r, op, STR("kind")) ||
            rd_add_prop(r, STR("kind"), dialect_make_case(c, ATTR_vector_kind, STR("add"))));
}

bool form_print_vector_outerproduct(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands < 2 || o->n_operands > 3)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, o->n_operands);
    str elided[1] = {STR("kind")};
    ir_attr kind = ir_op_attr(p->m, op, STR("kind"));
    bool plain = o->n_operands == 2 || (kind && str_eq(dialect_case_text(p->c, kind), STR("add")));
    form_print_attrs(p, op, elided, plain ? 1 : 0);
    print_lit(p, " : ");
    print_operand_types(p, op, 0, 2);
    return true;
}

/* {indexing_maps, iterator_types, kind} %a, %b, %acc {..}? : t, t into t */
bool form_read_vector_contract(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    uint32_t at = rd_pos(r);
    rd_use a, b, acc;
    ir_type ta, tb, tc;
    ir_attr traits = rd_is(r, '{') ? rd_dict(r) : rd_attr(r, 0);
    if (!traits)
        return false;
    if (ir_kind_of(c, traits) != IR_ATTR_DICT)
        return rd_error(r, at, "expected dictionary attribute");
    for (uint32_t i = 0; i + 1 < ir_count(c, traits); i += 2) {
        ir_str key = ir_at(c, traits, i);
        ir_attr value = ir_at(c, traits, i + 1);
        if (str_eq(ir_str_of(c, key), STR("iterator_types")) && ir_kind_of(c, value) == IR_ATTR_ARRAY &&
            !(value = form_iterator_types(r, value, ATTR_vector_iterator_type, at)))
            return false;
        if (!rd_add_attr_node(r, key, value))
            return false;
    }
    if (!rd_value_use(r, &a) || !rd_expect(r, ',') || !rd_value_use(r, &b) || !rd_expect(r, ',') ||
        !rd_value_use(r, &acc) || !rd_opt_attr_dict(r, op) || !(ta = rd_colon_type(r)) || !rd_expect(r, ',') ||
        !(tb = rd_type(r)) || !rd_expect_keyword(r, "into") || !(tc = rd_type(r)))
        return false;
    if (!rd_get_attr(r, op, STR("kind")) &&
        !rd_add_prop(r, STR("kind"), dialect_make_case(c, ATTR_vector_kind, STR("add"))))
        return false;
    return rd_resolve_operand(r, a, ta) && rd_resolve_operand(r, b, tb) && rd_resolve_operand(r, acc, tc) &&
           rd_add_result_type(r, tc);
}

bool form_print_vector_contract(printer *p, ir_op op) {
    static const str traits[] = {STR_INIT("indexing_maps"), STR_INIT("iterator_types"), STR_INIT("kind")};
    const ir_context *c = p->c;
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands != 3 || o->n_results != 1)
        return false;
    print_op_name(p, op);
    print_lit(p, " {");
    bool any = false;
    for (int i = 0; i < 3; i++) {
        ir_attr value = ir_op_attr(p->m, op, traits[i]);
        if (!value)
            continue;
        if (any)
            print_lit(p, ", ");
        any = true;
        if (i != 1 || ir_kind_of(c, value) != IR_ATTR_ARRAY) {
            print_named_attr(p, traits[i], value);
            continue;
        }
        print_lit(p, "iterator_types = [");
        for (uint32_t k = 0; k < ir_count(c, value); k++) {
            if (k)
                print_lit(p, ", ");
            print_quoted(p, dialect_case_text(c, ir_at(c, value, k)));
        }
        print_char(p, ']');
    }
    print_lit(p, "} ");
    print_operands(p, op, 0, 3);
    form_print_attrs(p, op, traits, 3);
    print_lit(p, " : ");
    print_operand_types(p, op, 0, 2);
    print_lit(p, " into ");
    print_result_types(p, op, 0, 1);
    return true;
}
