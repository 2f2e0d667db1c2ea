/* decompose_norm.c - ops whose kernels want four dimensions: batch norms, AdamW, attention forward and backward. */
#include "compile/decompose.h"
#include "compile/ttir.h"

enum { TILE_WIDTH = 32 };

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

/* ---- batch norm ----------------------------------------------------------------------------------------- */

/* [C] or [1, C, 1, 1]: the parameters that batch norms have. */
static bool is_channel_vector(pass_context *p, ir_value v) {
    shape s;
    return shape_of(p->m, v, &s) && (s.n == 1 || (s.n == 4 && s.d[0] == 1 && s.d[2] == 1 && s.d[3] == 1));
}

static ir_value channel_4d(pass_context *p, ir_loc loc, ir_value v) {
    shape s;
    if (!shape_of(p->m, v, &s) || s.n == 4)
        return v;
    shape to = {.n = 4, .d = {1, s.d[0], 1, 1}};
    return build_reshape(p, loc, v, &to);
}

static void swap_dims(int64_t *d, int64_t a, int64_t b) {
    int64_t t = d[a];
    d[a] = d[b];
    d[b] = t;
}

/* x as NCHW: the features second, then five dimensions joined or missing ones added to four. */
static ir_value to_nchw(pass_context *p, ir_loc loc, ir_value v, int64_t feature) {
    shape s;
    int64_t perm[PASS_MAX_RANK];
    if (!shape_of(p->m, v, &s))
        return 0;
    for (int i = 0; i < s.n; i++)
        perm[i] = i;
    if (feature != 1) {
        swap_dims(perm, feature, 1);
        s = shape_permuted(&s, perm);
        v = build_permute_to(p, loc, v, perm, tensor_type(p, &s, element_of(p->m, v)));
    }
    if (s.n == 4 || !v)
        return v;
    if (s.n == 5) {
        s.d[3] *= s.d[4];
        s.n = 4;
    } else if (s.n == 3 && s.d[2] % TILE_WIDTH == 0) {
        s.d[3] = TILE_WIDTH;
        s.d[2] /= TILE_WIDTH;
        s.n = 4;
    } else {
        while (s.n < 4)
            s.d[s.n++] = 1;
    }
    return build_reshape(p, loc, v, &s);
}

/* And back to the shape that x had. */
static ir_value from_nchw(pass_context *p, ir_loc loc, ir_value v, const shape *original, int64_t feature) {
    shape s = *original, now;
    int64_t perm[PASS_MAX_RANK];
    for (int i = 0; i < s.n; i++)
        perm[i] = i;
    if (feature != 1) {
        swap_dims(perm, feature, 1);
        s = shape_permuted(&s, perm);
    }
    if (v && shape_of(p->m, v, &now) && now.n != s.n)
        v = build_reshape(p, loc, v, &s);
    return v && feature != 1 ? build_permute_to(p, loc, v, perm, type_like(p, v, original)) : v;
}

/* The shape of x and which of its dimensions has the features; false when the op cannot be brought to four dimensions. */
static bool is_decomposable(pass_context *p, ir_op op, shape *original, int64_t *feature) {
    *feature = op_int_or(p->m, op, STR("dimension"), -1);
    if (!shape_of(p->m, ir_operand(p->m, op, 0), original) || original->n < 2 || original->n > 5 || *feature < 0 ||
        *feature >= original->n)
        return false;
    for (uint32_t i = 1; i < 5; i++)
        if (!is_channel_vector(p, ir_operand(p->m, op, i)))
            return false;
    return true;
}

static ir_attr batch_norm_props(pass_context *p, ir_op op) {
    attr_entry a[] = {{STR("dimension"), make_i32(p, 1)},
                      {STR("epsilon"), ir_op_attr(p->m, op, STR("epsilon"))},
                      {STR("momentum"), ir_op_attr(p->m, op, STR("momentum"))}};
    return make_dict(p, a, 3);
}

