/* verify.h - whether a module hangs together, without knowing what its ops mean.
 *
 * Blocks end in a terminator, successors stay in their region, entry blocks have no predecessors, values are defined
 * before they are used (SSA dominance), isolated ops use nothing from outside. What it must know of ops is one byte of
 * traits for each op name. Messages are MLIR's. Symbols are in symbols.h.
 */
#ifndef TTX_IR_VERIFY_H
#define TTX_IR_VERIFY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/platform.h"
#include "ir/ir.h"

/* What is known of an op name. An op that is not IR_TRAIT_KNOWN may be a terminator, and its regions keep no order. */
enum {
    IR_TRAIT_KNOWN = 1 << 0,
    IR_TRAIT_TERMINATOR = 1 << 1,
    IR_TRAIT_ISOLATED = 1 << 2,      /* its regions see no values from outside */
    IR_TRAIT_GRAPH = 1 << 3,         /* its regions keep no order and no dominance */
    IR_TRAIT_NO_TERMINATOR = 1 << 4, /* its blocks need no terminator */
    IR_TRAIT_SYMBOL_TABLE = 1 << 5,
};

/* Where messages about a module go. */
typedef struct ir_report {
    const ir_module *m;
    struct diags *d;
    struct diag_source *source; /* the module's text in d; NULL: messages have no place */
} ir_report;

/* A report on `m` into `d`, with the module's source made known to d (unless it is already). */
ir_report ir_report_begin(const ir_module *m, struct diags *d);
/* The bytes of the source that name an op: "ttir.add", with its quotes if it has them; of an op that a pass made, those at
 * its location when that is in the module's own source. False when it has no place. */
bool ir_op_place(const ir_module *m, ir_op op, size_t *begin, size_t *end);
/* An error at an op; the second one starts with "'op.name' op ". */
void ir_error(const ir_report *r, ir_op op, const char *fmt, ...) PRINTF_LIKE(3, 4);
void ir_op_error(const ir_report *r, ir_op op, const char *fmt, ...) PRINTF_LIKE(3, 4);
void ir_op_errorv(const ir_report *r, ir_op op, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);
/* A warning, with "'op.name' op " in front. */
void ir_op_warning(const ir_report *r, ir_op op, const char *message);
/* A note at an op (0: at no place), about the error before. */
void ir_note(const ir_report *r, ir_op op, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Checks all of it. traits: one entry for each op name of the context. Errors go to the report; false when memory ran
 * out (nothing is reported about that). */
bool ir_verify(const ir_report *r, const uint8_t *traits);

#endif
