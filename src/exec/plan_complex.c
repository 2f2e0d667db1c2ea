/* Products of complex numbers by kernels that know real ones: matmul, convolution, einsum and the like are linear in either operand.
 *
 *   (a + ib)(c + id) = (ac - bd) + i(ad + bc)
 */
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

bool plan_step_into(struct planner *p, ir_op op, const struct exec_row *row, const exec_slot *in, uint32_t n,
                    exec_slot to) {
    exec_plan *x = p->x;
    bool per_device = false;
    for (uint32_t i = 0; i < n; i++)
        per_device |= x->slots.v[in[i]].per_device;
    x->slots.v[to].per_device = per_device;
    struct exec_step *s = plan_step(p, op, row, n, 1);
    if (!s)
        return false;
    memcpy(s->in, in, n * sizeof *in);
    s->out[0] = to;
    s->per_device = per_device;
    return !row->kernel->plan || row->kernel->plan(p, s);
}

/* The same into a slot of its own. 0 (reported) when it cannot be. */
static exec_slot result_of(struct planner *p, ir_op op, const struct exec_row *row, const exec_slot *in, uint32_t n,
                           const struct exec_type *t) {
    exec_slot to = plan_temp(p, t, true);
    return to && plan_step_into(p, op, row, in, n, to) ? to : 0;
}

static bool is_complex(const struct planner *p, exec_slot s) {
    return s && tensor_dtype_is_complex(slot_type(p->x, s)->dtype);
}

/* The real and the imaginary part of an operand; a real one has no other (0). */
static bool parts_of(struct planner *p, ir_op op, exec_slot in, exec_slot parts[2]) {
    static const char *const names[] = {"stablehlo.real", "stablehlo.imag"};
    parts[0] = in;
    parts[1] = 0;
    if (!is_complex(p, in))
        return true;
    struct exec_type t = *slot_type(p->x, in);
    t.dtype = tensor_dtype_part(t.dtype);
    for (int i = 0; i < 2; i++)
        if (!(parts[i] = result_of(p, op, exec_find_row(str_from_z(names[i])), &in, 1, &t)))
            return false;
    return true;
}

/* One of the two parts of the product: that of the parts pairs[0] and that of the parts pairs[1] of the operands, put together by an op.
 * 0 in *out: there is none. */
static bool product_part(struct planner *p, ir_op op, const struct exec_row *row, exec_slot parts[2][2],
                         const int pairs[2][2], const char *join, const exec_slot *rest, uint32_t n,
                         const struct exec_type *t, exec_slot *out) {
    exec_slot made[2] = {0}, *in = ARENA_ARRAY(p->a, exec_slot, n + 1);
    if (!in)
        return plan_no_memory(p);
    memcpy(in, rest, n * sizeof *in);
    for (int i = 0; i < 2; i++) {
        in[0] = parts[0][pairs[i][0]];
        if (n > 1)
            in[1] = parts[1][pairs[i][1]];
        /* an op of one operand is linear in it: as if the other one were 1 */
        if (!in[0] || (n > 1 ? !in[1] : pairs[i][1] != 0))
            continue;
        if (!(made[i] = result_of(p, op, row, in, n, t)))
            return false;
    }
    *out = made[0] ? made[0] : made[1];
    if (made[0] && made[1] && !(*out = result_of(p, op, exec_find_row(str_from_z(join)), made, 2, t)))
        return false;
    return true;
}

bool plan_product(struct planner *p, ir_op op, const struct exec_row *row, const exec_slot *in, uint32_t n) {
    static const int pairs[2][2][2] = {{{0, 0}, {1, 1}}, {{0, 1}, {1, 0}}};
    size_t at = p->x->steps.n;
    exec_slot parts[2][2] = {{0}}, made[2];
    bool some = false, ok;
    for (uint32_t i = 0; i < n; i++)
        some |= is_complex(p, in[i]);
    if (!some) {
        struct exec_step *s = plan_step(p, op, row, n, ir_op_at(p->m, op)->n_results);
        if (!s)
            return false;
        memcpy(s->in, in, n * sizeof *in);
        return plan_made(p, op, at, 0);
    }
    ir_value result = ir_op_at(p->m, op)->results;
    exec_slot whole = plan_result_slot(p, op, result, &ok);
    if (!whole || !is_complex(p, whole))
        return ok ? plan_error(p, op, "has complex operands and another result") : false;
    struct exec_type t = *slot_type(p->x, whole);
    t.dtype = tensor_dtype_part(t.dtype);
    for (uint32_t i = 0; i < n && i < 2; i++)
        if (!parts_of(p, op, in[i], parts[i]))
            return false;
    if (!product_part(p, op, row, parts, pairs[0], "stablehlo.subtract", in, n, &t, &made[0]) ||
        !product_part(p, op, row, parts, pairs[1], "stablehlo.add", in, n, &t, &made[1]))
        return false;
    return plan_step_into(p, op, exec_find_row(STR("stablehlo.complex")), made, 2, whole) && plan_set(p, result, whole);
}
