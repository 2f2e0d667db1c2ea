/* lay.h - what the phases of the layered drawing share. Only src/layout and tests of its phases include it.
 *
 * One *graph* here is one connected part of the inside of one layer. It is laid out in phases, each in its file:
 *
 *   lay_cycle.c    which edges are drawn backwards
 *   lay_rank.c     a rank (row) for every node            lay_simplex.c   shortens the edges
 *   lay_trunk.c    edges over several ranks become trunks of dummies, shared between edges; or lanes
 *   lay_order.c    the order in every rank                lay_cross.c     counts crossings
 *                                                         lay_block.c     moves chains of elements
 *                                                         lay_loose.c     shares out loose ends
 *   lay_place.c    coordinates along the rank            lay_finish.c    moves what is straight, for short lines
 *   lay_route.c    coordinates across, and polylines
 *
 * The first four (the *structure*) do not look at sizes and are kept while boxes grow and shrink; the last two (the
 * *geometry*) are done again whenever a size changes. Everything is top to bottom here; scope_place.c swaps x and y
 * for layers that flow left to right.
 *
 *   rank 0        [ border inputs ]
 *   rank 1        [ node ] [ node ] [dummy]
 *   rank 2        [ node ] [dummy] [dummy]
 *   ...           elements = nodes (0 .. n) then dummies (n .. n_elems); the dummies of a trunk are consecutive
 *   last rank     [ border outputs ]
 *
 * Invariants
 *   L1  An edge that is neither SELF nor BACK has rank[from] < rank[to]; a BACK one rank[from] >= rank[to].
 *   L2  A link joins elements of ranks r and r + 1.
 *   L3  layer[layer_start[r] .. layer_start[r + 1]) are the elements of rank r, and pos[layer[layer_start[r] + i]]
 *       == i.
 *   L4  Dummies of one trunk are first + 0, first + 1, ... for ranks rank0, rank0 + 1, ... rank1.
 */
#ifndef LAYOUT_LAY_H
#define LAYOUT_LAY_H

#include "base/arena.h"
#include "base/platform.h"
#include "layout/layout.h"

#define LAY_NONE UINT32_MAX

enum lay_node_kind {
    LAY_INNER,
    LAY_FIRST, /* one at most: in a rank above all other nodes that are no border ports */
    LAY_BORDER_IN,
    LAY_BORDER_OUT
};
static inline bool lay_is_border(uint8_t kind) {
    return kind >= LAY_BORDER_IN;
}

enum lay_edge_flags {
    LAY_SELF = 1 << 0,
    LAY_BACK = 1 << 1,
    LAY_LANE = 1 << 2,     /* too long for dummies: runs in a lane beside the graph; `trunk` is a lane number */
    LAY_IN_TRUNK = 1 << 3, /* its trunk is shared with other edges into the same target */
};

struct lay_edge {
    uint32_t from, to; /* nodes */
    uint32_t out, in;  /* ports */
    uint32_t weight;   /* input edges it stands for */
    uint32_t trunk;    /* index in trunks (or lanes), LAY_NONE when the ends are in neighbouring ranks */
    uint32_t flags;
};

struct lay_trunk {
    uint32_t first; /* element */
    uint32_t rank0, rank1;
    uint32_t edge; /* one of the edges that use it */
};

/* A piece of an edge or of a trunk between two neighbouring ranks. */
struct lay_link {
    uint32_t a, b;           /* upper and lower element */
    uint32_t a_edge, b_edge; /* the edge whose port it uses at a node, LAY_NONE at a dummy */
    bool inner;              /* joins two dummies of one trunk */
};

/* A link as seen from one of its ends. */
struct lay_arc {
    uint32_t to;
    uint32_t link;
    uint32_t my_port, to_port;
    float to_off; /* where to_port lies along its element, -0.5 to 0.5 */
    float weight;
};

struct lay_graph {
    struct arena *arena; /* owns all arrays */

    uint32_t n;             /* nodes */
    uint8_t *kind;          /* (n) lay_node_kind */
    uint32_t *n_in, *n_out; /* (n) ports at the upper and lower side, at least 1 */
    uint32_t m;
    struct lay_edge *edges; /* (m) */

    uint32_t *rank; /* (n) */
    uint32_t n_ranks;

    uint32_t n_trunks, n_lanes;
    struct lay_trunk *trunks; /* (n_trunks) */
    struct lay_trunk *lanes;  /* (n_lanes) `first` unused */

    uint32_t n_elems;
    uint32_t *elem_rank;  /* (n_elems) */
    uint32_t *elem_trunk; /* (n_elems - n) of dummy n + i */
    uint32_t n_links;
    struct lay_link *links;
    uint32_t *up_start, *down_start; /* (n_elems + 1) */
    struct lay_arc *up, *down;       /* sorted by my_port within an element */

    uint32_t *layer_start; /* (n_ranks + 1) */
    uint32_t *layer;       /* (n_elems) */
    uint32_t *pos;         /* (n_elems) */
    uint64_t crossings;    /* of links, as counted by the ordering phase */
};

/* What the geometry phases need and make. Offsets are from the middle of the node. */
struct lay_geometry {
    struct arena *arena;
    const double *w, *h;      /* (n) w with the room for self loops, */
    const double *box_w;      /* (n) and without */
    double *out_off, *in_off; /* (m) where an edge leaves and enters along the node's sides */
    double node_sep, edge_sep, rank_sep;

