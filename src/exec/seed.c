/* Values for arguments that nobody gave.
 *
 * What an argument is for is asked of its consumers, through ops that only move it: indices get numbers that their
 * consumer can take, weights numbers that keep activations finite (deviation 1/sqrt(fan-in)), scales of norms ones around
 * one, variances and the like positive numbers.
 */
#include "exec/seed.h"

#include <math.h>
#include <string.h>

#include "exec/inner.h"

double seed_normal(uint64_t stream, uint64_t i) {
    double u = 1 - seed_uniform(stream, 2 * i), v = seed_uniform(stream, 2 * i + 1);
    return sqrt(-2 * log(u)) * cos(6.28318530717958647692 * v);
}

struct guess {
    double deviation, mean;
    double low, high; /* of integers, high excluded */
    bool positive, found;
};

/* Names of ops that hand on the values of their first operand (some of them in a new order). */
static bool moves(str op) {
    static const char *const names[] = {
        "reshape",     "permute",          "transpose",         "squeeze",      "unsqueeze",
        "broadcast",   "broadcast_in_dim", "typecast",          "convert",      "to_layout",
        "to_device",   "to_memory_config", "from_device",       "slice_static", "slice",
        "repeat",      "mesh_shard",       "repeat_interleave", "concat",       "optimization_barrier",
        "custom_call", "distribute_tensor"};
    op = str_from(op, str_find_char(op, '.') + 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eq(op, str_from_z(names[i])))
            return true;
    return false;
}

static bool ends(str op, const char *what) {
    return str_eq(str_from(op, str_find_char(op, '.') + 1), str_from_z(what));
}

static int64_t dim_of(const exec_plan *x, ir_value v, int from_end) {
    ir_type t = ir_value_type(x->m, v);
    int rank = ir_rank(x->m->ctx, t);
    return rank >= from_end ? ir_dim(x->m->ctx, t, rank - from_end) : 1;
}

static int64_t first_dim(const exec_plan *x, ir_value v) {
    ir_type t = ir_value_type(x->m, v);
    return ir_rank(x->m->ctx, t) > 0 ? ir_dim(x->m->ctx, t, 0) : 1;
}

/* Whether a value is added to something whose root is taken: a variance and its epsilon. */
static bool is_rooted(const exec_plan *x, const ir_uses *uses, ir_op op) {
    if (!ends(ir_op_name_str(x->m, op), "add") || ir_op_at(x->m, op)->n_results != 1)
        return false;
    ir_value sum = ir_op_at(x->m, op)->results;
    for (uint32_t u = uses->start[sum]; u < uses->start[sum + 1]; u++) {
        str name = ir_op_name_str(x->m, uses->users[u].op);
        if (ends(name, "sqrt") || ends(name, "rsqrt"))
            return true;
    }
    return false;
}

/* What one use says. */
static void ask_use(const exec_plan *x, const ir_uses *uses, ir_op op, uint32_t operand, struct guess *g) {
    const ir_module *m = x->m;
    str name = ir_op_name_str(m, op);
    uint32_t n = ir_op_at(m, op)->n_operands;
    if (ends(name, "embedding") && operand == 0 && n > 1)
        g->high = (double)dim_of(x, ir_operand(m, op, 1), 2), g->found = true;
    else if (ends(name, "embedding"))
        g->deviation = 1, g->found = true;
    else if ((ends(name, "matmul") || ends(name, "linear")) && operand == 1) {
        ir_attr t = ir_op_attr(m, op, STR("transpose_b"));
        g->deviation = 1 / sqrt((double)dim_of(x, ir_operand(m, op, 1), t == m->ctx->a_true ? 1 : 2));
        g->found = true;
    } else if ((ends(name, "dot_general") || ends(name, "dot")) && operand == 1)
        g->deviation = 1 / sqrt((double)dim_of(x, ir_operand(m, op, 0), 1)), g->found = true;
    else if (str_find(name, STR("conv")) < name.n && operand == 1 && !ends(name, "convert")) {
        ir_type t = ir_value_type(m, ir_operand(m, op, 1));
        int64_t out = first_dim(x, ir_operand(m, op, 1)), all = ir_num_elements(m->ctx, t);
        g->deviation = 1 / sqrt((double)(out > 0 && all > 0 ? all / out : 1)), g->found = true;
    } else if (str_find(name, STR("_norm")) < name.n && operand > 0) {
        bool batch = str_find(name, STR("batch_norm")) < name.n;
        bool variance = batch && (str_starts_with(name, STR("ttnn")) ? operand == 2 : operand == 4);
        bool scale = batch ? (str_starts_with(name, STR("ttnn")) ? operand == 3 : operand == 1) : operand == 1;
        g->mean = scale || variance ? 1 : 0;
        g->deviation = 0.1;
        g->positive = variance, g->found = true;
    } else if ((ends(name, "update_cache") || ends(name, "paged_update_cache")) && operand == 2)
        g->high = (double)dim_of(x, ir_operand(m, op, 0), 2), g->found = true;
    else if ((ends(name, "gather") || ends(name, "scatter")) && operand == 1) {
        /* The smallest dimension of what is indexed is safe whichever is meant. */
        ir_type t = ir_value_type(m, ir_operand(m, op, 0));
        int64_t low = INT64_MAX;
        for (int i = 0; i < ir_rank(m->ctx, t); i++)
            low = ir_dim(m->ctx, t, i) < low ? ir_dim(m->ctx, t, i) : low;
        int64_t dim = 0;
        if (str_starts_with(name, STR("tt")) && ir_int_value(m->ctx, ir_op_attr(m, op, STR("dim")), &dim)) {
            int rank = ir_rank(m->ctx, t);
            dim += dim < 0 ? rank : 0;
            low = dim >= 0 && dim < rank ? ir_dim(m->ctx, t, (int)dim) : low;
        }
        g->high = (double)low, g->found = true;
    } else if (str_find(name, STR("page")) < name.n && operand >= 2) {
        ir_type t = ir_value_type(m, ir_operand(m, op, operand));
        if (ir_rank(m->ctx, t) == 2)
            g->high = (double)first_dim(x, ir_operand(m, op, operand == 2 && n == 4 ? 0 : 1)), g->found = true;
    } else if (ends(name, "rsqrt") || ends(name, "sqrt") || ends(name, "log") || is_rooted(x, uses, op))
        g->positive = true, g->mean = 1, g->deviation = 0.1, g->found = true;
}

