/* stablehlo.sort by what its region does, where that is no comparison of one key: a network of exchanges (Knuth, The Art of Computer
 * Programming 3, 5.2.2, Algorithm M), of which a round compares about half of all pairs of neighbours at some distance, all at once:
 *
 *   begin ─▶ take ─▶ done? ─▶ the region, both ways round ─▶ exchange ─▶ back to take ─▶ gather
 *
 * What moves are the numbers of elements, not elements. Equal ones keep their order: of two that stand before each other in neither way
 * the first one of the operand goes first. A region that is no order (NaN, say) gives some order, but always the same.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* Lines of n elements along a dimension, [outer][n][inner]. */
struct sorting {
    int64_t n, inner, lines, half; /* half: pairs of a line in a round, at most */
};

/* Of Algorithm M: pairs (i, i + d) of all i with the bit p of i as in r; q goes from the top down to p. p 0: it is over. */
struct round {
    int64_t p, q, r, d;
};

/* Element k of a line. */
static int64_t element(const struct sorting *w, int64_t line, int64_t k) {
    return (line / w->inner * w->n + k) * w->inner + line % w->inner;
}

/* Number k of the first elements of a round's pairs: those whose bit p is as in r, in order. */
static int64_t pair_at(const struct round *r, int64_t k) {
    return k / r->p * 2 * r->p + r->r + k % r->p;
}

/* out: the round, the order. */
static bool run_start(struct call *c) {
    const struct sorting *w = c->s->params;
    struct round first = {.p = w->n > 1 ? 1 : 0};
    int64_t *order = c->out[1].data;
    while (2 * first.p < w->n && w->n > 1)
        first.p *= 2;
    first.q = first.d = first.p;
    memcpy(c->out[0].data, &first, sizeof first);
    for (int64_t i = 0; i < w->lines * w->n; i++)
        order[i] = i % w->n;
    return true;
}

struct sort_loop {
    struct call *c;
    struct round r;
};

static void take_lines(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct sort_loop *l = ctx;
    struct call *c = l->c;
    const struct sorting *w = c->s->params;
    const int64_t *order = c->in[1].data;
    uint32_t n = c->s->n_in - 2;
    (void)worker;
    for (int64_t at = (int64_t)begin; at < (int64_t)end; at++) {
        int64_t line = at / w->half, i = pair_at(&l->r, at % w->half), j = i + l->r.d;
        bool real = j < w->n;
        const int64_t ids[2] = {order[line * w->n + (real ? i : 0)], order[line * w->n + (real ? j : 0)]};
        for (uint32_t o = 0; o < n; o++) {
            const struct exec_arg *in = &c->in[2 + o];
            size_t size = tensor_dtype_size(in->type->dtype);
            for (int way = 0; way < 2; way++)
                for (int side = 0; side < 2; side++)
                    memcpy((char *)c->out[1 + 2 * o + (uint32_t)side].data +
                               (size_t)(way * w->lines * w->half + at) * size,
                           (const char *)in->data + (size_t)element(w, line, ids[way ^ side]) * size, size);
        }
    }
}

/* in: the round, the order, operands; out: whether there is more, for each operand its pairs' left and right elements: those of all pairs,
 * then the same the other way round. */
static bool run_take(struct call *c) {
    const struct sorting *w = c->s->params;
    struct sort_loop l = {.c = c};
    memcpy(&l.r, c->in[0].data, sizeof l.r);
    arg_set(&c->out[0], 0, l.r.p > 0);
    return l.r.p == 0 || call_loop(c, (size_t)(w->lines * w->half), 4096, take_lines, &l);
}

static void exchange_lines(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct sort_loop *l = ctx;
    struct call *c = l->c;
    const struct sorting *w = c->s->params;
    int64_t *order = c->in[1].data;
    (void)worker;
    for (int64_t at = (int64_t)begin; at < (int64_t)end; at++) {
        int64_t line = at / w->half, i = pair_at(&l->r, at % w->half), j = i + l->r.d, *ids = order + line * w->n;
        if (j >= w->n)
            continue;
        bool before = arg_get(&c->in[2], at) != 0, behind = arg_get(&c->in[2], w->lines * w->half + at) != 0;
        if (behind > before || (behind == before && ids[i] > ids[j])) {
            int64_t swap = ids[i];
            ids[i] = ids[j];
            ids[j] = swap;
        }
    }
}

/* in: the round, the order, whether the left one stands first. */
static bool run_exchange(struct call *c) {
    const struct sorting *w = c->s->params;
    struct sort_loop l = {.c = c};
    struct round *r = c->in[0].data;
    l.r = *r;
    if (!call_loop(c, (size_t)(w->lines * w->half), 4096, exchange_lines, &l))
        return false;
    if (r->q != r->p) {
        r->d = r->q - r->p;
        r->q /= 2;
        r->r = r->p;
        return true;
    }
    int64_t top = 1;
    while (2 * top < w->n)
        top *= 2;
    *r = (struct round){.p = r->p / 2, .q = top, .d = r->p / 2};
    return true;
}

/* in: the order, operands; out: results. */
static bool run_gather(struct call *c) {
    const struct sorting *w = c->s->params;
    const int64_t *order = c->in[0].data;
    for (uint32_t o = 0; o < c->s->n_out; o++) {
        size_t size = tensor_dtype_size(c->out[o].type->dtype);
        for (int64_t line = 0; line < w->lines; line++)
            for (int64_t i = 0; i < w->n; i++)
                memcpy((char *)c->out[o].data + (size_t)element(w, line, i) * size,
                       (const char *)c->in[1 + o].data + (size_t)element(w, line, order[line * w->n + i]) * size, size);
    }
    return true;
}

