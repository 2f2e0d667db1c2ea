/* pass_ccl.c - ttnn-configure-ccl-ops and ttnn-unique-locations: small passes over all ops. */
#include "base/map.h"
#include "compile/passes.h"
#include "compile/ttnn_build.h"

/* Collectives get the topology of their mesh axis. cluster_axis counts vertical first, mesh topologies horizontal. */
bool pass_configure_ccl(pass_context *p) {
    target_device d;
    if (!target_device_of_module(p->m, &d) || !d.has_topology)
        return true;
    static const str names[TARGET_N_TOPOLOGIES] = {STR_INIT("ring"), STR_INIT("linear"), STR_INIT("mesh"),
                                                   STR_INIT("torus"), STR_INIT("disabled")};
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op; op = ir_walk_next(p->m, p->scope, op)) {
        uint32_t id = op_id(p->m, op);
        int64_t axis = 0;
        if ((id != OP_ttnn_all_gather && id != OP_ttnn_all_reduce && id != OP_ttnn_reduce_scatter &&
             id != OP_ttnn_moe_compute) ||
            ir_op_attr(p->m, op, STR("topology")) || !op_int(p->m, op, STR("cluster_axis"), &axis) || axis < 0 ||
            axis >= d.mesh_rank)
            continue;
        uint8_t topology = d.topology[d.mesh_rank - 1 - axis];
        if (topology < TARGET_DISABLED)
            ir_set_prop(p->e, op, STR("topology"), dialect_make_case(p->c, ATTR_ttcore_topology, names[topology]));
    }
    return true;
}

/* Every op that makes a tensor has a name of its own, layout changes excepted. */
bool pass_unique_locations(pass_context *p) {
    struct map_str seen;
    map_str_init(&seen, p->m->mem);
    bool ok = true;
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op; op = ir_walk_next(p->m, p->scope, op)) {
        const ir_op_data *d = ir_op_at(p->m, op);
        if (!d->n_results || !tn_is_tensor(p->c, ir_value_type(p->m, d->results)) || !d->loc ||
            ir_kind_of(p->c, d->loc) != IR_LOC_NAME || op_is(p->m, op, OP_ttnn_to_tensor_spec))
            continue;
        str name = ir_str_of(p->c, ir_at(p->c, d->loc, 0));
        bool added;
        uint32_t *first = map_str_put(&seen, name, op, &added);
        if (!first) {
            ok = pass_out_of_memory(p);
            break;
        }
        if (!added)
            ok = pass_error_plain(p, op,
                                  "Operation '%.*s' has a non-unique location: '%.*s'. Previously seen in operation "
                                  "'%.*s'",
                                  STR_ARG(ir_op_name_str(p->m, op)), STR_ARG(name),
                                  STR_ARG(ir_op_name_str(p->m, *first)));
    }
    map_str_free(&seen);
    return ok;
}
