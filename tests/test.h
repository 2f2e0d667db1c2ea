/* What every test program needs: cmocka with the headers it wants before it, and a few helpers.
 *
 * A program is a table of cases and one line:
 *
 *     int main(void) {
 *         const struct CMUnitTest tests[] = {cmocka_unit_test(grows), cmocka_unit_test(fails)};
 *         return cmocka_run_group_tests(tests, NULL, NULL);
 *     }
 */
#ifndef TTX_TESTS_TEST_H
#define TTX_TESTS_TEST_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

/* Under sanitizers all takes several times as long: sweeps over much take a share there, and all in the plain build. */
#if defined(__SANITIZE_ADDRESS__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED 0
#endif

/* The str reads exactly like the zero-terminated text. */
#define assert_str(s, text) test_assert_str((s), (text), __FILE__, __LINE__)

static inline void test_assert_str(str s, const char *text, const char *file, int line) {
    if (str_eq(s, str_from_z(text)))
        return;
    print_error("expected: %s\n   found: %.*s\n", text, STR_ARG(s));
    _fail(file, line);
}

/* Every allocation failure once: calls body(mem, ctx) with a `struct mem` that fails at the first call, then at the
 * second, ..., until it gets through. After each the memory must be given back. body returns whether it succeeded,
 * which it must not while a call fails; it is called at most `limit` times. */
static inline void test_oom_sweep(bool (*body)(struct mem *m, void *ctx), void *ctx, uint64_t limit) {
    for (uint64_t fail_at = 1; fail_at <= limit; fail_at++) {
        struct mem m = {.fail_at = fail_at};
        bool good = body(&m, ctx);
        assert_int_equal(m.used, 0);
        bool reached = m.calls >= fail_at;
        assert_int_equal(good, !reached);
        if (!reached)
            return;
    }
    fail_msg("the sweep did not end");
}

/* A small fast random generator, the same numbers everywhere (splitmix64). */
static inline uint64_t test_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#endif
