/* The safetensors format: a length (u64), a JSON object of that many bytes, the elements.
 *
 *   {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {...}}
 *
 * Offsets count from the end of the JSON.
 */
#include <string.h>

#include "base/json.h"
#include "import/tensor_inner.h"

static const struct {
    const char *name;
    enum tensor_dtype dtype;
} names[] = {
    {"BOOL", TENSOR_BOOL},         {"I8", TENSOR_I8},          {"U8", TENSOR_U8},          {"I16", TENSOR_I16},
    {"U16", TENSOR_U16},           {"I32", TENSOR_I32},        {"U32", TENSOR_U32},        {"I64", TENSOR_I64},
    {"U64", TENSOR_U64},           {"F16", TENSOR_F16},        {"BF16", TENSOR_BF16},      {"F32", TENSOR_F32},
    {"F64", TENSOR_F64},           {"F8_E4M3", TENSOR_F8E4M3}, {"F8_E5M2", TENSOR_F8E5M2}, {"C64", TENSOR_C64},
    {"F8_E8M0", TENSOR_F8E8M0FNU},
};

/* Numbers of the array that begins next; *n counts them all, also beyond `cap`. */
static bool read_numbers(struct json_reader *r, int64_t *out, int cap, int *n) {
    *n = 0;
    if (json_next(r) != JSON_ARRAY_BEGIN)
        return false;
    enum json_kind kind;
    while ((kind = json_next(r)) == JSON_NUMBER) {
        int64_t v;
        if (!json_get_i64(r, &v) || v < 0)
            return false;
        if (*n < cap)
            out[*n] = v;
        ++*n;
    }
    return kind == JSON_ARRAY_END;
}

/* The object of one tensor, which begins next. */
static bool read_entry(struct tensor_file *f, struct json_reader *r, str data, struct arena *a,
                       struct tensor_entry *e) {
    int64_t offsets[2] = {-1, -1};
    int n_offsets = 0;
    str type = STR("");
    if (json_next(r) != JSON_OBJECT_BEGIN)
        return tensor_error(&f->error, a, "'%.*s' is no tensor", STR_ARG(e->name));
    enum json_kind kind;
    while ((kind = json_next(r)) == JSON_KEY) {
        bool ok = true;
        if (json_key_is(r, STR("dtype"))) {
            ok = json_next(r) == JSON_STRING;
            type = r->text;
        } else if (json_key_is(r, STR("shape"))) {
            ok = read_numbers(r, e->tensor.dims, TENSOR_MAX_RANK, &e->tensor.rank);
        } else if (json_key_is(r, STR("data_offsets"))) {
            ok = read_numbers(r, offsets, 2, &n_offsets);
        } else {
            ok = json_skip(r, kind);
        }
        if (!ok)
            return tensor_error(&f->error, a, "'%.*s': the header is damaged", STR_ARG(e->name));
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eq(type, str_from_z(names[i].name)))
            e->tensor.dtype = names[i].dtype;
    if (e->tensor.dtype == TENSOR_NONE)
        return tensor_error(&f->error, a, "'%.*s': elements of type '%.*s' are not supported", STR_ARG(e->name),
                            STR_ARG(type));
    size_t need;
    if (e->tensor.rank > TENSOR_MAX_RANK || n_offsets != 2 || offsets[0] > offsets[1] ||
        (uint64_t)offsets[1] > data.n || !tensor_size(e->tensor.dtype, e->tensor.dims, e->tensor.rank, &need) ||
        need != (uint64_t)(offsets[1] - offsets[0]))
        return tensor_error(&f->error, a, "'%.*s': shape and place do not fit", STR_ARG(e->name));
    e->tensor.data = (void *)(uintptr_t)(data.p + offsets[0]);
    return true;
}

bool tensor_read_safetensors(struct tensor_file *f, str bytes, struct arena *a) {
    uint64_t length;
    memcpy(&length, bytes.p, 8);
    str header = str_slice(bytes, 8, 8 + length), data = str_from(bytes, 8 + length);
    struct json_reader *r = ARENA_NEW(a, struct json_reader);
    if (!r)
        return tensor_error(&f->error, a, "out of memory");
    /* Counted first: entries stay where they are. */
    size_t n = 0;
    enum json_kind kind;
    json_reader_init(r, header);
    kind = json_next(r);
    while (kind == JSON_OBJECT_BEGIN && (kind = json_next(r)) == JSON_KEY) {
        n++;
        kind = json_skip(r, kind) ? JSON_OBJECT_BEGIN : JSON_ERROR;
    }
    if (kind != JSON_OBJECT_END)
        return tensor_error(&f->error, a, "the header is not the JSON it should be");
    f->entries = ARENA_ARRAY(a, struct tensor_entry, n ? n : 1);
    if (!f->entries)
        return tensor_error(&f->error, a, "out of memory");
    json_reader_init(r, header);
    json_next(r);
    while (json_next(r) == JSON_KEY) {
        struct tensor_entry *e = &f->entries[f->n];
        e->name = json_unescape(r, a);
        if (!e->name.p)
            return tensor_error(&f->error, a, "out of memory");
        if (str_eq(e->name, STR("__metadata__"))) {
            json_skip(r, JSON_KEY);
            continue;
        }
        if (!read_entry(f, r, data, a, e))
            return false;
        f->n++;
    }
    return true;
}

/* What the format calls an element type; NULL: it has no name for it. */
static const char *name_of(enum tensor_dtype t) {
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].dtype == t)
            return names[i].name;
    return NULL;
}

bool tensor_write_safetensors(const struct tensor_entry *entries, size_t n, struct buf *out) {
    for (size_t i = 0; i < n; i++)
        if (!name_of(entries[i].tensor.dtype))
            return false;
    struct buf header;
    buf_init(&header, out->mem);
    struct json_writer w = json_writer_to(&header);
    uint64_t at = 0;
    json_object_begin(&w);
    for (size_t i = 0; i < n; i++) {
        const struct tensor *t = &entries[i].tensor;
        json_key(&w, entries[i].name);
        json_object_begin(&w);
        json_key(&w, STR("dtype"));
        json_str(&w, str_from_z(name_of(t->dtype)));
        json_key(&w, STR("shape"));
        json_array_begin(&w);
        for (int k = 0; k < t->rank; k++)
            json_i64(&w, t->dims[k]);
        json_array_end(&w);
        json_key(&w, STR("data_offsets"));
        json_array_begin(&w);
        json_u64(&w, at);
        json_u64(&w, at += tensor_bytes(t));
        json_array_end(&w);
        json_object_end(&w);
    }
    json_object_end(&w);
    while (header.n % 8 && !header.failed)
        buf_putc(&header, ' '); /* so that the elements are aligned */
    uint64_t length = header.n;
    buf_write(out, (const char *)&length, 8);
    buf_put_str(out, buf_str(&header));
    for (size_t i = 0; i < n; i++)
        buf_write(out, entries[i].tensor.data, tensor_bytes(&entries[i].tensor));
    out->failed |= header.failed;
    buf_free(&header);
    return !out->failed;
}
