/* workaround_operands.c - what kernels ask of their operands and results.
 *
 * For each op: one want per operand group and per result. An operand that is different gets a to_tensor_spec in front; a
 * result is made as the kernel makes it, with a to_tensor_spec behind that restores what it was, so that the change stays
 * local. Ops whose wants follow from data have a row only; the others have a function.
 */
#include "compile/workaround.h"

enum { MAX_GROUPS = 9, MAX_RESULTS = 5 };

/* What is wanted; an unset part stays as it is. */
typedef struct want {
    uint8_t dtype, tiled, buffer, memory; /* IS(value) */
    bool const_eval_l1;                   /* the copy in L1 may be made ahead of time when its source is constant */
} want;
#define IS(value) ((uint8_t)((value) + 1))

typedef struct wants {
    want in[MAX_GROUPS], out[MAX_RESULTS];
} wants;

/* clang-format off */
#define ANY {0}
#define TYPE(d) {.dtype = IS(DTYPE_##d)}
#define ROWS {.tiled = IS(0)}
#define ROWS_OF(d) {.dtype = IS(DTYPE_##d), .tiled = IS(0)}
#define TILES {.tiled = IS(1)}
#define TILES_OF(d) {.dtype = IS(DTYPE_##d), .tiled = IS(1)}
#define OF(d) .dtype = IS(DTYPE_##d)
#define EVEN .memory = IS(TTNN_INTERLEAVED)
#define HEIGHT .memory = IS(TTNN_HEIGHT_SHARDED)
#define L1_ROWS(...) {.tiled = IS(0), .buffer = IS(TTNN_L1), __VA_ARGS__}
#define HOST_ROWS {.tiled = IS(0), .buffer = IS(TTNN_SYSTEM), .memory = IS(TTNN_NO_MEMORY)}
/* clang-format on */

/* ---- ops whose wants depend on types or attributes ------------------------------------------------------ */

typedef void want_fn(pass_context *p, ir_op op, wants *w);

static ir_type operand_type(pass_context *p, ir_op op, uint32_t i) {
    return ir_value_type(p->m, ir_operand(p->m, op, i));
}

static target_dtype operand_dtype(pass_context *p, ir_op op, uint32_t i) {
    return tn_element_dtype(p->c, operand_type(p, op, i));
}

static bool is_integer(pass_context *p, ir_type t) {
    return is_integer_type(p->c, ir_element_type(p->c, t));
}

static void both_types(wants *w, target_dtype dtype) {
    w->in[0].dtype = w->out[0].dtype = IS(dtype);
}

/* The data type that a binary kernel can work in instead of t; t when it can work in that. */
static target_dtype binary_dtype(uint32_t id, target_dtype t) {
    switch (id) {
    case OP_ttnn_logical_right_shift:
    case OP_ttnn_logical_left_shift: return t == DTYPE_U32 || t == DTYPE_SI32 ? t : DTYPE_SI32;
    case OP_ttnn_bitwise_and:
    case OP_ttnn_bitwise_or:
    case OP_ttnn_bitwise_xor: /* tt-metal #31373 */ return t == DTYPE_U8 ? DTYPE_U32 : t;
    case OP_ttnn_gelu_bw: return t == DTYPE_BF16 ? t : DTYPE_BF16;
    case OP_ttnn_divide:
    case OP_ttnn_pow_tensor: /* tt-metal #25112 */
        return t == DTYPE_F32 || t == DTYPE_BF16 || t == DTYPE_BFP_BF8 || t == DTYPE_BFP_BF4 ? t : DTYPE_F32;
    default: /* comparisons subtract, and 8-bit arithmetic is wrong (tt-metal #36217, #40286) */
        return t == DTYPE_U8 ? DTYPE_SI32 : t;
    }
}

static void want_binary(pass_context *p, ir_op op, wants *w) {
    want one = {0};
    for (uint32_t i = 0; i < 2; i++) {
        target_dtype has = operand_dtype(p, op, i), takes = binary_dtype(op_id(p->m, op), has);
        if (takes != has)
            one.dtype = IS(takes);
        if (!tn_is_tiled(p->c, operand_type(p, op, i)))
            one.tiled = IS(1);
    }
    w->in[0] = w->in[1] = w->out[0] = one;
}

