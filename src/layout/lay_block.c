/* lay_block.c - moves whole chains of elements to where they cross least.
 *
 * Sorting ranks one by one and exchanging neighbours cannot bring a long line from one side of a chain of ops to the
 * other: half way over it crosses more than before. So elements that hang together one below the other are taken as a
 * *block* and moved at once: a trunk, a chain of ops with one value going through, with the weights that enter it.
 * (Bachmaier, Brandenburg, Brunner, Huebner, "Global k-Level Crossing Reduction", 2011, move such blocks through one
 * order of all blocks; here each rank has its own.)
 *
 *     rank r       a   [B b]   c         gaps between the others:  0 a 1 c 2
 *     rank r+1     d   e   [B]           a plan is a gap for every rank of the block
 *
 * With everything else standing still, the best plan is a shortest path through the gaps of its ranks: a gap costs
 * what the lines from the block to others cross there, a step from gap i to gap j of the next rank what the block's
 * own lines cross on the way. The elements of a block in one rank stay together in their order. What the block's lines
 * cross among themselves is not in the plan; crossings are counted anew and a plan that did not help is undone.
 */
#include <math.h>
#include <string.h>

#include "layout/lay.h"
#include "layout/sets.h"

struct line {              /* a link between two ranks in which no end is in the block */
    uint64_t upper, lower; /* position and port: the order of its ends */
    uint32_t a, b;         /* places of its ends among the elements outside of the block */
    float weight;
};

struct mover {
    struct lay_graph *g;
    struct lay_blocks *blocks;
    uint32_t *place;     /* (n_elems) number of elements outside of the block before this one in its rank */
    struct line *lines;  /* (most links between two ranks) */
    struct line *own;    /* likewise: links with an end in the block */
    float *here, *there; /* (widest rank + 1) least cost of a plan up to a gap */
    float *left;         /* likewise: weight of lines left of a step */
    float *before;       /* likewise: weight of lines that end left of a gap */
    uint32_t *old;       /* (n_elems) order before a move */
    struct arena *tmp;
    uint64_t work;
};

static inline bool in_block(const struct mover *k, uint32_t v, uint32_t block) {
    return k->blocks->of[v] == block;
}

/* ---- blocks ------------------------------------------------------------------------------------------------- */

/* The only neighbour below (or above) that leads further, LAY_NONE when there are none or several. */
static uint32_t only_way(const struct lay_graph *g, uint32_t v, bool down) {
    const uint32_t *start = down ? g->down_start : g->up_start;
    const struct lay_arc *arcs = down ? g->down : g->up;
    uint32_t way = LAY_NONE;
    for (uint32_t i = start[v]; i < start[v + 1]; i++) {
        uint32_t to = arcs[i].to;
        if (start[to] == start[to + 1] &&
            (down ? g->up_start[to + 1] - g->up_start[to] : g->down_start[to + 1] - g->down_start[to]) == 1)
            continue; /* a loose end: goes with v */
        if (way != LAY_NONE && way != to)
            return LAY_NONE;
        way = to;
    }
    return way;
}

enum layout_status lay_blocks_init(struct lay_blocks *b, struct arena *a, const struct lay_graph *g) {
    uint32_t *set = LAY_NEW(a, uint32_t, g->n_elems);
    b->of = LAY_NEW(a, uint32_t, g->n_elems);
    b->start = LAY_ZERO(a, uint32_t, (size_t)g->n_elems + 2);
    b->list = LAY_NEW(a, uint32_t, g->n_elems);
    b->tried = LAY_ZERO(a, uint32_t, g->n_elems);
    b->changed = LAY_NEW(a, uint32_t, g->n_ranks);
    uint64_t *keys = LAY_NEW(a, uint64_t, g->n_elems), *tmp = LAY_NEW(a, uint64_t, g->n_elems);
    if (!set || !b->of || !b->start || !b->list || !b->tried || !b->changed || !keys || !tmp)
        return LAYOUT_NO_MEMORY;
    for (uint32_t v = 0; v < g->n_elems; v++)
        set[v] = v;
    for (uint32_t i = 0; i < g->n_links; i++) {
        uint32_t up = g->links[i].a, low = g->links[i].b;
        bool loose = (g->up_start[up] == g->up_start[up + 1] && g->down_start[up + 1] - g->down_start[up] == 1) ||
                     (g->down_start[low] == g->down_start[low + 1] && g->up_start[low + 1] - g->up_start[low] == 1);
        if (g->links[i].inner || loose || (only_way(g, up, true) == low && only_way(g, low, false) == up))
            set_join(set, up, low);
    }
    b->n = 0;
    b->time = 1;
    for (uint32_t r = 0; r < g->n_ranks; r++)
        b->changed[r] = 1;
    for (uint32_t v = 0; v < g->n_elems; v++) {
        uint32_t root = set_find(set, v);
        b->of[v] = root == v ? b->n++ : b->of[root];
        keys[v] = (uint64_t)g->elem_rank[v] << 32 | v;
        b->start[b->of[v] + 2]++;
    }
    lay_sort_u64(keys, tmp, g->n_elems);
    for (uint32_t i = 0; i < b->n; i++)
        b->start[i + 2] += b->start[i + 1];
    for (uint32_t i = 0; i < g->n_elems; i++)
        b->list[b->start[b->of[(uint32_t)keys[i]] + 1]++] = (uint32_t)keys[i];
    return LAYOUT_OK;
}

