/* matmul.h - program configs of matmuls with a sharded result. */
#ifndef TARGET_MATMUL_H
#define TARGET_MATMUL_H

#include "target/legal.h"

/* Numbers to use in place of the rule's; 0: the rule's. In tiles. */
typedef struct matmul_numbers {
    int64_t in0_block_w, out_subblock_h, out_subblock_w;
} matmul_numbers;

/* The program config attribute of a ttnn.matmul or ttnn.linear whose result is to be sharded like `out`, as tt-mlir makes
 * it (1D or 2D multicast). numbers may be NULL; activation: #ttnn.unary_with_param fused into it, or 0. 0 when there is
 * none (the result is interleaved, weights have a batch) or out of memory. */
ir_attr matmul_program_config(ir_context *c, const legal_env *e, ir_op op, const ttnn_layout *out,
                              const matmul_numbers *numbers, ir_attr activation);

#endif
