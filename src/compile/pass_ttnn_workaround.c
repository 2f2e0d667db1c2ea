/* pass_ttnn_workaround.c - ttnn-workaround: first ops that kernels lack something for are rewritten, then operands and
 * results get the layouts and data types that kernels insist on. */
#include "compile/passes.h"
#include "compile/workaround.h"

enum { NO_LIMIT = 1000 }; /* rounds; each rewriting makes its op one that needs none */

static const rewrite_pattern rewritings[] = {
    {OP_ttnn_linear, 2, workaround_linear},
    {OP_ttnn_gather, 1, workaround_gather_signed},
    {OP_ttnn_gather, 1, workaround_gather_rank1},
    {OP_ttnn_sampling, 1, workaround_sampling_rank2},
    {OP_ttnn_all_reduce, 1, workaround_collective_rank},
    {OP_ttnn_all_gather, 1, workaround_all_gather_rank1},
    {OP_ttnn_reduce_scatter, 1, workaround_collective_rank},
    {OP_ttnn_embedding, 1, workaround_embedding_weight},
    {OP_ttnn_group_norm, 1, workaround_group_norm_pad},
    {OP_ttnn_group_norm, 1, workaround_group_norm_affine},
    {OP_ttnn_prod, 1, workaround_integer_prod},
    {OP_ttnn_upsample, 1, workaround_upsample},
    {OP_ttnn_rotary_embedding, 1, workaround_rotary},
    {OP_ttnn_fill_cache, 1, workaround_cache_pad},
    {OP_ttnn_paged_fill_cache, 1, workaround_cache_pad},
    {OP_ttnn_conv1d, 1, workaround_conv_operands},
    {OP_ttnn_conv2d, 1, workaround_conv_operands},
    {OP_ttnn_conv_transpose2d, 1, workaround_conv_operands},
    {OP_ttnn_conv2d, 1, workaround_conv_folding},
    {OP_ttnn_conv_transpose2d, 1, workaround_conv_folding},
    {OP_ttnn_pad, 1, workaround_pad_rank},
    {OP_ttnn_nlp_concat_heads_decode, 1, workaround_concat_heads_decode},
    {OP_ttnn_split_query_key_value_and_split_heads, 1, workaround_split_heads},
    {OP_ttnn_scaled_dot_product_attention_decode, 1, workaround_decode_sink},
    {OP_ttnn_scaled_dot_product_attention_decode, 1, workaround_decode_mask},
    {OP_ttnn_paged_scaled_dot_product_attention_decode, 1, workaround_paged_config},
    {OP_ttnn_scaled_dot_product_attention, 1, workaround_sdpa_pad},
    {OP_ttnn_point_to_point, 1, workaround_point_to_point},
    {OP_ttnn_rms_norm, 1, workaround_rms_norm},
    {OP_ttnn_distributed_rms_norm, 1, workaround_distributed_rms_norm},
    {OP_ttnn_reduce_scatter, 1, workaround_reduce_scatter},
    {OP_ttnn_topk_router_gpt, 1, workaround_topk_router},
    {OP_ttnn_slice_static, 1, workaround_slice},
    {OP_ttnn_moe_gpt, 1, workaround_moe_gpt},
    {OP_ttnn_paged_update_cache, 1, workaround_paged_update},
};

static const rewrite_pattern operands[] = {{REWRITE_ANY_OP, 1, workaround_operands, true}};

bool pass_ttnn_workaround(pass_context *p) {
    if (p->o->decomposition_workarounds &&
        !rewrite_greedy(p, p->scope, rewritings, sizeof rewritings / sizeof *rewritings, REWRITE_TOP_DOWN, NO_LIMIT))
        return false;
    /* a second round sees that nothing is left to do */
    return !p->o->layout_workarounds || rewrite_greedy(p, p->scope, operands, 1, REWRITE_TOP_DOWN, 2);
}