/* ---- plans -------------------------------------------------------------------------------------------------- */

/* Numbers the elements of rank r that are not in the block; returns how many there are. */
static uint32_t number_places(struct mover *k, uint32_t r, uint32_t block) {
    const struct lay_graph *g = k->g;
    uint32_t n = 0;
    for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++) {
        k->place[g->layer[i]] = n;
        n += !in_block(k, g->layer[i], block);
    }
    return n;
}

/* Lists the links between ranks r and r + 1: those of others, and the block's own. Returns how many of each. */
static void list_lines(struct mover *k, uint32_t r, uint32_t block, uint32_t *n_lines, uint32_t *n_own) {
    const struct lay_graph *g = k->g;
    *n_lines = *n_own = 0;
    for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++) {
        uint32_t v = g->layer[i];
        bool mine = in_block(k, v, block);
        for (uint32_t j = g->down_start[v]; j < g->down_start[v + 1]; j++) {
            const struct lay_arc *arc = &g->down[j];
            bool also = in_block(k, arc->to, block);
            struct line *line = mine || also ? &k->own[(*n_own)++] : &k->lines[(*n_lines)++];
            *line =
                (struct line){(uint64_t)g->pos[v] << 32 | arc->my_port, (uint64_t)g->pos[arc->to] << 32 | arc->to_port,
                              mine ? LAY_NONE : k->place[v], also ? LAY_NONE : k->place[arc->to], arc->weight};
        }
    }
}

/* What the block's own lines between two ranks cross now. */
static float present_cost(const struct mover *k, uint32_t n_lines, uint32_t n_own) {
    float cost = 0;
    for (uint32_t i = 0; i < n_own; i++) {
        const struct line *o = &k->own[i];
        float sum = 0;
        for (uint32_t j = 0; j < n_lines; j++) {
            const struct line *l = &k->lines[j];
            bool cross = (l->upper < o->upper && l->lower > o->lower) || (l->upper > o->upper && l->lower < o->lower);
            sum += cross ? l->weight : 0;
        }
        cost += sum * o->weight;
    }
    return cost;
}

/* Adds to `here` what lines between others and the block cross, by the gap of their end in the block. `above`: the
 * block is below. */
static void add_ends(struct mover *k, bool above, uint32_t n_lines, uint32_t n_own, uint32_t n_gaps) {
    float *steps = k->left; /* differences from gap to gap */
    memset(steps, 0, n_gaps * sizeof *steps);
    for (uint32_t i = 0; i < n_own; i++) {
        const struct line *o = &k->own[i];
        if ((above ? o->a : o->b) == LAY_NONE || (above ? o->b : o->a) != LAY_NONE)
            continue;
        uint64_t end = above ? o->upper : o->lower;
        for (uint32_t j = 0; j < n_lines; j++) {
            const struct line *l = &k->lines[j];
            uint64_t other = above ? l->upper : l->lower;
            uint32_t at = above ? l->b : l->a;
            float weight = l->weight * o->weight;
            if (other > end) { /* crossed when the block is right of its end */
                steps[at + 1] += weight;
            } else if (other < end) {
                steps[0] += weight;
                steps[at + 1] -= weight;
            }
        }
    }
    float sum = 0;
    for (uint32_t i = 0; i < n_gaps; i++)
        k->here[i] += sum += steps[i];
}

/* One step of the plan: from gaps above (costs in `here`) to those below (costs to `there`). Lines come in the order
 * of their upper ends. A line is crossed that is left of the gap above and not left of the one below, or the other way
 * round: those left above, plus those left below, less twice those left of both. */
