/* pass_ttnn_layout.c - ttnn-layout: every tensor gets a #ttnn.ttnn_layout, and ttir.to_layout stands where an op needs its
 * operand elsewhere than it is.
 *
 * Two greedy rounds, as tt-mlir's TTNNLayout.cpp has them:
 *   1. types: DRAM, interleaved, tiled everywhere; then function arguments and results by what they are (row-major
 *      inputs, convolution weights and operands of mesh_shard on the host, CPU-hoisted functions wholly on the host);
 *   2. ops: operands of TTIR ops into tiled DRAM, those of mesh_shard and of CPU-hoisted calls onto the host, those of
 *      mesh_partition into row-major DRAM, returned values into tiled DRAM.
 */
#include "compile/passes.h"
#include "compile/rewrite.h"
#include "compile/ttnn_build.h"

static const str conv_weight_key = STR_INIT("ttir.conv2d_weight");
static const str kv_cache_key = STR_INIT("ttcore.kv_cache");
static const str argument_type_key = STR_INIT("ttcore.argument_type");
static const str hoisted_key = STR_INIT("ttir.cpu_hoisted_call");
static const str hoisted_done_key = STR_INIT("ttir.cpu_hoist_call");

/* The element type that memrefs of a tensor hold when it is row-major: that of a quantized tensor is its storage. */
static ir_type storage_type(pass_context *p, ir_type t) {
    ir_type e = ir_element_type(p->c, t);
    uint32_t bits = ir_bit_width(p->c, e);
    return bits ? e : target_dtype_scalar(p->c, target_dtype_of(p->c, e));
}

static ttnn_layout layout_of_place(pass_context *p, ir_type t, ttnn_buffer buffer, bool tiled) {
    ttnn_layout l = ttnn_layout_default(target_dtype_of(p->c, ir_element_type(p->c, t)));
    if (buffer == TTNN_SYSTEM)
        l = ttnn_layout_host(l.dtype);
    ttnn_layout_set_tiled(&l, tiled);
    if (!tiled)
        l.element = storage_type(p, t);
    ttnn_layout old;
    ir_attr encoding = ir_encoding(p->c, t);
    if (encoding && dialect_is_attr(p->c, encoding, ATTR_ttcore_tensor_mesh))
        l.mesh = encoding;
    else if (ttnn_layout_of(p->c, t, &old))
        l.mesh = old.mesh;
    return l;
}

/* Models have few types: pass_context.data remembers what became of each, (type, place) -> type. */
static ir_type type_in(pass_context *p, ir_type t, ttnn_buffer buffer, bool tiled) {
    struct map_u64 *known = p->data;
    uint64_t key = t | (uint64_t)buffer << 32 | (uint64_t)tiled << 40;
    const uint32_t *there = map_u64_get(known, key);
    if (there)
        return *there;
    ttnn_layout l = layout_of_place(p, t, buffer, tiled);
    ir_type placed = l.dtype == DTYPE_NONE ? t : tn_placed(p, t, &l);
    if (!map_u64_put(known, key, placed ? placed : t, NULL))
        p->m->failed = true;
    return placed ? placed : t;
}

/* The default type of a tensor type without layout; anything else is kept. */
static ir_type default_type(pass_context *p, ir_type t) {
    if (!tn_is_tensor(p->c, t))
        return t;
    ir_attr encoding = ir_encoding(p->c, t);
    if (encoding && dialect_is_attr(p->c, encoding, ATTR_ttnn_ttnn_layout))
        return t;
    return type_in(p, t, TTNN_DRAM, true);
}

/* ---- functions ------------------------------------------------------------------------------------------ */

/* A function's type, taken apart. The arrays are in the scratch arena. */
typedef struct signature {
    ir_type *in, *out;
    uint32_t n_in, n_out;
} signature;

