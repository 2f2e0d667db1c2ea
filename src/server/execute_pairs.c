/* Which op of a stage gives the value of which op of the source: what the golden run compares. */
#include <string.h>

#include "dialect/argument.h"
#include "server/execute_inner.h"

/* The dimensions of an op's first result but for ones; their number, -1 when it has none that are known. */
enum { MAX_DIMS = 16 };
static int dims_of(const ir_module *m, ir_op op, int64_t *out) {
    if (!ir_op_at(m, op)->n_results)
        return -1;
    ir_type t = ir_value_type(m, ir_op_at(m, op)->results);
    int rank = ir_rank(m->ctx, t), n = 0;
    if (rank < 0 || rank > MAX_DIMS)
        return -1;
    for (int i = 0; i < rank; i++) {
        int64_t d = ir_dim(m->ctx, t, i);
        if (d < 0)
            return -1;
        if (d != 1)
            out[n++] = d;
    }
    return n;
}

/* Whether two values are the same numbers in the same order as far as shapes tell: equal ones, or the same innermost
 * dimension with all others merged into one (1x112x112x64 and 1x1x12544x64). Where dimensions have changed places the
 * numbers have, too, and comparing them says nothing. */
static bool same_order(const ir_module *a, ir_op x, const ir_module *b, ir_op y) {
    int64_t s[MAX_DIMS], t[MAX_DIMS], left = 1, right = 1;
    int n = dims_of(a, x, s), k = dims_of(b, y, t);
    if (n < 0 || k < 0)
        return false;
    if (n == k)
        return memcmp(s, t, (size_t)n * sizeof *s) == 0;
    if (n < 1 || k < 1 || s[n - 1] != t[k - 1] || (n != 2 && k != 2))
        return false;
    for (int i = 0; i < n - 1; i++)
        left *= s[i];
    for (int i = 0; i < k - 1; i++)
        right *= t[i];
    return left == right;
}

/* How much an op looks like the one it came from: 2 the same shape, 1 the same numbers in the same order, 0 neither. */
static int likeness(const ir_module *m, ir_op op, const ir_module *source, ir_op there) {
    if (!ir_op_at(m, op)->n_results || !same_order(m, op, source, there))
        return 0;
    ir_type a = ir_value_type(m, ir_op_at(m, op)->results), b = ir_value_type(source, ir_op_at(source, there)->results);
    int rank = ir_rank(m->ctx, a);
    bool same = rank == ir_rank(source->ctx, b);
    for (int i = 0; same && i < rank; i++)
        same = ir_dim(m->ctx, a, i) == ir_dim(source->ctx, b, i);
    return same ? 2 : 1;
}

/* What is known of where a value comes from: FIXED ones are made of parameters and constants alone. */
enum reach { UNKNOWN, FIXED, VARIES };

static enum reach argument_reach(const ir_module *m, ir_value v) {
    ir_op func = ir_region_at(m, ir_block_at(m, ir_arg_block(m, v))->region)->op;
    if (dialect_argument_is_known(m, v) || str_eq(dialect_function_kind(m, func), STR("const_eval")))
        return FIXED;
    return str_eq(dialect_argument_type(m, v), STR("input")) ? VARIES : UNKNOWN;
}

/* Of every op of a module, in the arena; NULL when out of memory. */
static uint8_t *reach_of_ops(const ir_module *m, struct arena *a) {
    uint8_t *of = ARENA_ARRAY(a, uint8_t, m->n_ops);
    for (ir_op op = m->root; of && op; op = ir_walk_next(m, m->root, op)) {
        of[op] = ir_op_at(m, op)->n_regions ? UNKNOWN : FIXED;
        for (uint32_t i = 0; i < ir_op_at(m, op)->n_operands && of[op] != VARIES; i++) {
            ir_value v = ir_operand(m, op, i);
            enum reach r = ir_is_block_arg(m, v) ? argument_reach(m, v) : (enum reach)of[ir_def_op(m, v)];
            if (r != FIXED)
                of[op] = (uint8_t)r;
        }
    }
    return of;
}

bool execute_pair_up(struct work *w, const ir_module *source, exec_pair **out, size_t *n) {
    struct run_origins from = {0};
    uint8_t *reach = reach_of_ops(w->module, &w->arena), *reach_there = reach_of_ops(source, &w->arena);
    ir_op *heir = ARENA_ARRAY(&w->arena, ir_op, source->n_ops);
    uint8_t *alike = ARENA_ARRAY(&w->arena, uint8_t, source->n_ops);
    exec_pair *pairs = ARENA_ARRAY(&w->arena, exec_pair, w->n_ops * RUN_MAX_ORIGINS);
    *n = 0;
    *out = pairs;
    if (!heir || !alike || !pairs || !reach || !reach_there ||
        (w->run && !run_origins(w->run, (uint32_t)w->x.stage, w->g, &w->arena, &from)))
        return execute_failed(w, "out of memory", NULL);
    for (size_t i = 0; i < w->n_ops; i++) {
        ir_op op = w->ops[i].op;
        w->ops[i].why = NO_NUMBERS;
        if (!w->run) /* both are one module */
            pairs[(*n)++] = (exec_pair){op, op};
        for (uint32_t k = w->run ? from.start[op] : 0; w->run && k < from.start[op + 1]; k++) {
            ir_op there = from.sources[k];
            if (there >= source->n_ops || ir_op_at(source, there)->n_results == 0)
                continue;
            /* Weights that are joined come from the products that are. */
            bool other = reach[op] == FIXED && reach_there[there] == VARIES;
            int like = other ? 0 : likeness(w->module, op, source, there);
            if (!heir[there] || like > alike[there] || (like == alike[there] && op > heir[there])) {
                heir[there] = op;
                alike[there] = (uint8_t)like;
            }
        }
    }
    for (size_t i = 0; w->run && i < w->n_ops; i++) {
        ir_op op = w->ops[i].op;
        enum not_compared why = NO_SOURCE;
        bool inherits = false, paired = false;
        for (uint32_t k = from.start[op]; k < from.start[op + 1]; k++) { /* ascending: in program order */
            ir_op there = from.sources[k];
            if (there >= source->n_ops || ir_op_at(source, there)->n_results == 0)
                continue;
            bool is_heir = heir[there] == op, same = is_heir && alike[there] != 0;
            if (same)
                pairs[(*n)++] = (exec_pair){op, there};
            /* What moves a constant may be what a pass made of the op that reads it: a broadcast that comes later now. */
            bool moves = ir_op_at(source, there)->n_operands == 0 && ir_op_at(w->module, op)->n_operands != 0;
            w->ops[i].unsure = !is_heir ? NOT_HEIR : !same ? OTHER_ORDER : moves ? NO_SOURCE : COMPARED;
            inherits |= is_heir;
            paired |= same;
            why = paired ? NO_NUMBERS : inherits ? OTHER_ORDER : NOT_HEIR;
        }
        w->ops[i].why = why;
    }
    return true;
}
