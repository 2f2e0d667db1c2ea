/* Mixtures of experts over devices: tokens go to where their experts are, and what the experts make of them comes back.
 *
 *   all_to_all_dispatch   input [B, S, 1, H], indices [B, S, 1, K]   -> tokens [1, B*D, S, H], metadata [1, B*D, S, K]
 *   all_to_all_combine    expert outputs [E local, B*D, S, H], metadata, mapping [1, 1, E, D]  -> [K, B, S, H]
 *   ..._metadata          input [1, 1, M, H], indices and scores [1, 1, M, K], mapping [.., E] of expert to device
 *                         -> tokens [1, M*D, H] of which those of other devices' experts are zeros, all indices and scores
 *   expert_token_remap    scores [1, B, S, E], mapping [1, 1, E, devices], metadata [1, B, S, K]
 *                         -> scores of the device's own experts [1, B, S, E local], which blocks of rows have any
 *
 * moe_compute, the experts themselves, is in kernels_moe.c.
 *
 * A device only needs the tokens that its own experts take; here each gets those of all D devices of its group, as the golden
 * function has it, which is the same for whoever reads what is meant for it. Without a mesh of D devices the one there is
 * stands for all (ttir-semantics.md section 11).
 */
#include <string.h>

#include "exec/kernels.h"

struct experts {
    int axis;
    int64_t devices;
    bool by_batch; /* combine: the batch is cut over the devices, not the sequence */
};

static bool plan_group(struct planner *p, struct exec_step *s, struct experts *w) {
    int64_t axis = 0;
    attr_i64(p, s->op, "num_devices", &w->devices);
    attr_i64(p, s->op, "cluster_axis", &axis);
    if (axis < 0 || axis > 1 || w->devices < 1)
        return plan_error(p, s->op, "has a cluster axis or number of devices that makes no sense");
    w->axis = (int)axis;
    int64_t there = axis ? p->x->cols : p->x->rows;
    if (p->x->devices > 1 && there != w->devices)
        return plan_error(p, s->op, "is for %lld devices, the mesh has %lld along its axis", (long long)w->devices,
                          (long long)there);
    s->per_device = p->x->devices > 1;
    for (uint32_t i = 0; i < s->n_out; i++)
        p->x->slots.v[s->out[i]].per_device = s->per_device && s->out[i];
    return true;
}

/* Member i of the group of a device; the device itself where there is but one. */
static unsigned member_of(const struct call *c, const struct experts *w, unsigned device, int64_t i) {
    return c->x->devices == 1 ? 0 : group_member(c->x, w->axis, device, (unsigned)i);
}

/* --- dispatch ----------------------------------------------------------------------------------------------------------- */

static bool plan_dispatch(struct planner *p, struct exec_step *s) {
    struct experts *w = PLAN_PARAMS(p, s, struct experts);
    if (!w || !plan_group(p, s, w))
        return false;
    if (!has_in(s, 1) || s->n_out != 2)
        return plan_error(p, s->op, "lacks tokens or indices");
    for (uint32_t i = 0; i < 2; i++) {
        const struct exec_type *in = in_type(p, s, i), *out = out_type(p, s, i);
        if (!s->out[i] || in->dtype != out->dtype || type_count(in) * w->devices != type_count(out))
            return plan_error(p, s->op, "gives other than %lld times what it takes", (long long)w->devices);
    }
    s->n_in = 2;
    return true;
}

/* Result o of each device: operand o of all members of its group, for the first n of them. */
static bool run_gather_all(struct call *c, uint32_t n) {
    const struct experts *w = c->s->params;
    for (unsigned d = 0; d < c->x->devices; d++)
        for (uint32_t o = 0; o < n; o++) {
            const struct exec_type *t = c->in[o].type;
            size_t bytes = (size_t)type_count(t) * tensor_dtype_size(t->dtype);
            for (int64_t i = 0; bytes && i < w->devices; i++)
                memcpy((char *)device_out(c, d, o)->data + (size_t)i * bytes,
                       device_in(c, member_of(c, w, d, i), o)->data, bytes);
        }
    return true;
}
static bool run_dispatch(struct call *c) {
    return run_gather_all(c, 2);
}
const struct kernel kernel_dispatch = {"experts", plan_dispatch, run_dispatch, KERNEL_MESH};

/* all_to_all_dispatch_metadata (golden function of tt-mlir's tools/golden/mapping.py): a device has only the tokens that one of
 * its own experts takes, at their places among all; indices and scores of all tokens are everywhere. */
