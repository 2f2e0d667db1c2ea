/* random_ttir.c - see random_ttir.h.
 *
 * A module grows value by value. Each kind of op has a function that looks for operands among the values there are, asks
 * for a new argument where none fits, and writes one line (or a few). kinds[] is the list; elementwise ops come from the
 * op table.
 */
#include "random_ttir.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dialect/dialect.h"
#include "ids.h"

enum { MAX_VALUES = 640, MAX_OPS = 200, MAX_RANK = 4, MAX_VOLUME = 4096, MAX_TEXT = 512, FEW_OPERANDS = 6 };

typedef enum dtype { F32, BF16, SI32, I1, N_DTYPES } dtype;
static const char *const dtype_text[N_DTYPES] = {"f32", "bf16", "si32", "i1"};
enum { FLOATS = 1 << F32 | 1 << BF16, NUMBERS = FLOATS | 1 << SI32, BOOLS = 1 << I1 };

typedef struct type {
    dtype t;
    int rank;
    int64_t d[MAX_RANK];
} type;

typedef struct value {
    type t;
    bool argument, used, constant; /* constant: from creation ops alone */
} value;

typedef struct gen {
    const random_source *chance;
    value v[MAX_VALUES];
    int n, n_ops;
    struct buf body;
} gen;

static uint32_t below(gen *g, uint32_t n) {
    return g->chance->below(g->chance->arg, n);
}

/* ---- text ----------------------------------------------------------------------------------------------- */

static void put(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct buf *b, const char *fmt, ...) {
    char text[MAX_TEXT];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0 && n < (int)sizeof text)
        buf_write(b, text, (size_t)n);
}

static void put_type(struct buf *b, const type *t) {
    put(b, "tensor<");
    for (int i = 0; i < t->rank; i++)
        put(b, "%lldx", (long long)t->d[i]);
    put(b, "%s>", dtype_text[t->t]);
}

/* "1, 2, 3", each followed by `suffix`. */
static const char *list(char *out, const int64_t *v, int n, const char *suffix) {
    size_t at = 0;
    out[0] = 0;
    for (int i = 0; i < n; i++)
        at += (size_t)snprintf(out + at, MAX_TEXT - at, "%s%lld%s", i ? ", " : "", (long long)v[i], suffix);
    return out;
}

/* ---- values --------------------------------------------------------------------------------------------- */

static int64_t volume(const type *t) {
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= t->d[i];
    return n;
}

static int new_value(gen *g, const type *t, bool argument, bool constant) {
    if (g->n == MAX_VALUES)
        return g->n - 1; /* never reached: n_ops is bounded; keeps indices in range all the same */
    g->v[g->n] = (value){.t = *t, .argument = argument, .constant = constant};
    return g->n++;
}

static int64_t random_dim(gen *g) {
    static const int64_t dims[] = {1, 2, 3, 4, 5, 8, 16, 17, 31, 32, 33, 64};
    return dims[below(g, sizeof dims / sizeof *dims)];
}

/* Cuts the largest dimensions until the tensor is small. */
static void shrink(type *t) {
    while (volume(t) > MAX_VOLUME) {
        int most = 0;
        for (int i = 1; i < t->rank; i++)
            most = t->d[i] > t->d[most] ? i : most;
        t->d[most] = (t->d[most] + 1) / 2;
    }
}

static type random_type(gen *g, unsigned dtypes, int min_rank, int max_rank) {
    type t = {.rank = min_rank + (int)below(g, (uint32_t)(max_rank - min_rank + 1))};
    t.t = (dtype)below(g, N_DTYPES);
    while (!(dtypes >> t.t & 1)) /* chance may have run dry: the next one that is allowed */
        t.t = (dtype)((t.t + 1) % N_DTYPES);
    for (int i = 0; i < t.rank; i++)
        t.d[i] = random_dim(g);
    shrink(&t);
    return t;
}

static int new_argument(gen *g, const type *t) {
    return new_value(g, t, true, false);
}

/* Writes one op with one result; attributes are the text between <{ and }>. */
static int emit(gen *g, const char *op, const int *in, int n, const type *out, const char *attrs) {
    bool constant = true;
    for (int i = 0; i < n; i++)
        constant = constant && g->v[in[i]].constant;
    int r = new_value(g, out, false, constant);
    put(&g->body, "    %%v%d = \"%s\"(", r, op);
    for (int i = 0; i < n; i++)
        put(&g->body, "%s%%v%d", i ? ", " : "", in[i]);
    put(&g->body, ")");
    if (attrs[0])
        put(&g->body, " <{%s}>", attrs);
    put(&g->body, " : (");
    for (int i = 0; i < n; i++) {
        put(&g->body, "%s", i ? ", " : "");
        put_type(&g->body, &g->v[in[i]].t);
        g->v[in[i]].used = true;
    }
    put(&g->body, ") -> ");
    put_type(&g->body, out);
    put(&g->body, " loc(\"op%d\")\n", g->n_ops++);
    return r;
}

/* A value of one of these types, the newer the likelier; a new argument when there is none or by chance. */
static int pick(gen *g, unsigned dtypes, int min_rank, int max_rank) {
    for (int tries = 0; g->n && tries < 8 && below(g, 6); tries++) {
        uint32_t back = below(g, (uint32_t)(g->n < 12 ? g->n : 12)) + 1;
        const value *v = &g->v[g->n - (int)back];
        if ((dtypes >> v->t.t & 1) && v->t.rank >= min_rank && v->t.rank <= max_rank)
            return g->n - (int)back;
    }
    type t = random_type(g, dtypes & NUMBERS ? dtypes & NUMBERS : FLOATS, min_rank, max_rank);
    int v = new_argument(g, &t);
    if (dtypes & (1u << t.t))
        return v;
    type bits = t; /* booleans are computed, not passed in */
    bits.t = I1;
    return emit(g, "ttir.gt", (int[]){v, v}, 2, &bits, "");
}

