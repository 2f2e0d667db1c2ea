/* Type and attribute constraints on values of our own. */
#include "test.h"

#include "dialect/dialect.h"
#include "dialect/ids.h"

static struct mem memory;

static int begin(void **state) {
    memory = (struct mem){0};
    *state = ir_context_new(&memory, dialect_resolve);
    return *state ? 0 : -1;
}

static int end(void **state) {
    ir_context_unref(*state);
    return memory.used == 0 ? 0 : -1;
}

static uint32_t operand(uint32_t op, uint32_t i) {
    return op_operand(dialect_op(op), i)->constraint;
}

static uint32_t attribute(uint32_t op, str name) {
    const op_attr *a = op_find_attr(dialect_op(op), name, NULL);
    assert_non_null(a);
    return a->constraint;
}

static ir_type opaque(ir_context *c, ir_kind kind, const char *dialect, const char *text) {
    uint32_t words[2] = {ir_string(c, str_from_z(dialect), true), ir_string(c, str_from_z(text), true)};
    return ir_intern(c, kind, 0, words, 2);
}

static ir_type tensor(ir_context *c, uint32_t rank, int64_t dim, ir_type elt) {
    int64_t dims[8] = {0};
    for (uint32_t i = 0; i < rank; i++)
        dims[i] = dim;
    return ir_type_tensor(c, dims, rank, elt, 0);
}

static void integers_and_index(void **state) {
    ir_context *c = *state;
    uint32_t k = operand(OP_arith_addi, 0); /* signless integer or index, or a vector or tensor of such */
    ir_type si32 = ir_type_integer(c, 32, IR_SIGNED);
    assert_true(dialect_type_ok(c, k, c->t_i32));
    assert_true(dialect_type_ok(c, k, c->t_index));
    assert_true(dialect_type_ok(c, k, tensor(c, 2, 4, c->t_i32)));
    assert_true(dialect_type_ok(c, k, tensor(c, 2, 4, c->t_index)));
    assert_false(dialect_type_ok(c, k, si32));
    assert_false(dialect_type_ok(c, k, tensor(c, 2, 4, si32)));
    assert_false(dialect_type_ok(c, k, c->t_f32));
    int64_t four = 4;
    assert_false(dialect_type_ok(c, k, ir_type_memref(c, &four, 1, c->t_i32, 0, 0)));
    /* A dialect type may be a container of values: never refused. */
    assert_true(dialect_type_ok(c, k, opaque(c, IR_TYPE_OPAQUE, "foo", "foo.bar")));
    assert_true(dialect_type_ok(c, k, 0));
    assert_str(dialect_text(dialect_constraints[k].text), "signless-integer-like");
}

static void tensors(void **state) {
    ir_context *c = *state;
    uint32_t k = operand(OP_ttir_add, 0);
    assert_true(dialect_type_ok(c, k, tensor(c, 0, 0, c->t_f32)));
    assert_true(dialect_type_ok(c, k, tensor(c, 3, IR_DYNAMIC, c->t_f32)));
    assert_false(dialect_type_ok(c, k, c->t_f32));
    uint32_t word = c->t_f32;
    assert_false(dialect_type_ok(c, k, ir_intern(c, IR_TYPE_UNRANKED_TENSOR, 0, &word, 1)));

    k = operand(OP_stablehlo_cosine, 0); /* floats, complex floats, quantised */
    assert_true(dialect_type_ok(c, k, tensor(c, 2, 4, c->t_f32)));
    assert_true(dialect_type_ok(c, k, tensor(c, 2, 4, ir_type_complex(c, c->t_f64))));
    assert_false(dialect_type_ok(c, k, tensor(c, 2, 4, ir_type_complex(c, c->t_i32))));
    assert_false(dialect_type_ok(c, k, tensor(c, 2, 4, c->t_i32)));
    assert_true(
        dialect_type_ok(c, k, tensor(c, 2, 4, opaque(c, IR_TYPE_OPAQUE, "quant", "quant.uniform<i8:f32, 0.1>"))));
    assert_false(dialect_type_ok(c, k, tensor(c, 2, 4, opaque(c, IR_TYPE_OPAQUE, "foo", "foo.bar"))));

    k = operand(OP_stablehlo_dynamic_reshape, 1); /* static, rank 1, of integers or index */
    assert_true(dialect_type_ok(c, k, tensor(c, 1, 4, c->t_index)));
    assert_false(dialect_type_ok(c, k, tensor(c, 2, 4, c->t_index)));
    assert_false(dialect_type_ok(c, k, tensor(c, 1, IR_DYNAMIC, c->t_index)));
    assert_false(dialect_type_ok(c, k, tensor(c, 1, 4, c->t_f32)));
}

