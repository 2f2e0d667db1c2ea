/* agree.h - runs a module and what it was compiled to on the same arguments and compares what comes out. */
#ifndef TTX_TESTS_AGREE_H
#define TTX_TESTS_AGREE_H

#include "exec/exec.h"

typedef struct agreement {
    bool source_ran, ran; /* the source did; both did; otherwise `why` */
    char why[256];        /* what could not run */
    double pcc;           /* the lowest of all results */
    double off;           /* the largest |a - b| as a share of the largest |b| of its result */
    size_t result;        /* the one that is off most */
    size_t n_results;
} agreement;

/* The message of the first error, or `otherwise`. */
str agree_error(const struct diags *d, const char *otherwise);

/* Runs the function of this name, the first public one for none. Arguments are what the source's plan is seeded with. `golden` and `ours` say in what numbers each runs. max_bytes: of memory
 * for each run, 0 for any. */
void agree(const ir_module *source, const ir_module *compiled, str function, exec_numbers golden, exec_numbers ours,
           size_t max_bytes, struct mem *mem, agreement *out);

#endif
