/* The life of a request, and the daemon.
 *
 *   target ─▶ NEW ─headers─▶ checks, route ─▶ RECEIVING ─▶ end of body ─▶ handler ─▶ READY ─▶ answer
 *                                    │refused                 │worker: connection parked, RUNNING
 *                                    └▶ DRAINING ─────────────┴──────────────▶ READY
 *
 * libmicrohttpd calls one function for all of it: first with the headers, then with each piece of the body, then with none;
 * and once more after a parked connection was resumed.
 */
#define _GNU_SOURCE /* getaddrinfo, recv */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "server/http_inner.h"

enum {
    CONNECTION_BYTES = 64 << 10, /* per connection: request line and headers must fit */
    TARGET_BYTES = 32 << 10,     /* longest path and query */
    STALLED_S = 120,             /* an answer of which the client takes nothing */
    WORKERS = 8,
};

/* --- looking at requests ------------------------------------------------------------------------------------------- */

str http_header(const struct http_request *pub, const char *name) {
    const char *value = NULL;
    size_t n = 0;
    if (mhd.lookup_connection_value_n(req_of(pub)->connection, MHD_HEADER_KIND, name, strlen(name), &value, &n) !=
            MHD_YES ||
        !value)
        return (str){0};
    return str_of(value, n);
}

str http_query(const struct http_request *pub, const char *name) {
    struct req *r = req_of(pub);
    str rest = r->query, key, value;
    while (parse_query_next(&rest, &key, &value)) {
        str decoded = parse_decode(key, true, &r->arena);
        if (str_eq(decoded, str_from_z(name)))
            return parse_decode(value, true, &r->arena);
    }
    return (str){0};
}

bool http_query_u64(struct http_request *pub, const char *name, uint64_t max, uint64_t *out) {
    str value = http_query(pub, name);
    uint64_t v;
    if (!value.p)
        return true;
    if (num_parse_u64(value, &v) && v <= max) {
        *out = v;
        return true;
    }
    http_error(pub, 400, "%s must be a number from 0 to %llu", name, (unsigned long long)max);
    return false;
}

