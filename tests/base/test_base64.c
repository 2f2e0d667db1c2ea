#include "base/base64.h"

#include "test.h"

/* RFC 4648, section 10, and by Python's base64 module. */
static const struct {
    const char *text, *bytes;
    size_t n;
} known[] = {
    {"", "", 0},
    {"Zg==", "f", 1},
    {"Zm8=", "fo", 2},
    {"Zm9v", "foo", 3},
    {"Zm9vYg==", "foob", 4},
    {"Zm9vYg", "foob", 4},
    {"Zm9vYmE=", "fooba", 5},
    {"Zm9vYmFy", "foobar", 6},
    {"AP+A/v4/+w==", "\x00\xff\x80\xfe\xfe?\xfb", 7},
};

static const char *const wrong[] = {"Z", "Zg===", "Z-8=", "Zm9v\n", "Zh==", "====", "Zm9=", "Zm9vZ"};

static void texts(void **state) {
    (void)state;
    struct mem mem = {0};
    struct arena a;
    str out;
    arena_init(&a, &mem);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_true(base64_decode(&a, str_from_z(known[i].text), &out));
        assert_int_equal(out.n, known[i].n);
        assert_memory_equal(out.p, known[i].bytes, known[i].n);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(base64_decode(&a, str_from_z(wrong[i]), &out));
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
