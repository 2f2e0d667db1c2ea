/* The order in which tt_adapter sees a module, which is what its ids depend on.
 *
 * It makes a handler for the module, then goes through functions of the module and of nested ones (not of cpu_module),
 * and in them through every op before the ops of its regions. Each handler takes the next number of its location. An
 * argument becomes a node at the end of the first block in which one of the ops (load_cached left out) uses it, after
 * the blocks inside; that is when it takes its number.
 */
#include <string.h>

#include "graph/graph_inner.h"

bool adapter_is_module(str name) {
    return str_eq(name, STR("builtin.module")) || str_eq(name, STR("ttcore.device_module"));
}

bool adapter_hides(str name) {
    return str_eq(name, STR("ttnn.deallocate")) || str_eq(name, STR("ttnn.get_device")) ||
           str_eq(name, STR("ttnn.empty")) || str_eq(name, STR("ttir.empty"));
}

void adapter_walk_start(adapter_walk *w, const ir_module *m, const adapter_view *v) {
    *w = (adapter_walk){.m = m, .v = v, .next = m->root};
    vec_init(&w->open, v->mem);
}

void adapter_walk_free(adapter_walk *w) {
    vec_free(&w->open);
}

adapter_event adapter_next(adapter_walk *w) {
    const ir_module *m = w->m;
    while (w->next && !(w->v->flags[w->next] & ADAPTER_SEEN))
        w->next = ir_walk_next(m, m->root, w->next);
    ir_block block = w->next ? m->ops[w->next].block : 0;
    if (w->open.n && vec_last(&w->open) != block) {
        /* a block ends unless the op stands in one of an op in it */
        ir_op around = block ? m->regions[m->blocks[block].region].op : 0;
        if (!around || m->ops[around].block != vec_last(&w->open)) {
            w->block = vec_pop(&w->open);
            return ADAPTER_BLOCK_END;
        }
    }
    if (!w->next)
        return ADAPTER_END;
    if ((!w->open.n || vec_last(&w->open) != block) && !vec_push(&w->open, block))
        return ADAPTER_FAILED;
    w->op = w->next;
    w->next = ir_walk_next(m, m->root, w->next);
    return ADAPTER_OP;
}

/* An argument used in a block that is still open. */
typedef struct open_use {
    ir_value value;
    ir_block block;
} open_use;

/* How many ops of a location there were. There are nearly as many locations as ops, so the table is made for that. */
struct location_count {
    ir_loc loc;
    uint32_t next;
};

typedef struct number {
    adapter_view *v;
    const ir_module *m;
    struct location_count *taken; /* open addressing, 1 << taken_bits slots */
    unsigned taken_bits;
    struct map_u64 placed; /* arguments that have a node */
    VEC(open_use) uses;    /* a stack: those of inner blocks on top */
} number;

static void take_number(number *s, ir_op op) {
    ir_loc loc = graph_loc_full(s->m->ctx, s->m->ops[op].loc);
    uint32_t mask = (1u << s->taken_bits) - 1, at = loc * 2654435769u >> (32 - s->taken_bits);
    while (s->taken[at].loc && s->taken[at].loc != loc)
        at = (at + 1) & mask;
    s->taken[at].loc = loc;
    s->v->numbers[op] = s->taken[at].next++;
}

/* Makes nodes of the arguments used in a block that ends. */
static bool close_block(number *s, ir_block block) {
    size_t from = s->uses.n;
    while (from && s->uses.v[from - 1].block == block)
        from--;
    for (size_t i = from; i < s->uses.n; i++) {
        bool added;
        uint32_t next = (uint32_t)s->v->args.n;
        if (!map_u64_put(&s->placed, s->uses.v[i].value, next, &added))
            return false;
        if (added)
            vec_push(&s->v->args, (adapter_arg){s->uses.v[i].value, block});
    }
    s->uses.n = from;
    return !s->v->args.failed;
}

static bool see_op(number *s, ir_op op) {
    const ir_module *m = s->m;
    take_number(s, op);
    if (str_eq(ir_op_name_str(m, op), STR("ttcore.load_cached")))
        return true;
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++) {
        ir_value v = ir_operand(m, op, i);
        if (v && ir_is_block_arg(m, v) && !map_u64_get(&s->placed, v))
            vec_push(&s->uses, (open_use){v, m->ops[op].block});
    }
    return !s->uses.failed;
}

/* Marks what the adapter looks into. */
static void mark_op(uint8_t *flags, const ir_module *m, ir_op op) {
    uint8_t around = op == m->root ? ADAPTER_MODULE : flags[ir_parent_op(m, op)];
    str name = ir_op_name_str(m, op);
    if (around & ADAPTER_BODY) {
        flags[op] |= ADAPTER_SEEN | ADAPTER_BODY;
        if (adapter_hides(name))
            flags[op] |= ADAPTER_HIDDEN;
    } else if (around & ADAPTER_MODULE) {
        if (op == m->root || adapter_is_module(name))
            flags[op] |= ADAPTER_MODULE;
        else if (str_eq(name, STR("func.func")))
            flags[op] |= ADAPTER_BODY;
    }
}

static bool number_all(number *s) {
    adapter_walk walk;
    adapter_walk_start(&walk, s->m, s->v);
    bool ok = true;
    take_number(s, s->m->root);
    for (adapter_event e; ok && (e = adapter_next(&walk)) != ADAPTER_END;)
        ok = e == ADAPTER_OP ? see_op(s, walk.op) : e == ADAPTER_BLOCK_END && close_block(s, walk.block);
    adapter_walk_free(&walk);
    return ok;
}

bool adapter_view_make(adapter_view *v, const ir_module *m, struct mem *mem) {
    *v = (adapter_view){.mem = mem, .n_ops = m->n_ops};
    vec_init(&v->args, mem);
    v->flags = mem_alloc_zero(mem, v->n_ops);
    v->numbers = mem_alloc_zero(mem, v->n_ops * sizeof *v->numbers);
    number s = {.v = v, .m = m};
    s.taken_bits = 4;
    while (s.taken_bits < 31 && (uint64_t)1 << s.taken_bits < v->n_ops + v->n_ops / 2)
        s.taken_bits++;
    s.taken = mem_alloc_zero(mem, sizeof *s.taken << s.taken_bits);
    map_u64_init(&s.placed, mem);
    vec_init(&s.uses, mem);
    bool ok = v->flags && v->numbers && s.taken;
    for (ir_op op = ok ? m->root : 0; op; op = ir_walk_next(m, m->root, op))
        mark_op(v->flags, m, op);
    ok = ok && number_all(&s);
    mem_free(mem, s.taken, sizeof *s.taken << s.taken_bits);
    map_u64_free(&s.placed);
    vec_free(&s.uses);
    return ok;
}

void adapter_view_free(adapter_view *v) {
    mem_free(v->mem, v->flags, v->n_ops);
    mem_free(v->mem, v->numbers, v->n_ops * sizeof *v->numbers);
    vec_free(&v->args);
}
