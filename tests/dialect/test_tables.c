/* The generated tables: everything is found by its name, and every index in them is in range. */
#include "test.h"

#include "dialect/ids.h"
#include "dialect/op_doc.h"

static const struct {
    const char *name;
    uint32_t ops, enums, attrs, types;
} expected[] = {
    /* tt-mlir */
    {"ttir", 176, 2, 6, 2},
    {"ttnn", 190, 17, 54, 2},
    {"ttcore", 12, 18, 38, 2},
    {"debug", 15, 0, 0, 0},
    {"d2m", 135, 5, 6, 4},
    {"ttmetal", 10, 3, 6, 2},
    {"ttkernel", 293, 8, 9, 11},
    {"emitpy", 20, 0, 1, 4},
    {"sfpi", 57, 34, 32, 0},
    /* OpenXLA */
    {"stablehlo", 118, 9, 22, 2},
    {"chlo", 51, 3, 4, 0},
    {"sdy", 19, 3, 19, 0},
    {"vhlo", 145, 9, 25, 42},
    /* MLIR */
    {"arith", 51, 6, 2, 0},
    {"func", 5, 0, 0, 0},
    {"builtin", 2, 0, 0, 0},
    {"mhlo", 0, 0, 0, 0},
    {"spirv", 0, 0, 0, 0},
};

/* The text lies in the pool and ends with a zero byte. */
static void check_text(dtext t) {
    uint32_t offset = t & 0xfffff, n = t >> 20;
    assert_true(offset + n < dialect_n.pool_bytes);
    assert_int_equal(dialect_pool[offset + n], 0);
}

static void counts_per_dialect(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const dialect_info *d = dialect_find(str_from_z(expected[i].name));
        if (!d)
            fail_msg("no dialect %s", expected[i].name);
        if (d->n_ops != expected[i].ops || d->n_enums != expected[i].enums || d->n_attrs != expected[i].attrs ||
            d->n_types != expected[i].types)
            fail_msg("%s: %u ops, %u enums, %u attributes, %u types", expected[i].name, d->n_ops, d->n_enums,
                     d->n_attrs, d->n_types);
    }
    assert_true(dialect_find(STR("func"))->flags & DIALECT_UPSTREAM);
    assert_false(dialect_find(STR("ttir"))->flags & DIALECT_UPSTREAM);
    assert_true(dialect_find(STR("ttir"))->flags & DIALECT_TABLES);
    assert_false(dialect_find(STR("mhlo"))->flags & DIALECT_TABLES);
    assert_null(dialect_find(STR("no_such_dialect")));
    assert_null(dialect_find(STR("")));
}

static void ops_are_found_by_name(void **state) {
    (void)state;
    for (uint32_t i = 0; i < dialect_n.ops; i++) {
        const op_def *d = dialect_op(i);
        str name = dialect_text(d->name);
        assert_ptr_equal(dialect_find_op(name), d);
        assert_int_equal(dialect_resolve(name), i + 1);
        assert_int_equal(dialect_op_index(d), i);
        const dialect_info *dialect = dialect_find(dialect_prefix(name));
        assert_non_null(dialect);
        assert_ptr_equal(dialect, &dialect_dialects[d->dialect]);
        assert_true(i >= dialect->ops && i < dialect->ops + dialect->n_ops);
        assert_true(i == 0 || str_cmp(dialect_text(dialect_op(i - 1)->name), name) < 0);
        /* A part of a name is not the name, unless another op has it. */
        str cut = str_slice(name, 0, name.n - 1);
        const op_def *other = dialect_find_op(cut);
        assert_true(!other || str_eq(dialect_text(other->name), cut));
    }
    assert_ptr_equal(dialect_op(OP_ttir_conv2d), dialect_find_op(STR("ttir.conv2d")));
    assert_ptr_equal(dialect_op(OP_stablehlo_cross_replica_sum), dialect_find_op(STR("stablehlo.cross-replica-sum")));
    assert_null(dialect_find_op(STR("ttir.no_such_op")));
    assert_null(dialect_find_op(STR("ttir")));
    assert_null(dialect_find_op(STR("")));
}

