/* Starting and ending a server: its parts in order, and backwards. */
#define _GNU_SOURCE /* gethostname, localtime_r */
#include "server/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/events.h"
#include "server/http_inner.h"
#include "server/jobs.h"
#include "server/kept.h"
#include "server/me_protocol.h"
#include "server/measured.h"
#include "server/models.h"
#include "server/runs.h"
#include "server/static.h"

void server_log(const struct server *s, enum log_level level, const char *fmt, ...) {
    static const char *const names[] = {"", "error: ", "warning: ", "", ""};
    if (level > s->options.log_level)
        return;
    char text[1500], stamp[16] = "";
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *c = text; *c; c++) /* what clients send must not write to the terminal */
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    if (s->options.log_level >= LOG_DEBUG) {
        time_t now = time(NULL);
        struct tm tm;
        if (localtime_r(&now, &tm))
            strftime(stamp, sizeof stamp, "%H:%M:%S ", &tm);
    }
    fprintf(stderr, "%s%s%s\n", stamp, names[level], text);
}

static bool is_loopback(const char *host) {
    return !host || strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 || strncmp(host, "127.", 4) == 0;
}

static bool fail(char *error, size_t size, const char *text) {
    snprintf(error, size, "%s", text);
    return false;
}

static bool start_store(struct server *s, char *error, size_t size) {
    struct store_options o = {.folder = s->options.workspace, .read_only = s->options.read_only};
    struct store_error e;
    s->store = store_open(&s->store_mem, &o, &e);
    if (!s->store && s->options.store_optional && !o.read_only) {
        server_log(s, LOG_WARNING, "%s; nothing will be remembered", e.text);
        o.read_only = true;
        s->store = store_open(&s->store_mem, &o, &e);
    }
    if (!s->store)
        return fail(error, size, e.text);
    if (store_notice(s->store)[0])
        server_log(s, LOG_WARNING, "%s", store_notice(s->store));
    return true;
}

static bool start_security(struct server *s, char *error, size_t size) {
    const struct server_options *o = &s->options;
    bool loopback = is_loopback(o->host);
    if (o->token)
        snprintf(s->token, sizeof s->token, "%s", o->token);
    else if (!loopback && !security_make_token(s->token))
        return fail(error, size, "the system gives no random bytes for a token");
    const struct security_options so = {
        .host = o->host, .loopback = loopback, .token = s->token[0] ? s->token : NULL, .cors_host = o->cors_host};
    s->security = security_new(&s->mem, &so);
    if (!s->security)
        return fail(error, size, "out of memory");
    for (size_t i = 0; i < o->n_roots; i++) {
        if (!security_add_root(s->security, o->roots[i], true)) {
            snprintf(error, size, "there is no folder or file %s: look whether what is given with --root is there",
                     o->roots[i]);
            return false;
        }
    }
    for (size_t i = 0; i < o->n_files; i++) {
        if (!security_add_root(s->security, o->files[i], true)) {
            snprintf(error, size, "there is no file %s", o->files[i]);
            return false;
        }
    }
    return true;
}

/* All rows of all tables in one list. */
static bool gather_routes(struct server *s) {
    const struct server_routes *const *sets;
    size_t n = server_route_sets(&sets), total = 0;
    for (size_t i = 0; i < n; i++)
        total += sets[i]->n;
    struct http *h = s->http;
    h->routes = mem_alloc(&h->mem, total * sizeof *h->routes);
    if (!h->routes)
        return false;
    h->routes_cap = total;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sets[i]->n; k++)
            h->routes[h->n_routes++] = &sets[i]->routes[k];
    return true;
}

/* Where people find it. */
static void make_url(struct server *s) {
    const char *host = s->options.host ? s->options.host : "localhost";
    char name[128];
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
        host = gethostname(name, sizeof name) == 0 ? name : "localhost";
    bool v6 = strchr(host, ':') != NULL;
    snprintf(s->url, sizeof s->url, "http://%s%.120s%s:%u/%s%s", v6 ? "[" : "", host, v6 ? "]" : "", s->port,
             s->token[0] ? "?token=" : "", s->token);
}

/* One file to be opened in the background. */
struct opening {
    struct mem mem;
    struct server *server;
    const char *path;
    const char *of; /* a trace: the file of its model, NULL for a model */
};

/* A trace beside its model. */
static void open_trace(struct job *job, const struct opening *o) {
    struct store_hash hash;
    struct model_error e;
    if (models_open_path(o->server->models, str_from_z(o->of), &hash, &e) &&
        measured_open(o->server, o->path, &hash, job, &e))
        return;
    job_fail(job, "%s", e.text);
    server_log(o->server, LOG_ERROR, "%s", e.text);
}

