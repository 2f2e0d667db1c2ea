/* ttcore-wrap-device-module: what is in the root module moves into ttcore.device_module { builtin.module { ... } }; the inner
 * module repeats the root's name and attributes. */
#include "compile/passes.h"

/* An op with one region that holds one empty block, at the insertion point. */
static ir_block build_shell(pass_context *p, uint32_t id, ir_loc loc, ir_attr props, ir_attr attrs) {
    ir_op op = ir_build(
        p->e, &(ir_op_spec){.name = op_name(p, id), .loc = loc, .props = props, .attrs = attrs, .n_regions = 1});
    return op ? ir_new_block(p->e, ir_op_region(p->m, op, 0), NULL, NULL, 0) : 0;
}

bool pass_wrap_device_module(pass_context *p) {
    ir_module *m = p->m;
    ir_block body = body_of(m, m->root);
    if (!body)
        return pass_error(p, m->root, "has no body");
    ir_op first = m->blocks[body].first, last = m->blocks[body].last;
    for (ir_op op = first; op; op = m->ops[op].next)
        if (op_is(m, op, OP_ttcore_device_module))
            return true;
    ir_loc loc = m->ops[m->root].loc;
    ir_edit_at_end(p->e, body);
    ir_block device = build_shell(p, OP_ttcore_device_module, loc, 0, 0);
    if (!device)
        return pass_out_of_memory(p);
    ir_edit_at_end(p->e, device);
    ir_block inner = build_shell(p, OP_builtin_module, loc, m->ops[m->root].props, m->ops[m->root].attrs);
    if (!inner)
        return pass_out_of_memory(p);
    for (ir_op op = first, next; last && op; op = op == last ? 0 : next) {
        next = m->ops[op].next;
        ir_move_to_end(p->e, op, inner);
    }
    return true;
}
