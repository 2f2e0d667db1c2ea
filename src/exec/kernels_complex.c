/* Complex numbers: arithmetic element by element and Fourier transforms.
 *
 *   c64, c128   pairs of f32 or of f64, computed in pairs of f64
 *   fft         over the last dimensions: lengths that are powers of two by halving, others by the definition
 *
 * Functions are those of C (complex.h), transforms as stablehlo.fft has them: forward without a factor, backward with 1/n.
 */
#include <complex.h>
#include <math.h>
#include <string.h>

#include "exec/elementwise.h"
#include "exec/kernels.h"
#include "exec/plan.h"

/* What CMPLX is, which not every compiler has with every C library: a complex number lies as an array of two (C17 6.2.5). */
static inline double complex pair(double re, double im) {
    const union {
        double v[2];
        double complex z;
    } u = {{re, im}};
    return u.z;
}

static double complex get(const struct exec_arg *a, int64_t i) {
    double v[2];
    arg_get_pair(a, i, v);
    return pair(v[0], v[1]);
}

static void set(const struct exec_arg *a, int64_t i, double complex z) {
    arg_set_pair(a, i, creal(z), cimag(z));
}

/* --- arithmetic -------------------------------------------------------------------------------------------------------- */

/* x * y and x / y by their definitions: the library's own give NaN another treatment than XLA does. */
static double complex product(double complex x, double complex y) {
    return pair(creal(x) * creal(y) - cimag(x) * cimag(y), creal(x) * cimag(y) + cimag(x) * creal(y));
}

/* By the real parts, then by the imaginary ones (spec.md, compare). */
static bool less(double complex x, double complex y) {
    return creal(x) < creal(y) || (creal(x) == creal(y) && cimag(x) < cimag(y));
}

static bool is_nan(double complex x) {
    return isnan(creal(x)) || isnan(cimag(x));
}

/* The larger one, or with `turn` the smaller; NaN is either. */
static double complex extreme(double complex x, double complex y, bool turn) {
    if (is_nan(x) || is_nan(y))
        return is_nan(x) ? x : y;
    return less(turn ? y : x, turn ? x : y) ? y : x;
}

static double complex compute(int op, double complex x, double complex y) {
    double complex z;
    switch (op) {
    case VEC_LT: return less(x, y);
    case VEC_LE: return less(x, y) || x == y;
    case VEC_GT: return less(y, x);
    case VEC_GE: return less(y, x) || x == y;
    case VEC_MAX: return extreme(x, y, false);
    case VEC_MIN: return extreme(x, y, true);
    case VEC_ATAN2: /* (x, y) is (sine, cosine): -i log((y + i x) / sqrt(y^2 + x^2)) */
        z = clog((y + product(pair(0, 1), x)) / csqrt(product(x, x) + product(y, y)));
        return pair(cimag(z), -creal(z));
    case VEC_CBRT: return x == 0 ? 0 : cpow(x, 1.0 / 3);
    case VEC_ACOS: return cacos(x);
    case VEC_ACOSH: return cacosh(x);
    case VEC_ASIN: return casin(x);
    case VEC_ASINH: return casinh(x);
    case VEC_ATAN: return catan(x);
    case VEC_ATANH: return catanh(x);
    case VEC_COSH: return ccosh(x);
    case VEC_SINH: return csinh(x);
    case COMPLEX_PAIR: return pair(creal(x), creal(y));
    case COMPLEX_ASIN_KERNEL:
        /* ChloOps.td, _asin_acos_kernel: w with asin(z) = atan2(Re z, Re w) + i sign(Im z) Im w, which for asin(z) = u + i v
         * is cos(u) cosh(v) + i |v|. */
        z = casin(x);
        return pair(cos(creal(z)) * cosh(cimag(z)), fabs(cimag(z)));
    case VEC_ADD: return x + y;
    case VEC_SUB: return x - y;
    case VEC_MUL: return product(x, y);
    case VEC_DIV: return x / y;
    case VEC_POW: return x == 0 && y != 0 ? 0 : cpow(x, y);
    case VEC_EQ: return x == y;
    case VEC_NE: return x != y;
    case VEC_ABS: return cabs(x);
    case VEC_NEG: return -x;
    case VEC_EXP: return cexp(x);
    case VEC_EXPM1: return cexp(x) - 1;
    case VEC_LOG: return clog(x);
    case VEC_LOG1P: return clog(1 + x);
    case VEC_SQRT: return csqrt(x);
    case VEC_RSQRT: return 1 / csqrt(x);
    case VEC_SIN: return csin(x);
    case VEC_COS: return ccos(x);
    case VEC_TAN: return ctan(x);
    case VEC_TANH: return ctanh(x);
    case VEC_SIGMOID: return 1 / (1 + cexp(-x));
    case VEC_SIGN: return x == 0 ? 0 : x / cabs(x);
    case VEC_SQUARE: return product(x, x);
    case COMPLEX_CONJ: return conj(x);
    case COMPLEX_CONVERT: return x;
    default: return pair((double)NAN, (double)NAN);
    }
}

