#include "test.h"

#include "base/diag.h"
#include "base/json.h"

struct fixture {
    struct mem m;
    struct diags d;
    struct buf out;
};

static void begin(struct fixture *f) {
    *f = (struct fixture){0};
    diags_init(&f->d, &f->m);
    buf_init(&f->out, &f->m);
}

static void end(struct fixture *f) {
    diags_free(&f->d);
    buf_free(&f->out);
    assert_int_equal(f->m.used, 0);
}

/* Renders, compares, and clears the output. */
static void expect(struct fixture *f, bool colours, const char *text) {
    diags_render(&f->d, &f->out, (struct diag_style){.colours = colours});
    assert_str(buf_str(&f->out), text);
    buf_clear(&f->out);
}

static void lines_and_columns(void **state) {
    (void)state;
    struct mem m = {0};
    struct buf text;
    buf_init(&text, &m);
    enum { LINES = 1000 };
    for (int i = 0; i < LINES; i++) {
        buf_fill(&text, 'x', (size_t)(i * 7 % 13));
        buf_putc(&text, '\n');
    }
    struct lines l;
    lines_init(&l, &m, buf_str(&text));
    /* Forward, backward, and at random; every offset. */
    for (int round = 0; round < 3; round++) {
        size_t line = 1, column = 1;
        uint64_t seed = 1;
        if (round == 2) {
            for (int i = 0; i < 2000; i++) {
                size_t at = test_random(&seed) % (text.n + 1);
                struct lines_pos pos = lines_find(&l, at);
                size_t expected = 1;
                for (size_t k = 0; k < at; k++)
                    expected += text.p[k] == '\n';
                assert_int_equal(pos.line, expected);
                assert_int_equal(pos.line_start + pos.column - 1, at);
                assert_true(pos.line_start == 0 || text.p[pos.line_start - 1] == '\n');
            }
            break;
        }
        for (size_t at = 0; at <= text.n; at++) {
            struct lines_pos pos = lines_find(&l, at);
            assert_int_equal(pos.line, line);
            assert_int_equal(pos.column, column);
            column++;
            if (at < text.n && text.p[at] == '\n') {
                line++;
                column = 1;
            }
        }
    }
    assert_int_equal(lines_find(&l, SIZE_MAX).line, LINES + 1);
    lines_free(&l);
    /* Without memory the answers are the same. */
    struct mem none = {.fail_at = 1};
    lines_init(&l, &none, buf_str(&text));
    assert_int_equal(lines_find(&l, text.n).line, LINES + 1);
    assert_int_equal(lines_find(&l, 0).line, 1);
    lines_free(&l);
    lines_init(&l, &m, (str){0});
    assert_int_equal(lines_find(&l, 5).line, 1);
    lines_free(&l);
    buf_free(&text);
}

static void quotes_and_marks(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    str text = STR("first line\n  %0 = ttir.add %1\nlast");
    struct diag_source *s = diags_add_source(&f.d, STR("a.mlir"), text);
    diag_add(&f.d, DIAG_ERROR, s, 18, 26, "unknown op '%s'", "ttir.add");
    diag_add(&f.d, DIAG_NOTE, s, 0, 5, "here");
    diag_add(&f.d, DIAG_WARNING, s, text.n, text.n, "no end");
    diag_add(&f.d, DIAG_ERROR, NULL, 0, 0, "nowhere");
    expect(&f, false,
           "a.mlir:2:8: error: unknown op 'ttir.add'\n"
           "  %0 = ttir.add %1\n"
           "       ^~~~~~~~\n"
           "a.mlir:1:1: note: here\n"
           "first line\n"
           "^~~~~\n"
           "a.mlir:3:5: warning: no end\n"
           "last\n"
           "    ^\n"
           "error: nowhere\n");
    assert_int_equal(f.d.errors, 2);
    assert_int_equal(f.d.warnings, 1);
    end(&f);
}

static void colours_when_asked(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    struct diag_source *s = diags_add_source(&f.d, STR("a"), STR("x y"));
    diag_add(&f.d, DIAG_ERROR, s, 2, 3, "bad");
    expect(&f, true,
           "\033[1ma:1:3: \033[0;1;31merror: \033[0m\033[1mbad\033[0m\n"
           "x y\n"
           "  \033[0;1;32m^\033[0m\n");
    end(&f);
}

static void tabs_and_wide_characters(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    str text = STR("\ta\tbad\r\n\xe4\xb8\xad\xc3\xa9\xe2\x82\xac bad\n\033[31m\xff bad");
    struct diag_source *s = diags_add_source(&f.d, STR("t"), text);
    size_t first = str_find(text, STR("bad"));
    diag_add(&f.d, DIAG_ERROR, s, first, first + 3, "tab");
    diag_add(&f.d, DIAG_ERROR, s, 17, 20, "wide");
    diag_add(&f.d, DIAG_ERROR, s, text.n - 3, text.n, "control \033[31m");
    expect(&f, false,
           "t:1:4: error: tab\n"
           "        a       bad\n"
           "                ^~~\n"
           "t:2:10: error: wide\n"
           "\xe4\xb8\xad\xc3\xa9\xe2\x82\xac bad\n"
           "     ^~~\n"
           "t:3:8: error: control \xef\xbf\xbd[31m\n"
           "\xef\xbf\xbd[31m\xef\xbf\xbd bad\n"
           "       ^~~\n");
    end(&f);
}

