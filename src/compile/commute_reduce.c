/* commute_reduce.c - TMs through reductions. */
#include "compile/commute.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

/* A reduction: which dimensions of its input (all, when it does not say), and whether they stay as ones. */
typedef struct reduction {
    shape in;
    int64_t dims[PASS_MAX_RANK];
    int n;
    bool all, keep; /* all: no dim_arg */
} reduction;

static bool read_reduction(pass_context *p, ir_op op, reduction *r) {
    r->keep = op_flag(p->m, op, STR("keep_dim"));
    r->all = !ir_op_attr(p->m, op, STR("dim_arg"));
    if (!shape_of(p->m, ir_operand(p->m, op, 0), &r->in))
        return false;
    if (!r->all)
        return reduce_dims(p->m, op, r->dims, &r->n);
    r->n = r->in.n;
    for (int i = 0; i < r->n; i++)
        r->dims[i] = i;
    return true;
}

static uint32_t dim_set(const int64_t *dims, int n) {
    uint32_t set = 0;
    for (int i = 0; i < n; i++)
        set |= 1u << dims[i];
    return set;
}

/* The reduction op over these dimensions of another input. */
static ir_value build_reduction(pass_context *p, ir_op op, const reduction *r, ir_value v, const int64_t *dims, int n) {
    shape in, out = {0};
    if (!v || !shape_of(p->m, v, &in))
        return 0;
    uint32_t reduced = dim_set(dims, n);
    for (int i = 0; i < in.n; i++) {
        if (!(reduced >> i & 1))
            out.d[out.n++] = in.d[i];
        else if (r->keep)
            out.d[out.n++] = 1;
    }
    return build_reduce(p, op_id(p->m, op), ir_op_at(p->m, op)->loc, v, ir_op_attr(p->m, op, STR("keep_dim")),
                        make_i32_list(p, dims, (uint32_t)n), type_like(p, ir_result(p->m, op, 0), &out));
}

/* ---- permute -------------------------------------------------------------------------------------------- */

/* What a permutation of the result is as one of the input: reduced dimensions stay where they are. */
static bool expand_permutation(const reduction *r, const int64_t *perm, int n, int64_t *out) {
    uint32_t reduced = dim_set(r->dims, r->n);
    int surviving[PASS_MAX_RANK], k = 0;
    for (int i = 0; i < r->in.n; i++) {
        out[i] = i;
        if (!(reduced >> i & 1))
            surviving[k++] = i;
    }
    if (k != n)
        return false;
    for (int i = 0; i < k; i++)
        out[surviving[i]] = surviving[perm[i]];
    return true;
}

/* What a permutation of the input is as one of the result that lacks the reduced dimensions. */
static int contract_permutation(const reduction *r, const int64_t *perm, int64_t *out) {
    uint32_t positions = dim_set(r->dims, r->n), values = 0;
    int64_t renumbered[PASS_MAX_RANK], next = 0;
    int n = 0;
    for (int i = 0; i < r->n; i++)
        values |= 1u << perm[r->dims[i]];
    for (int i = 0; i < r->in.n; i++)
        renumbered[i] = values >> i & 1 ? -1 : next++;
    for (int i = 0; i < r->in.n; i++)
        if (!(positions >> i & 1))
            out[n++] = renumbered[perm[i]];
    return n;
}

bool up_permute_reduce(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_permute);
    int64_t user[PASS_MAX_RANK], perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK], dims[PASS_MAX_RANK];
    reduction r;
    if (!tm || !read_reduction(p, op, &r))
        return false;
    int n = permutation_of(p->m, tm, user);
    if (r.keep) {
        if (n != r.in.n)
            return false;
        memcpy(perm, user, sizeof perm);
    } else if (!expand_permutation(&r, user, n, perm)) {
        return false;
    }
    permutation_inverse(perm, r.in.n, inverse);
    for (int i = 0; i < r.n; i++)
        dims[i] = inverse[r.dims[i]];
    p->e->from = tm;
    ir_value v = build_permute(p, ir_op_at(p->m, tm)->loc, ir_operand(p->m, op, 0), perm);
    p->e->from = op;
    return replace_users(p, op, build_reduction(p, op, &r, v, dims, r.n), v);
}

bool down_permute_reduce(pass_context *p, ir_op op) {
    uint32_t next = 0;
    ir_op tm = next_tm_operand(p, op, OP_ttir_permute, &next);
    int64_t perm[PASS_MAX_RANK], out[PASS_MAX_RANK], dims[PASS_MAX_RANK];
    reduction r;
    if (!tm || !read_reduction(p, op, &r) || permutation_of(p->m, tm, perm) != r.in.n)
        return false;
    for (int i = 0; i < r.n; i++)
        dims[i] = perm[r.dims[i]];
    if (r.keep)
        memcpy(out, perm, sizeof out);
    else
        contract_permutation(&r, perm, out);
    ir_value v = build_reduction(p, op, &r, ir_operand(p->m, tm, 0), dims, r.n);
    p->e->from = tm;
    v = v ? build_permute(p, ir_op_at(p->m, tm)->loc, v, out) : 0;
    return replace_moved(p, op, v);
}

/* ---- reshape -------------------------------------------------------------------------------------------- */

/* The reduced dimensions after a reshape of the input; 0 when one of them is gone, or two (of one element) became one. */
static int map_dims(const reduction *r, const shape *from, const shape *to, int64_t *dims) {
    if (r->all) {
        for (int i = 0; i < to->n; i++)
            dims[i] = i;
        return to->n;
    }
    for (int i = 0; i < r->n; i++) {
        dims[i] = shape_matching_dim(from, to, (int)r->dims[i]);
        if (dims[i] < 0)
            return 0;
        for (int k = 0; k < i; k++)
            if (dims[k] == dims[i])
                return 0;
    }
    return r->n;
}

bool up_reshape_reduce(pass_context *p, ir_op op) {
    ir_op tm = identical_users(p, op, OP_ttir_reshape);
    int64_t dims[PASS_MAX_RANK];
    reduction r;
    shape to;
    if (!tm || !read_reduction(p, op, &r) || !r.keep || !shape_of(p->m, ir_result(p->m, tm, 0), &to))
        return false;
    for (int i = 0; i < r.n; i++)
        if (r.in.d[r.dims[i]] != 1)
            return false;
    int n = map_dims(&r, &r.in, &to, dims);
    if (!n)
        return false;
    ir_value x = ir_operand(p->m, op, 0);
    p->e->from = tm;
    ir_value v =
        build_reshape_to(p, ir_op_at(p->m, tm)->loc, x, type_with_element(p, result_type(p, tm), element_of(p->m, x)));
    p->e->from = op;
    return replace_users(p, op, build_reduction(p, op, &r, v, dims, n), v);
}

bool down_reshape_reduce(pass_context *p, ir_op op) {
    uint32_t next = 0;
    ir_op tm = next_tm_operand(p, op, OP_ttir_reshape, &next);
    int64_t dims[PASS_MAX_RANK];
    reduction r;
    shape before;
    if (!tm || !read_reduction(p, op, &r) || !shape_of(p->m, ir_operand(p->m, tm, 0), &before))
        return false;
    int n = map_dims(&r, &r.in, &before, dims);
    if (!n)
        return false;
    ir_value v = build_reduction(p, op, &r, ir_operand(p->m, tm, 0), dims, n);
    p->e->from = tm;
    v = v ? build_reshape_to(p, ir_op_at(p->m, tm)->loc, v, result_type(p, op)) : 0;
    return replace_moved(p, op, v);
}
