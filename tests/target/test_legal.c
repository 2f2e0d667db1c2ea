/* Legality: what the reference compiler made is legal by our own checker, and its worked examples of what it considers. */
#define _XOPEN_SOURCE 700
#include "test.h"

#include <ftw.h>

#include "base/file.h"
#include "dialect/dialect.h"
#include "target/legal.h"
#include "target/legal_rules.h"
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
    "#x = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 128 + d1, d2), <1x1>, memref<8x24x!ttcore.tile<32x32, bf16>, #dram>, "
    "<interleaved>>\n"
    "#v = #ttnn.ttnn_layout<(d0, d1, d2) -> (d0 * 768 + d1, d2), <1x1>, memref<48x24x!ttcore.tile<32x32, bf16>, "
    "#dram>, "
    "<interleaved>>\n"
    "#u = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<48x24x!ttcore.tile<32x32, bf16>, #dram>, "
    "<interleaved>>\n"
    "#p = #ttnn.ttnn_layout<(d0, d1, d2, d3, d4) -> (d0 * 7680 + d1 * 960 + d2 * 32 + d3, d4), <1x1>, "
    "memref<240x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>\n"
    "#q = #ttnn.ttnn_layout<(d0, d1, d2, d3, d4) -> (d0 * 5376 + d1 * 896 + d2 * 32 + d3, d4), <1x1>, "
    "memref<168x1x!ttcore.tile<32x32, bf16>, #dram>, <interleaved>>\n"
    "module {\n"
    "  ttcore.device @default_device = <workerGrid = #ttcore.grid<8x8, virt_to_physical_map = (d0, d1) -> (0, d0, d1), "
    "physical_to_virt_map = (d0, d1, d2) -> (d1, d2)>, dramGrid = #ttcore.grid<1x12>, l1Map = (d0, d1, d2)[s0] -> (0, "
    "d0, d1, d2 + s0), dramMap = (d0, d1, d2)[s0, s1, s2, s3, s4, s5, s6] -> (0, 0, d0, d1), meshShape = 1x1, chipIds "
    "= "
    "[0]>\n"
    "  func.func @f(%a: tensor<100x768xbf16, #l>, %b: tensor<100x768xbf16, #l>, %w: tensor<768x768xbf16, #w>, "
    "%x: tensor<2x128x768xbf16, #x>, %v: tensor<2x768x768xbf16, #v>, %p: tensor<1x8x30x28x32xbf16, #p>) {\n";

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

#define BATCHED                                                                                       \
    "    %0 = \"ttnn.matmul\"(%x, %v) : (tensor<2x128x768xbf16, #x>, tensor<2x768x768xbf16, #v>) -> " \
    "tensor<2x128x768xbf16, #x>\n"

#define TYPECAST                                                                                                   \
    "    %0 = \"ttnn.typecast\"(%a) <{dtype = #ttcore.supportedDataTypes<bf16>}> : (tensor<100x768xbf16, #l>) -> " \
    "tensor<100x768xbf16, #l>\n"
#define LAYER_NORM                                                                                               \
    "    %0 = \"ttnn.layer_norm\"(%a) <{epsilon = 1.0e-05 : f32, operandSegmentSizes = array<i32: 1, 0, 0>}> : " \
    "(tensor<100x768xbf16, #l>) -> tensor<100x768xbf16, #l>\n"
#define CONCAT                                                                                                       \
    "    %0 = \"ttnn.concat\"(%w, %w) <{dim = 0 : si32}> : (tensor<768x768xbf16, #w>, tensor<768x768xbf16, #w>) -> " \
    "tensor<1536x768xbf16, #u>\n"

#define CONV3D                                                                                \
    "    %0 = \"ttnn.conv3d\"(%p, %w) <{in_channels = 32 : i32, out_channels = 32 : i32}> : " \
    "(tensor<1x8x30x28x32xbf16, #p>, tensor<768x768xbf16, #w>) -> tensor<1x6x28x26x32xbf16, #q>\n"

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

