/* hlo_gather.c - stablehlo.gather: slices, ttir.gather along a dimension, and lookups in a table (ttir.embedding), for which
 * the indexed dimensions are flattened into rows. */
#include "compile/constant.h"
#include "compile/hlo.h"

/* A gather, its attributes as numbers. */
typedef struct gather {
    ir_loc loc;
    ir_value input, index;
    ir_type type;
    shape in, at, out; /* of input, index and result */
    shape offset, collapsed, in_batch, at_batch, map, sizes;
    int64_t vector;
} gather;

static bool gather_of(pass_context *p, ir_op op, gather *g) {
    *g = (gather){.loc = ir_op_at(p->m, op)->loc,
                  .input = ir_operand(p->m, op, 0),
                  .index = ir_operand(p->m, op, 1),
                  .type = hlo_type(p, op)};
    if (!shape_of(p->m, g->input, &g->in) || !shape_of(p->m, g->index, &g->at) ||
        !shape_of_type(p->c, g->type, &g->out))
        return false;
    g->sizes.n = g->in.n;
    g->vector = hlo_dim(p, op, STR("dimension_numbers"), STR("indexVectorDim"));
    return hlo_dims_below(p, op, STR("dimension_numbers"), STR("offsetDims"), g->out.n, &g->offset) &&
           hlo_dims_below(p, op, STR("dimension_numbers"), STR("collapsedSliceDims"), g->in.n, &g->collapsed) &&
           hlo_dims_below(p, op, STR("dimension_numbers"), STR("operandBatchingDims"), g->in.n, &g->in_batch) &&
           hlo_dims_below(p, op, STR("dimension_numbers"), STR("startIndicesBatchingDims"), g->at.n, &g->at_batch) &&
           hlo_dims_below(p, op, STR("dimension_numbers"), STR("startIndexMap"), g->in.n, &g->map) && g->vector >= 0 &&
           g->vector <= g->at.n && hlo_ints(p, op, STR("slice_sizes"), (uint32_t)g->in.n, 1, g->sizes.d);
}

static bool index_constant(pass_context *p, const gather *g, dense_view *d) {
    ir_op def = def_is(p->m, g->index, OP_ttir_constant);
    return def && dense_read(p->c, ir_op_attr(p->m, def, STR("value")), d) && !d->of.is_float;
}

static slice_range whole(const shape *s) {
    slice_range r = {.n = s->n};
    for (int i = 0; i < s->n; i++) {
        r.end[i] = s->d[i];
        r.step[i] = 1;
    }
    return r;
}

/* ---- one slice ------------------------------------------------------------------------------------------ */

/* One start for every dimension: those that are not indexed start at 0. */
static ir_value all_starts(pass_context *p, const gather *g, ir_type element) {
    shape one = shape_ones(1), all = {.d = {g->in.n}, .n = 1};
    int64_t zero = 0;
    ir_value parts[PASS_MAX_RANK], none = hlo_build_ints(p, g->loc, &zero, &one, element);
    int next = 0;
    for (int i = 0; i < g->in.n; i++) {
        parts[i] = none;
        if (next < g->map.n && g->map.d[next] == i) {
            slice_range r = {.begin = {next}, .end = {next + 1}, .step = {1}, .n = 1};
            parts[i] = build_slice_to(p, g->loc, g->index, &r, tensor_type(p, &one, element));
            next++;
        }
        if (!parts[i])
            return 0;
    }
    return g->in.n == 1 ? parts[0]
                        : build_concat(p, g->loc, parts, (uint32_t)g->in.n, 0, tensor_type(p, &all, element));
}

