/* The body of send_command. */
#include "server/me_command.h"

#include <stdio.h>
#include <string.h>

#include "graph/attrs.h"

/* A place for the one error. */
struct fault {
    char *text;
    size_t size;
    bool set;
};

static bool fault_syntax(struct fault *f, const struct json_reader *r) {
    snprintf(f->text, f->size, "JSONDecodeError: %s (char %zu)", r->error ? r->error : "the text ends too early",
             r->error_at);
    f->set = true;
    return false;
}

static bool fault_type(struct fault *f, const char *what, const char *wanted) {
    snprintf(f->text, f->size, "TypeError: %s must be %s", what, wanted);
    f->set = true;
    return false;
}

static bool fault_memory(struct fault *f) {
    snprintf(f->text, f->size, "MemoryError: out of memory");
    f->set = true;
    return false;
}

/* The raw text of the value whose first token was just returned; the reader stands behind it afterwards. */
static bool raw_value(struct json_reader *r, enum json_kind kind, str *out) {
    const char *begin = r->text.p - (kind == JSON_STRING); /* the text of a string is what is between its quotes */
    if (!json_skip(r, kind))
        return false;
    *out = str_of(begin, (size_t)(r->p - begin));
    return true;
}

/* A string member; null counts as not given. */
static bool take_str(struct json_reader *r, enum json_kind kind, struct arena *a, const char *what, struct fault *f,
                     str *out) {
    if (kind == JSON_ERROR)
        return fault_syntax(f, r);
    if (kind == JSON_NULL)
        return true;
    if (kind != JSON_STRING)
        return fault_type(f, what, "a string");
    *out = json_unescape(r, a);
    return out->p || fault_memory(f);
}

static bool take_bool(struct json_reader *r, enum json_kind kind, const char *what, struct fault *f, bool *out) {
    if (kind == JSON_ERROR)
        return fault_syntax(f, r);
    if (kind != JSON_TRUE && kind != JSON_FALSE && kind != JSON_NULL)
        return fault_type(f, what, "true or false");
    *out = kind == JSON_TRUE;
    return true;
}

static bool read_settings(struct json_reader *r, enum json_kind kind, struct arena *a, struct me_command *c,
                          struct fault *f) {
    if (kind == JSON_NULL)
        return true;
    if (kind == JSON_ERROR)
        return fault_syntax(f, r);
    if (kind != JSON_OBJECT_BEGIN)
        return fault_type(f, "settings", "an object");
    while ((kind = json_next(r)) == JSON_KEY) {
        if (json_key_is(r, STR("optimizationPolicy"))) {
            if (!take_str(r, json_next(r), a, "optimizationPolicy", f, &c->policy))
                return false;
        } else if (json_key_is(r, STR("generateCppCode"))) {
            if (!take_bool(r, json_next(r), "generateCppCode", f, &c->cpp_code))
                return false;
        } else if (json_key_is(r, STR("overrides"))) {
            kind = json_next(r);
            if (kind != JSON_NULL && kind != JSON_OBJECT_BEGIN && kind != JSON_ERROR)
                return fault_type(f, "overrides", "an object");
            str raw;
            if (!raw_value(r, kind, &raw))
                return fault_syntax(f, r);
            if (kind == JSON_OBJECT_BEGIN)
                c->overrides = raw;
        } else if (json_key_is(r, STR("const_element_count_limit"))) {
            kind = json_next(r);
            uint64_t n;
            if (kind == JSON_NUMBER && json_get_u64(r, &n))
                c->elements = n;
            else if (!json_skip(r, kind))
                return fault_syntax(f, r);
        } else if (!json_skip(r, JSON_KEY)) {
            return fault_syntax(f, r);
        }
    }
    return kind == JSON_OBJECT_END || fault_syntax(f, r);
}

static bool read_command(struct json_reader *r, struct arena *a, struct me_command *c, struct fault *f) {
    enum json_kind kind = json_next(r);
    if (kind == JSON_ERROR || kind == JSON_END)
        return fault_syntax(f, r);
    if (kind != JSON_OBJECT_BEGIN) {
        if (!json_skip(r, kind) || json_next(r) != JSON_END)
            return fault_syntax(f, r);
        return fault_type(f, "a command", "an object");
    }
    while ((kind = json_next(r)) == JSON_KEY) {
        bool ok;
        if (json_key_is(r, STR("cmdId")))
            ok = take_str(r, json_next(r), a, "cmdId", f, &c->cmd_id);
        else if (json_key_is(r, STR("extensionId")))
            ok = take_str(r, json_next(r), a, "extensionId", f, &c->extension_id);
        else if (json_key_is(r, STR("modelPath")))
            ok = take_str(r, json_next(r), a, "modelPath", f, &c->model_path);
        else if (json_key_is(r, STR("settings")))
            ok = read_settings(r, json_next(r), a, c, f);
        else if (json_key_is(r, STR("deleteAfterConversion")))
            ok = take_bool(r, json_next(r), "deleteAfterConversion", f, &c->delete_after);
        else
            ok = json_skip(r, JSON_KEY) || fault_syntax(f, r);
        if (!ok)
            return false;
    }
    return (kind == JSON_OBJECT_END && json_next(r) == JSON_END) || fault_syntax(f, r);
}

