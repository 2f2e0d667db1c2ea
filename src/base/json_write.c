#include <math.h>

#include "base/json.h"
#include "base/num.h"
#include "base/utf8.h"

static void json_newline(struct json_writer *w) {
    buf_putc(w->out, '\n');
    buf_fill(w->out, ' ', (size_t)w->depth * (size_t)w->indent);
}

/* What stands between two values. */
static inline void json_separate(struct json_writer *w) {
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->comma)
        buf_putc(w->out, ',');
    if (w->indent && w->depth)
        json_newline(w);
}

static void json_open(struct json_writer *w, char bracket) {
    json_separate(w);
    buf_putc(w->out, bracket);
    w->depth++;
    w->comma = false;
}

static void json_close(struct json_writer *w, char bracket) {
    w->depth--;
    if (w->indent && w->comma)
        json_newline(w);
    buf_putc(w->out, bracket);
    w->comma = true;
}

void json_object_begin(struct json_writer *w) {
    json_open(w, '{');
}

void json_object_end(struct json_writer *w) {
    json_close(w, '}');
}

void json_array_begin(struct json_writer *w) {
    json_open(w, '[');
}

void json_array_end(struct json_writer *w) {
    json_close(w, ']');
}

/* How many bytes at the start of `s` go out as they are: printable ASCII but for '"' and '\'. Eight at a time: the
 * high bit of a byte of the sum is set where the byte is one of the exceptions. */
static size_t json_plain(str s) {
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, s.p + i, 8);
        uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
        uint64_t stop = word | (word - ones * 0x20) | (quote - ones) | (backslash - ones);
        if (stop & high)
            break;
    }
    for (; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
    }
    return i;
}

static void json_escape(struct buf *out, char c) {
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"': buf_lit(out, "\\\""); break;
    case '\\': buf_lit(out, "\\\\"); break;
    case '\n': buf_lit(out, "\\n"); break;
    case '\r': buf_lit(out, "\\r"); break;
    case '\t': buf_lit(out, "\\t"); break;
    default:
        buf_lit(out, "\\u00");
        buf_putc(out, hex[(unsigned char)c >> 4]);
        buf_putc(out, hex[c & 15]);
    }
}

void json_put_string(struct buf *out, str s) {
    buf_putc(out, '"');
    while (true) {
        size_t n = json_plain(s);
        buf_write(out, s.p, n);
        s = str_from(s, n);
        if (!s.n)
            break;
        n = 1;
        if ((unsigned char)s.p[0] < 0x80) {
            json_escape(out, s.p[0]);
        } else {
            uint32_t code;
            n = utf8_decode(s, &code);
            if (code == UTF8_INVALID)
                buf_lit(out, "\xef\xbf\xbd");
            else
                buf_write(out, s.p, n);
        }
        s = str_from(s, n);
    }
    buf_putc(out, '"');
}

void json_key(struct json_writer *w, str key) {
    json_separate(w);
    json_put_string(w->out, key);
    if (w->indent)
        buf_lit(w->out, ": ");
    else
        buf_putc(w->out, ':');
    w->after_key = true;
}

void json_str(struct json_writer *w, str s) {
    json_separate(w);
    json_put_string(w->out, s);
    w->comma = true;
}

void json_u64(struct json_writer *w, uint64_t v) {
    json_separate(w);
    buf_put_u64(w->out, v);
    w->comma = true;
}

void json_i64(struct json_writer *w, int64_t v) {
    json_separate(w);
    buf_put_i64(w->out, v);
    w->comma = true;
}

void json_double(struct json_writer *w, double v) {
    if (!isfinite(v)) {
        json_null(w);
        return;
    }
    json_separate(w);
    char *p = buf_reserve(w->out, NUM_DOUBLE_MAX);
    if (p)
        buf_commit(w->out, num_format_double(p, v));
    w->comma = true;
}

void json_raw(struct json_writer *w, str text) {
    json_separate(w);
    buf_put_str(w->out, text);
    w->comma = true;
}

void json_bool(struct json_writer *w, bool v) {
    json_raw(w, v ? STR("true") : STR("false"));
}

void json_null(struct json_writer *w) {
    json_raw(w, STR("null"));
}
