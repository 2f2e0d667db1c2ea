/* The registry: which models are known to whom, and which are loaded.
 *
 *   entry (one per content) ──▶ loaded model (counted references; in a list by last use)
 *
 * One thread loads a model; others that want the same wait for it. The registry's lock is never held while files are read
 * or text is parsed.
 */
#define _GNU_SOURCE /* open, fstat */
#include "server/models.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "server/jobs.h"
#include "server/models_inner.h"
#include "server/runs.h"
#include "server/security.h"

static const uint64_t default_limit = (uint64_t)1 << 30;

bool model_fail(struct model_error *e, int status, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    e->status = status;
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return false;
}

bool model_fail_store(struct model_error *e, const struct store_error *from) {
    int status = from->status == STORE_NOT_FOUND                              ? 404
                 : from->status == STORE_FULL                                 ? 507
                 : from->status == STORE_READ_ONLY                            ? 403
                 : from->status == STORE_BUSY || from->status == STORE_MEMORY ? 503
                                                                              : 500;
    return model_fail(e, status, "%s", from->text);
}

struct models *models_new(struct mem *m, struct store *store, struct security *security, struct events *events,
                          uint64_t memory_limit) {
    struct models *models = mem_alloc_zero(m, sizeof *models);
    if (!models)
        return NULL;
    models->parent = m;
    models->store = store;
    models->security = security;
    models->events = events;
    models->limit = memory_limit ? memory_limit : default_limit;
    models->watch_fd = -1;
    pthread_mutex_init(&models->lock, NULL);
    pthread_cond_init(&models->loaded, NULL);
    return models;
}

/* --- loaded models -------------------------------------------------------------------------------------------------- */

/* Bytes a loaded model takes, its graphs too. */
static uint64_t model_bytes(const struct loaded *l) {
    return l->model.mem.used + atomic_load_explicit(&l->graph_bytes, memory_order_relaxed);
}

void model_loaded_free(struct loaded *l) {
    struct model *m = &l->model;
    for (size_t i = 0; i < l->n_graphs; i++)
        graph_free(l->graphs[i].graph);
    me_graphs_free(&l->stored);
    for (size_t i = 0; i < m->n_parts; i++)
        ir_module_free(m->parts[i].module);
    diags_free(&m->diags);
    if (m->ctx)
        ir_context_unref(m->ctx);
    if (l->file_open)
        file_close(&l->file);
    mem_free(&m->mem, m->parts, l->parts_cap * sizeof *m->parts);
    mem_free(&l->graphs_mem, l->graphs, l->graphs_cap * sizeof *l->graphs);
    arena_free(&l->arena);
    pthread_mutex_destroy(&l->lock);
    struct mem own = l->own;
    mem_free(&own, l, sizeof *l);
}

/* Unloads what nobody uses, the longest unused first, until the rest is below the limit; under the lock. */
static void shrink(struct models *models) {
    uint64_t total = 0;
    for (struct entry *e = models->first; e; e = e->next)
        if (e->loaded)
            total += model_bytes(e->loaded);
    while (total > models->limit) {
        struct entry *oldest = NULL;
        for (struct entry *e = models->first; e; e = e->next)
            if (e->loaded && e->loaded->refs == 0 && (!oldest || e->used < oldest->used))
                oldest = e;
        if (!oldest)
            return;
        total -= model_bytes(oldest->loaded);
        model_loaded_free(oldest->loaded);
        oldest->loaded = NULL;
    }
}

void models_close(struct models *models) {
    atomic_store(&models->ending, true);
}

void models_free(struct models *models) {
    if (!models)
        return;
    models_watch_end(models);
    while (models->first) {
        struct entry *e = models->first;
        models->first = e->next;
        if (e->loaded)
            model_loaded_free(e->loaded);
        mem_free(&models->mem, e, sizeof *e);
    }
    pthread_mutex_destroy(&models->lock);
    pthread_cond_destroy(&models->loaded);
    mem_free(models->parent, models, sizeof *models);
}