bool hlo_gather_slice(pass_context *p, ir_op op) {
    gather g;
    dense_view d;
    if (!gather_of(p, op, &g) || g.in_batch.n || g.at_batch.n || g.collapsed.n || g.offset.n != g.out.n ||
        g.at.n != 1 || g.at.d[0] != g.map.n)
        return false;
    for (int i = 0; i < g.in.n; i++)
        if (!hlo_has(&g.map, i) && g.sizes.d[i] != g.in.d[i])
            return false;
    if (index_constant(p, &g, &d)) {
        slice_range r = whole(&g.sizes);
        for (int i = 0; i < g.map.n; i++) {
            r.begin[g.map.d[i]] = dense_int(&d, i);
            r.end[g.map.d[i]] = dense_int(&d, i) + g.sizes.d[g.map.d[i]];
        }
        return hlo_replace(p, op, build_slice_to(p, g.loc, g.input, &r, g.type));
    }
    ir_type element = element_of(p->m, g.index);
    shape all = {.d = {g.in.n}, .n = 1};
    ir_value start = all_starts(p, &g, element);
    ir_value size = hlo_build_ints(p, g.loc, g.sizes.d, &all, p->c->t_i32);
    ir_value end = start && size ? build_binary(p, OP_ttir_add, g.loc, start, size, tensor_type(p, &all, element)) : 0;
    ir_value operands[] = {g.input, start, end};
    return end && hlo_replace(p, op, build_value(p, OP_ttir_slice_dynamic, g.loc, operands, 3, g.type, 0));
}

/* ---- along a dimension ---------------------------------------------------------------------------------- */

static ir_value build_gather(pass_context *p, ir_loc loc, ir_value v, ir_value index, int64_t dim, ir_type type) {
    ir_value operands[] = {v, index};
    attr_entry a[] = {{STR("dim"), make_i32(p, dim)}};
    return build_value(p, OP_ttir_gather, loc, operands, 2, type, make_dict(p, a, 1));
}

/* Batched, one dimension indexed: the index gets the shape of the result. */
bool hlo_gather_along_dim(pass_context *p, ir_op op) {
    gather g;
    if (!gather_of(p, op, &g) || !g.in_batch.n || g.in_batch.n != g.at_batch.n || g.map.n != 1 ||
        hlo_has(&g.in_batch, g.map.d[0]) || g.sizes.d[g.map.d[0]] != 1 || g.out.n != g.in.n)
        return false;
    for (int i = 0; i < g.in.n; i++)
        if (i != g.map.d[0] && !hlo_has(&g.in_batch, i) && g.sizes.d[i] != g.in.d[i])
            return false;
    shape at = {.n = 0};
    for (int i = 0; i < g.at.n; i++)
        if (i != g.vector)
            at.d[at.n++] = g.at.d[i];
    ir_value index = g.index;
    if (at.n != g.at.n)
        index = build_reshape(p, g.loc, index, &at);
    if (index && at.n < g.out.n) {
        for (int k = 0; k < g.offset.n && at.n < PASS_MAX_RANK; k++) {
            int64_t where = g.offset.d[k] < at.n ? g.offset.d[k] : at.n;
            for (int i = at.n++; i > where; i--)
                at.d[i] = at.d[i - 1];
            at.d[where] = 1;
        }
        index = build_reshape(p, g.loc, index, &at);
        if (index && !shape_equal(&at, &g.out))
            index = build_broadcast(p, g.loc, index, &g.out);
    }
    return index && hlo_replace(p, op, build_gather(p, g.loc, g.input, index, g.map.d[0], g.type));
}

/* ---- the whole input with its ends repeated ------------------------------------------------------------- */

static ir_value repeated_slice(pass_context *p, const gather *g, int64_t start, int64_t size, int64_t times) {
    slice_range r = whole(&g->in);
    shape s = g->in, repeats = shape_ones(g->in.n);
    int64_t dim = g->map.d[0];
    r.begin[dim] = start;
    r.end[dim] = start + size;
    s.d[dim] = size;
    ir_value v = build_slice_to(p, g->loc, g->input, &r, type_like(p, g->input, &s));
    s.d[dim] = repeats.d[dim] = times;
    attr_entry a[] = {{STR("repeat_dimensions"), make_i64s(p, repeats.d, (uint32_t)repeats.n)}};
    return v ? build_value(p, OP_ttir_repeat, g->loc, &v, 1, type_like(p, g->input, &s), make_dict(p, a, 1)) : 0;
}