/* How many operands an op has of which compute() knows; 0: it knows nothing of it. */
static uint32_t operands_of(int op) {
    static const short one[] = {
        VEC_ABS,    VEC_NEG,      VEC_EXP,         VEC_EXPM1, VEC_LOG,  VEC_LOG1P,          VEC_SQRT,
        VEC_RSQRT,  VEC_SIN,      VEC_COS,         VEC_TAN,   VEC_TANH, VEC_SIGMOID,        VEC_SIGN,
        VEC_SQUARE, COMPLEX_CONJ, COMPLEX_CONVERT, VEC_CBRT,  VEC_ACOS, VEC_ACOSH,          VEC_ASIN,
        VEC_ASINH,  VEC_ATAN,     VEC_ATANH,       VEC_COSH,  VEC_SINH, COMPLEX_ASIN_KERNEL};
    static const short two[] = {VEC_ADD, VEC_SUB, VEC_MUL, VEC_DIV, VEC_POW, VEC_EQ,    VEC_NE,      VEC_LT,
                                VEC_LE,  VEC_GT,  VEC_GE,  VEC_MAX, VEC_MIN, VEC_ATAN2, COMPLEX_PAIR};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        if (one[i] == op)
            return 1;
    for (size_t i = 0; i < sizeof two / sizeof *two; i++)
        if (two[i] == op)
            return 2;
    return op == VEC_SELECT || op == VEC_CLAMP ? 3 : 0;
}

enum { MATH_OPERANDS = 3 };
struct math {
    int op;
    bool broadcast
        [MATH_OPERANDS]; /* the operand is smaller than the result, and repeated along dimensions of stride 0 */
    int64_t strides[MATH_OPERANDS][TENSOR_MAX_RANK];
};

static int op_of(const struct planner *p, const struct exec_step *s) {
    static const struct {
        const char *name;
        vec_op op;
    } ways[] = {{"EQ", VEC_EQ}, {"NE", VEC_NE}, {"LT", VEC_LT}, {"LE", VEC_LE}, {"GT", VEC_GT}, {"GE", VEC_GE}};
    if (!(s->row->arg & EW_COMPARE))
        return s->row->arg & EW_OP;
    str how = attr_text(p, s->op, "comparison_direction");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (str_eq(how, str_from_z(ways[i].name)))
            return ways[i].op;
    return VEC_N_OPS;
}

/* How an operand that may be smaller is repeated to the shape of the result: dimensions aligned at the last one, as chlo's
 * broadcasting ops and the numbers of clamp and select have it. */
static bool repeat(const struct exec_type *in, const struct exec_type *out, int64_t *strides) {
    int64_t own[TENSOR_MAX_RANK];
    if (in->rank > out->rank)
        return false;
    walk_row_strides(in->dims, in->rank, own);
    for (int i = 0; i < out->rank; i++) {
        int k = i - (out->rank - in->rank);
        if (k >= 0 && in->dims[k] != 1 && in->dims[k] != out->dims[i])
            return false;
        strides[i] = k < 0 || in->dims[k] == 1 ? 0 : own[k];
    }
    return true;
}

static bool plan_math(struct planner *p, struct exec_step *s) {
    struct math *w = PLAN_PARAMS(p, s, struct math);
    if (!w)
        return false;
    w->op = op_of(p, s);
    uint32_t n = operands_of(w->op);
    if (!n)
        return plan_error(p, s->op, "is not defined for complex numbers");
    if (s->n_in < n || !s->out[0])
        return plan_error(p, s->op, "has %u operands, %u are needed", s->n_in, n);
    s->n_in = n;
    for (uint32_t i = 0; i < n; i++) {
        if (!s->in[i] || !repeat(in_type(p, s, i), out_type(p, s, 0), w->strides[i]))
            return plan_error(p, s->op, "has complex operands of another shape than its result");
        w->broadcast[i] = type_count(in_type(p, s, i)) != type_count(out_type(p, s, 0));
    }
    s->flops = (uint64_t)type_count(out_type(p, s, 0)) * 6;
    return true;
}

