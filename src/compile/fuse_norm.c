/* fuse_norm.c - root mean square normalisation, written out in two ways. */
#include <math.h>

#include "compile/constant.h"
#include "compile/fuse.h"
#include "compile/ttir.h"

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static ir_value build_rms_norm(pass_context *p, ir_loc loc, ir_value x, ir_value weight, int64_t size, double epsilon,
                               ir_type type) {
    attr_entry a[] = {{STR("epsilon"), make_f32(p, epsilon)}, {STR("normalized_shape"), make_i64s(p, &size, 1)}};
    ir_value operands[] = {x, weight};
    build_args args = {.op = OP_ttir_rms_norm,
                       .loc = loc,
                       .operands = operands,
                       .n_operands = weight ? 2 : 1,
                       .sizes = (const int32_t[]){1, weight != 0, 0},
                       .types = &type,
                       .n_types = 1,
                       .props = make_dict(p, a, 2)};
    ir_op made = build_op(p, &args);
    return made ? ir_result(p->m, made, 0) : 0;
}

/* ---- x * rsqrt(mean(x^2) + eps) * weight ----------------------------------------------------------------- */

/* Whether a typecast, reshape, broadcast or repeat_interleave leaves the last dimension of its input as it is, but for
 * ones that come or go (tt-mlir: preservesDimUpToOnes). */
static bool keeps_last_dim(pass_context *p, ir_op op) {
    shape in, out;
    if (!shape_of(p->m, ir_operand(p->m, op, 0), &in) || !shape_of(p->m, ir_result(p->m, op, 0), &out))
        return false;
    int last = in.n - 1;
    switch (op_id(p->m, op)) {
    case OP_ttir_typecast: return true;
    case OP_ttir_repeat_interleave: return wrap_dim(op_int_or(p->m, op, STR("dim"), 0), in.n) != last;
    case OP_ttir_broadcast: return in.n == out.n && last >= 0 && in.d[last] == out.d[last];
    case OP_ttir_reshape: {
        int found = shape_matching_dim(&in, &out, last);
        if (found < 0)
            return false;
        for (int i = found + 1; i < out.n; i++)
            if (out.d[i] != 1)
                return false;
        return true;
    }
    default: return false;
    }
}

/* v before layout ops that do not touch the normalized dimension of this size. */
static ir_value through_safe_ops(pass_context *p, ir_value v, int64_t size) {
    for (;;) {
        ir_op def = ir_def_op(p->m, v);
        shape s;
        if (!op_is(p->m, def, OP_ttir_typecast) && !op_is(p->m, def, OP_ttir_reshape) &&
            !op_is(p->m, def, OP_ttir_broadcast) && !op_is(p->m, def, OP_ttir_repeat_interleave))
            return v;
        bool safe = keeps_last_dim(p, def);
        if (!safe && op_is(p->m, def, OP_ttir_broadcast))
            safe = shape_of(p->m, v, &s) && s.n && s.d[s.n - 1] == size;
        if (!safe && op_is(p->m, def, OP_ttir_reshape))
            safe = shape_of(p->m, ir_operand(p->m, def, 0), &s) && s.n == 0;
        if (!safe)
            return v;
        v = ir_operand(p->m, def, 0);
    }
}

/* The element type that all operands of `op` were cast from, through reshapes and permutes; 0 when there is not one. */
static ir_type cast_from(pass_context *p, ir_op op) {
    static const uint16_t moves[] = {OP_ttir_reshape, OP_ttir_permute};
    ir_type from = 0;
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++) {
        ir_op cast = def_is(p->m, look_through(p->m, ir_operand(p->m, op, i), moves, 2), OP_ttir_typecast);
        if (!cast)
            continue;
        ir_type elt = element_of(p->m, ir_operand(p->m, cast, 0));
        if (from && from != elt)
            return 0;
        from = elt;
    }
    return from;
}

