/* ttir-fusing: groups of ops become one op. The patterns of equal benefit are tried in the order of the tables, which is
 * that of tt-mlir; the first phase sees the ops from last to first, the second from first to last. */
#include "compile/fuse.h"
#include "compile/passes.h"

static const rewrite_pattern first_phase[] = {
    {OP_ttir_conv2d, 2, fuse_conv_tag_weight},
    {OP_ttir_conv3d, 2, fuse_conv_tag_weight},
    {OP_ttir_add, 1, fuse_matmul_bias},
};

enum { ALWAYS, CONV_MULTIPLY, PERMUTE_MATMUL, PERMUTE_SLICE };

static const struct {
    rewrite_pattern pattern;
    int when;
} second_phase[] = {
    {{OP_ttir_add, 1, fuse_conv_bias}, ALWAYS},
    {{OP_ttir_conv3d, 1, fuse_pad_conv3d}, ALWAYS},
    {{OP_ttir_sum, 1, fuse_reduction_reshape}, ALWAYS},
    {{OP_ttir_mean, 1, fuse_reduction_reshape}, ALWAYS},
    {{OP_ttir_max, 1, fuse_reduction_reshape}, ALWAYS},
    {{OP_ttir_min, 1, fuse_reduction_reshape}, ALWAYS},
    {{OP_ttir_prod, 1, fuse_reduction_reshape}, ALWAYS},
    {{OP_ttir_reduce_and, 1, fuse_reduction_reshape}, ALWAYS},
    {{OP_ttir_reduce_or, 1, fuse_reduction_reshape}, ALWAYS},
    {{OP_ttir_argmax, 1, fuse_reduction_reshape}, ALWAYS},
    {{OP_ttir_div, 1, fuse_softmax}, ALWAYS},
    {{OP_ttir_softmax, 1, fuse_stable_softmax}, ALWAYS},
    {{OP_ttir_maximum, 1, fuse_relu}, ALWAYS},
    {{OP_ttir_multiply, 1, fuse_conv_multiply}, CONV_MULTIPLY},
    {{OP_ttir_batch_norm_inference, 1, fuse_conv_batch_norm}, CONV_MULTIPLY},
    {{OP_ttir_matmul, 1, fuse_permute_matmul}, PERMUTE_MATMUL},
    {{OP_ttir_linear, 1, fuse_permute_matmul}, PERMUTE_MATMUL},
    {{OP_ttir_add, 1, fuse_conv_sum}, ALWAYS},
    {{OP_ttir_reshape, 1, fuse_concatenate_heads}, ALWAYS},
    {{OP_ttir_multiply, 1, fuse_scaled_sum}, ALWAYS},
    {{OP_ttir_mean, 1, fuse_spatial_mean}, ALWAYS},
    {{OP_ttir_matmul, 1, fuse_shared_lhs}, ALWAYS},
    {{OP_ttir_linear, 1, fuse_shared_lhs}, ALWAYS},
    {{OP_ttir_slice_static, 1, fuse_slice_of_matmul}, PERMUTE_SLICE},
    {{OP_ttir_multiply, 1, fuse_rms_norm}, ALWAYS},
    {{OP_ttir_multiply, 1, fuse_normalize_rms_norm}, ALWAYS},
    {{OP_ttir_multiply, 1, fuse_gelu}, ALWAYS},
    {{OP_ttir_minimum, 1, fuse_relu6}, ALWAYS},
    {{OP_ttir_multiply, 1, fuse_silu}, ALWAYS},
    {{OP_ttir_div, 1, fuse_hardsigmoid}, ALWAYS},
    {{OP_ttir_multiply, 1, fuse_mish}, ALWAYS},
    {{OP_ttir_reshape, 1, fuse_repeat}, ALWAYS},
    {{OP_ttir_add, 1, fuse_rope_rotate_half}, ALWAYS},
    {{OP_ttir_concat, 1, fuse_rope_complex}, ALWAYS},
    {{OP_ttir_add, 1, fuse_rope_interleaved}, ALWAYS},
    {{OP_ttir_matmul, 1, fuse_attention}, ALWAYS},
    {{OP_ttir_sort, 1, fuse_topk}, ALWAYS},
};
enum { N_SECOND = sizeof second_phase / sizeof second_phase[0] };

bool pass_ttir_fusing(pass_context *p) {
    if (!rewrite_greedy(p, p->scope, first_phase, sizeof first_phase / sizeof first_phase[0], 0, 0))
        return false;
    const compile_options *o = p->o;
    bool conv_multiply =
        o->fuse_conv_multiply == COMPILE_ON || (o->fuse_conv_multiply == COMPILE_DEFAULT && o->level >= 1);
    bool when[] = {true, conv_multiply, o->permute_matmul_fusion, o->permute_slice_fusion};
    rewrite_pattern patterns[N_SECOND];
    uint32_t n = 0;
    for (uint32_t i = 0; i < N_SECOND; i++)
        if (when[second_phase[i].when])
            patterns[n++] = second_phase[i].pattern;
    fuse_names names = {0};
    map_str_init(&names.taken, p->m->mem);
    void *outer = p->data;
    p->data = &names;
    bool ok = rewrite_greedy(p, p->scope, patterns, n, REWRITE_TOP_DOWN, 0);
    p->data = outer;
    map_str_free(&names.taken);
    return ok;
}
