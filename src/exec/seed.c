/* Values for arguments that nobody gave.
 *
 * What an argument is for is asked of its consumers, through ops that only move it: indices get numbers that their
 * consumer can take, weights numbers that keep activations finite (deviation 1/sqrt(fan-in)), scales of norms ones around
 * one, variances and the like positive numbers.
 */
#include "exec/seed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialect/params.h"
#include "exec/inner.h"

double seed_normal(uint64_t stream, uint64_t i) {
    double u = 1 - seed_uniform(stream, 2 * i), v = seed_uniform(stream, 2 * i + 1);
    return sqrt(-2 * log(u)) * cos(6.28318530717958647692 * v);
}

struct guess {
    double deviation, mean;
    double low, high; /* of integers, high excluded */
    bool whole;       /* integers even where the type has fractions */
    bool place;       /* they say where something is */
    bool positive, found;
    ir_value of; /* the argument */
};

static void take_whole(struct guess *g, double high) {
    g->high = high;
    g->whole = g->found = true;
}

static void take_place(struct guess *g, double high) {
    take_whole(g, high);
    g->place = true;
}

static bool ends(str op, const char *what) {
    return str_eq(str_from(op, str_find_char(op, '.') + 1), str_from_z(what));
}

bool exec_only_moves(str op) {
    static const char *const names[] = {"reshape",
                                        "permute",
                                        "transpose",
                                        "squeeze",
                                        "unsqueeze",
                                        "broadcast",
                                        "broadcast_in_dim",
                                        "typecast",
                                        "convert",
                                        "to_layout",
                                        "to_device",
                                        "to_memory_config",
                                        "from_device",
                                        "slice_static",
                                        "slice",
                                        "repeat",
                                        "mesh_shard",
                                        "repeat_interleave",
                                        "concat",
                                        "optimization_barrier",
                                        "distribute_tensor",
                                        "concatenate",
                                        "quantize",
                                        "dequantize",
                                        "all_gather",
                                        "mesh_partition",
                                        "collective_permute",
                                        "collective_broadcast",
                                        "reshard",
                                        "sharding_constraint"};
    op = str_from(op, str_find_char(op, '.') + 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eq(op, str_from_z(names[i])))
            return true;
    return false;
}

