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
    bool near; /* see below */
} rewrite_pattern;

/* A pattern is near when whether it does something at an op depends on nothing but: the op, its attributes, the types of its
 * operands and results, the ops that define its operands (and whether others use their results), the ops that use its
 * results, and what is the same for a whole compile. Not on who else uses an argument of a block, on what stands two ops
 * away or inside a region, and not on locations: changes of those go unnoticed. Where only such patterns were tried in
 * vain, the driver does not try them again before something of that has changed; ops with regions are always tried.
 * Tables with near patterns are static and are always given first, followed by the same ones: the first table's address
 * is what the driver remembers a trial by. */

enum {
    REWRITE_NO_FOLD = 1 << 0,      /* folders are not tried */
    REWRITE_TOP_DOWN = 1 << 1,     /* the first op is looked at first; otherwise the last one */
    REWRITE_NO_CONST_CSE = 1 << 2, /* equal constants are not merged, and constants stay where they are */
};

/* Runs the patterns over everything inside `scope` (not itself) until nothing changes, at most `rounds` times (0: 10, as
 * MLIR). False only after a pass_error of a pattern or out of memory. */
bool rewrite_greedy(pass_context *p, ir_op scope, const rewrite_pattern *patterns, uint32_t n, unsigned flags,
                    unsigned rounds);

/* What the driver keeps between calls: pass_context.rewriting. One per compile; NULL when out of memory. */
rewrite_workspace *rewrite_workspace_new(struct mem *mem);
void rewrite_workspace_free(rewrite_workspace *w);

/* The canonicalisation patterns by dialect, in files of their own; pass_canonicalize.c runs them all. */
extern const rewrite_pattern canon_ttir_patterns[], canon_ttnn_patterns[];
extern const uint32_t canon_ttir_patterns_n, canon_ttnn_patterns_n;

/* Runs several tables as one. */
typedef struct rewrite_table {
    const rewrite_pattern *patterns;
    uint32_t n;
} rewrite_table;
/* rewrite_greedy with several tables, tried one after the other at each op. */
bool rewrite_greedy_tables(pass_context *p, ir_op scope, const rewrite_table *tables, uint32_t n, unsigned flags,
                           unsigned rounds);

#endif
