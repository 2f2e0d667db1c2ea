/* dialect_read.c - reads bodies of dialect attributes and types by the assembly of their definitions.
 *
 * The elements of a definition are walked left to right; what a parameter looks like follows from its kind
 * (dialect/params.h says which node it becomes). Optional groups are taken when their first element fits what comes
 * next; where that is a comma, what stands behind the comma decides, so that several groups may start with one.
 */
#include "text/hand.h"

#include "base/num.h"
#include "dialect/check.h"
#include "dialect/ids.h"
#include "text/read_inner.h"

static bool read_run(body *b, const asm_elem *e, const asm_elem *end);
static ir_node read_param(body *b, uint32_t index);

/* ---- small helpers --------------------------------------------------------------------------------------- */

ir_attr body_array(reader *r, uint32_t mark) {
    ir_attr a = ir_attr_array(r->ctx, rd_words(r, mark), rd_mark(r) - mark);
    rd_pop(r, mark);
    return a;
}

ir_attr body_any_attr(body *b) {
    if (!rd_starts_attr(b->r)) {
        rd_expected(b->r, "expected attribute value");
        return 0;
    }
    ir_attr a = rd_attr(b->r, 0);
    b->hard |= a == 0;
    return a;
}

ir_type body_any_type(body *b) {
    if (!rd_starts_type(b->r)) {
        rd_expected(b->r, "expected type");
        return 0;
    }
    ir_type t = rd_type(b->r);
    b->hard |= t == 0;
    return t;
}

ir_attr body_int_list(body *b, char open, char close, bool allow_dynamic) {
    reader *r = b->r;
    uint32_t mark = rd_mark(r);
    if (!rd_expect(r, open))
        return 0;
    if (!rd_is(r, close)) {
        do {
            int64_t v = IR_DYNAMIC;
            if (!(allow_dynamic && rd_accept(r, '?')) && !rd_integer(r, &v))
                return 0;
            if (!rd_push(r, dialect_int(r->ctx, v)))
                return 0;
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, close))
        return 0;
    return body_array(r, mark);
}

static bool is_word(str literal) {
    return literal.n && rd_is_class(literal.p[0], RD_LETTER);
}

static bool at_literal(const reader *r, str literal) {
    if (is_word(literal))
        return str_eq(rd_peek_id(r), literal);
    if (literal.n == 1)
        return rd_is(r, literal.p[0]);
    return rd_is_text(r, literal.p);
}

static bool take_literal(reader *r, str literal) {
    if (!at_literal(r, literal))
        return rd_expected(r, "expected '%.*s'", STR_ARG(literal));
    rd_take(r, (uint32_t)literal.n);
    return true;
}

static str literal_of(const asm_elem *e) {
    return dialect_text(dialect_literals[e->index]);
}

/* The definition of parameter `index`; of an attribute that wraps an enum its one case. */
static param_def param_of(const attr_type_def *d, uint32_t index) {
    if (d->wraps != DIALECT_NONE)
        return (param_def){.kind = PARAM_ENUM, .ref = d->wraps};
    return *def_param(d, index);
}

/* ---- parameters ------------------------------------------------------------------------------------------ */

/* Whether what comes next can be a value of this kind. */
static bool can_start_value(const reader *r, const param_def *p) {
    switch (p->kind) {
    case PARAM_INT: return rd_is_class(*r->p, RD_DIGIT) || rd_is(r, '-');
    case PARAM_BOOL: return rd_is_keyword(r, "true") || rd_is_keyword(r, "false");
    case PARAM_STRING:
    case PARAM_STRING_ATTR: return *r->p == '"' || *r->p == '#';
    case PARAM_FLOAT: return rd_is_class(*r->p, RD_DIGIT) || rd_is(r, '-');
    case PARAM_ENUM: return *r->p == '"' || dialect_case_by_text(&dialect_enums[p->ref], rd_peek_id(r)) != NULL;
    case PARAM_AFFINE_MAP: return *r->p == '(' || *r->p == '#' || rd_is_keyword(r, "affine_map");
    case PARAM_KEYWORD: return rd_peek_id(r).n || *r->p == '"';
    case PARAM_SYMBOL_REF: return rd_is_symbol(r) || *r->p == '#';
    case PARAM_ATTR:
        if (p->ref == DIALECT_NONE)
            return rd_starts_attr(r);
        if (*r->p == '#')
            return true;
        return dialect_attr_defs[p->ref].style != DEF_ANGLE || *r->p == '<';
    case PARAM_TYPE:
        if (p->ref == DIALECT_NONE || *r->p == '!')
            return rd_starts_type(r);
        return true;
    case PARAM_TENSOR_TYPE:
    case PARAM_MEMREF_TYPE:
    case PARAM_SHAPED_TYPE:
    case PARAM_INTEGER_TYPE:
    case PARAM_FUNCTION_TYPE: return rd_starts_type(r);
    default: return rd_starts_attr(r);
    }
}

