/* stablehlo.send and recv between the devices of one mesh (spec.md, channels): what is sent is there where it is received, as after a
 * collective_permute along recv's pairs; devices that nothing is sent to have zeros. Transfers to and from a host, and sends whose
 * other end is in another program, cannot run.
 *
 * A recv may stand before its send. All devices go through the function step by step, so what the send takes is computed for the recv
 * first, from the ops between the two. Where that depends on what is received, as in a pipeline, it is done once for each device of the
 * longest chain: after the first time the second device has what the first one sends, after the next time the third one, and so on.
 */
#include <string.h>

#include "dialect/params.h"
#include "exec/kernels.h"
#include "exec/plan.h"

static int64_t channel_of(const struct planner *p, ir_op op) {
    int64_t handle = -1;
    dialect_param_int(p->c, ir_op_attr(p->m, op, STR("channel_handle")), STR("handle"), &handle);
    return handle;
}

static bool between_devices(struct planner *p, ir_op op) {
    if (!attr_bool(p, op, "is_host_transfer") && ir_op_attr(p->m, op, STR("source_target_pairs")))
        return true;
    return plan_error(p, op, "cannot run on a CPU: it talks to a program that is not here");
}

/* Whether an op sends, or receives, on a channel. */
static bool is_on(const struct planner *p, ir_op op, const char *name, int64_t channel) {
    return str_eq(ir_op_name_str(p->m, op), str_from_z(name)) && channel_of(p, op) == channel;
}

/* The other end of a send or recv: of several on one channel, the first send is for the first recv. 0: there is none. */
static ir_op other_end(const struct planner *p, ir_op op, bool *behind) {
    static const char *const names[] = {"stablehlo.send", "stablehlo.recv"};
    int64_t channel = channel_of(p, op);
    bool sends = is_on(p, op, names[0], channel);
    uint32_t before = 0;
    ir_op first = op, o;
    for (o = ir_op_at(p->m, op)->prev; o; first = o, o = ir_op_at(p->m, o)->prev)
        before += is_on(p, o, names[!sends], channel);
    *behind = false;
    for (o = first; o; o = ir_op_at(p->m, o)->next) {
        *behind |= o == op;
        if (is_on(p, o, names[sends], channel) && before-- == 0)
            return o;
    }
    return 0;
}

bool plan_send(struct planner *p, ir_op op) {
    bool behind;
    if (!between_devices(p, op))
        return false;
    return other_end(p, op, &behind) ||
           plan_error(p, op, "sends on channel %lld, from which nothing here receives", (long long)channel_of(p, op));
}

static const char *const PAIRS = "source_target_pairs";

/* Both have a token behind their tensors. */
static bool fit(struct planner *p, ir_op send, ir_op recv) {
    const ir_op_data *d = ir_op_at(p->m, recv);
    if (d->n_results > 0 && ir_op_at(p->m, send)->n_operands == d->n_results &&
        ir_op_attr(p->m, send, str_from_z(PAIRS)) == ir_op_attr(p->m, recv, str_from_z(PAIRS)))
        return true;
    return plan_error(p, recv, "receives other tensors, or between other devices, than are sent on its channel");
}

/* What is sent becomes what is received. */
static bool hand_over(struct planner *p, ir_op send, ir_op recv) {
    const struct exec_row *row = exec_find_row(STR("stablehlo.collective_permute"));
    const ir_op_data *d = ir_op_at(p->m, recv);
    for (uint32_t i = 0; i + 1 < d->n_results; i++) {
        size_t at = p->x->steps.n;
        struct exec_step *s = plan_step(p, recv, row, 1, 1);
        if (!s)
            return false;
        s->in[0] = plan_get(p, ir_operand(p->m, send, i));
        if (!plan_made(p, recv, at, i) || !plan_flow(p, ir_operand(p->m, send, i), d->results + i))
            return false;
    }
    return true;
}

/* --- a recv before its send ---------------------------------------------------------------------------------------------- */

/* Values that the operands of a send need, and the ops between the two that make them, the last one first. */
struct needed {
    struct map_u64 values;
    VEC(ir_op) ops;
};

static bool need(struct planner *p, struct needed *n, ir_op op, uint32_t n_operands) {
    for (uint32_t i = 0; i < n_operands; i++)
        if (!map_u64_put(&n->values, ir_operand(p->m, op, i), 1, NULL))
            return plan_no_memory(p);
    return true;
}

static bool makes(const struct planner *p, const struct needed *n, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    for (uint32_t i = 0; i < d->n_results; i++)
        if (map_u64_get(&n->values, d->results + i))
            return true;
    return false;
}

