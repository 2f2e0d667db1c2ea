/* layout.h - where boxes and edges go.
 *
 * A layered (Sugiyama) drawing of a hierarchical graph. The caller describes the graph as plain arrays; the layout
 * object keeps what it computed, so that expanding or collapsing one layer lays out only that layer and moves the
 * boxes of the layers around it.
 *
 *   struct layout_input in = { ... };                      plain arrays, kept by the caller
 *   struct layout *l;
 *   layout_new(&mem, &in, &options, &l);                   checks and indexes; everything collapsed
 *   layout_set_expanded(l, layer, true);                   any number of these
 *   layout_update(l, &hooks, anchor, &change);             computes
 *   layout_boxes(l), layout_visit_routes(l, ...)           reads
 *
 * Words: a *node* is an op or a layer; a *layer* holds nodes (its children); the *root* is the layer around all.
 * A node is *visible* when every layer around it is expanded. Inside a layer, edges run between its visible
 * children and between them and its *border ports*: the points of its border where values enter and leave. An edge
 * of the input that crosses layer borders is thus drawn as a chain of routes, one in each layer it passes.
 *
 * Coordinates are in the caller's units (pixels at zoom 1), y down, absolute, doubles: a flat layer of 100,000 ops
 * is ten million units long, beyond what a float resolves.
 *
 * Promises
 *   P1  Boxes of the children of one layer do not overlap, and lie inside their layer below its header.
 *   P2  A route that is no back edge and no self loop never goes against the direction of its layer.
 *   P3  Ports of a node lie along its border in operand (result) order, unless it has LAYOUT_FREE_OPERANDS.
 *   P4  The result depends on the input and on which layers are expanded, not on the order of earlier expansions
 *       and not on the machine.
 *   P5  Which child is beside which (rank and order) does not depend on what is expanded: boxes keep their places
 *       relative to each other.
 *   P6  After a failed update (no memory, cancelled) the last good result still stands.
 *   P7  A pinned node stands before all other children of its layer, in the direction of the layer.
 *
 * Knows nothing of colours, text, files, threads or clocks. Nothing recurses.
 */
#ifndef LAYOUT_LAYOUT_H
#define LAYOUT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum layout_status {
    LAYOUT_OK,
    LAYOUT_NO_MEMORY,
    LAYOUT_CANCELLED,
    LAYOUT_BAD_INPUT, /* an index out of range, a parent that is no layer or comes in a circle, a bad size */
};

#define LAYOUT_ROOT UINT32_MAX /* the parent of the outermost nodes */
#define LAYOUT_NONE UINT32_MAX

enum layout_node_flags {
    LAYOUT_LAYER = 1 << 0,         /* may hold children and be expanded */
    LAYOUT_LEFT_RIGHT = 1 << 1,    /* its children flow left to right (otherwise top to bottom) */
    LAYOUT_FREE_OPERANDS = 1 << 2, /* an op whose lines may enter in any order (fewer crossings) */
    LAYOUT_PINNED = 1 << 3,        /* stands before all else in its layer; of several in one layer the last does */
};

/* The graph. All arrays belong to the caller and must live and stay unchanged as long as the layout, except
 * through layout_set_size. */
struct layout_input {
    uint32_t n_nodes;
    const uint32_t *parent;    /* (n_nodes) LAYOUT_ROOT or a node with LAYOUT_LAYER, in any order */
    const uint8_t *flags;      /* (n_nodes) layout_node_flags; NULL: no layers */
    const float *width;        /* (n_nodes) of an op, or of a layer while collapsed; > 0 */
    const float *height;       /* (n_nodes) */
    const float *header_width; /* (n_nodes) least width of an expanded layer; NULL: as `width` */

    uint32_t n_edges;
    const uint32_t *from; /* (n_edges) source node, an op or a layer */
    const uint32_t *to;   /* (n_edges) target node */
    const uint32_t *out;  /* (n_edges) result index at the source; NULL: all 0 */
    const uint32_t *in;   /* (n_edges) operand index at the target; NULL: numbered in edge order per target */

    bool root_left_right; /* direction of the root */
};

struct layout_options {
    double node_sep; /* between neighbours in a rank */
    double edge_sep; /* between parallel edges */
    double rank_sep; /* between ranks */
    double padding;  /* between a layer's border and its children */
    double header;   /* height of an expanded layer's header */
    uint32_t effort; /* 0: default; 1 (fast) to 3 (best): sweeps spent on crossings */
};

/* The options used when NULL is given. */
struct layout_options layout_default_options(void);

/* Called now and then while computing. `done` grows from 0 to 1. Return false to cancel. */
struct layout_hooks {
    bool (*progress)(void *user, double done);
    void *user;
};

struct layout;

/* Makes a layout of `in`, everything collapsed, nothing computed yet. All its memory comes from `m`. */
enum layout_status layout_new(struct mem *m, const struct layout_input *in, const struct layout_options *options,
                              struct layout **out);
void layout_free(struct layout *l);

/* Marks a layer expanded or collapsed for the next update. A layer inside a collapsed one keeps its mark. Ignored
 * for ops. */
