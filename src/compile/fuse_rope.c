/* fuse_rope.c - rotary position embedding, written out in three ways, becomes a ttcore.composite "rotary_embedding".
 *
 *   rotate half   x * cos + concat(-x[h:], x[:h]) * sin
 *   complex       concat(x[:h] * cos - x[h:] * sin, x[h:] * cos + x[:h] * sin)
 *   interleaved   pairs of neighbours rotated by 2x2 matrices: x as [.., D/2, 1, 2], the matrices as [.., D/2, 2, 2]
 *
 * A composite names a private function that says in plain ops what it does; ttnn-resolve-composites inlines that again
 * when the device cannot do better. The function is appended to the module of the op.
 */
#include "compile/fuse.h"
#include "compile/ttir.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static ir_value through_moves(pass_context *p, ir_value v) {
    static const uint16_t moves[] = {OP_ttir_typecast, OP_ttir_reshape, OP_ttir_broadcast};
    return look_through(p->m, v, moves, 3);
}

/* v before broadcasts when that has four dimensions, else v. */
static ir_value embedding_input(pass_context *p, ir_value v) {
    static const uint16_t broadcast[] = {OP_ttir_broadcast};
    ir_value in = look_through(p->m, v, broadcast, 1);
    return ir_rank(p->c, ir_value_type(p->m, in)) == 4 ? in : v;
}

/* Which half of the last dimension a slice takes, all others whole: 0, 1, or -1. */
static int half_of(pass_context *p, ir_op slice) {
    slice_range s;
    shape in;
    if (!slice_of(p->m, slice, &s) || !shape_of(p->m, ir_operand(p->m, slice, 0), &in) || !in.n)
        return -1;
    int last = in.n - 1;
    for (int i = 0; i < in.n; i++)
        if (s.step[i] != 1 || (i != last && (s.begin[i] || s.end[i] != in.d[i])))
            return -1;
    int64_t size = in.d[last];
    if (size % 2)
        return -1;
    return s.begin[last] == 0 && s.end[last] == size / 2      ? 0
           : s.begin[last] == size / 2 && s.end[last] == size ? 1
                                                              : -1;
}

/* A slice of one index or a half: begin, end and step of one dimension, the others whole. */
static ir_value build_slice_dim(pass_context *p, ir_loc loc, ir_value v, int dim, int64_t begin, int64_t end,
                                int64_t step) {
    shape in;
    if (!v || !shape_of(p->m, v, &in))
        return 0;
    slice_range s = {.n = in.n};
    for (int i = 0; i < in.n; i++) {
        s.begin[i] = i == dim ? begin : 0;
        s.end[i] = i == dim ? end : in.d[i];
        s.step[i] = i == dim ? step : 1;
    }
    in.d[dim] = (end - begin + step - 1) / step;
    return build_slice_to(p, loc, v, &s, tensor_type(p, &in, element_of(p->m, v)));
}

/* ---- the composite -------------------------------------------------------------------------------------- */

/* Both halves of the last dimension of v. */
static bool build_halves(pass_context *p, ir_loc loc, ir_value v, ir_value *lo, ir_value *hi) {
    shape s;
    if (!shape_of(p->m, v, &s) || !s.n)
        return false;
    int64_t size = s.d[s.n - 1], half = size / 2;
    *lo = build_slice_dim(p, loc, v, s.n - 1, 0, half, 1);
    *hi = build_slice_dim(p, loc, v, s.n - 1, half, size, 1);
    return *lo && *hi;
}

/* x * cos + rotated(x) * sin */
static ir_value build_rotate_half(pass_context *p, ir_loc loc, const ir_value *args, ir_type type) {
    ir_value lo, hi;
    if (!build_halves(p, loc, args[0], &lo, &hi))
        return 0;
    ir_type half = ir_value_type(p->m, lo);
    ir_value parts[] = {build_unary(p, OP_ttir_neg, loc, hi, half), lo};
    int rank = ir_rank(p->c, type);
    ir_value rotated = build_concat(p, loc, parts, 2, rank - 1, ir_value_type(p->m, args[0]));
    ir_value a = build_binary(p, OP_ttir_multiply, loc, args[0], args[1], type);
    ir_value b = build_binary(p, OP_ttir_multiply, loc, rotated, args[2], type);
    return build_binary(p, OP_ttir_add, loc, a, b, type);
}

