/* Which of the compiled tables this machine runs. */
#include "exec/vec.h"

unsigned vec_arity(vec_op op) {
    static const uint8_t arity[VEC_N_OPS] = {
#define X(name, n) n,
        VEC_OPS(X)
#undef X
    };
    return arity[op];
}

const char *vec_name(vec_op op) {
    static const char *const names[VEC_N_OPS] = {
#define X(name, n) #name,
        VEC_OPS(X)
#undef X
    };
    return names[op];
}

enum tensor_dtype vec_lane(vec_class k) {
    return k == VEC_F32 ? TENSOR_F32 : k == VEC_F64 ? TENSOR_F64 : k == VEC_U64 ? TENSOR_U64 : TENSOR_I64;
}

vec_class vec_class_of(enum tensor_dtype t) {
    if (tensor_dtype_is_small(t))
        return VEC_F32;
    switch (t) {
    case TENSOR_F16:
    case TENSOR_BF16:
    case TENSOR_F32:
    case TENSOR_C64: return VEC_F32;
    case TENSOR_F64:
    case TENSOR_C128: return VEC_F64;
    case TENSOR_U64: return VEC_U64;
    default: return VEC_I64;
    }
}

#define TABLES(isa) \
    extern const struct vec exec_vec_f32_##isa, exec_vec_f64_##isa, exec_vec_i64_##isa, exec_vec_u64_##isa
#define LIST(isa) \
    { &exec_vec_f32_##isa, &exec_vec_f64_##isa, &exec_vec_i64_##isa, &exec_vec_u64_##isa }

TABLES(base);
static const struct vec *const base[VEC_N] = LIST(base);

#if EXEC_X86_64 /* meson.build: whether the other tables were compiled */

TABLES(v3);
TABLES(v4);
static const struct vec *const v3[VEC_N] = LIST(v3), *const v4[VEC_N] = LIST(v4);

const struct vec *vec_table(vec_class c) {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return v4[c];
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        return v3[c];
    return base[c];
}

#else

const struct vec *vec_table(vec_class c) {
    return base[c];
}

#endif