static const struct kernel kernel_start = {"sort", NULL, run_start, 0, NULL, NULL, NULL};
static const struct kernel kernel_take = {"sort", NULL, run_take, 0, NULL, NULL, NULL};
static const struct kernel kernel_exchange = {"sort", NULL, run_exchange, KERNEL_IN_PLACE, NULL, NULL, NULL};
static const struct kernel kernel_gather_sorted = {"sort", NULL, run_gather, 0, NULL, NULL, NULL};
static const struct exec_row row_start = {"sort begins", &kernel_start, 0, ""};
static const struct exec_row row_take = {"pairs", &kernel_take, 0, ""};
static const struct exec_row row_exchange = {"exchange", &kernel_exchange, 0, ""};
static const struct exec_row row_gather = {"sorted", &kernel_gather_sorted, 0, ""};

/* Which lines there are; checks that the op sorts tensors of one shape into such ones. */
static bool describe(struct planner *p, ir_op op, exec_slot *in, const exec_slot *out, ir_block body,
                     struct sorting *w) {
    const ir_op_data *d = ir_op_at(p->m, op);
    int64_t dim = -1;
    int at;
    attr_i64(p, op, "dimension", &dim);
    for (uint32_t i = 0; i < d->n_operands; i++) {
        struct exec_type number;
        if (!in[i] || !out[i] || slot_type(p->x, in[i])->quant ||
            !type_same_shape(slot_type(p->x, in[i]), slot_type(p->x, in[0])) ||
            !type_same_shape(slot_type(p->x, in[i]), slot_type(p->x, out[i])) ||
            slot_type(p->x, in[i])->dtype != slot_type(p->x, out[i])->dtype)
            return plan_error(p, op, "sorts tensors of different shapes together");
        if (!type_of(p, ir_value_type(p->m, ir_block_at(p->m, body)->args + 2 * i), &number) ||
            number.dtype != slot_type(p->x, in[i])->dtype)
            return plan_error(p, op, "has a region of other numbers than it sorts");
    }
    const struct exec_type *t = slot_type(p->x, in[0]);
    if (t->rank == 0 || !plan_dim(p, op, dim, t->rank, &at))
        return p->failed ? false : plan_error(p, op, "sorts a single number");
    int64_t outer = 1;
    w->inner = 1;
    for (int i = 0; i < t->rank; i++)
        *(i < at ? &outer : &w->inner) *= i == at ? 1 : t->dims[i];
    w->n = t->dims[at];
    w->lines = outer * w->inner;
    w->half = w->n / 2; /* pairs of a round have nothing in common */
    return true;
}

bool plan_sort_by_region(struct planner *p, ir_op op) {
    exec_plan *x = p->x;
    const ir_op_data *d = ir_op_at(p->m, op);
    uint32_t n = d->n_operands;
    exec_slot *in = plan_operands(p, op, 0, n), *room = ARENA_ARRAY(p->a, exec_slot, 3 * (size_t)n + 1), first;
    struct sorting *w = ARENA_NEW(p->a, struct sorting);
    ir_block body;
    if (!in || !room || !w)
        return plan_no_memory(p);
    exec_slot *out = room, *pairs = room + n;
    if (n == 0 || d->n_results != n || !plan_region_block(p, op, 0, &body) || ir_block_at(p->m, body)->n_args != 2 * n)
        return plan_error(p, op, "is not formed as a sort");
    if (!plan_results_of(p, op, out) || !describe(p, op, in, out, body, w))
        return false;
    if (w->n < 2 || w->lines == 0)
        return plan_assign(p, op, in, out, n);
    struct exec_type round = {.dtype = TENSOR_I64, .rank = 1, .dims = {4}}, truth = {.dtype = TENSOR_BOOL},
                     ids = {.dtype = TENSOR_I64, .rank = 1, .dims = {w->lines * w->n}};
    exec_slot state = plan_temp(p, &round, true), order = plan_temp(p, &ids, true), more = plan_temp(p, &truth, true);
    struct exec_step *s = plan_step_with(p, op, &row_start, w, 0, 2);
    if (!state || !order || !more || !s)
        return false;
    s->out[0] = state;
    s->out[1] = order;
    x->slots.v[state].written = x->slots.v[order].written = true;
    uint32_t top = (uint32_t)x->steps.n;
    for (uint32_t i = 0; i < 2 * n; i++) {
        struct exec_type t = {.dtype = slot_type(x, in[i / 2])->dtype, .rank = 1, .dims = {2 * w->lines * w->half}};
        if (!(pairs[i] = plan_temp(p, &t, true)))
            return false;
    }
    if (!(s = plan_step_with(p, op, &row_take, w, 2 + n, 1 + 2 * n)))
        return false;
    s->in[0] = state;
    s->in[1] = order;
    memcpy(s->in + 2, in, n * sizeof *in);
    s->out[0] = more;
    memcpy(s->out + 1, pairs, 2 * n * sizeof *pairs);
    uint32_t leave = (uint32_t)x->steps.n;
    if (!plan_jump(p, op, STEP_UNLESS, more) || !plan_elements(p, op, body, pairs, 2 * n, &first, 1) ||
        !(s = plan_step_with(p, op, &row_exchange, w, 3, 0)))
        return false;
    s->in[0] = state;
    s->in[1] = order;
    s->in[2] = first;
    if (!plan_end_loop(p, op, top, leave) || !(s = plan_step_with(p, op, &row_gather, w, 1 + n, n)))
        return false;
    s->in[0] = order;
    memcpy(s->in + 1, in, n * sizeof *in);
    memcpy(s->out, out, n * sizeof *out);
    return true;
}