/* The same with cos and sin whose halves are equal: only the first ones are used. */
static ir_value build_complex(pass_context *p, ir_loc loc, const ir_value *args, ir_type type) {
    ir_value lo, hi, first[2];
    if (!build_halves(p, loc, args[0], &lo, &hi))
        return 0;
    for (int i = 0; i < 2; i++) {
        shape s;
        if (!shape_of(p->m, args[i + 1], &s) || !s.n)
            return 0;
        first[i] = build_slice_dim(p, loc, args[i + 1], s.n - 1, 0, s.d[s.n - 1] / 2, 1);
    }
    ir_type half = ir_value_type(p->m, lo);
    ir_value lo_cos = build_binary(p, OP_ttir_multiply, loc, lo, first[0], half);
    ir_value hi_sin = build_binary(p, OP_ttir_multiply, loc, hi, first[1], half);
    ir_value re = build_binary(p, OP_ttir_subtract, loc, lo_cos, hi_sin, half);
    ir_value hi_cos = build_binary(p, OP_ttir_multiply, loc, hi, first[0], half);
    ir_value lo_sin = build_binary(p, OP_ttir_multiply, loc, lo, first[1], half);
    ir_value parts[] = {re, build_binary(p, OP_ttir_add, loc, hi_cos, lo_sin, half)};
    return build_concat(p, loc, parts, 2, ir_rank(p->c, type) - 1, type);
}

/* concat(v, v) along the last dimension */
static bool is_doubled(pass_context *p, ir_value v) {
    ir_op concat = def_is(p->m, v, OP_ttir_concat);
    int rank = ir_rank(p->c, ir_value_type(p->m, v));
    return concat && ir_op_at(p->m, concat)->n_operands == 2 &&
           ir_operand(p->m, concat, 0) == ir_operand(p->m, concat, 1) &&
           wrap_dim(op_int_or(p->m, concat, STR("dim"), 0), rank) == rank - 1;
}

static const str decomposition_prefix = STR_INIT("rotary_embedding_decomp_");

/* Notes the names in a module that a new one could be. False when out of memory. */
static bool note_names(pass_context *p, ir_op module, fuse_names *names) {
    if (names->module == module)
        return true;
    map_str_clear(&names->taken);
    *names = (fuse_names){.module = module, .taken = names->taken};
    ir_block b = body_of(p->m, module);
    for (ir_op op = b ? ir_block_at(p->m, b)->first : 0; op; op = ir_op_at(p->m, op)->next) {
        str name = symbol_name(p->m, op);
        if (!str_starts_with(name, decomposition_prefix))
            continue;
        names->n_funcs += op_is(p->m, op, OP_func_func);
        if (!map_str_put(&names->taken, name, 1, NULL))
            return false;
    }
    return true;
}

/* A name that nothing in the module has: the composites are counted. Empty when out of memory. */
static str decomposition_name(pass_context *p, ir_op module) {
    fuse_names *names = p->data;
    if (!note_names(p, module, names)) {
        p->m->failed = true;
        return STR("");
    }
    str name;
    uint32_t n = names->n_funcs++;
    do
        name = arena_printf(&p->scratch, "%.*s%u", STR_ARG(decomposition_prefix), n++);
    while (name.p && map_str_get(&names->taken, name));
    if (!name.p || !map_str_put(&names->taken, name, 1, NULL)) {
        p->m->failed = true;
        return STR("");
    }
    return name;
}

/* The function of a composite with these argument types, at the end of the module around `anchor`. Its name, or empty
 * when out of memory. */
static str build_decomposition(pass_context *p, ir_op anchor, ir_loc loc, const ir_type *types, ir_type result,
                               bool doubled) {
    ir_op func = func_of(p->m, anchor), module = func ? ir_parent_op(p->m, func) : 0;
    str name = module && body_of(p->m, module) ? decomposition_name(p, module) : STR("");
    if (!name.n)
        return name;
    ir_edit at = *p->e;
    attr_entry attrs[] = {{STR("tt.composite_decomposition"), p->c->a_unit}};
    p->e->listen = NULL; /* the driver sees the function in its next round, as in tt-mlir */
    ir_block entry = build_private_func(p, module, loc, name, types, 3, result, make_dict(p, attrs, 1));
    ir_value v = 0;
    if (entry) {
        ir_value args[3];
        for (uint32_t i = 0; i < 3; i++)
            args[i] = ir_block_at(p->m, entry)->args + i;
        v = (doubled ? build_complex : build_rotate_half)(p, loc, args, result);
        build_args ret = {.op = OP_func_return, .loc = loc, .operands = &v, .n_operands = 1};
        if (!v || !build_op(p, &ret))
            v = 0;
    }
    p->e->listen = at.listen;
    p->e->block = at.block;
    p->e->before = at.before;
    return v ? name : STR("");
}

