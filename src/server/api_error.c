/* Errors of our own API, and parameters that make no sense. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "server/api_inner.h"
#include "text/text.h"

static const struct {
    int status;
    const char *code, *hint;
} kinds[] = {
    {400, "bad_request", NULL},
    {401, "unauthorized", "open the URL that the server printed when it started, or send its token as a bearer token"},
    {403, "forbidden", NULL},
    {404, "not_found", NULL},
    {405, "method_not_allowed", NULL},
    {408, "timeout", NULL},
    {409, "conflict", NULL},
    {413, "too_large", NULL},
    {414, "too_large", NULL},
    {415, "unsupported_type", NULL},
    {416, "bad_range", NULL},
    {422, "unreadable", "tt-explorer check FILE lists all errors"},
    {431, "too_large", NULL},
    {500, "internal", NULL},
    {503, "unavailable", "try again in a moment"},
    {507, "disk_full", "or start the server with --workspace on another disk"},
};

struct place {
    str file;
    uint64_t line, column;
};

static void write_error(struct json_writer *w, int status, str message, const char *hint, const struct place *at) {
    const char *code = "error";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].status == status) {
            code = kinds[i].code;
            hint = hint ? hint : kinds[i].hint;
        }
    json_object_begin(w);
    json_key(w, STR("error"));
    json_object_begin(w);
    json_member_str(w, STR("code"), str_from_z(code));
    json_member_str(w, STR("message"), message);
    if (hint && hint[0])
        json_member_str(w, STR("hint"), str_from_z(hint));
    if (at && at->line) {
        json_member_str(w, STR("file"), at->file);
        json_member_u64(w, STR("line"), at->line);
        json_member_u64(w, STR("column"), at->column);
    }
    json_object_end(w);
    json_object_end(w);
}

void api_error_body(struct json_writer *w, int status, str message) {
    write_error(w, status, message, NULL, NULL);
}

void api_error(struct http_request *r, int status, const char *hint, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    str text = arena_vprintf(r->arena, fmt, ap);
    va_end(ap);
    write_error(http_json(r, status), status, text.p ? text : STR("out of memory"), hint, NULL);
}

void api_store_error(struct http_request *r, const struct store_error *e) {
    http_store_error(r, e); /* the core knows the statuses, and asks api_error_body for the form */
}

void api_model_error(struct http_request *r, const struct model_error *e) {
    const char *hint = e->status == 403   ? "the folders that may be opened are those given with --root"
                       : e->status == 404 ? "look whether the name is right and the file still there"
                                          : NULL;
    api_error(r, e->status == 400 ? 422 : e->status, hint, "%s", e->text);
}

void api_line_of(str text, size_t offset, uint64_t *line, uint64_t *column) {
    uint64_t n = 1;
    size_t start = 0;
    if (offset > text.n)
        offset = text.n;
    for (;;) {
        const char *hit = offset > start ? memchr(text.p + start, '\n', offset - start) : NULL;
        if (!hit)
            break;
        n++;
        start = (size_t)(hit - text.p) + 1;
    }
    *line = n;
    *column = offset - start + 1;
}

void api_unreadable(struct http_request *r, const struct model *m, const struct model_error *e) {
    const struct diag *first = NULL;
    for (size_t i = 0; i < m->diags.list.n && !first; i++)
        if (m->diags.list.v[i].severity == DIAG_ERROR)
            first = &m->diags.list.v[i];
    if (e->status != 400 || !first || !first->source) {
        api_model_error(r, e);
        return;
    }
    struct place at = {.file = first->source->name};
    api_line_of(first->source->text, first->begin, &at.line, &at.column);
    write_error(http_json(r, 422), 422, first->message, text_unreadable_hint(first->source->text, first->begin), &at);
}

/* --- parameters --------------------------------------------------------------------------------------------------- */

bool api_hash(struct http_request *r, str text, struct store_hash *out) {
    if (store_hash_parse(text, out))
        return true;
    api_error(r, 404, "ids of models are 64 hexadecimal digits", "there is no model %.*s",
              STR_ARG(str_slice(text, 0, 80)));
    return false;
}

bool api_number(struct http_request *r, const char *name, uint64_t *out) {
    str text = http_param(r, name);
    if (num_parse_u64(text, out) && *out <= INT64_MAX)
        return true;
    api_error(r, 404, NULL, "there is no %s %.*s", name, STR_ARG(str_slice(text, 0, 80)));
    return false;
}

bool api_flag(struct http_request *r, const char *name, bool *out) {
    str text = http_query(r, name);
    if (!text.p)
        return true;
    if (text.n == 0 || str_eq(text, STR("1")) || str_eq(text, STR("true"))) {
        *out = true;
    } else if (str_eq(text, STR("0")) || str_eq(text, STR("false"))) {
        *out = false;
    } else {
        api_error(r, 400, NULL, "%s must be true or false", name);
        return false;
    }
    return true;
}

bool api_body_object(struct http_request *r) {
    struct json_reader reader;
    json_reader_init(&reader, r->body);
    enum json_kind kind = json_next(&reader);
    bool object = kind == JSON_OBJECT_BEGIN;
    while (kind != JSON_END && kind != JSON_ERROR)
        kind = json_next(&reader);
    if (kind == JSON_ERROR) {
        struct place at = {.file = STR("body")};
        api_line_of(r->body, reader.error_at, &at.line, &at.column);
        str text = arena_printf(r->arena, "the body is not valid JSON: %s", reader.error);
        write_error(http_json(r, 400), 400, text.p ? text : STR("out of memory"), NULL, &at);
    } else if (!object) {
        api_error(r, 400, NULL, "the body must be a JSON object");
    }
    return kind == JSON_END && object;
}

bool api_body_str(struct http_request *r, str key, str *out) {
    str raw = json_member(r->body, key);
    *out = (str){0};
    if (!raw.p || str_eq(raw, STR("null")))
        return true;
    if (raw.p[0] != '"') {
        api_error(r, 400, NULL, "%.*s must be a string", STR_ARG(key));
        return false;
    }
    *out = http_json_str(r, raw);
    if (!out->p)
        api_error(r, 503, NULL, "out of memory");
    return out->p != NULL;
}
