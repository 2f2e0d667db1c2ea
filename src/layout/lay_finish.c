/* lay_finish.c - the last word on coordinates along the rank: what came out straight moves to where its links are
 * shortest.
 *
 * Elements joined by vertical links are a *block* and move together. A block goes to the weighted median of the places
 * its links wish it at, as far as its neighbours leave room. Where one touches it on that side, it may push: the
 * neighbours it touches, those that they touch and so on go along, if that makes the links of all of them together
 * shorter. (Without pushing, blocks that stand close stop each other far from where all of them want to be.)
 *
 * A group that would be larger than GROUP_MOST blocks or GROUP_MEMBERS elements is not pushed, and PUSH_WORK links for
 * every link of the graph are looked at in a pass, so that a pass is linear.
 *
 * Invariant: x[right] - x[left] >= lay_gap(left, right) for neighbours in a rank, before and after every move.
 */
#include <math.h>
#include <string.h>

#include "layout/lay_line.h"

enum { GROUP_MOST = 32, GROUP_MEMBERS = 200, PUSH_WORK = 8 };

static const double NEAR = 1e-3; /* less is not worth a move */

struct finisher {
    const struct lay_graph *g;
    struct lay_geometry *geo;
    uint32_t *root, *next;         /* (n_elems) block and the circular list of its members */
    uint32_t *size;                /* (n_elems) members, at roots */
    uint64_t *wishes, *wishes_tmp; /* (2 n_links) */
    uint8_t *in_group;             /* (n_elems) at roots: moves with others now */
    uint32_t group[GROUP_MOST], n_group, n_members;
    float gain;           /* weight of the group's links that get shorter when it moves, less that of those that grow */
    uint64_t work, limit; /* links looked at for pushing */
};

static uint32_t find_block(uint32_t *up, uint32_t v) {
    while (up[v] != v) {
        up[v] = up[up[v]];
        v = up[v];
    }
    return v;
}

/* `root` is the union-find forest, `next` circular lists. */
static void join_straight(struct finisher *f) {
    const struct lay_graph *g = f->g;
    for (uint32_t v = 0; v < g->n_elems; v++)
        f->root[v] = f->next[v] = v;
    for (uint32_t i = 0; i < g->n_links; i++) {
        if (fabs(lay_slant(g, f->geo, i)) > 1e-6)
            continue;
        uint32_t a = find_block(f->root, g->links[i].a), b = find_block(f->root, g->links[i].b);
        if (a == b)
            continue;
        f->root[a > b ? a : b] = a > b ? b : a;
        uint32_t t = f->next[a];
        f->next[a] = f->next[b];
        f->next[b] = t;
    }
    memset(f->size, 0, g->n_elems * sizeof *f->size);
    for (uint32_t v = 0; v < g->n_elems; v++) {
        f->root[v] = find_block(f->root, v);
        f->size[f->root[v]]++;
    }
}

/* ---- wishes ------------------------------------------------------------------------------------------------- */

/* A float's bits in an order that sorts as unsigned. */
static inline uint32_t ordered_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static inline float from_ordered(uint32_t bits) {
    bits = bits & 0x80000000u ? bits & 0x7fffffffu : ~bits;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* How much v minds where the other end of a link is. Loose ends come to their neighbours, not the other way round. */
static inline float pull_of(const struct lay_graph *g, uint32_t to, bool above) {
    return to < g->n && lay_is_loose(g, to, above) ? 0.05f : 1.0f;
}

/* Notes how far the group would have to move to make the links of v on one side vertical; returns their number. */
static uint32_t gather_side(struct finisher *f, uint32_t v, bool above, uint64_t *wishes, float *total) {
    const struct lay_graph *g = f->g;
    const struct lay_arc *arcs = above ? g->up : g->down;
    uint32_t end = above ? g->up_start[v + 1] : g->down_start[v + 1], n = 0;
    for (uint32_t i = above ? g->up_start[v] : g->down_start[v]; i < end; i++) {
        if (f->in_group[f->root[arcs[i].to]])
            continue;
        double d = lay_slant(g, f->geo, arcs[i].link);
        float weight = pull_of(g, arcs[i].to, above);
        uint32_t bits;
        memcpy(&bits, &weight, sizeof bits);
        wishes[n++] = (uint64_t)ordered_bits((float)(above ? d : -d)) << 32 | bits;
        *total += weight;
    }
    return n;
}

/* The same for all links of a block, after the n wishes there are; returns how many there are then. */
static uint32_t gather_wishes(struct finisher *f, uint32_t root, uint32_t n, float *total) {
    uint32_t v = root;
    do {
        n += gather_side(f, v, true, f->wishes + n, total);
        n += gather_side(f, v, false, f->wishes + n, total);
        v = f->next[v];
    } while (v != root);
    return n;
}

/* The weighted median of n wishes. */
static double median_wish(struct finisher *f, uint32_t n, float total) {
    lay_sort_u64(f->wishes, f->wishes_tmp, n);
    float sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)f->wishes[i];
        float weight;
        memcpy(&weight, &bits, sizeof weight);
        sum += weight;
        if (sum * 2 > total || i + 1 == n)
            return (double)from_ordered((uint32_t)(f->wishes[i] >> 32));
        if (sum * 2 == total) { /* any place between two wishes is as good: the nearest */
            double low = (double)from_ordered((uint32_t)(f->wishes[i] >> 32));
            double high = (double)from_ordered((uint32_t)(f->wishes[i + 1] >> 32));
            return low > 0 ? low : high < 0 ? high : 0;
        }
    }
    return 0;
}

