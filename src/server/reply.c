/* Answers: what handlers say, and how it goes out. */
#define _GNU_SOURCE /* open, pread, timegm */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/events.h"
#include "server/http_inner.h"

/* --- what handlers call ------------------------------------------------------------------------------------------------ */

/* Forgets the answer that was begun, but for its headers. */
static void reply_drop(struct req *r) {
    struct reply *p = &r->reply;
    if (p->kind == REPLY_BUF)
        buf_free(&p->buf);
    if (p->kind == REPLY_SHARED && p->release)
        p->release(p->release_ctx);
    p->release = NULL;
    p->gzipped = false;
    p->head = (str){0};
    p->kind = REPLY_NONE;
}

void reply_free(struct req *r) {
    reply_drop(r);
}

struct buf *http_body(struct http_request *pub, int status, const char *type) {
    struct req *r = req_of(pub);
    reply_drop(r);
    r->reply.kind = REPLY_BUF;
    r->reply.status = status;
    r->reply.type = type;
    buf_init(&r->reply.buf, &r->mem);
    return &r->reply.buf;
}

struct json_writer *http_json(struct http_request *pub, int status) {
    struct req *r = req_of(pub);
    r->reply.json = json_writer_to(http_body(pub, status, "application/json"));
    return &r->reply.json;
}

void http_text(struct http_request *pub, int status, const char *type, str text) {
    buf_put_str(http_body(pub, status, type), text);
}

void http_empty(struct http_request *pub, int status) {
    struct req *r = req_of(pub);
    reply_drop(r);
    r->reply.kind = REPLY_EMPTY;
    r->reply.status = status;
}

void http_error(struct http_request *pub, int status, const char *fmt, ...) {
    struct req *r = req_of(pub);
    va_list ap;
    va_start(ap, fmt);
    str text = arena_vprintf(&r->arena, fmt, ap);
    va_end(ap);
    r->reply.etag[0] = 0;
    if (!text.p)
        text = STR("out of memory");
    struct json_writer *w = http_json(pub, status);
    const struct server_routes *const *sets;
    size_t n = server_route_sets(&sets);
    for (size_t i = 0; i < n; i++)
        if (sets[i]->prefix && str_starts_with(pub->path, str_from_z(sets[i]->prefix))) {
            sets[i]->error_body(w, status, text);
            return;
        }
    json_object_begin(w);
    json_key(w, STR("error"));
    json_str(w, text);
    json_object_end(w);
}

void http_store_error(struct http_request *pub, const struct store_error *e) {
    static const int statuses[] = {
        [STORE_OK] = 500,   [STORE_NOT_FOUND] = 404, [STORE_FULL] = 507,   [STORE_READ_ONLY] = 403,
        [STORE_BUSY] = 503, [STORE_CORRUPT] = 500,   [STORE_MEMORY] = 503, [STORE_FAILED] = 500};
    http_error(pub, statuses[e->status], "%s", e->text);
}

void http_shared(struct http_request *pub, int status, const char *type, str bytes, void (*release)(void *),
                 void *ctx) {
    struct req *r = req_of(pub);
    reply_drop(r);
    r->reply.kind = REPLY_SHARED;
    r->reply.status = status;
    r->reply.type = type;
    r->reply.shared = bytes;
    r->reply.release = release;
    r->reply.release_ctx = ctx;
}

void http_shared_behind(struct http_request *pub, int status, const char *type, str head, str bytes,
                        void (*release)(void *), void *ctx) {
    struct req *r = req_of(pub);
    http_shared(pub, status, type, bytes, release, ctx);
    r->reply.head = arena_str(&r->arena, head);
    r->reply.oom |= !r->reply.head.p;
}

void http_download(struct http_request *pub, str name) {
    struct req *r = req_of(pub);
    r->reply.download = parse_file_name(name, &r->arena);
}

void http_gzipped(struct http_request *pub, int status, const char *type, str bytes) {
    http_shared(pub, status, type, bytes, NULL, NULL);
    req_of(pub)->reply.gzipped = true;
}

void http_file(struct http_request *pub, const char *path, const char *type, str download) {
    struct req *r = req_of(pub);
    reply_drop(r);
    r->reply.path = arena_strdup(&r->arena, path);
    if (!r->reply.path) {
        r->reply.oom = true;
        return;
    }
    r->reply.kind = REPLY_FILE;
    r->reply.status = 200;
    r->reply.type = type;
    r->reply.download = download.n ? parse_file_name(download, &r->arena) : (str){0};
}

