/* Files that change on disk: inotify on their folders, since editors and compilers replace files rather than write into
 * them. A change is looked at when the file has been quiet for a moment. */
#define _GNU_SOURCE /* inotify, eventfd */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "server/events.h"
#include "server/models_inner.h"

enum { QUIET_MS = 200 };

struct watched {
    struct watched *next;
    int folder;        /* inotify's number of its folder */
    uint64_t dirty_ns; /* when it changed last; 0: it did not */
    struct store_hash hash;
    size_t n, name; /* of the path; where its last part begins */
    char path[];
};

static size_t watched_size(const struct watched *w) {
    return sizeof *w + w->n + 1;
}

void models_watch_path(struct models *models, str real, const struct store_hash *hash) {
    pthread_mutex_lock(&models->lock);
    struct watched *w = models->watch_fd < 0 ? NULL : models->watched;
    while (w && !str_eq(str_of(w->path, w->n), real))
        w = w->next;
    if (w) {
        w->hash = *hash;
    } else if (models->watch_fd >= 0 && (w = mem_alloc_zero(&models->mem, sizeof *w + real.n + 1))) {
        w->n = real.n;
        memcpy(w->path, real.p, real.n);
        char *slash = strrchr(w->path, '/');
        w->name = slash ? (size_t)(slash - w->path) + 1 : 0;
        w->hash = *hash;
        if (slash)
            *slash = 0;
        w->folder = inotify_add_watch(models->watch_fd, slash == w->path ? "/" : w->path,
                                      IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY);
        if (slash)
            *slash = '/';
        w->next = models->watched;
        models->watched = w;
    }
    pthread_mutex_unlock(&models->lock);
}

/* Reads what inotify has and marks the files. */
static void mark_changes(struct models *models) {
    _Alignas(struct inotify_event) char buffer[16 << 10];
    ssize_t n = read(models->watch_fd, buffer, sizeof buffer);
    uint64_t now = clock_now_ns();
    pthread_mutex_lock(&models->lock);
    for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
        const struct inotify_event *event = (const struct inotify_event *)(buffer + at);
        at += (ssize_t)sizeof *event + event->len;
        for (struct watched *w = models->watched; w; w = w->next)
            if ((event->mask & IN_Q_OVERFLOW) ||
                (w->folder == event->wd && event->len && strcmp(event->name, w->path + w->name) == 0))
                w->dirty_ns = now;
    }
    pthread_mutex_unlock(&models->lock);
}

static void tell(struct models *models, str path, const struct store_hash *old, const struct store_hash *new) {
    struct mem mem = {0};
    struct buf text;
    buf_init(&text, &mem);
    struct json_writer w = json_writer_to(&text);
    json_object_begin(&w);
    json_key(&w, STR("path"));
    json_str(&w, path);
    json_key(&w, STR("hash"));
    json_str(&w, str_from_z(new->text));
    json_key(&w, STR("old"));
    json_str(&w, str_from_z(old->text));
    json_object_end(&w);
    if (!text.failed && models->events)
        events_publish(models->events, "api", "file", buf_str(&text));
    buf_free(&text);
    if (models->changed)
        models->changed(models->changed_ctx, path, new);
}

/* Opens files anew that have been quiet since they changed; gives whether some are still to be looked at. */
static bool open_changed(struct models *models) {
    bool waiting = false;
    for (;;) {
        struct mem mem = {0};
        struct arena a;
        struct store_hash old = {{0}}, new = {{0}};
        str path = {0};
        arena_init(&a, &mem);
        uint64_t now = clock_now_ns();
        pthread_mutex_lock(&models->lock);
        waiting = false;
        for (struct watched *w = models->watched; w && !path.p; w = w->next) {
            if (!w->dirty_ns)
                continue;
            if (now - w->dirty_ns < (uint64_t)QUIET_MS * 1000000u) {
                waiting = true;
                continue;
            }
            w->dirty_ns = 0;
            old = w->hash;
            path = arena_str(&a, str_of(w->path, w->n));
        }
        pthread_mutex_unlock(&models->lock);
        struct model_error ignored; /* a file that is gone or unreadable is no change to show */
        if (path.p && models_open_path(models, path, &new, &ignored) && memcmp(&old, &new, sizeof old) != 0)
            tell(models, path, &old, &new);
        bool more = path.p != NULL;
        arena_free(&a);
        if (!more)
            return waiting;
    }
}

static void *watch_thread(void *of) {
    struct models *models = of;
    bool waiting = false;
    for (;;) {
        struct pollfd fds[2] = {{.fd = models->watch_fd, .events = POLLIN},
                                {.fd = models->watch_end_fd, .events = POLLIN}};
        if (poll(fds, 2, waiting ? QUIET_MS / 2 : -1) < 0 && errno != EINTR)
            return NULL;
        if (fds[1].revents)
            return NULL;
        if (fds[0].revents)
            mark_changes(models);
        waiting = open_changed(models);
    }
}

bool models_watch(struct models *models, models_changed *changed, void *ctx) {
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), end = eventfd(0, EFD_CLOEXEC);
    if (fd >= 0 && end >= 0) {
        models->changed = changed;
        models->changed_ctx = ctx;
        models->watch_end_fd = end;
        pthread_mutex_lock(&models->lock);
        models->watch_fd = fd;
        pthread_mutex_unlock(&models->lock);
        if (pthread_create(&models->watch_thread, NULL, watch_thread, models) == 0)
            return true;
        models->watch_fd = -1;
    }
    if (fd >= 0)
        close(fd);
    if (end >= 0)
        close(end);
    return false;
}

void models_watch_end(struct models *models) {
    if (models->watch_fd >= 0) {
        uint64_t one = 1;
        if (write(models->watch_end_fd, &one, sizeof one) == (ssize_t)sizeof one)
            pthread_join(models->watch_thread, NULL);
        close(models->watch_fd);
        close(models->watch_end_fd);
        models->watch_fd = -1;
    }
    while (models->watched) {
        struct watched *w = models->watched;
        models->watched = w->next;
        mem_free(&models->mem, w, watched_size(w));
    }
}