static void definitions_are_found_by_name(void **state) {
    (void)state;
    for (uint32_t i = 0; i < dialect_n.attr_defs; i++)
        assert_ptr_equal(dialect_find_attr(dialect_text(dialect_attr_defs[i].name)), &dialect_attr_defs[i]);
    for (uint32_t i = 0; i < dialect_n.type_defs; i++)
        assert_ptr_equal(dialect_find_type(dialect_text(dialect_type_defs[i].name)), &dialect_type_defs[i]);
    for (uint32_t i = 0; i < dialect_n.enums; i++)
        assert_ptr_equal(dialect_find_enum(dialect_text(dialect_enums[i].name)), &dialect_enums[i]);
    assert_ptr_equal(dialect_find_attr(STR("ttnn.ttnn_layout")), &dialect_attr_defs[ATTR_ttnn_ttnn_layout]);
    assert_ptr_equal(dialect_find_type(STR("ttcore.tile")), &dialect_type_defs[TYPE_ttcore_tile]);
    assert_null(dialect_find_attr(STR("ttnn.no_such")));
    assert_null(dialect_find_type(STR("ttnn.ttnn_layout")));
}

static void enums_translate(void **state) {
    (void)state;
    char text[64];
    const enum_def *e = &dialect_enums[ENUM_ttcore_DataType];
    assert_int_equal(dialect_case_by_text(e, STR("bf16"))->value, 2);
    assert_str(dialect_text(dialect_case_by_value(e, 12)->text), "si32");
    assert_null(dialect_case_by_text(e, STR("bf1")));
    assert_null(dialect_case_by_value(e, 99));
    assert_int_equal(dialect_enum_text(e, 2, text, sizeof text), 4);
    assert_string_equal(text, "bf16");
    assert_int_equal(dialect_enum_text(e, 2, text, 4), 0); /* no room */
    assert_int_equal(dialect_enum_text(e, 99, text, sizeof text), 0);

    const enum_def *bits = &dialect_enums[ENUM_arith_FastMathFlags];
    assert_true(bits->flags & ENUM_IS_BITS);
    const struct {
        int64_t value;
        const char *text;
    } flags[] = {{0, "none"}, {1, "reassoc"}, {6, "nnan,ninf"}, {127, "fast"}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        assert_true(dialect_enum_text(bits, flags[i].value, text, sizeof text) > 0);
        assert_string_equal(text, flags[i].text);
    }
    assert_int_equal(dialect_enum_text(bits, 128, text, sizeof text), 0);

    for (uint32_t i = 0; i < dialect_n.enums; i++) {
        e = &dialect_enums[i];
        assert_true(e->first + e->n <= dialect_n.enum_cases);
        for (uint32_t k = 0; k < e->n; k++) {
            const enum_case *c = &dialect_enum_cases[e->first + k];
            check_text(c->text);
            assert_ptr_equal(dialect_case_by_text(e, dialect_text(c->text)), c);
        }
    }
}

/* ---- indices in range ----------------------------------------------------------------------------------- */

static void check_constraint(uint32_t i) {
    assert_true(i < dialect_n.constraints);
    assert_true(dialect_constraints[i].pred < dialect_n.preds);
    check_text(dialect_constraints[i].text);
    check_text(dialect_constraints[i].buildable);
}

static void check_var(const op_def *d, uint32_t kind, uint32_t index) {
    const uint32_t counts[] = {d->n_operands, d->n_results, d->n_attrs, d->n_regions, d->n_successors};
    assert_true(kind < VAR_N_KINDS && kind != VAR_PARAM);
    if (kind < VAR_PARAM)
        assert_true(index < counts[kind]);
    else
        assert_int_equal(index, 0);
}