/* The composite at the insertion point; 0 when out of memory. */
static ir_value build_rotary(pass_context *p, ir_op anchor, ir_value x, ir_value cos, ir_value sin, ir_type type,
                             bool doubled) {
    ir_loc loc = ir_op_at(p->m, anchor)->loc;
    ir_value operands[] = {x, cos, sin};
    ir_type types[3];
    for (int i = 0; i < 3; i++)
        types[i] = ir_value_type(p->m, operands[i]);
    str name = build_decomposition(p, anchor, loc, types, type, doubled);
    attr_entry a[] = {{STR("composite_name"), ir_attr_string(p->c, STR("rotary_embedding"), false)},
                      {STR("decomposition"), ir_attr_symbol(p->c, name, true)}};
    return name.n ? build_value(p, OP_ttcore_composite, loc, operands, 3, type, make_dict(p, a, 2)) : 0;
}

/* ---- rotate half ---------------------------------------------------------------------------------------- */

/* concat(-x[h:], x[:h]): x; 0 when v is no such thing. */
static ir_value rotated_input(pass_context *p, ir_value v) {
    ir_op concat = def_is(p->m, v, OP_ttir_concat);
    int rank = ir_rank(p->c, ir_value_type(p->m, v));
    if (!concat || ir_op_at(p->m, concat)->n_operands != 2 || op_int_or(p->m, concat, STR("dim"), -1) != rank - 1)
        return 0;
    ir_op neg = def_is(p->m, ir_operand(p->m, concat, 0), OP_ttir_neg);
    ir_op hi = neg ? def_is(p->m, ir_operand(p->m, neg, 0), OP_ttir_slice_static) : 0;
    ir_op lo = def_is(p->m, ir_operand(p->m, concat, 1), OP_ttir_slice_static);
    if (!hi || !lo || ir_operand(p->m, hi, 0) != ir_operand(p->m, lo, 0) || half_of(p, hi) != 1 || half_of(p, lo) != 0)
        return 0;
    return ir_operand(p->m, hi, 0);
}

bool fuse_rope_rotate_half(pass_context *p, ir_op op) {
    ir_op muls[2];
    for (uint32_t i = 0; i < 2; i++)
        muls[i] = def_is(p->m, ir_operand(p->m, op, i), OP_ttir_multiply);
    if (!muls[0] || !muls[1] || in_composite_decomposition(p->m, op))
        return false;
    ir_op by_sin = 0, by_cos = 0;
    ir_value x = 0, rotated = 0, sin = 0, cos = 0;
    for (uint32_t k = 0; k < 4 && !x; k++) { /* the second factor is asked first */
        by_sin = muls[k < 2 ? 1 : 0];
        by_cos = muls[k < 2 ? 0 : 1];
        rotated = ir_operand(p->m, by_sin, k & 1);
        sin = ir_operand(p->m, by_sin, 1 - (k & 1));
        x = rotated_input(p, rotated);
    }
    if (!x || ir_rank(p->c, ir_value_type(p->m, x)) != 4)
        return false;
    ir_value a = ir_operand(p->m, by_cos, 0), b = ir_operand(p->m, by_cos, 1);
    if (a == x || (b != x && through_moves(p, a) == x))
        cos = b;
    else if (b == x || through_moves(p, b) == x)
        cos = a;
    ir_op concat = ir_def_op(p->m, rotated), neg = ir_def_op(p->m, ir_operand(p->m, concat, 0));
    if (!cos || !op_has_one_use(p, by_cos) || !op_has_one_use(p, by_sin) || !op_has_one_use(p, concat) ||
        !op_has_one_use(p, neg))
        return false;
    cos = embedding_input(p, cos);
    sin = embedding_input(p, sin);
    ir_value v = build_rotary(p, op, x, cos, sin, result_type(p, op), is_doubled(p, cos) && is_doubled(p, sin));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- complex rotation ----------------------------------------------------------------------------------- */

/* A product of a slice of x, which half of x, and the other factor. */
typedef struct half_product {
    ir_value x, other;
    int half;
} half_product;

static bool match_half_product(pass_context *p, ir_value v, half_product *out) {
    ir_op mul = def_is(p->m, v, OP_ttir_multiply);
    if (!mul || !op_has_one_use(p, mul))
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        ir_op slice = def_is(p->m, ir_operand(p->m, mul, i), OP_ttir_slice_static);
        if (slice) {
            *out = (half_product){ir_operand(p->m, slice, 0), ir_operand(p->m, mul, 1 - i), half_of(p, slice)};
            return true;
        }
    }
    return false;
}

