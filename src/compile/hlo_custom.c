/* hlo_custom.c - stablehlo.custom_call: the names that tt-xla and jax call TTIR ops by, and rng_bit_generator. */
#include "base/num.h"
#include "compile/hlo.h"

/* ---- what a call says ----------------------------------------------------------------------------------- */

str hlo_option(pass_context *p, ir_op op, str key) {
    ir_attr dict = ir_op_attr(p->m, op, STR("mhlo.frontend_attributes"));
    ir_attr a = dict && ir_kind_of(p->c, dict) == IR_ATTR_DICT ? ir_dict_get(p->c, dict, key) : 0;
    return a && ir_kind_of(p->c, a) == IR_ATTR_STRING ? ir_str_of(p->c, a) : STR("");
}

bool hlo_number_option(pass_context *p, ir_op op, str key, double otherwise, double *out) {
    str s = hlo_option(p, op, key);
    *out = otherwise;
    return !s.n || num_parse_double(s, out) == s.n;
}

/* Whether s is this word of small letters, in whatever case. */
static bool is_word(str s, str word) {
    bool same = s.n == word.n;
    for (size_t i = 0; same && i < s.n; i++)
        same = (s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] - 'A' + 'a' : s.p[i]) == word.p[i];
    return same;
}

bool hlo_flag_of(str s, bool *out) {
    *out = is_word(s, STR("true"));
    return *out || is_word(s, STR("false"));
}

static uint32_t n_operands(pass_context *p, ir_op op) {
    return ir_op_at(p->m, op)->n_operands;
}

/* ---- elementwise, topk, random bits --------------------------------------------------------------------- */

static bool unary(pass_context *p, ir_op op, uint32_t to) {
    return n_operands(p, op) == 1 &&
           hlo_replace(p, op, build_unary(p, to, ir_op_at(p->m, op)->loc, ir_operand(p->m, op, 0), hlo_type(p, op)));
}

static bool erf_call(pass_context *p, ir_op op) {
    return unary(p, op, OP_ttir_erf);
}

static bool asinh_call(pass_context *p, ir_op op) {
    return unary(p, op, OP_ttir_asinh);
}

static bool topk(pass_context *p, ir_op op) {
    ir_attr dict = ir_op_attr(p->m, op, STR("mhlo.attributes"));
    bool known = dict && ir_kind_of(p->c, dict) == IR_ATTR_DICT;
    ir_attr k = known ? ir_dict_get(p->c, dict, STR("k")) : 0;
    ir_value v = ir_operand(p->m, op, 0), out[2];
    int64_t count;
    if (!k || !ir_int_value(p->c, k, &count) || ir_op_at(p->m, op)->n_results != 2)
        return false;
    ir_type types[] = {hlo_type(p, op), ir_value_type(p->m, ir_result(p->m, op, 1))};
    attr_entry a[] = {{STR("dim"), make_i32(p, -1)},
                      {STR("k"), make_i32(p, count)},
                      {STR("largest"), ir_dict_get(p->c, dict, STR("largest"))},
                      {STR("sorted"), p->c->a_false}};
    build_args args = {.op = OP_ttir_topk,
                       .loc = ir_op_at(p->m, op)->loc,
                       .operands = &v,
                       .n_operands = 1,
                       .types = types,
                       .n_types = 2,
                       .props = make_dict(p, a, 4)};
    ir_op made = a[2].value ? build_op(p, &args) : 0;
    if (!made)
        return false;
    out[0] = ir_result(p->m, made, 0);
    out[1] = ir_result(p->m, made, 1);
    ir_replace(p->e, op, out);
    return true;
}

