/* legal_rules.c - what the kernels of each op take and make, as a table, and the checks that read it.
 *
 * Sources: tt-mlir Analysis/OpRules (the reference's own filters, with the tt-metal issues that made them), ttnn-pipeline.md
 * section 10. An op without a row has the default one: elementwise ops take sharded tensors, all others interleaved ones.
 *
 * Circular buffers (legal_l1_need) are an estimate: two tiles per interleaved operand and result (double buffering); a
 * sharded one is read in place. Matmul keeps two blocks of each operand and its output block.
 */
#include "target/legal.h"

#include "dialect/argument.h"
#include "dialect/params.h"
#include "ids.h"
#include "target/legal_rules.h"

enum { TAKES_ALL = 0xff };

#define INTERLEAVED (PLACE_DRAM | PLACE_L1)
#define SHARDED (PLACE_HEIGHT | PLACE_WIDTH | PLACE_BLOCK)
#define ANYWHERE (INTERLEAVED | SHARDED)

static const char sharded_slice[] =
    "slices of sharded tensors are wrong in the vendor's kernels (tt-metal 39074, 38016)";
static const char sdpa_out[] = "attention writes its result to DRAM";
static const char cache_in[] = "a cache is updated in place and lies interleaved in DRAM";
static const char plain[] = "no kernel of this op is known to work on sharded tensors";

/* Sorted by nothing: looked up through a table of op ids made from it at build of the first use would need a lock, and 40
 * rows are read faster than that. */
