/* dominance.h - which blocks of a region come before which on every path from its entry. */
#ifndef TTX_IR_DOMINANCE_H
#define TTX_IR_DOMINANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ir.h"

/* Places in the dominator trees of the regions added so far. Both arrays are indexed by block; 0 in `in` means
 * unreachable from the region's entry (or region not added). */
typedef struct ir_dominance {
    struct mem *mem;
    uint32_t *in, *out; /* block a dominates block b of the same region if in[a] <= in[b] < out[a] */
    uint32_t n;
} ir_dominance;

/* Nothing is allocated before the first region is added. */
void ir_dominance_init(ir_dominance *d, struct mem *m);
void ir_dominance_free(ir_dominance *d);
/* Computes the tree of a region (Lengauer and Tarjan, O(edges log blocks), no recursion). False when out of memory. */
bool ir_dominance_add(ir_dominance *d, const ir_module *m, ir_region r);
static inline bool ir_reachable(const ir_dominance *d, ir_block b) {
    return d->in[b] != 0;
}
/* Whether a dominates b (or is b). Both reachable, of one region that was added. */
static inline bool ir_dominates(const ir_dominance *d, ir_block a, ir_block b) {
    return d->in[a] <= d->in[b] && d->in[b] < d->out[a];
}

#endif
