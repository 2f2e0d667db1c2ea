/* inner.h - what the files of the store share; nobody outside includes it. */
#ifndef TTX_STORE_INNER_H
#define TTX_STORE_INNER_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "base/platform.h"
#include "store/store.h"

enum {
    STORE_PATH = 4096,             /* bytes of a path with its zero byte */
    STORE_INLINE_BYTES = 64 << 10, /* larger bodies are blobs */
    STORE_BUSY_MS = 5000,          /* how long to wait for another process */
};

struct store {
    struct mem *mem;
    pthread_mutex_t lock; /* around db and mem */
    sqlite3 *db;
    int lock_fd; /* FOLDER/lock, locked shared while the store is open; -1 in memory */
    bool read_only;
    uint64_t derived_limit;
    atomic_uint writers; /* number of the next temporary file */
    char folder[STORE_PATH];
    char notice[600];
};

/* --- errors (store.c) ------------------------------------------------------------------------------------------ */

/* All three return false, for `return store_fail(...)`. */
bool store_fail(struct store_error *e, enum store_status status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* From errno: "cannot <doing>: cause". */
bool store_fail_errno(struct store_error *e, const char *doing);
/* From the last SQLite error. */
bool store_fail_sql(struct store *s, struct store_error *e);
void store_ok(struct store_error *e);
int64_t store_now_ms(void);

/* --- SQL (sql.c); all under the lock ----------------------------------------------------------------------------- */

/* A prepared statement, NULL with the error set. */
sqlite3_stmt *sql_prepare(struct store *s, const char *text, struct store_error *e);
/* Runs a statement that gives no rows and finalises it. */
bool sql_run(struct store *s, sqlite3_stmt *q, struct store_error *e);
/* Runs statements without parameters. */
bool sql_exec(struct store *s, const char *text, struct store_error *e);
void sql_bind_str(sqlite3_stmt *q, int at, str v);
/* A column's text in the arena; .p is NULL when out of memory. */
str sql_str(sqlite3_stmt *q, int column, struct arena *a);
/* A number of one row and column. */
bool sql_number(struct store *s, sqlite3_stmt *q, int64_t *out, struct store_error *e);
/* BEGIN IMMEDIATE, and its end: commits when `good`, else (or when committing fails) rolls back. Gives whether all is
 * committed. */
bool sql_begin(struct store *s, struct store_error *e);
bool sql_end(struct store *s, bool good, struct store_error *e);

/* --- schema (schema.c) --------------------------------------------------------------------------------------------- */

/* The newest version this program knows. */
int schema_version(void);
/* Brings the database to that version, step by step, in one transaction. */
bool schema_migrate(struct store *s, struct store_error *e);

/* --- files (blob.c) -------------------------------------------------------------------------------------------------- */

/* "FOLDER/<kind>/ab/cdef..." into out. */
bool blob_path(const struct store *s, const char *kind, const struct store_hash *hash, char out[STORE_PATH]);
/* Makes the folders of a workspace. */
bool blob_make_folders(struct store *s, struct store_error *e);
/* Removes what crashed processes left in tmp/. */
void blob_clear_tmp(struct store *s);
/* Ends a writer by renaming its file to `path`. */
bool blob_publish(struct store_writer *w, const char *path, bool durable, struct store_error *e);
/* Whether the blob's file is there. */
bool blob_exists(const struct store *s, const struct store_hash *hash);
/* Removes the blob when no row names it; under the lock, in no transaction. */
void blob_drop_if_unused(struct store *s, const struct store_hash *hash);
/* Removes blobs older than a day that no row names. */
bool blob_clean(struct store *s, struct store_error *e);

#endif
