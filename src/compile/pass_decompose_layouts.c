/* pass_decompose_layouts.c - ttnn-decompose-layouts: each ttnn.to_tensor_spec becomes to_device, from_device, to_layout,
 * typecast and to_memory_config.
 *
 *   input layout ──layout + data type──▶ ──memory move──▶ output layout      or the move first
 *
 * Tiles are made and undone on the device for bf16, f32, u32, u16 and si32 only; otherwise that step goes to the host,
 * while a typecast of tiles stays on the device. Work is done on the host only when both sides are there, at the border
 * of a CPU-hoisted function, or when no side holds tiles on the device.
 */
#include "compile/passes.h"
#include "compile/ttnn_build.h"

static bool tiles_on_device(target_dtype t) {
    return t == DTYPE_BF16 || t == DTYPE_F32 || t == DTYPE_U32 || t == DTYPE_U16 || t == DTYPE_SI32;
}

static bool memory_differs(const ttnn_layout *a, const ttnn_layout *b) {
    if (a->buffer != b->buffer)
        return true;
    if (a->buffer == TTNN_SYSTEM)
        return false;
    if (a->memory != b->memory)
        return true;
    return ttnn_is_sharded(a->memory) &&
           (a->grid[0] != b->grid[0] || a->grid[1] != b->grid[1] || a->core_ranges != b->core_ranges);
}

/* One conversion on its way: the value so far, and where it is to end. */
typedef struct conversion {
    pass_context *p;
    ir_value v;
    ttnn_layout in, out;
    ir_loc func_loc;
    ir_block block;
} conversion;

static ir_type type_now(const conversion *k) {
    return ir_value_type(k->p->m, k->v);
}

/* The current type with the output's memory: buffer, memory layout, grid, cores. */
static ir_type moved_type(conversion *k) {
    ttnn_layout l;
    if (!ttnn_layout_of(k->p->c, type_now(k), &l))
        return 0;
    ttnn_layout_set_buffer(&l, k->out.buffer);
    ttnn_layout_set_memory(&l, k->out.memory);
    ttnn_layout_set_grid(&l, k->out.grid[0], k->out.grid[1]);
    l.core_ranges = k->out.core_ranges;
    return tn_placed(k->p, type_now(k), &l);
}

static void step(conversion *k, uint32_t op, ir_type t) {
    k->v = tn_unary(k->p, op, value_loc(k->p->m, k->v), k->v, t);
}

static void to_device(conversion *k) {
    ir_value v[2] = {k->v, tn_device_in(k->p, k->block, k->func_loc)};
    k->v = build_value(k->p, OP_ttnn_to_device, value_loc(k->p->m, k->v), v, 2, moved_type(k), 0);
}

static void from_device(conversion *k) {
    step(k, OP_ttnn_from_device, tn_with_buffer(k->p, type_now(k), TTNN_SYSTEM));
}

static void typecast(conversion *k) {
    step(k, OP_ttnn_typecast, tn_with_dtype(k->p, type_now(k), k->out.dtype));
}

static void move(conversion *k) {
    ttnn_layout now;
    if (!ttnn_layout_of(k->p->c, type_now(k), &now) || (!ttnn_on_device(&now) && !ttnn_on_device(&k->out)))
        return;
    if (!ttnn_on_device(&now))
        to_device(k);
    else if (!ttnn_on_device(&k->out))
        from_device(k);
    else
        step(k, OP_ttnn_to_memory_config, moved_type(k));
}

/* tilize refuses height-sharded L1 tensors that do not fill their tiles (tt-metal #30541). */
static bool needs_padding(const conversion *k) {
    ttnn_layout l;
    shape s = tn_shape_of(k->p->m, k->v);
    return ttnn_layout_of(k->p->c, type_now(k), &l) && l.buffer == TTNN_L1 && l.memory == TTNN_HEIGHT_SHARDED &&
           s.n >= 2 && (s.d[s.n - 1] % TARGET_TILE || s.d[s.n - 2] % TARGET_TILE);
}

/* Unshards to DRAM, pads, tilizes and slices back. */
static void tilize_padded(conversion *k) {
    ir_loc loc = value_loc(k->p->m, k->v);
    shape s = tn_shape_of(k->p->m, k->v);
    ttnn_layout l;
    ttnn_layout_of(k->p->c, type_now(k), &l);
    ttnn_layout_set_buffer(&l, TTNN_DRAM);
    ttnn_layout_set_memory(&l, TTNN_INTERLEAVED);
    ttnn_layout_set_grid(&l, 1, 1);
    step(k, OP_ttnn_to_memory_config, tn_placed(k->p, type_now(k), &l));
    int64_t padding[2 * PASS_MAX_RANK] = {0}, begins[PASS_MAX_RANK] = {0};
    for (int i = s.n - 2; i < s.n; i++)
        padding[2 * i + 1] = tn_round_up(s.d[i], TARGET_TILE) - s.d[i];
    k->v = tn_pad(k->p, loc, k->v, padding, 0, true);
    step(k, OP_ttnn_to_layout, tn_with_tiled(k->p, type_now(k), k->out.tiled));
    k->v = tn_slice_to(k->p, loc, k->v, begins, s.d, NULL, tn_reshaped(k->p, type_now(k), &s));
}

static void change_tiles(conversion *k, bool padded) {
    if (padded)
        tilize_padded(k);
    else
        step(k, OP_ttnn_to_layout, tn_with_tiled(k->p, type_now(k), k->out.tiled));
}

