/* Attributes into keys and values: configurations and plain attributes. Layouts are in decode_layout.c.
 *
 * The keys and the spelling of values are those of tt_adapter: numbers and lists as Python prints them, enums by their
 * keyword, what is absent as None.
 */
#include "graph/decode.h"
#include "graph/graph_inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "dialect/params.h"
#include "ids.h"

void decode_add(struct graph_attrs *a, str key, str value, uint32_t flags) {
    if (!key.p || !value.p || !vec_push(&a->list, (graph_attr){.key = key, .value = value, .flags = flags}))
        a->failed = true;
}

void decode_addf(struct graph_attrs *a, str key, uint32_t flags, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    str value = arena_vprintf(&a->arena, fmt, ap);
    va_end(ap);
    decode_add(a, key, value, flags);
}

str decode_list(struct graph_attrs *a, const int64_t *v, uint32_t n, const char *open, const char *between,
                const char *close) {
    struct buf *b = &a->scratch;
    buf_clear(b);
    buf_puts(b, open);
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_puts(b, between);
        buf_put_i64(b, v[i]);
    }
    buf_puts(b, close);
    str s = arena_str(&a->arena, buf_str(b));
    if (b->failed || !s.p)
        a->failed = true;
    return s;
}

/* ---- as text --------------------------------------------------------------------------------------------- */

/* One element at p. */
static void put_element(struct buf *b, const ir_context *c, ir_type t, const char *p) {
    uint32_t bytes = ir_dense_element_bytes(c, t);
    uint64_t words[2] = {0, 0};
    memcpy(words, p, bytes < sizeof words ? bytes : sizeof words);
    ir_kind kind = ir_kind_of(c, t);
    if (kind == IR_TYPE_FLOAT) {
        char text[NUM_DOUBLE_MAX];
        ir_float f = (ir_float)ir_flags_of(c, t);
        double v = bytes > 8 ? ir_float_from_words(f, words) : ir_float_from_bits(f, words[0]);
        size_t n = f == IR_F64 ? num_format_double(text, v) : (size_t)snprintf(text, sizeof text, "%.6g", v);
        buf_write(b, text, n);
    } else if (kind == IR_TYPE_INTEGER && ir_bit_width(c, t) == 1) {
        buf_puts(b, words[0] & 1 ? "true" : "false");
    } else if (kind == IR_TYPE_INTEGER && ir_flags_of(c, t) == IR_UNSIGNED) {
        buf_put_u64(b, words[0]);
    } else {
        uint32_t bits = bytes < 8 ? bytes * 8 : 64;
        buf_put_i64(b, (int64_t)(words[0] << (64 - bits)) >> (64 - bits));
    }
}

/* The first elements of a long constant of simple numbers. False when it is something else, or not long. */
static bool put_first_elements(struct graph_attrs *a, ir_attr v, struct buf *b) {
    const ir_context *c = a->g->module->ctx;
    ir_kind kind = ir_kind_of(c, v);
    if (kind != IR_ATTR_DENSE && kind != IR_ATTR_DENSE_ARRAY)
        return false;
    ir_type type = ir_at(c, v, 0), elt = kind == IR_ATTR_DENSE ? ir_element_type(c, type) : type;
    ir_kind ek = ir_kind_of(c, elt);
    uint32_t bytes = ir_dense_element_bytes(c, elt);
    if ((ek != IR_TYPE_INTEGER && ek != IR_TYPE_FLOAT && ek != IR_TYPE_INDEX) || bytes == 0 || bytes > 16)
        return false;
    ir_dense form = kind == IR_ATTR_DENSE ? (ir_dense)ir_flags_of(c, v) : IR_DENSE_RAW;
    str data = ir_data(c, v);
    bool hex = form == IR_DENSE_HEX, bits = hex && ir_bit_width(c, elt) == 1;
    size_t n = hex ? data.n / 2 / bytes : data.n / bytes;
    if (bits || (form != IR_DENSE_RAW && !hex) || n <= a->max_elements)
        return false;
    buf_puts(b, kind == IR_ATTR_DENSE ? "dense<[" : "array<");
    if (kind == IR_ATTR_DENSE_ARRAY) {
        graph_put_node(c, elt, b);
        buf_lit(b, ": ");
    }
    for (size_t i = 0; i < a->max_elements; i++) {
        char raw[16] = {0};
        if (hex) {
            for (uint32_t j = 0; j < bytes; j++)
                raw[j] = (char)(num_hex_digit(data.p[2 * (i * bytes + j)]) << 4 |
                                num_hex_digit(data.p[2 * (i * bytes + j) + 1]));
        } else {
            memcpy(raw, data.p + i * bytes, bytes);
        }
        put_element(b, c, elt, raw);
        buf_lit(b, ", ");
    }
    buf_puts(b, kind == IR_ATTR_DENSE ? "...]> : " : "...>");
    if (kind == IR_ATTR_DENSE)
        graph_put_node(c, type, b);
    return true;
}

