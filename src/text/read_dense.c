/* read_dense.c - element lists: dense, sparse, dense_resource, array.
 *
 * The type of `dense<...> : type` stands behind the elements, and they can be many. So the end of the list is looked for
 * first (no number contains '>'), then the type is read, then the elements go straight into the bytes they become.
 * Hexadecimal strings of more than a few bytes are only checked and stay where they are in the text.
 */
#include "base/num.h"
#include "text/read_inner.h"
#include "text/scan16.h"

/* ---- hexadecimal ---------------------------------------------------------------------------------------- */

const char *rd_hex_end(const char *p, const char *end) {
    while (end - p >= 64) {
        words2 all = {~0ull, ~0ull};
        for (int i = 0; i < 4; i++) {
            bytes16 v = bytes16_at(p + 16 * i);
            bytes16 digit = (bytes16)((bytes16)(v - BYTES16('0')) <= BYTES16(9));
            bytes16 letter = (bytes16)((bytes16)((v | BYTES16(0x20)) - BYTES16('a')) <= BYTES16(5));
            all &= (words2)(digit | letter);
        }
        if ((all[0] & all[1]) != ~0ull)
            break;
        p += 64;
    }
    while (p < end && rd_is_class(*p, RD_HEX))
        p++;
    return p;
}

static void decode_hex(const char *digits, size_t bytes, uint8_t *out) {
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(num_hex_digit(digits[2 * i]) << 4 | num_hex_digit(digits[2 * i + 1]));
}

static ir_attr with_type_text(reader *r, uint32_t at, const char *before, ir_type t, const char *after) {
    struct buf b;
    buf_init(&b, r->mem);
    text_print_node(r->ctx, t, &b);
    rd_error(r, at, "%s'%.*s'%s", before, STR_ARG(buf_str(&b)), after);
    buf_free(&b);
    return 0;
}

/* Truth values of one byte each, as MLIR writes them since the middle of 2026 (before: packed bits). */
static ir_attr hex_bytes_attr(reader *r, str digits, ir_type t) {
    size_t n = digits.n / 2;
    uint8_t *raw = ir_context_alloc(r->ctx, n);
    if (!raw)
        return rd_made(r, 0);
    decode_hex(digits.p, n, raw);
    bool same = true;
    for (size_t i = 0; i < n; i++) {
        raw[i] = raw[i] != 0;
        same = same && raw[i] == raw[0];
    }
    return rd_made(r, ir_attr_dense(r->ctx, t, same ? IR_DENSE_SPLAT : IR_DENSE_RAW, raw, same ? 1 : n, false));
}

/* `"0x..."` of elements of at least one bit. */
static ir_attr hex_attr(reader *r, uint32_t at, str body, ir_type t) {
    int64_t count = ir_num_elements(r->ctx, t);
    ir_type elt = ir_element_type(r->ctx, t);
    str digits = str_from(body, 2);
    bool bits = ir_kind_of(r->ctx, elt) == IR_TYPE_INTEGER && ir_at(r->ctx, elt, 0) == 1;
    size_t size = ir_dense_element_bytes(r->ctx, elt), bytes = digits.n / 2, whole;
    bool fits = count >= 0 && digits.n % 2 == 0;
    bool splat = false;
    if (fits && bits) {
        uint8_t first = 1;
        if (bytes == 1)
            decode_hex(digits.p, 1, &first);
        splat = bytes == 1 && (first == 0 || first == 0xff);
        if (count > 1 && bytes == (uint64_t)count)
            return hex_bytes_attr(r, digits, t);
        fits = splat || bytes == ((size_t)count + 7) / 8;
    } else if (fits) {
        splat = bytes == size;
        fits = splat || (num_mul_size(size, (size_t)count, &whole) && bytes == whole);
    }
    if (!fits)
        return with_type_text(r, at, "elements hex data size is invalid for provided type: ", t, "");
    if (!splat && !bits && count > 1 && memcmp(digits.p, digits.p + 2 * size, digits.n - 2 * size) == 0) {
        splat = true;
        bytes = size;
        digits.n = 2 * size;
    }
    if (bytes > IR_BIG_BYTES / 8)
        return rd_made(r,
                       ir_attr_dense(r->ctx, t, splat ? IR_DENSE_HEX_SPLAT : IR_DENSE_HEX, digits.p, digits.n, false));
    /* Few: as if they had been written as a list. */
    uint8_t raw[IR_BIG_BYTES], decoded[IR_BIG_BYTES / 8];
    decode_hex(digits.p, bytes, decoded);
    if (bits) {
        size_t n = splat ? 1 : (size_t)count;
        bool same = true;
        for (size_t i = 0; i < n; i++) {
            raw[i] = decoded[i / 8] >> i % 8 & 1;
            same = same && raw[i] == raw[0];
        }
        splat = splat || (n > 0 && same);
        bytes = splat ? 1 : n;
    } else {
        memcpy(raw, decoded, bytes);
    }
    return rd_made(r, ir_attr_dense(r->ctx, t, splat ? IR_DENSE_SPLAT : IR_DENSE_RAW, raw, bytes, true));
}

