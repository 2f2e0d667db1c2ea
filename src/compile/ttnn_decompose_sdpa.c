/* ttnn_decompose_sdpa.c - attention in single steps, for ttnn-decomposition.
 *
 *   scores = Q K^T * scale + masks;  with a sink: one more column;  softmax;  times V
 *
 * Masks of positions are built on the device from counted indices, in f32: bf16 counts to 256 only. */
#include <math.h>

#include "compile/ttnn_decompose.h"

/* One attention op while it is taken apart. */
typedef struct attention {
    pass_context *p;
    ir_op op;
    ir_loc loc;
    ir_value device;
    ir_type like; /* the query's type: layout and data type of what is made */
} attention;

static ir_type type4(attention *a, int64_t n, int64_t h, int64_t s, int64_t d) {
    shape t = tn_shape4(n, h, s, d);
    return tn_reshaped(a->p, a->like, &t);
}

static ir_type as_f32(attention *a, ir_type t) {
    return tn_with_dtype(a->p, t, DTYPE_F32);
}

/* 0 .. n-1 as a tensor of this rank-1 type. */
static ir_value count(attention *a, ir_type t, int64_t n) {
    ir_type si64 = ir_type_integer(a->p->c, 64, IR_SIGNED);
    attr_entry props[] = {{STR("start"), ir_attr_int(a->p->c, si64, 0)},
                          {STR("end"), ir_attr_int(a->p->c, si64, n)},
                          {STR("step"), ir_attr_int(a->p->c, si64, 1)}};
    return build_value(a->p, OP_ttnn_arange, a->loc, &a->device, 1, t, make_dict(a->p, props, 3));
}

static ir_type vector_of(attention *a, ir_type like, int64_t n) {
    shape s = {.d = {n}, .n = 1};
    return tn_reshaped(a->p, like, &s);
}

/* f32 indices along dimension 2 or 3 of [1, 1, ., .] */
static ir_value index_along(attention *a, int64_t n, int axis) {
    ir_value v = count(a, as_f32(a, vector_of(a, a->like, n)), n);
    shape s = tn_shape4(1, 1, 1, 1);
    s.d[axis] = n;
    return tn_reshape_to(a->p, a->loc, v, as_f32(a, tn_reshaped(a->p, a->like, &s)));
}

static ir_value full(attention *a, ir_type t, double value) {
    return tn_full(a->p, a->loc, t, value, a->device);
}

/* -inf where the key stands behind the query. [1, 1, Sq, Sk] */
static ir_value causal_mask(attention *a, int64_t q, int64_t k) {
    ir_value rows = index_along(a, q, 2), columns = index_along(a, k, 3);
    ir_type t = type4(a, 1, 1, q, k), f32 = as_f32(a, t);
    ir_value masked = tn_binary(a->p, OP_ttnn_gt, a->loc, columns, rows, f32);
    ir_value zeros = full(a, f32, 0), infinite = full(a, f32, -INFINITY);
    return tn_unary(a->p, OP_ttnn_typecast, a->loc, tn_where(a->p, a->loc, masked, infinite, zeros, f32), t);
}

/* -inf outside the window: the last `window` keys (causal), or as many around the query. [1, 1, Sq, Sk] */
static ir_value window_mask(attention *a, int64_t q, int64_t k, int64_t window, bool causal) {
    ir_value rows = index_along(a, q, 2), columns = index_along(a, k, 3);
    ir_type t = type4(a, 1, 1, q, k), f32 = as_f32(a, t);
    ir_value distance = tn_binary(a->p, OP_ttnn_subtract, a->loc, rows, columns, f32);
    ir_value zeros = full(a, f32, 0), infinite = full(a, f32, -INFINITY), low, high;
    int64_t to_each_side = window / 2;
    double half = (double)to_each_side;
    if (causal) {
        low = tn_binary(a->p, OP_ttnn_lt, a->loc, distance, zeros, f32);
        ir_value limit = full(a, f32, (double)window);
        high = tn_binary(a->p, OP_ttnn_ge, a->loc, distance, limit, f32);
    } else {
        ir_value limit = full(a, f32, -half);
        low = tn_binary(a->p, OP_ttnn_lt, a->loc, distance, limit, f32);
        limit = full(a, f32, half);
        high = tn_binary(a->p, OP_ttnn_gt, a->loc, distance, limit, f32);
    }
    ir_value inner = tn_where(a->p, a->loc, high, infinite, zeros, f32);
    ir_value mask = tn_where(a->p, a->loc, low, infinite, inner, f32);
    return tn_unary(a->p, OP_ttnn_typecast, a->loc, mask, t);
}

