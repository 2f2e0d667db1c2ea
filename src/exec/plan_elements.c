/* A region of numbers on all elements of tensors at once: the bodies of map, reduce, sort, scatter and the like.
 *
 *   lifted      what is a number in the region is a tensor (planner.lift): each op of it runs once
 *   in a loop   begin ─▶ take ─▶ done? ─▶ the region ─▶ put ─▶ back to take: one element at a time
 *
 * Lifting is for regions whose ops all work element by element; choices and loops on one number are not the same on many. Calls are
 * looked into.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* Calls in calls, and ops of them all; what is more is not looked into. */
enum { MAX_CALLS = 16, MAX_OPS = 1 << 16 };

static bool is_number(const struct planner *p, ir_value v) {
    ir_type t = ir_value_type(p->m, v);
    return ir_kind_of(p->c, t) != IR_TYPE_TENSOR || ir_rank(p->c, t) == 0;
}

/* The block of the function that an op stands for; 0: it is no call. */
static ir_block called(const struct planner *p, ir_op op) {
    static const char *const calls[][2] = {
        {"call", "callee"}, {"func.call", "callee"}, {"stablehlo.composite", "decomposition"}};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (str_eq(ir_op_name_str(p->m, op), str_from_z(calls[i][0])))
            return plan_body(p, plan_callee(p, op, calls[i][1]));
    return 0;
}

/* Whether an op that is no call works on each number by itself. */
static bool is_lifted(const struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    str name = ir_op_name_str(p->m, op);
    const struct exec_row *row = exec_find_row(name);
    for (uint32_t i = 0; i < d->n_operands + d->n_results; i++)
        if (!is_number(p, i < d->n_operands ? ir_operand(p->m, op, i) : d->results + (i - d->n_operands)))
            return false;
    if (str_eq(name, STR("stablehlo.optimization_barrier")))
        return true;
    return row && d->n_regions == 0 &&
           (row->kernel == &kernel_elementwise || row->kernel == &kernel_complex_math ||
            row->kernel == &kernel_complex || row->kernel == &kernel_constant || row->kernel == &kernel_view ||
            row->kernel == &kernel_bitcast || row->kernel == &kernel_reduce_precision);
}

static bool can_lift(const struct planner *p, ir_block body) {
    ir_op back[MAX_CALLS];
    uint32_t depth = 0, n = 0;
    for (ir_op op = ir_block_at(p->m, body)->first;;) {
        while (!op || plan_is_terminator(p, op)) {
            if (depth == 0)
                return true;
            op = ir_op_at(p->m, back[--depth])->next;
        }
        ir_block b = called(p, op);
        if (b && depth < MAX_CALLS) {
            back[depth++] = op;
            op = ir_block_at(p->m, b)->first;
            continue;
        }
        if (b || ++n > MAX_OPS || !is_lifted(p, op))
            return false;
        op = ir_op_at(p->m, op)->next;
    }
}

/* --- tensors of no value ------------------------------------------------------------------------------------------- */

exec_slot plan_moved(struct planner *p, ir_op op, exec_slot from, const struct exec_type *to, const struct walk *w,
                     bool per_device) {
    struct exec_step s;
    exec_slot slot = plan_temp(p, to, per_device);
    if (!slot || !plan_move(p, op, from, slot, w, &s))
        return 0;
    if (!vec_push(&p->x->steps, s))
        return plan_no_memory(p), 0;
    return slot;
}

exec_slot plan_as(struct planner *p, ir_op op, const struct exec_row *row, exec_slot from, enum tensor_dtype dtype) {
    struct exec_type t = *slot_type(p->x, from);
    t.dtype = dtype;
    t.format = FORMAT_PLAIN;
    exec_slot to = plan_temp(p, &t, true);
    return to && plan_step_into(p, op, row, &from, 1, to) ? to : 0;
}

exec_slot plan_cast(struct planner *p, ir_op op, exec_slot from, enum tensor_dtype dtype) {
    static const struct exec_row row = {"convert", &kernel_view, 0, ""};
    return slot_type(p->x, from)->dtype == dtype ? from : plan_as(p, op, &row, from, dtype);
}