void layout_set_expanded(struct layout *l, uint32_t layer, bool expanded);
bool layout_is_expanded(const struct layout *l, uint32_t layer);
/* All layers at once. */
void layout_set_all_expanded(struct layout *l, bool expanded);
/* The direction of a layer (or LAYOUT_ROOT) for the next update. */
void layout_set_direction(struct layout *l, uint32_t layer, bool left_right);
/* The size of an op or of a collapsed layer for the next update (attributes shown on nodes change it). */
void layout_set_size(struct layout *l, uint32_t node, double width, double height);

/* One visible box. */
struct layout_box {
    double x, y; /* upper left corner, absolute */
    double w, h;
    bool visible;
    bool expanded; /* an expanded layer: its children lie inside */
};

struct layout_change {
    uint32_t n_moved;      /* nodes that are visible now and moved, were resized or have appeared, */
    const uint32_t *moved; /* outer ones first; and nodes that disappeared. Valid until the next call. */
    /* Add this to the camera so that the anchor's upper left corner (the centre, when it stays a closed box) stays
     * where it was on the screen; 0 when the anchor was or is invisible: then its nearest visible layer counts. */
    double anchor_dx, anchor_dy;
    uint32_t n_laid_out; /* layers whose children were ordered anew */
    uint32_t n_placed;   /* layers whose children were placed anew */
};

/* Computes what changed since the last update. `hooks`, `change` may be NULL; `anchor` may be LAYOUT_NONE. */
enum layout_status layout_update(struct layout *l, const struct layout_hooks *hooks, uint32_t anchor,
                                 struct layout_change *change);

/* The box of each node, n_nodes of them, valid until the next update. Boxes of invisible nodes are zero. */
const struct layout_box *layout_boxes(const struct layout *l);
/* Size of the whole drawing, from (0,0). */
void layout_size(const struct layout *l, double *w, double *h);

enum layout_route_flags {
    LAYOUT_ROUTE_BACK = 1 << 0,        /* against the direction: part of a cycle */
    LAYOUT_ROUTE_SELF = 1 << 1,        /* a self loop */
    LAYOUT_ROUTE_FROM_BORDER = 1 << 2, /* starts at a border port of its layer */
    LAYOUT_ROUTE_TO_BORDER = 1 << 3,   /* ends at one */
    LAYOUT_ROUTE_LANE = 1 << 4,        /* runs in a lane beside the drawing */
    LAYOUT_ROUTE_HORIZONTAL = 1 << 5,  /* its layer flows left to right */
};

struct layout_point {
    double x, y;
};

/* One drawn line inside one expanded layer. It stands for one or more input edges. */
struct layout_route {
    uint32_t layer;    /* whose children it connects; LAYOUT_ROOT for the root */
    uint32_t from, to; /* child of `layer`; LAYOUT_NONE at a border port */
    uint32_t flags;    /* layout_route_flags */
    uint32_t bundle;   /* routes of one layer with the same bundle share a part of their way; LAYOUT_NONE: alone */
    uint32_t n_points;
    const struct layout_point *points; /* absolute; a polyline whose corners the drawing may round */
    uint32_t n_edges;
    const uint32_t *edges; /* the input edges it stands for, ascending */
};

/* Calls `visit` for every route of every visible expanded layer, outer layers first, until it returns false. The
 * route is valid during the call only. False when memory ran out for the points. */
bool layout_visit_routes(struct layout *l, bool (*visit)(void *user, const struct layout_route *r), void *user);
/* As above, only the routes inside one expanded visible layer (or LAYOUT_ROOT). */
bool layout_visit_layer_routes(struct layout *l, uint32_t layer,
                               bool (*visit)(void *user, const struct layout_route *r), void *user);

/* ---- repeated blocks (repeats.c) ------------------------------------------------------------------------ */

/* `count` copies of a block of `length` consecutive nodes, the first copy at position `start` of the sequence. */
struct layout_repeat {
    uint32_t start, length, count;
};

/* Finds runs of equal consecutive blocks in a flat layer, for offering them as layers. `kind[i]` is equal for nodes
 * that look alike (a hash of the op name and what else should count), in program order; the edges, given by
 * positions in the sequence, must connect every copy with itself in the same way. Blocks shorter than `min_length` are
 * not reported; those found do not overlap and come in order. *out (n_out items) is freed with layout_free_repeats. */
enum layout_status layout_find_repeats(struct mem *m, uint32_t n, const uint64_t *kind, uint32_t n_edges,
                                       const uint32_t *from, const uint32_t *to, uint32_t min_length,
                                       struct layout_repeat **out, uint32_t *n_out);
void layout_free_repeats(struct mem *m, struct layout_repeat *r, uint32_t n);

/* ---- SVG (svg.c) ---------------------------------------------------------------------------------------- */

struct buf;

/* Writes the drawing as a plain SVG picture into `b`. `label` (may be NULL) gives the text of a node as UTF-8
 * (pointer and length through *n). False when memory ran out. */
bool layout_write_svg(struct layout *l, uint32_t n_nodes, const char *(*label)(void *user, uint32_t node, size_t *n),
                      void *user, struct buf *b);

#endif
