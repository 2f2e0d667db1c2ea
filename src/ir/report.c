/* Messages about ops, with their place in the source. */
#include "ir/verify.h"

ir_report ir_report_begin(const ir_module *m, struct diags *d) {
    ir_report r = {m, d, NULL};
    if (!m->source.n)
        return r;
    for (size_t i = 0; i < d->sources.n && !r.source; i++)
        if (d->sources.v[i]->text.p == m->source.p && d->sources.v[i]->text.n == m->source.n)
            r.source = d->sources.v[i];
    if (!r.source)
        r.source = diags_add_source(d, ir_str_of(m->ctx, m->source_name), m->source);
    return r;
}

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           c == '.';
}

/* Where the word or string that begins at `at` ends. */
static size_t word_end(str text, size_t at) {
    size_t stop = at;
    if (stop < text.n && text.p[stop] == '"') {
        stop += 1 + str_find_char(str_from(text, stop + 1), '"');
        stop += stop < text.n;
    } else {
        while (stop < text.n && is_name_byte(text.p[stop]))
            stop++;
    }
    return stop == at && at < text.n ? at + 1 : stop;
}

/* The place that a location in the module's own source names: of ops that a pass made from those that stand there. */
static bool place_of_loc(const ir_module *m, ir_loc loc, size_t *begin, size_t *end) {
    const ir_context *c = m->ctx;
    if (!loc || ir_kind_of(c, loc) != IR_LOC_FILE ||
        !str_eq(ir_str_of(c, ir_at(c, loc, 0)), ir_str_of(c, m->source_name)))
        return false;
    size_t at = 0;
    for (uint32_t line = 1; line < ir_at(c, loc, 1) && at < m->source.n; line++)
        at += str_find_char(str_from(m->source, at), '\n') + 1;
    at += ir_at(c, loc, 2) ? ir_at(c, loc, 2) - 1 : 0;
    if (at >= m->source.n)
        return false;
    *begin = at;
    *end = word_end(m->source, at);
    return true;
}

bool ir_op_place(const ir_module *m, ir_op op, size_t *begin, size_t *end) {
    const ir_op_data *o = &m->ops[op];
    if (o->src >= o->src_end || o->src_end > m->source.n)
        return place_of_loc(m, o->loc, begin, end);
    str text = str_slice(m->source, o->src, o->src_end);
    size_t at = 0;
    if (text.p[0] == '%') {
        /* The results come first: %a, %b:2 = */
        size_t equals = str_find_char(text, '=');
        at = equals < text.n ? equals + 1 : 0;
        while (at < text.n && (uint8_t)text.p[at] <= ' ')
            at++;
    }
    *begin = o->src + at;
    *end = o->src + word_end(text, at);
    return true;
}

static void add(const ir_report *r, enum diag_severity severity, ir_op op, const char *fmt, va_list ap)
    PRINTF_LIKE(4, 0);
static void add(const ir_report *r, enum diag_severity severity, ir_op op, const char *fmt, va_list ap) {
    size_t begin = 0, end = 0;
    bool placed = r->source && ir_op_place(r->m, op, &begin, &end);
    diag_addv(r->d, severity, placed ? r->source : NULL, begin, end, fmt, ap);
}

void ir_error(const ir_report *r, ir_op op, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    add(r, DIAG_ERROR, op, fmt, ap);
    va_end(ap);
}

void ir_op_errorv(const ir_report *r, ir_op op, const char *fmt, va_list ap) {
    str message = arena_vprintf(&r->d->arena, fmt, ap);
    if (!message.p) {
        diag_out_of_memory(r->d);
        return;
    }
    ir_error(r, op, "'%.*s' op %.*s", STR_ARG(ir_op_name_str(r->m, op)), STR_ARG(message));
}

void ir_op_error(const ir_report *r, ir_op op, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    ir_op_errorv(r, op, fmt, ap);
    va_end(ap);
}

void ir_note(const ir_report *r, ir_op op, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    add(r, DIAG_NOTE, op, fmt, ap);
    va_end(ap);
}

static void add_plain(const ir_report *r, enum diag_severity severity, ir_op op, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
static void add_plain(const ir_report *r, enum diag_severity severity, ir_op op, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    add(r, severity, op, fmt, ap);
    va_end(ap);
}

void ir_op_warning(const ir_report *r, ir_op op, const char *message) {
    add_plain(r, DIAG_WARNING, op, "'%.*s' op %s", STR_ARG(ir_op_name_str(r->m, op)), message);
}