static int unary(gen *g, const char *op, int v) {
    type t = g->v[v].t;
    return emit(g, op, &v, 1, &t, "");
}

/* A value of exactly this type: one that is there, or a new argument. */
static int of_type(gen *g, const type *t) {
    for (int i = g->n; i-- > 0 && i + 20 > g->n;)
        if (memcmp(&g->v[i].t.d, t->d, sizeof(int64_t) * (size_t)t->rank) == 0 && g->v[i].t.rank == t->rank &&
            g->v[i].t.t == t->t && below(g, 2))
            return i;
    return new_argument(g, t);
}

/* ---- elementwise ---------------------------------------------------------------------------------------- */

/* What must happen to an operand first, so that the op is defined there and its result of moderate size. */
typedef enum domain { ANYWHERE, MODERATE, POSITIVE, INSIDE_ONE, JUMPS, NEVER } domain;

static const struct {
    const char *op;
    domain first, second;
} domains[] = {
    {"ttir.acos", INSIDE_ONE, ANYWHERE},
    {"ttir.asin", INSIDE_ONE, ANYWHERE},
    {"ttir.atan2", POSITIVE, POSITIVE},
    {"ttir.bitwise_and", NEVER, NEVER}, /* integers: see integers[] */
    {"ttir.bitwise_not", NEVER, NEVER},
    {"ttir.bitwise_or", NEVER, NEVER},
    {"ttir.bitwise_xor", NEVER, NEVER},
    {"ttir.ceil", JUMPS, ANYWHERE},
    {"ttir.dequantize", NEVER, NEVER},
    {"ttir.div", ANYWHERE, POSITIVE},
    {"ttir.eq", NEVER, NEVER}, /* comparisons: see compare() */
    {"ttir.erfinv", INSIDE_ONE, ANYWHERE},
    {"ttir.exp", MODERATE, ANYWHERE},
    {"ttir.exp2", NEVER, NEVER}, /* nothing of ttnn computes it, here or in the reference; so too frac, selu, ... */
    {"ttir.expm1", MODERATE, ANYWHERE},
    {"ttir.floor", JUMPS, ANYWHERE},
    {"ttir.frac", NEVER, NEVER},
    {"ttir.ge", NEVER, NEVER},
    {"ttir.gelu_bw", MODERATE, MODERATE},
    {"ttir.gt", NEVER, NEVER},
    {"ttir.isfinite", NEVER, NEVER},
    {"ttir.le", NEVER, NEVER},
    {"ttir.log", POSITIVE, ANYWHERE},
    {"ttir.log1p", POSITIVE, ANYWHERE},
    {"ttir.logical_and", NEVER, NEVER},
    {"ttir.logical_left_shift", NEVER, NEVER},
    {"ttir.logical_not", NEVER, NEVER},
    {"ttir.logical_or", NEVER, NEVER},
    {"ttir.logical_right_shift", NEVER, NEVER},
    {"ttir.logical_xor", NEVER, NEVER},
    {"ttir.lt", NEVER, NEVER},
    {"ttir.multiply", ANYWHERE, MODERATE},
    {"ttir.ne", NEVER, NEVER},
    {"ttir.pow", POSITIVE, MODERATE},
    {"ttir.reciprocal", POSITIVE, ANYWHERE},
    {"ttir.remainder", NEVER, NEVER},
    {"ttir.requantize", NEVER, NEVER},
    {"ttir.right_shift", NEVER, NEVER},
    {"ttir.round", JUMPS, ANYWHERE},
    {"ttir.rsqrt", POSITIVE, ANYWHERE},
    {"ttir.selu", NEVER, NEVER},
    {"ttir.sign", JUMPS, ANYWHERE},
    {"ttir.signbit", NEVER, NEVER},
    {"ttir.softsign", NEVER, NEVER},
    {"ttir.sqrt", POSITIVE, ANYWHERE},
    {"ttir.square", NEVER, NEVER},
    {"ttir.tan", MODERATE, ANYWHERE},
    {"ttir.trunc", NEVER, NEVER},
    {"ttir.typecast", NEVER, NEVER},
};

static int into_domain(gen *g, int v, domain k) {
    switch (k) {
    case MODERATE: return unary(g, "ttir.tanh", v);
    case INSIDE_ONE: /* away from the ends, where slopes are infinite */
        v = unary(g, "ttir.sigmoid", v);
        return unary(g, "ttir.sin", v);
    case POSITIVE: v = unary(g, "ttir.sigmoid", v); return unary(g, "ttir.exp", v); /* between 1 and e */
    default: return v;
    }
}

/* A value of a shape that broadcasts with that of v and does not make it larger. */
static int partner(gen *g, int v) {
    type t = g->v[v].t;
    if (below(g, 2)) {
        for (int i = 0; i < t.rank; i++)
            if (below(g, 3) == 0)
                t.d[i] = 1;
        while (t.rank > 1 && below(g, 4) == 0) { /* leading dimensions may be missing */
            memmove(t.d, t.d + 1, sizeof(int64_t) * (size_t)(t.rank - 1));
            t.rank--;
        }
    }
    return of_type(g, &t);
}

static void elementwise(gen *g) {
    const op_def *ops[256];
    uint32_t n = 0;
    for (uint32_t i = 0; i < OP_N && n < 256; i++) {
        const op_def *d = dialect_op(i);
        bool attributes = false;
        for (uint32_t k = 0; k < d->n_attrs; k++)
            attributes = attributes || !(op_attribute(d, k)->flags & (OP_ATTR_OPTIONAL | OP_ATTR_DEFAULT));
        if (d->dialect == DIALECT_ttir && d->flags & OP_ELEMENTWISE && d->n_results == 1 && !attributes &&
            (d->n_operands == 1 || d->n_operands == 2))
            ops[n++] = d;
    }
    const op_def *d = ops[below(g, n)];
    str name = dialect_text(d->name);
    char op[64];
    snprintf(op, sizeof op, "%.*s", STR_ARG(name));
    domain first = ANYWHERE, second = ANYWHERE;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        if (strcmp(domains[i].op, op) == 0) {
            first = domains[i].first;
            second = domains[i].second;
        }
    if (first == NEVER)
        return;
    int in[2] = {pick(g, FLOATS, 1, MAX_RANK)};
    if (first == JUMPS && g->v[in[0]].constant)
        return;
    if (d->n_operands == 2)
        in[1] = into_domain(g, partner(g, in[0]), second);
    in[0] = into_domain(g, in[0], first);
    type out = g->v[in[0]].t;
    emit(g, op, in, d->n_operands, &out, "");
}