static void predicates_are_in_range(void **state) {
    (void)state;
    for (uint32_t i = 0; i < dialect_n.preds; i++) {
        const type_pred *p = &dialect_preds[i];
        assert_true(p->kind < PRED_N_KINDS);
        switch (p->kind) {
        case PRED_AND:
        case PRED_OR:
            assert_true(p->n >= 2 && p->first + p->n <= dialect_n.refs);
            for (uint32_t k = 0; k < p->n; k++)
                assert_true(dialect_refs[p->first + k] < i); /* so there are no cycles */
            break;
        case PRED_NOT:
        case PRED_ELEMENT:
        case PRED_MEMBERS: assert_true(p->first < i); break;
        case PRED_DEF: assert_true(p->first < dialect_n.type_defs); break;
        case PRED_DIALECT: assert_true(p->first < dialect_n.dialects); break;
        case PRED_KIND:
        case PRED_FLOAT:
        case PRED_RANK: assert_true(p->mask != 0); break;
        default: break;
        }
    }
    assert_int_equal(dialect_preds[dialect_constraints[0].pred].kind, PRED_ANY); /* D1 */
    assert_int_equal(dialect_attr_constraints[0].kind, ATTR_ANY);
}

static void attribute_constraints_are_in_range(void **state) {
    (void)state;
    for (uint32_t i = 0; i < dialect_n.attr_constraints; i++) {
        const attr_constraint *k = &dialect_attr_constraints[i];
        assert_true(k->kind < ATTR_N_KINDS && k->print <= ATTR_PRINT_NATIVE);
        check_text(k->text);
        check_text(k->type);
        switch (k->kind) {
        case ATTR_DEF: assert_true(k->ref < dialect_n.attr_defs); break;
        case ATTR_ENUM_INT: assert_true(k->ref < dialect_n.enums); break;
        case ATTR_ARRAY: assert_true(k->ref == DIALECT_NONE || k->ref < i); break;
        case ATTR_ELEMENTS:
            if (k->ref != DIALECT_NONE)
                check_constraint(k->ref);
            break;
        case ATTR_ANY_OF:
            assert_true(k->n > 0 && k->first + k->n <= dialect_n.refs);
            for (uint32_t n = 0; n < k->n; n++)
                assert_true(dialect_refs[k->first + n] < i);
            break;
        default: break;
        }
    }
}

static void check_values(const op_def *d, uint32_t first, uint32_t n) {
    assert_true(first + n <= dialect_n.values);
    for (uint32_t i = 0; i < n; i++) {
        const value_def *v = &dialect_values[first + i];
        check_text(v->name);
        check_constraint(v->constraint);
        assert_true(v->arity <= ARITY_VARIADIC_OF_VARIADIC && v->source <= TYPE_INFERRED && v->transform < TRANSFORM_N);
        if (v->source == TYPE_FROM)
            check_var(d, v->from_kind, v->from_index);
        if (v->source == TYPE_FIXED)
            assert_true(dialect_constraints[v->constraint].buildable != 0);
    }
}

