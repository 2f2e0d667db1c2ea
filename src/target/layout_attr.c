/* layout_attr.c - layouts and the small attributes around them, to and from the IR. */
#include "dialect/params.h"
#include "ids.h"
#include "target/layout.h"

enum { MAX_RANK = 64 };

/* ---- small attributes ------------------------------------------------------------------------------------ */

ir_attr ttnn_buffer_attr(ir_context *c, ttnn_buffer b) {
    return b < TTNN_N_BUFFERS ? dialect_make_case(c, ATTR_ttnn_buffer_type, ttnn_buffer_names[b]) : 0;
}

ir_attr ttnn_memory_attr(ir_context *c, ttnn_memory m) {
    return m < TTNN_N_MEMORIES && m != TTNN_NO_MEMORY
               ? dialect_make_case(c, ATTR_ttnn_tensor_memory_layout, ttnn_memory_names[m])
               : 0;
}

ir_attr ttnn_page_layout_attr(ir_context *c, bool tiled) {
    return dialect_make_case(c, ATTR_ttnn_layout, tiled ? STR("tile") : STR("row_major"));
}

ir_attr ttnn_dtype_attr(ir_context *c, target_dtype t) {
    return t < DTYPE_N ? dialect_make_case(c, ATTR_ttcore_supportedDataTypes, target_dtypes[t].name) : 0;
}

ir_attr ttnn_shape_attr(ir_context *c, const int64_t *v, uint32_t n) {
    ir_node shape = dialect_ints(c, v, n);
    return shape ? dialect_make_attr(c, ATTR_ttnn_shape, &shape) : 0;
}

/* 64 bits unsigned: see params.h on PARAM_INT */
static ir_attr coord(ir_context *c, int64_t x, int64_t y) {
    ir_type u64 = ir_type_integer(c, 64, IR_UNSIGNED);
    ir_node p[2] = {ir_attr_int(c, u64, x), ir_attr_int(c, u64, y)};
    return u64 && p[0] && p[1] ? dialect_make_attr(c, ATTR_ttnn_core_coord, p) : 0;
}

ir_attr ttnn_core_range_set(ir_context *c, const int64_t (*ranges)[4], uint32_t n) {
    enum { FEW = 64 };
    ir_attr list[FEW];
    if (n > FEW)
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        ir_node ends[2] = {coord(c, ranges[i][0], ranges[i][1]), coord(c, ranges[i][2], ranges[i][3])};
        list[i] = ends[0] && ends[1] ? dialect_make_attr(c, ATTR_ttnn_core_range, ends) : 0;
        if (!list[i])
            return 0;
    }
    ir_attr array = n ? ir_attr_array(c, list, n) : 0;
    return !n || array ? dialect_make_attr(c, ATTR_ttnn_core_range_set, &array) : 0;
}

static void read_coord(const ir_context *c, ir_attr at, int64_t out[2]) {
    out[0] = out[1] = 0;
    if (at) {
        dialect_param_int(c, at, STR("x"), &out[0]);
        dialect_param_int(c, at, STR("y"), &out[1]);
    }
}

uint32_t ttnn_core_ranges_read(const ir_context *c, ir_attr set, int64_t (*ranges)[4], uint32_t cap) {
    if (!dialect_is_attr(c, set, ATTR_ttnn_core_range_set))
        return 0;
    ir_attr list = dialect_param(c, set, STR("core_ranges"));
    if (!list || ir_kind_of(c, list) != IR_ATTR_ARRAY)
        return 0;
    uint32_t n = ir_count(c, list);
    for (uint32_t i = 0; i < n && i < cap; i++) {
        ir_attr range = ir_at(c, list, i);
        read_coord(c, dialect_param(c, range, STR("start_coord")), &ranges[i][0]);
        read_coord(c, dialect_param(c, range, STR("end_coord")), &ranges[i][2]);
    }
    return n;
}

/* ---- reading --------------------------------------------------------------------------------------------- */

/* The parameters of #ttnn.ttnn_layout by position (dialect/data/ttnn.def): by name would be the cost of reading one. */
enum { AT_GRID = 1, AT_MEMREF, AT_MEM_LAYOUT, AT_MESH, AT_IGNORE, AT_CORE_RANGES };

