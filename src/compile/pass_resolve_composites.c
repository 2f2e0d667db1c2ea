/* pass_resolve_composites.c - ttnn-resolve-composites: a ttcore.composite is replaced by what its decomposition function
 * does, or by the op that it stands for: when composite-resolution is force-promote, and with an optimizer where the kernel is
 * known to take it, which tt-mlir asks its op model. Decomposition functions that nobody mentions any more go. */
#include "compile/passes.h"
#include "compile/symbol_uses.h"
#include "compile/ttnn_decompose.h"
#include "compile/value_map.h"

/* ---- the op that a composite stands for ----------------------------------------------------------------- */

static ir_attr parameter(pass_context *p, ir_op op, str name) {
    return ir_dict_get(p->c, ir_op_attr(p->m, op, STR("composite_attributes")), name);
}

static bool parameter_set(pass_context *p, ir_op op, str name) {
    return parameter(p, op, name) == p->c->a_true;
}

static ir_attr as_type(pass_context *p, ir_attr a, uint32_t width, ir_signedness sign) {
    int64_t v;
    return a && ir_int_value(p->c, a, &v) ? ir_attr_int(p->c, ir_type_integer(p->c, width, sign), v) : 0;
}

static ir_op build_with(pass_context *p, ir_op op, uint32_t id, const int32_t *sizes, const attr_entry *props,
                        uint32_t n_props) {
    ir_value v[8];
    ir_type types[8];
    const ir_op_data *d = ir_op_at(p->m, op);
    if (d->n_operands > 8 || d->n_results > 8)
        return 0;
    for (uint32_t i = 0; i < d->n_operands; i++)
        v[i] = ir_operand(p->m, op, i);
    for (uint32_t i = 0; i < d->n_results; i++)
        types[i] = ir_value_type(p->m, d->results + i);
    build_args a = {id, d->loc, v, d->n_operands, sizes, types, d->n_results, make_dict(p, props, n_props), 0};
    return build_op(p, &a);
}

/* 0 when the composite is none of the known ones, or not on this device. */
static ir_op promote(pass_context *p, ir_op op) {
    ir_attr a = ir_op_attr(p->m, op, STR("composite_name"));
    str name = a ? ir_str_of(p->c, a) : STR("");
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    if (str_eq(name, STR("topk_router_gpt")) && n == 3) {
        attr_entry props[] = {{STR("k"), as_type(p, parameter(p, op, STR("k")), 32, IR_SIGNLESS)},
                              {STR("num_experts"), as_type(p, parameter(p, op, STR("num_experts")), 32, IR_SIGNLESS)}};
        return props[0].value && props[1].value ? build_with(p, op, OP_ttnn_topk_router_gpt, NULL, props, 2) : 0;
    }
    if (str_eq(name, STR("rotary_embedding")) && n == 3)
        return build_with(p, op, OP_ttnn_rotary_embedding, NULL, NULL, 0);
    if (str_eq(name, STR("flash_mla_prefill"))) {
        int32_t value = parameter_set(p, op, STR("has_value")) ? 1 : 0;
        int32_t mask = parameter_set(p, op, STR("has_attention_mask")) ? 1 : 0, sizes[4] = {1, 1, value, mask};
        attr_entry props[] = {{STR("head_dim_v"), as_type(p, parameter(p, op, STR("head_dim_v")), 32, IR_UNSIGNED)},
                              {STR("is_causal"), parameter(p, op, STR("is_causal"))},
                              {STR("scale"), parameter(p, op, STR("scale"))}};
        return n == 2 + (uint32_t)(value + mask) && props[0].value
                   ? build_with(p, op, OP_ttnn_flash_mla_prefill, sizes, props, 3)
                   : 0;
    }
    if (str_eq(name, STR("indexer_score_dsa")) && n == 3) {
        target_device d; /* Blackhole has the kernel, others do not */
        if (target_device_of_module(p->m, &d) && d.arch != TARGET_BLACKHOLE)
            return 0;
        ir_attr start = as_type(p, parameter(p, op, STR("chunk_start_idx")), 32, IR_UNSIGNED);
        attr_entry props[] = {
            {STR("chunk_start_idx"), start ? start : ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), 0)},
            {STR("cluster_axis"), as_type(p, parameter(p, op, STR("cluster_axis")), 32, IR_UNSIGNED)}};
        return build_with(p, op, OP_ttnn_indexer_score_dsa, NULL, props, 2);
    }
    return 0;
}

/* Whether the kernel of rotary embedding takes x (B, H, S, D) and tables (1, 1, S, D): it swaps whole tiles of a row's halves.
 * The forms that tt-mlir's own tests expect it for (rope_in_models.mlir), and its models have. */
static bool rotary_takes(pass_context *p, ir_op op) {
    shape x = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    bool takes = x.n == 4 && x.d[3] && x.d[3] % (2 * TARGET_TILE) == 0 &&
                 ir_value_type(p->m, ir_result(p->m, op, 0)) == ir_value_type(p->m, ir_operand(p->m, op, 0));
    shape table = tn_shape4(1, 1, x.n == 4 ? x.d[2] : 0, x.n == 4 ? x.d[3] : 0);
    for (uint32_t i = 0; takes && i < 3; i++) {
        ir_type t = ir_value_type(p->m, ir_operand(p->m, op, i));
        shape s = tn_shape_of_type(p->c, t);
        takes = tn_dtype(p->c, t) == DTYPE_BF16 && tn_is_tiled(p->c, t) && (!i || shape_equal(&s, &table));
    }
    return takes;
}

