/* StableHLO's linear algebra: factors and solutions of batches of matrices, sums of products by subscripts. Plain loops in
 * f64 over elements of any type; einsum's are real (plan_complex.c makes complex ones of them). */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"

/* --- Cholesky and triangular systems -------------------------------------------------------------------------------------- */

struct triangle {
    int64_t batch, n, columns; /* a is (batch, n, n); b (batch, n, columns), or (batch, columns, n) on the right */
    bool lower, left, unit, transposed, conjugated;
    bool complex; /* else imaginary parts are zeros that nothing is done with, not even NaN */
};

struct number {
    double re, im;
};

static struct number load(const struct exec_arg *a, int64_t i, bool conjugated) {
    double v[2];
    arg_get_pair(a, i, v);
    return (struct number){v[0], conjugated ? -v[1] : v[1]};
}

/* v - a * b, or a times what b is the conjugate of. */
static struct number less_product(const struct triangle *w, struct number v, struct number a, struct number b,
                                  bool conjugated) {
    v.re -= a.re * b.re;
    if (w->complex) {
        double im = conjugated ? -b.im : b.im;
        v.re += a.im * im;
        v.im -= a.re * im + a.im * b.re;
    }
    return v;
}

static struct number quotient(const struct triangle *w, struct number a, struct number b) {
    if (!w->complex)
        return (struct number){a.re / b.re, 0};
    double size = b.re * b.re + b.im * b.im;
    return (struct number){(a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size};
}

/* Whether a type is a batch of square matrices. */
static bool square(const struct exec_type *t, struct triangle *w) {
    if (t->rank < 2 || t->dims[t->rank - 1] != t->dims[t->rank - 2])
        return false;
    w->n = t->dims[t->rank - 1];
    w->batch = 1;
    for (int i = 0; i < t->rank - 2; i++)
        w->batch *= t->dims[i];
    w->complex = tensor_dtype_is_complex(t->dtype);
    return true;
}

static bool plan_cholesky(struct planner *p, struct exec_step *s) {
    struct triangle *w = PLAN_PARAMS(p, s, struct triangle);
    if (!w)
        return false;
    w->lower = attr_bool(p, s->op, "lower");
    if (!square(in_type(p, s, 0), w) || !type_same_shape(in_type(p, s, 0), out_type(p, s, 0)))
        return plan_error(p, s->op, "is not about square matrices");
    s->flops = (uint64_t)(w->batch * w->n * w->n * w->n / 3);
    return true;
}

/* a = L L^H, row by row; NaN where a is not positive definite. The other triangle of the result is zeros; the upper one is L^H. */
static bool run_cholesky(struct call *c) {
    const struct triangle *w = c->s->params;
    int64_t n = w->n;
    struct number *l = call_scratch(c, (size_t)(n * n) * sizeof *l);
    if (!l)
        return false;
    for (int64_t b = 0; b < w->batch; b++) {
        for (int64_t i = 0; i < n && !call_stopped(c); i++)
            for (int64_t j = 0; j < n; j++) {
                struct number v = {0, 0};
                if (j <= i)
                    v = load(&c->in[0], b * n * n + (w->lower ? i * n + j : j * n + i), !w->lower);
                for (int64_t k = 0; k < j && j <= i; k++)
                    v = less_product(w, v, l[i * n + k], l[j * n + k], true);
                l[i * n + j] = j > i ? v : j == i ? (struct number){sqrt(v.re), 0} : quotient(w, v, l[j * n + j]);
            }
        for (int64_t i = 0; i < n * n; i++) {
            struct number v = l[w->lower ? i : i % n * n + i / n];
            arg_set_pair(&c->out[0], b * n * n + i, v.re, w->lower ? v.im : -v.im);
        }
    }
    return true;
}
const struct kernel kernel_cholesky = {"linear algebra", plan_cholesky, run_cholesky, KERNEL_COMPLEX};

static bool plan_solve(struct planner *p, struct exec_step *s) {
    struct triangle *w = PLAN_PARAMS(p, s, struct triangle);
    if (!w)
        return false;
    w->lower = attr_bool(p, s->op, "lower");
    w->left = attr_bool(p, s->op, "left_side");
    w->unit = attr_bool(p, s->op, "unit_diagonal");
    str how = attr_text(p, s->op, "transpose_a");
    w->conjugated = str_eq(how, STR("ADJOINT"));
    w->transposed = w->conjugated || str_eq(how, STR("TRANSPOSE"));
    if (!has_in(s, 1) || !square(in_type(p, s, 0), w))
        return plan_error(p, s->op, "is not about square matrices");
    const struct exec_type *a = in_type(p, s, 0), *b = in_type(p, s, 1);
    bool fits = b->rank == a->rank && b->dtype == a->dtype && type_same_shape(b, out_type(p, s, 0)) &&
                b->dims[b->rank - (w->left ? 2 : 1)] == w->n;
    for (int i = 0; fits && i < a->rank - 2; i++)
        fits = a->dims[i] == b->dims[i];
    if (!fits)
        return plan_error(p, s->op, "has matrices that do not fit each other");
    w->columns = b->dims[b->rank - (w->left ? 1 : 2)];
    s->flops = (uint64_t)(w->batch * w->n * w->n * w->columns);
    return true;
}

/* Solves with one column of b after the other: op(a) x = b, or x op(a) = b, which is op(a)^T x^T = b^T. */
static bool run_solve(struct call *c) {
    const struct triangle *w = c->s->params;
    int64_t n = w->n;
    struct number *t = call_scratch(c, (size_t)(n * n) * sizeof *t), *x = call_scratch(c, (size_t)(n + 1) * sizeof *x);
    bool turn = w->transposed != !w->left, lower = w->lower != turn;
    if (!t || !x)
        return false;
    for (int64_t b = 0; b < w->batch; b++) {
        for (int64_t i = 0; i < n * n; i++)
            t[i] = load(&c->in[0], b * n * n + (turn ? i % n * n + i / n : i), w->conjugated);
        for (int64_t column = 0; column < w->columns && !call_stopped(c); column++) {
            int64_t at = b * n * w->columns + (w->left ? column : column * n), step = w->left ? w->columns : 1;
            for (int64_t k = 0; k < n; k++) {
                int64_t i = lower ? k : n - 1 - k;
                struct number v = load(&c->in[1], at + i * step, false);
                for (int64_t j = lower ? 0 : i + 1; j < (lower ? i : n); j++)
                    v = less_product(w, v, t[i * n + j], x[j], false);
                x[i] = w->unit ? v : quotient(w, v, t[i * n + i]);
            }
            for (int64_t i = 0; i < n; i++)
                arg_set_pair(&c->out[0], at + i * step, x[i].re, x[i].im);
        }
    }
    return true;
}
const struct kernel kernel_solve = {"linear algebra", plan_solve, run_solve, KERNEL_COMPLEX};

/* --- einsum ---------------------------------------------------------------------------------------------------------------- */

/* "ab,bc->ac": for each letter how far it moves in each operand; letters of the result come first. */
enum { MAX_LETTERS = 26 };
struct einsum {
    int n, kept;
    char letter[MAX_LETTERS];
    int64_t size[MAX_LETTERS], stride[2][MAX_LETTERS];
};

static int letter_of(struct einsum *w, char c) {
    int i = 0;
    while (i < w->n && w->letter[i] != c)
        i++;
    if (i == w->n && i < MAX_LETTERS)
        w->letter[w->n++] = c;
    return i;
}

/* Subscripts of one operand (which), or of the result (2). */
static bool read_subscripts(struct einsum *w, str text, const struct exec_type *t, int which) {
    int64_t strides[TENSOR_MAX_RANK];
    text = str_trim(text);
    if (text.n != (size_t)t->rank)
        return false;
    walk_row_strides(t->dims, t->rank, strides);
    for (int d = 0; d < t->rank; d++) {
        char c = text.p[d];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
        int i = letter_of(w, c);
        if (i == MAX_LETTERS || (w->size[i] && w->size[i] != t->dims[d]))
            return false;
        w->size[i] = t->dims[d];
        if (which < 2)
            w->stride[which][i] += strides[d]; /* a letter twice is a diagonal */
    }
    return true;
}

static bool plan_einsum(struct planner *p, struct exec_step *s) {
    struct einsum *w = PLAN_PARAMS(p, s, struct einsum);
    str config = attr_text(p, s->op, "einsum_config");
    if (!w)
        return false;
    size_t arrow = 0;
    while (arrow + 1 < config.n && !(config.p[arrow] == '-' && config.p[arrow + 1] == '>'))
        arrow++;
    str left = str_slice(config, 0, arrow), result = str_from(config, arrow + 2);
    size_t comma = str_find_char(left, ',');
    bool good = arrow + 1 < config.n && (comma < left.n) == (s->n_in == 2) && s->n_in <= 2 &&
                read_subscripts(w, result, out_type(p, s, 0), 2);
    w->kept = w->n;
    good = good && w->kept == out_type(p, s, 0)->rank &&
           read_subscripts(w, str_slice(left, 0, comma), in_type(p, s, 0), 0) &&
           (s->n_in < 2 || read_subscripts(w, str_from(left, comma + 1), in_type(p, s, 1), 1));
    if (!good)
        return plan_error(p, s->op, "has subscripts '%.*s' that do not fit its operands", STR_ARG(config));
    return true;
}

static bool run_einsum(struct call *c) {
    const struct einsum *w = c->s->params;
    int64_t n = type_count(c->out[0].type), inner = 1, index[MAX_LETTERS] = {0};
    for (int i = w->kept; i < w->n; i++)
        inner *= w->size[i];
    for (int64_t r = 0; r < n && !call_stopped(c); r++) {
        const struct exec_arg *a = &c->in[0], *b = &c->in[1];
        struct arg_sum sum = arg_sum_of(c, a, c->s->n_in > 1 ? b : a, &c->out[0]);
        for (int64_t k = 0; k < inner; k++) {
            int64_t at[2] = {0, 0};
            for (int i = 0; i < w->n; i++)
                for (int o = 0; o < 2; o++)
                    at[o] += index[i] * w->stride[o][i];
            if (c->s->n_in > 1)
                arg_sum_add(&sum, a, at[0], b, at[1]);
            else if (sum.whole)
                sum.lane += arg_lane(sum.whole, a, at[0]);
            else
                sum.real += arg_get(a, at[0]);
            for (int i = w->n; i-- > w->kept && ++index[i] == w->size[i];)
                index[i] = 0;
        }
        arg_sum_put(&sum, &c->out[0], r);
        for (int i = w->kept; i-- > 0 && ++index[i] == w->size[i];)
            index[i] = 0;
    }
    return true;
}
const struct kernel kernel_einsum = {"linear algebra", plan_einsum, run_einsum, 0};
