/* pass_trace.c - ttnn-trace-hoist-transform: the ops of a forward function are captured once as a device trace and then
 * replayed.
 *
 *   f:  [weights, empties] ops ... return
 *       │
 *       ├─▶ trace_<n>_f                      the ops; results are copied into slots that are its last tensor arguments
 *       ├─▶ allocate_slots_trace_<n>_f       makes the slots: buffers on the device that stay
 *       ├─▶ run_and_capture_trace_<n>_f      writes the inputs into their slots, runs, captures, replays; gives the id
 *       └─▶ execute_trace_<n>_f              replays
 *   f:  [weights, empties] ttnn.capture_or_execute_trace(device, inputs, semaphores)  return
 *
 * Arguments of the trace are [tensors on the device][tensors from the host][slots of results][semaphores]. A tensor that
 * stays on the device (weights, caches, results of const-eval, scratch buffers) is its own slot.
 */
#include <stdlib.h>

#include "compile/passes.h"
#include "compile/ttnn_build.h"

static const str kv_cache_key = STR_INIT("ttcore.kv_cache");
static const str argument_type_key = STR_INIT("ttcore.argument_type");

/* A tensor or semaphore that the ops of the trace take from outside. */
typedef struct trace_input {
    ir_value v;
    ir_type slot;  /* of tensors */
    ir_attr attrs; /* of the argument, a dictionary */
} trace_input;

typedef struct trace {
    pass_context *p;
    ir_op func;
    ir_op *ops; /* of the function in order, from the first to the last that is hoisted */
    uint32_t n_ops, number;
    uint32_t *order; /* by op: place in the function, 0 for ops elsewhere */
    bool *hoisted;   /* by op */
    trace_input *in; /* tensors on the device, tensors from the host, semaphores */
    uint32_t n_in, n_resident, n_tensors;
    ir_value *out;
    uint32_t n_out;
    ir_value *map; /* by value of f: what it is in the trace */
    uint32_t n_map, n_order;
} trace;

static bool is_semaphore(pass_context *p, ir_value v) {
    return dialect_is_type(p->c, ir_value_type(p->m, v), TYPE_ttnn_global_semaphore);
}

static bool is_device(pass_context *p, ir_value v) {
    return dialect_is_type(p->c, ir_value_type(p->m, v), TYPE_ttnn_device);
}

static bool is_scratch(pass_context *p, ir_op op) {
    return op_is(p->m, op, OP_ttnn_empty) || op_is(p->m, op, OP_ttnn_alloc);
}

static bool is_creation(pass_context *p, ir_op op) {
    const op_def *d = dialect_def_of(p->m, op);
    return d && d->flags & OP_CREATION;
}

static bool is_hoistable(pass_context *p, ir_op op) {
    return !op_is(p->m, op, OP_ttcore_load_cached) && !op_is(p->m, op, OP_ttnn_capture_or_execute_trace) &&
           !op_is(p->m, op, OP_ttnn_get_device) && !is_creation(p, op);
}

/* ---- the boundary --------------------------------------------------------------------------------------- */

static bool is_resident(trace *t, ir_value v) {
    pass_context *p = t->p;
    if (!ir_is_block_arg(p->m, v))
        return op_is(p->m, ir_def_op(p->m, v), OP_ttcore_load_cached) || is_scratch(p, ir_def_op(p->m, v));
    uint32_t i = ir_value_index(p->m, v);
    ir_attr kind = func_arg_attr(p->m, t->func, i, argument_type_key);
    str name = kind ? dialect_case_text(p->c, kind) : STR("");
    return str_eq(name, STR("parameter")) || str_eq(name, STR("constant")) ||
           func_arg_attr(p->m, t->func, i, kv_cache_key);
}

/* The attributes of a value's argument in the trace. */
static ir_attr attrs_of(trace *t, ir_value v) {
    pass_context *p = t->p;
    if (ir_is_block_arg(p->m, v)) {
        ir_attr list = ir_op_attr(p->m, t->func, STR("arg_attrs"));
        uint32_t i = ir_value_index(p->m, v);
        return list && i < ir_count(p->c, list) ? ir_at(p->c, list, i) : p->c->a_empty_dict;
    }
    if (!is_resident(t, v))
        return p->c->a_empty_dict;
    attr_entry constant = {argument_type_key, dialect_make_case(p->c, ATTR_ttcore_argument_type, STR("constant"))};
    return make_dict(p, &constant, 1);
}

