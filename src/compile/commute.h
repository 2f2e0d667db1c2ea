/* commute.h - moving permutes and reshapes ("TMs") through other ops; internal to ttir-erase-inverse-ops.
 *
 *   up     op ──▶ TM, TM, ...   becomes   TM ──▶ op      when all users of op are the same TM
 *   down   TM ──▶ op            becomes   op ──▶ TM      when nothing else uses the TM
 *
 * Moving them together makes inverse ones meet, which folders then remove. Each pattern moves one kind of TM through one
 * kind of op in one direction.
 */
#ifndef TTX_COMPILE_COMMUTE_H
#define TTX_COMPILE_COMMUTE_H

#include "base/vec.h"
#include "compile/rewrite.h"
#include "compile/ttir.h"

/* pass_context.data of these patterns: what is known of where values come from. */
typedef struct commute {
    uint8_t *origin; /* by value: ORIGIN_* */
    uint32_t cap;
    VEC(ir_value) stack; /* values on the way to where one comes from */
} commute;

enum {
    ORIGIN_KNOWN = 1,    /* the other bits are set */
    ORIGIN_CONSTANT = 2, /* a parameter or constant argument */
    ORIGIN_INPUT = 4,    /* any other argument */
};

/* Whether v is computed from parameters and constants of the function, and from at least one (commute.c). */
bool traces_to_constants(pass_context *p, ir_value v);

/* The TM that all users of op are the same one of, when it is an OP_* of this kind; 0 otherwise. */
ir_op identical_users(pass_context *p, ir_op op, uint32_t tm);
/* Whether a and b are the same permute or the same reshape. b may be 0. */
bool same_tm(pass_context *p, ir_op a, ir_op b);
/* What a pattern builds comes from what it stands for: a moved TM from the TM (p->e->from is then set to it), the op from the
 * op.
 *
 * Gives all users of op, which are TMs, this value instead of their results, and erases them; the TM `moved` comes from all
 * of them. False when v is 0 (out of memory). */
bool replace_users(pass_context *p, ir_op op, ir_value v, ir_value moved);
/* Replaces op itself. False when v is 0. */
bool replace_moved(pass_context *p, ir_op op, ir_value v);
/* The operands of op that a TM of this kind can be moved down from, in order: the next one from index *i on, 0 at the
 * end. *i is then behind it. */
ir_op next_tm_operand(pass_context *p, ir_op op, uint32_t tm, uint32_t *i);
/* Whether all operands of op are the same TM as `tm` or come from constants. */
bool operands_agree(pass_context *p, ir_op op, ir_op tm);
/* The TM undone: of `v`, with the location of the TM. */
ir_value build_inverse(pass_context *p, ir_op tm, ir_value v);

/* commute_basic.c: elementwise ops, broadcast, softmax, rms_norm; commute_moves.c: concat, slice; commute_reduce.c */
rewrite_fn up_permute_elementwise, up_reshape_elementwise, down_permute_elementwise, down_reshape_elementwise;
rewrite_fn up_reshape_broadcast, up_permute_broadcast;
rewrite_fn up_reshape_softmax, down_reshape_softmax, up_reshape_rms_norm;
rewrite_fn up_permute_concat, down_permute_concat, up_reshape_concat;
rewrite_fn up_permute_slice, down_permute_slice, up_reshape_slice, down_reshape_slice;
rewrite_fn up_permute_reduce, down_permute_reduce, up_reshape_reduce, down_reshape_reduce;
rewrite_fn fuse_permute_reshape_permute;

#endif
