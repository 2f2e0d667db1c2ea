/* stablehlo.scatter and select_and_scatter by what their regions do, where no kernel does it.
 *
 *   places ─▶ order ─▶ take ─▶ done? ─▶ the region ─▶ put ─▶ back to take
 *
 * `places` says where each update goes (-1: nowhere), `order` puts updates in rounds so that no two of one round go to the same place,
 * and those of one place keep their order. `take` fetches up to BLOCK updates of a round with what stands in their places, the region
 * runs on all of them (plan_elements.c), `put` writes what it makes. Devices may have other updates: they go on until all are done.
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* Updates at a time: enough that running the region's steps costs nothing beside its numbers, few enough for the many rounds of updates
 * that all go to one place. */
enum { BLOCK = 1024 };

/* --- updates in rounds ------------------------------------------------------------------------------------------------ */

/* in: places; what is updated. out: the cursor; updates in their order, -1 behind the last; the round of each of those. */
static bool run_order(struct call *c) {
    const int64_t *places = c->in[0].data;
    int64_t *order = c->out[1].data, *round = c->out[2].data, n = type_count(c->in[0].type), rounds = 0;
    int64_t size = type_count(c->in[1].type);
    int64_t *met = call_scratch(c, (size_t)(size + 1) * sizeof *met),
            *first = call_scratch(c, (size_t)(n + 1) * sizeof *first);
    if (!met || !first)
        return false;
    memset(met, 0, (size_t)size * sizeof *met);
    memset(first, 0, (size_t)(n + 1) * sizeof *first);
    for (int64_t i = 0; i < n; i++)
        if (places[i] >= 0) {
            int64_t r = met[places[i]]++;
            first[r + 1]++;
            rounds = r + 1 > rounds ? r + 1 : rounds;
        }
    for (int64_t r = 0; r < rounds; r++)
        first[r + 1] += first[r];
    for (int64_t i = 0; i < n; i++)
        order[i] = round[i] = -1;
    memset(met, 0, (size_t)size * sizeof *met);
    for (int64_t i = 0; i < n; i++)
        if (places[i] >= 0) {
            int64_t r = met[places[i]]++, at = first[r]++;
            order[at] = i;
            round[at] = r;
        }
    arg_set(&c->out[0], 0, 0);
    return true;
}

/* The end of the block that begins at `at`. */
static int64_t block_end(const int64_t *order, const int64_t *round, int64_t n, int64_t at, int64_t block) {
    int64_t end = at;
    while (end < n && end - at < block && order[end] >= 0 && round[end] == round[at])
        end++;
    return end;
}

/* in: the cursor, order, rounds, places, what is updated, updates; out: whether there is more on any device, what stands there, the
 * updates. What is left of the block gets what its first one has. */
static bool run_take(struct call *c) {
    uint32_t n = (c->s->n_in - 4) / 2;
    bool more = false;
    for (unsigned d = 0; d < c->x->devices; d++) {
        const int64_t *order = device_in(c, d, 1)->data, *places = device_in(c, d, 3)->data;
        int64_t count = type_count(c->in[1].type), block = type_count(c->out[1].type);
        int64_t at = arg_int(device_in(c, d, 0), 0);
        int64_t end = block_end(order, device_in(c, d, 2)->data, count, at, block);
        more |= end > at;
        for (int64_t i = 0; i < block; i++) {
            int64_t from = end > at ? order[at + i < end ? at + i : at] : 0;
            int64_t place = places[from] < 0 ? 0 : places[from];
            for (uint32_t k = 0; k < n; k++) {
                arg_copy(device_out(c, d, 1 + k), i, device_in(c, d, 4 + k), place);
                arg_copy(device_out(c, d, 1 + n + k), i, device_in(c, d, 4 + n + k), from);
            }
        }
    }
    for (unsigned d = 0; d < c->x->devices; d++)
        arg_set(device_out(c, d, 0), 0, more);
    return true;
}

/* in: the cursor, order, rounds, places, numbers, what is updated. */
static bool run_put(struct call *c) {
    uint32_t n = (c->s->n_in - 4) / 2;
    const int64_t *order = c->in[1].data, *places = c->in[3].data;
    int64_t at = arg_int(&c->in[0], 0);
    int64_t end = block_end(order, c->in[2].data, type_count(c->in[1].type), at, type_count(c->in[4].type));
    for (int64_t i = at; i < end; i++)
        for (uint32_t k = 0; k < n; k++)
            arg_copy(&c->in[4 + n + k], places[order[i]], &c->in[4 + k], i - at);
    arg_set(&c->in[0], 0, (double)end);
    return true;
}

