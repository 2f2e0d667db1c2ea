/* hlo_scatter.c - stablehlo.scatter: writes into caches, gradients of lookups, ttir.scatter along a dimension or, when several
 * dimensions are indexed, along all of them as one. */
#include "compile/constant.h"
#include "compile/hlo.h"

typedef struct scatter {
    ir_loc loc;
    ir_value input, index, update;
    shape in, at, from; /* of input, index and update */
    shape window, inserted, in_batch, at_batch, map;
    int64_t vector;
    str reduce; /* as hlo_reduce_type */
} scatter;

static bool scatter_of(pass_context *p, ir_op op, scatter *s) {
    if (ir_op_at(p->m, op)->n_operands != 3 || ir_op_at(p->m, op)->n_results != 1)
        return false;
    *s = (scatter){.loc = ir_op_at(p->m, op)->loc,
                   .input = ir_operand(p->m, op, 0),
                   .index = ir_operand(p->m, op, 1),
                   .update = ir_operand(p->m, op, 2),
                   .reduce = hlo_reduce_type(p, op)};
    s->vector = hlo_dim(p, op, STR("scatter_dimension_numbers"), STR("indexVectorDim"));
    return shape_of(p->m, s->input, &s->in) && shape_of(p->m, s->index, &s->at) &&
           shape_of(p->m, s->update, &s->from) && s->vector >= 0 && s->vector <= s->at.n &&
           hlo_dims_below(p, op, STR("scatter_dimension_numbers"), STR("updateWindowDims"), s->from.n, &s->window) &&
           hlo_dims_below(p, op, STR("scatter_dimension_numbers"), STR("insertedWindowDims"), s->in.n, &s->inserted) &&
           hlo_dims_below(p, op, STR("scatter_dimension_numbers"), STR("inputBatchingDims"), s->in.n, &s->in_batch) &&
           hlo_dims_below(p, op, STR("scatter_dimension_numbers"), STR("scatterIndicesBatchingDims"), s->at.n,
                          &s->at_batch) &&
           s->in_batch.n == s->at_batch.n &&
           hlo_dims_below(p, op, STR("scatter_dimension_numbers"), STR("scatterDimsToOperandDims"), s->in.n, &s->map) &&
           s->window.n == s->in.n - s->inserted.n - s->in_batch.n;
}

/* ---- caches --------------------------------------------------------------------------------------------- */

static bool is_line(const shape *s) {
    int n = 0;
    for (int i = 0; i < s->n; i++)
        n += s->d[i] != 1;
    return n <= 1;
}

/* The argument that says which positions of the cache are written: among all that the index is computed from, the one of
 * as many elements as are written, or of one. */
static ir_value cache_positions(pass_context *p, const scatter *s) {
    enum { LIMIT = 4096 };
    ir_value *stack = ARENA_ARRAY(&p->scratch, ir_value, LIMIT), *seen = ARENA_ARRAY(&p->scratch, ir_value, LIMIT);
    uint32_t n = 0, n_seen = 0;
    shape a;
    if (!stack || !seen) {
        p->m->failed = true;
        return 0;
    }
    stack[n++] = s->index;
    while (n) {
        ir_value v = stack[--n];
        ir_op def = ir_def_op(p->m, v);
        if (!def && shape_of(p->m, v, &a) && is_line(&a) && (shape_volume(&a) == s->from.d[2] || shape_volume(&a) == 1))
            return v;
        for (uint32_t i = 0; def && i < ir_op_at(p->m, def)->n_operands; i++) {
            ir_value operand = ir_operand(p->m, def, i);
            uint32_t k = 0;
            while (k < n_seen && seen[k] != operand)
                k++;
            if (k < n_seen)
                continue;
            if (n == LIMIT || n_seen == LIMIT)
                return 0;
            seen[n_seen++] = stack[n++] = operand;
        }
    }
    return 0;
}

