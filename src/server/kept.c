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
    pthread_mutex_init(&r->running, NULL);
    return r;
}

static void free_made(struct kept_run *r, struct kept_made **at) {
    struct kept_made *m = *at;
    *at = m->next;
    r->made_bytes -= tensor_bytes(&m->t);
    tensor_free(&m->t);
    mem_free(&r->made_mem, m, sizeof *m);
}

void kept_run_free(struct kept_run *r) {
    if (!r)
        return;
    while (r->made)
        free_made(r, &r->made);
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
    pthread_mutex_destroy(&r->running);
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

struct kept_run *kept_ref(struct kept *k, struct kept_run *r) {
    pthread_mutex_lock(&k->lock);
    r->refs++;
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

bool kept_value_of(struct kept_run *r, graph_node node, uint32_t out, bool golden, struct kept_value *v) {
    ir_op op = graph_op(r->g, node);
    *v = (struct kept_value){.golden = golden};
    if (!golden) {
        v->value = out < graph_n_results(r->g, node) ? graph_value(r->g, node, out) : 0;
    } else {
        ir_op there = r->golden && op ? r->golden_of[op] : 0;
        /* First results are what was compared. */
        v->value = there && out == 0 ? ir_op_at(r->golden_module, there)->results : 0;
    }
    return v->value != 0;
}

struct kept_value kept_result(struct kept_run *r, size_t i, unsigned device) {
    return (struct kept_value){.value = exec_result_info(r->plan, i).value, .device = device};
}

/* Under the lock. */
static struct kept_made *find_made(const struct kept_run *r, const struct kept_value *v) {
    struct kept_made *m = r->made;
    while (m && (m->what.golden != v->golden || m->what.value != v->value || m->what.device != v->device))
        m = m->next;
    return m;
}

enum kept_there kept_look(struct kept_run *r, const struct kept_value *v, struct kept_look *out) {
    const exec_plan *plan = v->golden ? r->golden : r->plan;
    enum kept_there there = KEPT_NONE;
    *out = (struct kept_look){.devices = 0};
    pthread_mutex_lock(&r->lock);
    if (!r->makes) {
        const struct tensor *look = exec_value(plan, v->value, v->device);
        unsigned devices = look ? exec_value_devices(plan, v->value) : 0;
        if (v->device < devices) {
            *out = (struct kept_look){*look, devices, NULL};
            there = KEPT_THERE;
        }
    } else if (exec_makes(plan, v->value, v->device)) {
        struct kept_made *m = find_made(r, v);
        there = m ? KEPT_THERE : KEPT_LATER;
        if (m) {
            m->refs++;
            m->used = ++r->made_clock;
            *out = (struct kept_look){m->t, m->devices, m};
        }
    }
    pthread_mutex_unlock(&r->lock);
    return there;
}

/* What was looked at longest ago and is not looked at now goes, while all take too much; under the lock. */
static void make_room_for_made(struct kept_run *r, const struct kept_made *but) {
    while (r->made_bytes > KEPT_MADE_BYTES) {
        struct kept_made **oldest = NULL;
        for (struct kept_made **at = &r->made; *at; at = &(*at)->next)
            if (*at != but && (*at)->refs == 0 && (!oldest || (*at)->used < (*oldest)->used))
                oldest = at;
        if (!oldest)
            return;
        free_made(r, oldest);
    }
}

void kept_done(struct kept_run *r, struct kept_look *look) {
    if (!look->made)
        return;
    pthread_mutex_lock(&r->lock);
    look->made->refs--;
    make_room_for_made(r, look->made);
    pthread_mutex_unlock(&r->lock);
    look->made = NULL;
}

bool kept_put(struct kept_run *r, const struct kept_value *v, const struct tensor *t, unsigned devices) {
    pthread_mutex_lock(&r->lock);
    bool there = find_made(r, v) != NULL;
    struct kept_made *m = there ? NULL : mem_alloc_zero(&r->made_mem, sizeof *m);
    bool good = m && tensor_new(&m->t, &r->made_mem, t->dtype, t->dims, t->rank);
    if (good) {
        memcpy(m->t.data, t->data, tensor_bytes(t));
        m->what = *v;
        m->devices = devices;
        m->used = ++r->made_clock;
        m->next = r->made;
        r->made = m;
        r->made_bytes += tensor_bytes(t);
        make_room_for_made(r, m);
    } else if (m) {
        mem_free(&r->made_mem, m, sizeof *m);
    }
    pthread_mutex_unlock(&r->lock);
    return there || good;
}