static const struct kernel kernel_order = {"updates", NULL, run_order, 0, NULL, NULL, NULL};
static const struct kernel kernel_take = {"updates", NULL, run_take, KERNEL_MESH, NULL, NULL, NULL};
static const struct kernel kernel_put = {"updates", NULL, run_put, KERNEL_IN_PLACE, NULL, NULL, NULL};
static const struct exec_row row_order = {"updates are ordered", &kernel_order, 0, ""};
static const struct exec_row row_take = {"updates are taken", &kernel_take, 0, ""};
static const struct exec_row row_put = {"updates are put", &kernel_put, 0, ""};

/* Updates n tensors, whose slots nothing looks at yet, by n tensors of updates at the places that a slot of i64 says. */
static bool update(struct planner *p, ir_op op, ir_block body, exec_slot places, const exec_slot *of,
                   const exec_slot *by, uint32_t n) {
    exec_plan *x = p->x;
    struct exec_type list = *slot_type(x, places), number = {.dtype = TENSOR_I64}, truth = {.dtype = TENSOR_BOOL};
    int64_t count = type_count(&list);
    if (count == 0 || type_count(slot_type(x, of[0])) == 0)
        return true;
    exec_slot *both = ARENA_ARRAY(p->a, exec_slot, 3 * (size_t)n);
    if (!both)
        return plan_no_memory(p);
    exec_slot *made = both + 2 * n;
    exec_slot cursor = plan_temp(p, &number, true), order = plan_temp(p, &list, true),
              round = plan_temp(p, &list, true), more = plan_temp(p, &truth, true);
    struct exec_step *s = plan_step_with(p, op, &row_order, NULL, 2, 3);
    if (!cursor || !order || !round || !more || !s)
        return false;
    s->in[0] = places;
    s->in[1] = of[0];
    s->out[0] = cursor;
    s->out[1] = order;
    s->out[2] = round;
    x->slots.v[cursor].written = true;
    uint32_t top = (uint32_t)x->steps.n;
    for (uint32_t i = 0; i < 2 * n; i++) {
        struct exec_type t = {.rank = 1, .dims = {count < BLOCK ? count : BLOCK}};
        t.dtype = slot_type(x, i < n ? of[i] : by[i - n])->dtype;
        if (!(both[i] = plan_temp(p, &t, true)))
            return false;
    }
    const exec_slot known[] = {cursor, order, round, places};
    if (!(s = plan_step_with(p, op, &row_take, NULL, 4 + 2 * n, 1 + 2 * n)))
        return false;
    memcpy(s->in, known, sizeof known);
    memcpy(s->in + 4, of, n * sizeof *of);
    memcpy(s->in + 4 + n, by, n * sizeof *by);
    s->out[0] = more;
    memcpy(s->out + 1, both, 2 * n * sizeof *both);
    uint32_t leave = (uint32_t)x->steps.n;
    if (!plan_jump(p, op, STEP_UNLESS, more) || !plan_combine(p, op, body, n, both, both + n, made))
        return false;
    if (!(s = plan_step_with(p, op, &row_put, NULL, 4 + 2 * n, 0)))
        return false;
    memcpy(s->in, known, sizeof known);
    memcpy(s->in + 4, made, n * sizeof *made);
    memcpy(s->in + 4 + n, of, n * sizeof *of);
    return plan_end_loop(p, op, top, leave);
}

/* --- scatter ------------------------------------------------------------------------------------------------------------ */

bool plan_scatter_by_region(struct planner *p, ir_op op) {
    static const struct exec_row row = {"places of updates", &kernel_places, 0, ""};
    exec_plan *x = p->x;
    const ir_op_data *d = ir_op_at(p->m, op);
    uint32_t n = d->n_operands / 2;
    exec_slot *in = plan_operands(p, op, 0, d->n_operands), *out = ARENA_ARRAY(p->a, exec_slot, n + 1);
    ir_block body;
    if (!in || !out)
        return plan_no_memory(p);
    if (n == 0 || d->n_operands != 2 * n + 1 || d->n_results != n || !plan_region_block(p, op, 0, &body) ||
        ir_block_at(p->m, body)->n_args != 2 * n)
        return plan_error(p, op, "is not formed as a scatter");
    if (!in[n] || !plan_results_of(p, op, out))
        return in[n] ? false : plan_error(p, op, "has no indices");
    for (uint32_t i = 0; i < n; i++) {
        exec_slot *pair[] = {&in[i], &in[n + 1 + i]};
        for (uint32_t k = 0; k < 2; k++) {
            struct exec_type number;
            ir_value arg = ir_block_at(p->m, body)->args + i + k * n;
            if (!*pair[k] || slot_type(x, *pair[k])->quant || !type_of(p, ir_value_type(p->m, arg), &number))
                return plan_error(p, op, "has an operand or a region without numbers");
            if (!type_same_shape(slot_type(x, *pair[k]), slot_type(x, in[k * (n + 1)])))
                return plan_error(p, op, "scatters tensors of different shapes together");
            if (!(*pair[k] = plan_cast(p, op, *pair[k], number.dtype)))
                return false;
        }
        if (!out[i] || !type_same_shape(slot_type(x, out[i]), slot_type(x, in[i])) ||
            slot_type(x, out[i])->dtype != slot_type(x, in[i])->dtype)
            return plan_error(p, op, "gives another shape or type than what it updates");
        x->slots.v[out[i]].written = true; /* no views: rounds change it */
    }
    struct exec_type list = {.dtype = TENSOR_I64, .rank = 1, .dims = {type_count(slot_type(x, in[n + 1]))}};
    exec_slot places = plan_temp(p, &list, true);
    struct exec_step *s = places ? plan_step_with(p, op, &row, NULL, 3, 1) : NULL;
    if (!s)
        return false;
    s->in[0] = in[0];
    s->in[1] = in[n];
    s->in[2] = in[n + 1];
    s->out[0] = places;
    return kernel_places.plan(p, s) && plan_assign(p, op, in, out, n) &&
           update(p, op, body, places, out, in + n + 1, n);
}

