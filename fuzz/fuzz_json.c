/* The JSON reader on anything; what it accepts must come through the writer and back unchanged. */
#include <string.h>

#include "base/json.h"
#include "fuzz.h"

/* Writes what it reads; false where the text is not JSON. */
static bool copy(str text, struct json_writer *w, struct arena *a) {
    struct json_reader r;
    json_reader_init(&r, text);
    for (;;) {
        switch (json_next(&r)) {
        case JSON_END: return true;
        case JSON_ERROR: FUZZ_CHECK(r.error && r.error_at <= text.n); return false;
        case JSON_OBJECT_BEGIN: json_object_begin(w); break;
        case JSON_OBJECT_END: json_object_end(w); break;
        case JSON_ARRAY_BEGIN: json_array_begin(w); break;
        case JSON_ARRAY_END: json_array_end(w); break;
        case JSON_KEY: json_key(w, json_unescape(&r, a)); break;
        case JSON_STRING: json_str(w, json_unescape(&r, a)); break;
        case JSON_NUMBER: json_double(w, json_get_double(&r)); break;
        case JSON_TRUE: json_bool(w, true); break;
        case JSON_FALSE: json_bool(w, false); break;
        case JSON_NULL: json_null(w); break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mem m = {0};
    struct arena a;
    struct buf first, second;
    arena_init(&a, &m);
    buf_init(&first, &m);
    buf_init(&second, &m);
    struct json_writer to_first = json_writer_to(&first), to_second = json_writer_to(&second);
    if (copy(str_of((const char *)data, size), &to_first, &a)) {
        FUZZ_CHECK(copy(buf_str(&first), &to_second, &a));
        FUZZ_CHECK(first.n == second.n && (first.n == 0 || memcmp(first.p, second.p, first.n) == 0));
    }
    struct json_reader r;
    json_reader_init(&r, str_of((const char *)data, size));
    json_skip(&r, json_next(&r));
    buf_free(&first);
    buf_free(&second);
    arena_free(&a);
    FUZZ_CHECK(m.used == 0);
    return 0;
}
