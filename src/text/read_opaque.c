/* read_opaque.c - ops of unknown custom form, and finding the end of a statement by brackets and new lines. */
#include "text/read_inner.h"

/* ---- where a statement ends ----------------------------------------------------------------------------- */

/* Whether the names at the cursor are followed by '=': `%a, %b:2 =`. */
static bool starts_results(const char *p) {
    for (;;) {
        uint32_t len = *p == '%' ? rd_prefixed_len(p) : 0;
        if (!len)
            return false;
        p += len;
        while (*p == ' ')
            p++;
        if (*p == ':') {
            p++;
            while (rd_is_class(*p, RD_DIGIT))
                p++;
            while (*p == ' ')
                p++;
        }
        if (*p == '=')
            return p[1] != '=';
        if (*p++ != ',')
            return false;
        while (rd_is_class(*p, RD_SPACE))
            p++;
    }
}

/* Whether the first token of a line begins a statement. */
static bool starts_statement(const reader *r) {
    const char *p = r->p;
    if (*p == '^' || (*p == '{' && rd_is_text(r, "{-#")))
        return true;
    if (*p == '%')
        return starts_results(p);
    if (*p == '#' || *p == '!') {
        p += rd_prefixed_len(p);
        while (*p == ' ')
            p++;
        return *p == '=' && p[1] != '=';
    }
    if (*p == '"') {
        str body;
        bool escapes;
        const char *wrong, *q = rd_scan_string(r, p, &body, &escapes, &wrong);
        return q && *q == '(';
    }
    str id = rd_peek_id(r);
    if (!id.n)
        return false;
    const char *q = id.p + id.n;
    while (*q == ' ')
        q++;
    if (*q == '=' && q[1] != '=')
        return false;
    if (str_find_char(id, '.') != id.n)
        return true;
    str dialect = rd_default_dialect(r);
    char full[160];
    if (dialect.n + id.n + 1 >= sizeof full)
        return false;
    memcpy(full, dialect.p, dialect.n);
    full[dialect.n] = '.';
    memcpy(full + dialect.n + 1, id.p, id.n);
    return dialect_find_op(str_of(full, dialect.n + 1 + id.n)) != NULL;
}

/* Takes one token of any kind. False at one that is none. */
static bool any_token(reader *r) {
    const char *p = r->p;
    str text;
    if (*p == '"') {
        bool escapes;
        const char *wrong, *q = rd_scan_string(r, p, &text, &escapes, &wrong);
        if (!q)
            return false;
        rd_take(r, (uint32_t)(q - p));
        return true;
    }
    uint32_t n = 1;
    if (*p == '%' || *p == '^' || *p == '#' || *p == '!')
        n = rd_prefixed_len(p);
    else if (rd_is_class(*p, RD_LETTER))
        n = (uint32_t)rd_peek_id(r).n;
    else if (rd_peek_number(r, &text) != RD_NO_NUMBER)
        n = (uint32_t)text.n;
    else if ((*p == '-' || *p == '>' || *p == '=') && (p[1] == '>' || p[1] == '='))
        n = 2;
    rd_take(r, n ? n : 1);
    return true;
}

bool rd_skip_statement(reader *r) {
    uint32_t mark = rd_mark(r);
    bool first = true;
    while (!rd_at_end(r)) {
        char c = *r->p;
        bool outside = rd_mark(r) == mark;
        if (outside && !first) {
            if (c == '}' || rd_is_keyword(r, "loc"))
                break;
            if (memchr(r->tok_end, '\n', (size_t)(r->p - r->tok_end)) && starts_statement(r))
                break;
        }
        first = false;
        char open = c == ')' ? '(' : c == ']' ? '[' : c == '}' ? '{' : c == '>' && r->p[1] != '=' ? '<' : 0;
        if (c == '(' || c == '[' || c == '{' || (c == '<' && r->p[1] != '=')) {
            if (!rd_push(r, (uint32_t)(uint8_t)c))
                return false;
        } else if (open) {
            /* A '<' or '>' may be no bracket at all. */
            while (open != '<' && rd_mark(r) > mark && rd_words(r, mark)[rd_mark(r) - mark - 1] == '<')
                rd_pop(r, rd_mark(r) - 1);
            bool matches = rd_mark(r) > mark && rd_words(r, mark)[rd_mark(r) - mark - 1] == (uint32_t)(uint8_t)open;
            if (matches)
                rd_pop(r, rd_mark(r) - 1);
            else if (open != '<')
                break;
        }
        if (!any_token(r))
            break;
    }
    bool ok = rd_mark(r) == mark;
    rd_pop(r, mark);
    return ok;
}