static bool find_needed(struct planner *p, struct needed *n, ir_op recv, ir_op send) {
    if (!need(p, n, send, ir_op_at(p->m, send)->n_operands - 1))
        return false;
    for (ir_op op = ir_op_at(p->m, send)->prev; op != recv; op = ir_op_at(p->m, op)->prev) {
        if (!makes(p, n, op))
            continue;
        if (!vec_push(&n->ops, op))
            return plan_no_memory(p);
        for (ir_op o = op; o; o = ir_walk_next(p->m, op, o)) /* those of its regions, too */
            if (!need(p, n, o, ir_op_at(p->m, o)->n_operands))
                return false;
        bool behind;
        ir_op from = str_eq(ir_op_name_str(p->m, op), STR("stablehlo.recv")) ? other_end(p, op, &behind) : 0;
        if (from && !need(p, n, from, ir_op_at(p->m, from)->n_operands))
            return false;
    }
    return true;
}

/* How many devices the longest chain of pairs leads over after its first one; -1: it goes round. */
static int64_t longest_chain(struct planner *p, ir_op op) {
    int n = exec_op_ints(p, op, PAIRS, NULL, 0);
    unsigned devices = p->x->devices;
    int64_t *pairs = ARENA_ARRAY(p->a, int64_t, (size_t)(n < 0 ? 0 : n) + 1), longest = 0;
    int64_t *reached = ARENA_ARRAY(p->a, int64_t, devices);
    if (!pairs || !reached)
        return plan_no_memory(p) ? 0 : -1;
    exec_op_ints(p, op, PAIRS, pairs, n);
    memset(reached, 0, devices * sizeof *reached);
    bool more = true;
    for (unsigned round = 0; more && round <= devices; round++) {
        more = false;
        for (int i = 0; i + 1 < n; i += 2) {
            int64_t from = pairs[i], to = pairs[i + 1];
            if (from < 0 || to < 0 || from >= devices || to >= devices || reached[to] > reached[from])
                continue;
            reached[to] = reached[from] + 1;
            longest = reached[to] > longest ? reached[to] : longest;
            more = true;
        }
    }
    return more ? -1 : longest;
}

/* Results of a recv that nothing has been sent to yet. */
static bool zeros(struct planner *p, ir_op recv) {
    const ir_op_data *d = ir_op_at(p->m, recv);
    for (uint32_t i = 0; i + 1 < d->n_results; i++) {
        bool ok;
        exec_slot s = plan_result_slot(p, recv, d->results + i, &ok);
        void *one = arena_alloc(p->a, 16, 16);
        if (!s || !one)
            return one && ok ? plan_error(p, recv, "receives what has no numbers") : plan_no_memory(p);
        memset(one, 0, 16);
        struct slot *slot = &p->x->slots.v[s];
        slot->kind = SLOT_CONSTANT;
        slot->splat = type_count(&slot->type) > 0;
        slot->data = one;
        if (!plan_set(p, d->results + i, s))
            return false;
    }
    return true;
}

static bool receive_early(struct planner *p, ir_op recv, ir_op send) {
    if (p->receives)
        return plan_error(p, recv,
                          "receives from channel %lld before anything is sent on it, for another one of "
                          "which that is true: send on one of the two first",
                          (long long)channel_of(p, recv));
    struct needed n = {0};
    map_u64_init(&n.values, p->x->mem);
    vec_init(&n.ops, p->x->mem);
    bool ok = find_needed(p, &n, recv, send);
    int64_t rounds = ok && makes(p, &n, recv) ? longest_chain(p, recv) : 1;
    if (ok && rounds < 0 && !p->failed)
        ok = plan_error(p, recv,
                        "receives from channel %lld what depends on itself: the devices wait for each other "
                        "in a circle",
                        (long long)channel_of(p, recv));
    ok = ok && !p->failed && zeros(p, recv);
    p->receives = true;
    for (int64_t i = 0; ok && i < rounds; i++) {
        for (size_t k = n.ops.n; ok && k-- > 0;)
            ok = plan_op(p, n.ops.v[k]);
        ok = ok && hand_over(p, send, recv);
    }
    p->receives = false;
    map_u64_free(&n.values);
    vec_free(&n.ops);
    return ok;
}

bool plan_recv(struct planner *p, ir_op op) {
    if (!between_devices(p, op))
        return false;
    bool behind;
    ir_op send = other_end(p, op, &behind);
    if (!send)
        return plan_error(p, op, "receives from channel %lld, on which nothing here sends",
                          (long long)channel_of(p, op));
    return fit(p, send, op) && (behind ? receive_early(p, op, send) : hand_over(p, send, op));
}
