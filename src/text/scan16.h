/* scan16.h - looking at sixteen bytes of text at once, in the vectors every compiler and machine has. */
#ifndef TEXT_SCAN16_H
#define TEXT_SCAN16_H

#include <stdint.h>
#include <string.h>

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

/* Sixteen times this byte. */
#define BYTES16(c) ((bytes16){} + (uint8_t)(c))

/* The sixteen bytes at p. */
static inline bytes16 bytes16_at(const char *p) {
    bytes16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* The place of the first byte of `hits` that is not zero; 16 when all are. Each byte is 0 or 255, as comparisons make
 * them; bytes are numbered as in memory (the machine is little-endian, like all we build for). */
static inline unsigned bytes16_first(bytes16 hits) {
    words2 w = (words2)hits;
    if (w[0])
        return (unsigned)__builtin_ctzll(w[0]) / 8;
    return w[1] ? 8 + (unsigned)__builtin_ctzll(w[1]) / 8 : 16;
}

#endif
