/* store.h - the workspace on disk: what the program remembers between runs.
 *
 *   FOLDER/workspace.db     SQLite, WAL: models, stages, runs, override sets, overlays, UI state, index of derived data
 *   FOLDER/blobs/ab/cd...   uploads and other large user data, named by their content hash
 *   FOLDER/derived/ab/...   what can be computed again; bounded, the least recently used goes first
 *   FOLDER/tmp/...          files being written; whatever nobody holds a lock on is removed at the next start
 *
 * Invariants
 *   S1  A file under blobs/ is complete: it is written under tmp/, synced, and renamed. So is one under derived/, but for
 *      the syncing: its size is checked instead.
 *   S2  A row never names a blob that was not renamed into place before the row was committed.
 *   S3  User data is deleted only when a caller asks for it by name; the size limit concerns derived data alone.
 *   S4  Every change is one transaction, so a kill -9 leaves the state before or after it.
 *
 * A content hash is the SHA-256 of the bytes, as 64 lowercase hexadecimal digits: what sha256sum prints.
 *
 * All functions may be called from any thread; the store locks itself. Several processes may use one workspace.
 * Functions that can fail take a `struct store_error` (never NULL) and say there, in one sentence, what is wrong. Text
 * that comes back lives in the arena the caller gives. Times are in milliseconds since 1970 (UTC).
 */
#ifndef TTX_STORE_STORE_H
#define TTX_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

struct store;

enum { STORE_HASH_TEXT = 64 };

/* A content hash as text, zero-terminated. All zero bytes: none. */
struct store_hash {
    char text[STORE_HASH_TEXT + 1];
};

enum store_status {
    STORE_OK,
    STORE_NOT_FOUND,
    STORE_FULL,      /* the disk (or a quota) is full */
    STORE_READ_ONLY, /* opened read-only, or the folder may not be written */
    STORE_BUSY,      /* another process kept the workspace locked for several seconds */
    STORE_CORRUPT,
    STORE_MEMORY,
    STORE_FAILED, /* anything else the system refused */
};

struct store_error {
    enum store_status status;
    char text[400]; /* a sentence without full stop; "" after success */
};

/* --- opening ------------------------------------------------------------------------------------------------- */

struct store_options {
    const char *folder;     /* the workspace; NULL: store_default_folder */
    uint64_t derived_limit; /* bytes of derived data to keep; 0: 2 GiB */
    bool read_only;         /* change nothing on disk; a missing workspace is an empty one in memory */
};

/* $XDG_DATA_HOME/tt-explorer, or ~/.local/share/tt-explorer, into `out`; false when neither variable is set. */
bool store_default_folder(char *out, size_t size);

/* Opens (and makes) a workspace: checks its integrity and migrates an older schema. A database that is damaged is
 * renamed to workspace.db.damaged-<time> and a new one begun, which store_notice then tells; blobs stay. A workspace of
 * a newer program is refused. `m` is used under the store's lock only and must outlive it. NULL on failure. */
struct store *store_open(struct mem *m, const struct store_options *o, struct store_error *e);

/* Closes it; NULL is allowed. No other thread may be using it. */
void store_close(struct store *s);

/* The folder, without a slash at the end ("" for one in memory). */
const char *store_folder(const struct store *s);

/* What the user should be told about the opening, a sentence, or "" (a damaged database that was set aside). */
const char *store_notice(const struct store *s);

/* --- blobs ---------------------------------------------------------------------------------------------------- */

/* A file being written, hashed as it comes. */
struct store_writer;

/* Begins one. NULL on failure. The writer is freed by store_writer_commit or store_writer_abort. */
struct store_writer *store_writer_begin(struct store *s, struct store_error *e);
/* Appends bytes. False when the disk refuses; the writer must then be aborted. */
bool store_writer_add(struct store_writer *w, const void *p, size_t n, struct store_error *e);
/* Bytes so far. */
uint64_t store_writer_size(const struct store_writer *w);
/* Makes it a blob (or finds that it is there already), durable when this returns; frees the writer in any case. */
bool store_writer_commit(struct store_writer *w, struct store_hash *hash, struct store_error *e);
/* Removes it and frees the writer; NULL is allowed. */
void store_writer_abort(struct store_writer *w);

/* A whole blob at once. */
bool store_blob_put(struct store *s, str bytes, struct store_hash *hash, struct store_error *e);
/* The blob's path, in the arena; .p is NULL when there is no such blob or memory runs out. */
str store_blob_path(struct store *s, const struct store_hash *hash, struct arena *a);

/* The hash of bytes in memory. */
void store_hash_bytes(str bytes, struct store_hash *out);
/* The same for many bytes: asks every few megabytes whether to go on; false when it was told not to. */
bool store_hash_many(str bytes, bool (*go_on)(void *arg, size_t done), void *arg, struct store_hash *out);
/* `text` as a hash: false unless it is exactly 64 lowercase hexadecimal digits. */
bool store_hash_parse(str text, struct store_hash *out);

