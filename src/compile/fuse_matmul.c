/* fuse_matmul.c - matrix products: bias, slices of the result, several products of one left operand, transposes. */
#include "compile/fuse.h"
#include "compile/ttir.h"

enum { MAX_FUSED_COLUMNS = 262144 };

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

/* s without its leading ones. */
static shape without_leading_ones(const shape *s) {
    int from = 0;
    while (from < s->n && s->d[from] == 1)
        from++;
    shape out = {.n = s->n - from};
    memcpy(out.d, s->d + from, (size_t)out.n * sizeof out.d[0]);
    return out;
}

/* The matmul with no other use that v is the result of, maybe through a reshape with no other use. */
static ir_op matmul_behind(pass_context *p, ir_value v, ir_op *reshape) {
    *reshape = def_is(p->m, v, OP_ttir_reshape);
    if (*reshape) {
        if (!ir_has_one_use(p->e, v))
            return 0;
        v = ir_operand(p->m, *reshape, 0);
    }
    ir_op matmul = def_is(p->m, v, OP_ttir_matmul);
    return matmul && ir_has_one_use(p->e, v) ? matmul : 0;
}

/* The bias without broadcasts and reshapes that the addition to the product would do by itself. */
static ir_value peel_bias(pass_context *p, ir_value v, const shape *product) {
    for (;;) {
        ir_op def = ir_def_op(p->m, v);
        shape in, out, with_in, with_out;
        if (!ir_has_one_use(p->e, v) || (!op_is(p->m, def, OP_ttir_broadcast) && !op_is(p->m, def, OP_ttir_reshape)) ||
            !shape_of(p->m, ir_operand(p->m, def, 0), &in) || !shape_of(p->m, v, &out))
            return v;
        if (op_is(p->m, def, OP_ttir_broadcast)) {
            if (!shape_broadcast(product, &in, &with_in) || !shape_broadcast(product, &out, &with_out) ||
                !shape_equal(&with_in, &with_out))
                return v;
        } else {
            in = without_leading_ones(&in);
            out = without_leading_ones(&out);
            if (!shape_equal(&in, &out))
                return v;
        }
        v = ir_operand(p->m, def, 0);
    }
}

/* Whether the trailing dimensions that the bias covers are the same before and after the reshape. */
static bool keeps_bias_dims(const shape *product, const shape *reshaped, const shape *bias) {
    shape b = without_leading_ones(bias);
    if (product->n < b.n || reshaped->n < b.n)
        return false;
    for (int i = 1; i <= b.n; i++)
        if (product->d[product->n - i] != reshaped->d[reshaped->n - i])
            return false;
    return true;
}

