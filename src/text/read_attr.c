/* read_attr.c - attributes: literals, arrays, dictionaries, symbols, and dialect attributes by their hooks or as
 * text.
 */
#include "base/num.h"
#include "text/read_inner.h"
#include "text/scan16.h"

/* ---- dialect attributes and types ----------------------------------------------------------------------- */

/* MLIR's rule: brackets balance, "->" and strings are units. */
const char *rd_balanced(reader *r, const char *p) {
    const char *start = p;
    uint32_t mark = rd_mark(r);
    do {
        char c = p < r->end ? *p : 0, close = 0;
        bool ended = false;
        switch (c) {
        case '/': ended = rd_is_separator(r, p); break;
        case 0: ended = p >= r->end; break;
        case '<':
        case '[':
        case '(':
        case '{':
            if (rd_mark(r) - mark >= (1u << 24)) {
                r->fatal = true;
                rd_report(r, DIAG_ERROR, (size_t)(p - r->begin), "nested too deeply");
                return NULL;
            }
            if (!rd_push(r, (uint32_t)(uint8_t)c))
                return NULL;
            break;
        case '-':
            if (p[1] == '>')
                p++;
            break;
        case '>': close = '<'; break;
        case ']': close = '['; break;
        case ')': close = '('; break;
        case '}': close = '{'; break;
        case '"': {
            str body;
            bool escapes;
            const char *wrong;
            const char *q = rd_scan_string(r, p, &body, &escapes, &wrong);
            if (!q) {
                rd_report(r, DIAG_ERROR, (size_t)(wrong - r->begin), "expected '\"' in string literal");
                rd_pop(r, mark);
                return NULL;
            }
            p = q - 1;
            break;
        }
        default: break;
        }
        if (close || ended) {
            char open = rd_mark(r) > mark ? (char)r->stack.w[rd_mark(r) - 1] : '<';
            if (open != close) {
                rd_report(r, DIAG_ERROR, (size_t)(start - r->begin), "unbalanced '%c' character in pretty dialect name",
                          open);
                rd_pop(r, mark);
                return NULL;
            }
            rd_pop(r, rd_mark(r) - 1);
        }
        p++;
    } while (rd_mark(r) > mark);
    return p;
}

static bool dialect_is_registered(const reader *r, str dialect) {
    const dialect_info *d = dialect_find(dialect);
    return d && (r->registry == TEXT_ALL || d->flags & DIALECT_UPSTREAM);
}

/* The alias that p stands on. *node 0: it is none. False when it is one that is not defined. */
static bool alias_here(reader *r, const char *p, uint32_t *len, ir_node *node) {
    *node = 0;
    *len = rd_prefixed_len(p);
    const char *dot = memchr(p, '.', *len);
    if (*len && p[*len] == '<' && !dialect_is_registered(r, str_of(p + 1, (size_t)(dot ? dot - p : *len) - 1))) {
        /* What an unregistered dialect's body says is its own business: there are no aliases in it. */
        const char *end = rd_balanced(r, p + *len);
        if (end)
            *len = (uint32_t)(end - p);
        return end != NULL;
    }
    if (!*len || p[*len] == '<' || dot)
        return true;
    *node = rd_alias_get(r, p, *len);
    if (!*node)
        rd_report(r, DIAG_ERROR, (size_t)(p - r->begin) + *len, "undefined symbol alias id '%.*s'", (int)*len - 1,
                  p + 1);
    return *node != 0;
}

/* Bytes of a text whose aliases are written out. Each may stand twice in the next: see ALIAS_MAX_PARTS. */
enum { MOST_TEXT = 1 << 26 };

