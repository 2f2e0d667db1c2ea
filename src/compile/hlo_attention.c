/* hlo_attention.c - calls of attention kernels that not every device has: they become a ttcore.composite, whose decomposition
 * function does the same in simple ops. Bodies as in tt-mlir's StableHLOToTTIRPatterns.cpp.
 *
 *   tt.flash_mla_prefill   softmax(q k' * scale + mask) v, where v may be the first features of k
 *   tt.indexer_score_dsa   sum over heads of relu(q k') * weight, for keys up to the query's position */
#include <math.h>

#include "compile/hlo.h"

/* ---- composites ----------------------------------------------------------------------------------------- */

enum { MOST_INPUTS = 4 };

/* A name in the module that nobody has: itself, or with _0, _1, ... */
static str free_name(pass_context *p, ir_op module, str base) {
    str name = base;
    for (uint32_t n = 0; name.p && lookup_symbol(p, module, name); n++)
        name = arena_printf(&p->scratch, "%.*s_%u", STR_ARG(base), n);
    p->m->failed = p->m->failed || !name.p;
    return name;
}

/* What a body is built from: its arguments and how the call was made. */
typedef struct body_of_call {
    pass_context *p;
    ir_loc loc;
    ir_value in[MOST_INPUTS]; /* 0: the call has no such operand */
    ir_type element;
    bool causal;
    double scale;
    int64_t head_size; /* of values */
    int64_t start;     /* where the first query stands */
} body_of_call;

typedef ir_value body_fn(const body_of_call *b);

/* Replaces the call by a composite of this name, with a function that `fn` fills. Operands are inputs in their order, where
 * `there` has a bit. */
static bool build_composite(pass_context *p, ir_op op, str name, uint32_t there, body_of_call *b, body_fn *fn,
                            ir_attr attributes) {
    ir_op func = func_of(p->m, op), module = func ? ir_parent_op(p->m, func) : 0;
    ir_type type = hlo_type(p, op), types[MOST_INPUTS];
    ir_value v[MOST_INPUTS] = {0};
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    str prefix = arena_printf(&p->scratch, "%.*s_decomp", STR_ARG(name));
    str symbol = module && prefix.p ? free_name(p, module, prefix) : STR("");
    if (!symbol.n || n > MOST_INPUTS)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        v[i] = ir_operand(p->m, op, i);
        types[i] = ir_value_type(p->m, v[i]);
    }
    *b = (body_of_call){.p = p,
                        .loc = ir_op_at(p->m, op)->loc,
                        .element = ir_element_type(p->c, types[0]),
                        .causal = b->causal,
                        .scale = b->scale,
                        .head_size = b->head_size,
                        .start = b->start};
    ir_edit at = *p->e;
    ir_block entry = build_private_func(p, module, b->loc, symbol, types, n, type, 0);
    for (uint32_t i = 0, next = 0; entry && i < MOST_INPUTS; i++)
        b->in[i] = there >> i & 1 ? ir_block_at(p->m, entry)->args + next++ : 0;
    ir_value made = entry ? fn(b) : 0;
    build_args end = {.op = OP_func_return, .loc = b->loc, .operands = &made, .n_operands = 1};
    bool ok = made && build_op(p, &end);
    p->e->block = at.block;
    p->e->before = at.before;
    attr_entry a[] = {{STR("composite_attributes"), attributes},
                      {STR("composite_name"), ir_attr_string(p->c, name, false)},
                      {STR("decomposition"), ir_attr_symbol(p->c, symbol, true)}};
    return ok && hlo_replace(p, op, build_value(p, OP_ttcore_composite, b->loc, v, n, type, make_dict(p, a, 3)));
}

static ir_type type_of(const body_of_call *b, int64_t d0, int64_t d1, int64_t d2, int64_t d3) {
    shape s = {.d = {d0, d1, d2, d3}, .n = 4};
    return tensor_type(b->p, &s, b->element);
}

/* Keys with the last two dimensions exchanged. */
static ir_value transposed(const body_of_call *b, ir_value v, const shape *s) {
    static const int64_t perm[] = {0, 1, 3, 2};
    return build_permute_to(b->p, b->loc, v, perm, type_of(b, s->d[0], s->d[1], s->d[3], s->d[2]));
}

/* 0 where a key may be seen, -inf elsewhere: the place of the query, from `start` on, is not before the key's. Places are
 * counted in the type `index`. */
