/* Ops between the devices of a mesh (multichip.md section 2): they see the tensors of all devices at once.
 *
 * Devices are numbered row by row. A group along cluster_axis 1 is a row, along 0 a column; members are in order of their
 * numbers. Reductions go in the order of the group, so that they are the same every time.
 */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"
#include "exec/plan.h"

struct collective {
    int kind;
    int dim;    /* gathered, scattered or split */
    int concat; /* all_to_all */
    int axis;   /* cluster_axis; -1: all devices, or groups by list */
    vec_fold fold;
    bool mean;
    int moment;      /* 1: std, 2: var */
    int64_t *groups; /* [n_groups][size]; pairs of source and target for a permutation */
    int64_t n_groups, size;
};

/* [outer][dim][inner] around a dimension. */
static void around(const struct exec_type *t, int dim, int64_t *outer, int64_t *inner) {
    *outer = *inner = 1;
    for (int i = 0; i < dim; i++)
        *outer *= t->dims[i];
    for (int i = dim + 1; i < t->rank; i++)
        *inner *= t->dims[i];
}

/* Copies a slab: `n` of a dimension of `from` at `at_from` to `at_to` of a dimension of `to`. */
static void slab(const struct exec_arg *from, int64_t at_from, const struct exec_arg *to, int64_t at_to, int dim,
                 int64_t n) {
    int64_t outer, inner;
    size_t size = tensor_dtype_size(to->type->dtype);
    around(to->type, dim, &outer, &inner);
    int64_t rows_from = from->type->dims[dim] * inner, rows_to = to->type->dims[dim] * inner;
    for (int64_t o = 0; o < outer; o++)
        memcpy((char *)to->data + (size_t)(o * rows_to + at_to * inner) * size,
               (const char *)from->data + (size_t)(o * rows_from + at_from * inner) * size, (size_t)(n * inner) * size);
}

/* Lists of devices, from replica_groups (also of StableHLO) or pairs. */
static bool read_groups(struct planner *p, struct exec_step *s, struct collective *w, const char *name) {
    ir_attr a = ir_op_attr(p->m, s->op, str_from_z(name));
    int n = a ? node_ints(p->c, a, NULL, 0) : -1;
    if (n < 0)
        return plan_error(p, s->op, "does not say which devices take part");
    w->groups = ARENA_ARRAY(p->a, int64_t, (size_t)n + 1);
    if (!w->groups)
        return plan_no_memory(p);
    node_ints(p->c, a, w->groups, n);
    ir_type t = ir_kind_of(p->c, a) == IR_ATTR_DENSE ? ir_at(p->c, a, 0) : 0;
    w->size = t && ir_rank(p->c, t) == 2 ? ir_dim(p->c, t, 1) : n;
    w->n_groups = w->size ? n / w->size : 0;
    for (int i = 0; i < n; i++)
        if (w->groups[i] < -1 || w->groups[i] >= (int64_t)p->x->devices)
            return plan_error(p, s->op, "names device %lld of %u", (long long)w->groups[i], p->x->devices);
    return true;
}

static bool read_reduction(struct planner *p, struct exec_step *s, struct collective *w) {
    str type = attr_text(p, s->op, "reduce_type");
    w->fold = FOLD_SUM;
    if (tensor_dtype_is_complex(in_type(p, s, 0)->dtype))
        return plan_error(p, s->op, "reduces complex numbers, which this kernel does not");
    if (type.n == 0) /* StableHLO: by its body (collective_folds) */
        return region_fold(p, s->op, &w->fold) || plan_error(p, s->op, "does not say how to reduce");
    w->mean = str_eq(type, STR("mean"));
    w->moment = str_eq(type, STR("std")) ? 1 : str_eq(type, STR("var")) ? 2 : 0;
    if (str_eq(type, STR("max")))
        w->fold = FOLD_MAX;
    else if (str_eq(type, STR("min")))
        w->fold = FOLD_MIN;
    else if (str_eq(type, STR("prod")))
        w->fold = FOLD_PROD;
    else if (!w->mean && !w->moment && !str_eq(type, STR("sum")))
        return plan_error(p, s->op, "reduces by '%.*s', which is not known", STR_ARG(type));
    return true;
}

static bool read_dim(struct planner *p, struct exec_step *s, const char *const *names, int *out) {
    int64_t dim = 0;
    for (; *names; names++)
        if (attr_i64(p, s->op, *names, &dim))
            break;
    return plan_dim(p, s->op, dim, in_type(p, s, 0)->rank, out);
}

static int64_t members(const exec_plan *x, const struct collective *w) {
    return w->groups ? w->size : (int64_t)group_size(x, w->axis);
}

