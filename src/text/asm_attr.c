/* asm_attr.c - attribute values as they are written inside custom forms of ops: without type suffix, as bare enum words,
 * as bodies without prefix, as [1, 2] lists. The attribute's constraint says how (attr_constraint.print).
 */
#include <string.h>

#include "text/asm.h"
#include "text/dialect_text.h"

/* ---- enums ---------------------------------------------------------------------------------------------- */

bool asm_enum_text(const ir_context *c, const enum_def *e, ir_attr value, char *out, size_t cap, size_t *n) {
    int64_t v;
    if (!value)
        return false;
    if (ir_kind_of(c, value) == IR_ATTR_DIALECT) {
        str s = dialect_case_text(c, value);
        if (!s.n || s.n > cap)
            return false;
        memcpy(out, s.p, s.n);
        *n = s.n;
        return true;
    }
    if (!ir_int_value(c, value, &v))
        return false;
    *n = dialect_enum_text(e, v, out, cap);
    return *n > 0;
}

/* An attribute being read: of which op, which one. */
typedef struct place {
    reader *r;
    const op_def *d;
    const op_attr *at;
    const attr_constraint *k;
} place;

/* "expected string or keyword containing one of ... [a, b]" */
static bool no_such_case(const place *w, uint32_t at, const enum_def *e) {
    struct buf cases;
    buf_init(&cases, w->r->mem);
    for (uint32_t i = 0; i < e->n; i++) {
        if (i)
            buf_lit(&cases, ", ");
        buf_put_str(&cases, dialect_text(dialect_enum_cases[e->first + i].text));
    }
    rd_error(w->r, at,
             "custom op '%.*s' expected string or keyword containing one of the following enum values for attribute "
             "'%.*s' [%.*s]",
             STR_ARG(dialect_text(w->d->name)), STR_ARG(dialect_text(w->at->name)), STR_ARG(buf_str(&cases)));
    buf_free(&cases);
    return false;
}

/* Reads a case (for bit enums: cases) of an enum as its number. */
static bool read_enum(const place *w, const enum_def *e, int64_t *out) {
    reader *r = w->r;
    int64_t value = 0;
    bool bits = (e->flags & ENUM_IS_BITS) != 0;
    str separator = dialect_text(e->separator);
    do {
        ir_str word;
        uint32_t at = rd_pos(r);
        if (*r->p != '"' && !rd_peek_id(r).n)
            return no_such_case(w, at, e);
        if (!rd_keyword_or_string(r, &word))
            return false;
        /* A quoted case may hold several names at once. */
        str rest = ir_str_of(r->ctx, word);
        do {
            size_t end = bits && separator.n ? str_find_char(rest, separator.p[0]) : rest.n;
            const enum_case *found = dialect_case_by_text(e, str_trim(str_slice(rest, 0, end)));
            if (!found)
                return no_such_case(w, at, e);
            value = bits ? value | found->value : found->value;
            rest = str_from(rest, end < rest.n ? end + 1 : rest.n);
        } while (rest.n);
    } while (bits && separator.n == 1 && separator.p[0] == '|' && rd_accept(r, '|'));
    *out = value;
    return true;
}

/* ---- lists of numbers ------------------------------------------------------------------------------------ */

static ir_type int_type(ir_context *c, const attr_constraint *k) {
    return ir_type_integer(c, k->width ? k->width : 64, (ir_signedness)k->sign);
}

/* `[1, 2.5, true]` of elements that take `width` bits. */
static ir_attr read_array(reader *r, ir_type element) {
    const ir_context *c = r->ctx;
    uint32_t mark = rd_mark(r), bytes = ir_dense_element_bytes(c, element);
    bool is_float = ir_kind_of(c, element) == IR_TYPE_FLOAT;
    if (!rd_expect(r, '['))
        return 0;
    if (!rd_is(r, ']')) {
        do {
            uint64_t bits;
            if (is_float) {
                double v;
                if (!rd_double(r, element, &v))
                    return 0;
                bits = ir_float_bits((ir_float)ir_flags_of(c, element), v);
            } else {
                int64_t v;
                if (rd_accept_keyword(r, "true"))
                    v = 1;
                else if (rd_accept_keyword(r, "false"))
                    v = 0;
                else if (!rd_integer(r, &v))
                    return 0;
                bits = (uint64_t)v;
            }
            if (!rd_push(r, (uint32_t)bits) || !rd_push(r, (uint32_t)(bits >> 32)))
                return 0;
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, ']'))
        return 0;
    uint32_t n = (rd_mark(r) - mark) / 2;
    unsigned char *to = (unsigned char *)rd_words(r, mark); /* packed in place: elements never grow */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t w[2];
        memcpy(w, rd_words(r, mark) + (size_t)2 * i, sizeof w);
        memcpy(to + (size_t)i * bytes, w, bytes); /* little-endian, as dense arrays are */
    }
    ir_attr a = ir_attr_dense_array(r->ctx, element, n ? (const void *)to : "", (size_t)n * bytes, true);
    rd_pop(r, mark);
    return a;
}

