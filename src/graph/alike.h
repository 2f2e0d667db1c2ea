/* alike.h - layers that hold the same.
 *
 * Two layers are identical when their contents can be matched one to one so that matched nodes have the same label and
 * kind, lie in matched layers, and every operand comes from matched nodes, or in both from outside. What layers are called
 * does not count, so the blocks "layers/0" and "layers/1" of a model are found.
 */
#ifndef GRAPH_ALIKE_H
#define GRAPH_ALIKE_H

#include "graph/graph.h"

/* *same has g->n_nodes items: for a layer with something in it the first layer (lowest number) it is identical to, itself
 * when there is none before; 0 for all else. `types`: results must have the same types, too. Freed with
 * mem_free(mem, *same, g->n_nodes * sizeof **same).
 *
 * A hash that does not depend on the order of nodes finds candidates; a match of the contents is then built and every edge
 * of it compared, so what is reported is identical for certain. (Of two layers so symmetrical that several matches look
 * alike a wrong one may be tried; they are then not reported.) Time grows with the nodes times the depth of layers. */
graph_status graph_find_alike(const graph *g, struct mem *mem, bool types, const atomic_bool *cancel, uint32_t **same);

struct json_writer;
/* {"groups":[[layers]...]}: layers that are identical, two or more each, ascending; with `layer` (not 0) the group of that
 * one only, if it has one. Nothing is written unless GRAPH_OK comes back. */
graph_status graph_alike_json(const graph *g, struct mem *mem, graph_node layer, bool types, const atomic_bool *cancel,
                              struct json_writer *w);

#endif
