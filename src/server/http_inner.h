/* http_inner.h - what the files of the HTTP core share; routes do not include it. */
#ifndef TTX_SERVER_HTTP_INNER_H
#define TTX_SERVER_HTTP_INNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/http.h"
#include "server/mhd.h"
#include "server/parse.h"
#include "server/security.h"
#include "server/server.h"
#include "server/worker.h"

enum {
    HTTP_MAX_HEADERS = 16,            /* that a handler may add */
    HTTP_COMPRESS_FROM = 1024,        /* bytes; smaller answers are sent as they are */
    HTTP_COMPRESS_AT_ONCE = 64 << 10, /* larger ones are compressed while they are sent */
    HTTP_DRAIN = 8 << 20,             /* bytes of a refused body that are read so that the client sees the answer */
    HTTP_DEFAULT_BODY = 1 << 20,
};

/* --- connections (conns.c) ---------------------------------------------------------------------------------------- */

/* What a connection is doing, for the watch over slow clients. */
enum conn_phase {
    CONN_NEW,     /* nothing received yet */
    CONN_HEADERS, /* the request line is there, the headers are not complete */
    CONN_BODY,
    CONN_BUSY, /* handled or answered: libmicrohttpd's idle time counts */
    CONN_IDLE, /* kept alive between two requests */
};

struct conns;
struct conn {
    struct conn *next, *prev;
    struct conns *conns;
    int fd;
    enum conn_phase phase;
    uint64_t since_ns; /* the phase began */
    uint64_t bytes;    /* of the body, so far */
};

/* The watch and its thread. */
struct conns *conns_new(struct mem *m);
void conns_free(struct conns *c);
struct conn *conns_add(struct conns *c, int fd);
void conns_remove(struct conn *conn);
void conn_set(struct conn *conn, enum conn_phase phase);
void conn_got(struct conn *conn, size_t bytes);
size_t conns_count(struct conns *c);

/* --- requests -------------------------------------------------------------------------------------------------------- */

enum reply_kind { REPLY_NONE, REPLY_EMPTY, REPLY_BUF, REPLY_SHARED, REPLY_FILE, REPLY_EVENTS };

struct reply {
    enum reply_kind kind;
    int status;
    const char *type;
    struct buf buf;
    struct json_writer json;
    str head; /* before what is shared */
    str shared;
    bool gzipped; /* shared, and gzip already */
    void (*release)(void *);
    void *release_ctx;
    const char *path; /* of a file; in the arena */
    str download;
    char etag[100];
    struct {
        const char *name, *value;
    } headers[HTTP_MAX_HEADERS];
    size_t n_headers;
    struct events *hub;
    const char *topic;
    unsigned heartbeat_s;
    bool oom; /* an answer that did not fit into memory */
};

struct upload; /* uploads.c */

enum req_state { REQ_NEW, REQ_RECEIVING, REQ_DRAINING, REQ_RUNNING, REQ_READY };

/* A request with all that the core keeps about it. `pub` is first: handlers see only that. */
struct req {
    struct http_request pub;
    struct mem mem;
    struct arena arena;
    struct http *http;
    struct conn *conn;
    struct MHD_Connection *connection;
    enum req_state state;
    str target, query;
    bool head, options;
    char *body;
    size_t body_n, body_cap, body_max;
    uint64_t received; /* bytes of the body */
    struct upload *upload;
    struct reply reply;
    struct worker_task task;
    uint64_t began_ns;
};

struct http {
    struct server *server;
    struct mem mem; /* while starting and ending */
    struct conns *conns;
    struct workers *workers;
    struct MHD_Daemon *daemons[2]; /* IPv4, IPv6 */
    const struct http_route **routes;
    size_t n_routes, routes_cap;
    uint64_t max_upload;
    atomic_bool ending;
};

static inline struct req *req_of(const struct http_request *r) {
    return (struct req *)r;
}

/* Binds and serves. False with a sentence. */
bool http_start(struct http *h, struct server *s, char *error, size_t error_size);
/* New requests are answered with 503; handlers see http_gone. */
void http_close(struct http *h);
/* Waits for the handlers and closes all connections. The hub of events must be closed already. */
void http_stop(struct http *h);

/* --- routes (router.c) ------------------------------------------------------------------------------------------------ */

/* Finds the route of the request's method and path and sets its parameters. False with the answer given: 404, 405. */
bool router_find(struct req *r);

/* --- bodies (uploads.c) -------------------------------------------------------------------------------------------------- */

/* Begins to receive files. False with the answer given. */
bool upload_begin(struct req *r);
/* The next bytes. False with the answer given: the rest is of no use. */
bool upload_feed(struct req *r, const char *p, size_t n);
/* All is received: makes the files blobs; may wait for the disk. False with the answer given. */
bool upload_finish(struct req *r);
/* Removes what is not finished. */
void upload_abort(struct req *r);

/* --- answers (reply.c, compress.c) ------------------------------------------------------------------------------------------ */

/* Sends the request's answer. */
enum MHD_Result reply_send(struct req *r);
/* Frees what the answer holds. */
void reply_free(struct req *r);

/* Where bytes to be compressed come from: up to `n` bytes from offset `at` into `to`; 0 at the end, -1 on failure. */
typedef ptrdiff_t compress_read(void *ctx, uint64_t at, char *to, size_t n);

enum coding { CODING_NONE, CODING_GZIP, CODING_ZSTD };
const char *coding_name(enum coding c);
/* The best coding the client accepts for this type. */
enum coding coding_choose(const struct req *r, const char *type);
/* Compresses at once into `out`; false when memory runs out. */
bool compress_all(enum coding c, str in, struct buf *out, struct mem *m);
/* An answer whose body is compressed while it is sent. close(ctx) is called at its end, also when this gives NULL. */
struct MHD_Response *compress_stream(enum coding c, compress_read *read, void *ctx, void (*close)(void *));

/* --- events (events.c) ----------------------------------------------------------------------------------------------------------- */

/* An answer that is a stream of events. NULL when out of memory. */
struct MHD_Response *events_response(struct events *e, struct MHD_Connection *connection, const char *topic,
                                     unsigned heartbeat_s, str last_event_id);

#endif
