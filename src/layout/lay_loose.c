/* lay_loose.c - loose ends on both sides of what leads on.
 *
 * An op reads one value that is computed and several that come from nowhere (weights, statistics). Where its operands may
 * enter in any order, crossings do not tell on which side of the first the others stand; all on one side, the outer ones
 * have a long way:
 *
 *      x  [mean] [variance]         [mean]  x  [variance]
 *      |  .'   .----'                    '. | .'
 *     [norm]                             [norm]
 *
 * So the nearest one on the fuller side goes to the other side while that costs no crossing and there are at least two more
 * there. The same for what is made and not used. Linear: at most PASSED elements are passed by a move.
 */
#include "layout/lay.h"

enum { PASSED = 12 };

/* Whether nothing but `v` is joined to the element. */
static bool is_loose(const struct lay_graph *g, uint32_t element) {
    return g->up_start[element + 1] - g->up_start[element] + g->down_start[element + 1] - g->down_start[element] == 1;
}

/* The loose ends of an element on one side of its rank, and what leads on. */
struct ends {
    uint32_t first, last;           /* positions of what leads on */
    uint32_t left, right;           /* how many stand beside that */
    uint32_t near_left, near_right; /* positions of the nearest ones */
};

/* False when there is nothing to share out. */
static bool find_ends(const struct lay_graph *g, uint32_t v, bool above, struct ends *e) {
    const uint32_t *start = above ? g->up_start : g->down_start;
    const struct lay_arc *arcs = above ? g->up : g->down;
    *e = (struct ends){.first = LAY_NONE, .near_right = LAY_NONE};
    if (start[v + 1] - start[v] < 3)
        return false;
    for (uint32_t i = start[v]; i < start[v + 1]; i++) {
        uint32_t at = g->pos[arcs[i].to];
        if (is_loose(g, arcs[i].to))
            continue;
        e->first = e->first == LAY_NONE || at < e->first ? at : e->first;
        e->last = at > e->last ? at : e->last;
    }
    if (e->first == LAY_NONE)
        return false;
    for (uint32_t i = start[v]; i < start[v + 1]; i++) {
        uint32_t at = g->pos[arcs[i].to];
        if (!is_loose(g, arcs[i].to))
            continue;
        if (at < e->first) {
            e->left++;
            e->near_left = at > e->near_left ? at : e->near_left;
        } else if (at > e->last) {
            e->right++;
            e->near_right = at < e->near_right ? at : e->near_right;
        }
    }
    return e->left >= e->right + 2 || e->right >= e->left + 2;
}

/* How many crossings more there are when the loose element u, joined by `mine`, stands left of w. */
static double cost_of_left(const struct lay_graph *g, const struct lay_arc *mine, uint32_t w, bool above) {
    const uint32_t *start = above ? g->down_start : g->up_start;
    const struct lay_arc *arcs = above ? g->down : g->up;
    uint64_t end = (uint64_t)g->pos[mine->to] << 32 | mine->to_port;
    double cost = 0;
    for (uint32_t i = start[w]; i < start[w + 1]; i++) {
        uint64_t other = (uint64_t)g->pos[arcs[i].to] << 32 | arcs[i].to_port;
        cost += other < end ? (double)arcs[i].weight : other > end ? -(double)arcs[i].weight : 0;
    }
    return cost * (double)mine->weight;
}

/* Moves the element at position `from` of its rank to position `to`, if that adds no crossings; *gained are those that it
 * takes away. `above`: what it is joined to is below it. */
static bool move_past(struct lay_graph *g, uint32_t rank, uint32_t from, uint32_t to, bool above, double *gained) {
    uint32_t *layer = g->layer + g->layer_start[rank], u = layer[from];
    const struct lay_arc *mine = above ? &g->down[g->down_start[u]] : &g->up[g->up_start[u]];
    bool left = to < from;
    double cost = 0;
    if ((left ? from - to : to - from) > PASSED)
        return false;
    for (uint32_t i = from; i != to;) {
        i += left ? UINT32_MAX : 1;
        double more = cost_of_left(g, mine, layer[i], above);
        cost += left ? more : -more;
    }
    if (cost > 0)
        return false;
    for (uint32_t i = from; i != to;) {
        uint32_t next = left ? i - 1 : i + 1;
        layer[i] = layer[next];
        g->pos[layer[i]] = i;
        i = next;
    }
    layer[to] = u;
    g->pos[u] = to;
    *gained -= cost;
    return true;
}

double lay_share_out(struct lay_graph *g) {
    double gained = 0;
    for (uint32_t v = 0; v < g->n_elems; v++)
        for (int above = 0; above < 2; above++) {
            struct ends e;
            bool moved = true;
            uint32_t rank = g->elem_rank[v] + (above ? UINT32_MAX : 1);
            while (moved && find_ends(g, v, above, &e))
                moved = e.right > e.left ? move_past(g, rank, e.near_right, e.first, above, &gained)
                                         : move_past(g, rank, e.near_left, e.last, above, &gained);
        }
    return gained;
}
