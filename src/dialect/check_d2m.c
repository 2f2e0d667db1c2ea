/* Rules of d2m.generic, d2m.spatial and what stands in them. Messages as in tt-mlir.
 *
 * Not checked: virtual grids of outputs, whose mapping hangs on the op that made them.
 */
#include "dialect/check_inner.h"

#include "dialect/ids.h"

struct numbers {
    int64_t v[CK_MAX_DIMS];
    int n;
};

static str text_of(checker *k, const struct numbers *s) {
    return ck_list(k, s->v, s->n, ", ");
}

/* ---- affine maps ---------------------------------------------------------------------------------------- */

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* The value of an expression without symbols; false when it has some, divides by zero, ... */
static bool evaluate(checker *k, ir_expr e, const struct numbers *dims, int64_t *out) {
    ir_kind kind = ir_kind_of(k->ctx, e);
    int64_t a, b;
    if (kind == IR_EXPR_DIM) {
        uint32_t i = ir_at(k->ctx, e, 0);
        if (i >= (uint32_t)dims->n)
            return false;
        *out = dims->v[i];
        return true;
    }
    if (kind == IR_EXPR_CONST) {
        *out = ir_at64(k->ctx, e, 0);
        return true;
    }
    if (kind < IR_EXPR_ADD || kind > IR_EXPR_MOD || !evaluate(k, ir_at(k->ctx, e, 0), dims, &a) ||
        !evaluate(k, ir_at(k->ctx, e, 1), dims, &b))
        return false;
    if (kind >= IR_EXPR_FLOORDIV && (b == 0 || b == -1))
        return false;
    switch (kind) {
    case IR_EXPR_ADD: *out = ck_add(a, b); break;
    case IR_EXPR_MUL: *out = ck_mul(a, b); break;
    case IR_EXPR_FLOORDIV: *out = floor_div(a, b); break;
    case IR_EXPR_CEILDIV: *out = a % b ? floor_div(a, b) + 1 : a / b; break;
    default: *out = a - floor_div(a, b) * b;
    }
    return true;
}

static uint32_t map_dims(checker *k, ir_attr map) {
    return ir_at(k->ctx, map, 0);
}

static uint32_t map_results(checker *k, ir_attr map) {
    return ir_count(k->ctx, map) - 2;
}

static ir_expr map_result(checker *k, ir_attr map, uint32_t i) {
    return ir_at(k->ctx, map, 2 + i);
}

/* The map applied to values. */
static bool apply(checker *k, ir_attr map, const struct numbers *dims, struct numbers *out) {
    uint32_t n = map_results(k, map);
    if (n > CK_MAX_DIMS || map_dims(k, map) > (uint32_t)dims->n)
        return false;
    out->n = (int)n;
    for (uint32_t i = 0; i < n; i++)
        if (!evaluate(k, map_result(k, map, i), dims, &out->v[i]))
            return false;
    return true;
}

/* What a map of plain dimensions and zeros would have been given to produce `values`; 0 where nothing tells. */
static bool invert(checker *k, ir_attr map, const struct numbers *values, struct numbers *out) {
    uint32_t dims = map_dims(k, map), n = map_results(k, map);
    if (dims > CK_MAX_DIMS || n != (uint32_t)values->n)
        return false;
    *out = (struct numbers){.n = (int)dims};
    for (uint32_t i = 0; i < n; i++) {
        ir_expr e = map_result(k, map, i);
        if (ir_kind_of(k->ctx, e) == IR_EXPR_DIM && ir_at(k->ctx, e, 0) < dims)
            out->v[ir_at(k->ctx, e, 0)] = values->v[i];
        else if (ir_kind_of(k->ctx, e) != IR_EXPR_CONST)
            return false;
    }
    return true;
}

/* The first place where both have a number and not the same; -1 if there is none. */
static int differs(const struct numbers *a, const struct numbers *b) {
    for (int i = 0; i < a->n && i < b->n; i++)
        if (a->v[i] != b->v[i] && a->v[i] && b->v[i])
            return i;
    return -1;
}

