/* chlo.ragged_dot: products of matrices whose rows, or what is summed over, come in groups of given lengths.
 *
 *   rows in groups          lhs [b, m, k]  rhs [g, b, k, n]  ─▶ [b, m, n]     row i times the matrix of its group
 *   sums in groups          lhs [b, m, k]  rhs [b, k, n]     ─▶ [g, b, m, n]  each group's part of the sum
 *   batches in groups       lhs [b, m, k]  rhs [b, k, n]     ─▶ [b, m, n]
 *
 * The three modes of ChloOps.td; dimensions stand anywhere, as the op's dimension numbers say. Groups stand behind each other from
 * the first index on; what no group has counts as zeros. Plain loops in f64.
 */
#include <string.h>

#include "exec/kernels.h"

enum { LB, RB, LC, RC, LR, RG, N_LISTS };
enum mode { ROWS, SUMS, BATCHES };

struct ragged {
    enum mode mode;
    int rank, summed; /* dimensions of the result; of the sum */
    int64_t dims[TENSOR_MAX_RANK], left[TENSOR_MAX_RANK],
        right[TENSOR_MAX_RANK]; /* of the result; strides in the operands */
    int64_t sizes[TENSOR_MAX_RANK], sum_left[TENSOR_MAX_RANK], sum_right[TENSOR_MAX_RANK];
    int at;             /* the ragged dimension, in the result or (SUMS) in the sum */
    int64_t group_step; /* in the right operand */
    int64_t groups, inner;
};

static bool among(const int64_t *list, int n, int64_t v) {
    for (int i = 0; i < n; i++)
        if (list[i] == v)
            return true;
    return false;
}

/* Reads the lists; false when they name what is not there, or name a dimension twice. */
static bool read_lists(const struct planner *p, const struct exec_step *s, int64_t list[N_LISTS][TENSOR_MAX_RANK],
                       int *n) {
    static const char *const names[N_LISTS] = {"lhsBatchingDimensions",    "rhsBatchingDimensions",
                                               "lhsContractingDimensions", "rhsContractingDimensions",
                                               "lhsRaggedDimensions",      "rhsGroupDimensions"};
    static const int of[N_LISTS] = {0, 1, 0, 1, 0, 1};
    ir_attr numbers = ir_op_attr(p->m, s->op, STR("ragged_dot_dimension_numbers"));
    for (int l = 0; l < N_LISTS; l++) {
        int rank = in_type(p, s, (uint32_t)of[l])->rank;
        n[l] = numbers ? (int)dialect_param_ints(p->c, numbers, str_from_z(names[l]), list[l], TENSOR_MAX_RANK) : 0;
        if (n[l] > TENSOR_MAX_RANK)
            return false;
        for (int i = 0; i < n[l]; i++)
            if (list[l][i] < 0 || list[l][i] >= rank || among(list[l], i, list[l][i]))
                return false;
    }
    for (int i = 0; i < n[LB]; i++)
        if (among(list[LC], n[LC], list[LB][i]))
            return false;
    for (int i = 0; i < n[RB]; i++)
        if (among(list[RC], n[RC], list[RB][i]) || among(list[RG], n[RG], list[RB][i]))
            return false;
    return n[LB] == n[RB] && n[LC] == n[RC] && n[LR] == 1 && n[RG] <= 1 &&
           !(n[RG] && among(list[RC], n[RC], list[RG][0]));
}

/* One more dimension of the result. */
static bool more(struct ragged *w, int64_t size, int64_t left, int64_t right) {
    if (w->rank == TENSOR_MAX_RANK)
        return false;
    w->dims[w->rank] = size;
    w->left[w->rank] = left;
    w->right[w->rank++] = right;
    return true;
}

static bool arrange(const struct planner *p, const struct exec_step *s, struct ragged *w) {
    const struct exec_type *a = in_type(p, s, 0), *b = in_type(p, s, 1), *out = out_type(p, s, 0);
    int64_t list[N_LISTS][TENSOR_MAX_RANK], sa[TENSOR_MAX_RANK], sb[TENSOR_MAX_RANK];
    int n[N_LISTS];
    if (!read_lists(p, s, list, n))
        return false;
    walk_row_strides(a->dims, a->rank, sa);
    walk_row_strides(b->dims, b->rank, sb);
    w->mode = among(list[LC], n[LC], list[LR][0]) ? SUMS : among(list[LB], n[LB], list[LR][0]) ? BATCHES : ROWS;
    bool fits = (w->mode == ROWS) == (n[RG] == 1);
    if (w->mode == SUMS)
        fits &= more(w, w->groups, 0, 0);
    for (int i = 0; i < n[LB]; i++) {
        w->at = list[LB][i] == list[LR][0] ? w->rank : w->at;
        fits &= a->dims[list[LB][i]] == b->dims[list[RB][i]] &&
                more(w, a->dims[list[LB][i]], sa[list[LB][i]], sb[list[RB][i]]);
    }
    for (int i = 0; i < a->rank; i++)
        if (!among(list[LB], n[LB], i) && !among(list[LC], n[LC], i)) {
            w->at = i == list[LR][0] ? w->rank : w->at;
            fits &= more(w, a->dims[i], sa[i], 0);
        }
    for (int i = 0; i < b->rank; i++)
        if (!among(list[RB], n[RB], i) && !among(list[RC], n[RC], i) && !among(list[RG], n[RG], i))
            fits &= more(w, b->dims[i], 0, sb[i]);
    w->inner = 1;
    for (w->summed = 0; w->summed < n[LC]; w->summed++) {
        int k = w->summed;
        w->at = list[LC][k] == list[LR][0] ? k : w->at;
        w->sizes[k] = a->dims[list[LC][k]];
        w->sum_left[k] = sa[list[LC][k]];
        w->sum_right[k] = sb[list[RC][k]];
        w->inner *= w->sizes[k];
        fits &= w->sizes[k] == b->dims[list[RC][k]];
    }
    if (n[RG]) {
        w->group_step = sb[list[RG][0]];
        fits &= b->dims[list[RG][0]] == w->groups;
    }
    return fits && w->rank == out->rank && memcmp(w->dims, out->dims, (size_t)w->rank * sizeof *w->dims) == 0;
}

