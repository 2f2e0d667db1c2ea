/* opt_spill.c - ttnn-greedy-l1-spill-management: what lives in L1 at the same time must fit there.
 *
 *   walk the ops of a function in order, knowing for each tensor in L1 when it is read last;
 *   where operands, result and buffers of an op and what else is alive are more than the budget, the tensor that is read
 *   again last is sent to DRAM behind the op that made it, and its later readers read it from there (or, where their kernels
 *   do not, bring it back in front of them); when nothing else is alive, the result of the op itself goes to DRAM.
 *
 * The reference simulates addresses (tt-mlir L1SpillManagement); here a tenth of the budget is left free for the gaps that
 * allocation leaves as soon as more than one op's tensors are alive.
 */
#include "base/vec.h"
#include "compile/optimize.h"
#include "compile/passes.h"
#include "compile/ttnn_build.h"

enum { MAX_OPERANDS = 64 };
static const double cushion = 0.9;

/* A tensor in L1: defined by op number `def`, read last by op number `last` of the function. */
typedef struct alive {
    ir_value v;
    uint32_t def, last;
    uint64_t bytes;
} alive;

typedef struct spiller {
    pass_context *p;
    legal_env env;
    VEC(alive) tensors; /* of the function, in the order of their definition */
    uint32_t *number;   /* by op handle, from 1; 0: not in the function's block */
    uint32_t n_ops;     /* handles that have one */
    bool failed;
} spiller;

static bool is_l1(pass_context *p, ir_value v, ttnn_layout *l) {
    return ttnn_layout_of(p->c, ir_value_type(p->m, v), l) && l->buffer == TTNN_L1;
}

/* The number of the op of the function's block that `op` is or stands in. */
static uint32_t number_of(const spiller *s, ir_op op) {
    while (op && (op >= s->n_ops || !s->number[op]))
        op = s->p->m->ops[op].block ? ir_parent_op(s->p->m, op) : 0;
    return op ? s->number[op] : 0;
}

/* The last reader of a value before op number `before`. */
static uint32_t last_use(const spiller *s, ir_value v, uint32_t before) {
    uint32_t last = 0;
    for (ir_each_use(s->p->e, v, u)) {
        uint32_t n = number_of(s, ir_use_op(s->p->e, u));
        if (n > last && n < before)
            last = n;
    }
    return last;
}

static bool layouts_of(pass_context *p, ir_op op, ttnn_layout *in, ttnn_layout *out) {
    const ir_op_data *d = &p->m->ops[op];
    if (d->n_operands > MAX_OPERANDS)
        return false;
    memset(in, 0, MAX_OPERANDS * sizeof *in);
    *out = (ttnn_layout){0};
    for (uint32_t i = 0; i < d->n_operands; i++)
        ttnn_layout_of(p->c, ir_value_type(p->m, ir_operand(p->m, op, i)), &in[i]);
    if (d->n_results)
        ttnn_layout_of(p->c, ir_value_type(p->m, d->results), out);
    return true;
}

static bool reads(const ir_module *m, ir_op op, ir_value v) {
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
        if (ir_operand(m, op, i) == v)
            return true;
    return false;
}

/* Operand i of an op reads `dram` from now on; brought back in front of the op when its kernel wants `old`. */
static void redirect(spiller *s, ir_op op, uint32_t i, ir_value dram, const ttnn_layout *old) {
    pass_context *p = s->p;
    ttnn_layout in[MAX_OPERANDS], out, l;
    ir_set_operand(p->e, op, i, dram);
    if (!legal_plan_known(p->m, op) || op_is(p->m, op, OP_ttnn_to_memory_config))
        return;
    ttnn_layout_of(p->c, ir_value_type(p->m, dram), &l);
    if (layouts_of(p, op, in, &out) && legal_operand(&s->env, op, i, &l, NULL) &&
        (!p->m->ops[op].n_results || legal_combination(&s->env, op, in, &out, NULL)))
        return;
    ttnn_layout back = *old;
    ir_value moved = opt_move(p, &s->env, op, dram, &back);
    if (moved)
        ir_set_operand(p->e, op, i, moved);
    else
        s->failed = true;
}

static ir_type in_dram(pass_context *p, ir_value v) {
    ttnn_layout l;
    if (!ttnn_layout_of(p->c, ir_value_type(p->m, v), &l))
        return 0;
    ttnn_layout_set_memory(&l, TTNN_INTERLEAVED);
    ttnn_layout_set_buffer(&l, TTNN_DRAM);
    ttnn_layout_set_grid(&l, 1, 1);
    return ttnn_tensor_type(p->c, ir_value_type(p->m, v), &l);
}

/* Sends a tensor to DRAM for its readers from op number `at` on. */
static void spill(spiller *s, alive *t, uint32_t at) {
    pass_context *p = s->p;
    ttnn_layout old;
    ir_op def = ir_def_op(p->m, t->v);
    ir_type type = in_dram(p, t->v);
    if (!def || !type || !is_l1(p, t->v, &old)) {
        s->failed = true;
        return;
    }
    ir_edit_after(p->e, def);
    p->e->from = def;
    ir_value dram = tn_unary(p, OP_ttnn_to_memory_config, loc_suffix(p, p->m->ops[def].loc, "_spill"), t->v, type);
    p->e->from = 0;
    for (uint32_t u = ir_first_use(p->e, t->v), next; u && dram && !s->failed; u = next) {
        next = ir_next_use(p->e, u);
        ir_op user = ir_use_op(p->e, u);
        if (user != ir_def_op(p->m, dram) && number_of(s, user) >= at)
            redirect(s, user, ir_use_index(p->e, u), dram, &old);
    }
    s->failed |= !dram;
    t->last = last_use(s, t->v, at);
}