str decode_text(struct graph_attrs *a, ir_node n, uint32_t *flags) {
    struct buf *b = &a->scratch;
    buf_clear(b);
    if (put_first_elements(a, n, b))
        *flags |= GRAPH_ATTR_CUT;
    else
        graph_put_node(a->g->module->ctx, n, b);
    str s = buf_str(b);
    if (a->max_value && s.n > a->max_value) {
        s.n = a->max_value;
        while (s.n && ((uint8_t)s.p[s.n] & 0xc0) == 0x80) /* not in the middle of a character */
            s.n--;
        *flags |= GRAPH_ATTR_CUT;
    }
    s = arena_str(&a->arena, s);
    if (b->failed || !s.p)
        a->failed = true;
    return s;
}

static void add_text(struct graph_attrs *a, str key, ir_node n, uint32_t flags) {
    str text = decode_text(a, n, &flags);
    decode_add(a, key, text, flags);
}

/* ---- tt_adapter's keys ----------------------------------------------------------------------------------- */

static const str none = STR_INIT("None");

/* A parameter as Python prints it: True, False, numbers, keywords; None when absent. */
static str python(struct graph_attrs *a, ir_node v) {
    const ir_context *c = a->g->module->ctx;
    int64_t number;
    if (!v)
        return none;
    if (v == c->a_true || v == c->a_false)
        return v == c->a_true ? STR("True") : STR("False");
    if (ir_int_value(c, v, &number))
        return decode_list(a, &number, 1, "", "", "");
    if (ir_kind_of(c, v) == IR_ATTR_KEYWORD || ir_kind_of(c, v) == IR_ATTR_STRING)
        return ir_str_of(c, v);
    if (ir_kind_of(c, v) == IR_ATTR_DIALECT && dialect_case_text(c, v).n)
        return dialect_case_text(c, v);
    uint32_t flags = 0;
    return decode_text(a, v, &flags);
}

static str python_param(struct graph_attrs *a, ir_attr v, str name) {
    return python(a, dialect_param(a->g->module->ctx, v, name));
}

static str param_list(struct graph_attrs *a, ir_attr v, str name, const char *open, const char *between,
                      const char *close) {
    int64_t numbers[64];
    uint32_t n = v ? dialect_param_ints(a->g->module->ctx, v, name, numbers, 64) : 0;
    return decode_list(a, numbers, n < 64 ? n : 64, open, between, close);
}

static void add_memory_config(struct graph_attrs *a, ir_attr v) {
    const ir_context *c = a->g->module->ctx;
    decode_add(a, STR("buffer-type"), python_param(a, v, STR("bufferType")), 0);
    ir_attr shard = dialect_param(c, v, STR("shardSpec"));
    if (shard)
        decode_add(a, STR("shard-shape"),
                   param_list(a, dialect_param(c, shard, STR("shape")), STR("shape"), "", "x", ""), 0);
    if (dialect_param(c, v, STR("tensorMemoryLayout")))
        decode_add(a, STR("tensor-memory-layout"), python_param(a, v, STR("tensorMemoryLayout")), 0);
}