static bool plan_collective(struct planner *p, struct exec_step *s) {
    static const char *const gather[] = {"all_gather_dim", NULL}, *const scatter[] = {"scatter_dim",
                                                                                      "scatter_dimension", NULL};
    static const char *const part[] = {"dim", NULL}, *const split[] = {"split_dim", "split_dimension", NULL};
    static const char *const join[] = {"concat_dim", "concat_dimension", NULL};
    struct collective *w = PLAN_PARAMS(p, s, struct collective);
    exec_plan *x = p->x;
    int64_t axis = -1;
    if (!w)
        return false;
    if (!has_in(s, 0) || !s->out[0] || s->n_out != 1)
        return plan_error(p, s->op, "works on more than one tensor, which is not supported");
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    if (in->dtype != out->dtype)
        return plan_error(p, s->op, "changes the element type");
    w->kind = s->row->arg;
    s->n_in = 1;
    if (attr_i64(p, s->op, "cluster_axis", &axis) && (axis < 0 || axis > 1))
        return plan_error(p, s->op, "has %lld as cluster axis", (long long)axis);
    w->axis = (int)axis;
    if (w->kind == MESH_PERMUTE) {
        if (!read_groups(p, s, w, "source_target_pairs"))
            return false;
    } else if (ir_op_attr(p->m, s->op, STR("replica_groups"))) {
        if (!read_groups(p, s, w, "replica_groups"))
            return false;
    }
    int64_t n = members(x, w);
    bool fits = true;
    switch (w->kind) {
    case MESH_ALL_GATHER:
        if (!read_dim(p, s, gather, &w->dim))
            return false;
        fits = out->rank == in->rank && out->dims[w->dim] == in->dims[w->dim] * n;
        break;
    case MESH_REDUCE_SCATTER:
        if (!read_dim(p, s, scatter, &w->dim) || !read_reduction(p, s, w))
            return false;
        fits = out->rank == in->rank && out->dims[w->dim] * n == in->dims[w->dim];
        break;
    case MESH_PARTITION:
        if (!read_dim(p, s, part, &w->dim))
            return false;
        fits = out->rank == in->rank && out->dims[w->dim] * n == in->dims[w->dim];
        break;
    case MESH_ALL_REDUCE:
    case MESH_REDUCE_ROOT:
        if (!read_reduction(p, s, w))
            return false;
        fits = type_count(in) == type_count(out);
        break;
    case MESH_ALL_TO_ALL:
        if (!read_dim(p, s, split, &w->dim) || !read_dim(p, s, join, &w->concat))
            return false;
        fits =
            w->groups && out->rank == in->rank && n && in->dims[w->dim] % n == 0 && type_count(in) == type_count(out);
        break;
    default: fits = type_same_shape(in, out); break;
    }
    if (!fits)
        return plan_error(p, s->op, "has a result of another shape than %lld devices give", (long long)n);
    s->per_device = x->devices > 1;
    x->slots.v[s->out[0]].per_device = s->per_device;
    return true;
}

/* The devices of a device's group, in order; how many. 0: it takes no part. Groups that are shorter than others end with -1: a
 * reduction leaves those out, what is joined has the device's own instead. */
static unsigned group_of(const exec_plan *x, const struct collective *w, unsigned device, unsigned *list,
                         unsigned *at) {
    bool reduces = w->kind == MESH_ALL_REDUCE || w->kind == MESH_REDUCE_ROOT || w->kind == MESH_REDUCE_SCATTER;
    unsigned n = 0;
    if (!w->groups) {
        for (; n < group_size(x, w->axis); n++)
            list[n] = group_member(x, w->axis, device, n);
        *at = group_place(x, w->axis, device);
        return n;
    }
    for (int64_t g = 0; g < w->n_groups; g++)
        for (int64_t k = 0; k < w->size; k++)
            if (w->groups[g * w->size + k] == device) {
                for (int64_t i = 0; i < w->size; i++) {
                    int64_t other = w->groups[g * w->size + i];
                    if (other >= 0 || !reduces)
                        list[n++] = other < 0 ? device : (unsigned)other;
                }
                *at = (unsigned)k;
                return n;
            }
    return 0;
}

