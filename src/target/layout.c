/* layout.c - the arithmetic of TTNN layouts: what was chosen and the shape give shards and bytes.
 *
 * Rules: ttnn-layouts.md, section 2 (tt-mlir TTNNLayoutAttr::Builder, deriveShardShape):
 *   R1  Tiles: the last two dimensions are rounded up to 32 before anything else.
 *   R2  All dimensions but the last are collapsed into one; rank 1 becomes 1 x n, rank 0 has no elements to map.
 *   R3  DRAM interleaved and system memory: the shard is everything. Sharded: each side divided by the grid, rounded up.
 *       L1 interleaved: as many whole tiles (elements) as fall to one core, in one row.
 */
#include "target/layout.h"

const str ttnn_buffer_names[TTNN_N_BUFFERS] = {
    [TTNN_DRAM] = STR_INIT("dram"),         [TTNN_L1] = STR_INIT("l1"),       [TTNN_SYSTEM] = STR_INIT("system_memory"),
    [TTNN_L1_SMALL] = STR_INIT("l1_small"), [TTNN_TRACE] = STR_INIT("trace"),
};
const str ttnn_memory_names[TTNN_N_MEMORIES] = {
    [TTNN_INTERLEAVED] = STR_INIT("interleaved"),       [TTNN_NO_MEMORY] = STR_INIT(""),
    [TTNN_HEIGHT_SHARDED] = STR_INIT("height_sharded"), [TTNN_WIDTH_SHARDED] = STR_INIT("width_sharded"),
    [TTNN_BLOCK_SHARDED] = STR_INIT("block_sharded"),   [TTNN_ND_SHARDED] = STR_INIT("nd_sharded"),
};

static int by_name(const str *names, int n, str name) {
    for (int i = 0; i < n; i++)
        if (names[i].n && str_eq(names[i], name))
            return i;
    return n;
}

ttnn_buffer ttnn_buffer_by_name(str name) {
    return (ttnn_buffer)by_name(ttnn_buffer_names, TTNN_N_BUFFERS, name);
}

ttnn_memory ttnn_memory_by_name(str name) {
    return (ttnn_memory)by_name(ttnn_memory_names, TTNN_N_MEMORIES, name);
}

ttnn_layout ttnn_layout_default(target_dtype dtype) {
    return (ttnn_layout){
        .buffer = TTNN_DRAM, .memory = TTNN_INTERLEAVED, .dtype = dtype, .tiled = true, .grid = {1, 1}};
}

ttnn_layout ttnn_layout_host(target_dtype dtype) {
    return (ttnn_layout){.buffer = TTNN_SYSTEM, .memory = TTNN_NO_MEMORY, .dtype = dtype, .grid = {1, 1}};
}

/* Brings the fields that follow from buffer and memory layout into line. */
static void settle(ttnn_layout *l) {
    if (l->buffer == TTNN_SYSTEM)
        l->memory = TTNN_NO_MEMORY;
    else if (l->memory == TTNN_NO_MEMORY)
        l->memory = TTNN_INTERLEAVED;
    if (l->buffer == TTNN_SYSTEM || (l->buffer == TTNN_DRAM && l->memory == TTNN_INTERLEAVED))
        l->grid[0] = l->grid[1] = 1;
}

void ttnn_layout_set_buffer(ttnn_layout *l, ttnn_buffer buffer) {
    if (buffer == l->buffer)
        return;
    l->buffer = buffer;
    l->core_ranges = 0;
    settle(l);
}

void ttnn_layout_set_memory(ttnn_layout *l, ttnn_memory memory) {
    if (memory == l->memory)
        return;
    l->memory = memory;
    l->core_ranges = 0;
    settle(l);
}

void ttnn_layout_set_grid(ttnn_layout *l, int64_t rows, int64_t cols) {
    if (rows == l->grid[0] && cols == l->grid[1])
        return;
    l->grid[0] = rows;
    l->grid[1] = cols;
    l->core_ranges = 0;
    settle(l);
}

void ttnn_layout_set_dtype(ttnn_layout *l, target_dtype dtype) {
    if (dtype != l->dtype)
        l->element = 0;
    l->dtype = dtype;
}

