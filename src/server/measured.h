/* measured.h - measurements from elsewhere (profile.h), bound to a model or a stage and kept like an execution: as a document
 * with the same members and as overlays, so that timeline, table and comparison show them, too.
 */
#ifndef SERVER_MEASURED_H
#define SERVER_MEASURED_H

#include "base/arena.h"
#include "profile/profile.h"
#include "server/models.h"

struct server;

/* What the ops are bound to: `g` is the graph of what ran. */
struct measured_place {
    struct store_hash model;
    const graph *g;
    str run; /* of a stage; else empty */
    uint64_t stage, part;
};

struct measured_answer {
    int64_t execution; /* number of the document */
    size_t ops, bound; /* of the file; those that have a node */
    str notes[6];      /* sentences: what was left out, and why an overlay is missing; in the arena */
    size_t n_notes;
};

/* Binds and keeps it under the file's name. False with a sentence. */
bool measured_keep(struct server *s, const struct measured_place *at, const struct profile *p, str name,
                   struct arena *a, struct measured_answer *out, struct model_error *e);

/* Reads the file at `path` and keeps it with the source of a model. False with a sentence. */
struct job;
bool measured_open(struct server *s, const char *path, const struct store_hash *model, struct job *job,
                   struct model_error *e);
/* Whether a file begins as one that profile.h reads. */
bool measured_is(const char *path);

#endif
