/* The block formats: 16 neighbours share an exponent, each has a sign and 7, 3 or 1 bits without a hidden one.
 *
 * device-model.md section 3, from the packer's FormatConversion.md: the shared exponent is the largest of the sixteen;
 * a number keeps the bits at and above its last place. BFP8 rounds to nearest, ties away from zero; BFP4 and BFP2 are BFP8
 * with bits cut off. Subnormal numbers are zero, minus zero is plus zero, and an exponent of 255 (infinity, NaN) counts as
 * a large number. What the matrix and vector units do with a block is done on these values, which bf16 holds exactly.
 */
#include "exec/inner.h"

enum { BLOCK = 16 };

static unsigned exponent_of(uint16_t h) {
    return h >> 7 & 0xff;
}

/* Magnitude of 8 bits with the hidden one at bit 7 -> `bits` bits below the shared exponent. */
static unsigned magnitude(uint16_t h, unsigned shared) {
    unsigned e = exponent_of(h), shift = shared - e;
    if (e == 0 || shift > 8)
        return 0;
    unsigned m = 0x80u | (h & 0x7fu);
    /* 7 bits are kept: one goes in any case; adding half of the last place rounds ties away from zero. */
    m = (m + (1u << shift)) >> (shift + 1);
    return m > 127 ? 127 : m;
}

static uint16_t value(unsigned m, unsigned shared, uint16_t sign) {
    if (m == 0)
        return 0;
    unsigned shift = 0;
    while (!(m & 0x40u)) {
        m <<= 1;
        shift++;
    }
    /* Bit 6 is the exponent's one. */
    if (shared <= shift)
        return 0;
    return (uint16_t)(sign | (shared - shift) << 7 | (m & 0x3fu) << 1);
}

void format_round(exec_format f, uint16_t *bf16, const int64_t *dims, int rank) {
    int64_t rows = 1, row = rank ? dims[rank - 1] : 1;
    unsigned mask = f == FORMAT_BFP8 ? 0x7fu : f == FORMAT_BFP4 ? 0x70u : 0x40u;
    for (int i = 0; i + 1 < rank; i++)
        rows *= dims[i];
    for (int64_t r = 0; r < rows; r++)
        for (int64_t begin = 0; begin < row; begin += BLOCK) {
            uint16_t *h = bf16 + r * row + begin;
            int64_t n = row - begin < BLOCK ? row - begin : BLOCK;
            unsigned shared = 0;
            for (int64_t i = 0; i < n; i++)
                shared = exponent_of(h[i]) > shared ? exponent_of(h[i]) : shared;
            for (int64_t i = 0; i < n; i++)
                h[i] = value(magnitude(h[i], shared) & mask, shared, h[i] & 0x8000u);
        }
}
