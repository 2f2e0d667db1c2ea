/* pass_distributed.c - ttnn-allocate-distributed-op-buffers and -semaphores: what distributed_rms_norm,
 * all_to_all_dispatch_metadata and moe_compute keep between devices is made at the start of the function, right behind
 * the device, so that a trace can be captured around the rest. */
#include "compile/passes.h"
#include "compile/ttnn_build.h"

static ir_type result_type(pass_context *p, ir_op op, uint32_t i) {
    return ir_value_type(p->m, ir_result(p->m, op, i));
}

/* Gives operand group `name` of op one operand. */
static void bind(pass_context *p, ir_op op, str name, ir_value v) {
    const op_def *d = dialect_def_of(p->m, op);
    int32_t sizes[16];
    uint32_t at = 0;
    bool before = true;
    for (uint32_t g = 0; g < d->n_operands && g < 16; g++) {
        sizes[g] = (int32_t)op_group(p->m, op, g).n;
        if (str_eq(dialect_text(op_operand(d, g)->name), name)) {
            sizes[g] = 1;
            before = false;
        } else if (before) {
            at += (uint32_t)sizes[g];
        }
    }
    ir_insert_operand(p->e, op, at, v);
    ir_attr a = ir_attr_dense_array(p->c, p->c->t_i32, sizes, d->n_operands * sizeof *sizes, true);
    ir_set_prop(p->e, op, STR("operandSegmentSizes"), a);
}

static ir_value empty_at_start(pass_context *p, ir_op op, ir_type t) {
    ir_value device = tn_device(p, op);
    shape s = tn_shape_of_type(p->c, t);
    if (!device || s.n < 0)
        return 0;
    ir_edit_after(p->e, ir_def_op(p->m, device));
    attr_entry props[] = {{STR("shape"), ttnn_shape_attr(p->c, s.d, (uint32_t)s.n)}};
    return build_value(p, OP_ttnn_empty, ir_op_at(p->m, op)->loc, &device, 1, t, make_dict(p, props, 1));
}

static ir_value semaphore_at_start(pass_context *p, ir_op op, ir_attr cores) {
    ir_value device = tn_device(p, op);
    if (!device)
        return 0;
    ir_edit_after(p->e, ir_def_op(p->m, device));
    attr_entry props[] = {{STR("initial_value"), ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), 0)},
                          {STR("core_range_set"), cores}};
    return build_value(p, OP_ttnn_create_global_semaphore, ir_op_at(p->m, op)->loc, &device, 1,
                       dialect_make_type(p->c, TYPE_ttnn_global_semaphore, NULL), make_dict(p, props, 2));
}

static ir_attr one_range(pass_context *p, int64_t x0, int64_t y0, int64_t x1, int64_t y1) {
    return ttnn_core_range_set(p->c, (int64_t[1][4]){{x0, y0, x1, y1}}, 1);
}

/* A tile of statistics per device on core (0,0), in the type that the kernel accumulates in. */
static void norm_buffer(pass_context *p, ir_op op) {
    if (op_operand_named(p->m, op, STR("stats")))
        return;
    ir_attr config = ir_op_attr(p->m, op, STR("compute_config"));
    bool f32 = !config || dialect_param(p->c, config, STR("fp32_dest_acc_en")) != p->c->a_false;
    ttnn_layout l = ttnn_layout_default(f32 ? DTYPE_F32 : DTYPE_BF16);
    ttnn_layout_set_buffer(&l, TTNN_L1);
    ttnn_layout_set_memory(&l, TTNN_WIDTH_SHARDED);
    l.core_ranges = one_range(p, 0, 0, 0, 0);
    int64_t dims[4] = {1, 1, TARGET_TILE, TARGET_TILE};
    ir_type t =
        ir_type_tensor(p->c, dims, 4, target_dtype_scalar(p->c, l.dtype), ttnn_layout_attr_dims(p->c, dims, 4, &l));
    ir_value v = empty_at_start(p, op, t);
    if (v)
        bind(p, op, STR("stats"), v);
}

