/* canon_ttir.c - the canonicalisation patterns of ttir ops (getCanonicalizationPatterns of tt-mlir's TTIROps.cpp).
 *
 * They run in the canonicalize passes only; what an op folds to, in every greedy run, is in fold_ttir.c.
 */
#include "compile/constant.h"
#include "compile/dtype_rules.h"
#include "compile/rewrite.h"
#include "compile/ttir.h"
#include "target/dtype.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static bool replaced(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- comparisons ---------------------------------------------------------------------------------------- */

/* a <= b is b >= a, a < b is b > a. */
static bool canon_less(pass_context *p, ir_op op) {
    uint32_t other = op_is(p->m, op, OP_ttir_le) ? OP_ttir_ge : OP_ttir_gt;
    return replaced(p, op,
                    build_binary(p, other, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 1), ir_operand(p->m, op, 0),
                                 result_type(p, op)));
}

/* ---- clamps --------------------------------------------------------------------------------------------- */

static ir_value build_clamp(pass_context *p, ir_op op, ir_value v, ir_attr min, ir_attr max) {
    attr_entry a[] = {{STR("max"), max}, {STR("min"), min}};
    return build_value(p, OP_ttir_clamp_scalar, ir_op_at(p->m, op)->loc, &v, 1, result_type(p, op), make_dict(p, a, 2));
}

/* Two clamps one after the other are one. */
static bool canon_clamp_of_clamp(pass_context *p, ir_op op) {
    ir_op def = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_clamp_scalar);
    ir_attr min = ir_op_attr(p->m, op, STR("min")), max = ir_op_attr(p->m, op, STR("max"));
    fill_value lo, hi, lo0, hi0;
    if (!def || !ir_has_one_use(p->e, ir_result(p->m, def, 0)) || !fill_of_attr(p->c, min, &lo) ||
        !fill_of_attr(p->c, max, &hi) || !fill_of_attr(p->c, ir_op_attr(p->m, def, STR("min")), &lo0) ||
        !fill_of_attr(p->c, ir_op_attr(p->m, def, STR("max")), &hi0))
        return false;
    double low = lo.f > lo0.f ? lo.f : lo0.f, high = hi.f < hi0.f ? hi.f : hi0.f;
    bool f = lo.is_float;
    return replaced(p, op,
                    build_clamp(p, op, ir_operand(p->m, def, 0), f ? make_f32(p, low) : make_i32(p, (int32_t)low),
                                f ? make_f32(p, high) : make_i32(p, (int32_t)high)));
}

static bool canon_clamp_to_relu6(pass_context *p, ir_op op) {
    fill_value lo, hi;
    if (!fill_of_attr(p->c, ir_op_attr(p->m, op, STR("min")), &lo) ||
        !fill_of_attr(p->c, ir_op_attr(p->m, op, STR("max")), &hi) || lo.f != 0 || hi.f != 6)
        return false;
    return replaced(
        p, op, build_unary(p, OP_ttir_relu6, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), result_type(p, op)));
}

static int32_t saturated(double v) {
    return v != v ? 0 : v >= 2147483647.0 ? INT32_MAX : v <= -2147483648.0 ? INT32_MIN : (int32_t)v;
}

/* v brought to the shape of `type`: missing dimensions are added behind (tt-mlir: broadcastValue with frontUnsqueeze
 * false), then it is broadcast. */
static ir_value broadcast_behind(pass_context *p, ir_loc loc, ir_value v, ir_type type) {
    shape from, to, both;
    if (!shape_of(p->m, v, &from) || !shape_of_type(p->c, type, &to) || !shape_broadcast(&from, &to, &both))
        return 0;
    if (shape_equal(&from, &to))
        return v;
    if (from.n != to.n) {
        shape ones = shape_ones(to.n);
        for (int i = 0; i < from.n && i < to.n; i++)
            ones.d[i] = from.d[i];
        v = build_reshape_to(p, loc, v, type_with_shape(p, type, ones.d, (uint32_t)ones.n));
    }
    return v ? build_broadcast_to(p, loc, v, type) : 0;
}

