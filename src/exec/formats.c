/* The block formats: 16 neighbours share an exponent, each has a sign and 7, 3 or 1 bits without a hidden one.
 *
 * device-model.md section 3, from the packer's FormatConversion.md: the shared exponent is the largest of the sixteen;
 * a number keeps the bits at and above its last place. BFP8 rounds to nearest, ties away from zero; BFP4 and BFP2 are BFP8
 * with bits cut off. Subnormal numbers are zero, minus zero is plus zero, and an exponent of 255 (infinity, NaN) counts as
 * a large number. What the matrix and vector units do with a block is done on these values, which bf16 holds exactly.
 */
#include <string.h>

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

/* A block whose shared exponent leaves no place for arithmetic in f32: it is next to zero, or counts as infinite. */
static void round_bits(uint16_t *h, int64_t n, unsigned shared, unsigned mask) {
    for (int64_t i = 0; i < n; i++)
        h[i] = value(magnitude(h[i], shared) & mask, shared, h[i] & 0x8000u);
}

static float power_of_two(unsigned exponent) {
    uint32_t bits = exponent << 23;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* The same in f32, exactly, without a branch: a magnitude is |x| * 2^(133 - shared), rounded. */
static void round_floats(uint16_t *h, unsigned shared, unsigned mask) {
    float up = power_of_two(260 - shared), down = power_of_two(shared - 6);
    uint32_t bits[BLOCK];
    float f[BLOCK];
    for (int i = 0; i < BLOCK; i++)
        bits[i] = (uint32_t)(h[i] & 0x7fffu) << 16;
    memcpy(f, bits, sizeof f);
    for (int i = 0; i < BLOCK; i++) {
        int m = (int)(f[i] * up + 0.5f);
        m = m > 127 ? 127 : m;
        f[i] = (float)(m & (int)mask) * down;
    }
    memcpy(bits, f, sizeof f);
    for (int i = 0; i < BLOCK; i++)
        h[i] = (uint16_t)(bits[i] >> 16 | (bits[i] ? h[i] & 0x8000u : 0));
}

/* Blocks [begin, end) of rows of so many numbers, whose last block may be a shorter one. */
static void round_blocks(exec_format f, uint16_t *bf16, int64_t row, int64_t begin, int64_t end) {
    unsigned mask = f == FORMAT_BFP8 ? 0x7fu : f == FORMAT_BFP4 ? 0x70u : 0x40u;
    int64_t in_row = (row + BLOCK - 1) / BLOCK;
    for (int64_t b = begin; b < end; b++) {
        int64_t at = b % in_row * BLOCK, n = row - at < BLOCK ? row - at : BLOCK;
        uint16_t *h = bf16 + b / in_row * row + at;
        unsigned shared = 0;
        for (int64_t i = 0; i < n; i++)
            shared = exponent_of(h[i]) > shared ? exponent_of(h[i]) : shared;
        if (n == BLOCK && shared >= 8 && shared < 255)
            round_floats(h, shared, mask);
        else
            round_bits(h, n, shared, mask);
    }
}

static int64_t blocks_of(const int64_t *dims, int rank) {
    int64_t n = 1, row = rank ? dims[rank - 1] : 1;
    for (int i = 0; i + 1 < rank; i++)
        n *= dims[i];
    return n * ((row + BLOCK - 1) / BLOCK);
}

/* Integers of less than a byte wrap round, as wider ones do. */
static bool wrap(exec_format f, void *values, const int64_t *dims, int rank) {
    if (f < FORMAT_I4)
        return false;
    unsigned bits = f == FORMAT_I4 || f == FORMAT_U4 ? 4 : 2, sign = 1u << (bits - 1), mask = 2 * sign - 1;
    bool is_signed = f == FORMAT_I4 || f == FORMAT_I2;
    uint8_t *v = values;
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= dims[i];
    for (int64_t i = 0; i < n; i++) {
        unsigned low = v[i] & mask;
        v[i] = (uint8_t)(is_signed && (low & sign) ? low - 2 * sign : low);
    }
    return true;
}

void format_round(exec_format f, void *values, const int64_t *dims, int rank) {
    uint16_t *bf16 = values;
    if (wrap(f, values, dims, rank))
        return;
    round_blocks(f, bf16, rank ? dims[rank - 1] : 1, 0, blocks_of(dims, rank));
}

struct rounding {
    exec_format format;
    uint16_t *bf16;
    int64_t row;
};

static void round_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct rounding *w = ctx;
    (void)worker;
    round_blocks(w->format, w->bf16, w->row, (int64_t)begin, (int64_t)end);
}

bool format_round_shared(const exec_plan *x, exec_format f, void *values, const int64_t *dims, int rank) {
    enum { GRAIN = 1 << 12 };
    if (wrap(f, values, dims, rank))
        return true;
    struct rounding w = {f, values, rank ? dims[rank - 1] : 1};
    size_t n = (size_t)blocks_of(dims, rank);
    if (n > GRAIN)
        return pool_for(x->pool, n, GRAIN, round_piece, &w, x->asked);
    round_piece(&w, 0, n, 0);
    return true;
}
