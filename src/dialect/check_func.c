/* Rules that look beyond one op: functions, calls, branches, symbols. Messages as in MLIR. */
#include "dialect/check_inner.h"

#include "dialect/ids.h"

/* ---- helpers -------------------------------------------------------------------------------------------- */

typedef struct signature {
    const uint32_t *in, *out;
    uint32_t n_in, n_out;
} signature;

/* The parts of a function type. False when `t` is something else. */
static bool signature_of(checker *k, ir_type t, signature *s) {
    if (ir_kind_of(k->ctx, t) != IR_TYPE_FUNCTION)
        return false;
    const uint32_t *w = ir_words(k->ctx, t);
    s->n_in = w[2];
    s->in = w + 3;
    s->n_out = w[1] - 1 - w[2];
    s->out = s->in + s->n_in;
    return true;
}

static bool is_op(checker *k, ir_op op, const char *name) {
    return op && str_eq(ir_op_name_str(k->m, op), str_from_z(name));
}

static bool function_signature(checker *k, ir_op function, signature *s) {
    ir_attr t = ir_op_attr(k->m, function, STR("function_type"));
    return ir_kind_of(k->ctx, t) == IR_ATTR_TYPE && signature_of(k, ir_at(k->ctx, t, 0), s);
}

/* The func.func a symbol attribute of the current op means, 0 if none. */
static ir_op function_of(checker *k, ir_attr symbol) {
    ir_op op = ir_symbol_resolve(&k->symbols, k->op, symbol);
    return is_op(k, op, "func.func") ? op : 0;
}

static bool bad_type(checker *k, const char *what, uint32_t i, ir_type expected, ir_type got) {
    str a = ck_print(k, expected), b = ck_print(k, got);
    if (!a.n)
        return ck_fail(k, "%s %u type mismatch", what, i);
    return ck_fail(k, "%s %u type mismatch: expected %.*s, but got %.*s", what, i, STR_ARG(a), STR_ARG(b));
}

/* ---- func ----------------------------------------------------------------------------------------------- */

static bool check_func(checker *k) {
    const ir_module *m = k->m;
    signature s;
    if (!function_signature(k, k->op, &s))
        return ck_fail(k, "attribute 'function_type' failed to satisfy constraint: type attribute of function type");
    ir_region body = m->ops[k->op].n_regions ? ir_op_region(m, k->op, 0) : 0;
    ir_block entry = m->regions[body].first;
    if (!entry && !str_eq(ck_text(k, "sym_visibility"), STR("private")) &&
        !str_eq(ck_text(k, "sym_visibility"), STR("nested")))
        return ck_fail(k, "symbol declaration cannot have public visibility");
    if (!entry)
        return true;
    const ir_block_data *b = &m->blocks[entry];
    if (b->n_args != s.n_in)
        return ck_fail(k, "entry block must have %u arguments to match function signature", s.n_in);
    for (uint32_t i = 0; i < s.n_in; i++) {
        ir_type t = m->values[b->args + i].type;
        if (t == s.in[i])
            continue;
        return ck_fail(k,
                       "type of entry block argument #%u('%.*s') must match the type of the corresponding argument in "
                       "function signature('%.*s')",
                       i, STR_ARG(ck_print(k, t)), STR_ARG(ck_print(k, s.in[i])));
    }
    return true;
}

static bool check_return(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    ir_op function = ir_parent_op(k->m, k->op);
    signature s;
    if (!is_op(k, function, "func.func") || !function_signature(k, function, &s))
        return true;
    str name = ir_str_of(k->ctx, ir_op_attr(k->m, function, STR("sym_name")));
    if (o->n_operands != s.n_out)
        return ck_fail(k, "has %u operands, but enclosing function (@%.*s) returns %u", o->n_operands, STR_ARG(name),
                       s.n_out);
    for (uint32_t i = 0; i < s.n_out; i++) {
        if (ck_operand(k, i) == s.out[i])
            continue;
        return ck_fail_plain(k,
                             "type of return operand %u ('%.*s') doesn't match function result type ('%.*s') in "
                             "function @%.*s",
                             i, STR_ARG(ck_print(k, ck_operand(k, i))), STR_ARG(ck_print(k, s.out[i])), STR_ARG(name));
    }
    return true;
}