/* Where a value stands among the inputs: tensors on the device, tensors from the host, semaphores; each arguments first. */
static uint64_t rank_of(trace *t, ir_value v) {
    pass_context *p = t->p;
    uint64_t group = is_semaphore(p, v) ? 2 : !is_resident(t, v);
    bool argument = ir_is_block_arg(p->m, v);
    uint64_t at = argument ? 0 : t->order[ir_def_op(p->m, v)];
    return group << 62 | (uint64_t)!argument << 61 | at << 24 | (ir_value_index(p->m, v) & 0xffffff);
}

typedef struct ranked {
    uint64_t rank;
    ir_value v;
} ranked;

static int compare_ranks(const void *a, const void *b) {
    uint64_t x = ((const ranked *)a)->rank, y = ((const ranked *)b)->rank;
    return x < y ? -1 : x > y;
}

static bool find_inputs(trace *t) {
    pass_context *p = t->p;
    const ir_module *m = p->m;
    uint32_t most = 0, n = 0;
    for (uint32_t i = 0; i < t->n_ops; i++)
        most += ir_op_at(m, t->ops[i])->n_operands;
    ranked *found = ARENA_ARRAY(&p->scratch, ranked, most + 1);
    bool *seen = ARENA_ARRAY(&p->scratch, bool, t->n_map);
    t->in = ARENA_ARRAY(&p->scratch, trace_input, most + 1);
    if (!found || !seen || !t->in)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < t->n_ops; i++)
        for (uint32_t k = 0; k < ir_op_at(m, t->ops[i])->n_operands; k++) {
            ir_value v = ir_operand(m, t->ops[i], k);
            ir_op def = ir_def_op(m, v);
            if (seen[v] || (def && t->hoisted[def]) ||
                (!tn_is_tensor(p->c, ir_value_type(m, v)) && !is_semaphore(p, v)))
                continue;
            seen[v] = true;
            found[n++] = (ranked){rank_of(t, v), v};
        }
    qsort(found, n, sizeof *found, compare_ranks);
    t->n_in = n;
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = found[i].v;
        trace_input *in = &t->in[i];
        *in = (trace_input){.v = v, .attrs = attrs_of(t, v)};
        if (is_semaphore(p, v))
            continue;
        t->n_tensors++;
        in->slot = ir_value_type(m, v);
        if (is_resident(t, v))
            t->n_resident++;
        else
            in->slot = tn_with_buffer(p, in->slot, TTNN_DRAM);
        ttnn_layout l;
        if (is_resident(t, v) && ttnn_layout_of(p->c, in->slot, &l) && l.buffer == TTNN_SYSTEM)
            return pass_error_plain(p, t->func, "Device-resident input must be on device, but found on system memory");
    }
    return true;
}

static bool find_outputs(trace *t) {
    pass_context *p = t->p;
    const ir_module *m = p->m;
    uint32_t most = 0;
    for (uint32_t i = 0; i < t->n_ops; i++)
        most += ir_op_at(m, t->ops[i])->n_results;
    t->out = ARENA_ARRAY(&p->scratch, ir_value, most + 1);
    if (!t->out)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < t->n_ops; i++)
        for (uint32_t k = 0; k < ir_op_at(m, t->ops[i])->n_results; k++) {
            ir_value v = ir_result(m, t->ops[i], k);
            for (ir_each_use(p->e, v, u))
                if (!t->hoisted[ir_use_op(p->e, u)]) {
                    t->out[t->n_out++] = v;
                    break;
                }
        }
    return true;
}

/* ---- functions ------------------------------------------------------------------------------------------ */

/* Arguments and results of a function in the making. */
typedef struct signature {
    ir_type *types;
    ir_attr *attrs; /* of arguments */
    uint32_t n, n_args;
} signature;

static bool start_signature(trace *t, signature *s) {
    uint32_t most = 2 * t->n_in + t->n_out + 2;
    *s = (signature){.types = ARENA_ARRAY(&t->p->scratch, ir_type, most),
                     .attrs = ARENA_ARRAY(&t->p->scratch, ir_attr, most)};
    return (s->types && s->attrs) || pass_out_of_memory(t->p);
}

