/* scene.h - what of a graph is visible, at which level of detail, as lists that anything can draw; and picking.
 *
 *   struct graph ──scene_new──▶ struct scene ──scene_update──▶ layout, index ──scene_draw──▶ lists ──▶ GPU, canvas, SVG
 *
 * The same code runs natively (tt-explorer render) and as WebAssembly in the browser's worker. It decides sizes,
 * places, colours and detail; who draws only turns rectangles, curves, marks and texts into pixels.
 *
 * Words. *Nodes* are those of the graph. *Items* are the nodes that this scene shows: all but those left out by the
 * choice (struct scene_choice), in the same pre-order. An item is *shown* when all layers around it are expanded. What
 * concerns a node that is not shown falls to its *stand-in*, the innermost layer around it that is. World coordinates
 * are those of the layout, y down; screen coordinates CSS pixels from the upper left corner of the view.
 *
 * Invariants
 *   S1  Items are in pre-order: a layer comes before what it holds.
 *   S2  After a successful scene_update, layout, routes and index describe the same expansion.
 *   S3  The lists of scene_draw depend on the graph, the choice, the expansion, the looks and the view; not on the order
 *       of what happened before, nor on the machine.
 *
 * Colours are 0xRRGGBBAA. All memory comes from the `mem` given to scene_new. Nothing recurses.
 */
#ifndef TTX_SCENE_SCENE_H
#define TTX_SCENE_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "graph/graph.h"
#include "layout/layout.h"

#define SCENE_NONE UINT32_MAX

/* What a node does, for its colour. In the order of CATEGORIES in web/src/engine/theme.ts. */
enum scene_category {
    SCENE_OTHER,
    SCENE_MATMUL,
    SCENE_CONV,
    SCENE_ELEMENTWISE,
    SCENE_MOVEMENT,
    SCENE_REDUCTION,
    SCENE_NORMALIZATION,
    SCENE_CCL,
    SCENE_CONSTANT,
    SCENE_ARGUMENT,
    SCENE_RETURN,
    SCENE_CALL,
    SCENE_MEMORY,
    SCENE_N_CATEGORIES
};

/* By the name of the op, whatever its dialect: "ttir.add", "Conv", "CONV_2D". */
enum scene_category scene_category_of(str label);
/* Of a node of a graph. */
enum scene_category scene_node_category(const graph *g, graph_node n);

/* Width in world units of a text in the sans serif of `size`, from a table of advances (Helvetica's), so that a graph
 * has the same layout everywhere. Who draws squeezes what his font makes wider. */
double scene_text_width(str text, double size, bool bold);

/* Edges out of arguments of functions, and out of layers those of values that only prepare one argument (a weight that is
 * reshaped, or comes from the cache of such). In a model with hundreds of parameters they would force every op that reads one
 * into the rows below the parameters, and cover all else; *quiet* ones are left out of the layout, ops that have some bear
 * a mark, and they are drawn when highlighted. Arguments that say that they are inputs keep their edges, unless many ops read
 * them (masks, positions). */
enum scene_quiet {
    SCENE_QUIET_AUTO, /* when there are more than SCENE_MANY_ARGUMENTS */
    SCENE_QUIET_OFF,
    SCENE_QUIET_ON,
};
enum { SCENE_MANY_ARGUMENTS = 40 };

/* Sizes of fonts in world units; 0: the usual ones. Boxes are as much larger or smaller as their texts. */
struct scene_fonts {
    float op, layer; /* usually 12: labels; lines on nodes go with them */
    float edge;      /* usually 9.5: labels of edges */
};

/* Which nodes a scene shows, and how large. */
struct scene_choice {
    graph_node root;       /* the inside of this layer; 0: all */
    bool flatten;          /* no layers but those named const_eval: what is computed once, before the first run */
    bool dissolve_singles; /* layers that hold a single op do without themselves */
    uint32_t quiet;        /* scene_quiet */
    const uint8_t *hidden; /* (n_nodes) not 0: this op is left out with its edges; NULL: none */
    struct scene_fonts fonts;
};

