/* The experts of a mixture: moe_compute, and the ops that put their weights together for it.
 *
 *   moe_compute   tokens [.., T, H], indices [.., T, K], mapping [.., experts]  -> [K, T / D, H]
 *
 * Result k of a token is what its expert number k makes of it: act(x W0 + b0) (x W1 + b1) W2 + b2. D devices in a line (cluster_axis)
 * have E experts each; the mapping says where an expert lives, who has the dispatched token and the weights number expert % E. Results go
 * to where the token came from: device i has those of tokens i T / D and on (golden function of tt-mlir's tools/golden/mapping.py).
 *
 * On a device weights are put in an order that suits its cores, of which nothing is public; prepare_moe_compute_*_weights and moe_compute
 * are its only makers and users. Here they have an order of our own, whatever the type of the value says:
 *
 *   w0, w1:  [L, E][ H x N of W0, H x N of W1, N of b0, N of b1 ]        w2:  [L, E][ N x H, H of b2 ]        biases where there are any
 */
#include <math.h>
#include <string.h>

#include "exec/kernels.h"

/* Operands of ttir.moe_compute; ttnn's has the packed ones in the place of W0 and W1. Scores are for whoever adds the K results up. */
enum { TOKENS, INDICES, SCORES, MAPPING, W0, W1, W2, B0, B1, B2, PACKED_UP = W0, PACKED_DOWN = W1 };

/* Where a matrix or a bias of an expert begins: `base` elements into an operand, `step` further for each expert. operand -1: none. */
struct part {
    int operand;
    int64_t base, step;
};

enum { GATE, UP, DOWN, N_PARTS };
struct moe {
    int axis;
    int64_t ring, experts, layer; /* devices in a line, experts of each */
    int64_t hidden, inner, tokens, k;
    double (*act)(double gate, double up);
    struct part weight[N_PARTS], bias[N_PARTS];
};

static double silu(double gate, double up) {
    return gate / (1 + exp(-gate)) * up;
}
double moe_swiglu(double gate, double up) {
    double g = gate < 7 ? gate : 7, u = up < -7 ? -7 : up > 7 ? 7 : up;
    return (u + 1) * g / (1 + exp(-1.702 * g));
}
static double gelu(double gate, double up) {
    return gate / 2 * (1 + tanh(0.79788456080286535588 * (gate + 0.044715 * gate * gate * gate))) * up;
}

/* --- weights ------------------------------------------------------------------------------------------------------------- */

/* Elements of a list of operands that belong to one expert; [L, E] of them. */
static bool plan_pack(struct planner *p, struct exec_step *s) {
    bool up = s->row->arg == MOE_PACK_UP;
    uint32_t n = up ? 4 : 2, first = up ? 2 : 1; /* biases from `first` on */
    exec_plan *x = p->x;
    if (!has_in(s, 0) || (up && !has_in(s, 1)) || !s->out[0])
        return plan_error(p, s->op, "lacks weights");
    const struct exec_type *w = in_type(p, s, 0);
    bool fits = w->rank == 4 && (!up || type_same_shape(w, in_type(p, s, 1)));
    int64_t count = (up ? 2 : 1) * type_count(w);
    for (uint32_t i = first; fits && i < n; i++)
        if (has_in(s, i)) {
            fits = type_count(in_type(p, s, i)) == w->dims[0] * w->dims[1] * w->dims[3];
            count += type_count(in_type(p, s, i));
        }
    if (!fits)
        return plan_error(p, s->op, "has weights and biases that do not fit each other");
    s->n_in = n < s->n_in ? n : s->n_in;
    struct exec_type t = {.dtype = out_type(p, s, 0)->dtype, .format = out_type(p, s, 0)->format, .rank = 1};
    t.dims[0] = count;
    struct slot was = x->slots.v[s->out[0]];
    exec_slot to = plan_temp(p, &t, was.per_device);
    if (!to)
        return false;
    x->slots.v[to].steady = was.steady;
    s->out[0] = to;
    return true;
}

static bool run_pack(struct call *c) {
    const struct exec_type *w = c->in[0].type, *out = c->out[0].type;
    int64_t experts = w->dims[0] * w->dims[1];
    size_t size = tensor_dtype_size(out->dtype);
    char *to = c->out[0].data;
    for (int64_t e = 0; e < experts && !call_stopped(c); e++)
        for (uint32_t i = 0; i < c->s->n_in; i++) {
            if (!c->in[i].data)
                continue;
            const struct exec_type *t = c->in[i].type;
            size_t n = (size_t)(type_count(t) / experts), from = tensor_dtype_size(t->dtype);
            exec_convert(c->x, to, out->dtype, (const char *)c->in[i].data + (size_t)e * n * from, t->dtype, n);
            to += n * size;
        }
    return true;
}
const struct kernel kernel_moe_pack = {"experts", plan_pack, run_pack, 0};

