/* The small grammars of HTTP, and multipart bodies cut anywhere. */
#include "base/buf.h"
#include "server/parse.h"
#include "server/security.h"
#include "test.h"

static struct mem mem;
static struct arena arena;

static int setup(void **state) {
    (void)state;
    mem = (struct mem){0};
    arena_init(&arena, &mem);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    return mem.used == 0 ? 0 : -1;
}

static void targets(void **state) {
    (void)state;
    str path, query;
    assert_true(parse_target(STR("/a/b?x=1#y"), &path, &query));
    assert_str(path, "/a/b");
    assert_str(query, "x=1");
    assert_true(parse_target(STR("http://host/a"), &path, &query));
    assert_str(path, "/a");
    assert_str(query, "");
    assert_false(parse_target(STR("*"), &path, &query));
    assert_false(parse_target(STR(""), &path, &query));
    assert_str(parse_decode(STR("a%2Fb%zz%4+c%"), false, &arena), "a/b%zz%4+c%");
    assert_str(parse_decode(STR("a+b%2B"), true, &arena), "a b+");
    str rest = STR("a=1&&b&c=x=y"), name, value;
    assert_true(parse_query_next(&rest, &name, &value));
    assert_str(value, "1");
    assert_true(parse_query_next(&rest, &name, &value));
    assert_str(name, "b");
    assert_str(value, "");
    assert_true(parse_query_next(&rest, &name, &value));
    assert_str(value, "x=y");
    assert_false(parse_query_next(&rest, &name, &value));
    assert_true(parse_path_is_clean(STR("/a/..b/c.js")));
    assert_false(parse_path_is_clean(STR("/a/../b")));
    assert_false(parse_path_is_clean(STR("/..")));
    assert_false(parse_path_is_clean(STR("//etc")));
    assert_false(parse_path_is_clean(STR("/a\\..\\b")));
    assert_false(parse_path_is_clean(STR("/a\0b")));
}

static void headers(void **state) {
    (void)state;
    assert_true(parse_accepts(STR("gzip, deflate;q=0.5"), "gzip"));
    assert_true(parse_accepts(STR("GZIP"), "gzip"));
    assert_false(parse_accepts(STR("gzip;q=0"), "gzip"));
    assert_false(parse_accepts(STR("gzip; q=0.000"), "gzip"));
    assert_true(parse_accepts(STR("gzip;q=0.001"), "gzip"));
    assert_true(parse_accepts(STR("*"), "zstd"));
    assert_false(parse_accepts(STR("zstd;q=0, *"), "zstd"));
    assert_false(parse_accepts(STR("identity"), "gzip"));
    str value = STR("form-data; name=\"a;b\\\"c\"; filename=\"C:\\dir\\f.mlir\"; Size = 3");
    assert_str(parse_parameter(value, "name", &arena), "a;b\"c");
    assert_str(parse_parameter(value, "filename", &arena), "C:\\dir\\f.mlir");
    assert_str(parse_parameter(value, "SIZE", &arena), "3");
    assert_null(parse_parameter(value, "form-data", &arena).p);
    assert_true(parse_etag_matches(STR("\"x\", W/\"y\""), STR("y")));
    assert_true(parse_etag_matches(STR("*"), STR("y")));
    assert_false(parse_etag_matches(STR("y"), STR("y")));
    assert_str(parse_file_name(STR("../../etc/passwd"), &arena), "passwd");
    assert_str(parse_file_name(STR("C:\\x\\a.mlir"), &arena), "a.mlir");
    assert_str(parse_file_name(STR("a/.."), &arena), "upload");
    assert_str(parse_file_name(STR("\x01\n"), &arena), "upload");
}

