#include "test.h"

#include "base/arena.h"

static void aligns_and_does_not_overlap(void **state) {
    (void)state;
    struct mem m = {0};
    struct arena a;
    arena_init(&a, &m);
    assert_int_equal(m.calls, 0);
    static const size_t aligns[] = {1, 2, 4, 8, 16};
    enum { N = 3000 };
    unsigned char *blocks[N];
    size_t sizes[N];
    uint64_t seed = 1;
    for (size_t i = 0; i < N; i++) {
        size_t align = aligns[test_random(&seed) % 5];
        sizes[i] = test_random(&seed) % 300;
        blocks[i] = arena_alloc(&a, sizes[i], align);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % align, 0);
        memset(blocks[i], (int)(i & 0xff), sizes[i]);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(blocks[i][j], i & 0xff);
    arena_free(&a);
    assert_int_equal(m.used, 0);
}

static void resets_to_a_mark(void **state) {
    (void)state;
    struct mem m = {0};
    struct arena a;
    arena_init(&a, &m);
    struct arena_mark empty = arena_mark(&a);
    char *kept = arena_strdup(&a, "kept");
    size_t used = m.used;
    struct arena_mark mark = arena_mark(&a);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++)
            assert_non_null(arena_alloc(&a, 100, 8));
        assert_non_null(arena_alloc(&a, 3 << 20, 16)); /* a block of its own */
        assert_non_null(arena_alloc(&a, 300 << 10, 16));
        assert_true(m.used > used + (3 << 20));
        arena_reset(&a, mark);
        assert_int_equal(m.used, used);
        assert_string_equal(kept, "kept");
    }
    arena_reset(&a, empty);
    assert_int_equal(m.used, 0);
    assert_non_null(arena_alloc(&a, 10, 1));
    arena_free(&a);
}

static void copies_and_prints(void **state) {
    (void)state;
    struct mem m = {0};
    struct arena a;
    arena_init(&a, &m);
    str s = arena_str(&a, STR("a\0b"));
    assert_int_equal(s.n, 3);
    assert_memory_equal(s.p, "a\0b", 4);
    assert_int_equal(arena_str(&a, (str){0}).p[0], 0);
    s = arena_printf(&a, "%d-%s", 42, "x");
    assert_str(s, "42-x");
    s = arena_printf(&a, "%0700d", 7);
    assert_int_equal(s.n, 700);
    assert_int_equal(s.p[699], '7');
    int *zeros = ARENA_ARRAY(&a, int, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    assert_null(ARENA_ARRAY(&a, int, SIZE_MAX / 2));
    assert_null(arena_alloc(&a, SIZE_MAX - 8, 8));
    arena_free(&a);
}

static bool fill(struct mem *m, void *ctx) {
    (void)ctx;
    struct arena a;
    arena_init(&a, m);
    bool good = true;
    for (int i = 0; i < 2000 && good; i++)
        good = arena_alloc(&a, 50, 8) != NULL;
    good = good && arena_alloc(&a, 1 << 20, 8) != NULL && arena_printf(&a, "%0900d", 1).p != NULL;
    arena_free(&a);
    return good;
}

static void survives_any_failure(void **state) {
    (void)state;
    test_oom_sweep(fill, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligns_and_does_not_overlap),
        cmocka_unit_test(resets_to_a_mark),
        cmocka_unit_test(copies_and_prints),
        cmocka_unit_test(survives_any_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
