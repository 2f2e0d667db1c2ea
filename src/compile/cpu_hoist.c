/* Functions of the CPU module. A function is named by the hash of its text as MLIR prints it, so it is built in a small
 * module of its own first, hashed, and built again where it belongs when it is new. */
#include "compile/cpu_hoist.h"

#include "base/map.h"
#include "base/sha256.h"
#include "compile/constant.h"
#include "text/text.h"

struct hoist {
    pass_context *p;
    ir_op device, cpu;      /* the modules */
    struct map_str by_hash; /* func_hash -> declaration */
    uint32_t *group_of;     /* by op: number of its group + 1 */
    uint32_t n_group_of;
    ir_value *map; /* by value: the copy of a group's result in the function that is being built */
};

/* ---- types ---------------------------------------------------------------------------------------------- */

/* The element type on the CPU: 32 bits wide. */
static ir_type cpu_element(ir_context *c, ir_type t) {
    if (ir_kind_of(c, t) == IR_TYPE_INTEGER)
        return ir_type_integer(c, 32, (ir_signedness)ir_flags_of(c, t));
    return ir_kind_of(c, t) == IR_TYPE_FLOAT ? c->t_f32 : t;
}

/* The tensor type on the CPU. A type that changes loses its encoding. */
static ir_type cpu_type(pass_context *p, ir_type t) {
    if (ir_kind_of(p->c, t) != IR_TYPE_TENSOR)
        return t;
    ir_type element = ir_element_type(p->c, t), to = cpu_element(p->c, element);
    return to == element ? t : type_with_encoding(p, ir_with_element_type(p->c, t, to), 0);
}

/* Inside the function integers are signless, because the dialects that it is lowered to know no others. */
static ir_type signless(pass_context *p, ir_type t) {
    ir_context *c = p->c;
    ir_type element = ir_kind_of(c, t) == IR_TYPE_TENSOR ? ir_element_type(c, t) : 0;
    if (!element || ir_kind_of(c, element) != IR_TYPE_INTEGER || ir_flags_of(c, element) == IR_SIGNLESS)
        return t;
    ir_type to = ir_type_integer(c, ir_bit_width(c, element), IR_SIGNLESS);
    return type_with_encoding(p, ir_with_element_type(c, t, to), 0);
}

/* The value of a constant in the CPU's type. */
static ir_attr cpu_constant(pass_context *p, ir_attr value) {
    dense_view v;
    number_type to;
    if (!dense_read(p->c, value, &v))
        return value;
    ir_type type = cpu_type(p, v.type);
    if (type == v.type || !number_type_of(p->c, ir_element_type(p->c, type), &to))
        return value;
    uint64_t *bits = ARENA_ARRAY(&p->scratch, uint64_t, v.splat ? 1 : (size_t)v.n);
    if (!bits)
        return 0;
    for (int64_t i = 0; i < (v.splat ? 1 : v.n); i++) {
        uint64_t b = dense_at(&v, i);
        /* Integers are extended by their sign whatever their type says. */
        if (v.of.is_float)
            bits[i] = number_from_double(&to, number_to_double(&v.of, b));
        else
            bits[i] = number_from_int(&to, (int64_t)(b << (64 - v.of.width)) >> (64 - v.of.width));
    }
    return v.splat ? dense_splat(p, type, bits[0]) : dense_make(p, type, bits, v.n);
}

/* ---- the function --------------------------------------------------------------------------------------- */

/* What a function looks like from outside. */
struct signature {
    ir_value *in; /* what the call is given, one for each operand from outside, repeated ones too */
    ir_type *out; /* types of the results */
    uint32_t n_in;
};

static bool is_inside(const struct hoist *h, uint32_t group, ir_value v) {
    ir_op def = ir_def_op(h->p->m, v);
    return def && def < h->n_group_of && h->group_of[def] == group + 1;
}

static ir_attr ranks(struct hoist *h, const ir_type *types, uint32_t n) {
    ir_context *c = h->p->c;
    ir_attr *list = ARENA_ARRAY(&h->p->scratch, ir_attr, n + 1);
    uint32_t k = 0;
    for (uint32_t i = 0; list && i < n; i++)
        if (ir_kind_of(c, types[i]) == IR_TYPE_TENSOR)
            list[k++] = ir_attr_int(c, c->t_i64, ir_rank(c, types[i]));
    return list ? ir_attr_array(c, list, k) : 0;
}

/* Builds the definition at the insertion point of `e` (or detached when it has none), without its hash. 0: out of
 * memory. */
