/* fuse_heads.c - attention heads: concatenation, repetition, scaled dot product attention. */
#include <math.h>

#include "compile/fuse.h"
#include "compile/ttir.h"

enum { BATCH, HEADS, SEQUENCE, HEAD_SIZE, ATTENTION_RANK };

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

/* permute(0, 2, 1, 3) of [batch, heads, sequence, head] whose last two dimensions are then joined */
bool fuse_concatenate_heads(pass_context *p, ir_op op) {
    static const int64_t expected[] = {BATCH, SEQUENCE, HEADS, HEAD_SIZE};
    ir_op permute = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_permute);
    int64_t perm[PASS_MAX_RANK];
    shape in, out;
    if (!permute || !shape_of(p->m, ir_operand(p->m, permute, 0), &in) || in.n != 4 ||
        permutation_of(p->m, permute, perm) != 4 || memcmp(perm, expected, sizeof expected) != 0 ||
        !shape_of(p->m, ir_result(p->m, op, 0), &out))
        return false;
    int64_t hidden = in.d[HEADS] * in.d[HEAD_SIZE];
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value x = ir_operand(p->m, permute, 0);
    if (out.n == 3 && out.d[0] == in.d[BATCH] && out.d[1] == in.d[SEQUENCE] && out.d[2] == hidden) {
        ir_value v = build_unary(p, OP_ttir_concatenate_heads, loc, x, result_type(p, op));
        if (v)
            ir_replace1(p->e, op, v);
        return v != 0;
    }
    if (out.n != 2 || out.d[0] != in.d[BATCH] * in.d[SEQUENCE] || out.d[1] != hidden)
        return false;
    shape joined = {.n = 3, .d = {in.d[BATCH], in.d[SEQUENCE], hidden}};
    ir_value v = build_unary(p, OP_ttir_concatenate_heads, loc, x,
                             tensor_type(p, &joined, ir_element_type(p->c, result_type(p, op))));
    if (v)
        ir_set_operand(p->e, op, 0, v);
    return v != 0;
}

/* reshape that inserts a one, broadcast of it, reshape that joins it with a neighbour */
bool fuse_repeat(pass_context *p, ir_op op) {
    ir_op broadcast = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_broadcast);
    ir_op first = broadcast ? def_is(p->m, ir_operand(p->m, broadcast, 0), OP_ttir_reshape) : 0;
    int64_t factors[PASS_MAX_RANK];
    shape in, mid, out;
    if (!first || !op_has_one_use(p, broadcast) || !op_has_one_use(p, first) ||
        !shape_of(p->m, ir_operand(p->m, first, 0), &in) || !shape_of(p->m, ir_result(p->m, first, 0), &mid) ||
        !shape_of(p->m, ir_result(p->m, op, 0), &out) || mid.n != in.n + 1 || out.n != in.n ||
        op_ints(p->m, broadcast, STR("broadcast_dimensions"), factors, PASS_MAX_RANK) != (uint32_t)mid.n)
        return false;
    int inserted = -1, changed = -1;
    for (int i = 0; i < mid.n; i++) {
        if (factors[i] == 1)
            continue;
        if (inserted != -1)
            return false;
        inserted = i;
    }
    if (inserted == -1 || factors[inserted] <= 1 || mid.d[inserted] != 1)
        return false;
    for (int i = 0; i < in.n; i++) {
        if (mid.d[i < inserted ? i : i + 1] != in.d[i])
            return false;
        if (out.d[i] == in.d[i])
            continue;
        if (changed != -1)
            return false;
        changed = i;
    }
    if (changed == -1 || out.d[changed] != in.d[changed] * factors[inserted])
        return false;
    ir_value x = ir_operand(p->m, first, 0), v = 0;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    if (changed == inserted - 1) {
        attr_entry a[] = {
            {STR("dim"), make_si32(p, changed)},
            {STR("repeats"), ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), factors[inserted])}};
        v = build_value(p, OP_ttir_repeat_interleave, loc, &x, 1, result_type(p, op), make_dict(p, a, 2));
    } else if (changed == inserted) {
        shape times = shape_ones(in.n);
        times.d[changed] = factors[inserted];
        attr_entry a[] = {{STR("repeat_dimensions"), make_i64s(p, times.d, (uint32_t)times.n)}};
        v = build_value(p, OP_ttir_repeat, loc, &x, 1, result_type(p, op), make_dict(p, a, 1));
    }
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- attention ------------------------------------------------------------------------------------------ */

