/* gzip and zstd, at once or while an answer is sent. Levels are low: the wire here is mostly a loopback or a local network. */
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "server/http_inner.h"

enum { ZSTD_LEVEL = 1, GZIP_LEVEL = 1, PIECE = 128 << 10 };

const char *coding_name(enum coding c) {
    return c == CODING_ZSTD ? "zstd" : c == CODING_GZIP ? "gzip" : "";
}

static bool is_compressible(const char *type) {
    str t = str_from_z(type);
    t.n = str_find_char(t, ';');
    return str_starts_with(t, STR("text/")) || str_starts_with(t, STR("application/json")) ||
           str_starts_with(t, STR("application/javascript")) || str_starts_with(t, STR("application/wasm")) ||
           str_starts_with(t, STR("application/vnd.ttx.")) || str_starts_with(t, STR("image/svg")) ||
           str_ends_with(t, STR("+json"));
}

enum coding coding_choose(const struct req *r, const char *type) {
    if (!type || !is_compressible(type))
        return CODING_NONE;
    str header = http_header(&r->pub, "Accept-Encoding");
    if (!header.p)
        return CODING_NONE;
    return parse_accepts(header, "zstd") ? CODING_ZSTD : parse_accepts(header, "gzip") ? CODING_GZIP : CODING_NONE;
}

static bool gzip_begin(z_stream *z) {
    memset(z, 0, sizeof *z);
    return deflateInit2(z, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

bool compress_all(enum coding c, str in, struct buf *out, struct mem *m) {
    buf_init(out, m);
    if (c == CODING_ZSTD) {
        size_t bound = ZSTD_compressBound(in.n);
        char *to = buf_reserve(out, bound);
        size_t n = to ? ZSTD_compress(to, bound, in.p, in.n, ZSTD_LEVEL) : 0;
        if (to && !ZSTD_isError(n)) {
            buf_commit(out, n);
            return true;
        }
    } else {
        z_stream z;
        if (in.n <= UINT32_MAX / 2 && gzip_begin(&z)) {
            size_t bound = deflateBound(&z, (uLong)in.n);
            char *to = buf_reserve(out, bound);
            z.next_in = (Bytef *)(uintptr_t)in.p;
            z.avail_in = (uInt)in.n;
            z.next_out = (Bytef *)to;
            z.avail_out = (uInt)bound;
            int rc = to ? deflate(&z, Z_FINISH) : Z_MEM_ERROR;
            if (rc == Z_STREAM_END)
                buf_commit(out, bound - z.avail_out);
            deflateEnd(&z);
            if (rc == Z_STREAM_END)
                return true;
        }
    }
    buf_free(out);
    return false;
}

struct stream {
    struct mem mem;
    enum coding coding;
    compress_read *read;
    void *ctx;
    void (*close)(void *);
    uint64_t at; /* bytes read */
    bool ended;  /* the input is at its end */
    bool done;   /* the output is */
    z_stream z;
    ZSTD_CCtx *zstd;
    size_t in_n, in_at;
    char in[PIECE];
};

/* Compresses into [to, to + max): how many bytes came out, -1 on failure. `finish`: there is no more input. */
static ptrdiff_t stream_zstd(struct stream *s, char *to, size_t max) {
    ZSTD_inBuffer in = {s->in, s->in_n, s->in_at};
    ZSTD_outBuffer out = {to, max, 0};
    size_t left = ZSTD_compressStream2(s->zstd, &out, &in, s->ended ? ZSTD_e_end : ZSTD_e_continue);
    s->in_at = in.pos;
    if (ZSTD_isError(left))
        return -1;
    s->done = s->ended && left == 0;
    return (ptrdiff_t)out.pos;
}

static ptrdiff_t stream_gzip(struct stream *s, char *to, size_t max) {
    s->z.next_in = (Bytef *)s->in + s->in_at;
    s->z.avail_in = (uInt)(s->in_n - s->in_at);
    s->z.next_out = (Bytef *)to;
    s->z.avail_out = (uInt)max;
    int rc = deflate(&s->z, s->ended ? Z_FINISH : Z_NO_FLUSH);
    s->in_at = s->in_n - s->z.avail_in;
    s->done = rc == Z_STREAM_END;
    return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR ? (ptrdiff_t)(max - s->z.avail_out) : -1;
}

static ssize_t stream_read(void *stream, uint64_t pos, char *to, size_t max) {
    (void)pos;
    struct stream *s = stream;
    if (max > 1 << 20)
        max = 1 << 20;
    while (!s->done) {
        if (s->in_at == s->in_n && !s->ended) {
            ptrdiff_t n = s->read(s->ctx, s->at, s->in, PIECE);
            if (n < 0)
                return MHD_CONTENT_READER_END_WITH_ERROR;
            s->ended = n == 0;
            s->in_n = (size_t)n;
            s->in_at = 0;
            s->at += (uint64_t)n;
        }
        ptrdiff_t out = s->coding == CODING_ZSTD ? stream_zstd(s, to, max) : stream_gzip(s, to, max);
        if (out < 0)
            return MHD_CONTENT_READER_END_WITH_ERROR;
        if (out > 0)
            return out;
    }
    return MHD_CONTENT_READER_END_OF_STREAM;
}

static void stream_close(void *stream) {
    struct stream *s = stream;
    s->close(s->ctx);
    if (s->coding == CODING_GZIP)
        deflateEnd(&s->z);
    ZSTD_freeCCtx(s->zstd);
    struct mem mem = s->mem;
    mem_free(&mem, s, sizeof *s);
}

struct MHD_Response *compress_stream(enum coding c, compress_read *read, void *ctx, void (*close)(void *)) {
    struct mem mem = {0};
    struct stream *s = mem_alloc(&mem, sizeof *s);
    if (!s) {
        close(ctx);
        return NULL;
    }
    memset(s, 0, offsetof(struct stream, in));
    s->mem = mem;
    s->coding = c;
    s->read = read;
    s->ctx = ctx;
    s->close = close;
    bool good;
    if (c == CODING_ZSTD) {
        s->zstd = ZSTD_createCCtx();
        good = s->zstd && !ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL));
    } else {
        good = gzip_begin(&s->z);
    }
    struct MHD_Response *response =
        good ? mhd.create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, stream_read, s, stream_close) : NULL;
    if (!response)
        stream_close(s);
    return response;
}