/* --- select_and_scatter --------------------------------------------------------------------------------------------------- */

/* Windows are gone through tap by tap: `value` is what was chosen of each so far, `places` where it stands (-1: nothing yet). */
struct picking {
    struct window_sides sides;
    int64_t taps; /* of a window */
};

/* Where tap number `tap` of window number `at` stands in the operand; -1: outside. */
static int64_t position(const struct window_sides *w, const int64_t *dims, int64_t at, int64_t tap) {
    int64_t sum = 0, step = 1;
    for (int d = w->rank; d-- > 0;) {
        int64_t i = at % w->out[d] * w->stride[d] + tap % w->size[d] - w->low[d];
        if (i < 0 || i >= dims[d])
            return -1;
        sum += i * step;
        step *= dims[d];
        at /= w->out[d];
        tap /= w->size[d];
    }
    return sum;
}

/* out: the tap, values, places. */
static bool run_open(struct call *c) {
    int64_t *places = c->out[2].data, n = type_count(c->out[2].type);
    arg_set(&c->out[0], 0, 0);
    memset(c->out[1].data, 0, (size_t)n * tensor_dtype_size(c->out[1].type->dtype));
    for (int64_t i = 0; i < n; i++)
        places[i] = -1;
    return true;
}

struct pick_loop {
    struct call *c;
    int64_t tap;
};

static void look_at_windows(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct pick_loop *l = ctx;
    const struct picking *w = l->c->s->params;
    const struct exec_arg *in = &l->c->in[1];
    (void)worker;
    for (int64_t i = (int64_t)begin; i < (int64_t)end; i++) {
        int64_t at = position(&w->sides, in->type->dims, i, l->tap);
        arg_copy(&l->c->out[1], i, in, at < 0 ? 0 : at);
    }
}

/* in: the tap, the operand; out: whether there is more, candidates. */
static bool run_look(struct call *c) {
    const struct picking *w = c->s->params;
    struct pick_loop l = {c, arg_int(&c->in[0], 0)};
    bool more = l.tap < w->taps;
    arg_set(&c->out[0], 0, more);
    return !more || call_loop(c, (size_t)type_count(c->out[1].type), 4096, look_at_windows, &l);
}

static void choose_of_windows(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct pick_loop *l = ctx;
    const struct picking *w = l->c->s->params;
    const struct exec_arg *in = &l->c->in[1], *stays = &l->c->in[2];
    int64_t *places = l->c->in[4].data;
    (void)worker;
    for (int64_t i = (int64_t)begin; i < (int64_t)end; i++) {
        int64_t at = position(&w->sides, in->type->dims, i, l->tap);
        if (at < 0 || (places[i] >= 0 && arg_get(stays, i) != 0))
            continue;
        places[i] = at;
        arg_copy(&l->c->in[3], i, in, at);
    }
}

/* in: the tap, the operand, whether what was chosen stays, values, places. */
static bool run_choose(struct call *c) {
    struct pick_loop l = {c, arg_int(&c->in[0], 0)};
    arg_set(&c->in[0], 0, (double)(l.tap + 1));
    return call_loop(c, (size_t)type_count(c->in[4].type), 4096, choose_of_windows, &l);
}

