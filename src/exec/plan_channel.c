/* stablehlo.send and recv between the devices of one mesh (spec.md, channels): what is sent is there where it is received, as after a
 * collective_permute along recv's pairs; devices that nothing is sent to have zeros. Transfers to and from a host, and sends whose
 * other end is in another program, cannot run.
 */
#include "dialect/params.h"
#include "exec/kernels.h"
#include "exec/plan.h"

static int64_t channel_of(const struct planner *p, ir_op op) {
    int64_t handle = -1;
    dialect_param_int(p->c, ir_op_attr(p->m, op, STR("channel_handle")), STR("handle"), &handle);
    return handle;
}

static bool between_devices(struct planner *p, ir_op op) {
    if (!attr_bool(p, op, "is_host_transfer") && ir_op_attr(p->m, op, STR("source_target_pairs")))
        return true;
    return plan_error(p, op, "cannot run on a CPU: it talks to a program that is not here");
}

/* Whether an op receives what another one sends. */
static bool meet(const struct planner *p, ir_op send, ir_op recv) {
    return str_eq(ir_op_name_str(p->m, send), STR("stablehlo.send")) &&
           str_eq(ir_op_name_str(p->m, recv), STR("stablehlo.recv")) && channel_of(p, send) == channel_of(p, recv);
}

bool plan_send(struct planner *p, ir_op op) {
    if (!between_devices(p, op))
        return false;
    for (ir_op o = ir_op_at(p->m, op)->next; o; o = ir_op_at(p->m, o)->next)
        if (meet(p, op, o))
            return true;
    return plan_error(p, op, "sends on channel %lld, from which nothing behind it receives",
                      (long long)channel_of(p, op));
}

bool plan_recv(struct planner *p, ir_op op) {
    static const char *const name = "source_target_pairs";
    const ir_op_data *d = ir_op_at(p->m, op);
    const struct exec_row *row = exec_find_row(STR("stablehlo.collective_permute"));
    ir_op send = ir_op_at(p->m, op)->prev;
    if (!between_devices(p, op))
        return false;
    while (send && !meet(p, send, op))
        send = ir_op_at(p->m, send)->prev;
    if (!send || !row)
        return plan_error(p, op, "receives from channel %lld, on which nothing before it sends",
                          (long long)channel_of(p, op));
    /* Both have a token behind their tensors. */
    if (d->n_results == 0 || ir_op_at(p->m, send)->n_operands != d->n_results ||
        ir_op_attr(p->m, send, str_from_z(name)) != ir_op_attr(p->m, op, str_from_z(name)))
        return plan_error(p, op, "receives other tensors, or between other devices, than are sent on its channel");
    for (uint32_t i = 0; i + 1 < d->n_results; i++) {
        size_t at = p->x->steps.n;
        struct exec_step *s = plan_step(p, op, row, 1, 1);
        if (!s)
            return false;
        s->in[0] = plan_get(p, ir_operand(p->m, send, i));
        if (!plan_made(p, op, at, i) || !plan_flow(p, ir_operand(p->m, send, i), d->results + i))
            return false;
    }
    return true;
}