static bool is_cache_write(const scatter *s) {
    if (s->in.n != 4 || s->from.n != 4 || s->in.d[0] != s->from.d[0] || s->in.d[1] != s->from.d[1] ||
        s->in.d[3] != s->from.d[3])
        return false;
    if (is_line(&s->at))
        return shape_volume(&s->at) == s->from.d[2];
    return s->at.n == 5 && s->at.d[0] == s->in.d[0] && s->at.d[1] == s->in.d[1] && s->at.d[2] == s->from.d[2] &&
           s->at.d[3] == s->in.d[3] && s->at.d[4] == 4;
}

static bool build_cache_write(pass_context *p, uint32_t id, ir_loc loc, const ir_value *v, uint32_t n, int64_t batch) {
    attr_entry a[] = {{STR("batch_offset"), make_i32(p, batch)}};
    build_args args = {.op = id, .loc = loc, .operands = v, .n_operands = n, .props = make_dict(p, a, 1)};
    return build_op(p, &args) != 0;
}

static bool fill_cache(pass_context *p, const scatter *s) {
    if (s->in.d[0] <= 1) {
        ir_value v[] = {s->input, s->update};
        return build_cache_write(p, OP_ttir_fill_cache, s->loc, v, 2, 0);
    }
    for (int64_t batch = 0; batch < s->in.d[0]; batch++) {
        slice_range r = {.n = 4};
        shape one = s->from;
        for (int i = 0; i < 4; i++) {
            r.end[i] = s->from.d[i];
            r.step[i] = 1;
        }
        r.begin[0] = batch;
        r.end[0] = batch + 1;
        one.d[0] = 1;
        ir_value part = build_slice_to(p, s->loc, s->update, &r, tensor_type(p, &one, element_of(p->m, s->update)));
        ir_value v[] = {s->input, part};
        if (!part || !build_cache_write(p, OP_ttir_fill_cache, s->loc, v, 2, batch))
            return false;
    }
    return true;
}

/* One position: of all batches at once; several: the cache is filled, batch by batch. */
bool hlo_scatter_cache(pass_context *p, ir_op op) {
    static const int64_t batch_last[] = {2, 1, 0, 3};
    scatter s;
    shape a;
    if (!scatter_of(p, op, &s) || !is_cache_write(&s))
        return false;
    ir_value positions = cache_positions(p, &s), update = s.update;
    if (!positions || !shape_of(p->m, positions, &a) || a.n > 1)
        return false;
    if (a.n == 0) {
        shape one = shape_ones(1);
        positions = build_reshape_to(p, s.loc, positions, tensor_type(p, &one, element_of(p->m, positions)));
    }
    if (s.from.d[2] != 1) {
        if (!positions || !fill_cache(p, &s))
            return false;
    } else {
        if (s.in.d[0] > 1)
            update = build_permute(p, s.loc, update, batch_last);
        ir_value v[] = {s.input, update, positions};
        if (!positions || !update || !build_cache_write(p, OP_ttir_update_cache, s.loc, v, 3, 0))
            return false;
    }
    return hlo_replace(p, op, s.input);
}

/* ---- gradients of lookups ------------------------------------------------------------------------------- */

/* Rows added to a table. */
bool hlo_scatter_embedding(pass_context *p, ir_op op) {
    scatter s;
    if (!scatter_of(p, op, &s) || !str_eq(s.reduce, STR("sum")) || s.in.n != 2 || s.map.n != 1 || s.map.d[0] != 0 ||
        s.inserted.n != 1 || s.inserted.d[0] != 0 || s.from.n < 1 || s.in.d[1] != s.from.d[s.from.n - 1])
        return false;
    ir_value index = s.index;
    if (s.at.n == 2 && s.vector == 1) {
        shape three = {.d = {1, s.at.d[0], s.at.d[1]}, .n = 3};
        index = build_reshape(p, s.loc, index, &three);
    }
    ir_value v[] = {index, s.input, s.update};
    ir_type type = hlo_type(p, op);
    ir_value out = index ? build_value(p, OP_ttir_embedding_backward, s.loc, v, 3, type, 0) : 0;
    ir_op constant = def_is(p->m, s.input, OP_ttir_constant);
    dense_view d;
    bool zero = constant && dense_read(p->c, ir_op_attr(p->m, constant, STR("value")), &d) && d.splat &&
                number_is_zero(&d.of, dense_at(&d, 0));
    if (out && !zero)
        out = build_binary(p, OP_ttir_add, s.loc, out, s.input, type);
    return hlo_replace(p, op, out);
}