static void compare(gen *g) {
    static const char *const ops[] = {"ttir.eq", "ttir.ne", "ttir.ge", "ttir.gt", "ttir.le", "ttir.lt"};
    int a = pick(g, NUMBERS, 1, MAX_RANK), b = partner(g, a);
    if (g->v[a].constant || g->v[b].constant)
        return;
    type out = g->v[a].t;
    out.t = I1;
    emit(g, ops[below(g, 6)], (int[]){a, b}, 2, &out, "");
}

static void logic(gen *g) {
    static const char *const ops[] = {"ttir.logical_and", "ttir.logical_or", "ttir.logical_xor"};
    int a = pick(g, BOOLS, 1, MAX_RANK), b = a;
    type t = g->v[a].t;
    if (below(g, 4) == 0) {
        emit(g, "ttir.logical_not", &a, 1, &t, "");
        return;
    }
    for (int i = 0; i < g->n; i++)
        if (g->v[i].t.t == I1 && g->v[i].t.rank == t.rank && memcmp(g->v[i].t.d, t.d, sizeof t.d) == 0)
            b = i;
    emit(g, ops[below(g, 3)], (int[]){a, b}, 2, &t, "");
}

static void integers(gen *g) {
    static const char *const ops[] = {"ttir.add",         "ttir.subtract",   "ttir.maximum",    "ttir.minimum",
                                      "ttir.bitwise_and", "ttir.bitwise_or", "ttir.bitwise_xor"};
    int a = pick(g, 1 << SI32, 1, MAX_RANK);
    type t = g->v[a].t;
    emit(g, ops[below(g, 7)], (int[]){a, of_type(g, &t)}, 2, &t, "");
}

static void where(gen *g) {
    int c = pick(g, BOOLS, 1, MAX_RANK);
    type t = g->v[c].t;
    t.t = (dtype)below(g, 2);
    int a = of_type(g, &t), b = of_type(g, &t);
    emit(g, "ttir.where", (int[]){c, a, b}, 3, &t, "");
}

static void typecast(gen *g) {
    int v = pick(g, FLOATS | BOOLS, 1, MAX_RANK);
    type t = g->v[v].t;
    t.t = t.t == I1 ? (dtype)below(g, 2) : t.t == F32 ? BF16 : F32;
    emit(g, "ttir.typecast", &v, 1, &t, "");
}

static void clamp(gen *g) {
    int v = pick(g, FLOATS, 1, MAX_RANK);
    type t = g->v[v].t;
    emit(g, "ttir.clamp_scalar", &v, 1, &t, "max = 0.75 : f32, min = -0.5 : f32");
}

static void leaky(gen *g) {
    int v = pick(g, FLOATS, 1, MAX_RANK);
    type t = g->v[v].t;
    emit(g, "ttir.leaky_relu", &v, 1, &t, "parameter = 0.125 : f32");
}

/* ---- moving data ---------------------------------------------------------------------------------------- */

static void reshape(gen *g) {
    int v = pick(g, NUMBERS, 1, MAX_RANK);
    type t = g->v[v].t, out = {.t = t.t, .rank = 1 + (int)below(g, MAX_RANK)};
    int64_t left = volume(&t);
    for (int i = 0; i < out.rank; i++) { /* a factor for each dimension, the rest for the last */
        int64_t f = i + 1 == out.rank ? left : (int64_t)1 << below(g, 5);
        while (left % f)
            f--;
        out.d[i] = f;
        left /= f;
    }
    char text[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "shape = [%.200s]", list(text, out.d, out.rank, " : i32"));
    emit(g, "ttir.reshape", &v, 1, &out, attrs);
}

static void permute(gen *g) {
    int v = pick(g, NUMBERS, 2, MAX_RANK);
    type t = g->v[v].t, out = t;
    int64_t perm[MAX_RANK];
    for (int i = 0; i < t.rank; i++)
        perm[i] = i;
    for (int i = t.rank - 1; i > 0; i--) {
        int k = (int)below(g, (uint32_t)i + 1);
        int64_t p = perm[i];
        perm[i] = perm[k];
        perm[k] = p;
    }
    for (int i = 0; i < t.rank; i++)
        out.d[i] = t.d[perm[i]];
    char text[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "permutation = array<i64: %.200s>", list(text, perm, t.rank, ""));
    emit(g, "ttir.permute", &v, 1, &out, attrs);
}

static void transpose(gen *g) {
    int v = pick(g, NUMBERS, 2, MAX_RANK);
    type t = g->v[v].t, out = t;
    uint32_t rank = (uint32_t)t.rank, a = below(g, rank), b = below(g, rank);
    out.d[a] = t.d[b];
    out.d[b] = t.d[a];
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "dim0 = %d : si32, dim1 = %d : si32", (int)a, (int)b - (below(g, 2) ? t.rank : 0));
    emit(g, "ttir.transpose", &v, 1, &out, attrs);
}

static void unsqueeze(gen *g) {
    int v = pick(g, NUMBERS, 1, MAX_RANK - 1);
    type t = g->v[v].t;
    int dim = (int)below(g, (uint32_t)t.rank + 1);
    memmove(t.d + dim + 1, t.d + dim, sizeof(int64_t) * (size_t)(t.rank - dim));
    t.d[dim] = 1;
    t.rank++;
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "dim = %d : si32", dim);
    int wide = emit(g, "ttir.unsqueeze", &v, 1, &t, attrs);
    if (below(g, 2))
        return;
    memmove(t.d + dim, t.d + dim + 1, sizeof(int64_t) * (size_t)(t.rank - 1 - dim));
    t.rank--;
    emit(g, "ttir.squeeze", &wide, 1, &t, attrs);
}