static void open_file(struct job *job, void *ctx) {
    struct opening *o = ctx;
    struct store_hash hash;
    struct model_error e;
    if (o->of) {
        open_trace(job, o);
        return;
    }
    if (!models_open_path(o->server->models, str_from_z(o->path), &hash, &e)) {
        job_fail(job, "%s", e.text);
        server_log(o->server, LOG_ERROR, "%s", e.text);
        return;
    }
    const struct model *m = models_get(o->server->models, &hash, job, &e);
    if (!m || !model_graph(o->server->models, m, 0, (struct model_rule){GRAPH_LAYERS_AUTO, false}, job_cancel_flag(job),
                           &e)) {
        job_fail(job, "%s", e.text);
        server_log(o->server, LOG_ERROR, "%s", e.text);
    } else {
        char result[STORE_HASH_TEXT + 20];
        snprintf(result, sizeof result, "{\"model\":\"%s\"}", hash.text);
        job_result(job, str_from_z(result));
    }
    model_unref(o->server->models, m);
}

static void opening_free(void *ctx) {
    struct opening *o = ctx;
    struct mem mem = o->mem;
    mem_free(&mem, o, sizeof *o);
}

static void open_files(struct server *s) {
    const char *model = NULL; /* the last one before a trace */
    for (size_t i = 0; i < s->options.n_files; i++) {
        struct stat st;
        if (stat(s->options.files[i], &st) == 0 && S_ISDIR(st.st_mode))
            continue; /* a folder is listed, not opened */
        struct mem mem = {0};
        struct opening *o = mem_alloc(&mem, sizeof *o);
        if (!o)
            return;
        bool trace = measured_is(s->options.files[i]);
        if (trace && !model)
            server_log(s, LOG_ERROR, "%s is a trace: name the file of its model before it", s->options.files[i]);
        if (!trace)
            model = s->options.files[i];
        *o = (struct opening){mem, s, s->options.files[i], trace ? model : NULL};
        if (trace && !model) {
            opening_free(o);
            continue;
        }
        jobs_start(s->jobs, "open", str_from_z(o->path), open_file, o, opening_free);
    }
}

/* Pages of today's tools are told to reload; ours hear of it from the registry. */
static void file_changed(void *ctx, str path, const struct store_hash *hash) {
    struct server *s = ctx;
    server_log(s, LOG_INFO, "%.*s changed (%.12s)", STR_ARG(path), hash->text);
    me_refresh_pages(s, STR(""));
}

static bool start_parts(struct server *s, char *error, size_t size) {
    const struct server_routes *const *sets;
    size_t n = server_route_sets(&sets);
    if (!start_store(s, error, size) || !start_security(s, error, size))
        return false;
    s->events = events_new(&s->mem);
    s->jobs = s->events ? jobs_new(&s->mem, s->events, 4) : NULL;
    s->models = s->jobs ? models_new(&s->mem, s->store, s->security, s->events, 0) : NULL;
    s->runs = s->models ? runs_new(&s->mem, s->models, s->store, 0) : NULL;
    s->kept = s->runs ? kept_new(&s->mem) : NULL;
    s->http = s->kept ? mem_alloc_zero(&s->mem, sizeof *s->http) : NULL;
    if (!s->http || !gather_routes(s))
        return fail(error, size, "out of memory or threads");
    if (!static_policy(&s->options, s->page_policy, sizeof s->page_policy))
        return fail(error, size, "--cors_host is too long");
    for (size_t i = 0; i < n; i++)
        if (sets[i]->start && !sets[i]->start(s))
            return fail(error, size, "out of memory");
    if (!http_start(s->http, s, error, size))
        return false;
    make_url(s);
    return true;
}

struct server *server_start(const struct server_options *o, char *error, size_t error_size) {
    struct mem mem = {0};
    struct server *s = mem_alloc_zero(&mem, sizeof *s);
    if (!s) {
        fail(error, error_size, "out of memory");
        return NULL;
    }
    s->options = *o;
    s->mem = mem;
    if (!start_parts(s, error, error_size)) {
        server_stop(s);
        return NULL;
    }
    if (o->watch && !models_watch(s->models, file_changed, s))
        server_log(s, LOG_WARNING, "files cannot be watched: %s", strerror(errno));
    open_files(s);
    return s;
}

void server_stop(struct server *s) {
    const struct server_routes *const *sets;
    size_t n = server_route_sets(&sets);
    if (s->http)
        http_close(s->http);
    if (s->jobs)
        jobs_close(s->jobs);
    if (s->models)
        models_close(s->models);
    if (s->events)
        events_close(s->events);
    if (s->http)
        http_stop(s->http);
    jobs_free(s->jobs);
    for (size_t i = n; s->http && i > 0; i--)
        if (sets[i - 1]->end)
            sets[i - 1]->end(s);
    kept_free(s->kept);
    runs_free(s->runs);
    models_free(s->models);
    if (s->http)
        mem_free(&s->mem, s->http, sizeof *s->http);
    events_free(s->events);
    security_free(s->security);
    store_close(s->store);
    struct mem mem = s->mem;
    mem_free(&mem, s, sizeof *s);
}
