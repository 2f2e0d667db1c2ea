/* lexer.c - bytes to tokens: white space, identifiers, numbers, strings; errors and the word stacks.
 *
 * Nothing makes token objects; every function looks at the bytes under the cursor (reader.h R1, R2).
 */
#include <stdarg.h>

#include "base/num.h"
#include "text/read_inner.h"
#include "text/scan16.h"

#define L (RD_LETTER | RD_ID | RD_SUFFIX)
#define X (RD_LETTER | RD_ID | RD_SUFFIX | RD_HEX)
#define D (RD_DIGIT | RD_ID | RD_SUFFIX | RD_HEX)
#define P (RD_ID | RD_SUFFIX)
const uint8_t rd_class[256] = {
    ['\t'] = RD_SPACE,
    ['\r'] = RD_SPACE,
    [' '] = RD_SPACE,
    ['0'] = D,
    ['1'] = D,
    ['2'] = D,
    ['3'] = D,
    ['4'] = D,
    ['5'] = D,
    ['6'] = D,
    ['7'] = D,
    ['8'] = D,
    ['9'] = D,
    ['a'] = X,
    ['b'] = X,
    ['c'] = X,
    ['d'] = X,
    ['e'] = X,
    ['f'] = X,
    ['g'] = L,
    ['h'] = L,
    ['i'] = L,
    ['j'] = L,
    ['k'] = L,
    ['l'] = L,
    ['m'] = L,
    ['n'] = L,
    ['o'] = L,
    ['p'] = L,
    ['q'] = L,
    ['r'] = L,
    ['s'] = L,
    ['t'] = L,
    ['u'] = L,
    ['v'] = L,
    ['w'] = L,
    ['x'] = L,
    ['y'] = L,
    ['z'] = L,
    ['A'] = X,
    ['B'] = X,
    ['C'] = X,
    ['D'] = X,
    ['E'] = X,
    ['F'] = X,
    ['G'] = L,
    ['H'] = L,
    ['I'] = L,
    ['J'] = L,
    ['K'] = L,
    ['L'] = L,
    ['M'] = L,
    ['N'] = L,
    ['O'] = L,
    ['P'] = L,
    ['Q'] = L,
    ['R'] = L,
    ['S'] = L,
    ['T'] = L,
    ['U'] = L,
    ['V'] = L,
    ['W'] = L,
    ['X'] = L,
    ['Y'] = L,
    ['Z'] = L,
    ['_'] = L,
    ['$'] = P,
    ['.'] = P,
    ['-'] = RD_SUFFIX | RD_SPAN,
    ['<'] = RD_SPAN,
    ['>'] = RD_SPAN,
    ['"'] = RD_SPAN | RD_BRACE,
    ['/'] = RD_SPAN | RD_BRACE,
    ['\n'] = RD_SPACE | RD_SPAN,
    [0] = RD_SPAN | RD_BRACE,
    ['{'] = RD_BRACE,
    ['}'] = RD_BRACE,
};
#undef L
#undef X
#undef D
#undef P

/* ---- errors --------------------------------------------------------------------------------------------- */

/* Where the word that starts at p ends, for underlining. */
static const char *word_end(const reader *r, const char *p) {
    const char *q = p;
    if (q < r->end && (*q == '%' || *q == '#' || *q == '!' || *q == '^' || *q == '@'))
        q++;
    while (q < r->end && rd_is_class(*q, RD_SUFFIX))
        q++;
    if (q == p && q < r->end)
        q++;
    return q;
}

void rd_report(reader *r, enum diag_severity severity, size_t at, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    rd_reportv(r, severity, at, fmt, ap);
    va_end(ap);
}

void rd_reportv(reader *r, enum diag_severity severity, size_t at, const char *fmt, va_list ap) {
    if (severity == DIAG_ERROR)
        r->errors++;
    if (r->in_preset)
        return;
    size_t end = (size_t)(word_end(r, r->begin + at) - r->begin);
    diag_addv(r->d, severity, r->source, at, end, fmt, ap);
}