ir_attr asm_read_int_array(reader *r, ir_type element) {
    return read_array(r, element);
}

void asm_print_int_array(printer *p, ir_attr array) {
    if (!array || ir_kind_of(p->c, array) != IR_ATTR_DENSE_ARRAY) {
        print_attr(p, array);
        return;
    }
    print_char(p, '[');
    print_dense_array_elements(p, array);
    print_char(p, ']');
}

static ir_type array_element(ir_context *c, const attr_constraint *k) {
    if (!(k->flags & CONSTRAINT_IS_FLOAT))
        return int_type(c, k);
    return k->width == 64 ? c->t_f64 : c->t_f32;
}

/* ---- properties that are no attributes --------------------------------------------------------------------- */

/* The word that stands before an enum property's cases in angle brackets (`overflow<nsw>`), empty when there is none:
 * the constraint's type text then is a type. */
static str native_word(const attr_constraint *k) {
    str s = dialect_text(k->type);
    size_t at = s.n && (s.p[0] == 's' || s.p[0] == 'u') ? 1 : 0;
    if (s.n > at + 1 && s.p[at] == 'i' && s.p[at + 1] >= '0' && s.p[at + 1] <= '9')
        return (str){"", 0};
    return s;
}

static ir_attr read_native_enum(const place *w) {
    reader *r = w->r;
    const attr_constraint *k = w->k;
    const enum_def *e = &dialect_enums[k->ref];
    str word = native_word(k);
    int64_t v = 0, one;
    if (!word.n) {
        if (!read_enum(w, e, &v))
            return 0;
    } else {
        if (!rd_expect_keyword(r, word.p) || !rd_expect(r, '<'))
            return 0;
        do {
            if (!read_enum(w, e, &one))
                return 0;
            v |= one;
        } while (rd_accept(r, ','));
        if (!rd_expect(r, '>'))
            return 0;
    }
    return ir_attr_int(r->ctx, ir_type_integer(r->ctx, e->bits ? e->bits : 32, IR_SIGNLESS), v);
}

