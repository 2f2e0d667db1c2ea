/* pass_ttnn_memory.c - ttnn-memory-management: slices move in front of permutes, reshapes and repeats, and repeats of outer
 * dimensions to inner ones, so that less is made and padded to tiles. With dram-space-saving also in front of arithmetic,
 * reshapes too, and what tiles would blow up by a gigabyte stays in rows. */
#include "compile/passes.h"
#include "compile/rewrite.h"
#include "compile/ttnn_build.h"

#define GIGABYTE (INT64_C(1) << 30)

static ir_type result_type(pass_context *p, ir_op op) {
    return ir_value_type(p->m, ir_result(p->m, op, 0));
}

static bool done(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}

/* ---- slices --------------------------------------------------------------------------------------------- */

/* A slice with negative indices counted from the front. */
static bool read_slice(pass_context *p, ir_op op, const shape *in, slice_range *r) {
    if (in->n < 0 || !slice_of(p->m, op, r) || r->n != in->n)
        return false;
    for (int i = 0; i < r->n; i++) {
        r->begin[i] += r->begin[i] < 0 ? in->d[i] : 0;
        r->end[i] += r->end[i] < 0 ? in->d[i] : 0;
        if (r->step[i] <= 0)
            return false;
    }
    return true;
}

static int64_t sliced_size(const slice_range *r, int i) {
    return (r->end[i] - r->begin[i] + r->step[i] - 1) / r->step[i];
}

static shape sliced_shape(const slice_range *r) {
    shape s = {.n = r->n};
    for (int i = 0; i < r->n; i++)
        s.d[i] = sliced_size(r, i);
    return s;
}

static slice_range whole(const shape *s) {
    slice_range r = {.n = s->n};
    for (int i = 0; i < s->n; i++) {
        r.end[i] = s->d[i];
        r.step[i] = 1;
    }
    return r;
}

static ir_value build_range(pass_context *p, ir_loc loc, ir_value v, const slice_range *r, ir_type t) {
    return tn_slice_to(p, loc, v, r->begin, r->end, r->step, t);
}

/* v sliced, its layout recomputed. */
static ir_value slice_of_value(pass_context *p, ir_loc loc, ir_value v, const slice_range *r) {
    shape s = sliced_shape(r);
    return build_range(p, loc, v, r, tn_reshaped(p, ir_value_type(p->m, v), &s));
}

/* The op of this kind in front of a slice when all its users are slices. */
static ir_op producer(pass_context *p, ir_op slice, uint32_t id) {
    ir_value v = ir_operand(p->m, slice, 0);
    return tn_all_users_are(p, v, OP_ttnn_slice_static) ? def_is(p->m, v, id) : 0;
}

/* A rebuilt permute spells the value out that the original may leave to its default. */
static void keep_pad_value(pass_context *p, ir_op permute, ir_op made) {
    ir_attr pad = ir_op_attr(p->m, permute, STR("pad_value"));
    ir_set_prop(p->e, made, STR("pad_value"), pad ? pad : make_f32(p, 0));
}

static bool slice_before_permute(pass_context *p, ir_op op) {
    ir_op permute = producer(p, op, OP_ttnn_permute);
    int64_t perm[PASS_MAX_RANK];
    slice_range r, before;
    shape in = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    if (!permute || op_ints(p->m, permute, STR("permutation"), perm, PASS_MAX_RANK) != (uint32_t)in.n ||
        !read_slice(p, op, &in, &r))
        return false;
    before.n = r.n;
    for (int i = 0; i < r.n; i++) {
        before.begin[perm[i]] = r.begin[i];
        before.end[perm[i]] = r.end[i];
        before.step[perm[i]] = r.step[i];
    }
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value v = slice_of_value(p, loc, ir_operand(p->m, permute, 0), &before);
    if (!v)
        return false;
    ir_value turned = tn_permute_to(p, loc, v, perm, result_type(p, op));
    if (turned)
        keep_pad_value(p, permute, ir_def_op(p->m, turned));
    return done(p, op, turned);
}

/* Consecutive dimensions of one shape that hold the same elements as consecutive ones of another; in_n is 0 for a 1 that
 * the second shape has in addition. */
typedef struct dim_group {
    int in, in_n, out, out_n;
} dim_group;

