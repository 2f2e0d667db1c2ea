/* Attributes of ops as numbers, for the plan functions of kernels. */
#include <string.h>

#include "dialect/params.h"
#include "exec/inner.h"

bool plan_error(struct planner *p, ir_op op, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    ir_op_errorv(&p->report, op, fmt, ap);
    va_end(ap);
    p->failed = true;
    return false;
}

bool plan_no_memory(struct planner *p) {
    diag_out_of_memory(p->report.d);
    p->failed = true;
    return false;
}

void *plan_params(struct planner *p, struct exec_step *s, size_t size) {
    s->params = arena_alloc_zero(p->a, 1, size, alignof(max_align_t));
    if (!s->params)
        plan_no_memory(p);
    return s->params;
}

/* Of the op; a call of what is an op here carries its attributes in a dictionary, or as texts in another. */
static ir_attr attr_of(const struct planner *p, ir_op op, const char *name) {
    static const char *const dictionaries[] = {"tt.composite_attributes", "mhlo.frontend_attributes",
                                               "mhlo.attributes"};
    ir_attr a = ir_op_attr(p->m, op, str_from_z(name));
    for (int i = 0; i < 3 && !a; i++) {
        ir_attr d = ir_op_attr(p->m, op, str_from_z(dictionaries[i]));
        a = d && ir_kind_of(p->c, d) == IR_ATTR_DICT ? ir_dict_get(p->c, d, str_from_z(name)) : 0;
    }
    return a;
}

bool attr_i64(const struct planner *p, ir_op op, const char *name, int64_t *out) {
    ir_attr a = attr_of(p, op, name);
    if (a && ir_kind_of(p->c, a) == IR_ATTR_STRING)
        return num_parse_i64(ir_str_of(p->c, a), out);
    return a && ir_int_value(p->c, a, out);
}

bool attr_f64(const struct planner *p, ir_op op, const char *name, double *out) {
    ir_attr a = attr_of(p, op, name);
    int64_t i;
    if (a && ir_kind_of(p->c, a) == IR_ATTR_STRING) {
        struct json_reader r;
        json_reader_init(&r, ir_str_of(p->c, a));
        if (json_next(&r) != JSON_NUMBER)
            return false;
        *out = json_get_double(&r);
        return true;
    }
    if (a && ir_float_value(p->c, a, out))
        return true;
    if (!a || !ir_int_value(p->c, a, &i))
        return false;
    *out = (double)i;
    return true;
}

bool attr_flag(const struct planner *p, ir_op op, const char *name, bool *out) {
    ir_attr a = attr_of(p, op, name);
    int64_t i = 0;
    if (!a)
        return false;
    if (ir_kind_of(p->c, a) == IR_ATTR_STRING)
        *out = str_eq(ir_str_of(p->c, a), STR("True")) || str_eq(ir_str_of(p->c, a), STR("true"));
    else
        *out = a == p->c->a_unit || (ir_int_value(p->c, a, &i) && i != 0);
    return true;
}

bool attr_bool(const struct planner *p, ir_op op, const char *name) {
    bool is = false;
    attr_flag(p, op, name, &is);
    return is;
}

str attr_text(const struct planner *p, ir_op op, const char *name) {
    ir_attr a = attr_of(p, op, name);
    if (!a)
        return (str){0};
    switch (ir_kind_of(p->c, a)) {
    case IR_ATTR_STRING:
    case IR_ATTR_KEYWORD: return ir_str_of(p->c, a);
    case IR_ATTR_DIALECT: return dialect_case_text(p->c, a);
    default: return (str){0};
    }
}

/* Element i of an integer or truth constant that is no splat. */
static int64_t dense_int(const ir_context *c, ir_attr a, ir_type e, str data, int64_t i, bool splat) {
    uint32_t size = ir_dense_element_bytes(c, e);
    int64_t at = splat ? 0 : i;
    uint64_t bits = 0;
    unsigned form = ir_flags_of(c, a);
    if (form == IR_DENSE_HEX || form == IR_DENSE_HEX_SPLAT) {
        for (uint32_t k = 0; k < size; k++) {
            size_t digit = ((size_t)at * size + k) * 2;
            if (digit + 1 < data.n)
                bits |= (uint64_t)(num_hex_digit(data.p[digit]) << 4 | num_hex_digit(data.p[digit + 1])) << (8 * k);
        }
    } else if ((size_t)(at + 1) * size <= data.n) {
        memcpy(&bits, data.p + (size_t)at * size, size < 8 ? size : 8);
    }
    unsigned width = size * 8;
    bool is_unsigned = ir_kind_of(c, e) == IR_TYPE_INTEGER && (ir_flags_of(c, e) == IR_UNSIGNED || ir_at(c, e, 0) == 1);
    if (width < 64 && !is_unsigned && (bits >> (width - 1) & 1))
        bits |= UINT64_MAX << width;
    return (int64_t)bits;
}

int node_ints(const ir_context *c, ir_attr a, int64_t *out, int cap) {
    int64_t v;
    if (!a)
        return -1;
    switch (ir_kind_of(c, a)) {
    case IR_ATTR_INTEGER:
        if (!ir_int_value(c, a, &v))
            return -1;
        if (cap > 0)
            out[0] = v;
        return 1;
    case IR_ATTR_ARRAY: {
        int n = (int)ir_count(c, a);
        for (int i = 0; i < n; i++) {
            if (!ir_int_value(c, ir_at(c, a, (uint32_t)i), &v))
                return -1;
            if (i < cap)
                out[i] = v;
        }
        return n;
    }
    case IR_ATTR_DENSE_ARRAY: {
        ir_type e = ir_at(c, a, 0);
        uint32_t size = ir_dense_element_bytes(c, e);
        str data = ir_data(c, a);
        if (!size)
            return -1;
        int n = (int)(data.n / size);
        for (int i = 0; i < n && i < cap; i++)
            out[i] = dense_int(c, c->a_unit, e, data, i, false);
        return n;
    }
    case IR_ATTR_DENSE: {
        ir_type t = ir_at(c, a, 0), e = ir_element_type(c, t);
        int64_t n = ir_num_elements(c, t);
        if (n < 0 || n > INT32_MAX || (ir_kind_of(c, e) != IR_TYPE_INTEGER && ir_kind_of(c, e) != IR_TYPE_INDEX))
            return -1;
        unsigned form = ir_flags_of(c, a);
        bool splat = form == IR_DENSE_SPLAT || form == IR_DENSE_HEX_SPLAT;
        str data = ir_data(c, a);
        for (int i = 0; i < n && i < cap; i++)
            out[i] = dense_int(c, a, e, data, i, splat);
        return (int)n;
    }
    default: return -1;
    }
}

int exec_op_ints(const struct planner *p, ir_op op, const char *name, int64_t *out, int cap) {
    return node_ints(p->c, attr_of(p, op, name), out, cap);
}

bool plan_dim(struct planner *p, ir_op op, int64_t dim, int rank, int *out) {
    if (dim < -rank || dim >= rank)
        return plan_error(p, op, "dimension %lld is out of range for rank %d", (long long)dim, rank);
    *out = (int)(dim < 0 ? dim + rank : dim);
    return true;
}