/* The state stays as it is; the bits are numbers from the whole range of 32 bits. */
bool hlo_rng_bits(pass_context *p, ir_op op) {
    const double limit = 4294967296.0;
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 1));
    ir_loc loc = ir_op_at(p->m, op)->loc;
    shape s;
    if (!shape_of_type(p->c, type, &s))
        return false;
    attr_entry a[] = {{STR("high"), make_f32(p, limit)},
                      {STR("low"), make_f32(p, 0)},
                      {STR("seed"), ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), 0)},
                      {STR("size"), make_i32_list(p, s.d, (uint32_t)s.n)}};
    ir_value v =
        build_value(p, OP_ttir_rand, loc, NULL, 0, type_with_element(p, type, type_f32(p)), make_dict(p, a, 4));
    ir_value out[] = {ir_operand(p->m, op, 0), v ? build_typecast(p, loc, v, type) : 0};
    if (out[1])
        ir_replace(p->e, op, out);
    return out[1] != 0;
}

/* ---- calls that differ in their names only -------------------------------------------------------------- */

enum { MOST_OPERANDS = 8, MOST_OPTIONS = 5 };

typedef enum option_kind { NO_OPTION, FLAG, NUMBER_F32, NUMBER_I32, NUMBER_UI32, NUMBER_I64, POSITIVE_I64 } option_kind;

/* An attribute of the op that an option gives. */
typedef struct call_option {
    str key;
    option_kind kind;
    str otherwise; /* what is said when nothing is; empty: then the op has none */
    bool needed;   /* the call says it */
} call_option;

/* An operand of the call: which operand group of the op it is, and the option that says whether it is there; always
 * without one. What is not said is there when there are operands enough. */
typedef struct call_operand {
    int8_t group;
    str when;
} call_operand;

/* What the results are. */
typedef enum call_result {
    GIVES,      /* those of the op */
    GIVES_INTO, /* the same, and the op has a group of its own for an empty tensor to write into: the first missing */
    WRITES,     /* the first operand, which the op writes into; the op has none */
} call_result;

typedef struct call_row {
    str name;
    uint16_t op;
    call_result result;
    call_operand operands[MOST_OPERANDS];
    call_option options[MOST_OPTIONS];
} call_row;

#define IN(g) \
    { .group = (g) }
#define IF(g, option) \
    { .group = (g), .when = STR_INIT(option) }
#define END \
    { .group = -1 }
#define CAUSAL \
    { STR_INIT("is_causal"), FLAG, STR_INIT("true"), false }
#define SCALE \
    { .key = STR_INIT("scale"), .kind = NUMBER_F32 }
#define WINDOW \
    { .key = STR_INIT("sliding_window_size"), .kind = NUMBER_UI32 }
#define BATCH \
    { .key = STR_INIT("batch_offset"), .kind = NUMBER_I32, .needed = true }
#define DEVICES \
    { STR_INIT("num_devices"), NUMBER_I64, STR_INIT("1"), false }
#define CLUSTER \
    { STR_INIT("cluster_axis"), NUMBER_I64, STR_INIT("0"), false }
#define MASK "has_attention_mask"
#define SINK "has_attention_sink"
#define POSITION "has_cur_pos_tensor"

