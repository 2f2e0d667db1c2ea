/* hlo_conv.c - stablehlo.convolution: of one dimension by way of two, of two and of three; transposed ones; batch groups. */
#include "compile/hlo.h"

enum { MAX_SPACE = 3 };

/* A convolution, not yet an op. */
typedef struct conv {
    ir_loc loc;
    ir_value input, weight;
    ir_type type; /* of the result */
    int n;        /* spatial dimensions */
    int64_t stride[MAX_SPACE], padding[2 * MAX_SPACE], lhs_dilation[MAX_SPACE], rhs_dilation[MAX_SPACE];
    int64_t in_batch, in_feature, in_space[MAX_SPACE];
    int64_t kernel_in, kernel_out, kernel_space[MAX_SPACE];
    int64_t out_batch, out_feature, out_space[MAX_SPACE];
    int64_t groups, batch_groups;
} conv;

/* What a dimension is for, besides 0, 1, 2 for the spatial ones. */
enum { BATCH = -1, FEATURE = -2, KERNEL_IN = -1, KERNEL_OUT = -2 };

static bool space_dims(pass_context *p, ir_op op, str param, int n, int64_t *out) {
    int64_t v[PASS_MAX_RANK];
    if (hlo_dims(p, op, STR("dimension_numbers"), param, v) != (uint32_t)n)
        return false;
    for (int i = 0; i < n; i++) {
        if (v[i] < 0 || v[i] >= n + 2)
            return false;
        out[i] = v[i];
    }
    return true;
}

static bool one_dim(pass_context *p, ir_op op, str param, int n, int64_t *out) {
    *out = hlo_dim(p, op, STR("dimension_numbers"), param);
    return *out >= 0 && *out < n + 2;
}

static bool is_reversed(pass_context *p, ir_op op, int n) {
    int64_t v[PASS_MAX_RANK];
    uint32_t found = op_ints(p->m, op, STR("window_reversal"), v, PASS_MAX_RANK);
    for (uint32_t i = 0; i < found && i < (uint32_t)n; i++)
        if (v[i])
            return true;
    return false;
}

static bool conv_of(pass_context *p, ir_op op, conv *c) {
    int rank = ir_rank(p->c, hlo_type(p, op)), n = rank - 2;
    if (n < 1 || n > MAX_SPACE || is_reversed(p, op, n))
        return false;
    *c = (conv){.loc = ir_op_at(p->m, op)->loc,
                .input = ir_operand(p->m, op, 0),
                .weight = ir_operand(p->m, op, 1),
                .type = hlo_type(p, op),
                .n = n,
                .groups = op_int_or(p->m, op, STR("feature_group_count"), 1),
                .batch_groups = op_int_or(p->m, op, STR("batch_group_count"), 1)};
    return c->groups >= 1 && c->batch_groups >= 1 &&
           hlo_ints(p, op, STR("window_strides"), (uint32_t)n, 1, c->stride) &&
           hlo_ints(p, op, STR("padding"), (uint32_t)n * 2, 0, c->padding) &&
           hlo_ints(p, op, STR("lhs_dilation"), (uint32_t)n, 1, c->lhs_dilation) &&
           hlo_ints(p, op, STR("rhs_dilation"), (uint32_t)n, 1, c->rhs_dilation) &&
           one_dim(p, op, STR("inputBatchDimension"), n, &c->in_batch) &&
           one_dim(p, op, STR("inputFeatureDimension"), n, &c->in_feature) &&
           space_dims(p, op, STR("inputSpatialDimensions"), n, c->in_space) &&
           one_dim(p, op, STR("kernelInputFeatureDimension"), n, &c->kernel_in) &&
           one_dim(p, op, STR("kernelOutputFeatureDimension"), n, &c->kernel_out) &&
           space_dims(p, op, STR("kernelSpatialDimensions"), n, c->kernel_space) &&
           one_dim(p, op, STR("outputBatchDimension"), n, &c->out_batch) &&
           one_dim(p, op, STR("outputFeatureDimension"), n, &c->out_feature) &&
           space_dims(p, op, STR("outputSpatialDimensions"), n, c->out_space);
}

/* ---- dimensions in another order ------------------------------------------------------------------------ */