static void broadcast(gen *g) {
    int v = pick(g, FLOATS, 1, MAX_RANK);
    type t = g->v[v].t;
    int64_t times[MAX_RANK];
    for (int i = 0; i < t.rank; i++) {
        times[i] = t.d[i] == 1 ? 1 + below(g, 8) : 1;
        t.d[i] *= times[i];
    }
    if (volume(&t) > MAX_VOLUME)
        return;
    char text[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "broadcast_dimensions = array<i64: %.200s>", list(text, times, t.rank, ""));
    emit(g, "ttir.broadcast", &v, 1, &t, attrs);
}

static void repeat(gen *g) {
    int v = pick(g, FLOATS, 1, MAX_RANK);
    type t = g->v[v].t;
    int64_t times[MAX_RANK];
    int dim = (int)below(g, (uint32_t)t.rank), by = 1 + (int)below(g, 3);
    char text[MAX_TEXT], attrs[MAX_TEXT];
    if (volume(&t) * by > MAX_VOLUME)
        return;
    for (int i = 0; i < t.rank; i++)
        times[i] = i == dim ? by : 1;
    t.d[dim] *= by;
    if (below(g, 2)) {
        snprintf(attrs, sizeof attrs, "repeat_dimensions = array<i64: %.200s>", list(text, times, t.rank, ""));
        emit(g, "ttir.repeat", &v, 1, &t, attrs);
    } else {
        snprintf(attrs, sizeof attrs, "dim = %d : si32, repeats = %d : ui32", dim, by);
        emit(g, "ttir.repeat_interleave", &v, 1, &t, attrs);
    }
}

static void concat(gen *g) {
    int in[3] = {pick(g, FLOATS, 1, MAX_RANK)}, n = 2 + (int)below(g, 2);
    type t = g->v[in[0]].t, out = t;
    int dim = (int)below(g, (uint32_t)t.rank);
    for (int i = 1; i < n; i++) {
        if (below(g, 2))
            t.d[dim] = random_dim(g);
        in[i] = of_type(g, &t);
        out.d[dim] += g->v[in[i]].t.d[dim];
    }
    if (volume(&out) > 2 * MAX_VOLUME)
        return;
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "dim = %d : si32", dim - (below(g, 2) ? t.rank : 0));
    emit(g, "ttir.concat", in, n, &out, attrs);
}

static void slice(gen *g) {
    int v = pick(g, FLOATS, 1, MAX_RANK);
    type t = g->v[v].t;
    int64_t begin[MAX_RANK], end[MAX_RANK], step[MAX_RANK];
    for (int i = 0; i < t.rank; i++) {
        begin[i] = below(g, 2) ? below(g, (uint32_t)t.d[i]) : 0;
        end[i] = begin[i] + 1 + below(g, (uint32_t)(t.d[i] - begin[i]));
        step[i] = below(g, 4) ? 1 : 1 + below(g, 3);
        t.d[i] = (end[i] - begin[i] + step[i] - 1) / step[i];
    }
    char a[MAX_TEXT], b[MAX_TEXT], c[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "begins = [%.120s], ends = [%.120s], step = [%.120s]",
             list(a, begin, t.rank, " : i32"), list(b, end, t.rank, " : i32"), list(c, step, t.rank, " : i32"));
    emit(g, "ttir.slice_static", &v, 1, &t, attrs);
}

static void pad(gen *g) {
    int v = pick(g, FLOATS, 2, MAX_RANK);
    type t = g->v[v].t;
    int64_t padding[2 * MAX_RANK];
    for (int i = 0; i < t.rank; i++) {
        padding[2 * i] = below(g, 3) ? 0 : below(g, 3);
        padding[2 * i + 1] = below(g, 2) ? 0 : below(g, 4);
        t.d[i] += padding[2 * i] + padding[2 * i + 1];
    }
    if (volume(&t) > 2 * MAX_VOLUME)
        return;
    char text[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "padding = array<i32: %.200s>, value = 0.5 : f32",
             list(text, padding, 2 * t.rank, ""));
    emit(g, "ttir.pad", &v, 1, &t, attrs);
}

static void reverse(gen *g) {
    int v = pick(g, FLOATS, 1, MAX_RANK);
    type t = g->v[v].t;
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "dimensions = array<i64: %d>", (int)below(g, (uint32_t)t.rank));
    emit(g, "ttir.reverse", &v, 1, &t, attrs);
}

/* ---- creation ------------------------------------------------------------------------------------------- */

static void creation(gen *g) {
    type t = random_type(g, FLOATS, 1, MAX_RANK);
    char text[MAX_TEXT], attrs[MAX_TEXT];
    static const char *const named[] = {"ttir.zeros", "ttir.ones"};
    list(text, t.d, t.rank, "");
    switch (below(g, 4)) {
    case 0:
        snprintf(attrs, sizeof attrs, "shape = array<i32: %.200s>", text);
        emit(g, named[below(g, 2)], NULL, 0, &t, attrs);
        break;
    case 1:
        snprintf(attrs, sizeof attrs, "value = dense<%s> : tensor<%lldx%s>", below(g, 2) ? "0.25" : "-1.5",
                 (long long)t.d[0], dtype_text[t.t]);
        t.rank = 1;
        emit(g, "ttir.constant", NULL, 0, &t, attrs);
        break;
    case 2: {
        int dim = (int)below(g, (uint32_t)t.rank);
        snprintf(attrs, sizeof attrs,
                 "arange_dimension = %d : i64, end = %lld : si64, start = 0 : si64, step = 1 : si64", dim,
                 (long long)t.d[dim]);
        emit(g, "ttir.arange", NULL, 0, &t, attrs);
        break;
    }
    default:
        snprintf(attrs, sizeof attrs, "fill_value = %s : f32, shape = array<i32: %.200s>",
                 below(g, 2) ? "1.25" : "-0.375", text);
        emit(g, "ttir.full", NULL, 0, &t, attrs);
    }
}

