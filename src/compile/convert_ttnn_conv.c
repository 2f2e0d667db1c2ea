/* convert_ttnn_conv.c - convolutions and pooling of convert-ttir-to-ttnn.
 *
 * The device's kernels take activations as [1, 1, N*H*W, C]; ttir-flatten-sliding-window has brought them there and left
 * N, H and W in flattened_compat_info.
 */
#include "compile/convert_ttnn.h"

/* Activation shape before it was flattened. */
typedef struct flat_info {
    int64_t batch, height, width;
} flat_info;

static bool read_flat_info(pass_context *p, ir_op op, flat_info *out) {
    ir_attr a = ir_op_attr(p->m, op, STR("flattened_compat_info"));
    return a && dialect_param_int(p->c, a, STR("batchSize"), &out->batch) &&
           dialect_param_int(p->c, a, STR("inputHeight"), &out->height) &&
           dialect_param_int(p->c, a, STR("inputWidth"), &out->width);
}

static ir_attr conv2d_config(pass_context *p, bool config_in_dram) {
    return tn_param_set(p, 0, ATTR_ttnn_conv2d_config, STR("config_tensors_in_dram"),
                        ir_attr_bool(p->c, config_in_dram));
}

/* Operands of a convolution: activation, weight, optional bias, then the device. Returns how many. */
static uint32_t conv_operands(pass_context *p, ir_op op, ir_value *v, int32_t *sizes) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    for (uint32_t i = 0; i < n && i < 3; i++)
        v[i] = ir_operand(p->m, op, i);
    sizes[0] = sizes[1] = sizes[3] = 1;
    sizes[2] = n > 2;
    v[n] = tn_device(p, op);
    return n + 1;
}

static ir_attr i32_of(pass_context *p, int64_t v) {
    return make_i32(p, v);
}

bool convert_conv1d(pass_context *p, ir_op op, uint32_t ttnn) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value v[4];
    int32_t sizes[4];
    uint32_t n = conv_operands(p, op, v, sizes);
    shape in = tn_shape_of(p->m, v[0]), weight = tn_shape_of(p->m, v[1]);
    ir_type t = ir_value_type(p->m, ir_result(p->m, op, 0));
    shape out = tn_shape_of_type(p->c, t);
    int64_t batch = 0, length = 1, channel = 2, stride, dilation, padding[2], groups = 1;
    op_int(p->m, op, STR("batch_dim"), &batch);
    op_int(p->m, op, STR("length_dim"), &length);
    op_int(p->m, op, STR("channel_dim"), &channel);
    op_int(p->m, op, STR("groups"), &groups);
    if (in.n != 3 || weight.n != 3 || out.n != 3 || (uint64_t)batch > 2 || (uint64_t)length > 2 ||
        (uint64_t)channel > 2)
        return convert_refuse(p, op, "operands need three static dimensions");
    if (!convert_ints(p, op, STR("stride"), &stride, 1) || !convert_ints(p, op, STR("dilation"), &dilation, 1) ||
        !convert_ints(p, op, STR("padding"), padding, 2))
        return convert_refuse(p, op, "stride and dilation must be one number, padding one or two");
    if (sizes[2]) {
        shape b = tn_shape_of(p->m, v[2]);
        if (b.n != 3)
            return convert_refuse(p, op, "the bias needs three dimensions");
        shape wide = tn_shape4(b.d[0], b.d[1], 1, b.d[2]);
        v[2] = tn_reshape(p, loc_suffix(p, loc, "_bias_unsqueeze"), v[2], &wide);
    }
    attr_entry props[] = {
        {STR("batch_size"), i32_of(p, in.d[batch])},
        {STR("input_length"), i32_of(p, in.d[length])},
        {STR("in_channels"), i32_of(p, in.d[channel])},
        {STR("out_channels"), i32_of(p, out.d[channel])},
        {STR("kernel_size"), i32_of(p, weight.d[2])},
        {STR("stride"), i32_of(p, stride)},
        {STR("dilation"), i32_of(p, dilation)},
        {STR("padding"), make_i32s(p, padding, 2)},
        {STR("groups"), i32_of(p, groups)},
        /* depthwise kernels with their tables in DRAM hang (tt-metal #45075) */
        {STR("conv2d_config"), conv2d_config(p, false)},
    };
    shape flat = tn_shape4(1, 1, in.d[batch] * out.d[length], out.d[channel]);
    ir_type flat_type = tn_reshaped(p, t, &flat);
    convert_change change = {props, sizeof props / sizeof *props, v, n, sizes, &flat_type, 1};
    ir_op made = convert_build(p, op, ttnn, &change);
    if (!made)
        return pass_out_of_memory(p);
    return convert_done(p, op, tn_reshape(p, loc_suffix(p, loc, "_unflatten"), ir_result(p->m, made, 0), &out));
}