static void add_argument(signature *s, ir_type type, ir_attr attrs) {
    s->attrs[s->n_args++] = attrs;
    s->types[s->n++] = type;
}

static void add_result_slots(trace *t, signature *s) {
    for (uint32_t i = 0; i < t->n_out; i++)
        add_argument(s, ir_value_type(t->p->m, t->out[i]), t->p->c->a_empty_dict);
}

static str function_name(trace *t, const char *prefix) {
    str name = symbol_name(t->p->m, t->func);
    return arena_printf(&t->p->scratch, "%strace_%u_%.*s", prefix, t->number, STR_ARG(name));
}

/* An empty private function before f; the insertion point is in it. */
static ir_block make_function(trace *t, const char *prefix, str kind, const signature *s) {
    pass_context *p = t->p;
    ir_loc loc = ir_op_at(p->m, t->func)->loc;
    bool any = false;
    ir_loc *locs = ARENA_ARRAY(&p->scratch, ir_loc, s->n_args + 1);
    for (uint32_t i = 0; i < s->n_args; i++)
        any |= ir_count(p->c, s->attrs[i]) != 0;
    for (uint32_t i = 0; locs && i < s->n_args; i++)
        locs[i] = loc;
    ir_type type = ir_type_function(p->c, s->types, s->n_args, s->types + s->n_args, s->n - s->n_args);
    const attr_entry props[] = {
        {STR("sym_name"), ir_attr_string(p->c, function_name(t, prefix), true)},
        {STR("sym_visibility"), ir_attr_string(p->c, STR("private"), false)},
        {STR("function_type"), ir_attr_type(p->c, type)},
        {STR("arg_attrs"), any ? ir_attr_array(p->c, s->attrs, s->n_args) : 0},
    };
    const attr_entry kind_entry = {STR("tt.function_type"), ir_attr_string(p->c, kind, false)};
    ir_edit_at(p->e, t->func);
    ir_op func = ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_func_func),
                                              .loc = loc,
                                              .props = make_dict(p, props, sizeof props / sizeof *props),
                                              .attrs = make_dict(p, &kind_entry, 1),
                                              .n_regions = 1});
    ir_block body = func && locs ? ir_new_block(p->e, ir_op_region(p->m, func, 0), s->types, locs, s->n_args) : 0;
    if (!body)
        pass_out_of_memory(p);
    else
        ir_edit_at_end(p->e, body);
    return body;
}

static ir_op build_in(trace *t, uint32_t op, const ir_value *operands, uint32_t n, const ir_type *type, ir_attr props) {
    pass_context *p = t->p;
    ir_op made = build_op(p, &(build_args){.op = op,
                                           .loc = ir_op_at(p->m, t->func)->loc,
                                           .operands = operands,
                                           .n_operands = n,
                                           .types = type,
                                           .n_types = type ? 1 : 0,
                                           .props = props});
    if (!made)
        pass_out_of_memory(p);
    return made;
}

static ir_value device_in(trace *t, ir_block body) {
    ir_value device = tn_device_in(t->p, body, ir_op_at(t->p->m, t->func)->loc);
    ir_edit_at_end(t->p->e, body);
    return device;
}

/* Queue 0, and whether the host waits where that can be said. */
static ir_attr queue_props(trace *t, bool can_block) {
    pass_context *p = t->p;
    attr_entry props[] = {{STR("cq_id"), ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), 0)},
                          {STR("blocking"), can_block ? p->c->a_false : 0}};
    return make_dict(p, props, 2);
}

static ir_type trace_id_type(pass_context *p) {
    return ir_type_tensor(p->c, NULL, 0, ir_type_integer(p->c, 32, IR_UNSIGNED),
                          dialect_make_attr(p->c, ATTR_ttnn_trace_id, NULL));
}

