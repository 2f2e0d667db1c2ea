/* The registry of compile runs. One thread makes a run; others that want the same wait for it. */
#include "server/runs.h"

#include <stdio.h>
#include <string.h>

#include "server/jobs.h"
#include "server/runs_inner.h"

static const uint64_t default_limit = (uint64_t)256 << 20;

struct runs *runs_new(struct mem *m, struct models *models, struct store *store, uint64_t memory_limit) {
    struct runs *runs = mem_alloc_zero(m, sizeof *runs);
    if (!runs)
        return NULL;
    runs->parent = m;
    runs->models = models;
    runs->store = store;
    runs->limit = memory_limit ? memory_limit : default_limit;
    pthread_mutex_init(&runs->lock, NULL);
    pthread_cond_init(&runs->made, NULL);
    return runs;
}

static void run_free(struct run *run) {
    run_unmake(run);
    arena_free(&run->arena);
    pthread_mutex_destroy(&run->lock);
    mem_free(&run->runs->mem, run, sizeof *run);
}

void runs_free(struct runs *runs) {
    if (!runs)
        return;
    while (runs->first) {
        struct run *run = runs->first;
        runs->first = run->next;
        run_free(run);
    }
    pthread_mutex_destroy(&runs->lock);
    pthread_cond_destroy(&runs->made);
    mem_free(runs->parent, runs, sizeof *runs);
}

static struct run *run_new(struct runs *runs, const struct run_settings *s, const struct run_id *id) {
    struct run *run = mem_alloc_zero(&runs->mem, sizeof *run);
    if (!run)
        return NULL;
    run->runs = runs;
    run->id = *id;
    run->settings = *s;
    arena_init(&run->arena, &run->mem);
    diags_init(&run->diags, &run->mem);
    override_set_init(&run->overrides, &run->mem);
    pthread_mutex_init(&run->lock, NULL);
    run->settings.json = arena_str(&run->arena, s->json);
    return run;
}

static uint64_t run_bytes(const struct run *run) {
    return run->mem.used + atomic_load_explicit(&run->stage_bytes, memory_order_relaxed);
}

/* Takes a run out of the list; under the lock. */
static void unlist(struct runs *runs, struct run *run) {
    for (struct run **at = &runs->first; *at; at = &(*at)->next)
        if (*at == run) {
            *at = run->next;
            return;
        }
}

/* Takes out what nobody uses, the longest unused first, until the rest is below the limit; under the lock. Gives what is
 * to be freed without it. */
static struct run *shrink(struct runs *runs) {
    struct run *out = NULL;
    uint64_t total = 0;
    for (struct run *r = runs->first; r; r = r->next)
        total += r->making ? 0 : run_bytes(r);
    while (total > runs->limit) {
        struct run *oldest = NULL;
        for (struct run *r = runs->first; r; r = r->next)
            if (r->refs == 0 && (!oldest || r->used < oldest->used))
                oldest = r;
        if (!oldest)
            break;
        total -= run_bytes(oldest);
        unlist(runs, oldest);
        oldest->next = out;
        out = oldest;
    }
    return out;
}

static void free_all(struct run *list) {
    while (list) {
        struct run *next = list->next;
        run_free(list);
        list = next;
    }
}

void run_ref(struct run *run) {
    pthread_mutex_lock(&run->runs->lock);
    run->refs++;
    pthread_mutex_unlock(&run->runs->lock);
}

void run_unref(const struct run *const_run) {
    if (!const_run)
        return;
    struct run *run = (struct run *)(uintptr_t)const_run;
    struct runs *runs = run->runs;
    pthread_mutex_lock(&runs->lock);
    run->refs--;
    struct run *unused = shrink(runs);
    if (run->refs == 0 && run->error.status) { /* it could not be made: the next who asks tries again */
        unlist(runs, run);
        run->next = unused;
        unused = run;
    }
    pthread_mutex_unlock(&runs->lock);
    free_all(unused);
}