static void want_where(pass_context *p, ir_op op, wants *w) {
    ir_type condition = ir_element_type(p->c, operand_type(p, op, 0));
    ir_type value = ir_element_type(p->c, operand_type(p, op, 2));
    if (!is_integer_type(p->c, condition) && condition == value)
        return;
    if (is_integer_type(p->c, value)) /* tt-metal #17998, #24511: one float type for all */
        w->in[0].dtype = w->in[1].dtype = w->in[2].dtype = w->out[0].dtype = IS(DTYPE_F32);
    else
        w->in[0].dtype = IS(operand_dtype(p, op, 2));
}

static void want_reshape(pass_context *p, ir_op op, wants *w) { /* tt-metal #27843 */
    if (operand_dtype(p, op, 0) == DTYPE_U8)
        both_types(w, DTYPE_SI32);
}

static void want_erf(pass_context *p, ir_op op, wants *w) { /* reads bits as floats */
    if (is_integer(p, operand_type(p, op, 0)))
        both_types(w, DTYPE_BF16);
}

static void want_bitwise_not(pass_context *p, ir_op op, wants *w) { /* tt-metal #31373 */
    target_dtype t = operand_dtype(p, op, 0);
    if (t == DTYPE_U8 || t == DTYPE_U16 || t == DTYPE_U32)
        both_types(w, DTYPE_SI32);
    if (!tn_is_tiled(p->c, operand_type(p, op, 0)))
        w->in[0].tiled = w->out[0].tiled = IS(1);
}

static void want_reduction(pass_context *p, ir_op op, wants *w) {
    /* padding and transposing know two types, and integers are summed wrong (tt-metal #21071); f32 is exact to 2^24 */
    target_dtype t = operand_dtype(p, op, 0);
    if (t != DTYPE_F32 && t != DTYPE_BF16)
        both_types(w, DTYPE_F32);
}

static void want_update_cache(pass_context *p, ir_op op, wants *w) {
    if (operand_dtype(p, op, 2) == DTYPE_SI32)
        w->in[2].dtype = IS(DTYPE_U32);
}

static bool scatter_in_rows(pass_context *p, ir_type t) {
    target_dtype d = tn_element_dtype(p->c, t);
    return tn_is_tiled(p->c, t) && (d == DTYPE_F32 || d == DTYPE_BF16 || d == DTYPE_SI32 || d == DTYPE_U32);
}

static void want_scatter(pass_context *p, ir_op op, wants *w) {
    if (scatter_in_rows(p, operand_type(p, op, 0)) || scatter_in_rows(p, operand_type(p, op, 2)))
        w->in[0].tiled = w->in[2].tiled = w->out[0].tiled = IS(0);
    if (scatter_in_rows(p, operand_type(p, op, 1))) /* tiled indices reach 256 elements only */
        w->in[1].tiled = IS(0);
}

static bool is_short_unsigned(pass_context *p, ir_type t) {
    target_dtype d = tn_element_dtype(p->c, t);
    return d == DTYPE_U16 || d == DTYPE_U8;
}

static void want_slice_static(pass_context *p, ir_op op, wants *w) {
    int64_t step[PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("step"), step, PASS_MAX_RANK);
    bool strided = false;
    for (uint32_t i = 0; i < n && i < PASS_MAX_RANK; i++)
        strided = strided || step[i] > 1;
    if (strided && is_short_unsigned(p, operand_type(p, op, 0)))
        both_types(w, DTYPE_U32);
}

static void want_slice_dynamic(pass_context *p, ir_op op, wants *w) { /* rows: tt-metal #42778 */
    w->in[0].tiled = w->out[0].tiled = IS(0);
    w->in[1].dtype = w->in[2].dtype = IS(DTYPE_U32);
    if (is_short_unsigned(p, operand_type(p, op, 0)))
        both_types(w, DTYPE_U32);
}

