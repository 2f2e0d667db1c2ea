/* Rules of ops that slide a window over an image: pooling, convolution, upsampling. Messages as in tt-mlir. */
#include "dialect/check_inner.h"

enum { FLAT = 2, CHANNEL = 3 }; /* of a flattened image (1, 1, N*H*W, C) */

struct pair {
    int64_t h, w;
};

struct padding {
    int64_t top, left, bottom, right;
};

/* An attribute that is an integer or two of them. The message ends with `what`. */
static bool read_pair(checker *k, const char *name, const char *what, struct pair *out) {
    int64_t v[CK_MAX_DIMS] = {0};
    int n = ck_ints(k, name, v, CK_MAX_DIMS);
    if (n != 1 && n != 2)
        return ck_fail(k, "Expected integer or pair of integers, got tuple of size %d%s", n, what);
    if (n == 1 && ir_kind_of(k->ctx, ck_attr(k, name)) != IR_ATTR_INTEGER)
        return ck_fail(k, "Expected integer or pair of integers, got tuple of size %d%s", n, what);
    *out = (struct pair){v[0], n == 2 ? v[1] : v[0]};
    return true;
}

/* One number for all sides, two for vertical and horizontal, or four. */
static bool read_padding(checker *k, const char *name, const char *what, struct padding *out) {
    int64_t v[CK_MAX_DIMS] = {0};
    int n = ck_ints(k, name, v, CK_MAX_DIMS);
    switch (n) {
    case 1: *out = (struct padding){v[0], v[0], v[0], v[0]}; return true;
    case 2: *out = (struct padding){v[0], v[1], v[0], v[1]}; return true;
    case 4: *out = (struct padding){v[0], v[1], v[2], v[3]}; return true;
    default: return ck_fail(k, "Expected integer, pair, or tuple of size 4, but got tuple of size %d%s", n, what);
    }
}

static bool positive(struct pair p) {
    return p.h > 0 && p.w > 0;
}

static bool not_negative(struct padding p) {
    return p.top >= 0 && p.left >= 0 && p.bottom >= 0 && p.right >= 0;
}

/* The extent of a dilated kernel. */
static struct pair extent(struct pair kernel, struct pair dilation) {
    return (struct pair){ck_add(ck_mul(dilation.h, kernel.h - 1), 1), ck_add(ck_mul(dilation.w, kernel.w - 1), 1)};
}

static struct pair padded(struct pair size, struct padding p) {
    return (struct pair){ck_add(size.h, ck_add(p.top, p.bottom)), ck_add(size.w, ck_add(p.left, p.right))};
}

/* ---- pooling -------------------------------------------------------------------------------------------- */

struct pool {
    struct pair kernel, stride, dilation;
    struct padding padding;
};

static bool read_pool(checker *k, struct pool *p) {
    return read_pair(k, "kernel", " for kernel attribute", &p->kernel) &&
           read_pair(k, "stride", " for stride attribute", &p->stride) &&
           read_pair(k, "dilation", " for dilation attribute", &p->dilation) &&
           read_padding(k, "padding", " for padding attribute", &p->padding);
}

static bool check_pool_values(checker *k, const struct pool *p) {
    if (!positive(p->kernel))
        return ck_fail(k, "kernel size attribute values must be > 0");
    if (!positive(p->stride))
        return ck_fail(k, "stride attribute values must be > 0");
    if (!positive(p->dilation))
        return ck_fail(k, "dilation attribute values must be > 0");
    return not_negative(p->padding) || ck_fail(k, "padding attribute values must be >= 0");
}

/* How many windows fit along one side. With `ceil` a last one may hang over, as long as it starts inside. */
static int64_t windows(int64_t size, int64_t before, int64_t room, int64_t stride, bool ceil) {
    if (!ceil)
        return room / stride + 1;
    int64_t n = room / stride + (room % stride != 0) + 1;
    return ck_mul(n - 1, stride) >= ck_add(size, before) ? n - 1 : n;
}