static bool plan_ragged(struct planner *p, struct exec_step *s) {
    struct ragged *w = PLAN_PARAMS(p, s, struct ragged);
    if (!w)
        return false;
    if (s->n_in != 3 || in_type(p, s, 2)->rank != 1)
        return plan_error(p, s->op, "has group sizes of several dimensions, which are not supported");
    for (uint32_t i = 0; i < 2; i++)
        if (in_type(p, s, i)->quant)
            return plan_error(p, s->op, "is not about real numbers");
    w->groups = in_type(p, s, 2)->dims[0];
    if (!arrange(p, s, w))
        return plan_error(p, s->op, "has dimension numbers that do not fit");
    s->flops = 2 * (uint64_t)type_count(out_type(p, s, 0)) * (uint64_t)w->inner;
    return true;
}

/* The first index of a group, at most `size`. */
static int64_t group_begin(const struct exec_arg *sizes, int64_t group, int64_t size) {
    int64_t at = 0;
    for (int64_t g = 0; g < group && at < size; g++) {
        int64_t n = arg_int(sizes, g);
        at = n < size - at ? at + n : size;
    }
    return at;
}

/* The group that an index is in; their number when it is in none. */
static int64_t group_of(const struct exec_arg *sizes, int64_t groups, int64_t i) {
    int64_t g = 0;
    for (; g < groups && i >= arg_int(sizes, g); g++)
        i -= arg_int(sizes, g);
    return g;
}

/* The sum for one element whose operands begin at `left` and `right`, over indices [from, to) of the ragged dimension. */
static void sum_of(const struct call *c, const struct ragged *w, int64_t left, int64_t right, int64_t from, int64_t to,
                   struct arg_sum *sum) {
    int64_t index[TENSOR_MAX_RANK] = {0};
    for (int64_t k = 0; k < w->inner; k++) {
        int64_t l = left, r = right;
        for (int i = 0; i < w->summed; i++) {
            l += index[i] * w->sum_left[i];
            r += index[i] * w->sum_right[i];
        }
        if (w->mode != SUMS || (index[w->at] >= from && index[w->at] < to))
            arg_sum_add(sum, &c->in[0], l, &c->in[1], r);
        for (int i = w->summed; i-- > 0 && ++index[i] == w->sizes[i];)
            index[i] = 0;
    }
}

static bool run_ragged(struct call *c) {
    const struct ragged *w = c->s->params;
    int64_t n = type_count(c->out[0].type), index[TENSOR_MAX_RANK] = {0};
    for (int64_t g = 0; g < w->groups; g++)
        if (arg_int(&c->in[2], g) < 0)
            return call_error(c, "has a group of %lld", (long long)arg_int(&c->in[2], g));
    for (int64_t r = 0; r < n && !call_stopped(c); r++) {
        int64_t left = 0, right = 0, from = 0, to = 0, group = 0;
        for (int i = 0; i < w->rank; i++) {
            left += index[i] * w->left[i];
            right += index[i] * w->right[i];
        }
        if (w->mode == SUMS) {
            from = group_begin(&c->in[2], index[0], w->sizes[w->at]);
            to = group_begin(&c->in[2], index[0] + 1, w->sizes[w->at]);
        } else {
            group = group_of(&c->in[2], w->groups, index[w->at]);
        }
        bool has = w->mode == SUMS || group < w->groups;
        struct arg_sum sum = arg_sum_of(c, &c->in[0], &c->in[1], &c->out[0]);
        if (has)
            sum_of(c, w, left, right + group * w->group_step, from, to, &sum);
        arg_sum_put(&sum, &c->out[0], r);
        for (int i = w->rank; i-- > 0 && ++index[i] == w->dims[i];)
            index[i] = 0;
    }
    return true;
}
const struct kernel kernel_ragged_dot = {"linear algebra", plan_ragged, run_ragged, 0};
