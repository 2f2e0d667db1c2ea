/* tensor.h - arrays of numbers: their element types, and the files they come in.
 *
 *   .npy .npz .safetensors raw ──▶ struct tensor ──▶ .npy .npz .safetensors raw
 *
 * A tensor is dense and row-major (the last dimension varies fastest), elements in the machine's little-endian order, a
 * truth value a byte (0 or 1). It either owns its bytes (mem is set) or looks at bytes that something else keeps alive.
 */
#ifndef TTX_IMPORT_TENSOR_H
#define TTX_IMPORT_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

/* Element types. The order is part of tensor.c's table only. */
enum tensor_dtype {
    TENSOR_NONE,
    TENSOR_BOOL,
    TENSOR_I8,
    TENSOR_U8,
    TENSOR_I16,
    TENSOR_U16,
    TENSOR_I32,
    TENSOR_U32,
    TENSOR_I64,
    TENSOR_U64,
    TENSOR_F16,
    TENSOR_BF16,
    TENSOR_F32,
    TENSOR_F64,
    TENSOR_F8E4M3, /* f8E4M3FN of MLIR; this one and those up to TENSOR_F8E8M0FNU are kept in a byte each */
    TENSOR_F8E5M2,
    TENSOR_F4E2M1FN,
    TENSOR_F6E2M3FN,
    TENSOR_F6E3M2FN,
    TENSOR_F8E3M4,
    TENSOR_F8E4M3IEEE, /* f8E4M3 of MLIR */
    TENSOR_F8E4M3FNUZ,
    TENSOR_F8E4M3B11FNUZ,
    TENSOR_F8E5M2FNUZ,
    TENSOR_F8E8M0FNU,
    TENSOR_C64,  /* pairs of f32, the real part first */
    TENSOR_C128, /* pairs of f64 */
    TENSOR_N_DTYPES
};

enum { TENSOR_MAX_RANK = 12 };

struct tensor {
    enum tensor_dtype dtype;
    int rank;
    int64_t dims[TENSOR_MAX_RANK];
    void *data;      /* tensor_bytes() bytes; aligned to 64 when the tensor owns them, else to nothing in particular */
    struct mem *mem; /* owner's allocator; NULL: the bytes belong to somebody else */
};

/* "f32", "bf16", "i1" for truth values; bytes of an element. */
str tensor_dtype_name(enum tensor_dtype t);
size_t tensor_dtype_size(enum tensor_dtype t);
/* The floating-point numbers of a byte and less: X(dtype, format of ir/node.h, name). */
#define TENSOR_SMALL_FLOATS(X)                                 \
    X(TENSOR_F8E4M3, IR_F8E4M3FN, "f8e4m3")                    \
    X(TENSOR_F8E5M2, IR_F8E5M2, "f8e5m2")                      \
    X(TENSOR_F4E2M1FN, IR_F4E2M1FN, "f4e2m1fn")                \
    X(TENSOR_F6E2M3FN, IR_F6E2M3FN, "f6e2m3fn")                \
    X(TENSOR_F6E3M2FN, IR_F6E3M2FN, "f6e3m2fn")                \
    X(TENSOR_F8E3M4, IR_F8E3M4, "f8e3m4")                      \
    X(TENSOR_F8E4M3IEEE, IR_F8E4M3, "f8e4m3ieee")              \
    X(TENSOR_F8E4M3FNUZ, IR_F8E4M3FNUZ, "f8e4m3fnuz")          \
    X(TENSOR_F8E4M3B11FNUZ, IR_F8E4M3B11FNUZ, "f8e4m3b11fnuz") \
    X(TENSOR_F8E5M2FNUZ, IR_F8E5M2FNUZ, "f8e5m2fnuz")          \
    X(TENSOR_F8E8M0FNU, IR_F8E8M0FNU, "f8e8m0fnu")
