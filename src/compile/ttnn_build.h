/* ttnn_build.h - small ways to make TTNN types and ops, shared by the passes from ttnn-layout on; internal to the room.
 *
 * A tensor type derived from another one keeps its element type and gets the layout recomputed for its new shape, data
 * type or place, as tt-mlir's RankedTensorTypeFactory does. Types without a ttnn_layout only change their shape.
 * Everything returns 0 when out of memory (the context or module then knows), and takes 0 without harm.
 */
#ifndef TTX_COMPILE_TTNN_BUILD_H
#define TTX_COMPILE_TTNN_BUILD_H

#include "compile/ttir.h"
#include "target/layout.h"

/* A shape by value: n is -1 for what is no static tensor of at most PASS_MAX_RANK dimensions. */
shape tn_shape_of_type(const ir_context *c, ir_type t);
static inline shape tn_shape_of(const ir_module *m, ir_value v) {
    return tn_shape_of_type(m->ctx, ir_value_type(m, v));
}
/* {a, b, c, d} */
shape tn_shape4(int64_t a, int64_t b, int64_t c, int64_t d);
/* s with ones in front until it has `rank` dimensions. */
shape tn_shape_padded(const shape *s, int rank);
/* Volume with the last two dimensions rounded up to tiles. */
int64_t tn_tiled_volume(const shape *s);
static inline int64_t tn_round_up(int64_t v, int64_t to) {
    return (v + to - 1) / to * to;
}

/* ---- types ---------------------------------------------------------------------------------------------- */

ir_type tn_reshaped(pass_context *p, ir_type t, const shape *s);
/* The same shape and element type in this layout. */
ir_type tn_placed(pass_context *p, ir_type t, const ttnn_layout *l);
ir_type tn_with_dtype(pass_context *p, ir_type t, target_dtype dtype);
ir_type tn_with_tiled(pass_context *p, ir_type t, bool tiled);
ir_type tn_with_buffer(pass_context *p, ir_type t, ttnn_buffer buffer);
/* The data type of a tensor type's elements (of the layout when it has one). */
target_dtype tn_dtype(const ir_context *c, ir_type t);
/* The same of its element type alone. */
target_dtype tn_element_dtype(const ir_context *c, ir_type t);
bool tn_is_tensor(const ir_context *c, ir_type t);
bool tn_is_tiled(const ir_context *c, ir_type t);
bool tn_on_device(const ir_context *c, ir_type t);

/* ---- ops, all at the insertion point -------------------------------------------------------------------- */

/* The device of a block: its ttnn.get_device, made at its start with location `loc` when there is none. The insertion
 * point stays. */
ir_value tn_device_in(pass_context *p, ir_block b, ir_loc loc);
/* The device for an op: of its block, with its location. */
ir_value tn_device(pass_context *p, ir_op op);

ir_value tn_unary(pass_context *p, uint32_t op, ir_loc loc, ir_value v, ir_type t);
ir_value tn_binary(pass_context *p, uint32_t op, ir_loc loc, ir_value a, ir_value b, ir_type t);
ir_value tn_where(pass_context *p, ir_loc loc, ir_value condition, ir_value yes, ir_value no, ir_type t);
ir_value tn_reshape(pass_context *p, ir_loc loc, ir_value v, const shape *s);
/* The same with the result type given. */
ir_value tn_reshape_to(pass_context *p, ir_loc loc, ir_value v, ir_type t);
ir_value tn_permute(pass_context *p, ir_loc loc, ir_value v, const int64_t *permutation);
ir_value tn_permute_to(pass_context *p, ir_loc loc, ir_value v, const int64_t *permutation, ir_type t);
/* padding: low and high per dimension; filled with `value`. */
ir_value tn_pad(pass_context *p, ir_loc loc, ir_value v, const int64_t *padding, double value, bool multicore);
/* begins, ends, steps: as many as v has dimensions; steps NULL: all 1. */
ir_value tn_slice_to(pass_context *p, ir_loc loc, ir_value v, const int64_t *begins, const int64_t *ends,
                     const int64_t *steps, ir_type t);
/* The part [begin, end) of one dimension. */
ir_value tn_slice_dim(pass_context *p, ir_loc loc, ir_value v, int dim, int64_t begin, int64_t end);
/* Repeats v until it has this shape. */
ir_value tn_repeat(pass_context *p, ir_loc loc, ir_value v, const shape *s);
/* A tensor of one f32 value. device 0: on the host. */
ir_value tn_full(pass_context *p, ir_loc loc, ir_type t, double value, ir_value device);
ir_value tn_matmul(pass_context *p, ir_loc loc, ir_value a, ir_value b, ir_type t);
ir_value tn_concat(pass_context *p, ir_loc loc, const ir_value *v, uint32_t n, int64_t dim, ir_type t);
/* ttnn.to_tensor_spec of v into `target` (placed on the module's device when sharded); the tensor's element type becomes
 * that of the target's data type. The location is that of `op` with a suffix. */
ir_value tn_to_spec(pass_context *p, ir_op op, ir_value v, const ttnn_layout *target, const char *suffix);
/* A copy of op with other operands, results of these types (NULL: its own) and its attributes. */
ir_op tn_rebuild(pass_context *p, ir_op op, ir_loc loc, const ir_value *operands, uint32_t n, const ir_type *types);

/* The pattern typecast(typecast(x)) -> typecast(x) of canon_ttnn.c, for passes that run it together with their own. */
bool tn_merge_typecasts(pass_context *p, ir_op op);

/* Whether every use of v is by an op OP_*; false when it has none. */
bool tn_all_users_are(pass_context *p, ir_value v, uint32_t op);
/* One struct parameter of an attribute replaced (value 0: default); attr 0 starts from nothing. def: ATTR_*. */
ir_attr tn_param_set(pass_context *p, ir_attr attr, uint32_t def, str name, ir_node value);

#endif
