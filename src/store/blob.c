/* Content-addressed files: written under tmp/, hashed on the way, synced, renamed.
 *
 * SHA-256 by nettle: strong (a hash is a name that others may choose bytes for), fast where the processor has SHA
 * instructions, on the machine already through libmicrohttpd's TLS, and a user can check a name with sha256sum.
 *
 * A writer holds a lock on its temporary file; at start, files there that nobody has locked are rests of a crash.
 */
#define _GNU_SOURCE /* flock, O_CLOEXEC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/inner.h"

enum { BLOB_OLD_SECONDS = 24 * 60 * 60 };

struct store_writer {
    struct store *store;
    struct sha256_ctx sha;
    uint64_t size;
    int fd;
    char path[STORE_PATH];
};

static void hash_text(struct sha256_ctx *sha, struct store_hash *out) {
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        out->text[2 * i] = digits[digest[i] >> 4];
        out->text[2 * i + 1] = digits[digest[i] & 15];
    }
    out->text[STORE_HASH_TEXT] = 0;
}

void store_hash_bytes(str bytes, struct store_hash *out) {
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, bytes.n, (const uint8_t *)bytes.p);
    hash_text(&sha, out);
}

bool store_hash_many(str bytes, bool (*go_on)(void *arg, size_t done), void *arg, struct store_hash *out) {
    enum { PIECE = 8 << 20 };
    struct sha256_ctx sha;
    sha256_init(&sha);
    for (size_t at = 0; at < bytes.n; at += PIECE) {
        if (!go_on(arg, at))
            return false;
        str piece = str_slice(bytes, at, at + PIECE);
        sha256_update(&sha, piece.n, (const uint8_t *)piece.p);
    }
    hash_text(&sha, out);
    return true;
}

bool store_hash_parse(str text, struct store_hash *out) {
    memset(out, 0, sizeof *out);
    if (text.n != STORE_HASH_TEXT)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (!((text.p[i] >= '0' && text.p[i] <= '9') || (text.p[i] >= 'a' && text.p[i] <= 'f')))
            return false;
    memcpy(out->text, text.p, STORE_HASH_TEXT);
    return true;
}

bool blob_path(const struct store *s, const char *kind, const struct store_hash *hash, char out[STORE_PATH]) {
    int n = snprintf(out, STORE_PATH, "%s/%s/%.2s/%s", s->folder, kind, hash->text, hash->text + 2);
    return n > 0 && n < STORE_PATH;
}

bool blob_make_folders(struct store *s, struct store_error *e) {
    static const char *const names[] = {"blobs", "derived", "tmp"};
    char path[STORE_PATH + 16];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return store_fail_errno(e, "make the folders of the workspace");
    }
    return true;
}

void blob_clear_tmp(struct store *s) {
    char path[STORE_PATH + 16];
    snprintf(path, sizeof path, "%s/tmp", s->folder);
    DIR *folder = opendir(path);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        int fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
        close(fd);
    }
    closedir(folder);
}

struct store_writer *store_writer_begin(struct store *s, struct store_error *e) {
    store_ok(e);
    if (s->read_only) {
        store_fail(e, STORE_READ_ONLY, "the workspace is read-only");
        return NULL;
    }
    pthread_mutex_lock(&s->lock);
    struct store_writer *w = mem_alloc_zero(s->mem, sizeof *w);
    pthread_mutex_unlock(&s->lock);
    if (!w) {
        store_fail(e, STORE_MEMORY, "out of memory");
        return NULL;
    }
    w->store = s;
    sha256_init(&w->sha);
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(w->path, sizeof w->path, "%.*s/tmp/%ld-%u", STORE_PATH - 100, s->folder, (long)getpid(),
                 atomic_fetch_add(&s->writers, 1));
        w->fd = open(w->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (w->fd < 0 && errno == EEXIST)
            continue;
        if (w->fd < 0)
            break;
        /* A process that starts just now may have taken the file for a rest before it was locked. */
        struct stat st;
        if (flock(w->fd, LOCK_EX | LOCK_NB) == 0 && fstat(w->fd, &st) == 0 && st.st_nlink > 0)
            return w;
        close(w->fd);
        w->fd = -1;
    }
    store_fail_errno(e, "make a file in the workspace");
    store_writer_abort(w);
    return NULL;
}

