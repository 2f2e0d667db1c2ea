/* Identical layers; see alike.h.
 *
 *   1. A signature per layer, from sums over its range of nodes: labels, kinds, operand counts. Layers alone with theirs
 *      are done.
 *   2. For the others the nodes are refined: in each round a node's hash takes in those of its neighbours inside the
 *      layer. The sum of them is the layer's key.
 *   3. Layers with equal keys are matched: nodes with a hash of their own first, the rest from their neighbours; then
 *      everything is compared.
 */
#include "graph/alike.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"

enum { ROUNDS = 3, MANY_READERS = 256 };

static const uint64_t OUTSIDE = 0x9e3779b97f4a7c15, LAYER = 0xc2b2ae3d27d4eb4f;

typedef struct alike {
    const graph *g;
    struct mem *mem;
    const atomic_bool *cancel;
    bool types;
    graph_status status;
    uint64_t *own;        /* by node: what it is by itself */
    uint64_t *hash;       /* by node: of the round before */
    uint64_t *next;       /* by node: of this round */
    uint32_t *same;       /* the result */
    uint32_t *other;      /* by representative: the next one with its key, 0 none */
    struct map_u64 first; /* key -> first representative */
    /* of the match being tried, by node minus the first of its layer */
    uint32_t *to_right, *to_left;
    uint64_t *order_a, *order_b; /* pairs (hash, index) of both sides, sorted */
    VEC(uint32_t) queue;         /* matched nodes of the left whose neighbours were not looked at */
} alike;

static uint64_t mix(uint64_t h, uint64_t v) {
    return str_mix(h ^ STR_HASH_A, v ^ STR_HASH_B);
}

static bool stop(alike *s) {
    if (s->cancel && atomic_load_explicit(s->cancel, memory_order_relaxed))
        s->status = GRAPH_CANCELLED;
    return s->status != GRAPH_OK;
}

/* ---- hashes ---------------------------------------------------------------------------------------------- */

static uint64_t own_hash(const alike *s, graph_node n) {
    const graph *g = s->g;
    if (graph_is_layer(g, n))
        return LAYER;
    uint32_t n_in = g->nodes[n + 1].in - g->nodes[n].in;
    uint64_t h = mix(str_hash(graph_label(g, n)), (uint64_t)g->nodes[n].kind << 32 | n_in);
    for (uint32_t i = 0, k = s->types && g->module ? graph_n_results(g, n) : 0; i < k; i++) {
        ir_value v = graph_value(g, n, i);
        h = mix(h, v ? ir_value_type(g->module, v) : 0);
    }
    return h;
}

/* One round over the nodes of a layer. */
static void refine(alike *s, graph_node layer) {
    const graph *g = s->g;
    graph_node first = layer + 1, end = g->nodes[layer].end;
    for (graph_node n = first; n < end; n++) {
        uint32_t count;
        const graph_edge *in = graph_in(g, n, &count);
        graph_node parent = g->nodes[n].parent;
        uint64_t h = mix(s->hash[n], parent == layer ? OUTSIDE : s->hash[parent]), readers = 0;
        for (uint32_t i = 0; i < count; i++) {
            bool outside = in[i].source < first || in[i].source >= end;
            uint64_t port = (uint64_t)in[i].out << 32 | in[i].in;
            h = mix(h, outside ? OUTSIDE ^ in[i].in : mix(s->hash[in[i].source], port));
        }
        const uint32_t *out = graph_out(g, n, &count);
        for (uint32_t i = 0; i < count; i++) {
            const graph_edge *e = &g->edges[out[i]];
            if (e->target >= first && e->target < end)
                readers += mix(s->hash[e->target], (uint64_t)e->out << 32 | e->in); /* in any order */
        }
        s->next[n] = mix(h, readers);
    }
    memcpy(s->hash + first, s->next + first, (end - first) * sizeof *s->hash);
}

static uint64_t layer_key(alike *s, graph_node layer) {
    graph_node first = layer + 1, end = s->g->nodes[layer].end;
    memcpy(s->hash + first, s->own + first, (end - first) * sizeof *s->hash);
    for (int round = 0; round < ROUNDS; round++)
        refine(s, layer);
    uint64_t key = end - first;
    for (graph_node n = first; n < end; n++)
        key += mix(s->hash[n], LAYER);
    return key;
}

/* ---- matching -------------------------------------------------------------------------------------------- */

typedef struct side {
    graph_node first; /* node of index 0 */
    uint32_t n;
} side;

static side side_of(const graph *g, graph_node layer) {
    return (side){layer + 1, g->nodes[layer].end - layer - 1};
}

static bool holds(side x, graph_node n) {
    return n >= x.first && n - x.first < x.n;
}

/* Matches two nodes by index; they may be matched already, to each other. */
static bool match(alike *s, side a, side b, uint32_t i, uint32_t k) {
    if (s->to_right[i] == k && s->to_left[k] == i)
        return true;
    if (s->to_right[i] != GRAPH_NONE || s->to_left[k] != GRAPH_NONE || s->hash[a.first + i] != s->hash[b.first + k])
        return false;
    s->to_right[i] = k;
    s->to_left[k] = i;
    if (!vec_push(&s->queue, i))
        s->status = GRAPH_NO_MEMORY;
    return s->status == GRAPH_OK;
}

