/* Which format a file has, and raw elements. */
#include <string.h>

#include "import/tensor_inner.h"

bool tensor_error(str *error, struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    *error = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return false;
}

enum tensor_format tensor_file_format(str bytes) {
    if (str_starts_with(bytes, STR("\x93NUMPY")))
        return TENSOR_FILE_NPY;
    if (str_starts_with(bytes, STR("PK\x03\x04")) || str_starts_with(bytes, STR("PK\x05\x06")))
        return TENSOR_FILE_NPZ;
    /* 8 bytes of header length, then JSON. */
    if (bytes.n > 9 && bytes.p[8] == '{') {
        uint64_t n;
        memcpy(&n, bytes.p, 8);
        if (n <= bytes.n - 8)
            return TENSOR_FILE_SAFETENSORS;
    }
    return TENSOR_FILE_UNKNOWN;
}

bool tensor_file_read(struct tensor_file *f, str bytes, struct arena *a, struct mem *m) {
    *f = (struct tensor_file){.mem = m};
    switch (tensor_file_format(bytes)) {
    case TENSOR_FILE_NPY:
        f->entries = ARENA_NEW(a, struct tensor_entry);
        if (!f->entries)
            return false;
        f->n = 1;
        if (tensor_read_npy(&f->entries->tensor, bytes, a, m, &f->error))
            return true;
        break;
    case TENSOR_FILE_NPZ:
        if (tensor_read_npz(f, bytes, a, m))
            return true;
        break;
    case TENSOR_FILE_SAFETENSORS:
        if (tensor_read_safetensors(f, bytes, a))
            return true;
        break;
    case TENSOR_FILE_UNKNOWN: return tensor_error(&f->error, a, "not a .npy, .npz or safetensors file");
    }
    tensor_file_free(f);
    return false;
}

void tensor_file_free(struct tensor_file *f) {
    for (size_t i = 0; i < f->n; i++)
        tensor_free(&f->entries[i].tensor);
    f->entries = NULL;
    f->n = 0;
}

bool tensor_raw(struct tensor *t, str bytes, enum tensor_dtype dtype, const int64_t *dims, int rank) {
    size_t need;
    *t = (struct tensor){0};
    if (rank > TENSOR_MAX_RANK || !tensor_size(dtype, dims, rank, &need) || need != bytes.n)
        return false;
    t->dtype = dtype;
    t->rank = rank;
    if (rank)
        memcpy(t->dims, dims, (size_t)rank * sizeof *dims);
    t->data = (void *)(uintptr_t)bytes.p;
    return true;
}
