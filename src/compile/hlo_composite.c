/* hlo_composite.c - stablehlo.composite: those that TTIR has an op for become that op, the others calls of what they are
 * made of. */
#include "compile/constant.h"
#include "compile/hlo.h"
#include "compile/shard.h"

/* What a composite says of itself, or the call that it was made into. 0 when it says nothing. */
static ir_attr composite_attrs(pass_context *p, ir_op op) {
    ir_attr dict = ir_op_attr(p->m, op, STR("composite_attributes"));
    dict = dict ? dict : ir_op_attr(p->m, op, STR("tt.composite_attributes"));
    return dict && ir_kind_of(p->c, dict) == IR_ATTR_DICT ? dict : 0;
}

static ir_attr composite_attr(pass_context *p, ir_op op, str key) {
    ir_attr dict = composite_attrs(p, op);
    return dict ? ir_dict_get(p->c, dict, key) : 0;
}

static int64_t composite_int(pass_context *p, ir_op op, str key, int64_t otherwise) {
    ir_attr a = composite_attr(p, op, key);
    dense_view d;
    int64_t v;
    if (a && ir_int_value(p->c, a, &v))
        return v;
    return a && dense_read(p->c, a, &d) && d.n == 1 && !d.of.is_float ? dense_int(&d, 0) : otherwise;
}

/* Several numbers, from an array or a dense constant; PASS_MAX_RANK + 1 when they are too many. */
static uint32_t composite_ints(pass_context *p, ir_op op, str key, int64_t *out) {
    ir_attr a = composite_attr(p, op, key);
    dense_view d;
    if (!a || !dense_read(p->c, a, &d))
        return attr_ints(p->c, a, out, PASS_MAX_RANK);
    if (d.n > PASS_MAX_RANK)
        return PASS_MAX_RANK + 1;
    for (int64_t i = 0; i < d.n; i++)
        out[i] = dense_int(&d, i);
    return (uint32_t)d.n;
}

static uint32_t n_operands(pass_context *p, ir_op op) {
    return ir_op_at(p->m, op)->n_operands;
}

static ir_value with_sizes(pass_context *p, ir_op op, uint32_t id, const ir_value *v, uint32_t n, const int32_t *sizes,
                           ir_type type, ir_attr props) {
    build_args a = {.op = id,
                    .loc = ir_op_at(p->m, op)->loc,
                    .operands = v,
                    .n_operands = n,
                    .sizes = sizes,
                    .types = &type,
                    .n_types = 1,
                    .props = props};
    ir_op made = build_op(p, &a);
    return made ? ir_result(p->m, made, 0) : 0;
}

/* ---- one by one ----------------------------------------------------------------------------------------- */

static bool gelu(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    ir_type type = hlo_type(p, op);
    build_args a = {.op = OP_ttir_gelu,
                    .loc = ir_op_at(p->m, op)->loc,
                    .operands = &v,
                    .n_operands = 1,
                    .types = &type,
                    .n_types = 1,
                    .attrs = composite_attrs(p, op)};
    ir_op made = n_operands(p, op) == 1 ? build_op(p, &a) : 0;
    return made && hlo_replace(p, op, ir_result(p->m, made, 0));
}

static bool norm(pass_context *p, ir_op op, uint32_t id) {
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = n_operands(p, op), n_dims = composite_ints(p, op, STR("normalized_shape"), dims);
    ir_value v[3];
    const int32_t sizes[] = {1, n > 1, n > 2};
    if (n < 1 || n > 3 || !n_dims || n_dims > PASS_MAX_RANK)
        return false;
    for (uint32_t i = 0; i < n; i++)
        v[i] = ir_operand(p->m, op, i);
    attr_entry a[] = {{STR("epsilon"), composite_attr(p, op, STR("epsilon"))},
                      {STR("normalized_shape"), make_i64s(p, dims, n_dims)}};
    return hlo_replace(p, op, with_sizes(p, op, id, v, n, sizes, hlo_type(p, op), make_dict(p, a, 2)));
}

static bool rms_norm(pass_context *p, ir_op op) {
    return norm(p, op, OP_ttir_rms_norm);
}