static void want_pad(pass_context *p, ir_op op, wants *w) { /* no padding in front of tiles: tt-metal #10987 */
    int64_t padding[2 * PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("padding"), padding, 2 * PASS_MAX_RANK);
    bool front = false;
    for (uint32_t i = 0; i < n && i < 2 * PASS_MAX_RANK; i += 2)
        front = front || padding[i] != 0;
    if (front && tn_is_tiled(p->c, operand_type(p, op, 0)))
        w->in[0].tiled = w->out[0].tiled = IS(0);
}

static void want_permute(pass_context *p, ir_op op, wants *w) { /* tt-metal #19950 */
    ir_type e = ir_element_type(p->c, operand_type(p, op, 0));
    if (is_integer_type(p->c, e) && ir_bit_width(p->c, e) == 32)
        both_types(w, DTYPE_F32);
}

static void want_conv(pass_context *p, ir_op op, wants *w) { /* large activations: tt-metal #19762 */
    w->in[0].tiled = IS(0);
    if (operand_dtype(p, op, 0) == DTYPE_BFP_BF8)
        w->in[0].dtype = IS(DTYPE_BF16);
}

static int64_t power_of_two(int64_t v) {
    int64_t p = 1;
    while (p < v)
        p *= 2;
    return p;
}

static void want_sort(pass_context *p, ir_op op, wants *w) {
    shape s = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    target_dtype t = operand_dtype(p, op, 0);
    if (is_integer(p, operand_type(p, op, 0)) && t != DTYPE_U16)
        both_types(w, DTYPE_U16);
    else if (t == DTYPE_F32)
        both_types(w, DTYPE_BF16);
    /* the kernel sorts powers of two and counts in 16 bits as long as they fit (tt-mlir #4405) */
    w->out[1].dtype = IS(s.n > 0 && power_of_two(s.d[s.n - 1]) < UINT16_MAX ? DTYPE_U16 : DTYPE_U32);
}

static void want_topk(pass_context *p, ir_op op, wants *w) {
    shape s = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    target_dtype t = operand_dtype(p, op, 0);
    int64_t dim = -1;
    op_int(p->m, op, STR("dim"), &dim);
    dim = wrap_dim(dim, s.n);
    if (t != DTYPE_BF16 && t != DTYPE_BFP_BF8) /* tt-metal #40086 */
        w->in[0].dtype = IS(t = DTYPE_BF16);
    w->out[0].dtype = IS(t);
    int64_t size = dim >= 0 && dim < s.n ? s.d[dim] : 1;
    if (dim >= s.n - 2)
        size = tn_round_up(size, TARGET_TILE);
    w->out[1].dtype = IS(size <= UINT16_MAX ? DTYPE_U16 : DTYPE_U32);
}

static void want_rotary(pass_context *p, ir_op op, wants *w) {
    for (uint32_t i = 0; i < 4; i++) {
        want *k = i < 3 ? &w->in[i] : &w->out[0];
        ir_type t = i < 3 ? operand_type(p, op, i) : ir_value_type(p->m, ir_result(p->m, op, 0));
        if (!tn_on_device(p->c, t))
            k->buffer = TTNN_DRAM;
        if (!tn_is_tiled(p->c, t))
            k->tiled = IS(1);
    }
}

static bool sdpa_takes(target_dtype t) {
    return t == DTYPE_BF16 || t == DTYPE_BFP_BF8 || t == DTYPE_BFP_BF4;
}

static void want_flash_mla(pass_context *p, ir_op op, wants *w) {
    if (!sdpa_takes(tn_dtype(p->c, operand_type(p, op, 0))))
        w->in[0].dtype = w->in[1].dtype = w->in[2].dtype = w->out[0].dtype = IS(DTYPE_BF16);
    ir_value mask = op_operand_named(p->m, op, STR("attention_mask"));
    if (mask && !sdpa_takes(tn_dtype(p->c, ir_value_type(p->m, mask))))
        w->in[3].dtype = IS(DTYPE_BF16);
}

/* ---- the table ------------------------------------------------------------------------------------------ */

typedef struct want_row {
    uint16_t op;
    bool optimized; /* also at levels with an optimizer, which takes care of the others itself */
    want_fn *fn;    /* adds to what the row says */
    wants w;
} want_row;