/* ---- reductions and normalisations ---------------------------------------------------------------------- */

static void reduce(gen *g) {
    static const char *const ops[] = {"ttir.sum", "ttir.mean", "ttir.max", "ttir.min"};
    int v = pick(g, FLOATS, 2, MAX_RANK);
    type t = g->v[v].t, out = {.t = t.t};
    bool keep = below(g, 2);
    int64_t dims[MAX_RANK];
    int n = 0;
    for (int i = 0; i < t.rank; i++) {
        bool gone = (i + 1 == t.rank && !n) || (n < t.rank - 1 && below(g, 3) == 0);
        if (gone)
            dims[n++] = i;
        if (!gone || keep)
            out.d[out.rank++] = gone ? 1 : t.d[i];
    }
    char text[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "dim_arg = [%.200s], keep_dim = %s", list(text, dims, n, " : i32"),
             keep ? "true" : "false");
    emit(g, ops[below(g, 4)], &v, 1, &out, attrs);
}

static void argmax(gen *g) {
    int v = pick(g, FLOATS, 2, MAX_RANK);
    type t = g->v[v].t;
    if (g->v[v].constant)
        return;
    int dim = (int)below(g, (uint32_t)t.rank);
    t.d[dim] = 1;
    t.t = SI32;
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "dim_arg = [%d : i32], keep_dim = true", dim);
    emit(g, "ttir.argmax", &v, 1, &t, attrs);
}

static void cumulate(gen *g) {
    int v = into_domain(g, pick(g, FLOATS, 1, MAX_RANK), MODERATE);
    type t = g->v[v].t;
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "dim = %d : i64", (int)below(g, (uint32_t)t.rank));
    emit(g, "ttir.cumsum", &v, 1, &t, attrs);
}

static void softmax(gen *g) {
    int v = pick(g, FLOATS, 2, MAX_RANK);
    type t = g->v[v].t;
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "dimension = %d : si32%s", (int)below(g, (uint32_t)t.rank),
             below(g, 2) ? ", numericStable = true" : "");
    emit(g, "ttir.softmax", &v, 1, &t, attrs);
}

static void norm(gen *g) {
    int in[3] = {pick(g, FLOATS, 2, MAX_RANK)}, n = 1;
    type t = g->v[in[0]].t, w = {.t = t.t, .rank = 1, .d = {t.d[t.rank - 1]}};
    bool layer = below(g, 2), weight = below(g, 2), bias = below(g, 2);
    if (weight)
        in[n++] = new_argument(g, &w);
    if (bias)
        in[n++] = new_argument(g, &w);
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs,
             "epsilon = 0.01 : f32, normalized_shape = array<i64: %lld>, operandSegmentSizes = array<i32: 1, %d, %d>",
             (long long)w.d[0], weight, bias);
    emit(g, layer ? "ttir.layer_norm" : "ttir.rms_norm", in, n, &t, attrs);
}

/* ---- products ------------------------------------------------------------------------------------------- */

static void matmul(gen *g) {
    int in[3] = {pick(g, FLOATS, 2, MAX_RANK)};
    type a = g->v[in[0]].t, b = a, out = a;
    bool ta = below(g, 4) == 0, tb = below(g, 3) == 0, linear = below(g, 3) == 0;
    int64_t k = a.d[a.rank - (ta ? 2 : 1)], m = a.d[a.rank - (ta ? 1 : 2)], n = random_dim(g);
    b.d[b.rank - 2] = tb ? n : k;
    b.d[b.rank - 1] = tb ? k : n;
    if (below(g, 2)) { /* one right side for the whole batch */
        b.d[0] = b.d[b.rank - 2];
        b.d[1] = b.d[b.rank - 1];
        b.rank = 2;
    }
    out.d[out.rank - 2] = m;
    out.d[out.rank - 1] = n;
    if (volume(&b) > 2 * MAX_VOLUME || volume(&out) > 2 * MAX_VOLUME)
        return;
    in[1] = of_type(g, &b);
    type bias = {.t = a.t, .rank = 1, .d = {n}};
    int operands = 2;
    if (linear && below(g, 2))
        in[operands++] = new_argument(g, &bias);
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "transpose_a = %s, transpose_b = %s", ta ? "true" : "false", tb ? "true" : "false");
    int v = emit(g, linear ? "ttir.linear" : "ttir.matmul", in, operands, &out, attrs);
    if (operands == 2 && below(g, 3) == 0) /* what fuses to a bias */
        emit(g, "ttir.add", (int[]){v, new_argument(g, &bias)}, 2, &out, "");
}

static void dot_general(gen *g) {
    int in[2] = {pick(g, FLOATS, 2, 3)};
    type a = g->v[in[0]].t, b = {.t = a.t, .rank = 2, .d = {a.d[a.rank - 1], random_dim(g)}}, out = a;
    out.d[a.rank - 1] = b.d[1];
    if (volume(&out) > 2 * MAX_VOLUME)
        return;
    in[1] = of_type(g, &b);
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs,
             "batch_dims_lhs = array<i64>, batch_dims_rhs = array<i64>, contract_dims_lhs = array<i64: %d>, "
             "contract_dims_rhs = array<i64: 0>",
             a.rank - 1);
    emit(g, "ttir.dot_general", in, 2, &out, attrs);
}

static void embedding(gen *g) {
    type weight = {.t = (dtype)below(g, 2), .rank = 2, .d = {random_dim(g), random_dim(g)}};
    type index = random_type(g, 1 << SI32, 1, 2), out = {.t = weight.t, .rank = index.rank + 1};
    memcpy(out.d, index.d, sizeof(int64_t) * (size_t)index.rank);
    out.d[index.rank] = weight.d[1];
    if (volume(&out) > 2 * MAX_VOLUME)
        return;
    int in[2] = {new_argument(g, &index), new_argument(g, &weight)};
    emit(g, "ttir.embedding", in, 2, &out, "");
}

