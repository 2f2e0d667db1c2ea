/* Convolutions of one to three spatial dimensions, plain and transposed, of TTIR, TTNN and StableHLO.
 *
 * All are one thing: out[n, o, y] = sum over c, k of in[n, c, y*stride + k*dilation - pad] w[o, c, k], where the input may
 * have holes (lhs dilation), the kernel may be turned round, and every dimension stands anywhere: strides say where. A
 * transposed convolution is one over an input with holes and a turned kernel.
 */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"
#include "exec/onednn.h"
#include "ids.h"

enum { MAX_SPATIAL = 3 };

struct conv {
    int spatial;
    int64_t batch, in_channels, out_channels, groups;
    int64_t in[MAX_SPATIAL], out[MAX_SPATIAL], kernel[MAX_SPATIAL];
    int64_t stride[MAX_SPATIAL], dilation[MAX_SPATIAL], holes[MAX_SPATIAL], low[MAX_SPATIAL], high[MAX_SPATIAL];
    bool turned[MAX_SPATIAL], replicate, transposed;
    /* strides in elements: batch, channel, spatial */
    int64_t in_n, in_c, in_s[MAX_SPATIAL], out_n, out_c, out_s[MAX_SPATIAL];
    int64_t w_g, w_o, w_i, w_s[MAX_SPATIAL];
    int64_t transposed_stride[MAX_SPATIAL];
    vec_class k;
    vec_op activation;
    double activation_p[2];
    bool bias;
    int in_dims[2 + MAX_SPATIAL], channel; /* dimensions of the input: batch, channel, spatial; of the result: channel.
                                              -1: the tensors are flattened images */
    int64_t in_base;
    uint32_t tail_at; /* the first operand of what was absorbed */
    struct dnnl_conv dnnl;
    struct dnnl_tail tail; /* as it was absorbed */
    void *state;
};

/* One or all spatial dimensions of an attribute: an integer stands for all. */
static bool spatial_ints(struct planner *p, ir_op op, const char *name, int n, int64_t otherwise, int64_t *out) {
    int k = exec_op_ints(p, op, name, out, MAX_SPATIAL);
    if (k == n)
        return true;
    if (k > 1)
        return plan_error(p, op, "has %d numbers as %s for %d dimensions", k, name, n);
    for (int i = n; i-- > 0;)
        out[i] = k == 1 ? out[0] : otherwise;
    return true;
}

/* padding: one number, one for each dimension, or [top, left, bottom, right] (conv1d: [left, right]); in ttnn the two of
 * a dimension stand together: [top, bottom, left, right]. */
static bool read_padding(struct planner *p, ir_op op, bool ttnn, struct conv *w) {
    int64_t pad[2 * MAX_SPATIAL];
    int n = exec_op_ints(p, op, "padding", pad, 2 * MAX_SPATIAL);
    if (n == 2 * w->spatial) {
        for (int i = 0; i < w->spatial; i++) {
            w->low[i] = pad[ttnn ? 2 * i : i];
            w->high[i] = pad[ttnn ? 2 * i + 1 : w->spatial + i];
        }
        return true;
    }
    if (n > 1 && n != w->spatial)
        return plan_error(p, op, "has %d numbers as padding for %d dimensions", n, w->spatial);
    for (int i = 0; i < w->spatial; i++)
        w->low[i] = w->high[i] = n <= 0 ? 0 : n == 1 ? pad[0] : pad[i];
    return true;
}

/* An input without holes in it: what the window may slide over, in positions. */
static int64_t spread(int64_t n, int64_t holes) {
    return n ? (n - 1) * holes + 1 : 0;
}

static bool check_extent(struct planner *p, ir_op op, const struct conv *w) {
    for (int i = 0; i < w->spatial; i++) {
        int64_t span = spread(w->in[i], w->holes[i]) + w->low[i] + w->high[i] - w->dilation[i] * (w->kernel[i] - 1) - 1;
        int64_t n = w->stride[i] < 1 ? -1 : span < 0 ? 0 : span / w->stride[i] + 1;
        if (n != w->out[i])
            return plan_error(p, op, "gives %lld positions in spatial dimension %d, its type says %lld", (long long)n,
                              i, (long long)w->out[i]);
    }
    if (w->groups < 1 || w->in_channels % w->groups || w->out_channels % w->groups)
        return plan_error(p, op, "has %lld and %lld channels for %lld groups", (long long)w->in_channels,
                          (long long)w->out_channels, (long long)w->groups);
    return true;
}

/* Turns a transposed convolution (stride, padding as torch has them) into one over an input with holes. */
static void transpose(struct conv *w, const int64_t *output_padding) {
    w->transposed = true;
    for (int i = 0; i < w->spatial; i++) {
        w->holes[i] = w->transposed_stride[i] = w->stride[i];
        w->stride[i] = 1;
        w->low[i] = w->dilation[i] * (w->kernel[i] - 1) - w->low[i];
        w->high[i] = w->dilation[i] * (w->kernel[i] - 1) - w->high[i] + output_padding[i];
        w->turned[i] = true;
    }
}

