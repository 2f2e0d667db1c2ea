/* forms_memref.c - hand-written forms of memref and bufferization. */
#include "text/asm.h"
#include "text/forms.h"

/* ---- memref.alloca_scope ---------------------------------------------------------------------------------- */

/* (-> types)? {...} */
bool form_read_memref_alloca_scope(reader *r, rd_op *op) {
    if (!form_read_arrow_results(r, NULL) || !rd_region(r, op, rd_mark(r), 0))
        return false;
    if (op->def->terminator != DIALECT_NONE && !rd_ensure_terminator(r, op, dialect_op(op->def->terminator)))
        return false;
    return rd_opt_attr_dict(r, op);
}

bool form_print_memref_alloca_scope(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands || o->n_regions != 1)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    if (o->n_results) {
        print_lit(p, " -> (");
        print_result_types(p, op, 0, o->n_results);
        print_char(p, ')');
    }
    print_char(p, ' ');
    print_region(p, ir_op_region(p->m, op, 0), o->n_results ? PRINT_TERMINATORS : 0);
    form_print_attrs(p, op, NULL, 0);
    return true;
}

/* ---- memref.transpose --------------------------------------------------------------------------------------- */

/* %m (d0, d1) -> (d1, d0) : memref to memref */
bool form_read_memref_transpose(reader *r, rd_op *op) {
    rd_use u;
    ir_type from, to;
    if (!rd_value_use(r, &u))
        return false;
    ir_attr map = rd_affine_map(r);
    if (!map || !rd_opt_attr_dict(r, op) || !(from = rd_colon_type(r)) || !rd_expect_keyword(r, "to") ||
        !(to = rd_type(r)))
        return false;
    return rd_resolve_operand(r, u, from) && rd_add_result_type(r, to) && rd_add_prop(r, STR("permutation"), map);
}

bool form_print_memref_transpose(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr map = ir_op_attr(p->m, op, STR("permutation"));
    if (o->n_operands != 1 || o->n_results != 1 || !map || ir_kind_of(p->c, map) != IR_ATTR_AFFINE_MAP)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    print_char(p, ' ');
    print_affine_map(p, map);
    static const str elided[] = {STR_INIT("permutation")};
    form_print_attrs(p, op, elided, 1);
    print_lit(p, " : ");
    print_operand_types(p, op, 0, 1);
    print_lit(p, " to ");
    print_result_types(p, op, 0, 1);
    return true;
}

/* ---- memref.prefetch ---------------------------------------------------------------------------------------- */

/* %m[%i, ...], read|write, locality<n>, data|instr : memref */
bool form_read_memref_prefetch(reader *r, rd_op *op) {
    rd_use u;
    asm_list indices;
    if (!rd_value_use(r, &u) || !form_uses(r, '[', ']', &indices) || !form_read_prefetch_hints(r) ||
        !rd_opt_attr_dict(r, op))
        return false;
    ir_type t = rd_colon_type(r);
    return t && rd_resolve_operand(r, u, t) && rd_resolve_all(r, indices.mark, indices.n, r->ctx->t_index);
}

bool form_print_memref_prefetch(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands < 1)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    form_print_bracketed(p, op, '[', 1, o->n_operands - 1, ']');
    form_print_prefetch_hints(p, op);
    static const str elided[] = {STR_INIT("isWrite"), STR_INIT("localityHint"), STR_INIT("isDataCache")};
    form_print_attrs(p, op, elided, 3);
    print_lit(p, " : ");
    print_operand_types(p, op, 0, 1);
    return true;
}

/* ---- memref.generic_atomic_rmw ------------------------------------------------------------------------------ */

/* %m[%i, ...] : memref {...} */
bool form_read_memref_generic_atomic_rmw(reader *r, rd_op *op) {
    rd_use u;
    asm_list indices;
    if (!rd_value_use(r, &u) || !form_uses(r, '[', ']', &indices))
        return false;
    ir_type t = rd_colon_type(r);
    if (!t || !rd_resolve_operand(r, u, t) || !rd_resolve_all(r, indices.mark, indices.n, r->ctx->t_index))
        return false;
    return rd_region(r, op, rd_mark(r), 0) && rd_opt_attr_dict(r, op) &&
           rd_add_result_type(r, ir_element_type(r->ctx, t));
}

bool form_print_memref_generic_atomic_rmw(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands < 1 || o->n_regions != 1 || o->n_results != 1)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    form_print_bracketed(p, op, '[', 1, o->n_operands - 1, ']');
    print_lit(p, " : ");
    print_operand_types(p, op, 0, 1);
    print_char(p, ' ');
    print_region(p, ir_op_region(p->m, op, 0), PRINT_ENTRY_ARGS | PRINT_TERMINATORS);
    form_print_attrs(p, op, NULL, 0);
    return true;
}

/* ---- memref.dma_start --------------------------------------------------------------------------------------- */