static ir_op build_definition(struct hoist *h, ir_edit *e, uint32_t number, const hoist_group *g,
                              const struct signature *s, str name) {
    pass_context *p = h->p;
    ir_context *c = p->c;
    const ir_module *m = p->m; /* where the group is; *e may be over another module */
    ir_module *to = e->m;
    ir_loc loc = m->ops[m->root].loc;
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, s->n_in + g->n_outputs + 1);
    ir_type *outside = ARENA_ARRAY(&p->scratch, ir_type, s->n_in + 1);
    ir_loc *locs = ARENA_ARRAY(&p->scratch, ir_loc, s->n_in + 1);
    ir_attr *read = ARENA_ARRAY(&p->scratch, ir_attr, s->n_in + 1);
    if (!types || !outside || !locs || !read)
        return 0;
    ir_attr access = make_dict(p, &(attr_entry){STR("bufferization.access"), ir_attr_string(c, STR("read"), false)}, 1);
    for (uint32_t i = 0; i < s->n_in; i++) {
        outside[i] = ir_value_type(m, s->in[i]);
        types[i] = signless(p, outside[i]);
        locs[i] = loc;
        read[i] = ir_kind_of(c, types[i]) == IR_TYPE_TENSOR ? access : c->a_empty_dict;
    }
    for (uint32_t i = 0; i < g->n_outputs; i++)
        types[s->n_in + i] = signless(p, s->out[i]);
    ir_type function = ir_type_function(c, types, s->n_in, types + s->n_in, g->n_outputs);
    const attr_entry props[] = {{STR("sym_name"), ir_attr_string(c, name, true)},
                                {STR("function_type"), ir_attr_type(c, function)},
                                {STR("arg_attrs"), s->n_in ? ir_attr_array(c, read, s->n_in) : 0}};
    const attr_entry attrs[] = {{STR("arg_ranks"), ranks(h, outside, s->n_in)},
                                {STR("result_ranks"), ranks(h, s->out, g->n_outputs)},
                                {STR("tt.function_type"), ir_attr_string(c, STR("forward_cpu"), false)}};
    ir_op func = ir_build(e, &(ir_op_spec){.name = op_name(p, OP_func_func),
                                           .loc = loc,
                                           .props = make_dict(p, props, 3),
                                           .attrs = make_dict(p, attrs, 3),
                                           .n_regions = 1});
    ir_block body = func ? ir_new_block(e, ir_op_region(to, func, 0), types, locs, s->n_in) : 0;
    if (!body)
        return 0;
    ir_edit_at_end(e, body);
    uint32_t next_arg = 0;
    for (uint32_t i = 0; i < g->n_ops; i++) {
        ir_op op = g->ops[i];
        uint32_t n = m->ops[op].n_operands, nr = m->ops[op].n_results;
        ir_value *operands = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
        ir_type *results = ARENA_ARRAY(&p->scratch, ir_type, nr + 1);
        if (!operands || !results)
            return 0;
        for (uint32_t k = 0; k < n; k++) {
            ir_value v = ir_operand(m, op, k);
            operands[k] = is_inside(h, number, v) ? h->map[v] : to->blocks[body].args + next_arg++;
        }
        for (uint32_t k = 0; k < nr; k++)
            results[k] = signless(p, cpu_type(p, ir_value_type(m, ir_result(m, op, k))));
        ir_attr dict = m->ops[op].props;
        if (op_is(m, op, OP_ttir_constant))
            dict = ir_dict_set(c, dict, STR("value"), cpu_constant(p, ir_op_attr(m, op, STR("value"))));
        ir_op copy = ir_build(e, &(ir_op_spec){.name = m->ops[op].name,
                                               .loc = m->ops[op].loc,
                                               .operands = operands,
                                               .n_operands = n,
                                               .results = results,
                                               .n_results = nr,
                                               .props = dict,
                                               .attrs = m->ops[op].attrs});
        if (!copy)
            return 0;
        if (to == m)
            ir_edit_came_from(e, copy, op);
        for (uint32_t k = 0; k < nr; k++)
            h->map[ir_result(m, op, k)] = ir_result(to, copy, k);
    }
    ir_value *returned = ARENA_ARRAY(&p->scratch, ir_value, g->n_outputs + 1);
    if (!returned)
        return 0;
    for (uint32_t i = 0; i < g->n_outputs; i++)
        returned[i] = h->map[g->outputs[i]];
    ir_op end = ir_build(
        e, &(ir_op_spec){
               .name = op_name(p, OP_func_return), .loc = loc, .operands = returned, .n_operands = g->n_outputs});
    return end ? func : 0;
}