/* ---- d2m.generic ---------------------------------------------------------------------------------------- */

static uint32_t list_length(checker *k, const char *name) {
    ir_attr a = ck_attr(k, name);
    return ir_kind_of(k->ctx, a) == IR_ATTR_ARRAY ? ir_count(k->ctx, a) : 0;
}

/* The grid an operand is spread over: the first half of its shape. False when its type has no device layout. */
static bool grid_of(checker *k, ir_type t, struct numbers *out) {
    bool tensor = ir_kind_of(k->ctx, t) == IR_TYPE_TENSOR;
    ir_attr layout = tensor                                    ? ir_encoding(k->ctx, t)
                     : ir_kind_of(k->ctx, t) == IR_TYPE_MEMREF ? ir_at(k->ctx, t, 1)
                                                               : 0;
    bool known = tensor ? dialect_is_attr(k->ctx, layout, ATTR_ttcore_metal_layout)
                        : layout && ir_kind_of(k->ctx, layout) == IR_ATTR_DIALECT;
    int rank = ck_shape(k, t, out->v);
    if (!known || rank % 2)
        return false;
    out->n = rank / 2;
    return true;
}

/* The operands' grids fit together by way of the indexing maps, and fit the grid of the op times the block factors. */
static bool check_grids(checker *k, const ir_attr *maps, uint32_t n, uint32_t first_output) {
    struct numbers grid[16], spread[16], op_grid, factors, blocks;
    if (n > 16 || first_output >= n)
        return true;
    for (uint32_t i = 0; i < n; i++)
        if (!grid_of(k, ck_operand(k, i), &grid[i]) || !invert(k, maps[i], &grid[i], &spread[i]))
            return true;
    for (uint32_t a = 0; a < n; a++) {
        for (uint32_t b = 0; b < n; b++) {
            int d = differs(&spread[a], &spread[b]);
            if (d < 0)
                continue;
            return ck_fail(
                k,
                "grid shape mismatch between operand[%u] grid_shape=[%.*s] and operand[%u] grid_shape=[%.*s] "
                "at affine dim d%d",
                a, STR_ARG(text_of(k, &grid[a])), b, STR_ARG(text_of(k, &grid[b])), d);
        }
    }
    blocks.n = ck_ints(k, "block_factors", blocks.v, CK_MAX_DIMS);
    op_grid.n = (int)dialect_param_ints(k->ctx, ck_attr(k, "grid"), STR("shape"), op_grid.v, CK_MAX_DIMS);
    if (blocks.n <= 0 || op_grid.n > CK_MAX_DIMS || !invert(k, maps[first_output], &op_grid, &factors) ||
        factors.n != blocks.n)
        return true;
    for (int i = 0; i < factors.n; i++)
        factors.v[i] = ck_mul(factors.v[i] ? factors.v[i] : 1, blocks.v[i]);
    for (uint32_t i = 0; i < n; i++) {
        struct numbers expected;
        if (!apply(k, maps[i], &factors, &expected))
            return true;
        int d = differs(&grid[i], &expected);
        if (d >= 0)
            return ck_fail(k,
                           "grid dim unexpected for operand[%u] grid_shape=[%.*s] expected grid_shape=[%.*s] at affine "
                           "dim d%d",
                           i, STR_ARG(text_of(k, &grid[i])), STR_ARG(text_of(k, &expected)), d);
    }
    return true;
}

static bool check_generic_regions(checker *k) {
    const ir_module *m = k->m;
    const ir_op_data *o = &m->ops[k->op];
    ir_block head = 0;
    for (uint32_t i = 0; i < o->n_regions; i++) {
        const ir_region_data *region = &m->regions[ir_op_region(m, k->op, i)];
        if (!region->first || region->first != region->last)
            return ck_fail(k, "region must have a single block");
        if (!head)
            head = region->first;
        const ir_block_data *block = &m->blocks[region->first];
        if (block->n_args != m->blocks[head].n_args)
            return ck_fail(k, "all regions must have the same number of arguments");
        for (uint32_t a = 0; a < block->n_args; a++)
            if (m->values[block->args + a].type != m->values[m->blocks[head].args + a].type)
                return ck_fail(k, "all regions must have the same argument types");
    }
    return true;
}

