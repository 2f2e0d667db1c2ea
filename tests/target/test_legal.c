/* Legality: what the reference compiler made is legal by our own checker, and its worked examples of what it considers. */
#define _XOPEN_SOURCE 700
#include "test.h"

#include <ftw.h>

#include "base/file.h"
#include "dialect/dialect.h"
#include "target/legal.h"
#include "text/text.h"

static uint32_t n_files, n_ops, n_illegal;

static void one_file(const char *path) {
    struct mem mem = {0};
    struct file file;
    struct diags diags;
    legal_env e;
    assert_true(file_open(&file, &mem, path));
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    diags_init(&diags, &mem);
    ir_module *m = text_read(c, file_text(&file), str_from_z(path), NULL, &diags);
    if (m && legal_env_init(&e, m, 0.95)) {
        n_files++;
        for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
            n_ops += str_starts_with(ir_op_name_str(m, op), STR("ttnn."));
        uint32_t illegal = legal_check_module(&e, &diags);
        n_illegal += illegal;
        for (size_t i = 0; i < diags.list.n && n_illegal <= 4000; i++)
            if (diags.list.v[i].severity == DIAG_ERROR)
                print_error("%s: %.*s\n", path, STR_ARG(diags.list.v[i].message));
    }
    if (m)
        ir_module_free(m);
    diags_free(&diags);
    ir_context_unref(c);
    file_close(&file);
    assert_int_equal(mem.used, 0);
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st;
    (void)at;
    if (kind == FTW_F && str_ends_with(str_from_z(path), STR(".mlir")))
        one_file(path);
    return 0;
}

static bool walk(const char *folder) {
    const char *corpus = getenv("TTX_CORPUS");
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", corpus ? corpus : "", folder);
    n_files = n_ops = n_illegal = 0;
    if (!corpus || len < 0 || (size_t)len >= sizeof path || nftw(path, visit, 16, FTW_PHYS) != 0 || !n_files)
        return false;
    print_message("%s: %u files, %u ops, %u illegal\n", folder, n_files, n_ops, n_illegal);
    return true;
}

static void level0_is_legal(void **state) {
    (void)state;
    if (!walk("level0"))
        skip();
    assert_int_equal(n_illegal, 0);
    assert_true(n_ops > 3000);
}

static void real_models_are_legal(void **state) {
    (void)state;
    if (!walk("compile-pairs"))
        skip();
    assert_int_equal(n_illegal, 0);
}

/* A module of one op on an n150-like device. */
static const char head[] =
    "#dram = #ttnn.buffer_type<dram>\n"
    "#l = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<4x24x!ttcore.tile<32x32, bf16>, #dram>, "
    "<interleaved>>\n"
    "#w = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<24x24x!ttcore.tile<32x32, bf16>, #dram>, "
    "<interleaved>>\n"
    "module {\n"
    "  ttcore.device @default_device = <workerGrid = #ttcore.grid<8x8, virt_to_physical_map = (d0, d1) -> (0, d0, d1), "
    "physical_to_virt_map = (d0, d1, d2) -> (d1, d2)>, dramGrid = #ttcore.grid<1x12>, l1Map = (d0, d1, d2)[s0] -> (0, "
    "d0, d1, d2 + s0), dramMap = (d0, d1, d2)[s0, s1, s2, s3, s4, s5, s6] -> (0, 0, d0, d1), meshShape = 1x1, chipIds "
    "= "
    "[0]>\n"
    "  func.func @f(%a: tensor<100x768xbf16, #l>, %b: tensor<100x768xbf16, #l>, %w: tensor<768x768xbf16, #w>) {\n";

typedef struct fixture {
    struct mem mem;
    struct arena arena;
    struct diags diags;
    struct buf text;
    ir_context *c;
    ir_module *m;
    legal_env e;
    ir_op op;
} fixture;

/* Reads a body; f->op is the first TTNN op in it. */
static void open_body(fixture *f, const char *body) {
    *f = (fixture){0};
    buf_init(&f->text, &f->mem);
    arena_init(&f->arena, &f->mem);
    diags_init(&f->diags, &f->mem);
    buf_printf(&f->text, "%s%s    return\n  }\n}\n", head, body);
    buf_putc(&f->text, 0);
    f->c = ir_context_new(&f->mem, dialect_resolve);
    f->m = text_read(f->c, str_of(f->text.p, f->text.n - 1), STR("test"), NULL, &f->diags);
    if (!f->m)
        fail_msg("%.*s", STR_ARG(f->diags.list.v[0].message));
    assert_true(legal_env_init(&f->e, f->m, 0.95));
    for (ir_op op = f->m->root; op && !f->op; op = ir_walk_next(f->m, f->m->root, op))
        if (str_starts_with(ir_op_name_str(f->m, op), STR("ttnn.")))
            f->op = op;
}

static void close_body(fixture *f) {
    ir_module_free(f->m);
    ir_context_unref(f->c);
    diags_free(&f->diags);
    arena_free(&f->arena);
    buf_free(&f->text);
    assert_int_equal(f->mem.used, 0);
}

#define RELU "    %0 = \"ttnn.relu\"(%a) : (tensor<100x768xbf16, #l>) -> tensor<100x768xbf16, #l>\n"
#define ADD                                                                                                         \
    "    %0 = \"ttnn.add\"(%a, %b) : (tensor<100x768xbf16, #l>, tensor<100x768xbf16, #l>) -> tensor<100x768xbf16, " \
    "#l>\n"
#define MATMUL                                                                                                         \
    "    %0 = \"ttnn.matmul\"(%a, %w) : (tensor<100x768xbf16, #l>, tensor<768x768xbf16, #w>) -> tensor<100x768xbf16, " \
    "#l>\n"

/* ttnn-layouts.md, section 6: 100x768 bf16 on 8x8 has 21 block, 3 height and 9 width sharded layouts. */
static void worked_count(void **state) {
    (void)state;
    fixture f;
    uint32_t n, kinds[TTNN_N_MEMORIES] = {0};
    open_body(&f, ADD);
    ir_type t = ir_value_type(f.m, f.m->ops[f.op].results);
    const ttnn_layout *l = legal_layouts(&f.e, &f.arena, t, DTYPE_BF16, 0, &n);
    assert_non_null(l);
    for (uint32_t i = 0; i < n; i++) {
        kinds[l[i].memory]++;
        if (i > 2)
            assert_true(l[i].grid[0] * l[i].grid[1] <= l[i - 1].grid[0] * l[i - 1].grid[1]);
    }
    assert_int_equal(kinds[TTNN_INTERLEAVED], 2);
    assert_int_equal(kinds[TTNN_BLOCK_SHARDED], 21);
    assert_int_equal(kinds[TTNN_HEIGHT_SHARDED], 3);
    assert_int_equal(kinds[TTNN_WIDTH_SHARDED], 9);
    /* a binary op makes them all, a matmul all but the one interleaved in L1 */
    uint32_t n_op;
    legal_op_layouts(&f.e, &f.arena, f.op, DTYPE_BF16, true, &n_op);
    assert_int_equal(n_op, n);
    close_body(&f);
    open_body(&f, MATMUL);
    legal_op_layouts(&f.e, &f.arena, f.op, DTYPE_BF16, true, &n_op);
    assert_int_equal(n_op, n - 1);
    close_body(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(worked_count), cmocka_unit_test(level0_is_legal),
                                       cmocka_unit_test(real_models_are_legal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