static bool canon_clamp_tensor(pass_context *p, ir_op op) {
    ir_type type = result_type(p, op);
    ir_value min = ir_operand(p->m, op, 1), max = ir_operand(p->m, op, 2);
    fill_value lo, hi;
    if (fill_of(p->m, min, &lo) && fill_of(p->m, max, &hi)) {
        bool f = is_float_type(p->c, ir_element_type(p->c, type));
        return replaced(p, op,
                        build_clamp(p, op, ir_operand(p->m, op, 0),
                                    f ? make_f32(p, lo.f) : make_i32(p, saturated(lo.f)),
                                    f ? make_f32(p, hi.f) : make_i32(p, saturated(hi.f))));
    }
    shape to, a, b, both;
    if (!shape_of_type(p->c, type, &to) || !shape_of(p->m, min, &a) || !shape_of(p->m, max, &b) ||
        (shape_equal(&to, &a) && shape_equal(&to, &b)) || !shape_broadcast(&a, &to, &both) ||
        !shape_broadcast(&b, &to, &both))
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value operands[] = {ir_operand(p->m, op, 0), broadcast_behind(p, loc, min, type),
                           broadcast_behind(p, loc, max, type)};
    return operands[1] && operands[2] &&
           replaced(p, op, build_value(p, OP_ttir_clamp_tensor, loc, operands, 3, type, 0));
}

/* ---- constants ------------------------------------------------------------------------------------------ */

static bool canon_constant_splat(pass_context *p, ir_op op) {
    dense_view v;
    if (!dense_read(p->c, ir_op_attr(p->m, op, STR("value")), &v) || !v.splat || !v.n)
        return false;
    return replaced(
        p, op, build_full(p, ir_op_at(p->m, op)->loc, result_type(p, op), fill_from_bits(p, &v.of, dense_at(&v, 0))));
}

/* ---- convolutions and products -------------------------------------------------------------------------- */

/* A 1x1x1 convolution in one piece, channels last, is a matrix product. */
static bool canon_pointwise_conv3d(pass_context *p, ir_op op) {
    static const struct {
        str key;
        int64_t dim;
    } layout[] = {{STR_INIT("batch_dim"), 0},
                  {STR_INIT("depth_dim"), 1},
                  {STR_INIT("height_dim"), 2},
                  {STR_INIT("width_dim"), 3},
                  {STR_INIT("channel_dim"), 4}};
    for (size_t i = 0; i < 5; i++)
        if (op_int_or(p->m, op, layout[i].key, -1) != layout[i].dim)
            return false;
    ir_value in = ir_operand(p->m, op, 0), weight = ir_operand(p->m, op, 1);
    ir_value bias = op_operand_named(p->m, op, STR("bias"));
    int64_t stride[3], padding[3];
    shape a, w, out;
    if (op_int_or(p->m, op, STR("groups"), 0) != 1 || !shape_of(p->m, in, &a) || !shape_of(p->m, weight, &w) ||
        !shape_of_type(p->c, result_type(p, op), &out) || a.n != 5 || w.n != 5 || w.d[2] != 1 || w.d[3] != 1 ||
        w.d[4] != 1 || !window_ints(p->m, op, STR("stride"), 3, stride) ||
        !window_ints(p->m, op, STR("padding"), 3, padding))
        return false;
    for (int i = 0; i < 3; i++)
        if (stride[i] != 1 || padding[i])
            return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    shape rows = {.n = 2, .d = {a.d[0] * a.d[1] * a.d[2] * a.d[3], a.d[4]}}, cols = {.n = 2, .d = {w.d[0], a.d[4]}};
    shape product = {.n = 2, .d = {rows.d[0], w.d[0]}}, vector = {.n = 1, .d = {w.d[0]}};
    in = build_reshape_to(p, loc_suffix(p, loc, "_reshapeInput"), in, tensor_type(p, &rows, element_of(p->m, in)));
    weight = build_reshape_to(p, loc_suffix(p, loc, "_reshapeWeight"), weight,
                              tensor_type(p, &cols, element_of(p->m, weight)));
    if (bias)
        bias = build_reshape_to(p, loc_suffix(p, loc, "_reshapeBias"), bias,
                                tensor_type(p, &vector, element_of(p->m, bias)));
    ir_type type = result_type(p, op);
    ir_value v =
        build_matmul(p, loc, in, weight, bias, false, true, tensor_type(p, &product, ir_element_type(p->c, type)));
    return replaced(p, op, build_reshape_to(p, loc, v, type));
}