/* clang-format off */
/* By op id. */
static const want_row want_rows[] = {
    {OP_ttnn_all_to_all_combine, true, NULL, {{ROWS_OF(BF16), ROWS_OF(U16), ROWS_OF(U16)}, {ROWS_OF(BF16)}}},
    {OP_ttnn_all_to_all_dispatch, true, NULL,
     {{ROWS_OF(BF16), ROWS_OF(U16), ROWS_OF(U16)}, {ROWS_OF(BF16), ROWS_OF(U16)}}},
    {OP_ttnn_all_to_all_dispatch_metadata, true, NULL,
     {{L1_ROWS(OF(BF16), EVEN), L1_ROWS(OF(U16), EVEN), L1_ROWS(OF(BF16), EVEN), ROWS_OF(U16)},
      {ROWS_OF(BF16), L1_ROWS(OF(U16), HEIGHT), L1_ROWS(OF(BF16), HEIGHT)}}},
    {OP_ttnn_argmax, false, NULL, {{ROWS}, {ROWS_OF(U32)}}},
    {OP_ttnn_avg_pool2d, false, NULL, {{ROWS_OF(BF16)}, {ROWS_OF(BF16)}}},
    {OP_ttnn_bitwise_not, false, want_bitwise_not},
    {OP_ttnn_chunked_scaled_dot_product_attention, false, NULL, {{ANY, ANY, ANY, ROWS, ROWS}}},
    {OP_ttnn_constant, false, NULL, {.out = {HOST_ROWS}}},
    {OP_ttnn_conv1d, false, want_conv},
    {OP_ttnn_conv2d, false, want_conv},
    {OP_ttnn_conv3d, true, NULL, /* tt-metal #35436 */
     {{ROWS_OF(BF16), TYPE(BF16), TILES_OF(BF16)}, {TYPE(BF16)}}},
    {OP_ttnn_conv_transpose2d, false, want_conv},
    {OP_ttnn_dropout, false, NULL, /* tt-metal #36543 */
     {{TYPE(BF16)}, {TYPE(BF16)}}},
    {OP_ttnn_embedding, true, NULL, /* tt-metal #14915 */
     {{ROWS_OF(U32), ROWS_OF(BF16)}, {TILES_OF(BF16)}}},
    {OP_ttnn_embedding_bw, false, NULL, {{ROWS_OF(U32), TYPE(BF16), TYPE(BF16)}, {TYPE(BF16)}}},
    {OP_ttnn_erf, false, want_erf},
    {OP_ttnn_flash_mla_prefill, true, want_flash_mla},
    {OP_ttnn_gather, false, NULL, /* tt-metal #41451 */
     {{TILES, TILES}}},
    {OP_ttnn_group_norm, false, NULL, /* tt-metal #37551 */
     {{TYPE(BF16), ANY, ROWS_OF(BF16), ROWS_OF(BF16)}, {TYPE(BF16)}}},
    {OP_ttnn_max, false, want_reduction},
    {OP_ttnn_max_pool2d, false, NULL, {{ROWS_OF(BF16)}, {ROWS_OF(BF16)}}},
    {OP_ttnn_max_pool2d_with_indices, false, NULL, {{ROWS_OF(BF16)}, {ROWS_OF(BF16), ROWS_OF(U16)}}},
    {OP_ttnn_mean, false, want_reduction},
    {OP_ttnn_min, false, want_reduction},
    {OP_ttnn_moe_compute, true, NULL,
     {{ROWS_OF(BF16), ANY, ANY, ROWS_OF(U16)}, {{OF(BF16), .tiled = IS(0), .buffer = IS(TTNN_DRAM), EVEN}}}},
    {OP_ttnn_moe_expert_token_remap, true, NULL,
     {{ROWS_OF(BF16), ROWS_OF(U16), ROWS_OF(U16)}, {ROWS_OF(BF16), ROWS_OF(U16)}}},
    {OP_ttnn_moe_gpt, false, NULL,
     {{L1_ROWS(EVEN), L1_ROWS(OF(U16), HEIGHT), L1_ROWS(HEIGHT),
       L1_ROWS(OF(U16), .const_eval_l1 = true)},
      {L1_ROWS(OF(U32)), L1_ROWS(OF(U32)), L1_ROWS(OF(U32)), {.tiled = IS(1), .buffer = IS(TTNN_L1), HEIGHT},
       L1_ROWS(HEIGHT)}}},
    {OP_ttnn_pad, false, want_pad},
    {OP_ttnn_paged_fill_cache, false, NULL, {{ANY, ANY, ROWS, ROWS}}},
    {OP_ttnn_paged_flash_multi_latent_attention_decode, false, NULL, {{ANY, ANY, ANY, ROWS_OF(SI32), ANY, ROWS}}},
    {OP_ttnn_paged_scaled_dot_product_attention_decode, false, NULL, {{ANY, ANY, ANY, ROWS, ANY, ROWS}}},
    {OP_ttnn_paged_update_cache, false, NULL, {{ANY, ANY, ROWS, ROWS}}},
    {OP_ttnn_permute, false, want_permute},
    {OP_ttnn_prepare_conv3d_weights, false, NULL, {{HOST_ROWS}}},
    {OP_ttnn_prepare_moe_compute_w0_w1_weights, true, NULL, {{ROWS, ROWS, ROWS, ROWS}}},
    {OP_ttnn_prepare_moe_compute_w2_weights, true, NULL, {{ROWS, ROWS}}},
    {OP_ttnn_prod, false, NULL, {{TYPE(BF16)}, {TYPE(BF16)}}},
    {OP_ttnn_reshape, false, want_reshape},
    {OP_ttnn_rotary_embedding, false, want_rotary},
    {OP_ttnn_sampling, true, NULL, {{ANY, ROWS, ROWS_OF(U32), ROWS, ROWS}, {ROWS_OF(U32)}}},
    {OP_ttnn_scaled_dot_product_attention, true, NULL, /* tt-metal #36717 */
     {{TYPE(BF16), TYPE(BF16), TYPE(BF16), TYPE(BF16)}, {TYPE(BF16)}}},
    {OP_ttnn_scaled_dot_product_attention_decode, true, NULL,
     {{TYPE(BF16), TYPE(BF16), TYPE(BF16), TYPE(BF16)}, {TYPE(BF16)}}},
    {OP_ttnn_scatter, true, want_scatter},
    {OP_ttnn_sdpa_bw, true, NULL,
     {{TYPE(BF16), TYPE(BF16), TYPE(BF16), TYPE(BF16), TYPE(BF16), TYPE(F32), TYPE(BF16)},
      {TYPE(BF16), TYPE(BF16), TYPE(BF16)}}},
    {OP_ttnn_sdpa_fw, false, NULL, {{TYPE(BF16), TYPE(BF16), TYPE(BF16), TYPE(BF16)}, {TYPE(BF16), TYPE(F32)}}},
    {OP_ttnn_slice_dynamic, false, want_slice_dynamic},
    {OP_ttnn_slice_static, false, want_slice_static},
    {OP_ttnn_sort, false, want_sort},
    {OP_ttnn_sparse_matmul, true, NULL, /* tt-metal #39126: bits other than zero count, which bf16 keeps */
     {{ANY, ANY, ROWS_OF(BF16)}}},
    {OP_ttnn_sum, false, want_reduction},
    {OP_ttnn_tanh, false, NULL, /* tt-metal #22593 */
     {{TYPE(BF16)}, {TYPE(BF16)}}},
    {OP_ttnn_topk, true, want_topk},
    {OP_ttnn_topk_router_gpt, false, NULL, {.out = {L1_ROWS(OF(U16)), L1_ROWS(OF(BF16))}}},
    {OP_ttnn_update_cache, false, want_update_cache},
    {OP_ttnn_upsample, false, NULL, {{ROWS_OF(BF16)}, {ROWS_OF(BF16)}}},
    {OP_ttnn_where, true, want_where},
};