bool me_command_read(str body, struct arena *a, struct me_command *out, char *error, size_t error_size, bool *syntax) {
    struct json_reader r;
    struct fault f = {error, error_size, false};
    *out = (struct me_command){0};
    json_reader_init(&r, body);
    bool ok = read_command(&r, a, out, &f);
    *syntax = !ok && strncmp(error, "JSONDecodeError", 15) == 0;
    return ok;
}

bool me_override_key(str key) {
    static const str keys[] = {
        STR_INIT("data_type"),  STR_INIT("memory_layout"), STR_INIT("buffer_type"), STR_INIT("tensor_memory_layout"),
        STR_INIT("grid_shape"), STR_INIT("dtype"),
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (str_eq(keys[i], key))
            return true;
    for (size_t i = 0; i < GRAPH_CONV2D_KEYS; i++)
        if (str_eq(graph_conv2d_keys[i], key))
            return true;
    return false;
}

/* {"key","value"} of one attribute, behind its opening brace. */
static bool read_override_item(struct json_reader *r, struct arena *a, struct json_writer *out, struct fault *f) {
    enum json_kind kind;
    str key = {0}, value = {0};
    while ((kind = json_next(r)) == JSON_KEY) {
        bool is_key = json_key_is(r, STR("key")), is_value = json_key_is(r, STR("value"));
        kind = json_next(r);
        if (is_key ? !take_str(r, kind, a, "key", f, &key) : is_value && !take_str(r, kind, a, "value", f, &value))
            return false;
        if (!is_key && !is_value && !json_skip(r, kind))
            return fault_syntax(f, r);
    }
    if (kind != JSON_OBJECT_END)
        return fault_syntax(f, r);
    if (!key.p || !value.p)
        return fault_type(f, "each of attributes", "an object with the strings key and value");
    if (!me_override_key(key)) {
        snprintf(f->text, f->size, "ValueError: Invalid override attribute: %.*s", STR_ARG(str_slice(key, 0, 200)));
        f->set = true;
        return false;
    }
    json_object_begin(out);
    json_key(out, STR("key"));
    json_str(out, key);
    json_key(out, STR("value"));
    json_str(out, value);
    json_object_end(out);
    return true;
}

static bool read_override(struct json_reader *r, struct arena *a, struct json_writer *out, struct fault *f) {
    enum json_kind kind = json_next(r);
    if (kind != JSON_OBJECT_BEGIN)
        return kind == JSON_ERROR ? fault_syntax(f, r) : fault_type(f, "each override", "an object");
    bool named = false, full = false, listed = false;
    json_object_begin(out);
    while ((kind = json_next(r)) == JSON_KEY) {
        bool is_named = json_key_is(r, STR("named_location")), is_full = json_key_is(r, STR("full_location"));
        if (is_named || is_full) {
            str text = {0};
            if (!take_str(r, json_next(r), a, is_named ? "named_location" : "full_location", f, &text))
                return false;
            if (!text.p || (is_named ? named : full))
                continue;
            named |= is_named;
            full |= is_full;
            json_key(out, is_named ? STR("named_location") : STR("full_location"));
            json_str(out, text);
        } else if (json_key_is(r, STR("attributes")) && !listed) {
            listed = true;
            kind = json_next(r);
            if (kind != JSON_ARRAY_BEGIN)
                return kind == JSON_ERROR ? fault_syntax(f, r) : fault_type(f, "attributes", "a list");
            json_key(out, STR("attributes"));
            json_array_begin(out);
            while ((kind = json_next(r)) == JSON_OBJECT_BEGIN)
                if (!read_override_item(r, a, out, f))
                    return false;
            if (kind != JSON_ARRAY_END)
                return kind == JSON_ERROR ? fault_syntax(f, r) : fault_type(f, "each of attributes", "an object");
            json_array_end(out);
        } else if (!json_skip(r, JSON_KEY)) {
            return fault_syntax(f, r);
        }
    }
    if (kind != JSON_OBJECT_END)
        return fault_syntax(f, r);
    json_object_end(out);
    return named && listed ? true : fault_type(f, "each override", "an object with named_location and attributes");
}

bool me_overrides_read(str raw, struct arena *a, struct json_writer *out, char *error, size_t error_size) {
    struct json_reader r;
    struct fault f = {error, error_size, false};
    json_reader_init(&r, raw);
    enum json_kind kind = json_next(&r);
    if (kind != JSON_OBJECT_BEGIN)
        return kind == JSON_ERROR || kind == JSON_END ? fault_syntax(&f, &r) : fault_type(&f, "overrides", "an object");
    json_object_begin(out);
    while ((kind = json_next(&r)) == JSON_KEY) {
        str location = json_unescape(&r, a);
        char *plain = location.p ? arena_alloc(a, location.n + 1, 1) : NULL;
        if (!plain)
            return fault_memory(&f);
        size_t n = 0;
        for (size_t i = 0; i < location.n; i++)
            if (location.p[i] != '"')
                plain[n++] = location.p[i];
        json_key(out, str_of(plain, n));
        if (!read_override(&r, a, out, &f))
            return false;
    }
    json_object_end(out);
    return (kind == JSON_OBJECT_END && json_next(&r) == JSON_END) || fault_syntax(&f, &r);
}

void me_quote(str text, struct buf *out) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
            c == '-' || c == '~' || c == '/') {
            buf_putc(out, (char)c);
        } else {
            buf_putc(out, '%');
            buf_putc(out, digits[c >> 4]);
            buf_putc(out, digits[c & 15]);
        }
    }
}