/* The entry of a content, made when there is none; under the lock. NULL when out of memory. */
static struct entry *entry_of(struct models *models, const struct store_hash *hash, bool make) {
    struct entry *e = models->first;
    while (e && memcmp(e->hash.text, hash->text, STORE_HASH_TEXT) != 0)
        e = e->next;
    if (!e && make && (e = mem_alloc_zero(&models->mem, sizeof *e))) {
        e->hash = *hash;
        e->next = models->first;
        models->first = e;
    }
    return e;
}

/* --- making known -------------------------------------------------------------------------------------------------- */

static str last_part(str path) {
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '/')
            return str_from(path, i);
    return path;
}

static bool looks_like_json(str text) {
    text = str_trim(str_slice(text, 0, 4096));
    return text.n && (text.p[0] == '{' || text.p[0] == '[');
}

static str format_of(str bytes) {
    if (bytes.n >= 4 && memcmp(bytes.p, "ML\xefR", 4) == 0)
        return STR("mlir-bytecode");
    if (looks_like_json(bytes) && me_json_is(bytes))
        return STR("graph-json");
    return STR("mlir");
}

static struct file_state state_of(int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return (struct file_state){0};
    return (struct file_state){st.st_dev, st.st_ino, st.st_size, st.st_ctim.tv_sec, st.st_ctim.tv_nsec};
}

static bool same_state(const struct file_state *a, const struct file_state *b) {
    return a->inode && a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

static bool goes_on(void *models, size_t done) {
    (void)done;
    return !atomic_load(&((struct models *)models)->ending);
}

/* The content of a file that was opened before and has not changed since; false when it must be read. */
static bool known_content(struct models *models, const struct file_state *state, struct store_hash *out) {
    pthread_mutex_lock(&models->lock);
    struct entry *e = models->first;
    while (e && !same_state(&e->file, state))
        e = e->next;
    if (e)
        *out = e->hash;
    pthread_mutex_unlock(&models->lock);
    return e != NULL;
}

/* The hash of an open file's bytes; remembers it by the file's state from before reading, unless the file was changed so
 * recently that another change might leave the same time. */
static bool hash_file(struct models *models, const struct file_state *state, str bytes, struct store_hash *out) {
    if (known_content(models, state, out))
        return true;
    if (!store_hash_many(bytes, goes_on, models, out))
        return false;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec - state->changed_s >= 2) {
        pthread_mutex_lock(&models->lock);
        struct entry *e = entry_of(models, out, true);
        if (e)
            e->file = *state;
        pthread_mutex_unlock(&models->lock);
    }
    return true;
}

bool models_open_path(struct models *models, str path, struct store_hash *out, struct model_error *e) {
    struct mem mem = {0};
    struct arena a;
    str real, why;
    struct file file;
    struct file_state state = {0};
    arena_init(&a, &mem);
    int fd = security_open(models->security, path, &a, &real, &e->status, &why);
    bool good = fd >= 0;
    if (!good)
        model_fail(e, e->status, "%.*s", STR_ARG(why));
    if (good) {
        char link[64]; /* the file that was checked, whatever its path leads to by now */
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        state = state_of(fd);
        good = file_open(&file, &mem, link) || model_fail(e, 500, "cannot read %.*s", STR_ARG(path));
        close(fd);
    }
    if (good && !hash_file(models, &state, file_text(&file), out)) {
        good = model_fail(e, 503, "the server is ending");
        file_close(&file);
    }
    if (good) {
        struct store_model m = {
            .hash = *out, .name = last_part(real), .path = real, .format = format_of(file_text(&file)), .size = file.n};
        struct store_error se;
        good = store_model_put(models->store, &m, &se) || model_fail_store(e, &se);
        file_close(&file);
        if (good)
            models_watch_path(models, real, out);
    }
    arena_free(&a);
    return good;
}

