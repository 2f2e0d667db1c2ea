/* ttir-update: TTIR as older versions of tt-mlir wrote it becomes today's, so that files of then can be compiled. Only when the
 * option update-older-forms asks for it: today's reference refuses such modules, or reads some ops of them in another way (a
 * convolution's destination as its bias).
 *
 *   %0 = ttir.empty()                        every op wrote into an operand behind its others (destination-passing style,
 *   %1 = "ttir.relu"(%x, %0)      ──▶        until the end of 2025); today it has no such operand
 *
 * The operand goes, and with it the entry of operandSegmentSizes that counted it; so does the empty tensor when nothing else
 * reads it. Ops that were StableHLO's by another name become these again (update_hlo.c), tensors that came in parts say so
 * themselves (update_shard.c). A module in today's form is left alone; what came out is checked as if it had been read.
 */
#include "compile/passes.h"
#include "compile/update.h"
#include "text/text.h"

/* operandSegmentSizes of older forms ended with the destinations. An op that has groups without sizes today had none. */
static bool shorten_segments(pass_context *p, ir_op op) {
    enum { MOST = 32 };
    int64_t sizes[MOST];
    int32_t kept[MOST];
    str key = STR("operandSegmentSizes");
    const op_def *d = dialect_def_of(p->m, op); /* NULL: an op that is none today */
    uint32_t n = op_ints(p->m, op, key, sizes, MOST);
    if (!n || n > MOST)
        return true;
    for (uint32_t i = 0; i < n; i++)
        kept[i] = (int32_t)sizes[i];
    bool sized = d && d->flags & OP_OPERAND_SEGMENTS && n == d->n_operands + 1u;
    ir_attr a = sized ? ir_attr_dense_array(p->c, p->c->t_i32, kept, (n - 1) * sizeof *kept, true) : 0;
    ir_set_prop(p->e, op, key, a);
    return a || !sized;
}

static bool drop_destinations(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    uint32_t n = o->n_operands, results = o->n_results;
    for (uint32_t i = 0; i < results; i++) {
        ir_op maker = ir_def_op(p->m, ir_operand(p->m, op, --n));
        ir_remove_operand(p->e, op, n);
        if (!ir_op_has_uses(p->e, maker))
            ir_erase(p->e, maker);
    }
    return shorten_segments(p, op);
}

/* Whether what came out is valid today: ops in older forms were not checked when the module was read. */
static bool is_valid(pass_context *p) {
    const check_options rules = {.print = text_print_node};
    if (check_module(p->m, &rules, p->d))
        return true;
    pass_note(p, 0);
    return false;
}

bool pass_update(pass_context *p) {
    uint64_t changes = p->e->changes;
    for (ir_op op = p->scope, next; op; op = next) {
        /* What is erased comes before its reader in the walk, or is the op itself. */
        next = ir_walk_next(p->m, p->scope, op);
        if (check_is_destination_form(p->m, op) && !drop_destinations(p, op))
            return pass_out_of_memory(p);
        if (!update_hlo_form(p, op) || !update_identity(p, op))
            return p->m->failed ? pass_out_of_memory(p) : false;
    }
    return changes == p->e->changes || is_valid(p);
}
