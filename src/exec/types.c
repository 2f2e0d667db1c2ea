/* Which numbers an MLIR type stands for. */
#include <string.h>

#include "dialect/params.h"
#include "exec/inner.h"
#include "ids.h"
#include "target/dtype.h"
#include "text/text.h"

static enum tensor_dtype dtype_of_integer(const ir_context *c, ir_type t) {
    bool is_unsigned = ir_flags_of(c, t) == IR_UNSIGNED;
    switch (ir_at(c, t, 0)) {
    case 1: return TENSOR_BOOL;
    case 2:
    case 4:
    case 8: return is_unsigned ? TENSOR_U8 : TENSOR_I8;
    case 16: return is_unsigned ? TENSOR_U16 : TENSOR_I16;
    case 32: return is_unsigned ? TENSOR_U32 : TENSOR_I32;
    case 64: return is_unsigned ? TENSOR_U64 : TENSOR_I64;
    default: return TENSOR_NONE;
    }
}

static exec_format format_of_integer(const ir_context *c, ir_type t) {
    bool is_unsigned = ir_flags_of(c, t) == IR_UNSIGNED;
    switch (ir_at(c, t, 0)) {
    case 2: return is_unsigned ? FORMAT_U2 : FORMAT_I2;
    case 4: return is_unsigned ? FORMAT_U4 : FORMAT_I4;
    default: return FORMAT_PLAIN;
    }
}

static enum tensor_dtype dtype_of_float(const ir_context *c, ir_type t) {
    switch ((ir_float)ir_flags_of(c, t)) {
    case IR_F16: return TENSOR_F16;
    case IR_BF16: return TENSOR_BF16;
    case IR_TF32:
    case IR_F32: return TENSOR_F32;
    case IR_F64: return TENSOR_F64;
#define CASE(dtype, format, name) \
    case format: return dtype;
        TENSOR_SMALL_FLOATS(CASE)
#undef CASE
    default: return TENSOR_NONE;
    }
}

/* What a data type of the device is kept in. */
static bool of_device(target_dtype d, struct exec_type *out) {
    static const struct {
        enum tensor_dtype dtype;
        exec_format format;
    } kept[DTYPE_N] = {
        [DTYPE_F32] = {TENSOR_F32, FORMAT_PLAIN},     [DTYPE_F16] = {TENSOR_F16, FORMAT_PLAIN},
        [DTYPE_BF16] = {TENSOR_BF16, FORMAT_PLAIN},   [DTYPE_BFP_F8] = {TENSOR_BF16, FORMAT_BFP8},
        [DTYPE_BFP_BF8] = {TENSOR_BF16, FORMAT_BFP8}, [DTYPE_BFP_F4] = {TENSOR_BF16, FORMAT_BFP4},
        [DTYPE_BFP_BF4] = {TENSOR_BF16, FORMAT_BFP4}, [DTYPE_BFP_F2] = {TENSOR_BF16, FORMAT_BFP2},
        [DTYPE_BFP_BF2] = {TENSOR_BF16, FORMAT_BFP2}, [DTYPE_U32] = {TENSOR_U32, FORMAT_PLAIN},
        [DTYPE_U16] = {TENSOR_U16, FORMAT_PLAIN},     [DTYPE_U8] = {TENSOR_U8, FORMAT_PLAIN},
        [DTYPE_SI32] = {TENSOR_I32, FORMAT_PLAIN},    [DTYPE_I1] = {TENSOR_BOOL, FORMAT_PLAIN},
    };
    if (d >= DTYPE_N)
        return false;
    out->dtype = kept[d].dtype;
    out->format = kept[d].format;
    return true;
}

/* A number of a quantised type's body; moves *s behind it. */
static bool quant_number(str *s, double *out) {
    *s = str_trim(*s);
    size_t n = num_parse_double(*s, out);
    *s = str_trim(str_from(*s, n));
    return n > 0;
}