static bool all_tensors(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    for (uint32_t i = 0; i < o->n_operands; i++)
        if (ir_kind_of(k->ctx, ck_operand(k, i)) == IR_TYPE_MEMREF)
            return false;
    return o->n_operands != 0;
}

bool ck_d2m_generic(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    ir_attr list = ck_attr(k, "indexing_maps");
    uint32_t first_output, n_maps = list_length(k, "indexing_maps"), n_inputs = ck_in_count(k, "inputs", NULL);
    uint32_t n_outputs = ck_in_count(k, "outputs", &first_output);
    bool explicit_form = !n_maps && !list_length(k, "block_factors") && !list_length(k, "iterator_types");
    if (all_tensors(k) && o->n_regions != 1 && !explicit_form)
        return ck_fail(k, "generic op with pure tensor semantics must have exactly 1 region when not in explicit data "
                          "movement form");
    if (!n_outputs)
        return ck_fail(k, "must have at least one output operand");
    if (!list_length(k, "threads"))
        return ck_fail(k, "must have at least one thread");
    if (o->n_regions && o->n_regions != list_length(k, "threads"))
        return ck_fail(k, "number of regions must match the number of threads");
    const ir_attr *maps = ir_words(k->ctx, list) + 2;
    for (uint32_t i = 0; i < n_maps; i++) {
        if (ir_kind_of(k->ctx, maps[i]) != IR_ATTR_AFFINE_MAP)
            return true;
        if (map_dims(k, maps[i]) != map_dims(k, maps[0]))
            return ck_fail(k, "all indexing maps must have the same number of dimensions");
    }
    uint32_t iterators = list_length(k, "iterator_types"), factors = list_length(k, "block_factors");
    if (iterators && factors != iterators)
        return ck_fail(k, "number of block factors[%u] must match the number of iterators[%u]", factors, iterators);
    if (n_maps == n_inputs + n_outputs && !check_grids(k, maps, n_maps, first_output))
        return false;
    return check_generic_regions(k);
}

/* ---- d2m.spatial ---------------------------------------------------------------------------------------- */

/* A rectangle of cores, y before x. */
struct box {
    int64_t start[2], end[2];
};

static bool box_of(checker *k, ir_attr range, struct box *out) {
    ir_attr start = dialect_param(k->ctx, range, STR("start_coord")),
            end = dialect_param(k->ctx, range, STR("end_coord"));
    return dialect_param_int(k->ctx, start, STR("y"), &out->start[0]) &&
           dialect_param_int(k->ctx, start, STR("x"), &out->start[1]) &&
           dialect_param_int(k->ctx, end, STR("y"), &out->end[0]) &&
           dialect_param_int(k->ctx, end, STR("x"), &out->end[1]);
}

/* The rectangle between the corners' images under the last two results of a map. */
static bool project(checker *k, ir_attr map, const struct box *from, struct box *out) {
    struct numbers start = {{from->start[0], from->start[1]}, 2}, end = {{from->end[0], from->end[1]}, 2}, s, e;
    if (!apply(k, map, &start, &s) || !apply(k, map, &end, &e) || s.n < 2 || s.n > 3)
        return false;
    for (int i = 0; i < 2; i++) {
        int64_t a = s.v[s.n - 2 + i], b = e.v[e.n - 2 + i];
        out->start[i] = a < b ? a : b;
        out->end[i] = a < b ? b : a;
    }
    return true;
}