static bool plan_dispatch_metadata(struct planner *p, struct exec_step *s) {
    struct experts *w = PLAN_PARAMS(p, s, struct experts);
    if (!w || !plan_group(p, s, w))
        return false;
    if (!has_in(s, 3) || s->n_out != 3)
        return plan_error(p, s->op, "lacks tokens, indices, scores or the mapping");
    for (uint32_t i = 0; i < 3; i++) {
        const struct exec_type *in = in_type(p, s, i), *out = s->out[i] ? out_type(p, s, i) : NULL;
        if (!out || in->rank < 1 || in->dtype != out->dtype || out->rank < 1 ||
            in->dims[in->rank - 1] != out->dims[out->rank - 1] || type_count(in) * w->devices != type_count(out))
            return plan_error(p, s->op, "gives other than %lld times what it takes", (long long)w->devices);
    }
    const struct exec_type *x = in_type(p, s, 0), *at = in_type(p, s, 1);
    if (in_type(p, s, 3)->rank < 1 || type_count(x) * at->dims[at->rank - 1] != type_count(at) * x->dims[x->rank - 1])
        return plan_error(p, s->op, "has indices of other tokens, or no mapping");
    s->n_in = 4;
    return true;
}

static bool run_dispatch_metadata(struct call *c) {
    const struct exec_type *x = c->in[0].type, *at = c->in[1].type, *map = c->in[3].type;
    size_t row = (size_t)x->dims[x->rank - 1] * tensor_dtype_size(x->dtype);
    int64_t k_n = at->dims[at->rank - 1], experts = map->dims[map->rank - 1];
    int64_t tokens = row && k_n ? type_count(c->out[1].type) / k_n : 0;
    if (!run_gather_all(c, 3))
        return false;
    for (unsigned d = 0; d < c->x->devices; d++)
        for (int64_t t = 0; t < tokens; t++) {
            bool own = false;
            for (int64_t k = 0; k < k_n && !own; k++) {
                int64_t e = arg_int(device_out(c, d, 1), t * k_n + k);
                own = e >= 0 && e < experts && arg_int(device_in(c, d, 3), e) == (int64_t)d;
            }
            if (!own)
                memset((char *)device_out(c, d, 0)->data + (size_t)t * row, 0, row);
        }
    return true;
}
const struct kernel kernel_dispatch_metadata = {"experts", plan_dispatch_metadata, run_dispatch_metadata, KERNEL_MESH};

/* --- scores of a device's own experts ------------------------------------------------------------------------------------ */

/* moe_expert_token_remap: as tt-metal's own test works it out. A device's experts are those that its column of the mapping
 * names, in order; an expert that the metadata of a token does not name has no score. */
static bool plan_remap(struct planner *p, struct exec_step *s) {
    int64_t *block = plan_params(p, s, sizeof *block);
    if (!block)
        return false;
    *block = 32;
    attr_i64(p, s->op, "reduction_size", block);
    if (!has_in(s, 2) || s->n_out != 2 || !s->out[0] || !s->out[1])
        return plan_error(p, s->op, "lacks operands or results");
    const struct exec_type *scores = in_type(p, s, 0), *map = in_type(p, s, 1), *meta = in_type(p, s, 2),
                           *out = out_type(p, s, 0), *some = out_type(p, s, 1);
    bool fits = *block > 0 && scores->rank == 4 && map->rank == 4 && meta->rank == 4 && out->rank == 4 &&
                some->rank == 4 && map->dims[2] == scores->dims[3] && map->dims[3] >= (int64_t)p->x->devices;
    for (int i = 1; fits && i < 3; i++)
        fits = scores->dims[i] == meta->dims[i] && scores->dims[i] == out->dims[i];
    fits = fits && out->dims[0] == 1 && out->dims[3] == some->dims[3] &&
           type_count(some) == (out->dims[1] * out->dims[2] + *block - 1) / *block * out->dims[3];
    if (!fits)
        return plan_error(p, s->op, "has operands and results that do not fit each other");
    s->n_in = 3;
    s->per_device = p->x->devices > 1; /* each device has experts of its own */
    for (uint32_t i = 0; i < 2; i++)
        p->x->slots.v[s->out[i]].per_device = s->per_device;
    return true;
}

static bool run_remap(struct call *c) {
    int64_t block = *(const int64_t *)c->s->params;
    const struct exec_type *scores = c->in[0].type, *map = c->in[1].type, *meta = c->in[2].type, *out = c->out[0].type;
    int64_t experts = scores->dims[3], local_n = out->dims[3], k_n = meta->dims[3], rows = out->dims[1] * out->dims[2];
    int64_t *local = call_scratch(c, (size_t)(experts + 1) * sizeof *local), n = 0;
    if (!local)
        return false;
    for (int64_t e = 0; e < experts; e++) {
        bool own = arg_get(&c->in[1], e * map->dims[3] + (int64_t)c->device) != 0;
        local[e] = own && n < local_n ? n++ : -1;
    }
    for (int i = 0; i < 2; i++) {
        size_t bytes = (size_t)type_count(c->out[i].type) * tensor_dtype_size(c->out[i].type->dtype);
        if (bytes)
            memset(c->out[i].data, 0, bytes);
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t k = 0; k < k_n; k++) {
            int64_t e = arg_int(&c->in[2], r * k_n + k);
            if (e < 0 || e >= experts || local[e] < 0)
                continue;
            double v = arg_get(&c->in[0], r * experts + e);
            arg_set(&c->out[0], r * local_n + local[e], v);
            if (v != 0)
                arg_set(&c->out[1], r / block * local_n + local[e], 1);
        }
    return true;
}
const struct kernel kernel_remap = {"experts", plan_remap, run_remap, 0};