static const struct kernel kernel_open = {"window fold", NULL, run_open, 0, NULL, NULL, NULL};
static const struct kernel kernel_look = {"window fold", NULL, run_look, 0, NULL, NULL, NULL};
static const struct kernel kernel_choose = {"window fold", NULL, run_choose, KERNEL_IN_PLACE, NULL, NULL, NULL};
static const struct exec_row row_open = {"choosing begins", &kernel_open, 0, ""};
static const struct exec_row row_look = {"candidates", &kernel_look, 0, ""};
static const struct exec_row row_choose = {"choosing", &kernel_choose, 0, ""};

/* Where the chosen element of each window stands. 0 (reported) when it cannot be. */
static exec_slot choose(struct planner *p, ir_op op, exec_slot in, struct picking *w) {
    exec_plan *x = p->x;
    struct exec_type number = {.dtype = TENSOR_I64}, truth = {.dtype = TENSOR_BOOL}, t = *slot_type(x, in);
    ir_block body;
    t.rank = 1;
    t.dims[0] = 1;
    for (int i = 0; i < w->sides.rank; i++)
        t.dims[0] *= w->sides.out[i];
    struct exec_type list = t;
    list.dtype = TENSOR_I64;
    list.format = FORMAT_PLAIN;
    exec_slot tap = plan_temp(p, &number, true), more = plan_temp(p, &truth, true), places = plan_temp(p, &list, true);
    exec_slot both[2] = {plan_temp(p, &t, true), plan_temp(p, &t, true)}, stays;
    if (!tap || !more || !places || !both[0] || !both[1] || !plan_region_block(p, op, 0, &body))
        return 0;
    struct exec_step *s = plan_step_with(p, op, &row_open, w, 0, 3);
    if (!s)
        return 0;
    s->out[0] = tap;
    s->out[1] = both[0];
    s->out[2] = places;
    x->slots.v[tap].written = x->slots.v[both[0]].written = x->slots.v[places].written = true;
    uint32_t top = (uint32_t)x->steps.n;
    if (!(s = plan_step_with(p, op, &row_look, w, 2, 2)))
        return 0;
    s->in[0] = tap;
    s->in[1] = in;
    s->out[0] = more;
    s->out[1] = both[1];
    uint32_t leave = (uint32_t)x->steps.n;
    if (!plan_jump(p, op, STEP_UNLESS, more) || !plan_elements(p, op, body, both, 2, &stays, 1) ||
        !(s = plan_step_with(p, op, &row_choose, w, 5, 0)))
        return 0;
    s->in[0] = tap;
    s->in[1] = in;
    s->in[2] = stays;
    s->in[3] = both[0];
    s->in[4] = places;
    return plan_end_loop(p, op, top, leave) ? places : 0;
}

bool plan_picks_by_region(struct planner *p, ir_op op) {
    exec_plan *x = p->x;
    const ir_op_data *d = ir_op_at(p->m, op);
    exec_slot *in = plan_operands(p, op, 0, d->n_operands), out, places;
    struct picking *w = ARENA_NEW(p->a, struct picking);
    ir_block body;
    if (!in || !w)
        return plan_no_memory(p);
    if (d->n_operands != 3 || d->n_results != 1 || !in[0] || !in[1] || !in[2] || !plan_region_block(p, op, 1, &body) ||
        ir_block_at(p->m, body)->n_args != 2)
        return plan_error(p, op, "lacks operands");
    if (!window_read(p, op, slot_type(x, in[0]), &w->sides) ||
        !window_taps(p, op, w->sides.size, w->sides.rank, &w->taps) || !plan_results_of(p, op, &out))
        return false;
    bool fits = out && slot_type(x, in[1])->rank == w->sides.rank && type_count(slot_type(x, in[2])) == 1 &&
                type_same_shape(slot_type(x, in[0]), slot_type(x, out));
    for (int i = 0; fits && i < w->sides.rank; i++)
        fits = slot_type(x, in[1])->dims[i] == w->sides.out[i];
    if (!fits)
        return plan_error(p, op, "has a source of another shape than its windows make");
    for (uint32_t i = 1; i < 3; i++)
        if (!(in[i] = plan_cast(p, op, in[i], slot_type(x, out)->dtype)))
            return false;
    x->slots.v[out].written = true; /* no views: rounds change it */
    if (type_count(slot_type(x, out)) == 0)
        return true;
    struct exec_type t = *slot_type(x, out);
    struct walk same = {.rank = 1, .dims = {type_count(&t)}, .strides = {0}};
    exec_slot first = plan_moved(p, op, in[2], &t, &same, true);
    if (!first || !plan_assign(p, op, &first, &out, 1))
        return false;
    return type_count(slot_type(x, in[1])) == 0 ||
           ((places = choose(p, op, in[0], w)) != 0 && update(p, op, body, places, &out, &in[1], 1));
}