static bool canon_linear_without_bias(pass_context *p, ir_op op) {
    if (ir_op_at(p->m, op)->n_operands > 2)
        return false;
    return replaced(p, op,
                    build_matmul(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), ir_operand(p->m, op, 1), 0,
                                 op_flag(p->m, op, STR("transpose_a")), op_flag(p->m, op, STR("transpose_b")),
                                 result_type(p, op)));
}

/* How many leading dimensions of `apart` the first one of `merged` is the product of, all others equal; 0: no. */
static int merged_dims(const shape *apart, const shape *merged) {
    int n = apart->n - merged->n + 1;
    if (merged->n >= apart->n || !merged->n)
        return 0;
    for (int i = 1; i < merged->n; i++)
        if (apart->d[n + i - 1] != merged->d[i])
            return 0;
    int64_t product = 1;
    for (int i = 0; i < n; i++)
        if (apart->d[i] <= 0 || __builtin_mul_overflow(product, apart->d[i], &product))
            return 0;
    return product == merged->d[0] ? n : 0;
}

/* A product whose leading dimensions were merged for it and are split again after it. */
static bool canon_matmul_merged(pass_context *p, ir_op op) {
    ir_op split = one_user(p, ir_result(p->m, op, 0));
    ir_op a = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_reshape);
    ir_op b = def_is(p->m, ir_operand(p->m, op, 1), OP_ttir_reshape);
    shape apart, product, sa, ma, sb, mb;
    if (!op_is(p->m, split, OP_ttir_reshape) || !a || !b || !shape_of(p->m, ir_result(p->m, split, 0), &apart) ||
        !shape_of(p->m, ir_result(p->m, op, 0), &product) || !shape_of(p->m, ir_operand(p->m, a, 0), &sa) ||
        !shape_of(p->m, ir_result(p->m, a, 0), &ma) || !shape_of(p->m, ir_operand(p->m, b, 0), &sb) ||
        !shape_of(p->m, ir_result(p->m, b, 0), &mb))
        return false;
    int n = merged_dims(&apart, &product);
    if (!n || merged_dims(&sa, &ma) != n || merged_dims(&sb, &mb) != n || sa.n != sb.n || sa.n != apart.n)
        return false;
    for (int i = 0; i < n; i++)
        if (sa.d[i] != sb.d[i] || sa.d[i] != apart.d[i])
            return false;
    return replaced(p, split,
                    build_matmul(p, ir_op_at(p->m, split)->loc, ir_operand(p->m, a, 0), ir_operand(p->m, b, 0), 0,
                                 op_flag(p->m, op, STR("transpose_a")), op_flag(p->m, op, STR("transpose_b")),
                                 result_type(p, split)));
}

/* ---- shapes --------------------------------------------------------------------------------------------- */

/* reshape -> permute -> reshape where the last one drops leading ones: drop them first. */
static bool canon_reshape_permute_reshape(pass_context *p, ir_op op) {
    ir_op permute = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_permute);
    ir_op leading = permute ? def_is(p->m, ir_operand(p->m, permute, 0), OP_ttir_reshape) : 0;
    int64_t perm[PASS_MAX_RANK], shorter[PASS_MAX_RANK];
    shape mid, permuted, out;
    if (!leading || !op_has_one_use(p, permute) || !shape_of(p->m, ir_result(p->m, permute, 0), &permuted) ||
        !shape_of(p->m, ir_operand(p->m, permute, 0), &mid) || !shape_of(p->m, ir_result(p->m, op, 0), &out) ||
        permutation_of(p->m, permute, perm) != permuted.n || out.n >= permuted.n)
        return false;
    int n = permuted.n - out.n;
    for (int i = 0; i < permuted.n; i++)
        if (i < n ? permuted.d[i] != 1 || perm[i] >= n : permuted.d[i] != out.d[i - n])
            return false;
    shape kept = {.n = out.n};
    for (int i = n; i < permuted.n; i++) {
        shorter[i - n] = perm[i] - n;
        kept.d[i - n] = mid.d[i];
    }
    ir_value v = build_reshape_to(p, ir_op_at(p->m, leading)->loc, ir_operand(p->m, leading, 0),
                                  type_like(p, ir_operand(p->m, permute, 0), &kept));
    shape result = shape_permuted(&kept, shorter);
    return replaced(p, op,
                    build_permute_to(p, ir_op_at(p->m, permute)->loc, v, shorter,
                                     type_with_shape(p, result_type(p, op), result.d, (uint32_t)result.n)));
}

