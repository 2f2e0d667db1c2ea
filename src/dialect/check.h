/* check.h - whether a module is valid: its structure and what the op tables and the rules per op say.
 *
 *   check_module ──▶ ir/verify.h (blocks, dominance), ir/symbols.h
 *                ──▶ check_op.c  (tables: counts, attributes, types, traits)
 *                ──▶ check_func.c, check_ttir*.c, check_ttnn*.c, ... (rules of single ops)
 *                ──▶ check_attr.c (dialect attributes: TTNN layouts, memory configs, ...)
 *
 * Messages are those of MLIR and tt-mlir where these have one.
 */
#ifndef TTX_DIALECT_CHECK_H
#define TTX_DIALECT_CHECK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"
#include "ir/ir.h"

typedef struct check_options {
    /* Writes a type or attribute as text, for messages (text_print_node); NULL: messages go without. False when memory
     * runs out. */
    bool (*print)(const ir_context *c, ir_node n, struct buf *out);
    bool structure_only; /* leave out what the op tables and rules say */
    /* Let pass every op that check_is_destination_form takes for one of older versions: also where today's version reads
     * the destination as an operand that may be left out. */
    bool older_forms;
} check_options;

/* Checks a module; errors and warnings go to d. True when it has no error. Ops that no table has, or that are kept as
 * text (IR_OP_OPAQUE), are only checked for structure. `o` may be NULL. Makes nodes in no context. */
bool check_module(const ir_module *m, const check_options *o, struct diags *d);

/* Whether a ttir op is written as it was before destination-passing style went away: behind its operands one more for each
 * result, of its type, made by ttir.empty (or tensor.empty). Today's tt-mlir refuses it. Where operands may be left out, an
 * uninitialized tensor of the result's type at their end is taken for the destination. */
bool check_is_destination_form(const ir_module *m, ir_op op);

/* Other forms of older versions. That of an op may be one of these and have a destination as well. */
typedef enum check_older_form {
    CHECK_OLDER_NONE,
    CHECK_OLDER_CONVOLUTION, /* ttir.convolution: of any kind, as StableHLO's; there is none today */
    CHECK_OLDER_POOLING,     /* ttir.pooling: of any window; there is none today */
    CHECK_OLDER_GATHER,      /* ttir.gather with StableHLO's attributes */
    CHECK_OLDER_SCATTER,     /* ttir.scatter with StableHLO's attributes */
    CHECK_OLDER_IDENTITY,    /* ttir.mesh_shard of shard_type identity, which says that a tensor is in parts already */
} check_older_form;
check_older_form check_older_form_of(const ir_module *m, ir_op op);

/* Checks one attribute or type by itself (not what is inside it): the rules its parameters must keep. Returns true when
 * it is valid (or nothing is known about it); else *message is what is wrong, in the arena (empty when that ran out of
 * memory). For readers, which know where it stands. */
bool check_attr(const ir_context *c, ir_node n, struct arena *arena, str *message);

#endif
