/* shard_rule_call.c - which dimensions go together in what front ends call: attention, caches, sampling, and ops that say so
 * themselves. Rules are those of tt-mlir's RegisterCustomShardingRule.cpp, but for two that would change what is computed: a
 * device's rows of queries in tt.indexer_score_dsa, whose mask starts at the first row, and a device's users in
 * tt.paged_update_cache, whose cache every device has. */
#include "compile/hlo.h"
#include "compile/shard_rule.h"

/* query, key, value, then a mask: batches and heads. With fewer heads of keys than of queries, a head of keys goes with as
 * many of queries. */
void rule_attention(rule_making *k) {
    const shape *q = rule_operand_shape(k, 0), *keys = rule_operand_shape(k, 1);
    if (k->r->n_operands < 3 || q->n != 4 || keys->n != 4 || rule_operand_shape(k, 2)->n != 4 || keys->d[1] < 1 ||
        q->d[1] % keys->d[1] || rule_operand_shape(k, 2)->d[1] != keys->d[1])
        return;
    rule_same_dim(k, 0);
    bool masked_by_head =
        k->r->n_operands > 3 && rule_operand_shape(k, 3)->n == 4 && rule_operand_shape(k, 3)->d[1] != 1;
    if (k->r->n_operands > 4 || masked_by_head)
        return; /* what is there for each head of the queries */
    int factor = rule_new_factor(k, keys->d[1]), times = rule_new_factor(k, q->d[1] / keys->d[1]);
    for (uint32_t t = 0; t < 3; t++)
        rule_add_factor(k, t, 1, factor);
    rule_add_result_factor(k, 0, 1, factor);
    rule_add_factor(k, 0, 1, times);
    rule_add_result_factor(k, 0, 1, times);
}

/* cache (batch, head, position, element), what is written into it, ...: heads and elements. */
static void cache(rule_making *k) {
    const shape *in = rule_operand_shape(k, 0), *update = rule_operand_shape(k, 1);
    for (int d = 1; d < 4 && in->n == 4 && update->n == 4; d += 2)
        if (in->d[d] == update->d[d])
            rule_same_dim(k, d);
}

/* ---- calls with dimensions that are always the same ------------------------------------------------------ */

enum { MOST_GROUPS = 8, MOST_FACTORS = 5, NONE = -1 };

typedef enum factor_kind {
    NO_FACTOR,
    CUT,   /* each device has a part of it */
    SUMS,  /* results are partial when it is cut */
    WHOLE, /* every device needs all of it; how one tensor is cut still says how the others are best */
} factor_kind;

/* The dimension of each operand group (of the op that the call becomes, hlo_custom.c) and of the result; its size is that of
 * the first. Where a tensor has another size there, it must be one; else the factor is none. */
typedef struct call_factor {
    factor_kind kind;
    int16_t dim[MOST_GROUPS];
    int16_t result;
} call_factor;

static const struct {
    str target;
    call_factor factors[MOST_FACTORS];
} fixed[] = {
    {STR_INIT("tt.chunked_scaled_dot_product_attention"),
     {{CUT, {1, 1, 1, NONE, NONE}, 1}, {CUT, {0, NONE, NONE, 0, NONE}, 0}}},
    {STR_INIT("tt.flash_mla_prefill"),
     {{CUT, {0, 0, 0, 0}, 0},
      {CUT, {1, 1, 1, 1}, 1},
      {WHOLE, {2, 2, 2, 2}, 2},
      {WHOLE, {3, 3, NONE, NONE}, NONE},
      {WHOLE, {NONE, NONE, 3, NONE}, 3}}},
    {STR_INIT("tt.indexer_score_dsa"),
     {{CUT, {0, 0, 0}, 0},
      {SUMS, {1, NONE, 1}, NONE},
      {WHOLE, {2, NONE, 2}, 2},
      {WHOLE, {NONE, 2, NONE}, 3},
      {WHOLE, {3, 3, NONE}, NONE}}},
    {STR_INIT("tt.paged_fill_cache"), {{CUT, {1, 1, NONE, NONE}, 1}}},
    {STR_INIT("tt.paged_flash_mla_decode"),
     {{CUT, {2, 1, 1, NONE, 1, NONE, 0}, 2}, {CUT, {1, NONE, NONE, 0, 0, 0, NONE}, 1}}},
    {STR_INIT("tt.paged_scaled_dot_product_attention_decode"),
     {{CUT, {2, 1, 1, NONE, NONE, 2, NONE, 0}, 2}, {CUT, {1, NONE, NONE, 0, NONE, 0, 0, NONE}, 1}}},
    {STR_INIT("tt.paged_update_cache"), {{CUT, {1, 2, NONE, NONE}, 1}}},
    {STR_INIT("tt.sampling"), {{CUT, {0, 0, 0, 0, 0}, 0}, {WHOLE, {1, 1, NONE, NONE, NONE}, NONE}}},
};

