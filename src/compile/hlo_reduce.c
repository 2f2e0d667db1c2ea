/* hlo_reduce.c - StableHLO reductions and reductions of windows: sums, maxima, argmax, running sums, pools. */
#include <math.h>

#include "compile/constant.h"
#include "compile/hlo.h"

/* What a reduction starts from. */
typedef enum start_value { START_OTHER, START_LOWEST, START_ZERO, START_ONE } start_value;

static ir_op next_op(pass_context *p, ir_op op) {
    return op ? ir_op_at(p->m, op)->next : 0;
}

static start_value start_of_constant(pass_context *p, ir_op constant) {
    dense_view d;
    if (!constant || !dense_read(p->c, ir_op_attr(p->m, constant, STR("value")), &d) || d.n != 1)
        return START_OTHER;
    if (d.of.is_float) {
        double v = dense_double(&d, 0);
        if (d.of.width == 16 && d.of.format != IR_BF16)
            return START_OTHER;
        return v == 0 ? START_ZERO : v == 1 ? START_ONE : v < 0 && v == v * 2 ? START_LOWEST : START_OTHER;
    }
    uint64_t bits = dense_at(&d, 0), lowest = d.of.width <= 1 ? 0 : (uint64_t)1 << (d.of.width - 1);
    if (d.of.width != 1 && d.of.width != 8 && d.of.width != 32 && d.of.width != 64)
        return START_OTHER;
    if (d.of.width == 1)
        return bits ? START_ONE : START_LOWEST;
    return bits == 0 ? START_ZERO : bits == 1 ? START_ONE : bits == lowest ? START_LOWEST : START_OTHER;
}

/* i1 false is the lowest value and zero as well. */
static bool starts_from(pass_context *p, ir_op constant, start_value wanted) {
    start_value v = start_of_constant(p, constant);
    return v == wanted || (wanted == START_ZERO && v == START_LOWEST &&
                           ir_bit_width(p->c, element_of(p->m, ir_result(p->m, constant, 0))) == 1);
}

/* The constant that v is, behind ops with one operand. */
static ir_op constant_behind(pass_context *p, ir_value v) {
    ir_op def = ir_def_op(p->m, v);
    while (def && ir_op_at(p->m, def)->n_operands == 1)
        def = ir_def_op(p->m, ir_operand(p->m, def, 0));
    return op_is(p->m, def, OP_ttir_constant) || op_is(p->m, def, OP_stablehlo_constant) ? def : 0;
}

/* ---- reduce --------------------------------------------------------------------------------------------- */

static bool comparison_is(pass_context *p, ir_op op, str direction) {
    return op_is(p->m, op, OP_stablehlo_compare) &&
           str_eq(dialect_case_text(p->c, ir_op_attr(p->m, op, STR("comparison_direction"))), direction);
}

/* The ops from op on are these and no more. `max_at`: this one may be a maximum instead. */
static bool ops_are(pass_context *p, ir_op op, const uint16_t *ids, int max_at) {
    for (int i = 0; ids[i]; i++, op = next_op(p, op))
        if (!op_is(p->m, op, ids[i]) && !(i == max_at && op_is(p->m, op, OP_stablehlo_maximum)))
            return false;
    return true;
}

/* The bodies that torch-xla and jax write for "the larger one, with its index". */
static bool is_argmax_body(pass_context *p, ir_op op) {
    static const uint16_t torch[] = {
        OP_stablehlo_compare, OP_stablehlo_select, OP_stablehlo_compare, OP_stablehlo_minimum,
        OP_stablehlo_select,  OP_stablehlo_select, OP_stablehlo_return,  0};
    static const uint16_t jax[] = {OP_stablehlo_compare,
                                   OP_stablehlo_compare,
                                   OP_stablehlo_or,
                                   OP_stablehlo_compare,
                                   OP_stablehlo_compare,
                                   OP_stablehlo_and,
                                   OP_stablehlo_or,
                                   OP_stablehlo_select,
                                   OP_stablehlo_select,
                                   OP_stablehlo_return,
                                   0};
    static const uint16_t jax_short[] = {OP_stablehlo_compare, OP_stablehlo_compare, OP_stablehlo_compare,
                                         OP_stablehlo_and,     OP_stablehlo_or,      OP_stablehlo_select,
                                         OP_stablehlo_select,  OP_stablehlo_return,  0};
    if (comparison_is(p, op, STR("GE")))
        return ops_are(p, op, torch, 1);
    if (!comparison_is(p, op, STR("GT")))
        return false;
    ir_op second = next_op(p, op);
    return ops_are(p, op, jax, -1) || (comparison_is(p, second, STR("EQ")) &&
                                       comparison_is(p, next_op(p, second), STR("LT")) && ops_are(p, op, jax_short, 5));
}

