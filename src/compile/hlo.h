/* hlo.h - StableHLO ops in terms of TTIR, by family; internal to the room.
 *
 * Each function replaces the op that it is given and returns true, or leaves it and returns false; then the next one for
 * that op is tried (pass_hlo_to_ttir.c). Ops are looked at in the order of the module, so operands are TTIR ops already
 * and users still StableHLO ones. Rules and locations are those of tt-mlir's StableHLOToTTIRPatterns.cpp.
 */
#ifndef TTX_COMPILE_HLO_H
#define TTX_COMPILE_HLO_H

#include "compile/rewrite.h"
#include "compile/ttir.h"

/* hlo_basic.c */
rewrite_fn hlo_same_operands; /* those with a row in its table */
rewrite_fn hlo_constant, hlo_iota, hlo_compare, hlo_logical, hlo_clamp, hlo_round, hlo_barrier, hlo_quantize;
/* hlo_norm.c */
rewrite_fn hlo_batch_norm_grad, hlo_batch_norm_inference, hlo_batch_norm_training;
/* hlo_shape.c */
rewrite_fn hlo_reshape, hlo_transpose, hlo_broadcast_in_dim, hlo_concatenate, hlo_slice, hlo_dynamic_slice, hlo_reverse,
    hlo_pad, hlo_get_dimension_size, hlo_dot_general, hlo_sort, hlo_rng;
/* hlo_reduce.c */
rewrite_fn hlo_reduce, hlo_cumulative, hlo_pool;
/* What becomes of the elements in a window. */
typedef enum hlo_pool_kind { HLO_POOL_MAX, HLO_POOL_SUM, HLO_POOL_AVERAGE } hlo_pool_kind;
/* Replaces an op that has a reduce_window's attributes of windows, its inputs as operands and a result for each, by pools of this
 * kind. False when these windows are none that TTIR pools, or when out of memory. */
bool hlo_pool_as(pass_context *p, ir_op op, hlo_pool_kind kind);
/* hlo_conv.c */
rewrite_fn hlo_convolution;
/* hlo_gather.c */
rewrite_fn hlo_gather_slice, hlo_gather_along_dim, hlo_gather_repeat, hlo_gather_embedding, hlo_gather_windows;
/* hlo_scatter.c */
rewrite_fn hlo_scatter_cache, hlo_scatter_embedding, hlo_scatter_along_dim, hlo_scatter_flat;
/* hlo_ccl.c; p->data is where the attribute of the mesh is kept */
rewrite_fn hlo_all_reduce, hlo_all_gather, hlo_reduce_scatter, hlo_collective_permute, hlo_all_to_all,
    hlo_collective_broadcast, hlo_sdy_all_reduce, hlo_manual_computation, hlo_mesh, hlo_gspmd_sharding,
    hlo_gspmd_to_shards, hlo_gspmd_to_full;
/* hlo_groups.c: collectives of groups that lie along no axis of the mesh. `groups`: a constant, one row of devices for each. 0 when
 * out of memory, when dimension dim has no equal parts, or when numbers are reduced in another way. */
/* `size` devices each, `inner` apart. */
ir_attr hlo_groups(pass_context *p, int64_t devices, int64_t size, int64_t inner);
/* Of what all members have, each keeps its part along dim. */
ir_value hlo_groups_part(pass_context *p, ir_loc loc, ir_value v, ir_attr groups, int dim);
/* What all members have, side by side along dim. */
ir_value hlo_groups_gather(pass_context *p, ir_loc loc, ir_value v, ir_attr groups, int dim);
/* The "sum", "max", "min" or "prod" over all members; of which (dim >= 0) each keeps its part along dim. */
ir_value hlo_groups_reduce(pass_context *p, ir_loc loc, ir_value v, ir_attr groups, str reduce, int dim);
/* hlo_custom.c */
rewrite_fn hlo_custom_call, hlo_rng_bits;
/* hlo_attention.c */
rewrite_fn hlo_flash_mla_prefill, hlo_indexer_score_dsa;
/* hlo_composite.c */
rewrite_fn hlo_composite;
/* A custom_call of a composite's name (tt.has_custom_sharding): it becomes what the composite would. */
bool hlo_composite_call(pass_context *p, ir_op op, str name);