/* The hash of the function that a group becomes. */
static bool hash_group(struct hoist *h, uint32_t number, const hoist_group *g, const struct signature *s,
                       char hex[SHA256_HEX]) {
    ir_module *alone = ir_module_new(h->p->c);
    ir_edit e = {0};
    struct buf text;
    buf_init(&text, h->p->m->mem);
    bool ok = alone && ir_edit_init(&e, alone);
    ir_op func = ok ? build_definition(h, &e, number, g, s, STR("anonymous_func")) : 0;
    if (func) {
        alone->root = func;
        ok = text_print_local(alone, h->p->o->locations_in_hashes, &text);
        sha256_hex(buf_str(&text), hex);
    }
    if (alone)
        ir_edit_free(&e);
    ir_module_free(alone);
    buf_free(&text);
    return ok && func;
}

/* ---- modules and calls ---------------------------------------------------------------------------------- */

/* The CPU module, made behind the device module when there is none. */
static bool find_cpu_module(struct hoist *h) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    h->cpu = cpu_module(m);
    if (h->cpu)
        return true;
    ir_loc loc = m->ops[m->root].loc;
    ir_edit_at_end(p->e, body_of(m, m->root));
    ir_op outer = ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_ttcore_cpu_module), .loc = loc, .n_regions = 1});
    ir_block body = outer ? ir_new_block(p->e, ir_op_region(m, outer, 0), NULL, NULL, 0) : 0;
    if (!body)
        return false;
    ir_edit_at_end(p->e, body);
    h->cpu = ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_builtin_module), .loc = loc, .n_regions = 1});
    return h->cpu && ir_new_block(p->e, ir_op_region(m, h->cpu, 0), NULL, NULL, 0);
}

static bool note_declarations(struct hoist *h) {
    const ir_module *m = h->p->m;
    for (each_func(m, h->device, f)) {
        ir_attr hash = ir_op_attr(m, f, STR("func_hash"));
        if (hash && !map_str_put(&h->by_hash, ir_str_of(h->p->c, hash), f, NULL))
            return false;
    }
    return true;
}

/* Enters the function under its hash: the definition on the CPU, the declaration on the device, which is returned. */
static ir_op make_function(struct hoist *h, uint32_t number, const hoist_group *g, const struct signature *s,
                           const char *hex) {
    pass_context *p = h->p;
    ir_context *c = p->c;
    ir_module *m = p->m;
    str name = arena_printf(&p->scratch, "cpu_hoisted_%.*s_%.8s", STR_ARG(g->suffix), hex);
    ir_type *in = ARENA_ARRAY(&p->scratch, ir_type, s->n_in + 1);
    if (!name.p || !in)
        return 0;
    char *dots = memchr(name.p, '.', name.n);
    for (; dots; dots = memchr(dots, '.', (size_t)(name.p + name.n - dots)))
        *dots = '_';
    for (uint32_t i = 0; i < s->n_in; i++)
        in[i] = ir_value_type(m, s->in[i]);
    ir_attr hash = ir_attr_string(c, str_of(hex, SHA256_HEX), true);
    ir_edit_at_end(p->e, body_of(m, h->cpu));
    ir_op definition = build_definition(h, p->e, number, g, s, name);
    if (!definition)
        return 0;
    ir_set_attr(p->e, definition, STR("func_hash"), hash);
    ir_type function = ir_type_function(c, in, s->n_in, s->out, g->n_outputs);
    const attr_entry props[] = {{STR("sym_name"), ir_attr_string(c, name, true)},
                                {STR("function_type"), ir_attr_type(c, function)},
                                {STR("sym_visibility"), ir_attr_string(c, STR("private"), false)}};
    const attr_entry attrs[] = {{STR("func_hash"), hash},
                                {STR("tt.function_type"), ir_attr_string(c, STR("forward_cpu_declaration"), false)}};
    ir_edit_at_end(p->e, body_of(m, h->device));
    ir_op declaration = ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_func_func),
                                                     .loc = m->ops[h->device].loc,
                                                     .props = make_dict(p, props, 3),
                                                     .attrs = make_dict(p, attrs, 2),
                                                     .n_regions = 1});
    if (!declaration || !map_str_put(&h->by_hash, ir_str_of(c, hash), declaration, NULL))
        return 0;
    return declaration;
}

/* v as a tensor of type t, by ttir.to_layout at the insertion point. */
static ir_value convert(pass_context *p, ir_value v, ir_type t, ir_loc loc) {
    ir_value empty = build_value(p, OP_ttir_empty, loc, NULL, 0, t, 0);
    return empty ? build_value(p, OP_ttir_to_layout, loc, (ir_value[]){v, empty}, 2, t, 0) : 0;
}