/* The body of !quant.uniform<STORAGE[<LOW:HIGH>]:EXPRESSED[:AXIS], SCALE[:ZERO]> or ...{SCALE:ZERO, ...}>. */
static bool quant_body(struct planner *p, str s, struct exec_type *out) {
    size_t open = str_find_char(s, '<'), colon;
    if (open == s.n)
        return false;
    s = str_trim(str_slice(s, open + 1, s.n - 1));
    bool is_unsigned = s.n && s.p[0] == 'u';
    s = str_from(s, is_unsigned);
    uint64_t bits;
    size_t digits = 1;
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    if (s.n < 2 || s.p[0] != 'i' || !num_parse_u64(str_slice(s, 1, digits), &bits) || bits < 2 || bits > 32)
        return false;
    struct exec_quant *q = ARENA_NEW(p->a, struct exec_quant);
    if (!q)
        return plan_no_memory(p);
    double half = (double)((uint64_t)1 << (bits - 1));
    q->low = is_unsigned ? 0 : -half;
    q->high = is_unsigned ? 2 * half - 1 : half - 1;
    q->axis = -1;
    s = str_trim(str_from(s, digits));
    if (s.n && s.p[0] == '<') {
        s = str_from(s, 1);
        if (!quant_number(&s, &q->low) || s.n == 0 || s.p[0] != ':')
            return false;
        s = str_from(s, 1);
        if (!quant_number(&s, &q->high) || s.n == 0 || s.p[0] != '>')
            return false;
        s = str_trim(str_from(s, 1));
    }
    colon = str_find_char(s, ':');
    size_t comma = str_find_char(s, ',');
    if (colon != 0 || comma == s.n)
        return false;
    str head = str_slice(s, 1, comma); /* f32, or f32:axis */
    size_t second = str_find_char(head, ':');
    int64_t axis;
    if (second < head.n) {
        if (!num_parse_i64(str_trim(str_from(head, second + 1)), &axis) || axis < 0 || axis >= TENSOR_MAX_RANK)
            return false;
        q->axis = (int)axis;
    }
    s = str_trim(str_from(s, comma + 1));
    if (s.n && s.p[0] == '{')
        s = str_from(s, 1);
    size_t most = 1;
    for (size_t i = 0; i < s.n; i++)
        most += s.p[i] == ',';
    double *scale = ARENA_ARRAY(p->a, double, most), *zero = ARENA_ARRAY(p->a, double, most);
    if (!scale || !zero)
        return plan_no_memory(p);
    for (;; q->n++, s = str_from(s, 1)) {
        if (q->n == most || !quant_number(&s, &scale[q->n]))
            return false;
        if (s.n && s.p[0] == ':') {
            s = str_from(s, 1);
            if (!quant_number(&s, &zero[q->n]))
                return false;
        }
        if (s.n == 0 || s.p[0] != ',') {
            q->n++;
            break;
        }
    }
    q->scale = scale;
    q->zero = zero;
    out->quant = q;
    out->dtype = bits <= 8    ? (is_unsigned ? TENSOR_U8 : TENSOR_I8)
                 : bits <= 16 ? (is_unsigned ? TENSOR_U16 : TENSOR_I16)
                              : (is_unsigned ? TENSOR_U32 : TENSOR_I32);
    return true;
}

static bool is_quant(const ir_context *c, ir_type t) {
    if (ir_kind_of(c, t) == IR_TYPE_OPAQUE)
        return str_eq(ir_str_of(c, ir_at(c, t, 0)), STR("quant"));
    const attr_type_def *d = dialect_def_of_node(c, t);
    return d && str_starts_with(dialect_text(d->name), STR("quant."));
}

static bool element_of(struct planner *p, ir_type e, struct exec_type *out) {
    const ir_context *c = p->c;
    switch (ir_kind_of(c, e)) {
    case IR_TYPE_INTEGER:
        out->dtype = dtype_of_integer(c, e);
        out->format = format_of_integer(c, e);
        break;
    case IR_TYPE_FLOAT: out->dtype = dtype_of_float(c, e); break;
    case IR_TYPE_INDEX: out->dtype = TENSOR_I64; break;
    case IR_TYPE_COMPLEX:
        out->dtype = dtype_of_float(c, ir_element_type(c, e));
        out->dtype = out->dtype == TENSOR_F32 ? TENSOR_C64 : out->dtype == TENSOR_F64 ? TENSOR_C128 : TENSOR_NONE;
        break;
    default:
        if (is_quant(c, e)) {
            struct buf text;
            buf_init(&text, p->x->mem);
            bool ok = text_print_node(c, e, &text) && quant_body(p, buf_str(&text), out);
            buf_free(&text);
            return ok;
        }
        return of_device(target_dtype_of(c, e), out);
    }
    return out->dtype != TENSOR_NONE;
}