/* Matches the readers of a matched pair that read the same result at the same operand: in order, where there are several. */
static bool match_readers(alike *s, side a, side b, graph_node x, graph_node y) {
    const graph *g = s->g;
    uint32_t nx, ny;
    const uint32_t *ex = graph_out(g, x, &nx), *ey = graph_out(g, y, &ny);
    if (nx > MANY_READERS || ny > MANY_READERS)
        return true; /* they will be found by something else they read, without trying all pairs */
    for (uint32_t i = 0; i < nx; i++) {
        const graph_edge *e = &g->edges[ex[i]];
        if (!holds(a, e->target) || s->to_right[e->target - a.first] != GRAPH_NONE)
            continue;
        for (uint32_t k = 0; k < ny; k++) {
            const graph_edge *f = &g->edges[ey[k]];
            if (f->out == e->out && f->in == e->in && holds(b, f->target) &&
                s->to_left[f->target - b.first] == GRAPH_NONE && s->hash[f->target] == s->hash[e->target]) {
                if (!match(s, a, b, e->target - a.first, f->target - b.first))
                    return false;
                break;
            }
        }
    }
    return true;
}

/* Follows what each matched pair says of its neighbours until nothing is left to follow. */
static bool follow(alike *s, side a, side b) {
    const graph *g = s->g;
    while (s->queue.n) {
        uint32_t i = vec_pop(&s->queue);
        graph_node x = a.first + i, y = b.first + s->to_right[i];
        uint32_t nx, ny;
        const graph_edge *in_x = graph_in(g, x, &nx), *in_y = graph_in(g, y, &ny);
        if (nx != ny)
            return false;
        for (uint32_t k = 0; k < nx; k++) {
            bool inner = holds(a, in_x[k].source);
            if (inner != holds(b, in_y[k].source) ||
                (inner && !match(s, a, b, in_x[k].source - a.first, in_y[k].source - b.first)))
                return false;
        }
        graph_node px = g->nodes[x].parent, py = g->nodes[y].parent;
        if (holds(a, px) != holds(b, py) || (holds(a, px) && !match(s, a, b, px - a.first, py - b.first)))
            return false;
        if (!match_readers(s, a, b, x, y))
            return false;
    }
    return true;
}

/* Whether the finished match is one: every node with its label, parent and operands. */
static bool verify(const alike *s, side a, side b) {
    const graph *g = s->g;
    for (uint32_t i = 0; i < a.n; i++) {
        graph_node x = a.first + i, y = b.first + s->to_right[i];
        const graph_node_data *p = &g->nodes[x], *q = &g->nodes[y];
        uint32_t nx, ny;
        const graph_edge *in_x = graph_in(g, x, &nx), *in_y = graph_in(g, y, &ny);
        bool inner = holds(a, p->parent);
        if (p->kind != q->kind || nx != ny || s->own[x] != s->own[y] || inner != holds(b, q->parent) ||
            (inner && s->to_right[p->parent - a.first] != q->parent - b.first) ||
            (p->kind != GRAPH_LAYER && !str_eq(graph_label(g, x), graph_label(g, y))))
            return false;
        for (uint32_t k = 0; k < nx; k++) {
            inner = holds(a, in_x[k].source);
            if (in_x[k].in != in_y[k].in || inner != holds(b, in_y[k].source))
                return false;
            if (inner &&
                (in_x[k].out != in_y[k].out || s->to_right[in_x[k].source - a.first] != in_y[k].source - b.first))
                return false;
        }
    }
    return true;
}

static int by_hash(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return x[0] != y[0] ? (x[0] > y[0]) - (x[0] < y[0]) : (x[1] > y[1]) - (x[1] < y[1]);
}

static void sort_side(const alike *s, side x, uint64_t *order) {
    for (uint32_t i = 0; i < x.n; i++) {
        order[2 * i] = s->hash[x.first + i];
        order[2 * i + 1] = i;
    }
    qsort(order, x.n, 2 * sizeof *order, by_hash);
}

/* Whether two layers with the same key are identical. */
static bool identical(alike *s, graph_node left, graph_node right) {
    side a = side_of(s->g, left), b = side_of(s->g, right);
    if (a.n != b.n)
        return false;
    sort_side(s, a, s->order_a);
    sort_side(s, b, s->order_b);
    for (uint32_t i = 0; i < a.n; i++) {
        if (s->order_a[2 * i] != s->order_b[2 * i])
            return false;
        s->to_right[i] = s->to_left[i] = GRAPH_NONE;
    }
    /* Those with a hash of their own have no choice; then whatever is left, in order. Equal hashes stand at the same places
     * of both orders. */
    for (int guess = 0; guess < 2; guess++)
        for (uint32_t i = 0, k = 0; i < a.n; i++) {
            uint64_t h = s->order_a[2 * i];
            bool begins = i == 0 || s->order_a[2 * i - 2] != h;
            bool alone = begins && (i + 1 == a.n || s->order_a[2 * i + 2] != h);
            uint32_t x = (uint32_t)s->order_a[2 * i + 1];
            if (begins)
                k = i;
            if ((!guess && !alone) || s->to_right[x] != GRAPH_NONE)
                continue;
            while (k < b.n && s->to_left[s->order_b[2 * k + 1]] != GRAPH_NONE)
                k++;
            if (k == b.n || !match(s, a, b, x, (uint32_t)s->order_b[2 * k + 1]) || !follow(s, a, b)) {
                vec_clear(&s->queue);
                return false;
            }
        }
    return verify(s, a, b);
}