/* The size of a factor, -1 when a tensor has another one there. */
static int64_t factor_size(const rule_making *k, const call_factor *f, const int8_t *group) {
    int64_t size = -1;
    for (uint32_t i = 0; i <= k->r->n_operands; i++) {
        bool result = i == k->r->n_operands;
        const shape *s = result ? rule_result_shape(k, 0) : rule_operand_shape(k, i);
        int d = result ? f->result : f->dim[group[i]];
        if (d == NONE)
            continue;
        if (d >= s->n || (size > 0 && s->d[d] != size && s->d[d] != 1))
            return -1;
        size = size < 0 ? s->d[d] : size;
    }
    return size;
}

static void fixed_factors(rule_making *k, const call_factor *factors) {
    int8_t group[MOST_GROUPS];
    if (k->r->n_operands > MOST_GROUPS || k->r->n_results != 1 || !hlo_call_groups(k->p, k->op, group))
        return;
    for (const call_factor *f = factors; f < factors + MOST_FACTORS && f->kind != NO_FACTOR; f++) {
        int64_t size = factor_size(k, f, group);
        int factor = size > 0 ? rule_new_factor(k, size) : -1;
        if (factor < 0)
            continue;
        k->r->reduces[factor] = f->kind == SUMS;
        k->r->whole[factor] = f->kind == WHOLE;
        for (uint32_t i = 0; i < k->r->n_operands; i++) {
            int d = f->dim[group[i]];
            if (d != NONE && k->shapes[i].d[d] == size)
                rule_add_factor(k, i, d, factor);
        }
        if (f->result != NONE && rule_result_shape(k, 0)->d[f->result] == size)
            rule_add_result_factor(k, 0, f->result, factor);
    }
    k->r->reduce = STR("sum");
}

/* ---- composites ----------------------------------------------------------------------------------------- */

/* What works along one dimension: the others are cut together. A gather's index may be cut along it, too: each device then
 * looks up its own. */
static void along_dim(rule_making *k, int64_t dim, bool lookup) {
    const shape *in = rule_operand_shape(k, 0), *out = rule_result_shape(k, 0);
    dim = wrap_dim(dim, in->n);
    for (int d = 0, o = 0; d < in->n && dim >= 0 && dim < in->n; d++) {
        bool gone = d == dim && out->n < in->n;
        if (d != dim && o < out->n && out->d[o] == in->d[d]) {
            int factor = rule_new_factor(k, in->d[d]);
            rule_add_factor(k, 0, d, factor);
            if (lookup)
                rule_add_factor(k, 1, d, factor);
            for (uint32_t i = 0; i < k->r->n_results; i++)
                rule_add_result_factor(k, i, o, factor);
        } else if (d == dim && lookup) {
            int factor = rule_new_factor(k, out->d[o]);
            rule_add_factor(k, 1, d, factor);
            rule_add_result_factor(k, 0, o, factor);
        }
        o += !gone;
    }
}

void rule_composite(rule_making *k) {
    int64_t dims[1];
    if (op_is(k->p->m, k->op, OP_ttir_argmax)) {
        if (op_ints(k->p->m, k->op, STR("dim_arg"), dims, 1) == 1)
            along_dim(k, dims[0], false);
        return;
    }
    along_dim(k, op_int_or(k->p->m, k->op, STR("dim"), -1), op_is(k->p->m, k->op, OP_ttir_gather));
}

