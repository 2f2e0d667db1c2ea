/* workaround_attention.c - rewritings of ttnn-workaround for attention, caches, distributed norms and mixtures of
 * experts. Numbers are those of tt-metal's issues. */
#include "compile/workaround.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static ir_loc loc_of(pass_context *p, ir_op op) {
    return ir_op_at(p->m, op)->loc;
}

static uint32_t operands_of(pass_context *p, ir_op op, ir_value v[16]) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    for (uint32_t i = 0; i < n && i < 16; i++)
        v[i] = ir_operand(p->m, op, i);
    return n <= 16 ? n : 0;
}

static bool done(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* Rebuilds op with these operands and puts its only result in op's place. */
static bool rebuild(pass_context *p, ir_op op, const ir_value *v, uint32_t n) {
    ir_op made = tn_rebuild(p, op, loc_of(p, op), v, n, NULL);
    return made && done(p, op, ir_result(p->m, made, 0));
}

/* The layout of a tensor in tiles of its own data type, sharded in L1 over rows x columns cores. */
static bool sharded_layout(pass_context *p, ir_type t, ttnn_memory memory, int64_t rows, int64_t columns,
                           ttnn_layout *out) {
    target_device d;
    *out = ttnn_layout_default(tn_element_dtype(p->c, t));
    ttnn_layout_set_buffer(out, TTNN_L1);
    ttnn_layout_set_memory(out, memory);
    ttnn_layout_set_grid(out, rows, columns);
    return out->dtype != DTYPE_NONE && target_device_of_module(p->m, &d) && ttnn_layout_place(p->c, &d, out, NULL);
}

static ir_value to_layout(pass_context *p, ir_op op, ir_value v, const ttnn_layout *l) {
    return tn_unary(p, OP_ttnn_to_tensor_spec, loc_of(p, op), v, tn_placed(p, ir_value_type(p->m, v), l));
}

/* ---- heads and caches ----------------------------------------------------------------------------------- */

/* The kernel writes whole tiles of positions: the result is as long, then sliced. */
bool workaround_rotary(pass_context *p, ir_op op) {
    shape s = tn_shape_of_type(p->c, result_type(p, op));
    if (s.n < 2 || s.d[s.n - 2] % TARGET_TILE == 0)
        return false;
    shape wide = s;
    wide.d[s.n - 2] = tn_round_up(s.d[s.n - 2], TARGET_TILE);
    ir_value v[16];
    uint32_t n = operands_of(p, op, v);
    ir_type t = tn_reshaped(p, result_type(p, op), &wide);
    ir_op made = tn_rebuild(p, op, loc_of(p, op), v, n, &t);
    int64_t begins[PASS_MAX_RANK] = {0};
    return made &&
           done(p, op, tn_slice_to(p, loc_of(p, op), ir_result(p->m, made, 0), begins, s.d, NULL, result_type(p, op)));
}

/* What is written to a cache fills its tiles with zeros, unless the cache has no room for that. */
bool workaround_cache_pad(pass_context *p, ir_op op) {
    shape s = tn_shape_of(p->m, ir_operand(p->m, op, 1)), cache = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    if (s.n < 2 || s.d[s.n - 2] % TARGET_TILE == 0)
        return false;
    int64_t length = tn_round_up(s.d[s.n - 2], TARGET_TILE), padding[2 * PASS_MAX_RANK] = {0};
    if (op_is(p->m, op, OP_ttnn_fill_cache) && (cache.n != s.n || length > cache.d[s.n - 2]))
        return false;
    padding[2 * (s.n - 2) + 1] = length - s.d[s.n - 2];
    ir_loc loc = loc_suffix(p, loc_of(p, op), "_scrub_input_pad");
    ir_value v = tn_pad(p, loc, ir_operand(p->m, op, 1), padding, 0, true);
    if (v)
        ir_set_operand(p->e, op, 1, v);
    return v != 0;
}

/* The input is height-sharded over its users (#45016). */
bool workaround_paged_update(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 1);
    shape s = tn_shape_of(p->m, in);
    ttnn_layout l;
    if (p->o->level >= 2 || s.n < 2 || !sharded_layout(p, ir_value_type(p->m, in), TTNN_HEIGHT_SHARDED, s.d[1], 1, &l))
        return false;
    if (tn_placed(p, ir_value_type(p->m, in), &l) == ir_value_type(p->m, in))
        return false;
    ir_value v[16];
    uint32_t n = operands_of(p, op, v);
    v[1] = to_layout(p, op, in, &l);
    if (!v[1] || !tn_rebuild(p, op, loc_of(p, op), v, n, NULL))
        return false;
    ir_erase(p->e, op);
    return true;
}