/* The activation in a TTNN conv2d_config. */
static bool config_activation(struct planner *p, ir_op op, struct conv *w) {
    ir_attr config = ir_op_attr(p->m, op, STR("conv2d_config"));
    ir_node a = config ? dialect_param(p->c, config, STR("activation")) : 0, type;
    if (!a)
        return true;
    if (ir_kind_of(p->c, a) == IR_ATTR_DIALECT && (type = dialect_param(p->c, a, STR("op_type"))) != 0) {
        str name = ir_kind_of(p->c, type) == IR_ATTR_DIALECT ? dialect_case_text(p->c, type) : ir_str_of(p->c, type);
        w->activation = plan_activation(name);
        if (w->activation == VEC_N_OPS)
            return plan_error(p, op, "has activation '%.*s', which is not known", STR_ARG(name));
    }
    return true;
}

/* TTIR and TTNN. TTIR says where its dimensions stand; TTNN has them last, its images flattened to one row of pixels. */
static bool describe_tt(struct planner *p, struct exec_step *s, struct conv *w) {
    static const char *const dim_names[4][MAX_SPATIAL] = {
        {0}, {"length_dim"}, {"height_dim", "width_dim"}, {"depth_dim", "height_dim", "width_dim"}};
    static const char *const size_names[4][MAX_SPATIAL] = {
        {0}, {"input_length"}, {"input_height", "input_width"}, {"input_depth", "input_height", "input_width"}};
    const struct exec_type *in = in_type(p, s, 0), *weight = in_type(p, s, 1), *out = out_type(p, s, 0);
    ir_op op = s->op;
    bool ttnn = str_starts_with(ir_op_name_str(p->m, op), STR("ttnn")), transposed = s->row->arg & CONV_TRANSPOSED;
    w->spatial = s->row->arg & 3;
    w->in_dims[0] = -1;
    w->channel = out->rank - 1;
    int n = w->spatial;
    int64_t output_padding[MAX_SPATIAL], sw[TENSOR_MAX_RANK], v;
    ir_attr flat = ir_op_attr(p->m, op, STR("flattened_compat_info"));
    w->groups = 1;
    attr_i64(p, op, "groups", &w->groups);
    w->replicate = str_eq(attr_text(p, op, "padding_mode"), STR("replicate"));
    if (!spatial_ints(p, op, "stride", n, 1, w->stride) || !spatial_ints(p, op, "dilation", n, 1, w->dilation) ||
        !spatial_ints(p, op, "output_padding", n, 0, output_padding) || !read_padding(p, op, ttnn, w) ||
        !config_activation(p, op, w))
        return false;
    /* Where things stand. */
    bool channels_last = true;
    int64_t dims[2 + MAX_SPATIAL]; /* of the input: batch, channel, spatial */
    if (ttnn || flat) {
        w->batch = 1;
        if (flat) {
            dialect_param_int(p->c, flat, STR("batchSize"), &w->batch);
            dialect_param_int(p->c, flat, STR("inputHeight"), &w->in[0]);
            dialect_param_int(p->c, flat, STR("inputWidth"), &w->in[1]);
        } else {
            attr_i64(p, op, "batch_size", &w->batch);
            for (int i = 0; i < n; i++)
                attr_i64(p, op, size_names[n][i], &w->in[i]);
        }
        w->in_channels = in->rank ? in->dims[in->rank - 1] : 0;
        if (attr_i64(p, op, "in_channels", &v))
            w->in_channels = v;
        w->out_channels = out->rank ? out->dims[out->rank - 1] : 0;
    } else {
        if (in->rank != n + 2 || out->rank != n + 2)
            return plan_error(p, op, "has an input of rank %d", in->rank);
        dims[0] = 0;
        dims[1] = n + 1;
        attr_i64(p, op, "batch_dim", &dims[0]);
        attr_i64(p, op, "channel_dim", &dims[1]);
        for (int i = 0; i < n; i++) {
            dims[2 + i] = i + 1;
            attr_i64(p, op, dim_names[n][i], &dims[2 + i]);
        }
        uint32_t seen = 0;
        for (int i = 0; i < n + 2; i++) {
            if (dims[i] < 0 || dims[i] >= n + 2 || (seen >> dims[i] & 1))
                return plan_error(p, op, "has two dimensions in one place");
            seen |= 1u << dims[i];
        }
        channels_last = false;
        for (int i = 0; i < n + 2; i++)
            w->in_dims[i] = (int)dims[i];
        w->channel = (int)dims[1];
        w->batch = in->dims[dims[0]];
        w->in_channels = in->dims[dims[1]];
        w->out_channels = out->dims[dims[1]];
        int64_t si[TENSOR_MAX_RANK], so[TENSOR_MAX_RANK];
        walk_row_strides(in->dims, in->rank, si);
        walk_row_strides(out->dims, out->rank, so);
        w->in_n = si[dims[0]];
        w->in_c = si[dims[1]];
        w->out_n = so[dims[0]];
        w->out_c = so[dims[1]];
        for (int i = 0; i < n; i++) {
            w->in[i] = in->dims[dims[2 + i]];
            w->out[i] = out->dims[dims[2 + i]];
            w->in_s[i] = si[dims[2 + i]];
            w->out_s[i] = so[dims[2 + i]];
        }
    }
    /* The weight: [O, C/G, K...], [C, O/G, K...] when transposed, or rows of a prepared matrix [.., C/G*K, O]. */
    walk_row_strides(weight->dims, weight->rank, sw);
    bool prepared = false;
    if (ttnn && n != 3) {
        int64_t k[MAX_SPATIAL], rows = (transposed ? w->in_channels : w->in_channels / w->groups);
        if (!spatial_ints(p, op, "kernel_size", n, 1, k))
            return false;
        for (int i = 0; i < n; i++)
            rows *= k[i];
        prepared = weight->rank == 4 && weight->dims[0] == 1 && weight->dims[1] == 1 && weight->dims[2] == rows &&
                   weight->dims[3] == w->out_channels;
        /* With one channel each it may have the rank of one that is not prepared, but not its kernel. */
        bool plain = weight->rank == n + 2 && weight->dims[0] == (transposed ? w->in_channels : w->out_channels) &&
                     weight->dims[1] == (transposed ? w->out_channels : w->in_channels) / w->groups;
        for (int i = 0; plain && i < n; i++)
            plain = weight->dims[2 + i] == k[i];
        prepared = prepared && !plain;
        if (prepared) {
            int64_t step = w->out_channels;
            for (int i = n; i-- > 0;) {
                w->kernel[i] = k[i];
                w->w_s[i] = step;
                step *= k[i];
            }
            w->w_i = step;
            w->w_o = 1;
            w->w_g = w->out_channels / w->groups;
            if (transposed && w->groups != 1)
                return plan_error(p, op, "has a prepared weight in groups");
        }
    }
    int64_t volume = 1, k3[MAX_SPATIAL];
    if (ttnn && n == 3 && weight->rank == 2) { /* rows of kernel position and channel */
        if (!spatial_ints(p, op, "kernel_size", n, 1, k3))
            return false;
        int64_t step = w->in_channels * w->out_channels;
        for (int i = n; i-- > 0; volume *= k3[i], step *= k3[i]) {
            w->kernel[i] = k3[i];
            w->w_s[i] = step;
        }
        prepared = w->groups == 1 && weight->dims[0] == volume * w->in_channels && weight->dims[1] == w->out_channels;
        w->w_i = w->out_channels;
        w->w_o = 1;
    }
    if (!prepared) {
        bool rank_ok = weight->rank == n + 2 || (n == 1 && weight->rank == 4 && weight->dims[3] == 1);
        if (!rank_ok || weight->dims[0] != (transposed ? w->in_channels : w->out_channels) ||
            weight->dims[1] != (transposed ? w->out_channels : w->in_channels) / w->groups)
            return plan_error(p, op, "has a weight that does not fit %lld input and %lld output channels",
                              (long long)w->in_channels, (long long)w->out_channels);
        for (int i = 0; i < n; i++) {
            w->kernel[i] = weight->dims[2 + i];
            w->w_s[i] = sw[2 + i];
        }
        w->w_o = sw[transposed ? 1 : 0];
        w->w_i = sw[transposed ? 0 : 1];
        w->w_g = (transposed ? w->in_channels : w->out_channels) / w->groups * sw[0];
    }
    for (int i = 0; i < n; i++)
        w->holes[i] = 1;
    if (transposed)
        transpose(w, output_padding);
    if (channels_last) {
        for (int i = 0; i < n; i++) {
            int64_t span =
                spread(w->in[i], w->holes[i]) + w->low[i] + w->high[i] - w->dilation[i] * (w->kernel[i] - 1) - 1;
            w->out[i] = span < 0 || w->stride[i] < 1 ? 0 : span / w->stride[i] + 1;
        }
        int64_t a = w->in_channels, b = w->out_channels;
        w->in_c = w->out_c = 1;
        for (int i = n; i-- > 0;) {
            w->in_s[i] = a;
            w->out_s[i] = b;
            a *= w->in[i];
            b *= w->out[i];
        }
        w->in_n = a;
        w->out_n = b;
        if (w->batch * a != type_count(in) || w->batch * b != type_count(out))
            return plan_error(p, op, "has an input or result of another size than its attributes say");
    }
    return true;
}

