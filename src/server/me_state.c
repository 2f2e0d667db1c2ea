/* What the protocol of today's tools keeps between two requests. */
#include "server/me_state.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "server/me_execute.h"
#include "server/models.h"

struct me_upload {
    struct store_hash hash;
    bool delete_later;
};

/* What one update_config brought. */
struct me_config {
    struct mem mem;
    struct arena arena;
    struct me_texts {
        VEC(str) list;
    } graphs, node_data; /* JSON texts */
};

struct me_state {
    pthread_mutex_t lock;
    struct mem mem;
    struct me_config *config;    /* the last one; NULL before the first */
    VEC(struct me_upload) fresh; /* uploads that came by this protocol first */
    struct me_runner *runner;
};

static struct me_state *state_of(struct server *s) {
    return s->extra[SERVER_EXTRA_ME];
}

static void config_free(struct me_state *st, struct me_config *c) {
    if (!c)
        return;
    vec_free(&c->graphs.list);
    vec_free(&c->node_data.list);
    arena_free(&c->arena);
    mem_free(&st->mem, c, sizeof *c);
}

bool me_state_start(struct server *s) {
    struct me_state *st = mem_alloc_zero(&s->mem, sizeof *st);
    if (!st)
        return false;
    st->runner = me_runner_new(&s->mem);
    if (!st->runner) {
        mem_free(&s->mem, st, sizeof *st);
        return false;
    }
    pthread_mutex_init(&st->lock, NULL);
    vec_init(&st->fresh, &st->mem);
    s->extra[SERVER_EXTRA_ME] = st;
    return true;
}

struct me_runner *me_state_runner(struct server *s) {
    return state_of(s)->runner;
}

/* Whether the user has attached something to the model. */
static bool has_items(struct store *store, const struct store_hash *hash, struct arena *a) {
    for (int kind = 0; kind < STORE_KINDS; kind++) {
        struct store_items items;
        struct store_error e;
        bool some = !store_item_list(store, (enum store_kind)kind, hash, a, &items, &e);
        if (!some) {
            some = items.list.n > 0;
            vec_free(&items.list);
        }
        if (some) /* when in doubt, it stays */
            return true;
    }
    return false;
}

void me_state_end(struct server *s) {
    struct me_state *st = state_of(s);
    if (!st)
        return;
    struct arena a;
    arena_init(&a, &st->mem);
    for (size_t i = 0; i < st->fresh.n; i++) {
        struct store_error e;
        if (st->fresh.v[i].delete_later && s->store && !has_items(s->store, &st->fresh.v[i].hash, &a))
            (void)store_model_delete(s->store, &st->fresh.v[i].hash, &e);
    }
    arena_free(&a);
    vec_free(&st->fresh);
    config_free(st, st->config);
    me_runner_free(st->runner);
    pthread_mutex_destroy(&st->lock);
    mem_free(&s->mem, st, sizeof *st);
    s->extra[SERVER_EXTRA_ME] = NULL;
}

/* --- update_config ------------------------------------------------------------------------------------------------ */

/* A string that holds the JSON of a list of strings, as the Python package sends it, or the list itself. */
static bool read_texts(struct me_config *c, str raw, const char *what, struct arena *a, struct me_texts *out,
                       char *error, size_t size) {
    struct json_reader r;
    json_reader_init(&r, raw);
    enum json_kind kind = json_next(&r);
    bool memory = true;
    if (kind == JSON_STRING) {
        str inner = json_unescape(&r, a);
        memory = inner.p != NULL;
        json_reader_init(&r, inner);
        kind = memory ? json_next(&r) : JSON_ERROR;
    }
    if (kind == JSON_NULL)
        return true;
    if (kind == JSON_ARRAY_BEGIN) {
        while (memory && (kind = json_next(&r)) == JSON_STRING) {
            str text = json_unescape(&r, a);
            text = text.p ? arena_str(&c->arena, text) : text;
            memory = text.p && vec_push(&out->list, text);
        }
        if (memory && kind == JSON_ARRAY_END && json_next(&r) == JSON_END)
            return true;
    }
    if (!memory)
        snprintf(error, size, "MemoryError: out of memory");
    else
        snprintf(error, size, "ValueError: %s must be the JSON text of a list of strings", what);
    return false;
}

/* Whether a raw member is absent or a list (or null). */
static bool is_list(str raw) {
    return !raw.p || raw.p[0] == '[' || str_eq(raw, STR("null"));
}

