/* lay_order.c - the order in every rank, with few crossings.
 *
 * Sugiyama, Tagawa, Toda, "Methods for Visual Understanding of Hierarchical System Structures", 1981: sweeps down and
 * up, each rank sorted by the mean position of its elements' neighbours in the rank before; the best order seen is
 * kept. The first order is that of a depth-first search (Gansner et al. 1993, section 3), of which several kinds are
 * tried as far as the size of the graph allows. Positions are those of ports.
 * Then neighbours are exchanged wherever that removes crossings with both adjacent ranks, rank by rank, only where
 * something changed, until nothing does or the budget is spent. Counting is incremental: a rank's crossings are
 * counted again when it or the next one changed. Last, whole chains are moved (lay_block.c). Of the orders found in this
 * way the one with short lines as well as few crossings stays.
 *
 * Invariants: 1. pos and layer agree (L3) between steps. 2. `best` holds an order with `best_total` crossings.
 */
#include <string.h>

#include "layout/lay.h"

/* The ways to find a first order. */
enum { START_DOWN, START_UP, START_DOWN_MIRRORED, START_UP_MIRRORED, N_STARTS };

/* Graphs with fewer links have all orders improved by moving blocks, others only the best one; of those the best is
 * that with the shorter lines, where a crossing counts as much as that length. */
enum { FEW_LINKS = 2000, IMPROVED = N_STARTS, CROSSING_LENGTH = 500 };

struct orderer {
    struct lay_ctx *c;
    struct lay_graph *g;
    struct lay_counter counter;
    double *cross;        /* (n_ranks) between r and r + 1 */
    uint64_t *keys, *tmp; /* (widest rank) */
    uint32_t *old;        /* (widest rank) */
    uint8_t *dirty;       /* (n_ranks) */
    uint32_t *best;       /* (n_elems) copy of layer */
    struct lay_blocks blocks;
    double total, best_total;
};

/* Depth-first search from the elements without neighbours above, downwards (or the reverse), through the arcs in port
 * order (or the reverse); elements are appended to their ranks as they are met. */
static bool first_order(struct orderer *o, int start) {
    struct lay_graph *g = o->g;
    struct arena *a = o->c->tmp;
    struct arena_mark mark = arena_mark(a);
    bool down = start == START_DOWN || start == START_DOWN_MIRRORED, mirrored = start >= START_DOWN_MIRRORED;
    const uint32_t *back = down ? g->up_start : g->down_start, *forth = down ? g->down_start : g->up_start;
    const struct lay_arc *arcs = down ? g->down : g->up;
    uint32_t *fill = LAY_ZERO(a, uint32_t, (size_t)g->n_ranks + 1);
    uint32_t *next = LAY_ZERO(a, uint32_t, g->n_elems);
    uint32_t *stack = LAY_NEW(a, uint32_t, g->n_elems);
    uint8_t *seen = LAY_ZERO(a, uint8_t, g->n_elems);
    uint64_t *starts = LAY_NEW(a, uint64_t, g->n_elems), *tmp = LAY_NEW(a, uint64_t, g->n_elems);
    bool ok = fill && next && stack && seen && starts && tmp;
    uint32_t n_starts = 0;
    for (uint32_t v = 0; ok && v < g->n_elems; v++)
        if (back[v] == back[v + 1])
            starts[n_starts++] = (uint64_t)(down ? g->elem_rank[v] : g->n_ranks - g->elem_rank[v]) << 32 | v;
    if (ok)
        lay_sort_u64(starts, tmp, n_starts);
    for (uint32_t s = 0; s < n_starts; s++) {
        uint32_t depth = 0;
        stack[depth++] = (uint32_t)starts[s];
        while (depth) {
            uint32_t v = stack[depth - 1], degree = forth[v + 1] - forth[v];
            if (!seen[v]) {
                seen[v] = 1;
                uint32_t r = g->elem_rank[v];
                g->pos[v] = fill[r]++;
            }
            uint32_t to = LAY_NONE;
            while (next[v] < degree && to == LAY_NONE) {
                uint32_t k = next[v]++;
                to = arcs[forth[v] + (mirrored ? degree - 1 - k : k)].to;
                to = seen[to] ? LAY_NONE : to;
            }
            if (to == LAY_NONE)
                depth--;
            else
                stack[depth++] = to;
        }
    }
    for (uint32_t v = 0; ok && v < g->n_elems; v++) {
        uint32_t r = g->elem_rank[v], width = g->layer_start[r + 1] - g->layer_start[r];
        if (mirrored)
            g->pos[v] = width - 1 - g->pos[v];
        g->layer[g->layer_start[r] + g->pos[v]] = v;
    }
    arena_reset(a, mark);
    return ok;
}