/* Constant indices 0, ..., 0, 1, 2, ..., last, ..., last. */
bool hlo_gather_repeat(pass_context *p, ir_op op) {
    gather g;
    dense_view d;
    if (!gather_of(p, op, &g) || g.map.n != 1 || !index_constant(p, &g, &d))
        return false;
    int64_t dim = g.map.d[0], size = g.sizes.d[dim], max = g.in.d[dim] - size, starts = 0, ends = 0, last = 0;
    for (int64_t i = 0; i < d.n; i++) {
        int64_t at = dense_int(&d, i);
        if (at == 0)
            starts++;
        else if (at == max)
            ends++;
        if (at - last != 1 && !(at == last && (at == 0 || at == max)))
            return false;
        last = at;
    }
    if (last != max || starts == 0 || (max != 0 && ends == 0))
        return false;
    starts--;
    ends -= max != 0;
    ir_value parts[3];
    uint32_t n = 0;
    if (starts && !(parts[n++] = repeated_slice(p, &g, 0, size, starts)))
        return false;
    parts[n++] = g.input;
    if (ends && !(parts[n++] = repeated_slice(p, &g, g.in.d[dim] - size, size, ends)))
        return false;
    return hlo_replace(p, op, build_concat(p, g.loc, parts, n, dim, g.type));
}

/* ---- lookups in a table --------------------------------------------------------------------------------- */

/* Which dimensions are looked up by: `dims`, of which entry `entry` of the index says where; wide: more than one element
 * at a time. */
typedef struct lookup {
    shape dims;
    int64_t entry;
    bool wide;
} lookup;

static lookup lookup_of(const gather *g) {
    lookup l = {.entry = -1};
    int full = 0;
    bool partial = false;
    for (int i = 0; i < g->map.n; i++) {
        int64_t d = g->map.d[i];
        full += g->sizes.d[d] == g->in.d[d];
        partial = partial || (g->sizes.d[d] != g->in.d[d] && g->sizes.d[d] != 1);
    }
    for (int i = 0; i < g->map.n; i++) {
        int64_t d = g->map.d[i];
        if (g->in.d[d] == 1) {
            if (full == g->map.n) {
                l.dims.d[l.dims.n++] = d;
                l.entry = i;
                break;
            }
            if (partial || full > 0)
                continue;
        } else if (g->sizes.d[d] == g->in.d[d]) {
            continue;
        }
        l.dims.d[l.dims.n++] = d;
        l.entry = i;
        l.wide = l.wide || g->sizes.d[d] != 1;
    }
    return l;
}

static bool can_look_up(const gather *g) {
    int full = 0, partial = 0, single = 0;
    if ((g->map.n > 1 && g->at.n == 1) || g->in_batch.n || g->at_batch.n)
        return false;
    for (int i = 0; i < g->in.n; i++) {
        if (!hlo_has(&g->map, i)) {
            if (g->sizes.d[i] != g->in.d[i])
                return false;
        } else if (g->in.d[i] == 1) {
            single++;
        } else if (g->sizes.d[i] == g->in.d[i]) {
            full++;
        } else if (g->sizes.d[i] != 1) {
            partial++;
        }
    }
    int rest = g->map.n - full - single;
    return !(partial && rest != 1) && !(full && (rest > 1 || rest + single == 0));
}