str rd_without_aliases(reader *r, str text) {
    const char *p = text.p, *end = text.p + text.n, *done = p;
    struct buf b;
    buf_init(&b, r->mem);
    while (p < end) {
        uint32_t len = 1;
        ir_node alias = 0;
        if (*p == '"') {
            str body;
            bool escapes;
            const char *wrong, *q = rd_scan_string(r, p, &body, &escapes, &wrong);
            len = q ? (uint32_t)(q - p) : 1;
        } else if (*p == '/' && p[1] == '/') {
            const char *nl = memchr(p, '\n', (size_t)(end - p));
            len = (uint32_t)((nl ? nl : end) - p);
        } else if (*p == '#' || *p == '!') {
            if (!alias_here(r, p, &len, &alias)) {
                buf_free(&b);
                return (str){0};
            }
            len += len == 0;
        }
        if (alias) {
            buf_write(&b, done, (size_t)(p - done));
            if (!text_print_node(r->ctx, alias, &b))
                break;
            done = p + len;
            if (b.n > MOST_TEXT) {
                rd_report(r, DIAG_ERROR, (size_t)(p - r->begin),
                          "more than %d MB come of this attribute or type when the aliases in it are written out: "
                          "define it by fewer aliases",
                          MOST_TEXT >> 20);
                buf_free(&b);
                return (str){0};
            }
        }
        p += len;
    }
    if (done > text.p) {
        buf_write(&b, done, (size_t)(end - done));
        const char *copy = b.failed ? NULL : ir_context_copy(r->ctx, b.p, b.n);
        text = str_of(copy, copy ? b.n : 0);
        if (!copy)
            rd_oom(r);
    }
    buf_free(&b);
    return text;
}

bool rd_opaque_text(reader *r, str name, size_t dot, str *dialect, str *text) {
    const char *start = r->p + 1, *end = start + name.n;
    *dialect = str_slice(name, 0, dot);
    if (*end == '<') {
        end = rd_balanced(r, end);
        if (!end)
            return false;
    }
    *text = str_of(start, (size_t)(end - start));
    if (text->n > name.n && dialect_is_registered(r, *dialect)) {
        *text = rd_without_aliases(r, *text);
        if (!text->p)
            return false;
    }
    r->p = r->tok_end = end;
    rd_skip(r);
    return true;
}

rd_answer rd_extended(reader *r, str name, size_t dot, ir_node *out) {
    bool is_type = *r->p == '!', bracket = dot == name.n;
    const char *start = r->p, *tok_end = r->tok_end;
    str dialect = str_slice(name, 0, dot), mnemonic = str_from(name, dot + 1);
    if (!dialect_is_registered(r, dialect))
        return RD_UNKNOWN;
    rd_take(r, (uint32_t)name.n + 1);
    if (bracket) {
        rd_take(r, 1);
        mnemonic = rd_peek_id(r);
        if (mnemonic.n)
            rd_take(r, (uint32_t)mnemonic.n);
    }
    char full[128];
    const attr_type_def *def = NULL;
    if (mnemonic.n && dialect.n + mnemonic.n + 1 < sizeof full) {
        memcpy(full, dialect.p, dialect.n);
        full[dialect.n] = '.';
        memcpy(full + dialect.n + 1, mnemonic.p, mnemonic.n);
        str key = str_of(full, dialect.n + 1 + mnemonic.n);
        def = is_type ? dialect_find_type(key) : dialect_find_attr(key);
    }
    if (!def && str_eq(dialect, STR("builtin"))) {
        rd_report(r, DIAG_ERROR, (size_t)(start - r->begin) + dot + 2, "dialect 'builtin' provides no %s parsing hook",
                  is_type ? "type" : "attribute");
        return RD_ERROR;
    }
    uint32_t errors = r->errors, mark = rd_mark(r);
    rd_answer a;
    if (is_type)
        a = def ? asm_read_type(r, def, out) : asm_read_type_hand(r, dialect, mnemonic, out);
    else
        a = def ? asm_read_attr(r, def, 0, out) : asm_read_attr_hand(r, dialect, mnemonic, 0, out);
    if (a == RD_DONE && bracket && !rd_accept(r, '>')) {
        /* MLIR cuts the body out by its brackets first, and never looks at what its reader left of it. */
        const char *end = rd_balanced(r, start + 1 + name.n);
        if (!end)
            return RD_ERROR;
        r->p = r->tok_end = end;
        rd_skip(r);
    }
    if (a == RD_UNKNOWN) {
        r->p = start;
        r->tok_end = tok_end;
        rd_pop(r, mark);
        r->errors = errors;
    }
    return a;
}