/* matmul(a, b) + bias */
bool fuse_matmul_bias(pass_context *p, ir_op op) {
    ir_op reshapes[2], matmuls[2];
    for (uint32_t i = 0; i < 2; i++)
        matmuls[i] = matmul_behind(p, ir_operand(p->m, op, i), &reshapes[i]);
    if (!matmuls[0] == !matmuls[1])
        return false;
    uint32_t side = matmuls[0] ? 0 : 1;
    ir_op matmul = matmuls[side], reshape = reshapes[side];
    ir_loc loc = ir_op_at(p->m, op)->loc;
    shape product, sum, biased, both, one = {.n = 1, .d = {1}}, reshaped;
    if (!shape_of(p->m, ir_result(p->m, matmul, 0), &product) || !shape_of(p->m, ir_result(p->m, op, 0), &sum))
        return false;
    ir_value bias = peel_bias(p, ir_operand(p->m, op, 1 - side), &product);
    if (!shape_of(p->m, bias, &biased))
        return false;
    bool scalar = biased.n == 0;
    if (scalar)
        biased = one;
    if (!shape_broadcast(&product, &biased, &both) || shape_volume(&both) != shape_volume(&sum))
        return false;
    if (reshape &&
        (!shape_of(p->m, ir_result(p->m, reshape, 0), &reshaped) || !keeps_bias_dims(&product, &reshaped, &biased)))
        return false;
    if (scalar)
        bias = build_reshape(p, value_loc(p->m, bias), bias, &one);
    if (!bias)
        return false;
    ir_value v = build_matmul(p, loc, ir_operand(p->m, matmul, 0), ir_operand(p->m, matmul, 1), bias,
                              op_flag(p->m, matmul, STR("transpose_a")), op_flag(p->m, matmul, STR("transpose_b")),
                              type_like(p, ir_result(p->m, matmul, 0), &both));
    if (!v)
        return false;
    ir_edit_came_from(p->e, ir_def_op(p->m, v), matmul); /* a reshape behind it may be what replaces the sum */
    ir_attr dtype = ir_dict_get(p->c, ir_op_at(p->m, matmul)->attrs, STR("ttcore.weight_dtype"));
    if (dtype)
        ir_set_attr(p->e, ir_def_op(p->m, v), STR("ttcore.weight_dtype"), dtype);
    if (!shape_equal(&both, &sum))
        v = build_reshape_to(p, loc, v, result_type(p, op));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- slices --------------------------------------------------------------------------------------------- */

/* The range of one dimension of `s`, taken from dimension `dim` of v. `size`: how many elements that leaves. */
static ir_value slice_dim(pass_context *p, ir_loc loc, const slice_range *s, int from, int64_t size, ir_value v,
                          int dim) {
    shape in;
    if (!shape_of(p->m, v, &in) || dim < 0 || dim >= in.n)
        return 0;
    slice_range r = {.n = in.n};
    for (int i = 0; i < in.n; i++) {
        r.begin[i] = i == dim ? s->begin[from] : 0;
        r.end[i] = i == dim ? s->end[from] : in.d[i];
        r.step[i] = i == dim ? s->step[from] : 1;
    }
    in.d[dim] = size;
    return build_slice_to(p, loc, v, &r, type_like(p, v, &in));
}

/* A slice of rows or columns of a product becomes a slice of the operand they come from. */
bool fuse_slice_of_matmul(pass_context *p, ir_op op) {
    ir_value product = ir_operand(p->m, op, 0);
    ir_op matmul = ir_def_op(p->m, product);
    if ((!op_is(p->m, matmul, OP_ttir_matmul) && !op_is(p->m, matmul, OP_ttir_linear)) ||
        !ir_has_one_use(p->e, product))
        return false;
    ir_value a = ir_operand(p->m, matmul, 0), b = ir_operand(p->m, matmul, 1);
    ir_value bias = ir_op_at(p->m, matmul)->n_operands > 2 ? ir_operand(p->m, matmul, 2) : 0;
    bool transpose_a = op_flag(p->m, matmul, STR("transpose_a"));
    bool transpose_b = op_flag(p->m, matmul, STR("transpose_b"));
    shape out, sa, sb, sliced;
    slice_range s;
    if (!shape_of(p->m, product, &out) || !shape_of(p->m, a, &sa) || !shape_of(p->m, b, &sb) ||
        !shape_of(p->m, ir_result(p->m, op, 0), &sliced) || !slice_of(p->m, op, &s) || s.n != out.n)
        return false;
    int column = sb.n >= 2 ? out.n - 1 : -1, row = sa.n >= 2 ? (sb.n >= 2 ? out.n - 2 : out.n - 1) : -1, narrowed = -1;
    for (int i = 0; i < out.n; i++) {
        if (s.step[i] < 1)
            return false;
        if (wrap_dim(s.begin[i], (int)out.d[i]) == 0 && wrap_dim(s.end[i], (int)out.d[i]) == out.d[i] && s.step[i] == 1)
            continue;
        if (narrowed != -1)
            return false;
        narrowed = i;
    }
    bool rows = row >= 0 && narrowed == row, columns = column >= 0 && narrowed == column;
    if ((!rows && !columns) || sliced.d[narrowed] <= 0)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    int64_t size = sliced.d[narrowed];
    if (rows)
        a = slice_dim(p, loc, &s, narrowed, size, a, transpose_a ? sa.n - 1 : sa.n - 2);
    else
        b = slice_dim(p, loc, &s, narrowed, size, b, transpose_b ? sb.n - 2 : sb.n - 1);
    if (bias) {
        shape biased;
        int dim = shape_of(p->m, bias, &biased) ? biased.n - (out.n - narrowed) : -1;
        if (dim >= 0 && biased.d[dim] != 1)
            bias = slice_dim(p, loc, &s, narrowed, size, bias, dim);
    }
    out.d[narrowed] = size;
    ir_value v = a && b ? build_matmul(p, ir_op_at(p->m, matmul)->loc, a, b, bias, transpose_a, transpose_b,
                                       type_like(p, product, &out))
                        : 0;
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- products of one left operand ----------------------------------------------------------------------- */

typedef struct candidates {
    ir_op *ops;
    uint32_t n;
    int64_t columns; /* of all results together */
    bool transpose_b, same_transpose_b;
} candidates;

static bool has_bias(pass_context *p, ir_op op) {
    return ir_op_at(p->m, op)->n_operands > 2;
}

static bool collect(pass_context *p, ir_op root, candidates *out) {
    ir_value lhs = ir_operand(p->m, root, 0);
    shape rhs, other, result;
    *out = (candidates){.same_transpose_b = true, .transpose_b = op_flag(p->m, root, STR("transpose_b"))};
    uint32_t uses = ir_count_uses(p->e, lhs, UINT32_MAX), biased = 0;
    if (uses < 3 || !shape_of(p->m, ir_operand(p->m, root, 1), &rhs))
        return false;
    out->ops = ARENA_ARRAY(&p->scratch, ir_op, uses);
    if (!out->ops) {
        p->m->failed = true;
        return false;
    }
    for (ir_each_use(p->e, lhs, u)) {
        ir_op op = ir_use_op(p->e, u);
        if (ir_op_at(p->m, op)->name != ir_op_at(p->m, root)->name || ir_use_index(p->e, u) != 0 ||
            op_flag(p->m, op, STR("transpose_a")) != op_flag(p->m, root, STR("transpose_a")) ||
            !shape_of(p->m, ir_operand(p->m, op, 1), &other) || other.n != rhs.n ||
            !shape_of(p->m, ir_result(p->m, op, 0), &result) || !result.n)
            continue;
        bool same_batch = true;
        for (int i = 0; i < rhs.n - 2; i++)
            same_batch = same_batch && rhs.d[i] == other.d[i];
        if (!same_batch)
            continue;
        out->same_transpose_b = out->same_transpose_b && op_flag(p->m, op, STR("transpose_b")) == out->transpose_b;
        out->ops[out->n++] = op;
        out->columns += result.d[result.n - 1];
        biased += has_bias(p, op);
    }
    return out->n >= 3 && out->columns <= MAX_FUSED_COLUMNS && (!biased || biased == out->n) && rhs.n >= 2;
}

/* Moves the ops that v is computed by (each of one operand) behind *behind, which moves along with them. What stands
 * there already stays. False when an op has more operands. */
static bool move_chain_behind(pass_context *p, ir_value v, ir_op *behind) {
    ir_op chain[64];
    uint32_t n = 0;
    for (ir_op def; (def = ir_def_op(p->m, v)) && def != *behind && !ir_is_before(p->m, def, *behind);) {
        if (ir_op_at(p->m, def)->n_operands != 1 || n == 64)
            return false;
        chain[n++] = def;
        v = ir_operand(p->m, def, 0);
    }
    while (n) {
        ir_move_after(p->e, chain[--n], *behind);
        *behind = chain[n];
    }
    return true;
}

static ir_value concat_operands(pass_context *p, ir_loc loc, const ir_value *v, uint32_t n, int dim, int64_t size) {
    shape s;
    if (!shape_of(p->m, v[0], &s))
        return 0;
    s.d[dim] = size;
    return build_concat(p, loc, v, n, dim, type_like(p, v[0], &s));
}

/* Three or more products of one left operand become one product, sliced. The right operands and biases are moved up to
 * where they are all there; when one cannot be, the ones moved so far stay where they are (as in tt-mlir). */
bool fuse_shared_lhs(pass_context *p, ir_op op) {
    candidates k;
    if (!collect(p, op, &k))
        return false;
    ir_value lhs = ir_operand(p->m, op, 0);
    ir_op behind = ir_def_op(p->m, lhs);
    if (!behind)
        behind = ir_block_at(p->m, ir_op_at(p->m, op)->block)->first;
    for (uint32_t i = 0; i < k.n; i++)
        if (!move_chain_behind(p, ir_operand(p->m, k.ops[i], 1), &behind))
            return false;
    bool biased = has_bias(p, op);
    for (uint32_t i = 0; biased && i < k.n; i++)
        if (!move_chain_behind(p, ir_operand(p->m, k.ops[i], 2), &behind))
            return false;
    ir_edit_after(p->e, behind);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value *parts = ARENA_ARRAY(&p->scratch, ir_value, k.n);
    bool transpose_b = k.same_transpose_b && k.transpose_b;
    int64_t perm[PASS_MAX_RANK];
    shape rhs, out;
    if (!parts || !shape_of(p->m, ir_result(p->m, op, 0), &out)) {
        p->m->failed = p->m->failed || !parts;
        return false;
    }
    for (uint32_t i = 0; i < k.n; i++) {
        parts[i] = ir_operand(p->m, k.ops[i], 1);
        if (k.same_transpose_b || !op_flag(p->m, k.ops[i], STR("transpose_b")))
            continue;
        if (!shape_of(p->m, parts[i], &rhs))
            return false;
        for (int d = 0; d < rhs.n; d++)
            perm[d] = d < rhs.n - 2 ? d : 2 * rhs.n - 3 - d;
        parts[i] = build_permute(p, loc, parts[i], perm);
    }
    if (!parts[0] || !shape_of(p->m, parts[0], &rhs))
        return false;
    ir_value b = concat_operands(p, loc, parts, k.n, transpose_b ? rhs.n - 2 : rhs.n - 1, k.columns), bias = 0;
    if (biased) {
        shape s;
        for (uint32_t i = 0; i < k.n; i++)
            parts[i] = ir_operand(p->m, k.ops[i], 2);
        bias = shape_of(p->m, parts[0], &s) && s.n ? concat_operands(p, loc, parts, k.n, s.n - 1, k.columns) : 0;
    }
    int last = out.n - 1;
    out.d[last] = k.columns;
    ir_value fused = b && (bias || !biased) ? build_matmul(p, loc, lhs, b, bias, op_flag(p->m, op, STR("transpose_a")),
                                                           transpose_b, type_like(p, ir_result(p->m, op, 0), &out))
                                            : 0;
    if (!fused)
        return false;
    int64_t offset = 0;
    for (uint32_t i = 0; i < k.n; i++) {
        shape part;
        slice_range s = {.n = out.n};
        if (!shape_of(p->m, ir_result(p->m, k.ops[i], 0), &part) || part.n != out.n)
            return false;
        for (int d = 0; d < out.n; d++) {
            s.begin[d] = d == last ? offset : 0;
            s.end[d] = s.begin[d] + part.d[d];
            s.step[d] = 1;
        }
        offset += part.d[last];
        ir_value v = build_slice_to(p, ir_op_at(p->m, k.ops[i])->loc, fused, &s, result_type(p, k.ops[i]));
        if (!v)
            return false;
        ir_edit_came_from(p->e, ir_def_op(p->m, fused), k.ops[i]);
        ir_replace1(p->e, k.ops[i], v);
    }
    return true;
}

/* ---- transposes ----------------------------------------------------------------------------------------- */

/* What is permuted when v is a permute of the last two dimensions only; 0 otherwise. */
static ir_value transposed(pass_context *p, ir_value v) {
    ir_op permute = def_is(p->m, v, OP_ttir_permute);
    int64_t perm[PASS_MAX_RANK];
    int n = permute ? permutation_of(p->m, permute, perm) : 0;
    if (n < 2 || perm[n - 2] != n - 1 || perm[n - 1] != n - 2)
        return 0;
    for (int i = 0; i < n - 2; i++)
        if (perm[i] != i)
            return 0;
    return ir_operand(p->m, permute, 0);
}

bool fuse_permute_matmul(pass_context *p, ir_op op) {
    ir_value a = ir_operand(p->m, op, 0), b = ir_operand(p->m, op, 1), ta = transposed(p, a), tb = transposed(p, b);
    if (!ta && !tb)
        return false;
    ir_value v =
        build_matmul(p, ir_op_at(p->m, op)->loc, ta ? ta : a, tb ? tb : b,
                     has_bias(p, op) ? ir_operand(p->m, op, 2) : 0, op_flag(p->m, op, STR("transpose_a")) != (ta != 0),
                     op_flag(p->m, op, STR("transpose_b")) != (tb != 0), result_type(p, op));
    if (!v)
        return false;
    ir_attr dtype = ir_dict_get(p->c, ir_op_at(p->m, op)->attrs, STR("ttcore.weight_dtype"));
    if (dtype)
        ir_set_attr(p->e, ir_def_op(p->m, v), STR("ttcore.weight_dtype"), dtype);
    ir_replace1(p->e, op, v);
    return true;
}
