/* suggest.c - see suggest.h. What a change of one op's layout costs and saves is counted over the op, the moves it needs and
 * the ops that read it, which take the new layout when their kernels do and get the old one back when not.
 */
#include "compile/suggest.h"

#include "dialect/params.h"
#include "ids.h"

enum { MAX_OPERANDS = 32, MAX_TRIED = 24 };

typedef struct asker {
    const legal_env *e;
    const ir_module *m;
    struct arena *a;
    ir_uses uses;
    override_suggestion *out;
    uint32_t n, cap;
} asker;

/* ---- an op as it is -------------------------------------------------------------------------------------- */

typedef struct situation {
    ttnn_layout in[MAX_OPERANDS], out;
} situation;

static bool look(const asker *k, ir_op op, situation *s) {
    const ir_op_data *d = &k->m->ops[op];
    if (d->n_operands > MAX_OPERANDS)
        return false;
    *s = (situation){0};
    for (uint32_t i = 0; i < d->n_operands; i++)
        ttnn_layout_of(k->m->ctx, ir_value_type(k->m, ir_operand(k->m, op, i)), &s->in[i]);
    return !d->n_results || ttnn_layout_of(k->m->ctx, ir_value_type(k->m, d->results), &s->out) ||
           ir_kind_of(k->m->ctx, ir_value_type(k->m, d->results)) != IR_TYPE_TENSOR;
}

static bool reads_device(const asker *k, ir_op user) {
    const op_def *d = dialect_def_of(k->m, user);
    return d && d->dialect == DIALECT_ttnn && ir_op_def(k->m, user) != OP_ttnn_deallocate + 1;
}

/* ---- keeping the best ------------------------------------------------------------------------------------ */

static void keep(asker *k, const override_suggestion *s) {
    double gain = s->before_ns - s->after_ns;
    uint32_t at = k->n;
    if (gain <= 0)
        return;
    while (at && k->out[at - 1].before_ns - k->out[at - 1].after_ns < gain)
        at--;
    if (at == k->cap)
        return;
    uint32_t n = k->n < k->cap ? k->n++ : k->cap - 1;
    memmove(&k->out[at + 1], &k->out[at], (n - at) * sizeof *k->out);
    k->out[at] = *s;
}

/* ---- layouts --------------------------------------------------------------------------------------------- */

/* What the readers of op's result take when it lies in `l`, moves included. */
static double readers(const asker *k, ir_op op, const ttnn_layout *now, const ttnn_layout *l) {
    ir_value v = k->m->ops[op].results;
    ir_type t = ir_value_type(k->m, v);
    double ns = 0;
    bool moved = false;
    for (uint32_t u = k->uses.start[v]; u < k->uses.start[v + 1]; u++) {
        ir_op user = k->uses.users[u].op;
        uint32_t i = k->uses.users[u].index;
        situation s;
        if (!reads_device(k, user)) {
            moved = moved || ir_op_def(k->m, user) != OP_ttnn_deallocate + 1;
            continue;
        }
        if (!look(k, user, &s) || i >= MAX_OPERANDS)
            continue;
        s.in[i] = *l;
        if (legal_operand(k->e, user, i, l, NULL) && legal_combination(k->e, user, s.in, &s.out, NULL)) {
            ns += cost_of_op_with(k->e, user, s.in, &s.out).total_ns;
            continue;
        }
        s.in[i] = *now;
        ns += cost_of_op_with(k->e, user, s.in, &s.out).total_ns;
        moved = true;
    }
    bool same = now->buffer == l->buffer && now->memory == l->memory && now->grid[0] == l->grid[0] &&
                now->grid[1] == l->grid[1];
    return ns + (moved && !same ? cost_of_reshard(k->e, t, l, now).total_ns : 0);
}

/* The settings that ask for a result in l. 0 when out of memory. */
static uint32_t settings_of(asker *k, const ttnn_layout *l, legal_setting set[3]) {
    str grid = arena_printf(k->a, "%lldx%lld", (long long)l->grid[0], (long long)l->grid[1]);
    set[0] = (legal_setting){LEGAL_OUTPUT, STR("buffer_type"), ttnn_buffer_names[l->buffer]};
    set[1] = (legal_setting){LEGAL_OUTPUT, STR("tensor_memory_layout"), ttnn_memory_names[l->memory]};
    set[2] = (legal_setting){LEGAL_OUTPUT, STR("grid_shape"), grid};
    return !grid.p ? 0 : ttnn_is_sharded(l->memory) ? 3 : 2;
}

/* The op with its result in l, and its operands brought along where its kernel wants that, as the settings would be applied.
 * < 0: not legal. */