/* --- combine ------------------------------------------------------------------------------------------------------------ */

static bool plan_combine(struct planner *p, struct exec_step *s) {
    struct experts *w = PLAN_PARAMS(p, s, struct experts);
    if (!w || !plan_group(p, s, w))
        return false;
    if (!has_in(s, 2) || !s->out[0])
        return plan_error(p, s->op, "lacks metadata or mapping");
    const struct exec_type *in = in_type(p, s, 0), *meta = in_type(p, s, 1), *map = in_type(p, s, 2),
                           *out = out_type(p, s, 0);
    if (in->rank != 4 || meta->rank != 4 || map->rank != 4 || out->rank != 4 || in->dtype != out->dtype ||
        meta->dims[1] != in->dims[1] || meta->dims[2] != in->dims[2] || out->dims[0] != meta->dims[3] ||
        out->dims[3] != in->dims[3] || map->dims[3] != w->devices || in->dims[0] * w->devices < map->dims[2])
        return plan_error(p, s->op, "has operands and a result that do not fit each other");
    w->by_batch = out->dims[1] * w->devices == in->dims[1] && out->dims[2] == in->dims[2];
    if (!w->by_batch && !(out->dims[1] == in->dims[1] && out->dims[2] * w->devices == in->dims[2]))
        return plan_error(p, s->op, "gives back neither its part of the batch nor of the sequence");
    return true;
}

/* The device of the group that owns an expert, and the expert's number there: those it owns before. -1: nobody. */
struct owner {
    int64_t device, local;
};

/* Of all experts. NULL (error set) when out of memory. */
static struct owner *owners_of(struct call *c) {
    const struct exec_type *map = c->in[2].type;
    int64_t experts = map->dims[2], devices = map->dims[3];
    struct owner *owners = call_scratch(c, (size_t)experts * sizeof *owners);
    int64_t *owned = call_scratch(c, (size_t)devices * sizeof *owned);
    if (!owners || !owned)
        return NULL;
    memset(owned, 0, (size_t)devices * sizeof *owned);
    for (int64_t e = 0; e < experts; e++) {
        owners[e] = (struct owner){-1, 0};
        for (int64_t d = 0; d < devices; d++) {
            bool has = arg_get(&c->in[2], e * devices + d) != 0;
            if (has && owners[e].device < 0)
                owners[e] = (struct owner){d, owned[d]};
            owned[d] += has;
        }
    }
    return owners;
}

static bool run_combine(struct call *c) {
    const struct experts *w = c->s->params;
    const struct exec_type *in = c->in[0].type, *out = c->out[0].type;
    int64_t k_n = out->dims[0], batch = out->dims[1], sequence = out->dims[2];
    size_t row = (size_t)out->dims[3] * tensor_dtype_size(out->dtype);
    int64_t experts = c->in[2].type->dims[2];
    const struct owner *owners = owners_of(c);
    if (!owners)
        return false;
    for (unsigned d = 0; d < c->x->devices; d++) {
        int64_t place = c->x->devices == 1 ? 0 : group_place(c->x, w->axis, d);
        for (int64_t i = 0; row && i < k_n * batch * sequence; i++) {
            int64_t s = i % sequence, b = i / sequence % batch, k = i / sequence / batch;
            int64_t token =
                ((w->by_batch ? place * batch : 0) + b) * in->dims[2] + (w->by_batch ? 0 : place * sequence) + s;
            int64_t expert = arg_int(device_in(c, d, 1), token * k_n + k);
            struct owner o = expert >= 0 && expert < experts ? owners[expert] : (struct owner){-1, 0};
            char *to = (char *)device_out(c, d, 0)->data + (size_t)i * row;
            if (o.device < 0 || o.local >= in->dims[0]) {
                memset(to, 0, row);
                continue;
            }
            memcpy(to,
                   (const char *)device_in(c, member_of(c, w, d, o.device), 0)->data +
                       (size_t)(o.local * in->dims[1] * in->dims[2] + token) * row,
                   row);
        }
    }
    return true;
}
const struct kernel kernel_combine = {"experts", plan_combine, run_combine, KERNEL_MESH};
