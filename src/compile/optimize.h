/* optimize.h - what the optimizer's passes share; internal to the room. */
#ifndef TTX_COMPILE_OPTIMIZE_H
#define TTX_COMPILE_OPTIMIZE_H

#include "compile/pass.h"
#include "target/legal.h"

/* Whether an override says where the op's result or an operand lies. */
bool opt_is_pinned(pass_context *p, ir_op op);
/* A to_memory_config (to_tensor_spec when tiles become rows or the other way round) of v in front of op into this layout,
 * named after op as the reference names it. 0 when out of memory. The layout's core ranges are filled. */
ir_value opt_move(pass_context *p, const legal_env *e, ir_op op, ir_value v, ttnn_layout *to);
/* Sets the program config of a matmul or linear whose result is to lie like `out`, its activation fused into it; takes an
 * old one away when it has none. */
void opt_set_matmul_program(pass_context *p, const legal_env *e, ir_op op, const ttnn_layout *out);

/* Tells a convolution whose result is to lie like `out` how it is sharded, unless its configuration says so already. */
void opt_set_shard_layout(pass_context *p, ir_op op, const ttnn_layout *out);

#endif
