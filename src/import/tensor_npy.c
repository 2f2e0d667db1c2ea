/* The .npy format of NumPy: a magic, a Python dictionary as text, the elements.
 *
 *   \x93NUMPY  major minor  header length (u16, from version 2 on u32)  {'descr': '<f4', 'fortran_order': False, ...}
 *
 * (numpy/lib/format.py describes it.) bf16 has no NumPy type; ml_dtypes writes it as the two-byte void '<V2' or
 * '|V2', which is what is read and written here. Its float8 types come as '<V1' or '|V1', which does not say which: those
 * are refused.
 */
#include <string.h>

#include "base/num.h"
#include "import/tensor_inner.h"

static const struct {
    const char *code; /* kind and size */
    enum tensor_dtype dtype;
} descrs[] = {
    {"b1", TENSOR_BOOL}, {"i1", TENSOR_I8},  {"u1", TENSOR_U8},   {"i2", TENSOR_I16}, {"u2", TENSOR_U16},
    {"i4", TENSOR_I32},  {"u4", TENSOR_U32}, {"i8", TENSOR_I64},  {"u8", TENSOR_U64}, {"f2", TENSOR_F16},
    {"f4", TENSOR_F32},  {"f8", TENSOR_F64}, {"V2", TENSOR_BF16}, {"c8", TENSOR_C64}, {"c16", TENSOR_C128},
};

/* The text after 'key': in the dictionary; empty when the key is not there. */
static str value_of(str header, str key) {
    size_t at = str_find(header, key);
    if (at == header.n)
        return (str){0};
    str rest = str_trim(str_from(header, at + key.n));
    if (rest.n == 0 || rest.p[0] != ':')
        return (str){0};
    return str_trim(str_from(rest, 1));
}

static bool read_shape(struct tensor *t, str s, struct arena *a, str *error) {
    size_t end = str_find_char(s, ')');
    if (s.n == 0 || s.p[0] != '(' || end == s.n)
        return tensor_error(error, a, "the header has no shape");
    s = str_slice(s, 1, end);
    for (s = str_trim(s); s.n; s = str_trim(s)) {
        size_t comma = str_find_char(s, ',');
        str number = str_trim(str_slice(s, 0, comma));
        int64_t dim;
        if (number.n && number.p[number.n - 1] == 'L') /* Python 2 */
            number.n--;
        if (!num_parse_i64(number, &dim) || dim < 0)
            return tensor_error(error, a, "the shape in the header is not understood");
        if (t->rank == TENSOR_MAX_RANK)
            return tensor_error(error, a, "more than %d dimensions", TENSOR_MAX_RANK);
        t->dims[t->rank++] = dim;
        s = str_from(s, comma + 1);
    }
    return true;
}

/* Reverses the bytes of each element; a complex number is two elements. */
static void swap_bytes(char *p, size_t bytes, size_t size) {
    for (size_t i = 0; i + size <= bytes; i += size)
        for (size_t k = 0; k < size / 2; k++) {
            char c = p[i + k];
            p[i + k] = p[i + size - 1 - k];
            p[i + size - 1 - k] = c;
        }
}

/* Copies elements in column order into row order: walks the rows, keeping the source's position as an odometer. */
static void from_columns(const struct tensor *t, const char *from, char *to) {
    size_t size = tensor_dtype_size(t->dtype);
    int64_t index[TENSOR_MAX_RANK] = {0}, stride[TENSOR_MAX_RANK], n = tensor_count(t), at = 0;
    for (int i = 0, first = 1; i < t->rank; i++, first = 0)
        stride[i] = first ? 1 : stride[i - 1] * t->dims[i - 1];
    for (int64_t i = 0; i < n; i++) {
        memcpy(to + (size_t)i * size, from + (size_t)at * size, size);
        for (int d = t->rank; d-- > 0;) {
            at += stride[d];
            if (++index[d] < t->dims[d])
                break;
            at -= stride[d] * t->dims[d];
            index[d] = 0;
        }
    }
}