void ttnn_layout_set_tiled(ttnn_layout *l, bool tiled) {
    if (tiled != l->tiled)
        l->element = 0;
    l->tiled = tiled;
}

static int64_t ceil_div(int64_t a, int64_t b) {
    return a / b + (a % b != 0);
}

/* a rounded up to whole tiles; false when it does not fit. */
static bool pad_to_tile(int64_t *a) {
    int64_t sum;
    if (__builtin_add_overflow(*a, TARGET_TILE - 1, &sum))
        return false;
    *a = sum / TARGET_TILE * TARGET_TILE;
    return true;
}

/* R1, R2 */
static bool physical_shape(const int64_t *dims, uint32_t rank, bool tiled, int64_t out[2]) {
    int64_t height = 1, width = rank ? dims[rank - 1] : 1;
    bool empty = false;
    for (uint32_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return false;
        empty |= dims[i] == 0;
    }
    if (tiled && !pad_to_tile(&width))
        return false;
    if (empty) { /* upstream keeps the minor identity map, whose extents are those of the last two dimensions */
        height = rank >= 2 ? dims[rank - 2] : 1;
        if (tiled && rank >= 2 && !pad_to_tile(&height))
            return false;
    } else {
        for (uint32_t i = 0; i + 1 < rank; i++) {
            int64_t d = dims[i];
            if (tiled && i + 2 == rank && !pad_to_tile(&d))
                return false;
            if (__builtin_mul_overflow(height, d, &height))
                return false;
        }
    }
    out[0] = height;
    out[1] = width;
    return true;
}

static bool bytes_of(int64_t rows, int64_t cols, const ttnn_layout *l, uint64_t *out) {
    const target_dtype_info *t = &target_dtypes[l->dtype];
    uint64_t n;
    return !__builtin_mul_overflow((uint64_t)rows, (uint64_t)cols, &n) &&
           !__builtin_mul_overflow(n, (uint64_t)(l->tiled ? t->tile_bytes : t->bytes), out);
}

bool ttnn_layout_geometry_dims(const int64_t *dims, uint32_t rank, const ttnn_layout *l, ttnn_geometry *out) {
    *out = (ttnn_geometry){0};
    if (l->dtype >= DTYPE_NONE || l->grid[0] <= 0 || l->grid[1] <= 0 ||
        __builtin_mul_overflow(l->grid[0], l->grid[1], &out->cores) ||
        !physical_shape(dims, rank, l->tiled, out->physical))
        return false;
    int64_t unit = l->tiled ? TARGET_TILE : 1, whole[2], each[2];
    for (int i = 0; i < 2; i++) {
        whole[i] = ceil_div(out->physical[i], unit); /* rank 1 tiled: one row of elements is a row of tiles */
        out->tiles[i] = l->tiled ? whole[i] : 0;
    }
    if (ttnn_is_sharded(l->memory)) {
        for (int i = 0; i < 2; i++) {
            out->shard[i] = ceil_div(out->physical[i], l->grid[i]);
            each[i] = ceil_div(out->shard[i], unit);
        }
    } else if (l->buffer == TTNN_L1 || l->buffer == TTNN_L1_SMALL || l->buffer == TTNN_TRACE) {
        int64_t volume;
        if (__builtin_mul_overflow(whole[0], whole[1], &volume))
            return false;
        each[0] = 1;
        each[1] = ceil_div(volume, out->cores);
        if (__builtin_mul_overflow(each[1], unit, &out->shard[1]))
            return false;
        out->shard[0] = unit;
    } else {
        for (int i = 0; i < 2; i++) {
            out->shard[i] = out->physical[i];
            each[i] = whole[i];
        }
    }
    out->memref[0] = each[0];
    out->memref[1] = each[1];
    return bytes_of(each[0], each[1], l, &out->shard_bytes) && bytes_of(whole[0], whole[1], l, &out->total_bytes);
}

/* Ranks beyond this are not worth a heap allocation; nothing of TTNN has them. */
enum { MAX_RANK = 64 };