/* ---- windows -------------------------------------------------------------------------------------------- */

static int64_t window_size(int64_t in, int64_t before, int64_t after, int64_t kernel, int64_t stride,
                           int64_t dilation) {
    int64_t room = in + before + after - (dilation * (kernel - 1) + 1);
    return room < 0 ? 0 : room / stride + 1;
}

static void conv2d(gen *g) {
    type in = {.t = (dtype)below(g, 2), .rank = 4};
    in.d[0] = 1 + below(g, 2);
    in.d[1] = 3 + below(g, 10);
    in.d[2] = 3 + below(g, 10);
    int64_t groups = 1 + below(g, 2), per_group = 1 + below(g, 8);
    in.d[3] = groups * per_group;
    type weight = {
        .t = in.t, .rank = 4, .d = {groups * (1 + below(g, 8)), per_group, 1 + below(g, 3), 1 + below(g, 3)}};
    int64_t stride[2] = {1 + below(g, 2), 1 + below(g, 2)}, dilation[2] = {1 + below(g, 2), 1};
    int64_t padding[4] = {below(g, 2), below(g, 2), 0, 0};
    padding[2] = below(g, 3) ? padding[0] : below(g, 2); /* top, left, bottom, right */
    padding[3] = below(g, 3) ? padding[1] : below(g, 2);
    type out = in;
    for (int i = 0; i < 2; i++)
        out.d[1 + i] = window_size(in.d[1 + i], padding[i], padding[i + 2], weight.d[2 + i], stride[i], dilation[i]);
    out.d[3] = weight.d[0];
    if (out.d[1] < 1 || out.d[2] < 1)
        return;
    type bias = {.t = in.t, .rank = 4, .d = {1, 1, 1, weight.d[0]}};
    int operands[3] = {of_type(g, &in), new_argument(g, &weight)}, n = 2;
    if (below(g, 2))
        operands[n++] = new_argument(g, &bias);
    char a[MAX_TEXT], b[MAX_TEXT], c[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(
        attrs, sizeof attrs,
        "stride = array<i32: %.60s>, padding = array<i32: %.60s>, dilation = array<i32: %.60s>, groups = %lld : i32",
        list(a, stride, 2, ""), list(b, padding, 4, ""), list(c, dilation, 2, ""), (long long)groups);
    int v = emit(g, "ttir.conv2d", operands, n, &out, attrs);
    if (below(g, 2))
        unary(g, "ttir.relu", v); /* which may become its activation */
}

static void pool2d(gen *g) {
    int v = pick(g, FLOATS, 4, 4);
    type in = g->v[v].t, out = in;
    int64_t kernel[2] = {1 + below(g, 3), 1 + below(g, 3)}, stride[2] = {1 + below(g, 2), 1 + below(g, 2)};
    int64_t one[2] = {1, 1}, padding[4] = {0};
    for (int i = 0; i < 2; i++)
        out.d[1 + i] = window_size(in.d[1 + i], 0, 0, kernel[i], stride[i], 1);
    if (out.d[1] < 1 || out.d[2] < 1)
        return;
    char a[MAX_TEXT], b[MAX_TEXT], c[MAX_TEXT], d[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs,
             "kernel = array<i32: %.60s>, stride = array<i32: %.60s>, dilation = array<i32: %.60s>, "
             "padding = array<i32: %.60s>, ceil_mode = false",
             list(a, kernel, 2, ""), list(b, stride, 2, ""), list(c, one, 2, ""), list(d, padding, 4, ""));
    emit(g, below(g, 2) ? "ttir.max_pool2d" : "ttir.avg_pool2d", &v, 1, &out, attrs);
}

/* ---- what front ends write for one op, which fusing puts together again ----------------------------------- */

static int binary(gen *g, const char *op, int a, int b) {
    type t = g->v[a].t;
    return emit(g, op, (int[]){a, b}, 2, &t, "");
}

static int full_like(gen *g, int v, double x) {
    type t = g->v[v].t;
    char text[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "fill_value = %.9e : f32, shape = array<i32: %.200s>", x,
             list(text, t.d, t.rank, ""));
    return emit(g, "ttir.full", NULL, 0, &t, attrs);
}

/* One reduction over the last dimension, which stays with size 1. */
static int reduce_last(gen *g, const char *op, int v) {
    type t = g->v[v].t;
    char attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "dim_arg = [%d : i32], keep_dim = true", t.rank - 1);
    t.d[t.rank - 1] = 1;
    return emit(g, op, &v, 1, &t, attrs);
}

static void activation_idiom(gen *g) {
    int x = pick(g, FLOATS, 2, MAX_RANK);
    switch (below(g, 6)) {
    case 0: binary(g, "ttir.multiply", x, unary(g, "ttir.sigmoid", x)); break; /* silu */
    case 1: binary(g, "ttir.maximum", x, full_like(g, x, 0)); break;           /* relu */
    case 2: {                                                                  /* relu6 */
        int low = binary(g, "ttir.maximum", x, full_like(g, x, 0));
        binary(g, "ttir.minimum", low, full_like(g, low, 6));
        break;
    }
    case 3: { /* gelu by erf */
        int e = unary(g, "ttir.erf", binary(g, "ttir.multiply", x, full_like(g, x, 0.70710678118654752)));
        int half = binary(g, "ttir.multiply", x, full_like(g, x, 0.5));
        binary(g, "ttir.multiply", half, binary(g, "ttir.add", e, full_like(g, e, 1)));
        break;
    }
    case 4: { /* hardsigmoid */
        int y = binary(g, "ttir.add", x, full_like(g, x, 3));
        y = binary(g, "ttir.minimum", binary(g, "ttir.maximum", y, full_like(g, y, 0)), full_like(g, y, 6));
        binary(g, "ttir.div", y, full_like(g, y, 6));
        break;
    }
    default: { /* mish */
        int y = unary(g, "ttir.log1p", unary(g, "ttir.exp", unary(g, "ttir.tanh", x)));
        binary(g, "ttir.multiply", x, unary(g, "ttir.tanh", y));
    }
    }
}

