/* Tests of custom forms: tests/text/forms/<name>.mlir printed in custom and in generic form, as <name>.custom and
 * <name>.generic. Those of MLIR's own dialects were made with
 *
 *     mlir-opt-22 [--mlir-print-op-generic] <name>.mlir
 *
 * in that folder; the others with tt-explorer print [--generic], and read over. What was printed in either form is read
 * again and must print as before. Then forms with faults. */
#include "test.h"

#include "base/buf.h"
#include "base/file.h"
#include "dialect/dialect.h"
#include "text/text.h"

static const char *const names[] = {"affine", "arith",  "cf",       "emitc",     "linalg",     "llvm",
                                    "math",   "memref", "misc",     "scf",       "tensor",     "tosa",
                                    "vector", "python", "noinline", "stablehlo", "tenstorrent"};

static void read_file(struct file *f, struct mem *m, const char *name, const char *suffix) {
    const char *root = getenv("TTX_SOURCE");
    char path[512];
    snprintf(path, sizeof path, "%s/tests/text/forms/%s.%s", root ? root : ".", name, suffix);
    if (!file_open(f, m, path))
        fail_msg("%s", f->error);
}

/* Reads a text and prints it in both forms; false when it cannot be read, with the messages in `said`. */
static bool read_and_print(struct mem *mem, str text, struct buf *custom, struct buf *generic, struct buf *said) {
    const text_read_options read = {0};
    const text_print_options as_custom = {0}, as_generic = {.generic = true};
    struct diags d;
    diags_init(&d, mem);
    ir_context *c = ir_context_new(mem, dialect_resolve);
    ir_module *m = c ? text_read(c, text, STR("forms.mlir"), &read, &d) : NULL;
    bool ok = m && text_print(m, &as_custom, custom) && text_print(m, &as_generic, generic);
    diags_render(&d, said, (struct diag_style){0});
    if (m)
        ir_module_free(m);
    if (c)
        ir_context_unref(c);
    diags_free(&d);
    return ok;
}

static void assert_same(str have, str want, const char *name, const char *what) {
    if (str_eq(have, want))
        return;
    size_t start = 0, line = 1;
    for (size_t i = 0; i < have.n && i < want.n && have.p[i] == want.p[i]; i++)
        if (have.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    str h = str_from(have, start), w = str_from(want, start);
    fail_msg("%s, %s, line %zu\nwant %.*s\nhave %.*s", name, what, line, (int)str_find_char(w, '\n'), w.p,
             (int)str_find_char(h, '\n'), h.p);
}

static void prints_as_expected(void **state) {
    (void)state;
    struct mem mem = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct file input, custom_file, generic_file;
        struct buf b[7];
        for (int k = 0; k < 7; k++)
            buf_init(&b[k], &mem);
        read_file(&input, &mem, names[i], "mlir");
        read_file(&custom_file, &mem, names[i], "custom");
        read_file(&generic_file, &mem, names[i], "generic");
        bool ok = read_and_print(&mem, file_text(&input), &b[0], &b[1], &b[6]);
        if (!ok || b[6].n)
            fail_msg("%s: %.*s", names[i], STR_ARG(buf_str(&b[6])));
        assert_same(buf_str(&b[0]), file_text(&custom_file), names[i], "custom form");
        assert_same(buf_str(&b[1]), file_text(&generic_file), names[i], "generic form");
        assert_non_null(buf_z(&b[0]));
        assert_non_null(buf_z(&b[1]));
        assert_true(read_and_print(&mem, buf_str(&b[0]), &b[2], &b[3], &b[6]));
        assert_same(buf_str(&b[2]), buf_str(&b[0]), names[i], "custom form read again");
        assert_same(buf_str(&b[3]), buf_str(&b[1]), names[i], "generic form of the custom form");
        assert_true(read_and_print(&mem, buf_str(&b[1]), &b[4], &b[5], &b[6]));
        assert_same(buf_str(&b[4]), buf_str(&b[0]), names[i], "custom form of the generic form");
        assert_same(buf_str(&b[5]), buf_str(&b[1]), names[i], "generic form read again");
        file_close(&input);
        file_close(&custom_file);
        file_close(&generic_file);
        for (int k = 0; k < 7; k++)
            buf_free(&b[k]);
    }
    assert_int_equal(mem.used, 0);
}

/* ---- faults ---------------------------------------------------------------------------------------------------- */