static ir_attr reduced_dims(pass_context *p, ir_op op) {
    int64_t dims[PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("dimensions"), dims, PASS_MAX_RANK);
    return n <= PASS_MAX_RANK ? make_i32_list(p, dims, n) : 0;
}

/* The values come with their positions, only the position of the largest is used. */
static bool reduce_argmax(pass_context *p, ir_op op, ir_op body) {
    static const uint16_t moves[] = {OP_ttir_reshape, OP_ttir_broadcast};
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands != 4 || o->n_results != 2 || ir_has_uses(p->e, ir_result(p->m, op, 0)) ||
        !ir_has_uses(p->e, ir_result(p->m, op, 1)) ||
        !def_is(p->m, look_through(p->m, ir_operand(p->m, op, 1), moves, 2), OP_ttir_arange) ||
        !starts_from(p, constant_behind(p, ir_operand(p->m, op, 2)), START_LOWEST) ||
        !starts_from(p, constant_behind(p, ir_operand(p->m, op, 3)), START_ZERO) || !is_argmax_body(p, body))
        return false;
    ir_value v = build_reduce(p, OP_ttir_argmax, o->loc, ir_operand(p->m, op, 0), p->c->a_false, reduced_dims(p, op),
                              ir_value_type(p->m, ir_result(p->m, op, 1)));
    if (!v)
        return false;
    ir_value out[] = {v, v};
    ir_replace(p->e, op, out);
    return true;
}

/* The largest number of a type, nearly: at least this is a start that no number of it changes a minimum of. */
static double largest_number(pass_context *p, ir_type element) {
    uint32_t width = ir_bit_width(p->c, element);
    number_type t;
    if (!number_type_of(p->c, element, &t))
        return INFINITY;
    if (t.is_float)
        return width == 64 ? 1.79e308 : width == 16 && t.format != IR_BF16 ? 65504 : 3.38e38;
    return ldexp(1, (int)width - !t.is_unsigned) - 1;
}

/* Whether what a reduction starts from changes nothing. */
static bool starts_neutral(pass_context *p, uint32_t body, ir_value start) {
    ir_type element = element_of(p->m, start);
    number_type t;
    double v;
    if (!hlo_number(p, start, &v) || !number_type_of(p->c, element, &t))
        return false;
    switch (body) {
    case OP_stablehlo_add:
    case OP_stablehlo_or: return v == 0;
    case OP_stablehlo_and:
    case OP_stablehlo_multiply: return v == 1;
    case OP_stablehlo_maximum: return v <= (t.is_float || !t.is_unsigned ? -largest_number(p, element) : 0);
    default: return v >= largest_number(p, element);
    }
}

/* What a reduction starts from comes in behind it: TTIR's start from nothing. */
static ir_value with_start(pass_context *p, ir_op op, uint32_t combine, ir_value v, ir_value start) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type type = hlo_type(p, op);
    shape s, ones;
    if (!v || !shape_of_type(p->c, type, &s))
        return 0;
    ones = shape_ones(s.n);
    start = s.n ? build_reshape(p, loc, start, &ones) : start;
    start = start && !shape_equal(&s, &ones) ? build_broadcast_to(p, loc, start, type) : start;
    return start ? build_binary(p, combine, loc, v, start, type) : 0;
}