/* The ops, on arguments in the place of what they take from outside; results go into the slots. */
static bool make_trace(trace *t) {
    pass_context *p = t->p;
    signature s;
    if (!start_signature(t, &s))
        return false;
    for (uint32_t i = 0; i < t->n_tensors; i++)
        add_argument(&s, ir_value_type(p->m, t->in[i].v), t->in[i].attrs);
    add_result_slots(t, &s);
    for (uint32_t i = t->n_tensors; i < t->n_in; i++)
        add_argument(&s, ir_value_type(p->m, t->in[i].v), t->in[i].attrs);
    ir_block body = make_function(t, "", STR("trace_main"), &s);
    if (!body)
        return false;
    ir_value args = ir_block_at(p->m, body)->args;
    for (uint32_t i = 0; i < t->n_in; i++)
        t->map[t->in[i].v] = args + i + (i < t->n_tensors ? 0 : t->n_out);
    for (uint32_t i = 0; i < t->n_ops; i++) {
        ir_op op = t->ops[i];
        for (uint32_t k = 0; k < ir_op_at(p->m, op)->n_operands; k++) {
            ir_value v = ir_operand(p->m, op, k);
            if (t->map[v])
                continue;
            if (!is_device(p, v))
                return pass_error_plain(p, t->func, "Could not map operand in hoisted function");
            t->map[v] = tn_device_in(p, body, ir_op_at(p->m, op)->loc);
            ir_edit_at_end(p->e, body);
        }
        if (!ir_clone_op(p->e, op, t->map, t->n_map))
            return pass_out_of_memory(p);
    }
    for (uint32_t i = 0; i < t->n_out; i++) {
        ir_value operands[2] = {t->map[t->out[i]], args + t->n_tensors + i};
        if (!build_in(t, OP_ttnn_copy, operands, 2, NULL, 0))
            return false;
    }
    return build_in(t, OP_func_return, NULL, 0, NULL, 0);
}

/* The slots: what is on the device already is its own, the others are new buffers. */
static bool make_allocation(trace *t) {
    pass_context *p = t->p;
    signature s;
    if (!start_signature(t, &s))
        return false;
    for (uint32_t i = 0; i < t->n_resident; i++)
        add_argument(&s, t->in[i].slot, t->in[i].attrs);
    for (uint32_t i = 0; i < t->n_tensors; i++)
        s.types[s.n++] = t->in[i].slot;
    for (uint32_t i = 0; i < t->n_out; i++)
        s.types[s.n++] = ir_value_type(p->m, t->out[i]);
    ir_block body = make_function(t, "allocate_slots_", STR("trace_allocate_slots"), &s);
    ir_value device = body ? device_in(t, body) : 0;
    uint32_t n = s.n - s.n_args;
    ir_value *slots = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    if (!device || !slots)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n; i++) {
        if (i < t->n_resident) {
            slots[i] = ir_block_at(p->m, body)->args + i;
            continue;
        }
        ir_type type = s.types[s.n_args + i];
        shape dims = tn_shape_of_type(p->c, type);
        if (dims.n < 0)
            return pass_error_plain(p, t->func, "a tensor of the trace has no static shape");
        attr_entry props = {STR("shape"), ttnn_shape_attr(p->c, dims.d, (uint32_t)dims.n)};
        ir_op made = build_in(t, OP_ttnn_empty, &device, 1, &type, make_dict(p, &props, 1));
        if (!made)
            return false;
        slots[i] = ir_result(p->m, made, 0);
    }
    return build_in(t, OP_func_return, slots, n, NULL, 0);
}

/* Runs the trace once so that its programs are compiled, captures it, and replays it so that the slots hold results. The
 * host cannot write while a trace is captured, so the inputs are written first. */