/* Two texts, each a slice of the file or made anew, as one. .p NULL when one of them is, or memory runs out. */
static str joined(reader *r, str a, str b) {
    if (!a.p || !b.p)
        return (str){0};
    if (a.p + a.n == b.p)
        return str_of(a.p, a.n + b.n);
    char *copy = ir_context_alloc(r->ctx, a.n + b.n);
    if (!copy) {
        rd_oom(r);
        return (str){0};
    }
    memcpy(copy, a.p, a.n);
    memcpy(copy + a.n, b.p, b.n);
    return str_of(copy, a.n + b.n);
}

/* `#...` */
static ir_attr extended_attr(reader *r) {
    const char *at = r->p;
    uint32_t len = rd_prefixed_len(at);
    if (!len) {
        rd_expected(r, "expected attribute value");
        return 0;
    }
    str name = str_of(at + 1, len - 1);
    size_t dot = str_find_char(name, '.');
    if (dot == name.n && at[len] != '<') {
        ir_node n = rd_alias_get(r, at, len);
        rd_take(r, len);
        if (!n)
            rd_expected(r, "undefined symbol alias id '%.*s'", STR_ARG(name));
        return n;
    }
    if (!rd_enter(r))
        return 0;
    ir_attr out = 0;
    rd_answer a = rd_extended(r, name, dot, &out);
    rd_leave(r);
    /* Any dialect attribute may be followed by a type; only those that have one of their own keep it. */
    if (a != RD_UNKNOWN) {
        if (a == RD_DONE && rd_is(r, ':') && !rd_colon_type(r))
            return 0;
        return a == RD_DONE ? out : 0;
    }
    str dialect, text;
    if (!rd_opaque_text(r, name, dot, &dialect, &text))
        return 0;
    if (rd_is(r, ':')) {
        const char *colon = r->tok_end;
        if (!rd_colon_type(r))
            return 0;
        text = joined(r, text, rd_without_aliases(r, str_of(colon, (size_t)(r->tok_end - colon))));
        if (!text.p)
            return 0;
    }
    uint32_t w[2] = {rd_slice(r, dialect), rd_slice(r, text)};
    return w[0] && w[1] ? rd_made(r, ir_intern(r->ctx, IR_ATTR_OPAQUE, 0, w, 2)) : 0;
}

/* ---- numbers -------------------------------------------------------------------------------------------- */

static ir_attr out_of_range(reader *r, uint32_t at) {
    rd_error(r, at, "integer constant out of range for attribute");
    return 0;
}

/* limbs = limbs * factor + add; *n limbs are in use. */
static void multiply_add(uint64_t *limbs, uint32_t *n, uint64_t factor, uint64_t add) {
    unsigned __int128 carry = add;
    for (uint32_t k = 0; k < *n; k++) {
        carry += (unsigned __int128)limbs[k] * factor;
        limbs[k] = (uint64_t)carry;
        carry >>= 64;
    }
    if (carry)
        limbs[(*n)++] = (uint64_t)carry;
}

/* The digits as limbs, of which there are enough. */
static void parse_limbs(str digits, bool hex, uint64_t *limbs) {
    if (hex) {
        for (size_t i = 0; i < digits.n; i++)
            limbs[i / 16] |= (uint64_t)(unsigned)num_hex_digit(digits.p[digits.n - 1 - i]) << i % 16 * 4;
        return;
    }
    uint32_t n = 0;
    for (size_t i = 0; i < digits.n;) {
        uint64_t factor = 1, part = 0;
        for (int k = 0; k < 19 && i < digits.n; k++, i++) {
            factor *= 10;
            part = part * 10 + (uint64_t)(digits.p[i] - '0');
        }
        multiply_add(limbs, &n, factor, part);
    }
}

/* Longer decimal numbers would take time that grows with the square of their length. */
enum { MAX_DECIMAL_DIGITS = 100000 };

