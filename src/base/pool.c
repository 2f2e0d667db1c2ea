/* A loop is open while there may be pieces that nobody has taken. Threads enter it, work and leave; the caller closes it and
 * waits for those that are inside. A thread that wakes too late finds it closed, and nobody has waited for it.
 *
 *   state = generation | closed | inside      in one word, so that entering and closing cannot miss each other
 *
 * Waking a thread takes longer than many a loop. So threads look for the next loop for a while before they sleep, where
 * the machine has a processor for each.
 */
#include "base/pool.h"

#include "base/platform.h"

#if HAVE_THREADS
#include <pthread.h>

#include "base/machine.h"
#endif

enum { POOL_MAX = 256 };

struct pool_loop {
    pool_body *body;
    void *ctx;
    const atomic_bool *cancel;
    size_t n, grain;
    atomic_size_t next;  /* first item nobody has taken */
    atomic_uint arrived; /* threads of the team that have come */
};

struct pool {
    struct mem *mem;
    unsigned threads; /* with the caller's */
    struct pool_loop loop;
#if HAVE_THREADS
    pool_team *team; /* whose threads work; NULL: its own */
    unsigned spins;  /* how often threads look before they sleep */
    atomic_ullong state;
    atomic_uint sleeping; /* threads that wait for `start` */
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    bool stop;        /* under the lock */
    unsigned started; /* threads that exist */
    bool tried;       /* to start them */
    struct pool_thread {
        struct pool *pool;
        unsigned worker;
        pthread_t id;
    } own[]; /* of workers 1 and on */
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

/* About 40 us where it was measured: what lies between most loops, and no more than waking takes. */
enum { SPINS = 2000 };

#define INSIDE_BITS 16
#define CLOSED (1ull << (INSIDE_BITS - 1))
#define INSIDE (CLOSED - 1)
#define GENERATION(state) ((state) >> INSIDE_BITS)

/* Waits for the loop behind `seen`; false: the pool ends. */
static bool next_loop(struct pool *p, unsigned long long *seen) {
    for (unsigned i = 0; i < p->spins; i++) {
        unsigned long long now = GENERATION(atomic_load_explicit(&p->state, memory_order_acquire));
        if (now != *seen) {
            *seen = now;
            return true;
        }
        cpu_relax();
    }
    pthread_mutex_lock(&p->lock);
    /* Who opens a loop looks for sleepers afterwards, in that order; so one of the two sees the other. */
    atomic_fetch_add(&p->sleeping, 1);
    while (!p->stop && GENERATION(atomic_load(&p->state)) == *seen)
        pthread_cond_wait(&p->start, &p->lock);
    atomic_fetch_sub(&p->sleeping, 1);
    bool goes_on = !p->stop;
    *seen = GENERATION(atomic_load(&p->state));
    pthread_mutex_unlock(&p->lock);
    return goes_on;
}

static void *pool_thread(void *thread) {
    const struct pool_thread *t = thread;
    struct pool *p = t->pool;
    unsigned long long seen = 0;
    while (next_loop(p, &seen)) {
        unsigned long long state = atomic_load(&p->state);
        do {
            if (state & CLOSED)
                break;
        } while (!atomic_compare_exchange_weak(&p->state, &state, state + 1));
        if (state & CLOSED)
            continue;
        seen = GENERATION(state);
        pool_work(&p->loop, t->worker);
        state = atomic_fetch_sub(&p->state, 1);
        if ((state & INSIDE) == 1 && state & CLOSED) { /* the caller may be asleep */
            pthread_mutex_lock(&p->lock);
            pthread_cond_signal(&p->done);
            pthread_mutex_unlock(&p->lock);
        }
    }
    return NULL;
}

static void start_threads(struct pool *p) {
    p->tried = true;
    for (unsigned i = 0; i + 1 < p->threads; i++) {
        p->own[i] = (struct pool_thread){.pool = p, .worker = i + 1};
        if (pthread_create(&p->own[i].id, NULL, pool_thread, &p->own[i]) != 0)
            return;
        p->started++;
    }
}

static void end_threads(struct pool *p) {
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->started; i++)
        pthread_join(p->own[i].id, NULL);
    p->started = 0;
    p->tried = p->stop = false;
}

/* Nobody is inside; all items of the loop before are done. */
static void open_loop(struct pool *p) {
    if (!p->tried)
        start_threads(p);
    atomic_store(&p->state, (GENERATION(atomic_load(&p->state)) + 1) << INSIDE_BITS);
    if (atomic_load(&p->sleeping)) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->start);
        pthread_mutex_unlock(&p->lock);
    }
}

static void close_loop(struct pool *p) {
    unsigned long long state = atomic_fetch_or(&p->state, CLOSED);
    for (unsigned i = 0; i < p->spins && state & INSIDE; i++) {
        cpu_relax();
        state = atomic_load(&p->state);
    }
    if (!(state & INSIDE))
        return;
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->state) & INSIDE)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

/* What each thread of a team does. */
static void team_work(void *loop_of_team) {
    struct pool_loop *loop = loop_of_team;
    pool_work(loop, atomic_fetch_add(&loop->arrived, 1));
}

static size_t pool_size(unsigned threads) {
    return sizeof(struct pool) + threads * sizeof(struct pool_thread);
}

struct pool *pool_new(struct mem *m, unsigned threads) {
    unsigned processors = machine_processors();
    if (threads == 0)
        threads = processors;
    if (threads > POOL_MAX)
        threads = POOL_MAX;
    struct pool *p = mem_alloc_zero(m, pool_size(threads));
    if (!p)
        return NULL;
    p->mem = m;
    p->threads = threads;
    p->spins = threads <= processors ? SPINS : 0;
    atomic_store(&p->state, CLOSED);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->done, NULL);
    return p;
}

void pool_free(struct pool *p) {
    if (!p)
        return;
    end_threads(p);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->start);
    pthread_cond_destroy(&p->done);
    mem_free(p->mem, p, pool_size(p->threads));
}

void pool_join(struct pool *p, pool_team *team) {
    end_threads(p);
    p->team = team;
}

/* All threads work on the loop. */
static void pool_share(struct pool *p) {
    if (p->team) {
        atomic_store(&p->loop.arrived, 0);
        p->team(team_work, &p->loop, p->threads, 0);
        return;
    }
    open_loop(p);
    pool_work(&p->loop, 0);
    close_loop(p);
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

void pool_join(struct pool *p, pool_team *team) {
    (void)p, (void)team;
}

static void pool_share(struct pool *p) {
    pool_work(&p->loop, 0);
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
    if (p->threads > 1 && n > loop->grain) /* one piece needs no waking */
        pool_share(p);
    else
        pool_work(loop, 0);
    return atomic_load(&loop->next) >= n;
}
