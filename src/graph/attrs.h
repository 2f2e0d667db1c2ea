/* attrs.h - what a node says about itself: attributes, inputs, outputs, decoded on demand.
 *
 *     struct graph_attrs a;
 *     graph_attrs_init(&a, g, mem);          scratch memory, one per thread; reuse it for many nodes
 *     graph_attrs_node(&a, n);               fills a.list; valid until the next call
 *     for (size_t i = 0; i < a.list.n; i++) use(&a.list.v[i]);
 *     graph_attrs_free(&a);
 *
 * The order is: attributes of the op sorted by name, each decoded into its keys where a decoder knows it; then
 * named_location and full_location; then those of the first result (shape, dtype, rank, layout); then schedule: the
 * keys and values that tt_adapter writes. What the adapter leaves out follows after these, flagged GRAPH_ATTR_EXTRA.
 */
#ifndef GRAPH_ATTRS_H
#define GRAPH_ATTRS_H

#include "base/vec.h"
#include "graph/graph.h"

enum {
    GRAPH_ATTR_EXTRA = 1 << 0,    /* tt_adapter does not write it */
    GRAPH_ATTR_RAW = 1 << 1,      /* value is JSON text, not a string (node ids and the like, of graphs from JSON) */
    GRAPH_ATTR_MEMORY = 1 << 2,   /* display_type "memory": a fraction 0..1 */
    GRAPH_ATTR_NODE_IDS = 1 << 3, /* value is a list of node numbers (native uint32_t): "ids of nodes" */
    GRAPH_ATTR_CUT = 1 << 4,      /* the value was longer than the limit */
    GRAPH_ATTR_OVERRIDE = 1 << 5, /* one of the keys that overrides may set: an edit function is asked about it */
};

/* How an attribute may be edited (Tenstorrent's fork): see graph_edit_fn. */
typedef enum graph_edit_kind {
    GRAPH_EDIT_NONE,
    GRAPH_EDIT_VALUE_LIST,
    GRAPH_EDIT_INT_LIST,
    GRAPH_EDIT_GRID
} graph_edit_kind;

typedef struct graph_edit {
    graph_edit_kind kind;
    const str *options; /* of a value list */
    uint32_t n_options;
    int64_t min, max, step; /* of the others; max below min: none. step 0: none */
    str own[24];            /* room for options */
} graph_edit;

typedef struct graph_attr {
    str key, value; /* UTF-8 as it is in the module; not escaped */
    uint32_t flags;
    str extra; /* of graphs from JSON: further members of the item as JSON ("\"editable\":{...}"), or empty */
} graph_attr;

/* Which values the attribute `key` of node `n` may take: fills *out and returns true, or false when it cannot be edited.
 * What *out points to must stay valid until the next call. */
typedef bool graph_edit_fn(void *ctx, const graph *g, graph_node n, str key, str value, graph_edit *out);
/* Offers what tt_adapter offers, whether it is legal or not: every case of each enum, grids 1 to 100. ctx: NULL. */
graph_edit_fn graph_edit_adapter;

struct graph_attrs {
    const graph *g;
    struct mem *mem;
    struct arena arena;
    struct arena_mark empty; /* where the arena starts over */
    struct buf scratch;
    VEC(graph_attr) list;
    size_t max_value; /* longest value in bytes, longer ones are cut; 0: no limit. Constants print at most
                       * max_elements elements */
    size_t max_elements;
    uint32_t schedule; /* the value of "schedule"; GRAPH_NONE: the node's number in program order */
    bool failed;       /* memory ran out, now or at any time before: lists are not complete */
};

/* `g` and `mem` must outlive it; allocates nothing yet. Free it with graph_attrs_free. */
void graph_attrs_init(struct graph_attrs *a, const graph *g, struct mem *mem);
void graph_attrs_free(struct graph_attrs *a);

/* Empties the list, for callers that fill it themselves. */
void graph_attrs_reset(struct graph_attrs *a);

/* The attributes of a node or layer. Of a layer: of its module, function or op with regions. False when out of memory. */
bool graph_attrs_node(struct graph_attrs *a, graph_node n);
/* Of an output: tensor_shape, shape, dtype, rank, the layout's keys, __tensor_tag (the label of `reader` when it is not
 * GRAPH_NONE). */
bool graph_attrs_output(struct graph_attrs *a, graph_node n, uint32_t result, graph_node reader);
/* Of an input (incoming edge number `i` of the node): name, shape, ... as of the output it comes from. */
bool graph_attrs_input(struct graph_attrs *a, graph_node n, uint32_t i);
/* Of a type alone: for tables and tooltips. */
bool graph_attrs_type(struct graph_attrs *a, ir_type t);

/* The value of a key in the list; .p NULL when it is not there. */
str graph_attrs_get(const struct graph_attrs *a, str key);

/* The members of a conv2d config that today's adapter shows and lets override (model-explorer-protocol, 1.5), in its
 * order. */
enum { GRAPH_CONV2D_KEYS = 14 };
extern const str graph_conv2d_keys[GRAPH_CONV2D_KEYS];

struct json_writer;
/* Everything about a node as one JSON object, for the details panel:
 *   {"node","id","adapterId"?,"label","kind","namespace","parent","order"?,"calls"?:[layer...],"op"?,"help"?,
 *    "src"?:[begin,end],"attrs":[{"key","value","extra"?,"cut"?,"editable"?}],
 *    "inputs":[{"index","node","out","name"?,"attrs"}],"outputs":[{"index","name"?,"readers":[{"node","in"}],"attrs"}]}
 * Numbers of nodes are those of the graph. Layers have "children" and "descendants" instead of inputs and outputs.
 * `edit` may be NULL; otherwise attributes that can be edited have the member "editable". */
bool graph_node_json(struct graph_attrs *a, graph_node n, graph_edit_fn *edit, void *edit_ctx, struct json_writer *w);

#endif
