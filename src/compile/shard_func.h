/* shard_func.h - functions whose tensors are to be cut, as the passes that cut them see them; internal to the room. */
#ifndef TTX_COMPILE_SHARD_FUNC_H
#define TTX_COMPILE_SHARD_FUNC_H

#include "compile/shard.h"

/* Whether a function is written for the whole of its tensors and says how some of them are to be cut: attributes
 * sdy.sharding, or ops that change a sharding. Not one that has manual computations, which is cut already. */
bool shard_is_wanted(pass_context *p, ir_op func);
/* Manual computations of a function that have no manual axes: their insides are of whole tensors, and come out of them, with
 * constraints where their shardings were. False after an error. */
bool shard_unwrap(pass_context *p, ir_op func);
/* Bodies of a function's manual computations that are cut along axes which are not manual become functions, to be cut as others
 * are, and come back (shard_manual.c). Both: false after an error. */
bool shard_outline(pass_context *p, const shard_mesh *mesh, ir_op func);
bool shard_inline(pass_context *p, const shard_mesh *mesh, ir_op func);
/* The sharding that an op is there to give its result (sdy.sharding_constraint, sdy.reshard, sdy.all_gather, ...); 0: it is
 * there for something else. */
ir_attr shard_fixed(pass_context *p, ir_op op);
/* sdy.sharding of result i of a function; 0 when there is none. Setting an attribute of a result; 0 removes it. False when out
 * of memory. */
ir_attr shard_result_attr(pass_context *p, ir_op func, uint32_t i);
bool shard_set_result_attr(pass_context *p, ir_op func, uint32_t i, str key, ir_attr a);
/* The rule of what gives on a value as it is: one operand, one result. NULL when out of memory. */
shard_rule *shard_identity_rule(pass_context *p, ir_value v);

#endif
