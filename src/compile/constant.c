/* constant.c - see constant.h. */
#include "compile/constant.h"

#include <math.h>

#include "compile/ttir.h"

/* ---- numbers -------------------------------------------------------------------------------------------- */

bool number_type_of(const ir_context *c, ir_type elt, number_type *out) {
    uint32_t width = elt ? ir_bit_width(c, elt) : 0;
    *out = (number_type){.type = elt, .width = (uint8_t)(width > 64 ? 0 : width)};
    if (!width || width > 64)
        return false;
    if (is_float_type(c, elt)) {
        out->is_float = true;
        out->format = (ir_float)ir_flags_of(c, elt);
        return true;
    }
    out->is_unsigned = width == 1 || ir_flags_of(c, elt) == IR_UNSIGNED;
    return is_integer_type(c, elt);
}

double number_to_double(const number_type *t, uint64_t bits) {
    if (t->is_float)
        return ir_float_from_bits(t->format, bits);
    return t->is_unsigned ? (double)bits : (double)number_to_int(t, bits);
}

int64_t number_to_int(const number_type *t, uint64_t bits) {
    unsigned shift = 64u - t->width;
    return t->is_unsigned ? (int64_t)bits : (int64_t)(bits << shift) >> shift;
}

static uint64_t cut(const number_type *t, uint64_t bits) {
    return t->width == 64 ? bits : bits & ((1ull << t->width) - 1);
}

uint64_t number_from_double(const number_type *t, double v) {
    return ir_float_bits(t->format, v);
}

uint64_t number_from_int(const number_type *t, int64_t v) {
    return t->is_float ? ir_float_bits(t->format, (double)v) : cut(t, (uint64_t)v);
}

bool number_is_zero(const number_type *t, uint64_t bits) {
    return t->is_float ? ir_float_from_bits(t->format, bits) == 0 : bits == 0;
}

/* ---- dense ---------------------------------------------------------------------------------------------- */

bool dense_read(const ir_context *c, ir_attr a, dense_view *out) {
    if (!a || ir_kind_of(c, a) != IR_ATTR_DENSE)
        return false;
    ir_type type = ir_at(c, a, 0);
    *out = (dense_view){.attr = a, .type = type, .form = (ir_dense)ir_flags_of(c, a), .data = ir_data(c, a)};
    out->n = ir_num_elements(c, type);
    ir_type elt = ir_element_type(c, type);
    if (out->n < 0 || !number_type_of(c, elt, &out->of))
        return false;
    out->size = ir_dense_element_bytes(c, elt);
    out->splat = out->form == IR_DENSE_SPLAT || out->form == IR_DENSE_HEX_SPLAT || out->n == 1;
    return true;
}

static unsigned hex_digit(char ch) {
    return (unsigned)(ch <= '9' ? ch - '0' : (ch | 0x20) - 'a' + 10) & 15;
}

uint64_t dense_at(const dense_view *v, int64_t i) {
    if (v->form == IR_DENSE_SPLAT || v->form == IR_DENSE_HEX_SPLAT)
        i = 0;
    uint64_t bits = 0;
    size_t at = (size_t)i * v->size;
    if (v->form == IR_DENSE_RAW || v->form == IR_DENSE_SPLAT) {
        if (at + v->size <= v->data.n)
            memcpy(&bits, v->data.p + at, v->size);
        return cut(&v->of, bits);
    }
    bool packed = v->of.width == 1; /* eight i1 in a byte */
    if (packed)
        at = (size_t)i / 8;
    for (unsigned k = 0; k < v->size && 2 * (at + k) + 1 < v->data.n; k++) {
        const char *digits = v->data.p + 2 * (at + k);
        bits |= (uint64_t)(hex_digit(digits[0]) << 4 | hex_digit(digits[1])) << 8 * k;
    }
    return packed ? bits >> (i & 7) & 1 : cut(&v->of, bits);
}

double dense_double(const dense_view *v, int64_t i) {
    return number_to_double(&v->of, dense_at(v, i));
}

int64_t dense_int(const dense_view *v, int64_t i) {
    return number_to_int(&v->of, dense_at(v, i));
}