static ir_value peel(pass_context *p, ir_value v, uint32_t id) {
    ir_op def = def_is(p->m, v, id);
    return def ? ir_operand(p->m, def, 0) : v;
}

static bool is_zero_constant(pass_context *p, ir_value v) {
    fill_value f;
    v = peel(p, v, OP_ttir_broadcast);
    ir_op def = ir_def_op(p->m, v);
    return op_is(p->m, def, OP_ttir_zeros) || (op_is(p->m, def, OP_ttir_full) && fill_of(p->m, v, &f) && f.f == 0);
}

/* The float that v is filled with, behind casts, broadcasts and reshapes. */
static bool float_constant(pass_context *p, ir_value v, float *out) {
    static const uint16_t moves[] = {OP_ttir_typecast, OP_ttir_broadcast, OP_ttir_reshape};
    fill_value f;
    v = look_through(p->m, v, moves, 3);
    if (!def_is(p->m, v, OP_ttir_full) || !fill_of(p->m, v, &f) || !f.is_float)
        return false;
    *out = (float)f.f;
    return true;
}

/* v without a multiplication or division by a constant, which is put into *scale; `has` is set then. */
static ir_value peel_scale(pass_context *p, ir_value v, bool *has, float *scale) {
    ir_op def = ir_def_op(p->m, v);
    *has = false;
    if (op_is(p->m, def, OP_ttir_multiply))
        for (uint32_t i = 0; i < 2; i++)
            if (float_constant(p, ir_operand(p->m, def, 1 - i), scale)) {
                *has = true;
                return ir_operand(p->m, def, i);
            }
    if (op_is(p->m, def, OP_ttir_div) && float_constant(p, ir_operand(p->m, def, 1), scale) && *scale != 0) {
        *has = true;
        *scale = 1.0f / *scale;
        return ir_operand(p->m, def, 0);
    }
    return v;
}

/* What is transposed in its last two dimensions by a permute or transpose; 0 when v is no such thing. */
static ir_value transposed(pass_context *p, ir_value v) {
    ir_op def = ir_def_op(p->m, v);
    int64_t perm[PASS_MAX_RANK];
    shape s;
    if (!shape_of(p->m, v, &s) || s.n < 2)
        return 0;
    if (op_is(p->m, def, OP_ttir_transpose)) {
        int64_t a = wrap_dim(op_int_or(p->m, def, STR("dim0"), 0), s.n);
        int64_t b = wrap_dim(op_int_or(p->m, def, STR("dim1"), 0), s.n);
        bool last = (a == s.n - 2 && b == s.n - 1) || (a == s.n - 1 && b == s.n - 2);
        return last ? ir_operand(p->m, def, 0) : 0;
    }
    if (!op_is(p->m, def, OP_ttir_permute) || permutation_of(p->m, def, perm) != s.n)
        return 0;
    for (int i = 0; i < s.n; i++)
        if (perm[i] != (i < s.n - 2 ? i : 2 * s.n - 3 - i))
            return 0;
    return ir_operand(p->m, def, 0);
}

/* Key or value heads repeated for grouped queries: what is repeated, the cast behind the repetition (or 0), how often
 * (0: not repeated). */
typedef struct grouped {
    ir_value heads;
    ir_op cast;
    int64_t repeats;
} grouped;

static grouped find_grouped(pass_context *p, ir_value v) {
    ir_op cast = def_is(p->m, v, OP_ttir_typecast);
    ir_op repeat = def_is(p->m, cast ? ir_operand(p->m, cast, 0) : v, OP_ttir_repeat_interleave);
    shape s;
    if (!repeat || !shape_of(p->m, ir_operand(p->m, repeat, 0), &s) ||
        wrap_dim(op_int_or(p->m, repeat, STR("dim"), 0), s.n) != HEADS)
        return (grouped){.heads = v};
    return (grouped){ir_operand(p->m, repeat, 0), cast, op_int_or(p->m, repeat, STR("repeats"), 0)};
}

