/* Large products and convolutions are made one part after the other: as many as their shape asks for, with the numbers of the plain
 * kernel, and the same bytes from any number of threads. */
#include <string.h>

#include "dialect/dialect.h"
#include "exec/exec.h"
#include "exec/onednn_inner.h"
#include "test.h"
#include "text/text.h"

/* 6.4 thousand million operations, so that two slices are wanted. */
#define A "tensor<4096x768x$>"
#define B "tensor<768x1024x$>"
#define TURNED "tensor<1024x768x$>"
#define C "tensor<4096x1024x$>"

/* 7.5 thousand million, of windows that Winograd's algorithm has nothing to do with: rows, channels, images. */
#define CONV(x, w, y, dims)                                                                                      \
    "func.func @main(%x: tensor<" x "x$>, %w: tensor<" w                                                         \
    "x$> {ttcore.argument_type = #ttcore.argument_type<parameter>}, %r: tensor<" y "x$>) -> tensor<" y "x$> {\n" \
    "  %0 = \"ttir.conv2d\"(%x, %w) <{" dims                                                                     \
    "stride = 1 : i32, padding = array<i32: 2, 2, 2, 2>, dilation = 1 : i32, groups = 1 : i32}> : (tensor<" x    \
    "x$>, tensor<" w "x$>) -> tensor<" y "x$>\n"                                                                 \
    "  %1 = \"ttir.add\"(%0, %r) : (tensor<" y "x$>, tensor<" y "x$>) -> tensor<" y "x$>\n"                      \
    "  %2 = \"ttir.relu\"(%1) : (tensor<" y "x$>) -> tensor<" y "x$>\n  return %2 : tensor<" y "x$>\n}\n"
#define LAST "batch_dim = 0 : i64, height_dim = 1 : i64, width_dim = 2 : i64, channel_dim = 3 : i64, "
#define FIRST "batch_dim = 0 : i64, height_dim = 2 : i64, width_dim = 3 : i64, channel_dim = 1 : i64, "

static const struct product {
    const char *what, *numbers, *text;
    size_t ops;
} products[] = {
    {"rows", "f32", CONV("1x97x96x64", "256x64x5x5", "1x97x96x256", LAST), 2},
    {"channels", "f32", CONV("1x64x97x96", "256x64x5x5", "1x256x97x96", FIRST), 2},
    {"images, by one op", "f32", CONV("3x56x57x64", "256x64x5x5", "3x56x57x256", LAST), 1},
    {"alone", "f32",
     "func.func @main(%a: " A ", %b: " B " {ttcore.argument_type = #ttcore.argument_type<parameter>}) -> " C " {\n"
     "  %0 = \"ttir.matmul\"(%a, %b) : (" A ", " B ") -> " C "\n  return %0 : " C "\n}\n",
     2},
    {"with weights that are packed anew each time, and turned round", "bf16",
     "func.func @main(%a: " A ", %b: " TURNED ") -> " C " {\n"
     "  %0 = \"ttir.matmul\"(%a, %b) <{transpose_b = true}> : (" A ", " TURNED ") -> " C "\n  return %0 : " C "\n}\n",
     2},
    {"with a row, a tensor and a function behind it", "bf16",
     "func.func @main(%a: " A ", %b: " B " {ttcore.argument_type = #ttcore.argument_type<parameter>}, %r: "
     "tensor<1024x$>, %t: " C ") -> " C " {\n"
     "  %0 = \"ttir.linear\"(%a, %b, %r) : (" A ", " B ", tensor<1024x$>) -> " C "\n"
     "  %1 = \"ttir.add\"(%0, %t) : (" C ", " C ") -> " C "\n"
     "  %2 = \"ttir.relu\"(%1) : (" C ") -> " C "\n  return %2 : " C "\n}\n",
     2},
};

static size_t count_ops(const exec_plan *x) {
    size_t n = 0;
    for (const struct dnnl_op *op = x->dnnl->ops; op; op = op->next)
        n++;
    return n;
}

/* A text with the name of a type for each $. */
static void with_numbers(char *out, size_t cap, const struct product *p) {
    size_t n = 0, name = strlen(p->numbers);
    for (const char *c = p->text; *c && n + name < cap; c++)
        if (*c == '$') {
            memcpy(out + n, p->numbers, name);
            n += name;
        } else {
            out[n++] = *c;
        }
    out[n] = 0;
}

static exec_plan *run(const ir_module *m, exec_options o, struct mem *mem, struct diags *d) {
    exec_plan *x = exec_plan_new(m, &o, mem, d);
    assert_non_null(x);
    assert_int_equal(exec_run(x, NULL), EXEC_DONE);
    return x;
}

static void parts_make_the_whole(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        struct mem mem = {0};
        struct diags d;
        char text[4096];
        exec_difference diff;
        diags_init(&d, &mem);
        ir_context *ctx = ir_context_new(&mem, dialect_resolve);
        with_numbers(text, sizeof text, &products[i]);
        ir_module *m = text_read(ctx, str_from_z(text), STR("test.mlir"), NULL, &d);
        assert_non_null(m);
        exec_plan *one = run(m, (exec_options){.threads = 1}, &mem, &d);
        const struct tensor *a = exec_result(one, 0, 0);
        if (one->dnnl) { /* not where the library is missing */
            assert_int_equal(count_ops(one), products[i].ops);
            /* Weights are packed once, not for each part (with some room for layouts in blocks). */
            exec_value_info w = exec_argument(one, 1);
            size_t bytes = sizeof(float);
            for (int k = 0; k < w.rank; k++)
                bytes *= (size_t)w.dims[k];
            assert_true(exec_memory_of(one).cached <= bytes + bytes / 8);
        }
        exec_plan *three = run(m, (exec_options){.threads = 3}, &mem, &d);
        assert_memory_equal(a->data, exec_result(three, 0, 0)->data, tensor_bytes(a));
        assert_int_equal(exec_run(three, NULL), EXEC_DONE); /* with weights that are packed */
        assert_memory_equal(a->data, exec_result(three, 0, 0)->data, tensor_bytes(a));
        exec_plan_free(three);
        exec_plan *plain = run(m, (exec_options){.threads = 0, .reference = true}, &mem, &d);
        exec_compare(a, exec_result(plain, 0, 0), &diff);
        bool narrow = products[i].numbers[0] == 'b';
        assert_true(diff.pcc > (narrow ? 0.99998 : 1 - 1e-9));
        assert_true(diff.absolute < (narrow ? 0.1 : 1e-4));
        exec_plan_free(plain);
        exec_plan_free(one);
        ir_module_free(m);
        ir_context_unref(ctx);
        diags_free(&d);
        assert_int_equal(mem.used, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts_make_the_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