/* The op's own result goes to DRAM. */
static void demote(spiller *s, ir_op op) {
    pass_context *p = s->p;
    ttnn_layout old, in[MAX_OPERANDS], out, now;
    ir_value v = ir_result(p->m, op, 0);
    ir_type type = in_dram(p, v);
    if (!type || !is_l1(p, v, &old) || !layouts_of(p, op, in, &now))
        return;
    ir_type was = ir_value_type(p->m, v);
    ir_set_type(p->e, v, type);
    ttnn_layout_of(p->c, type, &out);
    if (!legal_combination(&s->env, op, in, &out, NULL)) { /* its kernel wants it sharded: nothing to be done here */
        ir_set_type(p->e, v, was);
        return;
    }
    if (op_is(p->m, op, OP_ttnn_matmul) || op_is(p->m, op, OP_ttnn_linear))
        opt_set_matmul_program(p, &s->env, op, &out);
    for (uint32_t u = ir_first_use(p->e, v), next; u && !s->failed; u = next) {
        next = ir_next_use(p->e, u);
        redirect(s, ir_use_op(p->e, u), ir_use_index(p->e, u), v, &old);
    }
}

/* Forgets the tensors that nothing reads any more, so that a long function is not looked through at each of its ops. */
static void forget_dead(spiller *s, uint32_t at) {
    size_t n = 0;
    for (size_t i = 0; i < s->tensors.n; i++)
        if (s->tensors.v[i].last >= at)
            s->tensors.v[n++] = s->tensors.v[i];
    s->tensors.n = n;
}

static void make_room(spiller *s, ir_op op, uint32_t at) {
    pass_context *p = s->p;
    forget_dead(s, at);
    while (!s->failed) {
        ttnn_layout in[MAX_OPERANDS], out;
        uint64_t others = 0, most = s->env.l1_budget;
        alive *farthest = NULL;
        if (!layouts_of(p, op, in, &out))
            return;
        for (size_t i = 0; i < s->tensors.n; i++) {
            alive *t = &s->tensors.v[i];
            if (t->def >= at || t->last < at || reads(p->m, op, t->v))
                continue;
            others += t->bytes;
            if (!farthest || t->last > farthest->last)
                farthest = t;
        }
        uint64_t need = legal_l1_need(&s->env, op, in, &out);
        if (others)
            most = (uint64_t)((double)most * cushion);
        if (need + others <= most)
            return;
        if (!farthest) {
            if (out.buffer == TTNN_L1 && p->m->ops[op].n_results)
                demote(s, op);
            return;
        }
        spill(s, farthest, at);
        if (farthest->last >= at) /* nothing came of it */
            return;
    }
}

static void run_func(spiller *s, ir_op func) {
    pass_context *p = s->p;
    ir_block body = body_of(p->m, func);
    uint32_t n = 0;
    vec_clear(&s->tensors);
    memset(s->number, 0, s->n_ops * sizeof *s->number);
    for (ir_op op = body ? p->m->blocks[body].first : 0; op; op = p->m->ops[op].next)
        if (op < s->n_ops)
            s->number[op] = ++n;
    for (ir_op op = body ? p->m->blocks[body].first : 0; op && !s->failed; op = p->m->ops[op].next) {
        uint32_t at = op < s->n_ops ? s->number[op] : 0;
        ttnn_layout l;
        if (!at)
            continue; /* made here */
        if (legal_plan_known(p->m, op))
            make_room(s, op, at);
        for (uint32_t i = 0; i < p->m->ops[op].n_results; i++) {
            ir_value v = ir_result(p->m, op, i);
            if (!is_l1(p, v, &l))
                continue;
            alive t = {v, at, last_use(s, v, UINT32_MAX), ttnn_l1_bytes(p->c, ir_value_type(p->m, v), &l)};
            s->failed |= !vec_push(&s->tensors, t);
        }
    }
}

bool pass_l1_spill(pass_context *p) {
    spiller s = {.p = p, .n_ops = p->m->n_ops};
    if (!legal_env_init(&s.env, p->m, p->o->tensor_l1_usage_cap))
        return pass_error(p, p->scope, "has no device whose L1 could be counted");
    uint32_t n = s.n_ops;
    vec_init(&s.tensors, p->m->mem);
    s.number = mem_alloc_zero(p->m->mem, n * sizeof *s.number);
    if (!s.number)
        return pass_out_of_memory(p);
    for (each_func_inside(p->m, p->scope, func))
        if (str_eq(dialect_function_kind(p->m, func), STR("forward_device")))
            run_func(&s, func);
    mem_free(p->m->mem, s.number, n * sizeof *s.number);
    vec_free(&s.tensors);
    return !s.failed || pass_out_of_memory(p);
}
