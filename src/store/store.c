/* Opening, checking and closing a workspace. */
#define _GNU_SOURCE /* flock, gmtime_r */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/inner.h"

void store_ok(struct store_error *e) {
    e->status = STORE_OK;
    e->text[0] = 0;
}

bool store_fail(struct store_error *e, enum store_status status, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    e->status = status;
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return false;
}

static const char disk_full[] =
    "the disk (or your quota) is full, nothing was changed: make room for the workspace, then do it again";

bool store_fail_errno(struct store_error *e, const char *doing) {
    int cause = errno;
    if (cause == ENOSPC || cause == EDQUOT || cause == EFBIG)
        return store_fail(e, STORE_FULL, "cannot %s: %s", doing, disk_full);
    enum store_status status = cause == EROFS || cause == EACCES || cause == EPERM ? STORE_READ_ONLY : STORE_FAILED;
    return store_fail(e, status, "cannot %s: %s", doing, strerror(cause));
}

bool store_fail_sql(struct store *s, struct store_error *e) {
    int rc = s->db ? sqlite3_extended_errcode(s->db) : SQLITE_NOMEM;
    int cause = s->db ? sqlite3_system_errno(s->db) : 0;
    const char *text = s->db ? sqlite3_errmsg(s->db) : "out of memory";
    switch (rc & 0xff) {
    case SQLITE_FULL: return store_fail(e, STORE_FULL, "%s", disk_full);
    case SQLITE_IOERR:
        /* SQLite tells a full disk apart, but not a quota or a limit on the size of files. */
        if (cause != EIO && (rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_TRUNCATE || rc == SQLITE_IOERR_SHMSIZE))
            return store_fail(e, STORE_FULL, "%s", disk_full);
        return store_fail(e, STORE_FAILED, "the workspace cannot be read or written: %s", text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return store_fail(e, STORE_BUSY, "another process keeps the workspace %s locked", s->folder);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        if (cause == ENOSPC || cause == EDQUOT)
            return store_fail(e, STORE_FULL, "%s", disk_full);
        return store_fail(e, STORE_READ_ONLY, "the workspace %s cannot be written: %s", s->folder, text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return store_fail(e, STORE_CORRUPT, "the workspace database is damaged: %s", text);
    case SQLITE_NOMEM: return store_fail(e, STORE_MEMORY, "out of memory");
    case SQLITE_CONSTRAINT: return store_fail(e, STORE_NOT_FOUND, "there is no such model");
    case SQLITE_TOOBIG: return store_fail(e, STORE_FAILED, "the text is too large for the workspace");
    default: return store_fail(e, STORE_FAILED, "the workspace failed: %s", text);
    }
}

int64_t store_now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool store_default_folder(char *out, size_t size) {
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int n;
    if (data && data[0] == '/') /* the specification: relative paths are to be ignored */
        n = snprintf(out, size, "%s/tt-explorer", data);
    else if (home && home[0])
        n = snprintf(out, size, "%s/.local/share/tt-explorer", home);
    else
        return false;
    return n > 0 && (size_t)n < size;
}

/* The database file, with a suffix ("-wal"). */
static void db_path(const struct store *s, const char *suffix, char out[STORE_PATH + 64]) {
    snprintf(out, STORE_PATH + 64, "%s/workspace.db%s", s->folder, suffix);
}

static bool db_connect(struct store *s, const char *path, struct store_error *e) {
    /* The store has its own lock, so SQLite needs none (NOMUTEX). */
    int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK)
        return store_fail_sql(s, e);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
    return true;
}

static void db_disconnect(struct store *s) {
    sqlite3_close(s->db);
    s->db = NULL;
}

/* Whether SQLite finds nothing wrong with the file. */
static bool db_check(struct store *s, struct store_error *e) {
    sqlite3_stmt *q = sql_prepare(s, "PRAGMA quick_check(1)", e);
    if (!q)
        return false;
    int rc = sqlite3_step(q);
    bool good;
    if (rc == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(q, 0);
        good = text && strcmp(text, "ok") == 0;
        if (!good)
            store_fail(e, STORE_CORRUPT, "the workspace database is damaged: %s", text ? text : "unreadable");
    } else {
        good = store_fail_sql(s, e);
    }
    sqlite3_finalize(q);
    return good;
}

/* Settings of a connection, integrity, schema. WAL lets readers and a writer work at once; with synchronous NORMAL a
 * killed process loses nothing, a power cut at most the last changes. */
static bool db_prepare(struct store *s, struct store_error *e) {
    /* Changing to WAL does not wait for another process that does the same. */
    static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;";
    enum { STEP_MS = 20 };
    for (int waited = 0; !sql_exec(s, settings, e); waited += STEP_MS) {
        if (e->status != STORE_BUSY || waited >= STORE_BUSY_MS)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
    }
    store_ok(e);
    return db_check(s, e) && schema_migrate(s, e);
}

/* Renames the damaged database out of the way. Only when no other process uses the workspace: it would go on writing to
 * the renamed file. */
static bool db_set_aside(struct store *s, struct store_error *e) {
    char why[sizeof e->text];
    memcpy(why, e->text, sizeof why);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        flock(s->lock_fd, LOCK_SH);
        return store_fail(e, STORE_CORRUPT, "%s; another process is using it, so it is left where it is", why);
    }
    time_t now = time(NULL);
    struct tm tm;
    char stamp[32] = "", from[STORE_PATH + 64], to[STORE_PATH + 128], name[80];
    if (gmtime_r(&now, &tm))
        strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(name, sizeof name, "workspace.db.damaged-%s-%ld", stamp, (long)getpid());
    bool good = true;
    static const char *const suffixes[] = {"-wal", "-shm", ""}; /* a journal without its database is harmless */
    for (size_t i = 0; i < 3 && good; i++) {
        db_path(s, suffixes[i], from);
        snprintf(to, sizeof to, "%s/%s%s", s->folder, name, suffixes[i]);
        good =
            rename(from, to) == 0 || errno == ENOENT || store_fail_errno(e, "set the damaged workspace database aside");
    }
    if (good)
        snprintf(s->notice, sizeof s->notice, "%s; it was set aside as %s and a new one begun. Uploaded files are kept",
                 why, name);
    flock(s->lock_fd, LOCK_SH);
    return good;
}