bool ck_pool2d(checker *k) {
    static const ck_rank_rule ranks[] = {
        {"input", 4, "input must be a 4D tensor"}, {"result", 4, "output must be a 4D tensor"}, {NULL, 0, NULL}};
    if (!ck_ranks(k, ranks))
        return false;
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    ir_attr flat = ck_attr(k, "flattened_compat_info");
    int64_t batch = ck_dim(k, in, 0), channels = ck_dim(k, in, CHANNEL);
    struct pair size = {ck_dim(k, in, 1), ck_dim(k, in, 2)};
    if (flat) {
        if (!dialect_param_int(k->ctx, flat, STR("batchSize"), &batch) ||
            !dialect_param_int(k->ctx, flat, STR("inputHeight"), &size.h) ||
            !dialect_param_int(k->ctx, flat, STR("inputWidth"), &size.w))
            return true;
        int64_t product = ck_mul(ck_mul(batch, size.h), size.w);
        if (product != ck_dim(k, in, FLAT))
            return ck_fail(k,
                           "the input tensor's flattened dimension (%lld) does not match the product of batch_size * "
                           "input_height * input_width from FlattenedCompatInfo (%lld * %lld * %lld = %lld)",
                           (long long)ck_dim(k, in, FLAT), (long long)batch, (long long)size.h, (long long)size.w,
                           (long long)product);
    }
    struct pool p;
    if (!read_pool(k, &p) || !check_pool_values(k, &p))
        return false;
    struct pair kernel = extent(p.kernel, p.dilation), area = padded(size, p.padding);
    if (area.h < kernel.h || area.w < kernel.w)
        return ck_fail(k,
                       "effective kernel size (%lld, %lld) cannot be greater than the padded input size per channel "
                       "(%lld, %lld)",
                       (long long)kernel.h, (long long)kernel.w, (long long)area.h, (long long)area.w);
    bool ceil = ck_bool(k, "ceil_mode");
    struct pair expected = {windows(size.h, p.padding.top, area.h - kernel.h, p.stride.h, ceil),
                            windows(size.w, p.padding.left, area.w - kernel.w, p.stride.w, ceil)};
    if (!flat && ck_dim(k, out, 0) != batch)
        return ck_fail(k,
                       "batch size from the input tensor (%lld) must match the first dimension of the output tensor "
                       "(%lld)",
                       (long long)batch, (long long)ck_dim(k, out, 0));
    if (ck_dim(k, out, CHANNEL) != channels)
        return ck_fail(k,
                       "number of output channels from the output tensor (%lld) must match the number of input "
                       "channels (%lld)",
                       (long long)ck_dim(k, out, CHANNEL), (long long)channels);
    if (flat) {
        int64_t product = ck_mul(ck_mul(batch, expected.h), expected.w);
        return product == ck_dim(k, out, FLAT) ||
               ck_fail(k,
                       "output tensor's flattened dimension (%lld) does not match the product of batch_size * "
                       "output_height * output_width (%lld * %lld * %lld = %lld)",
                       (long long)ck_dim(k, out, FLAT), (long long)batch, (long long)expected.h, (long long)expected.w,
                       (long long)product);
    }
    if (ck_dim(k, out, 1) == expected.h && ck_dim(k, out, 2) == expected.w)
        return true;
    return ck_fail(k,
                   "output tensor height and width dimension (%lld, %lld) do not match the expected dimensions (%lld, "
                   "%lld)",
                   (long long)ck_dim(k, out, 1), (long long)ck_dim(k, out, 2), (long long)expected.h,
                   (long long)expected.w);
}

/* ---- upsampling ----------------------------------------------------------------------------------------- */

bool ck_upsample2d(checker *k) {
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    struct pair scale;
    if (ck_rank(k, in) != 4)
        return ck_fail(k, "Expected rank of input tensor is 4, got rank %d", ck_rank(k, in));
    if (ck_rank(k, out) != 4)
        return ck_fail(k, "Expected rank of output tensor is 4, got rank %d", ck_rank(k, out));
    if (!read_pair(k, "scale_factor", "", &scale))
        return false;
    if (!positive(scale))
        return ck_fail(k, "Scale factors H = %lld and W = %lld must be positive integers", (long long)scale.h,
                       (long long)scale.w);
    const int64_t factors[4] = {1, scale.h, scale.w, 1};
    static const char names[] = "NHWC";
    static const uint8_t order[] = {1, 2, 0, 3};
    for (int n = 0; n < 4; n++) {
        int i = order[n];
        int64_t expected = ck_mul(ck_dim(k, in, i), factors[i]);
        if (ck_dim(k, out, i) == expected)
            continue;
        if (i == 1 || i == 2)
            return ck_fail(k, "Expected output %c dimension to be input %c dimension * scale%c = %lld, got %lld",
                           names[i], names[i], names[i], (long long)expected, (long long)ck_dim(k, out, i));
        return ck_fail(k, "Expected output %c dimension to be %lld, got %lld", names[i], (long long)expected,
                       (long long)ck_dim(k, out, i));
    }
    str mode = ck_text(k, "mode");
    if (!ck_attr(k, "mode") || str_eq(mode, STR("nearest")) || str_eq(mode, STR("bilinear")))
        return true;
    return ck_fail(k, "Expected modes are (nearest, bilinear), got \"%.*s\"", STR_ARG(mode));
}

