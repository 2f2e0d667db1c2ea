/* workaround.h - between the files of ttnn-workaround; internal to the pass. */
#ifndef TTX_COMPILE_WORKAROUND_H
#define TTX_COMPILE_WORKAROUND_H

#include "compile/rewrite.h"
#include "compile/ttnn_build.h"

/* Brings operands and results of one op into the layouts and data types that its kernel insists on. */
rewrite_fn workaround_operands;

/* Rewritings of ops whose kernels miss something, in the order in which tt-mlir tries them for one op. */
rewrite_fn workaround_gather_signed, workaround_gather_rank1, workaround_sampling_rank2, workaround_collective_rank,
    workaround_all_gather_rank1, workaround_embedding_weight, workaround_group_norm_pad, workaround_group_norm_affine,
    workaround_integer_prod, workaround_upsample, workaround_rotary, workaround_cache_pad, workaround_conv_operands,
    workaround_conv_folding, workaround_pad_rank, workaround_concat_heads_decode, workaround_split_heads,
    workaround_decode_sink, workaround_decode_mask, workaround_paged_config, workaround_sdpa_pad,
    workaround_point_to_point, workaround_rms_norm, workaround_distributed_rms_norm, workaround_reduce_scatter,
    workaround_topk_router, workaround_slice, workaround_moe_gpt, workaround_linear, workaround_paged_update;

#endif
