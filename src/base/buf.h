/* A growing output buffer of bytes, fast for tiny appends.
 *
 * Two ways to use it: growing (buf_init), where the text stays in memory; and streaming (buf_init_stream), where
 * whatever has gathered is handed to a callback each time the fixed buffer is full, so that output of any size
 * takes bounded memory.
 *
 * Failure is sticky: when memory runs out or the callback refuses, `failed` is set, the text is dropped and every
 * further append does nothing. Callers append freely and look at `failed` once, at the end.
 *
 * Invariants: 1. n <= cap. 2. after a failure p is NULL and n == cap == 0.
 */
#ifndef TTX_BASE_BUF_H
#define TTX_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/platform.h"
#include "base/str.h"

/* Takes the next `n` bytes of a stream; false stops it. */
typedef bool buf_flush_fn(void *ctx, const char *p, size_t n);

struct buf {
    char *p;
    size_t n;   /* bytes in p */
    size_t cap; /* bytes p has room for */
    bool failed;
    struct mem *mem;
    buf_flush_fn *flush; /* NULL when growing */
    void *flush_ctx;
    uint64_t flushed; /* bytes given to flush so far */
};

/* An empty growing buffer on `m`; allocates nothing yet. */
void buf_init(struct buf *b, struct mem *m);

/* An empty streaming buffer of `chunk` bytes (at least 4096) that calls flush(ctx, ...) when it is full. */
void buf_init_stream(struct buf *b, struct mem *m, size_t chunk, buf_flush_fn *flush, void *ctx);

/* Frees the buffer without flushing it; it may be initialised again. */
void buf_free(struct buf *b);

/* Hands what has gathered to the callback (nothing when growing). True when nothing has failed so far. */
bool buf_flush(struct buf *b);

/* The slow path: makes room for `n` more bytes by growing or flushing. False (and failed) when it cannot. */
bool buf_grow(struct buf *b, size_t n);

/* The slow path of buf_write. */
void buf_write_slow(struct buf *b, const char *p, size_t n);

/* A pointer to room for at least `n` bytes, or NULL. Write there, then buf_commit how many. With a stream, n must
 * not be above its chunk size. */
static inline char *buf_reserve(struct buf *b, size_t n) {
    if (UNLIKELY(b->cap - b->n < n) && !buf_grow(b, n))
        return NULL;
    return b->p + b->n;
}

static inline void buf_commit(struct buf *b, size_t n) {
    b->n += n;
}

static inline void buf_putc(struct buf *b, char c) {
    if (UNLIKELY(b->n == b->cap) && !buf_grow(b, 1))
        return;
    b->p[b->n++] = c;
}

static inline void buf_write(struct buf *b, const char *p, size_t n) {
    if (UNLIKELY(b->cap - b->n < n)) {
        buf_write_slow(b, p, n);
        return;
    }
    if (n == 0) /* p and b->p may be NULL */
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

/* Appends a string literal; the compiler turns short ones into plain stores. */
#define buf_lit(b, lit) buf_write((b), "" lit, sizeof(lit) - 1)

/* Appends a text; most are so short that calling memcpy would cost more than the copy. */
void buf_put_str(struct buf *b, str s);

/* Appends a zero-terminated string. */
static inline void buf_puts(struct buf *b, const char *z) {
    buf_write(b, z, strlen(z));
}

/* `n` times the byte `c`. */
void buf_fill(struct buf *b, char c, size_t n);

/* Decimal. */
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_i64(struct buf *b, int64_t v);

/* printf into the buffer. For messages, not for hot loops. */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What has gathered since the last flush; valid until the next append. */
static inline str buf_str(const struct buf *b) {
    return (str){b->p ? b->p : "", b->n};
}

/* The text with a zero byte after it (not counted in n), NULL after a failure. For growing buffers. */
const char *buf_z(struct buf *b);

/* Drops the text of a growing buffer, keeps its memory. */
static inline void buf_clear(struct buf *b) {
    b->n = 0;
}

#endif
