/* fuse.h - the patterns of ttir-fusing by family, as tt-mlir's TTIRFusing.cpp has them; internal to the room.
 *
 * Each takes the op that its name says last: fuse_relu looks at a ttir.maximum. The order in which they are tried is in
 * pass_ttir_fusing.c.
 */
#ifndef TTX_COMPILE_FUSE_H
#define TTX_COMPILE_FUSE_H

#include "compile/rewrite.h"

/* What the pass keeps for the patterns (pass_context.data): the names of composites' functions in the module that they were
 * last built in. */
typedef struct fuse_names {
    ir_op module;
    uint32_t n_funcs;     /* that have such a name */
    struct map_str taken; /* the names of all symbols that begin like one */
} fuse_names;

/* fuse_activation.c */
rewrite_fn fuse_relu, fuse_relu6, fuse_hardsigmoid, fuse_silu, fuse_mish, fuse_gelu;
/* fuse_reduce.c */
rewrite_fn fuse_reduction_reshape, fuse_softmax, fuse_stable_softmax, fuse_scaled_sum, fuse_spatial_mean, fuse_topk;
/* fuse_conv.c */
rewrite_fn fuse_conv_tag_weight, fuse_conv_bias, fuse_conv_multiply, fuse_conv_batch_norm, fuse_conv_sum,
    fuse_pad_conv3d;
/* fuse_matmul.c */
rewrite_fn fuse_matmul_bias, fuse_slice_of_matmul, fuse_shared_lhs, fuse_permute_matmul;
/* fuse_norm.c */
rewrite_fn fuse_rms_norm, fuse_normalize_rms_norm;
/* fuse_heads.c */
rewrite_fn fuse_concatenate_heads, fuse_repeat, fuse_attention;
/* fuse_rope.c */
rewrite_fn fuse_rope_rotate_half, fuse_rope_complex, fuse_rope_interleaved;

#endif
