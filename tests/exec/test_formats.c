/* Block formats against their definition, in numbers: sixteen neighbours count in steps of the largest one's power of two (device-model.md
 * section 3). */
#include <math.h>
#include <string.h>

#include "exec/inner.h"
#include "exec/seed.h"
#include "test.h"

static double number(uint16_t h) {
    int e = h >> 7 & 0xff;
    return e ? ldexp(1 + (h & 0x7f) / 128.0, e - 127) : 0; /* an exponent of 255 is one like others, 0 is zero */
}

/* What is left of a number in a block of this exponent: `bits` of 7 magnitude bits. */
static double rounded(uint16_t h, int shared, int bits) {
    double m = floor(ldexp(number(h), 6 - (shared - 127)) + 0.5);
    m = m > 127 ? 127 : m;
    m = ldexp(floor(ldexp(m, bits - 7)), 7 - bits);
    double v = ldexp(m, shared - 127 - 6);
    return v < ldexp(1, -126) ? 0 : h & 0x8000 ? -v : v;
}

static double signed_number(uint16_t h) {
    return h & 0x8000 ? -number(h) : number(h);
}

static void blocks_of_every_exponent(void **state) {
    (void)state;
    static const struct {
        exec_format format;
        int bits;
    } formats[] = {{FORMAT_BFP8, 7}, {FORMAT_BFP4, 3}, {FORMAT_BFP2, 1}};
    enum { ROUNDS = 40, ROW = 21 }; /* a whole block and a part of one */
    for (size_t f = 0; f < 3; f++)
        for (int shared = 0; shared < 256; shared++)
            for (int round = 0; round < ROUNDS; round++) {
                uint16_t h[2 * ROW], was[2 * ROW];
                for (int i = 0; i < 2 * ROW; i++) {
                    uint64_t bits = seed_bits((uint64_t)(shared * ROUNDS + round), (uint64_t)i);
                    int below = (int)(bits >> 32 & 15),
                        e = i % ROW % 16 == 0 || below > shared ? shared : shared - below;
                    h[i] = (uint16_t)((bits & 0x807f) | (uint64_t)e << 7);
                }
                memcpy(was, h, sizeof h);
                int64_t dims[2] = {2, ROW};
                format_round(formats[f].format, h, dims, 2);
                for (int i = 0; i < 2 * ROW; i++) {
                    assert_true(signed_number(h[i]) == rounded(was[i], shared, formats[f].bits));
                    assert_true(h[i] != 0x8000);
                }
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks_of_every_exponent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
