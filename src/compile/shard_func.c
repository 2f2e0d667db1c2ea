/* shard_func.c - functions whose tensors are to be cut. */
#include "compile/shard_func.h"

/* Ops whose attribute says how their result is cut, and which otherwise give their operand. */
static const struct {
    uint16_t op;
    str key;
} fixing[] = {
    {OP_sdy_all_gather, STR_INIT("out_sharding")},
    {OP_sdy_all_reduce, STR_INIT("out_sharding")},
    {OP_sdy_all_slice, STR_INIT("out_sharding")},
    {OP_sdy_all_to_all, STR_INIT("out_sharding")},
    {OP_sdy_collective_permute, STR_INIT("out_sharding")},
    {OP_sdy_reduce_scatter, STR_INIT("out_sharding")},
    {OP_sdy_reshard, STR_INIT("sharding")},
    {OP_sdy_sharding_constraint, STR_INIT("sharding")},
};

ir_attr shard_fixed(pass_context *p, ir_op op) {
    uint32_t id = op_id(p->m, op);
    for (size_t i = 0; i < sizeof fixing / sizeof fixing[0]; i++)
        if (fixing[i].op == id)
            return ir_op_attr(p->m, op, fixing[i].key);
    return 0;
}

static bool has_sharding(pass_context *p, ir_attr list) {
    uint32_t n = list_count(p, list);
    for (uint32_t i = 0; i < n; i++)
        if (ir_kind_of(p->c, ir_at(p->c, list, i)) == IR_ATTR_DICT &&
            ir_dict_get(p->c, ir_at(p->c, list, i), STR("sdy.sharding")))
            return true;
    return false;
}

bool shard_is_wanted(pass_context *p, ir_op func) {
    ir_block body = body_of(p->m, func);
    if (!body || !op_is(p->m, ir_block_at(p->m, body)->last, OP_func_return))
        return false;
    bool wanted = has_sharding(p, ir_op_attr(p->m, func, STR("arg_attrs"))) ||
                  has_sharding(p, ir_op_attr(p->m, func, STR("res_attrs")));
    for (ir_op op = ir_block_at(p->m, body)->first; op; op = ir_op_at(p->m, op)->next) {
        if (op_is(p->m, op, OP_sdy_manual_computation))
            return false;
        wanted = wanted || shard_fixed(p, op) || ir_op_attr(p->m, op, STR("sdy.sharding"));
    }
    return wanted;
}

static ir_value constrained(pass_context *p, ir_loc loc, ir_value v, ir_attr list, uint32_t i) {
    attr_entry a[] = {{STR("sharding"), shard_list_at(p, list, i)}};
    return a[0].value
               ? build_value(p, OP_sdy_sharding_constraint, loc, &v, 1, ir_value_type(p->m, v), make_dict(p, a, 1))
               : v;
}

static bool unwrap(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr in = ir_op_attr(p->m, op, STR("in_shardings")), out = ir_op_attr(p->m, op, STR("out_shardings"));
    uint32_t n = o->n_operands, n_results = o->n_results;
    ir_loc loc = o->loc;
    ir_value *args = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    ir_value *results = ARENA_ARRAY(&p->scratch, ir_value, n_results + 1);
    if (!args || !results)
        return pass_out_of_memory(p);
    ir_edit_at(p->e, op);
    p->e->from = op;
    for (uint32_t i = 0; i < n; i++)
        if (!(args[i] = constrained(p, loc, ir_operand(p->m, op, i), in, i)))
            return pass_out_of_memory(p);
    if (!ir_inline_region(p->e, ir_op_region(p->m, op, 0), op, args, results, n_results))
        return p->m->failed ? pass_out_of_memory(p) : pass_error(p, op, "has a body of another form");
    ir_edit_at(p->e, op);
    for (uint32_t i = 0; i < n_results; i++)
        if (!(results[i] = constrained(p, loc, results[i], out, i)))
            return pass_out_of_memory(p);
    p->e->from = 0;
    ir_replace(p->e, op, results);
    return true;
}

bool shard_unwrap(pass_context *p, ir_op func) {
    ir_block body = body_of(p->m, func);
    for (ir_op op = body ? ir_block_at(p->m, body)->first : 0, next; op; op = next) {
        next = ir_op_at(p->m, op)->next;
        ir_attr axes = op_is(p->m, op, OP_sdy_manual_computation) ? ir_op_attr(p->m, op, STR("manual_axes")) : 0;
        ir_block inner = axes ? body_of(p->m, op) : 0;
        if (!inner || list_count(p, dialect_param_at(p->c, axes, 0)) ||
            ir_block_at(p->m, inner)->n_args != ir_op_at(p->m, op)->n_operands)
            continue;
        if (!unwrap(p, op))
            return false;
    }
    return true;
}

ir_attr shard_result_attr(pass_context *p, ir_op func, uint32_t i) {
    ir_attr list = ir_op_attr(p->m, func, STR("res_attrs"));
    ir_attr dict = i < list_count(p, list) ? ir_at(p->c, list, i) : 0;
    return dict && ir_kind_of(p->c, dict) == IR_ATTR_DICT ? ir_dict_get(p->c, dict, STR("sdy.sharding")) : 0;
}

bool shard_set_result_attr(pass_context *p, ir_op func, uint32_t i, str key, ir_attr a) {
    ir_block body = body_of(p->m, func);
    uint32_t n = body ? ir_op_at(p->m, ir_block_at(p->m, body)->last)->n_operands : 0;
    ir_attr list = ir_op_attr(p->m, func, STR("res_attrs"));
    uint32_t had = list_count(p, list);
    ir_attr *dicts = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    bool any = false;
    if (!dicts || i >= n)
        return dicts || pass_out_of_memory(p);
    for (uint32_t k = 0; k < n; k++) {
        dicts[k] = k < had ? ir_at(p->c, list, k) : p->c->a_empty_dict;
        if (k == i)
            dicts[k] = ir_dict_set(p->c, dicts[k], key, a);
        any = any || (dicts[k] && ir_count(p->c, dicts[k]));
    }
    ir_set_prop(p->e, func, STR("res_attrs"), any ? ir_attr_array(p->c, dicts, n) : 0);
    return true;
}

shard_rule *shard_identity_rule(pass_context *p, ir_value v) {
    shard_rule *r = ARENA_NEW(&p->scratch, shard_rule);
    rule_tensor *tensors = ARENA_ARRAY(&p->scratch, rule_tensor, 2);
    shape s;
    if (!r || !tensors)
        return NULL;
    if (!shape_of(p->m, v, &s))
        s.n = 0;
    *r = (shard_rule){.n_operands = 1, .n_results = 1, .passes = true, .tensors = tensors};
    tensors[0].rank = tensors[1].rank = s.n;
    for (int d = 0; d < s.n; d++) {
        r->size[r->n_factors] = s.d[d];
        tensors[0].dim[d] = tensors[1].dim[d] = (rule_dim){1, {(uint8_t)r->n_factors++}};
    }
    return r;
}
