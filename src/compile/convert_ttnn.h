/* convert_ttnn.h - between the files of convert-ttir-to-ttnn; internal to the pass.
 *
 * A row says which TTNN op a TTIR op becomes. Most ops differ in data only and have no function: the operands stay, the
 * attributes that the TTNN op declares are taken over, integers and floats in the width it declares.
 */
#ifndef TTX_COMPILE_CONVERT_TTNN_H
#define TTX_COMPILE_CONVERT_TTNN_H

#include "compile/ttnn_build.h"

/* Replaces op by its TTNN form; false after a message. */
typedef bool convert_fn(pass_context *p, ir_op op, uint32_t ttnn);

/* How much of the attributes and operands the plain conversion changes. */
typedef struct convert_change {
    const attr_entry *props; /* set in addition to those of op, or instead */
    uint32_t n_props;
    const ir_value *operands; /* NULL: those of op */
    uint32_t n_operands;
    const int32_t *sizes;   /* of the operand groups; NULL: those of op's groups */
    const ir_type *results; /* NULL: those of op */
    uint32_t n_results;
} convert_change;

/* Builds the TTNN op; 0 when out of memory. */
ir_op convert_build(pass_context *p, ir_op op, uint32_t ttnn, const convert_change *change);
/* Builds it and puts its results in the place of op's. */
bool convert_replace(pass_context *p, ir_op op, uint32_t ttnn, const convert_change *change);
/* The same for matmul and its like, which keep the data type that was asked for their weights. */
bool convert_weighted(pass_context *p, ir_op op, uint32_t ttnn, const convert_change *change);
/* Puts one value in op's place; false when it is 0. */
bool convert_done(pass_context *p, ir_op op, ir_value v);
/* "failed to legalize operation 'ttir.x'", and why in a note (NULL: no TTNN op is known for it). Always false. */
bool convert_refuse(pass_context *p, ir_op op, const char *why);
/* Writes `want` numbers of an integer or dense array attribute: one number stands for all of them, two of four are
 * (a, b, a, b). False when there are other numbers of them. */
bool convert_ints(pass_context *p, ir_op op, str key, int64_t *out, uint32_t want);

convert_fn convert_conv1d, convert_conv2d, convert_conv3d, convert_conv_transpose2d, convert_pool2d;
convert_fn convert_sdpa, convert_without_output, convert_group_norm, convert_last_dim_norm, convert_batch_norm,
    convert_batch_norm_training, convert_with_device, convert_adamw;
convert_fn convert_mesh_shard, convert_collective_permute, convert_collective_broadcast, convert_all_to_all,
    convert_dispatch_metadata, convert_moe_compute, convert_sparse_matmul;

#endif
