/* layout_wasm.c - the layout benchmark's body as a WebAssembly reactor; layout_wasm.mjs drives it. */
#include "layout_graphs.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(name)))
#else
#define EXPORT(name)
#endif

static struct mem mem;
static struct test_graph graph;

static uint64_t mix(uint64_t h, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return str_mix(h ^ STR_HASH_A, bits ^ STR_HASH_B);
}

static bool hash_route(void *user, const struct layout_route *r) {
    uint64_t *h = user;
    for (uint32_t i = 0; i < r->n_points; i++)
        *h = mix(mix(*h, r->points[i].x), r->points[i].y);
    return true;
}

/* Makes the graph `which`; returns its number of nodes, 0 on failure. */
EXPORT("prepare") uint32_t layout_wasm_prepare(uint32_t which, uint32_t size);
uint32_t layout_wasm_prepare(uint32_t which, uint32_t size) {
    static const char *const names[] = {"decoder", "random", "chain"};
    test_graph_free(&graph);
    test_graph_init(&graph, &mem);
    return which < 3 && test_graph_make(&graph, names[which], size) ? graph.n : 0;
}

/* One layout from scratch, routes included; a hash of all coordinates, 0 on failure. */
EXPORT("run") uint32_t layout_wasm_run(void);
uint32_t layout_wasm_run(void) {
    struct layout_input in = test_graph_input(&graph);
    struct layout *l;
    uint64_t h = 1;
    if (layout_new(&mem, &in, NULL, &l) != LAYOUT_OK)
        return 0;
    bool good = layout_update(l, NULL, LAYOUT_NONE, NULL) == LAYOUT_OK;
    const struct layout_box *boxes = layout_boxes(l);
    for (uint32_t v = 0; v < graph.n; v++)
        h = mix(mix(h, boxes[v].x), boxes[v].y);
    good = layout_visit_routes(l, hash_route, &h) && good;
    layout_free(l);
    return good ? (uint32_t)(h ^ h >> 32) | 1 : 0;
}

#ifndef __wasm__
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* The same natively: prints hash and best time, for comparing. */
int main(int argc, char **argv) {
    mem_init(&mem);
    if (argc < 3 || !layout_wasm_prepare((uint32_t)strtoul(argv[1], NULL, 10), (uint32_t)strtoul(argv[2], NULL, 10)))
        return 1;
    double best = 1e9;
    uint32_t hash = 0;
    for (int i = 0; i < (graph.n > 50000 ? 4 : 12); i++) {
        uint64_t start = clock_now_ns();
        hash = layout_wasm_run();
        double ms = (double)(clock_now_ns() - start) / 1e6;
        best = ms < best ? ms : best;
    }
    printf("%u %.3f\n", hash, best);
    return 0;
}
#endif
