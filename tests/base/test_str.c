#include "test.h"

#include "base/utf8.h"

static void compares(void **state) {
    (void)state;
    assert_true(str_eq(STR("abc"), str_from_z("abc")));
    assert_false(str_eq(STR("abc"), STR("abd")));
    assert_false(str_eq(STR("abc"), STR("ab")));
    assert_true(str_eq((str){0}, STR("")));
    assert_true(str_cmp(STR("a"), STR("b")) < 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_true(str_cmp(STR("ab"), STR("a")) > 0);
    assert_int_equal(str_cmp(STR(""), (str){0}), 0);
    assert_true(str_starts_with(STR("ttir.add"), STR("ttir.")));
    assert_false(str_starts_with(STR("tt"), STR("ttir.")));
    assert_true(str_starts_with(STR("tt"), (str){0}));
    assert_true(str_ends_with(STR("ttir.add"), STR("add")));
}

static void slices_and_finds(void **state) {
    (void)state;
    str s = STR("hello world");
    assert_str(str_from(s, 6), "world");
    assert_str(str_from(s, 60), "");
    assert_str(str_slice(s, 2, 4), "ll");
    assert_str(str_slice(s, 8, 400), "rld");
    assert_str(str_slice(s, 9, 3), "");
    assert_int_equal(str_find(s, STR("wor")), 6);
    assert_int_equal(str_find(s, STR("war")), s.n);
    assert_int_equal(str_find(s, STR("")), 0);
    assert_int_equal(str_find_char(s, 'o'), 4);
    assert_int_equal(str_find_char((str){0}, 'o'), 0);
    assert_str(str_trim(STR(" \t a b \r\n")), "a b");
    assert_str(str_trim(STR("  ")), "");
}

static void hashes_spread(void **state) {
    (void)state;
    /* Every length and every single changed byte gives another hash; low and high bits both move. */
    char text[100];
    memset(text, 'x', sizeof text);
    for (size_t n = 0; n < sizeof text; n++) {
        uint64_t h = str_hash(str_of(text, n));
        assert_int_equal(h, str_hash(str_of(text, n)));
        assert_int_not_equal(h, str_hash(str_of(text, n + 1 > sizeof text ? 0 : n + 1)));
        for (size_t i = 0; i < n; i++) {
            text[i] = 'y';
            uint64_t other = str_hash(str_of(text, n));
            assert_int_not_equal(h, other);
            assert_int_not_equal(h >> 32, other >> 32);
            text[i] = 'x';
        }
    }
    /* Names as a model has them fall into buckets evenly. */
    enum { BUCKETS = 1024, NAMES = 64 * BUCKETS };
    static unsigned count[BUCKETS];
    for (unsigned i = 0; i < NAMES; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "%%%u", i);
        count[str_hash(str_of(name, (size_t)n)) % BUCKETS]++;
    }
    for (unsigned i = 0; i < BUCKETS; i++)
        assert_in_range(count[i], 16, 160);
}

static void decodes_utf8(void **state) {
    (void)state;
    static const struct {
        str text;
        uint32_t code;
    } good[] = {
        {STR_INIT("a"), 'a'},
        {STR_INIT("\xc2\x80"), 0x80},
        {STR_INIT("\xc3\xa9"), 0xe9},
        {STR_INIT("\xe2\x82\xac"), 0x20ac},
        {STR_INIT("\xf0\x9f\x98\x80"), 0x1f600},
        {STR_INIT("\xf4\x8f\xbf\xbf"), 0x10ffff},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint32_t code;
        assert_int_equal(utf8_decode(good[i].text, &code), good[i].text.n);
        assert_int_equal(code, good[i].code);
        char back[4];
        assert_int_equal(utf8_encode(back, code), good[i].text.n);
        assert_memory_equal(back, good[i].text.p, good[i].text.n);
        assert_int_equal(utf8_valid_prefix(good[i].text), good[i].text.n);
    }
    static const str bad[] = {
        STR_INIT("\x80"),         STR_INIT("\xc0\x80"),     STR_INIT("\xc1\xbf"),
        STR_INIT("\xe0\x9f\xbf"), STR_INIT("\xed\xa0\x80"), STR_INIT("\xf4\x90\x80\x80"),
        STR_INIT("\xf5\x80\x80"), STR_INIT("\xe2\x82"),     STR_INIT("\xe2\x28\xa1"),
        STR_INIT("\xff"),         STR_INIT("\xc3"),         STR_INIT("\xf0\x8f\xbf\xbf"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t code;
        assert_int_equal(utf8_decode(bad[i], &code), 1);
        assert_true(code == UTF8_INVALID);
        assert_int_equal(utf8_valid_prefix(bad[i]), 0);
    }
    assert_int_equal(utf8_valid_prefix(STR("0123456789\xc3\xa9 0123456789\xff...")), 23);
    assert_int_equal(utf8_width('a'), 1);
    assert_int_equal(utf8_width(0x301), 0);
    assert_int_equal(utf8_width(0x4e2d), 2);
    assert_int_equal(utf8_width(0x1f600), 2);
    assert_int_equal(utf8_width(0x20ac), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(slices_and_finds),
        cmocka_unit_test(hashes_spread),
        cmocka_unit_test(decodes_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