/* The padding that dynamic_conv has as an operand: how much there is before and behind each spatial dimension. */
static bool dynamic_padding(struct planner *p, const struct exec_step *s, int n, int64_t *pad) {
    const struct slot *slot = &p->x->slots.v[p->x->slots.v[s->in[2]].root];
    const struct exec_arg a = {slot->data, in_type(p, s, 2)};
    if (type_count(a.type) != n)
        return plan_error(p, s->op, "does not say how to pad each spatial dimension");
    if (slot->kind != SLOT_CONSTANT)
        return plan_error(p, s->op, "has a padding that is no constant, which is not supported");
    for (int i = 0; i < n; i++) {
        pad[i] = arg_int(&a, slot->splat ? 0 : i);
        if (pad[i] < INT32_MIN || pad[i] > INT32_MAX)
            return plan_error(p, s->op, "pads by %lld", (long long)pad[i]);
    }
    return true;
}

static bool describe_hlo(struct planner *p, struct exec_step *s, struct conv *w) {
    const struct exec_type *in = in_type(p, s, 0), *weight = in_type(p, s, 1), *out = out_type(p, s, 0);
    ir_op op = s->op;
    ir_attr numbers = ir_op_attr(p->m, op, STR("dimension_numbers"));
    int64_t d[6] = {0}, spatial[3][MAX_SPATIAL], si[TENSOR_MAX_RANK], sw[TENSOR_MAX_RANK], so[TENSOR_MAX_RANK];
    static const char *const one[] = {"inputBatchDimension",         "inputFeatureDimension",
                                      "kernelInputFeatureDimension", "kernelOutputFeatureDimension",
                                      "outputBatchDimension",        "outputFeatureDimension"};
    static const char *const many[] = {"inputSpatialDimensions", "kernelSpatialDimensions", "outputSpatialDimensions"};
    int n = in->rank - 2;
    w->spatial = n;
    if (!numbers || n < 0 || n > MAX_SPATIAL || weight->rank != n + 2 || out->rank != n + 2)
        return plan_error(p, op, "has %d spatial dimensions; up to %d are supported", n, MAX_SPATIAL);
    for (int i = 0; i < 6; i++) {
        dialect_param_int(p->c, numbers, str_from_z(one[i]), &d[i]);
        if (d[i] < 0 || d[i] >= n + 2)
            return plan_error(p, op, "has dimension numbers that do not fit");
    }
    for (int l = 0; l < 3; l++) {
        if ((int)dialect_param_ints(p->c, numbers, str_from_z(many[l]), spatial[l], MAX_SPATIAL) != n)
            return plan_error(p, op, "has dimension numbers that do not fit");
        for (int i = 0; i < n; i++)
            if (spatial[l][i] < 0 || spatial[l][i] >= n + 2)
                return plan_error(p, op, "has dimension numbers that do not fit");
    }
    int64_t batch_groups = 1, pad[2 * MAX_SPATIAL] = {0}, turned[MAX_SPATIAL] = {0};
    w->groups = 1;
    attr_i64(p, op, "feature_group_count", &w->groups);
    attr_i64(p, op, "batch_group_count", &batch_groups);
    if (batch_groups != 1 && w->groups != 1)
        return plan_error(p, op, "has groups of features and of the batch");
    w->groups *= batch_groups; /* which plan_convolution has put side by side */
    if (!spatial_ints(p, op, "window_strides", n, 1, w->stride) ||
        !spatial_ints(p, op, "rhs_dilation", n, 1, w->dilation) || !spatial_ints(p, op, "lhs_dilation", n, 1, w->holes))
        return false;
    exec_op_ints(p, op, "padding", pad, 2 * MAX_SPATIAL);
    if (has_in(s, 2) && !dynamic_padding(p, s, 2 * n, pad))
        return false;
    exec_op_ints(p, op, "window_reversal", turned, MAX_SPATIAL);
    walk_row_strides(in->dims, in->rank, si);
    walk_row_strides(weight->dims, weight->rank, sw);
    walk_row_strides(out->dims, out->rank, so);
    w->in_dims[0] = (int)d[0];
    w->in_dims[1] = (int)d[1];
    w->channel = (int)d[5];
    w->batch = in->dims[d[0]];
    w->in_channels = in->dims[d[1]];
    w->out_channels = out->dims[d[5]];
    w->in_n = si[d[0]];
    w->in_c = si[d[1]];
    w->out_n = so[d[4]];
    w->out_c = so[d[5]];
    w->w_i = sw[d[2]];
    w->w_o = sw[d[3]];
    if (weight->dims[d[3]] != w->out_channels || out->dims[d[4]] != w->batch || w->groups < 1 ||
        weight->dims[d[2]] * w->groups != w->in_channels)
        return plan_error(p, op, "has a weight that does not fit its channels");
    w->w_g = w->out_channels / w->groups * w->w_o;
    for (int i = 0; i < n; i++) {
        w->in_dims[2 + i] = (int)spatial[0][i];
        w->in[i] = in->dims[spatial[0][i]];
        w->kernel[i] = weight->dims[spatial[1][i]];
        w->out[i] = out->dims[spatial[2][i]];
        w->in_s[i] = si[spatial[0][i]];
        w->w_s[i] = sw[spatial[1][i]];
        w->out_s[i] = so[spatial[2][i]];
        w->low[i] = pad[2 * i];
        w->high[i] = pad[2 * i + 1];
        w->turned[i] = turned[i] != 0;
    }
    return true;
}