/* ---- one dimension -------------------------------------------------------------------------------------- */

/* The body gives back the update. */
static bool overwrites(pass_context *p, ir_op op) {
    ir_block body = body_of(p->m, op);
    ir_op last = body ? ir_block_at(p->m, body)->last : 0;
    return op_is(p->m, last, OP_stablehlo_return) && ir_block_at(p->m, body)->n_args == 2 &&
           ir_op_at(p->m, last)->n_operands == 1 && ir_operand(p->m, last, 0) == ir_block_at(p->m, body)->args + 1;
}

static bool can_scatter(pass_context *p, ir_op op, const scatter *s) {
    for (int i = 1; i < s->map.n; i++)
        if (s->map.d[i] < s->map.d[i - 1])
            return false;
    return s->reduce.n && (!str_eq(s->reduce, STR("invalid")) || overwrites(p, op));
}

/* Where each dimension of the input comes from in the update and in the index; -1: from nowhere. */
typedef struct sources {
    int64_t update[PASS_MAX_RANK], index[PASS_MAX_RANK], dim;
} sources;

static bool sources_of(const scatter *s, sources *to) {
    int next = 0, k = 0;
    bool taken = false;
    to->dim = s->map.n ? s->map.d[0] : 0;
    for (int d = 0; d < s->in.n; d++) {
        to->index[d] = to->update[d] = -1;
        if (!hlo_has(&s->inserted, d) && !hlo_has(&s->in_batch, d))
            to->update[d] = s->window.d[next++];
    }
    for (int u = 0; u < s->from.n; u++) {
        if (hlo_has(&s->window, u))
            continue;
        k += k == s->vector;
        int batch = hlo_place_of(&s->at_batch, k);
        int64_t d = batch >= 0 ? s->in_batch.d[batch] : to->dim;
        if (k >= s->at.n || (batch < 0 && (!s->map.n || taken)))
            return false;
        taken = taken || batch < 0;
        if (to->update[d] >= 0 && s->from.d[to->update[d]] != 1)
            return false;
        to->update[d] = u;
        to->index[d] = k++;
    }
    int64_t last = -1;
    for (int d = 0; d < s->in.n; d++) {
        if (to->update[d] < 0)
            continue;
        if (to->update[d] < last)
            return false;
        last = to->update[d];
    }
    return s->vector >= s->at.n || s->at.d[s->vector] == s->map.n;
}

static ir_value counted(pass_context *p, const scatter *s, const shape *to, int64_t dim, ir_type type) {
    ir_type si64 = ir_type_integer(p->c, 64, IR_SIGNED);
    attr_entry a[] = {{STR("arange_dimension"), make_i64(p, dim)},
                      {STR("end"), ir_attr_int(p->c, si64, to->d[dim])},
                      {STR("start"), ir_attr_int(p->c, si64, 0)},
                      {STR("step"), ir_attr_int(p->c, si64, 1)}};
    return build_value(p, OP_ttir_arange, s->loc, NULL, 0, type, make_dict(p, a, 4));
}