bool hlo_reduce(pass_context *p, ir_op op) {
    static const struct {
        uint16_t body, to, combine;
    } kinds[] = {{OP_stablehlo_add, OP_ttir_sum, OP_ttir_add},
                 {OP_stablehlo_maximum, OP_ttir_max, OP_ttir_maximum},
                 {OP_stablehlo_minimum, OP_ttir_min, OP_ttir_minimum},
                 {OP_stablehlo_multiply, OP_ttir_prod, OP_ttir_multiply},
                 {OP_stablehlo_and, OP_ttir_reduce_and, OP_ttir_logical_and},
                 {OP_stablehlo_or, OP_ttir_reduce_or, OP_ttir_logical_or}};
    ir_op body = hlo_body(p, op);
    while (op_is(p->m, body, OP_stablehlo_constant) || op_is(p->m, body, OP_sdy_constant))
        body = next_op(p, body);
    uint32_t id = body ? op_id(p->m, body) : OP_N;
    ir_value v = ir_operand(p->m, op, 0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].body != id)
            continue;
        if (ir_op_at(p->m, op)->n_results != 1 || (i >= 4 && ir_bit_width(p->c, element_of(p->m, v)) != 1))
            return false;
        ir_value start = ir_operand(p->m, op, 1);
        v = build_reduce(p, kinds[i].to, ir_op_at(p->m, op)->loc, v, p->c->a_false, reduced_dims(p, op),
                         hlo_type(p, op));
        if (!starts_neutral(p, id, start))
            v = with_start(p, op, kinds[i].combine, v, start);
        return hlo_replace(p, op, v);
    }
    return body && reduce_argmax(p, op, body);
}

/* ---- reduce_window: what both patterns read ------------------------------------------------------------- */

typedef struct window {
    int rank;
    uint32_t n; /* inputs */
    int64_t size[PASS_MAX_RANK], stride[PASS_MAX_RANK], dilation[PASS_MAX_RANK], padding[2 * PASS_MAX_RANK];
    bool plain; /* strides and dilations are 1 */
} window;

/* What the attributes say of the windows of n inputs. */
static bool window_sizes(pass_context *p, ir_op op, uint32_t n, window *w) {
    int64_t base[PASS_MAX_RANK];
    w->n = n;
    w->rank = n ? ir_rank(p->c, ir_value_type(p->m, ir_operand(p->m, op, 0))) : -1;
    if (w->rank < 1 || w->rank > 5 || !w->n ||
        !hlo_ints(p, op, STR("window_dimensions"), (uint32_t)w->rank, 1, w->size) ||
        !hlo_ints(p, op, STR("window_strides"), (uint32_t)w->rank, 1, w->stride) ||
        !hlo_ints(p, op, STR("window_dilations"), (uint32_t)w->rank, 1, w->dilation) ||
        !hlo_ints(p, op, STR("base_dilations"), (uint32_t)w->rank, 1, base) ||
        !hlo_ints(p, op, STR("padding"), (uint32_t)w->rank * 2, 0, w->padding))
        return false;
    w->plain = true;
    for (int i = 0; i < w->rank; i++) {
        if (base[i] != 1)
            return false;
        w->plain = w->plain && w->stride[i] == 1 && w->dilation[i] == 1;
    }
    return true;
}

/* False also for bodies that are not one add, maximum or multiply per input. */
static bool window_of(pass_context *p, ir_op op, window *w) {
    uint32_t n_ops = 0;
    if (!window_sizes(p, op, ir_op_at(p->m, op)->n_operands / 2, w))
        return false;
    ir_op i = hlo_body(p, op);
    for (; i && next_op(p, i); i = next_op(p, i), n_ops++)
        if (!op_is(p->m, i, OP_stablehlo_add) && !op_is(p->m, i, OP_stablehlo_maximum) &&
            !op_is(p->m, i, OP_stablehlo_multiply))
            return false;
    return n_ops == w->n && op_is(p->m, i, OP_stablehlo_return);
}

/* The body's op for input i, and the constant its result starts from. */
static ir_op window_body(pass_context *p, ir_op op, uint32_t i) {
    ir_op b = hlo_body(p, op);
    while (b && i--)
        b = next_op(p, b);
    return b;
}

