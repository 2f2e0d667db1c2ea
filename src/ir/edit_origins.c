/* What each op came from. A list per op, in a pool; an op that was there at the mark and has no list comes from itself,
 * so that unchanged ops cost nothing. */
#include "ir/edit_inner.h"

/* Of lists longer than this all but so many at the front are in e->many too, op << 32 | origin: constants that were merged
 * come from thousands of ops. */
enum { FEW_ORIGINS = 16 };

void ir_edit_mark_origins(ir_edit *e) {
    e->marks++;
    e->n_origins = 1;
    e->marked_ops = e->m->n_ops;
    map_u64_clear(&e->many);
}

/* Room for one more origin in the pool. */
static bool origin_room(ir_edit *e) {
    if (e->n_origins < e->cap_origins)
        return true;
    uint32_t want = e->cap_origins ? e->cap_origins * 2 : 256;
    void *p = want > e->cap_origins ? mem_realloc(e->m->mem, e->origin_pool, e->cap_origins * sizeof *e->origin_pool,
                                                  want * sizeof *e->origin_pool)
                                    : NULL;
    if (!p)
        return false;
    e->origin_pool = p;
    e->cap_origins = want;
    return true;
}

/* Appends one origin, so that lists stay in the order in which they grew. */
static void add_origin(ir_edit *e, ir_op op, ir_op from) {
    uint32_t few = 0, at = edit_first_origin(e, op);
    for (; at && few < FEW_ORIGINS; at = e->origin_pool[at].next, few++)
        if (e->origin_pool[at].op == from)
            return;
    bool room = origin_room(e), added = true;
    if (few == FEW_ORIGINS && !map_u64_put(&e->many, (uint64_t)op << 32 | from, 1, &added))
        room = false;
    if (!room)
        e->m->failed = true;
    if (!room || !added)
        return;
    uint32_t i = e->n_origins++;
    e->origin_pool[i] = (struct ir_edit_origin){.op = from};
    struct ir_edit_lineage *l = edit_lineage(e, op);
    *(few ? &e->origin_pool[l->last].next : &l->origins) = i;
    l->last = i;
}

void ir_edit_came_from(ir_edit *e, ir_op op, ir_op from) {
    if (op == from || !op || !from || op >= e->cap_ops || from >= e->cap_ops)
        return;
    if (op < e->marked_ops && !edit_first_origin(e, op))
        add_origin(e, op, op);
    if (from < e->marked_ops && !edit_first_origin(e, from)) {
        add_origin(e, op, from);
        return;
    }
    for (uint32_t i = edit_first_origin(e, from); i; i = e->origin_pool[i].next)
        add_origin(e, op, e->origin_pool[i].op);
}

void edit_inherit(ir_edit *e, ir_op op) {
    ir_op heir = op < e->cap_ops ? edit_heir(e, op) : 0;
    /* The replacement may have been replaced itself since. A chain ends because heirs are never erased before. */
    for (uint32_t steps = 0; heir && !e->m->ops[heir].name && steps < e->m->n_ops; steps++)
        heir = edit_heir(e, heir);
    if (!heir || heir == op || !e->m->ops[heir].name)
        return;
    ir_edit_came_from(e, heir, op);
    for (uint32_t i = 0; i < e->m->ops[op].n_operands; i++)
        edit_note_heir(e, ir_operand(e->m, op, i), heir);
}

uint32_t ir_edit_origins(const ir_edit *e, ir_op op, ir_op *out, uint32_t cap) {
    uint32_t n = 0;
    if (op < e->marked_ops && (op >= e->cap_ops || !edit_first_origin(e, op))) {
        if (cap)
            out[0] = op;
        return 1;
    }
    if (op >= e->cap_ops)
        return 0;
    for (uint32_t i = edit_first_origin(e, op); i; i = e->origin_pool[i].next, n++)
        if (n < cap)
            out[n] = e->origin_pool[i].op;
    return n;
}

bool ir_edit_all_origins(const ir_edit *e, const ir_op *list, uint32_t n, const ir_op *map, uint32_t n_map,
                         uint32_t *start, uint32_t **sources, uint32_t *n_sources) {
    struct mem *mem = e->m->mem;
    uint32_t cap = n, k = 0;
    uint32_t *out = mem_alloc(mem, cap * sizeof *out);
    for (uint32_t i = 1; out && i < n; i++) {
        ir_op op = list[i];
        uint32_t at = op < e->cap_ops ? edit_first_origin(e, op) : 0;
        ir_op from = at ? e->origin_pool[at].op : op < e->marked_ops ? op : 0;
        start[i] = k;
        if (!at && from && from < n_map && k < cap) { /* most come from themselves */
            out[k] = map[from];
            k += map[from] != 0;
            continue;
        }
        while (from) {
            ir_op named = from < n_map ? map[from] : 0;
            if (named && k == cap) {
                uint32_t *more =
                    cap <= UINT32_MAX / 2 ? mem_realloc(mem, out, cap * sizeof *out, 2 * cap * sizeof *out) : NULL;
                if (!more)
                    break;
                out = more;
                cap *= 2;
            }
            if (named)
                out[k++] = named;
            at = at ? e->origin_pool[at].next : 0;
            from = at ? e->origin_pool[at].op : 0;
        }
        if (from) {
            mem_free(mem, out, cap * sizeof *out);
            out = NULL;
        }
    }
    *sources = out ? mem_realloc(mem, out, cap * sizeof *out, k * sizeof *out) : NULL;
    if (out && !*sources)
        mem_free(mem, out, cap * sizeof *out);
    *n_sources = *sources ? k : 0;
    start[n] = k;
    return *sources != NULL;
}