bool workaround_concat_heads_decode(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0);
    shape s = tn_shape_of(p->m, in);
    ttnn_layout l;
    if (s.n < 2 || !ttnn_layout_of(p->c, ir_value_type(p->m, in), &l) ||
        (l.buffer == TTNN_L1 && l.memory == TTNN_HEIGHT_SHARDED))
        return false;
    ttnn_layout_set_tiled(&l, true);
    ttnn_layout_set_buffer(&l, TTNN_L1);
    ttnn_layout_set_memory(&l, TTNN_HEIGHT_SHARDED);
    ttnn_layout_set_grid(&l, s.d[1], 1);
    ir_value v = tn_to_spec(p, op, in, &l, "");
    if (v)
        ir_set_operand(p->e, op, 0, v);
    return v != 0;
}

/* One of query, key and value: a slice of the joined tensor, its heads opened and moved in front of the positions. */
typedef struct head_part {
    ir_value in;
    int64_t begin, end; /* of the last dimension; the whole tensor when end is 0 */
    ir_type slice_like; /* layout of the slice */
    int64_t heads, head_size;
    const char *slice, *reshape, *permute;
    ir_type out;
} head_part;

static ir_value split_part(pass_context *p, ir_op op, const head_part *h) {
    static const int64_t heads_first[4] = {0, 2, 1, 3};
    ir_loc loc = loc_of(p, op);
    shape s = tn_shape_of(p->m, h->in);
    ir_value v = h->in;
    ir_type like = ir_value_type(p->m, v);
    if (h->end) {
        int64_t begins[3] = {0, 0, h->begin}, ends[3] = {s.d[0], s.d[1], h->end};
        s.d[2] = h->end - h->begin;
        like = tn_reshaped(p, h->slice_like, &s);
        v = tn_slice_to(p, loc_suffix(p, loc, "%s", h->slice), v, begins, ends, NULL, like);
    }
    shape open = tn_shape4(s.d[0], s.d[1], h->heads, h->head_size), turned = shape_permuted(&open, heads_first);
    v = tn_reshape_to(p, loc_suffix(p, loc, "%s", h->reshape), v, tn_reshaped(p, like, &open));
    return tn_permute_to(p, loc_suffix(p, loc, "%s", h->permute), v, heads_first, tn_reshaped(p, h->out, &turned));
}

static ir_value transposed_key(pass_context *p, ir_op op, ir_value key) {
    static const int64_t last_two[4] = {0, 1, 3, 2};
    if (!key || !op_flag(p->m, op, STR("transpose_key")))
        return key;
    shape s = tn_shape_of(p->m, key), turned = shape_permuted(&s, last_two);
    ir_type t = tn_reshaped(p, ir_value_type(p->m, ir_result(p->m, op, 1)), &turned);
    return tn_permute_to(p, loc_suffix(p, loc_of(p, op), "_transpose_k"), key, last_two, t);
}

