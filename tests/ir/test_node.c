/* Nodes: equal ones are one, dictionaries, numbers, shapes, locations. */
#include "test.h"

#include "ir/ir.h"

static struct mem memory;

static int begin(void **state) {
    memory = (struct mem){0};
    *state = ir_context_new(&memory, NULL);
    return *state ? 0 : -1;
}

static int end(void **state) {
    ir_context_unref(*state);
    return memory.used == 0 ? 0 : -1;
}

static void equal_nodes_are_one(void **state) {
    ir_context *c = *state;
    char local[] = "hello";
    ir_str a = ir_string(c, str_from_z(local), true);
    assert_int_equal(a, ir_string(c, STR("hello"), false));
    local[0] = 'j';
    assert_str(ir_str_of(c, a), "hello");
    assert_int_not_equal(a, ir_string(c, str_from_z(local), true));
    assert_int_equal(ir_string(c, STR(""), true), ir_string(c, (str){NULL, 0}, false));

    int64_t dims[] = {1, IR_DYNAMIC, 32};
    ir_type t = ir_type_tensor(c, dims, 3, c->t_f32, 0);
    assert_int_equal(t, ir_type_tensor(c, dims, 3, c->t_f32, 0));
    assert_int_not_equal(t, ir_type_tensor(c, dims, 3, c->t_f32, c->a_unit));
    assert_int_equal(ir_rank(c, t), 3);
    assert_int_equal(ir_dim(c, t, 2), 32);
    assert_true(ir_dim(c, t, 1) == IR_DYNAMIC);
    assert_int_equal(ir_num_elements(c, t), -1);
    ir_type bf = ir_with_element_type(c, t, ir_type_float(c, IR_BF16));
    assert_int_equal(ir_element_type(c, bf), ir_type_float(c, IR_BF16));
    assert_int_equal(ir_with_element_type(c, bf, c->t_f32), t);
    assert_int_equal(ir_type_integer(c, 32, IR_SIGNLESS), c->t_i32);
    assert_int_not_equal(ir_type_integer(c, 32, IR_SIGNED), c->t_i32);
}

static void none_is_harmless(void **state) {
    ir_context *c = *state;
    assert_int_equal(ir_kind_of(c, 0), IR_NONE);
    assert_int_equal(ir_count(c, 0), 0);
    assert_str(ir_str_of(c, 0), "");
    assert_int_equal(ir_dict_get(c, 0, STR("x")), 0);
    assert_int_equal(ir_rank(c, 0), -1);
    assert_int_equal(ir_num_elements(c, 0), -1);
}

static void many_nodes(void **state) {
    ir_context *c = *state;
    enum { N = 200000 };
    uint32_t *first = malloc(N * sizeof *first);
    for (uint32_t i = 0; i < N; i++)
        first[i] = ir_attr_int(c, c->t_i64, (int64_t)i * 7919);
    assert_true(c->n_chunks > 3);
    for (uint32_t i = 0; i < N; i++) {
        int64_t v;
        assert_int_equal(ir_attr_int(c, c->t_i64, (int64_t)i * 7919), first[i]);
        assert_true(ir_int_value(c, first[i], &v) && v == (int64_t)i * 7919);
    }
    /* One node larger than a chunk, and life goes on in the chunk before it. */
    ir_attr big = ir_attr_array(c, first, N);
    assert_int_equal(ir_count(c, big), N);
    assert_int_equal(big, ir_attr_array(c, first, N));
    assert_int_equal(ir_at(c, big, N - 1), first[N - 1]);
    ir_attr small = ir_attr_array(c, first, 2);
    assert_int_not_equal(small >> IR_CHUNK_BITS, big >> IR_CHUNK_BITS);
    uint32_t chunks = c->n_chunks;
    for (uint32_t i = 0; i < N; i++)
        first[i] = ir_attr_int(c, c->t_i32, (int64_t)i * 31);
    assert_true(c->n_chunks > chunks + 3);
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(ir_attr_int(c, c->t_i32, (int64_t)i * 31), first[i]);
    assert_int_equal(ir_count(c, big), N);
    free(first);
}

