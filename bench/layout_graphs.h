/* layout_graphs.h - graphs to lay out, made on the spot: for the layout benchmark and the layout tests.
 *
 * All are deterministic; `size` is a wish for the number of nodes, met to within a block.
 */
#ifndef BENCH_LAYOUT_GRAPHS_H
#define BENCH_LAYOUT_GRAPHS_H

#include "base/mem.h"
#include "base/str.h"
#include "layout/layout.h"

struct test_graph {
    struct mem *mem;
    uint32_t n, cap_n, m, cap_m;
    uint32_t *parent;
    uint8_t *flags;
    float *w, *h;
    const char **label; /* static strings */
    uint64_t *kind;
    uint32_t *from, *to, *out, *in;
    uint32_t *n_in; /* (cap_n) operands so far */
    bool failed;
};

void test_graph_init(struct test_graph *g, struct mem *m);
void test_graph_free(struct test_graph *g);
/* Adds a node; the box is as wide as its label. */
uint32_t test_graph_node(struct test_graph *g, const char *label, uint32_t parent);
uint32_t test_graph_layer(struct test_graph *g, const char *label, uint32_t parent);
/* Adds an edge into the next operand of `to`. */
void test_graph_edge(struct test_graph *g, uint32_t from, uint32_t to);
void test_graph_edge_from(struct test_graph *g, uint32_t from, uint32_t out, uint32_t to);
struct layout_input test_graph_input(const struct test_graph *g);

/* Names: decoder, decoder-layers (hierarchical), decoder-cache (all caches returned), resnet, chain, fan-out, fan-in,
 * bipartite, random (short edges), random-long (any edges), cycles. False for an unknown name or out of memory. */
bool test_graph_make(struct test_graph *g, const char *name, uint32_t size);

/* A small random number generator, the same everywhere. */
uint32_t graph_random(uint64_t *state);

#endif