bool ttnn_layout_read(const ir_context *c, ir_attr layout, ttnn_layout *out) {
    *out = (ttnn_layout){.memory = TTNN_NO_MEMORY};
    if (!dialect_is_attr(c, layout, ATTR_ttnn_ttnn_layout))
        return false;
    ir_type memref = dialect_param_at(c, layout, AT_MEMREF);
    if (!memref || ir_kind_of(c, memref) != IR_TYPE_MEMREF)
        return false;
    out->element = ir_element_type(c, memref);
    out->dtype = target_dtype_of(c, out->element);
    out->tiled = dialect_is_type(c, out->element, TYPE_ttcore_tile);
    ir_attr space = ir_at(c, memref, 2);
    out->buffer = ttnn_buffer_by_name(dialect_case_text(c, space));
    ir_attr memory = dialect_param_at(c, layout, AT_MEM_LAYOUT);
    if (memory)
        out->memory = ttnn_memory_by_name(dialect_case_text(c, memory));
    if (out->buffer >= TTNN_N_BUFFERS || out->memory >= TTNN_N_MEMORIES || out->dtype >= DTYPE_NONE ||
        dialect_ints_of(c, dialect_param_at(c, layout, AT_GRID), out->grid, 2) != 2)
        return false;
    out->core_ranges = dialect_param_at(c, layout, AT_CORE_RANGES);
    out->mesh = dialect_param_at(c, layout, AT_MESH);
    out->ignore_physical = dialect_param_at(c, layout, AT_IGNORE) == c->a_true;
    return true;
}

/* The memref in the layout of a tensor type, 0 when it has none. */
static ir_type memref_of(const ir_context *c, ir_type tensor) {
    ir_attr layout = tensor && ir_kind_of(c, tensor) == IR_TYPE_TENSOR ? ir_encoding(c, tensor) : 0;
    ir_type memref = dialect_is_attr(c, layout, ATTR_ttnn_ttnn_layout) ? dialect_param_at(c, layout, AT_MEMREF) : 0;
    return memref && ir_kind_of(c, memref) == IR_TYPE_MEMREF ? memref : 0;
}

ttnn_buffer ttnn_buffer_of(const ir_context *c, ir_type tensor) {
    ir_type memref = memref_of(c, tensor);
    return memref ? ttnn_buffer_by_name(dialect_case_text(c, ir_at(c, memref, 2))) : TTNN_N_BUFFERS;
}

bool ttnn_is_tiled(const ir_context *c, ir_type tensor) {
    ir_type memref = memref_of(c, tensor);
    return memref && dialect_is_type(c, ir_element_type(c, memref), TYPE_ttcore_tile);
}

bool ttnn_layout_of(const ir_context *c, ir_type tensor, ttnn_layout *out) {
    ir_attr encoding = tensor && ir_kind_of(c, tensor) == IR_TYPE_TENSOR ? ir_encoding(c, tensor) : 0;
    return encoding && ttnn_layout_read(c, encoding, out);
}

/* ---- making ---------------------------------------------------------------------------------------------- */

static ir_type element_of(ir_context *c, const ttnn_layout *l) {
    if (l->element && target_dtype_of(c, l->element) == l->dtype &&
        dialect_is_type(c, l->element, TYPE_ttcore_tile) == l->tiled)
        return l->element;
    return l->tiled ? target_dtype_tile(c, l->dtype) : target_dtype_scalar(c, l->dtype);
}

/* (d0, ..., dn) -> (sum of d_i * stride_i, dn) over the padded shape; see R1 and R2 in layout.c. */
static ir_attr linear_map(ir_context *c, const int64_t *dims, uint32_t rank, bool tiled) {
    ir_expr results[2] = {ir_expr_const(c, 0), ir_expr_const(c, 0)};
    bool empty = false;
    for (uint32_t i = 0; i < rank; i++)
        empty |= dims[i] == 0;
    if (rank)
        results[1] = ir_expr_dim(c, rank - 1);
    if (empty) {
        if (rank >= 2)
            results[0] = ir_expr_dim(c, rank - 2);
    } else if (rank >= 2) {
        /* Left to right, as text reads: ((d0 * a) + (d1 * b)) + d2. */
        int64_t strides[MAX_RANK], stride = 1;
        for (uint32_t i = rank - 1; i-- > 0;) {
            int64_t d = dims[i];
            strides[i] = stride;
            if (tiled && i + 2 == rank)
                d = (d + TARGET_TILE - 1) / TARGET_TILE * TARGET_TILE;
            if (__builtin_mul_overflow(stride, d, &stride))
                return 0;
        }
        for (uint32_t i = 0; i + 1 < rank; i++) {
            ir_expr term = ir_expr_binary(c, IR_EXPR_MUL, ir_expr_dim(c, i), ir_expr_const(c, strides[i]));
            results[0] = i ? ir_expr_binary(c, IR_EXPR_ADD, results[0], term) : term;
        }
    }
    return results[0] && results[1] ? ir_attr_affine_map(c, rank, 0, results, 2) : 0;
}