const str graph_conv2d_keys[GRAPH_CONV2D_KEYS] = {
    STR_INIT("weights_dtype"),
    STR_INIT("activation"),
    STR_INIT("deallocate_activation"),
    STR_INIT("reallocate_halo_output"),
    STR_INIT("act_block_h_override"),
    STR_INIT("act_block_w_div"),
    STR_INIT("reshard_if_not_optimal"),
    STR_INIT("override_sharding_config"),
    STR_INIT("shard_layout"),
    STR_INIT("core_grid"),
    STR_INIT("transpose_shards"),
    STR_INIT("output_layout"),
    STR_INIT("enable_act_double_buffer"),
    STR_INIT("enable_weights_double_buffer"),
};

static void add_conv2d_config(struct graph_attrs *a, ir_attr v) {
    for (size_t i = 0; i < GRAPH_CONV2D_KEYS; i++) {
        ir_node p = dialect_param(a->g->module->ctx, v, graph_conv2d_keys[i]);
        str value = python(a, p);
        if (p && str_eq(graph_conv2d_keys[i], STR("activation")))
            value = python_param(a, p, STR("op_type"));
        else if (str_eq(graph_conv2d_keys[i],
                        STR("core_grid"))) /* the binding does not give it; it is among the others */
            value = none;
        else if (str_eq(graph_conv2d_keys[i], STR("shard_layout")) && str_eq(value, STR("interleaved")))
            value = none; /* its number is 0 and taken for "not set" */
        decode_add(a, graph_conv2d_keys[i], value,
                   str_eq(graph_conv2d_keys[i], STR("core_grid")) ? 0 : GRAPH_ATTR_OVERRIDE);
    }
}

/* An affine map without "affine_map<" and ">". */
static str bare_map(struct graph_attrs *a, ir_attr map) {
    uint32_t flags = 0;
    str text = map ? decode_text(a, map, &flags) : none;
    if (str_starts_with(text, STR("affine_map<")) && str_ends_with(text, STR(">")))
        text = str_slice(text, 11, text.n - 1);
    return text;
}

static void add_device(struct graph_attrs *a, ir_attr v) {
    const ir_context *c = a->g->module->ctx;
    int64_t mesh[2];
    decode_add(a, STR("device_chip_ids"), param_list(a, v, STR("chipIds"), "", ", ", ""), 0);
    decode_add(a, STR("device_grid_shape"),
               param_list(a, dialect_param(c, v, STR("workerGrid")), STR("shape"), "[", ", ", "]"), 0);
    if (dialect_param_ints(c, v, STR("meshShape"), mesh, 2))
        decode_add(a, STR("device_mesh_shape"), param_list(a, v, STR("meshShape"), "[", ", ", "]"), 0);
    decode_add(a, STR("device_l1_map"), bare_map(a, dialect_param(c, v, STR("l1Map"))), 0);
    decode_add(a, STR("device_dram_map"), bare_map(a, dialect_param(c, v, STR("dramMap"))), 0);
}

static void add_chip(struct graph_attrs *a, uint32_t i, str name, str value) {
    decode_add(a, arena_printf(&a->arena, "chip#%u-%.*s", i, STR_ARG(name)), value, 0);
}

static void add_chip_number(struct graph_attrs *a, uint32_t i, str name, int64_t value) {
    add_chip(a, i, name, decode_list(a, &value, 1, "", "", ""));
}

/* Items of an array joined by ", ": keywords, or pairs as 32x32. */
static str join_items(struct graph_attrs *a, ir_attr array, bool sizes) {
    const ir_context *c = a->g->module->ctx;
    struct buf *b = &a->scratch;
    buf_clear(b);
    for (uint32_t i = 0; array && i < ir_count(c, array); i++) {
        ir_attr item = ir_at(c, array, i);
        int64_t y = 0, x = 0;
        if (i)
            buf_lit(b, ", ");
        if (sizes) {
            dialect_param_int(c, item, STR("y"), &y);
            dialect_param_int(c, item, STR("x"), &x);
            buf_put_i64(b, y);
            buf_putc(b, 'x');
            buf_put_i64(b, x);
        } else {
            buf_put_str(b, dialect_case_text(c, item));
        }
    }
    str s = arena_str(&a->arena, buf_str(b));
    a->failed |= b->failed || !s.p;
    return s;
}

