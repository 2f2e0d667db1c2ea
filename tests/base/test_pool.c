#include "test.h"

#include "base/clock.h"
#include "base/pool.h"

enum { ITEMS = 100000 };

struct work {
    atomic_uchar done[ITEMS];
    atomic_bool cancel;
    atomic_uint busy[8]; /* calls running now, by worker */
    size_t grain;
    size_t cancel_at;
    bool overlap, too_large;
};

static void body(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct work *w = ctx;
    if (atomic_fetch_add(&w->busy[worker], 1) != 0)
        w->overlap = true;
    if (end - begin > w->grain || begin >= end)
        w->too_large = true;
    for (size_t i = begin; i < end; i++) {
        atomic_fetch_add(&w->done[i], 1);
        if (i + 1 == w->cancel_at)
            atomic_store(&w->cancel, true);
    }
    atomic_fetch_sub(&w->busy[worker], 1);
}

static void does_each_item_once(void **state) {
    (void)state;
    static struct work w;
    static const size_t sizes[] = {0, 1, 7, 1000, ITEMS};
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        struct mem m = {0};
        struct pool *p = pool_new(&m, threads);
        assert_non_null(p);
        assert_int_equal(pool_threads(p), threads);
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            for (size_t grain = 1; grain <= 1000; grain = grain * 7 + 3) {
                memset(&w, 0, sizeof w);
                w.grain = grain;
                assert_true(pool_for(p, sizes[k], grain, body, &w, &w.cancel));
                for (size_t i = 0; i < ITEMS; i++)
                    if (w.done[i] != (i < sizes[k]))
                        fail_msg("item %zu done %d times", i, w.done[i]);
                assert_false(w.overlap);
                assert_false(w.too_large);
            }
        }
        pool_free(p);
        assert_int_equal(m.used, 0);
    }
}

static void stops_when_cancelled(void **state) {
    (void)state;
    static struct work w = {.grain = 10, .cancel_at = 500};
    struct mem m = {0};
    struct pool *p = pool_new(&m, 3);
    assert_false(pool_for(p, ITEMS, 10, body, &w, &w.cancel));
    size_t done = 0;
    for (size_t i = 0; i < ITEMS; i++)
        done += w.done[i];
    assert_in_range(done, 500, ITEMS - 1);
    /* The pool is as good as new. */
    memset(&w, 0, sizeof w);
    w.grain = 100;
    assert_true(pool_for(p, ITEMS, 100, body, &w, NULL));
    pool_free(p);
}

/* A team of three that comes one after the other, each thread as if the others were late. */
static unsigned asked;
static void in_turn(void (*fn)(void *), void *data, unsigned threads, unsigned flags) {
    asked = threads;
    assert_int_equal(flags, 0);
    for (unsigned i = 0; i < threads; i++)
        fn(data);
}

static void works_on_the_threads_of_a_team(void **state) {
    (void)state;
    static struct work w;
    struct mem m = {0};
    struct pool *p = pool_new(&m, 3);
    for (int joined = 0; joined < 2; joined++) {
        memset(&w, 0, sizeof w);
        w.grain = 100;
        assert_true(pool_for(p, ITEMS, 100, body, &w, NULL));
        for (size_t i = 0; i < ITEMS; i++)
            if (w.done[i] != 1)
                fail_msg("item %zu done %d times", i, w.done[i]);
        assert_int_equal(asked, joined ? 3 : 0);
        pool_join(p, in_turn);
    }
    asked = 0;
    w.grain = ITEMS;
    assert_true(pool_for(p, ITEMS, ITEMS, body, &w, NULL));
    assert_int_equal(asked, 0); /* one piece: nobody is called */
    pool_free(p);
    assert_int_equal(m.used, 0);
}

/* Threads that look for work and threads that sleep, loops that come at once and loops that come late. */
static void wakes_threads_each_time(void **state) {
    (void)state;
    static struct work w;
    struct mem m = {0};
    for (unsigned threads = 2; threads <= 6; threads += 2) {
        struct pool *p = pool_new(&m, threads);
        for (int loop = 0; loop < 300; loop++) {
            memset(w.done, 0, 64);
            w.grain = 1;
            assert_true(pool_for(p, 64, 1, body, &w, NULL));
            for (size_t i = 0; i < 64; i++)
                if (w.done[i] != 1)
                    fail_msg("item %zu of loop %d done %d times", i, loop, w.done[i]);
            for (uint64_t until = clock_now_ns() + (loop % 10 == 0 ? 200000 : 0); clock_now_ns() < until;)
                continue;
        }
        pool_free(p);
    }
    assert_false(w.overlap);
    assert_int_equal(m.used, 0);
}

static void sizes_itself(void **state) {
    (void)state;
    struct mem m = {0};
    struct pool *p = pool_new(&m, 0);
    assert_non_null(p);
    assert_true(pool_threads(p) >= 1);
    pool_free(p);
    pool_free(NULL);
    struct mem none = {.fail_at = 1};
    assert_null(pool_new(&none, 2));
}

static void the_clock_goes_forward(void **state) {
    (void)state;
    uint64_t before = clock_now_ns();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_now_ns();
        assert_true(now >= before);
        before = now;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_each_item_once),
        cmocka_unit_test(stops_when_cancelled),
        cmocka_unit_test(works_on_the_threads_of_a_team),
        cmocka_unit_test(wakes_threads_each_time),
        cmocka_unit_test(sizes_itself),
        cmocka_unit_test(the_clock_goes_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
