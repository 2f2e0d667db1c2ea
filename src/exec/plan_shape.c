/* Shapes of results whose types leave dimensions open ("?"), from the shapes of the operands.
 *
 *   argument ?x784 given 5x784 ─▶ matmul ?x10: 5x10 ─▶ reshape ?: 50
 *
 * What a type says is taken as it is; only open dimensions are worked out: by a rule of the op where there is one, else
 * an open dimension is as long as the one at its place in the first operand, where that was open, too.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* The shape of operand i; NULL when it has none. */
static const struct exec_type *operand(const struct planner *p, ir_op op, uint32_t i) {
    exec_slot s = i < ir_op_at(p->m, op)->n_operands ? plan_get(p, ir_operand(p->m, op, i)) : 0;
    return s ? slot_type(p->x, s) : NULL;
}

/* As NumPy broadcasts operands [0, n), trailing dimensions aligned. */
static bool broadcast(const struct planner *p, ir_op op, uint32_t n, int rank, int64_t *dims) {
    for (int i = 0; i < rank; i++)
        dims[i] = 1;
    for (uint32_t k = 0; k < n; k++) {
        const struct exec_type *t = operand(p, op, k);
        if (!t)
            continue;
        if (t->rank > rank)
            return false;
        for (int i = 0; i < t->rank; i++) {
            int64_t *d = &dims[rank - t->rank + i];
            *d = *d == 1 ? t->dims[i] : *d;
        }
    }
    return true;
}

static bool of_matmul(const struct planner *p, ir_op op, int rank, int64_t *dims) {
    const struct exec_type *a = operand(p, op, 0), *b = operand(p, op, 1);
    if (!a || !b || a->rank < 2 || b->rank < 2 || rank < 2 || a->rank > rank || b->rank > rank)
        return false;
    bool ta = attr_bool(p, op, "transpose_a"), tb = attr_bool(p, op, "transpose_b");
    for (int i = 0; i < rank - 2; i++) {
        int k = i - (rank - a->rank), l = i - (rank - b->rank);
        int64_t x = k >= 0 ? a->dims[k] : 1, y = l >= 0 ? b->dims[l] : 1;
        dims[i] = x == 1 ? y : x;
    }
    dims[rank - 2] = a->dims[a->rank - (ta ? 1 : 2)];
    dims[rank - 1] = b->dims[b->rank - (tb ? 2 : 1)];
    return true;
}

static bool has(const int64_t *list, int n, int64_t v) {
    for (int i = 0; i < n; i++)
        if (list[i] == v)
            return true;
    return false;
}

/* Batch dimensions, then what is left of each operand. */
static bool of_dot(const struct planner *p, ir_op op, int arg, int rank, int64_t *dims) {
    const struct exec_type *t[2] = {operand(p, op, 0), operand(p, op, 1)};
    int64_t list[4][TENSOR_MAX_RANK];
    int n[4], k = 0;
    if (!t[0] || !t[1] || !dot_dimensions(p, op, arg, t[0]->rank, list, n))
        return false;
    for (int i = 0; i < n[0] && k < rank; i++)
        if (list[0][i] >= 0 && list[0][i] < t[0]->rank)
            dims[k++] = t[0]->dims[list[0][i]];
    for (int o = 0; o < 2; o++)
        for (int i = 0; i < t[o]->rank && k < rank; i++)
            if (!has(list[o], n[o], i) && !has(list[2 + o], n[2 + o], i))
                dims[k++] = t[o]->dims[i];
    return k == rank;
}

static bool of_fold(const struct planner *p, ir_op op, int rank, int64_t *dims) {
    const struct exec_type *t = operand(p, op, 0);
    int64_t list[TENSOR_MAX_RANK];
    int n = exec_op_ints(p, op, "dim_arg", list, TENSOR_MAX_RANK), k = 0;
    bool keep = attr_bool(p, op, "keep_dim"), all = false;
    if (n < 0 && (n = exec_op_ints(p, op, "dimensions", list, TENSOR_MAX_RANK)) < 0) {
        n = 0;
        all = true;
    }
    if (!t)
        return false;
    for (int i = 0; i < n; i++)
        list[i] += list[i] < 0 ? t->rank : 0;
    for (int i = 0; i < t->rank; i++) {
        bool gone = all || has(list, n, i);
        if (gone && !keep)
            continue;
        if (k == rank)
            return false;
        dims[k++] = gone ? 1 : t->dims[i];
    }
    return k == rank;
}

