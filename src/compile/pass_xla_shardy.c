/* convert-xla-sdy-to-sdy: what XLA writes of Shardy as text becomes Shardy's attributes and ops.
 *
 *   module     mhlo.frontend_attributes = {xla.sdy.meshes = "{mesh = #sdy.mesh<...>}"}              sdy.mesh @mesh
 *   argument   mhlo.frontend_attributes = {xla.sdy.sharding = "#sdy.sharding<...>"}                 sdy.sharding
 *   call       @Sharding, @tt.sharding_constraint, @xla.sdy.FuncResultSharding with such a text     sdy.sharding_constraint
 *   call       mhlo.frontend_attributes = {xla.sdy.custom_sharding_rule = "#sdy.op_sharding_rule<...>"}   sdy.sharding_rule
 *
 * The same of one tensor in mhlo.sharding goes. A constraint @tt.sharding_constraint may name axes by number (mesh_idx_0). */
#include "compile/hlo.h"
#include "compile/passes.h"
#include "compile/shard.h"
#include "text/text.h"

static const str frontend_key = STR_INIT("mhlo.frontend_attributes"), gspmd_key = STR_INIT("mhlo.sharding"),
                 text_key = STR_INIT("xla.sdy.sharding"), rule_key = STR_INIT("xla.sdy.custom_sharding_rule"),
                 sharding_key = STR_INIT("sdy.sharding");

/* A text in mhlo.frontend_attributes of a dictionary; empty when there is none. */
static str text_in(pass_context *p, ir_attr dict, str key) {
    ir_attr inner = dict && ir_kind_of(p->c, dict) == IR_ATTR_DICT ? ir_dict_get(p->c, dict, frontend_key) : 0;
    ir_attr a = inner && ir_kind_of(p->c, inner) == IR_ATTR_DICT ? ir_dict_get(p->c, inner, key) : 0;
    return a && ir_kind_of(p->c, a) == IR_ATTR_STRING ? str_trim(ir_str_of(p->c, a)) : STR("");
}

/* ---- attributes from text ------------------------------------------------------------------------------- */

static const char no_attr[] = "has a text that is no attribute of Shardy";

/* The attribute that a text means; 0 after an error. */
static ir_attr read_attr(pass_context *p, ir_op at, str text, const char *complaint) {
    str module = arena_printf(&p->scratch, "module attributes {a = %.*s} {}\n", STR_ARG(text));
    char *kept = module.p ? ir_context_copy(p->c, module.p, module.n + 1) : NULL; /* the reader points into it */
    if (!kept)
        return pass_out_of_memory(p), 0;
    struct diags d;
    diags_init(&d, p->m->mem);
    ir_module *m = text_read(p->c, str_of(kept, module.n), STR("sharding"), NULL, &d);
    ir_attr a = m ? ir_op_attr(m, m->root, STR("a")) : 0;
    bool full = !m && d.oom;
    ir_module_free(m);
    diags_free(&d);
    if (full)
        return pass_out_of_memory(p), 0;
    return a ? a : (pass_error(p, at, "%s: %.*s", complaint, STR_ARG(text)), 0);
}

static bool misfit(pass_context *p, ir_op op, str text) {
    return p->m->failed ? pass_out_of_memory(p)
                        : pass_error(p, op, "has a text that is no sharding: %.*s", STR_ARG(text));
}

/* The sharding that a text means: of one tensor, or the only one of a list. */
static bool read_sharding(pass_context *p, ir_op op, str text, ir_attr *out) {
    ir_attr a = *out = read_attr(p, op, text, no_attr);
    if (a && dialect_is_attr(p->c, a, ATTR_sdy_sharding_per_value))
        *out = shard_list_at(p, a, 0);
    return a && ((*out && dialect_is_attr(p->c, *out, ATTR_sdy_sharding)) || misfit(p, op, text));
}

/* Axes by number get the names that they have: mesh_idx_1 is the second axis. */
static str with_axis_names(pass_context *p, const shard_mesh *mesh, str text) {
    static const str prefix = STR_INIT("\"mesh_idx_");
    str out = STR("");
    size_t done = 0;
    for (size_t at = 0; at + prefix.n + 1 < text.n; at++) {
        uint32_t axis = (uint32_t)text.p[at + prefix.n] - '0';
        if (!str_starts_with(str_from(text, at), prefix) || text.p[at + prefix.n + 1] != '"' || axis >= mesh->n)
            continue;
        out = arena_printf(&p->scratch, "%.*s%.*s\"%.*s\"", STR_ARG(out), STR_ARG(str_slice(text, done, at)),
                           STR_ARG(mesh->axis[axis]));
        done = at + prefix.n + 2;
    }
    return done ? arena_printf(&p->scratch, "%.*s%.*s", STR_ARG(out), STR_ARG(str_from(text, done))) : text;
}