static void normalising_idiom(gen *g) {
    int x = pick(g, FLOATS, 2, MAX_RANK);
    if (below(g, 2)) { /* softmax */
        int shifted =
            below(g, 2) ? binary(g, "ttir.subtract", x, reduce_last(g, "ttir.max", x)) : unary(g, "ttir.tanh", x);
        int e = unary(g, "ttir.exp", shifted);
        binary(g, "ttir.div", e, reduce_last(g, "ttir.sum", e));
        return;
    }
    type t = g->v[x].t, w = {.t = t.t, .rank = 1, .d = {t.d[t.rank - 1]}}; /* rms_norm */
    int mean;
    if (below(g, 2)) {
        mean = reduce_last(g, "ttir.mean", binary(g, "ttir.multiply", x, x));
    } else {
        int sum = reduce_last(g, "ttir.sum", binary(g, "ttir.multiply", x, x));
        mean = binary(g, "ttir.multiply", sum, full_like(g, sum, 1.0 / (double)w.d[0]));
    }
    int scale = unary(g, "ttir.rsqrt", binary(g, "ttir.add", mean, full_like(g, mean, 0.01)));
    int y = binary(g, "ttir.multiply", x, scale);
    if (below(g, 2))
        binary(g, "ttir.multiply", y, new_argument(g, &w));
}

/* Products that share their left side, as q, k and v do. */
static void siblings_idiom(gen *g) {
    int x = pick(g, FLOATS, 2, 3);
    type a = g->v[x].t;
    for (uint32_t i = 0, n = 2 + below(g, 2); i < n; i++) {
        type b = {.t = a.t, .rank = 2, .d = {a.d[a.rank - 1], 32}}, out = a;
        out.d[a.rank - 1] = 32;
        if (volume(&out) > 2 * MAX_VOLUME)
            return;
        emit(g, "ttir.matmul", (int[]){x, new_argument(g, &b)}, 2, &out, "transpose_a = false, transpose_b = false");
    }
}

/* softmax(q k^T * s + mask) v over heads. */
static void attention_idiom(gen *g) {
    type q = {.t = (dtype)below(g, 2), .rank = 4, .d = {1, 1 + below(g, 3), 8 * (1 + below(g, 4)), 32}}, k = q, s = q,
         mask;
    k.d[2] = 32;
    s.d[3] = k.d[2];
    mask = s;
    mask.d[1] = 1;
    int a = of_type(g, &q), b = new_argument(g, &k), c = new_argument(g, &k);
    int scores = emit(g, "ttir.matmul", (int[]){a, b}, 2, &s, "transpose_a = false, transpose_b = true");
    scores = binary(g, "ttir.multiply", scores, full_like(g, scores, 0.1767767));
    if (below(g, 2))
        scores = binary(g, "ttir.add", scores, new_argument(g, &mask));
    int p = emit(g, "ttir.softmax", &scores, 1, &s, "dimension = 3 : si32");
    emit(g, "ttir.matmul", (int[]){p, c}, 2, &q, "transpose_a = false, transpose_b = false");
}

/* Heads put together: permute and reshape. */
static void heads_idiom(gen *g) {
    type t = {.t = (dtype)below(g, 2), .rank = 4, .d = {1 + below(g, 2), 1 + below(g, 4), 1 + below(g, 33), 32}};
    type swapped = t, out = {.t = t.t, .rank = 3, .d = {t.d[0], t.d[2], t.d[1] * t.d[3]}};
    swapped.d[1] = t.d[2];
    swapped.d[2] = t.d[1];
    int v = of_type(g, &t);
    v = emit(g, "ttir.permute", &v, 1, &swapped, "permutation = array<i64: 0, 2, 1, 3>");
    char text[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "shape = [%.200s]", list(text, out.d, 3, " : i32"));
    emit(g, "ttir.reshape", &v, 1, &out, attrs);
}

static int half_of_last(gen *g, int v, int64_t begin) {
    type t = g->v[v].t;
    char attrs[MAX_TEXT];
    int64_t half = t.d[3] / 2;
    snprintf(
        attrs, sizeof attrs,
        "begins = [0 : i32, 0 : i32, 0 : i32, %lld : i32], ends = [%lld : i32, %lld : i32, %lld : i32, %lld : i32], "
        "step = [1 : i32, 1 : i32, 1 : i32, 1 : i32]",
        (long long)begin, (long long)t.d[0], (long long)t.d[1], (long long)t.d[2], (long long)(begin + half));
    t.d[3] = half;
    return emit(g, "ttir.slice_static", &v, 1, &t, attrs);
}

static int permuted(gen *g, int v, int a, int b, int c) {
    type from = g->v[v].t, to = from;
    char attrs[MAX_TEXT];
    to.d[0] = from.d[a];
    to.d[1] = from.d[b];
    to.d[2] = from.d[c];
    snprintf(attrs, sizeof attrs, "permutation = array<i64: %d, %d, %d, 3>", a, b, c);
    return emit(g, "ttir.permute", &v, 1, &to, attrs);
}