static void add_chip_desc(struct graph_attrs *a, uint32_t i, ir_attr chip, ir_attr coord, ir_attr capability) {
    static const struct {
        str key, param, minus; /* minus: what is taken off */
    } rows[] = {
        {STR_INIT("dram-channel-size"), STR_INIT("dramChannelSize"), STR_INIT("")},
        {STR_INIT("dram-unreserved-base"), STR_INIT("dramUnreservedBase"), STR_INIT("")},
        {STR_INIT("dram-unreserved-end"), STR_INIT("dramUnreservedEnd"), STR_INIT("")},
        {STR_INIT("erisc-l1-unreserved-size"), STR_INIT("eriscL1UnreservedBase"), STR_INIT("")},
        {STR_INIT("grid"), STR_INIT(""), STR_INIT("")},
        {STR_INIT("l1-size"), STR_INIT("l1Size"), STR_INIT("")},
        {STR_INIT("l1-unreserved-base"), STR_INIT("l1UnreservedBase"), STR_INIT("")},
        {STR_INIT("noc-dram-address-align-bytes"), STR_INIT("nocDRAMAddressAlignBytes"), STR_INIT("")},
        {STR_INIT("noc-l1-address-align-bytes"), STR_INIT("nocL1AddressAlignBytes"), STR_INIT("")},
        {STR_INIT("num-cbs"), STR_INIT("numCBs"), STR_INIT("")},
        {STR_INIT("num-dram-channels"), STR_INIT("numDramChannels"), STR_INIT("")},
        {STR_INIT("pcie-address-align-bytes"), STR_INIT("pcieAddressAlignBytes"), STR_INIT("")},
        {STR_INIT("usable-dram-channel-size"), STR_INIT("dramUnreservedEnd"), STR_INIT("dramUnreservedBase")},
        {STR_INIT("usable-l1-size"), STR_INIT("l1Size"), STR_INIT("l1UnreservedBase")},
    };
    const ir_context *c = a->g->module->ctx;
    int64_t where[4] = {0};
    static const str axes[4] = {STR_INIT("rack"), STR_INIT("shelf"), STR_INIT("y"), STR_INIT("x")};
    for (int k = 0; k < 4; k++)
        dialect_param_int(c, coord, axes[k], &where[k]);
    add_chip(a, i, STR("arch"), python_param(a, chip, STR("arch")));
    add_chip(a, i, STR("capability"), python(a, capability));
    add_chip(a, i, STR("coord"), decode_list(a, where, 4, "", "x", ""));
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        int64_t value = 0, minus = 0;
        if (rows[k].param.n == 0) {
            add_chip(a, i, rows[k].key, param_list(a, chip, STR("grid"), "", "x", ""));
            continue;
        }
        dialect_param_int(c, chip, rows[k].param, &value);
        if (rows[k].minus.n)
            dialect_param_int(c, chip, rows[k].minus, &minus);
        add_chip_number(a, i, rows[k].key, value - minus);
    }
    add_chip(a, i, STR("supported-data-types"),
             join_items(a, dialect_param(c, chip, STR("supportedDataTypes")), false));
    add_chip(a, i, STR("supported-tile-sizes"), join_items(a, dialect_param(c, chip, STR("supportedTileSizes")), true));
}

static void add_system_desc(struct graph_attrs *a, ir_attr v) {
    const ir_context *c = a->g->module->ctx;
    ir_attr lists[4] = {dialect_param(c, v, STR("chipDescIndices")), dialect_param(c, v, STR("chipDescs")),
                        dialect_param(c, v, STR("chipCoords")), dialect_param(c, v, STR("chipCapabilities"))};
    for (uint32_t i = 0;; i++) {
        for (int k = 0; k < 4; k++)
            if (!lists[k] || ir_kind_of(c, lists[k]) != IR_ATTR_ARRAY || ir_count(c, lists[k]) <= i)
                return;
        add_chip_desc(a, i, ir_at(c, lists[1], i), ir_at(c, lists[2], i), ir_at(c, lists[3], i));
    }
}