static void windows_long_lines(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    struct buf text;
    buf_init(&text, &f.m);
    for (int i = 0; i < 100000; i++)
        buf_printf(&text, "%d,", i % 10);
    struct diag_source *s = diags_add_source(&f.d, STR("long"), buf_str(&text));
    diag_add(&f.d, DIAG_ERROR, s, 100000, 100003, "middle");
    diags_render(&f.d, &f.out, (struct diag_style){0});
    static const char start[] = "long:1:100001: error: middle\n...0,1,2,3,";
    assert_memory_equal(f.out.p, start, sizeof start - 1);
    assert_true(f.out.n < 300);
    str rest = str_from(buf_str(&f.out), str_find(buf_str(&f.out), STR("\n")) + 1);
    size_t mark = str_find(rest, STR("^")) - str_find(rest, STR("\n")) - 1;
    assert_int_equal(mark, 63);
    assert_int_equal(rest.p[mark], '0');
    buf_clear(&f.out);
    buf_free(&text);
    end(&f);
    /* A line that just fits is whole wherever the place is. */
    begin(&f);
    char line[162];
    memset(line, 'x', 160);
    line[160] = '\n';
    s = diags_add_source(&f.d, STR("fits"), str_of(line, 161));
    diag_add(&f.d, DIAG_ERROR, s, 159, 160, "e");
    diags_render(&f.d, &f.out, (struct diag_style){0});
    assert_int_equal(f.out.n, strlen("fits:1:160: error: e\n") + 161 + 161);
    end(&f);
}

static void stops_keeping_after_the_limit(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(diags_full(&f.d), i >= 20);
        diag_add(&f.d, DIAG_ERROR, NULL, 0, 0, "e%d", i);
        diag_add(&f.d, DIAG_NOTE, NULL, 0, 0, "n%d", i);
    }
    f.d.max_warnings = 0;
    diag_add(&f.d, DIAG_WARNING, NULL, 0, 0, "w");
    diag_add(&f.d, DIAG_NOTE, NULL, 0, 0, "of w");
    assert_int_equal(f.d.list.n, 40);
    assert_int_equal(f.d.errors, 30);
    diags_render(&f.d, &f.out, (struct diag_style){0});
    assert_true(str_ends_with(buf_str(&f.out), STR("error: e19\nnote: n19\n20 of 30 errors shown\n"
                                                   "0 of 1 warnings shown\n")));
    end(&f);
}

static void renders_json(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    struct diag_source *s = diags_add_source(&f.d, STR("a\"b"), STR("x\nyy zz"));
    diag_add(&f.d, DIAG_ERROR, s, 5, 7, "bad");
    diag_add(&f.d, DIAG_NOTE, s, 0, 1, "first");
    diag_add(&f.d, DIAG_NOTE, NULL, 0, 0, "second");
    diag_add(&f.d, DIAG_WARNING, NULL, 0, 0, "hm");
    struct json_writer w = json_writer_to(&f.out);
    diags_render_json(&f.d, &w);
    assert_str(buf_str(&f.out), "[{\"file\":\"a\\\"b\",\"line\":2,\"column\":4,\"end_line\":2,\"end_column\":6,"
                                "\"severity\":\"error\",\"message\":\"bad\",\"notes\":["
                                "{\"file\":\"a\\\"b\",\"line\":1,\"column\":1,\"end_line\":1,\"end_column\":2,"
                                "\"severity\":\"note\",\"message\":\"first\"},"
                                "{\"severity\":\"note\",\"message\":\"second\"}]},"
                                "{\"severity\":\"warning\",\"message\":\"hm\",\"notes\":[]}]");
    end(&f);
}

static bool many(struct mem *m, void *ctx) {
    (void)ctx;
    struct diags d;
    diags_init(&d, m);
    struct diag_source *s = diags_add_source(&d, STR("a"), STR("some\ntext\n"));
    for (int i = 0; i < 20; i++)
        diag_add(&d, DIAG_ERROR, s, 5, 7, "%0600d", i);
    assert_int_equal(d.errors, 20);
    bool good = !d.oom;
    if (!good) { /* says so when there is memory again */
        struct mem fresh = {0};
        struct buf out;
        buf_init(&out, &fresh);
        diags_render(&d, &out, (struct diag_style){0});
        assert_true(str_find(buf_str(&out), STR("error: out of memory\n")) < out.n);
        buf_free(&out);
    }
    diags_free(&d);
    return good;
}

static void survives_any_failure(void **state) {
    (void)state;
    test_oom_sweep(many, NULL, 100);
    struct mem m = {0};
    struct diags d;
    diags_init(&d, &m);
    diag_out_of_memory(&d);
    assert_int_equal(d.errors, 1);
    assert_int_equal(m.calls, 0);
    diags_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_columns),  cmocka_unit_test(quotes_and_marks),
        cmocka_unit_test(colours_when_asked), cmocka_unit_test(tabs_and_wide_characters),
        cmocka_unit_test(windows_long_lines), cmocka_unit_test(stops_keeping_after_the_limit),
        cmocka_unit_test(renders_json),       cmocka_unit_test(survives_any_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
