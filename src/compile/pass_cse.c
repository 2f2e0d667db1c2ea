/* cse: an op that equals an earlier one which dominates it gives way to it; unused ops go. Locations do not count.
 *
 * An earlier op qualifies when its block is that of the later one or encloses it with no isolated op in between. Ops with
 * regions and blocks of several-block regions are left alone except among themselves in one block. */
#include "base/map.h"
#include "compile/passes.h"

/* A class of equal ops: its members, newest last. */
struct member {
    ir_op op;
    uint32_t next; /* index of the next member, 0 at the end */
};

static uint64_t hash_op(const ir_module *m, ir_op op) {
    const ir_op_data *o = &m->ops[op];
    uint64_t h = str_mix(((uint64_t)o->name << 32 | o->props) ^ STR_HASH_A, o->attrs ^ STR_HASH_B);
    for (uint32_t i = 0; i < o->n_operands; i++)
        h = str_mix(h ^ STR_HASH_A, ir_operand(m, op, i) ^ STR_HASH_B);
    for (uint32_t i = 0; i < o->n_results; i++)
        h = str_mix(h ^ STR_HASH_A, ir_value_type(m, ir_result(m, op, i)) ^ STR_HASH_B);
    return h;
}

static bool equal_ops(const ir_module *m, ir_op x, ir_op y) {
    const ir_op_data *a = &m->ops[x], *b = &m->ops[y];
    if (a->name != b->name || a->props != b->props || a->attrs != b->attrs || a->n_operands != b->n_operands ||
        a->n_results != b->n_results)
        return false;
    for (uint32_t i = 0; i < a->n_operands; i++)
        if (ir_operand(m, x, i) != ir_operand(m, y, i))
            return false;
    for (uint32_t i = 0; i < a->n_results; i++)
        if (ir_value_type(m, ir_result(m, x, i)) != ir_value_type(m, ir_result(m, y, i)))
            return false;
    return true;
}

/* Whether the block of `earlier` is that of op or one around it that op may look into. */
static bool sees(const ir_module *m, ir_op op, ir_op earlier) {
    ir_block wanted = m->ops[earlier].block;
    for (;;) {
        ir_block b = m->ops[op].block;
        if (b == wanted)
            return true;
        ir_region r = m->blocks[b].region;
        ir_op parent = m->regions[r].op;
        const op_def *d = dialect_def_of(m, parent);
        if (!d || d->flags & OP_ISOLATED || !m->ops[parent].block)
            return false;
        op = parent;
    }
}

static bool is_terminator(const op_def *d) {
    return d && d->flags & OP_TERMINATOR;
}

bool pass_cse(pass_context *p) {
    ir_module *m = p->m;
    uint32_t n = 0, n_members = 1, n_dead = 0;
    for (ir_op op = p->scope; op; op = ir_walk_next(m, p->scope, op))
        n++;
    struct member *members = ARENA_ARRAY(&p->scratch, struct member, n + 1);
    ir_op *dead = ARENA_ARRAY(&p->scratch, ir_op, n + 1);
    struct map_u64 heads;
    map_u64_init(&heads, m->mem);
    bool ok = members && dead && map_u64_reserve(&heads, n);
    for (ir_op op = ir_walk_next(m, p->scope, p->scope); ok && op; op = ir_walk_next(m, p->scope, op)) {
        const op_def *d = dialect_def_of(m, op);
        if (is_terminator(d))
            continue;
        if (op_is_removable(m, op) && !ir_op_has_uses(p->e, op)) {
            dead[n_dead++] = op;
            continue;
        }
        if (m->ops[op].n_regions || !m->ops[op].n_results || !op_is_effect_free(m, op))
            continue;
        uint64_t h = hash_op(m, op);
        uint32_t *head = map_u64_put(&heads, h, 0, NULL);
        uint32_t at = *head, last = 0;
        while (at && !(equal_ops(m, members[at].op, op) && sees(m, op, members[at].op))) {
            last = at;
            at = members[at].next;
        }
        if (!at) {
            members[n_members] = (struct member){op, 0};
            if (last)
                members[last].next = n_members;
            else
                *head = n_members;
            n_members++;
            continue;
        }
        ir_op keep = members[at].op;
        for (uint32_t i = 0; i < m->ops[op].n_results; i++)
            ir_replace_uses(p->e, ir_result(m, op, i), ir_result(m, keep, i));
        if (m->ops[keep].loc == p->c->l_unknown)
            m->ops[keep].loc = m->ops[op].loc;
        ir_edit_came_from(p->e, keep, op);
        dead[n_dead++] = op;
    }
    /* Only now, so that what a dead op used counts as used until the pass is over. */
    for (uint32_t i = n_dead; ok && i-- > 0;)
        ir_erase(p->e, dead[i]);
    map_u64_free(&heads);
    return ok || pass_out_of_memory(p);
}
