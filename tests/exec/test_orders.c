/* Values compared with golden ones whose dimensions stand in another order. */
#include <stdio.h>
#include <string.h>

#include "plan_fixture.h"

#define ORDER(a, b) exec_order_of(a, (int)(sizeof(a) / sizeof *(a)), b, (int)(sizeof(b) / sizeof *(b)))

static void orders_that_shapes_allow(void **state) {
    (void)state;
    static const int64_t nchw[] = {2, 3, 4, 5}, nhwc[] = {2, 4, 5, 3}, flat[] = {1, 1, 40, 3}, ones[] = {2, 1, 3, 4, 5},
                         other[] = {2, 3, 4, 6}, open[] = {2, 3, -1, 5}, line[] = {120}, many[] = {2, 3, 4, 5, 6, 7},
                         turned[] = {7, 6, 5, 4, 3, 2};
    assert_int_equal(ORDER(nchw, nchw), EXEC_ORDER_SAME);
    assert_int_equal(ORDER(ones, nchw), EXEC_ORDER_SAME);
    assert_int_equal(ORDER(nhwc, nchw), EXEC_ORDER_OTHER);
    assert_int_equal(ORDER(nchw, nhwc), EXEC_ORDER_OTHER);
    assert_int_equal(ORDER(flat, nhwc), EXEC_ORDER_SAME);
    assert_int_equal(ORDER(flat, nchw), EXEC_ORDER_OTHER);
    assert_int_equal(ORDER(other, nchw), EXEC_ORDER_NONE);
    assert_int_equal(ORDER(nchw, open), EXEC_ORDER_NONE);
    assert_int_equal(ORDER(line, nchw), EXEC_ORDER_NONE); /* anything could be that */
    assert_int_equal(ORDER(many, many), EXEC_ORDER_SAME);
    assert_int_equal(ORDER(turned, many), EXEC_ORDER_NONE); /* too many dimensions to try their orders */
}

/* The sine of what was permuted and flattened first, beside the sine of all as it is. */
static void both_sines(int64_t c, int64_t h, int64_t w, const char *dtype, bool moved, exec_difference *d) {
    const exec_options o = {.threads = 2, .alone = true};
    struct fixture f, g;
    char text[2000], in[64], nhwc[64], flat[64];
    size_t n;
    snprintf(in, sizeof in, "tensor<1x%dx%dx%dx%s>", (int)c, (int)h, (int)w, dtype);
    snprintf(nhwc, sizeof nhwc, "tensor<1x%dx%dx%dx%s>", (int)h, (int)w, (int)c, dtype);
    snprintf(flat, sizeof flat, "tensor<1x1x%dx%dx%s>", (int)(h * w), (int)c, dtype);
    snprintf(text, sizeof text,
             "func.func @main(%%a: %s) -> %s {\n"
             "  %%0 = \"ttir.permute\"(%%a) <{permutation = array<i64: 0, 2, 3, 1>}> : (%s) -> %s\n"
             "  %%1 = \"ttir.reshape\"(%%0) <{shape = [1 : i32, 1 : i32, %d : i32, %d : i32]}> : (%s) -> %s\n"
             "  %%2 = \"ttir.sin\"(%%1) : (%s) -> %s\n  return %%2 : %s\n}\n",
             in, flat, in, nhwc, (int)(h * w), (int)c, nhwc, flat, flat, flat, flat);
    make(&f, text, &o);
    snprintf(text, sizeof text,
             "func.func @main(%%a: %s) -> %s {\n  %%0 = \"ttir.sin\"(%%a) : (%s) -> %s\n  return %%0 : %s\n}\n", in, in,
             in, in, in);
    make(&g, text, &o);
    exec_pair pair = {named(f.m, "ttir.sin", 0), named(g.m, "ttir.sin", 0), .moved = moved};
    assert_int_equal(exec_compare_beside(f.x, g.x, &pair, 1, d, &n, NULL), EXEC_DONE);
    assert_int_equal(n, 1);
    drop(&g);
    drop(&f);
}

static void compared_in_the_order_they_have(void **state) {
    (void)state;
    static const char *const dtypes[] = {"f32", "bf16", "f64"};
    exec_difference d;
    for (int i = 0; i < 3; i++) {
        both_sines(3, 8, 9, dtypes[i], true, &d);
        assert_true(d.moved && !d.shapes_differ && d.pcc == 1 && d.absolute == 0);
        both_sines(7, 7, 7, dtypes[i], true, &d); /* equal dimensions: the shape does not tell */
        assert_true(d.moved && d.pcc == 1 && d.absolute == 0);
        both_sines(7, 1, 1, dtypes[i], true, &d);
        assert_true(!d.moved && d.pcc == 1 && d.absolute == 0);
    }
    both_sines(7, 7, 7, "f32", false, &d);
    assert_true(!d.moved && d.pcc < 0.9);
    both_sines(97, 65, 33, "f32", true, &d); /* more than the elements that are looked at first */
    assert_true(d.moved && d.pcc == 1 && d.absolute == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_that_shapes_allow),
        cmocka_unit_test(compared_in_the_order_they_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
