/* looks.h - what a graph read from JSON says of how it is to be shown.
 *
 * {"styles":[{"node","fill"?,"border"?,"text"?}], "leftRight":[layer], "hidden":[node], "overlays":[EdgeOverlaysData],
 *  "subgraphs":[{"node","graphs":[id]}]}
 *
 * styles      "style" of nodes and the colours of groupNodeConfigs, as CSS writes them
 * leftRight   layers whose path the namespaceRegex of a groupNodeConfig with layoutDirection 1 matches; of several the first
 *             counts that matches
 * hidden      nodes with a label of nodeLabelsToHide, whatever its case
 * overlays    tasksData.edgeOverlaysDataListLeftPane as it is
 * subgraphs   nodes with subgraphIds, and the ids of these graphs of the collection
 *
 * The members are those of model-explorer-protocol 1.2 and 1.3. A graph of a module says nothing of the kind.
 */
#ifndef GRAPH_LOOKS_H
#define GRAPH_LOOKS_H

#include "base/arena.h"
#include "base/json.h"
#include "graph/graph.h"

/* Writes the object. What is not as it should be in the JSON (a regular expression that is none) is passed over. `mem` is for
 * scratch. GRAPH_NO_MEMORY when it runs out. */
graph_status graph_looks_json(const graph *g, struct mem *mem, struct json_writer *w);

/* The same for who draws a picture: by node (n_nodes), 0 where nothing is said; colours as 0xRRGGBBAA. */
struct graph_looks {
    struct arena arena; /* owns the arrays */
    uint8_t *hidden, *left_right;
    uint32_t *fill, *border, *text;
};

/* Takes memory from `mem`; *out is freed with graph_looks_free. GRAPH_NO_MEMORY when it runs out; then there is nothing to be
 * freed. */
graph_status graph_looks_read(const graph *g, struct mem *mem, struct graph_looks *out);
void graph_looks_free(struct graph_looks *looks);

/* The ids of all graphs that nodes of this one lead to, each once, as an array. */
graph_status graph_subgraph_ids_json(const graph *g, struct mem *mem, struct json_writer *w);

#endif
