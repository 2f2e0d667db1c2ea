/* layout.h - #ttnn.ttnn_layout as a value, and its arithmetic.
 *
 *   tensor shape + ttnn_layout ──ttnn_layout_attr──▶ #ttnn.ttnn_layout<linear map, <grid>, memref, ...>
 *                              ──ttnn_layout_geometry──▶ padded shape, shard, bytes per core
 *
 * A ttnn_layout says what was chosen; linear map, shard shape and memref follow from it and the tensor's shape, so they
 * are not in it. Rules: ttnn-layouts.md, sections 2 and 3 (tt-mlir TTNNLayoutAttr::Builder). Grids are (rows, columns),
 * core ranges (x, y).
 *
 * Typical use in a pass:
 *
 *     ttnn_layout l = ttnn_layout_default(DTYPE_BF16);              dram, interleaved, tile, 1x1
 *     ir_type t = ttnn_tensor_type(c, old_type, &l);                same shape, element type and encoding of l
 *
 *     ttnn_layout l;
 *     if (!ttnn_layout_of(c, type, &l)) ...                         no ttnn_layout as encoding
 *     ttnn_layout_set_buffer(&l, TTNN_SYSTEM);                      drops what no longer fits
 *     ttnn_layout_set_tiled(&l, false);
 *     ir_attr a = ttnn_layout_attr(c, type, &l);
 */
#ifndef TARGET_LAYOUT_H
#define TARGET_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "ir/ir.h"
#include "target/device.h"
#include "target/dtype.h"

/* ttnn.BufferType and ttnn.TensorMemoryLayout, by their numbers */
typedef enum ttnn_buffer { TTNN_DRAM, TTNN_L1, TTNN_SYSTEM, TTNN_L1_SMALL, TTNN_TRACE, TTNN_N_BUFFERS } ttnn_buffer;
typedef enum ttnn_memory {
    TTNN_INTERLEAVED = 0,
    TTNN_NO_MEMORY = 1, /* system memory has none; the number is unused upstream */
    TTNN_HEIGHT_SHARDED = 2,
    TTNN_WIDTH_SHARDED = 3,
    TTNN_BLOCK_SHARDED = 4,
    TTNN_ND_SHARDED = 5,
    TTNN_N_MEMORIES
} ttnn_memory;

extern const str ttnn_buffer_names[TTNN_N_BUFFERS];
extern const str ttnn_memory_names[TTNN_N_MEMORIES]; /* that of TTNN_NO_MEMORY is empty */
/* TTNN_N_BUFFERS, TTNN_N_MEMORIES when there is no such name. */
ttnn_buffer ttnn_buffer_by_name(str name);
ttnn_memory ttnn_memory_by_name(str name);

typedef struct ttnn_layout {
    ttnn_buffer buffer;
    ttnn_memory memory;
    target_dtype dtype;
    bool tiled;
    bool ignore_physical; /* sharded, but where is left open */
    int64_t grid[2];      /* cores (or DRAM banks) it is spread over; 1x1 for DRAM interleaved and system memory */
    ir_attr
        core_ranges; /* #ttnn.core_range_set of a sharded layout, else 0; ttnn_layout_place makes the canonical one */
    ir_attr mesh;    /* #ttcore.tensor_mesh, 0: none */
    ir_type element; /* the memref's element type as it was read; 0: that of dtype. Ignored when dtype or tiled have
                             been changed since. */
} ttnn_layout;

static inline bool ttnn_is_sharded(ttnn_memory m) {
    return m >= TTNN_HEIGHT_SHARDED && m <= TTNN_ND_SHARDED;
}
static inline bool ttnn_on_device(const ttnn_layout *l) {
    return l->buffer != TTNN_SYSTEM;
}

/* DRAM, interleaved, tiled, 1x1: what ttnn-layout gives every tensor. */
ttnn_layout ttnn_layout_default(target_dtype dtype);
/* System memory, row-major. */
ttnn_layout ttnn_layout_host(target_dtype dtype);

/* Setters that drop what the change invalidates, as TTNNLayoutAttr::Builder does: core ranges when buffer, memory layout
 * or grid change; the grid becomes 1x1 for DRAM interleaved and system memory; system memory has no memory layout, and
 * leaving it gives interleaved. */
void ttnn_layout_set_buffer(ttnn_layout *l, ttnn_buffer buffer);
void ttnn_layout_set_memory(ttnn_layout *l, ttnn_memory memory);
void ttnn_layout_set_grid(ttnn_layout *l, int64_t rows, int64_t cols);
void ttnn_layout_set_dtype(ttnn_layout *l, target_dtype dtype);
void ttnn_layout_set_tiled(ttnn_layout *l, bool tiled);