bool http_gone(const struct http_request *pub) {
    struct req *r = req_of(pub);
    if (atomic_load(&r->http->ending))
        return true;
    char c;
    return r->conn && recv(r->conn->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* --- requests: making, freeing -------------------------------------------------------------------------------------- */

static void *on_target(void *http, const char *target, struct MHD_Connection *connection) {
    struct http *h = http;
    struct mem mem = {0};
    struct req *r = mem_alloc_zero(&mem, sizeof *r);
    if (!r)
        return NULL;
    r->mem = mem;
    arena_init(&r->arena, &r->mem);
    r->pub.server = h->server;
    r->pub.arena = &r->arena;
    r->http = h;
    r->connection = connection;
    r->began_ns = clock_now_ns();
    r->target = arena_str(&r->arena, str_from_z(target));
    if (!r->target.p)
        r->reply.oom = true;
    const union MHD_ConnectionInfo *info = mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    r->conn = info ? info->socket_context : NULL;
    conn_set(r->conn, CONN_HEADERS);
    return r;
}

static void on_completed(void *http, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
    (void)connection;
    (void)code;
    struct http *h = http;
    struct req *r = *state;
    if (!r)
        return;
    *state = NULL;
    server_log(h->server, LOG_DEBUG, "%.*s %.*s %d %.1f ms", STR_ARG(r->pub.method), STR_ARG(r->pub.path),
               r->reply.status, (double)(clock_now_ns() - r->began_ns) / 1e6);
    conn_set(r->conn, CONN_IDLE);
    upload_abort(r);
    reply_free(r);
    mem_free(&r->mem, r->body, r->body_cap);
    arena_free(&r->arena);
    struct mem mem = r->mem;
    mem_free(&mem, r, sizeof *r);
}

static void on_connection(void *http, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
    struct http *h = http;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = mhd.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info ? conns_add(h->conns, info->connect_fd) : NULL;
    } else {
        conns_remove(*context);
        *context = NULL;
    }
}

/* --- checks ------------------------------------------------------------------------------------------------------------- */

static void redirect_without_token(struct req *r) {
    struct buf to;
    buf_init(&to, &r->mem);
    /* One slash at the start: "//host" would be another server. */
    str path = r->pub.path;
    while (str_starts_with(path, STR("//")))
        path = str_from(path, 1);
    buf_put_str(&to, path);
    str rest = r->query, name, value;
    char mark = '?';
    while (parse_query_next(&rest, &name, &value)) {
        if (str_eq(name, STR("token")))
            continue;
        buf_putc(&to, mark);
        buf_put_str(&to, name);
        buf_putc(&to, '=');
        buf_put_str(&to, value);
        mark = '&';
    }
    const char *location = buf_z(&to);
    char cookie[200];
    snprintf(cookie, sizeof cookie, "ttx_token_%u=%s; Path=/; HttpOnly; SameSite=Lax", r->http->server->port,
             r->http->server->token);
    http_empty(&r->pub, 303);
    http_add_header(&r->pub, "Location", location ? location : "/");
    http_add_header(&r->pub, "Set-Cookie", cookie);
    buf_free(&to);
}

/* Whether the request may go on; otherwise its answer is given. */
static bool check_security(struct req *r) {
    const struct http_request *pub = &r->pub;
    const struct security_request q = {
        .method = pub->method,
        .host = http_header(pub, "Host"),
        .origin = http_header(pub, "Origin"),
        .sec_fetch_site = http_header(pub, "Sec-Fetch-Site"),
        .sec_fetch_mode = http_header(pub, "Sec-Fetch-Mode"),
        .authorization = http_header(pub, "Authorization"),
        .cookie = http_header(pub, "Cookie"),
        .token_query = http_query(pub, "token"),
        .public_route = pub->route && (pub->route->flags & ROUTE_PUBLIC),
    };
    switch (security_check(r->http->server->security, &q)) {
    case SECURITY_ALLOW: return true;
    case SECURITY_ALLOW_SET_COOKIE: redirect_without_token(r); return false;
    case SECURITY_BAD_HOST:
        http_error(&r->pub, 403, "the Host header %.*s is not a name of this server", STR_ARG(q.host));
        return false;
    case SECURITY_BAD_ORIGIN:
        http_error(&r->pub, 403, "pages of %.*s may not use this server; see --cors_host",
                   STR_ARG(q.origin.p ? q.origin : STR("other sites")));
        return false;
    case SECURITY_NO_TOKEN:
        http_error(&r->pub, 401, "a token is needed: open the URL that the server printed at its start");
        http_add_header(&r->pub, "WWW-Authenticate", "Bearer");
        return false;
    }
    return false;
}

/* The length that the client announced; UINT64_MAX: unknown (chunked). False when it makes no sense. */
static bool announced_length(struct req *r, uint64_t *out) {
    str length = http_header(&r->pub, "Content-Length"), coding = http_header(&r->pub, "Transfer-Encoding");
    *out = coding.p ? UINT64_MAX : 0;
    /* Both at once is how requests are smuggled past a proxy. */
    if (length.p && (coding.p || !num_parse_u64(length, out))) {
        http_error(&r->pub, 400, "Content-Length and Transfer-Encoding contradict each other or make no sense");
        return false;
    }
    return true;
}

static bool check_body(struct req *r, uint64_t length) {
    const struct http_route *route = r->pub.route;
    if (route->flags & ROUTE_UPLOAD)
        r->body_max = r->http->max_upload;
    else if (route->flags & ROUTE_BODY)
        r->body_max = route->max_body ? route->max_body : HTTP_DEFAULT_BODY;
    else
        r->body_max = 0;
    if (length != UINT64_MAX && length > r->body_max) {
        http_error(&r->pub, 413, "the body of %llu bytes is too large: at most %zu are taken here",
                   (unsigned long long)length, r->body_max);
        return false;
    }
    return true;
}

/* All that can be said before the body comes. False with the answer given. */
static bool check_headers(struct req *r, const char *method, const char *version, uint64_t *length) {
    str verb = str_from_z(method), path;
    r->head = str_eq(verb, STR("HEAD"));
    r->options = str_eq(verb, STR("OPTIONS"));
    r->pub.method = r->head ? STR("GET") : arena_str(&r->arena, verb);
    if (r->reply.oom || !r->pub.method.p)
        return false;
    if (!announced_length(r, length))
        return false;
    if (r->target.n > TARGET_BYTES) {
        http_error(&r->pub, 414, "the URL is too long");
        return false;
    }
    if (strncmp(version, "HTTP/1.", 7) != 0 || !parse_target(r->target, &path, &r->query)) {
        http_error(&r->pub, 400, "this is not a request that the server understands");
        return false;
    }
    r->pub.path = path; /* patterns look at the undecoded path */
    if (r->options) {
        if (!check_security(r))
            return false;
        http_empty(&r->pub, 204);
        return false;
    }
    bool found = router_find(r);
    r->pub.path = parse_decode(path, false, &r->arena);
    if (!r->pub.path.p) {
        r->reply.oom = true;
        return false;
    }
    if (!check_security(r) || !found)
        return false;
    const struct http_route *route = r->pub.route;
    if ((route->flags & ROUTE_WRITE) && r->http->server->options.read_only) {
        http_error(&r->pub, 403, "this server is read-only");
        return false;
    }
    if (!check_body(r, *length))
        return false;
    return !(route->flags & ROUTE_UPLOAD) || upload_begin(r);
}

/* --- body ---------------------------------------------------------------------------------------------------------------- */

static bool body_add(struct req *r, const char *p, size_t n) {
    size_t need = r->body_n + n + 1;
    if (need > r->body_cap) {
        size_t cap = need > r->body_cap * 2 ? need : r->body_cap * 2;
        char *grown = mem_realloc(&r->mem, r->body, r->body_cap, cap);
        if (!grown) {
            r->reply.oom = true;
            return false;
        }
        r->body = grown;
        r->body_cap = cap;
    }
    memcpy(r->body + r->body_n, p, n);
    r->body_n += n;
    r->body[r->body_n] = 0;
    return true;
}

static enum MHD_Result receive(struct req *r, const char *p, size_t *n) {
    size_t got = *n;
    *n = 0;
    conn_got(r->conn, got);
    r->received += got;
    if (r->state == REQ_RECEIVING) {
        bool good = r->received <= r->body_max;
        if (!good)
            http_error(&r->pub, 413, "the body is too large: at most %zu bytes are taken here", r->body_max);
        else
            good = r->upload ? upload_feed(r, p, got) : body_add(r, p, got);
        if (good)
            return MHD_YES;
        r->state = REQ_DRAINING;
        upload_abort(r);
        r->received = 0;
    }
    /* Reads on for a while so that the client gets the answer, but not for ever. */
    return r->received <= HTTP_DRAIN ? MHD_YES : MHD_NO;
}

/* --- handling -------------------------------------------------------------------------------------------------------------- */

static void run_handler(struct req *r) {
    if (r->upload && !upload_finish(r))
        return;
    r->pub.body = str_of(r->body ? r->body : "", r->body_n);
    r->pub.route->handle(&r->pub);
}

static void run_on_worker(struct worker_task *task) {
    struct req *r = (struct req *)((char *)task - offsetof(struct req, task));
    if (atomic_load(&r->http->ending))
        http_error(&r->pub, 503, "the server is ending");
    else
        run_handler(r);
    r->state = REQ_READY;
    mhd.resume_connection(r->connection);
}

static enum MHD_Result answer(struct req *r) {
    const struct http_route *route = r->pub.route;
    conn_set(r->conn, CONN_BUSY);
    if (r->state == REQ_RECEIVING && (route->flags & (ROUTE_WORKER | ROUTE_UPLOAD))) {
        r->state = REQ_RUNNING;
        r->task.run = run_on_worker;
        mhd.suspend_connection(r->connection);
        if (workers_add(r->http->workers, &r->task))
            return MHD_YES;
        http_error(&r->pub, 503, "the server has no thread for this");
        r->state = REQ_READY;
        mhd.resume_connection(r->connection);
        return MHD_YES;
    }
    if (r->state == REQ_RECEIVING)
        run_handler(r);
    r->state = REQ_READY;
    return reply_send(r);
}

static enum MHD_Result on_request(void *http, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *n, void **state) {
    (void)http;
    (void)connection;
    (void)url; /* the raw target was kept by on_target */
    struct req *r = *state;
    if (!r)
        return MHD_NO;
    if (r->state == REQ_NEW) {
        uint64_t length = 0;
        conn_set(r->conn, CONN_BODY);
        if (check_headers(r, method, version, &length)) {
            r->state = REQ_RECEIVING;
            return MHD_YES;
        }
        upload_abort(r);
        /* A body that is small enough is read, so that the connection can go on; one that waits for 100 Continue or is
         * large is cut off by answering now. */
        str expect = http_header(&r->pub, "Expect");
        bool drain = length == UINT64_MAX || length <= HTTP_DRAIN;
        r->state = drain && !expect.p ? REQ_DRAINING : REQ_READY;
        return r->state == REQ_READY ? answer(r) : MHD_YES;
    }
    if (*n)
        return receive(r, data, n);
    if (r->state == REQ_RUNNING) /* not resumed by us */
        return MHD_YES;
    return answer(r);
}

/* --- the daemon --------------------------------------------------------------------------------------------------------------- */

/* Paths and queries come as they are; parse.c decodes them. */
static size_t no_unescape(void *cls, struct MHD_Connection *connection, char *s) {
    (void)cls;
    (void)connection;
    return strlen(s);
}

static void on_log(void *http, const char *fmt, va_list ap) {
    char text[500];
    struct http *h = http;
    vsnprintf(text, sizeof text, fmt, ap);
    text[strcspn(text, "\r\n")] = 0;
    server_log(h->server, LOG_DEBUG, "http: %s", text);
}

/* A listening socket; -1 with errno. */
static int listen_on(const struct sockaddr *address, socklen_t n) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, address, n) == 0 && listen(fd, 1024) == 0)
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