/* Heads that do not fill tiles. Ops are built in tt-mlir's order: all slices, all reshapes, all permutes. */
bool workaround_split_heads(pass_context *p, ir_op op) {
    static const int64_t heads_first[4] = {0, 2, 1, 3};
    ir_value in = ir_operand(p->m, op, 0), kv = op_operand_named(p->m, op, STR("kv_input_tensor"));
    ir_type qt = result_type(p, op), kt = ir_value_type(p->m, ir_result(p->m, op, 1)),
            vt = ir_value_type(p->m, ir_result(p->m, op, 2));
    shape s = tn_shape_of(p->m, in), q = tn_shape_of_type(p->c, qt);
    int64_t heads = 0, kv_heads = 0;
    bool grouped = op_int(p->m, op, STR("num_kv_heads"), &kv_heads);
    if (s.n != 3 || q.n != 4 || q.d[3] % TARGET_TILE == 0 || !op_int(p->m, op, STR("num_heads"), &heads) ||
        (grouped && !kv))
        return false;
    ir_loc loc = loc_of(p, op);
    int64_t size = q.d[3];
    ir_value v[3];
    if (grouped) {
        /* the query alone, then both slices, then key, then value */
        head_part query = {in, 0, 0, 0, heads, size, NULL, "_reshape_query", "_permute_query", qt};
        v[0] = split_part(p, op, &query);
        int64_t width = kv_heads * size, begins[3] = {0}, ends[3] = {s.d[0], s.d[1], width};
        shape part = {.d = {s.d[0], s.d[1], width}, .n = 3};
        ir_type like = tn_reshaped(p, ir_value_type(p->m, kv), &part);
        ir_value k = tn_slice_to(p, loc_suffix(p, loc, "_slice_k"), kv, begins, ends, NULL, like);
        begins[2] = width;
        ends[2] = 2 * width;
        ir_value w = tn_slice_to(p, loc_suffix(p, loc, "_slice_v"), kv, begins, ends, NULL, like);
        if (!k || !w)
            return false;
        head_part key = {k, 0, 0, 0, kv_heads, size, NULL, "_reshape_k", "_permute_k", kt};
        head_part value = {w, 0, 0, 0, kv_heads, size, NULL, "_reshape_v", "_permute_v", vt};
        v[1] = split_part(p, op, &key);
        v[2] = split_part(p, op, &value);
    } else {
        static const char *const names[3][3] = {{"_split_q", "_reshape_q", "_permute_q"},
                                                {"_split_k", "_reshape_k", "_permute_k"},
                                                {"_split_v", "_reshape_v", "_permute_v"}};
        int64_t width = s.d[2] / 3;
        shape part = {.d = {s.d[0], s.d[1], width}, .n = 3}, open = tn_shape4(s.d[0], s.d[1], heads, size);
        shape turned = shape_permuted(&open, heads_first);
        for (int i = 0; i < 3; i++) {
            int64_t begins[3] = {0, 0, i * width}, ends[3] = {s.d[0], s.d[1], (i + 1) * width};
            v[i] = tn_slice_to(p, loc_suffix(p, loc, "%s", names[i][0]), in, begins, ends, NULL,
                               tn_reshaped(p, qt, &part));
        }
        for (int i = 0; i < 3; i++)
            v[i] = tn_reshape_to(p, loc_suffix(p, loc, "%s", names[i][1]), v[i], tn_reshaped(p, qt, &open));
        for (int i = 0; i < 3; i++)
            v[i] =
                tn_permute_to(p, loc_suffix(p, loc, "%s", names[i][2]), v[i], heads_first, tn_reshaped(p, qt, &turned));
    }
    v[1] = transposed_key(p, op, v[1]);
    if (!v[0] || !v[1] || !v[2])
        return false;
    ir_replace(p->e, op, v);
    return true;
}

/* ---- attention ------------------------------------------------------------------------------------------ */

/* The decode kernel takes the sink as [heads, 32]. */
bool workaround_decode_sink(pass_context *p, ir_op op) {
    ir_value sink = op_operand_named(p->m, op, STR("attention_sink"));
    shape s = sink ? tn_shape_of(p->m, sink) : (shape){.n = -1};
    if (s.n != 4 || s.d[2] != 1 || s.d[3] != 1)
        return false;
    ir_loc loc = loc_of(p, op);
    if (s.d[0] != 1)
        sink = tn_slice_dim(p, loc, sink, 0, 0, 1);
    shape two = {.d = {s.d[1], 1}, .n = 2};
    sink = tn_reshape(p, loc, sink, &two);
    int64_t padding[4] = {0, 0, 0, TARGET_TILE - 1};
    sink = tn_pad(p, loc, sink, padding, 0, true);
    ir_value v[16];
    uint32_t n = operands_of(p, op, v);
    v[op_group(p->m, op, 5).first] = sink;
    return sink && rebuild(p, op, v, n);
}

/* The decode kernel broadcasts batches of the mask, not heads (#39946). */
bool workaround_decode_mask(pass_context *p, ir_op op) {
    ir_value mask = op_operand_named(p->m, op, STR("attention_mask"));
    shape s = mask ? tn_shape_of(p->m, mask) : (shape){.n = -1}, q = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    if (s.n != 4 || q.n != 4 || s.d[2] != 1 || q.d[2] <= 1)
        return false;
    s.d[2] = q.d[2];
    ir_value v[16];
    uint32_t n = operands_of(p, op, v);
    ir_value wide = tn_repeat(p, loc_of(p, op), mask, &s);
    v[op_group(p->m, op, 3).first] = wide;
    return wide && rebuild(p, op, v, n);
}