/* ---- lists of elements ---------------------------------------------------------------------------------- */

/* What an element list turned out to be. */
typedef struct literal {
    uint8_t *bytes; /* the elements; in the context when big, else in the reader's scratch */
    size_t n, size; /* how many, of how many bytes */
    bool big;       /* bytes are the context's */
    bool splat;     /* all equal */
    uint32_t rank;  /* 0: a lone element; dimensions in t->dims */
} literal;

/* The '>' that ends the element list at p; NULL when there is none. */
static const char *list_end(const reader *r, const char *p) {
    for (;;) {
        while (r->end - p >= 16) {
            bytes16 v = bytes16_at(p);
            unsigned i = bytes16_first((bytes16)(v == BYTES16('>')) | (bytes16)(v == BYTES16('"')) |
                                       (bytes16)(v == BYTES16('/')));
            p += i;
            if (i < 16)
                break;
        }
        for (int i = 0; i < 16 && p < r->end; i++, p++) {
            if (*p == '>')
                return p;
            if (*p == '"') {
                str body;
                bool escapes;
                const char *wrong;
                p = rd_scan_string(r, p, &body, &escapes, &wrong);
                if (!p)
                    return NULL;
                p--;
            } else if (*p == '/' && p[1] == '/') {
                const char *nl = memchr(p, '\n', (size_t)(r->end - p));
                if (!nl || rd_is_separator(r, p))
                    return NULL;
                p = nl;
            }
        }
        if (p >= r->end)
            return NULL;
    }
}

/* Writes the low `size` bytes of a number. */
static inline void put_bytes(uint8_t *out, size_t size, uint64_t v) {
    for (size_t i = 0; i < size; i++, v >>= 8)
        out[i] = (uint8_t)v;
}

/* A plain decimal f32 or f64, the usual element; false when it is anything else, and nothing is taken. */
static bool read_plain_float(reader *r, ir_float f, uint8_t *out) {
    const char *p = r->p, *q = p + (*p == '-');
    const char *digits = q;
    while (rd_is_class(*q, RD_DIGIT))
        q++;
    if (*q != '.' || q == digits)
        return false;
    str text = str_of(p, (size_t)(r->end - p));
    size_t n;
    if (f == IR_F32) {
        float v;
        n = num_parse_float(text, &v);
        memcpy(out, &v, sizeof v);
    } else {
        double v;
        n = num_parse_double(text, &v);
        memcpy(out, &v, sizeof v);
    }
    rd_take(r, (uint32_t)n);
    return true;
}