/* What conv2d and conv_transpose2d share: sizes from the flattened shape, the weight (O, C/G, H, W) and the result. */
static uint32_t window_props(pass_context *p, ir_op op, const flat_info *flat, attr_entry *props) {
    shape in = tn_shape_of(p->m, ir_operand(p->m, op, 0)), weight = tn_shape_of(p->m, ir_operand(p->m, op, 1));
    shape out = tn_shape_of(p->m, ir_result(p->m, op, 0));
    if (in.n != 4 || weight.n != 4 || out.n != 4)
        return 0;
    int64_t groups = 1;
    op_int(p->m, op, STR("groups"), &groups);
    uint32_t n = 0;
    props[n++] = (attr_entry){STR("batch_size"), i32_of(p, flat->batch)};
    props[n++] = (attr_entry){STR("input_height"), i32_of(p, flat->height)};
    props[n++] = (attr_entry){STR("input_width"), i32_of(p, flat->width)};
    props[n++] = (attr_entry){STR("in_channels"), i32_of(p, in.d[3])};
    props[n++] = (attr_entry){STR("out_channels"), i32_of(p, out.d[3])};
    props[n++] = (attr_entry){STR("kernel_size"), make_i32s(p, weight.d + 2, 2)};
    props[n++] = (attr_entry){STR("groups"), i32_of(p, groups)};
    props[n++] = (attr_entry){STR("conv2d_config"), conv2d_config(p, true)};
    return n;
}

static const char unflattened[] =
    "only flattened activations can be lowered; ttir-flatten-sliding-window must run first";

/* One number becomes a pair, lists stay. */
static ir_attr pair_or_list(pass_context *p, ir_op op, str key) {
    int64_t v[PASS_MAX_RANK];
    if (op_int(p->m, op, key, v)) {
        v[1] = v[0];
        return make_i32s(p, v, 2);
    }
    uint32_t n = op_ints(p->m, op, key, v, PASS_MAX_RANK);
    return n && n <= PASS_MAX_RANK ? make_i32s(p, v, n) : 0;
}

bool convert_conv2d(pass_context *p, ir_op op, uint32_t ttnn) {
    flat_info flat;
    if (!read_flat_info(p, op, &flat))
        return convert_refuse(p, op, unflattened);
    attr_entry props[16];
    uint32_t n = window_props(p, op, &flat, props);
    int64_t padding[4];
    ir_attr stride = pair_or_list(p, op, STR("stride")), dilation = pair_or_list(p, op, STR("dilation"));
    ir_attr pad = pair_or_list(p, op, STR("padding"));
    if (!n || !stride || !dilation || !pad)
        return convert_refuse(p, op, "operands need four static dimensions, stride, dilation and padding numbers");
    if (op_ints(p->m, op, STR("padding"), padding, 4) == 4) {
        /* top, left, bottom, right become top, bottom, left, right */
        int64_t left = padding[1];
        padding[1] = padding[2];
        padding[2] = left;
        pad = make_i32s(p, padding, 4);
    }
    props[n++] = (attr_entry){STR("stride"), stride};
    props[n++] = (attr_entry){STR("dilation"), dilation};
    props[n++] = (attr_entry){STR("padding"), pad};
    ir_value v[4];
    int32_t sizes[4];
    uint32_t n_operands = conv_operands(p, op, v, sizes);
    return convert_replace(p, op, ttnn, &(convert_change){props, n, v, n_operands, sizes, NULL, 0});
}

