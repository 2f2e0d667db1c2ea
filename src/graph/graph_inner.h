/* graph_inner.h - what the files of src/graph share; nobody else includes it.
 *
 *   build.c      module to graph: nodes, edges      layers.c   locations to paths of layers
 *   ids.c        ids and the table of them          adapter.c  the order in which tt_adapter sees a module
 *   query.c      names of operands, types, links    loc.c      texts of locations
 */
#ifndef GRAPH_GRAPH_INNER_H
#define GRAPH_GRAPH_INNER_H

#include "base/map.h"
#include "base/vec.h"
#include "dialect/argument.h"
#include "dialect/dialect.h"
#include "graph/graph.h"

/* ---- layers.c ------------------------------------------------------------------------------------------- */

enum { LAYER_PARTS = 64 };

/* The path of layers that a location asks for under a rule: at most LAYER_PARTS parts, what is deeper is left out.
 * Parts are slices of the context or made in `a`. Returns how many; GRAPH_NONE when out of memory. */
uint32_t layer_path(const ir_module *m, ir_loc l, graph_layers rule, struct arena *a, str parts[LAYER_PARTS]);

/* ---- loc.c ---------------------------------------------------------------------------------------------- */

/* Appends an attribute, type or location as MLIR prints it. Any failure is the buffer's. */
void graph_put_node(const ir_context *c, ir_node n, struct buf *out);

/* ---- adapter.c ------------------------------------------------------------------------------------------ */

/* How tt_adapter treats an op: by op handle. */
enum {
    ADAPTER_MODULE = 1 << 0, /* it looks for functions inside */
    ADAPTER_BODY = 1 << 1,   /* ops inside are nodes */
    ADAPTER_SEEN = 1 << 2,   /* it is one of those: has taken a number */
    ADAPTER_HIDDEN = 1 << 3, /* seen, but left out of the graph: deallocate, empty, ... */
};

typedef struct adapter_arg {
    ir_value value;
    ir_block where; /* the block at whose end the adapter makes the node */
} adapter_arg;

typedef struct adapter_view {
    struct mem *mem;
    uint8_t *flags;    /* by op */
    uint32_t *numbers; /* by op: n of <location>__<n> */
    size_t n_ops;
    VEC(adapter_arg) args; /* number i is input_<i> */
} adapter_view;

/* Whether tt_adapter leaves the op out though it sees it. */
bool adapter_hides(str op_name);
/* Whether it descends into the op looking for functions. */
bool adapter_is_module(str op_name);

/* Numbers ops and arguments as a fresh adapter does. False when out of memory. */
bool adapter_view_make(adapter_view *v, const ir_module *m, struct mem *mem);
void adapter_view_free(adapter_view *v);

/* Goes through what tt_adapter sees in its order: each op, and the end of each block with ops. */
typedef enum adapter_event { ADAPTER_OP, ADAPTER_BLOCK_END, ADAPTER_END, ADAPTER_FAILED } adapter_event;

typedef struct adapter_walk {
    const ir_module *m;
    const adapter_view *v;
    VEC(ir_block) open; /* the blocks around, the innermost last */
    ir_op next;
    ir_op op;       /* of ADAPTER_OP */
    ir_block block; /* of ADAPTER_BLOCK_END */
} adapter_walk;

/* The view's flags must be set; adapter_view_make does it. */
void adapter_walk_start(adapter_walk *w, const ir_module *m, const adapter_view *v);
adapter_event adapter_next(adapter_walk *w);
void adapter_walk_free(adapter_walk *w);

/* ---- ids.c ---------------------------------------------------------------------------------------------- */

/* Sets the ordinals and fills the id table. */
bool graph_index_build(graph *g);
/* Makes the table of a graph whose ids are given. `repeated` (may be NULL) gets a node whose id another node has, and
 * GRAPH_BAD_INPUT comes back. */
graph_status graph_index_stored(graph *g, graph_node *repeated);

/* The function-like op around an op, 0 when there is none; the op itself when it is one. */
ir_op graph_function_of(const ir_module *m, ir_op op);
/* An id without its ordinal; of graphs with a module. */
void graph_put_id_basis(const graph *g, graph_node n, struct buf *out);
/* The symbol name of an op, empty when it has none. */
str graph_symbol(const ir_module *m, ir_op op);
/* The name of a nested module; none for what ttcore.device_module wraps, so that wrapping a module changes no ids. */
str graph_module_name(const ir_module *m, ir_op op);

/* ---- shared --------------------------------------------------------------------------------------------- */

/* Counts the columns that a reader or the builder has allocated. */
void graph_count_bytes(graph *g);
/* Sets max_depth. */
void graph_measure_depth(graph *g);
/* Sorts the outgoing edges of all nodes into place: fills nodes[].out and out_edges from edges. */
void graph_sort_out(graph *g);
/* Whether an op is a container that is no node: a module or a function. */
bool graph_is_module_op(str name);
static inline bool graph_is_function_op(const op_def *d) {
    return d && (d->flags & OP_FUNCTION);
}

#endif
