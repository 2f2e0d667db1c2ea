/* structure.h - the phases of the layout up to the order, for tests of single phases. */
#ifndef TESTS_LAYOUT_STRUCTURE_H
#define TESTS_LAYOUT_STRUCTURE_H

#include "layout/lay.h"

struct structure {
    struct mem mem;
    struct arena keep, tmp;
    struct lay_graph g;
    struct lay_counter counter;
    struct lay_blocks blocks;
    double *cross;
};

/* Ranks, trunks and an order for a graph given by its edges; every node has as many operands as edges enter it. */
void structure_make(struct structure *s, uint32_t n, uint32_t m, const uint32_t (*pairs)[2]);
/* Fails the test when memory is still in use. */
void structure_free(struct structure *s);

#endif
