/* Functions of float without branches, so that loops over them become vector code; what is rare calls the C library.
 *
 * The polynomials are Chebyshev fits made for these ranges; errors against the exact functions, in units of the last place
 * of float: exp 1, log 1, tanh 2, erf 1 (absolute, of 1), sin and cos 1 (|x| < 8192).
 */
#ifndef TTX_EXEC_MATH_F32_H
#define TTX_EXEC_MATH_F32_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float real;
typedef uint32_t real_bits;
#define REAL(x) x##f
#define REAL_EPSILON 1.1920929e-07f

static inline uint32_t f32_to_bits(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float f32_of_bits(uint32_t u) {
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* 2^n for -126 <= n <= 127. */
static inline float f32_exp2i(int32_t n) {
    return f32_of_bits((uint32_t)(n + 127) << 23);
}

static inline float m_exp(float x) {
    float c = x > 89.0f ? 89.0f : x;
    c = c >= -104.0f ? c : -104.0f; /* of NaN, too, which has no int */
    float n = rintf(c * 1.44269504f);
    float r = c - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 0.00139336535f;
    p = p * r + 0.00836318012f;
    p = p * r + 0.0416664649f;
    p = p * r + 0.16666577f;
    p = p * r + 0.500000001f;
    p = p * r * r + r + 1.0f;
    int32_t k = (int32_t)n;
    int32_t half = k / 2; /* two factors: the result may be subnormal or infinite */
    float y = p * f32_exp2i(half) * f32_exp2i(k - half);
    return x != x ? x : y;
}

static inline float m_log(float x) {
    float big = x < 1.17549435e-38f ? x * 8388608.0f : x; /* subnormals */
    float extra = x < 1.17549435e-38f ? -23.0f : 0.0f;
    uint32_t u = f32_to_bits(big);
    int32_t e = (int32_t)(u - 0x3f3504f3u) >> 23; /* m in [sqrt(1/2), sqrt(2)) */
    float m = f32_of_bits(u - ((uint32_t)e << 23));
    float n = (float)e + extra, f = m - 1.0f;
    float p = 0.0714975302f;
    p = p * f - 0.11571201f;
    p = p * f + 0.116615116f;
    p = p * f - 0.124110507f;
    p = p * f + 0.142499365f;
    p = p * f - 0.166684802f;
    p = p * f + 0.200007075f;
    p = p * f - 0.24999989f;
    p = p * f + 0.333333312f;
    float y = f * f * f * p - n * 2.12194440e-4f - 0.5f * f * f + f + n * 0.693359375f;
    y = x == 0 ? -INFINITY : y;
    y = x < 0 ? NAN : y;
    return x > 3.4028235e38f || x != x ? x : y;
}

static inline float m_tanh(float x) {
    float a = fabsf(x), t = x * x;
    float p = 0.00237348838f;
    p = p * t - 0.00841252729f;
    p = p * t + 0.021789098f;
    p = p * t - 0.0539616519f;
    p = p * t + 0.133333133f;
    p = p * t - 0.333333332f;
    float small = x + x * (t * p);
    float large = 1.0f - 2.0f / (m_exp(2.0f * a) + 1.0f);
    return a < 0.6f ? small : copysignf(large, x);
}

/* -log(erfc(a)) for 1 <= a <= 4. */
static inline float f32_log_erfc(float a) {
    float u = a - 2.5f;
    float p = 6.5828653e-8f;
    p = p * u - 1.61406155e-06f;
    p = p * u + 1.29761329e-05f;
    p = p * u - 7.73944258e-05f;
    p = p * u + 0.00042070694f;
    p = p * u - 0.00216516031f;
    p = p * u + 0.0108581655f;
    p = p * u + 0.94389364f;
    p = p * u + 5.35268074f;
    return p * u + 7.80681528f;
}

static inline float m_erf(float x) {
    float a = fabsf(x), t = x * x;
    float p = 7.88249733e-05f;
    p = p * t - 0.000801885505f;
    p = p * t + 0.00518931195f;
    p = p * t - 0.0268543288f;
    p = p * t + 0.112835975f;
    p = p * t - 0.376126269f;
    p = p * t + 1.12837917f;
    float c = a > 4.0f ? 4.0f : a;
    float large = copysignf(1.0f - m_exp(-f32_log_erfc(c)), x);
    float y = a < 1.0f ? x * p : large;
    return x != x ? x : y;
}

/* sin (quarter 0) or cos (quarter 1) of |x| < 8192. */
static inline float f32_sin_quarter(float x, int32_t quarter) {
    float n = rintf(x * 0.636619772f);
    float r = x - n * 1.5703125f;
    r = r - n * 4.83751297e-4f;
    r = r - n * 7.54978942e-8f;
    int32_t q = (int32_t)n + quarter;
    float t = r * r;
    float s = 2.72499793e-06f;
    s = s * t - 0.000198400873f;
    s = s * t + 0.00833333188f;
    s = s * t - 0.166666667f;
    s = r + r * (t * s);
    float c = 2.64302783e-05f;
    c = c * t - 0.0013902817f;
    c = c * t + 0.0416668885f;
    c = 1.0f - 0.5f * t + t * t * c;
    float y = q & 1 ? c : s;
    return q & 2 ? -y : y;
}

enum { MATH_SIN_LIMIT = 8192 };
static inline float m_sin_small(float x) {
    return f32_sin_quarter(x, 0);
}
static inline float m_cos_small(float x) {
    return f32_sin_quarter(x, 1);
}

static inline float m_expm1(float x) {
    /* Below 1/2 as tanh(x/2) * (exp(x) + 1), which loses nothing to cancellation. */
    float e = m_exp(x);
    return fabsf(x) < 0.5f ? m_tanh(0.5f * x) * (e + 1.0f) : e - 1.0f;
}

static inline float m_log1p(float x) {
    float u = 1.0f + x, y = m_log(u);
    /* What rounding 1 + x lost comes back as a quotient. */
    float fixed = y + (x - (u - 1.0f)) / u;
    return u > 0 && u < 3.4e38f ? fixed : y;
}

#endif