static bool layer_norm(pass_context *p, ir_op op) {
    return norm(p, op, OP_ttir_layer_norm);
}

/* Of four dimensions at least: ones are added behind. */
static bool group_norm(pass_context *p, ir_op op) {
    uint32_t n = n_operands(p, op);
    int64_t groups = composite_int(p, op, STR("num_groups"), -1);
    ir_value v[3];
    ir_type type = hlo_type(p, op);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    const int32_t sizes[] = {1, 0, n > 1, n > 2};
    shape s;
    if (n < 1 || n > 3 || groups < 0 || !shape_of(p->m, ir_operand(p->m, op, 0), &s) || s.n > 5)
        return false;
    for (uint32_t i = 0; i < n; i++)
        v[i] = ir_operand(p->m, op, i);
    attr_entry a[] = {{STR("channel_dim"), composite_attr(p, op, STR("channel_dim"))},
                      {STR("epsilon"), composite_attr(p, op, STR("epsilon"))},
                      {STR("num_groups"), make_i64(p, groups)}};
    ir_attr props = make_dict(p, a, 3);
    if (s.n >= 4)
        return hlo_replace(p, op, with_sizes(p, op, OP_ttir_group_norm, v, n, sizes, type, props));
    while (s.n < 4)
        s.d[s.n++] = 1;
    ir_type padded = tensor_type(p, &s, element_of(p->m, v[0]));
    v[0] = build_reshape_to(p, loc, v[0], padded);
    ir_value out = v[0] ? with_sizes(p, op, OP_ttir_group_norm, v, n, sizes, padded, props) : 0;
    return out && hlo_replace(p, op, build_reshape_to(p, loc, out, type));
}

static bool uniform(pass_context *p, ir_op op) {
    double low, high;
    if (n_operands(p, op) < 3 || !hlo_number(p, ir_operand(p->m, op, 1), &low) ||
        !hlo_number(p, ir_operand(p->m, op, 2), &high))
        return false;
    attr_entry a[] = {{STR("high"), make_f32(p, high)},
                      {STR("low"), make_f32(p, low)},
                      {STR("seed"), ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), 0)},
                      {STR("size"), composite_attr(p, op, STR("shape"))}};
    return a[3].value && hlo_replace(p, op,
                                     build_value(p, OP_ttir_rand, ir_op_at(p->m, op)->loc, NULL, 0, hlo_type(p, op),
                                                 make_dict(p, a, 4)));
}

/* topk has two results, topk_values and topk_indices one of them. */
static bool topk_of(pass_context *p, ir_op op, int only) {
    ir_value v = ir_operand(p->m, op, 0), out[2];
    ir_type first = hlo_type(p, op), types[2] = {first, first};
    ir_attr largest = composite_attr(p, op, STR("largest")), sorted = composite_attr(p, op, STR("sorted"));
    shape s;
    if (n_operands(p, op) != 1 || ir_op_at(p->m, op)->n_results != (only < 0 ? 2 : 1) || !composite_attrs(p, op) ||
        !shape_of_type(p->c, first, &s))
        return false;
    if (only < 0)
        types[1] = ir_value_type(p->m, ir_result(p->m, op, 1));
    else if (only == 0)
        types[1] = tensor_type(p, &s, p->c->t_i32);
    else
        types[0] = tensor_type(p, &s, element_of(p->m, v));
    ir_op made = build_topk(p, ir_op_at(p->m, op)->loc, v, types, make_i32(p, composite_int(p, op, STR("dim"), -1)),
                            make_i32(p, composite_int(p, op, STR("k"), 1)), largest ? largest : p->c->a_true,
                            sorted ? sorted : p->c->a_false);
    if (!made)
        return false;
    out[0] = ir_result(p->m, made, only > 0 ? 1 : 0);
    out[1] = ir_result(p->m, made, 1);
    ir_replace(p->e, op, out);
    return true;
}

static bool topk(pass_context *p, ir_op op) {
    return topk_of(p, op, -1);
}

static bool topk_values(pass_context *p, ir_op op) {
    return topk_of(p, op, 0);
}

static bool topk_indices(pass_context *p, ir_op op) {
    return topk_of(p, op, 1);
}