/* Reads the input where it came from. */
static bool ready_conv(struct planner *p, struct exec_step *s) {
    struct conv *w = s->params;
    int64_t strides[TENSOR_MAX_RANK];
    exec_slot of;
    if (w->in_dims[0] < 0 || !plan_look(p, s->in[0], &of, strides, &w->in_base))
        return true;
    s->in[0] = of;
    w->in_n = strides[w->in_dims[0]];
    w->in_c = strides[w->in_dims[1]];
    for (int i = 0; i < w->spatial; i++)
        w->in_s[i] = strides[w->in_dims[2 + i]];
    return true;
}

/* The result may be written over what it is added to. */
static void note_added(struct exec_step *s) {
    const struct conv *w = s->params;
    int added = w->state ? dnnl_conv_added(w->state) : -1;
    s->reuses = added < 0 ? 0 : w->tail_at + (uint32_t)added + 1;
}

/* Hands the convolution to oneDNN where it can say it, with as many of the ops behind it as it can do. */
static uint32_t absorb_conv(struct planner *p, struct exec_step *s, const struct tail_op *ops, uint32_t n) {
    struct conv *w = s->params;
    exec_plan *x = p->x;
    struct dnnl_conv *f = &w->dnnl;
    *f = (struct dnnl_conv){.spatial = w->spatial,
                            .batch = w->batch,
                            .in_channels = w->in_channels,
                            .out_channels = w->out_channels,
                            .groups = w->groups,
                            .transposed = w->transposed,
                            .dtype = in_type(p, s, 0)->dtype,
                            .out_dtype = out_type(p, s, 0)->dtype,
                            .bias = w->bias ? in_type(p, s, 2)->dtype : TENSOR_NONE};
    if (x->options.reference || w->k != VEC_F32 || in_type(p, s, 1)->dtype != f->dtype || w->spatial < 1 ||
        w->replicate || s->flops < 4096)
        return 0;
    f->in_strides[0] = w->in_n;
    f->in_strides[1] = w->in_c;
    f->out_strides[0] = w->out_n;
    f->out_strides[1] = w->out_c;
    f->weight_strides[0] = w->w_g;
    f->weight_strides[1] = w->w_o;
    f->weight_strides[2] = w->w_i;
    for (int i = 0; i < w->spatial; i++) {
        if (!w->transposed && (w->holes[i] != 1 || w->turned[i]))
            return 0;
        f->in[i] = w->in[i];
        f->out[i] = w->out[i];
        f->kernel[i] = w->kernel[i];
        f->dilation[i] = w->dilation[i] - 1;
        f->stride[i] = w->transposed ? w->transposed_stride[i] : w->stride[i];
        f->pad_low[i] = w->transposed ? w->dilation[i] * (w->kernel[i] - 1) - w->low[i] : w->low[i];
        /* oneDNN wants the padding at the end that the last window reaches, no more. */
        f->pad_high[i] =
            w->transposed
                ? (w->in[i] - 1) * f->stride[i] + w->dilation[i] * (w->kernel[i] - 1) + 1 - w->out[i] - f->pad_low[i]
                : (w->out[i] - 1) * w->stride[i] + w->dilation[i] * (w->kernel[i] - 1) + 1 - w->in[i] - w->low[i];
        f->in_strides[2 + i] = w->in_s[i];
        f->out_strides[2 + i] = w->out_s[i];
        f->weight_strides[3 + i] = w->w_s[i];
    }
    f->steady_weight = x->slots.v[s->in[1]].steady && !x->slots.v[s->in[1]].per_device;
    struct dnnl_tail *tail = &w->tail;
    const struct exec_type *out = out_type(p, s, 0);
    bool winograd = dnnl_conv_winograd(x, f); /* is worth more than a sum */
    for (; w->activation == VEC_N_OPS && tail->n < n; tail->n++) {
        const struct tail_op *op = &ops[tail->n];
        bool same = op->rank == out->rank && memcmp(op->dims, out->dims, (size_t)out->rank * sizeof *op->dims) == 0;
        if (op->with && ((op->spread == TAIL_CHANNEL && (!same || op->channel != w->channel)) ||
                         (op->spread == TAIL_FULL && (w->out_c != 1 || winograd))))
            break;
        tail->ops[tail->n] = *op;
    }
    w->tail_at = s->n_in;
    while (!dnnl_conv_ready(x, f, tail, &w->state) && tail->n)
        tail->n--;
    note_added(s);
    return tail->n;
}

