/* The ring of messages and the cursors of clients.
 *
 * Sequence numbers start at the time of the server's start in microseconds, so that the Last-Event-ID of a client that
 * knew an earlier server is below all of ours: it is told "lost".
 *
 * A connection is parked (suspended) only by its own reader and woken only while `parked` is set, both under the lock:
 * libmicrohttpd never closes a parked connection by itself, so it is alive then.
 */
#define _GNU_SOURCE /* clock_gettime */
#include "server/events.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/num.h"
#include "server/http_inner.h"

enum { RING = 1024, RING_BYTES = 4 << 20, TOPIC = 64 };

struct message {
    uint32_t refs;
    char topic[TOPIC];
    size_t n, size; /* of the text; of the allocation */
    char text[];    /* as it goes over the wire */
};

struct client {
    struct events *hub;
    struct client *next, *prev;
    struct MHD_Connection *connection;
    char topic[TOPIC];
    uint64_t cursor;         /* number of the next message to look at */
    struct message *current; /* being sent, or NULL */
    const char *fixed;       /* a constant text being sent, or NULL */
    size_t sent;             /* bytes of current or fixed */
    uint64_t heartbeat_ns, written_ns;
    bool parked, lost, greeted;
};

struct events {
    struct mem *parent;
    struct mem mem; /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    struct message *ring[RING]; /* message number i is ring[i % RING] */
    uint64_t begin, end;        /* numbers of the first kept and of the next one */
    size_t bytes;
    struct client *clients;
    size_t n_clients;
    bool closing, stop;
};

static void message_unref(struct events *e, struct message *m) {
    if (m && --m->refs == 0)
        mem_free(&e->mem, m, m->size);
}

/* Wakes a parked client; under the lock. */
static void client_wake(struct client *c) {
    if (!c->parked)
        return;
    c->parked = false;
    mhd.resume_connection(c->connection);
}

