/* constant.h - constants as numbers; internal to the room.
 *
 * A dense attribute comes in several forms (raw bytes, hex digits, one element for all). A dense_view reads any of them
 * element by element; the makers give back the one form that equal constants share, so that they compare by handle.
 */
#ifndef TTX_COMPILE_CONSTANT_H
#define TTX_COMPILE_CONSTANT_H

#include "compile/pass.h"

/* A number of an element type: the bits, zero-extended. Types of more than 64 bits are not read. */
typedef struct number_type {
    ir_type type;
    ir_float format; /* when is_float */
    uint8_t width;   /* bits */
    bool is_float;
    bool is_unsigned; /* an unsigned integer, or i1 */
} number_type;

/* False for what is no integer or float of at most 64 bits. */
bool number_type_of(const ir_context *c, ir_type elt, number_type *out);
double number_to_double(const number_type *t, uint64_t bits);
/* Integers only: sign-extended unless unsigned. */
int64_t number_to_int(const number_type *t, uint64_t bits);
uint64_t number_from_double(const number_type *t, double v); /* floats only; rounds to nearest even */
uint64_t number_from_int(const number_type *t, int64_t v);   /* integers: cut to the width; floats: rounded */
/* Positive or negative zero, or integer zero. */
bool number_is_zero(const number_type *t, uint64_t bits);

typedef struct dense_view {
    ir_attr attr;
    ir_type type; /* of the whole constant */
    number_type of;
    int64_t n;  /* elements */
    bool splat; /* all are equal */
    /* The rest is private. */
    ir_dense form;
    uint32_t size; /* bytes of an element */
    str data;
} dense_view;

/* False when `a` is no dense attribute of numbers (or 0). */
bool dense_read(const ir_context *c, ir_attr a, dense_view *out);
/* The bits of element i < n (any i of a splat). */
uint64_t dense_at(const dense_view *v, int64_t i);
double dense_double(const dense_view *v, int64_t i);
int64_t dense_int(const dense_view *v, int64_t i);

/* All elements have these bits. `type` is a static tensor type of numbers. 0 when out of memory. */
ir_attr dense_splat(pass_context *p, ir_type type, uint64_t bits);
/* From n = number of elements bits; equal ones become a splat. 0 when out of memory. */
ir_attr dense_make(pass_context *p, ir_type type, const uint64_t *bits, int64_t n);
/* The same elements with another type of as many elements of the same element type. */
ir_attr dense_retyped(pass_context *p, ir_attr a, ir_type type);

/* What a ttir.full, zeros, ones or constant folds to: its dense (or dense_resource) attribute; 0 for every other op. */
ir_attr ttir_constant_value(pass_context *p, ir_op op);
/* A fill_value attribute (i32 or f32) as bits of a number type, converted as ttir.full converts it. */
bool fill_to_bits(const ir_context *c, ir_attr fill, const number_type *t, uint64_t *bits);
/* The fill_value attribute for a splat of this value: i32 for integers, f32 for floats. */
ir_attr fill_from_bits(pass_context *p, const number_type *t, uint64_t bits);

#endif