static const want_row binary_row = {0, false, want_binary};
/* clang-format on */

static const want_row *row_of(const ir_module *m, ir_op op) {
    uint32_t id = op_id(m, op), lo = 0, hi = sizeof want_rows / sizeof *want_rows;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (want_rows[mid].op < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < sizeof want_rows / sizeof *want_rows && want_rows[lo].op == id)
        return &want_rows[lo];
    const op_def *d = dialect_def_of(m, op);
    return d && d->dialect == DIALECT_ttnn && d->flags & OP_ELEMENTWISE && d->n_operands == 2 ? &binary_row : NULL;
}

/* ---- applying ------------------------------------------------------------------------------------------- */

/* The layout that is wanted; false when it is the one that is there. */
static bool wanted_layout(pass_context *p, ir_type t, const want *k, ttnn_layout *out) {
    if (!ttnn_layout_of(p->c, t, out))
        return false;
    ttnn_layout old = *out;
    if (k->buffer)
        ttnn_layout_set_buffer(out, (ttnn_buffer)(k->buffer - 1));
    if (k->memory)
        ttnn_layout_set_memory(out, (ttnn_memory)(k->memory - 1));
    if (k->tiled)
        ttnn_layout_set_tiled(out, k->tiled == IS(1));
    if (k->dtype)
        ttnn_layout_set_dtype(out, (target_dtype)(k->dtype - 1));
    return old.buffer != out->buffer || old.memory != out->memory || old.tiled != out->tiled || old.dtype != out->dtype;
}