void http_add_header(struct http_request *pub, const char *name, const char *value) {
    struct reply *p = &req_of(pub)->reply;
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return;
    char *kept = arena_strdup(pub->arena, value);
    if (!kept)
        p->oom = true;
    else if (p->n_headers < HTTP_MAX_HEADERS) {
        p->headers[p->n_headers].name = name;
        p->headers[p->n_headers++].value = kept;
    }
}

bool http_etag(struct http_request *pub, const char *tag) {
    struct req *r = req_of(pub);
    snprintf(r->reply.etag, sizeof r->reply.etag, "%s", tag);
    str known = http_header(pub, "If-None-Match");
    if (!known.p || !parse_etag_matches(known, str_from_z(r->reply.etag)))
        return false;
    http_empty(pub, 304);
    return true;
}

void http_events(struct http_request *pub, struct events *hub, const char *topic, unsigned heartbeat_s) {
    struct req *r = req_of(pub);
    reply_drop(r);
    r->reply.kind = REPLY_EVENTS;
    r->reply.status = 200;
    r->reply.type = "text/event-stream";
    r->reply.hub = hub;
    r->reply.topic = topic;
    r->reply.heartbeat_s = heartbeat_s;
}

enum { STREAM_PIECE = 1 << 16 };

/* --- how it goes out ----------------------------------------------------------------------------------------------------- */

static const char *type_by_name(const char *path) {
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".ico", "image/x-icon"},
        {".webp", "image/webp"},
        {".woff", "font/woff"},
        {".woff2", "font/woff2"},
        {".ttf", "font/ttf"},
        {".otf", "font/otf"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
        {".mlir", "text/plain; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},
        {".xml", "text/xml"},
    };
    str name = str_from_z(path);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_ends_with(name, str_from_z(types[i].suffix)))
            return types[i].type;
    return "application/octet-stream";
}

static void add(struct MHD_Response *response, const char *name, const char *value) {
    mhd.add_response_header(response, name, value);
}

/* Headers that every answer carries. */
static void add_headers(struct req *r, struct MHD_Response *response, enum coding coding) {
    const struct reply *p = &r->reply;
    const struct server_options *o = &r->http->server->options;
    bool has_cache = false, has_policy = false, has_corp = false;
    for (size_t i = 0; i < p->n_headers; i++) {
        add(response, p->headers[i].name, p->headers[i].value);
        has_cache |= parse_same(str_from_z(p->headers[i].name), "cache-control");
        has_policy |= parse_same(str_from_z(p->headers[i].name), "content-security-policy");
        has_corp |= parse_same(str_from_z(p->headers[i].name), "cross-origin-resource-policy");
    }
    if (p->type && p->kind != REPLY_EMPTY)
        add(response, "Content-Type", p->type);
    if (!has_cache)
        add(response, "Cache-Control", p->kind == REPLY_EVENTS || p->status >= 400 ? "no-store" : "no-cache");
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "Referrer-Policy", "no-referrer");
    if (!has_policy && p->type && strncmp(p->type, "text/html", 9) == 0)
        add(response, "Content-Security-Policy", r->pub.server->page_policy);
    else if (!has_policy)
        add(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
    if (o->cors_host) {
        str origin = http_header(&r->pub, "Origin");
        /* With credentials browsers want the origin itself, not "*". */
        bool echo = strcmp(o->cors_host, "*") == 0 && origin.p;
        add(response, "Access-Control-Allow-Origin", echo ? origin.p : o->cors_host);
        add(response, "Access-Control-Allow-Credentials", "true");
        add(response, "Access-Control-Allow-Headers", r->options ? "Content-Type, Authorization" : "Content-Type");
        if (r->options)
            add(response, "Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
        if (echo)
            add(response, "Vary", "Origin");
    } else if (!has_corp) {
        add(response, "Cross-Origin-Resource-Policy", "same-origin");
    }
    if (coding != CODING_NONE)
        add(response, "Content-Encoding", coding_name(coding));
    if (p->type && coding_choose(r, p->type) != CODING_NONE)
        add(response, "Vary", "Accept-Encoding");
    if (p->etag[0]) {
        char text[120];
        snprintf(text, sizeof text, "%s\"%s\"", coding == CODING_NONE ? "" : "W/", p->etag);
        add(response, "ETag", text);
    }
    if (p->download.n) {
        char text[300];
        int n = snprintf(text, sizeof text, "attachment; filename=\"");
        for (size_t i = 0; i < p->download.n && n < 290; i++) {
            char c = p->download.p[i];
            text[n++] = c == '"' || c == '\\' || (unsigned char)c >= 0x7f ? '_' : c;
        }
        text[n++] = '"';
        text[n] = 0;
        add(response, "Content-Disposition", text);
    }
}

static enum MHD_Result queue(struct req *r, struct MHD_Response *response, enum coding coding) {
    if (!response)
        return MHD_NO;
    add_headers(r, response, coding);
    enum MHD_Result result = mhd.queue_response(r->connection, (unsigned)r->reply.status, response);
    mhd.destroy_response(response); /* the connection keeps it until it is sent */
    return result;
}

static void release_shared(void *ctx) {
    struct req *r = ctx;
    if (r->reply.release)
        r->reply.release(r->reply.release_ctx);
    r->reply.release = NULL;
}

static ptrdiff_t read_memory(void *ctx, uint64_t at, char *to, size_t n) {
    const struct req *r = ctx;
    str rest = str_from(r->reply.kind == REPLY_SHARED ? r->reply.shared : buf_str(&r->reply.buf), at);
    if (n > rest.n)
        n = rest.n;
    if (n)
        memcpy(to, rest.p, n);
    return (ptrdiff_t)n;
}

/* For libmicrohttpd: the head, then what is shared. */
static ssize_t read_headed(void *ctx, uint64_t at, char *to, size_t n) {
    const struct req *r = ctx;
    str rest = at < r->reply.head.n ? str_from(r->reply.head, at) : str_from(r->reply.shared, at - r->reply.head.n);
    if (n > rest.n)
        n = rest.n;
    if (n)
        memcpy(to, rest.p, n);
    return n ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

static void close_nothing(void *ctx) {
    (void)ctx; /* the request owns the bytes and outlives the answer */
}

/* The range asked for, if it is to be honoured: If-Range must name what we have. */
static enum parse_range wanted_range(struct req *r, uint64_t size, uint64_t *first, uint64_t *end) {
    str range = http_header(&r->pub, "Range"), condition = http_header(&r->pub, "If-Range");
    if (!range.p || r->reply.status != 200 || !str_eq(r->pub.method, STR("GET")))
        return RANGE_NONE;
    if (condition.p &&
        (str_starts_with(condition, STR("W/")) || !parse_etag_matches(condition, str_from_z(r->reply.etag))))
        return RANGE_NONE;
    return parse_range(range, size, first, end);
}

static enum MHD_Result send_unsatisfiable(struct req *r, uint64_t size) {
    char text[64];
    snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)size);
    http_error(&r->pub, 416, "the range lies beyond the end: there are %llu bytes", (unsigned long long)size);
    http_add_header(&r->pub, "Content-Range", text);
    return reply_send(r);
}