static void ask(const exec_plan *x, const ir_uses *uses, ir_value v, struct guess *g) {
    for (int hop = 0; hop < 32 && !g->found; hop++) {
        ir_value next = 0;
        for (uint32_t u = uses->start[v]; u < uses->start[v + 1] && !g->found; u++) {
            ir_op op = uses->users[u].op;
            ask_use(x, uses, op, uses->users[u].index, g);
            if (!next && ir_op_at(x->m, op)->n_results == 1 && moves(ir_op_name_str(x->m, op)))
                next = ir_op_at(x->m, op)->results;
        }
        if (!next)
            return;
        v = next;
    }
}

static uint64_t stream_of(const exec_plan *x, size_t i) {
    return seed_bits(x->options.seed ^ 0x7474786565786563u, i);
}

/* About normal, mean 0 and deviation 1: the sum of four uniform numbers, which costs one hash and no logarithm. Models have
 * hundreds of millions of weights. */
static double bell(uint64_t stream, uint64_t i) {
    uint64_t b = seed_bits(stream, i);
    uint64_t sum = (b & 0xffff) + (b >> 16 & 0xffff) + (b >> 32 & 0xffff) + (b >> 48);
    return ((double)sum / 65536 - 2 + 2.0 / 65536) * 1.7320508075688772;
}

struct filling {
    const exec_plan *x;
    struct tensor *t;
    const struct guess *g;
    uint64_t stream;
};

static void fill_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    enum { PIECE = 512 };
    const struct filling *w = ctx;
    const struct guess *g = w->g;
    enum tensor_dtype dtype = w->t->dtype == TENSOR_C64 ? TENSOR_F32 : w->t->dtype;
    bool integer = vec_class_of(dtype) == VEC_I64;
    double lanes[PIECE];
    (void)worker;
    for (size_t at = begin; at < end; at += PIECE) {
        size_t n = end - at < PIECE ? end - at : PIECE;
        for (size_t i = 0; i < n; i++) {
            if (dtype == TENSOR_BOOL)
                lanes[i] = (double)(seed_bits(w->stream, at + i) & 1);
            else if (integer)
                lanes[i] = floor(g->low + seed_uniform(w->stream, at + i) * (g->high - g->low));
            else
                lanes[i] = g->mean + g->deviation * bell(w->stream, at + i);
            lanes[i] = g->positive ? fabs(lanes[i]) : lanes[i];
        }
        exec_convert(w->x, (char *)w->t->data + at * tensor_dtype_size(dtype), dtype, lanes, TENSOR_F64, n);
    }
}

static void fill(exec_plan *x, struct tensor *t, const struct guess *g, uint64_t stream) {
    struct filling w = {x, t, g, stream};
    size_t n = (size_t)tensor_count(t) * (t->dtype == TENSOR_C64 ? 2 : 1);
    if (n)
        pool_for(x->pool, n, 1 << 16, fill_piece, &w, NULL);
}

const struct tensor *exec_seeded(exec_plan *x, size_t i) {
    struct tensor *t = &x->seeded[i];
    const struct slot *slot = &x->slots.v[x->arguments[i]];
    if (t->data)
        return t;
    struct guess g = {.deviation = 1, .low = 0, .high = 2};
    if (x->infos[i].role != EXEC_INPUT) {
        g.deviation = slot->type.rank >= 2 ? 1 / sqrt((double)slot->type.dims[slot->type.rank - 1]) : 0.1;
        g.high = 1;
    }
    g.positive = x->infos[i].role == EXEC_CONSTANT; /* what a compiler left over: factors, epsilons, variances */
    ir_uses uses;
    if (!ir_uses_build(x->m, &uses))
        return NULL;
    ask(x, &uses, x->infos[i].value, &g);
    ir_uses_free(&uses);
    if (!(g.high > g.low))
        g.high = g.low + 1;
    if (!tensor_new(t, x->mem, slot->type.dtype, slot->type.dims, slot->type.rank))
        return NULL;
    fill(x, t, &g, stream_of(x, i));
    if (slot->type.format != FORMAT_PLAIN)
        format_round(slot->type.format, t->data, slot->type.dims, slot->type.rank);
    x->pointers_ready = false;
    return t;
}