/* --- the experts --------------------------------------------------------------------------------------------------------- */

/* ttir: each in an operand of its own, [L, E, H, N], [L, E, N, H] and biases. */
static bool plain_parts(struct planner *p, struct exec_step *s, struct moe *w) {
    const struct exec_type *up = has_in(s, W2) ? in_type(p, s, W0) : NULL, *down = up ? in_type(p, s, W2) : NULL;
    bool fits = up && up->rank == 4 && down->rank == 4 && type_same_shape(up, in_type(p, s, W1)) &&
                down->dims[0] == up->dims[0] && down->dims[1] == up->dims[1] && down->dims[2] == up->dims[3] &&
                down->dims[3] == up->dims[2] && w->layer >= 0 && w->layer < up->dims[0] && up->dims[2] == w->hidden;
    if (!fits)
        return plan_error(p, s->op, "has weights that do not fit each other, or its tokens");
    if (up->dims[1] < 1)
        return plan_error(p, s->op, "has weights of no expert");
    w->experts = up->dims[1];
    w->inner = up->dims[3];
    for (int i = 0; i < N_PARTS; i++) {
        int64_t n = i == DOWN ? w->hidden : w->inner;
        w->weight[i] = (struct part){W0 + i, 0, w->hidden * w->inner};
        w->bias[i] = (struct part){has_in(s, (uint32_t)(B0 + i)) ? B0 + i : -1, 0, n};
        if (w->bias[i].operand >= 0 && type_count(in_type(p, s, (uint32_t)(B0 + i))) != up->dims[0] * up->dims[1] * n)
            return plan_error(p, s->op, "has biases of another number than its weights have columns");
    }
    return true;
}

/* ttnn: as kernel_moe_pack gives them. */
static bool packed_parts(struct planner *p, struct exec_step *s, struct moe *w) {
    bool biased = attr_bool(p, s->op, "has_bias");
    attr_i64(p, s->op, "intermediate_size", &w->inner);
    w->experts = type_count(in_type(p, s, MAPPING)) / w->ring;
    if (w->inner < 1 || w->experts < 1 || w->inner > INT32_MAX || w->hidden > INT32_MAX)
        return plan_error(p, s->op, "has no experts, or none of any size");
    int64_t matrix = w->hidden * w->inner, up = 2 * (matrix + (biased ? w->inner : 0)),
            down = matrix + (biased ? w->hidden : 0);
    for (int i = 0; i < N_PARTS; i++) {
        bool last = i == DOWN;
        w->weight[i] = (struct part){last ? PACKED_DOWN : PACKED_UP, i == UP ? matrix : 0, last ? down : up};
        w->bias[i] = w->weight[i];
        w->bias[i].base = last ? matrix : 2 * matrix + (i == UP ? w->inner : 0);
        if (!biased)
            w->bias[i].operand = -1;
        const struct exec_type *t = has_in(s, PACKED_DOWN) ? in_type(p, s, (uint32_t)w->weight[i].operand) : NULL;
        if (!t || t->rank != 1 || w->layer < 0 || t->dims[0] / w->experts / w->weight[i].step <= w->layer ||
            t->dims[0] % (w->experts * w->weight[i].step))
            return plan_error(p, s->op,
                              "has weights that were not put together for it in this module, or for another one");
    }
    return true;
}

static bool plan_moe(struct planner *p, struct exec_step *s) {
    static const struct {
        const char *name;
        double (*act)(double gate, double up);
    } acts[] = {{"silu", silu}, {"swiglu", moe_swiglu}, {"gelu", gelu}};
    struct moe *w = PLAN_PARAMS(p, s, struct moe);
    exec_plan *x = p->x;
    int64_t axis = 1;
    if (!w)
        return false;
    if (!has_in(s, MAPPING) || !s->out[0])
        return plan_error(p, s->op, "lacks operands");
    attr_i64(p, s->op, "layer_id", &w->layer);
    attr_i64(p, s->op, "cluster_axis", &axis);
    w->axis = axis == 0 ? 0 : 1;
    w->ring = group_size(x, w->axis);
    str act = attr_text(p, s->op, "activation_function");
    w->act = act.n ? NULL : silu;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (str_eq(act, str_from_z(acts[i].name)))
            w->act = acts[i].act;
    if (!w->act)
        return plan_error(p, s->op, "has activation '%.*s', which is not known", STR_ARG(act));
    const struct exec_type *t = in_type(p, s, TOKENS), *at = in_type(p, s, INDICES), *out = out_type(p, s, 0);
    bool fits = t->rank >= 1 && at->rank >= 1 && out->rank == 3 && t->dims[t->rank - 1] > 0;
    w->hidden = fits ? t->dims[t->rank - 1] : 0;
    fits = fits && out->dims[2] == w->hidden && out->dims[0] == at->dims[at->rank - 1] &&
           out->dims[1] * w->ring * w->hidden == type_count(t) &&
           out->dims[0] * out->dims[1] * w->ring == type_count(at);
    if (!fits)
        return plan_error(p, s->op, "has tokens, indices and a result that do not fit each other");
    w->k = out->dims[0];
    w->tokens = out->dims[1];
    if (!(s->row->arg == MOE_PACKED ? packed_parts(p, s, w) : plain_parts(p, s, w)))
        return false;
    if (s->row->arg == MOE_PACKED)
        s->n_in = PACKED_DOWN + 1;
    s->flops = (uint64_t)type_count(out) * (uint64_t)(6 * w->inner);
    s->per_device = x->devices > 1;
    x->slots.v[s->out[0]].per_device = s->per_device;
    return true;
}

