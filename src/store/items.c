/* Rows: models, what belongs to them, and the state of the user interface. */
#include <string.h>

#include "base/file.h"
#include "store/inner.h"

/* --- models ------------------------------------------------------------------------------------------------------ */

#define MODEL_COLUMNS "hash, name, path, format, size, blob, added, opened"

static bool model_read(sqlite3_stmt *q, struct arena *a, struct store_model *out) {
    str hash = sql_str(q, 0, a);
    out->name = sql_str(q, 1, a);
    out->path = sql_str(q, 2, a);
    out->format = sql_str(q, 3, a);
    out->size = (uint64_t)sqlite3_column_int64(q, 4);
    out->blob = sqlite3_column_int(q, 5) != 0;
    out->added = sqlite3_column_int64(q, 6);
    out->opened = sqlite3_column_int64(q, 7);
    if (!hash.p || !out->name.p || !out->path.p || !out->format.p)
        return false;
    store_hash_parse(hash, &out->hash);
    return true;
}

bool store_model_put(struct store *s, const struct store_model *model, struct store_error *e) {
    store_ok(e);
    pthread_mutex_lock(&s->lock);
    bool good = sql_begin(s, e);
    if (good) {
        if (model->blob && !blob_exists(s, &model->hash))
            good = store_fail(e, STORE_NOT_FOUND, "the uploaded file is gone; please upload it again");
        sqlite3_stmt *q =
            good ? sql_prepare(s,
                               "INSERT INTO models (" MODEL_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)"
                               " ON CONFLICT (hash) DO UPDATE SET"
                               " name = CASE WHEN ?2 = '' THEN name ELSE ?2 END,"
                               " path = CASE WHEN ?3 = '' THEN path ELSE ?3 END,"
                               " format = CASE WHEN ?4 = '' THEN format ELSE ?4 END,"
                               " blob = blob OR ?6, opened = ?7",
                               e)
                 : NULL;
        if (q) {
            sql_bind_str(q, 1, str_from_z(model->hash.text));
            sql_bind_str(q, 2, model->name);
            sql_bind_str(q, 3, model->path);
            sql_bind_str(q, 4, model->format);
            sqlite3_bind_int64(q, 5, (int64_t)model->size);
            sqlite3_bind_int(q, 6, model->blob);
            sqlite3_bind_int64(q, 7, store_now_ms());
        }
        good = sql_end(s, good && sql_run(s, q, e), e);
    }
    pthread_mutex_unlock(&s->lock);
    return good;
}

static bool no_model(struct store_error *e) {
    return store_fail(e, STORE_NOT_FOUND, "there is no such model");
}

bool store_model_get(struct store *s, const struct store_hash *hash, struct arena *a, struct store_model *out,
                     struct store_error *e) {
    const struct store_hash key = *hash; /* which may lie in *out */
    store_ok(e);
    *out = (struct store_model){0};
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = sql_prepare(s, "SELECT " MODEL_COLUMNS " FROM models WHERE hash = ?", e);
    bool good = q != NULL;
    if (good) {
        sql_bind_str(q, 1, str_from_z(key.text));
        int rc = sqlite3_step(q);
        if (rc == SQLITE_ROW)
            good = model_read(q, a, out) || store_fail(e, STORE_MEMORY, "out of memory");
        else
            good = rc == SQLITE_DONE ? no_model(e) : store_fail_sql(s, e);
        sqlite3_finalize(q);
    }
    pthread_mutex_unlock(&s->lock);
    return good;
}

/* After the last row of a listing: whether all of it was read. */
static bool list_end(struct store *s, sqlite3_stmt *q, int rc, bool memory, struct store_error *e) {
    bool good = rc == SQLITE_DONE;
    if (!good) {
        if (memory)
            store_fail(e, STORE_MEMORY, "out of memory");
        else
            store_fail_sql(s, e);
    }
    sqlite3_finalize(q);
    return good;
}

bool store_model_list(struct store *s, struct arena *a, struct store_models *out, struct store_error *e) {
    store_ok(e);
    vec_init(&out->list, a->mem);
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = sql_prepare(s, "SELECT " MODEL_COLUMNS " FROM models ORDER BY opened DESC, hash", e);
    bool good = q != NULL;
    if (good) {
        int rc;
        bool memory = false;
        while (!memory && (rc = sqlite3_step(q)) == SQLITE_ROW) {
            struct store_model m;
            memory = !model_read(q, a, &m) || !vec_push(&out->list, m);
        }
        good = list_end(s, q, memory ? SQLITE_NOMEM : rc, memory, e);
    }
    pthread_mutex_unlock(&s->lock);
    return good;
}

