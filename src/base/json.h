/* JSON: a streaming writer (json_write.c) and a pull reader over text in memory (json_read.c).
 *
 * Neither builds a tree, neither recurses.
 */
#ifndef TTX_BASE_JSON_H
#define TTX_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* --- writer --------------------------------------------------------------------------------------------------
 *
 *     struct json_writer w = json_writer_to(&buf);
 *     json_object_begin(&w);
 *     json_key(&w, STR("name"));
 *     json_str(&w, name);
 *     json_object_end(&w);
 *
 * Commas are its business; that begins and ends pair up and that keys stand in objects is the caller's. Failure is
 * the buffer's: look at buf.failed at the end. With `indent` above 0 each member stands on a line of its own.
 */
struct json_writer {
    struct buf *out;
    int indent; /* spaces per level; 0 = everything on one line */
    int depth;
    bool comma;     /* a value was written just before on this level */
    bool after_key; /* the next value follows its key */
};

static inline struct json_writer json_writer_to(struct buf *out) {
    return (struct json_writer){.out = out};
}

/* Each begin needs its end; what is wrong in that is the caller's error. Running out of memory is the buffer's `failed`. */
void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);

/* The key of the next value. */
void json_key(struct json_writer *w, str key);

/* A string. Control characters are escaped; bytes that are not UTF-8 become U+FFFD, so the output is always valid. */
void json_str(struct json_writer *w, str s);
void json_u64(struct json_writer *w, uint64_t v);
void json_i64(struct json_writer *w, int64_t v);
/* The shortest text that reads back as `v`; NaN and infinities, which JSON does not have, become null. */
void json_double(struct json_writer *w, double v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);

/* Text that is JSON already. */
void json_raw(struct json_writer *w, str text);

/* A key and its value. */
static inline void json_member_str(struct json_writer *w, str key, str value) {
    json_key(w, key);
    json_str(w, value);
}
static inline void json_member_u64(struct json_writer *w, str key, uint64_t value) {
    json_key(w, key);
    json_u64(w, value);
}
static inline void json_member_i64(struct json_writer *w, str key, int64_t value) {
    json_key(w, key);
    json_i64(w, value);
}
static inline void json_member_double(struct json_writer *w, str key, double value) {
    json_key(w, key);
    json_double(w, value);
}
static inline void json_member_bool(struct json_writer *w, str key, bool value) {
    json_key(w, key);
    json_bool(w, value);
}

/* A string alone, between its quotes and escaped as json_str does, for callers that place commas themselves. */
void json_put_string(struct buf *out, str s);

/* --- reader --------------------------------------------------------------------------------------------------
 *
 *     json_reader_init(&r, text);
 *     while ((kind = json_next(&r)) != JSON_END && kind != JSON_ERROR) ...
 *
 * A document is exactly one value. Objects give JSON_OBJECT_BEGIN, then pairs of JSON_KEY and a value, then
 * JSON_OBJECT_END. Strings are slices of the text, escapes included; json_unescape copies only where it must.
 */
enum json_kind {
    JSON_END,   /* the document is over; only white space was left */
    JSON_ERROR, /* see r->error and r->error_at; stays so */
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_KEY,    /* r->text is the raw key between its quotes */
    JSON_STRING, /* the same */
    JSON_NUMBER, /* r->text is its text, which is a valid JSON number */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

enum { JSON_MAX_DEPTH = 1024 };

struct json_reader {
    const char *begin, *p, *end;
    str text;         /* of the token just returned */
    bool has_escapes; /* whether a key or string needs json_unescape */
    uint8_t state;
    unsigned depth;
    uint64_t in_object[JSON_MAX_DEPTH / 64]; /* one bit per open level */
    const char *error;                       /* what is wrong, a constant string; NULL while all is well */
    size_t error_at;                         /* byte offset in the text */
};

/* Starts at the beginning of `text`, which must stay alive. A byte order mark is passed over. */
void json_reader_init(struct json_reader *r, str text);

/* The next token. */
enum json_kind json_next(struct json_reader *r);

/* After json_next returned `kind`: passes over the rest of that value (for JSON_KEY: of the value that follows).
 * False on an error. */
bool json_skip(struct json_reader *r, enum json_kind kind);

/* Byte offset of the token just returned. */
size_t json_at(const struct json_reader *r);

/* The characters of the key or string just returned, as valid UTF-8 (broken bytes and unpaired surrogates become
 * U+FFFD): a slice of the text when it has no escapes and is valid, else in the arena. .p is NULL when out of memory. */
str json_unescape(const struct json_reader *r, struct arena *a);

/* Whether the key just returned reads `key` (which has no escapes in it). */
bool json_key_is(const struct json_reader *r, str key);

/* The number just returned. False when it is not an integer or does not fit. */
bool json_get_i64(const struct json_reader *r, int64_t *out);
bool json_get_u64(const struct json_reader *r, uint64_t *out);
/* Always succeeds after JSON_NUMBER. */
double json_get_double(const struct json_reader *r);

/* The value of a member of an object, as it is written (a slice of `object`; of several the last one, as in JavaScript);
 * .p is NULL when it has none, or when the object is broken. */
str json_member(str object, str key);

#endif