static bool read_signature(pass_context *p, ir_op func, signature *s) {
    ir_attr a = ir_op_attr(p->m, func, STR("function_type"));
    ir_type t = a && ir_kind_of(p->c, a) == IR_ATTR_TYPE ? ir_at(p->c, a, 0) : 0;
    if (!t || ir_kind_of(p->c, t) != IR_TYPE_FUNCTION)
        return false;
    uint32_t n = ir_count(p->c, t) - 1;
    s->n_in = ir_at(p->c, t, 0);
    s->n_out = n - s->n_in;
    s->in = ARENA_ARRAY(&p->scratch, ir_type, n + 1);
    if (!s->in)
        return false;
    s->out = s->in + s->n_in;
    for (uint32_t i = 0; i < n; i++)
        s->in[i] = ir_at(p->c, t, 1 + i);
    return true;
}

/* Sets the function's type and those of its arguments; whether anything was different. */
static bool write_signature(pass_context *p, ir_op func, const signature *s) {
    ir_attr a = ir_attr_type(p->c, ir_type_function(p->c, s->in, s->n_in, s->out, s->n_out));
    bool changed = false;
    if (a && a != ir_op_attr(p->m, func, STR("function_type"))) {
        ir_set_prop(p->e, func, STR("function_type"), a);
        changed = true;
    }
    ir_block b = body_of(p->m, func);
    for (uint32_t i = 0; b && i < s->n_in && i < ir_block_at(p->m, b)->n_args; i++) {
        ir_value v = ir_block_at(p->m, b)->args + i;
        if (ir_value_type(p->m, v) != s->in[i]) {
            ir_set_type(p->e, v, s->in[i]);
            changed = true;
        }
    }
    return changed;
}

static bool used_by(pass_context *p, ir_value v, uint32_t op) {
    for (ir_each_use(p->e, v, u))
        if (op_is(p->m, ir_use_op(p->e, u), op))
            return true;
    return false;
}

static bool argument_on_host(pass_context *p, ir_op func, uint32_t i, ir_value v, bool const_eval) {
    if (func_arg_attr(p->m, func, i, conv_weight_key))
        return true;
    /* ttnn-force-const-eval-to-system-memory sees to those of const-eval functions; caches are written on the device */
    return !const_eval && used_by(p, v, OP_ttir_mesh_shard) && !func_arg_attr(p->m, func, i, kv_cache_key);
}

static bool argument_row_major(pass_context *p, ir_op func, uint32_t i, ir_value v) {
    ir_attr kind = func_arg_attr(p->m, func, i, argument_type_key);
    return kind && str_eq(dialect_case_text(p->c, kind), STR("input")) && !used_by(p, v, OP_ttir_mesh_shard) &&
           !used_by(p, v, OP_ttir_tt_lang_op) && !func_arg_attr(p->m, func, i, kv_cache_key);
}

static bool rewrite_function(pass_context *p, ir_op func) {
    signature s;
    if (!read_signature(p, func, &s))
        return false;
    str kind = dialect_function_kind(p->m, func);
    if (str_eq(kind, STR("forward_cpu_declaration"))) {
        for (uint32_t i = 0; i < s.n_in + s.n_out; i++)
            if (tn_is_tensor(p->c, s.in[i]))
                s.in[i] = type_in(p, s.in[i], TTNN_SYSTEM, false);
        return write_signature(p, func, &s);
    }
    ir_block b = body_of(p->m, func);
    if (!b)
        return false;
    bool const_eval = str_eq(kind, STR("const_eval"));
    const ir_block_data *bd = ir_block_at(p->m, b);
    for (uint32_t i = 0; i < s.n_in && i < bd->n_args; i++) {
        ir_value v = bd->args + i;
        ir_type t = ir_value_type(p->m, v);
        if (!tn_is_tensor(p->c, t))
            continue;
        if (argument_on_host(p, func, i, v, const_eval))
            t = type_in(p, t, TTNN_SYSTEM, false);
        if (argument_row_major(p, func, i, v)) {
            ttnn_layout l;
            t = type_in(p, t, ttnn_layout_of(p->c, t, &l) ? l.buffer : TTNN_DRAM, false);
        }
        s.in[i] = t;
    }
    ir_op last = bd->last;
    for (uint32_t i = 0; op_is(p->m, last, OP_func_return) && i < s.n_out && i < ir_op_at(p->m, last)->n_operands; i++)
        if (tn_is_tensor(p->c, s.out[i]) && def_is(p->m, ir_operand(p->m, last, i), OP_ttir_mesh_shard))
            s.out[i] = type_in(p, s.out[i], TTNN_SYSTEM, false);
    return write_signature(p, func, &s);
}