static bool of_permute(const struct planner *p, ir_op op, int rank, int64_t *dims) {
    const struct exec_type *t = operand(p, op, 0);
    int64_t order[TENSOR_MAX_RANK], a, b;
    if (!t || t->rank != rank)
        return false;
    for (int i = 0; i < rank; i++)
        order[i] = i;
    if (exec_op_ints(p, op, "permutation", order, TENSOR_MAX_RANK) < 0 && attr_i64(p, op, "dim0", &a) &&
        attr_i64(p, op, "dim1", &b)) {
        a += a < 0 ? rank : 0;
        b += b < 0 ? rank : 0;
        if (a < 0 || a >= rank || b < 0 || b >= rank)
            return false;
        order[a] = b;
        order[b] = a;
    }
    for (int i = 0; i < rank; i++) {
        if (order[i] < 0 || order[i] >= rank)
            return false;
        dims[i] = t->dims[order[i]];
    }
    return true;
}

static bool of_concat(const struct planner *p, ir_op op, int rank, int64_t *dims) {
    const struct exec_type *t = operand(p, op, 0);
    int64_t dim = 0;
    if (!attr_i64(p, op, "dim", &dim))
        attr_i64(p, op, "dimension", &dim);
    dim += dim < 0 ? rank : 0;
    if (!t || t->rank != rank || dim < 0 || dim >= rank)
        return false;
    memcpy(dims, t->dims, (size_t)rank * sizeof *dims);
    for (uint32_t i = 1; i < ir_op_at(p->m, op)->n_operands; i++) {
        const struct exec_type *more = operand(p, op, i);
        if (!more || more->rank != rank)
            return false;
        dims[dim] += more->dims[dim];
    }
    return true;
}

/* One open dimension that makes the number of elements that of the operand. */
static bool of_view(const struct planner *p, ir_op op, int rank, const int64_t *said, int64_t *dims) {
    const struct exec_type *t = operand(p, op, 0);
    int64_t known = 1;
    int open = -1;
    if (!t)
        return false;
    for (int i = 0; i < rank; i++) {
        dims[i] = said[i];
        if (said[i] > 0 && known > INT64_MAX / said[i])
            return false;
        if (said[i] >= 0)
            known *= said[i];
        else if (open < 0)
            open = i;
        else if (t->rank != rank)
            return false; /* two of them could be anything */
    }
    if (t->rank == rank && !str_ends_with(ir_op_name_str(p->m, op), STR("reshape"))) {
        memcpy(dims, t->dims, (size_t)rank * sizeof *dims);
        return true;
    }
    if (open >= 0 && known > 0 && type_count(t) % known == 0)
        dims[open] = type_count(t) / known;
    return open >= 0 && known > 0;
}

static bool of_pad(const struct planner *p, ir_op op, int arg, int rank, int64_t *dims) {
    const struct exec_type *t = operand(p, op, 0);
    int64_t low[TENSOR_MAX_RANK], high[TENSOR_MAX_RANK], interior[TENSOR_MAX_RANK] = {0}, both[2 * TENSOR_MAX_RANK];
    if (!t || t->rank != rank)
        return false;
    if (arg == PAD_TT ? exec_op_ints(p, op, "padding", both, 2 * TENSOR_MAX_RANK) != 2 * rank
                      : exec_op_ints(p, op, "edge_padding_low", low, TENSOR_MAX_RANK) != rank ||
                            exec_op_ints(p, op, "edge_padding_high", high, TENSOR_MAX_RANK) != rank ||
                            exec_op_ints(p, op, "interior_padding", interior, TENSOR_MAX_RANK) != rank)
        return false;
    for (int i = 0; i < rank; i++) {
        int64_t before = arg == PAD_TT ? both[2 * i] : low[i], behind = arg == PAD_TT ? both[2 * i + 1] : high[i];
        dims[i] = pad_length(t->dims[i], before, behind, interior[i]);
    }
    return true;
}

static bool of_slice(const struct planner *p, ir_op op, bool hlo, int rank, int64_t *dims) {
    const struct exec_type *t = operand(p, op, 0);
    int64_t begins[TENSOR_MAX_RANK], ends[TENSOR_MAX_RANK], steps[TENSOR_MAX_RANK];
    if (!t || t->rank != rank ||
        exec_op_ints(p, op, hlo ? "start_indices" : "begins", begins, TENSOR_MAX_RANK) != rank ||
        exec_op_ints(p, op, hlo ? "limit_indices" : "ends", ends, TENSOR_MAX_RANK) != rank)
        return false;
    bool stepped = exec_op_ints(p, op, hlo ? "strides" : "step", steps, TENSOR_MAX_RANK) == rank;
    for (int i = 0; i < rank; i++) {
        int64_t step = stepped ? steps[i] : 1;
        if (step == 0)
            return false;
        dims[i] = slice_length(t->dims[i], &begins[i], ends[i], step);
    }
    return true;
}

