#include "test.h"

#include "base/platform.h"
#include "base/vec.h"

static void counts_bytes_and_peak(void **state) {
    (void)state;
    struct mem m = {0};
    char *p = mem_alloc(&m, 100);
    char *q = mem_alloc_zero(&m, 50);
    assert_non_null(p);
    for (int i = 0; i < 50; i++)
        assert_int_equal(q[i], 0);
    assert_int_equal(m.used, 150);
    p = mem_realloc(&m, p, 100, 20);
    assert_int_equal(m.used, 70);
    mem_free(&m, p, 20);
    mem_free(&m, q, 50);
    mem_free(&m, NULL, 0);
    assert_int_equal(m.used, 0);
    assert_int_equal(m.peak, 150);
    assert_int_equal(m.calls, 3);
}

static void nothing_is_a_block(void **state) {
    (void)state;
    struct mem m = {0};
    void *p = mem_alloc(&m, 0), *q = mem_alloc_zero(&m, 0);
    assert_non_null(p);
    assert_non_null(q);
    p = mem_realloc(&m, p, 0, 0);
    assert_non_null(p);
    mem_free(&m, p, 0);
    mem_free(&m, q, 0);
}

static void stays_below_its_cap(void **state) {
    (void)state;
    struct mem m = {.cap = 100};
    void *p = mem_alloc(&m, 60);
    assert_non_null(p);
    assert_null(mem_alloc(&m, 41));
    assert_null(mem_realloc(&m, p, 60, 101));
    assert_null(mem_alloc(&m, SIZE_MAX));
    p = mem_realloc(&m, p, 60, 100);
    assert_non_null(p);
    mem_free(&m, p, 100);
}

static void fails_when_told(void **state) {
    (void)state;
    struct mem m = {.fail_at = 2};
    void *p = mem_alloc(&m, 8);
    assert_non_null(p);
    assert_null(mem_alloc(&m, 8));
    assert_null(mem_realloc(&m, p, 8, 16));
    assert_int_equal(m.calls, 3);
    mem_free(&m, p, 8);
    assert_int_equal(m.used, 0);
}

/* Through every change of place: small to small, small to huge, longer and shorter there, and back. */
static void huge_blocks_keep_their_bytes(void **state) {
    (void)state;
    const size_t sizes[] = {10,       4096,      MEM_HUGE - 1, MEM_HUGE, MEM_HUGE + 5,
                            9u << 20, 40u << 20, 3u << 20,     100,      MEM_HUGE};
    struct mem m = {.cap = 50u << 20};
    size_t size = 0;
    unsigned char *p = NULL;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        p = mem_huge_realloc(&m, p, size, sizes[i]);
        assert_non_null(p);
        assert_int_equal(m.used, sizes[i]);
        size_t kept = i == 0 ? 0 : size < sizes[i] ? size : sizes[i];
        for (size_t k = 0; k < kept; k += 997)
            assert_int_equal(p[k], k % 251);
        size = sizes[i];
        for (size_t k = 0; k < size; k += 997)
            p[k] = (unsigned char)(k % 251);
        p[size - 1] = (unsigned char)((size - 1) % 251);
    }
    assert_null(mem_huge_realloc(&m, p, size, 51u << 20));
    m.fail_at = m.calls + 1;
    assert_null(mem_huge_realloc(&m, p, size, 2 * size));
    assert_int_equal(p[997], 997 % 251);
    mem_huge_free(&m, p, size);
    mem_huge_free(&m, NULL, 0);
    assert_int_equal(m.used, 0);
}

#if defined(__GLIBC__) && !HAVE_ASAN
#include <malloc.h>