bool models_open_upload(struct models *models, str name, const struct store_hash *hash, struct model_error *e) {
    struct mem mem = {0};
    struct arena a;
    struct file file;
    arena_init(&a, &mem);
    str path = store_blob_path(models->store, hash, &a);
    bool good = path.p && file_open(&file, &mem, path.p);
    if (!good)
        model_fail(e, 404, "there is no upload %s", hash->text);
    if (good) {
        struct store_model m = {
            .hash = *hash, .name = name, .format = format_of(file_text(&file)), .size = file.n, .blob = true};
        struct store_error se;
        good = store_model_put(models->store, &m, &se) || model_fail_store(e, &se);
        file_close(&file);
    }
    arena_free(&a);
    return good;
}

bool models_open_text(struct models *models, str name, str text, struct store_hash *out, struct model_error *e) {
    struct store_error se;
    if (!store_blob_put(models->store, text, out, &se))
        return model_fail_store(e, &se);
    return models_open_upload(models, name, out, e);
}

static const str upload_prefix = STR_INIT("upload:");

str models_upload_path(const struct store_hash *hash, str name, struct arena *a) {
    return arena_printf(a, "%.*s%s/%.*s", STR_ARG(upload_prefix), hash->text, STR_ARG(name));
}

bool models_open_any(struct models *models, str path, struct store_hash *out, struct model_error *e) {
    if (!str_starts_with(path, upload_prefix))
        return models_open_path(models, path, out, e);
    str rest = str_from(path, upload_prefix.n);
    if (!store_hash_parse(str_slice(rest, 0, STORE_HASH_TEXT), out))
        return model_fail(e, 404, "there is no upload %.*s", STR_ARG(path));
    str name = str_from(rest, STORE_HASH_TEXT + 1);
    return models_open_upload(models, name.n ? name : STR("upload"), out, e);
}

/* --- loading ---------------------------------------------------------------------------------------------------------- */

struct loaded *model_loaded_new(void) {
    struct mem own = {0};
    struct loaded *l = mem_alloc_zero(&own, sizeof *l);
    if (!l)
        return NULL;
    l->own = own;
    arena_init(&l->arena, &l->own);
    pthread_mutex_init(&l->lock, NULL);
    diags_init(&l->model.diags, &l->model.mem);
    return l;
}

/* Maps the bytes: the blob, or the file, which must still have the content it had. */
static bool load_bytes(struct models *models, struct loaded *l, struct job *job, struct model_error *e) {
    struct model *m = &l->model;
    struct store_error se;
    struct store_model row;
    if (!store_model_get(models->store, &m->info.hash, &l->arena, &row, &se))
        return model_fail_store(e, &se);
    m->info.name = row.name;
    m->info.path = row.path;
    m->info.format = row.format;
    m->info.size = row.size;
    job_progress(job, 0, 0, "reading");
    str blob = store_blob_path(models->store, &m->info.hash, &l->arena);
    if (blob.p) {
        l->file_open = file_open(&l->file, &m->mem, blob.p);
    } else {
        str real, why;
        int fd = security_open(models->security, row.path, &l->arena, &real, &e->status, &why);
        if (fd < 0)
            return model_fail(e, e->status, "the file of this model cannot be read: %.*s", STR_ARG(why));
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        struct file_state state = state_of(fd);
        l->file_open = file_open(&l->file, &m->mem, link);
        close(fd);
        struct store_hash now;
        if (l->file_open && !hash_file(models, &state, file_text(&l->file), &now))
            return model_fail(e, 503, "the server is ending");
        if (l->file_open && memcmp(&now, &m->info.hash, sizeof now) != 0)
            return model_fail(e, 409, "%.*s has changed since it was opened; open it again", STR_ARG(row.path));
    }
    m->text = l->file_open ? file_text(&l->file) : (str){0};
    return l->file_open || model_fail(e, 500, "the file of this model cannot be read");
}

