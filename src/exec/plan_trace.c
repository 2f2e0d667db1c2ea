/* Traces of a device: commands that are recorded once and replayed. Here the ops that were recorded are done where they are
 * replayed.
 *
 *   capture_or_execute_trace(inputs)  ─▶  slots = allocate(inputs on the device)      what stays on the device between calls
 *                                         capture(inputs of the host, slots)          writes the inputs, runs, records, replays
 *                                         the last slots                              its results
 *
 * A capturing function runs what it records once before, to compile its programs. Where all that is recorded has been called
 * just so before, replaying does nothing: a run has then done the work once, as each call but the first does on a device.
 */
#include "dialect/params.h"
#include "exec/plan.h"

static bool is_op(const struct planner *p, ir_op op, const char *name) {
    return str_eq(ir_op_name_str(p->m, op), str_from_z(name));
}

bool plan_begin_trace(struct planner *p, ir_op op, ir_op *next) {
    ir_value id = ir_op_at(p->m, op)->results;
    for (ir_op o = ir_op_at(p->m, op)->next; o; o = ir_op_at(p->m, o)->next)
        if (is_op(p, o, "ttnn.end_trace_capture") && ir_op_at(p->m, o)->n_operands == 2 &&
            ir_operand(p->m, o, 1) == id) {
            *next = o;
            return true;
        }
    return plan_error(p, op, "begins a trace that does not end in its block");
}

/* Whether a recorded op is a call that stands before `begin` as well, with the same operands. */
static bool done_before(const struct planner *p, ir_op op, ir_op begin) {
    const ir_op_data *d = ir_op_at(p->m, op);
    for (ir_op o = ir_op_at(p->m, begin)->prev; o; o = ir_op_at(p->m, o)->prev) {
        const ir_op_data *e = ir_op_at(p->m, o);
        bool same = is_op(p, op, "func.call") && e->name == d->name && e->props == d->props &&
                    e->n_operands == d->n_operands && d->n_results == 0;
        for (uint32_t i = 0; same && i < d->n_operands; i++)
            same = ir_operand(p->m, op, i) == ir_operand(p->m, o, i);
        if (same)
            return true;
    }
    return false;
}

bool plan_execute_trace(struct planner *p, ir_op op) {
    ir_value id = ir_op_at(p->m, op)->n_operands == 2 ? ir_operand(p->m, op, 1) : 0;
    ir_op begin = id && !ir_is_block_arg(p->m, id) ? ir_value_at(p->m, id)->owner : 0, end = 0;
    if (!begin || !is_op(p, begin, "ttnn.begin_trace_capture"))
        return plan_error(p, op, "replays a trace that is not captured in this function");
    if (!plan_begin_trace(p, begin, &end))
        return false;
    bool done = true;
    ir_op first = ir_op_at(p->m, begin)->next;
    for (ir_op o = first; o != end && done; o = ir_op_at(p->m, o)->next)
        done = done_before(p, o, begin);
    for (ir_op o = first; o != end && !done; o = ir_op_at(p->m, o)->next)
        if (!plan_op(p, o))
            return false;
    return true;
}

/* A buffer of its own for what an allocating function gives: ops write into it. */
static exec_slot buffer_of(struct planner *p, ir_op op, exec_slot from) {
    struct exec_type t = *slot_type(p->x, from);
    exec_slot to = plan_temp(p, &t, true);
    return to && plan_copy(p, op, from, to) ? to : 0;
}

/* Whether a tensor's layout says that it is in a memory of the device. */
static bool on_device(const struct planner *p, ir_value v) {
    ir_attr layout = ir_encoding(p->c, ir_value_type(p->m, v));
    ir_type memref = layout ? dialect_param(p->c, layout, STR("memref")) : 0;
    if (!memref || ir_kind_of(p->c, memref) != IR_TYPE_MEMREF)
        return false;
    str buffer = dialect_case_text(p->c, ir_at(p->c, memref, 2));
    return buffer.n && !str_eq(buffer, STR("system_memory"));
}

static bool among(const exec_slot *list, uint32_t n, exec_slot s) {
    for (uint32_t i = 0; i < n; i++)
        if (list[i] == s)
            return true;
    return false;
}

/* Inputs of the host are the capturing function's first arguments; those that stay on the device go to the allocating function,
 * and what that gives are the others. */
static bool plan_trace_flow(struct planner *p, ir_op op, uint32_t first, uint32_t n_in, uint32_t n_slots) {
    ir_block allocate = plan_body(p, plan_callee(p, op, "allocate_slots_callee")),
             capture = plan_body(p, plan_callee(p, op, "capture_callee"));
    ir_value slots = ir_block_at(p->m, allocate)->args, args = ir_block_at(p->m, capture)->args;
    ir_op last = ir_block_at(p->m, allocate)->last;
    for (uint32_t i = 0; i < n_in; i++) {
        ir_value v = ir_operand(p->m, op, first + i);
        if (!plan_flow(p, v, on_device(p, v) ? slots++ : args++))
            return false;
    }
    for (uint32_t i = 0; i < n_slots; i++)
        if (!plan_flow(p, ir_operand(p->m, last, i), args + i))
            return false;
    return true;
}

bool plan_capture_or_execute(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    int64_t sizes[3];
    if (exec_op_ints(p, op, "operandSegmentSizes", sizes, 3) != 3 || sizes[0] < 0 || sizes[1] < 0 || sizes[2] < 0 ||
        sizes[0] + sizes[1] + sizes[2] != d->n_operands)
        return plan_error(p, op, "is not formed as a trace");
    uint32_t first = (uint32_t)sizes[0], n_in = (uint32_t)sizes[1], semaphores = (uint32_t)sizes[2];
    uint32_t n_resident = 0, n = 0, n_slots, n_id;
    exec_slot *resident = ARENA_ARRAY(p->a, exec_slot, n_in + 1), *slots, *id;
    if (!resident)
        return plan_no_memory(p);
    for (uint32_t i = 0; i < n_in; i++)
        if (on_device(p, ir_operand(p->m, op, first + i)))
            resident[n_resident++] = plan_get(p, ir_operand(p->m, op, first + i));
    if (!plan_called(p, op, plan_callee(p, op, "allocate_slots_callee"), resident, n_resident, &slots, &n_slots))
        return false;
    if (n_slots < d->n_results)
        return plan_error(p, op, "has %u results, there are %u slots", d->n_results, n_slots);
    exec_slot *args = ARENA_ARRAY(p->a, exec_slot, n_in + n_slots + semaphores + 1); /* of semaphores: none */
    if (!args)
        return plan_no_memory(p);
    for (uint32_t i = 0; i < n_in; i++)
        if (!on_device(p, ir_operand(p->m, op, first + i)))
            args[n++] = plan_get(p, ir_operand(p->m, op, first + i));
    for (uint32_t i = 0; i < n_slots; i++) {
        bool stays = !slots[i] || among(resident, n_resident, slots[i]);
        args[n + i] = stays ? slots[i] : buffer_of(p, op, slots[i]);
        if (slots[i] && !args[n + i])
            return false;
    }
    if (!plan_called(p, op, plan_callee(p, op, "capture_callee"), args, n + n_slots + semaphores, &id, &n_id))
        return false;
    if (!plan_trace_flow(p, op, first, n_in, n_slots))
        return false;
    for (uint32_t i = 0; i < d->n_results; i++)
        if (!plan_set(p, d->results + i, args[n + n_slots - d->n_results + i]))
            return false;
    return true;
}
