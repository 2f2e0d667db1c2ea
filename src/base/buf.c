#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/num.h"

enum { BUF_FIRST = 256, BUF_CHUNK_MIN = 4096 };

void buf_init(struct buf *b, struct mem *m) {
    *b = (struct buf){.mem = m};
}

void buf_init_stream(struct buf *b, struct mem *m, size_t chunk, buf_flush_fn *flush, void *ctx) {
    buf_init(b, m);
    b->flush = flush;
    b->flush_ctx = ctx;
    if (chunk < BUF_CHUNK_MIN)
        chunk = BUF_CHUNK_MIN;
    b->p = mem_alloc(m, chunk);
    if (b->p)
        b->cap = chunk;
    else
        b->failed = true;
}

void buf_free(struct buf *b) {
    mem_free(b->mem, b->p, b->cap);
    b->p = NULL;
    b->n = b->cap = 0;
}

static bool buf_fail(struct buf *b) {
    buf_free(b);
    b->failed = true;
    return false;
}

bool buf_flush(struct buf *b) {
    if (b->failed || !b->flush || b->n == 0)
        return !b->failed;
    if (!b->flush(b->flush_ctx, b->p, b->n))
        return buf_fail(b);
    b->flushed += b->n;
    b->n = 0;
    return true;
}

bool buf_grow(struct buf *b, size_t n) {
    if (b->failed)
        return false;
    if (b->flush)
        return buf_flush(b) && (n <= b->cap || buf_fail(b));
    size_t need;
    if (!num_add_size(b->n, n, &need))
        return buf_fail(b);
    size_t cap = b->cap ? b->cap : BUF_FIRST;
    while (cap < need)
        if (!num_mul_size(cap, 2, &cap))
            return buf_fail(b);
    char *p = mem_realloc(b->mem, b->p, b->cap, cap);
    if (!p)
        return buf_fail(b);
    b->p = p;
    b->cap = cap;
    return true;
}

void buf_write_slow(struct buf *b, const char *p, size_t n) {
    if (!n)
        return;
    if (b->flush && n >= b->cap && !b->failed) {
        /* As large as the whole buffer: straight through. */
        if (!buf_flush(b))
            return;
        if (!b->flush(b->flush_ctx, p, n)) {
            buf_fail(b);
            return;
        }
        b->flushed += n;
        return;
    }
    if (!buf_grow(b, n))
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void buf_put_str(struct buf *b, str s) {
    if (UNLIKELY(b->cap - b->n <= s.n)) { /* also nothing into nothing, whose pointers are NULL */
        buf_write_slow(b, s.p, s.n);
        return;
    }
    char *to = b->p + b->n;
    b->n += s.n;
    if (s.n >= 8 && s.n <= 16) { /* two words that may overlap */
        uint64_t head, tail;
        memcpy(&head, s.p, 8);
        memcpy(&tail, s.p + s.n - 8, 8);
        memcpy(to, &head, 8);
        memcpy(to + s.n - 8, &tail, 8);
    } else if (s.n > 16 && s.n <= 32) {
        char head[16], tail[16];
        memcpy(head, s.p, 16);
        memcpy(tail, s.p + s.n - 16, 16);
        memcpy(to, head, 16);
        memcpy(to + s.n - 16, tail, 16);
    } else if (s.n >= 4 && s.n < 8) {
        uint32_t head, tail;
        memcpy(&head, s.p, 4);
        memcpy(&tail, s.p + s.n - 4, 4);
        memcpy(to, &head, 4);
        memcpy(to + s.n - 4, &tail, 4);
    } else if (s.n) {
        memcpy(to, s.p, s.n);
    }
}

void buf_fill(struct buf *b, char c, size_t n) {
    while (n) {
        size_t part = n < BUF_FIRST ? n : BUF_FIRST;
        char *p = buf_reserve(b, part);
        if (!p)
            return;
        memset(p, c, part);
        buf_commit(b, part);
        n -= part;
    }
}

void buf_put_u64(struct buf *b, uint64_t v) {
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    if (v < 10) {
        buf_putc(b, (char)('0' + v));
        return;
    }
    static const uint64_t powers[] = {1u,
                                      10u,
                                      100u,
                                      1000u,
                                      10000u,
                                      100000u,
                                      1000000u,
                                      10000000u,
                                      100000000u,
                                      1000000000u,
                                      10000000000u,
                                      100000000000u,
                                      1000000000000u,
                                      10000000000000u,
                                      100000000000000u,
                                      1000000000000000u,
                                      10000000000000000u,
                                      100000000000000000u,
                                      1000000000000000000u,
                                      10000000000000000000u};
    /* log10(v) is log2(v) times 0.30103 = 1233/4096, or one less. */
    size_t n = (size_t)(64 - __builtin_clzll(v)) * 1233 >> 12;
    n += v >= powers[n];
    char *end = buf_reserve(b, n);
    if (!end)
        return;
    end += n;
    for (; v >= 100; v /= 100)
        memcpy(end -= 2, pairs + v % 100 * 2, 2);
    if (v >= 10)
        memcpy(end - 2, pairs + v * 2, 2);
    else
        end[-1] = (char)('0' + v);
    buf_commit(b, n);
}

void buf_put_i64(struct buf *b, int64_t v) {
    if (v >= 0) {
        buf_put_u64(b, (uint64_t)v);
        return;
    }
    buf_putc(b, '-');
    buf_put_u64(b, 0 - (uint64_t)v);
}

void buf_printf(struct buf *b, const char *fmt, ...) {
    char small[512];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n >= 0 && (size_t)n < sizeof small) {
        buf_write(b, small, (size_t)n);
    } else if (n >= 0) {
        /* Long: print again into memory of its own, which also serves a stream of smaller chunks. */
        size_t size = (size_t)n + 1;
        char *p = mem_alloc(b->mem, size);
        if (p && vsnprintf(p, size, fmt, again) == n)
            buf_write(b, p, (size_t)n);
        else
            buf_fail(b);
        mem_free(b->mem, p, size);
    }
    va_end(again);
    va_end(ap);
}

const char *buf_z(struct buf *b) {
    buf_putc(b, 0);
    if (b->failed)
        return NULL;
    b->n--;
    return b->p;
}
