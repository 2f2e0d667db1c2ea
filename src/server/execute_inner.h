/* execute_inner.h - what the files of an execution share. */
#ifndef SERVER_EXECUTE_INNER_H
#define SERVER_EXECUTE_INNER_H

#include "base/diag.h"
#include "exec/exec.h"
#include "server/execute.h"
#include "server/kept.h"
#include "server/runs.h"
#include "server/server.h"

struct job;

/* Why an op has no accuracy. */
enum not_compared {
    COMPARED,
    NOT_ASKED,       /* the golden run was not asked for */
    NOT_ENDED,       /* it has not come to its end, or not yet */
    NO_SOURCE,       /* it came from no op of the source, or from too many */
    NOT_HEIR,        /* another op that came from the same ops gives their value */
    OTHER_ORDER,     /* its numbers stand in another order than those of the ops it came from */
    IN_PLACE,        /* it has no result: it writes into an operand */
    FILLS_CACHE,     /* the same, and more of it than its source does */
    NO_NUMBERS,      /* one of the two has no kept tensor, or another number of elements */
    OTHER_ARGUMENTS, /* the stage takes other arguments than the source: parts of them */
    N_NOT_COMPARED
};

/* What an op took, over all runs. */
struct measured {
    ir_op op;
    str kernel;
    double *us;         /* in each run that is timed */
    double warm_up;     /* in the one before them */
    size_t runs;        /* the last run that it was part of, counted from 1 */
    double start, last; /* in that one: when it began, and what it took */
    uint64_t read, written, flops, live;
    unsigned threads;
    enum not_compared why;    /* it has no difference */
    enum not_compared unsure; /* why it is not compared with the last op it came from */
    exec_difference difference;
};

/* An argument that has its values of a file. */
struct given {
    size_t argument;
    str name, file;
};

struct work {
    struct mem mem;
    struct arena arena;
    struct server *server;
    struct execution x;
    struct job *job;
    const struct model *model, *source; /* what runs; what its golden is */
    const struct run *run;              /* the stage's, or NULL */
    const ir_module *module;
    const graph *g;
    exec_plan *plan;
    double *total_us; /* of each run that is timed: n_timed of most_timed */
    size_t n_timed, most_timed, n_runs;
    int64_t number; /* of the document; 0: there is none yet */
    struct measured *ops;
    uint32_t *row_of_op; /* by ir_op: row in ops + 1 */
    size_t n_ops;
    exec_memory memory;
    struct buf trace, table; /* of the last run, as Chrome trace JSON and as CSV */
    struct given *given;
    size_t n_given;
    const exec_shape *shapes; /* of arguments, by their inputs */
    size_t n_shapes;
    struct kept_run *kept; /* the run whose tensors are kept, and the files of its inputs */
    bool stays;            /* they are kept, when all is done */
    char kept_why[200];    /* why they are not */
    exec_divergence divergence;
    bool diverged;        /* it was looked for */
    bool other_arguments; /* some of the golden run's do not fit */
};

/* Fails the job with the first error of `d` (may be NULL), or `what` alone. Gives false. */
bool execute_failed(struct work *w, const char *what, const struct diags *d);
/* What a run is compared with meanwhile (exec_compare_beside). */
struct golden_run {
    exec_plan *plan;
    const exec_pair *pairs;
    size_t n;
    exec_difference *out; /* room for n, of which n_out are written */
    size_t n_out;
};
/* execute_run.c. Runs a plan as a job, to its end or until a value is there (exec_run_until), or beside a golden one: tells of
 * progress in ops of `module`, stops when the job is asked to. False when it was, or it has failed, which the job then says. */
bool execute_watched(struct job *job, const ir_module *module, exec_plan *plan, ir_value until,
                     struct golden_run *golden);
/* Makes the values of the arguments that a plan of `module` has none of (exec_ready), likewise. */
bool execute_ready(struct work *w, const ir_module *module, exec_plan *plan);
/* Does something with a plan before it runs, which exec_cancel stops when the job is asked to; failures it tells itself. */
bool execute_prepare(struct work *w, exec_plan *plan, bool (*prepare)(struct work *w, exec_plan *plan));
/* Runs a plan once, as the job, beside a golden one (NULL: alone); *us is what its ops took (exec_run_ns). False when the job was cancelled or
 * has failed. */
bool execute_once(struct work *w, exec_plan *plan, struct golden_run *golden, double *us);
/* Of inputs (execute_inputs.c): reads them of settings, opens their files, gives them to a plan, notes which arguments of
 * w->plan have them. */
bool execution_read_inputs(str json, struct arena *a, struct execution *out, struct model_error *e);
bool execute_open_inputs(struct work *w);
bool execute_bind(struct work *w, exec_plan *plan);
bool execute_note_inputs(struct work *w);
void execution_write_inputs(const struct execution *x, struct json_writer *j);
void execute_write_given(const struct work *w, struct json_writer *j);
exec_options execute_options(const struct work *w);
/* execute_pairs.c. Which ops are compared with which: `op` with each op it came from whose heir it is and whose numbers can stand in the same
 * order. Of several that came from one the heir is the one that is most like it, of those the last in program order.
 * Which of them it stands for passes do not tell: the one it agrees with best. What has no pair is told why. False when
 * memory ran out. */
bool execute_pair_up(struct work *w, const ir_module *source, exec_pair **out, size_t *n);
/* execute_compare.c, of executions that keep tensors or ask for accuracy: plans the run for that and the golden one, which w->plan
 * shares its arguments with. */
bool execute_plan_compare(struct work *w);
bool execute_share_arguments(struct work *w);
/* Runs them, and finds out how well they agree; w->stays says whether the tensors are there. */
bool execute_compare(struct work *w);
/* Whether there is anything to run for that. */
bool execute_has_more(const struct work *w);
/* Writes the document and the overlays into the workspace (execute_keep.c), once w->number is known over what is there. `all`: what
 * execute_compare finds out is in it; without, nothing will have to be taken back if that never ends. */
bool execute_keep(struct work *w, bool all);

#endif