/* --- one element at a time ---------------------------------------------------------------------------------------- */

/* What the steps of a loop have in common: how many elements there are. */
struct elements {
    int64_t n;
};

/* out: the index, then the results, which are there from now on. */
static bool run_start(struct call *c) {
    arg_set(&c->out[0], 0, 0);
    return true;
}

/* in: the index, tensors; out: whether there is more, numbers. */
static bool run_take(struct call *c) {
    const struct elements *w = c->s->params;
    int64_t at = arg_int(&c->in[0], 0);
    arg_set(&c->out[0], 0, at < w->n);
    for (uint32_t i = 1; at < w->n && i < c->s->n_in; i++)
        arg_copy(&c->out[i], 0, &c->in[i], at);
    return true;
}

/* in: the index, numbers, results. */
static bool run_put(struct call *c) {
    int64_t at = arg_int(&c->in[0], 0);
    uint32_t n = (c->s->n_in - 1) / 2;
    for (uint32_t i = 1; i <= n; i++)
        arg_copy(&c->in[n + i], at, &c->in[i], 0);
    arg_set(&c->in[0], 0, (double)(at + 1));
    return true;
}

static const struct kernel kernel_start = {"elements", NULL, run_start, 0, NULL, NULL, NULL};
static const struct kernel kernel_take = {"elements", NULL, run_take, 0, NULL, NULL, NULL};
static const struct kernel kernel_put = {"elements", NULL, run_put, KERNEL_IN_PLACE, NULL, NULL, NULL};
static const struct exec_row row_start = {"elements begin", &kernel_start, 0, ""};
static const struct exec_row row_take = {"elements are taken", &kernel_take, 0, ""};
static const struct exec_row row_put = {"elements are put", &kernel_put, 0, ""};

static bool one_by_one(struct planner *p, ir_op op, ir_block body, const exec_slot *in, uint32_t n_in, exec_slot *out,
                       uint32_t n_out) {
    exec_plan *x = p->x;
    const struct exec_type shape = *slot_type(x, in[0]);
    struct elements *w = ARENA_NEW(p->a, struct elements);
    struct exec_type index = {.dtype = TENSOR_I64}, truth = {.dtype = TENSOR_BOOL};
    uint32_t begin = (uint32_t)x->steps.n, n;
    exec_slot at = plan_temp(p, &index, true), more = plan_temp(p, &truth, true), *given;
    if (!w)
        return plan_no_memory(p);
    if (!at || !more || !plan_step_with(p, op, &row_start, w, 0, 1 + n_out))
        return false;
    w->n = type_count(&shape);
    x->slots.v[at].written = true;
    uint32_t top = (uint32_t)x->steps.n;
    struct exec_step *s = plan_step_with(p, op, &row_take, w, 1 + n_in, 1 + n_in);
    if (!s)
        return false;
    s->in[0] = at;
    s->out[0] = more;
    for (uint32_t i = 0; i < n_in; i++) {
        struct exec_type number = {.dtype = slot_type(x, in[i])->dtype};
        s->in[1 + i] = in[i];
        if (!(s->out[1 + i] = plan_temp(p, &number, true)) ||
            !plan_set(p, ir_block_at(p->m, body)->args + i, s->out[1 + i]))
            return false;
    }
    uint32_t leave = (uint32_t)x->steps.n;
    if (!plan_jump(p, op, STEP_UNLESS, more) || !plan_block(p, body, &given, &n))
        return false;
    if (n != n_out)
        return plan_error(p, op, "has a region that gives %u values, %u are needed", n, n_out);
    if (!(s = plan_step_with(p, op, &row_put, w, 1 + 2 * n_out, 0)))
        return false;
    s->in[0] = x->steps.v[begin].out[0] = at;
    for (uint32_t i = 0; i < n_out; i++) {
        if (!given[i] || type_count(slot_type(x, given[i])) != 1)
            return plan_error(p, op, "has a region that gives other than numbers");
        struct exec_type t = shape;
        t.dtype = slot_type(x, given[i])->dtype;
        s->in[1 + i] = given[i];
        if (!(out[i] = plan_temp(p, &t, true)))
            return false;
        x->slots.v[out[i]].written = true; /* no views: the next round changes it */
        s->in[1 + n_out + i] = x->steps.v[begin].out[1 + i] = out[i];
    }
    return plan_end_loop(p, op, top, leave);
}

