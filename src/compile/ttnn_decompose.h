/* ttnn_decompose.h - between the files of ttnn-decomposition; internal to the pass. */
#ifndef TTX_COMPILE_TTNN_DECOMPOSE_H
#define TTX_COMPILE_TTNN_DECOMPOSE_H

#include "compile/rewrite.h"
#include "compile/ttnn_build.h"

rewrite_fn ttnn_decompose_distributed_rms_norm, ttnn_decompose_distributed_layer_norm, ttnn_decompose_group_norm,
    ttnn_decompose_sdpa, ttnn_decompose_sdpa_decode;

/* Whether kernels are kept where they exist: with the optimizer, which tt-mlir lets ask its op model. Without it, ops whose
 * kernels take only some shapes are always decomposed. */
bool ttnn_decompose_keeps_kernels(const compile_options *o);

#endif
