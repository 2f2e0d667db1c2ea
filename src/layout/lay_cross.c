/* lay_cross.c - counts crossings between two neighbouring ranks.
 *
 * Barth, Juenger, Mutzel, "Simple and Efficient Bilayer Cross Counting", 2002: links sorted by their upper end are
 * entered one by one at their lower end into an accumulator tree (here a binary indexed tree), which answers how much
 * weight lies to the right already. O(k log k) for k links; a plain double loop below SMALL links, the usual case.
 *
 * Ends are ports, not elements: two lines out of one op cross when their ports are in the other order than their
 * targets. Lines at the same port do not cross. A link that carries several edges counts as many.
 */
#include <string.h>

#include "layout/lay.h"

enum { SMALL = 32 };

enum layout_status lay_counter_init(struct lay_counter *k, struct arena *a, const struct lay_graph *g) {
    size_t widest = 0, most_links = 0, most_slots = 0;
    for (uint32_t r = 0; r < g->n_ranks; r++) {
        size_t links = 0, slots = 0;
        for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++) {
            uint32_t v = g->layer[i];
            links += g->down_start[v + 1] - g->down_start[v];
            slots += v < g->n ? g->n_in[v] : 1;
        }
        size_t width = g->layer_start[r + 1] - g->layer_start[r];
        widest = width > widest ? width : widest;
        most_links = links > most_links ? links : most_links;
        most_slots = slots > most_slots ? slots : most_slots;
    }
    k->slot_base = LAY_NEW(a, uint32_t, widest + 1);
    k->keys = LAY_NEW(a, uint64_t, most_links);
    k->keys_tmp = LAY_NEW(a, uint64_t, most_links);
    k->weights = LAY_NEW(a, float, most_links);
    k->tree = LAY_NEW(a, double, most_slots + 1);
    return k->slot_base && k->keys && k->keys_tmp && k->weights && k->tree ? LAYOUT_OK : LAYOUT_NO_MEMORY;
}

double lay_count(struct lay_counter *k, const struct lay_graph *g, uint32_t r) {
    if (r + 1 >= g->n_ranks)
        return 0;
    const uint32_t *upper = g->layer + g->layer_start[r], *lower = g->layer + g->layer_start[r + 1];
    uint32_t n_upper = g->layer_start[r + 1] - g->layer_start[r];
    uint32_t n_lower = g->layer_start[r + 2] - g->layer_start[r + 1];
    uint32_t n_slots = 0;
    for (uint32_t i = 0; i < n_lower; i++) {
        k->slot_base[i] = n_slots;
        n_slots += lower[i] < g->n ? g->n_in[lower[i]] : 1;
    }
    /* keys: lower slot in the high half; the weight's bits in the low half travel with it. */
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_upper; i++) {
        uint32_t v = upper[i];
        uint32_t end = g->down_start[v + 1], group = n;
        for (uint32_t j = g->down_start[v]; j < end; j++) {
            const struct lay_arc *arc = &g->down[j];
            uint32_t bits;
            memcpy(&bits, &arc->weight, sizeof bits);
            k->keys[n++] = (uint64_t)(k->slot_base[g->pos[arc->to]] + arc->to_port) << 32 | bits;
            if (j + 1 == end || g->down[j + 1].my_port != arc->my_port) {
                if (n - group > 1)
                    lay_sort_u64(k->keys + group, k->keys_tmp, n - group);
                group = n;
            }
        }
    }
    double crossings = 0;
    if (n <= SMALL) {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t bits = (uint32_t)k->keys[i];
            memcpy(&k->weights[i], &bits, sizeof bits);
            uint32_t slot = (uint32_t)(k->keys[i] >> 32);
            float right = 0;
            for (uint32_t j = 0; j < i; j++)
                if ((uint32_t)(k->keys[j] >> 32) > slot)
                    right += k->weights[j];
            crossings += (double)right * (double)k->weights[i];
        }
        return crossings;
    }
    memset(k->tree, 0, (n_slots + 1) * sizeof *k->tree);
    double total = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)k->keys[i];
        float weight;
        memcpy(&weight, &bits, sizeof bits);
        uint32_t slot = (uint32_t)(k->keys[i] >> 32) + 1; /* tree nodes count from 1 */
        double not_right = 0;
        for (uint32_t t = slot; t; t &= t - 1)
            not_right += k->tree[t];
        crossings += (total - not_right) * (double)weight;
        total += (double)weight;
        for (uint32_t t = slot; t <= n_slots; t += t & (~t + 1))
            k->tree[t] += (double)weight;
    }
    return crossings;
}
