/* server.h - the running server and its parts.
 *
 *   server_start ─▶ store, events, jobs, security, models, runs ─▶ routes ─▶ sockets
 *
 * One `struct server` per process is usual, several work. It prints nothing but its log.
 */
#ifndef TTX_SERVER_SERVER_H
#define TTX_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/platform.h"
#include "server/http.h"

struct events;
struct jobs;
struct kept;
struct models;
struct runs;
struct security;
struct store;

enum log_level { LOG_QUIET, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct server_options {
    const char *host;         /* address or name; NULL: localhost (IPv4 and IPv6 loopback) */
    unsigned port;            /* 0: any free one */
    bool next_free_port;      /* when it is taken, the ones after it */
    const char *const *roots; /* folders and files that clients may open */
    size_t n_roots;
    const char *const *files; /* opened at once */
    size_t n_files;
    const char *workspace; /* NULL: the default folder */
    const char *token;     /* NULL: none on loopback, a random one elsewhere */
    const char *cors_host;
    const char *ui; /* a folder with a web page to serve instead of the built-in one */
    bool read_only, no_execution, watch;
    bool store_optional;      /* without a usable workspace go on with one in memory */
    uint64_t max_upload;      /* bytes; 0: 8 GiB */
    unsigned max_connections; /* 0: 4096 */
    enum log_level log_level;
};

struct server {
    struct server_options options;
    struct store *store;
    struct events *events;
    struct jobs *jobs;
    struct models *models;
    struct runs *runs;
    struct kept *kept;
    struct security *security;
    struct http *http;
    unsigned port;
    char token[64];         /* "" when none is asked for */
    char page_policy[1024]; /* Content-Security-Policy of pages */
    char url[256];          /* with the token in it where there is one */
    void *extra[4];         /* of route tables that keep something (see server_routes) */
    struct mem mem;         /* used while starting and ending only */
    struct mem store_mem;   /* the store's, under its lock */
};

/* A set of routes that the server offers: a table, and what is to be done when it starts and ends. */
struct server_routes {
    const struct http_route *routes;
    size_t n;
    bool (*start)(struct server *s); /* may be NULL; false ends the start */
    void (*end)(struct server *s);   /* may be NULL; called after the sockets are closed */
    const char *prefix;              /* of paths whose errors have a form of their own; NULL: {"error":"sentence"} */
    void (*error_body)(struct json_writer *w, int status, str message);
};

/* Starts it; returns when it serves. NULL with a sentence in `error` otherwise. What the options point to must outlive it. */
struct server *server_start(const struct server_options *o, char *error, size_t error_size);
/* Ends all streams and jobs, closes everything. */
void server_stop(struct server *s);

/* All routes in the order they are tried: for the OpenAPI document and tests. */
size_t server_route_sets(const struct server_routes *const **sets);

/* A line on standard error, if the level asks for it. From any thread. */
void server_log(const struct server *s, enum log_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