/* Attention: query, key, value, then what there may be besides. Names of groups are in the op table. */
static const call_row calls[] = {
    {STR_INIT("tt.all_to_all_combine"),
     OP_ttir_all_to_all_combine,
     GIVES,
     {IN(0), IN(1), IN(2), END},
     {DEVICES,
      CLUSTER,
      {STR_INIT("num_experts_per_tok"), NUMBER_I64, STR_INIT("2"), false},
      {STR_INIT("output_shard_dim"), NUMBER_I64, STR_INIT("2"), false}}},
    {STR_INIT("tt.all_to_all_dispatch"),
     OP_ttir_all_to_all_dispatch,
     GIVES,
     {IN(0), IN(1), IN(2), END},
     {DEVICES, CLUSTER}},
    {STR_INIT("tt.chunked_scaled_dot_product_attention"),
     OP_ttir_chunked_scaled_dot_product_attention,
     GIVES_INTO,
     {IN(0), IN(1), IN(2), IN(3), IN(4), END},
     {SCALE}},
    {STR_INIT("tt.fill_cache"), OP_ttir_fill_cache, WRITES, {IN(0), IN(1), END}, {BATCH}},
    {STR_INIT("tt.moe_expert_token_remap"),
     OP_ttir_moe_expert_token_remap,
     GIVES,
     {IN(0), IN(1), IN(2), END},
     {{STR_INIT("reduction_size"), NUMBER_I64, STR_INIT("16"), false}}},
    {STR_INIT("tt.paged_fill_cache"),
     OP_ttir_paged_fill_cache,
     WRITES,
     {IN(0), IN(1), IN(2), IF(3, "has_batch_idx"), END},
     {{.kind = NO_OPTION}}},
    {STR_INIT("tt.paged_flash_mla_decode"),
     OP_ttir_paged_flash_multi_latent_attention_decode,
     GIVES,
     {IN(0), IN(1), IF(2, "has_value"), IN(3), IF(4, MASK), IF(5, POSITION), IF(6, SINK), END},
     {{.key = STR_INIT("head_dim_v"), .kind = NUMBER_UI32, .needed = true}, CAUSAL, SCALE}},
    {STR_INIT("tt.paged_scaled_dot_product_attention_decode"),
     OP_ttir_paged_scaled_dot_product_attention_decode,
     GIVES_INTO,
     {IN(0), IN(1), IN(2), IN(3), IF(5, MASK), IF(6, POSITION), IF(7, SINK), END},
     {CAUSAL, SCALE, WINDOW}},
    {STR_INIT("tt.paged_update_cache"),
     OP_ttir_paged_update_cache,
     WRITES,
     {IN(0), IN(1), IN(2), IN(3), END},
     {{STR_INIT("share_cache"), FLAG, STR_INIT("false"), false}}},
    {STR_INIT("tt.sampling"),
     OP_ttir_sampling,
     GIVES,
     {IN(0), IN(1), IN(2), IN(3), IN(4), END},
     {{.key = STR_INIT("seed"), .kind = NUMBER_UI32}}},
    {STR_INIT("tt.scaled_dot_product_attention"),
     OP_ttir_scaled_dot_product_attention,
     GIVES,
     {IN(0), IN(1), IN(2), IF(3, MASK), IF(4, SINK), END},
     {CAUSAL, SCALE, WINDOW}},
    {STR_INIT("tt.scaled_dot_product_attention_decode"),
     OP_ttir_scaled_dot_product_attention_decode,
     GIVES,
     {IN(0), IN(1), IN(2), IN(4), IF(3, MASK), IF(5, SINK), END},
     {CAUSAL, SCALE}},
    {STR_INIT("tt.sparse_matmul"),
     OP_ttir_sparse_matmul,
     GIVES,
     {IN(0), IN(1), IN(2), END},
     {{STR_INIT("is_input_a_sparse"), FLAG, STR_INIT("false"), false},
      {STR_INIT("is_input_b_sparse"), FLAG, STR_INIT("true"), false},
      {.key = STR_INIT("nnz"), .kind = POSITIVE_I64}}},
    {STR_INIT("tt.update_cache"), OP_ttir_update_cache, WRITES, {IN(0), IN(1), IN(2), END}, {BATCH}},
};

