/* ttnn_fuse_decode.c - what ttnn-fusing makes of a decode step, one token per user, when there is an optimizer (ttnn-pipeline.md,
 * pass 24). Heads that attention gives are joined by one kernel:
 *
 *   [1, users, heads, D] ─permute─▶ [users, heads, 1, D] ─where─▶ ─reshape─▶ [users, heads * D]
 *
 * becomes
 *
 *   [1, users, heads, D] ─where─▶ ─nlp_concat_heads_decode─▶ [1, 1, users, heads * D] ─reshape─▶ [users, heads * D]
 *
 * The permute only moves a one, so it has mostly become a reshape or is gone by now. The where is not always there; it clears
 * whole heads, which may as well be done before (nlp_concat_heads_decode.mlir among tt-mlir's tests).
 *
 * And rotary embeddings whose result gets the token in front take their input so:
 *
 *   [users, heads, 1, D] ─rms_norm─▶ ─rotary_embedding─▶ ─permute─▶ [1, users, heads, D]
 *
 * becomes
 *
 *   [users, heads, 1, D] ─reshape─▶ [1, users, heads, D] ─rms_norm─▶ ─rotary_embedding token_index = 0─▶
 */
#include "compile/ttnn_fuse.h"

#include "target/device.h"
#include "target/dtype.h"

/* ---- joining heads -------------------------------------------------------------------------------------- */

/* What the kernel reads: one token per user. */
struct heads {
    ir_value v; /* (1, users, heads, D) */
    int64_t users, heads, width;
};

/* Whether v has that form and the kernel takes it: each user has a core of his own, whose heads are the rows of one tile, as
 * ttnn-workaround places them; heads of the result begin where a tile begins. */
static bool read_heads(pass_context *p, ir_value v, struct heads *h) {
    ir_type t = ir_value_type(p->m, v);
    shape s = tn_shape_of_type(p->c, t);
    target_dtype dtype = tn_dtype(p->c, t);
    target_device device;
    if (s.n != 4 || s.d[0] != 1 || s.d[2] < 2 || s.d[2] > TARGET_TILE || s.d[3] % TARGET_TILE || !s.d[3] ||
        !tn_is_tiled(p->c, t) || (dtype != DTYPE_BF16 && dtype != DTYPE_F32) ||
        !target_device_of_module(p->m, &device) || s.d[1] > device.worker_grid[0] * device.worker_grid[1])
        return false;
    *h = (struct heads){v, s.d[1], s.d[2], s.d[3]};
    return true;
}

/* Looks through what moves the one behind the heads. */
static ir_value before_reorder(pass_context *p, ir_value v) {
    static const int64_t moves_first[] = {1, 2, 0, 3};
    int64_t permutation[PASS_MAX_RANK];
    ir_op def = def_is(p->m, v, OP_ttnn_permute);
    if (def)
        return op_ints(p->m, def, STR("permutation"), permutation, PASS_MAX_RANK) == 4 &&
                       memcmp(permutation, moves_first, sizeof moves_first) == 0
                   ? ir_operand(p->m, def, 0)
                   : 0;
    def = def_is(p->m, v, OP_ttnn_reshape);
    ir_value in = def ? ir_operand(p->m, def, 0) : 0;
    shape from = tn_shape_of(p->m, in), to = tn_shape_of(p->m, v);
    bool moves = in && from.n == 4 && to.n == 4 && from.d[0] == 1 && to.d[2] == 1 && from.d[1] == to.d[0] &&
                 from.d[2] == to.d[1] && from.d[3] == to.d[3];
    return moves ? in : 0;
}

/* A where that clears whole heads: its condition has one value per head, and there is one to clear them with. */
struct scrub {
    ir_op op;
    ir_value condition, with;
};

static bool is_scrub(pass_context *p, ir_value v, struct scrub *out) {
    ir_op op = def_is(p->m, v, OP_ttnn_where);
    if (!op || !ir_has_one_use(p->e, v))
        return false;
    *out = (struct scrub){op, ir_operand(p->m, op, 0), ir_operand(p->m, op, 1)};
    shape c = tn_shape_of(p->m, out->condition), with = tn_shape_of(p->m, out->with), all = tn_shape_of(p->m, v);
    return c.n == 4 && all.n == 4 && c.d[0] == all.d[0] && c.d[1] == all.d[1] && c.d[2] == 1 && c.d[3] == 1 &&
           with.n >= 0 && shape_volume(&with) == 1;
}

