/* shard_topk.c - the largest of a dimension that is cut: each device finds those of its part, and the best of all of these
 * are looked for once more, instead of gathering the whole dimension:
 *
 *   part ──topk──▶ values, places in the part ──all_gather──▶ + where each part begins ──▶ candidates
 *                    └────all_gather──▶ topk ──▶ values, which candidates ──gather──▶ places in the whole
 *
 * As tt-mlir lowers the composite: fewer candidates than a tile is wide are padded to a tile from each device. */
#include "compile/constant.h"
#include "compile/hlo.h"
#include "compile/shard.h"

typedef struct merge {
    pass_context *p;
    const shard_mesh *mesh;
    ir_op op;
    ir_loc loc;
    int dim;
    shard_axes axes; /* that cut it */
    int64_t part;    /* elements of the dimension on a device */
    int64_t k, each; /* how many are asked for, and from each device */
} merge;

static bool top(const merge *m, ir_value v, int64_t k, ir_attr sorted, ir_type index, ir_value out[2]) {
    pass_context *p = m->p;
    shape s;
    if (!v || !shape_of(p->m, v, &s))
        return false;
    s.d[m->dim] = k;
    ir_type types[2] = {type_like(p, v, &s), tensor_type(p, &s, index)};
    ir_op made = build_topk(p, m->loc, v, types, ir_op_attr(p->m, m->op, STR("dim")), make_i32(p, k),
                            ir_op_attr(p->m, m->op, STR("largest")), sorted);
    for (uint32_t i = 0; made && i < 2; i++)
        out[i] = ir_result(p->m, made, i);
    return made != 0;
}

/* What all devices along the dimension have, the minor axis first, so that parts stand in their order. */
static ir_value gathered(const merge *m, ir_value v) {
    for (unsigned i = m->axes.n; v && i-- > 0;)
        v = shard_gather_axis(m->p, m->mesh, m->loc, v, m->axes.axis[i], m->dim);
    return v;
}

/* Where the part of each candidate begins. */
static ir_value beginnings(const merge *m, int rank, int64_t n) {
    shape s = shape_ones(rank);
    int64_t *v = ARENA_ARRAY(&m->p->scratch, int64_t, (size_t)n + 1);
    if (!v)
        return 0;
    s.d[m->dim] = n;
    for (int64_t i = 0; i < n; i++)
        v[i] = i / m->each * m->part;
    return hlo_build_ints(m->p, m->loc, v, &s, m->p->c->t_i32);
}

/* The first k along the dimension, in the element type of a result. */
static ir_value as_result(const merge *m, ir_value v, uint32_t result) {
    pass_context *p = m->p;
    shape s;
    if (!v || !shape_of(p->m, v, &s))
        return 0;
    if (s.d[m->dim] != m->k) {
        slice_range r = {.n = s.n};
        for (int d = 0; d < s.n; d++) {
            r.end[d] = d == m->dim ? m->k : s.d[d];
            r.step[d] = 1;
        }
        v = build_slice(p, m->loc, v, &r);
    }
    ir_type element = element_of(p->m, ir_result(p->m, m->op, result));
    return v && element_of(p->m, v) != element
               ? build_typecast(p, m->loc, v, type_with_element(p, ir_value_type(p->m, v), element))
               : v;
}

bool shard_topk_is_cut(pass_context *p, ir_op op, const sharding *in) {
    int64_t dim = op_int_or(p->m, op, STR("dim"), -1);
    dim += dim < 0 ? in->rank : 0;
    return dim >= 0 && dim < in->rank && in->dim[dim].n;
}

bool shard_topk(pass_context *p, const shard_mesh *mesh, ir_op op, const shard_value *in, shard_value out[2]) {
    enum { TILE = 32 };
    merge m = {.p = p, .mesh = mesh, .op = op, .loc = ir_op_at(p->m, op)->loc, .k = op_int_or(p->m, op, STR("k"), 1)};
    int64_t dim = op_int_or(p->m, op, STR("dim"), -1);
    ir_attr sorted = ir_op_attr(p->m, op, STR("sorted"));
    ir_value best[2], all[2];
    shape s;
    m.dim = (int)(dim < 0 ? dim + in->s.rank : dim);
    m.axes = in->s.dim[m.dim];
    int64_t devices = shard_parts(mesh, &m.axes);
    if (!shape_of(p->m, in->v, &s))
        return false;
    m.part = s.d[m.dim];
    m.each = m.k * devices < TILE && m.k < TILE ? TILE : m.k;
    m.each = m.each < m.part ? m.each : m.part;
    int64_t last = m.each > m.k ? m.each : m.k;
    if (!top(&m, in->v, m.each, sorted, p->c->t_i32, best))
        return false;
    all[0] = gathered(&m, best[0]);
    all[1] = all[0] ? gathered(&m, best[1]) : 0;
    ir_value begin = all[1] ? beginnings(&m, in->s.rank, m.each * devices) : 0;
    ir_value places = begin ? build_binary(p, OP_ttir_add, m.loc, all[1], begin, ir_value_type(p->m, all[1])) : 0;
    /* More than are asked for must be in order. */
    if (!places ||
        !top(&m, all[0], last, last > m.k ? p->c->a_true : sorted, ir_type_integer(p->c, 32, IR_UNSIGNED), best))
        return false;
    s.d[m.dim] = last;
    ir_value v[] = {places, best[1]};
    attr_entry a[] = {{STR("dim"), make_i32(p, m.dim)}};
    ir_value found = build_value(p, OP_ttir_gather, m.loc, v, 2, tensor_type(p, &s, p->c->t_i32), make_dict(p, a, 1));
    for (uint32_t i = 0; i < 2; i++) {
        out[i].v = as_result(&m, i ? found : best[0], i);
        out[i].s = in->s;
        out[i].s.dim[m.dim] = (shard_axes){0};
    }
    return out[0].v && out[1].v;
}
