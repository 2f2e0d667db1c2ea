/* Rules of single dialect attributes and types: what tt-mlir's attribute verifiers demand. */
#include "dialect/check_inner.h"

#include "dialect/ids.h"

enum { MOST_RANGES = 1024 }; /* no device has as many cores: larger sets are not compared pair by pair */

struct attr_check {
    const ir_context *c;
    struct arena *arena;
    str *message;
};

static bool wrong(struct attr_check *k, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool wrong(struct attr_check *k, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    *k->message = arena_vprintf(k->arena, fmt, ap);
    va_end(ap);
    if (!k->message->p)
        *k->message = STR("");
    return false;
}

static bool ends_with_sharded(str layout) {
    return str_ends_with(layout, STR("_sharded"));
}

/* ---- buffers and memory layouts ------------------------------------------------------------------------- */

static bool check_buffer(struct attr_check *k, str buffer, str layout) {
    bool system = str_eq(buffer, STR("system_memory"));
    if (!layout.n)
        return system || wrong(k, "Memory layout is required for non-SystemMemory buffer type.");
    if (system)
        return wrong(k, "Memory layout is not allowed for SystemMemory buffer type.");
    if (str_eq(buffer, STR("dram")) && str_eq(layout, STR("block_sharded")))
        return wrong(k, "BlockSharded layout is not supported for DRAM buffer type; use WidthSharded, HeightSharded "
                        "or Interleaved");
    return true;
}

static bool check_grid(struct attr_check *k, ir_attr layout_attr, str buffer, str layout) {
    bool dram = str_eq(buffer, STR("dram"));
    if (str_eq(buffer, STR("l1")) || (dram && ends_with_sharded(layout)))
        return true;
    int64_t grid[CK_MAX_DIMS];
    uint32_t n = dialect_param_ints(k->c, layout_attr, STR("grid_shape"), grid, CK_MAX_DIMS);
    if (n == 2 && grid[0] == 1 && grid[1] == 1)
        return true;
    struct buf text;
    buf_init(&text, k->arena->mem);
    for (uint32_t i = 0; i < n && i < CK_MAX_DIMS; i++) {
        buf_puts(&text, i ? ", " : "");
        buf_put_i64(&text, grid[i]);
    }
    wrong(k, "expected (1, 1) grid shape for %.*s buffer type%s, got (%.*s)", STR_ARG(buffer),
          dram ? " with interleaved memory layout" : "", STR_ARG(buf_str(&text)));
    buf_free(&text);
    return false;
}

static bool check_layout(struct attr_check *k, ir_attr a) {
    ir_type memref = dialect_param(k->c, a, STR("memref"));
    if (ir_kind_of(k->c, memref) != IR_TYPE_MEMREF)
        return true;
    str buffer = dialect_case_text(k->c, ir_at(k->c, memref, 2));
    if (!buffer.n)
        return true; /* a memory space of another dialect */
    str layout = dialect_case_text(k->c, dialect_param(k->c, a, STR("mem_layout")));
    if (!check_grid(k, a, buffer, layout) || !check_buffer(k, buffer, layout))
        return false;
    bool cores = dialect_param(k->c, a, STR("core_range_set")) != 0;
    int64_t ignored = 0;
    dialect_param_int(k->c, a, STR("ignorePhysicalLayout"), &ignored);
    if (ends_with_sharded(layout) && !cores && !ignored)
        return wrong(k, "sharded TTNN layout (%.*s) must carry a core_range_set", STR_ARG(layout));
    if (!ends_with_sharded(layout) && cores)
        return wrong(k, "non-sharded TTNN layout must not carry a core_range_set (got %.*s)",
                     STR_ARG(layout.n ? layout : STR("no memory layout")));
    return true;
}

static bool check_memory_config(struct attr_check *k, ir_attr a) {
    bool shard = dialect_param(k->c, a, STR("shardSpec")) != 0;
    if (shard && dialect_param(k->c, a, STR("ndShardSpec")))
        return wrong(k, "Setting both NDShardSpecAttr and ShardSpecAttr is not supported.");
    str buffer = dialect_case_text(k->c, dialect_param(k->c, a, STR("bufferType")));
    str layout = dialect_case_text(k->c, dialect_param(k->c, a, STR("tensorMemoryLayout")));
    if (!buffer.n)
        return true;
    if (!check_buffer(k, buffer, layout))
        return false;
    if (!shard)
        return true;
    if (!str_eq(buffer, STR("l1")) && !str_eq(buffer, STR("dram")))
        return wrong(k, "Sharding is only valid for L1 or DRAM buffer type");
    if (!ends_with_sharded(layout))
        return wrong(k, "Sharding is only valid for block sharded, height sharded, or width sharded tensor memory "
                        "layout");
    return true;
}

/* ---- cores ---------------------------------------------------------------------------------------------- */

struct core {
    int64_t x, y;
};

static bool core_of(struct attr_check *k, ir_attr a, str which, struct core *out) {
    ir_attr coordinate = dialect_param(k->c, a, which);
    return dialect_param_int(k->c, coordinate, STR("x"), &out->x) &&
           dialect_param_int(k->c, coordinate, STR("y"), &out->y);
}

static bool check_core_range(struct attr_check *k, ir_attr a, bool signed_numbers) {
    struct core start, end;
    if (!core_of(k, a, STR("start_coord"), &start) || !core_of(k, a, STR("end_coord"), &end))
        return true;
    if (signed_numbers && (start.x < 0 || start.y < 0))
        return wrong(k, "start coordinates (%lld, %lld) must be non-negative", (long long)start.y, (long long)start.x);
    if (signed_numbers && (end.x < 0 || end.y < 0))
        return wrong(k, "end coordinates (%lld, %lld) must be non-negative", (long long)end.y, (long long)end.x);
    if (start.x > end.x || start.y > end.y)
        return wrong(k, "Start coordinates (%lld, %lld) must be less than or equal to end coordinates (%lld, %lld)",
                     (long long)start.x, (long long)start.y, (long long)end.x, (long long)end.y);
    return true;
}

static bool check_core_range_set(struct attr_check *k, ir_attr a) {
    ir_attr ranges = dialect_param(k->c, a, STR("core_ranges"));
    if (ir_kind_of(k->c, ranges) != IR_ATTR_ARRAY || ir_count(k->c, ranges) > MOST_RANGES)
        return true;
    struct core s[2], e[2];
    for (uint32_t i = 1; i < ir_count(k->c, ranges); i++) {
        for (uint32_t j = 0; j < i; j++) {
            ir_attr r[2] = {ir_at(k->c, ranges, j), ir_at(k->c, ranges, i)};
            for (int n = 0; n < 2; n++)
                if (!core_of(k, r[n], STR("start_coord"), &s[n]) || !core_of(k, r[n], STR("end_coord"), &e[n]))
                    return true;
            if (e[0].x < s[1].x || s[0].x > e[1].x || e[0].y < s[1].y || s[0].y > e[1].y)
                continue;
            return wrong(k, "Core ranges overlap: (%lld,%lld), (%lld,%lld) and (%lld,%lld), (%lld,%lld)",
                         (long long)s[0].x, (long long)s[0].y, (long long)e[0].x, (long long)e[0].y, (long long)s[1].x,
                         (long long)s[1].y, (long long)e[1].x, (long long)e[1].y);
        }
    }
    return true;
}

/* ---- ttcore --------------------------------------------------------------------------------------------- */

static bool check_tile(struct attr_check *k, ir_type t) {
    int64_t shape[2];
    return dialect_param_ints(k->c, t, STR("shape"), shape, 2) == 2 || wrong(k, "expected 2D shape");
}

static bool check_device(struct attr_check *k, ir_attr a) {
    int64_t mesh[CK_MAX_DIMS], volume = 1, chip;
    uint32_t n = dialect_param_ints(k->c, a, STR("meshShape"), mesh, CK_MAX_DIMS);
    uint32_t chips = dialect_param_ints(k->c, a, STR("chipIds"), &chip, 1);
    if (!chips)
        return wrong(k, "expected at least one chip");
    for (uint32_t i = 0; i < n && i < CK_MAX_DIMS; i++)
        if (__builtin_mul_overflow(volume, mesh[i], &volume))
            volume = -1;
    return volume == chips || wrong(k, "expected chipIds size to match the volume of meshShape");
}

bool check_attr(const ir_context *c, ir_node n, struct arena *arena, str *message) {
    struct attr_check k = {c, arena, message};
    ir_kind kind = ir_kind_of(c, n);
    if (kind == IR_TYPE_DIALECT)
        return dialect_is_type(c, n, TYPE_ttcore_tile) ? check_tile(&k, n) : true;
    if (kind != IR_ATTR_DIALECT)
        return true;
    switch (ir_at(c, n, 0) - 1) {
    case ATTR_ttnn_ttnn_layout: return check_layout(&k, n);
    case ATTR_ttnn_memory_config: return check_memory_config(&k, n);
    case ATTR_ttnn_core_range: return check_core_range(&k, n, false);
    case ATTR_ttcore_core_range: return check_core_range(&k, n, true);
    case ATTR_ttnn_core_range_set: return check_core_range_set(&k, n);
    case ATTR_ttcore_device: return check_device(&k, n);
    default: return true;
    }
}