static void layout_of(int64_t a, int64_t a_label, int64_t b, int64_t b_label, const int64_t *space, int n,
                      int64_t *out) {
    out[a] = a_label;
    out[b] = b_label;
    for (int i = 0; i < n; i++)
        out[space[i]] = i;
}

/* perm[i] is where the dimension that `to` has at i is in `from`. False when they are equal. */
static bool layout_permutation(const int64_t *from, const int64_t *to, int n, int64_t *perm) {
    bool moved = false;
    for (int i = 0; i < n; i++) {
        perm[i] = i;
        for (int k = 0; k < n; k++)
            if (from[k] == to[i])
                perm[i] = k;
        moved = moved || perm[i] != i;
    }
    return moved;
}

static ir_value moved_to(pass_context *p, ir_loc loc, ir_value v, const int64_t *from, const int64_t *to, int n) {
    int64_t perm[MAX_SPACE + 2];
    layout_permutation(from, to, n, perm);
    return v ? build_permute(p, loc, v, perm) : 0;
}

static bool is_transposed(const conv *c) {
    bool dilated = false;
    for (int i = 0; i < c->n; i++) {
        if (c->stride[i] != 1)
            return false;
        dilated = dilated || c->lhs_dilation[i] > 1;
    }
    return dilated;
}

/* ---- batch groups --------------------------------------------------------------------------------------- */

static ir_value group_slice(pass_context *p, ir_loc loc, ir_value v, int64_t dim, int64_t group, int64_t groups) {
    slice_range r;
    shape s;
    if (!shape_of(p->m, v, &s) || dim >= s.n)
        return 0;
    r.n = s.n;
    for (int i = 0; i < s.n; i++) {
        r.begin[i] = 0;
        r.end[i] = s.d[i];
        r.step[i] = 1;
    }
    int64_t size = s.d[dim] / groups;
    r.begin[dim] = group * size;
    r.end[dim] = (group + 1) * size;
    s.d[dim] = size;
    return build_slice_to(p, loc, v, &r, type_like(p, v, &s));
}

typedef ir_value conv_fn(pass_context *p, const conv *c);

/* One convolution by `build` for each batch group, side by side. */
static ir_value by_batch_group(pass_context *p, const conv *c, conv_fn *build) {
    if (c->batch_groups == 1)
        return build(p, c);
    int64_t n = c->batch_groups;
    ir_value *parts = ARENA_ARRAY(&p->scratch, ir_value, (size_t)n);
    conv *group = ARENA_ARRAY(&p->scratch, conv, (size_t)n);
    shape s;
    if (!parts || !group || !shape_of_type(p->c, c->type, &s))
        return 0;
    s.d[c->out_feature] /= n;
    for (int64_t i = 0; i < n; i++) {
        group[i] = *c;
        group[i].batch_groups = 1;
        group[i].type = type_with_shape(p, c->type, s.d, (uint32_t)s.n);
        group[i].input = group_slice(p, loc_suffix(p, c->loc, "_inputSlice"), c->input, c->in_batch, i, n);
        group[i].weight = group_slice(p, loc_suffix(p, c->loc, "_weightSlice"), c->weight, c->kernel_out, i, n);
        if (!group[i].input || !group[i].weight)
            return 0;
    }
    for (int64_t i = 0; i < n; i++)
        if (!(parts[i] = build(p, &group[i])))
            return 0;
    return build_concat(p, c->loc, parts, (uint32_t)n, c->out_feature, c->type);
}

/* ---- two dimensions ------------------------------------------------------------------------------------- */

/* A dimension of one element that the kernel too has one element in is no dimension: ttir.conv1d. 0 when there is none,
 * or two. */
