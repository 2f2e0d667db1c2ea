/* legal_conv.c - the blocks of a sharded convolution: how much of the image a core gathers, and of what size its blocks are.
 *
 * Each core makes the rows of its shard of the result, a row being a pixel of the output. For that it holds
 *
 *   image    the input rows its windows see, with the halo of its neighbours and the padding, as rows of bf16
 *   act      a block of gathered windows: all its output rows high; one row of the kernel wide when the image is sharded by
 *            height, the whole kernel when its channels are sharded too
 *   weights  as many rows as act has columns, all its output channels wide
 *
 * Source: the convolutions measured in perf artifacts (OptimizedConvNew, Conv2dDeviceOperation: the rows of INPUT_0 are those
 * of all images with halos, act_block_h_ntiles and act_block_w_ntiles the size of a block); tests/target/test_legal.c has them.
 */
#include "dialect/params.h"
#include "ids.h"
#include "target/legal_rules.h"

static int64_t div_up(int64_t a, int64_t b) {
    return b > 0 ? (a + b - 1) / b : 0;
}

static int64_t number(const ir_module *m, ir_op op, str key, int64_t otherwise) {
    ir_attr a = ir_op_attr(m, op, key);
    int64_t v;
    return a && ir_int_value(m->ctx, a, &v) ? v : otherwise;
}

/* Up to n numbers of an array<i32: ...>; how many there are. */
static uint32_t numbers(const ir_module *m, ir_op op, str key, int64_t *out, uint32_t n) {
    ir_attr a = ir_op_attr(m, op, key);
    str data = a && ir_kind_of(m->ctx, a) == IR_ATTR_DENSE_ARRAY ? ir_data(m->ctx, a) : STR("");
    uint32_t k = 0;
    for (; k < n && data.n >= 4 * ((size_t)k + 1); k++) {
        int32_t v;
        memcpy(&v, data.p + 4 * (size_t)k, sizeof v);
        out[k] = v;
    }
    return k;
}

bool legal_conv_of(const legal_env *e, ir_op op, const ttnn_layout *out, legal_conv *k) {
    const ir_module *m = e->m;
    int64_t kernel[2], stride[2], dilation[2], pad[4];
    *k = (legal_conv){0};
    if (ir_op_def(m, op) != OP_ttnn_conv2d + 1 || !m->ops[op].n_results || out->buffer != TTNN_L1 ||
        !ttnn_is_sharded(out->memory) || numbers(m, op, STR("kernel_size"), kernel, 2) != 2 ||
        numbers(m, op, STR("stride"), stride, 2) != 2 || numbers(m, op, STR("dilation"), dilation, 2) != 2)
        return false;
    uint32_t n_pad = numbers(m, op, STR("padding"), pad, 4);
    int64_t around = n_pad == 4 ? pad[2] + pad[3] : n_pad == 2 ? 2 * pad[1] : -1; /* left and right */
    int64_t width = number(m, op, STR("input_width"), 0), channels = number(m, op, STR("in_channels"), 0),
            out_channels = number(m, op, STR("out_channels"), 0), groups = number(m, op, STR("groups"), 1);
    ttnn_geometry g;
    if (around < 0 || width < 1 || channels < 1 || out_channels < 1 || groups < 1 || stride[0] < 1 || stride[1] < 1 ||
        kernel[0] < 1 || kernel[1] < 1 || dilation[0] < 1 || dilation[1] < 1 ||
        !ttnn_layout_geometry(m->ctx, ir_value_type(m, m->ops[op].results), out, &g))
        return false;
    int64_t unit = out->tiled ? TARGET_TILE : 1, rows = g.memref[0] * unit;
    int64_t out_width = (width + around - dilation[1] * (kernel[1] - 1) - 1) / stride[1] + 1;
    bool by_height = out->memory == TTNN_HEIGHT_SHARDED;
    enum { FEW_CHANNELS = 16 }; /* images with no more have rows of that; others of whole tiles */
    channels = channels <= FEW_CHANNELS ? FEW_CHANNELS : div_up(channels, TARGET_TILE) * TARGET_TILE;
    int64_t parts = by_height ? 1 : out->grid[1]; /* that the channels are cut into */
    int64_t tiles = div_up(div_up(channels, parts), TARGET_TILE);
    int64_t lines = (div_up(rows, out_width > 0 ? out_width : 1) - 1) * stride[0] + dilation[0] * (kernel[0] - 1) + 1;
    k->image_rows = lines * (width + around);
    k->image_channels = by_height ? channels : tiles * TARGET_TILE;
    k->act_block_h = div_up(rows, TARGET_TILE);
    k->act_block_w = by_height ? div_up(channels * kernel[1], TARGET_TILE) : tiles * kernel[0] * kernel[1];
    k->weight_block_w = div_up(div_up(out_channels, parts), TARGET_TILE);
    ir_attr config = ir_op_attr(m, op, STR("conv2d_config"));
    int64_t forced = 0;
    if (config && dialect_param_int(m->ctx, config, STR("act_block_h_override"), &forced) && forced >= TARGET_TILE &&
        forced / TARGET_TILE < k->act_block_h)
        k->act_block_h = forced / TARGET_TILE;
    k->act_twice = config && dialect_param(m->ctx, config, STR("enable_act_double_buffer")) == m->ctx->a_true;
    k->weights_twice = config && dialect_param(m->ctx, config, STR("enable_weights_double_buffer")) == m->ctx->a_true;
    return true;
}
