/* Model files below folders. */
#define _GNU_SOURCE /* fdopendir, fstatat */
#include "server/listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LISTING_PATHS = 1000, LISTING_NAMES = 50000, LISTING_DEPTH = 16 };

struct folder {
    str path;
    unsigned depth;
};

struct walk {
    struct arena *arena;
    struct listing *out;
    VEC(struct folder) todo;
    size_t names;
    bool collections;
};

bool listing_is_model(str name) {
    return str_ends_with(name, STR(".mlir")) || str_ends_with(name, STR(".ttir")) || str_ends_with(name, STR(".ttnn"));
}

static int by_path(const void *a, const void *b) {
    return str_cmp(*(const str *)a, *(const str *)b);
}

static void sort(struct listing *out) {
    if (out->paths.n)
        qsort(out->paths.v, out->paths.n, sizeof *out->paths.v, by_path);
}

static bool keep(struct walk *w, str path) {
    if (w->out->paths.n < LISTING_PATHS)
        return vec_push(&w->out->paths, path);
    w->out->cut = true;
    return true;
}

static bool look_at(struct walk *w, const struct folder *in, int fd, const char *name) {
    struct stat st;
    if (name[0] == '.' || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    str text = str_from_z(name);
    bool model = listing_is_model(text), folder = S_ISDIR(st.st_mode);
    /* A link may stand for a file, never for a folder: links could lead round in circles. */
    bool file = S_ISREG(st.st_mode) || (S_ISLNK(st.st_mode) && fstatat(fd, name, &st, 0) == 0 && S_ISREG(st.st_mode));
    if (!folder && !(file && model))
        return true;
    str path = arena_printf(w->arena, "%.*s/%s", STR_ARG(in->path), name);
    if (!path.p)
        return false;
    if (file || (model && w->collections))
        return keep(w, path);
    if (in->depth + 1 >= LISTING_DEPTH) {
        w->out->cut = true;
        return true;
    }
    return vec_push(&w->todo, (struct folder){path, in->depth + 1});
}

/* Looks at all names in one folder. False when out of memory. */
static bool look_into(struct walk *w, struct folder in) {
    char *path = arena_strdup(w->arena, in.path.n ? in.path.p : "/");
    if (!path)
        return false;
    DIR *dir = opendir(path);
    if (!dir)
        return true;
    bool good = true;
    for (struct dirent *e; good && (e = readdir(dir));) {
        if (w->names++ >= LISTING_NAMES) {
            w->out->cut = true;
            break;
        }
        good = look_at(w, &in, dirfd(dir), e->d_name);
    }
    closedir(dir);
    return good;
}

bool listing_walk(str folder, bool collections, struct arena *a, struct listing *out) {
    struct walk w = {.arena = a, .out = out, .collections = collections};
    vec_init(&out->paths, a->mem);
    vec_init(&w.todo, a->mem);
    out->cut = false;
    while (folder.n && folder.p[folder.n - 1] == '/')
        folder.n--;
    str start = arena_str(a, folder); /* followed by a zero byte, as all paths here */
    bool good = start.p && vec_push(&w.todo, (struct folder){start, 0});
    while (good && w.todo.n && w.names <= LISTING_NAMES) {
        struct folder next = vec_pop(&w.todo);
        good = look_into(&w, next);
    }
    vec_free(&w.todo);
    sort(out);
    return good && !out->paths.failed;
}

/* What one listed path stands for, appended. */
static bool add_root(str root, bool collections, struct arena *a, struct listing *out) {
    const char *path = arena_str(a, root).p; /* followed by a zero byte */
    struct stat st;
    if (!path)
        return false;
    if (stat(path, &st) != 0)
        return true; /* it may come back */
    if (!S_ISDIR(st.st_mode) || (collections && listing_is_model(root)))
        return vec_push(&out->paths, root);
    struct listing inner;
    bool good = listing_walk(root, collections, a, &inner);
    for (size_t i = 0; good && i < inner.paths.n; i++)
        good = vec_push(&out->paths, inner.paths.v[i]);
    out->cut |= inner.cut;
    vec_free(&inner.paths);
    return good;
}

bool listing_roots(const struct security *sec, bool collections, struct arena *a, struct listing *out) {
    bool good = true;
    vec_init(&out->paths, a->mem);
    out->cut = false;
    for (size_t i = 0; good && i < security_roots(sec); i++) {
        bool listed;
        str root = security_root(sec, i, &listed);
        good = !listed || add_root(root, collections, a, out);
    }
    sort(out);
    size_t n = 0; /* a file may be named by itself and lie in a folder that is named as well */
    for (size_t i = 0; i < out->paths.n; i++)
        if (n == 0 || !str_eq(out->paths.v[n - 1], out->paths.v[i]))
            out->paths.v[n++] = out->paths.v[i];
    out->paths.n = n;
    return good;
}