/* ---- moves -------------------------------------------------------------------------------------------------- */

/* How far v is from its neighbour on that side, which is `beside`. */
static inline double room_beside(const struct finisher *f, uint32_t v, uint32_t beside, bool left) {
    const double *x = f->geo->x;
    return left ? x[v] - x[beside] - lay_gap(f->g, f->geo, beside, v)
                : x[beside] - x[v] - lay_gap(f->g, f->geo, v, beside);
}

/* How far a block can go before it meets one that does not go with it. */
static double room_of(const struct finisher *f, uint32_t root, bool left) {
    double room = INFINITY;
    uint32_t v = root;
    do {
        uint32_t beside = left ? lay_left_of(f->g, v) : lay_right_of(f->g, v);
        if (beside != LAY_NONE && !f->in_group[f->root[beside]])
            room = fmin(room, room_beside(f, v, beside, left));
        v = f->next[v];
    } while (v != root);
    return fmax(room, 0);
}

static void shift_block(struct finisher *f, uint32_t root, double by) {
    uint32_t v = root;
    do {
        f->geo->x[v] += by;
        v = f->next[v];
    } while (v != root);
}

/* Takes a block into the group: its links to others count from now on, those into the group, which will keep their
 * slant, no longer. */
static void take_in(struct finisher *f, uint32_t root, bool left) {
    const struct lay_graph *g = f->g;
    f->in_group[root] = 1;
    f->group[f->n_group++] = root;
    f->n_members += f->size[root];
    uint32_t v = root;
    do {
        for (int above = 0; above < 2; above++) {
            const struct lay_arc *arcs = above ? g->up : g->down;
            uint32_t start = above ? g->up_start[v] : g->down_start[v];
            uint32_t end = above ? g->up_start[v + 1] : g->down_start[v + 1];
            f->work += end - start;
            for (uint32_t i = start; i < end; i++) {
                uint32_t other = f->root[arcs[i].to];
                if (other == root)
                    continue;
                /* Seen from v, and from the other end when that is in the group and counted it. */
                double d = above ? lay_slant(g, f->geo, arcs[i].link) : -lay_slant(g, f->geo, arcs[i].link);
                if (!f->in_group[other])
                    f->gain +=
                        (left ? d < -NEAR : d > NEAR) ? pull_of(g, arcs[i].to, above) : -pull_of(g, arcs[i].to, above);
                else
                    f->gain -= (left ? -d < -NEAR : -d > NEAR) ? pull_of(g, v, !above) : -pull_of(g, v, !above);
            }
        }
        v = f->next[v];
    } while (v != root);
}

/* Takes in the blocks that one of the group touches. False when the group would grow too large. */
static bool take_touching(struct finisher *f, uint32_t root, bool left) {
    uint32_t v = root;
    do {
        uint32_t beside = left ? lay_left_of(f->g, v) : lay_right_of(f->g, v);
        if (beside != LAY_NONE && !f->in_group[f->root[beside]] && room_beside(f, v, beside, left) < NEAR) {
            uint32_t other = f->root[beside];
            if (f->n_group == GROUP_MOST || f->n_members + f->size[other] > GROUP_MEMBERS)
                return false;
            take_in(f, other, left);
        }
        v = f->next[v];
    } while (v != root);
    return true;
}

/* Moves a block that has no room, and those it pushes along, where that is good for all of them together. */
static bool push_blocks(struct finisher *f, uint32_t root, bool left) {
    f->n_group = f->n_members = 0;
    f->gain = 0;
    take_in(f, root, left);
    bool good = true, moved = false;
    for (uint32_t i = 0; i < f->n_group && good; i++)
        good = f->gain > 0 && take_touching(f, f->group[i], left);
    if (good && f->gain > 0) {
        uint32_t n = 0;
        float total = 0;
        double room = INFINITY;
        for (uint32_t i = 0; i < f->n_group; i++) {
            n = gather_wishes(f, f->group[i], n, &total);
            room = fmin(room, room_of(f, f->group[i], left));
        }
        double wish = median_wish(f, n, total);
        room = fmin(room, left ? -wish : wish);
        moved = room >= NEAR;
        for (uint32_t i = 0; moved && i < f->n_group; i++)
            shift_block(f, f->group[i], left ? -room : room);
    }
    for (uint32_t i = 0; i < f->n_group; i++)
        f->in_group[f->group[i]] = 0;
    return moved;
}

