/* decompose_reduce.c - contractions and reductions: dot_general, logical reductions, several dimensions at once. */
#include "compile/decompose.h"
#include "compile/ttir.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static bool replaced(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* One side of a dot_general: its dimensions by role. */
typedef struct side {
    ir_value v;
    shape s;
    int64_t batch[PASS_MAX_RANK], contract[PASS_MAX_RANK], rest[PASS_MAX_RANK];
    int n_batch, n_contract, n_rest;
} side;

static bool read_side(pass_context *p, ir_op op, uint32_t i, side *out) {
    uint32_t used = 0;
    out->v = ir_operand(p->m, op, i);
    uint32_t nb = op_ints(p->m, op, i ? STR("batch_dims_rhs") : STR("batch_dims_lhs"), out->batch, PASS_MAX_RANK);
    uint32_t nc =
        op_ints(p->m, op, i ? STR("contract_dims_rhs") : STR("contract_dims_lhs"), out->contract, PASS_MAX_RANK);
    if (!shape_of(p->m, out->v, &out->s) || nb + nc > (uint32_t)out->s.n)
        return false;
    out->n_batch = (int)nb;
    out->n_contract = (int)nc;
    out->n_rest = 0;
    for (uint32_t k = 0; k < nb + nc; k++) {
        int64_t d = k < nb ? out->batch[k] : out->contract[k - nb];
        if (d < 0 || d >= out->s.n || used >> d & 1)
            return false;
        used |= 1u << d;
    }
    for (int d = 0; d < out->s.n; d++)
        if (!(used >> d & 1))
            out->rest[out->n_rest++] = d;
    return true;
}

static int64_t product_of(const side *s, const int64_t *dims, int n) {
    int64_t product = 1;
    for (int i = 0; i < n; i++)
        product *= s->s.d[dims[i]];
    return product;
}

/* The side as [batch..., first, second]: permuted, then the dimensions of a role joined. */
static ir_value matmul_operand(pass_context *p, ir_loc loc, const side *s, bool rest_first, const char *which) {
    int64_t perm[PASS_MAX_RANK];
    int n = 0;
    shape flat = {0};
    for (int i = 0; i < s->n_batch; i++) {
        flat.d[flat.n++] = s->s.d[s->batch[i]];
        perm[n++] = s->batch[i];
    }
    for (int k = 0; k < 2; k++) {
        bool rest = rest_first == (k == 0);
        const int64_t *dims = rest ? s->rest : s->contract;
        int count = rest ? s->n_rest : s->n_contract;
        memcpy(perm + n, dims, (size_t)count * sizeof *dims);
        n += count;
        if (flat.n == PASS_MAX_RANK)
            return 0;
        flat.d[flat.n++] = product_of(s, dims, count);
    }
    ir_value v = build_permute(p, loc_suffix(p, loc, "_permute%s", which), s->v, perm);
    return v ? build_reshape(p, loc_suffix(p, loc, "_reshape%s", which), v, &flat) : 0;
}

bool decompose_dot_general(pass_context *p, ir_op op) {
    side l, r;
    if (!read_side(p, op, 0, &l) || !read_side(p, op, 1, &r) || l.n_batch != r.n_batch ||
        l.n_batch + l.n_rest + r.n_rest > PASS_MAX_RANK)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type elt = ir_element_type(p->c, result_type(p, op));
    /* Both permutes stand before both reshapes. */
    ir_value operand[2];
    const side *sides[] = {&l, &r};
    for (int i = 0; i < 2; i++)
        operand[i] = matmul_operand(p, loc, sides[i], i == 0, i ? "Rhs" : "Lhs");
    if (!operand[0] || !operand[1])
        return false;
    ir_op permute = ir_def_op(p->m, ir_operand(p->m, ir_def_op(p->m, operand[1]), 0));
    ir_move_before(p->e, permute, ir_def_op(p->m, operand[0]));
    ir_edit_at(p->e, op);
    shape product = {0}, out = {0};
    for (int i = 0; i < l.n_batch; i++)
        product.d[product.n++] = out.d[out.n++] = l.s.d[l.batch[i]];
    product.d[product.n++] = product_of(&l, l.rest, l.n_rest);
    product.d[product.n++] = product_of(&r, r.rest, r.n_rest);
    for (int i = 0; i < l.n_rest; i++)
        out.d[out.n++] = l.s.d[l.rest[i]];
    for (int i = 0; i < r.n_rest; i++)
        out.d[out.n++] = r.s.d[r.rest[i]];
    ir_type type = tensor_type(p, &product, elt);
    ir_value v = product_of(&l, l.contract, l.n_contract) == 1
                     ? build_binary(p, OP_ttir_multiply, loc, operand[0], operand[1], type)
                     : build_matmul(p, loc, operand[0], operand[1], 0, false, false, type);
    v = v ? build_reshape_to(p, loc_suffix(p, loc, "_reshapeOutput"), v, tensor_type(p, &out, elt)) : 0;
    return replaced(p, op, v);
}