/* ---- module, functions ---------------------------------------------------------------------------------- */

static bool convert_meshes(pass_context *p) {
    ir_op module = p->scope;
    str text = text_in(p, ir_op_at(p->m, module)->attrs, STR("xla.sdy.meshes"));
    ir_attr all = text.n ? read_attr(p, module, text, no_attr) : 0;
    if (!text.n)
        return true;
    if (!all || ir_kind_of(p->c, all) != IR_ATTR_DICT)
        return all ? misfit(p, module, text) : false;
    ir_edit_at_start(p->e, body_of(p->m, module));
    for (uint32_t i = 0; i + 1 < ir_count(p->c, all); i += 2) {
        str name = ir_str_of(p->c, ir_at(p->c, all, i));
        ir_attr mesh = ir_at(p->c, all, i + 1);
        if (!dialect_is_attr(p->c, mesh, ATTR_sdy_mesh))
            return misfit(p, module, text);
        if (lookup_symbol(p, module, name))
            continue;
        attr_entry a[] = {{STR("mesh"), mesh}, {STR("sym_name"), ir_attr_string(p->c, name, true)}};
        ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_sdy_mesh),
                                     .loc = ir_op_at(p->m, module)->loc,
                                     .props = make_dict(p, a, 2)});
    }
    ir_set_attr(p->e, module, frontend_key, 0);
    return true;
}

/* Dictionaries of arguments or results. */
static bool convert_dicts(pass_context *p, ir_op func, str key) {
    ir_attr list = ir_op_attr(p->m, func, key);
    uint32_t n = list_count(p, list);
    ir_attr *dicts = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    bool any = false;
    if (!dicts)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n; i++) {
        ir_attr cut;
        dicts[i] = ir_at(p->c, list, i);
        str text = text_in(p, dicts[i], text_key);
        if (!text.n)
            continue;
        if (!read_sharding(p, func, text, &cut))
            return false;
        dicts[i] = ir_dict_set(p->c, dicts[i], frontend_key, 0);
        dicts[i] = ir_dict_set(p->c, dicts[i], gspmd_key, 0);
        dicts[i] = ir_dict_set(p->c, dicts[i], sharding_key, cut);
        any = true;
    }
    if (any)
        ir_set_prop(p->e, func, key, ir_attr_array(p->c, dicts, n));
    return true;
}

/* ---- calls ---------------------------------------------------------------------------------------------- */

/* Whether the mappings of a rule are about n values with these dimensions; else an error, in the words of Shardy's verifier. */
static bool mappings_fit(pass_context *p, ir_op op, ir_attr rule, bool results) {
    ir_attr list = dialect_param(p->c, rule, results ? STR("result_mappings") : STR("operand_mappings"));
    uint32_t n = results ? ir_op_at(p->m, op)->n_results : ir_op_at(p->m, op)->n_operands;
    const char *what = results ? "result" : "operand";
    int64_t sizes[RULE_MAX_FACTORS], factors[RULE_MAX_SPLIT];
    uint32_t n_sizes = dialect_param_ints(p->c, rule, STR("factor_sizes"), sizes, RULE_MAX_FACTORS);
    if (list_count(p, list) != n || n_sizes > RULE_MAX_FACTORS)
        return pass_error(p, op, "number of %ss and mappings must match: %u != %u", what, n, list_count(p, list));
    for (uint32_t t = 0; t < n; t++) {
        ir_attr dims = dialect_param(p->c, ir_at(p->c, list, t), STR("dim_mappings"));
        shape s;
        if (!shape_of(p->m, results ? ir_result(p->m, op, t) : ir_operand(p->m, op, t), &s) ||
            list_count(p, dims) != (uint32_t)s.n)
            return pass_error(p, op, "%s - mapping rank must match: %u != %d (%s %u)", what, list_count(p, dims), s.n,
                              what, t);
        bool used[RULE_MAX_FACTORS] = {false};
        for (uint32_t d = 0; d < list_count(p, dims); d++) {
            uint32_t n_factors =
                dialect_param_ints(p->c, ir_at(p->c, dims, d), STR("factor_indices"), factors, RULE_MAX_SPLIT);
            int64_t size = 1;
            for (uint32_t i = 0; i < n_factors && i < RULE_MAX_SPLIT; i++) {
                if (factors[i] >= 0 && factors[i] < n_sizes && used[factors[i]])
                    return pass_error(p, op, "%s - cannot reuse factors for the same tensor value (%s %u)", what, what,
                                      t);
                if (factors[i] >= 0 && factors[i] < n_sizes)
                    used[factors[i]] = true;
            }
            for (uint32_t i = 0; i < n_factors && i < RULE_MAX_SPLIT && size > 0; i++)
                size = factors[i] >= 0 && factors[i] < n_sizes && sizes[factors[i]] > 0 &&
                               sizes[factors[i]] <= s.d[d] / size
                           ? size * sizes[factors[i]]
                           : 0;
            if (n_factors > RULE_MAX_SPLIT || (n_factors && size != s.d[d]))
                return pass_error(p, op, "has a sharding rule whose factors are not dimension %u of %s %u", d, what, t);
        }
    }
    return true;
}