static ir_value conv_degenerate(pass_context *p, const conv *c) {
    static const int64_t length_first[] = {BATCH, 0, FEATURE, 1}, kernel_order[] = {KERNEL_OUT, KERNEL_IN, 0, 1};
    shape in, kernel, out;
    int64_t layout[4], perm[4];
    int real = -1, n = 0;
    if (!shape_of(p->m, c->input, &in) || !shape_of(p->m, c->weight, &kernel) || !shape_of_type(p->c, c->type, &out))
        return 0;
    for (int i = 0; i < 2; i++) {
        if (in.d[c->in_space[i]] == 1 && kernel.d[c->kernel_space[i]] == 1) {
            real = 1 - i;
            n++;
        }
    }
    if (n != 1)
        return 0;
    int64_t in_space[] = {c->in_space[real], c->in_space[1 - real]};
    int64_t kernel_space[] = {c->kernel_space[real], c->kernel_space[1 - real]};
    int64_t out_space[] = {c->out_space[real], c->out_space[1 - real]};
    layout_of(c->in_batch, BATCH, c->in_feature, FEATURE, in_space, 2, layout);
    layout_permutation(layout, length_first, 4, perm);
    ir_value v = build_permute(p, loc_suffix(p, c->loc, "_conv1dInput"), c->input, perm);
    shape s = shape_permuted(&in, perm);
    s.n = 3;
    v = v ? build_reshape(p, loc_suffix(p, c->loc, "_conv1dInputSqueeze"), v, &s) : 0;
    layout_of(c->kernel_out, KERNEL_OUT, c->kernel_in, KERNEL_IN, kernel_space, 2, layout);
    layout_permutation(layout, kernel_order, 4, perm);
    ir_value w = build_permute(p, loc_suffix(p, c->loc, "_conv1dWeight"), c->weight, perm);
    s = shape_permuted(&kernel, perm);
    s.n = 3;
    w = w ? build_reshape(p, loc_suffix(p, c->loc, "_conv1dWeightSqueeze"), w, &s) : 0;
    s = (shape){.d = {out.d[c->out_batch], out.d[out_space[0]], out.d[c->out_feature], 1}, .n = 3};
    attr_entry a[] = {{STR("batch_dim"), make_i64(p, 0)},
                      {STR("channel_dim"), make_i64(p, 2)},
                      {STR("dilation"), make_i32(p, c->rhs_dilation[real])},
                      {STR("groups"), make_i32(p, c->groups)},
                      {STR("length_dim"), make_i64(p, 1)},
                      {STR("padding"), make_i32s(p, c->padding + 2 * (ptrdiff_t)real, 2)},
                      {STR("stride"), make_i32(p, c->stride[real])}};
    ir_value operands[] = {v, w};
    v = v && w ? build_value(p, OP_ttir_conv1d, c->loc, operands, 2, type_with_shape(p, c->type, s.d, 3),
                             make_dict(p, a, 7))
               : 0;
    s.n = 4;
    v = v ? build_reshape(p, loc_suffix(p, c->loc, "_conv1dOutputExpand"), v, &s) : 0;
    layout_of(c->out_batch, BATCH, c->out_feature, FEATURE, out_space, 2, layout);
    layout_permutation(length_first, layout, 4, perm);
    return v ? build_permute_to(p, loc_suffix(p, c->loc, "_conv1dOutput"), v, perm, c->type) : 0;
}

/* The weight of a transposed convolution with groups: (in, groups * out) becomes (groups * in, out). */
static ir_value grouped_weight(pass_context *p, const conv *c, ir_value w) {
    static const int64_t group_first[] = {1, 0, 2, 3, 4};
    shape s;
    if (!shape_of(p->m, w, &s))
        return 0;
    shape split = {.d = {s.d[0], c->groups, s.d[1] / c->groups, s.d[2], s.d[3]}, .n = 5};
    shape merged = {.d = {s.d[0] * c->groups, s.d[1] / c->groups, s.d[2], s.d[3]}, .n = 4};
    w = build_reshape(p, loc_suffix(p, c->loc, "_weight_extracted_groups"), w, &split);
    w = w ? build_permute(p, loc_suffix(p, c->loc, "_weight_permuted_groups"), w, group_first) : 0;
    return w ? build_reshape(p, loc_suffix(p, c->loc, "_weight_merged_groups"), w, &merged) : 0;
}

/* Whether a weight was turned round along the two spatial dimensions, and nothing else. */
static bool is_turned(pass_context *p, const conv *c, ir_value w) {
    ir_op reverse = def_is(p->m, w, OP_ttir_reverse);
    int64_t dims[PASS_MAX_RANK], a = c->kernel_space[0], b = c->kernel_space[1];
    uint32_t n = reverse ? op_ints(p->m, reverse, STR("dimensions"), dims, PASS_MAX_RANK) : 0;
    return n == 2 && ((dims[0] == a && dims[1] == b) || (dims[0] == b && dims[1] == a));
}

