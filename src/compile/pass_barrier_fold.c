/* ttcore-optimization-barrier-fold: barriers give way to what they hold back. */
#include "compile/passes.h"
#include "compile/rewrite.h"

static bool fold_barrier(pass_context *p, ir_op op) {
    const ir_op_data *o = &p->m->ops[op];
    if (o->n_operands != o->n_results)
        return false;
    ir_value *values = ARENA_ARRAY(&p->scratch, ir_value, o->n_operands + 1);
    if (!values)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < o->n_operands; i++)
        values[i] = ir_operand(p->m, op, i);
    ir_replace(p->e, op, values);
    return true;
}

static const rewrite_pattern patterns[] = {{OP_ttcore_optimization_barrier, 1, fold_barrier}};

bool pass_barrier_fold(pass_context *p) {
    return rewrite_greedy(p, p->scope, patterns, sizeof patterns / sizeof *patterns, 0, 0);
}