/* x * cos + rotate_half(x) * sin, of a norm or not, whose token comes to the front or not. */
static void rotary_idiom(gen *g) {
    type t = {.t = (dtype)below(g, 2),
              .rank = 4,
              .d = {1 + below(g, 3), 1 + below(g, 3), below(g, 2) ? 1 : 1 + below(g, 5), below(g, 3) ? 64 : 32}};
    type table = t, w = {.t = t.t, .rank = 1, .d = {t.d[3]}};
    table.d[0] = below(g, 4) ? 1 : t.d[0];
    table.d[1] = 1;
    int x = of_type(g, &t), first = x;
    char attrs[MAX_TEXT];
    if (below(g, 2)) {
        snprintf(attrs, sizeof attrs,
                 "epsilon = 0.01 : f32, normalized_shape = array<i64: %lld>, operandSegmentSizes = array<i32: 1, 1, 0>",
                 (long long)t.d[3]);
        x = emit(g, "ttir.rms_norm", (int[]){x, new_argument(g, &w)}, 2, &t, attrs);
    }
    int products[2], hi = half_of_last(g, x, t.d[3] / 2), lo = half_of_last(g, x, 0);
    int rotated = emit(g, "ttir.concat", (int[]){unary(g, "ttir.neg", hi), lo}, 2, &t, "dim = 3 : si32");
    for (int i = 0; i < 2; i++) {
        int factor = new_argument(g, &table);
        snprintf(attrs, sizeof attrs, "broadcast_dimensions = array<i64: %lld, %lld, 1, 1>",
                 (long long)(t.d[0] / table.d[0]), (long long)t.d[1]);
        factor = emit(g, "ttir.broadcast", &factor, 1, &t, attrs);
        products[i] = binary(g, "ttir.multiply", i ? rotated : x, factor);
    }
    int y = binary(g, "ttir.add", products[0], products[1]);
    if (below(g, 3))
        permuted(g, y, 2, 0, 1);
    if (!below(g, 4))
        binary(g, "ttir.add", x, first); /* another user of the norm */
}

/* Heads of a decode step put together: (1, users, heads, D) to (users, heads * D), cleared in between or not. */
static void decode_heads_idiom(gen *g) {
    type t = {.t = (dtype)below(g, 2),
              .rank = 4,
              .d = {below(g, 4) ? 1 : 2, 1 + below(g, 5), 1 + below(g, 4), 32 * (1 + below(g, 2))}};
    int v = of_type(g, &t);
    if (t.d[0] == 1 && below(g, 3)) {
        v = permuted(g, v, 1, 2, 0);
        if (below(g, 2)) {
            type all = g->v[v].t, c = all, one = {.t = t.t, .rank = 4, .d = {1, 1, 1, 1}};
            c.d[3] = below(g, 4) ? 1 : c.d[3];
            v = emit(g, "ttir.where", (int[]){new_argument(g, &c), new_argument(g, &one), v}, 3, &all, "");
        }
    }
    type out = {.t = t.t, .rank = 2, .d = {t.d[0] * t.d[1], t.d[2] * t.d[3]}};
    char text[MAX_TEXT], attrs[MAX_TEXT];
    snprintf(attrs, sizeof attrs, "shape = [%.200s]", list(text, out.d, 2, " : i32"));
    emit(g, "ttir.reshape", &v, 1, &out, attrs);
}

/* ---- modules -------------------------------------------------------------------------------------------- */

static const struct {
    void (*make)(gen *g);
    uint32_t weight;
} kinds[] = {
    {elementwise, 24},
    {matmul, 10},
    {reshape, 8},
    {permute, 8},
    {reduce, 8},
    {slice, 6},
    {concat, 6},
    {softmax, 3},
    {norm, 4},
    {conv2d, 5},
    {pool2d, 3},
    {where, 3},
    {compare, 3},
    {typecast, 3},
    {transpose, 3},
    {broadcast, 3},
    {repeat, 3},
    {pad, 2},
    {creation, 6},
    {embedding, 2},
    {dot_general, 2},
    {unsqueeze, 2},
    {cumulate, 1},
    {argmax, 2},
    {clamp, 2},
    {leaky, 1},
    {logic, 1},
    {integers, 1},
    {reverse, 1},
    {activation_idiom, 4},
    {normalising_idiom, 4},
    {siblings_idiom, 2},
    {attention_idiom, 2},
    {heads_idiom, 2},
    {rotary_idiom, 2},
    {decode_heads_idiom, 2},
};

static void one_op(gen *g) {
    uint32_t total = 0, k = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        total += kinds[i].weight;
    uint32_t at = below(g, total);
    while (at >= kinds[k].weight)
        at -= kinds[k++].weight;
    kinds[k].make(g);
}

static void put_function(gen *g, struct buf *out) {
    static const char *const roles[] = {"input", "parameter", "constant"};
    bool first = true;
    put(out, "module {\n  func.func @main(");
    for (int i = 0; i < g->n; i++) {
        if (!g->v[i].argument)
            continue;
        put(out, "%s%%v%d: ", first ? "" : ", ", i);
        put_type(out, &g->v[i].t);
        put(out, " {ttcore.argument_type = #ttcore.argument_type<%s>}", roles[below(g, 3)]);
        first = false;
    }
    int results[FEW_OPERANDS], n = 0;
    for (int i = g->n; i-- > 0 && n < FEW_OPERANDS;)
        if (!g->v[i].argument && !g->v[i].used)
            results[n++] = i;
    put(out, ") -> (");
    for (int i = 0; i < n; i++) {
        put(out, "%s", i ? ", " : "");
        put_type(out, &g->v[results[i]].t);
    }
    put(out, ") {\n");
    buf_write(out, g->body.p, g->body.n);
    put(out, "    return ");
    for (int i = 0; i < n; i++)
        put(out, "%s%%v%d", i ? ", " : "", results[i]);
    put(out, "%s", n ? " : " : "");
    for (int i = 0; i < n; i++) {
        put(out, "%s", i ? ", " : "");
        put_type(out, &g->v[results[i]].t);
    }
    put(out, "\n  }\n}\n");
}

bool random_ttir(struct buf *out, const random_source *chance, uint32_t n_ops) {
    gen g = {.chance = chance};
    buf_init(&g.body, out->mem);
    int most = n_ops < MAX_OPS ? (int)n_ops : MAX_OPS;
    /* Each kind adds at most a dozen values; some add nothing. */
    for (int tries = 0; g.n_ops < most && tries < 4 * MAX_OPS && g.n + 24 < MAX_VALUES; tries++)
        one_op(&g);
    put_function(&g, out);
    bool ok = buf_z(out) && !g.body.failed && !out->failed;
    buf_free(&g.body);
    return ok;
}
