/* http.h - requests, answers and routes.
 *
 *   socket ─▶ libmicrohttpd ─▶ security checks ─▶ route ─▶ body (memory or disk) ─▶ handler ─▶ answer
 *                (http.c)      (security.c)     (router.c)     (uploads.c)                   (reply.c)
 *
 * A handler is a plain function that looks at the request and gives exactly one answer. It runs on one of the few
 * threads that serve sockets and must not wait for anything; with ROUTE_WORKER it runs on a thread of its own kind and
 * may take its time (the connection is parked meanwhile). What the user should see the progress of is a job (jobs.h).
 *
 * Everything of a request lives in its arena and is freed after the answer was sent. Running out of memory needs no
 * checks in handlers that only use the arena through the helpers here: the answer is then 503.
 */
#ifndef TTX_SERVER_HTTP_H
#define TTX_SERVER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/platform.h"
#include "base/str.h"
#include "store/store.h"

struct http_request;
struct server;

enum { HTTP_MAX_PARAMS = 6 };

/* --- routes ---------------------------------------------------------------------------------------------------- */

typedef void http_handler(struct http_request *r);

enum {
    ROUTE_BODY = 1 << 0,   /* takes a body into memory: r->body; at most `max_body` */
    ROUTE_UPLOAD = 1 << 1, /* takes files, streamed to disk: r->uploads. multipart/form-data, or any other type as one
                              file named by ?name= */
    ROUTE_WORKER = 1 << 2, /* may wait or compute for long: runs on a worker thread */
    ROUTE_WRITE = 1 << 3,  /* changes something: refused with --read-only */
    ROUTE_PUBLIC = 1 << 4, /* needs no token */
    ROUTE_HIDDEN = 1 << 5, /* not in the OpenAPI document (the REST protocol of other tools, files) */
    ROUTE_EVENTS = 1 << 6, /* answers with an endless event stream */
};

/* One row of a route table. Everything that describes the route stands here; the OpenAPI document is made of it. */
struct http_route {
    const char *method; /* "GET" (answers HEAD too), "POST", "PUT", "DELETE", "PATCH" */
    const char
        *pattern; /* "/api/v1/models/{id}/graph": a {param} is one path segment, {param*} at the end is the rest */
    http_handler *handle;
    unsigned flags;
    const char *doc;      /* one sentence for people */
    const char *query;    /* its query parameters: "q:string text to find; limit:integer at most this many", or NULL */
    const char *request;  /* name of the body's schema, or NULL */
    const char *response; /* name of the answer's schema, or NULL */
    size_t max_body;      /* bytes, for ROUTE_BODY; 0: 1 MiB */
};

/* --- requests ----------------------------------------------------------------------------------------------------- */

/* A file that came with a ROUTE_UPLOAD request. It is a blob of the workspace already. */
struct http_upload {
    str field; /* of the form; "file" for a bare body */
    str name;  /* the last component of the name the client gave, made harmless; "upload" when it gave none */
    uint64_t size;
    struct store_hash hash;
};

/* A plain field of a form that came with a ROUTE_UPLOAD request. */
struct http_field {
    str name, value;
};

struct http_request {
    struct server *server;
    struct arena *arena; /* dies with the request */
    str method;          /* "GET" for HEAD requests as well */
    str path;            /* decoded, without the query */
    const struct http_route *route;
    str params[HTTP_MAX_PARAMS]; /* in the order of the pattern, decoded */
    str body;                    /* ROUTE_BODY; followed by a zero byte */
    const struct http_upload *uploads;
    size_t n_uploads;
    const struct http_field *fields;
    size_t n_fields;
};

/* The value of path parameter `name` of the pattern; empty when the pattern has none such. */
str http_param(const struct http_request *r, const char *name);
/* The first value of a query parameter, decoded; .p is NULL when it was not given. */
str http_query(const struct http_request *r, const char *name);
/* The same as a number: false (and an answer 400 is given) when it is there but no number or above `max`. *out keeps its
 * value when the parameter was not given. */
bool http_query_u64(struct http_request *r, const char *name, uint64_t max, uint64_t *out);
/* A header's value; .p is NULL when it is absent. Names are compared without case. */
str http_header(const struct http_request *r, const char *name);
/* The client went away or the server is ending: long handlers (ROUTE_WORKER) look at it and stop. */
bool http_gone(const struct http_request *r);

/* --- answers ------------------------------------------------------------------------------------------------------- */

/* Begins an answer of type application/json; the writer is valid until the handler returns. Large answers are compressed
 * as the client accepts (zstd, gzip). */
struct json_writer *http_json(struct http_request *r, int status);
/* Begins an answer of any type; fill the buffer. */
struct buf *http_body(struct http_request *r, int status, const char *type);
/* A whole answer; the text is copied. */
void http_text(struct http_request *r, int status, const char *type, str text);
/* An answer without body (204, 304, ...). */
void http_empty(struct http_request *r, int status);
/* {"error":"sentence"}. Drops whatever answer was begun. */
void http_error(struct http_request *r, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The answer for a store that refused: 404, 507 (disk full), 403, 503 or 500, with its sentence. */
void http_store_error(struct http_request *r, const struct store_error *e);
/* Bytes that live elsewhere (a cached graph); release(ctx) is called once, from any thread, after the last byte. Supports ranges. */
void http_shared(struct http_request *r, int status, const char *type, str bytes, void (*release)(void *), void *ctx);
/* The same with a head before them, which is copied; streamed, without ranges. */
void http_shared_behind(struct http_request *r, int status, const char *type, str head, str bytes,
                        void (*release)(void *), void *ctx);
/* Offers whatever is answered as a file to save under this name. */
void http_download(struct http_request *r, str name);
/* Bytes that are gzip already and live for ever, for a client that accepts it. */
void http_gzipped(struct http_request *r, int status, const char *type, str bytes);
/* A file of the server's choice (no checks of the path): ranges, ETag from size and time, Last-Modified; 404 when it is not
 * there. `type` NULL: by the name's ending. `download` (may be empty): the name to save it as. */
void http_file(struct http_request *r, const char *path, const char *type, str download);
/* One more header. Values with control characters are dropped. */
void http_add_header(struct http_request *r, const char *name, const char *value);
/* Sets the ETag of what is about to be answered (`tag` without quotes: a content hash, a revision). True when the client
 * has just that: the answer is then 304 already and the handler returns. */
bool http_etag(struct http_request *r, const char *tag);

/* A stream of server-sent events of one topic of the hub (events.h), until the client goes. */
struct events;
void http_events(struct http_request *r, struct events *hub, const char *topic, unsigned heartbeat_s);

/* --- the body as JSON -------------------------------------------------------------------------------------------------- */

/* A string as json_member (base/json.h) gives it, without quotes and escapes, in the arena; .p is NULL when it is not a string. */
str http_json_str(struct http_request *r, str raw);
/* Whether the body is one valid JSON value; else an answer 400 with the place is given. */
bool http_body_is_json(struct http_request *r);

#endif