/* The reduction of a group's tensors, as lanes. NULL when out of memory. */
static void *reduced(struct call *c, const struct collective *w, const unsigned *list, unsigned n, vec_class *k) {
    const struct exec_type *t = c->in[0].type;
    *k = w->mean || w->moment ? class_real(c->x, t) : class_join(t, NULL);
    const struct vec *v = c->x->vec[*k];
    size_t count = (size_t)type_count(t);
    char *sum = call_scratch(c, count * v->size), *squares = w->moment ? call_scratch(c, count * v->size) : NULL;
    if (!sum || (w->moment && !squares))
        return NULL;
    for (unsigned i = 0; i < n; i++) {
        const char *lanes = call_lanes(c, device_in(c, list[i], 0), *k);
        if (!lanes)
            return NULL;
        if (i == 0)
            memcpy(sum, lanes, count * v->size);
        else
            v->merge[w->fold](sum, lanes, count);
    }
    if (w->mean || w->moment)
        v->scale(sum, sum, 1.0 / n, count);
    for (unsigned i = 0; w->moment && i < n; i++) {
        const char *lanes = call_lanes(c, device_in(c, list[i], 0), *k);
        for (size_t e = 0; lanes && e < count; e++) {
            double d = v->get(lanes + e * v->size) - v->get(sum + e * v->size);
            v->set(squares + e * v->size, (i ? v->get(squares + e * v->size) : 0) + d * d, 1);
        }
    }
    for (size_t e = 0; w->moment && e < count; e++) {
        double var = v->get(squares + e * v->size) / (n > 1 ? n - 1 : 1);
        v->set(sum + e * v->size, w->moment == 1 ? sqrt(var) : var, 1);
    }
    return sum;
}

static bool run_device(struct call *c, const struct collective *w, unsigned device, unsigned *list) {
    const struct exec_arg *out = device_out(c, device, 0), *own = device_in(c, device, 0);
    size_t bytes = (size_t)type_count(out->type) * tensor_dtype_size(out->type->dtype);
    unsigned at = 0, n = w->kind == MESH_PERMUTE ? 0 : group_of(c->x, w, device, list, &at);
    vec_class k;
    switch (w->kind) {
    case MESH_ALL_GATHER:
        for (unsigned i = 0; i < n; i++)
            slab(device_in(c, list[i], 0), 0, out, (int64_t)i * own->type->dims[w->dim], w->dim,
                 own->type->dims[w->dim]);
        return true;
    case MESH_PARTITION:
        slab(own, (int64_t)at * out->type->dims[w->dim], out, 0, w->dim, out->type->dims[w->dim]);
        return true;
    case MESH_PERMUTE:
        memset(out->data, 0, bytes);
        for (int64_t i = 0; i + 1 < w->n_groups * w->size; i += 2)
            if (w->groups[i + 1] == device && w->groups[i] >= 0)
                memcpy(out->data, device_in(c, (unsigned)w->groups[i], 0)->data, bytes);
        return true;
    case MESH_BROADCAST: memcpy(out->data, n ? device_in(c, list[0], 0)->data : own->data, bytes); return true;
    case MESH_ALL_TO_ALL: {
        if (!n) {
            memcpy(out->data, own->data, bytes);
            return true;
        }
        /* Piece `at` of every member: cut out, then joined. */
        int64_t piece = own->type->dims[w->dim] / n;
        struct exec_type t = *own->type;
        t.dims[w->dim] = piece;
        struct exec_arg cut = {call_scratch(c, bytes / n + 64), &t};
        if (!cut.data)
            return false;
        for (unsigned i = 0; i < n; i++) {
            slab(device_in(c, list[i], 0), (int64_t)at * piece, &cut, 0, w->dim, piece);
            slab(&cut, 0, out, (int64_t)i * t.dims[w->concat], w->concat, t.dims[w->concat]);
        }
        return true;
    }
    default: break;
    }
    if (!n) {
        list[0] = device;
        n = 1;
    }
    void *lanes = reduced(c, w, list, n, &k);
    if (!lanes)
        return false;
    if (w->kind == MESH_ALL_REDUCE || w->kind == MESH_REDUCE_ROOT) {
        call_store(c, out, lanes, k);
        if (w->kind == MESH_REDUCE_ROOT && at != 0 && bytes)
            memset(out->data, 0, bytes);
        return true;
    }
    struct exec_type t = *own->type;
    struct exec_arg whole = {call_scratch(c, (size_t)type_count(&t) * tensor_dtype_size(t.dtype)), &t};
    if (!whole.data)
        return false;
    call_store(c, &whole, lanes, k);
    slab(&whole, (int64_t)at * out->type->dims[w->dim], out, 0, w->dim, out->type->dims[w->dim]);
    return true;
}

static bool run_collective(struct call *c) {
    const struct collective *w = c->s->params;
    unsigned *list = call_scratch(c, (c->x->devices + (size_t)w->size) * sizeof *list);
    if (!list)
        return false;
    for (unsigned d = 0; d < c->x->devices; d++)
        if (!run_device(c, w, d, list))
            return false;
    return true;
}
const struct kernel kernel_collective = {"collective", plan_collective, run_collective, KERNEL_MESH | KERNEL_COMPLEX};

/* --- reductions by region --------------------------------------------------------------------------------------------- */