static bool check_call(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    ir_attr callee = ck_attr(k, "callee");
    ir_op function = function_of(k, callee);
    signature s;
    if (!function)
        return ck_fail(k, "'%.*s' does not reference a valid function", STR_ARG(ir_str_of(k->ctx, callee)));
    if (!function_signature(k, function, &s))
        return true;
    if (o->n_operands != s.n_in)
        return ck_fail(k, "incorrect number of operands for callee");
    for (uint32_t i = 0; i < s.n_in; i++)
        if (ck_operand(k, i) != s.in[i])
            return ck_fail(k,
                           "operand type mismatch: expected operand type '%.*s', but provided '%.*s' for operand "
                           "number %u",
                           STR_ARG(ck_print(k, s.in[i])), STR_ARG(ck_print(k, ck_operand(k, i))), i);
    if (o->n_results != s.n_out)
        return ck_fail(k, "incorrect number of results for callee");
    for (uint32_t i = 0; i < s.n_out; i++) {
        if (ck_result(k, i) == s.out[i])
            continue;
        ck_fail(k, "result type mismatch at index %u", i);
        ir_note(&k->r, k->op, "op result type: '%.*s', function result type: '%.*s'",
                STR_ARG(ck_print(k, ck_result(k, i))), STR_ARG(ck_print(k, s.out[i])));
        return false;
    }
    return true;
}

/* ---- branches ------------------------------------------------------------------------------------------- */

/* The operands of group `g` go to successor i. */
static bool check_edge(checker *k, uint32_t successor, uint32_t g) {
    const ir_module *m = k->m;
    ir_block to = ir_successor(m, k->op, successor);
    uint32_t first = k->operand_at[g], n = k->operand_at[g + 1] - first;
    if (m->blocks[to].n_args != n)
        return ck_fail_plain(k, "branch has %u operands for successor #%u, but target block has %u", n, successor,
                             m->blocks[to].n_args);
    for (uint32_t i = 0; i < n; i++)
        if (m->values[m->blocks[to].args + i].type != ck_operand(k, first + i))
            return ck_fail_plain(k, "type mismatch for bb argument #%u of successor #%u", i, successor);
    return true;
}

/* The last groups of operands go to the successors, in order. */
static bool check_branch(checker *k) {
    uint32_t n = k->m->ops[k->op].n_successors;
    if (k->def->n_operands < n)
        return true;
    for (uint32_t i = 0; i < n; i++)
        if (!check_edge(k, i, k->def->n_operands - n + i))
            return false;
    return true;
}

/* ---- ttcore --------------------------------------------------------------------------------------------- */

/* The types of a list that may be packed into one tuple. */
static void unpack(checker *k, const uint32_t **types, uint32_t *n) {
    if (*n != 1 || ir_kind_of(k->ctx, **types) != IR_TYPE_TUPLE)
        return;
    const uint32_t *w = ir_words(k->ctx, **types);
    *types = w + 2;
    *n = w[1];
}

static bool check_load_cached(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    ir_attr callee = ck_attr(k, "callee");
    ir_op function = function_of(k, callee);
    signature s;
    if (!function)
        return ck_fail(k, "'%.*s' does not reference a function", STR_ARG(ir_str_of(k->ctx, callee)));
    if (!function_signature(k, function, &s))
        return true;
    unpack(k, &s.in, &s.n_in);
    unpack(k, &s.out, &s.n_out);
    if (o->n_operands != s.n_in)
        return ck_fail(k, "Incorrect number of operands for callee -- expected %u but got: %u", s.n_in, o->n_operands);
    for (uint32_t i = 0; i < s.n_in; i++)
        if (ck_operand(k, i) != s.in[i])
            return ck_fail(k, "Operand type mismatch at index %u", i);
    if (o->n_results != s.n_out)
        return ck_fail(k, "Incorrect number of results for callee -- expected %u but got: %u", s.n_out, o->n_results);
    for (uint32_t i = 0; i < s.n_out; i++)
        if (ck_result(k, i) != s.out[i])
            return ck_fail(k, "Result type mismatch at index %u", i);
    return true;
}

