/* hlo_groups.c - collectives of groups of devices that lie along no axis of the mesh. TTIR's all_gather, all_reduce,
 * reduce_scatter and mesh_partition name an axis (cluster_axis); its all_to_all takes any groups, and the others are made of it:
 *
 *   gather           n copies of x, one behind the other ──all_to_all──▶ copy k of member k is x of member k
 *   reduce, scatter  split along the dimension, along a new one ──▶ sum along that
 *   reduce           reduce, scatter ──▶ gather, which sends twice the tensor; where no dimension can be split, or there are two
 *                    members: gather along a new dimension ──▶ sum along it, which sends it n times
 *   part             all members have the same x ──all_to_all──▶ n times part k at member k, of which the first is kept
 *
 * With x_m of member m, member k gets of all_to_all: slice k of every x_m, in the order of the members (reference:
 * multichip.md, section 2). */
#include "compile/constant.h"
#include "compile/hlo.h"

ir_attr hlo_groups(pass_context *p, int64_t devices, int64_t size, int64_t inner) {
    shape s = {.d = {devices / size, size}, .n = 2};
    uint64_t *ids = ARENA_ARRAY(&p->scratch, uint64_t, (size_t)devices);
    int64_t n = 0;
    if (!ids) {
        p->m->failed = true;
        return 0;
    }
    for (int64_t group = 0; group < s.d[0]; group++)
        for (int64_t i = 0; i < size; i++)
            ids[n++] = (uint64_t)(group / inner * inner * size + group % inner + i * inner);
    return dense_make(p, tensor_type(p, &s, ir_type_integer(p->c, 64, IR_SIGNLESS)), ids, n);
}

/* How many devices are in a group: columns of the constant. */
static int64_t members(pass_context *p, ir_attr groups) {
    dense_view d;
    int64_t dims[PASS_MAX_RANK];
    return dense_read(p->c, groups, &d) && type_shape(p->c, d.type, dims) == 2 ? dims[1] : 0;
}

/* v is split into n along `split`, and what comes is put side by side along `side`. */
static ir_value all_to_all(pass_context *p, ir_loc loc, ir_value v, ir_attr groups, int64_t n, int split, int side) {
    shape s;
    if (!v || !shape_of(p->m, v, &s))
        return 0;
    s.d[split] /= n;
    s.d[side] *= n;
    attr_entry a[] = {{STR("concat_dim"), make_si32(p, side)},
                      {STR("replica_groups"), groups},
                      {STR("split_count"), make_si32(p, n)},
                      {STR("split_dim"), make_si32(p, split)}};
    return build_value(p, OP_ttir_all_to_all, loc, &v, 1, type_like(p, v, &s), make_dict(p, a, 4));
}

ir_value hlo_groups_part(pass_context *p, ir_loc loc, ir_value v, ir_attr groups, int dim) {
    int64_t n = members(p, groups);
    shape s;
    if (!n || !shape_of(p->m, v, &s) || s.d[dim] % n)
        return 0;
    v = all_to_all(p, loc, v, groups, n, dim, dim);
    slice_range r = {.n = s.n};
    for (int d = 0; d < s.n; d++) {
        r.end[d] = d == dim ? s.d[d] / n : s.d[d];
        r.step[d] = 1;
    }
    return v ? build_slice(p, loc, v, &r) : 0;
}

ir_value hlo_groups_gather(pass_context *p, ir_loc loc, ir_value v, ir_attr groups, int dim) {
    int64_t n = members(p, groups);
    shape s;
    ir_value *copies = ARENA_ARRAY(&p->scratch, ir_value, (size_t)n + 1);
    if (!n || !copies || !v || !shape_of(p->m, v, &s))
        return 0;
    for (int64_t i = 0; i < n; i++)
        copies[i] = v;
    s.d[dim] *= n;
    v = build_concat(p, loc, copies, (uint32_t)n, dim, type_like(p, v, &s));
    return all_to_all(p, loc, v, groups, n, dim, dim);
}

/* The first dimension that has n equal parts; -1: none has. */
static int divisible(const shape *s, int64_t n) {
    int found = -1;
    for (int d = s->n; d-- > 0;)
        if (s->d[d] && s->d[d] % n == 0)
            found = d;
    return found;
}

ir_value hlo_groups_reduce(pass_context *p, ir_loc loc, ir_value v, ir_attr groups, str reduce, int dim) {
    static const struct {
        str reduce;
        uint16_t op;
    } kinds[] = {{STR_INIT("sum"), OP_ttir_sum},
                 {STR_INIT("max"), OP_ttir_max},
                 {STR_INIT("min"), OP_ttir_min},
                 {STR_INIT("prod"), OP_ttir_prod}};
    static const int64_t first[] = {0};
    int64_t n = members(p, groups);
    uint32_t op = OP_N;
    shape s, more;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        op = str_eq(kinds[i].reduce, reduce) ? kinds[i].op : op;
    if (!n || op == OP_N || !shape_of(p->m, v, &s) || s.n + 1 > PASS_MAX_RANK || (dim >= 0 && s.d[dim] % n))
        return 0;
    bool whole = dim < 0;
    if (whole && n > 2)
        dim = divisible(&s, n);
    more.n = s.n + 1;
    more.d[0] = 1;
    for (int d = 0; d < s.n; d++)
        more.d[d + 1] = s.d[d];
    v = build_reshape(p, loc, v, &more);
    if (dim >= 0) {
        s.d[dim] /= n;
        v = all_to_all(p, loc, v, groups, n, dim + 1, 0);
    } else {
        v = hlo_groups_gather(p, loc, v, groups, 0);
    }
    if (v)
        v = build_reduce(p, op, loc, v, p->c->a_false, make_i32_list(p, first, 1), type_like(p, v, &s));
    return v && whole && dim >= 0 ? hlo_groups_gather(p, loc, v, groups, dim) : v;
}