/* ---- ttnn.conv2d ---------------------------------------------------------------------------------------- */

/* `n` values, each at least `least`; "(1, 2)" in messages. */
static bool check_values(checker *k, const char *attribute, const char *name, const char *want, int n, int other_n,
                         const char *count, int64_t least, int64_t out[4]) {
    int64_t v[CK_MAX_DIMS];
    int got = ck_ints(k, attribute, v, CK_MAX_DIMS);
    if (got != n && got != other_n)
        return ck_fail(k, "%s must have %s, got: %d", name, count, got);
    for (int i = 0; i < got; i++) {
        if (v[i] < least)
            return ck_fail(k, "%s values must be %s, got: (%.*s)", name, want, STR_ARG(ck_list(k, v, got, ", ")));
        out[i] = v[i];
    }
    return true;
}

struct conv {
    int64_t kernel[4], stride[4], padding[4], dilation[4];
    int64_t in_channels, out_channels, batch, groups;
};

/* A weight that is as the user gave it, not yet rearranged for the device. */
static bool raw_weight(checker *k) {
    ir_type w = ck_in(k, "weight");
    return ir_is_block_arg(k->m, ck_in_value(k, "weight")) && !(ck_dim(k, w, 0) == 1 && ck_dim(k, w, 1) == 1);
}

static bool check_conv_weight(checker *k, const struct conv *c) {
    ir_type w = ck_in(k, "weight");
    if (ck_dim(k, w, 0) != c->out_channels)
        return ck_fail(k,
                       "Expected output channels attribute (%lld) to match the output channels in the weight tensor "
                       "(%lld).",
                       (long long)c->out_channels, (long long)ck_dim(k, w, 0));
    if (ck_dim(k, w, 1) != c->in_channels / c->groups)
        return ck_fail(k,
                       " Expected input channels / groups attribute (%lld/%lld) = %lld to match the number of input "
                       "channels per group in the weight tensor (%lld).",
                       (long long)c->in_channels, (long long)c->groups, (long long)(c->in_channels / c->groups),
                       (long long)ck_dim(k, w, 1));
    static const char *const sides[] = {"height", "width"};
    for (int i = 0; i < 2; i++)
        if (ck_dim(k, w, 2 + i) != c->kernel[i])
            return ck_fail(k, "Expected kernel %s attribute (%lld) to match the kernel %s in the weight tensor (%lld).",
                           sides[i], (long long)c->kernel[i], sides[i], (long long)ck_dim(k, w, 2 + i));
    return true;
}

static bool check_conv_channels(checker *k, const struct conv *c) {
    int64_t channels = ck_dim(k, ck_in(k, "input"), CHANNEL), per_group = c->in_channels / c->groups;
    ir_type bias = ck_in(k, "bias");
    if (channels % c->groups)
        return ck_fail(k,
                       "The number of input channels from the input tensor (%lld) is not divisible by the number of "
                       "groups (%lld).",
                       (long long)channels, (long long)c->groups);
    if (c->out_channels % c->groups)
        return ck_fail(k,
                       "The number of output channels from the weight tensor (%lld) is not divisible by the number of "
                       "groups (%lld).",
                       (long long)c->out_channels, (long long)c->groups);
    if (channels / c->groups != per_group)
        return ck_fail(k,
                       "The number of input channels per group (%lld) must match the number of input channels in the "
                       "weight tensor (%lld).",
                       (long long)channels, (long long)per_group);
    if (bias && ck_dim(k, bias, CHANNEL) != c->out_channels)
        return ck_fail(k,
                       "The number of output channels from the weight tensor (%lld) must match the number of output "
                       "channels in the bias tensor (%lld).",
                       (long long)c->out_channels, (long long)ck_dim(k, bias, CHANNEL));
    return true;
}

