/* listing.h - model files below folders, for preload lists and folders that are opened as one. */
#ifndef TTX_SERVER_LISTING_H
#define TTX_SERVER_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "server/security.h"

struct listing {
    VEC(str) paths; /* absolute, sorted; in the arena */
    bool cut;       /* there were more than are kept */
};

/* Whether tt_adapter opens files of this name (.mlir, .ttir, .ttnn). A folder whose name ends so is one collection. */
bool listing_is_model(str name);

/* Model files of all paths that the server lists (`--preload` and the files and folders named at its start): these files, and
 * what listing_walk finds in these folders, each once. A folder that is a collection stands for itself with `collections`.
 * False when out of memory. The caller frees out->paths, as for listing_walk. */
bool listing_roots(const struct security *sec, bool collections, struct arena *a, struct listing *out);

/* Walks `folder` (with all below it, hidden names and links to folders left out) and lists model files; with
 * `collections`, a folder that is one stands for what is in it. At most 1000 paths of at most 50,000 names, 16 levels
 * deep. What cannot be read is passed over. False when out of memory. The caller frees out->paths with vec_free; it
 * takes its memory from a->mem. */
bool listing_walk(str folder, bool collections, struct arena *a, struct listing *out);

#endif