static void dictionaries(void **state) {
    ir_context *c = *state;
    uint32_t kv[200];
    char key[8];
    for (uint32_t i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "k%u", (i * 37) % 100);
        kv[2 * i] = ir_string(c, str_from_z(key), true);
        kv[2 * i + 1] = ir_attr_int(c, c->t_i32, (int64_t)i);
    }
    ir_str dup;
    ir_attr d = ir_attr_dict(c, kv, 100, &dup);
    assert_int_equal(dup, 0);
    for (uint32_t i = 1; i < 100; i++)
        assert_true(str_cmp(ir_str_of(c, ir_at(c, d, 2 * i - 2)), ir_str_of(c, ir_at(c, d, 2 * i))) < 0);
    for (uint32_t i = 0; i < 100; i++) {
        int64_t v;
        snprintf(key, sizeof key, "k%u", (i * 37) % 100);
        assert_true(ir_int_value(c, ir_dict_get(c, d, str_from_z(key)), &v) && v == i);
    }
    assert_int_equal(ir_dict_get(c, d, STR("k100")), 0);
    assert_int_equal(ir_dict_get(c, d, STR("")), 0);

    uint32_t twice[] = {kv[0], c->a_true, kv[2], c->a_true, kv[0], c->a_false};
    assert_int_equal(ir_attr_dict(c, twice, 3, &dup), 0);
    assert_int_equal(dup, kv[0]);
    assert_false(c->failed);

    ir_attr one = ir_dict_set(c, 0, STR("b"), c->a_true);
    ir_attr two = ir_dict_set(c, one, STR("a"), c->a_unit);
    assert_int_equal(ir_count(c, two), 4);
    assert_str(ir_str_of(c, ir_at(c, two, 0)), "a");
    assert_int_equal(ir_dict_set(c, two, STR("a"), 0), one);
    assert_int_equal(ir_dict_set(c, one, STR("b"), 0), c->a_empty_dict);
    assert_int_equal(ir_dict_set(c, one, STR("zzz"), 0), one);
    assert_int_equal(ir_dict_get(c, ir_dict_set(c, two, STR("b"), c->a_false), STR("b")), c->a_false);
}

static int64_t value_of(ir_context *c, ir_attr a) {
    int64_t v = 0;
    assert_true(ir_int_value(c, a, &v));
    return v;
}

static void integers(void **state) {
    ir_context *c = *state;
    assert_int_equal(ir_attr_int(c, c->t_i8, 255), ir_attr_int(c, c->t_i8, -1));
    assert_int_equal(value_of(c, ir_attr_int(c, c->t_i8, 255)), -1);
    assert_int_equal(value_of(c, ir_attr_int(c, ir_type_integer(c, 8, IR_UNSIGNED), 255)), 255);
    assert_int_equal(value_of(c, ir_attr_int(c, ir_type_integer(c, 8, IR_SIGNED), 255)), -1);
    assert_int_equal(value_of(c, ir_attr_int(c, c->t_i1, -1)), 1);
    assert_int_equal(ir_attr_int(c, c->t_i1, 1), c->a_true);
    assert_int_equal(value_of(c, ir_attr_int(c, ir_type_integer(c, 0, IR_SIGNLESS), 5)), 0);
    ir_type i100 = ir_type_integer(c, 100, IR_SIGNLESS);
    ir_attr wide = ir_attr_int(c, i100, -3);
    assert_int_equal(ir_count(c, wide), 5);
    assert_true(ir_at64(c, wide, 3) == -1);
    int64_t v;
    assert_false(ir_int_value(c, wide, &v));
    uint64_t limbs[2] = {5, (uint64_t)1 << 35};
    assert_true(ir_at64(c, ir_attr_int_limbs(c, i100, limbs, 2), 3) == INT64_MIN >> 28);
}