/* The element of an operand that makes element i of the result. */
static double complex operand(const struct call *c, uint32_t k, int64_t i) {
    const struct math *w = c->s->params;
    const struct exec_type *out = c->out[0].type;
    int64_t at = 0;
    if (!w->broadcast[k])
        return get(&c->in[k], i);
    for (int d = out->rank; d-- > 0; i /= out->dims[d])
        at += i % out->dims[d] * w->strides[k][d];
    return get(&c->in[k], at);
}

static void math_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct call *c = ctx;
    const struct math *w = c->s->params;
    (void)worker;
    for (int64_t i = (int64_t)begin; i < (int64_t)end; i++) {
        double complex x = operand(c, 0, i), y = c->s->n_in > 1 ? operand(c, 1, i) : 0, z;
        if (w->op == VEC_SELECT)
            z = x != 0 ? y : operand(c, 2, i);
        else if (w->op == VEC_CLAMP) /* low, x, high */
            z = extreme(extreme(x, y, false), operand(c, 2, i), true);
        else
            z = compute(w->op, x, y);
        set(&c->out[0], i, z);
    }
}

static bool run_math(struct call *c) {
    return call_loop(c, (size_t)type_count(c->out[0].type), 1 << 12, math_piece, c);
}
const struct kernel kernel_complex_math = {"complex numbers", plan_math, run_math, KERNEL_COMPLEX};

const struct exec_row *plan_complex_row(struct planner *p, ir_op op, const struct exec_row *row) {
    const ir_op_data *d = ir_op_at(p->m, op);
    struct exec_type t;
    bool some = false;
    for (uint32_t i = 0; i < d->n_operands + d->n_results; i++) {
        ir_value v = i < d->n_operands ? ir_operand(p->m, op, i) : d->results + (i - d->n_operands);
        some |= type_of(p, ir_value_type(p->m, v), &t) && tensor_dtype_is_complex(t.dtype);
    }
    bool convert = row->kernel == &kernel_view && str_eq(str_from_z(row->op), STR("stablehlo.convert"));
    if (!some || (row->kernel != &kernel_elementwise && !convert))
        return row;
    struct exec_row *own = ARENA_NEW(p->a, struct exec_row);
    if (!own) {
        plan_no_memory(p);
        return row;
    }
    *own = (struct exec_row){row->op, &kernel_complex_math, convert ? COMPLEX_CONVERT : row->arg, row->checked};
    return own;
}

/* --- Fourier transforms -------------------------------------------------------------------------------------------------- */

enum fft_type { FFT, IFFT, RFFT, IRFFT };
struct fft {
    enum fft_type type;
    int n; /* dimensions */
    int64_t length[3];
    int64_t size; /* their product */
    int64_t batch;
};

static bool plan_fft(struct planner *p, struct exec_step *s) {
    static const char *const names[] = {"FFT", "IFFT", "RFFT", "IRFFT"};
    struct fft *w = PLAN_PARAMS(p, s, struct fft);
    str type = attr_text(p, s->op, "fft_type");
    if (!w)
        return false;
    w->type = IRFFT + 1;
    for (int i = 0; i < 4; i++)
        if (str_eq(type, str_from_z(names[i])))
            w->type = (enum fft_type)i;
    const struct exec_type *in = in_type(p, s, 0), *out = out_type(p, s, 0);
    w->n = exec_op_ints(p, s->op, "fft_length", w->length, 3);
    if (w->type > IRFFT || w->n < 1 || w->n > 3 || in->rank < w->n || out->rank != in->rank)
        return plan_error(p, s->op, "does not say which transform over which dimensions");
    bool real_in = w->type == RFFT, real_out = w->type == IRFFT, fits = true;
    w->size = w->batch = 1;
    for (int i = 0; i < in->rank; i++) {
        int k = i - (in->rank - w->n);
        bool last = i == in->rank - 1;
        int64_t n = k < 0 ? in->dims[i] : w->length[k], half = n / 2 + 1;
        fits &= in->dims[i] == (last && real_out ? half : n) && out->dims[i] == (last && real_in ? half : n) &&
                (k < 0 || n > 0);
        *(k < 0 ? &w->batch : &w->size) *= n;
    }
    if (!fits || tensor_dtype_is_complex(in->dtype) == real_in || tensor_dtype_is_complex(out->dtype) == real_out)
        return plan_error(p, s->op,
                          "has an operand or a result that does not fit the lengths or the kind of transform");
    s->flops = (uint64_t)((double)w->batch * (double)w->size * 5 * log2((double)w->size + 1));
    return true;
}