static ir_type grouped_type(pass_context *p, const grouped *g) {
    ir_type t = ir_value_type(p->m, g->heads);
    return g->cast ? type_with_element(p, t, ir_element_type(p->c, result_type(p, g->cast))) : t;
}

static ir_value grouped_value(pass_context *p, const grouped *g) {
    return g->cast ? build_typecast(p, ir_op_at(p->m, g->cast)->loc, g->heads, grouped_type(p, g)) : g->heads;
}

/* A slice that drops the last column. */
static bool drops_last_column(pass_context *p, ir_op op) {
    slice_range s;
    shape in;
    if (!slice_of(p->m, op, &s) || !shape_of(p->m, ir_operand(p->m, op, 0), &in) || !in.n)
        return false;
    for (int i = 0; i < in.n; i++)
        if (s.begin[i] || s.step[i] != 1 || s.end[i] != (i == in.n - 1 ? in.d[i] - 1 : in.d[i]))
            return false;
    return true;
}

static bool is_not_of_shape(pass_context *p, ir_value v, void *arg) {
    shape s;
    return !shape_of(p->m, v, &s) || !shape_equal(&s, arg);
}

/* Whether v or anything that it is computed from has this shape. */
static bool comes_from_shape(pass_context *p, ir_value v, shape *of) {
    return !all_upstream(p, v, is_not_of_shape, of) && !p->m->failed;
}

/* The parts of softmax(scale * q k^T + mask) v. */
typedef struct attention {
    ir_op scores;  /* the product of the scores */
    ir_value q, k; /* its operands */
    bool k_transposed;
    ir_value mask, sink;
    bool has_scale;
    float scale;
    ir_op softmax;
    ir_value row_mask; /* condition under which a row is zero, or 0 */
} attention;

/* The product of the scores behind v, scaled or not. */
static bool match_scores(pass_context *p, ir_value v, ir_op outer, attention *a) {
    bool has;
    float scale;
    ir_op matmul = def_is(p->m, peel_scale(p, v, &has, &scale), OP_ttir_matmul);
    if (!matmul || matmul == outer || op_flag(p->m, matmul, STR("transpose_a")))
        return false;
    a->scores = matmul;
    a->q = ir_operand(p->m, matmul, 0);
    a->k = ir_operand(p->m, matmul, 1);
    a->k_transposed = op_flag(p->m, matmul, STR("transpose_b"));
    if (has) {
        a->has_scale = true;
        a->scale = scale;
    }
    return true;
}

/* The softmax over the last dimension that v comes from, with what stands behind it. */
static bool match_softmax(pass_context *p, ir_value v, attention *a, bool *with_sink) {
    shape s;
    v = peel(p, v, OP_ttir_typecast);
    ir_op slice = def_is(p->m, v, OP_ttir_slice_static);
    *with_sink = slice && drops_last_column(p, slice);
    if (*with_sink)
        v = peel(p, ir_operand(p->m, slice, 0), OP_ttir_typecast);
    ir_op where = def_is(p->m, v, OP_ttir_where);
    if (where) {
        ir_value row = peel(p, ir_operand(p->m, where, 0), OP_ttir_broadcast);
        if (shape_of(p->m, row, &s) && s.n == ATTENTION_RANK && s.d[s.n - 1] == 1 &&
            is_zero_constant(p, ir_operand(p->m, where, 1))) {
            a->row_mask = row;
            v = peel(p, ir_operand(p->m, where, 2), OP_ttir_typecast);
        }
    }
    a->softmax = def_is(p->m, v, OP_ttir_softmax);
    return a->softmax && shape_of(p->m, ir_operand(p->m, a->softmax, 0), &s) &&
           wrap_dim(op_int_or(p->m, a->softmax, STR("dimension"), -1), s.n) == s.n - 1 && ir_has_one_use(p->e, v);
}