/* Settings and what is said of the last one of each row. NULL: legal. Reasons are matched by a part of them. */
static void verdicts(void **state) {
    (void)state;
    static const struct {
        const char *body;
        legal_group group;
        const char *key, *value;       /* asked about */
        const char *with, *with_value; /* another setting of the group, or NULL */
        const char *why, *nearest;
    } rows[] = {
        {RELU, LEGAL_OUTPUT, "buffer_type", "dram", NULL, NULL, NULL, NULL},
        {RELU, LEGAL_OUTPUT, "buffer_type", "l1", NULL, NULL, NULL, NULL},
        {RELU, LEGAL_OUTPUT, "buffer_type", "system_memory", NULL, NULL, "host memory", "dram"},
        {RELU, LEGAL_OUTPUT, "buffer_type", "l1_small", NULL, NULL, "halos", "dram"},
        {RELU, LEGAL_OUTPUT, "buffer_type", "sram", NULL, NULL, "no value \"sram\"", "dram"},
        {RELU, LEGAL_OUTPUT, "tensor_memory_layout", "nd_sharded", NULL, NULL, "nd sharding", "interleaved"},
        {RELU, LEGAL_OUTPUT, "tensor_memory_layout", "block_sharded", "buffer_type", "dram", "DRAM banks",
         "interleaved"},
        {ADD, LEGAL_OUTPUT, "grid_shape", "4x8", "tensor_memory_layout", "block_sharded", NULL, NULL},
        {ADD, LEGAL_OUTPUT, "grid_shape", "3x8", "tensor_memory_layout", "block_sharded", "leaves 1 empty", "4x6"},
        {ADD, LEGAL_OUTPUT, "grid_shape", "9x9", "tensor_memory_layout", "block_sharded", "worker grid", "4x8"},
        {ADD, LEGAL_OUTPUT, "grid_shape", "5x1", "tensor_memory_layout", "height_sharded", "leaves 1 empty", "4x1"},
        {ADD, LEGAL_OUTPUT, "grid_shape", "4", "tensor_memory_layout", "height_sharded", "no grid", "4x1"},
        {ADD, LEGAL_OUTPUT, "grid_shape", "2x2", NULL, NULL, NULL, NULL},
        {ADD, LEGAL_OUTPUT, "grid_shape", "2x2", "buffer_type", "dram", "its grid is 1x1", "1x1"},
        {ADD, LEGAL_OUTPUT, "data_type", "bfp_bf8", NULL, NULL, NULL, NULL},
        {ADD, LEGAL_OUTPUT, "data_type", "f16", NULL, NULL, "bf16 where a graph says f16", "f32"},
        {ADD, LEGAL_OUTPUT, "data_type", "si32", NULL, NULL, "would change them", "f32"},
        {ADD, LEGAL_OUTPUT, "data_type", "bfp_f8", NULL, NULL, "block formats in use", "f32"},
        {ADD, LEGAL_OUTPUT, "memory_layout", "row_major", NULL, NULL, "writes tiles", "tile"},
        {MATMUL, LEGAL_OUTPUT, "tensor_memory_layout", "interleaved", "buffer_type", "l1", "slowest kernel",
         "width_sharded"},
        {BATCHED, LEGAL_OUTPUT, "tensor_memory_layout", "block_sharded", NULL, NULL, "batched weights", "interleaved"},
        {BATCHED, LEGAL_OUTPUT, "buffer_type", "l1", NULL, NULL, "slowest kernel", "dram"},
        {BATCHED, LEGAL_OUTPUT, "data_type", "bfp_bf8", NULL, NULL, NULL, NULL},
        {MATMUL, LEGAL_MATMUL, "in0_block_w", "2", NULL, NULL, "sharded in L1", "None"},
        {MATMUL, LEGAL_WEIGHT, "weight_dtype", "bfp_bf8", NULL, NULL, "not known before", "bf16"},
        {MATMUL, LEGAL_COMPUTE, "math_fidelity", "lofi", NULL, NULL, NULL, NULL},
        {MATMUL, LEGAL_COMPUTE, "math_fidelity", "hifi5", NULL, NULL, "one of", "lofi"},
        {MATMUL, LEGAL_COMPUTE, "packer_l1_acc", "maybe", NULL, NULL, "True or False", "True"},
        {RELU, LEGAL_COMPUTE, "math_fidelity", "lofi", NULL, NULL, "has no compute_config", NULL},
        {RELU, LEGAL_CONV2D, "activation", "relu", NULL, NULL, "has no conv2d_config", NULL},
        {MATMUL, LEGAL_OUTPUT, "color", "red", NULL, NULL, "no field", NULL},
        {MATMUL, LEGAL_RESHARD, "0.buffer_type", "l1", NULL, NULL, NULL, NULL},
        {MATMUL, LEGAL_RESHARD, "1.tensor_memory_layout", "height_sharded", NULL, NULL, "sharded weights",
         "interleaved"},
        {TYPECAST, LEGAL_RESHARD, "0.tensor_memory_layout", "height_sharded", NULL, NULL, NULL, NULL},
        {LAYER_NORM, LEGAL_OUTPUT, "tensor_memory_layout", "block_sharded", NULL, NULL, NULL, NULL},
        {LAYER_NORM, LEGAL_OUTPUT, "tensor_memory_layout", "height_sharded", NULL, NULL,
         "operand and result sharded alike, but the sharded norm kernel refuses height-sharded tensors", "interleaved"},
        {MATMUL, LEGAL_RESHARD, "7.buffer_type", "l1", NULL, NULL, "has no reshard", NULL},
        {ADD, LEGAL_RESHARD, "0.match", "result", NULL, NULL, NULL, NULL},
        {ADD, LEGAL_RESHARD, "1.match", "None", NULL, NULL, NULL, NULL},
        {ADD, LEGAL_RESHARD, "0.match", "operand", NULL, NULL, "no value \"operand\"", "none"},
        {ADD, LEGAL_RESHARD, "2.match", "result", NULL, NULL, "has no reshard", NULL},
        {CONV3D, LEGAL_CONV3D, "t_out_block", "6", NULL, NULL, NULL, NULL},
        {CONV3D, LEGAL_CONV3D, "t_out_block", "7", NULL, NULL, "fewer frames", "6"},
        {CONV3D, LEGAL_CONV3D, "h_out_block", "29", NULL, NULL, "fewer rows", "28"},
        {CONV3D, LEGAL_CONV3D, "w_out_block", "27", NULL, NULL, "fewer columns", "26"},
        {CONV3D, LEGAL_CONV3D, "c_out_block", "64", NULL, NULL, "must divide the 32 channels", "32"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture f;
        open_body(&f, rows[i].body);
        legal_setting set[2] = {{rows[i].group, str_from_z(rows[i].key), str_from_z(rows[i].value)}};
        if (rows[i].with)
            set[1] = (legal_setting){rows[i].group, str_from_z(rows[i].with), str_from_z(rows[i].with_value)};
        legal_verdict v = legal_check(&f.e, &f.arena, f.op, set, rows[i].with ? 2 : 1, 0);
        if (v.legal != !rows[i].why || (rows[i].why && str_find(v.why, str_from_z(rows[i].why)) == v.why.n) ||
            (rows[i].nearest && (!v.n_nearest || !str_eq(v.nearest[0], str_from_z(rows[i].nearest)))))
            fail_msg("row %zu (%s = %s): %s, \"%.*s\", nearest \"%.*s\"", i, rows[i].key, rows[i].value,
                     v.legal ? "legal" : "illegal", STR_ARG(v.why), STR_ARG(v.nearest[0]));
        close_body(&f);
    }
}

/* Every option that is offered as legal is one: with it the op's tensors lie so that its kernel takes them together. */
static void offers_hold(void **state) {
    (void)state;
    static const char *const bodies[] = {RELU, ADD, MATMUL, BATCHED, TYPECAST, LAYER_NORM, CONCAT};
    uint32_t n_offers = 0;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        fixture f;
        uint32_t n;
        bool failed;
        open_body(&f, bodies[i]);
        const legal_field *fields = legal_fields(&f.e, &f.arena, f.op, NULL, 0, &n, &failed);
        assert_false(failed);
        assert_true(n >= 5);
        for (uint32_t k = 0; k < n; k++)
            for (uint32_t o = 0; o < fields[k].n_options; o++) {
                const legal_option *option = &fields[k].options[o];
                legal_setting set = {fields[k].group, fields[k].key, option->value};
                legal_verdict v = legal_check(&f.e, &f.arena, f.op, &set, 1, 0);
                legal_arrangement at;
                assert_int_equal(v.legal, option->legal);
                assert_true(option->legal || option->why.n);
                if (!option->legal || (fields[k].group != LEGAL_OUTPUT && fields[k].group != LEGAL_RESHARD))
                    continue;
                n_offers++;
                assert_true(legal_arrange(&f.e, &f.arena, f.op, &set, 1, NULL, &at, NULL));
                assert_true(legal_result(&f.e, f.op, 0, &at.out, NULL));
                assert_true(legal_combination(&f.e, f.op, at.in, &at.out, NULL));
            }
        close_body(&f);
    }
    assert_true(n_offers > 20);
}

