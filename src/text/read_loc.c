/* read_loc.c - locations: `loc(...)`, aliases that come later, and where in the file something stands.
 *
 * The location of an op or argument may be an alias that is defined further down. It is then noted in the op itself, as a
 * number with the top bit set, and replaced at the end of the file.
 */
#include <stdio.h>

#include "base/num.h"
#include "text/read_inner.h"

static ir_loc read_location(reader *r);

/* ---- the grammar ---------------------------------------------------------------------------------------- */

static bool read_line_number(reader *r, uint32_t *out, const char *what) {
    str text;
    uint64_t v;
    if (rd_peek_number(r, &text) != RD_DECIMAL || !num_parse_u64(text, &v) || v > UINT32_MAX)
        return rd_expected(r, "expected integer %s number in FileLineColRange", what);
    *out = (uint32_t)v;
    rd_take(r, (uint32_t)text.n);
    return true;
}

/* `"name"`, `"name"(child)`, `"file":line:column ...`; the cursor stands on the string. */
static ir_loc read_name_or_file(reader *r) {
    ir_str name;
    if (!rd_string(r, &name))
        return 0;
    if (rd_accept(r, ':')) {
        /* S file, line, column, end line, end column */
        uint32_t w[5] = {name, 0, 0, 0, 0};
        if (!read_line_number(r, &w[1], "line"))
            return 0;
        if (rd_accept(r, ':') && !read_line_number(r, &w[2], "column"))
            return 0;
        if (rd_accept_keyword(r, "to")) {
            w[3] = w[1];
            str text;
            if (!rd_is(r, ':') && rd_peek_number(r, &text) != RD_DECIMAL) {
                rd_expected(r, "expected either integer or `:` post `to` in FileLineColRange");
                return 0;
            }
            if (!rd_is(r, ':') && !read_line_number(r, &w[3], "line"))
                return 0;
            if (!rd_expect(r, ':') || !read_line_number(r, &w[4], "column"))
                return 0;
        }
        return rd_made(r, ir_intern(r->ctx, IR_LOC_FILE, 0, w, 5));
    }
    ir_loc child = r->ctx->l_unknown;
    if (rd_accept(r, '(')) {
        child = read_location(r);
        if (!child)
            return 0;
        if (!rd_accept(r, ')')) {
            rd_expected(r, "expected ')' after child location of NameLoc");
            return 0;
        }
    }
    return rd_made(r, ir_loc_name(r->ctx, name, child));
}

static ir_loc read_callsite(reader *r) {
    if (!rd_accept(r, '(')) {
        rd_expected(r, "expected '(' in callsite location");
        return 0;
    }
    uint32_t w[2];
    if (!(w[0] = read_location(r)))
        return 0;
    if (!rd_accept_keyword(r, "at")) {
        rd_expected(r, "expected 'at' in callsite location");
        return 0;
    }
    if (!(w[1] = read_location(r)))
        return 0;
    if (!rd_accept(r, ')')) {
        rd_expected(r, "expected ')' in callsite location");
        return 0;
    }
    return rd_made(r, ir_intern(r->ctx, IR_LOC_CALLSITE, 0, w, 2));
}

static ir_loc read_fused(reader *r) {
    ir_attr metadata = 0;
    if (rd_accept(r, '<')) {
        metadata = rd_attr(r, 0);
        if (!metadata)
            return 0;
        if (!rd_accept(r, '>')) {
            rd_expected(r, "expected '>' after fused location metadata");
            return 0;
        }
    }
    if (!rd_accept(r, '[')) {
        rd_expected(r, "expected '[' in fused location");
        return 0;
    }
    uint32_t mark = rd_mark(r);
    do {
        ir_loc l = read_location(r);
        if (!l || !rd_push(r, l))
            return 0;
    } while (rd_accept(r, ','));
    if (!rd_accept(r, ']')) {
        rd_expected(r, "expected ']' in fused location");
        return 0;
    }
    ir_loc l = ir_loc_fused(r->ctx, metadata, rd_words(r, mark), rd_mark(r) - mark);
    rd_pop(r, mark);
    return rd_made(r, l);
}

static ir_loc not_a_location(reader *r, uint32_t at, ir_attr a) {
    struct buf b;
    buf_init(&b, r->mem);
    text_print_node(r->ctx, a, &b);
    rd_error(r, at, "expected location, but found '%.*s'", STR_ARG(buf_str(&b)));
    buf_free(&b);
    return 0;
}

static ir_loc read_hash(reader *r) {
    uint32_t at = rd_pos(r);
    ir_attr a = rd_attr(r, 0);
    if (!a || ir_is_loc(ir_kind_of(r->ctx, a)))
        return a;
    return not_a_location(r, at, a);
}

static ir_loc read_location(reader *r) {
    ir_loc l = 0;
    if (!rd_enter(r))
        return 0;
    if (*r->p == '"')
        l = read_name_or_file(r);
    else if (*r->p == '#')
        l = read_hash(r);
    else if (rd_accept_keyword(r, "unknown"))
        l = r->ctx->l_unknown;
    else if (rd_accept_keyword(r, "callsite"))
        l = read_callsite(r);
    else if (rd_accept_keyword(r, "fused"))
        l = read_fused(r);
    else
        rd_error(r, rd_pos(r), "expected location instance");
    rd_leave(r);
    return l;
}

ir_loc rd_location_body(reader *r) {
    if (!rd_accept(r, '(')) {
        rd_expected(r, "expected '(' in location");
        return 0;
    }
    ir_loc l = read_location(r);
    if (l && !rd_accept(r, ')')) {
        rd_expected(r, "expected ')' in location");
        return 0;
    }
    return l;
}