static bool check_composite(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    ir_attr callee = ck_attr(k, "decomposition");
    ir_op found = ir_symbol_resolve(&k->symbols, k->op, callee);
    str name = ir_str_of(k->ctx, callee);
    signature s;
    if (!found)
        return ck_fail(k, "decomposition function '%.*s' not found in parent module", STR_ARG(name));
    if (!is_op(k, found, "func.func"))
        return ck_fail(k, "decomposition symbol '%.*s' is not a func.func", STR_ARG(name));
    if (!function_signature(k, found, &s))
        return true;
    if (o->n_operands != s.n_in)
        return ck_fail(k, "decomposition function expects %u arguments, but composite has %u inputs", s.n_in,
                       o->n_operands);
    for (uint32_t i = 0; i < s.n_in; i++)
        if (ck_operand(k, i) != s.in[i])
            return ck_fail(k, "input type mismatch at index %u: composite has '%.*s', decomposition expects '%.*s'", i,
                           STR_ARG(ck_print(k, ck_operand(k, i))), STR_ARG(ck_print(k, s.in[i])));
    if (o->n_results != s.n_out)
        return ck_fail(k, "decomposition function returns %u results, but composite produces %u results", s.n_out,
                       o->n_results);
    for (uint32_t i = 0; i < s.n_out; i++)
        if (ck_result(k, i) != s.out[i])
            return ck_fail(k,
                           "result type mismatch at index %u: composite produces '%.*s', decomposition returns '%.*s'",
                           i, STR_ARG(ck_print(k, ck_result(k, i))), STR_ARG(ck_print(k, s.out[i])));
    return true;
}

static bool check_module_wrapper(checker *k) {
    const ir_module *m = k->m;
    ir_block body = m->regions[ir_op_region(m, k->op, 0)].first;
    uint32_t modules = 0, others = 0;
    for (ir_op op = m->blocks[body].first; op; op = m->ops[op].next) {
        bool is_module = is_op(k, op, "builtin.module");
        modules += is_module;
        others += !is_module;
    }
    if (others || modules > 1)
        return ck_fail(k, "Expected exactly one block");
    return modules == 1 || ck_fail(k, "Expected exactly one ModuleOp but found %u", modules);
}

/* ---- traces --------------------------------------------------------------------------------------------- */

/* Whether a tensor lives on the device: its layout's buffer is not system memory. */
static bool on_device(checker *k, ir_type t) {
    ir_attr layout = ir_encoding(k->ctx, t);
    ir_type memref = layout ? dialect_param(k->ctx, layout, STR("memref")) : 0;
    if (ir_kind_of(k->ctx, memref) != IR_TYPE_MEMREF)
        return false;
    str buffer = dialect_case_text(k->ctx, ir_at(k->ctx, memref, 2));
    return buffer.n && !str_eq(buffer, STR("system_memory"));
}

static bool is_trace_id(checker *k, ir_type t) {
    return ck_rank(k, t) == 0 && dialect_is_attr(k->ctx, ir_encoding(k->ctx, t), ATTR_ttnn_trace_id);
}

static bool no_function(checker *k, ir_attr callee) {
    return ck_fail(k, "'%.*s' does not reference a function", STR_ARG(ir_str_of(k->ctx, callee)));
}

/* The trace op under check: its inputs, sorted into those on the device and those staged from the host. */
struct trace {
    uint32_t first, n_inputs, n_semaphores, n_outputs, n_staged;
    signature slots; /* of the slot allocation function */
};