/* The input as a table: the dimensions that are looked up by first, flattened into rows. */
static ir_value table_of(pass_context *p, const gather *g, const shape *dims, shape *permuted) {
    int64_t perm[PASS_MAX_RANK];
    int n = 0;
    shape table = shape_ones(2);
    for (int i = 0; i < dims->n; i++)
        perm[n++] = dims->d[i];
    for (int i = 0; i < g->in.n; i++)
        if (!hlo_has(dims, i))
            perm[n++] = i;
    if (n != g->in.n)
        return 0;
    *permuted = shape_permuted(&g->in, perm);
    for (int i = 0; i < n; i++)
        table.d[i >= dims->n] *= permuted->d[i];
    ir_value v = build_permute(p, loc_suffix(p, g->loc, "_permuteInput"), g->input, perm);
    return v ? build_reshape(p, loc_suffix(p, g->loc, "_reshapeInput"), v, &table) : 0;
}

/* Several indices become the number of a row: times the strides, in f32. The places are those of the input. */
static ir_value row_numbers(pass_context *p, const gather *g, const shape *permuted) {
    ir_loc loc = value_loc(p->m, g->input);
    int64_t perm[PASS_MAX_RANK], strides[PASS_MAX_RANK], stride = 1;
    int n = 0;
    shape column = {.d = {g->map.n, 1}, .n = 2};
    for (int i = 0; i < g->at.n; i++)
        if (i != g->vector)
            perm[n++] = i;
    if (g->vector < g->at.n)
        perm[n++] = g->vector;
    if (n != g->at.n)
        return 0;
    ir_value v = build_permute(p, loc_suffix(p, loc, "_permuteStartIndices"), g->index, perm);
    shape s = shape_permuted(&g->at, perm);
    v = v ? build_typecast(p, loc_suffix(p, loc, "_typecast"), v,
                           type_with_element(p, ir_value_type(p->m, v), type_f32(p)))
          : 0;
    for (int i = g->map.n - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= permuted->d[i];
    }
    ir_value c = hlo_build_ints(p, loc_suffix(p, loc, "_constant"), strides, &column, type_f32(p));
    s.d[s.n - 1] = 1;
    return v && c ? build_matmul(p, loc, v, c, 0, false, false, tensor_type(p, &s, type_f32(p))) : 0;
}

static ir_value one_row(pass_context *p, const gather *g, ir_value index) {
    shape s;
    if (!shape_of(p->m, index, &s))
        return 0;
    shape row = {.d = {1, shape_volume(&s)}, .n = 2};
    return build_reshape(p, loc_suffix(p, g->loc, "_reshapeStartIndices"), index, &row);
}

/* Each index followed, in the first dimension, by those of the rest of its window: at offsets[0 .. n). */
static ir_value expanded(pass_context *p, ir_loc loc, ir_value index, const int64_t *offsets, int64_t n,
                         const char *constant_suffix) {
    shape s;
    if (!shape_of(p->m, index, &s) || s.n != 2)
        return 0;
    int64_t columns = s.d[1], *all = ARENA_ARRAY(&p->scratch, int64_t, (size_t)(n * columns) + 1);
    if (!all) {
        p->m->failed = true;
        return 0;
    }
    for (int64_t i = 0; i < n * columns; i++)
        all[i] = offsets[i / columns];
    s.d[0] = n;
    ir_value c = hlo_build_ints(p, loc_suffix(p, loc, "%s", constant_suffix), all, &s, element_of(p->m, index));
    ir_value v = build_broadcast(p, loc_suffix(p, loc, "_broadcastStartIndices"), index, &s);
    return c && v
               ? build_binary(p, OP_ttir_add, loc_suffix(p, loc, "_expandedStartIndices"), v, c, ir_value_type(p->m, v))
               : 0;
}

