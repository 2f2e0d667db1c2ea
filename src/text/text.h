/* text.h - the MLIR text reader and printer.
 *
 *   bytes ──text_read──▶ ir_module ──text_print──▶ bytes
 *
 * reader.h and printer.h beside this file are internal to the room.
 */
#ifndef TEXT_TEXT_H
#define TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"
#include "ir/ir.h"

/* Whose dialects are registered. */
typedef enum text_registry {
    TEXT_ALL,     /* as tt-mlir: ttcore, ttir, ttnn, stablehlo, sdy, ... are known and printed as tt-mlir prints them */
    TEXT_UPSTREAM /* as mlir-opt --allow-unregistered-dialect: other dialects' attributes and types stay raw text */
} text_registry;

typedef struct text_read_options {
    text_registry registry;
    uint32_t max_depth; /* nesting of regions, attributes, types and locations together; 0: 512 */
    /* Called every few megabytes with how many bytes are read; false stops the reading ("cancelled"). May be NULL. */
    bool (*progress)(void *arg, size_t done);
    void *progress_arg;
    bool strict; /* dialect attributes and types that break a rule (dialect/check.h: check_attr) are errors */
} text_read_options;

/* Reads one module from `text` (which must be followed by a zero byte, or be a part that text_split gave, and outlive
 * the context: hand the file to ir_context_own first). `name` is the path as the user gave it; it goes into diagnostics
 * and into the location of every op that has none. A text of several modules, split by lines of "// -----", is an
 * error: such a text is read part by part with text_split. Looking for these lines is a pass over the whole text, so
 * who expects one module reads first and splits when that fails.
 * Errors go to `d`. NULL when the text cannot be read (then d has an error) or memory runs out (d says so). A module
 * comes back, with errors in d, when reading could go on after them only if `text_read` documents it: it does not,
 * so NULL means error and a module means none. */
ir_module *text_read(ir_context *c, str text, str name, const text_read_options *o, struct diags *d);

/* The next part of a file of several modules: returns the part from *at to the next "// -----" line (that line not
 * included) and moves *at behind it; false when there is none left. A file without a separator is one part. */
bool text_split(str text, size_t *at, str *part);
/* A part that text_split gave of `whole` as a text of its own, owned by the context: as many line breaks as stand before
 * the part in the file come first, so that lines are counted from the file's. {NULL} when memory runs out. */
str text_part(ir_context *c, str whole, str part);

typedef struct text_print_options {
    bool generic;   /* as --mlir-print-op-generic */
    bool locations; /* as --mlir-print-debuginfo */
    text_registry registry;
    int64_t hex_above; /* dense constants of more elements print as hex; 0: 100, as MLIR; -1: never */
} text_print_options;

/* Prints a module (and an empty line after it, as mlir-opt and ttmlir-opt do). False when memory or the buffer's sink
 * fails. Works on modules that do not verify. */
bool text_print(const ir_module *m, const text_print_options *o, struct buf *out);
/* Prints the root op of a module alone, in generic form without aliases, nothing behind it: MLIR's Operation::print with
 * useLocalScope and printGenericOpForm (and with --mlir-print-debuginfo when `locations`). */
bool text_print_local(const ir_module *m, bool locations, struct buf *out);
/* One attribute, type or location node without aliases, as in --mlir-print-local-scope. For messages and viewers. */
bool text_print_node(const ir_context *c, ir_node n, struct buf *out);

/* --- trouble (hint.c) ------------------------------------------------------------------------------------------- */

/* What may have happened to a text that cannot be read and whose first error is at byte `error`: it is something else, or
 * a part of it is missing. A sentence that says what to do, or NULL when it is MLIR with an error in it. */
const char *text_unreadable_hint(str text, size_t error);

#endif
