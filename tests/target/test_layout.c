/* The arithmetic of layouts on worked examples: shapes, choices and the attribute that real compilers wrote for them
 * (tt-mlir and tt-xla modules; the numbers of the reference's table are given with each row). */
#include "test.h"

#include "dialect/dialect.h"
#include "target/layout.h"
#include "text/text.h"

typedef struct row {
    int64_t dims[5];
    uint32_t rank;
    target_dtype dtype;
    bool tiled;
    ttnn_buffer buffer;
    ttnn_memory memory;
    int64_t grid[2];
    const char *board;
    const char *text;
} row;

#define TEXT(map, rest) "#ttnn.ttnn_layout<" map ", " rest ">"
#define TILE(t) "x!ttcore.tile<32x32, " t ">"
#define DRAM ", #ttnn.buffer_type<dram>>, <interleaved>"
#define HOST ", #ttnn.buffer_type<system_memory>>"
#define L1 ", #ttnn.buffer_type<l1>>"

static const row rows[] = {
    /* 1, 2 */
    {{1, 128, 1280, 720},
     4,
     DTYPE_BF16,
     false,
     TTNN_DRAM,
     TTNN_INTERLEAVED,
     {1, 1},
     "n150",
     TEXT("(d0, d1, d2, d3) -> (d0 * 163840 + d1 * 1280 + d2, d3)", "<1x1>, memref<163840x720xbf16" DRAM)},
    {{1, 128, 1280, 720},
     4,
     DTYPE_BF16,
     true,
     TTNN_DRAM,
     TTNN_INTERLEAVED,
     {1, 1},
     "n150",
     TEXT("(d0, d1, d2, d3) -> (d0 * 163840 + d1 * 1280 + d2, d3)", "<1x1>, memref<5120x23" TILE("bf16") DRAM)},
    /* 4: each 1x1 slice is padded to a tile */
    {{1, 32, 1, 1},
     4,
     DTYPE_F32,
     true,
     TTNN_DRAM,
     TTNN_INTERLEAVED,
     {1, 1},
     "n150",
     TEXT("(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3)", "<1x1>, memref<32x1" TILE("f32") DRAM)},
    /* 5: one dimension */
    {{128},
     1,
     DTYPE_BF16,
     false,
     TTNN_SYSTEM,
     TTNN_NO_MEMORY,
     {1, 1},
     "n150",
     TEXT("(d0) -> (0, d0)", "<1x1>, memref<1x128xbf16" HOST)},
    /* 10: terms of stride 1 have no factor */
    {{1024, 1024, 1, 1},
     4,
     DTYPE_BF16,
     false,
     TTNN_SYSTEM,
     TTNN_NO_MEMORY,
     {1, 1},
     "n150",
     TEXT("(d0, d1, d2, d3) -> (d0 * 1024 + d1 + d2, d3)", "<1x1>, memref<1048576x1xbf16" HOST)},
    /* 11 */
    {{2, 33, 1, 1},
     4,
     DTYPE_U32,
     true,
     TTNN_DRAM,
     TTNN_INTERLEAVED,
     {1, 1},
     "n150",
     TEXT("(d0, d1, d2, d3) -> (d0 * 1056 + d1 * 32 + d2, d3)", "<1x1>, memref<66x1" TILE("u32") DRAM)},
    /* 13, 14: rows of eleven cores */
    {{1, 32, 4, 256},
     4,
     DTYPE_BF16,
     true,
     TTNN_L1,
     TTNN_HEIGHT_SHARDED,
     {32, 1},
     "p150",
     TEXT("(d0, d1, d2, d3) -> (d0 * 1024 + d1 * 32 + d2, d3)",
          "<32x1>, memref<1x8" TILE("bf16") L1 ", <height_sharded>, core_ranges = "
                                               "<[#ttnn.core_range<(0,0), (10,1)>, #ttnn.core_range<(0,2), (9,2)>]>")},
    {{1, 1, 32, 3072},
     4,
     DTYPE_BF16,
     true,
     TTNN_L1,
     TTNN_WIDTH_SHARDED,
     {1, 12},
     "p150",
     TEXT("(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3)",
          "<1x12>, memref<1x8" TILE("bf16") L1 ", <width_sharded>, core_ranges = "
                                               "<[#ttnn.core_range<(0,0), (10,0)>, #ttnn.core_range<(0,1), (0,1)>]>")},
    /* 15: interleaved over all cores */
    {{1, 1, 32, 3072},
     4,
     DTYPE_BF16,
     true,
     TTNN_L1,
     TTNN_INTERLEAVED,
     {10, 11},
     "p150",
     TEXT("(d0, d1, d2, d3) -> (d0 * 32 + d1 * 32 + d2, d3)", "<10x11>, memref<1x1" TILE("bf16") L1 ", <interleaved>")},
    /* 18 */
    {{2, 50, 768},
     3,
     DTYPE_BF16,
     true,
     TTNN_L1,
     TTNN_BLOCK_SHARDED,
     {4, 8},
     "n150",
     TEXT("(d0, d1, d2) -> (d0 * 64 + d1, d2)",
          "<4x8>, memref<1x3" TILE("bf16") L1 ", <block_sharded>, core_ranges = <[#ttnn.core_range<(0,0), (7,3)>]>")},
    /* 25, 26: DRAM banks */
    {{32, 384},
     2,
     DTYPE_BF16,
     false,
     TTNN_DRAM,
     TTNN_WIDTH_SHARDED,
     {1, 12},
     "n150",
     TEXT("(d0, d1) -> (d0, d1)", "<1x12>, memref<32x32xbf16, #ttnn.buffer_type<dram>>, <width_sharded>, core_ranges = "
                                  "<[#ttnn.core_range<(0,0), (11,0)>]>")},
    {{32, 384},
     2,
     DTYPE_BF16,
     true,
     TTNN_DRAM,
     TTNN_WIDTH_SHARDED,
     {1, 6},
     "n150",
     TEXT("(d0, d1) -> (d0, d1)",
          "<1x6>, memref<1x2" TILE("bf16") ", #ttnn.buffer_type<dram>>, <width_sharded>, core_ranges = "
                                           "<[#ttnn.core_range<(0,0), (5,0)>]>")},
    /* block floats */
    {{64, 96},
     2,
     DTYPE_BFP_BF8,
     true,
     TTNN_DRAM,
     TTNN_INTERLEAVED,
     {1, 1},
     "n150",
     TEXT("(d0, d1) -> (d0, d1)", "<1x1>, memref<2x3" TILE("bfp_bf8") DRAM)},
    /* no dimensions, no elements */
    {{0},
     0,
     DTYPE_F32,
     true,
     TTNN_DRAM,
     TTNN_INTERLEAVED,
     {1, 1},
     "n150",
     TEXT("() -> (0, 0)", "<1x1>, memref<1x1" TILE("f32") DRAM)},
};