/* Reports the error of the token under the cursor if it is not one. */
static bool malformed_token(reader *r) {
    const char *p = r->p;
    if (p >= r->end)
        return false;
    size_t at = (size_t)(p - r->begin);
    switch (*p) {
    case '"': {
        str body;
        bool escapes;
        const char *wrong = NULL;
        const char *q = rd_scan_string(r, p, &body, &escapes, &wrong);
        if (q)
            return false;
        rd_report(r, DIAG_ERROR, (size_t)(wrong - r->begin),
                  *wrong == '\\' ? "unknown escape in string literal" : "expected '\"' in string literal");
        return true;
    }
    case '%':
    case '^':
    case '!':
    case '#':
        if (rd_is_class(p[1], RD_SUFFIX))
            return false;
        rd_report(r, DIAG_ERROR, at,
                  *p == '%'   ? "invalid SSA name"
                  : *p == '^' ? "invalid block name"
                  : *p == '!' ? "invalid type identifier"
                              : "invalid attribute name");
        return true;
    case '@':
        if (rd_is_class(p[1], RD_LETTER))
            return false;
        if (p[1] == '"') {
            r->p++;
            bool bad = malformed_token(r);
            r->p = p;
            return bad;
        }
        rd_report(r, DIAG_ERROR, at + 1, "@ identifier expected to start with letter or '_'");
        return true;
    case '.':
        if (p[1] == '.' && p[2] == '.')
            return false;
        rd_report(r, DIAG_ERROR, at + 1, "expected three consecutive dots for an ellipsis");
        return true;
    case '(':
    case ')':
    case '{':
    case '}':
    case '[':
    case ']':
    case '<':
    case '>':
    case ',':
    case ':':
    case '=':
    case '?':
    case '*':
    case '+':
    case '-':
    case '|':
    case '/': return false;
    default:
        if (rd_is_class(*p, RD_LETTER | RD_DIGIT))
            return false;
        break;
    }
    rd_report(r, DIAG_ERROR, at, "unexpected character");
    return true;
}

bool rd_error(reader *r, uint32_t at, const char *fmt, ...) {
    if (malformed_token(r))
        return false;
    va_list ap;
    va_start(ap, fmt);
    rd_reportv(r, DIAG_ERROR, at, fmt, ap);
    va_end(ap);
    return false;
}

bool rd_expected(reader *r, const char *fmt, ...) {
    if (malformed_token(r))
        return false;
    /* The first token of a file has nothing before it. */
    const char *at = r->tok_end > r->begin ? r->tok_end : r->p;
    va_list ap;
    va_start(ap, fmt);
    rd_reportv(r, DIAG_ERROR, (size_t)(at - r->begin), fmt, ap);
    va_end(ap);
    return false;
}

void rd_note(reader *r, uint32_t at, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    rd_reportv(r, DIAG_NOTE, at, fmt, ap);
    va_end(ap);
}

void rd_warn(reader *r, uint32_t at, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    rd_reportv(r, DIAG_WARNING, at, fmt, ap);
    va_end(ap);
}

bool rd_enter(reader *r) {
    if (UNLIKELY(r->depth >= r->max_depth)) {
        rd_report(r, DIAG_ERROR, rd_pos(r), "nested too deeply (more than %u levels)", (unsigned)r->max_depth);
        r->fatal = true;
        return false;
    }
    r->depth++;
    return true;
}

/* ---- the stacks ----------------------------------------------------------------------------------------- */

bool rd_stack_grow(reader *r, rd_stack *s, uint32_t need) {
    if (s->cap - s->n >= need)
        return true;
    size_t cap = s->cap ? (size_t)s->cap * 2 : 64;
    while (cap - s->n < need)
        cap *= 2;
    uint32_t *w = cap <= UINT32_MAX / 4 ? mem_realloc(r->mem, s->w, s->cap * sizeof *w, cap * sizeof *w) : NULL;
    if (!w)
        return rd_oom(r);
    s->w = w;
    s->cap = (uint32_t)cap;
    return true;
}