/* Colours. Indexed by depth: deeper layers take the last. */
enum { SCENE_N_DEPTHS = 6 };
struct scene_theme {
    uint32_t background, surface, layer;
    uint32_t depths[SCENE_N_DEPTHS];
    uint32_t border, layer_border, text, muted, edge, accent, input, output;
    uint32_t fill[SCENE_N_CATEGORIES], line[SCENE_N_CATEGORIES];
};
/* The light one, for those who have none of their own. */
struct scene_theme scene_light_theme(void);

struct scene;

/* Makes a scene of the graph with everything collapsed; the graph must outlive it. Call scene_update before anything is
 * drawn. *out is freed with scene_free. */
enum layout_status scene_new(struct mem *m, const graph *g, const struct scene_choice *choice, struct scene **out);
void scene_free(struct scene *s);

/* Colours from now on; the theme is copied. */
void scene_set_theme(struct scene *s, const struct scene_theme *theme);

/* ---- expansion ------------------------------------------------------------------------------------------ */

/* Marks for the next scene_update; nodes that are no layers of this scene are passed over. With `deep`, all layers
 * inside too. A layer that is expanded and whose only child is a layer expands that one as well. */
void scene_set_expanded(struct scene *s, graph_node layer, bool expanded, bool deep);
void scene_set_all_expanded(struct scene *s, bool expanded);
bool scene_is_expanded(const struct scene *s, graph_node layer);
/* All layers marked as expanded, whether shown or not: at most `max` into `out`; how many there are. */
uint32_t scene_expanded_layers(const struct scene *s, uint32_t *out, uint32_t max);
/* Expands the layers around a node. */
void scene_expand_around(struct scene *s, graph_node n);
/* The direction of a layer's children; the scene's root layer for the outermost. */
void scene_set_direction(struct scene *s, graph_node layer, bool left_right);
bool scene_is_left_right(const struct scene *s, graph_node layer);

struct scene_change {
    double anchor_dx, anchor_dy; /* add to the camera: as in layout_change */
    uint32_t n_shown;            /* items shown now */
    uint32_t n_expanded;         /* layers shown expanded now */
    bool animated;               /* the boxes before the update are kept; see scene_set_progress */
};

/* Lays out what changed and indexes it. After a failure (no memory, cancelled) the drawing before still stands.
 * `anchor` (SCENE_NONE: none) is the node to be kept in place. */
enum layout_status scene_update(struct scene *s, const struct layout_hooks *hooks, graph_node anchor,
                                struct scene_change *change);

/* How far the last change has been carried out, from 0 (boxes where they were before) to 1 (the default). Only what was
 * small enough to be `animated` heeds it. */
void scene_set_progress(struct scene *s, double t);

/* ---- lines of text on nodes ----------------------------------------------------------------------------- */

/* The lines of a node, `n_lines` texts of "key\x1fvalue" or "value" ended by '\n'; copied. Empty: none. Heeded by the
 * next scene_update. False when out of memory. */
bool scene_set_lines(struct scene *s, graph_node n, str lines);
void scene_clear_lines(struct scene *s);

/* Texts along edges: `of_edge` (n_edges of the graph) numbers of `labels`, 0 being no text; copied. NULL: none. False when
 * out of memory. */
bool scene_set_edge_labels(struct scene *s, const uint32_t *of_edge, const str *labels, uint32_t n_labels);

/* ---- looks ---------------------------------------------------------------------------------------------- */

/* Colours per node (n_nodes of the graph), 0 as usual; the scene reads them while it draws, so they must stay. NULL:
 * none. */
void scene_set_styles(struct scene *s, const uint32_t *fill, const uint32_t *border, const uint32_t *text);

