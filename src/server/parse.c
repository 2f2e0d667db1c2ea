#include "server/parse.h"

#include <string.h>

#include "base/num.h"

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool parse_same(str a, const char *b) {
    size_t i = 0;
    for (; i < a.n && b[i]; i++)
        if (lower(a.p[i]) != lower(b[i]))
            return false;
    return i == a.n && !b[i];
}

str parse_decode(str s, bool plus, struct arena *a) {
    char *out = arena_alloc(a, s.n + 1, 1);
    if (!out)
        return (str){0};
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%' && i + 2 < s.n) {
            int high = num_hex_digit(s.p[i + 1]), low = num_hex_digit(s.p[i + 2]);
            if (high >= 0 && low >= 0) {
                c = (char)(high * 16 + low);
                i += 2;
            }
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[n++] = c;
    }
    out[n] = 0;
    return str_of(out, n);
}

bool parse_target(str target, str *path, str *query) {
    target.n = str_find_char(target, '#');
    if (target.n && target.p[0] != '/') { /* the absolute form, as proxies get it */
        size_t host = str_find(target, STR("://"));
        if (host == target.n)
            return false;
        target = str_from(target, host + 3);
        target = str_from(target, str_find_char(target, '/'));
    }
    size_t mark = str_find_char(target, '?');
    *path = str_slice(target, 0, mark);
    *query = str_from(target, mark + 1);
    return path->n > 0;
}

bool parse_query_next(str *rest, str *name, str *value) {
    while (rest->n) {
        size_t end = str_find_char(*rest, '&');
        str pair = str_slice(*rest, 0, end);
        *rest = str_from(*rest, end + 1);
        if (pair.n == 0)
            continue;
        size_t equals = str_find_char(pair, '=');
        *name = str_slice(pair, 0, equals);
        *value = str_from(pair, equals + 1);
        return true;
    }
    return false;
}

bool parse_path_is_clean(str path) {
    if (str_find_char(path, 0) != path.n || str_find_char(path, '\\') != path.n)
        return false;
    if (str_find(path, STR("//")) != path.n)
        return false;
    while (path.n) {
        size_t end = str_find_char(path, '/');
        str part = str_slice(path, 0, end);
        if (str_eq(part, STR("..")) || str_eq(part, STR(".")))
            return false;
        path = str_from(path, end + 1);
    }
    return true;
}

/* The offset of `c` outside quoted strings, or s.n. */
static size_t find_unquoted(str s, char c) {
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        if (quoted && s.p[i] == '\\' && i + 1 < s.n)
            i++;
        else if (s.p[i] == '"')
            quoted = !quoted;
        else if (!quoted && s.p[i] == c)
            return i;
    }
    return s.n;
}

bool parse_list_next(str *rest, str *element) {
    while (rest->n) {
        size_t end = find_unquoted(*rest, ',');
        *element = str_trim(str_slice(*rest, 0, end));
        *rest = str_from(*rest, end + 1);
        if (element->n)
            return true;
    }
    return false;
}

/* A parameter's value without its quotes. A backslash escapes only a quote or itself: browsers send Windows paths as they
 * are. */
static str unquote(str s, struct arena *a) {
    if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
        return arena_str(a, s);
    char *out = arena_alloc(a, s.n, 1);
    size_t n = 0;
    for (size_t i = 1; out && i + 1 < s.n; i++) {
        if (s.p[i] == '\\' && i + 2 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\'))
            i++;
        out[n++] = s.p[i];
    }
    return out ? str_of(out, n) : (str){0};
}

str parse_parameter(str header, const char *name, struct arena *a) {
    str rest = str_from(header, find_unquoted(header, ';') + 1);
    while (rest.n) {
        size_t end = find_unquoted(rest, ';');
        str pair = str_trim(str_slice(rest, 0, end));
        rest = str_from(rest, end + 1);
        size_t equals = str_find_char(pair, '=');
        if (equals < pair.n && parse_same(str_trim(str_slice(pair, 0, equals)), name))
            return unquote(str_trim(str_from(pair, equals + 1)), a);
    }
    return (str){0};
}

/* Whether the weight of "gzip;q=0.0" is zero. */
static bool weight_is_zero(str element) {
    size_t at = str_find(element, STR("q="));
    if (at == element.n)
        return false;
    str q = str_from(element, at + 2);
    if (q.n == 0 || q.p[0] != '0')
        return false;
    for (size_t i = 0; i < q.n; i++)
        if (q.p[i] >= '1' && q.p[i] <= '9')
            return false;
    return true;
}

bool parse_accepts(str header, const char *coding) {
    str element;
    bool any = false;
    while (parse_list_next(&header, &element)) {
        str name = str_trim(str_slice(element, 0, str_find_char(element, ';')));
        if (parse_same(name, coding))
            return !weight_is_zero(element);
        if (str_eq(name, STR("*")))
            any = !weight_is_zero(element);
    }
    return any;
}

bool parse_etag_matches(str header, str tag) {
    str element;
    while (parse_list_next(&header, &element)) {
        if (str_eq(element, STR("*")))
            return true;
        if (str_starts_with(element, STR("W/")))
            element = str_from(element, 2);
        if (element.n >= 2 && element.p[0] == '"' && element.p[element.n - 1] == '"' &&
            str_eq(str_slice(element, 1, element.n - 1), tag))
            return true;
    }
    return false;
}

enum parse_range parse_range(str header, uint64_t size, uint64_t *first, uint64_t *end) {
    header = str_trim(header);
    if (!str_starts_with(header, STR("bytes=")))
        return RANGE_NONE;
    str spec = str_trim(str_from(header, 6));
    size_t dash = str_find_char(spec, '-');
    if (dash == spec.n)
        return RANGE_NONE;
    str from = str_slice(spec, 0, dash), to = str_from(spec, dash + 1);
    uint64_t a, b;
    if (from.n == 0) { /* the last b bytes */
        if (!num_parse_u64(to, &b))
            return RANGE_NONE;
        if (b == 0 || size == 0)
            return RANGE_IMPOSSIBLE;
        *first = b >= size ? 0 : size - b;
        *end = size;
        return RANGE_PART;
    }
    if (!num_parse_u64(from, &a))
        return RANGE_NONE;
    if (to.n == 0)
        b = UINT64_MAX;
    else if (!num_parse_u64(to, &b) || b < a)
        return RANGE_NONE;
    if (a >= size)
        return RANGE_IMPOSSIBLE;
    *first = a;
    *end = b >= size ? size : b + 1;
    return RANGE_PART;
}

str parse_file_name(str name, struct arena *a) {
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/' || name.p[i - 1] == '\\') {
            name = str_from(name, i);
            break;
        }
    if (name.n > 255) /* the end has the suffix */
        name = str_from(name, name.n - 255);
    char *out = arena_alloc(a, name.n + 1, 1);
    size_t n = 0;
    if (!out)
        return (str){0};
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] >= 0x20 && name.p[i] != 0x7f)
            out[n++] = name.p[i];
    str result = str_trim(str_of(out, n));
    if (result.n == 0 || str_eq(result, STR(".")) || str_eq(result, STR("..")))
        return STR("upload");
    return result;
}