bool models_add_part(struct loaded *l, ir_module *module, str collection) {
    struct model *m = &l->model;
    if (m->n_parts == l->parts_cap) {
        size_t cap = l->parts_cap ? 2 * l->parts_cap : 4;
        struct model_part *grown = mem_realloc(&m->mem, m->parts, l->parts_cap * sizeof *grown, cap * sizeof *grown);
        if (!grown) {
            ir_module_free(module);
            return false;
        }
        m->parts = grown;
        l->parts_cap = cap;
    }
    m->parts[m->n_parts++] = (struct model_part){module, collection};
    return true;
}

static struct loaded *load(struct models *models, const struct store_hash *hash, struct job *job,
                           struct model_error *e) {
    uint64_t began = clock_now_ns();
    struct loaded *l = model_loaded_new();
    if (!l) {
        model_fail(e, 503, "out of memory");
        return NULL;
    }
    l->model.info.hash = *hash;
    if (load_bytes(models, l, job, e) && models_parse(models, l, job, e)) {
        l->model.load_ns = clock_now_ns() - began;
        return l;
    }
    model_loaded_free(l);
    return NULL;
}

/* Takes an entry that nobody uses out of the list; under the lock. */
static void entry_drop(struct models *models, struct entry *entry) {
    if (entry->pins || entry->loading || (entry->loaded && entry->loaded->refs))
        return;
    for (struct entry **at = &models->first; *at; at = &(*at)->next)
        if (*at == entry) {
            *at = entry->next;
            break;
        }
    if (entry->loaded)
        model_loaded_free(entry->loaded);
    mem_free(&models->mem, entry, sizeof *entry);
}

const struct model *models_get(struct models *models, const struct store_hash *hash, struct job *job,
                               struct model_error *e) {
    const struct model *result = NULL;
    pthread_mutex_lock(&models->lock);
    struct entry *entry = entry_of(models, hash, true);
    if (!entry) {
        pthread_mutex_unlock(&models->lock);
        model_fail(e, 503, "out of memory");
        return NULL;
    }
    entry->pins++;
    entry->deleted = false; /* it was opened again */
    while (entry->loading)
        pthread_cond_wait(&models->loaded, &models->lock);
    if (!entry->loaded) {
        entry->loading = true;
        pthread_mutex_unlock(&models->lock);
        struct loaded *l = load(models, hash, job, e);
        pthread_mutex_lock(&models->lock);
        entry->loading = false;
        entry->loaded = l;
        pthread_cond_broadcast(&models->loaded);
    }
    if (entry->loaded) {
        entry->loaded->refs++;
        entry->used = ++models->clock;
        result = &entry->loaded->model;
        shrink(models);
    }
    entry->pins--;
    if (!result) /* so that asking for what does not exist leaves nothing behind */
        entry_drop(models, entry);
    pthread_mutex_unlock(&models->lock);
    return result;
}

const struct model *models_peek(struct models *models, const struct store_hash *hash) {
    const struct model *result = NULL;
    pthread_mutex_lock(&models->lock);
    struct entry *entry = entry_of(models, hash, false);
    if (entry && entry->loaded) {
        entry->loaded->refs++;
        entry->used = ++models->clock;
        result = &entry->loaded->model;
    }
    pthread_mutex_unlock(&models->lock);
    return result;
}

void model_unref(struct models *models, const struct model *model) {
    if (!model)
        return;
    struct loaded *l = loaded_of(model);
    if (l->run) {
        run_unref(l->run);
        return;
    }
    pthread_mutex_lock(&models->lock);
    l->refs--;
    struct entry *entry = entry_of(models, &model->info.hash, false);
    if (entry && entry->deleted)
        entry_drop(models, entry);
    else
        shrink(models);
    pthread_mutex_unlock(&models->lock);
}

bool models_delete(struct models *models, const struct store_hash *hash, struct model_error *e) {
    struct store_error se;
    if (!store_model_delete(models->store, hash, &se))
        return model_fail_store(e, &se);
    pthread_mutex_lock(&models->lock);
    struct entry *entry = entry_of(models, hash, false);
    if (entry) {
        entry->deleted = true;
        entry_drop(models, entry);
    }
    pthread_mutex_unlock(&models->lock);
    return true;
}
