/* Floats as mlir-opt 22 prints them: `"a"() {v = 0x<bits> : <type>} : () -> ()`. */
#include "test.h"

#include "base/buf.h"
#include "text/text.h"

static const struct {
    ir_float f;
    uint64_t bits;
    const char *text; /* with the type */
} cases[] = {
    {IR_F32, 0x0, "0.000000e+00 : f32"},
    {IR_F32, 0x80000000, "-0.000000e+00 : f32"},
    {IR_F32, 0x3F800000, "1.000000e+00 : f32"},
    {IR_F32, 0xBFC00000, "-1.500000e+00 : f32"},
    {IR_F32, 0x3DCCCCCD, "1.000000e-01 : f32"},
    {IR_F32, 0x3F333333, "0.699999988 : f32"},
    {IR_F32, 0x3F666666, "0.899999976 : f32"},
    {IR_F32, 0x3727C5AC, "9.99999974E-6 : f32"},
    {IR_F32, 0x3727C5AC, "9.99999974E-6 : f32"},
    {IR_F32, 0x40490FDB, "3.14159274 : f32"},
    {IR_F32, 0x4B800000, "0x4B800000 : f32"},
    {IR_F32, 0x47F12000, "1.234560e+05 : f32"},
    {IR_F32, 0x4996B438, "0x4996B438 : f32"},
    {IR_F32, 0x47C35000, "1.000000e+05 : f32"},
    {IR_F32, 0x501502F9, "1.000000e+10 : f32"},
    {IR_F32, 0x2EDBE6FF, "1.000000e-10 : f32"},
    {IR_F32, 0x7F7FFFFF, "3.40282347E+38 : f32"},
    {IR_F32, 0x800000, "1.17549435E-38 : f32"},
    {IR_F32, 0x1, "1.401300e-45 : f32"},
    {IR_F32, 0x3A83126F, "1.000000e-03 : f32"},
    {IR_F32, 0x38D1B717, "9.99999974E-5 : f32"},
    {IR_F32, 0x477FE000, "6.550400e+04 : f32"},
    {IR_F32, 0x3F800001, "1.00000012 : f32"},
    {IR_F32, 0x7F800000, "0x7F800000 : f32"},
    {IR_F32, 0xFF800000, "0xFF800000 : f32"},
    {IR_F32, 0x7FC00000, "0x7FC00000 : f32"},
    {IR_F32, 0x7F800001, "0x7F800001 : f32"},
    {IR_F64, 0x0, "0.000000e+00 : f64"},
    {IR_F64, 0x3FF0000000000000, "1.000000e+00 : f64"},
    {IR_F64, 0x3FB999999999999A, "1.000000e-01 : f64"},
    {IR_F64, 0x3FD5555555555555, "0.33333333333333331 : f64"},
    {IR_F64, 0x3EE4F8B588E368F1, "1.000000e-05 : f64"},
    {IR_F64, 0x4480F0CF064DD592, "1.000000e+22 : f64"},
    {IR_F64, 0x44B52D02C7E14AF6, "9.9999999999999991E+22 : f64"},
    {IR_F64, 0x40FE240C9FBE76C9, "123456.789 : f64"},
    {IR_F64, 0x1, "4.940660e-324 : f64"},
    {IR_F64, 0x7FEFFFFFFFFFFFFF, "1.7976931348623157E+308 : f64"},
    {IR_F64, 0x10000000000000, "2.2250738585072014E-308 : f64"},
    {IR_F64, 0x1A56E1FC2F8F359, "1.000000e-300 : f64"},
    {IR_F64, 0x4330000000000002, "0x4330000000000002 : f64"},
    {IR_F64, 0x7FF0000000000000, "0x7FF0000000000000 : f64"},
    {IR_F64, 0x7FF8000000000001, "0x7FF8000000000001 : f64"},
    {IR_BF16, 0x0, "0.000000e+00 : bf16"},
    {IR_BF16, 0x3F80, "1.000000e+00 : bf16"},
    {IR_BF16, 0x3DCD, "1.000980e-01 : bf16"},
    {IR_BF16, 0x7F80, "0x7F80 : bf16"},
    {IR_BF16, 0x4049, "3.140630e+00 : bf16"},
    {IR_BF16, 0x1, "9.183550e-41 : bf16"},
    {IR_BF16, 0x7F7F, "3.389530e+38 : bf16"},
    {IR_BF16, 0xFFC0, "0xFFC0 : bf16"},
    {IR_F16, 0x3C00, "1.000000e+00 : f16"},
    {IR_F16, 0x2E66, "9.997550e-02 : f16"},
    {IR_F16, 0x7BFF, "6.550400e+04 : f16"},
    {IR_F16, 0x1, "5.960460e-08 : f16"},
    {IR_F16, 0x7C00, "0x7C00 : f16"},
    {IR_F16, 0x400, "6.103520e-05 : f16"},
    {IR_TF32, 0x1FC00, "1.000000e+00 : tf32"},
    {IR_TF32, 0x1, "1.147940e-41 : tf32"},
    {IR_F8E4M3FN, 0x7E, "4.480000e+02 : f8E4M3FN"},
    {IR_F8E4M3FN, 0x7F, "0x7F : f8E4M3FN"},
    {IR_F8E4M3FN, 0x1, "1.953130e-03 : f8E4M3FN"},
    {IR_F8E4M3FNUZ, 0x80, "0x80 : f8E4M3FNUZ"},
    {IR_F8E4M3FNUZ, 0x7F, "2.400000e+02 : f8E4M3FNUZ"},
    {IR_F8E5M2, 0x7B, "5.734400e+04 : f8E5M2"},
    {IR_F8E5M2, 0x7C, "0x7C : f8E5M2"},
    {IR_F8E5M2FNUZ, 0x80, "0x80 : f8E5M2FNUZ"},
    {IR_F8E4M3B11FNUZ, 0x41, "1.406250e-01 : f8E4M3B11FNUZ"},
    {IR_F8E3M4, 0x31, "1.062500e+00 : f8E3M4"},
    {IR_F8E4M3, 0x39, "1.125000e+00 : f8E4M3"},
    {IR_F8E8M0FNU, 0x0, "5.877470e-39 : f8E8M0FNU"},
    {IR_F8E8M0FNU, 0x7F, "1.000000e+00 : f8E8M0FNU"},
    {IR_F8E8M0FNU, 0xFF, "0xFF : f8E8M0FNU"},
    {IR_F8E8M0FNU, 0xFE, "1.701410e+38 : f8E8M0FNU"},
    {IR_F6E2M3FN, 0x1F, "7.500000e+00 : f6E2M3FN"},
    {IR_F6E3M2FN, 0x1F, "2.800000e+01 : f6E3M2FN"},
    {IR_F6E3M2FN, 0x21, "-6.250000e-02 : f6E3M2FN"},
    {IR_F4E2M1FN, 0x7, "6.000000e+00 : f4E2M1FN"},
    {IR_F4E2M1FN, 0x9, "-5.000000e-01 : f4E2M1FN"},
};

static void as_mlir_opt(void **state) {
    (void)state;
    struct mem mem = {0};
    ir_context *c = ir_context_new(&mem, NULL);
    struct buf b;
    buf_init(&b, &mem);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t words[] = {ir_type_float(c, cases[i].f), (uint32_t)cases[i].bits, (uint32_t)(cases[i].bits >> 32)};
        buf_clear(&b);
        assert_true(text_print_node(c, ir_intern(c, IR_ATTR_FLOAT, 0, words, 3), &b));
        assert_str(buf_str(&b), cases[i].text);
    }
    buf_free(&b);
    ir_context_unref(c);
    assert_int_equal(mem.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_mlir_opt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
