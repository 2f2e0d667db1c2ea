/* graph_bin.h - the graph as columns, for the browser: docs/graph-format.md.
 *
 * Little-endian on every machine, sections aligned to 8 bytes, so that a page reads it through typed arrays without
 * copying.
 */
#ifndef GRAPH_GRAPH_BIN_H
#define GRAPH_GRAPH_BIN_H

#include "graph/graph.h"

enum { GRAPH_BIN_VERSION = 1 };

/* Writes the graph; streams to a buf of any kind. */
graph_status graph_bin_write(const graph *g, struct mem *mem, struct buf *out);

/* Reads one back: a graph without a module, whose attributes are asked of whoever wrote it. The text must outlive it
 * and be aligned to 8 bytes. GRAPH_BAD_INPUT when it is damaged or of another version. Without `ids`, which take more time
 * and memory than all the rest, nodes have neither ids nor namespaces: graph_find, graph_put_id and graph_put_adapter_id
 * must not be asked then. *out is freed with graph_free. */
graph_status graph_bin_read(struct mem *mem, str bytes, bool ids, graph **out);

#endif
