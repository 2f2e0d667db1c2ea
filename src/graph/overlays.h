/* overlays.h - values on nodes and extra edges, in Model Explorer's JSON forms.
 *
 * Node data:     {"results":{key:{"value","bgColor"?,"textColor"?}},"thresholds"?,"gradient"?,"name"?,...}, or
 *                {graphId: that}
 * Edge overlays: {"type":"edge_overlays","name","overlays":[{"name","edgeColor","edges":[{"sourceNodeId","targetNodeId",
 *                "label"?}]}]}
 *
 * Keys of results are node ids, adapter ids, location names or output tensor names; they are bound to a graph when
 * asked for, not when read.
 */
#ifndef GRAPH_OVERLAYS_H
#define GRAPH_OVERLAYS_H

#include "base/diag.h"
#include "base/json.h"
#include "base/vec.h"
#include "graph/graph.h"

typedef enum overlay_value_kind { OVERLAY_NUMBER, OVERLAY_STRING, OVERLAY_BOOL, OVERLAY_JSON } overlay_value_kind;

typedef struct overlay_value {
    str key;
    overlay_value_kind kind;
    double number;            /* of a number; 0 or 1 of a bool */
    str text;                 /* of a string; of other JSON as it was written */
    str bg_color, text_color; /* empty: none */
} overlay_value;

typedef struct overlay_stop {
    double value;             /* upper bound of a threshold, or place 0..1 in a gradient */
    str bg_color, text_color; /* empty: none */
} overlay_stop;

/* One node data run for one graph. */
typedef struct overlay {
    struct mem *mem;
    struct arena arena; /* of all texts */
    str name;           /* display name, may be empty */
    str graph_id;       /* may be empty: of any graph */
    VEC(overlay_value) values;
    VEC(overlay_stop) thresholds, gradient;
    str other; /* further members as JSON text ("\"hideInAggregatedStatsTable\":true,..."), or empty */
} overlay;

/* An empty one, and giving it back. */
void overlay_init(overlay *o, struct mem *mem);
void overlay_free(overlay *o);
/* Adds a number; the key is copied. False when out of memory. */
bool overlay_add_number(overlay *o, str key, double v);
bool overlay_add_string(overlay *o, str key, str v);
/* The gradient yellow to red of tt_adapter's perf_data; the same with red for the lowest, as correlations have it; the thresholds
 * red, green of its accuracy_data. */
bool overlay_perf_colours(overlay *o);
bool overlay_pcc_colours(overlay *o);
bool overlay_accuracy_colours(overlay *o);

/* A value as JSON: a number, string or boolean, or the JSON it is. */
void overlay_write_value(const overlay_value *v, struct json_writer *w);
/* A NodeDataGraph object. */
void overlay_write(const overlay *o, struct json_writer *w);
/* The member value "overlays" of Tenstorrent's fork: {runName:{graphId:NodeDataGraph}}. */
void overlays_write_runs(const overlay *const *o, size_t n, str graph_id, struct json_writer *w);

typedef struct overlay_list {
    struct mem *mem;
    overlay *v;
    size_t n, cap;
} overlay_list;

/* Reads both file shapes. The text need not outlive the result. Errors go to `d`. */
graph_status overlays_read(struct mem *mem, str text, struct diags *d, struct diag_source *source, overlay_list *out);
void overlay_list_free(overlay_list *l);

/* The nodes of a graph that each value belongs to, in the order of values: *out gets pairs (node, value index), freed
 * with mem_free(mem, *out, *n * sizeof **out). A value whose key nothing answers to has no pair. */
typedef struct overlay_binding {
    graph_node node;
    uint32_t value;
} overlay_binding;
graph_status overlay_bind(const overlay *o, const graph *g, struct mem *mem, overlay_binding **out, size_t *n);

/* The node that each of some ids means (0: none), by the same rules: for files that name nodes, such as edge overlays and
 * navigation mappings. Of several nodes that answer to a name the first is taken. The ids are distinct; `out` has room for n. */
graph_status graph_bind_ids(const graph *g, struct mem *mem, const str *ids, size_t n, graph_node *out);

/* The colour of a value by its own colour, the gradient or the thresholds: false when it has none (transparent). min and
 * max: of all numbers of the overlay (overlay_range). */
bool overlay_colour(const overlay *o, const overlay_value *v, double min, double max, uint32_t *rgba);
bool overlay_range(const overlay *o, double *min, double *max);

/* ---- edge overlays -------------------------------------------------------------------------------------- */

typedef struct edge_overlay_edge {
    str source, target, label; /* node ids */
} edge_overlay_edge;

typedef struct edge_overlay {
    str name, colour;
    double width, font_size; /* 0: default */
    bool selected_only;
    uint32_t hops;     /* 0: default */
    uint32_t first, n; /* of edge_overlays.edges */
} edge_overlay;

typedef struct edge_overlays {
    struct mem *mem;
    struct arena arena;
    str name, graph_name;
    VEC(edge_overlay) overlays;
    VEC(edge_overlay_edge) edges;
} edge_overlays;

/* Edge overlays as Model Explorer has them (model-explorer-protocol.md); what is wrong goes to `d` (NULL: nowhere), and *out is then
 * nothing that needs freeing. Writing gives the same JSON value. */
graph_status edge_overlays_read(struct mem *mem, str text, struct diags *d, struct diag_source *source,
                                edge_overlays *out);
void edge_overlays_write(const edge_overlays *o, struct json_writer *w);
void edge_overlays_free(edge_overlays *o);

#endif