static int match_dims(const shape *in, const shape *out, dim_group *groups) {
    int n = 0, i = 0, o = 0;
    while (i < in->n || o < out->n) {
        if (o < out->n && out->d[o] == 1 && (i >= in->n || in->d[i] != 1)) {
            groups[n++] = (dim_group){i, 0, o++, 1};
            continue;
        }
        if (i >= in->n || o >= out->n)
            return -1;
        int i0 = i, o0 = o;
        int64_t a = in->d[i++], b = out->d[o++];
        while (a != b) {
            if (a < b ? i >= in->n : o >= out->n)
                return -1;
            if (a < b)
                a *= in->d[i++];
            else
                b *= out->d[o++];
        }
        groups[n++] = (dim_group){i0, i - i0, o0, o - o0};
    }
    return n;
}

static bool slice_before_reshape(pass_context *p, ir_op op) {
    ir_op reshape = producer(p, op, OP_ttnn_reshape);
    if (!reshape)
        return false;
    ir_value x = ir_operand(p->m, reshape, 0);
    shape in = tn_shape_of(p->m, x), out = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    dim_group groups[2 * PASS_MAX_RANK];
    slice_range r;
    int n = in.n < 0 ? -1 : match_dims(&in, &out, groups);
    if (n < 0 || !read_slice(p, op, &out, &r))
        return false;
    slice_range before = whole(&in);
    for (int g = 0; g < n; g++) {
        const dim_group *k = &groups[g];
        bool partial = false;
        for (int d = k->out; d < k->out + k->out_n; d++)
            partial = partial || sliced_size(&r, d) != out.d[d];
        if (k->in_n == 0 || !partial)
            continue;
        if (k->in_n != 1 || k->out_n != 1)
            return false;
        before.begin[k->in] = r.begin[k->out];
        before.end[k->in] = r.end[k->out];
        before.step[k->in] = r.step[k->out];
    }
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value v = slice_of_value(p, loc, x, &before);
    return v && done(p, op, tn_reshape_to(p, loc, v, result_type(p, op)));
}

static bool repeat_times(pass_context *p, ir_op repeat, int64_t *times, int n) {
    ir_attr a = ir_op_attr(p->m, repeat, STR("repeat_dims"));
    return a && dialect_param_ints(p->c, a, STR("shape"), times, PASS_MAX_RANK) == (uint32_t)n;
}

static bool slice_before_repeat(pass_context *p, ir_op op) {
    ir_op repeat = producer(p, op, OP_ttnn_repeat);
    if (!repeat)
        return false;
    ir_value x = ir_operand(p->m, repeat, 0);
    shape in = tn_shape_of(p->m, x), out = tn_shape_of(p->m, ir_operand(p->m, op, 0));
    int64_t times[PASS_MAX_RANK];
    slice_range r;
    if (in.n < 2 || !repeat_times(p, repeat, times, in.n) || !read_slice(p, op, &out, &r))
        return false;
    slice_range before = whole(&in);
    for (int i = 0; i < in.n; i++) {
        if (times[i] != 1 && sliced_size(&r, i) != out.d[i])
            return false;
        if (times[i] == 1) {
            before.begin[i] = r.begin[i];
            before.end[i] = r.end[i];
            before.step[i] = r.step[i];
        }
    }
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_value v = slice_of_value(p, loc, x, &before);
    shape s = sliced_shape(&before);
    for (int i = 0; i < s.n; i++)
        s.d[i] *= times[i];
    return v && done(p, op, tn_repeat(p, loc, v, &s));
}

/* ---- siblings ------------------------------------------------------------------------------------------- */

enum { MAX_SIBLINGS = 256 };

/* The only dimension that a slice does not take whole; -1 when there are none or several. */
static int only_partial_dim(const slice_range *r, const shape *s) {
    int dim = -1;
    for (int i = 0; i < s->n; i++) {
        if (r->begin[i] == 0 && r->end[i] == s->d[i] && r->step[i] == 1)
            continue;
        if (dim >= 0)
            return -1;
        dim = i;
    }
    return dim;
}

/* Slices of one index of a dimension, each reshaped to drop it: one reshape that merges the dimension with the one before,
 * and strided slices of that. Only when it takes less room. */