bool ck_ttnn_conv2d(checker *k) {
    static const ck_rank_rule ranks[] = {{"input", 4, "Input must be a 4D tensor"},
                                         {"weight", 4, "Weight must be a 4D tensor"},
                                         {"bias", 4, "Bias must be a 4D tensor"},
                                         {"result", 4, "Output must be a 4D tensor"},
                                         {NULL, 0, NULL}};
    struct conv c = {.in_channels = ck_int(k, "in_channels", 0),
                     .out_channels = ck_int(k, "out_channels", 0),
                     .batch = ck_int(k, "batch_size", 1),
                     .groups = ck_int(k, "groups", 1)};
    if (!ck_ranks(k, ranks) ||
        !check_values(k, "kernel_size", "Kernel size attribute", "", 2, 2, "two values", INT64_MIN, c.kernel) ||
        !check_values(k, "stride", "Stride attribute", "greater than 0", 2, 2, "two values", 1, c.stride) ||
        !check_values(k, "padding", "Padding attribute", "greater than or equal to 0", 2, 4, "two or four values", 0,
                      c.padding) ||
        !check_values(k, "dilation", "Dilation attribute", "greater than 0", 2, 2, "two values", 1, c.dilation))
        return false;
    if (c.groups < 1)
        return true;
    if (raw_weight(k) && !check_conv_weight(k, &c))
        return false;
    ir_type in = ck_in(k, "input"), out = ck_result(k, 0);
    struct pair size = {ck_int(k, "input_height", 1), ck_int(k, "input_width", 1)};
    int64_t flat = ck_mul(ck_mul(c.batch, size.h), size.w);
    if (flat != ck_dim(k, in, FLAT))
        return ck_fail(k,
                       "The input tensor's flattened dimension (%lld) does not match the product of batch_size_attr * "
                       "input_height_attr * input_width_attr (%lld * %lld * %lld = %lld).",
                       (long long)ck_dim(k, in, FLAT), (long long)c.batch, (long long)size.h, (long long)size.w,
                       (long long)flat);
    if (!check_conv_channels(k, &c))
        return false;
    struct pair kernel = extent((struct pair){c.kernel[0], c.kernel[1]}, (struct pair){c.dilation[0], c.dilation[1]});
    /* Two numbers for above and below, left and right; or four: top, bottom, left, right. */
    bool four = ck_ints(k, "padding", c.padding, 4) == 4;
    struct pair area = {ck_add(size.h, four ? ck_add(c.padding[0], c.padding[1]) : ck_mul(2, c.padding[0])),
                        ck_add(size.w, four ? ck_add(c.padding[2], c.padding[3]) : ck_mul(2, c.padding[1]))};
    if (area.h < kernel.h || area.w < kernel.w)
        return ck_fail(
            k,
            "The effective kernel size (%lld, %lld) cannot be greater than the padded input size per channel "
            "(%lld, %lld).",
            (long long)kernel.h, (long long)kernel.w, (long long)area.h, (long long)area.w);
    struct pair expected = {(area.h - kernel.h) / c.stride[0] + 1, (area.w - kernel.w) / c.stride[1] + 1};
    flat = ck_mul(ck_mul(c.batch, expected.h), expected.w);
    if (flat != ck_dim(k, out, FLAT))
        return ck_fail(k,
                       "The output tensor's flattened dimension (%lld) does not match the product of batch_size * "
                       "output_height * output_width (%lld * %lld * %lld = %lld).",
                       (long long)ck_dim(k, out, FLAT), (long long)c.batch, (long long)expected.h,
                       (long long)expected.w, (long long)flat);
    if (ck_dim(k, out, CHANNEL) == c.out_channels)
        return true;
    return ck_fail(k,
                   "The number of output channels from the output tensor (%lld) must match the number of output "
                   "channels in the weight tensor (%lld). ",
                   (long long)ck_dim(k, out, CHANNEL), (long long)c.out_channels);
}

/* ---- ttnn.conv3d ---------------------------------------------------------------------------------------- */