bool rd_skip_to_line(reader *r, uint32_t start) {
    const char *line = r->begin + start;
    while (line > r->begin && line[-1] != '\n')
        line--;
    size_t indent = (size_t)(r->begin + start - line);
    for (size_t i = 0; i < indent; i++)
        if (line[i] != ' ' && line[i] != '\t')
            return false;
    const char *p = r->p;
    while ((p = memchr(p, '\n', (size_t)(r->end - p)))) {
        p++;
        if (rd_is_separator(r, p))
            return false;
        size_t n = 0;
        while (n < indent && p[n] == line[n])
            n++;
        if (n < indent || rd_is_class(p[n], RD_SPACE) || p + n >= r->end)
            continue;
        rd_seek(r, (uint32_t)(p + n - r->begin));
        if (*r->p == '}' || starts_statement(r))
            return true;
    }
    return false;
}

/* ---- the op --------------------------------------------------------------------------------------------- */

/* The uses in [p, end) outside braces of names that are known here become operands. */
static bool gather_operands(reader *r, const char *p, const char *end) {
    int braces = 0;
    while (p < end) {
        if (*p == '"') {
            str body;
            bool escapes;
            const char *wrong, *q = rd_scan_string(r, p, &body, &escapes, &wrong);
            p = q ? q : end;
        } else if (*p == '/' && p[1] == '/') {
            const char *nl = memchr(p, '\n', (size_t)(end - p));
            p = nl ? nl : end;
        } else if (*p == '%' && braces == 0 && rd_prefixed_len(p)) {
            r->p = p;
            rd_use u;
            uint32_t errors = r->errors;
            r->in_preset = true; /* a stray '#' behind the name is no error here */
            bool ok = rd_value_use(r, &u);
            r->in_preset = false;
            r->errors = errors;
            ir_type t = ok ? rd_type_of_use(r, u) : 0;
            if (t && !rd_resolve_operand(r, u, t))
                return false;
            p += rd_prefixed_len(p);
        } else {
            braces += *p == '{';
            braces -= *p == '}';
            p++;
        }
    }
    return true;
}

/* The last ':' outside brackets in [p, end); NULL when there is none. */
static const char *last_colon(const char *p, const char *end) {
    const char *found = NULL;
    int depth = 0;
    for (; p < end; p++) {
        if (*p == '"') {
            for (p++; p < end && *p != '"'; p++)
                p += *p == '\\';
        } else if (*p == '(' || *p == '[' || *p == '{' || *p == '<') {
            depth++;
        } else if (*p == ')' || *p == ']' || *p == '}' || (*p == '>' && p[-1] != '-')) {
            depth--;
        } else if (*p == ':' && depth == 0 && p[1] != ':' && p[-1] != ':') {
            found = p;
        }
    }
    return found;
}

/* Types of the results: what stands behind the last ':' (and "->" there) if it is as many types, or one for all. */
static bool guess_types(reader *r, const rd_op *op, const char *p, const char *end) {
    uint32_t mark = rd_mark(r), n = 0;
    const char *colon = last_colon(p, end);
    if (colon && op->n_bound) {
        uint32_t errors = r->errors, depth = r->depth;
        r->p = colon;
        r->in_preset = true;
        rd_take(r, 1);
        bool ok = rd_is(r, '(') ? rd_type_list_parens(r) : rd_type_list(r);
        if (ok && (rd_accept_text(r, "->") || rd_accept_keyword(r, "to") || rd_accept_keyword(r, "into"))) {
            rd_pop(r, mark);
            ok = rd_is(r, '(') ? rd_type_list_parens(r) : rd_type_list(r);
        }
        r->in_preset = false;
        r->errors = errors;
        r->depth = depth;
        if (!ok || r->tok_end != end)
            rd_pop(r, mark);
        n = rd_mark(r) - mark;
    }
    for (uint32_t i = 0; i < op->n_bound; i++) {
        ir_type t = n == op->n_bound ? r->stack.w[mark + i] : n >= 1 ? r->stack.w[mark + n - 1] : r->ctx->t_none;
        if (!rd_add_result_type(r, t))
            return false;
    }
    rd_pop(r, mark);
    return true;
}

bool rd_opaque_op(reader *r, rd_op *op) {
    const char *start = r->p;
    rd_seek(r, op->at); /* the name is no start of a next statement */
    if (!rd_skip_statement(r))
        return rd_error(r, op->at, "cannot find the end of '%.*s', whose custom form is unknown",
                        STR_ARG(ir_name_of(r->ctx, op->name)->name));
    const char *after = r->p, *end = r->tok_end;
    if (end < start)
        end = start;
    op->props_dict = rd_slice(r, str_of(start, (size_t)(end - start)));
    bool ok = op->props_dict && gather_operands(r, start, end) && guess_types(r, op, start, end);
    r->p = after;
    r->tok_end = end;
    if (!ok)
        return false;
    rd_warn(r, op->at, "the custom form of '%.*s' is unknown; the op is kept as text",
            STR_ARG(ir_name_of(r->ctx, op->name)->name));
    return rd_opt_loc(r, &op->loc);
}