/* Flattened images are images as well. Those in blocks have to be read from their beginning on. */
static bool conv_images(const struct planner *p, const struct exec_step *s, uint32_t i, struct images *out) {
    const struct conv *w = s->params;
    bool result = i > 0;
    uint32_t with = w->tail_at, full = 0;
    for (uint32_t k = 0; k < w->tail.n; k++) {
        const struct tail_op *op = &w->tail.ops[k];
        full += op->with && op->spread == TAIL_FULL && with == i;
        with += op->with != 0;
    }
    int64_t channels = result ? w->out_channels : w->in_channels, block = dnnl_block(p->x);
    const int64_t *size = result ? w->out : w->in, *step = result ? w->out_s : w->in_s;
    bool row = size[0] == 1, column = size[1] == 1;
    if (!w->state || !block || w->spatial != 2 || w->groups != 1 || w->transposed || !dnnl_conv_in_f32(w->state) ||
        (i < s->n_in && result && !full) || (!result && w->in_base) ||
        (!row && !column && step[0] != step[1] * size[1]))
        return false;
    *out = (struct images){.batch = w->batch,
                           .channels = channels,
                           .positions = size[0] * size[1],
                           .batch_step = result ? w->out_n : w->in_n,
                           .channel_step = result ? w->out_c : w->in_c,
                           .position_step = step[!column],
                           .with_result = result};
    if (i == 0 || i == s->n_in) {
        out->moved = dnnl_conv_moved(w->state, result);
        out->border = channels < block ? 0 : (uint64_t)(out->batch * channels * out->positions);
    }
    return true;
}

