/* Types into keys and values: shape, data type, rank, and the layout a tensor has as its encoding.
 *
 *   adapter: linear, tensor_memory_layout, grid_shape, memref_shape, buffer_type, memory_layout, data_type
 *   extra:   shard_shape (in elements), bytes_per_core, core_ranges, tensor_mesh, ...
 */
#include "dialect/params.h"
#include "graph/decode.h"
#include "ids.h"
#include "target/dtype.h"

typedef struct layout {
    ir_type memref, element;
    int64_t dims[16];
    uint32_t rank;
    bool tiled;
    int64_t tile[2];
    str data_type;
} layout;

/* The data type a scalar element type has on the device. */
static str scalar_type(const ir_context *c, ir_type t) {
    static const str floats[IR_N_FLOATS] = {[IR_F32] = STR_INIT("f32"),
                                            [IR_F64] = STR_INIT("f32"),
                                            [IR_F16] = STR_INIT("f16"),
                                            [IR_BF16] = STR_INIT("bf16")};
    ir_kind kind = ir_kind_of(c, t);
    if (kind == IR_TYPE_FLOAT)
        return floats[ir_flags_of(c, t)];
    if (kind == IR_TYPE_INDEX)
        return STR("u32");
    if (kind != IR_TYPE_INTEGER)
        return (str){"", 0};
    switch (ir_bit_width(c, t)) {
    case 1: return STR("i1");
    case 8: return STR("u8");
    case 16: return STR("u16");
    case 32:
    case 64: return ir_flags_of(c, t) == IR_UNSIGNED ? STR("u32") : STR("si32");
    default: return (str){"", 0};
    }
}

static bool read_layout(const ir_context *c, ir_attr v, layout *out) {
    *out = (layout){.memref = dialect_param(c, v, STR("memref"))};
    if (!out->memref || ir_kind_of(c, out->memref) != IR_TYPE_MEMREF)
        return false;
    int rank = ir_rank(c, out->memref);
    out->rank = rank < 0 ? 0 : rank > 16 ? 16 : (uint32_t)rank;
    for (uint32_t i = 0; i < out->rank; i++)
        out->dims[i] = ir_dim(c, out->memref, (int)i);
    out->element = ir_element_type(c, out->memref);
    out->tiled = dialect_is_type(c, out->element, TYPE_ttcore_tile);
    out->tile[0] = out->tile[1] = 1;
    if (out->tiled) {
        dialect_param_ints(c, out->element, STR("shape"), out->tile, 2);
        out->data_type = dialect_param_text(c, out->element, STR("dataType"));
    } else {
        out->data_type = scalar_type(c, out->element);
    }
    return true;
}

/* Bytes of one element of the memref: of a whole tile when it is tiled. 0: not known. */
static int64_t element_bytes(const layout *l) {
    target_dtype type = target_dtype_by_name(l->data_type);
    if (type == DTYPE_NONE)
        return 0;
    const target_dtype_info *info = &target_dtypes[type];
    return info->is_block ? info->tile_bytes : info->bytes * l->tile[0] * l->tile[1];
}

static str text_of(struct graph_attrs *a, ir_node n) {
    uint32_t flags = 0;
    return decode_text(a, n, &flags);
}

static str grid_text(struct graph_attrs *a, ir_attr v, str param) {
    int64_t grid[16];
    uint32_t n = v ? dialect_param_ints(a->g->module->ctx, v, param, grid, 16) : 0;
    return decode_list(a, grid, n < 16 ? n : 16, "", "x", "");
}

/* #ttnn.ttnn_layout with the adapter's keys; nd layouts, which it cannot read, with the same ones. */
static void add_ttnn_layout(struct graph_attrs *a, ir_attr v, bool nd) {
    const ir_context *c = a->g->module->ctx;
    layout l;
    if (!read_layout(c, v, &l))
        return;
    ir_attr linear = nd ? 0 : dialect_param(c, v, STR("linear"));
    if (linear) {
        str map = text_of(a, linear);
        if (str_starts_with(map, STR("affine_map<")))
            map = str_slice(map, 11, map.n - 1);
        decode_add(a, STR("linear"), map, 0);
    }
    ir_attr memory = dialect_param(c, v, STR("mem_layout")), space = ir_at(c, l.memref, 2);
    if (memory)
        decode_add(a, STR("tensor_memory_layout"), dialect_case_text(c, memory), GRAPH_ATTR_OVERRIDE);
    decode_add(a, STR("grid_shape"),
               nd ? grid_text(a, dialect_param(c, v, STR("grid")), STR("shape")) : grid_text(a, v, STR("grid_shape")),
               GRAPH_ATTR_OVERRIDE);
    decode_add(a, STR("memref_shape"), decode_list(a, l.dims, l.rank, "[", ", ", "]"), 0);
    if (space)
        decode_add(a, STR("buffer_type"), dialect_case_text(c, space), GRAPH_ATTR_OVERRIDE);
    decode_add(a, STR("memory_layout"), l.tiled ? STR("tile") : STR("row_major"), GRAPH_ATTR_OVERRIDE);
    decode_add(a, STR("data_type"), l.data_type, GRAPH_ATTR_OVERRIDE);
}

static void add_layout(struct graph_attrs *a, ir_attr v) {
    const ir_context *c = a->g->module->ctx;
    uint32_t flags = 0;
    if (dialect_is_attr(c, v, ATTR_ttnn_ttnn_layout))
        add_ttnn_layout(a, v, false);
    else if (dialect_is_attr(c, v, ATTR_ttnn_ttnn_nd_layout))
        add_ttnn_layout(a, v, true);
    else {
        str text = decode_text(a, v, &flags);
        decode_add(a, STR("encoding"), text, flags | GRAPH_ATTR_EXTRA);
    }
}

