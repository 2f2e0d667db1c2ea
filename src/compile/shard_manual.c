/* shard_manual.c - manual computations that are manual along some axes of the mesh only: their insides are one device's part
 * along these, and whole along the others, which shardings inside may cut.
 *
 *   sdy.manual_computation manual_axes={"x"} {                          sdy.manual_computation manual_axes={"x"} {
 *     %1 = sdy.sharding_constraint %p <[{}, {"y"}]>   ──outline──▶       %1 = call @main_manual_0(%p)     cut along y as any function
 *     %2 = op %1                                                          sdy.return %1
 *     sdy.return %2                                                     }
 *   }
 *                     ──inline──▶  sdy.manual_computation manual_axes={"x", "y"} { parts along both }
 *
 * So a body is cut by the passes that cut functions; a dimension that both cut is cut by the manual axes first (openxla/shardy,
 * docs/sharding_representation.md). */
#include "compile/hlo.h"
#include "compile/shard_func.h"

static const str body_key = STR_INIT("tt.manual_body"); /* of functions that are bodies */

/* The axes that a manual computation is manual along, as bits. */
static uint32_t manual_bits(pass_context *p, const shard_mesh *mesh, ir_op op) {
    ir_attr names = ir_op_attr(p->m, op, STR("manual_axes"));
    ir_attr list = names ? dialect_param_at(p->c, names, 0) : 0;
    uint32_t bits = 0;
    for (uint32_t i = 0; i < list_count(p, list); i++)
        for (uint32_t a = 0; a < mesh->n; a++)
            if (str_eq(mesh->axis[a], ir_str_of(p->c, ir_at(p->c, list, i))))
                bits |= 1u << a;
    return bits;
}

/* What a sharding says of the axes among `bits`. */
static sharding along(const sharding *s, uint32_t bits) {
    sharding out = *s;
    for (int d = 0; d < s->rank; d++) {
        out.dim[d].n = 0;
        for (unsigned i = 0; i < s->dim[d].n; i++)
            if (bits >> s->dim[d].axis[i] & 1)
                out.dim[d].axis[out.dim[d].n++] = s->dim[d].axis[i];
    }
    out.whole &= bits;
    return out;
}

static bool read_listed(pass_context *p, const shard_mesh *mesh, ir_op op, ir_attr list, uint32_t i, ir_value v,
                        sharding *out) {
    const char *why;
    int rank = ir_rank(p->c, ir_value_type(p->m, v));
    if (rank < 0 || shard_read(p, mesh, shard_list_at(p, list, i), rank, out, &why))
        return true;
    return pass_error(p, op, "has a sharding that %s", why);
}

/* ---- outlining ------------------------------------------------------------------------------------------ */

/* A sdy.all_reduce along manual axes adds up what devices have, and does not only say how something is cut. */
static bool adds_up(pass_context *p, const shard_mesh *mesh, ir_op op, uint32_t manual) {
    ir_attr list = op_is(p->m, op, OP_sdy_all_reduce) ? ir_op_attr(p->m, op, STR("reduction_axes")) : 0;
    ir_attr axes = list ? dialect_param_at(p->c, list, 0) : 0;
    for (uint32_t i = 0; i < list_count(p, axes); i++)
        for (uint32_t a = 0; a < mesh->n; a++)
            if (manual >> a & 1 && str_eq(mesh->axis[a], dialect_param_text(p->c, ir_at(p->c, axes, i), STR("name"))))
                return true;
    return false;
}

/* Whether there is something to cut inside: a sharding of the body or its borders along an axis that is not manual. */
static bool is_wanted(pass_context *p, const shard_mesh *mesh, ir_op op, uint32_t manual) {
    ir_block body = body_of(p->m, op);
    bool fixed = false;
    for (ir_op i = body ? ir_block_at(p->m, body)->first : 0; i; i = ir_op_at(p->m, i)->next) {
        if (adds_up(p, mesh, i, manual))
            return false;
        fixed = fixed || shard_fixed(p, i) || ir_op_attr(p->m, i, STR("sdy.sharding"));
    }
    if (fixed)
        return true;
    const ir_op_data *o = ir_op_at(p->m, op);
    for (uint32_t i = 0; body && i < o->n_operands + o->n_results; i++) {
        bool in = i < o->n_operands;
        uint32_t at = in ? i : i - o->n_operands;
        ir_value v = in ? ir_operand(p->m, op, at) : ir_result(p->m, op, at);
        const char *why;
        sharding s;
        ir_attr list = ir_op_attr(p->m, op, in ? STR("in_shardings") : STR("out_shardings"));
        int rank = ir_rank(p->c, ir_value_type(p->m, v));
        if (rank >= 0 && shard_read(p, mesh, shard_list_at(p, list, at), rank, &s, &why) && shard_used(&s) & ~manual)
            return true;
    }
    return false;
}