static void gather_dim(rule_making *k) {
    ir_attr a = ir_op_attr(k->p->m, k->op, STR("tt.composite_attributes"));
    int64_t dim;
    if (a && ir_kind_of(k->p->c, a) == IR_ATTR_DICT && k->r->n_operands == 2 &&
        ir_int_value(k->p->c, ir_dict_get(k->p->c, a, STR("dim")), &dim) &&
        rule_operand_shape(k, 0)->n == rule_operand_shape(k, 1)->n)
        along_dim(k, dim, true);
}

/* ---- all ------------------------------------------------------------------------------------------------ */

static const struct {
    str target;
    rule_fn *fn;
} calls[] = {
    {STR_INIT("mhlo.asinh"), rule_elementwise},
    {STR_INIT("mhlo.erf"), rule_elementwise},
    {STR_INIT("mhlo.topk"), rule_all_but_last},
    {STR_INIT("tenstorrent.gather"), gather_dim},
    {STR_INIT("tenstorrent.gather_dim"), gather_dim},
    {STR_INIT("tt.fill_cache"), cache},
    {STR_INIT("tt.mark_argument"), rule_pairwise},
    {STR_INIT("tt.scaled_dot_product_attention"), rule_attention},
    {STR_INIT("tt.update_cache"), cache},
};

void rule_custom_call(rule_making *k) {
    ir_attr name = ir_op_attr(k->p->m, k->op, STR("call_target_name"));
    str target = name ? ir_str_of(k->p->c, name) : STR("");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (str_eq(calls[i].target, target))
            calls[i].fn(k);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (str_eq(fixed[i].target, target))
            fixed_factors(k, fixed[i].factors);
}

/* Factors of the tensors that a list of mappings is about, from tensor `first` on. */
static void given_mappings(rule_making *k, ir_attr mappings, uint32_t first, uint32_t n) {
    ir_context *c = k->p->c;
    for (uint32_t t = 0; t < n && t < list_count(k->p, mappings); t++) {
        ir_attr dims = dialect_param(c, ir_at(c, mappings, t), STR("dim_mappings"));
        for (uint32_t d = 0; d < list_count(k->p, dims); d++) {
            int64_t factors[RULE_MAX_SPLIT];
            uint32_t n_factors =
                dialect_param_ints(c, ir_at(c, dims, d), STR("factor_indices"), factors, RULE_MAX_SPLIT);
            for (uint32_t i = 0; i < n_factors && i < RULE_MAX_SPLIT; i++)
                if (factors[i] >= 0 && factors[i] < k->r->n_factors)
                    rule_add_factor(k, first + t, d, (int)factors[i]);
        }
    }
}

bool rule_given(rule_making *k) {
    static const str whole[] = {STR_INIT("need_replication_factors"), STR_INIT("permutation_factors"),
                                STR_INIT("blocked_propagation_factors")};
    ir_attr a = ir_op_attr(k->p->m, k->op, STR("sdy.sharding_rule"));
    int64_t v[RULE_MAX_FACTORS];
    if (!a || !dialect_is_attr(k->p->c, a, ATTR_sdy_op_sharding_rule))
        return false;
    uint32_t n = dialect_param_ints(k->p->c, a, STR("factor_sizes"), v, RULE_MAX_FACTORS);
    for (uint32_t i = 0; i < n && i < RULE_MAX_FACTORS; i++)
        if (rule_new_factor(k, v[i]) < 0)
            return true;
    n = dialect_param_ints(k->p->c, a, STR("reduction_factors"), v, RULE_MAX_FACTORS);
    for (uint32_t i = 0; i < n && i < RULE_MAX_FACTORS; i++)
        if (v[i] >= 0 && v[i] < k->r->n_factors)
            k->r->reduces[v[i]] = true;
    for (size_t w = 0; w < sizeof whole / sizeof whole[0]; w++) {
        n = dialect_param_ints(k->p->c, a, whole[w], v, RULE_MAX_FACTORS);
        for (uint32_t i = 0; i < n && i < RULE_MAX_FACTORS; i++)
            if (v[i] >= 0 && v[i] < k->r->n_factors)
                k->r->whole[v[i]] = true;
    }
    k->r->reduce = STR("sum");
    given_mappings(k, dialect_param(k->p->c, a, STR("operand_mappings")), 0, k->r->n_operands);
    given_mappings(k, dialect_param(k->p->c, a, STR("result_mappings")), k->r->n_operands, k->r->n_results);
    return true;
}