static bool canon_transpose(pass_context *p, ir_op op) {
    int64_t perm[PASS_MAX_RANK], dim0, dim1;
    shape in;
    if (!shape_of(p->m, ir_operand(p->m, op, 0), &in) || !op_int(p->m, op, STR("dim0"), &dim0) ||
        !op_int(p->m, op, STR("dim1"), &dim1))
        return false;
    dim0 = wrap_dim(dim0, in.n);
    dim1 = wrap_dim(dim1, in.n);
    if (dim0 < 0 || dim1 < 0 || dim0 >= in.n || dim1 >= in.n)
        return false;
    for (int i = 0; i < in.n; i++)
        perm[i] = i == dim0 ? dim1 : i == dim1 ? dim0 : i;
    return replaced(p, op,
                    build_permute_to(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), perm, result_type(p, op)));
}

static bool canon_reverse_of_reverse(pass_context *p, ir_op op) {
    ir_op def = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_reverse);
    int64_t a[PASS_MAX_RANK], b[PASS_MAX_RANK], left[PASS_MAX_RANK];
    if (!def)
        return false;
    uint32_t na = op_ints(p->m, op, STR("dimensions"), a, PASS_MAX_RANK), flipped = 0, n = 0;
    uint32_t nb = op_ints(p->m, def, STR("dimensions"), b, PASS_MAX_RANK);
    if (na > PASS_MAX_RANK || nb > PASS_MAX_RANK)
        return false;
    for (uint32_t i = 0; i < na + nb; i++) {
        int64_t d = i < na ? a[i] : b[i - na];
        if (d < 0 || d >= PASS_MAX_RANK)
            return false;
        flipped ^= 1u << d;
    }
    for (uint32_t d = 0; d < PASS_MAX_RANK; d++)
        if (flipped >> d & 1)
            left[n++] = d;
    attr_entry e[] = {{STR("dimensions"), make_i64s(p, left, n)}};
    ir_value v = ir_operand(p->m, def, 0);
    return replaced(
        p, op, build_value(p, OP_ttir_reverse, ir_op_at(p->m, op)->loc, &v, 1, result_type(p, op), make_dict(p, e, 1)));
}

static bool canon_reverse_nothing(pass_context *p, ir_op op) {
    int64_t d;
    if (op_ints(p->m, op, STR("dimensions"), &d, 1) || !ir_op_has_uses(p->e, op))
        return false;
    replace_uses(p, op, ir_operand(p->m, op, 0));
    return true;
}

/* ---- casts ---------------------------------------------------------------------------------------------- */

static bool canon_cast_of_cast(pass_context *p, ir_op op) {
    ir_op def = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_typecast);
    if (!def)
        return false;
    bool keep = op_flag(p->m, op, STR("conservative_folding")), keep0 = op_flag(p->m, def, STR("conservative_folding"));
    ir_value v = ir_operand(p->m, def, 0);
    if (keep || keep0) {
        target_dtype in = target_dtype_of(p->c, element_of(p->m, v));
        target_dtype mid = target_dtype_of(p->c, element_of(p->m, ir_operand(p->m, op, 0)));
        target_dtype out = target_dtype_of(p->c, ir_element_type(p->c, result_type(p, op)));
        if (in == DTYPE_NONE || mid == DTYPE_NONE || out == DTYPE_NONE)
            return false;
        bool through_int = target_dtypes[in].is_float && !target_dtypes[mid].is_float && target_dtypes[out].is_float;
        if (through_int || (dtype_narrows(in, mid) && !dtype_narrows(mid, out)))
            return false;
    }
    attr_entry a[] = {{STR("conservative_folding"), ir_attr_bool(p->c, keep && keep0)}};
    return replaced(
        p, op,
        build_value(p, OP_ttir_typecast, ir_op_at(p->m, op)->loc, &v, 1, result_type(p, op), make_dict(p, a, 1)));
}

