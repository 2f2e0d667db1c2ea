/* Element types, memory, single elements. */
#include "import/tensor.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "ir/node.h"

static const struct {
    const char *name;
    uint8_t size;
} dtypes[TENSOR_N_DTYPES] = {
    [TENSOR_NONE] = {"none", 0}, [TENSOR_BOOL] = {"i1", 1}, [TENSOR_I8] = {"i8", 1},   [TENSOR_U8] = {"u8", 1},
    [TENSOR_I16] = {"i16", 2},   [TENSOR_U16] = {"u16", 2}, [TENSOR_I32] = {"i32", 4}, [TENSOR_U32] = {"u32", 4},
    [TENSOR_I64] = {"i64", 8},   [TENSOR_U64] = {"u64", 8}, [TENSOR_F16] = {"f16", 2}, [TENSOR_BF16] = {"bf16", 2},
    [TENSOR_F32] = {"f32", 4},   [TENSOR_F64] = {"f64", 8}, [TENSOR_C64] = {"c64", 8}, [TENSOR_C128] = {"c128", 16},
#define ROW(dtype, format, name) [dtype] = {name, 1},
    TENSOR_SMALL_FLOATS(ROW)
#undef ROW
};

str tensor_dtype_name(enum tensor_dtype t) {
    return str_from_z(dtypes[t].name);
}

size_t tensor_dtype_size(enum tensor_dtype t) {
    return dtypes[t].size;
}

enum tensor_dtype tensor_dtype_find(str name) {
    if (str_eq(name, STR("bool")))
        return TENSOR_BOOL;
    for (unsigned i = TENSOR_BOOL; i < TENSOR_N_DTYPES; i++)
        if (str_eq(name, str_from_z(dtypes[i].name)))
            return (enum tensor_dtype)i;
    return TENSOR_NONE;
}

bool tensor_size(enum tensor_dtype dtype, const int64_t *dims, int rank, size_t *bytes) {
    /* The product of all dimensions that are not 0 must fit too, so that no partial product overflows. */
    int64_t n = (int64_t)dtypes[dtype].size;
    bool empty = false;
    for (int i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return false;
        if (dims[i] == 0)
            empty = true;
        else if (!num_mul_i64(n, dims[i], &n))
            return false;
    }
    *bytes = empty ? 0 : (size_t)n;
    return true;
}

/* Owned bytes begin at the first multiple of 64 behind a word that says where the block begins. */
enum { ALIGN = 64, HUGE_BYTES = 64 << 20 };

static bool make(struct tensor *t, struct mem *m, enum tensor_dtype dtype, const int64_t *dims, int rank, bool clear) {
    *t = (struct tensor){0};
    size_t bytes, whole;
    if (rank > TENSOR_MAX_RANK || !tensor_size(dtype, dims, rank, &bytes) ||
        !num_add_size(bytes, ALIGN + sizeof(void *), &whole))
        return false;
    /* Weights of gigabytes: a page of 4 KB costs as much to be given and taken as to be filled. */
    char *block = whole >= HUGE_BYTES ? mem_huge_realloc(m, NULL, 0, whole)
                  : clear             ? mem_alloc_zero(m, whole)
                                      : mem_alloc(m, whole);
    if (!block)
        return false;
    if (clear && whole >= HUGE_BYTES && m->keeps) /* a block that was used before has what was in it */
        memset(block, 0, whole);
    char *data = block + sizeof(void *);
    data += (ALIGN - (uintptr_t)data % ALIGN) % ALIGN;
    memcpy(data - sizeof(void *), &block, sizeof block);
    t->dtype = dtype;
    t->rank = rank;
    if (rank)
        memcpy(t->dims, dims, (size_t)rank * sizeof *dims);
    t->data = data;
    t->mem = m;
    return true;
}

bool tensor_new(struct tensor *t, struct mem *m, enum tensor_dtype dtype, const int64_t *dims, int rank) {
    return make(t, m, dtype, dims, rank, true);
}

bool tensor_new_unset(struct tensor *t, struct mem *m, enum tensor_dtype dtype, const int64_t *dims, int rank) {
    return make(t, m, dtype, dims, rank, false);
}