bool convert_conv_transpose2d(pass_context *p, ir_op op, uint32_t ttnn) {
    flat_info flat;
    if (!read_flat_info(p, op, &flat))
        return convert_refuse(p, op, unflattened);
    attr_entry props[16];
    uint32_t n = window_props(p, op, &flat, props);
    int64_t stride[2], dilation[2], output_padding[2], padding[4];
    if (!n || !convert_ints(p, op, STR("stride"), stride, 2) || !convert_ints(p, op, STR("dilation"), dilation, 2) ||
        !convert_ints(p, op, STR("output_padding"), output_padding, 2) ||
        !convert_ints(p, op, STR("padding"), padding, 4))
        return convert_refuse(p, op, "operands need four static dimensions, stride, dilation and padding numbers");
    if (padding[0] != padding[2] || padding[1] != padding[3])
        return pass_error(p, op,
                          "TTNN only supports padding height/width attributes. Thus, padding_top/padding_left must "
                          "equal padding_bottom/padding_right for the op to execute as expected.");
    props[n++] = (attr_entry){STR("stride"), make_i32s(p, stride, 2)};
    props[n++] = (attr_entry){STR("dilation"), make_i32s(p, dilation, 2)};
    props[n++] = (attr_entry){STR("output_padding"), make_i32s(p, output_padding, 2)};
    props[n++] = (attr_entry){STR("padding"), make_i32s(p, padding, 2)};
    ir_value v[4];
    int32_t sizes[4];
    uint32_t n_operands = conv_operands(p, op, v, sizes);
    return convert_replace(p, op, ttnn, &(convert_change){props, n, v, n_operands, sizes, NULL, 0});
}

/* ---- conv3d --------------------------------------------------------------------------------------------- */

static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        int64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

/* The kernel takes no partial configuration: blocks of one output position and one tile of channels, the smallest input
 * block that keeps weights aligned to tiles and to L1, all cores. */
static ir_attr conv3d_config(pass_context *p, const target_device *d, int64_t kernel_volume, int64_t channels) {
    int64_t align = d->noc_l1_align ? d->noc_l1_align : 1, tile = TARGET_TILE / gcd(kernel_volume, TARGET_TILE);
    int64_t block = align / gcd(align, tile) * tile;
    if (block > channels)
        block = channels;
    ir_node grid[3] = {dialect_ints(p->c, d->worker_grid, 2), 0, 0};
    struct {
        str name;
        ir_node value;
    } fields[] = {
        {STR("t_out_block"), dialect_int(p->c, 1)},
        {STR("w_out_block"), dialect_int(p->c, 1)},
        {STR("h_out_block"), dialect_int(p->c, 1)},
        {STR("c_out_block"), dialect_int(p->c, TARGET_TILE)},
        {STR("c_in_block"), dialect_int(p->c, block)},
        {STR("compute_with_storage_grid_size"), dialect_make_attr(p->c, ATTR_ttcore_grid, grid)},
    };
    ir_attr a = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        a = tn_param_set(p, a, ATTR_ttnn_conv3d_config, fields[i].name, fields[i].value);
    return a;
}

bool convert_conv3d(pass_context *p, ir_op op, uint32_t ttnn) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value v[4];
    int32_t sizes[4];
    uint32_t n_operands = conv_operands(p, op, v, sizes);
    shape in = tn_shape_of(p->m, v[0]), weight = tn_shape_of(p->m, v[1]);
    shape out = tn_shape_of(p->m, ir_result(p->m, op, 0));
    static const char *const dim_keys[5] = {"batch_dim", "depth_dim", "height_dim", "width_dim", "channel_dim"};
    int64_t dim[5], stride[3], padding[3], groups = 1;
    for (int i = 0; i < 5; i++) {
        dim[i] = i;
        op_int(p->m, op, str_of(dim_keys[i], strlen(dim_keys[i])), &dim[i]);
        if ((uint64_t)dim[i] > 4)
            return convert_refuse(p, op, "a dimension number is out of range");
    }
    op_int(p->m, op, STR("groups"), &groups);
    if (in.n != 5 || weight.n != 5 || out.n != 5)
        return convert_refuse(p, op, "operands need five static dimensions");
    if (!convert_ints(p, op, STR("stride"), stride, 3) || !convert_ints(p, op, STR("padding"), padding, 3))
        return convert_refuse(p, op, "stride and padding must be one or three numbers");
    if (groups != 1)
        return convert_refuse(p, op, "ttnn.conv3d only supports groups == 1");
    target_device device;
    if (!target_device_of_module(p->m, &device))
        return pass_error(p, op, "needs a registered device");
    if (sizes[2]) {
        shape b = tn_shape_of(p->m, v[2]), two = {.d = {1, shape_volume(&b)}, .n = 2};
        v[2] = tn_reshape(p, loc, v[2], &two);
    }
    int64_t channels = in.d[dim[4]], missing = tn_round_up(channels, TARGET_TILE) - channels;
    if (missing) {
        int64_t pad[10] = {0, 0, 0, 0, 0, 0, 0, 0, 0, missing};
        v[0] = tn_pad(p, loc_suffix(p, loc, "_pad_cin"), v[0], pad, 0, true);
        channels += missing;
    }
    attr_entry props[] = {
        {STR("batch_size"), i32_of(p, in.d[dim[0]])},
        {STR("input_depth"), i32_of(p, in.d[dim[1]])},
        {STR("input_height"), i32_of(p, in.d[dim[2]])},
        {STR("input_width"), i32_of(p, in.d[dim[3]])},
        {STR("in_channels"), i32_of(p, channels)},
        {STR("out_channels"), i32_of(p, out.d[dim[4]])},
        {STR("kernel_size"), make_i32s(p, weight.d + 2, 3)},
        {STR("stride"), make_i32s(p, stride, 3)},
        {STR("padding"), make_i32s(p, padding, 3)},
        {STR("groups"), i32_of(p, groups)},
        {STR("conv3d_config"), conv3d_config(p, &device, weight.d[2] * weight.d[3] * weight.d[4], channels)},
    };
    convert_change change = {props, sizeof props / sizeof *props, v, n_operands, sizes, NULL, 0};
    return convert_replace(p, op, ttnn, &change);
}