bool rd_oom(reader *r) {
    r->oom = r->fatal = true;
    return false;
}

/* ---- white space and punctuation ------------------------------------------------------------------------ */

void rd_skip_slow(reader *r) {
    const char *p = r->p;
    for (;;) {
        while (rd_is_class(*p, RD_SPACE))
            p++;
        if (*p == '/' && p[1] == '/' && p < r->end) {
            if (rd_is_separator(r, p)) {
                r->splits = true;
                p = r->end;
                break;
            }
            const char *nl = memchr(p, '\n', (size_t)(r->end - p));
            p = nl ? nl + 1 : r->end;
        } else if (*p == 0 && p < r->end) {
            p++; /* a zero byte inside the text is white space */
        } else {
            break;
        }
    }
    r->p = p;
}

bool rd_expect(reader *r, char c) {
    return rd_accept(r, c) || rd_expected(r, "expected '%c'", c);
}

bool rd_is_text(const reader *r, const char *text) {
    size_t n = strlen(text);
    return strncmp(r->p, text, n) == 0;
}

bool rd_accept_text(reader *r, const char *text) {
    if (!rd_is_text(r, text))
        return false;
    rd_take(r, (uint32_t)strlen(text));
    return true;
}

bool rd_expect_text(reader *r, const char *text) {
    return rd_accept_text(r, text) || rd_expected(r, "expected '%s'", text);
}

/* ---- identifiers ---------------------------------------------------------------------------------------- */

str rd_peek_id(const reader *r) {
    const char *p = r->p;
    if (!rd_is_class(*p, RD_LETTER))
        return str_of(p, 0);
    do
        p++;
    while (rd_is_class(*p, RD_ID));
    return str_of(r->p, (size_t)(p - r->p));
}

bool rd_is_word(const reader *r, const char *word) {
    const char *p = r->p; /* ends with a zero, which is in no word */
    while (*word && *p == *word)
        p++, word++;
    return !*word && !rd_is_class(*p, RD_ID);
}

bool rd_accept_keyword(reader *r, const char *word) {
    if (!rd_is_keyword(r, word))
        return false;
    rd_take(r, (uint32_t)strlen(word));
    return true;
}

bool rd_expect_keyword(reader *r, const char *word) {
    return rd_accept_keyword(r, word) || rd_expected(r, "expected '%s'", word);
}

bool rd_keyword(reader *r, str *out) {
    *out = rd_peek_id(r);
    if (!out->n)
        return rd_expected(r, "expected valid keyword");
    rd_take(r, (uint32_t)out->n);
    return true;
}

bool rd_keyword_or_string(reader *r, ir_str *out) {
    if (*r->p == '"')
        return rd_string(r, out);
    str word;
    return rd_keyword(r, &word) && (*out = rd_slice(r, word)) != 0;
}

ir_str rd_slice(reader *r, str s) {
    return rd_made(r, ir_string(r->ctx, s, false));
}

ir_node rd_made(reader *r, ir_node n) {
    if (UNLIKELY(!n))
        rd_oom(r);
    return n;
}

uint32_t rd_prefixed_len(const char *p) {
    const char *q = p + 1;
    if (rd_is_class(*q, RD_DIGIT))
        while (rd_is_class(*q, RD_DIGIT))
            q++;
    else
        while (rd_is_class(*q, RD_SUFFIX))
            q++;
    return q == p + 1 ? 0 : (uint32_t)(q - p);
}

bool rd_symbol_name(reader *r, ir_str *out) {
    if (*r->p == '@' && rd_is_class(r->p[1], RD_LETTER)) {
        const char *q = r->p + 2;
        while (rd_is_class(*q, RD_ID))
            q++;
        str name = str_of(r->p + 1, (size_t)(q - r->p) - 1);
        rd_take(r, (uint32_t)(q - r->p));
        return (*out = rd_slice(r, name)) != 0;
    }
    if (*r->p == '@' && r->p[1] == '"') {
        const char *at = r->p;
        str body;
        bool escapes;
        const char *wrong;
        const char *q = rd_scan_string(r, at + 1, &body, &escapes, &wrong);
        if (q) {
            r->p = at + 1;
            return rd_string(r, out);
        }
    }
    return rd_expected(r, "expected valid '@'-identifier for symbol name");
}

