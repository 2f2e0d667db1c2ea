/* The few things the store does with SQLite. */
#include "store/inner.h"

sqlite3_stmt *sql_prepare(struct store *s, const char *text, struct store_error *e) {
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, text, -1, &q, NULL) != SQLITE_OK) {
        store_fail_sql(s, e);
        return NULL;
    }
    return q;
}

bool sql_run(struct store *s, sqlite3_stmt *q, struct store_error *e) {
    if (!q)
        return false;
    int rc;
    while ((rc = sqlite3_step(q)) == SQLITE_ROW)
        continue;
    bool good = rc == SQLITE_DONE || store_fail_sql(s, e);
    sqlite3_finalize(q);
    return good;
}

bool sql_exec(struct store *s, const char *text, struct store_error *e) {
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK || store_fail_sql(s, e);
}

void sql_bind_str(sqlite3_stmt *q, int at, str v) {
    sqlite3_bind_text64(q, at, v.n ? v.p : "", v.n, SQLITE_STATIC, SQLITE_UTF8);
}

str sql_str(sqlite3_stmt *q, int column, struct arena *a) {
    const void *p = sqlite3_column_blob(q, column); /* before the size */
    int n = sqlite3_column_bytes(q, column);
    return arena_str(a, str_of(p ? p : "", (size_t)n));
}

bool sql_number(struct store *s, sqlite3_stmt *q, int64_t *out, struct store_error *e) {
    int rc = sqlite3_step(q);
    bool good = rc == SQLITE_ROW;
    if (good)
        *out = sqlite3_column_int64(q, 0);
    else if (rc == SQLITE_DONE)
        store_fail(e, STORE_NOT_FOUND, "not found");
    else
        store_fail_sql(s, e);
    sqlite3_finalize(q);
    return good;
}

bool sql_begin(struct store *s, struct store_error *e) {
    return sql_exec(s, "BEGIN IMMEDIATE", e);
}

bool sql_end(struct store *s, bool good, struct store_error *e) {
    if (good && sql_exec(s, "COMMIT", e))
        return true;
    /* SQLite may have rolled back by itself (disk full). */
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
