/* Jobs, events, the workspace, and the files that may be opened. */
#define _GNU_SOURCE /* fstatat */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/vec.h"
#include "server/api_inner.h"
#include "server/jobs.h"
#include "server/listing.h"
#include "server/me_state.h"
#include "server/security.h"

enum { FILES_MAX = 500, FILES_NAMES = 50000 };

/* --- jobs --------------------------------------------------------------------------------------------------------- */

static void no_job(struct http_request *r, uint64_t id) {
    api_error(r, 404, "the last 200 finished jobs are remembered", "there is no job %llu", (unsigned long long)id);
}

void api_jobs_list(struct http_request *r) {
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("jobs"));
    jobs_write_all(r->server->jobs, w);
    json_object_end(w);
}

void api_job_get(struct http_request *r) {
    uint64_t id;
    if (api_number(r, "job", &id) && !jobs_write(r->server->jobs, id, http_json(r, 200)))
        no_job(r, id);
}

void api_job_cancel(struct http_request *r) {
    uint64_t id;
    if (!api_number(r, "job", &id))
        return;
    if (!jobs_cancel(r->server->jobs, id) || !jobs_write(r->server->jobs, id, http_json(r, 202)))
        no_job(r, id);
}

void api_job_log(struct http_request *r) {
    uint64_t id, from = 0;
    size_t next = 0;
    if (!api_number(r, "job", &id) || !http_query_u64(r, "from", INT64_MAX, &from))
        return;
    struct buf text;
    buf_init(&text, r->arena->mem);
    if (jobs_log(r->server->jobs, id, (size_t)from, &text, &next)) {
        struct json_writer *w = http_json(r, 200);
        json_object_begin(w);
        json_member_str(w, STR("text"), buf_str(&text));
        json_member_u64(w, STR("next"), next);
        json_object_end(w);
    } else {
        no_job(r, id);
    }
    buf_free(&text);
}

void api_events(struct http_request *r) {
    http_events(r, r->server->events, "api", 15);
}

/* --- the workspace ------------------------------------------------------------------------------------------------ */

void api_workspace(struct http_request *r) {
    struct store *store = r->server->store;
    struct store_models models;
    struct store_error e;
    if (!store_model_list(store, r->arena, &models, &e)) {
        api_store_error(r, &e);
        return;
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < models.list.n; i++)
        bytes += models.list.v[i].blob ? models.list.v[i].size : 0;
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_member_str(w, STR("folder"), str_from_z(store_folder(store)));
    json_member_str(w, STR("notice"), str_from_z(store_notice(store)));
    json_member_u64(w, STR("models"), models.list.n);
    json_member_u64(w, STR("stored_bytes"), bytes);
    json_member_u64(w, STR("derived_bytes"), store_derived_size(store));
    json_member_bool(w, STR("read_only"), r->server->options.read_only);
    json_object_end(w);
    vec_free(&models.list);
}

void api_workspace_clean(struct http_request *r) {
    struct store_error e;
    uint64_t limit = 0;
    if (!http_query_u64(r, "limit", INT64_MAX, &limit))
        return;
    if (store_clean(r->server->store, limit, &e))
        api_workspace(r);
    else
        api_store_error(r, &e);
}

/* --- files below the roots ---------------------------------------------------------------------------------------- */

struct found {
    str name, path;
    uint64_t size;
    bool folder;
};

struct finding {
    struct http_request *r;
    VEC(struct found) list;
    bool cut;
};

