/* decompose.h - what ttir-to-ttir-decomposition makes of ops that the device has no counterpart of; internal to the room.
 *
 * Each function replaces the op that it is given, or returns false and leaves it. pass_ttir_decomposition.c asks it only for
 * ops that must not stay.
 */
#ifndef TTX_COMPILE_DECOMPOSE_H
#define TTX_COMPILE_DECOMPOSE_H

#include "compile/rewrite.h"

/* decompose_shape.c */
rewrite_fn decompose_index, decompose_index_select, decompose_reverse, decompose_arange, decompose_pad;
/* decompose_reduce.c */
rewrite_fn decompose_dot_general, decompose_reduce_and, decompose_reduce_or, decompose_prod, decompose_argmax,
    decompose_pool_of_full;
/* decompose_norm.c */
rewrite_fn decompose_batch_norm_inference, decompose_batch_norm_training, decompose_to_rank4;
/* decompose_conv.c */
rewrite_fn decompose_conv, decompose_quantize, decompose_dequantize, decompose_requantize;

/* Whether the convolution has its dimensions where the device wants them: batch first, channels last. */
bool conv_is_channels_last(const ir_module *m, ir_op op);

#endif