/* v, the result of `op`, cast back to `elt`, its other users seeing it cast forth again (revertTypecastFolding). */
static ir_value uncast(pass_context *p, ir_op op, ir_value v, ir_type elt) {
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_type type = ir_value_type(p->m, v);
    shape s;
    if (!shape_of(p->m, v, &s))
        return 0;
    ir_edit_after(p->e, op);
    ir_value back = build_typecast(p, loc, v, type_with_element(p, type, elt));
    ir_value forth = back ? build_typecast(p, loc, back, type) : 0;
    if (!forth)
        return 0;
    ir_value replaced = ir_op_at(p->m, op)->n_results == 1 ? ir_result(p->m, op, 0) : v;
    ir_replace_uses_except(p->e, replaced, forth, ir_def_op(p->m, back));
    return back;
}

/* The op OP_* that one of the two operands is, and the other operand. The first one is asked first. */
static ir_op split_operands(pass_context *p, ir_op op, uint32_t id, uint32_t through, ir_value *other) {
    for (uint32_t i = 0; i < 2; i++) {
        ir_value v = ir_operand(p->m, op, i);
        ir_op def = through == OP_N ? def_is(p->m, v, id) : def_through(p->m, v, id, through);
        *other = ir_operand(p->m, op, 1 - i);
        if (def)
            return def;
    }
    return 0;
}

/* Whether s has rows of this size, as many as `out` has. */
static bool is_rows_of(const shape *s, int64_t size, const shape *out) {
    return s->n && s->d[s->n - 1] == size && shape_volume(s) == shape_volume(out);
}

