/* vec_loops.h - the loops that vec_real.c and vec_int.c fill in; internal to the two.
 *
 * LANE, which they define, is the type of a lane. An expression sees the element as x, that of a second operand as y.
 */
#ifndef TTX_EXEC_VEC_LOOPS_H
#define TTX_EXEC_VEC_LOOPS_H

#include <stddef.h>

/* op_NAME for a table of functions of one operand, or of two. */
#define UNARY(name, expr)                                                                                        \
    static void op_##name(void *d_, const void *a_, const void *b_, const void *c_, size_t n, const double *p) { \
        LANE *restrict d = d_;                                                                                   \
        const LANE *a = a_;                                                                                      \
        (void)b_, (void)c_, (void)p;                                                                             \
        for (size_t i = 0; i < n; i++) {                                                                         \
            LANE x = a[i];                                                                                       \
            d[i] = (LANE)(expr);                                                                                 \
        }                                                                                                        \
    }
#define BINARY(name, expr)                                                                                       \
    static void op_##name(void *d_, const void *a_, const void *b_, const void *c_, size_t n, const double *p) { \
        LANE *restrict d = d_;                                                                                   \
        const LANE *a = a_, *b = b_;                                                                             \
        (void)c_, (void)p;                                                                                       \
        for (size_t i = 0; i < n; i++) {                                                                         \
            LANE x = a[i], y = b[i];                                                                             \
            d[i] = (LANE)(expr);                                                                                 \
        }                                                                                                        \
    }

/* From one type of elements to another. */
#define MOVE(name, d_type, s_type, expr)                   \
    static void name(void *d_, const void *s_, size_t n) { \
        d_type *restrict d = d_;                           \
        const s_type *s = s_;                              \
        for (size_t i = 0; i < n; i++) {                   \
            s_type x = s[i];                               \
            d[i] = (d_type)(expr);                         \
        }                                                  \
    }

#endif