/* The kernel gives back the buffers it was given: tokens in DRAM, indices and scores on one core. */
static void dispatch_buffers(pass_context *p, ir_op op) {
    if (op_operand_named(p->m, op, STR("dispatched_buffer")) && op_operand_named(p->m, op, STR("indices_buffer")) &&
        op_operand_named(p->m, op, STR("scores_buffer")))
        return;
    static const str names[3] = {STR_INIT("dispatched_buffer"), STR_INIT("indices_buffer"), STR_INIT("scores_buffer")};
    ir_value buffers[3];
    for (uint32_t i = 0; i < 3; i++) {
        ttnn_layout l;
        if (!ttnn_layout_of(p->c, result_type(p, op, i), &l))
            return;
        ttnn_layout_set_buffer(&l, i ? TTNN_L1 : TTNN_DRAM);
        ttnn_layout_set_memory(&l, i ? TTNN_HEIGHT_SHARDED : TTNN_INTERLEAVED);
        ttnn_layout_set_grid(&l, 1, 1);
        if (i)
            l.core_ranges = one_range(p, 0, 0, 0, 0);
        ir_type t = tn_placed(p, result_type(p, op, i), &l);
        buffers[i] = empty_at_start(p, op, t);
        if (!buffers[i])
            return;
        ir_set_type(p->e, ir_result(p->m, op, i), t);
    }
    for (uint32_t i = 0; i < 3; i++)
        bind(p, op, names[i], buffers[i]);
}

bool pass_distributed_buffers(pass_context *p) {
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op; op = ir_walk_next(p->m, p->scope, op)) {
        p->e->from = op;
        if (op_is(p->m, op, OP_ttnn_distributed_rms_norm))
            norm_buffer(p, op);
        else if (op_is(p->m, op, OP_ttnn_all_to_all_dispatch_metadata))
            dispatch_buffers(p, op);
        else if (op_is(p->m, op, OP_ttnn_moe_compute) && !op_operand_named(p->m, op, STR("optional_output_tensor"))) {
            ir_value v = empty_at_start(p, op, result_type(p, op, 0));
            if (v)
                bind(p, op, STR("optional_output_tensor"), v);
        }
    }
    p->e->from = 0;
    return true;
}

/* The box around the cores that the result is sharded over. */
static ir_attr norm_cores(pass_context *p, ir_op op) {
    ttnn_layout l;
    int64_t r[16][4];
    uint32_t n = ttnn_layout_of(p->c, result_type(p, op, 0), &l) && l.core_ranges
                     ? ttnn_core_ranges_read(p->c, l.core_ranges, r, 16)
                     : 0;
    if (!n || n > 16)
        return 0;
    for (uint32_t i = 1; i < n; i++)
        for (int k = 0; k < 4; k++)
            if (k < 2 ? r[i][k] < r[0][k] : r[i][k] > r[0][k])
                r[0][k] = r[i][k];
    return one_range(p, r[0][0], r[0][1], r[0][2], r[0][3]);
}

static ir_value moe_semaphore(pass_context *p, ir_op op) {
    ir_value device = tn_device(p, op);
    shape s = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    if (!device || s.n < 1)
        return 0;
    ir_type ui32 = ir_type_integer(p->c, 32, IR_UNSIGNED);
    ir_edit_after(p->e, ir_def_op(p->m, device));
    attr_entry props[] = {
        {STR("output_height_shard_dim"), ir_op_attr(p->m, op, STR("output_height_shard_dim"))},
        {STR("hidden_size"), ir_attr_int(p->c, ui32, s.d[s.n - 1])},
        {STR("initial_value"), ir_attr_int(p->c, ui32, 0)},
        {STR("mux_core_range_set"), ir_op_attr(p->m, op, STR("mux_core_range_set"))},
    };
    return build_value(p, OP_ttnn_allocate_moe_compute_semaphore, ir_op_at(p->m, op)->loc, &device, 1,
                       dialect_make_type(p->c, TYPE_ttnn_global_semaphore, NULL), make_dict(p, props, 4));
}

bool pass_distributed_semaphores(pass_context *p) {
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op; op = ir_walk_next(p->m, p->scope, op)) {
        p->e->from = op;
        if (op_is(p->m, op, OP_ttnn_distributed_rms_norm) && !op_operand_named(p->m, op, STR("semaphore"))) {
            ir_attr cores = norm_cores(p, op);
            if (!cores)
                return pass_error(p, op, "needs a sharded result before its semaphore can be allocated");
            bind(p, op, STR("semaphore"), semaphore_at_start(p, op, cores));
        } else if (op_is(p->m, op, OP_ttnn_all_to_all_dispatch_metadata) &&
                   !op_operand_named(p->m, op, STR("cross_device_semaphore"))) {
            /* the workers that tt-metal takes by default */
            bind(p, op, STR("cross_device_semaphore"), semaphore_at_start(p, op, one_range(p, 0, 0, 0, 7)));
        } else if (op_is(p->m, op, OP_ttnn_moe_compute) && !op_operand_named(p->m, op, STR("cross_device_semaphore"))) {
            bind(p, op, STR("cross_device_semaphore"), moe_semaphore(p, op));
        }
    }
    p->e->from = 0;
    return true;
}
