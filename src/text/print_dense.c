/* Constants with elements: dense<...>, array<...>.
 *
 * Up to hex_above elements are written one by one in nested brackets, more as one string of hexadecimal digits, both
 * independently of how they were written when read. Long data is written slice by slice.
 */
#include "text/printer.h"

enum { SLICE = 2048 }; /* bytes of output at a time */

static const char digits[] = "0123456789ABCDEF";

/* Where the elements stand and how. */
typedef struct elements {
    const unsigned char *p;
    size_t n;       /* bytes at p */
    ir_type type;   /* of an element */
    uint32_t bytes; /* of an element when not packed */
    bool hex;       /* p has hex digits, two for a byte */
    bool packed;    /* hex digits of packed bits */
    bool splat;
    int64_t count; /* elements of the whole constant */
} elements;

static int hex_value(unsigned char c) {
    return c <= '9' ? c - '0' : (c & ~0x20) - 'A' + 10;
}

static bool is_bool_type(const printer *p, ir_type t) {
    return ir_kind_of(p->c, t) == IR_TYPE_INTEGER && ir_at(p->c, t, 0) == 1;
}

/* Whether the data is one piece of `stride` bytes over and over. */
static bool repeats(const unsigned char *data, size_t n, size_t stride) {
    return stride && n >= stride && memcmp(data, data + stride, n - stride) == 0;
}

static bool packed_bits_equal(const elements *e) {
    unsigned first = 0;
    for (int64_t i = 0; i < e->count; i++) {
        size_t byte = (size_t)i / 8;
        if (2 * byte + 1 >= e->n)
            return false;
        unsigned v = (unsigned)(hex_value(e->p[2 * byte]) << 4 | hex_value(e->p[2 * byte + 1]));
        unsigned bit = v >> (i & 7) & 1;
        if (i == 0)
            first = bit;
        else if (bit != first)
            return false;
    }
    return e->count > 0;
}

static elements elements_of(const printer *p, ir_attr a) {
    const ir_context *c = p->c;
    ir_type t = ir_at(c, a, 0);
    str data = ir_data(c, a);
    uint32_t form = ir_flags_of(c, a);
    elements e = {
        .p = (const unsigned char *)data.p, .n = data.n, .type = ir_element_type(c, t), .count = ir_num_elements(c, t)};
    e.hex = form == IR_DENSE_HEX || form == IR_DENSE_HEX_SPLAT;
    e.splat = form == IR_DENSE_SPLAT || form == IR_DENSE_HEX_SPLAT;
    e.packed = e.hex && is_bool_type(p, e.type);
    e.bytes = ir_dense_element_bytes(c, e.type);
    if (e.count < 0)
        e.count = 0;
    if (!e.splat && e.count > 0)
        e.splat =
            e.packed ? packed_bits_equal(&e) : e.count == 1 || repeats(e.p, e.n, e.hex ? 2 * (size_t)e.bytes : e.bytes);
    return e;
}

/* Copies element i as bytes; what the data lacks is zero. */
static void element_at(const elements *e, uint64_t i, unsigned char *to, size_t cap) {
    size_t n = e->bytes < cap ? e->bytes : cap;
    memset(to, 0, cap);
    if (e->splat)
        i = 0;
    if (e->packed) {
        size_t byte = (size_t)i / 8;
        if (2 * byte + 1 < e->n)
            to[0] = (unsigned char)((hex_value(e->p[2 * byte]) << 4 | hex_value(e->p[2 * byte + 1])) >> (i & 7) & 1);
        return;
    }
    size_t at = (size_t)i * e->bytes;
    for (size_t k = 0; k < n; k++) {
        if (!e->hex && at + k < e->n)
            to[k] = e->p[at + k];
        else if (e->hex && 2 * (at + k) + 1 < e->n)
            to[k] = (unsigned char)(hex_value(e->p[2 * (at + k)]) << 4 | hex_value(e->p[2 * (at + k) + 1]));
    }
}

/* One number of `n` bytes of a type that is not complex. */
static void print_number(printer *p, ir_type t, const unsigned char *bytes, uint32_t n) {
    if (ir_kind_of(p->c, t) != IR_TYPE_FLOAT) {
        print_int_bytes(p, t, bytes, n);
        return;
    }
    uint64_t bits[2] = {0};
    memcpy(bits, bytes, n > sizeof bits ? sizeof bits : n);
    print_float(p, (ir_float)(ir_flags_of(p->c, t) % IR_N_FLOATS), bits);
}

static void print_element(printer *p, const elements *e, uint64_t i) {
    unsigned char bytes[PRINT_MAX_LIMBS * 8];
    element_at(e, i, bytes, sizeof bytes);
    if (ir_kind_of(p->c, e->type) != IR_TYPE_COMPLEX) {
        print_number(p, e->type, bytes, e->bytes < sizeof bytes ? e->bytes : sizeof bytes);
        return;
    }
    ir_type part = ir_at(p->c, e->type, 0);
    uint32_t half = e->bytes / 2;
    if (half > sizeof bytes / 2)
        half = sizeof bytes / 2;
    print_char(p, '(');
    print_number(p, part, bytes, half);
    print_char(p, ',');
    print_number(p, part, bytes + half, half);
    print_char(p, ')');
}

