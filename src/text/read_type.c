/* read_type.c - types: the builtin ones, aliases, and dialect types by their hooks or as text.
 *
 * Shaped types and dialect types repeat a lot, so the text of one up to its closing '>' is looked up in a memo before it
 * is read: the same text always means the same type because aliases never change.
 */
#include "base/num.h"
#include "text/read_inner.h"

enum { MAX_INT_WIDTH = (1 << 24) - 1 };

/* Length of `name<...>` at p when it is simple enough to be looked up by its text; 0 when it is not. */
static uint32_t angle_span(const char *p) {
    const char *q = p;
    uint32_t open = 0;
    for (;;) {
        while (!rd_is_class(*q, RD_SPAN))
            q++;
        switch (*q) {
        case '<': open++; break;
        case '>':
            if (open <= 1)
                return open ? (uint32_t)(q + 1 - p) : 0;
            open--;
            break;
        case '-': q += q[1] == '>'; break;
        default: return 0; /* a string, a comment or the end of the line */
        }
        q++;
        if (q - p > RD_MEMO_MAX)
            return 0;
    }
}

bool rd_starts_type(const reader *r) {
    char c = *r->p;
    if (c == '!' || c == '(')
        return true;
    if (!rd_is_class(c, RD_LETTER))
        return false;
    str id = rd_peek_id(r);
    if (id.n > 1 && (c == 'i' || ((c == 's' || c == 'u') && id.p[1] == 'i'))) {
        size_t i = c == 'i' ? 1 : 2;
        bool digits = i < id.n;
        for (; i < id.n; i++)
            digits = digits && rd_is_class(id.p[i], RD_DIGIT);
        if (digits)
            return true;
    }
    static const str words[] = {STR_INIT("tensor"), STR_INIT("memref"), STR_INIT("vector"), STR_INIT("index"),
                                STR_INIT("none"),   STR_INIT("tuple"),  STR_INIT("complex")};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(id, words[i]))
            return true;
    if (c == 'f' || c == 'b' || c == 't')
        for (int f = 0; f < IR_N_FLOATS; f++)
            if (str_eq(id, str_from_z(ir_float_infos[f].name)))
                return true;
    return false;
}

/* iN, siN, uiN, floats, index, none: words without anything behind. 0 when the word is none of them. */
static ir_type word_type(reader *r, str id) {
    const char *p = id.p;
    ir_context *c = r->ctx;
    switch (*p) {
    case 'f':
        if (id.n == 3 && p[1] == '3' && p[2] == '2')
            return c->t_f32;
        break;
    case 'i':
        if (id.n == 3 && p[1] == '3' && p[2] == '2')
            return c->t_i32;
        if (id.n == 5 && memcmp(p, "index", 5) == 0)
            return c->t_index;
        break;
    case 'n':
        if (id.n == 4 && memcmp(p, "none", 4) == 0)
            return c->t_none;
        return 0;
    case 'b':
    case 't':
    case 's':
    case 'u': break;
    default: return 0;
    }
    size_t digits = *p == 'i' ? 1 : (*p == 's' || *p == 'u') && id.n > 1 && p[1] == 'i' ? 2 : 0;
    if (digits) {
        if (digits == id.n)
            return 0;
        uint64_t width;
        for (size_t i = digits; i < id.n; i++)
            if (!rd_is_class(p[i], RD_DIGIT))
                return 0;
        if (!num_parse_u64(str_from(id, digits), &width) || width > UINT32_MAX) {
            rd_error(r, rd_pos(r), "invalid integer width");
            return 0;
        }
        if (width > MAX_INT_WIDTH) {
            rd_error(r, rd_pos(r), "integer bitwidth is limited to %d bits", MAX_INT_WIDTH);
            return 0;
        }
        return rd_made(r, ir_type_integer(c, (uint32_t)width,
                                          *p == 'i'   ? IR_SIGNLESS
                                          : *p == 's' ? IR_SIGNED
                                                      : IR_UNSIGNED));
    }
    for (int f = 0; f < IR_N_FLOATS; f++)
        if (str_eq(id, str_from_z(ir_float_infos[f].name)))
            return rd_made(r, ir_type_float(c, (ir_float)f));
    return 0;
}