static void ops_are_in_range(void **state) {
    (void)state;
    for (uint32_t i = 0; i < dialect_n.ops; i++) {
        const op_def *d = dialect_op(i);
        check_text(d->name);
        check_text(d->doc);
        assert_true(d->dialect < dialect_n.dialects);
        check_values(d, d->operands, d->n_operands);
        check_values(d, d->results, d->n_results);
        assert_true(d->attrs + d->n_attrs <= dialect_n.op_attrs);
        for (uint32_t k = 0; k < d->n_attrs; k++) {
            const op_attr *a = op_attribute(d, k);
            check_text(a->name);
            check_text(a->preset);
            assert_true(a->constraint < dialect_n.attr_constraints);
            /* Every default that a reader must set can be said. */
            if ((a->flags & OP_ATTR_DEFAULT) && !(a->flags & OP_ATTR_OPTIONAL))
                assert_true(a->preset != 0);
            uint32_t index;
            assert_ptr_equal(op_find_attr(d, dialect_text(a->name), &index), a);
            assert_int_equal(index, k);
        }
        assert_true(d->regions + d->n_regions <= dialect_n.regions);
        assert_true(d->successors + d->n_successors <= dialect_n.successors);
        assert_true(d->rules + d->n_rules <= dialect_n.rules);
        for (uint32_t k = 0; k < d->n_rules; k++) {
            const type_rule *r = op_rule(d, k);
            check_text(r->text);
            assert_true(r->kind <= RULE_TRANSFORM && r->transform < TRANSFORM_N && r->first + r->n <= dialect_n.refs);
            assert_true(r->kind != RULE_TRANSFORM || r->n == 2);
            for (uint32_t n = 0; n < r->n; n++)
                check_var(d, var_kind_of(dialect_refs[r->first + n]), var_index_of(dialect_refs[r->first + n]));
        }
        assert_int_equal(!!(d->flags & OP_HAS_PARENT), d->n_parents > 0);
        for (uint32_t k = 0; k < d->n_parents; k++)
            assert_true(dialect_refs[d->parents + k] < dialect_n.ops);
        assert_int_equal(!!(d->flags & OP_IMPLICIT_TERMINATOR), d->terminator != DIALECT_NONE);
        if (d->terminator != DIALECT_NONE)
            assert_true(dialect_op(d->terminator)->flags & OP_TERMINATOR);
        assert_int_equal(d->form == OP_FORM_HAND, d->hand != DIALECT_NONE);
        assert_int_equal(d->form == OP_FORM_DECLARATIVE && d->asm_n > 0, d->asm_n > 0);
        assert_true(d->hand == DIALECT_NONE || d->hand < dialect_n.hands);
        assert_true(d->infer_id == DIALECT_NONE || d->infer_id < dialect_n.infers);
        assert_true(d->default_dialect == DIALECT_NONE || d->default_dialect < dialect_n.dialects);
    }
}

static void definitions_are_in_range(void **state) {
    (void)state;
    for (int types = 0; types < 2; types++) {
        const attr_type_def *defs = types ? dialect_type_defs : dialect_attr_defs;
        for (uint32_t i = 0; i < (types ? dialect_n.type_defs : dialect_n.attr_defs); i++) {
            const attr_type_def *d = &defs[i];
            check_text(d->name);
            check_text(d->mnemonic);
            assert_true(d->dialect < dialect_n.dialects && d->params + d->n_params <= dialect_n.params);
            assert_true(d->wraps == DIALECT_NONE || (d->wraps < dialect_n.enums && d->n_params == 1));
            assert_int_equal(d->form == DEF_FORM_HAND, d->hand != DIALECT_NONE);
            assert_true(d->hand == DIALECT_NONE || d->hand < (types ? dialect_n.type_hands : dialect_n.attr_hands));
            for (uint32_t k = 0; k < d->n_params; k++) {
                const param_def *p = def_param(d, k);
                check_text(p->name);
                check_text(p->preset);
                assert_true(p->kind < PARAM_N_KINDS);
                if (p->kind == PARAM_ENUM)
                    assert_true(p->ref < dialect_n.enums);
                if (p->kind == PARAM_ATTR && p->ref != DIALECT_NONE)
                    assert_true(p->ref < dialect_n.attr_defs);
                if (p->kind == PARAM_TYPE && p->ref != DIALECT_NONE)
                    assert_true(p->ref < dialect_n.type_defs);
            }
        }
    }
}

/* ---- assembly runs (D3) --------------------------------------------------------------------------------- */

typedef struct run {
    const op_def *op; /* NULL: a definition's */
    uint32_t n_params;
    const asm_elem *start, *end;
} run;

static void check_name(const run *r, const asm_elem *e) {
    if (r->op) {
        check_var(r->op, e->var, e->index);
    } else {
        assert_int_equal(e->var, VAR_PARAM);
        assert_true(e->index < r->n_params);
    }
}

