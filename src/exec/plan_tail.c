/* Products and convolutions that go on with their result.
 *
 *   conv ─▶ multiply ─▶ add ─▶ relu        oneDNN applies what follows to each block of results while it is in registers, so
 *   conv ─────────────────────▶            that it never goes to memory in between
 *
 * A kernel with an `absorb` function is offered the chain of elementwise ops that alone read its result, one after the other.
 * It runs where the last one stood, which has all operands by then. Between absorbed ops nothing is rounded to an element
 * type, and oneDNN's relu gives 0 for NaN. Where values are kept, or for --reference, no op is absorbed.
 */
#include <string.h>

#include "exec/elementwise.h"
#include "exec/kernels.h"
#include "exec/plan.h"

enum { MAX_AHEAD = 64 }; /* how far behind a step its readers are looked for */

struct chain {
    struct tail_op ops[TAIL_MAX];
    uint32_t ends[TAIL_MAX];      /* the last step of each */
    uint32_t steps[2 * TAIL_MAX]; /* all of them */
    uint32_t counts[TAIL_MAX];    /* how many of the steps there are up to each */
    uint32_t n, n_steps;
};

/* The next step at or behind `from` that reads a slot or a view of it; 0 when none is near or jumps come first. */
static uint32_t reader(const exec_plan *x, const uint8_t *targets, exec_slot s, uint32_t from) {
    for (uint32_t i = from; i < x->steps.n && i < from + MAX_AHEAD; i++) {
        const struct exec_step *t = &x->steps.v[i];
        if (t->kind != STEP_KERNEL || targets[i])
            return 0;
        for (uint32_t k = 0; k < t->n_in; k++)
            if (x->slots.v[t->in[k]].root == s)
                return i;
    }
    return 0;
}

static bool fits(const struct planner *p, const struct exec_step *s, const struct exec_step *first) {
    const struct exec_type *made = out_type(p, first, 0), *out = s->n_out == 1 ? out_type(p, s, 0) : NULL;
    return out && s->out[0] && !s->skip && s->per_device == first->per_device && out->dtype == made->dtype &&
           out->format == FORMAT_PLAIN && !out->quant && type_count(out) == type_count(made);
}

/* How operand `with` of a step is spread over its result. */
static bool describe_operand(struct planner *p, const struct exec_step *s, exec_slot with, struct tail_op *op) {
    const exec_plan *x = p->x;
    const struct exec_type *t = slot_type(x, with), *out = out_type(p, s, 0);
    if (t->dtype != TENSOR_F32 && t->dtype != TENSOR_BF16)
        return false;
    op->with = with;
    op->dtype = t->dtype;
    op->steady = x->slots.v[with].steady && !x->slots.v[with].per_device;
    op->rank = out->rank;
    memcpy(op->dims, out->dims, sizeof op->dims);
    if (x->slots.v[with].splat || x->slots.v[x->slots.v[with].root].splat || type_count(t) == 1) {
        op->spread = TAIL_ONE;
        return true;
    }
    if (type_same_shape(t, out)) {
        op->spread = TAIL_FULL;
        return true;
    }
    op->spread = TAIL_CHANNEL;
    int wide = 0;
    for (int i = 0; i < t->rank; i++)
        if (t->dims[i] != 1) {
            wide++;
            op->channel = out->rank - t->rank + i;
        }
    return wide == 1;
}

static bool next_op(struct planner *p, const uint8_t *targets, const struct exec_step *first, exec_slot cur,
                    uint32_t from, struct chain *c) {
    exec_plan *x = p->x;
    struct tail_op *op = &c->ops[c->n];
    uint32_t at = reader(x, targets, cur, from), n = c->n_steps;
    const struct exec_step *s = at ? &x->steps.v[at] : NULL;
    vec_op kind;
    *op = (struct tail_op){0};
    if (!s || !fits(p, s, first) || !elementwise_op(s, &kind))
        return false;
    c->steps[n++] = at;
    if (x->slots.v[cur].uses == 2 && kind == VEC_SIGMOID) {
        exec_slot gate = s->out[0];
        uint32_t second = reader(x, targets, cur, at + 1);
        const struct exec_step *t = second ? &x->steps.v[second] : NULL;
        if (!t || !fits(p, t, first) || !elementwise_op(t, &kind) || kind != VEC_MUL || x->slots.v[gate].uses != 1 ||
            !((t->in[0] == s->in[0] && t->in[1] == gate) || (t->in[1] == s->in[0] && t->in[0] == gate)))
            return false;
        op->kind = TAIL_SILU;
        c->steps[n++] = at = second;
    } else if (x->slots.v[cur].uses != 1) {
        return false;
    } else if (kind == VEC_ADD || kind == VEC_MUL || kind == VEC_SUB) {
        bool left = x->slots.v[s->in[0]].root == cur;
        op->kind = kind == VEC_ADD ? TAIL_ADD : kind == VEC_MUL ? TAIL_MUL : TAIL_SUB;
        if ((!left && kind == VEC_SUB) || type_count(in_type(p, s, left ? 0 : 1)) != type_count(out_type(p, s, 0)) ||
            !describe_operand(p, s, s->in[left ? 1 : 0], op))
            return false;
    } else if (kind == VEC_RELU || kind == VEC_GELU || kind == VEC_SIGMOID) {
        op->kind = kind == VEC_RELU ? TAIL_RELU : kind == VEC_GELU ? TAIL_GELU : TAIL_SIGMOID;
    } else {
        return false;
    }
    c->n_steps = n;
    c->ends[c->n] = at;
    c->counts[c->n++] = n;
    return true;
}