static ir_node read_enum(reader *r, const enum_def *e) {
    int64_t value = 0;
    bool bits = (e->flags & ENUM_IS_BITS) != 0;
    str separator = dialect_text(e->separator);
    for (;;) {
        ir_str word;
        uint32_t at = rd_pos(r);
        if (!rd_keyword_or_string(r, &word))
            return 0;
        const enum_case *k = dialect_case_by_text(e, ir_str_of(r->ctx, word));
        if (!k) {
            str name = dialect_text(e->name);
            rd_error(r, at, "'%.*s' is no case of %.*s", STR_ARG(ir_str_of(r->ctx, word)), STR_ARG(name));
            return 0;
        }
        if (!bits)
            return dialect_keyword(r->ctx, dialect_text(k->text));
        value |= k->value;
        if (!separator.n || !rd_accept(r, separator.p[0]))
            break;
    }
    char text[512];
    size_t n = dialect_enum_text(e, value, text, sizeof text);
    return dialect_keyword(r->ctx, str_of(text, n));
}

static bool can_start_param(const reader *r, const param_def *p) {
    return p->flags & PARAM_IS_BRACKETED ? *r->p == '[' : can_start_value(r, p);
}

/* A plain number, with the limits of the C++ type behind it. */
static ir_node read_int(reader *r, const param_def *p) {
    uint32_t at = rd_pos(r);
    bool is_signed = (p->flags & PARAM_IS_SIGNED) != 0;
    str digits;
    if (!is_signed && p->width == 64 && rd_peek_number(r, &digits) == RD_DECIMAL) {
        uint64_t v;
        if (!num_parse_u64(digits, &v)) {
            rd_error(r, at, "integer value too large");
            return 0;
        }
        rd_take(r, (uint32_t)digits.n);
        return ir_attr_int(r->ctx, ir_type_integer(r->ctx, 64, IR_UNSIGNED), (int64_t)v);
    }
    int64_t v;
    if (!rd_integer(r, &v))
        return 0;
    if (p->width && p->width < 64) {
        int64_t top = (int64_t)1 << (is_signed ? p->width - 1 : p->width);
        if (v >= top || v < (is_signed ? -top : 0)) {
            rd_error(r, at, "integer value too large");
            return 0;
        }
    }
    return dialect_int(r->ctx, v);
}

/* A bare affine map; also as attribute or alias. */
static ir_node read_map(body *b) {
    reader *r = b->r;
    if (*r->p != '(')
        return body_any_attr(b);
    ir_attr map = rd_affine_map(r);
    return map;
}

/* One value of a parameter (an element of it when it is an array). */
static ir_node read_value(body *b, const param_def *p) {
    reader *r = b->r;
    ir_str s;
    switch (p->kind) {
    case PARAM_INT: return read_int(r, p);
    case PARAM_BOOL:
        if (rd_accept_keyword(r, "true"))
            return r->ctx->a_true;
        if (rd_accept_keyword(r, "false"))
            return r->ctx->a_false;
        rd_expected(r, "expected 'true' or 'false'");
        return 0;
    case PARAM_STRING: return rd_string(r, &s) ? ir_attr_string(r->ctx, ir_str_of(r->ctx, s), false) : 0;
    case PARAM_FLOAT: {
        double v;
        return rd_double(r, r->ctx->t_f64, &v) ? ir_attr_float(r->ctx, r->ctx->t_f64, v) : 0;
    }
    case PARAM_ENUM: return read_enum(r, &dialect_enums[p->ref]);
    case PARAM_AFFINE_MAP: return read_map(b);
    case PARAM_TYPE: return p->ref == DIALECT_NONE ? body_any_type(b) : body_nested_type(b, &dialect_type_defs[p->ref]);
    case PARAM_TENSOR_TYPE:
    case PARAM_MEMREF_TYPE:
    case PARAM_SHAPED_TYPE:
    case PARAM_INTEGER_TYPE:
    case PARAM_FUNCTION_TYPE: return body_any_type(b);
    case PARAM_ATTR: return p->ref == DIALECT_NONE ? body_any_attr(b) : body_nested_attr(b, &dialect_attr_defs[p->ref]);
    case PARAM_KEYWORD: return rd_keyword_or_string(r, &s) ? dialect_keyword(r->ctx, ir_str_of(r->ctx, s)) : 0;
    case PARAM_UNKNOWN: rd_error(r, rd_pos(r), "a parameter of unknown kind"); return 0;
    default: return body_any_attr(b);
    }
}