static ir_value build_causal(const body_of_call *b, ir_type index, ir_type type, const int64_t *start) {
    pass_context *p = b->p;
    ir_value row = hlo_build_arange(p, b->loc, index, 2), column = hlo_build_arange(p, b->loc, index, 3);
    if (start) {
        ir_value first = build_full(p, b->loc, index, make_i32(p, *start));
        row = build_binary(p, OP_ttir_add, b->loc, row, first, index);
    }
    ir_value v[] = {build_binary(p, OP_ttir_ge, b->loc, row, column, index),
                    build_full(p, b->loc, type, make_f32(p, 0)), build_full(p, b->loc, type, make_f32(p, -INFINITY))};
    return build_value(p, OP_ttir_where, b->loc, v, 3, type, 0);
}

/* ---- multi-latent attention ----------------------------------------------------------------------------- */

/* query (B, H, S, D), key (B, K, T, D), value (B, K, T, V), mask; groups of H / K heads see the same keys: they are put
 * behind each other, so that one product does them. */
static ir_value build_mla(const body_of_call *b) {
    pass_context *p = b->p;
    shape q, k;
    if (!shape_of(p->m, b->in[0], &q) || !shape_of(p->m, b->in[1], &k))
        return 0;
    int64_t groups = q.d[1] / k.d[1];
    ir_value query = b->in[0], value = b->in[2];
    if (!value) {
        slice_range first = {.end = {k.d[0], k.d[1], k.d[2], b->head_size}, .step = {1, 1, 1, 1}, .n = 4};
        value = build_slice_to(p, b->loc, b->in[1], &first, type_of(b, k.d[0], k.d[1], k.d[2], b->head_size));
    }
    if (groups > 1)
        query = build_reshape_to(p, b->loc, query, type_of(b, q.d[0], k.d[1], groups * q.d[2], q.d[3]));
    ir_value keys = transposed(b, b->in[1], &k);
    ir_type scores = type_of(b, q.d[0], q.d[1], q.d[2], k.d[2]),
            grouped = type_of(b, q.d[0], k.d[1], groups * q.d[2], k.d[2]);
    ir_value v = build_matmul(p, b->loc, query, keys, 0, false, false, groups > 1 ? grouped : scores);
    if (groups > 1)
        v = build_reshape_to(p, b->loc, v, scores);
    v = build_binary(p, OP_ttir_multiply, b->loc, v, build_full(p, b->loc, scores, make_f32(p, b->scale)), scores);
    if (b->in[3])
        v = build_binary(p, OP_ttir_add, b->loc, v, b->in[3], scores);
    if (b->causal) {
        ir_type mask = type_of(b, 1, 1, q.d[2], k.d[2]);
        v = build_binary(p, OP_ttir_add, b->loc, v, build_causal(b, mask, mask, NULL), scores);
    }
    v = build_softmax(p, b->loc, v, 3, true, scores);
    if (groups > 1)
        v = build_reshape_to(p, b->loc, v, grouped);
    ir_type out = type_of(b, q.d[0], q.d[1], q.d[2], b->head_size);
    v = build_matmul(p, b->loc, v, value, 0, false, false,
                     groups > 1 ? type_of(b, q.d[0], k.d[1], groups * q.d[2], b->head_size) : out);
    return groups > 1 ? build_reshape_to(p, b->loc, v, out) : v;
}

static bool flag(pass_context *p, ir_op op, str key, bool otherwise, bool *out) {
    str text = hlo_option(p, op, key);
    *out = otherwise;
    return !text.n || hlo_flag_of(text, out);
}

/* The shapes that the body takes for granted. */
static bool is_mla(pass_context *p, ir_op op, bool has_value, int64_t head_size) {
    shape q, k, v, out;
    return shape_of(p->m, ir_operand(p->m, op, 0), &q) && shape_of(p->m, ir_operand(p->m, op, 1), &k) &&
           shape_of_type(p->c, hlo_type(p, op), &out) && q.n == 4 && k.n == 4 && out.n == 4 && k.d[1] > 0 &&
           q.d[1] % k.d[1] == 0 && q.d[0] == k.d[0] && q.d[3] == k.d[3] && out.d[3] == head_size &&
           (has_value ? shape_of(p->m, ir_operand(p->m, op, 2), &v) && v.n == 4 && v.d[3] == head_size
                      : head_size <= k.d[3]);
}