/* Heads that do not fill tiles are padded and the result is sliced. */
bool workaround_sdpa_pad(pass_context *p, ir_op op) {
    shape q = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    if (q.n < 1 || q.d[q.n - 1] % TARGET_TILE == 0)
        return false;
    int64_t size = q.d[q.n - 1], missing = tn_round_up(size, TARGET_TILE) - size;
    ir_loc loc = loc_of(p, op);
    ir_value v[16];
    uint32_t n = operands_of(p, op, v);
    for (uint32_t i = 0; i < 3; i++) {
        int64_t padding[2 * PASS_MAX_RANK] = {0};
        int rank = ir_rank(p->c, ir_value_type(p->m, v[i]));
        if (rank < 1 || rank > PASS_MAX_RANK)
            return false;
        padding[2 * rank - 1] = missing;
        v[i] = tn_pad(p, loc, v[i], padding, 0, true);
        if (!v[i])
            return false;
    }
    ir_type t = ir_value_type(p->m, v[0]);
    ir_op made = tn_rebuild(p, op, loc, v, n, &t);
    return made && done(p, op, tn_slice_dim(p, loc, ir_result(p->m, made, 0), q.n - 1, 0, size));
}

/* Blackhole's default approximates the exponential; the rest spells out the kernel's own defaults. */
bool workaround_paged_config(pass_context *p, ir_op op) {
    target_device d;
    ir_attr old = ir_op_attr(p->m, op, STR("program_config"));
    if (!target_device_of_module(p->m, &d) || d.arch != TARGET_BLACKHOLE)
        return false;
    const uint32_t def = ATTR_ttnn_sdpa_program_config;
    ir_type u64 = ir_type_integer(p->c, 64, IR_UNSIGNED);
    ir_attr a = old;
    if (!a) {
        ir_node grid[2] = {ir_attr_int(p->c, u64, d.worker_grid[1]), ir_attr_int(p->c, u64, d.worker_grid[0])};
        a = tn_param_set(p, a, def, STR("compute_with_storage_grid_size"),
                         dialect_make_attr(p->c, ATTR_ttnn_core_coord, grid));
        a = tn_param_set(p, a, def, STR("q_chunk_size"), ir_attr_int(p->c, u64, 32));
        a = tn_param_set(p, a, def, STR("k_chunk_size"), ir_attr_int(p->c, u64, 32));
        a = tn_param_set(p, a, def, STR("max_cores_per_head_batch"), dialect_int(p->c, 1));
    }
    a = tn_param_set(p, a, def, STR("exp_approx_mode"), p->c->a_false);
    if (a == old)
        return false;
    ir_set_prop(p->e, op, STR("program_config"), a);
    return true;
}

/* ---- distributed rms_norm ------------------------------------------------------------------------------- */

static ir_attr norm_program(pass_context *p, const ttnn_layout *l, ir_type t) {
    int64_t ranges[4][4] = {{0}}, last_x = 0, last_y = 0, first_x = INT64_MAX, first_y = INT64_MAX;
    ttnn_geometry g;
    uint32_t n = ttnn_core_ranges_read(p->c, l->core_ranges, ranges, 4);
    if (!n || n > 4 || !ttnn_layout_geometry(p->c, t, l, &g))
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        first_x = ranges[i][0] < first_x ? ranges[i][0] : first_x;
        first_y = ranges[i][1] < first_y ? ranges[i][1] : first_y;
        last_x = ranges[i][2] > last_x ? ranges[i][2] : last_x;
        last_y = ranges[i][3] > last_y ? ranges[i][3] : last_y;
    }
    const uint32_t def = ATTR_ttnn_layernorm_sharded_multicore_program_config;
    ir_type u64 = ir_type_integer(p->c, 64, IR_UNSIGNED);
    ir_node grid[2] = {ir_attr_int(p->c, u64, last_x - first_x + 1), ir_attr_int(p->c, u64, last_y - first_y + 1)};
    ir_attr a = tn_param_set(p, 0, def, STR("compute_with_storage_grid_size"),
                             dialect_make_attr(p->c, ATTR_ttnn_core_coord, grid));
    a = tn_param_set(p, a, def, STR("subblock_w"), ir_attr_int(p->c, u64, 1));
    a = tn_param_set(p, a, def, STR("block_h"), ir_attr_int(p->c, u64, g.shard[0] / TARGET_TILE));
    a = tn_param_set(p, a, def, STR("block_w"), ir_attr_int(p->c, u64, g.shard[1] / TARGET_TILE));
    return tn_param_set(p, a, def, STR("inplace"), p->c->a_false);
}

/* The fused kernel takes input and residual width-sharded over as many cores as divide the tiles, the weight in rows, and
 * leaves the result sharded as the input. */