/* The attribute that an option becomes; *out 0: none. False when the call does not say what it must, or no number. */
static bool option_attr(pass_context *p, ir_op op, const call_option *o, ir_attr *out) {
    str text = hlo_option(p, op, o->key);
    bool flag;
    double v;
    *out = 0;
    if (o->needed && !text.n)
        return false;
    text = text.n ? text : o->otherwise;
    if (!text.n)
        return true;
    if (o->kind == FLAG) {
        *out = hlo_flag_of(text, &flag) ? ir_attr_bool(p->c, flag) : 0;
        return *out != 0;
    }
    if (num_parse_double(text, &v) != text.n)
        return false;
    bool whole = v >= 0 && v <= INT32_MAX && v == (double)(int64_t)v;
    switch (o->kind) {
    case NUMBER_F32: *out = make_f32(p, v); return true;
    case NUMBER_I32: *out = whole ? make_i32(p, (int64_t)v) : 0; break;
    case NUMBER_UI32: *out = whole ? hlo_ui32(p, (int64_t)v) : 0; break;
    default: *out = whole ? make_i64(p, (int64_t)v) : 0;
    }
    if (o->kind == POSITIVE_I64 && v == 0)
        *out = 0;
    return whole;
}

/* Which operands of the row the call has, as bits; false when they are not as many as it has. */
static bool operands_there(pass_context *p, ir_op op, const call_row *row, uint32_t *there) {
    uint32_t n = n_operands(p, op), n_there = 0, unsaid = 0;
    *there = 0;
    for (uint32_t i = 0; row->operands[i].group >= 0; i++) {
        str when = row->operands[i].when, text = when.n ? hlo_option(p, op, when) : STR("");
        bool is = !when.n;
        if (text.n && !hlo_flag_of(text, &is))
            return false;
        unsaid |= !is && !text.n ? 1u << i : 0;
        *there |= is ? 1u << i : 0;
        n_there += is;
    }
    for (uint32_t i = 0; row->operands[i].group >= 0 && n_there < n; i++)
        if (unsaid >> i & 1) {
            *there |= 1u << i;
            n_there++;
        }
    return n_there == n;
}

/* Composites, whose groups are numbered the same way. */
static const call_row composites[] = {
    {.name = STR_INIT("tt.flash_mla_prefill"), .operands = {IN(0), IN(1), IF(2, "has_value"), IF(3, MASK), END}},
    {.name = STR_INIT("tt.indexer_score_dsa"), .operands = {IN(0), IN(1), IN(2), END}},
};

static const call_row *row_of(const call_row *rows, size_t n, str name) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(rows[i].name, name))
            return &rows[i];
    return NULL;
}

bool hlo_call_groups(pass_context *p, ir_op op, int8_t *group) {
    ir_attr a = ir_op_attr(p->m, op, STR("call_target_name"));
    str name = a ? ir_str_of(p->c, a) : STR("");
    const call_row *row = row_of(calls, sizeof calls / sizeof calls[0], name);
    uint32_t there, n = 0;
    if (!row)
        row = row_of(composites, sizeof composites / sizeof composites[0], name);
    if (!row || !operands_there(p, op, row, &there))
        return false;
    for (uint32_t i = 0; row->operands[i].group >= 0; i++)
        if (there >> i & 1)
            group[n++] = row->operands[i].group;
    return true;
}

/* The operands in the order of the op's groups, with their sizes. */
static uint32_t operands_by_group(pass_context *p, ir_op op, const call_row *row, uint32_t there, ir_value *out,
                                  int32_t *sizes) {
    ir_value of_group[MOST_OPERANDS] = {0};
    uint32_t n = 0, n_groups = 0, next = 0;
    for (uint32_t i = 0; row->operands[i].group >= 0; i++) {
        uint32_t group = (uint32_t)row->operands[i].group;
        n_groups = group >= n_groups ? group + 1 : n_groups;
        of_group[group] = there >> i & 1 ? ir_operand(p->m, op, next++) : 0;
    }
    if (row->result == GIVES_INTO) {
        uint32_t used = 0, group = 0;
        for (uint32_t i = 0; row->operands[i].group >= 0; i++)
            used |= 1u << row->operands[i].group;
        while (used >> group & 1)
            group++;
        n_groups = group >= n_groups ? group + 1 : n_groups;
        of_group[group] = build_value(p, OP_ttir_empty, ir_op_at(p->m, op)->loc, NULL, 0, hlo_type(p, op), 0);
    }
    for (uint32_t g = 0; g < n_groups; g++) {
        sizes[g] = of_group[g] != 0;
        if (of_group[g])
            out[n++] = of_group[g];
    }
    return n;
}