static ir_type trace_input(checker *k, const struct trace *t, uint32_t i) {
    return ck_operand(k, t->first + i);
}

static bool check_slot_allocation(checker *k, struct trace *t) {
    ir_attr callee = ck_attr(k, "allocate_slots_callee");
    ir_op function = function_of(k, callee);
    if (!function)
        return no_function(k, callee);
    if (!function_signature(k, function, &t->slots))
        return true;
    str name = ir_str_of(k->ctx, callee);
    uint32_t resident = t->n_inputs - t->n_staged, at = 0;
    if (t->slots.n_in != resident)
        return ck_fail(
            k, "Slot allocation function '%.*s' must take %u arguments (the device-resident inputs), but has %u",
            STR_ARG(name), resident, t->slots.n_in);
    for (uint32_t i = 0; i < t->n_inputs; i++) {
        ir_type type = trace_input(k, t, i);
        if (!on_device(k, type))
            continue;
        if (t->slots.in[at] != type)
            return bad_type(k, "Slot allocation function argument", at, type, t->slots.in[at]);
        at++;
    }
    if (t->slots.n_out != t->n_inputs + t->n_outputs)
        return ck_fail(k,
                       "Slot allocation function '%.*s' must return %u slots (%u input slots + %u output slots), but "
                       "returns %u",
                       STR_ARG(name), t->n_inputs + t->n_outputs, t->n_inputs, t->n_outputs, t->slots.n_out);
    for (uint32_t i = 0; i < t->n_outputs; i++)
        if (t->slots.out[t->n_inputs + i] != ck_result(k, i))
            return bad_type(k, "Slot allocation function output slot", i, ck_result(k, i),
                            t->slots.out[t->n_inputs + i]);
    return true;
}

static bool check_capture_types(checker *k, const struct trace *t, const signature *s) {
    uint32_t at = 0;
    for (uint32_t i = 0; i < t->n_inputs; i++) {
        ir_type type = trace_input(k, t, i);
        if (on_device(k, type))
            continue;
        if (s->in[at] != type)
            return bad_type(k, "Capture function host-staged input argument", at, type, s->in[at]);
        at++;
    }
    for (uint32_t i = 0; i < t->slots.n_out; i++)
        if (s->in[at + i] != t->slots.out[i])
            return bad_type(k, "Capture function slot argument", i, t->slots.out[i], s->in[at + i]);
    at += t->slots.n_out;
    for (uint32_t i = 0; i < t->n_semaphores; i++) {
        ir_type type = ck_operand(k, t->first + t->n_inputs + i);
        if (s->in[at + i] != type)
            return bad_type(k, "Semaphore input argument", i, s->in[at + i], type);
    }
    return true;
}

/* The capture function and, in *callee, the trace function it calls. */
static bool check_capture(checker *k, const struct trace *t, ir_attr *callee) {
    ir_attr capture = ck_attr(k, "capture_callee");
    ir_op function = function_of(k, capture);
    signature s;
    if (!function)
        return no_function(k, capture);
    if (!function_signature(k, function, &s))
        return true;
    str name = ir_str_of(k->ctx, capture);
    uint32_t expected = t->n_staged + t->slots.n_out + t->n_semaphores;
    if (s.n_in != expected)
        return ck_fail(k,
                       "Capture function '%.*s' must take %u arguments (%u host-staged inputs + %u slots + %u "
                       "semaphores), but has %u",
                       STR_ARG(name), expected, t->n_staged, t->slots.n_out, t->n_semaphores, s.n_in);
    if (!check_capture_types(k, t, &s))
        return false;
    if (s.n_out != 1)
        return ck_fail(k, "Capture function '%.*s' must return exactly one trace_id value, but returns %u",
                       STR_ARG(name), s.n_out);
    if (!is_trace_id(k, s.out[0]))
        return ck_fail(k,
                       "Capture function '%.*s' must return a trace_id tensor (scalar ui32 with TraceIdAttr encoding)",
                       STR_ARG(name));
    for (ir_op op = function; op && !*callee; op = ir_walk_next(k->m, function, op))
        if (is_op(k, op, "func.call"))
            *callee = ir_op_attr(k->m, op, STR("callee"));
    return *callee || ck_fail(k, "No trace function found in capture function");
}