static void dialect_types(void **state) {
    ir_context *c = *state;
    const op_def *d = dialect_op(OP_ttnn_conv2d);
    uint32_t k = operand(OP_ttnn_conv2d, d->n_operands - 1u);
    assert_str(dialect_text(dialect_constraints[k].buildable), "!ttnn.device");
    uint32_t word = TYPE_ttnn_device + 1;
    assert_true(dialect_type_ok(c, k, ir_intern(c, IR_TYPE_DIALECT, 0, &word, 1)));
    word = TYPE_ttnn_global_semaphore + 1;
    assert_false(dialect_type_ok(c, k, ir_intern(c, IR_TYPE_DIALECT, 0, &word, 1)));
    assert_true(dialect_type_ok(c, k, opaque(c, IR_TYPE_OPAQUE, "ttnn", "ttnn.device")));
    assert_true(dialect_type_ok(c, k, opaque(c, IR_TYPE_OPAQUE, "ttnn", "ttnn<device>")));
    assert_false(dialect_type_ok(c, k, opaque(c, IR_TYPE_OPAQUE, "ttnn", "ttnn.devices")));
    assert_false(dialect_type_ok(c, k, opaque(c, IR_TYPE_OPAQUE, "other", "other.device")));
    assert_false(dialect_type_ok(c, k, tensor(c, 1, 4, c->t_f32)));
}

static void tuples(void **state) {
    ir_context *c = *state;
    uint32_t k = operand(OP_stablehlo_get_tuple_element, 0);
    ir_type members[2] = {tensor(c, 1, 4, c->t_f32), tensor(c, 1, 4, c->t_i32)};
    ir_type inner = ir_type_tuple(c, members, 2);
    assert_true(dialect_type_ok(c, k, inner));
    ir_type outer[2] = {members[0], inner};
    assert_true(dialect_type_ok(c, k, ir_type_tuple(c, outer, 2)));
    members[1] = c->t_f32;
    outer[1] = ir_type_tuple(c, members, 2);
    assert_false(dialect_type_ok(c, k, outer[1]));
    assert_false(dialect_type_ok(c, k, ir_type_tuple(c, outer, 2)));
    /* As deep as anyone likes. */
    ir_type deep = inner;
    for (int i = 0; i < 100000; i++)
        deep = ir_type_tuple(c, &deep, 1);
    assert_true(dialect_type_ok(c, k, deep));
}

