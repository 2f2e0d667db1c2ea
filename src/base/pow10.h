/* The 128 leading bits of powers of ten, for num.c: pow10_bits[q - POW10_FIRST] holds 10^q / 2^(binary exponent),
 * high word first, normalised so that the top bit is set. Powers of ten and of five share their leading bits. */
#ifndef TTX_BASE_POW10_H
#define TTX_BASE_POW10_H

#include <stdint.h>

enum { POW10_FIRST = -342, POW10_LAST = 308 };

extern const uint64_t pow10_bits[POW10_LAST - POW10_FIRST + 1][2];

/* floor(log2(10^q)) for every q of the table. */
static inline int pow10_log2(int q) {
    return (q * 217706) >> 16;
}

#endif