static bool same_attr(checker *k, ir_op a, ir_op b, str name) {
    return ir_op_attr(k->m, a, name) == ir_op_attr(k->m, b, name);
}

/* What stands inside the trace function. */
static bool check_traced_op(checker *k, ir_op op) {
    const ir_module *m = k->m;
    if (is_op(k, op, "ttnn.capture_or_execute_trace"))
        return ck_fail(k, "CaptureOrExecuteTraceOp op must not be nested within trace function");
    if (is_op(k, op, "ttcore.load_cached"))
        return ck_fail(k, "LoadCached op must not be nested within trace function");
    if (is_op(k, op, "ttnn.get_device")) {
        ir_value device = ck_in_value(k, "device");
        ir_op maker = ir_is_block_arg(m, device) ? 0 : m->values[device].owner;
        if (is_op(k, maker, "ttnn.get_device") &&
            (!same_attr(k, op, maker, STR("mesh_shape")) || !same_attr(k, op, maker, STR("mesh_offset"))))
            return ck_fail(k,
                           "Device configuration of get_device op in callee must match device configuration of trace "
                           "op");
        return true;
    }
    const ir_op_data *o = &m->ops[op];
    for (uint32_t i = 0; i < o->n_operands; i++) {
        ir_type t = ir_value_type(m, ir_operand(m, op, i));
        if (ir_kind_of(k->ctx, t) == IR_TYPE_TENSOR && !on_device(k, t))
            return ck_fail(k, "All input tensors of trace function must be on device");
    }
    for (uint32_t i = 0; i < o->n_results; i++) {
        ir_type t = ir_value_type(m, o->results + i);
        if (ir_kind_of(k->ctx, t) == IR_TYPE_TENSOR && !on_device(k, t))
            return ck_fail(k, "All output tensors of trace function must be on device");
    }
    return true;
}

static bool check_trace_function(checker *k, ir_attr callee) {
    ir_op function = function_of(k, callee);
    signature s;
    if (!function)
        return no_function(k, callee);
    if (function_signature(k, function, &s) && s.n_out)
        return ck_fail(k,
                       "Trace function '%.*s' must return no results; it stores its outputs into the output slot "
                       "arguments",
                       STR_ARG(ir_str_of(k->ctx, callee)));
    for (ir_op op = ir_walk_next(k->m, function, function); op; op = ir_walk_next(k->m, function, op))
        if (!check_traced_op(k, op))
            return false;
    return true;
}

static bool check_trace(checker *k) {
    struct trace t = {.n_outputs = k->m->ops[k->op].n_results};
    t.n_inputs = ck_in_count(k, "inputs", &t.first);
    t.n_semaphores = ck_in_count(k, "semaphore_inputs", NULL);
    for (uint32_t i = 0; i < t.n_inputs; i++)
        t.n_staged += !on_device(k, trace_input(k, &t, i));
    ir_attr callee = 0;
    if (!check_slot_allocation(k, &t) || !check_capture(k, &t, &callee) || !check_trace_function(k, callee))
        return false;
    ir_attr execute = ck_attr(k, "execute_callee");
    ir_op function = function_of(k, execute);
    signature s;
    if (!function)
        return no_function(k, execute);
    if (!function_signature(k, function, &s))
        return true;
    if (s.n_in != 1)
        return ck_fail(k, "Execute function '%.*s' must take exactly one trace_id argument, but has %u",
                       STR_ARG(ir_str_of(k->ctx, execute)), s.n_in);
    return is_trace_id(k, s.in[0]) || ck_fail(k,
                                              "Execute function '%.*s' argument must be a trace_id tensor "
                                              "(scalar ui32 with TraceIdAttr encoding)",
                                              STR_ARG(ir_str_of(k->ctx, execute)));
}