/* A member of each device's group: all of its tensor, or (reduce_scatter) the part that the device gets. */
struct member {
    struct collective group;
    unsigned k;
};

/* The devices of a device's group; it is its own where it takes no part. */
static unsigned members_of(const struct call *c, const struct collective *w, unsigned device, unsigned *list,
                           unsigned *at) {
    unsigned n = group_of(c->x, w, device, list, at);
    if (n)
        return n;
    *at = 0;
    list[0] = device;
    return 1;
}

/* in: tensors; out: those of member k, or of the first one where there are fewer. */
static bool run_member(struct call *c) {
    const struct member *w = c->s->params;
    unsigned *list = call_scratch(c, (c->x->devices + (size_t)w->group.size) * sizeof *list), at;
    for (unsigned d = 0; list && d < c->x->devices; d++) {
        unsigned n = members_of(c, &w->group, d, list, &at);
        const struct exec_arg *in = device_in(c, list[w->k < n ? w->k : 0], 0), *out = device_out(c, d, 0);
        if (w->group.kind == MESH_REDUCE_SCATTER)
            slab(in, (int64_t)at * out->type->dims[w->group.dim], out, 0, w->group.dim, out->type->dims[w->group.dim]);
        else
            memcpy(out->data, in->data, (size_t)type_count(out->type) * tensor_dtype_size(out->type->dtype));
    }
    return list != NULL;
}

/* in: what the members make; out: the same for the first one of a group (collective_reduce), zeros for others. */
static bool run_root(struct call *c) {
    const struct member *w = c->s->params;
    unsigned *list = call_scratch(c, (c->x->devices + (size_t)w->group.size) * sizeof *list), at;
    for (unsigned d = 0; list && d < c->x->devices; d++) {
        const struct exec_arg *out = device_out(c, d, 0);
        size_t bytes = (size_t)type_count(out->type) * tensor_dtype_size(out->type->dtype);
        members_of(c, &w->group, d, list, &at);
        memcpy(out->data, device_in(c, d, 0)->data, bytes);
        if (at != 0)
            memset(out->data, 0, bytes);
    }
    return list != NULL;
}

/* in: what the members before make, what they make with member k; out: which of the two the device has. */
static bool run_keep(struct call *c) {
    const struct member *w = c->s->params;
    unsigned *list = call_scratch(c, (c->x->devices + (size_t)w->group.size) * sizeof *list), at;
    for (unsigned d = 0; list && d < c->x->devices; d++) {
        const struct exec_arg *out = device_out(c, d, 0);
        bool has = w->k < members_of(c, &w->group, d, list, &at);
        memcpy(out->data, device_in(c, d, has)->data,
               (size_t)type_count(out->type) * tensor_dtype_size(out->type->dtype));
    }
    return list != NULL;
}

static const struct kernel kernel_member = {"collective", NULL, run_member, KERNEL_MESH | KERNEL_COMPLEX};
static const struct kernel kernel_keep = {"collective", NULL, run_keep, KERNEL_MESH | KERNEL_COMPLEX};
static const struct kernel kernel_root = {"collective", NULL, run_root, KERNEL_MESH | KERNEL_COMPLEX};
static const struct exec_row row_root = {"the first member", &kernel_root, 0, ""};
static const struct exec_row row_member = {"a member", &kernel_member, 0, ""};
static const struct exec_row row_keep = {"members", &kernel_keep, 0, ""};

bool collective_folds(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    exec_slot in = d->n_operands ? plan_get(p, ir_operand(p->m, op, 0)) : 0;
    vec_fold fold;
    return d->n_regions == 0 ||
           (in && !tensor_dtype_is_complex(slot_type(p->x, in)->dtype) && region_fold(p, op, &fold));
}

/* A step on member k of a type. 0 (reported) when out of memory. */
static exec_slot member(struct planner *p, ir_op op, const struct exec_row *row, const struct collective *group,
                        unsigned k, const struct exec_type *t, const exec_slot *in, uint32_t n) {
    exec_slot to = plan_temp(p, t, true);
    struct exec_step *s = to ? plan_step(p, op, row, n, 1) : NULL;
    struct member *w = s ? PLAN_PARAMS(p, s, struct member) : NULL;
    if (!w)
        return 0;
    w->group = *group;
    w->k = k;
    memcpy(s->in, in, n * sizeof *in);
    s->out[0] = to;
    s->per_device = p->x->devices > 1;
    return to;
}