/* The index with the shape of the update. */
static ir_value aligned_index(pass_context *p, const scatter *s, const sources *from, const shape *to) {
    ir_type type = type_like(p, s->index, to);
    shape start = shape_ones(s->in.n), repeats = shape_ones(s->in.n);
    ir_value v = s->index;
    if (!s->map.n)
        return counted(p, s, to, from->dim, type);
    for (int d = 0; d < s->in.n; d++) {
        if (from->index[d] >= 0)
            start.d[d] = s->at.d[from->index[d]];
        if (start.d[d] != to->d[d])
            repeats.d[d] = to->d[d];
    }
    if (!shape_equal(&start, &s->at))
        v = build_reshape(p, loc_suffix(p, s->loc, "_index_align"), v, &start);
    if (v && !shape_equal(&start, to)) {
        attr_entry a[] = {{STR("repeat_dimensions"), make_i64s(p, repeats.d, (uint32_t)repeats.n)}};
        v = build_value(p, OP_ttir_repeat, s->loc, &v, 1, type, make_dict(p, a, 1));
    }
    if (!hlo_has(&s->window, from->update[from->dim]))
        return v;
    ir_value count = v ? counted(p, s, to, from->dim, type) : 0;
    return count ? build_binary(p, OP_ttir_add, s->loc, v, count, type) : 0;
}

bool hlo_scatter_along_dim(pass_context *p, ir_op op) {
    scatter s;
    sources from;
    if (!scatter_of(p, op, &s) || s.map.n > 1 || !can_scatter(p, op, &s))
        return false;
    bool whole = !s.map.n && !s.inserted.n && !s.in_batch.n && shape_equal(&s.from, &s.in) &&
                 str_eq(s.reduce, STR("invalid")) && ir_value_type(p->m, s.update) == hlo_type(p, op);
    for (int i = 0; i < s.from.n; i++)
        whole = whole && s.window.d[i] == i;
    if (whole)
        return hlo_replace(p, op, s.update);
    if (!sources_of(&s, &from))
        return false;
    shape to = shape_ones(s.in.n);
    for (int d = 0; d < s.in.n; d++)
        if (from.update[d] >= 0)
            to.d[d] = s.from.d[from.update[d]];
    ir_value update = s.update;
    if (!shape_equal(&to, &s.from))
        update = build_reshape(p, loc_suffix(p, s.loc, "_update_align"), update, &to);
    ir_value index = aligned_index(p, &s, &from, &to);
    return hlo_replace(p, op, hlo_build_scatter(p, s.loc, s.input, index, update, from.dim, s.reduce, hlo_type(p, op)));
}

/* ---- several dimensions --------------------------------------------------------------------------------- */

/* One entry of the index per written element: each is repeated for the elements of its window. */
static ir_value repeated_index(pass_context *p, const scatter *s, int64_t positions, int64_t window) {
    int64_t size = s->at.d[s->vector];
    shape two = {.d = {positions, size}, .n = 2}, three = {.d = {positions, 1, size}, .n = 3};
    shape repeated = {.d = {positions, window, size}, .n = 3}, flat = {.d = {positions * window, size}, .n = 2};
    const int64_t repeats[] = {1, window, 1};
    attr_entry a[] = {{STR("repeat_dimensions"), make_i64s(p, repeats, 3)}};
    ir_value v = build_reshape(p, loc_suffix(p, s->loc, "_reshape_indices"), s->index, &two);
    v = v ? build_reshape(p, loc_suffix(p, s->loc, "_reshape_for_repeat"), v, &three) : 0;
    v = v ? build_value(p, OP_ttir_repeat, loc_suffix(p, s->loc, "_repeat_indices"), &v, 1,
                        tensor_type(p, &repeated, element_of(p->m, s->index)), make_dict(p, a, 1))
          : 0;
    return v ? build_reshape(p, loc_suffix(p, s->loc, "_flatten_repeated_indices"), v, &flat) : 0;
}

/* Where in its window along window dimension k each element stands. */
static ir_value window_offsets(pass_context *p, const scatter *s, int k, int64_t positions, int64_t window) {
    int64_t n = positions * window, after = 1;
    shape column = {.d = {n, 1}, .n = 2};
    int64_t *v = ARENA_ARRAY(&p->scratch, int64_t, (size_t)n + 1);
    if (!v) {
        p->m->failed = true;
        return 0;
    }
    for (int i = k + 1; i < s->window.n; i++)
        after *= s->from.d[s->window.d[i]];
    /* The offset stays for `after` elements; a window is a whole number of rounds of them. */
    for (int64_t i = 0, offset = 0; i < n; offset = (offset + 1) % s->from.d[s->window.d[k]])
        for (int64_t end = i + after; i < end; i++)
            v[i] = offset;
    return hlo_build_ints(p, loc_suffix(p, s->loc, "_window_offset_%d", k), v, &column, element_of(p->m, s->index));
}

