/* flatbuf.c - see flatbuf.h. */
#include "base/flatbuf.h"

static bool inside(struct flatbuf *f, uint32_t at, uint64_t size) {
    if (at && at <= f->n && size <= f->n - at)
        return true;
    f->bad = true;
    return false;
}

/* Position 0 is where the root offset of a buffer stands, so that nothing else can: 0 is free to mean absent. */
static uint64_t number(struct flatbuf *f, uint32_t at, uint32_t size) {
    uint64_t v = 0;
    if (!at || !inside(f, at, size))
        return 0;
    for (uint32_t i = 0; i < size; i++)
        v |= (uint64_t)f->p[at + i] << (8 * i);
    return v;
}

uint8_t flatbuf_u8(struct flatbuf *f, uint32_t at) {
    return (uint8_t)number(f, at, 1);
}
uint16_t flatbuf_u16(struct flatbuf *f, uint32_t at) {
    return (uint16_t)number(f, at, 2);
}
uint32_t flatbuf_u32(struct flatbuf *f, uint32_t at) {
    return (uint32_t)number(f, at, 4);
}
uint64_t flatbuf_u64(struct flatbuf *f, uint32_t at) {
    return number(f, at, 8);
}

bool flatbuf_open(struct flatbuf *f, str bytes, const char *identifier, bool size_prefixed, uint32_t *root) {
    *f = (struct flatbuf){0};
    if (size_prefixed) {
        if (bytes.n < 4)
            return false;
        const uint8_t *b = (const uint8_t *)bytes.p;
        uint32_t size = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        bytes = str_from(bytes, 4);
        if (size > bytes.n)
            return false;
        bytes.n = size;
    }
    if (bytes.n < 8 || bytes.n > INT32_MAX || memcmp(bytes.p + 4, identifier, 4) != 0)
        return false;
    f->p = (const uint8_t *)bytes.p;
    f->n = (uint32_t)bytes.n;
    *root = f->p[0] | (uint32_t)f->p[1] << 8 | (uint32_t)f->p[2] << 16 | (uint32_t)f->p[3] << 24;
    return inside(f, *root, 4);
}

uint32_t flatbuf_field(struct flatbuf *f, uint32_t table, uint32_t id) {
    if (!table)
        return 0;
    int64_t vtable = (int64_t)table - (int32_t)flatbuf_u32(f, table);
    if (vtable <= 0 || vtable > f->n || !inside(f, (uint32_t)vtable, 4))
        return 0;
    uint32_t size = flatbuf_u16(f, (uint32_t)vtable);
    if (4 + 2 * (uint64_t)id + 2 > size)
        return 0;
    uint32_t offset = flatbuf_u16(f, (uint32_t)vtable + 4 + 2 * id);
    return offset && inside(f, table, offset) ? table + offset : 0;
}

uint32_t flatbuf_follow(struct flatbuf *f, uint32_t at) {
    if (!at)
        return 0;
    uint64_t to = (uint64_t)at + flatbuf_u32(f, at);
    if (to == at || to > f->n) {
        f->bad = true;
        return 0;
    }
    return inside(f, (uint32_t)to, 4) ? (uint32_t)to : 0;
}

uint32_t flatbuf_table(struct flatbuf *f, uint32_t table, uint32_t id) {
    return flatbuf_follow(f, flatbuf_field(f, table, id));
}

uint32_t flatbuf_vector(struct flatbuf *f, uint32_t table, uint32_t id, uint32_t size, uint32_t *n) {
    uint32_t at = flatbuf_table(f, table, id);
    *n = flatbuf_u32(f, at);
    if (!*n || !inside(f, at + 4, (uint64_t)*n * size))
        return *n = 0;
    return at + 4;
}

str flatbuf_string(struct flatbuf *f, uint32_t table, uint32_t id) {
    uint32_t n, at = flatbuf_vector(f, table, id, 1, &n);
    return at ? str_of((const char *)f->p + at, n) : STR("");
}
