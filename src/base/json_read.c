/* JSON pull reader (RFC 8259, strict).
 *
 * States: what may come next. Containers are a bit stack in the reader, so depth is bounded and nothing recurses.
 *
 *     VALUE ── scalar or closing bracket ──▶ AFTER ── ',' ──▶ VALUE in arrays, KEY in objects
 *     FIRST_KEY / FIRST_VALUE: just after an opening bracket, where the closing one is allowed too
 */
#include "base/json.h"
#include "base/num.h"
#include "base/utf8.h"

enum {
    JSON_ST_VALUE,
    JSON_ST_FIRST_VALUE,
    JSON_ST_KEY,
    JSON_ST_FIRST_KEY,
    JSON_ST_AFTER,
    JSON_ST_DONE,
    JSON_ST_ERROR,
};

void json_reader_init(struct json_reader *r, str text) {
    if (str_starts_with(text, STR("\xef\xbb\xbf")))
        text = str_from(text, 3);
    *r = (struct json_reader){.begin = text.p, .p = text.p, .end = text.n ? text.p + text.n : text.p};
    r->state = JSON_ST_VALUE;
}

size_t json_at(const struct json_reader *r) {
    return r->text.p ? (size_t)(r->text.p - r->begin) : 0;
}

static enum json_kind json_fail(struct json_reader *r, const char *at, const char *what) {
    r->state = JSON_ST_ERROR;
    r->error = what;
    r->error_at = at ? (size_t)(at - r->begin) : 0;
    return JSON_ERROR;
}

static bool json_top_is_object(const struct json_reader *r) {
    unsigned level = r->depth - 1;
    return r->in_object[level / 64] >> (level % 64) & 1;
}