/* Whether the module has ops of StableHLO, CHLO or Shardy. Once it has none, no pass makes any: it is looked for once. */
bool hlo_is_there(pass_context *p);
/* A pass of patterns on StableHLO alone: the greedy driver without folding; nothing where there is none. */
bool hlo_rewrite(pass_context *p, const rewrite_pattern *patterns, uint32_t n);
/* The result type of an op. */
ir_type hlo_type(pass_context *p, ir_op op);
/* Replaces the op by this value; false for 0 (out of memory). */
bool hlo_replace(pass_context *p, ir_op op, ir_value v);
/* Builds an op in place of `op`: what `a` leaves NULL of operands and result types is that of `op`. It has as many results.
 * False when out of memory. */
bool hlo_replace_op(pass_context *p, ir_op op, const build_args *a);
/* Numbers of a parameter of the op's dialect attribute: lists, and single ones (or -1). */
uint32_t hlo_dims(pass_context *p, ir_op op, str key, str param, int64_t *out);
int64_t hlo_dim(pass_context *p, ir_op op, str key, str param);
/* A list of dimensions, each in [0, limit), into out->n and out->d. False when one is not, or there are too many. */
bool hlo_dims_below(pass_context *p, ir_op op, str key, str param, int64_t limit, shape *out);
/* Where a number stands in such a list, -1 when it does not; and whether it does. */
int hlo_place_of(const shape *list, int64_t dim);
static inline bool hlo_has(const shape *list, int64_t dim) {
    return hlo_place_of(list, dim) >= 0;
}
/* n numbers of a dense attribute (array or elements), or n times `otherwise` when it is absent. False when it has another
 * number of them. */
bool hlo_ints(pass_context *p, ir_op op, str key, uint32_t n, int64_t otherwise, int64_t *out);
/* The first op in the only block of the op's first region; 0 when there is none. */
ir_op hlo_body(pass_context *p, ir_op op);
/* The splat or single number that v is, behind reshapes, broadcasts and casts. */
bool hlo_number(pass_context *p, ir_value v, double *out);
/* An integer constant of this type from n numbers. */
ir_value hlo_build_ints(pass_context *p, ir_loc loc, const int64_t *v, const shape *s, ir_type element);
/* v with one dimension; suffix: of the location, or NULL. */
ir_value hlo_flatten(pass_context *p, ir_loc loc, ir_value v, const char *suffix);
/* A ttir.scatter; 0 when a value is. */
ir_value hlo_build_scatter(pass_context *p, ir_loc loc, ir_value input, ir_value index, ir_value source, int64_t dim,
                           str reduce, ir_type type);
/* Numbers 0, 1, 2, ... along dimension dim, the same along the others. */
ir_value hlo_build_arange(pass_context *p, ir_loc loc, ir_type type, int64_t dim);
/* v : ui32 */
ir_attr hlo_ui32(pass_context *p, int64_t v);

/* Which operand group of the op that a custom_call becomes each of its operands is: a number per operand. False when the call
 * is none of those that are known by their names, operands and options. */
bool hlo_call_groups(pass_context *p, ir_op op, int8_t *group);
/* Whether calls of this name become something. */
bool hlo_call_is_known(str name);
/* What a custom_call says of itself in mhlo.frontend_attributes: the text; empty when it does not say. */
str hlo_option(pass_context *p, ir_op op, str key);
/* A number, or `otherwise` when it is not said. False when it is said and no number. */
bool hlo_number_option(pass_context *p, ir_op op, str key, double otherwise, double *out);
/* Whether a text is "true" or "false", in whatever case; which of them. */
bool hlo_flag_of(str s, bool *out);

/* How the body of a reducing op combines two values, as a case of ttcore.reduce_type; empty when it does otherwise. */
str hlo_reduce_type(pass_context *p, ir_op op);

#endif
