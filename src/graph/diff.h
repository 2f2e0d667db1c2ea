/* diff.h - what is different between two graphs.
 *
 * Nodes are matched one to one: first by id, then by adapter id, then by named location and op name, then by structure
 * (label, types and the matches of their neighbours, until nothing more is found). Ops only; layers follow their ops.
 * A caller that knows the provenance gives pairs to start from.
 */
#ifndef GRAPH_DIFF_H
#define GRAPH_DIFF_H

#include "base/json.h"
#include "graph/graph.h"

typedef enum diff_kind {
    DIFF_SAME,
    DIFF_CHANGED, /* matched; attributes, types or inputs differ */
    DIFF_REMOVED, /* only in the left graph */
    DIFF_ADDED,   /* only in the right one */
} diff_kind;

enum { DIFF_LABEL = 1 << 0, DIFF_ATTRS = 1 << 1, DIFF_INPUTS = 1 << 2, DIFF_TYPES = 1 << 3 };

typedef struct diff_pair {
    graph_node left, right;
} diff_pair;

typedef struct graph_diff {
    struct mem *mem;
    const graph *left, *right;
    uint32_t *to_right;  /* by left node: its match, 0 none */
    uint32_t *to_left;   /* by right node */
    uint8_t *left_kind;  /* by left node: diff_kind; layers: SAME when nothing inside differs */
    uint8_t *right_kind; /* by right node */
    uint8_t *changes;    /* by left node: DIFF_LABEL, ... of a changed one */
    uint32_t n_same, n_changed, n_removed, n_added;
} graph_diff;

/* Compares. known may be NULL. *out is freed with graph_diff_free. */
graph_status graph_diff_make(struct mem *mem, const graph *left, const graph *right, const diff_pair *known,
                             size_t n_known, const atomic_bool *cancel, graph_diff **out);
void graph_diff_free(graph_diff *d);

/* {"same":n,"counts":{"changed","removed","added"},"changed":[{"left":id,"right":id,"what":[...],"attrs":[{"key",
 * "left"?,"right"?}]}],"removed":[id...],"added":[id...]}; at most `limit` in each list (0: all). */
bool graph_diff_json(const graph_diff *d, struct mem *mem, size_t limit, struct json_writer *w);
/* {"same":n,"pairs":[left,right,...],"changed":[left,right,...],"removed":[left...],"added":[right...]}: all of it, by the
 * numbers of nodes; pairs are all that were matched, the changed ones among them. */
bool graph_diff_nodes_json(const graph_diff *d, struct json_writer *w);
/* SyncNavigationData of Model Explorer: {"type":"sync_navigation","mapping":{left:right},"showDiffHighlights":true}. */
bool graph_diff_sync_json(const graph_diff *d, struct mem *mem, struct json_writer *w);

#endif