static bool is_type_kind(const param_def *p) {
    switch (p->kind) {
    case PARAM_TYPE:
    case PARAM_TENSOR_TYPE:
    case PARAM_MEMREF_TYPE:
    case PARAM_SHAPED_TYPE:
    case PARAM_INTEGER_TYPE:
    case PARAM_FUNCTION_TYPE: return true;
    default: return false;
    }
}

/* Comma separated values. A closing bracket at once is the empty array. A comma that no value follows is left alone:
 * it belongs to what comes after the array. */
static ir_node read_items(body *b, const param_def *p) {
    reader *r = b->r;
    uint32_t mark = rd_mark(r);
    if (*r->p == ']' || *r->p == '}' || *r->p == ')' || *r->p == '>')
        return r->ctx->a_empty_array;
    for (;;) {
        ir_node v = read_value(b, p);
        if (v && is_type_kind(p))
            v = ir_attr_type(r->ctx, v);
        if (!v || !rd_push(r, v))
            return 0;
        uint32_t at = rd_pos(r);
        if (!rd_accept(r, ','))
            break;
        if (!can_start_value(r, p)) {
            rd_seek(r, at);
            break;
        }
    }
    return body_array(r, mark);
}

static ir_node read_array(body *b, const param_def *p) {
    bool bracketed = (p->flags & PARAM_IS_BRACKETED) != 0;
    if (bracketed && !rd_expect(b->r, '['))
        return 0;
    ir_node items = read_items(b, p);
    return items && bracketed && !rd_expect(b->r, ']') ? 0 : items;
}

static ir_node read_param(body *b, uint32_t index) {
    param_def p = param_of(b->d, index);
    if (p.flags & PARAM_IS_HAND) {
        str name = dialect_text(p.name);
        rd_error(b->r, rd_pos(b->r), "parameter '%.*s' has a form of its own", STR_ARG(name));
        return 0;
    }
    ir_node v = p.flags & PARAM_IS_ARRAY ? read_array(b, &p) : read_value(b, &p);
    b->params[index] = v;
    return v;
}

/* ---- the walk -------------------------------------------------------------------------------------------- */

/* The elements behind e and its arguments. */
static const asm_elem *after(const asm_elem *e) {
    switch (e->kind) {
    case ASM_TYPE:
    case ASM_FUNCTIONAL_TYPE:
    case ASM_CUSTOM:
    case ASM_STRUCT:
    case ASM_PARAMS: return e + 1 + e->n;
    default: return e + 1;
    }
}

/* The number of the struct member called `key` that has not been read yet, or -1. */
static int struct_member(const body *b, const asm_elem *e, str key, const bool *seen) {
    for (int i = 0; i < e->n; i++) {
        if (!seen[i] && str_eq(dialect_text(def_param(b->d, e[i + 1].index)->name), key))
            return i;
    }
    return -1;
}

static bool read_struct(body *b, const asm_elem *e) {
    reader *r = b->r;
    bool seen[BODY_MAX_PARAMS] = {false};
    for (;;) {
        int i = struct_member(b, e, rd_peek_id(r), seen);
        if (i < 0)
            break;
        rd_take(r, (uint32_t)rd_peek_id(r).n);
        seen[i] = true;
        if (!rd_expect(r, '=') || !read_param(b, e[i + 1].index))
            return false;
        uint32_t at = rd_pos(r);
        if (!rd_accept(r, ','))
            break;
        if (struct_member(b, e, rd_peek_id(r), seen) < 0) {
            rd_seek(r, at);
            break;
        }
    }
    for (int i = 0; i < e->n; i++) {
        const param_def *p = def_param(b->d, e[i + 1].index);
        if (!seen[i] && !(p->flags & PARAM_IS_OPTIONAL)) {
            str name = dialect_text(p->name);
            return rd_expected(r, "struct is missing required parameter: %.*s", STR_ARG(name));
        }
    }
    return true;
}