static const legal_rule rules[] = {
    /* op, result, operands 0..3 (the last repeats), flags, why not for the result, why not for an operand */
    {OP_ttnn_matmul,
     PLACE_DRAM | SHARDED,
     {ANYWHERE, INTERLEAVED, ANYWHERE, ANYWHERE},
     RULE_MATMUL,
     "an interleaved result in L1 makes the vendor's matmul fall back to its slowest kernel: use DRAM or a sharded one",
     "a matmul does not take sharded weights"},
    {OP_ttnn_linear,
     PLACE_DRAM | SHARDED,
     {ANYWHERE, INTERLEAVED, ANYWHERE, ANYWHERE},
     RULE_MATMUL,
     "an interleaved result in L1 makes the vendor's matmul fall back to its slowest kernel: use DRAM or a sharded one",
     "a matmul does not take sharded weights"},
    {OP_ttnn_conv2d,
     ANYWHERE,
     {ANYWHERE, TAKES_ALL, TAKES_ALL, TAKES_ALL},
     RULE_SAME_SHARDING | RULE_PAGE_FREE,
     plain,
     plain},
    {OP_ttnn_conv_transpose2d,
     ANYWHERE,
     {ANYWHERE, TAKES_ALL, TAKES_ALL, TAKES_ALL},
     RULE_SAME_SHARDING | RULE_PAGE_FREE,
     plain,
     plain},
    {OP_ttnn_conv1d, INTERLEAVED, {INTERLEAVED, TAKES_ALL, TAKES_ALL, TAKES_ALL}, RULE_PAGE_FREE, plain, plain},
    {OP_ttnn_conv3d, INTERLEAVED, {INTERLEAVED, TAKES_ALL, TAKES_ALL, TAKES_ALL}, 0, plain, plain},
    {OP_ttnn_concat, ANYWHERE, {ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE}, RULE_CONCAT, plain, plain},
    {OP_ttnn_slice_static,
     INTERLEAVED,
     {INTERLEAVED, INTERLEAVED, INTERLEAVED, INTERLEAVED},
     RULE_STAYS,
     sharded_slice,
     sharded_slice},
    {OP_ttnn_slice_dynamic,
     INTERLEAVED,
     {INTERLEAVED, INTERLEAVED, INTERLEAVED, INTERLEAVED},
     RULE_STAYS,
     sharded_slice,
     sharded_slice},
    {OP_ttnn_reshape,
     INTERLEAVED,
     {INTERLEAVED | PLACE_HEIGHT | PLACE_BLOCK},
     RULE_STAYS,
     "a reshape to a sharded result goes through an interleaved one",
     "a width-sharded tensor is reshaped through an interleaved one (tt-mlir 7681)"},
    {OP_ttnn_permute,
     INTERLEAVED,
     {INTERLEAVED | PLACE_HEIGHT | PLACE_BLOCK},
     RULE_STAYS,
     "a permute to a sharded result goes through an interleaved one",
     "a width-sharded tensor is permuted through an interleaved one (tt-mlir 7681)"},
    {OP_ttnn_pad,
     INTERLEAVED,
     {INTERLEAVED},
     RULE_STAYS,
     "the vendor's pad crashes on a sharded result of an interleaved tensor (tt-metal 40898)",
     plain},
    {OP_ttnn_repeat, ANYWHERE, {ANYWHERE}, RULE_SAME_GRID, plain, plain},
    {OP_ttnn_typecast, ANYWHERE | PLACE_HOST, {ANYWHERE | PLACE_HOST}, RULE_FOLLOW, plain, plain},
    {OP_ttnn_where, ANYWHERE, {ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE}, RULE_FOLLOW, plain, plain},
    {OP_ttnn_rms_norm,
     ANYWHERE,
     {INTERLEAVED | PLACE_WIDTH | PLACE_BLOCK, TAKES_ALL, TAKES_ALL, TAKES_ALL},
     RULE_NORM,
     plain,
     "the sharded norm kernel refuses height-sharded tensors"},
    {OP_ttnn_layer_norm,
     ANYWHERE,
     {INTERLEAVED | PLACE_WIDTH | PLACE_BLOCK, TAKES_ALL, TAKES_ALL, TAKES_ALL},
     RULE_NORM,
     plain,
     "the sharded norm kernel refuses height-sharded tensors"},
    {OP_ttnn_embedding, INTERLEAVED, {INTERLEAVED}, RULE_PAGE_FREE, "embeddings are written interleaved", plain},
    {OP_ttnn_argmax, INTERLEAVED, {INTERLEAVED}, 0, plain, plain},
    {OP_ttnn_concatenate_heads,
     INTERLEAVED,
     {INTERLEAVED},
     RULE_STAYS,
     "heads are joined interleaved (tt-mlir 7145)",
     "heads of sharded tensors cannot be joined (tt-mlir 7145)"},
    {OP_ttnn_nlp_concat_heads, INTERLEAVED, {INTERLEAVED}, RULE_STAYS, "heads are joined interleaved", plain},
    {OP_ttnn_nlp_concat_heads_decode,
     PLACE_DRAM | PLACE_WIDTH,
     {PLACE_HEIGHT},
     RULE_STAYS | RULE_DRAM_ONLY,
     sdpa_out,
     "heads of a decode step are joined from a height-sharded tensor"},
    {OP_ttnn_nlp_create_qkv_heads_decode, PLACE_HEIGHT | INTERLEAVED, {ANYWHERE}, RULE_STAYS, plain, plain},
    {OP_ttnn_split_query_key_value_and_split_heads,
     PLACE_DRAM,
     {INTERLEAVED},
     RULE_STAYS | RULE_DRAM_ONLY,
     "splitting heads from sharded tensors corrupts data (tt-metal 41526)",
     "splitting heads from sharded tensors corrupts data (tt-metal 41526)"},
    {OP_ttnn_scaled_dot_product_attention, PLACE_DRAM, {INTERLEAVED}, RULE_STAYS | RULE_DRAM_ONLY, sdpa_out, plain},
    {OP_ttnn_scaled_dot_product_attention_decode,
     PLACE_DRAM,
     {PLACE_DRAM | SHARDED, PLACE_DRAM, PLACE_DRAM, TAKES_ALL},
     RULE_STAYS | RULE_DRAM_ONLY,
     sdpa_out,
     "queries lie in DRAM or sharded, keys and values in DRAM"},
    {OP_ttnn_paged_scaled_dot_product_attention_decode,
     PLACE_DRAM,
     {PLACE_DRAM | SHARDED, PLACE_DRAM, PLACE_DRAM, TAKES_ALL},
     RULE_STAYS | RULE_DRAM_ONLY,
     sdpa_out,
     "queries lie in DRAM or sharded, keys and values in DRAM"},
    {OP_ttnn_rotary_embedding,
     ANYWHERE,
     {INTERLEAVED | PLACE_HEIGHT},
     RULE_STAYS | RULE_FOLLOW,
     plain,
     "rotary embedding takes no other sharding than by height"},
    {OP_ttnn_rotary_embedding_llama,
     ANYWHERE,
     {INTERLEAVED | PLACE_HEIGHT},
     RULE_STAYS | RULE_FOLLOW,
     plain,
     "rotary embedding takes no other sharding than by height"},
    {OP_ttnn_fill_cache, INTERLEAVED, {PLACE_DRAM, ANYWHERE, TAKES_ALL, TAKES_ALL}, 0, plain, cache_in},
    {OP_ttnn_paged_fill_cache, INTERLEAVED, {PLACE_DRAM, ANYWHERE, TAKES_ALL, TAKES_ALL}, 0, plain, cache_in},
    {OP_ttnn_update_cache, INTERLEAVED, {PLACE_DRAM, ANYWHERE, TAKES_ALL, TAKES_ALL}, 0, plain, cache_in},
    {OP_ttnn_paged_update_cache,
     INTERLEAVED,
     {PLACE_DRAM, INTERLEAVED | PLACE_HEIGHT, TAKES_ALL, TAKES_ALL},
     0,
     plain,
     "a cache lies interleaved in DRAM, the values written to it are height sharded"},
    {OP_ttnn_mesh_partition,
     PLACE_DRAM,
     {INTERLEAVED},
     RULE_STAYS | RULE_DRAM_ONLY,
     "what a mesh partition makes is read by kernels that want it in DRAM",
     plain},
    {OP_ttnn_adamw,
     PLACE_DRAM,
     {PLACE_DRAM},
     RULE_DRAM_ONLY,
     "optimizer states stay in DRAM",
     "optimizer states stay in DRAM"},
    /* Moving data is what these are for. */
    {OP_ttnn_to_memory_config, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_to_tensor_spec, TAKES_ALL, {TAKES_ALL}, RULE_MOVES | RULE_PAGE_FREE, plain, plain},
    {OP_ttnn_to_layout, TAKES_ALL, {TAKES_ALL}, RULE_MOVES | RULE_PAGE_FREE, plain, plain},
    {OP_ttnn_to_device, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_from_device, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_empty, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_alloc, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_deallocate, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    /* Made on the host, or from nothing. */
    {OP_ttnn_full, INTERLEAVED | PLACE_HOST, {TAKES_ALL}, RULE_PAGE_FREE, "constants are made interleaved", plain},
    {OP_ttnn_zeros, INTERLEAVED | PLACE_HOST, {TAKES_ALL}, RULE_PAGE_FREE, "constants are made interleaved", plain},
    {OP_ttnn_ones, INTERLEAVED | PLACE_HOST, {TAKES_ALL}, RULE_PAGE_FREE, "constants are made interleaved", plain},
    {OP_ttnn_arange, INTERLEAVED | PLACE_HOST, {TAKES_ALL}, RULE_PAGE_FREE, "constants are made interleaved", plain},
    {OP_ttnn_rand, INTERLEAVED | PLACE_HOST, {TAKES_ALL}, RULE_PAGE_FREE, "random tensors are made interleaved", plain},
    {OP_ttnn_constant, INTERLEAVED | PLACE_HOST, {TAKES_ALL}, RULE_PAGE_FREE, "constants are made interleaved", plain},
    /* Work on host tensors too. */
    {OP_ttnn_distribute_tensor, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_aggregate_tensor, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_prepare_conv2d_weights, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_prepare_conv2d_bias, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_prepare_conv_transpose2d_weights, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_prepare_conv_transpose2d_bias, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_prepare_conv3d_weights, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_prepare_moe_compute_w0_w1_weights, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    {OP_ttnn_prepare_moe_compute_w2_weights, TAKES_ALL, {TAKES_ALL}, RULE_MOVES, plain, plain},
    /* Place their tensors by a rule of their own, which lowering writes down. */
    {OP_ttnn_moe_compute, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_moe_gpt, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_all_to_all_dispatch, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_all_to_all_dispatch_metadata, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_all_to_all_combine, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_selective_reduce_combine, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_distributed_rms_norm, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_distributed_layer_norm, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_all_reduce_async, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_topk_router_gpt, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_generic, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_d2m_subgraph, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_sampling, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_load_tensor, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_dump_tensor, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
    {OP_ttnn_tt_lang_op, TAKES_ALL, {TAKES_ALL}, RULE_PINNED, plain, plain},
};

static const legal_rule elementwise = {OP_N,  ANYWHERE, {ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE}, RULE_ELEMENTWISE,
                                       plain, plain};
static const legal_rule interleaved = {OP_N, INTERLEAVED, {INTERLEAVED, INTERLEAVED, INTERLEAVED, INTERLEAVED},
                                       0,    plain,       plain};

const legal_rule *legal_rule_of(const ir_module *m, ir_op op) {
    const op_def *d = dialect_def_of(m, op);
    if (!d || d->dialect != DIALECT_ttnn)
        return NULL;
    uint32_t id = dialect_op_index(d);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].op == id)
            return &rules[i];
    return d->flags & OP_ELEMENTWISE ? &elementwise : &interleaved;
}

uint8_t legal_place(const ttnn_layout *l) {
    if (l->buffer == TTNN_SYSTEM)
        return PLACE_HOST;
    if (l->buffer == TTNN_DRAM)
        return ttnn_is_sharded(l->memory) ? PLACE_DRAM_SHARDED : PLACE_DRAM;
    switch (l->memory) {
    case TTNN_HEIGHT_SHARDED: return PLACE_HEIGHT;
    case TTNN_WIDTH_SHARDED: return PLACE_WIDTH;
    case TTNN_BLOCK_SHARDED: return PLACE_BLOCK;
    default: return PLACE_L1;
    }
}

uint8_t legal_takes(const legal_rule *r, uint32_t operand) {
    uint32_t i = operand < 4 ? operand : 3;
    while (i && !r->in[i])
        i--; /* the last one written repeats */
    return r->in[i];
}

/* ---- plans ----------------------------------------------------------------------------------------------- */

static bool has_prefix_dims(const ir_context *c, ir_type t, int64_t *last, int64_t *second) {
    int rank = ir_rank(c, t);
    if (rank < 1)
        return false;
    *last = ir_dim(c, t, rank - 1);
    *second = rank >= 2 ? ir_dim(c, t, rank - 2) : 1;
    return true;
}

static int64_t to_tile(int64_t v) {
    return (v + TARGET_TILE - 1) / TARGET_TILE;
}

/* Conditions: ttnn-pipeline.md, section 10 "Views" (tt-mlir canReshapeBeView and its kin). */
bool legal_is_view(const legal_env *e, ir_op op) {
    const ir_module *m = e->m;
    const ir_context *c = m->ctx;
    ttnn_layout in, out;
    int64_t last, second, to_last, to_second, numbers[64];
    const op_def *d = dialect_def_of(m, op);
    if (!d || !m->ops[op].n_operands || !m->ops[op].n_results)
        return false;
    ir_type from = ir_value_type(m, ir_operand(m, op, 0)), to = ir_value_type(m, m->ops[op].results);
    if (!ttnn_layout_of(c, from, &in) || !ttnn_layout_of(c, to, &out) || !has_prefix_dims(c, from, &last, &second) ||
        !has_prefix_dims(c, to, &to_last, &to_second))
        return false;
    switch (dialect_op_index(d)) {
    case OP_ttnn_reshape:
        return last == to_last &&
               (!in.tiled || second == to_second || (second % TARGET_TILE == 0 && to_second % TARGET_TILE == 0));
    case OP_ttnn_pad: {
        int rank = ir_rank(c, from);
        if (rank != ir_rank(c, to))
            return false;
        bool same = true;
        for (int i = 0; i < rank; i++)
            same &= ir_dim(c, from, i) == ir_dim(c, to, i);
        if (same || !in.tiled || rank < 2)
            return same;
        for (int i = 0; i + 2 < rank; i++)
            if (ir_dim(c, from, i) != ir_dim(c, to, i))
                return false;
        ir_attr padding = ir_op_attr(m, op, STR("padding"));
        str data = padding && ir_kind_of(c, padding) == IR_ATTR_DENSE_ARRAY ? ir_data(c, padding) : STR("");
        for (size_t i = 0; i + 8 <= data.n; i += 8) { /* pairs of i32: before, after */
            int32_t before;
            memcpy(&before, data.p + i, sizeof before);
            if (before)
                return false;
        }
        return to_tile(last) == to_tile(to_last) && to_tile(second) == to_tile(to_second);
    }
    case OP_ttnn_repeat: {
        ir_attr dims = ir_op_attr(m, op, STR("repeat_dims"));
        uint32_t n = dims ? dialect_param_ints(c, dims, STR("shape"), numbers, 64) : 0;
        for (uint32_t i = 0; i < n && i < 64; i++)
            if (numbers[i] != 1)
                return false;
        return n != 0;
    }
    case OP_ttnn_permute: {
        ir_attr order = ir_op_attr(m, op, STR("permutation"));
        str data = order && ir_kind_of(c, order) == IR_ATTR_DENSE_ARRAY ? ir_data(c, order) : STR("");
        int rank = ir_rank(c, from);
        if (data.n != (size_t)rank * 8)
            return false;
        for (int i = 0; i < rank; i++) {
            int64_t at;
            memcpy(&at, data.p + 8 * i, sizeof at);
            bool fixed = i == rank - 1 || (in.tiled && i == rank - 2);
            if (at != i && (fixed || ir_dim(c, from, i) > 1))
                return false;
        }
        return in.buffer == out.buffer && in.memory == out.memory;
    }
    default: return false;
    }
}

bool legal_plan_known(const ir_module *m, ir_op op) {
    return legal_rule_of(m, op) != NULL;
}

legal_plan legal_plan_of(const legal_env *e, ir_op op) {
    const legal_rule *r = legal_rule_of(e->m, op);
    legal_plan p = {0};
    if (!r)
        return p;
    /* Transposed convolutions stay where they are: how much L1 their halos and activation blocks take is not modelled. */
    p.reshard_inputs = !(r->flags & RULE_STAYS) && (!(r->flags & RULE_SAME_SHARDING) || r->op == OP_ttnn_conv2d);
    p.follow_input = (r->flags & RULE_FOLLOW) != 0 || (r->op == OP_ttnn_reshape && legal_is_view(e, op));
    p.dram_only = (r->flags & (RULE_DRAM_ONLY)) != 0;
    p.interleaved = !(r->out & SHARDED) || r->op == OP_ttnn_conv_transpose2d;
    return p;
}

/* ---- what runs once ---------------------------------------------------------------------------------------- */

enum { MOST_LOOKED_AT = 256 };

/* Ops that v comes from are looked at as long as there are not too many. */
bool legal_is_known(const ir_module *m, ir_value v) {
    ir_value queue[MOST_LOOKED_AT];
    uint32_t n = 0, at = 0;
    queue[n++] = v;
    while (at < n) {
        ir_value w = queue[at++];
        if (ir_kind_of(m->ctx, ir_value_type(m, w)) != IR_TYPE_TENSOR)
            continue;
        if (ir_is_block_arg(m, w)) {
            if (!dialect_argument_is_known(m, w))
                return false;
            continue;
        }
        ir_op def = m->values[w].owner;
        if (ir_op_def(m, def) == OP_ttcore_load_cached + 1)
            continue;
        if (n + m->ops[def].n_operands > MOST_LOOKED_AT)
            return false;
        for (uint32_t i = 0; i < m->ops[def].n_operands; i++)
            queue[n++] = ir_operand(m, def, i);
    }
    return true;
}

bool legal_runs_once(const ir_module *m, ir_op op) {
    for (ir_op at = op; at; at = m->ops[at].block ? ir_parent_op(m, at) : 0) {
        if (ir_op_def(m, at) != OP_func_func + 1)
            continue;
        ir_attr kind = ir_op_attr(m, at, STR("tt.function_type"));
        if (kind && str_starts_with(ir_str_of(m->ctx, kind), STR("const_eval")))
            return true;
        break;
    }
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
        if (!legal_is_known(m, ir_operand(m, op, i)))
            return false;
    return true;
}

/* ---- L1 -------------------------------------------------------------------------------------------------- */

static uint64_t tile_of(const ttnn_layout *l) {
    return target_dtypes[l->dtype].tile_bytes;
}

/* Two tiles of what is read from or written to elsewhere while the kernel runs. */
static uint64_t streamed(const ttnn_layout *l) {
    return l->buffer == TTNN_SYSTEM || (l->buffer == TTNN_L1 && ttnn_is_sharded(l->memory)) ? 0 : 2 * tile_of(l);
}

/* Blocks of a matmul: in0_block_w tiles deep, the core's share of rows and columns wide. */
static uint64_t matmul_buffers(const legal_env *e, ir_op op, const ttnn_layout *in, const ttnn_layout *out) {
    legal_matmul k;
    if (!legal_matmul_of(e, op, out, &k))
        return streamed(&in[0]) + streamed(&in[1]) + streamed(out);
    uint64_t bytes = 2 * (uint64_t)(k.in0_block_w * k.per_core_m) * tile_of(&in[0]) +
                     2 * (uint64_t)(k.in0_block_w * k.per_core_n) * tile_of(&in[1]);
    return bytes + (k.fused ? 0 : streamed(out));
}

/* The image with its halo, a block of windows as rows and as tiles, a block of weights; see legal_conv.c. */
static uint64_t conv_buffers(const legal_conv *k, const ttnn_layout *out) {
    uint64_t tile = target_dtypes[DTYPE_BF16].tile_bytes;
    uint64_t act = (uint64_t)(k->act_block_h * k->act_block_w) * tile;
    uint64_t weights = (uint64_t)(k->act_block_w * k->weight_block_w) * tile;
    uint64_t partials = (uint64_t)(k->act_block_h * k->weight_block_w) * tile_of(out);
    return (uint64_t)(k->image_rows * k->image_channels) * 2 + act * (k->act_twice ? 3 : 2) +
           weights * (k->weights_twice ? 2 : 1) + partials;
}

uint64_t legal_l1_need(const legal_env *e, ir_op op, const ttnn_layout *in, const ttnn_layout *out) {
    const ir_module *m = e->m;
    const ir_op_data *d = &m->ops[op];
    const legal_rule *r = legal_rule_of(m, op);
    uint64_t need = 0, buffers = 0;
    for (uint32_t i = 0; i < d->n_operands; i++) {
        ir_type t = ir_value_type(m, ir_operand(m, op, i));
        if (ir_kind_of(m->ctx, t) != IR_TYPE_TENSOR)
            continue;
        need += ttnn_l1_bytes(m->ctx, t, &in[i]);
        buffers += streamed(&in[i]);
    }
    if (d->n_results && ir_kind_of(m->ctx, ir_value_type(m, d->results)) == IR_TYPE_TENSOR) {
        need += ttnn_l1_bytes(m->ctx, ir_value_type(m, d->results), out);
        buffers += streamed(out);
    }
    if (r && r->flags & RULE_MOVES)
        return need + buffers;
    if (r && r->flags & RULE_MATMUL && d->n_operands >= 2)
        buffers = matmul_buffers(e, op, in, out);
    legal_conv conv;
    if (r && r->flags & RULE_SAME_SHARDING && legal_conv_of(e, op, out, &conv))
        buffers = conv_buffers(&conv, out);
    return need + buffers;
}