static ir_op window_start(pass_context *p, ir_op op, const window *w, uint32_t i) {
    static const uint16_t moves[] = {OP_ttir_reshape, OP_ttir_broadcast, OP_ttir_typecast};
    return def_is(p->m, look_through(p->m, ir_operand(p->m, op, w->n + i), moves, 3), OP_ttir_constant);
}

/* ---- running sums and products -------------------------------------------------------------------------- */

/* One dimension's window is as long as the dimension and padded in front so that each element sees those before it;
 * -1 when it is not so. */
static int cumulative_dim(const window *w, const shape *s) {
    bool all_zero = true, all_one = true;
    int dim = -1;
    for (int i = 0; i < 2 * w->rank; i++)
        all_zero = all_zero && w->padding[i] == 0;
    for (int i = 0; i < w->rank; i++)
        all_one = all_one && w->size[i] == 1;
    if (all_zero) {
        for (int i = 0; all_one && i < w->rank; i++)
            if (s->d[i] == 1)
                return i;
        return -1;
    }
    for (int i = 0; i < w->rank; i++) {
        if (w->size[i] == 1)
            continue;
        if (dim >= 0)
            return -1;
        dim = i;
    }
    if (dim < 0 || w->size[dim] != s->d[dim])
        return -1;
    for (int i = 0; i < 2 * w->rank; i++)
        if (w->padding[i] != (i == dim * 2 ? s->d[dim] - 1 : 0))
            return -1;
    return dim;
}

bool hlo_cumulative(pass_context *p, ir_op op) {
    window w;
    shape s;
    ir_value v = ir_operand(p->m, op, 0);
    if (!window_of(p, op, &w) || w.n != 1 || !w.plain || !shape_of(p->m, v, &s))
        return false;
    ir_op body = hlo_body(p, op), start = window_start(p, op, &w, 0);
    bool sum = op_is(p->m, body, OP_stablehlo_add);
    int dim = cumulative_dim(&w, &s);
    if (dim < 0 || (!sum && !op_is(p->m, body, OP_stablehlo_multiply)) ||
        start_of_constant(p, start) != (sum ? START_ZERO : START_ONE))
        return false;
    attr_entry a[] = {{STR("dim"), make_i64(p, dim)}};
    return hlo_replace(p, op,
                       build_value(p, sum ? OP_ttir_cumsum : OP_ttir_cumprod, ir_op_at(p->m, op)->loc, &v, 1,
                                   hlo_type(p, op), make_dict(p, a, 1)));
}

/* ---- pools ---------------------------------------------------------------------------------------------- */

typedef struct pool {
    int64_t kernel[2], stride[2], dilation[2], padding[4]; /* padding: low h, low w, high h, high w */
} pool;

static ir_value build_pool(pass_context *p, uint32_t id, ir_loc loc, ir_value v, const pool *k, ir_type type) {
    attr_entry a[] = {{STR("ceil_mode"), p->c->a_false},
                      {STR("count_include_pad"), id == OP_ttir_avg_pool2d ? p->c->a_true : 0},
                      {STR("dilation"), make_i32s(p, k->dilation, 2)},
                      {STR("kernel"), make_i32s(p, k->kernel, 2)},
                      {STR("padding"), make_i32s(p, k->padding, 4)},
                      {STR("stride"), make_i32s(p, k->stride, 2)}};
    return v ? build_value(p, id, loc, &v, 1, type, make_dict(p, a, 6)) : 0;
}

