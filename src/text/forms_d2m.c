/* forms_d2m.c - hand-written forms of d2m and ttkernel, and the table of the forms of this part. */
#include "text/forms_hlo.h"

#include "dialect/ids.h"
#include "dialect/params.h"

/* ---- d2m.generic ------------------------------------------------------------------------------------------ */

static const char *const generic_lists[] = {"ins", "outs", "additionalArgs"};
enum { N_GENERIC = 3 };

/* `ins(%a, %b : t, t)`: uses and types onto the stack, resolved. */
static bool read_typed_list(reader *r, const char *word, uint32_t *n) {
    uint32_t at = rd_pos(r);
    if (!rd_expect_keyword(r, word) || !rd_expect(r, '('))
        return false;
    uint32_t uses = rd_mark(r);
    if (!rd_value_uses(r, n))
        return false;
    uint32_t types = rd_mark(r);
    if (rd_accept(r, ':') && !rd_type_list(r))
        return false;
    uint32_t n_types = rd_mark(r) - types;
    if (n_types != *n)
        return rd_error(r, at, "expected %u type%s for %s", *n, *n == 1 ? "" : "s", word);
    return rd_expect(r, ')') && rd_resolve_list(r, uses, *n, types, n_types, at);
}

/* `{..} ins(..) outs(..) additionalArgs(..)? {..}, {..} : types?` */
bool form_read_d2m_generic(reader *r, rd_op *op) {
    uint32_t n[N_GENERIC] = {0};
    if (!rd_opt_attr_dict(r, op))
        return false;
    for (int i = 0; i < N_GENERIC; i++) {
        if (i == 2 && !rd_is_keyword(r, generic_lists[i]))
            break;
        if (!read_typed_list(r, generic_lists[i], &n[i]))
            return false;
    }
    bool present;
    do {
        if (!rd_opt_region(r, op, 0, 0, &present))
            return false;
    } while (present && rd_accept(r, ','));
    if (rd_accept(r, ':')) {
        uint32_t types = rd_mark(r);
        if (!rd_type_list(r))
            return false;
        for (uint32_t i = types; i < rd_mark(r); i++) {
            if (!rd_add_result_type(r, *rd_words(r, i)))
                return false;
        }
    }
    return rd_add_segments(r, STR("operandSegmentSizes"), n, N_GENERIC);
}

bool form_print_d2m_generic(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    asm_groups groups;
    if (!asm_operand_groups(p->m, op, dialect_def_of(p->m, op), &groups) || groups.count != N_GENERIC)
        return false;
    str elided = STR("operandSegmentSizes");
    print_op_name(p, op);
    print_attr_dict(p, o->props, o->attrs, &elided, 1, false);
    for (int i = 0; i < N_GENERIC; i++) {
        if (i == 2 && groups.n[i] == 0)
            break;
        /* Upstream breaks these lines by hand, whatever the indentation. */
        print_lit(p, "\n        ");
        buf_puts(p->out, generic_lists[i]);
        print_char(p, '(');
        print_operands(p, op, groups.first[i], groups.n[i]);
        if (groups.n[i]) {
            print_lit(p, " : ");
            print_operand_types(p, op, groups.first[i], groups.n[i]);
        }
        print_char(p, ')');
    }
    print_lit(p, "\n        ");
    for (uint32_t i = 0; i < o->n_regions; i++) {
        if (i)
            print_lit(p, ", ");
        print_region(p, ir_op_region(p->m, op, i), PRINT_ENTRY_ARGS | PRINT_TERMINATORS | PRINT_EMPTY_BLOCK);
    }
    if (o->n_results) {
        print_lit(p, " : ");
        print_result_types(p, op, 0, o->n_results);
    }
    return true;
}

/* ---- d2m.remote_load -------------------------------------------------------------------------------------- */

enum { LOAD_BUFFER, LOAD_MEMREF, LOAD_INDICES, LOAD_CB, LOAD_START, LOAD_SHAPE, LOAD_DIMS, N_LOAD };

