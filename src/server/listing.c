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
    if (out->paths.n)
        qsort(out->paths.v, out->paths.n, sizeof *out->paths.v, by_path);
    return good && !out->paths.failed;
}
