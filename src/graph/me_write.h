/* me_write.h - what the two writers of graph JSON share; only src/graph includes it.
 *
 * Most of a graph's text are the same attributes over and over: layouts, configurations, shapes. Each is decoded and
 * written once into `pieces` and copied from there, unless an edit function may answer differently from node to node.
 */
#ifndef GRAPH_ME_WRITE_H
#define GRAPH_ME_WRITE_H

#include "base/json.h"
#include "base/map.h"
#include "graph/decode.h"
#include "graph/me_json.h"

typedef struct me_piece {
    size_t at, n; /* in the text of pieces; it starts with a comma unless empty */
} me_piece;

typedef struct me_writer {
    const graph *g;
    const me_write_options *o;
    struct mem *mem;
    struct buf *out;
    struct graph_attrs a;
    struct buf text; /* scratch */
    struct buf pieces_text;
    VEC(me_piece) pieces;
    struct map_u64 named[4]; /* by what it is: see me_piece_kind */
    bool cached;             /* pieces may be kept */
} me_writer;

typedef enum me_piece_kind {
    ME_PIECE_TENSOR,       /* key: type */
    ME_PIECE_TENSOR_EXTRA, /* type */
    ME_PIECE_NAMED,        /* name node << 32 | attribute */
    ME_PIECE_INSIDE,       /* the same */
} me_piece_kind;

/* `g`, `o` and `out` must outlive it. Ends with me_writer_end, whatever the writing came to. */
void me_writer_start(me_writer *w, const graph *g, const me_write_options *o, struct mem *mem, struct buf *out);
void me_writer_end(me_writer *w);

/* Writes {"key":...,"value":...} items for the list of w->a, each behind a comma. */
void me_put_list(me_writer *w, graph_node n, struct buf *out);
/* The same for a type or for the named attributes of an op, from pieces where they are kept. */
void me_put_type(me_writer *w, me_piece_kind kind, graph_node n, ir_type t);
void me_put_op_attrs(me_writer *w, me_piece_kind kind, graph_node n, ir_op op);
/* One item with a plain key, behind a comma. */
void me_put_item(struct buf *out, str key, str value);
/* named_location and full_location. */
void me_put_location(me_writer *w, ir_loc l);
/* {"kind":"edit"...} of an editable attribute. */
void me_put_edit(struct buf *out, const graph_edit *e);
/* "x":"..." of an attribute list as an object: groupNodeAttributes. */
void me_put_object(me_writer *w, struct buf *out);
/* Members of the graph after its nodes: overlays, overrides, cppCode, tasksData. */
void me_put_tail(me_writer *w);
/* Whether to stop. */
bool me_cancelled(const me_writer *w);

/* Takes back the comma that a list of items starts with: written from `from` on, in a growing buffer. */
void me_put_array(me_writer *w, struct buf *items);

/* One graph: as the vendor's adapter names things, as we do, and as it was read from JSON. */
graph_status me_write_adapter(me_writer *w);
graph_status me_write_own(me_writer *w);
graph_status me_write_stored(me_writer *w);

#endif
