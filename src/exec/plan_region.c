/* Ops whose region is a computation of its own: async_start, which is done where it starts, and scan, which becomes a loop.
 *
 *   scan    begin ─▶ take ─▶ done? ─▶ the region ─▶ put ─▶ carries ─▶ back to take
 *
 * `begin` sets the index, `take` cuts the inputs' slices at it, `put` writes the outputs' slices there and moves it on.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* --- async_start, async_done -------------------------------------------------------------------------------------- */

static bool enter(struct planner *p, ir_op op, ir_block b, const exec_slot *in, uint32_t n) {
    if (ir_block_at(p->m, b)->n_args != n)
        return plan_error(p, op, "has a region of %u arguments for %u values", ir_block_at(p->m, b)->n_args, n);
    for (uint32_t i = 0; i < n; i++)
        if (!plan_set(p, ir_block_at(p->m, b)->args + i, in[i]))
            return false;
    return true;
}

bool plan_async_start(struct planner *p, ir_op op) {
    uint32_t n = ir_op_at(p->m, op)->n_operands, n_out;
    exec_slot *in = plan_operands(p, op, 0, n), *out;
    ir_block body;
    return in && plan_region_block(p, op, 0, &body) && enter(p, op, body, in, n) && plan_block(p, body, &out, &n_out);
}

/* The future is the op that started; its values are those that its region gives. */
bool plan_async_done(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    ir_value future = d->n_operands == 1 ? ir_operand(p->m, op, 0) : 0;
    ir_op from = future && !ir_is_block_arg(p->m, future) ? ir_value_at(p->m, future)->owner : 0;
    ir_block body;
    if (!from || !str_eq(ir_op_name_str(p->m, from), STR("stablehlo.async_start")))
        return plan_error(p, op, "waits for a computation that is not started in this function");
    if (!plan_region_block(p, from, 0, &body))
        return false;
    ir_op last = ir_block_at(p->m, body)->last;
    if (!last || !plan_is_terminator(p, last) || ir_op_at(p->m, last)->n_operands != d->n_results)
        return plan_error(p, op, "has %u results, the computation that it waits for gives another number",
                          d->n_results);
    for (uint32_t i = 0; i < d->n_results; i++)
        if (!plan_set(p, d->results + i, plan_get(p, ir_operand(p->m, last, i))))
            return false;
    return true;
}

/* --- chlo.scan (ChloOps.td: ScanOp) ------------------------------------------------------------------------------- */

/* Slices have the scanned dimension left out. */
struct scan {
    int dim;
    int64_t n; /* of the scanned dimension */
    bool reverse;
};

static bool run_begin_scan(struct call *c) {
    const struct scan *w = c->s->params;
    arg_set(&c->out[0], 0, w->reverse ? (double)(w->n - 1) : 0);
    return true;
}

/* One slice out of a tensor, or into it. */
static void copy_slice(const struct scan *w, const struct exec_arg *whole, const struct exec_arg *slice, int64_t at,
                       bool out) {
    const struct exec_type *t = whole->type;
    int64_t outer = 1, inner = (int64_t)tensor_dtype_size(t->dtype);
    for (int i = 0; i < t->rank; i++)
        *(i < w->dim ? &outer : &inner) *= i == w->dim ? 1 : t->dims[i];
    for (int64_t o = 0; o < outer && inner; o++) {
        char *a = (char *)whole->data + (o * w->n + at) * inner, *b = (char *)slice->data + o * inner;
        memcpy(out ? b : a, out ? a : b, (size_t)inner);
    }
}

/* in: the index, inputs; out: whether there is more, slices. */
static bool run_take(struct call *c) {
    const struct scan *w = c->s->params;
    int64_t at = arg_int(&c->in[0], 0);
    bool more = at >= 0 && at < w->n;
    arg_set(&c->out[0], 0, more);
    for (uint32_t i = 1; more && i < c->s->n_in; i++)
        copy_slice(w, &c->in[i], &c->out[i], at, true);
    return true;
}

