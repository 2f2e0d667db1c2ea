#include "base/diag.h"

#include <stdio.h>

enum { DIAG_MAX_ERRORS = 20, DIAG_MAX_WARNINGS = 100 };

void diags_init(struct diags *d, struct mem *m) {
    *d = (struct diags){.mem = m, .max_errors = DIAG_MAX_ERRORS, .max_warnings = DIAG_MAX_WARNINGS};
    arena_init(&d->arena, m);
    vec_init(&d->list, m);
    vec_init(&d->sources, m);
}

void diags_free(struct diags *d) {
    for (size_t i = 0; i < d->sources.n; i++)
        lines_free(&d->sources.v[i]->lines);
    vec_free(&d->sources);
    vec_free(&d->list);
    arena_free(&d->arena);
}

struct diag_source *diags_add_source(struct diags *d, str name, str text) {
    struct diag_source *s = ARENA_NEW(&d->arena, struct diag_source);
    if (!s || !vec_push(&d->sources, s)) {
        d->oom = true;
        return NULL;
    }
    s->name = name;
    s->text = text;
    lines_init(&s->lines, d->mem, text);
    return s;
}

/* Counts the diagnostic; whether it should be kept. */
static bool diag_count(struct diags *d, enum diag_severity severity) {
    if (severity == DIAG_NOTE)
        return !d->dropping;
    if (severity == DIAG_ERROR)
        d->dropping = d->errors++ >= d->max_errors;
    else
        d->dropping = d->warnings++ >= d->max_warnings;
    return !d->dropping;
}

void diag_addv(struct diags *d, enum diag_severity severity, struct diag_source *source, size_t begin, size_t end,
               const char *fmt, va_list ap) {
    if (!diag_count(d, severity))
        return;
    if (source) {
        if (begin > source->text.n)
            begin = source->text.n;
        if (end > source->text.n)
            end = source->text.n;
        if (end < begin)
            end = begin;
    }
    str message = arena_vprintf(&d->arena, fmt, ap);
    if (!message.p || !vec_push(&d->list, (struct diag){severity, source, begin, end, message})) {
        d->oom = true;
        d->dropping = true;
    }
}

void diag_add(struct diags *d, enum diag_severity severity, struct diag_source *source, size_t begin, size_t end,
              const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    diag_addv(d, severity, source, begin, end, fmt, ap);
    va_end(ap);
}

void diag_out_of_memory(struct diags *d) {
    d->errors++;
    d->oom = true;
    d->dropping = true;
}
