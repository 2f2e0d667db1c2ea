/* legal_matmul.c - the program a matmul runs: how its blocks are laid out over the cores.
 *
 * Rules: tt-mlir Analysis/MatmulProgramConfig.cpp.
 *   P1  Block sharded over more than one row and column: 2D multicast; everything else 1D. Width sharded (or one row of
 *       blocks): the left operand is multicast and each core makes all rows of its columns; otherwise the other way round.
 *   P2  Subblocks lie in the destination register: at most 8 tiles, half with 32-bit accumulation, twice with full sync.
 *   P3  Weights with a batch have no such program (tt-metal 42572).
 */
#include "dialect/params.h"
#include "ids.h"
#include "target/legal_rules.h"
#include "target/matmul.h"

static int64_t div_up(int64_t a, int64_t b) {
    return b ? (a + b - 1) / b : 0;
}

static int64_t largest_divisor(int64_t value, int64_t most) {
    for (int64_t d = value < most ? value : most; d > 1; d--)
        if (value % d == 0)
            return d;
    return 1;
}

static int64_t max_subblock(const ir_module *m, ir_op op) {
    int64_t most = 8;
    ir_attr config = ir_op_attr(m, op, STR("compute_config"));
    if (!config)
        return most;
    if (dialect_param(m->ctx, config, STR("dst_full_sync_en")) == m->ctx->a_true)
        most *= 2;
    if (dialect_param(m->ctx, config, STR("fp32_dest_acc_en")) == m->ctx->a_true)
        most /= 2;
    return most;
}

/* The cores a sharded layout occupies, as a rectangle. */
static void bounding_grid(const legal_env *e, const ttnn_layout *l, int64_t *x, int64_t *y) {
    int64_t ranges[2][4];
    uint32_t n = 0;
    *x = *y = 1;
    if (!ttnn_layout_cores(&e->device, l, ranges, &n, NULL))
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (ranges[i][2] + 1 > *x)
            *x = ranges[i][2] + 1;
        if (ranges[i][3] + 1 > *y)
            *y = ranges[i][3] + 1;
    }
}

bool legal_matmul_of(const legal_env *e, ir_op op, const ttnn_layout *out, legal_matmul *k) {
    const ir_module *m = e->m;
    const ir_context *c = m->ctx;
    *k = (legal_matmul){0};
    if (m->ops[op].n_operands < 2 || !m->ops[op].n_results || out->buffer != TTNN_L1 || !ttnn_is_sharded(out->memory) ||
        out->memory == TTNN_ND_SHARDED)
        return false;
    ir_type a = ir_value_type(m, ir_operand(m, op, 0)), b = ir_value_type(m, ir_operand(m, op, 1));
    ir_type r = ir_value_type(m, m->ops[op].results);
    int rank = ir_rank(c, r), rank_a = ir_rank(c, a), rank_b = ir_rank(c, b);
    if (rank < 2 || rank_a < 2 || rank_b < 2)
        return false;
    for (int i = 0; i + 2 < rank_b; i++)
        if (ir_dim(c, b, i) != 1)
            return false; /* P3 */
    k->m = div_up(ir_dim(c, r, rank - 2), TARGET_TILE);
    k->n = div_up(ir_dim(c, r, rank - 1), TARGET_TILE);
    k->k = div_up(ir_dim(c, a, rank_a - 1), TARGET_TILE);
    k->fuse_batch = k->fused = true;
    k->max_subblock = max_subblock(m, op);
    bounding_grid(e, out, &k->grid_x, &k->grid_y);
    k->two_d = out->memory == TTNN_BLOCK_SHARDED && k->grid_x > 1 && k->grid_y > 1; /* P1 */
    if (k->two_d) {
        k->per_core_m = div_up(k->m, k->grid_y);
        k->per_core_n = div_up(k->n, k->grid_x);
        k->in0_block_w = k->k % 2 == 0 ? 2 : 1;
    } else {
        enum { LARGE_N = 128 };
        int64_t cores = k->grid_x * k->grid_y;
        k->mcast_in0 = out->memory == TTNN_WIDTH_SHARDED || (out->memory == TTNN_BLOCK_SHARDED && k->grid_y == 1);
        k->per_core_m = k->mcast_in0 ? k->m : div_up(k->m, cores);
        k->per_core_n = k->mcast_in0 ? div_up(k->n, cores) : k->n;
        if (!k->mcast_in0)
            k->in0_block_w = k->k;
        else if (k->n > LARGE_N)
            k->in0_block_w = k->k % 2 == 0 ? 2 : 1;
        else
            k->in0_block_w = k->k % 8 == 0 ? 8 : k->k % 4 == 0 ? 4 : k->k % 2 == 0 ? 2 : 1;
    }
    k->out_block_h = k->per_core_m;
    k->out_block_w = k->per_core_n;
    k->out_subblock_h = 1;
    k->out_subblock_w = largest_divisor(k->out_block_w, k->max_subblock); /* P2 */
    return true;
}

/* ---- the attribute --------------------------------------------------------------------------------------- */

static ir_attr u64(ir_context *c, int64_t v) {
    return ir_attr_int(c, ir_type_integer(c, 64, IR_UNSIGNED), v);
}

static ir_attr boolean(ir_context *c, bool v) {
    return v ? c->a_true : c->a_false;
}

ir_attr matmul_program_config(ir_context *c, const legal_env *e, ir_op op, const ttnn_layout *out,
                              const matmul_numbers *numbers, ir_attr activation) {
    legal_matmul k;
    if (!legal_matmul_of(e, op, out, &k))
        return 0;
    if (numbers && numbers->in0_block_w)
        k.in0_block_w = numbers->in0_block_w;
    if (numbers && numbers->out_subblock_h)
        k.out_subblock_h = numbers->out_subblock_h;
    if (numbers && numbers->out_subblock_w)
        k.out_subblock_w = numbers->out_subblock_w;
    ir_node at[2] = {u64(c, k.grid_x), u64(c, k.grid_y)};
    ir_attr grid = at[0] && at[1] ? dialect_make_attr(c, ATTR_ttnn_core_coord, at) : 0;
    ir_node p[15] = {grid,
                     u64(c, k.in0_block_w),
                     u64(c, k.out_subblock_h),
                     u64(c, k.out_subblock_w),
                     u64(c, k.out_block_h),
                     u64(c, k.out_block_w),
                     u64(c, k.per_core_m),
                     u64(c, k.per_core_n)};
    for (int i = 0; i < 8; i++)
        if (!p[i])
            return 0;
    if (k.two_d) {
        p[8] = c->a_false; /* transpose_mcast */
        p[9] = activation;
        p[10] = boolean(c, k.fuse_batch);
        return dialect_make_attr(c, ATTR_ttnn_matmul_multi_core_reuse_multi_cast_program_config, p);
    }
    p[8] = boolean(c, k.fuse_batch);
    p[9] = activation;
    p[10] = boolean(c, k.mcast_in0);
    p[11] = c->a_false; /* gather_in0 */
    p[12] = ttnn_core_range_set(c, NULL, 0);
    p[13] = u64(c, 0);  /* num_global_cb_receivers */
    p[14] = c->a_false; /* untilize_out */
    return p[12] && p[13] ? dialect_make_attr(c, ATTR_ttnn_matmul_multi_core_reuse_multi_cast_1d_program_config, p) : 0;
}