static unsigned socket_port(int fd) {
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return 0;
    return a.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&a)->sin6_port)
                                   : ntohs(((struct sockaddr_in *)&a)->sin_port);
}

/* Listens on one port of the host; up to two sockets. localhost is both loopback addresses, where there are both. False with
 * errno, or with the sentence of the resolver in error. */
static bool listen_all(const char *host, unsigned port, int fds[2], char *error, size_t error_size) {
    fds[0] = fds[1] = -1;
    if (strcmp(host, "localhost") == 0) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fds[0] = listen_on((struct sockaddr *)&v4, sizeof v4);
        if (fds[0] < 0)
            return false;
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)socket_port(fds[0]))};
        v6.sin6_addr = in6addr_loopback;
        fds[1] = listen_on((struct sockaddr *)&v6, sizeof v6);
        if (fds[1] >= 0 || errno != EADDRINUSE)
            return true;
        close(fds[0]);
        errno = EADDRINUSE;
        return false;
    }
    char service[16];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo want = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    int rc = getaddrinfo(host, service, &want, &list);
    if (rc != 0) {
        snprintf(error, error_size, "cannot find the address %s: %s", host, gai_strerror(rc));
        errno = 0;
        return false;
    }
    fds[0] = listen_on(list->ai_addr, list->ai_addrlen);
    int cause = errno;
    freeaddrinfo(list);
    errno = cause;
    return fds[0] >= 0;
}

