/* Dominator trees after Lengauer and Tarjan (the version with path compression only).
 *
 * Reachable blocks are numbered 1, 2, ... in depth-first order; everything below works on these numbers. semi[v] is the
 * number of v's semidominator; ancestor and label are the forest in which the smallest semi on a path is looked up.
 */
#include "ir/dominance.h"

#include "base/num.h"

struct work {
    const ir_module *m;
    uint32_t *number; /* by block, shared with ir_dominance.in while computing */
    uint32_t n;       /* reachable blocks */
    ir_block *block;  /* by number, as all below; entry 0 unused */
    uint32_t *parent, *semi, *idom, *ancestor, *label, *bucket, *next, *path;
    uint32_t *pred_start; /* n + 2 */
    uint32_t *pred;
    uint64_t n_edges;
};

enum { N_ARRAYS = 10 };

void ir_dominance_init(ir_dominance *d, struct mem *m) {
    *d = (ir_dominance){.mem = m};
}

void ir_dominance_free(ir_dominance *d) {
    mem_free(d->mem, d->in, d->n * sizeof *d->in);
    mem_free(d->mem, d->out, d->n * sizeof *d->out);
    d->in = d->out = NULL;
    d->n = 0;
}

/* Successors of a block: those of its last op. */
static const uint32_t *successors(const ir_module *m, ir_block b, uint32_t *n) {
    const ir_op_data *o = &m->ops[m->blocks[b].last];
    *n = m->blocks[b].last ? o->n_successors : 0;
    return m->pool + o->children + o->n_regions;
}

/* Numbers the blocks that can be reached from the entry, in depth-first order. path holds the current branch, next the
 * number of the next successor of each block on it. Successors in other regions do not count. */
static void number_blocks(struct work *w, ir_region region) {
    const ir_module *m = w->m;
    ir_block entry = m->regions[region].first;
    uint32_t depth = 0;
    w->n = 1;
    w->number[entry] = 1;
    w->block[1] = entry;
    w->parent[1] = 0;
    w->path[depth++] = 1;
    w->next[1] = 0;
    while (depth) {
        uint32_t v = w->path[depth - 1], count;
        const uint32_t *s = successors(m, w->block[v], &count);
        if (w->next[v] == count) {
            depth--;
            continue;
        }
        ir_block to = s[w->next[v]++];
        if (m->blocks[to].region != region)
            continue;
        w->n_edges++;
        if (w->number[to])
            continue;
        uint32_t k = ++w->n;
        w->number[to] = k;
        w->block[k] = to;
        w->parent[k] = v;
        w->next[k] = 0;
        w->path[depth++] = k;
    }
}

/* The edges by where they go: predecessors of v are pred[pred_start[v]] .. pred[pred_start[v + 1]]. */
static void sort_edges(struct work *w, ir_region region) {
    const ir_module *m = w->m;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t v = w->n; v >= 1; v--) {
            uint32_t count;
            const uint32_t *s = successors(m, w->block[v], &count);
            for (uint32_t i = 0; i < count; i++) {
                if (m->blocks[s[i]].region != region)
                    continue;
                uint32_t to = w->number[s[i]];
                if (pass == 0)
                    w->pred_start[to]++;
                else
                    w->pred[--w->pred_start[to]] = v;
            }
        }
        if (pass == 0) {
            for (uint32_t v = 1; v <= w->n + 1; v++)
                w->pred_start[v] += w->pred_start[v - 1];
        }
    }
}

/* The vertex with the smallest semi on the path from v's root (excluded) to v; compresses the path. */
static uint32_t eval(struct work *w, uint32_t v) {
    if (!w->ancestor[v])
        return v;
    uint32_t depth = 0, u = v;
    while (w->ancestor[w->ancestor[u]]) {
        w->path[depth++] = u;
        u = w->ancestor[u];
    }
    while (depth) {
        u = w->path[--depth];
        uint32_t a = w->ancestor[u];
        if (w->semi[w->label[a]] < w->semi[w->label[u]])
            w->label[u] = w->label[a];
        w->ancestor[u] = w->ancestor[a];
    }
    return w->label[v];
}