/* The dimensions on the stack from `mark` on, as numbers; NULL when out of memory. */
static const int64_t *dims_at(reader *r, uint32_t mark, uint32_t *rank) {
    *rank = (rd_mark(r) - mark) / 2;
    rd_tables *t = r->t;
    vec_clear(&t->dims);
    if (!vec_room(&t->dims, *rank + 1)) {
        rd_oom(r);
        return NULL;
    }
    if (*rank)
        memcpy(t->dims.v, rd_words(r, mark), (size_t)*rank * sizeof *t->dims.v);
    return t->dims.v;
}

static bool is_element(const reader *r, ir_type t) {
    switch (ir_kind_of(r->ctx, t)) {
    case IR_TYPE_NONE:
    case IR_TYPE_TUPLE:
    case IR_TYPE_FUNCTION:
    case IR_TYPE_TENSOR:
    case IR_TYPE_UNRANKED_TENSOR: return false;
    default: return true;
    }
}

static bool close_type(reader *r, const char *what) {
    return rd_accept(r, '>') || rd_expected(r, "expected '>' in %s type", what);
}

/* `tensor<` is read: what is between the angle brackets. */
static ir_type tensor_body(reader *r) {
    bool unranked = rd_accept(r, '*');
    uint32_t mark = rd_mark(r);
    if (unranked) {
        if (*r->p != 'x')
            return rd_expected(r, "expected 'x' in dimension list");
        r->p++;
        rd_skip(r);
    } else if (!rd_dims(r, true, true)) {
        return 0;
    }
    uint32_t at = rd_pos(r);
    ir_type elt = rd_type(r);
    if (!elt)
        return 0;
    ir_attr encoding = 0;
    if (rd_accept(r, ',') && !rd_is(r, '>')) {
        if (!(encoding = rd_attr(r, 0)))
            return 0;
    }
    if (!close_type(r, "tensor"))
        return 0;
    if (unranked && encoding)
        return rd_expected(r, "cannot apply encoding to unranked tensor");
    ir_kind k = ir_kind_of(r->ctx, elt);
    if (!is_element(r, elt) || k == IR_TYPE_MEMREF || k == IR_TYPE_UNRANKED_MEMREF)
        return rd_error(r, at, "invalid tensor element type");
    ir_type t;
    if (unranked) {
        t = ir_intern(r->ctx, IR_TYPE_UNRANKED_TENSOR, 0, &elt, 1);
    } else {
        uint32_t rank;
        const int64_t *dims = dims_at(r, mark, &rank);
        t = dims ? ir_type_tensor(r->ctx, dims, rank, elt, encoding) : 0;
        rd_pop(r, mark);
    }
    return rd_made(r, t);
}

/* Whether an attribute is a memref layout and not a memory space. */
static bool is_layout(const reader *r, ir_attr a) {
    switch (ir_kind_of(r->ctx, a)) {
    case IR_ATTR_AFFINE_MAP:
    case IR_ATTR_STRIDED: return true;
    case IR_ATTR_DIALECT: {
        const attr_type_def *d = &dialect_attr_defs[ir_at(r->ctx, a, 0) - 1];
        str name = dialect_text(d->name);
        return str_eq(name, STR("ttcore.shard")) || str_eq(name, STR("ttcore.view")) ||
               str_eq(name, STR("ttcore.cb_layout")) || str_eq(name, STR("ttcore.interleaved"));
    }
    default: return false;
    }
}