/* One number of an element list, as `size` bytes. */
static bool read_number(reader *r, ir_type elt, size_t size, uint8_t *out, bool in_array) {
    ir_kind k = ir_kind_of(r->ctx, elt);
    uint32_t at = rd_pos(r);
    if (k == IR_TYPE_FLOAT) {
        ir_float f = (ir_float)ir_flags_of(r->ctx, elt);
        if ((f == IR_F32 || f == IR_F64) && read_plain_float(r, f, out))
            return true;
    }
    if (k != IR_TYPE_FLOAT && *r->p != '-' && !rd_is_class(*r->p, RD_DIGIT)) {
        bool yes = rd_is_keyword(r, "true");
        if (yes || rd_is_keyword(r, "false")) {
            if (k != IR_TYPE_INTEGER || ir_at(r->ctx, elt, 0) != 1)
                return rd_error(r, at, "expected i1 type for 'true' or 'false' values");
            rd_take(r, yes ? 4 : 5);
            out[0] = yes;
            return true;
        }
    }
    bool negative = rd_accept(r, '-');
    str text;
    rd_number_kind kind = rd_peek_number(r, &text);
    uint32_t number_at = rd_pos(r);
    if (k == IR_TYPE_FLOAT) {
        uint64_t words[2];
        if (kind == RD_NO_NUMBER)
            return in_array ? rd_error(r, number_at, "expected floating point literal")
                            : rd_error(r, number_at, "expected element literal of primitive type");
        if (!rd_float_words(r, number_at, negative, text, kind, elt, words))
            return false;
        put_bytes(out, size > 8 ? 8 : size, words[0]);
        if (size > 8)
            put_bytes(out + 8, size - 8, words[1]);
    } else {
        if (kind == RD_NO_NUMBER || (kind == RD_FLOAT && in_array))
            return in_array ? rd_error(r, number_at, "expected integer literal")
                            : rd_error(r, number_at, "expected element literal of primitive type");
        if (kind == RD_FLOAT)
            return rd_error(r, number_at, "expected integer elements, but parsed floating-point");
        if (negative && k == IR_TYPE_INTEGER && ir_flags_of(r->ctx, elt) == IR_UNSIGNED)
            return rd_error(r, number_at,
                            in_array ? "negative integer literal not valid for unsigned integer type"
                                     : "expected unsigned integer elements, but parsed negative value");
        uint64_t v;
        if (size > 8) {
            ir_attr a = rd_integer_attr(r, number_at, negative, text, elt);
            if (!a)
                return false;
            memcpy(out, ir_words(r->ctx, a) + 3, size);
        } else {
            bool fits = rd_integer_fits(r, negative, text, elt, &v);
            if (in_array && (!fits || (k == IR_TYPE_INTEGER && ir_at(r->ctx, elt, 0) == 1))) {
                rd_take(r, (uint32_t)text.n);
                return rd_error(r, rd_pos(r),
                                fits || ir_at(r->ctx, elt, 0) == 1 ? "expected 'true' or 'false' values for i1 type"
                                                                   : "integer constant out of range");
            }
            if (!fits)
                return rd_error(r, number_at, "integer constant out of range for type");
            put_bytes(out, size, v);
        }
    }
    rd_take(r, (uint32_t)text.n);
    return true;
}

static bool read_element(reader *r, ir_type elt, size_t size, uint8_t *out) {
    if (ir_kind_of(r->ctx, elt) != IR_TYPE_COMPLEX)
        return read_number(r, elt, size, out, false);
    ir_type part = ir_at(r->ctx, elt, 0);
    if (!rd_accept(r, '(')) {
        struct buf b;
        buf_init(&b, r->mem);
        text_print_node(r->ctx, elt, &b);
        rd_error(r, r->t->attr_at, "parsed 1 elements, but type ('%.*s') expected 2 elements", STR_ARG(buf_str(&b)));
        buf_free(&b);
        return false;
    }
    if (!read_number(r, part, size / 2, out, false))
        return false;
    if (!rd_accept(r, ','))
        return rd_expected(r, "expected ',' between complex elements");
    return read_number(r, part, size / 2, out + size / 2, false) &&
           (rd_accept(r, ')') || rd_expected(r, "expected ')' after complex elements"));
}