static void says_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"func.func @f(%a: i32) {\n  %0 = arith.addi %a %a : i32\n  return\n}\n", "2:21: error: expected ','"},
        {"func.func @f(%a: i32) {\n  %0 = arith.cmpi nope, %a, %a : i32\n  return\n}\n",
         "2:19: error: custom op 'arith.cmpi' expected string or keyword containing one of"},
        {"func.func @f(%a: i32) {\n  %0 = tensor.empty() tensor<2xf32>\n  return\n}\n", "error: expected ':'"},
        {"func.func @f(%a: i32) {\n  return %a : f32\n}\n", "expects different type than prior uses"},
        {"func.func @f(%a: i32) {\n  %0 = call @g(%a) : (i32, i32) -> i32\n  return\n}\n",
         "number of operands and types do not match: got 1 operands and 2 types"},
        {"func.func @f(%i: index) {\n  affine.for %j = affine_map<(d0) -> (d0, 3)>(%i) to 10 {\n  }\n  return\n}\n",
         "requires 'max' prefix"},
        {"func.func @f(%m: memref<4xf32>, %i: index) {\n  memref.prefetch %m[%i], look, locality<3>, data : "
         "memref<4xf32>\n"
         "  return\n}\n",
         "rw specifier has to be 'read' or 'write'"},
        {"llvm.func @f(%a: i32) {\n  %0 = llvm.icmp \"lt\" %a, %a : i32\n  llvm.return\n}\n", "incorrect value of the"},
    };
    struct mem mem = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf custom, generic, said;
        buf_init(&custom, &mem);
        buf_init(&generic, &mem);
        buf_init(&said, &mem);
        assert_false(read_and_print(&mem, str_from_z(cases[i].text), &custom, &generic, &said));
        str s = buf_str(&said);
        if (str_find(s, str_from_z(cases[i].message)) == s.n)
            fail_msg("want %s\nhave %.*s", cases[i].message, STR_ARG(s));
        buf_free(&custom);
        buf_free(&generic);
        buf_free(&said);
    }
    assert_int_equal(mem.used, 0);
}

/* An op that is not as its form needs it prints generically, and reads back. */
static void misfits_print_generically(void **state) {
    (void)state;
    static const char *const texts[] = {
        "%0:3 = \"t.v\"() : () -> (index, index, i32)\n\"scf.for\"(%0#0, %0#1) ({\n}) : (index, index) -> ()\n",
        "%0 = \"t.v\"() : () -> i32\n\"arith.addi\"(%0) : (i32) -> i32\n",
        "\"memref.global\"() : () -> ()\n",
        "\"linalg.generic\"() ({\n}) : () -> ()\n",
        "\"llvm.func\"() <{sym_name = \"f\"}> ({\n}) : () -> ()\n",
    };
    struct mem mem = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf b[5];
        for (int k = 0; k < 5; k++)
            buf_init(&b[k], &mem);
        if (!read_and_print(&mem, str_from_z(texts[i]), &b[0], &b[1], &b[4]))
            fail_msg("%s%.*s", texts[i], STR_ARG(buf_str(&b[4])));
        assert_non_null(buf_z(&b[0]));
        assert_true(read_and_print(&mem, buf_str(&b[0]), &b[2], &b[3], &b[4]));
        assert_same(buf_str(&b[2]), buf_str(&b[0]), texts[i], "read again");
        for (int k = 0; k < 5; k++)
            buf_free(&b[k]);
    }
    assert_int_equal(mem.used, 0);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static bool one_file(struct mem *m, void *ctx) {
    struct buf custom, generic, said;
    buf_init(&custom, m);
    buf_init(&generic, m);
    buf_init(&said, m);
    bool ok = read_and_print(m, *(const str *)ctx, &custom, &generic, &said);
    buf_free(&custom);
    buf_free(&generic);
    buf_free(&said);
    return ok;
}

static void survives_allocation_failures(void **state) {
    (void)state;
    static const char *const swept[] = {"scf", "linalg", "llvm", "affine", "cf"};
    struct mem mem = {0};
    for (size_t i = 0; i < sizeof swept / sizeof *swept; i++) {
        struct file input;
        read_file(&input, &mem, swept[i], "mlir");
        str text = file_text(&input);
        test_oom_sweep(one_file, &text, 100000);
        file_close(&input);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_as_expected),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(misfits_print_generically),
        cmocka_unit_test(survives_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