/* Height and width of an image, however the attribute says them; false when it is of another form. */
static bool both_ways(const struct planner *p, ir_op op, const char *name, int64_t out[2]) {
    int n = exec_op_ints(p, op, name, out, 2);
    out[0] = n < 1 ? 1 : out[0];
    out[1] = n < 2 ? out[0] : out[1];
    return n <= 2;
}

/* Pools of images that are not flattened. */
static bool of_pool(const struct planner *p, ir_op op, int arg, int rank, int64_t *dims) {
    const struct exec_type *t = operand(p, op, 0);
    int64_t size[2], stride[2], dilation[2], pad[4];
    if (!t || t->rank != 4 || rank != 4 || !both_ways(p, op, "kernel", size) || !both_ways(p, op, "stride", stride) ||
        !both_ways(p, op, "dilation", dilation))
        return false;
    int n = exec_op_ints(p, op, "padding", pad, 4);
    memcpy(dims, t->dims, (size_t)rank * sizeof *dims);
    for (int i = 0; i < 2; i++) {
        int64_t low = n <= 0   ? 0
                      : n == 1 ? pad[0]
                               : pad[i],
                high = n <= 0   ? 0
                       : n == 1 ? pad[0]
                       : n == 2 ? pad[i]
                                : pad[2 + i];
        dims[1 + i] = arg == POOL_GLOBAL ? 1
                                         : window_count(t->dims[1 + i], low, high, size[i], dilation[i], stride[i],
                                                        attr_bool(p, op, "ceil_mode"));
    }
    return true;
}

/* The operand's, but for the dimension that is set. A size that is not known here the kernel refuses. */
static bool of_set_size(const struct planner *p, ir_op op, int rank, int64_t *dims) {
    const struct exec_type *t = operand(p, op, 0);
    int64_t dim = -1;
    attr_i64(p, op, "dimension", &dim);
    if (!t || !operand(p, op, 1) || t->rank != rank || dim < 0 || dim >= rank)
        return false;
    memcpy(dims, t->dims, (size_t)rank * sizeof *dims);
    size_known(p, plan_get(p, ir_operand(p->m, op, 1)), &dims[dim]);
    return true;
}

static bool by_rule(const struct planner *p, ir_op op, int rank, const int64_t *said, int64_t *dims) {
    const struct exec_row *row = exec_find_row(ir_op_name_str(p->m, op));
    const struct kernel *k = row ? row->kernel : NULL;
    if (k == &kernel_elementwise)
        return broadcast(p, op, ir_op_at(p->m, op)->n_operands, rank, dims);
    if (k == &kernel_softmax || k == &kernel_norm || k == &kernel_scan || k == &kernel_batch_norm)
        return broadcast(p, op, 1, rank, dims);
    if (k == &kernel_matmul)
        return row->arg == MATMUL ? of_matmul(p, op, rank, dims) : of_dot(p, op, row->arg, rank, dims);
    if (k == &kernel_reduce || k == &kernel_hlo_reduce)
        return of_fold(p, op, rank, dims);
    if (k == &kernel_permute || k == &kernel_transpose)
        return of_permute(p, op, rank, dims);
    if (k == &kernel_concat)
        return of_concat(p, op, rank, dims);
    if (k == &kernel_slice)
        return of_slice(p, op, row->arg, rank, dims);
    if (k == &kernel_pad && row->arg != PAD_DYNAMIC)
        return of_pad(p, op, row->arg, rank, dims);
    if (k == &kernel_pool)
        return of_pool(p, op, row->arg, rank, dims);
    if (k == &kernel_set_size)
        return of_set_size(p, op, rank, dims);
    return k == &kernel_view && of_view(p, op, rank, said, dims);
}

bool plan_open_shape(struct planner *p, ir_op op, uint32_t result, ir_type type, struct exec_type *out) {
    int64_t said[TENSOR_MAX_RANK], dims[TENSOR_MAX_RANK];
    int rank = ir_rank(p->c, type);
    if (rank < 0 || rank > TENSOR_MAX_RANK)
        return false;
    for (int i = 0; i < rank; i++)
        said[i] = ir_dim(p->c, type, i);
    bool ruled = by_rule(p, op, rank, said, dims);
    /* Loops and choices pass on what they are given. */
    bool regions = ir_op_at(p->m, op)->n_regions != 0 && result < ir_op_at(p->m, op)->n_operands;
    const struct exec_type *first = operand(p, op, regions ? result : 0);
    ir_type first_type = first ? ir_value_type(p->m, ir_operand(p->m, op, regions ? result : 0)) : 0;
    for (int i = 0; i < rank; i++) {
        if (said[i] >= 0)
            dims[i] = said[i];
        else if (!ruled && first && i < first->rank && ir_dim(p->c, first_type, i) < 0)
            dims[i] = first->dims[i];
        else if (!ruled || dims[i] < 0)
            return false;
    }
    return type_of_shape(p, type, dims, out);
}