static bool conv_blocks(struct planner *p, struct exec_step *s, bool operand, bool result) {
    struct conv *w = s->params;
    w->dnnl.in_blocks = operand;
    w->dnnl.out_blocks = result;
    dnnl_drop(p->x, w->state);
    w->state = NULL;
    bool ok = dnnl_conv_ready(p->x, &w->dnnl, &w->tail, &w->state);
    note_added(s);
    return ok;
}

/* Whether the convolution of the levels of quantised numbers gives the levels of the result: none has a zero point, and the
 * result's scale is the product of the others, channel by channel. Prepared weights are levels whose scale is not known. */
static bool levels_convolve(const struct exec_type *in, const struct exec_type *weight, const struct exec_type *out) {
    const struct exec_quant *all[] = {in->quant, weight->quant, out->quant};
    if (!all[0] && !all[1] && !all[2])
        return true;
    for (int i = 0; i < 3; i++)
        for (uint32_t k = 0; k < (all[i] ? all[i]->n : 0); k++)
            if (all[i]->zero[k] != 0)
                return false;
    if (!all[0] || all[0]->n != 1 || !all[2] || (!all[1] && !vec_is_integer(vec_class_of(weight->dtype))))
        return false;
    if (all[1] && all[1]->n != 1 && all[1]->n != all[2]->n)
        return false;
    for (uint32_t k = 0; all[1] && k < all[2]->n; k++) {
        double want = all[0]->scale[0] * all[1]->scale[all[1]->n == 1 ? 0 : k];
        if (fabs(all[2]->scale[k] - want) > 1e-6 * fabs(want))
            return false;
    }
    return true;
}

static bool plan_conv(struct planner *p, struct exec_step *s) {
    struct conv *w = PLAN_PARAMS(p, s, struct conv);
    if (!w)
        return false;
    if (!has_in(s, 0) || !has_in(s, 1) || !s->out[0])
        return plan_error(p, s->op, "has an operand or result without numbers");
    if (!levels_convolve(in_type(p, s, 0), in_type(p, s, 1), out_type(p, s, 0)))
        return plan_error(p, s->op,
                          "convolves quantised numbers with a zero point, or to a scale that is not the product "
                          "of theirs, which this kernel does not");
    w->activation = VEC_N_OPS;
    if (!(s->row->arg == CONV_HLO ? describe_hlo(p, s, w) : describe_tt(p, s, w)) || !check_extent(p, s->op, w))
        return false;
    w->bias = s->row->arg != CONV_HLO && has_in(s, 2);
    if (w->bias && type_count(in_type(p, s, 2)) != w->out_channels)
        return plan_error(p, s->op, "has a bias of %lld numbers for %lld channels",
                          (long long)type_count(in_type(p, s, 2)), (long long)w->out_channels);
    s->n_in = w->bias ? 3 : 2;
    w->k = class_join(in_type(p, s, 0), in_type(p, s, 1));
    /* Sums of integers wrap; those of levels stay within what levels there are, and some real thing may be done with them. */
    bool real = in_type(p, s, 0)->quant || w->activation != VEC_N_OPS ||
                (w->bias && !vec_is_integer(vec_class_of(in_type(p, s, 2)->dtype)));
    w->k = vec_is_integer(w->k) && real ? VEC_F64 : w->k;
    uint64_t macs = (uint64_t)(w->batch * w->out_channels * (w->in_channels / w->groups));
    for (int i = 0; i < w->spatial; i++)
        macs *= (uint64_t)(w->out[i] * w->kernel[i]);
    s->flops = 2 * macs;
    return true;
}

struct conv_loop {
    const struct conv *w;
    const struct vec *v;
    const char *in, *bias;
    char *out;
    const char *weight; /* [group][kernel position][in channel][out channel of the group] */
    char *rows;         /* [worker] of PLAIN_ROWS rows of out channels of a group, and what is read for them */
    size_t row_bytes;   /* of a worker */
    int64_t positions, taps;
};

/* Output positions that share what is read of the weights. */
enum { PLAIN_ROWS = 24 };

/* Where tap `k` of a window at output position y falls in the input: -1 outside. */
static int64_t tap(const struct conv *w, int i, int64_t y, int64_t k) {
    int64_t at = y * w->stride[i] + k * w->dilation[i] - w->low[i], last = spread(w->in[i], w->holes[i]) - 1;
    if (w->replicate)
        at = at < 0 ? 0 : at > last ? last : at;
    if (at < 0 || at > last || at % w->holes[i])
        return -1;
    return at / w->holes[i];
}

/* n numbers from one distance apart to another. */
static void spread_copy(char *d, int64_t d_step, const char *s, int64_t s_step, int64_t n, size_t size) {
    if (d_step == 1 && s_step == 1) {
        memcpy(d, s, (size_t)n * size);
        return;
    }
    for (int64_t i = 0; i < n; i++, d += d_step * (int64_t)size, s += s_step * (int64_t)size)
        if (size == sizeof(float))
            memcpy(d, s, sizeof(float));
        else
            memcpy(d, s, sizeof(double));
}