/* Whether an op hands on the values of this operand. */
static bool moves(str op, uint32_t operand) {
    return (operand > 0 && (ends(op, "select") || ends(op, "where"))) || exec_only_moves(op);
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

/* How long dimension d of a value is in the whole, where the value is a part of the argument for one device: sums go over all
 * devices then. */
static double whole_dim(const exec_plan *x, const struct guess *g, ir_value v, int64_t d) {
    const ir_context *c = x->m->ctx;
    ir_type part = ir_value_type(x->m, v), whole = ir_value_type(x->m, g->of);
    int rank = ir_rank(c, part);
    bool cut = rank == ir_rank(c, whole) && ir_num_elements(c, part) != ir_num_elements(c, whole);
    return d < 0 || d >= rank ? 1 : (double)ir_dim(c, cut ? whole : part, (int)d);
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

/* Part of a concatenation: from `first` on along `dim`; dim -1 for none. */
struct part {
    int dim;
    int64_t first;
};

/* What indices of stablehlo.gather and scatter may be at most, excluded: each stands for the dimension that the map names at its
 * place in the index vector, of which the window must stay inside. What is no part of a concatenation along the vector, or
 * of more than one place, gets the least of all bounds. */
static int64_t index_bound(const exec_plan *x, ir_op op, const struct part *part) {
    ir_context *c = x->m->ctx;
    ir_attr scatter = ir_op_attr(x->m, op, STR("scatter_dimension_numbers"));
    ir_attr numbers = scatter ? scatter : ir_op_attr(x->m, op, STR("dimension_numbers"));
    static const char *const names[2][4] = {
        {"startIndexMap", "offsetDims", "collapsedSliceDims", "operandBatchingDims"},
        {"scatterDimsToOperandDims", "updateWindowDims", "insertedWindowDims", "inputBatchingDims"}};
    int64_t lists[4][TENSOR_MAX_RANK], vector = -1, low = INT64_MAX;
    uint32_t n[4];
    for (int i = 0; i < 4; i++)
        if ((n[i] = dialect_param_ints(c, numbers, str_from_z(names[scatter != 0][i]), lists[i], TENSOR_MAX_RANK)) >
            TENSOR_MAX_RANK)
            return 1;
    dialect_param_int(c, numbers, STR("indexVectorDim"), &vector);
    if (scatter && ir_op_at(x->m, op)->n_operands != 3)
        return 1;
    ir_type in = ir_value_type(x->m, ir_operand(x->m, op, 0));
    ir_type windows = ir_value_type(x->m, scatter ? ir_operand(x->m, op, 2) : ir_op_at(x->m, op)->results);
    bool one = part->dim >= 0 && part->dim == vector && part->first < n[0];
    for (uint32_t k = 0; k < n[0]; k++) {
        int64_t d = lists[0][k], at = d; /* `at`: its place among the dimensions that have a window */
        bool windowed = true;
        if (d < 0 || d >= ir_rank(c, in) || (one && k != part->first))
            continue;
        for (int l = 2; l < 4; l++)
            for (uint32_t i = 0; i < n[l]; i++) {
                windowed = windowed && lists[l][i] != d;
                at -= lists[l][i] < d;
            }
        int64_t bound = ir_dim(c, in, (int)d);
        int64_t w = windowed && at >= 0 && at < n[1] ? lists[1][at] : -1;
        if (w >= 0 && w < ir_rank(c, windows))
            bound -= ir_dim(c, windows, (int)w) - 1;
        low = bound < low ? bound : low;
    }
    return low == INT64_MAX || low < 1 ? 1 : low;
}

/* Ops that are not defined for all numbers, or only in part: an argument is asked to be where they are. Deviations are a quarter of
 * the way to the nearest end and less, which numbers never lie further than 3.5 times away (bell). */
static const struct domain {
    const char *op;
    uint32_t operand;
    double mean, deviation;
} domains[] = {
    {"acos", 0, 0, 0.25},
    {"acosh", 0, 2, 0.25},
    {"asin", 0, 0, 0.25},
    {"atanh", 0, 0, 0.25},
    {"erf_inv", 0, 0, 0.25},
    {"erfinv", 0, 0, 0.25},
    {"log", 0, 1, 0.1},
    {"log1p", 0, 1, 0.25},
    {"log_plus_one", 0, 1, 0.25},
    {"polygamma", 1, 2, 0.25},
    {"pow", 0, 1, 0.25},
    {"pow_scalar", 0, 1, 0.25},
    {"pow_tensor", 0, 1, 0.25},
    {"power", 0, 1, 0.25},
    {"broadcast_power", 0, 1, 0.25},
    {"broadcast_zeta", 0, 3, 0.25},
    {"broadcast_zeta", 1, 2, 0.25},
    {"rsqrt", 0, 1, 0.1},
    {"sqrt", 0, 1, 0.1},
    {"zeta", 0, 3, 0.25},
    {"zeta", 1, 2, 0.25},
};

static void take_domain(str name, uint32_t operand, struct guess *g) {
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        if (domains[i].operand == operand && ends(name, domains[i].op)) {
            g->mean = domains[i].mean;
            g->deviation = domains[i].deviation;
            g->found = true;
        }
}

/* Whether an op divides by its second operand, which must not be 0 where both are integers. */
static bool divides(str name) {
    return ends(name, "div") || ends(name, "divide") || ends(name, "remainder") || ends(name, "broadcast_divide") ||
           ends(name, "broadcast_remainder");
}

static bool is_whole(const exec_plan *x, ir_value v) {
    const ir_context *c = x->m->ctx;
    ir_type e = ir_element_type(c, ir_value_type(x->m, v));
    return e && ir_kind_of(c, e) == IR_TYPE_INTEGER;
}

/* Over how many products of the right operand dot and dot_general sum. */
static double fan_in(const exec_plan *x, ir_op op, const struct guess *g) {
    int64_t dims[TENSOR_MAX_RANK] = {0};
    ir_attr numbers = ir_op_attr(x->m, op, STR("dot_dimension_numbers"));
    ir_attr list = numbers ? 0 : ir_op_attr(x->m, op, STR("contract_dims_rhs"));
    uint32_t n = 1; /* of dot: the first dimension */
    double product = 1;
    int listed = list ? node_ints(x->m->ctx, list, dims, TENSOR_MAX_RANK) : -1;
    if (numbers)
        n = dialect_param_ints(x->m->ctx, numbers, STR("rhsContractingDimensions"), dims, TENSOR_MAX_RANK);
    else if (listed >= 0)
        n = (uint32_t)listed;
    for (uint32_t i = 0; i < n && i < TENSOR_MAX_RANK; i++)
        product *= whole_dim(x, g, ir_operand(x->m, op, 1), dims[i]);
    return product > 1 ? product : 1;
}

/* What one use says. */
static void ask_use(const exec_plan *x, const ir_uses *uses, ir_op op, uint32_t operand, const struct part *part,
                    struct guess *g) {
    const ir_module *m = x->m;
    uint32_t n = ir_op_at(m, op)->n_operands;
    double high;
    if (seed_bound(x, op, operand, &high)) {
        take_place(g, high);
        return;
    }
    str name = seed_asked(x, op, &operand);
    if (ends(name, "embedding") && operand == 0 && n > 1)
        take_place(g, (double)dim_of(x, ir_operand(m, op, 1), 2));
    else if ((ends(name, "embedding_backward") || ends(name, "embedding_bw")) && operand == 0 && n > 1)
        take_place(g, (double)dim_of(x, ir_operand(m, op, 1), 2));
    else if (ends(name, "embedding"))
        g->deviation = 1, g->found = true;
    else if ((ends(name, "matmul") || ends(name, "linear")) && operand == 1) {
        ir_attr t = ir_op_attr(m, op, STR("transpose_b"));
        ir_value w = ir_operand(m, op, 1);
        int64_t rank = ir_rank(m->ctx, ir_value_type(m, w));
        g->deviation = 1 / sqrt(whole_dim(x, g, w, rank - (t == m->ctx->a_true ? 1 : 2)));
        g->found = true;
    } else if (ends(name, "dot_general") || ends(name, "dot")) {
        if (operand == 1)
            g->deviation = 1 / sqrt(fan_in(x, op, g)), g->found = true;
    } else if (str_find(name, STR("conv")) < name.n && operand == 1 && !ends(name, "convert")) {
        ir_type t = ir_value_type(m, ir_operand(m, op, 1));
        int64_t out = first_dim(x, ir_operand(m, op, 1)), all = ir_num_elements(m->ctx, t);
        g->deviation = 1 / sqrt((double)(out > 0 && all > 0 ? all / out : 1)), g->found = true;
    } else if (ends(name, "batch_norm_grad") && operand == 4) { /* the gradient of the result: any numbers */
        g->found = true;
    } else if (str_find(name, STR("_norm")) < name.n && operand > 0) {
        bool batch = str_find(name, STR("batch_norm")) < name.n, ttnn = str_starts_with(name, STR("ttnn"));
        bool variance = batch && operand == (ttnn ? 2 : ends(name, "batch_norm_grad") ? 3 : 4);
        bool scale = operand == (batch && ttnn ? 3 : 1);
        g->mean = scale || variance ? 1 : 0;
        g->deviation = 0.1;
        g->positive = variance, g->found = true;
    } else if (ends(name, "moe_compute") && operand >= 4 &&
               operand <= 6) { /* matrices of experts, [.., rows, columns] */
        g->deviation = 1 / sqrt((double)dim_of(x, ir_operand(m, op, operand), 2)), g->found = true;
    } else if (ends(name, "moe_gpt") && operand >= 4) { /* packed, [.., rows, 128] */
        g->deviation = 1 / sqrt((double)dim_of(x, ir_operand(m, op, operand), 4)), g->found = true;
    } else if (ends(name, "torch_index_select") && operand == 1) {
        ir_type t = ir_value_type(m, ir_operand(m, op, 0));
        int64_t dim = 0, rank = ir_rank(m->ctx, t);
        ir_int_value(m->ctx, ir_op_attr(m, op, STR("dim")), &dim);
        take_place(g, dim >= 0 && dim < rank ? (double)ir_dim(m->ctx, t, (int)dim) : 1);
    } else if ((ends(name, "gather") || ends(name, "scatter")) && operand == 1) {
        ir_type t = ir_value_type(m, ir_operand(m, op, 0));
        int64_t dim = 0, rank = ir_rank(m->ctx, t);
        if (!str_starts_with(name, STR("tt"))) {
            take_place(g, (double)index_bound(x, op, part));
        } else if (ir_int_value(m->ctx, ir_op_attr(m, op, STR("dim")), &dim)) {
            dim += dim < 0 ? rank : 0;
            take_place(g, dim >= 0 && dim < rank ? (double)ir_dim(m->ctx, t, (int)dim) : 1);
        }
    } else if (ends(name, "reduce_or") || ends(name, "reduce_and") || ends(name, "logical_and") ||
               ends(name, "logical_or") || ends(name, "logical_xor") || ends(name, "logical_not"))
        take_whole(g, 2); /* truth values */
    else if (is_rooted(x, uses, op))
        g->positive = true, g->mean = 1, g->deviation = 0.1, g->found = true;
    else if (divides(name) && operand == 1 && is_whole(x, ir_operand(m, op, 1)))
        g->low = 1, take_whole(g, 10);
    else
        take_domain(name, operand, g);
}

/* Where operand k stands in a concatenation. */
static struct part part_of(const exec_plan *x, ir_op op, uint32_t operand) {
    ir_attr a = ir_op_attr(x->m, op, STR("dimension"));
    struct part part = {.dim = -1};
    int64_t dim = 0;
    if (!ir_int_value(x->m->ctx, a ? a : ir_op_attr(x->m, op, STR("dim")), &dim) || dim < 0)
        return part;
    part.dim = (int)dim;
    for (uint32_t i = 0; i < operand; i++) {
        ir_type t = ir_value_type(x->m, ir_operand(x->m, op, i));
        part.first += dim < ir_rank(x->m->ctx, t) ? ir_dim(x->m->ctx, t, (int)dim) : 0;
    }
    return part;
}

/* A value on the way from an argument to its consumers. */
struct stop {
    ir_value v;
    struct part part;
};
enum { MAX_STOPS = 64 };
struct way {
    uint32_t n;
    struct stop stops[MAX_STOPS];
};

/* Goes on to a value, once; longer ways are not walked to their end. */
static void go(struct way *w, ir_value v, const struct part *part) {
    bool known = w->n == MAX_STOPS;
    for (uint32_t i = 0; i < w->n; i++)
        known |= w->stops[i].v == v;
    if (!known)
        w->stops[w->n++] = (struct stop){v, *part};
}

/* What a value is handed on as: into bodies, and out of them. x->flow is in order by now. */
static void follow(const exec_plan *x, struct way *w, const struct stop *s) {
    size_t low = 0, high = x->flow.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (x->flow.v[mid].from < s->v)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < x->flow.n && x->flow.v[low].from == s->v; low++)
        go(w, x->flow.v[low].to, &s->part);
}

/* The ones nearest to the argument decide; indices are good for all that say what they may be. */
static void ask(const exec_plan *x, const ir_uses *uses, ir_value v, struct guess *out) {
    struct way way = {.n = 0};
    go(&way, v, &(struct part){.dim = -1});
    for (uint32_t at = 0; at < way.n; at++) {
        struct stop s = way.stops[at];
        for (uint32_t u = uses->start[s.v]; u < uses->start[s.v + 1]; u++) {
            ir_op op = uses->users[u].op;
            uint32_t operand = uses->users[u].index;
            str name = ir_op_name_str(x->m, op);
            struct guess g = *out;
            g.found = g.whole = g.place = false;
            ask_use(x, uses, op, operand, &s.part, &g);
            if (g.whole && out->whole) {
                out->high = g.high < out->high ? g.high : out->high;
                out->low = g.low > out->low ? g.low : out->low;
                out->place |= g.place;
            } else if (g.found && !out->found) {
                *out = g;
            }
            if (ends(name, "write_tensor") && operand == 0 && ir_op_at(x->m, op)->n_operands > 1)
                go(&way, ir_operand(x->m, op, 1), &s.part);
            /* a call that stands for no op hands on what it is given: a marker of it */
            uint32_t place = operand;
            bool marks = ends(name, "custom_call") && seed_asked(x, op, &place).n == 0;
            if (ir_op_at(x->m, op)->n_results != 1 || (!marks && !moves(name, operand)))
                continue;
            struct part part = {.dim = -1};
            if (ends(name, "concat") || ends(name, "concatenate"))
                part = part_of(x, op, operand);
            else if (ends(name, "typecast") || ends(name, "convert"))
                part = s.part;
            go(&way, ir_op_at(x->m, op)->results, &part);
        }
        follow(x, &way, &s);
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
    bool bf16; /* that is the argument's type, in whatever numbers this plan keeps it: the values are the same in all */
};

static void fill_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    enum { PIECE = 512 };
    const struct filling *w = ctx;
    const struct guess *g = w->g;
    enum tensor_dtype dtype = tensor_dtype_part(w->t->dtype);
    bool integer = vec_is_integer(vec_class_of(dtype)) || g->whole;
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
        char *to = (char *)w->t->data + at * tensor_dtype_size(dtype);
        uint16_t narrow[PIECE];
        if (w->bf16 && dtype != TENSOR_BF16) {
            exec_convert(w->x, narrow, TENSOR_BF16, lanes, TENSOR_F64, n);
            exec_convert(w->x, to, dtype, narrow, TENSOR_BF16, n);
        } else {
            exec_convert(w->x, to, dtype, lanes, TENSOR_F64, n);
        }
    }
}

