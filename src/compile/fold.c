/* Effects, and what folds whatever the dialect. */
#include "compile/pass.h"

/* ---- effects -------------------------------------------------------------------------------------------- */

/* Effects of an op by itself, its regions left out. Ops that no table has may do anything. */
static bool effects_known(const op_def *d) {
    return d && (d->flags & (OP_PURE | OP_NO_EFFECT | OP_RECURSIVE_EFFECTS)) != 0;
}

bool op_is_effect_free(const ir_module *m, ir_op op) {
    for (ir_op o = op; o; o = ir_walk_next(m, op, o)) {
        const op_def *d = dialect_def_of(m, o);
        if (o != op && d && d->flags & OP_TERMINATOR && !(d->flags & (OP_CALL | OP_BRANCH)))
            continue;
        if (!effects_known(d))
            return false;
    }
    return true;
}

/* Whether an op whose effects the table lists on its operands and results only reads or allocates: then it may go when
 * nobody uses what it gives (MLIR's wouldOpBeTriviallyDead). */
static bool only_reads(const op_def *d) {
    bool any = false;
    for (uint32_t i = 0; i < d->n_operands; i++) {
        if (op_operand(d, i)->effects & (VALUE_WRITE | VALUE_FREE | VALUE_ALLOC))
            return false;
        any = any || op_operand(d, i)->effects;
    }
    for (uint32_t i = 0; i < d->n_results; i++) {
        if (op_result(d, i)->effects & VALUE_FREE)
            return false;
        any = any || op_result(d, i)->effects;
    }
    return any;
}

bool op_is_removable(const ir_module *m, ir_op op) {
    const op_def *d = dialect_def_of(m, op);
    if (!d || d->flags & (OP_TERMINATOR | OP_SYMBOL))
        return false;
    if (d->flags & OP_RECURSIVE_EFFECTS || m->ops[op].n_regions)
        return op_is_effect_free(m, op);
    return effects_known(d) || only_reads(d);
}

/* ---- folding -------------------------------------------------------------------------------------------- */

ir_attr constant_of(pass_context *p, ir_value v) {
    ir_op def = v ? ir_def_op(p->m, v) : 0;
    const op_def *d = def ? dialect_def_of(p->m, def) : NULL;
    if (!d || !(d->flags & OP_CONSTANT_LIKE) || p->m->ops[def].n_results != 1)
        return 0;
    fold_value value[FOLD_MAX_RESULTS] = {{0}};
    if (d->dialect == DIALECT_ttir && fold_ttir(p, def, value) == FOLD_VALUES)
        return value[0].constant;
    return ir_op_attr(p->m, def, STR("value"));
}

/* Constant operands behind the others, each part in its order (foldCommutative). */
static bool order_operands(pass_context *p, ir_op op) {
    ir_module *m = p->m;
    uint32_t n = m->ops[op].n_operands, k = 0;
    bool seen = false, wrong = false;
    enum { MOST = 16 };
    bool constant[MOST];
    if (n > MOST)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        constant[i] = constant_of(p, ir_operand(m, op, i)) != 0;
        wrong = wrong || (seen && !constant[i]);
        seen = seen || constant[i];
    }
    if (!wrong)
        return false;
    ir_value v[MOST];
    for (uint32_t i = 0; i < n; i++)
        if (!constant[i])
            v[k++] = ir_operand(m, op, i);
    for (uint32_t i = 0; i < n; i++)
        if (constant[i])
            v[k++] = ir_operand(m, op, i);
    return ir_set_operands(p->e, op, v, n);
}

static fold_outcome fold_traits(pass_context *p, ir_op op, const op_def *d, fold_value *results) {
    ir_module *m = p->m;
    if (d->flags & OP_COMMUTATIVE && order_operands(p, op))
        return FOLD_IN_PLACE;
    if (!(d->flags & (OP_IDEMPOTENT | OP_INVOLUTION | OP_BINARY_IDEMPOTENT)) || m->ops[op].n_results != 1)
        return FOLD_NONE;
    ir_type type = ir_value_type(m, ir_result(m, op, 0));
    ir_value in = m->ops[op].n_operands ? ir_operand(m, op, 0) : 0;
    ir_op def = in ? ir_def_op(m, in) : 0;
    if (d->flags & OP_INVOLUTION && def && m->ops[def].name == m->ops[op].name && m->ops[def].n_operands) {
        ir_value inner = ir_operand(m, def, 0);
        if (ir_value_type(m, inner) == type) {
            results[0] = (fold_value){.value = inner};
            return FOLD_VALUES;
        }
    }
    if (d->flags & OP_IDEMPOTENT && def && m->ops[def].name == m->ops[op].name && ir_value_type(m, in) == type) {
        results[0] = (fold_value){.value = in};
        return FOLD_VALUES;
    }
    if (d->flags & OP_BINARY_IDEMPOTENT && m->ops[op].n_operands == 2 && ir_operand(m, op, 1) == in &&
        ir_value_type(m, in) == type) {
        results[0] = (fold_value){.value = in};
        return FOLD_VALUES;
    }
    return FOLD_NONE;
}

/* Folders by dialect. */
static const struct {
    uint16_t dialect;
    fold_fn *fold;
    bool (*knows)(uint32_t op);
} folders[] = {
    {DIALECT_ttir, fold_ttir, fold_ttir_knows},
    {DIALECT_ttnn, fold_ttnn, fold_ttnn_knows},
};

bool fold_knows(uint32_t op) {
    const op_def *d = dialect_op(op);
    bool known = (d->flags & (OP_COMMUTATIVE | OP_IDEMPOTENT | OP_INVOLUTION | OP_BINARY_IDEMPOTENT)) != 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        known = known || (d->dialect == folders[i].dialect && folders[i].knows(op));
    return known;
}

fold_outcome fold_op(pass_context *p, ir_op op, fold_value *results) {
    const op_def *d = dialect_def_of(p->m, op);
    if (!d || p->m->ops[op].n_results > FOLD_MAX_RESULTS)
        return FOLD_NONE;
    fold_outcome outcome = FOLD_NONE;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (d->dialect == folders[i].dialect)
            outcome = folders[i].fold(p, op, results);
    return outcome == FOLD_NONE ? fold_traits(p, op, d, results) : outcome;
}