/* The index as two dimensions of row numbers. */
static ir_value rows_to_look_up(pass_context *p, const gather *g, const lookup *l, const shape *permuted) {
    ir_value v = g->index;
    shape s;
    if (l->dims.n > 1) {
        v = row_numbers(p, g, permuted);
    } else if (g->map.n != l->dims.n) {
        slice_range r = whole(&g->at);
        s = g->at;
        if (g->vector >= s.n)
            return 0;
        r.begin[g->vector] = l->entry;
        r.end[g->vector] = l->entry + 1;
        s.d[g->vector] = 1;
        v = build_slice_to(p, loc_suffix(p, g->loc, "_sliceStartIndices"), v, &r, type_like(p, v, &s));
    }
    if (!v || !shape_of(p->m, v, &s))
        return 0;
    if (s.n != 2 || (l->wide && g->vector != 0))
        v = one_row(p, g, v);
    if (!v || !l->wide)
        return v;
    int64_t n = g->sizes.d[g->map.d[l->entry]], *offsets = ARENA_ARRAY(&p->scratch, int64_t, (size_t)n + 1);
    if (!offsets) {
        p->m->failed = true;
        return 0;
    }
    for (int64_t i = 0; i < n; i++)
        offsets[i] = i;
    return expanded(p, loc_suffix(p, g->loc, "_expandStartIndices"), v, offsets, n, "_offsetConstant");
}

/* What was found, with the dimensions of the result. */
static ir_value found_to_result(pass_context *p, const gather *g, const lookup *l, ir_value v) {
    int64_t perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK], dim = l->dims.d[0], first = -1;
    int n = 0;
    if (g->sizes.d[dim] != 1) {
        int smaller = 0;
        while (smaller < g->collapsed.n && g->collapsed.d[smaller] < dim)
            smaller++;
        first = dim - smaller;
        if (first < 0 || first >= g->offset.n)
            return 0;
        perm[n++] = g->offset.d[first];
    }
    for (int i = 0; i < g->out.n; i++)
        if (!hlo_has(&g->offset, i))
            perm[n++] = i;
    for (int i = 0; i < g->offset.n && n < g->out.n; i++)
        if (i != first)
            perm[n++] = g->offset.d[i];
    if (n != g->out.n)
        return 0;
    permutation_inverse(perm, n, inverse);
    shape s = shape_permuted(&g->out, perm);
    v = build_reshape(p, loc_suffix(p, g->loc, "_reshapeOutput"), v, &s);
    return v ? build_permute_to(p, loc_suffix(p, g->loc, "_permuteOutput"), v, inverse, g->type) : 0;
}

/* Integers are not looked up in a table but gathered along its rows, element by element. */
static ir_value gather_rows(pass_context *p, const gather *g, ir_value table, ir_value rows, const shape *out) {
    shape t, r;
    if (!shape_of(p->m, table, &t) || !shape_of(p->m, rows, &r))
        return 0;
    shape flat = {.d = {shape_volume(&r), 1}, .n = 2};
    ir_value v = build_reshape(p, loc_suffix(p, g->loc, "_intGatherIndicesFlat"), rows, &flat);
    flat.d[1] = t.d[1];
    if (v && t.d[1] != 1)
        v = build_broadcast(p, loc_suffix(p, g->loc, "_intGatherIndicesBcast"), v, &flat);
    v = v ? build_gather(p, loc_suffix(p, g->loc, "_intGather"), table, v, 0, type_like(p, table, &flat)) : 0;
    return v ? build_reshape(p, loc_suffix(p, g->loc, "_intGatherReshape"), v, out) : 0;
}

bool hlo_gather_embedding(pass_context *p, ir_op op) {
    gather g;
    shape permuted, out, t;
    if (!gather_of(p, op, &g) || !can_look_up(&g))
        return false;
    lookup l = lookup_of(&g);
    if (!l.dims.n)
        return false;
    ir_value table = table_of(p, &g, &l.dims, &permuted);
    ir_value rows = table ? rows_to_look_up(p, &g, &l, &permuted) : 0, found = 0;
    if (!rows || !shape_of(p->m, rows, &out) || !shape_of(p->m, table, &t) || out.n >= PASS_MAX_RANK)
        return false;
    out.d[out.n++] = t.d[1];
    if (is_integer_type(p->c, element_of(p->m, g.input)) && l.dims.n <= 1) {
        found = gather_rows(p, &g, table, rows, &out);
    } else {
        ir_value operands[] = {rows, table};
        found = build_value(p, OP_ttir_embedding, g.loc, operands, 2, type_like(p, table, &out), 0);
    }
    return found && hlo_replace(p, op, found_to_result(p, &g, &l, found));
}

