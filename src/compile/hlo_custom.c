/* hlo_custom.c - stablehlo.custom_call: the names that tt-xla and jax call TTIR ops by, and rng_bit_generator. */
#include "base/num.h"
#include "compile/hlo.h"

/* ---- what a call says ----------------------------------------------------------------------------------- */

/* Options are texts in mhlo.frontend_attributes. */
static str option(pass_context *p, ir_op op, str key) {
    ir_attr dict = ir_op_attr(p->m, op, STR("mhlo.frontend_attributes"));
    ir_attr a = dict && ir_kind_of(p->c, dict) == IR_ATTR_DICT ? ir_dict_get(p->c, dict, key) : 0;
    return a && ir_kind_of(p->c, a) == IR_ATTR_STRING ? ir_str_of(p->c, a) : STR("");
}

/* A number, or `otherwise` when it is not said. False when it is said and no number. */
static bool number_option(pass_context *p, ir_op op, str key, double otherwise, double *out) {
    str s = option(p, op, key);
    *out = otherwise;
    return !s.n || num_parse_double(s, out) == s.n;
}

static bool flag_option(pass_context *p, ir_op op, str key, bool otherwise, bool *out) {
    str s = option(p, op, key);
    *out = s.n ? str_eq(s, STR("true")) || str_eq(s, STR("True")) : otherwise;
    return !s.n || *out || str_eq(s, STR("false")) || str_eq(s, STR("False"));
}

static uint32_t n_operands(pass_context *p, ir_op op) {
    return ir_op_at(p->m, op)->n_operands;
}

