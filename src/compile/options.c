/* The options of the pipeline by the vendor's names. */
#include <stddef.h>

#include "base/num.h"
#include "compile/compile.h"
#include "target/legal.h"

void compile_options_init(compile_options *o) {
    *o = (compile_options){
        .arch = STR("wormhole_b0"),
        .fusing = true,
        .quant_dequant = true,
        .broadcast_folding = true,
        .erase_inverse = true,
        .decomposition = true,
        .permute_slice_fusion = true,
        .workarounds = true,
        .layout_workarounds = true,
        .decomposition_workarounds = true,
        .const_eval = true,
        .cpu_hoisted_const_eval = true,
        .const_eval_to_system_memory = true,
        .target_bit_width = 32,
        .weight_dtype = STR("none"),
        .kv_cache_dtype = STR("none"),
        .math_fidelity = STR(""),
        .composite_resolution = STR("auto"),
        .argument_shard_status = STR("as-given"),
        .tensor_l1_usage_cap = LEGAL_L1_CAP,
        .max_legal_layouts = 64,
        .max_fallback_attempts = 10000,
        .locations_in_hashes = true,
        .verify = true,
    };
}

enum kind {
    LEVEL,
    BOOL,
    NOT_BOOL, /* the option switches off what the field switches on */
    CHOICE,
    TRI_STATE, /* a choice that may be "unset" */
    TEXT,      /* one of `values`, separated by '|'; NULL: any */
    SIZE,      /* uint32_t */
    FRACTION,
    MESH_SHAPE,
    MESH_TOPOLOGY,
};

#define FIELD(f) offsetof(compile_options, f)

static const struct row {
    const char *name;
    enum kind kind;
    size_t field;
    const char *values;
} rows[] = {
    {"optimization-level", LEVEL, FIELD(level), NULL},
    {"enable-optimizer", CHOICE, FIELD(optimizer), NULL},
    {"memory-layout-analysis-enabled", CHOICE, FIELD(memory_layout), NULL},
    {"enable-fusing-conv2d-with-multiply-pattern", CHOICE, FIELD(fuse_conv_multiply), NULL},
    {"mock-system-desc-arch", TEXT, FIELD(arch), "wormhole_b0|blackhole|quasar"},
    {"mesh-shape", MESH_SHAPE, 0, NULL},
    {"mesh-topology", MESH_TOPOLOGY, 0, NULL},
    {"argument-types", TEXT, FIELD(argument_types), NULL},
    {"enable-fusing-pass", BOOL, FIELD(fusing), NULL},
    {"enable-quant-dequant-conversion-pass", BOOL, FIELD(quant_dequant), NULL},
    {"enable-implicit-broadcast-folding-pass", BOOL, FIELD(broadcast_folding), NULL},
    {"enable-erase-inverse-ops-pass", BOOL, FIELD(erase_inverse), NULL},
    {"enable-ttnn-decomposition-pass", BOOL, FIELD(decomposition), NULL},
    {"enable-permute-matmul-fusion", BOOL, FIELD(permute_matmul_fusion), NULL},
    {"enable-permute-slice-after-matmul-fusion", BOOL, FIELD(permute_slice_fusion), NULL},
    {"disable-workarounds", NOT_BOOL, FIELD(workarounds), NULL},
    {"enable-layout-workaround-pass", BOOL, FIELD(layout_workarounds), NULL},
    {"enable-decomposition-workaround-pass", BOOL, FIELD(decomposition_workarounds), NULL},
    {"enable-remove-dead-values", BOOL, FIELD(remove_dead_values), NULL},
    {"enable-const-eval", BOOL, FIELD(const_eval), NULL},
    {"enable-cpu-hoisted-const-eval", BOOL, FIELD(cpu_hoisted_const_eval), NULL},
    {"enable-const-eval-inputs-to-system-memory", BOOL, FIELD(const_eval_to_system_memory), NULL},
    {"enable-trace", BOOL, FIELD(trace), NULL},
    {"row-major-enabled", BOOL, FIELD(row_major), NULL},
    {"enable-dram-space-saving-optimization-pass", BOOL, FIELD(dram_space_saving), NULL},
    {"enable-activation-dtype-lowering", BOOL, FIELD(activation_dtype_lowering), NULL},
    {"mlir-print-debuginfo", BOOL, FIELD(locations_in_hashes), NULL},
    {"check-unique-locs", BOOL, FIELD(unique_locations), NULL},
    {"target-bit-width", SIZE, FIELD(target_bit_width), NULL},
    {"experimental-weight-dtype", TEXT, FIELD(weight_dtype), "none|bfp_bf8|bfp_bf4"},
    {"experimental-kv-cache-dtype", TEXT, FIELD(kv_cache_dtype), "none|bfp_bf8|bfp_bf4"},
    {"compute-cfg-math-fidelity", TEXT, FIELD(math_fidelity), "lofi|hifi2|hifi3|hifi4|undefined"},
    {"compute-cfg-fp32-dest-acc-en", TRI_STATE, FIELD(fp32_dest_acc), NULL},
    {"compute-cfg-math-approx-mode", TRI_STATE, FIELD(math_approx), NULL},
    {"compute-cfg-packer-l1-acc", TRI_STATE, FIELD(packer_l1_acc), NULL},
    {"compute-cfg-dst-full-sync-en", TRI_STATE, FIELD(dst_full_sync), NULL},
    {"composite-resolution", TEXT, FIELD(composite_resolution), "auto|inline|validate|force-promote"},
    {"argument-shard-status", TEXT, FIELD(argument_shard_status), "as-given|presharded|unsharded"},
    {"result-presharded", TEXT, FIELD(results_presharded), NULL},
    {"enable-auto-sharding", BOOL, FIELD(auto_sharding), NULL},
    {"update-older-forms", BOOL, FIELD(update_older_forms), NULL},
    {"tensor-l1-usage-cap", FRACTION, FIELD(tensor_l1_usage_cap), NULL},
    {"max-legal-layouts", SIZE, FIELD(max_legal_layouts), NULL},
    {"max-fallback-attempts", SIZE, FIELD(max_fallback_attempts), NULL},
};