static bool convert_rule(pass_context *p, ir_op op) {
    static const char no_rule[] =
        "failed to parse 'xla.sdy.custom_sharding_rule' frontend attribute as an #sdy.op_sharding_rule";
    str text = text_in(p, ir_op_at(p->m, op)->attrs, rule_key);
    ir_attr rule = text.n ? read_attr(p, op, text, no_rule) : 0;
    if (rule && !dialect_is_attr(p->c, rule, ATTR_sdy_op_sharding_rule))
        return pass_error(p, op, "%s: %.*s", no_rule, STR_ARG(text));
    if (rule && (!mappings_fit(p, op, rule, false) || !mappings_fit(p, op, rule, true)))
        return false;
    if (rule)
        ir_set_attr(p->e, op, STR("sdy.sharding_rule"), rule);
    return rule || !text.n;
}

static bool convert_call(pass_context *p, ir_op op, const shard_mesh *mesh) {
    static const str names[] = {STR_INIT("Sharding"), STR_INIT("tt.sharding_constraint"),
                                STR_INIT("xla.sdy.FuncResultSharding")};
    ir_attr name = ir_op_attr(p->m, op, STR("call_target_name")), cut;
    str text = text_in(p, ir_op_at(p->m, op)->attrs, text_key);
    bool constraint = false;
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++)
        constraint = constraint || str_eq(ir_str_of(p->c, name), names[i]);
    const ir_op_data *o = ir_op_at(p->m, op);
    if (!constraint || !text.n || o->n_operands != 1 || o->n_results != 1)
        return convert_rule(p, op);
    if (!read_sharding(p, op, with_axis_names(p, mesh, text), &cut))
        return false;
    ir_value v = ir_operand(p->m, op, 0);
    attr_entry a[] = {{STR("sharding"), cut}};
    ir_edit_at(p->e, op);
    p->e->from = op;
    v = build_value(p, OP_sdy_sharding_constraint, o->loc, &v, 1, ir_value_type(p->m, ir_result(p->m, op, 0)),
                    make_dict(p, a, 1));
    p->e->from = 0;
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

static bool one_module(pass_context *p) {
    shard_mesh mesh;
    if (!body_of(p->m, p->scope))
        return true;
    if (!convert_meshes(p) || !shard_find_mesh(p, p->scope, &mesh))
        return false;
    for (ir_op op = p->scope, next; op; op = next) {
        next = ir_walk_next(p->m, p->scope, op);
        bool ok = true;
        if (op_is(p->m, op, OP_func_func))
            ok = convert_dicts(p, op, STR("arg_attrs")) && convert_dicts(p, op, STR("res_attrs"));
        else if (op_is(p->m, op, OP_stablehlo_custom_call))
            ok = convert_call(p, op, &mesh);
        if (!ok)
            return p->m->failed ? pass_out_of_memory(p) : false;
    }
    return !p->m->failed || pass_out_of_memory(p);
}

bool pass_xla_shardy(pass_context *p) {
    return !hlo_is_there(p) || pass_each_module(p, one_module);
}