/* Attributes of n arguments (results): their shardings along the other axes. 0 after an error. */
static ir_attr free_shardings(pass_context *p, const shard_mesh *mesh, ir_op op, bool in, uint32_t manual) {
    const ir_op_data *o = ir_op_at(p->m, op);
    uint32_t n = in ? o->n_operands : o->n_results;
    ir_attr *dicts = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    ir_attr list = ir_op_attr(p->m, op, in ? STR("in_shardings") : STR("out_shardings"));
    for (uint32_t i = 0; dicts && i < n; i++) {
        ir_value v = in ? ir_operand(p->m, op, i) : ir_result(p->m, op, i);
        sharding s = {0};
        if (!read_listed(p, mesh, op, list, i, v, &s))
            return 0;
        s = along(&s, ~manual);
        attr_entry a[] = {{STR("sdy.sharding"), shard_attr(p, mesh, &s, false)}};
        dicts[i] = make_dict(p, a, 1);
    }
    return dicts ? ir_attr_array(p->c, dicts, n) : 0;
}

/* A name for the body that no symbol of the module has; *number is the first that may be free, and the next one then. Without bytes
 * when out of memory. */
static str free_name(pass_context *p, ir_op func, uint32_t *number) {
    str name;
    do
        name = arena_printf(&p->scratch, "%.*s_manual_%u", STR_ARG(symbol_name(p->m, func)), (*number)++);
    while (name.p && find_symbol(p->m, p->scope, name));
    return name;
}

static bool outline(pass_context *p, const shard_mesh *mesh, ir_op func, ir_op op, uint32_t manual, uint32_t *number) {
    ir_block body = body_of(p->m, op), entry;
    ir_op end = ir_block_at(p->m, body)->last;
    uint32_t n = ir_block_at(p->m, body)->n_args, n_out = ir_op_at(p->m, end)->n_operands;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type *in = ARENA_ARRAY(&p->scratch, ir_type, n + 1), *out = ARENA_ARRAY(&p->scratch, ir_type, n_out + 1);
    ir_loc *locs = ARENA_ARRAY(&p->scratch, ir_loc, n + 1);
    ir_value *args = ARENA_ARRAY(&p->scratch, ir_value, n + n_out + 1);
    str name = free_name(p, func, number);
    if (!in || !out || !locs || !args || !name.p)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n; i++) {
        args[i] = ir_block_at(p->m, body)->args + i;
        in[i] = ir_value_type(p->m, args[i]);
        locs[i] = loc;
    }
    for (uint32_t i = 0; i < n_out; i++)
        out[i] = ir_value_type(p->m, ir_operand(p->m, end, i));
    ir_attr type = ir_attr_type(p->c, ir_type_function(p->c, in, n, out, n_out));
    attr_entry props[] = {{STR("arg_attrs"), free_shardings(p, mesh, op, true, manual)},
                          {STR("function_type"), type},
                          {STR("res_attrs"), free_shardings(p, mesh, op, false, manual)},
                          {STR("sym_name"), ir_attr_string(p->c, name, true)},
                          {STR("sym_visibility"), ir_attr_string(p->c, STR("private"), false)}};
    attr_entry mark = {body_key, p->c->a_unit};
    if (!props[0].value || !props[2].value)
        return p->m->failed || p->c->failed ? pass_out_of_memory(p) : false;
    ir_edit_at_end(p->e, ir_op_at(p->m, func)->block);
    ir_op made = ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_func_func),
                                              .loc = loc,
                                              .props = make_dict(p, props, 5),
                                              .attrs = make_dict(p, &mark, 1),
                                              .n_regions = 1});
    entry = made ? ir_new_block(p->e, ir_op_region(p->m, made, 0), in, locs, n) : 0;
    if (!entry)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n; i++)
        ir_replace_uses(p->e, args[i], ir_block_at(p->m, entry)->args + i);
    ir_value *results = args + n;
    for (uint32_t i = 0; i < n_out; i++)
        results[i] = ir_operand(p->m, end, i);
    ir_erase(p->e, end);
    ir_splice(p->e, body, entry, 0);
    ir_edit_at_end(p->e, entry);
    ir_build(p->e,
             &(ir_op_spec){.name = op_name(p, OP_func_return), .loc = loc, .operands = results, .n_operands = n_out});
    attr_entry callee = {STR("callee"), ir_attr_symbol(p->c, name, 0)};
    ir_edit_at_end(p->e, body);
    ir_op call = ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_func_call),
                                              .loc = loc,
                                              .operands = args,
                                              .n_operands = n,
                                              .results = out,
                                              .n_results = n_out,
                                              .props = make_dict(p, &callee, 1)});
    for (uint32_t i = 0; call && i < n_out; i++)
        results[i] = ir_result(p->m, call, i);
    ir_build(p->e,
             &(ir_op_spec){.name = op_name(p, OP_sdy_return), .loc = loc, .operands = results, .n_operands = n_out});
    return !p->m->failed || pass_out_of_memory(p);
}

