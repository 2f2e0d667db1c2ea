/* Builtin attributes, affine maps and sets, and the frame around dialect attributes. */
#include "dialect/params.h"
#include "text/printer.h"
#include "text/scan16.h"

/* ---- text ---------------------------------------------------------------------------------------------------- */

/* Bytes that a string literal escapes: 255, others: 0. */
static bytes16 escaped16(bytes16 v) {
    return (bytes16)(v < BYTES16(0x20)) | (bytes16)(v >= BYTES16(0x7f)) | (bytes16)(v == BYTES16('"')) |
           (bytes16)(v == BYTES16('\\'));
}

/* How many bytes at the beginning stand for themselves, or fewer. Ends of 16 and 8 bytes overlap what is before them. */
static size_t plain_bytes(str s) {
    if (s.n < 8)
        return 0;
    if (s.n < 16) {
        bytes16 v;
        memcpy(&v, s.p, 8);
        memcpy((char *)&v + 8, s.p + s.n - 8, 8);
        return bytes16_first(escaped16(v)) == 16 ? s.n : 0;
    }
    for (size_t at = 0;; at = at + 32 <= s.n ? at + 16 : s.n - 16) {
        unsigned i = bytes16_first(escaped16(bytes16_at(s.p + at)));
        if (i < 16)
            return at + i;
        if (at + 16 == s.n)
            return s.n;
    }
}

void print_quoted(printer *p, str s) {
    static const char hex[] = "0123456789ABCDEF";
    if (p->collecting) /* nobody reads it */
        return;
    print_char(p, '"');
    size_t from = 0;
    for (size_t i = plain_bytes(s); i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            continue;
        print_str(p, str_slice(s, from, i));
        from = i + 1;
        print_char(p, '\\');
        if (c == '\\') {
            print_char(p, '\\');
        } else {
            print_char(p, hex[c >> 4]);
            print_char(p, hex[c & 15]);
        }
    }
    print_str(p, str_from(s, from));
    print_char(p, '"');
}