static bool make_capture(trace *t) {
    pass_context *p = t->p;
    signature s;
    if (!start_signature(t, &s))
        return false;
    for (uint32_t i = t->n_resident; i < t->n_tensors; i++)
        add_argument(&s, tn_with_buffer(p, ir_value_type(p->m, t->in[i].v), TTNN_SYSTEM), t->in[i].attrs);
    uint32_t n_host = s.n_args;
    for (uint32_t i = 0; i < t->n_tensors; i++)
        add_argument(&s, t->in[i].slot, i < t->n_resident ? t->in[i].attrs : p->c->a_empty_dict);
    add_result_slots(t, &s);
    for (uint32_t i = t->n_tensors; i < t->n_in; i++)
        add_argument(&s, ir_value_type(p->m, t->in[i].v), p->c->a_empty_dict);
    const ir_type id_type = trace_id_type(p);
    s.types[s.n++] = id_type;
    ir_block body = make_function(t, "run_and_capture_", STR("trace_run_and_capture"), &s);
    ir_value device = body ? device_in(t, body) : 0;
    uint32_t n_call = s.n_args - n_host;
    ir_value *call_args = ARENA_ARRAY(&p->scratch, ir_value, n_call + 1);
    if (!device || !call_args)
        return pass_out_of_memory(p);
    ir_value args = ir_block_at(p->m, body)->args;
    for (uint32_t i = 0; i < n_host; i++) {
        ir_value operands[2] = {args + i, args + n_host + t->n_resident + i};
        if (!build_in(t, OP_ttnn_write_tensor, operands, 2, NULL, queue_props(t, true)))
            return false;
    }
    for (uint32_t i = 0; i < n_call; i++)
        call_args[i] = args + n_host + i;
    attr_entry callee = {STR("callee"), ir_attr_symbol(p->c, function_name(t, ""), true)};
    ir_attr call_props = make_dict(p, &callee, 1);
    if (!build_in(t, OP_func_call, call_args, n_call, NULL, call_props))
        return false;
    ir_op begin = build_in(t, OP_ttnn_begin_trace_capture, &device, 1, &id_type, queue_props(t, false));
    if (!begin || !build_in(t, OP_func_call, call_args, n_call, NULL, call_props))
        return false;
    ir_value operands[2] = {device, ir_result(p->m, begin, 0)};
    return build_in(t, OP_ttnn_end_trace_capture, operands, 2, NULL, queue_props(t, false)) &&
           build_in(t, OP_ttnn_execute_trace, operands, 2, NULL, queue_props(t, true)) &&
           build_in(t, OP_func_return, operands + 1, 1, NULL, 0);
}

static bool make_execution(trace *t) {
    signature s;
    if (!start_signature(t, &s))
        return false;
    add_argument(&s, trace_id_type(t->p), t->p->c->a_empty_dict);
    ir_block body = make_function(t, "execute_", STR("trace_execute"), &s);
    ir_value device = body ? device_in(t, body) : 0;
    if (!device)
        return pass_out_of_memory(t->p);
    ir_value operands[2] = {device, ir_block_at(t->p->m, body)->args};
    return build_in(t, OP_ttnn_execute_trace, operands, 2, NULL, queue_props(t, true)) &&
           build_in(t, OP_func_return, NULL, 0, NULL, 0);
}

/* capture_or_execute_trace in the place of the ops; what the trace does not keep on the device comes from the host. */
static bool replace_ops(trace *t) {
    pass_context *p = t->p;
    ir_loc loc = ir_op_at(p->m, t->func)->loc;
    ir_value device = tn_device(p, t->ops[0]);
    ir_value *operands = ARENA_ARRAY(&p->scratch, ir_value, t->n_in + 1);
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, t->n_out + 1);
    if (!device || !operands || !types)
        return pass_out_of_memory(p);
    ir_edit_at(p->e, t->ops[0]);
    operands[0] = device;
    for (uint32_t i = 0; i < t->n_in; i++) {
        ir_value v = t->in[i].v;
        ir_type type = ir_value_type(p->m, v);
        ttnn_layout l;
        if (i >= t->n_resident && i < t->n_tensors && ttnn_layout_of(p->c, type, &l) && l.buffer != TTNN_SYSTEM)
            v = build_value(p, OP_ttnn_to_tensor_spec, loc, &v, 1, tn_with_buffer(p, type, TTNN_SYSTEM), 0);
        operands[1 + i] = v;
    }
    for (uint32_t i = 0; i < t->n_out; i++)
        types[i] = ir_value_type(p->m, t->out[i]);
    const int32_t sizes[3] = {1, (int32_t)t->n_tensors, (int32_t)(t->n_in - t->n_tensors)};
    const attr_entry props[] = {
        {STR("allocate_slots_callee"), ir_attr_symbol(p->c, function_name(t, "allocate_slots_"), true)},
        {STR("capture_callee"), ir_attr_symbol(p->c, function_name(t, "run_and_capture_"), true)},
        {STR("execute_callee"), ir_attr_symbol(p->c, function_name(t, "execute_"), true)},
    };
    ir_op made = build_op(p, &(build_args){.op = OP_ttnn_capture_or_execute_trace,
                                           .loc = loc,
                                           .operands = operands,
                                           .n_operands = t->n_in + 1,
                                           .sizes = sizes,
                                           .types = types,
                                           .n_types = t->n_out,
                                           .props = make_dict(p, props, 3)});
    if (!made)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < t->n_out; i++) {
        ir_edit_came_from(p->e, made, ir_def_op(p->m, t->out[i]));
        ir_replace_uses(p->e, t->out[i], ir_result(p->m, made, i));
    }
    for (uint32_t i = t->n_ops; i-- > 0;)
        ir_erase(p->e, t->ops[i]);
    return true;
}