static bool make_layers(struct lay_graph *g) {
    g->layer_start = LAY_ZERO(g->arena, uint32_t, (size_t)g->n_ranks + 2);
    g->layer = LAY_NEW(g->arena, uint32_t, g->n_elems);
    g->pos = LAY_NEW(g->arena, uint32_t, g->n_elems);
    uint32_t *fill = g->pos; /* scratch */
    if (!g->layer_start || !g->layer || !g->pos)
        return false;
    for (uint32_t v = 0; v < g->n_elems; v++)
        g->layer_start[g->elem_rank[v] + 1]++;
    for (uint32_t r = 0; r < g->n_ranks; r++)
        g->layer_start[r + 1] += g->layer_start[r];
    /* Any order will do for measuring the ranks. */
    for (uint32_t v = 0; v < g->n_elems; v++)
        fill[v] = 0;
    for (uint32_t v = 0; v < g->n_elems; v++)
        g->layer[g->layer_start[g->elem_rank[v]] + fill[g->elem_rank[v]]++] = v;
    return true;
}

/* The mean position of v's neighbours on one side; false when it has none. */
static inline bool mean_position(const struct lay_graph *g, uint32_t v, bool down, float *mean) {
    const uint32_t *start = down ? g->up_start : g->down_start;
    const struct lay_arc *arcs = down ? g->up : g->down;
    uint32_t i = start[v], end = start[v + 1];
    if (i == end)
        return false;
    if (i + 1 == end) {
        *mean = (float)g->pos[arcs[i].to] + arcs[i].to_off;
        return true;
    }
    float sum = 0, weight = 0;
    for (; i < end; i++) {
        sum += arcs[i].weight * ((float)g->pos[arcs[i].to] + arcs[i].to_off);
        weight += arcs[i].weight;
    }
    *mean = sum / weight;
    return true;
}