static void step(struct mover *k, uint32_t n_lines, float weight, uint32_t n_above, uint32_t n_below, uint32_t *from) {
    float *both = k->left, *before = k->before, passed = 0;
    memset(both, 0, n_below * sizeof *both);
    memset(before, 0, n_below * sizeof *before);
    for (uint32_t i = 0; i < n_lines; i++)
        before[k->lines[i].b + 1] += k->lines[i].weight;
    for (uint32_t j = 1; j < n_below; j++)
        before[j] += before[j - 1];
    uint32_t at = 0;
    for (uint32_t i = 0; i < n_above; i++) {
        for (; at < n_lines && k->lines[at].a < i; at++) {
            passed += k->lines[at].weight;
            for (uint32_t j = k->lines[at].b + 1; j < n_below; j++)
                both[j] += 2 * k->lines[at].weight;
        }
        float base = k->here[i] + weight * passed;
        for (uint32_t j = 0; j < n_below; j++) {
            float cost = base + weight * (before[j] - both[j]);
            if (i == 0 || cost < k->there[j]) {
                k->there[j] = cost;
                from[j] = i;
            }
        }
    }
}

/* The weight of the block's lines that stay inside. */
static float inner_weight(const struct mover *k, uint32_t n_own) {
    float weight = 0;
    for (uint32_t i = 0; i < n_own; i++)
        weight += k->own[i].a == LAY_NONE && k->own[i].b == LAY_NONE ? k->own[i].weight : 0;
    return weight;
}

/* What the block's lines cross now. */
static float present_crossings(struct mover *k, uint32_t block, uint32_t r0, uint32_t r1, const double *cross) {
    float present = 0;
    for (uint32_t r = r0 ? r0 - 1 : 0; r <= r1; r++) {
        if (cross[r] == 0)
            continue;
        uint32_t n_lines, n_own;
        list_lines(k, r, block, &n_lines, &n_own);
        present += present_cost(k, n_lines, n_own);
        k->work += (uint64_t)n_lines * n_own;
    }
    return present;
}

/* Finds the best plan for a block in ranks r0 to r1: `gap` (r1 - r0 + 1). *better tells whether it promises less than
 * `present` crossings. */
static enum layout_status find_plan(struct mover *k, uint32_t block, uint32_t r0, uint32_t r1, float present,
                                    uint32_t *gap, bool *better) {
    const struct lay_graph *g = k->g;
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(k->tmp);
    uint32_t **from = LAY_NEW(k->tmp, uint32_t *, r1 - r0 + 1); /* per rank and gap: the best gap above */
    uint32_t n_lines = 0, n_own = 0, n_gaps = number_places(k, r0, block) + 1, best = 0;
    *better = false;
    if (!from)
        goto end;
    memset(k->here, 0, n_gaps * sizeof *k->here);
    if (r0 > 0) {
        number_places(k, r0 - 1, block);
        list_lines(k, r0 - 1, block, &n_lines, &n_own);
        add_ends(k, true, n_lines, n_own, n_gaps);
    }
    for (uint32_t r = r0; r < g->n_ranks; r++) { /* `here` holds what plans cost down to rank r, without links below */
        uint32_t n_below = r + 1 < g->n_ranks ? number_places(k, r + 1, block) + 1 : 0;
        if (n_below) {
            list_lines(k, r, block, &n_lines, &n_own);
            add_ends(k, false, n_lines, n_own, n_gaps);
            k->work += (uint64_t)n_lines * n_own;
        }
        best = 0;
        for (uint32_t i = 1; i < n_gaps; i++)
            if (k->here[i] < k->here[best])
                best = i;
        if (k->here[best] >= present) {
            status = LAYOUT_OK;
            goto end;
        }
        if (r == r1)
            break;
        if (!(from[r + 1 - r0] = LAY_NEW(k->tmp, uint32_t, n_below)))
            goto end;
        step(k, n_lines, inner_weight(k, n_own), n_gaps, n_below, from[r + 1 - r0]);
        k->work += (uint64_t)n_gaps * n_below;
        float *swap = k->here;
        k->here = k->there;
        k->there = swap;
        n_gaps = n_below;
        add_ends(k, true, n_lines, n_own, n_gaps);
    }
    for (uint32_t r = r1; r > r0; r--) {
        gap[r - r0] = best;
        best = from[r - r0][best];
    }
    gap[0] = best;
    *better = true;
    status = LAYOUT_OK;
end:
    arena_reset(k->tmp, mark);
    return status;
}