static bool kernel_takes(pass_context *p, ir_op op) {
    ir_attr name = ir_op_attr(p->m, op, STR("composite_name"));
    return name && str_eq(ir_str_of(p->c, name), STR("rotary_embedding")) && ir_op_at(p->m, op)->n_operands == 3 &&
           ir_op_at(p->m, op)->n_results == 1 && rotary_takes(p, op);
}

/* ---- inlining ------------------------------------------------------------------------------------------- */

static bool inline_body(pass_context *p, ir_op op, ir_op func, value_map *map) {
    ir_block b = body_of(p->m, func);
    ir_op last = b ? ir_block_at(p->m, b)->last : 0;
    uint32_t n_results = ir_op_at(p->m, op)->n_results;
    if (!op_is(p->m, last, OP_func_return) || ir_op_at(p->m, last)->n_operands != n_results ||
        ir_block_at(p->m, b)->n_args > ir_op_at(p->m, op)->n_operands)
        return pass_error(p, op, "decomposition function '%.*s' must have func.return terminator",
                          STR_ARG(symbol_name(p->m, func)));
    ir_value *results = ARENA_ARRAY(&p->scratch, ir_value, n_results + 1);
    if (!results || !value_map_room(p->m, map))
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < ir_block_at(p->m, b)->n_args; i++)
        map->v[ir_block_at(p->m, b)->args + i] = ir_operand(p->m, op, i);
    ir_edit_at(p->e, op);
    p->e->from = op;
    for (ir_op inner = ir_block_at(p->m, b)->first; inner != last; inner = ir_op_at(p->m, inner)->next)
        if (!ir_clone_op(p->e, inner, map->v, (uint32_t)map->n))
            return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n_results; i++) {
        ir_value v = ir_operand(p->m, last, i);
        results[i] = map->v[v] ? map->v[v] : v;
    }
    value_map_clear(p->m, map, func);
    ir_replace(p->e, op, results);
    return true;
}

static void note_symbol(void *arg, str root) {
    struct map_str *used = arg;
    map_str_put(used, root, 0, NULL);
}

/* Decomposition functions that nothing mentions any more go. */
static bool erase_unused(pass_context *p, const ir_op *funcs, uint32_t n) {
    struct map_str used;
    map_str_init(&used, p->m->mem);
    bool ok = true;
    for (ir_op op = n ? p->scope : 0; ok && op; op = ir_walk_next(p->m, p->scope, op))
        ok = each_symbol_use(p, op, note_symbol, &used);
    for (uint32_t i = 0; ok && i < n; i++)
        if (ir_op_at(p->m, funcs[i])->name && !map_str_get(&used, symbol_name(p->m, funcs[i])))
            ir_erase(p->e, funcs[i]);
    map_str_free(&used);
    return ok;
}

static bool resolve(pass_context *p, ir_op op, ir_op func, str name, bool promoting, value_map *map) {
    ir_edit_at(p->e, op);
    p->e->from = op;
    ir_op typed = promoting ? promote(p, op) : 0;
    if (!typed && !func)
        return pass_error(p, op, "decomposition function '%.*s' not found", STR_ARG(name));
    if (!typed)
        return inline_body(p, op, func, map);
    ir_value results[8];
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_results; i++)
        results[i] = ir_result(p->m, typed, i);
    ir_replace(p->e, op, results);
    return true;
}

bool pass_resolve_composites(pass_context *p) {
    bool always = str_eq(p->o->composite_resolution, STR("force-promote")), ok = true;
    bool ask = str_eq(p->o->composite_resolution, STR("auto")) && ttnn_decompose_keeps_kernels(p->o);
    uint32_t n = 0, n_funcs = 0;
    for (ir_op op = p->scope; op; op = ir_walk_next(p->m, p->scope, op))
        n += op_is(p->m, op, OP_ttcore_composite);
    ir_op *funcs = ARENA_ARRAY(&p->scratch, ir_op, n + 1); /* of the composites there are now; copies have the same */
    if (!funcs)
        return pass_out_of_memory(p);
    value_map map;
    vec_init(&map, p->m->mem);
    for (ir_op op = n ? p->scope : 0, next; ok && op; op = next) {
        next = ir_walk_next(p->m, p->scope, op);
        if (!op_is(p->m, op, OP_ttcore_composite))
            continue;
        ir_attr symbol = ir_op_attr(p->m, op, STR("decomposition"));
        str name = symbol ? ir_str_of(p->c, symbol) : STR("");
        ir_op func = lookup_symbol_from(p, op, symbol);
        if (func && n_funcs < n)
            funcs[n_funcs++] = func;
        ok = resolve(p, op, func, name, always || (ask && kernel_takes(p, op)), &map);
    }
    vec_free(&map);
    p->e->from = 0;
    return ok && erase_unused(p, funcs, n_funcs);
}