static void *heartbeat_thread(void *events) {
    struct events *e = events;
    pthread_mutex_lock(&e->lock);
    while (!e->stop) {
        if (!e->clients) {
            pthread_cond_wait(&e->wake, &e->lock);
            continue;
        }
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 250000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&e->wake, &e->lock, &until);
        uint64_t now = clock_now_ns();
        for (struct client *c = e->clients; c; c = c->next)
            if (now - c->written_ns >= c->heartbeat_ns)
                client_wake(c);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

struct events *events_new(struct mem *m) {
    struct events *e = mem_alloc_zero(m, sizeof *e);
    if (!e)
        return NULL;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    e->begin = e->end = (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
    e->parent = m;
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->wake, NULL);
    if (pthread_create(&e->thread, NULL, heartbeat_thread, e) == 0)
        return e;
    pthread_mutex_destroy(&e->lock);
    pthread_cond_destroy(&e->wake);
    mem_free(m, e, sizeof *e);
    return NULL;
}

static void ring_drop_first(struct events *e) {
    struct message *m = e->ring[e->begin % RING];
    e->ring[e->begin % RING] = NULL;
    e->begin++;
    e->bytes -= m->size;
    message_unref(e, m);
}

void events_free(struct events *e) {
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    while (e->begin != e->end)
        ring_drop_first(e);
    pthread_mutex_destroy(&e->lock);
    pthread_cond_destroy(&e->wake);
    mem_free(e->parent, e, sizeof *e);
}

/* The text of a message: id, event, one data line per line. */
static void put_message(struct buf *b, uint64_t id, const char *name, str data) {
    buf_lit(b, "id: ");
    buf_put_u64(b, id);
    if (name && *name) {
        buf_lit(b, "\nevent: ");
        buf_puts(b, name);
    }
    do {
        size_t end = str_find_char(data, '\n');
        str line = str_slice(data, 0, end);
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        buf_lit(b, "\ndata: ");
        buf_put_str(b, line);
        data = str_from(data, end + 1);
    } while (data.n);
    buf_lit(b, "\n\n");
}

void events_publish(struct events *e, const char *topic, const char *name, str data) {
    pthread_mutex_lock(&e->lock);
    struct buf text;
    buf_init(&text, &e->mem);
    put_message(&text, e->end, name, data);
    size_t size = sizeof(struct message) + text.n;
    struct message *m = text.failed ? NULL : mem_alloc(&e->mem, size);
    if (m) {
        m->refs = 1;
        m->n = text.n;
        m->size = size;
        memcpy(m->text, text.p, text.n);
        size_t n = strnlen(topic, TOPIC - 1);
        memcpy(m->topic, topic, n);
        m->topic[n] = 0;
        if (e->end - e->begin == RING)
            ring_drop_first(e);
        e->ring[e->end++ % RING] = m;
        e->bytes += size;
        while (e->bytes > RING_BYTES && e->end - e->begin > 1)
            ring_drop_first(e);
        for (struct client *c = e->clients; c; c = c->next)
            if (strcmp(c->topic, m->topic) == 0)
                client_wake(c);
    }
    buf_free(&text);
    pthread_mutex_unlock(&e->lock);
}

size_t events_clients(struct events *e) {
    pthread_mutex_lock(&e->lock);
    size_t n = e->n_clients;
    pthread_mutex_unlock(&e->lock);
    return n;
}

void events_close(struct events *e) {
    pthread_mutex_lock(&e->lock);
    e->closing = true;
    for (struct client *c = e->clients; c; c = c->next)
        client_wake(c);
    pthread_mutex_unlock(&e->lock);
}

/* Finds what is to be sent next: false when there is nothing. */
static bool client_next(struct client *c) {
    struct events *e = c->hub;
    c->sent = 0;
    if (!c->greeted) {
        c->greeted = true;
        c->fixed = "retry: 2000\n\n"; /* brings the headers to the client, too */
        return true;
    }
    if (c->lost || c->cursor < e->begin) {
        c->lost = false;
        if (c->cursor < e->begin)
            c->cursor = e->begin;
        c->fixed = "event: lost\ndata: {}\n\n";
        return true;
    }
    while (c->cursor < e->end) {
        struct message *m = e->ring[c->cursor++ % RING];
        if (strcmp(m->topic, c->topic) == 0) {
            c->current = m;
            m->refs++;
            return true;
        }
    }
    if (clock_now_ns() - c->written_ns >= c->heartbeat_ns) {
        c->written_ns = clock_now_ns(); /* one is enough */
        c->fixed = ": heartbeat\n\n";
        return true;
    }
    return false;
}

static ssize_t client_read(void *client, uint64_t pos, char *to, size_t max) {
    (void)pos;
    struct client *c = client;
    struct events *e = c->hub;
    size_t n = 0;
    pthread_mutex_lock(&e->lock);
    while (n < max) {
        if (!c->current && !c->fixed && (e->closing || !client_next(c)))
            break;
        str text = c->current ? str_of(c->current->text, c->current->n) : str_from_z(c->fixed);
        str rest = str_from(text, c->sent);
        size_t k = rest.n < max - n ? rest.n : max - n;
        memcpy(to + n, rest.p, k);
        n += k;
        c->sent += k;
        if (c->sent < text.n)
            break;
        message_unref(e, c->current);
        c->current = NULL;
        c->fixed = NULL;
    }
    ssize_t result = (ssize_t)n;
    if (n > 0) {
        c->written_ns = clock_now_ns();
    } else if (e->closing) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        c->parked = true;
        mhd.suspend_connection(c->connection);
    }
    pthread_mutex_unlock(&e->lock);
    return result;
}

static void client_free(void *client) {
    struct client *c = client;
    struct events *e = c->hub;
    pthread_mutex_lock(&e->lock);
    if (c->next)
        c->next->prev = c->prev;
    if (c->prev)
        c->prev->next = c->next;
    else
        e->clients = c->next;
    e->n_clients--;
    message_unref(e, c->current);
    mem_free(&e->mem, c, sizeof *c);
    pthread_mutex_unlock(&e->lock);
}

struct MHD_Response *events_response(struct events *e, struct MHD_Connection *connection, const char *topic,
                                     unsigned heartbeat_s, str last_event_id) {
    pthread_mutex_lock(&e->lock);
    struct client *c = mem_alloc_zero(&e->mem, sizeof *c);
    if (c) {
        uint64_t seen;
        c->hub = e;
        c->connection = connection;
        c->heartbeat_ns = (heartbeat_s ? heartbeat_s : 15) * (uint64_t)1000000000u;
        c->written_ns = clock_now_ns();
        c->cursor = e->end;
        if (last_event_id.n && num_parse_u64(last_event_id, &seen) && seen < e->end) {
            c->lost = seen + 1 < e->begin;
            c->cursor = c->lost ? e->begin : seen + 1;
        }
        size_t n = strnlen(topic, TOPIC - 1);
        memcpy(c->topic, topic, n);
        c->next = e->clients;
        if (e->clients)
            e->clients->prev = c;
        e->clients = c;
        e->n_clients++;
        pthread_cond_signal(&e->wake);
    }
    pthread_mutex_unlock(&e->lock);
    if (!c)
        return NULL;
    struct MHD_Response *response =
        mhd.create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, client_read, c, client_free);
    if (!response)
        client_free(c);
    return response;
}