bool fuse_rms_norm(pass_context *p, ir_op op) {
    ir_type out_type = result_type(p, op);
    ir_value gamma, x = 0, epsilon, square = 0;
    shape out, mean_in, gs, xs;
    if (!shape_of_type(p->c, out_type, &out) || !out.n)
        return false;
    int64_t size = out.d[out.n - 1], dim;
    ir_op inner = split_operands(p, op, OP_ttir_multiply, OP_ttir_typecast, &gamma), rsqrt = 0;
    for (uint32_t i = 0; inner && i < 2 && !rsqrt; i++) {
        rsqrt = def_is(p->m, through_safe_ops(p, ir_operand(p->m, inner, i), size), OP_ttir_rsqrt);
        x = ir_operand(p->m, inner, 1 - i);
    }
    ir_op add = rsqrt ? def_is(p->m, through_safe_ops(p, ir_operand(p->m, rsqrt, 0), size), OP_ttir_add) : 0;
    ir_op mean = add ? split_operands(p, add, OP_ttir_mean, OP_N, &epsilon) : 0;
    if (!mean || op_ints(p->m, mean, STR("dim_arg"), &dim, 1) != 1 ||
        !shape_of(p->m, ir_operand(p->m, mean, 0), &mean_in) || wrap_dim(dim, mean_in.n) != mean_in.n - 1)
        return false;
    x = through_safe_ops(p, x, size);
    ir_op squared = ir_def_op(p->m, ir_operand(p->m, mean, 0));
    if (op_is(p->m, squared, OP_ttir_multiply)) {
        if (ir_operand(p->m, squared, 0) == ir_operand(p->m, squared, 1))
            square = through_safe_ops(p, ir_operand(p->m, squared, 0), size);
    } else if (op_is(p->m, squared, OP_ttir_pow) && is_full_of(p->m, ir_operand(p->m, squared, 1), 2, 1e-6)) {
        square = through_safe_ops(p, ir_operand(p->m, squared, 0), size);
    }
    fill_value eps;
    ir_op full = def_is(p->m, epsilon, OP_ttir_full);
    if (!square || square != x || !full || !fill_of(p->m, epsilon, &eps) || !eps.is_float)
        return false;
    gamma = through_safe_ops(p, gamma, size);
    if (!shape_of(p->m, gamma, &gs) || !shape_of(p->m, x, &xs) || !gs.n)
        return false;
    /* What was looked through may have made elements more, or the last dimension another one. */
    if (!is_rows_of(&xs, size, &out) || !is_rows_of(&mean_in, size, &out))
        return false;
    for (int i = 0; i < gs.n; i++)
        if (gs.d[i] != (i == gs.n - 1 ? size : 1))
            return false;
    ir_type elt = element_of(p->m, gamma);
    ir_op x_op = ir_def_op(p->m, x);
    bool other_type = element_of(p->m, x) != elt;
    if (other_type && (!x_op || cast_from(p, x_op) != elt))
        return false;
    shape flat = {.n = 1, .d = {size}};
    ir_loc loc = ir_op_at(p->m, op)->loc;
    if (gs.n != 1)
        gamma = build_reshape(p, loc, gamma, &flat);
    if (gamma && other_type)
        x = uncast(p, x_op, x, elt);
    if (!gamma || !x)
        return false;
    ir_edit_at(p->e, op);
    ir_value v = build_rms_norm(p, loc, x, gamma, size, (float)eps.f, ir_value_type(p->m, x));
    v = build_reshape_cast(p, loc, v, out_type);
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- x / max(norm(x), eps) * sqrt(size) ------------------------------------------------------------------ */

/* The value of a constant of equal elements, behind layout ops. */
static bool splat_value(pass_context *p, ir_value v, double *out) {
    v = look_through_layout(p->m, v);
    ir_op def = ir_def_op(p->m, v);
    fill_value f;
    dense_view d;
    if (op_is(p->m, def, OP_ttir_zeros) || op_is(p->m, def, OP_ttir_full)) {
        bool known = fill_of(p->m, v, &f);
        *out = f.f;
        return known;
    }
    if (!op_is(p->m, def, OP_ttir_constant) || !dense_read(p->c, ir_op_attr(p->m, def, STR("value")), &d) || !d.splat)
        return false;
    *out = dense_double(&d, 0);
    return true;
}

static bool is_about(pass_context *p, ir_value v, double expected, double tolerance) {
    double actual;
    return splat_value(p, v, &actual) && fabs(actual - expected) / fmax(fabs(expected), 1) <= tolerance;
}

static ir_op behind_layout(pass_context *p, ir_value v, uint32_t id) {
    return def_is(p->m, look_through_layout(p->m, v), id);
}

/* The guard against division by zero around the norm: clamp(v, min); *v becomes what is clamped. False when the lower
 * bound is not known or is none that a guard would have. */
static bool peel_guard(pass_context *p, ir_value *v, double *guard) {
    ir_op clamp = behind_layout(p, *v, OP_ttir_clamp_tensor);
    fill_value f;
    *guard = 0;
    if (clamp) {
        if (!splat_value(p, ir_operand(p->m, clamp, 1), guard))
            return false;
    } else if ((clamp = behind_layout(p, *v, OP_ttir_clamp_scalar))) {
        if (!fill_of_attr(p->c, ir_op_attr(p->m, clamp, STR("min")), &f))
            return false;
        *guard = f.f;
    } else {
        return true;
    }
    *v = ir_operand(p->m, clamp, 0);
    return *guard >= 0 && *guard <= 1e-3;
}

/* What is squared: x of pow(x, 2) or x * x, abs ignored; 0 when it is neither. */
static ir_value squared_input(pass_context *p, ir_value v) {
    ir_op op = behind_layout(p, v, OP_ttir_pow);
    if (op) {
        if (!is_about(p, ir_operand(p->m, op, 1), 2, 1e-3))
            return 0;
    } else {
        op = behind_layout(p, v, OP_ttir_multiply);
        if (!op || ir_operand(p->m, op, 0) != ir_operand(p->m, op, 1))
            return 0;
    }
    ir_value x = look_through_layout(p->m, ir_operand(p->m, op, 0));
    ir_op abs = def_is(p->m, x, OP_ttir_abs);
    return abs ? look_through_layout(p->m, ir_operand(p->m, abs, 0)) : x;
}

/* The multiplication by a weight of `size` elements that alone uses op, and that weight; 0 when there is none. */
static ir_op gamma_multiply(pass_context *p, ir_op op, int64_t size, ir_value *weight) {
    ir_value v = ir_result(p->m, op, 0);
    ir_op user = one_user(p, v);
    shape s;
    if (!op_is(p->m, user, OP_ttir_multiply))
        return 0;
    *weight = look_through_layout(p->m, ir_operand(p->m, user, ir_operand(p->m, user, 0) == v ? 1 : 0));
    return *weight != v && shape_of(p->m, *weight, &s) && shape_volume(&s) == size ? user : 0;
}

bool fuse_normalize_rms_norm(pass_context *p, ir_op op) {
    ir_value scale, weight = 0;
    if (in_composite_decomposition(p->m, op))
        return false;
    ir_op div = split_operands(p, op, OP_ttir_div, OP_ttir_typecast, &scale);
    if (!div)
        return false;
    ir_value x = look_through_layout(p->m, ir_operand(p->m, div, 0)), norm = ir_operand(p->m, div, 1);
    double guard;
    if (!peel_guard(p, &norm, &guard))
        return false;
    ir_op root = behind_layout(p, norm, OP_ttir_sqrt);
    if (!root) {
        root = behind_layout(p, norm, OP_ttir_pow);
        if (!root || !is_about(p, ir_operand(p->m, root, 1), 0.5, 1e-3))
            return false;
    }
    ir_op sum = behind_layout(p, ir_operand(p->m, root, 0), OP_ttir_sum);
    int64_t dim;
    shape xs, ss;
    if (!sum || op_ints(p->m, sum, STR("dim_arg"), &dim, 1) != 1 || !shape_of(p->m, ir_operand(p->m, sum, 0), &ss) ||
        squared_input(p, ir_operand(p->m, sum, 0)) != x || !shape_of(p->m, x, &xs))
        return false;
    dim = wrap_dim(dim, ss.n);
    if (dim < 0 || dim >= xs.n || xs.d[dim] <= 1 || !is_about(p, scale, sqrt((double)xs.d[dim]), 0.02))
        return false;
    int64_t size = xs.d[dim];
    double epsilon = (float)(guard * guard / (double)size);
    ir_op gamma = gamma_multiply(p, op, size, &weight), target = gamma ? gamma : op;
    ir_type x_type = ir_value_type(p->m, x), type = result_type(p, target);
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_edit_at(p->e, target);
    if (gamma) {
        shape ws, flat = {.n = 1, .d = {size}};
        if (shape_of(p->m, weight, &ws) && !shape_equal(&ws, &flat))
            weight = build_reshape(p, loc, weight, &flat);
        if (weight && element_of(p->m, weight) != element_of(p->m, x))
            weight =
                build_typecast(p, loc, weight, type_with_element(p, ir_value_type(p->m, weight), element_of(p->m, x)));
        if (!weight)
            return false;
    } else {
        weight = 0;
    }
    ir_value v;
    if (dim == xs.n - 1) {
        v = build_rms_norm(p, loc, x, weight, size, epsilon, x_type);
    } else {
        int64_t perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK];
        int n = 0;
        for (int i = 0; i < xs.n; i++)
            if (i != dim)
                perm[n++] = i;
        perm[n] = dim;
        permutation_inverse(perm, xs.n, inverse);
        v = build_permute(p, loc, x, perm);
        v = v ? build_rms_norm(p, loc, v, weight, size, epsilon, ir_value_type(p->m, v)) : 0;
        v = v ? build_permute_to(p, loc, v, inverse, x_type) : 0;
    }
    v = build_reshape_cast(p, loc, v, type);
    if (v)
        ir_replace1(p->e, target, v);
    return v != 0;
}