/* In a golden run all floats are kept in one type, complex numbers in pairs of it. */
static void as_asked(const exec_plan *x, struct exec_type *t) {
    switch (tensor_dtype_is_small(t->dtype) ? TENSOR_F32 : t->dtype) {
    case TENSOR_F16:
    case TENSOR_BF16:
    case TENSOR_F32:
    case TENSOR_F64:
        if (x->options.numbers != EXEC_AS_WRITTEN) {
            t->dtype = x->options.numbers == EXEC_F64 ? TENSOR_F64 : TENSOR_F32;
            t->format = FORMAT_PLAIN;
        }
        return;
    case TENSOR_C64:
    case TENSOR_C128:
        if (x->options.numbers != EXEC_AS_WRITTEN)
            t->dtype = x->options.numbers == EXEC_F64 ? TENSOR_C128 : TENSOR_C64;
        return;
    default: return;
    }
}

bool type_of(struct planner *p, ir_type t, struct exec_type *out) {
    return type_of_shape(p, t, NULL, out);
}

bool type_of_shape(struct planner *p, ir_type t, const int64_t *dims, struct exec_type *out) {
    const ir_context *c = p->c;
    *out = (struct exec_type){0};
    ir_type e = t;
    if (ir_kind_of(c, t) == IR_TYPE_TENSOR || ir_kind_of(c, t) == IR_TYPE_MEMREF) {
        out->rank = ir_rank(c, t);
        if (out->rank > TENSOR_MAX_RANK)
            return false;
        for (int i = 0; i < out->rank; i++) {
            out->dims[i] = dims ? dims[i] : ir_dim(c, t, i);
            if (out->dims[i] < 0)
                return false;
        }
        e = ir_element_type(c, t);
    } else if (ir_kind_of(c, t) != IR_TYPE_INTEGER && ir_kind_of(c, t) != IR_TYPE_FLOAT &&
               ir_kind_of(c, t) != IR_TYPE_INDEX) {
        return false;
    }
    if (!element_of(p, e, out))
        return false;
    /* The layout of a TTNN tensor may say more than its element type: bf16 kept as bfp8 tiles. */
    if (ir_kind_of(c, t) == IR_TYPE_TENSOR && !out->quant && out->dtype == TENSOR_BF16) {
        ir_attr layout = ir_encoding(c, t);
        if (dialect_is_attr(c, layout, ATTR_ttnn_ttnn_layout)) {
            ir_node memref = dialect_param(c, layout, STR("memref"));
            struct exec_type kept = *out;
            if (memref && ir_kind_of(c, memref) == IR_TYPE_MEMREF &&
                of_device(target_dtype_of(c, ir_element_type(c, memref)), &kept) && kept.format != FORMAT_PLAIN)
                out->format = kept.format;
        }
    }
    as_asked(p->x, out);
    size_t bytes;
    return tensor_size(out->dtype, out->dims, out->rank, &bytes);
}

bool type_in_bounds(struct planner *p, ir_type t, const struct exec_type *is, int *dim, int64_t *most) {
    const ir_context *c = p->c;
    ir_attr e = ir_kind_of(c, t) == IR_TYPE_TENSOR ? ir_encoding(c, t) : 0;
    bool open = false, good = true;
    struct buf text;
    *dim = -1;
    for (int i = 0; e && i < ir_rank(c, t); i++)
        open |= ir_dim(c, t, i) < 0;
    if (!open)
        return true;
    buf_init(&text, p->x->mem);
    if (!text_print_node(c, e, &text) || text.failed)
        good = plan_no_memory(p);
    str name = STR("stablehlo.bounds<"), s = buf_str(&text);
    size_t at = str_find(s, name);
    s = at < s.n ? str_from(s, at + name.n) : STR("");
    for (int i = 0; good && s.n && i < is->rank; i++) {
        size_t end = str_find_char(s, ',');
        str one = str_slice(s, 0, end);
        one = str_trim(str_slice(one, 0, str_find_char(one, '>')));
        if (num_parse_i64(one, most) && ir_dim(c, t, i) < 0 && is->dims[i] > *most) {
            *dim = i;
            good = false;
        }
        s = end < s.n ? str_from(s, end + 1) : STR("");
    }
    buf_free(&text);
    return good;
}

int64_t type_count(const struct exec_type *t) {
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= t->dims[i];
    return n;
}

bool type_same_shape(const struct exec_type *a, const struct exec_type *b) {
    return a->rank == b->rank && (a->rank == 0 || memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0);
}