/* `n` output positions of one image and group from `first` on. */
static void conv_rows(const struct conv_loop *l, int64_t image, int64_t g, int64_t first, int64_t n, char *acc) {
    const struct conv *w = l->w;
    const struct vec *v = l->v;
    size_t size = v->size;
    int64_t cg = w->in_channels / w->groups, og = w->out_channels / w->groups;
    char *read = acc + (size_t)(PLAIN_ROWS * og) * size;
    int64_t y[PLAIN_ROWS][MAX_SPATIAL], in_at = image * w->in_n + g * cg * w->in_c;
    for (int64_t r = 0; r < n; r++) {
        int64_t pos = first + r;
        for (int i = w->spatial; i-- > 0; pos /= w->out[i])
            y[r][i] = pos % w->out[i];
        if (l->bias)
            memcpy(acc + (size_t)(r * og) * size, l->bias + (size_t)(g * og) * size, (size_t)og * size);
    }
    if (!l->bias)
        v->set(acc, 0, (size_t)(n * og));
    for (int64_t t = 0; t < l->taps; t++) {
        int64_t tap_at[MAX_SPATIAL], rest = t, some = 0;
        for (int i = w->spatial; i-- > 0; rest /= w->kernel[i])
            tap_at[i] = rest % w->kernel[i];
        const char *weight = l->weight + (size_t)((g * l->taps + t) * cg * og) * size;
        /* Runs of positions whose tap lies in the input are multiplied together. */
        for (int64_t r = 0; r <= n; r++) {
            int64_t at = in_at;
            bool inside = r < n;
            for (int i = 0; inside && i < w->spatial; i++) {
                int64_t from = tap(w, i, y[r][i], tap_at[i]);
                inside = from >= 0;
                at += from * w->in_s[i];
            }
            if (inside) {
                spread_copy(read + (size_t)(some++ * cg) * size, 1, l->in + at * (int64_t)size, w->in_c, cg, size);
            } else if (some) {
                v->blocks(acc + (size_t)((r - some) * og) * size, (size_t)og, read, (size_t)cg, 1, weight, (size_t)og,
                          (size_t)some, (size_t)og, (size_t)cg);
                some = 0;
            }
        }
    }
    for (int64_t r = 0; r < n; r++) {
        int64_t out_at = image * w->out_n + g * og * w->out_c;
        for (int i = 0; i < w->spatial; i++)
            out_at += y[r][i] * w->out_s[i];
        spread_copy(l->out + out_at * (int64_t)size, w->out_c, acc + (size_t)(r * og) * size, 1, og, size);
    }
}

static void conv_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct conv_loop *l = ctx;
    const struct conv *w = l->w;
    for (int64_t at = (int64_t)begin, n; at < (int64_t)end; at += n) {
        int64_t first = at % l->positions, g = at / l->positions % w->groups;
        n = (int64_t)end - at < PLAIN_ROWS ? (int64_t)end - at : PLAIN_ROWS;
        n = l->positions - first < n ? l->positions - first : n;
        conv_rows(l, at / l->positions / w->groups, g, first, n, l->rows + worker * l->row_bytes);
    }
}

static bool plain_conv(struct call *c, const struct conv *w, char *out) {
    const struct vec *v = c->x->vec[w->k];
    struct conv_loop l = {.w = w, .v = v, .out = out, .positions = 1, .taps = 1};
    int64_t cg = w->in_channels / w->groups, og = w->out_channels / w->groups;
    size_t size = v->size;
    l.row_bytes = (size_t)(PLAIN_ROWS * (og + cg)) * size;
    for (int i = 0; i < w->spatial; i++) {
        l.positions *= w->out[i];
        l.taps *= w->kernel[i];
    }
    const char *weight;
    char *packed;
    if (!(l.in = call_lanes(c, &c->in[0], w->k)) || !(weight = call_lanes(c, &c->in[1], w->k)) ||
        (w->bias && !(l.bias = call_lanes(c, &c->in[2], w->k))) ||
        !(packed = call_scratch(c, (size_t)(w->out_channels * cg * l.taps) * size)) ||
        !(l.rows = call_scratch(c, pool_threads(c->x->pool) * l.row_bytes)))
        return false;
    l.in += w->in_base * (int64_t)size;
    for (int64_t g = 0; g < w->groups; g++)
        for (int64_t t = 0; t < l.taps; t++) {
            int64_t rest = t, base = g * w->w_g;
            for (int i = w->spatial; i-- > 0;) {
                int64_t k = rest % w->kernel[i];
                rest /= w->kernel[i];
                base += (w->turned[i] ? w->kernel[i] - 1 - k : k) * w->w_s[i];
            }
            for (int64_t i = 0; i < cg; i++)
                spread_copy(packed + (size_t)(((g * l.taps + t) * cg + i) * og) * size, 1,
                            weight + (base + i * w->w_i) * (int64_t)size, w->w_o, og, size);
        }
    l.weight = packed;
    size_t grain = (size_t)(100000 / (l.taps * cg * og + 1)) + 1;
    return call_loop(c, (size_t)(w->batch * w->groups * l.positions), grain < PLAIN_ROWS ? PLAIN_ROWS : grain,
                     conv_piece, &l);
}