/* Complains behind the item that does not fit. */
static bool ranks_differ(reader *r) {
    if (rd_is(r, '[')) {
        uint32_t open = 0;
        const char *p = r->p;
        do {
            open += *p == '[';
            open -= *p == ']';
            p++;
        } while (open && p < r->end);
        r->p = p;
        rd_skip(r);
    } else if (rd_is_class(*r->p, RD_DIGIT)) {
        str text;
        rd_peek_number(r, &text);
        rd_take(r, (uint32_t)text.n);
    }
    return rd_error(r, rd_pos(r), "tensor literal is invalid; ranks are not consistent between elements");
}

/* Reads an element list of `elt` up to its end (at most limit bytes of text away); the shape it has goes into t->dims. */
static bool read_literal(reader *r, ir_type elt, size_t limit, int64_t expected, literal *out) {
    rd_tables *t = r->t;
    size_t size = ir_dense_element_bytes(r->ctx, elt);
    *out = (literal){.size = size, .splat = true};
    /* No element is shorter than two bytes of text, but the last. */
    size_t most = limit / 2 + 1;
    /* Those that the type has no room for are read, for the message, and dropped. */
    if (expected >= 0 && (uint64_t)expected < most)
        most = (size_t)expected + 1;
    size_t room;
    if (!num_mul_size(most, size, &room))
        return rd_oom(r);
    out->big = room > IR_BIG_BYTES;
    if (out->big) {
        out->bytes = ir_context_alloc(r->ctx, room);
    } else {
        vec_clear(&t->bytes);
        out->bytes = vec_room(&t->bytes, room + 1) ? t->bytes.v : NULL;
    }
    if (!out->bytes)
        return rd_oom(r);
    vec_clear(&t->dims);
    uint32_t mark = rd_mark(r), depth = 0, leaf = UINT32_MAX;
    /* The stack holds how many items each open list has so far (low, high word). */
    for (;;) {
        if (rd_is(r, '[')) {
            if (depth >= leaf)
                return ranks_differ(r);
            if (!rd_enter(r))
                return false;
            rd_take(r, 1);
            depth++;
            if (t->dims.n < depth && !vec_push(&t->dims, -1))
                return rd_oom(r);
            if (!rd_push64(r, 0))
                return false;
            if (!rd_is(r, ']'))
                continue;
        } else {
            if (depth != leaf && leaf != UINT32_MAX)
                return ranks_differ(r);
            if (depth < t->dims.n)
                return ranks_differ(r);
            leaf = depth;
            uint8_t *e = out->bytes + (out->n < most ? out->n : most - 1) * size;
            if (!read_element(r, elt, size, e))
                return false;
            out->splat = out->splat && (out->n == 0 || memcmp(e, out->bytes, size) == 0);
            out->n++;
        }
        /* Behind an item. */
        for (;;) {
            if (depth == 0) {
                out->rank = (uint32_t)t->dims.n;
                rd_pop(r, mark);
                return true;
            }
            uint32_t *w = rd_words(r, mark) + 2 * (size_t)(depth - 1);
            bool empty = rd_is(r, ']') && !w[0] && !w[1] && r->tok_end[-1] == '[';
            if (!empty && ++w[0] == 0)
                w[1]++;
            if (rd_accept(r, ','))
                break;
            if (!rd_accept(r, ']'))
                return rd_expected(r, "expected ']'");
            int64_t count = (int64_t)(w[0] | (uint64_t)w[1] << 32);
            if (t->dims.v[depth - 1] == -1)
                t->dims.v[depth - 1] = count;
            else if (t->dims.v[depth - 1] != count)
                return ranks_differ(r);
            rd_pop(r, rd_mark(r) - 2);
            depth--;
            rd_leave(r);
        }
    }
}

static void put_shape(struct buf *b, const int64_t *dims, size_t n) {
    buf_putc(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_lit(b, ", ");
        buf_put_i64(b, dims[i]);
    }
    buf_putc(b, ']');
}