/* Starts anew: no outlines, no coloured edges. */
void scene_clear_highlights(struct scene *s);
struct scene_highlight {
    uint32_t color, fill; /* 0: no outline, no fill */
    float width;          /* of the outline, screen pixels */
    bool through;         /* on stand-ins too */
};
void scene_highlight_nodes(struct scene *s, const uint32_t *nodes, uint32_t n, const struct scene_highlight *h);
void scene_highlight_edges(struct scene *s, const uint32_t *edges, uint32_t n, uint32_t color);
/* What comes into (or goes out of) a node, through collapsed layers: edges and the nodes at their other ends. Of a layer,
 * what crosses its border. */
void scene_highlight_flow(struct scene *s, graph_node n, bool inputs, const struct scene_highlight *h);
/* Call after the last highlight: colours the routes. */
void scene_finish_highlights(struct scene *s);

/* Everything but these nodes, and edges between them, is dimmed; `keep` is (n_nodes), NULL: nothing is. Copied; false
 * when out of memory. */
bool scene_set_dim(struct scene *s, const uint8_t *keep);
void scene_set_hover(struct scene *s, graph_node n); /* SCENE_NONE: nothing */

/* Bars along the lower edge of nodes: those of node i are pieces start[i] to start[i + 1]. Copied; n == 0: none. */
bool scene_set_bars(struct scene *s, uint32_t n, const uint32_t *nodes, const uint32_t *start, const float *share,
                    const uint32_t *color);

struct scene_extra_edge {
    uint32_t from, to; /* nodes */
    uint32_t color;
    float width;
    uint32_t label, label_bytes; /* place in the text given */
};
/* Edges drawn over the graph, between stand-ins where needed. Copied; false when out of memory. */
bool scene_set_extra_edges(struct scene *s, uint32_t n, const struct scene_extra_edge *edges, str labels);

/* ---- drawing -------------------------------------------------------------------------------------------- */

struct scene_view {
    double x, y;    /* world point in the middle */
    double zoom;    /* screen pixels per world unit */
    double w, h;    /* of the view in screen pixels */
    bool no_chrome; /* without hover, and without icons for the pointer: for pictures */
};

/* All numbers are screen coordinates. Numbers of 4 bytes only: the lists are read as typed arrays. */
struct scene_rect {
    float x, y, w, h;
    uint32_t fill, stroke;
    float radius, stroke_width; /* the stroke lies inside the rectangle */
};

/* A cubic curve from (x0, y0) to (x1, y1); straight when `straight` is 1. */
struct scene_curve {
    float x0, y0, cx0, cy0, cx1, cy1, x1, y1;
    uint32_t color;
    float width;
    uint32_t straight;
};

enum scene_mark_kind {
    SCENE_ARROW_DOWN, /* heads of edges: the tip is at x, y */
    SCENE_ARROW_RIGHT,
    SCENE_ARROW_UP,
    SCENE_ARROW_LEFT,
    SCENE_MARK_PLUS, /* centred at x, y: expand */
    SCENE_MARK_MINUS,
    SCENE_MARK_DOTS,
    SCENE_MARK_GRAPH, /* calls a function */
    SCENE_N_MARKS
};
struct scene_mark {
    float x, y, size;
    uint32_t color, kind;
};

enum scene_text_flags {
    SCENE_TEXT_LEFT = 0, /* x is the left end, the middle, or the right end */
    SCENE_TEXT_CENTER = 1,
    SCENE_TEXT_RIGHT = 2,
    SCENE_TEXT_BOLD = 4,
    SCENE_TEXT_DIALECT = 8, /* up to the first dot in a paler colour */
    SCENE_TEXT_PLATE = 16,  /* on a plate of the background's colour */
};
enum scene_text_source {
    SCENE_LABEL,      /* ref: node */
    SCENE_COUNT,      /* ref: layer; "1,024 ops", of one of arguments "7 inputs" */
    SCENE_LINE_KEY,   /* ref: line */
    SCENE_LINE_VALUE, /* ref: line */
    SCENE_EDGE_LABEL, /* ref: label */
    SCENE_EXTRA_LABEL /* ref: extra edge */
};
struct scene_text {
    float x, y;      /* y is the middle of the line */
    float size;      /* of the font */
    float max_width; /* wider texts are squeezed, then cut with an ellipsis */
    uint32_t color;
    uint32_t flags, source, ref;
};

