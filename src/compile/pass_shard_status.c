/* apply-argument-shard-status: which arguments and results are parts already when a program gets and gives them.
 *
 * tt-mlir takes every argument that has a sharding for such a one, and of results those that its option result-presharded
 * names. Here a module's own ttcore.shard_status stands, whole tensors are the default, and the options
 * argument-shard-status and result-presharded say so of the others; "unsharded" overrules the module. */
#include "compile/hlo.h"
#include "compile/passes.h"
#include "compile/shard_func.h"

static const str status_key = STR_INIT("ttcore.shard_status"), shape_key = STR_INIT("ttcore.local_shape");

static ir_attr status_attr(pass_context *p, bool presharded) {
    return dialect_make_case(p->c, ATTR_ttcore_shard_status, presharded ? STR("presharded") : STR("unsharded"));
}

static void set_arguments(pass_context *p, ir_op func, bool presharded) {
    uint32_t n = ir_block_at(p->m, body_of(p->m, func))->n_args;
    for (uint32_t i = 0; i < n; i++) {
        bool cut =
            func_arg_attr(p->m, func, i, STR("sdy.sharding")) || func_arg_attr(p->m, func, i, STR("mhlo.sharding"));
        if (presharded && func_arg_attr(p->m, func, i, status_key))
            continue;
        func_set_arg_attr(p, func, i, status_key, presharded ? status_attr(p, cut) : 0);
        func_set_arg_attr(p, func, i, shape_key, 0);
    }
}

/* The i-th entry of "0,1,1"; false when there are not n of them. */
static bool is_listed(str list, uint32_t i, uint32_t n, bool *out) {
    for (uint32_t at = 0; at < n; at++) {
        if (2 * at >= list.n || (list.p[2 * at] != '0' && list.p[2 * at] != '1') ||
            (at + 1 < n && (2 * at + 1 >= list.n || list.p[2 * at + 1] != ',')))
            return false;
        if (at == i)
            *out = list.p[2 * at] == '1';
    }
    return list.n == 2 * (size_t)n - 1;
}

static ir_attr result_attr(pass_context *p, ir_op func, uint32_t i) {
    ir_attr list = ir_op_attr(p->m, func, STR("res_attrs"));
    ir_attr dict = i < list_count(p, list) ? ir_at(p->c, list, i) : 0;
    return dict && ir_kind_of(p->c, dict) == IR_ATTR_DICT ? ir_dict_get(p->c, dict, status_key) : 0;
}

/* marked: also those that are whole. */
static bool set_results(pass_context *p, ir_op func, uint32_t n, bool marked) {
    str list = p->o->results_presharded;
    for (uint32_t i = 0; i < n; i++) {
        bool presharded = false;
        if (list.n && !is_listed(list, i, n, &presharded))
            return pass_error(p, func, "has %u results, and result-presharded is no list of %u numbers 0 or 1", n, n);
        if (!list.n && marked && result_attr(p, func, i))
            continue;
        if (!shard_set_result_attr(p, func, i, status_key, list.n || marked ? status_attr(p, presharded) : 0) ||
            !shard_set_result_attr(p, func, i, shape_key, 0))
            return false;
    }
    return true;
}

bool pass_shard_status(pass_context *p) {
    bool presharded = str_eq(p->o->argument_shard_status, STR("presharded"));
    bool unsharded = str_eq(p->o->argument_shard_status, STR("unsharded"));
    if (!hlo_is_there(p))
        return true;
    for (each_func_inside(p->m, p->scope, f)) {
        ir_block body = body_of(p->m, f);
        ir_op end = body ? ir_block_at(p->m, body)->last : 0;
        ir_attr visibility = ir_op_attr(p->m, f, STR("sym_visibility"));
        if (!op_is(p->m, end, OP_func_return) || (visibility && !str_eq(ir_str_of(p->c, visibility), STR("public"))))
            continue;
        if (presharded || unsharded)
            set_arguments(p, f, presharded);
        if ((p->o->results_presharded.n || presharded || unsharded) &&
            !set_results(p, f, ir_op_at(p->m, end)->n_operands, presharded))
            return false;
    }
    return !p->m->failed || pass_out_of_memory(p);
}