void decode_named(struct graph_attrs *a, str name, ir_attr value) {
    const ir_context *c = a->g->module->ctx;
    int64_t number;
    if (str_eq(name, STR("memory_config")) && dialect_is_attr(c, value, ATTR_ttnn_memory_config)) {
        add_memory_config(a, value);
    } else if (str_eq(name, STR("conv2d_config")) && dialect_is_attr(c, value, ATTR_ttnn_conv2d_config)) {
        add_conv2d_config(a, value);
    } else if (str_eq(name, STR("ttcore.system_desc")) && dialect_is_attr(c, value, ATTR_ttcore_system_desc)) {
        add_system_desc(a, value);
    } else if (str_eq(name, STR("ttcore.device")) && dialect_is_attr(c, value, ATTR_ttcore_device)) {
        add_device(a, value);
    } else if (str_eq(name, STR("mesh_shape")) && dialect_is_attr(c, value, ATTR_ttnn_mesh_shape)) {
        int64_t yx[2] = {0, 0};
        dialect_param_int(c, value, STR("y"), &yx[0]);
        dialect_param_int(c, value, STR("x"), &yx[1]);
        decode_add(a, name, decode_list(a, yx, 2, "", "x", ""), 0);
    } else if ((str_eq(name, STR("layout")) && dialect_is_attr(c, value, ATTR_ttnn_layout)) ||
               (str_eq(name, STR("dtype")) && dialect_is_attr(c, value, ATTR_ttcore_supportedDataTypes))) {
        decode_add(a, name, dialect_case_text(c, value), 0);
    } else if (str_eq(name, STR("shape")) && dialect_is_attr(c, value, ATTR_ttnn_shape)) {
        decode_add(a, name, param_list(a, value, STR("shape"), "", "x", ""), 0);
    } else if (str_eq(name, STR("force")) || (str_eq(name, STR("dimension")) && ir_int_value(c, value, &number))) {
        decode_add(a, name, python(a, value), 0);
    } else if (str_eq(name, STR("operandSegmentSizes")) && ir_kind_of(c, value) == IR_ATTR_DENSE_ARRAY) {
        str data = ir_data(c, value);
        int64_t sizes[64];
        uint32_t n = 0;
        for (; n < 64 && (n + 1) * sizeof(int32_t) <= data.n; n++) {
            int32_t size;
            memcpy(&size, data.p + n * sizeof size, sizeof size);
            sizes[n] = size;
        }
        decode_add(a, name, decode_list(a, sizes, n, "[", ", ", "]"), 0);
    } else {
        add_text(a, name, value, 0);
    }
}

/* ---- inside ---------------------------------------------------------------------------------------------- */

void decode_inside(struct graph_attrs *a, str name, ir_attr value) {
    const ir_context *c = a->g->module->ctx;
    const attr_type_def *def = dialect_def_of_node(c, value);
    if (!def || def->wraps != DIALECT_NONE || def->n_params < 2 || ir_kind_of(c, value) != IR_ATTR_DIALECT)
        return;
    if (dialect_is_attr(c, value, ATTR_ttcore_system_desc) || dialect_is_attr(c, value, ATTR_ttnn_core_coord) ||
        dialect_is_attr(c, value, ATTR_ttnn_mesh_shape))
        return; /* said in full already */
    if (dialect_is_attr(c, value, ATTR_ttcore_device) && !str_eq(name, STR("ttcore.device")))
        add_device(a, value);
    for (uint32_t i = 0; i < dialect_n_params(def); i++) {
        ir_node p = dialect_param_at(c, value, i);
        if (!p)
            continue;
        str key = arena_printf(&a->arena, "%.*s/%.*s", STR_ARG(name), STR_ARG(dialect_text(def_param(def, i)->name)));
        decode_add(a, key, python(a, p), GRAPH_ATTR_EXTRA);
    }
}