static ir_attr read_native(const place *w) {
    reader *r = w->r;
    const attr_constraint *k = w->k;
    ir_context *c = r->ctx;
    int64_t v;
    switch (k->kind) {
    case ATTR_UNIT: return c->a_unit;
    case ATTR_BOOL:
        if (rd_accept_keyword(r, "true"))
            return c->a_true;
        return rd_expect_keyword(r, "false") ? c->a_false : 0;
    case ATTR_STRING: {
        ir_str s;
        return rd_string(r, &s) ? ir_attr_string(c, ir_str_of(c, s), false) : 0;
    }
    case ATTR_ENUM_INT: return read_native_enum(w);
    case ATTR_INT: return rd_integer(r, &v) ? ir_attr_int(c, int_type(c, k), v) : 0;
    default: return rd_attr(r, 0);
    }
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static ir_attr read_keyword(const place *w) {
    reader *r = w->r;
    const attr_constraint *k = w->k;
    ir_context *c = r->ctx;
    if (k->kind == ATTR_ENUM_INT) {
        int64_t v;
        if (!read_enum(w, &dialect_enums[k->ref], &v))
            return 0;
        ir_type t = k->type ? asm_type_of_text(r, k->type) : int_type(c, k);
        return t ? ir_attr_int(c, t, v) : 0;
    }
    if (k->kind == ATTR_DEF && dialect_attr_defs[k->ref].wraps != DIALECT_NONE && *r->p != '#') {
        ir_attr word = dialect_read_enum(r, &dialect_enums[dialect_attr_defs[k->ref].wraps]);
        return word ? dialect_make_attr(c, k->ref, &word) : 0;
    }
    return rd_attr(r, 0);
}

ir_attr asm_read_attr_value(reader *r, const op_def *d, const op_attr *at, bool qualified) {
    const attr_constraint *k = op_attr_constraint(at);
    const place w = {r, d, at, k};
    ir_context *c = r->ctx;
    switch (k->print) {
    case ATTR_PRINT_SYMBOL: {
        ir_str name;
        return rd_symbol_name(r, &name) ? ir_attr_string(c, ir_str_of(c, name), false) : 0;
    }
    case ATTR_PRINT_KEYWORD: return read_keyword(&w);
    case ATTR_PRINT_NATIVE: return read_native(&w);
    case ATTR_PRINT_NO_TYPE: {
        if (k->kind == ATTR_STRING) {
            /* What follows a ':' belongs to the op, not to the string. */
            ir_str text;
            return rd_string(r, &text) ? ir_attr_string(c, ir_str_of(c, text), false) : 0;
        }
        ir_type t = k->type ? asm_type_of_text(r, k->type) : 0;
        if (k->type && !t)
            return 0;
        return rd_attr(r, t);
    }
    case ATTR_PRINT_STRIPPED:
        if (qualified || *r->p == '#')
            return rd_attr(r, 0);
        if (k->kind == ATTR_DEF)
            return dialect_read_stripped_attr(r, &dialect_attr_defs[k->ref]);
        if (k->kind == ATTR_DENSE_ARRAY)
            return read_array(r, array_element(c, k));
        return rd_attr(r, 0);
    default:
        if (k->kind == ATTR_TYPE) {
            ir_type t = rd_type(r);
            return t ? ir_attr_type(c, t) : 0;
        }
        return rd_attr(r, 0);
    }
}

static bool at_enum(const reader *r, const enum_def *e) {
    return *r->p == '"' || dialect_case_by_text(e, rd_peek_id(r)) != NULL;
}

bool asm_at_attr_value(const reader *r, const attr_constraint *k) {
    switch (k->print) {
    case ATTR_PRINT_SYMBOL: return rd_is_symbol(r);
    case ATTR_PRINT_KEYWORD:
        if (k->kind == ATTR_ENUM_INT)
            return at_enum(r, &dialect_enums[k->ref]);
        if (k->kind == ATTR_DEF && dialect_attr_defs[k->ref].wraps != DIALECT_NONE)
            return *r->p == '#' || at_enum(r, &dialect_enums[dialect_attr_defs[k->ref].wraps]);
        return rd_starts_attr(r);
    case ATTR_PRINT_NATIVE:
        if (k->kind == ATTR_ENUM_INT)
            return native_word(k).n ? rd_is_keyword(r, native_word(k).p) : at_enum(r, &dialect_enums[k->ref]);
        return rd_starts_attr(r);
    case ATTR_PRINT_STRIPPED:
        if (*r->p == '#')
            return true;
        if (k->kind == ATTR_DENSE_ARRAY)
            return rd_is(r, '[');
        if (k->kind == ATTR_DEF) {
            const attr_type_def *d = &dialect_attr_defs[k->ref];
            if (d->wraps != DIALECT_NONE && d->style != DEF_ANGLE)
                return at_enum(r, &dialect_enums[d->wraps]) || rd_is(r, '<');
            return rd_is(r, '<');
        }
        break;
    default: break;
    }
    switch (k->kind) {
    case ATTR_STRING: return *r->p == '"';
    case ATTR_SYMBOL_NAME:
    case ATTR_SYMBOL_REF:
    case ATTR_FLAT_SYMBOL_REF: return rd_is_symbol(r);
    case ATTR_ARRAY: return rd_is(r, '[');
    case ATTR_TYPE: return rd_starts_type(r);
    default: return rd_starts_attr(r);
    }
}

/* ---- printing ------------------------------------------------------------------------------------------- */

static bool print_enum(printer *p, const enum_def *e, ir_attr value) {
    char text[256];
    size_t n;
    if (!asm_enum_text(p->c, e, value, text, sizeof text, &n))
        return false;
    print_keyword_or_string(p, str_of(text, n));
    return true;
}

static bool print_native(printer *p, const attr_constraint *k, ir_attr value) {
    int64_t v;
    switch (k->kind) {
    case ATTR_ENUM_INT: {
        char text[256];
        size_t n;
        if (!asm_enum_text(p->c, &dialect_enums[k->ref], value, text, sizeof text, &n))
            return false;
        str word = native_word(k);
        print_str(p, word);
        if (word.n)
            print_char(p, '<');
        print_str(p, str_of(text, n));
        if (word.n)
            print_char(p, '>');
        return true;
    }
    case ATTR_INT:
        if (!ir_int_value(p->c, value, &v))
            return false;
        print_i64(p, v);
        return true;
    default: return false;
    }
}

void asm_print_attr_value(printer *p, const attr_constraint *k, ir_attr value, bool qualified) {
    const ir_context *c = p->c;
    ir_kind kind = value ? ir_kind_of(c, value) : IR_NONE;
    switch (k->print) {
    case ATTR_PRINT_SYMBOL:
        if (kind == IR_ATTR_STRING) {
            print_symbol(p, ir_str_of(c, value));
            return;
        }
        break;
    case ATTR_PRINT_KEYWORD:
        if (k->kind == ATTR_ENUM_INT && print_enum(p, &dialect_enums[k->ref], value))
            return;
        if (k->kind == ATTR_DEF && dialect_attr_defs[k->ref].wraps != DIALECT_NONE && kind == IR_ATTR_DIALECT &&
            print_enum(p, &dialect_enums[dialect_attr_defs[k->ref].wraps], value))
            return;
        break;
    case ATTR_PRINT_NATIVE:
        if (print_native(p, k, value))
            return;
        break;
    case ATTR_PRINT_NO_TYPE:
        if (value) {
            print_attr_no_type(p, value);
            return;
        }
        break;
    case ATTR_PRINT_STRIPPED:
        if (qualified)
            break;
        if (kind == IR_ATTR_DENSE_ARRAY && k->kind == ATTR_DENSE_ARRAY) {
            asm_print_int_array(p, value);
            return;
        }
        if (kind == IR_ATTR_DIALECT && k->kind == ATTR_DEF && ir_at(c, value, 0) == k->ref + 1u) {
            print_attr_stripped(p, value);
            return;
        }
        break;
    default: break;
    }
    print_attr(p, value);
}