ir_attr ttnn_layout_attr_dims(ir_context *c, const int64_t *dims, uint32_t rank, const ttnn_layout *l) {
    ttnn_geometry g;
    if (rank > MAX_RANK || !ttnn_layout_geometry_dims(dims, rank, l, &g))
        return 0;
    ir_type element = element_of(c, l);
    ir_attr space = ttnn_buffer_attr(c, l->buffer), memory = ttnn_memory_attr(c, l->memory);
    if (!element || !space || (l->memory != TTNN_NO_MEMORY && !memory))
        return 0;
    ir_node params[7] = {linear_map(c, dims, rank, l->tiled),
                         dialect_ints(c, l->grid, 2),
                         ir_type_memref(c, g.memref, 2, element, 0, space),
                         memory,
                         l->mesh,
                         l->ignore_physical ? c->a_true : 0,
                         ttnn_is_sharded(l->memory) ? l->core_ranges : 0};
    return params[0] && params[1] && params[2] ? dialect_make_attr(c, ATTR_ttnn_ttnn_layout, params) : 0;
}

/* The dimensions of a static ranked tensor type, or -1. */
static int dims_of(const ir_context *c, ir_type tensor, int64_t dims[MAX_RANK]) {
    int rank = tensor ? ir_rank(c, tensor) : -1;
    if (rank > MAX_RANK)
        return -1;
    for (int i = 0; i < rank; i++)
        dims[i] = ir_dim(c, tensor, i);
    return rank;
}

ir_attr ttnn_layout_attr(ir_context *c, ir_type tensor, const ttnn_layout *l) {
    int64_t dims[MAX_RANK];
    int rank = dims_of(c, tensor, dims);
    return rank < 0 ? 0 : ttnn_layout_attr_dims(c, dims, (uint32_t)rank, l);
}

ir_type ttnn_tensor_type(ir_context *c, ir_type tensor, const ttnn_layout *l) {
    int64_t dims[MAX_RANK];
    int rank = dims_of(c, tensor, dims);
    ir_attr encoding = rank < 0 ? 0 : ttnn_layout_attr_dims(c, dims, (uint32_t)rank, l);
    if (!encoding)
        return 0;
    ir_type element = ir_element_type(c, tensor);
    if (target_dtype_of(c, element) != l->dtype)
        element = target_dtype_scalar(c, l->dtype);
    return element ? ir_type_tensor(c, dims, (uint32_t)rank, element, encoding) : 0;
}

ir_attr ttnn_memory_config(ir_context *c, ir_type tensor, const ttnn_layout *l) {
    ir_node params[4] = {ttnn_memory_attr(c, l->memory), ttnn_buffer_attr(c, l->buffer), 0, 0};
    if (ttnn_is_sharded(l->memory) && !l->ignore_physical) {
        ttnn_geometry g;
        if (!ttnn_layout_geometry(c, tensor, l, &g))
            return 0;
        int64_t unit = l->tiled ? TARGET_TILE : 1, shard[2] = {g.memref[0] * unit, g.memref[1] * unit};
        ir_node spec[3] = {l->core_ranges, ttnn_shape_attr(c, shard, 2),
                           dialect_make_case(c, ATTR_ttnn_shard_orientation, STR("row_major"))};
        params[2] = spec[0] && spec[1] && spec[2] ? dialect_make_attr(c, ATTR_ttnn_shard_spec, spec) : 0;
        if (!params[2])
            return 0;
    }
    return params[1] ? dialect_make_attr(c, ATTR_ttnn_memory_config, params) : 0;
}