static ir_value index_along(pass_context *p, const scatter *s, int d, ir_value index, ir_value offset, int64_t n) {
    shape column = {.d = {n, 1}, .n = 2};
    ir_type type = tensor_type(p, &column, element_of(p->m, s->index));
    int place = hlo_place_of(&s->map, d);
    if (place < 0)
        return offset;
    slice_range r = {.begin = {0, place}, .end = {n, place + 1}, .step = {1, 1}, .n = 2};
    ir_value v = build_slice_to(p, loc_suffix(p, s->loc, "_slice_orig_idx_%d", d), index, &r, type);
    return v && offset
               ? build_binary(p, OP_ttir_add, loc_suffix(p, s->loc, "_scatter_plus_window_%d", d), v, offset, type)
               : v;
}

/* The places in the flattened input, from those along each dimension. */
static ir_value flat_index(pass_context *p, const scatter *s, const ir_value *along, int64_t n) {
    shape column = {.d = {n, 1}, .n = 2};
    ir_type type = tensor_type(p, &column, element_of(p->m, s->index));
    int64_t stride = shape_volume(&s->in);
    ir_value sum = 0;
    for (int d = 0; d < s->in.n; d++) {
        ir_value v = along[d];
        stride = s->in.d[d] ? stride / s->in.d[d] : 0;
        if (stride > 1) {
            ir_value by = build_full(p, loc_suffix(p, s->loc, "_stride_%d", d), type, make_i32(p, stride));
            v = by ? build_binary(p, OP_ttir_multiply, loc_suffix(p, s->loc, "_dim_%d_stride_mul", d), v, by, type) : 0;
        }
        if (!v)
            return 0;
        sum = d ? build_binary(p, OP_ttir_add, loc_suffix(p, s->loc, "_add_dim_%d", d), sum, v, type) : v;
        if (!sum)
            return 0;
    }
    return sum ? hlo_flatten(p, s->loc, sum, "_flatten_expanded_indices") : 0;
}

bool hlo_scatter_flat(pass_context *p, ir_op op) {
    scatter s;
    ir_value offsets[PASS_MAX_RANK], along[PASS_MAX_RANK];
    int64_t positions = 1, window = 1;
    int next = 0;
    if (!scatter_of(p, op, &s) || s.map.n < 2 || !can_scatter(p, op, &s) || s.in_batch.n || s.vector != s.at.n - 1)
        return false;
    for (int i = 0; i < s.inserted.n; i++)
        if (!hlo_has(&s.map, s.inserted.d[i]))
            return false;
    for (int i = 0; i < s.at.n; i++)
        if (i != s.vector)
            positions *= s.at.d[i];
    for (int i = 0; i < s.window.n; i++)
        window *= s.from.d[s.window.d[i]];
    ir_value index = repeated_index(p, &s, positions, window);
    for (int i = 0; i < s.window.n; i++)
        if (!(offsets[i] = window_offsets(p, &s, i, positions, window)))
            return false;
    for (int d = 0; index && d < s.in.n; d++) {
        ir_value offset = hlo_has(&s.inserted, d) ? 0 : offsets[next++];
        if (!(along[d] = index_along(p, &s, d, index, offset, positions * window)))
            return false;
    }
    index = index ? flat_index(p, &s, along, positions * window) : 0;
    ir_value input = index ? hlo_flatten(p, s.loc, s.input, "_input_flatten") : 0;
    ir_value update = input ? hlo_flatten(p, s.loc, s.update, "_update_flatten") : 0;
    ir_value out =
        update ? hlo_build_scatter(p, s.loc, input, index, update, 0, s.reduce, ir_value_type(p->m, input)) : 0;
    return out && hlo_replace(p, op, build_reshape(p, loc_suffix(p, s.loc, "_result_reshape"), out, &s.in));
}