/* `%buffer? %memref[..] (into %cb)? (mcore[..] mshape[..])? (mcast[..])? {..}? : types (-> type)?` */
bool form_read_d2m_remote_load(reader *r, rd_op *op) {
    rd_use buffer = {0}, memref, cb = {0};
    uint32_t n[N_LOAD] = {0};
    asm_list lists[N_LOAD] = {{0, 0}};
    ir_type index = r->ctx->t_index;
    if (!rd_value_use(r, &memref))
        return false;
    n[LOAD_MEMREF] = 1;
    if (rd_is_value(r)) {
        buffer = memref;
        n[LOAD_BUFFER] = 1;
        if (!rd_value_use(r, &memref))
            return false;
    }
    if (!form_uses(r, '[', ']', &lists[LOAD_INDICES]))
        return false;
    if (rd_accept_keyword(r, "into")) {
        n[LOAD_CB] = 1;
        if (!rd_value_use(r, &cb))
            return false;
    }
    if (rd_accept_keyword(r, "mcore") &&
        (!form_uses(r, '[', ']', &lists[LOAD_START]) || !rd_expect_keyword(r, "mshape") ||
         !form_uses(r, '[', ']', &lists[LOAD_SHAPE])))
        return false;
    if (rd_accept_keyword(r, "mcast") && !form_uses(r, '[', ']', &lists[LOAD_DIMS]))
        return false;
    if (!rd_opt_attr_dict(r, op) || !rd_expect(r, ':'))
        return false;
    ir_type t;
    if (n[LOAD_BUFFER] && (!(t = rd_type(r)) || !rd_resolve_operand(r, buffer, t) || !rd_expect(r, ',')))
        return false;
    if (!(t = rd_type(r)) || !rd_resolve_operand(r, memref, t) ||
        !rd_resolve_all(r, lists[LOAD_INDICES].mark, lists[LOAD_INDICES].n, index))
        return false;
    if (n[LOAD_CB] && (!rd_expect_keyword(r, "into") || !(t = rd_type(r)) || !rd_resolve_operand(r, cb, t)))
        return false;
    for (int i = LOAD_START; i <= LOAD_DIMS; i++) {
        if (!rd_resolve_all(r, lists[i].mark, lists[i].n, index))
            return false;
    }
    if (rd_accept_text(r, "->") && (!(t = rd_type(r)) || !rd_add_result_type(r, t)))
        return false;
    for (int i = 0; i < N_LOAD; i++)
        n[i] += lists[i].n;
    return rd_add_segments(r, STR("operandSegmentSizes"), n, N_LOAD);
}

static void print_group(printer *p, ir_op op, const asm_groups *g, const char *before, uint32_t i) {
    buf_puts(p->out, before);
    print_operands(p, op, g->first[i], g->n[i]);
}

bool form_print_d2m_remote_load(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    asm_groups g;
    if (!asm_operand_groups(p->m, op, dialect_def_of(p->m, op), &g) || g.count != N_LOAD || g.n[LOAD_MEMREF] != 1)
        return false;
    print_op_name(p, op);
    if (g.n[LOAD_BUFFER])
        print_group(p, op, &g, " ", LOAD_BUFFER);
    print_group(p, op, &g, " ", LOAD_MEMREF);
    print_group(p, op, &g, "[", LOAD_INDICES);
    print_char(p, ']');
    if (g.n[LOAD_CB])
        print_group(p, op, &g, " into ", LOAD_CB);
    if (g.n[LOAD_START]) {
        print_group(p, op, &g, " mcore[", LOAD_START);
        print_group(p, op, &g, "] mshape[", LOAD_SHAPE);
        print_char(p, ']');
    }
    if (g.n[LOAD_DIMS]) {
        print_group(p, op, &g, " mcast[", LOAD_DIMS);
        print_char(p, ']');
    }
    str elided = STR("operandSegmentSizes");
    print_attr_dict(p, o->props, o->attrs, &elided, 1, false);
    print_lit(p, " : ");
    if (g.n[LOAD_BUFFER]) {
        print_operand_types(p, op, g.first[LOAD_BUFFER], 1);
        print_lit(p, ", ");
    }
    print_operand_types(p, op, g.first[LOAD_MEMREF], 1);
    if (g.n[LOAD_CB]) {
        print_lit(p, " into ");
        print_operand_types(p, op, g.first[LOAD_CB], 1);
    }
    if (o->n_results) {
        print_lit(p, " -> ");
        print_result_types(p, op, 0, 1);
    }
    return true;
}

/* ---- ttkernel --------------------------------------------------------------------------------------------- */

/* `(%a, %b?, %c) {..}? : (types) -> ()` */
bool form_read_ttkernel_hw_startup(reader *r, rd_op *op) {
    asm_list uses;
    uint32_t at = rd_pos(r);
    if (!form_uses(r, '(', ')', &uses))
        return false;
    if (uses.n != 2 && uses.n != 3)
        return rd_error(r, at, "expected 2 or 3 operands");
    if (!rd_opt_attr_dict(r, op) || !rd_expect(r, ':'))
        return false;
    ir_type f = rd_function_type(r);
    if (!f)
        return false;
    uint32_t types = rd_mark(r), n = ir_at(r->ctx, f, 0);
    for (uint32_t i = 0; i < n; i++) {
        if (!rd_push(r, ir_at(r->ctx, f, 1 + i)))
            return false;
    }
    return rd_resolve_list(r, uses.mark, uses.n, types, n, at);
}

bool form_print_ttkernel_hw_startup(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    print_op_name(p, op);
    form_print_bracketed(p, op, '(', 0, o->n_operands, ')');
    form_print_attrs(p, op, NULL, 0);
    print_lit(p, " : ");
    print_op_function_type(p, op);
    return true;
}

