/* graph.h - the hierarchical graph of one stage: what people look at.
 *
 *   ir_module ──graph_build──▶ struct graph ──▶ me_json_write, graph_bin_write, search, diff, layout
 *   Model Explorer JSON ──me_json_read──▶ struct graph (no module behind it)
 *
 * A graph is immutable once made; any number of threads may read it. It does not own the module: the caller keeps the
 * module (and its context) alive as long as the graph. A graph that was read from JSON owns its text.
 *
 * Nodes and layers share one numbering, in pre-order:
 *
 *   0 root layer
 *   1 ├ layer "main"              nodes[1].end = 6: everything in [1, 6) lies inside it
 *   2 │ ├ layer "Inputs"          nodes[2].end = 4
 *   3 │ │ └ argument %arg0        nodes[3].end = 4
 *   4 │ ├ op ttir.relu
 *   5 │ └ return
 *   6 └ layer "const_eval" ...
 *
 * so that the children of a layer are found by hopping from `end` to `end`, and a subtree is a range.
 *
 * Invariants
 *   G1  nodes[n].parent < n < nodes[n].end <= nodes[parent].end, for n > 0; nodes[0] is the root layer.
 *   G2  Edges are sorted by (target, in). The incoming edges of node n are [nodes[n].in, nodes[n + 1].in); the numbers of
 *       its outgoing ones out_edges[nodes[n].out .. nodes[n + 1].out), sorted. nodes[n_nodes] exists to end both.
 *   G3  Every operand of every op of the module is exactly one edge, unless the op is no node (the modules and
 *       functions themselves).
 *   G4  Ids are unique in the graph, and the id of a node does not depend on what other functions are in the file.
 *   G5  Edges begin and end at nodes that are no layers.
 *
 * An op with regions is two things: a layer (GRAPH_LAYER with layer kind GRAPH_LAYER_REGION) and, as its first child, a
 * node for the op itself (flag GRAPH_PINNED), which has the edges. Both have the same `ref`.
 *
 * Ids (graph_put_id): <function>/<op name>[@<location name>][#<ordinal>] for ops, <function>/arg<i> for arguments of
 * functions, <id of the op>/b<block>.arg<i> for arguments of its regions (blocks
 * counted over all of them), layer:<namespace> for layers. The ordinal
 * counts equal ids in the function, and is left out when 0.
 * Adapter ids (graph_put_adapter_id): loc("conv1")__0 for ops, input_3 for arguments, as the tt_adapter of tt-mlir makes
 * them in a fresh process. Nodes that the adapter leaves out have none.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "ir/ir.h"

typedef uint32_t graph_node; /* index into graph.nodes; 0 is the root layer, and "none" where a node is searched */

#define GRAPH_NONE UINT32_MAX

typedef enum graph_kind {
    GRAPH_LAYER,
    GRAPH_OP,
    GRAPH_ARGUMENT, /* of a function or region; ref is an ir_value */
    GRAPH_CONSTANT, /* an op that makes a value from nothing but its attributes */
    GRAPH_RETURN,   /* a terminator that hands values out: func.return, stablehlo.return, ... */
    GRAPH_N_KINDS
} graph_kind;

enum {
    GRAPH_PINNED = 1 << 0,       /* stands at the top of its layer: the op the layer belongs to */
    GRAPH_HOUSEKEEPING = 1 << 1, /* deallocate, empty, get_device: what today's adapter hides */
    GRAPH_CALL =
        1 << 2, /* calls a function of this module (ttcore.load_cached, func.call, ...); read from JSON: leads to
                                  * other graphs, see looks.h */
    GRAPH_ADAPTER = 1 << 3,   /* the adapter shows it too, so it has an adapter id */
    GRAPH_INPUT = 1 << 4,     /* argument with ttcore.argument_type input: what changes from run to run */
    GRAPH_PARAMETER = 1 << 5, /* argument with ttcore.argument_type parameter or constant: a weight */
};

/* Where a layer comes from. */
typedef enum graph_layer_kind {
    GRAPH_LAYER_ROOT,
    GRAPH_LAYER_MODULE,   /* a nested module; ref: its op */
    GRAPH_LAYER_FUNCTION, /* ref: its op */
    GRAPH_LAYER_GROUP,    /* "const_eval", "Inputs": made up; ref 0 */
    GRAPH_LAYER_REGION,   /* an op with regions; ref: the op */
    GRAPH_LAYER_LOCATION, /* part of a location's path; ref 0 */
    GRAPH_LAYER_STORED,   /* of a graph read from JSON; ref 0 */
    GRAPH_N_LAYER_KINDS
} graph_layer_kind;

