/* dtype_rules.c - see dtype_rules.h. */
#include "compile/dtype_rules.h"

static int mantissa_bits(target_dtype t) {
    static const uint8_t bits[DTYPE_N] = {
        [DTYPE_F32] = 23,   [DTYPE_F16] = 10,    [DTYPE_BF16] = 7,   [DTYPE_BFP_F8] = 7,  [DTYPE_BFP_BF8] = 7,
        [DTYPE_BFP_F4] = 3, [DTYPE_BFP_BF4] = 3, [DTYPE_BFP_F2] = 1, [DTYPE_BFP_BF2] = 1,
    };
    return bits[t];
}

static int exponent_bits(target_dtype t) {
    return t == DTYPE_F16 || t == DTYPE_BFP_F8 || t == DTYPE_BFP_F4 || t == DTYPE_BFP_F2 ? 5 : 8;
}

static int integer_bits(target_dtype t) {
    return t == DTYPE_I1 ? 1 : 8 * target_dtypes[t].bytes;
}

bool dtype_narrows(target_dtype from, target_dtype to) {
    if (from >= DTYPE_N || to >= DTYPE_N)
        return true;
    bool f0 = target_dtypes[from].is_float, f1 = target_dtypes[to].is_float;
    if (f0)
        return !f1 || exponent_bits(from) > exponent_bits(to) || mantissa_bits(from) > mantissa_bits(to);
    bool s0 = target_dtypes[from].is_signed, s1 = target_dtypes[to].is_signed;
    if (f1)
        return integer_bits(from) - (s0 ? 1 : 0) > mantissa_bits(to);
    return s0 == s1 ? integer_bits(from) > integer_bits(to) : s1 ? integer_bits(from) >= integer_bits(to) : true;
}
