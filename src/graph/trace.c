/* Ancestors, descendants, paths; see trace.h. */
#include "graph/trace.h"

#include <string.h>

enum {
    LISTED_NODES = 512 << 10, /* of all paths together */
    LISTING_STEPS = 8 << 20,
    LOOK_UP = 4096, /* nodes between two looks at the cancel flag */
};

typedef struct span {
    graph_node first, end;
} span;

static span span_of(const graph *g, graph_node n) {
    return (span){n, g->nodes[n].end};
}

static bool inside(span s, graph_node n) {
    return n >= s.first && n < s.end;
}

static bool asked_to_stop(const atomic_bool *cancel) {
    return cancel && atomic_load_explicit(cancel, memory_order_relaxed);
}

/* ---- steps ----------------------------------------------------------------------------------------------- */

/* Neighbour number i of a node in the direction. */
static graph_node neighbour(const graph *g, graph_node n, uint32_t i, bool up) {
    return up ? g->edges[g->nodes[n].in + i].source : g->edges[g->out_edges[g->nodes[n].out + i]].target;
}

static uint32_t degree(const graph *g, graph_node n, bool up) {
    return up ? g->nodes[n + 1].in - g->nodes[n].in : g->nodes[n + 1].out - g->nodes[n].out;
}

/* Breadth first from all nodes of `start`; what lies in `stop` is reached, but not passed. */
static graph_status spread(const graph *g, struct mem *mem, span start, span stop, bool up, uint32_t most,
                           const atomic_bool *cancel, uint32_t **out) {
    size_t size = g->n_nodes * sizeof(uint32_t);
    uint32_t *steps = mem_alloc(mem, size), *queue = mem_alloc(mem, size);
    graph_status status = steps && queue ? GRAPH_OK : GRAPH_NO_MEMORY;
    if (status == GRAPH_OK) {
        uint32_t head = 0, tail = 0;
        memset(steps, 0xff, size);
        for (graph_node n = start.first; n < start.end; n++)
            if (!graph_is_layer(g, n)) {
                steps[n] = 0;
                queue[tail++] = n;
            }
        while (head < tail && status == GRAPH_OK) {
            graph_node n = queue[head++];
            if (head % LOOK_UP == 0 && asked_to_stop(cancel))
                status = GRAPH_CANCELLED;
            if (inside(stop, n) || (most && steps[n] == most))
                continue;
            for (uint32_t i = 0, count = degree(g, n, up); i < count; i++) {
                graph_node next = neighbour(g, n, i, up);
                if (steps[next] == GRAPH_NONE) {
                    steps[next] = steps[n] + 1;
                    queue[tail++] = next;
                }
            }
        }
    }
    mem_free(mem, queue, size);
    if (status != GRAPH_OK) {
        mem_free(mem, steps, size);
        steps = NULL;
    }
    *out = steps;
    return status;
}

graph_status graph_trace(const graph *g, struct mem *mem, graph_node start, bool up, uint32_t most,
                         const atomic_bool *cancel, uint32_t **steps) {
    return spread(g, mem, span_of(g, start), (span){0, 0}, up, most, cancel, steps);
}

/* ---- paths ----------------------------------------------------------------------------------------------- */

typedef struct finder {
    const graph *g;
    struct mem *mem;
    const graph_paths_options *o;
    graph_paths *out;
    span from, to;
    uint32_t *down; /* steps from `from` */
    uint32_t *left; /* steps still to go to `to` */
} finder;

/* Whether a path may go from n to m. */
static bool goes(const finder *f, graph_node n, graph_node m) {
    if (f->left[m] == GRAPH_NONE || f->down[m] == GRAPH_NONE || inside(f->from, m) || inside(f->to, n))
        return false;
    return !f->o->shortest || f->left[m] + 1 == f->left[n];
}

static bool begins(const finder *f, graph_node n) {
    return !graph_is_layer(f->g, n) && f->left[n] != GRAPH_NONE && (!f->o->shortest || f->left[n] == f->out->steps);
}

