/* agree.h - runs a module and what it was compiled to on the same arguments and compares what comes out. */
#ifndef TTX_TESTS_AGREE_H
#define TTX_TESTS_AGREE_H

#include "exec/exec.h"

typedef struct agreement {
    bool source_ran, ran; /* the source did; both did; otherwise `why` */
    bool too_large;       /* the compiled module takes more memory than the source may */
    char why[256];        /* what could not run */
    double pcc;           /* the lowest of all results */
    double off;           /* the largest |a - b| as a share of the largest |b| of its result */
    size_t result;        /* the one that is off most */
    size_t n_results;
} agreement;

/* The message of the first error, or `otherwise`. */
str agree_error(const struct diags *d, const char *otherwise);

/* What a run of the source took and gave: little more than its arguments, each in its own element type, and its results. */
typedef struct agree_golden agree_golden;

/* Runs the source: the function of this name, the first public one for none, in these numbers, with arguments that its plan is
 * seeded with and max_bytes of memory (0: any). NULL with out->why when it does not run. Free with agree_golden_free. */
agree_golden *agree_source(const ir_module *source, str function, exec_numbers numbers, size_t max_bytes,
                           struct mem *mem, agreement *out);
void agree_golden_free(agree_golden *golden);

/* Runs the compiled function on the same arguments and compares; complex arguments and results are compared with pairs of
 * numbers. It may take max_bytes, too (0: any). */
void agree(agree_golden *golden, const ir_module *compiled, str function, exec_numbers ours, size_t max_bytes,
           struct mem *mem, agreement *out);

#endif
