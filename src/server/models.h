/* models.h - the open models: bytes in, modules and graphs out, one per content.
 *
 *   path, upload, pasted text ─▶ content hash ─▶ model_ref ─▶ loaded (context, modules, graph), or not at the moment
 *
 * A model is known as long as the workspace lists it, and loaded when somebody asks for it; models that nobody uses
 * are unloaded, the longest unused first, when all together take more memory than the limit.
 *
 * A loaded model never changes: whoever holds a reference may read it from any thread. When the file on disk changes,
 * the path leads to another content, hence to another model.
 */
#ifndef TTX_SERVER_MODELS_H
#define TTX_SERVER_MODELS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/json.h"
#include "base/mem.h"
#include "graph/graph.h"
#include "ir/ir.h"
#include "store/store.h"

struct events;
struct job;
struct models;
struct security;

/* What is known of a model before it is loaded. */
struct model_info {
    struct store_hash hash;
    str name, path, format;
    uint64_t size;
};

/* One module of a file (a file of several, split by "// -----", has as many). */
struct model_part {
    ir_module *module; /* NULL when this part could not be read (see the diagnostics), and in formats that are no IR */
    str collection;    /* label of its collection in graph JSON, mostly empty */
};

/* A loaded model. */
struct model {
    struct model_info info;
    struct mem mem;  /* of all that follows; nothing is allocated from it after loading */
    str text;        /* the bytes, followed by a zero byte */
    ir_context *ctx; /* NULL for formats that are no IR */
    struct model_part *parts;
    size_t n_parts;
    struct diags diags; /* what the reader had to say */
    uint64_t load_ns;   /* time it took */
};

struct model_error {
    int status;     /* as HTTP status: 400 unreadable, 403 not allowed, 404 unknown, 413, 503, 507 */
    char text[600]; /* a sentence; for text with errors file:line:column and the first message */
};

/* `memory_limit`: bytes of unused loaded models to keep; 0: 1 GiB. NULL when out of memory. */
struct models *models_new(struct mem *m, struct store *store, struct security *security, struct events *events,
                          uint64_t memory_limit);
/* The server is ending: whatever is being loaded stops soon. */
void models_close(struct models *models);
/* No model may be in use. NULL is allowed. */
void models_free(struct models *models);

/* --- making models known. They all give the same model for the same bytes, and load nothing but the bytes. May take
 * long for large files: call them from workers and jobs. ------------------------------------------------------------ */

/* A file the client names: it must lie below the allowed folders. */
bool models_open_path(struct models *models, str path, struct store_hash *out, struct model_error *e);
/* An upload that is in the workspace already. */
bool models_open_upload(struct models *models, str name, const struct store_hash *hash, struct model_error *e);
/* Text, pasted by somebody. */
bool models_open_text(struct models *models, str name, str text, struct store_hash *out, struct model_error *e);
/* An upload by the path that clients of the other REST protocol were told (models_upload_path), or a file as models_open_path. */
bool models_open_any(struct models *models, str path, struct store_hash *out, struct model_error *e);
/* The path that stands for an upload in the other protocol: "upload:<hash>/<name>" in the arena. */
str models_upload_path(const struct store_hash *hash, str name, struct arena *a);

/* --- using them ---------------------------------------------------------------------------------------------------- */

/* The loaded model, loading it if need be (`job`, may be NULL, gets progress and may cancel). A model whose text has errors comes back
 * with parts that are NULL; only when its bytes cannot be had, or memory runs out, NULL. Give it back with model_unref. */
const struct model *models_get(struct models *models, const struct store_hash *hash, struct job *job,
                               struct model_error *e);
/* The same, only if it is loaded already; else NULL. Never waits. */
const struct model *models_peek(struct models *models, const struct store_hash *hash);
void model_unref(struct models *models, const struct model *model);

/* How layers are made: a graph_layers, and whether runs of equal blocks become layers, too. */
struct model_rule {
    graph_layers layers;
    bool repeats;
};
/* "auto", "slash", ..., with "+repeats" behind for the second; empty: auto. False for anything else. */
bool model_rule_by_name(str name, struct model_rule *out);

/* The graph of part `part` with these layers, made at the first request and kept with the model. May take long. NULL with
 * a sentence when the part could not be read, or memory ran out, or `cancel` (may be NULL) was set. Repeats are found in
 * modules only. */
const graph *model_graph(struct models *models, const struct model *model, size_t part, struct model_rule rule,
                         const atomic_bool *cancel, struct model_error *e);

/* Forgets a model: from memory as soon as nobody uses it and from the workspace with all that belongs to it. */
bool models_delete(struct models *models, const struct store_hash *hash, struct model_error *e);

/* Looks for changes of a file from now on; each is published as event "file" {"path","hash","old"} of topic "api" after
 * the new content was opened, and given to `changed` (may be NULL), which compatibility routes use. False where watching does not work. */
typedef void models_changed(void *ctx, str path, const struct store_hash *hash);
bool models_watch(struct models *models, models_changed *changed, void *ctx);

#endif
