/* Functions that are in no C library; in double, for both classes of reals. */
#ifndef TTX_EXEC_SPECIAL_H
#define TTX_EXEC_SPECIAL_H

/* The inverse of erf on (-1, 1): infinite at its ends, NaN outside. */
double special_erf_inv(double x);
/* The derivative of lgamma. */
double special_digamma(double x);
/* Hurwitz zeta: the sum of (k + q)^-x over k = 0, 1, ... */
double special_zeta(double x, double q);
/* Derivative number n of digamma; NaN unless n is a whole number of at least 0. */
double special_polygamma(double n, double x);
/* exp(-|x|) times the modified Bessel function of the first kind of order 1. */
double special_bessel_i1e(double x);
/* The number after x on the way to y, of those that have `digits` binary digits behind the first one and exponents of at most
 * `most` (bf16: 7, 127; f16: 10, 15), as IEEE 754 lays them out: subnormal ones below 2^(1 - most), infinity above all. */
double special_next_after(double x, double y, int digits, int most);

#endif