static bool bring_operand(pass_context *p, ir_op op, uint32_t i, const want *k) {
    ir_value v = ir_operand(p->m, op, i);
    ttnn_layout l;
    if (!wanted_layout(p, ir_value_type(p->m, v), k, &l))
        return false;
    ir_value moved = tn_to_spec(p, op, v, &l, "_workaround");
    if (!moved)
        return false;
    if (k->const_eval_l1)
        ir_set_attr(p->e, ir_def_op(p->m, moved), STR("ttnn.const_eval_allowed"), p->c->a_unit);
    ir_set_operand(p->e, op, i, moved);
    return true;
}

static bool has_device_operand(uint32_t id) {
    return id == OP_ttnn_arange || id == OP_ttnn_constant || id == OP_ttnn_empty || id == OP_ttnn_full ||
           id == OP_ttnn_ones || id == OP_ttnn_rand || id == OP_ttnn_zeros;
}

static bool bring_result(pass_context *p, ir_op op, uint32_t i, const want *k) {
    ir_value v = ir_result(p->m, op, i);
    ir_type t = ir_value_type(p->m, v);
    ttnn_layout l, old;
    if (!wanted_layout(p, t, k, &l) || !ttnn_layout_of(p->c, t, &old))
        return false;
    target_device d;
    if (ttnn_is_sharded(l.memory) && !l.core_ranges && target_device_of_module(p->m, &d))
        ttnn_layout_place(p->c, &d, &l, NULL);
    ir_set_type(p->e, v, ttnn_tensor_type(p->c, t, &l));
    if (l.buffer != old.buffer && has_device_operand(op_id(p->m, op))) {
        uint32_t n = ir_op_at(p->m, op)->n_operands;
        if (l.buffer == TTNN_SYSTEM && n) {
            ir_remove_operand(p->e, op, 0);
        } else if (l.buffer != TTNN_SYSTEM && !n) {
            ir_value device = tn_device(p, op);
            ir_set_operands(p->e, op, &device, 1);
        }
    }
    ir_edit_after(p->e, op);
    ir_value back = tn_to_spec(p, op, v, &old, "_workaround");
    if (back)
        ir_replace_uses_except(p->e, v, back, ir_def_op(p->m, back));
    return true;
}

bool workaround_operands(pass_context *p, ir_op op) {
    const want_row *row = row_of(p->m, op);
    if (!row || (p->o->level >= 1 && !row->optimized))
        return false;
    wants w = row->w;
    if (row->fn)
        row->fn(p, op, &w);
    const op_def *d = dialect_def_of(p->m, op);
    bool changed = false;
    for (uint32_t g = 0; g < d->n_operands && g < MAX_GROUPS; g++) {
        operand_group group = op_group(p->m, op, g);
        for (uint32_t k = 0; k < group.n; k++)
            changed |= bring_operand(p, op, group.first + k, &w.in[g]);
    }
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_results && i < MAX_RESULTS; i++)
        changed |= bring_result(p, op, i, &w.out[i]);
    return changed;
}