/* An integer literal wider than 64 bits. */
static ir_attr wide_integer(reader *r, uint32_t at, bool negative, str text, ir_type type, uint32_t width) {
    bool hex = text.n > 2 && text.p[1] == 'x';
    str digits = hex ? str_from(text, 2) : text;
    while (digits.n > 1 && digits.p[0] == '0')
        digits = str_from(digits, 1);
    /* A decimal digit is more than three bits. */
    if (digits.n > (hex ? width / 4 + 1 : width / 3 + 2))
        return out_of_range(r, at);
    if (!hex && digits.n > MAX_DECIMAL_DIGITS) {
        rd_error(r, at, "integer of more than %d decimal digits; write it as hexadecimal number", MAX_DECIMAL_DIGITS);
        return 0;
    }
    uint32_t n = (width + 63) / 64 + 1;
    uint64_t *limbs = mem_alloc_zero(r->mem, n * sizeof *limbs);
    if (!limbs) {
        rd_oom(r);
        return 0;
    }
    parse_limbs(digits, hex, limbs);
    uint32_t bits = n * 64;
    while (bits && !(limbs[(bits - 1) / 64] >> (bits - 1) % 64 & 1))
        bits--;
    bool fits = bits <= width;
    if (negative) {
        /* -2^(width-1) is the least. */
        bool least = bits == width;
        for (uint32_t k = 0; least && k < n; k++)
            least = limbs[k] == (k == (width - 1) / 64 ? 1ull << (width - 1) % 64 : 0);
        fits = bits > 0 && (bits < width || least);
        uint64_t carry = 1;
        for (uint32_t k = 0; k < n; k++) {
            limbs[k] = ~limbs[k] + carry;
            carry = carry && limbs[k] == 0;
        }
    } else if (ir_flags_of(r->ctx, type) == IR_SIGNED && bits == width) {
        fits = false;
    }
    ir_attr a = fits ? rd_made(r, ir_attr_int_limbs(r->ctx, type, limbs, n)) : out_of_range(r, at);
    mem_free(r->mem, limbs, n * sizeof *limbs);
    return a;
}

bool rd_integer_fits(const reader *r, bool negative, str text, ir_type type, uint64_t *out) {
    uint64_t v;
    bool hex = text.n > 2 && text.p[1] == 'x';
    if (!(hex ? num_parse_hex_u64(str_from(text, 2), &v) : num_parse_u64(text, &v)))
        return false;
    bool is_index = ir_kind_of(r->ctx, type) == IR_TYPE_INDEX;
    uint32_t width = is_index ? 64 : ir_at(r->ctx, type, 0);
    bool is_signed = is_index || ir_flags_of(r->ctx, type) == IR_SIGNED;
    uint64_t top = width ? 1ull << (width - 1) : 0;
    if (width < 64 && v >> width)
        return false;
    if (negative ? v == 0 || v > top : is_signed && v & top)
        return false;
    *out = negative ? 0 - v : v;
    return true;
}

ir_attr rd_integer_attr(reader *r, uint32_t at, bool negative, str text, ir_type type) {
    ir_kind k = ir_kind_of(r->ctx, type);
    if (k == IR_TYPE_FLOAT)
        return rd_float_attr(r, at, negative, text, text.n > 1 && text.p[1] == 'x' ? RD_HEX_NUMBER : RD_DECIMAL, type);
    if (k != IR_TYPE_INTEGER && k != IR_TYPE_INDEX) {
        rd_error(r, at, "integer literal not valid for specified type");
        return 0;
    }
    if (negative && k == IR_TYPE_INTEGER && ir_flags_of(r->ctx, type) == IR_UNSIGNED) {
        rd_error(r, at, "negative integer literal not valid for unsigned integer type");
        return 0;
    }
    uint32_t width = k == IR_TYPE_INDEX ? 64 : ir_at(r->ctx, type, 0);
    if (width > 64)
        return wide_integer(r, at, negative, text, type, width);
    uint64_t v;
    if (!rd_integer_fits(r, negative, text, type, &v))
        return out_of_range(r, at);
    return rd_made(r, ir_attr_int(r->ctx, type, (int64_t)v));
}