bool store_writer_add(struct store_writer *w, const void *p, size_t n, struct store_error *e) {
    sha256_update(&w->sha, n, p);
    w->size += n;
    for (const char *at = p; n;) {
        ssize_t k = write(w->fd, at, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return store_fail_errno(e, "write to the workspace");
        at += k;
        n -= (size_t)k;
    }
    return true;
}

uint64_t store_writer_size(const struct store_writer *w) {
    return w->size;
}

/* Frees the writer; its file is gone or renamed. */
static void writer_free(struct store_writer *w) {
    struct store *s = w->store;
    if (w->fd >= 0)
        close(w->fd);
    pthread_mutex_lock(&s->lock);
    mem_free(s->mem, w, sizeof *w);
    pthread_mutex_unlock(&s->lock);
}

void store_writer_abort(struct store_writer *w) {
    if (!w)
        return;
    if (w->fd >= 0)
        unlink(w->path);
    writer_free(w);
}

/* Makes the folder a file lies in, and (durable) waits until its entry is on the disk. */
static bool sync_folder(const char *path, bool make, bool durable) {
    char folder[STORE_PATH];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        return true;
    *slash = 0;
    if (make && mkdir(folder, 0700) == 0 && durable && !sync_folder(folder, false, true))
        return false;
    if (make || !durable)
        return true;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool good = fsync(fd) == 0;
    close(fd);
    return good;
}

bool blob_publish(struct store_writer *w, const char *path, bool durable, struct store_error *e) {
    if ((durable && fsync(w->fd) != 0) || !sync_folder(path, true, durable) || rename(w->path, path) != 0 ||
        !sync_folder(path, false, durable)) {
        store_fail_errno(e, "write to the workspace");
        store_writer_abort(w);
        return false;
    }
    writer_free(w);
    return true;
}

bool store_writer_commit(struct store_writer *w, struct store_hash *hash, struct store_error *e) {
    store_ok(e);
    char path[STORE_PATH];
    struct stat st;
    hash_text(&w->sha, hash);
    if (!blob_path(w->store, "blobs", hash, path)) {
        store_writer_abort(w);
        return store_fail(e, STORE_FAILED, "the workspace's path is too long");
    }
    /* There already: its bytes are the same. Its age starts anew, so that cleaning leaves it alone. */
    if (stat(path, &st) == 0 && (uint64_t)st.st_size == w->size && utimensat(AT_FDCWD, path, NULL, 0) == 0) {
        store_writer_abort(w);
        return true;
    }
    return blob_publish(w, path, true, e);
}

bool store_blob_put(struct store *s, str bytes, struct store_hash *hash, struct store_error *e) {
    struct store_writer *w = store_writer_begin(s, e);
    if (!w)
        return false;
    if (store_writer_add(w, bytes.p, bytes.n, e))
        return store_writer_commit(w, hash, e);
    store_writer_abort(w);
    return false;
}

bool blob_exists(const struct store *s, const struct store_hash *hash) {
    char path[STORE_PATH];
    return hash->text[0] && blob_path(s, "blobs", hash, path) && access(path, F_OK) == 0;
}

str store_blob_path(struct store *s, const struct store_hash *hash, struct arena *a) {
    char path[STORE_PATH];
    if (!blob_exists(s, hash) || !blob_path(s, "blobs", hash, path))
        return (str){0};
    return arena_str(a, str_from_z(path));
}

/* Whether a row names the blob; true also when that cannot be found out. */
static bool blob_is_used(struct store *s, const struct store_hash *hash) {
    struct store_error e;
    sqlite3_stmt *q = sql_prepare(s,
                                  "SELECT EXISTS (SELECT 1 FROM models WHERE hash = ?1 AND blob)"
                                  " OR EXISTS (SELECT 1 FROM stages WHERE blob = ?1)"
                                  " OR EXISTS (SELECT 1 FROM runs WHERE blob = ?1)"
                                  " OR EXISTS (SELECT 1 FROM overrides WHERE blob = ?1)"
                                  " OR EXISTS (SELECT 1 FROM overlays WHERE blob = ?1)"
                                  " OR EXISTS (SELECT 1 FROM tensors WHERE blob = ?1)",
                                  &e);
    int64_t used = 1;
    if (!q)
        return true;
    sql_bind_str(q, 1, str_from_z(hash->text));
    sql_number(s, q, &used, &e);
    return used != 0;
}

void blob_drop_if_unused(struct store *s, const struct store_hash *hash) {
    char path[STORE_PATH];
    struct store_error e;
    if (!hash->text[0] || s->read_only || !blob_path(s, "blobs", hash, path))
        return;
    /* In a transaction: whoever adds a row for this blob looks in its own whether the file is still there. */
    if (!sql_begin(s, &e))
        return;
    if (!blob_is_used(s, hash))
        unlink(path);
    sql_end(s, true, &e);
}

/* Whether a database was set aside here: its rows may name blobs that ours do not. */
static bool has_damaged(const struct store *s) {
    DIR *folder = opendir(s->folder);
    bool found = false;
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));)
        found = str_starts_with(str_from_z(entry->d_name), STR("workspace.db.damaged"));
    if (folder)
        closedir(folder);
    return found;
}

bool blob_clean(struct store *s, struct store_error *e) {
    char path[STORE_PATH + 16], sub[STORE_PATH + 300];
    if (s->read_only || has_damaged(s))
        return true;
    snprintf(path, sizeof path, "%s/blobs", s->folder);
    DIR *outer = opendir(path);
    if (!outer)
        return store_fail_errno(e, "look through the workspace");
    time_t now = time(NULL);
    for (struct dirent *d; (d = readdir(outer));) {
        if (d->d_name[0] == '.' || strlen(d->d_name) != 2)
            continue;
        snprintf(sub, sizeof sub, "%s/%s", path, d->d_name);
        DIR *inner = opendir(sub);
        for (struct dirent *f; inner && (f = readdir(inner));) {
            char name[STORE_HASH_TEXT + 8];
            struct store_hash hash;
            struct stat st;
            snprintf(name, sizeof name, "%.2s%.66s", d->d_name, f->d_name);
            if (store_hash_parse(str_from_z(name), &hash) && fstatat(dirfd(inner), f->d_name, &st, 0) == 0 &&
                now - st.st_mtime > BLOB_OLD_SECONDS)
                blob_drop_if_unused(s, &hash);
        }
        if (inner)
            closedir(inner);
    }
    closedir(outer);
    return true;
}
