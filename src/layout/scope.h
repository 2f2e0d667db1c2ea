/* scope.h - the inside of one layer: structure, geometry, routes. Only src/layout includes it.
 *
 * A scope's children are connected by *strands*, the input edges lifted to them. Strands between the same ports are
 * one edge of the drawing. An end outside the layer becomes a border port, one per value (source node, result):
 *
 *        ________________________
 *       |_header__|______________|
 *       |         o border input |    local nodes: children, then border inputs, then border outputs
 *       |     child   child      |
 *       |       o border output  |
 *       |_______|________________|
 *
 * Children that edges connect form *parts*, each a lay_graph; all that touches the border is one part. Children
 * without edges stand in a grid. Parts are packed on shelves. All but the pinned node, should there
 * be one, begins below it.
 *
 * Invariants
 *   S1  Structure depends on the input and nothing else; a child layer counts as a box with one port above and one
 *       below, whether it is expanded or not.
 *   S2  Geometry depends on structure, sizes of children, border ports of expanded children and directions.
 *   S3  Border ports are sorted by (source node, result), so they can be searched.
 *
 * Flow coordinates: u along the ranks, v across them, from (0,0) at the corner of the content. Left-right layers swap
 * u and v when they leave this file.
 */
#ifndef LAYOUT_SCOPE_H
#define LAYOUT_SCOPE_H

#include "layout/lay.h"

struct border_port {
    uint32_t node, out; /* the value */
    uint32_t local;
};

struct part {
    struct lay_graph graph;
    uint32_t *local;      /* (graph.n) local node of each graph node */
    uint32_t *edge;       /* (graph.m) scope edge of each graph edge */
    uint32_t bundle_base; /* number of its first trunk among the scope's bundles; lanes follow the trunks */
};

struct part_geometry {
    struct lay_geometry geo;
    double u, v; /* where its upper left corner lies in the content */
};

struct scope_geometry {
    struct arena arena;
    struct part_geometry *parts;
    double *u, *v;       /* (n_children) upper left corner in flow coordinates */
    double *port_at;     /* (n_in + n_out) u of the border ports in the content */
    uint32_t *port_lane; /* (n_in + n_out) place in the corridor, when directions differ */
    double *port_off;    /* (n_in + n_out) from the middle of the box, along the parent's ranks */
    double content_u, content_v;
    double origin_x, origin_y; /* of the content in the box */
    double w, h;               /* of the box */
    bool left_right, turned;   /* turned: the parent flows the other way, so ports go through corridors */
};

struct scope {
    uint32_t layer;
    struct arena arena; /* structure */
    uint32_t n_children, n_in, n_out;
    uint32_t *children; /* (n_children) nodes */
    struct border_port *in, *out;
    uint32_t n_edges;
    struct lay_edge *edges; /* local ends; `weight` strands from strand[strand_start[e]] on */
    uint32_t *strand_start; /* (n_edges + 1) */
    uint32_t *strands;      /* input edges */
    uint32_t n_parts;
    struct part *parts;
    uint32_t n_loners;
    uint32_t *loners;            /* local nodes without edges, the pinned one not among them */
    uint32_t pinned;             /* local node that stands first; LAY_NONE: none */
    uint32_t pinned_part;        /* its part, LAY_NONE when it has no edges, */
    uint32_t pinned_index;       /* and its place there */
    struct scope_geometry *geo;  /* of the last good update; NULL before */
    struct scope_geometry *next; /* computed by the update under way */
    bool dirty;                  /* geometry must be computed again */
};

enum { N_TWINS = 256 };

/* A graph whose structure is known. Models repeat their blocks: one that is the same to the last port is not ordered
 * again but shares all arrays (P4 holds: the structure depends on nothing else). Scopes live as long as the layout. */
struct twin {
    uint64_t hash;
    const struct lay_graph *graph; /* NULL: none */
};

struct layout {
    struct mem *mem;
    struct arena arena; /* all arrays below; scopes have their own */
    struct layout_input in;
    struct layout_options options;
    uint8_t *flags; /* (n_nodes) layout_node_flags */
    bool root_left_right;
    double *w, *h;         /* (n_nodes) closed size */
    uint8_t *want;         /* (n_nodes) expanded at the next update */
    uint32_t *depth_first; /* (n_nodes) nodes in pre-order */
    uint32_t *pre, *end;   /* (n_nodes) place in depth_first, and end of the subtree there */
    uint32_t *child_start; /* (n_nodes + 2) children of node v at v, of the root at n_nodes */
    uint32_t *child_list;  /* (n_nodes) */
    uint32_t *out_start, *out_list, *in_start, *in_list; /* input edges at a node */
    uint32_t *out_port, *in_port;                        /* (n_edges) */
    uint32_t *n_out, *n_in;                              /* (n_nodes) ports, at least 1 */
    struct scope **scopes;                               /* (n_nodes + 1), the root's last; NULL until needed */
    struct twin twins[N_TWINS];                          /* by hash; the last one of its place stays */
    uint32_t *owner; /* (n_nodes) scratch of scope_new: local child by pre-order place, else LAY_NONE */
    struct layout_box *boxes, *new_boxes; /* (n_nodes) */
    uint32_t *moved;                      /* (n_nodes) */
    double total_w, total_h;
    bool computed;
};

/* The scope of a layer (LAYOUT_ROOT: index n_nodes). */
static inline uint32_t scope_index(const struct layout *l, uint32_t layer) {
    return layer == LAYOUT_ROOT ? l->in.n_nodes : layer;
}

/* Structure. *out is freed with scope_free. */
enum layout_status scope_new(struct layout *l, struct lay_ctx *c, uint32_t layer, struct scope **out);
void scope_free(struct layout *l, struct scope *s);

/* Geometry into s->next; children's scopes must be up to date (their next, or geo). */
enum layout_status scope_place(struct layout *l, struct lay_ctx *c, struct scope *s);
void scope_drop_geometry(struct layout *l, struct scope_geometry *geo);

/* The geometry the update under way sees. */
static inline const struct scope_geometry *scope_current(const struct scope *s) {
    return s->next ? s->next : s->geo;
}

/* The index of a value among border ports, LAY_NONE if it does not pass. */
uint32_t scope_find_port(const struct border_port *ports, uint32_t n, uint32_t node, uint32_t out);

/* Upper left corner of child i in its box. */
void scope_child_corner(const struct scope_geometry *g, uint32_t i, double *x, double *y);

/* Calls visit for every route; the layer's box stands at (x, y). */
enum layout_status scope_visit(struct layout *l, const struct scope *s, double x, double y,
                               bool (*visit)(void *user, const struct layout_route *r), void *user);

#endif
