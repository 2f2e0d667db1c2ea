/* repeats.h - repeated blocks of flat layers: layout finds them, graph makes layers of them. */
#ifndef TTX_SERVER_REPEATS_H
#define TTX_SERVER_REPEATS_H

#include "graph/group.h"

enum { REPEATS_LEAST = 4 }; /* nodes in a block worth a layer */

/* A run of equal blocks: block i holds the children [start + i * length, start + (i + 1) * length) of the layer. */
typedef struct repeat_run {
    graph_node first, end; /* nodes: of all copies together */
    uint32_t length, count;
} repeat_run;

/* The runs in one layer, blocks of at least `least` children. *out is freed with mem_free(mem, *out, *n * sizeof **out). */
graph_status graph_find_repeats(struct mem *mem, const graph *g, graph_node layer, uint32_t least, repeat_run **out,
                                size_t *n);

/* The graph with a layer "NAME 1", "NAME 2", ... around each block of each run in every layer; NAME is "block", with a
 * letter behind when a layer has several runs. *out is freed with graph_free. Of a graph without a module: a copy is not
 * made, GRAPH_BAD_INPUT. */
graph_status graph_group_repeats(struct mem *mem, const graph *g, graph **out);

#endif
