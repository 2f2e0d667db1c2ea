/* fold_ttir.h - the parts of the ttir folders; internal to fold_ttir.c and fold_arith.c. */
#ifndef TTX_COMPILE_FOLD_TTIR_H
#define TTX_COMPILE_FOLD_TTIR_H

#include "compile/constant.h"
#include "compile/pass.h"

/* Elementwise ops with a row in fold_arith.c, over constants. */
fold_fn fold_arith;
bool fold_arith_knows(uint32_t op);
fold_fn fold_cast;  /* ttir.typecast */
fold_fn fold_sum;   /* ttir.sum of a splat */
fold_fn fold_clamp; /* ttir.clamp_scalar */

/* Whether the result is small enough to fold constants of different elements into it. */
bool fold_small_enough(pass_context *p, ir_op op);
/* The one result is this constant; FOLD_NONE for 0. */
fold_outcome fold_constant(fold_value *results, ir_attr a);
/* The one result is filled with this number, converted to its element type. */
fold_outcome fold_number(pass_context *p, ir_op op, double v, fold_value *results);

#endif