/* in: the index, slices, outputs. */
static bool run_put(struct call *c) {
    const struct scan *w = c->s->params;
    int64_t at = arg_int(&c->in[0], 0);
    uint32_t n = (c->s->n_in - 1) / 2;
    for (uint32_t i = 1; i <= n; i++)
        copy_slice(w, &c->in[n + i], &c->in[i], at, false);
    arg_set(&c->in[0], 0, (double)(w->reverse ? at - 1 : at + 1));
    return true;
}

static const struct kernel kernel_begin = {"scan", NULL, run_begin_scan, 0, NULL, NULL, NULL};
static const struct kernel kernel_take = {"scan", NULL, run_take, 0, NULL, NULL, NULL};
static const struct kernel kernel_put = {"scan", NULL, run_put, KERNEL_IN_PLACE, NULL, NULL, NULL};
static const struct exec_row row_begin = {"scan begins", &kernel_begin, 0, ""};
static const struct exec_row row_take = {"scan takes", &kernel_take, 0, ""};
static const struct exec_row row_put = {"scan puts", &kernel_put, 0, ""};

/* What planning a scan knows. */
struct scanned {
    ir_op op;
    struct scan *w;
    uint32_t n_in, n_out, n_carry;
    exec_slot index;
    exec_slot *in;  /* inputs, then inits */
    exec_slot *out; /* outputs, then carries */
};

static bool sizes_of(struct planner *p, ir_op op, const char *name, uint32_t all, int64_t sizes[2]) {
    return exec_op_ints(p, op, name, sizes, 2) == 2 && sizes[0] >= 0 && sizes[1] >= 0 && sizes[0] + sizes[1] == all;
}

/* Whether `slice` is `whole` without the scanned dimension, which has the length of all others. */
static bool is_slice(const struct planner *p, const struct scan *w, exec_slot slice, exec_slot whole) {
    const struct exec_type *a = slot_type(p->x, slice), *b = slot_type(p->x, whole);
    if (!slice || !whole || a->dtype != b->dtype || a->format != b->format || b->rank != a->rank + 1 ||
        w->dim >= b->rank || b->dims[w->dim] != w->n)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i < w->dim ? i : i + 1])
            return false;
    return true;
}

/* What the op says: how many of its operands and results are what, which dimension, how long it is. */
static bool describe(struct planner *p, struct scanned *k) {
    const ir_op_data *d = ir_op_at(p->m, k->op);
    int64_t in[2], out[2], dim = -1;
    k->w = ARENA_NEW(p->a, struct scan);
    k->out = ARENA_ARRAY(p->a, exec_slot, d->n_results + 1);
    if (!k->w || !k->out)
        return plan_no_memory(p);
    if (!(k->in = plan_operands(p, k->op, 0, d->n_operands)))
        return false;
    if (!sizes_of(p, k->op, "operandSegmentSizes", d->n_operands, in) ||
        !sizes_of(p, k->op, "resultSegmentSizes", d->n_results, out) || in[1] != out[1])
        return plan_error(p, k->op, "is not formed as a scan");
    k->n_in = (uint32_t)in[0];
    k->n_out = (uint32_t)out[0];
    k->n_carry = (uint32_t)in[1];
    k->w->reverse = attr_bool(p, k->op, "is_reverse");
    attr_i64(p, k->op, "dimension", &dim);
    k->w->n = -1;
    attr_i64(p, k->op, "scan_dim_size", &k->w->n);
    if (dim < 0 || dim >= TENSOR_MAX_RANK)
        return plan_error(p, k->op, "does not say which dimension it scans");
    k->w->dim = (int)dim;
    return true;
}

/* The results, the index and its first value, and the length: that of the first tensor that is scanned. */
static bool begin_scan(struct planner *p, struct scanned *k) {
    exec_plan *x = p->x;
    struct exec_type index = {.dtype = TENSOR_I64};
    if (!plan_results_of(p, k->op, k->out) || !(k->index = plan_temp(p, &index, true)))
        return false;
    exec_slot first = k->n_in ? k->in[0] : k->n_out ? k->out[0] : 0;
    if (first && slot_type(x, first)->rank <= k->w->dim)
        return plan_error(p, k->op, "scans dimension %d of a value of %d dimensions", k->w->dim,
                          slot_type(x, first)->rank);
    if (first)
        k->w->n = slot_type(x, first)->dims[k->w->dim];
    if (k->w->n < 0)
        return plan_error(p, k->op, "does not say how long it scans");
    for (uint32_t i = 0; i < k->n_out + k->n_carry; i++)
        x->slots.v[k->out[i]].written = true; /* no views: the next round changes it */
    x->slots.v[k->index].written = true;
    struct exec_step *s = plan_step_with(p, k->op, &row_begin, k->w, 0, 1 + k->n_out);
    if (!s)
        return false;
    s->out[0] = k->index;
    for (uint32_t i = 0; i < k->n_out; i++)
        s->out[1 + i] = k->out[i]; /* there from now on: rounds write parts of them */
    return plan_assign(p, k->op, k->in + k->n_in, k->out + k->n_out, k->n_carry);
}