static bool argmax(pass_context *p, ir_op op) {
    int64_t dim = composite_int(p, op, STR("dim"), -1);
    ir_attr keep = composite_attr(p, op, STR("keepdim"));
    return n_operands(p, op) == 1 &&
           hlo_replace(p, op,
                       build_reduce(p, OP_ttir_argmax, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0),
                                    keep ? keep : p->c->a_false, make_i32_list(p, &dim, 1), hlo_type(p, op)));
}

static bool gather(pass_context *p, ir_op op) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    if (n_operands(p, op) != 2 || !composite_attr(p, op, STR("dim")))
        return false;
    ir_value v[] = {ir_operand(p->m, op, 0), ir_operand(p->m, op, 1)};
    ir_type index = ir_value_type(p->m, v[1]), element = ir_element_type(p->c, index);
    int rank = ir_rank(p->c, index);
    if (!is_integer_type(p->c, element) || rank < 1 || rank != ir_rank(p->c, ir_value_type(p->m, v[0])))
        return false;
    if (element != ir_type_integer(p->c, 32, IR_UNSIGNED) && element != ir_type_integer(p->c, 16, IR_UNSIGNED))
        v[1] = build_typecast(p, loc, v[1], type_with_element(p, index, ir_type_integer(p->c, 32, IR_UNSIGNED)));
    attr_entry a[] = {{STR("dim"), make_i32(p, composite_int(p, op, STR("dim"), 0))}};
    return v[1] && hlo_replace(p, op, build_value(p, OP_ttir_gather, loc, v, 2, hlo_type(p, op), make_dict(p, a, 1)));
}

/* ---- attention ------------------------------------------------------------------------------------------ */

/* With dimensions of one element: behind the first, or as many in front as are missing to four. */
static ir_value with_heads(pass_context *p, ir_loc loc, ir_value v, bool behind_first) {
    shape s, to = {.n = 4};
    if (!shape_of(p->m, v, &s) || s.n > 4)
        return 0;
    int missing = 4 - s.n;
    for (int i = 0; i < 4; i++)
        to.d[i] = behind_first ? (i == 0 ? s.d[0] : i == 1 ? 1 : s.d[i - 1]) : i < missing ? 1 : s.d[i - missing];
    return build_reshape_to(p, loc, v, tensor_type(p, &to, element_of(p->m, v)));
}

static bool attention(pass_context *p, ir_op op) {
    uint32_t n = n_operands(p, op);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_attr causal = composite_attr(p, op, STR("is_causal")), scale = composite_attr(p, op, STR("scale"));
    ir_type type = hlo_type(p, op);
    bool masked = causal == p->c->a_false && n == 4;
    const int32_t sizes[] = {1, 1, 1, masked, 0};
    ir_value v[4];
    double scale_value;
    if (n < 3 || n > 4)
        return false;
    for (uint32_t i = 0; i < n; i++)
        v[i] = ir_operand(p->m, op, i);
    int rank = ir_rank(p->c, ir_value_type(p->m, v[0]));
    bool flat = rank == 3;
    if (rank != 3 && rank != 4)
        return false;
    for (uint32_t i = 0; flat && i < 3; i++)
        if (ir_rank(p->c, ir_value_type(p->m, v[i])) != 3 || !(v[i] = with_heads(p, loc, v[i], true)))
            return false;
    if (masked) {
        int mask_rank = ir_rank(p->c, ir_value_type(p->m, v[3]));
        if (mask_rank > 4 || (mask_rank < 4 && !(v[3] = with_heads(p, loc, v[3], flat && mask_rank == 3))))
            return false;
    }
    attr_entry a[] = {
        {STR("is_causal"), causal},
        {STR("scale"), scale && ir_float_value(p->c, scale, &scale_value) ? make_f32(p, scale_value) : 0}};
    ir_type inner = type;
    shape s;
    if (flat && shape_of_type(p->c, type, &s) && s.n == 3) {
        shape promoted = {.d = {s.d[0], 1, s.d[1], s.d[2]}, .n = 4};
        inner = tensor_type(p, &promoted, ir_element_type(p->c, type));
    }
    ir_value out =
        with_sizes(p, op, OP_ttir_scaled_dot_product_attention, v, masked ? 4 : 3, sizes, inner, make_dict(p, a, 2));
    if (out && flat)
        out = build_reshape_to(p, loc, out, type);
    return hlo_replace(p, op, out);
}

