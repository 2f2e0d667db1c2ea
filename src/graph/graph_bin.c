#include "graph/graph_bin.h"
graph_status graph_bin_write(const graph *g, struct mem *mem, struct buf *out) {
    (void)g;
    (void)mem;
    (void)out;
    return GRAPH_BAD_INPUT;
}