static bool bind_port(struct http *h, int fds[2], char *error, size_t error_size) {
    struct server *s = h->server;
    const char *host = s->options.host ? s->options.host : "localhost";
    unsigned port = s->options.port, last = s->options.next_free_port && port ? port + 99 : port;
    for (; port <= last && port <= 65535; port++) {
        if (listen_all(host, port, fds, error, error_size)) {
            s->port = socket_port(fds[0]);
            return true;
        }
        if (errno != EADDRINUSE)
            break;
    }
    if (errno)
        snprintf(error, error_size, "cannot listen on %s port %u: %s%s", host, s->options.port, strerror(errno),
                 errno == EADDRINUSE ? "; perhaps tt-explorer runs there already; -p 0 takes any free port" : "");
    return false;
}

static struct MHD_Daemon *start_daemon(struct http *h, int fd, unsigned threads) {
    unsigned connections = h->server->options.max_connections;
    return mhd.start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_ITC, 0, NULL, NULL,
        on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_log, h, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        threads, MHD_OPTION_CONNECTION_LIMIT, connections ? connections : 4096u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)STALLED_S, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, h, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_URI_LOG_CALLBACK, on_target, h,
        MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

bool http_start(struct http *h, struct server *s, char *error, size_t error_size) {
    int fds[2];
    h->server = s;
    h->max_upload = s->options.max_upload ? s->options.max_upload : (uint64_t)8 << 30;
    const char *why;
    if (!mhd_load(&why)) {
        snprintf(error, error_size, "%s", why);
        return false;
    }
    h->conns = conns_new(&h->mem);
    h->workers = workers_new(&h->mem, WORKERS);
    if (!h->conns || !h->workers) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
    if (!bind_port(h, fds, error, error_size))
        return false;
    for (int i = 0; i < 2 && fds[i] >= 0; i++) {
        h->daemons[i] = start_daemon(h, fds[i], i == 0 ? 3 : 2);
        if (!h->daemons[i]) {
            snprintf(error, error_size, "cannot start the HTTP server: %s", strerror(errno));
            for (; i < 2 && fds[i] >= 0; i++)
                close(fds[i]);
            return false;
        }
    }
    return true;
}

void http_close(struct http *h) {
    /* MHD_quiesce_daemon would refuse connections too, but with epoll and a thread pool (0.9.75) it may take the socket out
     * of a worker's set while the worker does, and abort. Requests that still come are answered with 503 instead. */
    atomic_store(&h->ending, true);
}

void http_stop(struct http *h) {
    workers_stop(h->workers); /* resumes what is parked */
    for (int i = 0; i < 2; i++)
        if (h->daemons[i])
            mhd.stop_daemon(h->daemons[i]);
    workers_free(h->workers); /* requests could come until now */
    conns_free(h->conns);
    mem_free(&h->mem, (void *)h->routes, h->routes_cap * sizeof *h->routes);
}