/* One tensor of those that are reduced. */
static bool reduce_one(struct planner *p, ir_op op, ir_block body, const struct collective *group, exec_slot in,
                       exec_slot out, bool uneven) {
    const struct exec_type t = *slot_type(p->x, out);
    int64_t n = members(p->x, group);
    exec_slot sum = member(p, op, &row_member, group, 0, &t, &in, 1);
    for (unsigned k = 1; sum && k < n; k++) {
        exec_slot both[2] = {sum, 0}, other = member(p, op, &row_member, group, k, &t, &in, 1);
        if (!other || !plan_combine(p, op, body, 1, &sum, &other, &both[1]))
            return false;
        sum = uneven ? member(p, op, &row_keep, group, k, &t, both, 2) : both[1];
    }
    if (sum && group->kind == MESH_REDUCE_ROOT)
        sum = member(p, op, &row_root, group, 0, &t, &sum, 1);
    return sum && plan_assign(p, op, &sum, &out, 1);
}

bool plan_collective_by_region(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    exec_plan *x = p->x;
    struct collective group = {.axis = -1, .size = 0};
    struct exec_step asked = {.op = op};
    exec_slot *in = plan_operands(p, op, 0, d->n_operands), *out = ARENA_ARRAY(p->a, exec_slot, d->n_results + 1);
    ir_block body;
    int64_t dim = 0;
    if (!in || !out)
        return plan_no_memory(p);
    if (d->n_operands == 0 || d->n_operands != d->n_results || !plan_region_block(p, op, 0, &body) ||
        ir_block_at(p->m, body)->n_args != 2)
        return plan_error(p, op, "is not formed as a reduction");
    group.kind = attr_i64(p, op, "scatter_dimension", &dim)                           ? MESH_REDUCE_SCATTER
                 : str_ends_with(ir_op_name_str(p->m, op), STR(".collective_reduce")) ? MESH_REDUCE_ROOT
                                                                                      : MESH_ALL_REDUCE;
    if (ir_op_attr(p->m, op, STR("replica_groups")) && !read_groups(p, &asked, &group, "replica_groups"))
        return false;
    unsigned *list = ARENA_ARRAY(p->a, unsigned, x->devices + (size_t)group.size), at, n = 0;
    if (!list || !plan_results_of(p, op, out))
        return list ? false : plan_no_memory(p);
    bool uneven = false;
    for (unsigned i = 0; i < x->devices; i++) {
        unsigned k = group_of(x, &group, i, list, &at);
        uneven |= k != (n ? n : k) || k != members(x, &group);
        n = k;
    }
    for (uint32_t i = 0; i < d->n_operands; i++) {
        struct exec_type number, want;
        if (!in[i] || !out[i] || slot_type(x, in[i])->quant ||
            !type_of(p, ir_value_type(p->m, ir_block_at(p->m, body)->args), &number))
            return plan_error(p, op, "has operands, results or a region without numbers");
        if (!(in[i] = plan_cast(p, op, in[i], number.dtype)))
            return false;
        want = *slot_type(x, in[i]);
        if (group.kind == MESH_REDUCE_SCATTER) {
            if (!plan_dim(p, op, dim, want.rank, &group.dim))
                return false;
            if (uneven || want.dims[group.dim] % members(x, &group))
                return plan_error(p, op, "cuts a dimension of %lld into parts that are not alike",
                                  (long long)want.dims[group.dim]);
            want.dims[group.dim] /= members(x, &group);
        }
        if (!type_same_shape(&want, slot_type(x, out[i])) || want.dtype != slot_type(x, out[i])->dtype)
            return plan_error(p, op, "has a result of another shape or type than the devices give");
        if (type_count(&want) && !reduce_one(p, op, body, &group, in[i], out[i], uneven))
            return false;
    }
    return true;
}

bool plan_group_fold(struct planner *p, ir_op op, vec_fold fold, int64_t *groups, int64_t n_groups, int64_t size) {
    static const struct kernel kernel = {"collective", NULL, run_collective, KERNEL_MESH, NULL, NULL, NULL};
    static const struct exec_row row = {"folds of groups", &kernel, 0, ""};
    size_t at = p->x->steps.n;
    struct exec_step *s = plan_step(p, op, &row, 1, 1);
    struct collective *w = s ? PLAN_PARAMS(p, s, struct collective) : NULL;
    if (!w)
        return false;
    *w = (struct collective){
        .kind = MESH_ALL_REDUCE, .axis = -1, .fold = fold, .groups = groups, .n_groups = n_groups, .size = size};
    s->in[0] = plan_get(p, ir_operand(p->m, op, 0));
    s->per_device = p->x->devices > 1;
    if (!s->in[0] || ir_op_at(p->m, op)->n_results != 1)
        return plan_error(p, op, "takes and gives other than one tensor");
    return plan_made(p, op, at, 0);
}

/* --- shards ------------------------------------------------------------------------------------------------------- */

struct shard {
    bool to_shards, copy;
    int dims[2]; /* tensor dimension cut along a mesh axis; -1: the same along it */
    unsigned parts[2];
};