/* A transposed convolution turns its weight (in, out, height, width) round itself. What was not turned before is turned, so
 * that both together leave it as it is; tt-mlir leaves that out, which computes something else. */
static ir_value turned(pass_context *p, const conv *c, ir_value w) {
    static const int64_t space[] = {2, 3};
    shape s;
    if (!w || !shape_of(p->m, w, &s) || (s.d[2] == 1 && s.d[3] == 1))
        return w;
    attr_entry a[] = {{STR("dimensions"), make_i64s(p, space, 2)}};
    return build_value(p, OP_ttir_reverse, loc_suffix(p, c->loc, "_weight_turned"), &w, 1, ir_value_type(p->m, w),
                       make_dict(p, a, 1));
}

static ir_value conv_2d(pass_context *p, const conv *c) {
    static const int64_t plain_order[] = {KERNEL_OUT, KERNEL_IN, 0, 1},
                         transposed_order[] = {KERNEL_IN, KERNEL_OUT, 0, 1};
    bool transposed = is_transposed(c);
    int64_t in[4], out[4], kernel[4], perm[4], extra[2];
    int64_t padding[] = {c->padding[0], c->padding[2], c->padding[1], c->padding[3]};
    ir_value v = c->input, w = c->weight;
    shape s, k;
    layout_of(c->in_batch, BATCH, c->in_feature, FEATURE, c->in_space, 2, in);
    layout_of(c->out_batch, BATCH, c->out_feature, FEATURE, c->out_space, 2, out);
    layout_of(c->kernel_out, KERNEL_OUT, c->kernel_in, KERNEL_IN, c->kernel_space, 2, kernel);
    if (layout_permutation(in, out, 4, perm))
        v = build_permute(p, loc_suffix(p, c->loc, "_input"), v, perm);
    bool was_turned = transposed && is_turned(p, c, w);
    if (was_turned)
        w = ir_operand(p->m, ir_def_op(p->m, w), 0);
    if (!v || !w || !shape_of(p->m, w, &k) || !shape_of_type(p->c, c->type, &s))
        return 0;
    w = moved_to(p, loc_suffix(p, c->loc, "_weight"), w, kernel, transposed ? transposed_order : plain_order, 4);
    if (w && transposed && c->groups > 1)
        w = grouped_weight(p, c, w);
    if (transposed && !was_turned)
        w = turned(p, c, w);
    for (int i = 0; i < 2; i++) {
        extra[i] = c->padding[2 * i + 1] - c->padding[2 * i];
        if (transposed)
            padding[i] = padding[2 + i] = (k.d[c->kernel_space[i]] - 1) * c->rhs_dilation[i] - c->padding[2 * i];
    }
    attr_entry a[] = {{STR("batch_dim"), make_i64(p, c->out_batch)},
                      {STR("channel_dim"), make_i64(p, c->out_feature)},
                      {STR("dilation"), make_i32s(p, c->rhs_dilation, 2)},
                      {STR("groups"), make_i32(p, c->groups)},
                      {STR("height_dim"), make_i64(p, c->out_space[0])},
                      {STR("output_padding"), transposed ? make_i32s(p, extra, 2) : 0},
                      {STR("padding"), make_i32s(p, padding, 4)},
                      {STR("stride"), make_i32s(p, transposed ? c->lhs_dilation : c->stride, 2)},
                      {STR("width_dim"), make_i64(p, c->out_space[1])}};
    ir_value operands[] = {v, w};
    return w ? build_value(p, transposed ? OP_ttir_conv_transpose2d : OP_ttir_conv2d, c->loc, operands, 2,
                           type_like(p, c->input, &s), make_dict(p, a, 9))
             : 0;
}

static ir_value conv_2d_any(pass_context *p, const conv *c) {
    ir_value v = !is_transposed(c) && c->batch_groups == 1 ? conv_degenerate(p, c) : 0;
    return v ? v : by_batch_group(p, c, conv_2d);
}

/* ---- one and three dimensions --------------------------------------------------------------------------- */