static void set_partial(struct req *r, uint64_t first, uint64_t end, uint64_t size) {
    char text[100];
    snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first, (unsigned long long)end - 1,
             (unsigned long long)size);
    r->reply.status = 206;
    http_add_header(&r->pub, "Content-Range", text);
}

static enum MHD_Result send_memory(struct req *r) {
    str bytes = r->reply.kind == REPLY_SHARED ? r->reply.shared : buf_str(&r->reply.buf);
    if (r->reply.head.n)
        return queue(r,
                     mhd.create_response_from_callback(r->reply.head.n + bytes.n, STREAM_PIECE, read_headed, r, NULL),
                     CODING_NONE);
    if (r->reply.gzipped)
        return queue(r, mhd.create_response_from_buffer(bytes.n, (void *)(uintptr_t)bytes.p, MHD_RESPMEM_PERSISTENT),
                     CODING_GZIP);
    if (r->reply.kind == REPLY_SHARED) {
        uint64_t first = 0, end = bytes.n;
        enum parse_range range = wanted_range(r, bytes.n, &first, &end);
        if (range == RANGE_IMPOSSIBLE)
            return send_unsatisfiable(r, bytes.n);
        http_add_header(&r->pub, "Accept-Ranges", "bytes");
        if (range == RANGE_PART) {
            set_partial(r, first, end, bytes.n);
            str part = str_slice(bytes, first, end);
            return queue(r, mhd.create_response_from_buffer(part.n, (void *)(uintptr_t)part.p, MHD_RESPMEM_PERSISTENT),
                         CODING_NONE);
        }
    }
    enum coding coding = bytes.n >= HTTP_COMPRESS_FROM ? coding_choose(r, r->reply.type) : CODING_NONE;
    if (coding != CODING_NONE && bytes.n <= HTTP_COMPRESS_AT_ONCE) {
        struct buf out;
        if (compress_all(coding, bytes, &out, &r->mem)) {
            if (r->reply.kind == REPLY_SHARED) {
                release_shared(r);
                r->reply.kind = REPLY_BUF;
            } else {
                buf_free(&r->reply.buf);
            }
            r->reply.buf = out;
            bytes = buf_str(&out);
        } else {
            coding = CODING_NONE;
        }
    } else if (coding != CODING_NONE) {
        return queue(r, compress_stream(coding, read_memory, r, close_nothing), coding);
    }
    return queue(r, mhd.create_response_from_buffer(bytes.n, (void *)(uintptr_t)bytes.p, MHD_RESPMEM_PERSISTENT),
                 coding);
}