/* ---- the rest ------------------------------------------------------------------------------------------- */

/* An embedding between reshapes looks up indices without dimensions of size 1. */
static bool canon_embedding(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0), result = ir_result(p->m, op, 0);
    shape s, out, squeezed = {0};
    if (!def_is(p->m, in, OP_ttir_reshape) || !ir_has_uses(p->e, result) || !shape_of(p->m, in, &s) ||
        !shape_of(p->m, result, &out) || !out.n)
        return false;
    for (ir_each_use(p->e, result, u))
        if (!op_is(p->m, ir_use_op(p->e, u), OP_ttir_reshape))
            return false;
    for (int i = 0; i < s.n; i++)
        if (s.d[i] != 1)
            squeezed.d[squeezed.n++] = s.d[i];
    if (!squeezed.n)
        squeezed.d[squeezed.n++] = 1;
    if (squeezed.n == s.n)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type type = result_type(p, op);
    in = build_reshape_to(p, loc, in, tensor_type(p, &squeezed, element_of(p->m, in)));
    shape looked_up = squeezed;
    looked_up.d[looked_up.n++] = out.d[out.n - 1];
    ir_value v = build_binary(p, OP_ttir_embedding, loc, in, ir_operand(p->m, op, 1),
                              tensor_type(p, &looked_up, ir_element_type(p->c, type)));
    return replaced(p, op, build_reshape_to(p, loc, v, type));
}

static bool canon_layout_of_empty(pass_context *p, ir_op op) {
    if (!def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_empty) || ir_op_at(p->m, op)->n_operands < 2)
        return false;
    return replaced(p, op,
                    build_value(p, OP_ttir_empty, ir_op_at(p->m, op)->loc, NULL, 0,
                                ir_value_type(p->m, ir_operand(p->m, op, 1)), 0));
}

static bool canon_layout_of_layout(pass_context *p, ir_op op) {
    ir_op def = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_to_layout);
    if (!def || ir_op_at(p->m, op)->n_operands < 2 || ir_op_at(p->m, op)->n_results != 1)
        return false;
    ir_value operands[] = {ir_operand(p->m, def, 0), ir_operand(p->m, op, 1)};
    return replaced(
        p, op,
        build_value(p, OP_ttir_to_layout, ir_op_at(p->m, op)->loc, operands, 2, ir_value_type(p->m, operands[1]), 0));
}

static bool canon_layout_cast(pass_context *p, ir_op op) {
    ir_op def = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_ttnn_metal_layout_cast);
    if (!def || ir_op_attr(p->m, def, STR("virtualGridInverseMapping")) ||
        ir_op_attr(p->m, op, STR("virtualGridInverseMapping")))
        return false;
    ir_value values[] = {ir_operand(p->m, def, 0), ir_result(p->m, def, 0), ir_result(p->m, op, 0)};
    for (int i = 0; i < 3; i++)
        if (ir_kind_of(p->c, ir_value_type(p->m, values[i])) != IR_TYPE_TENSOR)
            return false;
    return replaced(p, op, values[0]);
}