static target_device device(const char *board) {
    struct mem m = {0};
    struct arena a;
    struct diags d;
    target_system s;
    target_device out;
    arena_init(&a, &m);
    diags_init(&d, &m);
    assert_true(target_system_board(&a, str_from_z(board), NULL, 0, &s));
    assert_true(target_device_make(&s, NULL, 0, NULL, &out, &d));
    diags_free(&d);
    arena_free(&a);
    return out;
}

static ttnn_layout layout_of_row(const row *r) {
    ttnn_layout l = ttnn_layout_default(r->dtype);
    ttnn_layout_set_tiled(&l, r->tiled);
    ttnn_layout_set_buffer(&l, r->buffer);
    ttnn_layout_set_memory(&l, r->memory);
    ttnn_layout_set_grid(&l, r->grid[0], r->grid[1]);
    return l;
}

static void examples(void **state) {
    (void)state;
    struct mem m = {0};
    ir_context *c = ir_context_new(&m, dialect_resolve);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const row *r = &rows[i];
        ttnn_layout l = layout_of_row(r), back;
        target_device d = device(r->board);
        assert_true(ttnn_layout_place(c, &d, &l, NULL));
        ir_attr a = ttnn_layout_attr_dims(c, r->dims, r->rank, &l);
        struct buf text;
        buf_init(&text, &m);
        assert_true(text_print_node(c, a, &text));
        assert_str(buf_str(&text), r->text);
        buf_free(&text);
        assert_true(ttnn_layout_read(c, a, &back));
        assert_true(ttnn_layout_equal(&l, &back));
        assert_int_equal(ttnn_layout_attr_dims(c, r->dims, r->rank, &back), a);
    }
    ir_context_unref(c);
    assert_int_equal(m.used, 0);
}