static bool read_params(body *b, const asm_elem *e) {
    for (int i = 0; i < e->n; i++) {
        if (i > 0) {
            const param_def *p = def_param(b->d, e[i + 1].index);
            if (!rd_is(b->r, ',') && (p->flags & PARAM_IS_OPTIONAL))
                return true;
            if (!rd_expect(b->r, ','))
                return false;
        }
        if (!read_param(b, e[i + 1].index))
            return false;
    }
    return true;
}

static bool read_custom(body *b, const asm_elem *e) {
    rd_answer a = tt_body_directive(b, e);
    if (a == RD_UNKNOWN)
        a = sdy_body_directive(b, e);
    if (a == RD_UNKNOWN)
        a = upstream_body_directive(b, e);
    if (a == RD_UNKNOWN) {
        str name = dialect_text(dialect_custom_names[e->index]);
        return rd_error(b->r, rd_pos(b->r), "custom<%.*s> is not supported", STR_ARG(name));
    }
    return a == RD_DONE;
}

/* Whether what comes next can be the start of the elements [e, end). Looks behind a leading comma. */
static bool can_start(body *b, const asm_elem *e, const asm_elem *end) {
    reader *r = b->r;
    while (e < end && (e->kind == ASM_SPACE || e->kind == ASM_NEWLINE))
        e++;
    if (e == end)
        return false;
    param_def p;
    switch (e->kind) {
    case ASM_LITERAL: {
        str literal = literal_of(e);
        if (!at_literal(r, literal))
            return false;
        if (!str_eq(literal, STR(",")) || e + 1 == end)
            return true;
        uint32_t at = rd_pos(r);
        rd_take(r, 1);
        bool fits = can_start(b, e + 1, end);
        rd_seek(r, at);
        return fits;
    }
    case ASM_VAR: p = param_of(b->d, e->index); return can_start_param(r, &p);
    case ASM_PARAMS: p = param_of(b->d, e[1].index); return can_start_param(r, &p);
    case ASM_STRUCT: {
        const bool none[BODY_MAX_PARAMS] = {false};
        return struct_member(b, e, rd_peek_id(r), none) >= 0;
    }
    default: return *r->p != '>' && *r->p != ']' && *r->p != '}' && *r->p != ')';
    }
}

static bool read_group(body *b, const asm_elem *e, const asm_elem *end, const asm_elem **next) {
    const asm_elem *then_end = e + e->jump;
    const asm_elem *else_first = then_end, *else_end = then_end;
    if (then_end < end && then_end->kind == ASM_ELSE) {
        else_first = then_end + 1;
        else_end = then_end + then_end->jump;
    }
    *next = else_end;
    if (can_start(b, e + 1, then_end))
        return read_run(b, e + 1, then_end);
    return read_run(b, else_first, else_end);
}

static bool read_run(body *b, const asm_elem *e, const asm_elem *end) {
    while (e < end) {
        const asm_elem *next = after(e);
        bool ok = true;
        switch (e->kind) {
        case ASM_LITERAL: ok = take_literal(b->r, literal_of(e)); break;
        case ASM_VAR: ok = read_param(b, e->index) != 0; break;
        case ASM_STRUCT: ok = read_struct(b, e); break;
        case ASM_PARAMS: ok = read_params(b, e); break;
        case ASM_CUSTOM: ok = read_custom(b, e); break;
        case ASM_GROUP: ok = read_group(b, e, end, &next); break;
        default: /* white space */ break;
        }
        if (!ok)
            return false;
        e = next;
    }
    return true;
}

/* ---- bodies ---------------------------------------------------------------------------------------------- */