static bool merge_sibling_slices(pass_context *p, ir_op op) {
    ir_value x = ir_operand(p->m, op, 0);
    shape s = tn_shape_of(p->m, x);
    ir_op slices[MAX_SIBLINGS], reshapes[MAX_SIBLINGS];
    uint32_t n = 0;
    if (s.n < 2 || !tn_is_tiled(p->c, ir_value_type(p->m, x)))
        return false;
    for (ir_each_use(p->e, x, u)) {
        ir_op user = ir_use_op(p->e, u);
        if (user != op && (ir_op_at(p->m, user)->block != ir_op_at(p->m, op)->block || ir_is_before(p->m, user, op)))
            return false;
        ir_value r = op_is(p->m, user, OP_ttnn_slice_static) ? ir_result(p->m, user, 0) : 0;
        if (!r || !ir_has_one_use(p->e, r) || n == MAX_SIBLINGS)
            return false;
        ir_op next = ir_use_op(p->e, ir_first_use(p->e, r));
        if (!op_is(p->m, next, OP_ttnn_reshape) || ir_op_at(p->m, next)->block != ir_op_at(p->m, op)->block)
            return false;
        slices[n] = user;
        reshapes[n++] = next;
    }
    if (n < 2)
        return false;
    int dim = -1;
    int64_t index[MAX_SIBLINGS], old_volume = 0;
    ir_type t = result_type(p, reshapes[0]);
    for (uint32_t i = 0; i < n; i++) {
        slice_range r;
        if (!read_slice(p, slices[i], &s, &r))
            return false;
        int partial = only_partial_dim(&r, &s);
        if (i == 0)
            dim = partial;
        /* a dimension of one element may be taken whole by every slice but the first */
        if (dim < 1 || (partial != dim && partial != -1) || r.step[dim] != 1 || r.end[dim] - r.begin[dim] != 1 ||
            result_type(p, reshapes[i]) != t)
            return false;
        index[i] = r.begin[dim];
        shape part = sliced_shape(&r);
        old_volume += tn_tiled_volume(&part);
    }
    shape dropped = {.n = 0}, merged = {.n = 0}, out = tn_shape_of_type(p->c, t);
    for (int i = 0; i < s.n; i++)
        if (i != dim) {
            dropped.d[dropped.n++] = s.d[i];
            merged.d[merged.n++] = i == dim - 1 ? s.d[i] * s.d[dim] : s.d[i];
        }
    if (!shape_equal(&dropped, &out) || tn_tiled_volume(&merged) >= old_volume)
        return false;
    ir_value v = tn_reshape(p, ir_op_at(p->m, op)->loc, x, &merged);
    if (!v)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        slice_range r = whole(&merged);
        r.begin[dim - 1] = index[i];
        r.step[dim - 1] = s.d[dim];
        if (!done(p, reshapes[i], build_range(p, ir_op_at(p->m, reshapes[i])->loc, v, &r, t)))
            return false;
    }
    for (uint32_t i = 0; i < n; i++)
        ir_erase(p->e, slices[i]);
    return true;
}

/* ---- repeats -------------------------------------------------------------------------------------------- */

/* A repeat in front of reshapes: of an outer 1 instead of an inner one, where only ones stand between, fills tiles. */
static bool repeat_inner_dims(pass_context *p, ir_op op) {
    ir_value x = ir_operand(p->m, op, 0), result = ir_result(p->m, op, 0);
    shape in = tn_shape_of(p->m, x), out = tn_shape_of(p->m, result);
    int64_t times[PASS_MAX_RANK], moved[PASS_MAX_RANK];
    for (ir_each_use(p->e, result, u))
        if (!op_is(p->m, ir_use_op(p->e, u), OP_ttnn_reshape))
            return false;
    if (in.n < 2 || out.n != in.n || !repeat_times(p, op, times, in.n) ||
        (out.d[out.n - 1] % TARGET_TILE == 0 && out.d[out.n - 2] % TARGET_TILE == 0))
        return false;
    memcpy(moved, times, sizeof moved);
    bool changed = false;
    for (int from = 0; from < in.n - 2; from++) {
        if (moved[from] <= 1 || in.d[from] != 1)
            continue;
        for (int to = in.n - 2; to < in.n; to++) {
            bool clear = in.d[to] == 1 && moved[to] == 1;
            for (int i = from + 1; i < to; i++)
                clear = clear && in.d[i] == 1;
            if (!clear)
                continue;
            moved[to] = moved[from];
            moved[from] = 1;
            changed = true;
            break;
        }
    }
    if (!changed)
        return false;
    shape s = in;
    for (int i = 0; i < s.n; i++)
        s.d[i] *= moved[i];
    return done(p, op, tn_repeat(p, ir_op_at(p->m, op)->loc, x, &s));
}

/* ---- with dram-space-saving ----------------------------------------------------------------------------- */

static bool is_arithmetic(const ir_module *m, ir_op op) {
    return op_is(m, op, OP_ttnn_add) || op_is(m, op, OP_ttnn_multiply) || op_is(m, op, OP_ttnn_subtract) ||
           op_is(m, op, OP_ttnn_divide);
}