    double *x;                  /* (n_elems) centre */
    double *rank_y, *rank_h;    /* (n_ranks) */
    double *node_y;             /* (n) upper side */
    double *lane_x;             /* (n_lanes) */
    uint32_t *straight_to;      /* (n_elems - n) the last rank of its trunk with the same x */
    double left, right, bottom; /* extent of all boxes and lines; y starts at 0 */
};

struct lay_ctx {
    struct mem *mem;
    struct arena *tmp; /* phases mark and reset it */
    const struct layout_hooks *hooks;
    double done, share; /* progress: where this graph starts, how much of the whole it is */
    uint32_t effort;
    bool cancelled;
};

/* Reports progress within the current graph; false when the user wants to stop. */
bool lay_progress(struct lay_ctx *c, double part);

/* n items of `size` bytes from an arena; NULL when out of memory or too large. Never NULL for n = 0. */
void *lay_array(struct arena *a, size_t n, size_t size, bool zero);
#define LAY_NEW(a, T, n) ((T *)lay_array((a), (n), sizeof(T), false))
#define LAY_ZERO(a, T, n) ((T *)lay_array((a), (n), sizeof(T), true))

/* Sorts 64-bit keys ascending; `tmp` has room for n. Stable where the low bits carry an index. */
void lay_sort_u64(uint64_t *keys, uint64_t *tmp, size_t n);

/* Positions of edges grouped by one of their ends: start (n + 1), list (edges). */
struct lay_csr {
    uint32_t *start, *list;
};

enum layout_status lay_find_back_edges(struct lay_ctx *c, struct lay_graph *g);
enum layout_status lay_assign_ranks(struct lay_ctx *c, struct lay_graph *g);
enum layout_status lay_make_trunks(struct lay_ctx *c, struct lay_graph *g);
enum layout_status lay_order(struct lay_ctx *c, struct lay_graph *g);
enum layout_status lay_place(struct lay_ctx *c, const struct lay_graph *g, struct lay_geometry *geo);
/* The sum of horizontal distances of all lines if all nodes were of one size (about that of an op), for comparing
 * orders of one graph: the structure must not depend on sizes. */
enum layout_status lay_estimate(struct lay_ctx *c, const struct lay_graph *g, double *length);
/* lay_finish.c: shortens the horizontal distances of geo->x, in at most `passes` rounds; `push`: also by pushing. */
enum layout_status lay_finish(struct arena *tmp, const struct lay_graph *g, struct lay_geometry *geo, uint32_t passes,
                              bool push);
enum lay_port_rule { LAY_PORTS_ORDERED, LAY_PORTS_FREE, LAY_PORTS_FIXED };
/* Moves ports along the sides of their nodes to where their lines come from, in operand order, or in the order of the
 * lines (operands of nodes whose rule is LAY_PORTS_FREE), or not at all. */
enum layout_status lay_slide_ports(struct lay_ctx *c, const struct lay_graph *g, const uint8_t *rule,
                                   struct lay_geometry *geo);
/* The extent along the ranks, lanes, and which stretches of trunks are straight: before the ports. */
enum layout_status lay_make_sides(struct lay_ctx *c, const struct lay_graph *g, struct lay_geometry *geo);
/* Coordinates across the ranks: after the ports. */
enum layout_status lay_make_rows(const struct lay_graph *g, struct lay_geometry *geo);

/* lay_simplex.c: moves nodes between ranks so that the sum of edge lengths falls, a window of nodes at a time.
 * `rank` is feasible before and after. Edges are (tail[i], head[i]), each at least one rank long. */
enum layout_status lay_shorten(struct lay_ctx *c, uint32_t n, uint32_t m, const uint32_t *tail, const uint32_t *head,
                               const struct lay_csr *out, const struct lay_csr *in, int32_t *rank);

/* lay_cross.c */
struct lay_counter {
    uint32_t *slot_base; /* first port number of each position of the lower layer */
    uint64_t *keys, *keys_tmp;
    float *weights;
    double *tree;
};
enum layout_status lay_counter_init(struct lay_counter *k, struct arena *a, const struct lay_graph *g);
/* Weighted crossings between ranks r and r + 1 in the present order. */
double lay_count(struct lay_counter *k, const struct lay_graph *g, uint32_t r);

/* lay_block.c: chains of elements that are moved at once. */
struct lay_blocks {
    uint32_t n;
    uint32_t *of;           /* (n_elems) the block of an element */
    uint32_t *start, *list; /* elements of a block from the top down */
    uint32_t time, *tried;  /* (n) when a block was last looked at, */
    uint32_t *changed;      /* (n_ranks) and when the order of a rank last changed: note it here */
};
enum layout_status lay_blocks_init(struct lay_blocks *b, struct arena *a, const struct lay_graph *g);
/* Moves blocks wherever that lowers the number of crossings (`cross` by rank, kept right), until `limit` pairs of
 * lines have been looked at. */
enum layout_status lay_move_blocks(struct arena *tmp, struct lay_graph *g, struct lay_blocks *blocks,
                                   struct lay_counter *counter, double *cross, uint64_t limit, double *gained);

/* lay_loose.c: shares out loose ends on both sides of what leads on, where that adds no crossings; returns how many
 * (weighted) it took away. */
double lay_share_out(struct lay_graph *g);

/* Writes the polyline of an edge to pts and returns how many points it has, at most lay_route_max(g, edge). The
 * offsets say where it leaves and enters, from the middle of its nodes (a self loop: see there). */
uint32_t lay_route_max(const struct lay_graph *g, uint32_t edge);
uint32_t lay_route(const struct lay_graph *g, const struct lay_geometry *geo, uint32_t edge, double out_off,
                   double in_off, struct layout_point *pts);

#endif