/* Whether a layout fits a memref of this rank; `start` is where its type begins. */
static bool check_layout(reader *r, uint32_t start, ir_attr layout, uint32_t rank) {
    if (!layout)
        return true;
    ir_kind k = ir_kind_of(r->ctx, layout);
    if (k == IR_ATTR_AFFINE_MAP && ir_at(r->ctx, layout, 0) != rank)
        return rd_error(r, start, "memref layout mismatch between rank and affine map: %u != %u", (unsigned)rank,
                        (unsigned)ir_at(r->ctx, layout, 0));
    if (k == IR_ATTR_STRIDED && ir_count(r->ctx, layout) / 2 - 1 != rank)
        return rd_error(r, start, "expected the number of strides to match the rank");
    return true;
}

static ir_type memref_body(reader *r) {
    uint32_t start = (uint32_t)(r->tok_end - r->begin) - 7; /* of `memref<` */
    bool unranked = rd_accept(r, '*');
    uint32_t mark = rd_mark(r);
    if (unranked) {
        if (*r->p != 'x')
            return rd_expected(r, "expected 'x' in dimension list");
        r->p++;
        rd_skip(r);
    } else if (!rd_dims(r, true, true)) {
        return 0;
    }
    uint32_t at = rd_pos(r);
    ir_type elt = rd_type(r);
    if (!elt)
        return 0;
    ir_attr layout = 0, space = 0;
    while (rd_accept(r, ',')) {
        ir_attr a = rd_attr(r, 0);
        if (!a)
            return 0;
        uint32_t attr_at = rd_pos(r);
        if (is_layout(r, a)) {
            if (unranked) {
                rd_error(r, attr_at, "cannot have affine map for unranked memref type");
                return 0;
            }
            if (space)
                return rd_expected(r, "expected memory space to be last in memref type");
            layout = a;
        } else {
            if (space) {
                rd_error(r, attr_at, "multiple memory spaces specified in memref type");
                return 0;
            }
            space = a;
        }
    }
    if (!rd_accept(r, '>')) {
        rd_expected(r, "expected ',' or '>' in memref type");
        return 0;
    }
    if (!is_element(r, elt)) {
        rd_error(r, at, "invalid memref element type");
        return 0;
    }
    ir_type t;
    if (unranked) {
        uint32_t w[2] = {elt, space};
        t = ir_intern(r->ctx, IR_TYPE_UNRANKED_MEMREF, 0, w, 2);
    } else {
        uint32_t rank;
        const int64_t *dims = dims_at(r, mark, &rank);
        if (!check_layout(r, start, layout, rank))
            return 0;
        t = dims ? ir_type_memref(r->ctx, dims, rank, elt, layout, space) : 0;
        rd_pop(r, mark);
    }
    return rd_made(r, t);
}

static ir_type vector_body(reader *r) {
    uint32_t start = (uint32_t)(r->tok_end - r->begin) - 7; /* of `vector<` */
    uint32_t mark = rd_mark(r), rank = 0;
    enum { MAX_RANK = 64 };
    bool scalable[MAX_RANK];
    while (rd_is_class(*r->p, RD_DIGIT) || *r->p == '[') {
        bool bracket = rd_accept(r, '[');
        uint32_t at = rd_pos(r);
        uint64_t d = 0;
        const char *p = r->p;
        while (rd_is_class(*p, RD_DIGIT) && d < INT64_MAX / 100)
            d = d * 10 + (uint64_t)(*p++ - '0');
        if (rd_is_class(*p, RD_DIGIT) || p == r->p)
            return rd_error(r, at, "invalid dimension");
        if (d == 0)
            return rd_error(r, start, "vector types must have positive constant sizes but got 0");
        if (rank == MAX_RANK)
            return rd_error(r, at, "vector types of more than %d dimensions are not supported", MAX_RANK);
        r->p = r->tok_end = p;
        rd_skip(r);
        if (bracket && !rd_accept(r, ']'))
            return rd_expected(r, "missing ']' closing scalable dimension");
        scalable[rank++] = bracket;
        if (!rd_push64(r, (int64_t)d))
            return 0;
        if (*r->p != 'x')
            return rd_expected(r, "expected 'x' in dimension list");
        r->p++;
        rd_skip(r);
    }
    ir_type elt = rd_type(r);
    if (!elt || !close_type(r, "vector"))
        return 0;
    ir_kind k = ir_kind_of(r->ctx, elt);
    if (k != IR_TYPE_INTEGER && k != IR_TYPE_INDEX && k != IR_TYPE_FLOAT && k != IR_TYPE_DIALECT && k != IR_TYPE_OPAQUE)
        return rd_error(r, start, "failed to verify 'elementType': VectorElementTypeInterface instance");
    uint32_t n;
    const int64_t *dims = dims_at(r, mark, &n);
    ir_type t = dims ? ir_type_vector(r->ctx, dims, rank, scalable, elt) : 0;
    rd_pop(r, mark);
    return rd_made(r, t);
}