/* A sum that is divided by the size of its window is an average: the division; 0 when it is none. */
static ir_op divided_by_size(pass_context *p, ir_op op, const window *w) {
    static const uint16_t moves[] = {OP_ttir_reshape,      OP_ttir_broadcast,
                                     OP_ttir_typecast,     OP_stablehlo_broadcast_in_dim,
                                     OP_stablehlo_reshape, OP_stablehlo_convert};
    ir_op user = 0;
    dense_view d;
    int64_t size = 1;
    for (ir_each_use(p->e, ir_result(p->m, op, 0), u))
        user = ir_use_op(p->e, u);
    if (op_is(p->m, user, OP_stablehlo_broadcast_in_dim)) {
        ir_value moved = ir_result(p->m, user, 0);
        user = 0;
        for (ir_each_use(p->e, moved, u))
            user = ir_use_op(p->e, u);
    }
    if (!op_is(p->m, user, OP_stablehlo_divide))
        return 0;
    ir_op constant = ir_def_op(p->m, look_through(p->m, ir_operand(p->m, user, 1), moves, 6));
    if ((!op_is(p->m, constant, OP_ttir_constant) && !op_is(p->m, constant, OP_stablehlo_constant)) ||
        ir_rank(p->c, hlo_type(p, constant)) != 0 || !dense_read(p->c, ir_op_attr(p->m, constant, STR("value")), &d) ||
        d.of.is_float)
        return 0;
    for (int i = 0; i < w->rank; i++)
        size *= w->size[i];
    return dense_int(&d, 0) == size ? user : 0;
}

/* A ttir.pad that only pads these two dimensions is part of the pool. */
static ir_value pool_without_pad(pass_context *p, ir_value v, int rank, const int *dims, int64_t *padding) {
    ir_op pad = def_is(p->m, v, OP_ttir_pad);
    int64_t both[2 * PASS_MAX_RANK];
    if (!pad || op_ints(p->m, pad, STR("padding"), both, 2 * PASS_MAX_RANK) != (uint32_t)rank * 2)
        return v;
    for (int i = 0; i < rank; i++)
        if (i != dims[0] && i != dims[1] && (both[2 * i] || both[2 * i + 1]))
            return v;
    for (int i = 0; i < 2; i++) {
        padding[2 * dims[i]] += both[2 * dims[i]];
        padding[2 * dims[i] + 1] += both[2 * dims[i] + 1];
    }
    return ir_operand(p->m, pad, 0);
}

/* The two dimensions that the window has more than one element in, as the middle ones of four: perm, when they are not
 * that already. */
static bool pool_dims(const window *w, int *dims, int64_t *perm, bool *permuted) {
    int wide[PASS_MAX_RANK], n = 0, k = 0, others[2] = {0, 0};
    for (int i = 0; i < w->rank; i++)
        if (w->size[i] > 1)
            wide[n++] = i;
    *permuted = false;
    if (w->rank == 2) {
        dims[0] = 0;
        dims[1] = 1;
        return true;
    }
    if (n > 2)
        return false;
    dims[0] = n == 2 ? wide[0] : 2;
    dims[1] = n == 2 ? wide[1] : 3;
    for (int i = 0; i < 4; i++)
        if (i != dims[0] && i != dims[1])
            others[k++] = i;
    perm[0] = others[0];
    perm[1] = dims[0];
    perm[2] = dims[1];
    perm[3] = others[1];
    *permuted = dims[0] != 1 || dims[1] != 2;
    return true;
}

typedef struct pool_layout {
    int dims[2];
    int64_t perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK];
    bool permuted, flat; /* flat: two dimensions */
} pool_layout;

static ir_type pool_type(pass_context *p, const pool_layout *l, ir_type type) {
    shape s;
    if (!shape_of_type(p->c, type, &s))
        return 0;
    if (l->flat) {
        int64_t d[] = {1, s.d[0], s.d[1], 1};
        return type_with_shape(p, type, d, 4);
    }
    if (l->permuted)
        s = shape_permuted(&s, l->perm);
    return type_with_shape(p, type, s.d, (uint32_t)s.n);
}

static ir_value pool_restored(pass_context *p, ir_loc loc, const pool_layout *l, ir_value v, ir_type type) {
    if (v && l->flat)
        v = build_reshape_to(p, loc, v, type);
    return v && l->permuted ? build_permute_to(p, loc, v, l->inverse, type) : v;
}

/* A window's sum is its average times its size. */
static ir_value pool_times_size(pass_context *p, ir_loc loc, ir_value v, const pool *k, ir_type type) {
    number_type t;
    if (!v || !number_type_of(p->c, ir_element_type(p->c, type), &t) || !t.is_float)
        return 0;
    uint64_t bits = number_from_double(&t, (double)(k->kernel[0] * k->kernel[1]));
    attr_entry a[] = {{STR("value"), dense_splat(p, type, bits)}};
    ir_value size = build_value(p, OP_ttir_constant, loc, NULL, 0, type, make_dict(p, a, 1));
    return size ? build_binary(p, OP_ttir_multiply, loc, v, size, type) : 0;
}

