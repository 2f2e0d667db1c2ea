/* ttir-consolidate-static-cache-updates: caches of one model count their fill level each on its own, with the same step. Of
 * arguments that are such counters (they reach the index of a cache update and are returned increased by a constant),
 * those with the same step and type become one. */
#include "compile/passes.h"
#include "compile/ttir.h"

/* What is by value, made when the first cache update is met. */
typedef struct trail {
    bool *seen;
    ir_value *list;
} trail;

static bool trail_room(pass_context *p, trail *t) {
    if (t->seen)
        return true;
    t->seen = ARENA_ARRAY(&p->scratch, bool, p->m->n_values);
    t->list = ARENA_ARRAY(&p->scratch, ir_value, p->m->n_values);
    return (t->seen && t->list) || pass_out_of_memory(p);
}

/* The arguments of func's entry block that the index of a cache update is computed from, marked in `counters`. */
static bool mark_counters(pass_context *p, ir_op func, trail *t, bool *counters, bool *any) {
    ir_block entry = body_of(p->m, func);
    uint32_t n = 0;
    for (ir_op op = ir_walk_next(p->m, func, func); op; op = ir_walk_next(p->m, func, op)) {
        if (!op_is(p->m, op, OP_ttir_update_cache) && !op_is(p->m, op, OP_ttir_paged_update_cache))
            continue;
        if (!trail_room(p, t))
            return false;
        ir_value v = ir_operand(p->m, op, 2);
        if (!t->seen[v])
            t->list[n++] = v;
        t->seen[v] = true;
    }
    while (n) {
        ir_value v = t->list[--n];
        if (ir_is_block_arg(p->m, v)) {
            if (ir_arg_block(p->m, v) == entry)
                *any = counters[ir_value_index(p->m, v)] = true;
            continue;
        }
        ir_op def = ir_def_op(p->m, v);
        uint32_t follow = 0;
        switch (op_id(p->m, def)) {
        case OP_ttir_mesh_shard:
        case OP_ttir_broadcast:
        case OP_ttir_repeat:
        case OP_ttir_reshape:
        case OP_ttir_typecast: follow = 1; break;
        case OP_ttir_add: follow = 2; break;
        default: break;
        }
        for (uint32_t i = 0; i < follow; i++) {
            ir_value operand = ir_operand(p->m, def, i);
            if (!t->seen[operand])
                t->list[n++] = operand;
            t->seen[operand] = true;
        }
    }
    return true;
}

typedef struct writeback {
    ir_value arg;
    int64_t step;
    ir_type type;
} writeback;

/* A returned value that is a counter increased by an integer constant. */
static bool match_writeback(pass_context *p, ir_value v, ir_block entry, const bool *counters, writeback *out) {
    ir_op shard = def_is(p->m, v, OP_ttir_mesh_shard);
    if (shard) {
        if (!ir_has_one_use(p->e, v))
            return false;
        v = ir_operand(p->m, shard, 0);
    }
    ir_op add = def_is(p->m, v, OP_ttir_add);
    if (!add || !ir_has_one_use(p->e, v))
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        ir_value arg = ir_operand(p->m, add, i), step = ir_operand(p->m, add, 1 - i);
        ir_op inner = def_is(p->m, arg, OP_ttir_mesh_shard);
        fill_value f;
        if (inner)
            arg = ir_operand(p->m, inner, 0);
        if (ir_arg_block(p->m, arg) == entry && counters[ir_value_index(p->m, arg)] &&
            def_is(p->m, step, OP_ttir_full) && fill_of(p->m, step, &f) && !f.is_float &&
            ir_value_type(p->m, arg) == ir_value_type(p->m, v)) {
            *out = (writeback){arg, f.i, ir_value_type(p->m, arg)};
            return true;
        }
    }
    return false;
}

static bool consolidate(pass_context *p, ir_op func, trail *t) {
    ir_block entry = body_of(p->m, func);
    ir_op ret = entry ? ir_block_at(p->m, entry)->last : 0;
    if (!op_is(p->m, ret, OP_func_return))
        return true;
    uint32_t n_args = ir_block_at(p->m, entry)->n_args, n_returned = ir_op_at(p->m, ret)->n_operands, n = 0;
    bool any = false, *counters = ARENA_ARRAY(&p->scratch, bool, n_args + 1);
    writeback *list = ARENA_ARRAY(&p->scratch, writeback, n_returned + 1);
    if (!counters || !list)
        return pass_out_of_memory(p);
    if (!mark_counters(p, func, t, counters, &any))
        return false;
    for (uint32_t i = 0; any && i < n_returned; i++)
        n += match_writeback(p, ir_operand(p->m, ret, i), entry, counters, &list[n]);
    /* The last one of a group stays. */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t last = i;
        for (uint32_t k = i + 1; k < n; k++)
            if (list[k].step == list[i].step && list[k].type == list[i].type)
                last = k;
        if (list[last].arg != list[i].arg && ir_has_uses(p->e, list[i].arg))
            ir_replace_uses(p->e, list[i].arg, list[last].arg);
    }
    return true;
}

bool pass_consolidate_caches(pass_context *p) {
    trail t = {0};
    for (ir_op op = p->scope; op; op = ir_walk_next(p->m, p->scope, op))
        if (op_is(p->m, op, OP_func_func) && !consolidate(p, op, &t))
            return false;
    return true;
}