bool rd_float_words(reader *r, uint32_t at, bool negative, str text, rd_number_kind kind, ir_type type,
                    uint64_t words[2]) {
    ir_float f = (ir_float)ir_flags_of(r->ctx, type);
    words[1] = 0;
    if (kind == RD_DECIMAL) {
        rd_error(r, at, "unexpected decimal integer literal for a floating point value");
        rd_note(r, at, "add a trailing dot to make the literal a float");
        return false;
    }
    if (kind == RD_HEX_NUMBER) {
        if (negative)
            return rd_error(r, at, "hexadecimal float literal should not have a leading minus");
        str digits = str_from(text, 2);
        while (digits.n > 1 && digits.p[0] == '0')
            digits = str_from(digits, 1);
        uint32_t bits = ir_float_infos[f].bits;
        uint64_t high = 0;
        bool fits = digits.n <= 32;
        if (fits && digits.n > 16) {
            fits = num_parse_hex_u64(str_slice(digits, 0, digits.n - 16), &high);
            digits = str_from(digits, digits.n - 16);
        }
        fits = fits && num_parse_hex_u64(digits, &words[0]);
        words[1] = high;
        if (bits <= 64)
            fits = fits && !high && (bits == 64 || !(words[0] >> bits));
        else
            fits = fits && (bits == 128 || !(high >> (bits - 64)));
        return fits || rd_error(r, at, "hexadecimal float constant out of range for type");
    }
    if (f == IR_F32) {
        float v;
        num_parse_float(text, &v);
        uint32_t b;
        memcpy(&b, &v, 4);
        words[0] = b | (negative ? 1u << 31 : 0);
        return true;
    }
    /* MLIR reads a double first and rounds that. */
    double v;
    num_parse_double(text, &v);
    ir_float_to_words(f, negative ? -v : v, words);
    return true;
}

ir_attr rd_float_attr(reader *r, uint32_t at, bool negative, str text, rd_number_kind kind, ir_type type) {
    uint64_t words[2];
    if (!rd_float_words(r, at, negative, text, kind, type, words))
        return 0;
    return rd_made(r, ir_attr_float_bits(r->ctx, type, words));
}

/* A number, its optional '-' taken already. */
static ir_attr number_attr(reader *r, bool negative, ir_type type) {
    str text;
    rd_number_kind kind = rd_peek_number(r, &text);
    if (kind == RD_NO_NUMBER) {
        rd_expected(r, "expected constant integer or floating point value");
        return 0;
    }
    uint32_t number_at = rd_pos(r);
    rd_take(r, (uint32_t)text.n);
    if (!type) {
        if (rd_accept(r, ':'))
            type = rd_type(r);
        else
            type = kind == RD_FLOAT ? r->ctx->t_f64 : r->ctx->t_i64;
        if (!type)
            return 0;
    }
    if (kind == RD_FLOAT) {
        if (ir_kind_of(r->ctx, type) != IR_TYPE_FLOAT) {
            rd_error(r, rd_pos(r), "floating point value not valid for specified type");
            return 0;
        }
        return rd_float_attr(r, number_at, negative, text, kind, type);
    }
    return rd_integer_attr(r, number_at, negative, text, type);
}

/* ---- lists, dictionaries, symbols ----------------------------------------------------------------------- */

bool rd_list(reader *r, char open, char close, bool (*item)(reader *r, void *arg), void *arg) {
    if (!rd_expect(r, open))
        return false;
    if (rd_accept(r, close))
        return true;
    do
        if (!item(r, arg))
            return false;
    while (rd_accept(r, ','));
    return rd_expect(r, close);
}

static ir_attr array_attr(reader *r) {
    rd_take(r, 1);
    uint32_t mark = rd_mark(r);
    if (!rd_accept(r, ']')) {
        if (!rd_enter(r))
            return 0;
        do {
            ir_attr a = rd_attr(r, 0);
            if (!a || !rd_push(r, a)) {
                rd_leave(r);
                return 0;
            }
        } while (rd_accept(r, ','));
        rd_leave(r);
        if (!rd_accept(r, ']')) {
            rd_expected(r, "expected ',' or ']'");
            return 0;
        }
    }
    ir_attr a = ir_attr_array(r->ctx, rd_words(r, mark), rd_mark(r) - mark);
    rd_pop(r, mark);
    return rd_made(r, a);
}