/* Puts the block's elements into the gaps of the plan. */
static void apply_plan(struct mover *k, uint32_t block, uint32_t r0, uint32_t r1, const uint32_t *gap) {
    struct lay_graph *g = k->g;
    memcpy(k->old + g->layer_start[r0], g->layer + g->layer_start[r0],
           (g->layer_start[r1 + 1] - g->layer_start[r0]) * sizeof *k->old);
    for (uint32_t r = r0; r <= r1; r++) {
        const uint32_t *old = k->old + g->layer_start[r];
        uint32_t *layer = g->layer + g->layer_start[r], width = g->layer_start[r + 1] - g->layer_start[r];
        uint32_t n = 0, others = 0;
        for (uint32_t i = 0; i <= width; i++) {
            if (i < width && in_block(k, old[i], block))
                continue;
            if (others++ == gap[r - r0])
                for (uint32_t j = 0; j < width; j++)
                    if (in_block(k, old[j], block))
                        layer[n++] = old[j];
            if (i < width)
                layer[n++] = old[i];
        }
        for (uint32_t i = 0; i < width; i++)
            g->pos[layer[i]] = i;
    }
}

static void undo_plan(struct mover *k, uint32_t r0, uint32_t r1) {
    struct lay_graph *g = k->g;
    memcpy(g->layer + g->layer_start[r0], k->old + g->layer_start[r0],
           (g->layer_start[r1 + 1] - g->layer_start[r0]) * sizeof *k->old);
    for (uint32_t r = r0; r <= r1; r++)
        for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++)
            g->pos[g->layer[i]] = i - g->layer_start[r];
}

enum layout_status lay_move_blocks(struct arena *tmp, struct lay_graph *g, struct lay_blocks *blocks,
                                   struct lay_counter *counter, double *cross, uint64_t limit, double *gained) {
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(tmp);
    struct mover k = {.g = g, .blocks = blocks, .tmp = tmp};
    uint32_t widest = 0, most = 0;
    *gained = 0;
    for (uint32_t r = 0; r < g->n_ranks; r++) {
        uint32_t links = 0, width = g->layer_start[r + 1] - g->layer_start[r];
        for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++)
            links += g->down_start[g->layer[i] + 1] - g->down_start[g->layer[i]];
        widest = width > widest ? width : widest;
        most = links > most ? links : most;
    }
    k.place = LAY_ZERO(tmp, uint32_t, g->n_elems);
    k.old = LAY_NEW(tmp, uint32_t, g->n_elems);
    k.lines = LAY_NEW(tmp, struct line, most);
    k.own = LAY_NEW(tmp, struct line, most);
    float **rows[] = {&k.here, &k.there, &k.left, &k.before};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!(*rows[i] = LAY_NEW(tmp, float, (size_t)widest + 2)))
            goto end;
    uint32_t *gap = LAY_NEW(tmp, uint32_t, g->n_ranks);
    double *counts = LAY_NEW(tmp, double, g->n_ranks);
    if (!k.place || !k.old || !k.lines || !k.own || !gap || !counts)
        goto end;
    for (uint32_t b = 0; b < blocks->n && k.work < limit; b++) {
        uint32_t r0 = g->elem_rank[blocks->list[blocks->start[b]]];
        uint32_t r1 = g->elem_rank[blocks->list[blocks->start[b + 1] - 1]];
        uint32_t first = r0 ? r0 - 1 : 0;
        double before = 0, after = 0;
        bool changed = false, better;
        for (uint32_t r = first; r <= r1 + 1 && r < g->n_ranks; r++) {
            before += r <= r1 ? cross[r] : 0;
            changed = changed || blocks->changed[r] > blocks->tried[b];
        }
        if (before == 0 || !changed)
            continue;
        blocks->tried[b] = blocks->time++;
        float present = present_crossings(&k, b, r0, r1, cross);
        if (present == 0)
            continue;
        if (find_plan(&k, b, r0, r1, present, gap, &better) != LAYOUT_OK)
            goto end;
        if (!better)
            continue;
        apply_plan(&k, b, r0, r1, gap);
        for (uint32_t r = first; r <= r1; r++)
            after += counts[r] = lay_count(counter, g, r);
        if (after >= before) {
            undo_plan(&k, r0, r1);
            continue;
        }
        for (uint32_t r = first; r <= r1; r++)
            cross[r] = counts[r];
        for (uint32_t r = r0; r <= r1; r++)
            blocks->changed[r] = blocks->time;
        *gained += before - after;
    }
    status = LAYOUT_OK;
end:
    arena_reset(tmp, mark);
    return status;
}