/* The operands from outside, converted behind the group's last op; and the types of the results. */
static bool find_signature(struct hoist *h, uint32_t number, const hoist_group *g, struct signature *s) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->n_ops; i++)
        n += m->ops[g->ops[i]].n_operands;
    s->in = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    s->out = ARENA_ARRAY(&p->scratch, ir_type, g->n_outputs + 1);
    s->n_in = 0;
    if (!s->in || !s->out)
        return false;
    for (uint32_t i = 0; i < g->n_ops; i++)
        for (uint32_t k = 0; k < m->ops[g->ops[i]].n_operands; k++) {
            ir_value v = ir_operand(m, g->ops[i], k);
            if (is_inside(h, number, v))
                continue;
            ir_type t = ir_value_type(m, v), to = cpu_type(p, t);
            ir_loc loc = ir_is_block_arg(m, v) ? m->values[v].loc : m->ops[ir_def_op(m, v)].loc;
            s->in[s->n_in] = to == t ? v : convert(p, v, type_with_encoding(p, to, 0), loc);
            if (!s->in[s->n_in++])
                return false;
        }
    for (uint32_t i = 0; i < g->n_outputs; i++)
        s->out[i] = cpu_type(p, ir_value_type(m, g->outputs[i]));
    return true;
}

static bool hoist_group_at(struct hoist *h, uint32_t number, const hoist_group *g) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    struct signature s;
    char hex[SHA256_HEX];
    ir_op last = g->ops[g->n_ops - 1];
    ir_edit_after(p->e, last);
    p->e->from = last;
    if (!find_signature(h, number, g, &s) || !hash_group(h, number, g, &s, hex))
        return false;
    const uint32_t *known = map_str_get(&h->by_hash, str_of(hex, SHA256_HEX));
    ir_op before = p->e->before;
    ir_block block = p->e->block;
    p->e->from = 0;
    ir_op func = known ? *known : make_function(h, number, g, &s, hex);
    if (!func)
        return false;
    p->e->before = before;
    p->e->block = block;
    p->e->from = last;
    ir_loc loc = m->ops[h->device].loc;
    ir_attr props = make_dict(p, &(attr_entry){STR("callee"), ir_attr_symbol(p->c, symbol_name(m, func), true)}, 1);
    ir_op call =
        build_op(p, &(build_args){.op = OP_func_call,
                                  .loc = loc,
                                  .operands = s.in,
                                  .n_operands = s.n_in,
                                  .types = s.out,
                                  .n_types = g->n_outputs,
                                  .props = props,
                                  .attrs = make_dict(p, &(attr_entry){STR("ttir.cpu_hoisted_call"), p->c->a_unit}, 1)});
    if (!call)
        return false;
    for (uint32_t i = 0; i < g->n_outputs; i++) {
        ir_type t = ir_value_type(m, g->outputs[i]);
        ir_value v = ir_result(m, call, i);
        if (s.out[i] != t)
            v = convert(p, v, type_with_encoding(p, t, 0), loc);
        if (!v)
            return false;
        ir_replace_uses(p->e, g->outputs[i], v);
    }
    for (uint32_t i = 0; i < g->n_ops; i++)
        ir_edit_came_from(p->e, call, g->ops[i]);
    for (uint32_t i = g->n_ops; i-- > 0;)
        ir_erase(p->e, g->ops[i]);
    p->e->from = 0;
    return true;
}

bool hoist_groups(pass_context *p, const hoist_group *groups, uint32_t n) {
    if (!n)
        return true;
    ir_module *m = p->m;
    struct hoist h = {.p = p, .device = device_module(m)};
    map_str_init(&h.by_hash, m->mem);
    /* The groups' ops and values are older than whatever is made from here on. */
    h.n_group_of = m->n_ops;
    h.group_of = ARENA_ARRAY(&p->scratch, uint32_t, h.n_group_of);
    h.map = ARENA_ARRAY(&p->scratch, ir_value, m->n_values);
    bool ok = h.device && h.group_of && h.map && find_cpu_module(&h) && note_declarations(&h);
    for (uint32_t i = 0; ok && i < n; i++)
        for (uint32_t k = 0; k < groups[i].n_ops; k++)
            h.group_of[groups[i].ops[k]] = i + 1;
    for (uint32_t i = 0; ok && i < n; i++)
        ok = hoist_group_at(&h, i, &groups[i]);
    map_str_free(&h.by_hash);
    return ok || pass_out_of_memory(p);
}
