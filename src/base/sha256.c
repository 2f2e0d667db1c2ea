/* SHA-256, straight from FIPS 180-4; where the processor has instructions for it, with these. */
#include "base/sha256.h"

#include "base/platform.h"

#if HAVE_SHA
#include <cpuid.h>
#include <immintrin.h>
#endif

enum { BLOCK = 64 };

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2). */
static const uint32_t k[BLOCK] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate(uint32_t x, unsigned n) {
    return x >> n | x << (32 - n);
}

/* Round i, with the eight working variables in the places that they have before it; they move by their names from round to
 * round instead of being copied. */
static inline void round_of(uint32_t word, uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f,
                            uint32_t g, uint32_t *h) {
    uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    uint32_t t1 = *h + s1 + (g ^ (e & (f ^ g))) + word;
    uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    *d += t1;
    *h = t1 + s0 + ((a & b) | (c & (a | b)));
}

static void add_block_plain(uint32_t state[8], const unsigned char *p) {
    uint32_t w[BLOCK];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < BLOCK; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < BLOCK; i += 8) {
        round_of(k[i] + w[i], a, b, c, &d, e, f, g, &h);
        round_of(k[i + 1] + w[i + 1], h, a, b, &c, d, e, f, &g);
        round_of(k[i + 2] + w[i + 2], g, h, a, &b, c, d, e, &f);
        round_of(k[i + 3] + w[i + 3], f, g, h, &a, b, c, d, &e);
        round_of(k[i + 4] + w[i + 4], e, f, g, &h, a, b, c, &d);
        round_of(k[i + 5] + w[i + 5], d, e, f, &g, h, a, b, &c);
        round_of(k[i + 6] + w[i + 6], c, d, e, &f, g, h, a, &b);
        round_of(k[i + 7] + w[i + 7], b, c, d, &e, f, g, h, &a);
    }
    const uint32_t v[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

#if HAVE_SHA

/* CPUID 7.0, EBX bit 29: SHA; 1, ECX bits 9 and 19: SSSE3 and SSE4.1. Asked once, for a virtual machine answers slowly. */
static bool cpu_has_sha(void) {
    static _Atomic int known; /* 0: not asked yet, 1: no, 2: yes */
    if (!known) {
        unsigned a, b, c, d;
        bool has = __get_cpuid(1, &a, &b, &c, &d) && c >> 9 & 1 && c >> 19 & 1;
        known = has && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b >> 29 & 1 ? 2 : 1;
    }
    return known == 2;
}

/* The instructions hold the state as the words (a, b, e, f) and (c, d, g, h), the first one highest, and do two rounds at a
 * time with the two lowest of four sums of word and constant. The schedule's words are made four at a time from the sixteen
 * before them (section 6.2.2, step 1). */
WITH_SHA static void add_block_sha(uint32_t state[8], const unsigned char *p) {
    const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    __m128i dcba = _mm_loadu_si128((const __m128i *)state), hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    const __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
    __m128i x = abef, y = cdgh, w[4];
    for (int i = 0; i < BLOCK / 4; i++) {
        __m128i *now = &w[i % 4];
        if (i < 4) {
            *now = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + 16 * i)), big_endian);
        } else {
            __m128i seven_ago = _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4);
            __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(*now, w[(i + 1) % 4]), seven_ago);
            *now = _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
        }
        __m128i words = _mm_add_epi32(*now, _mm_loadu_si128((const __m128i *)(k + 4 * i)));
        y = _mm_sha256rnds2_epu32(y, x, words);
        x = _mm_sha256rnds2_epu32(x, y, _mm_shuffle_epi32(words, 0x0e));
    }
    x = _mm_add_epi32(x, abef);
    y = _mm_add_epi32(y, cdgh);
    __m128i feba = _mm_shuffle_epi32(x, 0x1b), dchg = _mm_shuffle_epi32(y, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

#else

static bool cpu_has_sha(void) {
    return false;
}

static void add_block_sha(uint32_t state[8], const unsigned char *p) {
    add_block_plain(state, p);
}

#endif

typedef void add_block_fn(uint32_t state[8], const unsigned char *p);

static void hash(str bytes, add_block_fn *add_block, char out[SHA256_HEX]) {
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    size_t done = 0;
    for (; bytes.n - done >= BLOCK; done += BLOCK)
        add_block(h, (const unsigned char *)bytes.p + done);
    /* The rest, a one bit, zeros, and the length in bits in the last eight bytes. */
    unsigned char tail[2 * BLOCK] = {0};
    size_t rest = bytes.n - done, n = rest + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
    if (rest)
        memcpy(tail, bytes.p + done, rest);
    tail[rest] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        tail[n - 1 - i] = (unsigned char)((uint64_t)bytes.n * 8 >> (8 * i));
    for (size_t at = 0; at < n; at += BLOCK)
        add_block(h, tail + at);
    for (int i = 0; i < SHA256_HEX; i++)
        out[i] = "0123456789abcdef"[h[i / 8] >> (28 - i % 8 * 4) & 15];
}

void sha256_hex(str bytes, char out[SHA256_HEX]) {
    hash(bytes, cpu_has_sha() ? add_block_sha : add_block_plain, out);
}

void sha256_hex_plain(str bytes, char out[SHA256_HEX]) {
    hash(bytes, add_block_plain, out);
}