static inline bool tensor_dtype_is_small(enum tensor_dtype t) {
    return t >= TENSOR_F8E4M3 && t <= TENSOR_F8E8M0FNU;
}
/* What a complex number is a pair of; any other type is its own. */
static inline enum tensor_dtype tensor_dtype_part(enum tensor_dtype t) {
    return t == TENSOR_C64 ? TENSOR_F32 : t == TENSOR_C128 ? TENSOR_F64 : t;
}
static inline bool tensor_dtype_is_complex(enum tensor_dtype t) {
    return tensor_dtype_part(t) != t;
}
/* By that name; "bool" too. TENSOR_NONE when there is none. */
enum tensor_dtype tensor_dtype_find(str name);

static inline int64_t tensor_count(const struct tensor *t) {
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= t->dims[i];
    return n;
}
static inline size_t tensor_bytes(const struct tensor *t) {
    return (size_t)tensor_count(t) * tensor_dtype_size(t->dtype);
}

/* Bytes of these dimensions; false when a dimension is negative or the size overflows. */
bool tensor_size(enum tensor_dtype dtype, const int64_t *dims, int rank, size_t *bytes);
/* Makes a tensor of zeros that owns its bytes. False when out of memory or the size overflows; *t is then zero. */
bool tensor_new(struct tensor *t, struct mem *m, enum tensor_dtype dtype, const int64_t *dims, int rank);
/* The same, but its bytes are whatever they were: for those who write all of them, and can be stopped meanwhile (to clear gigabytes
 * takes longer than a user waits). */
bool tensor_new_unset(struct tensor *t, struct mem *m, enum tensor_dtype dtype, const int64_t *dims, int rank);
/* Frees what it owns; *t is zero afterwards. */
void tensor_free(struct tensor *t);

/* Element i as a double (of a complex number the real part), and back: integers saturate, floats round to nearest even.
 * For messages and tests; loops over tensors belong to exec. */
double tensor_get(const struct tensor *t, int64_t i);
void tensor_set(struct tensor *t, int64_t i, double v);

/* --- files ---------------------------------------------------------------------------------------------------
 * Readers look at the bytes of a file that is in memory and stays there while the tensors are used. `error` gets a
 * message in `a` when they return false (.p NULL when out of memory). */

struct tensor_entry {
    str name; /* in a .npz without the ".npy" */
    struct tensor tensor;
};

struct tensor_file {
    struct tensor_entry *entries; /* in the order of the file, in the arena */
    size_t n;
    str error; /* after a failure */
    struct mem *mem;
};

enum tensor_format { TENSOR_FILE_UNKNOWN, TENSOR_FILE_NPY, TENSOR_FILE_NPZ, TENSOR_FILE_SAFETENSORS };

/* What the bytes are, by their beginning. */
enum tensor_format tensor_file_format(str bytes);
/* Reads any of the formats. The one tensor of a .npy has an empty name. Tensors look into `bytes`, or own memory of `m`
 * where the file has them compressed, in column order or big-endian. Names and errors are in `a`. */
bool tensor_file_read(struct tensor_file *f, str bytes, struct arena *a, struct mem *m);
/* Frees what the tensors own. */
void tensor_file_free(struct tensor_file *f);
/* Raw elements without a header: false when the length does not fit. */
bool tensor_raw(struct tensor *t, str bytes, enum tensor_dtype dtype, const int64_t *dims, int rank);

/* Appends a file to `out`, which may stream. bf16 has no NumPy type: as ml_dtypes writes it ("<V2") in .npy. */
bool tensor_write_npy(const struct tensor *t, struct buf *out);
/* The same without the elements, which come right behind it. */
bool tensor_write_npy_header(const struct tensor *t, struct buf *out);
/* An uncompressed .npz. */
bool tensor_write_npz(const struct tensor_entry *entries, size_t n, struct buf *out, struct mem *m);
/* False, with nothing written, when a tensor is c128, which the format has no name for. */
bool tensor_write_safetensors(const struct tensor_entry *entries, size_t n, struct buf *out);

#endif