static bool convert_types(pass_context *p, ir_op op) {
    bool changed = false;
    const ir_op_data *d = ir_op_at(p->m, op);
    uint32_t n_operands = d->n_operands, n_results = d->n_results;
    for (uint32_t i = 0; i < n_operands + n_results; i++) {
        ir_value v = i < n_operands ? ir_operand(p->m, op, i) : ir_result(p->m, op, i - n_operands);
        ir_type t = default_type(p, ir_value_type(p->m, v));
        if (t != ir_value_type(p->m, v)) {
            ir_set_type(p->e, v, t);
            changed = true;
        }
    }
    signature s;
    if (op_is(p->m, op, OP_func_func) && read_signature(p, op, &s)) {
        for (uint32_t i = 0; i < s.n_in + s.n_out; i++)
            s.in[i] = default_type(p, s.in[i]);
        changed |= write_signature(p, op, &s);
    }
    return changed;
}

/* ---- ops ------------------------------------------------------------------------------------------------ */

static ir_type find_moved_type(pass_context *p, ir_type t, ttnn_buffer buffer, bool tiled) {
    ttnn_layout l;
    if (!ttnn_layout_of(p->c, t, &l))
        return t;
    target_dtype dtype = target_dtype_of(p->c, ir_element_type(p->c, t));
    ttnn_memory memory = buffer == TTNN_SYSTEM ? TTNN_NO_MEMORY : TTNN_INTERLEAVED;
    if (dtype == DTYPE_NONE || (l.buffer == buffer && l.tiled == tiled && l.dtype == dtype && l.memory == memory))
        return t;
    ttnn_layout_set_buffer(&l, buffer);
    ttnn_layout_set_memory(&l, memory);
    ttnn_layout_set_tiled(&l, tiled);
    ttnn_layout_set_dtype(&l, dtype);
    l.element = tiled ? 0 : storage_type(p, t);
    ir_type moved = tn_placed(p, t, &l);
    return moved ? moved : t;
}

/* The type of a tensor brought to a place; t itself when it is there already. Remembered beside those of type_in. */
static ir_type moved_type(pass_context *p, ir_type t, ttnn_buffer buffer, bool tiled) {
    struct map_u64 *known = p->data;
    uint64_t key = t | (uint64_t)buffer << 32 | (uint64_t)tiled << 40 | 1ull << 48;
    const uint32_t *there = map_u64_get(known, key);
    if (there)
        return *there;
    ir_type moved = find_moved_type(p, t, buffer, tiled);
    if (!map_u64_put(known, key, moved, NULL))
        p->m->failed = true;
    return moved;
}

/* The location of a layout change in front of operand i: a name gets a suffix, any other location stays. */
static ir_loc operand_loc(pass_context *p, ir_loc loc, uint32_t i) {
    if (!loc || ir_kind_of(p->c, loc) != IR_LOC_NAME)
        return loc;
    str name = arena_printf(&p->scratch, "%.*s_in_%u_layout", STR_ARG(ir_str_of(p->c, ir_at(p->c, loc, 0))), i);
    return ir_loc_name(p->c, ir_string(p->c, name, true), ir_at(p->c, loc, 1));
}