static void ranges(void **state) {
    (void)state;
    static const struct {
        const char *header;
        uint64_t size;
        enum parse_range kind;
        uint64_t first, end;
    } rows[] = {
        {"bytes=0-3", 10, RANGE_PART, 0, 4},       {"bytes=4-", 10, RANGE_PART, 4, 10},
        {"bytes=-3", 10, RANGE_PART, 7, 10},       {"bytes=-30", 10, RANGE_PART, 0, 10},
        {"bytes=9-99", 10, RANGE_PART, 9, 10},     {"bytes=0-18446744073709551615", 10, RANGE_PART, 0, 10},
        {"bytes=10-", 10, RANGE_IMPOSSIBLE, 0, 0}, {"bytes=-0", 10, RANGE_IMPOSSIBLE, 0, 0},
        {"bytes=0-", 0, RANGE_IMPOSSIBLE, 0, 0},   {"bytes=3-2", 10, RANGE_NONE, 0, 0},
        {"bytes=0-1,3-4", 10, RANGE_NONE, 0, 0},   {"bytes=99999999999999999999-", 10, RANGE_NONE, 0, 0},
        {"lines=0-1", 10, RANGE_NONE, 0, 0},       {"bytes=-", 10, RANGE_NONE, 0, 0},
        {"bytes=", 10, RANGE_NONE, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t first = 0, end = 0;
        assert_int_equal(parse_range(str_from_z(rows[i].header), rows[i].size, &first, &end), rows[i].kind);
        assert_int_equal(first, rows[i].first);
        assert_int_equal(end, rows[i].end);
    }
}

/* What a multipart body gave, as text: "[name|file:data]". */
static bool on_begin(void *ctx, str name, str file) {
    buf_printf(ctx, "[%.*s|%.*s:", STR_ARG(name), STR_ARG(file.p ? file : STR("-")));
    return true;
}
static bool on_data(void *ctx, const char *p, size_t n) {
    buf_write(ctx, p, n);
    return true;
}
static bool on_end(void *ctx) {
    buf_putc(ctx, ']');
    return true;
}
static const struct multipart_calls calls = {on_begin, on_data, on_end};

/* Feeds in pieces of `step` bytes. */
static const char *run(str body, size_t step, struct buf *out, bool *complete) {
    struct multipart m;
    buf_clear(out);
    assert_true(multipart_init(&m, &mem, STR("multipart/form-data; boundary=XX"), &calls, out));
    bool good = true;
    for (size_t at = 0; at < body.n && good; at += step) {
        str piece = str_slice(body, at, at + step);
        good = multipart_feed(&m, piece.p, piece.n);
    }
    *complete = multipart_complete(&m);
    const char *error = m.error;
    multipart_free(&m);
    return error;
}

static void multipart_bodies(void **state) {
    (void)state;
    static const struct {
        const char *body, *gives;
        bool complete, bad;
    } rows[] = {
        {"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--XX--\r\n", "[a|-:value]", true, false},
        {"preamble\r\n--XX\r\nX: y\r\ncontent-disposition:form-data;name=f;filename=g\r\n\r\n\r\n--XX--", "[f|g:]",
         true, false},
        {"--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--XX\r\n"
         "Content-Disposition: form-data; name=b\r\n\r\n2\r\n--XX--epilogue",
         "[a|-:1][b|-:2]", true, false},
        {"--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--X\r\r\n--\r\n--XX \r\n--XX--",
         "[a|-:\r\n--X\r\r\n--]", false, false},
        {"--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\r\n-\r\n\r\n--XX--", "[a|-:\r\r\n-\r\n]", true,
         false},
        {"--XX\r\nContent-Disposition: form-data; name=a\r\n\r\ncut", "[a|-:cut", false, false},
        {"--XX\r\nX: y\r\n\r\n", "", false, true},
        {"--XXY", "", false, true},
        {"--XX--", "", true, false},
        {"", "", false, false},
    };
    struct buf out;
    buf_init(&out, &mem);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        str body = str_from_z(rows[i].body);
        for (size_t step = 1; step <= body.n + 1; step++) {
            bool complete;
            const char *error = run(body, step, &out, &complete);
            assert_int_equal(error != NULL, rows[i].bad);
            assert_int_equal(complete, rows[i].complete);
            if (!rows[i].bad)
                assert_str(buf_str(&out), rows[i].gives);
        }
    }
    buf_free(&out);
    struct multipart m;
    assert_false(multipart_init(&m, &mem, STR("multipart/form-data"), &calls, &out));
    multipart_free(&m);
}

static enum security_verdict check(const struct security *s, const char *method, const char *host, const char *origin,
                                   const char *site) {
    struct security_request r = {.method = str_from_z(method), .host = str_from_z(host)};
    if (origin)
        r.origin = str_from_z(origin);
    if (site)
        r.sec_fetch_site = str_from_z(site);
    return security_check(s, &r);
}

