/* pass_weight_dtype.c - ttnn-weight-dtype-conversion and ttnn-kv-cache-dtype-conversion: weights of matmuls, and caches, in
 * the block formats (or bf16) that were asked for, by option or by the op's own ttcore.weight_dtype. */
#include "compile/passes.h"
#include "compile/ttnn_build.h"

static target_dtype block_dtype(str option) {
    return str_eq(option, STR("bfp_bf8")) ? DTYPE_BFP_BF8 : str_eq(option, STR("bfp_bf4")) ? DTYPE_BFP_BF4 : DTYPE_NONE;
}

/* ---- weights -------------------------------------------------------------------------------------------- */

/* What a value is computed from, in bits. */
enum {
    FROM_WEIGHTS = 1, /* no argument but those that hold parameters or constants */
    FROM_ANY = 2,     /* some argument */
};

/* By op of a function, in order: what its results are computed from. */
static uint8_t sources_of(pass_context *p, ir_value v, const uint8_t *of) {
    ir_op def = ir_def_op(p->m, v);
    if (def)
        return of[def];
    return dialect_argument_is_known(p->m, v) ? FROM_WEIGHTS | FROM_ANY : FROM_ANY;
}

static void note_sources(pass_context *p, ir_op op, uint8_t *of) {
    uint8_t all = FROM_WEIGHTS, any = 0;
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++) {
        uint8_t one = sources_of(p, ir_operand(p->m, op, i), of);
        all &= one;
        any |= one;
    }
    of[op] = all | (any & FROM_ANY);
}

/* bfp_bf4 is packed better on the host than on the device. */
static ir_value cast_weight(pass_context *p, ir_op op, ir_value v, target_dtype dtype) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type t = ir_value_type(p->m, v), to = tn_with_dtype(p, t, dtype);
    if (dtype != DTYPE_BFP_BF4)
        return tn_unary(p, OP_ttnn_typecast, loc, v, to);
    v = tn_unary(p, OP_ttnn_from_device, loc, v, tn_with_buffer(p, t, TTNN_SYSTEM));
    v = v ? tn_unary(p, OP_ttnn_typecast, loc, v, tn_with_dtype(p, ir_value_type(p->m, v), dtype)) : 0;
    ir_value operands[2] = {v, tn_device(p, op)};
    return v ? build_value(p, OP_ttnn_to_device, loc, operands, 2, to, 0) : 0;
}

static bool convert_weight(pass_context *p, ir_op op, target_dtype dtype, const uint8_t *of) {
    ir_value weight = ir_operand(p->m, op, 1);
    ir_attr own = ir_op_attr(p->m, op, STR("ttcore.weight_dtype"));
    if ((!own && dtype == DTYPE_NONE) || sources_of(p, weight, of) != (FROM_WEIGHTS | FROM_ANY))
        return true;
    if (own) {
        target_dtype asked = target_dtype_by_name(ir_str_of(p->c, own));
        if (asked == DTYPE_BFP_BF8 || asked == DTYPE_BFP_BF4 || asked == DTYPE_BF16)
            dtype = asked;
        else
            diag_add(p->d, DIAG_WARNING, NULL, 0, 0,
                     "ignoring invalid ttcore.weight_dtype \"%.*s\"; legal values are: bfp_bf8, bfp_bf4, bf16",
                     STR_ARG(ir_str_of(p->c, own)));
    }
    target_dtype now = tn_element_dtype(p->c, ir_value_type(p->m, weight));
    if (dtype == DTYPE_NONE || now == dtype || (now != DTYPE_BF16 && now != DTYPE_F32))
        return true;
    ir_edit_at(p->e, op);
    p->e->from = op;
    ir_value v = cast_weight(p, op, weight, dtype);
    if (!v)
        return pass_out_of_memory(p);
    ir_set_operand(p->e, op, 1, v);
    return true;
}

bool pass_weight_dtype(pass_context *p) {
    target_dtype dtype = block_dtype(p->o->weight_dtype);
    bool ok = true;
    uint8_t *of = ARENA_ARRAY(&p->scratch, uint8_t, p->m->n_ops); /* casts are new: nothing asks for them */
    if (!of)
        return pass_out_of_memory(p);
    for (each_func_inside(p->m, p->scope, func)) {
        ir_block b = body_of(p->m, func);
        for (ir_op op = b ? ir_block_at(p->m, b)->first : 0, next; op && ok; op = next) {
            next = ir_op_at(p->m, op)->next;
            note_sources(p, op, of);
            if (op_is(p->m, op, OP_ttnn_matmul) || op_is(p->m, op, OP_ttnn_linear) ||
                op_is(p->m, op, OP_ttnn_sparse_matmul))
                ok = convert_weight(p, op, dtype, of);
        }
    }
    p->e->from = 0;
    return ok;
}

/* ---- caches --------------------------------------------------------------------------------------------- */

