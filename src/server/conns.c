/* The watch over slow clients.
 *
 * libmicrohttpd closes connections on which nothing at all happens; one that sends a byte now and then would live for
 * ever. Here every connection has a deadline for what it is doing.
 *
 * A connection's descriptor is shut down under the lock, and removal takes the same lock before libmicrohttpd closes it, so
 * a descriptor is never shut down after it was given to somebody else.
 */
#define _GNU_SOURCE /* pthread_sigmask */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "server/http_inner.h"

enum {
    NEW_S = 20,     /* from the connection to the first request line */
    HEADERS_S = 20, /* from there to the end of the headers */
    IDLE_S = 75,    /* between two requests */
    BODY_S = 30,    /* a body that is slower than BODY_RATE after this time ends */
    BODY_RATE = 1024,
};

struct conns {
    struct mem *parent;
    struct mem mem; /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    struct conn *first;
    size_t n;
    bool stop;
};

static bool is_too_slow(const struct conn *c, uint64_t now) {
    uint64_t s = (now - c->since_ns) / 1000000000u;
    switch (c->phase) {
    case CONN_NEW: return s >= NEW_S;
    case CONN_HEADERS: return s >= HEADERS_S;
    case CONN_IDLE: return s >= IDLE_S;
    case CONN_BODY: return s >= BODY_S && c->bytes / s < BODY_RATE;
    case CONN_BUSY: return false;
    }
    return false;
}

static void *conns_thread(void *conns) {
    struct conns *c = conns;
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&c->wake, &c->lock, &until);
        uint64_t now = clock_now_ns();
        for (struct conn *conn = c->first; conn && !c->stop; conn = conn->next)
            if (is_too_slow(conn, now))
                shutdown(conn->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct conns *conns_new(struct mem *m) {
    struct conns *c = mem_alloc_zero(m, sizeof *c);
    if (!c)
        return NULL;
    c->parent = m;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    if (pthread_create(&c->thread, NULL, conns_thread, c) == 0)
        return c;
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->wake);
    mem_free(m, c, sizeof *c);
    return NULL;
}

void conns_free(struct conns *c) {
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->wake);
    mem_free(c->parent, c, sizeof *c);
}

struct conn *conns_add(struct conns *c, int fd) {
    pthread_mutex_lock(&c->lock);
    struct conn *conn = mem_alloc_zero(&c->mem, sizeof *conn);
    if (conn) {
        *conn = (struct conn){.next = c->first, .conns = c, .fd = fd, .phase = CONN_NEW, .since_ns = clock_now_ns()};
        if (c->first)
            c->first->prev = conn;
        c->first = conn;
        c->n++;
    }
    pthread_mutex_unlock(&c->lock);
    return conn;
}

void conns_remove(struct conn *conn) {
    if (!conn)
        return;
    struct conns *c = conn->conns;
    pthread_mutex_lock(&c->lock);
    if (conn->next)
        conn->next->prev = conn->prev;
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        c->first = conn->next;
    c->n--;
    mem_free(&c->mem, conn, sizeof *conn);
    pthread_mutex_unlock(&c->lock);
}

void conn_set(struct conn *conn, enum conn_phase phase) {
    if (!conn)
        return;
    pthread_mutex_lock(&conn->conns->lock);
    conn->phase = phase;
    conn->since_ns = clock_now_ns();
    conn->bytes = 0;
    pthread_mutex_unlock(&conn->conns->lock);
}

void conn_got(struct conn *conn, size_t bytes) {
    if (!conn)
        return;
    pthread_mutex_lock(&conn->conns->lock);
    conn->bytes += bytes;
    pthread_mutex_unlock(&conn->conns->lock);
}

size_t conns_count(struct conns *c) {
    pthread_mutex_lock(&c->lock);
    size_t n = c->n;
    pthread_mutex_unlock(&c->lock);
    return n;
}