/* The chain of ops behind a step. */
static void find_chain(struct planner *p, const uint8_t *targets, uint32_t i, struct chain *c) {
    const exec_plan *x = p->x;
    const struct exec_step *s = &x->steps.v[i];
    c->n = c->n_steps = 0;
    if (plan_alone(x) || s->n_out != 1 || !s->out[0])
        return;
    for (uint32_t k = 0; k < s->n_in; k++)
        if (x->slots.v[x->slots.v[s->in[k]].root].written)
            return; /* it may be written before the step's new place */
    exec_slot cur = s->out[0];
    for (uint32_t from = i + 1; c->n < TAIL_MAX; from = c->ends[c->n - 1] + 1) {
        const struct slot *slot = &x->slots.v[cur];
        if (slot->kind != SLOT_PLANNED || slot->type.format != FORMAT_PLAIN || slot->written ||
            !next_op(p, targets, s, cur, from, c))
            return;
        cur = x->steps.v[c->ends[c->n - 1]].out[0];
    }
}

/* One element of a constant as an operand of its own, so that it need not be spread out. */
static exec_slot one_number(struct planner *p, exec_slot s) {
    exec_plan *x = p->x;
    struct exec_type t = {.dtype = slot_type(x, s)->dtype};
    exec_slot one = plan_slot(p, &t, SLOT_CONSTANT, 0);
    if (one) {
        x->slots.v[one].data = x->slots.v[x->slots.v[s].root].data;
        x->slots.v[one].steady = true;
    }
    return one;
}

/* Moves step i behind the steps up to the end of its first n ops, which follow it then and have nothing to run. */
static bool absorb(struct planner *p, uint32_t i, const struct chain *c, uint32_t n) {
    exec_plan *x = p->x;
    struct exec_step own = x->steps.v[i], taken[2 * TAIL_MAX];
    uint32_t n_taken = c->counts[n - 1], last = c->ends[n - 1], to = i, extra = 0;
    exec_slot *slots = ARENA_ARRAY(p->a, exec_slot, own.n_in + n + 1);
    if (!slots)
        return plan_no_memory(p);
    memcpy(slots, own.in, own.n_in * sizeof *slots);
    for (uint32_t k = 0; k < n; k++)
        if (c->ops[k].with) {
            exec_slot with = c->ops[k].with;
            if (x->slots.v[x->slots.v[with].root].splat && !(with = one_number(p, with)))
                return false;
            slots[own.n_in + extra++] = with;
        }
    for (uint32_t at = i + 1, k = 0; at <= last; at++) {
        if (k < n_taken && c->steps[k] == at)
            taken[k++] = x->steps.v[at];
        else
            x->steps.v[to++] = x->steps.v[at];
    }
    x->slots.v[own.out[0]].kind = SLOT_NONE;
    for (uint32_t k = 0; k < n_taken; k++) {
        taken[k].skip = true;
        if (k + 1 < n_taken)
            x->slots.v[taken[k].out[0]].kind = SLOT_NONE;
    }
    own.in = slots;
    own.n_in += extra;
    own.out = slots + own.n_in;
    own.out[0] = taken[n_taken - 1].out[0];
    own.fused = n_taken;
    x->steps.v[to++] = own;
    memcpy(&x->steps.v[to], taken, n_taken * sizeof *taken);
    return true;
}

bool plan_tails(struct planner *p, const uint8_t *targets) {
    exec_plan *x = p->x;
    struct chain c;
    for (uint32_t i = 0; i < x->steps.n; i++) {
        struct exec_step *s = &x->steps.v[i];
        if (s->kind != STEP_KERNEL || s->skip || s->fused || !s->row->kernel->absorb)
            continue;
        find_chain(p, targets, i, &c);
        uint32_t n = s->row->kernel->absorb(p, s, c.ops, c.n);
        if (n && !absorb(p, i, &c, n))
            return false;
        /* Another step may stand here now. */
        i -= n && c.ends[n - 1] > i + c.counts[n - 1];
    }
    return true;
}
