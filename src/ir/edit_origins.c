/* What each op came from. A list per op, in a pool; an op that was there at the mark and has no list comes from itself,
 * so that unchanged ops cost nothing. */
#include "ir/edit_inner.h"

void ir_edit_mark_origins(ir_edit *e) {
    if (e->lineage)
        memset(e->lineage, 0, e->m->n_ops * sizeof *e->lineage); /* room for more is still zero */
    e->n_origins = 1;
    e->marked_ops = e->m->n_ops;
}

static bool has_origin(const ir_edit *e, ir_op op, ir_op from) {
    for (uint32_t i = e->lineage[op].origins; i; i = e->origin_pool[i].next)
        if (e->origin_pool[i].op == from)
            return true;
    return false;
}

/* Appends one origin, so that lists stay in the order in which they grew. */
static void add_origin(ir_edit *e, ir_op op, ir_op from) {
    if (has_origin(e, op, from))
        return;
    if (e->n_origins >= e->cap_origins) {
        uint32_t want = e->cap_origins ? e->cap_origins * 2 : 256;
        void *p = want > e->cap_origins
                      ? mem_realloc(e->m->mem, e->origin_pool, e->cap_origins * sizeof *e->origin_pool,
                                    want * sizeof *e->origin_pool)
                      : NULL;
        if (!p) {
            e->m->failed = true;
            return;
        }
        e->origin_pool = p;
        e->cap_origins = want;
    }
    uint32_t i = e->n_origins++;
    e->origin_pool[i] = (struct ir_edit_origin){.op = from};
    uint32_t *link = &e->lineage[op].origins;
    while (*link)
        link = &e->origin_pool[*link].next;
    *link = i;
}

void ir_edit_came_from(ir_edit *e, ir_op op, ir_op from) {
    if (op == from || !op || !from || op >= e->cap_ops || from >= e->cap_ops)
        return;
    if (op < e->marked_ops && !e->lineage[op].origins)
        add_origin(e, op, op);
    if (from < e->marked_ops && !e->lineage[from].origins) {
        add_origin(e, op, from);
        return;
    }
    for (uint32_t i = e->lineage[from].origins; i; i = e->origin_pool[i].next)
        add_origin(e, op, e->origin_pool[i].op);
}

void edit_inherit(ir_edit *e, ir_op op) {
    ir_op heir = op < e->cap_ops ? e->lineage[op].heir : 0;
    /* The replacement may have been replaced itself since. A chain ends because heirs are never erased before. */
    for (uint32_t steps = 0; heir && !e->m->ops[heir].name && steps < e->m->n_ops; steps++)
        heir = e->lineage[heir].heir;
    if (heir && heir != op && e->m->ops[heir].name)
        ir_edit_came_from(e, heir, op);
}

uint32_t ir_edit_origins(const ir_edit *e, ir_op op, ir_op *out, uint32_t cap) {
    uint32_t n = 0;
    if (op < e->marked_ops && (op >= e->cap_ops || !e->lineage[op].origins)) {
        if (cap)
            out[0] = op;
        return 1;
    }
    if (op >= e->cap_ops)
        return 0;
    for (uint32_t i = e->lineage[op].origins; i; i = e->origin_pool[i].next, n++)
        if (n < cap)
            out[n] = e->origin_pool[i].op;
    return n;
}