/* ---- emitpy --------------------------------------------------------------------------------------------- */

static bool check_global_use(checker *k) {
    ir_attr name = ck_attr(k, "name");
    str text = ir_str_of(k->ctx, name);
    ir_op global = ir_symbol_resolve(&k->symbols, k->op, name);
    if (!is_op(k, global, "emitpy.global"))
        return ck_fail(k, "'%.*s' does not reference a valid emitpy.global", STR_ARG(text));
    ir_attr value = ir_op_attr(k->m, global, STR("initial_value"));
    ir_type type = 0;
    if (ir_kind_of(k->ctx, value) == IR_ATTR_INTEGER || ir_kind_of(k->ctx, value) == IR_ATTR_FLOAT)
        type = ir_at(k->ctx, value, 0);
    bool assigns = k->m->ops[k->op].n_operands > 0;
    ir_type own = assigns ? ck_operand(k, 0) : ck_result(k, 0);
    if (!type || type == own)
        return true;
    return ck_fail(k, "%s type ('%.*s') does not match global's type ('%.*s')", assigns ? "value" : "result",
                   STR_ARG(ck_print(k, own)), STR_ARG(ck_print(k, type)));
}

/* ---- ttkernel ------------------------------------------------------------------------------------------- */

static bool made_by_constant(checker *k, const char *operand) {
    ir_value v = ck_in_value(k, operand);
    return v && !ir_is_block_arg(k->m, v) && is_op(k, k->m->values[v].owner, "arith.constant");
}

static bool check_accessor_args(checker *k) {
    bool compile_time = ck_in(k, "cta_base") != 0, run_time = ck_in(k, "crta_base") != 0;
    if (ck_in(k, "prev_args"))
        return !(compile_time || run_time) ||
               ck_fail(k, "cta_base and crta_base should not be provided when using prev_args");
    if (!compile_time || !run_time)
        return ck_fail(k, "both cta_base and crta_base are required when prev_args is not provided");
    if (!ck_attr(k, "cta_expr") && !made_by_constant(k, "cta_base"))
        return ck_fail(k, "cta_base must be a constant when cta_expr is not provided");
    return ck_attr(k, "crta_expr") || made_by_constant(k, "crta_base") ||
           ck_fail(k, "crta_base must be a constant when crta_expr is not provided");
}

const ck_rule ck_rules_context[] = {
    {"cf.br", check_branch, true},
    {"cf.cond_br", check_branch, true},
    {"d2m.tile_matmul", ck_d2m_compute, true},
    {"d2m.tile_matmul_block", ck_d2m_compute, true},
    {"d2m.tile_tilize_block", ck_d2m_compute, true},
    {"d2m.tile_untilize_block", ck_d2m_compute, true},
    {"emitpy.assign_global", check_global_use, true},
    {"emitpy.global_statement", check_global_use, true},
    {"func.call", check_call, true},
    {"func.constant", ck_func_constant, true},
    {"func.func", check_func, true},
    {"func.return", check_return, true},
    {"llvm.br", check_branch, true},
    {"llvm.cond_br", check_branch, true},
    {"memref.get_global", ck_get_global, true},
    {"scf.for", ck_scf_for, true},
    {"scf.if", ck_scf_if, true},
    {"ttcore.composite", check_composite, true},
    {"ttcore.cpu_module", check_module_wrapper, true},
    {"ttcore.device_module", check_module_wrapper, true},
    {"ttcore.load_cached", check_load_cached, true},
    {"ttnn.capture_or_execute_trace", check_trace, true},
    {"ttkernel.TensorAccessorArgs", check_accessor_args, true},
    {NULL, NULL, false},
};
