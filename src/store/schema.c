/* The tables, as the steps that lead from one version of the schema to the next.
 *
 * A step that was released is never changed: what is to be different is a new step at the end. The version is SQLite's
 * user_version; application_id tells that the file is ours.
 */
#include "store/inner.h"

enum { SCHEMA_APPLICATION = 0x74747831 }; /* "ttx1" */

/* Step i leads from version i to version i + 1. */
static const char *const schema_steps[] = {
    /* 1: models and what belongs to them. A body is either inline or a blob. */
    "CREATE TABLE models ("
    " hash TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, format TEXT NOT NULL, size INTEGER NOT NULL,"
    " blob INTEGER NOT NULL, added INTEGER NOT NULL, opened INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE stages (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " model TEXT NOT NULL REFERENCES models(hash) ON DELETE CASCADE, name TEXT NOT NULL, state TEXT NOT NULL,"
    " rank INTEGER NOT NULL, body BLOB, blob TEXT, body_size INTEGER NOT NULL,"
    " created INTEGER NOT NULL, changed INTEGER NOT NULL);"
    "CREATE INDEX stages_model ON stages(model, rank, id);"
    "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " model TEXT NOT NULL REFERENCES models(hash) ON DELETE CASCADE, name TEXT NOT NULL, state TEXT NOT NULL,"
    " rank INTEGER NOT NULL, body BLOB, blob TEXT, body_size INTEGER NOT NULL,"
    " created INTEGER NOT NULL, changed INTEGER NOT NULL);"
    "CREATE INDEX runs_model ON runs(model, rank, id);"
    "CREATE TABLE overrides (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " model TEXT NOT NULL REFERENCES models(hash) ON DELETE CASCADE, name TEXT NOT NULL, state TEXT NOT NULL,"
    " rank INTEGER NOT NULL, body BLOB, blob TEXT, body_size INTEGER NOT NULL,"
    " created INTEGER NOT NULL, changed INTEGER NOT NULL);"
    "CREATE INDEX overrides_model ON overrides(model, rank, id);"
    "CREATE TABLE overlays (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " model TEXT NOT NULL REFERENCES models(hash) ON DELETE CASCADE, name TEXT NOT NULL, state TEXT NOT NULL,"
    " rank INTEGER NOT NULL, body BLOB, blob TEXT, body_size INTEGER NOT NULL,"
    " created INTEGER NOT NULL, changed INTEGER NOT NULL);"
    "CREATE INDEX overlays_model ON overlays(model, rank, id);"
    "CREATE TABLE ui (scope TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (scope, key))"
    " WITHOUT ROWID;",
    /* 2: the index of derived data. */
    "CREATE TABLE derived (key TEXT PRIMARY KEY, size INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX derived_used ON derived(used);",
    /* 3: files of tensors: what arguments of executions are given. */
    "CREATE TABLE tensors (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " model TEXT NOT NULL REFERENCES models(hash) ON DELETE CASCADE, name TEXT NOT NULL, state TEXT NOT NULL,"
    " rank INTEGER NOT NULL, body BLOB, blob TEXT, body_size INTEGER NOT NULL,"
    " created INTEGER NOT NULL, changed INTEGER NOT NULL);"
    "CREATE INDEX tensors_model ON tensors(model, rank, id);",
};

int schema_version(void) {
    return (int)(sizeof schema_steps / sizeof *schema_steps);
}

static bool schema_read(struct store *s, const char *pragma, int64_t *out, struct store_error *e) {
    sqlite3_stmt *q = sql_prepare(s, pragma, e);
    return q && sql_number(s, q, out, e);
}

bool schema_migrate(struct store *s, struct store_error *e) {
    int64_t version, application;
    if (!schema_read(s, "PRAGMA user_version", &version, e))
        return false;
    if (version == schema_version())
        return true;
    if (!sql_begin(s, e))
        return false;
    /* Another process may have migrated between the first look and the lock. */
    bool good =
        schema_read(s, "PRAGMA user_version", &version, e) && schema_read(s, "PRAGMA application_id", &application, e);
    if (good && version > schema_version())
        good = store_fail(e, STORE_FAILED,
                          "the workspace %s was written by a newer version of this program (schema %lld, known: %d)",
                          s->folder, (long long)version, schema_version());
    if (good && version > 0 && application != SCHEMA_APPLICATION)
        good = store_fail(e, STORE_FAILED, "%s/workspace.db is a database of another program", s->folder);
    for (int64_t i = version; good && i < schema_version(); i++)
        good = sql_exec(s, schema_steps[i], e);
    if (good) {
        char text[100];
        sqlite3_snprintf(sizeof text, text, "PRAGMA user_version = %d; PRAGMA application_id = %d;", schema_version(),
                         SCHEMA_APPLICATION);
        good = sql_exec(s, text, e);
    }
    return sql_end(s, good, e);
}