/* ---- pooling -------------------------------------------------------------------------------------------- */

bool convert_pool2d(pass_context *p, ir_op op, uint32_t ttnn) {
    flat_info flat;
    if (!read_flat_info(p, op, &flat))
        return pass_error(p, op,
                          "only supports lowering to TTNN for flattened input tensors. Please run the "
                          "FlattenSlidingWindow pass before lowering to TTNN");
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value v = ir_operand(p->m, op, 0);
    shape in = tn_shape_of(p->m, v);
    int64_t kernel[2], stride[2], dilation[2], pad[4]; /* top, left, bottom, right */
    if (in.n != 4 || !convert_ints(p, op, STR("kernel"), kernel, 2) || !convert_ints(p, op, STR("stride"), stride, 2) ||
        !convert_ints(p, op, STR("dilation"), dilation, 2) || !convert_ints(p, op, STR("padding"), pad, 4))
        return convert_refuse(p, op, "the operand needs four static dimensions, the window one or two numbers each");
    if (ttnn == OP_ttnn_avg_pool2d && (dilation[0] != 1 || dilation[1] != 1))
        return pass_error(p, op, "only supports lowering to TTNN for dilation of (1, 1)");
    int64_t half[2] = {kernel[0] / 2, kernel[1] / 2};
    if (pad[0] > half[0] || pad[1] > half[1] || pad[2] > half[0] || pad[3] > half[1]) {
        /* more padding than the kernel takes: done on the unflattened tensor */
        shape open = tn_shape4(flat.batch, flat.height, flat.width, in.d[3]);
        v = tn_reshape(p, loc, v, &open);
        int64_t padding[8] = {0, 0, pad[0], pad[2], pad[1], pad[3], 0, 0};
        v = tn_pad(p, loc, v, padding, 0, true);
        flat.height += pad[0] + pad[2];
        flat.width += pad[1] + pad[3];
        shape closed = tn_shape4(1, 1, flat.batch * flat.height * flat.width, in.d[3]);
        v = tn_reshape(p, loc, v, &closed);
        pad[0] = pad[1] = pad[2] = pad[3] = 0;
    }
    bool symmetric = pad[0] == pad[2] && pad[1] == pad[3];
    attr_entry props[] = {
        {STR("batch_size"), make_si32(p, flat.batch)},          {STR("input_height"), make_si32(p, flat.height)},
        {STR("input_width"), make_si32(p, flat.width)},         {STR("channels"), make_si32(p, in.d[3])},
        {STR("kernel_size"), make_i32s(p, kernel, 2)},          {STR("stride"), make_i32s(p, stride, 2)},
        {STR("padding"), make_i32s(p, pad, symmetric ? 2 : 4)}, {STR("dilation"), make_i32s(p, dilation, 2)},
        {STR("reallocate_halo_output"), p->c->a_false},         {STR("config_tensors_in_dram"), p->c->a_true},
    };
    convert_change change = {props, sizeof props / sizeof *props, &v, 1, (int32_t[]){1}, NULL, 0};
    return convert_replace(p, op, ttnn, &change);
}