/* What was freed stays in the process, although each block alone would have gone back. */
static void freed_memory_is_kept(void **state) {
    (void)state;
    enum { BLOCKS = 8, BYTES = 1 << 20 };
    mem_keep_freed(MEM_KEPT);
    struct mem m = {0};
    void *p[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        assert_non_null(p[i] = mem_alloc(&m, BYTES));
    struct mallinfo2 held = mallinfo2();
    for (int i = 0; i < BLOCKS; i++)
        mem_free(&m, p[i], BYTES);
    struct mallinfo2 after = mallinfo2();
    assert_true(after.arena >= held.arena);
    assert_true(after.fordblks >= (size_t)BLOCKS * BYTES);
}
#endif

static void arrays_grow_and_keep_items(void **state) {
    (void)state;
    struct mem m = {0};
    VEC(uint32_t) a;
    vec_init(&a, &m);
    for (uint32_t i = 0; i < 1000; i++)
        assert_true(vec_push(&a, i * i));
    assert_int_equal(a.n, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(a.v[i], i * i);
    assert_int_equal(vec_last(&a), 999 * 999);
    assert_int_equal(vec_pop(&a), 999 * 999);
    assert_true(vec_room(&a, 5000));
    assert_true(a.cap >= 5999);
    vec_free(&a);
    assert_int_equal(m.used, 0);
    assert_int_equal(a.n, 0);
}

static void arrays_fail_and_keep_what_they_have(void **state) {
    (void)state;
    struct mem m = {.fail_at = 2};
    VEC(struct { int x, y; }) a;
    vec_init(&a, &m);
    size_t pushed = 0;
    for (int i = 0; i < 100; i++)
        pushed += vec_room(&a, 1) ? (a.v[a.n].x = i, a.v[a.n++].y = -i, 1) : 0;
    assert_true(a.failed);
    assert_int_equal(pushed, a.n);
    assert_int_equal(a.n, 8);
    assert_int_equal(a.v[7].y, -7);
    assert_false(vec_room(&a, SIZE_MAX / 4));
    vec_free(&a);
    assert_int_equal(m.used, 0);
}

/* What is freed comes back, cut or grown to what is asked for, and nothing of it counts as used. */
static void spares_are_used_again(void **state) {
    (void)state;
    struct mem m = {0};
    const size_t one = MEM_HUGE;
    mem_keep_spares(&m);
    unsigned char *p = mem_huge_realloc(&m, NULL, 0, 6 * one), *q = mem_huge_realloc(&m, NULL, 0, 2 * one);
    assert_non_null(p);
    assert_non_null(q);
    memset(p, 1, 6 * one);
    memset(q, 2, 2 * one);
    mem_huge_free(&m, p, 6 * one);
    mem_huge_free(&m, q, 2 * one);
    assert_int_equal(m.used, 0);
    unsigned char *small = mem_huge_realloc(&m, NULL, 0, 2 * one - 5), *rest = mem_huge_realloc(&m, NULL, 0, 3 * one);
    assert_non_null(small);
    assert_non_null(rest);
    assert_int_equal(m.used, 5 * one - 5);
#if !HAVE_ASAN && defined(__linux__)
    assert_ptr_equal(small, q); /* the smallest that is large enough */
    assert_ptr_equal(rest, p);
    assert_int_equal(rest[0], 1);
#endif
    /* Three huge pages are left over of p; more than that grows. */
    unsigned char *large = mem_huge_realloc(&m, NULL, 0, 9 * one);
    assert_non_null(large);
    memset(large, 3, 9 * one);
#if !HAVE_ASAN && defined(__linux__)
    assert_int_equal(small[2 * one - 6], 2);
    assert_int_equal(rest[3 * one - 1], 1);
#endif
    mem_huge_free(&m, large, 9 * one);
    mem_huge_free(&m, rest, 3 * one);
    mem_huge_free(&m, small, 2 * one - 5);
    /* More than there is room for go back to the system. */
    unsigned char *many[MEM_SPARES + 2];
    for (int i = 0; i < MEM_SPARES + 2; i++)
        assert_non_null(many[i] = mem_huge_realloc(&m, NULL, 0, one));
    for (int i = 0; i < MEM_SPARES + 2; i++)
        mem_huge_free(&m, many[i], one);
    assert_int_equal(m.used, 0);
    mem_drop_spares(&m);
    for (int i = 0; i < MEM_SPARES; i++)
        assert_null(m.spares[i].p);
    assert_false(m.keeps);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_bytes_and_peak),
        cmocka_unit_test(nothing_is_a_block),
        cmocka_unit_test(stays_below_its_cap),
        cmocka_unit_test(fails_when_told),
        cmocka_unit_test(huge_blocks_keep_their_bytes),
        cmocka_unit_test(spares_are_used_again),
#if defined(__GLIBC__) && !HAVE_ASAN
        cmocka_unit_test(freed_memory_is_kept),
#endif
        cmocka_unit_test(arrays_grow_and_keep_items),
        cmocka_unit_test(arrays_fail_and_keep_what_they_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
