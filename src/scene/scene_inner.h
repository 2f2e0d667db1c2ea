/* scene_inner.h - what the files of src/scene share; nobody else includes it.
 *
 *   scene.c    items, sizes, expansion, updates      geometry.c  routes and the index of what is shown
 *   draw.c     the lists                             draw_node.c boxes, headers, texts of one item
 *   looks.c    highlights, dimming, bars             pick.c      what lies where, neighbours
 *   svg.c      the lists as a picture                json.c      places and lines as JSON
 *   rtree.c, text.c, category.c
 */
#ifndef TTX_SCENE_INNER_H
#define TTX_SCENE_INNER_H

#include "base/vec.h"
#include "scene/rtree.h"
#include "scene/scene.h"

/* Sizes in world units; of what is in a box and around it times scene_scale. */
#define SCENE_FONT 12.0
#define SCENE_FONT_EDGE 9.5
#define SCENE_FONT_SMALL 10.0
#define SCENE_OP_HEIGHT 30.0
#define SCENE_LAYER_HEIGHT 48.0
#define SCENE_HEADER 30.0
#define SCENE_LINE 14.0
#define SCENE_ICON_X 15.0 /* of the middle of the expand icon, from the left */
#define SCENE_MENU_X 12.0 /* of the dots, from the right */

struct scene_route {
    uint32_t layer, from, to; /* items */
    uint32_t first_point, n_points;
    uint32_t first_edge, n_edges;
    uint32_t color; /* 0: as usual */
    uint8_t flags;  /* layout_route_flags */
    bool dim;
    bool faint; /* from an argument or a constant */
};

struct scene_piece {
    uint32_t route, point; /* from this point of the scene to the next */
};

/* What one update shows. Made beside the old one and put in its place when it is whole. */
struct scene_geometry {
    struct mem *mem;
    VEC(struct scene_route) routes;
    VEC(struct layout_point) points;
    VEC(uint32_t) route_edges; /* of the graph */
    VEC(struct scene_piece) pieces;
    VEC(uint32_t) closed;                 /* shown items that are not expanded, in pre-order */
    VEC(uint32_t) open;                   /* shown expanded layers, in pre-order */
    VEC(uint8_t) height;                  /* of each open one: 0 when it holds no open one */
    struct rtree closed_tree, piece_tree; /* over `closed` and `pieces` */
};

struct scene_line {
    uint32_t key, key_bytes, value, value_bytes; /* in line_text */
};

/* What an open layer is at the present zoom. */
enum { SCENE_OPEN, SCENE_BLOCK, SCENE_IN_BLOCK };

struct scene {
    struct mem *mem;
    const graph *g;
    struct arena arena; /* arrays below that never grow */
    graph_node root;
    struct scene_theme theme;

    /* Items. */
    uint32_t n_items, n_links;
    uint32_t *node_of; /* (n_items) */
    uint32_t *item_of; /* (g->n_nodes) SCENE_NONE: left out */
    uint32_t *parent;  /* (n_items) items; LAYOUT_ROOT */
    uint8_t *flags;    /* (n_items) layout_node_flags */
    uint8_t *category; /* (n_items) */
    uint32_t *n_ops;   /* (n_items) ops inside a layer */
    uint32_t *depth;   /* (n_items) layers around it */
    float *w, *h, *header;
    uint32_t *from, *to, *out, *in, *edge_of; /* (n_links) edges between items; edge_of: of the graph */
    uint8_t *quiet;                           /* (g->n_edges) not 0: left out of the layout; NULL: none is */
    uint8_t *reads_quiet;                     /* (n_items) the end of such an edge */
    bool root_left_right;
    double op_scale, layer_scale, edge_font; /* see scene_fonts */

    struct layout *layout;
    struct scene_geometry geo;
    bool ready; /* geo is there */

    /* The change under way. */
    struct layout_box *before; /* (n_items) */
    double progress, shift_x, shift_y;

    /* Lines on nodes. */
    VEC(char) line_text;
    VEC(struct scene_line) lines;
    uint32_t *first_line; /* (n_items) */
    uint16_t *n_lines;    /* (n_items) */
    uint8_t *has_lines;   /* (n_items) set since scene_clear_lines */

    /* Edge labels. */
    uint32_t *edge_label; /* (g->n_edges) or NULL */
    struct arena label_arena;
    str *labels;
    uint32_t n_labels;

