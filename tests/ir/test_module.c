/* Modules: building, walking, uses, and every allocation failure on the way. */
#include "test.h"

#include "ir/ir.h"

static ir_op add_op(ir_module *m, ir_block b, const char *name, const ir_value *v, uint32_t n, uint32_t n_results) {
    ir_op op = ir_op_new(m, ir_op_name(m->ctx, str_from_z(name)), m->ctx->l_unknown);
    ir_type types[8];
    for (uint32_t i = 0; i < n_results; i++)
        types[i] = m->ctx->t_f32;
    ir_op_set_operands(m, op, v, n);
    ir_op_set_results(m, op, types, n_results);
    ir_block_append(m, b, op);
    return op;
}

static ir_block add_region(ir_module *m, ir_op op, uint32_t n_regions) {
    ir_region r[8];
    for (uint32_t i = 0; i < n_regions; i++)
        r[i] = ir_region_new(m);
    ir_op_set_children(m, op, r, n_regions, NULL, 0);
    ir_block b = ir_block_new(m);
    ir_region_append(m, r[n_regions - 1], b);
    return b;
}

/* builtin.module { t.two_regions ({}, {args: a, b(a), c(b#0, b#1)}); d } */
static ir_module *build(struct mem *mem, ir_op op[5]) {
    ir_context *c = ir_context_new(mem, NULL);
    ir_module *m = c ? ir_module_new(c) : NULL;
    if (c)
        ir_context_unref(c);
    if (!m)
        return NULL;
    m->root = ir_op_new(m, ir_op_name(c, STR("builtin.module")), c->l_unknown);
    ir_block top = add_region(m, m->root, 1);
    op[0] = add_op(m, top, "t.two_regions", NULL, 0, 0);
    ir_block body = add_region(m, op[0], 2);
    ir_type arg = c->t_f32;
    ir_block_set_args(m, body, &arg, NULL, 1);
    ir_value a = m->blocks[body].args;
    op[1] = add_op(m, body, "t.b", &a, 1, 2);
    ir_value ab[2] = {m->ops[op[1]].results, m->ops[op[1]].results + 1};
    op[2] = add_op(m, body, "t.c", ab, 2, 1);
    op[3] = add_op(m, top, "t.d", NULL, 0, 0);
    return m;
}

static void builds_and_walks(void **state) {
    (void)state;
    struct mem mem = {0};
    ir_op op[5];
    ir_module *m = build(&mem, op);
    assert_false(m->failed);
    ir_op expected[] = {m->root, op[0], op[1], op[2], op[3]};
    size_t n = 0;
    for (ir_op o = m->root; o; o = ir_walk_next(m, m->root, o))
        assert_int_equal(o, expected[n++]);
    assert_int_equal(n, 5);
    assert_int_equal(ir_walk_next(m, op[0], op[2]), 0);
    assert_int_equal(ir_walk_next(m, op[3], op[3]), 0);
    assert_int_equal(ir_parent_op(m, op[1]), op[0]);
    assert_true(ir_is_block_arg(m, ir_operand(m, op[1], 0)));
    assert_int_equal(ir_value_index(m, ir_operand(m, op[2], 1)), 1);

    ir_uses u;
    assert_true(ir_uses_build(m, &u));
    ir_value b1 = m->ops[op[1]].results + 1;
    assert_int_equal(u.start[b1 + 1] - u.start[b1], 1);
    assert_int_equal(u.users[u.start[b1]].op, op[2]);
    assert_int_equal(u.users[u.start[b1]].index, 1);
    ir_uses_free(&u);

    ir_unlink(m, op[2]);
    ir_insert_before(m, op[1], op[2]);
    assert_int_equal(m->ops[op[2]].next, op[1]);
    ir_unlink(m, op[2]);
    assert_true(ir_uses_build(m, &u));
    assert_int_equal(u.n_users, 1);
    ir_uses_free(&u);
    ir_module_free(m);
    assert_int_equal(mem.used, 0);
}

static void attributes(void **state) {
    (void)state;
    struct mem mem = {0};
    ir_op op[5];
    ir_module *m = build(&mem, op);
    ir_context *c = m->ctx;
    m->ops[op[1]].props = ir_dict_set(c, 0, STR("x"), c->a_true);
    m->ops[op[1]].attrs = ir_dict_set(c, ir_dict_set(c, 0, STR("x"), c->a_false), STR("y"), c->a_unit);
    assert_int_equal(ir_op_attr(m, op[1], STR("x")), c->a_true);
    assert_int_equal(ir_op_attr(m, op[1], STR("y")), c->a_unit);
    assert_int_equal(ir_op_attr(m, op[1], STR("z")), 0);
    assert_int_equal(ir_op_attr(m, op[2], STR("x")), 0);
    ir_module_free(m);
}

static bool build_big(struct mem *mem, void *ctx) {
    (void)ctx;
    ir_op op[5];
    ir_module *m = build(mem, op);
    if (!m)
        return false;
    ir_context *c = m->ctx;
    ir_block b = m->blocks[m->regions[ir_op_region(m, m->root, 0)].first].first ? m->ops[op[3]].block : 0;
    ir_value last = m->ops[op[2]].results;
    for (uint32_t i = 0; i < 3000; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", i % 100);
        ir_op o = add_op(m, b, name, &last, 1, 1);
        m->ops[o].attrs = ir_dict_set(c, 0, str_from_z(name), ir_attr_int(c, c->t_i64, i));
        m->ops[o].loc = ir_loc_file(c, ir_string(c, STR("f"), true), i, i);
        last = m->ops[o].results;
    }
    ir_attr list[300];
    for (uint32_t i = 0; i < 300; i++)
        list[i] = ir_loc_file(c, 0, i, 0);
    ir_loc_fused(c, 0, list, 300);
    ir_uses u = {0};
    bool good = !m->failed && !c->failed && ir_uses_build(m, &u);
    if (good)
        ir_uses_free(&u);
    ir_module_free(m);
    return good;
}

static void every_failure(void **state) {
    (void)state;
    test_oom_sweep(build_big, NULL, 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(builds_and_walks), cmocka_unit_test(attributes),
                                       cmocka_unit_test(every_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