struct moe_loop {
    struct call *c;
    double *room; /* [worker][of]: gate, up, a row of weights, sums */
    size_t of;
};

/* n numbers of a part of expert `e`, from `at` on, of the device that has it. Nothing where there is no such part. */
static void load(const struct call *c, unsigned device, const struct part *part, int64_t e, int64_t at, int64_t n,
                 double *to) {
    if (part->operand < 0)
        return;
    const struct exec_arg *a = device_in(c, device, (uint32_t)part->operand);
    size_t size = tensor_dtype_size(a->type->dtype);
    exec_convert(c->x, to, TENSOR_F64, (const char *)a->data + (size_t)(part->base + e * part->step + at) * size,
                 a->type->dtype, (size_t)n);
}

/* sum += x * row, a row of n numbers. */
static void add_row(double *sum, double x, const double *row, int64_t n) {
    for (int64_t j = 0; j < n; j++)
        sum[j] += x * row[j];
}

/* Rows [begin, end) of all devices' results. */
static void moe_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct moe_loop *l = ctx;
    struct call *c = l->c;
    const struct moe *w = c->s->params;
    int64_t h = w->hidden, n = w->inner, longest = n > h ? n : h;
    double *gate = l->room + (size_t)worker * l->of, *up = gate + n, *row = up + n, *sum = row + longest;
    for (int64_t r = (int64_t)begin; r < (int64_t)end; r++) {
        unsigned d = (unsigned)(r / (w->k * w->tokens));
        int64_t k = r / w->tokens % w->k, place = group_place(c->x, w->axis, d), t = place * w->tokens + r % w->tokens;
        int64_t e = arg_int(device_in(c, d, INDICES), t * w->k + k), here = -1;
        if (e >= 0 && e < type_count(c->in[MAPPING].type))
            here = w->ring == 1 ? 0 : arg_int(device_in(c, d, MAPPING), e);
        memset(gate, 0, (size_t)(2 * n) * sizeof *gate);
        memset(sum, 0, (size_t)h * sizeof *sum);
        if (here >= 0 && here < w->ring) {
            unsigned at = group_member(c->x, w->axis, d, (unsigned)here);
            int64_t own = w->layer * w->experts + e % w->experts;
            load(c, at, &w->bias[GATE], own, 0, n, gate);
            load(c, at, &w->bias[UP], own, 0, n, up);
            load(c, at, &w->bias[DOWN], own, 0, h, sum);
            for (int64_t i = 0; i < h; i++) {
                double x = arg_get(device_in(c, at, TOKENS), t * h + i);
                load(c, at, &w->weight[GATE], own, i * n, n, row);
                add_row(gate, x, row, n);
                load(c, at, &w->weight[UP], own, i * n, n, row);
                add_row(up, x, row, n);
            }
            for (int64_t j = 0; j < n; j++) {
                load(c, at, &w->weight[DOWN], own, j * h, h, row);
                add_row(sum, w->act(gate[j], up[j]), row, h);
            }
        }
        const struct exec_arg *out = device_out(c, d, 0);
        exec_convert(c->x,
                     (char *)out->data + (size_t)(r % (w->k * w->tokens) * h) * tensor_dtype_size(out->type->dtype),
                     out->type->dtype, sum, TENSOR_F64, (size_t)h);
    }
}

static bool run_moe(struct call *c) {
    const struct moe *w = c->s->params;
    int64_t longest = w->inner > w->hidden ? w->inner : w->hidden;
    struct moe_loop l = {.c = c, .of = (size_t)(2 * w->inner + longest + w->hidden)};
    l.room = call_scratch(c, pool_threads(c->x->pool) * l.of * sizeof *l.room);
    return l.room && call_loop(c, (size_t)(w->k * w->tokens) * c->x->devices, 1, moe_rows, &l);
}
const struct kernel kernel_moe = {"experts", plan_moe, run_moe, KERNEL_MESH};
