/* What ops want of their operands before a kernel sees them:
 *
 *   compare in total order     floating-point numbers become integers that stand in that order
 *   broadcast_dimensions       of chlo's broadcasting ops: the operand of fewer dimensions gets those of the result
 *   quantised numbers          become those that they stand for, and what is computed of them is quantised again
 *   attention, its gradient    heads without a batch, or with several dimensions of one, become [B, H, S, D]
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* --- total order ------------------------------------------------------------------------------------------------------ */

static bool run_total(struct call *c) {
    int64_t n = type_count(c->in[0].type), *out = c->out[0].data;
    size_t size = tensor_dtype_size(c->in[0].type->dtype);
    const char *in = c->in[0].data;
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        memcpy(&bits, in + (size_t)i * size, size); /* all machines this runs on have the low bytes first */
        out[i] = total_order(bits, 8 * (int)size);
    }
    return true;
}
static const struct kernel kernel_total = {"elementwise", NULL, run_total, 0, NULL, NULL, NULL};
static const struct exec_row row_total = {"total order", &kernel_total, 0, ""};

static bool in_total_order(struct planner *p, ir_op op, exec_slot *in) {
    for (uint32_t i = 0; i < 2; i++) {
        const struct exec_type *t = slot_type(p->x, in[i]);
        if (vec_is_integer(vec_class_of(t->dtype)) || t->quant || tensor_dtype_is_complex(t->dtype))
            return true;
        if (!(in[i] = plan_as(p, op, &row_total, in[i], TENSOR_I64)))
            return false;
    }
    return true;
}

/* --- broadcasting ------------------------------------------------------------------------------------------------------- */

/* Dimension i of the smaller operand is dimension dims[i] of the result. */
static bool widen(struct planner *p, ir_op op, exec_slot *in, uint32_t n, const int64_t *dims, int n_dims) {
    int rank = 0;
    for (uint32_t i = 0; i < n; i++)
        rank = slot_type(p->x, in[i])->rank > rank ? slot_type(p->x, in[i])->rank : rank;
    for (uint32_t i = 0; i < n; i++) {
        struct exec_type t = *slot_type(p->x, in[i]), wide = t;
        struct walk same = {.rank = 1, .dims = {type_count(&t)}, .strides = {1}};
        bool trailing = true;
        if (t.rank == rank || t.rank != n_dims)
            continue;
        wide.rank = rank;
        for (int d = 0; d < rank; d++)
            wide.dims[d] = 1;
        for (int d = 0; d < n_dims; d++) {
            if (dims[d] < 0 || dims[d] >= rank || (d && dims[d] <= dims[d - 1]))
                return plan_error(p, op, "broadcasts along dimensions that are not there, or not in order");
            wide.dims[dims[d]] = t.dims[d];
            trailing &= dims[d] == rank - n_dims + d;
        }
        if (!trailing && !(in[i] = plan_moved(p, op, in[i], &wide, &same, p->x->slots.v[in[i]].per_device)))
            return false;
    }
    return true;
}

/* --- quantised numbers ------------------------------------------------------------------------------------------------- */

/* spec.md, dequantize_op_quantize. Products and sums of many numbers as well: their levels may have zero points. */
bool plan_dequantised(struct planner *p, ir_op op, const struct exec_row *row, bool *done) {
    static const struct exec_row from = {"dequantised", &kernel_quantize, DEQUANTIZE, ""},
                                 to = {"quantised", &kernel_quantize, QUANTIZE, ""};
    exec_plan *x = p->x;
    const ir_op_data *d = ir_op_at(p->m, op);
    exec_slot *in = plan_operands(p, op, 0, d->n_operands);
    bool some = false, per_device = false, ok;
    for (uint32_t i = 0; in && i < d->n_operands; i++) {
        some |= in[i] && slot_type(x, in[i])->quant;
        per_device |= x->slots.v[in[i]].per_device;
    }
    *done = some;
    if (!some || !in)
        return in != NULL;
    exec_slot out = d->n_results == 1 ? plan_result_slot(p, op, d->results, &ok) : 0, sum = out;
    if (!out)
        return plan_error(p, op, "gives other than one tensor of quantised numbers");
    x->slots.v[out].per_device = per_device;
    for (uint32_t i = 0; i < d->n_operands; i++) {
        struct exec_type t = *slot_type(x, in[i]);
        if (!t.quant)
            continue;
        t.dtype = TENSOR_F32;
        t.quant = NULL;
        exec_slot number = plan_temp(p, &t, per_device);
        if (!number || !plan_step_into(p, op, &from, &in[i], 1, number))
            return false;
        in[i] = number;
    }
    struct exec_type t = *slot_type(x, out);
    if (t.quant) {
        t.dtype = TENSOR_F32;
        t.quant = NULL;
        if (!(sum = plan_temp(p, &t, per_device)))
            return false;
    }
    return plan_step_into(p, op, row, in, d->n_operands, sum) &&
           (sum == out || plan_step_into(p, op, &to, &sum, 1, out)) && plan_set(p, d->results, out);
}