static void numbers_as_attributes(void **state) {
    ir_context *c = *state;
    uint32_t k = attribute(OP_ttnn_conv2d, STR("in_channels"));
    assert_true(dialect_attr_ok(c, k, ir_attr_int(c, c->t_i32, 3)));
    assert_false(dialect_attr_ok(c, k, ir_attr_int(c, c->t_i64, 3)));
    assert_false(dialect_attr_ok(c, k, ir_attr_int(c, ir_type_integer(c, 32, IR_SIGNED), 3)));
    assert_false(dialect_attr_ok(c, k, ir_attr_string(c, STR("3"), true)));
    assert_str(dialect_text(dialect_attr_constraints[k].text), "32-bit signless integer attribute");

    k = attribute(OP_stablehlo_all_gather, STR("all_gather_dim"));
    assert_true(dialect_attr_ok(c, k, ir_attr_int(c, c->t_i64, 0)));
    assert_false(dialect_attr_ok(c, k, ir_attr_int(c, c->t_i64, -1)));

    k = attribute(OP_arith_cmpi, STR("predicate"));
    assert_true(dialect_attr_ok(c, k, ir_attr_int(c, c->t_i64, 9)));
    assert_false(dialect_attr_ok(c, k, ir_attr_int(c, c->t_i64, 10)));
    assert_false(dialect_attr_ok(c, k, ir_attr_int(c, c->t_i32, 1)));

    k = attribute(OP_ttir_leaky_relu, STR("parameter"));
    assert_true(dialect_attr_ok(c, k, ir_attr_float(c, c->t_f32, 0.5)));
    assert_false(dialect_attr_ok(c, k, ir_attr_float(c, c->t_f64, 0.5)));
}

static void lists_as_attributes(void **state) {
    ir_context *c = *state;
    uint32_t k = attribute(OP_ttnn_conv2d, STR("kernel_size"));
    int32_t two[2] = {3, 3};
    int64_t wide[2] = {3, 3};
    assert_true(dialect_attr_ok(c, k, ir_attr_dense_array(c, c->t_i32, two, sizeof two, true)));
    assert_false(dialect_attr_ok(c, k, ir_attr_dense_array(c, c->t_i64, wide, sizeof wide, true)));

    k = attribute(OP_ttir_avg_pool2d, STR("kernel")); /* i32 or array<i32> */
    assert_true(dialect_attr_ok(c, k, ir_attr_dense_array(c, c->t_i32, two, sizeof two, true)));
    assert_true(dialect_attr_ok(c, k, ir_attr_int(c, c->t_i32, 3)));
    assert_false(dialect_attr_ok(c, k, ir_attr_int(c, c->t_i64, 3)));

    k = attribute(OP_ttir_max, STR("dim_arg"));
    ir_attr dims[2] = {ir_attr_int(c, c->t_i32, 0), ir_attr_int(c, c->t_i32, 1)};
    assert_true(dialect_attr_ok(c, k, ir_attr_array(c, dims, 2)));
    dims[1] = ir_attr_int(c, c->t_i64, 1);
    assert_false(dialect_attr_ok(c, k, ir_attr_array(c, dims, 2)));
}

static void definitions_as_attributes(void **state) {
    ir_context *c = *state;
    uint32_t k = attribute(OP_arith_addi, STR("overflowFlags"));
    uint32_t words[2] = {ATTR_arith_overflow + 1, 0};
    assert_true(dialect_attr_ok(c, k, ir_intern(c, IR_ATTR_DIALECT, 0, words, 2)));
    words[0] = ATTR_arith_fastmath + 1;
    assert_false(dialect_attr_ok(c, k, ir_intern(c, IR_ATTR_DIALECT, 0, words, 2)));
    assert_true(dialect_attr_ok(c, k, opaque(c, IR_ATTR_OPAQUE, "arith", "arith.overflow<none>")));
    assert_false(dialect_attr_ok(c, k, opaque(c, IR_ATTR_OPAQUE, "arith", "arith.fastmath<none>")));
    assert_false(dialect_attr_ok(c, k, c->a_unit));
    assert_true(dialect_attr_ok(c, 0, c->a_unit));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(integers_and_index, begin, end),
        cmocka_unit_test_setup_teardown(tensors, begin, end),
        cmocka_unit_test_setup_teardown(dialect_types, begin, end),
        cmocka_unit_test_setup_teardown(tuples, begin, end),
        cmocka_unit_test_setup_teardown(numbers_as_attributes, begin, end),
        cmocka_unit_test_setup_teardown(lists_as_attributes, begin, end),
        cmocka_unit_test_setup_teardown(definitions_as_attributes, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