/* ---- strings -------------------------------------------------------------------------------------------- */

const char *rd_quote(const char *p, const char *end) {
    for (;; p++) {
        while (end - p >= 16) {
            bytes16 v = bytes16_at(p);
            unsigned i = bytes16_first((bytes16)(v == BYTES16('"')) | (bytes16)(v == BYTES16('\\')) |
                                       (bytes16)(v < BYTES16('\f' + 1)));
            p += i;
            if (i < 16)
                break;
        }
        if (*p == '"' || *p == '\\' || *p == '\n' || *p == '\v' || *p == '\f' || p == end)
            return p;
    }
}

const char *rd_scan_string(const reader *r, const char *p, str *body, bool *escapes, const char **wrong) {
    const char *q = p + 1;
    *escapes = false;
    for (;;) {
        q = rd_quote(q, r->end);
        if (*q == '"')
            break;
        if (*q != '\\') {
            *wrong = q;
            return NULL;
        }
        *escapes = true;
        if (q[1] == '"' || q[1] == '\\' || q[1] == 'n' || q[1] == 't') {
            q += 2;
        } else if (rd_is_class(q[1], RD_HEX) && rd_is_class(q[2], RD_HEX)) {
            q += 3;
        } else {
            *wrong = q;
            return NULL;
        }
    }
    *body = str_of(p + 1, (size_t)(q - p) - 1);
    return q + 1;
}

/* The bytes that a string body with escapes stands for, as node. */
static ir_str unescape(reader *r, str body) {
    char *copy = ir_context_alloc(r->ctx, body.n + 1);
    if (!copy) {
        rd_oom(r);
        return 0;
    }
    size_t n = 0;
    for (size_t i = 0; i < body.n;) {
        if (body.p[i] != '\\') {
            copy[n++] = body.p[i++];
        } else if (rd_is_class(body.p[i + 1], RD_HEX) && i + 2 < body.n && rd_is_class(body.p[i + 2], RD_HEX)) {
            copy[n++] = (char)(num_hex_digit(body.p[i + 1]) << 4 | num_hex_digit(body.p[i + 2]));
            i += 3;
        } else {
            char c = body.p[i + 1];
            copy[n++] = c == 'n' ? '\n' : c == 't' ? '\t' : c;
            i += 2;
        }
    }
    return rd_made(r, ir_string(r->ctx, str_of(copy, n), false));
}

bool rd_string(reader *r, ir_str *out) {
    str body;
    bool escapes;
    const char *wrong;
    const char *q = *r->p == '"' ? rd_scan_string(r, r->p, &body, &escapes, &wrong) : NULL;
    if (!q)
        return rd_expected(r, "expected string");
    *out = escapes ? unescape(r, body) : rd_slice(r, body);
    r->p = r->tok_end = q;
    rd_skip(r);
    return *out != 0;
}

/* ---- numbers -------------------------------------------------------------------------------------------- */

rd_number_kind rd_peek_number(const reader *r, str *text) {
    const char *p = r->p;
    if (!rd_is_class(*p, RD_DIGIT))
        return RD_NO_NUMBER;
    rd_number_kind kind = RD_DECIMAL;
    if (p[0] == '0' && p[1] == 'x' && rd_is_class(p[2], RD_HEX)) {
        p += 3;
        while (rd_is_class(*p, RD_HEX))
            p++;
        kind = RD_HEX_NUMBER;
    } else {
        while (rd_is_class(*p, RD_DIGIT))
            p++;
        if (*p == '.') {
            kind = RD_FLOAT;
            p++;
            while (rd_is_class(*p, RD_DIGIT))
                p++;
            if (*p == 'e' || *p == 'E') {
                const char *q = p + 1;
                if (*q == '-' || *q == '+')
                    q++;
                if (rd_is_class(*q, RD_DIGIT)) {
                    while (rd_is_class(*q, RD_DIGIT))
                        q++;
                    p = q;
                }
            }
        }
    }
    *text = str_of(r->p, (size_t)(p - r->p));
    return kind;
}

