/* System descriptors: built-in boards, meshes of them, and the attribute. */
#include "test.h"

#include "base/file.h"
#include "dialect/dialect.h"
#include "target/device.h"
#include "text/text.h"

static void boards_make_attributes(void **state) {
    (void)state;
    struct mem m = {0};
    struct arena a;
    struct diags d;
    ir_context *c = ir_context_new(&m, dialect_resolve);
    static const int64_t mesh[2] = {2, 4};
    uint32_t n = 0;
    arena_init(&a, &m);
    diags_init(&d, &m);
    for (; target_board_name(n).n; n++) {
        for (uint32_t rank = 0; rank <= 2; rank += 2) {
            target_system s, back;
            target_device device, read;
            assert_true(target_system_board(&a, target_board_name(n), mesh, rank, &s));
            ir_attr desc = target_system_attr(c, &s);
            assert_true(desc && target_system_read(&a, c, desc, &back, &d));
            assert_int_equal(target_system_attr(c, &back), desc);
            assert_true(target_device_make(&back, mesh, rank, NULL, &device, &d));
            assert_int_equal(device.n_chips, rank ? 8 : 1);
            ir_attr attr = target_device_attr(c, &device);
            assert_true(attr && target_device_read(c, attr, desc, &read));
            assert_int_equal(target_device_attr(c, &read), attr);
            assert_int_equal(read.l1_size, device.l1_size);
            assert_int_equal(read.dram_bytes, device.dram_bytes);
        }
    }
    assert_int_equal(n, 6);
    diags_free(&d);
    arena_free(&a);
    ir_context_unref(c);
    assert_int_equal(m.used, 0);
}

static void budgets(void **state) {
    (void)state;
    /* ttnn-layouts.md, section 5, worked out by hand from the descriptors */
    static const struct {
        const char *board;
        uint64_t bytes;
    } expected[] = {{"n150", 1325592}, {"p150", 1388672}, {"wormhole_b0", 1423206}, {"blackhole", 1400832}};
    struct mem m = {0};
    struct arena a;
    struct diags d;
    arena_init(&a, &m);
    diags_init(&d, &m);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        target_system s;
        target_device device;
        assert_true(target_system_board(&a, str_from_z(expected[i].board), NULL, 0, &s));
        assert_true(target_device_make(&s, NULL, 0, NULL, &device, &d));
        assert_int_equal(target_l1_budget(&device, 0.95, 0), expected[i].bytes);
        assert_int_equal(target_l1_budget(&device, 0.95, 1024), expected[i].bytes - 1024);
        assert_int_equal(target_l1_budget(&device, 0.95, 1u << 30), 0);
    }
    diags_free(&d);
    arena_free(&a);
}

static void impossible_meshes_are_refused(void **state) {
    (void)state;
    static const int64_t none[2] = {0, 4}, huge[2] = {1 << 20, 1 << 20}, two[1] = {2};
    struct mem m = {0};
    struct arena a;
    struct diags d;
    target_system s;
    target_device device;
    arena_init(&a, &m);
    diags_init(&d, &m);
    assert_false(target_system_mock(&a, TARGET_WORMHOLE_B0, none, 2, &s));
    assert_false(target_system_mock(&a, TARGET_WORMHOLE_B0, huge, 2, &s));
    assert_false(target_system_mock(&a, TARGET_QUASAR, NULL, 0, &s));
    assert_false(target_system_board(&a, STR("n151"), NULL, 0, &s));
    assert_true(target_system_board(&a, STR("n150"), NULL, 0, &s));
    assert_false(target_device_make(&s, two, 1, NULL, &device, &d));
    assert_int_equal(d.errors, 1);
    assert_str(d.list.v[0].message, "the mesh needs 2 chips, the system descriptor has 1");
    diags_free(&d);
    arena_free(&a);
}

/* Files saved from cards say what the built-in boards say. */
static void files_of_boards(void **state) {
    (void)state;
    const char *corpus = getenv("TTX_CORPUS");
    static const char *const names[] = {"n150", "n300", "p150"};
    uint32_t found = 0;
    for (size_t i = 0; corpus && i < sizeof names / sizeof *names; i++) {
        char path[4096];
        struct mem m = {0};
        struct file f;
        struct arena a;
        struct diags d;
        target_system from_file, built_in;
        snprintf(path, sizeof path, "%s/flatbuffers/ttsys/%s_2026-06.ttsys", corpus, names[i]);
        if (!file_open(&f, &m, path))
            continue;
        found++;
        ir_context *c = ir_context_new(&m, dialect_resolve);
        arena_init(&a, &m);
        diags_init(&d, &m);
        assert_true(target_system_read_ttsys(&a, file_text(&f), &from_file, &d));
        assert_true(target_system_board(&a, str_from_z(names[i]), NULL, 0, &built_in));
        assert_int_equal(target_system_attr(c, &from_file), target_system_attr(c, &built_in));
        diags_free(&d);
        arena_free(&a);
        ir_context_unref(c);
        file_close(&f);
        assert_int_equal(m.used, 0);
    }
    if (!found)
        skip();
}

/* A file that lacks its end, or in which any one byte is another, is read or refused, nothing else. */
static void damaged_files(void **state) {
    (void)state;
    const char *corpus = getenv("TTX_CORPUS");
    char path[4096];
    struct mem m = {0};
    struct file f;
    snprintf(path, sizeof path, "%s/flatbuffers/ttsys/n300_2026-06.ttsys", corpus ? corpus : "");
    if (!corpus || !file_open(&f, &m, path))
        skip();
    str text = file_text(&f);
    char *copy = malloc(text.n);
    for (size_t i = 0; i < 2 * text.n; i++) {
        struct arena a;
        struct diags d;
        target_system s;
        bool cut = i < text.n;
        memcpy(copy, text.p, text.n);
        if (!cut)
            copy[i - text.n] = (char)~copy[i - text.n];
        arena_init(&a, &m);
        diags_init(&d, &m);
        bool good = target_system_read_ttsys(&a, str_of(copy, cut ? i : text.n), &s, &d);
        assert_int_equal(d.errors == 0, good);
        assert_false(cut && good);
        diags_free(&d);
        arena_free(&a);
    }
    free(copy);
    file_close(&f);
}

/* With each allocation failing in turn. */
static bool make_everything(struct mem *m, void *ctx) {
    (void)ctx;
    static const int64_t mesh[1] = {2};
    struct arena a;
    struct diags d;
    bool good = false;
    arena_init(&a, m);
    diags_init(&d, m);
    ir_context *c = ir_context_new(m, dialect_resolve);
    target_system s, back;
    target_device device;
    if (c && target_system_board(&a, STR("n300"), mesh, 1, &s)) {
        ir_attr desc = target_system_attr(c, &s);
        good = desc && target_system_read(&a, c, desc, &back, &d) &&
               target_device_make(&back, mesh, 1, NULL, &device, &d) && target_device_attr(c, &device);
    }
    if (c)
        ir_context_unref(c);
    diags_free(&d);
    arena_free(&a);
    return good;
}

static void memory_may_run_out(void **state) {
    (void)state;
    test_oom_sweep(make_everything, NULL, 2000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(boards_make_attributes),
                                       cmocka_unit_test(budgets),
                                       cmocka_unit_test(impossible_meshes_are_refused),
                                       cmocka_unit_test(files_of_boards),
                                       cmocka_unit_test(damaged_files),
                                       cmocka_unit_test(memory_may_run_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