/* The column that concat(scores, sink) adds: [1, heads, 1, 1]. The scores are left in *scores. */
static bool match_sink(pass_context *p, ir_value *scores, attention *a) {
    ir_op concat = def_is(p->m, *scores, OP_ttir_concat);
    shape all, column, sink;
    if (!concat || ir_op_at(p->m, concat)->n_operands != 2 || !shape_of(p->m, *scores, &all) ||
        wrap_dim(op_int_or(p->m, concat, STR("dim"), 0), all.n) != all.n - 1)
        return false;
    ir_value v = ir_operand(p->m, concat, 1);
    if (!shape_of(p->m, v, &column) || column.n != ATTENTION_RANK || column.d[HEAD_SIZE] != 1)
        return false;
    a->sink = peel(p, v, OP_ttir_broadcast);
    if (!shape_of(p->m, a->sink, &sink) || sink.n != ATTENTION_RANK || sink.d[BATCH] != 1 ||
        sink.d[HEADS] != all.d[HEADS] || sink.d[SEQUENCE] != 1 || sink.d[HEAD_SIZE] != 1)
        return false;
    *scores = peel(p, ir_operand(p->m, concat, 0), OP_ttir_typecast);
    return true;
}

static bool match_chain(pass_context *p, ir_value chain, ir_op outer, attention *a) {
    ir_op linear = def_is(p->m, chain, OP_ttir_linear), add = def_is(p->m, chain, OP_ttir_add);
    if (linear) {
        if (op_flag(p->m, linear, STR("transpose_a")) || ir_op_at(p->m, linear)->n_operands < 3)
            return false;
        a->scores = linear;
        a->q = ir_operand(p->m, linear, 0);
        a->k = ir_operand(p->m, linear, 1);
        a->k_transposed = op_flag(p->m, linear, STR("transpose_b"));
        a->mask = ir_operand(p->m, linear, 2);
        return true;
    }
    if (!add)
        return match_scores(p, chain, outer, a);
    for (uint32_t i = 0; i < 2; i++)
        if (match_scores(p, ir_operand(p->m, add, i), outer, a)) {
            a->mask = ir_operand(p->m, add, 1 - i);
            return true;
        }
    return false;
}

static bool shapes_fit(const shape *q, const shape *k, const shape *v) {
    if (q->n != ATTENTION_RANK || k->n != ATTENTION_RANK || v->n != ATTENTION_RANK)
        return false;
    for (int i = 0; i < ATTENTION_RANK; i++)
        if (k->d[i] != v->d[i])
            return false;
    return q->d[HEAD_SIZE] == k->d[HEAD_SIZE] && q->d[BATCH] == k->d[BATCH] && k->d[HEADS] &&
           q->d[HEADS] % k->d[HEADS] == 0;
}

static bool mask_fits(pass_context *p, ir_value mask, const shape *q, const shape *k) {
    shape m;
    return shape_of(p->m, mask, &m) && m.n == ATTENTION_RANK && (m.d[BATCH] == 1 || m.d[BATCH] == q->d[BATCH]) &&
           (m.d[HEADS] == 1 || m.d[HEADS] == q->d[HEADS]) && m.d[SEQUENCE] == q->d[SEQUENCE] &&
           m.d[HEAD_SIZE] == k->d[SEQUENCE];
}

/* Rows that the mask hides altogether are zero, not NaN: where(max(mask) == -inf, 0, v). */
static ir_value keep_rows_zero(pass_context *p, ir_loc loc, ir_value v, const attention *a) {
    ir_value cond = a->row_mask;
    shape m, to;
    ir_type type = ir_value_type(p->m, v);
    if (a->mask && shape_of(p->m, a->mask, &m) && m.n == ATTENTION_RANK &&
        is_float_type(p->c, element_of(p->m, a->mask))) {
        int64_t last = ATTENTION_RANK - 1;
        m.d[last] = 1;
        ir_type rows = tensor_type(p, &m, element_of(p->m, a->mask));
        ir_value max = build_reduce(p, OP_ttir_max, loc, a->mask, p->c->a_true, make_i32_list(p, &last, 1), rows);
        ir_value inf = build_full(p, loc, rows, make_f32(p, -INFINITY));
        cond = build_binary(p, OP_ttir_eq, loc, max, inf, rows);
    }
    if (!cond || !shape_of(p->m, v, &to))
        return 0;
    cond = build_broadcast_to(p, loc, cond, tensor_type(p, &to, element_of(p->m, cond)));
    ir_value operands[] = {cond, build_named_full(p, OP_ttir_zeros, loc, type), v};
    return cond ? build_value(p, OP_ttir_where, loc, operands, 3, type, 0) : 0;
}

