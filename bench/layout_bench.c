/* layout_bench.c - how fast the layout is, and what it makes.
 *
 *   layout_bench                      times every graph of layout_graphs.c at 1,000, 10,000 and 100,000 nodes
 *   layout_bench time NAME SIZE       one of them, best of several runs
 *   layout_bench expand NAME SIZE     opening and closing layers
 *   layout_bench dump NAME SIZE [free] graph and result as JSON, for layout_peers.mjs
 *   layout_bench read FILE [free]      the same for a graph from a file: "nodes edges", a line "width height" for each
 *                                      node, a line "from to result operand" for each edge
 *   layout_bench svg NAME SIZE [LR] [EXPAND]   picture; EXPAND: all layers, or how many of the first ones
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "layout_graphs.h"

static void fail(const char *what) {
    fprintf(stderr, "layout_bench: %s\n", what);
    exit(1);
}

static const char *label_of(void *user, uint32_t node, size_t *n) {
    const struct test_graph *g = user;
    *n = strlen(g->label[node]);
    return g->label[node];
}

struct result {
    double ms;
    size_t peak;
    uint64_t points, routes;
    double length;
};

static bool measure_route(void *user, const struct layout_route *r) {
    struct result *out = user;
    out->routes++;
    out->points += r->n_points;
    return true;
}

/* One layout from scratch, routes included. */
static struct result run(const struct test_graph *g) {
    struct mem m = {0};
    struct layout_input in = test_graph_input(g);
    struct layout *l;
    struct result out = {0};
    uint64_t start = clock_now_ns();
    if (layout_new(&m, &in, NULL, &l) != LAYOUT_OK || layout_update(l, NULL, LAYOUT_NONE, NULL) != LAYOUT_OK ||
        !layout_visit_routes(l, measure_route, &out))
        fail("out of memory");
    out.ms = (double)(clock_now_ns() - start) / 1e6;
    out.peak = m.peak;
    layout_free(l);
    return out;
}

static void time_one(const char *name, uint32_t size) {
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    if (!test_graph_make(&g, name, size))
        fail("no such graph");
    struct result best = run(&g);
    double spent = best.ms;
    for (int i = 0; i < 20 && spent < 1500; i++) {
        struct result r = run(&g);
        spent += r.ms;
        if (r.ms < best.ms)
            best = r;
    }
    printf("%-16s %7u nodes %7u edges %9.2f ms %7.1f MB %8llu points\n", name, g.n, g.m, best.ms,
           (double)best.peak / 1e6, (unsigned long long)best.points);
    fflush(stdout);
    test_graph_free(&g);
}

static double timed_update(struct layout *l, uint32_t anchor, struct layout_change *change) {
    uint64_t start = clock_now_ns();
    if (layout_update(l, NULL, anchor, change) != LAYOUT_OK)
        fail("out of memory");
    return (double)(clock_now_ns() - start) / 1e6;
}

/* What opening layers costs in a model with many. */
static void expand(const char *name, uint32_t size) {
    struct mem m = {0};
    struct test_graph g;
    test_graph_init(&g, &m);
    if (!test_graph_make(&g, name, size))
        fail("no such graph");
    struct layout_input in = test_graph_input(&g);
    struct layout *l;
    struct layout_change change;
    if (layout_new(&m, &in, NULL, &l) != LAYOUT_OK)
        fail("out of memory");
    printf("%-16s %7u nodes: collapsed %.2f ms", name, g.n, timed_update(l, LAYOUT_NONE, &change));
    uint32_t layer = g.n / 2;
    while (layer < g.n && !((g.flags[layer] & LAYOUT_LAYER) && g.parent[layer] == LAYOUT_ROOT))
        layer++;
    layout_set_expanded(l, layer, true);
    printf(", open one layer %.2f ms", timed_update(l, layer, &change));
    printf(" (%u of %u boxes move)", change.n_moved, g.n);
    layout_set_expanded(l, layer, false);
    printf(", close it %.2f ms", timed_update(l, layer, &change));
    layout_set_expanded(l, layer, true);
    printf(", open it again %.2f ms", timed_update(l, layer, &change));
    layout_set_all_expanded(l, true);
    printf(", open all %.2f ms\n", timed_update(l, LAYOUT_NONE, &change));
    layout_free(l);
    test_graph_free(&g);
}

static bool dump_route(void *user, const struct layout_route *r) {
    struct buf *b = user;
    buf_lit(b, "[");
    for (uint32_t i = 0; i < r->n_points; i++)
        buf_printf(b, "%s%.3f,%.3f", i ? "," : "", r->points[i].x, r->points[i].y);
    buf_lit(b, "],\n");
    return !b->failed;
}

static bool dump_ends(void *user, const struct layout_route *r) {
    struct buf *b = user;
    buf_printf(b, "[%u,%u,%u],\n", r->from, r->to, r->flags);
    return !b->failed;
}

