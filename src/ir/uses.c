/* The users of every value, by counting sort over the ops that are attached to the root. */
#include "ir/ir.h"

/* Marks every op reachable from the root: one bit per op. NULL when out of memory. */
static uint8_t *mark_attached(const ir_module *m, size_t bytes) {
    uint8_t *marks = mem_alloc_zero(m->mem, bytes);
    if (!marks)
        return NULL;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        marks[op >> 3] = (uint8_t)(marks[op >> 3] | 1u << (op & 7));
    return marks;
}

bool ir_uses_build(const ir_module *m, ir_uses *out) {
    *out = (ir_uses){.mem = m->mem, .n_start = (size_t)m->n_values + 1};
    size_t mark_bytes = (size_t)m->n_ops / 8 + 1;
    uint8_t *marks = mark_attached(m, mark_bytes);
    out->start = mem_alloc_zero(m->mem, out->n_start * sizeof *out->start);
    if (!marks || !out->start)
        goto fail;

    /* start[v] counts the uses of v, then becomes the end of its run, then (filled from the back) its start. */
    uint64_t total = 0;
    for (ir_op op = 1; op < m->n_ops; op++) {
        if (!(marks[op >> 3] >> (op & 7) & 1))
            continue;
        const ir_op_data *o = &m->ops[op];
        for (uint32_t i = 0; i < o->n_operands; i++)
            out->start[m->pool[o->operands + i]]++;
        total += o->n_operands;
    }
    if (total > UINT32_MAX)
        goto fail;
    uint32_t end = 0;
    for (uint32_t v = 0; v < m->n_values; v++)
        out->start[v] = end += out->start[v];
    out->start[m->n_values] = end;
    out->n_users = total;
    out->users = mem_alloc(m->mem, out->n_users * sizeof *out->users);
    if (!out->users)
        goto fail;
    for (ir_op op = m->n_ops; op-- > 1;) {
        if (!(marks[op >> 3] >> (op & 7) & 1))
            continue;
        const ir_op_data *o = &m->ops[op];
        for (uint32_t i = o->n_operands; i-- > 0;)
            out->users[--out->start[m->pool[o->operands + i]]] = (ir_use){op, i};
    }
    mem_free(m->mem, marks, mark_bytes);
    return true;

fail:
    mem_free(m->mem, marks, mark_bytes);
    ir_uses_free(out);
    return false;
}

void ir_uses_free(ir_uses *u) {
    mem_free(u->mem, u->start, u->n_start * sizeof *u->start);
    mem_free(u->mem, u->users, u->n_users * sizeof *u->users);
    u->start = NULL;
    u->users = NULL;
    u->n_start = u->n_users = 0;
}