/* Both ways end here: global <-> one tensor for each device. */
static bool plan_shards(struct planner *p, struct exec_step *s, struct shard *w) {
    exec_plan *x = p->x;
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    const struct exec_type *global = w->to_shards ? in : out, *local = w->to_shards ? out : in;
    if (in->dtype != out->dtype || in->rank != out->rank)
        return plan_error(p, s->op, "changes the element type or rank");
    s->n_in = 1;
    if (w->copy && type_same_shape(in, out))
        return plan_view(p, s);
    if (w->copy)
        return plan_error(p, s->op, "changes the shape without moving anything");
    for (int i = 0; i < global->rank; i++) {
        int64_t parts = 1;
        for (int a = 0; a < 2; a++)
            if (w->dims[a] == i)
                parts *= w->parts[a];
        if (local->dims[i] * parts != global->dims[i])
            return plan_error(p, s->op, "cuts dimension %d of %lld into %lld parts of %lld", i,
                              (long long)global->dims[i], (long long)parts, (long long)local->dims[i]);
    }
    s->per_device = x->devices > 1;
    x->slots.v[s->out[0]].per_device = w->to_shards && x->devices > 1;
    return true;
}

static bool plan_mesh_shard(struct planner *p, struct exec_step *s) {
    struct shard *w = PLAN_PARAMS(p, s, struct shard);
    int64_t dims[2] = {-1, -1};
    if (!w)
        return false;
    str type = attr_text(p, s->op, "shard_type");
    w->to_shards = str_eq(attr_text(p, s->op, "shard_direction"), STR("full_to_shard"));
    w->dims[0] = w->dims[1] = -1;
    w->parts[0] = p->x->rows;
    w->parts[1] = p->x->cols;
    w->copy = str_eq(type, STR("identity"));
    if (str_eq(type, STR("maximal")))
        return plan_error(p, s->op, "puts a tensor on one device, which is not supported");
    if (str_eq(type, STR("devices"))) {
        int n = exec_op_ints(p, s->op, "shard_dims", dims, 2);
        if (n < 1 || n > 2)
            return plan_error(p, s->op, "does not say which dimensions to cut");
        for (int i = 0; i < n; i++) {
            if (dims[i] >= in_type(p, s, 0)->rank)
                return plan_error(p, s->op, "cuts a dimension that is not there");
            w->dims[n == 1 ? 1 : i] = (int)dims[i];
        }
    }
    return plan_shards(p, s, w);
}

void shard_copy(const struct exec_arg *global, const struct exec_arg *local, const int64_t *part, bool to_local) {
    int64_t index[TENSOR_MAX_RANK] = {0}, strides[TENSOR_MAX_RANK], n = type_count(local->type), base = 0;
    walk_row_strides(global->type->dims, local->type->rank, strides);
    for (int i = 0; i < local->type->rank; i++)
        base += part[i] * local->type->dims[i] * strides[i];
    size_t size = tensor_dtype_size(local->type->dtype);
    int last = local->type->rank - 1;
    int64_t row = last >= 0 ? local->type->dims[last] : 1;
    for (int64_t r = 0; n && r < n / row; r++) {
        int64_t g = base;
        for (int i = 0; i < last; i++)
            g += index[i] * strides[i];
        char *a = (char *)global->data + (size_t)g * size, *b = (char *)local->data + (size_t)(r * row) * size;
        memcpy(to_local ? b : a, to_local ? a : b, (size_t)row * size);
        for (int i = last; i-- > 0;) {
            if (++index[i] < local->type->dims[i])
                break;
            index[i] = 0;
        }
    }
}

static bool run_shards(struct call *c) {
    const struct shard *w = c->s->params;
    const exec_plan *x = c->x;
    for (unsigned d = 0; d < x->devices; d++) {
        const struct exec_arg *in = device_in(c, w->to_shards ? 0 : d, 0),
                              *out = device_out(c, w->to_shards ? d : 0, 0);
        unsigned at[2] = {d / x->cols, d % x->cols};
        const struct exec_arg *global = w->to_shards ? in : out, *local = w->to_shards ? out : in;
        int64_t part[TENSOR_MAX_RANK];
        bool first = true;
        for (int a = 0; a < 2; a++) {
            if (w->dims[a] < 0)
                first &= at[a] == 0;
        }
        if (!w->to_shards && !first)
            continue; /* along an axis of copies the first one counts */
        for (int i = 0; i < local->type->rank; i++) {
            part[i] = 0;
            for (int a = 0; a < 2; a++)
                if (w->dims[a] == i)
                    part[i] = part[i] * w->parts[a] + at[a];
        }
        shard_copy(global, local, part, w->to_shards);
    }
    return true;
}
const struct kernel kernel_mesh_shard = {"shards", plan_mesh_shard, run_shards, KERNEL_MESH | KERNEL_COMPLEX};