/* update_cache is paged_update_cache without a page table: heads last but one, one index for each user. */
static bool canon_update_cache(pass_context *p, ir_op op) {
    ir_value cache = ir_operand(p->m, op, 0), in = ir_operand(p->m, op, 1), index = ir_operand(p->m, op, 2);
    shape c, s, i;
    if (!shape_of(p->m, cache, &c) || !shape_of(p->m, in, &s) || !shape_of(p->m, index, &i) || c.n != 4 || s.n != 4 ||
        i.n < 1)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    if (s.d[2] == c.d[0] && s.d[1] == c.d[1]) {
        shape to = {.n = 4, .d = {1, c.d[0], c.d[1], c.d[3]}};
        in = build_permute_to(p, loc, in, (const int64_t[]){0, 2, 1, 3}, type_like(p, in, &to));
    }
    if (i.d[0] == 1) {
        shape to = {.n = 1, .d = {c.d[0]}};
        attr_entry a[] = {{STR("repeat_dimensions"), make_i64s(p, to.d, 1)}};
        index = build_value(p, OP_ttir_repeat, loc, &index, 1, type_like(p, index, &to), make_dict(p, a, 1));
    }
    attr_entry a[] = {{STR("share_cache"), p->c->a_false}};
    ir_value operands[] = {cache, in, index};
    build_args args = {.op = OP_ttir_paged_update_cache,
                       .loc = loc,
                       .operands = operands,
                       .n_operands = 3,
                       .props = make_dict(p, a, 1)};
    if (!build_op(p, &args))
        return false;
    ir_erase(p->e, op);
    return true;
}

/* Every product of zeros and ones is their minimum. */
static bool canon_prod_of_booleans(pass_context *p, ir_op op) {
    if (!is_boolean_valued(p->m, ir_operand(p->m, op, 0)))
        return false;
    return replaced(p, op,
                    build_reduce(p, OP_ttir_min, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0),
                                 ir_op_attr(p->m, op, STR("keep_dim")), ir_op_attr(p->m, op, STR("dim_arg")),
                                 result_type(p, op)));
}

static bool canon_topk_of_one(pass_context *p, ir_op op) {
    shape in;
    if (!shape_of(p->m, ir_operand(p->m, op, 0), &in))
        return false;
    int64_t dim = wrap_dim(op_int_or(p->m, op, STR("dim"), -1), in.n);
    if (dim < 0 || dim >= in.n || in.d[dim] != 1)
        return false;
    ir_value values[] = {ir_operand(p->m, op, 0), build_named_full(p, OP_ttir_zeros, ir_op_at(p->m, op)->loc,
                                                                   ir_value_type(p->m, ir_result(p->m, op, 1)))};
    if (!values[1])
        return false;
    ir_replace(p->e, op, values);
    return true;
}

const rewrite_pattern canon_ttir_patterns[] = {
    {OP_ttir_clamp_scalar, 1, canon_clamp_of_clamp},
    {OP_ttir_clamp_scalar, 1, canon_clamp_to_relu6},
    {OP_ttir_clamp_tensor, 1, canon_clamp_tensor},
    {OP_ttir_constant, 1, canon_constant_splat},
    {OP_ttir_conv3d, 1, canon_pointwise_conv3d},
    {OP_ttir_embedding, 1, canon_embedding},
    {OP_ttir_le, 1, canon_less},
    {OP_ttir_linear, 1, canon_linear_without_bias},
    {OP_ttir_lt, 1, canon_less},
    {OP_ttir_matmul, 1, canon_matmul_merged},
    {OP_ttir_prod, 1, canon_prod_of_booleans},
    {OP_ttir_reshape, 1, canon_reshape_permute_reshape},
    {OP_ttir_reverse, 1, canon_reverse_of_reverse},
    {OP_ttir_reverse, 1, canon_reverse_nothing},
    {OP_ttir_to_layout, 1, canon_layout_of_empty},
    {OP_ttir_to_layout, 1, canon_layout_of_layout},
    {OP_ttir_topk, 1, canon_topk_of_one},
    {OP_ttir_transpose, 1, canon_transpose},
    {OP_ttir_ttnn_metal_layout_cast, 1, canon_layout_cast},
    {OP_ttir_typecast, 1, canon_cast_of_cast},
    {OP_ttir_update_cache, 1, canon_update_cache},
};
const uint32_t canon_ttir_patterns_n = sizeof canon_ttir_patterns / sizeof canon_ttir_patterns[0];