static bool ask_fields(struct mem *m, void *ctx) {
    fixture *f = ctx;
    struct arena a;
    uint32_t n;
    bool failed;
    arena_init(&a, m);
    legal_fields(&f->e, &a, f->op, NULL, 0, &n, &failed);
    arena_free(&a);
    return !failed;
}

static void memory_may_run_out(void **state) {
    (void)state;
    fixture f;
    open_body(&f, MATMUL);
    test_oom_sweep(ask_fields, &f, 2000);
    close_body(&f);
}

/* Convolutions that ran on n150 (OptimizedConvNew of the perf artifacts, mostly segformer and unet): what the profiler says of the
 * input with halos (rows of INPUT_0 over all cores along the rows) and of the blocks. */
static const struct {
    int64_t size, channels, out_channels; /* square images; one of each */
    int64_t kernel, stride, pad;
    ttnn_memory memory;
    int64_t grid[2];
    int64_t image_rows, image_channels, act_block_h, act_block_w;
} measured[] = {
    {512, 3, 32, 7, 4, 3, TTNN_HEIGHT_SHARDED, {64, 1}, 364480, 16, 8, 4},
    {128, 128, 128, 3, 1, 1, TTNN_HEIGHT_SHARDED, {64, 1}, 33280, 128, 8, 12},
    {64, 256, 256, 3, 1, 1, TTNN_HEIGHT_SHARDED, {64, 1}, 12672, 256, 2, 24},
    {128, 32, 64, 3, 2, 1, TTNN_HEIGHT_SHARDED, {64, 1}, 24896, 32, 2, 3},
    {64, 64, 160, 3, 2, 1, TTNN_HEIGHT_SHARDED, {32, 1}, 6304, 64, 1, 6},
    {32, 160, 256, 3, 2, 1, TTNN_HEIGHT_SHARDED, {8, 1}, 1352, 160, 1, 15},
    {32, 160, 160, 2, 2, 0, TTNN_HEIGHT_SHARDED, {8, 1}, 1024, 160, 1, 10},
    {64, 64, 64, 4, 4, 0, TTNN_HEIGHT_SHARDED, {8, 1}, 4096, 64, 1, 8},
    {128, 32, 32, 8, 8, 0, TTNN_HEIGHT_SHARDED, {8, 1}, 16384, 32, 1, 8},
    {16, 1024, 1024, 3, 1, 1, TTNN_BLOCK_SHARDED, {8, 8}, 576, 1024 / 8, 1, 36},
    {32, 672, 640, 3, 1, 1, TTNN_BLOCK_SHARDED, {8, 7}, 1632, 672 / 7, 4, 27},
};