/* What to draw, in this order: rects[0, n_rects_below), curves and marks [0, n_..._below), the other rects, curves and
 * marks, texts. Valid until the next call on the scene. */
struct scene_lists {
    const struct scene_rect *rects;
    const struct scene_curve *curves;
    const struct scene_mark *marks;
    const struct scene_text *texts;
    uint32_t n_rects, n_curves, n_marks, n_texts;
    uint32_t n_rects_below, n_curves_below, n_marks_below;
};

/* False when memory ran out: the lists are then cut short, but valid. */
bool scene_draw(struct scene *s, const struct scene_view *view, struct scene_lists *out);

/* The text of a scene_text, put into `b`. */
void scene_put_text(const struct scene *s, uint32_t source, uint32_t ref, struct buf *b);

/* Writes the part `view` of the drawing as an SVG picture: y down, one unit per screen pixel. `background` 0: none.
 * False when memory ran out. */
bool scene_write_svg(struct scene *s, const struct scene_view *view, uint32_t background, struct buf *b);

/* Writes all boxes and lines as JSON: {"width", "height", "nodes": [{"id", "label", "x", "y", "w", "h", "layer", "expanded",
 * "parent"}], "edges": [{"from", "to", "layer", "points": [x, y, ...]}]}. Nodes are in pre-order; x and y are upper left
 * corners; `parent` and `layer` are ids, missing at the top; from and to are missing where a line begins or ends at the
 * border of its layer. False when memory ran out. */
bool scene_write_json(const struct scene *s, struct buf *b);

/* ---- asking --------------------------------------------------------------------------------------------- */

enum scene_region {
    SCENE_REGION_EMPTY, /* node: the layer that is expanded there */
    SCENE_REGION_NODE,
    SCENE_REGION_TOGGLE,
    SCENE_REGION_MENU,
    SCENE_REGION_GRAPH,
    SCENE_REGION_EDGE,
};
struct scene_hit {
    uint32_t region; /* scene_region */
    graph_node node; /* of an edge, the layer it runs in; the scene's root layer when there is nothing */
    const uint32_t *edges;
    uint32_t n_edges; /* of an edge: graph edges it stands for */
};
/* What lies at a screen point. */
void scene_pick(struct scene *s, const struct scene_view *view, double x, double y, struct scene_hit *hit);

/* Of all that is shown, in world units. */
void scene_size(const struct scene *s, double *w, double *h);
/* The world rectangle of a node; of its stand-in when `stand_in` and it is not shown. False when there is none. */
bool scene_box(const struct scene *s, graph_node n, bool stand_in, struct layout_box *box);
/* The shown node that a node is drawn as; SCENE_NONE when it is not in this scene (or is its root). */
graph_node scene_stand_in(const struct scene *s, graph_node n);
/* Shown nodes that are not expanded layers, in the world rectangle, at most `max`, into `out`; how many there are. */
uint32_t scene_nodes_in(struct scene *s, double x, double y, double w, double h, uint32_t *out, uint32_t max);
/* Shown nodes whose lines have not been set since scene_clear_lines, at most `max` into `out`. */
uint32_t scene_nodes_without_lines(const struct scene *s, uint32_t *out, uint32_t max);

enum scene_direction { SCENE_DOWN, SCENE_RIGHT, SCENE_UP, SCENE_LEFT };
/* Where an arrow key leads from a node: along an edge when one goes there, else to the nearest box in that direction inside
 * the same layer, else to the layer around. SCENE_NONE: nowhere. */
graph_node scene_neighbour(struct scene *s, graph_node n, enum scene_direction d);

/* The graph and the choice it was made of. */
const graph *scene_graph(const struct scene *s);
graph_node scene_root(const struct scene *s);

#endif