static void constants(void **state) {
    ir_context *c = *state;
    int32_t data[] = {1, 2, 3, 4};
    ir_attr a = ir_attr_dense_array(c, c->t_i32, data, sizeof data, true);
    int32_t copy[] = {1, 2, 3, 4};
    assert_int_equal(a, ir_attr_dense_array(c, c->t_i32, copy, sizeof copy, false));
    assert_int_equal(ir_data(c, a).n, sizeof data);
    assert_memory_equal(ir_data(c, a).p, data, sizeof data);
    assert_int_not_equal(a, ir_attr_dense_array(c, c->t_f32, data, sizeof data, true));
    double v;
    assert_true(ir_float_value(c, ir_attr_float(c, ir_type_float(c, IR_BF16), 1.5), &v) && v == 1.5);
    assert_true(ir_float_value(c, ir_attr_float(c, ir_type_float(c, IR_F80), -0.25), &v) && v == -0.25);
    assert_int_equal(ir_dense_element_bytes(c, ir_type_complex(c, c->t_f32)), 8);
    assert_int_equal(ir_dense_element_bytes(c, c->t_i1), 1);
    assert_int_equal(ir_dense_element_bytes(c, ir_type_float(c, IR_TF32)), 3);
    assert_int_equal(ir_dense_element_bytes(c, c->t_none), 0);
}

static void fused_locations(void **state) {
    ir_context *c = *state;
    ir_str f = ir_string(c, STR("a.py"), false);
    ir_loc l[100];
    for (uint32_t i = 0; i < 100; i++)
        l[i] = ir_loc_file(c, f, i % 50, 1);
    assert_int_equal(ir_loc_fused(c, 0, l, 0), c->l_unknown);
    assert_int_equal(ir_loc_fused(c, 0, l, 1), l[0]);
    ir_loc twice[] = {l[0], c->l_unknown, l[0]};
    assert_int_equal(ir_loc_fused(c, 0, twice, 3), l[0]);
    ir_loc pair = ir_loc_fused(c, 0, l, 2);
    ir_loc nested[] = {l[2], pair, l[1]};
    ir_loc flat = ir_loc_fused(c, 0, nested, 3);
    assert_int_equal(ir_count(c, flat), 4);
    assert_int_equal(ir_at(c, flat, 1), l[2]);
    assert_int_equal(ir_at(c, flat, 2), l[0]);
    assert_int_equal(ir_count(c, ir_loc_fused(c, 0, l, 100)), 51);
    ir_loc meta = ir_loc_fused(c, c->a_unit, &c->l_unknown, 1);
    assert_int_equal(ir_count(c, meta), 2);
    assert_int_equal(ir_at(c, meta, 1), c->l_unknown);
    assert_int_equal(ir_count(c, ir_loc_fused(c, c->a_unit, nested, 2)), 3);
}

static uint32_t resolve(str name) {
    return str_eq(name, STR("a.known")) ? 7 : 0;
}

static void op_names(void **state) {
    (void)state;
    struct mem m = {0};
    ir_context *c = ir_context_new(&m, resolve);
    ir_name n = ir_op_name(c, STR("a.known"));
    assert_int_equal(n, ir_op_name(c, STR("a.known")));
    assert_int_equal(ir_name_of(c, n)->def, 7);
    char text[16];
    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof text, "x.op%d", i);
        assert_int_equal(ir_name_of(c, ir_op_name(c, str_from_z(text)))->def, 0);
    }
    assert_str(ir_name_of(c, n)->name, "a.known");
    assert_int_equal(n, ir_op_name(c, STR("a.known")));
    ir_context_unref(c);
    assert_int_equal(m.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(equal_nodes_are_one, begin, end),
        cmocka_unit_test_setup_teardown(none_is_harmless, begin, end),
        cmocka_unit_test_setup_teardown(many_nodes, begin, end),
        cmocka_unit_test_setup_teardown(dictionaries, begin, end),
        cmocka_unit_test_setup_teardown(integers, begin, end),
        cmocka_unit_test_setup_teardown(constants, begin, end),
        cmocka_unit_test_setup_teardown(fused_locations, begin, end),
        cmocka_unit_test(op_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
