/* legal_arrange.c - bringing the tensors of an op to lie so that its kernel takes them all, when some are asked to lie
 * somewhere else.
 *
 *   1. what is asked for stands, all else stays: many kernels do not mind
 *   2. operands of the result's rank are brought to lie as the lead does, one after the other, until the kernel takes them
 *   3. the result too, and step 2 again
 *
 * The lead is what an override speaks of: typecast with operand 0 sharded has its result sharded alike, a norm with its result
 * sharded has its operand brought into the same shards. What waits in DRAM because it is known before the model runs stays.
 */
#include "target/legal_setting.h"

static ttnn_layout *slot(legal_arrangement *at, int target) {
    return target < 0 ? &at->out : &at->in[target];
}

bool legal_arrangement_now(const legal_question *q, legal_arrangement *out) {
    const ir_module *m = q->e->m;
    const ir_op_data *d = &m->ops[q->op];
    memset(out, 0, sizeof *out);
    if (d->n_operands > LEGAL_MAX_OPERANDS)
        return false;
    for (uint32_t i = 0; i < d->n_operands; i++)
        ttnn_layout_of(m->ctx, ir_value_type(m, ir_operand(m, q->op, i)), &out->in[i]);
    return d->n_results && ttnn_layout_of(m->ctx, ir_value_type(m, d->results), &out->out);
}

ttnn_layout legal_output_alike(const ttnn_layout *now, const ttnn_layout *lead) {
    ttnn_layout l = *lead;
    l.dtype = now->dtype;
    l.tiled = now->tiled;
    l.element = now->element;
    l.mesh = now->mesh;
    l.core_ranges = 0;
    return l;
}

static bool goes(const legal_question *q, const legal_arrangement *at, struct buf *why) {
    return legal_combination(q->e, q->op, at->in, &at->out, why);
}

/* Operands that may be moved along: tensors of the result's rank that nothing is said about. */
static bool may_follow(const legal_question *q, const bool *fixed, uint32_t i) {
    const ir_module *m = q->e->m;
    const ir_context *c = m->ctx;
    ir_type t = ir_value_type(m, ir_operand(m, q->op, i)), r = ir_value_type(m, m->ops[q->op].results);
    return !fixed[i + 1] && ir_kind_of(c, t) == IR_TYPE_TENSOR && ir_rank(c, t) == ir_rank(c, r) &&
           !legal_is_known(m, ir_operand(m, q->op, i));
}

/* Steps 2 and 3; `refused` gets the first reason of a kernel against moving one of its tensors along. */
static bool bring_along(legal_question *q, const ttnn_layout *lead, const bool *fixed, bool result,
                        legal_arrangement *at, uint32_t *moved, struct buf *refused) {
    uint32_t n = q->e->m->ops[q->op].n_operands;
    struct buf *tell = refused && !refused->n ? refused : NULL;
    *moved = 0;
    if (result) {
        ttnn_layout l = legal_output_alike(&at->out, lead);
        if (fixed[0] || !legal_result(q->e, q->op, 0, &l, tell))
            return false;
        at->out = l;
        *moved = 1;
        if (goes(q, at, NULL))
            return true;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!may_follow(q, fixed, i))
            continue;
        tell = refused && !refused->n ? refused : NULL;
        ttnn_layout l = legal_output_alike(&at->in[i], lead);
        if (!legal_operand(q->e, q->op, i, &l, tell))
            continue;
        at->in[i] = l;
        ++*moved;
        if (goes(q, at, NULL))
            return true;
    }
    return false;
}

bool legal_arrange_around(legal_question *q, int lead, const ttnn_layout *l, const legal_arrangement *start,
                          legal_arrangement *out, uint32_t *moved, struct buf *why) {
    const ir_op_data *d = &q->e->m->ops[q->op];
    bool fixed[LEGAL_MAX_OPERANDS + 1] = {false}; /* the result, then the operands */
    legal_arrangement at;
    *moved = 0;
    if (!legal_arrangement_now(q, &at))
        return true; /* nothing is known of ops with hundreds of operands, nor of those without a result */
    if (start)
        at = *start;
    *slot(&at, lead) = *l;
    fixed[lead + 1] = true;
    for (int t = -1; t < (int)d->n_operands; t++) {
        ttnn_layout *own = slot(&at, t), as_lead = legal_output_alike(own, l);
        if (t == lead || !legal_output_wished(q, t) || !legal_output_applies(q, t))
            continue;
        fixed[t + 1] = true;
        if (legal_output_takes(q, t, &as_lead))
            *own = as_lead;
        else if (!legal_output_any(q, t, own))
            fixed[t + 1] = false; /* it is judged on its own */
    }
    *out = at;
    if (goes(q, out, why))
        return true;
    struct buf refused;
    buf_init(&refused, q->a->mem);
    bool good = bring_along(q, l, fixed, false, out, moved, why ? &refused : NULL);
    if (!good) {
        *out = at;
        good = bring_along(q, l, fixed, true, out, moved, why ? &refused : NULL);
    }
    if (why && good)
        buf_clear(why);
    else if (why && refused.n)
        buf_printf(why, ", but %.*s", STR_ARG(buf_str(&refused)));
    q->failed |= refused.failed;
    buf_free(&refused);
    return good;
}

bool legal_arrange(const legal_env *e, struct arena *a, ir_op op, const legal_setting *set, uint32_t n_set,
                   const legal_arrangement *start, legal_arrangement *out, struct buf *why) {
    legal_question q = {e, a, op, set, n_set, false};
    uint32_t moved;
    ttnn_layout l;
    for (int lead = -1; lead < (int)e->m->ops[op].n_operands; lead++)
        if (legal_output_wished(&q, lead)) {
            if (legal_output_resolve(&q, lead, &l))
                return legal_arrange_around(&q, lead, &l, start, out, &moved, why) && !q.failed;
            if (why)
                buf_puts(why, q.failed ? "out of memory" : "no such layout is legal");
            return false;
        }
    return legal_arrangement_now(&q, out);
}