/* Checks the elements of [e, end), which must be exactly filled. */
static void check_run(const run *r, const asm_elem *e, const asm_elem *end) {
    while (e < end) {
        const asm_elem *next = e + e->jump;
        assert_true(e->kind < ASM_N_KINDS && e->jump > 0 && next <= end);
        switch (e->kind) {
        case ASM_LITERAL:
        case ASM_STRING: assert_true(e->index < dialect_n.literals); break;
        case ASM_VAR:
        case ASM_TYPE: check_name(r, e); break;
        case ASM_CUSTOM:
            assert_true(e->index < dialect_n.customs);
            check_run(r, e + 1, next);
            assert_int_equal(next - e, e->n + 1);
            break;
        case ASM_FUNCTIONAL_TYPE:
            assert_int_equal(e->n, 2);
            check_run(r, e + 1, next);
            break;
        case ASM_STRUCT:
        case ASM_PARAMS:
            assert_null(r->op);
            check_run(r, e + 1, next);
            break;
        case ASM_GROUP: {
            const asm_elem *anchor = e + e->index, *group_end = next;
            bool other = next < end && next->kind == ASM_ELSE;
            if (other)
                group_end = next + next->jump;
            assert_true(e->index > 0 && anchor < group_end && (anchor->flags & ASM_F_ANCHOR));
            assert_int_equal((e->flags & ASM_F_INVERTED) != 0, anchor > next);
            check_run(r, e + 1, next);
            if (other)
                check_run(r, next + 1, group_end);
            next = group_end;
            assert_true(next <= end);
            break;
        }
        case ASM_OILIST: {
            uint32_t clauses = 0;
            for (const asm_elem *k = e + 1; k < next; k += k->jump, clauses++) {
                assert_int_equal(k->kind, ASM_CLAUSE);
                assert_true(k->index < dialect_n.literals && k + k->jump <= next);
                check_run(r, k + 1, k + k->jump);
            }
            assert_int_equal(clauses, e->n);
            break;
        }
        case ASM_ELSE:
        case ASM_CLAUSE: fail_msg("stands where it may not"); break;
        default: break;
        }
        e = next;
    }
    assert_ptr_equal(e, end);
}

static void assembly_holds_together(void **state) {
    (void)state;
    uint32_t runs = 0;
    for (uint32_t i = 0; i < dialect_n.ops; i++) {
        const op_def *d = dialect_op(i);
        assert_true(d->asm_first + d->asm_n <= dialect_n.elems);
        run r = {d, 0, op_assembly(d), op_assembly(d) + d->asm_n};
        check_run(&r, r.start, r.end);
        runs += d->asm_n > 0;
    }
    for (int types = 0; types < 2; types++) {
        for (uint32_t i = 0; i < (types ? dialect_n.type_defs : dialect_n.attr_defs); i++) {
            const attr_type_def *d = types ? &dialect_type_defs[i] : &dialect_attr_defs[i];
            assert_true(d->asm_first + d->asm_n <= dialect_n.elems);
            run r = {NULL, d->n_params, dialect_asm + d->asm_first, dialect_asm + d->asm_first + d->asm_n};
            check_run(&r, r.start, r.end);
            runs += d->asm_n > 0;
        }
    }
    assert_true(runs > 1600);
    for (uint32_t i = 0; i < dialect_n.literals; i++)
        check_text(dialect_literals[i]);
}

/* ---- a few entries in full ------------------------------------------------------------------------------ */