/* ---- reductions ----------------------------------------------------------------------------------------- */

static bool as_reduction(pass_context *p, ir_op op, uint32_t id) {
    return replaced(p, op,
                    build_reduce(p, id, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0),
                                 ir_op_attr(p->m, op, STR("keep_dim")), ir_op_attr(p->m, op, STR("dim_arg")),
                                 result_type(p, op)));
}

bool decompose_reduce_and(pass_context *p, ir_op op) {
    return as_reduction(p, op, OP_ttir_prod);
}

bool decompose_reduce_or(pass_context *p, ir_op op) {
    return as_reduction(p, op, OP_ttir_sum);
}

static void sort_dims(int64_t *dims, uint32_t n, bool falling) {
    for (uint32_t i = 1; i < n; i++)
        for (uint32_t k = i; k && (falling ? dims[k] > dims[k - 1] : dims[k] < dims[k - 1]); k--) {
            int64_t t = dims[k];
            dims[k] = dims[k - 1];
            dims[k - 1] = t;
        }
}

/* One dimension after the other, the last one first. */
bool decompose_prod(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    ir_type elt = element_of(p->m, v);
    int64_t dims[PASS_MAX_RANK];
    shape s;
    uint32_t n = op_ints(p->m, op, STR("dim_arg"), dims, PASS_MAX_RANK);
    if (!shape_of(p->m, v, &s) || !n || n > (uint32_t)s.n)
        return false;
    bool keep = op_flag(p->m, op, STR("keep_dim"));
    sort_dims(dims, n, true);
    for (uint32_t i = 0; i < n; i++)
        if (dims[i] < 0 || dims[i] >= s.n || (i && dims[i] == dims[i - 1]))
            return false;
    for (uint32_t i = 0; v && i < n; i++) {
        s.d[dims[i]] = 1;
        if (!keep) {
            memmove(s.d + dims[i], s.d + dims[i] + 1, (size_t)(s.n - 1 - (int)dims[i]) * sizeof s.d[0]);
            s.n--;
        }
        v = build_reduce(p, OP_ttir_prod, ir_op_at(p->m, op)->loc, v, ir_op_attr(p->m, op, STR("keep_dim")),
                         make_i32_list(p, &dims[i], 1), tensor_type(p, &s, elt));
    }
    return replaced(p, op, v);
}

/* The reduced dimensions are brought to the end and joined. */
bool decompose_argmax(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    ir_type elt = element_of(p->m, v), out_elt = ir_element_type(p->c, result_type(p, op));
    int64_t dims[PASS_MAX_RANK], perm[PASS_MAX_RANK];
    shape in, moved = {0}, flat = {0}, kept = {0};
    int n;
    if (!shape_of(p->m, v, &in) || !reduce_dims(p->m, op, dims, &n))
        return false;
    uint32_t reduced = 0;
    int64_t size = 1;
    for (int i = 0; i < n; i++) {
        reduced |= 1u << dims[i];
        size *= in.d[dims[i]];
    }
    for (int last = 0; last < 2; last++)
        for (int i = 0; i < in.n; i++)
            if ((reduced >> i & 1) == (uint32_t)last) {
                perm[moved.n] = i;
                moved.d[moved.n++] = in.d[i];
                if (!last)
                    flat.d[flat.n++] = in.d[i];
            }
    for (int i = 0; i < in.n; i++)
        kept.d[kept.n++] = reduced >> i & 1 ? 1 : in.d[i];
    int64_t dim = flat.n;
    flat.d[flat.n++] = size;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    bool keep = op_flag(p->m, op, STR("keep_dim"));
    v = build_permute_to(p, loc, v, perm, tensor_type(p, &moved, elt));
    v = v ? build_reshape_to(p, loc, v, tensor_type(p, &flat, elt)) : 0;
    flat.d[dim] = 1;
    flat.n -= !keep;
    v = v ? build_reduce(p, OP_ttir_argmax, loc, v, ir_attr_bool(p->c, keep), make_i32_list(p, &dim, 1),
                         tensor_type(p, &flat, out_elt))
          : 0;
    if (v && keep)
        v = build_reshape_to(p, loc, v, tensor_type(p, &kept, out_elt));
    return replaced(p, op, v);
}

/* A window over one value everywhere sees that value. */
bool decompose_pool_of_full(pass_context *p, ir_op op) {
    ir_op full = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_full);
    ir_attr fill = full ? ir_op_attr(p->m, full, STR("fill_value")) : 0;
    return fill && replaced(p, op, build_full(p, ir_op_at(p->m, op)->loc, result_type(p, op), fill));
}
