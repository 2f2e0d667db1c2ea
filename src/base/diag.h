/* Diagnostics: what is wrong with an input, where, and what to do about it.
 *
 * A reader or checker adds errors, warnings and notes with a byte range of a source; nothing is looked at or
 * formatted for people until someone renders the list. A note belongs to the error or warning before it.
 *
 * Limits: after max_errors errors (default 20) and max_warnings warnings (default 100) further ones are counted,
 * not kept, and their notes are dropped with them. A reader asks diags_full() and stops soon after.
 *
 * Running out of memory while adding never fails loudly: the count goes up, `oom` is set and the rendering says so.
 */
#ifndef TTX_BASE_DIAG_H
#define TTX_BASE_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/platform.h"
#include "base/str.h"
#include "base/vec.h"

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

/* A text that diagnostics point into. */
struct diag_source {
    str name; /* as the user gave it */
    str text;
    struct lines lines;
};

struct diag {
    enum diag_severity severity;
    struct diag_source *source; /* NULL: about no place in particular */
    size_t begin, end;          /* byte range in source->text; end >= begin */
    str message;                /* one line, no full stop, in the list's arena */
};

struct diags {
    struct mem *mem;
    struct arena arena; /* of the messages */
    VEC(struct diag) list;
    VEC(struct diag_source *) sources;
    size_t errors, warnings; /* all there were, kept or not */
    size_t max_errors, max_warnings;
    bool dropping; /* the last error or warning was not kept: drop its notes */
    bool oom;      /* memory ran out; something may be missing */
};

/* An empty list on `m`. */
void diags_init(struct diags *d, struct mem *m);
void diags_free(struct diags *d);

/* Makes a text known; the list keeps the returned source, the caller keeps name and text alive as long as the list.
 * NULL when out of memory: diagnostics given a NULL source are kept without a place. */
struct diag_source *diags_add_source(struct diags *d, str name, str text);

/* Adds one diagnostic about bytes [begin, end) of `source` (may be NULL). The message is printf-formatted; text of
 * the input goes in with %.*s and STR_ARG. */
void diag_add(struct diags *d, enum diag_severity severity, struct diag_source *source, size_t begin, size_t end,
              const char *fmt, ...) PRINTF_LIKE(6, 7);
void diag_addv(struct diags *d, enum diag_severity severity, struct diag_source *source, size_t begin, size_t end,
               const char *fmt, va_list ap) PRINTF_LIKE(6, 0);

/* Says that memory ran out while doing something: counts as an error. Allocates nothing. */
void diag_out_of_memory(struct diags *d);

/* Whether so many errors are known that a reader should stop. */
static inline bool diags_full(const struct diags *d) {
    return d->errors >= d->max_errors;
}

/* --- rendering (diag_render.c) ------------------------------------------------------------------------------- */

struct diag_style {
    bool colours; /* ANSI colours for a terminal */
};

/* For people, in clang's style: `file:line:column: error: text`, the line quoted (a window of it when it is long)
 * and marked with ^~~~, notes indented by nothing; a closing line when some were not kept. */
void diags_render(struct diags *d, struct buf *out, struct diag_style style);

struct json_writer;

/* For tools: an array of {"file","line","column","end_line","end_column","severity","message","notes":[...]},
 * columns in bytes, the end exclusive. Diagnostics without a place have no file, line or column. */
void diags_render_json(struct diags *d, struct json_writer *w);

#endif