/* What the windows of input i reduce to. False when that is no pool. */
static bool pool_kind(pass_context *p, ir_op op, const window *w, uint32_t i, hlo_pool_kind *kind) {
    ir_op body = window_body(p, op, i), start = window_start(p, op, w, i);
    bool max = op_is(p->m, body, OP_stablehlo_maximum) && starts_from(p, start, START_LOWEST);
    *kind = max ? HLO_POOL_MAX : HLO_POOL_SUM;
    return max || (op_is(p->m, body, OP_stablehlo_add) && start_of_constant(p, start) == START_ZERO);
}

/* The pool of two dimensions of input i, with the type of result i. */
static ir_value pool_2d(pass_context *p, ir_op op, const window *w, const pool_layout *l, uint32_t i,
                        hlo_pool_kind kind) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, i)), inner = pool_type(p, l, type);
    int64_t padding[2 * PASS_MAX_RANK];
    for (int k = 0; k < 2 * w->rank; k++)
        padding[k] = w->padding[k];
    ir_value v = pool_without_pad(p, ir_operand(p->m, op, i), w->rank, l->dims, padding);
    pool k;
    for (int j = 0; j < 2; j++) {
        k.kernel[j] = w->size[l->dims[j]];
        k.stride[j] = w->stride[l->dims[j]];
        k.dilation[j] = w->dilation[l->dims[j]];
        k.padding[j] = padding[2 * l->dims[j]];
        k.padding[2 + j] = padding[2 * l->dims[j] + 1];
    }
    ir_type in = pool_type(p, l, ir_value_type(p->m, v));
    if (l->flat)
        v = build_reshape_to(p, loc, v, in);
    else if (l->permuted)
        v = build_permute_to(p, loc, v, l->perm, in);
    v = build_pool(p, kind == HLO_POOL_MAX ? OP_ttir_max_pool2d : OP_ttir_avg_pool2d, loc, v, &k, inner);
    if (kind == HLO_POOL_SUM)
        v = pool_times_size(p, loc, v, &k, inner);
    return pool_restored(p, loc, l, v, type);
}

/* A 3-D max pool: over height and width, then over depth. */
static ir_value pool_3d(pass_context *p, ir_op op, const window *w, const int *space, const int *other, uint32_t i) {
    static const int64_t channels_last[] = {0, 2, 3, 4, 1}, channels_second[] = {0, 3, 1, 2};
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value v = ir_operand(p->m, op, i);
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, i));
    const int64_t perm[] = {other[0], other[1], space[0], space[1], space[2]};
    int64_t inverse[5];
    shape in, out;
    if (!shape_of(p->m, v, &in) || !shape_of_type(p->c, type, &out))
        return 0;
    permutation_inverse(perm, 5, inverse);
    bool permuted = false, already_last = perm[0] == 0 && perm[1] == 4 && perm[2] == 1 && perm[3] == 2;
    for (int d = 0; d < 5; d++)
        permuted = permuted || perm[d] != d;
    in = shape_permuted(&in, perm);
    out = shape_permuted(&out, perm);
    if (permuted && !already_last)
        v = build_permute(p, loc, v, perm);
    if (v && !already_last)
        v = build_permute(p, loc, v, channels_last);
    pool k = {.kernel = {w->size[space[1]], w->size[space[2]]},
              .stride = {w->stride[space[1]], w->stride[space[2]]},
              .dilation = {w->dilation[space[1]], w->dilation[space[2]]},
              .padding = {w->padding[2 * space[1]], w->padding[2 * space[2]], w->padding[2 * space[1] + 1],
                          w->padding[2 * space[2] + 1]}};
    shape s = {.d = {in.d[0] * in.d[2], in.d[3], in.d[4], in.d[1]}, .n = 4};
    v = v ? build_reshape(p, loc, v, &s) : 0;
    s = (shape){.d = {in.d[0] * in.d[2], out.d[3], out.d[4], in.d[1]}, .n = 4};
    v = v ? build_pool(p, OP_ttir_max_pool2d, loc, v, &k, type_like(p, v, &s)) : 0;
    s = (shape){.d = {in.d[0], in.d[2], out.d[3] * out.d[4], in.d[1]}, .n = 4};
    v = v ? build_reshape(p, loc, v, &s) : 0;
    k = (pool){.kernel = {w->size[space[0]], 1},
               .stride = {w->stride[space[0]], 1},
               .dilation = {w->dilation[space[0]], 1},
               .padding = {w->padding[2 * space[0]], 0, w->padding[2 * space[0] + 1], 0}};
    s.d[1] = out.d[2];
    v = v ? build_pool(p, OP_ttir_max_pool2d, loc, v, &k, type_like(p, v, &s)) : 0;
    v = v ? build_permute(p, loc, v, channels_second) : 0;
    v = v ? build_reshape(p, loc, v, &out) : 0;
    return v && permuted ? build_permute_to(p, loc, v, inverse, type) : v;
}

