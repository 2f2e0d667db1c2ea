/* Tests of the printer: texts that mlir-opt prints for tests/text/print/<name>.mlir, which were made with
 *
 *     mlir-opt-22 --allow-unregistered-dialect [--mlir-print-op-generic] [--mlir-print-debuginfo] <name>.mlir
 *
 * in that folder, as <name>.custom, <name>.custom.loc, <name>.generic, <name>.generic.loc. Then what no text shows:
 * streams, allocation failures, nesting that is too deep. */
#include "test.h"

#include "base/buf.h"
#include "base/file.h"
#include "dialect/dialect.h"
#include "text/text.h"

static const char *const names[] = {"numbering", "attributes", "dense", "aliases", "names"};

static void read_file(struct file *f, struct mem *m, const char *name, const char *suffix) {
    const char *root = getenv("TTX_SOURCE");
    char path[512];
    snprintf(path, sizeof path, "%s/tests/text/print/%s.%s", root ? root : ".", name, suffix);
    if (!file_open(f, m, path))
        fail_msg("%s", f->error);
}

/* Reads a text as mlir-opt would read the file `name`.mlir; NULL with the messages on standard error. */
static ir_module *read_text(ir_context *c, str text, const char *name, text_registry registry, struct mem *m) {
    const text_read_options o = {.registry = registry};
    struct diags d;
    char file[64];
    snprintf(file, sizeof file, "%s.mlir", name);
    diags_init(&d, m);
    ir_module *module = text_read(c, text, str_from_z(file), &o, &d);
    if (!module && m->fail_at == 0) {
        struct buf b;
        buf_init(&b, m);
        diags_render(&d, &b, (struct diag_style){0});
        fprintf(stderr, "%.*s", STR_ARG(buf_str(&b)));
        buf_free(&b);
    }
    diags_free(&d);
    return module;
}

static void assert_same_text(str have, str want, const char *name, const char *suffix) {
    if (str_eq(have, want))
        return;
    size_t i = 0, line = 1, start = 0;
    for (; i < have.n && i < want.n && have.p[i] == want.p[i]; i++)
        if (have.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    str h = str_from(have, start), w = str_from(want, start);
    fail_msg("%s.%s line %zu\nwant %.*s\nhave %.*s", name, suffix, line, (int)str_find_char(w, '\n'), w.p,
             (int)str_find_char(h, '\n'), h.p);
}

static void same_as_mlir_opt(void **state) {
    (void)state;
    struct mem mem = {0};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ir_context *c = ir_context_new(&mem, dialect_resolve);
        struct file input;
        read_file(&input, &mem, names[i], "mlir");
        ir_module *m = read_text(c, file_text(&input), names[i], TEXT_UPSTREAM, &mem);
        assert_non_null(m);
        for (int k = 0; k < 4; k++) {
            static const char *const suffixes[] = {"custom", "custom.loc", "generic", "generic.loc"};
            text_print_options o = {.registry = TEXT_UPSTREAM, .generic = k >= 2, .locations = k & 1};
            struct buf b;
            struct file want;
            buf_init(&b, &mem);
            assert_true(text_print(m, &o, &b));
            read_file(&want, &mem, names[i], suffixes[k]);
            assert_same_text(buf_str(&b), file_text(&want), names[i], suffixes[k]);
            file_close(&want);
            buf_free(&b);
        }
        ir_module_free(m);
        ir_context_unref(c);
        file_close(&input);
    }
    assert_int_equal(mem.used, 0);
}

/* ---- streams ------------------------------------------------------------------------------------------------- */

static bool gather(void *ctx, const char *p, size_t n) {
    buf_write(ctx, p, n);
    return true;
}

static bool refuse(void *ctx, const char *p, size_t n) {
    (void)p;
    size_t *left = ctx;
    if (*left < n)
        return false;
    *left -= n;
    return true;
}

static void streams(void **state) {
    (void)state;
    struct mem mem = {0};
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    struct file input;
    read_file(&input, &mem, "dense", "mlir");
    ir_module *m = read_text(c, file_text(&input), "dense", TEXT_UPSTREAM, &mem);
    const text_print_options o = {.registry = TEXT_UPSTREAM, .locations = true};
    struct buf whole, pieces, stream;
    buf_init(&whole, &mem);
    buf_init(&pieces, &mem);
    buf_init_stream(&stream, &mem, 4096, gather, &pieces);
    assert_true(text_print(m, &o, &whole));
    assert_true(text_print(m, &o, &stream) && buf_flush(&stream));
    assert_true(str_eq(buf_str(&whole), buf_str(&pieces)));
    buf_free(&stream);
    size_t left = 0;
    buf_init_stream(&stream, &mem, 4096, refuse, &left);
    assert_false(text_print(m, &o, &stream) && buf_flush(&stream));
    buf_free(&stream);
    buf_free(&whole);
    buf_free(&pieces);
    ir_module_free(m);
    ir_context_unref(c);
    file_close(&input);
    assert_int_equal(mem.used, 0);
}