static double itself(asker *k, ir_op op, const situation *s, const ttnn_layout *l) {
    legal_setting set[3];
    legal_arrangement at;
    double ns = 0;
    if (legal_combination(k->e, op, s->in, l, NULL))
        return cost_of_op_with(k->e, op, s->in, l).total_ns;
    uint32_t n_set = settings_of(k, l, set);
    if (!n_set || !legal_arrange(k->e, k->a, op, set, n_set, NULL, &at, NULL))
        return -1;
    for (uint32_t i = 0; i < k->m->ops[op].n_operands; i++)
        if (!ttnn_layout_equal(&at.in[i], &s->in[i]))
            ns += cost_of_reshard(k->e, ir_value_type(k->m, ir_operand(k->m, op, i)), &s->in[i], &at.in[i]).total_ns;
    return ns + cost_of_op_with(k->e, op, at.in, &at.out).total_ns;
}

static void suggest_layout(asker *k, ir_op op, const situation *s, override_suggestion *best) {
    uint32_t n;
    struct arena_mark mark = arena_mark(k->a);
    const ttnn_layout *all = legal_op_layouts(k->e, k->a, op, s->out.dtype, s->out.tiled, &n);
    double before = cost_of_op_with(k->e, op, s->in, &s->out).total_ns + readers(k, op, &s->out, &s->out);
    ttnn_layout chosen = {0};
    uint32_t of[TTNN_N_MEMORIES] = {0};
    for (uint32_t i = 0; all && i < n; i++) {
        if (of[all[i].memory]++ >= MAX_TRIED / 3)
            continue; /* the largest grids come first */
        double own = itself(k, op, s, &all[i]);
        if (own < 0)
            continue;
        double after = own + readers(k, op, &s->out, &all[i]);
        if (before - after > best->before_ns - best->after_ns) {
            chosen = all[i];
            *best = (override_suggestion){.op = op, .before_ns = before, .after_ns = after, .n_set = 3};
        }
    }
    arena_reset(k->a, mark);
    if (best->n_set != 3)
        return;
    best->n_set = settings_of(k, &chosen, best->set);
}

/* ---- weights and fidelity -------------------------------------------------------------------------------- */

static void suggest_single(asker *k, ir_op op, const situation *s, legal_setting set, double after,
                           override_suggestion *best) {
    double before = cost_of_op_with(k->e, op, s->in, &s->out).total_ns;
    if (before - after <= best->before_ns - best->after_ns || !legal_check(k->e, k->a, op, &set, 1, 0).legal)
        return;
    *best = (override_suggestion){
        .op = op, .before_ns = before, .after_ns = after, .n_set = 1, .set = {set}, .changes_numbers = true};
}

static void suggest_product(asker *k, ir_op op, const situation *s, override_suggestion *best) {
    cost now = cost_of_op_with(k->e, op, s->in, &s->out);
    if (target_dtypes[s->in[1].dtype].is_float && !target_dtypes[s->in[1].dtype].is_block) {
        situation smaller = *s;
        ttnn_layout_set_dtype(&smaller.in[1], DTYPE_BFP_BF8);
        suggest_single(k, op, s, (legal_setting){LEGAL_WEIGHT, STR("weight_dtype"), STR("bfp_bf8")},
                       cost_of_op_with(k->e, op, smaller.in, &s->out).total_ns, best);
    }
    ir_attr config = ir_op_attr(k->m, op, STR("compute_config"));
    str fidelity = config ? dialect_param_text(k->m->ctx, config, STR("math_fidelity")) : STR("");
    if (now.bound == COST_COMPUTE && str_eq(fidelity, STR("hifi4"))) {
        /* half the phases; what else bounds it stays */
        double rest = now.ns[COST_DRAM] > now.ns[COST_NOC] ? now.ns[COST_DRAM] : now.ns[COST_NOC];
        double math = now.ns[COST_COMPUTE] / 2;
        suggest_single(k, op, s, (legal_setting){LEGAL_COMPUTE, STR("math_fidelity"), STR("hifi2")},
                       (math > rest ? math : rest) + now.ns[COST_DISPATCH], best);
    }
}

/* ---- all ops --------------------------------------------------------------------------------------------- */

uint32_t override_suggest(const legal_env *e, struct arena *a, override_suggestion *out, uint32_t cap) {
    asker k = {.e = e, .m = e->m, .a = a, .out = out, .cap = cap};
    bool forward = false;
    if (!cap || !ir_uses_build(e->m, &k.uses))
        return 0;
    for (ir_op op = e->m->root; op; op = ir_walk_next(e->m, e->m->root, op)) {
        uint32_t def = ir_op_def(e->m, op);
        situation s;
        if (def == OP_func_func + 1) {
            ir_attr kind = ir_op_attr(e->m, op, STR("tt.function_type"));
            forward = kind && str_eq(ir_str_of(e->m->ctx, kind), STR("forward_device"));
        }
        if (!forward || !legal_is_free(e, op, NULL) || !look(&k, op, &s))
            continue;
        override_suggestion best = {.op = op};
        suggest_layout(&k, op, &s, &best);
        if (def == OP_ttnn_matmul + 1 || def == OP_ttnn_linear + 1)
            suggest_product(&k, op, &s, &best);
        if (best.n_set)
            keep(&k, &best);
    }
    ir_uses_free(&k.uses);
    return k.n;
}