/* ---- all layers ------------------------------------------------------------------------------------------ */

/* Marks layers whose signature another layer has, too: same = 1. */
static void find_candidates(alike *s) {
    const graph *g = s->g;
    uint64_t *sums = s->next; /* by node: of all nodes before it; free until the first round */
    uint64_t sum = 0;
    for (graph_node n = 0; n < g->n_nodes; n++) {
        sums[n] = sum;
        sum += mix(s->own[n], OUTSIDE);
    }
    for (graph_node n = 1; n < g->n_nodes && !stop(s); n++) {
        graph_node end = g->nodes[n].end;
        if (!graph_is_layer(g, n) || end == n + 1)
            continue;
        uint64_t signature = mix((end < g->n_nodes ? sums[end] : sum) - sums[n + 1], end - n);
        bool added;
        uint32_t *first = map_u64_put(&s->first, signature, n, &added);
        if (!first)
            s->status = GRAPH_NO_MEMORY;
        else if (!added)
            s->same[n] = s->same[*first] = 1;
    }
    map_u64_clear(&s->first);
}

static void place_layer(alike *s, graph_node layer) {
    uint64_t key = layer_key(s, layer);
    uint32_t *first = map_u64_put(&s->first, key, layer, NULL);
    if (!first) {
        s->status = GRAPH_NO_MEMORY;
        return;
    }
    s->same[layer] = layer;
    for (graph_node known = *first; known && known != layer; known = s->other[known]) {
        layer_key(s, known); /* layers inside it have overwritten its hashes since */
        if (identical(s, known, layer)) {
            s->same[layer] = known;
            return;
        }
        if (!s->other[known])
            s->other[known] = layer;
    }
}

graph_status graph_find_alike(const graph *g, struct mem *mem, bool types, const atomic_bool *cancel, uint32_t **same) {
    alike s = {.g = g, .mem = mem, .cancel = cancel, .types = types};
    size_t n = g->n_nodes;
    s.own = mem_alloc(mem, n * sizeof *s.own);
    s.hash = mem_alloc(mem, n * sizeof *s.hash);
    s.next = mem_alloc(mem, n * sizeof *s.next);
    s.same = mem_alloc_zero(mem, n * sizeof *s.same);
    s.other = mem_alloc_zero(mem, n * sizeof *s.other);
    s.to_right = mem_alloc(mem, n * sizeof *s.to_right);
    s.to_left = mem_alloc(mem, n * sizeof *s.to_left);
    s.order_a = mem_alloc(mem, 2 * n * sizeof *s.order_a);
    s.order_b = mem_alloc(mem, 2 * n * sizeof *s.order_b);
    map_u64_init(&s.first, mem);
    vec_init(&s.queue, mem);
    if (!s.own || !s.hash || !s.next || !s.same || !s.other || !s.to_right || !s.to_left || !s.order_a || !s.order_b)
        s.status = GRAPH_NO_MEMORY;
    for (graph_node i = 0; i < g->n_nodes && s.status == GRAPH_OK; i++)
        s.own[i] = own_hash(&s, i);
    if (s.status == GRAPH_OK)
        find_candidates(&s);
    for (graph_node i = 1; i < g->n_nodes && s.status == GRAPH_OK; i++) {
        if (!graph_is_layer(g, i) || g->nodes[i].end == i + 1 || stop(&s))
            continue;
        if (s.same[i])
            place_layer(&s, i);
        else
            s.same[i] = i;
    }
    mem_free(mem, s.own, n * sizeof *s.own);
    mem_free(mem, s.hash, n * sizeof *s.hash);
    mem_free(mem, s.next, n * sizeof *s.next);
    mem_free(mem, s.other, n * sizeof *s.other);
    mem_free(mem, s.to_right, n * sizeof *s.to_right);
    mem_free(mem, s.to_left, n * sizeof *s.to_left);
    mem_free(mem, s.order_a, 2 * n * sizeof *s.order_a);
    mem_free(mem, s.order_b, 2 * n * sizeof *s.order_b);
    map_u64_free(&s.first);
    vec_free(&s.queue);
    if (s.status != GRAPH_OK) {
        mem_free(mem, s.same, n * sizeof *s.same);
        s.same = NULL;
    }
    *same = s.same;
    return s.status;
}