static enum json_kind json_push(struct json_reader *r, bool object) {
    if (r->depth == JSON_MAX_DEPTH)
        return json_fail(r, r->p, "nested too deep");
    uint64_t bit = (uint64_t)1 << (r->depth % 64);
    uint64_t *word = &r->in_object[r->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    r->depth++;
    r->text = str_of(r->p++, 1);
    r->state = object ? JSON_ST_FIRST_KEY : JSON_ST_FIRST_VALUE;
    return object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static enum json_kind json_pop(struct json_reader *r) {
    enum json_kind kind = json_top_is_object(r) ? JSON_OBJECT_END : JSON_ARRAY_END;
    r->depth--;
    r->text = str_of(r->p++, 1);
    r->state = r->depth ? JSON_ST_AFTER : JSON_ST_DONE;
    return kind;
}

/* A scalar is over. */
static enum json_kind json_scalar(struct json_reader *r, const char *from, enum json_kind kind) {
    r->text = str_of(from, (size_t)(r->p - from));
    r->state = r->depth ? JSON_ST_AFTER : JSON_ST_DONE;
    return kind;
}

/* Passes over the string whose opening quote is at p; r->text is what stands between the quotes. */
static bool json_string(struct json_reader *r) {
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    const char *from = r->p + 1, *p = from;
    r->has_escapes = false;
    while (true) {
        uint64_t word;
        while (r->end - p >= 8) {
            memcpy(&word, p, 8);
            uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
            /* High bit set where a byte is a quote, a backslash or a control character (or after one of them). */
            if (((word - ones * 0x20) | (quote - ones) | (backslash - ones)) & ~word & high)
                break;
            p += 8;
        }
        while (p < r->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
            p++;
        if (p == r->end) {
            json_fail(r, r->p, "string without end");
            return false;
        }
        if (*p == '"')
            break;
        if (*p != '\\') {
            json_fail(r, p, "control character in a string");
            return false;
        }
        r->has_escapes = true;
        const char *escape = p++;
        if (p == r->end || !strchr("\"\\/bfnrtu", *p) || !*p) {
            json_fail(r, escape, "unknown escape");
            return false;
        }
        if (*p++ == 'u') {
            for (int i = 0; i < 4; i++, p++) {
                if (p == r->end || num_hex_digit(*p) < 0) {
                    json_fail(r, escape, "\\u needs four hexadecimal digits");
                    return false;
                }
            }
        }
    }
    r->text = str_of(from, (size_t)(p - from));
    r->p = p + 1;
    return true;
}

static bool json_is_digit(const struct json_reader *r, const char *p) {
    return p < r->end && *p >= '0' && *p <= '9';
}

static enum json_kind json_number(struct json_reader *r) {
    const char *from = r->p, *p = from;
    if (*p == '-')
        p++;
    if (!json_is_digit(r, p))
        return json_fail(r, from, "expected a value");
    if (*p == '0' && json_is_digit(r, p + 1))
        return json_fail(r, from, "number with a leading zero");
    while (json_is_digit(r, p))
        p++;
    if (p < r->end && *p == '.') {
        if (!json_is_digit(r, ++p))
            return json_fail(r, from, "expected a digit after the point");
        while (json_is_digit(r, p))
            p++;
    }
    if (p < r->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < r->end && (*p == '+' || *p == '-'))
            p++;
        if (!json_is_digit(r, p))
            return json_fail(r, from, "expected a digit in the exponent");
        while (json_is_digit(r, p))
            p++;
    }
    r->p = p;
    return json_scalar(r, from, JSON_NUMBER);
}

static enum json_kind json_word(struct json_reader *r, str word, enum json_kind kind) {
    const char *from = r->p;
    if (!str_starts_with(str_of(from, (size_t)(r->end - from)), word))
        return json_fail(r, from, "expected a value");
    r->p += word.n;
    return json_scalar(r, from, kind);
}

static enum json_kind json_value(struct json_reader *r) {
    const char *from = r->p;
    switch (*from) {
    case '{': return json_push(r, true);
    case '[': return json_push(r, false);
    case '"': {
        if (!json_string(r))
            return JSON_ERROR;
        r->state = r->depth ? JSON_ST_AFTER : JSON_ST_DONE;
        return JSON_STRING;
    }
    case 't': return json_word(r, STR("true"), JSON_TRUE);
    case 'f': return json_word(r, STR("false"), JSON_FALSE);
    case 'n': return json_word(r, STR("null"), JSON_NULL);
    default: return json_number(r);
    }
}

/* White space, then whether anything is left. */
static bool json_more(struct json_reader *r) {
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
        r->p++;
    return r->p < r->end;
}

static enum json_kind json_read_member(struct json_reader *r) {
    if (*r->p != '"')
        return json_fail(r, r->p, "expected a key in quotes");
    if (!json_string(r))
        return JSON_ERROR;
    if (!json_more(r) || *r->p != ':')
        return json_fail(r, r->p, "expected ':' after the key");
    r->p++;
    r->state = JSON_ST_VALUE;
    return JSON_KEY;
}

enum json_kind json_next(struct json_reader *r) {
    if (r->state == JSON_ST_ERROR)
        return JSON_ERROR;
    bool more = json_more(r);
    if (r->state == JSON_ST_DONE)
        return more ? json_fail(r, r->p, "text after the end of the document") : JSON_END;
    if (!more)
        return json_fail(r, r->p, "unexpected end of the document");
    if (r->state == JSON_ST_AFTER) {
        bool object = json_top_is_object(r);
        if (*r->p == (object ? '}' : ']'))
            return json_pop(r);
        if (*r->p != ',')
            return json_fail(r, r->p, object ? "expected ',' or '}'" : "expected ',' or ']'");
        r->p++;
        if (!json_more(r))
            return json_fail(r, r->p, "unexpected end of the document");
        r->state = object ? JSON_ST_KEY : JSON_ST_VALUE;
    }
    switch (r->state) {
    case JSON_ST_FIRST_KEY:
        if (*r->p == '}')
            return json_pop(r);
        return json_read_member(r);
    case JSON_ST_KEY: return json_read_member(r);
    case JSON_ST_FIRST_VALUE:
        if (*r->p == ']')
            return json_pop(r);
        return json_value(r);
    default: return json_value(r);
    }
}

bool json_skip(struct json_reader *r, enum json_kind kind) {
    if (kind == JSON_KEY)
        kind = json_next(r);
    if (kind == JSON_OBJECT_BEGIN || kind == JSON_ARRAY_BEGIN) {
        unsigned outside = r->depth - 1;
        while (r->depth > outside) {
            kind = json_next(r);
            if (kind == JSON_ERROR)
                return false;
        }
    }
    return kind != JSON_ERROR;
}

/* --- values -------------------------------------------------------------------------------------------------- */

/* The four digits after \u; the reader has checked them. */
static uint32_t json_hex4(const char *p) {
    uint32_t v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 4 | (uint32_t)num_hex_digit(p[i]);
    return v;
}

/* Decodes the escape at *p, which is moved behind it, and returns its character. */
static uint32_t json_escape_code(const char **p, const char *end) {
    const char *q = *p + 1;
    *p += 2;
    switch (*q) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: return (uint32_t)*q; /* itself: quote, backslash, slash */
    }
    uint32_t code = json_hex4(q + 1);
    *p += 4;
    if (code < 0xd800 || code > 0xdfff)
        return code;
    if (code < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        uint32_t low = json_hex4(*p + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *p += 6;
            return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return 0xfffd; /* half a pair */
}

str json_unescape(const struct json_reader *r, struct arena *a) {
    str s = r->text;
    size_t valid = utf8_valid_prefix(s);
    if (!r->has_escapes && valid == s.n)
        return s;
    /* An escape never grows; a broken byte grows to three. */
    size_t broken = 0;
    for (size_t i = valid; i < s.n; i++)
        broken += (unsigned char)s.p[i] >= 0x80;
    char *out = arena_alloc(a, s.n + 2 * broken + 1, 1);
    if (!out)
        return (str){0};
    size_t n = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end;) {
        uint32_t code;
        if (*p == '\\')
            code = json_escape_code(&p, end);
        else
            p += utf8_decode(str_of(p, (size_t)(end - p)), &code);
        n += utf8_encode(out + n, code == UTF8_INVALID ? 0xfffd : code);
    }
    out[n] = 0;
    return (str){out, n};
}

bool json_key_is(const struct json_reader *r, str key) {
    return str_eq(r->text, key);
}

bool json_get_i64(const struct json_reader *r, int64_t *out) {
    return num_parse_i64(r->text, out);
}

bool json_get_u64(const struct json_reader *r, uint64_t *out) {
    return num_parse_u64(r->text, out);
}

double json_get_double(const struct json_reader *r) {
    double v = 0;
    num_parse_double(r->text, &v);
    return v;
}

str json_member(str object, str key) {
    struct json_reader r;
    json_reader_init(&r, object);
    str found = {0};
    if (json_next(&r) != JSON_OBJECT_BEGIN)
        return found;
    for (enum json_kind kind; (kind = json_next(&r)) == JSON_KEY;) {
        bool here = json_key_is(&r, key);
        kind = json_next(&r);
        size_t begin = json_at(&r);
        if (kind == JSON_STRING && begin && object.p[begin - 1] == '"' && r.text.p == object.p + begin)
            begin--;
        if (!json_skip(&r, kind))
            return (str){0};
        if (here) /* the last one counts, as in JavaScript */
            found = str_slice(object, begin, (size_t)(r.p - object.p));
    }
    if (r.error)
        found = str_of(NULL, 0);
    return found;
}