static bool is_alnum(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool print_is_bare_identifier(str s) {
    if (s.n == 0 || (s.p[0] >= '0' && s.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (!is_alnum(c) && c != '_' && (i == 0 || (c != '$' && c != '.')))
            return false;
    }
    return true;
}

void print_keyword_or_string(printer *p, str s) {
    if (print_is_bare_identifier(s))
        print_str(p, s);
    else
        print_quoted(p, s);
}

void print_symbol(printer *p, str name) {
    if (name.n == 0) {
        print_lit(p, "@<<INVALID EMPTY SYMBOL>>");
        return;
    }
    print_char(p, '@');
    print_keyword_or_string(p, name);
}

void print_opaque_symbol(printer *p, char sigil, str text) {
    /* "ns<name>" and "ns<name<...>>" are written "ns.name", "ns.name<...>". */
    print_char(p, sigil);
    size_t open = str_find_char(text, '<');
    size_t dot = str_find_char(text, '.');
    if (open + 2 < text.n && open < dot && text.p[text.n - 1] == '>' &&
        !(text.p[open + 1] >= '0' && text.p[open + 1] <= '9') && is_alnum((unsigned char)text.p[open + 1])) {
        str body = str_slice(text, open + 1, text.n - 1);
        size_t i = 0;
        while (i < body.n && (is_alnum((unsigned char)body.p[i]) || body.p[i] == '.' || body.p[i] == '_'))
            i++;
        if (i == body.n || (body.p[i] == '<' && body.p[body.n - 1] == '>')) {
            print_str(p, str_slice(text, 0, open));
            print_char(p, '.');
            print_str(p, body);
            return;
        }
    }
    print_str(p, text);
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

void print_limbs(printer *p, const uint64_t *limbs, uint32_t n, bool is_signed) {
    if (n == 1) {
        if (is_signed)
            print_i64(p, (int64_t)limbs[0]);
        else
            print_u64(p, limbs[0]);
        return;
    }
    /* Divide by 10^9 until nothing is left. */
    uint32_t words[2 * PRINT_MAX_LIMBS];
    uint32_t digits[80];
    bool negative = is_signed && (limbs[n - 1] >> 63) != 0;
    if (negative)
        print_char(p, '-');
    uint64_t carry = negative ? 1 : 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t v = negative ? ~limbs[i] : limbs[i];
        uint64_t sum = v + carry;
        carry = sum < v;
        words[2 * i] = (uint32_t)sum;
        words[2 * i + 1] = (uint32_t)(sum >> 32);
    }
    uint32_t n_digits = 0, top = 2 * n;
    while (top && !words[top - 1])
        top--;
    while (top) {
        uint64_t rest = 0;
        for (uint32_t i = top; i-- > 0;) {
            uint64_t v = rest << 32 | words[i];
            words[i] = (uint32_t)(v / 1000000000);
            rest = v % 1000000000;
        }
        digits[n_digits++] = (uint32_t)rest;
        while (top && !words[top - 1])
            top--;
    }
    print_u64(p, n_digits ? digits[n_digits - 1] : 0);
    for (uint32_t i = n_digits ? n_digits - 1 : 0; i-- > 0;) {
        char text[9];
        uint32_t v = digits[i];
        for (int k = 9; k-- > 0; v /= 10)
            text[k] = (char)('0' + v % 10);
        print_str(p, str_of(text, 9));
    }
}

void print_int_bytes(printer *p, ir_type t, const unsigned char *bytes, uint32_t n) {
    bool is_int = ir_kind_of(p->c, t) == IR_TYPE_INTEGER;
    uint32_t width = is_int ? ir_at(p->c, t, 0) : 64;
    bool is_signed = !(is_int && ir_flags_of(p->c, t) == IR_UNSIGNED);
    if (width == 1) {
        if (n && (bytes[0] & 1))
            print_lit(p, "true");
        else
            print_lit(p, "false");
        return;
    }
    if (width == 0 || n == 0) {
        print_char(p, '0');
        return;
    }
    if (LIKELY(width <= 64)) {
        uint64_t v = 0;
        memcpy(&v, bytes, n < 8 ? n : 8);
        uint32_t unused = 64 - width;
        if (is_signed)
            print_i64(p, (int64_t)(v << unused) >> unused);
        else
            print_u64(p, v << unused >> unused);
        return;
    }
    if (width > PRINT_MAX_LIMBS * 64) {
        print_lit(p, "0x");
        for (uint32_t i = n; i-- > 0;) {
            print_char(p, "0123456789ABCDEF"[bytes[i] >> 4]);
            print_char(p, "0123456789ABCDEF"[bytes[i] & 15]);
        }
        return;
    }
    uint64_t limbs[PRINT_MAX_LIMBS] = {0};
    memcpy(limbs, bytes, n > sizeof limbs ? sizeof limbs : n);
    uint32_t n_limbs = (width + 63) / 64;
    uint32_t top = width & 63;
    if (top) {
        uint64_t low = (UINT64_C(1) << top) - 1;
        bool negative = is_signed && (limbs[n_limbs - 1] >> (top - 1) & 1);
        limbs[n_limbs - 1] = negative ? limbs[n_limbs - 1] | ~low : limbs[n_limbs - 1] & low;
    }
    print_limbs(p, limbs, n_limbs, is_signed);
}

static void print_integer(printer *p, ir_attr a, print_elide e) {
    const ir_context *c = p->c;
    ir_type t = ir_at(c, a, 0);
    bool is_int = ir_kind_of(c, t) == IR_TYPE_INTEGER;
    uint32_t width = is_int ? ir_at(c, t, 0) : 64;
    uint32_t sign = is_int ? ir_flags_of(c, t) : IR_SIGNLESS;
    if (width == 1 && sign == IR_SIGNLESS) {
        if (ir_at(c, a, 1) & 1)
            print_lit(p, "true");
        else
            print_lit(p, "false");
        return;
    }
    if (width == 1)
        /* A word in dense constants, but a number here: 1 of si1 is -1. */
        print_i64(p, sign == IR_SIGNED ? -(int64_t)(ir_at(c, a, 1) & 1) : (int64_t)(ir_at(c, a, 1) & 1));
    else
        print_int_bytes(p, t, (const unsigned char *)(ir_words(c, a) + 3), (ir_count(c, a) - 1) * 4);
    if (e == PRINT_TYPE_NEVER || (e == PRINT_TYPE_MAY_ELIDE && is_int && width == 64 && sign == IR_SIGNLESS))
        return;
    print_lit(p, " : ");
    print_type(p, t);
}

static void print_float_attr(printer *p, ir_attr a, print_elide e) {
    const ir_context *c = p->c;
    ir_type t = ir_at(c, a, 0);
    ir_float f = (ir_float)(ir_kind_of(c, t) == IR_TYPE_FLOAT ? ir_flags_of(c, t) : IR_F64);
    uint64_t bits[2] = {(uint64_t)ir_at64(c, a, 1), ir_count(c, a) > 3 ? (uint64_t)ir_at64(c, a, 3) : 0};
    bool hex = print_float(p, f, bits);
    if (e == PRINT_TYPE_NEVER || (e == PRINT_TYPE_MAY_ELIDE && f == IR_F64 && !hex))
        return;
    print_lit(p, " : ");
    print_type(p, t);
}

/* ---- affine ------------------------------------------------------------------------------------------------------ */

/* What stands for dimensions and symbols. */
typedef struct affine_names {
    const ir_value *dims, *syms;
    uint32_t n_dims, n_syms;
} affine_names;

static const char *binary_text(ir_kind k) {
    switch (k) {
    case IR_EXPR_MUL: return " * ";
    case IR_EXPR_FLOORDIV: return " floordiv ";
    case IR_EXPR_CEILDIV: return " ceildiv ";
    default: return " mod ";
    }
}

static bool is_const(const ir_context *c, ir_expr e, int64_t *v) {
    if (ir_kind_of(c, e) != IR_EXPR_CONST)
        return false;
    *v = ir_at64(c, e, 0);
    return true;
}

static void print_expr(printer *p, ir_expr e, bool strong, const affine_names *names);

/* a + b; a negative factor or constant at the right becomes a subtraction. */
static void print_sum(printer *p, ir_expr e, const affine_names *names) {
    const ir_context *c = p->c;
    ir_expr a = ir_at(c, e, 0), b = ir_at(c, e, 1);
    int64_t v;
    print_expr(p, a, false, names);
    if (ir_kind_of(c, b) == IR_EXPR_MUL && is_const(c, ir_at(c, b, 1), &v) && v < 0) {
        ir_expr factor = ir_at(c, b, 0);
        print_lit(p, " - ");
        print_expr(p, factor, v < -1 || ir_kind_of(c, factor) == IR_EXPR_ADD, names);
        if (v < -1) {
            print_lit(p, " * ");
            print_u64(p, 0 - (uint64_t)v);
        }
    } else if (is_const(c, b, &v) && v < 0) {
        print_lit(p, " - ");
        print_u64(p, 0 - (uint64_t)v);
    } else {
        print_lit(p, " + ");
        print_expr(p, b, false, names);
    }
}

/* strong: inside an operator that binds more tightly than +. */
static void print_expr(printer *p, ir_expr e, bool strong, const affine_names *names) {
    const ir_context *c = p->c;
    ir_kind k = ir_kind_of(c, e);
    int64_t v;
    if (!print_enter(p))
        return;
    switch (k) {
    case IR_EXPR_DIM:
        if (ir_at(c, e, 0) < names->n_dims) {
            print_value(p, names->dims[ir_at(c, e, 0)]);
        } else {
            print_char(p, 'd');
            print_u64(p, ir_at(c, e, 0));
        }
        break;
    case IR_EXPR_SYMBOL:
        if (ir_at(c, e, 0) < names->n_syms) {
            print_lit(p, "symbol(");
            print_value(p, names->syms[ir_at(c, e, 0)]);
            print_char(p, ')');
        } else {
            print_char(p, 's');
            print_u64(p, ir_at(c, e, 0));
        }
        break;
    case IR_EXPR_CONST: print_i64(p, ir_at64(c, e, 0)); break;
    case IR_EXPR_ADD:
    case IR_EXPR_MUL:
    case IR_EXPR_FLOORDIV:
    case IR_EXPR_CEILDIV:
    case IR_EXPR_MOD:
        if (strong)
            print_char(p, '(');
        if (k == IR_EXPR_ADD) {
            print_sum(p, e, names);
        } else if (k == IR_EXPR_MUL && is_const(c, ir_at(c, e, 1), &v) && v == -1) {
            print_char(p, '-');
            print_expr(p, ir_at(c, e, 0), true, names);
        } else {
            print_expr(p, ir_at(c, e, 0), true, names);
            buf_puts(p->out, binary_text(k));
            print_expr(p, ir_at(c, e, 1), true, names);
        }
        if (strong)
            print_char(p, ')');
        break;
    default: print_lit(p, "<<NULL AFFINE EXPR>>"); break;
    }
    print_leave(p);
}

void print_affine_expr(printer *p, ir_expr e, const ir_value *dims, uint32_t n_dims, const ir_value *syms,
                       uint32_t n_syms) {
    if (p->collecting)
        return;
    affine_names names = {dims, syms, dims ? n_dims : 0, syms ? n_syms : 0};
    print_expr(p, e, false, &names);
}

/* (d0, d1)[s0] */
static void print_affine_lists(printer *p, uint32_t dims, uint32_t syms) {
    print_char(p, '(');
    for (uint32_t i = 0; i < dims; i++) {
        if (i)
            print_lit(p, ", ");
        print_char(p, 'd');
        print_u64(p, i);
    }
    print_char(p, ')');
    if (syms == 0)
        return;
    print_char(p, '[');
    for (uint32_t i = 0; i < syms; i++) {
        if (i)
            print_lit(p, ", ");
        print_char(p, 's');
        print_u64(p, i);
    }
    print_char(p, ']');
}

void print_affine_map(printer *p, ir_attr map) {
    if (p->collecting)
        return;
    const ir_context *c = p->c;
    const affine_names none = {0};
    print_affine_lists(p, ir_at(c, map, 0), ir_at(c, map, 1));
    print_lit(p, " -> (");
    for (uint32_t i = 2; i < ir_count(c, map); i++) {
        if (i > 2)
            print_lit(p, ", ");
        print_expr(p, ir_at(c, map, i), false, &none);
    }
    print_char(p, ')');
}

void print_integer_set(printer *p, ir_attr set) {
    if (p->collecting)
        return;
    const ir_context *c = p->c;
    const affine_names none = {0};
    print_affine_lists(p, ir_at(c, set, 0), ir_at(c, set, 1));
    print_lit(p, " : (");
    for (uint32_t i = 2; i + 1 < ir_count(c, set); i += 2) {
        if (i > 2)
            print_lit(p, ", ");
        print_expr(p, ir_at(c, set, i), false, &none);
        if (ir_at(c, set, i + 1))
            print_lit(p, " == 0");
        else
            print_lit(p, " >= 0");
    }
    print_char(p, ')');
}

static void print_strided_number(printer *p, int64_t v) {
    if (v == IR_DYNAMIC)
        print_char(p, '?');
    else
        print_i64(p, v);
}

static void print_strided(printer *p, ir_attr a) {
    const ir_context *c = p->c;
    print_lit(p, "strided<[");
    for (uint32_t i = 2; i + 1 < ir_count(c, a); i += 2) {
        if (i > 2)
            print_lit(p, ", ");
        print_strided_number(p, ir_at64(c, a, i));
    }
    print_char(p, ']');
    if (ir_at64(c, a, 0) != 0) {
        print_lit(p, ", offset: ");
        print_strided_number(p, ir_at64(c, a, 0));
    }
    print_char(p, '>');
}

/* ---- attributes ------------------------------------------------------------------------------------------------ */

static void print_type_suffix(printer *p, ir_type t, print_elide e) {
    if (e == PRINT_TYPE_NEVER || !t || ir_kind_of(p->c, t) == IR_TYPE_NONE)
        return;
    print_lit(p, " : ");
    print_type(p, t);
}

static void print_dict(printer *p, ir_attr a) {
    const ir_context *c = p->c;
    uint32_t n = ir_count(c, a);
    print_char(p, '{');
    for (uint32_t i = 0; i + 1 < n; i += 2) {
        if (i)
            print_lit(p, ", ");
        print_named_attr(p, ir_str_of(c, ir_at(c, a, i)), ir_at(c, a, i + 1));
    }
    print_char(p, '}');
}

static void print_sparse(printer *p, ir_attr a, print_elide e) {
    const ir_context *c = p->c;
    ir_attr indices = ir_at(c, a, 1), values = ir_at(c, a, 2);
    print_lit(p, "sparse<");
    if (indices && ir_num_elements(c, ir_at(c, indices, 0)) != 0) {
        print_dense_elements(p, indices, false);
        print_lit(p, ", ");
        print_dense_elements(p, values, true);
    }
    print_char(p, '>');
    print_type_suffix(p, ir_at(c, a, 0), e);
}

static void print_dialect_attr(printer *p, ir_attr a, print_elide e) {
    const attr_type_def *d = print_attr_def(p, a);
    print_dialect_symbol(p, '#', dialect_text(dialect_dialects[d->dialect].name), dialect_text(d->mnemonic), a, false);
    for (uint32_t i = 0; i < d->n_params; i++)
        if ((def_param(d, i)->flags & PARAM_IS_SELF_TYPE) && dialect_param_at(p->c, a, i))
            print_type_suffix(p, dialect_param_at(p->c, a, i), e);
}

void print_attr_impl(printer *p, ir_attr a, print_elide e) {
    const ir_context *c = p->c;
    ir_kind k = ir_kind_of(c, a);
    if (!print_enter(p))
        return;
    switch (k) {
    case IR_ATTR_UNIT: print_lit(p, "unit"); break;
    case IR_ATTR_INTEGER: print_integer(p, a, e); break;
    case IR_ATTR_FLOAT: print_float_attr(p, a, e); break;
    case IR_ATTR_STRING:
        print_quoted(p, ir_str_of(c, a));
        print_type_suffix(p, ir_at(c, a, 1), e);
        break;
    case IR_ATTR_ARRAY: {
        uint32_t n = ir_count(c, a);
        print_char(p, '[');
        for (uint32_t i = 0; i < n; i++) {
            if (i)
                print_lit(p, ", ");
            print_attr_as(p, ir_at(c, a, i), PRINT_TYPE_MAY_ELIDE);
        }
        print_char(p, ']');
        break;
    }
    case IR_ATTR_DICT: print_dict(p, a); break;
    case IR_ATTR_SYMBOL:
        for (uint32_t i = 0; i < ir_count(c, a); i++) {
            if (i)
                print_lit(p, "::");
            print_symbol(p, ir_str_of(c, ir_at(c, a, i)));
        }
        break;
    case IR_ATTR_TYPE: print_type(p, ir_at(c, a, 0)); break;
    case IR_ATTR_DENSE:
    case IR_ATTR_DENSE_STRINGS:
        print_lit(p, "dense<");
        print_dense_elements(p, a, true);
        print_char(p, '>');
        print_type_suffix(p, ir_at(c, a, 0), e);
        break;
    case IR_ATTR_DENSE_ARRAY:
        print_lit(p, "array<");
        print_type(p, ir_at(c, a, 0));
        if (ir_at64(c, a, 3) != 0) {
            print_lit(p, ": ");
            print_dense_array_elements(p, a);
        }
        print_char(p, '>');
        break;
    case IR_ATTR_RESOURCE:
        print_lit(p, "dense_resource<");
        print_keyword_or_string(p, ir_str_of(c, ir_at(c, a, 1)));
        print_note_resource(p, ir_at(c, a, 1));
        print_char(p, '>');
        print_type_suffix(p, ir_at(c, a, 0), e);
        break;
    case IR_ATTR_SPARSE: print_sparse(p, a, e); break;
    case IR_ATTR_AFFINE_MAP:
        print_lit(p, "affine_map<");
        print_affine_map(p, a);
        print_char(p, '>');
        break;
    case IR_ATTR_INTEGER_SET:
        print_lit(p, "affine_set<");
        print_integer_set(p, a);
        print_char(p, '>');
        break;
    case IR_ATTR_STRIDED: print_strided(p, a); break;
    case IR_ATTR_DISTINCT:
        print_lit(p, "distinct[");
        print_u64(p, print_distinct_id(p, a));
        print_lit(p, "]<");
        if (ir_kind_of(c, ir_at(c, a, 2)) != IR_ATTR_UNIT)
            print_attr(p, ir_at(c, a, 2));
        print_char(p, '>');
        break;
    case IR_ATTR_DIALECT: print_dialect_attr(p, a, e); break;
    case IR_ATTR_OPAQUE: print_opaque_symbol(p, '#', ir_str_of(c, ir_at(c, a, 1))); break;
    case IR_ATTR_KEYWORD: print_str(p, ir_str_of(c, a)); break;
    default:
        if (ir_is_loc(k)) {
            print_lit(p, "loc(");
            print_loc_inner(p, a, true);
            print_char(p, ')');
        } else {
            print_lit(p, "<<NULL ATTRIBUTE>>");
        }
        break;
    }
    print_leave(p);
}

/* Kinds whose text is worth remembering: small, and costly to make. */
static bool is_remembered(ir_kind k) {
    return k == IR_ATTR_DIALECT || k == IR_ATTR_AFFINE_MAP || k == IR_ATTR_INTEGER_SET;
}

/* Kinds that can have an alias. */
static bool may_have_alias(ir_kind k) {
    return is_remembered(k) || k == IR_ATTR_DISTINCT || ir_is_loc(k);
}

void print_attr_as(printer *p, ir_attr a, print_elide e) {
    if (p->collecting) {
        print_note(p, a, false, e == PRINT_TYPE_NEVER);
        return;
    }
    ir_kind k = ir_kind_of(p->c, a);
    /* Dictionaries too when they come again: many ops have the same properties. */
    bool dict = k == IR_ATTR_DICT;
    if (p->aliases && (dict || may_have_alias(k)) && print_cached(p, a))
        return;
    if (!p->aliases || !(dict ? print_is_repeated(p, a) : is_remembered(k))) {
        print_attr_impl(p, a, e);
        return;
    }
    struct buf *saved;
    size_t start;
    print_scratch_begin(p, &saved, &start);
    print_attr_impl(p, a, e);
    print_scratch_end(p, saved, start, print_remember(p, a, start));
}

void print_attr(printer *p, ir_attr a) {
    print_attr_as(p, a, PRINT_TYPE_ALWAYS);
}

void print_attr_no_type(printer *p, ir_attr a) {
    print_attr_as(p, a, PRINT_TYPE_NEVER);
}

void print_attr_stripped(printer *p, ir_attr a) {
    if (p->collecting) {
        print_note(p, a, false, false);
        return;
    }
    if (!a || ir_kind_of(p->c, a) != IR_ATTR_DIALECT) {
        print_attr(p, a);
        return;
    }
    if (print_alias(p, a))
        return;
    struct buf *saved;
    size_t start;
    print_scratch_begin(p, &saved, &start);
    asm_print_attr_body(p, a);
    bool empty = p->texts.n == start;
    print_scratch_end(p, saved, start, false);
    if (empty)
        print_attr(p, a);
}

void print_named_attr(printer *p, str key, ir_attr value) {
    if (!p->collecting) {
        print_keyword_or_string(p, key);
        if (ir_kind_of(p->c, value) == IR_ATTR_UNIT)
            return;
        print_lit(p, " = ");
    }
    print_attr(p, value);
}

static bool is_elided(str key, const str *elided, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (str_eq(key, elided[i]))
            return true;
    return false;
}

void print_attr_dict(printer *p, ir_attr props, ir_attr attrs, const str *elided, uint32_t n_elided,
                     bool with_keyword) {
    const ir_context *c = p->c;
    uint32_t n_a = props && ir_kind_of(c, props) == IR_ATTR_DICT ? ir_count(c, props) : 0;
    uint32_t n_b = attrs ? ir_count(c, attrs) : 0;
    uint32_t i = 0, k = 0;
    bool any = false;
    while (i < n_a || k < n_b) {
        str key_a = i < n_a ? ir_str_of(c, ir_at(c, props, i)) : (str){0};
        str key_b = k < n_b ? ir_str_of(c, ir_at(c, attrs, k)) : (str){0};
        bool first = k >= n_b || (i < n_a && str_cmp(key_a, key_b) <= 0);
        str key = first ? key_a : key_b;
        ir_attr value = first ? ir_at(c, props, i + 1) : ir_at(c, attrs, k + 1);
        if (first)
            i += 2;
        else
            k += 2;
        if (is_elided(key, elided, n_elided))
            continue;
        if (any)
            print_lit(p, ", ");
        else if (with_keyword)
            print_lit(p, " attributes {");
        else
            print_lit(p, " {");
        any = true;
        print_named_attr(p, key, value);
    }
    if (any)
        print_char(p, '}');
}
