/* trace.h - what feeds a node, what it feeds, and the ways between two nodes.
 *
 * A start or an end may be a layer: then all ops inside it are meant. Edges only; a call and the function it calls are
 * not followed, since no operand passes along a link.
 */
#ifndef GRAPH_TRACE_H
#define GRAPH_TRACE_H

#include "base/vec.h"
#include "graph/graph.h"

/* Steps from `start` to every node along edges (`up`: against them, to the ancestors): *steps has g->n_nodes items, 0 for
 * the start itself, GRAPH_NONE for what is not reached within `most` steps (0: any number) and for layers. Freed with
 * mem_free(mem, *steps, g->n_nodes * sizeof **steps). Linear in nodes and edges. */
graph_status graph_trace(const graph *g, struct mem *mem, graph_node start, bool up, uint32_t most,
                         const atomic_bool *cancel, uint32_t **steps);

typedef struct graph_paths_options {
    bool shortest;             /* only those with the fewest steps */
    size_t limit;              /* paths listed; 0: none, only counted */
    const atomic_bool *cancel; /* may be NULL */
} graph_paths_options;

/* Paths between two nodes. They visit no node twice; of several edges between two nodes one is taken; only the first node
 * of a path lies in `from` and only its last in `to`, when these are layers. The first path listed is a shortest one, and
 * at every fork the shorter way on comes first. */
typedef struct graph_paths {
    struct mem *mem;
    VEC(graph_node) nodes; /* of all paths listed, one after another */
    VEC(size_t) ends;      /* of each path: where it ends in nodes */
    VEC(graph_node)
    between;        /* nodes on any way from one to the other (of the shortest ones, if asked for), ascending */
    uint32_t steps; /* of a shortest path; GRAPH_NONE: there is no path */
    uint64_t count; /* how many there are; UINT64_MAX: at least so many, or unknown because of cycles */
    bool complete;  /* all are listed */
} graph_paths;

/* Finds them. `from` and `to` must not be nested in each other nor equal (GRAPH_BAD_INPUT). Listing stops at `limit`, and
 * after as many steps as a few million, so that a graph with cycles cannot keep it busy. *out is freed with
 * graph_paths_free whatever comes back. */
graph_status graph_paths_find(const graph *g, struct mem *mem, graph_node from, graph_node to,
                              const graph_paths_options *o, graph_paths *out);
void graph_paths_free(graph_paths *p);

/* ---- as JSON: nothing is written unless GRAPH_OK comes back ------------------------------------------------ */

struct json_writer;
/* {"node":n,"up":[nodes],"down":[nodes]}, ascending, without the node itself. What is not asked for is left out. */
graph_status graph_trace_json(const graph *g, struct mem *mem, graph_node n, bool up, bool down, uint32_t most,
                              const atomic_bool *cancel, struct json_writer *w);
/* {"steps":n|null,"count":n|null,"complete":bool,"between":[nodes],"paths":[[nodes]...]}. steps null: there is no path;
 * count null: more than 2^53, or unknown because of cycles. */
graph_status graph_paths_json(const graph *g, struct mem *mem, graph_node from, graph_node to,
                              const graph_paths_options *o, struct json_writer *w);

#endif
