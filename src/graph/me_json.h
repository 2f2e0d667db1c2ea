/* me_json.h - Model Explorer's graph JSON, written and read.
 *
 *     {"graphs":[{"id","nodes":[{"id","label","namespace","attrs","incomingEdges","inputsMetadata","outputsMetadata",
 *                                "config"}],"groupNodeAttributes",...}]}
 *
 * Two styles of writing a module:
 *   ME_STYLE_ADAPTER  node by node what tt_adapter emits: ids, namespaces, which nodes are left out, edges with running
 *                     output numbers, attribute keys. For today's clients and their stored overrides.
 *   ME_STYLE_OWN      everything the graph has: its layers, stable ids, every op, result numbers, all attributes.
 * A graph that was read from JSON is written as it was, whatever the style.
 */
#ifndef GRAPH_ME_JSON_H
#define GRAPH_ME_JSON_H

#include "base/diag.h"
#include "graph/attrs.h"
#include "graph/graph.h"

typedef enum me_style { ME_STYLE_ADAPTER, ME_STYLE_OWN } me_style;

typedef struct me_write_options {
    me_style style;
    str id;              /* of the graph; empty: the graph's own */
    str overlays;        /* JSON value of the member "overlays", empty: none */
    str overrides;       /* JSON value of "overrides" */
    str tasks_data;      /* JSON value of "tasksData" */
    str cpp_code;        /* text of "cppCode" */
    bool has_cpp_code;   /* write cppCode though it is empty */
    graph_edit_fn *edit; /* NULL: nothing can be edited */
    void *edit_ctx;
    /* Attributes of a node from outside (memory meters): appends graph_attr items to a->list. NULL: none. */
    bool (*more_attrs)(void *ctx, struct graph_attrs *a, graph_node n);
    void *more_ctx;
    size_t max_elements; /* of constants; 0: 16 */
    const atomic_bool *cancel;
} me_write_options;

/* Writes one Graph object. `mem` is for scratch. */
graph_status me_json_write_graph(const graph *g, const me_write_options *o, struct mem *mem, struct buf *out);
/* {"graphs":[...]} */
graph_status me_json_write(graph *const *graphs, size_t n, const me_write_options *o, struct mem *mem, struct buf *out);
/* {"graphCollections":[{"label":label,"graphs":[...]}]}: for folders. */
graph_status me_json_write_collection(str label, graph *const *graphs, size_t n, const me_write_options *o,
                                      struct mem *mem, struct buf *out);

/* ---- reading -------------------------------------------------------------------------------------------- */

typedef struct me_graph {
    graph *g;
    str collection; /* label of its collection, may be empty; lives as long as the graph */
} me_graph;

typedef struct me_graphs {
    struct mem *mem;
    me_graph *v;
    size_t n, cap;
    struct arena arena;
} me_graphs;

/* Whether a text looks like graph JSON that me_json_read may take: for telling formats apart by content. */
bool me_json_is(str text);

/* Reads every container shape: {"graphs"}, {"graphCollections"}, {"label","graphs"}, [{"label","subgraphs"}],
 * [{"label","graphs"}], [Graph...], a single Graph. The text must outlive the graphs. Errors go to `d` with their place
 * in `source` (may be NULL).
 * Lenient where the app is: null for optional members, edges from unknown ids dropped, exact duplicates of edges
 * dropped; strict where it refuses: an empty or repeated id, a namespace that is no string. */
graph_status me_json_read(struct mem *mem, str text, struct diags *d, struct diag_source *source, me_graphs *out);
/* Frees the graphs as well. To keep one, set its g to NULL before. */
void me_graphs_free(me_graphs *r);

#endif