static ir_type complex_body(reader *r) {
    uint32_t at = rd_pos(r);
    ir_type elt = rd_type(r);
    if (!elt || !close_type(r, "complex"))
        return 0;
    ir_kind k = ir_kind_of(r->ctx, elt);
    if (k != IR_TYPE_INTEGER && k != IR_TYPE_FLOAT) {
        rd_error(r, at, "invalid element type for complex");
        return 0;
    }
    return rd_made(r, ir_type_complex(r->ctx, elt));
}

static ir_type tuple_body(reader *r) {
    uint32_t mark = rd_mark(r);
    if (!rd_is(r, '>') && !rd_type_list(r))
        return 0;
    if (!close_type(r, "tuple"))
        return 0;
    ir_type t = ir_type_tuple(r->ctx, rd_words(r, mark), rd_mark(r) - mark);
    rd_pop(r, mark);
    return rd_made(r, t);
}

/* Reads the word type or the bracketed type that the cursor stands on. */
static ir_type builtin_type(reader *r) {
    str id = rd_peek_id(r);
    ir_type (*body)(reader *) = NULL;
    if (id.n == 6 && memcmp(id.p, "tensor", 6) == 0)
        body = tensor_body;
    else if (id.n == 6 && memcmp(id.p, "memref", 6) == 0)
        body = memref_body;
    else if (id.n == 6 && memcmp(id.p, "vector", 6) == 0)
        body = vector_body;
    else if (id.n == 7 && memcmp(id.p, "complex", 7) == 0)
        body = complex_body;
    else if (id.n == 5 && memcmp(id.p, "tuple", 5) == 0)
        body = tuple_body;
    if (!body) {
        uint32_t before = r->errors;
        ir_type t = id.n ? word_type(r, id) : 0;
        if (t)
            rd_take(r, (uint32_t)id.n);
        else if (!r->fatal && r->errors == before)
            rd_expected(r, "expected non-function type");
        return t;
    }
    rd_take(r, (uint32_t)id.n);
    if (!rd_accept(r, '<')) {
        rd_expected(r, "expected '<' in %.*s type", STR_ARG(id));
        return 0;
    }
    if (!rd_enter(r))
        return 0;
    ir_type t = body(r);
    rd_leave(r);
    return t;
}

/* `!...` */
static ir_type extended_type(reader *r) {
    const char *at = r->p;
    uint32_t len = rd_prefixed_len(at);
    if (!len) {
        rd_expected(r, "expected non-function type");
        return 0;
    }
    str name = str_of(at + 1, len - 1);
    size_t dot = str_find_char(name, '.');
    bool bracket = at[len] == '<';
    if (dot == name.n && !bracket) {
        ir_node t = rd_alias_get(r, at, len);
        rd_take(r, len);
        if (!t)
            rd_expected(r, "undefined symbol alias id '%.*s'", STR_ARG(name));
        return t;
    }
    ir_type out = 0;
    switch (rd_extended(r, name, dot, &out)) {
    case RD_DONE: return out;
    case RD_ERROR: return 0;
    case RD_UNKNOWN: break;
    }
    str dialect, text;
    if (!rd_opaque_text(r, name, dot, &dialect, &text))
        return 0;
    uint32_t w[2] = {rd_slice(r, dialect), rd_slice(r, text)};
    return w[0] && w[1] ? rd_made(r, ir_intern(r->ctx, IR_TYPE_OPAQUE, 0, w, 2)) : 0;
}