/* Non-negative floats sort as their bits. */
static inline uint64_t float_key(float f) {
    f += 1.0f;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* Sorts rank r by the rank before it in the sweep's direction. Elements without neighbours there stay beside the
 * one before them. `right` breaks ties the other way round. True when something moved. */
static bool sort_rank(struct orderer *o, uint32_t r, bool down, bool right) {
    struct lay_graph *g = o->g;
    uint32_t *layer = g->layer + g->layer_start[r];
    uint32_t n = g->layer_start[r + 1] - g->layer_start[r];
    uint64_t last = float_key(-0.5f);
    bool moved = false;
    if (!right) {
        for (uint32_t i = 0; i < n; i++) {
            float mean;
            if (mean_position(g, layer[i], down, &mean))
                last = float_key(mean);
            o->keys[i] = last << 32 | i;
        }
    } else {
        last = float_key((float)g->n_elems);
        for (uint32_t i = n; i-- > 0;) {
            float mean;
            if (mean_position(g, layer[i], down, &mean))
                last = float_key(mean);
            o->keys[i] = last << 32 | (n - 1 - i);
        }
    }
    for (uint32_t i = 1; i < n && !moved; i++)
        moved = o->keys[i - 1] > o->keys[i];
    if (!moved)
        return false;
    memcpy(o->old, layer, n * sizeof *layer);
    lay_sort_u64(o->keys, o->tmp, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t from = (uint32_t)o->keys[i];
        layer[i] = o->old[right ? n - 1 - from : from];
        g->pos[layer[i]] = i;
    }
    return true;
}

static void recount(struct orderer *o) {
    for (uint32_t r = 0; r < o->g->n_ranks; r++)
        if (o->dirty[r])
            o->blocks.changed[r] = o->blocks.time;
    for (uint32_t r = 0; r + 1 < o->g->n_ranks; r++) {
        if (!o->dirty[r] && !o->dirty[r + 1])
            continue;
        o->total -= o->cross[r];
        o->cross[r] = lay_count(&o->counter, o->g, r);
        o->total += o->cross[r];
    }
    memset(o->dirty, 0, o->g->n_ranks);
}

static void sweep(struct orderer *o, bool down, bool right) {
    uint32_t n = o->g->n_ranks;
    for (uint32_t i = 1; i < n; i++) {
        uint32_t r = down ? i : n - 1 - i;
        if (sort_rank(o, r, down, right))
            o->dirty[r] = 1;
    }
    recount(o);
}

/* Crossings of v's links with w's on one side when v is before w, less those when w is before v. */
static inline double exchange_gain(const struct lay_graph *g, uint32_t v, uint32_t w, bool above) {
    const uint32_t *start = above ? g->up_start : g->down_start;
    const struct lay_arc *arcs = above ? g->up : g->down;
    double gain = 0;
    for (uint32_t i = start[v]; i < start[v + 1]; i++) {
        uint32_t a = g->pos[arcs[i].to], a_port = arcs[i].to_port;
        for (uint32_t j = start[w]; j < start[w + 1]; j++) {
            uint32_t b = g->pos[arcs[j].to], b_port = arcs[j].to_port;
            double weight = (double)arcs[i].weight * (double)arcs[j].weight;
            if (a > b || (a == b && a_port > b_port))
                gain += weight;
            else if (a < b || a_port < b_port)
                gain -= weight;
        }
    }
    return gain;
}

/* Exchanges neighbours in the ranks marked in `dirty` where that helps; marks what may help next. Returns how much
 * was gained. `*work` counts pairs of links looked at. */
static double exchange(struct orderer *o, uint8_t *look, uint64_t *work) {
    struct lay_graph *g = o->g;
    double gained = 0;
    for (uint32_t r = 0; r < g->n_ranks; r++) {
        if (!look[r])
            continue;
        look[r] = 0;
        uint32_t *layer = g->layer + g->layer_start[r];
        uint32_t n = g->layer_start[r + 1] - g->layer_start[r];
        double here = 0;
        for (uint32_t i = 0; i + 1 < n; i++) {
            uint32_t v = layer[i], w = layer[i + 1];
            uint64_t pairs =
                (uint64_t)(g->up_start[v + 1] - g->up_start[v]) * (g->up_start[w + 1] - g->up_start[w]) +
                (uint64_t)(g->down_start[v + 1] - g->down_start[v]) * (g->down_start[w + 1] - g->down_start[w]);
            if (pairs > 4096)
                continue;
            *work += pairs + 1;
            double gain = exchange_gain(g, v, w, true) + exchange_gain(g, v, w, false);
            if (gain <= 0)
                continue;
            layer[i] = w;
            layer[i + 1] = v;
            g->pos[w] = i;
            g->pos[v] = i + 1;
            here += gain;
        }
        if (here > 0) {
            gained += here;
            look[r] = 1;
            o->dirty[r] = 1;
            if (r > 0)
                look[r - 1] = 1;
            if (r + 1 < g->n_ranks)
                look[r + 1] = 1;
        }
    }
    return gained;
}

static void keep_best(struct orderer *o) {
    if (o->total >= o->best_total)
        return;
    o->best_total = o->total;
    memcpy(o->best, o->g->layer, o->g->n_elems * sizeof *o->best);
}

static void restore_best(struct orderer *o) {
    struct lay_graph *g = o->g;
    memcpy(g->layer, o->best, g->n_elems * sizeof *g->layer);
    for (uint32_t r = 0; r < g->n_ranks; r++)
        for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++)
            g->pos[g->layer[i]] = i - g->layer_start[r];
    memset(o->dirty, 1, g->n_ranks);
    recount(o);
}