static void immediate_dominators(struct work *w) {
    for (uint32_t v = 1; v <= w->n; v++) {
        w->semi[v] = w->label[v] = v;
        w->ancestor[v] = w->bucket[v] = w->next[v] = 0;
    }
    for (uint32_t v = w->n; v > 1; v--) {
        for (uint32_t i = w->pred_start[v]; i < w->pred_start[v + 1]; i++) {
            uint32_t u = eval(w, w->pred[i]);
            if (w->semi[u] < w->semi[v])
                w->semi[v] = w->semi[u];
        }
        w->next[v] = w->bucket[w->semi[v]];
        w->bucket[w->semi[v]] = v;
        uint32_t p = w->parent[v];
        w->ancestor[v] = p;
        for (uint32_t u = w->bucket[p]; u; u = w->next[u]) {
            uint32_t low = eval(w, u);
            w->idom[u] = w->semi[low] < w->semi[u] ? low : p;
        }
        w->bucket[p] = 0;
    }
    w->idom[1] = 0;
    for (uint32_t v = 2; v <= w->n; v++)
        if (w->idom[v] != w->semi[v])
            w->idom[v] = w->idom[w->idom[v]];
}

/* Turns the tree into intervals: a dominator has a smaller number than what it dominates, so subtree sizes add up from
 * the back and starts are dealt out from the front. */
static void intervals(struct work *w, ir_dominance *d) {
    uint32_t *size = w->semi, *start = w->label;
    for (uint32_t v = 1; v <= w->n; v++)
        size[v] = 1;
    for (uint32_t v = w->n; v > 1; v--)
        size[w->idom[v]] += size[v];
    for (uint32_t v = 1; v <= w->n; v++) {
        uint32_t in = v == 1 ? 1 : start[w->idom[v]];
        if (v > 1)
            start[w->idom[v]] += size[v];
        start[v] = in + 1;
        d->in[w->block[v]] = in;
        d->out[w->block[v]] = in + size[v];
    }
}

bool ir_dominance_add(ir_dominance *d, const ir_module *m, ir_region r) {
    if (!m->regions[r].first)
        return true;
    if (!d->in) {
        d->n = m->n_blocks;
        d->in = mem_alloc_zero(d->mem, d->n * sizeof *d->in);
        d->out = mem_alloc_zero(d->mem, d->n * sizeof *d->out);
        if (!d->in || !d->out) {
            ir_dominance_free(d);
            return false;
        }
    }
    size_t blocks = 0;
    for (ir_block b = m->regions[r].first; b; b = m->blocks[b].next)
        blocks++;
    size_t row = blocks + 2, bytes;
    if (!num_mul_size(row, N_ARRAYS * sizeof(uint32_t), &bytes))
        return false;
    uint32_t *memory = mem_alloc_zero(d->mem, bytes);
    if (!memory)
        return false;
    struct work w = {.m = m, .number = d->in};
    uint32_t **arrays[N_ARRAYS] = {&w.block, &w.parent, &w.semi, &w.idom, &w.ancestor,
                                   &w.label, &w.bucket, &w.next, &w.path, &w.pred_start};
    for (int i = 0; i < N_ARRAYS; i++)
        *arrays[i] = memory + (size_t)i * row;
    number_blocks(&w, r);
    w.pred = mem_alloc(d->mem, w.n_edges * sizeof *w.pred);
    bool good = w.pred && w.n_edges <= UINT32_MAX;
    if (good) {
        sort_edges(&w, r);
        immediate_dominators(&w);
        intervals(&w, d);
    }
    mem_free(d->mem, w.pred, w.n_edges * sizeof *w.pred);
    mem_free(d->mem, memory, bytes);
    return good;
}