static void addi_is_as_upstream_says(void **state) {
    (void)state;
    const op_def *d = dialect_op(OP_arith_addi);
    assert_true(d->flags & OP_PURE);
    assert_true(d->flags & OP_COMMUTATIVE);
    assert_true(d->flags & OP_SAME_OPERAND_RESULT_TYPE);
    assert_int_equal(d->n_operands, 2);
    assert_str(dialect_text(op_operand(d, 1)->name), "rhs");
    assert_int_equal(op_operand(d, 0)->source, TYPE_FROM);
    assert_int_equal(op_operand(d, 0)->from_kind, VAR_RESULT);
    assert_int_equal(op_result(d, 0)->source, TYPE_WRITTEN);
    const op_attr *a = op_attribute(d, 0);
    assert_str(dialect_text(a->name), "overflowFlags");
    assert_str(dialect_text(a->preset), "#arith.overflow<none>");
    assert_int_equal(a->flags, OP_ATTR_DEFAULT);
    assert_int_equal(op_attr_constraint(a)->kind, ATTR_DEF);
    assert_int_equal(op_attr_constraint(a)->ref, ATTR_arith_overflow);
    assert_int_equal(op_attr_constraint(a)->print, ATTR_PRINT_STRIPPED);

    /* $lhs `,` $rhs (`overflow` `` $overflowFlags^)? attr-dict `:` type($result) */
    const struct {
        asm_kind kind;
        bool space;
    } want[] = {{ASM_VAR, true},  {ASM_LITERAL, false},   {ASM_VAR, true},     {ASM_GROUP, false}, {ASM_LITERAL, true},
                {ASM_VAR, false}, {ASM_ATTR_DICT, false}, {ASM_LITERAL, true}, {ASM_TYPE, true}};
    assert_int_equal(d->asm_n, sizeof want / sizeof *want);
    for (uint32_t i = 0; i < d->asm_n; i++) {
        assert_int_equal(op_assembly(d)[i].kind, want[i].kind);
        assert_int_equal(op_assembly(d)[i].flags & ASM_F_SPACE, want[i].space ? ASM_F_SPACE : 0);
    }
    assert_int_equal(op_assembly(d)[3].index, 2);
    assert_int_equal(op_assembly(d)[3].jump, 3);
}

static void matmul_is_as_tt_mlir_says(void **state) {
    (void)state;
    const op_def *d = dialect_op(OP_ttnn_matmul);
    assert_int_equal(d->form, OP_FORM_GENERIC);
    assert_true(dialect_text(d->doc).n > 0);
    const op_attr *a = op_find_attr(d, STR("transpose_a"), NULL);
    assert_non_null(a);
    assert_int_equal(op_attr_constraint(a)->kind, ATTR_BOOL);
    assert_str(dialect_text(a->preset), "false");
    assert_null(op_find_attr(d, STR("transpose"), NULL));

    const op_def *loop = dialect_op(OP_scf_for);
    assert_int_equal(loop->form, OP_FORM_HAND);
    assert_int_equal(loop->hand, HAND_scf_for);
    assert_int_equal(loop->terminator, OP_scf_yield);
    const op_def *yield = dialect_op(OP_scf_condition);
    assert_true(yield->flags & OP_HAS_PARENT);
    assert_ptr_equal(op_parent(yield, 0), dialect_op(OP_scf_while));
}

/* The documentation of every op is one JSON object that names it. */
static void ops_have_documentation(void **state) {
    (void)state;
    struct mem m = {0};
    struct buf b;
    buf_init(&b, &m);
    for (uint32_t i = 0; i < dialect_n.ops; i++) {
        buf_clear(&b);
        struct json_writer w = json_writer_to(&b);
        dialect_op_doc(dialect_op(i), &w);
        struct json_reader in;
        json_reader_init(&in, buf_str(&b));
        assert_int_equal(json_next(&in), JSON_OBJECT_BEGIN);
        assert_int_equal(json_next(&in), JSON_KEY);
        assert_true(json_key_is(&in, STR("op")));
        assert_int_equal(json_next(&in), JSON_STRING);
        enum json_kind kind;
        while ((kind = json_next(&in)) == JSON_KEY)
            assert_true(json_skip(&in, kind));
        assert_int_equal(kind, JSON_OBJECT_END);
        assert_int_equal(json_next(&in), JSON_END);
    }
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_per_dialect),
        cmocka_unit_test(ops_are_found_by_name),
        cmocka_unit_test(definitions_are_found_by_name),
        cmocka_unit_test(enums_translate),
        cmocka_unit_test(predicates_are_in_range),
        cmocka_unit_test(attribute_constraints_are_in_range),
        cmocka_unit_test(ops_are_in_range),
        cmocka_unit_test(definitions_are_in_range),
        cmocka_unit_test(assembly_holds_together),
        cmocka_unit_test(addi_is_as_upstream_says),
        cmocka_unit_test(matmul_is_as_tt_mlir_says),
        cmocka_unit_test(ops_have_documentation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