/* Gives parameters that were not written their canonical node and makes the attribute or type. */
static ir_node make_node(body *b, bool is_type) {
    ir_context *c = b->r->ctx;
    uint32_t n = dialect_n_params(b->d);
    if (!is_type && b->d == &dialect_attr_defs[ATTR_sdy_mesh])
        sdy_normalize_mesh(b);
    for (uint32_t i = 0; i < n; i++) {
        param_def p = param_of(b->d, i);
        if (!b->params[i] && (p.flags & PARAM_IS_ARRAY))
            b->params[i] = c->a_empty_array;
        b->params[i] = dialect_canonical_param(c, &p, b->params[i]);
    }
    return is_type ? dialect_make_type(c, (uint32_t)(b->d - dialect_type_defs), b->params)
                   : dialect_make_attr(c, (uint32_t)(b->d - dialect_attr_defs), b->params);
}

/* Reads a body. 0 after an error; *hard tells whether it must stay one. */
static ir_node read_body(reader *r, const attr_type_def *d, bool is_type, ir_type expected, bool *hard) {
    ir_node params[BODY_MAX_PARAMS] = {0};
    uint32_t at = rd_pos(r);
    body b = {.r = r, .d = d, .params = params};
    if (!rd_enter(r)) {
        *hard = true;
        return 0;
    }
    bool ok = false;
    if (dialect_n_params(d) > BODY_MAX_PARAMS) {
        rd_error(r, rd_pos(r), "it has too many parameters");
    } else if (d->form == DEF_FORM_DECLARATIVE) {
        ok = read_run(&b, &dialect_asm[d->asm_first], &dialect_asm[d->asm_first] + d->asm_n);
    } else if (d->form == DEF_FORM_HAND) {
        const body_form *f = is_type ? body_type_form(d->hand) : body_attr_form(d->hand);
        ok = f ? f->read(&b) : rd_error(r, rd_pos(r), "its form is not known");
    } else {
        ok = dialect_n_params(d) == 0 || rd_error(r, rd_pos(r), "its form is not known");
    }
    for (uint32_t i = 0; ok && i < d->n_params; i++) {
        if (!(def_param(d, i)->flags & PARAM_IS_SELF_TYPE))
            continue;
        params[i] = expected;
        if (!expected && rd_is(r, ':')) {
            params[i] = rd_colon_type(r);
            ok = params[i] != 0;
            b.hard |= !ok;
        }
    }
    rd_leave(r);
    *hard |= b.hard;
    if (!ok)
        return 0;
    ir_node n = make_node(&b, is_type);
    *hard |= n == 0;
    str message;
    if (n && r->strict && !check_attr(r->ctx, n, &r->d->arena, &message)) {
        *hard = true;
        rd_error(r, at, "%.*s", STR_ARG(message));
        return 0;
    }
    return n;
}

ir_attr body_nested_attr(body *b, const attr_type_def *d) {
    if (*b->r->p == '#')
        return body_any_attr(b);
    return read_body(b->r, d, false, 0, &b->hard);
}

ir_type body_nested_type(body *b, const attr_type_def *d) {
    if (*b->r->p == '!')
        return body_any_type(b);
    return read_body(b->r, d, true, 0, &b->hard);
}

/* Hands what was said while trying over to the real list. */
static void pass_on(struct diags *from, struct diags *to) {
    for (size_t i = 0; i < from->list.n; i++) {
        const struct diag *g = &from->list.v[i];
        diag_add(to, g->severity, g->source, g->begin, g->end, "%.*s", STR_ARG(g->message));
    }
    if (from->oom)
        diag_out_of_memory(to);
}

/* Whether what was complained about first stands behind the end that the body at `at` has as raw text: a comment in a body
 * hid its end. Bodies kept as text may hold one. */
static bool went_past(reader *r, uint32_t at, const struct diags *trial) {
    if (r->begin[at] != '<' || !trial->list.n)
        return false;
    const char *end = rd_balanced(r, r->begin + at);
    return end && trial->list.v[0].begin >= (size_t)(end - r->begin);
}

