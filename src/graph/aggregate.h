/* aggregate.h - node data for pages: by node with its colours, and added up by layer for tables and bars. */
#ifndef GRAPH_AGGREGATE_H
#define GRAPH_AGGREGATE_H

#include "base/json.h"
#include "graph/overlays.h"

enum { AGGREGATE_COLOURS = 12 };

/* Of all values inside a layer. */
typedef struct layer_sum {
    graph_node layer; /* 0: the whole graph */
    uint32_t count;   /* values, of any kind */
    uint32_t numbers; /* those that are numbers; min, max, sum are of these */
    double min, max, sum;
    uint32_t colours[AGGREGATE_COLOURS]; /* values per colour of overlay_sums.colours */
} layer_sum;

typedef struct overlay_sums {
    struct mem *mem;
    layer_sum *v; /* layers with a value inside, ascending */
    size_t n;
    /* The colours values have, as 0xRRGGBBAA. Of a gradient with more than so many, as many steps from its lowest value to
     * its highest. */
    uint32_t colours[AGGREGATE_COLOURS];
    size_t n_colours;
} overlay_sums;

/* Adds up the values that overlay_bind bound. A node with several values counts with each. Freed with overlay_sums_free
 * whatever comes back. */
graph_status overlay_sum_layers(const overlay *o, const graph *g, const overlay_binding *pairs, size_t n,
                                struct mem *mem, overlay_sums *out);
void overlay_sums_free(overlay_sums *s);

/* {"layers":[{"layer":n,"count":n,"min"?,"max"?,"sum"?,"avg"?,"bars":[{"colour":"#rrggbbaa","share":0..1}]}]}; shares are of
 * all values inside. */
void overlay_sums_write(const overlay_sums *s, struct json_writer *w);

/* The values by node, for colouring: {"name","min","max","numbers","unbound","gradient":[{"value","colour"}],"thresholds":[...],
 * "values":[{"node","value","colour"?:"#rrggbbaa"}]}. */
void overlay_values_write(const overlay *o, const overlay_binding *pairs, size_t n, struct json_writer *w);

#endif