/* Adds the nodes and edges of a file, see the top. */
static bool read_graph(struct test_graph *g, const char *path) {
    FILE *f = fopen(path, "r");
    unsigned n = 0, m = 0;
    bool ok = f && fscanf(f, "%u %u", &n, &m) == 2;
    for (unsigned i = 0; i < n && ok; i++) {
        float w, h;
        ok = fscanf(f, "%f %f", &w, &h) == 2;
        uint32_t v = test_graph_node(g, "op", LAYOUT_ROOT);
        ok = ok && !g->failed;
        if (ok) {
            g->w[v] = w;
            g->h[v] = h;
        }
    }
    for (unsigned i = 0; i < m && ok; i++) {
        unsigned from, to, out, in;
        ok = fscanf(f, "%u %u %u %u", &from, &to, &out, &in) == 4 && from < n && to < n;
        if (ok)
            test_graph_edge_from(g, from, out, to);
        ok = ok && !g->failed;
        if (ok)
            g->in[i] = in;
    }
    if (f)
        fclose(f);
    return ok;
}

/* Graph and result as JSON; the graph is made, or read when there is no size. */
static void dump(const char *name, uint32_t size, bool free_operands) {
    struct mem m = {0};
    struct test_graph g;
    struct buf b;
    test_graph_init(&g, &m);
    buf_init(&b, &m);
    if (!(size ? test_graph_make(&g, name, size) : read_graph(&g, name)))
        fail("no such graph");
    for (uint32_t v = 0; v < g.n && free_operands; v++)
        g.flags[v] |= LAYOUT_FREE_OPERANDS;
    double best = run(&g).ms;
    for (int i = 0; i < 10; i++) {
        double ms = run(&g).ms;
        best = ms < best ? ms : best;
    }
    struct layout_input in = test_graph_input(&g);
    struct layout *l;
    if (layout_new(&m, &in, NULL, &l) != LAYOUT_OK || layout_update(l, NULL, LAYOUT_NONE, NULL) != LAYOUT_OK)
        fail("out of memory");
    struct layout_options o = layout_default_options();
    buf_printf(&b, "{\"ms\":%.3f,\"node_sep\":%g,\"edge_sep\":%g,\"rank_sep\":%g,\n\"nodes\":[\n", best, o.node_sep,
               o.edge_sep, o.rank_sep);
    for (uint32_t v = 0; v < g.n; v++)
        buf_printf(&b, "[%g,%g],\n", (double)g.w[v], (double)g.h[v]);
    buf_lit(&b, "0],\n\"edges\":[\n");
    for (uint32_t e = 0; e < g.m; e++)
        buf_printf(&b, "[%u,%u,%u,%u],\n", g.from[e], g.to[e], g.out[e], g.in[e]);
    buf_lit(&b, "0],\n\"boxes\":[\n");
    const struct layout_box *boxes = layout_boxes(l);
    for (uint32_t v = 0; v < g.n; v++)
        buf_printf(&b, "[%.3f,%.3f,%.3f,%.3f],\n", boxes[v].x, boxes[v].y, boxes[v].w, boxes[v].h);
    buf_lit(&b, "0],\n\"routes\":[\n");
    layout_visit_routes(l, dump_route, &b);
    buf_lit(&b, "0],\n\"ends\":[\n");
    layout_visit_routes(l, dump_ends, &b);
    buf_lit(&b, "0]}\n");
    if (b.failed)
        fail("out of memory");
    fwrite(b.p, 1, b.n, stdout);
    buf_free(&b);
    layout_free(l);
    test_graph_free(&g);
}

static void svg(const char *name, uint32_t size, bool left_right, uint32_t expand) {
    struct mem m = {0};
    struct test_graph g;
    struct buf b;
    test_graph_init(&g, &m);
    buf_init(&b, &m);
    if (!test_graph_make(&g, name, size))
        fail("no such graph");
    struct layout_input in = test_graph_input(&g);
    in.root_left_right = left_right;
    struct layout *l;
    if (layout_new(&m, &in, NULL, &l) != LAYOUT_OK)
        fail("out of memory");
    for (uint32_t v = 0; v < g.n && expand; v++)
        if (g.flags[v] & LAYOUT_LAYER) {
            layout_set_expanded(l, v, true);
            expand--;
        }
    if (layout_update(l, NULL, LAYOUT_NONE, NULL) != LAYOUT_OK || !layout_write_svg(l, g.n, label_of, &g, &b))
        fail("out of memory");
    fwrite(b.p, 1, b.n, stdout);
    buf_free(&b);
    layout_free(l);
    test_graph_free(&g);
}

int main(int argc, char **argv) {
    if (argc >= 3 && !strcmp(argv[1], "read")) {
        dump(argv[2], 0, argc > 3 && !strcmp(argv[3], "free"));
        return 0;
    }
    if (argc >= 4) {
        uint32_t size = (uint32_t)strtoul(argv[3], NULL, 10);
        if (!strcmp(argv[1], "time"))
            time_one(argv[2], size);
        else if (!strcmp(argv[1], "expand"))
            expand(argv[2], size);
        else if (!strcmp(argv[1], "dump"))
            dump(argv[2], size, argc > 4 && !strcmp(argv[4], "free"));
        else if (!strcmp(argv[1], "svg"))
            svg(argv[2], size, argc > 4 && !strcmp(argv[4], "LR"), argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 10) : 0);
        else
            fail("unknown command");
        return 0;
    }
    static const char *const names[] = {"decoder", "decoder-cache", "resnet", "chain",       "fan-out",
                                        "fan-in",  "bipartite",     "random", "random-long", "cycles"};
    static const uint32_t sizes[] = {1000, 10000, 100000};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
            time_one(names[i], sizes[k]);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        expand("decoder-layers", sizes[k]);
    return 0;
}