static void convolutions_as_measured(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        long long size = measured[i].size, in = measured[i].channels, k = measured[i].kernel, s = measured[i].stride,
                  pad = measured[i].pad, n = measured[i].out_channels, out = (size + 2 * pad - k) / s + 1;
        char body[2048];
        fixture f;
        snprintf(
            body, sizeof body,
            "    %%d = \"ttnn.get_device\"() <{mesh_shape = #ttnn<mesh_shape 1x1>}> : () -> !ttnn.device\n"
            "    %%i, %%k = \"x.made\"() : () -> (tensor<1x1x%lldx%lldxbf16>, tensor<%lldx%lldx%lldx%lldxbf16>)\n"
            "    %%0 = \"ttnn.conv2d\"(%%i, %%k, %%d) <{batch_size = 1 : i32, dilation = array<i32: 1, 1>, groups = 1 "
            ": i32, in_channels = %lld : i32, input_height = %lld : i32, input_width = %lld : i32, kernel_size = "
            "array<i32: %lld, %lld>, out_channels = %lld : i32, padding = array<i32: %lld, %lld>, stride = array<i32: "
            "%lld, %lld>}> : (tensor<1x1x%lldx%lldxbf16>, tensor<%lldx%lldx%lldx%lldxbf16>, !ttnn.device) -> "
            "tensor<1x1x%lldx%lldxbf16>\n",
            size * size, in, n, in, k, k, in, size, size, k, k, n, pad, pad, s, s, size * size, in, n, in, k, k,
            out * out, n);
        open_body(&f, body);
        ir_op conv = f.op;
        while (conv && !str_eq(ir_op_name_str(f.m, conv), STR("ttnn.conv2d")))
            conv = ir_walk_next(f.m, f.m->root, conv);
        ttnn_layout l = ttnn_layout_default(DTYPE_BF16);
        ttnn_layout_set_buffer(&l, TTNN_L1);
        ttnn_layout_set_memory(&l, measured[i].memory);
        ttnn_layout_set_grid(&l, measured[i].grid[0], measured[i].grid[1]);
        legal_conv c;
        assert_true(legal_conv_of(&f.e, conv, &l, &c));
        /* the device ends a halo within a line of the image */
        int64_t rows = measured[i].image_rows / measured[i].grid[0];
        assert_in_range(c.image_rows, rows, rows + k);
        assert_int_equal(c.image_channels, measured[i].image_channels);
        assert_int_equal(c.act_block_h, measured[i].act_block_h);
        assert_int_equal(c.act_block_w, measured[i].act_block_w);
        close_body(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(worked_count),
                                       cmocka_unit_test(verdicts),
                                       cmocka_unit_test(convolutions_as_measured),
                                       cmocka_unit_test(offers_hold),
                                       cmocka_unit_test(memory_may_run_out),
                                       cmocka_unit_test(level0_is_legal),
                                       cmocka_unit_test(real_models_are_legal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