bool hlo_flash_mla_prefill(pass_context *p, ir_op op) {
    body_of_call b = {0};
    bool value, mask, scaled = hlo_option(p, op, STR("scale")).n != 0;
    double head_size, scale;
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    shape q;
    if (!flag(p, op, STR("has_value"), false, &value) || !flag(p, op, STR("has_attention_mask"), false, &mask) ||
        !flag(p, op, STR("is_causal"), true, &b.causal) ||
        !hlo_number_option(p, op, STR("head_dim_v"), 0, &head_size) ||
        !hlo_number_option(p, op, STR("scale"), 0, &scale) || n != 2u + value + mask || head_size < 1 ||
        head_size > INT32_MAX || !is_mla(p, op, value, (int64_t)head_size) ||
        !shape_of(p->m, ir_operand(p->m, op, 0), &q))
        return false;
    b.head_size = (int64_t)head_size;
    b.scale = scaled ? scale : (double)(1.0f / sqrtf((float)q.d[3]));
    attr_entry a[] = {{STR("has_attention_mask"), ir_attr_bool(p->c, mask)},
                      {STR("has_value"), ir_attr_bool(p->c, value)},
                      {STR("head_dim_v"), hlo_ui32(p, b.head_size)},
                      {STR("is_causal"), ir_attr_bool(p->c, b.causal)},
                      {STR("scale"), scaled ? make_f32(p, scale) : 0}};
    return build_composite(p, op, STR("flash_mla_prefill"), 3u | (uint32_t)value << 2 | (uint32_t)mask << 3, &b,
                           build_mla, make_dict(p, a, 5));
}

/* ---- scores of an indexer ------------------------------------------------------------------------------- */

/* query (B, H, S, D), key (B, 1, T, D), weights (B, H, S, 1): (B, 1, S, T). Places are counted as i32, which bf16 could
 * not tell apart from 256 on. */
static ir_value build_indexer(const body_of_call *b) {
    pass_context *p = b->p;
    shape q, k;
    if (!shape_of(p->m, b->in[0], &q) || !shape_of(p->m, b->in[1], &k))
        return 0;
    ir_type all = type_of(b, q.d[0], q.d[1], q.d[2], k.d[2]), score = type_of(b, q.d[0], 1, q.d[2], k.d[2]);
    int64_t rows = q.d[1] * q.d[2], heads = 1;
    ir_value query = build_reshape_to(p, b->loc, b->in[0], type_of(b, q.d[0], 1, rows, q.d[3]));
    ir_value keys = transposed(b, b->in[1], &k);
    ir_value v = build_matmul(p, b->loc, query, keys, 0, false, false, type_of(b, q.d[0], 1, rows, k.d[2]));
    v = build_unary(p, OP_ttir_relu, b->loc, build_reshape_to(p, b->loc, v, all), all);
    v = build_binary(p, OP_ttir_multiply, b->loc, v, build_broadcast_to(p, b->loc, b->in[2], all), all);
    v = build_reduce(p, OP_ttir_sum, b->loc, v, p->c->a_true, make_i32_list(p, &heads, 1), score);
    ir_value mask = build_causal(b, type_with_element(p, score, p->c->t_i32), score, &b->start);
    return build_binary(p, OP_ttir_add, b->loc, v, mask, score);
}

bool hlo_indexer_score_dsa(pass_context *p, ir_op op) {
    body_of_call b = {0};
    double start, axis;
    shape q, k, w;
    if (ir_op_at(p->m, op)->n_operands != 3 || !hlo_number_option(p, op, STR("chunk_start_idx"), 0, &start) ||
        !hlo_number_option(p, op, STR("cluster_axis"), -1, &axis) || start < 0 || start > INT32_MAX || axis > 1 ||
        !shape_of(p->m, ir_operand(p->m, op, 0), &q) || !shape_of(p->m, ir_operand(p->m, op, 1), &k) ||
        !shape_of(p->m, ir_operand(p->m, op, 2), &w) || q.n != 4 || k.n != 4 || w.n != 4 || k.d[1] != 1 ||
        q.d[3] != k.d[3] || w.d[3] != 1)
        return false;
    b.start = (int64_t)start;
    attr_entry a[] = {{STR("chunk_start_idx"), hlo_ui32(p, b.start)},
                      {STR("cluster_axis"), axis >= 0 ? hlo_ui32(p, (int64_t)axis) : 0}};
    return build_composite(p, op, STR("indexer_score_dsa"), 7, &b, build_indexer, make_dict(p, a, 2));
}
