#include "test.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>

#include "base/num.h"

static void integers(void **state) {
    (void)state;
    uint64_t u;
    int64_t i;
    assert_true(num_parse_u64(STR("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_false(num_parse_u64(STR("18446744073709551616"), &u));
    assert_false(num_parse_u64(STR(""), &u));
    assert_false(num_parse_u64(STR("1x"), &u));
    assert_false(num_parse_u64(STR("-1"), &u));
    assert_true(num_parse_hex_u64(STR("DEADbeef00000001"), &u));
    assert_true(u == 0xdeadbeef00000001u);
    assert_false(num_parse_hex_u64(STR("10000000000000000"), &u));
    assert_false(num_parse_hex_u64(STR("g"), &u));
    assert_false(num_parse_hex_u64(STR(""), &u));
    assert_true(num_parse_i64(STR("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
    assert_false(num_parse_i64(STR("-9223372036854775809"), &i));
    assert_false(num_parse_i64(STR("9223372036854775808"), &i));
    assert_true(num_parse_i64(STR("9223372036854775807"), &i));
    assert_false(num_parse_i64(STR("-"), &i));
    assert_int_equal(num_hex_digit('F'), 15);
    assert_int_equal(num_hex_digit('@'), -1);
    assert_int_equal(num_hex_digit('`'), -1);
    assert_int_equal(num_hex_digit('G'), -1);
}

static void checked_sizes(void **state) {
    (void)state;
    size_t n;
    int64_t i;
    assert_true(num_add_size(SIZE_MAX - 1, 1, &n));
    assert_false(num_add_size(SIZE_MAX, 1, &n));
    assert_true(num_mul_size(SIZE_MAX / 2, 2, &n));
    assert_false(num_mul_size(SIZE_MAX / 2, 3, &n));
    assert_false(num_add_i64(INT64_MAX, 1, &i));
    assert_false(num_mul_i64(INT64_MIN, -1, &i));
    assert_true(num_mul_i64(-3, 4, &i));
    assert_int_equal(i, -12);
}

static bool same_double(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_float(float a, float b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Both readers against the C library's. */
static void check(const char *text) {
    double d = 0;
    float f = 0;
    size_t n = num_parse_double(str_from_z(text), &d);
    if (n != strlen(text) || !same_double(d, strtod(text, NULL)))
        fail_msg("%s: took %zu, %a instead of %a", text, n, d, strtod(text, NULL));
    n = num_parse_float(str_from_z(text), &f);
    if (n != strlen(text) || !same_float(f, strtof(text, NULL)))
        fail_msg("%s: float %a instead of %a", text, (double)f, (double)strtof(text, NULL));
}

static void hard_floats(void **state) {
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "0.0",
        "1",
        "-1.5",
        "+2",
        ".5",
        "5.",
        "1e0",
        "1E+2",
        "1e-2",
        "00012.500",
        "1e22",
        "1e23",
        "8.5e22",
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "9007199254740993.0000000000000000000000000001",
        "9007199254740992999999999999",
        "1e308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "1e400",
        "1e99999999999",
        "1e-99999999999",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.47e-324",
        "1e-323",
        "1e-340",
        "1e-343",
        "0e99999",
        "0.1",
        "0.2",
        "0.3",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000000000000000000000000000000001",
        "3.14159265358979323846264338327950288419716939937510",
        "1.00000005960464477539062500",
        "1.00000005960464477539062499",
        "1.00000005960464477539062501",
        "1.000000178813934326171875",
        "16777217",
        "16777219",
        "16777217.00000000000000000000000000001",
        "3.4028235677973366e38",
        "3.4028235677973365e38",
        "3.4028235e38",
        "3.4028236e38",
        "1.17549435e-38",
        "1.1754943e-38",
        "1.4e-45",
        "7e-46",
        "7.006492321624085e-46",
        "7.0064923216240853e-46",
        "7.0064923216240854e-46",
        "1e-46",
        "5.877472e-39",
        "89255.0e-22",
        ("179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587"
         "207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531"
         "7"
         "64475730270"
         "069855571366959622842914819860834936475292719074168444365510704342711559699508093042880e0"),
        "6929495644600919.5",
        "6929495644600919.50000000000000000000000000000000001",
        "4503599627475353.5",
        "4503599627475352.5",
        "0.500000000000000166533453693773481063544750213623046875",
        "2.0e-308",
        "1090544144181609348835077142190",
        "9214843084008499",
        "2.98023223876953125e-8",
        "1448997445238699",
        ("9355950000000000000."
         "00000000000000000000000000000000001844674407370955161600000184467440737095516161844674407"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check(texts[i]);
    /* More digits than anything needs: half way between two doubles, and a hair above it. */
    char text[2000];
    for (int above = 0; above < 2; above++) {
        int n = snprintf(text, sizeof text, "9007199254740993.");
        memset(text + n, '0', 1500);
        text[n + 1500] = above ? '1' : '0';
        text[n + 1501] = 0;
        check(text);
        memmove(text + 1, text, strlen(text) + 1);
        text[0] = '-';
        check(text);
    }
    memset(text, '1', 1200);
    text[1200] = 0;
    check(text); /* infinite */
    memcpy(text + 1200, "e-1150", 7);
    check(text);
    memcpy(text, "0.", 2);
    memset(text + 2, '0', 900);
    memcpy(text + 902, "123456789012345678901234567890e890", 35);
    check(text);
}

static void random_floats(void **state) {
    (void)state;
    uint64_t seed = 7;
    char text[80];
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = test_random(&seed);
        double d;
        memcpy(&d, &bits, sizeof d);
        if (!isfinite(d))
            continue;
        snprintf(text, sizeof text, "%.*e", (int)(test_random(&seed) % 22), d);
        check(text);
        snprintf(text, sizeof text, "%.*g", 1 + (int)(test_random(&seed) % 19),
                 (double)(int64_t)(bits >> (bits % 60)) / (double)(1 + (bits & 0xffff)));
        check(text);
        uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, sizeof f);
        if (!isfinite(f))
            continue;
        snprintf(text, sizeof text, "%.*e", (int)(test_random(&seed) % 12), (double)f);
        check(text);
        /* Exactly half way between two floats. */
        float next = nextafterf(f, 0);
        snprintf(text, sizeof text, "%.60e", ((double)f + (double)next) / 2);
        check(text);
    }
}

static void takes_the_number_only(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t taken;
    } cases[] = {
        {"", 0},      {"x", 0},   {"-", 0},   {".", 0},    {"-.e1", 0}, {"1x", 1},
        {"1.5.2", 3}, {"1e", 1},  {"1e+", 1}, {"1e5e", 3}, {"-.5)", 3}, {"0x10", 1},
        {"inf", 0},   {"nan", 0}, {"1,5", 1}, {"12 ", 2},  {" 12", 0},  {"--1", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double d;
        float f;
        assert_int_equal(num_parse_double(str_from_z(cases[i].text), &d), cases[i].taken);
        assert_int_equal(num_parse_float(str_from_z(cases[i].text), &f), cases[i].taken);
    }
    double d;
    assert_int_equal(num_parse_double((str){0}, &d), 0);
    assert_int_equal(num_parse_double(str_of("123456", 3), &d), 3); /* does not look behind its end */
    assert_true(d == 123);
}

static void shortest_text(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {1, "1"},
        {-2.5, "-2.5"},
        {100, "100"},
        {1e15, "1000000000000000"},
        {1e16, "10000000000000000"},
        {1e17, "1e+17"},
        {1.0 / 3, "0.3333333333333333"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {123456.789, "123456.789"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"},
        {0.1 + 0.2, "0.30000000000000004"},
        {9.5, "9.5"},
        {1e23, "1e+23"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[NUM_DOUBLE_MAX];
        size_t n = num_format_double(text, cases[i].value);
        assert_true(n <= sizeof text);
        assert_str(str_of(text, n), cases[i].text);
    }
}

static size_t significant_digits(const char *text) {
    size_t n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
            continue;
        n++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return n - zeros;
}

static void shortest_text_reads_back(void **state) {
    (void)state;
    uint64_t seed = 8;
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = test_random(&seed);
        double d, back;
        memcpy(&d, &bits, sizeof d);
        if (i % 3 == 1) /* a short decimal */
            d = (double)(int64_t)(bits >> 40) / 1000;
        if (i % 3 == 2) /* a float */
            d = (double)(float)((double)(bits >> 11) / 9007199254740992.0);
        if (!isfinite(d))
            continue;
        char text[NUM_DOUBLE_MAX + 1];
        size_t n = num_format_double(text, d);
        text[n] = 0;
        assert_int_equal(num_parse_double(str_of(text, n), &back), n);
        assert_true(same_double(d, back));
        /* No text with fewer digits reads back. */
        char shorter[40];
        int digits = (int)significant_digits(text);
        if (digits > 1) {
            snprintf(shorter, sizeof shorter, "%.*e", digits - 2, d);
            if (strtod(shorter, NULL) == d)
                fail_msg("%s is not the shortest, %s is shorter", text, shorter);
        }
    }
}

static void ignores_the_locale(void **state) {
    (void)state;
    /* Whatever of these is installed writes a decimal comma; otherwise the case says nothing. */
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++)
        if (setlocale(LC_ALL, locales[i]))
            break;
    double d;
    char text[NUM_DOUBLE_MAX];
    assert_int_equal(num_parse_double(STR("9007199254740993.5000000000001"), &d), 30);
    assert_true(d == 9007199254740994.0);
    assert_str(str_of(text, num_format_double(text, 0.5)), "0.5");
    assert_str(str_of(text, num_format_double(text, 5e-324)), "5e-324");
    setlocale(LC_ALL, "C");
}

static void medians(void **state) {
    (void)state;
    double odd[] = {9, -1, 4}, even[] = {8, 1, 3, 100}, one[] = {7}, huge[] = {1.5e308, 1.6e308};
    assert_true(num_median(odd, 3) == 4);
    assert_true(odd[0] == -1 && odd[2] == 9); /* sorted */
    assert_true(num_median(even, 4) == 5.5);
    assert_true(num_median(one, 1) == 7);
    assert_true(num_median(huge, 2) == 1.55e308);
    assert_true(isnan(num_median(NULL, 0)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(checked_sizes),
        cmocka_unit_test(hard_floats),
        cmocka_unit_test(random_floats),
        cmocka_unit_test(shortest_text),
        cmocka_unit_test(takes_the_number_only),
        cmocka_unit_test(ignores_the_locale),
        cmocka_unit_test(shortest_text_reads_back),
        cmocka_unit_test(medians),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