/* %src[..], %dst[..], %n, %tag[..] (, %stride, %per_stride)? : memref, memref, memref */
bool form_read_memref_dma_start(reader *r, rd_op *op) {
    rd_use src, dst, n, tag, stride[2];
    asm_list si, di, ti;
    ir_type index = r->ctx->t_index, st, dt, tt;
    bool strided;
    if (!rd_value_use(r, &src) || !form_uses(r, '[', ']', &si) || !rd_expect(r, ',') || !rd_value_use(r, &dst) ||
        !form_uses(r, '[', ']', &di) || !rd_expect(r, ',') || !rd_value_use(r, &n) || !rd_expect(r, ',') ||
        !rd_value_use(r, &tag) || !form_uses(r, '[', ']', &ti))
        return false;
    strided = rd_accept(r, ',');
    if (strided && (!rd_value_use(r, &stride[0]) || !rd_expect(r, ',') || !rd_value_use(r, &stride[1])))
        return false;
    if (!(st = rd_colon_type(r)) || !rd_expect(r, ',') || !(dt = rd_type(r)) || !rd_expect(r, ',') ||
        !(tt = rd_type(r)))
        return false;
    (void)op;
    if (!rd_resolve_operand(r, src, st) || !rd_resolve_all(r, si.mark, si.n, index) ||
        !rd_resolve_operand(r, dst, dt) || !rd_resolve_all(r, di.mark, di.n, index) ||
        !rd_resolve_operand(r, n, index) || !rd_resolve_operand(r, tag, tt) || !rd_resolve_all(r, ti.mark, ti.n, index))
        return false;
    return !strided || (rd_resolve_operand(r, stride[0], index) && rd_resolve_operand(r, stride[1], index));
}

bool form_print_memref_dma_start(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    /* src, its indices, dst, its indices, number, tag, its indices, optionally two strides */
    uint32_t at[3] = {0, 0, 0}, rank[3] = {0, 0, 0}, next = 0;
    for (uint32_t i = 0; i < 3; i++) {
        if (next >= o->n_operands)
            return false;
        int k = ir_rank(p->c, ir_value_type(m, ir_operand(m, op, next)));
        if (k < 0)
            return false;
        at[i] = next;
        rank[i] = (uint32_t)k;
        next += 1 + rank[i] + (i == 1);
    }
    if (next != o->n_operands && next + 2 != o->n_operands)
        return false;
    print_op_name(p, op);
    for (uint32_t i = 0; i < 3; i++) {
        print_str(p, i ? STR(", ") : STR(" "));
        if (i == 2) {
            print_operands(p, op, at[2] - 1, 1);
            print_lit(p, ", ");
        }
        print_operands(p, op, at[i], 1);
        form_print_bracketed(p, op, '[', at[i] + 1, rank[i], ']');
    }
    if (next != o->n_operands) {
        print_lit(p, ", ");
        print_operands(p, op, next, 2);
    }
    form_print_attrs(p, op, NULL, 0);
    print_lit(p, " : ");
    for (uint32_t i = 0; i < 3; i++) {
        if (i)
            print_lit(p, ", ");
        print_operand_types(p, op, at[i], 1);
    }
    return true;
}

/* ---- bufferization.alloc_tensor ------------------------------------------------------------------------------- */

/* (%dims...) (copy(%t))? (size_hint=%n)? : type */
bool form_read_bufferization_alloc_tensor(reader *r, rd_op *op) {
    rd_use copy, hint;
    uint32_t sizes[3] = {0, 0, 0};
    if (!form_operands_of(r, '(', ')', r->ctx->t_index, &sizes[0]))
        return false;
    if (rd_accept_keyword(r, "copy")) {
        sizes[1] = 1;
        if (!rd_expect(r, '(') || !rd_value_use(r, &copy) || !rd_expect(r, ')'))
            return false;
    }
    if (rd_accept_keyword(r, "size_hint")) {
        sizes[2] = 1;
        if (!rd_expect(r, '=') || !rd_value_use(r, &hint))
            return false;
    }
    if (!rd_opt_attr_dict(r, op))
        return false;
    ir_type t = rd_colon_type(r);
    if (!t || (sizes[1] && !rd_resolve_operand(r, copy, t)) ||
        (sizes[2] && !rd_resolve_operand(r, hint, r->ctx->t_index)))
        return false;
    return rd_add_result_type(r, t) && rd_add_segments(r, STR("operandSegmentSizes"), sizes, 3);
}

bool form_print_bufferization_alloc_tensor(printer *p, ir_op op) {
    asm_groups g;
    if (!asm_operand_groups(p->m, op, print_op_def(p, op), &g) || g.count != 3 || ir_op_at(p->m, op)->n_results != 1)
        return false;
    print_op_name(p, op);
    form_print_bracketed(p, op, '(', g.first[0], g.n[0], ')');
    if (g.n[1]) {
        print_lit(p, " copy");
        form_print_bracketed(p, op, '(', g.first[1], 1, ')');
    }
    if (g.n[2]) {
        print_lit(p, " size_hint=");
        print_operands(p, op, g.first[2], 1);
    }
    static const str elided[] = {STR_INIT("operandSegmentSizes")};
    form_print_attrs(p, op, elided, 1);
    print_lit(p, " : ");
    print_result_types(p, op, 0, 1);
    return true;
}
