/* elementwise.h - how rows of the kernel table say which elementwise function an op is. */
#ifndef TTX_EXEC_ELEMENTWISE_H
#define TTX_EXEC_ELEMENTWISE_H

#include "exec/inner.h"

/* Added to a vec_op in exec_row.arg. */
enum {
    EW_OP = 0xff,
    EW_TRUE_DIV = 1 << 8,   /* integers are divided as reals, and the quotient cast to the type of the left operand */
    EW_BITWISE = 1 << 9,    /* NOT, AND, OR, XOR: of all bits, unless the elements are truth values */
    EW_COMPARE = 1 << 10,   /* which comparison is in comparison_direction */
    EW_CLAMP_HLO = 1 << 11, /* operands are min, x, max */
    EW_RHS_ATTR = 1 << 12,  /* the second operand is the attribute "rhs" */
    EW_FLOAT = 1 << 13,     /* integers are taken as reals even where there is an integer form */
    EW_SIGNED = 1 << 14,    /* the highest bit of an integer is its sign, whatever its type says */
};

/* The function of an elementwise step that computes in f32 and does nothing else; false for all other steps. */
bool elementwise_op(const struct exec_step *s, vec_op *out);

#endif