static bool is_bf16(const exec_plan *x, ir_value v) {
    const ir_context *c = x->m->ctx;
    ir_type e = ir_element_type(c, ir_value_type(x->m, v));
    return e && ir_kind_of(c, e) == IR_TYPE_FLOAT && ir_flags_of(c, e) == IR_BF16;
}

/* False: *cancel came true in between. */
static bool fill(exec_plan *x, struct tensor *t, const struct guess *g, size_t i, const atomic_bool *cancel) {
    struct filling w = {x, t, g, stream_of(x, i), is_bf16(x, x->infos[i].value)};
    size_t n = (size_t)tensor_count(t) * (tensor_dtype_is_complex(t->dtype) ? 2 : 1);
    return !n || pool_for(x->pool, n, 1 << 16, fill_piece, &w, cancel);
}

/* What argument i is for. */
static struct guess guess_of(const exec_plan *x, const ir_uses *uses, size_t i) {
    const struct slot *slot = &x->slots.v[x->arguments[i]];
    struct guess g = {.deviation = 1, .low = 0, .high = 2};
    if (x->infos[i].role != EXEC_INPUT) {
        g.deviation = slot->type.rank >= 2 ? 1 / sqrt((double)slot->type.dims[slot->type.rank - 1]) : 0.1;
        g.high = 1;
    }
    g.positive = x->infos[i].role == EXEC_CONSTANT; /* what a compiler left over: factors, epsilons, variances */
    g.of = x->infos[i].value;
    ask(x, uses, g.of, &g);
    if (g.whole && g.high > 257 && is_bf16(x, x->infos[i].value))
        g.high = 257; /* a compiled module has them in bf16, which holds integers up to 256 */
    if (!(g.high > g.low))
        g.high = g.low + 1;
    return g;
}