static int by_name(const void *a, const void *b) {
    return str_cmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

/* Looks at one name of a folder. False when out of memory. */
static bool look_at(struct finding *f, str folder, str typed, const struct dirent *e, str stem) {
    str name = str_from_z(e->d_name), real, why;
    int status;
    struct stat st;
    bool hidden = name.p[0] == '.' && (!stem.n || str_eq(name, STR(".")) || str_eq(name, STR("..")));
    if (!str_starts_with(name, stem) || hidden)
        return true;
    if (f->list.n == FILES_MAX) {
        f->cut = true;
        return true;
    }
    str path = arena_printf(f->r->arena, "%.*s/%.*s", STR_ARG(folder), STR_ARG(name));
    if (!path.p)
        return false;
    real = security_resolve(f->r->server->security, path, f->r->arena, &status, &why); /* a link may lead outside */
    if (!real.p || stat(real.p, &st) != 0 || (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
        return true;
    name = arena_str(f->r->arena, name);
    str shown = arena_printf(f->r->arena, "%.*s%.*s", STR_ARG(typed), STR_ARG(name));
    return name.p && shown.p &&
           vec_push(&f->list, (struct found){name, shown, (uint64_t)st.st_size, S_ISDIR(st.st_mode)});
}

/* The roots that begin with what was typed, where that does not lie below one. */
static bool look_at_roots(struct finding *f, str typed) {
    const struct security *sec = f->r->server->security;
    for (size_t i = 0; i < security_roots(sec); i++) {
        bool listed;
        struct stat st;
        str root = security_root(sec, i, &listed);
        char *path = arena_strdup(f->r->arena, root.p);
        if (!path)
            return false;
        if (!str_starts_with(root, typed) || stat(path, &st) != 0)
            continue;
        if (!vec_push(&f->list, (struct found){root, root, (uint64_t)st.st_size, S_ISDIR(st.st_mode)}))
            return false;
    }
    return true;
}

/* Finds how a path that is being typed may go on. */
static bool find_files(struct finding *f, str typed) {
    struct http_request *r = f->r;
    size_t slash = typed.n;
    while (slash && typed.p[slash - 1] != '/')
        slash--;
    str before = str_slice(typed, 0, slash), stem = str_from(typed, slash), why, folder = {0};
    int status;
    if (slash) {
        str full = me_expand_home(before, r->arena);
        folder = full.p ? security_resolve(r->server->security, full, r->arena, &status, &why) : full;
    }
    DIR *dir = folder.p ? opendir(folder.p) : NULL;
    if (!dir)
        return look_at_roots(f, typed);
    bool good = true;
    int names = 0;
    for (struct dirent *e; good && (e = readdir(dir));) {
        if (++names > FILES_NAMES) {
            f->cut = true;
            break;
        }
        good = look_at(f, folder, before, e, stem);
    }
    closedir(dir);
    return good;
}

void api_files(struct http_request *r) {
    struct finding f = {.r = r};
    vec_init(&f.list, r->arena->mem);
    str typed = http_query(r, "path");
    if (!find_files(&f, typed.p ? typed : STR(""))) {
        vec_free(&f.list);
        api_error(r, 503, NULL, "out of memory");
        return;
    }
    if (f.list.n)
        qsort(f.list.v, f.list.n, sizeof *f.list.v, by_name);
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("files"));
    json_array_begin(w);
    for (size_t i = 0; i < f.list.n; i++) {
        json_object_begin(w);
        json_member_str(w, STR("name"), f.list.v[i].name);
        json_member_str(w, STR("path"), f.list.v[i].path);
        json_member_bool(w, STR("folder"), f.list.v[i].folder);
        json_member_u64(w, STR("size"), f.list.v[i].folder ? 0 : f.list.v[i].size);
        json_object_end(w);
    }
    json_array_end(w);
    json_member_bool(w, STR("more"), f.cut);
    json_object_end(w);
    vec_free(&f.list);
}

void api_preload(struct http_request *r) {
    const struct security *sec = r->server->security;
    struct listing list;
    if (!listing_roots(sec, false, r->arena, &list)) {
        vec_free(&list.paths);
        api_error(r, 503, NULL, "out of memory");
        return;
    }
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("roots"));
    json_array_begin(w);
    for (size_t i = 0; i < security_roots(sec); i++) {
        bool listed;
        str root = security_root(sec, i, &listed);
        if (listed)
            json_str(w, root);
    }
    json_array_end(w);
    json_key(w, STR("files"));
    json_array_begin(w);
    for (size_t i = 0; i < list.paths.n; i++)
        json_str(w, list.paths.v[i]);
    json_array_end(w);
    json_member_bool(w, STR("more"), list.cut);
    json_object_end(w);
    vec_free(&list.paths);
}