bool workaround_distributed_rms_norm(pass_context *p, ir_op op) {
    ir_value in = ir_operand(p->m, op, 0), weight = op_operand_named(p->m, op, STR("weight")),
             residual = op_operand_named(p->m, op, STR("residual"));
    ir_type t = ir_value_type(p->m, in), out = result_type(p, op);
    shape s = tn_shape_of_type(p->c, t);
    ttnn_layout l, now;
    target_device d;
    if (s.n < 1 || !target_device_of_module(p->m, &d) ||
        (ttnn_layout_of(p->c, t, &now) && now.memory == TTNN_WIDTH_SHARDED))
        return false;
    int64_t tiles = (s.d[s.n - 1] + TARGET_TILE - 1) / TARGET_TILE, cores = d.worker_grid[0] * d.worker_grid[1];
    if (cores > tiles)
        cores = tiles;
    while (cores > 1 && tiles % cores)
        cores--;
    if (!sharded_layout(p, t, TTNN_WIDTH_SHARDED, 1, cores, &l) || tn_placed(p, t, &l) == t)
        return false;
    ir_attr program = norm_program(p, &l, t);
    ir_value v[16];
    uint32_t n = 0;
    v[n++] = to_layout(p, op, in, &l);
    ttnn_layout wl;
    if (weight) {
        if (ttnn_layout_of(p->c, ir_value_type(p->m, weight), &wl) && wl.tiled) {
            ttnn_layout_set_tiled(&wl, false);
            weight = to_layout(p, op, weight, &wl);
        }
        v[n++] = weight;
    }
    if (residual) {
        ir_type rt = ir_value_type(p->m, residual);
        v[n++] = tn_placed(p, rt, &l) != rt ? to_layout(p, op, residual, &l) : residual;
    }
    v[n++] = op_operand_named(p->m, op, STR("device"));
    ir_type sharded = tn_placed(p, out, &l);
    ir_op made = tn_rebuild(p, op, loc_of(p, op), v, n, &sharded);
    if (!made || !program)
        return false;
    const uint32_t def = ATTR_ttnn_device_compute_kernel_config;
    if (!ir_op_attr(p->m, op, STR("compute_config"))) {
        ir_attr a = tn_param_set(p, 0, def, STR("math_fidelity"), dialect_keyword(p->c, STR("hifi4")));
        a = tn_param_set(p, a, def, STR("math_approx_mode"), p->c->a_false);
        a = tn_param_set(p, a, def, STR("fp32_dest_acc_en"), p->c->a_true);
        a = tn_param_set(p, a, def, STR("packer_l1_acc"), p->c->a_true);
        ir_set_prop(p->e, made, STR("compute_config"), a);
    }
    ir_set_prop(p->e, made, STR("program_config"), program);
    ir_value r = ir_result(p->m, made, 0);
    return done(p, op, sharded == out ? r : tn_unary(p, OP_ttnn_to_memory_config, loc_of(p, op), r, out));
}

/* ---- mixtures of experts -------------------------------------------------------------------------------- */

/* The router gives multiples of 8 experts. */
bool workaround_topk_router(pass_context *p, ir_op op) {
    int64_t k;
    shape s = tn_shape_of_type(p->c, result_type(p, op));
    if (!op_int(p->m, op, STR("k"), &k) || k % 8 == 0 || s.n != 2)
        return false;
    int64_t padded = tn_round_up(k, 8), begins[2] = {0, 0}, ends[2] = {s.d[0], k};
    ir_value v[16];
    uint32_t n = operands_of(p, op, v);
    ir_type types[2];
    for (uint32_t i = 0; i < 2; i++) {
        /* the layout stays that of the unpadded result */
        int64_t dims[2] = {s.d[0], padded};
        types[i] = type_with_shape(p, ir_value_type(p->m, ir_result(p->m, op, i)), dims, 2);
    }
    ir_op made = tn_rebuild(p, op, loc_of(p, op), v, n, types);
    if (!made)
        return false;
    ir_set_prop(p->e, made, STR("k"), make_i32(p, padded));
    ir_value r[2];
    for (uint32_t i = 0; i < 2; i++)
        r[i] = tn_slice_to(p, loc_of(p, op), ir_result(p->m, made, i), begins, ends, NULL,
                           ir_value_type(p->m, ir_result(p->m, op, i)));
    if (!r[0] || !r[1])
        return false;
    ir_replace(p->e, op, r);
    return true;
}