bool fuse_rope_complex(pass_context *p, ir_op op) {
    ir_type type = result_type(p, op);
    if (ir_rank(p->c, type) != 4 || op_int_or(p->m, op, STR("dim"), -1) != 3 || ir_op_at(p->m, op)->n_operands != 2 ||
        in_composite_decomposition(p->m, op))
        return false;
    ir_op sub = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_subtract);
    ir_op add = def_is(p->m, ir_operand(p->m, op, 1), OP_ttir_add);
    half_product h[4]; /* lo * cos, hi * sin; hi * cos, lo * sin */
    if (!sub || !add || !op_has_one_use(p, sub) || !op_has_one_use(p, add))
        return false;
    for (uint32_t i = 0; i < 4; i++)
        if (!match_half_product(p, ir_operand(p->m, i < 2 ? sub : add, i & 1), &h[i]) || h[i].x != h[0].x ||
            h[i].half != (i == 1 || i == 2))
            return false;
    if (ir_rank(p->c, ir_value_type(p->m, h[0].x)) != 4 ||
        through_moves(p, h[0].other) != through_moves(p, h[2].other) ||
        through_moves(p, h[1].other) != through_moves(p, h[3].other))
        return false;
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value full[2]; /* cos and sin, both halves */
    for (int i = 0; i < 2; i++) {
        ir_value part = embedding_input(p, h[i].other);
        shape s;
        if (!shape_of(p->m, part, &s) || s.n != 4)
            return false;
        s.d[3] *= 2;
        full[i] =
            build_concat(p, loc, (const ir_value[]){part, part}, 2, 3, tensor_type(p, &s, element_of(p->m, part)));
    }
    ir_value v = full[0] && full[1] ? build_rotary(p, op, h[0].x, full[0], full[1], type, true) : 0;
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- interleaved pairs ---------------------------------------------------------------------------------- */

static ir_op slice_behind_moves(pass_context *p, ir_value v) {
    return def_is(p->m, through_moves(p, v), OP_ttir_slice_static);
}

/* Which of the two elements of the last dimension a slice takes, all others whole; -1. */
static int index_of_pair(pass_context *p, ir_op slice) {
    slice_range s;
    shape in;
    if (!slice_of(p->m, slice, &s) || !shape_of(p->m, ir_operand(p->m, slice, 0), &in) || in.n < 2 ||
        in.d[in.n - 1] != 2)
        return -1;
    for (int i = 0; i < in.n; i++)
        if (s.step[i] != 1 || (i < in.n - 1 && (s.begin[i] || s.end[i] != in.d[i])))
            return -1;
    int64_t begin = s.begin[in.n - 1];
    return (begin == 0 || begin == 1) && s.end[in.n - 1] == begin + 1 ? (int)begin : -1;
}

/* One of the two products: element `pair` of x times column `column` of the matrices. */
typedef struct branch {
    ir_value x, matrices;
    int pair, column;
    bool gathered; /* the column is looked up by an embedding */
} branch;

/* The matrices that an embedding over half of their elements looks up; 0 when v is no such thing. */
static ir_value gathered_matrices(pass_context *p, ir_value v) {
    ir_op embedding = def_is(p->m, through_moves(p, v), OP_ttir_embedding);
    if (!embedding)
        return 0;
    ir_value matrices = through_moves(p, ir_operand(p->m, embedding, 1));
    int64_t n = ir_num_elements(p->c, ir_value_type(p->m, matrices));
    int64_t indices = ir_num_elements(p->c, ir_value_type(p->m, ir_operand(p->m, embedding, 0)));
    return n > 0 && indices > 0 && n % 2 == 0 && n / 2 == indices ? matrices : 0;
}

static bool match_branch(pass_context *p, ir_op mul, branch *out) {
    for (uint32_t i = 0; i < 2; i++) {
        ir_op slice = slice_behind_moves(p, ir_operand(p->m, mul, i));
        shape in;
        int pair = slice ? index_of_pair(p, slice) : -1;
        if (pair < 0 || !shape_of(p->m, ir_operand(p->m, slice, 0), &in) || in.d[in.n - 2] != 1)
            continue;
        *out = (branch){.x = ir_operand(p->m, slice, 0), .pair = pair};
        ir_value side = ir_operand(p->m, mul, 1 - i);
        ir_op column = slice_behind_moves(p, side);
        out->column = column ? index_of_pair(p, column) : -1;
        if (out->column >= 0) {
            out->matrices = ir_operand(p->m, column, 0);
            return true;
        }
        out->matrices = gathered_matrices(p, side);
        out->gathered = true;
        if (out->matrices)
            return true;
    }
    return false;
}