static bool writes_cache(const ir_module *m, ir_op op) {
    return op_is(m, op, OP_ttnn_fill_cache) || op_is(m, op, OP_ttnn_update_cache) ||
           op_is(m, op, OP_ttnn_paged_fill_cache) || op_is(m, op, OP_ttnn_paged_update_cache);
}

static bool is_cache_argument(pass_context *p, ir_op func, ir_value v) {
    return ir_is_block_arg(p->m, v) && ir_arg_block(p->m, v) == body_of(p->m, func) &&
           func_arg_attr(p->m, func, ir_value_index(p->m, v), STR("ttcore.kv_cache"));
}

/* #ttcore<local_shape local_shape = tensor<...>> with another element type */
static ir_attr local_shape_as(pass_context *p, ir_attr a, target_dtype dtype) {
    ir_node t = dialect_is_attr(p->c, a, ATTR_ttcore_local_shape) ? dialect_param_at(p->c, a, 0) : 0;
    if (!t || !tn_is_tensor(p->c, t))
        return a;
    t = type_with_element(p, t, target_dtype_scalar(p->c, dtype));
    return dialect_make_attr(p->c, ATTR_ttcore_local_shape, &t);
}

/* The attribute of result i of a function (res_attrs), rewritten in place when it has a local shape. */
static void retype_result_shape(pass_context *p, ir_op func, uint32_t i, target_dtype dtype) {
    ir_attr all = ir_op_attr(p->m, func, STR("res_attrs"));
    if (!all || i >= ir_count(p->c, all))
        return;
    ir_attr one = ir_at(p->c, all, i), local = ir_dict_get(p->c, one, STR("ttcore.local_shape"));
    if (!local)
        return;
    uint32_t n = ir_count(p->c, all);
    ir_attr *copy = ARENA_ARRAY(&p->scratch, ir_attr, n);
    if (!copy)
        return;
    for (uint32_t k = 0; k < n; k++)
        copy[k] = ir_at(p->c, all, k);
    copy[i] = ir_dict_set(p->c, one, STR("ttcore.local_shape"), local_shape_as(p, local, dtype));
    ir_set_prop(p->e, func, STR("res_attrs"), ir_attr_array(p->c, copy, n));
}

static void retype_caches(pass_context *p, ir_op func, target_dtype dtype) {
    ir_block b = body_of(p->m, func);
    for (uint32_t i = 0; i < ir_block_at(p->m, b)->n_args; i++) {
        ir_value v = ir_block_at(p->m, b)->args + i;
        if (!is_cache_argument(p, func, v))
            continue;
        ir_set_type(p->e, v, tn_with_dtype(p, ir_value_type(p->m, v), dtype));
        ir_attr local = func_arg_attr(p->m, func, i, STR("ttcore.local_shape"));
        if (local)
            func_set_arg_attr(p, func, i, STR("ttcore.local_shape"), local_shape_as(p, local, dtype));
    }
    ir_op last = ir_block_at(p->m, b)->last;
    for (uint32_t i = 0; op_is(p->m, last, OP_func_return) && i < ir_op_at(p->m, last)->n_operands; i++)
        if (is_cache_argument(p, func, ir_operand(p->m, last, i)))
            retype_result_shape(p, func, i, dtype);
    update_function_type(p, func);
}

bool pass_kv_cache_dtype(pass_context *p) {
    target_dtype dtype = block_dtype(p->o->kv_cache_dtype);
    if (dtype == DTYPE_NONE)
        return true;
    for (each_func_inside(p->m, p->scope, func)) {
        ir_block b = body_of(p->m, func);
        if (!b || !str_eq(dialect_function_kind(p->m, func), STR("forward_device")))
            continue;
        bool reachable = true;
        for (ir_op op = ir_block_at(p->m, b)->first; op; op = ir_op_at(p->m, op)->next)
            if (writes_cache(p->m, op))
                reachable = reachable && is_cache_argument(p, func, ir_operand(p->m, op, 0));
        if (!reachable)
            continue; /* half a conversion would be none */
        retype_caches(p, func, dtype);
        for (ir_op op = ir_block_at(p->m, b)->first; op; op = ir_op_at(p->m, op)->next) {
            /* paged_update_cache takes f32 or bf16 and converts by itself */
            if (!writes_cache(p->m, op) || op_is(p->m, op, OP_ttnn_paged_update_cache))
                continue;
            ir_value v = ir_operand(p->m, op, 1);
            if (tn_element_dtype(p->c, ir_value_type(p->m, v)) == dtype)
                continue;
            ir_edit_at(p->e, op);
            p->e->from = op;
            v = tn_unary(p, OP_ttnn_typecast, ir_op_at(p->m, op)->loc, v,
                         tn_with_dtype(p, ir_value_type(p->m, v), dtype));
            if (!v)
                return pass_out_of_memory(p);
            ir_set_operand(p->e, op, 1, v);
        }
    }
    p->e->from = 0;
    return true;
}