bool decompose_batch_norm_inference(pass_context *p, ir_op op) {
    ir_value operands[5];
    shape original;
    int64_t feature;
    if (!is_decomposable(p, op, &original, &feature))
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    static const uint32_t order[] = {3, 4, 1, 2}; /* mean and variance first */
    operands[0] = to_nchw(p, loc, ir_operand(p->m, op, 0), feature);
    for (int i = 0; i < 4; i++)
        operands[order[i]] = channel_4d(p, loc, ir_operand(p->m, op, order[i]));
    shape s;
    if (!operands[0] || !shape_of(p->m, operands[0], &s))
        return false;
    ir_value v = build_value(p, OP_ttir_batch_norm_inference, loc, operands, 5,
                             type_with_shape(p, result_type(p, op), s.d, 4), batch_norm_props(p, op));
    v = from_nchw(p, loc, v, &original, feature);
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

bool decompose_batch_norm_training(pass_context *p, ir_op op) {
    ir_value operands[5], out[3];
    shape original, s;
    int64_t feature;
    if (!is_decomposable(p, op, &original, &feature))
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    operands[0] = to_nchw(p, loc, ir_operand(p->m, op, 0), feature);
    for (uint32_t i = 1; i < 5; i++)
        operands[i] = channel_4d(p, loc, ir_operand(p->m, op, i));
    if (!operands[0] || !operands[3] || !operands[4] || !shape_of(p->m, operands[0], &s))
        return false;
    ir_type types[] = {type_with_shape(p, result_type(p, op), s.d, 4), ir_value_type(p->m, operands[3]),
                       ir_value_type(p->m, operands[4])};
    build_args args = {.op = OP_ttir_batch_norm_training,
                       .loc = loc,
                       .operands = operands,
                       .n_operands = 5,
                       .types = types,
                       .n_types = 3,
                       .props = batch_norm_props(p, op)};
    ir_op made = build_op(p, &args);
    if (!made)
        return false;
    out[0] = from_nchw(p, loc, ir_result(p->m, made, 0), &original, feature);
    for (uint32_t i = 1; i < 3; i++)
        out[i] = build_reshape_to(p, loc, ir_result(p->m, made, i), ir_value_type(p->m, ir_result(p->m, op, i)));
    if (!out[0] || !out[1] || !out[2])
        return false;
    ir_replace(p->e, op, out);
    return true;
}

/* ---- four dimensions ------------------------------------------------------------------------------------ */

/* [1, all leading dimensions, height, width] */
static shape collapsed(const shape *s) {
    shape to = shape_ones(4);
    for (int i = 0; i < s->n; i++)
        to.d[i < s->n - 2 ? 1 : i - s->n + 4] *= s->d[i];
    return to;
}

/* The op on operands and results of four dimensions, with reshapes around it. */
bool decompose_to_rank4(pass_context *p, ir_op op) {
    enum { MAX_OPERANDS = 8, MAX_RESULTS = 4 };
    uint32_t n = ir_op_at(p->m, op)->n_operands, n_results = ir_op_at(p->m, op)->n_results;
    bool all = op_is(p->m, op, OP_ttir_adamw); /* all tensors have the parameter's shape */
    ir_value operands[MAX_OPERANDS], out[MAX_RESULTS];
    ir_type types[MAX_RESULTS];
    ir_loc loc = ir_op_at(p->m, op)->loc;
    shape s;
    if (n > MAX_OPERANDS || n_results > MAX_RESULTS || !n)
        return false;
    /* Optional operands (the last ones) are built first, then the others in order. */
    uint32_t required = op_is(p->m, op, OP_ttir_adamw) ? 4 : op_is(p->m, op, OP_ttir_sdpa_fw) ? 3 : 6;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = n > required ? (k == 0 ? n - 1 : k - 1) : k;
        operands[i] = ir_operand(p->m, op, i);
        if (!shape_of(p->m, operands[i], &s))
            return false;
        if (s.n == 4)
            continue;
        s = collapsed(&s);
        operands[i] = build_reshape(p, loc, operands[i], &s);
    }
    shape param;
    if (all && (!shape_of(p->m, ir_operand(p->m, op, 0), &param)))
        return false;
    for (uint32_t i = 0; i < n_results; i++) {
        ir_type t = ir_value_type(p->m, ir_result(p->m, op, i));
        if (!shape_of_type(p->c, t, &s))
            return false;
        if (all || s.n != 4)
            s = collapsed(all ? &param : &s);
        types[i] = type_with_shape(p, t, s.d, 4);
    }
    ir_op_spec spec = {.name = ir_op_at(p->m, op)->name,
                       .loc = loc,
                       .operands = operands,
                       .n_operands = n,
                       .results = types,
                       .n_results = n_results,
                       .props = ir_op_at(p->m, op)->props};
    ir_op made = ir_build(p->e, &spec);
    for (uint32_t i = 0; made && i < n_results; i++)
        out[i] = build_reshape_to(p, loc, ir_result(p->m, made, i), ir_value_type(p->m, ir_result(p->m, op, i)));
    if (!made || p->m->failed)
        return false;
    ir_replace(p->e, op, out);
    return true;
}