static const char *const kind_table[STORE_KINDS] = {"stages", "runs", "overrides", "overlays", "tensors"};

/* Blobs that go with what a query finds; as many as fit, the rest is left to cleaning. */
struct doomed {
    struct store_hash blobs[256];
    size_t n;
};

static void doom(struct store *s, sqlite3_stmt *q, struct doomed *d) {
    (void)s;
    while (q && d->n < 256 && sqlite3_step(q) == SQLITE_ROW) {
        str text = str_from_z((const char *)sqlite3_column_text(q, 0));
        if (store_hash_parse(text, &d->blobs[d->n]))
            d->n++;
    }
    sqlite3_finalize(q);
}

static void drop_doomed(struct store *s, const struct doomed *d) {
    for (size_t i = 0; i < d->n; i++)
        blob_drop_if_unused(s, &d->blobs[i]);
}

bool store_model_delete(struct store *s, const struct store_hash *hash, struct store_error *e) {
    store_ok(e);
    struct doomed d = {.n = 0};
    str key = str_from_z(hash->text);
    pthread_mutex_lock(&s->lock);
    bool good = sql_begin(s, e);
    if (good) {
        d.blobs[d.n++] = *hash;
        for (int k = 0; k < STORE_KINDS; k++) {
            char text[100];
            sqlite3_snprintf(sizeof text, text, "SELECT blob FROM %s WHERE model = ? AND blob IS NOT NULL",
                             kind_table[k]);
            sqlite3_stmt *q = sql_prepare(s, text, e);
            if (q)
                sql_bind_str(q, 1, key);
            doom(s, q, &d);
        }
        sqlite3_stmt *q = sql_prepare(s, "DELETE FROM models WHERE hash = ?", e);
        if (q)
            sql_bind_str(q, 1, key);
        good = sql_run(s, q, e);
        if (good && sqlite3_changes(s->db) == 0)
            good = no_model(e);
        q = good ? sql_prepare(s, "DELETE FROM ui WHERE scope = ?", e) : NULL;
        if (q)
            sql_bind_str(q, 1, key);
        good = sql_end(s, good && sql_run(s, q, e), e);
    }
    if (good)
        drop_doomed(s, &d);
    pthread_mutex_unlock(&s->lock);
    return good;
}

/* --- items -------------------------------------------------------------------------------------------------------- */

#define ITEM_COLUMNS "id, model, name, state, rank, body_size, created, changed, blob"

static bool no_item(struct store_error *e) {
    return store_fail(e, STORE_NOT_FOUND, "it does not exist, or its model does not");
}

/* A statement with the table's name put for %s. */
static sqlite3_stmt *item_prepare(struct store *s, enum store_kind kind, const char *fmt, struct store_error *e) {
    char text[400];
    sqlite3_snprintf(sizeof text, text, fmt, kind_table[kind]);
    return sql_prepare(s, text, e);
}

/* The blob an item has now, if any. */
static void item_blob(struct store *s, enum store_kind kind, int64_t id, struct doomed *d) {
    struct store_error ignored;
    sqlite3_stmt *q = item_prepare(s, kind, "SELECT blob FROM %s WHERE id = ? AND blob IS NOT NULL", &ignored);
    if (q)
        sqlite3_bind_int64(q, 1, id);
    doom(s, q, d);
}

/* Inserts or updates inside a transaction. `blob` is empty for inline bodies. */
static bool item_write(struct store *s, enum store_kind kind, const struct store_item *item,
                       const struct store_hash *blob, struct store_error *e) {
    if (blob->text[0] && !blob_exists(s, blob))
        return store_fail(e, STORE_BUSY, "another process cleaned up just now; please try again");
    sqlite3_stmt *q =
        item->id ? item_prepare(s, kind,
                                "UPDATE %s SET model = ?2, name = ?3, state = ?4, rank = ?5, body = ?6, blob = ?7,"
                                " body_size = ?8, changed = ?9 WHERE id = ?1",
                                e)
                 : item_prepare(s, kind,
                                "INSERT INTO %s (id, model, name, state, rank, body, blob, body_size, created, changed)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
                                e);
    if (!q)
        return false;
    if (item->id)
        sqlite3_bind_int64(q, 1, item->id);
    sql_bind_str(q, 2, str_from_z(item->model.text));
    sql_bind_str(q, 3, item->name);
    sql_bind_str(q, 4, item->state);
    sqlite3_bind_int64(q, 5, item->rank);
    if (blob->text[0])
        sql_bind_str(q, 7, str_from_z(blob->text));
    else
        sqlite3_bind_blob64(q, 6, item->body.n ? item->body.p : "", item->body.n, SQLITE_STATIC);
    sqlite3_bind_int64(q, 8, item->blob.text[0] ? (int64_t)item->body_size : (int64_t)item->body.n);
    sqlite3_bind_int64(q, 9, store_now_ms());
    if (!sql_run(s, q, e))
        return false;
    return sqlite3_changes(s->db) > 0 || no_item(e);
}

