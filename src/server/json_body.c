/* Small JSON bodies of requests. */
#include "server/http_inner.h"

str http_json_str(struct http_request *pub, str raw) {
    struct json_reader r;
    if (!raw.p)
        return raw;
    json_reader_init(&r, raw);
    if (json_next(&r) != JSON_STRING)
        return (str){0};
    str text = json_unescape(&r, pub->arena);
    return arena_str(pub->arena, text);
}

bool http_body_is_json(struct http_request *pub) {
    struct json_reader r;
    json_reader_init(&r, pub->body);
    enum json_kind kind;
    while ((kind = json_next(&r)) != JSON_END && kind != JSON_ERROR)
        continue;
    if (kind == JSON_END)
        return true;
    http_error(pub, 400, "the body is not valid JSON: %s at byte %zu", r.error, r.error_at);
    return false;
}
