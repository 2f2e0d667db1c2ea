/* The same functions of double, from the C library: exact golden values matter more than speed here. */
#ifndef TTX_EXEC_MATH_F64_H
#define TTX_EXEC_MATH_F64_H

#include <math.h>
#include <stdint.h>

typedef double real;
typedef uint64_t real_bits;
#define REAL(x) x
#define REAL_EPSILON 2.220446049250313e-16

enum { MATH_SIN_LIMIT = 1 << 30 };

static inline double m_exp(double x) {
    return exp(x);
}
static inline double m_log(double x) {
    return log(x);
}
static inline double m_tanh(double x) {
    return tanh(x);
}
static inline double m_erf(double x) {
    return erf(x);
}
static inline double m_expm1(double x) {
    return expm1(x);
}
static inline double m_log1p(double x) {
    return log1p(x);
}
static inline double m_sin_small(double x) {
    return sin(x);
}
static inline double m_cos_small(double x) {
    return cos(x);
}

#endif
