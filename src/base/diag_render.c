/* Diagnostics for people and for tools.
 *
 * A quoted line may be half a gigabyte long (a constant in hexadecimal), so nothing here walks a whole line: what
 * is quoted is a window of at most DIAG_WINDOW columns around the place.
 */
#include "base/diag.h"
#include "base/json.h"
#include "base/utf8.h"

enum {
    DIAG_WINDOW = 160, /* columns of a quoted line */
    DIAG_BEFORE = 60,  /* of them at most before the place when the line is cut */
    DIAG_TAB = 8,
};

struct diag_colours {
    const char *bold, *error, *warning, *note, *caret, *off;
};

static const struct diag_colours diag_plain = {"", "", "", "", "", ""};
static const struct diag_colours diag_ansi = {"\033[1m",      "\033[0;1;31m", "\033[0;1;35m",
                                              "\033[0;1;36m", "\033[0;1;32m", "\033[0m"};

static const char *const diag_severity_names[] = {
    [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};

/* Appends text of unknown origin so that it cannot steer a terminal: control and broken bytes become U+FFFD. */
static void diag_put_safe(struct buf *out, str s) {
    while (s.n) {
        uint32_t code;
        size_t n = utf8_decode(s, &code);
        if (code == UTF8_INVALID || code < 0x20 || (code >= 0x7f && code < 0xa0))
            buf_lit(out, "\xef\xbf\xbd");
        else
            buf_write(out, s.p, n);
        s = str_from(s, n);
    }
}

/* Whether byte `at` of the text continues a character that began before it. */
static bool diag_is_inside(str text, size_t at) {
    return at < text.n && ((unsigned char)text.p[at] & 0xc0) == 0x80;
}

/* The columns character `code` takes when it would start in column `column` (from 0). */
static size_t diag_columns(uint32_t code, size_t column) {
    if (code == '\t')
        return DIAG_TAB - column % DIAG_TAB;
    return code == UTF8_INVALID ? 1 : (size_t)utf8_width(code);
}

/* Quotes the line of `d` and marks its range. */
static void diag_put_line(struct buf *out, const struct diag *d, struct lines_pos at,
                          const struct diag_colours *colour) {
    str text = d->source->text;
    size_t from = at.line_start;
    bool cut_left = false;
    if (d->begin - from > DIAG_WINDOW - DIAG_BEFORE) {
        /* A line that fits into the window is quoted whole. */
        str look = str_slice(text, from, from + DIAG_WINDOW + 1);
        if (look.n > DIAG_WINDOW && str_find_char(look, '\n') == look.n) {
            from = d->begin - DIAG_BEFORE;
            for (int i = 0; i < 3 && diag_is_inside(text, from); i++)
                from++;
            cut_left = true;
        }
    }
    size_t column = 0;
    if (cut_left) {
        buf_lit(out, "...");
        column = 3;
    }
    size_t mark_from = 0, mark_to = 0;
    bool marked = false;
    size_t i = from;
    while (true) {
        if (i >= d->begin && !marked) {
            mark_from = mark_to = column;
            marked = true;
        }
        if (i >= text.n || text.p[i] == '\n')
            break;
        if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
            break;
        if (column >= DIAG_WINDOW) {
            buf_lit(out, "...");
            break;
        }
        uint32_t code;
        size_t n = utf8_decode(str_from(text, i), &code);
        size_t columns = diag_columns(code, column);
        if (code == '\t')
            buf_fill(out, ' ', columns);
        else
            diag_put_safe(out, str_of(text.p + i, n));
        column += columns;
        i += n;
        if (marked && i <= d->end)
            mark_to = column;
    }
    buf_putc(out, '\n');
    buf_fill(out, ' ', mark_from);
    buf_puts(out, colour->caret);
    buf_putc(out, '^');
    if (mark_to > mark_from + 1)
        buf_fill(out, '~', mark_to - mark_from - 1);
    buf_puts(out, colour->off);
    buf_putc(out, '\n');
}

static void diag_put(struct buf *out, const struct diag *d, const struct diag_colours *colour) {
    const char *severity_colour = d->severity == DIAG_ERROR     ? colour->error
                                  : d->severity == DIAG_WARNING ? colour->warning
                                                                : colour->note;
    struct lines_pos at = {0};
    buf_puts(out, colour->bold);
    if (d->source) {
        at = lines_find(&d->source->lines, d->begin);
        diag_put_safe(out, d->source->name);
        buf_putc(out, ':');
        buf_put_u64(out, at.line);
        buf_putc(out, ':');
        buf_put_u64(out, at.column);
        buf_lit(out, ": ");
    }
    buf_puts(out, severity_colour);
    buf_puts(out, diag_severity_names[d->severity]);
    buf_lit(out, ": ");
    buf_puts(out, colour->off);
    buf_puts(out, d->severity == DIAG_NOTE ? "" : colour->bold);
    diag_put_safe(out, d->message);
    buf_puts(out, colour->off);
    buf_putc(out, '\n');
    if (d->source)
        diag_put_line(out, d, at, colour);
}

void diags_render(struct diags *d, struct buf *out, struct diag_style style) {
    const struct diag_colours *colour = style.colours ? &diag_ansi : &diag_plain;
    size_t errors = 0, warnings = 0;
    for (size_t i = 0; i < d->list.n; i++) {
        errors += d->list.v[i].severity == DIAG_ERROR;
        warnings += d->list.v[i].severity == DIAG_WARNING;
        diag_put(out, &d->list.v[i], colour);
    }
    if (d->oom) {
        buf_puts(out, colour->error);
        buf_lit(out, "error: ");
        buf_puts(out, colour->off);
        buf_lit(out, "out of memory\n");
        errors++;
    }
    if (d->errors > errors)
        buf_printf(out, "%zu of %zu errors shown\n", errors, d->errors);
    if (d->warnings > warnings)
        buf_printf(out, "%zu of %zu warnings shown\n", warnings, d->warnings);
}

/* --- JSON ---------------------------------------------------------------------------------------------------- */

/* The members of one diagnostic, without the braces. */
static void diag_json_members(struct json_writer *w, const struct diag *d) {
    if (d->source) {
        struct lines_pos begin = lines_find(&d->source->lines, d->begin);
        struct lines_pos end = lines_find(&d->source->lines, d->end);
        json_key(w, STR("file"));
        json_str(w, d->source->name);
        json_key(w, STR("line"));
        json_u64(w, begin.line);
        json_key(w, STR("column"));
        json_u64(w, begin.column);
        json_key(w, STR("end_line"));
        json_u64(w, end.line);
        json_key(w, STR("end_column"));
        json_u64(w, end.column);
    }
    json_key(w, STR("severity"));
    json_str(w, str_from_z(diag_severity_names[d->severity]));
    json_key(w, STR("message"));
    json_str(w, d->message);
}

void diags_render_json(struct diags *d, struct json_writer *w) {
    json_array_begin(w);
    for (size_t i = 0; i < d->list.n;) {
        json_object_begin(w);
        diag_json_members(w, &d->list.v[i++]);
        json_key(w, STR("notes"));
        json_array_begin(w);
        while (i < d->list.n && d->list.v[i].severity == DIAG_NOTE) {
            json_object_begin(w);
            diag_json_members(w, &d->list.v[i++]);
            json_object_end(w);
        }
        json_array_end(w);
        json_object_end(w);
    }
    if (d->oom) {
        json_object_begin(w);
        json_key(w, STR("severity"));
        json_str(w, STR("error"));
        json_key(w, STR("message"));
        json_str(w, STR("out of memory"));
        json_key(w, STR("notes"));
        json_array_begin(w);
        json_array_end(w);
        json_object_end(w);
    }
    json_array_end(w);
}