static void put_type_shape(reader *r, struct buf *b, ir_type t) {
    buf_putc(b, '[');
    for (int i = 0; i < ir_rank(r->ctx, t); i++) {
        if (i)
            buf_lit(b, ", ");
        buf_put_i64(b, ir_dim(r->ctx, t, i));
    }
    buf_putc(b, ']');
}

/* Whether the literal's shape is that of the type; a lone element fits any. */
static bool check_shape(reader *r, uint32_t at, const literal *l, ir_type t) {
    if (l->rank == 0)
        return true;
    const int64_t *dims = r->t->dims.v;
    bool same = (int)l->rank == ir_rank(r->ctx, t);
    for (uint32_t i = 0; same && i < l->rank; i++)
        same = dims[i] == ir_dim(r->ctx, t, (int)i);
    if (same)
        return true;
    struct buf b;
    buf_init(&b, r->mem);
    buf_lit(&b, "inferred shape of elements literal (");
    put_shape(&b, dims, l->rank);
    buf_lit(&b, ") does not match type (");
    put_type_shape(r, &b, t);
    buf_putc(&b, ')');
    rd_error(r, at, "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
    return false;
}

static ir_attr literal_attr(reader *r, const literal *l, ir_type t) {
    bool splat = l->n > 0 && l->splat;
    size_t bytes = splat ? l->size : l->n * l->size;
    return rd_made(r, ir_attr_dense(r->ctx, t, splat ? IR_DENSE_SPLAT : IR_DENSE_RAW, l->bytes, bytes,
                                    !l->big || bytes <= IR_BIG_BYTES));
}

ir_type rd_elements_type(reader *r, ir_type expected) {
    uint32_t at = r->t->attr_at;
    ir_type t = expected;
    if (!t) {
        if (!rd_accept(r, ':')) {
            rd_expected(r, "expected ':'");
            return 0;
        }
        if (!(t = rd_type(r)))
            return 0;
    }
    if (!ir_is_shaped(r->ctx, t)) {
        rd_error(r, at, "elements literal must be a shaped type");
        return 0;
    }
    bool fixed = ir_rank(r->ctx, t) >= 0;
    for (int i = 0; fixed && i < ir_rank(r->ctx, t); i++)
        fixed = ir_dim(r->ctx, t, i) != IR_DYNAMIC;
    if (!fixed) {
        rd_error(r, at, "elements literal type must have static shape");
        return 0;
    }
    return t;
}

/* ---- strings -------------------------------------------------------------------------------------------- */

/* An element list of strings, nested as the type is: the strings onto the stack. */
static bool read_strings(reader *r) {
    if (*r->p == '"') {
        ir_str s;
        return rd_string(r, &s) && rd_push(r, s);
    }
    if (!rd_enter(r))
        return false;
    bool ok = rd_expect(r, '[');
    if (ok && !rd_accept(r, ']')) {
        do
            ok = read_strings(r);
        while (ok && rd_accept(r, ','));
        ok = ok && rd_expect(r, ']');
    }
    rd_leave(r);
    return ok;
}

static ir_attr strings_attr(reader *r, uint32_t at, ir_type t) {
    uint32_t mark = rd_mark(r);
    if (!rd_push(r, t) || (!rd_is(r, '>') && !read_strings(r)))
        return 0;
    uint32_t n = rd_mark(r) - mark - 1;
    int64_t count = ir_num_elements(r->ctx, t);
    if ((int64_t)n != count && n != 1) {
        rd_error(r, at, "expected %lld elements, but got %u", (long long)count, (unsigned)n);
        return 0;
    }
    const uint32_t *w = rd_words(r, mark);
    bool splat = n > 0;
    for (uint32_t i = 2; i <= n; i++)
        splat = splat && w[i] == w[1];
    ir_attr a = ir_intern(r->ctx, IR_ATTR_DENSE_STRINGS, splat, w, splat ? 2 : n + 1);
    rd_pop(r, mark);
    return rd_made(r, a);
}

/* ---- dense ---------------------------------------------------------------------------------------------- */

static bool is_number_type(const reader *r, ir_type t) {
    ir_kind k = ir_kind_of(r->ctx, t);
    return k == IR_TYPE_INTEGER || k == IR_TYPE_FLOAT || k == IR_TYPE_INDEX || k == IR_TYPE_COMPLEX;
}

ir_attr rd_dense(reader *r, ir_type expected) {
    uint32_t at = (uint32_t)(r->tok_end - r->begin) - 5;
    if (!rd_accept(r, '<')) {
        rd_expected(r, "expected '<' after 'dense'");
        return 0;
    }
    const char *start = r->p;
    str body = {0};
    bool escapes = false, quoted = *start == '"', hex = false;
    const char *wrong, *close;
    if (quoted) {
        /* Most of these are long: looked at once, for the digits and for the end. */
        const char *q = start + 1;
        if (q[0] == '0' && q[1] == 'x')
            q = rd_hex_end(q + 2, r->end);
        hex = q > start + 1 && *q == '"';
        if (hex)
            body = str_of(start + 1, (size_t)(q++ - start) - 1);
        else
            q = rd_scan_string(r, start, &body, &escapes, &wrong);
        if (!q) {
            rd_expected(r, "expected string");
            return 0;
        }
        r->p = r->tok_end = q;
        rd_skip(r);
        close = r->p;
    } else {
        close = list_end(r, start);
        if (!close) {
            literal l;
            if (read_literal(r, r->ctx->t_f64, (size_t)(r->end - start), -1, &l))
                rd_expected(r, "expected '>'");
            return 0;
        }
        r->p = r->tok_end = close;
    }
    if (!rd_expect(r, '>'))
        return 0;
    r->t->attr_at = at;
    ir_type t = rd_elements_type(r, expected);
    if (!t)
        return 0;
    ir_type elt = ir_element_type(r->ctx, t);
    const char *after = r->p, *tok_end = r->tok_end;
    ir_attr a = 0;
    uint32_t string_at = (uint32_t)(start - r->begin);
    r->p = start;
    r->tok_end = start;
    if (!is_number_type(r, elt)) {
        a = strings_attr(r, at, t);
    } else if (quoted) {
        if (!hex)
            rd_error(r, string_at, "expected string containing hex digits starting with `0x`");
        else
            a = hex_attr(r, at, body, t);
    } else {
        literal l = {.rank = 0, .n = 0, .splat = false};
        int64_t count = ir_num_elements(r->ctx, t);
        if (close == start) {
            if (count != 0)
                return with_type_text(r, at, "parsed zero elements, but type (", t, ") expected at least 1");
            a = rd_made(r, ir_attr_dense(r->ctx, t, IR_DENSE_RAW, "", 0, true));
        } else if (read_literal(r, elt, (size_t)(close - start), count, &l)) {
            if (r->p != close) {
                rd_expected(r, "expected '>'");
            } else {
                r->p = after; /* errors from here on are not about the token there */
                if (check_shape(r, at, &l, t))
                    a = literal_attr(r, &l, t);
            }
        }
    }
    if (!a)
        return 0;
    r->p = after;
    r->tok_end = tok_end;
    return a;
}

ir_attr rd_dense_resource(reader *r, ir_type expected) {
    uint32_t w[2];
    if (!rd_accept(r, '<')) {
        rd_expected(r, "expected '<' after 'dense_resource'");
        return 0;
    }
    if (*r->p != '"' && !rd_is_class(*r->p, RD_LETTER)) {
        rd_expected(r, "expected identifier key for 'resource' entry");
        return 0;
    }
    if (!rd_keyword_or_string(r, &w[1]))
        return 0;
    if (!rd_accept(r, '>')) {
        rd_expected(r, "expected '>'");
        return 0;
    }
    uint32_t type_at = rd_pos(r);
    if (!(w[0] = expected)) {
        if (!rd_accept(r, ':')) {
            rd_expected(r, "expected ':'");
            return 0;
        }
        if (!(w[0] = rd_type(r)))
            return 0;
    }
    if (!ir_is_shaped(r->ctx, w[0])) {
        rd_error(r, type_at, "`dense_resource` expected a shaped type");
        return 0;
    }
    return rd_made(r, ir_intern(r->ctx, IR_ATTR_RESOURCE, 0, w, 2));
}

/* ---- sparse --------------------------------------------------------------------------------------------- */

/* One literal of sparse<...> as a tensor of its own shape, a lone element as `shape`. */
static ir_attr sparse_part(reader *r, ir_type elt, const int64_t *shape, uint32_t rank, int64_t *first_dim) {
    literal l;
    if (!read_literal(r, elt, (size_t)(r->end - r->p) < (1u << 20) ? (size_t)(r->end - r->p) : 1u << 20, -1, &l))
        return 0;
    int64_t dims[2] = {0, 0};
    const int64_t *d = shape;
    if (l.rank) {
        if (l.rank > 2) {
            rd_error(r, rd_pos(r), "sparse index must be a matrix of numbers");
            return 0;
        }
        rank = l.rank;
        memcpy(dims, r->t->dims.v, l.rank * sizeof *dims);
        d = dims;
    }
    *first_dim = d[0];
    ir_type t = rd_made(r, ir_type_tensor(r->ctx, d, rank, elt, 0));
    return t ? literal_attr(r, &l, t) : 0;
}

/* Shapes of indices and values against the type, and every index within it. */
static bool check_sparse(reader *r, uint32_t at, ir_type t, ir_attr indices, ir_attr values) {
    ir_type it = ir_at(r->ctx, indices, 0), vt = ir_at(r->ctx, values, 0);
    int rank = ir_rank(r->ctx, t), index_rank = ir_rank(r->ctx, it);
    if (ir_rank(r->ctx, vt) != 1)
        return rd_error(r, at, "expected 1-d tensor for sparse element values");
    int64_t n = ir_dim(r->ctx, it, 0);
    bool fits =
        (index_rank == 1 ? rank == 1 : index_rank == 2 && ir_dim(r->ctx, it, 1) == rank) && n == ir_dim(r->ctx, vt, 0);
    struct buf b;
    buf_init(&b, r->mem);
    if (!fits) {
        buf_lit(&b, "expected shape (");
        put_type_shape(r, &b, t);
        buf_lit(&b, "); inferred shape of indices literal (");
        put_type_shape(r, &b, it);
        buf_lit(&b, "); inferred shape of values literal (");
        put_type_shape(r, &b, vt);
        buf_lit(&b, ")");
        rd_error(r, at, "%.*s", STR_ARG(buf_str(&b)));
    }
    str data = ir_data(r->ctx, indices);
    bool splat = ir_flags_of(r->ctx, indices) == IR_DENSE_SPLAT;
    for (int64_t i = 0; fits && i < (splat ? n < 1 ? n : 1 : n); i++) {
        for (int k = 0; fits && k < rank; k++) {
            int64_t v;
            memcpy(&v, data.p + (splat ? 0 : (size_t)(i * rank + k) * 8), 8);
            fits = v >= 0 && v < ir_dim(r->ctx, t, k);
        }
        if (fits)
            continue;
        buf_printf(&b, "sparse index #%lld is not contained within the value shape, with index=[", (long long)i);
        for (int k = 0; k < rank; k++) {
            int64_t v;
            memcpy(&v, data.p + (splat ? 0 : (size_t)(i * rank + k) * 8), 8);
            if (k)
                buf_lit(&b, ", ");
            buf_put_i64(&b, v);
        }
        buf_lit(&b, "], and type='");
        text_print_node(r->ctx, t, &b);
        rd_error(r, at, "%.*s'", STR_ARG(buf_str(&b)));
    }
    buf_free(&b);
    return fits;
}

ir_attr rd_sparse(reader *r, ir_type expected) {
    uint32_t at = (uint32_t)(r->tok_end - r->begin) - 6;
    if (!rd_accept(r, '<')) {
        rd_expected(r, "expected '<' after 'sparse'");
        return 0;
    }
    /* The type first: the elements need it. */
    const char *start = r->p, *close = list_end(r, start);
    if (!close) {
        rd_error(r, rd_pos(r), "expected '>'");
        return 0;
    }
    r->p = r->tok_end = close;
    rd_take(r, 1);
    r->t->attr_at = at;
    ir_type t = rd_elements_type(r, expected);
    if (!t)
        return 0;
    const char *after = r->p, *tok_end = r->tok_end;
    ir_type elt = ir_element_type(r->ctx, t);
    if (!is_number_type(r, elt)) {
        rd_error(r, at, "expected a type of numbers for a sparse literal");
        return 0;
    }
    int64_t shape[2] = {1, ir_rank(r->ctx, t)}, n = 1;
    uint32_t w[3] = {t, 0, 0};
    r->p = r->tok_end = start;
    if (r->p == close) {
        int64_t none[2] = {0, shape[1]};
        ir_type it = ir_type_tensor(r->ctx, none, 2, r->ctx->t_i64, 0), vt = ir_type_tensor(r->ctx, none, 1, elt, 0);
        w[1] = it ? rd_made(r, ir_attr_dense(r->ctx, it, IR_DENSE_RAW, "", 0, true)) : 0;
        w[2] = vt ? rd_made(r, ir_attr_dense(r->ctx, vt, IR_DENSE_RAW, "", 0, true)) : 0;
    } else {
        w[1] = sparse_part(r, r->ctx->t_i64, shape, 2, &n);
        if (!w[1])
            return 0;
        if (!rd_accept(r, ',')) {
            rd_expected(r, "expected ','");
            return 0;
        }
        shape[0] = n;
        w[2] = sparse_part(r, elt, shape, 1, &n);
        if (w[2] && r->p != close) {
            rd_expected(r, "expected '>'");
            return 0;
        }
    }
    if (!w[1] || !w[2])
        return 0;
    r->p = after;
    r->tok_end = tok_end;
    if (!check_sparse(r, at, t, w[1], w[2]))
        return 0;
    return rd_made(r, ir_intern(r->ctx, IR_ATTR_SPARSE, 0, w, 3));
}

/* ---- array ---------------------------------------------------------------------------------------------- */

ir_attr rd_dense_array(reader *r) {
    if (!rd_accept(r, '<')) {
        rd_expected(r, "expected '<' after 'array'");
        return 0;
    }
    uint32_t at = rd_pos(r);
    ir_type elt = rd_type(r);
    if (!elt)
        return 0;
    ir_kind k = ir_kind_of(r->ctx, elt);
    if (k != IR_TYPE_INTEGER && k != IR_TYPE_FLOAT)
        return with_type_text(r, at, "expected integer or float type, got: ", elt, "");
    uint32_t width = ir_bit_width(r->ctx, elt);
    if (width != 1 && width % 8) {
        rd_error(r, at, "element type bitwidth must be a multiple of 8");
        return 0;
    }
    rd_tables *t = r->t;
    size_t size = ir_dense_element_bytes(r->ctx, elt);
    vec_clear(&t->bytes);
    if (!rd_accept(r, '>')) {
        if (!rd_accept(r, ':')) {
            rd_expected(r, "expected ':' after dense array type");
            return 0;
        }
        do {
            if (!vec_room(&t->bytes, size + 1))
                return rd_oom(r);
            if (!read_number(r, elt, size, t->bytes.v + t->bytes.n, true))
                return 0;
            t->bytes.n += size;
        } while (rd_accept(r, ','));
        if (!rd_accept(r, '>')) {
            rd_expected(r, "expected '>' to close an array attribute");
            return 0;
        }
    }
    return rd_made(r, ir_attr_dense_array(r->ctx, elt, t->bytes.n ? (const void *)t->bytes.v : "", t->bytes.n, true));
}
