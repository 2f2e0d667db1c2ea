/* Float formats: what decimal numbers become, and that every code of the small formats survives the way to double
 * and back. The expected codes are those mlir-opt 22 prints or accepts for `x : type` (special codes in hex), the rest
 * follows from IEEE 754 and the OCP 8-bit and microscaling format papers. */
#include "test.h"

#include <math.h>

#include "ir/ir.h"

static const struct sample {
    ir_float kind;
    double value;
    uint64_t bits;
    double back; /* value of the bits; NAN: not a number */
} samples[] = {
    {IR_F4E2M1FN, 1e10, 0x7, 6},
    {IR_F4E2M1FN, -7, 0xf, -6},
    {IR_F4E2M1FN, 0.75, 0x2, 1},
    {IR_F4E2M1FN, 0.25, 0x0, 0},
    {IR_F4E2M1FN, 5, 0x6, 4},
    {IR_F6E2M3FN, 7.75, 0x1f, 7.5},
    {IR_F6E2M3FN, 0.0625, 0x00, 0},
    {IR_F6E2M3FN, 0.07, 0x01, 0.125},
    {IR_F6E3M2FN, 30, 0x1f, 28},
    {IR_F8E3M4, 15.75, 0x70, INFINITY},
    {IR_F8E3M4, 0.002, 0x00, 0},
    {IR_F8E4M3, 240, 0x77, 240},
    {IR_F8E4M3, 247.9, 0x77, 240},
    {IR_F8E4M3, 248, 0x78, INFINITY},
    {IR_F8E4M3, -1e9, 0xf8, -INFINITY},
    {IR_F8E4M3FN, 448, 0x7e, 448},
    {IR_F8E4M3FN, 464, 0x7e, 448},
    {IR_F8E4M3FN, 465, 0x7f, NAN},
    {IR_F8E4M3FN, -1e10, 0xff, NAN},
    {IR_F8E4M3FNUZ, 240, 0x7f, 240},
    {IR_F8E4M3FNUZ, 248, 0x80, NAN},
    {IR_F8E4M3FNUZ, -0.0, 0x00, 0},
    {IR_F8E4M3FNUZ, -1e-10, 0x00, 0},
    {IR_F8E4M3B11FNUZ, 30, 0x7f, 30},
    {IR_F8E4M3B11FNUZ, 31, 0x80, NAN},
    {IR_F8E5M2, 1e10, 0x7c, INFINITY},
    {IR_F8E5M2FNUZ, -1e10, 0x80, NAN},
    {IR_F8E8M0FNU, 1, 127, 1},
    {IR_F8E8M0FNU, 0, 0, 0x1p-127},
    {IR_F8E8M0FNU, 1.5, 128, 2},
    {IR_F8E8M0FNU, 2.9, 128, 2},
    {IR_F8E8M0FNU, 3, 129, 4},
    {IR_F8E8M0FNU, 1e60, 0xff, NAN},
    {IR_F8E8M0FNU, 1e-50, 0, 0x1p-127},
    {IR_F8E8M0FNU, -1, 0x17f, -1},
    {IR_BF16, 1.1, 0x3f8d, 1.1015625},
    {IR_BF16, 1e300, 0x7f80, INFINITY},
    {IR_F16, 65504, 0x7bff, 65504},
    {IR_F16, 65520, 0x7c00, INFINITY},
    {IR_F16, 0x1p-24, 0x0001, 0x1p-24},
    {IR_F16, 0x1p-25, 0x0000, 0},
    {IR_F16, 0x1.8p-25, 0x0001, 0x1p-24},
    {IR_TF32, 1e60, 0x3fc00, INFINITY},
    {IR_TF32, 1.1, 0x1fc66, 1.099609375},
    {IR_F32, 0.1, 0x3dcccccd, 0.100000001490116119384765625},
    {IR_F32, -1e-46, 0x80000000, -0.0},
    {IR_F32, 0x1p-149, 0x00000001, 0x1p-149},
    {IR_F64, 0.1, 0x3fb999999999999a, 0.1},
};

static void converts(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const struct sample *s = &samples[i];
        uint64_t bits = ir_float_bits(s->kind, s->value);
        double back = ir_float_from_bits(s->kind, bits);
        bool good = bits == s->bits && (isnan(s->back) ? isnan(back) : back == s->back);
        if (!good)
            fail_msg("%s %g: 0x%llx, %g", ir_float_infos[s->kind].name, s->value, (unsigned long long)bits, back);
        assert_int_equal(ir_float_is_special(s->kind, (uint64_t[2]){bits, 0}), isnan(back) || isinf(back) != 0);
    }
}

static void keeps_every_code(void **state) {
    (void)state;
    for (ir_float f = 0; f < IR_N_FLOATS; f++) {
        if (ir_float_infos[f].bits > 19)
            continue;
        for (uint64_t code = 0; code < 1u << ir_float_infos[f].bits; code++) {
            double v = ir_float_from_bits(f, code);
            if (!isnan(v))
                assert_int_equal(ir_float_bits(f, v), code);
        }
    }
}

static void agrees_with_the_machine(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        uint64_t r = test_random(&seed);
        double v;
        memcpy(&v, &r, sizeof v);
        if (i & 1) /* most random doubles are out of range for a float: bring half of them in */
            v = ldexp(frexp(v, &(int){0}), (int)(r % 320) - 160);
        float narrow = (float)v, again = (float)ir_float_from_bits(IR_F32, ir_float_bits(IR_F32, v));
        if (isnan(v))
            continue;
        uint32_t bits;
        memcpy(&bits, &narrow, sizeof bits);
        assert_int_equal(ir_float_bits(IR_F32, v), bits);
        assert_true(narrow == again);
    }
}

static void wide(void **state) {
    (void)state;
    static const double values[] = {0, -0.0, 1, -1.1, 1e300, 5e-324, 0x1.fffffffffffffp1023, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint64_t w[2];
        for (ir_float f = IR_F80; f <= IR_F128; f++) {
            ir_float_to_words(f, values[i], w);
            double back = ir_float_from_words(f, w);
            assert_memory_equal(&back, &values[i], sizeof back);
            assert_int_equal(ir_float_is_special(f, w), isinf(back) != 0);
        }
    }
    uint64_t one[2];
    ir_float_to_words(IR_F80, 1.0, one);
    assert_int_equal(one[0], (uint64_t)1 << 63);
    assert_int_equal(one[1], 0x3fff);
    ir_float_to_words(IR_F128, -2.0, one);
    assert_int_equal(one[0], 0);
    assert_int_equal(one[1], 0xc000000000000000);
    /* 1 + 2^-53 is a tie and goes to 1; one unit of f128 more decides upwards. */
    assert_true(ir_float_from_words(IR_F128, (uint64_t[2]){(uint64_t)1 << 59, 0x3fff000000000000}) == 1.0);
    assert_true(ir_float_from_words(IR_F128, (uint64_t[2]){((uint64_t)1 << 59) + 1, 0x3fff000000000000}) ==
                1.0 + 0x1p-52);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(converts), cmocka_unit_test(keeps_every_code),
                                       cmocka_unit_test(agrees_with_the_machine), cmocka_unit_test(wide)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
