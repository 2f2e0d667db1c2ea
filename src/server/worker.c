#define _GNU_SOURCE /* sigset_t, pthread_sigmask */
#include "server/worker.h"

#include <pthread.h>
#include <signal.h>

struct workers {
    struct mem *mem;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct worker_task *first, **last;
    size_t busy;      /* queued or running */
    unsigned n, idle; /* threads there are; of them waiting */
    unsigned max;
    bool stop;
    pthread_t ids[];
};

static void *worker_thread(void *workers_of_thread) {
    struct workers *w = workers_of_thread;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->first && !w->stop) {
            w->idle++;
            pthread_cond_wait(&w->more, &w->lock);
            w->idle--;
        }
        struct worker_task *task = w->first;
        if (!task)
            break;
        w->first = task->next;
        if (!w->first)
            w->last = &w->first;
        pthread_mutex_unlock(&w->lock);
        task->run(task); /* which may free the task */
        pthread_mutex_lock(&w->lock);
        w->busy--;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static size_t workers_size(unsigned max) {
    return sizeof(struct workers) + max * sizeof(pthread_t);
}

struct workers *workers_new(struct mem *m, unsigned threads) {
    struct workers *w = mem_alloc_zero(m, workers_size(threads));
    if (!w)
        return NULL;
    w->mem = m;
    w->max = threads;
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->more, NULL);
    return w;
}

void workers_stop(struct workers *w) {
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->more);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->n; i++) /* no thread starts after `stop` */
        pthread_join(w->ids[i], NULL);
    w->n = 0;
}

void workers_free(struct workers *w) {
    if (!w)
        return;
    workers_stop(w);
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->lock);
    mem_free(w->mem, w, workers_size(w->max));
}

/* Signals are for the main thread: it waits for the one that ends the program. */
static bool start_thread(struct workers *w) {
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGBUS); /* of mapped files (base/guard.h) */
    sigdelset(&all, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool good = pthread_create(&w->ids[w->n], NULL, worker_thread, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    w->n += good;
    return good;
}

bool workers_add(struct workers *w, struct worker_task *task) {
    pthread_mutex_lock(&w->lock);
    size_t waiting = 0;
    for (struct worker_task *t = w->first; t && waiting <= w->idle; t = t->next)
        waiting++;
    bool good = !w->stop;
    if (good && waiting >= w->idle && w->n < w->max && !start_thread(w))
        good = w->n > 0;
    if (good) {
        task->next = NULL;
        *w->last = task;
        w->last = &task->next;
        w->busy++;
        pthread_cond_signal(&w->more);
    }
    pthread_mutex_unlock(&w->lock);
    return good;
}

size_t workers_busy(struct workers *w) {
    pthread_mutex_lock(&w->lock);
    size_t busy = w->busy;
    pthread_mutex_unlock(&w->lock);
    return busy;
}
