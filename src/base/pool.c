#define _GNU_SOURCE /* sysconf */
#include "base/pool.h"

#include "base/platform.h"

#if HAVE_THREADS
#include <pthread.h>
#include <unistd.h>
#endif

enum { POOL_MAX = 256 };

struct pool_loop {
    pool_body *body;
    void *ctx;
    const atomic_bool *cancel;
    size_t n, grain;
    atomic_size_t next; /* first item nobody has taken */
};

struct pool {
    struct mem *mem;
    unsigned threads; /* with the caller's */
    struct pool_loop loop;
#if HAVE_THREADS
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    unsigned long generation; /* of the loop; workers wait for the next */
    unsigned busy;            /* workers that have not finished the current loop */
    bool stop;
    unsigned started; /* threads that exist */
    pthread_t ids[];
#endif
};

/* Takes pieces until none is left or the loop is cancelled. */
static void pool_work(struct pool_loop *loop, unsigned worker) {
    while (!(loop->cancel && atomic_load_explicit(loop->cancel, memory_order_relaxed))) {
        size_t begin = atomic_load_explicit(&loop->next, memory_order_relaxed), end;
        do {
            if (begin >= loop->n)
                return;
            end = loop->n - begin < loop->grain ? loop->n : begin + loop->grain;
        } while (!atomic_compare_exchange_weak(&loop->next, &begin, end));
        loop->body(loop->ctx, begin, end, worker);
    }
}

#if HAVE_THREADS

static void *pool_thread(void *pool_of_thread) {
    struct pool *p = pool_of_thread;
    pthread_mutex_lock(&p->lock);
    unsigned worker = ++p->started; /* 0 is the caller */
    pthread_cond_signal(&p->done);
    unsigned long seen = 0;
    while (true) {
        while (!p->stop && p->generation == seen)
            pthread_cond_wait(&p->start, &p->lock);
        if (p->stop)
            break;
        seen = p->generation;
        pthread_mutex_unlock(&p->lock);
        pool_work(&p->loop, worker);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0)
            pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static size_t pool_size(unsigned threads) {
    return sizeof(struct pool) + threads * sizeof(pthread_t);
}

struct pool *pool_new(struct mem *m, unsigned threads) {
    if (threads == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        threads = online < 1 ? 1 : (unsigned)online;
    }
    if (threads > POOL_MAX)
        threads = POOL_MAX;
    struct pool *p = mem_alloc_zero(m, pool_size(threads));
    if (!p)
        return NULL;
    p->mem = m;
    p->threads = threads;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->done, NULL);
    unsigned made = 0;
    while (made + 1 < threads && pthread_create(&p->ids[made], NULL, pool_thread, p) == 0)
        made++;
    pthread_mutex_lock(&p->lock);
    while (p->started < made)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
    if (made + 1 < threads) {
        pool_free(p);
        return NULL;
    }
    return p;
}

void pool_free(struct pool *p) {
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->started; i++)
        pthread_join(p->ids[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->start);
    pthread_cond_destroy(&p->done);
    mem_free(p->mem, p, pool_size(p->threads));
}

#else

struct pool *pool_new(struct mem *m, unsigned threads) {
    (void)threads;
    struct pool *p = mem_alloc_zero(m, sizeof *p);
    if (p) {
        p->mem = m;
        p->threads = 1;
    }
    return p;
}

void pool_free(struct pool *p) {
    if (p)
        mem_free(p->mem, p, sizeof *p);
}

#endif

unsigned pool_threads(const struct pool *p) {
    return p->threads;
}

bool pool_for(struct pool *p, size_t n, size_t grain, pool_body *body, void *ctx, const atomic_bool *cancel) {
    struct pool_loop *loop = &p->loop;
    loop->body = body;
    loop->ctx = ctx;
    loop->cancel = cancel;
    loop->n = n;
    loop->grain = grain ? grain : 1;
    atomic_store(&loop->next, 0);
#if HAVE_THREADS
    bool shared = p->threads > 1 && n > loop->grain; /* one piece needs no waking */
    if (shared) {
        pthread_mutex_lock(&p->lock);
        p->busy = p->threads - 1;
        p->generation++;
        pthread_cond_broadcast(&p->start);
        pthread_mutex_unlock(&p->lock);
    }
    pool_work(loop, 0);
    if (shared) {
        pthread_mutex_lock(&p->lock);
        while (p->busy)
            pthread_cond_wait(&p->done, &p->lock);
        pthread_mutex_unlock(&p->lock);
    }
#else
    pool_work(loop, 0);
#endif
    return atomic_load(&loop->next) >= n;
}