/* Fills between; with `shortest` a node counts when it lies on a shortest path. */
static bool find_between(finder *f) {
    for (graph_node n = f->from.first; n < f->from.end; n++)
        if (!graph_is_layer(f->g, n) && f->left[n] < f->out->steps)
            f->out->steps = f->left[n];
    if (f->out->steps == GRAPH_NONE)
        return true;
    for (graph_node n = 1; n < f->g->n_nodes; n++) {
        if (f->down[n] == GRAPH_NONE || f->left[n] == GRAPH_NONE)
            continue;
        if (!f->o->shortest || f->down[n] + f->left[n] == f->out->steps)
            vec_push(&f->out->between, n);
    }
    return !f->out->between.failed;
}

typedef struct counter {
    uint64_t *ways;    /* by node: paths that end there so far */
    uint32_t *waiting; /* by node: predecessors that are not done */
    uint32_t *last;    /* by node: who looked at it last, to pass over a second edge between the same two */
    graph_node *ready;
    size_t n_ready;
} counter;

/* Adds up along a topological order of what is between (Kahn). UINT64_MAX when there is a cycle or it does not fit. */
static uint64_t add_up(const finder *f, counter *c) {
    const graph *g = f->g;
    uint64_t count = 0;
    size_t done = 0;
    bool too_many = false;
    while (c->n_ready) {
        graph_node n = c->ready[--c->n_ready];
        done++;
        if (inside(f->to, n))
            too_many |= __builtin_add_overflow(count, c->ways[n], &count);
        for (uint32_t k = 0, d = degree(g, n, false); k < d; k++) {
            graph_node m = neighbour(g, n, k, false);
            if (c->last[m] == n || !goes(f, n, m))
                continue;
            c->last[m] = n;
            too_many |= __builtin_add_overflow(c->ways[m], c->ways[n], &c->ways[m]);
            if (--c->waiting[m] == 0)
                c->ready[c->n_ready++] = m;
        }
    }
    return done < f->out->between.n || too_many ? UINT64_MAX : count;
}

static void prepare_count(const finder *f, counter *c) {
    const graph *g = f->g;
    for (size_t i = 0; i < f->out->between.n; i++) {
        graph_node n = f->out->between.v[i];
        for (uint32_t k = 0, d = degree(g, n, false); k < d; k++) {
            graph_node m = neighbour(g, n, k, false);
            if (c->last[m] != n && goes(f, n, m)) {
                c->last[m] = n;
                c->waiting[m]++;
            }
        }
    }
    memset(c->last, 0, g->n_nodes * sizeof *c->last);
    for (size_t i = 0; i < f->out->between.n; i++) {
        graph_node n = f->out->between.v[i];
        c->ways[n] = inside(f->from, n) && begins(f, n);
        if (c->waiting[n] == 0)
            c->ready[c->n_ready++] = n;
    }
}

static bool count_paths(finder *f) {
    size_t n = f->g->n_nodes;
    counter c = {.ways = mem_alloc_zero(f->mem, n * sizeof *c.ways),
                 .waiting = mem_alloc_zero(f->mem, n * sizeof *c.waiting),
                 .last = mem_alloc_zero(f->mem, n * sizeof *c.last),
                 .ready = mem_alloc(f->mem, n * sizeof *c.ready)};
    bool fine = c.ways && c.waiting && c.last && c.ready;
    if (fine) {
        prepare_count(f, &c);
        f->out->count = add_up(f, &c);
    }
    mem_free(f->mem, c.ways, n * sizeof *c.ways);
    mem_free(f->mem, c.waiting, n * sizeof *c.waiting);
    mem_free(f->mem, c.last, n * sizeof *c.last);
    mem_free(f->mem, c.ready, n * sizeof *c.ready);
    return fine;
}

/* A node on the path being made, and the last way on that was tried: steps left << 32 | node. */
typedef struct step {
    graph_node node;
    uint64_t tried;
} step;

/* The next way on from the last step: the one with the fewest steps left, then the lowest number, behind those tried. 0
 * when there is none. */
static graph_node next_way(const finder *f, step *at, const uint8_t *on_path) {
    uint64_t best = UINT64_MAX;
    for (uint32_t i = 0, d = degree(f->g, at->node, false); i < d; i++) {
        graph_node m = neighbour(f->g, at->node, i, false);
        if (on_path[m] || !goes(f, at->node, m))
            continue;
        uint64_t key = (uint64_t)f->left[m] << 32 | m;
        if (key > at->tried && key < best)
            best = key;
    }
    if (best == UINT64_MAX)
        return 0;
    at->tried = best;
    return (graph_node)best;
}