/* --- all at once ---------------------------------------------------------------------------------------------------- */

static bool lifted(struct planner *p, ir_op op, ir_block body, const exec_slot *in, uint32_t n_in, exec_slot *out,
                   uint32_t n_out) {
    exec_plan *x = p->x;
    const struct exec_type shape = *slot_type(x, in[0]), *before = p->lift;
    exec_slot *given;
    uint32_t n;
    for (uint32_t i = 0; i < n_in; i++)
        if (!plan_set(p, ir_block_at(p->m, body)->args + i, in[i]))
            return false;
    p->lift = shape.rank ? &shape : NULL;
    bool good = plan_block(p, body, &given, &n);
    p->lift = before;
    if (!good)
        return false;
    if (n != n_out)
        return plan_error(p, op, "has a region that gives %u values, %u are needed", n, n_out);
    for (uint32_t i = 0; i < n_out; i++) {
        struct exec_type t = shape;
        out[i] = given[i];
        if (!given[i] || slot_type(x, given[i])->dtype == TENSOR_NONE)
            return plan_error(p, op, "has a region that gives other than numbers");
        if (type_same_shape(slot_type(x, given[i]), &shape))
            continue;
        /* a number from outside of the region */
        struct walk same = {.rank = 1, .dims = {type_count(&shape)}, .strides = {0}};
        t.dtype = slot_type(x, given[i])->dtype;
        if (type_count(slot_type(x, given[i])) != 1)
            return plan_error(p, op, "has a region that gives other than numbers");
        if (!(out[i] = plan_moved(p, op, given[i], &t, &same, true)))
            return false;
    }
    return true;
}

bool plan_elements(struct planner *p, ir_op op, ir_block body, const exec_slot *in, uint32_t n_in, exec_slot *out,
                   uint32_t n_out) {
    if (ir_block_at(p->m, body)->n_args != n_in || n_in == 0)
        return plan_error(p, op, "has a region of %u arguments for %u values", ir_block_at(p->m, body)->n_args, n_in);
    for (uint32_t i = 0; i < n_in; i++) {
        struct exec_type t;
        if (!in[i] || !type_same_shape(slot_type(p->x, in[i]), slot_type(p->x, in[0])))
            return plan_error(p, op, "works on tensors of different shapes together");
        /* the region's own types, where the numbers of the run are others (all in f64, say) */
        if (!type_of(p, ir_value_type(p->m, ir_block_at(p->m, body)->args + i), &t) || t.rank != 0 ||
            t.dtype != slot_type(p->x, in[i])->dtype)
            return plan_error(p, op, "has a region of other numbers than it works on");
    }
    return can_lift(p, body) ? lifted(p, op, body, in, n_in, out, n_out)
                             : one_by_one(p, op, body, in, n_in, out, n_out);
}

bool plan_combine(struct planner *p, ir_op op, ir_block body, uint32_t n, const exec_slot *a, const exec_slot *b,
                  exec_slot *out) {
    exec_slot *both = ARENA_ARRAY(p->a, exec_slot, 2 * (size_t)n + 1);
    if (!both)
        return plan_no_memory(p);
    memcpy(both, a, n * sizeof *both);
    memcpy(both + n, b, n * sizeof *both);
    if (!plan_elements(p, op, body, both, 2 * n, out, n))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (slot_type(p->x, out[i])->dtype != slot_type(p->x, both[i])->dtype)
            return plan_error(p, op, "has a region that gives other than one number for each tensor, of its type");
    return true;
}
