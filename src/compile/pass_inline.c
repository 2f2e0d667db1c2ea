/* inline: calls of functions with one block give way to what the function does, callees first; private functions that
 * nobody calls any more go. Each op keeps its location inside "callsite(callee's at call's)". Recursive calls stay, and
 * functions that hold ops of ttcore or ttnn, whose dialects do not allow it. */
#include "base/map.h"
#include "compile/passes.h"
#include "compile/symbol_uses.h"
#include "compile/value_map.h"

/* Ops that calls may come to beyond those that there are: a call graph of a few lines can mean more than fit anywhere. */
enum { MOST_MADE = 1 << 20 };

struct inlining {
    const uint8_t *state; /* by op: of functions */
    uint32_t most;        /* ops that the module may come to */
    value_map map;
};

/* The single-block function that a call means, if it may be inlined. */
static ir_op callee_of(pass_context *p, ir_op call) {
    const ir_module *m = p->m;
    if (!op_is(m, call, OP_func_call))
        return 0;
    ir_attr callee = ir_op_attr(m, call, STR("callee"));
    ir_op func = callee ? lookup_symbol(p, p->scope, ir_str_of(p->c, callee)) : 0;
    return op_is(m, func, OP_func_func) ? func : 0;
}

static bool may_inline(pass_context *p, ir_op func) {
    const ir_module *m = p->m;
    ir_block body = body_of(m, func);
    if (!body || !m->blocks[body].last || !op_is(m, m->blocks[body].last, OP_func_return) ||
        ir_op_attr(m, func, STR("no_inline")))
        return false;
    for (ir_op op = ir_walk_next(m, func, func); op; op = ir_walk_next(m, func, op)) {
        const op_def *d = dialect_def_of(m, op);
        str dialect = d ? dialect_text(dialect_dialects[d->dialect].name) : STR("");
        if (!d || str_eq(dialect, STR("ttcore")) || str_eq(dialect, STR("ttnn")))
            return false;
    }
    return true;
}

static ir_loc callsite(pass_context *p, ir_loc callee, ir_loc caller) {
    return ir_intern(p->c, IR_LOC_CALLSITE, 0, (uint32_t[]){callee, caller}, 2);
}

/* Puts a copy of what func does in place of the call. */
static bool inline_call(pass_context *p, ir_op call, ir_op func, struct inlining *k) {
    ir_module *m = p->m;
    ir_block body = body_of(m, func);
    uint32_t n_args = m->blocks[body].n_args, n_results = m->ops[call].n_results;
    ir_op end = m->blocks[body].last;
    if (n_args != m->ops[call].n_operands || n_results != m->ops[end].n_operands)
        return pass_error(p, call, "does not fit the function it calls");
    ir_value *results = ARENA_ARRAY(&p->scratch, ir_value, n_results + 1);
    if (!results || !value_map_room(m, &k->map))
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n_args; i++)
        k->map.v[m->blocks[body].args + i] = ir_operand(m, call, i);
    ir_edit_at(p->e, call);
    for (ir_op op = m->blocks[body].first; op != end; op = m->ops[op].next) {
        ir_op copy = ir_clone_op(p->e, op, k->map.v, (uint32_t)k->map.n);
        if (!copy)
            return pass_out_of_memory(p);
        ir_edit_came_from(p->e, copy, call);
        for (ir_op o = copy; o; o = ir_walk_next(m, copy, o))
            m->ops[o].loc = callsite(p, m->ops[o].loc, m->ops[call].loc);
    }
    for (uint32_t i = 0; i < n_results; i++) {
        ir_value v = ir_operand(m, end, i);
        results[i] = k->map.v[v] ? k->map.v[v] : v;
    }
    value_map_clear(m, &k->map, func);
    ir_replace(p->e, call, results);
    return m->n_ops <= k->most || pass_error(p, func,
                                             "is called so often, by functions that are called often themselves, "
                                             "that more than %u ops come of it: mark it no_inline",
                                             k->most);
}

/* A function on the way down the call graph: which of its ops was looked at last. */
struct frame {
    ir_op func, at;
};
enum { NOT_SEEN, OPEN, DONE };

/* Inlines into `func` what it calls; everything it calls has been through this. */
static bool inline_into(pass_context *p, ir_op func, struct inlining *k) {
    ir_module *m = p->m;
    bool any = false;
    for (ir_op op = ir_walk_next(m, func, func), next; op; op = next) {
        next = ir_walk_next(m, func, op);
        ir_op callee = callee_of(p, op);
        if (!callee || k->state[callee] != DONE || !may_inline(p, callee))
            continue;
        if (!inline_call(p, op, callee, k))
            return false;
        any = true;
    }
    return !any || canonicalize(p, func);
}

/* Depth first through the calls, without recursion. */
static bool inline_all(pass_context *p, struct inlining *k) {
    ir_module *m = p->m;
    uint32_t n_funcs = 0, depth, limit = m->n_ops;
    for (each_func(m, p->scope, f))
        n_funcs++;
    uint8_t *state = ARENA_ARRAY(&p->scratch, uint8_t, limit);
    struct frame *stack = ARENA_ARRAY(&p->scratch, struct frame, n_funcs + 1);
    if (!state || !stack)
        return pass_out_of_memory(p);
    k->state = state;
    for (each_func(m, p->scope, f)) {
        depth = 0;
        if (state[f] == NOT_SEEN)
            stack[depth++] = (struct frame){f, f};
        state[f] = state[f] == NOT_SEEN ? OPEN : state[f];
        while (depth) {
            struct frame *top = &stack[depth - 1];
            top->at = ir_walk_next(m, top->func, top->at);
            if (!top->at) {
                if (!inline_into(p, top->func, k))
                    return false;
                state[top->func] = DONE;
                depth--;
                continue;
            }
            ir_op callee = callee_of(p, top->at);
            if (callee && callee < limit && state[callee] == NOT_SEEN) {
                state[callee] = OPEN;
                stack[depth++] = (struct frame){callee, callee};
            }
        }
    }
    return true;
}

static void mark_used(void *arg, str name) {
    struct map_str *used = arg;
    map_str_put(used, name, 0, NULL);
}

/* Private functions with a body that nothing mentions go. */
static bool erase_unused(pass_context *p) {
    ir_module *m = p->m;
    struct map_str used;
    map_str_init(&used, m->mem);
    bool ok = true;
    for (ir_op op = p->scope; ok && op; op = ir_walk_next(m, p->scope, op))
        ok = each_symbol_use(p, op, mark_used, &used);
    for (ir_op f = ok ? first_func(m, p->scope) : 0, next; f; f = next) {
        next = next_func(m, f);
        ir_attr visibility = ir_op_attr(m, f, STR("sym_visibility"));
        bool is_private = visibility && str_eq(ir_str_of(p->c, visibility), STR("private"));
        if (is_private && m->regions[ir_op_region(m, f, 0)].first && !map_str_get(&used, symbol_name(m, f)))
            ir_erase(p->e, f);
    }
    map_str_free(&used);
    return ok;
}

bool pass_inline(pass_context *p) {
    ir_module *m = p->m;
    bool calls = false;
    for (ir_op op = p->scope; op && !calls; op = ir_walk_next(m, p->scope, op))
        calls = callee_of(p, op) && may_inline(p, callee_of(p, op));
    struct inlining k = {.most = m->n_ops + MOST_MADE};
    vec_init(&k.map, m->mem);
    bool ok = !calls || inline_all(p, &k);
    vec_free(&k.map);
    return ok && erase_unused(p);
}
