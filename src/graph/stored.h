/* stored.h - the columns of a graph that has no module behind it; only src/graph includes it.
 *
 * Row r belongs to the node with ref r + 1. Texts of a graph read from JSON are slices of it, values of members as JSON
 * text, decoded when asked for; so the graph costs little and is written back as it was.
 */
#ifndef GRAPH_STORED_H
#define GRAPH_STORED_H

#include "base/vec.h"
#include "graph/graph.h"

typedef struct stored_row {
    str id, space;       /* id and namespace, unescaped */
    str attrs;           /* JSON array, or empty */
    str inputs, outputs; /* inputsMetadata, outputsMetadata */
    str edges;           /* incomingEdges as written, when edge numbers do not say all; else empty */
    str other;           /* further members: "\"style\":{...},\"config\":{...}", or empty */
} stored_row;

/* Attributes of a layer. */
typedef struct stored_layer {
    graph_node layer;
    str attrs; /* JSON object */
} stored_layer;

struct graph_stored {
    stored_row *rows;
    uint32_t n_rows;
    str group_attrs; /* groupNodeAttributes as JSON object, or empty */
    str other;       /* further members of the graph, as in a row */
    stored_layer *layers;
    uint32_t n_layers;
    bool binary; /* read from the compact form: no attributes, ids only */
};

#endif