    /* Looks. */
    const uint32_t *fill, *border, *text; /* (g->n_nodes) or NULL */
    uint32_t *outline, *tint;             /* (n_items) 0: none */
    float *outline_width;                 /* (n_items) */
    uint32_t *edge_color;                 /* (g->n_edges) */
    bool any_edge_color;
    uint8_t *keep;           /* (g->n_nodes), NULL: nothing is dimmed */
    uint8_t *dim;            /* (n_items) */
    VEC(uint32_t) hot;       /* routes with a colour */
    VEC(uint32_t) hot_quiet; /* quiet edges with a colour */
    uint32_t hover;          /* item */
    uint32_t n_bars;
    uint32_t *bar_of; /* (n_items) SCENE_NONE */
    uint32_t *bar_start;
    float *bar_share;
    uint32_t *bar_color;
    struct arena bar_arena;
    struct scene_extra_edge *extra;
    uint32_t n_extra;
    char *extra_text;
    struct arena extra_arena;

    /* Of the drawing under way. */
    uint8_t *state; /* (n_items) SCENE_OPEN ... of open layers */
    const struct scene_view *view;
    double left, top; /* world coordinates of the view's corner */
    VEC(struct scene_rect) rects;
    VEC(struct scene_curve) curves, main_curves; /* main_curves: put behind the faint ones when all are there */
    VEC(struct scene_mark) marks;
    VEC(struct scene_text) texts;
};

/* How much larger than usual an item is. */
static inline double scene_scale(const struct scene *s, uint32_t item) {
    return s->flags[item] & LAYOUT_LAYER ? s->layer_scale : s->op_scale;
}

/* ---- geometry.c ------------------------------------------------------------------------------------------ */

void scene_geometry_init(struct scene_geometry *geo, struct mem *m);
void scene_geometry_free(struct scene_geometry *geo);
/* Reads routes and boxes of the layout. False when out of memory. */
bool scene_geometry_make(const struct scene *s, struct scene_geometry *geo);

/* ---- draw.c ---------------------------------------------------------------------------------------------- */

/* Sets left, top and the state of open layers for a view. */
void scene_prepare(struct scene *s, const struct scene_view *view);
/* Whether what lies in a layer is drawn: all layers around are open, and no block. */
static inline bool scene_drawn_in(const struct scene *s, uint32_t layer) {
    return layer == LAYOUT_ROOT || s->state[layer] == SCENE_OPEN;
}
/* The box of an item as it is now, within the change under way; *fade goes from 0 (just appearing) to 1. */
struct layout_box scene_box_now(const struct scene *s, uint32_t item, double *fade);

static inline float scene_sx(const struct scene *s, double x) {
    return (float)((x - s->left) * s->view->zoom);
}
static inline float scene_sy(const struct scene *s, double y) {
    return (float)((y - s->top) * s->view->zoom);
}

void scene_add_rect(struct scene *s, double x, double y, double w, double h, uint32_t fill, uint32_t stroke,
                    double radius, double stroke_width);
void scene_add_text(struct scene *s, double x, double y, double size, double max_width, uint32_t color, uint32_t flags,
                    uint32_t source, uint32_t ref);
void scene_add_mark(struct scene *s, double x, double y, double size, uint32_t color, uint32_t kind);

/* `a` when t is 0, `b` when it is 1; alpha too. */
uint32_t scene_mix(uint32_t a, uint32_t b, double t);

/* ---- draw_node.c ----------------------------------------------------------------------------------------- */

/* A box that is not expanded; an expanded layer; a layer whose inside is too small to be drawn. Coordinates of `b` are the
 * world's. */
void scene_draw_closed(struct scene *s, uint32_t item, const struct layout_box *b, double fade);
void scene_draw_open(struct scene *s, uint32_t item, const struct layout_box *b, double fade);
void scene_draw_block(struct scene *s, uint32_t item, const struct layout_box *b);
/* Outline of a highlighted item, and what shows that the pointer is over it. */
void scene_draw_outline(struct scene *s, uint32_t item, const struct layout_box *b);

/* ---- looks.c --------------------------------------------------------------------------------------------- */

/* After an update: routes get their colours and dimming again. */
bool scene_color_routes(struct scene *s);

#endif