const struct run *runs_get(struct runs *runs, const struct run_settings *s, struct job *job, struct model_error *e) {
    struct run_id id;
    run_id_of(s, &id);
    pthread_mutex_lock(&runs->lock);
    struct run *run = runs->first;
    while (run && (run->error.status || memcmp(&run->id, &id, sizeof id) != 0))
        run = run->next;
    bool mine = !run;
    if (mine && (run = run_new(runs, s, &id))) {
        run->making = true;
        run->next = runs->first;
        runs->first = run;
    }
    if (run) {
        run->refs++;
        run->used = ++runs->clock;
    }
    if (run && mine) {
        pthread_mutex_unlock(&runs->lock);
        struct model_error error = {0};
        bool good = run->settings.json.p ? run_make(run, job, &error) : model_fail(&error, 503, "out of memory");
        pthread_mutex_lock(&runs->lock);
        if (!good)
            run->error = error;
        run->making = false;
        pthread_cond_broadcast(&runs->made);
    }
    while (run && run->making)
        pthread_cond_wait(&runs->made, &runs->lock);
    pthread_mutex_unlock(&runs->lock);
    if (!run) {
        model_fail(e, 503, "out of memory");
        return NULL;
    }
    if (run->error.status) {
        *e = run->error;
        run_unref(run);
        return NULL;
    }
    return run;
}

const struct run *runs_find(struct runs *runs, const struct store_hash *model, str id, struct job *job,
                            struct model_error *e) {
    struct run *run;
    pthread_mutex_lock(&runs->lock);
    for (run = runs->first; run; run = run->next)
        if (str_eq(str_from_z(run->id.text), id) && !run->making && !run->error.status &&
            memcmp(&run->settings.model, model, sizeof *model) == 0)
            break;
    if (run) {
        run->refs++;
        run->used = ++runs->clock;
    }
    pthread_mutex_unlock(&runs->lock);
    if (run)
        return run;
    struct mem mem = {0};
    struct arena a;
    struct store_items items = {0};
    struct store_error se;
    const struct run *found = NULL;
    arena_init(&a, &mem);
    if (!store_item_list(runs->store, STORE_RUN, model, &a, &items, &se)) {
        model_fail_store(e, &se);
    } else {
        struct store_item item;
        model_fail(e, 404, "the model has no run %.*s", STR_ARG(str_slice(id, 0, 60)));
        for (size_t i = 0; i < items.list.n && !found; i++) {
            struct run_settings s = {.model = *model};
            if (str_eq(items.list.v[i].name, id) &&
                store_item_get(runs->store, STORE_RUN, items.list.v[i].id, &a, &item, &se) &&
                run_settings_read(item.body, &a, &s, e))
                found = runs_get(runs, &s, job, e);
        }
        vec_free(&items.list);
    }
    arena_free(&a);
    return found;
}

bool runs_keep(struct runs *runs, const struct run *run, struct store_error *e) {
    struct mem mem = {0};
    struct arena a;
    struct store_items items = {0};
    arena_init(&a, &mem);
    bool good = store_item_list(runs->store, STORE_RUN, &run->settings.model, &a, &items, e);
    bool known = false;
    for (size_t i = 0; good && i < items.list.n; i++)
        known |= str_eq(items.list.v[i].name, str_from_z(run->id.text));
    if (good && !known) {
        struct store_item item = {.model = run->settings.model,
                                  .name = str_from_z(run->id.text),
                                  .state = run->compiled->ok ? STR("compiled") : STR("failed"),
                                  .body = run->settings.json};
        int64_t id = 0;
        good = store_item_put(runs->store, STORE_RUN, &item, &id, e);
    }
    if (good || items.list.v)
        vec_free(&items.list);
    arena_free(&a);
    struct run *own = (struct run *)run; /* what the registry's lock is around may change */
    pthread_mutex_lock(&runs->lock);
    own->unkept[0] = '\0';
    if (!good)
        snprintf(own->unkept, sizeof own->unkept, "%s", e->text);
    pthread_mutex_unlock(&runs->lock);
    return good;
}

void run_unkept(const struct run *run, char out[RUN_UNKEPT]) {
    pthread_mutex_lock(&run->runs->lock);
    memcpy(out, run->unkept, RUN_UNKEPT);
    pthread_mutex_unlock(&run->runs->lock);
}

const struct run_id *run_name(const struct run *run) {
    return &run->id;
}

const struct run_settings *run_settings_of(const struct run *run) {
    return &run->settings;
}

const compile_run *run_compiled(const struct run *run) {
    return run->compiled;
}

const override_set *run_overrides(const struct run *run) {
    return &run->overrides;
}

const struct diags *run_diags(const struct run *run) {
    return &run->diags;
}