static bool read_config(struct me_config *c, str body, struct arena *a, str *url, char *error, size_t size) {
    str graphs = json_member(body, STR("graphs_list")), data = json_member(body, STR("node_data_list"));
    str models = json_member(body, STR("model_sources"));
    str sources = json_member(body, STR("node_data_sources"));
    str targets = json_member(body, STR("node_data_target_models"));
    if (!models.p) {
        snprintf(error, size, "KeyError: 'model_sources'");
        return false;
    }
    if (!is_list(models) || !is_list(sources) || !is_list(targets)) {
        snprintf(error, size, "TypeError: model_sources, node_data_sources and node_data_target_models must be lists");
        return false;
    }
    if ((graphs.p && !read_texts(c, graphs, "graphs_list", a, &c->graphs, error, size)) ||
        (data.p && !read_texts(c, data, "node_data_list", a, &c->node_data, error, size)))
        return false;
    struct buf json, out;
    buf_init(&json, a->mem);
    buf_init(&out, a->mem);
    struct json_writer w = json_writer_to(&json);
    json_object_begin(&w);
    json_key(&w, STR("models"));
    json_raw(&w, models);
    /* An empty list is left out, as the Python package does. */
    if (sources.n > 2 && sources.p[0] == '[') {
        json_key(&w, STR("nodeData"));
        json_raw(&w, sources);
    }
    if (targets.n > 2 && targets.p[0] == '[') {
        json_key(&w, STR("nodeDataTargets"));
        json_raw(&w, targets);
    }
    json_object_end(&w);
    buf_lit(&out, "/?data=");
    me_quote(buf_str(&json), &out);
    if (!json.failed && !out.failed)
        *url = arena_str(a, buf_str(&out));
    buf_free(&json);
    buf_free(&out);
    if (!url->p)
        snprintf(error, size, "MemoryError: out of memory");
    return url->p != NULL;
}

bool me_state_update(struct server *s, str body, struct arena *a, str *url, char *error, size_t error_size) {
    struct me_state *st = state_of(s);
    *url = (str){0};
    pthread_mutex_lock(&st->lock);
    struct me_config *c = mem_alloc_zero(&st->mem, sizeof *c);
    pthread_mutex_unlock(&st->lock);
    if (!c) {
        snprintf(error, error_size, "MemoryError: out of memory");
        return false;
    }
    arena_init(&c->arena, &c->mem);
    vec_init(&c->graphs.list, &c->mem);
    vec_init(&c->node_data.list, &c->mem);
    bool good = read_config(c, body, a, url, error, error_size);
    pthread_mutex_lock(&st->lock);
    struct me_config *old = c;
    if (good) {
        old = st->config;
        st->config = c;
    }
    config_free(st, old);
    pthread_mutex_unlock(&st->lock);
    return good;
}

str me_state_graphs(struct server *s, uint64_t index, struct arena *a) {
    struct me_state *st = state_of(s);
    str text = {0};
    pthread_mutex_lock(&st->lock);
    if (st->config && index < st->config->graphs.list.n)
        text = arena_str(a, st->config->graphs.list.v[index]);
    pthread_mutex_unlock(&st->lock);
    return text;
}

str me_state_node_data(struct server *s, uint64_t index, struct arena *a) {
    struct me_state *st = state_of(s);
    str text = {0};
    pthread_mutex_lock(&st->lock);
    if (st->config && index < st->config->node_data.list.n)
        text = arena_str(a, st->config->node_data.list.v[index]);
    pthread_mutex_unlock(&st->lock);
    return text;
}

/* --- uploads ------------------------------------------------------------------------------------------------------ */

static struct me_upload *find_upload(struct me_state *st, const struct store_hash *hash) {
    for (size_t i = 0; i < st->fresh.n; i++)
        if (strcmp(st->fresh.v[i].hash.text, hash->text) == 0)
            return &st->fresh.v[i];
    return NULL;
}

void me_state_uploaded(struct server *s, const struct store_hash *hash, bool fresh) {
    struct me_state *st = state_of(s);
    pthread_mutex_lock(&st->lock);
    if (fresh && !find_upload(st, hash))
        vec_push(&st->fresh, (struct me_upload){*hash, false});
    pthread_mutex_unlock(&st->lock);
}

void me_state_delete_later(struct server *s, const struct store_hash *hash) {
    struct me_state *st = state_of(s);
    pthread_mutex_lock(&st->lock);
    struct me_upload *u = find_upload(st, hash);
    if (u)
        u->delete_later = true;
    pthread_mutex_unlock(&st->lock);
}
