#include "test.h"

#include <math.h>

#include "base/json.h"

static void writes(void **state) {
    (void)state;
    struct mem m = {0};
    struct buf b;
    buf_init(&b, &m);
    struct json_writer w = json_writer_to(&b);
    json_object_begin(&w);
    json_key(&w, STR("a"));
    json_u64(&w, UINT64_MAX);
    json_key(&w, STR("b"));
    json_array_begin(&w);
    json_i64(&w, -5);
    json_double(&w, 0.1);
    json_double(&w, NAN);
    json_double(&w, -INFINITY);
    json_bool(&w, true);
    json_bool(&w, false);
    json_null(&w);
    json_array_begin(&w);
    json_array_end(&w);
    json_object_begin(&w);
    json_object_end(&w);
    json_array_end(&w);
    json_key(&w, STR("c\n"));
    json_raw(&w, STR("{\"x\":1}"));
    json_object_end(&w);
    assert_str(buf_str(&b), "{\"a\":18446744073709551615,\"b\":[-5,0.1,null,null,true,false,null,[],{}],"
                            "\"c\\n\":{\"x\":1}}");
    buf_clear(&b);
    w = json_writer_to(&b);
    w.indent = 2;
    json_object_begin(&w);
    json_key(&w, STR("k"));
    json_array_begin(&w);
    json_u64(&w, 1);
    json_u64(&w, 2);
    json_array_end(&w);
    json_key(&w, STR("e"));
    json_object_begin(&w);
    json_object_end(&w);
    json_object_end(&w);
    assert_str(buf_str(&b), "{\n  \"k\": [\n    1,\n    2\n  ],\n  \"e\": {}\n}");
    buf_free(&b);
}