/* Operand i of op brought to a place, by ttir.empty and ttir.to_layout when it is not there: the new value, or 0. */
static ir_value moved_operand(pass_context *p, ir_op op, uint32_t i, ttnn_buffer buffer, bool tiled) {
    ir_value v = ir_operand(p->m, op, i);
    ir_type t = ir_value_type(p->m, v), to = tn_is_tensor(p->c, t) ? moved_type(p, t, buffer, tiled) : t;
    if (to == t)
        return 0;
    ir_loc loc = operand_loc(p, ir_op_at(p->m, op)->loc, i);
    ir_value operands[2] = {v, build_value(p, OP_ttir_empty, loc, NULL, 0, to, 0)};
    return build_value(p, OP_ttir_to_layout, loc, operands, 2, to, 0);
}

static bool move_operand(pass_context *p, ir_op op, uint32_t i, ttnn_buffer buffer, bool tiled) {
    ir_value v = moved_operand(p, op, i, buffer, tiled);
    if (v)
        ir_set_operand(p->e, op, i, v);
    return v != 0;
}

static bool set_result_type(pass_context *p, ir_op op, uint32_t i, ir_type t) {
    ir_value v = ir_result(p->m, op, i);
    if (!t || ir_value_type(p->m, v) == t)
        return false;
    ir_set_type(p->e, v, t);
    return true;
}

static bool place_op(pass_context *p, ir_op op) {
    const op_def *d = dialect_def_of(p->m, op);
    if (!d || d->dialect != DIALECT_ttir || (d->flags & OP_CREATION) || op_is(p->m, op, OP_ttir_to_layout) ||
        op_is(p->m, op, OP_ttir_mesh_shard) || op_is(p->m, op, OP_ttir_mesh_partition))
        return false;
    bool changed = false;
    uint32_t n_operands = ir_op_at(p->m, op)->n_operands, n_results = ir_op_at(p->m, op)->n_results;
    for (uint32_t i = 0; i < n_operands; i++) {
        ir_value v = ir_operand(p->m, op, i);
        if (!def_is(p->m, v, OP_ttir_broadcast) && !def_is(p->m, v, OP_ttir_to_layout))
            changed |= move_operand(p, op, i, TTNN_DRAM, true);
    }
    for (uint32_t i = 0; i < n_results; i++) {
        ir_type t = ir_value_type(p->m, ir_result(p->m, op, i));
        if (!tn_is_tensor(p->c, t))
            continue;
        bool tiled = true; /* the kernel of conv3d writes rows; reshape cannot change between rows and tiles */
        if (op_is(p->m, op, OP_ttir_conv3d))
            tiled = false;
        else if (op_is(p->m, op, OP_ttir_reshape))
            tiled = tn_is_tiled(p->c, t);
        changed |= set_result_type(p, op, i, moved_type(p, t, TTNN_DRAM, tiled));
    }
    return changed;
}

static bool place_return(pass_context *p, ir_op op) {
    bool changed = false;
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    for (uint32_t i = 0; i < n; i++) {
        bool host = def_is(p->m, ir_operand(p->m, op, i), OP_ttir_mesh_shard) != 0;
        changed |= move_operand(p, op, i, host ? TTNN_SYSTEM : TTNN_DRAM, !host);
    }
    return changed;
}

/* mesh_shard becomes distribute_tensor or aggregate_tensor, which work on the host. */
static bool place_mesh_shard(pass_context *p, ir_op op) {
    bool changed = move_operand(p, op, 0, TTNN_SYSTEM, false);
    ir_type t = ir_value_type(p->m, ir_result(p->m, op, 0));
    return set_result_type(p, op, 0, type_in(p, t, TTNN_SYSTEM, false)) || changed;
}

/* mesh_partition mostly slices weights once; tiles would only pad them. */
static bool place_mesh_partition(pass_context *p, ir_op op) {
    bool changed = move_operand(p, op, 0, TTNN_DRAM, false);
    ir_type t = ir_value_type(p->m, ir_result(p->m, op, 0));
    return set_result_type(p, op, 0, type_in(p, t, TTNN_DRAM, false)) || changed;
}

