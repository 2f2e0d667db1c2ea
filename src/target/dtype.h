/* dtype.h - the data types of the device: names, sizes, and which element type of the IR stands for which.
 *
 * The numbers are those of ttcore's DataType enum, which flatbuffers and attributes use as well.
 */
#ifndef TARGET_DTYPE_H
#define TARGET_DTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "ir/ir.h"

typedef enum target_dtype {
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_BFP_F8,
    DTYPE_BFP_BF8,
    DTYPE_BFP_F4,
    DTYPE_BFP_BF4,
    DTYPE_BFP_F2,
    DTYPE_BFP_BF2,
    DTYPE_U32,
    DTYPE_U16,
    DTYPE_U8,
    DTYPE_SI32,
    DTYPE_I1,
    DTYPE_N,
    DTYPE_NONE = DTYPE_N /* no data type */
} target_dtype;

enum { TARGET_TILE = 32 }; /* height and width of a tile */

typedef struct target_dtype_info {
    str name;            /* as attributes spell it: "bf16", "bfp_bf8", "si32" */
    uint16_t bytes;      /* of one scalar; 0: block-float, which exists in tiles only */
    uint16_t tile_bytes; /* of a 32x32 tile, shared exponents included (device-model.md, section 3) */
    bool is_float, is_block, is_signed;
} target_dtype_info;

extern const target_dtype_info target_dtypes[DTYPE_N];

/* The data type of that name; DTYPE_NONE when there is none. */
target_dtype target_dtype_by_name(str name);
/* The data type of an element type: a scalar (f64 counts as f32, 64-bit integers as 32-bit ones, index as u32, a
 * quantized type as its storage) or a ttcore.tile. DTYPE_NONE for anything else. */
target_dtype target_dtype_of(const ir_context *c, ir_type element);
/* The scalar element type of a data type: f32, bf16 (also for f16, as upstream does), ui32, ui16, ui8, si32, i1; for
 * the block formats the 32x32 tile itself. 0 when out of memory. */
ir_type target_dtype_scalar(ir_context *c, target_dtype t);
/* !ttcore.tile<32x32, t>. 0 when out of memory. */
ir_type target_dtype_tile(ir_context *c, target_dtype t);

#endif