static ir_value with_one_more(pass_context *p, ir_loc loc, ir_value v) {
    shape s;
    if (!shape_of(p->m, v, &s) || s.n >= PASS_MAX_RANK)
        return 0;
    s.d[s.n++] = 1;
    return build_reshape(p, loc, v, &s);
}

/* With a second spatial dimension of one element. */
static ir_value conv_1d(pass_context *p, const conv *c) {
    conv wide = *c;
    shape s;
    if (!shape_of_type(p->c, c->type, &s))
        return 0;
    wide.input = with_one_more(p, loc_suffix(p, c->loc, "_reshapeInput"), c->input);
    wide.weight = with_one_more(p, loc_suffix(p, c->loc, "_reshapeWeight"), c->weight);
    shape out = s;
    out.d[out.n++] = 1;
    wide.type = type_with_shape(p, c->type, out.d, (uint32_t)out.n);
    wide.n = 2;
    wide.stride[1] = wide.lhs_dilation[1] = wide.rhs_dilation[1] = 1;
    wide.padding[2] = wide.padding[3] = 0;
    wide.in_space[1] = wide.kernel_space[1] = wide.out_space[1] = 3;
    ir_value v = wide.input && wide.weight ? conv_2d_any(p, &wide) : 0;
    return v ? build_reshape(p, loc_suffix(p, c->loc, "_reshapeOutput"), v, &s) : 0;
}

static ir_value conv_3d(pass_context *p, const conv *c) {
    static const int64_t order[] = {KERNEL_OUT, KERNEL_IN, 0, 1, 2};
    int64_t kernel[5], padding[3];
    if (c->batch_groups > 1)
        return 0;
    for (int i = 0; i < 3; i++) {
        if (c->rhs_dilation[i] != 1 || c->padding[2 * i] != c->padding[2 * i + 1])
            return 0;
        padding[i] = c->padding[2 * i];
    }
    layout_of(c->kernel_out, KERNEL_OUT, c->kernel_in, KERNEL_IN, c->kernel_space, 3, kernel);
    ir_value w = moved_to(p, loc_suffix(p, c->loc, "_weight"), c->weight, kernel, order, 5);
    attr_entry a[] = {
        {STR("batch_dim"), make_i64(p, c->out_batch)},     {STR("channel_dim"), make_i64(p, c->out_feature)},
        {STR("depth_dim"), make_i64(p, c->out_space[0])},  {STR("groups"), make_i32(p, c->groups)},
        {STR("height_dim"), make_i64(p, c->out_space[1])}, {STR("padding"), make_i32s(p, padding, 3)},
        {STR("stride"), make_i32s(p, c->stride, 3)},       {STR("width_dim"), make_i64(p, c->out_space[2])}};
    ir_value operands[] = {c->input, w};
    return w ? build_value(p, OP_ttir_conv3d, c->loc, operands, 2, c->type, make_dict(p, a, 8)) : 0;
}

/* Negative padding cuts the result instead. */
bool hlo_convolution(pass_context *p, ir_op op) {
    static conv_fn *const by_rank[] = {conv_1d, conv_2d_any, conv_3d};
    conv c;
    slice_range r;
    shape s;
    bool cut = false;
    if (!conv_of(p, op, &c) || !shape_of_type(p->c, c.type, &s))
        return false;
    r.n = s.n;
    for (int i = 0; i < s.n; i++) {
        r.begin[i] = 0;
        r.end[i] = s.d[i];
        r.step[i] = 1;
    }
    for (int i = 0; i < 2 * c.n; i++) {
        int64_t less = c.padding[i] < 0 ? -c.padding[i] : 0, dim = c.out_space[i / 2];
        if (!less)
            continue;
        s.d[dim] += less;
        if (i % 2 == 0) {
            r.begin[dim] += less;
            r.end[dim] += less;
        }
        c.padding[i] = 0;
        cut = true;
    }
    if (cut)
        c.type = tensor_type(p, &s, ir_element_type(p->c, c.type));
    ir_value v = c.n == 1 ? by_batch_group(p, &c, conv_1d) : by_rank[c.n - 1](p, &c);
    if (v && cut)
        v = build_slice_to(p, c.loc, v, &r, hlo_type(p, op));
    return hlo_replace(p, op, v);
}