/* Sweeps until `patience` of them in a row brought nothing. */
static bool sweep_while_good(struct orderer *o, uint32_t most, uint32_t patience, double from, double to) {
    uint32_t stale = 0;
    for (uint32_t i = 0; i < most && stale < patience && o->best_total > 0; i++) {
        double before = o->best_total;
        sweep(o, (i & 1) == 0, (i & 2) != 0);
        keep_best(o);
        stale = o->best_total < before ? 0 : stale + 1;
        if (!lay_progress(o->c, from + (to - from) * (i + 1) / most))
            return false;
    }
    return true;
}

static void exchange_while_good(struct orderer *o, uint32_t rounds) {
    struct lay_graph *g = o->g;
    uint8_t *look = (uint8_t *)o->keys; /* scratch of at least n_ranks bytes, see lay_order */
    memset(look, 1, g->n_ranks);
    uint64_t work = 0, limit = 64 * (uint64_t)g->n_links + 100000;
    for (uint32_t i = 0; i < rounds && work < limit; i++)
        if (exchange(o, look, &work) <= 0)
            break;
    recount(o);
    keep_best(o);
}

/* Moves chains and exchanges neighbours in turn while that helps. */
static enum layout_status move_while_good(struct orderer *o, uint32_t rounds) {
    for (uint32_t i = 0; i < rounds && o->best_total > 0; i++) {
        double gained;
        enum layout_status status = lay_move_blocks(o->c->tmp, o->g, &o->blocks, &o->counter, o->cross,
                                                    64 * (uint64_t)o->g->n_links + 100000, &gained);
        if (status != LAYOUT_OK)
            return status;
        o->total -= gained;
        keep_best(o);
        if (gained <= 0)
            break;
        exchange_while_good(o, 40);
    }
    return LAYOUT_OK;
}

/* Sweeps and exchanges from one first order; o->best is the result. */
static enum layout_status try_start(struct orderer *o, int start, int n_starts) {
    struct lay_graph *g = o->g;
    uint32_t most = g->n_links < 50000 ? 24 : g->n_links < 400000 ? 14 : 8;
    uint32_t patience = o->c->effort >= 3 ? 8 : o->c->effort == 1 ? 2 : 4;
    double from = 0.3 + 0.45 * start / n_starts, step = 0.45 / n_starts;
    if (!first_order(o, start))
        return LAYOUT_NO_MEMORY;
    memset(o->dirty, 1, g->n_ranks);
    recount(o);
    o->best_total = o->total + 1;
    keep_best(o);
    bool go_on = sweep_while_good(o, most, patience, from, from + step * 0.7);
    restore_best(o);
    exchange_while_good(o, 40);
    go_on = go_on && sweep_while_good(o, most / 2, patience, from + step * 0.7, from + step);
    restore_best(o);
    exchange_while_good(o, 40);
    return go_on ? LAYOUT_OK : LAYOUT_CANCELLED;
}

struct candidate {
    uint32_t *layer; /* (n_elems) */
    double total;
};

static void use(struct orderer *o, const struct candidate *order) {
    memcpy(o->best, order->layer, o->g->n_elems * sizeof *o->best);
    o->best_total = order->total;
    restore_best(o);
}

/* Shares out loose ends in the best order. */
static void share_out(struct orderer *o) {
    o->total -= lay_share_out(o->g);
    o->best_total = o->total;
    memcpy(o->best, o->g->layer, o->g->n_elems * sizeof *o->best);
}