static void bytes(void **state) {
    (void)state;
    static const struct {
        size_t row;
        uint64_t shard, total;
    } expected[] = {
        {1, 241172480, 241172480}, /* in DRAM a tensor is in one piece: 5120 * 23 * 2048 */
        {6, 16384, 524288},        /* 1x8 tiles of bf16 */
        {9, 6144, 196608},         /* 3 tiles */
        {12, 6528, 6528},          /* 6 tiles of 1088 bytes */
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const row *r = &rows[expected[i].row];
        ttnn_layout l = layout_of_row(r);
        ttnn_geometry g;
        assert_true(ttnn_layout_geometry_dims(r->dims, r->rank, &l, &g));
        assert_int_equal(g.shard_bytes, expected[i].shard);
        assert_int_equal(g.total_bytes, expected[i].total);
    }
}

/* Grids that no device has are refused with a reason. */
static void misfits(void **state) {
    (void)state;
    static const struct {
        ttnn_buffer buffer;
        ttnn_memory memory;
        int64_t grid[2];
        bool fits;
    } cases[] = {
        {TTNN_L1, TTNN_BLOCK_SHARDED, {8, 8}, true},     {TTNN_L1, TTNN_BLOCK_SHARDED, {9, 8}, false},
        {TTNN_L1, TTNN_BLOCK_SHARDED, {0, 8}, false},    {TTNN_L1, TTNN_HEIGHT_SHARDED, {64, 1}, true},
        {TTNN_L1, TTNN_HEIGHT_SHARDED, {65, 1}, false},  {TTNN_L1, TTNN_HEIGHT_SHARDED, {8, 8}, false},
        {TTNN_L1, TTNN_WIDTH_SHARDED, {2, 1}, false},    {TTNN_DRAM, TTNN_WIDTH_SHARDED, {1, 12}, true},
        {TTNN_DRAM, TTNN_WIDTH_SHARDED, {1, 13}, false}, {TTNN_DRAM, TTNN_BLOCK_SHARDED, {1, 1}, false},
    };
    struct mem m = {0};
    ir_context *c = ir_context_new(&m, dialect_resolve);
    target_device d = device("n150");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ttnn_layout l = ttnn_layout_default(DTYPE_BF16);
        str why = {0};
        ttnn_layout_set_buffer(&l, cases[i].buffer);
        ttnn_layout_set_memory(&l, cases[i].memory);
        ttnn_layout_set_grid(&l, cases[i].grid[0], cases[i].grid[1]);
        assert_int_equal(ttnn_layout_place(c, &d, &l, &why), cases[i].fits);
        assert_int_equal(why.n != 0, !cases[i].fits);
    }
    ir_context_unref(c);
}

static void setters_keep_layouts_consistent(void **state) {
    (void)state;
    ttnn_layout l = ttnn_layout_default(DTYPE_BF16);
    ttnn_layout_set_buffer(&l, TTNN_L1);
    ttnn_layout_set_memory(&l, TTNN_BLOCK_SHARDED);
    ttnn_layout_set_grid(&l, 4, 4);
    l.core_ranges = 7;
    ttnn_layout_set_buffer(&l, TTNN_SYSTEM);
    assert_int_equal(l.memory, TTNN_NO_MEMORY);
    assert_int_equal(l.core_ranges, 0);
    assert_int_equal(l.grid[0] * l.grid[1], 1);
    ttnn_layout_set_buffer(&l, TTNN_DRAM);
    assert_int_equal(l.memory, TTNN_INTERLEAVED);
}

static void impossible_shapes_are_refused(void **state) {
    (void)state;
    static const int64_t dynamic[2] = {IR_DYNAMIC, 4}, huge[3] = {INT64_MAX / 2, 64, 4}, wide[1] = {INT64_MAX};
    struct mem m = {0};
    ir_context *c = ir_context_new(&m, dialect_resolve);
    ttnn_layout l = ttnn_layout_default(DTYPE_F32);
    assert_int_equal(ttnn_layout_attr_dims(c, dynamic, 2, &l), 0);
    assert_int_equal(ttnn_layout_attr_dims(c, huge, 3, &l), 0);
    assert_int_equal(ttnn_layout_attr_dims(c, wide, 1, &l), 0);
    assert_false(c->failed);
    ir_context_unref(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples), cmocka_unit_test(bytes), cmocka_unit_test(misfits),
                                       cmocka_unit_test(setters_keep_layouts_consistent),
                                       cmocka_unit_test(impossible_shapes_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