/* Moves a block to the weighted median of its wishes, as far as its neighbours leave room or can be pushed. */
static bool move_block(struct finisher *f, uint32_t root) {
    float total = 0;
    f->in_group[root] = 1;
    uint32_t n = gather_wishes(f, root, 0, &total);
    double wish = median_wish(f, n, total), room = 0;
    if (fabs(wish) >= NEAR)
        room = fmin(room_of(f, root, wish < 0), fabs(wish));
    f->in_group[root] = 0;
    if (fabs(wish) < NEAR)
        return false;
    if (room < NEAR)
        return f->work < f->limit && f->size[root] <= GROUP_MEMBERS && push_blocks(f, root, wish < 0);
    shift_block(f, root, wish < 0 ? -room : room);
    return true;
}

/* ---- back edges --------------------------------------------------------------------------------------------- */

/* The trunk of a back edge reaches into the ranks beyond its ends, for the sake of the order; there it is not drawn, so
 * boxes there need not keep it away: the drawn part comes as near to the ends as its neighbours leave room. */
static bool pull_in(struct finisher *f, const struct lay_trunk *t) {
    const struct lay_graph *g = f->g;
    const struct lay_edge *e = &g->edges[t->edge];
    double *x = f->geo->x, to = x[e->to] + f->geo->in_off[t->edge], from = x[e->from] + f->geo->out_off[t->edge];
    uint32_t first = t->first + (g->rank[e->to] - t->rank0), last = t->first + (g->rank[e->from] - t->rank0);
    double low = fmin(to, from), high = fmax(to, from);
    double nearest = fmin(x[first], x[last]), farthest = fmax(x[first], x[last]);
    bool left = nearest > high;
    double room = left ? nearest - high : low - farthest;
    for (uint32_t v = first; v <= last && room > NEAR; v++) {
        uint32_t beside = left ? lay_left_of(g, v) : lay_right_of(g, v);
        if (beside != LAY_NONE)
            room = fmin(room, room_beside(f, v, beside, left));
    }
    if (room <= NEAR)
        return false;
    for (uint32_t v = first; v <= last; v++)
        x[v] += left ? -room : room;
    return true;
}

static void pull_in_back_edges(struct finisher *f) {
    const struct lay_graph *g = f->g;
    bool moved = true;
    for (int pass = 0; pass < 4 && moved; pass++) { /* the outer ones follow the inner ones */
        moved = false;
        for (uint32_t i = 0; i < g->n_trunks; i++)
            if (g->edges[g->trunks[i].edge].flags & LAY_BACK)
                moved = pull_in(f, &g->trunks[i]) || moved;
    }
}

enum layout_status lay_finish(struct arena *tmp, const struct lay_graph *g, struct lay_geometry *geo, uint32_t passes,
                              bool push) {
    struct arena_mark mark = arena_mark(tmp);
    struct finisher f = {.g = g, .geo = geo};
    f.root = LAY_NEW(tmp, uint32_t, g->n_elems);
    f.next = LAY_NEW(tmp, uint32_t, g->n_elems);
    f.size = LAY_NEW(tmp, uint32_t, g->n_elems);
    f.wishes = LAY_NEW(tmp, uint64_t, (size_t)g->n_links * 2);
    f.wishes_tmp = LAY_NEW(tmp, uint64_t, (size_t)g->n_links * 2);
    f.in_group = LAY_ZERO(tmp, uint8_t, g->n_elems);
    bool ok = f.root && f.next && f.size && f.wishes && f.wishes_tmp && f.in_group, moved = true;
    for (uint32_t pass = 0; ok && pass < passes && moved; pass++) {
        join_straight(&f);
        moved = false;
        f.work = 0;
        f.limit = push ? PUSH_WORK * (uint64_t)g->n_links : 0;
        for (uint32_t i = 0; i < g->n_elems; i++) {
            uint32_t v = pass & 1 ? g->n_elems - 1 - i : i;
            if (f.root[v] == v)
                moved = move_block(&f, v) || moved;
        }
    }
    if (ok && push)
        pull_in_back_edges(&f);
    arena_reset(tmp, mark);
    return ok ? LAYOUT_OK : LAYOUT_NO_MEMORY;
}