/* The types of late by the bytes they begin with: found without looking for their end. A remembered text ends with its
 * closing '>', so the same bytes are the same type whatever follows. */
static rd_recent *recent_types(const reader *r, const char *p) {
    uint64_t a, b;
    memcpy(&a, p + 7, 8);
    memcpy(&b, p + 15, 8);
    uint64_t h = str_mix(a ^ STR_HASH_A, b ^ STR_HASH_B);
    return r->t->recent + (h >> (64 - RD_RECENT_BITS)) * RD_RECENT_WAYS;
}

static ir_type memo_type(reader *r) {
    uint32_t span = angle_span(r->p);
    rd_memo_entry *e = NULL;
    str text = str_of(r->p, span);
    if (span) {
        e = rd_memo_at(r->t->types, text);
        if (rd_memo_is(e, text)) {
            rd_take(r, span);
            return e->node;
        }
    }
    ir_type t = 0;
    if (rd_enter(r)) {
        t = *r->p == '!' ? extended_type(r) : builtin_type(r);
        rd_leave(r);
    }
    /* Only when the type ends where the look-up thought. */
    if (t && span && r->tok_end == text.p + span)
        *e = (rd_memo_entry){text.p, span, t};
    return t;
}

ir_type rd_type(reader *r) {
    const char *p = r->p;
    char c = *p;
    if (c == '(')
        return rd_function_type(r);
    if (c == '!' || (c == 't' && p[1] == 'e') || c == 'm' || c == 'v') {
        if (r->end - p < 64)
            return memo_type(r);
        rd_recent *e = recent_types(r, p);
        for (int i = 0; i < RD_RECENT_WAYS; i++) {
            if (e[i].len && str_same_bytes(p, e[i].text, e[i].len)) {
                ir_type t = e[i].type;
                rd_take(r, e[i].len);
                return t;
            }
        }
        ir_type t = memo_type(r);
        size_t len = (size_t)(r->tok_end - p);
        if (t && r->tok_end[-1] == '>' && len >= RD_RECENT_MIN && len < 64) {
            memmove(e + 1, e, (RD_RECENT_WAYS - 1) * sizeof *e);
            *e = (rd_recent){p, (uint32_t)len, t};
        }
        return t;
    }
    return builtin_type(r);
}

ir_type rd_colon_type(reader *r) {
    return rd_expect(r, ':') ? rd_type(r) : 0;
}

bool rd_type_list(reader *r) {
    do {
        ir_type t = rd_type(r);
        if (!t || !rd_push(r, t))
            return false;
    } while (rd_accept(r, ','));
    return true;
}

bool rd_type_list_parens(reader *r) {
    if (!rd_expect(r, '('))
        return false;
    if (rd_accept(r, ')'))
        return true;
    return rd_type_list(r) && rd_expect(r, ')');
}

bool rd_result_types(reader *r) {
    if (rd_is(r, '('))
        return rd_type_list_parens(r);
    ir_type t = rd_type(r);
    return t && rd_push(r, t);
}

ir_type rd_function_type(reader *r) {
    if (!rd_enter(r))
        return 0;
    uint32_t mark = rd_mark(r);
    ir_type t = 0;
    if (rd_type_list_parens(r) && (rd_accept_text(r, "->") || rd_expected(r, "expected '->' in function type"))) {
        uint32_t results = rd_mark(r);
        if (rd_result_types(r)) {
            const uint32_t *w = rd_words(r, mark);
            t = rd_made(r, ir_type_function(r->ctx, w, results - mark, w + (results - mark), rd_mark(r) - results));
        }
    }
    rd_pop(r, mark);
    rd_leave(r);
    return t;
}