static uint32_t operands_of(pass_context *p, ir_op op, ir_value *out, uint32_t cap) {
    uint32_t n = n_operands(p, op);
    for (uint32_t i = 0; i < n && i < cap; i++)
        out[i] = ir_operand(p->m, op, i);
    return n;
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

/* ---- caches --------------------------------------------------------------------------------------------- */

/* An op that writes into its first operand, which then is the result. */
static bool build_write(pass_context *p, ir_op op, uint32_t to, ir_attr props) {
    ir_value v[4];
    uint32_t n = operands_of(p, op, v, 4);
    build_args args = {.op = to, .loc = ir_op_at(p->m, op)->loc, .operands = v, .n_operands = n, .props = props};
    return ir_op_at(p->m, op)->n_results == 1 && build_op(p, &args) && hlo_replace(p, op, v[0]);
}

static bool at_batch(pass_context *p, ir_op op, uint32_t to, uint32_t n) {
    double batch;
    attr_entry a[] = {{STR("batch_offset"), 0}};
    if (n_operands(p, op) != n || !option(p, op, a[0].key).n || !number_option(p, op, a[0].key, 0, &batch) || batch < 0)
        return false;
    a[0].value = make_i32(p, (int64_t)batch);
    return build_write(p, op, to, make_dict(p, a, 1));
}

static bool fill_cache(pass_context *p, ir_op op) {
    return at_batch(p, op, OP_ttir_fill_cache, 2);
}

static bool update_cache(pass_context *p, ir_op op) {
    return at_batch(p, op, OP_ttir_update_cache, 3);
}

static bool paged_update_cache(pass_context *p, ir_op op) {
    bool share;
    if (n_operands(p, op) != 4 || !flag_option(p, op, STR("share_cache"), false, &share))
        return false;
    attr_entry a[] = {{STR("share_cache"), share ? p->c->a_true : p->c->a_false}};
    return build_write(p, op, OP_ttir_paged_update_cache, make_dict(p, a, 1));
}

static bool paged_fill_cache(pass_context *p, ir_op op) {
    uint32_t n = n_operands(p, op);
    return (n == 3 || n == 4) && build_write(p, op, OP_ttir_paged_fill_cache, make_dict(p, NULL, 0));
}

/* ---- attention ------------------------------------------------------------------------------------------ */

typedef struct attention_options {
    bool causal, mask, sink;
    double scale, window;
    bool scaled, windowed;
} attention_options;

static bool attention_options_of(pass_context *p, ir_op op, attention_options *o) {
    o->scaled = option(p, op, STR("scale")).n != 0;
    o->windowed = option(p, op, STR("sliding_window_size")).n != 0;
    return ir_op_attr(p->m, op, STR("mhlo.frontend_attributes")) &&
           flag_option(p, op, STR("is_causal"), true, &o->causal) &&
           flag_option(p, op, STR("has_attention_mask"), false, &o->mask) &&
           flag_option(p, op, STR("has_attention_sink"), false, &o->sink) &&
           number_option(p, op, STR("scale"), 0, &o->scale) &&
           number_option(p, op, STR("sliding_window_size"), 0, &o->window);
}

static bool build_attention(pass_context *p, ir_op op, uint32_t to, const attention_options *o, const ir_value *v,
                            uint32_t n, const int32_t *sizes) {
    ir_type type = hlo_type(p, op);
    ir_type ui32 = ir_type_integer(p->c, 32, IR_UNSIGNED);
    attr_entry a[] = {{STR("is_causal"), o->causal ? p->c->a_true : p->c->a_false},
                      {STR("scale"), o->scaled ? make_f32(p, o->scale) : 0},
                      {STR("sliding_window_size"), o->windowed ? ir_attr_int(p->c, ui32, (int64_t)o->window) : 0}};
    build_args args = {.op = to,
                       .loc = ir_op_at(p->m, op)->loc,
                       .operands = v,
                       .n_operands = n,
                       .sizes = sizes,
                       .types = &type,
                       .n_types = 1,
                       .props = make_dict(p, a, 3)};
    ir_op made = build_op(p, &args);
    return made && hlo_replace(p, op, ir_result(p->m, made, 0));
}

/* query, key, value, mask, sink */
static bool attention(pass_context *p, ir_op op) {
    attention_options o;
    ir_value v[5];
    uint32_t n = operands_of(p, op, v, 5);
    if (!attention_options_of(p, op, &o))
        return false;
    o.mask = o.mask || (n == 4 && !o.sink);
    const int32_t sizes[] = {1, 1, 1, o.mask, o.sink};
    return n == 3u + o.mask + o.sink && build_attention(p, op, OP_ttir_scaled_dot_product_attention, &o, v, n, sizes);
}

/* query, key, value, position, mask, sink; the op has the mask before the position. */
static bool attention_decode(pass_context *p, ir_op op) {
    attention_options o;
    ir_value v[6];
    uint32_t n = operands_of(p, op, v, 6);
    if (!attention_options_of(p, op, &o) || n != 4u + o.mask + o.sink)
        return false;
    o.windowed = false;
    if (o.mask) {
        ir_value position = v[3];
        v[3] = v[4];
        v[4] = position;
    }
    const int32_t sizes[] = {1, 1, 1, o.mask, 1, o.sink};
    return build_attention(p, op, OP_ttir_scaled_dot_product_attention_decode, &o, v, n, sizes);
}

/* ---- arguments ------------------------------------------------------------------------------------------ */

/* What tt-xla says about an argument: its kind and its name. */
static bool mark_argument(pass_context *p, ir_op op) {
    ir_value v = ir_operand(p->m, op, 0);
    ir_block block = ir_arg_block(p->m, v);
    ir_op func = block ? func_of(p->m, op) : 0;
    str kind = option(p, op, STR("ttcore.argument_type")), name = option(p, op, STR("ttir.name"));
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
    {STR_INIT("tt.fill_cache"), fill_cache},
    {STR_INIT("tt.mark_argument"), mark_argument},
    {STR_INIT("tt.paged_fill_cache"), paged_fill_cache},
    {STR_INIT("tt.paged_update_cache"), paged_update_cache},
    {STR_INIT("tt.scaled_dot_product_attention"), attention},
    {STR_INIT("tt.scaled_dot_product_attention_decode"), attention_decode},
    {STR_INIT("tt.update_cache"), update_cache},
};

bool hlo_custom_call(pass_context *p, ir_op op) {
    ir_attr name = ir_op_attr(p->m, op, STR("call_target_name"));
    str text = name ? ir_str_of(p->c, name) : STR("");
    if (!n_operands(p, op) || !ir_op_at(p->m, op)->n_results)
        return false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq(known[i].name, text))
            return known[i].fn(p, op);
    return false;
}