ir_loc rd_location(reader *r) {
    if (!rd_accept_keyword(r, "loc")) {
        rd_expected(r, "expected 'loc' keyword");
        return 0;
    }
    return rd_location_body(r);
}

/* ---- aliases that come later ---------------------------------------------------------------------------- */

static ir_loc numbered_or_deferred(reader *r, const char *p, uint32_t number) {
    rd_tables *t = r->t;
    ir_node n = number < t->loc_numbers.n ? t->loc_numbers.v[number] : 0;
    if (n)
        return ir_is_loc(ir_kind_of(r->ctx, n)) ? n : not_a_location(r, (uint32_t)(p - r->begin), n);
    t->deferred++;
    return RD_DEFERRED | number;
}

/* `#alias` in a trailing location: its node, or a note of the alias when it is not defined yet. */
static ir_loc alias_or_deferred(reader *r, const char *p, uint32_t len) {
    uint32_t number;
    if (rd_loc_number(r, p, &number))
        return numbered_or_deferred(r, p, number);
    ir_node n = rd_alias_get(r, p, len);
    if (n)
        return ir_is_loc(ir_kind_of(r->ctx, n)) ? n : not_a_location(r, (uint32_t)(p - r->begin), n);
    rd_tables *t = r->t;
    t->deferred++;
    bool added;
    uint32_t *index = map_str_put(&t->alias_names, str_of(p, len), (uint32_t)t->aliases.n, &added);
    if (!index || (added && !vec_push(&t->aliases, (rd_alias){0, (uint32_t)(p - r->begin)})))
        return rd_oom(r);
    return RD_DEFERRED | RD_DEFERRED_NAMED | *index;
}

bool rd_opt_loc(reader *r, ir_loc *out) {
    const char *p = r->p;
    if (*p != 'l')
        return true;
    if (LIKELY(p[1] == 'o' && p[2] == 'c' && p[3] == '(' && p[4] == '#')) { /* loc(#loc12): by far the most */
        uint32_t number;
        const char *q = rd_loc_number(r, p + 4, &number);
        if (q && *q == ')') {
            rd_take(r, (uint32_t)(q + 1 - p));
            *out = numbered_or_deferred(r, p + 4, number);
            return *out != 0;
        }
    }
    if (!rd_accept_keyword(r, "loc"))
        return true;
    if (!rd_accept(r, '('))
        return rd_expected(r, "expected '(' in location");
    if (*r->p == '#') {
        uint32_t len = rd_prefixed_len(r->p);
        str name = str_of(r->p, len);
        if (len && r->p[len] != '<' && str_find_char(name, '.') == len) {
            const char *at = r->p;
            rd_take(r, len);
            *out = alias_or_deferred(r, at, len);
            return *out && (rd_accept(r, ')') || rd_expected(r, "expected ')' in location"));
        }
    }
    *out = read_location(r);
    return *out && (rd_accept(r, ')') || rd_expected(r, "expected ')' in location"));
}

/* The location that a note stands for; 0 when the alias was never defined (reported, once for each). */
static ir_loc deferred_loc(reader *r, ir_loc note) {
    rd_tables *t = r->t;
    bool named = (note & RD_DEFERRED_NAMED) != 0;
    uint32_t i = note & ~(RD_DEFERRED | RD_DEFERRED_NAMED), at = 0;
    ir_node *node = named ? &t->aliases.v[i].node : i < t->loc_numbers.n ? &t->loc_numbers.v[i] : NULL;
    if (node && *node && ir_is_loc(ir_kind_of(r->ctx, *node)))
        return *node;
    if (diags_full(r->d))
        return 0; /* looking for its place takes time */
    if (named) {
        at = t->aliases.v[i].at;
    } else {
        char text[32];
        int n = snprintf(text, sizeof text, "loc(#loc%u)", (unsigned)i);
        size_t found = str_find(str_of(r->begin, (size_t)(r->end - r->begin)), str_of(text, (size_t)n));
        at = (uint32_t)found + 4;
        if (at >= (uint32_t)(r->end - r->begin))
            at = 0;
    }
    if (node && *node) {
        r->p = r->end;
        not_a_location(r, at, *node);
    } else {
        rd_report(r, DIAG_ERROR, at, "operation location alias was never defined");
    }
    if (node)
        *node = r->ctx->l_unknown; /* said once */
    return 0;
}

bool rd_finish_locs(reader *r) {
    if (!r->t->deferred)
        return true;
    bool ok = true;
    for (ir_op op = 1; op < r->m->n_ops; op++)
        if (r->m->ops[op].loc & RD_DEFERRED && !(r->m->ops[op].loc = deferred_loc(r, r->m->ops[op].loc)))
            ok = false;
    for (ir_value v = 1; v < r->m->n_values; v++)
        if (r->m->values[v].loc & RD_DEFERRED && !(r->m->values[v].loc = deferred_loc(r, r->m->values[v].loc)))
            ok = false;
    return ok;
}

/* ---- places in the file --------------------------------------------------------------------------------- */

ir_loc rd_loc_at(reader *r, uint32_t at) {
    rd_tables *t = r->t;
    /* Places come in order but for a few, so counting goes on from the last one. */
    if (at < t->line_at) {
        struct lines_pos pos = lines_find(&t->lines, at);
        return rd_made(r, ir_loc_file(r->ctx, t->source_name, (uint32_t)pos.line, (uint32_t)pos.column));
    }
    const char *p = r->begin + t->line_at, *end = r->begin + at;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        t->line++;
        t->line_start = (uint32_t)(++p - r->begin);
    }
    t->line_at = at;
    return rd_made(r, ir_loc_file(r->ctx, t->source_name, t->line + 1, at - t->line_start + 1));
}