/* The next part of *rest up to `end`; false when nothing is left. */
static bool next_part(str *rest, char end, str *part) {
    if (!rest->n)
        return false;
    size_t at = str_find_char(*rest, end);
    *part = str_slice(*rest, 0, at);
    *rest = str_from(*rest, at + 1);
    return true;
}

static bool is_one_of(str value, const char *values) {
    str rest = str_from_z(values), part;
    while (next_part(&rest, '|', &part))
        if (str_eq(part, value))
            return true;
    return false;
}

static bool read_bool(str value, bool *out) {
    *out = str_eq(value, STR("true")) || str_eq(value, STR("1")) || value.n == 0;
    return *out || str_eq(value, STR("false")) || str_eq(value, STR("0"));
}

/* "2,4" as the vendor writes it, "2x4" as people do. */
static bool read_mesh(compile_options *o, str value) {
    char between = str_find_char(value, ',') < value.n ? ',' : 'x';
    str rest = value, part;
    o->n_mesh_shape = 0;
    if (value.n && value.p[value.n - 1] == between)
        return false;
    while (next_part(&rest, between, &part)) {
        uint64_t v;
        if (o->n_mesh_shape == COMPILE_MAX_MESH || !num_parse_u64(part, &v) || v == 0 || v > INT32_MAX)
            return false;
        o->mesh_shape[o->n_mesh_shape++] = (int64_t)v;
    }
    return o->n_mesh_shape != 0;
}

static bool read_topology(compile_options *o, str value) {
    str rest = value, part;
    o->n_mesh_topology = 0;
    while (next_part(&rest, ',', &part)) {
        if (o->n_mesh_topology == COMPILE_MAX_MESH || !is_one_of(part, "ring|linear|disabled"))
            return false;
        o->mesh_topology[o->n_mesh_topology++] = part;
    }
    return o->n_mesh_topology != 0;
}

/* One value into its field; false with a sentence when it is none. */
static bool set_row(compile_options *o, const struct row *r, str value, const char **why) {
    void *field = (char *)o + r->field;
    bool b;
    uint64_t u;
    double f;
    switch (r->kind) {
    case LEVEL:
        *why = "is 0, 1 or 2";
        if (value.n != 1 || value.p[0] < '0' || value.p[0] > '2')
            return false;
        *(int *)field = value.p[0] - '0';
        return true;
    case BOOL:
    case NOT_BOOL:
    case CHOICE:
    case TRI_STATE:
        *why = r->kind == TRI_STATE ? "is true, false or unset" : "is true or false";
        if (r->kind == TRI_STATE && str_eq(value, STR("unset"))) {
            *(compile_choice *)field = COMPILE_UNSET;
            return true;
        }
        if (!read_bool(value, &b))
            return false;
        if (r->kind == CHOICE || r->kind == TRI_STATE)
            *(compile_choice *)field = b ? COMPILE_ON : COMPILE_OFF;
        else
            *(bool *)field = b == (r->kind == BOOL);
        return true;
    case TEXT:
        *why = r->values ? r->values : "";
        if (r->values && !is_one_of(value, r->values))
            return false;
        *(str *)field = value;
        return true;
    case SIZE:
        *why = "is a number";
        if (!num_parse_u64(value, &u) || u > UINT32_MAX)
            return false;
        *(uint32_t *)field = (uint32_t)u;
        return true;
    case FRACTION:
        *why = "is a number from 0 to 1";
        if (num_parse_double(value, &f) != value.n || !value.n || !(f >= 0 && f <= 1))
            return false;
        *(double *)field = f;
        return true;
    case MESH_SHAPE: *why = "is a list of sizes: 2,4 or 2x4"; return read_mesh(o, value);
    case MESH_TOPOLOGY: *why = "is a list of ring, linear or disabled"; return read_topology(o, value);
    }
    return false;
}

bool compile_option_set(compile_options *o, str name, str value, const char **why) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_eq(name, str_from_z(rows[i].name)))
            return set_row(o, &rows[i], value, why);
    *why = "there is no such option";
    return false;
}
