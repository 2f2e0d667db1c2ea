/* rtree.c - building and walking. */
#include "scene/rtree.h"

#include <math.h>
#include <string.h>

void rtree_init(struct rtree *t, struct mem *m) {
    *t = (struct rtree){.mem = m};
}

void rtree_free(struct rtree *t) {
    mem_free(t->mem, t->boxes, (size_t)t->n_boxes * sizeof *t->boxes);
    mem_free(t->mem, t->ids, (size_t)t->n * sizeof *t->ids);
    rtree_init(t, t->mem);
}

static float below(double v) {
    float f = (float)v;
    return (double)f > v ? nextafterf(f, -INFINITY) : f;
}

static float above(double v) {
    float f = (float)v;
    return (double)f < v ? nextafterf(f, INFINITY) : f;
}

struct rtree_box rtree_box_of(double x0, double y0, double x1, double y1) {
    return (struct rtree_box){below(x0), below(y0), above(x1), above(y1)};
}

/* Place of (x, y), 16 bits each, on the Hilbert curve. The usual loop over the bits: in each, the quadrant is appended
 * and the rest turned into it. */
static uint32_t hilbert(uint32_t x, uint32_t y) {
    uint32_t d = 0;
    for (uint32_t s = 1u << 15; s; s >>= 1) {
        uint32_t rx = (x & s) != 0, ry = (y & s) != 0;
        d = d << 2 | ((3 * rx) ^ ry);
        if (!ry) {
            if (rx) {
                x = ~x;
                y = ~y;
            }
            uint32_t swap = x;
            x = y;
            y = swap;
        }
    }
    return d;
}

/* Sorts ids by key, four passes of eight bits; ends in the arrays given first. */
static void sort_by_key(uint32_t n, uint32_t *key, uint32_t *id, uint32_t *key2, uint32_t *id2) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint32_t at[256] = {0}, sum = 0;
        for (uint32_t i = 0; i < n; i++)
            at[key[i] >> shift & 255]++;
        for (unsigned b = 0; b < 256; b++) {
            uint32_t count = at[b];
            at[b] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++) {
            uint32_t to = at[key[i] >> shift & 255]++;
            key2[to] = key[i];
            id2[to] = id[i];
        }
        uint32_t *swap = key;
        key = key2;
        key2 = swap;
        swap = id;
        id = id2;
        id2 = swap;
    }
}

static void cover(struct rtree_box *a, struct rtree_box b) {
    a->x0 = b.x0 < a->x0 ? b.x0 : a->x0;
    a->y0 = b.y0 < a->y0 ? b.y0 : a->y0;
    a->x1 = b.x1 > a->x1 ? b.x1 : a->x1;
    a->y1 = b.y1 > a->y1 ? b.y1 : a->y1;
}

static uint32_t scaled(float a, float b, float from, float size) {
    float v = size > 0 ? ((a + b) * 0.5f - from) / size * 65535.0f : 0;
    return v <= 0 ? 0 : v >= 65535.0f ? 65535u : (uint32_t)v;
}

bool rtree_build(struct rtree *t, uint32_t n, const struct rtree_box *boxes) {
    rtree_free(t);
    if (n == 0)
        return true;
    uint32_t total = 0, levels = 0;
    for (uint32_t count = n;; count = (count + RTREE_FAN - 1) / RTREE_FAN) {
        t->start[levels++] = total;
        total += count;
        if (count == 1)
            break;
    }
    t->start[levels] = total;
    struct rtree_box *all = mem_alloc(t->mem, (size_t)total * sizeof *all);
    uint32_t *ids = mem_alloc(t->mem, (size_t)n * sizeof *ids);
    uint32_t *work = mem_alloc(t->mem, (size_t)n * 3 * sizeof *work);
    if (!all || !ids || !work) {
        mem_free(t->mem, all, (size_t)total * sizeof *all);
        mem_free(t->mem, ids, (size_t)n * sizeof *ids);
        mem_free(t->mem, work, (size_t)n * 3 * sizeof *work);
        return false;
    }
    struct rtree_box bounds = boxes[0];
    for (uint32_t i = 1; i < n; i++)
        cover(&bounds, boxes[i]);
    /* One scale for both directions, so that long thin drawings are cut along their length. */
    float w = bounds.x1 - bounds.x0, h = bounds.y1 - bounds.y0, size = w > h ? w : h;
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = i;
        work[i] = hilbert(scaled(boxes[i].x0, boxes[i].x1, bounds.x0, size),
                          scaled(boxes[i].y0, boxes[i].y1, bounds.y0, size));
    }
    sort_by_key(n, work, ids, work + n, work + 2 * (size_t)n);
    mem_free(t->mem, work, (size_t)n * 3 * sizeof *work);
    for (uint32_t i = 0; i < n; i++)
        all[i] = boxes[ids[i]];
    for (uint32_t l = 1; l < levels; l++) {
        uint32_t from = t->start[l - 1], count = t->start[l] - from;
        for (uint32_t i = 0; i < count; i++) {
            struct rtree_box *up = &all[t->start[l] + i / RTREE_FAN];
            if (i % RTREE_FAN == 0)
                *up = all[from + i];
            else
                cover(up, all[from + i]);
        }
    }
    t->boxes = all;
    t->ids = ids;
    t->n = n;
    t->n_boxes = total;
    t->n_levels = levels;
    return true;
}

static bool meets(struct rtree_box a, struct rtree_box b) {
    return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

void rtree_start(struct rtree_walk *w, const struct rtree *t, struct rtree_box view, float least) {
    w->t = t;
    w->view = view;
    w->least = least;
    w->n = 0;
    if (t->n && meets(t->boxes[t->n_boxes - 1], view)) {
        w->stack[0] = t->n_boxes - 1;
        w->level[0] = (uint8_t)(t->n_levels - 1);
        w->n = 1;
    }
}

bool rtree_next(struct rtree_walk *w, uint32_t *id, struct rtree_box *box, bool *many) {
    const struct rtree *t = w->t;
    while (w->n) {
        uint32_t at = w->stack[--w->n], level = w->level[w->n];
        struct rtree_box b = t->boxes[at];
        *box = b;
        *many = level > 0;
        if (level == 0) {
            *id = t->ids[at];
            return true;
        }
        if (b.x1 - b.x0 < w->least && b.y1 - b.y0 < w->least) {
            uint32_t first = at - t->start[level];
            for (uint32_t l = level; l; l--)
                first *= RTREE_FAN;
            *id = t->ids[first];
            return true;
        }
        uint32_t first = t->start[level - 1] + (at - t->start[level]) * RTREE_FAN;
        uint32_t last = first + RTREE_FAN < t->start[level] ? first + RTREE_FAN : t->start[level];
        /* Each level adds at most FAN - 1 more than it takes away: the stack holds them all. */
        for (uint32_t i = last; i-- > first;)
            if (meets(t->boxes[i], w->view)) {
                w->stack[w->n] = i;
                w->level[w->n++] = (uint8_t)(level - 1);
            }
    }
    return false;
}