/* The arithmetic again on other operands, in another type. */
static bool redo(pass_context *p, ir_op op, ir_op arithmetic, const ir_value *v) {
    ir_type t = result_type(p, op);
    ir_op made = tn_rebuild(p, arithmetic, ir_op_at(p->m, arithmetic)->loc, v, 2, &t);
    return made && done(p, op, ir_result(p->m, made, 0));
}

static bool slice_before_arithmetic(pass_context *p, ir_op op) {
    ir_value x = ir_operand(p->m, op, 0);
    ir_op arithmetic = ir_def_op(p->m, x);
    shape out = tn_shape_of(p->m, x);
    slice_range r, parts[2];
    if (!arithmetic || !is_arithmetic(p->m, arithmetic) || !tn_all_users_are(p, x, OP_ttnn_slice_static) ||
        !read_slice(p, op, &out, &r))
        return false;
    bool needed[2] = {false, false};
    for (uint32_t i = 0; i < 2; i++) {
        shape s = tn_shape_of(p->m, ir_operand(p->m, arithmetic, i));
        if (s.n != out.n)
            return false;
        parts[i] = whole(&s);
        for (int d = 0; d < s.n; d++) {
            if (s.d[d] == 1)
                continue;
            if (s.d[d] != out.d[d])
                return false;
            parts[i].begin[d] = r.begin[d];
            parts[i].end[d] = r.end[d];
            parts[i].step[d] = r.step[d];
            needed[i] = needed[i] || sliced_size(&r, d) != s.d[d];
        }
    }
    ir_value v[2];
    for (uint32_t i = 0; i < 2; i++) {
        v[i] = ir_operand(p->m, arithmetic, i);
        if (needed[i])
            v[i] = slice_of_value(p, ir_op_at(p->m, op)->loc, v[i], &parts[i]);
        if (!v[i])
            return false;
    }
    return redo(p, op, arithmetic, v);
}

/* What an operand of the arithmetic becomes when its result is reshaped; n = -1 when that is not possible. */
static shape reshaped_operand(const shape *s, const shape *to, const dim_group *groups, int n) {
    shape out = {.n = 0};
    for (int g = 0; g < n; g++) {
        const dim_group *k = &groups[g];
        int64_t have = 1, want = 1;
        for (int i = 0; i < k->in_n; i++)
            have *= s->d[k->in + i];
        for (int i = 0; i < k->out_n; i++)
            want *= to->d[k->out + i];
        if (k->in_n && have != want && have != 1)
            return (shape){.n = -1};
        for (int i = 0; i < k->out_n; i++)
            out.d[out.n++] = k->in_n && have == want ? to->d[k->out + i] : 1;
    }
    return out;
}

/* Arithmetic on tensors that a reshape makes denser is done after it. */
static bool reshape_before_arithmetic(pass_context *p, ir_op op) {
    ir_value x = ir_operand(p->m, op, 0);
    ir_op arithmetic = ir_def_op(p->m, x);
    shape from = tn_shape_of(p->m, x), to = tn_shape_of_type(p->c, result_type(p, op));
    dim_group groups[2 * PASS_MAX_RANK];
    if (!arithmetic || !is_arithmetic(p->m, arithmetic) || !ir_has_one_use(p->e, x) || from.n < 0 || to.n < 0 ||
        tn_tiled_volume(&to) >= tn_tiled_volume(&from))
        return false;
    int n = match_dims(&from, &to, groups);
    shape wanted[2];
    ir_value v[2];
    for (uint32_t i = 0; n >= 0 && i < 2; i++) {
        v[i] = ir_operand(p->m, arithmetic, i);
        shape s = tn_shape_of(p->m, v[i]);
        if (s.n != from.n)
            return false;
        wanted[i] = reshaped_operand(&s, &to, groups, n);
        ir_op before = def_is(p->m, v[i], OP_ttnn_reshape);
        if (before && ir_has_one_use(p->e, v[i]))
            v[i] = ir_operand(p->m, before, 0);
        shape now = tn_shape_of(p->m, v[i]);
        if (wanted[i].n < 0 || shape_volume(&now) != shape_volume(&wanted[i]))
            return false;
    }
    if (n < 0)
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        shape now = tn_shape_of(p->m, v[i]);
        if (!shape_equal(&now, &wanted[i]))
            v[i] = tn_reshape(p, ir_op_at(p->m, op)->loc, v[i], &wanted[i]);
    }
    return v[0] && v[1] && redo(p, op, arithmetic, v);
}

