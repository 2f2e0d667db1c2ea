/* group.h - a graph with more layers: around runs of neighbours that belong together, such as repeated blocks. */
#ifndef GRAPH_GROUP_H
#define GRAPH_GROUP_H

#include "graph/graph.h"

/* A layer to be made around the nodes [first, end): whole children of one layer, one after another. */
typedef struct graph_group {
    graph_node first, end;
    str label; /* copied */
} graph_group;

/* A copy of a graph of a module with these layers in it (layer kind GRAPH_LAYER_GROUP). Nodes keep their order and those
 * that are no layers their ids; numbers move. `groups` are ascending and do not overlap; GRAPH_BAD_INPUT when they do, when
 * one is no run of children, or when the graph has no module behind it. *out is freed with graph_free. */
graph_status graph_with_groups(struct mem *mem, const graph *g, const graph_group *groups, size_t n, graph **out);

/* The children of a layer as a sequence, for finding repeats in it: *children lists them in order (*n of them), (*kind)[i]
 * is a hash of what child i is (label, kind, operand count, types of results; of a layer that of its contents), and the
 * edges between children by their places in the list. */
typedef struct graph_sequence {
    struct mem *mem;
    graph_node *children; /* (n) */
    uint64_t *kind;       /* (n) */
    uint32_t *from, *to;  /* (n_edges) */
    uint32_t n, n_edges, n_slots;
} graph_sequence;

/* What stands directly in a layer as a sequence. Free it with graph_sequence_free. */
graph_status graph_sequence_of(struct mem *mem, const graph *g, graph_node layer, graph_sequence *out);
void graph_sequence_free(graph_sequence *s);

#endif
