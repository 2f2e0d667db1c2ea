/* Functions that are in no C library, from their textbook expansions (Abramowitz & Stegun 6.3, 6.4, 9.6, 9.7, 23.2). */
#include "exec/special.h"

#include <math.h>
#include <stdbool.h>

#define PI 3.14159265358979323846

double special_erf_inv(double x) {
    if (!(x > -1 && x < 1))
        return x == 1 ? INFINITY : x == -1 ? -INFINITY : NAN;
    /* A start within some thousandths (Winitzki), then Newton's steps of third order. */
    double l = log1p(-x * x), t = 2 / (PI * 0.147) + l / 2;
    double y = copysign(sqrt(sqrt(t * t - l / 0.147) - t), x);
    for (int i = 0; i < 4 && y != 0; i++) {
        double e = y > 0 ? -(erfc(y) - (1 - x)) : erfc(-y) - (1 + x); /* erf(y) - x without cancellation */
        double d = e / (2 / sqrt(PI) * exp(-y * y));
        if (!isfinite(d))
            break;
        y -= d / (1 + y * d);
    }
    return y;
}

/* Bernoulli numbers B2, B4, ... over their factorials' parts that the expansions need. */
static const double bernoulli[] = {1.0 / 6,       -1.0 / 30, 1.0 / 42,      -1.0 / 30,     5.0 / 66,
                                   -691.0 / 2730, 7.0 / 6,   -3617.0 / 510, 43867.0 / 798, -174611.0 / 330};
enum { N_BERNOULLI = sizeof bernoulli / sizeof bernoulli[0] };

double special_digamma(double x) {
    if (x <= 0 && x == floor(x))
        return NAN;
    if (x < 0)
        return special_digamma(1 - x) - PI / tan(PI * x);
    double sum = 0;
    for (; x < 10; x++)
        sum -= 1 / x;
    double power = 1 / (x * x);
    sum += log(x) - 0.5 / x;
    for (int i = 0; i < N_BERNOULLI; i++) {
        sum -= bernoulli[i] / (2 * (i + 1)) * power;
        power /= x * x;
    }
    return sum;
}

double special_zeta(double x, double q) {
    if (x == 1)
        return INFINITY;
    if (x < 1 || isnan(x) || isnan(q))
        return NAN;
    if (q <= 0) {
        if (q == floor(q))
            return INFINITY;
        if (x != floor(x))
            return NAN;
    }
    /* Euler-Maclaurin: the first terms one by one, the rest by its integral and derivatives. */
    double sum = 0;
    int n = q < 0 && q > -1e6 ? (int)-q + 12 : 12;
    for (int k = 0; k < n; k++)
        sum += pow(q + k, -x);
    double w = q + n, term = x * pow(w, -x - 1), factorial = 2;
    sum += pow(w, 1 - x) / (x - 1) + 0.5 * pow(w, -x);
    for (int i = 0; i < N_BERNOULLI; i++) {
        sum += bernoulli[i] / factorial * term;
        term *= (x + 2 * i + 1) * (x + 2 * i + 2) / (w * w);
        factorial *= (2 * i + 3) * (2 * i + 4);
    }
    return sum;
}

double special_polygamma(double n, double x) {
    if (n < 0 || n != floor(n))
        return NAN;
    if (n == 0)
        return special_digamma(x);
    double y = exp(lgamma(n + 1)) * special_zeta(n + 1, x);
    return fmod(n, 2) == 0 ? -y : y;
}

double special_bessel_i1e(double x) {
    double a = fabs(x), sum = 0;
    if (a < 30) {
        double term = a / 2;
        for (int k = 0; k < 200 && (k < 2 || term > sum * 1e-18); k++) {
            sum += term;
            term *= a * a / 4 / ((k + 1.0) * (k + 2.0));
        }
        sum *= exp(-a);
    } else {
        double term = 1;
        for (int k = 1; k < 20; k++) {
            sum += term;
            term *= -(4 - (2.0 * k - 1) * (2.0 * k - 1)) / (8 * a * k);
        }
        sum /= sqrt(2 * PI * a);
    }
    return copysign(sum, x);
}

double special_next_after(double x, double y, int digits, int most) {
    double largest = ldexp(2 - ldexp(1, -digits), most);
    int least = 1 - most;
    if (isnan(x) || isnan(y))
        return NAN;
    if (x == y)
        return y;
    if (x == 0)
        return copysign(ldexp(1, least - digits), y);
    if (isinf(x))
        return copysign(largest, x);
    bool outwards = (y > x) == (x > 0);
    int exponent = ilogb(x) > least ? ilogb(x) : least;
    /* The largest number below a power of two is half a step away. */
    if (!outwards && fabs(x) == ldexp(1, exponent) && exponent > least)
        exponent--;
    double next = x + copysign(ldexp(1, exponent - digits), y - x);
    return fabs(next) > largest ? copysign(INFINITY, x) : next == 0 ? copysign(0, x) : next;
}