/* Fills the canonical core ranges of a sharded layout (section 3): does nothing for others or when it has some. False
 * when the grid does not fit the device; *why is then a sentence (static text). `why` may be NULL. */
bool ttnn_layout_place(ir_context *c, const target_device *d, ttnn_layout *l, str *why);
/* The same without making an attribute: {x0, y0, x1, y1} of at most two ranges; none for layouts that are not sharded. */
bool ttnn_layout_cores(const target_device *d, const ttnn_layout *l, int64_t (*ranges)[4], uint32_t *n, str *why);

/* Reads #ttnn.ttnn_layout. False when the attribute is no such layout (or has no sensible memref). Shapes are not
 * compared with any tensor (files may disagree; ttnn_layout_attr recomputes). */
bool ttnn_layout_read(const ir_context *c, ir_attr layout, ttnn_layout *out);
/* The layout of a ranked tensor type whose encoding is a ttnn_layout. */
bool ttnn_layout_of(const ir_context *c, ir_type tensor, ttnn_layout *out);
/* One thing of that layout, for a fraction of the time: where it lies (TTNN_N_BUFFERS: no layout), whether in tiles. */
ttnn_buffer ttnn_buffer_of(const ir_context *c, ir_type tensor);
bool ttnn_is_tiled(const ir_context *c, ir_type tensor);

/* The attribute for a tensor of this type's shape (its element type and encoding do not matter). 0 when out of memory,
 * or when the shape is dynamic, unranked, or too large for 64 bits. */
ir_attr ttnn_layout_attr(ir_context *c, ir_type tensor, const ttnn_layout *l);
ir_attr ttnn_layout_attr_dims(ir_context *c, const int64_t *dims, uint32_t rank, const ttnn_layout *l);
/* The tensor type of the same shape with the element type of l->dtype and the attribute as encoding. The element type of
 * `tensor` is kept when it already means l->dtype. 0 as above. */
ir_type ttnn_tensor_type(ir_context *c, ir_type tensor, const ttnn_layout *l);

/* #ttnn.memory_config of a layout: buffer type, memory layout and, when sharded and not ignore_physical, the shard spec
 * with the shard in elements. 0 when out of memory. */
ir_attr ttnn_memory_config(ir_context *c, ir_type tensor, const ttnn_layout *l);

/* Small attributes by value. 0 when out of memory. */
ir_attr ttnn_buffer_attr(ir_context *c, ttnn_buffer b);               /* #ttnn.buffer_type<dram> */
ir_attr ttnn_memory_attr(ir_context *c, ttnn_memory m);               /* #ttnn.tensor_memory_layout<...>; 0 for none */
ir_attr ttnn_page_layout_attr(ir_context *c, bool tiled);             /* #ttnn.layout<tile> */
ir_attr ttnn_dtype_attr(ir_context *c, target_dtype t);               /* #ttcore.supportedDataTypes<bf16> */
ir_attr ttnn_shape_attr(ir_context *c, const int64_t *v, uint32_t n); /* #ttnn.shape<2x3> */
/* One or more ranges: {x0, y0, x1, y1} each. */
ir_attr ttnn_core_range_set(ir_context *c, const int64_t (*ranges)[4], uint32_t n);
/* Reads a #ttnn.core_range_set: writes at most cap ranges, returns how many there are. */
uint32_t ttnn_core_ranges_read(const ir_context *c, ir_attr set, int64_t (*ranges)[4], uint32_t cap);

/* Numbers of a layout. All in elements except where it says tiles or bytes. */
typedef struct ttnn_geometry {
    int64_t physical[2];  /* the collapsed 2-D tensor, tile padding included */
    int64_t tiles[2];     /* the same in tiles; 0 when row-major */
    int64_t shard[2];     /* on one core */
    int64_t memref[2];    /* the shard in tiles (tiled) or elements: the memref's shape */
    uint64_t shard_bytes; /* on one core (whole tensor for DRAM interleaved and system memory) */
    uint64_t total_bytes; /* physical tensor: unsharded, tile padding included */
    int64_t cores;        /* grid[0] * grid[1] */
} ttnn_geometry;

/* False when the shape is dynamic or unranked, a grid side is not positive, or a number does not fit. */
bool ttnn_layout_geometry(const ir_context *c, ir_type tensor, const ttnn_layout *l, ttnn_geometry *out);
bool ttnn_layout_geometry_dims(const int64_t *dims, uint32_t rank, const ttnn_layout *l, ttnn_geometry *out);

/* Bytes that the tensor takes of one core's L1; 0 when it is not in L1. */
uint64_t ttnn_l1_bytes(const ir_context *c, ir_type tensor, const ttnn_layout *l);

/* Whether two layouts put the same bytes in the same place. */
bool ttnn_layout_equal(const ttnn_layout *a, const ttnn_layout *b);

#endif