static ptrdiff_t read_file(void *ctx, uint64_t at, char *to, size_t n) {
    return pread((int)(intptr_t)ctx, to, n, (off_t)at);
}

static void close_file(void *ctx) {
    close((int)(intptr_t)ctx);
}

static enum MHD_Result send_file(struct req *r) {
    struct stat st;
    int fd = open(r->reply.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        http_error(&r->pub, 404, "there is no such file");
        return reply_send(r);
    }
    if (!r->reply.type)
        r->reply.type = type_by_name(r->reply.path);
    if (!r->reply.etag[0])
        snprintf(r->reply.etag, sizeof r->reply.etag, "%llx-%llx-%llx", (unsigned long long)st.st_ino,
                 (unsigned long long)st.st_size,
                 (unsigned long long)st.st_mtim.tv_sec * 1000000000ull + (unsigned long long)st.st_mtim.tv_nsec);
    char modified[40];
    struct tm tm;
    if (gmtime_r(&st.st_mtim.tv_sec, &tm) && strftime(modified, sizeof modified, "%a, %d %b %Y %H:%M:%S GMT", &tm))
        http_add_header(&r->pub, "Last-Modified", modified);
    str known = http_header(&r->pub, "If-None-Match"), since = http_header(&r->pub, "If-Modified-Since");
    if (known.p ? parse_etag_matches(known, str_from_z(r->reply.etag))
                : since.p && str_eq(since, str_from_z(modified))) {
        close(fd);
        http_empty(&r->pub, 304);
        return reply_send(r);
    }
    uint64_t size = (uint64_t)st.st_size, first = 0, end = size;
    enum parse_range range = wanted_range(r, size, &first, &end);
    if (range == RANGE_IMPOSSIBLE) {
        close(fd);
        return send_unsatisfiable(r, size);
    }
    http_add_header(&r->pub, "Accept-Ranges", "bytes");
    enum coding coding = CODING_NONE;
    if (range == RANGE_PART)
        set_partial(r, first, end, size);
    else if (size >= HTTP_COMPRESS_FROM)
        coding = coding_choose(r, r->reply.type);
    if (coding != CODING_NONE)
        return queue(r, compress_stream(coding, read_file, (void *)(intptr_t)fd, close_file), coding);
    struct MHD_Response *response = mhd.create_response_from_fd_at_offset64(end - first, fd, first);
    if (!response)
        close(fd);
    return queue(r, response, CODING_NONE);
}

static enum MHD_Result send_out_of_memory(struct req *r) {
    static char text[] = "{\"error\":\"out of memory\"}";
    reply_drop(r);
    r->reply.kind = REPLY_BUF;
    r->reply.status = 503;
    r->reply.type = "application/json";
    r->reply.n_headers = 0;
    r->reply.etag[0] = 0;
    r->reply.oom = false;
    buf_init(&r->reply.buf, &r->mem);
    return queue(r, mhd.create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_PERSISTENT), CODING_NONE);
}

enum MHD_Result reply_send(struct req *r) {
    struct reply *p = &r->reply;
    if (p->oom || (p->kind == REPLY_BUF && p->buf.failed))
        return send_out_of_memory(r);
    switch (p->kind) {
    case REPLY_NONE: http_error(&r->pub, 500, "the server has no answer to this request"); return send_memory(r);
    case REPLY_EMPTY: return queue(r, mhd.create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT), CODING_NONE);
    case REPLY_BUF:
    case REPLY_SHARED: return send_memory(r);
    case REPLY_FILE: return send_file(r);
    case REPLY_EVENTS: {
        if (r->head) { /* no stream without a body */
            http_empty(&r->pub, 200);
            return reply_send(r);
        }
        struct MHD_Response *response =
            events_response(p->hub, r->connection, p->topic, p->heartbeat_s, http_header(&r->pub, "Last-Event-ID"));
        return response ? queue(r, response, CODING_NONE) : send_out_of_memory(r);
    }
    }
    return MHD_NO;
}