static void escapes_and_repairs_strings(void **state) {
    (void)state;
    static const struct {
        str in;
        const char *out;
    } cases[] = {
        {STR_INIT(""), "\"\""},
        {STR_INIT("plain text that is longer than a word"), "\"plain text that is longer than a word\""},
        {STR_INIT("12345678\"\\/\b\f\n\r\t\x01\x1f\x7f"),
         "\"12345678\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0001\\u001f\x7f\""},
        {STR_INIT("a\0b"), "\"a\\u0000b\""},
        {STR_INIT("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
        {STR_INIT("\xff!"), "\"\xef\xbf\xbd!\""},
        {STR_INIT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {STR_INIT("abc\xc3"), "\"abc\xef\xbf\xbd\""},
        {{NULL, 0}, "\"\""},
    };
    struct mem m = {0};
    struct buf b;
    buf_init(&b, &m);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_writer w = json_writer_to(&b);
        buf_clear(&b);
        json_str(&w, cases[i].in);
        assert_str(buf_str(&b), cases[i].out);
    }
    buf_free(&b);
}

/* The tokens of a document as one letter each, with an error at the end where there is one. */
static void tokens(str text, char *out, size_t size, struct json_reader *r) {
    static const char letters[] = {
        [JSON_END] = '.',         [JSON_ERROR] = '!',     [JSON_OBJECT_BEGIN] = '{', [JSON_OBJECT_END] = '}',
        [JSON_ARRAY_BEGIN] = '[', [JSON_ARRAY_END] = ']', [JSON_KEY] = 'k',          [JSON_STRING] = 's',
        [JSON_NUMBER] = 'n',      [JSON_TRUE] = 't',      [JSON_FALSE] = 'f',        [JSON_NULL] = '0'};
    json_reader_init(r, text);
    size_t n = 0;
    enum json_kind kind;
    do {
        kind = json_next(r);
        if (n + 1 < size)
            out[n++] = letters[kind];
    } while (kind != JSON_END && kind != JSON_ERROR);
    out[n] = 0;
    assert_int_equal(json_next(r), kind); /* stays so */
}

static void reads_tokens(void **state) {
    (void)state;
    static const struct {
        const char *text, *tokens;
    } cases[] = {
        {"{}", "{}."},
        {" [ ] ", "[]."},
        {"\xef\xbb\xbf 1", "n."},
        {"{\"a\":1,\"b\":[true,false,null,\"x\",-1.5e+3]}", "{knk[tf0sn]}."},
        {"[[],{},[{\"a\":{}}]]", "[[]{}[{k{}}]]."},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "s."},
        {"\"a long string of more than eight bytes\"", "s."},
        {"0", "n."},
        {"-0.0e-0", "n."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_reader r;
        char found[64];
        tokens(str_from_z(cases[i].text), found, sizeof found, &r);
        assert_string_equal(found, cases[i].tokens);
        assert_null(r.error);
    }
}

static void refuses_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *error;
    } cases[] = {
        {"", 0, "unexpected end of the document"},
        {"[", 1, "unexpected end of the document"},
        {"[1,", 3, "unexpected end of the document"},
        {"[1,]", 3, "expected a value"},
        {"[1 2]", 3, "expected ',' or ']'"},
        {"[1}", 2, "expected ',' or ']'"},
        {"{\"a\":1]", 6, "expected ',' or '}'"},
        {"{\"a\" 1}", 5, "expected ':' after the key"},
        {"{\"a\":1,}", 7, "expected a key in quotes"},
        {"{1:2}", 1, "expected a key in quotes"},
        {"{\"a\":}", 5, "expected a value"},
        {"1 2", 2, "text after the end of the document"},
        {"01", 0, "number with a leading zero"},
        {"1.", 0, "expected a digit after the point"},
        {"[-]", 1, "expected a value"},
        {"1e+", 0, "expected a digit in the exponent"},
        {".5", 0, "expected a value"},
        {"tru", 0, "expected a value"},
        {"nul", 0, "expected a value"},
        {"\"abc", 0, "string without end"},
        {"\"a\nb\"", 2, "control character in a string"},
        {"\"0123456789\001\"", 11, "control character in a string"},
        {"\"\\x\"", 1, "unknown escape"},
        {"\"\\u12g4\"", 1, "\\u needs four hexadecimal digits"},
        {"\"\\", 1, "unknown escape"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_reader r;
        char found[64];
        tokens(str_from_z(cases[i].text), found, sizeof found, &r);
        assert_int_equal(found[strlen(found) - 1], '!');
        assert_string_equal(r.error, cases[i].error);
        assert_int_equal(r.error_at, cases[i].at);
    }
    struct json_reader r;
    char found[4];
    tokens((str){0}, found, sizeof found, &r);
    assert_string_equal(found, "!");
}

static void nests_to_the_limit_only(void **state) {
    (void)state;
    struct mem m = {0};
    for (int depth = JSON_MAX_DEPTH; depth <= 1000000; depth = depth == JSON_MAX_DEPTH ? depth + 1 : 1000000) {
        struct buf b;
        buf_init(&b, &m);
        for (int i = 0; i < depth; i++)
            buf_puts(&b, i % 2 ? "{\"a\":" : "[");
        buf_puts(&b, "1");
        for (int i = depth - 1; i >= 0; i--)
            buf_puts(&b, i % 2 ? "}" : "]");
        struct json_reader r;
        json_reader_init(&r, buf_str(&b));
        enum json_kind kind;
        do
            kind = json_next(&r);
        while (kind != JSON_END && kind != JSON_ERROR);
        assert_int_equal(kind, depth <= JSON_MAX_DEPTH ? JSON_END : JSON_ERROR);
        if (kind == JSON_ERROR)
            assert_string_equal(r.error, "nested too deep");
        buf_free(&b);
        if (depth == 1000000)
            break;
    }
}

static void gives_values(void **state) {
    (void)state;
    struct mem m = {0};
    struct arena a;
    arena_init(&a, &m);
    struct json_reader r;
    json_reader_init(&r, STR("{\"k\\u0065y\":\"\\ud83d\\ude00\\ud83d\\u00e9\\udc00 \xff\\\\\\n\",\"n\":[12,-3,2.5,1e2,"
                             "99999999999999999999],\"plain\":\"text\"}"));
    assert_int_equal(json_next(&r), JSON_OBJECT_BEGIN);
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_false(json_key_is(&r, STR("key"))); /* compares what is written */
    assert_str(json_unescape(&r, &a), "key");
    assert_int_equal(json_next(&r), JSON_STRING);
    assert_int_equal(json_at(&r), 13);
    assert_str(json_unescape(&r, &a), "\xf0\x9f\x98\x80\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd \xef\xbf\xbd\\\n");
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_true(json_key_is(&r, STR("n")));
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    int64_t i;
    uint64_t u;
    assert_int_equal(json_next(&r), JSON_NUMBER);
    assert_true(json_get_i64(&r, &i) && json_get_u64(&r, &u));
    assert_int_equal(i, 12);
    assert_int_equal(json_next(&r), JSON_NUMBER);
    assert_true(json_get_i64(&r, &i) && !json_get_u64(&r, &u));
    assert_int_equal(i, -3);
    assert_int_equal(json_next(&r), JSON_NUMBER);
    assert_false(json_get_i64(&r, &i));
    assert_true(json_get_double(&r) == 2.5);
    assert_int_equal(json_next(&r), JSON_NUMBER);
    assert_true(json_get_double(&r) == 100);
    assert_int_equal(json_next(&r), JSON_NUMBER);
    assert_false(json_get_u64(&r, &u));
    assert_int_equal(json_next(&r), JSON_ARRAY_END);
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_int_equal(json_next(&r), JSON_STRING);
    size_t calls = m.calls;
    assert_str(json_unescape(&r, &a), "text");
    assert_int_equal(m.calls, calls);
    struct mem none = {.fail_at = 1};
    struct arena empty;
    arena_init(&empty, &none);
    r.has_escapes = true;
    assert_null(json_unescape(&r, &empty).p);
    arena_free(&a);
}

static void skips(void **state) {
    (void)state;
    struct json_reader r;
    json_reader_init(&r, STR("{\"a\":{\"x\":[1,{\"y\":2}]},\"b\":[3,[]],\"c\":4,\"d\":5}"));
    json_next(&r);
    enum json_kind kind = json_next(&r);
    assert_true(json_skip(&r, kind));
    assert_int_equal(json_next(&r), JSON_KEY);
    assert_true(json_key_is(&r, STR("b")));
    kind = json_next(&r);
    assert_true(json_skip(&r, kind));
    kind = json_next(&r);
    assert_true(json_key_is(&r, STR("c")));
    assert_true(json_skip(&r, kind));
    assert_int_equal(json_next(&r), JSON_KEY);
    kind = json_next(&r);
    assert_true(json_skip(&r, kind)); /* a scalar is over already */
    assert_int_equal(json_next(&r), JSON_OBJECT_END);
    assert_int_equal(json_next(&r), JSON_END);
    json_reader_init(&r, STR("[1,[2,}"));
    assert_false(json_skip(&r, json_next(&r)));
}

/* Writes the document it reads. */
static void copy(struct json_reader *r, struct json_writer *w, struct arena *a) {
    for (;;) {
        switch (json_next(r)) {
        case JSON_END: return;
        case JSON_ERROR: fail_msg("%s at %zu", r->error, r->error_at); return;
        case JSON_OBJECT_BEGIN: json_object_begin(w); break;
        case JSON_OBJECT_END: json_object_end(w); break;
        case JSON_ARRAY_BEGIN: json_array_begin(w); break;
        case JSON_ARRAY_END: json_array_end(w); break;
        case JSON_KEY: json_key(w, json_unescape(r, a)); break;
        case JSON_STRING: json_str(w, json_unescape(r, a)); break;
        case JSON_NUMBER: json_double(w, json_get_double(r)); break;
        case JSON_TRUE: json_bool(w, true); break;
        case JSON_FALSE: json_bool(w, false); break;
        case JSON_NULL: json_null(w); break;
        }
    }
}

/* A random value, of random bytes in its strings. */
static void random_value(struct json_writer *w, uint64_t *seed, int depth) {
    uint64_t v = test_random(seed);
    char text[40];
    size_t n = test_random(seed) % sizeof text;
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(v & 1 ? test_random(seed) : 'a' + i % 26);
    int kind = (int)(test_random(seed) % (depth > 5 ? 4 : 6));
    double d;
    memcpy(&d, &v, sizeof d);
    switch (kind) {
    case 0: json_str(w, str_of(text, n)); break;
    case 1: json_double(w, d); break;
    case 2: json_i64(w, (int64_t)(v >> 20) - (1 << 30)); break;
    case 3: json_bool(w, v & 2); break;
    default:
        if (kind == 4)
            json_array_begin(w);
        else
            json_object_begin(w);
        for (size_t i = 0; i < n % 8; i++) {
            if (kind == 5)
                json_key(w, str_of(text, n - i));
            random_value(w, seed, depth + 1);
        }
        if (kind == 4)
            json_array_end(w);
        else
            json_object_end(w);
    }
}

static void round_trips(void **state) {
    (void)state;
    struct mem m = {0};
    struct arena a;
    arena_init(&a, &m);
    uint64_t seed = 11;
    for (int round = 0; round < 300; round++) {
        struct buf first, second;
        buf_init(&first, &m);
        buf_init(&second, &m);
        struct json_writer w = json_writer_to(&first);
        json_array_begin(&w);
        for (int i = 0; i < 20; i++)
            random_value(&w, &seed, 0);
        json_array_end(&w);
        struct json_reader r;
        json_reader_init(&r, buf_str(&first));
        w = json_writer_to(&second);
        copy(&r, &w, &a);
        assert_int_equal(first.n, second.n);
        assert_memory_equal(first.p, second.p, first.n);
        buf_free(&first);
        buf_free(&second);
        arena_free(&a);
    }
    assert_int_equal(m.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),       cmocka_unit_test(escapes_and_repairs_strings),
        cmocka_unit_test(reads_tokens), cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(gives_values), cmocka_unit_test(nests_to_the_limit_only),
        cmocka_unit_test(skips),        cmocka_unit_test(round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