/* n numbers at `stride`, a power of two of them: bits reversed, then halves joined. turns[i] is exp(sign 2 pi i / n). */
static void transform_halves(const struct call *c, double complex *v, int64_t n, int64_t stride,
                             const double complex *turns) {
    for (int64_t i = 1, j = 0; i < n && !call_stopped_in(c, i, CALL_LOOK); i++) {
        int64_t bit = n >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            double complex t = v[i * stride];
            v[i * stride] = v[j * stride];
            v[j * stride] = t;
        }
    }
    for (int64_t half = 1; half < n && !call_stopped(c); half *= 2)
        for (int64_t block = 0; block < n; block += 2 * half)
            for (int64_t i = 0; i < half && !call_stopped_in(c, block + i, CALL_LOOK); i++) {
                double complex *a = &v[(block + i) * stride], *b = a + half * stride;
                double complex t = product(*b, turns[i * (n / (2 * half))]);
                *b = *a - t;
                *a += t;
            }
}

static void transform_plain(const struct call *c, double complex *v, int64_t n, int64_t stride,
                            const double complex *turns, double complex *room) {
    for (int64_t k = 0; k < n && !call_stopped(c); k++) {
        double complex sum = 0;
        for (int64_t i = 0, at = 0; i < n; i++) {
            sum += product(v[i * stride], turns[at]);
            at += k;
            at -= at >= n ? n : 0;
        }
        room[k] = sum;
    }
    for (int64_t k = 0; k < n && !call_stopped(c); k++)
        v[k * stride] = room[k];
}

/* All lines along dimension d of the transform. */
static void transform(const struct call *c, double complex *v, int d, bool back, double complex *turns,
                      double complex *room) {
    const struct fft *w = c->s->params;
    int64_t n = w->length[d], stride = 1;
    for (int i = d + 1; i < w->n; i++)
        stride *= w->length[i];
    for (int64_t i = 0; i < n && !call_stopped_in(c, i, CALL_LOOK); i++) {
        double turn = (back ? 2 : -2) * 3.14159265358979323846 * (double)i / (double)n;
        turns[i] = pair(cos(turn), sin(turn));
    }
    for (int64_t line = 0; line < w->size / n && !call_stopped(c); line++) {
        double complex *at = v + line / stride * stride * n + line % stride;
        if ((n & (n - 1)) == 0)
            transform_halves(c, at, n, stride, turns);
        else
            transform_plain(c, at, n, stride, turns, room);
    }
}

/* The element of a tensor cut to half of the last dimension that stands at `at` of the whole, or the one that it is the
 * conjugate of. */
static int64_t half_index(const struct fft *w, int64_t at, bool *mirrored) {
    int64_t place[3] = {0}, last = w->length[w->n - 1], index = 0;
    for (int d = w->n; d-- > 0; at /= w->length[d])
        place[d] = at % w->length[d];
    *mirrored = place[w->n - 1] > last / 2;
    for (int d = 0; d < w->n; d++) {
        int64_t n = w->length[d], i = *mirrored && place[d] ? n - place[d] : place[d];
        index = index * (d == w->n - 1 ? last / 2 + 1 : n) + i;
    }
    return index;
}

static bool run_fft(struct call *c) {
    const struct fft *w = c->s->params;
    int64_t last = w->length[w->n - 1], longest = 1, half = w->size / last * (last / 2 + 1);
    for (int d = 0; d < w->n; d++)
        longest = w->length[d] > longest ? w->length[d] : longest;
    double complex *v = call_scratch(c, (size_t)w->size * sizeof *v),
                   *turns = call_scratch(c, (size_t)longest * sizeof *turns),
                   *room = call_scratch(c, (size_t)longest * sizeof *room);
    bool back = w->type == IFFT || w->type == IRFFT, mirrored;
    if (!v || !turns || !room)
        return false;
    for (int64_t b = 0; b < w->batch; b++) {
        for (int64_t i = 0; i < w->size; i++) {
            if (w->type != IRFFT) {
                v[i] = get(&c->in[0], b * w->size + i);
                continue;
            }
            double complex z = get(&c->in[0], b * half + half_index(w, i, &mirrored));
            v[i] = mirrored ? conj(z) : z;
        }
        for (int d = 0; d < w->n; d++)
            transform(c, v, d, back, turns, room);
        for (int64_t i = 0; i < w->size; i++) {
            double complex z = back ? v[i] / (double)w->size : v[i];
            int64_t at = w->type == RFFT ? half_index(w, i, &mirrored) : i;
            if (w->type != RFFT || !mirrored)
                set(&c->out[0], b * (w->type == RFFT ? half : w->size) + at, z);
        }
    }
    return true;
}
const struct kernel kernel_fft = {"fft", plan_fft, run_fft, KERNEL_COMPLEX};