static ir_value through_reshapes(pass_context *p, ir_value v) {
    static const uint16_t reshape[] = {OP_ttir_reshape};
    return look_through(p->m, v, reshape, 1);
}

bool fuse_rope_interleaved(pass_context *p, ir_op op) {
    ir_op muls[2];
    branch br[2];
    for (uint32_t i = 0; i < 2; i++) {
        muls[i] = def_is(p->m, ir_operand(p->m, op, i), OP_ttir_multiply);
        if (!muls[i])
            return false;
    }
    for (uint32_t i = 0; i < 2; i++)
        if (!match_branch(p, muls[i], &br[i]))
            return false;
    if (br[0].x != br[1].x || through_reshapes(p, br[0].matrices) != through_reshapes(p, br[1].matrices) ||
        (br[0].gathered && br[1].gathered))
        return false;
    for (int i = 0; i < 2; i++)
        if (br[i].gathered)
            br[i].column = 1 - br[1 - i].column;
    if (br[0].pair == br[1].pair || br[0].pair != br[0].column || br[1].pair != br[1].column)
        return false;
    ir_value matrices = br[br[0].gathered].matrices;
    ir_op pairs = def_is(p->m, br[0].x, OP_ttir_reshape), last = one_user(p, ir_result(p->m, op, 0));
    shape xs, ps, fs, ls;
    if (!pairs || !op_is(p->m, last, OP_ttir_reshape) || !op_has_one_use(p, muls[0]) || !op_has_one_use(p, muls[1]) ||
        !shape_of(p->m, ir_operand(p->m, pairs, 0), &xs) || !shape_of(p->m, br[0].x, &ps) ||
        !shape_of(p->m, matrices, &fs) || !shape_of(p->m, ir_result(p->m, last, 0), &ls) || !shape_equal(&ls, &xs))
        return false;
    if (xs.n != 4 || ps.n != 6 || fs.n != 6 || xs.d[3] % 2 || xs.d[3] < 2 || ps.d[3] != xs.d[3] / 2 || ps.d[4] != 1 ||
        ps.d[5] != 2 || fs.d[3] != xs.d[3] / 2 || fs.d[4] != 2 || fs.d[5] != 2)
        return false;
    ir_value x = ir_operand(p->m, pairs, 0);
    ir_type elt = element_of(p->m, x), x_type = ir_value_type(p->m, x);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    int64_t size = xs.d[3];
    shape cache = {.n = 4, .d = {fs.d[0], fs.d[1], fs.d[2], fs.d[3]}}, doubled = cache;
    doubled.d[3] = size;
    ir_value half[2], full[2], parts[2];
    for (int i = 0; i < 2; i++) { /* column 0 of the matrices: cos above sin */
        half[i] = build_slice_dim(p, loc, matrices, fs.n - 2, i, i + 1, 1);
        half[i] = build_slice_dim(p, loc, half[i], fs.n - 1, 0, 1, 1);
    }
    for (int i = 0; i < 2; i++)
        half[i] = half[i] ? build_reshape_to(p, loc, half[i], tensor_type(p, &cache, elt)) : 0;
    for (int i = 0; i < 2; i++)
        full[i] = half[i]
                      ? build_concat(p, loc, (const ir_value[]){half[i], half[i]}, 2, 3, tensor_type(p, &doubled, elt))
                      : 0;
    /* Even features first, then odd ones: halves instead of pairs. */
    for (int i = 0; i < 2; i++)
        parts[i] = build_slice_dim(p, loc, x, 3, i, size, 2);
    if (!full[0] || !full[1] || !parts[0] || !parts[1])
        return false;
    ir_value v = build_concat(p, loc, parts, 2, 3, x_type);
    v = v ? build_rotary(p, op, v, full[0], full[1], x_type, true) : 0;
    if (!v)
        return false;
    /* And back: [.., 2, D/2] -> [.., D/2, 2]. */
    static const int64_t swap[] = {0, 1, 2, 4, 3};
    shape split = {.n = 5, .d = {xs.d[0], xs.d[1], xs.d[2], 2, size / 2}};
    v = build_reshape_to(p, loc, v, tensor_type(p, &split, elt));
    split = shape_permuted(&split, swap);
    v = v ? build_permute_to(p, loc, v, swap, tensor_type(p, &split, elt)) : 0;
    v = v ? build_reshape_to(p, loc, v, x_type) : 0;
    if (v)
        ir_replace1(p->e, last, v);
    return v != 0;
}