enum { ACCESSOR_CTA, ACCESSOR_CRTA, ACCESSOR_PREV, N_ACCESSOR };

/* `(%cta, %crta)` or `(prev = %x)`, then `cta_expr = ".."? crta_expr = ".."? {..}?` */
bool form_read_ttkernel_accessor_args(reader *r, rd_op *op) {
    uint32_t n[N_ACCESSOR] = {0};
    ir_type self = dialect_make_type(r->ctx, TYPE_ttkernel_TensorAccessorArgs, NULL);
    rd_use u;
    if (!rd_expect(r, '('))
        return false;
    if (rd_accept_keyword(r, "prev")) {
        n[ACCESSOR_PREV] = 1;
        if (!rd_expect(r, '=') || !rd_value_use(r, &u) || !rd_resolve_operand(r, u, self))
            return false;
    } else {
        for (int i = ACCESSOR_CTA; i <= ACCESSOR_CRTA; i++) {
            n[i] = 1;
            if ((i && !rd_expect(r, ',')) || !rd_value_use(r, &u) || !rd_resolve_operand(r, u, r->ctx->t_i32))
                return false;
        }
    }
    if (!rd_expect(r, ')'))
        return false;
    static const char *const keys[] = {"cta_expr", "crta_expr"};
    for (int i = 0; i < 2; i++) {
        if (!rd_accept_keyword(r, keys[i]))
            continue;
        ir_attr v;
        if (!rd_expect(r, '=') || !(v = rd_attr(r, 0)) || !rd_add_prop(r, str_from_z(keys[i]), v))
            return false;
    }
    return rd_opt_attr_dict(r, op) && rd_add_result_type(r, self) &&
           rd_add_segments(r, STR("operandSegmentSizes"), n, N_ACCESSOR);
}

bool form_print_ttkernel_accessor_args(printer *p, ir_op op) {
    asm_groups g;
    if (!asm_operand_groups(p->m, op, dialect_def_of(p->m, op), &g) || g.count != N_ACCESSOR)
        return false;
    print_op_name(p, op);
    if (g.n[ACCESSOR_PREV])
        print_group(p, op, &g, "(prev = ", ACCESSOR_PREV);
    else
        form_print_bracketed(p, op, '(', 0, 2, ')');
    if (g.n[ACCESSOR_PREV])
        print_char(p, ')');
    ir_attr cta = ir_op_attr(p->m, op, STR("cta_expr")), crta = ir_op_attr(p->m, op, STR("crta_expr"));
    if (cta) {
        print_lit(p, " cta_expr = ");
        print_attr(p, cta);
    }
    if (crta) {
        print_lit(p, " crta_expr = ");
        print_attr(p, crta);
    }
    const str elided[] = {STR_INIT("cta_expr"), STR_INIT("crta_expr"), STR_INIT("operandSegmentSizes")};
    form_print_attrs(p, op, elided, 3);
    return true;
}

/* ---- the table -------------------------------------------------------------------------------------------- */

const form *form_find_hlo(uint32_t hand) {
    static const struct entry {
        uint32_t hand;
        form f;
    } table[] = {
        {HAND_stablehlo_constant, {form_read_hlo_constant, form_print_hlo_constant}},
        {HAND_stablehlo_reduce, {form_read_hlo_reduce, form_print_hlo_reduce}},
        {HAND_stablehlo_while, {form_read_hlo_while, form_print_hlo_while}},
        {HAND_sdy_constant, {form_read_hlo_constant, form_print_hlo_constant}},
        {HAND_chlo_scan, {form_read_chlo_scan, form_print_chlo_scan}},
        {HAND_emitpy_class, {form_read_emitpy_class, form_print_emitpy_class}},
        {HAND_emitpy_import, {form_read_emitpy_import, form_print_emitpy_import}},
        {HAND_emitpy_assign_global, {form_read_emitpy_assign_global, form_print_emitpy_assign_global}},
        {HAND_emitpy_assign, {form_read_emitpy_assign, form_print_emitpy_assign}},
        {HAND_emitpy_expression, {form_read_emitpy_expression, form_print_emitpy_expression}},
        {HAND_d2m_generic, {form_read_d2m_generic, form_print_d2m_generic}},
        {HAND_d2m_remote_load, {form_read_d2m_remote_load, form_print_d2m_remote_load}},
        {HAND_ttkernel_compute_kernel_hw_startup, {form_read_ttkernel_hw_startup, form_print_ttkernel_hw_startup}},
        {HAND_ttkernel_TensorAccessorArgs, {form_read_ttkernel_accessor_args, form_print_ttkernel_accessor_args}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].hand == hand)
            return &table[i].f;
    }
    return NULL;
}