static bool check_spatial_region(checker *k, ir_region region, ir_attr range) {
    const ir_module *m = k->m;
    ir_op generic = 0;
    uint32_t n = 0;
    struct box box, virtual_box;
    if (!m->regions[region].first)
        return ck_fail(k, "each spatial region must not be empty");
    for (ir_op op = m->blocks[m->regions[region].first].first; op; op = m->ops[op].next) {
        if (!str_eq(ir_op_name_str(m, op), STR("d2m.generic")))
            continue;
        generic = op;
        n++;
    }
    if (n != 1)
        return ck_fail(k, "each region must contain exactly one d2m.generic op, got %u", n);
    ir_attr grid = ir_op_attr(m, generic, STR("grid"));
    int64_t shape[CK_MAX_DIMS];
    uint32_t rank = dialect_param_ints(k->ctx, grid, STR("shape"), shape, CK_MAX_DIMS);
    if (rank != 2)
        return ck_fail(k, "d2m.generic inside d2m.spatial: only 2D grid is considered for now, got %uD", rank);
    if (!box_of(k, range, &box))
        return true;
    ir_attr map = dialect_param(k->ctx, grid, STR("physicalToVirtMap"));
    if (!map || ir_kind_of(k->ctx, map) != IR_ATTR_AFFINE_MAP || !map_results(k, map)) {
        int64_t height = box.end[0] - box.start[0] + 1, width = box.end[1] - box.start[1] + 1;
        if (shape[0] <= height && shape[1] <= width)
            return true;
        return ck_fail(k, "generic op grid shape [%lld, %lld] exceeds region CoreRange shape [%lld, %lld]",
                       (long long)shape[0], (long long)shape[1], (long long)height, (long long)width);
    }
    if (!project(k, map, &box, &virtual_box))
        return true;
    for (int i = 0; i < 2; i++)
        if (virtual_box.start[i] > 0 || virtual_box.end[i] < shape[i] - 1)
            return ck_fail(k, "generic op grid not contained in region grid_ranges [%lld, %lld] to [%lld, %lld]",
                           (long long)box.start[0], (long long)box.start[1], (long long)box.end[0],
                           (long long)box.end[1]);
    return true;
}

bool ck_d2m_spatial(checker *k) {
    uint32_t n = list_length(k, "grid_ranges"), regions = k->m->ops[k->op].n_regions;
    if (!n)
        return ck_fail(k, "grid_ranges must contain at least one CoreRange");
    if (n != regions)
        return ck_fail(k, "number of CoreRanges (%u) must match the number of Regions (%u)", n, regions);
    for (uint32_t i = 0; i < n; i++)
        if (!check_spatial_region(k, ir_op_region(k->m, k->op, i), ir_at(k->ctx, ck_attr(k, "grid_ranges"), i)))
            return false;
    return true;
}

/* ---- inside --------------------------------------------------------------------------------------------- */

bool ck_d2m_remote(checker *k) {
    if (!ck_in(k, "cb"))
        return true;
    if (ir_kind_of(k->ctx, ck_in(k, "memref")) == IR_TYPE_TENSOR)
        return ck_fail(k,
                       "tensor parameters are not allowed in explicit CB form; memref operand must be a memref type");
    if (ir_kind_of(k->ctx, ck_in(k, "localBuffer")) == IR_TYPE_TENSOR)
        return ck_fail(k, "tensor parameters are not allowed in explicit CB form; localBuffer must be a memref type");
    return true;
}

/* Whether the current op stands in a region of a d2m.generic whose thread moves data. */
bool ck_d2m_compute(checker *k) {
    const ir_module *m = k->m;
    ir_op op = k->op, around = ir_parent_op(m, op);
    while (around && !str_eq(ir_op_name_str(m, around), STR("d2m.generic"))) {
        op = around;
        around = ir_parent_op(m, op);
    }
    if (!around)
        return true;
    ir_attr threads = ir_op_attr(m, around, STR("threads"));
    for (uint32_t i = 0; i < m->ops[around].n_regions; i++) {
        if (ir_op_region(m, around, i) != m->blocks[m->ops[op].block].region ||
            ir_kind_of(k->ctx, threads) != IR_ATTR_ARRAY || i >= ir_count(k->ctx, threads))
            continue;
        ir_attr thread = ir_at(k->ctx, threads, i);
        if (str_eq(dialect_param_text(k->ctx, thread, STR("threadType")), STR("datamovement")))
            return ck_fail(k, "expected to be in a compute or unified region");
    }
    return true;
}