ir_attr dense_splat(pass_context *p, ir_type type, uint64_t bits) {
    uint32_t size = ir_dense_element_bytes(p->c, ir_element_type(p->c, type));
    if (ir_num_elements(p->c, type) == 0)
        return ir_attr_dense(p->c, type, IR_DENSE_RAW, "", 0, true);
    return ir_attr_dense(p->c, type, IR_DENSE_SPLAT, &bits, size, true);
}

ir_attr dense_make(pass_context *p, ir_type type, const uint64_t *bits, int64_t n) {
    int64_t equal = 1;
    while (equal < n && bits[equal] == bits[0])
        equal++;
    if (n == 0 || equal >= n)
        return dense_splat(p, type, n ? bits[0] : 0);
    uint32_t size = ir_dense_element_bytes(p->c, ir_element_type(p->c, type));
    uint8_t *bytes = ir_context_alloc(p->c, (size_t)n * size);
    if (!bytes) {
        p->m->failed = true;
        return 0;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(bytes + (size_t)i * size, &bits[i], size);
    return ir_attr_dense(p->c, type, IR_DENSE_RAW, bytes, (size_t)n * size, false);
}

ir_attr dense_retyped(pass_context *p, ir_attr a, ir_type type) {
    str data = ir_data(p->c, a);
    return ir_attr_dense(p->c, type, (ir_dense)ir_flags_of(p->c, a), data.p, data.n, false);
}

/* ---- ttir constants ------------------------------------------------------------------------------------- */

bool fill_to_bits(const ir_context *c, ir_attr fill, const number_type *t, uint64_t *bits) {
    double f;
    int64_t i;
    if (fill && ir_float_value(c, fill, &f)) {
        if (t->is_float)
            *bits = number_from_double(t, f);
        else {
            /* Toward zero, and to the nearest value of the type, as APFloat::convertToInteger. */
            double top = ldexp(1, t->width - (t->is_unsigned ? 0 : 1)), low = t->is_unsigned ? 0 : -top;
            f = isnan(f) ? 0 : trunc(f);
            *bits = f >= top ? cut(t, t->is_unsigned ? UINT64_MAX : (uint64_t)INT64_MAX >> (64 - t->width))
                             : number_from_int(t, f < low ? (int64_t)low : (int64_t)f);
        }
        return true;
    }
    if (!fill || !ir_int_value(c, fill, &i))
        return false;
    *bits = number_from_int(t, i);
    return true;
}

ir_attr fill_from_bits(pass_context *p, const number_type *t, uint64_t bits) {
    if (t->is_float)
        return make_f32(p, number_to_double(t, bits));
    bool is_signed = ir_flags_of(p->c, t->type) == IR_SIGNED;
    return make_i32(p, is_signed ? number_to_int(t, bits) : (int64_t)bits);
}

ir_attr ttir_constant_value(pass_context *p, ir_op op) {
    uint32_t id = op_id(p->m, op);
    if (id == OP_ttir_constant)
        return ir_op_attr(p->m, op, STR("value"));
    if (id != OP_ttir_full && id != OP_ttir_zeros && id != OP_ttir_ones)
        return 0;
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 0));
    number_type t;
    uint64_t bits;
    if (!number_type_of(p->c, ir_element_type(p->c, type), &t) || ir_num_elements(p->c, type) < 0)
        return 0;
    if (id != OP_ttir_full)
        bits = number_from_int(&t, id == OP_ttir_ones);
    else if (!fill_to_bits(p->c, ir_op_attr(p->m, op, STR("fill_value")), &t, &bits))
        return 0;
    return dense_splat(p, type, bits);
}

/* TTIRDialect::materializeConstant: zeros, ones, full or constant. */
ir_value materialize_ttir(pass_context *p, ir_attr value, ir_type type, ir_loc loc) {
    dense_view v;
    if (dense_read(p->c, value, &v) && v.splat && v.n) {
        uint64_t bits = dense_at(&v, 0), one = number_from_int(&v.of, 1);
        if (bits == 0 || bits == one)
            return build_named_full(p, bits ? OP_ttir_ones : OP_ttir_zeros, loc, type);
        return build_full(p, loc, type, fill_from_bits(p, &v.of, bits));
    }
    attr_entry a[] = {{STR("value"), value}};
    return build_value(p, OP_ttir_constant, loc, NULL, 0, type, make_dict(p, a, 1));
}
