/* lay_line.h - where elements and the ends of links lie along their rank, for the phases that find coordinates there.
 * Only lay_place.c and lay_finish.c include it. */
#ifndef LAYOUT_LAY_LINE_H
#define LAYOUT_LAY_LINE_H

#include "layout/lay.h"

static inline double lay_half_width(const struct lay_graph *g, const struct lay_geometry *geo, uint32_t v) {
    return v < g->n ? geo->w[v] * 0.5 : 0;
}

/* Least distance between the centres of neighbours. */
static inline double lay_gap(const struct lay_graph *g, const struct lay_geometry *geo, uint32_t left, uint32_t right) {
    double sep_left = left < g->n && geo->w[left] > 0 ? geo->node_sep : geo->edge_sep;
    double sep_right = right < g->n && geo->w[right] > 0 ? geo->node_sep : geo->edge_sep;
    return lay_half_width(g, geo, left) + lay_half_width(g, geo, right) + (sep_left + sep_right) * 0.5;
}

/* The neighbour in the rank, LAY_NONE at its end. */
static inline uint32_t lay_right_of(const struct lay_graph *g, uint32_t v) {
    uint32_t i = g->layer_start[g->elem_rank[v]] + g->pos[v] + 1;
    return i < g->layer_start[g->elem_rank[v] + 1] ? g->layer[i] : LAY_NONE;
}

static inline uint32_t lay_left_of(const struct lay_graph *g, uint32_t v) {
    return g->pos[v] ? g->layer[g->layer_start[g->elem_rank[v]] + g->pos[v] - 1] : LAY_NONE;
}

/* Whether a link joins two nodes. These are put in line by their middles, wherever the line enters an open layer: a
 * stack of layers whose values enter on one side and leave on the other would be a staircase otherwise. */
static inline bool lay_joins_nodes(const struct lay_graph *g, uint32_t link) {
    return g->links[link].a < g->n && g->links[link].b < g->n;
}

/* Where a link ends for placing, from the middle of its element. */
static inline double lay_upper_offset(const struct lay_graph *g, const struct lay_geometry *geo, uint32_t link) {
    uint32_t e = g->links[link].a_edge;
    return e == LAY_NONE || lay_joins_nodes(g, link) ? 0 : geo->out_off[e];
}

static inline double lay_lower_offset(const struct lay_graph *g, const struct lay_geometry *geo, uint32_t link) {
    uint32_t e = g->links[link].b_edge;
    return e == LAY_NONE || lay_joins_nodes(g, link) ? 0 : geo->in_off[e];
}

/* How far a link is from vertical: what its lower end would have to move. */
static inline double lay_slant(const struct lay_graph *g, const struct lay_geometry *geo, uint32_t link) {
    const struct lay_link *l = &g->links[link];
    return geo->x[l->a] + lay_upper_offset(g, geo, link) - geo->x[l->b] - lay_lower_offset(g, geo, link);
}

/* Whether an element hangs on nothing further in that direction. */
static inline bool lay_is_loose(const struct lay_graph *g, uint32_t v, bool above) {
    return above ? g->up_start[v] == g->up_start[v + 1] : g->down_start[v] == g->down_start[v + 1];
}

#endif