static bool check_conv3d_weight(checker *k, const struct conv *c) {
    ir_type w = ck_in(k, "weight"), bias = ck_in(k, "bias");
    bool raw = ck_rank(k, w) == 5;
    int64_t out_channels = raw ? ck_dim(k, w, 0) : c->out_channels;
    if (c->in_channels % c->groups)
        return ck_fail(k, "in_channels (%lld) must be divisible by groups (%lld)", (long long)c->in_channels,
                       (long long)c->groups);
    if (out_channels % c->groups)
        return ck_fail(k, "out_channels (%lld) must be divisible by groups (%lld)", (long long)out_channels,
                       (long long)c->groups);
    if (raw) {
        if (ck_dim(k, w, 2) != c->kernel[0] || ck_dim(k, w, 3) != c->kernel[1] || ck_dim(k, w, 4) != c->kernel[2])
            return ck_fail(k, "weight kernel dimensions (%lld, %lld, %lld) must match kernel_size (%lld, %lld, %lld)",
                           (long long)ck_dim(k, w, 2), (long long)ck_dim(k, w, 3), (long long)ck_dim(k, w, 4),
                           (long long)c->kernel[0], (long long)c->kernel[1], (long long)c->kernel[2]);
    } else {
        int64_t expected = ck_mul(ck_mul(c->in_channels / c->groups, c->kernel[0]), ck_mul(c->kernel[1], c->kernel[2]));
        if (ck_dim(k, w, 0) != expected)
            return ck_fail(k, "weight flattened dimension (%lld) must equal kD*kH*kW*C_in/groups (%lld)",
                           (long long)ck_dim(k, w, 0), (long long)expected);
    }
    if (!bias)
        return true;
    if (ck_dim(k, bias, 1) != out_channels)
        return ck_fail(k, "bias output channels (%lld) must match weight output channels (%lld)",
                       (long long)ck_dim(k, bias, 1), (long long)out_channels);
    return ck_dim(k, bias, 0) == 1 ||
           ck_fail(k, "bias first dimension must be 1, got %lld", (long long)ck_dim(k, bias, 0));
}

static bool check_conv3d_output(checker *k, const struct conv *c) {
    ir_type out = ck_result(k, 0), w = ck_in(k, "weight");
    static const char *const names[] = {"depth", "height", "width"};
    static const char *const sizes[] = {"input_depth", "input_height", "input_width"};
    if (ck_dim(k, out, 0) != c->batch)
        return ck_fail(k, "output batch size (%lld) must match input batch size (%lld)", (long long)ck_dim(k, out, 0),
                       (long long)c->batch);
    for (int i = 0; i < 3; i++) {
        int64_t room = ck_add(ck_add(ck_int(k, sizes[i], 1), ck_mul(2, c->padding[i])), ck_mul(c->kernel[i], -1));
        int64_t expected = room / c->stride[i] + 1;
        if (ck_dim(k, out, 1 + i) != expected)
            return ck_fail(k, "output %s (%lld) does not match calculated %s (%lld)", names[i],
                           (long long)ck_dim(k, out, 1 + i), names[i], (long long)expected);
    }
    int64_t channels = ck_rank(k, w) == 5 ? ck_dim(k, w, 0) : c->out_channels;
    return ck_dim(k, out, 4) == channels ||
           ck_fail(k, "output channels (%lld) must match weight output channels (%lld)", (long long)ck_dim(k, out, 4),
                   (long long)channels);
}

bool ck_ttnn_conv3d(checker *k) {
    static const ck_rank_rule inputs[] = {{"input", 5, "input must be a 5D tensor [N, D, H, W, C]"}, {NULL, 0, NULL}};
    static const ck_rank_rule others[] = {{"bias", 2, "bias must be a 2D tensor [1, O]"},
                                          {"result", 5, "result must be a 5D tensor [N, D_out, H_out, W_out, O]"},
                                          {NULL, 0, NULL}};
    int weight_rank = ck_rank(k, ck_in(k, "weight"));
    struct conv c = {.in_channels = ck_int(k, "in_channels", 0),
                     .out_channels = ck_int(k, "out_channels", 0),
                     .batch = ck_int(k, "batch_size", 1),
                     .groups = ck_int(k, "groups", 1)};
    if (!ck_ranks(k, inputs))
        return false;
    if (weight_rank != 5 && weight_rank != 2)
        return ck_fail(k,
                       "weight must be either a 5D tensor [O, C/G, kD, kH, kW] (raw) or a 2D tensor [kD*kH*kW*C/G, O] "
                       "(prepared)");
    if (!ck_ranks(k, others) || !check_values(k, "kernel_size", "kernel_size", ">= 1", 3, 3, "3 values", 1, c.kernel) ||
        !check_values(k, "stride", "stride", "> 0", 3, 3, "3 values", 1, c.stride) ||
        !check_values(k, "padding", "padding", ">= 0", 3, 3, "3 values", 0, c.padding))
        return false;
    str mode = ck_text(k, "padding_mode");
    if (mode.n && !str_eq(mode, STR("zeros")) && !str_eq(mode, STR("replicate")))
        return ck_fail(k, "padding_mode must be 'zeros' or 'replicate', got: %.*s", STR_ARG(mode));
    if (c.groups < 1)
        return ck_fail(k, "groups must be >= 1, got: %lld", (long long)c.groups);
    return check_conv3d_weight(k, &c) && check_conv3d_output(k, &c);
}