bool ttnn_fuse_concat_heads_decode(pass_context *p, ir_op op) {
    if (!ttnn_decompose_keeps_kernels(p->o))
        return false;
    ir_value in = ir_operand(p->m, op, 0), v = in;
    struct scrub scrub = {0};
    struct heads h;
    bool scrubs = is_scrub(p, in, &scrub);
    if (scrubs)
        v = ir_operand(p->m, scrub.op, 2);
    ir_value before = before_reorder(p, v);
    if ((scrubs && !before) || !read_heads(p, before ? before : v, &h))
        return false;
    shape to = tn_shape_of(p->m, ir_result(p->m, op, 0));
    if (to.n != 2 || to.d[0] != h.users || to.d[1] != h.heads * h.width)
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    if (scrubs) {
        shape per_head = tn_shape4(1, h.users, h.heads, 1);
        ir_loc at = ir_op_at(p->m, scrub.op)->loc;
        ir_value condition = tn_reshape(p, at, scrub.condition, &per_head);
        h.v = condition ? tn_where(p, at, condition, scrub.with, h.v, ir_value_type(p->m, h.v)) : 0;
        ir_edit_came_from(p->e, h.v ? ir_def_op(p->m, h.v) : 0, scrub.op);
    }
    shape joined = tn_shape4(1, 1, h.users, h.heads * h.width);
    ir_attr heads = ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), h.heads);
    ir_type type = h.v ? tn_reshaped(p, ir_value_type(p->m, h.v), &joined) : 0;
    ir_attr props = make_dict(p, &(attr_entry){STR("num_heads"), heads}, 1);
    ir_value all = type ? build_value(p, OP_ttnn_nlp_concat_heads_decode, loc, &h.v, 1, type, props) : 0;
    all = all ? tn_reshape_to(p, loc, all, ir_value_type(p->m, ir_result(p->m, op, 0))) : 0;
    if (!all)
        return pass_out_of_memory(p);
    ir_replace1(p->e, op, all);
    return true;
}

/* ---- rotary embedding ----------------------------------------------------------------------------------- */

/* Whether an op is a permute (2, 0, 1, 3) of (users, heads, 1, D), or the reshape that such a permute has become. */
static bool brings_token_first(pass_context *p, ir_op op) {
    static const int64_t brings[] = {2, 0, 1, 3};
    int64_t permutation[PASS_MAX_RANK];
    shape from = tn_shape_of(p->m, ir_operand(p->m, op, 0)), to = tn_shape_of(p->m, ir_result(p->m, op, 0));
    if (op_is(p->m, op, OP_ttnn_permute) && (op_ints(p->m, op, STR("permutation"), permutation, PASS_MAX_RANK) != 4 ||
                                             memcmp(permutation, brings, sizeof brings) != 0))
        return false;
    return from.n == 4 && to.n == 4 && from.d[2] == 1 && to.d[0] == 1 && to.d[1] == from.d[0] && to.d[2] == from.d[1] &&
           to.d[3] == from.d[3];
}

/* A rotary embedding of one token per user whose result then has the token in front, as caches and attention want it in a decode
 * step, takes its input so: all heads of a user are rows of one tile then, not each of a tile of its own. An rms_norm in
 * between moves along when nothing else uses it; of what it normalizes, the last dimension, nothing moves. (lowering.md,
 * rotary_embedding; rope_decode_qknorm.mlir among tt-mlir's tests.) */
bool ttnn_fuse_rotary_decode(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    ir_op rotary = def_is(p->m, v, OP_ttnn_rotary_embedding);
    if (!rotary || !ttnn_decompose_keeps_kernels(p->o) || !ir_has_one_use(p->e, v) || !brings_token_first(p, op) ||
        ir_op_attr(p->m, rotary, STR("token_index")))
        return false;
    ir_value in = ir_operand(p->m, rotary, 0);
    shape to = tn_shape_of(p->m, ir_result(p->m, op, 0)), table = tn_shape_of(p->m, ir_operand(p->m, rotary, 1));
    ir_op norm = def_is(p->m, in, OP_ttnn_rms_norm);
    if (table.n != 4 || table.d[2] != 1 || (norm && !ir_has_one_use(p->e, in)))
        return false;
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 0));
    ir_loc loc = ir_op_at(p->m, rotary)->loc;
    ir_value first = norm ? ir_operand(p->m, norm, 0) : in;
    ir_value moved = tn_reshape(p, norm ? ir_op_at(p->m, norm)->loc : loc, first, &to);
    if (norm && moved) {
        ir_value inputs[3] = {moved}; /* and its weight and bias */
        uint32_t n = ir_op_at(p->m, norm)->n_operands;
        for (uint32_t i = 1; i < n && i < 3; i++)
            inputs[i] = ir_operand(p->m, norm, i);
        ir_type t = ir_value_type(p->m, moved);
        ir_op again = tn_rebuild(p, norm, ir_op_at(p->m, norm)->loc, inputs, n, &t);
        moved = again ? ir_result(p->m, again, 0) : 0;
        ir_edit_came_from(p->e, again, norm);
    }
    ir_value operands[3] = {moved, ir_operand(p->m, rotary, 1), ir_operand(p->m, rotary, 2)};
    ir_attr token = ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), 0);
    attr_entry props[] = {{STR("compute_config"), ir_op_attr(p->m, rotary, STR("compute_config"))},
                          {STR("token_index"), token}};
    ir_value made =
        moved ? build_value(p, OP_ttnn_rotary_embedding, loc, operands, 3, type, make_dict(p, props, 2)) : 0;
    if (!made)
        return pass_out_of_memory(p);
    ir_edit_came_from(p->e, ir_def_op(p->m, made), rotary);
    ir_replace1(p->e, op, made);
    return true;
}
