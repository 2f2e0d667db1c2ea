/* Disjoint sets of numbers: set[v] leads to the least number of v's set, which leads to itself. Set every number to
 * itself first. */
#ifndef TTX_LAYOUT_SETS_H
#define TTX_LAYOUT_SETS_H

#include <stdint.h>

/* The least number of v's set; shortens the way there. */
static inline uint32_t set_find(uint32_t *set, uint32_t v) {
    while (set[v] != v) {
        set[v] = set[set[v]];
        v = set[v];
    }
    return v;
}

/* Makes the sets of a and b one. */
static inline void set_join(uint32_t *set, uint32_t a, uint32_t b) {
    a = set_find(set, a);
    b = set_find(set, b);
    if (a < b)
        set[b] = a;
    else
        set[a] = b;
}

#endif