/* ttnn.distribute_tensor (placements by mesh axis) and ttnn.aggregate_tensor (dims by mesh axis). */
static bool plan_aggregate(struct planner *p, struct exec_step *s) {
    struct shard *w = PLAN_PARAMS(p, s, struct shard);
    if (!w)
        return false;
    w->to_shards = s->row->arg;
    w->dims[0] = w->dims[1] = -1;
    w->parts[0] = p->x->rows;
    w->parts[1] = p->x->cols;
    ir_attr config = ir_op_attr(p->m, s->op, w->to_shards ? STR("mapper_config") : STR("composer_config"));
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    if (!config)
        return plan_error(p, s->op, "does not say how");
    if (!w->to_shards) {
        int64_t dims[2], over[2];
        int n = node_ints(p->c, dialect_param(p->c, config, STR("dims")), dims, 2);
        ir_node shape = dialect_param(p->c, config, STR("mesh_shape_override"));
        int k = shape ? node_ints(p->c, shape, over, 2) : 0;
        for (int i = 0; i < n && i < 2; i++)
            if (!(k == n && over[i] == 1) && dims[i] < in->rank && in->dims[dims[i]] != out->dims[dims[i]])
                w->dims[n == 1 ? 1 : i] = (int)dims[i];
        return plan_shards(p, s, w);
    }
    ir_node list = dialect_param(p->c, config, STR("placements"));
    for (uint32_t i = 0; list && i < ir_count(p->c, list) && i < 2; i++) {
        int64_t dim = -1;
        ir_node place = ir_at(p->c, list, i);
        if (str_eq(dialect_param_text(p->c, place, STR("type")), STR("shard")) &&
            dialect_param_int(p->c, place, STR("dim"), &dim) && dim < in->rank)
            w->dims[ir_count(p->c, list) == 1 ? 1 : i] = (int)(dim < 0 ? dim + in->rank : dim);
    }
    for (int a = 0; a < 2; a++) /* an axis of one device cuts nothing */
        if (w->parts[a] == 1)
            w->dims[a] = -1;
    return plan_shards(p, s, w);
}
const struct kernel kernel_aggregate = {"shards", plan_aggregate, run_shards, KERNEL_MESH};

/* --- point to point, device numbers ------------------------------------------------------------------------------- */

static bool plan_point(struct planner *p, struct exec_step *s) {
    int64_t *w = plan_params(p, s, 4 * sizeof *w);
    exec_plan *x = p->x;
    if (!w)
        return false;
    int a = exec_op_ints(p, s->op, "sender_coord", w, 2), b = exec_op_ints(p, s->op, "receiver_coord", w + 2, 2);
    for (int i = 0; i < 2; i++) {
        ir_attr coord = ir_op_attr(p->m, s->op, i ? STR("receiver_coord") : STR("sender_coord"));
        if ((i ? b : a) < 0 && coord)
            *(i ? &b : &a) = node_ints(p->c, dialect_param(p->c, coord, STR("shape")), w + 2 * i, 2);
    }
    if (a != 2 || b != 2 || w[0] < 0 || w[0] >= x->rows || w[1] < 0 || w[1] >= x->cols || w[2] < 0 || w[2] >= x->rows ||
        w[3] < 0 || w[3] >= x->cols)
        return plan_error(p, s->op, "names a device that is not in the mesh");
    if (!type_same_shape(in_type(p, s, 0), out_type(p, s, 0)))
        return plan_error(p, s->op, "changes the shape");
    s->per_device = x->devices > 1;
    x->slots.v[s->out[0]].per_device = s->per_device;
    return true;
}

static bool run_point(struct call *c) {
    const int64_t *w = c->s->params;
    unsigned from = (unsigned)(w[0] * c->x->cols + w[1]), to = (unsigned)(w[2] * c->x->cols + w[3]);
    for (unsigned d = 0; d < c->x->devices; d++) {
        const struct exec_arg *out = device_out(c, d, 0);
        const struct exec_arg *kept = device_in(c, d, c->s->n_in > 1 && device_in(c, d, 1)->data ? 1 : 0);
        size_t bytes = (size_t)type_count(out->type) * tensor_dtype_size(out->type->dtype);
        memcpy(out->data, d == to ? device_in(c, from, 0)->data : kept->data, bytes);
    }
    return true;
}
const struct kernel kernel_point_to_point = {"collective", plan_point, run_point, KERNEL_MESH};

