/* quant.h - uniform quantized element types (!quant.uniform) as numbers; internal to the room. */
#ifndef TTX_COMPILE_QUANT_H
#define TTX_COMPILE_QUANT_H

#include "compile/pass.h"

typedef struct quant_type {
    ir_type type;
    ir_type storage;   /* integer: unsigned, or signless for a signed one */
    ir_type expressed; /* float */
    uint32_t n;        /* scales and zero points: 1, or one for each index of the axis */
    int64_t axis;      /* -1: of the whole tensor */
} quant_type;

/* False for other types, and for those quantized in blocks. */
bool quant_read(const ir_context *c, ir_type element, quant_type *out);
double quant_scale(const ir_context *c, const quant_type *q, uint32_t i);
int64_t quant_zero_point(const ir_context *c, const quant_type *q, uint32_t i);
/* The same type with another storage type, whose whole range it uses. */
ir_type quant_with_storage(pass_context *p, const quant_type *q, ir_type storage);
/* Scales all multiplied by a factor, another axis (-1: keeps it) and storage type. */
ir_type quant_scaled(pass_context *p, const quant_type *q, double factor, int64_t axis, ir_type storage);

#endif
