#include "test.h"

#include <inttypes.h>

#include "base/buf.h"

static void appends_everything(void **state) {
    (void)state;
    struct mem m = {0};
    struct buf b;
    buf_init(&b, &m);
    assert_str(buf_str(&b), "");
    buf_putc(&b, '<');
    buf_lit(&b, "lit");
    buf_puts(&b, " z ");
    buf_put_str(&b, STR("str"));
    buf_put_str(&b, (str){0});
    buf_fill(&b, '-', 3);
    buf_printf(&b, "%d%s", 12, "%");
    char *room = buf_reserve(&b, 2);
    memcpy(room, "ok", 2);
    buf_commit(&b, 2);
    assert_string_equal(buf_z(&b), "<lit z str---12%ok");
    assert_int_equal(b.n, 18);
    buf_clear(&b);
    buf_printf(&b, "%0600d", 3);
    assert_int_equal(b.n, 600);
    buf_fill(&b, 'x', 1000);
    assert_int_equal(b.n, 1600);
    assert_false(b.failed);
    buf_free(&b);
    assert_int_equal(m.used, 0);
}

static void prints_numbers(void **state) {
    (void)state;
    struct mem m = {0};
    struct buf b;
    buf_init(&b, &m);
    uint64_t seed = 3, v = 0;
    for (int i = 0; i < 20000; i++) {
        char expected[32];
        buf_clear(&b);
        buf_put_u64(&b, v);
        snprintf(expected, sizeof expected, "%" PRIu64, v);
        assert_str(buf_str(&b), expected);
        buf_clear(&b);
        buf_put_i64(&b, (int64_t)v);
        snprintf(expected, sizeof expected, "%" PRId64, (int64_t)v);
        assert_str(buf_str(&b), expected);
        v = i < 1100 ? (uint64_t)i : test_random(&seed) >> (test_random(&seed) % 64);
        if (i == 5000)
            v = UINT64_MAX;
        if (i == 5001)
            v = (uint64_t)INT64_MIN;
    }
    buf_free(&b);
}

struct sink {
    char text[40000];
    size_t n, calls, largest;
    size_t refuse_at; /* the call that fails, from 1; 0 = none */
};

static bool sink_take(void *ctx, const char *p, size_t n) {
    struct sink *s = ctx;
    if (++s->calls == s->refuse_at)
        return false;
    assert_true(s->n + n <= sizeof s->text);
    memcpy(s->text + s->n, p, n);
    s->n += n;
    if (n > s->largest)
        s->largest = n;
    return true;
}

static void streams_in_chunks(void **state) {
    (void)state;
    static struct sink sink;
    struct mem m = {0};
    struct buf b;
    buf_init_stream(&b, &m, 1, sink_take, &sink); /* rounded up to 4096 */
    size_t expected = 0;
    for (unsigned i = 0; i < 5000; i++) {
        buf_put_u64(&b, i % 10);
        expected++;
        if (i % 1000 == 999) {
            buf_printf(&b, "%05000u", i); /* larger than the chunk */
            expected += 5000;
        }
    }
    assert_true(buf_flush(&b));
    assert_int_equal(sink.n, expected);
    assert_int_equal(b.flushed, expected);
    assert_memory_equal(sink.text, "0123456789012345", 16);
    assert_memory_equal(sink.text + 1000, "00000", 5);
    assert_memory_equal(sink.text + 5996, "09990123", 8);
    assert_true(m.peak < 16000);
    buf_free(&b);
    assert_int_equal(m.used, 0);
}

static void stops_when_the_stream_refuses(void **state) {
    (void)state;
    static struct sink sink = {.refuse_at = 2};
    struct mem m = {0};
    struct buf b;
    buf_init_stream(&b, &m, 4096, sink_take, &sink);
    for (int i = 0; i < 100000; i++)
        buf_putc(&b, 'x');
    assert_true(b.failed);
    assert_int_equal(sink.calls, 2);
    assert_false(buf_flush(&b));
    assert_int_equal(b.flushed, 4096);
    buf_write(&b, sink.text, sizeof sink.text);
    assert_int_equal(sink.calls, 2);
    buf_free(&b);
    assert_int_equal(m.used, 0);
}

static bool write_much(struct mem *m, void *ctx) {
    (void)ctx;
    struct buf b;
    buf_init(&b, m);
    for (int i = 0; i < 1000; i++) {
        buf_puts(&b, "some text ");
        buf_put_i64(&b, -i);
        if (i == 500)
            buf_printf(&b, "%0900d", 1);
        assert_true(buf_reserve(&b, 1) || b.failed);
    }
    bool good = buf_z(&b) != NULL;
    assert_int_equal(good, !b.failed);
    buf_free(&b);
    return good;
}

static void failure_is_sticky(void **state) {
    (void)state;
    test_oom_sweep(write_much, NULL, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_everything), cmocka_unit_test(prints_numbers),
        cmocka_unit_test(streams_in_chunks),  cmocka_unit_test(stops_when_the_stream_refuses),
        cmocka_unit_test(failure_is_sticky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