bool fuse_attention(pass_context *p, ir_op op) {
    attention a = {0};
    bool with_sink, scaled[3];
    float scales[3];
    if (op_flag(p->m, op, STR("transpose_a")) || op_flag(p->m, op, STR("transpose_b")) ||
        !match_softmax(p, ir_operand(p->m, op, 0), &a, &with_sink))
        return false;
    ir_value chain = peel(p, ir_operand(p->m, a.softmax, 0), OP_ttir_typecast);
    if ((with_sink && !match_sink(p, &chain, &a)) || !match_chain(p, chain, op, &a))
        return false;
    /* The scale is on the product, or on q or k, before or behind k's transpose. */
    ir_value q = peel_scale(p, a.q, &scaled[0], &scales[0]);
    ir_value k = peel_scale(p, a.k, &scaled[1], &scales[1]);
    if (!a.k_transposed)
        k = transposed(p, k);
    if (!k)
        return false;
    k = peel_scale(p, k, &scaled[2], &scales[2]);
    float k_scale = (scaled[1] ? scales[1] : 1.0f) * (scaled[2] ? scales[2] : 1.0f);
    if (scaled[0] || scaled[1] || scaled[2]) {
        if (a.has_scale)
            return false;
        a.has_scale = true;
        a.scale = (scaled[0] ? scales[0] : 1.0f) * k_scale;
    }
    grouped gk = find_grouped(p, k), gv = find_grouped(p, ir_operand(p->m, op, 1));
    if (!gk.repeats || gk.repeats != gv.repeats) {
        gk = (grouped){.heads = k};
        gv = (grouped){.heads = ir_operand(p->m, op, 1)};
    }
    ir_type type = result_type(p, op);
    shape qs, ks, vs, scores;
    if (!shape_of(p->m, q, &qs) || !shape_of(p->m, gk.heads, &ks) || !shape_of(p->m, gv.heads, &vs) ||
        !shapes_fit(&qs, &ks, &vs) || (a.mask && !mask_fits(p, a.mask, &qs, &ks)) ||
        grouped_type(p, &gk) != grouped_type(p, &gv) || ir_value_type(p->m, q) != type ||
        !shape_of(p->m, ir_operand(p->m, a.softmax, 0), &scores))
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    k = grouped_value(p, &gk);
    ir_value operands[5] = {q, k, grouped_value(p, &gv)};
    uint32_t n = 3;
    if (a.mask)
        operands[n++] = a.mask;
    if (a.sink)
        operands[n++] = a.sink;
    attr_entry attrs[] = {{STR("is_causal"), p->c->a_false}, {STR("scale"), make_f32(p, a.has_scale ? a.scale : 1.0f)}};
    build_args args = {.op = OP_ttir_scaled_dot_product_attention,
                       .loc = loc,
                       .operands = operands,
                       .n_operands = n,
                       .sizes = (const int32_t[]){1, 1, 1, a.mask != 0, a.sink != 0},
                       .types = &type,
                       .n_types = 1,
                       .props = make_dict(p, attrs, 2)};
    ir_op made = k && operands[2] ? build_op(p, &args) : 0;
    if (!made)
        return false;
    ir_value v = ir_result(p->m, made, 0);
    /* What stands behind it may be what replaces op: nothing but that would come from them. */
    ir_edit_came_from(p->e, made, a.scores);
    ir_edit_came_from(p->e, made, a.softmax);
    if (a.row_mask && (a.mask || !comes_from_shape(p, a.row_mask, &scores)))
        v = keep_rows_zero(p, loc, v, &a);
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}
