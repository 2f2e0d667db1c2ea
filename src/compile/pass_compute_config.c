/* pass_compute_config.c - ttnn-set-compute-kernel-config: fills compute_config on the ops that take one; what an op says
 * itself stays. At level 0 the defaults are hifi4 and 32-bit accumulation, above them the device decides. */
#include "compile/passes.h"
#include "compile/ttnn_build.h"

enum { LARGE_INNER_DIMENSION = 50000 }; /* vocabularies: bf16 accumulation loses too much over that many terms */

static bool takes_config(const op_def *d) {
    return d && d->dialect == DIALECT_ttnn && op_find_attr(d, STR("compute_config"), NULL) &&
           dialect_op_index(d) != OP_ttnn_sparse_matmul; /* has the attribute, but not the interface */
}

/* An unset field becomes `on` or `off` when the option says so. */
static ir_attr fill_flag(pass_context *p, ir_attr config, str name, compile_choice choice) {
    if (choice == COMPILE_DEFAULT || choice == COMPILE_UNSET || (config && dialect_param(p->c, config, name)))
        return config;
    return tn_param_set(p, config, ATTR_ttnn_device_compute_kernel_config, name,
                        ir_attr_bool(p->c, choice == COMPILE_ON));
}

static bool sums_many(pass_context *p, ir_op op) {
    if (!op_is(p->m, op, OP_ttnn_matmul) && !op_is(p->m, op, OP_ttnn_linear))
        return false;
    shape a = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    if (a.n < 1 || tn_element_dtype(p->c, ir_value_type(p->m, ir_result(p->m, op, 0))) != DTYPE_BF16)
        return false;
    return a.d[op_flag(p->m, op, STR("transpose_a")) && a.n > 1 ? a.n - 2 : a.n - 1] > LARGE_INNER_DIMENSION;
}

bool pass_compute_config(pass_context *p) {
    const compile_options *o = p->o;
    str fidelity = o->math_fidelity.n ? o->math_fidelity : o->level == 0 ? STR("hifi4") : STR("undefined");
    compile_choice accumulate = o->fp32_dest_acc;
    if (accumulate == COMPILE_DEFAULT && o->level == 0)
        accumulate = COMPILE_ON;
    const uint32_t def = ATTR_ttnn_device_compute_kernel_config;
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op; op = ir_walk_next(p->m, p->scope, op)) {
        if (!takes_config(dialect_def_of(p->m, op)))
            continue;
        ir_attr old = ir_op_attr(p->m, op, STR("compute_config")), config = old;
        if (!str_eq(fidelity, STR("undefined")) && !(config && dialect_param(p->c, config, STR("math_fidelity"))))
            config = tn_param_set(p, config, def, STR("math_fidelity"), dialect_keyword(p->c, fidelity));
        config = fill_flag(p, config, STR("math_approx_mode"), o->math_approx);
        config = fill_flag(p, config, STR("fp32_dest_acc_en"), accumulate);
        config = fill_flag(p, config, STR("packer_l1_acc"), o->packer_l1_acc);
        config = fill_flag(p, config, STR("dst_full_sync_en"), o->dst_full_sync);
        if (sums_many(p, op)) {
            config = tn_param_set(p, config, def, STR("fp32_dest_acc_en"), p->c->a_true);
            config = tn_param_set(p, config, def, STR("packer_l1_acc"), p->c->a_true);
        }
        if (config && config != old)
            ir_set_prop(p->e, op, STR("compute_config"), config);
    }
    return true;
}
