/* estimates.h - what runs that differ in their overrides are estimated to take, op by op, side by side.
 *
 * Rows are ops of the stage that overrides are judged on, which is the same for runs of equal settings: what each became by
 * the end of a run is added up there, the moves and casts made around it included. Estimates are those of target/cost.h.
 */
#ifndef TTX_COMPILE_ESTIMATES_H
#define TTX_COMPILE_ESTIMATES_H

#include "base/arena.h"
#include "compile/compile.h"

enum { ESTIMATES_MAX_RUNS = 16 };

typedef struct estimate_row {
    str identity; /* as override_identity writes it */
    ir_loc loc;   /* in the first of the runs that has the op, by number `run` */
    str op;
    uint32_t run;
    double ns[ESTIMATES_MAX_RUNS];         /* per run; 0 where it has no such op */
    uint64_t l1_bytes[ESTIMATES_MAX_RUNS]; /* of one core, the largest need of an op that it became */
    double spread_ns;                      /* largest less smallest */
} estimate_row;

typedef struct estimates {
    estimate_row *v; /* the ones that differ most first, equal ones in program order */
    uint32_t n;
    double total_ns[ESTIMATES_MAX_RUNS], rest_ns[ESTIMATES_MAX_RUNS]; /* rest: of ops that come from none of these */
    uint64_t peak_l1[ESTIMATES_MAX_RUNS];
} estimates;

/* Compares n runs (at most ESTIMATES_MAX_RUNS) that are through; judged[i] is the stage of run i whose ops are the rows. `l1_cap`
 * as for legal_env_init. Everything is in the arena. False when memory ran out, or a run has no device. */
bool estimates_compare(const compile_run *const *runs, const uint32_t *judged, uint32_t n, double l1_cap,
                       struct arena *a, estimates *out);

#endif
