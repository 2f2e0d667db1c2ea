/* ttnn_fuse.h - patterns of ttnn-fusing that have files of their own; internal to the pass. */
#ifndef TTX_COMPILE_TTNN_FUSE_H
#define TTX_COMPILE_TTNN_FUSE_H

#include "compile/ttnn_decompose.h"

/* ttnn_fuse_decode.c */
rewrite_fn ttnn_fuse_concat_heads_decode, ttnn_fuse_rotary_decode;

#endif