/* ---- slices over devices --------------------------------------------------------------------------------- */

/* How many times smaller each dimension becomes is how many of its minor axes cut it now. */
static bool all_slice(pass_context *p, ir_op op) {
    ir_attr to = composite_attr(p, op, STR("out_sharding"));
    shard_mesh mesh;
    sharding s;
    shape in, out;
    const char *why;
    uint32_t used = 0;
    ir_value v = ir_operand(p->m, op, 0);
    if (n_operands(p, op) != 1 || !to || !shard_find_mesh(p, p->scope, &mesh) || !shape_of(p->m, v, &in) ||
        !shape_of_type(p->c, hlo_type(p, op), &out) || in.n != out.n || !shard_read(p, &mesh, to, in.n, &s, &why))
        return false;
    for (int d = 0; d < in.n; d++) {
        int64_t parts = 1;
        for (unsigned i = s.dim[d].n; i-- > 0 && parts * out.d[d] < in.d[d];) {
            parts *= mesh.size[s.dim[d].axis[i]];
            used |= 1u << s.dim[d].axis[i];
        }
        if (parts * out.d[d] != in.d[d])
            return false;
    }
    for (unsigned axis = 0; axis < mesh.n && v; axis++)
        for (int d = 0; d < in.n && used >> axis & 1; d++) {
            if (!(shard_axes_bits(&s.dim[d]) >> axis & 1))
                continue;
            in.d[d] /= mesh.size[axis];
            attr_entry a[] = {{STR("cluster_axis"), hlo_ui32(p, axis)}, {STR("dim"), make_si32(p, d)}};
            v = build_value(p, OP_ttir_mesh_partition, ir_op_at(p->m, op)->loc, &v, 1, type_like(p, v, &in),
                            make_dict(p, a, 2));
        }
    return v && hlo_replace(p, op, v);
}

/* ---- all ------------------------------------------------------------------------------------------------ */

static const struct {
    str name;
    rewrite_fn *fn;
} known[] = {
    {STR_INIT("tenstorrent.gelu"), gelu},
    {STR_INIT("tenstorrent.gelu_tanh"), gelu},
    {STR_INIT("tenstorrent.rms_norm"), rms_norm},
    {STR_INIT("tenstorrent.layer_norm"), layer_norm},
    {STR_INIT("tenstorrent.group_norm"), group_norm},
    {STR_INIT("tenstorrent.uniform"), uniform},
    {STR_INIT("tenstorrent.topk"), topk},
    {STR_INIT("tenstorrent.topk_values"), topk_values},
    {STR_INIT("tenstorrent.topk_indices"), topk_indices},
    {STR_INIT("tenstorrent.argmax"), argmax},
    {STR_INIT("tenstorrent.gather"), gather},
    {STR_INIT("tenstorrent.gather_dim"), gather},
    {STR_INIT("tenstorrent.scaled_dot_product_attention"), attention},
    {STR_INIT("sdy.all_slice"), all_slice},
};

static bool to_call(pass_context *p, ir_op op) {
    attr_entry a[] = {{STR("callee"), ir_op_attr(p->m, op, STR("decomposition"))}};
    build_args args = {.op = OP_func_call, .loc = ir_op_at(p->m, op)->loc, .props = make_dict(p, a, 1)};
    return a[0].value && hlo_replace_op(p, op, &args);
}

bool hlo_composite_call(pass_context *p, ir_op op, str name) {
    bool one = ir_op_at(p->m, op)->n_results == 1 || str_eq(name, STR("tenstorrent.topk"));
    for (size_t i = 0; one && i < sizeof known / sizeof known[0]; i++)
        if (str_eq(known[i].name, name) && known[i].fn(p, op))
            return true;
    return false;
}

bool hlo_composite(pass_context *p, ir_op op) {
    ir_attr name = ir_op_attr(p->m, op, STR("name"));
    return hlo_composite_call(p, op, name ? ir_str_of(p->c, name) : STR("")) || (!p->m->failed && to_call(p, op));
}