/* ---- failures ------------------------------------------------------------------------------------------------- */

struct input {
    str text;
    text_registry registry;
};

static bool read_and_print(struct mem *m, void *ctx) {
    const struct input *in = ctx;
    const text_print_options o = {.registry = in->registry, .locations = true};
    bool ok = false;
    ir_context *c = ir_context_new(m, dialect_resolve);
    ir_module *module = c ? read_text(c, in->text, "input", in->registry, m) : NULL;
    if (module) {
        struct buf b;
        buf_init(&b, m);
        ok = text_print(module, &o, &b);
        buf_free(&b);
    }
    ir_module_free(module);
    ir_context_unref(c);
    return ok;
}

static const char ttnn[] =
    "#dram = #ttnn.buffer_type<dram>\n"
    "#ttnn_layout = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x2x!ttcore.tile<32x32, bf16>, #dram>, "
    "<interleaved>>\n"
    "func.func @f(%arg0: tensor<32x64xbf16, #ttnn_layout>) -> tensor<32x64xbf16, #ttnn_layout> {\n"
    "  %0 = \"ttnn.relu\"(%arg0) : (tensor<32x64xbf16, #ttnn_layout>) -> tensor<32x64xbf16, #ttnn_layout> loc(\"x\")\n"
    "  return %0 : tensor<32x64xbf16, #ttnn_layout>\n"
    "}\n";

static void every_allocation_fails(void **state) {
    (void)state;
    struct mem mem = {0};
    struct file file;
    read_file(&file, &mem, "names", "mlir");
    struct input inputs[] = {{file_text(&file), TEXT_UPSTREAM}, {str_from_z(ttnn), TEXT_ALL}};
    for (size_t i = 0; i < 2; i++)
        test_oom_sweep(read_and_print, &inputs[i], 5000);
    file_close(&file);
}

/* A module that holds one op with one attribute. */
static bool print_with_attr(ir_context *c, ir_attr a, bool generic, struct buf *b) {
    ir_module *m = ir_module_new(c);
    ir_op root = ir_op_new(m, ir_op_name(c, STR("builtin.module")), c->l_unknown);
    ir_region r = ir_region_new(m);
    ir_block block = ir_block_new(m);
    ir_op_set_children(m, root, &r, 1, NULL, 0);
    ir_region_append(m, r, block);
    ir_op op = ir_op_new(m, ir_op_name(c, STR("test.op")), c->l_unknown);
    ir_op_at(m, op)->attrs = ir_dict_set(c, 0, STR("a"), a);
    ir_block_append(m, block, op);
    m->root = root;
    const text_print_options o = {.generic = generic};
    bool ok = text_print(m, &o, b);
    ir_module_free(m);
    return ok;
}

static void too_deep(void **state) {
    (void)state;
    struct mem mem = {0};
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    ir_type t = c->t_i32;
    ir_attr a = c->a_unit;
    for (int i = 0; i < 100000; i++) {
        t = ir_type_tuple(c, &t, 1);
        a = ir_attr_array(c, &a, 1);
    }
    ir_attr deep[] = {ir_attr_type(c, t), a};
    for (size_t i = 0; i < 4; i++) {
        struct buf b;
        buf_init(&b, &mem);
        assert_false(print_with_attr(c, deep[i / 2], i & 1, &b));
        buf_clear(&b);
        assert_false(text_print_node(c, deep[i / 2], &b));
        buf_free(&b);
    }
    ir_context_unref(c);
    assert_int_equal(mem.used, 0);
}

static void single_nodes(void **state) {
    (void)state;
    struct mem mem = {0};
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    struct buf b;
    buf_init(&b, &mem);
    const int64_t dims[] = {2, IR_DYNAMIC};
    assert_true(text_print_node(c, ir_type_tensor(c, dims, 2, c->t_f32, 0), &b));
    assert_str(buf_str(&b), "tensor<2x?xf32>");
    buf_clear(&b);
    ir_expr e = ir_expr_dim(c, 0);
    assert_true(text_print_node(c, ir_attr_affine_map(c, 1, 0, &e, 1), &b));
    assert_str(buf_str(&b), "affine_map<(d0) -> (d0)>");
    buf_clear(&b);
    assert_true(text_print_node(c, ir_loc_name(c, ir_string(c, STR("n"), false), 0), &b));
    assert_str(buf_str(&b), "loc(\"n\")");
    buf_clear(&b);
    assert_true(text_print_node(c, 0, &b));
    assert_str(buf_str(&b), "<<NULL ATTRIBUTE>>");
    buf_free(&b);
    ir_context_unref(c);
    assert_int_equal(mem.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_mlir_opt), cmocka_unit_test(streams),      cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(too_deep),         cmocka_unit_test(single_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