/* Reads the entries of `{...}`. Given the key that occurs twice, reports its second place instead of reading on. */
static bool dict_entries(reader *r, ir_str dup) {
    if (!rd_accept(r, '{'))
        return rd_expected(r, "expected '{' in attribute dictionary");
    if (rd_accept(r, '}'))
        return true;
    bool seen = false;
    do {
        uint32_t at = rd_pos(r);
        ir_str key;
        if (*r->p == '"') {
            if (!rd_string(r, &key))
                return false;
            if (ir_str_of(r->ctx, key).n == 0)
                return rd_error(r, at, "expected valid attribute name");
        } else {
            str id = rd_peek_id(r);
            if (!id.n)
                return rd_error(r, at, "expected attribute name");
            rd_take(r, (uint32_t)id.n);
            if (!(key = rd_slice(r, id)))
                return false;
        }
        if (dup && key == dup) {
            if (seen)
                return rd_error(r, at, "duplicate key '%.*s' in dictionary attribute", STR_ARG(ir_str_of(r->ctx, key)));
            seen = true;
        }
        ir_attr value = rd_accept(r, '=') ? rd_attr(r, 0) : r->ctx->a_unit;
        if (!value || !rd_push(r, key) || !rd_push(r, value))
            return false;
    } while (rd_accept(r, ','));
    return rd_accept(r, '}') || rd_expected(r, "expected '}' in attribute dictionary");
}

/* Length of `{...}` at p when it is simple enough to be looked up by its text; 0 when it is not. */
static uint32_t brace_span(const reader *r, const char *p) {
    const char *q = p, *end = (size_t)(r->end - p) < RD_MEMO_MAX ? r->end : p + RD_MEMO_MAX;
    uint32_t open = 0;
    for (; q < end; q++) {
        while (end - q >= 16) { /* the bytes of RD_BRACE (lexer.c), sixteen at once */
            bytes16 v = bytes16_at(q);
            unsigned i =
                bytes16_first((bytes16)(v == BYTES16('}')) | (bytes16)(v == BYTES16('"')) |
                              (bytes16)(v == BYTES16('{')) | (bytes16)(v == BYTES16('/')) | (bytes16)(v == BYTES16(0)));
            q += i;
            if (i < 16)
                break;
        }
        while (!rd_is_class(*q, RD_BRACE) && q < end)
            q++;
        if (q == end) {
            return 0;
        } else if (*q == '{') {
            open++;
        } else if (*q == '}') {
            if (--open == 0)
                return (uint32_t)(q + 1 - p);
        } else if (*q == '"') {
            for (q++; q < end && *q != '"'; q++)
                if (*q == '\\' || *q == '\n')
                    return 0;
        } else {
            return 0;
        }
    }
    return 0;
}

ir_attr rd_dict(reader *r) {
    const char *start = r->p;
    uint32_t span = *start == '{' ? brace_span(r, start) : 0;
    str text = str_of(start, span);
    rd_memo_entry *e = rd_memo_at(r->t->dicts, text);
    if (span && rd_memo_is(e, text)) {
        rd_take(r, span);
        return e->node;
    }
    uint32_t mark = rd_mark(r), at = rd_pos(r);
    if (!rd_enter(r))
        return 0;
    bool ok = dict_entries(r, 0);
    rd_leave(r);
    if (!ok)
        return 0;
    ir_str dup = 0;
    ir_attr a = ir_attr_dict(r->ctx, rd_words(r, mark), (rd_mark(r) - mark) / 2, &dup);
    rd_pop(r, mark);
    if (!a && dup) {
        rd_seek(r, at);
        dict_entries(r, dup);
        return 0;
    }
    if (a && span && r->tok_end == start + span)
        *e = (rd_memo_entry){start, span, a};
    return rd_made(r, a);
}