/* An argument that is only brought to the host for the trace comes from there. */
static bool take_from_host(trace *t) {
    pass_context *p = t->p;
    ir_block b = body_of(p->m, t->func);
    bool changed = false;
    for (uint32_t i = 0; i < ir_block_at(p->m, b)->n_args; i++) {
        ir_value v = ir_block_at(p->m, b)->args + i;
        ir_op spec = ir_has_one_use(p->e, v) ? ir_only_user(p->e, v) : 0;
        if (!op_is(p->m, spec, OP_ttnn_to_tensor_spec))
            continue;
        ir_type to = ir_value_type(p->m, ir_result(p->m, spec, 0));
        if (tn_dtype(p->c, to) != tn_dtype(p->c, ir_value_type(p->m, v)))
            return pass_error_plain(
                p, t->func, "ToTensorSpecOp changed data type for argument %u, expected only buffer type change", i);
        ir_replace1(p->e, spec, v);
        ir_set_type(p->e, v, to);
        changed = true;
    }
    if (changed)
        update_function_type(p, t->func);
    return true;
}

/* The ops between the first and the last that can be hoisted; those that make tensors go before them. */
static bool gather_ops(trace *t) {
    pass_context *p = t->p;
    ir_module *m = p->m;
    ir_block b = body_of(m, t->func);
    ir_op first = 0, last = 0;
    uint32_t n = 0;
    for (ir_op op = ir_block_at(m, b)->first; op; op = ir_op_at(m, op)->next) {
        n++;
        if (op_is(m, op, OP_func_return) || !is_hoistable(p, op))
            continue;
        if (!first)
            first = op;
        last = op;
    }
    t->n_order = m->n_ops;
    t->n_map = m->n_values;
    t->ops = ARENA_ARRAY(&p->scratch, ir_op, n + 1);
    t->hoisted = ARENA_ARRAY(&p->scratch, bool, t->n_order);
    t->order = ARENA_ARRAY(&p->scratch, uint32_t, t->n_order);
    t->map = ARENA_ARRAY(&p->scratch, ir_value, t->n_map);
    if (!t->ops || !t->hoisted || !t->order || !t->map)
        return pass_out_of_memory(p);
    for (ir_op op = first, next; op; op = next) {
        next = op == last ? 0 : ir_op_at(m, op)->next;
        if (is_hoistable(p, op)) {
            t->hoisted[op] = true;
            t->ops[t->n_ops++] = op;
        } else if (is_creation(p, op)) {
            ir_move_before(p->e, op, first);
        } else {
            return pass_error_plain(p, op, "Non-hoistable op found in the middle of hoistable ops");
        }
    }
    n = 0;
    for (ir_op op = ir_block_at(m, b)->first; op; op = ir_op_at(m, op)->next)
        t->order[op] = ++n;
    return true;
}

bool pass_trace(pass_context *p) {
    uint32_t number = 0;
    for (each_func_inside(p->m, p->scope, func)) {
        if (!str_eq(dialect_function_kind(p->m, func), STR("forward_device")))
            continue;
        trace t = {.p = p, .func = func, .number = number};
        if (!body_of(p->m, func))
            return pass_error_plain(p, func, "FuncOp should have exactly one block");
        if (!gather_ops(&t))
            return false;
        if (!t.n_ops)
            continue;
        number++;
        if (!find_inputs(&t) || !find_outputs(&t) || !make_trace(&t) || !make_allocation(&t) || !make_capture(&t) ||
            !make_execution(&t) || !replace_ops(&t) || !take_from_host(&t))
            return false;
    }
    return true;
}