static bool pools_3d(pass_context *p, ir_op op, const window *w, ir_value *out) {
    int space[5], other[5], n = 0, n_other = 0;
    for (int i = 0; i < 5; i++) {
        if (w->size[i] > 1)
            space[n++] = i;
        else
            other[n_other++] = i;
    }
    if (n != 3)
        return false;
    for (int i = 0; i < 2; i++)
        if (w->stride[other[i]] != 1 || w->padding[2 * other[i]] || w->padding[2 * other[i] + 1])
            return false;
    for (uint32_t i = 0; i < w->n; i++)
        if (!(out[i] = pool_3d(p, op, w, space, other, i)))
            return false;
    return true;
}

/* The pools of all inputs. A sum whose division by the size of the window is all that reads it becomes the average, and takes
 * the division's place. */
static bool pools(pass_context *p, ir_op op, const window *w, const hlo_pool_kind *kinds, ir_value *out) {
    pool_layout l;
    if (w->rank == 5) {
        for (uint32_t i = 0; i < w->n; i++)
            if (kinds[i] != HLO_POOL_MAX)
                return false;
        return pools_3d(p, op, w, out);
    }
    if ((w->rank != 2 && w->rank != 4) || !pool_dims(w, l.dims, l.perm, &l.permuted))
        return false;
    l.flat = w->rank == 2;
    if (l.permuted)
        permutation_inverse(l.perm, 4, l.inverse);
    for (uint32_t i = 0; i < w->n; i++) {
        ir_op divide = kinds[i] == HLO_POOL_SUM && i == 0 ? divided_by_size(p, op, w) : 0;
        out[i] = pool_2d(p, op, w, &l, i, divide ? HLO_POOL_AVERAGE : kinds[i]);
        if (!out[i])
            return false;
        if (divide)
            ir_replace1(p->e, divide, out[i]);
    }
    return true;
}

bool hlo_pool(pass_context *p, ir_op op) {
    window w;
    ir_value out[FOLD_MAX_RESULTS];
    hlo_pool_kind kinds[FOLD_MAX_RESULTS];
    if (!window_of(p, op, &w) || w.n > FOLD_MAX_RESULTS)
        return false;
    for (uint32_t i = 0; i < w.n; i++)
        if (!pool_kind(p, op, &w, i, &kinds[i]))
            return false;
    if (!pools(p, op, &w, kinds, out))
        return false;
    ir_replace(p->e, op, out);
    return true;
}

bool hlo_pool_as(pass_context *p, ir_op op, hlo_pool_kind kind) {
    window w;
    ir_value out[FOLD_MAX_RESULTS];
    hlo_pool_kind kinds[FOLD_MAX_RESULTS];
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    if (n > FOLD_MAX_RESULTS || n != ir_op_at(p->m, op)->n_results || !window_sizes(p, op, n, &w))
        return false;
    for (uint32_t i = 0; i < n; i++)
        kinds[i] = kind;
    if (!pools(p, op, &w, kinds, out))
        return false;
    ir_replace(p->e, op, out);
    return true;
}
