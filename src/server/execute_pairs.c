/* Which op of a stage gives the value of which op of the source: what the golden run compares. */
#include <string.h>

#include "server/execute_inner.h"

/* The dimensions of an op's first result (-1: not known); how many, -1 when it has none. */
enum { MAX_DIMS = 16 };
static int dims_of(const ir_module *m, ir_op op, int64_t *out) {
    if (!ir_op_at(m, op)->n_results)
        return -1;
    ir_type t = ir_value_type(m, ir_op_at(m, op)->results);
    int rank = ir_rank(m->ctx, t);
    for (int i = 0; i < rank && i < MAX_DIMS; i++)
        out[i] = ir_dim(m->ctx, t, i);
    return rank <= MAX_DIMS ? rank : -1;
}

/* How much an op looks like the one it came from. */
enum likeness { UNLIKE, SAME_NUMBERS, SAME_ORDER, SAME_SHAPE };

static enum likeness likeness(const ir_module *m, ir_op op, const ir_module *source, ir_op there) {
    int64_t s[MAX_DIMS], t[MAX_DIMS];
    int n = dims_of(m, op, s), k = dims_of(source, there, t);
    enum exec_order order = n < 0 || k < 0 ? EXEC_ORDER_NONE : exec_order_of(s, n, t, k);
    if (order == EXEC_ORDER_SAME && n == k && memcmp(s, t, (size_t)n * sizeof *s) == 0)
        return SAME_SHAPE;
    return order == EXEC_ORDER_SAME ? SAME_ORDER : order == EXEC_ORDER_OTHER ? SAME_NUMBERS : UNLIKE;
}

/* Which of its origins an op can give the value of: gives[i] for from->sources[i]. What only moves numbers gives the value of an
 * op that computes when what it moves does: a permute in front of a convolution came from it, too. */
static uint8_t *gives_value_of(const struct work *w, const ir_module *source, const struct run_origins *from,
                               struct arena *a) {
    const ir_module *m = w->module;
    uint8_t *gives = ARENA_ARRAY(a, uint8_t, from->start[from->n_ops] + 1);
    for (ir_op op = m->root; gives && op; op = ir_walk_next(m, m->root, op)) {
        bool mover = exec_only_moves(ir_op_name_str(m, op));
        for (uint32_t k = from->start[op]; k < from->start[op + 1]; k++) {
            ir_op there = from->sources[k];
            gives[k] = !mover || there >= source->n_ops || exec_only_moves(ir_op_name_str(source, there));
            for (uint32_t i = 0; i < ir_op_at(m, op)->n_operands && !gives[k]; i++) {
                ir_op maker = ir_def_op(m, ir_operand(m, op, i));
                for (uint32_t of = from->start[maker]; maker && of < from->start[maker + 1]; of++)
                    gives[k] |= from->sources[of] == there && gives[of];
            }
        }
    }
    return gives;
}

/* Why an op without results has no accuracy: what it wrote into may be read later, where it is compared. */
static enum not_compared written_in_place(const ir_module *m, ir_op op) {
    return str_find(ir_op_name_str(m, op), STR("fill_cache")) < ir_op_name_str(m, op).n ? FILLS_CACHE : IN_PLACE;
}

bool execute_pair_up(struct work *w, const ir_module *source, exec_pair **out, size_t *n) {
    struct run_origins from = {0};
    ir_op *heir = ARENA_ARRAY(&w->arena, ir_op, source->n_ops);
    uint8_t *alike = ARENA_ARRAY(&w->arena, uint8_t, source->n_ops);
    exec_pair *pairs = ARENA_ARRAY(&w->arena, exec_pair, w->n_ops * RUN_MAX_ORIGINS);
    *n = 0;
    *out = pairs;
    if (!heir || !alike || !pairs || (w->run && !run_origins(w->run, (uint32_t)w->x.stage, w->g, &w->arena, &from)))
        return execute_failed(w, "out of memory", NULL);
    uint8_t *gives = w->run ? gives_value_of(w, source, &from, &w->arena) : NULL;
    if (w->run && !gives)
        return execute_failed(w, "out of memory", NULL);
    for (size_t i = 0; i < w->n_ops; i++) {
        ir_op op = w->ops[i].op;
        w->ops[i].why = ir_op_at(w->module, op)->n_results ? NO_NUMBERS : written_in_place(w->module, op);
        if (!w->run) /* both are one module */
            pairs[(*n)++] = (exec_pair){op, op, .moved = false};
        for (uint32_t k = w->run ? from.start[op] : 0; w->run && k < from.start[op + 1]; k++) {
            ir_op there = from.sources[k];
            if (there >= source->n_ops || ir_op_at(source, there)->n_results == 0)
                continue;
            enum likeness like = gives[k] ? likeness(w->module, op, source, there) : UNLIKE;
            if (!heir[there] || like > alike[there] || (like == alike[there] && op > heir[there])) {
                heir[there] = op;
                alike[there] = (uint8_t)like;
            }
        }
    }
    for (size_t i = 0; w->run && i < w->n_ops; i++) {
        ir_op op = w->ops[i].op;
        enum not_compared why = ir_op_at(w->module, op)->n_results ? NO_SOURCE : w->ops[i].why;
        bool inherits = false, paired = false;
        for (uint32_t k = from.start[op]; k < from.start[op + 1]; k++) { /* ascending: in program order */
            ir_op there = from.sources[k];
            if (there >= source->n_ops || ir_op_at(source, there)->n_results == 0)
                continue;
            bool is_heir = heir[there] == op, same = is_heir && alike[there] != UNLIKE;
            if (same)
                pairs[(*n)++] = (exec_pair){op, there, .moved = true};
            /* What moves a constant may be what a pass made of the op that reads it: a broadcast that comes later now. */
            bool moves = ir_op_at(source, there)->n_operands == 0 && ir_op_at(w->module, op)->n_operands != 0;
            /* Of an op with several results any may be what it gives. */
            bool one_of_many = ir_op_at(source, there)->n_results > ir_op_at(w->module, op)->n_results;
            w->ops[i].unsure = !is_heir || one_of_many     ? NOT_HEIR
                               : alike[there] < SAME_ORDER ? OTHER_ORDER
                               : moves                     ? NO_SOURCE
                                                           : COMPARED;
            inherits |= is_heir;
            paired |= same;
            why = paired ? NO_NUMBERS : inherits ? OTHER_ORDER : NOT_HEIR;
        }
        w->ops[i].why = why;
    }
    return true;
}