bool store_item_put(struct store *s, enum store_kind kind, const struct store_item *item, int64_t *id,
                    struct store_error *e) {
    store_ok(e);
    struct store_hash blob = item->blob;
    struct doomed old = {.n = 0};
    if (!blob.text[0] && item->body.n > STORE_INLINE_BYTES && !s->read_only && !store_blob_put(s, item->body, &blob, e))
        return false;
    pthread_mutex_lock(&s->lock);
    bool good = sql_begin(s, e);
    if (good) {
        if (item->id)
            item_blob(s, kind, item->id, &old);
        good = item_write(s, kind, item, &blob, e);
        *id = item->id ? item->id : sqlite3_last_insert_rowid(s->db);
        good = sql_end(s, good, e);
    }
    if (good)
        drop_doomed(s, &old);
    pthread_mutex_unlock(&s->lock);
    return good;
}

static bool item_read(sqlite3_stmt *q, struct arena *a, struct store_item *out) {
    out->id = sqlite3_column_int64(q, 0);
    str model = sql_str(q, 1, a);
    out->name = sql_str(q, 2, a);
    out->state = sql_str(q, 3, a);
    out->rank = sqlite3_column_int64(q, 4);
    out->body_size = (uint64_t)sqlite3_column_int64(q, 5);
    out->created = sqlite3_column_int64(q, 6);
    out->changed = sqlite3_column_int64(q, 7);
    out->body = (str){0};
    if (sqlite3_column_type(q, 8) != SQLITE_NULL)
        store_hash_parse(str_from_z((const char *)sqlite3_column_text(q, 8)), &out->blob);
    if (!model.p || !out->name.p || !out->state.p)
        return false;
    store_hash_parse(model, &out->model);
    return true;
}

/* The body of a row that item_read has read: inline, or out of its blob. */
static bool item_body(struct store *s, sqlite3_stmt *q, int body, struct arena *a, struct store_item *out,
                      struct store_error *e) {
    if (!out->blob.text[0]) {
        out->body = sql_str(q, body, a);
        return out->body.p || store_fail(e, STORE_MEMORY, "out of memory");
    }
    char path[STORE_PATH];
    struct file f;
    if (!blob_path(s, "blobs", &out->blob, path) || !file_open(&f, s->mem, path))
        return store_fail(e, STORE_CORRUPT, "a file of the workspace is missing or cannot be read");
    out->body = arena_str(a, file_text(&f));
    file_close(&f);
    return out->body.p || store_fail(e, STORE_MEMORY, "out of memory");
}

static bool item_get(struct store *s, enum store_kind kind, int64_t id, bool body, struct arena *a,
                     struct store_item *out, struct store_error *e) {
    store_ok(e);
    *out = (struct store_item){0};
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = item_prepare(s, kind, "SELECT " ITEM_COLUMNS ", body FROM %s WHERE id = ?", e);
    bool good = q != NULL;
    if (good) {
        sqlite3_bind_int64(q, 1, id);
        int rc = sqlite3_step(q);
        if (rc != SQLITE_ROW)
            good = rc == SQLITE_DONE ? no_item(e) : store_fail_sql(s, e);
        else if (!item_read(q, a, out))
            good = store_fail(e, STORE_MEMORY, "out of memory");
        else
            good = !body || item_body(s, q, 9, a, out, e);
        sqlite3_finalize(q);
    }
    pthread_mutex_unlock(&s->lock);
    return good;
}

bool store_item_get(struct store *s, enum store_kind kind, int64_t id, struct arena *a, struct store_item *out,
                    struct store_error *e) {
    return item_get(s, kind, id, true, a, out, e);
}

bool store_item_head(struct store *s, enum store_kind kind, int64_t id, struct arena *a, struct store_item *out,
                     struct store_error *e) {
    return item_get(s, kind, id, false, a, out, e);
}