bool shard_outline(pass_context *p, const shard_mesh *mesh, ir_op func) {
    ir_block body = body_of(p->m, func);
    uint32_t number = 0;
    for (ir_op op = body && mesh->n ? ir_block_at(p->m, body)->first : 0; op; op = ir_op_at(p->m, op)->next) {
        ir_block inner = op_is(p->m, op, OP_sdy_manual_computation) ? body_of(p->m, op) : 0;
        uint32_t manual = inner ? manual_bits(p, mesh, op) : 0;
        if (!inner || !op_is(p->m, ir_block_at(p->m, inner)->last, OP_sdy_return) ||
            ir_block_at(p->m, inner)->n_args != ir_op_at(p->m, op)->n_operands || !is_wanted(p, mesh, op, manual))
            continue;
        if (!outline(p, mesh, func, op, manual, &number))
            return false;
    }
    return true;
}

/* ---- inlining ------------------------------------------------------------------------------------------- */

/* The function that is the body of a manual computation; 0: it has its own. */
static ir_op outlined(pass_context *p, ir_op op) {
    ir_block body = op_is(p->m, op, OP_sdy_manual_computation) ? body_of(p->m, op) : 0;
    ir_op call = body ? ir_block_at(p->m, body)->first : 0;
    ir_attr callee = op_is(p->m, call, OP_func_call) ? ir_op_attr(p->m, call, STR("callee")) : 0;
    ir_op func = callee ? find_symbol(p->m, p->scope, ir_str_of(p->c, callee)) : 0;
    return func && ir_op_attr(p->m, func, body_key) ? func : 0;
}

/* Shardings along the manual axes, and behind them along those that the body is cut by. */
static ir_attr joined(pass_context *p, const shard_mesh *mesh, ir_op op, ir_op inner, bool in, uint32_t manual) {
    const ir_op_data *o = ir_op_at(p->m, op);
    str key = in ? STR("in_shardings") : STR("out_shardings");
    uint32_t n = in ? o->n_operands : o->n_results;
    ir_attr *list = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    for (uint32_t i = 0; list && i < n; i++) {
        ir_value v = in ? ir_operand(p->m, op, i) : ir_result(p->m, op, i);
        sharding s = {0}, more = {0};
        if (!read_listed(p, mesh, op, ir_op_attr(p->m, op, key), i, v, &s) ||
            !read_listed(p, mesh, op, ir_op_attr(p->m, inner, key), i, v, &more))
            return 0;
        s = along(&s, manual);
        for (int d = 0; d < s.rank; d++)
            for (unsigned k = 0; k < more.dim[d].n && s.dim[d].n < SHARD_MAX_AXES; k++)
                s.dim[d].axis[s.dim[d].n++] = more.dim[d].axis[k];
        list[i] = shard_attr(p, mesh, &s, true);
    }
    return list ? shard_list_attr(p, list, n) : 0;
}

static bool inline_body(pass_context *p, const shard_mesh *mesh, ir_op op, ir_op func) {
    ir_block body = body_of(p->m, op), from = body_of(p->m, func);
    ir_op call = ir_block_at(p->m, body)->first, inner = ir_block_at(p->m, from)->first;
    uint32_t n = ir_block_at(p->m, body)->n_args, n_out = ir_op_at(p->m, call)->n_results;
    ir_value *args = ARENA_ARRAY(&p->scratch, ir_value, n + 1), *out = ARENA_ARRAY(&p->scratch, ir_value, n_out + 1);
    if (!args || !out)
        return pass_out_of_memory(p);
    bool cut = op_is(p->m, inner, OP_sdy_manual_computation);
    ir_region region = ir_op_region(p->m, cut ? inner : func, 0);
    for (uint32_t i = 0; i < n; i++)
        args[i] = ir_block_at(p->m, body)->args + i;
    if (cut) {
        uint32_t manual = manual_bits(p, mesh, op);
        ir_attr in = joined(p, mesh, op, inner, true, manual), to = joined(p, mesh, op, inner, false, manual);
        if (!in || !to)
            return p->m->failed || p->c->failed ? pass_out_of_memory(p) : false;
        ir_set_prop(p->e, op, STR("in_shardings"), in);
        ir_set_prop(p->e, op, STR("out_shardings"), to);
        ir_set_prop(p->e, op, STR("manual_axes"), ir_op_attr(p->m, inner, STR("manual_axes")));
        for (uint32_t i = 0; i < n; i++)
            ir_set_type(p->e, args[i], ir_value_type(p->m, ir_block_at(p->m, body_of(p->m, inner))->args + i));
    }
    if (!ir_inline_region(p->e, region, call, args, out, n_out))
        return pass_out_of_memory(p);
    ir_replace(p->e, call, out);
    ir_erase(p->e, func);
    return !p->m->failed || pass_out_of_memory(p);
}

bool shard_inline(pass_context *p, const shard_mesh *mesh, ir_op func) {
    ir_block body = body_of(p->m, func);
    for (ir_op op = body ? ir_block_at(p->m, body)->first : 0; op; op = ir_op_at(p->m, op)->next) {
        ir_op inside = outlined(p, op);
        if (inside && !inline_body(p, mesh, op, inside))
            return false;
    }
    return true;
}