/* Moves blocks in an order and says what it is worth: short lines and few crossings. */
static enum layout_status improve(struct orderer *o, struct candidate *order, double *score) {
    double length;
    use(o, order);
    enum layout_status status = move_while_good(o, 6);
    restore_best(o);
    share_out(o);
    if (status == LAYOUT_OK)
        status = lay_estimate(o->c, o->g, &length);
    if (status != LAYOUT_OK)
        return status;
    order->total = o->best_total;
    memcpy(order->layer, o->best, o->g->n_elems * sizeof *o->best);
    *score = o->best_total * CROSSING_LENGTH + length;
    return LAYOUT_OK;
}

/* Tries several first orders. Of a large graph that with the fewest crossings is improved by moving blocks; of others
 * all are (IMPROVED at most), and that with the best score stays. */
static enum layout_status try_starts(struct orderer *o) {
    struct lay_graph *g = o->g;
    int n_starts = o->c->effort == 1 || g->n_links > 400000 ? 1 : g->n_links > 50000 ? 2 : N_STARTS;
    bool few = g->n_links < FEW_LINKS;
    uint32_t n_kept = 0, most_kept = few ? IMPROVED : 1;
    struct candidate kept[IMPROVED + 1]; /* by crossings */
    for (uint32_t i = 0; i <= most_kept; i++)
        if (!(kept[i].layer = LAY_NEW(o->c->tmp, uint32_t, g->n_elems)))
            return LAYOUT_NO_MEMORY;
    for (int start = 0; start < n_starts && (few || start == 0 || kept[0].total > 0); start++) {
        enum layout_status status = try_start(o, start, n_starts);
        if (status != LAYOUT_OK)
            return status;
        bool known = false;
        for (uint32_t i = 0; i < n_kept; i++)
            known = known || memcmp(kept[i].layer, o->best, g->n_elems * sizeof *o->best) == 0;
        if (known)
            continue;
        struct candidate spare = kept[n_kept]; /* the last one is lost when there are enough */
        spare.total = o->best_total;
        memcpy(spare.layer, o->best, g->n_elems * sizeof *o->best);
        uint32_t at = n_kept;
        for (; at > 0 && kept[at - 1].total > spare.total; at--)
            kept[at] = kept[at - 1];
        kept[at] = spare;
        n_kept += n_kept < most_kept;
    }
    if (!few || n_kept == 1) {
        use(o, &kept[0]);
        enum layout_status status = move_while_good(o, 6);
        restore_best(o);
        share_out(o);
        return status;
    }
    uint32_t winner = 0;
    double least = 0;
    for (uint32_t i = 0; i < n_kept; i++) {
        double score;
        enum layout_status status = improve(o, &kept[i], &score);
        if (status != LAYOUT_OK)
            return status;
        if (i == 0 || score < least) {
            least = score;
            winner = i;
        }
    }
    use(o, &kept[winner]);
    return LAYOUT_OK;
}

enum layout_status lay_order(struct lay_ctx *c, struct lay_graph *g) {
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(c->tmp);
    struct orderer o = {.c = c, .g = g};
    if (!make_layers(g))
        goto end;
    uint32_t widest = g->n_ranks / 8 + 1; /* keys also serve as n_ranks bytes */
    for (uint32_t r = 0; r < g->n_ranks; r++) {
        uint32_t width = g->layer_start[r + 1] - g->layer_start[r];
        widest = width > widest ? width : widest;
    }
    o.keys = LAY_NEW(c->tmp, uint64_t, widest);
    o.tmp = LAY_NEW(c->tmp, uint64_t, widest);
    o.old = LAY_NEW(c->tmp, uint32_t, widest);
    o.dirty = LAY_NEW(c->tmp, uint8_t, g->n_ranks);
    o.cross = LAY_ZERO(c->tmp, double, g->n_ranks);
    o.best = LAY_NEW(c->tmp, uint32_t, g->n_elems);
    if (o.keys && o.tmp && o.old && o.dirty && o.cross && o.best &&
        lay_blocks_init(&o.blocks, c->tmp, g) == LAYOUT_OK && lay_counter_init(&o.counter, c->tmp, g) == LAYOUT_OK)
        status = try_starts(&o);
    g->crossings = (uint64_t)o.total;
end:
    arena_reset(c->tmp, mark);
    return status;
}