void tensor_free(struct tensor *t) {
    if (t->mem) {
        char *block;
        memcpy(&block, (char *)t->data - sizeof(void *), sizeof block);
        size_t whole = tensor_bytes(t) + ALIGN + sizeof(void *);
        if (whole < HUGE_BYTES)
            mem_free(t->mem, block, whole);
        else
            mem_huge_free(t->mem, block, whole);
    }
    *t = (struct tensor){0};
}

static double float_at(ir_float f, const char *p, size_t size) {
    uint64_t bits = 0;
    memcpy(&bits, p, size);
    return ir_float_from_bits(f, bits);
}

double tensor_get(const struct tensor *t, int64_t i) {
    size_t size = dtypes[t->dtype].size;
    const char *p = (const char *)t->data + (size_t)i * size;
    uint64_t bits = 0;
    float f;
    double d;
    memcpy(&bits, p, size < sizeof bits ? size : sizeof bits);
    switch (t->dtype) {
    case TENSOR_NONE:
    case TENSOR_N_DTYPES: return 0;
    case TENSOR_BOOL:
    case TENSOR_U8:
    case TENSOR_U16:
    case TENSOR_U32:
    case TENSOR_U64: return (double)bits;
    case TENSOR_I8: return (double)(int8_t)bits;
    case TENSOR_I16: return (double)(int16_t)bits;
    case TENSOR_I32: return (double)(int32_t)bits;
    case TENSOR_I64: return (double)(int64_t)bits;
    case TENSOR_F16: return float_at(IR_F16, p, 2);
    case TENSOR_BF16: return float_at(IR_BF16, p, 2);
#define CASE(dtype, format, name) \
    case dtype: return float_at(format, p, 1);
        TENSOR_SMALL_FLOATS(CASE)
#undef CASE
    case TENSOR_F32:
    case TENSOR_C64: memcpy(&f, p, sizeof f); return (double)f;
    case TENSOR_F64:
    case TENSOR_C128: memcpy(&d, p, sizeof d); return d;
    }
    return 0;
}

/* The nearest integer of at most `bits` bits, ties to even; NaN is 0. */
static uint64_t saturate(double v, unsigned bits, bool is_signed) {
    double low = is_signed ? -ldexp(1, (int)bits - 1) : 0;
    double high = ldexp(1, (int)bits - (is_signed ? 1 : 0)); /* exclusive */
    if (isnan(v))
        return 0;
    v = nearbyint(v);
    if (v < low)
        v = low;
    if (v >= high)
        return is_signed ? ((uint64_t)1 << (bits - 1)) - 1 : bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    return is_signed ? (uint64_t)(int64_t)v : (uint64_t)v;
}

void tensor_set(struct tensor *t, int64_t i, double v) {
    size_t size = dtypes[t->dtype].size;
    char *p = (char *)t->data + (size_t)i * size;
    uint64_t bits = 0;
    float f[2] = {(float)v, 0};
    double d[2] = {v, 0};
    switch (t->dtype) {
    case TENSOR_NONE:
    case TENSOR_N_DTYPES: return;
    case TENSOR_BOOL: bits = v != 0; break;
    case TENSOR_U8:
    case TENSOR_U16:
    case TENSOR_U32:
    case TENSOR_U64: bits = saturate(v, (unsigned)size * 8, false); break;
    case TENSOR_I8:
    case TENSOR_I16:
    case TENSOR_I32:
    case TENSOR_I64: bits = saturate(v, (unsigned)size * 8, true); break;
    case TENSOR_F16: bits = ir_float_bits(IR_F16, v); break;
    case TENSOR_BF16: bits = ir_float_bits(IR_BF16, v); break;
#define CASE(dtype, format, name) \
    case dtype: bits = ir_float_bits(format, v); break;
        TENSOR_SMALL_FLOATS(CASE)
#undef CASE
    case TENSOR_F32:
    case TENSOR_C64: memcpy(p, f, size); return;
    case TENSOR_F64:
    case TENSOR_C128: memcpy(p, d, size); return;
    }
    memcpy(p, &bits, size);
}