static bool plan_mesh_id(struct planner *p, struct exec_step *s) {
    s->per_device = p->x->devices > 1;
    p->x->slots.v[s->out[0]].per_device = s->per_device;
    return true;
}
static bool run_mesh_id(struct call *c) {
    for (unsigned d = 0; d < c->x->devices; d++) {
        struct tensor t = {.dtype = c->out[0].type->dtype, .data = device_out(c, d, 0)->data};
        tensor_set(&t, 0, c->s->row->arg ? d : 0);
    }
    return true;
}
const struct kernel kernel_mesh_id = {"device number", plan_mesh_id, run_mesh_id, KERNEL_MESH};

/* --- norms over a row that lies on several devices ---------------------------------------------------------------- */

struct distributed {
    int axis;
    double epsilon;
    int weight, bias, residual;
    bool rms;
    vec_class k;
};

static bool plan_distributed(struct planner *p, struct exec_step *s) {
    struct distributed *w = PLAN_PARAMS(p, s, struct distributed);
    exec_plan *x = p->x;
    int64_t axis = 1;
    if (!w)
        return false;
    w->rms = s->row->arg;
    w->epsilon = 1e-5;
    attr_i64(p, s->op, "cluster_axis", &axis);
    attr_f64(p, s->op, "epsilon", &w->epsilon);
    w->axis = axis == 0 ? 0 : 1;
    w->weight = has_in(s, 1) ? 1 : -1;
    w->bias = !w->rms && has_in(s, 2) ? 2 : -1;
    w->residual = has_in(s, w->rms ? 2 : 3) ? (w->rms ? 2 : 3) : -1;
    const struct exec_type *in = in_type(p, s, 0);
    if (in->rank == 0 || !type_same_shape(in, out_type(p, s, 0)))
        return plan_error(p, s->op, "changes the shape");
    for (int i = 0; i < 2; i++) {
        int o = i ? w->bias : w->weight;
        if (o >= 0 && type_count(in_type(p, s, (uint32_t)o)) != in->dims[in->rank - 1])
            return plan_error(p, s->op, "has another number of weights than columns");
    }
    w->k = class_real(x, in);
    s->per_device = x->devices > 1;
    x->slots.v[s->out[0]].per_device = s->per_device;
    return true;
}

static bool run_distributed(struct call *c) {
    const struct distributed *w = c->s->params;
    const struct exec_type *t = c->in[0].type;
    const struct vec *v = c->x->vec[w->k];
    int64_t n = t->dims[t->rank - 1], rows = n ? type_count(t) / n : 0;
    unsigned group = group_size(c->x, w->axis);
    const char **in = call_scratch(c, c->x->devices * sizeof *in);
    for (unsigned d = 0; in && d < c->x->devices; d++) {
        in[d] = call_lanes(c, device_in(c, d, 0), w->k);
        if (in[d] && w->residual >= 0) {
            const char *other = call_lanes(c, device_in(c, d, (uint32_t)w->residual), w->k);
            char *sum = other ? call_scratch(c, (size_t)(rows * n) * v->size) : NULL;
            if (sum)
                v->op[VEC_ADD](sum, in[d], other, NULL, (size_t)(rows * n), NULL);
            in[d] = sum;
        }
        if (!in[d])
            return false;
    }
    for (unsigned d = 0; in && d < c->x->devices; d++) {
        const char *weight = w->weight >= 0 ? call_lanes(c, device_in(c, d, 1), w->k) : NULL;
        const char *bias = w->bias >= 0 ? call_lanes(c, device_in(c, d, 2), w->k) : NULL;
        char *out = call_room(c, device_out(c, d, 0), w->k);
        if (!out || (w->weight >= 0 && !weight) || (w->bias >= 0 && !bias))
            return false;
        for (int64_t r = 0; r < rows; r++) {
            double mean = 0, squares = 0, one[1];
            for (unsigned k = 0; !w->rms && k < group; k++) {
                v->set(one, 0, 1);
                v->fold[FOLD_SUM](one, in[group_member(c->x, w->axis, d, k)] + (size_t)(r * n) * v->size, (size_t)n);
                mean += v->get(one);
            }
            mean /= (double)n * group;
            for (unsigned k = 0; k < group; k++)
                squares +=
                    v->square_sum(in[group_member(c->x, w->axis, d, k)] + (size_t)(r * n) * v->size, mean, (size_t)n);
            v->normalise(out + (size_t)(r * n) * v->size, in[d] + (size_t)(r * n) * v->size, mean,
                         1 / sqrt(squares / ((double)n * group) + w->epsilon), weight, bias, (size_t)n);
        }
        call_store(c, device_out(c, d, 0), out, w->k);
    }
    return in != NULL;
}
const struct kernel kernel_distributed_norm = {"norm", plan_distributed, run_distributed, KERNEL_MESH};