/* Experts are spread along both axes of the mesh, and the op gathers along one: what devices along the other have of each
 * token is added up. */
static bool sum_over_other_axis(pass_context *p, ir_op op, ir_value *v) {
    double devices, axis;
    shape mapping;
    if (!hlo_number_option(p, op, STR("num_devices"), 1, &devices) ||
        !hlo_number_option(p, op, STR("cluster_axis"), 0, &axis) ||
        !shape_of(p->m, ir_operand(p->m, op, 2), &mapping) || mapping.n != 4)
        return false;
    if (devices < 2 || (double)mapping.d[3] / devices < 2)
        return true;
    attr_entry a[] = {{STR("cluster_axis"), hlo_ui32(p, axis == 0)},
                      {STR("reduce_type"), dialect_make_case(p->c, ATTR_ttcore_reduce_type, STR("sum"))}};
    *v = build_value(p, OP_ttir_all_reduce, ir_op_at(p->m, op)->loc, v, 1, hlo_type(p, op), make_dict(p, a, 2));
    return *v != 0;
}

static bool call_by_row(pass_context *p, ir_op op, const call_row *row) {
    ir_value v[MOST_OPERANDS] = {0}, out[2] = {0};
    ir_type types[2];
    int32_t sizes[MOST_OPERANDS];
    attr_entry a[MOST_OPTIONS];
    uint32_t n_options = 0, there, n_results = ir_op_at(p->m, op)->n_results;
    if (n_results > 2 || (row->result != GIVES && n_results != 1) || !operands_there(p, op, row, &there))
        return false;
    for (; n_options < MOST_OPTIONS && row->options[n_options].kind != NO_OPTION; n_options++) {
        a[n_options].key = row->options[n_options].key;
        if (!option_attr(p, op, &row->options[n_options], &a[n_options].value))
            return false;
    }
    for (uint32_t i = 0; i < n_results; i++)
        types[i] = ir_value_type(p->m, ir_result(p->m, op, i));
    build_args args = {.op = row->op,
                       .loc = ir_op_at(p->m, op)->loc,
                       .operands = v,
                       .n_operands = operands_by_group(p, op, row, there, v, sizes),
                       .sizes = sizes,
                       .types = types,
                       .n_types = row->result == WRITES ? 0 : n_results,
                       .props = make_dict(p, a, n_options)};
    ir_op made = build_op(p, &args);
    for (uint32_t i = 0; made && i < n_results; i++)
        out[i] = row->result == WRITES ? v[0] : ir_result(p->m, made, i);
    if (!made || (row->op == OP_ttir_all_to_all_combine && !sum_over_other_axis(p, op, out)))
        return false;
    ir_replace(p->e, op, out);
    return true;
}

/* ---- kernels of the user's ------------------------------------------------------------------------------ */

/* "in, out": which of the kernel's tensors are which. */
static bool count_roles(str roles, uint32_t *in, uint32_t *out) {
    *in = *out = 0;
    for (size_t at = 0; at <= roles.n;) {
        size_t end = at;
        while (end < roles.n && roles.p[end] != ',')
            end++;
        str role = str_trim(str_of(roles.p + at, end - at));
        *in += str_eq(role, STR("in"));
        *out += str_eq(role, STR("out"));
        if (!str_eq(role, STR("in")) && !str_eq(role, STR("out")))
            return false;
        at = end + 1;
    }
    return true;
}