typedef struct graph_node_data {
    uint32_t parent;
    uint32_t end;     /* behind the subtree */
    uint32_t label;   /* string of the graph: op name, argument name, last part of a layer's path */
    uint32_t ref;     /* ir_op, ir_value (arguments), 0; in a stored graph the row in its columns + 1 */
    uint32_t ordinal; /* among equal ids of the function; see graph_put_id */
    uint32_t in, out; /* first incoming edge; first place in out_edges */
    uint32_t order;   /* number in program order, from 0, over ops; GRAPH_NONE for others */
    uint32_t adapter; /* the number in its adapter id */
    uint8_t kind, flags;
    uint8_t layer_kind;
    uint8_t pad;
} graph_node_data;

typedef struct graph_edge {
    uint32_t source, target;
    uint32_t out; /* result number at the source (0 for arguments) */
    uint32_t in;  /* operand number at the target */
} graph_edge;

/* A call site and what it calls. Not an edge: no operand is passed here, the two just belong together. */
typedef struct graph_link {
    uint32_t caller; /* node with GRAPH_CALL */
    uint32_t layer;  /* of the function */
} graph_link;

/* How layers are made of locations. Functions, nested modules and regions are layers under every rule but FLAT. */
typedef enum graph_layers {
    GRAPH_LAYERS_AUTO,     /* by what the name looks like: '|' paths of PyTorch/XLA, '/' paths, else none */
    GRAPH_LAYERS_SLASH,    /* every name is cut at '/', the last part being the op itself */
    GRAPH_LAYERS_NESTED,   /* "a"("b"("c")): a, then b; c is the op itself */
    GRAPH_LAYERS_FUSED,    /* fused["a", "b", "c"]: a, then b; c is the op itself */
    GRAPH_LAYERS_FILE,     /* source file, then line; call sites from the outermost caller in */
    GRAPH_LAYERS_ADAPTER,  /* the whole name is one layer, as in tt_adapter */
    GRAPH_LAYERS_FUNCTION, /* locations make no layers */
    GRAPH_LAYERS_FLAT,     /* no layers at all */
    GRAPH_LAYERS_N
} graph_layers;

/* "auto", "slash", ...: for options and requests. graph_layers_by_name gives GRAPH_LAYERS_N for anything else. */
extern const char *const graph_layers_names[GRAPH_LAYERS_N];
graph_layers graph_layers_by_name(str name);

typedef struct graph_options {
    graph_layers layers;
    str id;                    /* name of the graph; empty: the last part of the module's source name */
    const atomic_bool *cancel; /* may be NULL; looked at every few thousand ops */
} graph_options;

struct graph_stored; /* columns of a graph read from JSON; stored.h */

/* Distances in a drawing that graph JSON may ask for: the members nodeSep, rankSep and edgeSep of layoutConfigs. */
typedef enum graph_spacing { GRAPH_NODE_SEP, GRAPH_RANK_SEP, GRAPH_EDGE_SEP, GRAPH_N_SPACINGS } graph_spacing;
enum { GRAPH_SPACING_UNIT = 16, GRAPH_SPACING_MOST = 2000 }; /* parts of a pixel they are kept in; pixels */

typedef struct graph {
    struct mem *mem;
    struct arena arena;      /* strings that are not slices of the module */
    const ir_module *module; /* NULL: read from JSON */
    graph_node_data *nodes;  /* n_nodes + 1 */
    graph_edge *edges;
    uint32_t *out_edges;   /* (n_edges) */
    str *strings;          /* labels; 0 is the empty one */
    graph_link *links;     /* sorted by caller */
    uint32_t *node_of_op;  /* by ir_op: its node (not its layer), 0 none; NULL without a module */
    uint32_t *layer_of_op; /* pairs (ir_op, layer) sorted by op */
    uint32_t *index;       /* id table: node, 0 free; open addressing, 1 << index_bits slots */
    uint32_t n_nodes, n_edges, n_strings, n_links, n_layers, n_layer_of_op;
    uint32_t n_ops;     /* nodes that are ops: GRAPH_OP, GRAPH_CONSTANT, GRAPH_RETURN */
    uint32_t max_depth; /* of layers */
    uint8_t index_bits;
    uint8_t layers;       /* graph_layers it was made with */
    uint32_t *block_args; /* by ir_block: node of its first argument, 0 none; NULL without a module */
    struct graph_stored *stored;
    uint32_t spacing[GRAPH_N_SPACINGS]; /* 1 + sixteenths of a pixel; 0: the usual ones */
    str id;                             /* name of the graph */
    size_t bytes;                       /* memory it takes, everything counted but the module */
} graph;

typedef enum graph_status {
    GRAPH_OK,
    GRAPH_NO_MEMORY,
    GRAPH_CANCELLED,
    GRAPH_TOO_BIG,   /* more than 2^31 nodes or edges */
    GRAPH_BAD_INPUT, /* of readers; a diagnostic tells what is wrong */
    GRAPH_N_STATUS
} graph_status;
/* "out of memory", ...: for messages. */
const char *graph_status_text(graph_status s);

/* Makes the graph of a module. `o` may be NULL. *out is freed with graph_free; it takes its memory from `mem`. */
graph_status graph_build(struct mem *mem, const ir_module *m, const graph_options *o, graph **out);
/* NULL is allowed. */
void graph_free(graph *g);