static bool make(exec_plan *x, const ir_uses *uses, size_t i, const atomic_bool *cancel) {
    struct tensor *t = &x->seeded[i];
    const struct exec_type *type = &x->slots.v[x->arguments[i]].type;
    struct guess g = guess_of(x, uses, i);
    if (!tensor_new_unset(t, x->mem, type->dtype, type->dims, type->rank))
        return false;
    if (!fill(x, t, &g, i, cancel) ||
        (type->format != FORMAT_PLAIN && !format_round_shared(x, type->format, t->data, type->dims, type->rank))) {
        tensor_free(t);
        return false;
    }
    x->pointers_ready = false;
    return true;
}

static int by_from(const void *a, const void *b) {
    const struct value_flow *x = a, *y = b;
    return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->to > y->to) - (x->to < y->to);
}

/* Who uses which value, and what it is handed on as. False when out of memory. */
static bool uses_of(exec_plan *x, ir_uses *uses) {
    if (x->flow.n)
        qsort(x->flow.v, x->flow.n, sizeof *x->flow.v, by_from);
    return ir_uses_build(x->m, uses);
}

const struct tensor *exec_seeded(exec_plan *x, size_t i) {
    ir_uses uses;
    if (!x->arguments[i] || x->seeded[i].data)
        return x->arguments[i] ? &x->seeded[i] : NULL;
    if (!uses_of(x, &uses))
        return NULL;
    bool made = make(x, &uses, i, NULL);
    ir_uses_free(&uses);
    return made ? &x->seeded[i] : NULL;
}

bool seed_limits(exec_plan *x, double *below) {
    ir_uses uses;
    if (!uses_of(x, &uses))
        return false;
    for (size_t i = 0; i < x->n_arguments; i++) {
        struct guess g = {.of = x->infos[i].value};
        if (x->arguments[i])
            ask(x, &uses, g.of, &g);
        below[i] = g.place ? g.high : 0;
    }
    ir_uses_free(&uses);
    return true;
}

bool seed_arguments(exec_plan *x, const exec_hooks *h) {
    ir_uses uses = {0};
    bool good = true, built = false;
    for (size_t i = 0; good && i < x->n_arguments; i++) {
        if (!x->arguments[i] || x->bound[i * x->devices].data || x->seeded[i].data)
            continue;
        good = built || (built = uses_of(x, &uses));
        if (good && h && h->progress)
            h->progress(h->arg, 0, x->steps.n, 0);
        good = good && make(x, &uses, i, x->asked);
    }
    if (built)
        ir_uses_free(&uses);
    return good;
}
