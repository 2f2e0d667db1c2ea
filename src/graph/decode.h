/* decode.h - attributes and types into keys and values; only src/graph includes it.
 *
 * Texts are made in a->arena. Everything appends to a->list; running out of memory sets a->failed.
 */
#ifndef GRAPH_DECODE_H
#define GRAPH_DECODE_H

#include "graph/attrs.h"

/* Appends one attribute. The texts must live as long as a->list. */
void decode_add(struct graph_attrs *a, str key, str value, uint32_t flags);
/* printf into the value. */
void decode_addf(struct graph_attrs *a, str key, uint32_t flags, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* An attribute or type as text, as MLIR prints it; long constants with their first elements only. */
str decode_text(struct graph_attrs *a, ir_node n, uint32_t *flags);

/* A named attribute of an op with the keys that tt_adapter gives it. */
void decode_named(struct graph_attrs *a, str name, ir_attr value);
/* What is inside a named attribute beyond that: the parameters of configurations, as "name/parameter". */
void decode_inside(struct graph_attrs *a, str name, ir_attr value);

/* Shape, data type and rank of a ranked tensor type, then its layout: tt_adapter's keys. */
void decode_tensor(struct graph_attrs *a, ir_type t);
/* What it leaves out of the layout: shard shape, bytes per core, core ranges, mesh, ... */
void decode_tensor_extra(struct graph_attrs *a, ir_type t);

/* "[1, 2]", "1x2", "1, 2" of numbers. */
str decode_list(struct graph_attrs *a, const int64_t *v, uint32_t n, const char *open, const char *between,
                const char *close);

#endif