void decode_tensor(struct graph_attrs *a, ir_type t) {
    const ir_context *c = a->g->module->ctx;
    if (!t || ir_kind_of(c, t) != IR_TYPE_TENSOR)
        return;
    struct buf *b = &a->scratch;
    buf_clear(b);
    int rank = ir_rank(c, t);
    buf_putc(b, '[');
    for (int i = 0; i < rank; i++) {
        if (i)
            buf_lit(b, ", ");
        buf_put_i64(b, ir_dim(c, t, i));
    }
    buf_putc(b, ']');
    str shape = arena_str(&a->arena, buf_str(b));
    a->failed |= b->failed;
    decode_add(a, STR("shape"), shape, 0);
    decode_add(a, STR("dtype"), text_of(a, ir_element_type(c, t)), 0);
    int64_t r = rank;
    decode_add(a, STR("rank"), decode_list(a, &r, 1, "", "", ""), 0);
    ir_attr encoding = ir_encoding(c, t);
    if (encoding)
        add_layout(a, encoding);
}

static void add_core_ranges(struct graph_attrs *a, ir_attr set) {
    const ir_context *c = a->g->module->ctx;
    ir_attr ranges = set ? dialect_param(c, set, STR("core_ranges")) : 0;
    if (!ranges || ir_kind_of(c, ranges) != IR_ATTR_ARRAY)
        return;
    struct buf *b = &a->scratch;
    buf_clear(b);
    for (uint32_t i = 0; i < ir_count(c, ranges); i++) {
        static const str ends[2] = {STR_INIT("start_coord"), STR_INIT("end_coord")};
        if (i)
            buf_lit(b, ", ");
        for (int k = 0; k < 2; k++) {
            int64_t x = 0, y = 0;
            ir_attr at = dialect_param(c, ir_at(c, ranges, i), ends[k]);
            if (at) {
                dialect_param_int(c, at, STR("x"), &x);
                dialect_param_int(c, at, STR("y"), &y);
            }
            buf_puts(b, k ? "-(" : "(");
            buf_put_i64(b, x);
            buf_putc(b, ',');
            buf_put_i64(b, y);
            buf_putc(b, ')');
        }
    }
    str s = arena_str(&a->arena, buf_str(b));
    a->failed |= b->failed;
    decode_add(a, STR("core_ranges"), s, GRAPH_ATTR_EXTRA);
}

void decode_tensor_extra(struct graph_attrs *a, ir_type t) {
    const ir_context *c = a->g->module->ctx;
    ir_attr v = t ? ir_encoding(c, t) : 0;
    layout l;
    if (!v || ir_kind_of(c, v) != IR_ATTR_DIALECT)
        return;
    bool nd = dialect_is_attr(c, v, ATTR_ttnn_ttnn_nd_layout);
    if ((!nd && !dialect_is_attr(c, v, ATTR_ttnn_ttnn_layout)) || !read_layout(c, v, &l))
        return;
    int64_t shard[16], bytes = element_bytes(&l);
    for (uint32_t i = 0; i < l.rank; i++) {
        int64_t tile = i + 2 == l.rank ? l.tile[0] : i + 1 == l.rank ? l.tile[1] : 1;
        if (l.dims[i] < 0 || __builtin_mul_overflow(l.dims[i], tile, &shard[i]) ||
            __builtin_mul_overflow(bytes, l.dims[i], &bytes))
            return; /* no sensible shape */
    }
    decode_add(a, STR("shard_shape"), decode_list(a, shard, l.rank, "", "x", ""), GRAPH_ATTR_EXTRA);
    if (l.tiled)
        decode_add(a, STR("tile_shape"), decode_list(a, l.tile, 2, "", "x", ""), GRAPH_ATTR_EXTRA);
    ir_attr space = ir_at(c, l.memref, 2), memory = dialect_param(c, v, STR("mem_layout"));
    bool per_core = (space && str_eq(dialect_case_text(c, space), STR("l1"))) ||
                    (memory && !str_eq(dialect_case_text(c, memory), STR("interleaved")));
    if (bytes) /* in DRAM, not sharded, it is the whole buffer */
        decode_add(a, per_core ? STR("bytes_per_core") : STR("bytes"), decode_list(a, &bytes, 1, "", "", ""),
                   GRAPH_ATTR_EXTRA);
    add_core_ranges(a, nd ? 0 : dialect_param(c, v, STR("core_range_set")));
    ir_attr mesh = nd ? 0 : dialect_param(c, v, STR("tensor_mesh"));
    if (mesh)
        decode_add(a, STR("tensor_mesh"), dialect_param_text(c, mesh, STR("name")), GRAPH_ATTR_EXTRA);
    if (!nd && dialect_param(c, v, STR("ignorePhysicalLayout")) == c->a_true)
        decode_add(a, STR("ignore_physical_layout"), STR("True"), GRAPH_ATTR_EXTRA);
    static const str nd_keys[2] = {STR_INIT("shard_orientation"), STR_INIT("shard_distribution_strategy")};
    for (int i = 0; nd && i < 2; i++)
        if (dialect_param(c, v, nd_keys[i]))
            decode_add(a, nd_keys[i], dialect_case_text(c, dialect_param(c, v, nd_keys[i])), GRAPH_ATTR_EXTRA);
}