/* --- attention -------------------------------------------------------------------------------------------------------- */

enum { ATTENTION_RANK = 4 };

/* A tensor of rank 3 or more as one of rank 4: dimensions in front of the last three are one. */
static void collapse(struct exec_type *t) {
    int64_t batch = 1;
    int lead = t->rank - (ATTENTION_RANK - 1);
    for (int i = 0; i < lead; i++)
        batch *= t->dims[i];
    memmove(t->dims + 1, t->dims + lead, (ATTENTION_RANK - 1) * sizeof *t->dims);
    t->dims[0] = batch;
    t->rank = ATTENTION_RANK;
}

bool plan_attention_ranks(struct planner *p, ir_op op, const struct exec_row *row) {
    exec_plan *x = p->x;
    const ir_op_data *d = ir_op_at(p->m, op);
    exec_slot *in = plan_operands(p, op, 0, d->n_operands), *out = ARENA_ARRAY(p->a, exec_slot, d->n_results + 1);
    bool other = false, fits = true, per_device = false;
    if (!in || !out)
        return plan_no_memory(p);
    for (uint32_t i = 0; i < d->n_operands; i++) {
        other |= in[i] && slot_type(x, in[i])->rank != ATTENTION_RANK;
        fits &= in[i] && slot_type(x, in[i])->rank >= ATTENTION_RANK - 1;
        per_device |= x->slots.v[in[i]].per_device;
    }
    if (!other || !fits) /* a kernel says what is wrong */
        return plan_kernel(p, op, row);
    for (uint32_t i = 0; i < d->n_operands; i++) {
        struct exec_type t = *slot_type(x, in[i]);
        struct walk same = {.rank = 1, .dims = {type_count(&t)}, .strides = {1}};
        collapse(&t);
        if (!(in[i] = plan_moved(p, op, in[i], &t, &same, per_device)))
            return false;
    }
    if (!plan_results_of(p, op, out))
        return false;
    struct exec_step *s = plan_step(p, op, row, d->n_operands, d->n_results);
    if (!s)
        return false;
    memcpy(s->in, in, d->n_operands * sizeof *in);
    s->per_device = per_device;
    for (uint32_t i = 0; i < d->n_results; i++) {
        struct exec_type t = *slot_type(x, out[i]);
        if (!out[i] || t.rank < ATTENTION_RANK - 1)
            return plan_error(p, op, "gives other than heads");
        collapse(&t);
        if (!(s->out[i] = plan_temp(p, &t, per_device)))
            return false;
    }
    exec_slot *made = s->out;
    if (!row->kernel->plan(p, s))
        return false;
    for (uint32_t i = 0; i < d->n_results; i++)
        if (!plan_copy(p, op, made[i], out[i]))
            return false;
    return true;
}

/* --- elementwise ops ------------------------------------------------------------------------------------------------- */

bool plan_prepared(struct planner *p, ir_op op, const struct exec_row *row) {
    const ir_op_data *d = ir_op_at(p->m, op);
    int64_t dims[TENSOR_MAX_RANK];
    bool chlo = str_starts_with(ir_op_name_str(p->m, op), STR("chlo."));
    int n_dims = chlo ? exec_op_ints(p, op, "broadcast_dimensions", dims, TENSOR_MAX_RANK) : -1;
    bool total = str_eq(attr_text(p, op, "compare_type"), STR("TOTALORDER")) && d->n_operands == 2;
    if (n_dims < 0 && !total)
        return plan_kernel(p, op, row);
    exec_slot *in = plan_operands(p, op, 0, d->n_operands);
    bool there = in != NULL;
    for (uint32_t i = 0; there && i < d->n_operands; i++)
        there = in[i] != 0;
    if (!there)
        return in ? plan_error(p, op, "has an operand without numbers") : false;
    if (n_dims > TENSOR_MAX_RANK)
        return plan_error(p, op, "broadcasts along %d dimensions, tensors have at most %d", n_dims, TENSOR_MAX_RANK);
    if ((n_dims >= 0 && !widen(p, op, in, d->n_operands, dims, n_dims)) || (total && !in_total_order(p, op, in)))
        return false;
    size_t at = p->x->steps.n;
    struct exec_step *s = plan_step(p, op, row, d->n_operands, d->n_results);
    if (!s)
        return false;
    memcpy(s->in, in, d->n_operands * sizeof *in);
    return plan_made(p, op, at, 0);
}