bool store_item_list(struct store *s, enum store_kind kind, const struct store_hash *model, struct arena *a,
                     struct store_items *out, struct store_error *e) {
    store_ok(e);
    vec_init(&out->list, a->mem);
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = item_prepare(
        s, kind, "SELECT " ITEM_COLUMNS " FROM %s WHERE ?1 IS NULL OR model = ?1 ORDER BY model, rank, id", e);
    bool good = q != NULL;
    if (good) {
        int rc;
        bool memory = false;
        if (model)
            sql_bind_str(q, 1, str_from_z(model->text));
        while (!memory && (rc = sqlite3_step(q)) == SQLITE_ROW) {
            struct store_item item;
            memory = !item_read(q, a, &item) || !vec_push(&out->list, item);
        }
        good = list_end(s, q, memory ? SQLITE_NOMEM : rc, memory, e);
    }
    pthread_mutex_unlock(&s->lock);
    return good;
}

bool store_item_delete(struct store *s, enum store_kind kind, int64_t id, struct store_error *e) {
    store_ok(e);
    struct doomed old = {.n = 0};
    pthread_mutex_lock(&s->lock);
    bool good = sql_begin(s, e);
    if (good) {
        item_blob(s, kind, id, &old);
        sqlite3_stmt *q = item_prepare(s, kind, "DELETE FROM %s WHERE id = ?", e);
        if (q)
            sqlite3_bind_int64(q, 1, id);
        good = sql_run(s, q, e);
        if (good && sqlite3_changes(s->db) == 0)
            good = no_item(e);
        good = sql_end(s, good, e);
    }
    if (good)
        drop_doomed(s, &old);
    pthread_mutex_unlock(&s->lock);
    return good;
}

/* --- state of the user interface ------------------------------------------------------------------------------------ */

bool store_ui_put(struct store *s, str scope, str key, str value, struct store_error *e) {
    store_ok(e);
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = sql_prepare(s,
                                  value.n ? "INSERT INTO ui (scope, key, value) VALUES (?1, ?2, ?3)"
                                            " ON CONFLICT (scope, key) DO UPDATE SET value = ?3"
                                          : "DELETE FROM ui WHERE scope = ?1 AND key = ?2",
                                  e);
    bool good = q != NULL;
    if (good) {
        sql_bind_str(q, 1, scope);
        sql_bind_str(q, 2, key);
        if (value.n)
            sql_bind_str(q, 3, value);
        good = sql_run(s, q, e);
    }
    pthread_mutex_unlock(&s->lock);
    return good;
}

bool store_ui_get(struct store *s, str scope, str key, struct arena *a, str *value, struct store_error *e) {
    store_ok(e);
    *value = (str){0};
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = sql_prepare(s, "SELECT value FROM ui WHERE scope = ? AND key = ?", e);
    bool good = q != NULL;
    if (good) {
        sql_bind_str(q, 1, scope);
        sql_bind_str(q, 2, key);
        int rc = sqlite3_step(q);
        if (rc == SQLITE_ROW) {
            *value = sql_str(q, 0, a);
            good = value->p || store_fail(e, STORE_MEMORY, "out of memory");
        } else {
            good = rc == SQLITE_DONE ? store_fail(e, STORE_NOT_FOUND, "nothing is kept under this key")
                                     : store_fail_sql(s, e);
        }
        sqlite3_finalize(q);
    }
    pthread_mutex_unlock(&s->lock);
    return good;
}

bool store_ui_list(struct store *s, str scope, struct arena *a, struct store_pairs *out, struct store_error *e) {
    store_ok(e);
    vec_init(&out->list, a->mem);
    pthread_mutex_lock(&s->lock);
    sqlite3_stmt *q = sql_prepare(s, "SELECT key, value FROM ui WHERE scope = ? ORDER BY key", e);
    bool good = q != NULL;
    if (good) {
        int rc;
        bool memory = false;
        sql_bind_str(q, 1, scope);
        while (!memory && (rc = sqlite3_step(q)) == SQLITE_ROW) {
            struct store_pair pair = {sql_str(q, 0, a), sql_str(q, 1, a)};
            memory = !pair.key.p || !pair.value.p || !vec_push(&out->list, pair);
        }
        good = list_end(s, q, memory ? SQLITE_NOMEM : rc, memory, e);
    }
    pthread_mutex_unlock(&s->lock);
    return good;
}
