/* drafts.h - nodes while a graph is being made, before they have their numbers; only src/graph includes it.
 *
 * Drafts stand in the order they were made, each layer before what lies in it. Draft 0 is the root.
 */
#ifndef GRAPH_DRAFTS_H
#define GRAPH_DRAFTS_H

#include "base/map.h"
#include "base/vec.h"
#include "graph/graph.h"

typedef struct draft {
    uint32_t parent; /* draft */
    uint32_t label, ref, order, adapter;
    uint8_t kind, flags, layer_kind, pad;
} draft;

typedef struct drafts {
    graph *g;
    struct mem *mem;
    VEC(draft) list;
    VEC(str) strings;
    struct map_str string_of; /* text -> string */
    struct map_u64 layer_of;  /* parent draft << 32 | string -> layer draft */
    bool failed;              /* out of memory */
} drafts;

/* Of a graph that is to be filled, which must outlive them. */
void drafts_init(drafts *d, graph *g, struct mem *mem);
void drafts_free(drafts *d);
/* Makes the root and the empty string. */
bool drafts_root(drafts *d, uint32_t ref);

/* The number of a text, added when it is new. `copy`: it does not live as long as the graph. */
uint32_t drafts_string(drafts *d, str s, bool copy);
/* Adds a draft; its number. */
uint32_t drafts_add(drafts *d, draft x);
/* The layer of this name inside another one, made when it is not there yet. */
uint32_t drafts_layer(drafts *d, uint32_t parent, uint32_t label, graph_layer_kind kind, uint32_t ref);

/* Fills nodes and strings of the graph. The number of each draft comes back, freed by the caller with its size (as many
 * as drafts); NULL when out of memory. */
uint32_t *drafts_number(drafts *d);

#endif
