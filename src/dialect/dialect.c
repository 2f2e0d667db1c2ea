/* dialect.c - finding things in the generated tables by name. */
#include "dialect/dialect.h"

#include "dialect/tables.h"

/* FNV-1a; tools/gen_dialect.py computes the same. */
static uint64_t name_hash(str s) {
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3u;
    return h;
}

/* Index + 1 of the only entry that can have this name. */
static uint32_t candidate(const dialect_hash *t, str name) {
    uint64_t h = name_hash(name);
    uint64_t d = t->displacement[h >> 32 & t->bucket_mask];
    return t->slots[(h + d * (h >> 40 | 1)) & t->slot_mask];
}

const op_def *dialect_find_op(str name) {
    uint32_t i = candidate(&dialect_op_hash, name);
    return i && str_eq(dialect_text(dialect_ops[i - 1].name), name) ? &dialect_ops[i - 1] : NULL;
}

uint32_t dialect_resolve(str name) {
    const op_def *d = dialect_find_op(name);
    return d ? dialect_op_index(d) + 1 : 0;
}

const dialect_info *dialect_find(str name) {
    uint32_t i = candidate(&dialect_name_hash, name);
    return i && str_eq(dialect_text(dialect_dialects[i - 1].name), name) ? &dialect_dialects[i - 1] : NULL;
}

static const attr_type_def *find_def(const attr_type_def *defs, const dialect_hash *t, str name) {
    uint32_t i = candidate(t, name);
    return i && str_eq(dialect_text(defs[i - 1].name), name) ? &defs[i - 1] : NULL;
}

const attr_type_def *dialect_find_attr(str name) {
    return find_def(dialect_attr_defs, &dialect_attr_hash, name);
}

const attr_type_def *dialect_find_type(str name) {
    return find_def(dialect_type_defs, &dialect_type_hash, name);
}

const enum_def *dialect_find_enum(str name) {
    uint32_t i = candidate(&dialect_enum_hash, name);
    return i && str_eq(dialect_text(dialect_enums[i - 1].name), name) ? &dialect_enums[i - 1] : NULL;
}

const enum_case *dialect_case_by_text(const enum_def *e, str text) {
    for (uint32_t i = 0; i < e->n; i++)
        if (str_eq(dialect_text(dialect_enum_cases[e->first + i].text), text))
            return &dialect_enum_cases[e->first + i];
    return NULL;
}

const enum_case *dialect_case_by_value(const enum_def *e, int64_t value) {
    for (uint32_t i = 0; i < e->n; i++)
        if (dialect_enum_cases[e->first + i].value == value)
            return &dialect_enum_cases[e->first + i];
    return NULL;
}

/* Appends to out[0..cap) and keeps a zero byte behind; false when it does not fit. */
static bool append(char *out, size_t cap, size_t *n, str s) {
    if (s.n >= cap - *n)
        return false;
    memcpy(out + *n, s.p, s.n);
    *n += s.n;
    out[*n] = 0;
    return true;
}

/* A bit enum's value as its parts. Names of several bits go first and cover their bits, as mlir-tblgen prints them. */
static bool bits_text(const enum_def *e, uint64_t value, char *out, size_t cap, size_t *n) {
    uint64_t left = value;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < e->n; i++) {
            const enum_case *k = &dialect_enum_cases[e->first + i];
            uint64_t bits = (uint64_t)k->value;
            bool group = k->is_group != 0;
            if (!bits || group != (pass == 0) || (left & bits) != bits)
                continue;
            if (*n && !append(out, cap, n, dialect_text(e->separator)))
                return false;
            if (!append(out, cap, n, dialect_text(k->text)))
                return false;
            left &= ~bits;
        }
    }
    return left == 0;
}

size_t dialect_enum_text(const enum_def *e, int64_t value, char *out, size_t cap) {
    size_t n = 0;
    if (!cap)
        return 0;
    out[0] = 0;
    if ((e->flags & ENUM_IS_BITS) && value)
        return bits_text(e, (uint64_t)value, out, cap, &n) ? n : 0;
    const enum_case *k = dialect_case_by_value(e, value);
    return k && append(out, cap, &n, dialect_text(k->text)) ? n : 0;
}

const op_attr *op_find_attr(const op_def *d, str name, uint32_t *index) {
    for (uint32_t i = 0; i < d->n_attrs; i++) {
        const op_attr *a = op_attribute(d, i);
        if (str_eq(dialect_text(a->name), name)) {
            if (index)
                *index = i;
            return a;
        }
    }
    return NULL;
}