bool rd_opt_integer(reader *r, int64_t *out, bool *present) {
    const char *start = r->p;
    const char *tok_end = r->tok_end;
    bool negative = rd_accept(r, '-');
    str text;
    rd_number_kind kind = rd_peek_number(r, &text);
    *present = kind == RD_DECIMAL || kind == RD_HEX_NUMBER;
    if (!*present) {
        if (negative) {
            if (kind == RD_NO_NUMBER)
                return rd_expected(r, "expected integer value");
            r->p = start;
            r->tok_end = tok_end;
        }
        return true;
    }
    uint64_t v;
    bool fits = kind == RD_DECIMAL ? num_parse_u64(text, &v) : num_parse_hex_u64(str_from(text, 2), &v);
    if (!fits || (negative ? v > (uint64_t)INT64_MAX + 1 : v > (uint64_t)INT64_MAX && kind == RD_DECIMAL))
        return rd_error(r, rd_pos(r), "integer value too large");
    *out = (int64_t)(negative ? 0 - v : v);
    rd_take(r, (uint32_t)text.n);
    return true;
}

bool rd_integer(reader *r, int64_t *out) {
    bool present;
    return rd_opt_integer(r, out, &present) && (present || rd_expected(r, "expected integer value"));
}

bool rd_double(reader *r, ir_type type, double *out) {
    bool negative = rd_accept(r, '-');
    str text;
    switch (rd_peek_number(r, &text)) {
    case RD_HEX_NUMBER: {
        uint64_t bits;
        bool is_float = type && ir_kind_of(r->ctx, type) == IR_TYPE_FLOAT;
        if (negative || !num_parse_hex_u64(str_from(text, 2), &bits))
            return rd_error(r, rd_pos(r), "hexadecimal float constant out of range for type");
        *out = is_float && ir_bit_width(r->ctx, type) <= 64
                   ? ir_float_from_bits((ir_float)ir_flags_of(r->ctx, type), bits)
                   : ir_float_from_bits(IR_F64, bits);
        break;
    }
    case RD_DECIMAL:
    case RD_FLOAT:
        num_parse_double(text, out);
        if (negative)
            *out = -*out;
        break;
    default: return rd_expected(r, "expected floating point literal");
    }
    rd_take(r, (uint32_t)text.n);
    return true;
}

/* ---- dimensions ----------------------------------------------------------------------------------------- */

bool rd_push64(reader *r, int64_t v) {
    return rd_push(r, (uint32_t)v) && rd_push(r, (uint32_t)((uint64_t)v >> 32));
}

bool rd_dims(reader *r, bool allow_dynamic, bool trailing_x) {
    for (;;) {
        const char *p = r->p;
        int64_t v = IR_DYNAMIC;
        if (*p == '?') {
            if (!allow_dynamic)
                return rd_expected(r, "expected static shape");
            p++;
        } else if (rd_is_class(*p, RD_DIGIT)) {
            /* "0x4" is two dimensions here. */
            uint64_t d = 0;
            while (rd_is_class(*p, RD_DIGIT)) {
                d = d * 10 + (uint64_t)(*p++ - '0');
                if (d > INT64_MAX / 10)
                    break;
            }
            if (rd_is_class(*p, RD_DIGIT))
                return rd_error(r, rd_pos(r), "invalid dimension");
            v = (int64_t)d;
        } else {
            return trailing_x ? true : rd_expected(r, "expected integer dimension");
        }
        if (!rd_push64(r, v))
            return false;
        r->p = r->tok_end = p;
        rd_skip(r);
        if (*r->p != 'x')
            return trailing_x ? rd_expected(r, "expected 'x' in dimension list") : true;
        r->p++;
        r->tok_end = r->p;
        rd_skip(r);
    }
}
