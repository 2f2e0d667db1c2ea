/* rewrite.h - the greedy pattern driver, which works as MLIR's applyPatternsGreedily does: a worklist seeded top-down,
 * dead ops erased, folders tried before patterns, whatever a change touches looked at again, until nothing changes.
 */
#ifndef TTX_COMPILE_REWRITE_H
#define TTX_COMPILE_REWRITE_H

#include "compile/pass.h"

/* Tries one rewriting at `op`. The insertion point is before op. Returns whether it changed anything; a pattern that
 * returns false must have left the module as it was. New ops come from op (ir_edit.from). */
typedef bool rewrite_fn(pass_context *p, ir_op op);

enum { REWRITE_ANY_OP = 0xffff };

typedef struct rewrite_pattern {
    uint16_t op;      /* OP_*, or REWRITE_ANY_OP */
    uint16_t benefit; /* higher first; equal ones in the order of the table */
    rewrite_fn *fn;
} rewrite_pattern;

enum {
    REWRITE_NO_FOLD = 1 << 0,      /* folders are not tried */
    REWRITE_BOTTOM_UP = 1 << 1,    /* the worklist starts in reverse order */
    REWRITE_NO_REGIONS = 1 << 2,   /* unreachable and dead blocks are left alone */
    REWRITE_NO_CONST_CSE = 1 << 3, /* equal constants are not merged */
};

/* Runs the patterns over everything inside `scope` (not itself) until nothing changes, at most `rounds` times (0: 10, as
 * MLIR). False only after a pass_error of a pattern or out of memory. */
bool rewrite_greedy(pass_context *p, ir_op scope, const rewrite_pattern *patterns, uint32_t n, unsigned flags,
                    unsigned rounds);

/* The canonicalisation patterns of all dialects (canonicalize.c), for passes that run them together with their own. */
extern const rewrite_pattern canonical_patterns[];
extern const uint32_t canonical_patterns_n;

#endif