/* Reads a body; one that does not fit gives a warning and RD_UNKNOWN, the cursor back at its start. */
static rd_answer try_body(reader *r, const attr_type_def *d, bool is_type, ir_type expected, ir_node *out) {
    uint32_t at = rd_pos(r), mark = rd_mark(r), depth = r->depth, errors = r->errors;
    struct diags *said = r->d;
    struct diags trial;
    diags_init(&trial, r->mem);
    r->d = &trial;
    bool hard = false;
    *out = read_body(r, d, is_type, expected, &hard);
    /* After what ends the reading no outer body is looked at again: each would scan to the end of the file. */
    hard = r->fatal || (hard && !went_past(r, at, &trial));
    r->d = said;
    rd_answer answer = *out ? RD_DONE : hard || r->oom || trial.oom || r->ctx->failed ? RD_ERROR : RD_UNKNOWN;
    if (answer != RD_UNKNOWN) {
        pass_on(&trial, said);
    } else {
        str why = trial.list.n ? trial.list.v[0].message : STR("it does not fit its definition");
        str name = dialect_text(d->name);
        rd_pop(r, mark);
        r->depth = depth;
        r->errors = errors;
        rd_seek(r, at);
        if (!(dialect_dialects[d->dialect].flags & DIALECT_PARTIAL))
            rd_warn(r, at, "'%.*s' is kept as text: %.*s", STR_ARG(name), STR_ARG(why));
    }
    diags_free(&trial);
    return answer;
}

rd_answer asm_read_attr(reader *r, const attr_type_def *def, ir_type expected, ir_attr *out) {
    return try_body(r, def, false, expected, out);
}

rd_answer asm_read_type(reader *r, const attr_type_def *def, ir_type *out) {
    return try_body(r, def, true, 0, out);
}

/* A body without its prefix that does not fit its definition: the text it would have with the prefix. */
static ir_attr keep_stripped(reader *r, const attr_type_def *d) {
    uint32_t at = rd_pos(r);
    const char *end = *r->p == '<' ? rd_balanced(r, r->p) : NULL;
    if (!end) {
        if (*r->p != '<')
            rd_expected(r, "expected '<' to begin the body of '%.*s'", STR_ARG(dialect_text(d->name)));
        return 0;
    }
    str kept = rd_without_aliases(r, str_of(r->p, (size_t)(end - r->p)));
    if (!kept.p)
        return 0;
    struct buf text;
    buf_init(&text, r->mem);
    buf_put_str(&text, dialect_text(d->name));
    buf_put_str(&text, kept);
    ir_str dialect = ir_string(r->ctx, dialect_prefix(dialect_text(d->name)), false);
    uint32_t w[2] = {dialect, ir_string(r->ctx, buf_str(&text), true)};
    bool failed = text.failed;
    buf_free(&text);
    rd_take(r, (uint32_t)(end - r->begin) - at);
    return failed || !w[1] ? 0 : ir_intern(r->ctx, IR_ATTR_OPAQUE, 0, w, 2);
}

ir_attr dialect_read_stripped_attr(reader *r, const attr_type_def *d) {
    ir_attr a = 0;
    if (*r->p == '#')
        return rd_attr(r, 0);
    switch (try_body(r, d, false, 0, &a)) {
    case RD_DONE: return a;
    case RD_UNKNOWN: return keep_stripped(r, d);
    default: return 0;
    }
}

ir_type dialect_read_stripped_type(reader *r, const attr_type_def *d) {
    bool hard = false;
    return *r->p == '!' ? rd_type(r) : read_body(r, d, true, 0, &hard);
}

ir_attr dialect_read_enum(reader *r, const enum_def *e) {
    return read_enum(r, e);
}

/* Attributes and types without a definition. What the tables leave out is kept as text; saying so is worth a warning
 * only where the dialect is tabulated. */
static rd_answer unknown(reader *r, str dialect, str mnemonic, const char *what) {
    const dialect_info *d = dialect_find(dialect);
    if (d && (d->flags & DIALECT_TABLES) && !(d->flags & DIALECT_PARTIAL))
        rd_warn(r, rd_pos(r), "unknown %s `%.*s` in dialect `%.*s` is kept as text", what, STR_ARG(mnemonic),
                STR_ARG(dialect));
    return RD_UNKNOWN;
}

rd_answer asm_read_attr_hand(reader *r, str dialect, str mnemonic, ir_type expected, ir_attr *out) {
    (void)expected;
    if (str_eq(dialect, STR("stablehlo")) && str_eq(mnemonic, STR("type_extensions")))
        return hlo_read_type_extensions(r, out) ? RD_DONE : RD_ERROR;
    return unknown(r, dialect, mnemonic, "attribute");
}

rd_answer asm_read_type_hand(reader *r, str dialect, str mnemonic, ir_type *out) {
    (void)out;
    return unknown(r, dialect, mnemonic, "type");
}