/* --- models --------------------------------------------------------------------------------------------------- */

struct store_model {
    struct store_hash hash; /* of the bytes; the key */
    str name;               /* shown to people: the file's or upload's name */
    str path;               /* where it was opened from; empty for uploads and pasted text */
    str format;             /* "mlir", "graph-json", ... */
    uint64_t size;          /* bytes */
    bool blob;              /* the bytes are kept as a blob */
    int64_t added, opened;  /* first and last time it was opened */
};
struct store_models {
    VEC(struct store_model) list;
};

/* Adds the model, or brings name, path, format and time of opening of the one with this hash up to date (empty text leaves a member
 * as it is; `blob` is never taken back). */
bool store_model_put(struct store *s, const struct store_model *model, struct store_error *e);
/* False with STORE_NOT_FOUND when there is none. */
bool store_model_get(struct store *s, const struct store_hash *hash, struct arena *a, struct store_model *out,
                     struct store_error *e);
/* All, the last opened first. The caller frees out->list with vec_free; it is on `a->mem`. */
bool store_model_list(struct store *s, struct arena *a, struct store_models *out, struct store_error *e);
/* Deletes the model with its stages, runs, overrides and overlays, and its blob when nothing else needs it. */
bool store_model_delete(struct store *s, const struct store_hash *hash, struct store_error *e);

/* --- what belongs to a model ----------------------------------------------------------------------------------- */

/* Stages, runs, override sets, overlays and files of tensors are alike for the store: named documents of a model. `body` is
 * mostly JSON; the store does not look into it. Bodies above 64 KiB are kept as blobs. */
enum store_kind { STORE_STAGE, STORE_RUN, STORE_OVERRIDES, STORE_OVERLAY, STORE_TENSOR, STORE_KINDS };

struct store_item {
    int64_t id;              /* chosen by the store; 0 in store_item_put: a new one */
    struct store_hash model; /* which must exist */
    str name;
    str state;    /* of a run: "running", "done", ...; of an overlay: the graph it belongs to; free text else */
    int64_t rank; /* order in lists: the stage's number; free else */
    str body;
    struct store_hash blob;   /* where the body is a blob; to put: a blob that is the body, which is then left out */
    uint64_t body_size;       /* set by the store, also where the body is left out; given with a blob */
    int64_t created, changed; /* set by the store */
};
struct store_items {
    VEC(struct store_item) list;
};

/* Adds (id 0) or replaces one; *id is its number. STORE_NOT_FOUND when the model or the id does not exist. */
bool store_item_put(struct store *s, enum store_kind kind, const struct store_item *item, int64_t *id,
                    struct store_error *e);
bool store_item_get(struct store *s, enum store_kind kind, int64_t id, struct arena *a, struct store_item *out,
                    struct store_error *e);
/* The same without the body. */
bool store_item_head(struct store *s, enum store_kind kind, int64_t id, struct arena *a, struct store_item *out,
                     struct store_error *e);
/* Those of one model by rank, then id; without their bodies. `model` NULL: of all models. */
bool store_item_list(struct store *s, enum store_kind kind, const struct store_hash *model, struct arena *a,
                     struct store_items *out, struct store_error *e);
bool store_item_delete(struct store *s, enum store_kind kind, int64_t id, struct store_error *e);

/* --- state of the user interface --------------------------------------------------------------------------------- */

/* Small texts by scope ("" or a content hash) and key; an empty value deletes the key. */
bool store_ui_put(struct store *s, str scope, str key, str value, struct store_error *e);
/* STORE_NOT_FOUND when the key is not there. */
bool store_ui_get(struct store *s, str scope, str key, struct arena *a, str *value, struct store_error *e);
/* All keys of a scope in alphabetical order. */
struct store_pair {
    str key, value;
};
struct store_pairs {
    VEC(struct store_pair) list;
};
bool store_ui_list(struct store *s, str scope, struct arena *a, struct store_pairs *out, struct store_error *e);

/* --- derived data --------------------------------------------------------------------------------------------------- */

/* Keeps bytes that can be computed again under a key ("<hash>/graph.bin"); makes room by dropping what was used longest
 * ago. More than a quarter of the limit is not kept (true all the same). */
bool store_derived_put(struct store *s, str key, str bytes, struct store_error *e);
/* The path of the file in the arena, and counts as a use. STORE_NOT_FOUND when it is not kept (any more). The file may be
 * dropped at any time afterwards: open it and fall back on computing. */
bool store_derived_get(struct store *s, str key, struct arena *a, str *path, struct store_error *e);
/* Bytes kept now. */
uint64_t store_derived_size(struct store *s);
/* Drops derived data down to `limit` bytes and blobs that no row needs and that are older than a day. */
bool store_clean(struct store *s, uint64_t limit, struct store_error *e);

#endif