/* The layout of t in rows when it is tiled now. */
static bool rows_of(pass_context *p, ir_type t, ttnn_layout *tiled, ir_type *rows) {
    if (!ttnn_layout_of(p->c, t, tiled) || !tiled->tiled)
        return false;
    ttnn_layout l = *tiled;
    ttnn_layout_set_tiled(&l, false);
    *rows = tn_placed(p, t, &l);
    return *rows != 0;
}

static ir_value input_in_rows(pass_context *p, ir_op op) {
    ir_value x = ir_operand(p->m, op, 0);
    ttnn_layout l;
    if (def_is(p->m, x, OP_ttnn_to_layout) || !ttnn_layout_of(p->c, ir_value_type(p->m, x), &l) || !l.tiled)
        return x;
    ttnn_layout_set_tiled(&l, false);
    return tn_to_spec(p, op, x, &l, "_input_row_major");
}

/* Rebuilds a chain of ops (each the only user of the one before) in rows and restores the last one's tiles. */
static bool chain_in_rows(pass_context *p, const ir_op *chain, uint32_t n) {
    ttnn_layout last = {0};
    ir_type rows[3];
    for (uint32_t i = 0; i < n; i++)
        if (!rows_of(p, result_type(p, chain[i]), &last, &rows[i]))
            return false;
    ir_value v = input_in_rows(p, chain[0]);
    for (uint32_t i = 0; v && i < n; i++) {
        ir_op made = tn_rebuild(p, chain[i], ir_op_at(p->m, chain[i])->loc, &v, 1, &rows[i]);
        v = made ? ir_result(p->m, made, 0) : 0;
        if (op_is(p->m, made, OP_ttnn_permute))
            keep_pad_value(p, chain[i], made);
    }
    if (v)
        v = tn_to_spec(p, chain[n - 1], v, &last, "_restore_layout");
    if (!done(p, chain[n - 1], v))
        return false;
    for (uint32_t i = n - 1; i-- > 0;)
        ir_erase(p->e, chain[i]);
    return true;
}

static ir_op next_in_chain(pass_context *p, ir_op op) {
    return one_user(p, ir_result(p->m, op, 0));
}

/* permute, maybe repeat, reshape */
static bool permute_in_rows(pass_context *p, ir_op op) {
    ir_op chain[3] = {op};
    uint32_t n = 1;
    ir_op next = next_in_chain(p, op);
    if (op_is(p->m, next, OP_ttnn_repeat)) {
        chain[n++] = next;
        next = next_in_chain(p, next);
    }
    if (!op_is(p->m, next, OP_ttnn_reshape))
        return false;
    int64_t tiled = 0, plain = 0;
    for (uint32_t i = 0; i < n; i++) {
        shape s = tn_shape_of_type(p->c, result_type(p, chain[i]));
        int64_t a = tn_tiled_volume(&s), b = shape_volume(&s);
        tiled = a > tiled ? a : tiled;
        plain = b > plain ? b : plain;
    }
    chain[n++] = next;
    return tiled - plain >= GIGABYTE && chain_in_rows(p, chain, n);
}

/* reshape, permute */
static bool reshape_in_rows(pass_context *p, ir_op op) {
    ir_op chain[2] = {op, next_in_chain(p, op)};
    if (!op_is(p->m, chain[1], OP_ttnn_permute))
        return false;
    shape a = tn_shape_of_type(p->c, result_type(p, op)), b = tn_shape_of_type(p->c, result_type(p, chain[1]));
    return tn_tiled_volume(&b) == shape_volume(&b) && tn_tiled_volume(&a) - shape_volume(&a) >= GIGABYTE &&
           chain_in_rows(p, chain, 2);
}

bool pass_ttnn_memory(pass_context *p) {
    static const rewrite_pattern patterns[] = {
        {OP_ttnn_slice_static, 1, slice_before_arithmetic},
        {OP_ttnn_reshape, 1, reshape_before_arithmetic},
        {OP_ttnn_permute, 1, permute_in_rows},
        {OP_ttnn_reshape, 1, reshape_in_rows},
        {OP_ttnn_slice_static, 1, slice_before_permute},
        {OP_ttnn_slice_static, 1, slice_before_reshape},
        {OP_ttnn_slice_static, 1, merge_sibling_slices},
        {OP_ttnn_slice_static, 1, slice_before_repeat},
        {OP_ttnn_repeat, 1, repeat_inner_dims},
    };
    const uint32_t n = sizeof patterns / sizeof *patterns, saving = 4;
    uint32_t first = p->o->dram_space_saving ? 0 : saving;
    return rewrite_greedy(p, p->scope, patterns + first, n - first, REWRITE_TOP_DOWN, 0);
}
