/* rtree.h - a packed tree of rectangles: which items meet a rectangle. Only src/scene includes it.
 *
 * Items are sorted along a Hilbert curve and packed sixteen to a node, level upon level, in one array:
 *
 *   boxes:  [ items, sorted ][ level 1 ][ level 2 ] ... [ root ]
 *   ids:    [ item numbers  ]
 *
 * Box i of a level covers the boxes 16 i to 16 i + 15 of the level below. Rectangles are floats rounded outwards.
 */
#ifndef TTX_SCENE_RTREE_H
#define TTX_SCENE_RTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

enum { RTREE_FAN = 16, RTREE_LEVELS = 9 };

struct rtree_box {
    float x0, y0, x1, y1;
};

struct rtree {
    struct mem *mem;
    struct rtree_box *boxes;
    uint32_t *ids; /* (n) */
    uint32_t n, n_boxes, n_levels;
    uint32_t start[RTREE_LEVELS + 1]; /* of each level in boxes */
};

/* An empty tree. */
void rtree_init(struct rtree *t, struct mem *m);
void rtree_free(struct rtree *t);

/* A rectangle of doubles as one of floats that holds it. */
struct rtree_box rtree_box_of(double x0, double y0, double x1, double y1);

/* Makes the tree of n rectangles, numbered as they come. False when out of memory: the tree is then empty. */
bool rtree_build(struct rtree *t, uint32_t n, const struct rtree_box *boxes);

/* Goes through what meets a rectangle. Of a node smaller than `least` in both directions, its box is given at once with
 * the first item under it (`id`, and `many` set) and not entered. */
struct rtree_walk {
    const struct rtree *t;
    struct rtree_box view;
    float least;
    uint32_t n;                               /* on the stack */
    uint32_t stack[RTREE_LEVELS * RTREE_FAN]; /* places in boxes */
    uint8_t level[RTREE_LEVELS * RTREE_FAN];
};
void rtree_start(struct rtree_walk *w, const struct rtree *t, struct rtree_box view, float least);
/* The next item or small node; false at the end. */
bool rtree_next(struct rtree_walk *w, uint32_t *id, struct rtree_box *box, bool *many);

#endif