static void hosts_and_origins(void **state) {
    (void)state;
    struct security *s = security_new(&mem, &(struct security_options){.loopback = true});
    assert_int_equal(check(s, "GET", "localhost:8080", NULL, NULL), SECURITY_ALLOW);
    assert_int_equal(check(s, "GET", "127.0.0.1", NULL, NULL), SECURITY_ALLOW);
    assert_int_equal(check(s, "GET", "[::1]:8080", NULL, NULL), SECURITY_ALLOW);
    assert_int_equal(check(s, "GET", "a.localhost:1", NULL, NULL), SECURITY_ALLOW);
    assert_int_equal(check(s, "GET", "evil.com", NULL, NULL), SECURITY_BAD_HOST);
    assert_int_equal(check(s, "GET", "127.0.0.1.evil.com", NULL, NULL), SECURITY_BAD_HOST);
    assert_int_equal(check(s, "GET", "evillocalhost", NULL, NULL), SECURITY_BAD_HOST);
    assert_int_equal(check(s, "GET", "", NULL, NULL), SECURITY_BAD_HOST);
    assert_int_equal(check(s, "POST", "localhost:8080", "http://localhost:8080", NULL), SECURITY_ALLOW);
    assert_int_equal(check(s, "POST", "localhost:8080", "http://localhost:9090", NULL), SECURITY_BAD_ORIGIN);
    assert_int_equal(check(s, "POST", "localhost:8080", "http://evil.com", NULL), SECURITY_BAD_ORIGIN);
    assert_int_equal(check(s, "POST", "localhost:8080", "null", NULL), SECURITY_BAD_ORIGIN);
    assert_int_equal(check(s, "POST", "localhost:8080", NULL, "cross-site"), SECURITY_BAD_ORIGIN);
    assert_int_equal(check(s, "GET", "localhost:8080", NULL, "cross-site"), SECURITY_BAD_ORIGIN);
    assert_int_equal(check(s, "GET", "localhost:8080", NULL, "none"), SECURITY_ALLOW);
    security_free(s);
    s = security_new(&mem, &(struct security_options){.loopback = true, .cors_host = "http://ui.test/"});
    assert_int_equal(check(s, "POST", "localhost:8080", "http://ui.test", NULL), SECURITY_ALLOW);
    assert_int_equal(check(s, "POST", "localhost:8080", "http://ui.test.evil", NULL), SECURITY_BAD_ORIGIN);
    security_free(s);
}

static void tokens(void **state) {
    (void)state;
    struct security *s = security_new(&mem, &(struct security_options){.host = "0.0.0.0", .token = "secret-token"});
    struct security_request r = {.method = STR("GET"), .host = STR("any.host")};
    assert_int_equal(security_check(s, &r), SECURITY_NO_TOKEN);
    r.cookie = STR("x=1; ttx_token=secret-token");
    assert_int_equal(security_check(s, &r), SECURITY_ALLOW);
    r.cookie = STR("ttx_token_8080=other; ttx_token_8081=secret-token");
    assert_int_equal(security_check(s, &r), SECURITY_ALLOW);
    r.cookie = STR("ttx_token");
    assert_int_equal(security_check(s, &r), SECURITY_NO_TOKEN);
    r.cookie = STR("ttx_token=secret-tokem");
    assert_int_equal(security_check(s, &r), SECURITY_NO_TOKEN);
    r.authorization = STR("Bearer secret-token");
    assert_int_equal(security_check(s, &r), SECURITY_ALLOW);
    r.authorization = STR("Bearer secret-token2");
    assert_int_equal(security_check(s, &r), SECURITY_NO_TOKEN);
    r.token_query = STR("secret-token");
    assert_int_equal(security_check(s, &r), SECURITY_ALLOW_SET_COOKIE);
    r.token_query = STR("");
    r.public_route = true;
    assert_int_equal(security_check(s, &r), SECURITY_ALLOW);
    security_free(s);
    char token[SECURITY_TOKEN_TEXT + 1], other[SECURITY_TOKEN_TEXT + 1];
    assert_true(security_make_token(token) && security_make_token(other));
    assert_int_equal(strlen(token), SECURITY_TOKEN_TEXT);
    assert_string_not_equal(token, other);
    assert_true(security_equal(STR(""), STR("")));
    assert_false(security_equal(STR("a"), STR("")));
    assert_false(security_equal(STR(""), STR("a")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(targets), TEST(headers), TEST(ranges), TEST(multipart_bodies), TEST(hosts_and_origins), TEST(tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