static bool run_conv(struct call *c) {
    const struct conv *w = c->s->params;
    const struct vec *v = c->x->vec[w->k];
    bool fast = w->state && c->x->dnnl;
    const char *in = (const char *)c->in[0].data + w->in_base * (int64_t)tensor_dtype_size(c->in[0].type->dtype);
    if (fast && !dnnl_conv_run(c, w->state, in, c->in[1].data, w->bias ? c->in[2].data : NULL, c->in + w->tail_at,
                               c->out[0].data))
        return false;
    if (fast && w->activation == VEC_N_OPS)
        return true;
    char *out = call_room(c, &c->out[0], w->k);
    if (!out)
        return false;
    if (fast) {
        const void *lanes = call_lanes(c, &c->out[0], w->k);
        if (!lanes)
            return false;
        if (lanes != out)
            memcpy(out, lanes, (size_t)type_count(c->out[0].type) * v->size);
    } else if (!plain_conv(c, w, out)) {
        return false;
    }
    if (w->activation != VEC_N_OPS) {
        size_t n = (size_t)type_count(c->out[0].type);
        char *from = call_scratch(c, n * v->size);
        if (!from)
            return false;
        memcpy(from, out, n * v->size);
        v->op[w->activation](out, from, NULL, NULL, n, w->activation_p);
    }
    call_store(c, &c->out[0], out, w->k);
    return true;
}
const struct kernel kernel_conv = {"convolution", plan_conv,   run_conv,    0,          ready_conv,
                                   NULL,          absorb_conv, conv_images, conv_blocks};

/* --- TTNN's prepared weights -------------------------------------------------------------------------------------- */

/* [O, C/G, K...] -> [1, 1, C/G*K, O]; transposed [C, O/G, K...] -> [1, 1, C*K, O]. The rows are in the order of the golden
 * functions of tt-mlir, not in the device's, which no other op can see. */
static bool plan_prepare(struct planner *p, struct exec_step *s) {
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    bool fits = has_in(s, 0) && s->out[0] && in->rank >= 3;
    if (fits && s->row->arg == PREPARE_3D) { /* channels are padded: [O, C, D, H, W] -> [D*H*W * padded C, O] */
        int64_t volume = in->rank == 5 ? in->dims[2] * in->dims[3] * in->dims[4] : 0;
        fits = volume && out->rank == 2 && out->dims[1] == in->dims[0] && out->dims[0] % volume == 0 &&
               out->dims[0] / volume >= in->dims[1] && in->dtype == out->dtype;
    } else {
        fits = fits && type_count(in) == type_count(out);
    }
    return fits || plan_error(p, s->op, "gives a weight of another size than it takes");
}

/* Rows go by kernel position, then by channel; the device orders them by blocks of channels as well, which only it sees. */
static void prepare_3d(struct call *c) {
    const struct exec_type *in = c->in[0].type, *out = c->out[0].type;
    int64_t n_out = in->dims[0], channels = in->dims[1], volume = in->dims[2] * in->dims[3] * in->dims[4],
            padded = out->dims[0] / volume;
    size_t size = tensor_dtype_size(in->dtype);
    memset(c->out[0].data, 0, (size_t)type_count(out) * size);
    for (int64_t o = 0; o < n_out; o++)
        for (int64_t ch = 0; ch < channels; ch++)
            for (int64_t k = 0; k < volume; k++)
                memcpy((char *)c->out[0].data + (size_t)((k * padded + ch) * n_out + o) * size,
                       (const char *)c->in[0].data + (size_t)((o * channels + ch) * volume + k) * size, size);
}

static bool run_prepare(struct call *c) {
    const struct exec_type *in = c->in[0].type, *out = c->out[0].type;
    bool transposed = c->s->row->arg == PREPARE_TRANSPOSED;
    if (c->s->row->arg == PREPARE_3D) {
        prepare_3d(c);
        return true;
    }
    size_t size = tensor_dtype_size(in->dtype), n = (size_t)type_count(in);
    char *to = in->dtype == out->dtype ? c->out[0].data : call_scratch(c, n * size);
    int64_t a = in->dims[0], b = in->dims[1], k = n ? (int64_t)n / (a * b) : 0;
    if (!to)
        return false;
    for (int64_t i = 0; i < a; i++)
        for (int64_t j = 0; j < b; j++)
            for (int64_t t = 0; t < k; t++) {
                int64_t at = transposed ? (i * k + t) * b + j : (j * k + t) * a + i;
                memcpy(to + (size_t)at * size, (const char *)c->in[0].data + (size_t)((i * b + j) * k + t) * size,
                       size);
            }
    if (to != c->out[0].data)
        exec_convert(c->x, c->out[0].data, out->dtype, to, in->dtype, n);
    return true;
}
const struct kernel kernel_prepare = {"weight order", plan_prepare, run_prepare, 0};