/* All parents too. */
static bool make_folder(char *path, struct store_error *e) {
    for (char *p = path + 1;; p++) {
        if (*p != '/' && *p)
            continue;
        char c = *p;
        *p = 0;
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            char doing[300];
            snprintf(doing, sizeof doing, "make the workspace folder %.250s", path);
            store_fail_errno(e, doing);
            *p = c;
            return false;
        }
        *p = c;
        if (!c)
            return true;
    }
}

static bool open_on_disk(struct store *s, struct store_error *e) {
    char path[STORE_PATH + 64];
    if (!make_folder(s->folder, e) || !blob_make_folders(s, e))
        return false;
    snprintf(path, sizeof path, "%s/lock", s->folder);
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        return store_fail_errno(e, "open the lock file of the workspace");
    flock(s->lock_fd, LOCK_SH);
    blob_clear_tmp(s);
    db_path(s, "", path);
    if (db_connect(s, path, e) && db_prepare(s, e))
        return true;
    if (e->status != STORE_CORRUPT)
        return false;
    db_disconnect(s);
    return db_set_aside(s, e) && db_connect(s, path, e) && db_prepare(s, e);
}

/* A copy of what is there, in memory: changes work as always and are forgotten at the end. */
static bool open_in_memory(struct store *s, struct store_error *e) {
    if (!db_connect(s, ":memory:", e))
        return false;
    char path[STORE_PATH + 64];
    db_path(s, "", path);
    sqlite3 *from = NULL;
    if (access(path, R_OK) == 0 && sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(from, STORE_BUSY_MS);
        sqlite3_backup *copy = sqlite3_backup_init(s->db, "main", from, "main");
        int rc = copy ? sqlite3_backup_step(copy, -1) : SQLITE_ERROR;
        if (copy)
            sqlite3_backup_finish(copy);
        if (rc != SQLITE_DONE) {
            snprintf(s->notice, sizeof s->notice, "the workspace %.200s cannot be read (%s); it is left out", s->folder,
                     sqlite3_errmsg(from));
            db_disconnect(s);
            if (!db_connect(s, ":memory:", e)) {
                sqlite3_close(from);
                return false;
            }
        }
    }
    sqlite3_close(from);
    return sql_exec(s, "PRAGMA foreign_keys = ON", e) && schema_migrate(s, e);
}

struct store *store_open(struct mem *m, const struct store_options *o, struct store_error *e) {
    store_ok(e);
    struct store *s = mem_alloc_zero(m, sizeof *s);
    if (!s) {
        store_fail(e, STORE_MEMORY, "out of memory");
        return NULL;
    }
    s->mem = m;
    s->lock_fd = -1;
    s->read_only = o->read_only;
    s->derived_limit = o->derived_limit ? o->derived_limit : (uint64_t)2 << 30;
    pthread_mutex_init(&s->lock, NULL);
    bool good;
    if (o->folder) {
        size_t n = strlen(o->folder);
        while (n > 1 && o->folder[n - 1] == '/')
            n--;
        good =
            (n > 0 && n < STORE_PATH - 200) || store_fail(e, STORE_FAILED, "the workspace's path is too long or empty");
        if (good)
            memcpy(s->folder, o->folder, n);
    } else {
        good = store_default_folder(s->folder, STORE_PATH - 200) ||
               store_fail(e, STORE_READ_ONLY, "there is no home folder for the workspace; give one with --workspace");
    }
    good = good && (o->read_only ? open_in_memory(s, e) : open_on_disk(s, e));
    if (good)
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s) {
    if (!s)
        return;
    if (s->db)
        db_disconnect(s);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    pthread_mutex_destroy(&s->lock);
    mem_free(s->mem, s, sizeof *s);
}

const char *store_folder(const struct store *s) {
    return s->folder;
}

const char *store_notice(const struct store *s) {
    return s->notice;
}