/* Its inputs, and an empty tensor for each result to be written into. */
static bool tt_lang(pass_context *p, ir_op op) {
    static const str keys[] = {STR_INIT("kernel_id"), STR_INIT("version_tag"), STR_INIT("arg_roles"),
                               STR_INIT("shard_spec")};
    const ir_op_data *o = ir_op_at(p->m, op);
    uint32_t n = o->n_operands, n_results = o->n_results, n_in, n_out;
    ir_loc loc = o->loc;
    attr_entry a[4];
    for (uint32_t i = 0; i < 4; i++) {
        str text = hlo_option(p, op, keys[i]);
        a[i] = (attr_entry){keys[i], ir_attr_string(p->c, text, 0)};
        if (!text.n && i < 3)
            return false;
    }
    if (!count_roles(hlo_option(p, op, keys[2]), &n_in, &n_out) || n_in != n || n_out != n_results)
        return false;
    ir_value *v = ARENA_ARRAY(&p->scratch, ir_value, n + n_results);
    if (!v) {
        p->m->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        v[i] = ir_operand(p->m, op, i);
    for (uint32_t i = 0; i < n_results; i++)
        v[n + i] = build_value(p, OP_ttir_empty, loc, NULL, 0, ir_value_type(p->m, ir_result(p->m, op, i)), 0);
    build_args args = {
        .op = OP_ttir_tt_lang_op, .loc = loc, .operands = v, .n_operands = n + n_results, .props = make_dict(p, a, 4)};
    return hlo_replace_op(p, op, &args);
}

/* ---- arguments ------------------------------------------------------------------------------------------ */

/* What tt-xla says about an argument: its kind and its name. */
static bool mark_argument(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    ir_block block = ir_arg_block(p->m, v);
    ir_op func = block ? func_of(p->m, op) : 0;
    str kind = hlo_option(p, op, STR("ttcore.argument_type")), name = hlo_option(p, op, STR("ttir.name"));
    if (n_operands(p, op) != 1)
        return false;
    if (func && body_of(p->m, func) == block) {
        uint32_t i = v - ir_block_at(p->m, block)->args;
        if (kind.n)
            func_set_arg_attr(p, func, i, STR("ttcore.argument_type"),
                              dialect_make_case(p->c, ATTR_ttcore_argument_type, kind));
        if (name.n)
            func_set_arg_attr(p, func, i, STR("ttir.name"), ir_attr_string(p->c, name, 0));
    }
    return hlo_replace(p, op, v);
}

/* ---- all ------------------------------------------------------------------------------------------------ */

static const struct {
    str name;
    rewrite_fn *fn;
} known[] = {
    {STR_INIT("SPMDFullToShardShape"), hlo_gspmd_to_shards},
    {STR_INIT("SPMDShardToFullShape"), hlo_gspmd_to_full},
    {STR_INIT("Sharding"), hlo_gspmd_sharding},
    {STR_INIT("mhlo.asinh"), asinh_call},
    {STR_INIT("mhlo.erf"), erf_call},
    {STR_INIT("mhlo.topk"), topk},
    {STR_INIT("tt.flash_mla_prefill"), hlo_flash_mla_prefill},
    {STR_INIT("tt.indexer_score_dsa"), hlo_indexer_score_dsa},
    {STR_INIT("tt.mark_argument"), mark_argument},
    {STR_INIT("tt.tt_lang_op"), tt_lang},
};

bool hlo_call_is_known(str name) {
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq(known[i].name, name))
            return true;
    return row_of(calls, sizeof calls / sizeof calls[0], name) != NULL;
}

bool hlo_custom_call(pass_context *p, ir_op op) {
    ir_attr name = ir_op_attr(p->m, op, STR("call_target_name"));
    str text = name ? ir_str_of(p->c, name) : STR("");
    if (!n_operands(p, op) || !ir_op_at(p->m, op)->n_results)
        return false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq(known[i].name, text))
            return known[i].fn(p, op);
    const call_row *row = row_of(calls, sizeof calls / sizeof calls[0], text);
    if (row)
        return call_by_row(p, op, row);
    return str_starts_with(text, STR("tenstorrent.")) && hlo_composite_call(p, op, text);
}
