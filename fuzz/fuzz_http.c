/* What we read of HTTP ourselves: targets, queries, headers, ranges, multipart bodies. The first byte says how a multipart
 * body is cut, the first line is a target or header, the rest a body. */
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "server/http.h"
#include "server/parse.h"

struct sink {
    struct buf out;
    bool open;
};

static bool on_begin(void *ctx, str name, str file) {
    struct sink *s = ctx;
    FUZZ_CHECK(!s->open);
    s->open = true;
    buf_lit(&s->out, "[");
    buf_put_str(&s->out, name);
    buf_put_str(&s->out, file);
    buf_lit(&s->out, "|");
    return true;
}

static bool on_data(void *ctx, const char *p, size_t n) {
    struct sink *s = ctx;
    FUZZ_CHECK(s->open && n > 0);
    buf_write(&s->out, p, n);
    return true;
}

static bool on_end(void *ctx) {
    struct sink *s = ctx;
    FUZZ_CHECK(s->open);
    s->open = false;
    buf_lit(&s->out, "]");
    return true;
}

static const struct multipart_calls calls = {on_begin, on_data, on_end};

static bool run(struct mem *m, str body, size_t step, struct sink *s) {
    struct multipart p;
    buf_init(&s->out, m);
    s->open = false;
    bool good = multipart_init(&p, m, STR("multipart/form-data; boundary=b"), &calls, s);
    for (size_t at = 0; at < body.n && good; at += step) {
        str piece = str_slice(body, at, at + step);
        good = multipart_feed(&p, piece.p, piece.n);
    }
    FUZZ_CHECK(good || p.error);
    good = good && multipart_complete(&p);
    multipart_free(&p);
    return good;
}

static void headers(str line, struct arena *a) {
    str path, query, name, value, rest = line;
    if (parse_target(line, &path, &query)) {
        FUZZ_CHECK(path.n > 0 && path.p[0] == '/');
        str decoded = parse_decode(path, false, a);
        FUZZ_CHECK(decoded.n <= path.n);
        if (parse_path_is_clean(decoded))
            FUZZ_CHECK(str_find(decoded, STR("/../")) == decoded.n);
        while (parse_query_next(&query, &name, &value))
            FUZZ_CHECK(parse_decode(value, true, a).n <= value.n);
    }
    uint64_t first, end;
    for (uint64_t size = 0; size < 100; size += 33)
        if (parse_range(line, size, &first, &end) == RANGE_PART)
            FUZZ_CHECK(first < end && end <= size);
    while (parse_list_next(&rest, &value))
        FUZZ_CHECK(value.n > 0);
    parse_parameter(line, "filename", a);
    parse_accepts(line, "gzip");
    parse_etag_matches(line, STR("x"));
    str file = parse_file_name(line, a);
    FUZZ_CHECK(file.n > 0 && str_find_char(file, '/') == file.n && !str_eq(file, STR("..")));
    str member = json_member(line, STR("a"));
    FUZZ_CHECK(!member.p || (member.p >= line.p && member.p + member.n <= line.p + line.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mem m = {0};
    struct arena a;
    struct sink whole, cut;
    arena_init(&a, &m);
    if (size > 0) {
        str input = str_of((const char *)data + 1, size - 1);
        size_t line = str_find_char(input, '\n');
        headers(str_slice(input, 0, line), &a);
        str body = str_from(input, line + 1);
        /* However it is cut, a body gives the same. */
        bool good = run(&m, body, body.n ? body.n : 1, &whole);
        FUZZ_CHECK(run(&m, body, data[0] % 16 + 1, &cut) == good);
        if (good)
            FUZZ_CHECK(str_eq(buf_str(&whole.out), buf_str(&cut.out)));
        buf_free(&whole.out);
        buf_free(&cut.out);
    }
    arena_free(&a);
    FUZZ_CHECK(m.used == 0);
    return 0;
}