ir_attr rd_symbol_ref(reader *r) {
    uint32_t mark = rd_mark(r);
    do {
        ir_str name;
        if (!rd_is_symbol(r) && rd_mark(r) > mark) {
            rd_expected(r, "expected nested symbol reference identifier");
            return 0;
        }
        if (!rd_symbol_name(r, &name) || !rd_push(r, name))
            return 0;
    } while (r->p[0] == ':' && r->p[1] == ':' && rd_accept_text(r, "::"));
    ir_attr a = ir_intern(r->ctx, IR_ATTR_SYMBOL, 0, rd_words(r, mark), rd_mark(r) - mark);
    rd_pop(r, mark);
    return rd_made(r, a);
}

/* ---- keyword attributes --------------------------------------------------------------------------------- */

static ir_attr strided_attr(reader *r) {
    if (!rd_expect(r, '<') || !rd_expect(r, '['))
        return 0;
    uint32_t mark = rd_mark(r);
    if (!rd_push64(r, 0))
        return 0;
    int64_t v;
    if (!rd_accept(r, ']')) {
        do {
            v = IR_DYNAMIC;
            bool present = true;
            if (!rd_accept(r, '?') && (!rd_opt_integer(r, &v, &present) || !present)) {
                rd_error(r, rd_pos(r), "expected a 64-bit signed integer or '?'");
                return 0;
            }
            if (!rd_push64(r, v))
                return 0;
        } while (rd_accept(r, ','));
        if (!rd_expect(r, ']'))
            return 0;
    }
    if (rd_accept(r, ',')) {
        v = IR_DYNAMIC;
        if (!rd_accept_keyword(r, "offset")) {
            rd_expected(r, "expected 'offset' after comma");
            return 0;
        }
        if (!rd_expect(r, ':') || (!rd_accept(r, '?') && !rd_integer(r, &v)))
            return 0;
        rd_words(r, mark)[0] = (uint32_t)v;
        rd_words(r, mark)[1] = (uint32_t)((uint64_t)v >> 32);
    }
    if (!rd_expect(r, '>'))
        return 0;
    ir_attr a = ir_intern(r->ctx, IR_ATTR_STRIDED, 0, rd_words(r, mark), rd_mark(r) - mark);
    rd_pop(r, mark);
    return rd_made(r, a);
}

static ir_attr distinct_attr(reader *r) {
    if (!rd_accept(r, '[')) {
        rd_expected(r, "expected '[' after 'distinct'");
        return 0;
    }
    str text;
    uint64_t id;
    if (rd_peek_number(r, &text) != RD_DECIMAL || !num_parse_u64(text, &id)) {
        rd_expected(r, "expected distinct ID");
        return 0;
    }
    rd_take(r, (uint32_t)text.n);
    if (!rd_accept(r, ']')) {
        rd_expected(r, "expected ']' to close distinct ID");
        return 0;
    }
    if (!rd_accept(r, '<')) {
        rd_expected(r, "expected '<' after distinct ID");
        return 0;
    }
    ir_attr inner = rd_is(r, '>') ? r->ctx->a_unit : rd_attr(r, 0);
    if (!inner)
        return 0;
    if (!rd_accept(r, '>')) {
        rd_expected(r, "expected '>' to close distinct attribute");
        return 0;
    }
    uint32_t w[3] = {(uint32_t)id, (uint32_t)(id >> 32), inner};
    return rd_made(r, ir_intern(r->ctx, IR_ATTR_DISTINCT, 0, w, 3));
}

static ir_attr map_attr(reader *r, bool set) {
    if (!rd_expect(r, '<'))
        return 0;
    ir_attr a = set ? rd_affine_set(r) : rd_affine_map(r);
    return a && rd_expect(r, '>') ? a : 0;
}