/* A call of a CPU-hoisted function takes and gives host tensors. The marker of hoisting becomes that of a finished
 * call. */
static bool place_call(pass_context *p, ir_op op) {
    if (!ir_dict_get(p->c, ir_op_at(p->m, op)->attrs, hoisted_key))
        return false;
    ir_op func = lookup_symbol_from(p, op, ir_op_attr(p->m, op, STR("callee")));
    signature s;
    if (!func || !read_signature(p, func, &s) || s.n_out != ir_op_at(p->m, op)->n_results)
        return false;
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    ir_value *operands = ARENA_ARRAY(&p->scratch, ir_value, n + s.n_out + 1);
    if (!operands)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = moved_operand(p, op, i, TTNN_SYSTEM, false);
        operands[i] = v ? v : ir_operand(p->m, op, i);
    }
    const ir_op_data *d = ir_op_at(p->m, op);
    ir_op_spec spec = {
        .name = d->name,
        .loc = d->loc,
        .operands = operands,
        .n_operands = n,
        .results = s.out,
        .n_results = s.n_out,
        .props = d->props,
        .attrs = ir_dict_set(p->c, 0, hoisted_done_key, p->c->a_unit),
    };
    ir_op call = ir_build(p->e, &spec);
    if (!call)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < s.n_out; i++)
        operands[i] = ir_result(p->m, call, i);
    ir_replace(p->e, op, operands);
    return true;
}

static bool place_load_cached(pass_context *p, ir_op op) {
    ir_op func = lookup_symbol_from(p, op, ir_op_attr(p->m, op, STR("callee")));
    signature s;
    if (!func || !read_signature(p, func, &s))
        return false;
    bool changed = false;
    for (uint32_t i = 0; i < s.n_out && i < ir_op_at(p->m, op)->n_results; i++)
        changed |= set_result_type(p, op, i, s.out[i]);
    return changed;
}

static bool place_composite(pass_context *p, ir_op op) {
    ir_op func = lookup_symbol_from(p, op, ir_op_attr(p->m, op, STR("decomposition")));
    signature s;
    if (!func || !read_signature(p, func, &s))
        return false;
    bool changed = false;
    for (uint32_t i = 0; i < s.n_out && i < ir_op_at(p->m, op)->n_results; i++)
        changed |= set_result_type(p, op, i, s.out[i]);
    for (uint32_t i = 0; i < s.n_in && i < ir_op_at(p->m, op)->n_operands; i++) {
        ttnn_layout l;
        if (ir_value_type(p->m, ir_operand(p->m, op, i)) != s.in[i] && ttnn_layout_of(p->c, s.in[i], &l))
            changed |= move_operand(p, op, i, l.buffer, l.tiled);
    }
    return changed;
}

bool pass_ttnn_layout(pass_context *p) {
    static const rewrite_pattern types[] = {
        {REWRITE_ANY_OP, 1, convert_types, true},
        {OP_func_func, 1, rewrite_function},
    };
    static const rewrite_pattern places[] = {
        {REWRITE_ANY_OP, 1, place_op, true},
        {OP_func_return, 1, place_return, true},
        {OP_func_call, 1, place_call},
        {OP_ttir_mesh_shard, 1, place_mesh_shard, true},
        {OP_ttir_mesh_partition, 1, place_mesh_partition, true},
        {OP_ttcore_load_cached, 1, place_load_cached},
        {OP_ttcore_composite, 1, place_composite},
    };
    struct map_u64 known;
    map_u64_init(&known, p->m->mem);
    void *outer = p->data;
    p->data = &known;
    bool ok = rewrite_greedy(p, p->scope, types, sizeof types / sizeof *types, 0, 0) &&
              rewrite_greedy(p, p->scope, places, sizeof places / sizeof *places, REWRITE_TOP_DOWN, 0);
    p->data = outer;
    map_u64_free(&known);
    return ok;
}