bool ttnn_layout_geometry(const ir_context *c, ir_type tensor, const ttnn_layout *l, ttnn_geometry *out) {
    int64_t dims[MAX_RANK];
    int rank = tensor ? ir_rank(c, tensor) : -1;
    if (rank < 0 || rank > MAX_RANK)
        return false;
    for (int i = 0; i < rank; i++)
        dims[i] = ir_dim(c, tensor, i);
    return ttnn_layout_geometry_dims(dims, (uint32_t)rank, l, out);
}

uint64_t ttnn_l1_bytes(const ir_context *c, ir_type tensor, const ttnn_layout *l) {
    ttnn_geometry g;
    return l->buffer == TTNN_L1 && ttnn_layout_geometry(c, tensor, l, &g) ? g.shard_bytes : 0;
}

bool ttnn_layout_equal(const ttnn_layout *a, const ttnn_layout *b) {
    return a->buffer == b->buffer && a->memory == b->memory && a->dtype == b->dtype && a->tiled == b->tiled &&
           a->ignore_physical == b->ignore_physical && a->grid[0] == b->grid[0] && a->grid[1] == b->grid[1] &&
           a->core_ranges == b->core_ranges && a->mesh == b->mesh;
}

bool ttnn_layout_cores(const target_device *d, const ttnn_layout *l, int64_t (*ranges)[4], uint32_t *n, str *why) {
    str none;
    if (!why)
        why = &none;
    *n = 0;
    if (!ttnn_is_sharded(l->memory))
        return true;
    int64_t rows = l->grid[0], cols = l->grid[1];
    bool height = l->memory == TTNN_HEIGHT_SHARDED;
    if (rows <= 0 || cols <= 0) {
        *why = STR("a grid needs at least one row and one column");
        return false;
    }
    if (l->memory == TTNN_ND_SHARDED) {
        *why = STR("nd sharding has a layout attribute of its own");
        return false;
    }
    if (l->memory == TTNN_BLOCK_SHARDED) {
        if (l->buffer == TTNN_DRAM) {
            *why = STR("DRAM cannot be block sharded: its banks stand in one row");
            return false;
        }
        if (rows > d->worker_grid[0] || cols > d->worker_grid[1]) {
            *why = STR("the grid is larger than the device's worker grid");
            return false;
        }
        *n = 1;
        memcpy(ranges[0], (int64_t[4]){0, 0, cols - 1, rows - 1}, sizeof ranges[0]);
        return true;
    }
    int64_t shards = height ? rows : cols, width = d->worker_grid[1];
    if ((height ? cols : rows) != 1) {
        *why = height ? STR("height sharding takes a grid of one column: Mx1")
                      : STR("width sharding takes a grid of one row: 1xM");
        return false;
    }
    if (l->buffer == TTNN_DRAM) {
        if (shards > d->dram_grid[0] * d->dram_grid[1]) {
            *why = STR("there are more shards than DRAM banks");
            return false;
        }
        *n = 1;
        memcpy(ranges[0], (int64_t[4]){0, 0, shards - 1, 0}, sizeof ranges[0]);
        return true;
    }
    if (shards > target_n_cores(d)) {
        *why = STR("there are more shards than worker cores");
        return false;
    }
    int64_t full = shards / width, tail = shards % width;
    if (full)
        memcpy(ranges[(*n)++], (int64_t[4]){0, 0, width - 1, full - 1}, sizeof ranges[0]);
    if (tail)
        memcpy(ranges[(*n)++], (int64_t[4]){0, full, tail - 1, full}, sizeof ranges[0]);
    return true;
}

bool ttnn_layout_place(ir_context *c, const target_device *d, ttnn_layout *l, str *why) {
    int64_t ranges[2][4];
    uint32_t n;
    if (!ttnn_is_sharded(l->memory) || l->core_ranges)
        return true;
    if (!ttnn_layout_cores(d, l, ranges, &n, why))
        return false;
    l->core_ranges = ttnn_core_range_set(c, (const int64_t(*)[4])ranges, n);
    if (!l->core_ranges && why)
        *why = STR("out of memory");
    return l->core_ranges != 0;
}