static ir_attr word_attr(reader *r, ir_type expected) {
    str id = rd_peek_id(r);
    switch (*id.p) {
    case 't':
        if (rd_accept_keyword(r, "true"))
            return r->ctx->a_true;
        break;
    case 'f':
        if (rd_accept_keyword(r, "false"))
            return r->ctx->a_false;
        break;
    case 'd':
        if (rd_accept_keyword(r, "dense"))
            return rd_dense(r, expected);
        if (rd_accept_keyword(r, "dense_resource"))
            return rd_dense_resource(r, expected);
        if (rd_accept_keyword(r, "distinct"))
            return distinct_attr(r);
        break;
    case 'a':
        if (rd_accept_keyword(r, "array"))
            return rd_dense_array(r);
        if (rd_accept_keyword(r, "affine_map"))
            return map_attr(r, false);
        if (rd_accept_keyword(r, "affine_set"))
            return map_attr(r, true);
        break;
    case 's':
        if (rd_accept_keyword(r, "sparse"))
            return rd_sparse(r, expected);
        if (rd_accept_keyword(r, "strided"))
            return strided_attr(r);
        break;
    case 'l':
        if (rd_is_keyword(r, "loc"))
            return rd_location(r);
        break;
    case 'u':
        if (rd_accept_keyword(r, "unit"))
            return r->ctx->a_unit;
        break;
    default: break;
    }
    if (!rd_starts_type(r)) {
        rd_expected(r, "expected attribute value");
        return 0;
    }
    ir_type t = rd_type(r);
    return t ? rd_made(r, ir_attr_type(r->ctx, t)) : 0;
}

static ir_attr string_attr(reader *r, ir_type expected) {
    uint32_t w[2] = {0, expected};
    if (!rd_string(r, &w[0]))
        return 0;
    if (!expected && rd_accept(r, ':') && !(w[1] = rd_type(r)))
        return 0;
    return rd_made(r, ir_intern(r->ctx, IR_ATTR_STRING, 0, w, 2));
}

bool rd_starts_attr(const reader *r) {
    switch (*r->p) {
    case '#':
    case '"':
    case '[':
    case '{':
    case '@': return true;
    case '-': return r->p[1] != '>';
    default: break;
    }
    if (rd_is_class(*r->p, RD_DIGIT) || rd_starts_type(r))
        return true;
    static const char *const words[] = {"true",       "false",      "dense",  "dense_resource", "distinct", "array",
                                        "affine_map", "affine_set", "sparse", "strided",        "loc",      "unit"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (rd_is_keyword(r, words[i]))
            return true;
    return false;
}

ir_attr rd_attr(reader *r, ir_type expected) {
    switch (*r->p) {
    case '#': return extended_attr(r);
    case '"': return string_attr(r, expected);
    case '[': return array_attr(r);
    case '{': return rd_dict(r);
    case '@': return rd_symbol_ref(r);
    case '-':
        if (r->p[1] == '>')
            break;
        rd_take(r, 1);
        return number_attr(r, true, expected);
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return number_attr(r, false, expected);
    case '!':
    case '(': {
        ir_type t = rd_type(r);
        return t ? rd_made(r, ir_attr_type(r->ctx, t)) : 0;
    }
    default: break;
    }
    return word_attr(r, expected);
}

/* ---- attributes of the op tables ------------------------------------------------------------------------ */

ir_attr rd_attr_of_text(reader *r, str text, ir_type expected) {
    rd_tables *t = r->t;
    uint64_t key = (uint64_t)(uintptr_t)text.p * 0x9e3779b97f4a7c15u ^ expected;
    uint32_t *known = map_u64_get(&t->presets, key);
    if (known)
        return *known;
    reader outer = *r;
    r->p = r->tok_end = r->begin = text.p;
    r->end = text.p + text.n;
    r->in_preset = true;
    rd_skip(r);
    ir_attr a = rd_attr(r, expected);
    if (a && !rd_at_end(r))
        a = 0;
    r->p = outer.p;
    r->tok_end = outer.tok_end;
    r->begin = outer.begin;
    r->end = outer.end;
    r->in_preset = outer.in_preset;
    r->errors = outer.errors;
    bool added;
    if (!map_u64_put(&t->presets, key, a, &added))
        rd_oom(r);
    return a;
}