/* ---- nodes ---------------------------------------------------------------------------------------------- */

static inline const graph_node_data *graph_at(const graph *g, graph_node n) {
    return &g->nodes[n];
}
static inline bool graph_is_layer(const graph *g, graph_node n) {
    return g->nodes[n].kind == GRAPH_LAYER;
}
static inline str graph_label(const graph *g, graph_node n) {
    return g->strings[g->nodes[n].label];
}
/* First child of a layer, and the next one; 0 when there is none. */
static inline graph_node graph_first_child(const graph *g, graph_node layer) {
    return g->nodes[layer].end > layer + 1 ? layer + 1 : 0;
}
static inline graph_node graph_next_sibling(const graph *g, graph_node n) {
    return n && g->nodes[n].end < g->nodes[g->nodes[n].parent].end ? g->nodes[n].end : 0;
}
/* Layers around it, the root not counted: 0 for what stands at the top. */
uint32_t graph_depth(const graph *g, graph_node n);
/* Appends the path of the layers around a node, "main/block1" (of a layer: its own path included); nothing at the top. */
void graph_put_namespace(const graph *g, graph_node n, struct buf *out);
/* Appends the id of a node or layer. The root's is "layer:". */
void graph_put_id(const graph *g, graph_node n, struct buf *out);
/* Appends the id today's adapter gives; false (and nothing appended) when it has none. In a graph read from JSON: the
 * id in the file. */
bool graph_put_adapter_id(const graph *g, graph_node n, struct buf *out);
/* The node with this id; 0 when there is none. In a graph read from JSON: the id in the file, or layer:<namespace>. */
graph_node graph_find(const graph *g, str id);
/* The layer with this path; 0 when there is none (or it is the root's empty one). */
graph_node graph_find_layer(const graph *g, str path);
/* The node of an op; 0 for modules and functions. */
graph_node graph_node_of_op(const graph *g, ir_op op);
/* The layer of a module, a function or an op with regions; 0 when it has none. */
graph_node graph_layer_of_op(const graph *g, ir_op op);
/* The node a value comes from: of the op it is a result of, or of the argument; 0 when it has none. */
graph_node graph_node_of_value(const graph *g, ir_value v);
/* The op of a node or layer, 0 for arguments, made-up layers and graphs without a module. */
ir_op graph_op(const graph *g, graph_node n);
/* The value of a result (out of a node that is no layer); 0 when there is no module behind it. */
ir_value graph_value(const graph *g, graph_node n, uint32_t out);
/* How many results a node has; in a graph read from JSON, one more than the highest in use. */
uint32_t graph_n_results(const graph *g, graph_node n);
/* The first result from `i` on that there is something to say of; graph_n_results or more when there is none. In a graph read from
 * JSON that is one in use: numbers there may be any, and all below the highest more than anybody could go through. */
uint32_t graph_next_result(const graph *g, graph_node n, uint32_t i);

/* ---- edges ---------------------------------------------------------------------------------------------- */

/* The incoming edges of a node, in operand order. */
static inline const graph_edge *graph_in(const graph *g, graph_node n, uint32_t *count) {
    *count = g->nodes[n + 1].in - g->nodes[n].in;
    return g->edges + g->nodes[n].in;
}
/* The numbers of its outgoing edges. */
static inline const uint32_t *graph_out(const graph *g, graph_node n, uint32_t *count) {
    *count = g->nodes[n + 1].out - g->nodes[n].out;
    return g->out_edges + g->nodes[n].out;
}
/* The type that flows along an edge; 0 without a module. */
ir_type graph_edge_type(const graph *g, const graph_edge *e);
/* Appends what is between < and > of a tensor type without its encoding, "1x128xbf16"; other types as they are. */
void graph_put_short_type(const graph *g, ir_type t, struct buf *out);
/* The name of an operand from the op tables ("weight"), by its segment when groups vary; *number is its place in a
 * variadic group, GRAPH_NONE when the group holds one only. Empty when the tables do not know it. */
str graph_operand_name(const graph *g, graph_node n, uint32_t operand, uint32_t *number);
/* The same for results. */
str graph_result_name(const graph *g, graph_node n, uint32_t result, uint32_t *number);
/* The links of a call site; *count 0 when it calls nothing. */
const graph_link *graph_links_of(const graph *g, graph_node caller, uint32_t *count);

/* ---- locations ------------------------------------------------------------------------------------------ */

/* What tt_adapter calls named_location: the name, of a fused location the last name in it; empty when it has none. */
str graph_loc_name(const ir_context *c, ir_loc l);
/* What tt_adapter calls full_location as a node: the location, of a fused one the last file position in it. */
ir_loc graph_loc_full(const ir_context *c, ir_loc l);
/* Appends loc(...) as MLIR prints it without aliases. */
void graph_put_loc(const ir_context *c, ir_loc l, struct buf *out);

#endif