/* Both changes where the tensor is now. */
static void change_form(conversion *k, bool on_device) {
    bool tiles = k->in.tiled != k->out.tiled, dtype = k->in.dtype != k->out.dtype;
    bool padded = on_device && tiles && k->out.tiled && needs_padding(k);
    if (tiles && dtype && on_device && k->out.tiled && target_dtypes[k->in.dtype].is_float &&
        target_dtypes[k->out.dtype].is_float && !padded) {
        /* one op does both */
        step(k, OP_ttnn_to_layout, tn_with_dtype(k->p, tn_with_tiled(k->p, type_now(k), true), k->out.dtype));
        return;
    }
    /* tiles are made or undone in the data type that can be on the device; on the host the order does not matter */
    bool cast_first = !on_device || (k->in.tiled ? tiles_on_device(k->out.dtype) : !tiles_on_device(k->in.dtype));
    if (dtype && (!tiles || cast_first))
        typecast(k);
    if (tiles)
        change_tiles(k, padded);
    if (dtype && tiles && !cast_first)
        typecast(k);
}

/* Making or undoing tiles must happen on the host, a typecast need not. */
static void through_host(conversion *k) {
    bool dtype = k->in.dtype != k->out.dtype;
    if (k->in.tiled) {
        if (dtype)
            typecast(k);
        from_device(k);
        change_tiles(k, false);
        if (ttnn_on_device(&k->out))
            to_device(k);
        return;
    }
    if (ttnn_on_device(&k->in))
        from_device(k);
    change_tiles(k, false);
    to_device(k);
    if (dtype)
        typecast(k);
}

static bool form_before_move(const conversion *k) {
    if (!ttnn_on_device(&k->in) || !ttnn_on_device(&k->out))
        return ttnn_on_device(&k->in);
    if (k->in.tiled == k->out.tiled || k->out.tiled)
        return true;
    /* rows are made of interleaved tensors */
    return !(k->in.buffer == TTNN_L1 && (ttnn_is_sharded(k->in.memory) || k->out.buffer == TTNN_DRAM));
}

static bool is_hoisted_call(const ir_module *m, ir_op op) {
    return op_is(m, op, OP_func_call) && ir_op_attr(m, op, STR("ttir.cpu_hoist_call"));
}

/* Whether the tensor comes from a CPU-hoisted function, or only goes into one. */
static bool at_cpu_border(pass_context *p, ir_op op) {
    ir_value result = ir_result(p->m, op, 0);
    if (is_hoisted_call(p->m, ir_def_op(p->m, ir_operand(p->m, op, 0))))
        return true;
    return ir_has_one_use(p->e, result) && is_hoisted_call(p->m, ir_use_op(p->e, ir_first_use(p->e, result)));
}

static void convert(conversion *k, bool cpu_border) {
    bool device_in = ttnn_on_device(&k->in), device_out = ttnn_on_device(&k->out);
    bool tiles_on_host = k->in.tiled != k->out.tiled && !tiles_on_device(k->in.dtype) && !tiles_on_device(k->out.dtype);
    bool cast_on_device = k->in.tiled ? device_in : device_out;
    if ((!device_in && !device_out) || cpu_border || (tiles_on_host && !cast_on_device)) {
        if (device_in)
            from_device(k);
        change_form(k, false);
        if (device_out)
            to_device(k);
    } else if (tiles_on_host) {
        through_host(k);
    } else if (form_before_move(k)) {
        change_form(k, true);
        ttnn_layout now;
        if (ttnn_layout_of(k->p->c, type_now(k), &now) && memory_differs(&now, &k->out))
            move(k);
    } else {
        move(k);
        change_form(k, true);
    }
}

static bool decompose(pass_context *p, ir_op op, ir_op func) {
    conversion k = {
        .p = p,
        .v = ir_operand(p->m, op, 0),
        .func_loc = ir_op_at(p->m, func)->loc,
        .block = ir_op_at(p->m, op)->block,
    };
    if (!ttnn_layout_of(p->c, type_now(&k), &k.in) ||
        !ttnn_layout_of(p->c, ir_value_type(p->m, ir_result(p->m, op, 0)), &k.out) || k.in.dtype == DTYPE_NONE ||
        k.out.dtype == DTYPE_NONE)
        return pass_error(p, op, "needs layouts on both sides");
    if (k.in.tiled == k.out.tiled && k.in.dtype == k.out.dtype && !memory_differs(&k.in, &k.out))
        return pass_error_plain(
            p, op,
            "Redundant ttnn::ToLayoutOp - no ttnn layout ops needed, this may be due to the forcing "
            "of tile/row major layouts.");
    ir_edit_at(p->e, op);
    p->e->from = op;
    convert(&k, at_cpu_border(p, op));
    if (!k.v)
        return pass_out_of_memory(p);
    ir_replace1(p->e, op, k.v);
    return true;
}

bool pass_decompose_layouts(pass_context *p) {
    for (each_func_inside(p->m, p->scope, func)) {
        ir_block b = body_of(p->m, func);
        for (ir_op op = b ? ir_block_at(p->m, b)->first : 0, next; op; op = next) {
            next = ir_op_at(p->m, op)->next;
            if (op_is(p->m, op, OP_ttnn_to_tensor_spec) && !decompose(p, op, func))
                return false;
        }
    }
    p->e->from = 0;
    return true;
}