/* DRAM banks as the kernel's ring visits them: by their worker's row, then column, both downwards. */
static ir_attr bank_ring(pass_context *p, ir_op op, int64_t *n_banks) {
    target_system system;
    ir_op module = p->scope;
    ir_attr desc = ir_op_attr(p->m, module, STR("ttcore.system_desc"));
    if (!desc || !target_system_read(&p->scratch, p->c, desc, &system, p->d) || !system.n_chips) {
        pass_error(p, op, "needs a system descriptor");
        return 0;
    }
    const target_chip *chip = &system.chips[0];
    int64_t ranges[64][4];
    uint32_t n = chip->n_dram_worker[0], order[64];
    if (!n || n > 64)
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = i;
        const uint32_t *a = &chip->dram_worker[0][i][0];
        for (; k > 0; k--) {
            const uint32_t *b = &chip->dram_worker[0][order[k - 1]][0];
            if (b[0] > a[0] || (b[0] == a[0] && b[1] >= a[1]))
                break;
            order[k] = order[k - 1];
        }
        order[k] = i;
    }
    for (uint32_t i = 0; i < n; i++) {
        ranges[i][0] = ranges[i][2] = order[i];
        ranges[i][1] = ranges[i][3] = 0;
    }
    *n_banks = n;
    return ttnn_core_range_set(p->c, ranges, n);
}

/* bf16 weights on the device become 4-bit tiles sharded over those banks, by way of the host: resharding six dimensions
 * on the device corrupts them. */
static ir_value prepared_weight(pass_context *p, ir_op op, ir_value v, ir_attr banks, int64_t n_banks) {
    ir_loc loc = loc_of(p, op);
    v = tn_unary(p, OP_ttnn_from_device, loc, v, tn_with_buffer(p, ir_value_type(p->m, v), TTNN_SYSTEM));
    v = tn_unary(p, OP_ttnn_to_tensor_spec, loc, v, tn_with_tiled(p, ir_value_type(p->m, v), true));
    v = tn_unary(p, OP_ttnn_typecast, loc, v, tn_with_dtype(p, ir_value_type(p->m, v), DTYPE_BFP_BF4));
    ttnn_layout l;
    if (!v || !ttnn_layout_of(p->c, ir_value_type(p->m, v), &l))
        return 0;
    ttnn_layout_set_buffer(&l, TTNN_DRAM);
    ttnn_layout_set_memory(&l, TTNN_HEIGHT_SHARDED);
    ttnn_layout_set_grid(&l, n_banks, 1);
    l.core_ranges = banks;
    ir_value operands[2] = {v, tn_device(p, op)};
    return build_value(p, OP_ttnn_to_device, loc, operands, 2, tn_placed(p, ir_value_type(p->m, v), &l), 0);
}

bool workaround_moe_gpt(pass_context *p, ir_op op) {
    ttnn_layout l;
    target_device d;
    ir_type types[5];
    for (uint32_t i = 0; i < 5; i++)
        types[i] = ir_value_type(p->m, ir_result(p->m, op, i));
    if (!target_device_of_module(p->m, &d) || !ttnn_layout_of(p->c, types[3], &l) ||
        (l.buffer == TTNN_L1 && l.memory == TTNN_HEIGHT_SHARDED))
        return false;
    int64_t n_banks = 0;
    ir_attr banks = bank_ring(p, op, &n_banks);
    if (!banks)
        return false;
    for (uint32_t i = 3; i < 5; i++) {
        if (!ttnn_layout_of(p->c, types[i], &l))
            return false;
        ttnn_layout_set_buffer(&l, TTNN_L1);
        ttnn_layout_set_memory(&l, TTNN_HEIGHT_SHARDED);
        ttnn_layout_set_grid(&l, target_n_cores(&d), 1);
        ttnn_layout_place(p->c, &d, &l, NULL);
        types[i] = tn_placed(p, types[i], &l);
    }
    ir_value v[16];
    uint32_t n = operands_of(p, op, v);
    v[4] = prepared_weight(p, op, v[4], banks, n_banks);
    v[5] = prepared_weight(p, op, v[5], banks, n_banks);
    ir_op made = v[4] && v[5] ? tn_rebuild(p, op, loc_of(p, op), v, n, types) : 0;
    if (!made)
        return false;
    for (uint32_t i = 0; i < 5; i++)
        v[i] = ir_result(p->m, made, i);
    ir_replace(p->e, op, v);
    return true;
}