/* Whether there is more, and the slices of this round, which become the region's first arguments. */
static bool take_slices(struct planner *p, struct scanned *k, ir_block body, exec_slot *more) {
    exec_slot *given = ARENA_ARRAY(p->a, exec_slot, k->n_in + k->n_carry + 1);
    struct exec_type t = {.dtype = TENSOR_BOOL};
    if (!given)
        return plan_no_memory(p);
    if (!(*more = plan_temp(p, &t, true)))
        return false;
    for (uint32_t i = 0; i < k->n_in; i++) {
        t = *slot_type(p->x, k->in[i]);
        if (t.rank <= k->w->dim || t.dims[k->w->dim] != k->w->n || t.quant)
            return plan_error(p, k->op, "has input %u, which has no dimension %d of length %lld", i, k->w->dim,
                              (long long)k->w->n);
        t.rank--;
        memmove(t.dims + k->w->dim, t.dims + k->w->dim + 1, (size_t)(t.rank - k->w->dim) * sizeof *t.dims);
        if (!(given[i] = plan_temp(p, &t, true)))
            return false;
    }
    for (uint32_t i = 0; i < k->n_carry; i++)
        given[k->n_in + i] = k->out[k->n_out + i];
    struct exec_step *s = plan_step_with(p, k->op, &row_take, k->w, 1 + k->n_in, 1 + k->n_in);
    if (!s)
        return false;
    s->in[0] = k->index;
    s->out[0] = *more;
    for (uint32_t i = 0; i < k->n_in; i++) {
        s->in[1 + i] = k->in[i];
        s->out[1 + i] = given[i];
    }
    return enter(p, k->op, body, given, k->n_in + k->n_carry);
}

static bool put_slices(struct planner *p, struct scanned *k, const exec_slot *given, uint32_t n) {
    if (n != k->n_out + k->n_carry)
        return plan_error(p, k->op, "gives %u values in a round, its results are %u", n, k->n_out + k->n_carry);
    for (uint32_t i = 0; i < n; i++)
        if (i < k->n_out ? !is_slice(p, k->w, given[i], k->out[i])
                         : !given[i] || !type_same_shape(slot_type(p->x, given[i]), slot_type(p->x, k->out[i])))
            return plan_error(p, k->op, "gives value %u of another type in a round than its result has", i);
    struct exec_step *s = plan_step_with(p, k->op, &row_put, k->w, 1 + 2 * k->n_out, 0);
    if (!s)
        return false;
    s->in[0] = k->index;
    for (uint32_t i = 0; i < k->n_out; i++) {
        s->in[1 + i] = given[i];
        s->in[1 + k->n_out + i] = k->out[i];
    }
    return plan_assign(p, k->op, given + k->n_out, k->out + k->n_out, k->n_carry);
}

bool plan_scan(struct planner *p, ir_op op) {
    exec_plan *x = p->x;
    struct scanned k = {.op = op};
    ir_block body;
    exec_slot more = 0, *given;
    uint32_t n;
    if (!describe(p, &k) || !plan_region_block(p, op, 0, &body) || !begin_scan(p, &k))
        return false;
    uint32_t top = (uint32_t)x->steps.n;
    if (!take_slices(p, &k, body, &more))
        return false;
    uint32_t leave = (uint32_t)x->steps.n;
    if (!plan_jump(p, op, STEP_UNLESS, more) || !plan_block(p, body, &given, &n) || !put_slices(p, &k, given, n))
        return false;
    return plan_end_loop(p, op, top, leave);
}