/* ---- windows of several dimensions ---------------------------------------------------------------------- */

static bool has_windows(const gather *g) {
    if (g->map.n < 2 || g->in_batch.n || g->at_batch.n || g->collapsed.n || g->vector >= g->at.n)
        return false;
    for (int i = 0; i < g->in.n; i++)
        if (hlo_has(&g->map, i) ? g->sizes.d[i] <= 1 || g->sizes.d[i] >= g->in.d[i] : g->sizes.d[i] != g->in.d[i])
            return false;
    for (int i = 1; i < g->map.n; i++)
        if (g->map.d[i] != g->map.d[i - 1] + 1)
            return false;
    for (int i = 0; i < g->offset.n; i++)
        if (g->offset.d[i] != i)
            return false;
    return g->out.n == g->in.n + g->at.n - 1;
}

/* The rows of a window, counted from its first: in the order of its elements. */
static ir_value window_rows(pass_context *p, const gather *g, ir_value index) {
    int64_t n = 1, stride[PASS_MAX_RANK], step = 1;
    for (int i = g->map.n - 1; i >= 0; i--) {
        n *= g->sizes.d[g->map.d[i]];
        stride[i] = step;
        step *= g->in.d[g->map.d[i]];
    }
    int64_t *offsets = ARENA_ARRAY(&p->scratch, int64_t, (size_t)n + 1);
    if (!offsets) {
        p->m->failed = true;
        return 0;
    }
    for (int64_t row = 0; row < n; row++) {
        int64_t rest = row;
        offsets[row] = 0;
        for (int i = g->map.n - 1; i >= 0; i--) {
            int64_t size = g->sizes.d[g->map.d[i]];
            offsets[row] += rest % size * stride[i];
            rest /= size;
        }
    }
    return expanded(p, loc_suffix(p, g->loc, "_expandStartIndices"), index, offsets, n, "_windowOffsetConstant");
}

bool hlo_gather_windows(pass_context *p, ir_op op) {
    gather g;
    shape permuted, s, t;
    int64_t perm[PASS_MAX_RANK];
    if (!gather_of(p, op, &g) || !has_windows(&g))
        return false;
    ir_value table = table_of(p, &g, &g.map, &permuted), index = table ? row_numbers(p, &g, &permuted) : 0;
    index = index ? one_row(p, &g, index) : 0;
    index = index ? window_rows(p, &g, index) : 0;
    if (!index || !shape_of(p->m, index, &s) || !shape_of(p->m, table, &t))
        return false;
    s.d[s.n++] = t.d[1];
    ir_value operands[] = {index, table};
    ir_value v =
        build_value(p, OP_ttir_embedding, loc_suffix(p, g.loc, "_embedding"), operands, 2, type_like(p, table, &s), 0);
    shape found = {.n = 0};
    for (int i = 0; i < g.map.n; i++)
        found.d[found.n++] = g.sizes.d[g.map.d[i]];
    for (int i = 0; i < g.at.n; i++)
        if (i != g.vector)
            found.d[found.n++] = g.at.d[i];
    int next = found.n;
    for (int i = 0; i < g.in.n; i++) {
        if (hlo_has(&g.map, i)) {
            perm[i] = i - g.map.d[0];
            continue;
        }
        perm[i] = next++;
        found.d[found.n++] = g.in.d[i];
    }
    for (int i = 0; i < g.at.n - 1; i++)
        perm[g.in.n + i] = g.map.n + i;
    v = v ? build_reshape(p, loc_suffix(p, g.loc, "_reshapeOutput"), v, &found) : 0;
    return v && hlo_replace(p, op, build_permute_to(p, loc_suffix(p, g.loc, "_permuteOutput"), v, perm, g.type));
}