bool tensor_read_npy(struct tensor *t, str bytes, struct arena *a, struct mem *m, str *error) {
    *t = (struct tensor){0};
    if (bytes.n < 10)
        return tensor_error(error, a, "the file ends within its header");
    unsigned major = (uint8_t)bytes.p[6];
    size_t start = major == 1 ? 10 : 12, length = 0;
    if (major < 1 || major > 3 || bytes.n < start)
        return tensor_error(error, a, "version %u of the .npy format is not known", major);
    memcpy(&length, bytes.p + 8, start - 8);
    if (length > bytes.n - start)
        return tensor_error(error, a, "the file ends within its header");
    str header = str_slice(bytes, start, start + length);
    str descr = value_of(header, STR("'descr'")), order = value_of(header, STR("'fortran_order'"));
    if (descr.n < 5 || (descr.p[0] != '\'' && descr.p[0] != '"'))
        return tensor_error(error, a, "arrays of records are not tensors");
    size_t quote = str_find_char(str_from(descr, 1), descr.p[0]);
    descr = str_slice(descr, 1, 1 + quote);
    char endian = descr.p[0];
    for (size_t i = 0; i < sizeof descrs / sizeof descrs[0]; i++)
        if (str_eq(str_from(descr, 1), str_from_z(descrs[i].code)))
            t->dtype = descrs[i].dtype;
    if (t->dtype == TENSOR_NONE || !strchr("<>|=", endian))
        return tensor_error(error, a, "elements of type '%.*s' are not supported", STR_ARG(descr));
    if (!read_shape(t, value_of(header, STR("'shape'")), a, error))
        return false;
    size_t need, size = tensor_dtype_size(t->dtype);
    str data = str_from(bytes, start + length);
    if (!tensor_size(t->dtype, t->dims, t->rank, &need))
        return tensor_error(error, a, "the shape is too large");
    if (data.n < need)
        return tensor_error(error, a, "the file has %zu bytes of elements, its shape needs %zu", data.n, need);
    bool swap = endian == '>' && size > 1, columns = str_starts_with(order, STR("True")) && t->rank > 1;
    t->data = (void *)(uintptr_t)data.p;
    if (!swap && !columns)
        return true;
    struct tensor own;
    if (!tensor_new(&own, m, t->dtype, t->dims, t->rank))
        return tensor_error(error, a, "out of memory");
    if (columns)
        from_columns(t, data.p, own.data);
    else if (need)
        memcpy(own.data, data.p, need);
    if (swap)
        swap_bytes(own.data, need, tensor_dtype_size(tensor_dtype_part(t->dtype)));
    *t = own;
    return true;
}

bool tensor_write_npy_header(const struct tensor *t, struct buf *out) {
    char shape[TENSOR_MAX_RANK * 24 + 128];
    const char *code = NULL;
    for (size_t i = 0; i < sizeof descrs / sizeof descrs[0]; i++)
        if (descrs[i].dtype == t->dtype)
            code = descrs[i].code;
    if (!code)
        code = "V1"; /* floating-point numbers of a byte and less */
    struct buf b;
    buf_init(&b, out->mem);
    buf_printf(&b, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", tensor_dtype_size(t->dtype) == 1 ? '|' : '<',
               code);
    for (int i = 0; i < t->rank; i++)
        buf_printf(&b, i ? " %lld," : "%lld,", (long long)t->dims[i]);
    if (t->rank > 1 && !b.failed)
        b.n--; /* only (n,) keeps its comma */
    buf_lit(&b, "), }");
    if (b.failed || b.n + 1 > sizeof shape) {
        out->failed = true;
        buf_free(&b);
        return false;
    }
    /* The elements begin at a multiple of 64. */
    while ((10 + b.n + 1) % 64)
        buf_putc(&b, ' ');
    buf_putc(&b, '\n');
    uint16_t length = (uint16_t)b.n;
    buf_write(out, "\x93NUMPY\x01\x00", 8);
    buf_write(out, (const char *)&length, 2);
    buf_put_str(out, buf_str(&b));
    if (b.failed)
        out->failed = true;
    buf_free(&b);
    return !out->failed;
}

bool tensor_write_npy(const struct tensor *t, struct buf *out) {
    if (!tensor_write_npy_header(t, out))
        return false;
    buf_write(out, t->data, tensor_bytes(t));
    return !out->failed;
}