static float scale_of(attention *a, int64_t head_size) {
    double given;
    return op_float(a->p->m, a->op, STR("scale"), &given) ? (float)given : 1.0f / sqrtf((float)head_size);
}

/* Keys and values of fewer heads than the query has. */
static ir_value repeat_heads(attention *a, ir_value v, int64_t times) {
    pass_context *p = a->p;
    shape s = tn_shape_of(p->m, v);
    s.d[1] *= times;
    attr_entry props[] = {{STR("repeats"), ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_UNSIGNED), times)},
                          {STR("dim"), make_si32(p, 1)}};
    return build_value(p, OP_ttnn_repeat_interleave, a->loc, &v, 1, tn_reshaped(p, ir_value_type(p->m, v), &s),
                       make_dict(p, props, 2));
}

bool ttnn_decompose_sdpa(pass_context *p, ir_op op) {
    if (ttnn_decompose_keeps_kernels(p->o))
        return false;
    ir_value query = ir_operand(p->m, op, 0), key = ir_operand(p->m, op, 1), value = ir_operand(p->m, op, 2);
    ir_value mask = op_operand_named(p->m, op, STR("attention_mask"));
    ir_value sink = op_operand_named(p->m, op, STR("attention_sink"));
    shape q = tn_shape_of(p->m, query), k = tn_shape_of(p->m, key);
    if (q.n != 4 || k.n != 4 || k.d[1] < 1 || q.d[1] % k.d[1] || tn_shape_of(p->m, value).n != 4)
        return false;
    attention a = {p, op, ir_op_at(p->m, op)->loc, 0, ir_value_type(p->m, query)};
    int64_t batch = q.d[0], heads = q.d[1], sq = q.d[2], sk = k.d[2], size = q.d[3], window = 0;
    if (heads != k.d[1]) {
        key = repeat_heads(&a, key, heads / k.d[1]);
        value = repeat_heads(&a, value, heads / k.d[1]);
    }
    shape turned = tn_shape4(batch, heads, size, sk);
    attr_entry transpose[] = {{STR("dim0"), make_si32(p, -2)}, {STR("dim1"), make_si32(p, -1)}};
    key = build_value(p, OP_ttnn_transpose, a.loc, &key, 1, tn_reshaped(p, ir_value_type(p->m, key), &turned),
                      make_dict(p, transpose, 2));
    ir_type t = type4(&a, batch, heads, sq, sk);
    ir_value scores = tn_matmul(p, a.loc, query, key, t);
    a.device = tn_device(p, op);
    ir_value scale = full(&a, type4(&a, 1, 1, 1, 1), (double)scale_of(&a, size));
    scores = tn_binary(p, OP_ttnn_multiply, a.loc, scores, scale, t);
    if (mask) {
        shape ms = tn_shape_of(p->m, mask);
        if (ms.n == 4 && ms.d[1] == 1 && heads > 1) {
            ms.d[1] = heads;
            mask = tn_repeat(p, a.loc, mask, &ms);
        }
        scores = tn_binary(p, OP_ttnn_add, a.loc, scores, mask, t);
    }
    bool causal = op_flag(p->m, op, STR("is_causal"));
    ir_value positions = 0;
    if (op_int(p->m, op, STR("sliding_window_size"), &window))
        positions = window_mask(&a, sq, sk, window, causal);
    else if (!mask && causal)
        positions = causal_mask(&a, sq, sk);
    if (positions)
        scores = tn_binary(p, OP_ttnn_add, a.loc, scores, positions, t);
    if (sink) {
        /* one more column that only takes part in the sum */
        ir_type st = ir_value_type(p->m, sink);
        shape s = tn_shape_of_type(p->c, st);
        int64_t columns = s.n > 0 ? s.d[s.n - 1] : 1;
        sink = tn_binary(p, OP_ttnn_multiply, a.loc, sink, scale, st);
        shape wide = tn_shape4(batch, heads, sq, columns);
        if (!shape_equal(&s, &wide)) {
            int64_t times[4] = {batch, 1, sq, 1};
            attr_entry props[] = {{STR("repeat_dims"), ttnn_shape_attr(p->c, times, 4)}};
            sink = build_value(p, OP_ttnn_repeat, a.loc, &sink, 1, type4(&a, batch, heads, sq, columns),
                               make_dict(p, props, 1));
        }
        ir_value both[2] = {scores, sink};
        scores = tn_concat(p, a.loc, both, 2, -1, type4(&a, batch, heads, sq, sk + columns));
    }
    if (!scores)
        return false;
    attr_entry softmax[] = {{STR("dimension"), make_si32(p, -1)}, {STR("numericStable"), p->c->a_true}};
    ir_value weights =
        build_value(p, OP_ttnn_softmax, a.loc, &scores, 1, ir_value_type(p->m, scores), make_dict(p, softmax, 2));
    if (sink) {
        int64_t begins[4] = {0}, ends[4] = {batch, heads, sq, sk};
        weights = tn_slice_to(p, a.loc, weights, begins, ends, NULL, t);
    }
    ir_value v = tn_matmul(p, a.loc, weights, value, type4(&a, batch, heads, sq, size));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- decode --------------------------------------------------------------------------------------------- */

/* The position of each batch entry, [B] as [B, 1, 1, 1] in a data type. */
static ir_value positions_as(attention *a, ir_value cur, int64_t batch, target_dtype dtype) {
    shape s = tn_shape4(batch, 1, 1, 1);
    ir_value v = tn_reshape(a->p, a->loc, cur, &s);
    return tn_unary(a->p, OP_ttnn_typecast, a->loc, v, tn_with_dtype(a->p, ir_value_type(a->p->m, v), dtype));
}

static ir_value key_indices(attention *a, ir_type like, int64_t n) {
    ir_value v = count(a, vector_of(a, like, n), n);
    shape s = tn_shape4(1, 1, 1, n);
    return tn_reshape_to(a->p, a->loc, v, tn_reshaped(a->p, like, &s));
}

/* -inf for keys behind the current position of each batch entry. [B, 1, 1, Sk] */
static ir_value decode_causal_mask(attention *a, ir_value cur, int64_t batch, int64_t n) {
    pass_context *p = a->p;
    ir_value position = positions_as(a, cur, batch, tn_dtype(p->c, a->like));
    ir_value indices = key_indices(a, a->like, n);
    ir_type t = type4(a, batch, 1, 1, n);
    ir_value masked = tn_binary(p, OP_ttnn_gt, a->loc, indices, position, t);
    ir_value zeros = full(a, t, 0), infinite = full(a, t, -INFINITY);
    return tn_where(p, a->loc, masked, infinite, zeros, t);
}

/* -inf outside the last `window` keys before the current position, or before the end when there is none. */
static ir_value decode_window_mask(attention *a, ir_type like, ir_value cur, int64_t batch, int64_t n, int64_t window) {
    pass_context *p = a->p;
    ir_value indices = key_indices(a, like, n);
    shape s = tn_shape4(cur ? batch : 1, 1, 1, n);
    ir_type t = tn_reshaped(p, like, &s);
    ir_value zeros = full(a, t, 0), infinite = full(a, t, -INFINITY);
    if (!cur) {
        ir_value limit = full(a, t, (double)(n - window - 1));
        ir_value inside = tn_binary(p, OP_ttnn_gt, a->loc, indices, limit, t);
        return tn_where(p, a->loc, inside, zeros, infinite, t);
    }
    ir_value position = positions_as(a, cur, batch, tn_dtype(p->c, like));
    if (!position)
        return 0;
    ir_type pt = ir_value_type(p->m, position);
    ir_value back = full(a, pt, -(double)window);
    ir_value lower = tn_binary(p, OP_ttnn_add, a->loc, position, back, pt);
    ir_value above = tn_binary(p, OP_ttnn_gt, a->loc, indices, position, t);
    ir_value upper_mask = tn_where(p, a->loc, above, infinite, zeros, t);
    ir_value inside = tn_binary(p, OP_ttnn_gt, a->loc, indices, lower, t);
    ir_value lower_mask = tn_where(p, a->loc, inside, zeros, infinite, t);
    return tn_binary(p, OP_ttnn_add, a->loc, upper_mask, lower_mask, t);
}

/* The sink of the decode op is [H, 32], of which the first column counts. */
static ir_value plain_sink(attention *a, ir_value sink) {
    pass_context *p = a->p;
    shape s = tn_shape_of(p->m, sink);
    if (s.n != 2)
        return sink;
    shape four = tn_shape4(1, s.d[0], 1, s.d[1]);
    ir_value v = tn_reshape(p, a->loc, sink, &four);
    return tn_slice_dim(p, a->loc, v, 3, 0, 1);
}

/* One query position as general attention; what the decode op knows of positions becomes a mask. */
bool ttnn_decompose_sdpa_decode(pass_context *p, ir_op op) {
    static const int64_t to_general[4] = {1, 2, 0, 3}, to_decode[4] = {2, 0, 1, 3}, mask_to_general[4] = {0, 2, 1, 3};
    if (ttnn_decompose_keeps_kernels(p->o))
        return false;
    ir_value query = ir_operand(p->m, op, 0), key = ir_operand(p->m, op, 1), value = ir_operand(p->m, op, 2);
    ir_value mask = op_operand_named(p->m, op, STR("attention_mask"));
    ir_value cur = op_operand_named(p->m, op, STR("cur_pos_tensor"));
    ir_value sink = op_operand_named(p->m, op, STR("attention_sink"));
    shape q = tn_shape_of(p->m, query), k = tn_shape_of(p->m, key);
    if (q.n != 4 || k.n != 4)
        return false;
    attention a = {p, op, ir_op_at(p->m, op)->loc, 0, ir_value_type(p->m, query)};
    bool causal = op_flag(p->m, op, STR("is_causal"));
    int64_t window = 0;
    bool windowed = op_int(p->m, op, STR("sliding_window_size"), &window);
    query = tn_permute(p, a.loc, query, to_general);
    a.device = tn_device(p, op);
    if (mask) {
        /* the decode op scales its mask, the general one does not */
        shape ones = tn_shape_of(p->m, mask);
        if (ones.n != 4)
            return false;
        for (int i = 0; i < ones.n; i++)
            ones.d[i] = 1;
        ir_type t = ir_value_type(p->m, mask);
        ir_value scale = full(&a, tn_reshaped(p, t, &ones), (double)scale_of(&a, q.d[3]));
        mask = tn_binary(p, OP_ttnn_multiply, a.loc, mask, scale, t);
        mask = tn_permute(p, a.loc, mask, mask_to_general);
    } else if (causal && cur && !windowed) {
        mask = decode_causal_mask(&a, cur, q.d[1], k.d[2]);
    }
    if (windowed) {
        ir_type like = mask ? ir_value_type(p->m, mask) : a.like;
        ir_value w = decode_window_mask(&a, like, causal ? cur : 0, q.d[1], k.d[2], window);
        mask = mask ? tn_binary(p, OP_ttnn_add, a.loc, mask, w, ir_value_type(p->m, mask)) : w;
    }
    if (sink)
        sink = plain_sink(&a, sink);
    if (!query)
        return false;
    ir_value v[5] = {query, key, value};
    uint32_t n = 3;
    if (mask)
        v[n++] = mask;
    if (sink)
        v[n++] = sink;
    attr_entry props[] = {{STR("is_causal"), p->c->a_false}, {STR("scale"), ir_op_attr(p->m, op, STR("scale"))}};
    build_args args = {
        .op = OP_ttnn_scaled_dot_product_attention,
        .loc = a.loc,
        .operands = v,
        .n_operands = n,
        .sizes = (int32_t[]){1, 1, 1, mask ? 1 : 0, sink ? 1 : 0},
        .types = (ir_type[]){ir_value_type(p->m, query)},
        .n_types = 1,
        .props = make_dict(p, props, 2),
    };
    ir_op made = build_op(p, &args);
    ir_value r = made ? tn_permute(p, a.loc, ir_result(p->m, made, 0), to_decode) : 0;
    if (r)
        ir_replace1(p->e, op, r);
    return r != 0;
}