/* Walks from one start; false when listing ends here (limit, budget, cancelled, memory). */
static bool list_from(finder *f, graph_node start, uint8_t *on_path, uint64_t *budget, graph_status *status) {
    graph_paths *out = f->out;
    VEC(step) path;
    bool go_on = true;
    vec_init(&path, f->mem);
    if (vec_push(&path, ((step){start, 0})))
        on_path[start] = 1;
    while (path.n && go_on) {
        step *at = &vec_last(&path);
        if (--*budget == 0 || (*budget % LOOK_UP == 0 && asked_to_stop(f->o->cancel))) {
            *status = *budget ? GRAPH_CANCELLED : GRAPH_OK;
            go_on = false;
        } else if (inside(f->to, at->node)) {
            if (out->ends.n == f->o->limit || out->nodes.n + path.n > LISTED_NODES) {
                go_on = false;
                break;
            }
            for (size_t i = 0; i < path.n; i++)
                vec_push(&out->nodes, path.v[i].node);
            vec_push(&out->ends, out->nodes.n);
            on_path[at->node] = 0;
            path.n--;
        } else {
            graph_node next = next_way(f, at, on_path);
            if (!next) {
                on_path[at->node] = 0;
                path.n--;
            } else if (vec_push(&path, ((step){next, 0}))) {
                on_path[next] = 1;
            }
        }
        if (path.failed || out->nodes.failed || out->ends.failed) {
            *status = GRAPH_NO_MEMORY;
            go_on = false;
        }
    }
    vec_free(&path);
    return go_on;
}

static graph_status list_paths(finder *f) {
    graph_status status = GRAPH_OK;
    uint64_t budget = LISTING_STEPS;
    uint8_t *on_path = mem_alloc_zero(f->mem, f->g->n_nodes);
    if (!on_path)
        return GRAPH_NO_MEMORY;
    bool go_on = true;
    /* Shorter ones first: starts by how far they are. There are as many distances as nodes at most. */
    for (uint32_t far = f->out->steps; go_on && far != GRAPH_NONE;) {
        uint32_t farther = GRAPH_NONE;
        for (graph_node n = f->from.first; n < f->from.end && go_on; n++) {
            if (!begins(f, n))
                continue;
            if (f->left[n] == far)
                go_on = list_from(f, n, on_path, &budget, &status);
            else if (f->left[n] > far && f->left[n] < farther)
                farther = f->left[n];
        }
        far = farther;
    }
    f->out->complete = go_on;
    mem_free(f->mem, on_path, f->g->n_nodes);
    return status;
}

graph_status graph_paths_find(const graph *g, struct mem *mem, graph_node from, graph_node to,
                              const graph_paths_options *o, graph_paths *out) {
    finder f = {.g = g, .mem = mem, .o = o, .out = out, .from = span_of(g, from), .to = span_of(g, to)};
    size_t size = g->n_nodes * sizeof(uint32_t);
    *out = (graph_paths){.mem = mem, .steps = GRAPH_NONE, .complete = true};
    vec_init(&out->nodes, mem);
    vec_init(&out->ends, mem);
    vec_init(&out->between, mem);
    if (inside(f.from, to) || inside(f.to, from))
        return GRAPH_BAD_INPUT;
    graph_status status = spread(g, mem, f.from, f.to, false, 0, o->cancel, &f.down);
    if (status != GRAPH_OK)
        return status;
    status = spread(g, mem, f.to, f.from, true, 0, o->cancel, &f.left);
    if (status == GRAPH_OK && !find_between(&f))
        status = GRAPH_NO_MEMORY;
    if (status == GRAPH_OK && out->between.n && !count_paths(&f))
        status = GRAPH_NO_MEMORY;
    if (status == GRAPH_OK && out->between.n)
        status = list_paths(&f);
    mem_free(mem, f.down, size);
    mem_free(mem, f.left, size);
    return status;
}

void graph_paths_free(graph_paths *p) {
    vec_free(&p->nodes);
    vec_free(&p->ends);
    vec_free(&p->between);
}