/* Lays `count` elements out in the shape of a type. */
static void print_nested(printer *p, ir_type t, uint64_t count, void (*print)(printer *p, const void *what, uint64_t i),
                         const void *what) {
    int rank = ir_rank(p->c, t);
    for (uint64_t i = 0; i < count && !p->out->failed; i++) {
        if (i)
            print_lit(p, ", ");
        /* Brackets open where all inner counters stand at zero, and close where they are about to. */
        uint64_t size = 1;
        int opens = 0, closes = 0;
        for (int k = rank; k-- > 0;) {
            size *= (uint64_t)ir_dim(p->c, t, k);
            if (i % size == 0)
                opens++;
            if ((i + 1) % size == 0)
                closes++;
        }
        while (opens-- > 0)
            print_char(p, '[');
        print(p, what, i);
        while (closes-- > 0)
            print_char(p, ']');
    }
}

static void print_one(printer *p, const void *what, uint64_t i) {
    print_element(p, what, i);
}

static void print_one_string(printer *p, const void *what, uint64_t i) {
    ir_attr a = *(const ir_attr *)what;
    print_quoted(p, ir_str_of(p->c, ir_at(p->c, a, 1 + (uint32_t)i)));
}

/* Digits that are there already, in upper case. */
void print_hex_text(printer *p, const unsigned char *text, size_t n) {
    char slice[SLICE];
    while (n && !p->out->failed) {
        size_t k = n < SLICE ? n : SLICE;
        for (size_t i = 0; i < k; i++) {
            unsigned char c = text[i];
            slice[i] = (char)(c - (c >= 'a' ? 0x20 : 0));
        }
        print_str(p, str_of(slice, k));
        text += k;
        n -= k;
    }
}

static void print_hex_bytes(printer *p, const unsigned char *data, size_t n) {
    char slice[SLICE];
    while (n && !p->out->failed) {
        size_t k = n < SLICE / 2 ? n : SLICE / 2;
        for (size_t i = 0; i < k; i++) {
            slice[2 * i] = digits[data[i] >> 4];
            slice[2 * i + 1] = digits[data[i] & 15];
        }
        print_str(p, str_of(slice, 2 * k));
        data += k;
        n -= k;
    }
}

/* Bytes that hold one truth value each, as packed bits. */
static void print_hex_bits(printer *p, const unsigned char *data, size_t n) {
    for (size_t i = 0; i < n && !p->out->failed; i += 8) {
        unsigned v = 0;
        for (size_t k = 0; k < 8 && i + k < n; k++)
            v |= (data[i + k] & 1u) << k;
        print_char(p, digits[v >> 4]);
        print_char(p, digits[v & 15]);
    }
}

static void print_hex(printer *p, const elements *e) {
    print_lit(p, "\"0x");
    if (e->hex)
        print_hex_text(p, e->p, e->n);
    else if (is_bool_type(p, e->type))
        print_hex_bits(p, e->p, e->n);
    else
        print_hex_bytes(p, e->p, e->n);
    print_char(p, '"');
}

static void print_strings(printer *p, ir_attr a) {
    uint32_t n = ir_count(p->c, a) - 1;
    bool splat = ir_flags_of(p->c, a) != 0;
    for (uint32_t i = 2; !splat && i <= n; i++)
        if (ir_at(p->c, a, i) != ir_at(p->c, a, 1))
            break;
        else if (i == n)
            splat = true;
    if (n && (splat || n == 1))
        print_one_string(p, &a, 0);
    else
        print_nested(p, ir_at(p->c, a, 0), n, print_one_string, &a);
}

void print_dense_elements(printer *p, ir_attr a, bool hex) {
    if (p->collecting || !a)
        return;
    if (ir_kind_of(p->c, a) == IR_ATTR_DENSE_STRINGS) {
        print_strings(p, a);
        return;
    }
    elements e = elements_of(p, a);
    int64_t limit = p->o.hex_above ? p->o.hex_above : 100;
    if (e.splat)
        print_element(p, &e, 0);
    else if (hex && limit >= 0 && e.count > limit)
        print_hex(p, &e);
    else
        print_nested(p, ir_at(p->c, a, 0), (uint64_t)e.count, print_one, &e);
}

void print_dense_array_elements(printer *p, ir_attr a) {
    if (p->collecting)
        return;
    ir_type t = ir_at(p->c, a, 0);
    str data = ir_data(p->c, a);
    uint32_t bytes = ir_dense_element_bytes(p->c, t);
    if (!bytes)
        return;
    for (size_t at = 0; at + bytes <= data.n && !p->out->failed; at += bytes) {
        if (at)
            print_lit(p, ", ");
        print_number(p, t, (const unsigned char *)data.p + at, bytes);
    }
}
