/* symbol-dce: private symbols that nothing mentions go, and what only they mentioned. */
#include "base/map.h"
#include "compile/passes.h"
#include "compile/symbol_uses.h"

static bool is_private(const ir_module *m, ir_op op) {
    ir_attr v = ir_op_attr(m, op, STR("sym_visibility"));
    return v && !str_eq(ir_str_of(m->ctx, v), STR("public"));
}

/* Symbols that are live but not looked into yet. */
struct marking {
    pass_context *p;
    struct map_str live;
    bool grew, failed;
};

static void mark(void *arg, str name) {
    struct marking *k = arg;
    bool added;
    if (!map_str_put(&k->live, name, 0, &added))
        k->failed = true;
    k->grew = k->grew || added;
}

/* Marks what the op and the ops inside it mention. */
static bool mark_inside(struct marking *k, ir_op top) {
    const ir_module *m = k->p->m;
    for (ir_op op = top; op; op = ir_walk_next(m, top, op))
        if (!each_symbol_use(k->p, op, mark, k))
            return false;
    return true;
}

bool pass_symbol_dce(pass_context *p) {
    ir_module *m = p->m;
    ir_block body = body_of(m, p->scope);
    struct marking k = {.p = p, .grew = true};
    map_str_init(&k.live, m->mem);
    bool ok = true;
    /* A value of 1 in the map: what this symbol mentions is marked. */
    for (ir_op op = body ? m->blocks[body].first : 0; ok && op; op = m->ops[op].next)
        if (!symbol_name(m, op).n || !is_private(m, op))
            ok = mark_inside(&k, op);
    while (ok && k.grew) {
        k.grew = false;
        for (ir_op op = m->blocks[body].first; ok && op; op = m->ops[op].next) {
            str name = symbol_name(m, op);
            uint32_t *seen = name.n && is_private(m, op) ? map_str_get(&k.live, name) : NULL;
            if (!seen || *seen)
                continue;
            *seen = 1;
            k.grew = true;
            ok = mark_inside(&k, op);
        }
    }
    ok = ok && !k.failed;
    for (ir_op op = ok && body ? m->blocks[body].first : 0, next; op; op = next) {
        next = m->ops[op].next;
        if (symbol_name(m, op).n && is_private(m, op) && !map_str_get(&k.live, symbol_name(m, op)))
            ir_erase(p->e, op);
    }
    map_str_free(&k.live);
    return ok || pass_out_of_memory(p);
}
