/* The registry of kept runs. */
#include "server/kept.h"

#include <string.h>

struct kept {
    struct mem *mem; /* what it was made in */
    pthread_mutex_t lock;
    struct kept_run *first;
    uint64_t clock;
};

struct kept *kept_new(struct mem *m) {
    struct kept *k = mem_alloc_zero(m, sizeof *k);
    if (!k)
        return NULL;
    k->mem = m;
    pthread_mutex_init(&k->lock, NULL);
    return k;
}

struct kept_run *kept_run_new(void) {
    struct mem mem = {0};
    struct kept_run *r = mem_alloc_zero(&mem, sizeof *r);
    if (!r)
        return NULL;
    r->mem = mem;
    arena_init(&r->arena, &r->mem);
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void kept_run_free(struct kept_run *r) {
    if (!r)
        return;
    exec_plan_free(r->plan); /* its arguments are those of the golden run */
    exec_plan_free(r->golden);
    exec_inputs_free(r->inputs);
    if (r->models) {
        model_unref(r->models, r->model);
        model_unref(r->models, r->source);
    }
    run_unref(r->run);
    arena_free(&r->arena);
    pthread_mutex_destroy(&r->lock);
    mem_drop_spares(&r->mem);
    struct mem mem = r->mem;
    mem_free(&mem, r, sizeof *r);
}

/* Takes the run at *at out of the list, under the lock; it is freed by whoever uses it last. */
static void unlist(struct kept_run **at, struct kept_run **unused) {
    struct kept_run *r = *at;
    *at = r->next;
    r->execution = 0;
    r->next = NULL;
    if (r->refs == 0) {
        r->next = *unused;
        *unused = r;
    }
}

static void free_all(struct kept_run *r) {
    while (r) {
        struct kept_run *next = r->next;
        kept_run_free(r);
        r = next;
    }
}

void kept_free(struct kept *k) {
    if (!k)
        return;
    free_all(k->first);
    pthread_mutex_destroy(&k->lock);
    mem_free(k->mem, k, sizeof *k);
}

/* The longest unused of all but `but`, while they take too much; under the lock. */
static void make_room(struct kept *k, const struct kept_run *but, struct kept_run **unused) {
    for (;;) {
        uint64_t total = 0;
        struct kept_run **oldest = NULL;
        for (struct kept_run **at = &k->first; *at; at = &(*at)->next) {
            total += (*at)->bytes;
            if (*at != but && (!oldest || (*at)->used < (*oldest)->used))
                oldest = at;
        }
        if (total <= KEPT_ALL_BYTES || !oldest)
            return;
        unlist(oldest, unused);
    }
}

void kept_add(struct kept *k, struct kept_run *r, int64_t execution, const struct store_hash *hash) {
    struct kept_run *unused = NULL;
    pthread_mutex_lock(&k->lock);
    r->execution = execution;
    r->hash = *hash;
    r->used = ++k->clock;
    r->next = k->first;
    k->first = r;
    make_room(k, r, &unused);
    pthread_mutex_unlock(&k->lock);
    free_all(unused);
}

/* Under the lock. */
static struct kept_run **find(struct kept *k, int64_t execution) {
    struct kept_run **at = &k->first;
    while (*at && (*at)->execution != execution)
        at = &(*at)->next;
    return at;
}

struct kept_run *kept_find(struct kept *k, int64_t execution) {
    pthread_mutex_lock(&k->lock);
    struct kept_run *r = *find(k, execution);
    if (r) {
        r->refs++;
        r->used = ++k->clock;
    }
    pthread_mutex_unlock(&k->lock);
    return r;
}

void kept_unref(struct kept *k, struct kept_run *r) {
    if (!r)
        return;
    pthread_mutex_lock(&k->lock);
    bool last = --r->refs == 0 && r->execution == 0;
    pthread_mutex_unlock(&k->lock);
    if (last)
        kept_run_free(r);
}

uint64_t kept_bytes(struct kept *k, int64_t execution) {
    pthread_mutex_lock(&k->lock);
    const struct kept_run *r = *find(k, execution);
    uint64_t bytes = r ? r->bytes : 0;
    pthread_mutex_unlock(&k->lock);
    return bytes;
}

void kept_drop(struct kept *k, int64_t execution) {
    struct kept_run *unused = NULL;
    pthread_mutex_lock(&k->lock);
    struct kept_run **at = find(k, execution);
    if (*at)
        unlist(at, &unused);
    pthread_mutex_unlock(&k->lock);
    free_all(unused);
}

void kept_drop_model(struct kept *k, const struct store_hash *hash) {
    struct kept_run *unused = NULL;
    pthread_mutex_lock(&k->lock);
    for (struct kept_run **at = &k->first; *at;) {
        if (strcmp((*at)->hash.text, hash->text) == 0)
            unlist(at, &unused);
        else
            at = &(*at)->next;
    }
    pthread_mutex_unlock(&k->lock);
    free_all(unused);
}

bool kept_tensor(struct kept_run *r, graph_node node, uint32_t out, unsigned device, bool golden, struct tensor *t,
                 unsigned *devices) {
    ir_op op = graph_op(r->g, node);
    ir_value v = out < graph_n_results(r->g, node) ? graph_value(r->g, node, out) : 0;
    const exec_plan *plan = r->plan;
    if (golden) {
        ir_op there = r->golden && op ? r->golden_of[op] : 0;
        /* First results are what was compared. */
        v = there && out == 0 ? ir_op_at(r->golden_module, there)->results : 0;
        plan = r->golden;
    }
    if (!v)
        return false;
    pthread_mutex_lock(&r->lock);
    const struct tensor *look = exec_value(plan, v, device);
    if (look)
        *t = *look;
    *devices = look ? exec_value_devices(plan, v) : 0;
    pthread_mutex_unlock(&r->lock);
    return look != NULL && device < *devices;
}

bool kept_result(struct kept_run *r, size_t i, unsigned device, struct tensor *t) {
    pthread_mutex_lock(&r->lock);
    const struct tensor *look = exec_result(r->plan, i, device);
    if (look)
        *t = *look;
    pthread_mutex_unlock(&r->lock);
    return look != NULL;
}
