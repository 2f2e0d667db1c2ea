/* Derived data: files that can be made again, bounded by size, the least recently used dropped first.
 *
 * They are not synced: the size in the index tells a file that a power cut left short.
 */
#define _GNU_SOURCE /* stat */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/inner.h"

enum { DERIVED_TOUCH_MS = 1000 }; /* a use within this time of the last is not written down */

static bool derived_path(const struct store *s, str key, char out[STORE_PATH]) {
    struct store_hash hash;
    store_hash_bytes(key, &hash);
    return blob_path(s, "derived", &hash, out);
}

/* Drops the oldest until at most `limit` bytes are kept; under the lock. */
static bool derived_shrink(struct store *s, uint64_t limit, struct store_error *e) {
    for (;;) {
        int64_t total;
        sqlite3_stmt *q = sql_prepare(s, "SELECT coalesce(sum(size), 0) FROM derived", e);
        if (!q || !sql_number(s, q, &total, e))
            return false;
        if ((uint64_t)total <= limit)
            return true;
        if (!sql_begin(s, e))
            return false;
        q = sql_prepare(s, "SELECT key FROM derived ORDER BY used, key LIMIT 1", e);
        bool good = q != NULL;
        if (good && sqlite3_step(q) == SQLITE_ROW) {
            char path[STORE_PATH];
            const char *key = (const char *)sqlite3_column_text(q, 0);
            sqlite3_stmt *drop = sql_prepare(s, "DELETE FROM derived WHERE key = ?", e);
            if (drop)
                sql_bind_str(drop, 1, str_from_z(key));
            good = sql_run(s, drop, e);
            if (good && derived_path(s, str_from_z(key), path))
                unlink(path);
        }
        sqlite3_finalize(q);
        if (!sql_end(s, good, e))
            return false;
    }
}

bool store_derived_put(struct store *s, str key, str bytes, struct store_error *e) {
    store_ok(e);
    char path[STORE_PATH];
    if (s->read_only || bytes.n > s->derived_limit / 4)
        return true;
    if (!derived_path(s, key, path))
        return store_fail(e, STORE_FAILED, "the workspace's path is too long");
    struct store_writer *w = store_writer_begin(s, e);
    if (!w)
        return false;
    if (!store_writer_add(w, bytes.p, bytes.n, e)) {
        store_writer_abort(w);
        return false;
    }
    if (!blob_publish(w, path, false, e))
        return false;
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = sql_prepare(s,
                                  "INSERT INTO derived (key, size, used) VALUES (?1, ?2, ?3)"
                                  " ON CONFLICT (key) DO UPDATE SET size = ?2, used = ?3",
                                  e);
    if (q) {
        sql_bind_str(q, 1, key);
        sqlite3_bind_int64(q, 2, (int64_t)bytes.n);
        sqlite3_bind_int64(q, 3, store_now_ms());
    }
    bool good = sql_run(s, q, e) && derived_shrink(s, s->derived_limit, e);
    pthread_mutex_unlock(&s->lock);
    return good;
}

bool store_derived_get(struct store *s, str key, struct arena *a, str *path, struct store_error *e) {
    store_ok(e);
    *path = (str){0};
    char file[STORE_PATH];
    struct stat st;
    if (!derived_path(s, key, file))
        return store_fail(e, STORE_FAILED, "the workspace's path is too long");
    pthread_mutex_lock(&s->lock);
    int64_t size = -1, used = 0;
    sqlite3_stmt *q = sql_prepare(s, "SELECT size, used FROM derived WHERE key = ?", e);
    bool good = q != NULL;
    if (good) {
        sql_bind_str(q, 1, key);
        if (sqlite3_step(q) == SQLITE_ROW) {
            size = sqlite3_column_int64(q, 0);
            used = sqlite3_column_int64(q, 1);
        }
        sqlite3_finalize(q);
        int64_t now = store_now_ms();
        if (size < 0 || stat(file, &st) != 0 || st.st_size != size) {
            good = store_fail(e, STORE_NOT_FOUND, "it is not kept");
        } else if (now - used > DERIVED_TOUCH_MS && !s->read_only) {
            struct store_error ignored; /* only the order of dropping depends on it */
            q = sql_prepare(s, "UPDATE derived SET used = ?2 WHERE key = ?1", &ignored);
            if (q) {
                sql_bind_str(q, 1, key);
                sqlite3_bind_int64(q, 2, now);
            }
            sql_run(s, q, &ignored);
        }
    }
    pthread_mutex_unlock(&s->lock);
    if (good) {
        *path = arena_str(a, str_from_z(file));
        good = path->p || store_fail(e, STORE_MEMORY, "out of memory");
    }
    return good;
}

uint64_t store_derived_size(struct store *s) {
    struct store_error e;
    int64_t total = 0;
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = sql_prepare(s, "SELECT coalesce(sum(size), 0) FROM derived", &e);
    if (q)
        sql_number(s, q, &total, &e);
    pthread_mutex_unlock(&s->lock);
    return (uint64_t)total;
}

bool store_clean(struct store *s, uint64_t limit, struct store_error *e) {
    store_ok(e);
    if (s->read_only)
        return true;
    pthread_mutex_lock(&s->lock);
    bool good = derived_shrink(s, limit, e) && blob_clean(s, e);
    pthread_mutex_unlock(&s->lock);
    return good;
}
